"""Which run is the best, and in which order runs stand: with children, ties, groups, runs that go on or failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report
from made_stores import add_run, add_runs, made_store

import jupyter_track as track
from jupyter_track.reports.document import Compared, Curves, Facts, Figures, Rows, Sentence, Table
from jupyter_track.reports.make import Report
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.edits import pin_runs
from jupyter_track.store.reader import Reader
from jupyter_track.views.comparison import comparison_of
from jupyter_track.views.group_comparison import group_comparison_of


@pytest.fixture
def store(store: Path) -> Path:
    """An empty store."""
    return made_store(store.parent)


@pytest.fixture
def sweep(store: Path) -> Path:
    """A run with three children, the best of which is better than the run beside it."""
    parent = add_run(store, name="sweep", duration=10.0)
    add_runs(
        store,
        *(
            {
                "name": f"kid {at}",
                "parent_uuid": parent,
                "params": {"lr": at},
                "duration": 3.0,
                "metrics": {"accuracy": one},
            }
            for at, one in enumerate((0.90, 0.92, 0.91))
        ),
        {"name": "poor", "params": {"lr": 7}, "metrics": {"accuracy": 0.10}, "duration": 2.0},
    )
    return store


def blocks(report: Report, kind: type) -> list[Any]:
    """The blocks of a kind, of all sections."""
    return [block for section in report.document.sections for block in section.blocks if isinstance(block, kind)]


def still(report: Report) -> list[tuple[str, int]]:
    """The names in the table that needs no script, with their depths."""
    return [(row.name, row.depth) for row in blocks(report, Table)[0].table.rows]


def live(report: Report) -> dict[str, Any]:
    """The message of the table that sorts."""
    return report.document.panels["table"][0]


def summary(report: Report) -> str:
    """The first sentence."""
    return blocks(report, Sentence)[0].text


def figures(report: Report) -> dict[str, tuple[str, str]]:
    """The key figures by their labels."""
    return {fact.label: (fact.value, fact.note) for fact in blocks(report, Facts)[0].facts}


def declare(store: Path, *goals: tuple[str, str], target: tuple[str, float] | None = None) -> None:
    """Declare goals of the default experiment, and a value to reach."""
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.executemany("INSERT INTO metric_goals VALUES (0, ?, ?)", goals)
        if target is not None:
            row = (f"track.target.{target[0]}", str(target[1]))
            connection.execute("INSERT INTO experiment_tags (experiment_id, key, value) VALUES (0, ?, ?)", row)
    files.close()


def test_a_parent_stands_where_the_best_of_its_children_does(sweep: Path) -> None:
    """In the table, in the payload of the live one, which opens the parent, and in Markdown."""
    report = made_report(sweep)
    assert still(report) == [("sweep", 0), ("kid 1", 1), ("kid 2", 1), ("kid 0", 1), ("poor", 0)]
    message = live(report)
    assert [row["name"] for row in message["rows"]] == ["sweep", "kid 1", "kid 2", "kid 0", "poor"]
    assert (message["ordered"], message["choices"]) == (True, {})
    assert message["open"] == [row["id"] for row in message["rows"] if row["name"] == "sweep"]
    assert blocks(report, Table)[0].caption == "The runs, the best first"


def test_a_parent_with_a_value_of_its_own_counts_with_it(store: Path) -> None:
    """The mean of five folds is not as good as the best of them."""
    parent = add_run(store, name="folds", metrics={"accuracy": 0.5})
    add_runs(
        store,
        {"name": "fold", "parent_uuid": parent, "metrics": {"accuracy": 0.9}},
        {"name": "other", "metrics": {"accuracy": 0.7}},
    )
    assert still(made_report(store)) == [("other", 0), ("folds", 0), ("fold", 1)]


def test_the_children_of_a_pinned_run_stand_below_it(sweep: Path) -> None:
    """On top of the others, and not below one that is none of theirs."""
    pin_runs(sweep, [run.run_id for run in track_runs(sweep) if run.name == "sweep"])
    add_run(sweep, name="great", metrics={"accuracy": 0.99})
    report = made_report(sweep)
    assert [name for name, _ in still(report)] == ["sweep", "kid 1", "kid 2", "kid 0", "great", "poor"]
    assert blocks(report, Table)[0].caption == "The runs, the best first, below the baseline and the pinned ones"


def track_runs(store: Path) -> list[Any]:
    """All runs of a store."""
    return list(Reader(store).runs())


def test_the_time_of_children_is_within_that_of_their_parent(sweep: Path) -> None:
    """10 s of the sweep with all of its children, and 2 s of the other run."""
    assert figures(made_report(sweep))["total run time"] == ("12.0 s", "")


def test_repeats_stand_where_their_mean_does(store: Path) -> None:
    """A lucky one does not lift the row, which is named after the newest."""
    from made_stores import with_code

    with_code(store, *({"name": "again", "metrics": {"accuracy": one}} for one in (0.99, 0.71)))
    add_run(store, name="steady", metrics={"accuracy": 0.9})
    report = made_report(store)
    rows = [(row.name, row.number, row.cells[0].text) for row in blocks(report, Table)[0].table.rows]
    assert rows == [("steady", "3", "0.9000"), ("again", "2", "0.8 ± 0.2")]
    assert [row["number"] for row in live(report)["rows"]][:2] == [3, 2]


def test_the_report_of_a_parent_tells_of_its_children(sweep: Path) -> None:
    """Which of them is the best, what differed, and their table, best first; without children it has no such part."""
    report = made_report(sweep, "#1")
    assert summary(report) == (
        "Below it: 3 runs of Default. The best is “kid 1” #3, with the highest accuracy, 0.9200. "
        "They differ in 1 param: lr."
    )
    assert figures(report)["runs below it"] == ("3", "")
    assert figures(report)["best accuracy ↑?"] == ("0.9200", "kid 1 #3")
    (table,) = [section for section in report.document.sections if section.name == "table"]
    assert table.title == "Runs below it"
    assert still(report) == [("kid 1", 0), ("kid 2", 0), ("kid 0", 0)]
    assert [row["name"] for row in live(report)["rows"]] == ["kid 1", "kid 2", "kid 0"]
    assert [block.grid.rows for block in blocks(report, Rows) if block.title == "What differed"] == [
        (("lr", "0 to 2", "1"),)
    ]
    assert [section.name for section in made_report(sweep, "#5").document.sections] == ["summary"]


def test_a_comparison_lists_the_best_first(store: Path) -> None:
    """Its columns stand as they were named."""
    add_runs(store, *({"name": f"r{at}", "metrics": {"loss": one}} for at, one in enumerate((0.3, 0.2, 0.1))))
    report = made_report(store, ["#1", "#2", "#3"])
    assert still(report) == [("r2", 0), ("r1", 0), ("r0", 0)]
    assert [row["name"] for row in live(report)["rows"]] == ["r2", "r1", "r0"]
    assert [run.title for run in blocks(report, Compared)[0].comparison.runs] == ["#1 r0", "#2 r1", "#3 r2"]


def test_a_comparison_tells_in_which_params_a_failed_run_differs(store: Path) -> None:
    """What it shows side by side it does not call equal."""
    add_runs(
        store,
        {"name": "fine", "params": {"lr": 1, "epochs": 2}, "metrics": {"loss": 1.0}},
        {"name": "broken", "params": {"with_lr": 1}, "status": "FAILED"},
    )
    report = made_report(store, ["#1", "#2"])
    assert summary(report) == (
        "2 runs of Default. Only fine #1 has a result: loss 1. They differ in 3 params: with_lr, lr, epochs."
    )
    assert [column.key for column in blocks(report, Table)[0].table.columns] == ["loss", "lr", "epochs", "with_lr"]
    assert not any("equal or empty" in one for one in foot(report))


def foot(report: Report) -> list[str]:
    """What stands below the table."""
    from jupyter_track.views.runs import table_foot

    return table_foot(blocks(report, Table)[0].table)


def test_runs_that_broke_off_are_not_told_of(store: Path) -> None:
    """Of an experiment it is said which runs are meant."""
    add_runs(
        store,
        *({"params": {"lr": 1}, "metrics": {"loss": one}} for one in (1.0, 2.0)),
        {"params": {"lr": 2}, "status": "FAILED"},
    )
    assert summary(made_report(store)).endswith("Those that finished do not differ in their params.")


def test_of_several_with_the_best_value_none_is_the_best(store: Path) -> None:
    """They share it, in the sentence and in the figures; the table marks all of them."""
    add_runs(store, *({"name": f"r{at}", "metrics": {"loss": one}} for at, one in enumerate((0.1, 0.1, 0.1, 0.2))))
    report = made_report(store)
    assert summary(report).startswith("4 runs of Default. 3 runs share the lowest loss, 0.1000: r2 #3, r1 #2, r0 #1.")
    assert figures(report)["best loss ↓?"] == ("0.1000", "3 runs share it")
    assert [row.cells[0].best for row in blocks(report, Table)[0].table.rows] == [True, True, True, False]


def test_where_all_have_the_same_nothing_is_marked(store: Path) -> None:
    """Nothing is better than anything, neither in the table nor beside curves."""
    add_runs(store, *({"name": f"r{at}", "metrics": {"loss": [0.5, 0.3, 0.1]}} for at in range(3)))
    report = made_report(store)
    assert summary(report).startswith("3 runs of Default. All have the same loss, 0.1000.")
    assert [row.cells[0].best for row in blocks(report, Table)[0].table.rows] == [False, False, False]
    assert [row[2] for row in blocks(report, Curves)[0].charts[0].rows] == ["0.1000"] * 3


@pytest.mark.parametrize(
    ("values", "best"), [((0.5, 0.5), None), ((0.5,), None), ((0.5, float("nan")), None), ((0.5, 0.4), 0.5)]
)
def test_what_a_failed_run_has_is_nothing_to_be_better_than(
    store: Path, values: tuple[float, ...], best: float | None
) -> None:
    """It is no result, in the table that sorts as in the one that does not."""
    runs = [{"metrics": {"accuracy": [0.1, one]}} for one in values]
    add_runs(store, *runs, {"metrics": {"accuracy": [0.1, 0.9]}, "status": "FAILED"})
    report = made_report(store)
    (column,) = [one for one in live(report)["columns"] if one["key"] == "accuracy"]
    assert column["best"] == best
    marked = [row.cells[0].text for row in blocks(report, Table)[0].table.rows if row.cells[0].best]
    assert marked == ([] if best is None else ["0.5000"])


def test_the_curve_of_one_run_and_of_a_failed_one_is_not_the_best_of_several(store: Path) -> None:
    """One has nothing to be better than; one that failed is no result."""
    add_runs(
        store,
        {"name": "one", "metrics": {"loss": [3.0, 2.0, 1.2]}},
        {"name": "other", "metrics": {"loss": [3.0, 2.0, 1.5]}},
        {"name": "failed", "metrics": {"loss": [0.3, 0.2, 0.1]}, "status": "FAILED"},
    )
    alone = blocks(made_report(store, "#1"), Curves)[0].charts[0].rows
    assert [row[2] for row in alone] == ["1.200"]
    rows = blocks(made_report(store), Curves)[0].charts[0].rows
    assert [row[2] for row in rows] == ["▲1.2000", "1.5000", "0.1000"]


@pytest.fixture
def going(store: Path) -> Iterator[Path]:
    """Two finished runs, and one that is still running and the best of them."""
    add_runs(store, *({"name": f"r{at}", "metrics": {"accuracy": one}} for at, one in enumerate((0.97, 0.95))))
    run = track.start_run(run_name="still")
    track.log_metrics({"accuracy": 0.99})
    track.flush()
    yield store
    run.end()


def test_the_best_that_is_still_running_is_the_best_so_far(going: Path) -> None:
    """In the sentence, beside the best of the finished ones; in the figures, the table, the comparison and the mark."""
    report = made_report(going)
    assert summary(report).startswith(
        "3 runs of Default. The best so far is still #3, which is still running, with the highest accuracy, 0.9900; "
        "of those that have finished it is r0 #1, 0.9700."
    )
    assert figures(report)["best accuracy so far ↑?"] == ("0.9900", "still #3")
    cells = [row.cells[0] for row in blocks(report, Table)[0].table.rows]
    assert [(cell.best, cell.best_words) for cell in cells] == [(True, "best so far"), (False, "best"), (False, "best")]
    (line,) = [one for one in blocks(report, Compared)[0].comparison.lines if one.label == "accuracy"]
    assert [line.best_words(value) for value in line.values] == ["", "best so far"]
    assert report.document.marks == (
        "#3 was still running when this was made, and is the best so far: numbers may have changed since.",
    )


def test_the_main_metric_is_that_of_the_experiment(store: Path) -> None:
    """One with a value to reach, whichever runs are looked at, and also where another was logged first."""
    add_runs(
        store,
        {"metrics": {"loss": 0.5, "accuracy": 0.8}},
        *({"params": {"width": at}, "metrics": {"loss": 0.3 + at / 10, "accuracy": 0.9}} for at in range(2)),
        {"metrics": {"loss": 0.9}},
    )
    declare(store, ("loss", "min"), ("accuracy", "max"))
    assert figures(made_report(store, "params.width >= 0")).keys() >= {"best loss ↓"}
    declare(store, target=("accuracy", 0.85))
    for runs in (None, "params.width >= 0", ["#1", "#2"], ["#1", "#4"]):
        report = made_report(store, runs)
        assert "best accuracy ↑" in figures(report) or report.document.kind == "comparison"
        assert figures(report)["goal"][0] == "0.85"
        assert blocks(report, Table)[0].table.columns[0].key == "accuracy"
        assert [column["key"] for column in live(report)["columns"] if column["main"]] == ["accuracy"]


def test_runs_with_curves_come_before_single_values(store: Path) -> None:
    """Twenty are drawn; a point beside curves says nothing, and how many were left out is told."""
    add_runs(store, *({"name": f"point {at}", "metrics": {"accuracy": 0.9}} for at in range(25)))
    add_run(store, name="curve", metrics={"accuracy": [0.1, 0.2, 0.3]})
    (curves,) = blocks(made_report(store), Curves)
    assert [run.name for run in curves.choice.runs] == ["curve"]
    assert curves.notes == ("25 runs without a curve left out",)


def test_groups_are_summed_up_as_groups(store: Path) -> None:
    """Mean ± sd of each, which is the best, what they differ in; their runs are not taken together."""
    ids = add_runs(
        store,
        *(
            {"name": f"mlp-{width}", "params": {"width": width, "seed": seed}, "metrics": {"loss": loss + seed / 100}}
            for width, loss in ((8, 0.4), (64, 0.1))
            for seed in range(3)
        ),
    )
    report = made_report(store, group_comparison_of(Reader(store), [ids[:3], ids[3:]]))
    assert summary(report) == (
        "2 groups with 6 runs of Default. The best is mlp-64, with the lowest mean loss, 0.110 ± 0.010 (n=3), "
        "against 0.410 ± 0.010 (n=3) of mlp-8. They differ in 1 param: width."
    )
    told = figures(report)
    assert told["loss ↓? of mlp-8"] == ("0.410 ± 0.010", "n=3")
    assert told["loss ↓? of mlp-64"] == ("0.110 ± 0.010", "n=3, best")
    assert not any(label.startswith("best") or "mean" in label for label in told)


def test_runs_of_two_groups_are_compared_as_groups(store: Path) -> None:
    """Where each that was named has another from which it differs only in the seed, as `compare` has it."""
    add_runs(
        store,
        *(
            {"name": f"mlp-{width}", "params": {"width": width, "seed": seed}, "metrics": {"loss": loss + seed / 100}}
            for width, loss in ((8, 0.4), (64, 0.1))
            for seed in range(3)
        ),
    )
    report = made_report(store, "#1..#6")
    assert [(run.name, len(run.members)) for run in blocks(report, Compared)[0].comparison.runs] == [
        ("mlp-8", 3),
        ("mlp-64", 3),
    ]
    assert summary(report).startswith("2 groups with 6 runs of Default. The best is mlp-64, with the lowest mean loss")
    assert figures(report)["loss ↓? of mlp-64"] == ("0.110 ± 0.010", "n=3, best")
    assert len(blocks(made_report(store, "#1..#4"), Compared)[0].comparison.runs) == 4
    single = comparison_of(Reader(store), [run.run_id for run in Reader(store).runs()])
    assert len(blocks(made_report(store, single), Compared)[0].comparison.runs) == 6
    assert not blocks(made_report(store), Compared)[0].comparison.runs[0].members


def test_the_figure_of_a_group_is_named_after_the_group(tmp_path: Path) -> None:
    """Not after its first run, and it is said whose figure it is."""
    from made_reports import report_store

    store = report_store(tmp_path, count=4)
    ids = [run.run_id for run in reversed(track_runs(store))]
    report = made_report(store, group_comparison_of(Reader(store), [ids[:2], ids[2:]]))
    names = [run.name for run in blocks(report, Compared)[0].comparison.runs]
    shown = [figure.title for block in blocks(report, Figures) for figure in block.figures]
    assert shown == [f"{names[0]} · figure of #2", f"{names[1]} · figure of #4"]
