"""Records: mlflow's shapes, made by hand as its users make them."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, fields

import pytest

import jupyter_track.entities as entities
from jupyter_track import records
from jupyter_track.records import Metric, MetricSummary, Param, Run, RunData, RunInfo, RunStatus, RunTag, ViewType


def made_run(**changes: object) -> Run:
    """Return a run with something in every field that mlflow's shapes show."""
    values: dict[str, object] = {
        "number": 3,
        "run_id": "ab" * 16,
        "name": "brave-otter-417",
        "experiment_id": "7",
        "experiment_name": "mnist",
        "status": "FINISHED",
        "state": "finished",
        "start_time": 1000,
        "end_time": 3000,
        "user_id": "ada",
        "parent_run_id": "cd" * 16,
        "note": "a note",
        "artifact_uri": f"runs:/{'ab' * 16}",
        "params": {"lr": Param("lr", 0.1, "0.1", "float")},
        "metrics": {"loss": MetricSummary("loss", 2, 0.5, 1, 1500, 0.5, 1, 0.9, 0)},
        "own_tags": {"team": "vision"},
    }
    return Run(**{**values, **changes})  # type: ignore[arg-type]


def test_the_numbers_of_view_types_are_mlflow_s() -> None:
    """They are passed as numbers."""
    assert (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL) == (1, 2, 3)


def test_there_are_five_statuses_of_which_three_are_ends() -> None:
    """mlflow's words."""
    assert RunStatus.ALL == ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
    assert RunStatus.ENDED == ("FINISHED", "FAILED", "KILLED")


def test_run_info_is_mlflow_s() -> None:
    """Every field of ``run.info``, and the id's old name."""
    info = made_run().info
    assert info == RunInfo(
        run_id="ab" * 16,
        run_name="brave-otter-417",
        experiment_id="7",
        status="FINISHED",
        start_time=1000,
        end_time=3000,
        artifact_uri=f"runs:/{'ab' * 16}",
        lifecycle_stage="active",
        user_id="ada",
    )
    assert info.run_uuid == info.run_id


def test_run_data_has_params_as_text_the_last_metrics_and_all_tags() -> None:
    """mlflow's own tags are made of name, note, parent and user."""
    assert made_run().data == RunData(
        params={"lr": "0.1"},
        metrics={"loss": 0.5},
        tags={
            "team": "vision",
            "mlflow.runName": "brave-otter-417",
            "mlflow.user": "ada",
            "mlflow.note.content": "a note",
            "mlflow.parentRunId": "cd" * 16,
        },
    )


def test_tags_that_have_nothing_to_say_are_left_out() -> None:
    """No note, no parent, no user: only the name; a user tag that was set by hand wins."""
    bare = made_run(note=None, parent_run_id=None, user_id="", own_tags={})
    assert bare.data.tags == {"mlflow.runName": "brave-otter-417"}
    assert made_run(own_tags={"mlflow.user": "eve"}).data.tags["mlflow.user"] == "eve"


def test_params_metrics_and_tags_are_made_as_in_mlflow() -> None:
    """``Param(key, value)``, ``Metric(key, value, timestamp, step)``, ``RunTag(key, value)``."""
    assert Param("lr", "0.1") == Param("lr", "0.1", "0.1", "str", "explicit", None)
    assert Param("empty", "").text == ""
    assert Param("depth", 3).text == "3"
    assert Metric("loss", 0.5, 1000, 2) == Metric(key="loss", value=0.5, timestamp=1000, step=2)
    assert RunTag("a", "b") == RunTag(key="a", value="b")


def test_records_cannot_be_changed() -> None:
    """What was read stays as it was read."""
    with pytest.raises(FrozenInstanceError):
        made_run().name = "other"  # type: ignore[misc]


def test_the_entities_module_offers_the_records_themselves() -> None:
    """No copies: what is compared is the same class."""
    assert {name: getattr(entities, name) for name in entities.__all__} == {
        name: getattr(records, name) for name in entities.__all__
    }


def test_every_field_of_a_run_is_described() -> None:
    """mlflow's fields need no description; ours are in the docstring."""
    described = {"number", "state", "params", "metrics", "own_tags", "goals", "notebook", "duration"}
    assert described <= {one.name for one in fields(Run)}
    assert [name for name in sorted(described) if f"\n{name} : " not in (inspect.getdoc(Run) or "")] == []
