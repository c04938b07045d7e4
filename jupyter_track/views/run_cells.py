"""The cells of the table of runs: a metric with its spread and its change against the baseline, and a param."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..records import RESULT_STATES, Run
from .arrange import Unit
from .changes import OWN_SOURCES
from .columns import Column
from .format import Change, change, column_text, number, one_line, spread
from .measured import Measured, centre, finite_of, is_best, values_of
from .repeats import within_noise
from .sparkline import Sparkline


@dataclass(frozen=True)
class Cell:
    """One value of a row.

    Attributes
    ----------
    text, full : str
        As shown, and in full.
    best : bool
        Whether it is the best of its column.
    so_far : bool
        Whether its run goes on: then it is the best so far.
    muted : bool
        Whether it stands for children, or was not written by the user.
    spark : Sparkline or None
    change : Change or None
        Against the baseline of the run's experiment.
    noise : str
        ``within noise (n=3)`` where the change is no more than that.
    """

    text: str
    full: str = ""
    best: bool = False
    muted: bool = False
    spark: Sparkline | None = None
    change: Change | None = None
    noise: str = ""
    so_far: bool = False

    @property
    def best_words(self) -> str:
        """What the mark of the best says."""
        return "best so far" if self.so_far else "best"


def metric_cell(unit: Unit, measured: Measured, children: Sequence[Run], baseline: Unit | None) -> Cell:
    """Return what a row says of a metric.

    Parameters
    ----------
    unit : Unit
    measured : Measured
    children : sequence of Run
        Those of the run.
    baseline : Unit or None
        The row of the baseline of its experiment.
    """
    run, key = unit.run, measured.column.key
    if unit.kind == "seeds":
        values = values_of(unit.runs, key)
        so_far = any(one.state == "running" for one in unit.runs)
        told = spread(values) if values else ""
        cell = Cell(told, "mean ± sd over the seeds", best=is_best(unit, measured), so_far=so_far)
        return _against_baseline(cell, unit, measured, baseline)
    metric, value = run.metrics.get(key), centre(unit, key)
    if metric is None or value is None:
        return _children_cell(children, measured)
    cell = Cell(
        number(value, measured.precision),
        f"{metric.last!r} at step {metric.last_step}" if metric.count > 1 else repr(metric.last),
        best=is_best(unit, measured),
        so_far=run.state == "running",
    )
    if unit.kind == "repeats" and len(finite_of(unit.runs, key)) > 1:
        values = values_of(unit.runs, key)
        text = spread(values).removesuffix(f" (n={len(unit.runs)})")
        cell = replace(cell, text=text, full=f"mean ± sd, n = {len(values)}; the newest {metric.last!r}")
    return _against_baseline(cell, unit, measured, baseline)


def _children_cell(children: Sequence[Run], measured: Measured) -> Cell:
    """Return what a parent shows that has no value of its own: mean ± sd only of children that do the same.

    Children with different params are a sweep: its spread says nothing of noise, so the best of them stands there.
    """
    key, goal = measured.column.key, measured.column.goal.direction
    having = [child for child in children if key in child.metrics]
    if len(having) < 2:
        return Cell("")
    if len({frozenset((name, param.text) for name, param in child.params.items()) for child in having}) == 1:
        return Cell(spread(values_of(having, key)), "mean ± sd of its children with equal params", muted=True)
    values = finite_of([child for child in having if child.state in RESULT_STATES or goal is None], key)
    if not values:
        return Cell("")
    if goal is None:
        low, high = (number(value, measured.precision) for value in (min(values), max(values)))
        return Cell(f"{low} to {high} (n={len(having)})", "lowest and highest of its children", muted=True)
    best = number(min(values) if goal == "min" else max(values), measured.precision)
    return Cell(f"best {best} (n={len(having)})", "the best of its children, whose params differ", muted=True)


def _against_baseline(cell: Cell, unit: Unit, measured: Measured, baseline: Unit | None) -> Cell:
    """Return a cell with its change against the baseline; that of means, where there are repeats."""
    key = measured.column.key
    value, reference = centre(unit, key), None if baseline is None else centre(baseline, key)
    if value is None or reference is None or baseline is None or baseline.run.run_id == unit.run.run_id:
        return cell
    found = change(value, reference, measured.column.goal.direction, measured.precision)
    if found is None:
        return cell
    sides = [side.runs if side.kind in ("repeats", "seeds") else side.runs[:1] for side in (unit, baseline)]
    noise = within_noise(finite_of(sides[0], key), finite_of(sides[1], key))
    return replace(cell, change=found, noise=noise.text if noise is not None and found.verdict != "same" else "")


def param_cell(unit: Unit, column: Column) -> Cell:
    """Return what a row says of a param; of several runs what all of them have."""
    param = unit.run.params.get(column.key)
    same = unit.kind != "seeds" or len({_param_text(run, column.key) for run in unit.runs}) == 1
    if param is None or not same:
        return Cell("")
    return Cell(column_text(param), one_line(param.text), muted=param.source not in OWN_SOURCES)


def _param_text(run: Run, key: str) -> str | None:
    param = run.params.get(key)
    return None if param is None else param.text
