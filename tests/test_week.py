"""``notebooks/week.ipynb``, executed: a week of real runs, found again, named and tidied."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from test_quickstart import ROOT, execute

from jupyter_track.records import Run, ViewType
from jupyter_track.store.reader import Reader

NOTEBOOK = ROOT / "notebooks" / "week.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the executed notebook and its store."""
    folder = tmp_path_factory.mktemp("week")
    shutil.copy(NOTEBOOK, folder)
    execute(folder / NOTEBOOK.name)
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> list[Run]:
    """All runs, deleted ones too, the oldest first."""
    return Reader(folder / "track.db").runs(view_type=ViewType.ALL)[::-1]


@pytest.fixture(scope="module")
def shown(folder: Path) -> dict[str, list[str]]:
    """The texts that each cell shows, by the cell's id."""
    notebook = nbformat.read(folder / NOTEBOOK.name, as_version=4)
    return {
        cell["id"].removesuffix("-code"): [
            output["data"]["text/plain"] for output in cell["outputs"] if "data" in output
        ]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    }


def test_the_runs_of_the_week(runs: list[Run]) -> None:
    """Sixty runs: sweeps below the runs of their cells, failures, repeats, and two that ``%track on`` made."""
    parents = {run.run_id: run.name for run in runs}
    of = Counter(parents.get(run.parent_run_id or "", run.name) for run in runs if run.name != "margins")
    assert len(runs) == 60
    assert {
        name: of[name] for name in ("regularisation", "margins", "repeats", "forests", "rates", "MLPClassifier")
    } == {
        "regularisation": 12,
        "margins": 8,
        "repeats": 9,
        "forests": 17,
        "rates": 8,
        "MLPClassifier": 2,
    }
    failed = Counter(run.error.name for run in runs if run.error is not None)
    assert failed == {"ValueError": 5, "AttributeError": 1}
    assert Counter(run.status for run in runs) == {"FINISHED": 54, "FAILED": 6}
    curves = {run.metrics["loss"].count for run in runs if run.name.startswith("rate ")}
    assert curves == {12}


def test_what_was_named(runs: list[Run]) -> None:
    """The best run has its name, tags, note and pin; the baseline is that of the experiment."""
    (winner,) = [run for run in runs if run.name == "winner"]
    accuracies = [run.metrics["accuracy"].last for run in runs if "accuracy" in run.metrics]
    assert winner.metrics["accuracy"].last == max(accuracies)
    assert (winner.pinned, winner.note, winner.own_tags["keep"]) == (True, "The one for Monday's talk", "yes")
    (baseline,) = [run for run in runs if run.name == "baseline"]
    assert {run.baseline_run_id for run in runs if run.experiment_name == "week"} == {baseline.run_id}
    assert {run.name.split()[0] for run in runs if run.experiment_name == "dead ends"} == {"margins", "svc"}


def test_what_was_tidied(runs: list[Run]) -> None:
    """In the bin are the failed attempts; the repeats stay, as the noise of a metric is known from them."""
    deleted = [run for run in runs if run.lifecycle_stage == "deleted"]
    assert Counter(run.name if run.status == "FINISHED" else "failed" for run in deleted) == {"failed": 6}


def test_what_is_shown(shown: dict[str, list[str]]) -> None:
    """Failures and repeats fold, the comparison says what differs, and a cell without a metric has no card."""
    assert "×8" in "".join(shown["table"])
    assert "4 failed attempts" in "".join(shown["failed"])
    assert all(word in shown["compare"][0] for word in ("#1 baseline", "accuracy ↑", "code of #"))
    assert "nothing was touched" in shown["clean"][0]
    assert [len(shown[name]) for name in ("look", "wide", "deep")] == [1, 1, 1]
    assert shown["wide"][0].startswith("✓ MLPClassifier")
    assert "1 line of code" in shown["deep"][0]
    assert shown["undo"][0].endswith("restored")
    left = shown["left"][0].splitlines()
    assert ["baseline" in left[1], "winner" in left[2]] == [True, True]


def test_only_the_store_was_written(folder: Path) -> None:
    """Beside the notebook lie the store and its folder, and nothing else."""
    assert sorted(path.name for path in folder.iterdir()) == ["track.db", "track.db-files", "week.ipynb"]


def test_the_notebook_is_committed_without_outputs() -> None:
    """Outputs would change with every run; the ids of cells are words and stay."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert [cell["id"] for cell in notebook["cells"] if not re.fullmatch(r"[a-z]+(-code)?", cell["id"])] == []
