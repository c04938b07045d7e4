"""Which store `set_tracking_uri` means: mlflow's addresses, what mlflow left there, and servers."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pytest

import jupyter_track as mlflow
from jupyter_track.errors import InvalidValue, NotAStore, RunStateError
from jupyter_track.store import problems
from jupyter_track.store.problems import TrackWarning


@pytest.fixture(autouse=True)
def here(store: Path) -> Path:
    """Each test in a folder of its own, with no store chosen."""
    from jupyter_track.recording.session import session

    session.reset()
    return store.parent


def mlruns(folder: Path, run_id: str = "a" * 32) -> None:
    """What mlflow's folder looks like from outside."""
    place = folder / "mlruns" / "0" / run_id
    place.mkdir(parents=True)
    (place / "meta.yaml").write_text("run_id: x\n")
    (place.parent / "meta.yaml").write_text("experiment_id: '0'\n")


def mlflow_database(path: Path, run_id: str = "b" * 32) -> None:
    """The tables by which mlflow's database is known."""
    with closing(sqlite3.connect(path)) as connection:
        for table in ("alembic_version", "experiments", "latest_metrics"):
            connection.execute(f"CREATE TABLE {table} (x)")
        connection.execute("CREATE TABLE runs (run_uuid TEXT)")
        connection.execute("INSERT INTO runs VALUES (?)", (run_id,))
        connection.commit()


@pytest.mark.parametrize("uri", ["file:./mlruns", "mlruns", ".", "file:", "sqlite:///track.db"])
def test_addresses_of_a_folder(here: Path, uri: str) -> None:
    """mlflow's folder, a plain one, and a database: the store lies there, and no warning is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlflow.set_tracking_uri(uri)
    assert mlflow.get_tracking_uri() == str(here / "track.db")
    with mlflow.start_run():
        mlflow.log_param("a", 1)
    assert len(mlflow.search_runs()) == 1
    assert not (here / "mlruns").exists()


def test_what_mlflow_left_is_offered(here: Path) -> None:
    """Once: where it lies and the command that brings it; nothing of it is touched."""
    mlruns(here)
    told = r"mlruns holds runs of mlflow's.*track\.import_mlflow\('.*jupyter track --store track\.db import"
    with pytest.warns(TrackWarning, match=told):
        mlflow.set_tracking_uri("file:./mlruns")
    before = sorted(path.name for path in (here / "mlruns").rglob("*"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlflow.set_tracking_uri("file:./mlruns")
    with mlflow.start_run():
        mlflow.log_metric("a", 1)
    assert sorted(path.name for path in (here / "mlruns").rglob("*")) == before


def test_what_was_brought_is_not_offered_again(here: Path) -> None:
    """Where the store has the runs, nothing is said."""
    with mlflow.start_run() as run:
        mlflow.log_param("a", 1)
    mlflow.flush()
    mlruns(here, run.info.run_id)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlflow.set_tracking_uri("mlruns")


def test_a_database_of_mlflows_means_the_store_beside_it(here: Path) -> None:
    """It is not written to, and the offer names it; a file that is no store of anybody's is an error."""
    mlflow_database(here / "mlflow.db")
    before = (here / "mlflow.db").read_bytes()
    with pytest.warns(TrackWarning, match=r"mlflow\.db holds runs of mlflow's"):
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
    assert mlflow.get_tracking_uri() == str(here / "track.db")
    with mlflow.start_run():
        mlflow.log_param("a", 1)
    mlflow.flush()
    assert (here / "mlflow.db").read_bytes() == before
    (here / "other.db").write_text("hello")
    with pytest.raises(NotAStore):
        mlflow.set_tracking_uri("sqlite:///other.db")


def test_a_server_never_blocks(here: Path) -> None:
    """Its address is said once, without the password, with the local store, and runs go there."""
    with pytest.warns(TrackWarning) as caught:
        mlflow.set_tracking_uri("http://ada:hunter2@server.example.org:5000")
    (told,) = [str(one.message) for one in caught]
    assert told.endswith(
        f"is a server, and runs are not synced to servers yet; they are recorded in {here / 'track.db'}."
    )
    assert "hunter2" not in told
    mlflow.set_experiment("team")
    with mlflow.start_run():
        mlflow.log_metric("a", 1)
    assert [run.data.metrics for run in mlflow.MlflowClient("http://server.example.org:5000").search_runs(
        [mlflow.get_experiment_by_name("team").experiment_id]
    )] == [{"a": 1.0}]  # fmt: skip
    assert [problem.kind.split()[0] for problem in problems.current()] == ["server", "server"]


def test_other_addresses_and_open_runs(here: Path) -> None:
    """A database server is an error that says what to write; while a run is open the store stays."""
    with pytest.raises(InvalidValue, match=r"not a postgresql address"):
        mlflow.set_tracking_uri("postgresql://h/db")
    with mlflow.start_run(), pytest.raises(RunStateError, match=r"is open in"):
        mlflow.set_tracking_uri("elsewhere")
