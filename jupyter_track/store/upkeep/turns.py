"""One upkeep at a time, and what all of it checks before it begins.

Merge, gc and doctor leave curves without a run behind them for a while, which the others would take for leftovers. So
each of them holds a lock of its own while it works, ``track.db-files/upkeep``; a process that is killed gives it up.
Kernels know nothing of it and go on writing.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import StoreBusy, StoreUnavailable
from .. import pending, schema
from ..database import StoreFiles, check_ours, reading
from ..edits import EDIT_WAIT
from ..lock import ProcessLock
from ..sqlite_errors import newer

TURN_WAIT = 30.0  # seconds that one upkeep waits for another
BREATH = 0.008  # seconds; the mutex is polled every 7.5 ms at the longest
WRITE_WAIT = 60.0  # seconds that a page of it waits for the mutex

Progress = Callable[[int, int], None]  # what is done, of how much


def no_progress(done: int, total: int) -> None:
    """Say nothing."""


@contextmanager
def turn(store: Path) -> Iterator[StoreFiles]:
    """Give the files of a store that is brought to this schema, while no other upkeep is at work on it.

    What this process has logged is written first.

    Raises
    ------
    StoreBusy
        Where another merge, gc or doctor does not end within 30 s.
    NewerStore, NotAStore, CorruptStore, StoreUnavailable
        As `StoreFiles.ensure`.
    """
    pending.flush(store, EDIT_WAIT)
    with claimed(store) as files:
        files.ensure(timeout=WRITE_WAIT)
        yield files


@contextmanager
def claimed(store: Path) -> Iterator[StoreFiles]:
    """As `turn`, for a store that may be damaged: the file itself is not looked at."""
    files = StoreFiles(store)
    try:
        files.lock()  # makes the folder
        try:
            lock = ProcessLock(files.folder / "upkeep")
        except OSError as error:
            raise StoreUnavailable(f"The folder {files.folder} cannot be written ({error.strerror}).") from error
        try:
            with lock.claimed(TURN_WAIT) as held:
                if not held:
                    raise StoreBusy(f"Another merge, gc or doctor is at work on {store}; try again when it is through.")
                yield files
        finally:
            lock.close()
    finally:
        files.close()


@contextmanager
def page_of(files: StoreFiles) -> Iterator[sqlite3.Connection]:
    """Give a connection in one transaction of many, after which whoever waits to write gets a turn."""
    with files.writing(timeout=WRITE_WAIT) as connection:
        yield connection
    breathe()


def breathe() -> None:
    """Leave the mutex alone for so long that a writer that waits finds it free.

    Who waits polls; one transaction after the other without a gap kept a writer waiting for 1.7 s (median of a gc).
    """
    time.sleep(BREATH)


def check_readable(store: Path) -> None:
    """Check that a store can be read in full by this version.

    Raises
    ------
    StoreUnavailable, NotAStore, CorruptStore
        As `database.reading`.
    NewerStore
        Where a later version wrote it: it may hold what this one does not know.
    """
    with reading(store) as connection:
        version = check_ours(connection, store)
    if version > schema.VERSION:
        raise newer(store, version)
