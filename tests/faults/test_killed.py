"""SIGKILL of a logging process: what was flushed is there, nothing is torn, little else is lost."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from processes import killed, line, start, torn, values

from jupyter_track.store.reader import Reader

FLUSHING = """
import jupyter_track as track
track.start_run()
step = 0
while True:
    for _ in range(20):
        track.log_metric("loss", float(step), step=step)
        track.log_metrics({"odd": float(-step)}, step=step)
        step += 1
    if track.flush():
        print(step)
"""

STREAM = """
import sys, time
import jupyter_track as track
busy = sys.argv[1] == "busy"
track.start_run()
track.log_metric("loss", 0.0, step=0)
track.flush()
print("ready")
began = time.perf_counter()
step = 0
while True:
    step += 1
    while time.perf_counter() < began + step / 1000:
        if not busy:
            time.sleep(0.0005)
    track.log_metric("loss", float(step), step=step)
    if step % 10 == 0:
        sys.stdout.write(f"{step}\\n")
"""


def kill_one(folder: Path, seconds: float) -> None:
    """Kill a program that logs and flushes; check all that it left."""
    folder.mkdir()
    store = folder / "track.db"
    process = start(FLUSHING, folder)
    line(process)
    time.sleep(seconds)
    numbers = [int(text) for text in killed(process).split("\n")[:-1]]
    flushed = max(numbers, default=20)
    found = values(store)
    assert len(found) >= flushed
    assert found == [float(step) for step in range(len(found))]
    assert len(values(store, "odd")) >= flushed
    assert torn(store) == []
    (run,) = Reader(store).runs()
    assert (run.status, run.state) == ("RUNNING", "lost")


def test_flushed_points_are_there(tmp_path: Path) -> None:
    """Four kills at odd moments: 0 flushed points lost, 0 torn, the run is shown lost at once."""
    chance = random.Random(4)
    for number in range(4):
        kill_one(tmp_path / str(number), chance.uniform(0.0, 0.3))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_500_kills(tmp_path: Path) -> None:
    """The bar: 500 kills, 0 flushed points lost, 0 torn."""
    chance = random.Random(5)
    for number in range(500):
        kill_one(tmp_path / str(number), chance.uniform(0.0, 0.25))


def window(folder: Path, kind: str, seconds: float) -> float:
    """Kill a program that logs 1,000 points a second, and return how many seconds of them were lost."""
    folder.mkdir()
    process = start(STREAM, folder, kind)
    assert line(process) == "ready"
    time.sleep(seconds)
    logged = max(int(text) for text in killed(process).split("\n")[:-1] if text)
    found = values(folder / "track.db")
    assert found == [float(step) for step in range(len(found))]
    return max(0, logged + 1 - len(found)) / 1000


@pytest.mark.parametrize("kind", ["idle", "busy"])
def test_the_loss_window_never_exceeds_two_seconds(tmp_path: Path, kind: str) -> None:
    """Whatever the machine does, a kill loses at most two seconds of points."""
    assert window(tmp_path / kind, kind, 1.0) < 2.0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "bar"), [("idle", 0.2), ("busy", 0.5)])
def test_the_loss_window(tmp_path: Path, kind: str, bar: float) -> None:
    """The bar at 1 kHz: 0.2 s in a loop that sleeps, 0.5 s beside a busy pure-Python loop, in 19 of 20 kills."""
    chance = random.Random(6)
    lost = sorted(window(tmp_path / str(number), kind, chance.uniform(1.0, 2.0)) for number in range(20))
    print(f"{kind}: {lost}")
    assert lost[-2] <= bar
    assert lost[-1] < 2.0
