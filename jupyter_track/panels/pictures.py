"""Pictures for a view: content of the store as an address that holds it, and nothing else.

A picture is shown as an ``<img>``, in which no script runs and which fetches nothing, also where it is SVG. A chart of
Vega is drawn to SVG, in a process of its own without a way to any address; a page is shown in a frame, in which nothing
runs; a chart of Plotly is told in words.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ..charts.drawn import Drawing, is_chart
from ..errors import InvalidValue, NotFound
from ..store.reader import Reader
from ..views.format import size
from ..views.media import SHOWN
from ..views.players import PAGE, framed
from ..views.plotly import LARGEST_READ, PICTURE_HINT, PLOTLY, chart_card

LARGE = 1_000_000  # bytes of a picture that is sent only where a person asks for it
LARGEST = 32_000_000


def picture_message(reader: Reader, run_id: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a picture of a run.

    Parameters
    ----------
    reader : Reader
    run_id : str
    message : mapping
        Its ``path``, and ``large`` where a person asked for it.

    Returns
    -------
    dict
        ``uri``; ``page`` for a frame; ``card`` for a chart of Plotly; or ``large`` where it is large and was not asked
        for: how large.

    Raises
    ------
    NotFound
        Where the run has no picture of this path.
    InvalidValue
        Where it is of a type that is not shown, or too large to be sent.
    """
    path = message.get("path")
    if not isinstance(path, str):
        raise InvalidValue("Which picture is meant is not said.")
    found = next((one for one in reader.artifacts(run_id) if one.path == path), None)
    if found is None:
        raise NotFound(f"The run has no picture {path!r:.80}.")
    if found.mime == PLOTLY:
        card = chart_card(reader.content(found.sha256) if found.size <= LARGEST_READ else None, found.size)
        return {"card": {"title": card.title, "told": card.told, "hint": PICTURE_HINT}}
    is_page = found.mime == PAGE and found.kind == "figure"
    chart = is_chart(found.mime)
    if not (found.mime in SHOWN or is_page or chart):
        raise InvalidValue(f"{found.mime:.60} is not shown here; %track show tells how to open it.")
    if found.size > LARGEST:
        raise InvalidValue(f"The picture has {size(found.size)}, more than is sent; download_artifacts() copies it.")
    if found.size > LARGE and message.get("large") is not True:
        return {"large": size(found.size)}
    data = reader.content(found.sha256)
    if is_page:
        return {"page": framed(data)}
    mime = found.mime
    if chart:
        with Drawing() as drawing:
            drawn = drawing.svg(mime, data)
        if isinstance(drawn, str):
            raise InvalidValue(f"Not shown: {drawn}.")
        data, mime = drawn, "image/svg+xml"
    return {"uri": f"data:{mime};base64,{base64.b64encode(data).decode()}"}
