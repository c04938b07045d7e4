"""A stretch of a curve, against all of its points: no extreme is left out, and all that is odd is counted."""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from made_stores import START, add_runs, made_store

from jupyter_track.store.curve_feed import StoredCurve, news, stored_curves, tails
from jupyter_track.store.curve_frames import points_frame
from jupyter_track.store.curve_rows import CurvePoint
from jupyter_track.store.curve_window import CurveStretch, Odd, stretch

NAN, INF = math.nan, math.inf
LONG = 70_000


def noise(seed: int, size: int, odd: float = 0.0) -> list[float]:
    """Numbers with a wide range; a share of them is NaN or infinite."""
    rng = random.Random(seed)
    return [rng.choice((NAN, INF, -INF)) if rng.random() < odd else rng.gauss(0, 1) ** 3 for _ in range(size)]


@pytest.fixture(scope="module")
def values() -> dict[str, list[float]]:
    """The curves of the store, point after point."""
    return {"smooth": noise(1, LONG), "odd": noise(2, LONG, 0.0005), "short": [1.0, NAN, 3.0, INF, 2.0], "one": [7.0]}


@pytest.fixture(scope="module")
def made(values: dict[str, list[float]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A store with these curves, at steps 0, 1, 2, …, a second apart; and the numbers of the curves."""
    store = made_store(tmp_path_factory.mktemp("curves"))
    add_runs(store, {"metrics": values})
    return store, {curve.key: curve.metric_id for curve in stored_curves(store, [1])}


def finite(values: Sequence[float]) -> list[float]:
    """Those that are finite."""
    return [value for value in values if math.isfinite(value)]


@pytest.mark.parametrize("key", ["smooth", "odd"])
@pytest.mark.parametrize("axis", ["step", "time"])
@pytest.mark.parametrize(
    "ends", [None, (0, 69_999), (100, 65_000), (30_000, 30_500), (30_000, 42_000), (69_000, 69_999), (63, 64)]
)
def test_a_stretch_has_the_extremes_of_all_its_points(
    made: tuple[Path, dict[str, int]],
    values: dict[str, list[float]],
    key: str,
    axis: str,
    ends: tuple[int, int] | None,
) -> None:
    """Lowest and highest value, all counts of what is odd, no more points than asked for, in the order of logging."""
    store, ids = made
    begin, end = ends or (0, LONG - 1)
    limits = {} if ends is None else {"low": begin, "high": end}
    if axis == "time":
        limits = {name: START + 1000 * place for name, place in limits.items()}
    found = stretch(store, ids[key], 1000, axis=axis, **limits)  # type: ignore[arg-type]
    inside = values[key][begin : end + 1]
    drawn = finite([point.value for point in found.points])
    assert len(found.points) <= 1002
    assert found.count == LONG
    steps = [point.step for point in found.points]
    assert steps == sorted(steps)
    assert steps[0] <= begin
    assert steps[-1] >= end
    if finite(inside):
        assert max(drawn) >= max(finite(inside))
        assert min(drawn) <= min(finite(inside))
        assert {max(finite(inside)), min(finite(inside))} <= set(drawn)
    assert sum(odd.size for odd in found.odd if begin <= odd.step <= end) == len(inside) - len(finite(inside))


def test_a_stretch_of_few_points_has_them_all(
    made: tuple[Path, dict[str, int]], values: dict[str, list[float]]
) -> None:
    """Zoomed in far enough, a chart has each point as it was logged, and a neighbour on either side."""
    store, ids = made
    found = stretch(store, ids["smooth"], 1000, low=30_000, high=30_400)
    assert found.whole
    assert found.points == tuple(
        CurvePoint(step, START + 1000 * step, values["smooth"][step]) for step in range(29_999, 30_402)
    )


@pytest.mark.parametrize("count", [4_100, 8_000, 15_700])
def test_a_stretch_that_is_a_little_too_long_is_drawn_finely(made: tuple[Path, dict[str, int]], count: int) -> None:
    """Where the buckets of 64 points would give a few dozen, about as many points come as were asked for."""
    store, ids = made
    found = stretch(store, ids["smooth"], 1000, low=20_000, high=20_000 + count)
    assert not found.whole
    assert 700 < len(found.points) <= 1000


def test_between_two_points_the_line_goes_through(made: tuple[Path, dict[str, int]]) -> None:
    """A stretch without a point has the two around it."""
    store, ids = made
    assert [point.step for point in stretch(store, ids["smooth"], 100, low=500.2, high=500.8).points] == [500, 501]


def test_a_short_curve_comes_as_it_is(made: tuple[Path, dict[str, int]]) -> None:
    """What is no finite number is a gap, and is told with its place."""
    store, ids = made
    at = [START + 1000 * step for step in range(5)]
    found = stretch(store, ids["short"], 100)
    assert [point[:2] for point in found.points] == list(zip(range(5), at, strict=True))
    assert [point.value if point.value == point.value else None for point in found.points] == [
        1.0,
        None,
        3.0,
        None,
        2.0,
    ]
    assert found.odd == (Odd(1, at[1], 1, "NaN"), Odd(3, at[3], 1, "∞"))
    assert stretch(store, ids["one"], 100) == CurveStretch(1, True, (CurvePoint(0, at[0], 7.0),))
    assert stretch(store, 999, 100) == CurveStretch(0, True, ())


def test_steps_that_go_back_lose_no_extreme(tmp_path: Path) -> None:
    """A run that was resumed logs its steps again: both passes are in a stretch of steps."""
    store = made_store(tmp_path)
    (run_id,) = add_runs(store, {"metrics": {"loss": noise(3, 5_000)}})
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE metric_points SET step = step % 2500")
        connection.execute("UPDATE metric_buckets SET min_step = 0, max_step = 2499 WHERE level > 64 OR bucket = 39")
        connection.execute(
            "UPDATE metric_buckets SET min_step = bucket * 64 % 2500, max_step = bucket * 64 % 2500 + 63"
            " WHERE level = 64 AND bucket != 39"
        )
        rows = connection.execute("SELECT value FROM metric_points WHERE step BETWEEN 1000 AND 1200").fetchall()
    drawn = [point.value for point in stretch(store, 1, 300, low=1000, high=1200).points]
    assert len(rows) == 402
    assert {max(rows)[0], min(rows)[0]} <= set(drawn)
    assert run_id


def test_all_points_as_a_frame(made: tuple[Path, dict[str, int]], values: dict[str, list[float]]) -> None:
    """Every digit, NaN and infinities, in the order of logging."""
    store, ids = made
    for key in ("odd", "short", "one"):
        found = points_frame(store, ids[key])
        assert found["step"].tolist() == list(range(len(values[key])))
        assert found["time"].tolist() == [START + 1000 * step for step in range(len(values[key]))]
        assert all(a == b or (a != a and b != b) for a, b in zip(found["value"].tolist(), values[key], strict=True))
    assert points_frame(store, 999).shape == (0, 3)


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    """The cursor of each curve: what came since, in one look; a curve with too much new is left out."""
    store = made_store(tmp_path)
    add_runs(store, {"metrics": {"loss": [1.0, 2.0], "acc": [0.5]}})
    before = news(store, -1)
    assert before.curves == (StoredCurve(1, 1, "loss", 2), StoredCurve(2, 1, "acc", 1))
    assert before.runs
    add_runs(store, {"metrics": {"loss": [5.0, NAN, 6.0]}})
    after = news(store, before.rev)
    assert after.curves == (StoredCurve(3, 2, "loss", 3),)
    assert not news(store, after.rev).curves
    assert tails(store, {1: 1, 3: 0}, 2) == {1: [CurvePoint(1, START + 1000, 2.0)]}
    assert [point.value for point in tails(store, {3: 2}, 2)[3]] == [6.0]
