"""`progress`: a loop that tells how far it is, and that ends early where its run was asked to stop.

The loop only counts. The card under the cell reads the count from its own thread.

What a request to stop ends is the outermost loop that is open: the code below it runs as if the data had run out, and
the run is FINISHED with the tag ``stopped_early``. Where that did not help, because the same loop is begun again by an
outer one that is not wrapped, `RunStopped` is raised.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Generic, TypeVar

from ..errors import InvalidValue, RunStopped
from ..records import STOPPED_EARLY
from ..store.problems import report
from . import active, stopping
from .loops import Loop, Place
from .run import ActiveRun

Item = TypeVar("Item")


class Progress(Generic[Item]):
    """What `progress` gives: an iterable that may be gone through several times.

    Attributes
    ----------
    total : int or None
        How many items there are, None where that is not known.
    description, unit : str
        What the loop does, and what it counts.
    """

    def __init__(self, iterable: Iterable[Item], total: int | None, description: str, unit: str, place: Place) -> None:
        self.total = total
        self.description = description
        self.unit = unit
        self._iterable = iterable
        self._place = place

    def __len__(self) -> int:
        if self.total is None:
            raise TypeError("the number of items is not known; progress(…, total=…) tells it")
        return self.total

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Item]:
        run = active.current()
        return iter(self._iterable) if run is None else self._counted(run)

    def _counted(self, run: ActiveRun) -> Iterator[Item]:
        requests = run._tracker.writer.stops
        loop = Loop(self.total, self.description, self.unit, self._place, active.thread_number(), time.monotonic())
        _begin(run, loop)
        done = 0
        asked = requests.requests
        try:
            for item in self._iterable:
                yield item
                done += 1
                loop.done = done
                if asked and _must_end(run, loop):
                    break
        finally:
            _end(run, loop)


def progress(
    iterable: Iterable[Item], total: int | None = None, description: str | None = None, unit: str | None = None
) -> Progress[Item]:
    """Go through `iterable` and tell the card how far the loop is.

    The card under the cell shows what is done, of how much, and the time left. Where the run is asked to stop, the loop
    ends as if the data had run out, so that what stands below it (an evaluation, saving the model) still happens; the
    run is FINISHED and has the tag ``stopped_early`` with the number of items. Without a run it is a plain loop.

    Parameters
    ----------
    iterable : iterable
    total : int, optional
        How many items there are; ``len(iterable)`` by default, where it has one.
    description : str, optional
        What the loop does.
    unit : str, optional
        What it counts: ``epoch``, ``batch``.

    Returns
    -------
    Progress
        An iterable; it costs some 0.1 microseconds an item.

    Raises
    ------
    InvalidValue
        For a total that is no count.
    RunStopped
        Where the run was asked to stop and the same loop begins again inside an outer one that is not wrapped.

    Examples
    --------
    >>> import jupyter_track as track
    >>> [step for step in track.progress(range(3), unit="epoch")]
    [0, 1, 2]
    """
    if total is None:
        total = _length(iterable)
    elif isinstance(total, bool) or not isinstance(total, int) or total < 0:
        raise InvalidValue(f"The total of a loop is a count of items, not {total!r}.")
    caller = sys._getframe(1)
    return Progress(iterable, total, description or "", unit or "", (caller.f_code, caller.f_lineno))


def _length(iterable: Iterable[object]) -> int | None:
    """The length of what is gone through; None where there is none, or it cannot be told."""
    if not isinstance(iterable, Sized):
        return None
    try:
        return len(iterable)
    except Exception:  # noqa: BLE001 - a DataLoader over a stream has __len__, which raises; the loop works all the same
        return None


def _begin(run: ActiveRun, loop: Loop) -> None:
    memory = run._memory
    if memory.ended_loop == loop.place and not _own_loops(run, loop.thread):
        raise RunStopped(f"The run {run.name!r} was asked to stop.", run.run_id)
    memory.loops.append(loop)


def _own_loops(run: ActiveRun, thread: int) -> list[Loop]:
    return [loop for loop in run._memory.loops if loop.thread == thread]


def _must_end(run: ActiveRun, loop: Loop) -> bool:
    """Whether a loop ends here; the first one that sees a request ends all loops of the run that are open."""
    if loop.ending:
        return True
    when = stopping.asked(run)
    if when is None or when <= run._memory.stopped:
        return False
    run._memory.stopped = when
    for other in list(run._memory.loops):
        other.ending = True
    return True


def _end(run: ActiveRun, loop: Loop) -> None:
    memory = run._memory
    if loop in memory.loops:
        memory.loops.remove(loop)
    if not loop.ending or _own_loops(run, loop.thread):
        return
    memory.ended_loop = loop.place
    try:
        run._tracker.context_tags(run.run_id, {STOPPED_EARLY: loop.told()})
    except Exception as error:  # noqa: BLE001 - the loop has ended, and what follows it must run
        report("progress", f"That the run {run.name!r} was stopped early could not be recorded: {error!r}")
