"""Runs that repeat each other, and whether a difference is more than the noise between repeats.

Repeats are finished runs of one experiment and parent with the same code, params and data. Their spread is the noise of
a metric, and a difference within it is no reason to prefer one run:

- One value against repeats: within the prediction interval of Student's t at 95 %, ``mean ± t · sd · √(1 + 1/n)``.
- Repeats against repeats: Welch's test at 95 %, ``|mean₁ − mean₂| ≤ t · √(sd₁²/n₁ + sd₂²/n₂)`` with the degrees of
  freedom of Welch and Satterthwaite, rounded down.

Sources: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.3 (Welch's test) and 1.3.6.7.2 (the quantiles);
G. J. Hahn and W. Q. Meeker, Statistical Intervals, 1991, chapter 4 (the prediction interval). Both take the values of
repeats for normally distributed and independent; with two or three repeats the intervals are wide, as they must be.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..records import Run, RunStatus
from . import datasets
from .format import spread
from .samples import mean

# The 97.5 % quantile of Student's t by degrees of freedom: an interval of 95 % with both sides.
_QUANTILES = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_SMALLEST, _LARGEST = 1e-100, 1e100
_FURTHER = ((1000, 1.962), (120, 1.980), (60, 2.000), (40, 2.021))


@dataclass(frozen=True)
class Repeats:
    """Two or more runs that repeat each other, in the order in which they were handed in."""

    runs: tuple[Run, ...]

    def values(self, key: str) -> list[float]:
        """Return the last finite values of a metric."""
        found = [run.metrics[key].last for run in self.runs if key in run.metrics]
        return [value for value in found if math.isfinite(value)]

    def mean(self, key: str) -> float | None:
        """Return the mean of a metric, None where fewer than two of the runs have a finite value."""
        values = self.values(key)
        return mean(values) if len(values) > 1 else None

    def spread(self, key: str) -> str:
        """Return ``0.962 ± 0.001 (n=3)`` (mean and sample standard deviation), or nothing where there is no mean."""
        values = [run.metrics[key].last for run in self.runs if key in run.metrics]
        return spread(values) if len(self.values(key)) > 1 else ""


def repeat_key(run: Run, code: str) -> tuple[object, ...]:
    """Return what is equal of runs that repeat each other; `code` is the hash of the run's code."""
    params = frozenset((key, param.text) for key, param in run.params.items())
    return run.experiment_id, run.parent_run_id, code, params, datasets.identity(run)


def repeat_groups(runs: Sequence[Run], sources: Mapping[str, str]) -> tuple[Repeats, ...]:
    """Return the runs that repeat each other, in the order of their first ones.

    Parameters
    ----------
    runs : sequence of Run
    sources : mapping of str to str
        A hash of each run's code, by run id (`Reader.sources`); runs without one repeat nothing.
    """
    groups: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        code = sources.get(run.run_id)
        if code is not None and run.status == RunStatus.FINISHED:
            groups.setdefault(repeat_key(run, code), []).append(run)
    return tuple(Repeats(tuple(group)) for group in groups.values() if len(group) > 1)


@dataclass(frozen=True)
class Noise:
    """Whether a difference is within the noise, and how many repeats tell it (of one or both sides)."""

    within: bool
    counts: tuple[int, ...]

    @property
    def text(self) -> str:
        """``within noise (n=3)``; nothing where the difference is more."""
        return f"within noise (n={', '.join(map(str, self.counts))})" if self.within else ""


def within_noise(values: Sequence[float], others: Sequence[float]) -> Noise | None:
    """Return whether two means differ by no more than repeats do.

    Parameters
    ----------
    values, others : sequence of float
        The values of the runs on each side: one, or those of its repeats.

    Returns
    -------
    Noise or None
        None where neither side has repeats, or a side has no finite value: then nothing is known of the noise.

    Examples
    --------
    >>> within_noise([0.963], [0.961, 0.962, 0.963])
    Noise(within=True, counts=(3,))
    >>> within_noise([0.990], [0.961, 0.962, 0.963]).within
    False
    """
    sides = [[value for value in side if math.isfinite(value)] for side in (values, others)]
    counts = tuple(len(side) for side in sides if len(side) > 1)
    if not counts or not all(sides):
        return None
    apart, limit, _ = apart_and_limit(sides[0], sides[1])
    return Noise(abs(apart) <= limit, counts)


def apart_and_limit(values: Sequence[float], others: Sequence[float]) -> tuple[float, float, float]:
    """Return how far two means are apart, how far they may be by chance alone, and the unit of both.

    Parameters
    ----------
    values, others : sequence of float
        Finite; one of them has two or more. The other one may be a single value.

    Returns
    -------
    tuple of float
        Both times the unit are in the unit of the values: the squares of very large and very small ones are no numbers.
    """
    sides: list[Sequence[float]] = [values, others]
    largest = max(abs(value) for side in sides for value in side)
    unit = 1.0
    if not _SMALLEST < largest < _LARGEST and largest:
        unit, sides = largest, [[value / largest for value in side] for side in sides]
    apart = statistics.fmean(sides[0]) - statistics.fmean(sides[1])
    several = [side for side in sides if len(side) > 1]
    if len(several) == 1:
        repeated = several[0]
        limit = t_quantile(len(repeated) - 1) * statistics.stdev(repeated) * math.sqrt(1 + 1 / len(repeated))
    else:
        limit = _welch(sides[0], sides[1])
    return apart, limit, unit


def _welch(values: Sequence[float], others: Sequence[float]) -> float:
    """How far apart the means of two samples may be by chance alone."""
    parts = [(statistics.variance(side) / len(side), len(side) - 1) for side in (values, others)]
    total = sum(part for part, _ in parts)
    if total == 0:
        return 0.0
    # In shares of the total: squares of very small variances would be zero.
    freedom = 1 / sum((part / total) ** 2 / less for part, less in parts)
    return t_quantile(int(freedom + 1e-9)) * math.sqrt(total)


def t_quantile(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t for at least one degree of freedom, rounded up where it is no entry.

    Examples
    --------
    >>> t_quantile(2), t_quantile(35), t_quantile(10**6)
    (4.303, 2.042, 1.962)
    """
    if freedom <= len(_QUANTILES):
        return _QUANTILES[max(freedom, 1) - 1]
    return next((quantile for least, quantile in _FURTHER if freedom >= least), _QUANTILES[-1])
