"""``notebooks/compare.ipynb``, executed: two models with three seeds each, compared run by run and as groups."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from test_quickstart import ROOT, execute

from jupyter_track.records import Run
from jupyter_track.store.reader import Reader

NOTEBOOK = ROOT / "notebooks" / "compare.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the executed notebook and its store."""
    folder = tmp_path_factory.mktemp("compare")
    shutil.copy(NOTEBOOK, folder)
    execute(folder / NOTEBOOK.name)
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> list[Run]:
    """All runs, the oldest first."""
    return Reader(folder / "track.db").runs()[::-1]


@pytest.fixture(scope="module")
def shown(folder: Path) -> dict[str, list[dict[str, str]]]:
    """What each cell shows, by the cell's id."""
    notebook = nbformat.read(folder / NOTEBOOK.name, as_version=4)
    return {
        cell["id"].removesuffix("-code"): [output["data"] for output in cell["outputs"] if "data" in output]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    }


def test_the_runs(folder: Path, runs: list[Run]) -> None:
    """Three seeds of each model, with curves, images with steps, a figure and a table with a key."""
    assert [run.name for run in runs] == ["linear"] * 3 + ["network"] * 3
    assert {run.metrics["accuracy"].count for run in runs} == {12}
    paths = {
        (one.path, one.kind, one.join_key)
        for one in Reader(folder / "track.db").artifacts(runs[0].run_id)
        if one.kind in ("table", "figure", "image")
    }
    assert paths == {
        ("answers.json", "table", "question"),
        ("confusion.png", "figure", None),
        *((f"images/units/{step:08d}.png", "image", None) for step in (3, 7, 11)),
    }


def test_run_against_run(shown: dict[str, list[dict[str, str]]]) -> None:
    """The static form has the curves, the pictures of both, the answers that changed, and the code by its words."""
    (form,) = shown["pair"]
    html = form["text/html"]
    assert (html.count("data:image/svg+xml,"), html.count("data:image/png;base64,")) == (2, 4)
    assert re.search(r"answers\.json by question · \d+ of 600 rows changed", html)
    text = form["text/plain"]
    assert text.index("params") < text.index("accuracy ↑") < text.index("code of #6 against #3")


def test_model_against_model(shown: dict[str, list[dict[str, str]]], runs: list[Run]) -> None:
    """Means with their spread, and the difference with its interval; the seeds are equal and have no line."""
    (form,) = shown["groups"]
    text = form["text/plain"]
    assert re.search(r"accuracy ↑ .*0\.\d+ ± 0\.\d+ \(n=3\).*0\.\d+ ± 0\.\d+ \(n=3\) [+−]0\.\d+.*\(95 % [+−]", text)
    assert "seed" not in text.partition("code of")[0]
    assert "Welch's t, 95 %" in text
    (frame,) = shown["found"]
    means = [sum(run.metrics["accuracy"].last for run in part) / 3 for part in (runs[3:], runs[:3])]
    assert [f"{mean:.6g}" in frame["text/plain"] for mean in means] == [True, True]


def test_only_the_store_was_written(folder: Path) -> None:
    """Beside the notebook lie the store and its folder, and nothing else."""
    assert sorted(path.name for path in folder.iterdir()) == ["compare.ipynb", "track.db", "track.db-files"]


def test_the_executed_notebook_is_small(folder: Path) -> None:
    """Pictures and tables of the static forms are bounded."""
    assert (folder / NOTEBOOK.name).stat().st_size < 1_000_000


def test_the_notebook_is_committed_without_outputs() -> None:
    """Outputs would change with every run; the ids of cells are words and stay."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert [cell["id"] for cell in notebook["cells"] if not re.fullmatch(r"[a-z]+(-code)?", cell["id"])] == []
