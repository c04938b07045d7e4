"""Stopping a run that was asked to stop: `ActiveRun.should_stop`, and the log call that raises `RunStopped`.

The request comes through the store (`jupyter_track.store.stops`). The writer's thread sees it and empties the cache of
the fast path, so that the next log call comes here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import RunStopped
from . import active

if TYPE_CHECKING:
    from .run import ActiveRun


def asked(run: ActiveRun) -> int | None:
    """Return when a run, or one that it is a child of, was last asked to stop (milliseconds); None where none was."""
    stops = run._tracker.writer.stops
    if not stops:
        return None
    times = [when for when in map(stops.asked, _with_parents(run)) if when is not None]
    return max(times, default=None)


def _with_parents(run: ActiveRun) -> Iterator[str]:
    """The ids of a run and of those of its parents that are open in this process."""
    memory, seen = run._memory, {run.run_id}
    yield run.run_id
    while memory.parent_run_id is not None and memory.parent_run_id not in seen:
        parent = run._tracker.memory(memory.parent_run_id)
        if parent is None:
            return
        seen.add(parent.run_id)
        yield parent.run_id
        memory = parent


def _in_loop(run: ActiveRun, when: int) -> bool:
    """Whether this thread is in a loop that a request ends: one of the run, or of a parent that it holds for too."""
    thread, stops = active.thread_number(), run._tracker.writer.stops
    for run_id in _with_parents(run):
        memory = run._memory if run_id == run.run_id else run._tracker.memory(run_id)
        if memory is not None and any(loop.thread == thread for loop in memory.loops):
            return True
        if stops.asked(run_id) == when:
            return False
    return False


def check(run: ActiveRun) -> None:
    """Raise where a run was asked to stop, once for each request.

    A thread that only borrows the run of a cell goes on: an exception there would end the thread and not the cell. So
    does one that goes through a `progress` of the run that was asked: that loop ends with its item.

    Raises
    ------
    RunStopped
    """
    when = asked(run)
    memory = run._memory
    if when is None or when <= memory.stopped or not (active.runs_cell() or active.own_stack()):
        return
    if _in_loop(run, when):
        return
    memory.stopped = when
    raise RunStopped(f"The run {run.name!r} was asked to stop.", run.run_id)
