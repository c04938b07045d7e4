"""Curves on their way to disk: rows, running summary and buckets, against a recomputation from all points."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_stores import START, add_run, made_points, made_store, write

from jupyter_track.store import curves, insertion
from jupyter_track.store.apply import Application, Knowledge
from jupyter_track.store.batch import Batch
from jupyter_track.store.curves import Bucket, CurveState, Plan, Points, bucket_of, columns
from jupyter_track.store.database import StoreFiles, reading
from jupyter_track.store.schema import BUCKET_SIZES

NAN, INF = math.nan, math.inf
STEP = st.integers(-(2**63), 2**63 - 1)
TIME = st.integers(0, 2**52)
VALUE = st.floats(allow_nan=True, allow_infinity=True)
SMALL = (4, 16, 64, 256, 1024)  # levels with which few points fill several


def same(one: object, other: object) -> bool:
    """Equal, with NaN equal to NaN."""
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


def brute(rows: Sequence[tuple[int, int, float]]) -> tuple[Any, ...]:
    """The columns of the bucket of some points, by looking at each."""
    steps, times, values = zip(*rows, strict=True)
    numbers = [value for value in values if not math.isnan(value)]
    return (
        min(steps),
        max(steps),
        min(times),
        max(times),
        values[0],
        values[-1],
        min(numbers, default=None),
        max(numbers, default=None),
        len(values) - len(numbers),
    )


def of(rows: Sequence[tuple[int, int, float]]) -> Points:
    """Points as the writer takes them; times are milliseconds here."""
    steps, times, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Points("run", "key", "logged", steps, times, values)


@given(st.lists(st.tuples(STEP, TIME, VALUE), min_size=1, max_size=100))
def test_a_bucket_is_what_its_points_are(rows: list[tuple[int, int, float]]) -> None:
    """Ranges, ends, extremes without NaN, and the number of NaN."""
    points = of(rows)
    assert same(bucket_of(points.steps, points.times, points.values).row(), brute(rows))


@given(st.lists(st.tuples(STEP, TIME, VALUE), min_size=2, max_size=60), st.data())
def test_joining_is_the_bucket_of_both(rows: list[tuple[int, int, float]], data: st.DataObject) -> None:
    """Two neighbouring buckets joined are the bucket of all their points."""
    cut = data.draw(st.integers(1, len(rows) - 1))
    parts = [bucket_of(part.steps, part.times, part.values) for part in (of(rows[:cut]), of(rows[cut:]))]
    assert same(parts[0].joined(parts[1]).row(), brute(rows))


@given(st.lists(st.lists(st.tuples(STEP, TIME, VALUE), min_size=1, max_size=90), min_size=1, max_size=6))
@settings(deadline=None, max_examples=60)
def test_the_plan_of_many_batches(batches: list[list[tuple[int, int, float]]]) -> None:
    """Whatever the batches, the rows are all points in order and every full bucket of every level, and no other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "BUCKET_SIZES", SMALL)
        state, flat, buckets = CurveState(7, open_buckets=(None,) * len(SMALL)), [], []
        for batch in batches:
            plan = Plan()
            plan.add(of(batch), state)
            ((_, state),) = plan.states
            flat += [tuple(plan.points[at : at + 5]) for at in range(0, len(plan.points), 5)]
            for metric_id, first, long in plan.long:
                triples = zip(long[0::3], long[1::3], long[2::3], strict=True)
                flat += [(metric_id, first + index, *row) for index, row in enumerate(triples)]
            buckets += [tuple(plan.buckets[at : at + 12]) for at in range(0, len(plan.buckets), 12)]
        rows = [row for batch in batches for row in batch]
        assert same(flat, [(7, seq, *row) for seq, row in enumerate(rows)])
        expected = [
            (7, size, at // size, *brute(rows[at : at + size]))
            for size in SMALL
            for at in range(0, len(rows) - size + 1, size)
        ]
        assert same(sorted(buckets, key=lambda row: row[1:3]), expected)
        lowest = brute(rows)
        summary = state.summary("key", "logged")
        assert (summary.count, summary.last_step, summary.last_time) == (len(rows), rows[-1][0], rows[-1][1])
        assert same((summary.last, summary.min, summary.max), (rows[-1][2], *lowest[6:8]))
        for value, step in ((summary.min, summary.min_step), (summary.max, summary.max_step)):
            first = next((row[0] for row in rows if row[2] == value), None)
            assert step == first, "the step of an extreme is where it came first"


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1023, 1024, 1025, 17_000])
def test_real_sizes(count: int) -> None:
    """With the real levels: as many buckets of each level as are full."""
    plan = Plan()
    plan.add(of([(step, step, float(step)) for step in range(count)]), CurveState(1))
    levels = [plan.buckets[at + 1] for at in range(0, len(plan.buckets), 12)]
    assert {size: levels.count(size) for size in BUCKET_SIZES} == {size: count // size for size in BUCKET_SIZES}


def test_columns_turn_nanoseconds_to_milliseconds() -> None:
    """The queue has nanoseconds, the store milliseconds, rounded down."""
    points = columns("r", "k", "logged", [(1, 1_999_999, 0.5), (2, 2_000_000, NAN)])
    assert same((points.steps, points.times, points.values), ((1, 2), (1, 2), (0.5, NAN)))


def test_an_empty_extreme() -> None:
    """A bucket of NaN alone has no extremes, and takes those of its neighbour."""
    alone = bucket_of((1, 2), (1, 2), (NAN, NAN))
    assert (alone.min, alone.max, alone.nans) == (None, None, 2)
    other = Bucket(3, 3, 3, 3, 5.0, 5.0, 5.0, 5.0, 0)
    assert (alone.joined(other).min, other.joined(alone).max) == (5.0, 5.0)


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.lists(st.tuples(STEP, TIME, VALUE), min_size=1, max_size=40)),
        min_size=1,
        max_size=8,
    )
)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_processes_on_one_curve(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[str, list[tuple[int, int, float]]]]
) -> None:
    """Two writers that take turns on one curve, each with its own knowledge: rows and buckets are those of one."""
    store = made_store(tmp_path_factory.mktemp("curve"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "BUCKET_SIZES", SMALL)
        patch.setattr("jupyter_track.store.schema.BUCKET_SIZES", SMALL)
        run = add_run(store)
        knowledge = {"a": Knowledge(), "b": Knowledge()}
        files = StoreFiles(store)
        rows: list[tuple[int, int, float]] = []
        for number, (who, batch_rows) in enumerate(turns, 1):
            batch = Batch(who, number)
            points = of(batch_rows)
            points.run_id = run
            batch.points.append(points)
            application = Application(batch, knowledge[who])
            with files.writing(timeout=10) as connection:
                assert application.write(connection)
            application.committed()
            rows += batch_rows
        files.close()
    with reading(store) as connection:
        stored = connection.execute("SELECT seq, step, time, value FROM metric_points ORDER BY seq").fetchall()
        buckets = connection.execute("SELECT * FROM metric_buckets ORDER BY level, bucket").fetchall()
        count = connection.execute("SELECT count FROM metrics").fetchall()
    assert count == [(len(rows),)]
    assert same(stored, [(seq, step, time, null(value)) for seq, (step, time, value) in enumerate(rows)])
    expected = [
        (1, size, at // size, *map(null, brute(rows[at : at + size])))
        for size in SMALL
        for at in range(0, len(rows) - size + 1, size)
    ]
    assert buckets == expected


def null(value: Any) -> Any:
    """A value as SQLite gives it back: NaN is NULL."""
    return None if value != value else value


def test_exact_values(tmp_path: Path) -> None:
    """NaN, infinities, the smallest and the largest double come back bit by bit (SQLite has no sign of zero)."""
    values = (NAN, INF, -INF, 5e-324, 1.7976931348623157e308, 0.0, -0.1, 1 / 3, 1e22)
    store = made_store(tmp_path)
    add_run(store, metrics={"odd": values})
    with reading(store) as connection:
        rows = connection.execute("SELECT value FROM metric_points ORDER BY seq").fetchall()
    assert [value if value is None else value.hex() for (value,) in rows] == [
        None if math.isnan(value) else value.hex() for value in values
    ]


@pytest.mark.parametrize("numbered", [True, False])
def test_both_statements_for_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numbered: bool) -> None:
    """A long curve in two batches; Python 3.12.0 to 3.12.3 get another statement, for the same rows."""
    monkeypatch.setattr(insertion, "_NUMBERED", numbered)
    store, values = made_store(tmp_path), [step / 7 for step in range(3 * insertion.MAX_ROWS + 5)]
    run_id = add_run(store, metrics={"loss": values[:700]})
    batch = Batch(uuid.uuid4().hex, 1)
    batch.points.append(made_points(run_id, "loss", values[700:], first=700))
    write(store, batch)
    with reading(store) as connection:
        rows = connection.execute("SELECT seq, step, time, value FROM metric_points ORDER BY seq").fetchall()
    assert rows == [(step, step, START + 1000 * step, value) for step, value in enumerate(values)]
