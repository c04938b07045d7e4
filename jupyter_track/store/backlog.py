"""How much waits to be written: where it is too much, log calls wait for the writer, unless there is no hope."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from . import problems

FULL_POINTS = 200_000  # above this log calls wait for the writer


class Backlog:
    """The points of one writer that wait.

    Attributes
    ----------
    congested : bool
        Whether there are too many.
    lost : int
        Points that were given up, as neither store nor side file could be written.
    on_congestion : callable
        Called when there become too many.
    """

    def __init__(self, store: Path, waiting: Callable[[], int]) -> None:
        self.store = store
        self.congested = False
        self.lost = 0
        self.on_congestion: Callable[[], None] = _nothing
        self._waiting = waiting

    def watch(self) -> None:
        """Look how many there are, and say once where they are too many."""
        waiting = self._waiting()
        if waiting > FULL_POINTS and not self.congested:
            self.congested = True
            self.on_congestion()
            problems.report(
                "backlog",
                f"{self.store}: {waiting:,} metric points wait to be written; log calls wait for the disk now.",
            )
        elif self.congested and waiting < FULL_POINTS // 2:
            self.congested = False
        if waiting < FULL_POINTS // 10 and not self.congested:  # not before: a program that logs too fast is told once
            problems.solved("backlog")

    def wait_for_room(self, wake: Callable[[], None], hopeless: Callable[[], bool], over: Callable[[], bool]) -> bool:
        """Wait while there are too many, waking the writer; return False where there is no hope, and the point is lost.

        `hopeless` says so, and `over` whether the writer is being closed.
        """
        while self.congested and not over():
            if hopeless():
                self.lost += 1
                problems.report(
                    "lost",
                    f"{self.store}: neither the store nor a side file can be written; what is logged from now on "
                    "is lost until there is room again.",
                )
                return False
            wake()
            time.sleep(0.005)
        return True


def _nothing() -> None:
    """Do nothing: nobody wants to hear of congestion."""
