"""What a report holds for its panels: as many points as a screen shows, extremes kept, nothing that goes on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from made_reports import BUILT, made_report, report_store
from made_stores import add_runs, made_store

from jupyter_track.reports.charts import ALL_POINTS, LEAST_POINTS, MOST_POINTS
from jupyter_track.reports.frozen import json_text, rounded
from jupyter_track.reports.make import Report, make_report
from jupyter_track.reports.options import asked_of
from jupyter_track.store.reader import Reader


def parts(report: Report) -> list[dict[str, Any]]:
    """The points of all curves."""
    return [part for message in report.document.panels["curves"] for part in message.get("parts", ())]


def test_a_long_curve_is_thinned_and_its_extremes_stay(tmp_path: Path) -> None:
    """For the panel and for the picture; the numbers beside it are exact, and NaN is told."""
    store = made_store(tmp_path)
    values = [math.sin(step / 500) for step in range(10_000)]
    values[5_432], values[7_001], values[8_000] = 99.123456789, -77.0, math.nan
    add_runs(store, {"name": "one", "metrics": {"loss": values}})
    report = made_report(store, "one")
    (part,) = parts(report)
    assert len(part["x"]) <= MOST_POINTS + 20
    assert (part["count"], part["whole"]) == (10_000, False)
    spikes = [(x, y) for x, y in zip(part["x"], part["y"], strict=True) if y is not None and abs(y) > 2]
    assert [y for _, y in spikes] == [99.1235, -77.0]
    assert all(abs(x - step) < 64 for (x, _), step in zip(spikes, (5_432, 7_001), strict=True))  # a bucket of the store
    assert part["odd"] == [[8_000, 1, "NaN"]]
    assert "from −77.00 to 99.12" in report.html
    assert "1 value not finite" in report.html


def test_many_curves_share_the_points_that_a_file_should_have(tmp_path: Path) -> None:
    """Each has fewer, and none less than a picture needs."""
    store = made_store(tmp_path)
    curve = [1.0 / (step + 1) for step in range(3_000)]
    add_runs(store, *({"name": f"run {at}", "metrics": {"loss": curve, "error": curve}} for at in range(40)))
    report = made_report(store)
    found = parts(report)
    assert len(found) == 40  # the best twenty by two metrics
    assert all(LEAST_POINTS <= len(part["x"]) <= MOST_POINTS + 20 for part in found)
    assert sum(len(part["x"]) for part in found) <= ALL_POINTS * 1.2
    assert len(report.html) < 3_000_000


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([0.123456789, 1_234_567.0, -1e-12], [0.123457, 1_234_570.0, -1e-12]),
        ([None, math.nan, 3.0], [None, None, 3.0]),
        ([], []),
    ],
)
def test_numbers_of_curves_have_six_digits(values: list[float | None], found: list[float | None]) -> None:
    """What is none stays none."""
    assert rounded(values) == found


def test_json_cannot_end_the_script_that_it_stands_in() -> None:
    """Nor can half a surrogate pair or a line end of JavaScript break it."""
    assert json_text({"a": "</script><!-- & \u2028 \ud800"}) == (
        '{"a":"\\u003c/script\\u003e\\u003c!-- \\u0026 \\u2028 ?"}'
    )


def test_each_part_is_told_before_it_is_made(tmp_path: Path) -> None:
    """With how many are done and how many there are, for a bar."""
    reader = Reader(report_store(tmp_path))
    steps: list[tuple[str, int, int]] = []
    make_report(reader, *asked_of(reader, None, built=BUILT), step=lambda *step: steps.append(step))
    names = [name for name, _, _ in steps]
    assert names[:4] == ["runs", "summary", "table", "curves"]
    assert names[-2:] == ["panels", "page"]
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert all(done <= total for _, done, total in steps)


def test_a_part_that_takes_long_is_told_again(tmp_path: Path) -> None:
    """Before each forest of what mattered, so that a bar is there while the first of them grows."""
    reader = Reader(report_store(tmp_path, count=12))
    steps: list[tuple[str, int, int]] = []
    make_report(reader, *asked_of(reader, None, built=BUILT), step=lambda *step: steps.append(step))
    long = [step for step in steps if step[0] == "importance"]
    assert len(long) == 1 + 5 * 2
    assert len(set(long)) == 1
    assert [done for _, done, _ in dict.fromkeys(steps)] == list(range(len(set(steps))))


def test_a_thousand_runs_are_whole_in_both_forms(tmp_path: Path) -> None:
    """In the table that needs no script and in the one that lives; curves are of the best, which is said."""
    store = made_store(tmp_path)
    runs = ({"name": f"trial {at}", "params": {"lr": at}, "metrics": {"loss": [3, 2, at / 9]}} for at in range(1_000))
    add_runs(store, *runs)
    report = made_report(store, sections=["table", "curves"])
    assert report.html.count('<th scope="row"') >= 1_000
    (rows,) = [message["rows"] for message in report.document.panels["table"] if message["type"] == "table"]
    assert len(rows) == 1_000
    assert "20 of 1,000 runs: the best by loss" in report.html
