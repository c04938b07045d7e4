"""Parallel coordinates: one axis a param, the metric last, a line a run, as plain data.

Where lower is better the metric's axis is turned over, so that the better runs end higher up. A run without the metric
has no line and is counted; a NaN, an infinity and a param that a run lacks lie below the foot of their axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import InvalidValue
from ..records import RESULT_STATES
from ..records import Goal as Direction
from ..store.table_rows import TableRow
from .axes import MAX_AXES, MOST_CATEGORIES, Axis, Kind, Known, axis_of, known_of, tick_text, worth_showing
from .format import NAME_LIMIT, middle_cut, one_line
from .groups import is_seed
from .tokens import run_color
from .words import counted

MOST_RUNS = 5_000  # that a chart shows
MOST_KEPT = 8  # runs in colour: as many as there are colours


class Plotted(NamedTuple):
    """A run of a chart: a line or a point."""

    run_id: str
    number: int
    name: str
    color: str
    state: str
    kept: str = ""
    """``baseline`` or ``pinned``: a run that is drawn in colour without being selected."""


@dataclass(frozen=True)
class Parallel:
    """Parallel coordinates of some runs.

    Attributes
    ----------
    axes : tuple of Axis
        The params, and the metric last.
    runs : tuple of Plotted
        In the order of the axes' values.
    notes : tuple of str
        What is not shown, and why.
    """

    axes: tuple[Axis, ...]
    runs: tuple[Plotted, ...]
    notes: tuple[str, ...] = ()

    @property
    def metric(self) -> Axis:
        """The last axis."""
        return self.axes[-1]


def parallel_of(
    rows: Sequence[TableRow],
    goals: Mapping[str, Direction],
    names: Sequence[str] | None = None,
    metric: str | None = None,
    *,
    known: Known | None = None,
) -> Parallel:
    """Return the parallel coordinates of some runs.

    Parameters
    ----------
    rows : sequence of TableRow
    goals : mapping of str to {"min", "max"}
        The declared goals.
    names : sequence of str, optional
        The axes before the metric; by default the params that differ, no seeds, at most seven.
    metric : str, optional
        The last axis; by default the main metric.
    known : Known, optional
        Of these rows, where it was read before.

    Raises
    ------
    NotFound
        Where no run has what is named.
    InvalidValue
        Where no run has a metric.
    """
    known = known or known_of(rows, goals)
    key = main_metric(known, metric)
    having = [row for row in rows if key in row.metrics]
    shown = having[:MOST_RUNS]
    last = axis_of(shown, key, "metric", goals, better_up=True)
    if names is not None:
        wanted: list[tuple[Kind, str]] = list(dict.fromkeys(known.named(name) for name in names))
        axes = [
            axis_of(shown, one, kind, goals, better_up=True) for kind, one in wanted if (kind, one) != ("metric", key)
        ]
        return Parallel((*axes, last), plotted(shown), tuple(left_out(rows, having, key)))
    differing = [
        axis_of(shown, one, "param", goals)
        for one in (known if len(shown) == len(rows) else known_of(shown, goals)).params_that_differ
        if not is_seed(one)
    ]
    axes = worth_showing(differing)
    notes = left_out(rows, having, key)
    if len(axes) > MAX_AXES - 1:
        notes.append(f"{counted(len(axes) - MAX_AXES + 1, 'more param')} differ")
    if words := [axis.key for axis in differing if len(axis.categories) > MOST_CATEGORIES]:
        notes.append(f"{', '.join(map(one_line, words[:3]))}: too many values for an axis")
    return Parallel((*axes[: MAX_AXES - 1], last), plotted(shown), tuple(notes))


def main_metric(known: Known, name: str | None) -> str:
    """Return the metric that is meant, or the main one.

    Raises
    ------
    NotFound
        Where no run has it.
    InvalidValue
        Where no run has a metric, or a param is named.
    """
    if name is not None:
        return known.metric(name)
    if not known.metrics:
        raise InvalidValue("None of these runs has a metric: log one with track.log(…).")
    return known.metrics[0]


def plotted(rows: Sequence[TableRow]) -> tuple[Plotted, ...]:
    """Return runs as a chart shows them."""
    return tuple(
        Plotted(
            row.run_id,
            row.number,
            middle_cut(one_line(row.name), NAME_LIMIT) or row.run_id[:8],
            run_color(row.number),
            row.state,
            "baseline" if row.baseline else "pinned" if row.pinned else "",
        )
        for row in rows
    )


def left_out(rows: Sequence[TableRow], having: Sequence[TableRow], key: str) -> list[str]:
    """Return what a chart of a metric does not show."""
    notes = []
    if len(having) > MOST_RUNS:
        notes.append(f"the newest {MOST_RUNS:,} of {len(having):,} runs")
    if missing := len(rows) - len(having):
        notes.append(f"{counted(missing, 'run')} without {one_line(key)} left out")
    return notes


def run_words(one: Plotted, axes: Sequence[Axis], at: int) -> str:
    """Return a run in a line: ``baseline #12 · C 1 · accuracy 0.9641``."""
    values = [f"{one_line(axis.key)} {axis.texts[at]}" for axis in axes if axis.texts[at]]
    return " · ".join([f"{one.name} #{one.number}", *values])


def ordered_by(axis: Axis) -> list[int]:
    """Return the places of the runs from the best value of a metric to the worst; those without a finite one last."""
    return list(axis.best_first)


def in_colour(runs: Sequence[Plotted], metric: Axis) -> list[tuple[int, str]]:
    """Return the places of the runs that are drawn in colour while none is selected, each with why: at most eight.

    The baseline, the best one where it is known which way is better, and the pinned ones. A run that broke off is not
    the best, and one that goes on is the best so far; as in tables, none is the best where there is no worse one.
    """
    results = [
        at
        for at in (ordered_by(metric) if metric.goal.direction is not None else ())
        if runs[at].state in RESULT_STATES and isinstance(metric.values[at], float)
    ]
    best = results[0] if len({metric.values[at] for at in results}) > 1 else None
    words = {at: [run.kept] for at, run in enumerate(runs) if run.kept == "baseline"}
    if best is not None:
        words.setdefault(best, []).append("best so far" if runs[best].state == "running" else "best")
    for at, run in enumerate(runs):
        if run.kept == "pinned":
            words.setdefault(at, []).append("pinned")
    return [(at, ", ".join(why)) for at, why in list(words.items())[:MOST_KEPT]]


def range_words(axis: Axis) -> str:
    """Return what an axis spans: ``1e-4 to 0.1, log``."""
    if axis.categories:
        return ", ".join(text for _, text in axis.ticks)
    if all(value is None for value in axis.values):
        return "no value"
    ends = [tick_text(float(f"{value:.4g}")) for value in (axis.low, axis.high)]
    return " to ".join(dict.fromkeys(ends)) + (", log" if axis.scale == "log" else "")
