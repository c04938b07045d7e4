"""Logged tables, read: columns and rows as they were written, without pandas where they are JSON."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from ..errors import CorruptStore, InvalidValue

if TYPE_CHECKING:
    import pandas

NO_PARQUET = "Parquet needs pyarrow, which is not installed: 'pip install pyarrow', or log to a name in .json."

Row = list[Any]


def read_table(data: bytes, path: str) -> tuple[list[Any], list[Row]]:
    """Return the columns and the rows of a table from its bytes.

    Parameters
    ----------
    data : bytes
    path : str
        Its name in the run; the ending says the format, JSON or Parquet.

    Raises
    ------
    CorruptStore
        Where the bytes are no such table.
    InvalidValue
        Where it is Parquet and pyarrow is missing.
    """
    if not path.endswith(".parquet"):
        return read_json(data)
    frame = read_parquet(data)
    columns = [list(name) if isinstance(name, tuple) else name for name in frame.columns.tolist()]
    cells = [frame.iloc[:, place].tolist() for place in range(len(columns))]
    return columns, [list(row) for row in zip(*cells, strict=True)]


def read_json(data: bytes) -> tuple[list[Any], list[Row]]:
    """Return columns and rows of pandas' split orientation.

    Raises
    ------
    CorruptStore
        Where the bytes are no such table.
    """
    try:
        split = json.loads(data)
        columns, rows = split["columns"], split["data"]
        if not isinstance(columns, list) or any(len(row) != len(columns) for row in rows):
            raise ValueError("rows and columns do not match")
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptStore(f"The content is no table in JSON with 'columns' and 'data' ({error}).") from error
    return columns, rows


def read_parquet(data: bytes) -> pandas.DataFrame:
    """Return a table in Parquet.

    Raises
    ------
    CorruptStore
        Where the bytes are no such table.
    InvalidValue
        Where pyarrow is missing.
    """
    import pandas

    try:
        return pandas.read_parquet(io.BytesIO(data))
    except ImportError as error:
        raise InvalidValue(NO_PARQUET) from error
    except (ValueError, OSError) as error:
        raise CorruptStore(f"The content is no table in Parquet ({error}).") from error
