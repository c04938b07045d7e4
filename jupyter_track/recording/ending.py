"""How a process ends: open runs get their status first, then what waits is written, within two seconds.

A kernel has 2.5 s between the request to shut down and SIGTERM, and 5 s until SIGKILL. The statuses are few rows and
come first; a daemon thread and `atexit` together save all, where a daemon thread alone saves nothing. What is still
being found out about the runs, git's commit, is waited for within the same time.
"""

from __future__ import annotations

import _thread
import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..records import RunStatus
from ..store import gate, problems
from ..store.writer import begin_exit, close_all, when_made, writers
from . import active, context
from .run import describe_error, status_of

DRAIN_SECONDS = 2.0
CLOSING_SECONDS = 0.5  # the part of it that is kept for the writer, however long git takes
HOLD_SECONDS = 1.0  # how long a signal keeps the main thread from going on

_registered = False  # with atexit, which a forked child inherits
_handling = False
_finalizing = False
_exiting = False
_earlier_sigterm: Any = None
_once = threading.Lock()  # held while the signal is being looked after
_pipe: tuple[int, int] | None = None


def exiting() -> bool:
    """Whether the interpreter is going down: nothing may rely on the writer thread any more."""
    return _exiting


def install() -> None:
    """Look after the end of this process; the first run and the first writer call it."""
    global _registered, _finalizing, _handling, _earlier_sigterm
    if not _registered:
        _registered = True
        atexit.register(_at_exit)
    if not _finalizing and "multiprocessing.util" in sys.modules:
        from multiprocessing import util
        from multiprocessing.process import parent_process

        if parent_process() is not None:  # a worker of multiprocessing leaves by os._exit, without atexit
            _finalizing = True
            util.Finalize(None, _at_exit, exitpriority=100)
    if not _handling and threading.current_thread() is threading.main_thread():
        _handling = True
        earlier = signal.getsignal(signal.SIGTERM)
        if earlier != signal.SIG_IGN and earlier is not None:
            _earlier_sigterm = earlier
            signal.signal(signal.SIGTERM, _on_sigterm)
            if _finalizing and earlier == signal.SIG_DFL:
                _watch_signals()


when_made(install)


def _at_exit() -> None:
    global _exiting
    _exiting = True
    active.drop_fast()
    error = None if "IPython" in sys.modules else getattr(sys, "last_value", None)
    _end_open_runs(status_of(error), error)
    begin_exit(DRAIN_SECONDS)
    _drain(context.finish)


def _drain(finish: Callable[[float], None]) -> None:
    """Write what waits, the statuses of the runs first, then what `finish` waits for, and stop the writers."""
    deadline = time.monotonic() + DRAIN_SECONDS
    try:
        if context.waiting():
            for writer in writers():
                writer.flush(max(0.0, deadline - time.monotonic()))
        finish(max(0.0, deadline - CLOSING_SECONDS - time.monotonic()))
    finally:  # also where an interrupt ends the waiting
        close_all(max(0.0, deadline - time.monotonic()))


def _end_open_runs(status: str, error: BaseException | None = None) -> None:
    for run in reversed(active.open_runs()):
        try:
            run.end(status, describe_error(error) if error is not None and status == RunStatus.FAILED else None)
        except Exception as fault:  # noqa: BLE001 - the other runs are still to be ended, and all to be written
            problems.report("ending", f"The run {run.name!r} could not be ended as it should be: {fault!r}")


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    """End the runs, write what waits, and leave the rest to whoever looked after the signal before.

    A thread does the work, as the signal may have come while the main thread holds what the work needs: then the main
    thread goes on after `HOLD_SECONDS`, and gets the signal again when the work is done.
    """
    if not _once.acquire(blocking=False):
        return  # the work is being done, by a thread that ends the process
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut the work short
    finished = _thread.allocate_lock()
    finished.acquire()
    gone_on: list[None] = []

    def work() -> None:
        try:
            _end_open_runs(RunStatus.KILLED)
            _drain(context.settle)  # not for good: the earlier handler may let the process go on
        finally:
            finished.release()
            if gone_on and finished.acquire(blocking=False):
                os.kill(os.getpid(), number)

    try:
        _thread.start_new_thread(work, ())
    except RuntimeError:  # the interpreter is going down and starts no threads any more
        work()
    done = finished.acquire(timeout=HOLD_SECONDS)
    _hand_back()
    if not done:
        gone_on.append(None)
        if not finished.acquire(blocking=False):
            return
    if callable(_earlier_sigterm):
        _earlier_sigterm(number, frame)
    else:
        os.kill(os.getpid(), number)


def _hand_back() -> None:
    """Give the signal back to its earlier handler; where that goes on, the next writer asks for it again."""
    global _handling
    signal.signal(signal.SIGTERM, _earlier_sigterm)
    _handling = False
    if _once.locked():
        _once.release()


def _watch_signals() -> None:
    """In a worker of multiprocessing: let a thread see signals that the main thread does not.

    A pool ends its workers by one SIGTERM and waits for them. They wait inside C for work, and a Python handler whose
    signal came just before that is never run: 1 of 60 pools hung. So the byte that the C handler writes is read.
    """
    global _pipe
    if _pipe is None:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        earlier = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        if earlier != -1:  # an event loop has asked for it: it is woken by every signal, and runs the handler
            signal.set_wakeup_fd(earlier)
            os.close(reading)
            os.close(writing)
            return
        _pipe = (reading, writing)
        threading.Thread(target=_watch, args=(reading,), name="jupyter-track-signals", daemon=True).start()


def _watch(descriptor: int) -> None:
    while signal.SIGTERM not in os.read(descriptor, 64):
        pass
    if _once.acquire(blocking=False):  # else the main thread runs the handler
        _end_open_runs(RunStatus.KILLED)
        _drain(context.finish)
        os._exit(128 + signal.SIGTERM)


def _start_clean() -> None:
    """In a forked child: give the signal back, as a child that records nothing must end by it at once."""
    global _exiting, _finalizing, _handling, _once, _pipe
    _exiting = _finalizing = False
    _once = threading.Lock()
    if _pipe is not None:
        signal.set_wakeup_fd(-1)
        for descriptor in _pipe:
            os.close(descriptor)
        _pipe = None
    if _handling and signal.getsignal(signal.SIGTERM) == _on_sigterm:
        signal.signal(signal.SIGTERM, _earlier_sigterm)
    _handling = False


gate.reset_in_child(_start_clean)
