"""The static HTML: what stays on the page when the kernel is gone, on GitHub and in nbconvert.

Inline styles with literal values only, and nothing that a sanitiser drops. Every style may be taken away and the page
still reads right: plain tables with a header, a space between any two words, the picture's numbers beside it.
JupyterLab sets its own CSS on tables (right-aligned, striped, without borders), so a cell says its own alignment,
wrapping and padding, and a row its own ground.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Experiment, ModelVersion, RegisteredModel, Run, html_form
from .card import FINISHED, Card, MetricLine, ParamItem
from .columns import Column
from .compared import Comparison
from .comparison_html import stored_comparison_html
from .details import Details, Grid, experiment_details, files_of, run_details, status_details
from .format import middle_cut, plain_text
from .found import Runs
from .markup import Markup, arrow, element, glyph, join, muted
from .models import model_details, version_details
from .run_cells import Cell
from .runs import FEW_ROWS, Row, RunTable, changed_columns, table_foot
from .runs import change_words as table_change
from .sparkline import Sparkline
from .styles import (
    BODY,
    BREAK,
    GAP,
    LINE,
    NO_BREAK,
    PLAIN_ROW,
    RULED_ROW,
    SUMMARY,
    TABLE,
    TOP_ROW,
    cell_style,
)
from .table import shown_table
from .tokens import HAIRLINE, MUTED_OPACITY, State
from .wide import wide


def card_html(card: Card) -> Markup:
    """Return a card as static HTML."""
    head = _short_line(card) if card.short else _head(card)
    parts = [element("div", head, style=LINE)]
    if card.below:
        below = muted(", ".join(card.changed))
        parts.append(element("div", below, style="padding-left:20px;overflow-wrap:break-word"))
    if card.metrics and not card.short:
        parts.append(_card_metrics(card))
    if card.error:
        parts.append(element("div", card.error, style="overflow-wrap:break-word;padding-left:20px"))
    if not card.short:
        parts += _foot(card)
    parts += [element("div", muted(note), style="padding-left:20px;overflow-wrap:break-word") for note in card.notes]
    return element("div", *parts, style=BODY)


def _state(state: State, always: bool, short: bool = False) -> Markup:
    word = state.word if always or state.word != FINISHED else ""
    word = word.partition(" (")[0] if short else word
    return join([glyph(state.glyph, state.token, state.word), word])


def _gap(*children: str, title: str = "", faint: bool = False) -> Markup:
    style = f"{GAP};opacity:{MUTED_OPACITY}" if faint else GAP
    return element("span", *children, style=style, title=title)


def _name(card: Card) -> Markup:
    return join([element("b", card.name), muted(card.number) if card.number else ""])


def _short_line(card: Card) -> Markup:
    parts: list[str] = [glyph(card.state.glyph, card.state.token, card.state.word), _name(card)]
    if card.changed and not card.below:
        parts.append(_gap(", ".join(card.changed), faint=True))
    if card.state.word != FINISHED:
        parts.append(_gap(card.state.word))
    for line in card.metrics:
        value = [_key(line), element("span", line.value, title=line.full), _compared(line)]
        parts.append(_gap(join(value)))
    if card.more:
        parts.append(_gap(f"+{card.more} more", faint=True))
    if card.params:
        parts.append(_gap(_params(card)))
    parts += [_gap(" · ".join(card.extras), faint=True)] if card.extras else []
    parts.append(_gap(card.time, faint=True))
    return join(parts)


def _key(line: MetricLine) -> Markup:
    return muted(line.key, title="captured, not logged" if line.muted else "")


def _compared(line: MetricLine) -> Markup:
    """The change of a metric in brackets."""
    return join(["(", join(_compared_parts(line)), ")"], separator="") if line.change else Markup("")


def _compared_parts(line: MetricLine) -> list[str]:
    """The change of a metric in parts, between which a line may break."""
    if line.change is None:
        return []
    if line.change.verdict == "same":
        return [muted(f"same as {line.versus}")]
    if line.noise:
        return [muted(line.change.text), muted(f"vs {line.versus},"), muted(line.noise)]
    return [join([line.change.text, arrow(line.change, line.goal)]), muted(f"vs {line.versus}")]


def _unbroken(parts: Sequence[str]) -> Markup:
    """Return parts that stay whole where a narrow cell breaks between them."""
    return join(element("span", part, style="white-space:nowrap") for part in parts if part)


def _head(card: Card) -> Markup:
    parts: list[str] = [glyph(card.state.glyph, card.state.token, card.state.word), _name(card)]
    if card.changed and not card.below:
        parts.append(_gap(", ".join(card.changed)))
    parts.append(_gap(card.state.word, faint=True))
    parts.append(muted(card.time))
    return join(parts)


def _card_metrics(card: Card) -> Markup:
    compared = any(line.change or line.spread for line in card.metrics)
    drawn = any(line.spark for line in card.metrics)
    described = any(line.best or line.is_best for line in card.metrics)
    rows = []
    for line in card.metrics:
        height = 32 if line.spark else 22
        faint = f"opacity:{MUTED_OPACITY}"
        cells = [
            element("th", line.key, style=cell_style(False, height=height, more=f"font-weight:normal;{faint}"),
                    title="captured, not logged" if line.muted else "", scope="row"),
            element("td", line.value, style=cell_style(True, height=height, more=faint if line.muted else ""),
                    title=line.full),
        ]  # fmt: skip
        if compared:
            beside = [*_compared_parts(line), muted(line.spread)]
            cells.append(element("td", _unbroken(beside), style=cell_style(False, height=height, wrap=True)))
        if drawn:
            cells.append(element("td", picture(line.spark), style=cell_style(False, height=height)))
        if described:
            cells.append(element("td", _unbroken(_best(line)), style=cell_style(False, height=height, wrap=True)))
        rows.append(element("tr", *cells, style=PLAIN_ROW))
    if card.more:
        rest = element("td", muted(f"+{card.more} more"), style=cell_style(False, height=22))
        rows.append(element("tr", rest, style=PLAIN_ROW))
    table = element("table", element("tbody", *rows), style=TABLE)
    return element("div", table, style="overflow:auto;max-width:100%;padding-left:20px")


def _best(line: MetricLine) -> list[Markup]:
    """Which point is the best, in parts."""
    if not line.is_best:
        value, at, step = line.best.partition(" at ")
        return [muted(value), muted(f"at {step}") if at else Markup("")] if line.best else []
    doubt = muted(line.goal.doubt, title=line.goal.words) if line.goal.guessed else ""
    best = join([glyph("▲", "better", line.goal.words), doubt], separator="")
    return [join([best, muted("best")])]


def picture(spark: Sparkline | None) -> Markup:
    """Return a sparkline's ``<img>``, and ``log`` where its scale is."""
    if spark is None:
        return Markup("")
    image = element("img", src=spark.uri, alt=spark.alt, width=spark.width, height=spark.height,
                    style="max-width:none;vertical-align:middle;margin:0", title=spark.alt)  # fmt: skip
    return join([image, muted("log") if spark.log else ""])


def _params(card: Card) -> Markup:
    items: list[str] = [_param(item) for item in card.params]
    return join([*items, *(muted(text) for text in card.more_params)], separator=" · ")


def _param(item: ParamItem) -> Markup:
    return join([muted(item.key), element("span", item.text, title=f"{item.key} = {item.full}, {item.source}")])


def _foot(card: Card) -> list[Markup]:
    parts = [_params(card)] if card.params or card.more_params else []
    if card.extras:
        extras = muted(" · ".join(card.extras))
        parts.append(element("span", extras, style=f"white-space:nowrap;padding-left:{16 if parts else 0}px"))
    if not parts:
        return []
    return [element("div", join(parts), style="padding-left:20px;overflow-wrap:break-word")]


def table_html(table: RunTable) -> Markup:
    """Return the table of runs as static HTML."""
    if not table.rows:
        return element("div", plain_text(table.empty), style=f"{BODY};white-space:pre-line")
    head = [_heading(text, right) for text, right in (("status", False), ("#", True), ("name", False))]
    head += [_heading("experiment", False)] if table.mixed else []
    shape = _Shape(table.mixed, _has_curves(table), changed_columns(table))
    for index, column in enumerate(table.columns):
        head.append(_column_heading(column))
        head += [_heading(table.versus, False)] if shape.changes[index] else []
        head += [_heading("curve", False)] if shape.drawn and index == 0 else []
    head += [_heading("duration", True), _heading("age", True)]
    last_on_top = sum(row.top for row in table.rows) - 1
    rows = [
        _row(row, table.columns, shape, index == last_on_top and index < len(table.rows) - 1)
        for index, row in enumerate(table.rows)
    ]
    header = element("thead", element("tr", *head, style=RULED_ROW), style="border:none")
    body = element("table", header, element("tbody", *rows), style=TABLE)
    foot = element("div", muted(" · ".join(table_foot(table))), style="padding-top:4px;overflow-wrap:break-word")
    return element("div", wide(body, long=len(rows) > FEW_ROWS), foot, style=BODY)


@dataclass(frozen=True)
class _Shape:
    """Which further columns a table has: the experiment, curves, changes against the baseline."""

    mixed: bool
    drawn: bool
    changes: tuple[bool, ...]


def _has_curves(table: RunTable) -> bool:
    return any(row.cells and row.cells[0].spark for row in table.rows)


def _heading(text: str, right: bool, title: str = "") -> Markup:
    style = cell_style(right, height=32, more=f"font-weight:normal;opacity:{MUTED_OPACITY}")
    return element("th", text, style=style, title=title, scope="col")


def _column_heading(column: Column) -> Markup:
    text = f"{column.title}{NO_BREAK}{column.goal.arrow}".rstrip()
    title = f"{column.kind} {column.key}" + (f", {column.goal.words}" if column.goal.direction else "")
    return _heading(text, column.right, title)


def _row(row: Row, columns: Sequence[Column], shape: _Shape, last_on_top: bool) -> Markup:
    indent = f"padding-left:{16 * row.depth}px" if row.depth else ""
    name = join([muted("└") if row.depth else "", element("b", row.name), *(muted(mark) for mark in row.marks)])
    if row.changed:
        name = join([name, element("div", ", ".join(row.changed), style=_SECOND)], separator="")
    name_style = cell_style(False, more=f"font-weight:normal;{indent}".rstrip(";"))
    cells = [
        element("td", _state(row.state, always=False, short=True), style=cell_style(False)),
        element("td", muted(row.number), style=cell_style(True)),
        element("th", name, style=name_style, title=row.full_name if row.full_name != row.name else "", scope="row"),
    ]
    cells += [element("td", middle_cut(row.experiment, 24), style=cell_style(False))] if shape.mixed else []
    for index, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        cells.append(_value(cell, column))
        cells += [element("td", _cell_change(cell, column), style=cell_style(False))] if shape.changes[index] else []
        cells += [element("td", picture(cell.spark), style=cell_style(False))] if shape.drawn and index == 0 else []
    cells.append(element("td", row.duration, style=cell_style(True)))
    cells.append(element("td", muted(row.age), style=cell_style(True), title=row.started))
    return element("tr", *cells, style=TOP_ROW if last_on_top else RULED_ROW)


def _cell_change(cell: Cell, column: Column) -> Markup:
    if cell.change is None:
        return Markup("")
    if cell.noise or cell.change.verdict == "same":
        return muted(table_change(cell))
    return join([cell.change.text, arrow(cell.change, column.goal)])


def _value(cell: Cell, column: Column) -> Markup:
    text: str = muted(cell.text) if cell.muted and cell.text else cell.text
    if cell.best:
        text = join([glyph("▲", "better", cell.best_words), element("b", cell.text)], separator=NO_BREAK)
    return element("td", text, style=cell_style(column.right), title=cell.full if cell.full != cell.text else "")


def details_html(details: Details) -> Markup:
    """Return a record in full as static HTML."""
    parts: list[Markup] = []
    if details.name or details.state:
        state = _state(details.state, always=True) if details.state else ""
        number = muted(details.number) if details.number else ""
        parts.append(element("div", join([element("b", details.name), number, state]), style=LINE))
    parts += [
        element("div", join([glyph("✗", "failed", "problem"), problem]), style="overflow-wrap:break-word")
        for problem in details.problems
    ]
    if details.facts:
        parts.append(_grid(Grid((), details.facts, (False, False))))
    parts += [_grid(grid) for grid in details.grids]
    if details.block:
        style = f"white-space:pre-wrap;margin:4px 0 0 0;padding:4px 0 0 0;border-top:1px solid {HAIRLINE}"
        parts.append(element("pre", details.block, style=style))
    return element("div", *parts, style=BODY)


def _grid(grid: Grid) -> Markup:
    head = [_heading(text, right) for text, right in zip(grid.header, grid.right, strict=bool(grid.header))]
    header = [element("thead", element("tr", *head, style=RULED_ROW), style="border:none")] if head else []
    rows = []
    for place, (label, *values) in enumerate(grid.rows):
        air = "padding-top:4px;" if head and not place else ""  # below the header's rule
        name = cell_style(False, height=22, more=f"{air}font-weight:normal;vertical-align:top;opacity:{MUTED_OPACITY}")
        cells = [element("th", label, style=name, scope="row")]
        for index, (text, right) in enumerate(zip(values, grid.right[1:], strict=True), start=1):
            wrap = index == grid.wrap and not right
            style = cell_style(right, height=22, wrap=wrap, more=f"{air}vertical-align:top{BREAK if wrap else ''}")
            cells.append(element("td", text, style=style))
        rows.append(element("tr", *cells, style=PLAIN_ROW))
    table = element("table", *header, element("tbody", *rows), style=TABLE)
    return element("div", table, style="overflow:auto;max-width:100%;padding-top:4px")


def runs_html(runs: Sequence[Run], *, total: int | None = None) -> Markup:
    """Return the table of `runs` as static HTML, with ages told from now."""
    return table_html(shown_table(runs, _now(), total=total))


def code_html(source: str, label: str) -> Markup:
    """Return source code that can be folded away, open at first."""
    style = f"white-space:pre-wrap;margin:4px 0 0 0;padding:4px 0 0 0;border-top:1px solid {HAIRLINE}"
    summary = element("summary", label, style=SUMMARY)
    return element("details", summary, element("pre", plain_text(source).rstrip(), style=style), open="", style=BODY)


def figure_html(data: bytes, mime: str, label: str) -> Markup:
    """Return a picture with its label; nothing for content that is no picture (the JSON of a chart)."""
    if mime not in _PICTURES:
        return Markup("")
    address = f"data:{mime};base64,{base64.b64encode(data).decode()}"
    image = element("img", src=address, alt=label, style="max-width:100%;height:auto;margin:4px 0")
    return element("div", element("div", muted(label)), image, style=BODY)


def status_html(items: Sequence[tuple[str, str]], problems: Sequence[str]) -> Markup:
    """Return what ``%track status`` shows: facts as label and text, and what is wrong."""
    return details_html(status_details(items, problems))


_SECOND = f"opacity:{MUTED_OPACITY};font-size:12px;line-height:16px;padding:0 0 4px 0"  # under a run's name
_PICTURES = frozenset({"image/png", "image/jpeg", "image/svg+xml"})


def _now() -> int:
    return int(time.time() * 1000)


@html_form.register
def _(record: Run) -> str:
    return details_html(run_details(record, artifacts=files_of(record)))


@html_form.register
def _(record: Experiment) -> str:
    return details_html(experiment_details(record))


html_form.register(Runs, runs_html)
html_form.register(Card, card_html)
html_form.register(Comparison, stored_comparison_html)
html_form.register(RunTable, table_html)
html_form.register(Details, details_html)


@html_form.register
def _(record: RegisteredModel) -> str:
    return details_html(model_details(record, record.latest_versions, None, _now()))


@html_form.register
def _(record: ModelVersion) -> str:
    return details_html(version_details(record))
