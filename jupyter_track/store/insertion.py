"""Rows into a table by few statements of many rows: beside a busy Python loop every statement waits for the GIL."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

MAX_ROWS = 512  # rows of one statement


def insert_rows(connection: sqlite3.Connection, head: str, width: int, flat: Sequence[Any], tail: str = "") -> None:
    """Insert rows by multi-row VALUES statements.

    Parameters
    ----------
    connection : sqlite3.Connection
    head : str
        ``INSERT INTO table (columns)``.
    width : int
        Columns of a row.
    flat : sequence
        The values of all rows, one after the other.
    tail : str
        What follows the values, such as ON CONFLICT.
    """
    row = "(" + ",".join("?" * width) + ")"
    left, at = len(flat) // width, 0
    while left:
        rows = min(left, MAX_ROWS)
        connection.execute(f"{head} VALUES {','.join([row] * rows)}{tail}", flat[at : at + rows * width])
        at += rows * width
        left -= rows


def insert_curve(connection: sqlite3.Connection, metric_id: int, first: int, flat: Sequence[Any]) -> None:
    """Insert many points of one curve; three values a row are bound, and the statement counts seq by itself.

    Parameters
    ----------
    connection : sqlite3.Connection
    metric_id : int
    first : int
        The seq of the first point.
    flat : sequence
        Step, time and value of all points, one after the other.
    """
    total, at = len(flat) // 3, 0
    if not _NUMBERED:
        rows_of = ((metric_id, first + row, *flat[3 * row : 3 * row + 3]) for row in range(total))
        insert_rows(connection, "INSERT INTO metric_points", 5, [value for row in rows_of for value in row])
        return
    while at < total:
        rows = min(total - at, MAX_ROWS)
        connection.execute(_curve_statement(rows), (metric_id, first + at, *flat[3 * at : 3 * (at + rows)]))
        at += rows


# Python 3.12.0 to 3.12.3 warn of ?1 (python/cpython#117995); under -W error that would lose the points.
_NUMBERED = not (3, 12) <= sys.version_info < (3, 12, 4)


@lru_cache(maxsize=MAX_ROWS)
def _curve_statement(rows: int) -> str:
    return "INSERT INTO metric_points VALUES " + ",".join(f"(?1,?2+{row},?,?,?)" for row in range(rows))
