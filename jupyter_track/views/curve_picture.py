"""One chart of curves as a small SVG picture, by our own code, for an ``<img>`` of a static form.

Mid-tones that are read on light and dark grounds; a transparent ground; lines break at gaps, and × at the foot says
where values were no finite number. Curves that go far beyond the others leave the picture at an edge, which says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from .axes import tick_text
from .beyond import beyond_words, far_off
from .curve_choice import Chart
from .curves import TIME, CurveRun, Series
from .edges import ROW, Place, cut_at, edge_marks
from .format import number, precision_of
from .svg import svg_uri
from .tokens import mark

WIDTH, HEIGHT = 400, 180
_LEFT, _RIGHT, _TOP, _FOOT = 52.0, 10.0, 8.0, 20.0
_LINE_FROM = 3  # fewer points are dots
TICKS = 4
_LABEL = 7  # characters beside an axis
LOG_SPAN = 1_000.0


def picture(chart: Chart, series: Sequence[Series], runs: Mapping[str, CurveRun], x: str) -> str:
    """Return the picture of a chart as a ``data:`` address.

    Parameters
    ----------
    chart : Chart
    series : sequence of Series
        At most some 150 points each.
    runs : mapping of str to CurveRun
        By run id.
    x : str
        What is on the x axis.
    """
    far = far_off([one.ys for one in series])
    near = [one for place, one in enumerate(series) if place not in far]
    values = [value for one in near for value in one.ys if math.isfinite(value)]
    places = [place for one in series for place in one.xs]
    low, high = _range(values if chart.target is None else [*values, chart.target])
    if far and low == high:
        low, high = low - (abs(low) / 2 or 0.5), high + (abs(high) / 2 or 0.5)  # what comes there can be seen
    log = low > 0 and high / low > LOG_SPAN
    across = _Scale(*_range(places, 0.0), _LEFT, WIDTH - _RIGHT)
    up = _Scale(low, high, HEIGHT - _FOOT, _TOP + (ROW if far else 0.0), log=log)
    body = [_ticks(across, up, values, x)]
    for place, one in enumerate(series):
        body += _line(one, runs[one.run_id], across, up, cut=place in far)
    if far:
        words = beyond_words([series[place].ys for place in far], _noun(runs))
        body.append(f"<text x='{_LEFT:g}' y='{_TOP + 4:g}' fill='{mark('muted')}'>{escape(words)}</text>")
    if chart.target is not None and (chart.target > 0 or not log):
        lines = [[(x, y) for x, y in _places(one, across, up) if y is not None] for one in series]
        body.append(_target(up(chart.target), chart.target_words, lines))
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{HEIGHT}' font-family='sans-serif'"
        f" font-size='11'>{''.join(body)}</svg>"
    )
    return svg_uri(svg)


def _noun(runs: Mapping[str, CurveRun]) -> str:
    return "group" if any(run.group for run in runs.values()) else "run"


class _Scale:
    def __init__(self, low: float, high: float, start: float, stop: float, *, log: bool = False) -> None:
        self.low, self.high, self.log = low, high, log
        self.start, self.stop = start, stop

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        span = high / 2 - low / 2  # halves: the span of -1e308 to 1e308 is no float
        share = 0.5 if span == 0 else (value / 2 - low / 2) / span
        return round(self.start + share * (self.stop - self.start), 1)

    def ticks(self) -> list[float]:
        """Round values within the range, 2 to 6 of them."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            step = max((last - first) // TICKS, 1)
            return [10.0**power for power in range(first, last + 1, step)] or [self.low, self.high]
        span = self.high - self.low
        if not (0 < span < math.inf):
            return [self.low]
        raw = span / TICKS
        power = 10.0 ** math.floor(math.log10(raw))
        apart = next(power * times for times in (1, 2, 5, 10) if power * times >= raw)
        begin = math.ceil(self.low / apart)
        return [round(place * apart, 12) for place in range(begin, begin + 10) if place * apart <= self.high]


def _range(values: Sequence[float], air: float = 0.05) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    if low > 0 and high / low > LOG_SPAN:
        return low, high
    room = (high / 2 - low / 2) * 2 * air
    return (low - room, high + room) if math.isfinite(room) else (low, high)


def _ticks(across: _Scale, up: _Scale, values: Sequence[float], x: str) -> str:
    grey, found = mark("muted"), []
    precision = precision_of(values or [0.0], None)
    for value in up.ticks():
        y = up(value)
        label = tick_text(0.0 if abs(value) < 1e-9 and not up.log else value)
        label = label if len(label) <= _LABEL else _short(value, number(value, precision))
        found.append(f"<path d='M{_LEFT:g},{y:g}H{WIDTH - _RIGHT:g}' stroke='{grey}' stroke-opacity='.25'/>")
        found.append(f"<text x='{_LEFT - 6:g}' y='{y + 4:g}' text-anchor='end' fill='{grey}'>{escape(label)}</text>")
    for value in across.ticks():
        label = _moment(value, across) if x == TIME else f"{value:,g}"
        place = across(value)
        anchor = "end" if place > WIDTH - 40 else "middle"
        found.append(
            f"<text x='{place:g}' y='{HEIGHT - 5}' text-anchor='{anchor}' fill='{grey}'>{escape(label)}</text>"
        )
    return "".join(found)


def _target(y: float, words: str, lines: Sequence[Sequence[tuple[float, float]]]) -> str:
    """The value that is to be reached: a dashed line, named at one of its ends, where the fewest lines are."""
    grey, right, wide = mark("text"), WIDTH - _RIGHT, 6.5 * len(words)
    inside = [foot for foot in (y - 4, y + 13) if foot - 9 > 0 and foot <= HEIGHT - _FOOT]
    spots = [(begin, foot) for begin in (right - wide, _LEFT) for foot in inside or (y - 4,)]
    begin, foot = min(spots, key=lambda spot: sum(_crosses(one, spot[0], spot[0] + wide, spot[1]) for one in lines))
    place, anchor = (right, "end") if begin > _LEFT else (_LEFT + 4, "start")
    return (
        f"<path d='M{_LEFT:g},{y:g}H{right:g}' stroke='{grey}' stroke-dasharray='2 3'/>"
        f"<text x='{place:g}' y='{foot:g}' text-anchor='{anchor}' fill='{grey}'>{escape(words)}</text>"
    )


def _crosses(line: Sequence[tuple[float, float]], left: float, right: float, foot: float) -> bool:
    """Whether a line goes through the place of a text."""
    for (x, y), (next_x, next_y) in zip(line, [*line[1:], *line[-1:]], strict=True):
        if next_x < left or x > right:
            continue
        slope = (next_y - y) / (next_x - x) if next_x > x else 0.0
        ends = [y + slope * (max(x, left) - x), y + slope * (min(next_x, right) - x)]
        if min(ends) < foot + 2 and max(ends) > foot - 11:
            return True
    return False


def _short(value: float, text: str) -> str:
    return text if len(text) <= _LABEL else f"{value:.3g}"


def _moment(value: float, across: _Scale) -> str:
    moment = datetime.fromtimestamp(value / 1000, UTC)
    return moment.strftime("%H:%M:%S" if across.high - across.low < 3_600_000 else "%d %b %H:%M")


def _places(one: Series, across: _Scale, up: _Scale) -> list[Place]:
    return [
        (across(x), up(y) if math.isfinite(y) and (not up.log or y > 0) else None)
        for x, y in zip(one.xs, one.ys, strict=True)
    ]


def _line(one: Series, run: CurveRun, across: _Scale, up: _Scale, *, cut: bool) -> list[str]:
    color = mark("muted") if run.baseline else run.paint.color
    places = _places(one, across, up)
    found = []
    drawn = [(x, y) for x, y in places if y is not None]
    if cut:
        places, edges = cut_at(places, up.stop, up.start)
        found = edge_marks(edges, up.stop, color)
    if len(drawn) < _LINE_FROM:
        inside = [(x, y) for x, y in drawn if not cut or up.stop <= y <= up.start]
        found += [f"<circle cx='{x:g}' cy='{y:g}' r='3' fill='{color}'/>" for x, y in inside]
    else:
        dash = (5, 3) if run.baseline else run.paint.dash
        dashes = f" stroke-dasharray='{' '.join(map(str, dash))}'" if dash else ""
        width = 2.0 if run.baseline else 1.5
        path, begun = "", False
        for x, y in places:
            path += "" if y is None else f"{'L' if begun else 'M'}{x:g},{y:g}"
            begun = y is not None
        opacity = f" stroke-opacity='{run.paint.opacity:g}'" if run.paint.opacity < 1 else ""
        found.append(
            f"<path d='{path}' fill='none' stroke='{color}' stroke-width='{width}' stroke-linejoin='round'"
            f"{dashes}{opacity}/>"
        )
    foot = HEIGHT - _FOOT
    for x in sorted({across(place) for place, _, _ in one.odd}):
        found.append(f"<path d='M{x - 3:g},{foot - 6:g}l6,6m0,-6l-6,6' stroke='{color}'/>")
    return found
