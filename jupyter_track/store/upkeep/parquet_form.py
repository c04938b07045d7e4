"""Parquet: each column has one type, exact for what it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_MOST_EXACT = 2**53  # whole numbers up to here are exact as floats


class ParquetSink:
    """A Parquet file that rows are written to.

    The columns of params in the table of runs are typed by their values when the rows come, all at once; in a long
    table, where every row may be of another type, a param's value is text.
    """

    def __init__(self, path: Path, columns: Sequence[tuple[str, str]]) -> None:
        self._path = path
        self._columns = columns
        self._writer: Any = None

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        typed = any(name.startswith("params.") for name, _ in self._columns)
        found = list(zip(*rows, strict=True)) if rows else [()] * len(self._columns)
        arrays = [_array(values, kind, typed) for values, (_, kind) in zip(found, self._columns, strict=True)]
        table = pa.Table.from_arrays(arrays, names=[name for name, _ in self._columns])
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Bring the file to its end; a table without rows has its columns all the same."""
        if self._writer is None:
            self.write([])
        self._writer.close()


def _array(values: Sequence[Any], kind: str, typed: bool) -> Any:
    import pyarrow as pa

    if kind != "any":
        types = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "time": pa.timestamp("ms", tz="UTC")}
        return pa.array(values, type=types[kind])
    present = {type(value) for value in values if value is not None}
    whole = [value for value in values if type(value) is int]
    if typed and present == {bool}:
        return pa.array(values, type=pa.bool_())
    if typed and present == {int} and all(-(2**63) <= value < 2**63 for value in whole):
        return pa.array(values, type=pa.int64())
    if typed and present and present <= {int, float} and all(abs(value) <= _MOST_EXACT for value in whole):
        return pa.array([None if value is None else float(value) for value in values], type=pa.float64())
    return pa.array([_text(value) for value in values], type=pa.string())


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
