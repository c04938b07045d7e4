"""The table of runs: which columns it has, what a row says, and which value is the best.

Columns are chosen from the rows that are shown, so the cost follows what is looked at; "best" means best of all runs
that are handed in, and where no row holds it the line below the table says which run does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from types import MappingProxyType
from typing import Any, Literal

from ..records import Run, Shown
from .changes import OWN_SOURCES, difference
from .format import (
    PARAM_LIMIT,
    Precision,
    age,
    clock,
    duration,
    iso,
    middle_cut,
    number,
    one_line,
    param_text,
    precision_of,
    spread,
)
from .goals import NO_GOAL, Goal, goal_of, rank
from .sparkline import Point, Sparkline, sparkline
from .tokens import State, run_color, state_of

EMPTY = "No runs here yet. Put %%track above a cell and run it."
NAME_LIMIT = 40
MAX_ROWS = 50
FEW_ROWS = 12  # a table of more is counted, and scrolls inside
OTHER_METRICS = 3
MAX_PARAM_COLUMNS = 4
MAX_DEPTH = 3
_PARAM_RANK = {"explicit": 0, "assign": 0, "config": 1, "inherited": 2, "estimator": 3}


@dataclass(frozen=True)
class Column:
    """One metric or param of the table. `key` is exact, `title` is as shown; `right` tells numbers from words."""

    key: str
    title: str
    kind: Literal["metric", "param"]
    right: bool = True
    goal: Goal = NO_GOAL
    main: bool = False


@dataclass(frozen=True)
class Cell:
    """One value: as shown, in full, whether it is the best of its column, and whether it stands for children."""

    text: str
    full: str = ""
    best: bool = False
    muted: bool = False
    spark: Sparkline | None = None


@dataclass(frozen=True)
class Row:
    """One run. `depth` is 1 for a child that stands below its parent; `changed` leaves out what has a column."""

    run_id: str
    number: str
    state: State
    name: str
    full_name: str
    depth: int
    changed: tuple[str, ...]
    cells: tuple[Cell, ...]
    duration: str
    age: str
    started: str


@dataclass(frozen=True)
class RunTable(Shown):
    """What the table says.

    Attributes
    ----------
    columns : tuple of Column
        The main metric, other metrics, params that differ.
    rows : tuple of Row
    more : int
        Runs that are not shown.
    equal : int
        Metrics and params that are equal or empty and have no column.
    differing : int
        Metrics and params that differ and found no room.
    best_elsewhere : str
        ``best accuracy 0.9641 #12`` where no row holds the main metric's best value; else empty.
    as_of : str
        When the ages were told, in ISO 8601: a static table grows old.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    more: int = 0
    equal: int = 0
    differing: int = 0
    best_elsewhere: str = ""
    as_of: str = ""


def run_table(
    runs: Sequence[Run],
    now_ms: int,
    *,
    curves: Mapping[str, Sequence[Point]] = MappingProxyType({}),
    main: str | None = None,
    limit: int = MAX_ROWS,
    total: int | None = None,
    zone: tzinfo | None = None,
) -> RunTable:
    """Decide what the table of `runs` says.

    Parameters
    ----------
    runs : sequence of Run
        In the order in which they are shown; a child moves below its parent.
    now_ms : int
        The moment from which ages are told, in milliseconds since the epoch.
    curves : mapping of str to sequence of (step, value)
        By run id, the main metric's points for its sparkline.
    main : str or None, default None
        The main metric; None takes a declared or named one, else the one that most runs logged.
    limit : int, default 50
        The most rows.
    total : int or None, default None
        How many runs there are, where `runs` is only a part of them.
    zone : tzinfo or None, default None
        The reader's time zone; None is the machine's.

    Returns
    -------
    RunTable
    """
    ordered = _under_parents(runs)
    shown = ordered[:limit]
    metrics, params, equal, differing = _columns([run for run, _ in shown], main)
    best = {column.key: _best_value(_values(runs, column.key), column.goal) for column in metrics}
    precisions = {column.key: _precision(shown, column, best[column.key]) for column in metrics}
    children, before = _children(runs), _predecessors(runs)
    rows: list[Row] = []
    for run, depth in shown:
        cells = [
            _metric_cell(run, column, precisions[column.key], best[column.key], children.get(run.run_id, ()))
            for column in metrics
        ]
        if cells and run.run_id in curves:
            cells[0] = _with_curve(cells[0], run, metrics[0], curves[run.run_id])
        cells += [_param_cell(run, column) for column in params]
        earlier = before.get(run.run_id)
        hidden = [column.key for column in params]
        changed = difference(run, earlier).short(hidden=hidden) if earlier is not None else ()
        rows.append(_row(run, depth, changed, tuple(cells), now_ms, zone))
    return RunTable(
        columns=(*metrics, *params),
        rows=tuple(rows),
        more=max(total or 0, len(runs)) - len(rows),
        equal=equal,
        differing=differing,
        best_elsewhere=_best_elsewhere(runs, ordered[limit:], metrics, precisions, best),
        as_of=iso(now_ms, zone),
    )


def table_foot(table: RunTable) -> list[str]:
    """Return what the line below a table says."""
    parts = [f"{len(table.rows):,} runs"] if len(table.rows) > FEW_ROWS else []
    parts += [f"{table.more:,} more", "track.search_runs()"] if table.more else []
    parts += [table.best_elsewhere] if table.best_elsewhere else []
    if table.differing:
        parts.append(f"{table.differing} more column{' differs' if table.differing == 1 else 's differ'}")
    if table.equal:
        parts.append(f"{table.equal} column{' is' if table.equal == 1 else 's are'} equal or empty")
    return [*parts, f"as of {table.as_of}"]


@dataclass
class _Seen:
    """What all runs say of one key: where it stands in the order, and the values of those that have it."""

    rank: int = 9
    values: list[Any] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def _columns(runs: Sequence[Run], main: str | None) -> tuple[list[Column], list[Column], int, int]:
    """Return the metric columns, the param columns, and how many more are equal, and differ."""
    metrics, params = _metrics_seen(runs), _params_seen(runs)
    metric_keys = sorted(metrics, key=lambda key: (key != main, metrics[key].rank, -len(metrics[key].values)))
    param_keys = sorted(params, key=lambda key: params[key].rank)
    one = len(runs) == 1  # with nothing to compare, all is worth a column
    others = [key for key in metric_keys[1:] if one or metrics[key].differs]
    varied = [key for key in param_keys if one or params[key].differs]
    chosen = metric_keys[:1] + others[:OTHER_METRICS]
    goals = {key: goal for run in reversed(runs) for key, goal in run.goals.items()}
    metric_columns = [
        Column(key, _title(key), "metric", goal=goal_of(key, goals), main=index == 0)
        for index, key in enumerate(chosen)
    ]
    param_columns = [
        Column(key, _title(key), "param", right=_all_numbers(runs, key)) for key in varied[:MAX_PARAM_COLUMNS]
    ]
    differing = len(others) + len(varied) - len(chosen[1:]) - len(param_columns)
    equal = len(metric_keys) + len(param_keys) - len(chosen) - len(param_columns) - differing
    return metric_columns, param_columns, equal, differing


def _title(key: str) -> str:
    return middle_cut(one_line(key), PARAM_LIMIT)


def _metrics_seen(runs: Sequence[Run]) -> dict[str, _Seen]:
    """Return the metrics by key as first seen; NaN is a value like any other, and equal to itself."""
    seen: dict[str, _Seen] = {}
    for run in runs:
        for key, metric in run.metrics.items():
            entry = seen.get(key)
            if entry is None:
                entry = seen[key] = _Seen()
            entry.rank = min(entry.rank, rank(metric, run.goals))
            entry.values.append(metric.last if metric.last == metric.last else None)
    return seen


def _params_seen(runs: Sequence[Run]) -> dict[str, _Seen]:
    """Return the params by key as first seen; those that the user wrote rank first.

    A run that lacks a param differs by that from those that have it, unless it failed: it may not have come so far.
    """
    seen: dict[str, _Seen] = {}
    for run in runs:
        for key, param in run.params.items():
            entry = seen.get(key)
            if entry is None:
                entry = seen[key] = _Seen()
            place = _PARAM_RANK.get(param.source, 4)
            if place < entry.rank:
                entry.rank = place
            entry.values.append(param.text)
    for run in runs:
        if run.state != "failed":
            for key in seen.keys() - run.params.keys():
                seen[key].values.append(None)
    return seen


def _all_numbers(runs: Sequence[Run], key: str) -> bool:
    return all(run.params[key].type in ("int", "float") for run in runs if key in run.params)


def _values(runs: Sequence[Run], key: str) -> list[float]:
    return [metric.last for run in runs if (metric := run.metrics.get(key)) is not None]


def _best_value(values: Sequence[float], goal: Goal) -> float | None:
    """Return the best value of a column, or None where there is no goal, or nothing to be better than."""
    finite = [value for value in values if math.isfinite(value)]
    if goal.direction is None or not finite or min(finite) == max(finite):
        return None
    return min(finite) if goal.direction == "min" else max(finite)


def _precision(shown: Sequence[tuple[Run, int]], column: Column, best: float | None) -> Precision:
    """Return how the numbers of a column are written: those of its rows, and the best one, which may be elsewhere."""
    values = _values([run for run, _ in shown], column.key)
    return precision_of([*values, *([] if best is None else [best])], column.goal.direction)


def _best_elsewhere(
    runs: Sequence[Run],
    hidden: Sequence[tuple[Run, int]],
    metrics: Sequence[Column],
    precisions: Mapping[str, Precision],
    best: Mapping[str, float | None],
) -> str:
    if not metrics or not hidden or best[metrics[0].key] is None:
        return ""
    key = metrics[0].key
    winners = [run for run in runs if key in run.metrics and run.metrics[key].last == best[key]]
    away = {run.run_id for run, _ in hidden}
    if not all(run.run_id in away for run in winners):
        return ""
    name = f"#{winners[0].number}" if winners[0].number is not None else middle_cut(one_line(winners[0].name), 24)
    return f"best {metrics[0].title} {number(winners[0].metrics[key].last, precisions[key])} {name}"


def _children(runs: Sequence[Run]) -> dict[str, list[Run]]:
    children: dict[str, list[Run]] = {}
    for run in runs:
        if run.parent_run_id is not None:
            children.setdefault(run.parent_run_id, []).append(run)
    return children


def _under_parents(runs: Sequence[Run]) -> list[tuple[Run, int]]:
    """Return the runs with their depth, each child after its parent; one whose parent is not there stays at the top."""
    children, present = _children(runs), {run.run_id for run in runs}
    if not present.intersection(children):
        return [(run, 0) for run in runs]
    ordered: list[tuple[Run, int]] = []
    placed: set[str] = set()
    tops = [run for run in runs if run.parent_run_id not in present]
    for top in (*tops, *runs):  # the second pass picks up runs that are each other's parents
        stack = [(top, 0)]
        while stack:
            run, depth = stack.pop()
            if run.run_id in placed:
                continue
            placed.add(run.run_id)
            ordered.append((run, depth))
            stack += [(child, min(depth + 1, MAX_DEPTH)) for child in reversed(children.get(run.run_id, ()))]
    return ordered


def _predecessors(runs: Sequence[Run]) -> dict[str, Run]:
    """Return for each run the one before it in time, among those of the same experiment and parent."""
    before: dict[str, Run] = {}
    last: dict[tuple[str, str | None], Run] = {}
    for run in sorted(runs, key=lambda run: (run.start_time, run.number or 0)):
        group = (run.experiment_id, run.parent_run_id)
        if group in last:
            before[run.run_id] = last[group]
        last[group] = run
    return before


def _metric_cell(run: Run, column: Column, precision: Precision, best: float | None, children: Sequence[Run]) -> Cell:
    metric = run.metrics.get(column.key)
    if metric is None:
        values = _values(children, column.key)
        return Cell(spread(values), "mean ± sd of its children", muted=True) if len(values) > 1 else Cell("")
    return Cell(
        number(metric.last, precision),
        f"{metric.last!r} at step {metric.last_step}" if metric.count > 1 else repr(metric.last),
        best=best is not None and metric.last == best,
    )


def _with_curve(cell: Cell, run: Run, column: Column, points: Sequence[Point]) -> Cell:
    spark = sparkline(column.key, points, color=run_color(run.number), direction=column.goal.direction)
    return replace(cell, spark=spark)


def _param_cell(run: Run, column: Column) -> Cell:
    param = run.params.get(column.key)
    if param is None:
        return Cell("")
    return Cell(param_text(param), one_line(param.text), muted=param.source not in OWN_SOURCES)


def _row(
    run: Run, depth: int, changed: tuple[str, ...], cells: tuple[Cell, ...], now_ms: int, zone: tzinfo | None
) -> Row:
    if run.duration is not None:
        took = duration(run.duration)
    else:
        took = clock((now_ms - run.start_time) / 1000) if run.state == "running" else ""
    name = one_line(run.name)
    return Row(
        run_id=run.run_id,
        number="" if run.number is None else str(run.number),
        state=state_of(run.state),
        name=middle_cut(name, NAME_LIMIT) or run.run_id[:8],
        full_name=name,
        depth=depth,
        changed=changed,
        cells=cells,
        duration=took,
        age=age(run.start_time, now_ms, zone),
        started=iso(run.start_time, zone),
    )
