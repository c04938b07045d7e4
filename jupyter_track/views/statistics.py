"""The difference of two groups of runs with an interval in which it lies.

The mean of a group says little without its spread, and two spreads beside each other do not say how sure their
difference is. So a difference is given with an interval of 95 % and the name of the method:

- Both groups have two values or more: Welch's interval, ``d ± t · √(sd₁²/n₁ + sd₂²/n₂)``, which does not take the two
  spreads for equal. An interval that holds zero is a difference ``within noise``: the same rule as in `repeats`.
- One value against a group: the prediction interval of Student's t, in which a further run of the group would lie.

Both take the values for independent and normally distributed; with two or three values the intervals are wide, as they
must be. A bootstrap would be narrower there, and wrong: three values have only ten different resamples.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Goal
from .format import MINUS, Precision, number
from .repeats import apart_and_limit

WELCH = "Welch's t, 95 %"
PREDICTION = "prediction interval of Student's t, 95 %"


@dataclass(frozen=True)
class Interval:
    """The difference of two means, first less second, and where it lies.

    Attributes
    ----------
    difference, low, high : float
    method : str
        Its name, with the level.
    counts : tuple of int
        How many values each side has.
    """

    difference: float
    low: float
    high: float
    method: str
    counts: tuple[int, int]

    @property
    def within_noise(self) -> bool:
        """Whether the difference may be none at all."""
        return self.low <= 0 <= self.high

    def text(self, precision: Precision | None = None) -> str:
        """Return ``95 % +0.008 to +0.016``, or ``95 % −0.001 to +0.016``."""
        return f"95 % {_signed(self.low, precision)} to {_signed(self.high, precision)}"


def difference_interval(values: Sequence[float], others: Sequence[float]) -> Interval | None:
    """Return the difference of two means with its interval; None where the noise is not known.

    Parameters
    ----------
    values, others : sequence of float
        NaN and infinities are left out.

    Returns
    -------
    Interval or None
        None where neither side has two finite values, or one has none.

    Examples
    --------
    >>> found = difference_interval([0.971, 0.973, 0.972], [0.961, 0.963, 0.962])
    >>> found.method, found.text()
    ("Welch's t, 95 %", '95 % +0.007733 to +0.01227')
    """
    sides = [[value for value in side if math.isfinite(value)] for side in (values, others)]
    counts = len(sides[0]), len(sides[1])
    if min(counts) < 1 or max(counts) < 2:
        return None
    apart, limit, unit = apart_and_limit(sides[0], sides[1])
    method = WELCH if min(counts) > 1 else PREDICTION
    return Interval(apart * unit, (apart - limit) * unit, (apart + limit) * unit, method, counts)


def verdict(interval: Interval, goal: Goal | None) -> str:
    """Return ``better``, ``worse``, ``within noise``, or ``differs`` where no goal is known."""
    if interval.within_noise:
        return "within noise"
    if goal is None:
        return "differs"
    return "better" if (interval.difference > 0) == (goal == "max") else "worse"


def _signed(value: float, precision: Precision | None) -> str:
    text = number(value, precision)
    return text if text.startswith(MINUS) or not value else f"+{text}"
