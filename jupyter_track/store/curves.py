"""Curves on their way to disk: the queue of points, the running summary, the buckets.

A log call appends ``(step, time_ns, value)`` to its curve's own deque and returns. The writer takes points from it,
and `plan` turns them into rows: the points, the curve's one-line summary, and every bucket that became full.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count, islice, repeat
from operator import le
from typing import Any

from ..records import MetricSummary
from .schema import BUCKET_SIZES
from .trace import Trace

Point = tuple[int, int, float]  # step, time in nanoseconds, value


@dataclass(frozen=True, slots=True)
class Bucket:
    """The points of one stretch of a curve: ranges of step and time, first, last, extremes, number of NaN."""

    min_step: int
    max_step: int
    min_time: int
    max_time: int
    first: float
    last: float
    min: float | None
    max: float | None
    nans: int

    def joined(self, later: Bucket) -> Bucket:
        """Return the bucket of both stretches; `later` comes after this one."""
        return Bucket(
            min(self.min_step, later.min_step),
            max(self.max_step, later.max_step),
            min(self.min_time, later.min_time),
            max(self.max_time, later.max_time),
            self.first,
            later.last,
            lower(self.min, later.min),
            higher(self.max, later.max),
            self.nans + later.nans,
        )

    def row(self) -> tuple[Any, ...]:
        """Return the columns as they are stored."""
        return (
            self.min_step,
            self.max_step,
            self.min_time,
            self.max_time,
            self.first,
            self.last,
            self.min,
            self.max,
            self.nans,
        )


def lower(one: float | None, other: float | None) -> float | None:
    """Return the smaller one; None is "no number yet"."""
    return other if one is None else one if other is None else min(one, other)


def higher(one: float | None, other: float | None) -> float | None:
    """Return the larger one; None is "no number yet"."""
    return other if one is None else one if other is None else max(one, other)


def bucket_of(steps: Sequence[int], times: Sequence[int], values: Sequence[float]) -> Bucket:
    """Return the bucket of some points (at least one); NaN does not count for the extremes."""
    low: float | None = None
    high: float | None = None
    nans = 0
    if math.isfinite(sum(values)):
        low, high = min(values), max(values)
    else:  # NaN, an infinity, or an overflow of the sum: look at each value
        numbers = [value for value in values if value == value]
        nans = len(values) - len(numbers)
        if numbers:
            low, high = min(numbers), max(numbers)
    return Bucket(min(steps), max(steps), min(times), max(times), values[0], values[-1], low, high, nans)


@dataclass(frozen=True, slots=True)
class CurveState:
    """A curve as stored: its row in ``metrics``, and the buckets that are not full yet, from the finest level on."""

    metric_id: int | None = None
    count: int = 0
    last_step: int = 0
    last_time: int = 0
    last_value: float = math.nan
    min: float | None = None
    min_step: int | None = None
    max: float | None = None
    max_step: int | None = None
    open_buckets: tuple[Bucket | None, ...] = (None,) * len(BUCKET_SIZES)

    def after(self, steps: Sequence[int], times: Sequence[int], values: Sequence[float]) -> CurveState:
        """Return the state with these points added, the open buckets left as they are."""
        low, high = self.min, self.max
        low_step, high_step = self.min_step, self.max_step
        extent = bucket_of((0,), (0,), values)
        if extent.min is not None and (low is None or extent.min < low):
            low, low_step = extent.min, steps[values.index(extent.min)]
        if extent.max is not None and (high is None or extent.max > high):
            high, high_step = extent.max, steps[values.index(extent.max)]
        return CurveState(
            self.metric_id,
            self.count + len(steps),
            steps[-1],
            times[-1],
            values[-1],
            low,
            low_step,
            high,
            high_step,
            self.open_buckets,
        )

    def summary(self, key: str, source: str) -> MetricSummary:
        """Return the record of the curve."""
        return MetricSummary(
            key,
            self.count,
            self.last_value,
            self.last_step,
            self.last_time,
            self.min,
            self.min_step,
            self.max,
            self.max_step,
            source,
        )


class Curve:
    """One metric of one run in the process that logs it."""

    __slots__ = ("key", "points", "run_id", "seen", "source", "trace")

    def __init__(self, run_id: str, key: str, source: str = "logged") -> None:
        self.run_id = run_id
        self.key = key
        self.source = source
        self.points: deque[Point] = deque()
        self.seen = CurveState()  # what this process has logged and the writer has taken, on disk or not
        self.trace = Trace()  # what of that a live view draws


@dataclass(slots=True)
class Points:
    """Points of one curve, taken from its queue: three columns of equal length; times in milliseconds."""

    run_id: str
    key: str
    source: str
    steps: tuple[int, ...]
    times: tuple[int, ...]
    values: tuple[float, ...]


def columns(run_id: str, key: str, source: str, rows: Iterable[Point]) -> Points:
    """Return the columns of some queued points."""
    flat: list[Any] = list(chain.from_iterable(rows))  # three slices are faster than zip(*rows) on long queues
    times = [nanoseconds // 1_000_000 for nanoseconds in flat[1::3]]
    return Points(run_id, key, source, tuple(flat[0::3]), tuple(times), tuple(flat[2::3]))


LONG = 64  # rows of one curve from which on it gets statements of its own


@dataclass(slots=True)
class Plan:
    """Rows to write, flattened for multi-row statements, and the states of the curves once they are written.

    Attributes
    ----------
    points : list
        Whole rows of ``metric_points``, of curves with few points.
    long : list of (metric id, first seq, list)
        Step, time and value of curves with many points; the statement counts seq by itself.
    buckets : list
        Whole rows of ``metric_buckets``.
    states : list of (Points, CurveState)
    """

    points: list[Any] = field(default_factory=list)
    long: list[tuple[int, int, list[Any]]] = field(default_factory=list)
    buckets: list[Any] = field(default_factory=list)
    states: list[tuple[Points, CurveState]] = field(default_factory=list)

    def add(self, points: Points, state: CurveState) -> None:
        """Plan the rows of one curve, whose `state` has a metric id."""
        start, size = state.count, len(points.steps)
        if size < LONG:
            rows = zip(repeat(state.metric_id), count(start), points.steps, points.times, points.values, strict=False)
            self.points.extend(chain.from_iterable(rows))
        else:
            flat: list[Any] = [None] * (3 * size)
            flat[0::3], flat[1::3], flat[2::3] = points.steps, points.times, points.values
            self.long.append((state.metric_id or 0, start, flat))
        after = state.after(points.steps, points.times, points.values)
        open_buckets = list(state.open_buckets)
        ordered = size >= LONG and _ascending(points.steps) and _ascending(points.times)
        at = 0
        while at < size:
            end = min(size, at + BUCKET_SIZES[0] - (start + at) % BUCKET_SIZES[0])
            steps, times = points.steps[at:end], points.times[at:end]
            if ordered:
                steps, times = (steps[0], steps[-1]), (times[0], times[-1])
            self._fill(state.metric_id, open_buckets, bucket_of(steps, times, points.values[at:end]), start + end)
            at = end
        self.states.append((points, replace(after, open_buckets=tuple(open_buckets))))

    def _fill(self, metric_id: int | None, open_buckets: list[Bucket | None], part: Bucket, end: int) -> None:
        """Add `part`, which ends before point number `end`, to the open buckets; emit those that became full."""
        for level, size in enumerate(BUCKET_SIZES):
            known = open_buckets[level]
            joined = part if known is None else known.joined(part)
            if end % size:
                open_buckets[level] = joined
                return
            open_buckets[level] = None
            self.buckets += (metric_id, size, end // size - 1, *joined.row())
            part = joined


def _ascending(numbers: Sequence[int]) -> bool:
    """Whether a column never goes back, so that its ends are its extremes."""
    return all(map(le, numbers, islice(numbers, 1, None)))
