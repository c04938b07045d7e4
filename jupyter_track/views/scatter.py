"""A scatter plot: any param or metric of many runs against any metric, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import InvalidValue
from ..records import Goal as Direction
from ..store.table_rows import TableRow
from .axes import Axis, Known, axis_of, known_of
from .format import one_line
from .groups import is_seed
from .parallel import MOST_RUNS, Plotted, left_out, main_metric, plotted
from .ranks import rank_correlation, signed
from .words import counted


@dataclass(frozen=True)
class Scatter:
    """Some runs as points; `x` and `y` are in the order of `runs`, and `notes` say what is not shown."""

    x: Axis
    y: Axis
    runs: tuple[Plotted, ...]
    notes: tuple[str, ...] = ()
    correlation: float | None = None  # Spearman's, of two numeric axes

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """Both axes."""
        return self.x, self.y


def scatter_of(
    rows: Sequence[TableRow],
    goals: Mapping[str, Direction],
    x: str | None = None,
    y: str | None = None,
    *,
    known: Known | None = None,
) -> Scatter:
    """Return a scatter plot of some runs.

    Parameters
    ----------
    rows : sequence of TableRow
    goals : mapping of str to {"min", "max"}
        The declared goals.
    x : str, optional
        A param or a metric; by default the first param that differs, else another metric.
    y : str, optional
        A metric; by default the main one.
    known : Known, optional
        Of these rows, where it was read before.

    Raises
    ------
    NotFound
        Where no run has what is named.
    InvalidValue
        Where there is no metric, or nothing that could stand against it.
    """
    known = known or known_of(rows, goals)
    down = main_metric(known, y)
    kind, across = known.named(x) if x is not None else known.named(_against(known, down))
    having = [row for row in rows if down in row.metrics]
    both = [row for row in having if across in (row.metrics if kind == "metric" else row.params)]
    shown = both[:MOST_RUNS]
    axes = axis_of(shown, across, kind, goals), axis_of(shown, down, "metric", goals)
    notes = left_out(rows, having, down)
    if len(both) < len(having):
        notes.append(f"{counted(len(having) - len(both), 'run')} without {one_line(across)} left out")
    points = list(zip(axes[0].shares, axes[1].shares, strict=True))
    if lost := sum(1 for point in points if None in point):
        notes.append(f"{counted(lost, 'run')} with NaN or ∞ not drawn")
    correlation = None if axes[0].categories else rank_correlation(axes[0].shares, axes[1].shares)
    if correlation is not None:
        notes.insert(0, f"rank correlation {signed(correlation)}")
    return Scatter(axes[0], axes[1], plotted(shown), tuple(notes), correlation)


def _against(known: Known, metric: str) -> str:
    for key in known.params_that_differ:
        if not is_seed(key):
            return f"params.{key}"
    others = [key for key in known.metrics if key != metric]
    if not others:
        raise InvalidValue(f"Nothing stands against {metric!r}: no param differs, and there is no other metric.")
    return f"metrics.{others[0]}"
