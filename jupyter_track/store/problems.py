"""What went wrong in the background: kept for ``%track status``, warned of once per kind.

Recording must never break the user's cell, so faults of hooks and of the writer end here and not as exceptions.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass

from . import gate
from .caller import warn_caller


class TrackWarning(UserWarning):
    """Something was not recorded as it should have been; the program goes on."""


@dataclass
class Problem:
    """One kind of fault: its first message, how often it came, and whether it is over."""

    kind: str
    message: str
    count: int = 1
    over: bool = False


_lock = threading.Lock()
_problems: dict[str, Problem] = {}


def report(kind: str, message: str) -> None:
    """Keep a fault, and warn the first time that a fault of this kind comes."""
    with _lock:
        known = _problems.get(kind)
        if known is not None and not known.over:
            known.count += 1
            known.message = message
            return
        _problems[kind] = Problem(kind, message)
    # The user may have made warnings errors, or stderr may be closed: `%track status` has it all the same.
    with contextlib.suppress(Exception):
        warn_caller(message, TrackWarning)


def solved(kind: str) -> None:
    """Mark a kind of fault as over; when it comes again it is warned of again."""
    with _lock:
        if kind in _problems:
            _problems[kind].over = True


def current() -> list[Problem]:
    """Return the faults that are not over."""
    with _lock:
        return [problem for problem in _problems.values() if not problem.over]


def forget_all() -> None:
    """Forget every fault, as in a new process."""
    with _lock:
        _problems.clear()


def _start_clean() -> None:
    """In a forked child: another thread of the parent may have held the lock."""
    global _lock
    _lock = threading.Lock()


gate.reset_in_child(_start_clean)
