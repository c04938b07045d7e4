"""Runs that a log call opens: in silence where they are expected, and said where a worker opens one."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_session import environment
from shell_session import Notebook, notebook

import jupyter_track as track
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded and the package imported."""
    with notebook(tmp_path, monkeypatch) as made:
        made.run("import threading\nfrom concurrent.futures import ThreadPoolExecutor\nimport jupyter_track as track")
        yield made


def program(folder: Path, text: str) -> tuple[list[str], dict[str, dict[str, float]]]:
    """Run a script; return what it warned of, without the places, and the metrics of each run of its store."""
    (folder / "program.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-W", "always", "program.py"],
        cwd=folder,
        env=environment(folder, notebook=False),
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    said = [line.partition("TrackWarning: ")[2] for line in done.stderr.splitlines() if "TrackWarning: " in line]
    runs = Reader(folder / "track.db").runs()
    return said, {run.name: {key: metric.last for key, metric in run.metrics.items()} for run in runs}


def test_a_script_s_main_thread_opens_a_run_in_silence(tmp_path: Path) -> None:
    """As mlflow does."""
    said, runs = program(tmp_path, "import jupyter_track as track\ntrack.log_metric('x', 1.0)\n")
    assert (said, list(runs.values())) == ([], [{"x": 1.0}])


@pytest.mark.parametrize(
    "cell",
    [
        "track.log_metric('x', 1.0)",
        "with ThreadPoolExecutor(2) as pool: list(pool.map(lambda n: track.log_metric('x', 1.0), range(9)))",
        "import asyncio\nawait asyncio.to_thread(track.log_metric, 'x', 1.0)",
    ],
)
def test_a_cell_and_its_workers_open_a_run_in_silence(nb: Notebook, cell: str) -> None:
    """They share one run, which ends with the cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nb.run(cell).success
    assert (nb.problems, nb.only.status, nb.metrics(nb.only)) == ([], "FINISHED", {"x": 1.0})


def test_a_thread_that_outlives_its_cell_says_so_once(nb: Notebook) -> None:
    """Its values are kept in a run of their own, which the warning names."""
    nb.names["go"], nb.names["done"] = go, done = threading.Event(), threading.Event()
    nb.run(
        "def work():\n    go.wait(30)\n    for n in range(3): track.log_metric('late', 1.0 + n)\n    done.set()\n"
        "with track.start_run(run_name='meant'):\n"
        "    thread = threading.Thread(target=work, name='trainer'); thread.start()\n    track.log_metric('x', 1.0)"
    )
    with pytest.warns(TrackWarning) as said:
        go.set()
        assert done.wait(30)
        nb.names["thread"].join()
    meant, opened = nb.runs
    sentence = (
        f"A log call of the thread 'trainer' has opened the run {opened.name!r}, as none was active (any more). Pass "
        "run_id to log to the run that is meant; 'with track.start_run():' in the thread opens one of its own."
    )
    assert [(str(one.message), one.lineno) for one in said] == [(sentence, 3)]
    assert (nb.metrics(meant), nb.metrics(opened), nb.problems) == ({"x": 1.0}, {"late": 3.0}, [sentence])


def test_a_thread_that_says_which_run_it_means_is_not_warned_of(nb: Notebook) -> None:
    """Both remedies: `run_id`, and a run of its own."""
    nb.names["go"] = go = threading.Event()
    nb.run(
        "def work():\n    go.wait(30)\n    track.log_metric('late', 1.0, run_id=run.run_id)\n"
        "    with track.start_run(run_name='own'): track.log_metric('y', 2.0)\n"
        "with track.start_run(run_name='meant') as run:\n    thread = threading.Thread(target=work); thread.start()"
    )
    go.set()
    nb.names["thread"].join(30)
    assert {run.name: nb.metrics(run) for run in nb.runs} == {"meant": {"late": 1.0}, "own": {"y": 2.0}}
    assert nb.problems == []


FORKED = """
import os
import jupyter_track as track
{before}
if (pid := os.fork()) == 0:
    for n in range(3):
        {call}
    track.flush()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
print(run.run_id if run else "")
track.log_metric("here", 1.0)
"""


def test_a_forked_worker_names_the_run_of_its_parent(tmp_path: Path) -> None:
    """Once in that process, with the id that would have been meant; the parent's run gets nothing of it."""
    before = "run = track.start_run(run_name='parent')"
    said, runs = program(tmp_path, FORKED.format(before=before, call="track.log_metric('there', 1.0 + n)"))
    assert runs.pop("parent") == {"here": 1.0}
    ((opened, values),) = runs.items()
    (parent,) = [run.run_id for run in Reader(tmp_path / "track.db").runs() if run.name == "parent"]
    assert values == {"there": 3.0}
    assert said == [
        f"A log call of a forked process has opened the run {opened!r}, as 'parent' is active in its parent only. Pass "
        f"run_id={parent!r} to log to that one; 'with track.start_run():' in the process opens one of its own."
    ]


def test_a_forked_worker_without_a_run_of_its_parent_says_so_too(tmp_path: Path) -> None:
    """The parent's own log call, on the main thread of a script, stays silent."""
    said, runs = program(
        tmp_path, FORKED.format(before="run = track.active_run()", call="track.log_metric('there', 1.0)")
    )
    (opened,) = [name for name, values in runs.items() if "there" in values]
    assert (len(runs), said) == (
        2,
        [
            f"A log call of a forked process has opened the run {opened!r}, as none was active. Pass run_id to log to "
            "the run that is meant; 'with track.start_run():' in the process opens one of its own."
        ],
    )


def test_a_forked_worker_that_names_its_run_is_silent(tmp_path: Path) -> None:
    """The remedy of the warning works."""
    before = "run = track.start_run(run_name='parent'); track.flush()"
    call = "track.log_metric('there', 1.0, step=n, run_id=run.run_id)"
    assert program(tmp_path, FORKED.format(before=before, call=call)) == ([], {"parent": {"here": 1.0, "there": 1.0}})


def test_a_worker_of_a_script_without_a_run_says_so(store: Path) -> None:
    """Which run its values go to is nowhere written; the main thread's is one that it opens itself."""
    with pytest.warns(TrackWarning, match=r"^A log call of the thread 'worker' has opened the run "):
        thread = threading.Thread(target=track.log_metric, args=("x", 1.0), name="worker")
        thread.start()
        thread.join()
    assert track.active_run() is not None
