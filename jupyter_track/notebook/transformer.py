"""``%%track`` as an input transformer: the line is taken away, and the cell runs as if it had never been there.

So nothing about the cell changes: results, ``await``, tracebacks, history, the last expression. The line is left
empty, so that line numbers stay right, and is dropped only where the next line is a cell magic, which has to come
first. The transformer is pure and may run twice; what the line says is done by the hooks.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from ..errors import InvalidValue
from .options import Options, parse

HEAD = re.compile(r"%%track(?![\w?])[ \t]*(.*)$")
# Cell magics that run their body as Python in the user's namespace; others (%%bash, %%writefile) are left alone.
RUNS_PYTHON = re.compile(r"%%(?:time|timeit|capture|prun|memit|mprun|scalene)\b")


class Found:
    """Where ``%%track`` stands in a cell: the index of its line, and what follows it on the line."""

    def __init__(self, index: int, line: str) -> None:
        self.index = index
        self.line = line


def find(lines: list[str]) -> Found | None:
    """Return where ``%%track`` stands: first, or after cell magics that run Python."""
    for index, line in enumerate(lines):
        head = HEAD.match(line.rstrip("\n"))
        if head:
            return Found(index, head.group(1))
        if not RUNS_PYTHON.match(line):
            return None
    return None


def body_of(cell: str) -> str | None:
    """Return the Python of a tracked cell without its cell magics, None where it is not tracked."""
    lines = cell.splitlines(keepends=True)
    start = _head_length(lines)
    return None if start is None else "".join(lines[start:])


def line_offset(cell: str) -> int:
    """Return how many lines of a tracked cell are missing in the code that is compiled.

    None are where ``%%track`` stands alone, since its line is left empty; all of the head are below another magic,
    which compiles its body by itself.
    """
    start = _head_length(cell.splitlines(keepends=True)) or 0
    return start if start > 1 else 0


def _head_length(lines: list[str]) -> int | None:
    """The number of lines of ``%%track`` and the cell magics around it; None where the cell is not tracked."""
    found = find(lines)
    if found is None:
        return None
    start = found.index + 1
    while start < len(lines) and RUNS_PYTHON.match(lines[start]):
        start += 1
    return start


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
    return track_line


def _without_line(lines: list[str]) -> list[str]:
    found = find(lines)
    if found is None:
        _refuse_elsewhere(lines)
        return lines
    parse(found.line)
    rest = lines[found.index + 1 :]
    if not "".join(rest).strip():
        raise InvalidValue("%%track: there is nothing to run below the line.")
    followed_by_magic = rest[0].startswith("%%")
    return [*lines[: found.index], *([] if followed_by_magic or found.index else ["\n"]), *rest]


def _refuse_elsewhere(lines: list[str]) -> None:
    """``%%track`` further down is a mistake, unless it is inside a string."""
    if lines and lines[0].startswith("%%"):
        return  # the body of another magic is not ours to read
    if not any(HEAD.match(line) for line in lines[1:]):
        return
    try:
        ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        raise InvalidValue("%%track has to be the first line of the cell.") from None


def options_of(cell: str) -> tuple[Options, str] | None:
    """Return the options and the line of a tracked cell; None where it is not tracked, or its line is wrong."""
    found = find(cell.splitlines(keepends=True))
    if found is None:
        return None
    try:
        return parse(found.line), found.line
    except InvalidValue:  # the transformer has said so, and the cell is not run
        return None
