"""Where ``%%track`` is looked for, and what is left of the cell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_track.notebook.transformer import Found, Head, find, head_of, make_transformer


def lines_of(cell: str) -> list[str]:
    """The lines of a cell as IPython hands them over."""
    return cell.splitlines(keepends=True)


def transformed(cell: str) -> str:
    """What our transformer alone leaves of a cell; it is run twice, and the second time changes nothing."""
    track_line = make_transformer()
    once = track_line(lines_of(cell))
    assert track_line(list(once)) == once
    return "".join(once)


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("%%track\nx\n", "\nx\n"),
        ("%%track base --max a\nx\ny\n", "\nx\ny\n"),
        ("%%track\n%%time\nx\n", "%%time\nx\n"),
        ("%%time\n%%track\nx\n", "%%time\nx\n"),
        ("%%capture out\n%%time\n%%track a\nx\n", "%%capture out\n%%time\nx\n"),
        ("%%time -n\n\n%%track\nx\n", "%%time -n\n\nx\n"),
        ("%%track\n%%bash\nls\n", "%%bash\nls\n"),
        ("%%track\n\n\nx\n", "\n\n\nx\n"),
        ("%%track\n# only this\n", "\n# only this\n"),
        ("%%track\n%time x\n", "\n%time x\n"),
    ],
)
def test_the_line_is_taken_away(cell: str, left: str) -> None:
    """It is left empty, so that line numbers stay, and dropped where the next line has to be the first."""
    assert transformed(cell) == left


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1\n",
        "%%tracker\nx\n",
        "%%track?\n",
        "%track\n",
        " %%track\nx\n",
        "%%bash\n%%track\nx\n",
        "%%writefile a\n%%track\nx\n",
        's = """\n%%track\n"""\n',
        '%matplotlib inline\ns = """\n%%track\n"""\n',
        "!ls\ns = f'''\n%%track\n'''\n",
        "# %%track\nx\n",
        "",
    ],
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    """Other magics and their bodies, help, strings, comments."""
    assert transformed(cell) == cell


@pytest.mark.parametrize("cell", ["x = 1\n%%track\n", "!ls\n%%track\nx\n", "s = 'a'\n%%track base\ny = '''\n'''\n"])
def test_elsewhere_it_is_an_error(cell: str) -> None:
    """``%%track`` below other code is a mistake that is said."""
    with pytest.raises(UsageError, match="%%track has to be the first line of the cell"):
        transformed(cell)


@pytest.mark.parametrize("cell", ["%%track", "%%track\n", "%%track a\n \n\n", "%%time\n%%track\n"])
def test_an_empty_body_is_an_error(cell: str) -> None:
    """There is nothing to run."""
    with pytest.raises(UsageError, match="there is nothing to run below the line"):
        transformed(cell)


def test_a_wrong_option_is_an_error_before_the_cell_runs() -> None:
    """The transformer reads the options, so that IPython runs nothing."""
    with pytest.raises(UsageError, match="unrecognized arguments: --nope"):
        transformed("%%track --nope\nx\n")


@pytest.mark.parametrize("line", ["run-{i}", "{a['b c']}", "-p {key}={n * 2}", "-m $name", "--max {a} --min {b}"])
def test_variables_wait_for_their_values(line: str) -> None:
    """What stands in braces is read when the cell begins, not by the transformer."""
    assert transformed(f"%%track {line}\nx\n") == "\nx\n"


def test_ipython_asks_whether_a_cell_is_complete_without_us() -> None:
    """At the prompt an unfinished cell with a wrong option is not an error yet."""
    manager = TransformerManager()
    manager.cleanup_transforms.append(make_transformer())
    assert manager.check_complete("%%track --nope\nfor x in y:")[0] == "incomplete"
    assert manager.check_complete("%%track\nx = 1\n\n")[0] == "complete"
    assert manager.check_complete("x = 1")[0] == "complete"


def test_find() -> None:
    """Where the line stands, and what follows the name."""
    assert find(lines_of("%%track  a -q \nx")) == Found(0, "a -q ")
    assert find(lines_of("%%time\n%%track a\nx")) == Found(1, "a")
    assert find(lines_of("x\n%%track")) is None


@pytest.mark.parametrize(
    ("cell", "head"),
    [
        ("%%track a\nx\n", Head("a", "x\n", 0)),
        ("\n\n%%track a\nx\n", Head("a", "x\n", 0)),
        (">>> %%track a\n>>> x\n", Head("a", "x\n", 0)),
        ("%%track a\n%%time\nx\n", Head("a", "x\n", 2)),
        ("%%time\n%%track\nx\n", Head("", "x\n", 2)),
        ("x\n", None),
        ("'%%track'\n", None),
    ],
)
def test_the_head_of_a_cell_as_typed(cell: str, head: Head | None) -> None:
    """The hooks find the line where the transformer found it: after what IPython takes off."""
    manager = TransformerManager()
    shell = SimpleNamespace(input_transformers_cleanup=[*manager.cleanup_transforms, make_transformer()])
    assert head_of(cell, shell) == head


@given(st.text(alphabet="%track \n'\"x=?!{}\\", max_size=80))
def test_any_cell_is_changed_refused_or_left(cell: str) -> None:
    """No cell makes the transformer raise anything but UsageError, and it is pure."""
    given_lines = lines_of(cell)
    before = list(given_lines)
    track_line = make_transformer()
    try:
        first = track_line(given_lines)
    except UsageError:
        with pytest.raises(UsageError):
            track_line(given_lines)
    else:
        assert track_line(given_lines) == first
    assert given_lines == before
