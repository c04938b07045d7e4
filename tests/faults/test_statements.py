"""Every statement that the writer executes fails once, before and after it is done: nothing is lost, nothing twice."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from faulty import inject
from processes import torn, values

import jupyter_track as track
from jupyter_track.store import problems, spill, writer
from jupyter_track.store.reader import Reader
from jupyter_track.store.writer import writer_for

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tries follow each other at once, and the warnings that are expected are not shown."""
    monkeypatch.setattr(writer, "RETRY_PAUSES", (0.001,) * 5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", problems.TrackWarning)
        yield


def again(call: Callable[[], T]) -> T:
    """Make a call that looks into the store; where the fault met it, it was said, and the call is made again."""
    try:
        return call()
    except track.TrackError as error:
        if "injected" not in str(error.__cause__):
            raise
        return call()


def session_of_work() -> tuple[str, str]:
    """Two runs with all kinds of changes in three flushes; return their ids."""
    with again(lambda: track.start_run(run_name="first")) as first:
        track.log_params({"lr": 0.1, "depth": 3})
        for step in range(100):
            track.log_metric("loss", float(step), step=step)
        track.flush()
        track.log_param("depth", 4)
        track.set_tags({"team": "a"})
        track.log_text("hello", "notes.txt")
        track.log_metric("loss", 100.0, step=100)
        track.flush()
    again(lambda: track.set_experiment("other"))
    with again(lambda: track.start_run(run_name="second")) as second:
        track.log_metric("loss", 0.0, step=0)
    return first.run_id, second.run_id


def check(store: Path, first: str, second: str) -> None:
    """All of the work is in the store, once."""
    reader = Reader(store)
    one, two = reader.run(first), reader.run(second)
    assert (one.name, one.status, two.name, two.status) == ("first", "FINISHED", "second", "FINISHED")
    assert {key: param.value for key, param in one.params.items()} == {"lr": 0.1, "depth": 4}
    assert [param.value for param in reader.param_history(first, "depth")] == [3, 4]
    assert one.own_tags["team"] == "a"
    assert [artifact.path for artifact in reader.artifacts(first)] == ["notes.txt"]
    assert values(store, run_id=first) == [float(step) for step in range(101)]
    assert values(store, run_id=second) == [0.0]
    assert two.experiment_name == "other"
    assert len(reader.runs()) == 2
    assert torn(store) == []
    assert spill.waiting(store) == []
    assert list(spill.folders(store)[0].glob("*")) == []


def one_round(tmp_path: Path, number: int, when: str, code: int) -> bool:
    """Work while statement `number` fails once; return whether there was such a statement."""
    folder = tmp_path / f"{number}-{when}-{code}"
    folder.mkdir()
    store = folder / "track.db"
    track.set_tracking_uri(str(store))
    track.set_experiment("Default")
    failed: list[str] = []

    def fails(sql: str, at: int) -> str | None:
        if at != number:
            return None
        failed.append(sql)
        return when

    try:
        with pytest.MonkeyPatch.context() as patch:
            inject(patch, fails, code)
            ids = session_of_work()
            until_flushed()
        check(store, *ids)
        assert problems.current() == [], failed
    finally:
        writer_for(store).close(5)
        writer._writers.pop(store, None)
        problems.forget_all()
    return bool(failed)


def rounds(tmp_path: Path, step: int, whens: tuple[str, ...], codes: tuple[int, ...]) -> int:
    """Fail every `step`-th statement in every way; return how many failed."""
    count = 0
    for code in codes:
        for when in whens:
            number = 1
            while one_round(tmp_path, number, when, code):
                count += 1
                number += step
    return count


def test_some_statements_fail(store: Path, tmp_path: Path) -> None:
    """Every seventh statement fails once, before it is done or after: 0 silent losses, 0 duplicates."""
    assert rounds(tmp_path, 7, ("before", "after"), (sqlite3.SQLITE_IOERR,)) >= 10


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_statement_fails(store: Path, tmp_path: Path) -> None:
    """The bar: each statement failed once, with each kind of fault: 0 silent losses."""
    codes = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY)
    assert rounds(tmp_path, 1, ("before", "after"), codes) >= 400


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_whose_outcome_is_not_known(store: Path, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error at COMMIT, whether it was carried out or not: the batch is in the store once, with its run's number."""
    with track.start_run() as run:
        track.flush()
        commits = 0

        def fails(sql: str, at: int) -> str | None:
            nonlocal commits
            commits += sql == "COMMIT"
            return when if sql == "COMMIT" and commits == 1 else None

        inject(monkeypatch, fails)
        track.log_metric("loss", 1.0, step=0)
        with track.start_run(nested=True) as child:
            track.log_metric("loss", 2.0, step=0)
        until_flushed()
        assert commits >= 2
        assert child.number == 2
    track.flush()
    assert values(store, run_id=run.run_id) == [1.0]
    assert values(store, run_id=child.run_id) == [2.0]
    assert torn(store) == []


def until_flushed() -> None:
    """Flush until all is in the store."""
    for _ in range(100):
        if track.flush():
            return
    raise AssertionError("it never got into the store")


def test_a_store_that_fails_for_a_while(store: Path) -> None:
    """While every transaction fails, batches go to side files in order; afterwards they come back in that order."""
    with track.start_run() as run:
        track.flush()
        with pytest.MonkeyPatch.context() as patch:
            inject(patch, lambda sql, at: "before" if sql.startswith("BEGIN") else None, sqlite3.SQLITE_FULL)
            for step in range(20):
                track.log_metric("loss", float(step), step=step)
                assert not track.flush()
            assert len(spill.waiting(store)) >= 15
            assert [problem.kind for problem in problems.current()] == ["store"]
        track.log_metric("loss", 20.0, step=20)
        until_flushed()
    track.flush()
    assert values(store, run_id=run.run_id) == [float(step) for step in range(21)]
    assert spill.waiting(store) == []
    assert problems.current() == []
