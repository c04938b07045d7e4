"""The registry in upkeep: what of it belongs together, and the union of the registries of two stores.

Versions are told from each other by their uuid, models by their name, since two stores give the same numbers. A version
that the target does not have keeps its number where that is free, else it gets the next one. Descriptions, tags and
aliases come from the copy that was changed last; a model that was renamed is known by its versions, and keeps the name
that it has here. What was deleted in one store comes back from another.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..registry import ModelFile
from ..registry_edits import add_files

if TYPE_CHECKING:
    from .pages import Row

# In the order in which they name each other.
MODEL_TABLES = (
    "registered_models",
    "registered_model_tags",
    "model_versions",
    "model_version_tags",
    "model_version_files",
    "model_aliases",
)
# What a copy of chosen runs has not, and then what belongs to nothing.
NOT_OF_RUNS = (
    "DELETE FROM model_versions WHERE run_uuid IS NULL",
    "DELETE FROM registered_models WHERE id NOT IN (SELECT model_id FROM model_versions)",
)
UNOWNED = (
    "DELETE FROM registered_model_tags WHERE model_id NOT IN (SELECT id FROM registered_models)",
    "DELETE FROM model_version_tags WHERE version_id NOT IN (SELECT id FROM model_versions)",
    "DELETE FROM model_version_files WHERE version_id NOT IN (SELECT id FROM model_versions)",
    "DELETE FROM model_aliases WHERE NOT EXISTS (SELECT 1 FROM model_versions"
    " WHERE model_versions.model_id = model_aliases.model_id AND model_versions.version = model_aliases.version)",
)
_MODEL = ("id", "name", "description", "created", "updated", "newest")
_VERSION = (
    "id",
    "uuid",
    "version",
    "run_uuid",
    "source",
    "title",
    "description",
    "user_id",
    "created",
    "updated",
)


@dataclass(slots=True)
class VersionRows:
    """A version with its tags and files."""

    row: Row
    tags: dict[str, str] = field(default_factory=dict)
    files: list[ModelFile] = field(default_factory=list)


@dataclass(slots=True)
class ModelRows:
    """A registered model with its tags, aliases and versions (by uuid)."""

    row: Row
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    versions: dict[str, VersionRows] = field(default_factory=dict)

    def uuid_of(self, number: int) -> str | None:
        """Return the uuid of the version of a number."""
        return next((uuid for uuid, one in self.versions.items() if one.row["version"] == number), None)


def read_models(connection: sqlite3.Connection) -> dict[str, ModelRows]:
    """Return all of the registry, by name."""
    models: dict[int, ModelRows] = {}
    for values in connection.execute(f"SELECT {', '.join(_MODEL)} FROM registered_models ORDER BY created, id"):
        models[values[0]] = ModelRows(dict(zip(_MODEL, values, strict=True)))
    for model_id, key, value in connection.execute("SELECT model_id, key, value FROM registered_model_tags"):
        if model_id in models:
            models[model_id].tags[key] = value
    for model_id, alias, number in connection.execute("SELECT model_id, alias, version FROM model_aliases"):
        if model_id in models:
            models[model_id].aliases[alias] = number
    versions: dict[int, VersionRows] = {}
    for model_id, *values in connection.execute(
        f"SELECT model_id, {', '.join(_VERSION)} FROM model_versions ORDER BY version"
    ):
        one = VersionRows(dict(zip(_VERSION, values, strict=True)))
        if model_id in models:
            versions[values[0]] = models[model_id].versions[values[1]] = one
    for version_id, key, value in connection.execute("SELECT version_id, key, value FROM model_version_tags"):
        if version_id in versions:
            versions[version_id].tags[key] = value
    for version_id, *file in connection.execute(
        "SELECT version_id, path, sha256, size FROM model_version_files ORDER BY path"
    ):
        if version_id in versions:
            versions[version_id].files.append(ModelFile(*file))
    return {one.row["name"]: one for one in models.values()}


def hashes(models: dict[str, ModelRows]) -> set[str]:
    """Return the sha256 of all content that versions name."""
    return {file.sha256 for model in models.values() for one in model.versions.values() for file in one.files}


def unite(connection: sqlite3.Connection, theirs: dict[str, ModelRows]) -> list[str]:
    """Bring a registry into the store, inside of a transaction; return the versions that got another number.

    The revision moves only where something changes.
    """
    mine = read_models(connection)
    known = {uuid: (model, one) for model in mine.values() for uuid, one in model.versions.items()}
    renumbered: list[str] = []
    union = _Union(connection)
    for name, new in theirs.items():
        own = mine.get(name) or _renamed(new, known) or union.make(new)
        later = new.row["updated"] > own.row["updated"]
        for uuid, version in new.versions.items():
            if uuid in known:
                union.update(known[uuid][1], version)
            else:
                renumbered += union.add(own, version, own.row["name"])
        union.update_model(own, new, later)
    return renumbered


def _renamed(theirs: ModelRows, known: dict[str, tuple[ModelRows, VersionRows]]) -> ModelRows | None:
    """The model that a name's versions have here, where it was given another name; it keeps that."""
    homes = {known[uuid][0].row["id"]: known[uuid][0] for uuid in theirs.versions if uuid in known}
    return next(iter(homes.values())) if len(homes) == 1 else None


class _Union:
    """Writes what the target takes over; the revision is moved by the first write."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._rev: int | None = None

    @property
    def rev(self) -> int:
        if self._rev is None:
            row = self.connection.execute("UPDATE store SET rev = rev + 1 RETURNING rev").fetchone()
            self._rev = int(row[0])
        return self._rev

    def make(self, theirs: ModelRows) -> ModelRows:
        """Make a model that the target does not have, without its versions."""
        row = self.connection.execute(
            "INSERT INTO registered_models (name, description, created, updated, newest, rev) VALUES (?, ?, ?, ?, ?, ?)"
            " RETURNING id",
            (*(theirs.row[name] for name in _MODEL[1:]), self.rev),
        ).fetchone()
        self._tags("registered_model_tags", row[0], theirs.tags)
        return ModelRows({**theirs.row, "id": row[0]}, dict(theirs.tags))

    def add(self, own: ModelRows, version: VersionRows, name: str) -> Iterator[str]:
        """Add a version; yield what it is called now where its number was taken."""
        number = version.row["version"]
        taken = own.uuid_of(number) is not None
        if taken:
            number = own.row["newest"] + 1
        own.row["newest"] = max(own.row["newest"], number)
        row = {**version.row, "version": number, "model_id": own.row["id"], "rev": self.rev}
        row.pop("id")
        version_id = self.connection.execute(
            f"INSERT INTO model_versions ({', '.join(row)}) VALUES ({', '.join('?' * len(row))}) RETURNING id",
            (*row.values(),),
        ).fetchone()[0]
        self.connection.execute(
            "UPDATE registered_models SET newest = ?, rev = ? WHERE id = ?",
            (own.row["newest"], self.rev, own.row["id"]),
        )
        self._tags("model_version_tags", version_id, version.tags)
        add_files(self.connection, version_id, version.files)
        own.versions[version.row["uuid"]] = VersionRows({**row, "id": version_id})
        if taken:
            yield f"models:/{name}/{number}"

    def update(self, own: VersionRows, theirs: VersionRows) -> None:
        """Let a version that both have take over what was changed later, and files where it came without them."""
        if theirs.files and not own.files:
            add_files(self.connection, own.row["id"], theirs.files)
            self.connection.execute(
                "UPDATE model_versions SET title = ?, rev = ? WHERE id = ?",
                (theirs.row["title"], self.rev, own.row["id"]),
            )
        if theirs.row["updated"] <= own.row["updated"]:
            return
        self.connection.execute(
            "UPDATE model_versions SET description = ?, updated = ?, rev = ? WHERE id = ?",
            (theirs.row["description"], theirs.row["updated"], self.rev, own.row["id"]),
        )
        self._tags("model_version_tags", own.row["id"], theirs.tags)

    def update_model(self, own: ModelRows, theirs: ModelRows, later: bool) -> None:
        """Let a model take over description, tags and aliases: those that it lacks, and all that was changed later."""
        model_id = own.row["id"]
        tags = {key: value for key, value in theirs.tags.items() if key not in own.tags or later}
        self._tags(
            "registered_model_tags", model_id, {key: one for key, one in tags.items() if own.tags.get(key) != one}
        )
        for alias, number in theirs.aliases.items():
            uuid = theirs.uuid_of(number)
            version = own.versions.get(uuid or "")
            if version is not None and (alias not in own.aliases or later):
                here = version.row["version"]
                if own.aliases.get(alias) != here:
                    self.connection.execute(
                        "INSERT OR REPLACE INTO model_aliases VALUES (?, ?, ?)", (model_id, alias, here)
                    )
                    self._touch(model_id)
        if later:
            self.connection.execute(
                "UPDATE registered_models SET description = ?, updated = ?, rev = ? WHERE id = ?",
                (theirs.row["description"], theirs.row["updated"], self.rev, model_id),
            )

    def _touch(self, model_id: int) -> None:
        self.connection.execute("UPDATE registered_models SET rev = ? WHERE id = ?", (self.rev, model_id))

    def _tags(self, table: str, owner: int, tags: dict[str, str]) -> None:
        for key, value in tags.items():
            self.connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (owner, key, value))
            _ = self.rev


def recover(connection: sqlite3.Connection) -> int:
    """Give versions whose model is lost a model, under a name that says so; return how many."""
    lost = "SELECT DISTINCT model_id FROM model_versions WHERE model_id NOT IN (SELECT id FROM registered_models)"
    numbers = [row[0] for row in connection.execute(lost)]
    connection.executemany(
        "INSERT INTO registered_models (id, name, created, updated, newest, rev) SELECT ?, ?, min(created),"
        " max(updated), max(version), 0 FROM model_versions WHERE model_id = ?",
        [(number, f"recovered-{number}", number) for number in numbers],
    )
    return len(numbers)


def of_runs(models: dict[str, ModelRows], run_ids: Collection[str], part: bool) -> dict[str, ModelRows]:
    """Return the registry as a copy of runs has it.

    Parameters
    ----------
    models : dict
    run_ids : collection of str
    part : bool
        The runs were chosen: their versions alone are wanted, and no model without one. Else versions that came from a
        folder are kept too.
    """
    wanted = {*run_ids} if part else {None, *run_ids}
    kept: dict[str, ModelRows] = {}
    for name, model in models.items():
        versions = {uuid: one for uuid, one in model.versions.items() if one.row["run_uuid"] in wanted}
        if part and not versions:
            continue
        numbers = {one.row["version"] for one in versions.values()}
        aliases = {alias: number for alias, number in model.aliases.items() if number in numbers}
        kept[name] = ModelRows(model.row, model.tags, aliases, versions)
    return kept


# Columns of the table of versions; tags are JSON. A model without a version has a row of its own.
VERSION_COLUMNS = (
    ("model", "text"),
    ("version", "int"),
    ("aliases", "text"),
    ("title", "text"),
    ("run_id", "text"),
    ("run", "int"),
    ("source", "text"),
    ("description", "text"),
    ("user_id", "text"),
    ("created", "time"),
    ("updated", "time"),
    ("tags", "text"),
    ("model_description", "text"),
    ("model_tags", "text"),
)


def version_rows(models: dict[str, ModelRows], numbers: dict[int, str]) -> list[tuple[Any, ...]]:
    """Return the versions of all models as rows of `VERSION_COLUMNS`."""
    of_run = {run_id: number for number, run_id in numbers.items()}
    rows: list[tuple[Any, ...]] = []
    for name, model in models.items():
        about = (model.row["description"], json.dumps(model.tags))
        for one in model.versions.values():
            row = one.row
            aliases = ", ".join(sorted(alias for alias, number in model.aliases.items() if number == row["version"]))
            where = (row["run_uuid"], of_run.get(row["run_uuid"]), row["source"])
            moments = (row["user_id"], row["created"], row["updated"], json.dumps(one.tags))
            rows.append((name, row["version"], aliases, row["title"], *where, row["description"], *moments, *about))
        if not model.versions:
            own = (None, model.row["created"], model.row["updated"], None)
            rows.append((name, *(None,) * 7, *own, *about))
    return rows


def plain_models(models: dict[str, ModelRows]) -> list[dict[str, Any]]:
    """Return the registry as JSON can hold it."""
    return [
        {
            **{key: value for key, value in model.row.items() if key != "id"},
            "tags": model.tags,
            "aliases": model.aliases,
            "versions": [
                {
                    **{key: value for key, value in one.row.items() if key != "id"},
                    "tags": one.tags,
                    "files": [{"path": file.path, "sha256": file.sha256, "size": file.size} for file in one.files],
                }
                for one in model.versions.values()
            ],
        }
        for model in models.values()
    ]
