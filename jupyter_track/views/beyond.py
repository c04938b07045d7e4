"""Curves that go far beyond the others: the range of a chart leaves them out, and the chart says so.

One run that diverges to 1e30 would make a straight line of all others. The same rule is in
``labextension/src/curves/beyond.ts``; a fixture compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .format import number
from .words import counted

FAR = 50.0  # times as far from zero as the others: these have some 4 pixels of a chart then
FURTHEST = 1e6  # of one that never comes near the others: below that, powers of ten show both


def far_off(curves: Sequence[Sequence[float]]) -> list[int]:
    """Return the places of the curves that go far beyond the others.

    At least half of the curves stay. One goes beyond that is somewhere fifty times as far from zero as all of those,
    and elsewhere, before or behind it, as near as they are; or a million times, whatever else it does. So do those
    that reach further.

    Parameters
    ----------
    curves : sequence of sequence of float
        What is no finite number does not count.

    Examples
    --------
    >>> far_off([[0.9, 0.5], [1.0, 0.4], [0.8, 3.0, 1e30]])
    [2]
    >>> far_off([[0.9, 0.5], [1.0, 0.4], [80.0, 0.8, 0.3]])  # the first value of one
    [2]
    >>> far_off([[0.001, 0.002], [0.6, 0.5]]), far_off([[1.0, 1e30]])
    ([], [])
    """
    sizes = [[abs(value) for value in one if math.isfinite(value)] for one in curves]
    known = sorted((max(own), place) for place, own in enumerate(sizes) if own)
    for at in range((len(known) + 1) // 2, len(known)):
        most, (reach, place) = known[at - 1][0], known[at]
        if 0 < most * FAR <= reach and (min(sizes[place]) <= most or most * FURTHEST <= reach):
            return sorted(place for _, place in known[at:])
    return []


def span_of(curves: Iterable[Sequence[float]], air: float = 0.05) -> tuple[float, float]:
    """Return the range of some curves that have finite values, with a little air; a constant stands in the middle."""
    values = [value for one in curves for value in one if math.isfinite(value)]
    low, high = min(values), max(values)
    room = (high - low) * air or abs(high) / 2 or 0.5
    return low - room, high + room


def beyond_words(curves: Sequence[Sequence[float]], noun: str = "run") -> str:
    """Return ``1 run goes beyond, to 1.00e30`` of the curves that do."""
    ends = [max((value for value in one if math.isfinite(value)), key=abs) for one in curves]
    verb = "goes" if len(ends) == 1 else "go"
    return f"{counted(len(ends), noun)} {verb} beyond, to {number(max(ends, key=abs))}"
