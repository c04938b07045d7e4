"""``notebooks/panels.ipynb``, executed: each form of the card, and the table."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from test_quickstart import ROOT, execute

from jupyter_track.records import Run
from jupyter_track.store.reader import Reader

NOTEBOOK = ROOT / "notebooks" / "panels.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the executed notebook and its store."""
    folder = tmp_path_factory.mktemp("panels")
    shutil.copy(NOTEBOOK, folder)
    execute(folder / NOTEBOOK.name)
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> list[Run]:
    """All runs, the oldest first."""
    return Reader(folder / "track.db").runs()[::-1]


@pytest.fixture(scope="module")
def shown(folder: Path) -> dict[str, list[str]]:
    """The texts that each cell shows, by the cell's id."""
    notebook = nbformat.read(folder / NOTEBOOK.name, as_version=4)
    return {
        cell["id"].removesuffix("-code"): [
            output["data"]["text/plain"] if "data" in output else output.get("text", output.get("ename"))
            for output in cell["outputs"]
        ]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    }


def test_the_runs_of_the_gallery(runs: list[Run]) -> None:
    """Seventeen runs: one that fails, one that diverges, a sweep of four, five repeats."""
    parents = {run.run_id: run.name for run in runs}
    assert Counter(parents.get(run.parent_run_id or "", "") for run in runs) == {"": 9, "sweep": 4, "repeats": 5}
    assert Counter(run.status for run in runs) == {"FINISHED": 17, "FAILED": 1}
    assert [run.name for run in runs[:5]] == ["baseline", "regularised", "sgd", "by hand", "refused"]
    curves = {run.name: run.metrics["loss"].count for run in runs if "loss" in run.metrics}
    assert (curves["sgd"], curves["diverged"]) == (24, 40)


def test_the_cards(shown: dict[str, list[str]]) -> None:
    """One line, curves, a run by hand, an error in place of the metrics, NaN, a long name.

    On a slow disk a card may end before the store has given the number, and does without it.
    """
    assert [len(shown[name]) for name in ("first", "second", "loop", "live", "nan", "name")] == [1] * 6
    assert re.match(r"✓ baseline(?: #1)?  accuracy 0\.9\d+  .*ms\n", shown["first"][0])
    assert re.match(r"✓ regularised(?: #2)?  accuracy 0\.9\d+ \(\+0\.0\d+ ▲ vs #1\)", shown["second"][0])
    assert [line.split()[0] for line in shown["loop"][0].splitlines()[1:5]] == ["loss", "accuracy", "eta", "final"]
    assert re.match("✓ by hand(?: #4)?  ", shown["live"][0])
    assert shown["failed"][0] == "InvalidParameterError"
    assert re.search("✗ refused(?: #5)?  ", shown["failed"][1])
    assert "loss  NaN  best 1.500 at 0" in shown["nan"][0]
    assert "…" in shown["name"][0]


def test_the_table(shown: dict[str, list[str]]) -> None:
    """Parents show their children's best or mean and spread, and repeats share a row; there is nothing but text."""
    (table,) = shown["table"]
    assert all(word in table for word in ("baseline", "unseeded ×5", "(n=5)", "best 0.9", "NaN"))
    assert [shown["repeats"][0][0], len(shown["repeats"])] == ["✓", 1]
    assert "tags.mlflow.runName" in shown["frame"][0]
    assert shown["best"] in (["'regularised'"], ["'unseeded'"])  # five of them are as chance has it


def test_the_notebook_is_committed_without_outputs() -> None:
    """Outputs would change with every run; the ids of cells are words and stay."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert [cell["id"] for cell in notebook["cells"] if not re.fullmatch(r"[a-z]+(-code)?", cell["id"])] == []
