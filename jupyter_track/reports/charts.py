"""The sections with charts: the table of runs, curves, parallel coordinates and what mattered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from itertools import zip_longest

from ..errors import NotFound, TrackError
from ..records import RESULT_STATES, Run
from ..store.database import reading
from ..views import curve_choice, curves_html
from ..views.columns import Column
from ..views.curve_choice import Asked as AskedCurves
from ..views.curve_choice import Chart, Choice
from ..views.curve_picture import picture
from ..views.curves import STEP, Series, goal_among, series_of, thin
from ..views.details import Grid
from ..views.format import middle_cut, number, one_line, precision_of, spread
from ..views.goals import SYSTEM
from ..views.importance import LEAST_RUNS, importance_of
from ..views.many_forms import chart_notes, importance_notes
from ..views.many_svg import parallel_svg
from ..views.measured import finite_of, values_of
from ..views.runs import Row, RunTable
from ..views.samples import mean
from ..views.table import table_of
from ..views.words import counted
from .document import Bars, Block, CurveChart, Curves, Drawn, Rows, Sentence, Table
from .drawings import svg_of
from .material import Material, day, moment

MOST_ROWS = 1_000  # of the table that needs no script
SPARKS = 40  # rows with a curve
MOST_DRAWN = 20  # runs of curves
ALL_POINTS, LEAST_POINTS, MOST_POINTS = 50_000, 150, 1_000  # of all curves together; of one
STILL_POINTS = 150
LEAST_LINES = 3  # runs of parallel coordinates
MOST_LISTED = 3  # runs that share a best value and are named
ERROR_LIMIT = 120  # characters of why a run failed


def table(material: Material) -> list[Block]:
    """Return the ranked table; of the runs below the one of the report, where it has some."""
    material = material.many
    newest = sorted(material.runs, key=lambda run: -(run.number or 0))
    found = table_of(
        material.reader,
        newest,
        material.now,
        limit=MOST_ROWS,
        zone=UTC,
        curved=SPARKS,
        main=material.metric or None,
        ranked=material.goal,
    )
    found = replace(found, as_of=moment(material.now))  # as the report's foot says it
    started = {run.run_id: day(run.start_time) for run in material.runs}
    why = {run.run_id: errors_of(material, run) for run in material.runs}
    # Of failed attempts, which have no number, all errors are told together.
    rows = tuple(replace(row, changed=why[row.run_id]) if row.number else row for row in found.rows)
    days = tuple(started.get(row.run_id, "") for row in rows)
    return [
        *_groups(material, found),
        Table(replace(found, rows=rows), days, "table", _order_words(material, rows)),
    ]


def _groups(material: Material, found: RunTable) -> list[Block]:
    """Runs that differ only in the seed, or groups that are compared, as mean ± sd; the best first."""
    groups = material.groups
    keys = [column for column in found.columns if column.kind == "metric"]
    if not groups or not keys:
        return []
    having = [[run for run in group.runs if run.state in RESULT_STATES] for group in groups]
    texts = [[values_of(runs, column.key) for column in keys] for runs in having]
    best = [_best_of([finite_of(runs, column.key) for runs in having], column) for column in keys]
    rows = [
        (
            group.name,
            f"{len(group.runs):,}",
            *(
                f"{'▲ ' if at in best[place] else ''}{spread(values)}" if values else ""
                for place, values in enumerate(texts[at])
            ),
        )
        for at, group in enumerate(groups)
    ]
    header = ("group", "runs", *(f"{column.title} {column.goal.arrow}".rstrip() for column in keys))
    title = f"{'Groups' if material.asked.columns else 'Over the seeds'}, mean ± sd"
    return [Rows(Grid(header, tuple(rows), (False, *(True for _ in header[1:]))), title, titled=True)]


def _best_of(values: Sequence[Sequence[float]], column: Column) -> set[int]:
    """The places of the groups with the best mean; none where there is nothing to be better than."""
    means = {at: mean(some) for at, some in enumerate(values) if some}
    if column.goal.direction is None or len(set(means.values())) < 2:
        return set()
    top = (min if column.goal.direction == "min" else max)(means.values())
    return {at for at, one in means.items() if one == top}


def errors_of(material: Material, run: Run) -> tuple[str, ...]:
    """Return why a run failed, in a line; what changed since a run before it is no news where runs are ranked."""
    if run.error is None:
        return ()
    return (middle_cut(one_line(f"{run.error.name}: {run.error.message}"), ERROR_LIMIT),)


def _order_words(material: Material, rows: Sequence[Row]) -> str:
    """What the table is, for those who do not see it."""
    order = "the best first" if material.goal.direction is not None else "the newest first"
    return f"The runs, {order}{', below the baseline and the pinned ones' if any(row.top for row in rows) else ''}"


# ---- curves


def curves(material: Material, metrics: Sequence[str] = (), *, panel: str = "curves") -> list[Block]:
    """Return the curves of the main metrics, or of some.

    Raises
    ------
    NotFound
        Where none of the runs has one of the metrics.
    """
    metrics = tuple(map(material.reader.cleaning.metrics.meant, metrics))
    if material.below is not None and not _has_curve(material.runs[0], metrics):
        material = material.below
    for key in metrics:
        if not any(key in run.metrics for run in material.runs):
            curve_choice.check(material.reader.store, AskedCurves((key,)))
            raise NotFound(f"None of the runs of this report has the metric {one_line(key)!r}.")
    runs = drawn_runs(material, metrics)
    if not metrics and not any(metric.count > 2 for run in runs for metric in run.metrics.values()):
        return []
    asked = AskedCurves(metrics, tuple(run.run_id for run in runs))
    choice = curve_choice.choose(material.reader.store, asked, material.reader)
    if choice.empty:
        return [Sentence(choice.empty)]
    notes = [*_left_out(material, metrics, runs, choice), *choice.notes]
    series = read_series(material, choice)
    charts = tuple(_chart(choice, chart, [one for one in series if one.key == chart.key]) for chart in choice.charts)
    return [Curves(choice, charts, curves_html.HEAD, tuple(notes), panel)]


def drawn_runs(material: Material, metrics: Sequence[str] = ()) -> list[Run]:
    """Return the runs whose curves are drawn, in the order of their numbers, in which colours are given.

    Where some have a curve, those with single values are left out: a point beside curves says nothing. Of many it is
    the baseline, the best by each metric in turn, and the pinned ones: what a chart says of the best is true of all.
    """
    having = _curved(material, metrics)
    keys = list(metrics) or curve_choice.main_metrics(having)[: curve_choice.DEFAULT_CHARTS]
    orders = [having, *(_best_curves(having, key) for key in keys)]
    bests = [order[0] for order in orders if order]
    turns = [run for several in zip_longest(*orders) for run in several if run is not None]
    base = [run for run in having if run.baseline_run_id == run.run_id]
    pinned = [run for run in having if run.pinned]
    kept = set(list(dict.fromkeys(run.run_id for run in [*base, *bests, *pinned, *turns]))[:MOST_DRAWN])
    return sorted((run for run in having if run.run_id in kept), key=lambda run: run.number or 0)


def _best_curves(runs: Sequence[Run], key: str) -> list[Run]:
    """The runs with a curve of a metric by the best value in it; those that broke off last."""
    goal = goal_among(runs, key)

    def place(run: Run) -> tuple[bool, bool, float, int]:
        metric = run.metrics[key]
        best = {"min": metric.min, "max": metric.max}.get(goal.direction or "")
        known = best is not None and math.isfinite(best)
        sign = 1 if goal.direction == "min" else -1
        return run.state not in RESULT_STATES, not known, sign * (best or 0.0) if known else 0.0, -(run.number or 0)

    return sorted((run for run in runs if key in run.metrics and run.metrics[key].count > 1), key=place)


def _curved(material: Material, metrics: Sequence[str]) -> list[Run]:
    """The runs that have a curve, the best first; all of them where none has."""
    return [run for run in material.ranked if _has_curve(run, metrics)] or material.ranked


def _has_curve(run: Run, metrics: Sequence[str]) -> bool:
    """Whether a run has a curve of one of some metrics; without them of any but the machine's."""
    return any(
        metric.count > 1 and (key in metrics if metrics else metric.source != SYSTEM)
        for key, metric in run.metrics.items()
    )


def _left_out(material: Material, metrics: Sequence[str], drawn: Sequence[Run], choice: Choice) -> list[str]:
    """Which runs are not drawn, and why."""
    having = len(_curved(material, metrics))
    notes = []
    if having > len(drawn):
        notes.append(f"{len(drawn)} of {counted(having, 'run')}: {_which(drawn, choice)}")
    if single := len(material.runs) - having:
        notes.append(f"{counted(single, 'run')} without a curve left out")
    return notes


def _which(drawn: Sequence[Run], choice: Choice) -> str:
    """Which runs are drawn, where not all are."""
    ranking = [chart.key for chart in choice.charts if chart.goal.direction is not None]
    best = f"the best by {one_line(ranking[0]) if len(ranking) == 1 else 'each metric'}" if ranking else "the newest"
    base = any(run.baseline_run_id == run.run_id for run in drawn)
    pinned = any(run.pinned for run in drawn)
    parts = [*(["the baseline"] if base else []), *(["the pinned"] if pinned else []), best]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def read_series(material: Material, choice: Choice, most: int = MOST_POINTS) -> list[Series]:
    """Read the points of all curves: fewer of each where there are many curves, extremes always."""
    drawn = choice.drawn(STEP)
    limit = min(max(ALL_POINTS // max(len(drawn), 1), LEAST_POINTS), most)
    runs = {run.number: run for run in choice.runs}

    found: list[Series] = []
    for key in dict.fromkeys(curve.key for curve in drawn):
        with reading(material.reader.store):  # opened once for the curves of a metric; writers wait no longer than that
            own = [curve for curve in drawn if curve.key == key]
            store = material.reader.store
            found += [series_of(store, curve, runs[curve.number], limit, timed=True) for curve in own]
    return found


def _chart(choice: Choice, chart: Chart, series: Sequence[Series]) -> CurveChart:
    runs = {run.run_id: run for run in choice.runs}
    rows = curves_html.table_of(choice, chart, series)
    svg = svg_of(picture(chart, [_still(one) for one in series], runs, STEP))
    return CurveChart(chart, tuple(series), svg, curve_words(chart, series, choice), tuple(rows))


def _still(series: Series) -> Series:
    points = thin(list(zip(series.xs, series.ys, strict=True)), STILL_POINTS)
    return replace(series, xs=tuple(x for x, _ in points), ys=tuple(y for _, y in points))


def curve_words(chart: Chart, series: Sequence[Series], choice: Choice) -> str:
    """Return what a chart of curves shows, for those who do not see it."""
    finite = [value for one in series for value in one.ys if math.isfinite(value)]
    places = [place for one in series for place in one.xs]
    if not finite:
        return f"{one_line(chart.key)} over step: no finite value"
    precision = precision_of(finite, chart.goal.direction)
    told = [f"{one_line(chart.key)} over step {min(places):,g} to {max(places):,g}, {counted(len(series), 'run')}"]
    told.append(f"from {number(min(finite), precision)} to {number(max(finite), precision)}")
    if chart.goal.direction is not None:
        told.append(chart.goal.words)
        best, owners = _best_of_curves(chart, series, choice)
        if best is not None:
            told.append(f"the best value of these is {number(best, precision)}, of {_listed(owners)}")
    if odd := sum(count for one in series for _, count, _ in one.odd):
        told.append(f"{counted(odd, 'value')} not finite")
    return "; ".join(told)


def _best_of_curves(chart: Chart, series: Sequence[Series], choice: Choice) -> tuple[float | None, list[str]]:
    """The best value that is marked beside a chart, and whose it is; None where none is."""
    pick = min if chart.goal.direction == "min" else max
    results = {run.run_id: run.result for run in choice.runs}
    names = {run.run_id: f"{run.name} #{run.number}" for run in choice.runs}
    own = [(pick((y for y in one.ys if math.isfinite(y)), default=None), one.run_id) for one in series]
    best = curves_html.top_of(chart.goal, [(value, results[run_id]) for value, run_id in own])
    if best is None:
        return None, []
    return best, [names[run_id] for value, run_id in own if value == best and results[run_id]]


def _listed(names: Sequence[str]) -> str:
    if len(names) > MOST_LISTED:
        return counted(len(names), "run")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# ---- many runs


def parallel(material: Material) -> list[Block]:
    """Return parallel coordinates of the runs; nothing where they are few or no param differs."""
    material = material.many
    if len(material.runs) < LEAST_LINES or not material.metric or not material.known.params_that_differ:
        return []
    try:
        found = material.parallel
    except TrackError as error:
        return _why_not(material, "parallel", error)
    drawing = parallel_svg(found)
    notes = chart_notes(found.runs, found.metric, found.notes)
    return [Drawn(drawing, svg_of(drawing.uri), tuple(notes), "parallel")]


def _why_not(material: Material, name: str, error: TrackError) -> list[Block]:
    """Why there is no chart, told where it was asked for: who makes the report can help it, who reads it cannot."""
    return [Sentence(str(error))] if name in (material.asked.sections or ()) else []


def importance(material: Material) -> list[Block]:
    """Return which params mattered; nothing where there are too few runs to say."""
    material = material.many
    having = [run for run in material.runs if material.metric in run.metrics]
    if not material.metric or len(having) < LEAST_RUNS or not material.known.params_that_differ:
        return []
    try:
        rows, goals, known = material.rows, material.goals, material.known
        found = importance_of(rows, goals, material.metric, known=known, going=material.going)
    except TrackError as error:
        return _why_not(material, "importance", error)
    largest = max((bar.mean + bar.deviation for bar in found.bars), default=0.0)
    return [Bars(found, largest, tuple(importance_notes(found)))]
