"""The live card: what is seen of a run under its cell while it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ..errors import InvalidValue
from ..records import Run
from ..views.card import Card
from ..views.html import card_html
from ..views.live import LiveCard, card_message, live_html, live_text, same, static_card
from ..views.text import card_text
from .display import Display
from .panel import Link, Message, Panel
from .ticker import ticker

FIRST = 1.0  # seconds in which nothing is shown: a short cell has its static card only
HTML_REST, LINK_REST = 0.5, 0.25
HTML_KEPT = 10.0  # after that the HTML behind a view is old: it is what is saved with the notebook
ERASED_REST = 0.05  # what the cell shows after ``clear_output`` comes first
CLOCK, SLOW_CLOCK, LONG = (
    1.0,
    5.0,
    60.0,
)  # how often HTML is shown anew for the clock's sake, and when that is too often


class CardSource(Protocol):
    """A run that goes on, as the card sees it. All of it may be called from any thread.

    Attributes
    ----------
    run_id : str
    store : Path
    """

    run_id: str
    store: Path

    def live(self) -> LiveCard:
        """Return what the card says now; from memory."""

    def stop(self) -> None:
        """Ask the run to stop."""

    def interrupt(self) -> None:
        """Do what the kernel's interrupt does."""

    def note(self, text: str | None) -> None:
        """Set the run's note."""

    def rename(self, text: str) -> None:
        """Give the run another name."""

    def restore(self, run_id: str) -> None:
        """Take the run that the card is of out of the bin."""


class CardPanel(Panel):
    """The card of one run, from `begin` to `finish`.

    Parameters
    ----------
    source : CardSource
    display : Display
        Its place under the cell.
    """

    kind = "card"

    def __init__(self, source: CardSource, display: Display) -> None:
        super().__init__()
        self._source = source
        self._display = display
        self._lock = threading.RLock()
        self._over = False
        self._sent: Message | None = None  # what the views were told last
        self._said: Message | None = None  # what the HTML on the page says
        self._clock = 0.0  # when that was shown
        self._last: LiveCard | None = None  # what it says once the run has ended

    def begin(self, after: float = FIRST) -> None:
        """Show the card in `after` seconds, and refresh it from then on."""
        ticker.watch(self, after)

    @property
    def run_id(self) -> str:
        """The run that the card is of."""
        return self._source.run_id

    def erased(self) -> None:
        """``clear_output`` has taken the card from the page; it is shown again in a moment."""
        if self._display.shown:
            self._display.erase()
            ticker.hurry(self, ERASED_REST)

    def changed(self) -> None:
        """Refresh the card at once."""
        ticker.hurry(self)

    def refresh(self) -> float | None:
        """Show what has changed; see `Ticker`."""
        with self._lock:
            if self._over:
                return None
            live = self._source.live()
            links = self.links
            old = time.monotonic() - self._clock > HTML_KEPT and not any(link.on_html for link in links)
            if not self._display.shown or not links or old:
                self._show(live)
            if links:
                self._send(live)
                return LINK_REST
            return HTML_REST

    def _show(self, live: LiveCard) -> None:
        told, now = card_message(live), time.monotonic()
        if self._display.shown and self._said is not None and same(told, self._said):
            clock = SLOW_CLOCK if (live.elapsed or 0.0) > LONG else CLOCK
            if told["time"] == self._said["time"] or now - self._clock < clock:
                return
        self._said, self._clock = told, now
        self._display.show(self.bundle(live_html(live), live_text(live)))

    def _send(self, live: LiveCard) -> None:
        told = card_message(live)
        if self._sent is not None and same(told, self._sent):
            return
        self._sent = told
        self._tell(told)

    def _tell(self, told: Message) -> None:
        self.rev += 1
        for link in self.links:
            link.send({"type": "card", "rev": self.rev, "card": told})

    def greet(self, link: Link) -> None:
        """Send the whole card, and give the place to the view."""
        with self._lock:
            link.ready = True
            told = self._sent if self._over and self._sent is not None else card_message(self._source.live())
            self.rev += 1
            link.send({"type": "card", "rev": self.rev, "card": told})

    def act(self, name: str, message: Mapping[str, Any]) -> Message | None:
        """Do what the card's button and its note field ask for."""
        text = message.get("text")
        if name == "note" and (text is None or isinstance(text, str)):
            self._source.note(text or None)
        elif name == "rename" and isinstance(text, str):
            self._source.rename(text)
        elif name == "restore" and self._last is not None:
            self._source.restore(self._last.run_id)
            self.tell_deleted(False)
        elif name == "stop" and not self._over:
            self._source.stop()
        elif name == "interrupt" and not self._over:
            self._source.interrupt()
        elif self._over and name in ("stop", "interrupt"):
            raise InvalidValue("The run has ended; there is nothing to stop.")
        else:
            raise InvalidValue(f"A card does not know how to {name!r:.40}.")
        return None

    # ---- the end

    def finish(self, card: Card, run: Run) -> None:
        """Put the static form in the card's place, or show it, once its run has ended.

        Parameters
        ----------
        card : Card
            What it says.
        run : Run
            The run as it ended.
        """
        ticker.forget(self)
        with self._lock:
            self._over = True
            self._last = LiveCard(card, run.run_id, run.start_time, note=run.note or "")
            self._show_last(self._last)
        self.end()

    def _show_last(self, last: LiveCard) -> None:
        """Show the last form; that of a deleted run has a view too, which offers to restore it.

        The views that are there are told: a page that was loaded since the card was shown has no part in its display.
        """
        self._sent = card_message(last)
        card = static_card(last)
        self._display.show(self.bundle(card_html(card), card_text(card), final=not last.deleted))
        self._tell(self._sent)

    @property
    def store(self) -> Path:
        """The store of its run."""
        return self._source.store

    @property
    def finished(self) -> bool:
        """Whether it has its last form."""
        return self._last is not None

    @property
    def shown_run(self) -> str:
        """The run that the last form is of."""
        return self.run_id if self._last is None else self._last.run_id

    def tell_deleted(self, deleted: bool) -> None:
        """Say on the last form whether its run is in the bin."""
        with self._lock:
            last = self._last
            if last is not None and last.deleted != deleted:
                self._last = replace(last, deleted=deleted)
                self._show_last(self._last)

    def abandon(self) -> None:
        """Refresh the card no more."""
        ticker.forget(self)
        self._over = True
        self.end()
