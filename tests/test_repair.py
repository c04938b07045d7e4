"""Doctor: what it finds, what it puts right, and what it saves from a damaged store."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hot_journal import leave_hot_journal
from made_stores import START, add_run, add_runs, made_points, made_store, write
from whole_stores import TABLES, contents_of, full_store, larger_store, meaning_of

from jupyter_track.errors import CorruptStore, NewerStore, NotAStore, StoreUnavailable
from jupyter_track.store import files, schema, spill
from jupyter_track.store.batch import Batch
from jupyter_track.store.database import reading
from jupyter_track.store.liveness import this_process
from jupyter_track.store.place import files_folder
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import repair
from jupyter_track.store.writer import Writer


def change(store: Path, *statements: str) -> None:
    """Change a store behind its back."""
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def kinds(store: Path) -> list[str]:
    """The kinds of what is found."""
    return [finding.kind for finding in repair.examine(store).findings]


def pages_of(store: Path, table: str) -> list[int]:
    """The numbers of a table's pages; the root comes first."""
    with closing(sqlite3.connect(store)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        try:
            rows = connection.execute("SELECT pageno FROM dbstat WHERE name = ?", (table,)).fetchall()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no dbstat")
    return [root, *sorted(page for (page,) in rows if page != root)]


def spoil(store: Path, page: int) -> None:
    """Overwrite a page."""
    with open(store, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def test_a_sound_store(store: Path) -> None:
    """Nothing is found, nothing is done, nothing is changed."""
    full_store(store)
    before = contents_of(store)
    assert repair.examine(store) == repair.Report(())
    assert repair.repair(store) == repair.Report(())
    assert contents_of(store) == before
    assert sorted(path.name for path in store.parent.iterdir()) == ["track.db", "track.db-files"]


def test_summaries_and_buckets(store: Path) -> None:
    """A curve whose summary, buckets or numbering differ from its points is found, and made anew from them."""
    full_store(store)
    whole = meaning_of(store)
    with reading(store) as connection:
        ids = dict(connection.execute("SELECT key || count, id FROM metrics"))
    change(
        store,
        f"UPDATE metrics SET max_value = 7, max_step = 1 WHERE id = {ids['odd4']}",
        f"UPDATE metric_buckets SET min = -5 WHERE metric_id = {ids['loss3100']} AND level = 1024 AND bucket = 1",
        f"DELETE FROM metric_buckets WHERE metric_id = {ids['acc64']}",
        f"UPDATE metrics SET count = 5 WHERE id = {ids['loss1']}",
        f"UPDATE metric_points SET seq = seq + 100 WHERE metric_id = {ids['acc10']} AND seq > 4",
    )
    (finding,) = repair.examine(store).findings
    assert (finding.kind, finding.count, finding.repairable) == ("curve", 5, True)
    assert "odd (summary)" in str(finding)
    assert repair.repair(store).did == ("Made 5 curves agree with the points.",)
    assert meaning_of(store) == whole
    assert kinds(store) == []


def test_lost_runs(store: Path) -> None:
    """Runs whose process is gone are named; they end only where that is asked for, at their last sign of life."""
    here = this_process()
    identity = {"host_id": here.host_id, "boot_id": here.boot_id, "pid": here.pid}
    lost, alive, elsewhere, quiet = add_runs(
        made_store(store.parent),
        {"status": "RUNNING", **identity, "process_start": "0", "metrics": {"loss": [1.0] * 100}},
        {"status": "RUNNING", **identity, "process_start": here.start},
        {"status": "RUNNING", **identity, "host_id": "other", "process_start": "0"},
        {"status": "RUNNING", **identity, "process_start": "0"},
    )
    change(store, f"UPDATE runs SET heartbeat = 3 WHERE uuid = '{quiet}'")
    (finding,) = repair.examine(store).findings
    assert (finding.kind, finding.items, finding.repairable) == ("lost", (lost, quiet), False)
    assert "#1, #4" in str(finding)
    assert repair.repair(store).did == ()
    assert Reader(store).run(lost).status == "RUNNING"
    assert repair.repair(store, mark_lost=True).did == ("Marked 2 runs whose process is gone as KILLED.",)
    found = {run.run_id: (run.status, run.end_time, run.duration) for run in Reader(store).runs()}
    assert found == {
        lost: ("KILLED", START + 99_000, 99.0),
        alive: ("RUNNING", None, None),
        elsewhere: ("RUNNING", None, None),
        quiet: ("KILLED", START + 3 + 60_000, 60.0),
    }


def test_side_files(store: Path) -> None:
    """What waits in side files is written; what the store refuses is only named."""
    run_id = add_run(made_store(store.parent))
    spill.save(store, Batch(uuid.uuid4().hex, 1, points=[made_points(run_id, "loss", [1.0, 2.0])]))
    assert kinds(store) == ["spill"]
    assert repair.repair(store).did == ("Wrote what waited in 1 side file.",)
    assert Reader(store).points(run_id, "loss").values == [1.0, 2.0]
    (files_folder(store) / "spill" / f"x{spill.FAILED}").write_text("{}")
    (finding,) = repair.examine(store).findings
    assert (finding.kind, finding.repairable) == ("failed", False)


def test_what_waits_for_another_branch_is_nothing_wrong(store: Path) -> None:
    """It is good to know, and is written once the run is there."""
    made_store(store.parent)
    for number in (1, 2):
        kept = spill.save(store, Batch(uuid.uuid4().hex, number, points=[made_points("ab" * 16, "loss", [1.0])]))
        kept.rename(kept.with_name(kept.name.removesuffix(spill.SUFFIX) + spill.ORPHAN))
    for report in (repair.examine(store), repair.repair(store)):
        (finding,) = report.findings
        assert (finding.kind, finding.count, finding.wrong, finding.repairable) == ("orphan", 2, False, False)
        assert str(finding) == (
            "Kept for runs that are not in this store, but in that of another git branch or in a backup: 2 batches in "
            f"{files_folder(store) / 'spill'}. They are written once the runs are back. If those were deleted for "
            "good, remove the files."
        )
    add_run(store, uuid="ab" * 16)
    report = repair.repair(store)
    assert (report.findings, report.did) == ((), ("Wrote what waited in 2 side files.",))
    assert Reader(store).points("ab" * 16, "loss").values == [1.0, 1.0]


def test_a_journal_and_gitignore(store: Path, tmp_path: Path) -> None:
    """A killed writer's journal is said before it is taken back; a missing .gitignore is made."""
    full_store(store)
    other = tmp_path / "other" / "track.db"
    leave_hot_journal(store, other, statement="DELETE FROM runs")
    shutil.copytree(files_folder(store), files_folder(other))
    (files_folder(other) / ".gitignore").unlink()
    report = repair.repair(other)
    assert [finding.kind for finding in report.findings] == ["journal", "gitignore"]
    assert report.did == ("Made the .gitignore.", "Took back the half-done changes of a killed process.")
    assert (files_folder(other) / ".gitignore").read_text() == "*\n"
    assert contents_of(other) == contents_of(store)


def test_rows_that_name_what_is_not_there(store: Path) -> None:
    """Curves and rows without a run go, runs without an experiment go to Default."""
    ids = full_store(store)
    change(store, "DELETE FROM runs WHERE name = 'first'", "DELETE FROM experiments WHERE name = 'digits'")
    found = {finding.kind: finding.count for finding in repair.examine(store).findings}
    assert found.keys() == {"leftover", "loose", "experiment"}
    assert found["leftover"] == 2
    repair.repair(store)
    assert kinds(store) == []
    assert Reader(store).run(ids[1]).experiment_name == "Default"
    with reading(store) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_values_that_cannot_be_read(store: Path) -> None:
    """A param or status whose bytes have changed is kept as text, so that the rest can be read."""
    ids = full_store(store)
    change(
        store,
        "UPDATE params SET value = '{broken' WHERE key = 'list'",
        "UPDATE params SET value = '12x' WHERE key = 'n'",
        "UPDATE runs SET status = 'FINISHEE' WHERE name = 'pinned'",
    )
    (finding,) = repair.examine(store).findings
    assert (finding.kind, finding.count) == ("value", 3)
    assert repair.repair(store).did == ("Kept 3 values that could not be read as text.",)
    params = Reader(store).run(ids[0]).params
    assert (params["list"].value, params["n"].value, params["n"].type) == ("[1, inf]", str(2**70), "other")
    assert Reader(store).run(ids[3]).status == "KILLED"
    assert kinds(store) == []


def test_content(store: Path) -> None:
    """Missing and damaged content is named with its run; what no run names goes."""
    run_id = add_run(made_store(store.parent))
    kept = {size: files.keep(store, bytes(size)) for size in (10, 20, 200_000, 210_000)}
    batch = Batch(uuid.uuid4().hex, 1)
    for size, one in kept.items():
        row = {"path": f"{size}.bin", "sha256": one.sha256, "size": size, "mime": "m", "kind": "file", "created": START}
        batch.add_artifact(run_id, {**row, "content": (one.size, one.data)})
    batch.add_content("a" * 64, (3, b"abc"))
    write(store, batch)
    files.content_path(store, kept[200_000].sha256).unlink()
    files.content_path(store, kept[210_000].sha256).write_bytes(bytes(209_999) + b"x")
    change(store, f"UPDATE contents SET data = x'00' WHERE sha256 = '{kept[10].sha256}'")
    findings = repair.examine(store).findings
    assert [(one.kind, one.count, one.repairable) for one in findings] == [
        ("content", 1, False),
        ("content", 3, False),
        ("unnamed", 1, True),
    ]
    assert findings[0].items == (kept[200_000].sha256,)
    assert set(findings[1].items) == {kept[210_000].sha256, kept[10].sha256, "a" * 64}
    assert "#1 (200000.bin)" in str(findings[0])
    assert repair.repair(store).did == ("Removed 1 contents that no run names.",)
    assert Reader(store).content(kept[20].sha256) == bytes(20)


def test_what_is_no_store(store: Path, tmp_path: Path) -> None:
    """Missing, foreign and newer files are errors, and stay as they are."""
    with pytest.raises(StoreUnavailable):
        repair.repair(store)
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE mine (a)")
    made_store(tmp_path)
    change(store, "PRAGMA user_version = 99")
    for place, error in ((tmp_path / "foreign.db", NotAStore), (store, NewerStore)):
        before = place.read_bytes()
        for call in (repair.examine, repair.repair):
            with pytest.raises(error):
                call(place)
        assert place.read_bytes() == before


@pytest.mark.parametrize("table", ["runs", "params", "tags", "metrics", "metric_points", "metric_buckets"])
def test_one_damaged_page(tmp_path: Path, table: str) -> None:
    """The original is kept, and all rows of all other pages are in the new store, whose check says ok."""
    store = larger_store(tmp_path)
    before = contents_of(store)
    page = pages_of(store, table)[-1]
    spoil(store, page)
    damaged = store.read_bytes()
    (finding,) = repair.examine(store).findings
    assert finding.kind == "damaged"
    report = repair.repair(store)
    assert report.kept is not None
    assert report.kept.name.startswith("track.db.damaged-2")
    assert report.kept.read_bytes() == damaged
    assert repair.examine(store).findings == ()
    after = contents_of(store)
    assert [run[:4] for run in after["runs"]] == [run[:4] for run in before["runs"]]
    notes = [run[10] for run in after["runs"]].count("n" * 300)
    assert notes == 60 if table != "runs" else 40 < notes < 60
    for other in {"params", "tags"} - {table}:
        assert after[other] == before[other]
    gone = {row[:3] for row in before["metrics"]} - {row[:3] for row in after["metrics"]}
    assert len(gone) <= (table == "metric_points")  # a curve whose one point was on the page
    lost = len(before["metric_points"]) - len(after["metric_points"])
    assert lost == 0 if table != "metric_points" else 0 < lost < 1_000
    if table == "metric_points":
        assert f"Lost {lost:,} of {len(before['metric_points']):,} points of curves." in report.lost
    assert any("Copied to a new store" in said for said in report.did)


def test_a_store_in_use_goes_on_after_the_repair(tmp_path: Path) -> None:
    """A kernel's writer, which knows the old file, writes to the new one what belongs there."""
    store = larger_store(tmp_path)
    writer = Writer(store)
    run_id = uuid.uuid4().hex
    row = {"experiment": "Default", "name": "r", "status": "RUNNING", "start_time": 1, "user_id": ""}
    writer.submit("start", run_id, row)
    curve = writer.curve(run_id, "loss") if hasattr(writer, "curve") else None
    assert writer.flush()
    spoil(store, pages_of(store, "tags")[-1])
    repair.repair(store)
    writer.submit("tags", run_id, {"after": "1"})
    assert writer.flush()
    writer.close(2)
    assert curve is None or Reader(store).run(run_id).name == "r"
    assert Reader(store).run(run_id).own_tags == {"after": "1"}


def test_tables_that_are_missing(store: Path) -> None:
    """A store without a table of ours is saved as a damaged one."""
    ids = full_store(store)
    change(store, "DROP TABLE params")
    assert kinds(store) == ["damaged"]
    report = repair.repair(store)
    assert report.kept is not None
    assert kinds(store) == []
    assert Reader(store).run(ids[0]).name == "first"


def test_a_damaged_name_of_a_column(tmp_path: Path) -> None:
    """Where the text of the tables has changed, columns are told by their place."""
    store = larger_store(tmp_path)
    before = contents_of(store)
    change(store, "DROP VIEW run_list", "DROP VIEW run_params", "ALTER TABLE params RENAME COLUMN key TO kez")
    assert kinds(store) == ["damaged"]
    assert repair.repair(store).kept is not None
    assert contents_of(store)["params"] == before["params"]


def test_text_that_is_none(store: Path) -> None:
    """Bytes that are no UTF-8 are said, and replaced by the mark for it in the new store."""
    ids = full_store(store)
    change(store, "UPDATE tags SET value = CAST(x'61ff62' AS TEXT)")
    with pytest.raises(CorruptStore, match="decode"):
        Reader(store).runs()
    assert kinds(store) == ["damaged"]
    assert repair.repair(store).kept is not None
    assert Reader(store).run(ids[0]).own_tags == {"stage": "a\ufffdb"}
    assert kinds(store) == []


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    """Where no row can be read the file stays as it is, with nothing new beside it."""
    store = larger_store(tmp_path)
    content = store.read_bytes()
    store.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    before = store.read_bytes()
    with pytest.raises(CorruptStore, match="Nothing"):
        repair.repair(store)
    assert store.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["track.db", "track.db-files"]


def repaired_stores(folder: Path, count: int, seed: int) -> dict[str, int]:
    """Repair stores with flipped bytes; what is in the new one was in the old one."""
    chance = random.Random(seed)
    (folder / "whole").mkdir()
    content = larger_store(folder / "whole").read_bytes()
    runs = {row[1] for row in contents_of(folder / "whole" / "track.db")["runs"]}
    outcomes = {"refused": 0, "sound": 0, "saved": 0}
    for number in range(count):
        place = folder / str(number)
        place.mkdir()
        store = place / "track.db"
        data = bytearray(content)
        for _ in range(chance.choice((1, 20, 200))):
            data[chance.randrange(100 if chance.random() < 0.8 else 0, len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            at = chance.randrange(4096, len(data))
            data[at : at + 8192] = chance.randbytes(len(data[at : at + 8192]))
        store.write_bytes(data)
        try:
            report = repair.repair(store)
        except (NotAStore, NewerStore, CorruptStore):
            assert store.read_bytes() == bytes(data), "a refused file was changed"
            outcomes["refused"] += 1
            continue
        outcomes["saved" if report.kept else "sound"] += 1
        if report.kept:
            assert report.kept.read_bytes() == bytes(data)
        with closing(sqlite3.connect(store)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",) or report.kept is None
        found = {run.run_id for run in Reader(store).runs(view_type=3) if not run.name.startswith("recovered")}
        assert len(found - runs) <= 10  # ids in which bytes were flipped
        again = repair.examine(store).findings
        assert [finding for finding in again if finding.repairable] == []
    return outcomes


def test_flipped_bytes(tmp_path: Path) -> None:
    """15 damaged stores: 0 crashes, each is refused as it is, or repaired and then sound."""
    outcomes = repaired_stores(tmp_path, 15, 7)
    assert outcomes["saved"] >= 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_200_damaged_stores(tmp_path: Path) -> None:
    """The bar: 200 files with flipped bytes, 0 crashes."""
    outcomes = repaired_stores(tmp_path, 200, 8)
    print(outcomes)
    assert outcomes["saved"] >= 50


def test_all_tables_are_looked_after() -> None:
    """A table that is added to the schema must be added to what is saved and compared."""
    from jupyter_track.store.upkeep import salvage

    derived = {"store", "metric_buckets", "contents", "writers"}
    assert set(salvage._INTEGER_KEYS) | derived == set(TABLES)


def test_doctor_keeps_two_damaged_files_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two repairs within one second keep both originals."""
    store = larger_store(tmp_path)
    monkeypatch.setattr(time, "strftime", lambda _: "20260101-000000")
    kept: list[Any] = []
    for table in ("tags", "params"):
        spoil(store, pages_of(store, table)[-1])
        kept.append(repair.repair(store).kept)
    assert [path.name for path in kept] == ["track.db.damaged-20260101-000000", "track.db.damaged-20260101-000000-1"]


# ---- stores of earlier schemas


def older_store(folder: Path, version: int) -> Path:
    """A full store as it was in an earlier schema, with many runs; its folder of content goes along."""
    made = larger_store(folder)
    full_store(made)
    store = folder / "older.db"
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # as stores are made
        for statement in schema._MIGRATIONS_TABLE:
            connection.execute(statement)
        for name, migrate in list(schema._migrations("jupyter-track 0.1.0").items())[:version]:
            migrate(connection)
            row = (schema.MIGRATION_SET, name, "2026-01-01")
            connection.execute("INSERT INTO _sqlite_migrations VALUES (NULL, ?, ?, ?)", row)
        named = {"artifacts": "sha256", "executions": "source_sha256", "model_version_files": "sha256"}
        connection.execute("ATTACH ? AS made", (str(made),))
        tables = [row[0] for row in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in set(tables) - {"_sqlite_migrations"}:
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM made.{table}")
        known = " UNION ".join(f"SELECT {column} FROM main.{one}" for one, column in named.items() if one in tables)
        connection.execute(f"DELETE FROM main.contents WHERE sha256 NOT IN ({known})")
        connection.execute("DETACH made")
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
    made.unlink()
    files_folder(made).rename(files_folder(store))
    return store


def kept_of(before: Path, version: int) -> dict[str, list[tuple[Any, ...]]]:
    """What a whole store of an earlier schema holds after it was brought to this one."""
    copy = before.with_name(f"copy-{version}.db")
    shutil.copyfile(before, copy)
    return contents_of(copy)


@pytest.mark.parametrize("version", [3, 4, 5])
@pytest.mark.parametrize("table", ["tags", "artifacts", "first page"])
def test_a_damaged_store_of_an_earlier_schema(tmp_path: Path, version: int, table: str) -> None:
    """It is brought to this schema with all that its other pages hold, and goes on; the original is kept."""
    store = older_store(tmp_path, version)
    whole = kept_of(store, version)
    page = 1 if table == "first page" else pages_of(store, table)[-1]
    spoil(store, page)
    damaged = store.read_bytes()
    if table == "first page":
        with pytest.raises((CorruptStore, NotAStore)):
            Reader(store).runs()
    report = repair.repair(store)
    assert report.kept is not None
    assert report.kept.read_bytes() == damaged
    assert repair.examine(store).findings == ()
    after = contents_of(store)
    assert Reader(store).info().version == schema.VERSION
    lost = {"tags"} if table == "tags" else {"artifacts", "contents"} if table == "artifacts" else set()
    same = set(TABLES) - lost - {"store", "writers"}
    assert {name: len(after[name]) for name in same} == {name: len(whole[name]) for name in same}
    for name in same - {"contents", "metrics", "runs", "experiments"}:
        assert after[name] == whole[name], name
    add_run(store, name="later")
    assert Reader(store).runs()[0].name == "later"


@pytest.mark.parametrize("version", [3, 4, 5])
def test_doctor_brings_a_sound_store_of_an_earlier_schema_up(tmp_path: Path, version: int) -> None:
    """Nothing is found but what waits there in any schema, and all is there."""
    store = older_store(tmp_path, version)
    whole = kept_of(store, version)
    assert repair.repair(store).kept is None
    assert repair.examine(store).findings == ()
    after = contents_of(store)
    assert {name: after[name] for name in set(TABLES) - {"store", "writers", "contents"}} == {
        name: whole[name] for name in set(TABLES) - {"store", "writers", "contents"}
    }
