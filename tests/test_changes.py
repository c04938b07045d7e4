"""What changed from one run to another, as data and in a few words; and diffs of code."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import made_param, made_run

from jupyter_track.views.changes import CodeChange, Difference, code_change, difference
from jupyter_track.views.diffs import DiffLine, opcodes, unified

CODE = "C = 0.1\nmodel = SVC(C=C)\nmodel.fit(X, y)\n"


def test_params_that_changed_came_and_went() -> None:
    """Those that the user wrote first; a real minus sign."""
    earlier = made_run(1, params=[made_param("seed", 1, "inherited"), made_param("C", 0.1), made_param("momentum", 1)])
    later = made_run(2, params=[made_param("seed", 2, "inherited"), made_param("C", 1), made_param("dropout", 0.1)])
    found = difference(later, earlier)
    assert found.short(9) == ("C 0.1 → 1", "+dropout 0.1", "−momentum", "seed 1 → 2")
    assert found.short() == ("C 0.1 → 1", "+dropout 0.1", "+2")
    assert found.short(hidden=["C", "dropout"]) == ("−momentum", "seed 1 → 2")
    assert (found.code, found.code_known, found.equal) == (None, False, False)
    inherited = difference(made_run(3, params=[made_param("seed", 1, "inherited")]), made_run(1))
    assert (inherited.short(), inherited.equal, len(inherited.params)) == ((), False, 1)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (0.014472516939445, 0.43432122174613186, "lr 0.01447 → 0.4343"),
        (2e-05, 3.0000000000000004e-05, "lr 2e-05 → 3e-05"),
        (0.1, 0.43432122174613186, "lr 0.1 → 0.4343"),
        (0.43432122174613186, 0.43432122174613996, "lr 0.434321…4613186 → 0.434321…4613996"),
    ],
)
def test_a_long_number_has_the_digits_that_a_table_shows(before: float, after: float, told: str) -> None:
    """A fraction that was drawn at random loses no digits in its middle, unless two read alike otherwise."""
    earlier, later = (made_run(number, params=[made_param("lr", lr)]) for number, lr in ((1, before), (2, after)))
    assert difference(later, earlier).short() == (told,)


def test_what_a_failed_run_lacks_is_no_change() -> None:
    """It may not have come so far."""
    earlier, later = made_run(1, params=[made_param("C", 1)]), made_run(2, state="failed")
    assert difference(later, earlier).params == ()
    assert difference(earlier, later).params == ()


def test_code_is_counted_in_lines_and_stands_before_params_that_nobody_wrote() -> None:
    """It is never among the rest that is only counted, however many params changed."""
    earlier = made_run(1, params=[made_param(key, 1) for key in "abc"] + [made_param("n", 1, "config")])
    later = made_run(2, params=[made_param(key, 2) for key in "abc"] + [made_param("n", 2, "config")])
    found = difference(later, earlier, "x\ny\nz", "x\n1\n2")
    assert found.code == CodeChange(added=2, removed=2, lines=2)
    assert found.short() == ("a 1 → 2", "2 lines of code", "+3")
    assert difference(made_run(2), made_run(1), "x\ny", "x").short() == ("1 line of code",)


def test_equal_code_and_params_are_known_to_be_equal() -> None:
    """Where the code of one is not known nothing is called equal."""
    one, other = made_run(1, params=[made_param("C", 1)]), made_run(2, params=[made_param("C", 1)])
    assert difference(other, one, CODE, CODE) == Difference((), None, True)
    assert difference(other, one, CODE, CODE).equal
    assert not difference(other, one, CODE, None).equal


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("C = 0.1\nfit()", "C = 1\nfit()", 0),
        ("SVC(C=0.1, kernel='rbf')", "SVC(C=1, kernel='poly')", 0),
        ("params = {'C': 0.1}", "params = {'C': 1}", 0),
        ("lr = 1e-3", "lr = 1e-2", 0),
        ("C = 0.1  # small", "C = 1  # large", 1),
        ("C = 0.1", "C = 2", 1),
        ("CC = 0.1", "CC = 1", 1),
        ("C = 0.12", "C = 12", 1),
        ("fit()", "dropout = 0.5\nfit()", 0),
        ("momentum = 0.9\nfit()", "fit()", 0),
        ("fit()", "dropout = 0.6\nfit()", 1),
        ("fit()", "\nfit()", 1),
        ("a\nb", "c", 2),
        ("a", "", 1),
    ],
)
def test_a_line_that_a_param_tells_does_not_count(before: str, after: str, lines: int) -> None:
    """`C 0.1 → 1` says it already; a comment on the same line, or another value, it does not say."""
    earlier = made_run(
        1,
        params=[
            made_param("svc.C", 0.1),
            made_param("kernel", "rbf"),
            made_param("lr", 0.001, written="1e-3"),
            made_param("momentum", 0.9),
        ],
    )
    later = made_run(
        2,
        params=[
            made_param("svc.C", 1),
            made_param("kernel", "poly"),
            made_param("lr", 0.01, written="1e-2"),
            made_param("dropout", 0.5),
        ],
    )
    change = code_change(before, after, difference(later, earlier).params)
    assert change is not None
    assert change.lines == lines
    assert bool(change.text) == bool(lines)


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "x = 1"]), max_size=30)


@given(TEXTS, TEXTS)
def test_opcodes_turn_one_text_into_the_other(before: list[str], after: list[str]) -> None:
    """Every line of both is in one part, and equal parts are equal."""
    found = opcodes(before, after)
    assert [line for _, a, b, _, _ in found for line in before[a:b]] == before
    assert [line for _, _, _, c, d in found for line in after[c:d]] == after
    assert all((before[a:b] == after[c:d]) == (tag == "equal") for tag, a, b, c, d in found)


@given(TEXTS, TEXTS)
def test_a_unified_diff_holds_the_changes_of_difflib(before: list[str], after: list[str]) -> None:
    """As many lines come and go as the lines tell, and with all of the context both texts can be read from it."""
    whole = unified("\n".join(before), "\n".join(after), context=1000)
    old, new = "\n".join(before).splitlines(), "\n".join(after).splitlines()
    assert (whole == ()) == (old == new)
    if whole:
        assert [line.text for line in whole if line.sign in " -"] == old
        assert [line.text for line in whole if line.sign in " +"] == new


def test_context_is_three_lines_and_the_rest_is_left_out() -> None:
    """The same lines as difflib's, with the line where a part begins in place of its head."""
    before = [f"line {number}" for number in range(40)]
    after = [line.replace("line 20", "changed") for line in before if line != "line 2"] + ["end"]
    ours = [
        line.sign if line.sign == "@" else line.sign + line.text
        for line in unified("\n".join(before), "\n".join(after))
    ]
    theirs = [
        "@" if line.startswith("@@") else line for line in list(difflib.unified_diff(before, after, lineterm=""))[2:]
    ]
    assert ours == theirs[1:]  # nothing is left out before the first part
    assert [line.text for line in unified("\n".join(before), "\n".join(after)) if line.sign == "@"] == [
        "line 17", "line 37"
    ]  # fmt: skip


def test_changed_words_of_a_line_are_told() -> None:
    """Only where the lines are alike, and are as many on both sides."""
    assert unified("fit(C=0.1)", "fit(C=10, n=2)") == (
        DiffLine("-", (("fit(C=", False), ("0.1", True), (")", False))),
        DiffLine("+", (("fit(C=", False), ("10, n=2", True), (")", False))),
    )
    assert unified("lr = 0.1", "lr = 0.15")[0].parts == (("lr = ", False), ("0.1", True))
    assert unified("alpha beta", "x = 3") == (
        DiffLine("-", (("alpha beta", False),)),
        DiffLine("+", (("x = 3", False),)),
    )


def test_a_very_long_text_counts_as_replaced() -> None:
    """Comparing every line with every other would take minutes."""
    before = [f"a {number}" for number in range(3000)]
    after = [f"b {number}" for number in range(3000)]
    assert opcodes(["same", *before, "end"], ["same", *after, "end"]) == [
        ("equal", 0, 1, 0, 1), ("replace", 1, 3001, 1, 3001), ("equal", 3001, 3002, 3001, 3002)
    ]  # fmt: skip
