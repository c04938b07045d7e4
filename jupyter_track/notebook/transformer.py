"""``%%track`` as an input transformer: the line is taken away, and the cell runs as if it had never been there.

So nothing about the cell changes: results, ``await``, tracebacks, history, the last expression. The line is left
empty, so that line numbers stay right, and is dropped only where the next line is a cell magic, which has to come
first. The transformer is pure and may run twice; what the line says is done by the hooks.
"""

from __future__ import annotations

import ast
import contextlib
import re
from dataclasses import dataclass
from typing import Any

from ..context.redaction import REDACTED, is_secret_name
from ..errors import InvalidValue
from .options import Options, parse

HEAD = re.compile(r"%%track(?![\w?])[ \t]*(.*)$")
# Cell magics that run their body as Python in the user's namespace; others (%%bash, %%writefile) are left alone.
RUNS_PYTHON = re.compile(r"%%(?:time|timeit|capture|prun|memit|mprun|scalene)\b")
VARIABLE = re.compile(r"\{[^{}]+\}|\$\w+")
_NAME = re.compile(r"[^\W\d][\w-]*")


@dataclass(frozen=True)
class Found:
    """Where ``%%track`` stands in a cell: the index of its line, and what follows it on the line."""

    index: int
    line: str


@dataclass(frozen=True)
class Head:
    """The head of a tracked cell.

    Attributes
    ----------
    line : str
        What follows ``%%track``.
    body : str
        The Python below it, without further cell magics.
    line_offset : int
        How many lines of the cell are missing in the code that is compiled. None are where ``%%track`` stands alone,
        since its line is left empty; all of the head are with another magic, which compiles its body by itself.
    """

    line: str
    body: str
    line_offset: int


def find(lines: list[str]) -> Found | None:
    """Return where ``%%track`` stands: first, or after cell magics that run Python."""
    for index, line in enumerate(lines):
        head = HEAD.match(line.rstrip("\n"))
        if head:
            return Found(index, head.group(1))
        if line.strip() and not RUNS_PYTHON.match(line):
            return None
    return None


def head_of(cell: str, shell: Any) -> Head | None:
    """Return the head of a cell as typed, None where the cell is not tracked.

    IPython takes blank lines, prompts and indentation off before our transformer comes; so it is done here.
    """
    if "%%track" not in cell:
        return None
    lines = _cleaned(cell, shell)
    found = find(lines)
    if found is None:
        return None
    start = found.index + 1
    while start < len(lines) and RUNS_PYTHON.match(lines[start]):
        start += 1
    return Head(found.line, "".join(lines[start:]), start if start > 1 else 0)


def plain_head(cell: str, shell: Any) -> Head | None:
    """Return the head of a cell without ``%%track``; None where another language or a file is below a cell magic."""
    if "%%" not in cell:
        return Head("", cell, 0)
    lines = _cleaned(cell, shell)
    start = 0
    while start < len(lines) and RUNS_PYTHON.match(lines[start]):
        start += 1
    if start < len(lines) and lines[start].startswith("%%"):
        return None
    return Head("", "".join(lines[start:]), start)


def _cleaned(cell: str, shell: Any) -> list[str]:
    """The lines of a cell as our transformer meets them: without blank lines, prompts and indentation at its start."""
    lines = cell.splitlines(keepends=True)
    for transform in shell.input_transformers_cleanup:
        if getattr(transform, "of_jupyter_track", False):
            break
        lines = transform(lines)
    return lines


def check_line(line: str) -> None:
    """Read a line before the values of its variables are known: each is a word of its own for now.

    Raises
    ------
    InvalidValue
        For anything that cannot be read.
    """
    variables: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        return variables.setdefault(found[0], f"x{len(variables)}_")

    try:
        parse(VARIABLE.sub(stand_in, line))
    except InvalidValue as error:
        text = str(error)
        for variable, word in variables.items():
            text = text.replace(word, variable)
        raise InvalidValue(text) from None


def make_transformer() -> Any:
    """Return a new transformer for ``shell.input_transformers_cleanup``."""
    from IPython.core.error import UsageError

    def track_line(lines: list[str]) -> list[str]:
        try:
            return _without_line(lines)
        except InvalidValue as error:
            raise UsageError(str(error)) from None

    # IPython skips such a transformer where it only asks whether the input is complete.
    track_line.has_side_effects = True  # type: ignore[attr-defined]
    track_line.of_jupyter_track = True  # type: ignore[attr-defined]
    return track_line


def _without_line(lines: list[str]) -> list[str]:
    found = find(lines)
    if found is None:
        _refuse_elsewhere(lines)
        return lines
    check_line(found.line)
    rest = lines[found.index + 1 :]
    if not "".join(rest).strip():
        raise InvalidValue("%%track: there is nothing to run below the line.")
    followed_by_magic = rest[0].startswith("%%")
    return [*lines[: found.index], *([] if followed_by_magic or found.index else ["\n"]), *rest]


def _refuse_elsewhere(lines: list[str]) -> None:
    """``%%track`` further down is a mistake, unless it is inside a string."""
    if lines and lines[0].startswith("%%"):
        return  # the body of another magic is not ours to read
    rows = [number for number, line in enumerate(lines, 1) if HEAD.match(line)]
    if not rows:
        return
    try:
        ast.parse("".join(lines))
    except (SyntaxError, ValueError):  # also where the cell has lines of IPython's own syntax
        if not _within_strings(lines, rows):
            raise InvalidValue("%%track has to be the first line of the cell.") from None


def _within_strings(lines: list[str], rows: list[int]) -> bool:
    """Whether each of these lines, counted from 1, begins inside a string."""
    from IPython.core.inputtransformer2 import make_tokens_by_line

    spans = [
        (token.start[0], token.end[0])
        for tokens in make_tokens_by_line(lines)
        for token in tokens
        if token.start[0] < token.end[0] and token.string.strip()
    ]
    return all(any(first < row <= last for first, last in spans) for row in rows)


def expanded(head: Head, shell: Any) -> Options:
    """Return the options of a line with the values of ``{variables}`` put in, as IPython does for every magic.

    A variable that is called as secrets are (``{api_key}``) gives a mark instead of its value: the line is full of
    text that is shown, and once it is there nothing says any more what it was.

    Raises
    ------
    InvalidValue
        Where the line cannot be read.
    """
    if not VARIABLE.search(head.line):
        return parse(head.line)
    from IPython.utils.text import DollarFormatter

    line = VARIABLE.sub(_hidden, head.line)
    # The shell's own var_expand would take the names of this function for the user's.
    with contextlib.suppress(Exception):  # a name that is not there: IPython leaves such a line as it is
        line = DollarFormatter().vformat(line, [], shell.user_ns)
    return parse(line)


def _hidden(variable: re.Match[str]) -> str:
    secret = any(is_secret_name(word) for word in _NAME.findall(variable[0]))
    return REDACTED if secret else variable[0]
