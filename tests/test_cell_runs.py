"""Which run is active across cells: re-runs, children, runs that log calls open, worker threads."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, notebook

from jupyter_track.recording.context import Answer
from jupyter_track.records import Run


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded and the package imported as ``track``."""
    with notebook(tmp_path, monkeypatch) as made:
        made.run("import jupyter_track as track", store_history=False)
        yield made


def shape(runs: list[Run]) -> list[tuple[str, str, str | None]]:
    """Name, status and parent's name of each run."""
    names = {run.run_id: run.name for run in runs}
    return [(run.name, run.status, None if run.parent_run_id is None else names[run.parent_run_id]) for run in runs]


# ---- across cells


def test_a_run_stays_open_over_cells(nb: Notebook) -> None:
    """``start_run`` in one cell, logging in the next, ``end_run`` in a third: one run, with all three cells."""
    nb.run("run = track.start_run(run_name='long')\nprint('one')")
    nb.run("track.log_metric('loss', 0.5)\nprint('two')")
    nb.run("print('three')\ntrack.end_run()\nprint('after')")
    run = nb.only
    assert (run.name, run.status, nb.metrics(run)) == ("long", "FINISHED", {"loss": 0.5})
    assert nb.text(run) == "one\ntwo\nthree\n"
    assert [source.split("\n")[0] for source in nb.sources(run)] == [
        "run = track.start_run(run_name='long')",
        "track.log_metric('loss', 0.5)",
        "print('three')",
    ]


def test_a_run_stays_active_after_an_await_cell(nb: Notebook) -> None:
    """A run opened in a cell with ``await`` is the active one in the next cell: it is no ContextVar."""
    nb.run("import asyncio\nawait asyncio.sleep(0)\nrun = track.start_run(run_name='async')\nawait asyncio.sleep(0)")
    nb.run("track.log_metric('loss', 0.5)\nname = track.active_run().name\ntrack.end_run()")
    assert (nb.names["name"], nb.metrics(nb.only)) == ("async", {"loss": 0.5})


def test_a_second_run_is_an_error_that_names_the_ways_out(nb: Notebook) -> None:
    """A top-level ``start_run`` in another cell names the open run, end_run, nested and with."""
    nb.run("run = track.start_run(run_name='first')", cell_id="a")
    result = nb.run("track.start_run(run_name='second')", cell_id="b")
    message = str(result.error_in_exec)
    assert type(result.error_in_exec).__name__ == "RunStateError"
    assert all(part in message for part in ("'first'", "end_run()", "nested=True", "with start_run()"))
    assert shape(nb.runs) == [("first", "RUNNING", None)]


def test_rerunning_a_cell_ends_its_run(nb: Notebook) -> None:
    """The same cell again ends the run that it left open as KILLED, with a tag that says why."""
    for name in ("one", "two"):
        nb.run(f"run = track.start_run(run_name='{name}')", cell_id="same")
    assert shape(nb.runs) == [("one", "KILLED", None), ("two", "RUNNING", None)]
    assert [run.own_tags.get("jupyter_track.ended_by") for run in nb.runs] == ["re-run", None]


def test_rerunning_a_tracked_cell_ends_what_it_left(nb: Notebook) -> None:
    """A cell that was run without the line before, and left a run open."""
    nb.run("run = track.start_run(run_name='plain')", cell_id="same")
    nb.run("%%track again\nx = 1", cell_id="same")
    assert shape(nb.runs) == [("plain", "KILLED", None), ("again", "FINISHED", None)]
    assert nb.runs[0].own_tags["jupyter_track.ended_by"] == "re-run"


def test_without_a_cell_id_the_source_says_which_cell(nb: Notebook) -> None:
    """nbconvert gives no cell id: the same source is the same cell, another source another one."""
    nb.run("run = track.start_run()")
    nb.run("run = track.start_run()")
    assert [run.status for run in nb.runs] == ["KILLED", "RUNNING"]
    assert not nb.run("run = track.start_run()  # another").success


def test_a_tracked_cell_leaves_nothing_open(nb: Notebook) -> None:
    """Whether it ends well or not, and whether its children were ended or not."""
    nb.run("%%track a\ntrack.start_run(run_name='child')\nx = track.start_run(run_name='grandchild', nested=True)\n1/0")
    assert nb.open == []
    assert shape(nb.runs) == [("a", "FAILED", None), ("child", "FAILED", "a"), ("grandchild", "FAILED", "child")]
    nb.run("run = track.start_run(run_name='free')")
    assert [run.name for run in nb.open] == ["free"]


# ---- children


def test_start_run_inside_is_a_child(nb: Notebook) -> None:
    """``start_run`` inside a tracked cell opens a child without ``nested``; several make a parent with children."""
    nb.run(
        "%%track sweep\nfor C in (0.1, 1.0):\n    with track.start_run(run_name=f'C={C}'):\n"
        "        track.log_param('C', C)\n        print('at', C)"
    )
    runs = nb.runs
    assert shape(runs) == [("sweep", "FINISHED", None), ("C=0.1", "FINISHED", "sweep"), ("C=1.0", "FINISHED", "sweep")]
    assert [nb.text(run) for run in runs] == ["at 0.1\nat 1.0\n", None, None]
    assert [len(nb.sources(run)) for run in runs] == [1, 1, 1]


def test_end_run_inside_never_ends_the_cells_run(nb: Notebook) -> None:
    """It ends the innermost run of the user's; one call too many does nothing."""
    nb.run(
        "%%track outer\ntrack.log_param('a', 1)\ntrack.start_run(run_name='inner')\ntrack.end_run()\ntrack.end_run()\n"
        "track.end_run()\ntrack.log_metric('after', 1.0)\nname = track.current.name"
    )
    runs = nb.runs
    assert (nb.names["name"], shape(runs)) == (
        "outer",
        [("outer", "FINISHED", None), ("inner", "FINISHED", "outer")],
    )
    assert nb.metrics(runs[0]) == {"after": 1.0}


def test_one_child_and_nothing_of_its_own_become_one(nb: Notebook) -> None:
    """Exactly one row is left: the child, with the cell's figures, output, source and params."""
    nb.run(
        "%%track\nfrom IPython.display import display\nlr = 0.1\nprint('before')\n"
        "with track.start_run(run_name='child', tags={'a': 'b'}):\n"
        "    track.log_metric('loss', 0.5)\n    display({'image/svg+xml': '<svg/>'}, raw=True)\nprint('after')"
    )
    run = nb.only
    assert (run.name, run.status, run.parent_run_id, nb.metrics(run)) == ("child", "FINISHED", None, {"loss": 0.5})
    assert (nb.params(run), nb.text(run), nb.paths(run)) == (
        {"lr": 0.1},
        "before\nafter\n",
        ["figures/1.svg", "output.txt"],
    )
    assert (len(nb.sources(run)), run.own_tags["a"], nb.rows("runs"), nb.rows("executions")) == (1, "b", 1, 1)
    assert "child" in nb.cards[0]
    assert nb.problems == []


def test_the_lines_name_goes_to_the_only_child(nb: Notebook) -> None:
    """NAME, goals and named metrics of the line are the child's."""
    nb.run("%%track mine --max acc\nacc = 0.5\nwith track.start_run():\n    track.log_metric('loss', 1.0)")
    run = nb.only
    assert (run.name, nb.metrics(run), run.goals) == ("mine", {"loss": 1.0, "acc": 0.5}, {"acc": "max"})


def test_the_only_child_that_was_left_open_ends_with_its_cell(nb: Notebook) -> None:
    """``start_run`` without an end: one run, FAILED with the cell's error."""
    nb.run("%%track\nrun = track.start_run(run_name='child')\ntrack.log_param('C', 1)\nraise ValueError('no')")
    run = nb.only
    assert (run.name, run.status, run.error and run.error.message) == ("child", "FAILED", "no")
    assert nb.open == []


def test_a_cell_that_fails_after_its_child_keeps_its_error(nb: Notebook) -> None:
    """The child ended well and the cell failed: both stay, so that neither is lost."""
    nb.run("%%track outer\nwith track.start_run(run_name='child'):\n    track.log_metric('loss', 1.0)\n1/0")
    outer, child = nb.runs
    assert (outer.status, outer.error and outer.error.name) == ("FAILED", "ZeroDivisionError")
    assert (child.status, child.parent_run_id) == ("FINISHED", outer.run_id)


@pytest.mark.parametrize("own", ["-p C=1", "-t stage=test", "-n note"])
def test_a_line_with_something_of_its_own_keeps_its_run(nb: Notebook, own: str) -> None:
    """Params, tags and a note on the line are the cell's run's: parent and child both stay."""
    nb.run(f"%%track outer {own}\nwith track.start_run(run_name='child'):\n    track.log_metric('loss', 1.0)")
    assert shape(nb.runs) == [("outer", "FINISHED", None), ("child", "FINISHED", "outer")]


def test_the_lines_experiment_is_not_lost(nb: Notebook) -> None:
    """With -e no run of the cell ends up in another experiment without a parent in the named one."""
    nb.run("%%track -e digits\nwith track.start_run(run_name='child'):\n    track.log_metric('loss', 1.0)")
    assert "digits" in {run.experiment_name for run in nb.runs}


def test_an_error_in_the_only_child(nb: Notebook) -> None:
    """The exception goes through both: one run, FAILED, with the error."""
    nb.run("%%track\nwith track.start_run(run_name='child'):\n    track.log_metric('loss', 1.0)\n    1/0")
    run = nb.only
    assert (run.name, run.status, run.error and run.error.name) == ("child", "FAILED", "ZeroDivisionError")


def test_becoming_one_in_a_git_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is found in the background, and may come when the cell's run is gone: nothing is reported."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "a"], cwd=tmp_path, check=True)
    with notebook(tmp_path, monkeypatch) as nb:
        nb.run("import jupyter_track as track")
        for _ in range(2):
            nb.run("%%track\nwith track.start_run(run_name='child'):\n    track.log_metric('loss', 1.0)\ntrack.flush()")
        assert [len(run.own_tags.get("mlflow.source.git.commit", "")) for run in nb.runs] == [40, 40]
        assert nb.problems == []
        nb.run("%%track --no-git\n1")
        assert "mlflow.source.git.commit" not in nb.runs[-1].own_tags
        assert not list((tmp_path / "track.db-files").rglob("*.json"))


def test_a_commit_that_is_found_late_leaves_no_row(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """git answers when the cell's run has given way to its child: no tag of a run that is not there."""

    def slow(folder: Path, store: Path) -> Answer:
        assert gone.wait(10)
        return Answer({"commit": "abc"})

    gone = threading.Event()
    monkeypatch.setattr("jupyter_track.recording.context._git_answer", slow)
    nb.run("%%track\nwith track.start_run(run_name='child'):\n    track.log_metric('loss', 1.0)")
    gone.set()
    assert nb.only.own_tags["commit"] == "abc"
    with contextlib.closing(sqlite3.connect(nb.store)) as connection:
        assert connection.execute("SELECT count(*) FROM tags WHERE run_id NOT IN (SELECT id FROM runs)").fetchone() == (
            0,
        )


def test_track_inside_an_open_run_is_its_child(nb: Notebook) -> None:
    """``%%track`` while a user's run is open becomes that run's child, and the card says so."""
    nb.run("run = track.start_run(run_name='outer')")
    nb.run("%%track inner\nx = 1")
    assert "child of outer, which is open" in nb.cards[0]
    nb.run("name = track.current.name\ntrack.end_run()")
    assert (nb.names["name"], shape(nb.runs)) == (
        "outer",
        [("outer", "FINISHED", None), ("inner", "FINISHED", "outer")],
    )


def test_becoming_one_below_an_open_run(nb: Notebook) -> None:
    """The child that takes the place of the cell's run takes its parent too."""
    nb.run("run = track.start_run(run_name='outer')")
    nb.run("%%track\nwith track.start_run(run_name='inner'):\n    track.log_metric('loss', 1.0)")
    nb.run("track.end_run()")
    assert shape(nb.runs) == [("outer", "FINISHED", None), ("inner", "FINISHED", "outer")]


# ---- runs that a log call opens


def test_a_run_that_a_log_call_opened_ends_with_its_cell(nb: Notebook) -> None:
    """Two calls of a cell share it; the next cell opens another; each has its cell's output."""
    nb.run("print('one')\ntrack.log_metric('loss', 1.0)\ntrack.log_param('a', 1)\nprint('two')")
    assert nb.open == []
    nb.run("track.log_metric('loss', 2.0)\n1/0")
    first, second = nb.runs
    assert (first.status, nb.metrics(first), nb.params(first), nb.text(first)) == (
        "FINISHED",
        {"loss": 1.0},
        {"a": 1},
        "two\n",
    )
    assert (second.status, second.error and second.error.name) == ("FAILED", "ZeroDivisionError")


def test_a_search_in_a_tracked_cell(nb: Notebook) -> None:
    """What it found best is in the run: params and, where nothing was logged, its score."""
    search = (
        "from sklearn.model_selection import GridSearchCV\nfrom sklearn.svm import SVC\n"
        "grid = GridSearchCV(SVC(), {'C': [0.5]}, cv=2).fit([[0], [1], [0], [1]], [0, 1, 0, 1])"
    )
    nb.run(f"%%track\n{search}")
    nb.run(f"%%track logs\n{search}\ntrack.log_metric('loss', 1.0)")
    first, second = nb.runs
    assert (first.name, nb.params(first)) == ("GridSearchCV", {"cv": 2, "param_grid.C": [0.5], "best_C": 0.5})
    assert {key: (metric.last, metric.source) for key, metric in first.metrics.items()} == {
        "best_cv_score": (1.0, "auto")
    }
    assert (nb.metrics(second), nb.params(second)["best_C"]) == ({"loss": 1.0}, 0.5)


def test_log_calls_of_a_tracked_cell_open_nothing(nb: Notebook) -> None:
    """They go to the cell's run, and nothing automatic is a metric beside them."""
    nb.run("%%track base\ntrack.log(loss=0.5)\nother = float('1.5')\nother")
    assert (nb.only.name, nb.metrics(nb.only)) == ("base", {"loss": 0.5})


def test_what_is_logged_after_the_cell_is_not_in_its_run(nb: Notebook) -> None:
    """The short way of log calls forgets the run when its cell ends."""
    nb.run("%%track one\nfor step in range(3): track.log_metric('loss', 1.0, step=step)")
    nb.run("%%track two\nfor step in range(2): track.log_metric('loss', 2.0, step=step)")
    nb.run("track.log_metric('loss', 3.0, step=0)")
    assert [(metric.count, metric.last) for run in nb.runs for metric in run.metrics.values()] == [
        (3, 1.0),
        (2, 2.0),
        (1, 3.0),
    ]


# ---- threads

THREADS = """%%track base
import threading
from concurrent.futures import ThreadPoolExecutor

def work(n):
    for step in range(20):
        track.log_metric(f'loss{n}', float(n), step=step)
    return track.active_run().run_id

results = []
threads = [threading.Thread(target=lambda n=n: results.append(work(n))) for n in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with ThreadPoolExecutor(2) as pool:
    results += pool.map(work, [2, 3])
assert set(results) == {track.current.run_id}
"""


def test_worker_threads_log_to_the_cells_run(nb: Notebook) -> None:
    """threading and ThreadPoolExecutor inside a tracked cell."""
    assert nb.run(THREADS).success
    assert {key: (metric.count, metric.last) for key, metric in nb.only.metrics.items()} == {
        f"loss{n}": (20, float(n)) for n in range(4)
    }


def test_a_pool_of_an_earlier_cell_logs_to_the_later_run(nb: Notebook) -> None:
    """The active run is looked up at the call, never inherited when a thread starts."""
    nb.run(
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "def work(): track.log_metric('loss', 1.0, step=1)\npool.submit(int).result()"
    )
    for name in ("one", "two"):
        nb.run(f"%%track {name}\npool.submit(work).result()")
    nb.run("pool.shutdown()")
    assert [(run.name, nb.metrics(run)) for run in nb.runs] == [("one", {"loss": 1.0}), ("two", {"loss": 1.0})]


def test_a_threads_own_run_is_its_own(nb: Notebook) -> None:
    """A run that a worker opens inside a tracked cell is a child, and active in that thread only."""
    nb.run(
        "%%track base\nimport threading\ntrack.log_param('own', 1)\nseen = []\n"
        "def work():\n    with track.start_run(run_name='worker'):\n"
        "        track.log_metric('loss', 1.0)\n        seen.append(track.current.name)\n"
        "thread = threading.Thread(target=work); thread.start(); thread.join()\nseen.append(track.current.name)"
    )
    assert nb.names["seen"] == ["worker", "base"]
    assert shape(nb.runs) == [("base", "FINISHED", None), ("worker", "FINISHED", "base")]


# ---- resuming


def test_a_run_that_is_resumed_keeps_what_it_has(nb: Notebook) -> None:
    """Output and figures of a later cell stand beside those of the first."""
    cell = "print('{0}')\nfrom IPython.display import display\ndisplay({{'image/svg+xml': '<svg>{0}</svg>'}}, raw=True)"
    nb.run("with track.start_run() as run:\n    " + cell.format("one").replace("\n", "\n    "))
    nb.run("with track.start_run(run_id=run.run_id):\n    " + cell.format("two").replace("\n", "\n    "))
    run = nb.only
    assert {path: nb.text(run, path) for path in nb.paths(run)} == {
        "figures/1.svg": "<svg>one</svg>",
        "figures/2.svg": "<svg>two</svg>",
        "output.txt": "one\n",
        "output-2.txt": "two\n",
    }
    assert len(nb.sources(run)) == 2


# ---- the place


def test_chdir_changes_nothing(nb: Notebook, tmp_path: Path) -> None:
    """The store's place was fixed when the extension was loaded."""
    nb.run("%%track one\nimport os\nos.mkdir('sub')\nos.chdir('sub')")
    nb.run("%%track two\n1")
    assert Path.cwd() == tmp_path / "sub"
    assert [run.name for run in nb.runs] == ["one", "two"]
    assert os.listdir(tmp_path / "sub") == []
    assert nb.store == tmp_path / "track.db"


def test_a_store_of_a_parent_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ``track.db`` between the notebook and the git root is found, and the first card says which; none above it."""
    (tmp_path / "project" / ".git").mkdir(parents=True)
    work = tmp_path / "project" / "notebooks" / "deep"
    work.mkdir(parents=True)
    with notebook(tmp_path / "project", monkeypatch) as nb:
        nb.run("%%track one\n1")
    with notebook(work, monkeypatch) as nb:
        nb.run("%%track two\n1")
        assert nb.store == tmp_path / "project" / "track.db"
        assert "../../track.db" in nb.cards[0]
        assert [(run.name, run.notebook) for run in nb.runs] == [
            ("one", "demo.ipynb"),
            ("two", "notebooks/deep/demo.ipynb"),
        ]
    alone = tmp_path / "project" / "own"
    (alone / ".git").mkdir(parents=True)
    with notebook(alone, monkeypatch) as nb:
        nb.run("%%track three\n1")
        assert nb.store == alone / "track.db"
