"""Joins tables for a view, in a thread of its own: a large one takes seconds, and clicks go on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InvalidValue, TrackError
from ..store.problems import report
from ..store.reader import Reader
from ..views.comparison_parts import TableSlot, joined_of
from ..views.joined import PAGE, Joined
from ..views.live_comparison import rows_message

MOST_ROWS = 200  # of a page
MOST_WAITING = 8  # pages that are being made
_KEPT = 2  # tables that are kept joined


class Joiner:
    """Joins the tables of a store, and keeps the last ones.

    Parameters
    ----------
    store : Path
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._alone = threading.Lock()
        self._waiting: set[object] = set()
        self._joined: dict[tuple[str, ...], tuple[Joined, tuple[int, ...]]] = {}

    def ask(self, slot: TableSlot, message: Mapping[str, Any], answer: Callable[[dict[str, Any]], object]) -> None:
        """Make a page of joined rows; `answer` is called with it on another thread.

        Parameters
        ----------
        slot : TableSlot
        message : mapping
            ``start`` and ``count`` of the page, and whether the ``equal`` rows are wanted too.
        answer : callable

        Raises
        ------
        InvalidValue
            For a page that is none, or where too many are being made.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise InvalidValue("Tables are being joined; ask again in a moment.")
        start, count = _whole(message.get("start", 0)), min(_whole(message.get("count", PAGE)), MOST_ROWS)
        equal = message.get("equal") is True
        turn = object()
        self._waiting.add(turn)

        def work() -> None:
            try:
                self._work(slot, start, count, equal, answer)
            finally:
                self._waiting.discard(turn)

        threading.Thread(target=work, name="jupyter-track-join", daemon=True).start()

    def forget(self) -> None:
        """Keep no tables while nobody looks."""
        self._joined = {}

    def _work(
        self, slot: TableSlot, start: int, count: int, equal: bool, answer: Callable[[dict[str, Any]], object]
    ) -> None:
        try:
            with self._alone:
                joined, places = self._get(slot)
            told = rows_message(slot.name, joined, places, start, count, equal)
        except TrackError as error:
            told = {"type": "comparison-rows", "table": slot.name, "error": str(error)}
        except Exception as error:  # noqa: BLE001 - said where the table would stand, and to nobody else
            report("joining", f"The tables {slot.name!r} could not be joined: {error!r}")
            told = {"type": "comparison-rows", "table": slot.name, "error": f"That did not work: {error!r}"}
        answer(told)

    def _get(self, slot: TableSlot) -> tuple[Joined, tuple[int, ...]]:
        key = (slot.name, slot.key, *slot.hashes)
        if key not in self._joined:
            while len(self._joined) >= _KEPT:
                del self._joined[next(iter(self._joined))]
            self._joined[key] = joined_of(Reader(self._store), slot)
        return self._joined[key]


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidValue("A page is told by whole numbers.")
    return value
