"""Is the process of a run alive? Told by the process itself on this host, by a heartbeat from another one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_track.store import liveness
from jupyter_track.store.liveness import process_start, state_of, this_process
from jupyter_track.store.reader import Reader

# Coverage's tracer takes a lock of its own in traced fork handlers, and a child that inherits it waits for ever.
pytestmark = pytest.mark.no_cover


def state(status: str = "RUNNING", heartbeat: int = 0, run_id: str = "r", **changed: Any) -> str:
    """The state of a run of this process, with columns changed."""
    here = this_process()
    row = {"host_id": here.host_id, "boot_id": here.boot_id, "pid": here.pid, "start": here.start, **changed}
    return state_of(status, run_id, heartbeat=heartbeat, **row)


@pytest.mark.parametrize(
    ("status", "shown"),
    [("FINISHED", "finished"), ("FAILED", "failed"), ("KILLED", "stopped"), ("SCHEDULED", "scheduled")],
)
def test_what_has_ended_needs_no_process(status: str, shown: str) -> None:
    """The state of a run that is not running is its status, whoever logged it."""
    assert state(status, pid=1, start="0", host_id="elsewhere") == shown


def test_without_a_process_the_status_is_what_there_is() -> None:
    """A run that came from elsewhere without a process is shown by its status; an unheard-of status is unknown."""
    assert state(pid=None) == "running"
    assert state("PAUSED") == "unknown"


def test_this_process_lives() -> None:
    """A run of this process is running: no false death in 1,000 looks."""
    assert {state() for _ in range(1000)} == {"running"}


def test_a_missing_process_is_lost() -> None:
    """A process that has ended is dead at once; one that nobody has waited for yet (a zombie) too."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = process_start(process.pid)
    assert state(pid=process.pid, start=start) == "running"
    process.kill()
    deadline = time.monotonic() + 10
    while state(pid=process.pid, start=start) == "running" and time.monotonic() < deadline:
        time.sleep(0.001)  # until the kernel has delivered the signal
    assert state(pid=process.pid, start=start) == "lost"
    process.wait()
    assert state(pid=process.pid, start=start) == "lost"
    assert process_start(process.pid) is None
    assert process.stdin is not None
    process.stdin.close()


def test_another_process_of_the_same_number_is_not_it() -> None:
    """After a process has ended its number may be given again: the start tells them apart, and the boot."""
    assert state(start="1") == "lost"
    assert state(boot_id="another boot") == "lost"


@pytest.mark.parametrize("column", ["start", "boot_id"])
def test_what_is_not_known_is_no_death(column: str) -> None:
    """Where a system could not tell boot or start, the process that is there counts."""
    assert state(**{column: ""}) == "running"


def test_another_host_is_told_by_its_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """From another host a heartbeat that has stood for more than 60 s means unknown; one that moves means running."""
    now = 1000.0
    monkeypatch.setattr(liveness.time, "monotonic", lambda: now)
    monkeypatch.setattr(liveness, "_heartbeats", {})
    far = {"host_id": "elsewhere", "pid": 1, "start": "0"}
    assert state(heartbeat=3, **far) == "running"
    now += 60
    assert state(heartbeat=3, **far) == "running"
    now += 1
    assert state(heartbeat=3, **far) == "unknown"
    assert state(heartbeat=3, run_id="other", **far) == "running"
    assert state(heartbeat=4, **far) == "running"
    now += 61
    assert state(heartbeat=4, **far) == "unknown"


def test_a_command_name_with_brackets_and_spaces(tmp_path: Path) -> None:
    """A process's name is the user's choice and does not shift the fields after it."""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    odd = tmp_path / "a) R 1 (b"
    odd.symlink_to(sys.executable)
    with subprocess.Popen([odd, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = process_start(process.pid)
        own = process_start(os.getpid())
        process.communicate(b"\n")
    assert started is not None
    assert own is not None
    assert int(started) >= int(own)


def test_a_child_is_another_process() -> None:
    """A forked child has an identity of its own on the same host."""
    parent = this_process()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        child = this_process()
        os.write(writing, repr((child.host_id, child.boot_id, child.pid, child.start != "")).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == repr((parent.host_id, parent.boot_id, pid, True))


def test_a_run_of_a_killed_process_is_lost(store: Path) -> None:
    """The run of a killed process is stored as RUNNING and shown as lost; what has ended stays as it was."""
    script = (
        "import os, signal, jupyter_track as track\n"
        "with track.start_run(run_name='done'): pass\n"
        "track.start_run(run_name='open'); track.flush()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    killed = subprocess.run([sys.executable, "-c", script], cwd=store.parent, env=environment, check=False)
    assert killed.returncode == -9
    states = {run.name: (run.status, run.state) for run in Reader(store).runs()}
    assert states == {"done": ("FINISHED", "finished"), "open": ("RUNNING", "lost")}
