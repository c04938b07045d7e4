"""Tables of several runs, joined by their key: what changed from the first run to the others, row by row.

Rows are matched by the text of their key, the first with the first where a key is there several times. Rows that
differ come first, then those that not all runs have; within, in the order of the first table. Nothing is written out
before it is looked at: words are compared for the rows of a page only.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidValue
from .diffs import words
from .format import MINUS, middle_cut, plain_text
from .words import counted

PAGE = 50
CELL_LIMIT = 2_000  # characters of one cell that are sent
_BREATH = 5_000  # rows between two breaths
Key = tuple[str, int]
Parts = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Table:
    """A table of one run: columns as text, rows as they are stored."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Cell:
    """One value of a row: its text in pieces, whether each differs from the first run's; `same` where none does."""

    parts: Parts
    same: bool = False

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(text for text, _ in self.parts)


@dataclass(frozen=True)
class JoinedRow:
    """One row: its key, whether it is ``changed``, ``partial`` (not in all runs) or ``equal``, and its cells.

    `shared` has the columns that are equal in all rows of all runs, `cells` for each other column a cell for each run.
    """

    key: str
    status: str
    shared: tuple[str, ...]
    cells: tuple[tuple[Cell | None, ...], ...]


@dataclass(frozen=True)
class Joined:
    """Tables, joined.

    Attributes
    ----------
    key : str
        The column by which they were joined.
    shared : tuple of str
        Columns that are the same in all runs: shown once.
    differing : tuple of str
        Columns of which each run has its own: shown once a run.
    changed, partial, equal : tuple
        The keys of the rows, by what happened to them.
    repeated : int
        Rows whose key is there more than once in a table.
    """

    key: str
    shared: tuple[str, ...]
    differing: tuple[str, ...]
    changed: tuple[Key, ...]
    partial: tuple[Key, ...]
    equal: tuple[Key, ...]
    repeated: int = 0
    _tables: tuple[dict[Key, dict[str, Any]], ...] = field(default=(), compare=False, repr=False)

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.changed) + len(self.partial) + len(self.equal)

    @property
    def told(self) -> str:
        """``3 of 200 rows changed · 2 not in all runs``."""
        parts = [f"{len(self.changed):,} of {counted(self.total, 'row')} changed"]
        parts += [f"{len(self.partial):,} not in all runs"] if self.partial else []
        parts += [f"{self.repeated:,} with a key that is there twice"] if self.repeated else []
        return " · ".join(parts)

    def keys(self, equal: bool = False) -> tuple[Key, ...]:
        """Return the rows in their order: those that differ, then the equal ones where they are asked for."""
        return (*self.changed, *self.partial, *(self.equal if equal else ()))

    def page(self, start: int, count: int = PAGE, *, equal: bool = False) -> list[JoinedRow]:
        """Return some rows, with the words that differ."""
        return [self._row(key) for key in self.keys(equal)[start : start + count]]

    def _row(self, key: Key) -> JoinedRow:
        rows = [table.get(key) for table in self._tables]
        known = next(row for row in rows if row is not None)
        changed = any(
            row[name] != other[name]
            for name in self.differing
            for row, other in _pairs(rows)
            if name in row and name in other
        )
        status = "partial" if None in rows else "changed" if changed or _lacks(rows, self.differing) else "equal"
        return JoinedRow(
            key=key[0],
            status=status,
            shared=tuple(cell_text(known.get(name)) for name in self.shared),
            cells=tuple(_cells([row and (row.get(name), name in row) for row in rows]) for name in self.differing),
        )


def _pairs(rows: Sequence[dict[str, Any] | None]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    first = rows[0]
    return ((row, first) for row in rows[1:] if row is not None and first is not None)


def _lacks(rows: Sequence[dict[str, Any] | None], names: Sequence[str]) -> bool:
    return any(len({name in row for row in rows if row is not None}) > 1 for name in names)


def _cells(values: Sequence[Any]) -> tuple[Cell | None, ...]:
    """The cells of one column of one row: the first run's as it is, the others' with what differs in them."""
    present = [found[0] for found in values if found and found[1]]
    texts = [None if not found or not found[1] else cell_text(found[0]) for found in values]
    if len({text for text in texts if text is not None}) < len({repr(value) for value in present}):
        # Two numbers that differ after the digits that are shown: all of them, then.
        texts = [None if not found or not found[1] else _exact(found[0]) for found in values]
    first = texts[0]
    cells: list[Cell | None] = []
    for place, text in enumerate(texts):
        if text is None:
            cells.append(None)
        elif place == 0 or first is None:
            cells.append(Cell(((text, False),)))
        elif text == first:
            cells.append(Cell(((text, False),), same=True))
        else:
            parts = words(first, text)[1]
            told = any(changed for _, changed in parts)  # not where the two have too little in common
            cells.append(Cell(parts if told else ((text, True),)))
    return tuple(cells)


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) else cell_text(value)


def cell_text(value: Any) -> str:
    """Return a value of a table as text: numbers with six significant digits, None as nothing.

    Examples
    --------
    >>> [cell_text(value) for value in ("a", 3, 0.1, None, True, [1, 2])]
    ['a', '3', '0.1', '', 'true', '[1, 2]']
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = plain_text(value)
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, float):
        return f"{value:.6g}".replace("-", MINUS, value < 0)
    elif isinstance(value, (list, dict)):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    return middle_cut(text, CELL_LIMIT)


def join(tables: Sequence[Table], key: str) -> Joined:
    """Join the tables of several runs.

    Parameters
    ----------
    tables : sequence of Table
        Two or more, in the order of the runs.
    key : str
        The column by which rows are known.

    Raises
    ------
    InvalidValue
        Where a table has no such column.
    """
    by_key, repeated = [], 0
    for table in tables:
        found, more = _by_key(table, key)
        by_key.append(found)
        repeated += more
    names = list(dict.fromkeys(name for table in tables for name in table.columns if name != key))
    keys = list(dict.fromkeys(one for found in by_key for one in found))
    differing: set[str] = {name for name in names if any(name not in table.columns for table in tables)}
    changed: list[Key] = []
    partial: list[Key] = []
    equal: list[Key] = []
    for at, one in enumerate(keys):
        if at % _BREATH == _BREATH - 1:
            time.sleep(0)  # let the user's thread have its turn
        rows = [found.get(one) for found in by_key]
        here = [row for row in rows if row is not None]
        apart = {name for name in names if any(row.get(name) != here[0].get(name) for row in here[1:])}
        differing |= apart
        (partial if None in rows else changed if apart else equal).append(one)
    return Joined(
        key=key,
        shared=tuple(name for name in names if name not in differing),
        differing=tuple(name for name in names if name in differing),
        changed=tuple(changed),
        partial=tuple(partial),
        equal=tuple(equal),
        repeated=repeated,
        _tables=tuple(by_key),
    )


def _plain(value: Any) -> Any:
    """The value as it can be compared: NaN is equal to NaN, and what is no plain value is its text."""
    if isinstance(value, float):
        return value if not math.isnan(value) else "NaN"
    return value if value is None or isinstance(value, (str, int)) else cell_text(value)


def _by_key(table: Table, key: str) -> tuple[dict[Key, dict[str, Any]], int]:
    if key not in table.columns:
        raise InvalidValue(f"A table has no column {key!r} to be joined by; it has {', '.join(table.columns[:8])}.")
    place = table.columns.index(key)
    counts: dict[str, int] = {}
    found: dict[Key, dict[str, Any]] = {}
    for at, row in enumerate(table.rows):
        if at % _BREATH == _BREATH - 1:
            time.sleep(0)
        text = cell_text(row[place])
        seen = counts.get(text, 0)
        counts[text] = seen + 1
        found[text, seen] = {name: _plain(value) for name, value in zip(table.columns, row, strict=True) if name != key}
    return found, sum(count - 1 for count in counts.values())
