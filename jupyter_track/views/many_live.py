"""Charts of many runs as a front end gets them: numbers for drawing, texts as they are shown."""

from __future__ import annotations

from typing import Any

from .axes import Axis
from .importance import Importance
from .many_forms import importance_notes
from .many_svg import top_tenth
from .parallel import Parallel, Plotted, in_colour
from .scatter import Scatter

Message = dict[str, Any]


def chart_message(chart: Parallel | Scatter, metric: Axis) -> Message:
    """Return a chart: its axes, and its runs in the order of their values."""
    return {
        "axes": [axis_message(axis) for axis in chart.axes],
        "runs": [_run_message(run) for run in chart.runs],
        "best": sorted(top_tenth(metric)),
        "kept": [list(one) for one in in_colour(chart.runs, metric)],
        "notes": list(chart.notes),
    }


def axis_message(axis: Axis) -> Message:
    """Return an axis with where each run lies on it and what it says there."""
    return {
        "id": axis.id,
        "title": axis.title,
        "metric": axis.kind == "metric",
        "log": axis.scale == "log",
        "ticks": [list(tick) for tick in axis.ticks],
        "shares": list(axis.shares),
        "texts": list(axis.texts),
    }


def _run_message(run: Plotted) -> Message:
    return {"id": run.run_id, "number": run.number, "name": run.name, "state": run.state}


def importance_message(importance: Importance) -> Message:
    """Return which params mattered."""
    return {
        "head": importance.head,
        "bars": [
            {"title": bar.title, "mean": bar.mean, "sd": bar.deviation, "text": bar.text, "noise": bar.noise}
            for bar in importance.bars
        ],
        "notes": importance_notes(importance),
    }
