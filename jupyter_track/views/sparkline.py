"""A curve as a small SVG picture, by our own code, for an ``<img>``.

No axis and no fill; the scale is the curve's own, or one that the curves of a column share. The line breaks where a
value is NaN or infinite, and a tick at the foot says so. One point is a dot, a constant is a line through the middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..records import Goal as Direction
from .format import Precision, number, precision_of
from .svg import svg_uri
from .tokens import mark

MAX_POINTS = 150
SMALL_SIZE = (72, 18)
LARGE_SIZE = (120, 28)
LOG_SPAN = 1_000.0
_PAD = 3.5

Point = tuple[int, float]


@dataclass(frozen=True)
class Sparkline:
    """A picture of a curve.

    Attributes
    ----------
    uri : str
        ``data:image/svg+xml,…``.
    alt : str
        The curve in words and numbers, for where the picture is dropped.
    width, height : int
        In CSS pixels.
    log : bool
        Whether the scale is logarithmic; the form says ``log`` beside it.
    """

    uri: str
    alt: str
    width: int
    height: int
    log: bool = False


@dataclass(frozen=True)
class Scale:
    """The scale of the values of several curves; those outside it are drawn at its edge."""

    low: float
    high: float
    log: bool = False


def shared_scale(extremes: Iterable[tuple[float | None, float | None]]) -> Scale | None:
    """Return a scale that holds the extremes of several curves, or None without a finite one.

    It is rounded outwards to tenths of its order, so that curves that still grow do not change it with each point.

    Parameters
    ----------
    extremes : iterable of (lowest, highest)
        Of each curve; None for one without a number.
    """
    finite = [value for pair in extremes for value in pair if value is not None and math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    if low > 0 and high / low > LOG_SPAN:
        return Scale(10 ** (math.floor(math.log10(low) * 10) / 10), 10 ** (math.ceil(math.log10(high) * 10) / 10), True)
    if not 0 < high - low < math.inf:
        return Scale(low, high)
    step = 10 ** (math.floor(math.log10(high - low)) - 1)
    if step == 0 or math.isinf(high / step) or math.isinf(low / step):
        return Scale(low, high)
    return Scale(math.floor(low / step) * step, math.ceil(high / step) * step)


def thin(points: Sequence[Point], limit: int = MAX_POINTS) -> list[Point]:
    """Return at most `limit` points: the first, the last, and of each stretch its extremes and its first gap.

    Parameters
    ----------
    points : sequence of (step, value)
        In the order of logging.
    limit : int, default 150
        At least 5.
    """
    if len(points) <= limit:
        return list(points)
    kinds = 3 if any(not math.isfinite(value) for _, value in points) else 2
    stretches = (limit - 2) // kinds
    kept = {0, len(points) - 1}
    for stretch in range(stretches):
        start, stop = stretch * len(points) // stretches, (stretch + 1) * len(points) // stretches
        finite = [index for index in range(start, stop) if math.isfinite(points[index][1])]
        if finite:
            kept.add(min(finite, key=lambda index: points[index][1]))
            kept.add(max(finite, key=lambda index: points[index][1]))
        if len(finite) < stop - start:
            kept.add(next(index for index in range(start, stop) if not math.isfinite(points[index][1])))
    return [points[index] for index in sorted(kept)]


def best_point(points: Sequence[Point], direction: Direction | None) -> Point | None:
    """Return the best finite point in the goal's direction, the first of equals, or None."""
    finite = [point for point in points if math.isfinite(point[1])]
    if direction is None or not finite:
        return None
    return (min if direction == "min" else max)(finite, key=lambda point: point[1])


def sparkline(
    key: str,
    points: Sequence[Point],
    *,
    color: str,
    direction: Direction | None = None,
    large: bool = False,
    scale: Scale | None = None,
    baseline: bool = False,
) -> Sparkline | None:
    """Draw a curve.

    Parameters
    ----------
    key : str
        The metric's name, for the words.
    points : sequence of (step, value)
        In the order of logging; thinned to 150, and to the width of a small picture.
    color : str
        ``#rrggbb`` of the line.
    direction : {"min", "max"} or None, default None
        Where it is known, a ring marks the best point.
    large : bool, default False
        120 by 28 pixels for a card, else 72 by 18 for a table.
    scale : Scale or None, default None
        One that it shares with others; None is its own.
    baseline : bool, default False
        Whether it is of the baseline, which is dashed and grey everywhere.

    Returns
    -------
    Sparkline or None
        None without a point.
    """
    if not points:
        return None
    color = mark("muted") if baseline else color
    width, height = LARGE_SIZE if large else SMALL_SIZE
    shown = thin(points, MAX_POINTS if large else SMALL_SIZE[0])
    scale = scale or _own_scale([value for _, value in shown if math.isfinite(value)])
    places = _places(shown, width, height, scale)
    best = best_point(shown, direction) if len(shown) > 1 else None
    body = _lines(places, color, baseline) + _gaps(places, height)
    drawn = [place for place in places if place[1] is not None]
    if best is not None:
        x, y = places[shown.index(best)]
        body += f"<circle cx='{x}' cy='{y}' r='2.5' fill='none' stroke='{color}'/>"
    if drawn:
        x, y = drawn[-1]
        body += f"<circle cx='{x}' cy='{y}' r='1.75' fill='{color}'/>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'>{body}</svg>"
    uri = svg_uri(svg)
    return Sparkline(uri, _alt(key, points, direction, scale.log), width, height, scale.log)


Place = tuple[float, float | None]


def _own_scale(finite: Sequence[float]) -> Scale:
    if not finite:
        return Scale(0.0, 0.0)
    low, high = min(finite), max(finite)
    return Scale(low, high, low > 0 and high / low > LOG_SPAN)


def _places(shown: Sequence[Point], width: int, height: int, scale: Scale) -> list[Place]:
    """Return each point's place in pixels; y is None for a gap."""
    steps = [float(step) for step, _ in shown]
    if min(steps) == max(steps):  # logged without a step: the order is the axis
        steps = [float(index) for index in range(len(shown))]
    of = math.log10 if scale.log else float
    low, high = of(scale.low), of(scale.high)
    places: list[Place] = []
    for step, (_, value) in zip(steps, shown, strict=True):
        x = _scale(step, min(steps), max(steps), _PAD, width - _PAD)
        inside = of(min(max(value, scale.low), scale.high)) if math.isfinite(value) else None
        places.append((x, None if inside is None else _scale(inside, low, high, height - _PAD, _PAD)))
    return places


def _scale(value: float, low: float, high: float, start: float, stop: float) -> float:
    span = high / 2 - low / 2  # halves: the span of -1e308 to 1e308 is no float
    share = 0.5 if span == 0 else (value / 2 - low / 2) / span
    return round(start + share * (stop - start), 1)


def _lines(places: Sequence[Place], color: str, dashed: bool) -> str:
    path, open_line = "", False
    for x, y in places:
        if y is None:
            open_line = False
        else:
            path += f"{'L' if open_line else 'M'}{x:g},{y:g}"
            if not open_line:
                path += "h0"  # a point between two gaps shows as a dot, through its round cap
            open_line = True
    style = "fill='none' stroke-width='1.5' stroke-linecap='round' stroke-linejoin='round'"
    dash = " stroke-dasharray='4 3'" if dashed else ""
    return f"<path d='{path}' stroke='{color}' {style}{dash}/>" if path else ""


def _gaps(places: Sequence[Place], height: int) -> str:
    ticks = "".join(f"M{x:g},{height - 3}v3" for x in sorted({x for x, y in places if y is None}))
    return f"<path d='{ticks}' stroke='{mark('warning')}'/>" if ticks else ""


def _alt(key: str, points: Sequence[Point], direction: Direction | None, log: bool) -> str:
    values = [value for _, value in points]
    gaps = sum(1 for value in values if not math.isfinite(value))
    precision: Precision = precision_of(values, direction)
    words = f"{key}: {number(values[0], precision)} to {number(values[-1], precision)}, {len(values)} points"
    if len(values) == 1:
        words = f"{key}: {number(values[0], precision)}, 1 point"
    best = best_point(points, direction) if len(points) > 1 else None
    if best is not None:
        words += f", best {number(best[1], precision)} at {best[0]}"
    if gaps:
        words += f", {gaps} not finite"
    return words + (", log scale" if log else "")
