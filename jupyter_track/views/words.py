"""Counts and runs in a sentence. The terminal completes with these words at hand, so nothing is loaded for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..records import Run

_NAMED = 5  # runs that a sentence names
_NAME_LENGTH = 40


def counted(count: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "run"), counted(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def named(runs: Sequence[Run]) -> str:
    """Return runs as ``#12 baseline, #13 lr-0.1, +3 more``."""
    from .format import middle_cut, one_line

    words = [f"#{run.number} {middle_cut(one_line(run.name), _NAME_LENGTH)}" for run in runs[:_NAMED]]
    return ", ".join([*words, f"+{len(runs) - _NAMED} more"] if len(runs) > _NAMED else words)
