"""The writer beside other processes, which write, rename, delete and fork while it has something to write."""

from __future__ import annotations

import shutil
import sqlite3
import time
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from writer_session import run_row, values

import jupyter_track as track
from jupyter_track.store import problems, spill, writer
from jupyter_track.store.place import files_folder
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader
from jupyter_track.store.writer import Writer, writer_for


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that are as short as they can be."""
    monkeypatch.setattr(writer, "LOCK_WAIT", 0.02)
    monkeypatch.setattr(writer, "BUSY_WAIT", 0.02)
    monkeypatch.setattr(writer, "RETRY_PAUSES", (0.01,) * 5)


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
        late.submit("start", run_id, run_row())
        assert late.flush()
        assert first.flush()
        assert values(store, run_id) == [1.0]
        assert problems.current() == []
        first.close()
        late.close()

    def test_what_is_logged_while_it_closes(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What another thread logs between the last flush and the end of the thread is in the store, in no file."""
        mine = Writer(store)
        mine.submit("start", "ab" * 16, run_row())
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
        mine.submit("start", "ab" * 16, run_row())
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
        mine.submit("start", "ab" * 16, run_row())
        points = mine.curve("ab" * 16, "loss").points
        points.append((0, 0, 0.0))
        assert mine.flush()
        with_it = store.read_bytes()
        other = Writer(store)
        store.unlink()
        other.submit("start", "cd" * 16, run_row())
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
