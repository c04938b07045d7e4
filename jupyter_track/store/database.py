"""Opening the store: making it, checking that it is ours, short transactions and short reads.

Every use opens the file anew and closes it, under the process mutex. So between two uses the file is at rest and
complete, a copy of it is a backup, and a cell that opens or zips it drops no lock of ours (POSIX locks go when any
descriptor of the file is closed; the mutex is a `flock` on another file).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from .._version import __version__
from ..errors import CorruptStore, NotAStore, StoreBusy, StoreUnavailable
from . import gate, schema
from .damaged import holds_our_tables
from .lock import ProcessLock
from .place import files_folder, store_exists
from .sqlite_errors import explain, first_page_damaged, newer, nothing_yet

READ_WAIT = 10.0  # seconds a read waits for the mutex
BUSY_SECONDS = 5.0  # seconds SQLite waits for a program outside the mutex, such as the sqlite3 shell


class _Connection(sqlite3.Connection):
    """A connection whose statements end with it.

    SQLite keeps the file locked for a statement that has given some of its rows, also when the connection is closed;
    and where a read is interrupted the statement lives on in the traceback, which IPython keeps.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._begun: list[weakref.ref[sqlite3.Cursor]] = []

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Begin a statement."""
        cursor = super().execute(sql, parameters)
        self._begun.append(weakref.ref(cursor))
        return cursor

    def close(self) -> None:
        """End all statements, then the connection."""
        for cursor in filter(None, (begun() for begun in self._begun)):
            cursor.close()
        self._begun.clear()
        super().close()


def connect(store: Path, *, read_only: bool, busy: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open the file in autocommit mode; transactions are begun by hand."""
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"{_address(store)}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=busy,
        check_same_thread=False,
        factory=_Connection,
    )
    connection.execute("PRAGMA trusted_schema = 0")  # the file may be somebody else's
    if read_only:
        connection.execute("PRAGMA query_only = 1")
    return connection


def _address(store: Path) -> str:
    """The file as SQLite's URI; of a network share the host goes into the path, as SQLite knows no other host."""
    address = store.as_uri()
    return address if address.startswith("file:///") else address.replace("file://", "file:////", 1)


def check_ours(connection: sqlite3.Connection, store: Path) -> int:
    """Return the store's schema version.

    Raises
    ------
    NotAStore
        Where the file is a database of something else.
    CorruptStore
        Where the version is none that a store has; taken for an early one, the file would be written to. Where the
        first page is damaged.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != schema.APPLICATION_ID:
        if holds_our_tables(store):
            raise first_page_damaged(store)
        raise NotAStore(f"{store} is a SQLite file that jupyter-track did not make; name another file for the store.")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < 1:
        raise CorruptStore(f"{store} is damaged (schema {version}); it was left as it is. Restore a copy of the file.")
    return version


class StoreFiles:
    """The folder beside a store and its mutex, opened once per process and kept open."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.folder = files_folder(store)
        self._lock: ProcessLock | None = None

    def lock(self) -> ProcessLock:
        """Return the mutex, making the folder, its ``.gitignore`` and the lock file where they are missing.

        Raises
        ------
        StoreUnavailable
            Where the folder cannot be written.
        """
        if self._lock is not None and self._lock.deleted:  # somebody has removed the folder while we work
            self.close()
        if self._lock is None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                ignore = self.folder / ".gitignore"
                if not ignore.exists():
                    ignore.write_text("*\n")
                self._lock = ProcessLock(self.folder / "lock")
            except OSError as error:
                raise StoreUnavailable(
                    f"The folder {self.store.parent} cannot be written ({error.strerror}); "
                    "name another place with '%track store PATH' or JUPYTER_TRACK_STORE."
                ) from error
        return self._lock

    def close(self) -> None:
        """Close the lock file."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def ensure(self, *, timeout: float | None = None) -> None:
        """Make the store, or bring it to this version's schema; does nothing where it is current.

        Raises
        ------
        NewerStore, NotAStore, CorruptStore, StoreUnavailable
        """
        with self.lock().held(timeout=timeout) as held:
            if not held:
                raise StoreBusy(f"{self.store} is being used by another process for longer than {timeout} s.")
            try:
                self._ensure_locked()
            except sqlite3.Error as error:
                raise explain(error, self.store) from error

    def _ensure_locked(self) -> None:
        version = self._version() if store_exists(self.store) else None
        if version == schema.VERSION:
            return
        if version is not None and version > schema.VERSION:
            raise newer(self.store, version)
        connection = sqlite3.connect(self.store, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            # Counts for a file that is still empty: gc then gives pages back a few at a time, where a VACUUM would
            # keep every writer waiting (1.2 s for 90 MB). It costs 0.1 % of the file.
            # PRAGMA alone commits a first page at once, and a file that a kill leaves with only that would not be ours;
            # under EXPLAIN it is compiled, which sets the mode, and not run.
            connection.execute("EXPLAIN PRAGMA auto_vacuum = INCREMENTAL").close()
            connection.execute("BEGIN IMMEDIATE")
            try:
                make = schema.create if version is None else schema.migrate
                make(connection, f"jupyter-track {__version__}")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _version(self) -> int | None:
        """Look whether the store may be written; None where a killed process had only begun to make it."""
        try:
            with _opened(self.store) as connection:
                _refuse_triggers(connection, self.store)
                return check_ours(connection, self.store)
        except StoreUnavailable:
            if store_exists(self.store):
                raise
            return None

    @contextmanager
    def writing(
        self, *, timeout: float | None = None, waiting: Callable[[], None] | None = None, busy: float = BUSY_SECONDS
    ) -> Iterator[sqlite3.Connection]:
        """Give a connection inside one ``BEGIN IMMEDIATE`` transaction, committed at the end.

        An exception rolls it back. The file must have been made by `ensure`.

        Raises
        ------
        StoreUnavailable
            Where the mutex or the file could not be had in time.
        sqlite3.Error
            As SQLite gives it; `explain` says what it means.
        """
        with self.lock().held(timeout=timeout, waiting=waiting) as held:
            if not held:
                raise StoreBusy(f"{self.store} is being used by another process for longer than {timeout} s.")
            connection = connect(self.store, read_only=False, busy=busy)
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            finally:
                connection.close()


def _refuse_triggers(connection: sqlite3.Connection, store: Path) -> None:
    """A store that somebody sent must not run code of theirs when a row is written."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    if names:
        raise NotAStore(
            f"{store} holds triggers ({', '.join(names[:3])}), which jupyter-track never makes; nothing is written "
            "to it. Drop them if they are yours."
        )


class _OpenReads(threading.local):
    """The connections of the reads that this thread is in."""

    def __init__(self) -> None:
        self.by_store: dict[Path, sqlite3.Connection] = {}


_open_reads = _OpenReads()


@contextmanager
def reading(store: Path, wait: float = READ_WAIT) -> Iterator[sqlite3.Connection]:
    """Give a read-only connection for a short read (50 ms at most: writers wait meanwhile).

    A read within a read of the same store, in the same thread, uses the connection that is open.

    Makes no file and no folder, but a store of an earlier schema is migrated first; where its folder cannot be
    written, a copy is. Holds the mutex shared where there is one; a store on a read-only medium without a lock file is
    read without.

    Parameters
    ----------
    store : Path
    wait : float, default 10.0
        Seconds to wait for the mutex.

    Raises
    ------
    StoreUnavailable
        Where there is no such file, or it stays locked.
    NotAStore, CorruptStore
        Where the file is not a store, or is damaged.
    """
    outer = _open_reads.by_store
    if store in outer and _is_open(outer[store]):
        yield outer[store]
        return
    if not store_exists(store):
        raise nothing_yet(store)
    with _brought_up_to_date(store, wait) as connection:
        try:
            outer[store] = connection
            yield connection
        finally:
            outer.pop(store, None)


@contextmanager
def reading_as_it_is(store: Path) -> Iterator[sqlite3.Connection]:
    """As `reading`, but a store of an earlier schema stays one: nothing is written into a file that may be damaged."""
    if not store_exists(store):
        raise nothing_yet(store)
    with _shared(store, READ_WAIT, as_it_is=True) as connection:
        yield connection


def _is_open(connection: sqlite3.Connection) -> bool:
    """Whether a connection can be used: an interrupt may have kept a read from saying that it has ended."""
    try:
        return connection.total_changes >= 0
    except sqlite3.ProgrammingError:
        return False


class _Behind(Exception):
    """The store is of an earlier schema."""


@contextmanager
def _brought_up_to_date(store: Path, wait: float) -> Iterator[sqlite3.Connection]:
    # No ExitStack: its frame and an exception that leaves it hold each other, so that what an interrupt leaves behind
    # meanwhile, the lock too, is kept until Python's collector comes by.
    try:
        with _shared(store, wait) as connection:
            yield connection
            return
    except _Behind:
        copy_old = not _brought_up(store)
    with _shared(store, wait, copy_old=copy_old) as connection:
        yield connection


def _brought_up(store: Path) -> bool:
    """Migrate a store of an earlier schema; return whether that was possible."""
    files = StoreFiles(store)
    try:
        files.ensure(timeout=READ_WAIT)
    except StoreUnavailable:  # a read-only folder: the reader makes a copy for itself
        return False
    finally:
        files.close()
    return True


@contextmanager
def _shared(store: Path, wait: float, copy_old: bool = False, as_it_is: bool = False) -> Iterator[sqlite3.Connection]:
    lock = _reader_lock(store)
    try:
        if lock is None:
            with gate.inside(), _current(store, copy_old, as_it_is) as connection:
                yield connection
            return
        with lock.held(shared=True, timeout=wait) as held:
            if not held:
                raise StoreBusy(f"{store} is being written by another process for longer than {wait:g} s.")
            with _current(store, copy_old, as_it_is) as connection:
                yield connection
    finally:
        if lock is not None:
            lock.close()


def _reader_lock(store: Path) -> ProcessLock | None:
    try:
        return ProcessLock(files_folder(store) / "lock", create=False)
    except OSError:
        return None  # no lock file, or none that may be opened: nobody here writes


@contextmanager
def _current(store: Path, copy_old: bool, as_it_is: bool) -> Iterator[sqlite3.Connection]:
    with _opened(store) as connection:
        if check_ours(connection, store) >= schema.VERSION or as_it_is:
            yield connection
        elif copy_old:
            with _migrated_copy(connection, store) as copy:
                yield copy
        else:
            raise _Behind


@contextmanager
def _migrated_copy(connection: sqlite3.Connection, store: Path) -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory(prefix="jupyter-track-") as folder:
        copy = sqlite3.connect(Path(folder) / store.name, isolation_level=None)
        try:
            connection.backup(copy)
            copy.execute("BEGIN IMMEDIATE")
            schema.migrate(copy, f"jupyter-track {__version__}")
            copy.execute("COMMIT")
            copy.execute("PRAGMA trusted_schema = 0")
            copy.execute("PRAGMA query_only = 1")
            yield copy
        finally:
            copy.close()


@contextmanager
def _opened(store: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection, temporary = _open_for_reading(store)
        try:
            yield connection
        finally:
            connection.close()
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
    except sqlite3.Error as error:
        _raise_explained(error, store)
    except UnicodeDecodeError as error:  # SQLite's message quotes bytes of the file that are no text
        raise CorruptStore(
            f"{store} is damaged ({error.reason} in its tables' names); it was left as it is."
        ) from error


def _raise_explained(error: sqlite3.Error, store: Path) -> NoReturn:
    if isinstance(error, sqlite3.ProgrammingError):
        raise error  # a mistake in a call of ours, not a fault of the file
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # "no such column"
        raise CorruptStore(f"The tables of {store} are not as jupyter-track makes them ({error}).") from error
    raise explain(error, store) from error


def _open_for_reading(store: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open read-only; where a killed writer left a hot journal, let SQLite roll it back first."""
    connection = connect(store, read_only=True)
    try:
        check_ours(connection, store)
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        return connection, None
    except sqlite3.OperationalError as error:
        connection.close()
        code = getattr(error, "sqlite_errorcode", 0)
        if code not in (sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_CANTINIT, sqlite3.SQLITE_CANTOPEN):
            raise
        return _recovered(store, error)
    except BaseException:
        connection.close()
        raise


def _recovered(store: Path, error: sqlite3.OperationalError) -> tuple[sqlite3.Connection, Path | None]:
    """Open so that SQLite can roll back: the file itself, or a copy where the folder cannot be written."""
    journal = store.with_name(store.name + "-journal")
    folder: Path | None = None
    place = store
    if not (os.access(store, os.W_OK) and os.access(store.parent, os.W_OK)):
        if not journal.exists():
            raise error
        folder = Path(tempfile.mkdtemp(prefix="jupyter-track-"))
        place = folder / store.name
    connection: sqlite3.Connection | None = None
    try:
        if folder is not None:
            shutil.copy2(store, place)
            shutil.copy2(journal, folder / journal.name)
        connection = connect(place, read_only=False)
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA trusted_schema = 0")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        if not store_exists(place):
            raise nothing_yet(store)
        check_ours(connection, store)
    except BaseException:
        if connection is not None:
            connection.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return connection, folder
