"""``notebooks/walkthrough/``, executed: fourteen notebooks of an mlflow tutorial, each with something to look at.

Notebooks that read each other's runs share a folder and run one after the other; two folders at a time.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from test_quickstart import ROOT, execute

from jupyter_track.records import Run
from jupyter_track.store import registry
from jupyter_track.store.reader import Reader

FOLDER = ROOT / "notebooks" / "walkthrough"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
CHAINS = (
    ("06-experiments", "07-querying", "08-visualizing"),
    ("09-images",),
    ("10-text",),
    ("11-optuna",),
    ("01-introduction", "02-setting-up", "03-params"),
    ("04-metrics", "05-artifacts"),
    ("12-version-control", "13-reproducing"),
    ("14-teams",),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder in which each notebook was executed."""
    pytest.importorskip("torch")
    pytest.importorskip("optuna")
    places = {chain: tmp_path_factory.mktemp(chain[0]) for chain in CHAINS}

    def run(chain: Sequence[str]) -> None:
        if "12-version-control" in chain:
            commit(places[tuple(chain)])
        for name in chain:
            shutil.copy(FOLDER / f"{name}.ipynb", places[tuple(chain)])
            execute(places[tuple(chain)] / f"{name}.ipynb")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, CHAINS))
    return {name: places[chain] for chain in CHAINS for name in chain}


def commit(folder: Path) -> None:
    """Make a folder a repository with one commit."""
    (folder / "README").write_text("A project.\n")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "begin"]):
        own = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
        subprocess.run(["git", *own, *words], cwd=folder, check=True)


def runs_of(folder: Path, experiment: str) -> list[Run]:
    """The runs of an experiment, the newest first."""
    reader = Reader(folder / "track.db")
    return reader.runs([reader.experiment_named(experiment).experiment_id])


def outputs_of(folder: Path, name: str) -> dict[str, list[Any]]:
    """What each code cell of an executed notebook shows, by the cell's id."""
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    return {
        cell["id"].removesuffix("-code"): cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"
    }


def texts_of(outputs: list[Any]) -> str:
    """The text of a cell's outputs."""
    return "\n".join(str(one.get("text") or one.get("data", {}).get("text/plain", "")) for one in outputs)


def test_every_notebook_is_in_a_chain() -> None:
    """A notebook that is added to the folder is executed too."""
    assert sorted(name for chain in CHAINS for name in chain) == NOTEBOOKS
    assert len(NOTEBOOKS) == 14


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_and_shows_something(folders: dict[str, Path], name: str) -> None:
    """Each notebook ran to its end, showed a picture, a frame or a run, and has no warning in it but the server's."""
    shown = outputs_of(folders[name], name)
    kinds = {kind for outputs in shown.values() for one in outputs for kind in one.get("data", {})}
    assert kinds & {"text/html", "image/png"}
    told = "".join(one["text"] for outputs in shown.values() for one in outputs if one.get("name") == "stderr")
    assert bool(told) == (name == "14-teams"), told
    assert [one for outputs in shown.values() for one in outputs if one["output_type"] == "error"] == []


@pytest.mark.parametrize(
    ("name", "experiment", "run", "model", "title"),
    [
        ("02-setting-up", "wine", "forest", "forest", "sklearn RandomForestClassifier · skops"),
        ("05-artifacts", "artifacts", "confusion", "trained_model", "sklearn LogisticRegression · skops"),
        ("06-experiments", "image_classification_project", "deep_experiment", "trained_model",
         "pytorch Sequential · safetensors"),
        ("09-images", "shapes", "residual", "animal_classifier",
         "pytorch Sequential · cloudpickle (Residual is a class of the notebook)"),
        ("10-text", "sentiment_analysis", "naive_bayes", "naive_bayes_model", "sklearn Pipeline · skops"),
        ("10-text", "sentiment_analysis", "network", "network", "pytorch Sequential · safetensors"),
        ("11-optuna", "svc_hyperparameter_tuning", "study", "best_model", "sklearn SVC · skops"),
        ("12-version-control", "diabetes", "linear", "linear_regression_model", "sklearn LinearRegression · skops"),
        ("13-reproducing", "reproducible_experiment", "forest", "model", "sklearn RandomForestRegressor · skops"),
    ],
)  # fmt: skip
def test_the_models(folders: dict[str, Path], name: str, experiment: str, run: str, model: str, title: str) -> None:
    """Each model is a folder among its run's artifacts, and says its format."""
    (found,) = [one for one in runs_of(folders[name], experiment) if one.name == run]
    artifacts = Reader(folders[name] / "track.db").artifacts(found.run_id, model)
    assert [one.title for one in artifacts if one.kind == "model"] == [title]
    assert {one.path.removeprefix(f"{model}/") for one in artifacts} >= {"MLmodel", "conda.yaml", "requirements.txt"}


def test_what_the_runs_hold(folders: dict[str, Path]) -> None:
    """Params with their types, curves with all points, children below their parent, tags and files."""
    (hello,) = runs_of(folders["01-introduction"], "first steps")
    assert (hello.params["rate"].value, hello.metrics["value"].count, hello.status) == (0.85, 12, "FINISHED")
    depths = runs_of(folders["03-params"], "depths")
    assert [run.params["max_depth"].value for run in depths] == [4, 6, 3, 2, 1]
    assert depths[1].params["columns"].value == [0, 1, 2, 3]
    (sgd,) = runs_of(folders["04-metrics"], "digits")
    assert {key: metric.count for key, metric in sgd.metrics.items()} == {
        "loss": 20, "accuracy": 20, "precision": 1, "recall": 1, "f1_score": 1,
    }  # fmt: skip
    trials = runs_of(folders["11-optuna"], "svc_hyperparameter_tuning")
    (study,) = [run for run in trials if run.name == "study"]
    assert len([run for run in trials if run.parent_run_id == study.run_id]) == 16
    best = max(run.metrics["accuracy"].last for run in trials if run is not study)
    assert study.metrics["best_accuracy"].last == best
    team = runs_of(folders["14-teams"], "team_collaboration_project")
    assert [run.own_tags["person"] for run in team] == ["grace", "ada"]


def test_the_registry(folders: dict[str, Path]) -> None:
    """Notebook 7 names the best network, and 11 registers with log_model."""
    store = folders["07-querying"] / "track.db"
    (version,) = registry.versions(store)
    best = max(
        (run for run in runs_of(folders["06-experiments"], "image_classification_project") if run.metrics),
        key=lambda run: run.metrics["accuracy"].last,
    )
    assert (version.name, version.version, version.aliases, version.run_id) == (
        "digit-reader", 1, ["champion"], best.run_id,
    )  # fmt: skip
    assert [one.name for one in registry.models(folders["11-optuna"] / "track.db")] == ["iris"]


def test_what_they_say(folders: dict[str, Path]) -> None:
    """The texts that a reader of the notebook waits for."""
    said = {name: {key: texts_of(one) for key, one in outputs_of(folders[name], name).items()} for name in NOTEBOOKS}
    assert said["02-setting-up"]["load"] == "True"
    assert "INVALID_PARAMETER_VALUE" in said["02-setting-up"]["misfit"]
    assert "lacks the column 'alcohol'" in said["02-setting-up"]["misfit"]
    assert said["13-reproducing"]["again"] == "True"
    assert re.search(r"scikit-learn==\d", said["13-reproducing"]["found"])
    assert "(Residual is a class of the notebook)" in said["09-images"]["train"]
    assert re.fullmatch(r"'[0-9a-f]{12}'", said["12-version-control"]["commit"])
    assert re.search(r"mlflow\.source\.git\.commit +[0-9a-f]{40}\njupyter_track\.git\.branch +main\n",
                     said["12-version-control"]["tags"])  # fmt: skip
    assert "2 runs" in said["14-teams"]["share"]
    assert "tracking.example.org:5000 is a server" in said["14-teams"]["server"]
    assert "team_collaboration_project · ada's run FINISHED {'rate': '0.1'}" in said["14-teams"]["client"]


def test_they_are_committed_without_outputs() -> None:
    """Outputs would change with every run; the ids of cells are words and stay."""
    for name in NOTEBOOKS:
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
        assert [cell["id"] for cell in notebook["cells"] if not re.fullmatch(r"[a-z]+(-code)?", cell["id"])] == []
