"""Make stores with mlflow itself, as files for the tests of the import; needs mlflow and scikit-learn.

``python scripts/mlflow_fixtures.py tests/data/mlflow`` writes ``folder.tar.gz`` (an ``mlruns``), ``database.tar.gz``
(a dump of an ``mlflow.db``, and its files) and for each what mlflow's own client reads from it (``folder.json`` and
``database.json``). Addresses are written as those of another machine: a store that was moved is the common case.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ELSEWHERE = "/home/ann/project"
KINDS = ("folder", "database")
URIS = {"folder": "file:./mlruns", "database": "sqlite:///mlflow.db"}


def record(kind: str) -> dict[str, Any]:
    """Let mlflow record in the working directory, and return what its client reads from there."""
    os.environ.update(MLFLOW_ALLOW_FILE_STORE="true", LOGNAME="ann", USER="ann", MLFLOW_DISABLE_TELEMETRY="true")
    import mlflow

    mlflow.set_tracking_uri(URIS[kind])
    mlflow.set_experiment("digits")
    mlflow.set_experiment_tag("owner", "ann")
    with mlflow.start_run(run_name="parent", description="why\nso", tags={"team": "a/b", "ü": "ä"}):
        _fill(mlflow)
        for name, accuracy in (("first", 0.5), ("second", 0.75)):
            with mlflow.start_run(nested=True, run_name=name):
                mlflow.log_metric("acc", accuracy)
                if name == "second":
                    _log_model(mlflow)
    _others(mlflow)
    _register(mlflow)
    return _expected(mlflow)


def _fill(mlflow: Any) -> None:
    import numpy
    import pandas

    mlflow.log_params({"lr": 1e-3, "depth": 5, "name": "rbf", "bool": True, "text": "1e-3", "nothing": None})
    for step in range(300):
        mlflow.log_metric("train/loss", 1 / (step + 1), step=step)
    for step, value in ((3, 0.25), (1, 0.5), (1, 0.5), (1, 0.75), (-2, math.nan), (4, math.inf), (5, -math.inf)):
        mlflow.log_metric("odd one", value, step=step)
    mlflow.log_text("hello", "notes/a.txt")
    mlflow.log_dict({"a": [1, 2]}, "d.json")
    mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
    Path("big.bin").write_bytes(bytes(200_000))
    mlflow.log_artifact("big.bin", "deep/er")
    columns = {f"a long name of the column {at} (cm)": [0.5, 1.5] for at in range(12)}
    frame = pandas.DataFrame({**columns, "text": ["x", "y"]})
    mlflow.log_input(
        mlflow.data.from_pandas(frame, source="train.csv", name="iris", targets="text"), context="training"
    )
    mlflow.log_input(mlflow.data.from_numpy(numpy.eye(3), name="eye"), tags={"split": "b"})


def _log_model(mlflow: Any) -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0], [1]], [0, 1])
    mlflow.sklearn.log_model(model, name="model", registered_model_name="classifier", pip_requirements=["scikit-learn"])


def _others(mlflow: Any) -> None:
    """Runs that did not end well, a deleted one, and a deleted experiment."""
    for status in ("FAILED", "KILLED"):
        mlflow.start_run(run_name=status.lower())
        mlflow.log_metric("acc", 0.1)
        mlflow.end_run(status)
    client = mlflow.MlflowClient()
    with mlflow.start_run(run_name="deleted") as run:
        mlflow.log_param("password", "hunter22")
    client.delete_run(run.info.run_id)
    experiment = mlflow.get_experiment_by_name("digits").experiment_id
    client.create_run(experiment, run_name="running")
    old = mlflow.create_experiment("old")
    client.log_metric(client.create_run(old, run_name="of old").info.run_id, "acc", 0.2, step=7)
    client.delete_experiment(old)


def _register(mlflow: Any) -> None:
    """A second version of the model that was logged, words about both, aliases; a model without a version, a prompt."""
    client = mlflow.MlflowClient()
    (first,) = client.search_model_versions("name = 'classifier'")
    mlflow.register_model(first.source, "classifier", tags={"checked": "yes"})
    client.update_registered_model("classifier", "Tells 0 from 1.")
    client.set_registered_model_tag("classifier", "team", "a/b")
    client.set_registered_model_tag("classifier", "password", "hunter22")
    client.update_model_version("classifier", "2", "after cleaning\nthe data")
    client.set_registered_model_alias("classifier", "champion", "1")
    client.set_registered_model_alias("classifier", "challenger", "2")
    client.create_registered_model("empty", description="No version yet.")
    mlflow.genai.register_prompt("greeting", "Hello {{name}}")


def _expected(mlflow: Any) -> dict[str, Any]:
    """All that mlflow's client reads, run by run and point by point."""
    client = mlflow.MlflowClient()
    experiments = client.search_experiments(view_type=3)
    runs = client.search_runs([one.experiment_id for one in experiments], run_view_type=3, max_results=1000)
    names = {one.experiment_id: one.name for one in experiments}
    return {
        "mlflow": mlflow.__version__,
        "experiments": {
            one.name: {"stage": one.lifecycle_stage, "id": one.experiment_id, "tags": dict(one.tags)}
            for one in experiments
        },
        "runs": {run.info.run_id: _run(client, run, names) for run in runs},
        "models": {
            one.name: {
                "description": one.description,
                "created": one.creation_timestamp,
                "tags": dict(one.tags),
                "aliases": {name: int(version) for name, version in one.aliases.items()},
                "versions": [_version(found) for found in client.search_model_versions(f"name = '{one.name}'")],
            }
            for one in client.search_registered_models()
        },
    }


def _version(version: Any) -> dict[str, Any]:
    return {
        "version": int(version.version),
        "created": version.creation_timestamp,
        "description": version.description,
        "run": version.run_id,
        "source": version.source,
        "tags": dict(version.tags),
    }


def _run(client: Any, run: Any, experiments: dict[str, str]) -> dict[str, Any]:
    run_id = run.info.run_id
    return {
        "name": run.info.run_name,
        "experiment": experiments[run.info.experiment_id],
        "status": run.info.status,
        "stage": run.info.lifecycle_stage,
        "start": run.info.start_time,
        "end": run.info.end_time,
        "params": dict(run.data.params),
        "tags": dict(run.data.tags),
        "metrics": {
            key: [[one.step, one.timestamp, repr(one.value)] for one in client.get_metric_history(run_id, key)]
            for key in run.data.metrics
        },
        "artifacts": {} if run.info.lifecycle_stage == "deleted" else dict(sorted(_files(client, run_id, None))),
        "datasets": [
            {
                "name": used.dataset.name,
                "digest": used.dataset.digest,
                "source_type": used.dataset.source_type,
                "source": used.dataset.source,
                "schema": used.dataset.schema,
                "profile": used.dataset.profile,
                "tags": {tag.key: tag.value for tag in used.tags},
            }
            for used in run.inputs.dataset_inputs
        ],
    }


def _files(client: Any, run_id: str, path: str | None) -> Iterator[tuple[str, int]]:
    for one in client.list_artifacts(run_id, path):
        if one.is_dir:
            yield from _files(client, run_id, one.path)
        else:
            yield one.path, one.file_size


def pack(kind: str, folder: Path, target: Path) -> None:
    """Write what was recorded in a folder as an archive, with the addresses of another machine."""
    here = str(folder)
    if kind == "database":
        connection = sqlite3.connect(folder / "mlflow.db")
        (folder / "mlflow.sql").write_text("\n".join(connection.iterdump()) + "\n", encoding="utf-8")
        connection.close()
        (folder / "mlflow.db").unlink()
    names = {"folder": ["mlruns"], "database": ["mlruns", "mlflow.sql"]}[kind]
    paths = [path for name in names for path in sorted([folder / name, *(folder / name).rglob("*")])]
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path in paths:
            _add(archive, path, path.relative_to(folder).as_posix(), here)


def _add(archive: tarfile.TarFile, path: Path, name: str, here: str) -> None:
    entry = tarfile.TarInfo(name)
    if path.is_dir():
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(entry)
        return
    data = path.read_bytes().replace(here.encode(), ELSEWHERE.encode())
    entry.size, entry.mode = len(data), 0o644
    archive.addfile(entry, io.BytesIO(data))


def main(target: Path) -> None:
    """Make both, each in a process of its own: mlflow keeps its address in the process."""
    target.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        folder = Path(tempfile.mkdtemp(prefix="mlflow-"))
        try:
            _in_process(kind, folder)
            expected = (folder / "expected.json").read_text(encoding="utf-8")
            (target / f"{kind}.json").write_text(expected.replace(str(folder), ELSEWHERE), encoding="utf-8")
            (folder / "expected.json").unlink()
            pack(kind, folder, target / f"{kind}.tar.gz")
        finally:
            shutil.rmtree(folder)


def _in_process(kind: str, folder: Path) -> None:
    import subprocess

    shutil.copyfile(__file__, folder / "train.py")  # mlflow records the script's path
    subprocess.run([sys.executable, "train.py", "--record", kind], cwd=folder, check=True)


if __name__ == "__main__":
    if sys.argv[1] == "--record":
        text = json.dumps(record(sys.argv[2]), indent=1, ensure_ascii=False)
        Path("expected.json").write_text(text + "\n", encoding="utf-8")
    else:
        main(Path(sys.argv[1]))
