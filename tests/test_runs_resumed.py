"""Runs that are resumed, unknown, deleted or finished: what may be done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import jupyter_track as track
from jupyter_track.errors import InvalidValue, NotFound, RunStateError

NOBODY = "0" * 32
ONE_IS_DELETED = (
    "The run #1 one is deleted; restore_run(1), '%track restore 1' or 'jupyter track restore 1' brings it back."
)


def own_tags(run_id: str) -> dict[str, str]:
    """Return the tags of a run without those that describe where it came from."""
    tags = track.get_run(run_id).data.tags
    return {key: value for key, value in tags.items() if not key.startswith(("mlflow.source", "mlflow.user"))}


def test_resuming_makes_a_run_running_and_keeps_what_it_has(store: Path) -> None:
    """Its error and end are gone, params and metrics stay, new ones are added."""
    with pytest.raises(ValueError, match="x"), track.start_run(run_name="long") as first:  # noqa: PT012
        track.log_param("lr", 0.1)
        track.log_metric("loss", 1.0, step=0)
        raise ValueError("x")
    with track.start_run(run_id=first.run_id) as again:
        track.log_metric("loss", 0.5, step=1)
        during = track.get_run(first.run_id)
    after = track.get_run(first.run_id)
    assert again.run_id == first.run_id
    assert (during.status, during.end_time, during.error, during.name) == ("RUNNING", None, None, "long")
    assert (after.status, after.data.params, after.data.metrics) == ("FINISHED", {"lr": "0.1"}, {"loss": 0.5})
    assert [(point.step, point.value) for point in track.TrackClient().get_metric_history(first.run_id, "loss")] == [
        (0, 1.0),
        (1, 0.5),
    ]


def test_name_tags_and_description_of_a_resumed_run_are_changed(store: Path) -> None:
    """As in mlflow."""
    with track.start_run(run_name="one") as run:
        pass
    with track.start_run(run_id=run.run_id, run_name="two", tags={"a": "b"}, description="d"):
        pass
    assert own_tags(run.run_id) == {"mlflow.runName": "two", "mlflow.note.content": "d", "a": "b"}


@pytest.mark.parametrize("bad", [{"tags": {"a@b": 1}}, {"run_name": " "}, {"run_name": 5}, {"description": 5}], ids=str)
def test_a_bad_argument_starts_and_resumes_nothing(store: Path, bad: dict[str, Any]) -> None:
    """The run stays as it was, and there is no other."""
    with track.start_run() as run:
        pass
    for run_id in (run.run_id, None):
        with pytest.raises(InvalidValue):
            track.start_run(run_id=run_id, **bad)
    assert ([one.status for one in track.search_runs(output_format="list")], track.active_run()) == (["FINISHED"], None)


def test_resuming_in_another_experiment_is_an_error_and_changes_nothing(store: Path) -> None:
    """The run keeps its status and its end."""
    with track.start_run() as run:
        pass
    before = track.get_run(run.run_id)
    other = track.create_experiment("other")
    with pytest.raises(InvalidValue) as caught:
        track.start_run(run_id=run.run_id, experiment_id=other)
    assert str(caught.value) == f"The run {before.label} is in the experiment 0, not {other}."
    assert (track.get_run(run.run_id), track.active_run()) == (before, None)


def test_resuming_a_run_that_does_not_exist_or_is_deleted_is_an_error(store: Path) -> None:
    """RESOURCE_DOES_NOT_EXIST, and a sentence that says how to bring it back."""
    with pytest.raises(NotFound):
        track.start_run(run_id=NOBODY)
    with track.start_run(run_name="one") as run:
        pass
    track.delete_run(run.run_id)
    with pytest.raises(RunStateError) as caught:
        track.start_run(run_id=run.run_id)
    assert str(caught.value) == ONE_IS_DELETED
    assert track.active_run() is None


def test_a_run_that_is_ended_and_resumed_inside_its_block_ends_with_the_block(store: Path) -> None:
    """Some libraries do that to save the state between; mlflow looks at the id, too."""
    with track.start_run() as run:
        track.end_run()
        track.start_run(run_id=run.run_id)
        track.log_metric("loss", 0.5)
    assert (track.get_run(run.run_id).status, track.active_run()) == ("FINISHED", None)


def test_a_run_that_is_ended_by_its_id_is_not_active_after_its_block(store: Path) -> None:
    """The status that was given stays, and the next run can start."""
    with track.start_run() as run:
        track.TrackClient().set_terminated(run.run_id, "FAILED")
    assert (track.get_run(run.run_id).status, track.active_run()) == ("FAILED", None)
    with track.start_run():
        pass


def test_an_unknown_run_id_does_not_exist(store: Path) -> None:
    """For every function that takes one, with mlflow's code."""
    with track.start_run():
        pass
    calls: list[Any] = [
        lambda: track.get_run(NOBODY),
        lambda: track.get_parent_run(NOBODY),
        lambda: track.delete_run(NOBODY),
        lambda: track.restore_run(NOBODY),
        lambda: track.log_metric("a", 1, run_id=NOBODY),
        lambda: track.log_metrics({"a": 1}, run_id=NOBODY),
        lambda: track.log_params({"a": 1}, run_id=NOBODY),
        lambda: track.log_text("a", "a.txt", run_id=NOBODY),
    ]
    codes = []
    for call in calls:
        with pytest.raises(NotFound) as caught:
            call()
        codes.append(caught.value.error_code)
    assert codes == ["RESOURCE_DOES_NOT_EXIST"] * len(calls)


def test_looking_for_a_run_makes_no_store(store: Path) -> None:
    """Without a store the error says so, and no file is made."""
    with pytest.raises(NotFound) as caught:
        track.get_run(NOBODY)
    assert str(caught.value) == f"There is no run {NOBODY!r}: there is no store at {store} yet."
    assert not store.exists()


@pytest.mark.parametrize("run_id", ["", None])
def test_what_is_no_run_is_refused(store: Path, run_id: Any) -> None:
    """A sentence instead of a fault of SQLite's."""
    with pytest.raises(InvalidValue) as caught:
        track.get_run(run_id)
    assert str(caught.value) == f"A run is named by its number, name or id, not by {run_id!r}."


def test_deleting_twice_is_fine_and_restoring_brings_back(store: Path) -> None:
    """A deleted run can be read, and is found by DELETED_ONLY only."""
    with track.start_run() as run:
        track.log_metric("loss", 0.5)
    track.delete_run(run.run_id)
    track.delete_run(run.run_id)
    deleted = track.get_run(run.run_id).info.lifecycle_stage
    found = [len(track.search_runs(run_view_type=view)) for view in (1, 2, 3)]
    track.restore_run(run.run_id)
    assert (deleted, found, track.get_run(run.run_id).info.lifecycle_stage) == ("deleted", [0, 1, 1], "active")


def test_writing_to_a_deleted_run_is_an_error_and_reading_is_not(store: Path) -> None:
    """For whatever logs to it, by its id or by the run in hand."""
    with track.start_run(run_name="one") as run:
        track.log_metric("loss", 0.5, step=0)
        track.log_metric("loss", 0.4, step=1)
        track.log_text("hello", "a.txt")
    track.delete_run(run.run_id)
    client = track.TrackClient()
    writes: list[Any] = [
        lambda: track.log_metric("loss", 0.3, step=2, run_id=run.run_id),
        lambda: track.log_metrics({"loss": 0.3}, run_id=run.run_id),
        lambda: track.log_params({"a": 1}, run_id=run.run_id),
        lambda: track.log_text("a", "b.txt", run_id=run.run_id),
        lambda: client.set_tag(run.run_id, "a", 1),
        lambda: client.delete_tag(run.run_id, "a"),
        lambda: run.log(loss=0.3),
        lambda: run.log_metric("loss", 0.3),
    ]
    messages = set()
    for write in writes:
        with pytest.raises(RunStateError) as caught:
            write()
        messages.add(str(caught.value))
    assert messages == {ONE_IS_DELETED}
    assert [point.value for point in client.get_metric_history(run.run_id, "loss")] == [0.5, 0.4]
    assert track.artifacts.load_text(f"runs:/{run.run_id}/a.txt") == "hello"
    assert [entry.path for entry in client.list_artifacts(run.run_id)] == ["a.txt"]
    track.restore_run(run.run_id)
    track.log_metric("loss", 0.3, step=2, run_id=run.run_id)
    assert len(client.get_metric_history(run.run_id, "loss")) == 3


def test_logging_to_a_finished_run_is_allowed(store: Path) -> None:
    """By its id; it stays finished."""
    with track.start_run() as run:
        pass
    track.log_metric("late", 1.0, run_id=run.run_id)
    track.log_metrics({"later": 2}, run_id=run.run_id)
    track.log_params({"p": 1}, run_id=run.run_id)
    stored = track.get_run(run.run_id)
    assert (stored.status, stored.data.metrics, stored.data.params) == (
        "FINISHED",
        {"late": 1.0, "later": 2.0},
        {"p": "1"},
    )
    assert track.active_run() is None
