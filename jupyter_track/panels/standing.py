"""The place of a panel under a cell, and its static forms while no view of ours shows it."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from ..store.reader import Reader
from ..views.found import Runs
from .display import Display
from .panel import Panel
from .ticker import ticker

HTML_REST = 1.0  # seconds between two looks at the store for the HTML's sake
Forms = tuple[str, str]
State = tuple[int, int]


def file_state(store: Path) -> State | None:
    """Return what tells whether a store was written to: the time of its last change, and its size."""
    try:
        state = os.stat(store)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


class StandingPanel(Panel):
    """A panel that shows itself under a cell; subclasses say what it looks like there.

    Parameters
    ----------
    store : Path
    shown : callable, optional
        Shows the panel where it is the value of a cell.
    """

    def __init__(self, store: Path, shown: Callable[[Any], object] | None) -> None:
        super().__init__()
        self.store = store
        self.shown_in: object = None  # the execution in which it was shown last
        self._show = shown
        self._lock = threading.RLock()
        self._standing: Standing | None = None

    def _ipython_display_(self) -> None:
        if self._show is not None:
            self._show(self)
        else:
            print(self)  # noqa: T201 - what is asked for, where there is no notebook

    def forms(self) -> Forms:
        """Return the static forms, as HTML and text."""
        raise NotImplementedError

    def stand(self, display: Display) -> None:
        """Show the panel in a place."""
        with self._lock:
            self._standing = Standing(self, display)
        ticker.watch(self, HTML_REST)

    def refresh(self) -> float | None:
        """Show what has changed; see `Ticker`."""
        raise NotImplementedError


class SelectingPanel(StandingPanel):
    """A panel in which runs are selected."""

    def __init__(self, store: Path, shown: Callable[[Any], object] | None) -> None:
        super().__init__(store, shown)
        self._selected: tuple[str, ...] = ()

    @property
    def selected(self) -> Runs:
        """The runs that are selected in the panel, as they are now; edits of it are edits of the store."""
        found = Reader(self.store).runs_of(self._selected) if self._selected else ()
        return Runs(found, store=self.store, empty="No run is selected.")


class Standing:
    """Where a panel stands, and how its HTML follows the store.

    Of the panels of one kind only the newest is refreshed as HTML: pages of old ones are not sent again and again.
    """

    _newest: ClassVar[weakref.WeakValueDictionary[str, StandingPanel]] = weakref.WeakValueDictionary()

    def __init__(self, panel: StandingPanel, display: Display) -> None:
        self._panel, self._display = panel, display
        self._newest[panel.kind] = panel
        self._seen: State | None = None
        self.show()

    def show(self) -> None:
        """Show the forms as they are now."""
        self._seen = file_state(self._panel.store)
        self._display.show(self._panel.bundle(*self._panel.forms()))

    def catch_up(self) -> bool:
        """Show the forms anew where the store has changed since they were made; return whether it has."""
        behind = file_state(self._panel.store) != self._seen
        if behind:
            self.show()
        return behind

    def refresh(self) -> float | None:
        """Let the newest panel of its kind catch up; return when to look again, None for never."""
        if self._newest.get(self._panel.kind) is not self._panel:
            return None
        self.catch_up()
        return HTML_REST
