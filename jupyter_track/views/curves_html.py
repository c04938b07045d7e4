"""The static forms of curves: pictures with their numbers beside them, and text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from .curve_choice import Chart, Choice
from .curve_picture import HEIGHT, WIDTH, picture
from .curves import AXES, STEP, CurveRun, Series
from .format import middle_cut, number, one_line, precision_of, spread
from .goals import Goal
from .group_end import group_end, shared_band
from .markup import Markup, element, glyph, join, muted
from .styles import BODY, LINE, RULED_ROW, TABLE, cell_style
from .tokens import MUTED_OPACITY, mark
from .wide import wide
from .words import counted

GROUP_LIMIT = 60  # characters of a group that a table shows
HEAD = ("run", "last", "best", "at step", "points", "not finite")


def curves_html(choice: Choice, series: Sequence[Series], x: str) -> Markup:
    """Return curves as static HTML: of each metric the picture and a table of its runs."""
    if choice.empty:
        return element("div", choice.empty, style=BODY)
    parts = [_chart(choice, chart, [one for one in series if one.key == chart.key], x) for chart in choice.charts]
    notes = [f"x: {AXES.get(x, one_line(x))}", *choice.notes]
    return element("div", *parts, element("div", muted(" · ".join(notes))), style=BODY)


def _chart(choice: Choice, chart: Chart, series: Sequence[Series], x: str) -> Markup:
    runs = {run.run_id: run for run in choice.runs}
    rows, ends = table_of(choice, chart, series, x), end_notes(choice, series, x)
    if any(run.group for run in choice.runs):
        series, runs = _means(series, runs, x)
    arrow = muted(chart.goal.arrow, title=chart.goal.words)
    title = join([element("b", one_line(chart.key)), arrow, muted(chart.target_words)])
    what = counted(len(series), "group" if any(run.group for run in runs.values()) else "run")
    alt = f"{one_line(chart.key)} of {what} over {AXES.get(x, one_line(x))}"
    image = element("img", src=picture(chart, series, runs, x), alt=alt, width=WIDTH, height=HEIGHT,
                    style="max-width:100%;margin:0;vertical-align:top")  # fmt: skip
    odd = any(row[-1] for row in rows)
    size = len(HEAD) if odd else len(HEAD) - 1
    head = [
        element("th", text, style=cell_style(place > 0, height=24, more=f"font-weight:normal;opacity:{MUTED_OPACITY}"),
                scope="col")
        for place, text in enumerate(HEAD[:size])
    ]  # fmt: skip
    body = [_row(runs[run_id], row, size) for run_id, row in zip((one.run_id for one in series), rows, strict=True)]
    header = element("thead", element("tr", *head, style=RULED_ROW), style="border:none")
    table = element("table", header, element("tbody", *body), style=TABLE)
    note = [element("div", muted(" · ".join(ends)))] if ends else []
    return element("div", element("div", title, style=LINE), image, wide(table), *note)


def _row(run: CurveRun, row: Sequence[str], size: int) -> Markup:
    swatch = element("span", "—", style=f"color:{mark('muted') if run.baseline else run.paint.color}")
    if run.group:
        name = join([swatch, row[0]])
    else:
        name = join([swatch, run.name, muted(f"#{run.number}"), muted("baseline") if run.baseline else ""])
    cells = [element("th", name, style=cell_style(False, height=24, more="font-weight:normal"), scope="row")]
    best = row[2]
    for place, text in enumerate(row[1:size], start=1):
        shown: str = text
        if place == 2 and best.startswith("▲"):
            shown = join([glyph("▲", "better", "best of these"), element("b", best[1:])])
        cells.append(element("td", shown, style=cell_style(True, height=24)))
    return element("tr", *cells, style=RULED_ROW)


def table_of(choice: Choice, chart: Chart, series: Sequence[Series], x: str = STEP) -> list[tuple[str, ...]]:
    """Return the numbers beside a chart, a line for each of its curves, as in `HEAD`; the best has ``▲`` before it.

    Of groups a line each: mean ± sd of the last values, and the best of the mean.
    """
    if any(run.group for run in choice.runs):
        return _group_table(choice, chart, series, x)
    records = {run.run_id: run.metrics[chart.key] for run in choice.records if chart.key in run.metrics}
    found = [records[one.run_id] for one in series]
    bests = [_best(chart.goal, metric.min, metric.min_step, metric.max, metric.max_step) for metric in found]
    values = [value for value, _ in bests if value is not None]
    precision = precision_of([metric.last for metric in found] + values, chart.goal.direction)
    runs = {run.run_id: run for run in choice.runs}
    top = top_of(chart.goal, [(value, runs[one.run_id].result) for one, (value, _) in zip(series, bests, strict=True)])
    rows: list[tuple[str, ...]] = []
    for one, metric, (value, step) in zip(series, found, bests, strict=True):
        run = runs[one.run_id]
        is_top = value is not None and value == top and run.result
        best = "" if value is None else f"{'▲' if is_top else ''}{number(value, precision)}"
        odd = _odd(one)
        rows.append(
            (
                f"{run.name} #{run.number}",
                number(metric.last, precision),
                best,
                "" if step is None else f"{step:,}",
                f"{metric.count:,}",
                odd,
            )
        )
    return rows


def top_of(goal: Goal, values: Sequence[tuple[float | None, bool]]) -> float | None:
    """Return the best of some values, each with whether it is a result, where there is something to be better than."""
    finite = [(value, is_result) for value, is_result in values if value is not None and math.isfinite(value)]
    results = [value for value, is_result in finite if is_result]
    if goal.direction is None or len({value for value, _ in finite}) < 2:
        return None
    return (min if goal.direction == "min" else max)(results, default=None)


def _means(series: Sequence[Series], runs: Mapping[str, CurveRun], x: str) -> tuple[list[Series], dict[str, CurveRun]]:
    """The mean of each group, as far as its runs go together, as a curve under the id of its first run."""
    means, firsts = [], {}
    for members in _members(series, runs):
        first = runs[members[0].run_id]
        points = shared_band(members, x)
        xs, ys = tuple(point.x for point in points), tuple(point.mean for point in points)
        odd = tuple(one for member in members for one in member.odd)
        means.append(Series(first.run_id, members[0].key, xs, ys, odd, sum(member.count for member in members)))
        firsts[first.run_id] = replace(first, baseline=False)
    return means, firsts


def end_notes(choice: Choice, series: Sequence[Series], x: str) -> list[str]:
    """Return where the means of groups end before their last run does."""
    runs = {run.run_id: run for run in choice.runs}
    if not any(run.group for run in choice.runs):
        return []
    ends = [(runs[members[0].run_id].group, group_end(members, x)) for members in _members(series, runs)]
    return [end.words(middle_cut(name, GROUP_LIMIT), x) for name, end in ends if end is not None]


def _members(series: Sequence[Series], runs: Mapping[str, CurveRun]) -> list[list[Series]]:
    groups: dict[str, list[Series]] = {}
    for one in series:
        groups.setdefault(runs[one.run_id].group, []).append(one)
    return list(groups.values())


def _group_table(choice: Choice, chart: Chart, series: Sequence[Series], x: str) -> list[tuple[str, ...]]:
    runs = {run.run_id: run for run in choice.runs}
    lasts = {run.run_id: run.metrics[chart.key].last for run in choice.records if chart.key in run.metrics}
    means, firsts = _means(series, runs, x)
    pick = min if chart.goal.direction == "min" else max
    bests: list[tuple[float, float] | None] = [None] * len(means)
    if chart.goal.direction is not None:
        bests = [pick(zip(one.ys, one.xs, strict=True), key=itemgetter(0), default=None) for one in means]
    values = [best[0] for best in bests if best is not None]
    precision = precision_of(values, chart.goal.direction)
    groups = _members(series, runs)
    results = [any(runs[member.run_id].result for member in members) for members in groups]
    top = top_of(chart.goal, [(best and best[0], is_result) for best, is_result in zip(bests, results, strict=True)])
    rows: list[tuple[str, ...]] = []
    for one, members, best, is_result in zip(means, groups, bests, results, strict=True):
        shown = "" if best is None else f"{'▲' if is_result and best[0] == top else ''}{number(best[0], precision)}"
        at = "" if best is None else f"{best[1]:,g}"
        last = spread([lasts[member.run_id] for member in members])
        rows.append((middle_cut(firsts[one.run_id].group, GROUP_LIMIT), last, shown, at, f"{one.count:,}", _odd(one)))
    return rows


def _best(
    goal: Goal, low: float | None, low_step: int | None, high: float | None, high_step: int | None
) -> tuple[float | None, int | None]:
    if goal.direction is None:
        return None, None
    return (low, low_step) if goal.direction == "min" else (high, high_step)


def _odd(series: Series) -> str:
    counts: dict[str, int] = {}
    for _, count, what in series.odd:
        counts[what] = counts.get(what, 0) + count
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())


def curves_text(choice: Choice, series: Sequence[Series], x: str) -> str:
    """Return curves as text: of each metric the numbers of its runs."""
    if choice.empty:
        return choice.empty
    lines = []
    for chart in choice.charts:
        own = [one for one in series if one.key == chart.key]
        rows = table_of(choice, chart, own, x)
        aim = f", {chart.target_words}" if chart.target_words else ""
        lines.append(f"{chart.title} over {AXES.get(x, one_line(x))}{aim}")
        width = max(len(row[0]) for row in rows) if rows else 0
        for row in rows:
            best = f"  best {row[2].lstrip('▲')} at {row[3]}" if row[2] else ""
            star = "  ▲" if row[2].startswith("▲") else ""
            odd = f"  {row[5]}" if row[5] else ""
            points = f"{row[4]} point{'' if row[4] == '1' else 's'}"
            lines.append(f"  {row[0]:{width}}  {row[1]}{best}{star}  {points}{odd}")
        lines += [f"  {note}" for note in end_notes(choice, own, x)]
    return "\n".join([*lines, *choice.notes])
