"""The tables: made once and the same by both ways, WITHOUT ROWID, and readable from every release on."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from made_stores import START, add_run, made_store

from jupyter_track.errors import NewerStore, StoreUnavailable
from jupyter_track.store import schema
from jupyter_track.store.choices import read_choices
from jupyter_track.store.database import StoreFiles, reading
from jupyter_track.store.reader import Reader

DATA = Path(__file__).parent / "data"
MIGRATIONS = ("m001_initial", "m002_tidying", "m003_choices", "m004_join_keys", "m005_models", "m006_inputs")


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction on a plain file, committed at the end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")


def tables(path: Path) -> dict[str, str]:
    """Every table, index and view with the statement that made it; white space apart."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(text.split()) for name, text in rows}


def pragma(path: Path, name: str) -> int:
    """The value of a pragma."""
    with closing(sqlite3.connect(path)) as connection:
        value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def from_dump(folder: Path, version: int) -> Path:
    """A store of an earlier release."""
    store = folder / "track.db"
    with closing(sqlite3.connect(store)) as connection:
        connection.executescript((DATA / f"store-{version}.sql").read_text())
    return store


def test_both_ways_make_the_same(tmp_path: Path) -> None:
    """A new store without sqlite-utils is what the migrations make of an empty file."""
    made, migrated = tmp_path / "made.db", tmp_path / "migrated.db"
    with transaction(made) as connection:
        schema.create(connection, "test")
    with transaction(migrated) as connection:
        schema.migrate(connection, "test")
    assert tables(made) == tables(migrated)
    for path in (made, migrated):
        assert pragma(path, "application_id") == schema.APPLICATION_ID
        assert pragma(path, "user_version") == schema.VERSION
        with closing(sqlite3.connect(path)) as connection:
            names = connection.execute("SELECT migration_set, name FROM _sqlite_migrations").fetchall()
            assert names == [("jupyter_track", name) for name in MIGRATIONS]
            assert connection.execute("SELECT id, name FROM experiments").fetchall() == [(0, "Default")]
            (one, identifier, rev, _, by) = connection.execute("SELECT * FROM store").fetchone()
            assert (one, len(identifier), rev, by) == (1, 32, 0, "test")


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    """The migrations of a current store do nothing, so that two kernels may both ask for them."""
    store = made_store(tmp_path)
    run = add_run(store, metrics={"loss": [1.0, 2.0]})
    before = tables(store)
    with transaction(store) as connection:
        schema.migrate(connection, "later")
    assert tables(store) == before
    assert Reader(store).run(run).metrics["loss"].count == 2
    assert Reader(store).info().created_by != "later"


def test_without_rowid(tmp_path: Path) -> None:
    """The tables that hold the bulk are WITHOUT ROWID: read back from the file, as a migration can lose it silently."""
    store = made_store(tmp_path)
    with reading(store) as connection:
        listed = {name: bool(flag) for _, name, kind, _, flag, _ in connection.execute("PRAGMA table_list")}
    assert {name for name, without in listed.items() if without} == {
        "artifacts",
        "choices",
        "contents",
        "contexts",
        "datasets",
        "executions",
        "experiment_tags",
        "metric_buckets",
        "metric_goals",
        "metric_points",
        "model_aliases",
        "model_version_files",
        "model_version_tags",
        "params",
        "registered_model_tags",
        "tags",
        "writers",
    }


def test_a_failed_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where making the tables fails in the middle, the file has none of them, and the next try works."""
    store = tmp_path / "track.db"
    files = StoreFiles(store)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "INITIAL", (*schema.INITIAL[:5], "CREATE nonsense"))
        with pytest.raises(OSError, match="nonsense"):
            files.ensure()
    assert store.stat().st_size == 0
    files.ensure()
    files.close()
    assert Reader(store).info().version == schema.VERSION


def test_an_older_store_is_brought_up_in_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store whose version is behind is migrated by the first writer, once; data stay."""
    store = from_dump(tmp_path, 1)
    calls: list[str] = []

    def migrate(connection: sqlite3.Connection, by: str) -> None:
        assert connection.in_transaction
        calls.append(by)
        connection.execute("ALTER TABLE runs ADD COLUMN colour TEXT")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")

    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    monkeypatch.setattr(schema, "migrate", migrate)
    barrier = threading.Barrier(4)

    def first_open() -> None:
        files = StoreFiles(store)
        barrier.wait()
        files.ensure()
        files.close()

    threads = [threading.Thread(target=first_open) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert pragma(store, "user_version") == schema.VERSION
    with reading(store) as connection:
        assert connection.execute("SELECT name, colour FROM runs").fetchall() == [("first", None), ("second", None)]


def test_a_newer_store_is_read_and_not_written(tmp_path: Path) -> None:
    """A store of a later schema can be read; writing is refused with the way out, and the file is left as it is."""
    store = made_store(tmp_path)
    add_run(store, name="kept")
    with closing(sqlite3.connect(store)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    before = store.read_bytes()
    files = StoreFiles(store)
    with pytest.raises(NewerStore, match=rf"schema {schema.VERSION + 1}, this one knows.*pip install -U"):
        files.ensure()
    files.close()
    assert [run.name for run in Reader(store).runs()] == ["kept"]
    assert store.read_bytes() == before


class TestSchema1:
    """A store of schema 1."""

    def test_it_becomes_what_is_made_today(self, tmp_path: Path) -> None:
        """Its first reader brings it to the tables of this version."""
        old, new = tmp_path / "old", tmp_path / "new"
        old.mkdir()
        new.mkdir()
        store = from_dump(old, 1)
        assert [run.pinned for run in Reader(store).runs()] == [False, False]
        assert tables(store) == tables(made_store(new))

    def test_it_is_read_where_it_cannot_be_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """In a read-only folder a copy is brought up; the file and its folder are left as they are."""

        def read_only(files: StoreFiles) -> NoReturn:
            raise StoreUnavailable(f"The folder {files.store.parent} cannot be written.")

        store = from_dump(tmp_path, 1)
        before = store.read_bytes()
        monkeypatch.setattr(StoreFiles, "lock", read_only)
        assert [run.name for run in Reader(store).runs()] == ["second", "first"]
        assert store.read_bytes() == before
        assert list(tmp_path.iterdir()) == [store]

    def test_everything_is_read(self, tmp_path: Path) -> None:
        """Runs, params, tags, parents and exact values come back."""
        reader = Reader(from_dump(tmp_path, 1))
        second, first = reader.runs()
        assert (first.name, first.status, first.experiment_name, first.start_time) == (
            "first",
            "FINISHED",
            "Default",
            START,
        )
        assert {key: param.value for key, param in first.params.items()} == {"lr": 0.1, "depth": 3, "name": "ü"}
        assert first.own_tags == {"team": "a"}
        assert second.parent_run_id == first.run_id
        assert second.experiment_name == "other"
        assert second.error is not None
        assert (second.error.name, second.error.message) == ("ValueError", "no")
        assert [point.value for point in reader.history(first.run_id, "loss")] == [1 / (i + 1) for i in range(70)]
        odd = [point.value for point in reader.history(first.run_id, "odd")]
        assert math.isnan(odd[0])
        assert odd[1:] == [math.inf, -math.inf, 0.1]

    def test_it_is_written_on(self, tmp_path: Path) -> None:
        """Runs are added to it as to a new one."""
        store = from_dump(tmp_path, 1)
        add_run(store, name="third", params={"lr": 1})
        assert [(run.number, run.name) for run in Reader(store).runs()] == [(3, "third"), (2, "second"), (1, "first")]


@pytest.mark.parametrize("version", [3, 4])
def test_what_was_kept_since_comes_along(tmp_path: Path, version: int) -> None:
    """A store of schema 3 or 4 gets the tables of this version; pins, baselines, choices and keys of tables stay."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    store = from_dump(old, version)
    reader = Reader(store)
    second, first = reader.runs()
    assert (first.pinned, second.pinned, first.baseline_run_id) == (True, False, first.run_id)
    (table,) = reader.artifacts(first.run_id)
    assert (table.path, table.join_key) == ("answers.json", None if version < 4 else "question")
    assert read_choices(store, "a.ipynb", "table") == {"sort": "loss"}
    assert tables(store) == tables(made_store(new))
    with closing(sqlite3.connect(store)) as connection:
        assert tuple(name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations")) == MIGRATIONS
    add_run(store, name="third", params={"lr": 1})
    assert [(run.number, run.name) for run in Reader(store).runs()] == [(3, "third"), (2, "second"), (1, "first")]


def test_views_for_people(tmp_path: Path) -> None:
    """The views that a person opens with sqlite3 or Datasette hold the joins."""
    store = made_store(tmp_path)
    add_run(store, name="a", params={"lr": 0.1}, metrics={"loss": [2.0, 1.0]}, experiment="e")
    with reading(store) as connection:
        listed = connection.execute("SELECT id, name, experiment, status, started_utc FROM run_list").fetchall()
        params = connection.execute("SELECT run, name, key, value, type FROM run_params").fetchall()
        metrics = connection.execute("SELECT run, key, last, last_step, min, max, points FROM run_metrics").fetchall()
        points = connection.execute("SELECT run, key, seq, step, value FROM curve_points").fetchall()
    assert listed == [(1, "a", "e", "FINISHED", "2025-11-03 14:26:40")]
    assert params == [(1, "a", "lr", "0.1", "float")]
    assert metrics == [(1, "loss", 1.0, 1, 1.0, 2.0, 2)]
    assert points == [(1, "loss", 0, 0, 2.0), (1, "loss", 1, 1, 1.0)]
