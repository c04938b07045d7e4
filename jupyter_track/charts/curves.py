"""The charts of curves: one spec for every live chart, and charts with their data to take away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..views.beyond import beyond_words, far_off, span_of
from ..views.curve_choice import Chart, Choice
from ..views.curves import AXES, TIME, CurveRun, Series, smoothed
from ..views.group_end import group_end, shared_band
from ..views.tokens import mark
from .theme import HEIGHT, WIDTH, config

if TYPE_CHECKING:
    import altair as alt
    from pandas import DataFrame

NAME_LIMIT = 240  # pixels; the front end cuts a name in its middle before that
PADDING = 5  # pixels, so that the marks of the first and the last point are whole
RAW_OPACITY = 0.25  # of the raw line behind a smoothed one
BAND_OPACITY = 0.15
BASELINE_WIDTH = 2.0
LINE_FROM = 3  # points; fewer are dots
BASELINE_DASH = [5, 3]
EDGE: dict[str, Any] = {"filled": True, "size": 40, "opacity": 1}  # of a mark where a line goes beyond the chart
GOAL_DASH = [2, 3]


def spec() -> dict[str, Any]:
    """Return the spec of a live chart of one metric.

    Its data sets: ``band`` (x, low, high, run), ``raw`` and ``line`` (x, y, run, part), ``base`` (x, y, part) for the
    baseline, ``dots`` (x, y, run), ``best`` (x, y, run), ``odd`` (x, run) for the values that are no finite number,
    ``above`` and ``below`` (x, run) for where a line first leaves the range of the chart at its head and at its foot,
    ``goal`` (y) for the value that is to be reached, and ``ends`` (x, py, text, run) for the names at the ends of lines
    and of the goal; py is in pixels. A null in y is a gap.
    """
    import altair as alt

    nameless = alt.Axis(title=None)
    plain = alt.Axis(title=None, format=",.12~g")  # a single place is 0, and not 0.000000; compile.ts knows moments
    x = alt.X("x:Q", scale=alt.Scale(zero=False, nice=False, padding=PADDING), axis=plain)
    y = alt.Y("y:Q", scale=alt.Scale(zero=False, padding=PADDING), axis=nameless)
    low = alt.Y("low:Q", scale=alt.Scale(zero=False, padding=PADDING), axis=nameless)
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
    odd = alt.Chart(alt.NamedData("odd")).mark_text(text="×", dy=-5, fontSize=13, clip=True)
    above = alt.Chart(alt.NamedData("above")).mark_point(shape="triangle-up", yOffset=4, **EDGE)
    below = alt.Chart(alt.NamedData("below")).mark_point(shape="triangle-down", yOffset=-4, **EDGE)
    goal = alt.Chart(alt.NamedData("goal"))
    ends = alt.Chart(alt.NamedData("ends"))
    at_end = alt.Y("py:Q", scale=None)
    made = alt.layer(
        band.encode(x=x, y=low, y2="high:Q", color=run, order=as_it_comes),
        raw.encode(x=x, y=y, color=run, detail=detail, order=as_it_comes),
        base.encode(x=x, y=y, detail=detail, order=as_it_comes),
        line.encode(x=x, y=y, color=run, strokeDash=dash, opacity=pale, detail=detail, order=as_it_comes),
        dots.encode(x=x, y=y, color=run, opacity=pale),
        best.encode(x=x, y=y, color=run),
        odd.encode(x=x, y=alt.value("height"), color=run),
        above.encode(x=x, y=alt.value(0), color=run),
        below.encode(x=x, y=alt.value("height"), color=run),
        goal.mark_rule(clip=True, style="jt-text", strokeDash=GOAL_DASH).encode(y=y),
        ends.mark_text(text="—", align="left", dx=4, fontWeight="bold").encode(x=x, y=at_end, color=run),
        ends.mark_text(align="left", dx=20, limit=NAME_LIMIT).encode(x=x, y=at_end, text="text:N"),
    )
    found: dict[str, Any] = made.to_dict()
    return found


# ---- charts to take away


def chart(choice: Choice, series: Sequence[Series], *, x: str, smoothing: float = 0.0) -> alt.VConcatChart:
    """Return curves as an Altair chart with its data in it: one below the other, a chart for each metric."""
    import altair as alt

    charts = [
        _chart(choice, one, [each for each in series if each.key == one.key], x, smoothing) for one in choice.charts
    ]
    made: alt.VConcatChart = alt.vconcat(*charts).configure(**config())
    return made


def _chart(choice: Choice, chart: Chart, series: Sequence[Series], x: str, smoothing: float) -> Any:
    import altair as alt
    import pandas as pd

    runs = {run.run_id: run for run in choice.runs}
    grouped = any(run.group for run in choice.runs)
    data = _groups(series, runs, smoothing, x) if grouped else _points(series, runs, smoothing)
    names = list(dict.fromkeys(data["run"]))
    drawn = {_name(run): run for run in choice.runs}
    first = {run.group: run for run in reversed(choice.runs)}
    known = [(first if grouped else drawn)[name] for name in names]
    color = alt.Color(
        "run:N",
        scale=alt.Scale(domain=names, range=[_color(run, grouped) for run in known]),
        legend=_legend() if len(names) > 1 else None,
    )
    dash = alt.StrokeDash(
        "run:N",
        scale=alt.Scale(domain=names, range=[list(_dash(run, grouped)) for run in known]),
        legend=None,
    )
    title = AXES.get(x, x)
    across = alt.X("x:T" if x == TIME else "x:Q", title=title, scale=alt.Scale(zero=False, nice=False))
    domain, notes = _range(data, chart, "group" if grouped else "run")
    scale: dict[str, Any] = {"title": None, "scale": alt.Scale(zero=False, domain=domain or alt.Undefined)}
    clip: dict[str, Any] = {"clip": True} if domain else {}
    up = alt.Y("y:Q", **scale)
    base = alt.Chart(data).encode(x=across, color=color, order=alt.Order("place:Q"))
    tips = [
        alt.Tooltip("run:N"),
        alt.Tooltip("x:T" if x == TIME else "x:Q", title=title),
        alt.Tooltip("y:Q", title=chart.key),
    ]
    layers = [base.mark_line(**clip).encode(y=up, strokeDash=dash, tooltip=tips)]
    if grouped:
        layers.insert(0, base.mark_area(opacity=BAND_OPACITY, **clip).encode(y=alt.Y("low:Q", **scale), y2="high:Q"))
    elif smoothing:
        raw = base.mark_line(opacity=RAW_OPACITY, strokeWidth=1, **clip)
        layers.insert(0, raw.encode(y=alt.Y("raw:Q", **scale)))
    short = data.groupby("run")["x"].transform("size") < LINE_FROM
    if short.any():
        layers.append(base.mark_point(filled=True, **clip).encode(y=up, tooltip=tips).properties(data=data[short]))
    if chart.target is not None:
        aim = alt.Chart(pd.DataFrame({"y": [chart.target], "text": [chart.target_words]})).encode(y=up)
        layers.append(aim.mark_rule(strokeDash=GOAL_DASH, opacity=1))
        layers.append(aim.mark_text(align="right", dx=-3, dy=-6).encode(x=alt.value(WIDTH), text="text:N"))
    words = f"{chart.title}{f' (smoothed {smoothing:g})' if smoothing else ''}"
    notes += _end_notes(series, runs, x) if grouped else []
    title_of = alt.TitleParams(words, subtitle=notes, subtitleColor=mark("muted")) if notes else words
    return alt.layer(*layers).properties(title=title_of, width=WIDTH, height=HEIGHT)


def _range(data: DataFrame, chart: Chart, noun: str) -> tuple[tuple[float, float] | None, list[str]]:
    """The range of y where some curves go far beyond the others, and what is said of these; else None."""
    curves = [part["y"].tolist() for _, part in data.groupby("run", sort=False)]
    if not (far := far_off(curves)):
        return None, []
    names = data["run"].drop_duplicates().iloc[far]
    near = data[~data["run"].isin(names)]
    drawn = [near[name].tolist() for name in ("y", "raw", "low", "high") if name in near]
    aim = [] if chart.target is None else [chart.target]
    return span_of([*drawn, aim]), [beyond_words([curves[place] for place in far], noun)]


def _end_notes(series: Sequence[Series], runs: dict[str, CurveRun], x: str) -> list[str]:
    """Where the means of groups end before their last run does."""
    ends = {name: group_end(members, x) for name, members in _members(series, runs).items()}
    return [end.words(name, x) for name, end in ends.items() if end is not None]


def _members(series: Sequence[Series], runs: dict[str, CurveRun]) -> dict[str, list[Series]]:
    groups: dict[str, list[Series]] = {}
    for one in series:
        groups.setdefault(runs[one.run_id].group, []).append(one)
    return groups


def _legend() -> alt.Legend:
    """Lines as they are drawn, also where a pale band or a raw line lies behind them."""
    import altair as alt

    return alt.Legend(title=None, symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2, labelLimit=NAME_LIMIT)


def _color(run: CurveRun, grouped: bool) -> str:
    return mark("muted") if run.baseline and not grouped else run.paint.color


def _dash(run: CurveRun, grouped: bool) -> Sequence[int]:
    if run.baseline and not grouped:
        return BASELINE_DASH
    return run.paint.dash or (1, 0)


def _name(run: CurveRun) -> str:
    return f"{run.name} #{run.number}"


def _points(series: Sequence[Series], runs: dict[str, CurveRun], smoothing: float) -> DataFrame:
    import pandas as pd

    parts = [
        pd.DataFrame(
            {
                "run": _name(runs[one.run_id]),
                "place": range(len(one.xs)),
                "x": one.xs,
                "y": smoothed(one.ys, smoothing),
                **({"raw": one.ys} if smoothing else {}),
            }
        )
        for one in series
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"run": [], "place": [], "x": [], "y": []})


def _groups(series: Sequence[Series], runs: dict[str, CurveRun], smoothing: float, x: str) -> DataFrame:
    import pandas as pd

    shown = [Series(one.run_id, one.key, one.xs, tuple(smoothed(one.ys, smoothing))) for one in series]
    rows = [
        (name, place, point.x, point.mean, point.mean - point.sd, point.mean + point.sd, point.n)
        for name, members in _members(shown, runs).items()
        for place, point in enumerate(shared_band(members, x))
    ]
    return pd.DataFrame(rows, columns=["run", "place", "x", "y", "low", "high", "n"])
