"""`track.runs` and `Runs`: what is found, how it is sliced and shown, and what is edited in one go."""

from __future__ import annotations

import math
import sqlite3
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_records import made_metric, made_run

import jupyter_track as track
from jupyter_track.errors import FilterError, InvalidValue, NotFound, RunStateError
from jupyter_track.records import html_form, text_form
from jupyter_track.views import html, text  # noqa: F401 - importing registers the forms


@pytest.fixture
def three(store: Path) -> Path:
    """Three runs, the last of another experiment, which is current."""
    for name, experiment, loss in (("a", "Default", 0.5), ("b", "Default", 0.1), ("c", "Nets", 0.3)):
        track.set_experiment(experiment)
        with track.start_run(run_name=name):
            track.log_param("lr", loss / 10)
            track.log_metric("loss", loss)
    return store


def names(runs: track.Runs) -> list[str]:
    """The names of runs in their order."""
    return [run.name for run in runs]


def rows(store: Path, sql: str) -> list[Any]:
    """What the store holds, by SQL."""
    connection = sqlite3.connect(store)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


class TestFinding:
    """`track.runs`."""

    def test_a_search_without_a_result_says_so(self, three: Path) -> None:
        """Not that there are no runs yet: what was asked for, and which key no run has; the bin and parts likewise."""
        nothing = "No runs here yet. Put %%track above a cell and run it."
        said = {
            "filter": text_form(track.runs("params.lr > 5")),
            "typo": text_form(track.runs("metrics.los < 5", experiments="Nets")),
            "list": text_form(track.search_runs(filter_string="params.lr > 5", output_format="list")),
            "page": text_form(track.TrackClient().search_runs(["0"], "params.lr > 5")),
            "bin": text_form(track.runs(deleted=True)),
            "part": text_form(track.runs()[3:]),
            "none": text_form(track.runs("params.lr > 0", limit=0)),
            "edited": text_form(track.runs("params.lr > 5").tag(keep="yes")),
        }
        assert said == {
            "filter": "No run matches params.lr > 5.",
            "typo": "No run of Nets matches metrics.los < 5.\nNo run has the metric 'los'; did you mean 'loss'?",
            "list": "No run matches params.lr > 5.",
            "page": "No run matches params.lr > 5.",
            "bin": "The bin is empty.",
            "part": "No run is in this part.",
            "none": "No run was asked for: the limit is 0.",
            "edited": "No run matches params.lr > 5.",
        }
        assert "No run matches params.lr &gt; 5." in str(html_form(track.runs("params.lr > 5")))
        track.runs().delete()
        assert text_form(track.runs()) == nothing

    def test_what_deleted_runs_have_is_no_mistake_in_the_bin(self, three: Path) -> None:
        """Nothing is said of keys there; among active runs it is what none of them has, in an order too."""
        track.runs("name = 'a'").tag(once="yes").delete()
        found = {
            "active": text_form(track.runs("tags.once = 'no'")),
            "bin": text_form(track.runs("tags.once = 'no'", deleted=True)),
            "list": text_form(
                track.search_runs(
                    search_all_experiments=True,
                    filter_string="tags.once = 'no'",
                    run_view_type=track.ViewType.ALL,
                    output_format="list",
                )
            ),
        }
        nothing = "No run matches tags.once = 'no'."
        said = [one.removeprefix(nothing).lstrip("\n") for one in found.values()]
        assert said == ["No run has the tag 'once'.", "", ""]
        with pytest.warns(UserWarning, match="^order_by: no run has the tag 'once'"):
            track.runs(order_by="tags.once")

    def test_all_experiments_the_newest_first(self, three: Path) -> None:
        """Without arguments all active runs of the store."""
        found = track.runs()
        assert isinstance(found, track.Runs)
        assert (names(found), found.store, found.token) == (["c", "b", "a"], three, None)

    def test_an_order_by_what_no_run_has_warns(self, three: Path) -> None:
        """The runs come as without it, which is easily taken for an order."""
        with pytest.warns(UserWarning, match="^order_by: ") as told:
            assert names(track.runs(order_by=["metrics.los DESC", "name"])) == ["a", "b", "c"]
        assert [str(one.message) for one in told] == ["order_by: no run has the metric 'los'; did you mean 'loss'?"]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert names(track.runs(order_by=["metrics.loss.min", "params.lr"])) == ["b", "c", "a"]

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            ({"filter_string": "metrics.loss < 0.4"}, "c b"),
            ({"experiments": "Default"}, "b a"),
            ({"experiments": ["Default", "Nets"], "limit": 2}, "c b"),
            ({"experiments": []}, ""),
            ({"order_by": "metrics.loss"}, "b c a"),
            ({"order_by": ["params.lr DESC"], "limit": 1}, "a"),
            ({"filter_string": "experiment = 'Nets' OR name = 'a'"}, "c a"),
            ({"deleted": True}, ""),
        ],
    )
    @pytest.mark.usefixtures("three")
    def test_what_is_asked_for(self, arguments: dict[str, Any], expected: str) -> None:
        """Filter, experiments, order, limit, and the bin."""
        assert names(track.runs(**arguments)) == expected.split()

    @pytest.mark.usefixtures("three")
    def test_an_unknown_experiment_is_an_error_with_the_nearest(self) -> None:
        """A typo does not look like an empty result."""
        with pytest.raises(NotFound, match="no experiment 'Net'; did you mean 'Nets'"):
            track.runs(experiments="Net")
        with pytest.raises(NotFound, match=r"there is (Default, Nets|Nets, Default)"):
            track.runs(experiments="zzz")

    def test_without_a_store(self, store: Path) -> None:
        """Nothing is found and no file is made, but a filter that cannot be read is an error."""
        assert track.runs("metrics.loss < 1") == []
        assert track.runs().tag(a="b") == []
        with pytest.raises(FilterError):
            track.runs("metrics.loss <")
        with pytest.raises(FilterError):
            track.runs(order_by="nothing")
        assert not store.exists()

    @pytest.mark.usefixtures("three")
    def test_what_was_logged_a_moment_ago_is_there(self) -> None:
        """A query waits for this process's own writer."""
        with track.start_run(run_name="d"):
            track.log(loss=0.05)
            assert names(track.runs("metrics.loss < 0.06")) == ["d"]

    @pytest.mark.usefixtures("three")
    def test_the_old_ways_give_runs_too(self) -> None:
        """`search_runs` as a list, and the client's pages."""
        listed = track.search_runs(output_format="list")
        page = track.TrackClient().search_runs(["0"], max_results=1)
        assert (names(listed.pin()), names(page.pin()), page.token) == (["c"], ["b"], "1")


class TestLooking:
    """What is a list, a table, a frame, the best."""

    @pytest.mark.usefixtures("three")
    def test_slices_are_runs(self, three: Path) -> None:
        """A slice shows itself and can be edited; one entry is a run."""
        found = track.runs()
        assert isinstance(found[0], track.Run)
        assert (names(found[1:]), type(found[::2]), found[:1].store) == (["b", "a"], track.Runs, three)
        assert type(found.to_list()) is list

    @pytest.mark.usefixtures("three")
    def test_it_shows_itself(self) -> None:
        """As HTML, as text, and printed."""
        found = track.runs()
        assert found._repr_html_() == html_form(found)
        assert "<table" in (found._repr_html_() or "")
        assert str(found) == text_form(found)
        assert str(found).splitlines()[1].split()[:3] == ["✓", "3", "c"]

    @pytest.mark.usefixtures("three")
    def test_a_table_that_has_not_room_for_all_names_the_search(self) -> None:
        """The one that found them, with all that was asked for; a part of what was found has all in its frame."""
        for _ in range(51):
            track.TrackClient().create_run("0")
        found = track.runs("status = 'RUNNING'", experiments=["Default"], order_by="start_time DESC", limit=60)
        call = """track.runs("status = 'RUNNING'", experiments=["Default"], order_by="start_time DESC", limit=60)"""
        assert (len(found), found.every) == (51, call)
        assert f"1 more · {call} · " in str(found)
        assert "1 more · .df has all · " in str(found[:51])
        assert f"1 more · {call} · " in track.board(found).table.forms()[1]
        asked = track.board("status = 'RUNNING'").table.forms()[1]
        assert """1 more · track.runs("status = 'RUNNING'") · """ in asked
        assert "4 more · track.runs() · " in str(track.runs())

    @pytest.mark.usefixtures("three")
    def test_the_frame_is_that_of_search_runs(self) -> None:
        """The same columns and values, in the order of the Runs."""
        found = track.runs(order_by="metrics.loss")
        expected = track.search_runs(search_all_experiments=True, order_by=["metrics.loss"])
        assert found.df.equals(expected)
        assert found[:0].df.shape == (0, 6)

    @pytest.mark.usefixtures("three")
    def test_the_best(self) -> None:
        """By the main metric, by a declared goal, by a guess; what cannot be told says why."""
        found = track.runs()
        assert (found.best().name, found.best("loss").name, found[2:].best().name) == ("b", "b", "a")
        track.set_experiment("Default")
        track.define_metric("loss", goal="max")
        track.flush()
        assert track.runs(experiments="Default").best("loss").name == "a"
        with pytest.raises(NotFound, match="has the metric 'los'; did you mean 'loss'"):
            found.best("los")
        with pytest.raises(NotFound, match="no runs"):
            found[:0].best()

    def test_the_best_of_records(self) -> None:
        """NaN and infinity are no best; of equal runs the newest; goals that contradict each other are an error."""
        one = made_run(1, metrics=[made_metric("score", [0.5])])
        two = made_run(2, metrics=[made_metric("score", [0.9, 0.5]), made_metric("width", [3])])
        odd = made_run(3, metrics=[made_metric("score", [math.nan])])
        far = made_run(4, metrics=[made_metric("score", [math.inf])])
        assert track.Runs([one, two, odd, far]).best() is two
        with pytest.raises(NotFound, match="has a finite 'score'"):
            track.Runs([odd, far]).best("score")
        with pytest.raises(NotFound, match="none of these 1 has a metric"):
            track.Runs([made_run(1)]).best()
        with pytest.raises(InvalidValue, match=r"define_metric\('width', goal='max'\)"):
            track.Runs([two]).best("width")
        low = made_run(5, metrics=[made_metric("score", [1])], goals={"score": "min"}, experiment_name="other")
        high = made_run(6, metrics=[made_metric("score", [2])], goals={"score": "max"})
        assert track.Runs([one, low]).best() is one
        with pytest.raises(InvalidValue, match="better in 'other', higher in 'Default'"):
            track.Runs([low, high]).best()

    def test_a_run_that_broke_off_is_not_the_best(self) -> None:
        """What it had then is no result; where there are only such runs, they are named."""
        failed = made_run(1, metrics=[made_metric("loss", [0.1])], state="failed")
        stopped = made_run(2, metrics=[made_metric("loss", [0.2])], state="stopped")
        done = made_run(3, metrics=[made_metric("loss", [0.3])])
        assert track.Runs([failed, stopped, done]).best("loss") is done
        with pytest.raises(NotFound) as raised:
            track.Runs([failed, stopped]).best("loss")
        assert str(raised.value) == (
            "None of these 2 runs that finished or is running has a finite 'loss', only #1 (failed), #2 (stopped)."
        )
        with pytest.raises(NotFound) as raised:
            track.Runs([failed]).best("loss")
        assert str(raised.value) == "No run here that finished or is running has a finite 'loss', only #1 (failed)."
        with pytest.raises(NotFound, match=r"^No run here has the metric 'acc'; there is loss\.$"):
            track.Runs([done]).best("acc")


class TestEditing:
    """Edits of all of them at once."""

    def test_tags(self, three: Path) -> None:
        """Set, masked where they are secrets, and removed from those that have them."""
        found = track.runs()
        after = found[:2].tag({"odd key": 1}, keep="yes", api_key="0f1e2d3c4b5a69788796")
        expected = {"odd key": "1", "keep": "yes", "api_key": "<redacted>"}
        assert [dict(run.own_tags).items() >= expected.items() for run in after] == [True, True]
        assert "keep" not in found[0].own_tags  # as it was read
        assert names(track.runs("tags.keep = 'yes'")) == ["c", "b"]
        assert [run.own_tags.get("keep") for run in found.untag("keep")] == [None, None, None]
        with pytest.raises(NotFound, match="these 3 runs has the tag 'odd ke'; did you mean 'odd key'"):
            found.untag("odd ke")
        assert rows(three, "SELECT count(*) FROM tags WHERE key = 'keep'") == [(0,)]

    @pytest.mark.usefixtures("three")
    @pytest.mark.parametrize("key", ["mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"])
    def test_mlflows_tags_for_columns_are_refused(self, key: str) -> None:
        """They have ways of their own, which the message names."""
        with pytest.raises(InvalidValue, match=f"The tag '{key}' is the run's"):
            track.runs().tag({key: "x"})

    @pytest.mark.usefixtures("three")
    def test_notes_pins_and_moves(self) -> None:
        """Each edit returns the runs as they are now, in the same order."""
        found = track.runs(order_by="metrics.loss")
        assert [run.note for run in found.note("password=hunter2")] == ["password=<redacted>"] * 3
        assert [run.note for run in found[:1].note(None)] == [None]
        assert [run.pinned for run in found.pin()] == [True] * 3
        assert [run.pinned for run in found[1:].unpin()] == [False] * 2
        moved = found.move("elsewhere")
        assert (names(moved), {run.experiment_name for run in moved}) == (["b", "c", "a"], {"elsewhere"})
        with pytest.raises(InvalidValue, match="A note is text"):
            found.note(3)  # type: ignore[arg-type]

    @pytest.mark.usefixtures("three")
    def test_the_bin(self) -> None:
        """Deleted and restored, twice without harm; a deleted run is not edited."""
        found = track.runs("name IN ('a', 'c')")
        gone = found.delete()
        assert [(run.name, run.lifecycle_stage) for run in gone] == [("c", "deleted"), ("a", "deleted")]
        assert "2 runs in the bin: .restore() takes them out" in str(gone)
        assert "in the bin" not in str(gone.restore())
        gone = found.delete()
        assert (names(track.runs()), names(track.runs(deleted=True))) == (["b"], ["c", "a"])
        assert names(gone.delete()) == ["c", "a"]
        with pytest.raises(InvalidValue, match="is deleted"):
            gone.tag(keep="yes")
        assert {run.lifecycle_stage for run in gone.restore().restore()} == {"active"}

    def test_a_deleted_run_takes_nothing_more(self, three: Path) -> None:
        """What this process logs to it afterwards is an error, as after `delete_run`; restored it goes on."""
        found = track.runs("name = 'c'")
        client = track.TrackClient()
        client.set_tag(found[0].run_id, "before", "1")
        found.delete()
        with pytest.raises(RunStateError, match="is deleted"):
            client.set_tag(found[0].run_id, "after", "1")
        found.restore()
        client.set_tag(found[0].run_id, "after", "2")
        track.flush()
        assert rows(three, "SELECT value FROM tags WHERE key IN ('before', 'after') ORDER BY key") == [("2",), ("1",)]

    def test_it_is_all_or_nothing(self, three: Path) -> None:
        """Where one of them cannot be edited, none is."""
        found = track.runs()
        found[2:].delete()
        edits: list[Callable[[], object]] = [lambda: found.pin(), lambda: found.note("n"), lambda: found.tag(x="y")]
        for edit in edits:
            with pytest.raises(InvalidValue):
                edit()
        assert rows(three, "SELECT count(*) FROM runs WHERE pinned IS NOT NULL OR note IS NOT NULL") == [(0,)]
        assert rows(three, "SELECT count(*) FROM tags WHERE key = 'x'") == [(0,)]

    def test_what_is_gone_for_good_is_left_out(self, three: Path) -> None:
        """The others are edited no more, as all are edited or none; read anew they are fewer."""
        found = track.runs()
        connection = sqlite3.connect(three)
        for table in ("params", "metric_points", "metrics", "tags", "executions", "artifacts"):
            column = "metric_id" if table == "metric_points" else "run_id"
            connection.execute(f"DELETE FROM {table} WHERE {column} = 1")
        connection.execute("DELETE FROM runs WHERE id = 1")
        connection.commit()
        connection.close()
        with pytest.raises(NotFound, match=found[2].run_id):
            found.pin()
        assert len(found.df) == 2
        assert names(found.tag()) == ["c", "b"]

    def test_runs_made_by_hand_know_no_store(self, three: Path) -> None:
        """They can be looked at, and editing says why it cannot be done; a store that is gone is named."""
        by_hand = track.Runs(track.runs().to_list())
        assert (names(by_hand[:1]), by_hand.best().name) == (["c"], "b")
        edits: list[Callable[[], object]] = [by_hand.pin, by_hand.delete, by_hand.compare, lambda: by_hand.df]
        for edit in edits:
            with pytest.raises(InvalidValue, match="made by hand and know no store"):
                edit()
        track.flush()
        moved = track.Runs(by_hand, store=three.with_name("other.db"))
        with pytest.raises(NotFound, match="is gone"):
            moved.pin()


@pytest.mark.usefixtures("three")
def test_runs_are_compared() -> None:
    """In their order, or against a run that is named as people name runs."""
    found = track.runs()
    assert str(found.compare()).splitlines()[0].split() == ["#3", "c", "#2", "b", "#1", "a"]
    assert str(found.compare("#1")).splitlines()[0].split() == ["#1", "a", "#3", "c", "#2", "b"]
    assert str(found[:1].compare("b")).splitlines()[0].split() == ["#2", "b", "#3", "c"]
