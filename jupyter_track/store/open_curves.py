"""A curve as it stands in the store, to go on with it: its summary, and the buckets that are not full."""

from __future__ import annotations

import sqlite3

from . import schema
from .curves import Bucket, CurveState


def stored_curve(connection: sqlite3.Connection, run_number: int, key: str) -> CurveState | None:
    """Return a curve as it stands in the store, with the buckets that are not full; None where it has no row."""
    row = connection.execute(
        "SELECT id, count, last_step, last_time, last_value, min_value, min_step, max_value, max_step"
        " FROM metrics WHERE run_id = ? AND key = ?",
        (run_number, key),
    ).fetchone()
    if row is None:
        return None
    last_value = float("nan") if row[4] is None else row[4]
    open_buckets = _open_buckets(connection, row[0], row[1])
    return CurveState(row[0], row[1], row[2], row[3], last_value, row[5], row[6], row[7], row[8], open_buckets)


def _open_buckets(connection: sqlite3.Connection, metric_id: int, count: int) -> tuple[Bucket | None, ...]:
    """Rebuild the buckets that are not full from the points and finer buckets after the last full one."""
    sizes = schema.BUCKET_SIZES
    found: list[Bucket | None] = []
    for level, size in enumerate(sizes):
        if level == 0:
            rows = connection.execute(
                "SELECT step, step, time, time, value, value, value, value, value IS NULL FROM metric_points"
                " WHERE metric_id = ? AND seq >= ? ORDER BY seq",
                (metric_id, count // size * size),
            )
        else:
            finer = sizes[level - 1]
            rows = connection.execute(
                "SELECT min_step, max_step, min_time, max_time, first, last, min, max, nans FROM metric_buckets"
                " WHERE metric_id = ? AND level = ? AND bucket >= ? ORDER BY bucket",
                (metric_id, finer, count // size * (size // finer)),
            )
        joined: Bucket | None = None
        for row in rows:
            part = Bucket(*row[:4], *(float("nan") if value is None else value for value in row[4:6]), *row[6:])
            joined = part if joined is None else joined.joined(part)
        found.append(joined)
    return tuple(found)
