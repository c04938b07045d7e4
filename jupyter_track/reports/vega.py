"""Figures that were kept as a Vega or Vega-Lite spec, drawn as SVG: by vl-convert, where it is installed.

It is allowed no address, and a spec that names one is not drawn: a report shows what the store holds.
"""

from __future__ import annotations

import importlib.util
import json
import re
from typing import Any

_MIME = re.compile(r"application/vnd\.(vega|vegalite)\.v(\d+)(?:\.json|\+json)")
LARGEST = 5_000_000  # bytes of a spec with its data
NEEDED = "a chart that is kept as its spec; with vl-convert-python installed a report draws it"


def is_chart(mime: str) -> bool:
    """Return whether a figure of a type is a spec."""
    return _MIME.fullmatch(mime) is not None


def may_draw() -> bool:
    """Return whether there is what draws it."""
    return importlib.util.find_spec("vl_convert") is not None


def svg_of_spec(mime: str, data: bytes) -> bytes | str:
    """Return the picture of a spec as SVG, or in words why there is none."""
    if not may_draw():
        return NEEDED
    found = _MIME.fullmatch(mime)
    try:
        spec = json.loads(data)
    except ValueError:
        return "a chart whose spec cannot be read"
    if found is None or not isinstance(spec, dict):
        return "a chart whose spec cannot be read"
    if _names_address(spec):
        return "a chart whose data lie at an address; a report fetches nothing"
    import vl_convert

    try:
        if found[1] == "vega":
            return str(vl_convert.vega_to_svg(spec, allowed_base_urls=[])).encode()
        known = vl_convert.get_vegalite_versions()
        version = next((one for one in reversed(known) if one.split(".")[0] == found[2]), known[-1])
        return str(vl_convert.vegalite_to_svg(spec, vl_version=version, allowed_base_urls=[])).encode()
    except ValueError as error:  # what vl-convert raises for a spec that Vega does not take
        return f"a chart that could not be drawn: {str(error).splitlines()[0] if str(error) else 'no reason given'}"


def _names_address(value: Any) -> bool:
    """Whether a spec names an address anywhere: of data, of pictures, of links."""
    if isinstance(value, dict):
        # Inline data are rows of the user's: an address in them is text, unless a mark draws it as a picture.
        return any(
            (key in ("url", "href") and bool(item)) or (key not in ("values", "datasets") and _names_address(item))
            for key, item in value.items()
        )
    return isinstance(value, list) and any(map(_names_address, value))
