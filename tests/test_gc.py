"""gc: what goes for good, what stays, and how much disk comes back."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from made_stores import START, add_run, add_runs, made_store, write
from whole_stores import contents_of, full_store

from jupyter_track.errors import InvalidValue, NotAStore, StoreBusy, StoreUnavailable
from jupyter_track.store import edits, experiment_edits, files, registry_edits, spill
from jupyter_track.store.batch import Batch
from jupyter_track.store.belonging import BELONGING
from jupyter_track.store.database import StoreFiles, reading
from jupyter_track.store.liveness import this_process
from jupyter_track.store.lock import ProcessLock
from jupyter_track.store.place import files_folder
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import content, gc, turns
from jupyter_track.store.upkeep.models import MODEL_TABLES
from jupyter_track.store.upkeep.pages import PAGE_POINTS

DAY = 86_400_000


def later(days: float = 31) -> int:
    """The time in milliseconds, so many days from now."""
    return int(time.time() * 1000 + days * DAY)


def age(path: Path, days: float = 2) -> None:
    """Make a file old."""
    os.utime(path, (time.time() - days * 86_400,) * 2)


def rows(store: Path, table: str) -> int:
    """How many rows a table has."""
    with reading(store) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def keep(store: Path, run_id: str, data: bytes, path: str = "a.bin") -> str:
    """Log content to a run; return its hash."""
    kept = files.keep(store, data)
    batch = Batch(uuid.uuid4().hex, 1)
    row = {
        "path": path,
        "sha256": kept.sha256,
        "size": kept.size,
        "mime": "text/plain",
        "kind": "file",
        "created": START,
    }
    batch.add_artifact(run_id, {**row, "content": (kept.size, kept.data)})
    write(store, batch)
    return kept.sha256


def test_the_bin_keeps_runs_for_thirty_days(store: Path) -> None:
    """A run deleted 29 days ago stays with all that belongs to it; of one of 31 days ago nothing is left."""
    ids = full_store(store)
    before = contents_of(store)
    assert gc.collect(store, now=later(29)).runs == 0
    assert contents_of(store) == before
    done = gc.collect(store, now=later(31))
    assert (done.runs, done.points) == (1, 10)
    after = contents_of(store)
    assert [row[1] for row in after["runs"]] == [row[1] for row in before["runs"] if row[1] != ids[4]]
    for table in ("params", "tags", "artifacts", "executions", "contents", "param_history"):
        assert after[table] == before[table], table
    assert rows(store, "metrics") == len(before["metrics"]) - 1
    assert rows(store, "metric_points") == len(before["metric_points"]) - 10


def test_everything_of_a_run_goes(store: Path) -> None:
    """With the run go its rows in every table, its content and its files; what others name too stays."""
    ids = full_store(store)
    shared = keep(store, ids[1], bytes(200_000) + bytes([0]))
    registry_edits.delete_model(store, "forest")
    edits.delete_runs(store, ids)
    edits.restore_runs(store, [ids[3]])
    (large,) = (files_folder(store) / "content").glob("??/*")
    assert large.name == shared
    age(large)
    done = gc.collect(store, now=later())
    assert (done.runs, done.files) == (4, 1)
    assert done.bytes_freed >= 200_000
    assert not large.exists()
    counted = {table: len(found) for table, found in contents_of(store).items()}
    assert counted == {
        **dict.fromkeys((*BELONGING, "contents"), 0),
        **{"store": 1, "writers": counted["writers"], "experiments": 2, "experiment_tags": 1, "metric_goals": 1},
        **{"runs": 1, "metrics": 1, "metric_points": 64, "metric_buckets": 1},
        **dict.fromkeys(MODEL_TABLES, 0),
    }
    assert Reader(store).experiments()[0].baseline_run_id is None


def test_what_others_name_stays(store: Path) -> None:
    """Content that an active run names too is kept, in the store and as a file."""
    first, second = add_runs(made_store(store.parent), {}, {})
    for data in (b"small", bytes(200_000)):
        for run_id in (first, second):
            keep(store, run_id, data, f"{len(data)}.bin")
    edits.delete_runs(store, [first])
    (large,) = (files_folder(store) / "content").glob("??/*")
    age(large)
    assert gc.collect(store, now=later()).files == 0
    reader = Reader(store)
    assert [reader.content(one.sha256) for one in reader.artifacts(second)] == [bytes(200_000), b"small"]


def test_preview_says_what_would_go(store: Path) -> None:
    """The same numbers as the real one, and nothing is changed."""
    ids = full_store(store)
    edits.delete_runs(store, ids)
    (large,) = (files_folder(store) / "content").glob("??/*")
    age(large)
    before = contents_of(store)
    preview = gc.collect(store, dry_run=True, now=later())
    assert preview == gc.preview(store, now=later())
    assert contents_of(store) == before
    done = gc.collect(store, now=later())
    assert (preview.runs, preview.points, preview.files) == (done.runs, done.points, done.files)
    assert preview.bytes_freed == done.bytes_freed > 200_000


def test_a_running_run_stays(store: Path) -> None:
    """One that was deleted while it logs, here or lately on another host, is not taken away under its process."""
    process = this_process()
    here = {"host_id": process.host_id, "boot_id": process.boot_id, "pid": process.pid, "process_start": process.start}
    other = {"host_id": "other", "boot_id": "b", "pid": 1, "process_start": "1"}
    ids = add_runs(
        made_store(store.parent),
        {"status": "RUNNING", "name": "here", **here},
        {"status": "RUNNING", "name": "there", "start_time": later(0), **other},
        {"status": "RUNNING", "name": "lost there", **other},
        {"status": "RUNNING", "name": "lost here", **here, "process_start": "0"},
    )
    edits.delete_runs(store, ids)
    assert gc.collect(store, older_than_days=0, now=later()).runs == 2
    assert sorted(run.name for run in Reader(store).runs(view_type=3)) == ["here", "there"]


def test_a_parent_stays_with_its_children(store: Path) -> None:
    """A run is not taken while a run below it stays, at any depth."""
    top = add_run(made_store(store.parent), name="top")
    middle = add_run(store, name="middle", parent_uuid=top)
    leaf = add_run(store, name="leaf", parent_uuid=middle)
    edits.delete_runs(store, [top, middle])
    assert gc.collect(store, now=later()).runs == 0
    edits.delete_runs(store, [leaf])
    assert gc.collect(store, now=later()).runs == 3


def test_deleted_experiments_go_when_they_are_empty(store: Path) -> None:
    """With their tags and goals; Default stays, and so does one that has runs."""
    full_store(store)
    number = experiment_edits.find_experiment(store, "digits")
    assert number is not None
    experiment_edits.delete_experiment(store, str(number[0]))
    assert gc.collect(store, now=later(29)).runs == 0
    assert rows(store, "experiments") == 2
    assert gc.collect(store, now=later()).runs == 3
    assert (rows(store, "experiments"), rows(store, "experiment_tags"), rows(store, "metric_goals")) == (1, 0, 0)


def test_orphaned_files(store: Path) -> None:
    """Files that nothing names and left-over copies go once they are older than a day; others' files stay."""
    run_id = add_run(made_store(store.parent))
    named = keep(store, run_id, bytes(200_000))
    folder = files_folder(store) / "content"
    orphan = files.content_path(store, files.keep(store, bytes(150_000)).sha256)
    young = files.content_path(store, files.keep(store, bytes(151_000)).sha256)
    part, fresh, mine = folder / ".part-1-a", folder / ".part-1-b", folder / "ab" / "notes.txt"
    mine.parent.mkdir(exist_ok=True)
    for path in (part, fresh, mine):
        path.write_bytes(b"x" * 10)
    for path in (orphan, files.content_path(store, named), part, mine):
        age(path)
    done = gc.collect(store)
    assert (done.files, done.bytes_freed) == (2, 150_010)
    assert not orphan.exists()
    assert not part.exists()
    assert all(path.exists() for path in (young, fresh, mine, files.content_path(store, named)))


def test_what_waits_in_side_files_is_kept(store: Path) -> None:
    """A batch that could not be written is read back first; one that was put by keeps its files."""
    run_id = add_run(made_store(store.parent))
    kept = [files.keep(store, bytes(size)) for size in (200_000, 210_000)]
    for content_of, run in zip(kept, (run_id, "f" * 32), strict=True):
        batch = Batch(uuid.uuid4().hex, 1)
        row = {"path": "a", "sha256": content_of.sha256, "size": content_of.size, "mime": "m", "kind": "file"}
        batch.add_artifact(run, {**row, "created": START, "content": (content_of.size, None)})
        spill.save(store, batch)
        age(files.content_path(store, content_of.sha256))
    with pytest.warns(UserWarning, match="it is not in this store"):
        assert gc.collect(store).files == 0
    assert Reader(store).artifacts(run_id)[0].sha256 == kept[0].sha256
    assert all(files.content_path(store, one.sha256).exists() for one in kept)


def test_a_file_that_a_writer_finds_just_then_stays(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content that is logged again between gc's look and its deed is not lost."""
    run_id = add_run(made_store(store.parent))
    data = bytes(200_000)
    place = files.content_path(store, files.keep(store, data).sha256)
    age(place)
    looked = content.orphans

    def meanwhile(where: Path) -> list[Path]:
        found = looked(where)
        keep(store, run_id, data)
        return found

    monkeypatch.setattr(content, "orphans", meanwhile)
    assert gc.collect(store).files == 0
    assert Reader(store).content(place.name) == data


def test_what_a_killed_gc_had_taken_aside(store: Path) -> None:
    """It comes back where a row names it, and goes where none does."""
    run_id = add_run(made_store(store.parent))
    named, unnamed = keep(store, run_id, bytes(200_000)), files.keep(store, bytes(210_000)).sha256
    for sha256 in (named, unnamed):
        place = files.content_path(store, sha256)
        place.rename(place.parent.parent / f".gone-{sha256}")
        age(place.parent.parent / f".gone-{sha256}")
    gc.collect(store)
    assert Reader(store).content(named) == bytes(200_000)
    assert [path.name for path in (files_folder(store) / "content").glob("**/*") if path.is_file()] == [named]


def test_the_file_gets_smaller(store: Path) -> None:
    """A new store gives its pages back in steps; one of an earlier version is rewritten once, and then does so too."""
    for name, setting in (("new", "INCREMENTAL"), ("old", "NONE")):
        folder = store.parent / name
        folder.mkdir()
        place = made_store(folder)
        with closing(sqlite3.connect(place)) as connection:
            connection.execute(f"PRAGMA auto_vacuum = {setting}")
            connection.execute("VACUUM")
        big = add_run(place, metrics={"loss": [float(step) for step in range(3 * PAGE_POINTS + 5)]})
        small = add_run(place, metrics={"loss": [1.0, 2.0]})
        edits.delete_runs(place, [big])
        size = place.stat().st_size
        preview = gc.preview(place, now=later())
        assert (preview.bytes_freed, preview.free_inside) == (pytest.approx(1_700_000, rel=0.1), 0)
        done = gc.collect(place, now=later())
        assert (done.runs, done.points, done.free_inside) == (1, 3 * PAGE_POINTS + 5, 0)
        assert done.bytes_freed == size - place.stat().st_size > 1_500_000
        with reading(place) as connection:
            assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert Reader(place).points(small, "loss").values == [1.0, 2.0]


def test_little_that_is_free_stays_in_the_file(store: Path) -> None:
    """Below a megabyte it is not worth it; gc says how much is free."""
    run_id = add_run(made_store(store.parent), metrics={"loss": [1.0] * 5_000})
    edits.delete_runs(store, [run_id])
    size = store.stat().st_size
    preview = gc.preview(store, now=later())
    assert (preview.bytes_freed, preview.free_inside) == (0, pytest.approx(135_000, rel=0.1))
    done = gc.collect(store, now=later())
    assert 0 < done.free_inside < 1_000_000
    assert (store.stat().st_size, done.bytes_freed) == (size, 0)


def test_stores_that_cannot_be_tidied(store: Path, tmp_path: Path) -> None:
    """A missing or foreign file, a wrong number of days: errors, and nothing is made."""
    with pytest.raises(StoreUnavailable):
        gc.collect(store)
    assert list(tmp_path.iterdir()) == []
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE mine (a)")
    with pytest.raises(NotAStore):
        gc.collect(tmp_path / "foreign.db")
    made_store(tmp_path)
    for days in (-1, float("nan")):
        with pytest.raises(InvalidValue, match="days"):
            gc.collect(store, older_than_days=days)


def test_one_upkeep_at_a_time(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a merge or a doctor is at work gc waits, and says so in the end; writers do not wait for either."""
    run_id = add_run(made_store(store.parent))
    monkeypatch.setattr(turns, "TURN_WAIT", 0.05)
    lock = ProcessLock(files_folder(store) / "upkeep")
    with lock.claimed(0.0) as held:
        assert held
        with pytest.raises(StoreBusy, match="at work"):
            gc.collect(store)
        edits.set_note(store, [run_id], "still possible")
    lock.close()
    gc.collect(store)
    assert Reader(store).run(run_id).note == "still possible"


def test_writers_have_gaps_between_pages(store: Path) -> None:
    """A run of many points goes in several transactions, so another process can write between any two."""
    big = add_run(made_store(store.parent), metrics={"loss": [0.0] * (2 * PAGE_POINTS + 1)})
    edits.delete_runs(store, [big])
    own = StoreFiles.writing
    taken = []

    def counted(self: StoreFiles, **options: float) -> object:
        taken.append(self)
        return own(self, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoreFiles, "writing", counted)
        gc.collect(store, now=later())
    assert len(taken) >= 5  # the run, three pages of points, the end of them
