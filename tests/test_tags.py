"""Tags and notes of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import jupyter_track as track
from jupyter_track.errors import InvalidValue, NotFound


def tags(run: track.ActiveRun) -> dict[str, str]:
    """Return the tags that a run was given."""
    found = track.get_run(run.run_id).data.tags
    return {key: value for key, value in found.items() if not key.startswith(("mlflow.source", "mlflow.user"))}


def test_tags_are_text_and_the_latest_counts(store: Path) -> None:
    """Other values become text."""
    with track.start_run(run_name="n") as run:
        track.set_tag("team", "vision")
        track.set_tags({"team": "audio", "size": 3, "on": True})
    assert tags(run) == {"mlflow.runName": "n", "team": "audio", "size": "3", "on": "True"}


def test_a_tag_can_be_removed_once(store: Path) -> None:
    """A second time, and where there never was one, RESOURCE_DOES_NOT_EXIST."""
    with track.start_run(run_name="n") as run:
        track.set_tags({"a": 1, "b": 2})
        track.delete_tag("a")
        with pytest.raises(NotFound) as caught:
            track.delete_tag("a")
    assert (str(caught.value), caught.value.error_code) == (
        "The run #1 n has no tag 'a'.",
        "RESOURCE_DOES_NOT_EXIST",
    )
    assert tags(run) == {"mlflow.runName": "n", "b": "2"}


def test_a_tag_that_was_removed_can_be_set_again(store: Path) -> None:
    """Also before anything has been written in between."""
    with track.start_run(run_name="n") as run:
        track.set_tag("a", 1)
        track.delete_tag("a")
        track.set_tag("a", 2)
    assert tags(run) == {"mlflow.runName": "n", "a": "2"}


def test_mlflow_s_tags_change_name_note_and_parent(store: Path) -> None:
    """And the note can be removed as a tag, as in mlflow; the name cannot."""
    with track.start_run() as parent:
        pass
    with track.start_run(run_name="n") as run:
        track.set_tags({"mlflow.runName": "m", "mlflow.note.content": "why", "mlflow.parentRunId": parent.run_id})
        named = (run.name, run.note, track.get_run(run.run_id).parent_run_id)
        track.delete_tag("mlflow.note.content")
        track.delete_tag("mlflow.parentRunId")
        for tag in ("mlflow.note.content", "mlflow.parentRunId", "mlflow.runName"):
            with pytest.raises(NotFound):
                track.delete_tag(tag)
    assert named == ("m", "why", parent.run_id)
    assert (tags(run), run.note) == ({"mlflow.runName": "m"}, None)


def test_a_note_is_set_changed_and_removed(store: Path) -> None:
    """By the module's function and by the run's property; it is mlflow's description."""
    with track.start_run(run_name="n") as run:
        track.set_note("one")
        first = run.note
        run.note = "two"
        second = tags(run)
        track.set_note(None)
    assert (first, second) == ("one", {"mlflow.runName": "n", "mlflow.note.content": "two"})
    assert (run.note, tags(run)) == (None, {"mlflow.runName": "n"})


def test_a_note_is_text(store: Path) -> None:
    """Anything else is refused."""
    with track.start_run(), pytest.raises(InvalidValue) as caught:
        track.set_note(5)  # type: ignore[arg-type]
    assert str(caught.value) == "A note is text, not int (5)."


@pytest.mark.parametrize("given", [{"a": 1, "b@": 2}, {"a": 1, "": 2}, {"a": 1, 5: 2}, [("a", 1)]], ids=str)
def test_one_bad_key_sets_no_tag(store: Path, given: Any) -> None:
    """Tags are checked before the first is set."""
    with track.start_run(run_name="n") as run, pytest.raises(InvalidValue):
        track.set_tags(given)
    assert tags(run) == {"mlflow.runName": "n"}


def test_a_tag_has_at_most_100_000_characters(store: Path) -> None:
    """The message says where long text belongs."""
    with track.start_run(run_name="n") as run:
        track.set_tag("long", "x" * 100_000)
        with pytest.raises(InvalidValue) as caught:
            track.set_tag("longer", "x" * 100_001)
    assert str(caught.value) == "The tag 'longer' has 100,001 characters; 100,000 is the most. Use log_text."
    assert tags(run) == {"mlflow.runName": "n", "long": "x" * 100_000}


def test_half_characters_are_kept_escaped(store: Path) -> None:
    """SQLite takes no lone surrogate: without this the run itself would be lost."""
    with track.start_run(run_name="caf\udce9", description="\udce9", tags={"a": "\udce9"}) as run:
        track.set_tag("b", "\udce9")
    assert tags(run) == {
        "mlflow.runName": "caf\\udce9",
        "mlflow.note.content": "\\udce9",
        "a": "\\udce9",
        "b": "\\udce9",
    }


def test_where_a_run_came_from_is_tagged(store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """mlflow's source tags: the notebook's path in the store's folder."""
    from jupyter_track.recording.session import session

    monkeypatch.setattr(session, "notebook", tmp_path / "sub" / "train.ipynb")
    with track.start_run() as run:
        pass
    stored = track.get_run(run.run_id)
    found = {key: value for key, value in stored.own_tags.items() if key.startswith("mlflow.source")}
    assert (found, stored.notebook) == (
        {"mlflow.source.name": "sub/train.ipynb", "mlflow.source.type": "NOTEBOOK"},
        "sub/train.ipynb",
    )


def test_secrets_in_tags_do_not_reach_the_store(store: Path) -> None:
    """By the tag's name and by the value's shape."""
    with track.start_run(run_name="n") as run:
        track.set_tags({"api_key": "hunter2hunter2", "url": "https://me:hunter2@host/x"})
    assert tags(run) == {"mlflow.runName": "n", "api_key": "<redacted>", "url": "https://<redacted>@host/x"}
    assert b"hunter2" not in store.read_bytes()
