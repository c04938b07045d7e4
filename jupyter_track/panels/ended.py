"""The cards of runs that have ended, once more: when their run is deleted, and when it comes back."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from ..errors import TrackError
from ..store.bin import deleted_among
from ..store.place import store_exists
from .card import CardPanel
from .panel import KEPT
from .standing import State, file_state
from .ticker import ticker

REST = 2.0  # seconds between two looks at the file


class EndedCards:
    """Follows the runs of cards that have their last form, and lets those say that their run is in the bin."""

    def __init__(self) -> None:
        self._panels: OrderedDict[CardPanel, Path] = OrderedDict()
        self._seen: dict[Path, State | None] = {}  # each store's file when it was looked at

    def add(self, panel: CardPanel, store: Path) -> None:
        """Follow the run of a card; of many cards the latest."""
        self._panels[panel] = store
        self._seen.pop(store, None)
        while len(self._panels) > KEPT:
            self._panels.popitem(last=False)
        ticker.watch(self, REST)

    def clear(self) -> None:
        """Follow none any more."""
        self._panels.clear()
        ticker.forget(self)

    def refresh(self) -> float | None:
        """Tell the cards what became of their runs; see `Ticker`."""
        for store in set(self._panels.values()):
            state = file_state(store)
            if state is None or self._seen.get(store) == state or not store_exists(store):
                continue
            panels = [panel for panel, own in self._panels.copy().items() if own == store]
            self._seen[store] = state
            try:
                gone = deleted_among(store, [panel.shown_run for panel in panels])
            except TrackError:  # it is being repaired, or moved: looked at again with its next change
                continue
            for panel in panels:
                panel.tell_deleted(panel.shown_run in gone)
        return REST if self._panels else None
