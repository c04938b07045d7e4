"""Parallel coordinates: the spec of the live chart, and a chart with its data to take away."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..views.format import one_line
from ..views.many_svg import STRONG, faint, strong, top_tenth
from ..views.parallel import Parallel
from ..views.tokens import mark
from .theme import config

if TYPE_CHECKING:
    import altair as alt

FOOT, HEAD = -0.12, 1.12  # of the plot, as a share of the axes: what has no value lies below them, titles above
MISSING = -0.06
MARGIN = 0.4  # beside the first and the last axis, as a share of the space between two


def spec() -> dict[str, Any]:
    """Return the spec of the live chart.

    Its data sets: ``lines`` (at, share, to, end, tone), a row for each run and space between two axes; ``axes`` (at,
    title, missing); ``ticks`` (at, share, text) to the left of their axes and ``ends`` to the right of the last one.

    A run is a rule from axis to axis: as one line it would be a group of its own for Vega, and of these a thousand take
    seconds.
    """
    import altair as alt

    lines = alt.Chart(alt.NamedData("lines")).mark_rule(style="jt-muted", strokeWidth=1.25)
    made: Any = alt.layer(
        lines.encode(x=_x(), x2="to:Q", y=_y(), y2="end:Q", opacity=alt.Opacity("tone:Q", scale=None, legend=None)),
        *_frame(alt.NamedData("axes"), alt.NamedData("ticks"), alt.NamedData("ends")),
    )
    found: dict[str, Any] = made.to_dict()
    return found


def parallel_chart(parallel: Parallel, selected: Collection[str] = ()) -> alt.LayerChart:
    """Return parallel coordinates as a chart with their data; runs that are selected are drawn in their colour.

    Parameters
    ----------
    parallel : Parallel
    selected : collection of str, optional
        Ids of runs; without it the best tenth is drawn stronger.
    """
    import altair as alt
    import pandas as pd

    last = len(parallel.axes) - 1
    domain = [-MARGIN, last + MARGIN]
    data = pd.DataFrame(line_rows(parallel, selected))
    lines = alt.Chart(data).mark_line(strokeWidth=1.25)
    color: dict[str, Any] = {"color": alt.value(mark("muted"))}
    if selected:
        chosen = [one for one in parallel.runs if one.run_id in selected][:8]
        domains = [one.run_id for one in chosen]
        colors = [mark("muted") if one.kept == "baseline" else one.color for one in chosen]
        found = alt.condition(
            alt.FieldOneOfPredicate(field="run", oneOf=domains),
            alt.Color(
                "run:N",
                scale=alt.Scale(domain=domains, range=colors),
                legend=None,
            ),
            alt.value(mark("muted")),
        )
        color = {"color": found}
    tips = [alt.Tooltip("name:N", title="run"), alt.Tooltip("axis:N"), alt.Tooltip("text:N", title="value")]
    ticks = pd.DataFrame(tick_rows(parallel))
    made: Any = alt.layer(
        lines.encode(
            x=_x(domain),
            y=_y(),
            detail="run:N",
            opacity=alt.Opacity("tone:Q", scale=None, legend=None),
            tooltip=tips,
            **color,
        ),
        *_frame(pd.DataFrame(axis_rows(parallel)), ticks[ticks["at"] < last], ticks[ticks["at"] == last], domain),
    )
    chart: alt.LayerChart = made.properties(width=560, height=240).configure(**config())
    return chart


def line_rows(parallel: Parallel, selected: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return a row for each run and axis: where the line is, and what it says there."""
    best, count = top_tenth(parallel.metric), len(parallel.runs)
    rows = []
    for place, run in enumerate(parallel.runs):
        bold = run.run_id in selected if selected else place in best
        for at, axis in enumerate(parallel.axes):
            share = axis.shares[place]
            rows.append(
                {
                    "at": at,
                    "share": MISSING if share is None else share,
                    "run": run.run_id,
                    "tone": (STRONG if selected else strong(count)) if bold else faint(count),
                    "name": f"{run.name} #{run.number}",
                    "axis": axis.key,
                    "text": axis.texts[place] or "none",
                }
            )
    return rows


def axis_rows(parallel: Parallel) -> list[dict[str, Any]]:
    """Return a row for each axis: its title, and the word for what has no value."""
    return [
        {
            "at": at,
            "title": f"{axis.title}{' log' if axis.scale == 'log' else ''}",
            "missing": ("none" if axis.kind == "param" else "NaN") if None in axis.shares else "",
        }
        for at, axis in enumerate(parallel.axes)
    ]


def tick_rows(parallel: Parallel) -> list[dict[str, Any]]:
    """Return a row for each tick."""
    return [
        {"at": at, "share": share, "text": one_line(text)}
        for at, axis in enumerate(parallel.axes)
        for share, text in axis.ticks
    ]


def _x(domain: list[float] | None = None) -> alt.X:
    import altair as alt

    scale = alt.Scale(zero=False, nice=False, domain=alt.Undefined if domain is None else domain)
    return alt.X("at:Q", scale=scale, axis=None)


def _y() -> alt.Y:
    import altair as alt

    return alt.Y("share:Q", scale=alt.Scale(domain=[FOOT, HEAD], nice=False), axis=None)


def _at(share: float) -> alt.YDatum:
    import altair as alt

    return alt.YDatum(share, type="quantitative", scale=alt.Scale(domain=[FOOT, HEAD], nice=False), axis=None)


def _frame(axes: Any, ticks: Any, ends: Any, domain: list[float] | None = None) -> list[alt.Chart]:
    """The axes with their titles and ticks, over the lines."""
    import altair as alt

    rules = alt.Chart(axes).mark_rule(opacity=0.6).encode(x=_x(domain), y=_at(0), y2=alt.Y2Datum(1))
    titles = alt.Chart(axes).mark_text(baseline="top", fontSize=12, limit=150)
    missing = alt.Chart(axes).mark_text(baseline="bottom", style="jt-muted")
    left = alt.Chart(ticks).mark_text(align="right", dx=-5, limit=90)
    right = alt.Chart(ends).mark_text(align="left", dx=5, limit=90)
    behind: dict[str, Any] = {
        "style": "jt-ground",
        "strokeWidth": 7,
        "strokeJoin": "round",
        "limit": 90,
    }  # a text is read over lines
    left_ground = alt.Chart(ticks).mark_text(align="right", dx=-5, **behind)
    right_ground = alt.Chart(ends).mark_text(align="left", dx=5, **behind)
    return [
        rules,
        left_ground.encode(x=_x(domain), y=_y(), text="text:N"),
        right_ground.encode(x=_x(domain), y=_y(), text="text:N"),
        titles.encode(x=_x(domain), y=_at(HEAD), text="title:N"),
        missing.encode(x=_x(domain), y=_at(FOOT), text="missing:N"),
        left.encode(x=_x(domain), y=_y(), text="text:N"),
        right.encode(x=_x(domain), y=_y(), text="text:N"),
    ]
