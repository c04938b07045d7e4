"""Mean and standard deviation of finite numbers of any size.

A metric may come near the largest float there is (trackers that have no infinity store 1.797e308 in its place). Sums
and squares of such numbers are no floats, so a power of two is taken out of them first, which changes no digit.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

_LARGE, _DOWN = 2.0**500, 2.0**-600


def mean(values: Sequence[float]) -> float:
    """Return the mean of finite numbers.

    Examples
    --------
    >>> mean([1.0, 2.0]), mean([1.5e308, 1.7e308])
    (1.5, 1.6e+308)
    """
    if max(map(abs, values)) < _LARGE:
        return statistics.fmean(values)
    return statistics.fmean([value * _DOWN for value in values]) / _DOWN


def deviation(values: Sequence[float]) -> float:
    """Return the sample standard deviation of two or more finite numbers; infinity where it is beyond all floats.

    Examples
    --------
    >>> deviation([1.0, 2.0, 3.0]), deviation([1e308, -1e308])
    (1.0, 1.4142135623730951e+308)
    """
    if max(map(abs, values)) < _LARGE:
        return statistics.stdev(values)
    return statistics.stdev([value * _DOWN for value in values]) / _DOWN
