"""What `best`, `last` and `baseline` mean: a run of the report, the same one wherever the word stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report
from made_stores import add_run, add_runs, made_store

from jupyter_track.errors import InvalidValue, NotFound
from jupyter_track.reports.document import Compared, Curves, Facts, Prose, Rows, Sentence
from jupyter_track.reports.make import Report
from jupyter_track.reports.meant import in_experiments
from jupyter_track.store.edits import set_baseline
from jupyter_track.store.reader import Reader


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Four runs of one experiment, the second of which is its baseline, and two newer ones of another."""
    store = made_store(tmp_path)
    ids = add_runs(
        store,
        *(
            {"name": f"d{at}", "experiment": "digits", "metrics": {"accuracy": one}}
            for at, one in enumerate((8, 6, 9, 7))
        ),
        *({"name": f"o{at}", "metrics": {"loss": one}} for at, one in enumerate((0.3, 0.2))),
    )
    set_baseline(store, ids[1])
    set_baseline(store, ids[4])
    return store


def blocks(report: Report, kind: type) -> list[Any]:
    """The blocks of a kind, of all sections."""
    return [block for section in report.document.sections for block in section.blocks if isinstance(block, kind)]


def compared(report: Report) -> list[str]:
    """The numbers of the runs that stand side by side."""
    return [run.number for run in blocks(report, Compared)[0].comparison.runs]


TEXT = 'a {{ best }} b {{ baseline }} c {{ runs["best"] }} d {{ runs["baseline"] }} e {{ runs["last"] }}'


@pytest.mark.parametrize(
    ("experiments", "best", "baseline", "last"),
    [
        (["digits"], "d2 #3", "d1 #2", "d3 #4"),
        (["Default"], "o1 #6", "o0 #5", "o1 #6"),
        ([], "d2 #3", "d1 #2", "o1 #6"),
    ],
)
def test_a_word_means_one_run_in_all_of_a_report(
    store: Path, experiments: list[str], best: str, baseline: str, last: str
) -> None:
    """In the text, in what is compared, in the figures and in the sentence, whatever else the store holds."""
    reader = Reader(store)
    report = made_report(store, in_experiments(reader, experiments, None), text=TEXT, compare="baseline,best")
    (prose,) = blocks(report, Prose)
    assert prose.html == f"<p>a {best} b {baseline} c {best} d {baseline} e {last}</p>\n"
    assert compared(report) == ["#" + one.partition("#")[2] for one in (baseline, best)]
    (facts,) = blocks(report, Facts)
    notes = [fact.note for fact in facts.facts]
    assert best in notes
    assert baseline in notes
    assert f"The best is {best}" in blocks(report, Sentence)[0].text
    again = made_report(store, in_experiments(reader, experiments, None), compare=["last", "baseline"])
    assert compared(again) == ["#" + one.partition("#")[2] for one in (last, baseline)]


def test_the_best_of_an_experiment_is_found_in_it(store: Path) -> None:
    """Not in that of the newest run; numbers and names beside it stay what they are."""
    reader = Reader(store)
    for meant, names in (
        ("best", ["d2"]),
        (["best"], ["d2"]),
        ("last", ["d3"]),
        ("baseline", ["d1"]),
        ("best:accuracy", ["d2"]),
        (["baseline", "#1"], ["d1", "d0"]),
    ):
        assert [run.name for run in in_experiments(reader, ["digits"], meant)] == names
    with pytest.raises(NotFound, match="There is no run 'last~4': the report has 4 runs"):
        in_experiments(reader, ["digits"], "last~4")


def test_a_baseline_that_a_filter_left_out_is_meant_all_the_same(store: Path) -> None:
    """It is that of the runs' experiment; where they have none in common it is asked for."""
    assert compared(made_report(store, "metrics.accuracy > 6", compare=["baseline", "best"])) == ["#2", "#3"]
    with pytest.raises(NotFound, match="None of the runs of the report is a baseline"):
        made_report(store, ["#1", "#3", "#6"], compare=["baseline", "best"])


def test_the_text_of_a_sweep_has_its_best_run(tmp_path: Path) -> None:
    """The best of the runs below it, each of them by name, and what is placed of one of them; `run` is the sweep."""
    store = made_store(tmp_path)
    sweep = add_run(store, name="sweep")
    kids = [
        {"name": f"kid {at}", "parent_uuid": sweep, "metrics": {"accuracy": [0.1, 0.2, one]}}
        for at, one in enumerate((0.7, 0.9))
    ]
    add_runs(store, *kids, {"name": "other", "metrics": {"accuracy": 0.99}})
    text = """{{ run }}: {{ best }} with {{ metric }} {{ best.metrics.accuracy }}, {{ runs["kid 0"] }},
{{ below | length }}

{{ curves("accuracy", runs=best) }}

{{ table(rows=[best, runs["#2"]]) }}

{{ code(best) }}
"""
    report = made_report(store, "sweep", text=text, sections=["text"])
    (prose, *_) = blocks(report, Prose)
    assert prose.html == "<p>sweep #1: kid 1 #3 with accuracy 0.9000, kid 0 #2,\n2</p>\n"
    assert [run.number for run in blocks(report, Curves)[0].choice.runs] == [3]
    assert [row[0] for row in blocks(report, Rows)[0].grid.rows] == ["kid 1 #3", "kid 0 #2"]
    with pytest.raises(InvalidValue, match="'#4' is not one of those of this report"):
        made_report(store, "sweep", text='{{ runs["#4"] }}')
    assert compared(made_report(store, "sweep", sections="comparison", compare="#2,best")) == ["#2", "#3"]


def test_a_sweep_that_is_compared_counts_with_the_best_below_it(tmp_path: Path) -> None:
    """It has no result of its own, and those of its runs are told; one that is in the report speaks for itself."""
    store = made_store(tmp_path)
    sweep = add_run(store, name="sweep")
    kids = [{"name": f"kid {at}", "parent_uuid": sweep, "metrics": {"accuracy": 0.7 + at / 10}} for at in range(2)]
    add_runs(store, *kids, {"name": "wide", "metrics": {"accuracy": 0.75}}, {"name": "empty"})

    def told(*runs: str) -> str:
        return blocks(made_report(store, list(runs)), Sentence)[0].text.removesuffix(" Their params do not differ.")

    assert told("#1", "#4") == (
        "2 runs of Default. Only wide #4 has a result of its own: accuracy 0.7500. "
        "Of the runs below sweep #1, “kid 1” #3 has the best accuracy, 0.8000."
    )
    assert told("#4", "#5") == "2 runs of Default. Only wide #4 has a result: accuracy 0.7500."
    assert "Of the runs below sweep #1, “kid 0” #2 has" in told("#1", "#3", "#4")
    again = {"name": "kid 2", "parent_uuid": sweep, "metrics": {"accuracy": 0.7 + 1 / 10}}
    add_runs(store, again, {"metrics": {"loss": 0.1}})
    assert told("#1", "#7").endswith("“kid 2” #6, “kid 1” #3 share the best accuracy, 0.8000.")
