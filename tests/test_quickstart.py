"""The quickstart, executed; and the README's own cells, commands and queries, run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import jupyter_track
from jupyter_track.records import Run
from jupyter_track.store.reader import Reader

ROOT = Path(jupyter_track.__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
README = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- reference")[0]


def execute(notebook: Path) -> nbformat.NotebookNode:
    """Run a notebook in its folder, write it back and return it."""
    found = nbformat.read(notebook, as_version=4)
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {
        "PYTHONPATH": os.pathsep.join(paths),
        "JUPYTER_TRACK_NOTEBOOK": str(notebook),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    client = NotebookClient(
        found, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(notebook.parent)}}
    )
    client.execute(env={**os.environ, **own})
    nbformat.write(found, notebook)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the executed quickstart and its store."""
    folder = tmp_path_factory.mktemp("quickstart")
    shutil.copy(NOTEBOOK, folder)
    execute(folder / NOTEBOOK.name)
    return folder


@pytest.fixture(scope="module")
def reader(folder: Path) -> Reader:
    """The quickstart's store."""
    return Reader(folder / "track.db")


@pytest.fixture(scope="module")
def runs(reader: Reader) -> dict[str, Run]:
    """The quickstart's runs by their names."""
    return {run.name: run for run in reader.runs()}


def test_three_runs_are_recorded_and_finished(runs: dict[str, Run]) -> None:
    """Each tracked cell made one run, in the experiment and with the note of its line."""
    assert [(run.number, run.name, run.experiment_name, run.state, run.note) for run in runs.values()] == [
        (3, "sgd", "digits", "finished", None),
        (2, "less-regularised", "digits", "finished", "less regularisation"),
        (1, "baseline", "digits", "finished", "a plain linear model"),
    ]


def test_params_say_where_they_came_from(runs: dict[str, Run]) -> None:
    """Literals of the cell, and what of the estimator is not its default."""
    found = {name: {key: (p.value, p.source) for key, p in run.params.items()} for name, run in runs.items()}
    assert found == {
        "baseline": {"C": (0.1, "assign"), "max_iter": (300, "estimator")},
        "less-regularised": {"C": (3.0, "assign"), "max_iter": (300, "estimator")},
        "sgd": {
            "epochs": (15, "assign"),
            "loss": ("log_loss", "estimator"),
            "learning_rate": ("constant", "estimator"),
            "eta0": (0.05, "estimator"),
            "random_state": (0, "estimator"),
        },
    }


def test_metrics_are_the_named_variable_and_the_logged_curves(runs: dict[str, Run], reader: Reader) -> None:
    """One point where the line names a variable, fifteen where the loop logs; with their goals."""
    found = {name: {key: (m.count, m.source) for key, m in run.metrics.items()} for name, run in runs.items()}
    assert found == {
        "baseline": {"accuracy": (1, "named")},
        "less-regularised": {"accuracy": (1, "named")},
        "sgd": {"loss": (15, "logged"), "accuracy": (15, "logged")},
    }
    assert [dict(run.goals) for run in runs.values()] == 3 * [{"accuracy": "max", "loss": "min"}]
    assert [point.step for point in reader.history(runs["sgd"].run_id, "loss")] == list(range(15))
    assert all(0.9 < run.metrics["accuracy"].last <= 1 for run in runs.values())
    assert runs["sgd"].metrics["loss"].last < runs["sgd"].metrics["loss"].max


def test_figure_and_source_of_each_cell_are_kept(runs: dict[str, Run], reader: Reader) -> None:
    """The picture shown is there as PNG, and the execution with the cell as it was run."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    sources = {cell["id"]: cell["source"] for cell in notebook["cells"]}
    cells = {"baseline": "baseline-code", "less-regularised": "change-code", "sgd": "loop-code"}
    for name, run in runs.items():
        figures = [artifact for artifact in reader.artifacts(run.run_id) if artifact.kind == "figure"]
        assert [(one.mime, one.title) for one in figures] == [("image/png", "Which digit is taken for which")]
        assert reader.content(figures[0].sha256).startswith(b"\x89PNG")
        executions = [(one.source, one.status) for one in reader.executions(run.run_id)]
        assert executions == [(sources[cells[name]], "FINISHED")]
        assert run.notebook == "quickstart.ipynb"


def test_the_cards_and_tables_are_in_the_notebook(folder: Path) -> None:
    """The executed notebook can be read without a kernel: each form is there as HTML and as text."""
    notebook = nbformat.read(folder / NOTEBOOK.name, as_version=4)
    shown = {
        cell["id"]: [output["data"] for output in cell["outputs"] if "text/html" in output.get("data", {})]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    }
    assert {name: len(found) for name, found in shown.items()} == {
        "load-code": 0,
        "data-code": 0,
        "baseline-code": 1,
        "change-code": 1,
        "loop-code": 1,
        "table-code": 1,
        "show-code": 1,
        "search-code": 1,
    }
    assert "baseline #1" in shown["baseline-code"][0]["text/plain"]
    assert all(name in shown["table-code"][0]["text/plain"] for name in ("sgd", "less-regularised", "baseline"))


def test_looking_wrote_nothing_but_the_store(folder: Path) -> None:
    """Beside the notebook lie the store and its folder, and nothing else."""
    assert sorted(path.name for path in folder.iterdir()) == ["quickstart.ipynb", "track.db", "track.db-files"]


def test_the_notebook_is_committed_without_outputs() -> None:
    """Outputs would change with every run; the ids of cells are words and stay."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert [cell["id"] for cell in notebook["cells"] if not re.fullmatch(r"[a-z]+(-code)?", cell["id"])] == []


# ---- the README


def blocks(language: str) -> list[str]:
    """The README's blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


PRELUDE = """
import matplotlib.pyplot as plt, numpy as np, pandas as pd
from pathlib import Path
figure = plt.figure(); figure.gca().scatter([1, 2], [3, 4]); plt.close(figure)
frame = pd.DataFrame({"true": [3, 8], "predicted": [8, 3]})
pixels = np.zeros((8, 8), dtype=np.uint8)
_ = Path("settings.toml").write_text("C = 0.1")
_ = Path("paper.md").write_text("# Which kernel?\\n\\nWe tried {{ count }} settings.\\n\\n{{ table() }}\\n")
pd.DataFrame({"x": [1.0, 2.0], "label": [0, 1]}).to_csv("train.csv", index=False)
"""


# What the README's blocks with charts look at.
SWEEP = """
track.set_experiment("sweep")
for number in range(40):
    params = {"lr": 0.02 + 0.001 * number, "dropout": (7 * number % 40) / 100, "model": "svm"}
    with track.start_run(run_name=f"sweep-{number}"):
        track.log_params(params)
        for epoch in range(3):
            loss = params["lr"] + 1 / (1 + epoch)
            track.log_metrics({"epoch": epoch, "loss": loss, "val_loss": loss + 0.1}, step=epoch)
"""


def test_the_readmes_cells_run(tmp_path: Path) -> None:
    """Every Python block of the README runs, in order, in one kernel, and makes the runs that it says."""
    quickstart = {cell["id"]: cell["source"] for cell in nbformat.read(NOTEBOOK, as_version=4)["cells"]}
    notebook = nbformat.v4.new_notebook()
    sources = [quickstart["data-code"], PRELUDE, *blocks("python")]
    sources.insert(next(at for at, source in enumerate(sources) if "track.curves(" in source), SWEEP)
    notebook.cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
    nbformat.write(notebook, tmp_path / "readme.ipynb")
    execute(tmp_path / "readme.ipynb")
    found = [(run.number, run.name, run.experiment_name, run.state) for run in Reader(tmp_path / "track.db").runs()]
    assert sorted(one for one in found if one[2] != "sweep") == [
        (1, "baseline", "digits", "finished"),
        (2, "steps", "readme", "finished"),
        (3, "sgd", "readme", "finished"),
        (4, "by hand", "readme", "finished"),
        (5, "search", "readme", "finished"),
        (6, "C=0.01", "readme", "finished"),
        (7, "C=0.1", "readme", "finished"),
        (8, "C=1.0", "readme", "finished"),
        (9, "files", "readme", "finished"),
        (10, "ridge", "readme", "finished"),
        (11, "data", "readme", "finished"),
    ]


def shell_lines(*programs: str) -> list[str]:
    """The README's shell lines that begin with one of the programs."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(programs)]


def test_the_readmes_commands_run(folder: Path, tmp_path: Path) -> None:
    """Our command line and sqlite-utils do, one after the other, on the quickstart's store what the README shows."""
    shutil.copytree(folder, tmp_path / "work")
    shutil.copytree(folder, tmp_path / "work" / "students" / "ada")
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    modules = {"jupyter track": "jupyter_track", "sqlite-utils": "sqlite_utils"}
    answers = {}
    for line in shell_lines(*modules):
        command = line
        for program, module in modules.items():
            command = command.replace(program, f"{shlex.quote(sys.executable)} -m {module}")
        answer = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path / "work",
            env=environ,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        answers[line] = (answer.returncode, answer.stderr, answer.stdout != "")
    assert answers == dict.fromkeys(shell_lines(*modules), (0, "", True))


@pytest.mark.parametrize("query", [*blocks("sql"), *(shlex.split(line)[2] for line in shell_lines("sqlite3 track.db"))])
def test_the_readmes_queries_find_something(folder: Path, query: str) -> None:
    """Each example query gives rows on the quickstart's store."""
    connection = sqlite3.connect(f"{(folder / 'track.db').as_uri()}?mode=ro", uri=True)
    try:
        assert connection.execute(query).fetchall() != []
    finally:
        connection.close()
