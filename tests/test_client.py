"""`TrackClient`, which is `MlflowClient`: runs and experiments by their ids, pages, batches."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy
import pytest

import jupyter_track as track
from jupyter_track.entities import Metric, Param, RunTag
from jupyter_track.errors import AlreadyExists, DeletedRun, InvalidValue, NotFound
from jupyter_track.records import ViewType


@pytest.fixture
def client(store: Path) -> track.TrackClient:
    """A client of the current store."""
    return track.TrackClient()


def test_the_client_has_both_names_and_both_places() -> None:
    """Also mlflow's module."""
    assert track.MlflowClient is track.TrackClient is track.tracking.MlflowClient is track.tracking.TrackClient


def test_a_run_is_made_filled_and_ended_by_its_id(client: track.TrackClient) -> None:
    """In a store that does not exist yet, without being active anywhere."""
    run = client.create_run("0", tags={"a": 1}, run_name="by hand")
    client.log_param(run.info.run_id, "lr", 0.1)
    client.log_metric(run.info.run_id, "loss", 0.5, step=2, timestamp=1000)
    client.set_tag(run.info.run_id, "b", 2)
    assert (run.info.status, run.info.run_name, track.active_run()) == ("RUNNING", "by hand", None)
    client.set_terminated(run.info.run_id)
    stored = client.get_run(run.info.run_id)
    assert (stored.status, stored.data.params, stored.data.metrics, stored.own_tags) == (
        "FINISHED",
        {"lr": "0.1"},
        {"loss": 0.5},
        {"a": "1", "b": "2"},
    )
    assert client.get_metric_history(run.info.run_id, "loss") == [Metric("loss", 0.5, 1000, 2)]


def test_times_of_a_run_can_be_given(client: track.TrackClient) -> None:
    """In milliseconds; the duration follows from them."""
    run = client.create_run(0, start_time=1000)
    client.set_terminated(run.info.run_id, "KILLED", end_time=5000)
    stored = client.get_run(run.info.run_id)
    assert (stored.start_time, stored.end_time, stored.duration, stored.status) == (1000, 5000, 4.0, "KILLED")
    client.set_terminated(run.info.run_id, "FAILED", end_time=6000)
    again = client.get_run(run.info.run_id)
    assert (again.status, again.end_time) == ("FAILED", 6000)


@pytest.mark.parametrize("time", [-1, "now", 10**30])
def test_a_time_that_is_none_is_refused(client: track.TrackClient, time: Any) -> None:
    """At the call: the writer could not store it."""
    with pytest.raises(InvalidValue):
        client.create_run("0", start_time=time)
    run = client.create_run("0")
    for _ in range(2):
        with pytest.raises(InvalidValue):
            client.set_terminated(run.info.run_id, end_time=time)
    assert client.get_run(run.info.run_id).status == "RUNNING"


def test_a_status_is_one_of_five(client: track.TrackClient) -> None:
    """Other words are refused, and the run stays as it is."""
    run = client.create_run("0")
    for call in (client.set_terminated, client.update_run):
        with pytest.raises(InvalidValue) as caught:
            call(run.info.run_id, "DONE")
        assert str(caught.value) == (
            "'DONE' is no status of a run; there are RUNNING, SCHEDULED, FINISHED, FAILED, KILLED."
        )
    assert client.get_run(run.info.run_id).status == "RUNNING"


def test_a_run_is_renamed_and_its_status_set(client: track.TrackClient) -> None:
    """Each alone or both."""
    run = client.create_run("0", run_name="one")
    client.update_run(run.info.run_id, name="two")
    renamed = client.get_run(run.info.run_id)
    client.update_run(run.info.run_id, status="FAILED", name="three")
    ended = client.get_run(run.info.run_id)
    assert [(one.name, one.status, one.end_time is None) for one in (renamed, ended)] == [
        ("two", "RUNNING", True),
        ("three", "FAILED", False),
    ]
    with pytest.raises(InvalidValue):
        client.update_run(run.info.run_id, name=" ")


def test_an_open_run_that_is_renamed_by_its_id_knows(client: track.TrackClient) -> None:
    """The run in hand is always current."""
    with track.start_run(run_name="one") as run:
        client.update_run(run.run_id, name="two")
        assert (run.name, run.info.run_name) == ("two", "two")


def test_log_batch_writes_metrics_params_and_tags(client: track.TrackClient) -> None:
    """mlflow's entities, in one call."""
    run = client.create_run("0").info.run_id
    client.log_batch(
        run,
        metrics=[Metric("a", 1.0, 1000, 0), Metric("a", math.inf, 1001, 1), Metric("b", 2, 1000, 0)],
        params=[Param("lr", "0.1"), Param("depth", 3)],
        tags=[RunTag("t", "x")],
        synchronous=True,
    )
    stored = client.get_run(run)
    assert (stored.data.metrics, stored.data.params, stored.own_tags) == (
        {"a": math.inf, "b": 2.0},
        {"lr": "0.1", "depth": "3"},
        {"t": "x"},
    )
    assert client.get_metric_history(run, "a") == [Metric("a", 1.0, 1000, 0), Metric("a", math.inf, 1001, 1)]


@pytest.mark.parametrize(
    "bad",
    [
        {"params": [Param("b@", "1")]},
        {"params": [Param("big", 10**5000, "text")]},
        {"tags": [RunTag("b@", "1")]},
        {"metrics": [Metric("a", 1.0, 0, 0), Metric("b@", 1.0, 0, 0)]},
        {"metrics": [Metric("a", 1.0, 0, 0), Metric("b", None, 0, 0)]},  # type: ignore[arg-type]
        {"metrics": [Metric("a", 1.0, 0, 0), Metric("b", 1.0, -1, 0)]},
        {"metrics": [Metric("a", 1.0, 0, 0), Metric("b", 1.0, 0, 0.5)]},  # type: ignore[arg-type]
    ],
    ids=["param", "param value", "tag", "metric key", "metric value", "time", "step"],
)
def test_one_bad_entry_of_a_batch_writes_nothing(client: track.TrackClient, bad: dict[str, Any]) -> None:
    """Neither metrics nor params nor tags, as in mlflow."""
    run = client.create_run("0").info.run_id
    batch: dict[str, Any] = {
        "metrics": [Metric("a", 1.0, 0, 0)],
        "params": [Param("p", "1")],
        "tags": [RunTag("t", "1")],
    }
    with pytest.raises(InvalidValue):
        client.log_batch(run, **{**batch, **bad})
    stored = client.get_run(run)
    assert (stored.data.metrics, stored.data.params, stored.own_tags) == ({}, {}, {})


def test_search_gives_pages_with_a_token(client: track.TrackClient) -> None:
    """Every run once; the last page has no token."""
    made = [client.create_run("0", run_name=f"r{index}").info.run_name for index in range(5)]
    names: list[list[str]] = []
    token: str | None = None
    for _ in range(5):
        page = client.search_runs(["0"], max_results=2, page_token=token)
        names.append([run.name for run in page])
        token = page.token
        if token is None:
            break
    assert names == [made[:2:-1], made[2:0:-1], made[:1]]
    with pytest.raises(InvalidValue):
        client.search_runs(["0"], page_token="next")


def test_search_takes_filter_view_and_order(client: track.TrackClient) -> None:
    """One experiment id may be given as it is, as the old notebooks do."""
    ids = []
    for value in (3, 1, 2):
        run = client.create_run("0", run_name=f"r{value}").info.run_id
        client.log_metric(run, "loss", value)
        ids.append(run)
        client.set_terminated(run)
    client.delete_run(ids[0])

    def names(*arguments: Any, **named: Any) -> list[str]:
        return [run.name for run in client.search_runs(*arguments, **named)]

    assert names("0") == names(["0"]) == names(0) == ["r2", "r1"]
    assert names(["0"], "metrics.loss < 2") == ["r1"]
    assert names(["0"], order_by=["metrics.loss ASC"], run_view_type=ViewType.ALL) == ["r1", "r2", "r3"]
    assert names(["0"], run_view_type=ViewType.DELETED_ONLY) == ["r3"]
    client.restore_run(ids[0])
    assert names(["0"], "", ViewType.ACTIVE_ONLY, 1, ["metrics.loss DESC"]) == ["r3"]


def test_search_without_a_store_finds_nothing_and_makes_none(client: track.TrackClient, store: Path) -> None:
    """Runs: an empty page; experiments: Default."""
    assert (list(client.search_runs(["0"])), [one.name for one in client.search_experiments()]) == ([], ["Default"])
    assert not store.exists()


def test_experiments_by_their_ids(client: track.TrackClient) -> None:
    """Make, rename, tag, delete, restore, find."""
    identifier = client.create_experiment("digits", tags={"a": "1"})
    client.rename_experiment(identifier, "numbers")
    client.set_experiment_tag(identifier, "b", 2)
    client.delete_experiment_tag(identifier, "a")
    found = client.get_experiment(identifier)
    assert (found.name, dict(found.tags), client.get_experiment_by_name("digits")) == ("numbers", {"b": "2"}, None)
    client.delete_experiment(identifier)
    deleted = client.get_experiment_by_name("numbers")
    client.restore_experiment(identifier)
    restored = client.get_experiment(identifier)
    assert deleted is not None
    assert (deleted.lifecycle_stage, restored.lifecycle_stage) == ("deleted", "active")
    with pytest.raises(AlreadyExists):
        client.rename_experiment(identifier, "Default")
    with pytest.raises(NotFound):
        client.rename_experiment("99", "x")
    with pytest.raises(NotFound):
        client.delete_experiment_tag(identifier, "a")


def test_list_experiments_is_the_old_call(client: track.TrackClient) -> None:
    """mlflow dropped it in 2.0; the walkthrough still makes it. Pages, too."""
    for name in ("a", "b"):
        client.create_experiment(name)
    assert sorted(one.name for one in client.list_experiments()) == ["Default", "a", "b"]
    page = client.search_experiments(max_results=2, order_by=["name"])
    rest = client.search_experiments(max_results=2, order_by=["name"], page_token=page.token)
    assert ([one.name for one in page], [one.name for one in rest], rest.token) == (["Default", "a"], ["b"], None)


def test_a_run_in_a_deleted_experiment_cannot_be_made(client: track.TrackClient) -> None:
    """Nor in one that does not exist."""
    identifier = client.create_experiment("digits")
    client.delete_experiment(identifier)
    with pytest.raises(InvalidValue):
        client.create_run(identifier)
    with pytest.raises(NotFound):
        client.create_run("99")


def test_parents_are_found(client: track.TrackClient) -> None:
    """By mlflow's tag."""
    parent = client.create_run("0")
    child = client.create_run("0", tags={"mlflow.parentRunId": parent.info.run_id})
    found = client.get_parent_run(child.info.run_id)
    assert found is not None
    assert (found.info.run_id, client.get_parent_run(parent.info.run_id)) == (parent.info.run_id, None)


def test_a_client_of_another_store_leaves_the_current_one_alone(store: Path, tmp_path: Path) -> None:
    """Its address is a path or what mlflow writes."""
    other = track.TrackClient(f"sqlite:///{tmp_path / 'other.db'}")
    run = other.create_run("0", run_name="elsewhere")
    other.log_metric(run.info.run_id, "loss", 0.5)
    other.set_terminated(run.info.run_id)
    assert (other.tracking_uri, other.get_run(run.info.run_id).data.metrics) == (
        str(tmp_path / "other.db"),
        {"loss": 0.5},
    )
    assert (store.exists(), track.get_tracking_uri()) == (False, str(store))
    assert track.TrackClient(store).tracking_uri == str(store)


def test_files_by_the_id_of_their_run(client: track.TrackClient, tmp_path: Path) -> None:
    """All functions that log one."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_text("a")
    run = client.create_run("0").info.run_id
    client.log_artifact(run, tmp_path / "data/a.txt")
    client.log_artifacts(run, tmp_path / "data", "b")
    client.log_text(run, "c", "c.txt")
    client.log_dict(run, {"d": 1}, "d.json")
    client.log_table(run, {"e": [1]}, "e.json")
    assert [entry.path for entry in client.list_artifacts(run)] == ["a.txt", "b", "c.txt", "d.json", "e.json"]
    assert Path(client.download_artifacts(run, "b", tmp_path / "out")).joinpath("a.txt").read_text() == "a"


def test_secrets_in_a_new_name_do_not_reach_the_store(client: track.TrackClient, store: Path) -> None:
    """Of a run, at making and at renaming; half characters are escaped."""
    run = client.create_run("0", run_name="token='hunter2hunter2'").info.run_id
    first = client.get_run(run).name
    client.update_run(run, name="password='hunter2hunter2' \udce9")
    assert (first, client.get_run(run).name) == ("token='<redacted>'", "password='<redacted>' \\udce9")
    assert b"hunter2" not in store.read_bytes()


# ---- what mlflow's client does not have


def ended(name: str = "one") -> str:
    """The id of a run that has ended."""
    with track.start_run(run_name=name) as run:
        pass
    return run.run_id


def test_a_note_is_set_and_removed(client: track.TrackClient) -> None:
    """Of runs that have ended and that are open; secrets are masked, and what is no text is refused."""
    run_id = ended()
    client.set_note(run_id, "first try, password=hunter2")
    assert client.get_run(run_id).note == "first try, password=<redacted>"
    client.set_note(run_id, None)
    assert client.get_run(run_id).note is None
    with track.start_run() as run:
        client.set_note(run.run_id, "while it runs")
        assert run.note == "while it runs"
    with pytest.raises(InvalidValue, match="A note is text"):
        client.set_note(run_id, 3)  # type: ignore[arg-type]


def test_runs_are_pinned_and_unpinned(client: track.TrackClient) -> None:
    """Pinning twice is fine; an unknown run is an error."""
    run_id = ended()
    client.pin_run(run_id)
    client.pin_run(run_id)
    assert client.get_run(run_id).pinned is True
    client.unpin_run(run_id)
    assert client.get_run(run_id).pinned is False
    with pytest.raises(NotFound):
        client.pin_run("0" * 32)


def test_a_run_moves_with_its_children(client: track.TrackClient) -> None:
    """To an experiment that is made; an open run knows where it is, and goes on logging."""
    with track.start_run() as run:
        with track.start_run(nested=True) as child:
            pass
        client.move_run(run.run_id, "second try")
        track.log(loss=1.0)
        assert (run.info.experiment_id, run._memory.experiment) == (
            client.get_run(run.run_id).experiment_id,
            "second try",
        )
    found = {client.get_run(one.run_id).experiment_name for one in (run, child)}
    assert (found, set(client.get_run(run.run_id).metrics)) == ({"second try"}, {"loss"})


def test_the_baseline_of_an_experiment(client: track.TrackClient) -> None:
    """Is set by its run and taken away by the experiment."""
    run_id = ended()
    client.set_baseline(run_id)
    assert client.get_experiment("0").baseline_run_id == run_id
    client.clear_baseline("0")
    assert client.get_experiment(0).baseline_run_id is None
    with pytest.raises(NotFound):
        client.clear_baseline("77")


def test_the_last_deletion_is_undone(client: track.TrackClient) -> None:
    """What went together comes back together; an empty bin is an error."""
    first, second, third = ended("a"), ended("b"), ended("c")
    client.delete_run(first)
    track.runs("run_name IN ('b', 'c')").delete()
    assert sorted(client.undo_delete()) == sorted([second, third])
    assert client.undo_delete() == [first]
    with pytest.raises(NotFound, match="no deleted run"):
        client.undo_delete()
    client.log_metric(first, "loss", 1.0)


def test_a_run_is_asked_to_stop(client: track.TrackClient) -> None:
    """It hears of it; one that has ended cannot be asked."""
    with track.start_run() as run:
        client.request_stop(run.run_id)
        while not run.should_stop:
            track.flush()
        assert client.get_run(run.run_id).stop_requested is True
    with pytest.raises(InvalidValue, match="has ended"):
        client.request_stop(run.run_id)


def test_a_run_as_dicts(client: track.TrackClient) -> None:
    """mlflow's shape, of an open run and of a stored one."""
    with track.start_run(run_name="r", tags={"t": "x"}) as run:
        track.log_param("p", 1)
        track.log_metric("m", 2)
        track.log_input(track.data.from_numpy(numpy.eye(2), name="eye"), context="training")
        track.log_input(model="m-1")
        open_now = run.to_dictionary()
    found = client.get_run(run.run_id)
    told = found.to_dictionary()
    assert told["info"] == dict(found.info)
    assert sorted(told["info"]) == [
        *("artifact_uri", "end_time", "experiment_id", "lifecycle_stage", "run_id", "run_name", "start_time"),
        *("status", "user_id"),
    ]
    assert told["data"] == {"metrics": {"m": 2.0}, "params": {"p": "1"}, "tags": dict(found.data.tags)}
    (used,) = told["inputs"]["dataset_inputs"]
    assert (used["dataset"]["name"], used["tags"]) == ("eye", {"mlflow.data.context": "training"})
    assert told["inputs"]["model_inputs"] == [{"model_id": "m-1"}]
    assert told["outputs"] == {"model_outputs": []}
    assert {name: open_now[name] for name in ("inputs", "outputs")} == {
        name: told[name] for name in ("inputs", "outputs")
    }


def test_writing_to_a_deleted_run_has_mlflow_s_code(client: track.TrackClient) -> None:
    """Also resuming it; the message says the way back."""
    with track.start_run() as run:
        track.log_metric("m", 1)
    client.delete_run(run.run_id)
    with pytest.raises(DeletedRun, match="restore_run") as caught:
        client.log_metric(run.run_id, "m", 2)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(DeletedRun):
        track.start_run(run_id=run.run_id)
