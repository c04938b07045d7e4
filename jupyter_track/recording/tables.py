"""Tables to bytes and back: mlflow's two formats, JSON in pandas' split orientation and Parquet.

The JSON is written and read here and not by pandas, which keeps ten decimals (1e-12 becomes 0.0) and reads the text
"001" as the number 1. What pandas would write can be read, and pandas reads what is written.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue
from ..store.caller import warn_caller
from ..store.files import guess_mime
from ..store.stored_tables import NO_PARQUET, read_json, read_parquet
from .blob import Blob, class_name, is_instance, suffix_of
from .images import is_image
from .plain import plain

if TYPE_CHECKING:
    import pandas

_DATE_ENDINGS = ("_at", "_time")  # columns that pandas' read_json takes for dates, by their names
_DATE_NAMES = ("date", "modified")


def is_table(value: object) -> bool:
    """Tell whether it is a DataFrame or Series of pandas or polars."""
    names = ("DataFrame", "Series")
    return any(is_instance(value, module, name) for module in ("pandas", "polars") for name in names)


def table_blob(data: Any, artifact_file: str | None = None) -> Blob:
    """Return a table as JSON (``.json``, the default) or Parquet (``.parquet``); the index is left out, as in mlflow.

    Parameters
    ----------
    data : DataFrame, Series or dict
        Of pandas or polars; or a dict of columns, or of the values of one row.
    artifact_file : str, optional
        JSON keeps floats exactly, and NaN and missing values as null. It has no infinity: one becomes null, and a
        warning says so. Dates become ISO text. Parquet keeps all types, and needs pyarrow.

    Raises
    ------
    InvalidValue
        For other data, another ending, columns of unequal length, images in a cell, or where pyarrow is missing.
    """
    return _write(_frame(data), _checked_suffix(artifact_file))


def append_table(old: bytes, new: Any, artifact_file: str | None = None) -> Blob:
    """Return the table `old` with the rows of `new` below.

    Columns are matched by name; a value that one of the tables lacks is missing. In JSON the earlier rows stay as they
    were written, to the digit.

    Parameters
    ----------
    old : bytes
        What `table_blob` gave for the same ending.
    new : DataFrame, Series or dict
    artifact_file : str, optional

    Raises
    ------
    CorruptStore
        Where `old` is no table of this format.
    InvalidValue
        As `table_blob`; also where columns have the same name and the tables' columns differ.
    """
    suffix = _checked_suffix(artifact_file)
    frame = _frame(new)
    if suffix == ".parquet":
        import pandas

        earlier = read_parquet(old)
        parts = [part for part in (earlier, frame) if len(part.columns)]
        return _write(pandas.concat(parts, ignore_index=True) if parts else earlier, suffix)
    columns, rows = read_json(old)
    added = _split(frame)
    if columns != added["columns"]:
        names = [_label(name) for name in columns]
        more = [_label(name) for name in added["columns"]]
        if len(set(names)) < len(names) or len(set(more)) < len(more):
            raise InvalidValue("Two columns of the table have the same name; give each its own before appending.")
        together = list(dict.fromkeys([*names, *more]))
        rows = _arranged(rows, names, together)
        added = {"columns": together, "data": _arranged(added["data"], more, together)}
    return _json_blob({"columns": added["columns"], "data": rows + added["data"]})


def check_join_key(data: Any, key: object) -> None:
    """Check that a table has the column by which its rows are to be known.

    Raises
    ------
    InvalidValue
        Where it has not, or for what is no table.
    """
    known = [plain(name) for name in _frame(data).columns.tolist()]
    if not isinstance(key, str) or key not in known:
        there = ", ".join(repr(name) for name in known[:8])
        raise InvalidValue(f"The table has no column {key!r} to be its key; it has {there or 'no column'}.")


def load_table(data: bytes, suffix: str) -> pandas.DataFrame:
    """Return a table from its bytes.

    Values come back as they were logged. From JSON, dates come back as dates where the column's name says so by
    pandas' rule (``date``, ``modified``, ``timestamp…``, ``…_at``, ``…_time``), and as ISO text elsewhere.

    Parameters
    ----------
    data : bytes
    suffix : {".json", ".parquet"}

    Raises
    ------
    CorruptStore
        Where the bytes are no such table.
    InvalidValue
        For another ending, or where pyarrow is missing.
    """
    if _checked_suffix(f"table{suffix}") == ".parquet":
        return read_parquet(data)
    import pandas

    columns, rows = read_json(data)
    frame = pandas.DataFrame(rows, columns=_index([_label(name) for name in columns]))
    for position, name in enumerate(columns):
        if _is_date_name(name):
            column = frame.iloc[:, position]
            if all(isinstance(value, str) for value in column.dropna()):
                try:
                    frame.isetitem(position, pandas.to_datetime(column, format="ISO8601").array)
                except (ValueError, TypeError):
                    continue  # the name promised dates, the text is none: it stays text
    return frame


def _checked_suffix(artifact_file: str | None) -> str:
    suffix = suffix_of(artifact_file, ".json" if artifact_file is None else "")
    if suffix not in (".json", ".parquet"):
        raise InvalidValue(f"A table's name must end in .json or .parquet, not {artifact_file!r}.")
    return suffix


def _frame(data: Any) -> pandas.DataFrame:
    """Return the data as a pandas DataFrame; the user's own is not changed."""
    import pandas

    if isinstance(data, pandas.DataFrame):
        return data
    if isinstance(data, pandas.Series):
        return data.to_frame()
    if is_instance(data, "polars", "Series"):
        data = data.to_frame()
    if is_instance(data, "polars", "DataFrame"):
        columns = data.to_dict(as_series=False)
        # As objects where a value is missing: pandas would make 1 and None the floats 1.0 and NaN.
        data = {name: pandas.Series(v, dtype=object) if None in v else v for name, v in columns.items()}
    if not isinstance(data, Mapping):
        raise InvalidValue(f"log_table takes a DataFrame or a dict of columns, not {class_name(data)}.")
    try:
        return pandas.DataFrame(dict(data))
    except ValueError as error:
        if any(isinstance(value, (list, tuple)) or getattr(value, "shape", ()) for value in data.values()):
            raise InvalidValue(f"The dict is no table: {error}.") from error
        return pandas.DataFrame([dict(data)])  # one row, as scalars


def _write(frame: pandas.DataFrame, suffix: str) -> Blob:
    if suffix == ".json":
        return _json_blob(_split(frame))
    out = io.BytesIO()
    try:
        frame.to_parquet(out, index=False)
    except ImportError as error:
        raise InvalidValue(NO_PARQUET) from error
    except (ValueError, TypeError) as error:  # pyarrow's own errors are subclasses
        raise InvalidValue(f"The table cannot be written as Parquet ({error}); log to a name in .json.") from error
    return Blob(out.getvalue(), guess_mime("x.parquet"), "table", suffix)


def _json_blob(split: dict[str, Any]) -> Blob:
    text = json.dumps(split, ensure_ascii=False, separators=(",", ":"))
    return Blob(text.encode("utf-8", "backslashreplace"), "application/json", "table", ".json")


def _split(frame: pandas.DataFrame) -> dict[str, Any]:
    """Return columns and rows as plain values."""
    columns = [plain(name) for name in frame.columns.tolist()]
    infinite: list[str] = []
    cells = []
    for position, name in enumerate(columns):
        values = _cells(frame.iloc[:, position])
        if any(value in _INFINITE for value in values if type(value) is float):
            infinite.append(str(name))
        cells.append([_finite(value) for value in values])
    if infinite:
        warn_caller(
            f"JSON has no infinity: the infinite values of {', '.join(infinite[:5])} are kept as null. "
            "Log to a name that ends in .parquet to keep them."
        )
    rows = [list(row) for row in zip(*cells, strict=True)]
    return {"columns": columns, "data": rows}


_INFINITE = (float("inf"), float("-inf"))


def _cells(column: pandas.Series[Any]) -> list[Any]:
    values = column.tolist()
    if getattr(column.dtype, "kind", "O") in "biuf" and not column.hasnans:
        return values
    for value in values:
        if is_image(value):
            raise InvalidValue(
                f"The column {column.name!r} holds images; log them with log_image, and their names in the table."
            )
    return [plain(value) for value in values]


def _finite(value: Any) -> Any:
    """The value without NaN and infinities, also inside lists and dicts."""
    if type(value) is float:
        return value if value - value == 0 else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def _arranged(rows: list[list[Any]], names: list[Any], wanted: list[Any]) -> list[list[Any]]:
    places = {name: place for place, name in enumerate(names)}
    order = [places.get(name) for name in wanted]
    return [[None if place is None else row[place] for place in order] for row in rows]


def _label(name: Any) -> Any:
    """A column's name as pandas had it: the labels of several levels are lists in JSON and tuples in pandas."""
    return tuple(_label(part) for part in name) if isinstance(name, list) else name


def _index(names: list[Any]) -> pandas.Index[Any]:
    import pandas

    index: pandas.Index[Any]
    if names and all(isinstance(name, tuple) for name in names):
        index = pandas.MultiIndex.from_tuples(names)
    else:
        index = pandas.Index(names, dtype=None if names else object)
    return index


def _is_date_name(name: Any) -> bool:
    if not isinstance(name, str):
        return False
    lower = name.lower()
    return lower.endswith(_DATE_ENDINGS) or lower in _DATE_NAMES or lower.startswith("timestamp")
