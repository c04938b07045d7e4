"""Rows read from the pages of a damaged file, without the pages that lead to them."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import made_store
from whole_stores import contents_of, full_store, larger_store

from jupyter_track.store import damaged, schema
from jupyter_track.store.upkeep import repair
from jupyter_track.store.upkeep.salvage_pages import Pages
from jupyter_track.store.upkeep.salvage_tables import FoundTables, shapes_of

PAGE = 4096
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=40).filter(lambda text: text.isprintable()),
    st.binary(max_size=40),
    st.integers(0, 20_000).map(lambda size: "é" * size),
)


def file_of(rows: list[tuple[Any, ...]], *settings: str, rowids: bool = True) -> bytes:
    """The bytes of a database with one table of these rows."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")
        key = "k INTEGER NOT NULL" if rowids else "k INTEGER PRIMARY KEY"
        connection.execute(f"CREATE TABLE t ({key}, a, b){'' if rowids else ' WITHOUT ROWID'}")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        return connection.serialize()


def spoiled(data: bytes, *pages: int) -> bytes:
    """A file of which some pages are overwritten."""
    changed = bytearray(data)
    for page in pages:
        changed[(page - 1) * PAGE : page * PAGE] = b"\xff" * PAGE
    return bytes(changed)


@pytest.mark.skipif(not hasattr(sqlite3.Connection, "serialize"), reason="Python 3.11 gives the bytes of a database")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(VALUES, VALUES), max_size=60),
    st.sampled_from([512, 1024, 4096, 65536]),
    st.booleans(),
    st.booleans(),
)
def test_all_values_of_all_pages(rows: list[tuple[Any, Any]], size: int, mapped: bool, rowids: bool) -> None:
    """Every row of a sound file is read as it is, of any page size, long ones too, with rowids or without."""
    numbered = [(number, *row) for number, row in enumerate(rows)]
    data = file_of(
        numbered, f"page_size = {size}", f"auto_vacuum = {'INCREMENTAL' if mapped else 'NONE'}", rowids=rowids
    )
    pages = Pages(data)
    found = [cell.values for page in pages for cell in page.cells if page.number != 1]
    assert pages.size == size
    assert [page.bad for page in pages if page.bad] == []
    assert sorted(found, key=lambda row: int(str(row[0]))) == numbered


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=9_000), st.booleans(), st.sampled_from([b"\x02", b"\x05", b"\x0a", b"\x0d"]))
def test_any_bytes(data: bytes, header: bool, kind: bytes) -> None:
    """No bytes make the reader fail."""
    if header:
        data = b"SQLite format 3\0\x02\0" + data[18:512].ljust(494, b"\0") + kind + data[513:]
    shapes = new_shapes()
    found = FoundTables(Pages(data), shapes, {shape.name for shape in shapes})
    list(found.rows())
    for shape in shapes:
        assert found.loss(shape.name).rows >= 0


def new_shapes() -> list[Any]:
    """The shapes of a new store's tables."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.create(connection, "test")
        return shapes_of(connection)


def test_changed_bytes(store: Path) -> None:
    """Nor do flipped bytes of a store; a row that is read has the types of its table."""
    full_store(store)
    whole = store.read_bytes()
    chance = random.Random(5)
    shapes = new_shapes()
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((10, 300, 3_000))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        found = FoundTables(Pages(bytes(data[: chance.randrange(len(data))])), shapes, {shape.name for shape in shapes})
        list(found.rows())


def test_free_pages_give_no_rows(store: Path) -> None:
    """What was deleted does not come back, with a pointer map or a list of free pages."""
    for mode in ("INCREMENTAL", "NONE"):
        with closing(sqlite3.connect(store.with_name(mode), isolation_level=None)) as connection:
            connection.execute(f"PRAGMA auto_vacuum = {mode}")
            connection.execute("CREATE TABLE t (a)")
            connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 100)
            connection.execute("DELETE FROM t")
        pages = Pages(store.with_name(mode).read_bytes())
        assert pages.mapped == (mode == "INCREMENTAL")
        assert sum(pages.is_free(number) for number in range(1, pages.count + 1)) > 10
        assert [cell for page in pages for cell in page.cells if page.number > 2] == []


def roots_of(store: Path) -> dict[str, int]:
    """The page that each table and index begins with."""
    with closing(sqlite3.connect(store)) as connection:
        return dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0"))


@pytest.mark.parametrize("table", ["runs", "metrics", "runs metrics"])
def test_nothing_is_lost_with_the_root_of_a_table_with_rowids(tmp_path: Path, table: str) -> None:
    """Its rows are on other pages: all come back, and nothing is said to be lost."""
    store = larger_store(tmp_path)
    before, roots = contents_of(store), roots_of(store)
    store.write_bytes(spoiled(store.read_bytes(), *(roots[one] for one in table.split())))
    report = repair.repair(store)
    assert (report.kept is not None, report.lost) == (True, ())
    assert damaged.past_losses(store) == []
    after = contents_of(store)
    for name in ("runs", "params", "tags", "metric_points"):
        assert after[name] == before[name]
    assert [row[:-1] for row in after["metrics"]] == [row[:-1] for row in before["metrics"]]  # but for the revision


@pytest.mark.parametrize("table", ["params", "tags", "metric_points"])
def test_the_rows_that_the_root_holds_are_counted(tmp_path: Path, table: str) -> None:
    """The root of a table without rowids holds some rows: as many are lost as is said, and no others."""
    store = larger_store(tmp_path)
    before, roots = contents_of(store), roots_of(store)
    store.write_bytes(spoiled(store.read_bytes(), roots[table]))
    report = repair.repair(store)
    after = contents_of(store)
    total, lost = len(before[table]), len(before[table]) - len(after[table])
    assert 0 < lost < 0.01 * total + 5
    what = "points of curves" if table == "metric_points" else f"rows of {table}"
    assert report.lost == (f"Lost {lost:,} of {total:,} {what}.",)
    assert report.kept is not None
    (line,) = damaged.past_losses(store)
    assert line.endswith(f": {report.lost[0]} The damaged file was kept as {report.kept.name}.")
    assert repair.examine(store) == repair.Report((), earlier=(line,))


def test_all_tables_come_back_without_the_first_page(store: Path) -> None:
    """The list of tables is read from its own pages, each table by the pointer map."""
    full_store(store)
    before = contents_of(store)
    store.write_bytes(spoiled(store.read_bytes(), 1))
    assert repair.repair(store).lost == ()
    after = contents_of(store)
    assert after["store"][0][:2] == before["store"][0][:2]
    for table in before.keys() - {"store", "metrics"}:
        assert after[table] == before[table], table


def test_tables_that_look_alike_are_not_mixed(tmp_path: Path) -> None:
    """Without a pointer map, rows that two tables could have are left out and counted; the others come back."""
    store = larger_store(tmp_path)
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.executescript("PRAGMA auto_vacuum = NONE; VACUUM")
    before = contents_of(store)
    store.write_bytes(spoiled(store.read_bytes(), 1))
    report = repair.repair(store)
    after = contents_of(store)
    assert [len(after[table]) for table in ("tags", "experiment_tags", "metric_goals")] == [0, 0, 0]
    alike = "experiment_tags or metric_goals or model_version_tags or registered_model_tags or tags"
    assert f"Left out {len(before['tags']):,} rows that may be of {alike}: it cannot be told." in report.lost
    for table in ("runs", "params", "metric_points"):
        assert after[table] == before[table]


def test_shapes_are_in_the_order_of_the_file(store: Path) -> None:
    """The first columns of every table without rowids are its key: so SQLite stores them in the order of the table."""
    made_store(store.parent)
    with closing(sqlite3.connect(store)) as connection:
        for shape in new_shapes():
            keys = [row[5] for row in connection.execute(f"PRAGMA table_info({shape.name})")]
            if not shape.has_rowids and any(keys):
                assert keys == [*range(1, max(keys) + 1), *[0] * (len(keys) - max(keys))]
