"""Curves whose summary or buckets are not those of their points, and making them anew."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from ..curves import CurveState, Plan, Points
from ..database import StoreFiles, reading
from ..schema import BUCKET_SIZES
from .export import write_plan
from .pages import CURVE_COLUMNS, Curve, Source, Wanted
from .turns import Progress, page_of

_CURVES = 500  # of one page
_BUCKET = "level, bucket, min_step, max_step, min_time, max_time, first, last, min, max, nans"
_SUMMARY = "count, last_step, last_time, last_value, min_value, min_step, max_value, max_step"


@dataclass(frozen=True)
class WrongCurve:
    """A curve that does not agree with its points; `what` is ``summary``, ``buckets`` or ``gaps``."""

    metric_id: int
    key: str
    what: str


def wrong_curves(source: Source, progress: Progress) -> list[WrongCurve]:
    """Return the curves that do not agree with their points; every point is read, in pages."""
    found: list[WrongCurve] = []
    done = 0
    with reading(source.place) as connection:
        total = connection.execute("SELECT coalesce(sum(count), 0) FROM metrics").fetchone()[0]
    for curves in _pages(source):
        states: dict[str, CurveState] = {}
        wrong: dict[str, str] = {}
        for page in source.points([Wanted(str(curve.id), curve) for curve, _ in curves]):
            plan = Plan()
            for points in page:
                plan.add(points, states.get(points.run_id, CurveState(int(points.run_id))))
                states[points.run_id] = plan.states[-1][1]
                done += len(points.steps)
            wrong.update(dict.fromkeys(_other_buckets(source, plan), "buckets"))
            progress(done, max(total, done))
        for curve, buckets in curves:
            wrong.update(_fault(curve, states.get(str(curve.id), CurveState(curve.id)), buckets))
        found += [
            WrongCurve(curve.id, curve.key, wrong[str(curve.id)]) for curve, _ in curves if str(curve.id) in wrong
        ]
    return found


def _pages(source: Source) -> Iterator[list[tuple[Curve, tuple[int, ...]]]]:
    """Yield curves, some hundred at a time, that belong to a run; each with its number of points and of buckets."""
    after = -(2**63)
    while True:
        with reading(source.place) as connection:
            rows = connection.execute(
                f"SELECT {CURVE_COLUMNS}, (SELECT max(seq) FROM metric_points WHERE metric_id = metrics.id),"
                " (SELECT count(*) FROM metric_buckets WHERE metric_id = metrics.id)"
                " FROM metrics WHERE id > ? AND run_id IN (SELECT id FROM runs) ORDER BY id LIMIT ?",
                (after, _CURVES),
            ).fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield [
            (replace(Curve(*row), count=0 if last is None else last + 1), (row[3], buckets))
            for *row, last, buckets in rows
        ]


def _fault(curve: Curve, state: CurveState, stored: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """Compare what is stored of a curve with what its points give; `curve.count` is taken from the last seq."""
    count, buckets = stored
    summary = (curve.last_step, curve.last_time, curve.last_value, curve.min_value, curve.min_step)
    expected = (state.last_step, state.last_time, _stored(state.last_value), state.min, state.min_step)
    if state.count != curve.count:
        yield str(curve.id), "gaps"
    elif (count, *summary, curve.max_value, curve.max_step) != (state.count, *expected, state.max, state.max_step):
        yield str(curve.id), "summary"
    elif buckets != sum(curve.count // size for size in BUCKET_SIZES):
        yield str(curve.id), "buckets"


def _stored(value: float) -> float | None:
    return None if math.isnan(value) else value


def _other_buckets(source: Source, plan: Plan) -> Iterator[str]:
    """Yield the ids of curves that have other buckets than those planned, or none."""
    rows = [plan.buckets[at : at + 12] for at in range(0, len(plan.buckets), 12)]
    rows.sort(key=lambda row: row[:3])
    with reading(source.place) as connection:
        for (metric_id, level), group in groupby(rows, key=lambda row: row[:2]):
            planned = [tuple(_nulled(row[1:])) for row in group]
            stored = connection.execute(
                f"SELECT {_BUCKET} FROM metric_buckets WHERE metric_id = ? AND level = ? AND bucket BETWEEN ? AND ?"
                " ORDER BY bucket",
                (metric_id, level, planned[0][1], planned[-1][1]),
            ).fetchall()
            if stored != planned:
                yield str(metric_id)


def _nulled(row: Sequence[Any]) -> Iterator[Any]:
    for value in row:
        yield None if isinstance(value, float) and math.isnan(value) else value


def rebuild(files: StoreFiles, wrong: Sequence[WrongCurve]) -> int:
    """Make summary and buckets of curves anew from their points, each curve in one transaction; return how many."""
    done = 0
    for one in wrong:
        with page_of(files) as connection:
            rev = connection.execute("UPDATE store SET rev = rev + 1 RETURNING rev").fetchone()[0]
            done += rebuild_curve(connection, one.metric_id, rev)
    return done


def rebuild_curve(connection: sqlite3.Connection, metric_id: int, rev: int) -> bool:
    """Make a curve anew inside of a transaction; one without any point goes. Return whether it was there."""
    row = connection.execute("SELECT key, source FROM metrics WHERE id = ?", (metric_id,)).fetchone()
    if row is None:
        return False
    points = connection.execute(
        "SELECT step, time, value FROM metric_points WHERE metric_id = ? ORDER BY seq", (metric_id,)
    ).fetchall()
    for table in ("metric_points", "metric_buckets"):
        connection.execute(f"DELETE FROM {table} WHERE metric_id = ?", (metric_id,))
    if not points:
        connection.execute("DELETE FROM metrics WHERE id = ?", (metric_id,))
        return True
    steps, times, values = zip(*points, strict=True)
    plan = Plan()
    numbers = tuple(math.nan if value is None else value for value in values)
    plan.add(Points("", row[0], row[1], steps, times, numbers), CurveState(metric_id))
    write_plan(connection, plan)
    store_summary(connection, plan.states[-1][1], rev)
    return True


def store_summary(connection: sqlite3.Connection, state: CurveState, rev: int) -> None:
    """Write the summary of a curve that is there."""
    sets = ", ".join(f"{name} = ?" for name in _SUMMARY.split(", "))
    values = (state.count, state.last_step, state.last_time, state.last_value, state.min, state.min_step)
    connection.execute(
        f"UPDATE metrics SET {sets}, rev = ? WHERE id = ?", (*values, state.max, state.max_step, rev, state.metric_id)
    )
