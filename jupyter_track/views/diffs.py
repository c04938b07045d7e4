"""Differences of two texts, line by line: as plain data for the forms, and as a count of lines.

The lines that two texts have in common at their start and end are set aside first, so that a small change in a long
cell costs little. Where what is left is very long, it counts as replaced as a whole.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

CONTEXT = 3  # unchanged lines around a change
MOST_COMPARED = 4_000_000  # pairs of lines; about half a second
_WORD = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\w+|\s+|[^\w\s]")
_MOST_WORDS = 400  # of one line
_ALIKE = 0.4  # words are told apart only within lines that are this much alike

Sign = Literal[" ", "+", "-", "@"]
Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class DiffLine:
    """One line of a unified diff.

    Attributes
    ----------
    sign : {" ", "+", "-", "@"}
        Unchanged, inserted, deleted, or the head of a part (``@@ −1,4 +1,5 @@`` without its marks: ``line 3``).
    parts : tuple of (str, bool)
        The text in pieces, and whether a piece is what changed within the line.
    """

    sign: Sign
    parts: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The line without its sign."""
        return "".join(text for text, _ in self.parts)


def opcodes(before: Sequence[str], after: Sequence[str]) -> list[Opcode]:
    """Return how `before` becomes `after`, as `difflib.SequenceMatcher.get_opcodes` does."""
    least = min(len(before), len(after))
    start = 0
    while start < least and before[start] == after[start]:
        start += 1
    end = 0
    while end < least - start and before[-1 - end] == after[-1 - end]:
        end += 1
    one, other = before[start : len(before) - end], after[start : len(after) - end]
    found: list[Opcode] = [("equal", 0, start, 0, start)] if start else []
    if one and other and len(one) * len(other) <= MOST_COMPARED:
        matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
        found += [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in matcher.get_opcodes()]
    elif one or other:
        tag = "replace" if one and other else "delete" if one else "insert"
        found.append((tag, start, start + len(one), start, start + len(other)))
    if end:
        found.append(("equal", len(before) - end, len(before), len(after) - end, len(after)))
    return found


def unified(before: str, after: str, context: int = CONTEXT) -> tuple[DiffLine, ...]:
    """Return a unified diff; nothing where the texts are equal.

    Parameters
    ----------
    before, after : str
    context : int, default 3
        Unchanged lines around a change.

    Examples
    --------
    >>> [(line.sign, line.text) for line in unified("a = 1", "a = 2")]
    [('-', 'a = 1'), ('+', 'a = 2')]
    """
    old, new = before.splitlines(), after.splitlines()
    found = opcodes(old, new)
    if all(tag == "equal" for tag, *_ in found):
        return ()
    lines: list[DiffLine] = []
    for part in _grouped(found, context):
        if part[0][1] > 0:
            lines.append(DiffLine("@", ((f"line {part[0][3] + 1}", False),)))
        for tag, a, b, c, d in part:
            if tag == "equal":
                lines += [DiffLine(" ", ((line, False),)) for line in old[a:b]]
            else:
                lines += _changed(old[a:b], new[c:d])
    return tuple(lines)


def _grouped(found: Sequence[Opcode], context: int) -> Iterator[list[Opcode]]:
    """Give the parts of a diff with their context; two changes with little between them are one part."""
    part: list[Opcode] = []
    for tag, a, b, c, d in found:
        if tag != "equal":
            part.append((tag, a, b, c, d))
            continue
        if not part:
            a, c = max(a, b - context), max(c, d - context)
        elif b - a > 2 * context:
            yield [*part, (tag, a, a + context, c, c + context)]
            part, a, c = [], b - context, d - context
        part.append((tag, a, b, c, d))
    if any(tag != "equal" for tag, *_ in part):
        tag, a, b, c, d = part[-1]
        if tag == "equal" and b - a > context:
            part[-1] = (tag, a, a + context, c, c + context)
        yield part


def _changed(old: Sequence[str], new: Sequence[str]) -> list[DiffLine]:
    """Return deleted lines, then inserted ones; in pairs of lines that are alike the changed words are told."""
    pairs = [words(one, other) for one, other in zip(old, new, strict=False)] if len(old) == len(new) else []
    deleted = [pair[0] for pair in pairs] or [((line, False),) for line in old]
    inserted = [pair[1] for pair in pairs] or [((line, False),) for line in new]
    return [*(DiffLine("-", parts) for parts in deleted), *(DiffLine("+", parts) for parts in inserted)]


Parts = tuple[tuple[str, bool], ...]


def words(before: str, after: str) -> tuple[Parts, Parts]:
    """Return both texts in pieces, and whether a piece is what changed; whole where they have little in common.

    Examples
    --------
    >>> words("a red car", "a blue car")[1]
    (('a ', False), ('blue', True), (' car', False))
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    plain = ((before, False),), ((after, False),)
    if max(len(old), len(new)) > _MOST_WORDS:
        return plain
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return plain
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if a < b:
            left.append(("".join(old[a:b]), tag != "equal"))
        if c < d:
            right.append(("".join(new[c:d]), tag != "equal"))
    return tuple(left), tuple(right)
