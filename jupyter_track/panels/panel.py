"""What all panels have: an id by which a front end finds them, and the links to the front ends that show them.

What a link brings (a click) arrives on a thread of the kernel's while a cell runs. What is done there reads and edits
the store by connections of its own, and touches neither the user's objects nor matplotlib.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ..errors import InvalidValue, TrackError
from ..store.problems import report
from ..views.markup import Markup, element

MIME = "application/vnd.jupyter-track+json"
VERSION = 1
PLACE = "jt-place-"  # and the panel's id: the class of its HTML
KEPT = 100  # panels that can still be found by a page that is loaded again
ASSETS = frozenset({"charts.js"})  # what a view may ask for of the files beside this module
Message = dict[str, Any]


class Link:
    """One view of a panel in a front end.

    Parameters
    ----------
    send : callable
        Sends one message; it may raise.
    on_html : bool, default False
        Whether the view lies on the panel's HTML, so that a new form of the HTML would take it away.
    """

    def __init__(self, send: Callable[[Message], object], on_html: bool = False) -> None:
        self._send = send
        self.on_html = on_html
        self.ready = False
        self.closed = False

    def send(self, message: Message) -> None:
        """Send a message; a link that fails is closed."""
        if self.closed:
            return
        try:
            self._send(message)
        except Exception as error:  # noqa: BLE001 - the page has gone, and the HTML takes over again
            self.closed = True
            report("link", f"A live view was left by its page: {error!r}")


class Panel:
    """A panel: its id, its links, and what they say to it. Subclasses say what its state is and what it can do."""

    kind: str

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.rev = 0
        self.ended = False
        self._links: list[Link] = []
        self._told = False  # whether the watcher knows that it is on a page
        _remember(self)

    def end(self) -> None:
        """Say that the panel has its last form, which is on the page by now."""
        self.ended = True
        if _watcher is not None:
            _watcher.panel_ended(self)

    def bundle(self, html: str, text: str, *, final: bool = False) -> dict[str, Any]:
        """Return what is shown: HTML, text, and how a front end of ours finds the panel.

        The HTML of a panel that is live is found by its class where the host lets no renderer of ours in.
        """
        if not final:
            html = element("div", Markup(html), **{"class": f"{PLACE}{self.id}"})
            if not self._told:
                self._told = True
                if _watcher is not None:
                    _watcher.panel_shown(self)
        return {
            "text/plain": text,
            "text/html": html,
            MIME: {"version": VERSION, "panel": self.id, "kind": self.kind, "final": final},
        }

    @property
    def links(self) -> list[Link]:
        """The views that have said that they are ready."""
        return [link for link in self._links.copy() if link.ready and not link.closed]

    def attach(self, link: Link) -> None:
        """A front end shows the panel; it is sent something once it is ready."""
        for left in [one for one in self._links.copy() if one.closed]:
            self._drop(left)
        self._links.append(link)

    def detach(self, link: Link) -> None:
        """A front end shows the panel no longer."""
        link.closed = True
        self._drop(link)
        self.changed()

    def _drop(self, link: Link) -> None:
        with suppress(ValueError):  # another thread was first; the list itself stays, since one may be attached now
            self._links.remove(link)

    def received(self, link: Link, message: object) -> None:
        """Take a message from a front end."""
        if not isinstance(message, Mapping):
            return
        if message.get("type") == "ready":
            try:
                self.greet(link)
            except Exception as error:  # noqa: BLE001 - the view stays the HTML that it was
                report("view", f"A live view could not be made: {error!r}")
        elif message.get("type") == "action":
            answer = self._answer(message)
            if message.get("to") or not answer["ok"] or "type" in answer:  # 0 asks for no answer
                link.send({"type": "reply", "to": message.get("to"), **answer})

    def greet(self, link: Link) -> None:
        """Send a view all that it needs; subclasses do."""
        raise NotImplementedError

    def act(self, name: str, message: Mapping[str, Any]) -> Message | None:
        """Do what a person asked for; return what belongs into the answer. Subclasses do.

        Raises
        ------
        TrackError
            What cannot be done, in words for the person.
        """
        raise NotImplementedError

    def changed(self) -> None:
        """Look at the panel soon: something has changed; subclasses do."""

    def _answer(self, message: Mapping[str, Any]) -> Message:
        name = message.get("name")
        try:
            if not isinstance(name, str):
                raise InvalidValue("What is to be done is not said.")
            if name == "asset":  # changes nothing
                return {"ok": True, "message": "", "text": _asset(message.get("file"))}
            answer = self.act(name, message)
        except TrackError as error:
            return {"ok": False, "message": str(error)}
        except Exception as error:  # noqa: BLE001 - said to the person who asked, and to nobody else
            report("action", f"{name!r} in a live view failed: {error!r}")
            return {"ok": False, "message": f"That did not work: {error!r}"}
        self.changed()
        return {"ok": True, "message": "", **(answer or {})}


def _asset(name: object) -> str:
    if name not in ASSETS:
        raise InvalidValue(f"There is no file {name!r:.40} for a view.")
    return Path(__file__).with_name("static").joinpath(str(name)).read_text(encoding="utf-8")


class Watcher(Protocol):
    """Who is told of panels that are live on a page, and of their end."""

    def panel_shown(self, panel: Panel) -> None:
        """A live panel is put on a page for the first time."""

    def panel_ended(self, panel: Panel) -> None:
        """A panel has its last form."""


_watcher: Watcher | None = None
_panels: OrderedDict[str, Panel] = OrderedDict()


def watch(watcher: Watcher | None) -> None:
    """Tell a watcher of panels from now on; None tells nobody."""
    global _watcher
    _watcher = watcher


def _remember(panel: Panel) -> None:
    _panels[panel.id] = panel
    while len(_panels) > KEPT:
        _, oldest = _panels.popitem(last=False)
        if _watcher is not None and not oldest.links:  # what was offered for it would keep it for good
            _watcher.panel_ended(oldest)


def find(panel_id: object) -> Panel | None:
    """Return the panel of an id, None where this process has none."""
    return _panels.get(panel_id) if isinstance(panel_id, str) else None
