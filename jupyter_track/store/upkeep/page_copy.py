"""A copy of a store's file, page for page, damaged ones too, while others write.

Whoever reads the file holds the mutex shared, and writers wait meanwhile. A copy in one go kept them waiting for 0.2 s
(60 MB), and SQLite's own backup in steps begins anew whenever somebody writes between two of them. So the file is read
a few MB at a time, and at last once more in one go, which only compares: what has changed meanwhile is little. That
last look is spared where nobody has written.

The bytes are read past SQLite, which drops its own locks on the file in this process; the mutex, which is another
file's, is what counts.
"""

from __future__ import annotations

import sqlite3
from itertools import count
from pathlib import Path
from typing import BinaryIO

from ...errors import StoreUnavailable
from ..database import reading
from .turns import breathe

_CHUNK = 4_000_000
_LOOK = 262_144  # bytes that are compared, and copied where they differ; two of them lie in the processor's cache


def copy_pages(store: Path, place: Path) -> None:
    """Copy the file of a store as it is at one moment.

    Raises
    ------
    StoreUnavailable, NotAStore, CorruptStore
        As `database.reading`; the first also where there is no room for the copy.
    """
    with open(place, "w+b", buffering=0) as copy:
        begun, more = _counter(store), True
        while more:
            with reading(store) as connection, open(_file_of(connection), "rb") as file:
                file.seek(copy.tell())
                data = file.read(_CHUNK)
            _write(copy, data)
            more = len(data) == _CHUNK
            breathe()
        with reading(store) as connection:
            if _counter(store) != begun:
                _catch_up(_file_of(connection), copy)


def _file_of(connection: sqlite3.Connection) -> str:
    """The file that is read: a copy where the store's folder cannot be written and its journal was hot."""
    return str(connection.execute("PRAGMA database_list").fetchone()[2])


def _counter(store: Path) -> bytes:
    """What every transaction changes: SQLite's change counter, and beside it the size of the file in pages."""
    with reading(store) as connection, open(_file_of(connection), "rb") as file:
        file.seek(24)
        return file.read(8)


def _write(copy: BinaryIO, data: bytes | memoryview) -> None:
    if copy.write(data) != len(data):
        raise StoreUnavailable("There is no room for a copy of the store in the temporary folder.")


def _catch_up(source: str, copy: BinaryIO) -> None:
    """Make the copy equal to the file, which nobody changes meanwhile; writers wait, so nothing is allocated."""
    theirs, ours = bytearray(_LOOK), bytearray(_LOOK)
    with open(source, "rb", buffering=0) as file:
        for start in count(0, _LOOK):
            copy.seek(start)
            read, kept = file.readinto(theirs), copy.readinto(ours)  # type: ignore[attr-defined]
            if not read:
                copy.truncate(start)
                return
            if read == kept == _LOOK and theirs == ours:
                continue
            if read != kept or theirs[:read] != ours[:read]:
                copy.seek(start)
                _write(copy, memoryview(theirs)[:read])
            if read < _LOOK:
                copy.truncate(start + read)
                return
