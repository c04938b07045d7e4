"""Without a browser: nbconvert, papermill, nbclient, plain IPython and a script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernel_session import environment

from jupyter_track.records import Run
from jupyter_track.store.reader import Reader


def runs_in(folder: Path) -> list[Run]:
    """The runs of a folder's store, the oldest first."""
    return Reader(folder / "track.db").runs()[::-1]


def summary(run: Run) -> tuple[Any, ...]:
    """Name, experiment, status, params and metrics."""
    params = {key: (param.value, param.source) for key, param in run.params.items()}
    return run.name, run.experiment_name, run.status, params, {key: one.last for key, one in run.metrics.items()}


def call(folder: Path, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a Python program in a folder."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment(folder, notebook=False),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def make_notebook(path: Path, *cells: str, parameters: str | None = None) -> None:
    """Write a notebook."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    if parameters is not None:
        tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        notebook.cells.insert(1, tagged)
    nbformat.write(notebook, path)


CELLS = (
    "%load_ext jupyter_track",
    "%%track base\nC = 0.1\nscore = float('0.5')\nprint('printed')\nscore",
    "import jupyter_track as track\nwith track.start_run(run_name='loop'):\n"
    "    for step in range(3):\n        track.log_metric('loss', 1.0 / (step + 1), step=step)",
)


def test_nbconvert_executes_and_shows_the_card(tmp_path: Path) -> None:
    """``nbconvert --execute`` leaves the store beside the notebook, the card in its cell, and no widget state."""
    (tmp_path / "work").mkdir()
    make_notebook(tmp_path / "work" / "train.ipynb", *CELLS)
    call(tmp_path / "work", "-m", "nbconvert", "--to", "notebook", "--execute", "train.ipynb", "--output", "done.ipynb")
    base, loop = runs_in(tmp_path / "work")
    assert summary(base) == ("base", "Default", "FINISHED", {"C": (0.1, "assign")}, {"score": 0.5})
    assert (loop.name, loop.metrics["loss"].count, loop.status) == ("loop", 3, "FINISHED")
    done = nbformat.read(tmp_path / "work" / "done.ipynb", as_version=4)
    nbformat.validate(done)
    outputs = done.cells[1].outputs
    assert [output.output_type for output in outputs] == ["stream", "execute_result", "display_data"]
    assert "base" in outputs[2].data["text/plain"]
    assert set(outputs[2].data) == {"text/html", "text/plain"}
    assert done.cells[0].outputs == []
    assert "widgets" not in done.metadata


def test_nbclient_with_a_failing_cell(tmp_path: Path) -> None:
    """The run of a cell that stops the notebook is FAILED with its error, although the kernel then shuts down."""
    make_notebook(tmp_path / "train.ipynb", CELLS[0], "%%track bad\nC = 0.1\nraise ValueError('it is wrong')", "1")
    code = (
        "import nbformat; from nbclient import NotebookClient\n"
        "notebook = nbformat.read('train.ipynb', 4)\n"
        "NotebookClient(notebook, resources={'metadata': {'path': '.'}}).execute()"
    )
    done = call(tmp_path, "-c", code, check=False)
    assert "it is wrong" in done.stderr
    (run,) = runs_in(tmp_path)
    assert (run.status, run.error and run.error.message, run.params["C"].value) == ("FAILED", "it is wrong", 0.1)


def test_papermill_parameters_are_inherited(tmp_path: Path) -> None:
    """What papermill injected is an inherited param where the cell reads it; its working directory has the store."""
    pytest.importorskip("papermill")
    make_notebook(
        tmp_path / "train.ipynb",
        CELLS[0],
        "%%track base\nscore = lr * float('2')\nscore",
        parameters="lr = 0.5\nunused = 7",
    )
    call(
        tmp_path,
        "-m",
        "papermill",
        "train.ipynb",
        "done.ipynb",
        "-p",
        "lr",
        "0.25",
        "-p",
        "unused",
        "9",
        "-k",
        "python3",
    )
    (run,) = runs_in(tmp_path)
    assert summary(run) == ("base", "Default", "FINISHED", {"lr": (0.25, "inherited")}, {"score": 0.5})


def test_plain_ipython(tmp_path: Path) -> None:
    """A file of IPython's, with its magics: the run, its output, and the card as text."""
    (tmp_path / "session.ipy").write_text(
        "%load_ext jupyter_track\n"
        'get_ipython().run_cell(\'%%track base\\nC = 0.1\\nprint("printed")\\nfloat("0.5")\', store_history=True);\n'
    )
    done = call(tmp_path, "-m", "IPython", "--colors=NoColor", "session.ipy")
    (run,) = runs_in(tmp_path)
    assert summary(run) == ("base", "Default", "FINISHED", {"C": (0.1, "assign")}, {"result": 0.5})
    assert "printed" in done.stdout
    assert "base" in done.stdout
    assert done.stderr == ""
    reader = Reader(tmp_path / "track.db")
    (output,) = reader.artifacts(run.run_id)
    assert reader.content(output.sha256) == b"printed\n"


def test_a_command_of_ipython(tmp_path: Path) -> None:
    """``ipython -c`` with ``start_run``: nothing of a notebook is needed."""
    code = "import jupyter_track as track\nwith track.start_run(run_name='cli'):\n    track.log(loss=0.5)"
    call(tmp_path, "-m", "IPython", "-c", code)
    (run,) = runs_in(tmp_path)
    assert summary(run) == ("cli", "Default", "FINISHED", {}, {"loss": 0.5})


def test_the_prompt(tmp_path: Path) -> None:
    """Cells typed at IPython's prompt, ended by blank lines as every cell magic."""
    typed = "%load_ext jupyter_track\n%%track base\nC = 0.1\nfloat('0.5')\n\n\n%track\nexit\n"
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--colors=NoColor", "--no-banner"],
        cwd=tmp_path,
        env=environment(tmp_path, notebook=False),
        input=typed,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    (run,) = runs_in(tmp_path)
    assert summary(run)[0:3] == ("base", "Default", "FINISHED")
    assert done.stdout.count("base") >= 2


def test_a_script_without_ipython(tmp_path: Path) -> None:
    """A script has runs in Default, its name as the source, and loads neither IPython nor pandas."""
    (tmp_path / "train.py").write_text(
        "import sys\nimport jupyter_track as track\n"
        "with track.start_run(run_name='script') as run:\n"
        "    track.log_param('C', 0.1)\n    track.log_metric('loss', 0.5)\n"
        "print([name for name in ('IPython', 'pandas', 'numpy') if name in sys.modules])\n"
    )
    done = call(tmp_path, "train.py")
    (run,) = runs_in(tmp_path)
    assert summary(run) == ("script", "Default", "FINISHED", {"C": (0.1, "explicit")}, {"loss": 0.5})
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert (run.own_tags["mlflow.source.name"], run.own_tags["mlflow.source.type"]) == ("train.py", "LOCAL")


def test_a_script_that_fails(tmp_path: Path) -> None:
    """An exception within ``with`` is FAILED and reaches the user as ever; a run left open ends with the process."""
    (tmp_path / "train.py").write_text(
        "import jupyter_track as track\nleft = track.start_run(run_name='left')\n"
        "with track.start_run(run_name='inner', nested=True):\n    1/0\n"
    )
    done = call(tmp_path, "train.py", check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert [(run.name, run.status) for run in runs_in(tmp_path)] == [("left", "FAILED"), ("inner", "FAILED")]
