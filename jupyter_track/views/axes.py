"""Params and metrics of many runs as axes: numeric, logarithmic or with categories, and where each run lies on them.

A name says what is meant as filters do: ``params.lr``, ``metrics.loss``; without the prefix a metric comes before a
param of the same name. The values are those of `search_runs`: the last value of a metric, a param as it was logged.
"""

from __future__ import annotations

import difflib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ..errors import InvalidValue, NotFound
from ..records import Goal as Direction
from ..records import Param
from ..store.table_rows import Last, TableRow
from .columns import PARAM_RANKS
from .format import (
    LARGE,
    MINUS,
    PARAM_LIMIT,
    SMALL,
    middle_cut,
    number,
    one_line,
    param_text,
    precision_of,
    short_number,
)
from .goals import NO_GOAL, Goal, aimed_in, first_logged, goal_of
from .groups import is_seed

Scale = Literal["linear", "log", "category"]
Kind = Literal["metric", "param"]
Value = float | str | None  # None: the run has none, or it is NaN or infinite

MAX_AXES = 8
FEW_VALUES = 6  # of so few, each has a tick
MOST_CATEGORIES = 30  # an axis that has more is not shown unless it is named
LOG_LEAST = 8.0  # the span from which a scale may be logarithmic
_NUMBERS = ("int", "float")
TICK_LIMIT = 14
TICKS_APART = 0.07  # of an axis: about the height of a line, in pictures as on a page
_TICK_DIGITS = 4
_LONG_NUMBER = 8  # characters: a number that was drawn by chance has seventeen digits


@dataclass(frozen=True)
class Axis:
    """One param or metric of many runs.

    Attributes
    ----------
    key, kind : str
        Which one it is.
    scale : {"linear", "log", "category"}
    goal : Goal
        Of a metric.
    low, high : float
        The least and the greatest value; of categories their places, from 0.
    categories : tuple of str
        In their order: numbers, then words.
    ticks : tuple of (float, str)
        Where a value stands between `low` and `high`, as a share from 0 to 1, and its text.
    values : tuple of float, str or None
        Of each run, exactly as in the store; None where it has no finite one.
    texts : tuple of str
        The same as they are shown; ``NaN``, ``∞``, or empty where there is none.
    shares : tuple of float or None
        Where each run lies on the axis, from 0 at the foot to 1 at the head.
    """

    key: str
    kind: Kind
    scale: Scale
    goal: Goal
    low: float
    high: float
    categories: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]
    values: tuple[Value, ...]
    texts: tuple[str, ...]
    shares: tuple[float | None, ...]

    @property
    def id(self) -> str:
        """``metrics.loss``, as filters name it."""
        return f"{self.kind}s.{self.key}"

    @cached_property
    def best_first(self) -> tuple[int, ...]:
        """The places of the runs from the best value of a metric to the worst; those without a finite one last."""
        numbers = [(value, at) for at, value in enumerate(self.values) if isinstance(value, float)]
        sign = -1 if self.goal.direction != "min" else 1
        best = [at for _, at in sorted((sign * value, at) for value, at in numbers)]
        return (*best, *(at for at, value in enumerate(self.values) if not isinstance(value, float)))

    @property
    def title(self) -> str:
        """The name as it is shown, with the arrow of the goal."""
        return f"{middle_cut(one_line(self.key), PARAM_LIMIT)} {self.goal.arrow}".rstrip()


def axis_of(
    rows: Sequence[TableRow], key: str, kind: Kind, goals: Mapping[str, Direction], *, better_up: bool = False
) -> Axis:
    """Return a param or metric of some runs as an axis.

    Parameters
    ----------
    rows : sequence of TableRow
    key, kind : str
    goals : mapping of str to {"min", "max"}
        The declared goals.
    better_up : bool, default False
        Whether the better values of a metric are higher up, also where lower is better.
    """
    if kind == "metric":
        return _metric_axis(rows, key, goal_of(key, goals), better_up)
    return _param_axis(rows, key)


def _metric_axis(rows: Sequence[TableRow], key: str, goal: Goal, better_up: bool) -> Axis:
    raw = [row.metrics[key][1] if key in row.metrics else None for row in rows]
    values = [value if value is not None and math.isfinite(value) else None for value in raw]
    precision = precision_of([value for value in values if value is not None], goal.direction)
    texts = ["" if value is None else number(value, precision) for value in raw]
    return _numeric(key, "metric", goal, values, texts, upside_down=better_up and goal.direction == "min")


def _param_axis(rows: Sequence[TableRow], key: str) -> Axis:
    params = [row.params.get(key) for row in rows]
    different = {id(param): param for param in params if param is not None}  # equal params are one record, read once
    numbers = {one: number_of(param) for one, param in different.items()}
    texts = {one: param_text(param) for one, param in different.items()}
    words = any(param.type not in _NUMBERS for param in different.values())
    if words or all(found is None for found in numbers.values()):
        return _category(key, params, [texts.get(id(param), "") for param in params])
    texts = {one: _short(text, numbers[one]) for one, text in texts.items()}
    values = [numbers.get(id(param)) for param in params]
    return _numeric(key, "param", NO_GOAL, values, [texts.get(id(param), "") for param in params])


def _short(text: str, value: float | None) -> str:
    return text if value is None or len(text) <= _LONG_NUMBER else short_number(value)


def number_of(param: Param) -> float | None:
    """Return the finite number that a param is, None where it is none."""
    if param.type not in _NUMBERS:
        return None
    try:
        found = float(param.text)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _numeric(
    key: str,
    kind: Kind,
    goal: Goal,
    values: Sequence[float | None],
    texts: Sequence[str],
    *,
    upside_down: bool = False,
) -> Axis:
    known = {value: text for value, text in dict(zip(values, texts, strict=True)).items() if value is not None}
    distinct = sorted(known)
    low, high = (distinct[0], distinct[-1]) if distinct else (0.0, 1.0)
    scale: Scale = "log" if is_log(distinct) else "linear"
    if len(distinct) <= FEW_VALUES:
        marks = [(value, known[value]) for value in distinct]
    else:
        ticks = log_ticks(low, high) if scale == "log" else linear_ticks(low, high)
        marks = [(value, tick_text(value)) for value in ticks]
    places = _placed([value for value, _ in marks], scale, low, high, upside_down)
    kept = apart(places)
    places, marks = [places[at] for at in kept], _tick_texts([marks[at] for at in kept])
    shares = dict(zip(distinct, _placed(distinct, scale, low, high, upside_down), strict=True))
    return Axis(
        key,
        kind,
        scale,
        goal,
        low,
        high,
        (),
        tuple((at or 0.0, middle_cut(text, TICK_LIMIT)) for at, (_, text) in zip(places, marks, strict=True)),
        tuple(values),
        tuple(texts),
        tuple(None if value is None else shares[value] for value in values),
    )


def _tick_texts(marks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Numbers of an axis with 4 significant digits, where these still tell them apart."""
    short = [(value, _four_digits(value, text)) for value, text in marks]
    return short if len({text for _, text in short}) == len({text for _, text in marks}) else list(marks)


def _four_digits(value: float, text: str) -> str:
    digits = "".join(letter for letter in text.lower().split("e")[0] if letter.isdigit()).lstrip("0")
    return text if len(digits) <= _TICK_DIGITS or value.is_integer() else tick_text(float(f"{value:.{_TICK_DIGITS}g}"))


def _category(key: str, params: Sequence[Param | None], texts: Sequence[str]) -> Axis:
    values = [None if param is None else param.text for param in params]
    shown = {value: text for value, text in zip(values, texts, strict=True) if value is not None}
    categories = sorted(shown, key=_order)
    last = len(categories) - 1
    share = {value: round(at / last, 6) if last else 0.5 for at, value in enumerate(categories)}
    step = -(-len(categories) // 12) or 1  # of very many, not every one has a name
    return Axis(
        key,
        "param",
        "category",
        NO_GOAL,
        0.0,
        float(max(last, 0)),
        tuple(categories),
        tuple((share[value], middle_cut(shown[value], TICK_LIMIT)) for value in categories[::step]),
        tuple(values),
        tuple(texts),
        tuple(None if value is None else share[value] for value in values),
    )


def _order(text: str) -> tuple[int, float, str]:
    try:
        found = float(text)
    except ValueError:
        return 1, 0.0, text.casefold()
    return (0, found, text) if math.isfinite(found) else (1, 0.0, text)


def _placed(values: Sequence[float], scale: Scale, low: float, high: float, upside_down: bool) -> list[float]:
    """Return where numbers stand between two others, as shares from 0 to 1."""
    if scale == "log":
        values, low, high = [math.log10(value) for value in values], math.log10(low), math.log10(high)
    span = high / 2 - low / 2  # halves: the span of -1e308 to 1e308 is no float
    if span == 0:
        return [0.5] * len(values)
    start, sign, half = (1.0, -1.0, low / 2) if upside_down else (0.0, 1.0, low / 2)
    return [round(start + sign * ((value / 2 - half) / span), 6) for value in values]


def is_log(distinct: Sequence[float]) -> bool:
    """Return whether sorted numbers are read better on a logarithmic scale.

    They are where all are positive and their middle lies nearer to that of the scale: 0.1, 1, 10 and 16, 32, 64, 128.

    Examples
    --------
    >>> is_log([0.1, 1.0, 10.0]), is_log([16, 32, 64, 128]), is_log(range(1, 20)), is_log([0.0, 1.0, 1e6])
    (True, True, False, False)
    """
    if len(distinct) < 3 or distinct[0] <= 0 or distinct[-1] / distinct[0] < LOG_LEAST:
        return False
    return _off_centre([math.log(value) for value in distinct]) + 0.05 < _off_centre(distinct)


def _off_centre(values: Sequence[float]) -> float:
    """How far the middle of sorted numbers lies from the middle of their span, as a share of it."""
    middle = values[len(values) // 2] / 2 + values[(len(values) - 1) // 2] / 2
    return abs((middle - values[0]) / (values[-1] - values[0]) - 0.5)


def apart(places: Sequence[float]) -> list[int]:
    """Return which ticks of an axis are told, so that no text lies over another: both ends, and what has room.

    Examples
    --------
    >>> apart([0.0, 0.05, 0.5, 0.96, 1.0]), apart([1.0, 0.02, 0.0]), apart([0.5])
    ([0, 2, 4], [0, 2], [0])
    """
    last = len(places) - 1
    kept: list[int] = []
    for at, place in enumerate(places):
        beside = [places[other] for other in (*kept[-1:], last) if other != at]
        if at == last or all(abs(place - other) >= TICKS_APART for other in beside):
            kept.append(at)
    return kept


def linear_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return up to `count` + 1 round numbers between two others.

    Examples
    --------
    >>> linear_ticks(0.1, 0.93)
    [0.2, 0.4, 0.6, 0.8]
    >>> linear_ticks(3, 3)
    [3]
    """
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low] if low == high else [low, high]
    size = 10.0 ** math.floor(math.log10(span / count))
    step = next((size * nice for nice in (1, 2, 5) if span / (size * nice) <= count), size * 10)
    if step == 0 or low + step == low:
        return [low, high]
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def tick_text(value: float) -> str:
    """Return a number of an axis, as short as it can be.

    Examples
    --------
    >>> tick_text(0.1), tick_text(1e-5), tick_text(-20), tick_text(2.5e6)
    ('0.1', '1e-5', '−20', '2.5e6')
    """
    if value == 0 or SMALL <= abs(value) < LARGE:
        return f"{value:.12g}".replace("-", MINUS)
    digits, exponent = f"{value:.2e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}".replace("-", MINUS, 1 if value < 0 else 0)


def log_ticks(low: float, high: float) -> list[float]:
    """Return powers of ten between two positive numbers, and both of these where there are fewer than two.

    Examples
    --------
    >>> log_ticks(2e-5, 0.3)
    [0.0001, 0.001, 0.01, 0.1]
    >>> log_ticks(16, 128)
    [16, 128]
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = -(-(last - first + 1) // 6) or 1
    powers = [float(f"1e{power}") for power in range(first, last + 1, step)]
    return powers if len(powers) > 1 else [low, high]


# ---- which axes there are


@dataclass(frozen=True)
class Known:
    """The params and metrics of some runs: those that differ first, each in the order in which tables show them."""

    metrics: tuple[str, ...]
    params: tuple[str, ...]
    differing: frozenset[str]  # ids, as `Axis.id`

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them, as filters name them."""
        return (*(f"metrics.{key}" for key in self.metrics), *(f"params.{key}" for key in self.params))

    @property
    def params_that_differ(self) -> tuple[str, ...]:
        """The params of which not all runs have the same value."""
        return tuple(key for key in self.params if f"params.{key}" in self.differing)

    def named(self, name: str) -> tuple[Kind, str]:
        """Return what a person means by a name.

        Raises
        ------
        NotFound
            Where the runs have neither a metric nor a param of it.
        """
        kind, _, key = name.partition(".")
        if kind in ("metrics", "metric") and key in self.metrics:
            return "metric", key
        if kind in ("params", "param") and key in self.params:
            return "param", key
        if name in self.metrics:
            return "metric", name
        if name in self.params:
            return "param", name
        every = dict.fromkeys((*self.metrics, *self.params))
        near = difflib.get_close_matches(name[:100], every, n=1)
        there = f"; there is {', '.join(list(every)[:8])}." if every else "."
        there = f"; did you mean {near[0]!r}?" if near else there
        raise NotFound(f"None of these runs has a metric or a param {name!r}{there}")

    def metric(self, name: str) -> str:
        """Return the metric that a person means.

        Raises
        ------
        NotFound, InvalidValue
        """
        kind, key = self.named(name)
        if kind != "metric":
            raise InvalidValue(f"{name!r} is a param; name a metric, or log it as one with track.log(…).")
        return key


def known_of(rows: Sequence[TableRow], goals: Mapping[str, Direction]) -> Known:
    """Return the params and metrics of some runs."""
    metrics: dict[str, list[Last]] = defaultdict(list)
    params: dict[str, list[Param]] = defaultdict(list)
    for row in rows:
        for key, last in row.metrics.items():
            metrics[key].append(last)
        for key, param in row.params.items():
            params[key].append(param)
    metric_ranks = {
        key: 0 if key in goals else min(_METRIC_RANKS.get(source, 1) for source in {source for *_, source in having})
        for key, having in metrics.items()
    }
    first = first_logged(
        [key for key, rank in metric_ranks.items() if rank == 0],
        ((row.number, row.metrics) for row in rows),
        aimed_in([goals]),
    )
    param_ranks = {
        key: min(PARAM_RANKS.get(source, 4) for source in {param.source for param in having})
        for key, having in params.items()
    }
    differing = {f"metrics.{key}" for key, having in metrics.items() if len({last for _, last, *_ in having}) > 1}
    differing |= {f"params.{key}" for key, having in params.items() if _differ(having, len(rows))}
    return Known(
        tuple(sorted(metrics, key=lambda key: (metric_ranks[key], first.get(key, (0, 0)), -len(metrics[key])))),
        tuple(sorted(params, key=lambda key: (f"params.{key}" not in differing, param_ranks[key]))),
        frozenset(differing),
    )


def _differ(params: Sequence[Param], runs: int) -> bool:
    """Whether not all runs have the same value: what is one record in all of them need not be compared."""
    first = params[0]
    return len(params) < runs or any(param is not first and param.text != first.text for param in params)


_METRIC_RANKS = {"named": 0, "logged": 1, "result": 2, "auto": 3}


def worth_showing(axes: Iterable[Axis]) -> list[Axis]:
    """Return the axes of params that tell runs apart: no seeds, and no names of which nearly every run has its own."""
    return [axis for axis in axes if not is_seed(axis.key) and len(axis.categories) <= MOST_CATEGORIES]
