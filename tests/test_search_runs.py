"""`search_runs`: where it looks, what it gives, and mlflow's data frame. The grammar is tested in test_filters."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import jupyter_track as track
from jupyter_track.errors import FilterError, InvalidValue
from jupyter_track.records import Run, ViewType

FIRST = ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]


@pytest.fixture
def runs(store: Path) -> dict[str, track.ActiveRun]:
    """Two runs in Default, one in "other", by name; Default is current."""
    made = {}
    for name, experiment, loss in (("a", "Default", 0.5), ("b", "Default", 0.1), ("c", "other", 0.9)):
        track.set_experiment(experiment)
        with track.start_run(run_name=name) as run:
            track.log_param("lr", loss / 10)
            track.log_metric("loss", loss)
        made[name] = run
    track.set_experiment("Default")
    return made


def names(**arguments: Any) -> list[str]:
    """Return the names of the runs that a search finds, of both output formats."""
    listed = [run.name for run in track.search_runs(**arguments, output_format="list")]
    frame = track.search_runs(**arguments)
    assert (list(frame["tags.mlflow.runName"]) if len(frame) else []) == listed
    return listed


def test_the_frame_has_mlflow_s_columns_and_types(runs: dict[str, track.ActiveRun]) -> None:
    """Six columns first, times in UTC, metrics as float64, params and tags as text."""
    frame = track.search_runs(order_by=["metrics.loss ASC"])
    info = track.get_run(runs["b"].run_id).info
    assert list(frame.columns[:6]) == FIRST
    assert [name for name in frame.columns if name.startswith(("metrics.", "params."))] == ["metrics.loss", "params.lr"]
    row = frame.iloc[0]
    assert list(row[FIRST]) == [
        info.run_id,
        "0",
        "FINISHED",
        f"runs:/{info.run_id}",
        pd.Timestamp(info.start_time, unit="ms", tz="UTC"),
        pd.Timestamp(info.end_time, unit="ms", tz="UTC"),
    ]
    assert list(frame["metrics.loss"]) == [0.1, 0.5]
    assert (str(frame["metrics.loss"].dtype), list(frame["params.lr"])) == ("float64", ["0.01", "0.05"])
    assert list(frame["tags.mlflow.runName"]) == ["b", "a"]


def test_the_current_experiment_is_searched_by_default(runs: dict[str, track.ActiveRun]) -> None:
    """The newest run first; empty lists count as not given, as in mlflow."""
    assert names() == names(experiment_ids=[]) == names(experiment_names=[]) == ["b", "a"]
    track.set_experiment("other")
    assert names() == ["c"]


def test_where_to_search_can_be_given(runs: dict[str, track.ActiveRun]) -> None:
    """By ids, by names, or everywhere; ids win over everywhere."""
    other = track.get_experiment_by_name("other")
    assert other is not None
    assert names(experiment_ids=[other.experiment_id]) == names(experiment_ids=other.experiment_id) == ["c"]
    assert names(experiment_names=["other", "Default"]) == ["c", "b", "a"]
    assert names(search_all_experiments=True) == names(experiment_ids=[], search_all_experiments=True)
    assert names(search_all_experiments=True) == ["c", "b", "a"]
    assert names(experiment_ids=["0"], search_all_experiments=True) == ["b", "a"]


def test_ids_and_names_together_are_an_error(runs: dict[str, track.ActiveRun]) -> None:
    """mlflow's rule."""
    with pytest.raises(InvalidValue) as caught:
        track.search_runs(experiment_ids=["0"], experiment_names=["other"])
    assert str(caught.value) == "Give either experiment_ids or experiment_names."


def test_an_unknown_experiment_name_is_a_warning_and_an_empty_frame(runs: dict[str, track.ActiveRun]) -> None:
    """Of the shape (0, 6); beside a known name it is a warning only."""
    with pytest.warns(UserWarning, match=r"^There is no experiment 'nobody'\.$") as caught:
        frame = track.search_runs(experiment_names=["nobody"])
    assert (frame.shape, list(frame.columns), caught[0].filename) == ((0, 6), FIRST, __file__)
    with pytest.warns(UserWarning, match="nobody"):
        both = track.search_runs(experiment_names=["nobody", "other"], output_format="list")
    assert [run.name for run in both] == ["c"]


@pytest.mark.parametrize("experiment", ["Default", "new"])
def test_searching_without_a_store_finds_nothing_and_makes_none(
    store: Path, monkeypatch: pytest.MonkeyPatch, experiment: str
) -> None:
    """Also where the current experiment does not exist yet: looking makes nothing."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", experiment)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = track.search_runs()
        listed = track.search_runs(output_format="list")
    assert (frame.shape, list(frame.columns), listed, store.exists()) == ((0, 6), FIRST, [], False)
    with pytest.raises(FilterError):
        track.search_runs(filter_string="metrics.")


def test_searching_makes_no_experiment(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store is there, the current experiment is not."""
    with track.start_run():
        pass
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "new")
    assert (len(track.search_runs()), [one.name for one in track.search_experiments()]) == (0, ["Default"])


def test_filter_order_and_number(runs: dict[str, track.ActiveRun]) -> None:
    """A single order may be given without its list."""
    assert names(filter_string="metrics.loss > 0.2") == ["a"]
    assert names(order_by=["metrics.loss DESC"]) == names(order_by="metrics.loss DESC") == ["a", "b"]
    assert names(order_by=["attributes.start_time ASC"], max_results=1) == ["a"]
    assert names(max_results=0) == []
    assert names(filter_string=None) == ["b", "a"]


def test_a_run_without_the_value_comes_last_both_ways(runs: dict[str, track.ActiveRun]) -> None:
    """As in mlflow."""
    with track.start_run(run_name="none"):
        pass
    assert names(order_by=["metrics.loss ASC"]) == ["b", "a", "none"]
    assert names(order_by=["metrics.loss DESC"]) == ["a", "b", "none"]


def test_what_is_not_in_a_run_is_missing_in_the_frame(runs: dict[str, track.ActiveRun]) -> None:
    """Metrics and params; a running run has no end."""
    run = track.start_run(run_name="open")
    frame = track.search_runs(order_by=["attributes.start_time DESC"])
    track.end_run()
    row = frame.set_index("run_id").loc[run.run_id]
    assert (row["status"], pd.isna(row["end_time"]), pd.isna(row["metrics.loss"]), pd.isna(row["params.lr"])) == (
        "RUNNING",
        True,
        True,
        True,
    )


def test_a_list_holds_runs(runs: dict[str, track.ActiveRun]) -> None:
    """The same records as get_run gives."""
    found = track.search_runs(output_format="list")
    assert isinstance(found, list)
    assert list(found) == [track.get_run(runs[name].run_id) for name in ("b", "a")]
    assert all(isinstance(run, Run) for run in found)


@pytest.mark.parametrize("view", [0, 4, "active"])
def test_bad_arguments_are_refused(runs: dict[str, track.ActiveRun], view: Any) -> None:
    """Format, view, number, ids."""
    bad: list[dict[str, Any]] = [
        {"output_format": "json"},
        {"run_view_type": view},
        {"max_results": -1},
        {"experiment_ids": ["Default"]},
        {"filter_string": "loss >"},
        {"order_by": ["metrics.loss UP"]},
    ]
    for arguments in bad:
        with pytest.raises(InvalidValue):
            track.search_runs(**arguments)


def test_deleted_runs_are_found_by_their_view(runs: dict[str, track.ActiveRun]) -> None:
    """Active only by default."""
    track.delete_run(runs["a"].run_id)
    assert [names(run_view_type=view) for view in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)] == [
        ["b"],
        ["a"],
        ["b", "a"],
    ]


def test_a_deleted_experiment_can_be_searched(runs: dict[str, track.ActiveRun]) -> None:
    """Its runs are deleted, and there; also while it is the current one."""
    other = track.set_experiment("other")
    track.delete_experiment(other.experiment_id)
    assert (names(), names(run_view_type=ViewType.DELETED_ONLY)) == ([], ["c"])


def test_what_was_logged_a_moment_ago_is_found(store: Path) -> None:
    """A query waits for the writer of its own process."""
    with track.start_run(run_name="now"):
        for value in range(100):
            track.log_metric("loss", float(value), step=value)
        assert names(filter_string="metrics.loss = 99") == ["now"]
