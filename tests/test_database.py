"""Opening the store: made under the mutex, refused where it is not ours, recovered where a writer was killed."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hot_journal import leave_hot_journal
from made_stores import add_run, made_store

from jupyter_track.errors import CorruptStore, NotAStore, StoreBusy, StoreError, StoreUnavailable
from jupyter_track.store import database, gate, schema
from jupyter_track.store.database import StoreFiles, reading
from jupyter_track.store.lock import ProcessLock
from jupyter_track.store.reader import Reader
from jupyter_track.store.sqlite_errors import explain

MANY_ROWS = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    " INSERT INTO contents SELECT printf('%064d', i), i, NULL FROM n"
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A store with one run."""
    store = made_store(tmp_path)
    add_run(store, name="kept", metrics={"loss": [1.0, 0.5]})
    return store


@pytest.fixture
def files(made: Path) -> Iterator[StoreFiles]:
    """The store's files, opened for writing."""
    opened = StoreFiles(made)
    yield opened
    opened.close()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rename_and_fail(connection: sqlite3.Connection) -> None:
    """Change a row, and raise."""
    assert connection.execute("UPDATE runs SET name = 'lost'").rowcount == 1
    raise ZeroDivisionError


class TestMaking:
    """The file and the folder beside it."""

    def test_what_lies_there(self, tmp_path: Path) -> None:
        """A new store is the file, and a folder with a lock that git does not see."""
        made_store(tmp_path)
        assert set(tree(tmp_path)) == {"track.db", "track.db-files/.gitignore", "track.db-files/lock"}
        assert (tmp_path / "track.db-files" / ".gitignore").read_text() == "*\n"

    def test_an_empty_file_becomes_a_store(self, tmp_path: Path) -> None:
        """A file without bytes, as `touch` leaves it, is made a store."""
        (tmp_path / "track.db").touch()
        assert Reader(made_store(tmp_path)).info().version == schema.VERSION

    def test_folders_are_made(self, tmp_path: Path) -> None:
        """The folder that a new store is in is made with it."""
        assert Reader(made_store(tmp_path / "a" / "b")).runs() == []

    def test_eight_at_once(self, tmp_path: Path) -> None:
        """Eight that make the same store at once make one."""
        barrier = threading.Barrier(8)
        faults: list[BaseException] = []

        def make() -> None:
            barrier.wait()
            try:
                made_store(tmp_path)
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        with reading(tmp_path / "track.db") as connection:
            assert connection.execute("SELECT count(*) FROM store").fetchone() == (1,)


class TestRefusing:
    """Files that are not ours are left as they are."""

    def test_a_foreign_database(self, tmp_path: Path) -> None:
        """Another program's SQLite file is refused for reading and for writing, and not one byte changes."""
        store = tmp_path / "track.db"
        with closing(sqlite3.connect(store)) as connection:
            connection.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1); PRAGMA user_version = 1")
        before = store.read_bytes()
        with pytest.raises(NotAStore, match="did not make"), reading(store):
            pass
        files = StoreFiles(store)
        with pytest.raises(NotAStore, match="name another file"):
            files.ensure()
        files.close()
        assert store.read_bytes() == before

    @pytest.mark.parametrize("version", [0, -5])
    def test_a_version_that_no_store_has(self, tmp_path: Path, version: int) -> None:
        """It is damage, not an early store that a reader brings up: the file is refused and left as it is."""
        store = made_store(tmp_path)
        with closing(sqlite3.connect(store)) as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        before = store.read_bytes()
        with pytest.raises(CorruptStore, match=rf"damaged \(schema {version}\)"), reading(store):
            pass
        files = StoreFiles(store)
        with pytest.raises(CorruptStore):
            files.ensure()
        files.close()
        assert store.read_bytes() == before

    def test_no_database(self, tmp_path: Path) -> None:
        """A file of another kind is refused and kept."""
        store = tmp_path / "track.db"
        store.write_text("notes of mine\n" * 100)
        with pytest.raises(NotAStore, match="not a SQLite file"), reading(store):
            pass
        files = StoreFiles(store)
        with pytest.raises(NotAStore):
            files.ensure()
        files.close()
        assert store.read_text() == "notes of mine\n" * 100

    def test_a_trigger(self, made: Path, files: StoreFiles) -> None:
        """A store with a trigger is read, but not written to, so that nobody's code runs."""
        with closing(sqlite3.connect(made)) as connection:
            connection.execute("CREATE TRIGGER evil AFTER INSERT ON runs BEGIN DELETE FROM params; END")
        with pytest.raises(NotAStore, match=r"triggers \(evil\)"):
            files.ensure()
        assert [run.name for run in Reader(made).runs()] == ["kept"]

    def test_reading_makes_nothing(self, tmp_path: Path) -> None:
        """Looking for a store that is not there makes no file and no folder."""
        with pytest.raises(StoreUnavailable, match="the first run makes it"), reading(tmp_path / "a" / "track.db"):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_a_copy_without_its_folder(self, made: Path, tmp_path: Path) -> None:
        """A store that was sent alone is read without a lock, and nothing is made beside it."""
        alone = tmp_path / "sent" / "track.db"
        alone.parent.mkdir()
        shutil.copy(made, alone)
        assert [run.name for run in Reader(alone).runs()] == ["kept"]
        assert set(tree(alone.parent)) == {"track.db"}

    def test_a_reader_cannot_write(self, made: Path) -> None:
        """A connection for reading refuses to change anything."""
        with pytest.raises(StoreUnavailable, match="readonly"), reading(made) as connection:
            connection.execute("DELETE FROM runs")


class TestTransactions:
    """One transaction under the mutex."""

    def test_commit_and_rollback(self, files: StoreFiles, made: Path) -> None:
        """What was done in the block is there after it; after an exception nothing of it is."""
        with files.writing() as connection:
            connection.execute("UPDATE runs SET name = 'renamed'")
        with pytest.raises(ZeroDivisionError), files.writing() as connection:
            rename_and_fail(connection)
        assert [run.name for run in Reader(made).runs()] == ["renamed"]

    def test_the_file_is_at_rest_between(self, files: StoreFiles, made: Path) -> None:
        """After a transaction there is no journal, and a plain copy is a whole store."""
        with files.writing() as connection:
            connection.execute("UPDATE runs SET name = 'renamed'")
            assert Path(f"{made}-journal").exists()
        assert not Path(f"{made}-journal").exists()

    def test_busy(self, files: StoreFiles, made: Path) -> None:
        """Where another process holds the mutex for too long, both ways say so."""
        other = ProcessLock(files.folder / "lock")
        with other.held():
            with pytest.raises(StoreBusy, match="by another process"), files.writing(timeout=0.01):
                pass
            with pytest.raises(StoreBusy, match="by another process"):
                files.ensure(timeout=0.01)
        other.close()

    def test_a_reader_waits_for_a_writer(self, files: StoreFiles, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A reader gives up after some time with an error that says who it waits for."""
        monkeypatch.setattr(database, "READ_WAIT", 0.01)
        with pytest.raises(StoreBusy, match="is being written"), files.writing(), reading(made):
            pass

    def test_a_program_outside_the_mutex(self, files: StoreFiles, made: Path) -> None:
        """The sqlite3 shell with an open transaction makes a writer wait, and then fail with SQLite's own error."""
        with closing(sqlite3.connect(made, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            with pytest.raises(sqlite3.OperationalError, match="locked"), files.writing(busy=0.01):
                pass
        with files.writing(busy=0.01) as connection:
            assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)

    def test_a_deleted_folder(self, files: StoreFiles, made: Path) -> None:
        """Where the folder beside the store is deleted while we work, the lock is made anew and shared again."""
        with files.writing():
            pass
        shutil.rmtree(files.folder)
        with files.writing():
            other = ProcessLock(files.folder / "lock", create=False)
            with other.held(timeout=0) as held:
                assert not held
            other.close()


class TestHotJournal:
    """What a killed writer leaves: pages of a transaction that was not committed, and the journal."""

    def hot(self, made: Path, folder: Path) -> Path:
        """A store with a hot journal, in a folder."""
        store = folder / "track.db"
        leave_hot_journal(made, store, statement=MANY_ROWS)
        assert store.stat().st_size > made.stat().st_size
        return store

    def contents(self, store: Path) -> int:
        """How many rows the killed transaction left."""
        with reading(store) as connection:
            count: int = connection.execute("SELECT count(*) FROM contents").fetchone()[0]
        return count

    def test_a_reader_takes_it_back(self, made: Path, tmp_path: Path) -> None:
        """A reader rolls the transaction back and reads what was there before."""
        store = self.hot(made, tmp_path / "hot")
        assert [run.name for run in Reader(store).runs()] == ["kept"]
        assert self.contents(store) == 0
        assert not Path(f"{store}-journal").exists()
        assert store.read_bytes() == made.read_bytes()

    def test_a_writer_takes_it_back(self, made: Path, tmp_path: Path) -> None:
        """A new writer does not stumble over the journal: its first look rolls it back."""
        store = self.hot(made, tmp_path / "hot")
        files = StoreFiles(store)
        files.ensure()
        files.close()
        add_run(store, name="next")
        assert [run.name for run in Reader(store).runs()] == ["next", "kept"]
        assert self.contents(store) == 0

    @pytest.mark.parametrize("beside", [True, False])
    def test_where_the_folder_cannot_be_written(
        self, made: Path, tmp_path: Path, beside: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On a medium that cannot be written a copy is rolled back, read and removed; the medium stays as it is."""
        store = self.hot(made, tmp_path / "hot")
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.setattr(database.tempfile, "tempdir", str(elsewhere))
        monkeypatch.setattr(database.os, "access", lambda path, mode: False)
        before = tree(store.parent)
        assert [run.name for run in Reader(store).runs()] == ["kept"]
        assert self.contents(store) == 0
        assert tree(store.parent) == before
        assert list(elsewhere.iterdir()) == []

    def test_a_store_that_was_being_made(self, tmp_path: Path) -> None:
        """Killed in the middle of making the store: a reader finds none, and the next writer makes it."""
        place = tmp_path / "making.db"
        place.touch()
        store = tmp_path / "hot" / "track.db"
        leave_hot_journal(
            place, store, statement="CREATE TABLE half AS " + MANY_ROWS.replace("INSERT INTO contents", "")
        )
        copy = tmp_path / "copy" / "track.db"
        shutil.copytree(store.parent, copy.parent)
        with pytest.raises(StoreUnavailable, match="the first run makes it"), reading(store):
            pass
        for left in (store, copy):
            made_store(left.parent)
            assert Reader(left).runs() == []


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_NOTADB, NotAStore, "not a SQLite file"),
        (sqlite3.SQLITE_CORRUPT, CorruptStore, "damaged"),
        (sqlite3.SQLITE_CORRUPT | (2 << 8), CorruptStore, "left as it is"),
        (sqlite3.SQLITE_BUSY, StoreBusy, "locked by another program"),
        (sqlite3.SQLITE_LOCKED, StoreBusy, "locked"),
        (sqlite3.SQLITE_FULL, StoreUnavailable, "full"),
        (sqlite3.SQLITE_READONLY, StoreUnavailable, "cannot be written"),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable, "permissions"),
        (sqlite3.SQLITE_IOERR_WRITE, StoreError, "disk I/O"),
    ],
)
def test_what_errors_mean(code: int, kind: type[StoreError], words: str) -> None:
    """Every error of SQLite becomes one of ours that says what happened to the file, with its cause kept."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    explained = explain(error, Path("/data/track.db"))
    assert type(explained) is kind
    assert words in str(explained)
    assert "/data/track.db" in str(explained)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no folder can be made the error names the ways out."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "mkdir", refuse)
    files = StoreFiles(tmp_path / "a" / "track.db")
    with pytest.raises(StoreUnavailable, match=r"Read-only file system.*JUPYTER_TRACK_STORE"):
        files.ensure()


def test_a_read_within_a_read_uses_the_open_connection(store: Path) -> None:
    """Opening the file is what a small read spends its time on; afterwards the next read opens it anew."""
    files = StoreFiles(store)
    files.ensure()
    with reading(store) as outer:
        with reading(store) as inner:
            assert inner is outer
        assert outer.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    with reading(store) as later:
        assert later is not outer
    files.close()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_statement_that_is_kept_does_not_lock_the_file(tmp_path: Path, read_only: bool) -> None:
    """The traceback of an interrupted read, which IPython keeps, holds a statement that has rows left."""
    store = made_store(tmp_path)
    add_run(store, metrics={"loss": [1.0] * 5_000})
    connection = database.connect(store, read_only=read_only)
    kept = connection.execute("SELECT value FROM metric_points")
    assert kept.fetchone() == (1.0,)
    connection.close()
    with closing(sqlite3.connect(store, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.ProgrammingError):
        kept.fetchone()


def test_a_read_that_could_not_say_that_it_ended(tmp_path: Path) -> None:
    """Its closed connection, which an interrupt left behind, is none for the next read."""
    store = made_store(tmp_path)
    with reading(store) as connection:
        pass
    database._open_reads.by_store[store] = connection
    with reading(store) as another:
        assert another.execute("SELECT count(*) FROM store").fetchone() == (1,)
    assert store not in database._open_reads.by_store


def test_what_leaves_a_read_is_freed_at_once(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt while a read ends leaves nothing to Python's collector: neither itself nor a lock."""
    made_store(store.parent)

    class Interrupt(BaseException):
        """Told from those of other tests."""

    def interrupted(lock: ProcessLock) -> None:
        close(lock)
        raise Interrupt

    close = ProcessLock.close
    gc.collect()
    gc.disable()
    try:
        with monkeypatch.context() as patched:
            patched.setattr(ProcessLock, "close", interrupted)
            with pytest.raises(Interrupt) as caught, reading(store):
                pass
        del caught
        assert [one for one in gc.get_objects() if type(one) is Interrupt] == []
        assert len(gate._inside) == 0
    finally:
        gc.enable()
