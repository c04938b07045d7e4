"""A comparison as Markdown."""

from __future__ import annotations

from made_records import made_metric, made_param, made_run

from jupyter_track.views.comparison import compare
from jupyter_track.views.comparison_markdown import escaped


def test_what_differs_is_a_table_and_the_code_a_diff() -> None:
    """It reads on GitHub as in the notebook; nothing from outside is markup, and a fence holds what it must."""
    one = made_run(9, "base|line", [made_metric("accuracy", [0.95])], [made_param("C", 0.1), made_param("k", "*a*")])
    other = made_run(12, "<b>", [made_metric("accuracy", [0.96])], [made_param("C", 1), made_param("k", "_b_")])
    found = compare([one, other], {one.run_id: "s = 1", other.run_id: "s = '```'"})
    assert found.to_markdown() == (
        "|  | \\#9 base\\|line | \\#12 \\<b\\> |\n"
        "| --- | --- | --- |\n"
        "| code |  | 1 line of code |\n"
        "| params C | 0.1 | 1 |\n"
        "| params k | \\*a\\* | \\_b\\_ |\n"
        "| metrics accuracy ↑? | 0.9500 | **0.9600** +0.0100 ▲? |\n"
        "\n"
        "code of \\#12 against \\#9: 1 line added, 1 removed\n"
        "\n"
        "````diff\n"
        "-s = 1\n"
        "+s = '```'\n"
        "````\n"
    )


def test_text_on_several_lines_stays_on_one() -> None:
    """A line end would end the table."""
    assert escaped("a\nb | c`") == "a b \\| c\\`"


def test_the_numbers_of_the_frame_are_those_of_the_store() -> None:
    """To the digit, with the params as they were set."""
    one = made_run(1, "a", [made_metric("loss", [0.1 + 0.2])], [made_param("C", 0.1)])
    other = made_run(2, "b", [made_metric("loss", [1 / 3])], [made_param("C", 1), made_param("long " * 9, True)])
    frame = compare([one, other]).df
    assert frame.loc[("metrics", "loss")].tolist() == [0.1 + 0.2, 1 / 3]
    assert frame.loc[("params", "C")].tolist() == [0.1, 1]
    assert frame.loc[("params", "long " * 9)].tolist() == [None, True]
    assert list(frame.columns) == ["#1 a", "#2 b"]
