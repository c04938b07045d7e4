"""The registry as it is read: registered models, their versions, aliases and files."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidValue, NotFound
from ..records import ModelVersion, RegisteredModel
from . import filter_sql
from .database import reading
from .filter_sql import Sql, Table
from .filter_tree import MODELS, VERSIONS, Grammar
from .filters import parse_filter, parse_order_by
from .place import store_exists
from .run_rows import bounds, is_text

_NAMED = 8  # models or versions that an error names
_VERSION_COLUMNS = (
    "model_versions.id, model_versions.model_id, registered_models.name, model_versions.version, model_versions.source,"
    " model_versions.run_uuid, model_versions.title, model_versions.user_id, model_versions.created,"
    " model_versions.updated, model_versions.description"
)
_VERSIONS_FROM = "FROM model_versions JOIN registered_models ON registered_models.id = model_versions.model_id"


@dataclass(frozen=True)
class ModelFile:
    """A file of a model: its path within the model's folder, and its content."""

    path: str
    sha256: str
    size: int


def models(
    store: Path,
    filter_string: str | None = "",
    order_by: Sequence[str] | str | None = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[RegisteredModel]:
    """Return the registered models that a filter finds, by name.

    Parameters
    ----------
    store : Path
    filter_string : str, default ""
        Over name, creation_timestamp, last_updated_timestamp and ``tags.*``.
    order_by : list of str, optional
        Such as ``["last_updated_timestamp DESC"]``; by name where nothing is said.
    limit : int, optional
    offset : int, default 0

    Raises
    ------
    FilterError
        Where filter or order cannot be read.
    """
    wanted = _search(MODELS, filter_sql.MODELS, filter_string, order_by, "registered_models.name")
    if not store_exists(store):
        return []
    with reading(store) as connection:
        return _models(connection, wanted + bounds(limit, offset))


def model(store: Path, name: str) -> RegisteredModel:
    """Return a registered model.

    Raises
    ------
    NotFound
        Where there is none of the name; the message says which is near.
    """
    check_name(name)
    if not store_exists(store):
        raise _no_model(name, [])
    with reading(store) as connection:
        find_model(connection, name)
        return _models(connection, Sql(" WHERE registered_models.name = ?", (name,)))[0]


def versions(
    store: Path,
    filter_string: str | None = "",
    order_by: Sequence[str] | str | None = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[ModelVersion]:
    """Return the versions that a filter finds, by name and the newest first.

    Parameters
    ----------
    store : Path
    filter_string : str, default ""
        Over name, version_number, run_id, source_path, creation_timestamp, last_updated_timestamp and ``tags.*``.
    order_by : list of str, optional
    limit : int, optional
    offset : int, default 0

    Raises
    ------
    FilterError
        Where filter or order cannot be read.
    """
    newest_first = "registered_models.name, model_versions.version DESC"
    wanted = _search(VERSIONS, filter_sql.VERSIONS, filter_string, order_by, newest_first)
    if not store_exists(store):
        return []
    with reading(store) as connection:
        return _versions(connection, wanted + bounds(limit, offset))


def versions_of(store: Path, name: str) -> list[ModelVersion]:
    """Return the versions of a registered model, the newest first; none where there is no such model."""
    if not store_exists(store) or not is_text(name):
        return []
    with reading(store) as connection:
        where = Sql(" WHERE registered_models.name = ? ORDER BY model_versions.version DESC", (name,))
        return _versions(connection, where)


def version(store: Path, name: str, number: str | int) -> ModelVersion:
    """Return a version of a registered model.

    Raises
    ------
    NotFound
        Where there is no such model or version.
    InvalidValue
        Where `number` is none.
    """
    wanted = check_version(number)
    check_name(name)
    if not store_exists(store):
        raise _no_model(name, [])
    with reading(store) as connection:
        version_id = find_version(connection, find_model(connection, name), name, wanted)
        return _versions(connection, Sql(" WHERE model_versions.id = ?", (version_id,)))[0]


def version_by_alias(store: Path, name: str, alias: str) -> ModelVersion:
    """Return the version that an alias of a registered model names.

    Raises
    ------
    NotFound
        Where there is no such model.
    InvalidValue
        Where it has no such alias (mlflow's code for it); the message says which there are.
    """
    found = model(store, name)
    number = found.aliases.get(alias)
    if number is None:
        known = f"it has {', '.join(sorted(found.aliases))}" if found.aliases else "it has none"
        raise InvalidValue(f"The registered model {name!r} has no alias {alias!r}; {known}.")
    return version(store, name, number)


def files_of(store: Path, name: str, number: str | int) -> list[ModelFile]:
    """Return the files of a version, by path, as they were when it was registered."""
    wanted = check_version(number)
    with reading(store) as connection:
        version_id = find_version(connection, find_model(connection, name), name, wanted)
        rows = connection.execute(
            "SELECT path, sha256, size FROM model_version_files WHERE version_id = ? ORDER BY path", (version_id,)
        )
        return [ModelFile(*row) for row in rows]


def _search(
    grammar: Grammar, table: Table, filter_string: str | None, order_by: Sequence[str] | str | None, else_by: str
) -> Sql:
    """Return the joins, condition and order of a search; `else_by` orders what `order_by` leaves equal."""
    condition = filter_sql.condition(parse_filter(filter_string, grammar), table)
    joins, terms = filter_sql.ordering(parse_order_by(order_by, grammar), table)
    return joins + Sql(" WHERE ") + condition + Sql(f" ORDER BY {terms + ', ' if terms else ''}{else_by}")


# ---- inside of a read or a transaction


def check_name(name: object) -> str:
    """Return `name` if it can name a registered model, as mlflow has it: text without ``/`` and ``:``.

    Raises
    ------
    InvalidValue
    """
    if not isinstance(name, str) or not name.strip() or not is_text(name):
        raise InvalidValue(f"The name of a registered model must be text that is not blank, not {name!r}.")
    if "/" in name or ":" in name:
        raise InvalidValue(f"The name of a registered model cannot hold '/' or ':' ({name!r}).")
    if len(name) > 256:
        raise InvalidValue(f"The name of a registered model has {len(name)} characters; 256 is the most.")
    return name


def check_version(number: object) -> int:
    """Return the number of a version, which is a whole number from 1 on, also as text.

    Raises
    ------
    InvalidValue
    """
    text = str(number)
    if isinstance(number, bool) or not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise InvalidValue(f"A version of a model is a whole number such as 1, not {number!r}.")
    return int(text)


def find_model(connection: sqlite3.Connection, name: str) -> int:
    """Return the id of a registered model.

    Raises
    ------
    NotFound
    """
    row = None
    if is_text(name):
        row = connection.execute("SELECT id FROM registered_models WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise _no_model(name, [known for (known,) in connection.execute("SELECT name FROM registered_models")])
    return int(row[0])


def find_version(connection: sqlite3.Connection, model_id: int, name: str, number: int) -> int:
    """Return the id of a version of a registered model.

    Raises
    ------
    NotFound
    """
    row = connection.execute(
        "SELECT id FROM model_versions WHERE model_id = ? AND version = ?", (model_id, number)
    ).fetchone()
    if row is None:
        known = [
            str(one)
            for (one,) in connection.execute(
                "SELECT version FROM model_versions WHERE model_id = ? ORDER BY version DESC LIMIT ?",
                (model_id, _NAMED),
            )
        ]
        there = f"it has {', '.join(known)}" if known else "it has none"
        raise NotFound(f"The registered model {name!r} has no version {number}; {there}.")
    return int(row[0])


def _no_model(name: object, known: Sequence[str]) -> NotFound:
    near = difflib.get_close_matches(str(name)[:100], known, n=1)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif known:
        hint = f"there is {', '.join(sorted(known)[:_NAMED])}."
    else:
        hint = "no model is registered yet."
    return NotFound(f"There is no registered model {name!r}; {hint}")


def _versions(connection: sqlite3.Connection, rest: Sql) -> list[ModelVersion]:
    rows = connection.execute(f"SELECT {_VERSION_COLUMNS} {_VERSIONS_FROM}{rest.text}", rest.values).fetchall()
    tags: dict[int, dict[str, str]] = {}
    for version_id, key, value in connection.execute("SELECT version_id, key, value FROM model_version_tags"):
        tags.setdefault(version_id, {})[key] = value
    aliases: dict[tuple[int, int], list[str]] = {}
    for model_id, alias, number in connection.execute(
        "SELECT model_id, alias, version FROM model_aliases ORDER BY alias"
    ):
        aliases.setdefault((model_id, number), []).append(alias)
    return [
        ModelVersion(
            name=name,
            version=number,
            source=source,
            run_id=run_id,
            title=title,
            user_id=user,
            creation_timestamp=created,
            last_updated_timestamp=updated,
            description=description,
            tags=tags.get(version_id, {}),
            aliases=aliases.get((model_id, number), []),
        )
        for version_id, model_id, name, number, source, run_id, title, user, created, updated, description in rows
    ]


def _models(connection: sqlite3.Connection, rest: Sql) -> list[RegisteredModel]:
    rows = connection.execute(
        "SELECT registered_models.id, registered_models.name, registered_models.created, registered_models.updated,"
        f" registered_models.description FROM registered_models{rest.text}",
        rest.values,
    ).fetchall()
    tags: dict[int, dict[str, str]] = {}
    for model_id, key, value in connection.execute("SELECT model_id, key, value FROM registered_model_tags"):
        tags.setdefault(model_id, {})[key] = value
    aliases: dict[int, dict[str, int]] = {}
    for model_id, alias, number in connection.execute(
        "SELECT model_id, alias, version FROM model_aliases ORDER BY alias"
    ):
        aliases.setdefault(model_id, {})[alias] = number
    newest = Sql(" WHERE model_versions.version = (SELECT max(version) FROM model_versions AS others")
    newest += Sql(" WHERE others.model_id = model_versions.model_id)")
    latest = {one.name: one for one in _versions(connection, newest)}
    return [
        RegisteredModel(
            name=name,
            creation_timestamp=created,
            last_updated_timestamp=updated,
            description=description,
            latest_versions=[latest[name]] if name in latest else [],
            tags=tags.get(model_id, {}),
            aliases=aliases.get(model_id, {}),
        )
        for model_id, name, created, updated, description in rows
    ]
