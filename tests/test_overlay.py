"""The curves of several runs over one another as an SVG picture."""

from __future__ import annotations

import math
import re
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
    assert [node.text for node in tree.iter(f"{SVG}text")] == ["2", "0.25", "0", "2", "#1 <script>", "#2 b", "#3"]
    assert {node.tag for node in tree.iter()} == {f"{SVG}{name}" for name in ("svg", "g", "path", "text", "circle")}
    lines = [node.get("d", "") for node in tree.iter(f"{SVG}path") if node.get("stroke") == "#1d95fb"]
    assert lines[0].count("M") == 2
    assert found.alt == "loss by step: #1 <script> 1.0000 to 0.5000; #2 b 2.0000 to 0.2500; #3 1.0000 at step 0"
    dots = [(node.get("cx"), node.get("fill")) for node in tree.iter(f"{SVG}circle")]
    assert dots == [("58", "#9947a9"), ("8", "#9947a9")]  # at its step, and as its key


def test_a_single_value_counts_for_the_axes() -> None:
    """The best run, or the baseline, may have one value only: it is drawn, within the axes, and told."""
    found = overlay(
        "accuracy", [Curve("#1", [(0, 0.5), (4, 0.7)], "#1d95fb"), Curve("#2", [(9, 0.9)], "#c53b06")], Goal("max")
    )
    assert found is not None
    tree = ElementTree.fromstring(unquote(found.uri.removeprefix("data:image/svg+xml,")))
    assert [node.text for node in tree.iter(f"{SVG}text")] == ["0.9", "0.5", "0", "9", "#1", "#2"]
    assert found.alt == "accuracy by step: #1 0.5000 to 0.7000; #2 0.9000 at step 9"


def test_the_ends_of_the_axis_have_room() -> None:
    """Four digits where they fit beside the picture, else fewer: the first of them was cut off."""
    ends = []
    for low, high in ((0.001729, 1.0429), (-0.001729, 12345.6), (1.23456e-10, 0.99913)):
        found = overlay("loss", [Curve("#1", [(0, low), (9, high)], "#1d95fb")], Goal("min"))
        assert found is not None
        tree = ElementTree.fromstring(unquote(found.uri.removeprefix("data:image/svg+xml,")))
        ends += [(node.text, node.get("x")) for node in list(tree.iter(f"{SVG}text"))[:2]]
    assert ends == [(text, "52") for text in ("1.043", "0.00173", "12350", "−0.0017", "0.9991", "1.2e-10")]


def test_without_a_curve_there_is_no_picture() -> None:
    """One point is told by its number."""
    assert overlay("loss", [Curve("#1", [(0, 1.0)], "#1d95fb")], Goal(None)) is None
    assert overlay("loss", [Curve("#1", [(0, math.nan), (1, math.nan)], "#1d95fb")], Goal(None)) is None


def test_a_run_that_goes_far_beyond_the_others_leaves_the_picture() -> None:
    """The axes are those of the others; marks stand where it leaves, and words say how far it goes."""
    wild = [(0, 1.0), (1, 1e308), (2, -1e30), (3, math.nan), (4, 0.5)]
    curves = [Curve("#1", [(0, 1.0), (4, 0.25)], "#1d95fb"), Curve("#2", wild, "#c53b06")]
    found = overlay("loss", [*curves, Curve("#3", [(0, 0.5), (4, 0.5)], "#9947a9")], Goal("min"))
    assert found is not None
    tree = ElementTree.fromstring(unquote(found.uri.removeprefix("data:image/svg+xml,")))
    texts = [node.text for node in tree.iter(f"{SVG}text")]
    assert texts == ["1", "0.25", "0", "4", "1 run goes beyond, to 1.00e308", "#1", "#2", "#3"]
    paths = [node.get("d", "") for node in tree.iter(f"{SVG}path")]
    marks = [node.get("d", "") for node in tree.iter(f"{SVG}path") if node.get("fill") == "#c53b06"]
    assert marks == ["M54,28h8l-4,-6z", "M150,116h8l-4,6z"]
    assert max(float(y) for path in paths for y in re.findall(r",([\d.]+)", path)) < found.height
    assert found.alt.endswith("#2 1.000 to 0.500; #3 0.500 to 0.500")
