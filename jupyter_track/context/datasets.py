"""Datasets as `log_input` takes them: what they are called, what is in them, where they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidValue
from ..values import clean_text
from .columns import DIGEST, Column, digests, of_array, of_polars, of_series
from .entered import safe_text
from .sources import DatasetSource, source_of

DEFAULT_NAME = "dataset"
MAX_NAME = 500
MAX_DIGEST = 36  # mlflow's limit
MAX_DOCUMENT = 100_000  # characters of a profile: it is to lie in the store itself
_LONG = {"i": {1: "integer", 2: "integer", 4: "integer", 8: "long"}, "f": {2: "float", 4: "float", 8: "double"}}
_SPECS = {
    "bool": "boolean",
    "int": "long",
    "uint": "long",
    "float": "double",
    "datetime": "datetime",
    "text": "string",
    "bytes": "binary",
}


class Dataset:
    """Data with a name, a digest, a schema, a profile and a source; `from_pandas` and the like make one.

    The digest is of the values in the order of rows and columns, with the names of the columns and without an index.

    Attributes
    ----------
    name, digest : str
    source : DatasetSource
    schema : dict
        mlflow's: ``mlflow_colspec``, or ``features`` with ``mlflow_tensorspec``.
    profile : dict
        ``num_rows``, ``num_elements``, and ``columns``: of each its name, type, digest, nulls, and what else is known.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        source: object,
        name: str | None,
        digest: str | None,
        code_tags: Mapping[str, str],
        roles: Mapping[str, str | None],
    ) -> None:
        self.name = _name(name)
        self.source: DatasetSource = source_of(source, code_tags)
        self._columns = columns
        own = digests(columns)
        self.digest = _digest(columns, own) if digest is None else _given_digest(digest)
        self.profile = _profile(columns, own, {role: column for role, column in roles.items() if column})
        self.schema: dict[str, Any] = {"mlflow_colspec": [_colspec(column) for column in columns]}

    def to_dict(self) -> dict[str, str]:
        """Return mlflow's dict of texts: name, digest, source, source_type, schema, profile."""
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self.source.kind,
            "schema": json.dumps(self.schema),
            "profile": json.dumps(self.profile),
        }

    def to_json(self) -> str:
        """Return `to_dict` as JSON."""
        return json.dumps(self.to_dict())

    def __repr__(self) -> str:
        rows = self.profile["num_rows"]
        return f"<{type(self).__name__} {self.name!r} {rows:,} × {len(self._columns)} {self.digest[:8]}>"


class _FrameDataset(Dataset):
    """A DataFrame as data of a run; subclasses know a library."""

    def __init__(
        self,
        df: Any,
        source: object = None,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
        *,
        code_tags: Mapping[str, str] = {},
    ) -> None:
        columns = self._read(df)
        _check_roles(df.columns, targets, predictions)
        self.df, self.targets, self.predictions = df, targets, predictions
        roles = {"targets": targets, "predictions": predictions}
        super().__init__(columns, source=source, name=name, digest=digest, code_tags=code_tags, roles=roles)

    @staticmethod
    def _read(df: Any) -> list[Column]:
        """Return the columns; InvalidValue for what is no DataFrame of the library."""
        raise NotImplementedError


class PandasDataset(_FrameDataset):
    """A pandas DataFrame as data of a run."""

    @staticmethod
    def _read(df: Any) -> list[Column]:
        import pandas

        if not isinstance(df, pandas.DataFrame):
            raise InvalidValue(f"from_pandas takes a DataFrame, not {type(df).__name__}.")
        return [of_series(_column_name(label), df.iloc[:, at]) for at, label in enumerate(df.columns)]


class PolarsDataset(_FrameDataset):
    """A polars DataFrame as data of a run; it has the digest of the pandas one with the same values."""

    @staticmethod
    def _read(df: Any) -> list[Column]:
        import polars

        if not isinstance(df, polars.DataFrame):
            raise InvalidValue(f"from_polars takes a polars DataFrame, not {type(df).__name__}.")
        return [of_polars(_column_name(column), df.get_column(column)) for column in df.columns]


class NumpyDataset(Dataset):
    """NumPy arrays as data of a run: one array, or a dict of arrays; the first length counts the rows."""

    def __init__(
        self,
        features: Any,
        source: object = None,
        targets: Any = None,
        name: str | None = None,
        digest: str | None = None,
        *,
        code_tags: Mapping[str, str] = {},
    ) -> None:
        self.features, self.targets = features, targets
        parts = {"features": _arrays(features), "targets": {} if targets is None else _arrays(targets)}
        columns = [
            of_array(f"{part}/{key}" if key else part, array)
            for part, arrays in parts.items()
            for key, array in arrays.items()
        ]
        super().__init__(columns, source=source, name=name, digest=digest, code_tags=code_tags, roles={})
        self.schema = {part: _tensorspec(arrays) if arrays else None for part, arrays in parts.items()}
        for part, arrays in parts.items():
            if arrays:
                self.profile |= _sizes(part, arrays)


def _name(name: str | None) -> str:
    if name is None:
        return DEFAULT_NAME
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise InvalidValue(f"The name of a dataset is a text of 1 to {MAX_NAME} characters, not {name!r}."[:200])
    return safe_text(name)


def _given_digest(digest: str) -> str:
    if not isinstance(digest, str) or not 0 < len(digest) <= MAX_DIGEST:
        raise InvalidValue(
            f"The digest of a dataset is a text of at most {MAX_DIGEST} characters, not {digest!r}."[:200]
        )
    return clean_text(digest)


def _column_name(label: object) -> str:
    return clean_text("/".join(map(str, label)) if isinstance(label, tuple) else str(label))


def _check_roles(labels: Any, targets: str | None, predictions: str | None) -> None:
    known = list(labels)
    for role, column in (("targets", targets), ("predictions", predictions)):
        if column is not None and column not in known:
            told = ", ".join(map(str, known[:8]))
            raise InvalidValue(f"The {role} {column!r} are no column of the data; there is {told}."[:400])


def _digest(columns: Sequence[Column], own: Sequence[str]) -> str:
    hashed = hashlib.sha256()
    for column, digest in zip(columns, own, strict=True):
        hashed.update(f"{len(column.name)} {column.name}\0{digest}\0".encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()[:DIGEST]


def _profile(columns: Sequence[Column], own: Sequence[str], roles: Mapping[str, str]) -> dict[str, Any]:
    """Return the profile; what would make it too long is left out, the digests last."""
    rows = columns[0].count if columns else 0
    found: dict[str, Any] = {"num_rows": rows, "num_elements": sum(_elements(column) for column in columns), **roles}
    known = [
        {"name": column.name, "type": column.type, "digest": digest}
        for column, digest in zip(columns, own, strict=True)
    ]
    room = MAX_DOCUMENT - 200
    for one, column in zip(known, columns, strict=True):
        room -= 120 + len(column.name)
        if room > 0:
            one |= column.profile()
            room -= len(json.dumps(one))
    most = MAX_DOCUMENT // 100
    found["columns"] = known[:most]
    if len(known) > most:
        found["more_columns"] = len(known) - most
    return found


def _elements(column: Column) -> int:
    size = column.count
    for length in column.shape:
        size *= length
    return size


def _colspec(column: Column) -> dict[str, Any]:
    spec = _SPECS.get(column.kind, "string")
    for letter, kinds in (("int", _LONG["i"]), ("float", _LONG["f"])):
        if column.kind == letter and column.type.lower() in {f"{letter}{8 * size}" for size in kinds}:
            spec = kinds[int(column.type.lower().removeprefix(letter)) // 8]
    return {"type": spec, "name": column.name, "required": column.missing is None}


def _arrays(given: Any) -> dict[str, Any]:
    import numpy

    several = given if isinstance(given, Mapping) else {"": given}
    arrays = {str(key): numpy.asarray(value) for key, value in several.items()}
    odd = next((key for key, array in arrays.items() if array.dtype.kind == "O" and array.ndim == 0), None)
    if odd is not None:
        raise InvalidValue(f"from_numpy takes an array or a dict of arrays, not {type(several[odd]).__name__}.")
    return arrays


def _tensorspec(arrays: Mapping[str, Any]) -> dict[str, Any]:
    specs = []
    for key, array in arrays.items():
        named = {"name": key} if key else {}
        shape = [-1, *array.shape[1:]] if array.ndim else []
        specs.append({"type": "tensor", **named, "tensor-spec": {"dtype": str(array.dtype), "shape": shape}})
    return {"mlflow_tensorspec": specs}


def _sizes(part: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    def told(value: dict[str, Any]) -> Any:
        return value[""] if set(value) == {""} else value

    return {
        f"{part}_shape": told({key: list(array.shape) for key, array in arrays.items()}),
        f"{part}_size": told({key: int(array.size) for key, array in arrays.items()}),
        f"{part}_nbytes": told({key: int(array.nbytes) for key, array in arrays.items()}),
    }
