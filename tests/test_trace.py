"""What a live view draws of a curve, from memory: bounded, with the first, the last and the extreme points."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

import jupyter_track as track
from jupyter_track.recording.session import session
from jupyter_track.store.trace import STRETCHES, Trace


def test_a_short_curve_is_kept_as_it_is() -> None:
    """Up to the limit nothing is left out, however the points come."""
    trace, points = Trace(), [(step, step % 7 / 8) for step in range(STRETCHES - 1)]
    for start in range(0, len(points), 10):
        part = points[start : start + 10]
        trace.add([step for step, _ in part], [value for _, value in part])
    assert trace.points() == points


@pytest.mark.parametrize("batch", [1, 7, 1_000, 100_000])
def test_a_long_curve_keeps_its_ends_and_extremes(batch: int) -> None:
    """First, last, lowest and highest are there, in the order of logging, and the number is bounded."""
    rng = random.Random(3)
    values = [rng.gauss(0, 1) for _ in range(30_000)]
    trace = Trace()
    for start in range(0, len(values), batch):
        part = values[start : start + batch]
        trace.add(range(start, start + len(part)), part)
    found = trace.points()
    expected = {0: values[0], len(values) - 1: values[-1]}
    expected |= {values.index(extreme): extreme for extreme in (min(values), max(values))}
    assert expected.items() <= dict(found).items()
    assert [step for step, _ in found] == sorted(dict(found))
    assert all(values[step] == value for step, value in found)
    assert STRETCHES // 2 <= len(found) <= 2 * STRETCHES + 2


def test_gaps_stay_seen() -> None:
    """NaN and infinities are kept, one of a stretch, beside the finite extremes."""
    values = [float(step) for step in range(4 * STRETCHES)]
    values[100], values[300], values[-1] = math.nan, math.inf, math.nan
    trace = Trace()
    trace.add(range(len(values)), values)
    kept = dict(trace.points())
    assert [step for step, value in kept.items() if not math.isfinite(value)] == [100, 300, len(values) - 1]
    assert (kept[0], max(value for value in kept.values() if math.isfinite(value))) == (0.0, values[-2])


def test_a_sum_that_overflows_is_no_gap() -> None:
    """The largest floats are numbers like others."""
    trace, values = Trace(), [1.7e308] * (2 * STRETCHES)
    trace.add(range(len(values)), values)
    assert {value for _, value in trace.points()} == {1.7e308}


def test_the_writer_tells_what_is_logged(store: Path) -> None:
    """What waits and what is on disk are one shape; a single point is none."""
    with track.start_run() as run:
        writer = session.tracker().writer
        track.log_metric("loss", 1.0, 0)
        track.log_metric("loss", 0.5, 1)
        track.flush()
        track.log_metric("loss", 0.25, 2)
        track.log_metric("accuracy", 0.5, 0)
        assert writer.shapes(run.run_id) == {"loss": [(0, 1.0), (1, 0.5), (2, 0.25)]}
        assert writer.shapes("0" * 32) == {}
