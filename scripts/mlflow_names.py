"""Write down mlflow's public names and the parameters of its functions, for tests that run without it.

``python scripts/mlflow_names.py tests/data/mlflow/names.json``, where mlflow, scikit-learn and torch are installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

# Of which modules the functions are written down; of flavors those that all of them have.
FLAVOR = "log_model load_model save_model"
MODULES = {
    "mlflow": "",
    "mlflow.artifacts": "",
    "mlflow.data": "from_pandas from_numpy from_polars",
    "mlflow.models": "infer_signature get_model_info",
    "mlflow.pyfunc": FLAVOR,
    "mlflow.pytorch": FLAVOR,
    "mlflow.sklearn": FLAVOR,
}
IMPORTED = (  # the modules that notebooks import
    "artifacts catboost data entities exceptions gateway genai keras langchain lightgbm metrics models"
    " onnx openai projects prophet pyfunc pytorch sentence_transformers shap sklearn spark statsmodels"
    " tensorflow tracking transformers types xgboost"
)
CLASSES = ("Metric", "Param", "RunTag", "FileInfo", "Experiment", "Dataset", "InputTag", "DatasetInput")
RUN_INFO = "run_id run_name experiment_id status start_time end_time artifact_uri lifecycle_stage user_id"

Signature = list[list[str]]


def signature(function: Any) -> Signature:
    """Return name, default (as it is written; empty where there is none) and kind of each parameter but `self`.

    Examples
    --------
    >>> signature(lambda a, *, b=None: a)
    [['a', '', 'POSITIONAL_OR_KEYWORD'], ['b', 'None', 'KEYWORD_ONLY']]
    """
    found = inspect.signature(function).parameters.values()
    return [[one.name, _written(one.default), one.kind.name] for one in found if one.name != "self"]


def _written(default: Any) -> str:
    """A default as it is written; a mark in place of an object that stands for nothing given."""
    if default is inspect.Parameter.empty:
        return ""
    return "<not given>" if type(default) is object else repr(default)


def functions(place: Any, names: str) -> dict[str, Signature]:
    """Return the parameters of the functions of a module or class: those that are named, or all that are public."""
    wanted = names.split() or [name for name in getattr(place, "__all__", dir(place)) if not name.startswith("_")]
    found = {name: getattr(place, name, None) for name in sorted(set(wanted))}
    return {name: signature(one) for name, one in found.items() if inspect.isfunction(one)}


def collect() -> dict[str, Any]:
    """Return what is written down, of the mlflow that is installed."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    warnings.simplefilter("ignore")
    import mlflow

    entities = importlib.import_module("mlflow.entities")
    return {
        "version": mlflow.__version__,
        "names": sorted(set(mlflow.__all__)),
        "modules": [name for name in IMPORTED.split() if importlib.util.find_spec(f"mlflow.{name}") is not None],
        "functions": {name: functions(importlib.import_module(name), wanted) for name, wanted in MODULES.items()},
        "client": functions(mlflow.MlflowClient, ""),
        "entities": {name: signature(getattr(entities, name)) for name in CLASSES},
        "run_info": [name for name in RUN_INFO.split() if hasattr(entities.RunInfo, name)],
    }


def dumped(found: dict[str, Any]) -> str:
    """Return it as JSON with a function a line."""
    text = json.dumps(found, indent=1)
    for place in (*found["functions"].values(), found["client"], found["entities"]):
        for name, parameters in place.items():
            several = json.dumps({name: parameters}, indent=1).removeprefix("{\n").removesuffix("\n}")
            for depth in (1, 2):
                shifted = "\n".join(" " * depth + line for line in several.splitlines())
                flat = " " * (depth + 1) + json.dumps({name: parameters})[1:-1]
                text = text.replace(shifted, flat)
    return text + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(dumped(collect()), encoding="utf-8")
