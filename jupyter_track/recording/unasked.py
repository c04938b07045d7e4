"""Runs that a log call opens where nobody expects one: in a thread that outlived its cell, in a forked process.

On the main thread of a script, and in a cell, a log call without a run opens one in silence, as mlflow's users know
it. A worker mostly means the run of the one that started it, which is over or belongs to another process: there it is
said, once, and the run is kept all the same.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..store.problems import report
from . import active

if TYPE_CHECKING:
    from .run import ActiveRun


def announce(run: ActiveRun) -> None:
    """Say that a log call of a worker has opened `run`, and how to name the run that is meant."""
    if active.forked():
        report("forked-run", _of_process(run, active.run_of_parent()))
    elif active.is_stray_thread():
        name = threading.current_thread().name
        report(
            "thread-run",
            f"A log call of the thread {name!r} has opened the run {run.name!r}, as none was active (any more). Pass "
            "run_id to log to the run that is meant; 'with track.start_run():' in the thread opens one of its own.",
        )


def _of_process(run: ActiveRun, of_parent: ActiveRun | None) -> str:
    opened = f"A log call of a forked process has opened the run {run.name!r}"
    own = "'with track.start_run():' in the process opens one of its own."
    if of_parent is None:
        return f"{opened}, as none was active. Pass run_id to log to the run that is meant; {own}"
    return (
        f"{opened}, as {of_parent.name!r} is active in its parent only. "
        f"Pass run_id={of_parent.run_id!r} to log to that one; {own}"
    )
