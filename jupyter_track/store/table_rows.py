"""What a live table of runs is made of: one light record a run, read in bulk, and what changed since a revision.

A table of 10,000 runs has 300,000 params and metrics; making whole `Run` records of them takes seconds. A metric is
its number of points, its last value and its step; equal params are one record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..records import MODEL_SOURCE, Param
from . import run_rows
from .database import reading
from .filter_sql import Sql
from .liveness import state_of
from .targets import Goals, aims_of

Last = tuple[int, float, int | None, str]  # number of points, last value, its step, source
MOST_PARAMS = 200_000  # different ones that a reader keeps
_COLUMNS = (
    "id, uuid, experiment_id, name, lifecycle_stage, start_time, duration, parent_uuid, note, notebook, error_name,"
    " error_message, pinned, status, host_id, boot_id, pid, process_start, heartbeat"
)


@dataclass(slots=True)
class TableRow:
    """One run of a table. `state` is what a person reads, `stage` is ``active`` or ``deleted``."""

    number: int
    run_id: str
    experiment_id: int
    experiment: str
    name: str
    state: str
    stage: str
    start_time: int
    duration: float | None
    parent: str | None
    note: str
    notebook: str
    error: str
    pinned: bool
    baseline: bool
    params: dict[str, Param] = field(default_factory=dict)
    metrics: dict[str, Last] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    data: frozenset[tuple[str, str]] = frozenset()  # digest and purpose of what it read

    @property
    def live(self) -> bool:
        """Whether it still runs."""
        return self.state == "running"


@dataclass(frozen=True)
class Changes:
    """What changed since a revision: the runs, and whether so much else did that all has to be read again."""

    rev: int
    numbers: tuple[int, ...] = ()
    all: bool = False


class RowReader:
    """Reads the runs of one table, again and again; equal params are one record through all of its reads.

    Parameters
    ----------
    store : Path
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._rows: dict[int, TableRow] = {}
        self._params: dict[tuple[Any, ...], Param] = {}
        self._experiments: dict[int, tuple[str, str | None]] = {}

    def read(self, numbers: Sequence[int]) -> list[TableRow]:
        """Return the runs of some of the store's numbers, in their order; those deleted for good are left out."""
        if len(self._params) > MOST_PARAMS:
            self._params = {}
        self._rows, self._experiments = {}, {}
        run_rows.in_parts(self._store, numbers, self._read)
        found, self._rows = self._rows, {}
        return [found[number] for number in numbers if number in found]

    def _read(self, connection: sqlite3.Connection, among: Sql) -> None:
        if not self._experiments:
            found = connection.execute("SELECT id, name, baseline_uuid FROM experiments")
            self._experiments = {number: (name, baseline) for number, name, baseline in found}
        rows, values = self._rows, among.values
        for row in connection.execute(f"SELECT {_COLUMNS} FROM runs WHERE id {among.text}", values):
            rows[row[0]] = self._row(row)
        self._read_params(connection, among)
        nan, at, metrics = float("nan"), None, {}
        for number, key, count, last, step, source in connection.execute(
            f"SELECT run_id, key, count, last_value, last_step, source FROM metrics WHERE run_id {among.text}"
            " ORDER BY run_id, id",
            values,
        ):
            if number != at:
                at, metrics = number, rows[number].metrics
            metrics[key] = (count, nan if last is None else last, step, source)
        tags = connection.execute(f"SELECT run_id, key, value FROM tags WHERE run_id {among.text}", values)
        for number, key, value in tags:
            if not key.startswith(("mlflow.", "jupyter_track.")):
                rows[number].tags[key] = value
        data = connection.execute(
            f"SELECT run_id, digest, context FROM datasets WHERE run_id {among.text} AND source_type <> ?",
            (*values, MODEL_SOURCE),
        )
        for number, digest, context in data:
            rows[number].data |= {(digest, context)}

    def _read_params(self, connection: sqlite3.Connection, among: Sql) -> None:
        known, rows = self._params, self._rows
        at, params = None, {}
        for row in connection.execute(
            f"SELECT key, text, type, source, written, run_id FROM params WHERE run_id {among.text}"
            " ORDER BY run_id, position, key",
            among.values,
        ):
            number, what = row[5], row[:5]
            param = known.get(what)
            if param is None:
                key, text, kind, source, written = what
                param = known[what] = Param(key, text, text, kind, source, written)
            if number != at:
                at, params = number, rows[number].params
            params[what[0]] = param

    def _row(self, row: tuple[Any, ...]) -> TableRow:
        (number, run_id, experiment, name, stage, start, duration, parent, note, notebook, *more) = row
        error, message, pinned, status, *process = more
        known, baseline = self._experiments.get(experiment, ("", None))
        state = state_of(status, run_id, *process)
        told = "" if error is None else f"{error}: {message or ''}"
        marks = pinned is not None, baseline == run_id
        place = note or "", notebook or "", told
        return TableRow(number, run_id, experiment, known, name, state, stage, start, duration, parent, *place, *marks)


def revision(store: Path) -> int:
    """Return how many batches and edits the store has seen."""
    with reading(store) as connection:
        found: int = connection.execute("SELECT rev FROM store").fetchone()[0]
        return found


def goals(store: Path) -> Goals:
    """Return the declared goals by metric; of several experiments' the one of the newest."""
    with reading(store) as connection:
        found = Goals(
            connection.execute(
                "SELECT key, goal FROM metric_goals JOIN experiments ON experiments.id = experiment_id ORDER BY created"
            ).fetchall()
        )
        found.aimed = frozenset(key for aims in aims_of(connection).values() for key in aims)
        return found


def active_numbers(store: Path) -> list[int]:
    """Return the numbers of the active runs, the newest first."""
    with reading(store) as connection:
        rows = connection.execute("SELECT id FROM runs WHERE lifecycle_stage = 'active' ORDER BY id DESC")
        return [number for (number,) in rows]


def numbers_of(store: Path, run_ids: Sequence[str]) -> list[int]:
    """Return the numbers of runs, the newest first; ids that are not there are left out."""
    with reading(store) as connection:
        return sorted(run_rows.run_numbers(connection, run_ids), reverse=True)


def ids_of(store: Path, numbers: Sequence[int]) -> list[str]:
    """Return the ids of the runs of some numbers, in their order."""
    found: dict[int, str] = {}

    def read(connection: sqlite3.Connection, among: Sql) -> None:
        found.update(connection.execute(f"SELECT id, uuid FROM runs WHERE id {among.text}", among.values))

    run_rows.in_parts(store, numbers, read)
    return [found[number] for number in numbers if number in found]


def extremes(store: Path, numbers: Sequence[int], key: str) -> list[tuple[float | None, float | None]]:
    """Return the lowest and the highest value of a metric in each of these runs that has it."""
    found: list[tuple[float | None, float | None]] = []

    def read(connection: sqlite3.Connection, among: Sql) -> None:
        query = f"SELECT min_value, max_value FROM metrics WHERE run_id {among.text} AND key = ?"
        found.extend(connection.execute(query, (*among.values, key)))

    run_rows.in_parts(store, numbers, read)
    return found


def changes_since(store: Path, rev: int) -> Changes:
    """Return what changed after a revision; it costs what changed, not what is stored."""
    with reading(store) as connection:
        now: int = connection.execute("SELECT rev FROM store").fetchone()[0]
        if now == rev:
            return Changes(now)
        if connection.execute("SELECT 1 FROM experiments WHERE rev > ? LIMIT 1", (rev,)).fetchone():
            return Changes(now, all=True)
        rows = connection.execute(
            "SELECT id FROM runs WHERE rev > ? UNION SELECT run_id FROM metrics WHERE rev > ?", (rev, rev)
        )
        return Changes(now, tuple(number for (number,) in rows))
