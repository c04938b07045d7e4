"""Examples of a model's input, kept as JSON in mlflow's form beside the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DamagedModel, InvalidValue
from ..recording.plain import plain
from .folder import Place
from .signature import as_array

FILE = "input_example.json"


def write_example(folder: Path, example: Any) -> dict[str, Any]:
    """Write an example into a model's folder and return what ``MLmodel`` says of it.

    Raises
    ------
    InvalidValue
        Where it is nothing that JSON can hold.
    """
    value, about = _told(example)
    try:
        text = json.dumps(value)
    except (TypeError, ValueError) as error:
        raise InvalidValue(
            f"The input example cannot be written as JSON ({error}); give a DataFrame, an array, a dict or a list."
        ) from error
    (folder / FILE).write_text(text, encoding="utf-8")
    return {"artifact_path": FILE, **about}


def _told(example: Any) -> tuple[Any, dict[str, Any]]:
    if hasattr(example, "columns") and hasattr(example, "dtypes"):
        frame = example.to_pandas() if hasattr(example, "to_pandas") else example
        split = json.loads(frame.to_json(orient="split", date_format="iso", double_precision=15))
        split.pop("index")
        return split, {"type": "dataframe", "pandas_orient": "split"}
    if hasattr(example, "to_frame") and hasattr(example, "dtype"):
        return _told(example.to_frame(name=example.name if example.name is not None else 0))
    array = as_array(example)
    if array is not None:
        array = array.toarray() if hasattr(array, "toarray") else array
        return {"inputs": array.tolist()}, {"type": "ndarray", "format": "tf-serving", "dtype": array.dtype.str}
    if isinstance(example, Mapping) and example and all(as_array(value) is not None for value in example.values()):
        return (
            {"inputs": {str(key): as_array(value).tolist() for key, value in example.items()}},
            {"type": "ndarray", "format": "tf-serving"},
        )
    return plain(example), {"type": "json_object"}


def read_example(place: Place, about: Mapping[str, Any] | None) -> Any:
    """Return the example of a model in its own form; None where it has none.

    Raises
    ------
    DamagedModel
        Where the file is not what it should be.
    """
    if not about:
        return None
    try:
        value = json.loads(place.file(about.get("artifact_path", FILE)).read_text(encoding="utf-8"))
        if about.get("type") == "dataframe":
            import pandas

            return pandas.DataFrame(value["data"], columns=value.get("columns"))
        if about.get("type") == "ndarray":
            import numpy

            inputs = value["inputs"]
            if isinstance(inputs, Mapping):
                return {key: numpy.asarray(one) for key, one in inputs.items()}
            return numpy.asarray(inputs, dtype=about.get("dtype"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedModel(f"The input example of the model cannot be read ({error}).") from error
    return value
