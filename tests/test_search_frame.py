"""The table of runs as a DataFrame: mlflow's columns, types and missing values, for few runs and for many."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_stores import START, add_run, add_runs, made_store

from jupyter_track.errors import FilterError, InvalidValue
from jupyter_track.records import Run, ViewType
from jupyter_track.store import run_rows
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.reader import Reader


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return made_store(tmp_path)


TEXT = pd.Series(["a"]).dtype  # as pandas makes them of plain values: object before pandas 3, then str
TIME = pd.to_datetime([0], unit="ms", utc=True).dtype


def from_records(runs: list[Run]) -> pd.DataFrame:
    """Build the frame the slow way, run by run, from the records."""
    rows = [
        {
            "run_id": run.info.run_id,
            "experiment_id": run.info.experiment_id,
            "status": run.info.status,
            "artifact_uri": run.info.artifact_uri,
            "start_time": pd.Timestamp(run.info.start_time, unit="ms", tz="UTC"),
            "end_time": pd.NaT if run.info.end_time is None else pd.Timestamp(run.info.end_time, unit="ms", tz="UTC"),
            **{f"metrics.{key}": value for key, value in run.data.metrics.items()},
            **{f"params.{key}": value for key, value in run.data.params.items()},
            **{f"tags.{key}": value for key, value in run.data.tags.items()},
        }
        for run in runs
    ]
    keys = list(rows[0])[:6]
    for group in ("metrics.", "params.", "tags."):
        keys += sorted({key for row in rows for key in row if key.startswith(group)})
    made = pd.DataFrame({key: pd.Series([row.get(key) for row in rows], dtype=object) for key in keys})
    for key in keys:
        made[key] = made[key].astype("float64" if key.startswith("metrics.") else object if "_time" in key else TEXT)
    for key in ("start_time", "end_time"):
        made[key] = pd.to_datetime(made[key], utc=True).astype(TIME)
    return made


def test_an_empty_store_gives_an_empty_frame(store: Path) -> None:
    """No run is a frame of shape (0, 6) with typed times; the same for an empty list of experiments."""
    reader = Reader(store)
    names = ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    for frame in (reader.frame(), reader.frame([]), reader.frame(limit=0)):
        assert frame.shape == (0, 6)
        assert list(frame.columns) == names
        assert [frame.dtypes["start_time"], frame.dtypes["run_id"]] == [TIME, TEXT]


def test_the_columns_of_two_unlike_runs(store: Path) -> None:
    """Each group in alphabetical order, in pandas' own types, missing where a run has nothing; tags made of columns."""
    first = add_run(
        store,
        name="first",
        params={"lr": 1e-3, "depth": None},
        metrics={"loss": [3.0, math.nan], "acc": math.inf},
        tags={"team": "red"},
        end_time=START + 1_500,
        user_id="ada",
    )
    second = add_run(
        store,
        name="second",
        params={"lr": "auto"},
        metrics={"loss": 0.5},
        note="a note",
        parent_uuid=first,
        status="RUNNING",
    )
    frame = Reader(store).frame()
    expected = pd.DataFrame(
        {
            "run_id": [second, first],
            "experiment_id": ["0", "0"],
            "status": ["RUNNING", "FINISHED"],
            "artifact_uri": [f"runs:/{second}", f"runs:/{first}"],
            "start_time": pd.to_datetime([START, START], unit="ms", utc=True),
            "end_time": pd.to_datetime([None, START + 1_500], unit="ms", utc=True),
            "metrics.acc": [np.nan, np.inf],
            "metrics.loss": [0.5, np.nan],
            "params.depth": [None, "None"],
            "params.lr": ["auto", "0.001"],
            "tags.mlflow.note.content": ["a note", None],
            "tags.mlflow.parentRunId": [first, None],
            "tags.mlflow.runName": ["second", "first"],
            "tags.mlflow.user": [None, "ada"],
            "tags.team": [None, "red"],
        }
    )
    pd.testing.assert_frame_equal(frame, expected)
    assert pd.isna(frame["params.depth"][0])
    assert frame["params.depth"][1] == "None"


def test_the_frame_is_the_table_of_the_records(store: Path) -> None:
    """Read in many parts, by joins and by rows, the frame equals one that is built run by run from the records."""
    add_runs(
        store,
        *(
            {
                "name": f"run {index}",
                "params": {"lr": index / 7, "model": "svm"} | ({f"rare {index % 5}": index} if index % 3 == 0 else {}),
                "metrics": {"loss": math.nan if index % 11 == 0 else float(index)}
                | ({"late": math.nan} if index == 480 else {})
                | ({"half": 1.0} if index % 2 else {}),
                "tags": {"mlflow.user": "by hand"} if index % 50 == 0 else {},
                "user_id": "ada" if index % 4 else "",
                "note": "noted" if index == 499 else None,
                "end_time": START + index if index % 5 else None,
                "experiment": "other" if index % 9 == 0 else "Default",
            }
            for index in range(500)
        ),
    )
    reader = Reader(store)
    pd.testing.assert_frame_equal(reader.frame(), from_records(reader.runs()))
    some = {"filter_string": "params.lr > 20 AND metrics.loss != NaN", "order_by": ["metrics.half DESC", "params.lr"]}
    frame = reader.frame(**some, limit=150, offset=7)
    assert len(frame) == 150
    pd.testing.assert_frame_equal(frame, from_records(reader.runs(**some, limit=150, offset=7)))
    assert frame["metrics.half"].tolist()[0] == 1.0


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_the_size_of_a_part_changes_nothing(store: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """With the mutex given back after every part, or never, the frame is the same."""
    add_runs(store, *({"params": {"n": index}, "metrics": {"m": float(index)}} for index in range(230)))
    reader = Reader(store)
    before = reader.frame()
    monkeypatch.setattr(run_rows, "HOLD_SECONDS", seconds)
    monkeypatch.setattr(run_rows, "_PART_SECONDS", seconds)
    pd.testing.assert_frame_equal(reader.frame(), before)
    assert before["params.n"].tolist() == [str(index) for index in reversed(range(230))]


def test_a_run_deleted_between_two_reads_is_left_out(store: Path) -> None:
    """Numbers that are gone when their details are read give no row."""
    from jupyter_track.store import frames

    ids = add_runs(store, {"params": {"a": 1}}, {"params": {"a": 2}}, {"params": {"a": 3}})
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.execute("DELETE FROM params WHERE run_id = 2")
        connection.execute("DELETE FROM runs WHERE id = 2")
    files.close()
    assert frames.frame(store, [3, 2, 1])["run_id"].tolist() == [ids[2], ids[0]]
    assert [run.run_id for run in run_rows.load(store, [3, 2, 1])] == [ids[2], ids[0]]


def test_where_the_search_looks(store: Path) -> None:
    """Experiments, lifecycle stages, limit and offset; an id that is no id is refused, a filter is read first."""
    add_runs(store, {"name": "a"}, {"name": "b", "experiment": "other"}, {"name": "c", "lifecycle_stage": "deleted"})
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE name = 'c'")
    files.close()
    reader = Reader(store)
    other = reader.experiment_by_name("other")
    assert other is not None

    def names(*arguments: object, **options: object) -> list[str]:
        return list(reader.frame(*arguments, **options).get("tags.mlflow.runName", ()))  # type: ignore[arg-type]

    assert names() == ["b", "a"]
    assert names(["0"]) == names("0") == names(0) == ["a"]
    assert names([other.experiment_id, "0"]) == ["b", "a"]
    assert names(["77"]) == []
    assert names(view_type=ViewType.DELETED_ONLY) == ["c"]
    assert names(view_type=ViewType.ALL, limit=2) == ["c", "b"]
    assert names(view_type=ViewType.ALL, limit=2, offset=2) == ["a"]
    for wrong in ({"experiment_ids": ["other"]}, {"view_type": 4}, {"limit": -1}, {"offset": -1}, {"limit": 1.5}):
        with pytest.raises(InvalidValue):
            reader.frame(**wrong)  # type: ignore[arg-type]
    with pytest.raises(FilterError):
        reader.frame([], "nonsense")
