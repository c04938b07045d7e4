"""A column of data in one form, whatever library holds it: its digest, its type, and a small profile.

The digest is of the values: integers as 64 bits, floats as doubles, text as UTF-8, times in nanoseconds of UTC, and
which of them are missing. So a column keeps its digest through a Parquet file, and through CSV as far as CSV keeps the
values (an integer column that has missing values is one of floats, a category is text). It is a sha256 of the standard
library, cut to 128 bits: it must be the same on every machine, and so cannot hang on what else is installed. pyarrow,
where it is there, only makes text faster.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .redaction import redact_value

if TYPE_CHECKING:
    import numpy

DIGEST = 32  # hexadecimal digits
SAMPLE = 100_000  # values that are looked at for the commonest ones
COMMONEST = 5
_VALUE_LIMIT = 60  # characters of a value in a profile
_THREADS = 4
_WORTH_THREADS = 4_000_000  # bytes


@dataclass(frozen=True)
class Column:
    """One column in the form that is hashed.

    Attributes
    ----------
    name : str
    type : str
        As its library calls it, such as ``int64``.
    kind : str
        ``bool int uint float complex datetime duration text bytes other``: part of the digest.
    count : int
    missing : numpy array of bool, or None
        Which values are missing; None where none is.
    buffers : tuple
        The values as bytes; those that are missing are zero.
    numbers : numpy array or None
        The values, where they can be counted with.
    texts : callable or None
        Gives the values of some places as text, where they are text.
    shape : tuple of int
        More than one length for an array of several dimensions.
    """

    name: str
    type: str
    kind: str
    count: int
    missing: numpy.ndarray[Any, Any] | None
    buffers: tuple[Any, ...]
    numbers: numpy.ndarray[Any, Any] | None = None
    texts: Callable[[Sequence[int]], list[str]] | None = None
    shape: tuple[int, ...] = ()

    @property
    def nulls(self) -> int:
        """How many values are missing."""
        return 0 if self.missing is None else int(self.missing.sum())

    @property
    def bytes(self) -> int:
        """How much there is to hash."""
        return sum(memoryview(buffer).nbytes for buffer in self.buffers)

    def digest(self) -> str:
        """Return the digest of the values; the name is no part of it."""
        import numpy

        hashed = hashlib.sha256(f"{self.kind} {self.count} {self.shape}\0".encode())
        if self.missing is not None:
            hashed.update(numpy.packbits(self.missing).data)
        for buffer in self.buffers:
            hashed.update(buffer)
        return hashed.hexdigest()[:DIGEST]

    def profile(self) -> dict[str, Any]:
        """Return what a person would look at first: extremes and mean of numbers, the commonest values of text."""
        found: dict[str, Any] = {"nulls": self.nulls}
        if self.numbers is not None and self.kind != "complex":
            found |= self._extremes()
        elif self.texts is not None:
            found |= self._commonest()
        return found

    def _extremes(self) -> dict[str, Any]:
        import numpy

        numbers = self.numbers
        assert numbers is not None
        values = numbers if self.missing is None else numbers[~self.missing]
        if not values.size:
            return {}
        low, high = values.min(), values.max()
        if self.kind in ("datetime", "duration"):
            unit = "datetime64[ns]" if self.kind == "datetime" else "timedelta64[ns]"
            return {"min": _moment(low.astype(unit)), "max": _moment(high.astype(unit))}
        with numpy.errstate(all="ignore"):
            mean = float(values.mean(dtype=numpy.float64))
        return {"min": _plain(low), "max": _plain(high), "mean": mean if math.isfinite(mean) else str(mean)}

    def _commonest(self) -> dict[str, Any]:
        """Values that come more than once, the commonest first: what comes once tells nothing, and may be private."""
        assert self.texts is not None
        places: Sequence[int] = range(0, self.count, max(1, -(-self.count // SAMPLE)))
        if self.missing is not None:
            places = [place for place in places if not self.missing[place]]
        counts = Counter(self.texts(places))
        top = [
            [_cut(redact_value(self.name, value)), count] for value, count in counts.most_common(COMMONEST) if count > 1
        ]
        found: dict[str, Any] = {"distinct": len(counts), "top": top}
        if self.count > SAMPLE:
            found["sampled"] = len(places)
        return found


def _moment(value: Any) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cut(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _VALUE_LIMIT else text[: _VALUE_LIMIT - 1] + "…"


def _plain(number: Any) -> Any:
    value = number.item()
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def digests(columns: Sequence[Column]) -> list[str]:
    """Return the digests of columns; large ones are hashed side by side, as hashing lets other threads run."""
    if sum(column.bytes for column in columns) < _WORTH_THREADS or len(columns) < 2:
        return [column.digest() for column in columns]
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(Column.digest, columns))


# ---- from arrays


def of_array(name: str, array: Any, missing: numpy.ndarray[Any, Any] | None = None, type_name: str = "") -> Column:
    """Return the column of a NumPy array of any number of dimensions."""
    import numpy

    values = numpy.asarray(array)
    shape = values.shape[1:] if values.ndim > 1 else ()
    count = values.shape[0] if values.ndim else 1
    kind, numbers = _numbers(values)
    if kind is None or numbers is None:
        if values.ndim > 1:
            values = numpy.array([json.dumps(row.tolist(), default=str) for row in values], dtype=object)
        return _of_objects(name, values.reshape(-1).tolist(), missing, type_name or str(values.dtype))
    if missing is None and kind in ("float", "datetime", "duration") and values.ndim <= 1:
        missing = numpy.isnan(numbers) if kind == "float" else numbers == _NO_TIME
    if missing is not None and not missing.any():
        missing = None
    if missing is not None:
        if kind in ("int", "uint"):  # as a CSV file gives it back
            kind, numbers = "float", numbers.astype(numpy.float64)
        numbers = numbers.copy()
        numbers[missing] = 0
    buffer = numpy.ascontiguousarray(numbers)
    return Column(
        name=name,
        type=type_name or str(numpy.asarray(array).dtype),
        kind=kind,
        count=count,
        missing=missing,
        buffers=(buffer.reshape(-1).view(numpy.uint8).data,) if buffer.size else (),
        numbers=numbers,
        shape=shape,
    )


_NO_TIME = -(2**63)  # NaT


def _numbers(values: numpy.ndarray[Any, Any]) -> tuple[str | None, numpy.ndarray[Any, Any] | None]:
    """Return the kind of an array and its values in the type that is hashed; None for what is no number."""
    letter = values.dtype.kind
    if letter == "b":
        return "bool", values.astype("u1")
    if letter == "i":
        return "int", values.astype("<i8", copy=False)
    if letter == "u":
        fits = values.dtype.itemsize < 8 or not values.size or int(values.max()) < 2**63
        return ("int", values.astype("<i8")) if fits else ("uint", values.astype("<u8", copy=False))
    if letter == "f":
        return "float", values.astype("<f8", copy=False)
    if letter == "c":
        return "complex", values.astype("<c16", copy=False)
    if letter in "Mm":
        return ("datetime" if letter == "M" else "duration"), _nanoseconds(values)
    return None, None


def _nanoseconds(values: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """Return times as integers; those that are too far away for nanoseconds stay in their own unit."""
    import numpy

    finer = values.astype(f"{values.dtype.kind}8[ns]")
    if (finer.astype(values.dtype) == values)[~numpy.isnat(values)].all():
        return finer.view("<i8")
    return values.view("<i8")


def _of_objects(name: str, values: list[Any], missing: numpy.ndarray[Any, Any] | None, type_name: str) -> Column:
    """Return the column of Python values: text or bytes where all are, else what they print as."""
    import numpy

    if missing is None:
        missing = numpy.fromiter((_is_missing(value) for value in values), dtype=bool, count=len(values))
    there = [value for value, gone in zip(values, missing, strict=True) if not gone]
    gone = missing if missing.any() else None
    for types, kind in (((bool, numpy.bool_), "?"), ((int, numpy.integer), "<i8"), ((int, float, numpy.number), "<f8")):
        if there and all(isinstance(one, types) and (kind == "?" or type(one) is not bool) for one in there):
            filled = [0 if lost else value for value, lost in zip(values, missing, strict=True)]
            try:
                return of_array(name, numpy.array(filled, dtype=kind), gone, type_name)
            except (OverflowError, TypeError):  # integers of more than 64 bits, complex numbers
                break
    if all(isinstance(value, str) for value in there):
        return _of_texts(name, values, gone, type_name)
    if all(isinstance(value, bytes) for value in there):
        return _of_bytes(name, "bytes", values, gone, type_name)
    written = [None if lost else _written(value) for value, lost in zip(values, missing, strict=True)]
    column = _of_texts(name, written, gone, type_name)
    return Column(**{**vars(column), "kind": "other"})


def _is_missing(value: Any) -> bool:
    if value is None:
        return True
    try:
        return bool(value != value)  # NaN, NaT, pandas.NA raises
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def _written(value: Any) -> str:
    import numpy

    if isinstance(value, numpy.generic):
        value = value.item()
    if isinstance(value, numpy.ndarray):
        value = value.tolist()
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except (TypeError, ValueError):
        return str(value)


def _of_texts(name: str, values: list[Any], missing: numpy.ndarray[Any, Any] | None, type_name: str) -> Column:
    encoded = ["" if not isinstance(value, str) else value for value in values]
    column = _of_bytes(name, "text", [text.encode("utf-8", "surrogatepass") for text in encoded], missing, type_name)
    return Column(**{**vars(column), "texts": lambda places: [encoded[place] for place in places]})


def _of_bytes(
    name: str, kind: str, values: list[Any], missing: numpy.ndarray[Any, Any] | None, type_name: str
) -> Column:
    import numpy

    pieces = [value if isinstance(value, bytes) else b"" for value in values]
    lengths = numpy.fromiter(map(len, pieces), dtype="<i8", count=len(pieces))
    return Column(name, type_name, kind, len(pieces), missing, (lengths.view(numpy.uint8).data, b"".join(pieces)))


def _of_arrow(name: str, series: Any, type_name: str) -> Column | None:
    """Return the column of text by pyarrow's buffers, None where it is not installed or refuses the values."""
    import numpy

    try:
        import pyarrow
    except ImportError:
        return None
    try:
        array = pyarrow.array(series, type=pyarrow.large_string(), from_pandas=True)
    except (pyarrow.ArrowException, UnicodeError, TypeError, ValueError):
        return None
    if isinstance(array, pyarrow.ChunkedArray):
        array = array.combine_chunks()
        if isinstance(array, pyarrow.ChunkedArray):  # no chunks at all
            return None
    _, offsets_buffer, data = array.buffers()
    if offsets_buffer is None or not len(array):
        return None
    offsets = numpy.frombuffer(offsets_buffer, dtype="<i8")[array.offset : array.offset + len(array) + 1]
    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    text = memoryview(b"" if data is None else data)[int(offsets[0]) : int(offsets[-1])]
    lengths = numpy.diff(offsets)
    if missing is not None and lengths[missing].any():  # bytes behind missing values
        return None
    return Column(
        name=name,
        type=type_name,
        kind="text",
        count=len(array),
        missing=missing,
        buffers=(numpy.ascontiguousarray(lengths).view(numpy.uint8).data, text),
        texts=lambda places: array.take(pyarrow.array(list(places), type=pyarrow.int64())).to_pylist(),
    )


# ---- from frames


def of_series(name: str, series: Any) -> Column:
    """Return the column of a pandas Series."""
    import numpy
    import pandas

    type_name = str(series.dtype)
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        series = series.astype(dtype.categories.dtype)
    elif isinstance(dtype, pandas.SparseDtype):
        series = series.sparse.to_dense()
    elif isinstance(dtype, pandas.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    elif isinstance(dtype, (pandas.PeriodDtype, pandas.IntervalDtype)):
        missing = series.isna().to_numpy(dtype=bool)
        return _of_objects(name, series.astype(str).tolist(), missing, type_name)
    if pandas.api.types.is_string_dtype(series.dtype) and (
        column := _of_arrow(name, series, type_name) if _all_text(series) else None
    ):
        return column
    if series.dtype.kind in "biufcMm" and not isinstance(series.dtype, numpy.dtype):  # pandas' own nullable types
        missing = series.isna().to_numpy(dtype=bool)
        kind = numpy.dtype(
            {"b": "?", "i": "i8", "u": "u8", "f": "f8", "c": "c16", "M": "M8[ns]", "m": "m8[ns]"}[series.dtype.kind]
        )
        filler: Any = numpy.array(0, "i8").astype(kind)[()]
        return of_array(name, series.to_numpy(dtype=kind, na_value=filler), missing, type_name)
    return of_array(name, series.to_numpy(), None, type_name)


def _all_text(series: Any) -> bool:
    """Whether there is nothing but text in a column; where Python objects are, each has to be looked at."""
    import pandas

    return (
        series.dtype.kind != "O"
        or isinstance(series.dtype, pandas.StringDtype)
        or all(isinstance(value, str) or _is_missing(value) for value in series.array)
    )


def of_polars(name: str, series: Any) -> Column:
    """Return the column of a polars Series."""
    import polars

    dtype = series.dtype
    type_name = str(dtype)
    missing = series.is_null().to_numpy()
    if dtype in (polars.Categorical, polars.Enum):
        series = series.cast(polars.String)
    if series.dtype == polars.Datetime or series.dtype == polars.Duration or series.dtype == polars.Date:
        unit = getattr(dtype, "time_unit", None) or "D"
        letter = "m" if series.dtype == polars.Duration else "M"
        values = series.to_physical().cast(polars.Int64).fill_null(0).to_numpy()
        return of_array(
            name, values.view(f"{letter}8[{unit}]") if unit != "D" else values.view("M8[D]"), missing, type_name
        )
    if dtype.is_float():
        values = series.fill_null(float("nan")).to_numpy()
        return of_array(name, values, None, type_name)
    if dtype.is_integer() or dtype == polars.Boolean:
        return of_array(name, series.fill_null(False if dtype == polars.Boolean else 0).to_numpy(), missing, type_name)
    return _of_objects(name, series.to_list(), missing, type_name)
