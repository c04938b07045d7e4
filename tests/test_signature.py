"""What a model takes: signatures read from examples, in mlflow's form, and data held against them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_track.errors import InvalidValue
from jupyter_track.models.enforcement import enforce, enforce_params
from jupyter_track.models.signature import (
    ColSpec,
    ModelSignature,
    ParamSpec,
    Schema,
    TensorSpec,
    infer_signature,
)

FRAME = pd.DataFrame({"x": [1.5, 2.5], "n": [1, 2], "word": ["a", "b"], "yes": [True, False]})


def test_columns_of_a_frame() -> None:
    """Each column has mlflow's type; one with a missing value is optional."""
    frame = FRAME.assign(
        day=pd.to_datetime(["2026-01-01", None]),
        small=np.array([1, 2], dtype="int32"),
        half=np.array([1, 2], dtype="float32"),
        kind=pd.Categorical(["u", "v"]),
        mixed=[1, "a"],
    )
    assert infer_signature(frame).to_dict()["inputs"] == (
        '[{"type": "double", "name": "x", "required": true}, {"type": "long", "name": "n", "required": true}, '
        '{"type": "string", "name": "word", "required": true}, {"type": "boolean", "name": "yes", "required": true}, '
        '{"type": "datetime", "name": "day", "required": false}, '
        '{"type": "integer", "name": "small", "required": true}, '
        '{"type": "float", "name": "half", "required": true}, {"type": "string", "name": "kind", "required": true}, '
        '{"type": "any", "name": "mixed", "required": true}]'
    )


@pytest.mark.parametrize(
    ("data", "schema"),
    [
        (np.zeros((4, 3)), Schema([TensorSpec("float64", (-1, 3))])),
        (np.zeros(4, dtype="int64"), Schema([TensorSpec("int64", (-1,))])),
        ({"a": np.zeros((2, 2), "float32")}, Schema([TensorSpec("float32", (-1, 2), "a")])),
        ({"a": [1, 2], "b": "x"}, Schema([ColSpec("long", "a"), ColSpec("string", "b")])),
        (["a", "b"], Schema([ColSpec("string")])),
        ([{"a": 1.5}, {"a": 2.5}], Schema([ColSpec("double", "a")])),
        (pd.Series([1, 2], name="y"), Schema([ColSpec("long", "y")])),
        ("text", Schema([ColSpec("string")])),
    ],
)
def test_other_data(data: Any, schema: Schema) -> None:
    """Arrays are tensors whose first axis is open; dicts, lists and single values are columns."""
    assert infer_signature(data).inputs == schema


def test_what_mlflow_writes_is_read_and_written_again() -> None:
    """The form in MLmodel goes both ways, with params; nested types that we do not have are any."""
    entries = {
        "inputs": '[{"type": "double", "name": "x", "required": true}]',
        "outputs": '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]',
        "params": '[{"name": "n", "type": "long", "default": 3, "shape": null}]',
    }
    signature = ModelSignature.from_dict(entries)
    assert signature == ModelSignature(
        Schema([ColSpec("double", "x")]), Schema([TensorSpec("int64", (-1,))]), (ParamSpec("n", "long", 3),)
    )
    assert signature.to_dict() == entries
    nested = Schema.from_json('[{"type": "object", "properties": {"a": {"type": "long"}}, "name": "o"}]')
    assert nested == Schema([ColSpec("any", "o")])


def test_what_is_no_schema_is_an_error() -> None:
    """A schema that cannot be read says so, and shows what it was."""
    with pytest.raises(InvalidValue, match=r"This is no schema of a model: 'nonsense'"):
        Schema.from_json("nonsense")
    with pytest.raises(InvalidValue, match=r"^Give an example"):
        infer_signature()


SIGNATURE = infer_signature(FRAME)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (FRAME[["x", "n", "yes"]], "the data lacks the column 'word'"),
        (FRAME.rename(columns={"x": "z"}), "the data lacks the column 'x'; it has 'z' instead"),
        (FRAME.assign(n=["1", "2"]), "the column 'n' is string (str), and long is wanted"),
        (FRAME.assign(n=[1.5, 2.5]), "the column 'n' is double (float64), and long is wanted"),
        (FRAME.assign(x=[2**60, 1]), "the column 'x' is long, and some of its values are not exact as double"),
        (np.zeros((2, 3)), "the array has the shape (2, 3); 4 columns are wanted"),
        (3, "int has no columns"),
    ],
)
def test_a_misfit_names_column_and_types(data: Any, reason: str) -> None:
    """What does not fit is refused with mlflow's code, the column, what it is and what is wanted."""
    with pytest.raises(InvalidValue) as caught:
        enforce(data, SIGNATURE)
    assert str(caught.value) == (
        f"The data does not fit the model's signature: {reason}. The model takes {SIGNATURE.inputs!r}."
    )
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_whole_numbers_with_gaps_are_explained() -> None:
    """A long column that has become float through a missing value says what happened."""
    with pytest.raises(InvalidValue, match=r"whole numbers with missing values are floats in pandas"):
        enforce(FRAME.assign(n=[1, None]), SIGNATURE)


def test_data_is_put_into_order_and_types() -> None:
    """Columns come in the model's order; whole numbers become floats where that is exact; extra ones are left out."""
    given = FRAME[["yes", "word", "n", "x"]].assign(x=[1, 2], n=np.array([1, 2], "int32"))
    fitted = enforce(given, SIGNATURE)
    assert list(fitted.columns) == ["x", "n", "word", "yes"]
    assert [str(one) for one in fitted.dtypes] == ["float64", "int64", "str", "bool"]
    with pytest.warns(UserWarning, match=r"Left out, since the model's signature has it not: the column 'more'"):
        assert list(enforce(FRAME.assign(more=1), SIGNATURE).columns) == ["x", "n", "word", "yes"]
    assert enforce({"x": [1.5], "n": [1], "word": ["a"], "yes": [True]}, SIGNATURE).shape == (1, 4)


def test_tensors() -> None:
    """The shape counts but for open axes; a type that holds each value exactly is taken."""
    signature = infer_signature(np.zeros((5, 3), dtype="float32"))
    assert enforce(np.zeros((2, 3), "int16"), signature).dtype == "float32"
    with pytest.raises(InvalidValue, match=r"the array has the shape \(2, 4\), and \(-1, 3\) is wanted"):
        enforce(np.zeros((2, 4), "float32"), signature)
    with pytest.raises(InvalidValue, match=r"the array is float64, and float32 is wanted"):
        enforce(np.zeros((2, 3)), signature)
    named = infer_signature({"a": np.zeros((1, 2)), "b": np.zeros(1)})
    with pytest.raises(InvalidValue, match=r"the data lacks 'b'"):
        enforce({"a": np.zeros((1, 2))}, named)


def test_params_have_the_defaults_of_the_signature() -> None:
    """A missing param has its default, an unknown one is an error that names those there are."""
    signature = infer_signature(np.zeros((1, 1)), params={"n": 3, "names": ["a"]})
    assert signature.params == (ParamSpec("n", "long", 3), ParamSpec("names", "string", ["a"], (-1,)))
    assert enforce_params({"n": 4}, signature) == {"n": 4, "names": ["a"]}
    with pytest.raises(InvalidValue, match=r"The model's signature has no param 'm'; it has n, names\."):
        enforce_params({"m": 1}, signature)


def test_without_a_signature_everything_goes_through() -> None:
    """The data is handed on as it is."""
    data = object()
    assert enforce(data, None) is data
    assert enforce(data, ModelSignature()) is data
