"""Small edits of what is stored: one transaction each, visible in the revision, with an error for what is not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from made_stores import START, add_run, add_runs, made_store

import jupyter_track as track
from jupyter_track.errors import AlreadyExists, InvalidValue, NotFound, StoreUnavailable
from jupyter_track.records import Run, RunStatus, ViewType
from jupyter_track.store import edits, experiment_edits, pending
from jupyter_track.store.database import reading
from jupyter_track.store.reader import Reader

ABSENT = "0" * 32


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A store that has been made."""
    return made_store(tmp_path)


@pytest.fixture
def run_id(made: Path) -> str:
    """A finished run."""
    return add_run(made, name="first", tags={"team": "a"})


def read(store: Path, run_id: str) -> Run:
    """The run as stored."""
    return Reader(store).run(run_id)


class TestRuns:
    """Names, statuses, notes, tags and the bin."""

    def test_name(self, made: Path, run_id: str) -> None:
        """A run is renamed, and nothing else of it changes."""
        before = read(made, run_id)
        edits.update_run(made, run_id, name="second")
        after = read(made, run_id)
        assert (after.name, after.status, after.end_time) == ("second", before.status, before.end_time)

    @pytest.mark.parametrize("name", ["", "  ", "\n"])
    def test_a_blank_name(self, made: Path, run_id: str, name: str) -> None:
        """A run keeps its name where the new one is blank."""
        with pytest.raises(InvalidValue, match="text that is not blank"):
            edits.update_run(made, run_id, name=name)
        assert read(made, run_id).name == "first"

    def test_ending_from_outside(self, made: Path) -> None:
        """A run that was left open gets its status, end and duration; a given end counts."""
        one, two = add_runs(made, {"status": "RUNNING"}, {"status": "RUNNING"})
        edits.set_terminated(made, one, RunStatus.KILLED, end_time=START + 2500)
        ended = read(made, one)
        assert (ended.status, ended.end_time, ended.duration) == ("KILLED", START + 2500, 2.5)
        edits.set_terminated(made, two, end_time=START - 1)
        assert read(made, two).duration == 0.0

    def test_a_known_duration_stays(self, made: Path) -> None:
        """The duration that the run's own process measured is not replaced by a difference of clocks."""
        run = add_run(made, duration=7.25)
        edits.update_run(made, run, status=RunStatus.FAILED)
        assert (read(made, run).status, read(made, run).duration) == ("FAILED", 7.25)

    def test_back_to_running(self, made: Path, run_id: str) -> None:
        """A status that is no end sets no end."""
        edits.update_run(made, run_id, status=RunStatus.SCHEDULED)
        assert (read(made, run_id).status, read(made, run_id).end_time) == ("SCHEDULED", None)

    def test_an_unknown_status(self, made: Path, run_id: str) -> None:
        """The error for an unknown status names those that there are."""
        for call in (edits.set_terminated, lambda store, run, status: edits.update_run(store, run, status=status)):
            with pytest.raises(InvalidValue, match=r"'DONE' is no status.*FINISHED"):
                call(made, run_id, "DONE")

    def test_note(self, made: Path, run_id: str) -> None:
        """A note is set, replaced and removed."""
        for note in ("one", "two\nlines", None):
            edits.set_note(made, [run_id], note)
            assert read(made, run_id).note == note

    def test_tags(self, made: Path, run_id: str) -> None:
        """Tags are added, replaced and removed; removing what is not there is an error."""
        edits.set_tags(made, [run_id], {"team": "b", "x": "1"})
        assert read(made, run_id).own_tags == {"team": "b", "x": "1"}
        edits.delete_tag(made, run_id, "team")
        assert read(made, run_id).own_tags == {"x": "1"}
        with pytest.raises(NotFound, match="no tag 'team'"):
            edits.delete_tag(made, run_id, "team")

    def test_the_bin(self, made: Path, run_id: str) -> None:
        """A run goes into the bin and comes back; both may be done twice, and the first time of deletion stays."""
        edits.delete_run(made, run_id)
        when = self.deleted(made)
        assert when is not None
        edits.delete_run(made, run_id)
        assert (read(made, run_id).lifecycle_stage, self.deleted(made)) == ("deleted", when)
        assert Reader(made).runs() == []
        edits.restore_run(made, run_id)
        edits.restore_run(made, run_id)
        assert (read(made, run_id).lifecycle_stage, self.deleted(made)) == ("active", None)

    @staticmethod
    def deleted(store: Path) -> int | None:
        """When the only run was deleted."""
        with reading(store) as connection:
            when: int | None = connection.execute("SELECT deleted_time FROM runs").fetchone()[0]
        return when

    def test_a_deleted_run_is_not_edited(self, made: Path, run_id: str) -> None:
        """In the bin a run cannot be changed, and the error names it and the way back."""
        edits.delete_run(made, run_id)
        for call in CALLS.values():
            with pytest.raises(
                InvalidValue, match=r"The run #1 .+ is deleted; restore_run\(1\), '%track restore 1' or"
            ):
                call(made, run_id)

    @pytest.mark.parametrize("name", ["update", "terminate", "note", "tags", "delete tag", "delete", "restore"])
    def test_a_run_that_is_not_there(self, made: Path, name: str) -> None:
        """Every edit of an unknown run is an error and changes nothing, not even the revision."""
        calls = {**CALLS, "delete": edits.delete_run, "restore": edits.restore_run}
        before = Reader(made).info().rev
        with pytest.raises(NotFound, match=f"no run '{ABSENT}'"):
            calls[name](made, ABSENT)
        assert Reader(made).info().rev == before

    def test_each_edit_moves_the_revision(self, made: Path, run_id: str) -> None:
        """One edit moves the store's revision by one, so that readers find what is new."""
        start = Reader(made).info().rev
        edits.set_note(made, [run_id], "n")
        edits.set_tags(made, [run_id], {"x": "1"})
        assert Reader(made).info().rev == start + 2


class TestManyRuns:
    """Edits of several runs in one transaction."""

    def test_pinning(self, made: Path) -> None:
        """Runs are pinned and unpinned; the edit has a time."""
        one, two, three = add_runs(made, {}, {}, {})
        edits.pin_runs(made, [one, two])
        assert [read(made, run).pinned for run in (one, two, three)] == [True, True, False]
        edits.pin_runs(made, [one], False)
        assert [read(made, run).pinned for run in (one, two, three)] == [False, True, False]

    def test_one_that_is_not_there_changes_none(self, made: Path) -> None:
        """Where one of several runs is unknown, none is changed."""
        (one,) = add_runs(made, {})
        with pytest.raises(NotFound, match=f"no run '{ABSENT}'"):
            edits.pin_runs(made, [one, ABSENT])
        assert not read(made, one).pinned

    def test_moving_takes_the_children_along(self, made: Path) -> None:
        """A run moves with its children and theirs, to an experiment that is made where it is missing."""
        parent, other = add_runs(made, {"name": "parent"}, {"name": "other"})
        (child,) = add_runs(made, {"parent_uuid": parent})
        (grandchild,) = add_runs(made, {"parent_uuid": child})
        edits.move_runs(made, [parent], "elsewhere")
        names = [read(made, run).experiment_name for run in (parent, child, grandchild, other)]
        assert names == ["elsewhere"] * 3 + ["Default"]

    def test_moving_to_a_deleted_experiment(self, made: Path) -> None:
        """A deleted experiment takes no runs."""
        (run,) = add_runs(made, {})
        experiment_edits.delete_experiment(made, experiment_edits.create_experiment(made, "gone"))
        with pytest.raises(InvalidValue, match="'gone' is deleted: restore it"):
            edits.move_runs(made, [run], "gone")

    def test_the_baseline(self, made: Path) -> None:
        """The baseline is one run of its experiment, and all runs of that say which."""
        one, two = add_runs(made, {}, {})
        edits.set_baseline(made, one)
        edits.set_baseline(made, two)
        assert [read(made, run).baseline_run_id for run in (one, two)] == [two, two]
        assert Reader(made).experiment(read(made, one).experiment_id).baseline_run_id == two

    def test_undo_brings_back_what_went_together(self, made: Path) -> None:
        """The last deletion is undone whole, then the one before it; then there is nothing left to undo."""
        one, two, three, stays = add_runs(made, {}, {}, {}, {})
        edits.delete_runs(made, [one])
        edits.delete_runs(made, [two, three])
        stages = lambda: [read(made, run).lifecycle_stage for run in (one, two, three, stays)]  # noqa: E731
        assert stages() == ["deleted"] * 3 + ["active"]
        assert sorted(edits.undo_delete(made)) == sorted([two, three])
        assert stages() == ["deleted"] + ["active"] * 3
        assert edits.undo_delete(made) == [one]
        with pytest.raises(NotFound, match="no deleted run"):
            edits.undo_delete(made)

    def test_the_recording_half_hears_what_went_and_came_back(self, made: Path) -> None:
        """So it looks a run up anew, whoever of this process has edited it."""

        class Watcher:
            heard: ClassVar[list[str]] = []

            def hear(self, run_id: str) -> None:
                self.heard.append(run_id)

        watcher = Watcher()
        pending.watch(made, watcher.hear)
        one, two = add_runs(made, {}, {})
        edits.delete_runs(made, [one])
        edits.restore_runs(made, [one])
        edits.delete_runs(made, [two])
        edits.undo_delete(made)
        assert watcher.heard == [one, one, two, two]

    def test_half_a_character_names_nothing(self, made: Path) -> None:
        """Arguments of a command line that are no UTF-8 come so; SQLite would not take them."""
        with pytest.raises(NotFound, match="There is no run"):
            edits.set_note(made, ["\udcff"], "note")
        with pytest.raises(InvalidValue, match="name of a run must be text"):
            edits.update_run(made, ABSENT, name="\udcff")
        for call in (experiment_edits.create_experiment, lambda store, name: edits.move_runs(store, [], name)):
            with pytest.raises(InvalidValue, match="name of an experiment must be text"):
                call(made, "\udcff")
        assert experiment_edits.find_experiment(made, "\udcff") is None
        assert Reader(made).runs_of(["\udcff"]) == []

    def test_a_run_of_a_deleted_experiment_waits_for_it(self, made: Path) -> None:
        """It is not brought back into an experiment that is in the bin."""
        (run,) = add_runs(made, {"experiment": "e"})
        experiment_edits.delete_experiment(made, read(made, run).experiment_id)
        with pytest.raises(
            InvalidValue, match=r"of the deleted experiment 'e'; restore_experiment\(\d+\) brings that back first"
        ):
            edits.restore_runs(made, [run])

    def test_asking_to_stop(self, made: Path) -> None:
        """A run that is open is asked to stop; one that has ended cannot be."""
        running, ended = add_runs(made, {"status": "RUNNING"}, {})
        edits.request_stop(made, [running])
        assert read(made, running).stop_requested
        with pytest.raises(InvalidValue, match=r"has ended .FINISHED.; there is nothing to stop"):
            edits.request_stop(made, [ended])

    def test_no_store_is_made(self, tmp_path: Path) -> None:
        """Editing a run where there is no store says so, and makes none."""
        with pytest.raises(StoreUnavailable, match="no store at"):
            edits.pin_runs(tmp_path / "track.db", [ABSENT])
        assert list(tmp_path.iterdir()) == []


CALLS: dict[str, Callable[[Path, str], Any]] = {
    "update": lambda store, run: edits.update_run(store, run, name="x"),
    "terminate": lambda store, run: edits.set_terminated(store, run),
    "note": lambda store, run: edits.set_note(store, [run], "x"),
    "tags": lambda store, run: edits.set_tags(store, [run], {"x": "1"}),
    "delete tag": lambda store, run: edits.delete_tag(store, run, "team"),
}


class TestExperiments:
    """Experiments: made, renamed, deleted with their runs, restored with them."""

    def test_making(self, made: Path) -> None:
        """A new experiment has an id that JavaScript can hold, and its tags."""
        identifier = experiment_edits.create_experiment(made, "vision", {"team": "a"})
        found = Reader(made).experiment(identifier)
        assert (found.name, found.tags, found.lifecycle_stage) == ("vision", {"team": "a"}, "active")
        assert 0 < int(identifier) < 2**53
        assert experiment_edits.find_experiment(made, "vision") == (int(identifier), "active", {})

    def test_names(self, made: Path) -> None:
        """Names are unique, also against the bin, and neither blank nor endless."""
        identifier = experiment_edits.create_experiment(made, "vision")
        with pytest.raises(AlreadyExists, match="an active experiment 'vision'"):
            experiment_edits.create_experiment(made, "vision")
        experiment_edits.delete_experiment(made, identifier)
        with pytest.raises(AlreadyExists, match="a deleted experiment 'vision' already; restore it"):
            experiment_edits.create_experiment(made, "vision")
        bad: list[Any] = ["", " ", None, 3, "x" * 501]
        for name in bad:
            with pytest.raises(InvalidValue, match="name of an experiment"):
                experiment_edits.create_experiment(made, name)

    def test_renaming(self, made: Path) -> None:
        """An experiment is renamed, but not to another one's name; to its own is fine."""
        identifier = experiment_edits.create_experiment(made, "vision")
        experiment_edits.create_experiment(made, "sound")
        experiment_edits.rename_experiment(made, identifier, "sight")
        experiment_edits.rename_experiment(made, identifier, "sight")
        assert Reader(made).experiment(identifier).name == "sight"
        with pytest.raises(AlreadyExists, match="'sound' already"):
            experiment_edits.rename_experiment(made, identifier, "sound")

    def test_the_bin_with_its_runs(self, made: Path) -> None:
        """Runs go into the bin with their experiment and come back with it; one that was there before stays there."""
        kept, gone = add_runs(made, {"experiment": "vision"}, {"experiment": "vision"})
        identifier = read(made, kept).experiment_id
        edits.delete_run(made, gone)
        experiment_edits.delete_experiment(made, identifier)
        assert Reader(made).runs() == []
        experiment_edits.restore_experiment(made, identifier)
        experiment_edits.restore_experiment(made, identifier)
        assert [run.run_id for run in Reader(made).runs()] == [kept]
        assert Reader(made).experiment(identifier).lifecycle_stage == "active"

    def test_deleting_twice_parts_it_not_from_its_runs(self, made: Path) -> None:
        """An experiment that was deleted twice still brings its runs back."""
        run = add_run(made, experiment="vision")
        identifier = read(made, run).experiment_id
        experiment_edits.delete_experiment(made, identifier)
        experiment_edits.delete_experiment(made, identifier)
        with pytest.raises(InvalidValue, match="is deleted; it has to be active"):
            experiment_edits.delete_experiment_tag(made, identifier, "x")
        experiment_edits.restore_experiment(made, identifier)
        assert read(made, run).lifecycle_stage == "active"

    def test_default_stays(self, made: Path) -> None:
        """Default cannot be deleted."""
        with pytest.raises(InvalidValue, match="Default cannot be deleted"):
            experiment_edits.delete_experiment(made, "0")

    def test_tags(self, made: Path) -> None:
        """Tags of an experiment are set and removed."""
        identifier = experiment_edits.create_experiment(made, "vision")
        experiment_edits.set_experiment_tags(made, identifier, {"a": "1", "b": "2"})
        experiment_edits.set_experiment_tags(made, identifier, {"a": "3"})
        experiment_edits.delete_experiment_tag(made, identifier, "b")
        assert Reader(made).experiment(identifier).tags == {"a": "3"}
        with pytest.raises(NotFound, match="no tag 'b'"):
            experiment_edits.delete_experiment_tag(made, identifier, "b")

    @pytest.mark.parametrize("identifier", ["7", "x", "", "-1", "0.0", "²"])
    def test_an_experiment_that_is_not_there(self, made: Path, identifier: str) -> None:
        """Every edit of an unknown experiment is an error."""
        calls: list[Callable[[], Any]] = [
            lambda: experiment_edits.rename_experiment(made, identifier, "x"),
            lambda: experiment_edits.delete_experiment(made, identifier),
            lambda: experiment_edits.restore_experiment(made, identifier),
            lambda: experiment_edits.set_experiment_tags(made, identifier, {"a": "1"}),
            lambda: experiment_edits.delete_experiment_tag(made, identifier, "a"),
        ]
        for call in calls:
            with pytest.raises(NotFound, match="no experiment with the id"):
                call()

    def test_looking_for_one_makes_nothing(self, tmp_path: Path) -> None:
        """Where there is no store there is no experiment, and none is made."""
        assert experiment_edits.find_experiment(tmp_path / "track.db", "vision") is None
        assert list(tmp_path.iterdir()) == []


def test_what_this_process_logged_is_there_first(store: Path) -> None:
    """An edit comes after all that was logged before it, without anybody's flush."""
    with track.start_run() as run:
        edits.set_note(store, [run.run_id], "seen")
    assert read(store, run.run_id).note == "seen"


def rename_and_fail(connection: sqlite3.Connection) -> None:
    """Change a row, and raise."""
    assert connection.execute("UPDATE runs SET name = 'half'").rowcount == 1
    raise ZeroDivisionError


def write_without_leave(connection: sqlite3.Connection) -> None:
    """Write where only reading is allowed."""
    connection.execute("PRAGMA query_only = 1")
    connection.execute("UPDATE runs SET name = 'x'")


def test_an_edit_that_fails_leaves_nothing(made: Path, run_id: str) -> None:
    """An exception inside an edit takes all of it back."""
    with pytest.raises(ZeroDivisionError), edits.editing(made) as (connection, _):
        rename_and_fail(connection)
    assert read(made, run_id).name == "first"


def test_the_error_of_a_store_that_cannot_be_written(made: Path, run_id: str) -> None:
    """SQLite's errors come out as errors of ours."""
    with pytest.raises(StoreUnavailable), edits.editing(made) as (connection, _):
        write_without_leave(connection)
    assert len(Reader(made).runs(view_type=ViewType.ALL)) == 1


def test_a_deleted_experiment_keeps_its_baseline_and_the_time_of_its_deletion(made: Path) -> None:
    """By that time its runs come back with it."""
    (run_id,) = add_runs(made, {"experiment": "e"})
    identifier = read(made, run_id).experiment_id
    edits.set_baseline(made, run_id)
    experiment_edits.delete_experiment(made, identifier)
    with pytest.raises(InvalidValue, match="is deleted; it has to be active"):
        experiment_edits.clear_baseline(made, identifier)
    experiment_edits.restore_experiment(made, identifier)
    assert (read(made, run_id).lifecycle_stage, read(made, run_id).baseline_run_id) == ("active", run_id)


def test_an_id_of_too_many_digits_is_no_experiment(made: Path) -> None:
    """SQLite's integers have 64 bits."""
    with pytest.raises(NotFound, match="no experiment with the id"):
        experiment_edits.delete_experiment(made, "9" * 30)
