"""The code of two runs cell by cell."""

from __future__ import annotations

from jupyter_track.views.cell_diffs import WHOLE, cell_lines


def lines(before: list[str], after: list[str], context: int = 3) -> list[str]:
    """The diff as its lines with their signs."""
    return [line.sign + line.text for line in cell_lines(before, after, context)]


def test_unchanged_cells_are_one_line() -> None:
    """And the lines of the others are told by cell; the whole code on request."""
    before = ["import x\nimport y", "z = 1", "a = 1\nb = 2", "end"]
    after = ["import x\nimport y", "z = 1", "a = 1\nb = 3", "end"]
    assert lines(before, after) == [
        "@cells 1 to 2 · 3 lines, unchanged",
        "@cell 3",
        " a = 1",
        "-b = 2",
        "+b = 3",
        "@cell 4 · 1 line, unchanged",
    ]
    assert lines(before, after, WHOLE)[:4] == [
        "@cells 1 to 2 · 3 lines, unchanged",
        " import x",
        " import y",
        " z = 1",
    ]


def test_cells_that_come_and_go() -> None:
    """A new cell is all insertions, one that is gone all deletions."""
    assert lines(["a = 1"], ["a = 1", "b = 2"]) == ["@cell 1 · 1 line, unchanged", "@cell 2 · new", "+b = 2"]
    assert lines(["a = 1", "b = 2"], ["a = 1"]) == [
        "@cell 1 · 1 line, unchanged",
        "@a cell that is gone",
        "-b = 2",
    ]


def test_a_part_inside_a_long_cell_says_where_it_is() -> None:
    """Three lines of context around a change."""
    code = "\n".join(f"line {number}" for number in range(20))
    found = lines([code, "x"], [code.replace("line 10", "line ten"), "x"])
    assert found[0] == "@cell 1, line 8"
    assert found[1:6] == [" line 7", " line 8", " line 9", "-line 10", "+line ten"]


def test_one_cell_has_no_heading_and_equal_code_no_diff() -> None:
    """The common case reads as a plain diff."""
    assert lines(["C = 1"], ["C = 2"]) == ["-C = 1", "+C = 2"]
    assert lines(["C = 1", "x"], ["C = 1", "x"]) == []
