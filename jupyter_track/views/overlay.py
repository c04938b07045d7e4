"""The curves of several runs over one another as an SVG picture, by our own code, for an ``<img>``."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from .axes import tick_text
from .beyond import beyond_words, far_off, span_of
from .edges import ROW, cut_at, edge_marks
from .format import Precision, number, precision_of, word_cut
from .goals import Goal
from .sparkline import LOG_SPAN, Point, thin
from .svg import svg_uri
from .tokens import mark

SIZE = (320, 140)
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 6, 8, 18  # the left has room for what `_end` gives, in a wide font too
_END_LIMIT = 7  # characters at an end of an axis
_POINTS = 150
_TEXT = "font-family='sans-serif' font-size='11'"
_ROW = 16
_NAME_LIMITS = {2: 20, 1: 46}  # characters of a name, by how many names stand in a row of the legend


@dataclass(frozen=True)
class Curve:
    """One run's curve: how the run is called, its points, its colour and its dashes."""

    title: str
    points: Sequence[Point]
    color: str
    dash: tuple[int, ...] = ()


@dataclass(frozen=True)
class Overlay:
    """A picture of curves over one another: ``data:image/svg+xml,…``, and in words for where it is dropped."""

    key: str
    uri: str
    alt: str
    width: int = SIZE[0]
    height: int = SIZE[1]
    notes: tuple[str, ...] = ()


def overlay(key: str, curves: Sequence[Curve], goal: Goal, notes: tuple[str, ...] = ()) -> Overlay | None:
    """Draw the curves of one metric, with notes to stand below; None where none has two points."""
    if not any(len(one.points) > 1 for one in curves):
        return None
    # Single values stay: the baseline, or the best, may be one of them.
    drawn = [Curve(one.title, thin(one.points, _POINTS), one.color, one.dash) for one in curves if one.points]
    finite = [value for one in drawn for _, value in one.points if math.isfinite(value)]
    if not finite:
        return None
    far = far_off([[value for _, value in one.points] for one in drawn])
    near = [one for place, one in enumerate(drawn) if place not in far]
    shown = [value for one in near for _, value in one.points if math.isfinite(value)]
    low, high = min(shown), max(shown)
    log = low > 0 and high / low > LOG_SPAN
    steps = [step for one in drawn for step, _ in one.points]
    if far and low == high:
        low, high = span_of([shown])  # what comes there can be seen
    axis = _Axes(min(steps), max(steps), _level(low, log), _level(high, log), log, _TOP + (ROW if far else 0))
    body = axis.labels() + "".join(_line(one, axis, cut=place in far) for place, one in enumerate(drawn))
    if far:
        told = beyond_words([[value for _, value in drawn[place].points] for place in far])
        body += f"<text x='{_LEFT}' y='{_TOP + 4}' {_TEXT} fill='{mark('muted')}'>{told}</text>"
    width, height = SIZE
    legend, below = _legend(drawn, height)
    height += below
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'>{body}{legend}</svg>"
    precision = precision_of(finite, goal.direction)
    words = f"{key} by step{', log scale' if log else ''}: {'; '.join(_told(one, precision) for one in drawn)}"
    return Overlay(key, svg_uri(svg), words, width, height, notes)


def _told(curve: Curve, precision: Precision) -> str:
    """From where to where a curve goes; of a single value which and at which step."""
    (step, first), (_, last) = curve.points[0], curve.points[-1]
    if len(curve.points) == 1:
        return f"{curve.title} {number(first, precision)} at step {step:,g}"
    return f"{curve.title} {number(first, precision)} to {number(last, precision)}"


def _legend(curves: Sequence[Curve], top: int) -> tuple[str, int]:
    """Which line is which run, two of them a row where their names have room; and how many pixels that takes."""
    parts = []
    across = 2 if all(len(one.title) <= _NAME_LIMITS[2] for one in curves) else 1
    for place, curve in enumerate(curves):
        x, y = place % across * SIZE[0] // 2, top + place // across * _ROW + 10
        dash = f" stroke-dasharray='{','.join(map(str, curve.dash))}'" if curve.dash else ""
        name = html.escape(word_cut(curve.title, _NAME_LIMITS[across]), quote=True)
        line = f"<path d='M{x},{y - 4}h16' stroke='{curve.color}' stroke-width='2'{dash}/>"
        parts.append(line if len(curve.points) > 1 else _dot(x + 8, y - 4, curve.color))
        parts.append(f"<text x='{x + 22}' y='{y}'>{name}</text>")
    style = f"font-family='sans-serif' font-size='11' fill='{mark('muted')}'"
    return f"<g {style}>{''.join(parts)}</g>", -(-len(curves) // across) * _ROW


def _level(value: float, log: bool) -> float:
    return math.log10(value) if log else value


@dataclass(frozen=True)
class _Axes:
    first: float
    last: float
    low: float
    high: float
    log: bool
    top: float = _TOP

    def x(self, step: float) -> float:
        return _scale(step, self.first, self.last, _LEFT, SIZE[0] - _RIGHT)

    def y(self, value: float) -> float:
        return _scale(_level(value, self.log), self.low, self.high, SIZE[1] - _BOTTOM, self.top)

    def labels(self) -> str:
        """The ends of both axes: enough to read a picture of this size by."""
        low, high = (10**self.low, 10**self.high) if self.log else (self.low, self.high)
        bottom, color = SIZE[1] - _BOTTOM, mark("muted")
        grid = (
            f"<path d='M{_LEFT},{self.top:g}H{SIZE[0] - _RIGHT}M{_LEFT},{bottom}H{SIZE[0] - _RIGHT}' stroke='{color}'"
        )
        texts = [
            (_LEFT - 6, self.top + 4, "end", _end(high)),
            (_LEFT - 6, bottom + 4, "end", _end(low)),
            (_LEFT, SIZE[1] - 4, "start", f"{self.first:g}"),
            (SIZE[0] - _RIGHT, SIZE[1] - 4, "end", f"{self.last:g}"),
        ]
        written = "".join(f"<text x='{x}' y='{y:g}' text-anchor='{end}'>{text}</text>" for x, y, end, text in texts)
        return f"{grid} stroke-opacity='0.2'/><g {_TEXT} fill='{color}'>{written}</g>"


def _end(value: float) -> str:
    """An end of an axis, as short as it can be; with fewer digits where four of them have not room."""
    texts = [tick_text(float(f"{value:.{digits}g}")) for digits in (4, 3, 2)]
    return next((text for text in texts if len(text) <= _END_LIMIT), texts[-1])


def _scale(value: float, low: float, high: float, start: float, stop: float) -> float:
    span = high / 2 - low / 2  # halves: the span of -1e308 to 1e308 is no float
    share = 0.5 if span == 0 else (value / 2 - low / 2) / span
    return round(start + share * (stop - start), 1)


def _dot(x: float, y: float, color: str) -> str:
    return f"<circle cx='{x:g}' cy='{y:g}' r='3' fill='{color}'/>"


def _cut_line(curve: Curve, axes: _Axes) -> str:
    """A curve that goes beyond the picture: what of it lies within, and a mark where it leaves."""
    seen = [math.isfinite(value) and (value > 0 or not axes.log) for _, value in curve.points]
    whole = zip(curve.points, seen, strict=True)
    places = [(axes.x(step), axes.y(value) if is_seen else None) for (step, value), is_seen in whole]
    kept, edges = cut_at(places, axes.top, SIZE[1] - _BOTTOM)
    path, open_line = "", False
    for x, y in kept:
        path += "" if y is None else f"{'L' if open_line else 'M'}{x:g},{y:g}" + ("" if open_line else "h0")
        open_line = y is not None
    return _path(path, curve) + "".join(edge_marks(edges, axes.top, curve.color))


def _line(curve: Curve, axes: _Axes, *, cut: bool) -> str:
    if cut:
        return _cut_line(curve, axes)
    if len(curve.points) == 1:
        ((step, value),) = curve.points
        drawn = math.isfinite(value) and (value > 0 or not axes.log)
        return _dot(axes.x(step), axes.y(value), curve.color) if drawn else ""
    path, open_line = "", False
    for step, value in curve.points:
        if not math.isfinite(value) or (axes.log and value <= 0):
            open_line = False
            continue
        path += f"{'L' if open_line else 'M'}{axes.x(step):g},{axes.y(value):g}" + ("" if open_line else "h0")
        open_line = True
    return _path(path, curve)


def _path(path: str, curve: Curve) -> str:
    dash = f" stroke-dasharray='{','.join(map(str, curve.dash))}'" if curve.dash else ""
    round_style = "fill='none' stroke-width='1.5' stroke-linecap='round' stroke-linejoin='round'"
    return f"<path d='{path}' stroke='{curve.color}'{dash} {round_style}/>" if path else ""
