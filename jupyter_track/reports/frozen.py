"""What the panels of a report are sent: the messages that a kernel would have sent them, and answers to what they ask.

Nothing in them goes on: a run that was running is told as it was when the report was made. Numbers of curves keep six
digits, which is more than a screen shows; the numbers beside the charts are exact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..charts.specs import made
from ..errors import TrackError
from ..panels.curves import part_message, run_message
from ..panels.followed import FollowedRuns
from ..panels.table import details_message
from ..views.compared import Comparison
from ..views.comparison_parts import Parts, parts_of, run_paints
from ..views.curve_choice import COMPARED, Choice, choose
from ..views.curve_choice import Asked as AskedCurves
from ..views.curves import AXES, ELAPSED, STEP, Series
from ..views.curves import MOST_RUNS as MOST_CURVED
from ..views.joined import Joined
from ..views.live import spark_message
from ..views.live_comparison import comparison_message, line_message, rows_message
from ..views.many_live import axis_message, chart_message, importance_message
from ..views.parallel import Parallel
from ..views.runs import EMPTY
from ..views.scatter import scatter_of
from ..views.tokens import RUN_COLORS, STATES
from .charts import errors_of, read_series
from .document import Bars, Block, Compared, Curves, Drawn, Table
from .material import Material
from .summary import details_of

Message = dict[str, Any]
DIGITS = 6
TIME_DIGITS = 5  # of seconds since the start: a screen shows less
MOST_DETAILS = 60  # runs that can be opened in full
MOST_JOINED = 500  # rows of a joined table
COMPARED_POINTS = 400


def panels_of(material: Material, blocks: Sequence[Block]) -> tuple[dict[str, list[Message]], dict[str, Any]]:
    """Return the messages of each live panel of some blocks, and what the panels may ask for.

    Returns
    -------
    dict, dict
        Messages by the panel's name; answers by their kind.
    """
    panels: dict[str, list[Message]] = {}
    answers: dict[str, Any] = {}
    bars = next((block for block in blocks if isinstance(block, Bars)), None)
    for block in blocks:
        if not getattr(block, "panel", ""):
            continue
        if isinstance(block, Table):
            panels[block.panel] = _table(material.many, block)
            answers["open"] = _details(material.many)
        elif isinstance(block, Curves):
            panels[block.panel] = _curves(block)
            answers.setdefault("code", {}).update(_chart_code(block.choice))
        elif isinstance(block, Compared):
            panels[block.panel] = _comparison(material, block)
            answers |= _compared_answers(material, block)
        elif isinstance(block, Drawn):
            panels[block.panel] = _many(material.many, bars)
    return panels, answers


# ---- the table


def _table(material: Material, block: Table) -> list[Message]:
    runs = FollowedRuns(material.reader.store, material.ids, material.reader)
    runs.take(material.rows)
    places = {f"{column.kind}s.{column.key}": at for at, column in enumerate(block.table.columns)}
    columns = [_column(column, material, places) for column in runs.column_messages()]
    columns.sort(key=lambda column: places.get(column["id"], len(places)))
    order = {run_id: at for at, run_id in enumerate(run_id for row in block.table.rows for run_id in row.run_ids)}
    known = {run.run_id: run for run in material.runs}
    rows = runs.row_messages(material.rows, runs.maker(material.now), changes=False)
    rows.sort(key=lambda row: order.get(row["id"], len(order)))
    for row in rows:
        row.pop("live", None)
        if why := errors_of(material, known[row["id"]]):
            row["changed"] = list(why)
        if material.asked.private:
            row.pop("notebook", None)
    sparks = {
        row.run_id: spark_message(cell.spark)
        for row in block.table.rows
        for cell in row.cells[:1]
        if cell.spark is not None
    }
    return [
        {
            "type": "table",
            "rev": 1,
            "columns": columns,
            "rows": rows,
            "total": len(rows),
            "more": False,
            "states": {name: vars(state).copy() for name, state in STATES.items()},
            "colors": list(RUN_COLORS),
            "empty": EMPTY,
            "choices": {},
            "ordered": True,
            "open": sorted({run.parent_run_id for run in material.runs if run.parent_run_id in known}),
        },
        {"type": "curves", "curves": {run_id: sparks.get(run_id) for run_id in material.ids}},
    ]


def _column(column: Message, material: Material, places: Mapping[str, int]) -> Message:
    """A column as in the table that needs no script, which shows the same ones at first."""
    told = column["kind"] in ("metric", "param")
    main = column["kind"] == "metric" and column["key"] == material.metric
    return {**column, "main": main, "shown": column["id"] in places if told else column["shown"]}


def _details(material: Material) -> dict[str, Message]:
    wanted = {run.run_id: run for run in [*material.ranked[:MOST_DETAILS], *material.compared]}
    return {run_id: details_message(run, details_of(material, run)) for run_id, run in wanted.items()}


# ---- curves


def rounded(values: Sequence[float | None], digits: int = DIGITS) -> list[float | None]:
    """Return numbers with six digits, or others; what is none stays."""
    return [None if value is None or value != value else float(f"{value:.{digits}g}") for value in values]


def _curves(block: Curves) -> list[Message]:
    series = [one for chart in block.charts for one in chart.series]
    return curve_messages(block.choice, series, block.notes)


def curve_messages(choice: Choice, series: Sequence[Series], notes: Sequence[str], group: str = "") -> list[Message]:
    """Return what a view of curves is sent: what it shows, then the points of each chart."""
    timed = not group and any(max(one.seconds) > min(one.seconds) for one in series if one.seconds)
    view: Message = {
        "type": "curves-view",
        "rev": 1,
        "spec": made("curves"),
        "x": STEP,
        "axes": [{"id": axis, "title": AXES[axis]} for axis in (STEP, *([ELAPSED] if timed else []))],
        "runs": [{**run_message(run), "live": False} for run in choice.runs],
        "charts": [
            {
                "key": chart.key,
                "title": chart.title,
                "goal": chart.goal.words if chart.goal.direction else "",
                "direction": chart.goal.direction,
                "target": chart.target,
                "aim": chart.target_words,
            }
            for chart in choice.charts
        ],
        "groupings": [],
        "group": group,
        "smoothing": 0.0,
        "notes": list(notes),
        "empty": choice.empty,
        "choices": {},
    }
    told: list[Message] = []
    for chart in choice.charts:
        parts = [_part(one, timed) for one in series if one.key == chart.key]
        told.append({"type": "curves-points", "rev": 2 + len(told), "window": None, "parts": parts})
    return [view, *told]


def _part(series: Series, timed: bool) -> Message:
    """The points of a curve; with `timed` also where they stand on the axis of seconds."""
    part = part_message(series)
    part["y"] = rounded(part["y"])
    if timed:
        part["seconds"] = rounded(series.seconds, TIME_DIGITS)
        if series.odd_seconds:
            part["oddSeconds"] = rounded(series.odd_seconds, TIME_DIGITS)
    return part


def _chart_code(choice: Choice) -> dict[str, str]:
    numbers = [run.number for run in choice.runs]
    return {
        chart.key: f"import jupyter_track as track\n\ntrack.curves({chart.key!r}, runs={numbers!r}).chart\n"
        for chart in choice.charts
    }


# ---- the comparison


def _comparison(material: Material, block: Compared) -> list[Message]:
    comparison = block.comparison
    parts = parts_of(material.reader, comparison)
    message = comparison_message(comparison, parts, run_paints(comparison))
    for run in message["runs"]:
        run["live"] = False
    known = {name for name, _, _ in block.still.tables}
    message["tables"] = [slot for slot in message["tables"] if slot["name"] in known]
    message["media"] = []  # the figures stand below, once
    message["code"] = []  # and so does the code
    grouped = any(run.members for run in comparison.runs)
    choice = _compared_choice(material, comparison, parts)
    found: list[Message] = [{"type": "comparison", "rev": 1, "grouped": grouped, **message}]
    if choice is None:
        return found
    series = read_series(material, choice, COMPARED_POINTS)
    told = curve_messages(choice, series, choice.notes, COMPARED if grouped else "")
    told[0]["runs"] = _as_compared(told[0]["runs"], comparison)
    return [*found, *({"type": "part", "part": "curves", "message": one} for one in told)]


def _compared_choice(material: Material, comparison: Comparison, parts: Parts) -> Choice | None:
    """The curves of the runs, or groups, that are compared; None where they have none."""
    keys = tuple(one.key for one in parts.curves)
    if not keys:
        return None
    columns = tuple((run.long_title, run.members) for run in comparison.runs if run.members)
    ids = tuple(run_id for run in comparison.runs for run_id in run.members or (run.run_id,))[:MOST_CURVED]
    asked = AskedCurves(keys, ids, columns=columns, group=COMPARED if columns else "")
    return choose(material.reader.store, asked, material.reader)


def _as_compared(runs: Sequence[Message], comparison: Comparison) -> list[Message]:
    """Runs look as in the comparison."""
    drawn = run_paints(comparison)
    places = {one: at for at, run in enumerate(comparison.runs) for one in run.members or (run.run_id,)}
    found = []
    for run in runs:
        at = places[run["id"]]
        paint = drawn[comparison.runs[at].run_id]
        baseline = comparison.runs[at].baseline
        looks = {"color": paint.color, "dash": list(paint.dash), "opacity": 1, "baseline": baseline}
        found.append({**run, **looks})
    return found


def _compared_answers(material: Material, block: Compared) -> dict[str, Any]:
    comparison = block.comparison
    tables = {name: _joined(name, joined, places) for name, joined, places in block.still.tables}
    choice = _compared_choice(material, comparison, parts_of(material.reader, comparison))
    return {
        "compared_code": {} if choice is None else _chart_code(choice),
        "equal": [line_message(line) for line in comparison.same],
        "markdown": comparison.to_markdown(),
        "rows": tables,
    }


def _joined(name: str, joined: Joined, places: Sequence[int]) -> dict[str, Message]:
    """The first rows of joined tables: those that differ, and all."""
    return {
        "differing": rows_message(name, joined, places, 0, MOST_JOINED, False),
        "all": rows_message(name, joined, places, 0, MOST_JOINED, True),
    }


# ---- many runs


def _many(material: Material, bars: Bars | None) -> list[Message]:
    """The message of each of the charts; the first is shown first, and the others leave out what is as in it."""
    tabs = ["parallel", "scatter", *(["importance"] if bars is not None else [])]
    parallel = material.parallel
    metrics = [f"metrics.{material.metric}"]
    known = {
        "metrics": [{"id": metrics[0], "title": material.metric}],
        "params": [{"id": axis.id, "title": axis.key, "differs": True} for axis in parallel.axes[:-1]],
    }
    first = _shown(material, "parallel", parallel)
    scatters = {name: _but_for(first, chart) for name, chart in _scatters(material, parallel).items()}
    shown = {"parallel": first, **scatters}
    if bars is not None:
        shown["importance"] = {"kind": "importance", "metric": metrics[0], **importance_message(bars.importance)}
    common = {"tabs": tabs, "problem": "", "known": known, "selected": [], "colors": list(RUN_COLORS)}
    return [
        {"type": "many", "rev": 1, "tab": name.partition(":")[0], "named": name, **common, "shown": chart}
        for name, chart in shown.items()
    ]


def _shown(material: Material, kind: str, chart: Any) -> Message:
    metric = chart.axes[-1]
    message = chart_message(chart, metric)
    for told, axis in zip(message["axes"], chart.axes, strict=True):
        told |= {**axis_message(axis), "id": axis.id}
    return {"kind": kind, "metric": metric.id, "spec": made(kind), **message}


def _but_for(first: Message, chart: Message) -> Message:
    """A chart without what is as in the first one: thousands of runs are in the file once, and so are their axes."""
    axes = {axis["id"]: axis for axis in first["axes"]}
    own = {key: value for key, value in chart.items() if key not in ("runs", "best", "kept") or value != first[key]}
    return {**own, "axes": [axis["id"] if axis == axes.get(axis["id"]) else axis for axis in chart["axes"]]}


def _scatters(material: Material, parallel: Parallel) -> dict[str, Message]:
    """A scatter plot against each axis."""
    found: dict[str, Message] = {}
    for axis in parallel.axes[:-1]:
        try:
            chart = scatter_of(material.rows, material.goals, axis.id, material.metric, known=material.known)
        except TrackError:  # nothing to draw it from: it is not offered
            continue
        found["scatter" if not found else f"scatter:{axis.id}"] = _shown(material, "scatter", chart)
    return found


def json_text(value: Any) -> str:
    r"""Return JSON that may stand in a ``<script>``: without ``<``, ``>`` and ``&``, and the line ends of JavaScript.

    Examples
    --------
    >>> json_text({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace").decode()
