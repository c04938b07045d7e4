"""The best first: runs and rows of a table in the order of a metric, and which runs share its best value.

A row counts with what it shows: a run with its last value, repeats with their mean, a parent without a value of its own
with the best of its children. What broke off, and what has no finite value, comes last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..records import RESULT_STATES, Run
from .arrange import Unit
from .goals import Goal
from .measured import centre

Place = tuple[bool, float, int]


def ranked(runs: Sequence[Run], metric: str, goal: Goal) -> list[Run]:
    """Return runs from the best to the worst, each by its own value; of equal ones the newest first."""
    return sorted(runs, key=lambda run: _place(Unit((run,)), metric, goal))


def sharing(runs: Sequence[Run], best: Run | None, metric: str) -> list[Run]:
    """Return the runs that have the value of the best one and may be the best as well, the best one first."""
    if best is None:
        return []
    value = best.metrics[metric].last
    also = [
        run
        for run in runs
        if run.run_id != best.run_id and run.state in RESULT_STATES and metric in run.metrics
        if run.metrics[metric].last == value
    ]
    return [best, *sorted(also, key=lambda run: -(run.number or 0))]


@dataclass
class _Node:
    unit: Unit
    below: list[_Node] = field(default_factory=list)
    place: Place = (True, 0.0, 0)


def best_first(units: Sequence[Unit], metric: str, goal: Goal) -> list[Unit]:
    """Return the rows of a table, the best first: those on top stay there, children stay below their parents.

    Parameters
    ----------
    units : sequence of Unit
        As `arranged` gives them.
    metric : str
    goal : Goal
    """
    roots: list[_Node] = []
    above: list[_Node] = []  # the node of each depth down to the last one
    for unit in units:
        node = _Node(unit)
        del above[unit.depth :]
        (above[-1].below if above else roots).append(node)
        above.append(node)
    for node in roots:
        _sort(node, metric, goal)
    top = [node for node in roots if node.unit.top]
    rest = sorted((node for node in roots if not node.unit.top), key=lambda node: node.place)
    return [unit for node in (*top, *rest) for unit in _flat(node)]


def _sort(node: _Node, metric: str, goal: Goal) -> None:
    """Give a node its place, and sort what is below it; rows are no deeper than a few."""
    for child in node.below:
        _sort(child, metric, goal)
    node.below.sort(key=lambda child: child.place)
    node.place = _place(node.unit, metric, goal)
    if node.place[0] and node.below:
        node.place = min(node.place, node.below[0].place)


def _flat(node: _Node) -> list[Unit]:
    return [node.unit, *(unit for child in node.below for unit in _flat(child))]


def _place(unit: Unit, metric: str, goal: Goal) -> Place:
    value = centre(unit, metric) if unit.run.state in RESULT_STATES else None
    counts = value is not None and math.isfinite(value)
    sign = 1 if goal.direction == "min" else -1
    told = sign * value if counts and value is not None and goal.direction is not None else 0.0
    return not counts, told, -(unit.run.number or 0)
