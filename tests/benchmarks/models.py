"""log_model and load_model against mlflow's own, the same script in a process of each, taken in turns.

log_model returns here before all is on disk, so loading at once waits for that: the two are also measured together.

mlflow need not be in this environment: MLFLOW_PYTHON names the interpreter of one that has it, with scikit-learn and
skops of the same versions. Without it there is nothing to compare with, and no row.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .measure import REPOSITORY, Row, folder

MLFLOW_PYTHON = "MLFLOW_PYTHON"
_SCRIPT = """
import json, sys, time, warnings, logging
warnings.filterwarnings("ignore"); logging.disable(logging.ERROR)
import {package} as mlflow, {package}.sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
rows = __import__("numpy").random.default_rng(0).random((200_000, 20))
large = KNeighborsClassifier(algorithm="brute").fit(rows, rows[:, 0] > 0.5)  # 32 MB
mlflow.set_tracking_uri("sqlite:///benchmark.db")
found = {{}}

def measured(name, work):
    begin = time.perf_counter()
    result = work()
    found.setdefault(name, []).append(time.perf_counter() - begin)
    return result

with mlflow.start_run():
    for number in range({times}):
        first = "first log_model" if number == 0 else "log_model"
        begin = time.perf_counter()
        info = measured(first, lambda: mlflow.sklearn.log_model(model, name=f"m{{number}}"))
        mlflow.sklearn.load_model(info.model_uri)
        found.setdefault("log_model and loading it at once", []).append(time.perf_counter() - begin)
        for _ in range(5):
            measured("load_model", lambda: mlflow.sklearn.load_model(info.model_uri))
    info = mlflow.sklearn.log_model(large, name="large")
    for _ in range(5):
        measured("load_model of 32 MB", lambda: mlflow.sklearn.load_model(info.model_uri))
    measured("log_model with an input example", lambda: mlflow.sklearn.log_model(model, name="e", input_example=X[:5]))
    measured("log_model with an input example", lambda: mlflow.sklearn.log_model(model, name="f", input_example=X[:5]))
print(json.dumps({{name: min(some) for name, some in found.items()}}))
"""


def _measured(python: str, package: str, times: int) -> dict[str, float]:
    with folder() as place:
        script = place / "script.py"
        script.write_text(_SCRIPT.format(package=package, times=times))
        environ = {**os.environ, "PYTHONPATH": str(REPOSITORY), "MLFLOW_DISABLE_TELEMETRY": "true"}
        answer = subprocess.run([python, str(script)], cwd=place, env=environ, stdout=subprocess.PIPE, check=True)
        measured: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
        return measured


def models(times: int) -> list[Row]:
    """Return how long logging and loading a pipeline take, against mlflow in the same run."""
    python = os.environ.get(MLFLOW_PYTHON)
    if python is None or not Path(python).exists():
        print(f"models: set {MLFLOW_PYTHON} to the interpreter of an environment that has mlflow", file=sys.stderr)
        return []
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    for _ in range(2):
        for found, interpreter, package in ((ours, sys.executable, "jupyter_track"), (theirs, python, "mlflow")):
            for name, seconds in _measured(interpreter, package, times).items():
                found[name] = min(seconds, found.get(name, seconds))
    return [
        Row(f"{name}, against mlflow", f"{ours[name]:.3f} s", f"{theirs[name]:.3f} s", ours[name] / theirs[name], 1)
        for name in ours
    ]
