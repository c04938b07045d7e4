"""Calls that wait for the writer's thread: each has a number, and the thread says up to which it has come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .bell import Bell


class Asking:
    """Who waits for the thread of one writer.

    Attributes
    ----------
    asked, done : int
        The number of the last request, and of the last one that is done.
    """

    def __init__(self) -> None:
        self.asked = self.done = 0
        self._lock = threading.Lock()
        self._waiting: list[Bell] = []

    @property
    def waited_for(self) -> bool:
        """Whether somebody waits."""
        return self.asked > self.done

    def wait(
        self,
        timeout: float | None,
        *,
        wake: Callable[[], None],
        hopeless: Callable[[], bool],
        done: Callable[[], bool] | None = None,
    ) -> bool:
        """Wake the thread and wait for it.

        Parameters
        ----------
        timeout : float or None
            Seconds; None waits as long as it takes.
        wake : callable
            Wakes the thread.
        hopeless : callable
            Called now and then: whether there is no thread that could answer; it may start one.
        done : callable, optional
            Whether it has come to what is waited for; by default that all is done which was handed over before.

        Returns
        -------
        bool
            Whether it came to that in time.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        bell = Bell()
        self._waiting.append(bell)
        try:
            with self._lock:
                self.asked += 1
                asked = self.asked
            wake()
            while not (done() if done is not None else self.done >= asked):
                left = 1.0 if deadline is None else deadline - time.monotonic()
                if hopeless() or left <= 0:
                    return False
                bell.wait(min(left, 1.0))
        finally:
            self._waiting.remove(bell)
        return True

    def tell(self) -> None:
        """Let all who wait look whether it is done."""
        for bell in tuple(self._waiting):
            bell.ring()

    def finish(self, asked: int) -> None:
        """Say that all is done that was asked for up to a number."""
        self.done = max(self.done, asked)
        self.tell()
