"""Tables of several runs, joined by a key."""

from __future__ import annotations

import math

import pytest

from jupyter_track.errors import InvalidValue
from jupyter_track.views.joined import Cell, JoinedRow, Table, join

ONE = Table(("question", "answer", "truth"), [["a", "a red car", "car"], ["b", "yes", "no"], ["c", "1", "1"]])
OTHER = Table(("answer", "question", "truth"), [["yes", "b", "no"], ["a blue car", "a", "car"], ["2", "d", "2"]])


def test_changed_rows_come_first_with_the_words_that_differ() -> None:
    """Columns that are the same everywhere are shown once; rows that not all runs have follow."""
    found = join([ONE, OTHER], "question")
    assert (found.shared, found.differing) == (("truth",), ("answer",))
    found = join([ONE, Table(OTHER.columns, OTHER.rows[:2])], "question")
    assert (found.changed, found.partial, found.equal) == ((("a", 0),), (("c", 0),), (("b", 0),))
    assert found.told == "1 of 3 rows changed · 1 not in all runs"
    found = join([ONE, Table(OTHER.columns, [*OTHER.rows[:2], ["1", "c", "1"]])], "question")
    assert (found.shared, found.differing, found.total) == (("truth",), ("answer",), 3)
    words = Cell((("a ", False), ("blue", True), (" car", False)))
    assert found.page(0) == [JoinedRow("a", "changed", ("car",), ((Cell((("a red car", False),)), words),))]
    assert [(row.key, row.status) for row in found.page(0, equal=True)] == [
        ("a", "changed"),
        ("b", "equal"),
        ("c", "equal"),
    ]
    assert found.page(1, equal=True)[0].cells == ((Cell((("yes", False),)), Cell((("yes", False),), same=True)),)


def test_a_row_that_a_run_lacks_has_no_cells() -> None:
    """It is not the same as an empty cell."""
    row = join([ONE, OTHER], "question").page(1)[0]
    assert (row.key, row.status, row.cells[0]) == ("c", "partial", (Cell((("1", False),)), None))


def test_a_column_that_a_run_lacks_differs() -> None:
    """And the rows are not called changed for it where they are equal otherwise."""
    found = join([ONE, Table(("question", "answer"), [[row[0], row[1]] for row in ONE.rows])], "question")
    assert (found.differing, len(found.changed)) == (("truth",), 3)
    assert found.page(0, 1)[0].cells[0][1] is None


def test_equal_keys_are_matched_in_order() -> None:
    """The first with the first; how many there are is said."""
    double = Table(("k", "v"), [["x", 1], ["x", 2]])
    found = join([double, Table(("k", "v"), [["x", 1], ["x", 3]])], "k")
    assert (found.changed, found.equal, found.repeated) == ((("x", 1),), (("x", 0),), 2)
    assert "2 with a key that is there twice" in found.told


def test_what_is_no_text_is_compared_by_its_value() -> None:
    """NaN is equal to NaN, lists and dates are compared as text."""
    one = Table(("k", "v", "w"), [[1, math.nan, [1, 2]], [2.5, 0.1, None]])
    found = join([one, Table(("k", "v", "w"), [[1, math.nan, [1, 2]], [2.5, 0.1 + 1e-12, None]])], "k")
    assert (found.equal, found.changed) == ((("1", 0),), (("2.5", 0),))
    assert [cell and cell.text for cell in found.page(0)[0].cells[0]] == ["0.1", "0.10000000000100001"]


def test_a_table_without_the_key_is_refused() -> None:
    """With the columns that it has."""
    with pytest.raises(InvalidValue, match="no column 'id' to be joined by; it has question, answer, truth"):
        join([ONE, OTHER], "id")


def test_many_rows_are_joined_and_only_a_page_is_written_out() -> None:
    """100,000 rows in three tables."""
    rows = [[number, f"answer {number}"] for number in range(100_000)]
    other = [[number, f"answer {number + (number % 1000 == 0)}"] for number in range(100_000)]
    found = join([Table(("k", "v"), rows), Table(("k", "v"), other), Table(("k", "v"), rows)], "k")
    assert (len(found.changed), len(found.equal)) == (100, 99_900)
    assert [row.key for row in found.page(90)] == [str(number) for number in range(90_000, 100_000, 1000)]
