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

from ..records import STOPPED_EARLY, MetricSummary, Param, Run, RunError, Shown
from ..store.relatives import Children
from . import datasets
from .beside import ALONE, Beside
from .changes import OWN_SOURCES, difference
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
from .goals import SYSTEM, Goal, goal_of, main_first
from .repeats import Repeats, within_noise
from .sparkline import Point, Sparkline, sparkline
from .tokens import State, run_color, state_of

MAX_METRICS = 4
MAX_PARAMS = 6
SHORT = 2.0  # seconds; a run of less is one line
ERROR_LIMIT = 160
LINE_LIMIT = 64  # characters of the one line: it does not wrap in a cell of a page of 480 px
SHORT_NAME_LIMIT = 32
EARLY_LIMIT = 32  # characters of how far a loop came that was stopped
FINISHED = "finished"
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
        Against the baseline of the experiment, else against the previous run.
    versus : str
        ``#9 baseline`` or ``#9``, the run that `change` compares with.
    noise : str
        ``within noise (n=3)`` where the change is no more than repeats of the runs differ by.
    spread : str
        ``0.962 ± 0.001 (n=3)`` of the run and those that it repeats.
    is_best : bool
        Whether the last point of a curve is its best one; not beside a change for the worse, which ▲ would contradict.
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
    noise: str = ""
    spread: str = ""
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
        ``C 0.1 → 1``, ``3 lines of code``: what differs from the previous run, at most two and ``+3``; and
        ``repeat of #12 (×3)``.
    below : bool
        Whether the first line has no room for `changed`: it stands on a line of its own.
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
        ``stopped early at epoch 12 of 20``, ``children 5``, ``model forest (skops)``, ``best accuracy 0.96 #14``,
        ``data iris 150 × 5``,
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
    below: bool = False


def run_card(
    run: Run,
    *,
    beside: Beside = ALONE,
    curves: Mapping[str, Sequence[Point]] = MappingProxyType({}),
    figures: int = 0,
    output: bool = False,
    models: Sequence[str] = (),
    notes: Sequence[str] = (),
    store_line: str | None = None,
    now_ms: int | None = None,
) -> Card:
    """Decide what the card of `run` says.

    Parameters
    ----------
    run : Run
    beside : Beside, optional
        The runs to compare with: what changed, the change of each metric, repeats, children.
    curves : mapping of str to sequence of (step, value)
        Points of the metrics, by key, in the order of logging; at most 150 of each are drawn.
    figures : int, default 0
        How many figures were kept.
    output : bool, default False
        Whether printed output was kept.
    models : sequence of str
        What is said of the models that it logged: ``model forest (skops)``.
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
    own = [metric for metric in run.metrics.values() if metric.source != SYSTEM]
    ranked = main_first(own, run.goals)
    shown = [] if failed else ranked[:MAX_METRICS]
    lines = tuple(_metric_line(metric, run, beside, curves.get(metric.key, ())) for metric in shown)
    params, more_params = _params(run.params)
    curved = any(metric.count > 1 for metric in own)
    card = Card(
        state=state_of(run.state),
        name=middle_cut(one_line(run.name), NAME_LIMIT) or run.run_id[:8],
        number="" if run.number is None else f"#{run.number}",
        color=run_color(run.number),
        time=_time(run, now_ms),
        changed=_changed(run, beside),
        metrics=lines,
        more=0 if failed else len(ranked) - len(shown),
        error=error_line(run.error) if failed and run.error else "",
        params=params,
        more_params=more_params,
        extras=(
            *early_words(run),
            *children_words(beside.children),
            *map(one_line, models),
            *_extras(run, len(ranked) if failed else 0, figures, output),
        ),
        notes=tuple(one_line(note) for note in (*notes, f"store {store_line}" if store_line else "") if note),
        short=run.duration is not None and run.duration < SHORT and not curved and not failed,
    )
    return _fitted(card) if card.short else _headed(card)


def _extras(run: Run, metrics: int, figures: int, output: bool) -> tuple[str, ...]:
    """Return what was kept besides what the card shows; `metrics` counts those that an error stands in place of."""
    system = sum(metric.source == SYSTEM for metric in run.metrics.values())
    kept = (("metrics", metrics), ("figures", figures), ("system metrics", system))
    counted = [f"{word} {count}" for word, count in kept if count]
    return (*datasets.card_words(run), *counted, *(["output"] if output else []), *(["note"] if run.note else []))


def early_words(run: Run) -> tuple[str, ...]:
    """Return ``stopped early at epoch 12 of 20``; nothing for a run that nobody stopped, or that goes on."""
    told = run.own_tags.get(STOPPED_EARLY)
    if told is None or run.state == "running":
        return ()
    return (f"stopped early at {middle_cut(one_line(told), EARLY_LIMIT)}" if told.strip() else "stopped early",)


def children_words(children: Children | None) -> tuple[str, ...]:
    """Return ``children 5`` and ``best accuracy 0.96 #14``; nothing for a run without children."""
    if children is None or not children.count:
        return ()
    counted = f"children {children.count:,}"
    if not children.key:
        return (counted,)
    return counted, f"best {one_line(children.key)} {number(children.value)} #{children.number}"


def _changed(run: Run, beside: Beside) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    if beside.previous is not None:
        found = (beside.changed or difference(run, beside.previous)).short()
    if len(beside.repeats) > 1:
        found = (*found, f"repeat of {run_words(beside.repeats[-1])} ({beside.count})")
    return found


def _headed(card: Card) -> Card:
    """Return a card of several lines whose first line has room for status and time; what changed goes below first."""
    rest = len(f"{card.state.glyph} {card.number} {card.state.word} {card.time}") + 6
    changed = len(", ".join(card.changed)) + 2 if card.changed else 0
    below = changed > LINE_LIMIT - rest - len(card.name)
    room = LINE_LIMIT - rest - (0 if below else changed)
    return replace(card, below=below, name=middle_cut(card.name, max(room, SHORT_NAME_LIMIT)))


def _fitted(card: Card) -> Card:
    """Return a card of one line with as many metrics, or params where it has none, as the line has room for.

    What changed stands in the line where it fits beside the first metric, else below it; and with it the spread of
    repeats.
    """
    spread = card.metrics[0].spread if card.metrics else ""
    card = replace(card, changed=(*card.changed, spread) if spread else card.changed)
    name = middle_cut(card.name, SHORT_NAME_LIMIT)
    room = LINE_LIMIT - len(f"{card.state.glyph} {name} {card.number}  {card.time}")
    if card.state.word != FINISHED:
        room -= len(card.state.word) + 2
    changed = len(", ".join(card.changed)) + 2 if card.changed else 0
    below = changed > room - sum(len(_short_text(line)) for line in card.metrics[:1])
    card, room = replace(card, below=below), room - (0 if below else changed)
    metrics = _that_fit(card.metrics, [len(_short_text(line)) for line in card.metrics], room, always=1)
    more = card.more + len(card.metrics) - len(metrics)
    if metrics:
        return replace(card, name=name, metrics=metrics, more=more, params=(), more_params=())
    params = _that_fit(card.params, [len(f"{param.key} {param.text} ·") for param in card.params], room)
    left = len(card.params) - len(params)
    more_params = (f"+{left} more",) if left and params else ()
    return replace(card, name=name, params=params, more_params=more_params)


def _short_text(line: MetricLine) -> str:
    compared = f" ({change_words(line)})" if line.change else ""
    return f"  {line.key} {line.value}{compared}"


def change_words(line: MetricLine) -> str:
    """Return ``+0.0120 ▲ vs #9``, ``+0.0010 vs #9, within noise (n=3)`` or ``same as #9``; nothing without a change."""
    if line.change is None:
        return ""
    if line.change.verdict == "same":
        return f"same as {line.versus}"
    if line.noise:
        return f"{line.change.text} vs {line.versus}, {line.noise}"
    arrow = line.change.arrow + line.goal.doubt if line.change.arrow else ""
    return " ".join(part for part in (line.change.text, arrow, "vs", line.versus) if part)


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


def _time(run: Run, now_ms: int | None) -> str:
    if run.duration is not None:
        return duration(run.duration)
    if run.state == "running" and now_ms is not None:
        return clock((now_ms - run.start_time) / 1000)
    return ""


def _metric_line(metric: MetricSummary, run: Run, beside: Beside, points: Sequence[Point]) -> MetricLine:
    goal = goal_of(metric.key, run.goals)
    reference = beside.reference(run)
    earlier = reference.metrics.get(metric.key) if reference is not None else None
    values = [metric.last] + ([earlier.last] if earlier else [])
    curved = metric.count > 1
    extremes = [value for value in (metric.min, metric.max) if value is not None] if curved else []
    best = (metric.max if goal.direction == "max" else metric.min) if goal.direction else None
    # The two that must be told apart are this value and the best one, or this one and the reference's.
    precision = precision_of(values + ([best] if curved and best is not None else []), goal.direction)
    difference = change(metric.last, earlier.last, goal.direction, precision) if earlier else None
    spark = sparkline(
        metric.key,
        points,
        color=run_color(run.number),
        direction=goal.direction,
        large=True,
        baseline=run.baseline_run_id == run.run_id,
    )
    noise = _noise(metric, earlier, beside) if difference is not None else ""
    # Beside a ▼ a ▲ would read as its contrary: there the best point is told as any other, by its value and step.
    worse = difference is not None and difference.verdict == "worse" and not noise
    is_best = curved and best is not None and metric.last == best and metric.min != metric.max and not worse
    return MetricLine(
        key=one_line(metric.key),
        value=number(metric.last, precision),
        full=repr(metric.last),
        goal=goal,
        change=difference,
        versus=_versus(reference, beside) if reference is not None and difference is not None else "",
        noise=noise,
        spread=Repeats(tuple(beside.repeats)).spread(metric.key),
        is_best=is_best,
        best=_best(metric, goal, precision) if extremes and not is_best else "",
        spark=spark if curved else None,
        muted=metric.source == "auto",
    )


def _noise(metric: MetricSummary, earlier: MetricSummary | None, beside: Beside) -> str:
    """Return ``within noise (n=3)`` where the change of a metric is no more than that of repeats."""
    own = Repeats(tuple(beside.repeats)).values(metric.key) or [metric.last]
    others = Repeats(tuple(beside.reference_repeats)).values(metric.key) or ([earlier.last] if earlier else [])
    noise = within_noise(own, others)
    return noise.text if noise is not None else ""


def _versus(reference: Run, beside: Beside) -> str:
    return f"{run_words(reference)} baseline" if reference is beside.baseline else run_words(reference)


def run_words(run: Run) -> str:
    """Return how a run is named beside others: ``#12``, or its name where it has no number yet."""
    return middle_cut(one_line(run.name), 20) if run.number is None else f"#{run.number}"


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
