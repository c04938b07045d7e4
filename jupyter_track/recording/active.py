"""Which run is active.

Not a ContextVar: one that is set in an ``await`` cell is gone in the next. Each thread has a stack of open runs; where
it is empty, the innermost open run of the thread that runs a cell counts, then the one opened last on the main
thread. This is looked up at the call and never inherited when a thread starts.

`put` is the cache that makes a log call an append.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol

from ..store import gate
from ..store.curves import Point

if TYPE_CHECKING:
    from .run import ActiveRun

Append = Callable[[Point], None]


# Metric key to the append of its queue, valid in every thread: it is filled only while all threads have the same
# active run. Emptied, and the generation moved, whenever a run or a cell starts or ends anywhere.
put: dict[str, Append] = {}
_generation = 0


def generation() -> int:
    """Return what `remember` takes; ask for it before the run is looked up."""
    return _generation


def remember(key: str, append: Append, since: int) -> None:
    """Make `append` the short way for `key`, unless the active run may have changed since the generation `since`."""
    with _lock:
        if since == _generation and one_run_for_all():
            put[key] = append


def drop_fast() -> None:
    """Make every next log call look up its run and its queue anew."""
    global _generation
    with _lock:
        _generation += 1
        put.clear()


@dataclass(frozen=True)
class Cell:
    """The cell that is being executed.

    Attributes
    ----------
    key : str
        What makes two executions executions of the same cell: the cell's id, else a hash of its source.
    execution : int
        Counts the executions of this session.
    cell_id, execution_count
        As the front end gives them.
    thread : int
        The number of the thread that runs it, as `thread_number` gives it.
    """

    key: str
    execution: int
    cell_id: str | None = None
    execution_count: int | None = None
    thread: int = field(default_factory=lambda: thread_number())


MAIN = 0  # the number of the main thread
_numbers = count(1)


class _Own(threading.local):
    def __init__(self) -> None:
        self.number = MAIN if threading.current_thread() is threading.main_thread() else next(_numbers)


_own = _Own()


def thread_number() -> int:
    """Return what names this thread for good; the system gives the ident of a thread that ended to a later one."""
    return _own.number


class Observer(Protocol):
    """Who wants to hear of runs that the user opens and closes: the notebook half, which captures their cells."""

    def run_started(self, run: ActiveRun) -> None:
        """A run was opened by the user's call."""

    def run_ending(self, run: ActiveRun) -> None:
        """A run is about to end."""

    def run_ended(self, run: ActiveRun) -> None:
        """A run has ended."""


_stacks: dict[int, list[ActiveRun]] = {}
_cells: list[Cell] = []
_lock = threading.Lock()
_last_ended: list[str] = []
observers: list[Observer] = []
# Asked in turn where a log call finds no open run: the notebook half opens that of a cell which `%track on` looks at.
openers: list[Callable[[], ActiveRun | None]] = []


_forked = False
_of_parent: ActiveRun | None = None  # what was active where this process was forked


def _reset() -> None:
    global _lock, _own
    _lock = threading.Lock()
    _own = _Own()  # the thread that forked is the child's main thread
    _stacks.clear()
    _cells.clear()
    observers.clear()
    openers.clear()
    drop_fast()


def _start_clean() -> None:
    global _forked, _of_parent
    _forked, _of_parent = True, current()
    _reset()


gate.reset_in_child(_start_clean)


def one_run_for_all() -> bool:
    """Whether every thread has the same active run: one stack, of the thread that threads without one look at."""
    if len(_stacks) != 1:
        return False
    (thread,) = _stacks
    return thread == (_cells[-1].thread if _cells else MAIN)


def forked() -> bool:
    """Whether this process was forked from one that had used this package by then."""
    return _forked


def run_of_parent() -> ActiveRun | None:
    """Return the run that was active in the parent's thread that forked; it is the parent's, and not to be used."""
    return _of_parent


def is_stray_thread() -> bool:
    """Whether this is a worker thread, and no cell runs that may have started it."""
    return thread_number() != MAIN and current_cell() is None


def own_stack() -> list[ActiveRun]:
    """Return the open runs of this thread, the innermost last."""
    return _stacks.get(thread_number(), [])


def current() -> ActiveRun | None:
    """Return the run that a log call of this thread goes to."""
    stack = _stacks.get(thread_number())
    if stack:
        return stack[-1]
    for cell in reversed(_cells):
        if stack := _stacks.get(cell.thread):
            return stack[-1]
    stack = _stacks.get(MAIN)
    return stack[-1] if stack else None


def push(run: ActiveRun, *, shared: bool = False) -> None:
    """Make `run` the innermost run of this thread; shared, of the thread that threads without a run look at."""
    with _lock:
        thread = (_cells[-1].thread if _cells else MAIN) if shared else thread_number()
        _stacks.setdefault(thread, []).append(run)
    drop_fast()


def remove(run: ActiveRun) -> None:
    """Take `run` off whichever stack it is on; nothing happens where it is on none."""
    with _lock:
        for thread, stack in list(_stacks.items()):
            if run in stack:
                stack.remove(run)
                if not stack:
                    del _stacks[thread]
                _last_ended[:] = [run.run_id]
    drop_fast()


def inside(run: ActiveRun) -> list[ActiveRun]:
    """Return the open children of `run` in its own thread, the innermost first; other threads end theirs."""
    with _lock:
        stacks = [stack[stack.index(run) + 1 :] for stack in _stacks.values() if run in stack]
    return [other for stack in stacks for other in reversed(stack) if other._memory.parent_run_id == run.run_id]


def open_runs() -> list[ActiveRun]:
    """Return every open run of this process, outer ones first within a thread."""
    with _lock:
        return [run for stack in _stacks.values() for run in stack]


def last_ended() -> str | None:
    """Return the id of the run that ended last in this process."""
    return _last_ended[0] if _last_ended else None


def enter_cell(cell: Cell) -> None:
    """Say that a cell begins."""
    with _lock:
        _cells.append(cell)
    drop_fast()


def leave_cell(cell: Cell) -> None:
    """Say that a cell is over."""
    with _lock:
        if cell in _cells:
            _cells.remove(cell)
    drop_fast()


def runs_cell() -> bool:
    """Whether this thread runs a cell; where no cell runs, whether it is the main thread."""
    own = thread_number()
    return any(cell.thread == own for cell in _cells) if _cells else own == MAIN


def current_cell() -> Cell | None:
    """Return the cell that this thread runs; for another thread the one that was begun last."""
    own = thread_number()
    for cell in reversed(_cells):
        if cell.thread == own:
            return cell
    return _cells[-1] if _cells else None
