"""What runs read and what surrounded them: datasets, and documents on environment, hardware and git."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import CorruptStore, NotFound, StoreUnavailable
from ..records import CONTEXT_TAG, Dataset, DatasetInput, InputTag
from . import files
from .database import reading
from .filter_sql import Sql

KINDS = ("environment", "hardware", "git", "diff")  # of what surrounds a run
BEHIND = "@"  # between such a kind and the mark of a process that went on with the run
FORMAT = 1  # of the documents


class Datasets:
    """The datasets of runs, read in parts; a description that many runs share is read once."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self._documents: dict[str, tuple[str | None, str | None]] = {}
        self._found: dict[int, list[DatasetInput]] = {}

    def read(self, connection: sqlite3.Connection, among: Sql) -> None:
        """Read those of a part of the runs."""
        rows = connection.execute(
            "SELECT run_id, name, digest, context, source_type, source, sha256, tags FROM datasets"
            f" WHERE run_id {among.text} ORDER BY run_id, position",
            among.values,
        ).fetchall()
        for number, name, digest, context, source_type, source, sha256, tags in rows:
            if sha256 not in self._documents:
                self._documents[sha256] = self._document(connection, sha256)
            dataset = Dataset(name, digest, source_type, source, *self._documents[sha256])
            self._found.setdefault(number, []).append(DatasetInput(dataset, _tags(context, tags)))

    def of(self, number: int) -> tuple[DatasetInput, ...]:
        """Return those of a run, by its number, in the order of logging."""
        return tuple(self._found.get(number, ()))

    def _document(self, connection: sqlite3.Connection, sha256: str) -> tuple[str | None, str | None]:
        """Schema and profile; None for both where their content is gone or damaged."""
        row = connection.execute("SELECT data FROM contents WHERE sha256 = ?", (sha256,)).fetchone()
        try:
            document = json.loads(files.read(self.store, sha256, row[0] if row else None))
            return document["schema"], document["profile"]
        except (NotFound, CorruptStore, StoreUnavailable, ValueError, KeyError, TypeError):
            return None, None


def _tags(context: str, stored: str) -> tuple[InputTag, ...]:
    named = [InputTag(CONTEXT_TAG, context)] if context else []
    try:
        more = json.loads(stored).items()
    except (ValueError, AttributeError):
        more = ()
    return (*named, *(InputTag(str(key), str(value)) for key, value in more))


def document(schema: str | None, profile: str | None) -> bytes:
    """Return the description of a dataset as it is stored."""
    return json.dumps({"format": FORMAT, "schema": schema, "profile": profile}, ensure_ascii=False).encode()


def surroundings(store: Path, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what surrounded runs, by run id and kind: documents as plain data, the diff as text.

    ``later`` lists what surrounded the processes that went on with a run, in the order in which they began: each by
    kind as well, with ``process`` (source, type, user) and ``started`` (milliseconds). Runs of which nothing is known,
    and documents that are gone or damaged, are left out.
    """
    found: dict[str, dict[str, Any]] = {}
    documents: dict[str, Any] = {}
    with reading(store) as connection:
        for run_id in run_ids:
            rows = connection.execute(
                "SELECT kind, contexts.sha256, data, contexts.created FROM runs JOIN contexts ON run_id = runs.id"
                " JOIN contents ON contents.sha256 = contexts.sha256 WHERE uuid = ? ORDER BY kind",
                (run_id,),
            ).fetchall()
            later: dict[str, dict[str, Any]] = {}
            for marked, sha256, data, created in rows:
                kind, _, mark = marked.partition(BEHIND)
                if sha256 not in documents:
                    documents[sha256] = _read(store, kind, sha256, data)
                if documents[sha256] is None:
                    continue
                if not mark:
                    found.setdefault(run_id, {})[kind] = documents[sha256]
                    continue
                part = later.setdefault(mark, {"started": created})
                part[kind] = documents[sha256]
                part["started"] = min(part["started"], created)
            if later:
                ordered = sorted(later.values(), key=lambda part: part["started"])
                found.setdefault(run_id, {})["later"] = ordered
    return found


def is_described(store: Path, run_id: str) -> bool:
    """Whether anything is known of what surrounded a run."""
    with reading(store) as connection:
        query = "SELECT EXISTS (SELECT 1 FROM contexts JOIN runs ON runs.id = run_id WHERE uuid = ?)"
        return bool(connection.execute(query, (run_id,)).fetchone()[0])


def _read(store: Path, kind: str, sha256: str, data: bytes | None) -> Any:
    try:
        text = files.read(store, sha256, data).decode()
        document = text if kind == "diff" else json.loads(text)
    except (NotFound, CorruptStore, StoreUnavailable, ValueError):
        return None
    return document if kind == "diff" or isinstance(document, dict) else None
