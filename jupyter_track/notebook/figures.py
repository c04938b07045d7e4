"""What a cell shows: which mimebundles are figures, and the log of the figures of one run.

A figure is a bundle with a picture or a chart in it: SVG, PNG, JPEG, Vega, Vega-Lite or Plotly. One artifact is kept of
it, the richest: the chart's JSON before a picture of it, and a vector picture before pixels. A table's HTML is not a
figure; the HTML in which Altair (its default renderer) and Plotly (in Colab) show a chart is, and the chart's JSON is
read out of it.

The log keeps each figure once, in the order of first show. What replaces a figure on the screen (an update of its
display_id, or what is shown after `clear_output`, as live plots do) is the same figure, with earlier states.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

OWN_MIME = "application/vnd.jupyter-track+json"
OWN_KEY = "jupyter_track"
PLOTLY = "application/vnd.plotly.v1+json"

FIGURE_LIMIT = 50
STATE_LIMIT = 20
# Of all earlier states of a run together, in bytes: they wait in the kernel's memory until the run ends.
STATE_BYTES = 32 * 1024 * 1024

_CHARTS = (PLOTLY, "application/vnd.vegalite.", "application/vnd.vega.")
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_SUFFIXES = {
    "image/svg+xml": ".svg",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    PLOTLY: ".plotly.json",
    "application/vnd.vegalite.": ".vl.json",
    "application/vnd.vega.": ".vg.json",
}
_VEGA_SCHEMA = re.compile(r"/schema/(vega|vega-lite)/v(\d+)")
_PLOTLY_MARKUP = re.compile(r"</?(?:a|b|br|em|i|s|span|strong|sub|sup|u)\b[^<>]*>", re.IGNORECASE)
_TITLE_LIMIT = 200


@dataclass(frozen=True)
class Picture:
    """What is kept of one mimebundle: its bytes, their MIME type and the title found in a chart's JSON."""

    data: bytes
    mime: str
    title: str | None = None


@dataclass(frozen=True)
class CapturedFigure:
    """One figure of a run.

    Attributes
    ----------
    index : int
        Place in the order of first show, from 1.
    data : bytes
        The last state: SVG or JSON in UTF-8, PNG or JPEG as it is.
    mime : str
    title : str or None
    line : int or None
        Line of the cell, from 1, from which it was first shown; None for a figure that was shown at the cell's end.
    states : tuple of bytes
        Earlier states, oldest first, at most `STATE_LIMIT`; where there were more, evenly chosen ones.
    """

    index: int
    data: bytes
    mime: str
    title: str | None = None
    line: int | None = None
    states: tuple[bytes, ...] = ()

    @property
    def suffix(self) -> str:
        """The file suffix that goes with `mime`, such as ``.png`` or ``.vl.json``."""
        return suffix_of(self.mime)


def suffix_of(mime: str) -> str:
    """Return the file suffix of a figure's MIME type.

    Raises
    ------
    KeyError
        The type is not one of a figure.

    Examples
    --------
    >>> suffix_of("application/vnd.vegalite.v5+json")
    '.vl.json'
    """
    return next((suffix for known, suffix in _SUFFIXES.items() if mime.startswith(known)), None) or _SUFFIXES[mime]


def is_own(data: Mapping[str, Any], *labels: Mapping[str, Any] | None) -> bool:
    """Whether a bundle is a display of jupyter-track itself, by its MIME type, metadata or transient data."""
    return OWN_MIME in data or any(OWN_KEY in label for label in labels if label)


def picture_of(data: Mapping[str, Any]) -> Picture | None:
    r"""Return what to keep of a mimebundle, or None where it is not a figure.

    Parameters
    ----------
    data : mapping of str to object
        The bundle, by MIME type, as given to the display publisher.

    Raises
    ------
    ValueError
        A PNG or JPEG is not valid base64.
    TypeError
        A chart's JSON holds something that JSON cannot hold.

    Examples
    --------
    >>> picture_of({"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}).data
    b'\x89PNG\r\n\x1a\n'
    >>> picture_of({"text/html": "<table></table>"}) is None
    True
    """
    mime = next((mime for mime in data if mime.startswith(_CHARTS)), None)
    if mime is not None:
        return _chart(mime, data[mime])
    mime = next((mime for mime in _PICTURES if mime in data), None)
    if mime is not None:
        content = data[mime]
        if isinstance(content, str):
            content = (
                content.encode()
                if mime == "image/svg+xml"
                else base64.b64decode("".join(content.split()), validate=True)
            )
        return Picture(bytes(content), mime)
    html = data.get("text/html")
    return _chart_in_html(html) if isinstance(html, str) else None


def _chart(mime: str, spec: Any) -> Picture:
    if isinstance(spec, str | bytes):
        spec = json.loads(spec)
    try:
        text = json.dumps(spec, ensure_ascii=False, separators=(",", ":"), default=_plain, allow_nan=False)
    except ValueError:
        # NaN and infinity are not JSON, and a browser refuses the whole chart; a chart shows a gap for null.
        text = json.dumps(_without_nan(spec), ensure_ascii=False, separators=(",", ":"), default=_plain)
    return Picture(text.encode("utf-8", "backslashreplace"), mime, _chart_title(mime, spec))


def _plain(value: Any) -> Any:
    """Return an array or a NumPy scalar as JSON can hold it."""
    if hasattr(value, "tolist"):
        return _without_nan(value.tolist())
    raise TypeError(f"{type(value).__name__} in a chart's JSON")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return [_without_nan(item) for item in value] if isinstance(value, list | tuple) else value


def _chart_in_html(html: str) -> Picture | None:
    """Return the chart that a page fragment by Altair or Plotly draws; None for any other HTML."""
    start = html.find("vegaEmbed(")
    start = html.find("})(", start) if start >= 0 else -1
    if start >= 0:
        spec = next(iter(_json_values(html, start + len("})("), 1)), None)
        found = _VEGA_SCHEMA.search(spec.get("$schema") or "") if isinstance(spec, dict) else None
        if found:
            return _chart(f"application/vnd.{found[1].replace('-', '')}.v{found[2]}+json", spec)
    start = html.rfind("Plotly.newPlot(")
    if start >= 0:
        values = _json_values(html, start + len("Plotly.newPlot("), 3)
        if len(values) == 3 and isinstance(values[1], list) and isinstance(values[2], dict):
            return _chart(PLOTLY, {"data": values[1], "layout": values[2]})
    return None


def _json_values(text: str, position: int, count: int) -> list[Any]:
    """Return up to `count` JSON values that stand at a position, with commas between them; what is not JSON ends it."""
    values: list[Any] = []
    decoder = json.JSONDecoder()
    while len(values) < count:
        while text[position : position + 1] in (" ", "\n", "\t", "\r", ","):
            position += 1
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError:
            break
        values.append(value)
    return values


def _chart_title(mime: str, spec: Any) -> str | None:
    if not isinstance(spec, dict):
        return None
    if mime == PLOTLY:
        layout = spec.get("layout")
        title = layout.get("title") if isinstance(layout, dict) else None
    else:
        title = spec.get("title")
    if isinstance(title, dict):
        title = title.get("text")
    if isinstance(title, list):
        title = " ".join(line for line in title if isinstance(line, str))
    if not isinstance(title, str):
        return None
    return _tidy(_PLOTLY_MARKUP.sub(_without_tag, title) if mime == PLOTLY else title)


def _without_tag(tag: re.Match[str]) -> str:
    return " " if tag[0].lower().startswith("<br") else ""


def _tidy(title: str) -> str | None:
    return " ".join(title.split())[:_TITLE_LIMIT] or None


def matplotlib_title(shown: object) -> str | None:
    """Return a matplotlib figure's suptitle, else the first title of its axes; None for any other object.

    matplotlib is not imported here: where it is not loaded, `shown` is not its figure.
    """
    figure_class = getattr(sys.modules.get("matplotlib.figure"), "Figure", None)
    if figure_class is None or not isinstance(shown, figure_class):
        return None
    figure: Any = shown
    if hasattr(figure, "get_suptitle"):
        titles = [figure.get_suptitle()]
    else:  # matplotlib before 3.8
        titles = [figure._suptitle.get_text()] if figure._suptitle is not None else []
    titles += [axes.get_title(place) for axes in figure.axes for place in ("center", "left", "right")]
    return next((tidy for tidy in map(_tidy, titles) if tidy), None)


@dataclass(eq=False)
class _Entry:
    """A figure that can still change."""

    index: int
    picture: Picture
    digest: bytes
    title: str | None
    line: int | None
    states: list[bytes] = field(default_factory=list)
    replaced: int = 0
    stride: int = 1


class FigureLog:
    """The figures of one run, each once, in the order of first show; usable from any thread.

    A figure that is shown is, in this order: the one with its display_id; the one with the same content; the first of
    those that `clear_output` took off the screen; or a new one.

    Examples
    --------
    >>> log = FigureLog()
    >>> log.show(Picture(b"<svg>1</svg>", "image/svg+xml"), line=3)
    >>> log.clear()
    >>> log.show(Picture(b"<svg>2</svg>", "image/svg+xml"), line=3)
    >>> [(figure.data, figure.states) for figure in log.figures()]
    [(b'<svg>2</svg>', (b'<svg>1</svg>',))]
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entries: list[_Entry] = []
        self._by_display: dict[str, _Entry] = {}
        self._on_screen: list[_Entry] = []
        self._cleared: list[_Entry] = []
        self._over: set[object] = set()
        self._state_bytes = 0

    @property
    def over(self) -> int:
        """How many figures came after the first `FIGURE_LIMIT` and are not kept."""
        return len(self._over)

    def show(
        self, picture: Picture, *, display_id: str | None = None, title: str | None = None, line: int | None = None
    ) -> None:
        """Take a figure that was just shown or updated.

        Parameters
        ----------
        picture : Picture
        display_id : str, optional
            The display's id, where it has one.
        title : str, optional
            A title found outside the bundle; the chart's own where None.
        line : int, optional
            Line of the cell, from 1.
        """
        digest = hashlib.sha256(picture.data).digest()
        title = title or picture.title
        with self._lock:
            entry = self._find(digest, display_id)
            if entry is None:
                if len(self._entries) >= FIGURE_LIMIT:
                    self._over.add(display_id or digest)
                    return
                entry = _Entry(len(self._entries) + 1, picture, digest, title, line)
                self._entries.append(entry)
            elif entry.digest != digest:
                self._replace(entry, picture, digest)
                entry.title = title or entry.title
            if entry in self._cleared:
                self._cleared.remove(entry)
            if entry not in self._on_screen:
                self._on_screen.append(entry)
            if display_id is not None:
                self._by_display[display_id] = entry

    def clear(self) -> None:
        """Take note of `clear_output`: what is shown next takes the place of what was on the screen, in order."""
        with self._lock:
            self._cleared = sorted({*self._cleared, *self._on_screen}, key=attrgetter("index"))
            self._on_screen = []

    def figures(self) -> tuple[CapturedFigure, ...]:
        """Return the figures as they stand."""
        with self._lock:
            return tuple(
                CapturedFigure(
                    entry.index, entry.picture.data, entry.picture.mime, entry.title, entry.line, tuple(entry.states)
                )
                for entry in self._entries
            )

    def _find(self, digest: bytes, display_id: str | None) -> _Entry | None:
        if display_id is not None and display_id in self._by_display:
            return self._by_display[display_id]
        same = next((entry for entry in self._entries if entry.digest == digest), None)
        if same is not None:
            return same
        return self._cleared[0] if self._cleared else None

    def _replace(self, entry: _Entry, picture: Picture, digest: bytes) -> None:
        if entry.picture.mime != picture.mime:
            self._state_bytes -= sum(map(len, entry.states))
            entry.states, entry.replaced, entry.stride = [], 0, 1
        else:
            if entry.replaced % entry.stride == 0:
                entry.states.append(entry.picture.data)
                self._state_bytes += len(entry.picture.data)
            entry.replaced += 1
            while len(entry.states) > STATE_LIMIT or (entry.states and self._state_bytes > STATE_BYTES):
                self._thin(entry)
        entry.picture, entry.digest = picture, digest

    def _thin(self, entry: _Entry) -> None:
        """Drop every second state, so that those that stay are spread over the figure's whole life."""
        dropped: Sequence[bytes] = entry.states[1::2] or entry.states
        entry.states = entry.states[::2] if len(entry.states) > 1 else []
        entry.stride *= 2
        self._state_bytes -= sum(map(len, dropped))
