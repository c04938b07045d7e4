"""Runs: starting, ending, nesting, resuming, deleting, and what mlflow's shapes show of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import jupyter_track as track
from jupyter_track.entities import RunTag
from jupyter_track.errors import InvalidValue, NotFound, RunStateError
from jupyter_track.records import RunError, RunInfo

NOBODY = "0" * 32


def own_tags(run_id: str) -> dict[str, str]:
    """Return the tags of a run without those that describe where it came from."""
    tags = track.get_run(run_id).data.tags
    return {key: value for key, value in tags.items() if not key.startswith(("mlflow.source", "mlflow.user"))}


def test_a_run_begins_running_and_ends_finished(store: Path) -> None:
    """`info` has all of mlflow's fields, before and after."""
    with track.start_run(run_name="baseline") as run:
        during = track.get_run(run.info.run_id).info
        assert track.active_run() is run
    after = track.get_run(run.info.run_id).info
    assert during == RunInfo(
        run_id=run.run_id,
        run_name="baseline",
        experiment_id="0",
        status="RUNNING",
        start_time=after.start_time,
        end_time=None,
        artifact_uri=f"runs:/{run.run_id}",
        lifecycle_stage="active",
        user_id=after.user_id,
    )
    assert (after.status, after.run_name, track.active_run()) == ("FINISHED", "baseline", None)
    assert after.end_time is not None
    assert after.end_time >= after.start_time > 1_600_000_000_000
    assert re.fullmatch("[0-9a-f]{32}", after.run_id)


def test_the_run_in_hand_is_always_current(store: Path) -> None:
    """mlflow's is a snapshot; ours shows params, tags and the end as they come."""
    run = track.start_run()
    track.log_param("lr", 0.1)
    track.log_metric("loss", 0.5)
    data = run.data
    track.end_run()
    assert (data.params, data.metrics) == ({"lr": "0.1"}, {"loss": 0.5})
    assert (run.info.status, run.info.end_time) == ("FINISHED", track.get_run(run.run_id).info.end_time)


def test_a_run_without_a_name_gets_an_adjective_an_animal_and_a_number(store: Path) -> None:
    """Also where the name is an empty string, as in mlflow."""
    for name in (None, ""):
        with track.start_run(run_name=name) as run:
            assert re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", run.info.run_name)


def test_a_blank_name_is_refused(store: Path) -> None:
    """And no run is opened."""
    with pytest.raises(InvalidValue) as caught:
        track.start_run(run_name="  ")
    assert str(caught.value) == "The name of a run must be text that is not blank, not '  '."
    assert (track.active_run(), store.exists()) == (None, False)


def test_name_description_and_tags_are_mlflow_s_tags(store: Path) -> None:
    """Other values than text become text."""
    with track.start_run(run_name="one", description="why", tags={"team": "vision", "size": 3, "none": None}) as run:
        pass
    assert own_tags(run.run_id) == {
        "mlflow.runName": "one",
        "mlflow.note.content": "why",
        "team": "vision",
        "size": "3",
        "none": "None",
    }


def test_the_tags_for_name_note_and_parent_work_as_arguments(store: Path) -> None:
    """As in mlflow they are the same thing by another door."""
    with track.start_run() as parent:
        pass
    tags = {"mlflow.runName": "n", "mlflow.note.content": "d", "mlflow.parentRunId": parent.run_id}
    with track.start_run(tags=tags) as run:
        pass
    stored = track.get_run(run.run_id)
    assert (stored.name, stored.note, stored.parent_run_id) == ("n", "d", parent.run_id)
    assert own_tags(run.run_id) == tags


def test_a_description_that_is_given_twice_is_an_error(store: Path) -> None:
    """mlflow's rule."""
    with pytest.raises(InvalidValue) as caught:
        track.start_run(description="a", tags={"mlflow.note.content": "b"})
    assert str(caught.value) == "The description is given twice: also as the tag 'mlflow.note.content'."
    assert track.active_run() is None


@pytest.mark.parametrize(
    ("error", "status", "kept"),
    [
        (ValueError("no data"), "FAILED", RunError("ValueError", "no data")),
        (SystemExit(2), "FAILED", RunError("SystemExit", "2")),
        (KeyboardInterrupt(), "KILLED", None),
        (GeneratorExit(), "KILLED", None),
        (SystemExit(0), "FINISHED", None),
    ],
)
def test_leaving_on_an_exception_gives_the_status_and_keeps_the_error(
    store: Path, error: BaseException, status: str, kept: RunError | None
) -> None:
    """The exception goes on; interrupts are KILLED, a clean exit is FINISHED."""
    with pytest.raises(type(error)), track.start_run() as run:
        raise error
    stored = track.get_run(run.run_id)
    found = stored.error
    assert (stored.status, found and RunError(found.name, found.message)) == (status, kept)
    if kept:
        assert found is not None
        assert found.lines.splitlines()[0] == "Traceback (most recent call last):"
        assert "raise error" in found.lines


def test_an_exception_that_cannot_be_shown_ends_the_run_all_the_same(store: Path) -> None:
    """Its own __str__ fails; the run is FAILED and the error goes on."""

    class Shy(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    with pytest.raises(Shy), track.start_run() as run:
        raise Shy
    stored = track.get_run(run.run_id)
    assert stored.error is not None
    assert (stored.status, stored.error.message) == ("FAILED", "(its message cannot be shown: RuntimeError)")


def test_an_error_with_half_characters_is_kept_escaped(store: Path) -> None:
    """Text that UTF-8 cannot hold must not cost the run."""
    with pytest.raises(OSError), track.start_run() as run:
        raise OSError("caf\udce9")
    error = track.get_run(run.run_id).error
    assert error is not None
    assert error.message == "caf\\udce9"


@pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED"])
def test_end_run_takes_a_status(store: Path, status: str) -> None:
    """The three statuses that are an end."""
    run = track.start_run()
    track.end_run(status)
    assert (track.get_run(run.run_id).info.status, track.active_run()) == (status, None)


@pytest.mark.parametrize("status", ["DONE", "RUNNING", "finished"])
def test_end_run_refuses_another_status(store: Path, status: str) -> None:
    """The run stays open."""
    run = track.start_run()
    with pytest.raises(InvalidValue) as caught:
        track.end_run(status)
    assert str(caught.value) == f"A run ends as FINISHED, FAILED, KILLED, not as {status!r}."
    assert track.active_run() is run


def test_end_run_with_nothing_active_does_nothing(store: Path) -> None:
    """Not even a file is made."""
    track.end_run()
    assert not store.exists()


def test_a_second_start_is_an_error_that_names_the_run_and_the_ways_out(store: Path) -> None:
    """mlflow raises a bare Exception; ours says what to do, and the first run stays active."""
    run = track.start_run(run_name="first")
    with pytest.raises(RunStateError) as caught:
        track.start_run()
    assert str(caught.value) == (
        f"The run 'first' ({run.run_id[:8]}) is open. To end it first, call end_run(); to open a run inside it, pass "
        "nested=True; to end runs on their own, write 'with start_run():'."
    )
    assert (caught.value.error_code, track.active_run()) == ("INVALID_STATE", run)


def test_nested_runs_know_their_parents(store: Path) -> None:
    """The innermost run is active; leaving it makes the outer one active again."""
    with track.start_run() as outer:
        with track.start_run(nested=True) as middle:
            with track.start_run(nested=True) as inner:
                assert track.active_run() is inner
            assert track.active_run() is middle
        assert track.active_run() is outer
    parents = {run.run_id: track.get_parent_run(run.run_id) for run in (outer, middle, inner)}
    assert {key: parent and parent.info.run_id for key, parent in parents.items()} == {
        outer.run_id: None,
        middle.run_id: outer.run_id,
        inner.run_id: middle.run_id,
    }
    assert track.get_run(inner.run_id).data.tags["mlflow.parentRunId"] == middle.run_id


def test_nested_without_a_parent_is_an_ordinary_run(store: Path) -> None:
    """The Optuna pattern: every trial says nested, whether a parent is open or not."""
    for _ in range(2):
        with track.start_run(nested=True) as run:
            track.log_metric("accuracy", 0.9)
        assert track.get_run(run.run_id).parent_run_id is None


def test_ending_a_run_ends_the_runs_that_were_opened_inside(store: Path) -> None:
    """mlflow would end the child and leave the parent open."""
    with track.start_run() as parent:
        child = track.start_run(nested=True)
        grandchild = track.start_run(nested=True)
    assert [track.get_run(run.run_id).status for run in (parent, child, grandchild)] == ["FINISHED"] * 3
    assert track.active_run() is None


def test_a_parent_can_be_named(store: Path) -> None:
    """It need not be open."""
    with track.start_run() as parent:
        pass
    with track.start_run(parent_run_id=parent.run_id) as child:
        pass
    assert track.get_run(child.run_id).parent_run_id == parent.run_id


def test_naming_a_parent_does_not_excuse_a_nesting_mistake(store: Path) -> None:
    """With a run open, `nested=True` is asked for all the same."""
    with track.start_run() as parent:
        pass
    with track.start_run() as run:
        with pytest.raises(RunStateError):
            track.start_run(parent_run_id=parent.run_id)
        assert track.active_run() is run


def test_a_parent_that_does_not_exist_is_an_error(store: Path) -> None:
    """RESOURCE_DOES_NOT_EXIST, with and without a store."""
    for _ in range(2):
        with pytest.raises(NotFound) as caught:
            track.start_run(parent_run_id=NOBODY)
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
        with track.start_run():
            pass


def test_the_last_active_run_is_the_open_one_or_the_last_that_ended(store: Path) -> None:
    """None in a process that has had no run."""
    assert track.last_active_run() is None
    with track.start_run() as run:
        during = track.last_active_run()
    after = track.last_active_run()
    assert during is not None
    assert after is not None
    assert [(one.info.run_id, one.info.status) for one in (during, after)] == [
        (run.run_id, "RUNNING"),
        (run.run_id, "FINISHED"),
    ]


def test_an_open_run_shows_its_name_status_and_experiment(store: Path) -> None:
    """mlflow prints ``<ActiveRun: >``."""
    run = track.start_run(run_name="baseline")
    assert repr(run) == f"<ActiveRun 'baseline' {run.run_id[:8]} RUNNING in 'Default'>"


def test_runs_are_numbered_in_the_order_of_the_store(store: Path) -> None:
    """The small number is there once the run has been written."""
    with track.start_run() as first:
        pass
    with track.start_run() as second:
        pass
    assert (first.number, second.number, track.get_run(second.run_id).number) == (1, 2, 2)


def test_the_store_cannot_be_changed_while_a_run_is_open(store: Path, tmp_path: Path) -> None:
    """Its later points would go elsewhere; the same store again is fine."""
    with track.start_run(run_name="open"):
        with pytest.raises(RunStateError) as caught:
            track.set_tracking_uri(tmp_path / "other.db")
        track.set_tracking_uri(f"sqlite:///{store}")
    assert str(caught.value) == f"The run 'open' is open in {store}; end it before the store is changed."
    track.set_tracking_uri(tmp_path / "other.db")
    assert track.get_tracking_uri() == str(tmp_path / "other.db")


def test_a_folder_mlruns_means_the_store_beside_it(store: Path, tmp_path: Path) -> None:
    """What mlflow's notebooks write works."""
    track.set_tracking_uri("file:./mlruns")
    assert track.get_tracking_uri() == str(tmp_path / "track.db")


def test_a_moved_folder_still_loads(store: Path, tmp_path: Path) -> None:
    """Everything inside the store is relative; mlflow's addresses would break."""
    with track.start_run() as run:
        track.log_text("hello", "notes/a.txt")
        (tmp_path / "large.bin").write_bytes(b"x" * 200_000)
        track.log_artifact("large.bin")
        uri = track.get_artifact_uri("notes/a.txt")
    track.flush()
    (tmp_path / "moved").mkdir()
    for place in (store, store.with_name("track.db-files")):
        place.rename(tmp_path / "moved" / place.name)
    track.set_tracking_uri(tmp_path / "moved")
    assert track.artifacts.load_text(uri) == "hello"  # also by the path that it had
    assert track.artifacts.load_text(f"runs:/{run.run_id}/notes/a.txt") == "hello"
    copy = Path(track.artifacts.download_artifacts(run_id=run.run_id, artifact_path="large.bin"))
    assert copy.read_bytes() == b"x" * 200_000


def _named_at_the_start(text: str) -> str:
    with track.start_run(run_name=text, description=text, tags={"a": text}) as run:
        return run.run_id


def _named_by_tags_at_the_start(text: str) -> str:
    with track.start_run(tags={"mlflow.runName": text, "mlflow.note.content": text, "a": text}) as run:
        return run.run_id


def _named_by_tags_later(text: str) -> str:
    with track.start_run() as run:
        track.set_tags({"mlflow.runName": text, "mlflow.note.content": text})
        track.set_tag("a", text)
        return run.run_id


def _named_on_resuming(text: str) -> str:
    with track.start_run() as run:
        pass
    with track.start_run(run_id=run.run_id, run_name=text, description=text, tags={"a": text}):
        return run.run_id


def _named_by_the_client(text: str) -> str:
    client = track.TrackClient()
    run = client.create_run("0", run_name=text, tags={"mlflow.note.content": text})
    client.set_tag(run.info.run_id, "a", text)
    client.update_run(run.info.run_id, name=text)
    client.set_terminated(run.info.run_id)
    return run.info.run_id


def _named_by_a_batch(text: str) -> str:
    client = track.TrackClient()
    run_id = client.create_run("0").info.run_id
    tags = [RunTag("mlflow.runName", text), RunTag("mlflow.note.content", text), RunTag("a", text)]
    client.log_batch(run_id, tags=tags)
    client.set_terminated(run_id)
    return run_id


@pytest.mark.parametrize(
    "way",
    [
        _named_at_the_start,
        _named_by_tags_at_the_start,
        _named_by_tags_later,
        _named_on_resuming,
        _named_by_the_client,
        _named_by_a_batch,
    ],
)
def test_names_notes_and_tags_lose_their_secrets_on_every_way(store: Path, way: Callable[[str], str]) -> None:
    """Also without quotes, as `password=…` stands in a sentence."""
    run = track.get_run(way("for sk-proj-1234567890abcdefghij, password=hunter2hunter2"))
    masked = "for <redacted>, password=<redacted>"
    assert (run.name, run.note, run.own_tags["a"]) == (masked, masked, masked)
    track.flush()
    assert b"hunter2" not in store.read_bytes()


def test_secrets_of_runs_do_not_reach_the_store(store: Path) -> None:
    """Names, notes, descriptions, tags and errors; the message says that something was there."""
    secret = "sk-proj-1234567890abcdefghij"
    with (  # noqa: PT012
        pytest.raises(ValueError, match="bad key"),
        track.start_run(
            run_name=f"run {secret}", description=f"api_key='{secret}'", tags={"token": secret, "note": secret}
        ) as run,
    ):
        track.set_note(f"the key is {secret}")
        track.TrackClient().update_run(run.run_id, name=f"renamed {secret}")
        raise ValueError(f"bad key {secret}")
    track.flush()
    stored = track.get_run(run.run_id)
    assert stored.error is not None
    assert (stored.name, stored.note, stored.own_tags["token"], stored.own_tags["note"], stored.error.message) == (
        "renamed <redacted>",
        "the key is <redacted>",
        "<redacted>",
        "<redacted>",
        "bad key <redacted>",
    )
    assert secret.encode() not in store.read_bytes()
