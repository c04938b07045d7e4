"""How long a loop will still take."""

from __future__ import annotations

from collections import deque

WINDOW = 0.3  # share of the time so far that counts: a loop that became slower is not told by its fast beginning
LEAST_WINDOW = 20.0  # seconds
_SAMPLES = 200


class TimeLeft:
    """Estimates the time left from how far a loop was, and when.

    Examples
    --------
    >>> left = TimeLeft()
    >>> [left.at(now, now / 10) for now in (0.0, 1.0, 2.0)]
    [None, 9.0, 8.0]
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=_SAMPLES)
        self._estimate: tuple[float, float] | None = None  # seconds left, and when that was

    def at(self, now: float, share: float) -> float | None:
        """Return the seconds left where `share` (0 to 1) is done `now`, None while that cannot be told.

        Between two steps of a slow loop the estimate counts down.
        """
        samples = self._samples
        if samples and share < samples[-1][1]:  # another loop
            samples.clear()
            self._estimate = None
        if not samples or share > samples[-1][1]:
            samples.append((now, share))
            began = samples[0][0]
            since = now - max(LEAST_WINDOW, WINDOW * (now - began))
            then, before = next(((when, part) for when, part in reversed(samples) if when <= since), samples[0])
            if share > before and now > then:
                self._estimate = (1.0 - min(share, 1.0)) * (now - then) / (share - before), now
        if self._estimate is None:
            return None
        seconds, when = self._estimate
        return max(0.0, seconds - (now - when))
