"""Ranks, and how far two params or metrics move together."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from .format import MINUS


def ranks(values: Sequence[float]) -> list[float]:
    """Return ranks from 0; equal values share the middle of theirs.

    Examples
    --------
    >>> ranks([10.0, 30.0, 20.0, 20.0])
    [0.0, 3.0, 1.5, 1.5]
    """
    order = sorted(range(len(values)), key=lambda at: values[at])
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        stop = start
        while stop < len(order) and values[order[stop]] == values[order[start]]:
            stop += 1
        for at in order[start:stop]:
            found[at] = (start + stop - 1) / 2
        start = stop
    return found


def signed(value: float) -> str:
    """Return a number from -1 to 1 with two decimals and a real minus sign.

    Examples
    --------
    >>> signed(-0.126), signed(0.8)
    ('−0.13', '0.80')
    """
    text = f"{abs(value):.2f}"
    return MINUS + text if value < 0 and text.strip("0.") else text


def rank_correlation(one: Sequence[float | None], other: Sequence[float | None]) -> float | None:
    """Return Spearman's rank correlation of the places where both have a number; None where fewer than three have.

    Examples
    --------
    >>> rank_correlation([1.0, 2.0, 3.0, None], [1.0, 10.0, 1000.0, 5.0])
    1.0
    """
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    left, right = ranks([a for a, _ in pairs]), ranks([b for _, b in pairs])
    if len(pairs) < 3 or len(set(left)) < 2 or len(set(right)) < 2:
        return None
    found = statistics.correlation(left, right)
    return found if math.isfinite(found) else None
