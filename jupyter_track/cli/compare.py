"""Runs side by side on a terminal: what differs in columns, and the code as a diff in colour.

The words are those of `views.comparison`. Where the columns do not fit, texts are folded within them, and where that
does not help either (many runs, few columns), each run stands below the line's name.
"""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..views.comparison import CodeDiff, Compared, Comparison, Line, Value, foot
from ..views.format import MINUS, plain_text
from ..views.tokens import State
from .plain import strict
from .screen import GAP, MUTED, token_style

_NARROWEST = 12  # columns of a run; below that the runs stand one below the other
_SIGNS = {"+": "+", "-": MINUS, " ": " ", "@": "…"}
_DIFF_TOKENS = {"+": "running", "-": "worse"}  # blue and orange: apart under deuteranopia too


def comparison_parts(comparison: Comparison, width: int) -> list[RenderableType]:
    """Return a comparison as it is shown on a terminal of `width` columns."""
    labels = max((cell_len(_label(line)) for line in comparison.lines), default=0)
    groups = max((cell_len(line.group) for line in comparison.lines), default=0)
    left = width - labels - groups - 2 * GAP
    fits = left // len(comparison.runs) - GAP >= _NARROWEST
    parts: list[RenderableType] = [_side_by_side(comparison)] if fits else _one_below_other(comparison)
    told = " · ".join(foot(comparison))
    parts += [Text(told, style=MUTED)] if told else []
    for diff in comparison.diffs:
        parts += [Text(""), *_diff(diff)]
    return parts


def _side_by_side(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="")
    table.add_column("", style=MUTED, no_wrap=True)
    table.add_column("", no_wrap=True)
    for run in comparison.runs:
        table.add_column(_heading(run), overflow="fold")
    before = ""
    for line in comparison.lines:
        group = line.group if line.group != before else ""
        table.add_row(Text(group), Text(_label(line)), *(_value(line, value) for value in line.values))
        before = line.group
    return table


def _one_below_other(comparison: Comparison) -> list[RenderableType]:
    parts: list[RenderableType] = [Text.assemble(_heading(run)) for run in comparison.runs]
    for line in comparison.lines:
        parts += [Text(""), Text.assemble((line.group, MUTED), " ", _label(line))]
        for run, value in zip(comparison.runs, line.values, strict=True):
            shown = _value(line, value)
            parts += [Text.assemble("  ", (run.number, MUTED), " ", shown)] if shown.plain else []
    return parts


def _heading(run: Compared) -> Text:
    state = run.state if run.state.word != "finished" else None
    return Text.assemble(
        (run.number, MUTED),
        " ",
        (run.name, "bold"),
        f" ×{run.repeats}" if run.repeats > 1 else "",
        *(_state(state) if state else ()),
    )


def _state(state: State) -> tuple[Any, ...]:
    return (" ", (state.glyph, token_style(state.token)), " ", state.word)


def _label(line: Line) -> str:
    return f"{line.label} {line.goal.arrow}".rstrip()


def _value(line: Line, value: Value) -> Text:
    """One value: what is best is bold, what is within noise or the same is muted."""
    first = Text(value.text, style="bold" if value.best else MUTED if value.same and not value.change else "")
    parts = [first] if value.text else []
    parts += [Text(value.spread, style=MUTED)] if value.spread else []
    if value.change is not None and value.noise:
        parts.append(Text(f"{value.change_text} {value.noise}", style=MUTED))
    elif value.change is not None and not value.same:
        token = {"better": "better", "worse": "worse"}.get(value.change.verdict or "")
        arrow = value.change.arrow + line.goal.doubt if value.change.arrow else ""
        parts.append(Text(f"{value.change_text} {arrow}".rstrip(), style=token_style(token) if token else MUTED))
    parts += [Text(f"({value.interval})", style=MUTED)] if value.interval else []
    if told := line.best_words(value):
        parts.append(Text(told, style=token_style("better")))
    return Text(" ").join(parts)


def _diff(diff: CodeDiff) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(diff.title, style=MUTED)]
    for line in diff.lines:
        token = _DIFF_TOKENS.get(line.sign)
        style = token_style(token) if token else MUTED if line.sign == "@" else ""
        text = Text(f"{_SIGNS[line.sign]} ", style=style)
        for words, changed in line.parts:
            text.append(plain_text(words), style=f"{style} bold" if changed and token else style)
        text.rstrip()
        parts.append(text)
    return [*parts, Text(f"… {diff.cut:,} more lines", style=MUTED)] if diff.cut else parts


def comparison_plain(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain data: what differs by group, each with a value a run."""
    plain = {
        "runs": [
            {"run_id": run.run_id, "number": run.number, "name": run.full_name, "repeats": run.repeats}
            for run in comparison.runs
        ],
        "differs": [
            {
                "group": line.group,
                "label": line.label,
                "goal": line.goal.direction,
                "values": [_value_plain(value) for value in line.values],
            }
            for line in comparison.lines
        ],
        "code": [
            {
                "number": diff.number,
                "against": diff.against or None,
                "added": diff.change.added,
                "removed": diff.change.removed,
                "diff": [f"{line.sign}{line.text}" for line in diff.lines],
                "cut": diff.cut,
            }
            for diff in comparison.diffs
        ],
        "equal": dict(comparison.equal),
        "more": comparison.more,
    }
    return dict(strict(plain))


def _value_plain(value: Value) -> dict[str, Any]:
    return {
        "text": value.full or value.text,
        "spread": value.spread or None,
        "change": None if value.change is None else value.change.text,
        "of_means": value.change is not None and value.means,
        "verdict": None if value.change is None else value.change.verdict,
        "noise": value.noise or None,
        "interval": value.interval or None,
        "method": value.method or None,
        "best": value.best,
    }
