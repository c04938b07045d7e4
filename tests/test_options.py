"""The line of ``%%track``: what it says, and the one line that is said where it is wrong."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_track.errors import InvalidValue
from jupyter_track.notebook.options import KINDS, OPTION_NAMES, Options, make_parser, parse

QUOTED = "text of several words is put in quotes."


def test_an_empty_line_says_nothing() -> None:
    """All options are optional."""
    assert parse("") == Options()


def test_every_option() -> None:
    """Short and long forms, in any order, with shell quotes."""
    short = parse("base -e digits -p C=0.1 -t stage=test -m f1:min -n 'a note' -q --max acc --min loss")
    long = parse("--quiet --note 'a note' --metric f1:min --max acc --min loss --tag stage=test --param C=0.1 "
                 "--experiment 'digits' base")  # fmt: skip
    assert short == long
    assert short == Options(
        name="base",
        experiment="digits",
        params={"C": 0.1},
        tags={"stage": "test"},
        metrics=("f1", "acc", "loss"),
        goals={"f1": "min", "acc": "max", "loss": "min"},
        note="a note",
        quiet=True,
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1e-3", 0.001),
        ("True", True),
        ("None", None),
        ("[1,2]", [1, 2]),
        ("rbf", "rbf"),
        ("'7'", "7"),
        ("a=b", "a=b"),
        ("", ""),
        ("-1", -1),
        ("(" * 300, "(" * 300),
    ],
)
def test_a_param_is_a_literal_or_text(text: str, value: Any) -> None:
    """-p takes a Python literal where the value is one, else the text; the first = divides."""
    found = parse(f'-p "key={text}"').params["key"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("kind", KINDS)
def test_switches(kind: str) -> None:
    """Each kind of automatic capture has a switch."""
    assert parse(f"--no-{kind}") == Options(without=frozenset({kind}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a b", f"%%track: unrecognized arguments: b; {QUOTED} '%%track?' shows the options."),
        (
            "--no-git-",
            "%%track: unrecognized arguments: --no-git-; did you mean --no-git? '%%track?' shows the options.",
        ),
        ("--xyz", "%%track: unrecognized arguments: --xyz. '%%track?' shows the options."),
        ("--quie", "%%track: unrecognized arguments: --quie; did you mean --quiet? '%%track?' shows the options."),
        ("a b --mx c", "%%track: unrecognized arguments: b --mx c; did you mean --max? '%%track?' shows the options."),
        ("-h", "%%track: unrecognized arguments: -h. '%%track?' shows the options."),
        ("-e", "%%track: argument -e/--experiment: expected one argument. '%%track?' shows the options."),
        ("-e ' '", "%%track: the name of an experiment must not be blank."),
        ("''", "%%track: the name of a run must not be blank."),
        ("-p C", "%%track: -p takes KEY=VALUE, not 'C'."),
        ("-t C", "%%track: -t takes KEY=VALUE, not 'C'."),
        ("-m a:best", "%%track: -m takes NAME, NAME:max or NAME:min, not 'a:best'."),
        (
            "-m a-b",
            "%%track: 'a-b' is not the name of a variable; track.log_metric('a-b', …) logs a metric of that name.",
        ),
        (
            "--min val/loss",
            "%%track: 'val/loss' is not the name of a variable; track.define_metric('val/loss', 'min') states the goal "
            "of a metric that is logged.",
        ),
        (
            "--max val/acc=0.9",
            "%%track: 'val/acc' is not the name of a variable; track.define_metric('val/acc', 'max', target=0.9) "
            "states the goal of a metric that is logged.",
        ),
        ("-m a$", "%%track: 'a$' is not the name of a variable."),
        ("--max a --min a", "%%track: the goal of 'a' cannot be both max and min."),
        ("-m a:min --max a", "%%track: the goal of 'a' cannot be both max and min."),
        ("-m a:max -m a:min", "%%track: the goal of 'a' cannot be both max and min."),
        ("'open", "%%track: the line cannot be read (No closing quotation): 'open"),
        (
            "status",
            "%%track: a run cannot be called 'status', which is a subcommand; 'status-1' would do. '%track status' has "
            "one per cent sign.",
        ),
    ],
)
def test_what_is_wrong_is_said(line: str, message: str) -> None:
    """One line that names the option, and no traceback of argparse's, no exit."""
    with pytest.raises(InvalidValue) as caught:
        parse(line)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("line", "given", "option"),
    [
        ("-n two words", "-n two", "-n"),
        ("base -q --note two words", "", ""),
        ("--note=two words", "--note=two", "--note"),
        ("-e my words", "-e my", "-e"),
        ("-t stage=first words", "-t stage=first", "-t"),
        ("-p text=first words", "-p text=first", "-p"),
        ("--max acc --param=kernel=rbf  words -q", "--param=kernel=rbf", "--param"),
    ],
)
def test_text_without_quotes_does_not_name_the_run(line: str, given: str, option: str) -> None:
    """The second word of a note would be the run's name; so NAME may not stand behind text without quotes."""
    with pytest.raises(InvalidValue) as caught:
        parse(line)
    assert str(caught.value) == (
        f"%%track: 'words' stands behind {given!r}. A value of several words has to be quoted "
        f'({option} "two words"), and the name of the run comes before the options.'
        if given
        else f"%%track: unrecognized arguments: words; {QUOTED} '%%track?' shows the options."
    )


@pytest.mark.parametrize(
    "line",
    [
        "words -n two",
        "-n 'two' words",
        '-n "see -e x y" words',
        "-n two 'words'",
        "-p C=0.1 words",
        "--param=C=[1,2] words",
        "--max acc words",
        "-q words",
    ],
)
def test_a_name_that_is_clearly_one_may_stand_anywhere(line: str) -> None:
    """Before the options, behind what is quoted, behind a number, a variable's name and a switch."""
    assert parse(line).name == "words"


def test_a_bad_key_is_said() -> None:
    """A key that cannot be a param's is refused before the cell runs."""
    with pytest.raises(InvalidValue, match="holds '!'"):
        parse("-p 'a!=1'")


def test_the_same_goal_twice_is_fine() -> None:
    """-m a:max --max a says one thing."""
    assert parse("-m a:max --max a") == Options(metrics=("a",), goals={"a": "max"})


def test_a_target_stands_behind_the_metric() -> None:
    """NAME=TARGET of --max and --min; another target than a finite number is refused."""
    found = parse("--max acc=0.97 --min loss=1e-3 --min mae")
    assert found.goals == {"acc": "max", "loss": "min", "mae": "min"}
    assert found.targets == {"acc": 0.97, "loss": 0.001}
    for text in ("--max acc=high", "--min loss=nan"):
        with pytest.raises(InvalidValue, match="the target of"):
            parse(text)


def test_option_names_are_those_of_the_parser() -> None:
    """What Tab offers is what the parser takes, and each option has help."""
    assert set(OPTION_NAMES) == {
        "--experiment", "--param", "--tag", "--metric", "--max", "--min", "--note", "--quiet", "--system",
        *(f"--no-{kind}" for kind in KINDS),
    }  # fmt: skip
    assert [action.dest for action in make_parser()._actions if not action.help] == []


@given(st.text(max_size=60))
def test_any_line_is_read_or_refused_in_one_line(line: str) -> None:
    """No line raises anything but InvalidValue."""
    with contextlib.suppress(InvalidValue):
        assert isinstance(parse(line), Options)


def test_a_message_is_one_line() -> None:
    """Also where the user's value holds a line break."""
    with pytest.raises(InvalidValue) as caught:
        parse("-p 'a\nb'")
    assert "\n" not in str(caught.value)
