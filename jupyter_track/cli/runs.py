"""The table of runs on a terminal: the words of `views.runs`, in as many columns as there is room for.

Where a terminal is too narrow, texts lose their middle first, then the least important columns go, and the line below
says which. Numbers are never cut. A pipe gets every column, names of up to 80
characters and the runs' ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from ..views.columns import Column
from ..views.format import middle_cut, one_line
from ..views.run_cells import Cell
from ..views.runs import ALL_RUNS, Row, RunTable, change_words, changed_columns, table_foot
from .screen import GAP, MUTED, token_style

_SHORTEST_NAME = 16
_SHORTEST_PARAM = 10
_SHORTEST_CHANGE = 16
_SHORTEST_TITLE = 12
_SHORTEST_EXPERIMENT = 8
# The longest in a pipe, where all other rows get as many columns; the id says which run it is.
_NAME_IN_PIPE = 80
_EXPERIMENT_LIMIT = 40
_NAME = 2  # where the name stands
# What goes first where there is no room, the most important first. 0 always stays.
# Behind each metric comes its change against the baseline.
_METRICS, _PARAMS = (0, 8, 14, 18), (4, 10, 16, 20)
_EXPERIMENT, _AGE, _DURATION, _CHANGED = 2, 6, 12, 22


@dataclass(frozen=True)
class _Entry:
    """One cell or title: a coloured mark, the text, and what follows it even where the text is cut."""

    text: str
    style: str = ""
    mark: str = ""
    mark_style: str = ""
    tail: str = ""

    @property
    def _around(self) -> int:
        """The columns of all but the text."""
        return (cell_len(self.mark) + bool(self.text) if self.mark else 0) + cell_len(self.tail)

    @property
    def width(self) -> int:
        return cell_len(self.text) + self._around

    def cut(self, width: int) -> _Entry:
        return replace(self, text=_cut(self.text, max(width - self._around, 0)))

    def parts(self) -> Iterator[tuple[str, str]]:
        """Give the pieces of text with their styles."""
        if self.mark:
            yield self.mark, self.mark_style
            yield " " if self.text else "", ""
        yield self.text + self.tail, self.style


@dataclass(frozen=True)
class _Field:
    """One column of the terminal's table.

    `shortest` is to how many columns its entries may be cut; None is for numbers, which are not cut.
    """

    title: _Entry
    entries: tuple[_Entry, ...]
    importance: int = 0
    right: bool = False
    shortest: int | None = None

    @property
    def width(self) -> int:
        return max(self.title.width, *(entry.width for entry in self.entries))

    @property
    def least(self) -> int:
        """The columns that it needs at least."""
        title = min(self.title.width, _SHORTEST_TITLE)
        return max(title, *(min(entry.width, self.shortest or entry.width) for entry in self.entries))

    def cut(self, width: int) -> _Field:
        entries = self.entries if self.shortest is None else tuple(entry.cut(width) for entry in self.entries)
        return replace(self, title=self.title.cut(width), entries=entries)


@dataclass(frozen=True)
class _Grid:
    """The columns side by side, a line for each row.

    It hands rich its segments as they are: `rich.table.Table` measures and wraps every cell, which takes 12 s for the
    5,000 rows of a long sweep, and nothing is left to wrap here.
    """

    fields: Sequence[_Field]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [one.width for one in self.fields]
        narrow = _total(widths) > options.max_width  # even the last resort did not fit: cut at the edge
        titles = tuple(replace(one.title, style=MUTED) for one in self.fields)
        for entries in (titles, *zip(*(one.entries for one in self.fields), strict=True)):
            line = [Segment(text, console.get_style(style)) for text, style in self._line(entries, widths) if text]
            yield from Segment.adjust_line_length(line, options.max_width, pad=False) if narrow else line
            yield Segment.line()

    def _line(self, entries: Sequence[_Entry], widths: Sequence[int]) -> Iterator[tuple[str, str]]:
        gap = 0
        for one, entry, width in zip(self.fields, entries, widths, strict=True):
            space = width - entry.width
            yield " " * (gap + (space if one.right else 0)), ""
            yield from entry.parts()
            gap = GAP + (0 if one.right else space)


def runs_parts(table: RunTable, width: int | None) -> list[RenderableType]:
    """Return the table of runs and the line below it.

    Parameters
    ----------
    table : RunTable
        With at least one row.
    width : int or None
        Columns of the terminal; None for a pipe.
    """
    fields = _fields(table, whole=width is None)
    hidden: list[str] = []
    if width is not None:
        fields, hidden = _fitted(fields, width)
        hidden = [title for title in hidden if title != table.versus]
    return [_Grid(fields), *(Text(told, style=MUTED) for told in _wrapped(_foot(table, hidden), width))]


def _fields(table: RunTable, *, whole: bool) -> list[_Field]:
    """Return all columns at their natural width; `whole` is for a pipe."""
    rows = table.rows
    fields = [
        _Field(_Entry(""), tuple(_state(row) for row in rows)),
        _Field(_Entry("#"), tuple(_Entry(row.number) for row in rows), right=True),
        _Field(_Entry("name"), tuple(_name(row, whole) for row in rows), shortest=_SHORTEST_NAME),
    ]
    if table.mixed:
        entries = tuple(_Entry(middle_cut(one_line(row.experiment), _EXPERIMENT_LIMIT)) for row in rows)
        fields.append(_Field(_Entry("experiment"), entries, _EXPERIMENT, shortest=_SHORTEST_EXPERIMENT))
    if any(row.changed for row in rows):
        entries = tuple(_Entry(", ".join(row.changed), MUTED) for row in rows)
        fields.append(_Field(_Entry("changed"), entries, _CHANGED, shortest=_SHORTEST_CHANGE))
    ranks = {"metric": iter(_METRICS), "param": iter(_PARAMS)}
    for index, (column, compared) in enumerate(zip(table.columns, changed_columns(table), strict=True)):
        cells, importance = [row.cells[index] for row in rows], next(ranks[column.kind])
        fields.append(_value_field(column, cells, importance))
        if compared:
            entries = tuple(_change(cell) for cell in cells)
            fields.append(_Field(_Entry(table.versus), entries, importance + 1))
    fields.append(_Field(_Entry("duration"), tuple(_Entry(row.duration, MUTED) for row in rows), _DURATION, True))
    fields.append(_Field(_Entry("age"), tuple(_Entry(row.age, MUTED) for row in rows), _AGE, True))
    if whole:
        fields.append(_Field(_Entry("id"), tuple(_Entry(row.run_id) for row in rows)))
    return fields


def _state(row: Row) -> _Entry:
    return _Entry(one_line(row.state.word), mark=row.state.glyph, mark_style=token_style(row.state.token))


def _name(row: Row, whole: bool) -> _Entry:
    name = middle_cut(row.full_name or row.name, _NAME_IN_PIPE) if whole else row.name
    tail = f" {' '.join(row.marks)}" if row.marks else ""
    return _Entry("  " * (row.depth - 1) + "└ " + name if row.depth else name, tail=tail)


def _value_field(column: Column, cells: Sequence[Cell], importance: int) -> _Field:
    tail = f" {column.goal.arrow}" if column.goal.arrow else ""
    entries = []
    for cell in cells:
        style = "bold" if cell.best else MUTED if cell.muted else ""
        entries.append(_Entry(cell.text, style, *(("▲", token_style("better")) if cell.best else ())))
    shortest = None if column.right else _SHORTEST_PARAM
    return _Field(_Entry(column.title, tail=tail), tuple(entries), importance, column.right, shortest)


def _change(cell: Cell) -> _Entry:
    """What stands beside a metric: the change against the baseline."""
    verdict = None if cell.change is None or cell.noise else cell.change.verdict
    return _Entry(change_words(cell), token_style(verdict) if verdict in ("better", "worse") else MUTED)


# ---- fitting a terminal


def _fitted(fields: list[_Field], width: int) -> tuple[list[_Field], list[str]]:
    """Return the columns that fit, and the titles of those that do not."""
    if _total(one.width for one in fields) <= width:
        return fields, []
    states = [replace(entry, text=entry.text.partition(" (")[0]) for entry in fields[0].entries]
    kept = [replace(fields[0], entries=tuple(states)), *fields[1:]]
    while _total(one.least for one in kept) > width and any(one.importance for one in kept):
        kept.remove(max(kept, key=lambda one: one.importance))
    if _total(one.least for one in kept) > width:  # the glyph says it too
        kept[0] = replace(kept[0], entries=tuple(replace(entry, text="") for entry in states))
    excess = _total(one.width for one in kept) - width
    shown = {one.title for one in kept}
    for one in sorted(kept, key=lambda one: -one.importance):
        less = min(excess, one.width - one.least)
        if less > 0:
            kept[kept.index(one)] = one.cut(one.width - less)
            excess -= less
    if excess > 0:  # the number stays whole, and the name gives what it can
        kept[_NAME] = kept[_NAME].cut(max(kept[_NAME].width - excess, 1))
    return kept, [one.title.text for one in fields if one.title not in shown]


def _total(widths: Iterable[int]) -> int:
    every = list(widths)
    return sum(every) + GAP * (len(every) - 1)


def _cut(text: str, width: int) -> str:
    """Return `text` with its middle left out where it takes more than `width` columns; a wide character takes two."""
    limit = width
    while cell_len(text) > width:
        text, limit = middle_cut(text, limit), limit - 1
    return text


# ---- the line below the table


def _foot(table: RunTable, hidden: Sequence[str]) -> list[str]:
    """Return what `views.runs.table_foot` says, in the words of the command; the moment needs no saying here."""
    parts = ["--all shows them" if part == ALL_RUNS else part for part in table_foot(table)[:-1]]
    return [*parts, f"no room for {', '.join(hidden)}"] if hidden else parts


def _wrapped(parts: Sequence[str], width: int | None) -> list[str]:
    """Return parts as lines of at most `width` columns, broken between parts where that is enough."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and (width is None or cell_len(longer) <= width):
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
