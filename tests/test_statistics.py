"""The difference of two groups with its interval, against numbers that were worked out elsewhere."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from jupyter_track.views.format import Precision
from jupyter_track.views.statistics import PREDICTION, WELCH, Interval, difference_interval, verdict

ONE, OTHER = [0.971, 0.974, 0.969, 0.973], [0.961, 0.963, 0.967]


def test_welch_is_scipy_s() -> None:
    """To the rounding of the tabled quantile and of the degrees of freedom, which are rounded down: never narrower."""
    found = difference_interval(ONE, OTHER)
    assert found is not None
    exact = stats.ttest_ind(ONE, OTHER, equal_var=False).confidence_interval(0.95)
    assert (found.method, found.counts) == (WELCH, (4, 3))
    assert found.difference == pytest.approx(sum(ONE) / 4 - sum(OTHER) / 3)
    assert found.low <= exact.low <= exact.high <= found.high
    assert found.high - found.low == pytest.approx(exact.high - exact.low, rel=0.15)


def test_one_value_has_a_prediction_interval() -> None:
    """In which a further run of the group would lie."""
    found = difference_interval([0.99], OTHER)
    assert found is not None
    half = stats.t.ppf(0.975, 2) * 0.0030550504633 * math.sqrt(1 + 1 / 3)
    assert (found.method, found.counts) == (PREDICTION, (1, 3))
    assert (found.low, found.high) == pytest.approx((found.difference - half, found.difference + half), rel=1e-3)


def test_what_is_not_known_is_none() -> None:
    """Two single values have no noise, and NaN is no value."""
    assert difference_interval([1.0], [2.0]) is None
    assert difference_interval([1.0, 2.0], [math.nan]) is None
    assert difference_interval([], [1.0, 2.0]) is None


def test_the_interval_does_not_depend_on_the_unit() -> None:
    """Also where squares are no numbers."""
    plain, huge = (
        difference_interval(ONE, OTHER),
        difference_interval([v * 1e300 for v in ONE], [v * 1e300 for v in OTHER]),
    )
    assert plain is not None
    assert huge is not None
    assert (huge.low / 1e300, huge.high / 1e300) == pytest.approx((plain.low, plain.high))


def test_how_it_is_said() -> None:
    """With signs; the verdict follows the goal, and noise has no direction."""
    found = Interval(0.012, 0.0081, 0.0159, WELCH, (3, 3))
    assert found.text(Precision(4)) == "95 % +0.0081 to +0.0159"
    assert Interval(0.0, -0.01, 0.02, WELCH, (3, 3)).text(Precision(2)) == "95 % −0.01 to +0.02"
    assert [verdict(found, goal) for goal in ("max", "min", None)] == ["better", "worse", "differs"]
    assert verdict(Interval(0.1, -0.1, 0.3, WELCH, (2, 2)), "max") == "within noise"
