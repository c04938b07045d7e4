"""One run, as the margin note under its cell.

`run_card` decides what is said; `html.card_html` and `text.card_text` set it. A run of under two seconds without a
curve is one line: that is the common case.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from ..records import MetricSummary, Param, Run, RunError, Shown
from .format import (
    NAME_LIMIT,
    Change,
    Precision,
    change,
    clock,
    duration,
    middle_cut,
    number,
    one_line,
    param_text,
    precision_of,
)
from .goals import Goal, goal_of, main_first
from .sparkline import Point, Sparkline, sparkline
from .tokens import State, run_color, state_of

MAX_METRICS = 4
MAX_PARAMS = 6
MAX_CHANGES = 2
SHORT = 2.0
ERROR_LIMIT = 160
LINE_LIMIT = 64  # characters of the one line: it does not wrap in a cell of a page of 480 px
SHORT_NAME_LIMIT = 32
FINISHED = "finished"
OWN_SOURCES = ("explicit", "assign")
_SOURCE_WORDS = {
    "explicit": "logged",
    "assign": "assigned in the cell",
    "inherited": "inherited from an earlier cell",
    "estimator": "from the estimator",
    "config": "from the config",
}


Item = TypeVar("Item")


@dataclass(frozen=True)
class MetricLine:
    """One metric of a card.

    Attributes
    ----------
    key, value : str
        As shown.
    full : str
        ``repr`` of the value.
    goal : Goal
    change : Change or None
        Against the previous run.
    versus : str
        ``#9``, the run that `change` compares with.
    is_best : bool
        Whether the last point of a curve is its best one.
    best : str
        ``best 0.9638 at 11``, or ``0.11 to 0.93`` where no goal is known; empty without a curve.
    spark : Sparkline or None
    muted : bool
        Whether it was captured without being asked for.
    """

    key: str
    value: str
    full: str
    goal: Goal
    change: Change | None = None
    versus: str = ""
    is_best: bool = False
    best: str = ""
    spark: Sparkline | None = None
    muted: bool = False


@dataclass(frozen=True)
class ParamItem:
    """One param of a card: as shown, in full, and where it came from in words."""

    key: str
    text: str
    full: str
    source: str


@dataclass(frozen=True)
class Card(Shown):
    """What a card says, in its order.

    Attributes
    ----------
    state : State
    name, number : str
        ``baseline`` and ``#12``; `number` is empty until the run has been written.
    color : str
        The run's colour, for marks.
    changed : tuple of str
        ``C 0.1 → 1``: what differs from the previous run, at most two and ``+3``.
    time : str
        The run's duration, or how long it has been going.
    metrics : tuple of MetricLine
        At most four, the main one first; empty where the run failed.
    more : int
        Metrics that are not shown.
    error : str
        The error's last line.
    params : tuple of ParamItem
        Those that the user wrote, at most six.
    more_params : tuple of str
        ``+2 inherited``: those that are not shown, by where they came from.
    extras : tuple of str
        ``figures 1``, ``output``, ``note``.
    notes : tuple of str
        What else should be said, a line each.
    short : bool
        Whether it is one line.
    """

    state: State
    name: str
    number: str
    color: str
    time: str
    changed: tuple[str, ...] = ()
    metrics: tuple[MetricLine, ...] = ()
    more: int = 0
    error: str = ""
    params: tuple[ParamItem, ...] = ()
    more_params: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    short: bool = False


def run_card(
    run: Run,
    *,
    previous: Run | None = None,
    curves: Mapping[str, Sequence[Point]] = MappingProxyType({}),
    figures: int = 0,
    output: bool = False,
    notes: Sequence[str] = (),
    store_line: str | None = None,
    now_ms: int | None = None,
) -> Card:
    """Decide what the card of `run` says.

    Parameters
    ----------
    run : Run
    previous : Run or None, default None
        The run to compare with: params that changed, and the change of each metric.
    curves : mapping of str to sequence of (step, value)
        Points of the metrics, by key, in the order of logging; at most 150 of each are drawn.
    figures : int, default 0
        How many figures were kept.
    output : bool, default False
        Whether printed output was kept.
    notes : sequence of str
        What was warned of: ``51 figures shown, 50 kept``.
    store_line : str or None, default None
        Which store is used, on a first card.
    now_ms : int or None, default None
        Milliseconds since the epoch: how long a run has been going, while it has no duration.

    Returns
    -------
    Card
        Shows itself as HTML and text once `jupyter_track.views.html` and `.text` are imported.
    """
    failed = run.state == "failed" and run.error is not None
    ranked = main_first(run.metrics.values(), run.goals)
    shown = [] if failed else ranked[:MAX_METRICS]
    lines = tuple(_metric_line(metric, run, previous, curves.get(metric.key, ())) for metric in shown)
    params, more_params = _params(run.params)
    curved = any(metric.count > 1 for metric in run.metrics.values())
    card = Card(
        state=state_of(run.state),
        name=middle_cut(one_line(run.name), NAME_LIMIT) or run.run_id[:8],
        number="" if run.number is None else f"#{run.number}",
        color=run_color(run.number),
        time=_time(run, now_ms),
        changed=changed_params(run, previous),
        metrics=lines,
        more=0 if failed else len(ranked) - len(shown),
        error=error_line(run.error) if failed and run.error else "",
        params=params,
        more_params=more_params,
        extras=_extras(run, len(ranked) if failed else 0, figures, output),
        notes=tuple(one_line(note) for note in (*notes, store_line) if note),
        short=run.duration is not None and run.duration < SHORT and not curved and not failed,
    )
    return _fitted(card) if card.short else card


def _extras(run: Run, metrics: int, figures: int, output: bool) -> tuple[str, ...]:
    """Return what was kept besides what the card shows; `metrics` counts those that an error stands in place of."""
    counted = [f"{word} {count}" for word, count in (("metrics", metrics), ("figures", figures)) if count]
    return (*counted, *(["output"] if output else []), *(["note"] if run.note else []))


def _fitted(card: Card) -> Card:
    """Return a card of one line with as many metrics, or params where it has none, as the line has room for."""
    name = middle_cut(card.name, SHORT_NAME_LIMIT)
    room = LINE_LIMIT - len(f"{card.state.glyph} {name} {card.number}  {card.time}")
    if card.state.word != FINISHED:
        room -= len(card.state.word) + 2
    metrics = _that_fit(card.metrics, [len(_short_text(line)) for line in card.metrics], room, always=1)
    more = card.more + len(card.metrics) - len(metrics)
    if metrics:
        return replace(card, name=name, metrics=metrics, more=more, params=(), more_params=())
    params = _that_fit(card.params, [len(f"{param.key} {param.text} ·") for param in card.params], room)
    left = len(card.params) - len(params)
    more_params = (f"+{left} more",) if left and params else ()
    return replace(card, name=name, params=params, more_params=more_params)


def _short_text(line: MetricLine) -> str:
    compared = f" ({line.change.text} {line.change.arrow} vs {line.versus})" if line.change else ""
    return f"  {line.key} {line.value}{compared}"


def _that_fit(items: tuple[Item, ...], widths: Sequence[int], room: int, always: int = 0) -> tuple[Item, ...]:
    kept = 0
    for width in widths:
        room -= width
        if room < 0 and kept >= always:
            break
        kept += 1
    return items[:kept]


def error_line(error: RunError) -> str:
    """Return the last line of a traceback: ``ValueError: …``, the first line of its message, its middle cut."""
    first = next((line for line in error.message.splitlines() if line.strip()), "")
    text = f"{error.name}: {first}" if first else error.name
    return middle_cut(one_line(text), ERROR_LIMIT)


def changed_params(run: Run, previous: Run | None, hidden: Sequence[str] = ()) -> tuple[str, ...]:
    """Return ``C 0.1 → 1`` for params with another value than in `previous`: two of them, then ``+3``.

    Parameters
    ----------
    run : Run
    previous : Run or None
    hidden : sequence of str
        Params that are shown elsewhere and are left out.
    """
    if previous is None:
        return ()
    both = [key for key in run.params if key in previous.params and key not in hidden]
    differ = [key for key in both if run.params[key].text != previous.params[key].text]
    differ.sort(key=lambda key: run.params[key].source not in OWN_SOURCES)
    texts = [
        f"{one_line(key)} {param_text(previous.params[key], 16)} → {param_text(run.params[key], 16)}"
        for key in differ[:MAX_CHANGES]
    ]
    return (*texts, f"+{len(differ) - MAX_CHANGES}") if len(differ) > MAX_CHANGES else tuple(texts)


def _time(run: Run, now_ms: int | None) -> str:
    if run.duration is not None:
        return duration(run.duration)
    if run.state == "running" and now_ms is not None:
        return clock((now_ms - run.start_time) / 1000)
    return ""


def _metric_line(metric: MetricSummary, run: Run, previous: Run | None, points: Sequence[Point]) -> MetricLine:
    goal = goal_of(metric.key, run.goals)
    earlier = previous.metrics.get(metric.key) if previous is not None else None
    values = [metric.last] + ([earlier.last] if earlier else [])
    curved = metric.count > 1
    extremes = [value for value in (metric.min, metric.max) if value is not None] if curved else []
    best = (metric.max if goal.direction == "max" else metric.min) if goal.direction else None
    # The two that must be told apart are this value and the best one, or this one and the previous run's.
    precision = precision_of(values + ([best] if curved and best is not None else []), goal.direction)
    difference = change(metric.last, earlier.last, goal.direction, precision) if earlier else None
    spark = sparkline(metric.key, points, color=run_color(run.number), direction=goal.direction, large=True)
    is_best = curved and best is not None and metric.last == best and metric.min != metric.max
    return MetricLine(
        key=one_line(metric.key),
        value=number(metric.last, precision),
        full=repr(metric.last),
        goal=goal,
        change=difference,
        versus=_versus(previous) if previous is not None and difference is not None else "",
        is_best=is_best,
        best=_best(metric, goal, precision) if extremes and not is_best else "",
        spark=spark if curved else None,
        muted=metric.source == "auto",
    )


def _versus(previous: Run) -> str:
    return middle_cut(one_line(previous.name), 20) if previous.number is None else f"#{previous.number}"


def _best(metric: MetricSummary, goal: Goal, precision: Precision) -> str:
    if metric.min is None or metric.max is None:
        return ""
    if metric.min == metric.max and not math.isnan(metric.last):
        return "constant"
    if goal.direction is None:
        return f"{number(metric.min, precision)} to {number(metric.max, precision)}"
    value, step = (metric.max, metric.max_step) if goal.direction == "max" else (metric.min, metric.min_step)
    return f"best {number(value, precision)}" + (f" at {step}" if step is not None else "")


def _params(params: Mapping[str, Param]) -> tuple[tuple[ParamItem, ...], tuple[str, ...]]:
    own = [param for param in params.values() if param.source in OWN_SOURCES]
    shown = tuple(
        ParamItem(one_line(param.key), param_text(param), one_line(param.text), source_words(param.source))
        for param in own[:MAX_PARAMS]
    )
    more = [f"+{len(own) - MAX_PARAMS} more"] if len(own) > MAX_PARAMS else []
    counts: dict[str, int] = {}
    for param in params.values():
        if param.source not in OWN_SOURCES:
            counts[param.source] = counts.get(param.source, 0) + 1
    return shown, (*more, *(f"+{count} {one_line(source)}" for source, count in counts.items()))


def source_words(source: str) -> str:
    """Return where a param came from, in words."""
    return _SOURCE_WORDS.get(source, one_line(source))
