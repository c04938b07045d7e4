"""Merging stores: a union by id, repeatable, that says what it could not decide."""

from __future__ import annotations

import math
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_stores import START, add_run, add_runs, made_points, made_store, param_row, write
from whole_stores import contents_of, full_store, meaning_of

from jupyter_track.errors import CorruptStore, InvalidValue, NewerStore, NotAStore, NotFound, StoreUnavailable
from jupyter_track.store import edits, experiment_edits, files, spill
from jupyter_track.store.batch import Batch
from jupyter_track.store.database import StoreFiles, reading
from jupyter_track.store.place import files_folder
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import export, gc, merge, pages
from jupyter_track.store.upkeep.merge import Conflict


def made(folder: Path, name: str) -> Path:
    """A new store in a folder of its own."""
    (folder / name).mkdir()
    return made_store(folder / name)


def copied(store: Path, folder: Path, name: str) -> Path:
    """A clean copy of a store in a folder of its own."""
    return export.copy_store(store, folder / name / "track.db", deleted=True).target


def points(store: Path, run_id: str, key: str = "loss") -> list[float]:
    """The values of a curve."""
    return Reader(store).points(run_id, key).values


def counts(merged: merge.Merged) -> tuple[int, int, int]:
    """Runs added, updated, unchanged."""
    return merged.added, merged.updated, merged.unchanged


def log(store: Path, run_id: str, values: list[float], first: int, key: str = "loss") -> None:
    """Append points to a run, as its process would."""
    write(store, Batch(uuid.uuid4().hex, 1, points=[made_points(run_id, key, values, first)]))


def test_a_round_trip_is_equal(store: Path, tmp_path: Path) -> None:
    """A copy merged into an empty store: everything is equal but numbers and revisions, the files of content too."""
    full_store(store)
    copy = copied(store, tmp_path, "copy")
    target = tmp_path / "union" / "track.db"
    target.parent.mkdir()
    merged = merge.merge(target, [copy])
    assert counts(merged) == (5, 0, 0)
    assert (merged.conflicts, merged.sources[0].missing) == ((), [])
    expected = meaning_of(store)
    found = meaning_of(target)
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        if table == "experiments":  # Default was made with each store
            rows, found[table] = ([row for row in some if row[0] != "Default"] for some in (rows, found[table]))
        assert found[table] == rows, table
    (large,) = (files_folder(store) / "content").glob("??/*")
    assert Reader(target).content(large.name) == large.read_bytes()


def test_a_merge_that_is_repeated_changes_nothing(store: Path, tmp_path: Path) -> None:
    """Not one row of any table, and not the revision."""
    full_store(store)
    other = made(tmp_path, "other")
    full_store(other, seed=1)
    merged = merge.merge(store, [other], tags={"from": "{folder}"})
    assert counts(merged) == (5, 0, 0)
    before = contents_of(store)
    assert counts(merge.merge(store, [other], tags={"from": "{folder}"})) == (0, 0, 5)
    assert contents_of(store) == before


def test_the_sources_stay_as_they_are(store: Path, tmp_path: Path) -> None:
    """Merging changes no source."""
    full_store(store)
    other = made(tmp_path, "other")
    full_store(other, seed=1)
    before = contents_of(other)
    merge.merge(store, [other])
    assert contents_of(other) == before


def test_what_was_put_by_for_a_run_comes_in_with_it(store: Path, tmp_path: Path) -> None:
    """A kernel logged on to a run of another branch; the merge brings the run, and then its last points."""
    source, target = made(tmp_path, "source"), made(tmp_path, "target")
    run_id = add_run(source, metrics={"loss": [1.0, 2.0]})
    spill.save(target, Batch("w", 1, points=[made_points(run_id, "loss", [3.0], first=2)]))
    with pytest.warns(TrackWarning, match="it is not in this store"):
        gc.collect(target)
    merge.merge(target, [source])
    assert points(target, run_id) == [1.0, 2.0, 3.0]
    assert spill.waiting(target, spill.ORPHAN) == []


def test_many_stores_of_a_class(tmp_path: Path) -> None:
    """Each run is tagged by its folder; numbers are new; experiments of one name become one."""
    sources = [made(tmp_path, name) for name in ("ada", "bob", "eve")]
    for source in sources:
        add_runs(source, {"name": "one", "experiment": "digits"}, {"name": "two", "tags": {"student": "own"}})
    target = tmp_path / "all.db"
    merged = merge.merge(target, sources, tags={"student": "{folder}", "file": "{name}"})
    assert [(one.store.parent.name, one.added) for one in merged.sources] == [("ada", 2), ("bob", 2), ("eve", 2)]
    runs = sorted(Reader(target).runs(), key=lambda run: run.number or 0)
    assert [(run.number, run.name, run.own_tags) for run in runs] == [
        (2 * at + number, name, {"student": folder, "file": "track"})
        for at, folder in enumerate(("ada", "bob", "eve"))
        for number, name in ((1, "one"), (2, "two"))
    ]
    assert sorted(one.name for one in Reader(target).experiments()) == ["Default", "digits"]


def test_a_tag_is_no_program(tmp_path: Path) -> None:
    """Other words in braces stay as they are; a key that cannot be one is refused before anything is written."""
    source = made(tmp_path, "a")
    run_id = add_run(source)
    target = tmp_path / "all.db"
    with pytest.raises(InvalidValue, match="tag"):
        merge.merge(target, [source], tags={"a\nb": "x"})
    assert not target.exists()
    merge.merge(target, [source], tags={"t": "{0.__class__} {folder}"})
    assert Reader(target).run(run_id).own_tags == {"t": "{0.__class__} a"}


def test_later_edits_win(store: Path, tmp_path: Path) -> None:
    """Name, note, tags, pin and experiment come from the copy that was edited last, whichever side it is on."""
    add_runs(made_store(tmp_path), {"name": "first"}, {"name": "second"})
    first, second = sorted(Reader(store).runs(), key=lambda run: run.number or 0)
    other = copied(store, tmp_path, "other")
    edits.update_run(store, first.run_id, name="earlier")
    edits.set_note(other, [first.run_id], "from there")
    edits.update_run(other, first.run_id, name="later")
    edits.pin_runs(other, [first.run_id])
    edits.move_runs(other, [first.run_id], "elsewhere")
    edits.set_tags(other, [first.run_id], {"a": "1"})
    edits.update_run(other, second.run_id, name="earlier")
    edits.update_run(store, second.run_id, name="later here")
    merged = merge.merge(store, [other])
    assert counts(merged) == (0, 1, 1)
    run = Reader(store).run(first.run_id)
    assert (run.name, run.note, run.pinned, run.experiment_name) == ("later", "from there", True, "elsewhere")
    assert run.own_tags == {"a": "1"}
    assert Reader(store).run(second.run_id).name == "later here"
    assert counts(merge.merge(store, [other])) == (0, 0, 2)


def test_tags_are_united(store: Path, tmp_path: Path) -> None:
    """Both sides' tags are there; of one key the later edit counts."""
    run_id = add_run(made_store(tmp_path))
    other = copied(store, tmp_path, "other")
    edits.set_tags(other, [run_id], {"there": "1", "both": "there"})
    edits.set_tags(store, [run_id], {"here": "1", "both": "here"})
    assert counts(merge.merge(store, [other])) == (0, 1, 0)
    assert Reader(store).run(run_id).own_tags == {"here": "1", "there": "1", "both": "here"}


def test_a_deletion_is_an_edit(store: Path, tmp_path: Path) -> None:
    """A run deleted there goes to the bin here, one restored here later stays; an experiment goes with its runs."""
    run_id, other_run = add_runs(made_store(tmp_path), {"experiment": "old"}, {})
    other = copied(store, tmp_path, "other")
    number = experiment_edits.find_experiment(other, "old")
    assert number is not None
    experiment_edits.delete_experiment(other, str(number[0]))
    edits.delete_runs(other, [other_run])
    edits.delete_runs(store, [other_run])
    edits.restore_runs(store, [other_run])
    merge.merge(store, [other])
    assert Reader(store).run(run_id).lifecycle_stage == "deleted"
    assert Reader(store).run(other_run).lifecycle_stage == "active"
    assert [one.name for one in Reader(store).experiments()] == ["Default"]


def test_the_status_of_the_ended_copy(store: Path, tmp_path: Path) -> None:
    """A copy taken while the run went on learns how it ended; an ended one does not become running again."""
    run_id = add_run(made_store(tmp_path), status="RUNNING", metrics={"loss": [1.0]})
    other = copied(store, tmp_path, "other")
    edits.set_terminated(other, run_id, "FAILED", START + 5_000)
    merge.merge(store, [other])
    run = Reader(store).run(run_id)
    assert (run.status, run.end_time, run.duration) == ("FAILED", START + 5_000, 5.0)
    late = copied(store, tmp_path, "late")
    with closing(sqlite3.connect(late)) as connection, connection:
        connection.execute("UPDATE runs SET status = 'RUNNING', end_time = NULL")
    assert counts(merge.merge(store, [late])) == (0, 0, 1)
    assert Reader(store).run(run_id).status == "FAILED"


def test_longer_curves_win(store: Path, tmp_path: Path) -> None:
    """Only the missing points are appended, and the summary and buckets are those of the whole curve."""
    run_id = add_run(made_store(tmp_path), metrics={"loss": [math.nan, 2.0, math.inf]})
    other = copied(store, tmp_path, "other")
    log(other, run_id, [float(-step) for step in range(200)], 3)
    log(other, run_id, [5.0], 0, "new")
    assert counts(merge.merge(store, [other])) == (0, 1, 0)
    assert meaning_of(store) == meaning_of(other)
    shorter = copied(store, tmp_path, "shorter")
    log(store, run_id, [7.0], 203)
    assert counts(merge.merge(store, [shorter])) == (0, 0, 1)
    assert points(store, run_id)[-1] == 7.0


def test_curves_that_part_are_a_conflict(store: Path, tmp_path: Path) -> None:
    """Where neither is the beginning of the other, the target keeps its own and the merge says so."""
    run_id = add_run(made_store(tmp_path), metrics={"loss": [1.0, 2.0, 3.0]})
    other = copied(store, tmp_path, "other")
    log(store, run_id, [4.0, 5.0], 3)
    log(other, run_id, [9.0, 5.0, 6.0], 3)
    merged = merge.merge(store, [other])
    assert counts(merged) == (0, 0, 1)
    assert merged.conflicts == (Conflict(run_id, "metric", "loss"),)
    assert points(store, run_id) == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_difference_in_the_middle_is_a_conflict(tmp_path: Path) -> None:
    """Curves of equal length, ends and extremes that differ between are not taken for the same."""
    one, other = made(tmp_path, "one"), made(tmp_path, "other")
    run_id = add_run(one, metrics={"loss": [0.0, 1.0, 3.0, 2.0, 4.0]})
    add_run(other, uuid=run_id, metrics={"loss": [0.0, 3.0, 1.0, 2.0, 4.0]})
    assert merge.merge(one, [other]).conflicts == (Conflict(run_id, "metric", "loss"),)


def test_params_and_their_history(store: Path, tmp_path: Path) -> None:
    """New params are added; where one side's history holds the other's value, it is ahead; else it is a conflict."""
    run_id = add_run(made_store(tmp_path), params={"lr": 0.1, "c": 1, "d": 1})
    other = copied(store, tmp_path, "other")

    def change(place: Path, **params: Any) -> None:
        batch = Batch(uuid.uuid4().hex, 1)
        batch.add_params(run_id, [param_row(key, value, 10_000) for key, value in params.items()])
        write(place, batch)

    change(other, lr=0.2, new="x", c=2)
    change(store, c=3, d=2)
    merged = merge.merge(store, [other])
    assert counts(merged) == (0, 1, 0)
    assert merged.conflicts == (Conflict(run_id, "param", "c"),)
    assert str(merged).splitlines() == [
        f"{store}: 0 runs added, 1 updated, 0 unchanged",
        "1 value kept as here, where a source differs: .conflicts has them.",
    ]
    params = {key: param.value for key, param in Reader(store).run(run_id).params.items()}
    assert params == {"lr": 0.2, "new": "x", "c": 3, "d": 2}
    assert [param.value for param in Reader(store).param_history(run_id, "lr")] == [0.1, 0.2]
    assert counts(merge.merge(store, [other])) == (0, 0, 1)


def test_artifacts_of_one_path(store: Path, tmp_path: Path) -> None:
    """New ones are added; of one path the later one counts."""
    run_id = add_run(made_store(tmp_path))
    other = copied(store, tmp_path, "other")

    def keep(place: Path, path: str, data: bytes, created: int) -> None:
        content = files.keep(place, data)
        row = {"path": path, "sha256": content.sha256, "size": content.size, "mime": "text/plain", "kind": "text"}
        batch = Batch(uuid.uuid4().hex, 1)
        batch.add_artifact(run_id, {**row, "created": created, "content": (content.size, content.data)})
        write(place, batch)

    keep(store, "a.txt", b"old", 1)
    keep(store, "b.txt", b"new", 2)
    keep(other, "a.txt", b"new" * 100_000, 2)
    keep(other, "b.txt", b"old", 1)
    keep(other, "c.txt", b"more", 1)
    merge.merge(store, [other])
    reader = Reader(store)
    found = {artifact.path: reader.content(artifact.sha256) for artifact in reader.artifacts(run_id)}
    assert found == {"a.txt": b"new" * 100_000, "b.txt": b"new", "c.txt": b"more"}


def test_goals_and_baseline(tmp_path: Path) -> None:
    """An experiment gets the goals and the baseline that it did not have; what it has stays unless it is older."""
    one, other = made(tmp_path, "one"), made(tmp_path, "other")
    first = add_run(one, experiment="digits")
    second = add_run(other, experiment="digits")
    for place, goal in ((one, ("loss", "min")), (other, ("acc", "max"))):
        batch = Batch(uuid.uuid4().hex, 1)
        batch.add_goal("digits", goal)
        write(place, batch)
    edits.set_baseline(other, second)
    merge.merge(one, [other])
    found = Reader(one).experiment_by_name("digits")
    assert found is not None
    assert (dict(found.goals), found.baseline_run_id) == ({"loss": "min", "acc": "max"}, second)
    edits.set_baseline(one, first)
    merge.merge(one, [other])
    assert getattr(Reader(one).experiment_by_name("digits"), "baseline_run_id", None) == first


def test_what_cannot_be_merged(store: Path, tmp_path: Path) -> None:
    """The store itself, a link to it, foreign, damaged, missing and newer files: refused before anything is written."""
    run_id = add_run(made_store(tmp_path))
    good = made(tmp_path, "good")
    add_run(good)
    link = tmp_path / "link.db"
    link.symlink_to(store)
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE mine (a)")
    newer = copied(store, tmp_path, "newer")
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("PRAGMA user_version = 99")
    broken = copied(store, tmp_path, "broken")
    broken.write_bytes(broken.read_bytes()[:4096] + b"\xff" * 8192)
    cases: list[tuple[Path, type[Exception]]] = [
        (store, InvalidValue),
        (link, InvalidValue),
        (tmp_path / "foreign.db", NotAStore),
        (tmp_path / "nothing.db", StoreUnavailable),
        (newer, NewerStore),
        (broken, CorruptStore),
    ]
    for source, error in cases:
        with pytest.raises(error):
            merge.merge(store, [good, source])
        assert [run.run_id for run in Reader(store).runs()] == [run_id], source
    with pytest.raises(InvalidValue, match="nothing to merge"):
        merge.merge(store, [])
    with pytest.raises(NewerStore):
        merge.merge(newer, [good])


def test_an_old_store_is_merged(tmp_path: Path) -> None:
    """A store of schema 1 is brought to this schema; in a folder that cannot be written it stays as it is."""
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript((Path(__file__).parent / "data" / "store-1.sql").read_text())
    target = tmp_path / "all.db"
    merged = merge.merge(target, [old])
    assert merged.added == len(Reader(old).runs(view_type=3)) > 0
    assert meaning_of(target)["metric_points"] == meaning_of(old)["metric_points"]


def test_a_large_run_comes_in_pages(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More points than a transaction takes: all of them arrive, in order, with the same buckets."""
    monkeypatch.setattr(merge, "PAGE_POINTS", 1_000)
    monkeypatch.setattr(pages, "PAGE_POINTS", 1_000)
    run_id = add_run(
        made_store(tmp_path), metrics={"loss": [float(step % 7) for step in range(5_000)], "b": [1.0] * 999}
    )
    target = tmp_path / "all.db"
    merge.merge(target, [store])
    for table, rows in meaning_of(store).items():
        assert table == "experiments" or meaning_of(target)[table] == rows, table
    assert list(Reader(target).run(run_id).metrics) == ["loss", "b"]


def test_missing_content_is_named(store: Path, tmp_path: Path) -> None:
    """The run comes all the same, and the merge says which content is not there."""
    ids = full_store(store)
    (gone,) = (files_folder(store) / "content").glob("??/*")
    gone.unlink()
    merged = merge.merge(tmp_path / "all.db", [store])
    assert merged.sources[0].missing == [gone.name]
    assert str(merged).splitlines() == [
        f"{merged.target}: {len(ids)} runs added, 0 updated, 0 unchanged",
        "1 file missing here, unreadable in the stores that name them.",
    ]
    with pytest.raises(NotFound):
        Reader(tmp_path / "all.db").content(gone.name)
    assert len(Reader(tmp_path / "all.db").artifacts(ids[0])) == 2


def test_merge_files_for_git(store: Path, tmp_path: Path) -> None:
    """Ours becomes the union, as a file alone, without anything beside it; where that fails it stays as it is."""
    add_run(made_store(tmp_path), name="base")
    repository = tmp_path / "repository"
    repository.mkdir()
    ours, base, theirs = (repository / f".merge_file_{name}" for name in "ABC")
    base.write_bytes(store.read_bytes())
    add_run(store, name="ours")
    ours.write_bytes(store.read_bytes())
    other = made(tmp_path, "other")
    full_store(other)
    theirs.write_bytes(other.read_bytes())
    merged = merge.merge_files(ours, base, theirs)
    assert counts(merged) == (5, 0, 0)
    assert sorted(path.name for path in repository.iterdir()) == [path.name for path in (ours, base, theirs)]
    result = tmp_path / "result.db"
    result.write_bytes(ours.read_bytes())
    assert {run.name for run in Reader(result).runs()} == {"base", "ours", "first", "child", "failed", "pinned"}
    before = ours.read_bytes()
    theirs.write_text("no store")
    with pytest.raises(NotAStore):
        merge.merge_files(ours, base, theirs)
    assert ours.read_bytes() == before


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
RUN = st.fixed_dictionaries(
    {
        "name": TEXT.filter(str.strip),
        "note": st.none() | TEXT,
        "status": st.sampled_from(("FINISHED", "FAILED", "RUNNING")),
        "params": st.dictionaries(TEXT, st.none() | st.booleans() | st.integers() | st.floats() | TEXT, max_size=3),
        "tags": st.dictionaries(TEXT, TEXT, max_size=3),
        "metrics": st.dictionaries(TEXT, st.lists(st.floats(), min_size=1, max_size=70), max_size=2),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=st.lists(RUN, min_size=1, max_size=3))
def test_values_come_through_merge_and_export(
    tmp_path_factory: pytest.TempPathFactory, runs: list[dict[str, Any]]
) -> None:
    """Whatever the names, texts and numbers are: merge, export, merge gives the same."""
    folder = tmp_path_factory.mktemp("values")
    store = made_store(folder)
    add_runs(store, *runs)
    first, copy, second = (folder / name for name in ("first.db", "copy.db", "second.db"))
    merge.merge(first, [store])
    export.copy_store(first, copy)
    merge.merge(second, [copy])
    expected, found = meaning_of(store), meaning_of(second)
    assert {table: rows for table, rows in found.items() if table != "experiments"} == {
        table: rows for table, rows in expected.items() if table != "experiments"
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shared=st.integers(1, 130), here=st.integers(0, 70), there=st.integers(0, 70))
def test_the_order_of_merging_curves_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, shared: int, here: int, there: int
) -> None:
    """Two copies of which one went on: both orders give the longer curve; where both went on, each keeps its own."""
    folder = tmp_path_factory.mktemp("curves")
    one = made_store(folder)
    run_id = add_run(one, metrics={"loss": [float(step) for step in range(shared)]})
    other = export.copy_store(one, folder / "other.db").target
    for place, count, sign in ((one, here, 1.0), (other, there, -1.0)):
        if count:
            log(place, run_id, [sign * (step + 1) for step in range(count)], shared)
    before = points(one, run_id), points(other, run_id)
    conflicts = merge.merge(one, [other]).conflicts
    merge.merge(other, [one])
    if here and there:
        assert conflicts == (Conflict(run_id, "metric", "loss"),)
        assert (points(one, run_id), points(other, run_id)) == before
    else:
        longest = max(before, key=len)
        assert (points(one, run_id), points(other, run_id), conflicts) == (longest, longest, ())
    for place in (one, other):
        files_of = StoreFiles(place)
        files_of.close()
        with reading(place) as connection:
            assert connection.execute("SELECT count(*) FROM metric_buckets WHERE level = 64").fetchone()[0] == (
                len(points(place, run_id)) // 64
            )
