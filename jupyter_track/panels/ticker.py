"""The thread that refreshes all panels of a process, and that takes at most 2 % of the kernel's time for it.

There is one thread, so that what all panels cost together is known. Each panel pays for itself: after a refresh it
rests as much longer than that took of the thread's own time as its part of the share says, which it has with the others
that cost anything. So a panel that takes a second is refreshed seldom, and the others go on meanwhile.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

from ..store import gate
from ..store.bell import Bell
from ..store.problems import report

SHARE = 0.018  # of the kernel's time: with what waking up and sending costs, at most 2 %
LONGEST_REST = 120.0  # seconds: a panel that costs more than this allows is refreshed all the same, seldom
HURRIED_REST = 0.5  # seconds that a panel whose person waits for it rests at most
BREATH = 0.1  # seconds that the thread rests at most between two panels
_CHEAP = 0.0005  # seconds: a look that found nothing new counts for no part of the share
_IDLE = 60.0


class Refreshed(Protocol):
    """What is refreshed from time to time."""

    def refresh(self) -> float | None:
        """Show what has changed; return in how many seconds to look again, None for never."""


class Ticker:
    """Calls `refresh` of what is watched, in a daemon thread of its own that begins with the first."""

    def __init__(self) -> None:
        self.spent = 0.0  # seconds of the thread's own time so far
        self._due: dict[Refreshed, float] = {}
        self._costs: dict[Refreshed, float] = {}  # of the last refreshes that did something
        self._rested: dict[Refreshed, float] = {}  # until when an item rests, also where it is hurried
        self._bell = Bell()
        self._alone = threading.Lock()  # held by the thread as long as it lives

    def watch(self, item: Refreshed, after: float = 0.0) -> None:
        """Refresh `item` from now on, first in `after` seconds."""
        self._due[item] = time.monotonic() + after
        if not self._alone.locked():
            threading.Thread(target=self._run, name="jupyter-track-panels", daemon=True).start()
        self._bell.ring()

    def hurry(self, item: Refreshed, after: float = 0.0) -> None:
        """Refresh an item that is watched in `after` seconds at the latest."""
        when = max(time.monotonic() + after, self._rested.get(item, 0.0))
        if self._due.get(item, 0.0) > when:
            self._due[item] = when
            self._bell.ring()

    def forget(self, item: Refreshed) -> None:
        """Refresh an item no more; one refresh may be under way."""
        self._drop(item)

    def _drop(self, item: Refreshed) -> None:
        for kept in (self._due, self._costs, self._rested):
            kept.pop(item, None)

    def _run(self) -> None:
        if not self._alone.acquire(blocking=False):
            return  # two were started
        while True:
            due = min(self._due.copy().values(), default=time.monotonic() + _IDLE)
            if (wait := due - time.monotonic()) > 0:
                self._bell.wait(wait)
                continue
            self._refresh_one(due)

    def _refresh_one(self, due: float) -> None:
        item = next((item for item, when in self._due.copy().items() if when <= due), None)
        if item is None:  # forgotten since
            return
        began = time.thread_time()
        try:
            again = item.refresh()
        except Exception as error:  # noqa: BLE001 - a panel that cannot be refreshed harms no cell and no other panel
            report("panel", f"A live view could not be refreshed: {error!r}")
            again = None
        cost = time.thread_time() - began
        self.spent += cost
        if again is None:
            self._drop(item)
        elif item in self._due:
            rest, now = self._rest(item, cost), time.monotonic()
            self._rested[item] = now + min(rest, HURRIED_REST)
            self._due[item] = now + max(again, rest)
        time.sleep(min(cost / SHARE, BREATH))

    def _rest(self, item: Refreshed, cost: float) -> float:
        """How long an item rests after a refresh: the share is divided among those that cost anything."""
        self._costs[item] = max(cost, self._costs.get(item, 0.0) / 2)  # one cheap look among dear ones changes little
        sharing = sum(each > _CHEAP for each in self._costs.copy().values())
        return min(cost * max(sharing, 1) / SHARE, LONGEST_REST)


ticker = Ticker()


def _start_clean() -> None:
    """In a forked child: the thread does not exist here, and the panels are the parent's."""
    ticker.__init__()  # type: ignore[misc]


gate.reset_in_child(_start_clean)
