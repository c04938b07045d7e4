"""Which mimebundles are figures, what is kept of them, and the log of a run's figures."""

import base64
import json
import sys
from itertools import pairwise
from typing import Any

import altair
import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from jupyter_track.notebook import figures
from jupyter_track.notebook.figures import (
    FIGURE_LIMIT,
    STATE_LIMIT,
    CapturedFigure,
    FigureLog,
    Picture,
    is_own,
    matplotlib_title,
    picture_of,
    suffix_of,
)

PNG = b"\x89PNG\r\n\x1a\nnot really"
SVG = "<svg>µ</svg>"
VEGA_LITE = "application/vnd.vegalite.v5+json"


def encoded(data: bytes) -> str:
    """Return bytes as a mimebundle holds them."""
    return base64.encodebytes(data).decode()


@pytest.mark.parametrize(
    ("bundle", "picture"),
    [
        ({"image/png": encoded(PNG), "text/plain": "<Figure>"}, Picture(PNG, "image/png")),
        ({"image/png": PNG}, Picture(PNG, "image/png")),
        ({"image/jpeg": encoded(b"\xff\xd8")}, Picture(b"\xff\xd8", "image/jpeg")),
        ({"image/png": encoded(PNG), "image/svg+xml": SVG}, Picture(SVG.encode(), "image/svg+xml")),
        (
            {"image/png": encoded(PNG), VEGA_LITE: {"mark": "bar", "title": "Loss"}},
            Picture(b'{"mark":"bar","title":"Loss"}', VEGA_LITE, "Loss"),
        ),
        ({"application/vnd.vega.v5+json": '{"marks": []}'}, Picture(b'{"marks":[]}', "application/vnd.vega.v5+json")),
        ({"text/html": "<table></table>", "text/plain": "a"}, None),
        ({"text/plain": "a"}, None),
        ({}, None),
        ({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider()"}, None),
        ({"text/html": "<script>vegaEmbed(it, spec) })({not json}, {})</script>"}, None),
        ({"text/html": "<script>Plotly.newPlot('id', data)</script>"}, None),
    ],
)
def test_what_is_kept_of_a_bundle(bundle: dict[str, Any], picture: Picture | None) -> None:
    """A chart's JSON before SVG, SVG before PNG; tables, text and widgets are not figures."""
    assert picture_of(bundle) == picture


def test_an_altair_chart_is_a_figure_with_its_default_renderer() -> None:
    """Altair shows HTML with a script; the specification is read out of it."""
    data = altair.Data(values=[{"a": "})( </script>", "b": 1.5}])
    chart = altair.Chart(data, title=["Two", "lines"]).mark_bar().encode(x="a:N", y="b:Q")
    bundle = chart._repr_mimebundle_()
    assert set(bundle) == {"text/html"}
    picture = picture_of(bundle)
    assert picture is not None
    assert json.loads(picture.data) == chart.to_dict()
    version = altair.SCHEMA_VERSION.split(".")[0]
    assert (picture.mime, picture.title) == (f"application/vnd.vegalite.{version}+json", "Two lines")


def test_a_plotly_figure_is_a_figure_as_json_and_as_html() -> None:
    """Plotly shows its JSON, or in Colab HTML with a script; the same data and layout are kept."""
    figure = go.Figure(data=[go.Scatter(x=[1], y=[2])], layout={"title": {"text": "H<sub>2</sub>O<br><b>x</b> < 3"}})
    spec = json.loads(figure.to_json())
    shown = picture_of({figures.PLOTLY: spec})
    page = picture_of({"text/html": plotly.io.to_html(figure, include_plotlyjs="cdn", full_html=False)})
    assert shown is not None
    assert page is not None
    assert json.loads(shown.data) == spec
    assert json.loads(page.data) == spec
    assert (shown.title, shown.mime) == ("H2O x < 3", figures.PLOTLY)
    assert (page.title, page.mime) == ("H2O x < 3", figures.PLOTLY)


def test_a_chart_is_always_valid_json() -> None:
    """NaN and infinity become null, arrays become lists, and what JSON cannot hold is an error."""
    spec = {"values": np.array([1.0, np.nan]), "scalar": np.float32(0.5), "bound": float("inf"), "steps": (1, 2)}
    picture = picture_of({VEGA_LITE: spec})
    assert picture is not None
    assert picture.data == b'{"values":[1.0,null],"scalar":0.5,"bound":null,"steps":[1,2]}'
    with pytest.raises(TypeError, match="object in a chart's JSON"):
        picture_of({VEGA_LITE: {"bad": object()}})
    with pytest.raises(ValueError, match=r"base64|character|padding"):
        picture_of({"image/png": "*** not base64 ***"})


@pytest.mark.parametrize("title", [None, 7, {"text": {"expr": "x"}}, {"text": 1}, [1, 2], "  ", []])
def test_a_title_that_is_no_text_is_none(title: object) -> None:
    """Titles that are computed in the browser, or are odd, are left out."""
    for mime, spec in ((VEGA_LITE, {"title": title}), (figures.PLOTLY, {"layout": {"title": title}})):
        picture = picture_of({mime: spec})
        assert picture is not None
        assert picture.title is None


def test_the_suffix_goes_with_the_mime_type() -> None:
    """Each kind of figure has one suffix; any other type is an error."""
    mimes = ["image/png", "image/svg+xml", "image/jpeg", VEGA_LITE, "application/vnd.vega.v6+json", figures.PLOTLY]
    assert [suffix_of(mime) for mime in mimes] == [".png", ".svg", ".jpg", ".vl.json", ".vg.json", ".plotly.json"]
    assert CapturedFigure(1, b"", VEGA_LITE).suffix == ".vl.json"
    with pytest.raises(KeyError):
        suffix_of("text/html")


def test_our_own_displays_are_known() -> None:
    """By the MIME type, the metadata or the transient data."""
    assert is_own({figures.OWN_MIME: {}}, None)
    assert is_own({"image/png": ""}, {"jupyter_track": {}}, None)
    assert is_own({"image/png": ""}, None, {"jupyter_track": True})
    assert not is_own({"image/png": ""}, {"needs_background": "light"}, None)


def test_the_title_of_a_matplotlib_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suptitle before the titles of the axes; no title and other objects give None; matplotlib is not imported."""
    figure = Figure()
    first, second = figure.subplots(1, 2)
    assert matplotlib_title(figure) is None
    second.set_title("of the\nsecond", loc="right")
    assert matplotlib_title(figure) == "of the second"
    first.set_title("of the first")
    assert matplotlib_title(figure) == "of the first"
    figure.suptitle("of all")
    assert matplotlib_title(figure) == "of all"
    assert matplotlib_title(first) is None
    monkeypatch.delitem(sys.modules, "matplotlib.figure")
    assert matplotlib_title(figure) is None


def log_of(*steps: str | tuple[str, str]) -> FigureLog:
    """Show figures by their content; ``"|"`` clears the screen, a pair has a display_id first."""
    log = FigureLog()
    for number, step in enumerate(steps, 1):
        if step == "|":
            log.clear()
        else:
            display_id, content = step if isinstance(step, tuple) else (None, step)
            log.show(Picture(content.encode(), "image/png"), display_id=display_id, line=number)
    return log


def contents(log: FigureLog) -> list[tuple[str, list[str], int | None]]:
    """Return each figure's content, its earlier states and its line."""
    return [
        (figure.data.decode(), [state.decode() for state in figure.states], figure.line) for figure in log.figures()
    ]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["a", "b", "a"], [("a", [], 1), ("b", [], 2)]),
        ([("x", "a"), ("x", "b"), ("x", "b"), ("x", "c")], [("c", ["a", "b"], 1)]),
        ([("x", "a"), "b", ("y", "c"), ("x", "d")], [("d", ["a"], 1), ("b", [], 2), ("c", [], 3)]),
        (["|", "a", "|", "b", "|", "c", "c"], [("c", ["a", "b"], 2)]),
        (["|", "|", "a", "|", "|", "b"], [("b", ["a"], 3)]),
        (["a1", "b", "|", "a2", "b", "|", "a3", "b"], [("a3", ["a1", "a2"], 1), ("b", [], 2)]),
        (["a1", "b1", "|", "a2", "b2", "c"], [("a2", ["a1"], 1), ("b2", ["b1"], 2), ("c", [], 6)]),
        (["a", "b", "|", "c"], [("c", ["a"], 1), ("b", [], 2)]),
        (["a", "|"], [("a", [], 1)]),
        (["a1", "b1", "|", "a2", "|", "a3", "b3"], [("a3", ["a1", "a2"], 1), ("b3", ["b1"], 2)]),
        (["a", "b", "|", "b", "a"], [("a", [], 1), ("b", [], 2)]),
    ],
)
def test_a_figure_is_kept_once_with_its_states(
    steps: list[str | tuple[str, str]], expected: list[tuple[str, list[str], int]]
) -> None:
    """The same content, the same display_id and the place on a cleared screen are the same figure."""
    assert contents(log_of(*steps)) == expected


def test_figures_are_numbered_in_the_order_of_first_show() -> None:
    """The whole record of a figure, with a title that a later state brings."""
    log = FigureLog()
    log.show(Picture(b"1", "image/png"), display_id="x", line=2)
    log.show(Picture(b"{}", VEGA_LITE, "chart"), title=None)
    log.show(Picture(b"2", "image/png"), display_id="x", title="Loss", line=9)
    assert log.figures() == (
        CapturedFigure(1, b"2", "image/png", "Loss", 2, (b"1",)),
        CapturedFigure(2, b"{}", VEGA_LITE, "chart", None, ()),
    )


def test_another_kind_of_picture_begins_anew() -> None:
    """States are bytes of the figure's own MIME type."""
    log = FigureLog()
    for picture in (Picture(b"1", "image/png"), Picture(b"2", "image/png"), Picture(b"<svg/>", "image/svg+xml")):
        log.show(picture, display_id="x")
    assert log.figures() == (CapturedFigure(1, b"<svg/>", "image/svg+xml"),)


@pytest.mark.parametrize("count", [1, 20, 21, 22, 41, 42, 500, 1000])
def test_many_states_are_thinned_evenly(count: int) -> None:
    """The first state stays, at most 20 are kept, and they are evenly apart."""
    log = log_of(*[("x", str(number)) for number in range(count + 1)])
    ((last, states, _),) = contents(log)
    kept = [int(state) for state in states]
    steps = {later - earlier for earlier, later in pairwise(kept)}
    assert (last, kept[0], len(steps) <= 1, len(kept) <= STATE_LIMIT) == (str(count), 0, True, True)
    assert len(kept) >= min(count, STATE_LIMIT // 2)


def test_states_have_a_limit_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large states are thinned earlier; the figures themselves always stay."""
    monkeypatch.setattr(figures, "STATE_BYTES", 1000)
    log = log_of(*[(name, f"{name}{number}" * 100) for number in range(10) for name in "ab"])
    captured = log.figures()
    assert [figure.data for figure in captured] == [b"a9" * 100, b"b9" * 100]
    assert 0 < sum(len(state) for figure in captured for state in figure.states) <= 1000


def test_figures_over_the_limit_are_counted_once_each() -> None:
    """50 figures are kept, and those that are over are counted, however often they are shown."""
    steps: list[str | tuple[str, str]] = [str(number) for number in range(FIGURE_LIMIT + 3)]
    steps += ["50", "51", ("x", "new"), ("x", "newer"), "0"]
    log = log_of(*steps)
    assert [data for data, _, _ in contents(log)] == [str(number) for number in range(FIGURE_LIMIT)]
    assert log.over == 4


@given(
    st.lists(
        st.one_of(st.just("|"), st.sampled_from("abcd"), st.tuples(st.sampled_from("xy"), st.sampled_from("abcd")))
    )
)
def test_what_was_shown_last_is_always_kept(steps: list[str | tuple[str, str]]) -> None:
    """Whatever was shown in whatever order: numbers run from 1, and the last content shown is some figure's."""
    log = log_of(*steps)
    shown = [step if isinstance(step, str) else step[1] for step in steps if step != "|"]
    captured = log.figures()
    assert [figure.index for figure in captured] == list(range(1, len(captured) + 1))
    assert (not shown and not captured) or shown[-1] in [figure.data.decode() for figure in captured]
    assert {figure.data.decode() for figure in captured} <= set(shown)
