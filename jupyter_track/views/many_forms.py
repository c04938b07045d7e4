"""The static forms of charts of many runs: a picture with a plain table beside it, and plain text."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .axes import Axis
from .format import PARAM_LIMIT, middle_cut, one_line
from .importance import Importance
from .many_svg import Picture, bar_svg, parallel_svg, scatter_svg, top_tenth
from .markup import Markup, element, join, muted
from .parallel import Parallel, Plotted, ordered_by
from .scatter import Scatter
from .styles import BODY, RULED_ROW, TABLE, cell_style
from .text import aligned
from .tokens import MUTED_OPACITY, state_of
from .wide import wide
from .words import counted

BEST = 10  # runs that a table shows
_BLOCKS = " ▏▎▍▌▋▊▉█"
_TEXT_BAR = 20


def parallel_html(parallel: Parallel, selected: Collection[str] = ()) -> Markup:
    """Return parallel coordinates as static HTML."""
    return _chart_html(parallel.runs, parallel.axes, parallel_svg(parallel, selected), parallel.notes, selected)


def scatter_html(scatter: Scatter, selected: Collection[str] = ()) -> Markup:
    """Return a scatter plot as static HTML."""
    return _chart_html(scatter.runs, scatter.axes, scatter_svg(scatter, selected), scatter.notes, selected)


def importance_html(importance: Importance) -> Markup:
    """Return which params mattered as static HTML."""
    largest = max((bar.mean + bar.deviation for bar in importance.bars), default=0.0)
    rows = [
        element(
            "tr",
            element("th", bar.title, style=cell_style(False, height=24, more="font-weight:normal"), scope="row"),
            element("td", _image(bar_svg(bar, largest)), style=cell_style(False, height=24)),
            element("td", muted(bar.text) if bar.noise else bar.text, style=cell_style(True, height=24)),
            element("td", muted("within noise") if bar.noise else "", style=cell_style(False, height=24)),
            style=RULED_ROW,
        )
        for bar in importance.bars
    ]
    table = element(
        "table", _header(["param", "", "R² lost ± sd", ""], (False, False, True, False)), *rows, style=TABLE
    )
    return element("div", element("div", importance.head), table, *_lines(importance_notes(importance)), style=BODY)


def parallel_text(parallel: Parallel, selected: Collection[str] = ()) -> str:
    """Return parallel coordinates as text: the best runs, or those that are selected."""
    return _chart_text(parallel.runs, parallel.axes, parallel.notes, selected)


def scatter_text(scatter: Scatter, selected: Collection[str] = ()) -> str:
    """Return a scatter plot as text: the best runs, or those that are selected."""
    return _chart_text(scatter.runs, scatter.axes, scatter.notes, selected)


def importance_text(importance: Importance) -> str:
    """Return which params mattered as text, with bars of blocks."""
    largest = max((bar.mean for bar in importance.bars), default=0.0)
    rows = [
        [bar.title, _blocks(bar.mean / largest if largest > 0 else 0.0), bar.text, "within noise" if bar.noise else ""]
        for bar in importance.bars
    ]
    return "\n".join([importance.head, *aligned(rows, (False, False, True, False)), *importance_notes(importance)])


def importance_notes(importance: Importance) -> list[str]:
    """Return what stands below the bars: the method, and its limits."""
    return [importance.method, *([" · ".join(importance.notes)] if importance.notes else [])]


def chart_notes(
    runs: Sequence[Plotted], metric: Axis, notes: Sequence[str], selected: Collection[str] = ()
) -> list[str]:
    """Return what stands below a chart: how many runs, which are drawn stronger, what is not shown."""
    chosen = sum(1 for run in runs if run.run_id in selected)
    said = [counted(len(runs), "run")]
    if chosen:
        said.append(f"{chosen:,} selected")
    elif top_tenth(metric):
        said.append("stronger: the best tenth")
    return [*said, *notes]


# ---- parts


def _shown(runs: Sequence[Plotted], metric: Axis, selected: Collection[str]) -> list[int]:
    order = ordered_by(metric)
    chosen = [at for at in order if runs[at].run_id in selected]
    return (chosen or order)[:BEST]


def _chart_html(
    runs: Sequence[Plotted], axes: Sequence[Axis], picture: Picture, notes: Sequence[str], selected: Collection[str]
) -> Markup:
    right = [not axis.categories for axis in axes]
    head = _header(["", "#", "name", *(axis.title for axis in axes)], (False, True, False, *right))
    rows = [_row(runs[at], axes, at, right) for at in _shown(runs, axes[-1], selected)]
    below = " · ".join(chart_notes(runs, axes[-1], notes, selected))
    table = wide(element("table", head, *rows, style=TABLE))
    return element("div", element("div", _image(picture)), table, *_lines([below]), style=BODY)


def _row(run: Plotted, axes: Sequence[Axis], at: int, right: Sequence[bool]) -> Markup:
    state = state_of(run.state)
    cells = [
        element("td", muted(state.glyph, title=state.word), style=cell_style(False, height=24)),
        element("td", str(run.number), style=cell_style(True, height=24)),
        element("th", run.name, style=cell_style(False, height=24, more="font-weight:normal"), scope="row"),
        *(
            element(
                "td",
                middle_cut(axis.texts[at], PARAM_LIMIT),
                style=cell_style(to_right, height=24),
                title=_full(axis, at),
            )
            for axis, to_right in zip(axes, right, strict=True)
        ),
    ]
    return element("tr", *cells, style=RULED_ROW)


def _full(axis: Axis, at: int) -> str:
    value = axis.values[at]
    full = "" if value is None else repr(value) if isinstance(value, float) else one_line(value)
    return full if full != axis.texts[at] else ""


def _header(titles: Sequence[str], right: Sequence[bool]) -> Markup:
    faint = f"font-weight:normal;opacity:{MUTED_OPACITY}"
    cells = [
        element("th", title, style=cell_style(to_right, height=28, more=faint), scope="col")
        for title, to_right in zip(titles, right, strict=True)
    ]
    return element("thead", element("tr", *cells, style=RULED_ROW), style="border:none")


def _image(picture: Picture) -> Markup:
    style = "max-width:100%;margin:0;vertical-align:middle"
    return element("img", src=picture.uri, alt=picture.alt, width=picture.width, height=picture.height, style=style)


def _lines(lines: Sequence[str]) -> list[Markup]:
    style = "padding-top:4px;overflow-wrap:break-word"
    return [element("div", join([muted(line)]), style=style) for line in lines if line]


def _chart_text(runs: Sequence[Plotted], axes: Sequence[Axis], notes: Sequence[str], selected: Collection[str]) -> str:
    rows = [["", "#", "name", *(axis.title for axis in axes)]]
    for at in _shown(runs, axes[-1], selected):
        state = state_of(runs[at].state)
        rows.append([state.glyph, str(runs[at].number), runs[at].name, *(axis.texts[at] for axis in axes)])
    right = (False, True, False, *(not axis.categories for axis in axes))
    return "\n".join([*aligned(rows, right), " · ".join(chart_notes(runs, axes[-1], notes, selected))])


def _blocks(share: float) -> str:
    eighths = round(max(share, 0.0) * _TEXT_BAR * 8)
    return "█" * (eighths // 8) + _BLOCKS[eighths % 8].strip()


def sentence_html(text: str) -> Markup:
    """Return a sentence in the place of a chart."""
    return element("div", text, style=BODY)
