"""Pictures by our own code as markup: what an ``<img>`` of a static form has as its address, put into the page itself.

In the page their grey is the page's own, so that text in them is read in both themes and on paper.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from ..views.tokens import mark

_HEAD = "data:image/svg+xml,"
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
