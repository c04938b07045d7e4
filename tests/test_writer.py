"""The writer: what is logged is written in order, once, by a thread that ends and comes back, and is closed in time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from writer_session import Blocked, run_row, until, values

import jupyter_track as track
from jupyter_track.errors import StoreUnavailable
from jupyter_track.recording import active
from jupyter_track.store import pending, problems, queues, spill, writer
from jupyter_track.store.database import reading
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader
from jupyter_track.store.writer import Writer, writer_for


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
            assert time.monotonic() - began < 5.0  # and not until the store is free
            assert len(spill.waiting(store)) == 1
        until(lambda: not mine._alone.locked())
        later = Writer(store)
        later.submit("start", "ab" * 16, run_row())
        assert later.flush()
        assert values(store, run.run_id) == [float(step) for step in range(10)]
        assert Reader(store).run(run.run_id).status == "FINISHED"
        assert spill.waiting(store) == []
        later.close()
        writer._writers.clear()

    def test_what_is_lost_at_the_end_is_said(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where not even a side file can be written at the end, the loss is said with the number of points."""
        mine = Writer(store)
        mine.submit("start", "ab" * 16, run_row())
        assert mine.flush()
        monkeypatch.setattr(spill, "folders", lambda store: [])
        with Blocked(store):
            mine.curve("ab" * 16, "loss").points.extend([(0, 0, 1.0)] * 7)
            with pytest.warns(TrackWarning, match="lost, 7 metric points among it"):
                assert not mine.close(0.05)

    def test_closing_twice(self, store: Path) -> None:
        """Closing again does nothing."""
        mine = Writer(store)
        mine.submit("start", "ab" * 16, run_row())
        assert mine.close()
        assert mine.close()
        assert [run.run_id for run in Reader(store).runs()] == ["ab" * 16]
