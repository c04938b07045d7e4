"""What a model takes and gives: columns or tensors with their types, as mlflow writes them.

`infer_signature` reads them from examples; `jupyter_track.models.enforcement` holds data against them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidValue

__all__ = ["ColSpec", "ModelSignature", "ParamSpec", "Schema", "TensorSpec", "infer_signature"]

# mlflow's names of types, with NumPy's kinds and sizes that they stand for.
TYPES = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime", "any")


@dataclass(frozen=True)
class ColSpec:
    """A column: its type, its name (None for the only one), and whether a value may be missing from the data."""

    type: str
    name: str | None = None
    required: bool = True

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise InvalidValue(f"{self.type!r} is no type of a column; there are {', '.join(TYPES)}.")

    def to_dict(self) -> dict[str, Any]:
        """Return it as mlflow writes it."""
        named = {} if self.name is None else {"name": self.name}
        return {"type": self.type, **named, "required": self.required}

    def __str__(self) -> str:
        words = f"{self.type} ({'required' if self.required else 'optional'})"
        return words if self.name is None else f"{self.name!r}: {words}"


@dataclass(frozen=True)
class TensorSpec:
    """A tensor: NumPy's name of its type, its shape (-1 is any length), and its name (None for the only one)."""

    type: str
    shape: tuple[int, ...]
    name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as mlflow writes it."""
        named = {} if self.name is None else {"name": self.name}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.type, "shape": list(self.shape)}}

    def __str__(self) -> str:
        words = f"Tensor({self.type!r}, {self.shape})"
        return words if self.name is None else f"{self.name!r}: {words}"


@dataclass(frozen=True)
class ParamSpec:
    """A param of predict: its name, its type and its default; `shape` is (-1,) for a list."""

    name: str
    type: str
    default: Any = None
    shape: tuple[int, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as mlflow writes it."""
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "type": self.type, "default": self.default, "shape": shape}

    def __str__(self) -> str:
        return f"{self.name!r}: {self.type} (default: {self.default!r})"


@dataclass(frozen=True)
class Schema:
    """The columns or the tensors of an input or an output, in their order."""

    inputs: tuple[ColSpec | TensorSpec, ...]

    def __init__(self, inputs: Sequence[ColSpec | TensorSpec]) -> None:
        object.__setattr__(self, "inputs", tuple(inputs))

    def __iter__(self) -> Iterator[ColSpec | TensorSpec]:
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def is_tensor_spec(self) -> bool:
        """Whether it describes tensors and not columns."""
        return bool(self.inputs) and isinstance(self.inputs[0], TensorSpec)

    def has_input_names(self) -> bool:
        """Whether the columns or tensors have names."""
        return bool(self.inputs) and self.inputs[0].name is not None

    def input_names(self) -> list[str | int]:
        """Return the names; the places where there are none."""
        return [place if one.name is None else one.name for place, one in enumerate(self.inputs)]

    def input_types(self) -> list[str]:
        """Return the types, in the order of the columns."""
        return [one.type for one in self.inputs]

    def to_dict(self) -> list[dict[str, Any]]:
        """Return it as mlflow writes it."""
        return [one.to_dict() for one in self.inputs]

    def to_json(self) -> str:
        """Return it as JSON, as it stands in ``MLmodel``."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Read what `to_json` or mlflow wrote; types of nested data are ``any``.

        Raises
        ------
        InvalidValue
            Where it cannot be read.
        """
        try:
            return cls([_spec(one) for one in json.loads(text)])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidValue(f"This is no schema of a model: {text[:200]!r} ({error}).") from error

    def __repr__(self) -> str:
        return f"[{', '.join(map(str, self.inputs))}]"


def _spec(entry: Mapping[str, Any]) -> ColSpec | TensorSpec:
    if entry["type"] == "tensor":
        spec = entry["tensor-spec"]
        return TensorSpec(str(spec["dtype"]), tuple(int(one) for one in spec["shape"]), entry.get("name"))
    kind = entry["type"] if entry["type"] in TYPES else "any"
    return ColSpec(kind, entry.get("name"), bool(entry.get("required", True)))


@dataclass(frozen=True)
class ModelSignature:
    """What a model takes and gives, and the params of its predict; any of them may be None.

    Examples
    --------
    >>> ModelSignature(Schema([ColSpec("double", "x")]), Schema([ColSpec("long")]))
    inputs:
      ['x': double (required)]
    outputs:
      [long (required)]
    params:
      None
    """

    inputs: Schema | None = None
    outputs: Schema | None = None
    params: tuple[ParamSpec, ...] | None = field(default=None)

    def to_dict(self) -> dict[str, str | None]:
        """Return it as it stands in ``MLmodel``: each part as JSON."""
        params = None if self.params is None else json.dumps([one.to_dict() for one in self.params])
        parts = {name: getattr(self, name) for name in ("inputs", "outputs")}
        return {**{name: None if part is None else part.to_json() for name, part in parts.items()}, "params": params}

    @classmethod
    def from_dict(cls, entries: Mapping[str, str | None]) -> ModelSignature:
        """Read what `to_dict` or mlflow wrote.

        Raises
        ------
        InvalidValue
            Where it cannot be read.
        """
        inputs, outputs = (
            None if not entries.get(name) else Schema.from_json(str(entries[name])) for name in ("inputs", "outputs")
        )
        text = entries.get("params")
        found = None if not text else json.loads(text)
        params = None if found is None else tuple(
            ParamSpec(one["name"], one.get("type", "any"), one.get("default"),
                      None if one.get("shape") is None else tuple(one["shape"]))
            for one in found
        )  # fmt: skip
        return cls(inputs, outputs, params)

    def __repr__(self) -> str:
        params = None if self.params is None else f"[{', '.join(map(str, self.params))}]"
        return f"inputs:\n  {self.inputs!r}\noutputs:\n  {self.outputs!r}\nparams:\n  {params}"


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: Mapping[str, Any] | None = None
) -> ModelSignature:
    """Read a signature from examples.

    Parameters
    ----------
    model_input, model_output : optional
        A DataFrame or Series, an array or tensor, a dict of columns or arrays, a list of values, or one value.
    params : mapping, optional
        Further arguments of predict with their defaults.

    Raises
    ------
    InvalidValue
        For data of which no columns or tensors can be told.

    Examples
    --------
    >>> import numpy
    >>> infer_signature(numpy.zeros((4, 3)), numpy.zeros(4, dtype="int64")).inputs
    [Tensor('float64', (-1, 3))]
    """
    if model_input is None and model_output is None and params is None:
        raise InvalidValue("Give an example of the model's input or output, or its params.")
    return ModelSignature(
        None if model_input is None else _schema(model_input),
        None if model_output is None else _schema(model_output),
        None if params is None else tuple(_param(name, value) for name, value in params.items()),
    )


def _param(name: str, value: Any) -> ParamSpec:
    if isinstance(value, (list, tuple)):
        return ParamSpec(name, _type_of_value(value[0]) if value else "any", list(value), (-1,))
    return ParamSpec(name, _type_of_value(value), value)


def _schema(data: Any) -> Schema:
    if hasattr(data, "columns") and hasattr(data, "dtypes"):
        return Schema([_column(str(name), _pandas(data)[name]) for name in _pandas(data).columns])
    if hasattr(data, "index") and hasattr(data, "dtype") and hasattr(data, "isna"):
        return Schema([_column(None if data.name is None else str(data.name), data)])
    array = as_array(data)
    if array is not None:
        return Schema([_tensor(array)])
    if isinstance(data, Mapping):
        return _schema_of_dict(data)
    if isinstance(data, (list, tuple)) and data:
        if all(isinstance(one, Mapping) for one in data):
            import pandas

            return _schema(pandas.DataFrame(list(data)))
        kinds = {_type_of_value(one) for one in data}
        return Schema([ColSpec(kinds.pop() if len(kinds) == 1 else "any")])
    return Schema([ColSpec(_type_of_value(data))])


def _pandas(data: Any) -> Any:
    """A frame of pandas: polars' gives one."""
    return data.to_pandas() if hasattr(data, "to_pandas") else data


def _schema_of_dict(data: Mapping[str, Any]) -> Schema:
    arrays = {str(key): as_array(value) for key, value in data.items()}
    if arrays and all(array is not None for array in arrays.values()):
        return Schema([_tensor(array, key) for key, array in arrays.items()])
    specs = []
    for key, value in data.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        kinds = {_type_of_value(one) for one in values if one is not None}
        required = all(one is not None for one in values)
        specs.append(ColSpec(kinds.pop() if len(kinds) == 1 else "any", str(key), required))
    return Schema(specs)


def as_array(data: Any) -> Any:
    """Return an array or tensor as NumPy's, the values of a sparse matrix too; None for other data."""
    if hasattr(data, "detach") and hasattr(data, "cpu"):
        return data.detach().cpu().numpy()
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        return data
    if hasattr(data, "__array_interface__") and getattr(data, "shape", ()) != ():
        import numpy

        return numpy.asarray(data)
    return None


def _tensor(array: Any, name: str | None = None) -> TensorSpec:
    kind = "str" if array.dtype.kind == "U" else array.dtype.name
    return TensorSpec(kind, (-1, *array.shape[1:]), name)


def _column(name: str | None, column: Any) -> ColSpec:
    return ColSpec(type_of_column(column), name, not bool(column.isna().any()))


def type_of_column(column: Any) -> str:
    """Return mlflow's name of the type of a pandas column; ``any`` where there is none."""
    from pandas.api import types

    dtype = column.dtype
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype):
        return "long" if getattr(dtype, "itemsize", 8) > 4 or (dtype.kind == "u" and dtype.itemsize == 4) else "integer"
    if types.is_float_dtype(dtype):
        return "double" if getattr(dtype, "itemsize", 8) > 4 else "float"
    if types.is_datetime64_any_dtype(dtype):
        return "datetime"
    if isinstance(dtype, _category()):
        return type_of_column(column.cat.categories.to_series())
    kinds = {_type_of_value(value) for value in column.dropna()}
    return kinds.pop() if len(kinds) == 1 else "any"


def _category() -> Any:
    import pandas

    return pandas.CategoricalDtype


def _type_of_value(value: Any) -> str:
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        kind = getattr(value, "dtype", None)
        if kind is not None and kind.kind in "iuf":
            small = kind.itemsize <= 4
            return ("integer" if small else "long") if kind.kind in "iu" else ("float" if small else "double")
        value = value.item()
    for kind, name in ((bool, "boolean"), (int, "long"), (float, "double"), (str, "string"), (bytes, "binary")):
        if isinstance(value, kind):
            return name
    if hasattr(value, "isoformat"):
        return "datetime"
    return "any"
