"""The way to front ends without our lab extension: VS Code, or JupyterLab whose server lives in another environment.

A panel is plain HTML there, which goes on being refreshed. Some seconds after it was shown a widget is offered: a model
without a view, through anywidget. Where the front end has anywidget's half it loads the model's module, a small loader
that asks the kernel for the real one, finds the panel's HTML on the page, and puts the live view in its place. Where it
has not, nothing happens at all: no widget is ever displayed, so there is no error box, and neither view nor module is
saved with the notebook.

No widget is made where our lab extension has answered, nor where nobody looks (nbconvert, papermill): no panel is live
there. The offer comes after `PATIENCE`, since our extension answers within a fraction of a second; at once, where a
widget has been taken before; and not again after `MOST_UNANSWERED` that nobody took.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..store.problems import report
from .guards import guard
from .panel import Link, Panel
from .ticker import ticker

PATIENCE = 3.0  # seconds
MOST_UNANSWERED = 3
STATIC = Path(__file__).parent / "static"


class PanelWidget:
    """A widget that is offered for one panel.

    Parameters
    ----------
    panel : Panel
    """

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self._widget = widget_class()()
        self._link: Link | None = None
        guard(self._widget.comm)
        self._widget.on_msg(self._received)

    def _received(self, _: object, content: object, buffers: object) -> None:
        kind = content.get("type") if isinstance(content, Mapping) else None
        if kind == "module":
            self._widget.send({"type": "module", "panel": self.panel.id, **module()})
        elif kind == "loaded":
            offers.unanswered, offers.taken = 0, True
        elif kind == "left":
            self.leave()
        else:
            if self._link is None or self._link.closed:
                self._link = Link(self._widget.send, on_html=True)
                self.panel.attach(self._link)
            self.panel.received(self._link, content)

    def leave(self) -> None:
        """No view of it is on the page any more."""
        if self._link is not None:
            self.panel.detach(self._link)
            self._link = None

    def close(self) -> None:
        """Take the offer back, and the views with it."""
        self.leave()
        self._widget.close()


class Offers:
    """What a process knows of its front ends, and the widgets that it has offered."""

    def __init__(self) -> None:
        self.own = False  # whether our lab extension has answered
        self.taken = False  # whether a widget was loaded
        self.unanswered = 0
        self._alone = threading.Lock()
        self._made: weakref.WeakKeyDictionary[Panel, PanelWidget] = weakref.WeakKeyDictionary()

    def panel_shown(self, panel: Panel) -> None:
        """A live panel was put on the page."""
        if not self.own:
            ticker.watch(_Offer(panel, self), 0.0 if self.taken else PATIENCE)

    def panel_ended(self, panel: Panel) -> None:
        """A panel has its last form."""
        self.withdraw(panel)

    def withdraw(self, panel: Panel) -> None:
        """Take the offer for a panel back."""
        if (made := self._made.pop(panel, None)) is not None:
            try:
                made.close()
            except Exception as error:  # noqa: BLE001 - nobody who ends a panel is to be harmed by a front end that left
                report("widget", f"A live view could not be closed: {error!r}")

    def make(self, panel: Panel) -> None:
        """Offer a widget, unless the panel is live already or nobody would take it."""
        with self._alone:
            if self.own or panel.ended or panel.links or panel in self._made or self.unanswered >= MOST_UNANSWERED:
                return
            self.unanswered += 1
            try:
                self._made[panel] = PanelWidget(panel)
            except ImportError:  # no anywidget here: the HTML goes on, which is nothing to complain of
                self.unanswered = MOST_UNANSWERED
            except Exception as error:  # noqa: BLE001 - another version of it than we know: the HTML goes on too
                self.unanswered = MOST_UNANSWERED
                report("widget", f"Live views stay HTML here: {error!r}")


class _Offer:
    """An offer that is due; what the ticker calls."""

    def __init__(self, panel: Panel, offers: Offers) -> None:
        self._panel = weakref.ref(panel)
        self._offers = offers

    def refresh(self) -> None:
        panel = self._panel()
        if panel is not None:  # in a thread of its own: what importing anywidget costs once is no reason to rest
            threading.Thread(target=self._offers.make, args=(panel,), name="jupyter-track-widget", daemon=True).start()


offers = Offers()


@cache
def module() -> dict[str, str]:
    """Return the real module and its style sheet, as they are sent when a front end asks for them."""
    return {"text": (STATIC / "panel.js").read_text("utf-8"), "css": (STATIC / "panel.css").read_text("utf-8")}


@cache
def widget_class() -> Any:
    """Return the class of the widgets: a model whose module is the loader.

    Raises
    ------
    ImportError
        Where there is no anywidget.
    """
    import anywidget

    class Loader(anywidget.AnyWidget):
        _view_name = None  # type: ignore[assignment]  # it is never displayed
        _esm = (STATIC / "loader.js").read_text("utf-8")

    return Loader
