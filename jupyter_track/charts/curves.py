"""The charts of curves: one spec for every live chart, and charts with their data to take away."""

from __future__ import annotations

from typing import Any

RAW_OPACITY = 0.25  # of the raw line behind a smoothed one
BAND_OPACITY = 0.15
LINE_WIDTH, BASELINE_WIDTH = 1.5, 2.0
BASELINE_DASH = [5, 3]


def spec() -> dict[str, Any]:
    """Return the spec of a live chart of one metric.

    Its data sets: ``band`` (x, low, high, run), ``raw`` and ``line`` (x, y, run, part), ``base`` (x, y, part) for the
    baseline, ``dots`` (x, y, run), ``best`` (x, y, run), ``goal`` (y), ``odd`` (x, run) for the values that are no
    finite number, and ``ends`` (x, py, text) for the names at the lines' ends; py is in pixels. A null in y is a gap.
    """
    import altair as alt

    nameless = alt.Axis(title=None)
    x = alt.X("x:Q", scale=alt.Scale(zero=False, nice=False), axis=nameless)
    y = alt.Y("y:Q", scale=alt.Scale(zero=False), axis=nameless)
    low = alt.Y("low:Q", scale=alt.Scale(zero=False), axis=nameless)
    run = alt.Color("run:N", legend=None)
    dash = alt.StrokeDash("run:N", legend=None)
    pale = alt.Opacity("run:N", legend=None)
    as_it_comes = alt.Order(value=0)  # a curve goes back where its steps do
    detail = alt.Detail("part:N")

    band = alt.Chart(alt.NamedData("band")).mark_area(clip=True, opacity=BAND_OPACITY)
    raw = alt.Chart(alt.NamedData("raw")).mark_line(clip=True, opacity=RAW_OPACITY, strokeWidth=1)
    line = alt.Chart(alt.NamedData("line")).mark_line(clip=True)
    base = alt.Chart(alt.NamedData("base")).mark_line(
        clip=True, style="jt-text", strokeWidth=BASELINE_WIDTH, strokeDash=BASELINE_DASH
    )
    dots = alt.Chart(alt.NamedData("dots")).mark_point(clip=True, filled=True, size=28)
    best = alt.Chart(alt.NamedData("best")).mark_point(clip=True, filled=False, size=50, strokeWidth=1.5)
    goal = alt.Chart(alt.NamedData("goal")).mark_rule(style="jt-text", strokeDash=[1, 3])
    odd = alt.Chart(alt.NamedData("odd")).mark_text(text="×", dy=-5, fontSize=13, clip=True)
    ends = alt.Chart(alt.NamedData("ends")).mark_text(align="left", dx=6, limit=84)
    made = alt.layer(
        band.encode(x=x, y=low, y2="high:Q", color=run, order=as_it_comes),
        raw.encode(x=x, y=y, color=run, detail=detail, order=as_it_comes),
        goal.encode(y=y),
        base.encode(x=x, y=y, detail=detail, order=as_it_comes),
        line.encode(x=x, y=y, color=run, strokeDash=dash, opacity=pale, detail=detail, order=as_it_comes),
        dots.encode(x=x, y=y, color=run, opacity=pale),
        best.encode(x=x, y=y, color=run),
        odd.encode(x=x, y=alt.value("height"), color=run),
        ends.encode(x=x, y=alt.Y("py:Q", scale=None), text="text:N"),
    )
    found: dict[str, Any] = made.to_dict()
    return found
