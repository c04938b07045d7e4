"""What an import has hashed already, so that the next one reads only files that are new or were changed.

A file counts as unchanged where its path, size, inode and times of change are what they were. It lies beside the store
as ``track.db-files/imported.db``, and is only a memory: without it, or where it is damaged, every file is hashed again.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from os import stat_result
from pathlib import Path

from ..store.place import files_folder

NAME = "imported.db"
_YOUNG = 2_000_000_000  # ns; a file that was changed this late may be changed again without another time
_TABLE = """CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL
) WITHOUT ROWID"""


class Seen:
    """The memory of a store.

    Parameters
    ----------
    store : Path
        It is there, and this process alone tends it.

    Attributes
    ----------
    read : int
        How many files had to be read.
    """

    def __init__(self, store: Path) -> None:
        self.read = 0
        self._place = files_folder(store) / NAME
        self._new: dict[str, tuple[str, str, int]] = {}
        self._connection = self._opened()

    def _opened(self) -> sqlite3.Connection | None:
        """Open the memory; one that is damaged is made anew, and where it cannot be written there is none."""
        for _ in range(2):
            connection = sqlite3.connect(self._place, isolation_level=None)
            try:
                connection.execute(_TABLE)
                connection.execute("SELECT path, state, sha256, size FROM files LIMIT 1").fetchone()
            except sqlite3.Error:
                connection.close()
                with suppress(OSError):
                    self._place.unlink(missing_ok=True)
            else:
                return connection
        return None

    def recall(self, path: Path, status: stat_result) -> tuple[str, int] | None:
        """Return sha256 and size of a file that has been read before; None where it has to be read."""
        known = self._new.get(str(path))
        if known is None and self._connection is not None:
            with suppress(sqlite3.Error, UnicodeError):
                known = self._connection.execute(
                    "SELECT state, sha256, size FROM files WHERE path = ?", (str(path),)
                ).fetchone()
        if known is None or known[0] != _state(status):
            return None
        return known[1], known[2]

    def remember(self, path: Path, status: stat_result, sha256: str, size: int) -> None:
        """Keep what was found, unless the file is so young that its times do not tell the next change from this one."""
        self.read += 1
        newest = max(status.st_mtime_ns, status.st_ctime_ns)
        if status.st_size == size and newest < time.time_ns() - _YOUNG:
            self._new[str(path)] = (_state(status), sha256, size)

    def forget(self, path: Path) -> None:
        """Let a file be read next time."""
        self._new.pop(str(path), None)
        if self._connection is not None:
            with suppress(sqlite3.Error, UnicodeError):
                self._connection.execute("DELETE FROM files WHERE path = ?", (str(path),))

    def close(self) -> None:
        """Write what is new; that this fails costs time and nothing else."""
        if self._connection is None:
            return
        with suppress(sqlite3.Error, UnicodeError):
            self._connection.execute("BEGIN")
            self._connection.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", [(path, *one) for path, one in self._new.items()]
            )
            self._connection.execute("COMMIT")
        self._connection.close()
        self._connection = None


def _state(status: stat_result) -> str:
    """What is another after every change of a file's content, its times set back included."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
