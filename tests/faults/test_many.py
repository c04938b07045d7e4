"""Several processes on one store: first opened at once, written at once, and while others open every file of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from processes import line, said, start, torn, values

from jupyter_track.store import spill
from jupyter_track.store.reader import Reader

FIRST = """
import sys, jupyter_track as track
input()
with track.start_run(run_name=sys.argv[1]):
    track.log_metric("loss", 1.0, step=0)
print(track.flush())
"""

WRITING = """
import sys, time, warnings
import jupyter_track as track
warnings.simplefilter("error")
from jupyter_track.store import problems
track.start_run(run_name=sys.argv[1])
print("ready")
input()
deadline = time.monotonic() + float(sys.argv[2])
step = acknowledged = 0
longest = 0.0
while time.monotonic() < deadline:
    for _ in range(10):
        track.log_metric("loss", float(step), step=step)
        step += 1
    began = time.monotonic()
    if track.flush():
        acknowledged = step
    longest = max(longest, time.monotonic() - began)
    time.sleep(float(sys.argv[3]))
print(acknowledged, step, longest, [problem.message for problem in problems.current()])
"""

OPENING = """
import hashlib, pathlib, sys, time
import jupyter_track as track
from jupyter_track.store.reader import Reader
from jupyter_track.store.place import find_store
store = pathlib.Path("track.db").resolve()
track.start_run(run_name="opener")
print("ready")
input()
deadline = time.monotonic() + float(sys.argv[1])
opened = read = step = acknowledged = 0
counts = {}
while time.monotonic() < deadline:
    track.log_metric("loss", float(step), step=step)
    step += 1
    for path in [store, *store.parent.glob("track.db-*"), *store.parent.rglob("track.db-files/**/*")]:
        if path.is_file():
            try:
                hashlib.sha256(path.read_bytes())
                opened += 1
            except FileNotFoundError:
                pass
    if step % 5 == 0 and track.flush():
        acknowledged = step
    for run in Reader(store).runs():
        count = run.metrics["loss"].count if "loss" in run.metrics else 0
        assert count >= counts.get(run.run_id, 0), "a reader saw points vanish"
        counts[run.run_id] = count
        read += 1
    time.sleep(0.005)
print(acknowledged, step, opened, read)
"""


def go(*processes: subprocess.Popen[str]) -> None:
    """Let programs that wait for a line begin at once."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def open_at_once(folder: Path) -> None:
    """Eight programs open a store that is not there yet at the same moment."""
    folder.mkdir()
    processes = [start(FIRST, folder, f"run-{number}") for number in range(8)]
    go(*processes)
    assert [said(process) for process in processes] == ["True\n"] * 8
    runs = Reader(folder / "track.db").runs()
    assert sorted(run.name for run in runs) == [f"run-{number}" for number in range(8)]
    assert {run.number for run in runs} == set(range(1, 9))
    assert {run.status for run in runs} == {"FINISHED"}
    assert torn(folder / "track.db") == []


def test_first_open_by_eight(tmp_path: Path) -> None:
    """One schema, no error, all eight runs."""
    open_at_once(tmp_path / "0")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_first_open_25_times(tmp_path: Path) -> None:
    """The bar: 25 of 25."""
    for number in range(25):
        open_at_once(tmp_path / str(number))


def write_at_once(folder: Path, processes: int, seconds: float, pause: float = 0.0) -> tuple[list[int], float]:
    """Programs that log and flush all the time; return the points of each and the longest flush."""
    running = [start(WRITING, folder, f"run-{number}", seconds, pause) for number in range(processes)]
    assert [line(process) for process in running] == ["ready"] * processes
    go(*running)
    counts, longest = [], 0.0
    store = folder / "track.db"
    results = [said(process, seconds + 60).split(maxsplit=3) for process in running]
    runs = {run.name: run for run in Reader(store).runs()}
    for number, (acknowledged, logged, wait, problems) in enumerate(results):
        assert problems == "[]\n"
        assert int(acknowledged) == int(logged)
        assert values(store, run_id=runs[f"run-{number}"].run_id) == [float(step) for step in range(int(logged))]
        counts.append(int(logged))
        longest = max(longest, float(wait))
    assert {run.status for run in runs.values()} == {"FINISHED"}
    assert torn(store) == []
    assert spill.waiting(store) == []
    return counts, longest


def test_eight_writers(tmp_path: Path) -> None:
    """Eight programs write as fast as they can: no error, nothing lost, none is starved."""
    counts, longest = write_at_once(tmp_path, 8, 2.0)
    assert max(counts) <= 8 * min(counts)
    assert longest < 3.0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_eight_writers_for_a_minute(tmp_path: Path) -> None:
    """The bar: 60 s, 0 errors, the fastest at most twice the slowest."""
    counts, longest = write_at_once(tmp_path, 8, 60.0)
    print(f"points {sorted(counts)}, ratio {max(counts) / min(counts):.2f}, longest flush {longest:.2f} s")
    assert max(counts) <= 2 * min(counts)


def open_beside_writers(folder: Path, seconds: float) -> None:
    """Two programs write while a third writes, opens and closes every file of the folder, and reads."""
    folder.mkdir()
    writers = [start(WRITING, folder, f"run-{number}", seconds, 0.002) for number in range(2)]
    assert [line(process) for process in writers] == ["ready"] * 2
    opener = start(OPENING, folder, seconds)
    assert line(opener) == "ready"
    go(*writers, opener)
    store = folder / "track.db"
    acknowledged = {}
    for number, process in enumerate(writers):
        done, logged, _, problems = said(process, seconds + 60).split(maxsplit=3)
        assert problems == "[]\n"
        acknowledged[f"run-{number}"] = (int(done), int(logged))
    done, logged, opened, read = map(int, said(opener, seconds + 60).split())
    acknowledged["opener"] = (done, logged)
    assert opened > 0
    assert read > 0
    runs = {run.name: run for run in Reader(store).runs()}
    for name, (done, logged) in acknowledged.items():
        found = values(store, run_id=runs[name].run_id)
        assert len(found) >= done, "acknowledged rows were lost"
        assert found == [float(step) for step in range(logged)]
    assert torn(store) == []


def test_raw_opens_beside_writers(tmp_path: Path) -> None:
    """Opening and closing database, journal and lock file in a process that also writes loses and misreads nothing."""
    open_beside_writers(tmp_path / "0", 2.0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_raw_opens_in_20_rounds(tmp_path: Path) -> None:
    """The bar: 20 rounds of 10 s, 0 acknowledged rows lost."""
    for number in range(20):
        open_beside_writers(tmp_path / str(number), 10.0)


def test_two_processes_on_one_run(tmp_path: Path) -> None:
    """Two programs resume one run and log to one curve at once: every point of both, no key twice, whole buckets."""
    script = (
        "import sys, jupyter_track as track\n"
        "track.start_run(run_id=sys.argv[1])\n"
        "for step in range(3000):\n"
        "    track.log_metric('loss', float(sys.argv[2]), step=step)\n"
        "    if step % 500 == 0:\n"
        "        assert track.flush()\n"
    )
    first = "import jupyter_track as track\nwith track.start_run() as run: print(run.run_id)"
    run_id = said(start(first, tmp_path)).strip()
    for process in [start(script, tmp_path, run_id, number) for number in range(2)]:
        said(process)
    found = values(tmp_path / "track.db")
    assert (found.count(0.0), found.count(1.0), len(found)) == (3000, 3000, 6000)
    assert torn(tmp_path / "track.db") == []
