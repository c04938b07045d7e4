"""The lines of a comparison that are metrics: values, differences, which is better, and what is within noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..records import RESULT_STATES, Run
from .compared import Line, Value
from .compared_facts import Found
from .format import PARAM_LIMIT, Precision, change, middle_cut, number, one_line, precision_of
from .goals import SYSTEM, Goal, goal_of, rank
from .repeats import Repeats, within_noise
from .statistics import difference_interval


def metrics(columns: Sequence[Run], groups: Sequence[Repeats], *, grouped: bool = False) -> Found:
    """Return the lines of the metrics, the main ones first.

    Parameters
    ----------
    columns : sequence of Run
        The run that stands for each column.
    groups : sequence of Repeats
        The runs of each column: its repeats, or all of its group.
    grouped : bool, default False
        Whether the columns are groups: their value is the mean, and no single run's.
    """
    runs = [run for group in groups for run in group.runs] if grouped else list(columns)
    ranks: dict[str, int] = {}
    for run in runs:
        for key, metric in run.metrics.items():
            if metric.source == SYSTEM:  # of the machine, and not of the result
                continue
            ranks[key] = min(ranks.get(key, 9), rank(metric, run.goals))
    goals = {key: goal for run in reversed(runs) for key, goal in run.goals.items()}
    differ: list[Line] = []
    equal: list[Line] = []
    for key in sorted(ranks, key=lambda key: ranks[key]):
        row = _row(key, columns, groups, goal_of(key, goals), grouped)
        values = tuple(row.value(index) for index in range(len(columns)))
        line = Line("metrics", middle_cut(one_line(key), PARAM_LIMIT), values, row.goal, right=True, key=key)
        # repr, since NaN is equal to NaN here
        same = len({repr(value) for value in (*row.lasts, *row.centres)}) == 1
        (equal if same else differ).append(line)
    return differ, equal


@dataclass(frozen=True)
class _Row:
    """One metric of all columns: its last value in each, and the mean of the repeats, else that value again."""

    key: str
    goal: Goal
    lasts: tuple[float | None, ...]
    centres: tuple[float | None, ...]
    groups: tuple[Repeats, ...]
    results: tuple[bool, ...]
    running: tuple[bool, ...]
    grouped: bool

    @cached_property
    def numbers(self) -> list[float]:
        return [value for value in (*self.lasts, *self.centres) if value is not None]

    @cached_property
    def precision(self) -> Precision:
        return precision_of(self.numbers, self.goal.direction)

    @cached_property
    def best(self) -> float | None:
        pairs = zip(self.centres, self.results, strict=True)
        finite = [(value, result) for value, result in pairs if value is not None and math.isfinite(value)]
        known = [value for value, result in finite if result]
        if self.goal.direction is None or not known or len({value for value, _ in finite}) < 2:
            return None
        return min(known) if self.goal.direction == "min" else max(known)

    def value(self, index: int) -> Value:
        last, centre, first = self.lasts[index], self.centres[index], self.centres[0]
        if last is None or centre is None:
            return Value("")
        changed, noise, interval = None, None, None
        if index > 0 and first is not None:
            values, others = self.groups[index].values(self.key), self.groups[0].values(self.key)
            changed = change(centre, first, self.goal.direction, self.precision)
            noise = within_noise(values, others)
            interval = difference_interval(values, others) if changed is not None else None
            if interval is not None and interval.low == interval.high:  # no spread at all: it says what the change says
                interval = None
        same = changed is not None and changed.verdict == "same"
        spread = self.groups[index].spread(self.key)
        return Value(
            text=spread if self.grouped and spread else number(last, self.precision),
            full=repr(last),
            spread="" if self.grouped else self._beside(index, spread),
            change=changed,
            means=not self.grouped and changed is not None and (last, self.lasts[0]) != (centre, first),
            noise=noise.text if noise is not None and not same else "",
            best=self.results[index] and self.best is not None and centre == self.best,
            same=same,
            interval="" if interval is None or same else interval.text(self.precision),
            method="" if interval is None or same else interval.method,
            raw=last,
            so_far=self.running[index],
        )

    def _beside(self, index: int, spread: str) -> str:
        """What the repeats of a run say besides its own value."""
        values = self.groups[index].values(self.key)
        return f"all {len(values)} equal" if spread and len(set(values)) == 1 else spread


def _row(key: str, columns: Sequence[Run], groups: Sequence[Repeats], goal: Goal, grouped: bool) -> _Row:
    lasts = [run.metrics[key].last if key in run.metrics else None for run in columns]
    if grouped:  # the first run of a group may lack what the others have
        lasts = [next((run.metrics[key].last for run in group.runs if key in run.metrics), None) for group in groups]
    means = [group.mean(key) if last is not None else None for group, last in zip(groups, lasts, strict=True)]
    centres = [last if mean is None else mean for last, mean in zip(lasts, means, strict=True)]
    results = [run.state in RESULT_STATES for run in columns]
    running = [run.state == "running" for run in columns]
    if grouped:
        lasts = centres
        results = [any(run.state in RESULT_STATES for run in group.runs) for group in groups]
        running = [any(run.state == "running" for run in group.runs) for group in groups]
    return _Row(key, goal, tuple(lasts), tuple(centres), tuple(groups), tuple(results), tuple(running), grouped)
