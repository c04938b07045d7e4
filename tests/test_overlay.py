"""The curves of several runs over one another as an SVG picture."""

from __future__ import annotations

import math
from urllib.parse import unquote
from xml.etree import ElementTree

from jupyter_track.views.goals import Goal
from jupyter_track.views.overlay import Curve, overlay

SVG = "{http://www.w3.org/2000/svg}"


def test_each_run_has_a_line_and_a_name() -> None:
    """A hostile name is text of the picture, a gap breaks the line, and the words have the numbers."""
    one = Curve("#1 <script>", [(0, 1.0), (1, math.nan), (2, 0.5)], "#1d95fb")
    other = Curve("#2 b", [(0, 2.0), (2, 0.25)], "#c53b06", (6, 3))
    found = overlay("loss", [one, other, Curve("#3", [(0, 1.0)], "#9947a9")], Goal("min"))
    assert found is not None
    tree = ElementTree.fromstring(unquote(found.uri.removeprefix("data:image/svg+xml,")))
    assert [node.text for node in tree.iter(f"{SVG}text")] == ["2", "0.25", "0", "2", "#1 <script>", "#2 b"]
    assert {node.tag for node in tree.iter()} == {f"{SVG}{name}" for name in ("svg", "g", "path", "text")}
    lines = [node.get("d", "") for node in tree.iter(f"{SVG}path") if node.get("stroke") == "#1d95fb"]
    assert lines[0].count("M") == 2
    assert found.alt == "loss by step: #1 <script> 1.0000 to 0.5000; #2 b 2.0000 to 0.2500"


def test_without_a_curve_there_is_no_picture() -> None:
    """One point is told by its number."""
    assert overlay("loss", [Curve("#1", [(0, 1.0)], "#1d95fb")], Goal(None)) is None
    assert overlay("loss", [Curve("#1", [(0, math.nan), (1, math.nan)], "#1d95fb")], Goal(None)) is None
