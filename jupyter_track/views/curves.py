"""Curves of several runs, as plain data: what is on the axes, smoothing, groups, and a frame of all of it.

The same rules are in ``labextension/src/curves`` for what is done in the browser; a fixture compares the two.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidValue
from ..records import RESULT_STATES, Run
from ..store.curve_feed import StoredCurve
from ..store.curve_rows import CurvePoint
from ..store.curve_window import CurveStretch, Odd, stretch
from ..store.reader import Reader
from .colors import DASHES, Paint, paints
from .format import one_line, param_text
from .goals import NO_GOAL, Goal, goal_of
from .groups import has_seeds, is_seed, seed_groups, seedless_sources
from .tokens import RUN_COLORS

if TYPE_CHECKING:
    from pandas import DataFrame

STEP, TIME, ELAPSED = "step", "time", "elapsed"
AXES: Mapping[str, str] = {STEP: "step", TIME: "time", ELAPSED: "seconds since the start"}
"""What may be on the x axis besides the metrics, with its title."""
SEED = "seed"
"""Groups of runs that differ only in the seed, by whatever name a seed has."""
MOST_JOINED = 200_000  # points of a curve that is drawn over another metric as it is; longer ones are thinned first
MOST_RUNS = 200


@dataclass(frozen=True)
class CurveRun:
    """One run of a panel of curves.

    Attributes
    ----------
    start : int
        Milliseconds since the epoch.
    group : str
        The value that it is grouped by, empty where it is not.
    baseline : bool
        Whether the others are measured against it.
    result : bool
        Whether it may be the best: one that failed, was stopped or was lost is not.
    """

    run_id: str
    number: int
    name: str
    start: int
    live: bool
    paint: Paint
    group: str = ""
    baseline: bool = False
    result: bool = True


@dataclass(frozen=True)
class Series:
    """The points of one metric of one run, as they are drawn.

    Attributes
    ----------
    xs : tuple of float
    ys : tuple of float
        Finite, or NaN for a gap.
    odd : tuple of (float, int, str)
        Where values stand that are no finite number, how many, and which.
    count : int
        The points of the whole curve.
    whole : bool
        Whether these are all points of the stretch that was asked for.
    seconds, odd_seconds : tuple of float
        Where the same points, and what is odd, stand on the axis ``elapsed``; empty where it was not asked for.
    """

    run_id: str
    key: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    odd: tuple[tuple[float, int, str], ...] = ()
    count: int = 0
    whole: bool = True
    seconds: tuple[float, ...] = ()
    odd_seconds: tuple[float, ...] = ()


@dataclass(frozen=True)
class BandPoint:
    """A group of runs at one x: mean and sample standard deviation of `n` runs (an sd of 0 where n is 1)."""

    x: float
    mean: float
    sd: float
    n: int


# ---- runs


def curve_runs(runs: Sequence[Run], groups: Mapping[str, str] | None = None) -> list[CurveRun]:
    """Return what curves need to know of their runs, in the given order.

    Parameters
    ----------
    runs : sequence of Run
    groups : mapping of str to str, optional
        The name of each run's group, by its id. The runs of a group are drawn alike, and no two groups are.
    """
    if groups is None:
        drawn = paints({run.run_id: run.number for run in runs}, _chosen(runs))
    else:
        firsts: dict[str, int | None] = {}
        for run in runs:
            firsts.setdefault(groups[run.run_id], run.number)
        of_group = paints(firsts)
        drawn = {run.run_id: of_group[groups[run.run_id]] for run in runs}
    return [
        CurveRun(
            run.run_id,
            run.number or 0,
            one_line(run.name),
            run.start_time,
            run.state == "running",
            drawn[run.run_id],
            groups[run.run_id] if groups else "",
            run.baseline_run_id == run.run_id,
            run.state in RESULT_STATES,
        )
        for run in runs
    ]


def _chosen(runs: Sequence[Run]) -> set[str] | None:
    """The runs that are drawn in colour where there are more than colours and dashes tell apart; None for all."""
    if len(runs) <= len(RUN_COLORS) * len(DASHES):
        return None
    kept = [run for run in runs if run.pinned or run.baseline_run_id == run.run_id]
    newest = sorted((run for run in runs if run not in kept), key=lambda run: -(run.number or 0))
    return {run.run_id for run in [*kept, *newest][: len(RUN_COLORS)]}


def group_of(run: Run, group: str) -> str:
    """Return the value that a run is grouped by, as text; ``none`` where it has none."""
    kind, _, key = group.partition(".")
    if kind in ("params", "tags") and key:
        group = key
    if kind != "tags" and group in run.params:
        return param_text(run.params[group], None)  # a value that is cut may be that of another group
    if kind != "params" and group in run.own_tags:
        return one_line(run.own_tags[group])
    return one_line({"experiment": run.experiment_name, "name": run.name}.get(group, "none"))


def groups_of(reader: Reader, runs: Sequence[Run], group: str) -> dict[str, str]:
    """Return the name of each run's group, by its id.

    Parameters
    ----------
    reader : Reader
        Knows the code of the runs.
    runs : sequence of Run
    group : str
        A param, a tag, ``experiment`` or ``name``. `SEED` puts runs together that differ only in the seed; for one
        group a seed say ``params.seed``.
    """
    if group != SEED:
        return {run.run_id: group_of(run, group) for run in runs}
    sources = seedless_sources(reader, [run.run_id for run in runs])
    return {run_id: one.label for one in seed_groups(runs, sources) for run_id in one.run_ids}


def groupings(runs: Sequence[Run]) -> list[str]:
    """Return what the runs may be grouped by.

    `SEED` where a seed tells runs apart, then params that are no seeds, with more than one value and fewer values than
    runs.
    """
    found = [SEED] if has_seeds(runs) else []
    for key in dict.fromkeys(key for run in runs for key in run.params if not is_seed(key)):
        values = {group_of(run, f"params.{key}") for run in runs}
        if 1 < len(values) < len(runs):
            found.append(key)
    return found


def goal_among(runs: Iterable[Run], key: str) -> Goal:
    """Return which way is better for a metric of some runs; none where their experiments disagree."""
    declared = {run.goals[key] for run in runs if key in run.goals}
    if len(declared) > 1:
        return NO_GOAL
    return goal_of(key, {key: declared.pop()} if declared else {})


# ---- points


def series_of(
    store: Path,
    curve: StoredCurve,
    run: CurveRun,
    limit: int,
    *,
    x: str = STEP,
    over: StoredCurve | None = None,
    window: tuple[float, float] | None = None,
    timed: bool = False,
) -> Series:
    """Return the points of a curve.

    Parameters
    ----------
    store : Path
    curve : StoredCurve
    run : CurveRun
    limit : int
        About how many points at most: two for each pixel. Extremes are never left out.
    x : str, default "step"
        ``step``, ``time`` (milliseconds since the epoch), ``elapsed`` (seconds since the run's start), or a metric.
    over : StoredCurve, optional
        The metric `x` of the same run. It is joined by step: its value at the step, else the last one before.
    window : (float, float), optional
        The stretch of x that is wanted, by default all.
    timed : bool, default False
        Whether it is told too where the points stand on the axis ``elapsed``.
    """
    if x not in AXES:
        return _joined(store, curve, run, over, limit, window)
    low, high = window or (None, None)
    if x == ELAPSED and window is not None:
        low, high = (run.start + end * 1000 for end in window)
    found = stretch(store, curve.metric_id, limit, axis="step" if x == STEP else "time", low=low, high=high)
    series = _series(found, curve, run, x)
    if not timed:
        return series
    seconds, odd = (tuple(x_of(one, run, ELAPSED) for one in some) for some in (found.points, found.odd))
    return replace(series, seconds=seconds, odd_seconds=odd)


def _series(found: CurveStretch, curve: StoredCurve, run: CurveRun, x: str) -> Series:
    return Series(
        run.run_id,
        curve.key,
        tuple(x_of(point, run, x) for point in found.points),
        tuple(point.value for point in found.points),
        tuple((x_of(odd, run, x), odd.size, odd.what) for odd in found.odd),
        found.count,
        found.whole,
    )


def x_of(point: CurvePoint | Odd, run: CurveRun, x: str) -> float:
    """Return where a point stands on an axis that is no metric."""
    if x == STEP:
        return point.step
    return point.time if x == TIME else (point.time - run.start) / 1000


def _joined(
    store: Path,
    curve: StoredCurve,
    run: CurveRun,
    over: StoredCurve | None,
    limit: int,
    window: tuple[float, float] | None,
) -> Series:
    if over is None:  # the run has no such metric: nothing can be drawn
        return Series(run.run_id, curve.key, (), (), (), curve.count)
    ys = stretch(store, curve.metric_id, MOST_JOINED)
    at = Stairs(stretch(store, over.metric_id, MOST_JOINED).points)
    points = [(place, y.value) for y in ys.points if (place := at(y.step)) is not None]
    odd = tuple((place, odd.size, odd.what) for odd in ys.odd if (place := at(odd.step)) is not None)
    if window is not None:
        inside = [index for index, (place, _) in enumerate(points) if window[0] <= place <= window[1]]
        points = points[max(inside[0] - 1, 0) : inside[-1] + 2] if inside else []
    kept = thin(points, limit)
    return Series(
        run.run_id,
        curve.key,
        tuple(place for place, _ in kept),
        tuple(value for _, value in kept),
        odd,
        ys.count,
        ys.whole and len(kept) == len(points),
    )


class Stairs:
    """A metric by step: its value there, else the last one before; of several at one step the last logged.

    Examples
    --------
    >>> epoch = Stairs([CurvePoint(0, 0, 1.0), CurvePoint(10, 0, 2.0)])
    >>> [epoch(step) for step in (-1, 0, 9, 10, 99)]
    [None, 1.0, 1.0, 2.0, 2.0]
    """

    def __init__(self, points: Iterable[CurvePoint]) -> None:
        last = {point.step: point.value for point in points if math.isfinite(point.value)}
        self._steps = sorted(last)
        self._values = [last[step] for step in self._steps]

    def __call__(self, step: int) -> float | None:
        place = bisect.bisect_right(self._steps, step) - 1
        return None if place < 0 else self._values[place]


def thin(points: Sequence[tuple[float, float]], limit: int) -> list[tuple[float, float]]:
    """Return about `limit` points: the first, the last, and of each stretch its extremes, or a gap."""
    if len(points) <= limit:
        return list(points)
    kept = {0, len(points) - 1}
    stretches = max((limit - 2) // 2, 1)
    for index in range(stretches):
        part = range(index * len(points) // stretches, (index + 1) * len(points) // stretches)
        finite = [place for place in part if math.isfinite(points[place][1])]
        if finite:
            kept.add(min(finite, key=lambda place: points[place][1]))
            kept.add(max(finite, key=lambda place: points[place][1]))
        else:
            kept.add(part[0])
    return [points[place] for place in sorted(kept)]


# ---- smoothing and groups


def smoothed(values: Iterable[float], weight: float) -> list[float]:
    """Return an exponential moving average, corrected for its beginning.

    ``s = w · s + (1 − w) · y`` from 0 on, divided by ``1 − w^n`` after n numbers: the bias correction of Kingma and Ba,
    "Adam: A Method for Stochastic Optimization", 2015, section 3. What is no finite number stays a gap and counts for
    nothing.

    Examples
    --------
    >>> smoothed([1.0, 1.0, 4.0], 0.5)
    [1.0, 1.0, 2.7142857142857144]
    """
    check_smoothing(weight)
    if not weight:
        return list(values)
    average, rest, found = 0.0, 1.0, []
    for value in values:
        if not math.isfinite(value):
            found.append(math.nan)
            continue
        average = weight * average + (1 - weight) * value
        rest *= weight
        found.append(average / (1 - rest))
    return found


def check_smoothing(weight: float) -> None:
    """Refuse a weight that smooths nothing, or everything.

    Raises
    ------
    InvalidValue
        Where it is not from 0 to 0.999.
    """
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight <= 0.999:
        raise InvalidValue(f"smoothing is a number from 0 (none) to 0.999, not {weight!r:.40}.")


def band(series: Sequence[Series]) -> list[BandPoint]:
    """Return mean and standard deviation of a group at each x that one of its runs has.

    A run has a value at its own points, and between two of them on the straight line; not before its first and not
    after its last, and none across a gap.
    """
    lines = [_Line(one) for one in series]
    found = []
    for x in sorted({x for line in lines for x in line.xs}):
        values = [value for line in lines if (value := line(x)) is not None]
        if values:
            mean = math.fsum(values) / len(values)
            spread = math.fsum((value - mean) ** 2 for value in values)
            sd = math.sqrt(spread / (len(values) - 1)) if len(values) > 1 else 0.0
            found.append(BandPoint(x, mean, sd, len(values)))
    return found


class _Line:
    """A series as a function of x; where x comes again, the last value counts."""

    def __init__(self, series: Series) -> None:
        last = dict(zip(series.xs, series.ys, strict=True))
        self.xs = sorted(last)
        self.ys = [last[x] for x in self.xs]

    def __call__(self, x: float) -> float | None:
        place = bisect.bisect_left(self.xs, x)
        if place == len(self.xs):
            return None
        right = self.ys[place]
        if self.xs[place] == x:
            return right if math.isfinite(right) else None
        if place == 0:
            return None
        left, begin = self.ys[place - 1], self.xs[place - 1]
        if not (math.isfinite(left) and math.isfinite(right)):
            return None
        return left + (right - left) * ((x - begin) / (self.xs[place] - begin))


# ---- a frame


def frame(
    store: Path, runs: Sequence[CurveRun], curves: Sequence[StoredCurve], *, x: str = STEP, smoothing: float = 0.0
) -> DataFrame:
    """Return all points of curves, a row each.

    Returns
    -------
    pandas.DataFrame
        ``metric``, ``run_id``, ``number``, ``run``, ``group`` (where there are groups), ``step``, ``time`` (UTC), the
        x axis under its own name where it is neither, ``value`` to the last digit, and ``smoothed`` where asked for.
    """
    import numpy as np
    import pandas as pd

    from ..store.curve_frames import points_frame

    by_number = {run.number: run for run in runs}
    at = {curve.number: curve for curve in curves if curve.key == x}
    parts = []
    for curve in curves:
        run = by_number.get(curve.number)
        if run is None or (curve.key == x and x not in AXES):
            continue
        points = points_frame(store, curve.metric_id)
        points.insert(0, "metric", curve.key)
        points.insert(1, "run_id", run.run_id)
        points.insert(2, "number", run.number)
        points.insert(3, "run", run.name)
        if run.group:
            points.insert(4, "group", run.group)
        if x == ELAPSED:
            points.insert(len(points.columns) - 1, ELAPSED, (points["time"] - run.start) / 1000)
        elif x not in AXES:
            over = points_frame(store, at[run.number].metric_id) if run.number in at else None
            stairs = Stairs(
                [] if over is None else map(CurvePoint, over["step"].tolist(), over["time"].tolist(), over["value"])
            )
            joined = [stairs(step) for step in points["step"].tolist()]
            points.insert(len(points.columns) - 1, x, np.array(joined, dtype=np.float64))
        if smoothing:
            points["smoothed"] = smoothed(points["value"].tolist(), smoothing)
        parts.append(points)
    columns = ["metric", "run_id", "number", "run", "step", "time", "value"]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    found["time"] = pd.to_datetime(found["time"], unit="ms", utc=True)
    return found
