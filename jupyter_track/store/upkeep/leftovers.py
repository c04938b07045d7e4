"""Curves that belong to no run: of a merge that was killed before the run was there, or a gc after it was gone.

They are in no table that a person sees. They go in pages, from the last point on, so that no writer waits for long.
"""

from __future__ import annotations

import sqlite3

from ..database import StoreFiles
from ..schema import BUCKET_SIZES
from .pages import PAGE_POINTS
from .turns import page_of

_CURVES = 500  # of one page
ORPHANS = "FROM metrics WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = metrics.run_id)"


def remove_curves(files: StoreFiles) -> int:
    """Remove the curves that belong to no run, and return how many points they had. Only inside of a `turns.turn`."""
    removed = 0
    while True:
        with page_of(files) as connection:
            found = _remove_page(connection)
        if found is None:
            return removed
        removed += found


def _remove_page(connection: sqlite3.Connection) -> int | None:
    """Remove 20,000 points at most; None where no such curve is left."""
    curves = [row[0] for row in connection.execute(f"SELECT id {ORPHANS} LIMIT {_CURVES}")]
    if not curves:
        return None
    connection.execute("UPDATE store SET rev = rev + 1")
    removed = 0
    for curve in curves:
        last = connection.execute("SELECT max(seq) FROM metric_points WHERE metric_id = ?", (curve,)).fetchone()[0]
        first = max(0, (-1 if last is None else last) - (PAGE_POINTS - removed) + 1)
        removed += connection.execute(
            "DELETE FROM metric_points WHERE metric_id = ? AND seq >= ?", (curve, first)
        ).rowcount
        for level in BUCKET_SIZES:
            connection.execute(
                "DELETE FROM metric_buckets WHERE metric_id = ? AND level = ? AND bucket >= ?",
                (curve, level, first // level),
            )
        if first > 0:
            break
        connection.execute("DELETE FROM metrics WHERE id = ?", (curve,))
    return removed
