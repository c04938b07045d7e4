"""Faults of the writer: what cannot be written is kept or said, and nothing that goes wrong reaches the user."""

from __future__ import annotations

import sqlite3
import threading
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from writer_session import Blocked, run_row, until, values

import jupyter_track as track
from jupyter_track.errors import CorruptStore, NewerStore
from jupyter_track.recording.session import session
from jupyter_track.store import backlog, problems, schema, spill, writer
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.writer import Writer, writer_for


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that are as short as they can be."""
    monkeypatch.setattr(writer, "LOCK_WAIT", 0.02)
    monkeypatch.setattr(writer, "BUSY_WAIT", 0.02)
    monkeypatch.setattr(writer, "RETRY_PAUSES", (0.01,) * 5)


class TestFaults:
    """Faults are said once, reach no user code, and what was logged is kept."""

    def test_another_process_holds_the_store(self, store: Path, quick: None) -> None:
        """While the mutex cannot be had, it goes to side files, in order; later it is read back, with nobody's help."""
        with track.start_run() as run:
            track.log_metric("loss", 0.0, step=0)
            track.flush()
            with Blocked(store), warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                for step in range(1, 4):
                    track.log_metric("loss", float(step), step=step)
                    assert not track.flush()
                track.log_metric("loss", 4.0, step=4)
            (one,) = said
            assert "read back once the store can be written" in str(one.message)
            until(lambda: not spill.waiting(store) and not writer_for(store).spilled)
            assert track.flush()
            assert values(store, run.run_id) == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert problems.current() == []

    def test_neither_store_nor_side_file(self, store: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where nothing can be written the flush says so, and the points wait in memory until there is room."""
        with track.start_run() as run:
            track.flush()
            with monkeypatch.context() as patch, Blocked(store):
                patch.setattr(spill, "folders", lambda store: [])
                track.log_metric("loss", 1.0, step=0)
                with pytest.warns(TrackWarning, match="kept in memory"):
                    assert not track.flush()
                assert not track.flush()
            until(track.flush)
            assert values(store, run.run_id) == [1.0]
        assert problems.current() == []

    def test_warnings_as_errors_do_not_end_the_thread(self, store: Path, quick: None) -> None:
        """Under ``-W error`` a fault of the writer raises nowhere, and writing goes on after it."""
        with track.start_run() as run, warnings.catch_warnings():
            warnings.simplefilter("error")
            track.flush()
            with Blocked(store):
                track.log_metric("loss", 1.0, step=0)
                assert not track.flush()
            assert [problem.kind for problem in problems.current()] == ["store"]
            until(track.flush)
            assert values(store, run.run_id) == [1.0]

    def test_a_change_that_makes_no_sense(self, store: Path) -> None:
        """A mistake of ours in one change is said and takes none of the others along."""
        with track.start_run() as run:
            writer_for(store).submit("nonsense", run.run_id, {"x": 1})
            track.log_metric("loss", 1.0, step=0)
            with pytest.warns(TrackWarning, match="could not be understood.*nonsense"):
                track.flush()
        assert values(store, run.run_id) == [1.0]

    def test_even_a_fault_in_looking_after_faults(
        self, store: Path, quick: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The thread survives whatever is raised inside it."""
        with track.start_run() as run:
            track.flush()
            mine = writer_for(store)
            with monkeypatch.context() as patch:

                def broken() -> bool:
                    raise ZeroDivisionError("broken")

                patch.setattr(mine, "_step", broken)
                track.log_metric("loss", 1.0, step=0)
                with pytest.warns(TrackWarning, match="is tried again.*broken"):
                    assert not mine.flush(timeout=0.2)
            assert mine.flush()
        assert values(store, run.run_id) == [1.0]

    def test_a_batch_that_sqlite_refuses(self, store: Path, quick: None) -> None:
        """A batch whose own content is at fault is put away; it does not block later ones."""
        with track.start_run() as run:
            track.flush()
            writer_for(store).submit("update", run.run_id, {"name": ["no", "text"]})
            with pytest.warns(TrackWarning, match="could not be written, it lies in"):
                track.flush()
            track.log_metric("loss", 1.0, step=0)
            assert track.flush()
        assert values(store, run.run_id) == [1.0]

    @pytest.mark.parametrize(
        ("damage", "kind"),
        [
            (f"PRAGMA user_version = {schema.VERSION + 1}", NewerStore),
            ("PRAGMA application_id = 5", OSError),
            ("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM params; END", OSError),
        ],
    )
    def test_a_store_that_may_not_be_written(self, store: Path, damage: str, kind: type[Exception]) -> None:
        """A newer store, a foreign file and one with a trigger are left byte by byte; what is logged is not lost."""
        StoreFiles(store).ensure()
        with closing(sqlite3.connect(store)) as connection:
            connection.execute(damage)
        before = store.read_bytes()
        mine = Writer(store)
        mine.submit("start", "ab" * 16, run_row())
        with pytest.warns(TrackWarning, match="read back once the store can be written"):
            assert not mine.flush()
        assert store.read_bytes() == before
        assert len(spill.waiting(store)) == 1
        mine.close()
        if kind is NewerStore:
            with pytest.raises(NewerStore):
                track.start_run()

    def test_a_damaged_store(self, store: Path) -> None:
        """A damaged store is left as it is; the points lie beside it, and starting another run says what is wrong."""
        with track.start_run():
            pass
        writer.close_all(10)
        store.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
        before = store.read_bytes()
        mine = Writer(store)
        mine.submit("start", "ab" * 16, run_row())
        with pytest.warns(TrackWarning, match="side file|read back"):
            assert not mine.flush()
        assert store.read_bytes() == before
        mine.close()
        session.reset()
        session.use_store(store)
        with pytest.raises((CorruptStore, OSError)):
            track.start_run()


class TestBacklog:
    """More is logged than the disk takes."""

    def test_log_calls_wait(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Above the bound log calls wait for the disk, with one warning, in both ways of logging; nothing is lost."""
        monkeypatch.setattr(backlog, "FULL_POINTS", 1000)
        monkeypatch.setattr(writer, "BATCH_POINTS", 100)
        most = 0
        with warnings.catch_warnings(record=True) as said, track.start_run() as run:
            warnings.simplefilter("always")
            track.flush()
            mine = writer_for(store)
            blocked = Blocked(store)
            with blocked:
                release = threading.Timer(0.5, lambda: None)
                release.start()
                noticed = threading.Event()
                logger = threading.Thread(target=self.log, args=(noticed,))
                logger.start()
                until(lambda: mine.congested)
                noticed.set()
                release.join()
                most = mine.waiting_points()
                assert logger.is_alive()
            logger.join()
            track.flush()
        assert len(values(store, run.run_id)) == 6_000
        assert most < 6_000
        assert [str(one.message) for one in said if "points wait to be written" in str(one.message)] != []
        assert len([one for one in said if issubclass(one.category, TrackWarning)]) == 1
        assert not mine.congested
        assert problems.current() == []

    @staticmethod
    def log(noticed: threading.Event) -> None:
        """Log 6,000 points, half of them only once the writer has noticed that too many wait."""
        for step in range(6_000):
            if step == 3_000:
                noticed.wait(20)
            track.log_metric("loss", 1.0, step=step)

    def test_where_there_is_no_hope(self, store: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where neither store nor side file takes anything and memory is full, points are lost, counted and said."""
        monkeypatch.setattr(backlog, "FULL_POINTS", 100)
        monkeypatch.setattr(spill, "folders", lambda store: [])
        with warnings.catch_warnings(record=True) as said, track.start_run() as run:
            warnings.simplefilter("always")
            track.flush()
            mine = writer_for(store)
            with Blocked(store):
                until(lambda: self.one(run) or mine.backlog.lost == 5)
            until(track.flush)
            track.log_metric("loss", 9.0, step=0)
            until(track.flush)
        logged = self.count
        assert len(values(store, run.run_id)) == logged - 5 + 1
        assert len([one for one in said if "is lost until there is room again" in str(one.message)]) == 1

    count = 0

    def one(self, run: Any) -> None:
        """Log some points."""
        self.count += 1
        run.log_metric("loss", 1.0)
