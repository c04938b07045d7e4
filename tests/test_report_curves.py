"""Which curves a report draws, what it says of them, and the numbers at their axes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report
from made_stores import add_run, add_runs, made_store

import jupyter_track as track
from jupyter_track.reports.document import Compared, Curves, Sentence
from jupyter_track.reports.make import Report
from jupyter_track.store.edits import pin_runs, set_baseline


@pytest.fixture
def store(store: Path) -> Path:
    """An empty store."""
    return made_store(store.parent)


def curves(report: Report) -> Any:
    """The curves of a report."""
    (found,) = [one for section in report.document.sections for one in section.blocks if isinstance(one, Curves)]
    return found


def two_kinds(store: Path) -> list[str]:
    """Twenty-two runs with accuracy and, newer than these, eight with a loss, of which the first is the best."""
    return add_runs(
        store,
        *({"name": f"a{at}", "metrics": {"accuracy": [0.1, 0.2, 0.5 + at / 100]}} for at in range(22)),
        *({"name": f"l{at}", "metrics": {"loss": [3.0, 1.0, 0.1 + at / 100]}} for at in range(8)),
    )


def test_the_best_by_each_metric_are_drawn(store: Path) -> None:
    """So what a chart says of the best is true of all runs, and the note names what is there only."""
    ids = two_kinds(store)
    found = curves(made_report(store))
    numbers = [run.number for run in found.choice.runs]
    assert (len(numbers), 23 in numbers, 22 in numbers, 1 in numbers) == (20, True, True, False)
    assert found.notes == ("20 of 30 runs: the best by each metric",)
    told = {one.chart.key: one.alt for one in found.charts}
    assert told["loss"].endswith(
        "lower is better (guessed from the name); the best value of these is 0.1000, of l0 #23"
    )
    assert told["accuracy"].endswith("the best value of these is 0.7100, of a21 #22")
    point = add_run(store, name="point", metrics={"accuracy": 0.99})
    set_baseline(store, point)
    assert curves(made_report(store)).notes == (
        "20 of 30 runs: the best by each metric",
        "1 run without a curve left out",
    )
    set_baseline(store, ids[0])
    pin_runs(store, [ids[1]])
    found = curves(made_report(store, sections="text", text='{{ curves("accuracy") }}'))
    assert [run.number for run in found.choice.runs] == [1, 2, *range(5, 23)]
    assert found.notes[0] == "20 of 22 runs: the baseline, the pinned and the best by accuracy"


def test_the_words_of_a_chart_name_the_best_as_its_table_does(store: Path) -> None:
    """All that share it; none that failed; none where there is one run."""
    add_runs(
        store,
        *({"name": f"r{at}", "metrics": {"loss": [3.0, 1.0, one]}} for at, one in enumerate((0.2, 0.5, 0.2))),
        {"name": "wild", "status": "FAILED", "metrics": {"loss": [3.0, 1.0, 0.1]}},
    )
    (chart,) = curves(made_report(store)).charts
    assert chart.alt.endswith("; the best value of these is 0.2000, of r0 #1 and r2 #3")
    assert [row[2] for row in chart.rows] == ["▲0.2000", "0.5000", "▲0.2000", "0.1000"]
    for one in ("#1", "#4"):
        (chart,) = curves(made_report(store, one)).charts
        assert "best" not in chart.alt
    add_runs(store, *({"name": "more", "metrics": {"loss": [3.0, 1.0, 0.2]}} for _ in range(2)))
    assert curves(made_report(store)).charts[0].alt.endswith("of these is 0.2000, of 4 runs")


def test_of_those_that_have_finished_several_share_the_best(store: Path) -> None:
    """Where the best still runs, none of the equal ones behind it is singled out."""
    add_runs(store, *({"name": f"r{at}", "metrics": {"accuracy": one}} for at, one in enumerate((0.9, 0.8, 0.9))))
    run = track.start_run(run_name="still")
    track.log_metrics({"accuracy": 0.99})
    track.flush()
    report = made_report(store)
    run.end()
    (sentence, *_) = [one for one in report.document.sections[0].blocks if isinstance(one, Sentence)]
    assert "; of those that have finished r2 #3, r0 #1 share 0.9000." in sentence.text


def test_numbers_at_axes_are_short(store: Path) -> None:
    """No zero stands behind the last digit that says something."""
    add_run(store, metrics={"accuracy": [0.4, 0.6, 0.8, 1.0], "tiny": [1e-6, 1e-3, 1e-1]})
    add_run(store, metrics={"accuracy": [0.4, 0.6, 0.8, 1.0], "tiny": [1e-6, 1e-3, 1e-1]})
    labels = {
        one.chart.key: re.findall(r"text-anchor='end' fill='[^']*'>([^<]*)<", one.svg)
        for one in curves(made_report(store)).charts
    }
    assert labels["accuracy"][:4] == ["0.4", "0.6", "0.8", "1"]
    assert labels["tiny"][:3] == ["1e-6", "1e-5", "1e-4"]


def test_single_values_stand_beside_the_curves_of_a_comparison(store: Path) -> None:
    """Without scripts too: the best run with one value has a dot, its name and its words."""
    add_runs(
        store,
        {"name": "curve", "metrics": {"accuracy": [0.1, 0.5, 0.7]}},
        {"name": "point", "metrics": {"accuracy": 0.9}},
    )
    report = made_report(store, ["#1", "#2"])
    (found,) = [one for part in report.document.sections for one in part.blocks if isinstance(one, Compared)]
    (picture,) = found.still.curves
    assert picture.alt == "accuracy by step: #1 curve 0.1000 to 0.7000; #2 point 0.9000 at step 0"
