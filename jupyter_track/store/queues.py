"""The queues of a process: one for each curve that is being logged, by run.

Log calls append to a curve's own deque without a lock; the writer takes from it. A queue outlives its run: it is looked
after for a while, since a log call may have been under way when the run ended, then it is no longer handed out, and
only after another while it is dropped.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Container
from itertools import repeat

from ..records import MetricSummary
from .curves import Curve, Points, columns
from .trace import Shape

RETIRE_SECONDS = 10.0
RECENT = 200  # points that are still in the queue, of which a shape takes the last ones


class Queues:
    """All curves that this process logs to one store."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[str, Curve]] = {}  # the one structure: an interrupt cannot leave two that disagree
        self._ended: deque[tuple[float, str]] = deque()
        self._leaving: deque[tuple[float, list[Curve]]] = deque()
        self._turn = 0
        self.lock = threading.Lock()  # held while points move from the queues into a batch

    def curve(self, run_id: str, key: str, source: str) -> Curve:
        """Return the queue of a curve, made at its first point."""
        curves = self._runs.get(run_id)
        found = None if curves is None else curves.get(key)
        if found is not None:
            return found
        with self.lock:
            return self._runs.setdefault(run_id, {}).setdefault(key, Curve(run_id, key, source))

    def all(self) -> list[Curve]:
        """Return every curve that may still get a point."""
        leaving = [curve for _, curves in tuple(self._leaving) for curve in curves]
        return [*leaving, *(curve for curves in list(self._runs.values()) for curve in list(curves.values()))]

    def waiting(self) -> int:
        """Return how many points are in the queues."""
        return sum(len(curve.points) for curve in self.all())

    def __bool__(self) -> bool:
        """Whether a point may come without a sign."""
        return bool(self._runs or self._leaving)

    def take(self, room: int) -> list[Points]:
        """Take at most `room` points; the caller holds `lock`."""
        curves = self.all()
        start = self._turn % max(1, len(curves))  # where the batch before was full, so that no curve starves
        self._turn = 0
        taken = []
        for index, curve in enumerate((*curves[start:], *curves[:start]), start):
            size = min(len(curve.points), room)
            if size:
                pop = curve.points.popleft
                points = columns(curve.run_id, curve.key, curve.source, [pop() for _ in repeat(None, size)])
                curve.seen = curve.seen.after(points.steps, points.times, points.values)
                curve.trace.add(points.steps, points.values)
                taken.append(points)
                room -= size
            if not room:
                self._turn = index
                break
        return taken

    def summaries(self, run_id: str) -> dict[str, MetricSummary]:
        """Return the curves of a run as this process has logged them, on disk or not, in the order of logging."""
        with self.lock:
            found = {}
            for key, curve in list(self._runs.get(run_id, {}).items()):
                state = curve.seen
                if waiting := list(curve.points):
                    more = columns(run_id, key, curve.source, waiting)
                    state = state.after(more.steps, more.times, more.values)
                if state.count:
                    found[key] = state.summary(key, curve.source)
            return found

    def shapes(self, run_id: str) -> dict[str, list[Shape]]:
        """Return the shape of each curve of a run that has more than one point, as `summaries` does."""
        with self.lock:
            found = {}
            for key, curve in list(self._runs.get(run_id, {}).items()):
                points = curve.trace.points()
                points += [(step, value) for step, _, value in list(curve.points)[-RECENT:]]
                if len(points) > 1:
                    found[key] = points
            return found

    def end(self, run_id: str) -> None:
        """Say that a run has ended, or that it is logged to after its end."""
        self._ended.append((time.monotonic(), run_id))

    def retire(self, is_open: Container[str]) -> list[str]:
        """Let go of runs that ended some time ago; the caller holds `lock`.

        Parameters
        ----------
        is_open : container of str
            Runs that are open, again or still.

        Returns
        -------
        list of str
            The runs that are no longer handed out.
        """
        due = time.monotonic() - RETIRE_SECONDS
        while self._leaving and self._leaving[0][0] <= due and not any(curve.points for curve in self._leaving[0][1]):
            self._leaving.popleft()
        gone = []
        while self._ended and self._ended[0][0] <= due:
            _, run_id = self._ended.popleft()
            if run_id in is_open:
                continue
            gone.append(run_id)
            if curves := self._runs.pop(run_id, None):
                self._leaving.append((time.monotonic(), list(curves.values())))
        return gone
