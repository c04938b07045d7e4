"""Experiments: making, setting, finding, renaming, deleting, tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import jupyter_track as track
from jupyter_track.errors import AlreadyExists, InvalidValue, NotFound
from jupyter_track.records import Experiment, ViewType


def names(**arguments: Any) -> list[str]:
    """Return the names of the experiments that a search finds."""
    return [one.name for one in track.search_experiments(**arguments)]


def test_default_is_there_without_a_store(store: Path) -> None:
    """By id, by name and in the list, as in mlflow; looking makes no file."""
    default = Experiment("0", "Default")
    assert track.get_experiment("0") == track.get_experiment(0) == default
    assert track.get_experiment_by_name("Default") == default
    assert track.search_experiments() == [default]
    assert track.search_experiments(view_type=ViewType.DELETED_ONLY) == []
    assert not store.exists()


def test_setting_a_new_name_makes_the_experiment(store: Path) -> None:
    """What comes back is what is found later, and runs go there."""
    made = track.set_experiment("digits")
    with track.start_run() as run:
        pass
    found = track.get_experiment_by_name("digits")
    assert found is not None
    assert (found.experiment_id, found.name, found.lifecycle_stage, dict(found.tags)) == (
        made.experiment_id,
        "digits",
        "active",
        {},
    )
    assert (made.name, made.lifecycle_stage, type(made.creation_time)) == ("digits", "active", int)
    assert made.experiment_id.isdecimal()
    assert track.get_run(run.run_id).info.experiment_id == made.experiment_id


def test_setting_it_again_gives_the_same_experiment(store: Path) -> None:
    """By name or by id, also before anything has been written."""
    first = track.set_experiment("digits")
    again = track.set_experiment("digits")
    by_id = track.set_experiment(experiment_id=first.experiment_id)
    assert first.experiment_id == again.experiment_id == by_id.experiment_id
    assert by_id == track.get_experiment(first.experiment_id)


@pytest.mark.parametrize("arguments", [{}, {"experiment_name": "a", "experiment_id": "0"}])
def test_either_name_or_id_is_given(store: Path, arguments: dict[str, str]) -> None:
    """Both or neither is an error with mlflow's code."""
    with pytest.raises(InvalidValue) as caught:
        track.set_experiment(**arguments)
    assert (str(caught.value), caught.value.error_code) == (
        "Give either the name or the id of the experiment.",
        "INVALID_PARAMETER_VALUE",
    )


def test_an_unknown_id_does_not_exist(store: Path) -> None:
    """With and without a store; an unknown name is None."""
    for _ in range(2):
        for call in (track.get_experiment, lambda one: track.set_experiment(experiment_id=one)):
            with pytest.raises(NotFound) as caught:
                call("99")
            assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
        assert track.get_experiment_by_name("nobody") is None
        track.create_experiment("some") if not store.exists() else None


def test_a_second_create_is_an_error(store: Path) -> None:
    """RESOURCE_ALREADY_EXISTS, also where the first one is deleted or only waits to be written."""
    identifier = track.create_experiment("digits", tags={"team": "vision"})
    track.set_experiment("waiting")
    messages = []
    for name in ("digits", "waiting", "Default"):
        with pytest.raises(AlreadyExists) as caught:
            track.create_experiment(name)
        messages.append((str(caught.value), caught.value.error_code))
    track.delete_experiment(identifier)
    with pytest.raises(AlreadyExists) as deleted:
        track.create_experiment("digits")
    assert messages == [
        (f"There is an active experiment {name!r} already.", "RESOURCE_ALREADY_EXISTS")
        for name in ("digits", "waiting", "Default")
    ]
    assert str(deleted.value) == "There is a deleted experiment 'digits' already; restore it, or take another name."


def test_creating_returns_the_id_as_text_and_does_not_set_it(store: Path) -> None:
    """mlflow's return value."""
    identifier = track.create_experiment("digits", tags={"team": "vision", "size": 3})
    with track.start_run() as run:
        pass
    assert dict(track.get_experiment(identifier).tags) == {"team": "vision", "size": "3"}
    assert (identifier.isdecimal(), track.get_run(run.run_id).info.experiment_id) == (True, "0")


@pytest.mark.parametrize("name", ["", "  ", None, 5, "x" * 501])
def test_a_name_is_text_that_is_not_blank(store: Path, name: Any) -> None:
    """500 characters at most."""
    with pytest.raises(InvalidValue):
        track.create_experiment(name)
    if name is not None:
        with pytest.raises(InvalidValue):
            track.set_experiment(name)


def test_a_bad_tag_makes_no_experiment(store: Path) -> None:
    """Checked before."""
    with pytest.raises(InvalidValue):
        track.create_experiment("digits", tags={"a@b": 1})
    assert names() == ["Default"]


def test_a_deleted_experiment_cannot_be_set(store: Path) -> None:
    """INVALID_PARAMETER_VALUE, by name, by id and where it is the current one."""
    made = track.set_experiment("digits")
    track.delete_experiment(made.experiment_id)
    codes = []
    calls: list[Any] = [
        lambda: track.set_experiment("digits"),
        lambda: track.set_experiment(experiment_id=made.experiment_id),
        lambda: track.start_run(experiment_id=made.experiment_id),
        track.start_run,
    ]
    for call in calls:
        with pytest.raises(InvalidValue) as caught:
            call()
        codes.append(caught.value.error_code)
    assert (codes, track.active_run()) == (["INVALID_PARAMETER_VALUE"] * 4, None)
    track.restore_experiment(made.experiment_id)
    assert track.set_experiment("digits").experiment_id == made.experiment_id


def test_deleting_an_experiment_deletes_its_runs_and_restoring_brings_them_back(store: Path) -> None:
    """A run that was in the bin before stays there."""
    made = track.set_experiment("digits")
    with track.start_run() as kept:
        track.log_metric("x", 1.0)
    with track.start_run() as binned:
        pass
    track.delete_run(binned.run_id)
    track.delete_experiment(made.experiment_id)
    deleted = [track.get_run(run.run_id).lifecycle_stage for run in (kept, binned)]
    with pytest.raises(track.TrackError):
        track.log_metric("x", 2.0, run_id=kept.run_id)
    track.restore_experiment(made.experiment_id)
    track.restore_experiment(made.experiment_id)
    restored = [track.get_run(run.run_id).lifecycle_stage for run in (kept, binned)]
    track.log_metric("x", 3.0, run_id=kept.run_id)
    assert (deleted, restored) == (["deleted", "deleted"], ["active", "deleted"])
    assert [point.value for point in track.TrackClient().get_metric_history(kept.run_id, "x")] == [1.0, 3.0]


def test_default_cannot_be_deleted(store: Path) -> None:
    """It stays, so that runs have a place."""
    with pytest.raises(InvalidValue) as caught:
        track.delete_experiment("0")
    assert str(caught.value) == "The experiment Default cannot be deleted; delete its runs instead."


def test_the_current_experiment_stays_so_when_it_is_renamed(store: Path) -> None:
    """A run after that must not make an experiment of the old name."""
    made = track.set_experiment("before")
    with track.start_run():
        track.define_metric("loss", "min")
        track.TrackClient().rename_experiment(made.experiment_id, "after")
    with track.start_run() as run:
        pass
    assert track.get_run(run.run_id).experiment_name == "after"
    assert sorted(names()) == ["Default", "after"]
    assert track.get_run(run.run_id).goals == {"loss": "min"}


def test_experiments_are_searched(store: Path) -> None:
    """The newest first; by view, filter, order and number."""
    for name, team in (("a", "vision"), ("b", "audio"), ("c", "vision")):
        track.create_experiment(name, tags={"team": team})
    track.delete_experiment(track.get_experiment_by_name("b").experiment_id)  # type: ignore[union-attr]
    assert sorted(names()) == ["Default", "a", "c"]
    assert names(view_type=ViewType.DELETED_ONLY) == ["b"]
    assert sorted(names(view_type=ViewType.ALL)) == ["Default", "a", "b", "c"]
    assert sorted(names(filter_string="tags.team = 'vision'")) == ["a", "c"]
    assert names(order_by=["name DESC"]) == ["c", "a", "Default"]
    assert names(order_by=["name"], max_results=2) == ["Default", "a"]


def test_tags_of_the_current_experiment(store: Path) -> None:
    """Set one, several, remove one; a missing one is RESOURCE_DOES_NOT_EXIST."""
    made = track.set_experiment("digits")
    track.set_experiment_tag("a", 1)
    track.set_experiment_tags({"b": 2, "c": "three"})
    track.delete_experiment_tag("a")
    with pytest.raises(NotFound) as caught:
        track.delete_experiment_tag("a")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(InvalidValue):
        track.set_experiment_tags({"d": 1, "e@": 2})
    assert dict(track.get_experiment(made.experiment_id).tags) == {"b": "2", "c": "three"}


def test_secrets_in_tags_of_experiments_do_not_reach_the_store(store: Path) -> None:
    """By every door."""
    identifier = track.create_experiment("a", tags={"api_key": "hunter2hunter2"})
    track.set_experiment("a")
    track.set_experiment_tag("token", "hunter2hunter2")
    client = track.TrackClient()
    client.set_experiment_tag(identifier, "password", "hunter2hunter2")
    other = client.create_experiment("b", tags={"url": "https://me:hunter2hunter2@host"})
    assert dict(track.get_experiment(identifier).tags) == {
        "api_key": "<redacted>",
        "token": "<redacted>",
        "password": "<redacted>",
    }
    assert dict(track.get_experiment(other).tags) == {"url": "https://<redacted>@host"}
    assert b"hunter2" not in store.read_bytes()


def test_the_environment_names_an_experiment(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mlflow's variable; set_experiment wins over it."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from-outside")
    with track.start_run() as first:
        pass
    track.set_experiment("mine")
    with track.start_run() as second:
        pass
    assert [track.get_run(run.run_id).experiment_name for run in (first, second)] == ["from-outside", "mine"]


def test_a_run_can_go_to_another_experiment(store: Path) -> None:
    """By its id, as text or number, Default also in a store that does not exist yet."""
    with track.start_run(experiment_id="0") as run:
        pass
    identifier = track.create_experiment("digits")
    with track.start_run(experiment_id=int(identifier)) as other:
        pass
    assert [track.get_run(one.run_id).experiment_name for one in (run, other)] == ["Default", "digits"]
