"""Reading curves: whole, thinned with their ends, extremes and gaps, and at a cost that does not grow."""

from __future__ import annotations

import math
import random
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_stores import START, add_run, made_points, made_store, write

from jupyter_track.errors import InvalidValue
from jupyter_track.records import (
    Metric,
)
from jupyter_track.store import curve_rows
from jupyter_track.store.batch import Batch
from jupyter_track.store.curve_rows import CurvePoint
from jupyter_track.store.database import reading
from jupyter_track.store.reader import Reader

NAN, INF = math.nan, math.inf


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return made_store(tmp_path)


def add_points(store: Path, run_id: str, key: str, values: list[float], step: int = 20_000) -> None:
    """Log a curve in several batches, as a writer would."""
    for at in range(0, len(values), step):
        change = Batch(uuid.uuid4().hex, 1)
        change.points.append(made_points(run_id, key, values[at : at + step], at))
        write(store, change)


def test_every_point_of_a_curve(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points come back exactly and in order, also when each page is a read of its own; NaN and inf are kept."""
    values = [float(index) for index in range(9_000)]
    values[10], values[11], values[8_999] = NAN, -INF, INF
    run_id = add_run(store)
    add_points(store, run_id, "loss", values)
    reader = Reader(store)
    whole = reader.points(run_id, "loss")
    monkeypatch.setattr(curve_rows, "HOLD_SECONDS", 0)
    paged = reader.points(run_id, "loss")
    for found in (whole, paged):
        assert found.key == "loss"
        assert len(found) == 9_000
        assert found.steps == list(range(9_000))
        assert found.times == [START + 1_000 * step for step in range(9_000)]
        assert repr(found.values) == repr(values)
    history = reader.history(run_id, "loss")
    assert history[0] == Metric("loss", 0.0, START, 0)
    assert [repr(point.value) for point in history] == [repr(value) for value in values]
    assert reader.history(run_id, "acc") == []
    assert reader.history(run_id, "\ud800") == []
    assert len(reader.points(run_id, "acc")) == 0
    assert reader.curve(run_id, "acc") == []


def test_a_short_curve_is_drawn_as_it_is(store: Path) -> None:
    """Up to the limit every point is there, with steps that repeat or run back."""
    run_id = add_run(store, metrics={"loss": [1.0, NAN, 3.0]})
    change = Batch(uuid.uuid4().hex, 1)
    points = made_points(run_id, "loss", [5.0, INF])
    change.points.append(points)
    write(store, change)
    found = Reader(store).curve(run_id, "loss", limit=5)
    assert [point.step for point in found] == [0, 1, 2, 0, 1]
    assert repr([point.value for point in found]) == repr([1.0, NAN, 3.0, 5.0, INF])
    with pytest.raises(InvalidValue):
        Reader(store).curve(run_id, "loss", limit=3)


@pytest.mark.parametrize(
    ("count", "limit"), [(151, 150), (1_199, 150), (1_201, 150), (4_097, 10), (70_001, 150), (70_001, 1_000)]
)
def test_a_long_curve_keeps_its_ends_and_extremes(store: Path, count: int, limit: int) -> None:
    """However it is stored: at most `limit` points, in order, with the first, the last, the lowest and the highest."""
    random_numbers = random.Random(count)
    values = [random_numbers.gauss(0, 1) + math.sin(index / 50) for index in range(count)]
    low, high = random_numbers.sample(range(count), 2)
    values[low], values[high] = -50.0, 70.0
    run_id = add_run(store)
    add_points(store, run_id, "loss", values, step=17_000)
    found = Reader(store).curve(run_id, "loss", limit)
    assert limit // 3 < len(found) <= limit
    steps = [point.step for point in found]
    assert steps == sorted(steps)
    assert found[0] == CurvePoint(0, START, values[0])
    assert found[-1] == CurvePoint(count - 1, START + 1_000 * (count - 1), values[-1])
    assert CurvePoint(low, START + 1_000 * low, -50.0) in found
    assert CurvePoint(high, START + 1_000 * high, 70.0) in found
    assert {point.value for point in found} <= set(values)


def test_the_cost_of_a_chart_does_not_grow(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read of a curve of 300,000 points is some thousand rows."""
    run_id = add_run(store)
    add_points(store, run_id, "loss", [float(index % 977) for index in range(300_000)])
    read: list[int] = []
    cells = curve_rows._cells

    def counted(*arguments: Any) -> Any:
        found = cells(*arguments)
        read.append(len(found[0]))
        return found

    monkeypatch.setattr(curve_rows, "_cells", counted)
    for limit in (10, 150, 1_000):
        assert 4 <= len(Reader(store).curve(run_id, "loss", limit)) <= limit
    assert max(read) <= curve_rows.MOST_ROWS + 200
    assert read[0] <= 80 + 200


def test_gaps_of_a_curve_stay_gaps(store: Path) -> None:
    """A stretch of NaN alone is shown as NaN; single NaN hide nothing."""
    values = [1.0] * 4_000 + [NAN] * 4_000 + [2.0] * 4_000
    values[100] = NAN
    run_id = add_run(store)
    add_points(store, run_id, "loss", values)
    found = Reader(store).curve(run_id, "loss", 150)
    shown = ["gap" if math.isnan(point.value) else point.value for point in found]
    assert shown[0] == 1.0
    assert shown[-1] == 2.0
    assert 20 <= shown.count("gap") <= 25
    assert shown == sorted(shown, key=[1.0, "gap", 2.0].index)
    add_points(store, run_id, "nothing", [NAN] * 3_000)
    assert {math.isnan(point.value) for point in Reader(store).curve(run_id, "nothing", 100)} == {True}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.sampled_from([0.0, 1.0, -1.0, 5.5, NAN, INF, -INF]) | st.floats(allow_nan=True), min_size=1, max_size=400
    ),
    limit=st.integers(4, 60),
)
def test_any_curve_can_be_thinned(store: Path, values: list[float], limit: int) -> None:
    """At most `limit` points of the curve, its ends and the extremes of its numbers among them."""
    run_id = add_run(store)
    add_points(store, run_id, "loss", values)
    found = Reader(store).curve(run_id, "loss", limit)
    assert 1 <= len(found) <= limit
    assert [point.step for point in found] == sorted(point.step for point in found)
    for point in found:
        assert math.isnan(point.value) or point.value == values[point.step]
    for point, value in ((found[0], values[0]), (found[-1], values[-1])):
        assert repr(point.value) == repr(value + 0.0)  # SQLite keeps no sign of 0
    numbers = [value for value in values if not math.isnan(value)]
    if numbers:
        assert {min(numbers), max(numbers)} <= {point.value for point in found}


def test_a_long_curve_is_read_in_turns_with_writers(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each stretch the file is free: nothing of the stretch holds SQLite's lock until the next one."""
    turns = 0

    @contextmanager
    def watched(path: Path) -> Iterator[sqlite3.Connection]:
        nonlocal turns
        with reading(path) as connection:
            yield connection
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
        turns += 1

    run_id = add_run(store, metrics={"loss": [float(step) for step in range(1_000)]})
    monkeypatch.setattr(curve_rows, "reading", watched)
    monkeypatch.setattr(curve_rows, "HOLD_SECONDS", -1.0)
    monkeypatch.setattr(curve_rows, "_FETCH", 300)
    assert list(curve_rows.columns(store, run_id, "loss").values) == [float(step) for step in range(1_000)]
    assert turns >= 4
