"""Where the mean of a group of curves ends: where too few of its runs still have points.

A mean of the one run that went on would jump, and look like the group. The same rule is in
``labextension/src/curves/groupend.ts``; a fixture compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .curves import AXES, ELAPSED, STEP, BandPoint, Series, band


@dataclass(frozen=True)
class GroupEnd:
    """Where a mean ends, the last x of all, and how many of the runs go on beyond the mean."""

    x: float
    last: float
    beyond: int
    size: int

    def words(self, name: str, x: str = STEP) -> str:
        """Return ``l2: 1 of 9 runs goes on to step 24, not shown``."""
        verb = "goes" if self.beyond == 1 else "go"
        where = f"step {self.last:,g}" if x == STEP else f"{self.last:,.4g} {AXES.get(x, x)}"
        return f"{name}: {self.beyond} of {self.size} runs {verb} on to {where}, not shown"


def group_end(series: Sequence[Series], x: str = STEP) -> GroupEnd | None:
    """Return where the mean of a group's curves ends; None where all of it is drawn.

    It is where fewer than half of the runs, or only one of several, still have points. On an axis on which runs do not
    go from left to right together, such as the time or a metric, all is drawn.
    """
    if x not in (STEP, ELAPSED):
        return None
    lasts = sorted(max(finite) for one in series if (finite := _finite(one)))
    need = max(2, (len(lasts) + 1) // 2)
    if len(lasts) < 2 or lasts[-need] == lasts[-1]:
        return None
    end = lasts[-need]
    return GroupEnd(end, lasts[-1], sum(last > end for last in lasts), len(lasts))


def _finite(series: Series) -> list[float]:
    return [x for x, y in zip(series.xs, series.ys, strict=True) if math.isfinite(y)]


def shared_band(series: Sequence[Series], x: str = STEP) -> list[BandPoint]:
    """Return the `band` of a group as far as its runs go together (`group_end`)."""
    end = group_end(series, x)
    return [point for point in band(series) if end is None or point.x <= end.x]
