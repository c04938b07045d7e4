"""Sound and pages that a run logged, as HTML: a player, and a frame in which nothing runs and nothing is loaded.

A host that takes only plain HTML (GitHub, an untrusted notebook) drops both; the line above them says what is there and
how to get it.
"""

from __future__ import annotations

import base64

from .format import one_line, size
from .markup import Markup, element, muted
from .styles import BODY

AUDIO = frozenset({"audio/flac", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav", "audio/webm", "audio/x-wav"})
PAGE = "text/html"
# Even without scripts a page could load a picture, and so tell somebody that it was looked at.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; media-src data:;'
    " font-src data:; style-src 'unsafe-inline'\">"
)


def framed(data: bytes) -> str:
    """Return a page for an ``<iframe sandbox="" srcdoc=…>``: nothing in it runs, and nothing is loaded."""
    return _POLICY + data.decode("utf-8", "replace")


def is_media(mime: str) -> bool:
    """Whether there is a form for content of this type."""
    return mime in AUDIO or mime == PAGE


def media_html(data: bytes, mime: str, label: str, address: str) -> Markup:
    """Return a player for sound, or a frame for a page, with its label; nothing for other content.

    Parameters
    ----------
    data : bytes
    mime, label : str
    address : str
        ``runs:/…``, by which it can be got.
    """
    if not is_media(mime):
        return Markup("")
    told = muted(f"{one_line(label)} · {size(len(data))}", title=f"track.artifacts.download_artifacts({address!r})")
    if mime in AUDIO:
        source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
        return element(
            "div", element("div", told), element("audio", controls="", preload="metadata", src=source), style=BODY
        )
    page = framed(data)
    frame = element(
        "iframe",
        sandbox="",
        srcdoc=page,
        referrerpolicy="no-referrer",
        loading="lazy",
        style="width:100%;height:320px;border:1px solid rgba(128,128,128,0.35);background:#ffffff",
        title=one_line(label),
    )
    return element("div", element("div", told), frame, style=BODY)
