"""The table of runs: columns, rows, the best values, as data and as text."""

import math
from datetime import UTC

from made_records import NOW, made_metric, made_param, made_run

from jupyter_track.records import Run
from jupyter_track.views.columns import Column
from jupyter_track.views.goals import Goal
from jupyter_track.views.runs import Cell, run_table
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
        "50 runs · 950 more · track.search_runs() · best accuracy 1.000 #1000 · "
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
    assert table.rows[1].cells == (Cell("0.935 ± 0.007 (n=2)", "mean ± sd of its children", muted=True),)
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
