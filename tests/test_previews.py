"""What a run's page shows of its files: pictures, and the first rows of tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from shell_session import notebook

from jupyter_track.records import Artifact
from jupyter_track.views.previews import pictures_in, table_preview
from jupyter_track.views.text import details_text


def test_figures_come_first_and_of_steps_the_last() -> None:
    """What is no picture is left out."""
    some = [
        Artifact("a.png", "1" * 64, 9, "image/png", "image"),
        *(Artifact(f"images/digit/{at:08d}.png", "2" * 64, 9, "image/png", "image") for at in (0, 5)),
        Artifact("notes.txt", "3" * 64, 9, "text/plain", "text"),
        Artifact("figures/1.png", "4" * 64, 9, "image/png", "figure", "confusion"),
        Artifact("plain.jpg", "5" * 64, 9, "image/jpeg", "file"),
    ]
    assert [(one.path, label) for one, label in pictures_in(some)] == [
        ("figures/1.png", "figures/1.png · confusion"),
        ("a.png", "a.png"),
        ("images/digit/00000005.png", "digit · step 5, the last of 2"),
        ("plain.jpg", "plain.jpg"),
    ]


def test_the_first_rows_of_a_table() -> None:
    """Numbers to the right, long cells cut, and its whole size."""
    rows = [[at, f"row {at}", None if at else 0.25] for at in range(7)]
    assert details_text(table_preview(["n", "text", "x" * 60], rows, "t.json")).splitlines() == [
        "t.json  table of 7 rows × 3, the first 5",
        "",
        f"n  text   {'x' * 20}…{'x' * 19}",
        "0  row 0                                      0.25",
        *(f"{at}  row {at}" for at in range(1, 5)),
    ]
    assert details_text(table_preview([], [], "empty.json")) == "empty.json  table of 0 rows × 0"


def test_the_page_of_a_run_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image and a table beside the figure; a table that is none is only named."""
    with notebook(tmp_path, monkeypatch) as nb:
        nb.run("import jupyter_track as track, numpy, pandas\n")
        nb.run(
            "%%track one\n"
            "track.log_image(numpy.zeros((2, 2, 3), dtype='uint8'), 'black.png')\n"
            "track.log_table(pandas.DataFrame({'question': ['why'], 'score': [0.5]}), 'answers.json')\n"
        )
        nb.run("%track show one")
        shown, _ = nb.bundles[-1]
        html, text = shown["text/html"], shown["text/plain"]
        assert (html.count("<img"), "black.png" in html) == (1, True)
        assert "answers.json  table of 1 row × 2\n\nquestion  score\nwhy         0.5" in text
        assert html.index("table of 1 row × 2") < html.index("question</th>")
