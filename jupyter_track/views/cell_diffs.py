"""The code of two runs cell by cell: cells that are equal are one line, the others a diff.

A run's code is that of the cells it came from. Cells are paired by their order where they are not equal, so that an
edit of one cell is no deletion and insertion of two.
"""

from __future__ import annotations

from collections.abc import Sequence

from .diffs import CONTEXT, DiffLine, opcodes, unified
from .words import counted

WHOLE = 1_000_000  # lines of context: all


def cell_lines(before: Sequence[str], after: Sequence[str], context: int = CONTEXT) -> tuple[DiffLine, ...]:
    """Return the diff of the code of two runs; nothing where it is equal.

    Parameters
    ----------
    before, after : sequence of str
        The cells of each, in the order in which they ran.
    context : int, default 3
        Unchanged lines around a change; `WHOLE` for all.

    Returns
    -------
    tuple of DiffLine
        A line with the sign ``@`` begins a part: which cell it is, and what is folded away.

    Examples
    --------
    >>> [(line.sign, line.text) for line in cell_lines(["import x", "C = 1"], ["import x", "C = 2"])]
    [('@', 'cell 1 · 1 line, unchanged'), ('@', 'cell 2'), ('-', 'C = 1'), ('+', 'C = 2')]
    """
    if list(before) == list(after):
        return ()
    if len(before) == len(after) == 1:
        return unified(before[0], after[0], context)
    lines: list[DiffLine] = []
    for tag, a, b, c, d in opcodes(before, after):
        if tag == "equal":
            lines += _unchanged(after[c:d], c, whole=context >= WHOLE)
            continue
        paired = min(b - a, d - c)
        for place in range(paired):
            lines += _part(_label(c + place), unified(before[a + place], after[c + place], context))
        for place in range(c + paired, d):
            lines += _part(f"{_label(place)} · new", unified("", after[place], context))
        for cell in before[a + paired : b]:
            lines += _part("a cell that is gone", unified(cell, "", context))
    return tuple(lines)


def whole_lines(cells: Sequence[str]) -> tuple[DiffLine, ...]:
    """Return the code of one run as it is, where there is none to hold it against; several cells have a head each.

    Examples
    --------
    >>> [(line.sign, line.text) for line in whole_lines(["import x", "C = 1"])]
    [('@', 'cell 1'), (' ', 'import x'), ('@', 'cell 2'), (' ', 'C = 1')]
    """
    lines: list[DiffLine] = []
    for place, cell in enumerate(cells):
        lines += [_head(_label(place))] if len(cells) > 1 else []
        lines += [DiffLine(" ", ((line, False),)) for line in cell.splitlines()]
    return tuple(lines)


def _label(place: int) -> str:
    return f"cell {place + 1}"


def _unchanged(cells: Sequence[str], start: int, *, whole: bool) -> list[DiffLine]:
    name = f"cells {start + 1} to {start + len(cells)}" if len(cells) > 1 else _label(start)
    total = sum(len(cell.splitlines()) for cell in cells)
    lines = [_head(f"{name} · {counted(total, 'line')}, unchanged")]
    if whole:
        lines += [DiffLine(" ", ((line, False),)) for cell in cells for line in cell.splitlines()]
    return lines


def _part(label: str, lines: Sequence[DiffLine]) -> list[DiffLine]:
    if lines and lines[0].sign == "@":
        return [_head(f"{label}, {lines[0].text}"), *lines[1:]]
    return [_head(label), *lines]


def _head(text: str) -> DiffLine:
    return DiffLine("@", ((text, False),))
