"""What may be wider or longer than its place: it scrolls on a screen, and lies open on paper.

What is said of paper needs a rule of its own, the only ``<style>`` of a static form. Hosts that drop it (GitHub, a
notebook that is not trusted) print nothing anyway; nbconvert's PDF and the print of a browser keep it.
"""

from __future__ import annotations

from .markup import Markup, element, join
from .styles import SCROLL, WIDE

CLASS = "jt-wide"
# On paper there is room for some 14 columns: text wraps, numbers do not.
_PAPER = Markup(
    f"<style scoped>@media print{{.{CLASS}{{overflow:visible!important;max-height:none!important;"
    "max-width:none!important}"
    f".{CLASS} th,.{CLASS} td{{padding:0 4px 0 0!important;font-size:10px;line-height:14px}}"
    f".{CLASS} img[width='72']{{width:40px;height:auto}}"
    f".{CLASS} thead th,.{CLASS} [style*='align:left']{{white-space:normal!important}}}}</style>"
)


def wide(body: Markup, *, long: bool = False) -> Markup:
    """Return an element that scrolls sideways where its body is too wide, and where it is `long` upwards too."""
    return join([_PAPER, element("div", body, style=SCROLL if long else WIDE, **{"class": CLASS})], separator="")
