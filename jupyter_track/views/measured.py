"""The numbers of a metric's column: what a row counts with, the best of them, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..records import RESULT_STATES, Run
from .arrange import Unit
from .columns import Column
from .format import Precision, precision_of
from .goals import Goal
from .samples import mean


@dataclass(frozen=True)
class Measured:
    """A metric's column: how its numbers are written, and its best value."""

    column: Column
    precision: Precision
    best: float | None


def measured_of(column: Column, units: Sequence[Unit], shown: Sequence[Unit], beyond: float | None = None) -> Measured:
    """Return how the numbers of a column are written: those of its rows, and the best one, which may be elsewhere.

    `beyond` is the best of the other runs, where `units` are a part of those that were asked for.
    """
    results = [unit for unit in units if unit.run.state in RESULT_STATES]
    candidates = [value for unit in results if (value := centre(unit, column.key)) is not None]
    best = _best_value([*candidates, *([] if beyond is None else [beyond])], column.goal)
    values = [value for unit in shown if (value := centre(unit, column.key)) is not None]
    return Measured(column, precision_of([*values, *([] if best is None else [best])], column.goal.direction), best)


def centre(unit: Unit, key: str) -> float | None:
    """Return the value that a row counts with: the mean of repeats or seeds where there is one, else the run's last."""
    if unit.kind in ("repeats", "seeds"):
        values = finite_of(unit.runs, key)
        if len(values) > 1 or (values and unit.kind == "seeds"):
            return mean(values)
    metric = unit.run.metrics.get(key)
    return None if metric is None else metric.last


def values_of(runs: Sequence[Run], key: str) -> list[float]:
    """Return the last values of a metric."""
    return [metric.last for run in runs if (metric := run.metrics.get(key)) is not None]


def finite_of(runs: Sequence[Run], key: str) -> list[float]:
    """Return the last values of a metric that are finite."""
    return [value for value in values_of(runs, key) if math.isfinite(value)]


def is_best(unit: Unit, measured: Measured) -> bool:
    """Whether a row holds the best value of a column; one of a run that failed, was stopped or was lost does not."""
    found = measured.best is not None and centre(unit, measured.column.key) == measured.best
    return found and unit.run.state in RESULT_STATES


def _best_value(candidates: Sequence[float], goal: Goal) -> float | None:
    """Return the best of the results of a column, or None where there is no goal, or nothing to be better than."""
    finite = [value for value in candidates if math.isfinite(value)]
    if goal.direction is None or len(set(finite)) < 2:
        return None
    return min(finite) if goal.direction == "min" else max(finite)
