"""Tab on a line of ours, and on every other line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, files_of, notebook

from jupyter_track.notebook.completion import completions
from jupyter_track.notebook.desk import Desk
from jupyter_track.notebook.options import OPTION_NAMES


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded."""
    with notebook(tmp_path, monkeypatch) as made:
        yield made


def offered(nb: Notebook, text: str, cursor: int | None = None) -> list[str]:
    """The words that IPython's completer makes of the one at a place of a cell, the end by default."""
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        found = list(nb.shell.Completer.completions(text, len(text) if cursor is None else cursor))
    return sorted((text[: one.start] + one.text).split()[-1] for one in found)


def test_options(nb: Notebook) -> None:
    """All options after a space, and those that begin with what is typed; nothing else is mixed in."""
    assert offered(nb, "%%track ") == sorted(OPTION_NAMES)
    assert offered(nb, "%%track --m") == ["--max", "--metric", "--min"]
    assert offered(nb, "%%track base -q --no-f\nx = 1", 22) == ["--no-figures"]


def test_commands(nb: Notebook) -> None:
    """``%track`` completes its commands."""
    assert offered(nb, "%track s") == ["scatter", "search", "show", "status", "stop", "store"]
    assert offered(nb, "x = 1\n%track sta") == ["status"]
    assert offered(nb, "%track clean --a") == ["--apply"]


def test_runs(nb: Notebook) -> None:
    """A verb completes what names a run: words, names (the newest first), numbers behind a ``#``."""
    assert "last" not in offered(nb, "%track show l")
    assert files_of(nb.folder) == set()
    nb.run("%%track alpha\n1")
    nb.run("%%track beta\n1")
    _ = nb.reader
    desk = Desk(nb.shell, nb.hooks)
    words = ["last", "last~1", "best", "best:", "beta", "alpha"]
    assert [word for word, _ in completions(desk, "%track show ")] == words
    assert [word for word, _ in completions(desk, "%track pin alpha #")] == ["#2", "#1"]
    assert offered(nb, "%track show bet") == ["beta"]


def test_names_with_blanks_are_quoted(nb: Notebook) -> None:
    """As the line takes them, with the quote that was begun."""
    nb.run("%%track 'two words' -e 'my nets'\n1")
    nb.run("%%track twin\n1")
    _ = nb.reader
    found = {
        begun: [word for word, _ in completions(Desk(nb.shell, nb.hooks), f"%track {begun}")]
        for begun in ("show tw", "show 'tw", 'pin twin "tw', "runs -e ")
    }
    assert found == {
        "show tw": ["twin"],
        "show 'tw": ["'twin'", "'two words'"],
        'pin twin "tw': ['"twin"', '"two words"'],
        "runs -e ": ["demo", "Default", "'my nets'"],
    }
    assert "'two words'" in [word for word, _ in completions(Desk(nb.shell, nb.hooks), "%track show ")]
    assert offered(nb, "%track show 'two") == ["words'"]  # the last word of what stands there then
    nb.run("%track show 'two words'")
    assert "two words" in nb.cards[-1]


def test_experiments(nb: Notebook) -> None:
    """Behind ``-e``, and where runs are moved to."""
    nb.run("%%track alpha -e digits\n1")
    _ = nb.reader
    assert offered(nb, "%%track beta -e di") == ["digits"]
    assert offered(nb, "%track on -e di") == ["digits"]
    assert offered(nb, "%track move alpha di") == ["digits"]


def test_metrics_behind_best(nb: Notebook) -> None:
    """Those whose goal is known."""
    nb.run("%%track alpha --max accuracy\naccuracy = float('0.5')")
    _ = nb.reader
    assert offered(nb, "%track show best:a") == ["best:accuracy"]


def test_keys_in_charts_and_filters(nb: Notebook) -> None:
    """Params and metrics behind the verbs that take them, and the keys of a filter behind ``metrics.`` and the like."""
    nb.run("%%track one -e nets -t stage=draft --max accuracy -p 'two words=1'\nlr = 0.1\naccuracy = float('0.5')")
    _ = nb.reader
    words = {
        line: [word for word, _ in completions(Desk(nb.shell, nb.hooks), f"%track {line}")]
        for line in (
            "scatter l",
            "scatter lr ",
            "importance ",
            "parallel -m ",
            "curves accuracy --group ",
            "runs metrics.",
            "runs -e nets params.l",
            "board params.lr > 0 AND tags.s",
            "tag one metrics.",
        )
    }
    assert words == {
        "scatter l": ["lr"],
        "scatter lr ": ["lr", "'two words'", "accuracy"],
        "importance ": ["accuracy"],
        "parallel -m ": ["accuracy"],
        "curves accuracy --group ": ["seed", "lr", "'two words'"],
        "runs metrics.": ["metrics.accuracy"],
        "runs -e nets params.l": ["params.lr"],
        "board params.lr > 0 AND tags.s": ["tags.stage"],
        "tag one metrics.": [],
    }
    assert offered(nb, "%track runs metrics.a") == ["metrics.accuracy"]


def test_deleted_runs(nb: Notebook) -> None:
    """``%track restore`` completes what is in the bin."""
    nb.run("%%track alpha\n1")
    nb.run("%%track beta\n1")
    nb.run("%track delete alpha")
    desk = Desk(nb.shell, nb.hooks)
    assert [word for word, _ in completions(desk, "%track restore ")] == ["#1", "alpha"]


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
