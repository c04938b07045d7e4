"""A notebook that was renamed keeps its runs; a copy stays its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, notebook

import jupyter_track as track
from jupyter_track.recording.session import session
from jupyter_track.store.choices import keep_choices, read_choices
from jupyter_track.store.reader import Reader

CELL = "%%track\nC = 1\nfloat('0.5')"


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which ``demo.ipynb`` has made two runs of the cell ``a1``."""
    (tmp_path / "demo.ipynb").write_text("{}")
    with notebook(tmp_path, monkeypatch) as nb:
        nb.run(CELL, cell_id="a1")
        nb.run(CELL, cell_id="a1")
        _ = nb.runs
    return tmp_path


@pytest.fixture
def open_as(earlier: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Open the folder in a new session, as another notebook."""
    with notebook(earlier, monkeypatch) as nb:

        def opened(name: str) -> Notebook:
            session.notebook = earlier / name
            return nb

        yield opened


def notebooks(nb: Notebook) -> list[str | None]:
    """The path of each run's notebook, by number."""
    return [run.notebook for run in nb.runs]


def test_the_runs_go_along(earlier: Path, open_as: object) -> None:
    """The first tracked cell gives them the new path, and its card says so in a line; the second says nothing."""
    (earlier / "demo.ipynb").rename(earlier / "final.ipynb")
    nb = open_as("final.ipynb")  # type: ignore[operator]
    nb.run(CELL, cell_id="a1")
    assert "renamed: 2 runs of demo.ipynb are this notebook's" in nb.cards[0]
    assert notebooks(nb) == ["final.ipynb"] * 3
    nb.run(CELL, cell_id="a1")
    assert "renamed" not in nb.cards[0]


def experiments(nb: Notebook) -> list[str]:
    """The experiment of each run, by number."""
    return [run.experiment_name for run in nb.runs]


@pytest.fixture
def named_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which ``demo.ipynb`` has made two runs in the experiment that is called after it."""
    (tmp_path / "demo.ipynb").write_text("{}")
    with notebook(tmp_path, monkeypatch) as nb:
        session.notebook, session.default_experiment = tmp_path / "demo.ipynb", "demo"
        for _ in range(2):
            nb.run(CELL, cell_id="a1")
        assert experiments(nb) == ["demo"] * 2
        keep_choices(session.tracker().store, "demo.ipynb", "table", {"filter": "pinned"})
    (tmp_path / "demo.ipynb").rename(tmp_path / "final.ipynb")
    return tmp_path


@pytest.mark.parametrize(
    ("prepare", "line", "names"),
    [
        ("", "", ["final"] * 3),
        ("track.create_experiment('final')", "", ["demo", "demo", "final"]),  # the name is taken
        ("track.TrackClient().create_run(track.get_experiment_by_name('demo').experiment_id)", "", None),
        ("", " -e demo", ["demo"] * 3),  # it is a name that the person gives
        ("", " -e other", ["demo", "demo", "other"]),
        ("track.set_experiment('mine')", "", ["demo", "demo", "mine"]),
        ("track.delete_experiment(track.get_experiment_by_name('demo').experiment_id)", "", ["demo", "demo", "final"]),
    ],
    ids=["free", "taken", "shared", "named", "other", "set", "deleted"],
)
def test_its_experiment_follows_the_name(
    named_after: Path, monkeypatch: pytest.MonkeyPatch, prepare: str, line: str, names: list[str] | None
) -> None:
    """Where it is called after the notebook and holds its runs alone, and the new name is free; the card says so."""
    with notebook(named_after, monkeypatch) as nb:
        session.notebook, session.default_experiment = named_after / "final.ipynb", "final"
        nb.run(f"import jupyter_track as track\n{prepare}")
        nb.run(CELL.replace("%%track", f"%%track{line}"), cell_id="a1")
        followed = "renamed: 2 runs of demo.ipynb are this notebook's, and its experiment demo is final now"
        assert (followed in nb.cards[0]) == (names == ["final"] * 3)
        track.flush()
        found = sorted(Reader(session.tracker().store).runs(view_type=3), key=lambda run: run.number or 0)
        own = [run.experiment_name for run in found if run.notebook == "final.ipynb" and run.cell_id == "a1"]
        assert own == (names or ["demo", "demo", "final"])
        assert read_choices(session.tracker().store, "final.ipynb", "table") == {"filter": "pinned"}


def test_a_copy_is_its_own(earlier: Path, open_as: object) -> None:
    """The file of the earlier path is still there."""
    (earlier / "copy.ipynb").write_text("{}")
    nb = open_as("copy.ipynb")  # type: ignore[operator]
    nb.run(CELL, cell_id="a1")
    assert "renamed" not in nb.cards[0]
    assert notebooks(nb) == ["demo.ipynb", "demo.ipynb", "copy.ipynb"]


@pytest.mark.parametrize("cell_id", [None, "b2", "W0sZmlsZQ==", "vscode-notebook-cell:/x/demo.ipynb#W0sZmlsZQ%3D%3D"])
def test_what_is_no_proof(earlier: Path, open_as: object, cell_id: str | None) -> None:
    """Another cell, none, and ids of a front end that counts cells."""
    (earlier / "demo.ipynb").unlink()
    nb = open_as("final.ipynb")  # type: ignore[operator]
    nb.run(CELL, cell_id=cell_id)
    assert notebooks(nb) == ["demo.ipynb", "demo.ipynb", "final.ipynb"]


def test_a_notebook_that_is_known_takes_nothing(earlier: Path, open_as: object) -> None:
    """Where runs lie under its own path already, a notebook that was deleted is none of it."""
    nb = open_as("final.ipynb")  # type: ignore[operator]
    nb.run(CELL, cell_id="c3")
    nb.hooks._recognised.clear()
    (earlier / "demo.ipynb").unlink()
    nb.run(CELL, cell_id="a1")
    assert notebooks(nb) == ["demo.ipynb", "demo.ipynb", "final.ipynb", "final.ipynb"]


def test_also_a_cell_without_the_line(earlier: Path, open_as: object) -> None:
    """A run that ``%track on`` opens late says it too."""
    (earlier / "demo.ipynb").rename(earlier / "final.ipynb")
    nb = open_as("final.ipynb")  # type: ignore[operator]
    nb.run("%track on")
    nb.run("acc = float('0.5')\nimport jupyter_track as track\ntrack.log(loss=1)", cell_id="a1")
    assert "renamed: 2 runs of demo.ipynb are this notebook's" in nb.cards[0]


def test_a_store_that_cannot_be_read_harms_no_cell(earlier: Path, open_as: object) -> None:
    """The cell runs, and says that it is not tracked."""
    nb = open_as("final.ipynb")  # type: ignore[operator]
    (earlier / "track.db").write_bytes(b"no database" * 500)
    assert nb.run("%%track\nx = 1", cell_id="a1").success
    assert nb.cards[0].startswith("This cell is not tracked: ")
