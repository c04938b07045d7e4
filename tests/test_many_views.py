"""Parallel coordinates and scatter plots as plain data: axes, values to the digit, and what is left out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from made_stores import add_run, add_runs, made_store
from made_sweep import add_sweep

from jupyter_track.errors import InvalidValue, NotFound
from jupyter_track.store import edits, table_rows
from jupyter_track.store.reader import Reader
from jupyter_track.store.table_rows import TableRow
from jupyter_track.views import axes
from jupyter_track.views.axes import axis_of, known_of
from jupyter_track.views.parallel import MOST_RUNS, Plotted, in_colour, ordered_by, parallel_of, range_words, run_words
from jupyter_track.views.scatter import scatter_of


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return made_store(tmp_path)


def rows_of(store: Path) -> list[TableRow]:
    """The active runs, the newest first."""
    return table_rows.RowReader(store).read(table_rows.active_numbers(store))


def param_axis(store: Path, *values: Any) -> axes.Axis:
    """Return the axis of a param with some values; None is a run without it."""
    add_runs(store, *({"params": {} if value is None else {"p": value}} for value in values))
    return axis_of(rows_of(store)[::-1], "p", "param", {})


def test_numbers_lie_on_a_linear_axis(store: Path) -> None:
    """Few values have a tick each, with the text as written; what a run lacks has no place."""
    axis = param_axis(store, 2, 4, None, 3)
    assert (axis.scale, axis.low, axis.high, axis.values) == ("linear", 2.0, 4.0, (2.0, 4.0, None, 3.0))
    assert (axis.shares, axis.texts) == ((0.0, 1.0, None, 0.5), ("2", "4", "", "3"))
    assert (axis.ticks, axis.id, axis.title) == (((0.0, "2"), (0.5, "3"), (1.0, "4")), "params.p", "p")


def test_numbers_that_were_chosen_by_powers_lie_on_a_log_axis(store: Path) -> None:
    """1e-4 to 0.1 and 16 to 128 alike; equal steps stay equal."""
    axis = param_axis(store, 1e-4, 1e-3, 1e-2, 1e-1)
    assert (axis.scale, axis.shares) == ("log", (0.0, 0.333333, 0.666667, 1.0))
    assert axis.ticks == ((0.0, "0.0001"), (0.333333, "0.001"), (0.666667, "0.01"), (1.0, "0.1"))
    assert axes.is_log([16, 32, 64, 128])
    assert not axes.is_log([0.1 * n for n in range(1, 20)])


def test_words_booleans_and_mixtures_are_categories(store: Path) -> None:
    """Numbers come before words, and a value stands for itself exactly."""
    axis = param_axis(store, "svm", 10, "mlp", 2, True)
    assert (axis.scale, axis.categories) == ("category", ("2", "10", "mlp", "svm", "True"))
    assert axis.shares == (0.75, 0.25, 0.5, 0.0, 1.0)
    assert axis.values == ("svm", "10", "mlp", "2", "True")


def test_a_constant_lies_in_the_middle(store: Path) -> None:
    """Of numbers as of words."""
    assert param_axis(store, 3, 3).shares == (0.5, 0.5)


def test_nan_and_infinity_have_a_word_and_no_place(store: Path) -> None:
    """As metrics and as params."""
    axis = param_axis(store, 1.0, math.nan, math.inf)
    assert (axis.values, axis.shares, axis.texts[1:]) == ((1.0, None, None), (0.5, None, None), ("nan", "inf"))
    add_run(store, metrics={"loss": math.nan})
    loss = axis_of(rows_of(store)[:1], "loss", "metric", {})
    assert (loss.values, loss.shares, loss.texts) == ((None,), (None,), ("NaN",))


def test_the_better_values_are_higher_up_where_that_is_asked_for(store: Path) -> None:
    """A loss is turned over for parallel coordinates and not for a scatter plot; a declared goal counts."""
    add_runs(store, {"metrics": {"loss": 0.1}}, {"metrics": {"loss": 0.5}})
    rows = rows_of(store)[::-1]
    assert axis_of(rows, "loss", "metric", {}).shares == (0.0, 1.0)
    assert axis_of(rows, "loss", "metric", {}, better_up=True).shares == (1.0, 0.0)
    assert axis_of(rows, "loss", "metric", {"loss": "max"}, better_up=True).shares == (0.0, 1.0)
    assert axis_of(rows, "loss", "metric", {}, better_up=True).title == "loss ↓?"


def test_parallel_coordinates_have_the_params_that_differ_and_the_metric_last(store: Path) -> None:
    """No constants and no seeds; the main metric is the one that is declared."""
    add_sweep(store, 30)
    found = parallel_of(rows_of(store), {})
    assert [axis.id for axis in found.axes] == [
        "params.lr", "params.model", "params.batch", "params.dropout", "metrics.accuracy"
    ]  # fmt: skip
    assert [axis.scale for axis in found.axes] == ["log", "category", "log", "linear", "linear"]
    assert parallel_of(rows_of(store), {"loss": "min"}).metric.id == "metrics.loss"
    named = parallel_of(rows_of(store), {}, ["dropout", "loss", "params.depth"], "accuracy")
    assert [axis.id for axis in named.axes] == ["params.dropout", "metrics.loss", "params.depth", "metrics.accuracy"]


def test_values_equal_those_of_search_runs_to_the_digit(store: Path) -> None:
    """Metrics are the same floats, params the same texts."""
    add_sweep(store, 20)
    frame = Reader(store).frame()
    found = parallel_of(rows_of(store), {})
    assert [one.run_id for one in found.runs] == list(frame["run_id"])
    for axis in found.axes:
        told = [value if axis.kind == "metric" or axis.categories else float(value) for value in frame[axis.id]]
        assert list(axis.values) == told


def test_what_is_not_shown_is_counted(store: Path) -> None:
    """Runs without the metric, params without room, and names without end."""
    add_runs(
        store,
        *(
            {"params": {f"p{n}": at for n in range(9)} | {"path": f"/data/{at}"}, "metrics": {"f1": at}}
            for at in range(40)
        ),
    )
    add_run(store, params={"p1": 1})
    found = parallel_of(rows_of(store), {})
    assert (len(found.axes), len(found.runs)) == (8, 40)
    assert found.notes == (
        "1 run without f1 left out",
        "2 more params differ",
        "path: too many values for an axis",
    )


def test_of_very_many_runs_the_newest_are_shown(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said."""
    monkeypatch.setattr("jupyter_track.views.parallel.MOST_RUNS", 5)
    add_sweep(store, 8)
    found = parallel_of(rows_of(store), {})
    assert ([one.number for one in found.runs], found.notes) == ([8, 7, 6, 5, 4], ("the newest 5 of 8 runs",))
    assert MOST_RUNS >= 1_000


def test_a_run_is_told_in_a_line(store: Path) -> None:
    """Its name is on one line, its colour is that of its number."""
    run_id = add_run(store, name="two\nlines", params={"C": 1}, metrics={"accuracy": 0.5})
    found = parallel_of(rows_of(store), {}, ["C"])
    assert found.runs == (Plotted(run_id, 1, "two lines", "#c53b06", "finished"),)
    assert run_words(found.runs[0], found.axes, 0) == "two lines #1 · C 1 · accuracy 0.5000"


def test_the_baseline_the_best_and_the_pinned_are_in_colour(store: Path) -> None:
    """Each with why; without a known goal none is the best, nor is a run that failed or has no finite value."""
    ids = add_runs(
        store,
        *({"params": {"C": n}, "metrics": {"loss": loss, "thing": loss}} for n, loss in enumerate((3.0, 1.0, 2.0))),
        {"params": {"C": 9}, "metrics": {"loss": math.nan, "thing": math.nan}},
        {"params": {"C": 8}, "metrics": {"loss": 0.1, "thing": 0.1}, "status": "FAILED"},
    )
    edits.set_baseline(store, ids[0])
    edits.pin_runs(store, [ids[2]])

    def told(metric: str) -> list[tuple[int, str]]:
        chart = parallel_of(rows_of(store), {}, metric=metric)
        return [(chart.runs[at].number, why) for at, why in in_colour(chart.runs, chart.metric)]

    assert told("loss") == [(1, "baseline"), (2, "best"), (3, "pinned")]
    assert told("thing") == [(1, "baseline"), (3, "pinned")]
    edits.set_baseline(store, ids[1])
    assert told("loss") == [(2, "baseline, best"), (3, "pinned")]


def test_where_none_is_worse_none_is_the_best(store: Path) -> None:
    """One run with a result, or several with the same, as in a table; the baseline says only that it is one."""
    ids = add_runs(store, {"metrics": {"loss": 1.0}})
    chart = parallel_of(rows_of(store), {})
    assert in_colour(chart.runs, chart.metric) == []
    add_runs(store, {"metrics": {"loss": 1.0}}, {"metrics": {"loss": 3.0}, "status": "FAILED"})
    edits.set_baseline(store, ids[0])
    chart = parallel_of(rows_of(store), {})
    assert [(chart.runs[at].number, why) for at, why in in_colour(chart.runs, chart.metric)] == [(1, "baseline")]
    add_run(store, metrics={"loss": 2.0})
    chart = parallel_of(rows_of(store), {})
    assert [(chart.runs[at].number, why) for at, why in in_colour(chart.runs, chart.metric)] == [
        (1, "baseline"),
        (2, "best"),
    ]


def test_ticks_that_would_lie_over_each_other_are_left_out(store: Path) -> None:
    """Both ends stay, also on an axis that is turned over, and the runs keep their places."""
    values = (0.01, 0.012, 0.02, 0.02847, 0.02981)
    add_runs(store, *({"metrics": {"loss": value}} for value in values))
    axis = axis_of(rows_of(store)[::-1], "loss", "metric", {"loss": "min"}, better_up=True)
    assert [text for _, text in axis.ticks] == ["0.01000", "0.01200", "0.02000", "0.02981"]
    assert (axis.values, len(set(axis.shares))) == (values, 5)
    near = axis_of(rows_of(store)[1:3], "loss", "metric", {"loss": "min"}, better_up=True)
    assert near.ticks == ((1.0, "0.02000"), (0.0, "0.02847"))


def test_runs_are_ordered_from_the_best_and_ranges_are_told(store: Path) -> None:
    """In the goal's direction; what is no number comes last."""
    add_runs(
        store,
        *(
            {"metrics": {"loss": value}, "params": {"lr": 10.0**-at}}
            for at, value in enumerate([3.0, math.nan, 1.0, 2.0])
        ),
    )
    found = parallel_of(rows_of(store), {})
    assert [found.runs[at].number for at in ordered_by(found.metric)] == [3, 4, 1, 2]
    assert [range_words(axis) for axis in found.axes] == ["0.001 to 1, log", "1 to 3"]


def test_a_name_that_no_run_has_is_answered_with_a_near_one(store: Path) -> None:
    """And a param where a metric is asked for."""
    add_sweep(store, 3)
    known = known_of(rows_of(store), {})
    assert (known.named("lr"), known.named("metrics.loss"), known.named("loss")) == (
        ("param", "lr"), ("metric", "loss"), ("metric", "loss")
    )  # fmt: skip
    with pytest.raises(
        NotFound, match=r"^None of these runs has a metric or a param 'acuracy'; did you mean 'accuracy'"
    ):
        known.named("acuracy")
    with pytest.raises(
        InvalidValue, match=r"^'lr' is a param; name a metric, or log it as one with track\.log\(…\)\.$"
    ):
        parallel_of(rows_of(store), {}, None, "lr")


def test_without_a_metric_there_is_no_chart(store: Path) -> None:
    """It is said in a sentence."""
    add_run(store, params={"lr": 1})
    with pytest.raises(InvalidValue, match=r"^None of these runs has a metric: log one with track\.log\(…\)\.$"):
        parallel_of(rows_of(store), {})


def test_a_scatter_plot_sets_anything_against_a_metric(store: Path) -> None:
    """By default the first param that differs against the main metric; with the rank correlation of numbers."""
    add_runs(
        store,
        *(
            {"params": {"lr": lr, "seed": lr}, "metrics": {"loss": loss, "f1": 1}}
            for lr, loss in ((1, 3.0), (2, 2.5), (4, 1.0))
        ),
    )
    found = scatter_of(rows_of(store), {})
    assert (found.x.id, found.y.id, found.x.values, found.y.values) == (
        "params.lr", "metrics.loss", (4.0, 2.0, 1.0), (1.0, 2.5, 3.0)
    )  # fmt: skip
    assert (found.correlation, found.notes) == (pytest.approx(-1.0), ("rank correlation −1.00",))
    other = scatter_of(rows_of(store), {}, "metrics.loss", "f1")
    assert (other.x.id, other.y.id, other.y.shares, other.correlation) == (
        "metrics.loss",
        "metrics.f1",
        (0.5,) * 3,
        None,
    )


def test_a_scatter_plot_counts_what_it_does_not_draw(store: Path) -> None:
    """Runs without the one, without the other, and with NaN."""
    add_runs(
        store,
        {"params": {"lr": 1}, "metrics": {"loss": 1.0}},
        {"params": {"lr": 2}, "metrics": {"loss": math.nan}},
        {"params": {}, "metrics": {"loss": 1.0}},
        {"params": {"lr": 3}},
    )
    found = scatter_of(rows_of(store), {})
    assert [one.number for one in found.runs] == [2, 1]
    assert found.notes == (
        "1 run without loss left out", "1 run without lr left out", "1 run with NaN or ∞ not drawn"
    )  # fmt: skip


def test_where_nothing_stands_against_the_metric_that_is_said(store: Path) -> None:
    """One metric and no param that differs."""
    add_runs(store, {"params": {"lr": 1}, "metrics": {"loss": 1}}, {"params": {"lr": 1}, "metrics": {"loss": 2}})
    with pytest.raises(InvalidValue, match=r"^Nothing stands against 'loss': no param differs"):
        scatter_of(rows_of(store), {})


def test_which_params_and_metrics_differ(store: Path) -> None:
    """By value, or because a run lacks one; those that differ first, metrics with a declared goal before the others."""
    add_runs(
        store,
        {"params": {"same": 1, "value": 1, "lacking": 1}, "metrics": {"one": 1.0, "other": 2.0}},
        {"params": {"same": 1, "value": 2}, "metrics": {"one": 1.0, "other": 3.0}},
        {"params": {"same": 1, "value": 1, "lacking": 1}, "metrics": {"one": 1.0, "other": 2.0}},
    )
    known = known_of(rows_of(store), {"other": "min"})
    assert (known.metrics, known.params) == (("other", "one"), ("value", "lacking", "same"))
    assert known.differing == {"metrics.other", "params.value", "params.lacking"}


@pytest.mark.parametrize(("upside_down", "shares"), [(False, (1.0, 0.5, 0.0, None)), (True, (0.0, 0.5, 1.0, None))])
def test_a_metric_of_which_less_is_better_is_turned_over(
    store: Path, upside_down: bool, shares: tuple[float | None, ...]
) -> None:
    """On a logarithmic axis too; the ticks go with the lines."""
    add_runs(store, *({"metrics": {"loss": value}} for value in (math.nan, 0.01, 0.1, 1.0)))
    axis = axis_of(rows_of(store), "loss", "metric", {"loss": "min"}, better_up=upside_down)
    assert (axis.scale, axis.shares) == ("log", shares)
    assert [at for at, _ in axis.ticks] == sorted((at for at in shares if at is not None), reverse=upside_down)
    assert axis.best_first == (2, 1, 0, 3)
