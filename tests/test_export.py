"""Exports: a clean copy of the store, and its tables as CSV, Parquet and JSON."""

from __future__ import annotations

import csv
import json
import math
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_stores import START, add_runs, made_store
from whole_stores import contents_of, full_store

from jupyter_track.errors import AlreadyExists, InvalidValue, NewerStore, NotAStore, NotFound, TrackError
from jupyter_track.store import edits
from jupyter_track.store.database import reading
from jupyter_track.store.place import files_folder
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import csv_form, export

ODD = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'quoted", "＝1", "plain", "", "a,b", 'say "a"', "two\r\nlines")


def cells(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as a program reads them."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_copy_holds_what_the_store_holds(store: Path, tmp_path: Path) -> None:
    """Every table is the same, row by row, with numbers, ids and revisions; large content lies beside the copy."""
    full_store(store)
    done = export.copy_store(store, tmp_path / "out" / "copy.db", deleted=True)
    assert contents_of(done.target) == contents_of(store)
    large = sorted(path.name for path in (files_folder(store) / "content").glob("??/*"))
    assert sorted(path.name for path in (files_folder(done.target) / "content").glob("??/*")) == large
    assert (done.runs, done.files, done.missing) == (5, len(large), ())
    assert done.points == sum(
        metric.count for run in Reader(store).runs(view_type=3) for metric in run.metrics.values()
    )
    with closing(sqlite3.connect(done.target)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["copy.db", "copy.db-files"]


def test_a_copy_leaves_the_bin_out(store: Path, tmp_path: Path) -> None:
    """Deleted runs are not copied, nor content that only they name; a baseline in the bin is none."""
    first, second = add_runs(store_of(store), {"metrics": {"a": [1.0, 2.0]}}, {"metrics": {"a": 3.0}})
    edits.set_baseline(store, first)
    edits.delete_runs(store, [first])
    done = export.copy_store(store, tmp_path / "copy.db")
    assert [(run.run_id, run.number, run.baseline_run_id) for run in Reader(done.target).runs(view_type=3)] == [
        (second, 2, None)
    ]
    assert (done.runs, done.points) == (1, 1)


def store_of(store: Path) -> Path:
    """The store, made."""
    return made_store(store.parent)


def test_a_copy_of_some_runs(store: Path, tmp_path: Path) -> None:
    """Only the runs that are named; an unknown one is an error, and no file is made."""
    ids = add_runs(store_of(store), *({"name": str(number)} for number in range(4)))
    export.copy_store(store, tmp_path / "copy.db", runs=[ids[3], ids[1]])
    assert [run.name for run in Reader(tmp_path / "copy.db").runs()] == ["3", "1"]
    with pytest.raises(NotFound, match="abc"):
        export.copy_store(store, tmp_path / "other.db", runs=["abc"])
    assert not (tmp_path / "other.db").exists()


def test_new_runs_of_a_copy_get_new_numbers(store: Path, tmp_path: Path) -> None:
    """A number that a deleted run had is not given again in the copy."""
    ids = add_runs(store_of(store), {}, {}, {})
    edits.delete_runs(store, ids[1:])
    copy = export.copy_store(store, tmp_path / "copy.db").target
    (new,) = add_runs(copy, {})
    assert Reader(copy).run(new).number == 4


def test_a_copy_is_never_written_over_something(store: Path, tmp_path: Path) -> None:
    """Neither over the store, nor a file that is there, unless that is asked for, nor a folder."""
    add_runs(store_of(store), {})
    link = tmp_path / "link.db"
    link.symlink_to(store)
    for same in (store, link):
        with pytest.raises(InvalidValue, match="itself"):
            export.copy_store(store, same, overwrite=True)
    other = tmp_path / "other.db"
    other.write_text("mine")
    with pytest.raises(AlreadyExists, match=r"other\.db"):
        export.copy_store(store, other)
    assert other.read_text() == "mine"
    export.copy_store(store, other, overwrite=True)
    assert len(Reader(other).runs()) == 1
    with pytest.raises(InvalidValue, match="folder"):
        export.copy_store(store, tmp_path)


def test_foreign_and_newer_stores_are_refused(store: Path, tmp_path: Path) -> None:
    """A database of something else and one of a later version are errors of ours; nothing is written."""
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE mine (a)")
    with pytest.raises(NotAStore):
        export.copy_store(tmp_path / "foreign.db", tmp_path / "copy.db")
    add_runs(store_of(store), {})
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerStore, match="99"):
        export.copy_store(store, tmp_path / "copy.db")
    with pytest.raises(NewerStore, match="99"):
        export.tables(store, tmp_path / "out", "csv")
    assert not (tmp_path / "copy.db").exists()


def test_missing_content_is_named(store: Path, tmp_path: Path) -> None:
    """A copy is made all the same, and says which content it lacks."""
    full_store(store)
    (gone,) = (files_folder(store) / "content").glob("??/*")
    gone.unlink()
    assert export.copy_store(store, tmp_path / "copy.db").missing == (gone.name,)


def test_csv_has_six_tables(store: Path, tmp_path: Path) -> None:
    """Runs in the wide form; params, metrics, tags and points in the long one; and the registry."""
    (run_id,) = add_runs(
        store_of(store),
        {"name": "one", "params": {"lr": 0.1, "n": 3, "on": True}, "tags": {"t": "x"}, "metrics": {"loss": [1.5, 0.1]}},
    )
    paths = export.tables(store, tmp_path / "out", "csv")
    names = ("runs", "params", "metrics", "tags", "points", "models")
    assert [path.name for path in paths] == [f"{name}.csv" for name in names]
    (run,) = cells(paths[0])
    shown = {key: run[key] for key in ("run_id", "run", "name", "start_time", "params.lr", "params.on", "metrics.loss")}
    assert shown == {
        "run_id": run_id,
        "run": "1",
        "name": "one",
        "start_time": "2025-11-03T14:26:40.000Z",
        "params.lr": "0.1",
        "params.on": "true",
        "metrics.loss": "0.1",
    }
    assert [(row["key"], row["type"], row["value"]) for row in cells(paths[1])] == [
        ("lr", "float", "0.1"),
        ("n", "int", "3"),
        ("on", "bool", "true"),
    ]
    assert [(row["key"], row["count"], row["last_value"], row["max_value"]) for row in cells(paths[2])] == [
        ("loss", "2", "0.1", "1.5")
    ]
    assert [(row["seq"], row["step"], row["time"], row["value"]) for row in cells(paths[4])] == [
        ("0", "0", "2025-11-03T14:26:40.000Z", "1.5"),
        ("1", "1", "2025-11-03T14:26:41.000Z", "0.1"),
    ]


def test_csv_holds_no_formula(store: Path, tmp_path: Path) -> None:
    """No cell of text begins with what a spreadsheet takes for a formula, and the mark can be taken off again."""
    tags = {f"t{number}": text for number, text in enumerate(ODD)}
    add_runs(store_of(store), {"name": "=cmd|'/c calc'!A0", "note": "@x", "tags": tags, "params": {"p": "-1", "q": -1}})
    paths = export.tables(store, tmp_path / "out", "csv")
    rows = [row for path in paths for row in cells(path)]
    starts = tuple("=+@\t\r＝")
    assert not [cell for row in rows for cell in row.values() if cell.startswith(starts)]
    assert {row["key"]: csv_form.plain_text(row["value"]) for row in cells(paths[3])} == tags
    assert [(row["key"], row["value"]) for row in cells(paths[1])] == [("p", "'-1"), ("q", "-1")]
    assert csv_form.plain_text(cells(paths[0])[0]["name"]) == "=cmd|'/c calc'!A0"


@given(st.text())
def test_the_mark_is_reversible(text: str) -> None:
    """What was marked and what was not can be told apart for every text."""
    marked = csv_form.neutral(text)
    assert csv_form.plain_text(marked) == text
    assert not marked.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_one_table_goes_to_one_file(store: Path, tmp_path: Path) -> None:
    """With the format's ending the target is a file; without a table's name it is that of runs."""
    add_runs(store_of(store), {"name": "a", "tags": {"t": "1"}})
    assert export.tables(store, tmp_path / "all.csv", "csv") == [tmp_path / "all.csv"]
    assert cells(tmp_path / "all.csv")[0]["name"] == "a"
    export.tables(store, tmp_path / "tags.csv", "csv", table="tags")
    assert [row["value"] for row in cells(tmp_path / "tags.csv")] == ["1"]


def test_which_runs_go_out(store: Path, tmp_path: Path) -> None:
    """Those of a filter or of ids; the bin only where it is asked for."""
    ids = add_runs(store_of(store), {"name": "a"}, {"name": "b", "status": "FAILED"}, {"name": "c"})
    edits.delete_runs(store, [ids[2]])

    def names(**options: Any) -> list[str]:
        (path,) = export.tables(store, tmp_path / "runs.csv", "csv", overwrite=True, **options)
        return [row["name"] for row in cells(path)]

    assert names() == ["a", "b"]
    assert names(deleted=True) == ["a", "b", "c"]
    assert names(filter_string="status = 'FAILED'") == ["b"]
    assert names(runs=[ids[0]]) == ["a"]
    with pytest.raises(InvalidValue, match="xyz"):
        names(runs=["xyz"])


def test_wrong_wishes(store: Path, tmp_path: Path) -> None:
    """An unknown format or table, a file that is there, a place in the store's own folder: nothing is written."""
    add_runs(store_of(store), {})
    with pytest.raises(InvalidValue, match="xlsx"):
        export.tables(store, tmp_path / "out", "xlsx")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="curves"):
        export.tables(store, tmp_path / "out", "csv", table="curves")
    with pytest.raises(InvalidValue, match="belongs"):
        export.tables(store, files_folder(store), "csv")
    (tmp_path / "runs.csv").write_text("mine")
    with pytest.raises(AlreadyExists, match=r"runs\.csv"):
        export.tables(store, tmp_path / "runs.csv", "csv")
    assert (tmp_path / "runs.csv").read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_parquet_has_types(store: Path, tmp_path: Path) -> None:
    """Params become bools, integers or floats where all runs agree, else text; NaN is kept apart from nothing."""
    pq = pytest.importorskip("pyarrow.parquet")
    add_runs(
        store_of(store),
        {"params": {"n": 1, "lr": 0.1, "on": True, "mixed": 1}, "metrics": {"a": math.nan}},
        {"params": {"n": 2**60, "lr": 1, "on": False, "mixed": "x"}, "metrics": {"b": math.inf}},
    )
    paths = {path.stem: path for path in export.tables(store, tmp_path / "out", "parquet")}
    found = pq.read_table(paths["runs"]).to_pydict()
    assert found["params.n"] == [1, 2**60]
    assert [type(value) for value in found["params.lr"]] == [float, float]
    assert found["params.on"] == [True, False]
    assert found["params.mixed"] == ["1", "x"]
    assert math.isnan(found["metrics.a"][0])
    assert found["metrics.a"][1] is None
    assert found["metrics.b"] == [None, math.inf]
    assert [time.timestamp() * 1000 for time in found["start_time"]] == [START, START + 1]
    points = pq.read_table(paths["points"]).to_pydict()
    assert (points["key"], points["step"]) == (["a", "b"], [0, 0])


def test_parquet_without_rows_has_columns(store: Path, tmp_path: Path) -> None:
    """A table in which nothing is has its columns all the same."""
    pq = pytest.importorskip("pyarrow.parquet")
    add_runs(store_of(store), {})
    paths = {path.stem: path for path in export.tables(store, tmp_path, "parquet")}
    assert pq.read_table(paths["points"]).column_names == ["run_id", "run", "key", "seq", "step", "time", "value"]


def test_parquet_without_pyarrow(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the remedy and the formats that need nothing."""
    add_runs(store_of(store), {})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TrackError, match=r"pip install 'jupyter-track\[parquet\]'"):
        export.tables(store, tmp_path / "out", "parquet")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=6,
)


def as_json(value: Any) -> Any:
    """A value in the terms of the export: NaN and infinities as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return {key: as_json(item) for key, item in value.items()} if isinstance(value, dict) else value


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES, curve=st.lists(st.floats(), min_size=1, max_size=100))
def test_json_is_exact(tmp_path_factory: pytest.TempPathFactory, value: Any, curve: list[float]) -> None:
    """Params of any kind and size, and every float, come back equal."""
    folder = tmp_path_factory.mktemp("json")
    add_runs(made_store(folder), {"params": {"p": value}, "metrics": {"m": curve}})
    (path,) = export.tables(folder / "track.db", folder / "out.json", "json")
    (run,) = json.loads(path.read_text("utf-8"), parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))["runs"]
    assert run["params"]["p"]["value"] == as_json(value)
    assert [point[2] for point in run["points"]["m"]] == [as_json(one) for one in curve]
    assert [point[:2] for point in run["points"]["m"]] == [[step, START + 1000 * step] for step in range(len(curve))]


def test_json_holds_the_whole_store(store: Path, tmp_path: Path) -> None:
    """Experiments, tags, history, artifacts and executions are in it."""
    full_store(store)
    (path,) = export.tables(store, tmp_path / "out", "json", deleted=True)
    found = json.loads(path.read_text("utf-8"))
    assert path.name == "track.json"
    with reading(store) as connection:
        assert found["store"]["id"] == connection.execute("SELECT id FROM store").fetchone()[0]
    assert sorted(one["name"] for one in found["experiments"]) == sorted(
        one.name for one in Reader(store).experiments(view_type=3)
    )
    first = found["runs"][0]
    assert [one["value"] for one in first["param_history"]] == [0.1]
    assert [one["path"] for one in first["artifacts"]] == ["big.bin", "note.txt"]
    assert [one["status"] for one in first["executions"]] == ["FINISHED"]
    assert first["note"] == "why"
