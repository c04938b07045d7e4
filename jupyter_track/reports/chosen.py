"""What a text chooses for what it places: some of the runs, and some of their metrics, params and facts as columns."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InvalidValue
from ..records import Run
from ..views.columns import columns_of
from ..views.curves import goal_among
from ..views.details import Grid
from ..views.format import column_text, duration, number, one_line, precision_of
from ..views.tokens import state_of
from .document import Block, Rows
from .material import Material, day
from .values import run_meant

MOST_ROWS = 1_000
_FACTS: dict[str, Callable[[Run], str]] = {
    "experiment": lambda run: one_line(run.experiment_name),
    "status": lambda run: state_of(run.state).word,
    "duration": lambda run: "" if run.duration is None else duration(run.duration),
    "started": lambda run: day(run.start_time),
    "note": lambda run: one_line(run.note or ""),
}
_NAMED = 6  # columns of a kind, where one is asked for that there is not
_LEFT = ("experiment", "status", "started", "note")


def runs_meant(material: Material, meant: Any) -> list[Run]:
    """Return the runs that a text means: so many of the best, one, or several in their order.

    Raises
    ------
    InvalidValue
        For what is no run of the report.
    """
    if isinstance(meant, int) and not isinstance(meant, bool):
        if meant < 1:
            raise InvalidValue(f"{meant} is no number of runs; write 5 for the five best.")
        return material.many.ranked[:meant]
    several = meant if isinstance(meant, list | tuple) else [meant]
    found = [run_meant(material, one) for one in several]
    if not found:
        raise InvalidValue("there are no runs in the list.")
    return list({run.run_id: run for run in found}.values())


def of_runs(material: Material, meant: Any) -> Material:
    """Return the material with some of its runs only."""
    if meant is None:
        return material
    runs = runs_meant(material, meant)
    whole = material.many if all(run.run_id in material.many.ids for run in runs) else material
    return replace(whole, runs=tuple(runs))


@dataclass(frozen=True)
class _Column:
    title: str
    texts: tuple[str, ...]
    right: bool


def chosen_table(material: Material, rows: Any, columns: Iterable[str] | str | None) -> list[Block]:
    """Return a table of some runs, or with some columns: a plain one, as it stands in a paper.

    Raises
    ------
    InvalidValue
        For a run or a column that there is not.
    """
    runs = runs_meant(material, MOST_ROWS if rows is None else rows)
    if columns is None:
        own = columns_of(runs, material.metric or None)
        wanted = [f"{one.kind}s.{one.key}" for one in (*own.metrics, *own.params)]
    else:
        wanted = [columns] if isinstance(columns, str) else list(columns)
    made = [_column(material, runs, str(name)) for name in wanted]
    header = ("run", *(one.title for one in made))
    lines = [(one_line(material.label(run)), *(one.texts[at] for one in made)) for at, run in enumerate(runs)]
    grid = Grid(header, tuple(lines), (False, *(one.right for one in made)))
    return [Rows(grid, "Runs")]


def _column(material: Material, runs: Sequence[Run], name: str) -> _Column:
    kind, _, key = name.partition(".")
    if kind == "metrics" or (any(name in run.metrics for run in runs) and name not in _FACTS):
        return _metric(material, runs, key if kind == "metrics" else name, name)
    if kind == "params" or (any(name in run.params for run in runs) and name not in _FACTS):
        return _param(runs, key if kind == "params" else name, name)
    if kind == "tags" and any(key in run.own_tags for run in runs):
        return _Column(one_line(key), tuple(one_line(run.own_tags.get(key, "")) for run in runs), False)
    if name in _FACTS:
        return _Column(name, tuple(map(_FACTS[name], runs)), name not in _LEFT)
    raise _unknown(runs, name)


def _metric(material: Material, runs: Sequence[Run], key: str, name: str) -> _Column:
    values = [run.metrics[key].last for run in runs if key in run.metrics]
    if not values:
        raise _unknown(runs, name)
    goal = goal_among(material.runs, key)
    precision = precision_of(values, goal.direction)
    finite = [value for value in values if value == value and abs(value) != float("inf")]
    pick = {"min": min, "max": max}.get(goal.direction or "")
    best = pick(finite) if pick and len(finite) > 1 else None

    def text(run: Run) -> str:
        if key not in run.metrics:
            return ""
        last = run.metrics[key].last
        return f"{'▲ ' if best is not None and last == best else ''}{number(last, precision)}"

    return _Column(f"{one_line(key)} {goal.arrow}".rstrip(), tuple(map(text, runs)), True)


def _param(runs: Sequence[Run], key: str, name: str) -> _Column:
    params = [run.params.get(key) for run in runs]
    if not any(params):
        raise _unknown(runs, name)
    right = all(one.type in ("int", "float") for one in params if one is not None)
    return _Column(one_line(key), tuple("" if one is None else column_text(one) for one in params), right)


def _unknown(runs: Sequence[Run], name: str) -> InvalidValue:
    keys = {key: None for run in runs for key in (*run.metrics, *run.params)}
    tags = {f"tags.{key}": None for run in runs for key in run.own_tags}
    known = [*keys, *_FACTS, *tags]
    near = difflib.get_close_matches(name.removeprefix("metrics.").removeprefix("params."), known, n=1)
    some = [*list(keys)[:_NAMED], *_FACTS, *list(tags)[:_NAMED]]
    hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(map(one_line, some))}."
    return InvalidValue(f"the runs have no column {name!r:.60}; {hint}")
