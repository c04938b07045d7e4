"""A stretch of a curve for a chart: every point where there are few, else the extremes of each pixel or so.

What a stretch costs does not depend on how much is stored: the buckets (`schema.BUCKET_SIZES`) are looked through from
the coarsest level down, and rows are read only of the level that gives enough of them. No extreme is left out, and
every value that is no finite number is counted.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from .curve_rows import CurvePoint
from .database import reading
from .schema import BUCKET_SIZES

Axis = Literal["step", "time"]
MOST_CELLS = 4_000  # rows that a chart reads
_DRILLS = 200  # buckets with an infinity that are looked into
_SCANS = 4  # times as many points as cells may be looked through, where the finest buckets give too few for a stretch
_COLUMNS = "min_step, max_step, min_time, max_time, first, last, min, max, nans"


class Odd(NamedTuple):
    """Values that are no finite number: where the first of them is, how many, and which (``NaN``, ``∞``, ``−∞``)."""

    step: int
    time: int
    size: int
    what: str


@dataclass(frozen=True)
class CurveStretch:
    """What a chart draws of one curve.

    Attributes
    ----------
    count : int
        The points of the whole curve when it was read.
    whole : bool
        Whether `points` are all points of the stretch.
    points : tuple of CurvePoint
        In the order of logging. Values are finite, or NaN for a gap.
    odd : tuple of Odd
    """

    count: int
    whole: bool
    points: tuple[CurvePoint, ...]
    odd: tuple[Odd, ...] = ()


class _Cell(NamedTuple):
    """A bucket, or one point."""

    min_step: int
    max_step: int
    min_time: int
    max_time: int
    first: float | None
    last: float | None
    min: float | None
    max: float | None
    nans: int
    seq: int
    size: int


def stretch(
    store: Path, metric_id: int, limit: int, *, axis: Axis = "step", low: float | None = None, high: float | None = None
) -> CurveStretch:
    """Return a stretch of a curve.

    Parameters
    ----------
    store : Path
    metric_id : int
        The curve's number in the store.
    limit : int
        About how many points are wanted at most: two for each pixel.
    axis : {"step", "time"}, default "step"
        What `low` and `high` are of; times in milliseconds.
    low, high : float, optional
        Both ends; by default those of the curve. A point on either side of them comes along.
    """
    with reading(store) as connection:
        row = connection.execute("SELECT count FROM metrics WHERE id = ?", (metric_id,)).fetchone()
        if row is None or not row[0]:
            return CurveStretch(0, True, ())
        found = _Curve(connection, metric_id, row[0], axis, low, high)
        first, last = found.range(max(limit, 4))
        cells = found.cells(first, last, min(4 * limit, MOST_CELLS))
    if all(cell.size == 1 for cell in cells) and len(cells) <= limit:
        return CurveStretch(row[0], True, *_apart(cells))
    return CurveStretch(row[0], False, *_thinned(cells, limit))


class _Curve:
    """Reads cells of one curve."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        metric_id: int,
        count: int,
        axis: Axis,
        low: float | None,
        high: float | None,
    ) -> None:
        self.connection = connection
        self.metric_id = metric_id
        self.count = count
        self.axis = axis
        self.low = -math.inf if low is None else low
        self.high = math.inf if high is None else high
        self.drills = _DRILLS

    def range(self, enough: int) -> tuple[int, int]:
        """Return the first seq of the stretch and the one after its last, with a neighbour on either side."""
        first, last = 0, self.count
        if math.isinf(self.low) and math.isinf(self.high):
            return first, last
        for size in reversed(BUCKET_SIZES):
            if last - first <= enough:
                break
            if size > last - first:
                continue
            spans = list(self.touching(size, first, last))
            if not spans:  # between two points, or outside: what is near is found by the finer levels alone
                continue
            # a bucket on either side: its last or first point is the neighbour
            begin, end = min(span[0] for span in spans), max(span[1] for span in spans)
            first, last = max(first, begin - size), min(last, end + size)
        return first, last

    def touching(self, size: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Give the parts of a range that touch the stretch: by buckets of a size, and finer ones at the curve's end."""
        at = first
        for level in reversed([one for one in BUCKET_SIZES if one <= size]):
            end = min(last, self.count // level * level)
            if end <= at:
                continue
            row = self.connection.execute(
                "SELECT min(bucket), max(bucket) FROM metric_buckets WHERE metric_id = ? AND level = ?"
                f" AND bucket BETWEEN ? AND ? AND max_{self.axis} >= ? AND min_{self.axis} <= ?",
                (self.metric_id, level, at // level, (end - 1) // level, self.low, self.high),
            ).fetchone()
            if row[0] is not None:
                yield row[0] * level, (row[1] + 1) * level
            at = end
        row = self.connection.execute(
            "SELECT min(seq), max(seq) FROM metric_points WHERE metric_id = ? AND seq >= ? AND seq < ?"
            f" AND {self.axis} BETWEEN ? AND ?",
            (self.metric_id, at, last, self.low, self.high),
        ).fetchone()
        if row[0] is not None:
            yield row[0], row[1] + 1

    def cells(self, first: int, last: int, most: int) -> list[_Cell]:
        """Return the cells from `first` to before `last`, of the finest level that gives at most `most`."""
        found: list[_Cell] = []
        at = first
        zoomed = not (math.isinf(self.low) and math.isinf(self.high))
        if zoomed and most < last - first <= _SCANS * most:
            found = self.grouped(first, last, -(-4 * (last - first) // most))
            at = last
        elif last - first > most:
            fits = next((size for size in BUCKET_SIZES if (last - first) // size <= most), BUCKET_SIZES[-1])
            for size in reversed([size for size in BUCKET_SIZES if size <= fits]):
                found += self.level(size, at, last)
                if found:
                    at = found[-1].seq + found[-1].size
        found += self.points(at, last)
        if any(cell.max == math.inf or cell.min == -math.inf for cell in found):
            found = [part for cell in found for part in self.finite(cell)]
        return self.near(found)

    def level(self, size: int, first: int, last: int) -> list[_Cell]:
        rows = self.connection.execute(
            f"SELECT {_COLUMNS}, bucket * level, level FROM metric_buckets"
            " WHERE metric_id = ? AND level = ? AND bucket >= ? AND bucket < ? ORDER BY bucket",
            (self.metric_id, size, first // size, -(-last // size)),
        )
        return list(map(_Cell._make, rows.fetchall()))

    def points(self, first: int, last: int) -> list[_Cell]:
        rows = self.connection.execute(
            "SELECT step, step, time, time, value, value, value, value, value IS NULL, seq, 1 FROM metric_points"
            " WHERE metric_id = ? AND seq >= ? AND seq < ? ORDER BY seq",
            (self.metric_id, first, last),
        )
        return list(map(_Cell._make, rows.fetchall()))

    def grouped(self, first: int, last: int, size: int) -> list[_Cell]:
        """Return the points between the first and the last as cells of `size` points, and those two as they are."""
        rows = self.connection.execute(
            "SELECT min(step), max(step), min(time), max(time), NULL, NULL, min(value), max(value), sum(value IS NULL),"
            " min(seq), count(*) FROM metric_points WHERE metric_id = ? AND seq > ? AND seq < ?"
            " GROUP BY seq / ? ORDER BY seq",
            (self.metric_id, first, last - 1, size),
        )
        inner = list(map(_Cell._make, rows.fetchall()))
        return [*self.points(first, first + 1), *inner, *self.points(last - 1, last)]

    def finite(self, cell: _Cell) -> Iterator[_Cell]:
        """Look into a bucket that has an infinity: what is finite in it has extremes too."""
        infinite = cell.max == math.inf or cell.min == -math.inf
        if cell.size == 1 or not infinite or self.drills <= 0:
            yield cell
            return
        self.drills -= 1
        place = BUCKET_SIZES.index(cell.size) if cell.size in BUCKET_SIZES else 0
        end = cell.seq + cell.size
        inner = self.level(BUCKET_SIZES[place - 1], cell.seq, end) if place else self.points(cell.seq, end)
        for part in inner:
            yield from self.finite(part)

    def near(self, cells: list[_Cell]) -> list[_Cell]:
        """Return the cells that touch the stretch, and one on either side."""
        if math.isinf(self.low) and math.isinf(self.high):
            return cells
        spans = [
            (cell.min_time, cell.max_time) if self.axis == "time" else (cell.min_step, cell.max_step) for cell in cells
        ]
        inside = [place for place, (begin, end) in enumerate(spans) if end >= self.low and begin <= self.high]
        if not inside:  # between two points: the line between them goes through
            before = [place for place, (_, end) in enumerate(spans) if end < self.low]
            start = before[-1] if before else 0
            return cells[start : start + 2]
        kept = set(inside) | {max(inside[0] - 1, 0), min(inside[-1] + 1, len(cells) - 1)}
        return [cells[place] for place in sorted(kept)]


def _apart(cells: Sequence[_Cell]) -> tuple[tuple[CurvePoint, ...], tuple[Odd, ...]]:
    """Return single points as points and gaps, and what is odd among them."""
    points = tuple(CurvePoint(cell.min_step, cell.min_time, _finite(cell.first)) for cell in cells)
    return points, _all_odd(cells)


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else math.nan


def _all_odd(cells: Sequence[_Cell]) -> tuple[Odd, ...]:
    odd = [cell for cell in cells if cell.nans or cell.max == math.inf or cell.min == -math.inf]
    return tuple(one for cell in odd for one in _odd(cell))


def _odd(cell: _Cell) -> Iterator[Odd]:
    if cell.nans:
        yield Odd(cell.min_step, cell.min_time, cell.nans, "NaN")
    if cell.max == math.inf:
        yield Odd(cell.min_step, cell.min_time, 1, "∞")
    if cell.min == -math.inf:
        yield Odd(cell.min_step, cell.min_time, 1, "−∞")


def _thinned(cells: Sequence[_Cell], limit: int) -> tuple[tuple[CurvePoint, ...], tuple[Odd, ...]]:
    """Return the first and the last point, and of each stretch of cells between its extremes in their order."""
    found = [CurvePoint(cells[0].min_step, cells[0].min_time, _finite(cells[0].first))]
    groups = min(max((limit - 2) // 2, 1), len(cells))
    for index in range(groups):
        part = cells[index * len(cells) // groups : (index + 1) * len(cells) // groups]
        found += (point for point in _extremes(part) if point != found[-1])
    end = cells[-1]
    last = CurvePoint(end.max_step, end.max_time, _finite(end.last))
    if last[:2] != found[-1][:2] or (last.value != found[-1].value and last.value == last.value):
        found.append(last)
    return tuple(found), _all_odd(cells)


def _extremes(part: Sequence[_Cell]) -> list[CurvePoint]:
    low: tuple[float, int] | None = None
    high: tuple[float, int] | None = None
    for place, cell in enumerate(part):
        least, most = cell.min, cell.max
        if least is None or most is None:
            continue
        if -math.inf < least < math.inf and (low is None or least < low[0]):
            low = (least, place)
        if -math.inf < most < math.inf and (high is None or most >= high[0]):
            high = (most, place)
    if low is None or high is None:  # NaN or infinities alone: a gap
        return [CurvePoint(part[0].min_step, part[0].min_time, math.nan)]
    rises = low[1] < high[1] or (low[1] == high[1] and (part[low[1]].first or 0.0) <= (part[low[1]].last or 0.0))
    first, second = (low, high) if rises else (high, low)
    begin, end = part[first[1]], part[second[1]]
    if first[0] == second[0]:
        return [CurvePoint(begin.min_step, begin.min_time, first[0])]
    return [CurvePoint(begin.min_step, begin.min_time, first[0]), CurvePoint(end.max_step, end.max_time, second[0])]
