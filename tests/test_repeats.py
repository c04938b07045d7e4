"""Runs that repeat each other, their spread, and what is within their noise."""

from __future__ import annotations

import math
import random
import statistics
from typing import Any

import pytest
from made_records import made_metric, made_param, made_run

from jupyter_track.records import Run
from jupyter_track.views.repeats import Noise, Repeats, repeat_groups, t_quantile, within_noise


def repeat(number: int, accuracy: float, **fields: Any) -> Run:
    """Return a run of C = 1 with an accuracy."""
    return made_run(number, metrics=[made_metric("accuracy", [accuracy])], params=[made_param("C", 1)], **fields)


def test_repeats_have_the_same_code_params_experiment_and_parent_and_finished() -> None:
    """One difference is enough to be no repeat; a run whose code is not known repeats nothing."""
    runs = [
        repeat(1, 0.961),
        repeat(2, 0.962),
        repeat(3, 0.9, experiment_id="1"),
        repeat(4, 0.9, parent_run_id="p"),
        repeat(5, 0.9, state="failed"),
        made_run(6, params=[made_param("C", 2)]),
        repeat(7, 0.9),
        repeat(8, 0.963),
        repeat(9, 0.9),
    ]
    sources = {run.run_id: "code" for run in runs}
    sources[runs[6].run_id] = "other"
    del sources[runs[8].run_id]
    groups = repeat_groups(runs, sources)
    assert groups == (Repeats((runs[0], runs[1], runs[7])),)
    assert groups[0].spread("accuracy") == "0.9620 ± 0.0010 (n=3)"
    assert groups[0].mean("accuracy") == pytest.approx(0.962)
    assert (groups[0].spread("loss"), groups[0].mean("loss")) == ("", None)


def test_a_value_that_is_not_finite_does_not_spoil_the_mean() -> None:
    """It is said beside it."""
    group = Repeats((repeat(1, 0.5), repeat(2, math.nan), repeat(3, 0.7)))
    assert (group.values("accuracy"), group.mean("accuracy")) == ([0.5, 0.7], 0.6)
    assert group.spread("accuracy") == "0.60 ± 0.14 (n=2, 1 not finite)"


def test_one_value_against_repeats_is_a_prediction_interval() -> None:
    """By hand: mean 10, sd 1, n 3, so the limit is 4.303 · 1 · √(4/3) = 4.969."""
    assert within_noise([14.9], [9, 10, 11]) == Noise(True, (3,))
    assert within_noise([9, 10, 11], [15.0]) == Noise(False, (3,))
    assert Noise(True, (3,)).text == "within noise (n=3)"
    assert Noise(False, (3,)).text == ""


def test_repeats_against_repeats_is_the_test_of_welch() -> None:
    """By hand: sd 1 and 2, n 3 and 4; freedom (1/3 + 1)² / ((1/3)²/2 + 1²/3) = 4.57, t(4) · √(4/3) = 3.205."""
    left = [9.0, 10.0, 11.0]
    right = [value * 2 / statistics.stdev([1, 2, 3, 4]) for value in (-1.5, -0.5, 0.5, 1.5)]
    assert within_noise(left, [value + 13.2 for value in right]) == Noise(True, (3, 4))
    assert within_noise(left, [value + 13.21 for value in right]) == Noise(False, (3, 4))


def test_without_repeats_or_finite_values_nothing_is_known() -> None:
    """And repeats without any spread leave no room for noise."""
    assert within_noise([1.0], [2.0]) is None
    assert within_noise([math.nan], [1.0, 2.0]) is None
    assert within_noise([], [1.0, 2.0]) is None
    assert within_noise([1.0], [1.0, 1.0]) == Noise(True, (2,))
    assert within_noise([1.1], [1.0, 1.0]) == Noise(False, (2,))
    assert within_noise([1.0, 1.0], [1.0, 1.0]) == Noise(True, (2, 2))


@pytest.mark.parametrize("unit", [1.0, 1e-200, 1e200, 1.6e307])
def test_the_unit_of_a_metric_changes_no_answer(unit: float) -> None:
    """Also where sums and squares of the values are no floats: trackers store 1.797e308 for infinity."""
    values = [9 * unit, 10 * unit, 11 * unit]
    assert within_noise([5.1 * unit], values) == Noise(True, (3,))
    assert within_noise([4.9 * unit], values) == Noise(False, (3,))
    assert within_noise([9.5 * unit, 10.5 * unit], values) == Noise(True, (2, 3))
    assert within_noise([1 * unit, 2 * unit], values) == Noise(False, (2, 3))
    group = Repeats(tuple(repeat(number, value) for number, value in enumerate(values)))
    assert group.mean("accuracy") == pytest.approx(10 * unit)
    assert group.spread("accuracy").endswith(" (n=3)")


def test_quantiles_fall_and_are_never_too_small() -> None:
    """Between two entries the wider interval counts."""
    quantiles = [t_quantile(freedom) for freedom in range(1, 2000)]
    assert quantiles == sorted(quantiles, reverse=True)
    assert (t_quantile(0), t_quantile(1), t_quantile(39), t_quantile(40)) == (12.706, 12.706, 2.042, 2.021)


@pytest.mark.parametrize(("one", "other"), [(1, 3), (1, 10), (3, 3), (5, 10)])
def test_equal_runs_are_called_different_one_time_in_twenty(one: int, other: int) -> None:
    """The rule means what it says, for normally distributed values; 4,000 draws are off by 1.5 % at most."""
    source = random.Random(one * 100 + other)
    draws = 4000
    missed = 0
    for _ in range(draws):
        found = within_noise([source.gauss(0, 1) for _ in range(one)], [source.gauss(0, 1) for _ in range(other)])
        missed += found is not None and not found.within
    assert 0.02 <= missed / draws <= 0.065
