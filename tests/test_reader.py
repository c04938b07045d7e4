"""Reading the store: records of runs and experiments, artifacts and executions."""

from __future__ import annotations

import hashlib
import math
import os
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest
from IPython.lib.pretty import pretty
from made_stores import START, add_run, add_runs, made_store, param_row, write

from jupyter_track.errors import CorruptStore, FilterError, InvalidValue, NotAStore, NotFound, StoreUnavailable
from jupyter_track.records import (
    Artifact,
    Execution,
    Experiment,
    MetricSummary,
    Param,
    Run,
    RunError,
    ViewType,
)
from jupyter_track.store import files, schema
from jupyter_track.store.batch import Batch
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.liveness import this_process
from jupyter_track.store.place import files_folder
from jupyter_track.store.reader import Reader

NAN, INF = math.nan, math.inf


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return made_store(tmp_path)


def sql(store: Path, *statements: str) -> None:
    """Run statements on the store."""
    files_of = StoreFiles(store)
    with files_of.writing() as connection:
        for statement in statements:
            connection.execute(statement)
    files_of.close()


def batch() -> Batch:
    """Return a new batch."""
    return Batch(uuid.uuid4().hex, 1)


# ---- runs


def test_a_run_comes_back_whole(store: Path) -> None:
    """Every column, the params and metrics in the order of logging, the tags, the goals of the experiment."""
    change = batch()
    change.add_experiment("vision", {"id": 7, "created": START})
    change.add_goal("vision", ("loss", "min"))
    write(store, change)
    run_id = add_run(
        store,
        experiment="vision",
        name="quiet-otter-1",
        status="FAILED",
        end_time=START + 2_500,
        duration=2.25,
        parent_uuid="0" * 32,
        note="a note",
        user_id="ada",
        notebook="sub/train.ipynb",
        cell_id="c1",
        execution_count=4,
        error_name="ValueError",
        error_message="bad",
        error_lines="line 3",
        params={"lr": 0.001, "layers": [64, 32]},
        metrics={"loss": [3.0, 1.0, 2.0], "a": [NAN]},
        tags={"team": "red"},
    )
    run = Reader(store).run(run_id)
    expected = Run(
        number=1,
        run_id=run_id,
        name="quiet-otter-1",
        experiment_id="7",
        experiment_name="vision",
        status="FAILED",
        state="failed",
        start_time=START,
        end_time=START + 2_500,
        duration=2.25,
        user_id="ada",
        parent_run_id="0" * 32,
        note="a note",
        notebook="sub/train.ipynb",
        cell_id="c1",
        execution_count=4,
        error=RunError("ValueError", "bad", "line 3"),
        artifact_uri=f"runs:/{run_id}",
        params={
            "lr": Param("lr", 0.001, "0.001", "float"),
            "layers": Param("layers", [64, 32], "[64, 32]", "list"),
        },
        metrics={
            "loss": MetricSummary("loss", 3, 2.0, 2, START + 2_000, 1.0, 1, 3.0, 0),
            "a": MetricSummary("a", 1, NAN, 0, START, None, None, None, None),
        },
        own_tags={"team": "red"},
        goals={"loss": "min"},
        store=store,
    )
    assert repr(vars(run)) == repr(vars(expected))  # NaN is not equal to itself
    assert (repr(run), str(run)) == (
        f"<Run #1 'quiet-otter-1' {run_id[:8]} FAILED in 'vision'>",
        "#1 quiet-otter-1 · failed · loss 2 · a nan",
    )
    assert pretty([run, 1]) == f"[{run}, 1]"
    assert run.data.tags == {
        "team": "red",
        "mlflow.runName": "quiet-otter-1",
        "mlflow.user": "ada",
        "mlflow.note.content": "a note",
        "mlflow.parentRunId": "0" * 32,
    }


def test_an_unknown_run_is_not_found(store: Path) -> None:
    """Only a whole id is an id; a deleted run is still found by it."""
    reader = Reader(store)
    run_id = add_run(store)
    sql(store, "UPDATE runs SET lifecycle_stage = 'deleted'")
    assert reader.run(run_id).lifecycle_stage == "deleted"
    wrong: list[Any] = [run_id[:8], "", "\ud800", None, 1]
    for one in wrong:
        for read in (reader.run, reader.artifacts, reader.executions):
            with pytest.raises(NotFound):
                read(one)
        for read_key in (reader.history, reader.points, reader.curve, reader.param_history):
            with pytest.raises(NotFound):
                read_key(one, "loss")


def test_the_state_of_a_run_is_told_while_reading(store: Path) -> None:
    """A run of this very process is running; one whose process is gone is lost; both say RUNNING in the store."""
    here = this_process()
    identity = {"host_id": here.host_id, "boot_id": here.boot_id, "pid": here.pid, "process_start": here.start}
    add_runs(
        store,
        {"name": "alive", "status": "RUNNING", **identity},
        {"name": "dead", "status": "RUNNING", **identity, "process_start": "1"},
        {"name": "killed", "status": "KILLED", **identity},
    )
    found = {run.name: (run.status, run.state, run.duration) for run in Reader(store).runs()}
    assert found == {
        "alive": ("RUNNING", "running", None),
        "dead": ("RUNNING", "lost", None),
        "killed": ("KILLED", "stopped", None),
    }


def test_many_runs_take_few_queries(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of statements grows with the parts that are read, and not with the runs."""
    add_runs(store, *({"params": {"n": index}, "metrics": {"m": 1.0}} for index in range(2_000)))
    reader = Reader(store)
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    for read in (reader.runs, reader.frame):
        statements.clear()
        assert len(read()) == 2_000
        assert 0 < sum(one.startswith("SELECT") for one in statements) < 200


def test_the_newest_run_is_the_last_written_whatever_the_clock_said(store: Path) -> None:
    """A clock that was set back between two runs does not change their order."""
    add_runs(store, {"name": "first", "start_time": START}, {"name": "second", "start_time": START - 3_600_000})
    reader = Reader(store)
    assert [run.name for run in reader.runs()] == ["second", "first"]
    assert [run.name for run in reader.runs(order_by=["start_time DESC"])] == ["first", "second"]


# ---- experiments


def test_experiments(store: Path) -> None:
    """By id, by name, by filter, in order; deleted ones only where they are asked for."""
    reader = Reader(store)
    default = reader.experiment("0")
    change = batch()
    for number, name in enumerate(("alpha", "beta", "gamma"), 1):
        change.add_experiment(name, {"id": number, "created": START + number})
    change.add_goal("beta", ("acc", "max"))
    write(store, change)
    sql(
        store,
        f"UPDATE experiments SET created = {START}, updated = {START} WHERE id = 0",
        "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'gamma'",
        "INSERT INTO experiment_tags VALUES (2, 'team', 'red'), (1, 'mlflow.runName', 'x')",
    )
    beta = Experiment("2", "beta", "", "active", {"team": "red"}, START + 2, START + 2, {"acc": "max"})
    assert default.name == "Default"
    assert reader.experiment(2) == reader.experiment("2") == reader.experiment_by_name("beta") == beta
    assert reader.experiment_by_name("none") is None
    assert reader.experiment_by_name("\ud800") is None
    for wrong in ("9", "beta", "-1", "9" * 30, ""):
        with pytest.raises(NotFound):
            reader.experiment(wrong)

    def names(*arguments: Any, **options: Any) -> list[str]:
        return [one.name for one in reader.experiments(*arguments, **options)]

    assert names() == ["beta", "alpha", "Default"]
    assert names(ViewType.DELETED_ONLY) == ["gamma"]
    assert names(ViewType.ALL, limit=2) == ["gamma", "beta"]
    assert names(filter_string="name LIKE '%a'") == ["beta", "alpha"]
    assert names(filter_string="tags.team = 'red' OR experiment_id = '0'") == ["beta", "Default"]
    assert names(filter_string="tags.mlflow.runName = 'x'") == ["alpha"]
    assert names(filter_string=f"NOT creation_time > {START + 1}") == ["alpha", "Default"]
    assert names(filter_string=f"last_update_time = {START}") == ["Default"]
    assert names(order_by=["name ASC"]) == ["Default", "alpha", "beta"]
    assert names(order_by=["tags.team DESC", "attribute.name DESC"]) == ["beta", "alpha", "Default"]
    with pytest.raises(FilterError):
        names(filter_string="metrics.loss < 1")
    with pytest.raises(InvalidValue):
        names(0)


# ---- artifacts, content, executions, params


def test_artifacts_and_their_content(store: Path, tmp_path: Path) -> None:
    """All, one, or a folder of them; small content from the database, large from its file, both checked."""
    run_id = add_run(store)
    large = os.urandom(files.INLINE_LIMIT + 1)
    change = batch()
    expected = []
    for path, data in (("b/model.bin", large), ("a.txt", b"text"), ("b/c/d.txt", b""), ("bb.txt", b"text")):
        content = files.keep(store, data)
        change.add_content(content.sha256, (content.size, content.data))
        artifact = Artifact(path, content.sha256, content.size, "text/plain", "text", "title", 3, START)
        change.add_artifact(
            run_id,
            {
                name: getattr(artifact, name)
                for name in ("path", "sha256", "size", "mime", "kind", "title", "line", "created")
            },
        )
        expected.append(artifact)
    write(store, change)
    reader = Reader(store)
    assert reader.artifacts(run_id) == sorted(expected, key=lambda one: one.path)
    assert [one.path for one in reader.artifacts(run_id, "b")] == ["b/c/d.txt", "b/model.bin"]
    assert [one.path for one in reader.artifacts(run_id, "b/c/d.txt")] == ["b/c/d.txt"]
    assert reader.artifacts(run_id, "nothing") == []
    with pytest.raises(InvalidValue):
        reader.artifacts(run_id, "../other")
    assert reader.content(expected[0].sha256) == large
    assert reader.content(expected[1].sha256) == b"text"
    reader.copy_content(expected[0].sha256, tmp_path / "copy.bin")
    assert (tmp_path / "copy.bin").read_bytes() == large
    for unknown in (hashlib.sha256(b"other").hexdigest(), "..", "\ud800"):
        with pytest.raises(NotFound):
            reader.content(unknown)
    files.content_path(store, expected[0].sha256).write_bytes(b"other")
    with pytest.raises(CorruptStore):
        reader.content(expected[0].sha256)


def test_executions(store: Path) -> None:
    """The cells that a run came from, with their sources, in the order in which they ran."""
    run_id = add_run(store)
    change = batch()
    for position, source in ((2, "y = 'ü'"), (1, "x = 1")):
        content = files.keep(store, source.encode())
        change.add_content(content.sha256, (content.size, content.data))
        row = {"session": "s", "position": position, "source_sha256": content.sha256, "cell_id": f"c{position}"}
        row |= {"execution_count": position, "start_time": START + position, "duration": 0.5, "status": "FINISHED"}
        change.add_execution(run_id, row)
    write(store, change)
    assert Reader(store).executions(run_id) == [
        Execution("s", 1, "x = 1", "c1", 1, START + 1, 0.5, "FINISHED"),
        Execution("s", 2, "y = 'ü'", "c2", 2, START + 2, 0.5, "FINISHED"),
    ]


def test_the_history_of_a_param(store: Path) -> None:
    """Every value that it had, typed, the current one last."""
    run_id = add_run(store, params={"lr": 0.1, "n": 1})
    for position, value in enumerate((0.01, "auto"), 1):
        change = batch()
        change.add_params(run_id, [param_row("lr", value, position)])
        write(store, change)
    reader = Reader(store)
    assert reader.param_history(run_id, "lr") == [
        Param("lr", 0.1, "0.1", "float"),
        Param("lr", 0.01, "0.01", "float"),
        Param("lr", "auto", "auto", "str"),
    ]
    assert reader.param_history(run_id, "n") == [Param("n", 1, "1", "int")]
    assert reader.param_history(run_id, "none") == reader.param_history(run_id, "\ud800") == []


# ---- the store itself


def test_a_store_in_a_line(store: Path) -> None:
    """Counts of what is active, the schema's version, the size of the file."""
    add_runs(store, {"metrics": {"a": [1.0, 2.0]}}, {"metrics": {"a": 1.0, "b": 1.0}}, {"name": "gone"})
    sql(store, "UPDATE runs SET lifecycle_stage = 'deleted' WHERE name = 'gone'")
    info = Reader(store).info()
    assert (info.rev, info.version, info.runs, info.experiments, info.points) == (1, schema.VERSION, 2, 1, 4)
    assert len(info.id) == 32
    assert info.created_by.startswith("jupyter-track ")
    assert info.created > START
    assert info.size == store.stat().st_size


def test_looking_makes_nothing(tmp_path: Path) -> None:
    """Without a store every question is a StoreUnavailable and the folder stays empty; a store is left as it is."""
    reader = Reader(tmp_path / "track.db")
    for question in (reader.info, reader.runs, reader.frame, reader.experiments, lambda: reader.resolve("last")):
        with pytest.raises(StoreUnavailable):
            question()
    assert list(tmp_path.iterdir()) == []
    store = made_store(tmp_path)
    run_id = add_run(store, metrics={"a": 1.0})
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    reader.frame(filter_string="metrics.a = 1")
    reader.curve(run_id, "a")
    reader.run(run_id)
    reader.info()
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()} == before


def test_a_copy_without_the_folder_can_be_read(store: Path, tmp_path: Path) -> None:
    """The file alone, sent to somebody, gives its runs, and no folder is made beside it."""
    run_id = add_run(store, params={"lr": 0.1})
    place = tmp_path / "sent"
    place.mkdir()
    copy = place / "track.db"
    copy.write_bytes(store.read_bytes())
    assert Reader(copy).run(run_id).params["lr"].value == 0.1
    assert Reader(copy).frame()["params.lr"].tolist() == ["0.1"]
    assert [path.name for path in place.iterdir()] == ["track.db"]
    assert not files_folder(copy).exists()


def test_a_file_of_something_else_is_said(tmp_path: Path) -> None:
    """Neither text nor another program's database is read as a store."""
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to look at " * 30)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE runs (id)")
    connection.commit()
    connection.close()
    for path in (text, other):
        with pytest.raises(NotAStore):
            Reader(path).runs()
