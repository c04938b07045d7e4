"""The table of runs: columns, rows, the best values, as data and as text."""

import math
from datetime import UTC
from typing import Any
from urllib.parse import unquote

import pytest
from made_records import NOW, made_metric, made_param, made_run

from jupyter_track.records import Run, RunError
from jupyter_track.views.columns import Column
from jupyter_track.views.format import Change
from jupyter_track.views.goals import Goal
from jupyter_track.views.run_cells import Cell
from jupyter_track.views.runs import TableBeside, run_table
from jupyter_track.views.text import runs_text, table_text


def sweep(count: int) -> list[Run]:
    """Return `count` runs, the newest first, that get better and differ in one param."""
    return [
        made_run(
            number,
            f"trial {number}",
            [made_metric("accuracy", [number / 1000]), made_metric("epochs", [5.0])],
            [made_param("C", number), made_param("kernel", "rbf")],
            start_time=NOW - (count - number) * 1000,
        )
        for number in range(count, 0, -1)
    ]


def test_no_run_is_a_sentence_and_an_action() -> None:
    """The empty state has no header and no footer."""
    assert runs_text([]) == "No runs here yet. Put %%track above a cell and run it."


def test_a_table_shows_what_differs_and_marks_the_best() -> None:
    """Equal columns are counted and not shown; the best is marked by the guessed goal, which the header says."""
    table = run_table(sweep(3), NOW, zone=UTC)
    assert table.columns == (
        Column("accuracy", "accuracy", "metric", goal=Goal("max", guessed=True), main=True),
        Column("C", "C", "param"),
    )
    assert [row.cells for row in table.rows] == [
        (Cell("0.003000", "0.003", best=True), Cell("3", "3")),
        (Cell("0.002000", "0.002"), Cell("2", "2")),
        (Cell("0.001000", "0.001"), Cell("1", "1")),
    ]
    assert table_text(table) == (
        "   #  name     accuracy ↑?  C  duration  age\n"
        "✓  3  trial 3   ▲ 0.003000  3    300 ms  now\n"
        "✓  2  trial 2     0.002000  2    300 ms  now\n"
        "✓  1  trial 1     0.001000  1    300 ms  now\n"
        "2 columns are equal or empty · as of 2025-11-03 14:26+00:00"
    )


def test_one_run_shows_all_that_has_room() -> None:
    """With nothing to compare nothing is called equal, and nothing is the best."""
    table = run_table(sweep(1), NOW, zone=UTC)
    assert [column.key for column in table.columns] == ["accuracy", "epochs", "C", "kernel"]
    assert (table.equal, table.differing, [cell.best for cell in table.rows[0].cells]) == (0, 0, [False] * 4)


def test_a_thousand_runs_show_fifty_and_say_where_the_best_is() -> None:
    """Columns and rows follow what is shown; the best is the best of all."""
    worse_later = list(reversed(sweep(1000)))
    table = run_table(worse_later, NOW, zone=UTC)
    assert (len(table.rows), table.more, table.best_elsewhere) == (50, 950, "best accuracy 1.000 #1000")
    assert not any(cell.best for row in table.rows for cell in row.cells)
    assert table_text(table).splitlines()[-1] == (
        "50 runs · 950 more · track.runs() · best accuracy 1.000 #1000 · "
        "2 columns are equal or empty · as of 2025-11-03 14:26+00:00"
    )


def test_a_part_of_the_runs_still_counts_all() -> None:
    """A caller that read only a page says how many there are."""
    assert run_table(sweep(3), NOW, total=40).more == 37


def test_at_most_three_other_metrics_and_four_params_have_a_column() -> None:
    """Those that differ and found no room are counted apart from those that are equal."""
    runs = [
        made_run(
            number,
            metrics=[made_metric(f"m{index}", [number + 0.5]) for index in range(7)],
            params=[made_param(f"p{index}", number) for index in range(6)] + [made_param("same", 1)],
        )
        for number in (2, 1)
    ]
    table = run_table(runs, NOW)
    assert [column.key for column in table.columns] == ["m0", "m1", "m2", "m3", "p0", "p1", "p2", "p3"]
    assert (table.differing, table.equal) == (5, 1)


def test_the_main_metric_is_the_declared_one_or_the_one_asked_for() -> None:
    """Else the one that was logged; a captured one only where there is nothing else."""
    metrics = [made_metric("probe", [0.5], "auto"), made_metric("loss", [0.5]), made_metric("f1", [0.5])]
    assert run_table([made_run(1, metrics=metrics)], NOW).columns[0].key == "loss"
    declared = made_run(1, metrics=metrics, goals={"f1": "max"})
    assert run_table([declared], NOW).columns[0] == Column("f1", "f1", "metric", goal=Goal("max"), main=True)
    assert run_table([declared], NOW, main="probe").columns[0].key == "probe"
    assert run_table([declared], NOW, main="absent").columns[0].key == "f1"


def test_ties_are_both_best_and_values_that_are_not_finite_never() -> None:
    """An infinite accuracy is a fault and not a record; where all are equal there is no best."""
    values = [0.9, 0.9, 0.5, math.inf, math.nan]
    runs = [made_run(index, metrics=[made_metric("accuracy", [value])]) for index, value in enumerate(values)]
    cells = [row.cells[0] for row in run_table(runs, NOW).rows]
    assert [(cell.text, cell.best) for cell in cells] == [
        ("0.9000", True), ("0.9000", True), ("0.5000", False), ("∞", False), ("NaN", False)
    ]  # fmt: skip
    assert not any(row.cells[0].best for row in run_table(runs[:2], NOW).rows)


def test_a_run_that_broke_off_is_not_the_best() -> None:
    """Failed, stopped and lost runs have no best value; one that finished is better than theirs."""
    states = {"failed": 0.1, "stopped": 0.2, "lost": 0.3, "finished": 0.4, "running": 0.5}
    runs = [
        made_run(number, metrics=[made_metric("loss", [value])], state=state, duration=60.0)
        for number, (state, value) in enumerate(states.items())
    ]
    rows = run_table(runs, NOW).rows
    assert [(row.state.word, row.cells[0].best) for row in rows] == [
        ("failed", False), ("stopped", False), ("lost (kernel died)", False), ("finished", True), ("running", False)
    ]  # fmt: skip
    assert not any(row.cells[0].best for row in run_table(runs[:3], NOW).rows)


@pytest.mark.parametrize(
    ("key", "cell"),
    [
        ("loss", Cell("best 0.3000 (n=3)", "the best of its children, whose params differ", muted=True)),
        ("width", Cell("1 to 3 (n=3)", "lowest and highest of its children", muted=True)),
    ],
)
def test_a_parent_of_a_sweep_shows_no_spread(key: str, cell: Cell) -> None:
    """Children with different params are no repeats: the best of them that is a result, or from where to where."""
    parent = made_run(1, "sweep")
    given = {"loss": (0.1, 0.3, 3), "width": (1, 2, 3)}[key]
    children = [
        made_run(
            number,
            f"C={number}",
            [made_metric(key, [value])],
            [made_param("C", number)],
            state="failed" if number == 2 else "finished",
            parent_run_id=parent.run_id,
            duration=60.0,
        )
        for number, value in enumerate(given, start=2)
    ]
    assert run_table([parent, *children], NOW).rows[0].cells[0] == cell


def test_deleted_runs_say_so() -> None:
    """Behind their names, and below the table how they come back."""
    table = run_table([made_run(2), made_run(1, lifecycle_stage="deleted")], NOW)
    assert [row.marks for row in table.rows] == [(), ("deleted",)]
    assert "1 run in the bin: .restore() takes it out" in table_text(table).splitlines()[-1]


def test_children_stand_below_their_parent_which_shows_their_spread() -> None:
    """A child whose parent is not there stays at the top; runs that are each other's parents are shown once."""
    parent = made_run(1, "sweep")
    children = [
        made_run(
            number, f"trial {number}", [made_metric("accuracy", [0.9 + number / 100])], parent_run_id=parent.run_id
        )
        for number in (4, 3)
    ]
    orphan = made_run(5, "orphan", parent_run_id="gone")
    left, right = (made_run(6, "left", parent_run_id=f"{7:032x}"), made_run(7, "right", parent_run_id=f"{6:032x}"))
    table = run_table([orphan, *children, parent, left, right], NOW)
    assert [(row.name, row.depth) for row in table.rows] == [
        ("orphan", 0), ("sweep", 0), ("trial 4", 1), ("trial 3", 1), ("left", 0), ("right", 1)
    ]  # fmt: skip
    assert table.rows[1].cells == (
        Cell("0.935 ± 0.007 (n=2)", "mean ± sd of its children with equal params", muted=True),
    )
    assert [line.split("  ")[2].strip() for line in table_text(table).splitlines()[3:5]] == ["└ trial 4", "└ trial 3"]


def test_a_param_that_only_some_runs_have_differs_unless_the_others_failed() -> None:
    """A run that broke early may not have come to its params."""
    with_it, without = made_run(2, params=[made_param("dropout", 0.5)]), made_run(1)
    assert [column.key for column in run_table([with_it, without], NOW).columns] == ["dropout"]
    broken = made_run(1, state="failed")
    assert [column.key for column in run_table([with_it, broken], NOW).columns] == []


def test_what_changed_stands_beside_the_name_where_no_column_shows_it() -> None:
    """Against the run before it in time of the same parent and experiment, in whatever order rows stand."""
    first = made_run(2, params=[made_param(f"p{index}", 1) for index in range(6)])
    second = made_run(1, params=[made_param(f"p{index}", 2) for index in range(6)])
    rows = run_table([first, second], NOW).rows
    assert [row.changed for row in rows] == [(), ("p4 1 → 2", "p5 1 → 2")]


def test_params_of_words_are_left_aligned_and_long_ones_cut() -> None:
    """Numbers stand to the right as metrics do; what was not written by the user is muted."""
    runs = [
        made_run(2, params=[made_param("path", "a" * 60), made_param("n", 2, "inherited")]),
        made_run(1, params=[made_param("path", "b"), made_param("n", 0.5, "inherited")]),
    ]
    table = run_table(runs, NOW)
    assert [(column.key, column.right) for column in table.columns] == [("path", False), ("n", True)]
    assert table.rows[0].cells == (Cell("a" * 16 + "…" + "a" * 15, "a" * 60), Cell("2", "2", muted=True))


def test_the_main_metric_has_a_curve_where_points_are_handed_in() -> None:
    """In the run's colour, small."""
    runs = sweep(2)
    table = run_table(runs, NOW, curves={runs[0].run_id: [(0, 0.1), (1, 0.2)]})
    sparks = [row.cells[0].spark for row in table.rows]
    assert sparks[1] is None
    assert sparks[0] is not None
    assert (sparks[0].width, sparks[0].height) == (72, 18)


def test_the_curves_of_a_column_have_one_scale_where_that_was_chosen() -> None:
    """That of all runs of the table; else each has its own, and both look the same."""
    runs = [
        made_run(2, "half", [made_metric("accuracy", [0.0, 0.5])]),
        made_run(1, "whole", [made_metric("accuracy", [0.0, 1.0])]),
    ]
    curves = {run.run_id: [(0, 0.0), (1, run.metrics["accuracy"].last)] for run in runs}
    own, shared = (
        [row.cells[0].spark for row in run_table(runs, NOW, curves=curves, shared=switch).rows]
        for switch in (False, True)
    )
    lines = [
        [unquote(spark.uri).partition("d='")[2].partition("'")[0] for spark in each if spark] for each in (own, shared)
    ]
    assert lines == [["M3.5,14.5h0L68.5,3.5"] * 2, ["M3.5,14.5h0L68.5,9", "M3.5,14.5h0L68.5,3.5"]]


def test_a_running_run_shows_how_long_it_has_been_going() -> None:
    """A lost one has no duration."""
    runs = [made_run(2, state="running", duration=None), made_run(1, state="lost", duration=None)]
    rows = run_table(runs, NOW).rows
    assert [(row.state.word, row.duration) for row in rows] == [("running", "2:00"), ("lost (kernel died)", "")]


def test_wide_characters_keep_the_text_aligned() -> None:
    """A name in Japanese takes two columns a character."""
    runs = [made_run(2, "基準"), made_run(1, "base")]
    lines = table_text(run_table(runs, NOW)).splitlines()
    assert lines[1] == "✓  2  基準    300 ms  2 min"
    assert lines[2] == "✓  1  base    300 ms  1 min"


# ---- rows of several runs


def attempt(number: int, error: str = "ValueError", **fields: Any) -> Run:
    """Return a run that failed within a second and logged nothing."""
    return made_run(number, "oops", state="failed", error=RunError(error, "no"), **fields)


def accurate(number: int, accuracy: float, name: str = "svm", width: int = 1, **fields: Any) -> Run:
    """Return a run with an accuracy and a param."""
    return made_run(number, name, [made_metric("accuracy", [accuracy])], [made_param("C", width)], **fields)


def test_failed_attempts_fold_into_one_row() -> None:
    """At the place of the newest, with what they failed with; they are counted as runs."""
    runs = [accurate(9, 0.9), attempt(8), accurate(7, 0.8, width=2), attempt(6, "KeyError"), attempt(5)]
    table = run_table(runs, NOW, total=10)
    assert [(row.number, row.name, row.changed, row.run_ids) for row in table.rows] == [
        ("9", "svm", (), (runs[0].run_id,)),
        ("", "▸ 3 failed attempts", ("ValueError ×2", "KeyError"), tuple(runs[index].run_id for index in (1, 3, 4))),
        ("7", "svm", (), (runs[2].run_id,)),
    ]
    assert (table.rows[1].state.word, table.rows[1].duration, table.rows[1].cells) == (
        "failed",
        "",
        (Cell(""), Cell("")),
    )
    assert table.more == 5
    assert len(run_table(runs, NOW, fold=False).rows) == 5


@pytest.mark.parametrize(
    "other",
    [
        attempt(8, duration=5.1),
        attempt(8, duration=None),
        attempt(8, note="why"),
        attempt(8, pinned=True),
        attempt(8, parent_run_id="f" * 32),
        attempt(8, experiment_id="1"),
        made_run(8, "oops", [made_metric("loss", [1.0])], state="failed"),
        made_run(8, "oops", state="stopped"),
    ],
)
def test_an_attempt_worth_a_look_has_a_row_of_its_own(other: Run) -> None:
    """One that ran long, logged a metric, has a note or a pin, or stands elsewhere; a single attempt too."""
    assert {row.name for row in run_table([attempt(9), other], NOW).rows} == {"oops"}


def test_a_failed_attempt_with_a_file_or_children_has_a_row_of_its_own() -> None:
    """What it made can be looked at."""
    runs = [attempt(9), attempt(8), accurate(7, 0.9, parent_run_id=f"{8:032x}")]
    assert [row.name for row in run_table(runs, NOW).rows] == ["oops", "oops", "svm"]
    beside = TableBeside(with_files={runs[0].run_id})
    assert [row.name for row in run_table(runs[:2], NOW, beside=beside).rows] == ["oops", "oops"]


def test_repeats_fold_into_a_row_with_their_mean_and_spread() -> None:
    """Named after the newest; the mean is what counts for the best, also where one of them is better."""
    runs = [accurate(number, value) for number, value in ((9, 0.964), (8, 0.962), (7, 0.96))]
    other = accurate(6, 0.963, width=2)
    table = run_table([*runs, other], NOW, beside=TableBeside(sources={run.run_id: "x" for run in (*runs, other)}))
    assert [(row.number, row.marks, row.run_ids) for row in table.rows] == [
        ("9", ("×3",), tuple(run.run_id for run in runs)),
        ("6", (), (other.run_id,)),
    ]
    assert [row.cells[0] for row in table.rows] == [
        Cell("0.962 ± 0.002", "mean ± sd, n = 3; the newest 0.964"),
        Cell("0.9630", "0.963", best=True),
    ]
    assert table_text(table).splitlines()[1] == "✓  9  svm ×3  0.962 ± 0.002  1    300 ms  9 min"


def test_repeats_of_one_metric_that_is_missing_say_how_many_there_are() -> None:
    """`n` is only left out where the row says it."""
    runs = [accurate(9, 0.964), accurate(8, 0.962), made_run(7, "svm", params=[made_param("C", 1)])]
    table = run_table(runs, NOW, beside=TableBeside(sources={run.run_id: "x" for run in runs}))
    assert table.rows[0].cells[0].text == "0.9630 ± 0.0014 (n=2)"


def test_the_baseline_and_pinned_runs_stand_on_top_and_the_others_are_measured() -> None:
    """The baseline first; within the noise of repeats a change has no arrow."""
    base = accurate(5, 0.96, baseline_run_id=f"{5:032x}")
    again = accurate(4, 0.964, baseline_run_id=f"{5:032x}")
    runs = [
        accurate(9, 0.99, "new", 2, baseline_run_id=base.run_id),
        accurate(8, 0.961, "near", 3, baseline_run_id=base.run_id),
        accurate(7, 0.9, "kept", 4, pinned=True, baseline_run_id=base.run_id),
        base,
        again,
    ]
    beside = TableBeside(sources={run.run_id: "x" for run in runs}, previous={})
    table = run_table(runs, NOW, beside=beside)
    assert [(row.number, row.marks, row.top) for row in table.rows] == [
        ("5", ("×2", "baseline"), True),
        ("7", ("pinned",), True),
        ("9", (), False),
        ("8", (), False),
    ]
    cells = [row.cells[0] for row in table.rows]
    assert [(cell.change, cell.noise) for cell in cells] == [
        (None, ""),
        (Change("−0.0620", "worse"), ""),
        (Change("+0.0280", "better"), "within noise (n=2)"),
        (Change("−0.0010", "worse"), "within noise (n=2)"),
    ]
    assert table.versus == "vs #5"
    assert table_text(table).splitlines()[0].split() == [
        "#", "name", "accuracy", "↑?", "vs", "#5", "C", "duration", "age"
    ]  # fmt: skip
    assert "−0.0620 ▼" in table_text(table)


def test_a_baseline_that_is_not_among_the_runs_still_measures_them() -> None:
    """A filter may have left it out."""
    base = accurate(5, 0.96)
    runs = [accurate(9, 0.99, baseline_run_id=base.run_id), accurate(8, 0.96, width=2, baseline_run_id=base.run_id)]
    table = run_table(runs, NOW, beside=TableBeside(baselines={"0": base}))
    assert [row.cells[0].change for row in table.rows] == [Change("+0.0300", "better"), Change("same", "same")]


def test_what_changed_goes_by_the_run_before_of_the_same_cell() -> None:
    """With the code where it differs; of repeats since the run before the first of them."""
    runs = [accurate(9, 0.9), accurate(8, 0.91), accurate(7, 0.8, width=2)]
    earlier = accurate(3, 0.7, width=3)
    beside = TableBeside(
        sources={runs[0].run_id: "x", runs[1].run_id: "x", runs[2].run_id: "z", earlier.run_id: "y"},
        codes={runs[1].run_id: "a\nb\nd\ne", runs[2].run_id: "a\nb", earlier.run_id: "a\nc"},
        previous={runs[0].run_id: runs[1], runs[1].run_id: runs[2], runs[2].run_id: earlier},
    )
    table = run_table(runs, NOW, beside=beside)
    assert [(row.marks, row.changed) for row in table.rows] == [
        (("×2",), ("2 lines of code",)),
        ((), ("1 line of code",)),
    ]


# ---- several experiments


def test_rows_of_several_experiments_say_which_and_have_a_metric_each() -> None:
    """Each experiment has its first metric before another has its second; what still has no column is said."""
    runs = [
        made_run(
            10 * group + index,
            metrics=[made_metric(f"m{group}{key}", [float(index)]) for key in "ab"],
            experiment_id=str(group),
            experiment_name=f"exp {group}",
        )
        for group in range(5)
        for index in range(5 - group)
    ]
    table = run_table(runs, NOW)
    assert [column.key for column in table.columns] == ["m0a", "m1a", "m2a", "m3a"]
    assert (table.mixed, table.rows[0].experiment, table.rows[-1].experiment) == (True, "exp 0", "exp 4")
    assert (table.rows[0].changed, table.rows[-1].changed) == ((), ("m4a 0",))
    assert table_text(table).splitlines()[0].split()[:3] == ["#", "name", "experiment"]


def test_a_metric_that_only_some_runs_have_differs() -> None:
    """Also where it is the same in all that have it; a run that has none, failed or goes on does not count."""
    both = [made_metric("loss", [0.5]), made_metric("f1", [0.5])]
    with_it, without = made_run(3, metrics=both), made_run(2, metrics=both[:1])
    assert [column.key for column in run_table([with_it, without], NOW).columns] == ["loss", "f1"]
    for other in (made_run(2), made_run(2, state="running"), made_run(2, metrics=both[:1], state="failed")):
        assert [column.key for column in run_table([with_it, other], NOW).columns] == ["loss"]
