"""Metrics: exact values, steps and times in the order of logging, whole batches, the short way of repeated calls."""

from __future__ import annotations

import math
import sqlite3
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jupyter_track as track
from jupyter_track.entities import Metric
from jupyter_track.errors import InvalidValue
from jupyter_track.records import MetricSummary
from jupyter_track.store.targets import targets


def history(run: track.ActiveRun, key: str) -> list[tuple[int, float]]:
    """Return steps and values of a curve as stored."""
    return [(point.step, point.value) for point in track.TrackClient().get_metric_history(run.run_id, key)]


def test_points_are_kept_in_the_order_of_logging(store: Path) -> None:
    """Steps may repeat and go back; the step is 0 where none is given."""
    with track.start_run() as run:
        for step, value in [(3, 0.3), (1, 0.1), (1, 0.2), (None, 0.5)]:
            track.log_metric("loss", value, step=step)
    assert history(run, "loss") == [(3, 0.3), (1, 0.1), (1, 0.2), (0, 0.5)]
    assert track.get_run(run.run_id).data.metrics == {"loss": 0.5}


def test_a_metric_has_mlflow_s_four_fields(store: Path) -> None:
    """Key, value, timestamp in milliseconds, step."""
    with track.start_run() as run:
        track.log_metric("loss", 0.5, step=2, timestamp=1_762_180_000_000)
        track.log_metrics({"a": 1, "b": 2}, step=3, timestamp=99)
    client = track.TrackClient()
    found = [point for key in ("loss", "a", "b") for point in client.get_metric_history(run.run_id, key)]
    assert found == [
        Metric("loss", 0.5, 1_762_180_000_000, 2),
        Metric("a", 1.0, 99, 3),
        Metric("b", 2.0, 99, 3),
    ]


def test_the_time_of_a_point_is_now(store: Path) -> None:
    """Between the start and the end of the run."""
    with track.start_run() as run:
        track.log_metric("loss", 0.5)
    (point,) = track.TrackClient().get_metric_history(run.run_id, "loss")
    info = track.get_run(run.run_id).info
    assert info.end_time is not None
    assert info.start_time <= point.timestamp <= info.end_time


def test_an_unknown_metric_has_no_history(store: Path) -> None:
    """An empty list, as in mlflow."""
    with track.start_run() as run:
        pass
    assert history(run, "loss") == []


def test_nan_and_both_infinities_are_kept_exactly(store: Path) -> None:
    """mlflow makes 1.797e308 of inf; extremes and the last value come from real numbers."""
    values = [1.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308]
    with track.start_run() as run:
        for step, value in enumerate(values):
            track.log_metric("x", value, step=step)
        track.log_metric("nan", math.nan)
        track.log_metric("inf", math.inf)
    found = [value for _, value in history(run, "x")]
    assert [struct.pack("d", value) for value in found if value == value] == [
        struct.pack("d", value) for value in values if value == value
    ]
    assert [index for index, value in enumerate(found) if math.isnan(value)] == [3]
    stored = track.get_run(run.run_id)
    summary = stored.metrics["x"]
    assert (summary.min, summary.min_step, summary.max, summary.max_step) == (-math.inf, 2, math.inf, 1)
    assert (stored.data.metrics["inf"], math.isnan(stored.data.metrics["nan"])) == (math.inf, True)
    assert (stored.metrics["nan"].min, stored.metrics["nan"].max) == (None, None)


@given(st.lists(st.floats(), min_size=1, max_size=200))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_float_comes_back_to_the_last_bit(store: Path, values: list[float]) -> None:
    """Whatever is logged by single calls is read again, NaN as NaN; SQLite makes 0.0 of -0.0."""
    with track.start_run() as run:
        for step, value in enumerate(values):
            track.log_metric("x", value, step=step)
    found = history(run, "x")
    assert [(step, repr(value)) for step, value in found] == [
        (step, repr(value + 0.0)) for step, value in enumerate(values)
    ]


def test_numbers_of_other_types_go_the_same_way(store: Path) -> None:
    """Numeric text, bools, NumPy's scalars and arrays of one element."""
    values = [1, True, "0.25", np.float32(0.5), np.array([2.0]), np.array(3)]
    with track.start_run() as run:
        for step, value in enumerate(values):
            track.log_metric("x", value, step=step)
    assert history(run, "x") == [(0, 1.0), (1, 1.0), (2, 0.25), (3, 0.5), (4, 2.0), (5, 3.0)]


@pytest.mark.parametrize("value", [None, "abc", np.array([1, 2]), [0.5], object()], ids=type)
def test_what_is_no_number_is_an_error_at_the_call(store: Path, value: Any) -> None:
    """Nothing is written, also where the key has been logged before; no run is opened for it."""
    with pytest.raises(InvalidValue):
        track.log_metric("x", value)
    assert track.active_run() is None
    with track.start_run() as run:
        track.log_metric("x", 1.0, step=0)
        with pytest.raises(InvalidValue):
            track.log_metric("x", value, step=1)
    assert history(run, "x") == [(0, 1.0)]


@pytest.mark.parametrize(
    ("key", "step", "timestamp"),
    [
        ("a@b", 0, None),
        (5, 0, None),
        (["a"], 0, None),
        ("x", 1.5, None),
        ("x", 2**63, None),
        ("x", "one", None),
        ("x", 0, "now"),
        ("x", 0, -1),
        ("x", 0, 10**30),
    ],
)
def test_a_bad_key_step_or_time_is_an_error_at_the_call(store: Path, key: Any, step: Any, timestamp: Any) -> None:
    """It must not reach the writer, where it would cost the whole batch; the run goes on."""
    with track.start_run() as run:
        track.log_metric("x", 1.0, step=0)
        with pytest.raises(InvalidValue):
            track.log_metric(key, 1.0, step=step, timestamp=timestamp)
        track.log_metric("x", 2.0, step=1)
    assert track.get_run(run.run_id).data.metrics == {"x": 2.0}
    assert history(run, "x") == [(0, 1.0), (1, 2.0)]


@pytest.mark.parametrize("step", [-(2**63), 2**63 - 1, -(10**9), 10**9, 10**9 - 1])
def test_steps_have_64_bits(store: Path, step: int) -> None:
    """At the edges of what the short way takes, too."""
    with track.start_run() as run:
        for _ in range(2):
            track.log_metric("x", 1.0, step=step)
    assert history(run, "x") == [(step, 1.0), (step, 1.0)]


@pytest.mark.parametrize(
    "metrics", [{"a": 1, "b": None}, {"a": 1, "b@": 1}, {"a": 1, "b": "x"}, [("a", 1)]], ids=lambda one: str(one)[:20]
)
def test_one_bad_value_in_log_metrics_writes_nothing(store: Path, metrics: Any) -> None:
    """All are checked before the first is written."""
    with track.start_run() as run, pytest.raises(InvalidValue):
        track.log_metrics(metrics)
    assert track.get_run(run.run_id).data.metrics == {}


def test_a_bad_step_in_log_metrics_writes_nothing(store: Path) -> None:
    """Also a bad time."""
    with track.start_run() as run:
        for arguments in ({"step": 0.5}, {"timestamp": "x"}):
            with pytest.raises(InvalidValue):
                track.log_metrics({"a": 1}, **arguments)  # type: ignore[arg-type]
    assert track.get_run(run.run_id).data.metrics == {}


def test_a_model_and_what_is_no_dataset_are_refused_before_the_point_is_written(store: Path) -> None:
    """The same at every call, also on the short way."""
    with track.start_run() as run:
        track.log_metric("x", 1.0, step=0)
        said = []
        for arguments in ({"model_id": " "}, {"dataset": object()}):
            with pytest.raises(InvalidValue) as caught:
                track.log_metric("x", 2.0, step=1, **arguments)  # type: ignore[arg-type]
            with pytest.raises(InvalidValue):
                track.log_metrics({"x": 2.0}, step=1, **arguments)  # type: ignore[arg-type]
            said.append(str(caught.value))
    assert said == [
        "A model is named by its id, which log_model(…).model_id is; ' ' is none.",
        "log_input takes a dataset, not object: log_input(jupyter_track.data.from_numpy(array)).",
    ]
    assert history(run, "x") == [(0, 1.0)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: track.log_metric("loss", None),
        lambda: track.log_metric("loss", 0.5, timestamp="soon"),  # type: ignore[arg-type]
        lambda: track.log_metrics({"loss": 0.5, "accuracy": None}),
        lambda: track.log_metrics([0.5]),  # type: ignore[arg-type]
        lambda: track.log_metrics({"loss": 0.5}, step="a"),  # type: ignore[arg-type]
        lambda: track.log_metrics({"loss": 0.5}, timestamp="soon"),  # type: ignore[arg-type]
        lambda: track.log_metrics({"loss": None}, model_id="m-1"),
        lambda: track.log(loss=[1, 2], accuracy=None),
        lambda: track.log({"a$": 0.5}),
        lambda: track.log(),
    ],
)
def test_a_bad_value_opens_no_run(store: Path, call: Any) -> None:
    """It is looked at before; the next good one opens the first run."""
    with pytest.raises(InvalidValue):
        call()
    assert track.active_run() is None
    track.log_metrics({"loss": 0.5})
    track.flush()
    assert [run.number for run in track.runs()] == [1]


def test_a_log_call_without_a_run_opens_one(store: Path) -> None:
    """As in mlflow; end_run ends it."""
    track.log_metric("x", 1.0)
    run = track.active_run()
    assert run is not None
    track.log_metric("x", 2.0)
    track.end_run()
    assert (track.get_run(run.run_id).status, history(run, "x")) == ("FINISHED", [(0, 1.0), (0, 2.0)])


def test_the_table_knows_count_last_and_extremes_with_their_steps(store: Path) -> None:
    """The best value has the step at which it came first."""
    with track.start_run() as run:
        for step, value in enumerate([0.9, 0.2, 0.5, 0.2]):
            track.log_metric("loss", value, step=step, timestamp=1000 + step)
    assert track.get_run(run.run_id).metrics == {"loss": MetricSummary("loss", 4, 0.2, 3, 1003, 0.2, 1, 0.9, 0)}


def test_the_value_of_a_metric_is_the_one_logged_last(store: Path) -> None:
    """mlflow shows the one of the highest step: they differ where steps or times go back, and the curve has all."""
    with track.start_run() as run:
        for step, value in ((5, 0.5), (7, 0.7), (1, 0.1)):
            track.log_metric("loss", value, step=step)
        for value, timestamp in ((2.0, 9), (1.0, 5)):
            track.log_metric("acc", value, step=0, timestamp=timestamp)
    expected = {"loss": 0.1, "acc": 1.0}
    frame = track.search_runs()
    shown = {key: float(frame.loc[0, f"metrics.{key}"]) for key in expected}
    assert (run.data.metrics, track.get_run(run.run_id).data.metrics, shown) == (expected, expected, expected)
    assert len(track.search_runs(filter_string="metrics.loss < 0.2 and metrics.acc = 1")) == 1
    history = track.TrackClient().get_metric_history(run.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(5, 0.5), (7, 0.7), (1, 0.1)]


def test_the_best_value_can_be_searched(store: Path) -> None:
    """``metrics.loss.min`` beside the last value ``metrics.loss``."""
    for name, values in (("a", [0.9, 0.1, 0.8]), ("b", [0.9, 0.3])):
        with track.start_run(run_name=name):
            for step, value in enumerate(values):
                track.log_metric("loss", value, step=step)
    found = [
        [run.name for run in track.search_runs(filter_string=clause, output_format="list")]
        for clause in ("metrics.loss < 0.5", "metrics.loss.min < 0.2")
    ]
    assert found == [["b"], ["a"]]


def test_many_points_of_many_curves_are_all_there(store: Path) -> None:
    """More than one batch of the writer, in order, by single calls."""
    with track.start_run() as run:
        for step in range(12_000):
            track.log_metric("a", step * 0.5, step=step)
            track.log_metric("b", -float(step), step=step)
    assert history(run, "a") == [(step, step * 0.5) for step in range(12_000)]
    assert history(run, "b") == [(step, -float(step)) for step in range(12_000)]


def test_the_short_way_follows_the_active_run(store: Path) -> None:
    """A key that has been logged to one run goes to the next run, a nested one, and back."""
    with track.start_run() as first:
        for step in range(3):
            track.log_metric("x", 1.0, step=step)
        with track.start_run(nested=True) as child:
            for step in range(3):
                track.log_metric("x", 2.0, step=step)
        for step in range(3, 5):
            track.log_metric("x", 3.0, step=step)
    with track.start_run() as second:
        track.log_metric("x", 4.0, step=9)
    assert [history(run, "x") for run in (first, child, second)] == [
        [(0, 1.0), (1, 1.0), (2, 1.0), (3, 3.0), (4, 3.0)],
        [(0, 2.0), (1, 2.0), (2, 2.0)],
        [(9, 4.0)],
    ]


def test_synchronous_waits_for_the_disk(store: Path) -> None:
    """Another connection sees the points at once."""
    with track.start_run():
        track.log_metric("a", 1.0, step=0)
        track.log_metric("a", 2.0, step=1, synchronous=True)
        track.log_metrics({"b": 3.0}, synchronous=True)
        connection = sqlite3.connect(store)
        rows = connection.execute("SELECT key, count, last_value FROM metrics ORDER BY key").fetchall()
        connection.close()
    assert rows == [("a", 2, 2.0), ("b", 1, 3.0)]


@pytest.mark.parametrize(("goal", "other"), [("min", "max"), ("max", "min")])
def test_a_goal_is_kept_for_the_experiment(store: Path, goal: Any, other: Any) -> None:
    """The latest counts; it is the run's experiment where one is open, else the current one."""
    track.set_experiment("digits")
    track.define_metric("loss", other)
    track.set_experiment("other")
    with track.start_run(experiment_id=track.get_experiment_by_name("digits").experiment_id) as run:  # type: ignore[union-attr]
        track.define_metric("loss", goal)
    assert track.get_run(run.run_id).goals == {"loss": goal}
    experiments = {one.name: dict(one.goals) for one in track.search_experiments()}
    assert experiments == {"digits": {"loss": goal}, "other": {}, "Default": {}}


def test_a_target_is_a_tag_of_the_experiment(store: Path) -> None:
    """The latest counts, a goal without one leaves it, and what is no finite number is refused with its goal."""
    track.set_experiment("digits")
    track.define_metric("loss", "min", target=0.5)
    track.define_metric("loss", "min", target=0.1)
    track.define_metric("loss", "min")
    for target in (math.nan, math.inf, "low"):
        with pytest.raises(InvalidValue):
            track.define_metric("acc", "max", target=target)  # type: ignore[arg-type]
    track.flush()
    found = track.get_experiment_by_name("digits")
    assert found is not None
    assert (dict(found.tags), dict(found.goals)) == ({"track.target.loss": "0.1"}, {"loss": "min"})
    assert targets(store) == {"digits": {"loss": 0.1}}


@pytest.mark.parametrize(("name", "goal"), [("loss", "low"), ("loss", None), ("a@b", "min")])
def test_a_goal_that_is_none_is_refused(store: Path, name: str, goal: Any) -> None:
    """Min or max, of a metric's name."""
    with pytest.raises(InvalidValue):
        track.define_metric(name, goal)
    assert track.search_experiments()[0].goals == {}
