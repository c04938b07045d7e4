"""SIGKILL of merge, gc, clean and repair at odd moments: nothing is lost, and doing it again completes it."""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from processes import killed, line, run, said, start, torn, values

from jupyter_track.store import edits, files
from jupyter_track.store.batch import Batch
from jupyter_track.store.database import reading
from jupyter_track.store.place import files_folder
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import clean, export, gc, merge, repair

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' own helpers
from made_stores import START, add_runs, made_points, made_store, write
from whole_stores import contents_of, meaning_of

PROGRAM = """
import sys
from pathlib import Path
from jupyter_track.store.upkeep import clean, gc, merge, repair, pages, merge as merging, leftovers
pages.PAGE_POINTS = merging.PAGE_POINTS = leftovers.PAGE_POINTS = 500  # many transactions
pages.PAGE_RUNS = 4
verb, *stores = sys.argv[1:]
stores = [Path(store) for store in stores]
print("ready", flush=True)
if verb == "merge":
    merge.merge(stores[0], stores[1:], tags={"from": "{folder}"})
elif verb == "gc":
    gc.collect(stores[0], older_than_days=0)
elif verb == "clean":
    clean.apply(stores[0], clean.candidates(stores[0], repeats=True))
else:
    repair.repair(stores[0])
print("done", flush=True)
"""

WRITER = """
import sys, time
import jupyter_track as track
run = track.start_run(run_name="kernel")
step = 0
print("ready", flush=True)
until = time.monotonic() + float(sys.argv[1])
longest = 0.0
while time.monotonic() < until or step < 200:
    track.log_metric("loss", float(step), step=step)
    step += 1
    if step % 50 == 0:
        track.log_text(f"text {step}", f"{step}.txt")
        track.log_text("large" * 40_000 + str(step), f"large-{step}.txt")
        began = time.monotonic()
        assert track.flush(30)
        longest = max(longest, time.monotonic() - began)
    time.sleep(0.001)
track.end_run()
assert track.flush(30)
print(run.info.run_id, step, round(longest, 3), flush=True)
"""


def filled(folder: Path, seed: int) -> Path:
    """A store with small and large runs, content in the store and beside it, failed runs, and some in the bin."""
    folder.mkdir(parents=True)
    store = made_store(folder)
    chance = random.Random(seed)
    runs: list[dict[str, Any]] = [
        {
            "uuid": uuid.UUID(int=chance.getrandbits(128), version=4).hex,
            "name": f"run-{number}",
            "status": "FAILED" if number % 4 == 3 else "FINISHED",
            "duration": 10.0,
            "experiment": f"e{number % 3}",
            "params": {"n": number},
            "tags": {"mlflow.x": "1"},
            "metrics": {} if number % 4 == 3 else {"m": [chance.random() for _ in range(3_000 if number == 5 else 40)]},
        }
        for number in range(24)
    ]
    ids = add_runs(store, *runs)
    batch = Batch(f"content-{seed}", 1)
    for number, run_id in enumerate(ids):
        for size in (100, 140_000):
            kept = files.keep(store, chance.randbytes(4) * (size // 4) if number % 4 != 3 else b"same" * 25)
            row = {"path": f"{size}.bin", "sha256": kept.sha256, "size": kept.size, "mime": "m", "kind": "output"}
            batch.add_artifact(run_id, {**row, "created": START, "content": (kept.size, kept.data)})
    write(store, batch)
    return store


def complete(store: Path) -> None:
    """Every run has all points that its summary says, and all content that it names; at most waste is left."""
    found = {finding.kind for finding in repair.examine(store).findings}
    assert found <= {"leftover", "unnamed", "journal"}
    with reading(store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def kill_often(
    verb: str, stores: list[Path], folder: Path, chance: random.Random, kills: int, check: Callable[[], None]
) -> None:
    """Kill the verb at random moments, checking the store after each; at last let it end."""
    began = time.monotonic()
    shutil.copytree(stores[0].parent, folder / "measure")
    run(PROGRAM, folder, verb, folder / "measure" / "track.db", *stores[1:])
    longest = time.monotonic() - began
    for _ in range(kills):
        process = start(PROGRAM, folder, verb, *stores)
        assert line(process) == "ready"
        time.sleep(chance.uniform(0.0, min(1.0, longest)) ** 2)
        killed(process)
        check()
    assert said(start(PROGRAM, folder, verb, *stores)).split() == ["ready", "done"]
    check()
    assert torn(stores[0]) == []


def merge_killed(folder: Path, seed: int, kills: int) -> None:
    """Whole runs or none after each kill; in the end the same as a merge that was not killed."""
    chance = random.Random(seed)
    target, other = filled(folder / "target", 1), filled(folder / "other", 2)
    own = {run.run_id: run.metrics for run in Reader(target).runs(view_type=3)}
    theirs = {run.run_id: run.metrics for run in Reader(other).runs(view_type=3)}
    expected = folder / "expected" / "track.db"
    shutil.copytree(target.parent, expected.parent)
    merge.merge(expected, [other], tags={"from": "{folder}"})

    def check() -> None:
        found = {run.run_id: run.metrics for run in Reader(target).runs(view_type=3)}
        assert own.items() <= found.items()
        assert found.items() <= (own | theirs).items()
        complete(target)

    kill_often("merge", [target, other], folder, chance, kills, check)
    assert meaning_of(target) == meaning_of(expected)
    before = contents_of(target)
    assert merge.merge(target, [other]).unchanged == 24
    assert contents_of(target) == before


def gc_killed(folder: Path, seed: int, kills: int) -> None:
    """What is not in the bin is whole after each kill; in the end the bin is empty and nothing is left of it."""
    chance = random.Random(seed)
    store = filled(folder / "store", 1)
    ids = [run.run_id for run in Reader(store).runs()]
    edits.delete_runs(store, ids[::2])
    for path in (files_folder(store) / "content").glob("??/*"):
        Path(path).touch()
        gc_age(path)
    kept = export.copy_store(store, folder / "kept" / "track.db").target
    expected = {table: rows for table, rows in meaning_of(kept).items() if table != "experiments"}

    def check() -> None:
        found = meaning_of(store)
        for table, rows in expected.items():
            assert set(rows) <= set(found[table]), table
        complete(store)

    kill_often("gc", [store], folder, chance, kills, check)
    assert {table: rows for table, rows in meaning_of(store).items() if table != "experiments"} == expected
    stored = {path.name for path in (files_folder(store) / "content").glob("**/*") if path.is_file()}
    assert stored == {path.name for path in (files_folder(kept) / "content").glob("??/*")}


def gc_age(path: Path) -> None:
    """Make a file older than a day."""
    import os

    old = time.time() - 2 * 86_400
    os.utime(path, (old, old))


def clean_killed(folder: Path, seed: int, kills: int) -> None:
    """All candidates went to the bin or none; nothing else changed."""
    chance = random.Random(seed)
    store = filled(folder / "store", 1)
    going = {run_id for reason in clean.candidates(store, repeats=True) for run_id in reason.run_ids}
    assert len(going) == 6
    all_ids = {run.run_id for run in Reader(store).runs()}

    def check() -> None:
        assert {run.run_id for run in Reader(store).runs()} in (all_ids, all_ids - going)
        complete(store)

    kill_often("clean", [store], folder, chance, kills, check)
    assert {run.run_id for run in Reader(store).runs(view_type=2)} == going


def repair_killed(folder: Path, seed: int, kills: int) -> None:
    """After each kill there is the damaged store or the repaired one; what can be read is never less."""
    chance = random.Random(seed)
    store = filled(folder / "store", 1)
    whole = {run.run_id for run in Reader(store).runs(view_type=3)}
    with closing(sqlite3.connect(store)) as connection:
        try:
            page = connection.execute("SELECT max(pageno) FROM dbstat WHERE name = 'tags'").fetchone()[0]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no dbstat")
    with open(store, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    damaged = store.read_bytes()

    def check() -> None:
        if store.read_bytes() == damaged:
            return
        assert {run.run_id for run in Reader(store).runs(view_type=3)} == whole
        kept = [path for path in store.parent.glob("track.db.damaged-*") if path.read_bytes() == damaged]
        assert kept

    kill_often("repair", [store], folder, chance, kills, check)
    assert repair.examine(store).findings == ()
    complete(store)


KILLED = {"merge": merge_killed, "gc": gc_killed, "clean": clean_killed, "repair": repair_killed}


@pytest.mark.parametrize("verb", list(KILLED))
def test_killed_at_odd_moments(tmp_path: Path, verb: str) -> None:
    """Five kills of each verb: nothing is lost, nothing is torn, and the verb that is repeated completes."""
    KILLED[verb](tmp_path, 11, 5)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("verb", list(KILLED))
def test_200_kills(tmp_path: Path, verb: str) -> None:
    """The bar: 200 kills of each verb, 0 rows lost."""
    for round_ in range(20):
        KILLED[verb](tmp_path / str(round_), round_, 10)


def beside_a_kernel(folder: Path, seconds: float) -> float:
    """Merge, gc, clean and repair again and again while a process logs; return its longest wait for a flush."""
    store, other = filled(folder / "store", 1), filled(folder / "other", 2)
    process = start(WRITER, store.parent, seconds)
    assert line(process) == "ready"
    rounds = 0
    while process.poll() is None:
        merge.merge(store, [other])
        clean.apply(store, clean.candidates(store, repeats=True))
        edits.delete_runs(store, [run.run_id for run in Reader(store).runs() if run.name != "kernel"])
        gc.collect(store, older_than_days=0)
        write(store, Batch(uuid.uuid4().hex, 1, points=[made_points(kernel_run(store), "own", [1.0])]))
        repair.repair(store, mark_lost=True)
        rounds += 1
    run_id, count, longest = said(process).split()
    assert rounds > 0
    found = Reader(store).run(run_id)
    assert (found.status, found.lifecycle_stage) == ("FINISHED", "active")
    assert values(store, "loss", run_id) == [float(step) for step in range(int(count))]
    assert values(store, "own", run_id)[:rounds] == [1.0] * rounds
    reader = Reader(store)
    texts = {one.path: reader.content(one.sha256).decode() for one in reader.artifacts(run_id)}
    steps = range(50, int(count) + 1, 50)
    assert {f"{step}.txt": f"text {step}" for step in steps}.items() <= texts.items()
    assert {f"large-{step}.txt": "large" * 40_000 + str(step) for step in steps}.items() <= texts.items()
    assert torn(store) == []
    return float(longest)


def kernel_run(store: Path) -> str:
    """The id of the run that the process logs to."""
    with reading(store) as connection:
        return str(connection.execute("SELECT uuid FROM runs WHERE name = 'kernel'").fetchone()[0])


def test_beside_a_kernel_that_writes(tmp_path: Path) -> None:
    """A process that logs all the while loses no point and no content, and none of its waits is long."""
    assert beside_a_kernel(tmp_path, 2.0) < 5.0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_minute_beside_a_kernel(tmp_path: Path) -> None:
    """The same for a minute."""
    longest = beside_a_kernel(tmp_path, 60.0)
    print(f"longest flush {longest} s")
    assert longest < 5.0
