"""The fork gate: no thread is inside SQLite, and no lock is held, while the process forks.

A child that inherits a lock of SQLite's from a thread that does not exist in it deadlocks (28 of 300 forks without a
gate, 0 of 300 with one). Every piece of work on a database file happens inside ``with inside():``; ``os.fork`` waits
until all are out.

There is no lock in here: a KeyboardInterrupt inside the methods of a condition can leave its lock held for good, and a
signal handler that runs inside them waits for itself. Who comes in says so first and looks then whether a fork has
begun; who forks says so first and looks then whether somebody is inside. So at least one of the two sees the other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FORK_PATIENCE = 5.0  # seconds a fork waits at most: a stuck disk must not stop the user's program
_PAUSE = 0.0005

_inside: set[object] = set()
_forks: list[None] = []  # one entry for each fork that has begun
_reset_in_child: list[Callable[[], None]] = []


@contextmanager
def inside() -> Iterator[None]:
    """Work on a database file; a fork waits until it is over."""
    token = object()
    try:
        _inside.add(token)
        while _forks:
            _inside.discard(token)
            time.sleep(_PAUSE)
            _inside.add(token)
        yield
    finally:
        _inside.discard(token)


def reset_in_child(reset: Callable[[], None]) -> None:
    """Call `reset` in every forked child, in the order of registration."""
    _reset_in_child.append(reset)


def _before_fork() -> None:
    _forks.append(None)
    deadline = time.monotonic() + FORK_PATIENCE
    while _inside and time.monotonic() < deadline:
        time.sleep(_PAUSE)


def _after_in_parent() -> None:
    if _forks:  # empty where an interrupt came before `_before_fork` had begun
        _forks.pop()


def _after_in_child() -> None:
    _inside.clear()
    _forks.clear()
    for reset in _reset_in_child:
        reset()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
