"""KeyboardInterrupt at any moment of a log call, a flush, a read or an edit: nothing stays open, nothing hangs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from processes import run, torn, values

INTERRUPTED = """
import json, os, random, signal, sys, threading, time
import jupyter_track as track
from jupyter_track.store import edits, gate, problems
from jupyter_track.store.reader import Reader

def interrupt(number, frame):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
chance = random.Random(int(sys.argv[2]))
kind = sys.argv[3]
run = track.start_run(run_name="interrupted")
track.flush()
store = run._tracker.store
steps = 0
for number in range(int(sys.argv[1])):
    try:
        ended = time.monotonic() + 0.5  # an interrupt that comes while Python frees a generator is lost
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0005, 0.01))
        while time.monotonic() < ended:
            if kind == "log":
                track.log_metrics({"loss": float(steps)}, step=steps)
                steps += 1
            elif kind == "flush":
                track.log_metric("loss", float(steps), step=steps)
                steps += 1
                track.flush()
            elif kind == "read":
                Reader(store).runs()
            else:
                edits.set_note(store, [run.run_id], str(number))
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
done = [False]
def last():
    track.log_metrics({"loss": -1.0}, step=-1)
    done[0] = track.flush(30)
worker = threading.Thread(target=last)
worker.start()
worker.join(40)
edits.set_note(store, [run.run_id], "the end")
print(json.dumps([done[0], worker.is_alive(), steps, len(gate._inside), [one.message for one in problems.current()]]))
sys.stdout.flush()
if worker.is_alive():
    os._exit(3)
"""


def interrupted(folder: Path, times: int, kind: str, seed: int = 7) -> None:
    """Interrupt a program many times; it still logs, flushes and edits, and what it logged is there in order."""
    folder.mkdir()
    done, stuck, steps, _, problems = json.loads(run(INTERRUPTED, folder, times, seed, kind))
    assert (done, stuck, problems) == (True, False, [])
    found = values(folder / "track.db")
    assert found[-1] == -1.0
    logged = [int(value) for value in found[:-1]]
    # A log call that was interrupted may have been carried out or not, so that its step may be there twice.
    assert sorted(set(logged)) == list(range(len(set(logged))))
    assert len(set(logged)) in (steps, steps + 1)
    assert torn(folder / "track.db") == []


@pytest.mark.parametrize("kind", ["log", "flush", "read", "edit"])
def test_some_interrupts(tmp_path: Path, kind: str) -> None:
    """75 interrupts of each kind of call: 0 open transactions, 0 hangs."""
    interrupted(tmp_path / kind, 75, kind)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["log", "flush", "read", "edit"])
def test_3000_interrupts(tmp_path: Path, kind: str) -> None:
    """Ten times the bar: 3,000 interrupts of each kind of call."""
    for seed in range(10):
        interrupted(tmp_path / str(seed), 300, kind, seed)
