"""Charts of many runs as SVG pictures by our own code, for the ``<img>`` of a static form.

The picture does not know the ground that it lies on, so its colours are the mid-tones of marks. Runs that were selected
have their colour; without a selection the best tenth is drawn stronger than the rest.
"""

from __future__ import annotations

import html
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .axes import Axis
from .colors import Paint, paints
from .format import middle_cut, one_line
from .importance import Bar
from .parallel import Parallel, Plotted, in_colour, ordered_by, range_words
from .scatter import Scatter
from .svg import svg_uri
from .tokens import mark
from .words import counted

MAX_LINES, MAX_POINTS = 150, 400  # of a picture
WIDTH, HEIGHT = 640, 230
BAR_WIDTH, BAR_HEIGHT = 120, 12
STRONG, FAINT = 0.9, 0.3
CROWD = 50  # lines; of more each is drawn fainter, so that where they are dense is still seen
MOST_COLORED = 8
_TOP, _FOOT, _SIDE = 30, 26, 72
_LETTER = 6.2  # pixels of a character
_TITLE = 16  # characters
_FONT = "font-family='system-ui,sans-serif' font-size='11'"


@dataclass(frozen=True)
class Picture:
    """A picture: its address (``data:image/svg+xml,…``), itself in words, and its size in CSS pixels."""

    uri: str
    alt: str
    width: int
    height: int


def parallel_svg(parallel: Parallel, selected: Collection[str] = ()) -> Picture:
    """Draw parallel coordinates: at most 150 lines, the best ones and every so many of the others."""
    axes = parallel.axes
    step = (WIDTH - 2 * _SIDE) / max(len(axes) - 1, 1)
    places = [_SIDE + step * at for at in range(len(axes))] if len(axes) > 1 else [WIDTH / 2]
    foot, mark_color = HEIGHT - _FOOT, mark("muted")
    order, body = _in_order(parallel.runs, parallel.metric, selected, MAX_LINES), ""
    looks = _looks(parallel.runs, parallel.metric, selected, order)
    for at in order:
        points = [
            (x, foot - (axis.shares[at] or 0.0) * (foot - _TOP) if axis.shares[at] is not None else foot + 10)
            for x, axis in zip(places, axes, strict=True)
        ]
        base = parallel.runs[at].kept == "baseline" and looks[at][1] == 1.0
        dash = " stroke-width='2' stroke-dasharray='5 3'" if base else ""
        path = "M" + "L".join(f"{x:.0f},{y:.1f}" for x, y in points)
        body += f"<path d='{path}'{_drawn('stroke', looks[at])}{dash}/>"
    free, mask = _mask(axes, places)
    lines = f"{mask}<g fill='none' stroke-width='1.25' stroke='{mark_color}' mask='url(#{free})'>{body}</g>"
    ticks = "".join(
        _axis(axis, x, last=at == len(axes) - 1) for at, (axis, x) in enumerate(zip(axes, places, strict=True))
    )
    told = "; ".join(f"{one_line(axis.key)} {range_words(axis)}" for axis in axes[:-1])
    alt = f"{counted(len(parallel.runs), 'run')} in parallel coordinates: {told or 'no param differs'}; "
    alt += f"{one_line(parallel.metric.key)} {range_words(parallel.metric)}"
    return _picture(lines + ticks, alt, WIDTH, HEIGHT)


def _mask(axes: Sequence[Axis], places: Sequence[float]) -> tuple[str, str]:
    """The places of the axes' texts, at which no line is drawn: the ground is not known, so nothing can cover a line.

    Its name is made of what it holds, since pictures of one page may share their names.
    """
    holes, foot = "", HEIGHT - _FOOT
    for axis, x in zip(axes, places, strict=True):
        for share, text in axis.ticks:
            width = len(text) * _LETTER + 4
            left = x + 3 if axis is axes[-1] else x - 3 - width
            holes += (
                f"<rect x='{left:.0f}' y='{foot - share * (foot - _TOP) - 7:.0f}' width='{width:.0f}' height='14'/>"
            )
    name = f"m{zlib.crc32(holes.encode()):08x}"
    return name, (
        f"<mask id='{name}' maskUnits='userSpaceOnUse' x='0' y='0' width='{WIDTH}' height='{HEIGHT}'>"
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#fff'/><g fill='#000'>{holes}</g></mask>"
    )


def scatter_svg(scatter: Scatter, selected: Collection[str] = ()) -> Picture:
    """Draw a scatter plot of at most 400 points."""
    left, right, top, foot = 64, WIDTH - 16, 24, HEIGHT - 34
    order, body = _in_order(scatter.runs, scatter.y, selected, MAX_POINTS), ""
    looks = _looks(scatter.runs, scatter.y, selected, order)
    for at in order:
        across, up = scatter.x.shares[at], scatter.y.shares[at]
        if across is not None and up is not None:
            x, y = left + across * (right - left), foot - up * (foot - top)
            body += f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3'{_drawn('fill', looks[at])}/>"
    grid = "".join(
        f"<path d='M{left},{foot - share * (foot - top):.1f}H{right}' stroke='{mark('muted')}' stroke-opacity='0.2'/>"
        + _text(left - 6, foot - share * (foot - top) + 4, text, "end")
        for share, text in scatter.y.ticks
    )
    below = "".join(_text(left + share * (right - left), foot + 16, text) for share, text in scatter.x.ticks)
    titles = _text(4, 12, _title(scatter.y), "start") + _text(right, HEIGHT - 4, _title(scatter.x), "end")
    points = f"<g fill='{mark('muted')}'>{body}</g>"
    alt = f"{counted(len(scatter.runs), 'run')}: {one_line(scatter.y.key)} {range_words(scatter.y)} against "
    alt += f"{one_line(scatter.x.key)} {range_words(scatter.x)}"
    return _picture(grid + below + titles + points, alt, WIDTH, HEIGHT)


def bar_svg(bar: Bar, largest: float) -> Picture:
    """Draw the bar of a param with its deviation, as long as its share of the largest one."""
    scale = (BAR_WIDTH - 2) / largest if largest > 0 else 0.0
    length = max(bar.mean, 0.0) * scale
    low, high = (min(max(value * scale, 0.0), BAR_WIDTH - 1) for value in _ends(bar))
    color = mark("muted")
    opacity = 0.4 if bar.noise else 0.9
    body = f"<rect x='0' y='3' width='{max(length, 1):.1f}' height='6' fill='{color}' fill-opacity='{opacity}'/>"
    body += f"<path d='M{low:.1f},6H{high:.1f}M{low:.1f},3v6M{high:.1f},3v6' stroke='{mark('running')}' fill='none'/>"
    return _picture(body, f"{one_line(bar.key)}: {bar.text}", BAR_WIDTH, BAR_HEIGHT)


def _ends(bar: Bar) -> tuple[float, float]:
    return bar.mean - bar.deviation, bar.mean + bar.deviation


def _in_order(runs: Sequence[Plotted], axis: Axis, selected: Collection[str], limit: int) -> list[int]:
    """Return the runs that are drawn, the best and the selected last, on top of the others."""
    best = ordered_by(axis)
    if len(best) > limit:
        half = limit // 2
        kept = [at for at in best if runs[at].run_id in selected][:half] if selected else []
        above = frozenset(kept)
        rest = [at for at in best[half:] if at not in above]
        every = max(len(rest) / (limit - half), 1.0)
        best = [*best[:half], *(rest[int(at * every)] for at in range(min(limit - half, len(rest)))), *kept]
    order = list(dict.fromkeys(reversed(best)))
    return sorted(order, key=lambda at: runs[at].run_id in selected)


def _looks(
    runs: Sequence[Plotted], axis: Axis, selected: Collection[str], order: Sequence[int]
) -> dict[int, tuple[str, float]]:
    """Return the colour and the opacity of the runs at some places; the colour is empty where it is that of the others.

    With runs that are selected the first of them have their own, and the rest of them are stronger; without, the best,
    the baseline and the pinned ones have, and the best tenth is stronger.
    """
    drawn = min(len(runs), MAX_LINES)
    if selected:
        above, bold = frozenset(at for at, run in enumerate(runs) if run.run_id in selected), STRONG
        own = sorted(above)[:MOST_COLORED]
    else:
        above, bold = top_tenth(axis), strong(drawn)
        own = sorted((at for at, _ in in_colour(runs, axis)), key=lambda at: runs[at].number)
    found, thin = paints({runs[at].run_id: runs[at].number for at in own}), faint(drawn)
    return {
        at: (_own(run, found), 1.0) if run.run_id in found else ("", bold if at in above else thin)
        for at, run in ((at, runs[at]) for at in order)
    }


def _own(run: Plotted, found: Mapping[str, Paint]) -> str:
    """A run's colour; the baseline is grey as the others, at full strength, and dashed where it is a line."""
    return "" if run.kept == "baseline" else found[run.run_id].color


def faint(count: int) -> float:
    """Return how strongly each of so many lines is drawn.

    Examples
    --------
    >>> faint(8), faint(100), faint(10_000)
    (0.3, 0.15, 0.04)
    """
    return round(max(FAINT * min(1.0, CROWD / max(count, 1)), 0.04), 3)


def strong(count: int) -> float:
    """Return how strongly each of the best tenth of so many lines is drawn.

    Examples
    --------
    >>> strong(8), strong(1_000), strong(10_000)
    (0.9, 0.45, 0.3)
    """
    return round(max(STRONG * min(1.0, CROWD * 10 / max(count, 1)), 0.3), 3)


def top_tenth(axis: Axis) -> frozenset[int]:
    """Return the best tenth of the runs, where the metric's goal is known and there are ten runs or more."""
    order = ordered_by(axis)
    return frozenset(order[: len(order) // 10] if axis.goal.direction is not None else ())


def _drawn(kind: str, look: tuple[str, float]) -> str:
    color, opacity = look
    return (f" {kind}='{color}'" if color else "") + f" {kind}-opacity='{opacity:g}'"


def _axis(axis: Axis, x: float, *, last: bool) -> str:
    foot = HEIGHT - _FOOT
    line = f"<path d='M{x:.0f},{_TOP}V{foot}' stroke='{mark('muted')}' stroke-opacity='0.5'/>"
    ticks = "".join(
        _text(x + 5 if last else x - 5, foot - share * (foot - _TOP) + 4, text, "start" if last else "end")
        for share, text in axis.ticks
    )
    missing = _text(x, foot + 22, "none" if axis.kind == "param" else "NaN") if None in axis.shares else ""
    return line + ticks + _text(x, 14, _title(axis)) + missing


def _title(axis: Axis) -> str:
    name = middle_cut(one_line(axis.key), _TITLE)
    return " ".join(part for part in (name, axis.goal.arrow, "log" if axis.scale == "log" else "") if part)


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' text-anchor='{anchor}'>{html.escape(text)}</text>"


def _picture(body: str, alt: str, width: int, height: int) -> Picture:
    size = f"width='{width}' height='{height}' {_FONT} fill='{mark('muted')}'"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' {size}>{body}</svg>"
    return Picture(svg_uri(svg), alt, width, height)
