"""The plain text: what a terminal, a log and a host without HTML show; the same words in the same order."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence

from ..records import Experiment, ModelVersion, RegisteredModel, Run, text_form
from .card import FINISHED, Card, MetricLine, change_words
from .comparison import CodeDiff, Comparison, Line, Value
from .comparison import foot as comparison_foot
from .details import Details, Grid, experiment_details, files_of, run_details, status_details
from .format import MINUS, plain_text
from .found import Runs
from .models import model_details, version_details
from .runs import Row, RunTable, changed_columns, table_foot
from .runs import change_words as table_change
from .table import shown_table
from .tokens import State

_INDENT = "  "


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide characters two, combining ones none."""
    wide = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return wide - sum(1 for char in text if unicodedata.combining(char))


def aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Return rows as lines whose columns stand below each other; columns without any text are left out."""
    widths = [max(columns_of(row[index]) for row in rows) for index in range(len(right))]
    lines = []
    for row in rows:
        padded = []
        for text, width, to_right in zip(row, widths, right, strict=True):
            space = " " * (width - columns_of(text))
            padded.append(space + text if to_right else text + space)
        used = [text for text, width in zip(padded, widths, strict=True) if width]
        lines.append(_INDENT.join(used).rstrip())
    return lines


def card_text(card: Card) -> str:
    """Return a card as text."""
    head = " ".join(part for part in (card.state.glyph, card.name, card.number) if part)
    changed = ", ".join(card.changed)
    below = [_INDENT + changed] if card.below else []
    if card.short:
        lines = [_INDENT.join([head, *_short_parts(card)]), *below]
    else:
        told = " ".join(part for part in (card.state.word, card.time) if part)
        lines = [_INDENT.join(part for part in (head, "" if card.below else changed, told) if part), *below]
        rows = [_metric_row(line) for line in card.metrics]
        lines += [_INDENT + line for line in aligned(rows, (False, True, False, False, False))] if rows else []
        lines += [f"{_INDENT}+{card.more} more"] if card.more else []
        lines += [_INDENT + card.error] if card.error else []
        foot = [" · ".join(part) for part in (_params(card), card.extras) if part]
        lines += [_INDENT + (_INDENT * 2).join(foot)] if foot else []
    return "\n".join([*lines, *(_INDENT + note for note in card.notes)])


def _short_parts(card: Card) -> list[str]:
    parts = [", ".join(card.changed)] if card.changed and not card.below else []
    parts += [] if card.state.word == FINISHED else [card.state.word]
    for line in card.metrics:
        parts.append(f"{line.key} {line.value}" + (f" ({change_words(line)})" if line.change else ""))
    parts += [f"+{card.more} more"] if card.more else []
    parts += [" · ".join(_params(card))] if card.params else []
    parts += [" · ".join(card.extras)] if card.extras else []
    return [*parts, card.time]


def _metric_row(line: MetricLine) -> tuple[str, ...]:
    best = f"▲{line.goal.doubt} best" if line.is_best else line.best
    return line.key, line.value, change_words(line), line.spread, best


def _params(card: Card) -> list[str]:
    return [*(f"{item.key} {item.text}" for item in card.params), *card.more_params]


def table_text(table: RunTable) -> str:
    """Return the table of runs as text."""
    if not table.rows:
        return table.empty
    changes = changed_columns(table)
    head = ["", "#", "name", "experiment" if table.mixed else "", "changed" if _has_changes(table) else ""]
    right = [False, True, False, False, False]
    for column, changed in zip(table.columns, changes, strict=True):
        head += [f"{column.title} {column.goal.arrow}".rstrip(), *([table.versus] if changed else [])]
        right += [column.right, *([False] if changed else [])]
    rows = [[*head, "duration", "age"], *(_row(row, table.mixed, changes) for row in table.rows)]
    return "\n".join([*aligned(rows, [*right, True, True]), " · ".join(table_foot(table))])


def _has_changes(table: RunTable) -> bool:
    return any(row.changed for row in table.rows)


def _row(row: Row, mixed: bool, changes: Sequence[bool]) -> list[str]:
    name = "  " * (row.depth - 1) + "└ " + row.name if row.depth else row.name
    cells = []
    for cell, changed in zip(row.cells, changes, strict=True):
        cells += [f"▲ {cell.text}" if cell.best else cell.text, *([table_change(cell)] if changed else [])]
    experiment = row.experiment if mixed else ""
    named = " ".join((name, *row.marks))
    return [_state(row.state), row.number, named, experiment, ", ".join(row.changed), *cells, row.duration, row.age]


def _state(state: State) -> str:
    return state.glyph if state.word == FINISHED else f"{state.glyph} {state.word}"


def details_text(details: Details) -> str:
    """Return a record in full as text."""
    state = f"{details.state.glyph} {details.state.word}" if details.state else ""
    head = _INDENT.join(part for part in (f"{details.name} {details.number}".strip(), state) if part)
    lines = [head] if head else []
    lines += [f"✗ {problem}" for problem in details.problems]
    lines += aligned(details.facts, (False, False)) if details.facts else []
    for grid in details.grids:
        lines += ["", *_grid(grid)]
    lines += ["", details.block] if details.block else []
    return "\n".join(lines)


def _grid(grid: Grid) -> list[str]:
    return aligned([grid.header, *grid.rows], grid.right)


def comparison_text(comparison: Comparison) -> str:
    """Return a comparison as text: what differs in columns, then the code of each run against that of the first."""
    head = ["", ""]
    for run in comparison.runs:
        state = "" if run.state.word == FINISHED else f"{run.state.glyph} {run.state.word}"
        repeats = f"×{run.repeats}" if run.repeats > 1 else ""
        head.append(" ".join(part for part in (run.number, run.name, repeats, state) if part))
    rows, group = [head], ""
    for line in comparison.lines:
        label = f"{line.label} {line.goal.arrow}".rstrip()
        rows.append(
            [line.group if line.group != group else "", label, *(_compared_value(line, v) for v in line.values)]
        )
        group = line.group
    told = " · ".join(comparison_foot(comparison))
    lines = [*aligned(rows, [False] * len(head)), *([told] if told else [])]
    for diff in comparison.diffs:
        lines += ["", diff.title, *_diff_lines(diff)]
    return "\n".join(lines)


def _compared_value(line: Line, value: Value) -> str:
    parts = [value.text, value.spread]
    if value.noise and value.change is not None:
        parts += [value.change_text, value.noise]
    elif value.change is not None and not value.same:
        parts += [value.change_text, value.change.arrow + line.goal.doubt if value.change.arrow else ""]
    parts.append(f"({value.interval})" if value.interval else "")
    parts.append(line.best_words(value))
    return " ".join(part for part in parts if part)


def _diff_lines(diff: CodeDiff) -> list[str]:
    signs = {"+": "+", "-": MINUS, " ": " ", "@": "…"}
    lines = [f"{signs[line.sign]} {plain_text(line.text)}".rstrip() for line in diff.lines]
    return [*lines, f"… {diff.cut:,} more lines"] if diff.cut else lines


def runs_text(runs: Sequence[Run], *, total: int | None = None) -> str:
    """Return the table of `runs` as text, with ages told from now."""
    return table_text(shown_table(runs, _now(), total=total))


def status_text(items: Sequence[tuple[str, str]], problems: Sequence[str]) -> str:
    """Return what ``%track status`` shows as text."""
    return details_text(status_details(items, problems))


def _now() -> int:
    return int(time.time() * 1000)


@text_form.register
def _(record: Run) -> str:
    return details_text(run_details(record, artifacts=files_of(record)))


@text_form.register
def _(record: Experiment) -> str:
    return details_text(experiment_details(record))


text_form.register(Runs, runs_text)
text_form.register(Card, card_text)
text_form.register(Comparison, comparison_text)
text_form.register(RunTable, table_text)
text_form.register(Details, details_text)


@text_form.register
def _(record: RegisteredModel) -> str:
    return details_text(model_details(record, record.latest_versions, None, _now()))


@text_form.register
def _(record: ModelVersion) -> str:
    return details_text(version_details(record))
