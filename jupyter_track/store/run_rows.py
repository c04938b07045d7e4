"""Runs in bulk: one query finds them, a few read what belongs to all of them, never one per run.

A read holds the mutex shared, and writers wait meanwhile, so the details of many runs are read in parts of some 10 ms.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InvalidValue, NotFound
from ..records import MetricSummary, Param, Run, RunError, RunInputs, ViewType
from ..values import load_param
from . import filter_sql
from .database import reading
from .filter_sql import Sql
from .filters import parse_filter, parse_order_by
from .inputs import Datasets
from .liveness import state_of
from .targets import Goals, aims_of

STAGES = {ViewType.ACTIVE_ONLY: "active", ViewType.DELETED_ONLY: "deleted", ViewType.ALL: None}
ARTIFACT_URI = "runs:/%s"  # relative to the store, so that it can be moved; filter_sql says the same in SQL
HOLD_SECONDS = 0.02  # after this the mutex is given back between two parts
_PART_SECONDS = 0.01
_FIRST_PART, _MOST_RUNS = 100, 4_000
_MOST_IDS = 500  # in one statement
_SHARED = ("int", "float", "str", "bool", "none")  # values that nobody can change: equal params are one record

RUN_COLUMNS = (
    "id, uuid, experiment_id, name, status, lifecycle_stage, start_time, end_time, duration, parent_uuid, note,"
    " user_id, notebook, cell_id, execution_count, error_name, error_message, error_lines, host_id, boot_id, pid,"
    " process_start, heartbeat, pinned, stop_requested"
)
PARAM_COLUMNS = "key, value, text, type, source, written"
METRIC_COLUMNS = (
    "key, count, last_value, last_step, last_time, min_value, min_step, max_value, max_step, source"  # as MetricSummary
)


def stage_condition(view_type: int, table: str) -> Sql:
    """Return the condition of a `ViewType`.

    Raises
    ------
    InvalidValue
        Where it is none.
    """
    if view_type not in STAGES:
        raise InvalidValue(f"A view type is 1 (active), 2 (deleted) or 3 (all), not {view_type!r}; see ViewType.")
    stage = STAGES[view_type]
    return Sql("1") if stage is None else Sql(f"{table}.lifecycle_stage = ?", (stage,))


def bounds(limit: int | None, offset: int = 0) -> Sql:
    """Return LIMIT and OFFSET.

    Raises
    ------
    InvalidValue
        For negative numbers and what is no whole number.
    """
    for name, number in (("limit", limit), ("offset", offset)):
        if number is not None and (not isinstance(number, int) or number < 0):
            raise InvalidValue(f"The {name} must be a whole number from 0 on, not {number!r}.")
    return Sql(" LIMIT ? OFFSET ?", (-1 if limit is None else min(limit, 2**62), min(offset, 2**62)))


def experiment_numbers(experiment_ids: Sequence[str | int] | str | int) -> tuple[int, ...]:
    """Return experiment ids as the store's integers.

    Raises
    ------
    InvalidValue
        Where one is not made of digits (a name, perhaps).
    """
    several = [experiment_ids] if isinstance(experiment_ids, (str, int)) else experiment_ids
    found = []
    for one in several:
        text = str(one)
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise InvalidValue(f"An experiment id is a string of digits, not {one!r}; names go to experiment_names.")
        found.append(int(text))
    return tuple(found)


@dataclass(frozen=True)
class Search:
    """A search that has been checked: the SQL that finds the store's numbers of the runs, in order."""

    sql: Sql
    empty: bool = False


def search(
    experiment_ids: Sequence[str | int] | str | int | None,
    filter_string: str | None,
    order_by: Sequence[str] | str | None,
    view_type: int,
    limit: int | None,
    offset: int,
) -> Search:
    """Check a search and return its SQL; the newest run comes first where nothing else is asked for.

    "Newest" goes by the store's own number, so a clock that was set back changes nothing.

    Raises
    ------
    FilterError, InvalidValue
    """
    where = Sql(" WHERE ") + stage_condition(view_type, "runs")
    node = parse_filter(filter_string)
    joins, terms = filter_sql.ordering(parse_order_by(order_by))
    end = bounds(limit, offset)
    if experiment_ids is not None:
        numbers = experiment_numbers(experiment_ids)
        where += Sql(f" AND runs.experiment_id IN ({', '.join('?' * len(numbers))})", numbers)
        if not numbers:
            return Search(Sql(""), empty=True)
    if node is not None:
        where += Sql(" AND ") + filter_sql.condition(node)
    order = Sql(f" ORDER BY {terms + ', ' if terms else ''}runs.id DESC")
    return Search(Sql("SELECT runs.id FROM runs") + joins + where + order + end)


def words_filter(words: Sequence[str]) -> str:
    """Return the filter that finds the runs in which all words are: in the name, note, tags or code.

    Examples
    --------
    >>> words_filter(["dropout", "it's"])
    "'dropout it''s'"
    >>> words_filter([])
    ''
    """
    text = " ".join(" ".join(words).split())
    quoted = text.replace("'", "''")
    return f"'{quoted}'" if text else ""


def find(store: Path, wanted: Search) -> list[int]:
    """Return the numbers of the runs that a search finds, in its order."""
    if wanted.empty:
        return []
    with reading(store) as connection:
        return [row[0] for row in connection.execute(wanted.sql.text, wanted.sql.values)]


def in_parts(store: Path, numbers: Sequence[int], read: Callable[[sqlite3.Connection, Sql], None]) -> None:
    """Call `read` for parts of the runs, in the order of their numbers.

    Parameters
    ----------
    store : Path
    numbers : sequence of int
    read : callable
        Takes a connection and a condition such as ``BETWEEN ? AND ?``, to be put behind the column of the number.
    """
    rest = sorted(numbers)
    at, size = 0, _FIRST_PART
    while at < len(rest):
        with reading(store) as connection:
            began = now = time.monotonic()
            while at < len(rest):
                part = rest[at : at + size]
                at += size
                read(connection, _among(part))
                took, now = time.monotonic() - now, time.monotonic()
                size = int(min(_MOST_RUNS, max(1, size * min(4.0, _PART_SECONDS / max(took, 1e-6)))))
                if now - began >= HOLD_SECONDS:
                    break


def _among(part: Sequence[int]) -> Sql:
    if part[-1] - part[0] + 1 == len(part):
        return Sql("BETWEEN ? AND ?", (part[0], part[-1]))
    return Sql(f"IN ({', '.join('?' * len(part))})", tuple(part))


@dataclass
class _Details:
    """What belongs to runs, by the store's number of the run."""

    datasets: Datasets
    rows: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    params: dict[int, dict[str, Param]] = field(default_factory=dict)
    metrics: dict[int, dict[str, MetricSummary]] = field(default_factory=dict)
    tags: dict[int, dict[str, str]] = field(default_factory=dict)
    experiments: dict[int, str] = field(default_factory=dict)
    baselines: dict[int, str | None] = field(default_factory=dict)
    goals: dict[int, Goals] = field(default_factory=dict)
    known: dict[tuple[Any, ...], Param] = field(default_factory=dict)

    def read_experiments(self, connection: sqlite3.Connection) -> None:
        for number, name, baseline in connection.execute("SELECT id, name, baseline_uuid FROM experiments"):
            self.experiments[number], self.baselines[number] = name, baseline
        self.goals = goals_of(connection)

    def read(self, connection: sqlite3.Connection, among: Sql) -> None:
        """Read a part of the runs."""
        if not self.experiments:
            self.read_experiments(connection)
        values = among.values
        rows = connection.execute(f"SELECT {RUN_COLUMNS} FROM runs WHERE id {among.text}", values)
        for row in rows:
            self.rows[row[0]] = row
        rows = connection.execute(
            f"SELECT run_id, {PARAM_COLUMNS} FROM params WHERE run_id {among.text} ORDER BY run_id, position, key",
            values,
        )
        known, at, params = self.known, None, {}
        for row in rows:
            number, what = row[0], row[1:]
            if number != at:
                at, params = number, self.params.setdefault(number, {})
            param = known.get(what)
            if param is None:
                param = param_of(*what)
                if param.type in _SHARED:
                    known[what] = param
            params[param.key] = param
        rows = connection.execute(
            f"SELECT run_id, {METRIC_COLUMNS} FROM metrics WHERE run_id {among.text} ORDER BY run_id, id", values
        )
        for number, key, count, last, *row in rows:
            summary = MetricSummary(key, count, float("nan") if last is None else last, *row)
            self.metrics.setdefault(number, {})[key] = summary
        rows = connection.execute(
            f"SELECT run_id, key, value FROM tags WHERE run_id {among.text} ORDER BY run_id, key", values
        )
        for number, key, value in rows:
            self.tags.setdefault(number, {})[key] = value
        self.datasets.read(connection, among)


def goals_of(connection: sqlite3.Connection) -> dict[int, Goals]:
    """Return the declared goals by experiment."""
    goals: dict[int, Goals] = {}
    for experiment, key, goal in connection.execute("SELECT experiment_id, key, goal FROM metric_goals"):
        goals.setdefault(experiment, Goals())[key] = goal
    for experiment, aims in aims_of(connection).items() if goals else ():
        if experiment in goals:
            goals[experiment].aimed = frozenset(aims)
    return goals


def param_of(key: str, value: str, text: str, kind: str, source: str, written: str | None) -> Param:
    """Return the record of a param's row."""
    return Param(key, load_param(value, kind), text, kind, source, written)


def load(store: Path, numbers: Sequence[int]) -> list[Run]:
    """Return the runs of some numbers, in their order; those deleted for good meanwhile are left out."""
    details = _Details(Datasets(store))
    in_parts(store, numbers, details.read)
    return [_run(store, details, details.rows[number]) for number in numbers if number in details.rows]


def load_one(store: Path, run_id: str) -> Run:
    """Return the run of an id, active or deleted.

    Raises
    ------
    NotFound
    """
    details = _Details(Datasets(store))
    with reading(store) as connection:
        number = run_number(connection, run_id)
        details.read(connection, Sql("= ?", (number,)))
    return _run(store, details, details.rows[number])


def run_number(connection: sqlite3.Connection, run_id: str) -> int:
    """Return the store's number of a run.

    Raises
    ------
    NotFound
        Where there is no run of this id.
    """
    row = connection.execute("SELECT id FROM runs WHERE uuid = ?", (run_id,)).fetchone() if is_text(run_id) else None
    if row is None:
        raise NotFound(f"There is no run {run_id!r} in this store.")
    return int(row[0])


def run_numbers(connection: sqlite3.Connection, run_ids: Sequence[str]) -> list[int]:
    """Return the store's numbers of runs in the order of their ids; ids that are not there are left out."""
    found: dict[str, int] = {}
    known = [run_id for run_id in run_ids if is_text(run_id)]
    for start in range(0, len(known), _MOST_IDS):
        part = known[start : start + _MOST_IDS]
        found.update(
            connection.execute(f"SELECT uuid, id FROM runs WHERE uuid IN ({', '.join('?' * len(part))})", tuple(part))
        )
    return [found[run_id] for run_id in run_ids if run_id in found]


def is_text(value: object) -> bool:
    """Whether a value is text that SQLite can take (a lone surrogate it cannot)."""
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def _run(store: Path, details: _Details, row: tuple[Any, ...]) -> Run:
    (number, run_id, experiment, name, status, stage, start, end, duration, parent, note, user, *place) = row
    notebook, cell_id, execution_count, error_name, error_message, error_lines, *process, pinned, stop = place
    return Run(
        number=number,
        run_id=run_id,
        name=name,
        experiment_id=str(experiment),
        experiment_name=details.experiments.get(experiment, ""),
        status=status,
        state=state_of(status, run_id, *process),
        start_time=start,
        end_time=end,
        duration=duration,
        lifecycle_stage=stage,
        user_id=user,
        parent_run_id=parent,
        note=note,
        notebook=notebook,
        cell_id=cell_id,
        execution_count=execution_count,
        error=None if error_name is None else RunError(error_name, error_message or "", error_lines or ""),
        artifact_uri=ARTIFACT_URI % run_id,
        params=details.params.get(number, {}),
        metrics=details.metrics.get(number, {}),
        own_tags=details.tags.get(number, {}),
        goals=details.goals.get(experiment, {}),
        inputs=RunInputs.of(details.datasets.of(number)),
        pinned=pinned is not None,
        stop_requested=stop is not None,
        baseline_run_id=details.baselines.get(experiment),
        store=store,
    )
