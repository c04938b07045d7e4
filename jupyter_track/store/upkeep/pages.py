"""A store read in pages: a run with all that belongs to it at one moment, its points some thousands at a time.

A read holds the mutex shared for some 20 ms, so that a kernel that writes hardly waits. Points are only ever appended:
those up to the count that the run's rows had are the curve as it was then, however late they are read.
"""

from __future__ import annotations

import math
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import StoreBusy
from .. import files
from ..curves import Points
from ..database import reading
from ..filter_sql import Sql
from ..run_rows import in_parts
from .models import ModelRows, read_models
from .turns import breathe, check_readable

PAGE_POINTS = 20_000  # the writer's own limit for a transaction
PAGE_RUNS = 100
PAGE_BYTES = 4_000_000  # of content in one transaction
_CURVE_COST = 20  # what looking for a curve costs, in points

RUN_COLUMNS = (
    "id, uuid, name, status, lifecycle_stage, start_time, end_time, duration, parent_uuid, note, user_id, notebook,"
    " cell_id, execution_count, error_name, error_message, error_lines, host_id, boot_id, pid, process_start,"
    " heartbeat, deleted_time, pinned, edited, stop_requested"
)
PARAM_COLUMNS = "key, value, type, number, text, written, source, position"
HISTORY_COLUMNS = "key, changed, value, type, text, source"
ARTIFACT_COLUMNS = "path, sha256, size, mime, kind, title, line, created, join_key"
EXECUTION_COLUMNS = "session, position, source_sha256, cell_id, execution_count, start_time, duration, status"
DATASET_COLUMNS = "name, digest, context, source_type, source, sha256, tags, position"
CONTEXT_COLUMNS = "kind, sha256, created"
CURVE_COLUMNS = (
    "id, key, source, count, last_step, last_time, last_value, min_value, min_step, max_value, max_step"  # as Curve
)

Row = dict[str, Any]
Rows = Sequence[tuple[int, int, float | None]]  # step, time, value of points


@dataclass(frozen=True, slots=True)
class Curve:
    """A row of ``metrics``: the curve's summary. `last_value` None is NaN."""

    id: int
    key: str
    source: str
    count: int
    last_step: int
    last_time: int
    last_value: float | None
    min_value: float | None
    min_step: int | None
    max_value: float | None
    max_step: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A curve of a run whose points are to be read from number `start` on."""

    run_id: str
    curve: Curve
    start: int = 0


@dataclass(slots=True)
class RunRows:
    """A run with all that belongs to it, apart from the points of its curves."""

    number: int
    run: Row
    experiment: str
    params: dict[str, Row] = field(default_factory=dict)
    history: list[tuple[Any, ...]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, Row] = field(default_factory=dict)
    executions: dict[tuple[str, int], Row] = field(default_factory=dict)
    datasets: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    contexts: dict[str, Row] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self.run["uuid"])

    @property
    def points(self) -> int:
        """How many points the curves have together."""
        return sum(curve.count for curve in self.curves.values())

    def hashes(self) -> set[str]:
        """Return the sha256 of all content that the run names."""
        rows = (*self.artifacts.values(), *self.datasets.values(), *self.contexts.values())
        return {row["sha256"] for row in rows} | {row["source_sha256"] for row in self.executions.values()}


@dataclass(slots=True)
class ExperimentRows:
    """An experiment with its tags and goals."""

    row: Row
    tags: dict[str, str]
    goals: dict[str, str]


def read_runs(connection: sqlite3.Connection, among: Sql) -> list[RunRows]:
    """Return runs by a condition on their number, in the order of the numbers."""
    names = dict(connection.execute("SELECT id, name FROM experiments"))
    found: dict[int, RunRows] = {}
    columns = RUN_COLUMNS.split(", ")
    rows = connection.execute(
        f"SELECT experiment_id, {RUN_COLUMNS} FROM runs WHERE id {among.text} ORDER BY id", among.values
    )
    for experiment, *values in rows:
        row = dict(zip(columns, values, strict=True))
        number = row.pop("id")
        found[number] = RunRows(number, row, names.get(experiment, "Default"))

    def rows_of(table: str, columns: str, order: str) -> Iterator[tuple[RunRows, list[Any]]]:
        for number, *values in connection.execute(
            f"SELECT run_id, {columns} FROM {table} WHERE run_id {among.text} ORDER BY run_id, {order}", among.values
        ):
            if number in found:
                yield found[number], values

    def dicts_of(table: str, columns: str, order: str) -> Iterator[tuple[RunRows, Row]]:
        names = columns.split(", ")
        for run, values in rows_of(table, columns, order):
            yield run, dict(zip(names, values, strict=True))

    for run, row in dicts_of("params", PARAM_COLUMNS, "position, key"):
        run.params[row["key"]] = row
    for run, values in rows_of("param_history", HISTORY_COLUMNS, "rowid"):
        run.history.append(tuple(values))
    for run, (key, value) in rows_of("tags", "key, value", "key"):
        run.tags[key] = value
    for run, row in dicts_of("artifacts", ARTIFACT_COLUMNS, "path"):
        run.artifacts[row["path"]] = row
    for run, row in dicts_of("executions", EXECUTION_COLUMNS, "session, position"):
        run.executions[row["session"], row["position"]] = row
    for run, row in dicts_of("datasets", DATASET_COLUMNS, "position"):
        run.datasets[row["name"], row["digest"], row["context"]] = row
    for run, row in dicts_of("contexts", CONTEXT_COLUMNS, "kind"):
        run.contexts[row["kind"]] = row
    for run, values in rows_of("metrics", CURVE_COLUMNS, "id"):
        run.curves[values[1]] = Curve(*values)
    return list(found.values())


def read_experiments(connection: sqlite3.Connection) -> dict[str, ExperimentRows]:
    """Return all experiments by name, in the order of their making."""
    columns = ("id", "name", "lifecycle_stage", "created", "updated", "baseline_uuid")
    by_id: dict[int, ExperimentRows] = {}
    for values in connection.execute(f"SELECT {', '.join(columns)} FROM experiments ORDER BY created, id"):
        by_id[values[0]] = ExperimentRows(dict(zip(columns, values, strict=True)), {}, {})
    for number, key, value in connection.execute("SELECT experiment_id, key, value FROM experiment_tags"):
        if number in by_id:
            by_id[number].tags[key] = value
    for number, key, goal in connection.execute("SELECT experiment_id, key, goal FROM metric_goals"):
        if number in by_id:
            by_id[number].goals[key] = goal
    return {one.row["name"]: one for one in by_id.values()}


class Source:
    """A store that is read in pages.

    Attributes
    ----------
    store : Path
        As it was named; the large content lies beside it.
    place : Path
        The file that is read: the store itself, or a copy in this version's schema.
    """

    def __init__(self, store: Path, place: Path) -> None:
        self.store = store
        self.place = place

    def numbers(self) -> dict[int, str]:
        """Return the numbers of all runs in their order, with their ids."""
        with reading(self.place) as connection:
            return dict(connection.execute("SELECT id, uuid FROM runs ORDER BY id"))

    def experiments(self) -> dict[str, ExperimentRows]:
        """Return all experiments by name."""
        with reading(self.place) as connection:
            return read_experiments(connection)

    def runs(self, numbers: Sequence[int]) -> list[RunRows]:
        """Return runs; those that were deleted for good meanwhile are left out."""
        found: list[RunRows] = []
        in_parts(self.place, numbers, lambda connection, among: found.extend(read_runs(connection, among)))
        return found

    def points(self, wanted: Sequence[Wanted]) -> Iterator[list[Points]]:
        """Yield the points of curves up to their counts, in pages of 20,000: many small curves, or a part of one.

        Raises
        ------
        StoreBusy
            Where a curve was deleted for good meanwhile.
        """
        left = [one for one in reversed(wanted) if one.start < one.curve.count]
        while left:
            page: list[Points] = []
            room = PAGE_POINTS
            with self.reading_points() as read:
                while left and room > 0:
                    one = left.pop()
                    rows = read(one, min(one.curve.count - one.start, room))
                    if not rows:
                        continue
                    page.append(_points(one, rows))
                    room -= len(rows) + _CURVE_COST
                    if one.start + len(rows) < one.curve.count:
                        left.append(Wanted(one.run_id, one.curve, one.start + len(rows)))
            breathe()
            yield page

    @contextmanager
    def reading_points(self) -> Iterator[Callable[[Wanted, int], Rows]]:
        """Give a function that returns at most so many points of a curve."""
        with reading(self.place) as connection:

            def read(one: Wanted, limit: int) -> Rows:
                rows = connection.execute(
                    "SELECT step, time, value FROM metric_points WHERE metric_id = ? AND seq >= ? ORDER BY seq LIMIT ?",
                    (one.curve.id, one.start, limit),
                ).fetchall()
                if not rows:
                    self._check_is_there(connection, one.curve)
                return rows

            yield read

    def _check_is_there(self, connection: sqlite3.Connection, curve: Curve) -> None:
        """A curve that is there with fewer points than it says is damaged, and is taken as it is."""
        if not connection.execute("SELECT 1 FROM metrics WHERE id = ? AND key = ?", (curve.id, curve.key)).fetchone():
            raise StoreBusy(f"{self.store} was tidied while it was being read; try again.")

    def models(self) -> dict[str, ModelRows]:
        """Return the registry, by the names of models."""
        with reading(self.place) as connection:
            return read_models(connection)

    def carry(self, sha256: str, size: int, target: Path) -> None:
        """Bring large content to another store.

        Raises
        ------
        NotFound, CorruptStore, StoreUnavailable
            As `files.carry`.
        """
        files.carry(self.store, sha256, size, target)

    def contents(self, hashes: Sequence[str]) -> Iterator[list[tuple[str, int, bytes | None]]]:
        """Yield (sha256, size, data or None) of those contents that the store has, in pages of some 4 MB."""
        at = 0
        while at < len(hashes):
            part: list[tuple[str, int, bytes | None]] = []
            size = 0
            with reading(self.place) as connection:
                while at < len(hashes) and size < PAGE_BYTES:
                    row = connection.execute(
                        "SELECT sha256, size, data FROM contents WHERE sha256 = ?", (hashes[at],)
                    ).fetchone()
                    at += 1
                    if row is not None:
                        part.append(row)
                        size += len(row[2] or b"") + 100
            breathe()
            yield part


def _points(wanted: Wanted, rows: Rows) -> Points:
    steps, times, values = zip(*rows, strict=True)
    if None in values:
        values = tuple(math.nan if value is None else value for value in values)
    return Points(wanted.run_id, wanted.curve.key, wanted.curve.source, steps, times, values)


@contextmanager
def opened(store: Path) -> Iterator[Source]:
    """Give a store to read from; an old one in a folder that cannot be written is copied once, and not for each page.

    Raises
    ------
    StoreUnavailable, NotAStore, CorruptStore, NewerStore
        As `turns.check_readable`.
    """
    check_readable(store)
    with ExitStack() as stack:
        with reading(store) as connection:
            place = Path(connection.execute("PRAGMA database_list").fetchone()[2])
            if not place.samefile(store):
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jupyter-track-")))
                place = folder / store.name
                copy = sqlite3.connect(place)
                try:
                    connection.backup(copy)
                finally:
                    copy.close()
            else:
                place = store
        yield Source(store, place)


def in_pages(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield numbers of runs a page at a time."""
    for start in range(0, len(numbers), PAGE_RUNS):
        yield numbers[start : start + PAGE_RUNS]
