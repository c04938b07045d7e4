"""Forks: the child starts clean, the parent is unharmed, workers of multiprocessing are drained."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import run, torn, values

from jupyter_track.store import spill
from jupyter_track.store.reader import Reader

FORKING = """
import os, signal, sys, threading, time
import jupyter_track as track
run = track.start_run(run_name="parent")
over = False
def log():
    step = 0
    while not over:
        track.log_metrics({"loss": float(step)}, step=step)
        step += 1
        time.sleep(0.0005)
    print(step)
def edit():
    while not over:
        run.read()
threads = [threading.Thread(target=work) for work in (log, edit)]
for thread in threads:
    thread.start()
stuck = 0
for number in range(int(sys.argv[1])):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        with track.start_run(run_name=f"child-{number}"):
            track.log_metric("own", float(number), step=0)
        os._exit(0 if track.flush() else 3)
    stuck += os.waitpid(pid, 0)[1] != 0
over = True
for thread in threads:
    thread.join()
print(stuck)
"""

WORKERS = """
import multiprocessing, sys, time
import jupyter_track as track
def work(number):
    run.log_metric("shared", float(number), step=number)
    with track.start_run(run_name=f"worker-{number}"):
        track.log_metric("loss", float(number), step=0)
if __name__ == "__main__":
    run = track.start_run(run_name="parent")
    track.log_metric("loss", 1.0, step=0)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=work, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    print([worker.exitcode for worker in workers])
    track.log_metric("loss", 2.0, step=1)
"""

POOL = """
import multiprocessing, os
import jupyter_track as track
def work(number):
    with track.start_run(run_name=f"task-{number}"):
        track.log_metric("loss", float(number), step=0)
    return number
if __name__ == "__main__":
    with track.start_run(run_name="parent"):
        with multiprocessing.get_context("fork").Pool(3) as pool:
            print(sum(pool.map(work, range(12))))
"""

THREADS = """
import jupyter_track as track
from joblib import Parallel, delayed
def work(number):
    with track.start_run(run_name=f"task-{number}", nested=True):
        for step in range(50):
            track.log_metric("loss", float(step), step=step)
with track.start_run(run_name="parent"):
    Parallel(n_jobs=4, backend="threading")(delayed(work)(number) for number in range(20))
"""


def fork_beside_threads(folder: Path, times: int) -> None:
    """Fork beside a logging and a reading thread; each child logs a run of its own."""
    logged, stuck = run(FORKING, folder, times).split()
    assert stuck == "0"
    store = folder / "track.db"
    runs = {found.name: found for found in Reader(store).runs()}
    assert set(runs) == {"parent", *(f"child-{number}" for number in range(times))}
    assert values(store, run_id=runs["parent"].run_id) == [float(step) for step in range(int(logged))]
    for number in range(times):
        child = runs[f"child-{number}"]
        assert (child.status, values(store, "own", child.run_id)) == ("FINISHED", [float(number)])
    assert runs["parent"].status == "FINISHED"
    assert torn(store) == []


def test_forks_beside_threads(tmp_path: Path) -> None:
    """20 forks beside busy threads: no deadlock, nothing twice, every child's own run is there."""
    fork_beside_threads(tmp_path, 20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_1000_forks(tmp_path: Path) -> None:
    """The bar: 1,000 forks, 0 deadlocks, 0 duplicates."""
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        fork_beside_threads(folder, 100)


def test_workers_of_multiprocessing(tmp_path: Path) -> None:
    """Workers that log to their parent's run, which may not be written yet, and to their own, and end at once."""
    assert run(WORKERS, tmp_path) == "[0, 0, 0, 0, 0, 0]\n"
    store = tmp_path / "track.db"
    runs = {found.name: found for found in Reader(store).runs()}
    parent = runs.pop("parent")
    assert sorted(values(store, "shared", parent.run_id)) == [float(number) for number in range(6)]
    assert values(store, run_id=parent.run_id) == [1.0, 2.0]
    assert parent.status == "FINISHED"
    assert {name: values(store, run_id=found.run_id) for name, found in runs.items()} == {
        f"worker-{number}": [float(number)] for number in range(6)
    }
    assert {found.status for found in runs.values()} == {"FINISHED"}
    assert torn(store) == []
    assert list(spill.folders(store)[0].glob("*")) == []


def test_a_pool_that_is_terminated(tmp_path: Path) -> None:
    """A pool ends its workers by SIGTERM: what they had logged is written, and they end."""
    assert run(POOL, tmp_path) == "66\n"
    store = tmp_path / "track.db"
    runs = {found.name: found for found in Reader(store).runs()}
    parent = runs.pop("parent")
    assert parent.status == "FINISHED"
    assert {name: values(store, run_id=found.run_id) for name, found in runs.items()} == {
        f"task-{number}": [float(number)] for number in range(12)
    }


def test_threads_of_joblib(tmp_path: Path) -> None:
    """Each thread has a run of its own: 20 runs of 50 points, none in another's."""
    pytest.importorskip("joblib")
    run(THREADS, tmp_path)
    store = tmp_path / "track.db"
    runs = {found.name: found for found in Reader(store).runs()}
    del runs["parent"]
    assert set(runs) == {f"task-{number}" for number in range(20)}
    for found in runs.values():
        assert values(store, run_id=found.run_id) == [float(step) for step in range(50)]


def test_a_child_that_is_terminated(tmp_path: Path) -> None:
    """A forked child inherits our handler of SIGTERM; it ends by the signal, with its run KILLED and written."""
    script = (
        "import os, signal, time, jupyter_track as track\n"
        "track.start_run(run_name='parent')\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    track.start_run(run_name='child')\n"
        "    track.log_metric('loss', 1.0, step=0)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    time.sleep(20)\n"
        "print(os.waitpid(pid, 0)[1])\n"
    )
    assert run(script, tmp_path) == "15\n"
    runs = {found.name: found for found in Reader(tmp_path / "track.db").runs()}
    assert {name: found.status for name, found in runs.items()} == {"parent": "FINISHED", "child": "KILLED"}
    assert values(tmp_path / "track.db", run_id=runs["child"].run_id) == [1.0]
