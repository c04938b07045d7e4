"""Whole curves as DataFrames: rows go from SQLite into columns of numbers, without lists between."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .database import reading
from .run_rows import HOLD_SECONDS

if TYPE_CHECKING:
    from pandas import DataFrame

_FETCH = 8_000
_KINDS = [("step", "i8"), ("time", "i8"), ("value", "f8")]


def points_frame(store: Path, metric_id: int) -> DataFrame:
    """Return all points of a curve in the order of logging.

    Parameters
    ----------
    store : Path
    metric_id : int
        The curve's number in the store; a number that no curve has gives no rows.

    Returns
    -------
    pandas.DataFrame
        ``step`` and ``time`` (int64, milliseconds), ``value`` (float64).
    """
    import numpy as np
    import pandas as pd

    parts: list[Any] = []
    after: int | None = -1
    while after is not None:
        with reading(store) as connection:
            found, after = _read(connection, metric_id, after)
            parts += found
    whole = np.concatenate(parts) if parts else np.empty(0, dtype=_KINDS)
    return pd.DataFrame({name: np.ascontiguousarray(whole[name]) for name, _ in _KINDS}, copy=False)


def _read(connection: sqlite3.Connection, metric_id: int, after: int) -> tuple[list[Any], int | None]:
    """Read for as long as the mutex may be held; return the parts, and the seq after which to go on."""
    import numpy as np

    began, parts, size = time.monotonic(), [], 0
    rest = connection.execute(
        "SELECT step, time, value FROM metric_points WHERE metric_id = ? AND seq > ? ORDER BY seq", (metric_id, after)
    )
    with closing(rest) as cursor:
        while True:
            rows = list(islice(cursor, _FETCH))
            try:
                part = np.fromiter(rows, dtype=_KINDS, count=len(rows))
            except TypeError:  # NaN is stored as NULL
                part = np.fromiter(_numbers(rows), dtype=_KINDS, count=len(rows))
            parts.append(part)
            size += len(rows)
            if len(rows) < _FETCH:
                return parts, None
            if time.monotonic() - began > HOLD_SECONDS:
                break
    row = connection.execute(
        "SELECT seq FROM metric_points WHERE metric_id = ? AND seq > ? ORDER BY seq LIMIT 1 OFFSET ?",
        (metric_id, after, size - 1),
    ).fetchone()
    return parts, row[0]


def _numbers(rows: list[Any]) -> Iterator[tuple[int, int, float]]:
    return ((step, moment, float("nan") if value is None else value) for step, moment, value in rows)
