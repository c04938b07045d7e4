"""A comparison as Markdown, for an issue, a pull request or a note: tables and diffs, no HTML.

What comes from outside is text there too: whatever Markdown would take for a mark of its own is escaped, and a fence
is longer than any row of backticks inside it.
"""

from __future__ import annotations

import re

from .compared import CodeDiff, Comparison, Line, Value, foot
from .format import one_line, plain_text
from .tokens import State

_MARKS = re.compile(r"([\\`*_{}\[\]<>|~#&])")
# A list, a heading and the like where a line begins with it; what can stand inside a line is escaped anyway.
_BEGINS = re.compile(r"^(\d*)((?<=\d)[.)](?=\s)|(?<!\d)[-+=](?=\s|[-+=]))")
_SIGNS = {"+": "+", "-": "-", " ": " "}


def comparison_markdown(comparison: Comparison) -> str:
    """Return a comparison as Markdown that reads on GitHub as it does in the notebook."""
    head = ["", *(_heading(run.title, run.repeats, run.state) for run in comparison.runs)]
    rows = [head, ["---"] * len(head)]
    rows += [[_label(line), *(_value(value, line) for value in line.values)] for line in comparison.lines]
    parts = ["\n".join("| " + " | ".join(row) + " |" for row in rows)]
    told = " · ".join(foot(comparison))
    parts += [escaped(told)] if told else []
    parts += [_code(diff) for diff in comparison.diffs]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    r"""Return text that Markdown shows as it is, on one line.

    Examples
    --------
    >>> escaped("a|b <script> *x*")
    'a\\|b \\<script\\> \\*x\\*'
    """
    return _MARKS.sub(r"\\\1", one_line(text))


def begun(text: str) -> str:
    r"""Return a line that begins with nothing that Markdown takes for the mark of a list or a heading.

    Examples
    --------
    >>> [begun(one) for one in ("- a", "1. b", "1.5 s", "c")]
    ['\\- a', '1\\. b', '1.5 s', 'c']
    """
    return _BEGINS.sub(lambda found: f"{found[1]}\\{found[2]}", text)


def _heading(title: str, repeats: int, state: State) -> str:
    parts = [escaped(title), f"×{repeats}" if repeats > 1 else "", state.word if state.word != "finished" else ""]
    return " ".join(part for part in parts if part)


def _label(line: Line) -> str:
    label = " ".join(part for part in (line.group, escaped(line.label)) if part)
    return f"{label} {line.goal.arrow}".rstrip()


def _value(value: Value, line: Line) -> str:
    own = escaped(value.text)
    parts = [f"**{own}**" if value.best and own else own, escaped(value.spread)]
    if value.change is not None and not value.same:
        arrow = value.change.arrow + line.goal.doubt if value.change.arrow and not value.noise else ""
        parts += [value.change_text, arrow, value.noise, f"({value.interval})" if value.interval else ""]
    return " ".join(part for part in (*parts, line.best_words(value)) if part)


def _code(diff: CodeDiff) -> str:
    lines = [
        f"@@ {line.text} @@" if line.sign == "@" else f"{_SIGNS[line.sign]}{plain_text(line.text)}"
        for line in diff.lines
    ]
    lines += [f"@@ {diff.cut:,} more lines @@"] if diff.cut else []
    text = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{escaped(diff.title)}\n\n{fence}diff\n{text}\n{fence}"
