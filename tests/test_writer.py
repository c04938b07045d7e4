"""The writer: what is logged is written in order, once, and nothing that goes wrong reaches the user or is silent."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import jupyter_track as track
from jupyter_track.errors import CorruptStore, NewerStore, StoreUnavailable
from jupyter_track.recording import active
from jupyter_track.recording.session import session
from jupyter_track.store import backlog, pending, problems, queues, schema, spill, writer
from jupyter_track.store.database import StoreFiles, reading
from jupyter_track.store.lock import ProcessLock
from jupyter_track.store.place import files_folder
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader
from jupyter_track.store.writer import Writer, writer_for


def values(store: Path, run_id: str, key: str = "loss") -> list[float]:
    """The points of a curve, in their order."""
    return [point.value for point in Reader(store).history(run_id, key)]


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.002)


class Blocked:
    """Holds the store's mutex, as another process does, while the block runs."""

    def __init__(self, store: Path) -> None:
        self.files = StoreFiles(store)

    def __enter__(self) -> Blocked:
        self.held = ProcessLock(self.files.lock() and self.files.folder / "lock")
        self.context = self.held.held()
        self.context.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.context.__exit__(None, None, None)
        self.held.close()
        self.files.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that are as short as they can be."""
    monkeypatch.setattr(writer, "LOCK_WAIT", 0.02)
    monkeypatch.setattr(writer, "BUSY_WAIT", 0.02)
    monkeypatch.setattr(writer, "RETRY_PAUSES", (0.01,) * 5)


class TestWriting:
    """The ordinary way."""

    def test_everything_arrives_in_order(self, store: Path) -> None:
        """50,000 points of two curves, logged in turns, are there after a flush, in their order."""
        with track.start_run() as run:
            for step in range(25_000):
                track.log_metric("loss", float(step), step=step)
                track.log_metric("odd", float(-step), step=step)
            assert track.flush()
            assert values(store, run.run_id) == [float(step) for step in range(25_000)]
            assert values(store, run.run_id, "odd") == [float(-step) for step in range(25_000)]
        assert problems.current() == []

    def test_threads_lose_nothing(self, store: Path) -> None:
        """Eight threads that log to one run at once: every point is there, each thread's in its order."""
        with track.start_run() as run:

            def log(thread: int) -> None:
                for step in range(2000):
                    track.log_metric("shared", thread * 10_000.0 + step, step=step)
                    track.log_metrics({f"own-{thread}": float(step)}, step=step)

            threads = [threading.Thread(target=log, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            track.flush()
        shared = values(store, run.run_id, "shared")
        assert len(shared) == 16_000
        for number in range(8):
            own = [value % 10_000 for value in shared if value // 10_000 == number]
            assert own == values(store, run.run_id, f"own-{number}") == [float(step) for step in range(2000)]

    def test_one_run_is_one_batch(self, store: Path) -> None:
        """A short run with params, metrics and tags moves the store's revision by few batches, not by calls."""
        for _ in range(3):
            with track.start_run():
                track.log_params({"a": 1, "b": 2})
                for step in range(100):
                    track.log_metric("loss", 1.0, step=step)
        track.flush()
        assert Reader(store).info().rev <= 6

    def test_the_summary_is_there_before_the_disk(self, store: Path) -> None:
        """What a process logged is known to it at once, in the order of logging, and is the same when it is written."""
        with track.start_run() as run:
            for step, value in enumerate((3.0, 1.0, float("inf"), 2.0)):
                track.log_metric("loss", value, step=step)
            track.log_metric("acc", 0.5, step=7)
            mine = writer_for(store)
            before = mine.summaries(run.run_id)
            track.flush()
            assert list(before) == ["loss", "acc"]
            assert before == mine.summaries(run.run_id) == Reader(store).run(run.run_id).metrics
            loss = before["loss"]
            assert (loss.count, loss.last, loss.min, loss.min_step, loss.max, loss.max_step) == (
                4,
                2.0,
                1.0,
                1,
                float("inf"),
                2,
            )

    def test_the_number(self, store: Path) -> None:
        """A run's small number is known once it is written; asking waits for that."""
        with track.start_run() as one, track.start_run(nested=True) as two:
            assert (one.number, two.number) == (1, 2)
        assert writer_for(store).number("0" * 32) is None
        assert writer_for(store).number("0" * 32, timeout=0.01) is None

    def test_flushing_nothing(self, store: Path) -> None:
        """Without anything logged a flush is done at once and makes nothing."""
        assert pending.flush(store)
        assert Writer(store).flush()
        assert not store.exists()

    def test_more_than_one_batch(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """More points than a transaction holds are written in several, and no curve starves."""
        monkeypatch.setattr(writer, "BATCH_POINTS", 100)
        with track.start_run() as run:
            for step in range(1000):
                track.log_metrics({"a": float(step), "b": float(step), "c": float(step)}, step=step)
            track.flush()
            for key in "abc":
                assert values(store, run.run_id, key) == [float(step) for step in range(1000)]

    def test_a_flush_waits_for_what_was_before_it(self, store: Path) -> None:
        """200 flushes from two threads: each finds all that its thread had logged."""
        with track.start_run() as run:
            missing: list[int] = []

            def work(key: str) -> None:
                for step in range(100):
                    track.log_metrics({key: float(step)}, step=step)
                    assert track.flush()
                    if len(values(store, run.run_id, key)) != step + 1:
                        missing.append(step)

            threads = [threading.Thread(target=work, args=(key,)) for key in "ab"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert missing == []


class TestOtherProcesses:
    """What somebody else does to the store meanwhile."""

    def test_a_curve_that_another_process_goes_on_with(self, store: Path) -> None:
        """Points of another writer between two of ours: no key twice, the count is of all, our knowledge is renewed."""
        other = Writer(store)
        with track.start_run() as run:
            for turn in range(5):
                for who in (writer_for(store), other):
                    who.curve(run.run_id, "loss").points.append((turn, turn * 10**6, float(turn)))
                    assert who.flush()
        other.close()
        assert values(store, run.run_id) == [float(turn) for turn in range(5) for _ in range(2)]
        assert Reader(store).run(run.run_id).metrics["loss"].count == 10

    def test_an_experiment_that_is_renamed(self, store: Path) -> None:
        """Another process renames the experiment that this one uses: its next run is not lost."""
        track.set_experiment("mine")
        with track.start_run():
            pass
        track.flush()
        with closing(sqlite3.connect(store)) as connection, connection:
            connection.execute("UPDATE experiments SET name = 'theirs' WHERE name = 'mine'")
        with track.start_run() as second:
            track.log_metric("loss", 1.0, step=0)
        assert track.flush()
        assert Reader(store).run(second.run_id).experiment_name == "mine"
        assert values(store, second.run_id) == [1.0]
        assert problems.current() == []

    def test_a_store_that_is_deleted(self, store: Path) -> None:
        """Deleting track.db and its folder under a running kernel is said, and the next run makes a new store."""
        with track.start_run():
            track.log_metric("loss", 1.0, step=0)
            track.flush()
        store.unlink()
        shutil.rmtree(files_folder(store))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with track.start_run(run_name="after") as run:
                track.log_metric("loss", 2.0, step=0)
            track.flush()
            track.flush()
        assert [found.name for found in Reader(store).runs()] == ["after"]
        assert values(store, run.run_id) == [2.0]
        assert all(issubclass(one.category, TrackWarning) for one in said)

    def test_late_changes_of_an_absorbed_run(self, store: Path) -> None:
        """What comes for the run of a cell after its only child took its place goes to the child."""
        mine = writer_for(store)
        with track.start_run() as outer, track.start_run(nested=True) as inner:
            track.flush()
            mine.submit("absorb", outer.run_id, inner.run_id)
            track.flush()
            mine.submit("tags", outer.run_id, {"late": "yes"})
            assert track.flush()
        assert Reader(store).run(inner.run_id).own_tags["late"] == "yes"
        assert problems.current() == []

    def test_a_run_that_its_forking_process_has_yet_to_write(self, store: Path, quick: None) -> None:
        """Points that come before their run wait for it."""
        first, late = Writer(store), Writer(store)
        run_id = "ab" * 16
        first.curve(run_id, "loss").points.append((0, 0, 1.0))
        time.sleep(0.02)
        late.submit("start", run_id, self.row())
        assert late.flush()
        assert first.flush()
        assert values(store, run_id) == [1.0]
        assert problems.current() == []
        first.close()
        late.close()

    def test_what_is_logged_while_it_closes(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What another thread logs between the last flush and the end of the thread is in the store, in no file."""
        mine = Writer(store)
        mine.submit("start", "ab" * 16, self.row())
        flush = mine.flush

        def flush_and_log(timeout: float | None = None) -> bool:
            done = flush(timeout)
            mine._stopping = True  # the thread is about to leave, and takes nothing any more
            while mine._alone.locked():
                mine._wake.ring()
                time.sleep(0.01)
            mine.submit("tags", "ab" * 16, {"late": "yes"})
            return done

        monkeypatch.setattr(mine, "flush", flush_and_log)
        assert mine.close(5)
        assert Reader(store).run("ab" * 16).own_tags == {"late": "yes"}
        assert spill.waiting(store) == []

    def test_a_run_that_never_comes(self, store: Path, quick: None) -> None:
        """Points of a run that is nowhere are put by and said, and those of other runs in the batch are written."""
        mine = Writer(store)
        mine.submit("start", "ab" * 16, self.row())
        mine.curve("cd" * 16, "loss").points.append((0, 0, 1.0))
        mine.curve("ab" * 16, "loss").points.append((0, 0, 2.0))
        with pytest.warns(TrackWarning, match="it is not in this store"):
            mine.flush()
        assert values(store, "ab" * 16) == [2.0]
        assert len(spill.waiting(store, spill.ORPHAN)) == 1
        mine.close()

    def test_a_run_that_comes_back(self, store: Path, quick: None) -> None:
        """Another git branch is checked out while a run logs, and the first one again: all points, in their order."""
        mine = Writer(store)
        mine.submit("start", "ab" * 16, self.row())
        points = mine.curve("ab" * 16, "loss").points
        points.append((0, 0, 0.0))
        assert mine.flush()
        with_it = store.read_bytes()
        other = Writer(store)
        store.unlink()
        other.submit("start", "cd" * 16, self.row())
        assert other.flush()
        with pytest.warns(TrackWarning, match="it is not in this store") as said:
            for step in (1, 2):
                points.append((step, 0, float(step)))
                mine.submit("tags", "cd" * 16, {"step": str(step)})
                assert not mine.flush()
        assert len(said) == 1
        assert (Reader(store).run("cd" * 16).own_tags, len(spill.waiting(store, spill.ORPHAN))) == ({"step": "2"}, 2)
        store.write_bytes(with_it)
        points.append((3, 0, 3.0))
        assert mine.flush()
        assert values(store, "ab" * 16) == [0.0, 1.0, 2.0, 3.0]
        assert spill.waiting(store, spill.ORPHAN) == []
        for one in (mine, other):
            one.close()

    @staticmethod
    def row() -> dict[str, Any]:
        """A run's row."""
        return {"experiment": "Default", "name": "r", "status": "RUNNING", "start_time": 1, "user_id": ""}


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
        mine.submit("start", "ab" * 16, TestOtherProcesses.row())
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
        mine.submit("start", "ab" * 16, TestOtherProcesses.row())
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


class TestRetiring:
    """Queues of runs that have ended are forgotten."""

    def test_after_some_time(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The queues of an ended run are forgotten when nothing came for a while; those of an open run stay."""
        monkeypatch.setattr(queues, "RETIRE_SECONDS", 0.3)
        mine = writer_for(store)
        with track.start_run(run_name="open"):
            track.log_metric("loss", 1.0, step=0)
            for _ in range(20):
                with track.start_run(nested=True):
                    track.log_metric("loss", 1.0, step=0)
            track.flush()
            until(lambda: len(mine._queues.all()) == 1)
            assert [curve.run_id for curve in mine._queues.all()] == [active.open_runs()[0].run_id]
        track.flush()
        until(lambda: not mine._queues)
        assert mine._knowledge.curves == {}

    def test_a_point_that_comes_late_is_written(self, store: Path) -> None:
        """A log call that was under way when its run ended still finds its queue looked after."""
        with track.start_run() as run:
            track.log_metric("loss", 1.0, step=0)
            append = writer_for(store).curve(run.run_id, "loss").points.append
        track.flush()
        append((1, 0, 2.0))
        track.flush()
        assert values(store, run.run_id) == [1.0, 2.0]

    def test_a_run_that_is_resumed(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A run that is resumed after its queues were forgotten goes on where it was; one resumed before, too."""
        monkeypatch.setattr(queues, "RETIRE_SECONDS", 0.05)
        mine = writer_for(store)
        with track.start_run() as run:
            track.log_metric("loss", 1.0, step=0)
        until(lambda: not mine._queues)
        for number in (2.0, 3.0):
            with track.start_run(run_id=run.run_id):
                track.log_metric("loss", number, step=int(number))
        track.flush()
        assert values(store, run.run_id) == [1.0, 2.0, 3.0]
        assert Reader(store).run(run.run_id).metrics["loss"].count == 3


class TestHeartbeat:
    """Signs of life."""

    def test_it_moves_while_a_run_is_open(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An open run's counter goes up without any log call, and stands when the run has ended."""
        monkeypatch.setattr(writer, "HEARTBEAT_SECONDS", 0.02)
        with track.start_run() as run:
            until(lambda: self.beat(store, run.run_id) >= 3)
        track.flush()
        last = self.beat(store, run.run_id)
        time.sleep(0.1)
        track.flush()
        assert self.beat(store, run.run_id) == last

    @staticmethod
    def beat(store: Path, run_id: str) -> int:
        """The stored counter."""
        try:
            with reading(store) as connection:
                found = connection.execute("SELECT heartbeat FROM runs WHERE uuid = ?", (run_id,)).fetchone()
        except StoreUnavailable:
            return 0
        return found[0] if found else 0


class TestClosing:
    """The end of a writer."""

    def test_in_time_and_without_loss(self, store: Path) -> None:
        """A store that stays locked does not hold the end up: the rest goes to side files for the next."""
        with track.start_run() as run:
            track.flush()
            for step in range(10):
                track.log_metric("loss", float(step), step=step)
        mine = writer_for(store)
        with Blocked(store):
            began = time.monotonic()
            assert not mine.close(0.3)
            assert time.monotonic() - began < 1.0
            assert len(spill.waiting(store)) == 1
        until(lambda: not mine._alone.locked())
        later = Writer(store)
        later.submit("start", "ab" * 16, TestOtherProcesses.row())
        assert later.flush()
        assert values(store, run.run_id) == [float(step) for step in range(10)]
        assert Reader(store).run(run.run_id).status == "FINISHED"
        assert spill.waiting(store) == []
        later.close()
        writer._writers.clear()

    def test_what_is_lost_at_the_end_is_said(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where not even a side file can be written at the end, the loss is said with the number of points."""
        mine = Writer(store)
        mine.submit("start", "ab" * 16, TestOtherProcesses.row())
        assert mine.flush()
        monkeypatch.setattr(spill, "folders", lambda store: [])
        with Blocked(store):
            mine.curve("ab" * 16, "loss").points.extend([(0, 0, 1.0)] * 7)
            with pytest.warns(TrackWarning, match="lost, 7 metric points among it"):
                assert not mine.close(0.05)

    def test_closing_twice(self, store: Path) -> None:
        """Closing again does nothing."""
        mine = Writer(store)
        mine.submit("start", "ab" * 16, TestOtherProcesses.row())
        assert mine.close()
        assert mine.close()
        assert [run.run_id for run in Reader(store).runs()] == ["ab" * 16]
