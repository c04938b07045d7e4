"""Which table the rows belong to that were read from single pages, and what of each table is lost.

The pointer map leads from a page to the root of its table, and the list of tables, which is read from its own pages,
names the root. A store of an earlier version has no such map: there a page is of the one table whose columns and types
all its rows have; where two tables would do, its rows are left out, and counted.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from .salvage_pages import Cell, Page, Pages, Value

__all__ = ["FoundTables", "Loss", "Shape", "shapes_of"]

_NOTHING = type(None)
_TYPES: dict[str, frozenset[type]] = {
    "INTEGER": frozenset({int}),
    "REAL": frozenset({float, int}),  # SQLite stores a whole number as an integer
    "TEXT": frozenset({str}),
    "BLOB": frozenset({bytes}),
}
_TABLES = "sqlite_master"
_ADDED = {"artifacts": ("join_key",)}  # columns that tables without rowids got later; rows from before end without them


@dataclass(frozen=True)
class Shape:
    """What the rows of a table, or the entries of an index, look like.

    Attributes
    ----------
    name : str
    has_rowids : bool
    types : tuple of frozenset
        Of each column, those that its values may have.
    key : int or None
        The column that is the rowid; stored is None.
    least : int
        How many columns a row has that was written before others were added.
    """

    name: str
    has_rowids: bool
    types: tuple[frozenset[type], ...]
    key: int | None = None
    least: int = 0

    def fits(self, values: tuple[Value, ...]) -> bool:
        """Whether a row can be one of these."""
        return (self.least or len(self.types)) <= len(values) <= len(self.types) and all(
            type(value) in types for value, types in zip(values, self.types, strict=False)
        )

    def row(self, cell: Cell) -> tuple[Value, ...]:
        """Return a row as SQL gives it; a rowid that is no column comes first."""
        values = cell.values
        if self.key is not None:
            return (*values[: self.key], cell.rowid, *values[self.key + 1 :])
        return (cell.rowid, *values) if self.has_rowids else values


@dataclass(frozen=True)
class Loss:
    """What of a table cannot be read.

    Attributes
    ----------
    rows : int
        Rows that are known to be lost.
    pages, of_pages : int
        Damaged pages with an unknown number of rows, and all pages of the table; 0 of 0 where not even these are known.
    """

    rows: int
    pages: int
    of_pages: int


def shapes_of(connection: sqlite3.Connection) -> list[Shape]:
    """Return the shapes of the tables and indexes of a sound store, and of its list of tables."""
    text, number = frozenset({str}), frozenset({int})
    found = [Shape(_TABLES, True, (text, text, text, number, text | {_NOTHING}))]
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        indexes = connection.execute(f'PRAGMA index_list("{table}")').fetchall()
        # A table without rowids is its own index of the primary key: that one has no root.
        entries = {row[1]: connection.execute(f'PRAGMA index_xinfo("{row[1]}")').fetchall() for row in indexes}
        roots = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        has_rowids = not (entries.keys() - roots)
        keys = [column for column in columns if column[5]]
        alone = has_rowids and len(keys) == 1 and keys[0][2] == "INTEGER"
        types = [
            frozenset({_NOTHING})
            if alone and column[5]
            else _TYPES.get(column[2], frozenset({int, float, str, bytes}))
            | (frozenset() if column[3] or (column[5] and not has_rowids) else {_NOTHING})
            for column in columns
        ]
        least = len(columns)
        while least > 1 and (columns[least - 1][4] is not None or not columns[least - 1][3]):  # may have come later
            least -= 1
        least = least if has_rowids else len(columns) - len(_ADDED.get(table, ()))
        found.append(Shape(table, has_rowids, tuple(types), keys[0][0] if alone else None, least))
        for index in entries.keys() & roots:
            kinds = (
                number if row[1] < 0 or (alone and row[1] == keys[0][0]) else types[row[1]] for row in entries[index]
            )
            found.append(Shape(index, False, tuple(kinds)))
    return found


@dataclass
class FoundTables:
    """The tables of a file, by its pages.

    Parameters
    ----------
    pages : Pages
    shapes : sequence of Shape
    wanted : set of str
        The tables whose rows are to be read.
    """

    pages: Pages
    shapes: list[Shape]
    wanted: set[str]
    left_out: dict[str, int] = field(default_factory=dict)  # rows that two tables could have, by the names of these
    bad: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _roots: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name = {shape.name: shape for shape in self.shapes}
        for number in range(1, self.pages.count + 1):
            listed = self.pages.root_of(number) in (1, None) and self.pages.is_whole(number, has_rowids=True)
            page = self.pages.page(number) if listed and not self.pages.is_free(number) else None
            for cell in page.cells if page is not None else ():
                if self._by_name[_TABLES].fits(cell.values) and cell.values[1] in self._by_name:
                    self._roots[int(cell.values[3] or 0)] = str(cell.values[1])

    def _pages(self) -> Iterator[Page]:
        """Yield the pages that may be of wanted tables."""
        for number in range(1, self.pages.count + 1):
            if not self.pages.is_free(number):
                name = self._roots.get(self.pages.root_of(number) or 0)
                page = self.pages.page(number) if name is None or name in self.wanted else None
                if page is not None:
                    yield page

    def rows(self) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """Yield the rows of the wanted tables, each with the table's name; a row may come that SQLite finds too."""
        for page in self._pages():
            shape = self._shape_of(page)
            if shape is None or shape.name not in self.wanted:
                continue
            self.bad[shape.name] += page.bad
            for cell in page.cells:
                if shape.fits(cell.values):
                    yield shape.name, shape.row(cell)
                else:
                    self.bad[shape.name] += 1

    def _shape_of(self, page: Page) -> Shape | None:
        """Return what a page belongs to, None where that cannot be told."""
        name = self._roots.get(self.pages.root_of(page.number) or 0)
        if name is not None:
            shape = self._by_name[name]
            return shape if shape.has_rowids == page.has_rowids else None
        fitting = [
            shape
            for shape in self.shapes
            if page.cells
            and shape.has_rowids == page.has_rowids
            and all(shape.fits(cell.values) for cell in page.cells)
        ]
        if len(fitting) > 1 and self.wanted & {shape.name for shape in fitting}:
            names = " or ".join(sorted(shape.name for shape in fitting))
            self.left_out[names] = self.left_out.get(names, 0) + len(page.cells)
        return fitting[0] if len(fitting) == 1 else None

    def loss(self, table: str) -> Loss:
        """Return what of a table is lost; to be asked when its rows have been read."""
        shape = self._by_name[table]
        mine = [
            page for page in range(1, self.pages.count + 1) if table == self._roots.get(self.pages.root_of(page) or 0)
        ]
        damaged = [page for page in mine if not self.pages.is_whole(page, shape.has_rowids)]
        # A page above others holds a row between each two of them, where the table has no rowids; else none.
        above = [self.pages.children[page] - 1 for page in damaged if self.pages.children[page]]
        rows = self.bad[table] + (0 if shape.has_rowids else sum(above))
        return Loss(rows, len(damaged) - len(above), len(mine))
