"""What a curve looks like, in memory: a bounded picture that a live view draws without reading a file.

Points are gathered in stretches of equal length, of which the extremes are kept. When there are too many stretches two
become one. So a long curve costs as much memory as a short one, and no point is looked at twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

STRETCHES = 128

Shape = tuple[int, float]  # step and value


class Trace:
    """The shape of one curve: its first and last point, and the extremes of at most `STRETCHES` stretches.

    Examples
    --------
    >>> trace = Trace()
    >>> trace.add((0, 1, 2), (0.5, 0.25, 0.75))
    >>> trace.points()
    [(0, 0.5), (1, 0.25), (2, 0.75)]
    """

    __slots__ = ("_filled", "_first", "_last", "_stretches", "_stride")

    def __init__(self) -> None:
        self._first: Shape | None = None
        self._last: Shape | None = None
        self._stretches: list[tuple[Shape, ...]] = []
        self._stride = 1
        self._filled = 0  # points in the last stretch, where it is not full

    def add(self, steps: Sequence[int], values: Sequence[float]) -> None:
        """Take more points, in the order of logging."""
        size = len(values)
        if not size:
            return
        if self._first is None:
            self._first = steps[0], values[0]
        self._last = steps[-1], values[-1]
        at = 0
        while at < size:
            end = min(size, at + self._stride - self._filled)
            if not self._filled:
                self._stretches.append(_extremes(steps, values, at, end))
            elif end > at + 1 or not _between(values[at], self._stretches[-1]):
                self._stretches[-1] = _joined(self._stretches[-1], _extremes(steps, values, at, end))
            self._filled = (self._filled + end - at) % self._stride
            at = end
            if not self._filled and len(self._stretches) >= STRETCHES:
                pairs = zip(self._stretches[::2], self._stretches[1::2], strict=True)
                self._stretches = [_joined(one, other) for one, other in pairs]
                self._stride *= 2

    def points(self) -> list[Shape]:
        """Return the shape, in the order of logging."""
        found = list(chain.from_iterable(self._stretches))
        if self._first is not None and not _same(found[0], self._first):
            found.insert(0, self._first)
        if self._last is not None and not _same(found[-1], self._last):
            found.append(self._last)
        return found


def _same(one: Shape, other: Shape) -> bool:
    """Whether two are the same point; NaN is equal to itself here."""
    return one[0] == other[0] and (one[1] == other[1] or (one[1] != one[1] and other[1] != other[1]))


def _between(value: float, stretch: tuple[Shape, ...]) -> bool:
    """Whether a point adds nothing to a stretch of two: the common case of a loop that logs slowly."""
    return len(stretch) == 2 and (stretch[0][1] <= value <= stretch[1][1] or stretch[1][1] <= value <= stretch[0][1])


def _extremes(steps: Sequence[int], values: Sequence[float], start: int, end: int) -> tuple[Shape, ...]:
    """The lowest and the highest point of a stretch in their order, and one that is no finite number."""
    if end == start + 1:
        return ((steps[start], values[start]),)
    part = values[start:end]
    kept = set()
    if not math.isfinite(sum(part)):  # also where only the sum is too large
        finite = [value for value in part if math.isfinite(value)]
        kept.update(next(([index] for index, value in enumerate(part) if not math.isfinite(value)), []))
    else:
        finite = part  # type: ignore[assignment]
    if finite:
        kept |= {part.index(min(finite)), part.index(max(finite))}
    return tuple([(steps[start + index], part[index]) for index in sorted(kept)])


def _joined(one: tuple[Shape, ...], other: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The extremes of two stretches that follow each other."""
    both = (*one, *other)
    return _extremes([step for step, _ in both], [value for _, value in both], 0, len(both)) if len(both) > 2 else both
