"""What is new of many curves at once: a cursor per curve, and one look at the store for all of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from .curve_rows import CurvePoint
from .database import reading
from .filter_sql import Sql
from .run_rows import in_parts


@dataclass(frozen=True, slots=True)
class StoredCurve:
    """A curve of the store: its own number, its run's, its key, and how many points it has."""

    metric_id: int
    number: int
    key: str
    count: int


@dataclass(frozen=True)
class News:
    """What is new since a revision.

    Attributes
    ----------
    rev : int
        The store's revision now.
    curves : tuple of StoredCurve
        Those with new points.
    runs : bool
        Whether runs, or what belongs to them, may have changed too.
    """

    rev: int
    curves: tuple[StoredCurve, ...] = ()
    runs: bool = False


def stored_curves(store: Path, numbers: Sequence[int], keys: Collection[str] | None = None) -> list[StoredCurve]:
    """Return the curves of some runs, in the order of the runs and of their first points.

    Parameters
    ----------
    store : Path
    numbers : sequence of int
        The store's numbers of the runs.
    keys : collection of str, optional
        Only these metrics.
    """
    found: list[StoredCurve] = []

    def read(connection: object, among: Sql) -> None:
        rows = connection.execute(  # type: ignore[attr-defined]
            f"SELECT id, run_id, key, count FROM metrics WHERE run_id {among.text} AND count > 0 ORDER BY run_id, id",
            among.values,
        )
        found.extend(StoredCurve(*row) for row in rows if keys is None or row[2] in keys)

    in_parts(store, sorted(numbers), read)
    return found


def news(store: Path, rev: int) -> News:
    """Return which curves have new points since a revision; it costs what is new."""
    with reading(store) as connection:
        now: int = connection.execute("SELECT rev FROM store").fetchone()[0]
        if now == rev:
            return News(now)
        rows = connection.execute("SELECT id, run_id, key, count FROM metrics WHERE rev > ? AND count > 0", (rev,))
        curves = tuple(StoredCurve(*row) for row in rows)
        runs = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM runs WHERE rev > ?) OR EXISTS (SELECT 1 FROM experiments WHERE rev > ?)",
            (rev, rev),
        ).fetchone()[0]
    return News(now, curves, bool(runs))


def tails(store: Path, after: dict[int, int], most: int) -> dict[int, list[CurvePoint]]:
    """Return the newest points of curves as they come: values may be NaN or infinite.

    Parameters
    ----------
    store : Path
    after : dict of int to int
        For each curve's number, how many of its points are known.
    most : int
        At most so many points of each; a curve with more is left out, and has to be read in another way.
    """
    found: dict[int, list[CurvePoint]] = {}
    with reading(store) as connection:
        for metric_id, seq in after.items():
            rows = connection.execute(
                "SELECT step, time, value FROM metric_points WHERE metric_id = ? AND seq >= ? ORDER BY seq LIMIT ?",
                (metric_id, seq, most + 1),
            ).fetchall()
            if len(rows) <= most:
                found[metric_id] = [
                    CurvePoint(step, time, math.nan if value is None else value) for step, time, value in rows
                ]
    return found


def metric_keys(store: Path, numbers: Collection[int] | None = None, most: int = 1_000) -> list[str]:
    """Return the metrics of active runs, those that most of them have first; of some runs where `numbers` are given."""
    with reading(store) as connection:
        among = "" if numbers is None else f" AND runs.id IN ({', '.join(str(int(number)) for number in numbers)})"
        rows = connection.execute(
            "SELECT metrics.key FROM metrics JOIN runs ON runs.id = metrics.run_id"
            f" WHERE runs.lifecycle_stage = 'active' AND metrics.count > 0{among}"
            " GROUP BY metrics.key ORDER BY count(*) DESC, min(metrics.id) LIMIT ?",
            (most,),
        )
        return [key for (key,) in rows]


def runs_with(store: Path, keys: Collection[str], most: int) -> tuple[list[int], int]:
    """Return the numbers of the runs to draw where nobody has named some, and how many there are in all.

    The baselines and the pinned ones first, then the newest, of the active runs that have one of the metrics (any,
    where there are no `keys`).
    """
    having = f"AND key IN ({', '.join('?' * len(keys))})" if keys else ""
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT id, pinned IS NOT NULL OR uuid IN (SELECT baseline_uuid FROM experiments) AS kept FROM runs"
            " WHERE lifecycle_stage = 'active' AND EXISTS (SELECT 1 FROM metrics WHERE run_id = runs.id AND count > 0"
            f" {having}) ORDER BY kept DESC, id DESC",
            tuple(keys),
        ).fetchall()
    return [number for number, _ in rows[:most]], len(rows)
