"""How a process ends: open runs get their status first, then what waits is written, within two seconds.

A kernel has 2.5 s between the request to shut down and SIGTERM, and 5 s until SIGKILL. The statuses are few rows and
come first; a daemon thread and `atexit` together save all, where a daemon thread alone saves nothing.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from ..records import RunStatus
from ..store import gate
from ..store.writer import begin_exit, close_all, writers
from . import active
from .run import describe_error, status_of

DRAIN_SECONDS = 2.0

_installed = False
_exiting = False
_earlier_sigterm: Any = None


def exiting() -> bool:
    """Whether the interpreter is going down: nothing may rely on the writer thread any more."""
    return _exiting


def install() -> None:
    """Look after the end of this process; the first run calls it."""
    global _installed, _earlier_sigterm
    if _installed:
        return
    _installed = True
    atexit.register(_at_exit)
    if "multiprocessing.util" in sys.modules:  # a worker of multiprocessing leaves by os._exit, without atexit
        from multiprocessing import util
        from multiprocessing.process import parent_process

        if parent_process() is not None:
            util.Finalize(None, _at_exit, exitpriority=100)
    if threading.current_thread() is threading.main_thread():
        earlier = signal.getsignal(signal.SIGTERM)
        if earlier != signal.SIG_IGN and earlier is not None:
            _earlier_sigterm = earlier
            signal.signal(signal.SIGTERM, _on_sigterm)


def _at_exit() -> None:
    global _exiting
    _exiting = True
    begin_exit()
    active.drop_fast()
    error = None if "IPython" in sys.modules else getattr(sys, "last_value", None)
    _end_open_runs(status_of(error), error)
    close_all(DRAIN_SECONDS)


def _end_open_runs(status: str, error: BaseException | None = None) -> None:
    for run in reversed(active.open_runs()):
        run.end(status, describe_error(error) if error is not None and status == RunStatus.FAILED else None)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    """End the runs, write what waits, and leave the rest to whoever looked after the signal before."""
    _end_open_runs(RunStatus.KILLED)
    for writer in writers():
        writer.flush(DRAIN_SECONDS)
    signal.signal(signal.SIGTERM, _earlier_sigterm)
    if callable(_earlier_sigterm):
        _earlier_sigterm(number, frame)
    else:
        os.kill(os.getpid(), number)


def _start_clean() -> None:
    global _installed, _exiting
    _installed = _exiting = False


gate.reset_in_child(_start_clean)
