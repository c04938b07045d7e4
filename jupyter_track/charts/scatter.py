"""Scatter plots: the spec of the live chart, and a chart with its data to take away."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..views.axes import Axis
from ..views.many_svg import FAINT, STRONG, top_tenth
from ..views.scatter import Scatter
from ..views.tokens import mark
from .theme import HEIGHT, WIDTH, config

if TYPE_CHECKING:
    import altair as alt

SIZE = 40


def spec() -> dict[str, Any]:
    """Return the spec of the live chart.

    Its data sets: ``points`` (x, y, run, tone), where x and y are shares of the axes from 0 to 1, so that one spec does
    for numbers, powers and names; ``xticks`` (x, text), ``yticks`` (y, text) and ``titles`` (up, across), one row.
    """
    import altair as alt

    x = alt.X("x:Q", scale=alt.Scale(domain=[-0.04, 1.04], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-0.06, 1.06], nice=False), axis=None)
    tone = alt.Opacity("tone:Q", scale=None, legend=None)
    grid = alt.Chart(alt.NamedData("yticks")).mark_rule(opacity=0.25, strokeWidth=0.5)
    up = alt.Chart(alt.NamedData("yticks")).mark_text(align="right", dx=-6)
    across = alt.Chart(alt.NamedData("xticks")).mark_text(baseline="top", dy=6)
    titles = alt.Chart(alt.NamedData("titles")).mark_text(align="left", baseline="bottom", dx=-40, dy=-2, fontSize=12)
    below = alt.Chart(alt.NamedData("titles")).mark_text(align="right", baseline="top", dy=22, fontSize=12)
    points = alt.Chart(alt.NamedData("points")).mark_circle(style="jt-muted", size=SIZE)
    made: Any = alt.layer(
        grid.encode(y=y),
        up.encode(x=alt.value(0), y=y, text="text:N"),
        across.encode(x=x, y=alt.value("height"), text="text:N"),
        titles.encode(x=alt.value(0), y=alt.value(0), text="up:N"),
        below.encode(x=alt.value("width"), y=alt.value("height"), text="across:N"),
        points.encode(x=x, y=y, opacity=tone),
    )
    found: dict[str, Any] = made.to_dict()
    return found


def scatter_chart(scatter: Scatter, selected: Collection[str] = ()) -> alt.Chart:
    """Return a scatter plot as a chart with its data; runs that are selected are drawn in their colour.

    Parameters
    ----------
    scatter : Scatter
    selected : collection of str, optional
        Ids of runs; without it the best tenth is drawn stronger.
    """
    import altair as alt
    import pandas as pd

    best = top_tenth(scatter.y)
    rows = [
        {
            "x": scatter.x.values[at],
            "y": scatter.y.values[at],
            "run": run.run_id,
            "name": f"{run.name} #{run.number}",
            "tone": STRONG if (run.run_id in selected if selected else at in best) else FAINT,
            "color": run.color if run.run_id in selected else mark("muted"),
        }
        for at, run in enumerate(scatter.runs)
    ]
    data = pd.DataFrame(rows, columns=["x", "y", "run", "name", "tone", "color"])
    tips = [
        alt.Tooltip("name:N", title="run"),
        alt.Tooltip("x", type=_type(scatter.x), title=scatter.x.key),
        alt.Tooltip("y:Q", title=scatter.y.key),
    ]
    made: alt.Chart = (
        alt.Chart(data)
        .mark_circle(size=SIZE)
        .encode(
            x=alt.X("x", type=_type(scatter.x), scale=_scale(scatter.x), title=scatter.x.title, sort=None),
            y=alt.Y("y", type="quantitative", scale=_scale(scatter.y), title=scatter.y.title),
            color=alt.Color("color:N", scale=None),
            opacity=alt.Opacity("tone:Q", scale=None, legend=None),
            tooltip=tips,
        )
        .properties(width=WIDTH, height=HEIGHT)
        .configure(**config())
    )
    return made


def _type(axis: Axis) -> Any:
    return "nominal" if axis.categories else "quantitative"


def _scale(axis: Axis) -> alt.Scale:
    import altair as alt

    if axis.categories:
        return alt.Scale(domain=list(axis.categories), type="point", padding=0.5)
    return alt.Scale(type="log") if axis.scale == "log" else alt.Scale(zero=False)
