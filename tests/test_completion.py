"""Tab on a line of ours, and on every other line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, files_of, notebook

from jupyter_track.notebook.magics import completions
from jupyter_track.notebook.options import OPTION_NAMES


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded."""
    with notebook(tmp_path, monkeypatch) as made:
        yield made


def offered(nb: Notebook, text: str, cursor: int | None = None) -> list[str]:
    """What IPython's completer offers at a place of a cell, the end by default."""
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return [one.text for one in nb.shell.Completer.completions(text, len(text) if cursor is None else cursor)]


def test_options(nb: Notebook) -> None:
    """All options after a space, and those that begin with what is typed; nothing else is mixed in."""
    assert offered(nb, "%%track ") == sorted(OPTION_NAMES)
    assert offered(nb, "%%track --m") == ["--max", "--metric", "--min"]
    assert offered(nb, "%%track base -q --no-f\nx = 1", 22) == ["--no-figures"]


def test_commands(nb: Notebook) -> None:
    """``%track`` completes its commands."""
    assert offered(nb, "%track s") == ["show", "status", "store"]
    assert offered(nb, "x = 1\n%track st") == ["status", "store"]


def test_runs(nb: Notebook) -> None:
    """``%track show`` completes numbers and names of runs, the newest first."""
    assert "last" not in offered(nb, "%track show l")
    assert files_of(nb.folder) == set()
    nb.run("%%track alpha\n1")
    nb.run("%%track beta\n1")
    _ = nb.reader
    assert [word for word, _ in completions("%track show ")] == ["last", "#2", "#1", "beta", "alpha"]
    assert offered(nb, "%track show be") == ["beta"]


def test_a_store_that_cannot_be_read(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """Tab offers nothing and prints nothing."""
    (nb.folder / "track.db").write_bytes(b"not a database" * 100)
    assert "last" not in offered(nb, "%track show l")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["", "\n", "x = 1\n", "x = 1\n\n", "%%track\n", "%%track a\nlen", "%%track"])
def test_elsewhere_tab_is_ipythons(nb: Notebook, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Nothing of ours on other lines and on empty ones, and no traceback in the terminal."""
    found = offered(nb, text)
    assert [word for word in found if word in OPTION_NAMES] == []
    assert capsys.readouterr() == ("", "")
    if text.endswith("len"):
        assert "len" in found
