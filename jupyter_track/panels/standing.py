"""The place of a panel under a cell, and its static forms while no view of ours shows it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from .display import Display
from .panel import Panel

HTML_REST = 1.0  # seconds between two looks at the store for the HTML's sake
State = tuple[int, int]


def file_state(store: Path) -> State | None:
    """Return what tells whether a store was written to: the time of its last change, and its size."""
    try:
        state = os.stat(store)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


class Standing:
    """Where a panel stands, and how its HTML follows the store.

    Of the panels of one kind only the newest is refreshed as HTML: pages of old ones are not sent again and again.
    """

    _newest: ClassVar[weakref.WeakValueDictionary[str, Panel]] = weakref.WeakValueDictionary()

    def __init__(self, panel: Panel, store: Path, display: Display, forms: Callable[[], tuple[str, str]]) -> None:
        self._panel, self._store, self._display, self._forms = panel, store, display, forms
        self._seen = file_state(store)
        self._newest[panel.kind] = panel
        display.show(panel.bundle(*forms()))

    def refresh(self) -> float | None:
        """Show the forms anew where the store has changed; return when to look again, None for never."""
        if self._newest.get(self._panel.kind) is not self._panel:
            return None
        if (seen := file_state(self._store)) != self._seen:
            self._seen = seen
            self._display.show(self._panel.bundle(*self._forms()))
        return HTML_REST
