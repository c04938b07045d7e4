"""Data held against a signature before a model sees it: put into its order and types, or refused with the reason.

Unlike mlflow, whole numbers are taken where a model was shown floats, as long as each of them is exactly a float: a
column that happens to hold no fraction is no other column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidValue
from ..store.problems import report
from .signature import ColSpec, ModelSignature, Schema, TensorSpec, as_array, type_of_column

_EXACT = 2**53  # up to here every whole number is a float
# Which types may come where another is wanted, beside the type itself.
_WIDER = {
    "long": ("integer", "boolean"),
    "integer": ("boolean",),
    "double": ("float", "integer", "long"),
    "float": ("integer", "long"),
}
_DTYPES = {"long": "int64", "integer": "int32", "double": "float64", "float": "float32", "boolean": "bool"}
_SHOWN = 8


def enforce(data: Any, signature: ModelSignature | None) -> Any:
    """Return data as a model's signature has it.

    Parameters
    ----------
    data : frame, array, dict or list
    signature : ModelSignature or None
        None, or one without inputs, lets everything through.

    Raises
    ------
    InvalidValue
        Where a column is missing or of another type, or the shape differs; the message names it and both types.
    """
    if signature is None or signature.inputs is None or not len(signature.inputs):
        return data
    schema = signature.inputs
    if schema.is_tensor_spec():
        return _tensors(data, schema)
    return _columns(data, schema)


def enforce_params(params: Mapping[str, Any] | None, signature: ModelSignature | None) -> dict[str, Any]:
    """Return params of predict with the defaults of those that are missing.

    Raises
    ------
    InvalidValue
        For a param that the signature does not have.
    """
    specs = () if signature is None or signature.params is None else signature.params
    known = {spec.name: spec.default for spec in specs}
    given = dict(params or {})
    if unknown := sorted(set(given) - set(known)):
        there = ", ".join(known) or "none"
        raise InvalidValue(f"The model's signature has no param {', '.join(map(repr, unknown))}; it has {there}.")
    return {**known, **given}


# ---- columns


def _columns(data: Any, schema: Schema) -> Any:
    import pandas

    if not schema.has_input_names():
        return _one_column(data, schema)
    frame = _frame(data, schema)
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise _misfit(schema, f"a column comes twice ({', '.join(names[:_SHOWN])})")
    frame = frame.set_axis(names, axis=1)
    wanted = [spec for spec in schema if isinstance(spec, ColSpec) and (spec.required or spec.name in names)]
    missing = [str(spec.name) for spec in wanted if spec.name not in names]
    extra = [name for name in names if name not in schema.input_names()]
    if missing:
        has = f"; it has {', '.join(map(repr, extra[:_SHOWN]))} instead" if extra else ""
        raise _misfit(schema, f"the data lacks {_listed(missing)}{has}")
    if extra:
        report("model-columns", f"Left out, since the model's signature has it not: {_listed(extra)}.")
    fitted = {str(spec.name): _fitted(frame[str(spec.name)], spec, schema) for spec in wanted}
    return pandas.DataFrame(fitted, index=frame.index)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"the column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names[:_SHOWN]))}{more}"


def _frame(data: Any, schema: Schema) -> Any:
    """The data as a DataFrame of pandas."""
    import pandas

    if isinstance(data, pandas.DataFrame):
        return data
    if hasattr(data, "to_pandas"):
        return data.to_pandas()
    if isinstance(data, pandas.Series):
        return data.to_frame()
    array = as_array(data)
    if array is not None:
        array = array.toarray() if hasattr(array, "toarray") else array
        names = schema.input_names()
        if array.ndim != 2 or array.shape[1] != len(names):
            raise _misfit(schema, f"the array has the shape {array.shape}; {len(names)} columns are wanted")
        return pandas.DataFrame(array, columns=names)
    if isinstance(data, Mapping):
        values = {key: value if isinstance(value, (list, tuple)) or as_array(value) is not None else [value]
                  for key, value in data.items()}  # fmt: skip
        return pandas.DataFrame(values)
    if isinstance(data, (list, tuple)) and all(isinstance(one, Mapping) for one in data):
        return pandas.DataFrame(list(data))
    raise _misfit(schema, f"{type(data).__name__} has no columns")


def _one_column(data: Any, schema: Schema) -> Any:
    """Data for a signature of one column without a name, checked and given back as it is."""
    import pandas

    (spec,) = schema.inputs
    values = data
    if isinstance(data, pandas.DataFrame):
        if data.shape[1] != 1:
            raise _misfit(schema, f"the data has {data.shape[1]} columns; one is wanted")
        values = data.iloc[:, 0]
    elif not isinstance(data, (list, tuple, pandas.Series)) and as_array(data) is None:
        values = [data]
    assert isinstance(spec, ColSpec)
    _fitted(pandas.Series(values), spec, schema)
    return data


def _fitted(column: Any, spec: ColSpec, schema: Schema) -> Any:
    """Return a column in the type of its spec."""
    found = type_of_column(column)
    if spec.type == "any" or found == spec.type:
        return column
    where = f"the column {spec.name!r}" if spec.name is not None else "the data"
    if column.isna().all() and not spec.required:
        return column.astype(_DTYPES.get(spec.type, "object")) if spec.type in ("double", "float") else column
    if found not in _WIDER.get(spec.type, ()):
        if not (spec.type == "datetime" and found == "string"):
            hint = ""
            if spec.type in ("long", "integer") and found in ("double", "float") and column.isna().any():
                hint = "; whole numbers with missing values are floats in pandas: fill them, or show the model floats"
            raise _misfit(schema, f"{where} is {found} ({column.dtype}), and {spec.type} is wanted{hint}")
        import pandas

        try:
            return pandas.to_datetime(column)
        except (ValueError, TypeError) as error:
            raise _misfit(schema, f"{where} holds text that is no date ({error})") from error
    if found == "long" and spec.type in ("double", "float"):
        limit = _EXACT if spec.type == "double" else 2**24
        if (column.abs() > limit).any():
            raise _misfit(schema, f"{where} is {found}, and some of its values are not exact as {spec.type}")
    return column.astype(_DTYPES[spec.type])


# ---- tensors


def _tensors(data: Any, schema: Schema) -> Any:
    if not schema.has_input_names():
        (spec,) = schema.inputs
        assert isinstance(spec, TensorSpec)
        return _tensor(data, spec, schema)
    if hasattr(data, "columns") and hasattr(data, "to_dict"):
        data = {str(name): data[name].to_numpy() for name in data.columns}
    if not isinstance(data, Mapping):
        raise _misfit(schema, f"{type(data).__name__} has no names; a dict of arrays is wanted")
    names = [str(name) for name in schema.input_names()]
    if missing := [name for name in names if name not in data]:
        raise _misfit(schema, f"the data lacks {', '.join(map(repr, missing))}")
    return {spec.name: _tensor(data[str(spec.name)], spec, schema) for spec in schema if isinstance(spec, TensorSpec)}


def _tensor(data: Any, spec: TensorSpec, schema: Schema) -> Any:
    import numpy

    array = as_array(data)
    if array is None:
        array = data.to_numpy() if hasattr(data, "to_numpy") else numpy.asarray(data)
    where = "the array" if spec.name is None else f"the array {spec.name!r}"
    shape = tuple(array.shape)
    if len(shape) != len(spec.shape) or any(want not in (-1, has) for want, has in zip(spec.shape, shape, strict=True)):
        raise _misfit(schema, f"{where} has the shape {shape}, and {spec.shape} is wanted")
    kind = "str" if array.dtype.kind == "U" else array.dtype.name
    if kind == spec.type or spec.type == "object":
        return array
    if not _may_become(array, spec.type):
        raise _misfit(schema, f"{where} is {kind}, and {spec.type} is wanted")
    return array.astype(spec.type)


def _may_become(array: Any, wanted: str) -> bool:
    """Whether each value of an array is exactly one of another type."""
    import numpy

    if wanted == "str" or array.dtype.kind not in "biuf":
        return False
    target = numpy.dtype(wanted)
    if numpy.can_cast(array.dtype, target, "safe"):
        return True
    if target.kind == "f" and array.dtype.kind in "iu" and array.size and not hasattr(array, "nnz"):
        return bool(numpy.abs(array.astype("float64")).max() <= (_EXACT if target.itemsize > 4 else 2**24))
    return bool(target.kind == "f" and array.dtype.kind in "iu")


def _misfit(schema: Schema, reason: str) -> InvalidValue:
    text = repr(schema)
    return InvalidValue(
        f"The data does not fit the model's signature: {reason}. The model takes {text[:500]}{'…' * (len(text) > 500)}."
    )
