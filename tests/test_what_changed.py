"""What the card, `%track show` and the table say of other runs, in a real shell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shell_session import Notebook, notebook

from jupyter_track.store import edits
from jupyter_track.views.found import Runs
from jupyter_track.views.text import runs_text


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook whose file lies in the test's folder."""
    (tmp_path / "demo.ipynb").write_text("{}")
    with notebook(tmp_path, monkeypatch) as made:
        yield made


def lines(nb: Notebook) -> list[str]:
    """The lines of the last card without the run's duration."""
    return [line.rpartition("  ")[0] if line.startswith("✓") else line for line in nb.cards[-1].splitlines()]


def test_a_cell_that_runs_again_says_what_changed(nb: Notebook) -> None:
    """Params, and the lines of code that no param tells; another name on the line is no change."""
    nb.run("%%track base\nC = 0.1\naccuracy = float('0.5')\naccuracy", cell_id="a")
    nb.run("%%track other\nx = 1", cell_id="b")
    nb.run("%%track wide\nC = 1.0\naccuracy = 0.5 + C / 4\naccuracy", cell_id="a")
    assert lines(nb) == ["✓ wide #3  accuracy 0.7500 (+0.2500 ▲? vs #1)", "  C 0.1 → 1.0, 1 line of code"]
    nb.run("%%track again\nC = 1.0\naccuracy = 0.5 + C / 4\naccuracy", cell_id="a")
    assert lines(nb) == ["✓ again #4  accuracy 0.7500", "  repeat of #3 (×2), 0.7500 ± 0 (n=2)"]


def test_what_changed_outlives_the_kernel_and_the_notebooks_name(nb: Notebook, tmp_path: Path) -> None:
    """The store knows the run before, also under the name that the notebook had then."""
    nb.run("%%track base\nC = 0.1\naccuracy = 0.5", cell_id="a")
    assert nb.runs[0].notebook == "demo.ipynb"
    nb.hooks._last.clear()
    (tmp_path / "demo.ipynb").rename(tmp_path / "final.ipynb")
    edits_before = nb.runs[0]
    nb.run("%%track base\nC = 0.2\naccuracy = 0.6", cell_id="a")
    assert "C 0.1 → 0.2" in nb.cards[-1]
    assert nb.reader.previous(nb.runs[1]) == edits_before


def test_metrics_are_measured_against_the_baseline(nb: Notebook) -> None:
    """On the card and in the table; the baseline stands on top."""
    for accuracy in (0.5, 0.6, 0.7):
        nb.run(f"%%track svm\naccuracy = float({accuracy})\naccuracy", cell_id="a")
    edits.set_baseline(nb.store, nb.runs[0].run_id)
    nb.run("%%track svm\naccuracy = float(0.8)\naccuracy", cell_id="a")
    assert "accuracy 0.8000 (+0.3000 ▲? vs #1 baseline)" in nb.cards[-1]
    nb.run("%track")
    shown = nb.cards[-1].splitlines()
    assert shown[0].split()[:7] == ["#", "name", "changed", "accuracy", "↑?", "vs", "#1"]
    assert shown[1].split()[:5] == ["✓", "1", "svm", "baseline", "0.5000"]
    assert "+0.3000 ▲" in shown[2]


def test_a_parent_says_its_children_and_the_best(nb: Notebook) -> None:
    """On the card of the cell that made them, and in `%track show`."""
    nb.run(
        "%%track sweep\nimport jupyter_track as track\nfor C in (1, 2, 3):\n"
        "    with track.start_run(run_name=f'C{C}', nested=True):\n        track.log_metric('accuracy', C / 10)",
        cell_id="a",
    )
    parent = next(run for run in nb.runs if run.name == "sweep")
    best = next(run for run in nb.runs if run.name == "C3")
    told = f"best accuracy 0.3000 #{best.number}"
    assert f"children 3 · {told}" in nb.cards[-1]
    nb.run(f"%track show {parent.number}")
    assert f"3 · {told}" in nb.cards[-1]


def test_failed_attempts_and_repeats_fold_in_the_table(nb: Notebook) -> None:
    """In `%track`, and in what `track.runs` shows."""
    for _ in range(3):
        nb.run("%%track svm\naccuracy = float(0.5)\naccuracy", cell_id="a")
        nb.run("%%track svm\n1 / 0", cell_id="a")
    nb.run("%track")
    shown = nb.cards[-1].splitlines()
    assert len(shown) == 4
    assert "svm ×3" in shown[2]
    assert "▸ 3 failed attempts" in shown[1]
    assert "ZeroDivisionError ×3" in shown[1]
    assert "svm ×3" in runs_text(Runs(nb.reader.runs(), store=nb.store))
    assert "svm ×3" not in runs_text(nb.reader.runs())
