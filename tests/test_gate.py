"""The fork gate: a fork waits for work on a database file, and such work waits for a fork."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from jupyter_track.store import gate

# Coverage's tracer takes a lock of its own in traced fork handlers, and a child that inherits it waits for ever.
pytestmark = pytest.mark.no_cover


@pytest.fixture(autouse=True)
def _open_gate() -> Iterator[None]:
    """Nobody is inside before and after each test."""
    assert not gate._inside
    yield
    assert not gate._inside
    assert not gate._forks


def child_says(report: str) -> str:
    """Fork; the child evaluates `report` with this module's names and its text comes back."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, str(eval(report)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def test_a_fork_waits_for_work() -> None:
    """A fork begins only when another thread has left the gate."""
    order: list[str] = []
    entered, leave = threading.Event(), threading.Event()

    def work() -> None:
        with gate.inside():
            entered.set()
            leave.wait()
            order.append("work over")

    thread = threading.Thread(target=work)
    thread.start()
    entered.wait()
    threading.Timer(0.1, leave.set).start()
    assert child_says("len(gate._inside)") == "0"
    order.append("forked")
    thread.join()
    assert order == ["work over", "forked"]


def test_work_waits_for_a_fork() -> None:
    """While a fork is under way nobody comes in."""
    entered = threading.Event()

    def work() -> None:
        with gate.inside():
            entered.set()

    gate._before_fork()
    thread = threading.Thread(target=work)
    thread.start()
    assert not entered.wait(0.05)
    gate._after_in_parent()
    assert entered.wait(5)
    thread.join()


def test_a_stuck_disk_does_not_stop_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork waits for a limited time only, and the child's gate is open nevertheless."""
    monkeypatch.setattr(gate, "FORK_PATIENCE", 0.05)
    with gate.inside():
        assert child_says("(len(gate._inside), len(gate._forks))") == "(0, 0)"


def test_every_reset_is_called_in_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resets run in the child in their order, and not in the parent."""
    called: list[int] = []
    monkeypatch.setattr(gate, "_reset_in_child", [])
    monkeypatch.setitem(globals(), "called", called)
    gate.reset_in_child(lambda: called.append(1))
    gate.reset_in_child(lambda: called.append(2))
    assert child_says("called") == "[1, 2]"
    assert called == []


def test_interrupts_leave_the_gate_open() -> None:
    """300 interrupts while one thread goes in and out all the time leave nobody inside and no lock held."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                while True:
                    with gate.inside():
                        pass
            except KeyboardInterrupt:
                pass  # its traceback may hold a block that was never left; both are gone after this
            assert not gate._inside
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def test_forks_and_work_do_not_block_each_other() -> None:
    """30 forks beside two threads that go in and out all the time: every child's gate is open."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with gate.inside():
                time.sleep(0.0002)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert [child_says("len(gate._inside)") for _ in range(30)] == ["0"] * 30
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_the_gate_needs_no_fork() -> None:
    """Where the system has no fork, the module is loaded all the same."""
    script = (
        "import os\n"
        "if hasattr(os, 'register_at_fork'): del os.register_at_fork\n"
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('gate', {gate.__file__!r})\n"
        "gate = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(gate)\n"
        "with gate.inside():\n"
        "    print('in')\n"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "in\n"
