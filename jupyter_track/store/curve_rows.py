"""Curves out of the store: every point, or as many as a chart has room for.

Buckets (`schema.BUCKET_SIZES`) make the cost of a chart independent of how much is stored.
"""

from __future__ import annotations

import math
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InvalidValue
from ..records import Metric
from .database import reading
from .run_rows import HOLD_SECONDS, is_text, run_number
from .schema import BUCKET_SIZES

MOST_ROWS = 4_000  # rows that a chart reads, tail apart
LEAST_LIMIT = 4
_FETCH = 4_000
_SUMMARY_COLUMNS = "id, count, last_step, last_time, last_value, min_value, min_step, max_value, max_step"


class CurvePoint(NamedTuple):
    """One point to draw; `time` is in milliseconds, `value` may be NaN (a gap) or infinite."""

    step: int
    time: int
    value: float


@dataclass(frozen=True)
class CurveColumns:
    """All points of one curve in the order of logging: three lists of equal length, times in milliseconds."""

    key: str
    steps: list[int]
    times: list[int]
    values: list[float]

    def __len__(self) -> int:
        return len(self.steps)


class _Cell(NamedTuple):
    """A point, or the points of a bucket; None is NaN, or "no number"."""

    min_step: int
    max_step: int
    min_time: int
    max_time: int
    first: float | None
    last: float | None
    min: float | None
    max: float | None


_cell = partial(tuple.__new__, _Cell)  # of a row; `_Cell._make` does the same, in Python


@dataclass(frozen=True, slots=True)
class _Summary:
    id: int
    count: int
    last_step: int
    last_time: int
    last_value: float | None
    min_value: float | None
    min_step: int | None
    max_value: float | None
    max_step: int | None


def _summary(connection: sqlite3.Connection, run_id: str, key: str) -> _Summary | None:
    number = run_number(connection, run_id)
    if not is_text(key):
        return None
    row = connection.execute(
        f"SELECT {_SUMMARY_COLUMNS} FROM metrics WHERE run_id = ? AND key = ?", (number, key)
    ).fetchone()
    return None if row is None else _Summary(*row)


def columns(store: Path, run_id: str, key: str) -> CurveColumns:
    """Return all points of a curve; none where the run has no such metric.

    The mutex is given back every 20 ms; points that are logged meanwhile may or may not be among the last.

    Raises
    ------
    NotFound
        Where there is no such run.
    """
    found = CurveColumns(key, [], [], [])
    metric_id: int | None = None
    after = -1
    while True:
        with reading(store) as connection:
            began = time.monotonic()
            if metric_id is None:
                summary = _summary(connection, run_id, key)
                if summary is None:
                    return found
                metric_id = summary.id
            rest = connection.execute(
                "SELECT seq, step, time, value FROM metric_points WHERE metric_id = ? AND seq > ? ORDER BY seq",
                (metric_id, after),
            )
            with closing(rest) as cursor:  # an open one keeps the file locked beyond the connection's own end
                while rows := cursor.fetchmany(_FETCH):
                    after = rows[-1][0]
                    _extend(found, rows)
                    if time.monotonic() - began > HOLD_SECONDS:
                        break
                else:
                    return found


def _extend(found: CurveColumns, rows: list[Any]) -> None:
    _, steps, times, values = zip(*rows, strict=True)
    found.steps.extend(steps)
    found.times.extend(times)
    found.values.extend([math.nan if value is None else value for value in values] if None in values else values)


def history(store: Path, run_id: str, key: str) -> list[Metric]:
    """Return all points of a curve as mlflow's entities; none where the run has no such metric.

    Raises
    ------
    NotFound
        Where there is no such run.
    """
    found = columns(store, run_id, key)
    return [
        Metric(key, value, timestamp, step)
        for step, timestamp, value in zip(found.steps, found.times, found.values, strict=True)
    ]


def thinned(store: Path, run_id: str, key: str, limit: int) -> list[CurvePoint]:
    """Return at most `limit` points of a curve that look like all of them.

    A curve of at most `limit` points comes as it is. Of a longer one the first and the last point come as they are,
    and between them (limit - 2) / 2 stretches, each with its lowest and its highest point in their order; a stretch
    of NaN alone is one NaN. The stretches are made of the finest stored level that has at most 8 · `limit` rows
    (4,000 at most), so that each is one bucket or more, and of finer ones at the end. Where a bucket's extreme lies
    within it is not stored: it stands at the begin or end of the bucket, the curve's own extremes at their step.

    Parameters
    ----------
    store : Path
    run_id, key : str
    limit : int
        4 or more.

    Raises
    ------
    NotFound
        Where there is no such run.
    InvalidValue
        For a limit under 4.
    """
    if not isinstance(limit, int) or limit < LEAST_LIMIT:
        raise InvalidValue(f"A curve is drawn with at least {LEAST_LIMIT} points, not {limit!r}.")
    with reading(store) as connection:
        summary = _summary(connection, run_id, key)
        if summary is None:
            return []
        most = min(8 * limit, MOST_ROWS)
        if limit < summary.count <= most:
            return _thinned_points(connection, summary, (limit - 2) // 2)
        cells, whole = _cells(connection, summary, most)
        start = connection.execute(
            "SELECT step, time, value FROM metric_points WHERE metric_id = ? ORDER BY seq LIMIT 1", (summary.id,)
        ).fetchone()
    if not cells or start is None:
        return []
    if whole and len(cells) <= limit:
        return [_point(cell.min_step, cell.min_time, cell.first) for cell in cells]
    found = [_point(*start)]
    groups = (limit - 2) // 2
    for index in range(groups):
        part = cells[index * len(cells) // groups : (index + 1) * len(cells) // groups]
        for point in _extremes(part, summary) if part else ():
            if not _same(point, found[-1]):
                found.append(point)
    last = _point(summary.last_step, summary.last_time, summary.last_value)
    return found if _same(last, found[-1]) else [*found, last]


def _thinned_points(connection: sqlite3.Connection, summary: _Summary, groups: int) -> list[CurvePoint]:
    """Return the ends of a curve and the extremes of each stretch between, found by SQLite.

    Each row that comes out of SQLite gives the interpreter's lock away: a row a stretch costs less than all points.
    """
    lows, highs = (
        connection.execute(
            f"SELECT {extreme}(value), step, time, seq, ((seq + 1) * ? - 1) / ? AS part FROM metric_points"
            " WHERE metric_id = ? AND seq < ? GROUP BY part ORDER BY part",
            (groups, summary.count, summary.id, summary.count),
        ).fetchall()
        for extreme in ("min", "max")
    )
    ends = connection.execute(
        "SELECT step, time, value FROM metric_points WHERE metric_id = ? AND seq IN (0, ?) ORDER BY seq",
        (summary.id, summary.count - 1),
    ).fetchall()
    found = [_point(*ends[0])]
    for low, high in zip(lows, highs, strict=True):
        both = [low] if low[0] == high[0] else sorted((low, high), key=lambda row: row[3])
        for value, step, timestamp, *_ in both:
            if not _same(point := _point(step, timestamp, value), found[-1]):
                found.append(point)
    last = _point(*ends[-1])
    return found if _same(last, found[-1]) else [*found, last]


def _cells(connection: sqlite3.Connection, summary: _Summary, most: int) -> tuple[list[_Cell], bool]:
    """Return the cells to draw, and whether each is one point."""
    found: list[_Cell] = []
    covered = 0
    if summary.count > most:
        fits = next((size for size in BUCKET_SIZES if summary.count // size <= most), BUCKET_SIZES[-1])
        for size in reversed([size for size in BUCKET_SIZES if size <= fits]):
            rows = connection.execute(
                f"SELECT {', '.join(_Cell._fields)} FROM metric_buckets"
                " WHERE metric_id = ? AND level = ? AND bucket >= ? ORDER BY bucket",
                (summary.id, size, covered // size),
            ).fetchall()
            found += map(_cell, rows)
            covered += len(rows) * size
    points = connection.execute(
        "SELECT step, step, time, time, value, value, value, value FROM metric_points"
        " WHERE metric_id = ? AND seq >= ? ORDER BY seq",
        (summary.id, covered),
    )
    found += map(_cell, points)
    return found, not covered


def _extremes(cells: list[_Cell], summary: _Summary) -> list[CurvePoint]:
    """Return the lowest and the highest point of a stretch, in their order."""
    low = high = None
    low_at = high_at = 0
    for at, cell in enumerate(cells):
        least, most = cell.min, cell.max
        if least is not None and (low is None or least < low):
            low, low_at = least, at
        if most is not None and (high is None or most > high):
            high, high_at = most, at
    if low is None or high is None:
        return [CurvePoint(cells[0].min_step, cells[0].min_time, math.nan)]
    cell = cells[low_at]
    falling = cell.first is not None and cell.last is not None and cell.first > cell.last
    together = low_at == high_at
    lowest = _placed(cell, low, together and falling, summary)
    if low == high:
        return [lowest]
    highest = _placed(cells[high_at], high, together and not falling, summary)
    if together:
        return sorted((lowest, highest) if not falling else (highest, lowest), key=lambda point: point.step)
    return [lowest, highest] if low_at < high_at else [highest, lowest]


def _placed(cell: _Cell, value: float, at_end: bool, summary: _Summary) -> CurvePoint:
    """Place an extreme within its cell."""
    if value in (summary.min_value, summary.max_value):
        for extreme, step in ((summary.min_value, summary.min_step), (summary.max_value, summary.max_step)):
            if value == extreme and step is not None and cell.min_step <= step <= cell.max_step:
                steps, times = cell.max_step - cell.min_step, cell.max_time - cell.min_time
                return CurvePoint(
                    step, cell.min_time + (times * (step - cell.min_step) // steps if steps else 0), value
                )
    if at_end:
        return CurvePoint(cell.max_step, cell.max_time, value)
    return CurvePoint(cell.min_step, cell.min_time, value)


def _point(step: int, timestamp: int, value: float | None) -> CurvePoint:
    return CurvePoint(step, timestamp, math.nan if value is None else value)


def _same(one: CurvePoint, other: CurvePoint) -> bool:
    return one == other or (one.value != one.value and other.value != other.value and one[:2] == other[:2])
