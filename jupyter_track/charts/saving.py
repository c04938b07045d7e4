"""A chart as a file: its picture, or its spec."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import InvalidValue, MissingPackage
from ..store.appearing import appearing

PICTURES = (".png", ".svg", ".pdf")
SPEC = ".json"


def save(make: Callable[[], Any], target: Path, *, scale: float = 2.0) -> Path:
    """Write a chart into a file, in the form that its name says; a file that is there is replaced.

    Parameters
    ----------
    make : callable
        Makes the Altair chart; called when all else is known to be right.
    target : Path
        It ends in ``.png``, ``.svg``, ``.pdf`` or ``.json`` (the Vega-Lite spec with its data). Its folder is made
        where it is missing.
    scale : float, default 2.0
        Pixels of a PNG per CSS pixel.

    Returns
    -------
    Path

    Raises
    ------
    InvalidValue
        For another ending, or a scale that is none.
    MissingPackage
        For a picture, where vl-convert is not installed.
    StoreUnavailable
        Where the file cannot be written.
    """
    ending = target.suffix.lower()
    if ending not in (*PICTURES, SPEC):
        page = " An HTML page of runs is a report: track.report()." if ending in (".html", ".htm") else ""
        raise InvalidValue(f"A chart is written as .png, .svg, .pdf or .json, not as {target.name!r}.{page}")
    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0.1 <= scale <= 10:
        raise InvalidValue(f"scale is a number from 0.1 to 10, not {scale!r}.")
    if ending != SPEC and importlib.util.find_spec("vl_convert") is None:
        raise MissingPackage(
            f"A {ending[1:].upper()} of a chart needs vl-convert-python: pip install vl-convert-python. "
            "Without it: .json, its Vega-Lite spec."
        )
    import altair as alt

    with alt.data_transformers.enable("default", max_rows=None):  # the rows are as many as are drawn
        spec = make().to_dict()
    data = _spec_text(spec) if ending == SPEC else _picture(spec, ending, scale)
    with appearing(target) as temporary:
        temporary.write_bytes(data)
    return target


def _spec_text(spec: dict[str, Any]) -> bytes:
    import json

    return (json.dumps(spec, indent=1, ensure_ascii=False) + "\n").encode()


def _picture(spec: dict[str, Any], ending: str, scale: float) -> bytes:
    import altair as alt
    import vl_convert

    found = str(alt.SCHEMA_VERSION).removeprefix("v").split(".")
    known = vl_convert.get_vegalite_versions()
    version = ".".join(found[:2]) if ".".join(found[:2]) in known else known[-1]
    if ending == ".png":
        return bytes(vl_convert.vegalite_to_png(spec, vl_version=version, scale=scale))
    if ending == ".pdf":
        return bytes(vl_convert.vegalite_to_pdf(spec, vl_version=version))
    return str(vl_convert.vegalite_to_svg(spec, vl_version=version)).encode()
