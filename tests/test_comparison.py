"""Runs side by side: what differs, which is better, and the code as a diff; as data, text and HTML."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_records import made_metric, made_param, made_run
from made_stores import add_runs, made_store, with_code

from jupyter_track.errors import InvalidValue, NotFound
from jupyter_track.records import Run
from jupyter_track.store.reader import Reader
from jupyter_track.views import text
from jupyter_track.views.changes import CodeChange
from jupyter_track.views.comparison import Comparison, Line, Value, compare, comparison_of, foot, telling_cuts
from jupyter_track.views.comparison_html import comparison_html
from jupyter_track.views.format import Change
from jupyter_track.views.goals import Goal
from jupyter_track.views.statistics import PREDICTION
from jupyter_track.views.tokens import STATES


def trained(number: int, name: str, accuracy: float, **fields: Any) -> Run:
    """Return a run with an accuracy, a param that is the same in all, and C as its number."""
    return made_run(
        number,
        name,
        [made_metric("accuracy", [accuracy]), made_metric("epochs", [5.0])],
        [made_param("kernel", "rbf"), made_param("C", number)],
        **fields,
    )


ONE, OTHER = trained(9, "baseline", 0.9521), trained(12, "wide", 0.9641, goals={"accuracy": "max"})
CODE = "import numpy\n\nC = 9\nmodel = SVC(C=C)\nmodel.fit(X, y)\nscore()"


def test_what_differs_has_a_line_and_the_rest_is_counted() -> None:
    """The first run is what the other is measured against; code, params, metrics, in this order."""
    sources = {ONE.run_id: CODE, OTHER.run_id: CODE.replace("C = 9", "C = 12").replace("score()", "print(score())")}
    found = compare([ONE, OTHER], sources)
    assert [run.number for run in found.runs] == ["#9", "#12"]
    assert found.lines == (
        Line("code", "", (Value(""), Value("1 line of code", "2 added, 2 removed"))),
        Line("params", "C", (Value("9"), Value("12")), right=True),
        Line(
            "metrics",
            "accuracy",
            (Value("0.9521", "0.9521"), Value("0.9641", "0.9641", change=Change("+0.0120", "better"), best=True)),
            Goal("max"),
            right=True,
        ),
    )
    assert found.equal == (("params", 1), ("metrics", 1))
    assert [(diff.number, diff.against, diff.change, diff.cut) for diff in found.diffs] == [
        ("#12", "#9", CodeChange(2, 2, 2), 0)
    ]
    assert text.comparison_text(found) == (
        "                     #9 baseline  #12 wide\n"
        "code                              1 line of code\n"
        "params   C           9            12\n"
        "metrics  accuracy ↑  0.9521       0.9641 +0.0120 ▲\n"
        "equal: 1 param, 1 metric\n"
        "\n"
        "code of #12 against #9: 2 lines added, 2 removed\n"
        "  import numpy\n"
        "\n"
        "− C = 9\n"
        "+ C = 12\n"
        "  model = SVC(C=C)\n"
        "  model.fit(X, y)\n"
        "− score()\n"
        "+ print(score())"
    )
    assert str(found) == text.comparison_text(found)


def test_nothing_differs_is_said() -> None:
    """And what was looked at is counted."""
    found = compare([ONE, replace(ONE, run_id="f" * 32, number=10)], {ONE.run_id: CODE, "f" * 32: CODE})
    assert (found.lines, found.diffs) == ((), ())
    assert text.comparison_text(found).splitlines()[-1] == "nothing differs · equal: code, 2 params, 2 metrics"


def test_a_param_that_only_one_run_has_differs() -> None:
    """Those that the user wrote come first; a long value is cut where it tells."""
    one = made_run(1, params=[made_param("n", 1, "config"), made_param("path", "data/" + "a" * 50 + "1" + "b" * 50)])
    other = made_run(2, params=[made_param("path", "data/" + "a" * 50 + "2" + "b" * 50), made_param("dropout", 0.1)])
    lines = compare([one, other]).lines
    assert [line.label for line in lines] == ["path", "dropout", "n"]
    cuts = [value.text for value in lines[0].values]
    assert cuts[0] != cuts[1]
    assert {len(cut) for cut in cuts} == {32}
    assert [value.text for value in lines[1].values] == ["", "0.1"]


@pytest.mark.parametrize(
    ("texts", "cuts"),
    [
        (["a", "b"], ["a", "b"]),
        (["x" * 20, "y" * 20], ["xxxxxx…xxxxx", "yyyyyy…yyyyy"]),
        (["", "x" * 9 + "1" + "y" * 9], ["", "xxxxxx…yyyyy"]),
        (["x" * 9 + "1" + "y" * 9, "x" * 9 + "2" + "y" * 9], ["…xxxxxx1yyyy", "…xxxxxx2yyyy"]),
    ],
)
def test_texts_that_differ_still_do_when_cut(texts: list[str], cuts: list[str]) -> None:
    """Two long paths that differ in the middle must not look the same."""
    assert telling_cuts(texts, 12) == cuts


def test_repeats_tell_the_mean_and_what_is_noise() -> None:
    """The change is that of the means; within the noise it is not called better."""
    group = [trained(number, "r", value) for number, value in ((9, 0.961), (8, 0.962), (7, 0.963))]
    near, far = trained(12, "near", 0.9625), trained(13, "far", 0.99)
    found = compare([group[0], near, far], repeats={group[0].run_id: group})
    line = next(line for line in found.lines if line.label == "accuracy")
    assert line.values == (
        Value("0.9610", "0.961", spread="0.9620 ± 0.0010 (n=3)"),
        Value(
            "0.9625",
            "0.9625",
            change=Change("+0.0005", "better"),
            means=True,
            noise="within noise (n=3)",
            interval="95 % −0.0045 to +0.0055",
            method=PREDICTION,
        ),
        Value(
            "0.9900",
            "0.99",
            change=Change("+0.0280", "better"),
            means=True,
            best=True,
            interval="95 % +0.0230 to +0.0330",
            method=PREDICTION,
        ),
    )
    assert [run.repeats for run in found.runs] == [3, 1, 1]
    assert text.comparison_text(found).splitlines()[2].split("  ")[-1] == (
        "0.9900 +0.0280 of means ▲? (95 % +0.0230 to +0.0330) best"
    )
    assert "0.9625 +0.0005 of means within noise (n=3) (95 % −0.0045 to +0.0055)" in text.comparison_text(found)
    assert foot(found)[-1] == f"intervals: {PREDICTION}"


def test_the_verdict_is_the_same_whichever_repeat_is_named(tmp_path: Path) -> None:
    """All repeats of a run count, those after it too: the first of them is no single value against the others."""
    store = made_store(tmp_path)
    same = {"cell_id": "c1", "duration": 1.0}
    values = (0.90, 0.96, 0.93, 0.91, 0.95)
    first = with_code(store, *({**same, "metrics": {"accuracy": value}} for value in values), code=b"fit()")
    other = with_code(store, {**same, "metrics": {"accuracy": 0.94}}, code=b"fit(2)")
    lines = [comparison_of(Reader(store), [one, *other]).lines for one in first]
    (changes,) = {
        (value.spread, second.change, second.noise)
        for found in lines
        for line in found
        if line.label == "accuracy"
        for value, second in [line.values]
    }
    assert changes == ("0.93 ± 0.03 (n=5)", Change("+0.0100", "better"), "within noise (n=5)")
    assert "+0.0100 of means within noise (n=5)" in text.comparison_text(
        comparison_of(Reader(store), [first[0], *other])
    )


def test_a_run_that_broke_off_is_not_the_best() -> None:
    """What a run had when it failed or was stopped is no result; the best is among those that finished."""
    runs = [
        made_run(number, metrics=[made_metric("loss", [value])], state=state)
        for number, value, state in ((1, 0.5, "finished"), (2, 0.1, "failed"), (3, 0.4, "running"), (4, 0.2, "stopped"))
    ]
    (line,) = [line for line in compare(runs).lines if line.label == "loss"]
    assert [value.best for value in line.values] == [False, False, True, False]


@pytest.mark.parametrize(("more", "said"), [(1, "1 more run is not shown"), (2, "2 more runs are not shown")])
def test_runs_that_are_not_shown_are_counted(more: int, said: str) -> None:
    """One is not called several."""
    assert foot(compare([made_run(1), made_run(2)], total=2 + more))[0] == said


def test_a_metric_that_is_missing_or_no_number_is_not_measured() -> None:
    """NaN in both is equal, and NaN against a number has no change."""
    nan = made_run(1, metrics=[made_metric("loss", [math.nan]), made_metric("x", [math.nan]), made_metric("y", [1.0])])
    other = made_run(2, metrics=[made_metric("loss", [0.5]), made_metric("x", [math.nan])])
    lines = compare([nan, other]).lines
    assert [(line.label, [value.text for value in line.values]) for line in lines] == [
        ("loss", ["NaN", "0.5000"]), ("y", ["1", ""])
    ]  # fmt: skip
    assert all(value.change is None for line in lines for value in line.values)


def test_tags_environment_and_facts_come_last() -> None:
    """Tags of the tracker are no tags of the person; the commit is shown by its first digits."""
    tags = {"keep": "yes", "mlflow.source.git.commit": "a" * 40, "jupyter_track.git.dirty": "false"}
    one = made_run(1, own_tags=tags, note="first")
    other = made_run(
        2, own_tags={**tags, "keep": "no", "mlflow.source.git.commit": "b" * 40}, experiment_name="x", duration=5.0
    )
    assert [
        (line.group, line.label, [value.text for value in line.values]) for line in compare([one, other]).lines
    ] == [
        ("tags", "keep", ["yes", "no"]),
        ("environment", "commit", ["a" * 12, "b" * 12]),
        ("run", "experiment", ["Default", "x"]),
        ("run", "note", ["first", ""]),
        ("run", "duration", ["300 ms", "5.0 s"]),
    ]


def test_code_that_is_not_recorded_is_said() -> None:
    """There is no diff then, and nothing is called equal; of code that is there it says its length, and shows it."""
    found = compare([ONE, OTHER, trained(13, "third", 0.5)], {ONE.run_id: CODE, OTHER.run_id: CODE})
    assert [value.text for value in found.lines[0].values] == ["", "same", "not recorded"]
    assert found.diffs == ()
    only = compare([ONE, OTHER], {OTHER.run_id: CODE})
    count = f"{len(CODE.splitlines())} lines"
    assert [value.text for value in only.lines[0].values] == ["not recorded", count]
    (code,) = only.diffs
    assert (code.title, code.cut) == (f"code of #{OTHER.number}: {count}", 0)
    assert [(line.sign, line.text) for line in code.lines] == [(" ", line) for line in CODE.splitlines()]
    first = compare([ONE, OTHER], {ONE.run_id: CODE})
    assert [value.text for value in first.lines[0].values] == [count, "not recorded"]
    long = compare([ONE, OTHER], {OTHER.run_id: "a = 1\n" * 100}).diffs[0]
    assert (len(long.lines), long.cut) == (40, 60)
    assert [line.group for line in compare([ONE, OTHER]).lines] == ["params", "metrics"]


def test_eight_runs_are_shown_and_one_is_no_comparison() -> None:
    """The others are counted."""
    runs = [trained(number, f"trial {number}", number / 100) for number in range(1, 12)]
    found = compare(runs)
    assert (len(found.runs), found.more) == (8, 3)
    assert "3 more runs are not shown" in text.comparison_text(found)
    with pytest.raises(InvalidValue, match="two runs or more, not 1"):
        compare(runs[:1])


def test_a_failed_run_says_so_in_its_heading() -> None:
    """Beside its name, in words."""
    found = compare([ONE, made_run(2, "broken", state="failed")])
    assert found.runs[1].state == STATES["failed"]
    assert text.comparison_text(found).splitlines()[0].endswith("#9 baseline  #2 broken ✗ failed")


def test_a_long_diff_is_cut_and_says_so() -> None:
    """A notebook that is pasted as a whole does not fill the page."""
    after = "\n".join(f"line {number}" for number in range(1000))
    found = compare([ONE, OTHER], {ONE.run_id: "x", OTHER.run_id: after})
    assert (len(found.diffs[0].lines), found.diffs[0].cut) == (400, 601)
    assert text.comparison_text(found).splitlines()[-1] == "… 601 more lines"


def test_the_html_says_what_the_text_says() -> None:
    """A diff keeps its signs, and changed words have a ground of their own."""
    sources = {ONE.run_id: CODE, OTHER.run_id: CODE.replace("C = 9", "C = 12")}
    form = comparison_html(compare([ONE, OTHER], sources))
    assert '<span style="background:rgba(219,109,40,0.15)">− C = <span' in form
    assert '<span style="background:rgba(56,139,253,0.4)">12</span>' in form
    assert "code of #12 against #9: 1 line added, 1 removed" in form
    assert isinstance(compare([ONE, OTHER]), Comparison)
    assert compare([ONE, OTHER], sources)._repr_html_() == form


def test_a_comparison_reads_what_it_needs(tmp_path: Path) -> None:
    """In the order that was asked for, each run once."""
    store = made_store(tmp_path)
    ids = add_runs(store, {"params": {"C": 1}}, {"params": {"C": 2}, "metrics": {"loss": [1.0, 0.5]}})
    found = comparison_of(Reader(store), [ids[1], ids[0], ids[1]])
    assert [run.run_id for run in found.runs] == [ids[1], ids[0]]
    assert [(line.label, [value.text for value in line.values]) for line in found.lines] == [
        ("C", ["2", "1"]), ("loss", ["0.5000", ""])
    ]  # fmt: skip
    with pytest.raises(NotFound, match="There is no run 'none'"):
        comparison_of(Reader(store), [ids[0], "none"])
