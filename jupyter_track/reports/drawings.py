"""Pictures by our own code as markup: what an ``<img>`` of a static form has as its address, put into the page itself.

In the page their grey is the page's own, so that text in them is read in both themes and on paper.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote

from ..views.format import middle_cut, one_line
from ..views.tokens import mark

_HEAD = "data:image/svg+xml,"
_BOX = re.compile(r"viewBox='0 0 (\d+) (\d+)' width='\d+' height='\d+'")
_FONT = "font-family='system-ui,sans-serif' font-size='11' fill='currentColor'"
_ROW = 16  # pixels of a name below a picture
_SIZE = re.compile(r"^<svg([^>]*?) width='(\d+)' height='(\d+)'")


def svg_of(uri: str, *, grey: str = "currentColor") -> str:
    """Return the SVG that an address of our own code holds.

    Parameters
    ----------
    uri : str
        ``data:image/svg+xml,…`` as `views.curve_picture`, `views.overlay` and `views.many_svg` make it.
    grey : str, default "currentColor"
        What stands in the place of the mid-tone of text and grids.

    Raises
    ------
    ValueError
        For another address.
    """
    if not uri.startswith(_HEAD):
        raise ValueError("not a picture of our own code")
    svg = unquote(uri[len(_HEAD) :]).replace(mark("muted"), grey)
    return _SIZE.sub(r"<svg\1 viewBox='0 0 \2 \3' width='\2' height='\3'", svg)


@dataclass(frozen=True)
class Key:
    """What a line of a picture stands for."""

    name: str
    color: str
    dash: tuple[int, ...] = ()


def with_keys(svg: str, keys: Sequence[Key]) -> str:
    """Return a picture as `svg_of` gives it, with its lines named below it: for a host that can name none itself."""
    found = _BOX.search(svg)
    if found is None or not keys:
        return svg
    width, height = int(found[1]), int(found[2])
    columns = 2 if len(keys) > 1 else 1
    whole = height + _ROW * -(-len(keys) // columns) + 4
    parts = []
    for at, key in enumerate(keys):
        x, y = 4 + (at % columns) * width // columns, height + _ROW * (at // columns) + _ROW // 2
        dash = f" stroke-dasharray='{' '.join(map(str, key.dash))}'" if key.dash else ""
        name = escape(middle_cut(one_line(key.name), width // columns // 7 - 4))
        parts.append(f"<path d='M{x},{y}h18' stroke='{key.color}' stroke-width='2'{dash}/>")
        parts.append(f"<text x='{x + 24}' y='{y + 4}' {_FONT}>{name}</text>")
    box = f"viewBox='0 0 {width} {whole}' width='{width}' height='{whole}'"
    return f"{svg[: found.start()]}{box}{svg[found.end() :].removesuffix('</svg>')}{''.join(parts)}</svg>"
