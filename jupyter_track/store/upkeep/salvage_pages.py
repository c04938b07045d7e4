"""The pages of a SQLite file that is damaged, read without the pages that lead to them.

SQLite finds a row from the root of its table down; where a page on that way is damaged, all rows below it are out of
reach, although they are whole. Here each page is read for itself, as "Database File Format" in SQLite's documentation
describes it. The pointer map, which a store has for `gc`, says of each page what it is and which page is above it, so
that a page is known to be of a table, or free, also where the root is gone.

Nothing here fails on any bytes: a page that is none has no cells, and a cell that cannot be whole is counted.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import mmap

__all__ = ["PAGE_SIZE", "Cell", "Page", "Pages", "Value"]

PAGE_SIZE = 4096  # of a store, where its own header cannot be read
_MAGIC = b"SQLite format 3\0"
_PENDING_BYTE = 0x40000000  # the page that holds it is never used
_INDEX_INTERIOR, _TABLE_INTERIOR, _INDEX_LEAF, _TABLE_LEAF = 0x02, 0x05, 0x0A, 0x0D
_ROOT, _FREE, _BELOW = 1, 2, 5  # kinds of the pointer map
_DEPTH = 64  # more levels than any tree has
_MOST_COLUMNS = 2_000
_INT_SIZES = (0, 1, 2, 3, 4, 6, 8)  # bytes of an integer, by its serial type

Value = int | float | str | bytes | None


class _Bad(ValueError):
    """Bytes that cannot be a cell."""


@dataclass(frozen=True)
class Cell:
    """A row as it is stored: `rowid` is None where the table has none."""

    rowid: int | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Page:
    """What a page holds.

    Attributes
    ----------
    number : int
        From 1.
    has_rowids : bool
        Whether it is of a table with rowids; else of an index, or of a table without them.
    cells : tuple of Cell
    bad : int
        Cells that cannot be read.
    """

    number: int
    has_rowids: bool
    cells: tuple[Cell, ...] = ()
    bad: int = 0


@dataclass(frozen=True)
class _Header:
    start: int  # of the page, in the file
    kind: int
    cells: int
    pointers: int  # where the pointers to cells begin, in the page
    end: int  # where they end


@dataclass
class Pages:
    """The pages of a file.

    Parameters
    ----------
    data : bytes or mmap
        All of the file; a last page that is not whole is left out.

    Examples
    --------
    >>> pages = Pages(Path("track.db").read_bytes())  # doctest: +SKIP
    >>> [page.number for page in pages if page.cells]  # doctest: +SKIP
    [3, 5, 7]
    """

    data: bytes | mmap
    size: int = field(init=False, default=PAGE_SIZE)
    usable: int = field(init=False, default=PAGE_SIZE)
    count: int = field(init=False)
    mapped: bool = field(init=False)  # whether there is a pointer map
    children: Counter[int] = field(init=False)  # how many pages are below each one, by the pointer map
    _free: set[int] = field(init=False)

    def __post_init__(self) -> None:
        head = self.data[:100]
        sound = head.startswith(_MAGIC) and len(head) == 100
        if sound:
            size = 65_536 if head[16:18] == b"\0\1" else int.from_bytes(head[16:18], "big")
            if 512 <= size <= 65_536 and size & (size - 1) == 0 and size - head[20] >= 480:
                self.size, self.usable = size, size - head[20]
        self.count = len(self.data) // self.size
        self.mapped = self._looks_mapped()
        self.children = Counter()
        self._free = set()
        if self.mapped:
            for page in range(3, self.count + 1):
                kind, above = self._pointer(page)
                if kind == _BELOW:
                    self.children[above] += 1
        elif sound:
            self._free = set(self._freelist(int.from_bytes(head[32:36], "big")))

    # ---- what a page is

    def is_free(self, page: int) -> bool:
        """Whether a page waits for use; what it holds was deleted."""
        return self._pointer(page)[0] == _FREE if self.mapped else page in self._free

    def root_of(self, page: int) -> int | None:
        """Return the page that the tree of a page begins with; None where that is not known."""
        if not self.mapped:
            return None
        for _ in range(_DEPTH):
            if page == 1:
                return 1
            kind, above = self._pointer(page)
            if kind == _ROOT:
                return page
            if kind != _BELOW:
                return None
            page = above
        return None

    def _map_of(self, page: int) -> int:
        """Return the page of the pointer map that a page has its entry on."""
        step = self.usable // 5 + 1
        found = (page - 2) // step * step + 2
        return found + 1 if found == _PENDING_BYTE // self.size + 1 else found

    def _pointer(self, page: int) -> tuple[int, int]:
        """Return what the pointer map says of a page, and of which other one; zeros where it says nothing."""
        if not 2 <= page <= self.count:
            return 0, 0
        place = self._map_of(page)
        if page <= place or place > self.count:
            return 0, 0
        at = (place - 1) * self.size + 5 * (page - place - 1)
        return self.data[at], int.from_bytes(self.data[at + 1 : at + 5], "big")

    def _looks_mapped(self) -> bool:
        """Whether page 2 is a pointer map, which its header may not be able to say any more."""
        entries = [self._pointer(page) for page in range(3, min(self.count, self.usable // 5 + 2) + 1)]
        return bool(entries) and all(
            (kind in (_ROOT, _FREE) and above == 0) or (3 <= kind <= _BELOW and 1 <= above <= self.count)
            for kind, above in entries
        )

    def _freelist(self, trunk: int) -> Iterator[int]:
        seen: set[int] = set()
        while 2 <= trunk <= self.count and trunk not in seen:
            seen.add(trunk)
            yield trunk
            start = (trunk - 1) * self.size
            trunk, leaves = struct.unpack(">II", self.data[start : start + 8])
            leaves = min(leaves, self.usable // 4 - 2)
            yield from struct.unpack(f">{leaves}I", self.data[start + 8 : start + 8 + 4 * leaves])

    # ---- what it holds

    def is_whole(self, page: int, has_rowids: bool) -> bool:
        """Whether a page can be one of a table with rowids, or of one without them."""
        header = self._header(page)
        return header is not None and (header.kind in (_TABLE_INTERIOR, _TABLE_LEAF)) == has_rowids

    def page(self, number: int) -> Page | None:
        """Return a page with its rows; None for what is none, or holds only the way to others."""
        header = self._header(number)
        if header is None or header.kind == _TABLE_INTERIOR:
            return None
        cells: list[Cell] = []
        bad = 0
        content = self.data[header.start : header.start + self.usable]
        for (at,) in struct.iter_unpack(">H", content[header.pointers : header.end]):
            try:
                cells.append(self._cell(header, content, at))
            except (_Bad, IndexError):  # the end of the bytes was not where they said
                bad += 1
        return Page(number, header.kind == _TABLE_LEAF, tuple(cells), bad)

    def __iter__(self) -> Iterator[Page]:
        """Yield the pages that hold rows, and are not free."""
        for number in range(1, self.count + 1):
            page = None if self.is_free(number) else self.page(number)
            if page is not None:
                yield page

    def _header(self, page: int) -> _Header | None:
        if not 1 <= page <= self.count:
            return None
        start, base = (page - 1) * self.size, 100 if page == 1 else 0
        kind, _, cells, content, _ = struct.unpack(">BHHHB", self.data[start + base : start + base + 8])
        if kind not in (_INDEX_INTERIOR, _TABLE_INTERIOR, _INDEX_LEAF, _TABLE_LEAF):
            return None
        pointers = base + (12 if kind in (_INDEX_INTERIOR, _TABLE_INTERIOR) else 8)
        end = pointers + 2 * cells
        return _Header(start, kind, cells, pointers, end) if end <= (content or 65_536) <= self.usable else None

    def _cell(self, header: _Header, page: bytes, at: int) -> Cell:
        if not header.end <= at < self.usable:
            raise _Bad
        at += 4 if header.kind == _INDEX_INTERIOR else 0
        size, at = _varint(page, at)
        rowid: int | None = None
        if header.kind == _TABLE_LEAF:
            rowid, at = _varint(page, at)
            rowid -= 2**64 if rowid >= 2**63 else 0
        return Cell(rowid, _record(self._payload(page, at, size, header.kind == _TABLE_LEAF)))

    def _payload(self, page: bytes, at: int, size: int, table: bool) -> bytes:
        """Return the bytes of a row: those on the page, and those on the pages that it goes on."""
        usable = self.usable
        most = usable - 35 if table else (usable - 12) * 64 // 255 - 23
        here = size
        if size > most:
            least = (usable - 12) * 32 // 255 - 23
            here = least + (size - least) % (usable - 4)
            here = here if here <= most else least
        if size > len(self.data) or at + here > usable:
            raise _Bad
        if here == size:
            return page[at : at + here]
        parts = [page[at : at + here]]
        following = int.from_bytes(page[at + here : at + here + 4], "big")
        left = size - here
        while left > 0:  # ends, as each page takes some of it
            if not 2 <= following <= self.count:
                raise _Bad
            start = (following - 1) * self.size
            following = int.from_bytes(self.data[start : start + 4], "big")
            parts.append(self.data[start + 4 : start + 4 + min(left, usable - 4)])
            left -= usable - 4
        return b"".join(parts)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of 1 to 9 bytes, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9


def _record(payload: bytes) -> tuple[Value, ...]:
    """Return the values of a row.

    Raises
    ------
    _Bad, IndexError
        Where the bytes are not as long as they say.
    """
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise _Bad
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    if at != end or len(kinds) > _MOST_COLUMNS:
        raise _Bad
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise _Bad
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind >= 12:
        end = at + (kind - 12) // 2
        part = payload[at:end]
        return (part.decode("utf-8", "replace") if kind % 2 else part), end
    if kind == 7:
        if at + 8 > len(payload):
            raise _Bad
        number: float = struct.unpack_from(">d", payload, at)[0]
        return (None if math.isnan(number) else number), at + 8  # as SQLite reads it
    if kind <= 6:
        end = at + _INT_SIZES[kind]
        return (int.from_bytes(payload[at:end], "big", signed=True) if kind else None), end
    if kind in (8, 9):
        return kind - 8, at
    raise _Bad
