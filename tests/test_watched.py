"""``%track on``: which cells become runs, what their runs hold, and that other cells leave no trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_session import KernelNotebook, kernel_notebook
from shell_session import Notebook, files_of, notebook

from jupyter_track.notebook.watched import may_have_metric
from jupyter_track.store.reader import Reader


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook in which `score` gives 0.5, and ``%track on``."""
    with notebook(tmp_path, monkeypatch) as made:
        made.run("import jupyter_track as track\ndef score(): return 0.5")
        made.run("%track on")
        yield made


FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [1.0, 2.0]})"
PLOT = "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);"


@pytest.mark.parametrize(
    "cell",
    [
        "import math, os",
        "C = 0.1\nlayers = [64, 32]",
        "C",
        "2 + 2",
        "'text'",
        "def f(x):\n    return float(x)",
        "print(score())",
        f"{FRAME}\ndf.head()",
        f"{FRAME}\ndf.describe()",
        f"{FRAME}\nlen(df), df.shape",
        f"{FRAME}\nlen(df)",
        PLOT,
        "import time\nbegan = time.time()",
        "import random\nrandom.random()",
        "for i in range(3):\n    last = score()",
        "%%writefile note.txt\nscore()",
        "%%html\n<b>score()</b>",
        "%matplotlib inline",
        "1/0",
        "accuracy = score()\n1/0",
        "accuracy = score(",
        "%track status",
        "%track",
        "{'C': 0.1}",
    ],
)
def test_a_cell_that_is_no_run_leaves_no_trace(nb: Notebook, cell: str) -> None:
    """No run, no file, no card; what it shows and raises is its own."""
    nb.run(cell)
    assert files_of(nb.folder) - {"note.txt"} == set()
    assert (nb.open, nb.hooks.capture._open, nb.problems) == ([], (), [])
    assert nb.cards == [] or cell.startswith("%track")


@pytest.mark.parametrize(
    ("cell", "metrics"),
    [
        ("accuracy = score()", {"accuracy": 0.5}),
        ("score()", {"score": 0.5}),
        ("round(score(), 2)", {"score": 0.5}),
        ("{'accuracy': score(), 'C': 1}", {"accuracy": 0.5, "C": 1.0}),
        ("%%time\naccuracy = score()", {"accuracy": 0.5}),
        ("track.log(loss=0.25)", {"loss": 0.25}),
        ("track.log_metric('loss', 0.25, step=3)\naccuracy = score()", {"loss": 0.25}),
        ("import asyncio\nawait asyncio.sleep(0)\ntrack.log(loss=0.25)", {"loss": 0.25}),
        ("import asyncio\nawait asyncio.sleep(0)\naccuracy = score()", {"accuracy": 0.5}),
        ("get_ipython().run_cell('track.log(loss=0.25)');", {"loss": 0.25}),
        ("%%time\ntrack.log(loss=0.25)", {"loss": 0.25}),
    ],
)
def test_a_cell_that_logs_or_gives_a_metric_is_a_run(nb: Notebook, cell: str, metrics: dict[str, float]) -> None:
    """One run, FINISHED, with a card of a line (and the store's place under the first)."""
    result = nb.run(cell, cell_id="one")
    run = nb.only
    assert (run.status, nb.metrics(run), run.experiment_name, run.cell_id) == ("FINISHED", metrics, "demo", "one")
    assert (nb.sources(run), nb.open, nb.problems, result.success) == ([cell], [], [], True)
    assert nb.cards[0].splitlines()[0].startswith(f"✓ {run.name}")
    nb.run("C")
    assert len(nb.runs) == 1


def test_the_run_holds_the_cell_from_its_start(nb: Notebook) -> None:
    """Output and figures of before the first log call, params, and the time of the whole cell."""
    nb.run(
        "from IPython.display import display\n"
        "display({'image/svg+xml': '<svg xmlns=\"http://www.w3.org/2000/svg\"/>'}, raw=True)\nprint('before')\nC = 3\n"
        "import time\ntime.sleep(0.05)\ntrack.log(loss=0.25)\nprint('after')"
    )
    run = nb.only
    assert (nb.params(run), nb.text(run)) == ({"C": 3}, "before\nafter\n")
    assert "figures/1.svg" in nb.paths(run)
    assert run.duration is not None
    assert run.duration >= 0.05
    assert run.metrics["loss"].last_time - run.start_time >= 50


def test_a_late_run_holds_the_same(nb: Notebook) -> None:
    """Also where the run was opened after the cell, by its metric."""
    nb.run("print('before')\nC = 3\naccuracy = score()\nprint('after')")
    assert (nb.params(nb.only), nb.text(nb.only)) == ({"C": 3}, "before\nafter\n")


def test_only_what_fails_after_logging_is_failed(nb: Notebook) -> None:
    """The error is kept, and the traceback is as it would be."""
    nb.run("track.log(loss=1)\n1/0")
    run = nb.only
    assert (run.status, run.error.name if run.error else None, nb.metrics(run)) == (
        "FAILED",
        "ZeroDivisionError",
        {"loss": 1.0},
    )
    assert "----> 2 1/0" in nb.printed


def test_a_worker_thread_opens_the_run_of_its_cell(nb: Notebook) -> None:
    """Several threads that log at once share one run, which the cell's thread then has too."""
    nb.run(
        "import threading\n"
        "threads = [threading.Thread(target=lambda n=n: track.log_metric('t', 1.0, n)) for n in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "track.log_metric('own', 1.0)"
    )
    run = nb.only
    assert {key: metric.count for key, metric in run.metrics.items()} == {"t": 8, "own": 1}
    assert nb.problems == []


def test_a_run_of_the_users_stays_the_users(nb: Notebook) -> None:
    """`start_run` in the cell gets the cell's params, and a metric where it logs none; no second run is made."""
    nb.run("with track.start_run(run_name='mine'):\n    C = 3\n    accuracy = score()")
    nb.run("with track.start_run(run_name='logs'):\n    C = 4\n    accuracy = score()\n    track.log(loss=1)")
    assert [(run.name, nb.params(run), nb.metrics(run), run.parent_run_id) for run in nb.runs] == [
        ("mine", {"C": 3}, {"accuracy": 0.5}, None),
        ("logs", {"C": 4}, {"loss": 1.0}, None),
    ]
    assert nb.cards[0].startswith("✓ logs")


def test_several_runs_of_the_users_get_nothing(nb: Notebook) -> None:
    """A sweep: none of them is the cell's."""
    nb.run("for C in (1, 2):\n    with track.start_run():\n        track.log(loss=C)\nbest = score()")
    assert [(nb.params(run), nb.metrics(run)) for run in nb.runs] == [({}, {"loss": 1.0}), ({}, {"loss": 2.0})]


def test_a_run_that_is_open_takes_what_is_logged(nb: Notebook) -> None:
    """Over several cells, as without ``%track on``; a metric in one of them is no run of its own."""
    nb.run("run = track.start_run(run_name='open')")
    nb.run("accuracy = score()\ntrack.log(loss=1)")
    nb.run("accuracy = score()\ntrack.end_run()")
    assert (nb.only.name, nb.metrics(nb.only)) == ("open", {"loss": 1.0})


def test_children_of_the_cell(nb: Notebook) -> None:
    """After a log call the cell has a run, and a `start_run` is its child."""
    nb.run("track.log(folds=2)\nfor i in range(2):\n    with track.start_run():\n        track.log(loss=i)")
    parent, *children = nb.runs
    assert [child.parent_run_id for child in children] == [parent.run_id] * 2


def test_what_was_recorded_is_no_result(nb: Notebook) -> None:
    """Looking at the numbers of earlier runs makes no run."""
    nb.run("track.log(loss=0.25)")
    nb.run("track.runs()[0].metrics['loss'].last")
    nb.run("track.get_run(track.runs()[0].run_id).data.metrics['loss']")
    nb.run("last = track.runs().best('loss').metrics['loss'].last")
    assert len(nb.runs) == 1


def test_tracked_cells_stay_as_they_are(nb: Notebook) -> None:
    """``%%track`` wins: its name, its card."""
    nb.run("%%track base\n1 + 1")
    assert (nb.only.name, len(nb.cards)) == ("base", 1)


def test_an_experiment_of_its_own(nb: Notebook) -> None:
    """``-e`` names it; status says so; a name that cannot be one is refused."""
    nb.run("%track on -e probes")
    nb.run("accuracy = score()")
    assert nb.only.experiment_name == "probes"
    nb.run("%track status")
    assert "a run of probes where they log or give a metric (%track off)" in nb.cards[0]
    nb.run("%track on -e ''")
    assert nb.printed.startswith("UsageError: ")


def test_off_again(nb: Notebook) -> None:
    """Cells are left alone; a log call opens a run of its own as always."""
    nb.run("%track off")
    nb.run("accuracy = score()")
    assert files_of(nb.folder) == set()
    nb.run("track.log(loss=1)")
    assert nb.metrics(nb.only) == {"loss": 1.0}
    nb.run("%track off")
    assert nb.cards == ["It was off: only cells with %%track are runs."]


def test_automatic_metrics_can_be_off(nb: Notebook) -> None:
    """Then only what logs is a run."""
    nb.run("%config JupyterTrack.auto_metrics = 'off'")
    nb.run("accuracy = score()")
    assert files_of(nb.folder) == set()


def test_a_store_that_cannot_be_written(nb: Notebook) -> None:
    """It is said in a sentence, and the cell has run."""
    (nb.folder / "track.db").write_bytes(b"no database" * 1000)
    nb.run("accuracy = score()")
    assert nb.cards[0].startswith("This cell is not tracked: ")
    assert nb.names["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("df.head()", object(), False),
        ("acc = f()", None, True),
        ("acc = 0.5", None, False),
        ("print(acc)", None, False),
        ("print(new)", None, True),
        ("f()", None, False),
        ("f()", 3, True),
        ("f()", True, False),
        ("grid.fit(X, y)", None, True),
    ],
)
def test_the_quick_look(source: str, value: object, expected: bool) -> None:
    """What is certain to have no metric is told without reading the code: ``new`` was bound, ``acc`` was not."""
    names = {"acc": 0.5, "new": 0.25, "df": object()}
    before = {"acc": id(names["acc"]), "new": 0, "df": id(names["df"])}
    assert may_have_metric(source, names, before, value) is expected


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelNotebook]:
    """A notebook with a kernel, and ``%track on``."""
    with kernel_notebook(tmp_path_factory.mktemp("watched")) as made:
        made.run("%load_ext jupyter_track\nimport jupyter_track as track\ndef score(): return 0.5")
        made.run("%track on")
        yield made


def test_in_a_kernel(kernel: KernelNotebook) -> None:
    """Text of the whole cell is the run's, that of the cells around it is not; an interrupt after a log is KILLED."""
    kernel.run("print('earlier')")
    assert not (kernel.folder / "track.db").exists()
    shown = kernel.run("print('first')\naccuracy = score()\nprint('second')")
    assert shown.kinds == ["stream", "display_data"]
    kernel.run("print('later')")
    kernel.interrupt("import time\ntrack.log(loss=1)\nprint('started', flush=True)\ntime.sleep(30)")
    first, second = kernel.runs
    reader = kernel_reader(kernel)
    (output,) = [one for one in reader.artifacts(first.run_id) if one.path == "output.txt"]
    assert reader.content(output.sha256) == b"first\nsecond\n"
    assert (first.status, second.status) == ("FINISHED", "KILLED")


def kernel_reader(kernel: KernelNotebook) -> Reader:
    """The reader of a kernel's store."""
    return Reader(kernel.folder / "track.db")
