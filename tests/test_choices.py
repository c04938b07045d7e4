"""What a person chose in a live view: kept with the store, for each notebook by itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from made_stores import add_run, made_store

from jupyter_track.errors import InvalidValue
from jupyter_track.store.choices import keep_choices, read_choices


def test_choices_are_kept_for_a_notebook(tmp_path: Path) -> None:
    """The latest counts; another notebook and another panel have their own."""
    store = made_store(tmp_path)
    add_run(store)
    keep_choices(store, "a.ipynb", "table", {"filter": "x"})
    keep_choices(store, "a.ipynb", "table", {"filter": "é", "sort": []})
    keep_choices(store, "b.ipynb", "table", {"filter": "y"})
    assert read_choices(store, "a.ipynb", "table") == {"filter": "é", "sort": []}
    assert (read_choices(store, "b.ipynb", "table"), read_choices(store, "a.ipynb", "card")) == ({"filter": "y"}, {})


def test_nothing_is_made_by_choosing(tmp_path: Path) -> None:
    """Where there is no store yet, there is none after it."""
    store = tmp_path / "track.db"
    keep_choices(store, "", "table", {"filter": "x"})
    assert (read_choices(store, "", "table"), list(tmp_path.iterdir())) == ({}, [])


@pytest.mark.parametrize("chosen", [{"x": object()}, {"x": float("nan")}, {"x": "a" * 100_000}])
def test_what_cannot_be_kept_is_refused(tmp_path: Path, chosen: dict[str, object]) -> None:
    """No JSON, or too much of it."""
    store = made_store(tmp_path)
    with pytest.raises(InvalidValue, match="hoices"):
        keep_choices(store, "", "table", chosen)
    assert read_choices(store, "", "table") == {}


@pytest.mark.parametrize("text", ["{", "[1]", "null"])
def test_what_another_program_wrote_is_no_choice(tmp_path: Path, text: str) -> None:
    """Damaged choices are none; the table is shown as if nothing had been chosen."""
    store = made_store(tmp_path)
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("INSERT INTO choices VALUES ('', 'table', ?)", (text,))
    assert read_choices(store, "", "table") == {}
