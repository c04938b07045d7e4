"""The code of runs, the run before a run of the same cell, runs that are alike, and a parent's children."""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from made_stores import START, add_runs, made_store, write

from jupyter_track.records import Run
from jupyter_track.store import relatives, run_sources
from jupyter_track.store.batch import Batch
from jupyter_track.store.edits import delete_runs, set_baseline
from jupyter_track.store.reader import Reader
from jupyter_track.views.beside import beside_of
from jupyter_track.views.details import run_details


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store with the file of a notebook beside it."""
    (tmp_path / "a.ipynb").write_text("{}")
    return made_store(tmp_path)


def add(store: Path, *runs: Mapping[str, Any]) -> list[Run]:
    """Add runs of the cell ``c1`` of ``a.ipynb``, each with its `source` (one cell or several), and read them."""
    plain = [{"notebook": "a.ipynb", "cell_id": "c1", **run} for run in runs]
    sources = [run.pop("source", ()) for run in plain]
    ids = add_runs(store, *plain)
    batch = Batch(uuid.uuid4().hex, 1)
    for run_id, source in zip(ids, sources, strict=True):
        for position, cell in enumerate([source] if isinstance(source, str) else source):
            data = cell.encode()
            row = {
                "session": "s",
                "position": position,
                "source_sha256": hashlib.sha256(data).hexdigest(),
                "content": (len(data), data),
                "cell_id": "c1",
                "start_time": START + position,
                "status": "FINISHED",
            }
            batch.add_execution(run_id, row)
    write(store, batch)
    return [Reader(store).run(run_id) for run_id in ids]


def numbers(found: Mapping[str, Run], runs: list[Run]) -> list[int | None]:
    """Return the number of what was found for each run, None where nothing was."""
    return [found[run.run_id].number if run.run_id in found else None for run in runs]


def test_the_line_of_the_magic_is_no_code(store: Path) -> None:
    """Another name on the line is no other code; another line below it is."""
    runs = add(
        store,
        {"source": "%%track one\nC = 1\n"},
        {"source": "\n%%track two --note x\nC = 1"},
        {"source": "C = 1\n\n"},
        {"source": "%%track one\nC = 2"},
        {"source": "x = '''\n%%track one\n'''"},
        {},
    )
    found = Reader(store).sources([run.run_id for run in runs])
    first, second, third, fourth, fifth = (found[run.run_id] for run in runs[:5])
    assert first == second == third == run_sources.hash_of(["C = 1"])
    assert len({first, fourth, fifth}) == 3
    assert runs[5].run_id not in found
    assert [Reader(store).source(run.run_id) for run in runs] == [
        "C = 1", "C = 1", "C = 1", "C = 2", "x = '''\n%%track one\n'''", None
    ]  # fmt: skip


def test_code_of_several_cells_is_all_of_them_once(store: Path) -> None:
    """In the order in which they ran; a cell that ran twice is there once."""
    runs = add(store, {"source": ["a = 1", "b = 2", "a = 1"]}, {"source": ["b = 2", "a = 1"]})
    found = Reader(store).sources([run.run_id for run in runs])
    assert Reader(store).source_texts([run.run_id for run in runs]) == {
        runs[0].run_id: "a = 1\n\nb = 2",
        runs[1].run_id: "b = 2\n\na = 1",
    }
    assert len(set(found.values())) == 2


def test_equal_code_is_told_when_too_much_is_known(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was known is forgotten then, and found out anew where it is wanted."""
    one, two = add(store, {"source": "%%track one\nC = 1"}, {"source": "%%track two\nC = 1"})
    monkeypatch.setattr(run_sources, "_known", {})
    monkeypatch.setattr(run_sources, "_MOST_KNOWN", 1)
    Reader(store).sources([one.run_id])
    found = Reader(store).sources([one.run_id, two.run_id])
    assert found[one.run_id] == found[two.run_id] == run_sources.hash_of(["C = 1"])


def test_code_whose_content_is_gone_is_still_told_from_other_code(store: Path) -> None:
    """Equal content stays equal, and the text is said to be missing."""
    runs = add(store, {"source": "gone = 1"}, {"source": "gone = 1"}, {"source": "there = 1"})
    run_sources._known.clear()
    batch_of = "UPDATE contents SET data = NULL WHERE data = CAST('gone = 1' AS BLOB)"
    with_sql(store, batch_of)
    found = Reader(store).sources([run.run_id for run in runs])
    assert found[runs[0].run_id] == found[runs[1].run_id] != found[runs[2].run_id]
    assert [Reader(store).source(run.run_id) for run in runs] == [None, None, "there = 1"]
    run_sources._known.clear()


def with_sql(store: Path, statement: str) -> None:
    """Run a statement on the store."""
    import sqlite3

    with sqlite3.connect(store) as connection:
        connection.execute(statement)
    connection.close()


def test_the_previous_run_is_the_last_finished_one_of_the_cell(store: Path) -> None:
    """Failed, deleted and running ones are passed over, and so are other cells, parents and scripts."""
    runs = add(
        store,
        {},
        {"cell_id": "c2"},
        {"status": "FAILED"},
        {"status": "RUNNING"},
        {},
        {"parent_uuid": "0" * 32},
        {},
        {"experiment": "other"},
    )
    delete_runs(store, [runs[4].run_id])
    assert numbers(Reader(store).previous_of(runs), runs) == [None, None, 1, 1, 1, None, 1, 7]
    assert Reader(store).previous(runs[6]) == runs[0]
    assert Reader(store).previous(runs[0]) is None


def test_a_copied_notebook_has_other_cells_and_a_renamed_one_the_same(store: Path) -> None:
    """The file tells: both copies lie beside the store, the earlier name of a renamed one does not."""
    (store.parent / "copy.ipynb").write_text("{}")
    runs = add(store, {}, {"notebook": "copy.ipynb"}, {"notebook": "earlier.ipynb"}, {}, {"notebook": "copy.ipynb"})
    assert numbers(Reader(store).previous_of(runs), runs) == [None, None, None, 3, 3]
    (store.parent / "a.ipynb").rename(store.parent / "b.ipynb")
    (renamed,) = add(store, {"notebook": "b.ipynb"})
    assert Reader(store).previous(renamed) == runs[3]


def test_a_run_that_has_no_number_yet_comes_after_all(store: Path) -> None:
    """The card of a cell asks before the store has given one."""
    first, second = add(store, {}, {})
    assert Reader(store).previous(Run(**{**vars(second), "number": None, "run_id": "f" * 32})) == second
    assert Reader(store).previous(second) == first


def test_runs_of_scripts_go_by_experiment_and_parent(store: Path) -> None:
    """Runs of cells are not among them."""
    scripts = {"cell_id": None, "notebook": None}
    runs = add(
        store,
        scripts,
        {**scripts, "experiment": "other"},
        {},
        {**scripts, "parent_uuid": "1" * 32},
        scripts,
        {**scripts, "parent_uuid": "1" * 32},
    )
    assert numbers(Reader(store).previous_of(runs), runs) == [None, None, None, None, 1, 4]


def test_runs_that_are_alike_have_the_same_code_and_params_and_finished(store: Path) -> None:
    """The same runs whichever is asked for, the newest first; without code nothing is called alike."""
    same = {"source": "%%track x\nfit()", "params": {"C": 1}}
    runs = add(
        store,
        same,
        {**same, "source": "%%track y\nfit()"},
        {**same, "params": {"C": 2}},
        {**same, "params": {"C": 1, "D": 1}},
        {**same, "source": "fit(2)"},
        {**same, "status": "FAILED"},
        {**same, "experiment": "other"},
        same,
        {"params": {"C": 1}},
    )
    for one in (0, 1, 7):
        assert [run.number for run in relatives.alike(store, runs[one])] == [8, 2, 1]
    assert [run.number for run in relatives.alike(store, runs[0], until=8)] == [2, 1]
    assert [run.number for run in relatives.alike(store, runs[0], limit=1)] == [2, 1]
    assert relatives.alike(store, runs[5]) == []
    assert relatives.alike(store, runs[8]) == []
    code = run_sources.hash_of(["fit()"])
    new = Run(**{**vars(runs[7]), "number": None, "run_id": "f" * 32})
    assert [run.number for run in relatives.alike(store, new, code)] == [None, 8, 2, 1]


def test_the_later_repeats_of_a_baseline_count_in_a_card(store: Path) -> None:
    """Those up to the run that is measured; what ran after it does not change its card."""
    same = {"source": "fit()", "metrics": {"accuracy": 0.9}}
    runs = add(store, same, same, {**same, "source": "fit(2)"}, same)
    set_baseline(store, runs[0].run_id)
    beside = beside_of(Reader(store), Reader(store).run(runs[2].run_id))
    assert beside.baseline is not None
    assert beside.baseline.number == 1
    assert [run.number for run in beside.reference_repeats] == [2, 1]


def test_children_are_counted_and_the_best_is_named(store: Path) -> None:
    """By the declared goal, else the guess; what is not finite is never the best, deleted ones do not count."""
    parent = add(store, {})[0]
    child = {"parent_uuid": parent.run_id}
    runs = add(
        store,
        {**child, "metrics": {"accuracy": 0.9, "x": 3}},
        {**child, "metrics": {"accuracy": 0.96, "x": 2}},
        {**child, "metrics": {"accuracy": math.inf, "x": 1}},
        {**child, "metrics": {"accuracy": 0.99}},
        {**child, "metrics": {"accuracy": 0.96, "x": 7}},
    )
    delete_runs(store, [runs[3].run_id])
    assert relatives.children(store, parent.run_id, {}) == relatives.Children(4, "accuracy", 0.96, 6, runs[4].run_id)
    assert relatives.children(store, parent.run_id, {"x": "min"}) == relatives.Children(4, "x", 1.0, 4, runs[2].run_id)
    assert relatives.children(store, runs[0].run_id, {}).count == 0


def test_runs_with_files_of_their_own(store: Path) -> None:
    """Printed output and the source are of every cell, and no reason to keep a failed attempt in sight."""
    runs = add(store, {}, {}, {})
    batch = Batch(uuid.uuid4().hex, 1)
    for run, kind in ((runs[0], "output"), (runs[1], "figure")):
        row = {
            "path": "x",
            "sha256": "a" * 64,
            "content": (1, b"x"),
            "size": 1,
            "mime": "m",
            "kind": kind,
            "created": 1,
        }
        batch.add_artifact(run.run_id, row)
    write(store, batch)
    assert relatives.with_files(store, [run.run_id for run in runs]) == {runs[1].run_id}


def test_the_parent_is_named_as_people_do(store: Path) -> None:
    """Not by 32 digits; one that is not in the store is named by its id."""
    (parent,) = add_runs(store, {"name": "sweep"})
    child, stray = add_runs(store, {"parent_uuid": parent}, {"parent_uuid": "ab" * 16})
    reader = Reader(store)
    facts = [
        dict(run_details(run, beside=beside_of(reader, run)).facts).get("parent")
        for run in map(reader.run, (parent, child, stray))
    ]
    assert facts == [None, "#1 sweep", "ab" * 16]
