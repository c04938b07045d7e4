"""Which columns a table of runs has: the main metric, other metrics and params that differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from ..records import Run
from ..store.table_rows import TableRow
from .format import PARAM_LIMIT, middle_cut, one_line
from .goals import NO_GOAL, SYSTEM, Goal, aimed_in, first_logged, goal_of, rank

OTHER_METRICS = 3
MAX_PARAM_COLUMNS = 4
UNSETTLED = ("failed", "running")  # such a run may not have come so far: what it lacks tells nothing
PARAM_RANKS = {"explicit": 0, "assign": 0, "config": 1, "inherited": 2, "estimator": 3}


Having = TypeVar("Having", Run, TableRow)


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
class Columns:
    """The columns of a table, and how many more are equal, and differ without room for them."""

    metrics: tuple[Column, ...]
    params: tuple[Column, ...]
    equal: int
    differing: int


@dataclass
class _Seen:
    """What all runs say of one key: where it stands in the order, and the values of those that have it."""

    rank: int = 9
    values: list[Any] = field(default_factory=list)
    absent: int = 0

    @property
    def differs(self) -> bool:
        return self.absent > 0 or len(set(self.values)) > 1


def columns_of(runs: Sequence[Run], main: str | None) -> Columns:
    """Choose the columns of a table of `runs`.

    A metric that only some of the runs with metrics have differs. Of those that differ, each experiment has its first
    one before any has its second, so that the rows of all can be read.

    Parameters
    ----------
    runs : sequence of Run
        Those that are shown.
    main : str or None
        The main metric; None takes a declared or named one, else the one that most runs logged.
    """
    metrics, params = _metrics_seen(runs), _params_seen(runs)
    first = first_logged(
        [key for key in metrics if metrics[key].rank == 0],
        ((run.number or 0, run.metrics) for run in runs),
        aimed_in(run.goals for run in runs),
    )
    metric_keys = sorted(
        metrics,
        key=lambda key: (key != main, metrics[key].rank, first.get(key, (0, 0)), -len(metrics[key].values)),
    )
    param_keys = sorted(params, key=lambda key: params[key].rank)
    one = len(runs) == 1  # with nothing to compare, all is worth a column
    others = [key for key in metric_keys[1:] if one or metrics[key].differs]
    varied = [key for key in param_keys if one or params[key].differs]
    chosen = _spread(runs, metric_keys[:1], others)
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
    return Columns(tuple(metric_columns), tuple(param_columns), equal, differing)


def _spread(runs: Sequence[Run], main: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the main metric and others: first one for each experiment that would show none."""
    chosen = list(main)
    keys: dict[str, set[str]] = {}
    for run in runs:
        own = {key for key, metric in run.metrics.items() if metric.source != SYSTEM}
        keys.setdefault(run.experiment_id, set()).update(own)
    for logged in keys.values():
        if len(chosen) <= OTHER_METRICS and logged.isdisjoint(chosen):
            chosen += [key for key in others if key in logged][:1]
    rest = [key for key in others if key not in chosen]
    kept = {*chosen, *rest[: 1 + OTHER_METRICS - len(chosen)]}
    return [*main, *(key for key in others if key in kept)]


def _title(key: str) -> str:
    return middle_cut(one_line(key), PARAM_LIMIT)


def _metrics_seen(runs: Sequence[Run]) -> dict[str, _Seen]:
    """Return the metrics by key as first seen; NaN is a value like any other, and equal to itself."""
    seen: dict[str, _Seen] = {}
    for run in runs:
        for key, metric in run.metrics.items():
            if metric.source == SYSTEM:
                continue
            entry = seen.get(key)
            if entry is None:
                entry = seen[key] = _Seen()
            entry.rank = min(entry.rank, rank(metric, run.goals))
            entry.values.append(metric.last if metric.last == metric.last else None)
    _count_absent(seen, [run for run in runs if not seen.keys().isdisjoint(run.metrics)], lambda run: run.metrics)
    return seen


def _params_seen(runs: Sequence[Run]) -> dict[str, _Seen]:
    """Return the params by key as first seen; those that the user wrote rank first."""
    seen: dict[str, _Seen] = {}
    for run in runs:
        for key, param in run.params.items():
            entry = seen.get(key)
            if entry is None:
                entry = seen[key] = _Seen()
            place = PARAM_RANKS.get(param.source, 4)
            if place < entry.rank:
                entry.rank = place
            entry.values.append(param.text)
    for run in comparable(runs):
        for key in seen.keys() - run.params.keys():
            seen[key].absent += 1
    return seen


def comparable(runs: Sequence[Having]) -> Sequence[Having]:
    """Return the runs whose params are compared: not those that failed or still run, which may not have come so far.

    Those too where one is left and lacks what they have: it can be measured against nothing else.
    """
    settled = [run for run in runs if run.state not in UNSETTLED]
    if len(settled) == 1 and any(run.params.keys() - settled[0].params.keys() for run in runs):
        return runs
    return settled


def _count_absent(seen: Mapping[str, _Seen], runs: Sequence[Run], having: Callable[[Run], Mapping[str, Any]]) -> None:
    """Count the runs that lack a key, which tells them from those that have it.

    Not those that failed or still run: they may not have come so far.
    """
    for run in runs:
        if run.state not in UNSETTLED:
            for key in seen.keys() - having(run).keys():
                seen[key].absent += 1


def _all_numbers(runs: Sequence[Run], key: str) -> bool:
    return all(run.params[key].type in ("int", "float") for run in runs if key in run.params)
