"""How a process ends: at the end of a script, in its own hooks, by a signal, in a worker of multiprocessing."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from processes import line, run, said, start, torn, values

from jupyter_track.store import spill
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.reader import Reader

QUEUED = """
import jupyter_track as track
track.start_run()
for step in range(2000):
    track.log_metric("loss", float(step), step=step)
"""

HOOKS = """
import atexit
def mine():
    import jupyter_track as track
    track.log_metric("late", 1.0, step=0, run_id=run.run_id)
    track.log_metric("late", 2.0, step=1, run_id=run.run_id)
    with track.start_run(run_name="in a hook"):
        track.log_metric("loss", 3.0, step=0)
atexit.register(mine)
import jupyter_track as track
run = track.start_run(run_name="main")
track.log_metric("loss", 1.0, step=0)
atexit.register(lambda: track.log_metric("loss", 2.0, step=1))
"""

TERMINATED = """
import signal, sys, time
import jupyter_track as track
kind = sys.argv[1]
if kind == "handler":
    def mine(number, frame):
        print("mine")
        sys.exit(7)
    signal.signal(signal.SIGTERM, mine)
track.start_run()
track.log_metric("loss", 0.0, step=0)
track.flush()
print("ready")
step = 0
while True:
    step += 1
    if kind == "slow path":
        track.log_metrics({"loss": float(step)}, step=step)
    else:
        track.log_metric("loss", float(step), step=step)
        time.sleep(0.0001)
    if step % 100 == 0:
        print(step)
"""


def test_queued_points_are_written(tmp_path: Path) -> None:
    """A script that ends with 2,000 points in the queue and its run open loses none; the run is FINISHED."""
    run(QUEUED, tmp_path)
    assert values(tmp_path / "track.db") == [float(step) for step in range(2000)]
    (found,) = Reader(tmp_path / "track.db").runs()
    assert found.status == "FINISHED"
    assert found.end_time is not None


def test_a_script_that_fails(tmp_path: Path) -> None:
    """A script that ends by an exception has a FAILED run with the exception, and all its points."""
    process = start(QUEUED + "raise RuntimeError('out of coffee')", tmp_path)
    with pytest.raises(AssertionError, match="exit status 1"):
        said(process)
    (found,) = Reader(tmp_path / "track.db").runs()
    assert found.error is not None
    assert (found.status, found.error.name, found.error.message) == ("FAILED", "RuntimeError", "out of coffee")
    assert len(values(tmp_path / "track.db")) == 2000


def test_the_users_own_hooks(tmp_path: Path) -> None:
    """What the user's atexit hooks log is written, those that run before ours and those that run after it."""
    run(HOOKS, tmp_path)
    store = tmp_path / "track.db"
    runs = {found.name: found for found in Reader(store).runs()}
    assert {name: found.status for name, found in runs.items()} == {"main": "FINISHED", "in a hook": "FINISHED"}
    main = runs["main"].run_id
    assert values(store, run_id=main) == [1.0, 2.0]
    assert values(store, "late", main) == [1.0, 2.0]
    assert values(store, run_id=runs["in a hook"].run_id) == [3.0]
    assert spill.waiting(store) == []


def test_a_store_that_stays_locked(tmp_path: Path) -> None:
    """A process that ends while another holds the store ends in time; what it had goes to a side file."""
    store = tmp_path / "track.db"
    process = start(QUEUED.replace("track.start_run()", "track.start_run(); track.flush(); input()"), tmp_path)
    until_exists(store)
    files = StoreFiles(store)
    with files.writing(timeout=10):
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        began = time.monotonic()
        assert process.wait(30) == 0
        assert time.monotonic() - began < 4.0
    process.communicate()
    files.close()
    assert len(spill.waiting(store)) >= 1
    run("import jupyter_track as track\nwith track.start_run(run_name='next'): pass", tmp_path)
    runs = {found.name: found for found in Reader(store).runs()}
    assert len(runs) == 2
    (first,) = (found for found in runs.values() if found.name != "next")
    assert first.status == "FINISHED"
    assert values(store, run_id=first.run_id) == [float(step) for step in range(2000)]
    assert spill.waiting(store) == []


def until_exists(store: Path) -> None:
    """Wait until a program has made the store."""
    deadline = time.monotonic() + 30
    while not (store.exists() and store.stat().st_size):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.2)


def terminate(folder: Path, kind: str) -> float:
    """Send SIGTERM to a logging program; check all that it left, and return how long it took to end."""
    folder.mkdir()
    process = start(TERMINATED, folder, kind)
    assert line(process) == "ready"
    time.sleep(0.15)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        out, err = process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    took = time.monotonic() - began
    numbers = [int(text) for text in out.split() if text.isdecimal()]
    found = values(folder / "track.db")
    if kind == "handler":
        assert process.returncode == 7, err
        assert out.split()[-1] == "mine"
    else:
        assert process.returncode == -signal.SIGTERM, err
    assert len(found) > max(numbers, default=0)
    assert found == [float(step) for step in range(len(found))]
    assert torn(folder / "track.db") == []
    newest = Reader(folder / "track.db").runs()
    assert [one.status for one in newest] == ["KILLED"]
    return took


@pytest.mark.parametrize("kind", ["plain", "handler", "slow path"])
def test_sigterm(tmp_path: Path, kind: str) -> None:
    """A SIGTERM ends the run as KILLED, writes every point, calls the earlier handler, and takes 2 s at most."""
    for number in range(3):
        assert terminate(tmp_path / str(number), kind) < 3.0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["plain", "handler", "slow path"])
def test_50_sigterms(tmp_path: Path, kind: str) -> None:
    """The bar: 50 of 50, each within the time that a kernel has."""
    took = sorted(terminate(tmp_path / str(number), kind) for number in range(50))
    print(f"{kind}: median {took[25]:.2f} s, longest {took[-1]:.2f} s")
    assert took[-1] < 3.0


def test_a_handler_that_goes_on(tmp_path: Path) -> None:
    """Where the user's handler lets the program go on, it can log another run, and the next signal is ours too."""
    script = (
        "import os, signal, jupyter_track as track\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('mine'))\n"
        "for name in ('one', 'two'):\n"
        "    track.start_run(run_name=name)\n"
        "    track.log_metric('loss', 1.0, step=0)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "with track.start_run(run_name='three'):\n"
        "    track.log_metric('loss', 1.0, step=0)\n"
    )
    assert run(script, tmp_path) == "mine\nmine\n"
    runs = {found.name: found.status for found in Reader(tmp_path / "track.db").runs()}
    assert runs == {"one": "KILLED", "two": "KILLED", "three": "FINISHED"}


def test_sigterm_while_the_main_thread_holds_the_store(tmp_path: Path) -> None:
    """A signal inside a read or an edit of the main thread waits for itself no longer than needed; nothing is lost."""
    script = (
        "import os, signal, time, jupyter_track as track\n"
        "from jupyter_track.store.database import reading\n"
        "run = track.start_run()\n"
        "track.log_metric('loss', 1.0, step=0)\n"
        "track.flush()\n"
        "track.log_metric('loss', 2.0, step=1)\n"
        "with reading(run._tracker.store) as connection:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "time.sleep(30)\n"
    )
    process = start(script, tmp_path)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM
    assert values(tmp_path / "track.db") == [1.0, 2.0]
    assert [found.status for found in Reader(tmp_path / "track.db").runs()] == ["KILLED"]


def test_an_ignored_sigterm_stays_ignored(tmp_path: Path) -> None:
    """A program that ignores SIGTERM goes on as if nothing had come."""
    script = (
        "import os, signal, jupyter_track as track\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "with track.start_run():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    track.log_metric('loss', 1.0, step=0)\n"
    )
    run(script, tmp_path)
    assert [found.status for found in Reader(tmp_path / "track.db").runs()] == ["FINISHED"]
