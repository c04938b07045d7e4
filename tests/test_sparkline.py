"""A curve as a picture."""

import math
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_track.views.sparkline import MAX_POINTS, Scale, Sparkline, best_point, shared_scale, sparkline, thin
from jupyter_track.views.tokens import mark

COLOR = "#1d95fb"
_SVG = "{http://www.w3.org/2000/svg}"


def drawing(spark: Sparkline | None) -> ElementTree.Element:
    """Return the SVG that an address holds, parsed."""
    assert spark is not None
    kind, _, data = spark.uri.partition(",")
    assert kind == "data:image/svg+xml"
    return ElementTree.fromstring(unquote(data))


def test_a_curve_is_a_line_with_a_dot_at_its_end_and_a_ring_at_its_best() -> None:
    """The picture's size is the table's, and its words say first, last and best."""
    spark = sparkline("loss", [(0, 1.0), (1, 0.25), (2, 0.5)], color=COLOR, direction="min")
    svg = drawing(spark)
    assert (svg.get("width"), svg.get("height")) == ("72", "18")
    line = svg.find(f"{_SVG}path")
    assert line is not None
    assert (line.get("d"), line.get("stroke"), line.get("fill")) == ("M3.5,3.5h0L36,14.5L68.5,10.8", COLOR, "none")
    circles = [(circle.get("cx"), circle.get("cy"), circle.get("fill")) for circle in svg.iter(f"{_SVG}circle")]
    assert circles == [("36.0", "14.5", "none"), ("68.5", "10.8", COLOR)]
    assert spark is not None
    assert spark.alt == "loss: 1.0000 to 0.5000, 3 points, best 0.2500 at 1"


def test_a_card_has_a_larger_picture() -> None:
    """120 by 28 pixels."""
    spark = sparkline("loss", [(0, 1.0), (1, 2.0)], color=COLOR, large=True)
    assert spark is not None
    assert (spark.width, spark.height) == (120, 28)


def test_nan_is_a_gap_with_a_tick_at_the_foot() -> None:
    """The line starts anew behind the gap; a point between two gaps is a dot, by the line's round cap."""
    spark = sparkline("loss", [(0, 1.0), (1, math.nan), (2, 0.5), (3, math.inf), (4, 0.0)], color=COLOR)
    paths = drawing(spark).findall(f"{_SVG}path")
    assert [path.get("d") for path in paths] == ["M3.5,3.5h0M36,9h0M68.5,14.5h0", "M19.8,15v3M52.2,15v3"]
    assert paths[1].get("stroke") == mark("warning")
    assert spark is not None
    assert spark.alt == "loss: 1.000 to 0.000, 5 points, 2 not finite"


def test_one_point_is_a_dot_and_a_constant_a_line_through_the_middle() -> None:
    """Neither has a ring; a dot stands in the middle."""
    dot = drawing(sparkline("loss", [(7, 0.5)], color=COLOR, direction="min"))
    assert [(circle.get("cx"), circle.get("cy")) for circle in dot.iter(f"{_SVG}circle")] == [("36.0", "9.0")]
    constant = drawing(sparkline("loss", [(0, 0.5), (1, 0.5), (2, 0.5)], color=COLOR)).find(f"{_SVG}path")
    assert constant is not None
    assert constant.get("d") == "M3.5,9h0L36,9L68.5,9"


def test_a_curve_logged_without_steps_runs_in_the_order_of_logging() -> None:
    """All at step 0 would else be one vertical line."""
    path = drawing(sparkline("loss", [(0, 1.0), (0, 0.5), (0, 0.0)], color=COLOR)).find(f"{_SVG}path")
    assert path is not None
    assert path.get("d") == "M3.5,3.5h0L36,9L68.5,14.5"


def test_the_scale_is_logarithmic_only_where_all_is_positive_over_three_decades() -> None:
    """The picture says so, for the form to write beside it."""
    logs = [
        sparkline("loss", [(0, 10.0), (1, 0.1), (2, 0.001)], color=COLOR),
        sparkline("loss", [(0, 1.0), (1, 0.01)], color=COLOR),
        sparkline("loss", [(0, 10.0), (1, 0.001), (2, 0.0)], color=COLOR),
    ]
    assert [spark is not None and spark.log for spark in logs] == [True, False, False]
    assert logs[0] is not None
    assert logs[0].alt.endswith(", log scale")


def test_a_shared_scale_holds_all_curves_and_is_rounded_outwards() -> None:
    """So that a curve that still grows does not change it with each point; what is not finite has no part in it."""
    assert shared_scale([(0.113, 2.31), (None, None), (0.5, math.inf)]) == Scale(0.1, 2.4000000000000004)
    assert shared_scale([(1e-5, 0.5), (0.1, 20.0)]) == Scale(1e-5, 10**1.4, log=True)
    assert shared_scale([(3.0, 3.0)]) == Scale(3.0, 3.0)
    assert shared_scale([(-1.7e308, 1.7e308)]) == Scale(-1.7e308, 1.7e308)
    assert shared_scale([(None, None), (-math.inf, math.inf)]) is None


def test_curves_on_a_shared_scale_can_be_compared() -> None:
    """Equal values stand at the same height; what lies beyond the scale is drawn at its edge."""
    scale = Scale(0.0, 1.0)
    drawn = [
        drawing(sparkline("loss", points, color=COLOR, scale=scale)).find(f"{_SVG}path")
        for points in ([(0, 1.0), (1, 0.5)], [(0, 0.5), (1, 0.0)], [(0, 5.0), (1, 0.5)])
    ]
    assert [None if one is None else one.get("d") for one in drawn] == [
        "M3.5,3.5h0L68.5,9",
        "M3.5,9h0L68.5,14.5",
        "M3.5,3.5h0L68.5,9",
    ]


def test_nothing_to_draw_is_no_picture_and_nothing_but_nan_is_ticks() -> None:
    """Without a point there is None; NaN alone has no line."""
    assert sparkline("loss", [], color=COLOR) is None
    spark = sparkline("loss", [(0, math.nan), (1, math.nan)], color=COLOR, direction="min")
    assert len(drawing(spark).findall(f"{_SVG}path")) == 1
    assert best_point([(0, math.nan)], "min") is None


_points = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=True, allow_infinity=True)), max_size=700
)


@settings(max_examples=60, deadline=None)
@given(_points, st.sampled_from(["min", "max", None]), st.booleans())
def test_any_curve_is_drawn_within_its_frame(
    points: list[tuple[int, float]], direction: str | None, large: bool
) -> None:
    """Whatever was logged, the SVG parses and every mark is a number inside the picture."""
    spark = sparkline("k", points, color=COLOR, direction=direction, large=large)  # type: ignore[arg-type]
    if spark is None:
        assert points == []
        return
    for circle in drawing(spark).iter(f"{_SVG}circle"):
        assert 0 <= float(circle.get("cx", "nan")) <= spark.width
        assert 0 <= float(circle.get("cy", "nan")) <= spark.height


@settings(max_examples=60, deadline=None)
@given(_points)
def test_thinning_keeps_the_ends_the_extremes_and_that_there_were_gaps(points: list[tuple[int, float]]) -> None:
    """At most 150 points in their order; the least, the greatest and a gap survive."""
    kept = thin(points)
    assert len(kept) <= MAX_POINTS
    finite = [value for _, value in points if math.isfinite(value)]
    left = [value for _, value in kept if math.isfinite(value)]
    assert (kept[:1], kept[-1:]) == (points[:1], points[-1:])
    if finite:
        assert (min(left), max(left)) == (min(finite), max(finite))
    assert (len(left) < len(kept)) == (len(finite) < len(points))


def test_a_long_curve_keeps_each_stretch_s_extremes_and_its_gaps() -> None:
    """Ten thousand points with one peak, one trough and one NaN far from both ends: all three are drawn."""
    points = [(step, math.sin(step / 50)) for step in range(10_000)]
    points[3_333] = (3_333, 7.0)
    points[6_666] = (6_666, -7.0)
    points[8_000] = (8_000, math.nan)
    kept = thin(points)
    assert 100 < len(kept) <= MAX_POINTS
    assert {(3_333, 7.0), (6_666, -7.0)} <= set(kept)
    assert [step for step, value in kept if math.isnan(value)] == [8_000]
    assert [step for step, _ in kept] == sorted({step for step, _ in kept})
    spark = sparkline("loss", points, color=COLOR, direction="min", large=True)
    assert spark is not None
    assert len(spark.uri) < 4_000
    assert spark.alt == "loss: 0.000 to −0.883, 10000 points, best −7.000 at 6666, 1 not finite"
