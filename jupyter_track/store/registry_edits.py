"""Edits of the registry: one transaction each under the mutex, as `jupyter_track.store.edits` has for runs.

A version takes the files of a model over by their hashes, so that it stays what was registered: also where its run logs
another model under the same name, or is deleted. Registering waits for the store, since it gives the number.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import AlreadyExists, InvalidValue, NotFound
from .edits import editing, now_ms
from .files import Content
from .insertion import insert_rows
from .registry import ModelFile, check_name, check_version, find_model, find_version
from .run_rows import is_text


@dataclass(frozen=True)
class Registration:
    """What is registered.

    Attributes
    ----------
    source : str
        ``runs:/<run id>/<name>``, or the name of a folder.
    run_id : str or None
    title : str
    files : sequence of ModelFile
    contents : sequence of Content
        Those of the files that no row of the store names yet.
    """

    source: str
    run_id: str | None
    title: str
    files: Sequence[ModelFile]
    contents: Sequence[Content] = ()


def create_model(store: Path, name: str, tags: Mapping[str, str] | None = None, description: str | None = None) -> None:
    """Make a registered model without a version.

    Raises
    ------
    AlreadyExists
        Where the name is taken.
    """
    check_name(name)
    with editing(store) as (connection, rev):
        if connection.execute("SELECT 1 FROM registered_models WHERE name = ?", (name,)).fetchone():
            raise AlreadyExists(f"There is a registered model {name!r} already.")
        model_id = _make_model(connection, name, rev, description)
        _set_tags(connection, "registered_model_tags", model_id, tags or {})


def _make_model(connection: sqlite3.Connection, name: str, rev: int, description: str | None = None) -> int:
    now = now_ms()
    row = connection.execute(
        "INSERT INTO registered_models (name, description, created, updated, newest, rev) VALUES (?, ?, ?, ?, 0, ?)"
        " RETURNING id",
        (name, description, now, now, rev),
    ).fetchone()
    return int(row[0])


def _set_tags(connection: sqlite3.Connection, table: str, owner: int, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (owner, key, value))


def create_version(
    store: Path,
    name: str,
    registration: Registration,
    *,
    user_id: str = "",
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    make: bool = False,
) -> int:
    """Register a model as the next version of a name and return the version's number.

    Parameters
    ----------
    store : Path
    name : str
    registration : Registration
    user_id : str
    tags : mapping, optional
    description : str, optional
    make : bool, default False
        Make the registered model where there is none.

    Raises
    ------
    NotFound
        Where there is no registered model of the name and none is to be made, or its run is not there.
    """
    check_name(name)
    with editing(store) as (connection, rev):
        exists = connection.execute("SELECT 1 FROM registered_models WHERE name = ?", (name,)).fetchone()
        model_id = _make_model(connection, name, rev) if make and not exists else find_model(connection, name)
        run_id = registration.run_id
        if run_id and not connection.execute("SELECT 1 FROM runs WHERE uuid = ?", (run_id,)).fetchone():
            raise NotFound(f"There is no run {run_id!r} in this store.")
        now = now_ms()
        number = connection.execute(
            "UPDATE registered_models SET newest = newest + 1, updated = ?, rev = ? WHERE id = ? RETURNING newest",
            (now, rev, model_id),
        ).fetchone()[0]
        version_id = connection.execute(
            "INSERT INTO model_versions (uuid, model_id, version, run_uuid, source, title, description, user_id,"
            " created, updated, rev) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (
                *(uuid.uuid4().hex, model_id, number, run_id, registration.source, registration.title, description),
                *(user_id, now, now, rev),
            ),
        ).fetchone()[0]
        flat = [value for one in registration.contents for value in (one.sha256, one.size, one.data)]
        insert_rows(connection, "INSERT OR IGNORE INTO contents", 3, flat)
        add_files(connection, version_id, registration.files)
        _set_tags(connection, "model_version_tags", version_id, tags or {})
    return int(number)


def add_files(connection: sqlite3.Connection, version_id: int, files: Iterable[ModelFile]) -> None:
    """Name the files of a version, inside a transaction."""
    flat = [value for one in files for value in (version_id, one.path, one.sha256, one.size)]
    insert_rows(connection, "INSERT INTO model_version_files", 4, flat)


@contextmanager
def _editing_model(store: Path, name: str) -> Iterator[tuple[sqlite3.Connection, int]]:
    with editing(store) as (connection, rev):
        model_id = find_model(connection, name)
        yield connection, model_id
        connection.execute(
            "UPDATE registered_models SET updated = max(updated + 1, ?), rev = ? WHERE id = ?",
            (now_ms(), rev, model_id),
        )


@contextmanager
def _editing_version(store: Path, name: str, version: str | int) -> Iterator[tuple[sqlite3.Connection, int]]:
    number = check_version(version)
    with editing(store) as (connection, rev):
        version_id = find_version(connection, find_model(connection, name), name, number)
        yield connection, version_id
        connection.execute(
            "UPDATE model_versions SET updated = max(updated + 1, ?), rev = ? WHERE id = ?", (now_ms(), rev, version_id)
        )


def rename_model(store: Path, name: str, new_name: str) -> None:
    """Give a registered model another name.

    Raises
    ------
    AlreadyExists
        Where the name is taken.
    """
    check_name(new_name)
    with _editing_model(store, name) as (connection, model_id):
        taken = connection.execute(
            "SELECT 1 FROM registered_models WHERE name = ? AND id <> ?", (new_name, model_id)
        ).fetchone()
        if taken:
            raise AlreadyExists(f"There is a registered model {new_name!r} already.")
        connection.execute("UPDATE registered_models SET name = ? WHERE id = ?", (new_name, model_id))


def describe_model(store: Path, name: str, description: str | None) -> None:
    """Set the description of a registered model."""
    with _editing_model(store, name) as (connection, model_id):
        connection.execute("UPDATE registered_models SET description = ? WHERE id = ?", (description, model_id))


def describe_version(store: Path, name: str, version: str | int, description: str | None) -> None:
    """Set the description of a version."""
    with _editing_version(store, name, version) as (connection, version_id):
        connection.execute("UPDATE model_versions SET description = ? WHERE id = ?", (description, version_id))


def set_model_tags(store: Path, name: str, tags: Mapping[str, str]) -> None:
    """Set tags of a registered model; keys have been checked."""
    with _editing_model(store, name) as (connection, model_id):
        _set_tags(connection, "registered_model_tags", model_id, tags)


def set_version_tags(store: Path, name: str, version: str | int, tags: Mapping[str, str]) -> None:
    """Set tags of a version; keys have been checked."""
    with _editing_version(store, name, version) as (connection, version_id):
        _set_tags(connection, "model_version_tags", version_id, tags)


def delete_model_tag(store: Path, name: str, key: str) -> None:
    """Remove a tag of a registered model; nothing happens where it has none of the name, as in mlflow."""
    with _editing_model(store, name) as (connection, model_id):
        connection.execute("DELETE FROM registered_model_tags WHERE model_id = ? AND key = ?", (model_id, key))


def delete_version_tag(store: Path, name: str, version: str | int, key: str) -> None:
    """Remove a tag of a version; nothing happens where it has none of the name, as in mlflow."""
    with _editing_version(store, name, version) as (connection, version_id):
        connection.execute("DELETE FROM model_version_tags WHERE version_id = ? AND key = ?", (version_id, key))


def set_alias(store: Path, name: str, alias: str, version: str | int) -> None:
    """Let an alias of a registered model name a version; it names one version at a time.

    Raises
    ------
    InvalidValue
        For an alias that is blank, a number, ``latest``, or holds other characters than letters, digits, ``_``, ``-``.
    """
    check_alias(alias)
    number = check_version(version)
    with _editing_model(store, name) as (connection, model_id):
        find_version(connection, model_id, name, number)
        connection.execute("INSERT OR REPLACE INTO model_aliases VALUES (?, ?, ?)", (model_id, alias, number))


def check_alias(alias: object) -> str:
    """Return `alias` if it can be one, by mlflow's rules.

    Raises
    ------
    InvalidValue
    """
    if not isinstance(alias, str) or not alias or not is_text(alias):
        raise InvalidValue(f"An alias is text such as 'champion', not {alias!r}.")
    if not all(char.isalnum() or char in "_-" for char in alias) or len(alias) > 255:
        raise InvalidValue(f"An alias has letters, digits, '_' and '-', and at most 255 of them ({alias[:40]!r}).")
    if alias.lower() == "latest" or (alias[:1].lower() == "v" and alias[1:].isdigit()) or alias.isdigit():
        raise InvalidValue(f"{alias!r} cannot be an alias: it reads like a version.")
    return alias


def delete_alias(store: Path, name: str, alias: str) -> None:
    """Take an alias away; nothing happens where there is none of the name, as in mlflow."""
    with _editing_model(store, name) as (connection, model_id):
        connection.execute("DELETE FROM model_aliases WHERE model_id = ? AND alias = ?", (model_id, alias))


def delete_version(store: Path, name: str, version: str | int) -> None:
    """Delete a version for good, with its aliases; what its run logged stays."""
    number = check_version(version)
    with _editing_model(store, name) as (connection, model_id):
        version_id = find_version(connection, model_id, name, number)
        _delete_versions(connection, [version_id])
        connection.execute("DELETE FROM model_aliases WHERE model_id = ? AND version = ?", (model_id, number))


def delete_model(store: Path, name: str) -> None:
    """Delete a registered model for good, with its versions; what their runs logged stays."""
    with editing(store) as (connection, _):
        model_id = find_model(connection, name)
        rows = connection.execute("SELECT id FROM model_versions WHERE model_id = ?", (model_id,)).fetchall()
        _delete_versions(connection, [version_id for (version_id,) in rows])
        for table, column in (
            ("model_aliases", "model_id"),
            ("registered_model_tags", "model_id"),
            ("registered_models", "id"),
        ):
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (model_id,))


def _delete_versions(connection: sqlite3.Connection, version_ids: Sequence[int]) -> None:
    for table, column in (
        ("model_version_files", "version_id"),
        ("model_version_tags", "version_id"),
        ("model_versions", "id"),
    ):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(one,) for one in version_ids])
