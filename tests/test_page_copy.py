"""A copy of a store's file that is made a part at a time while others write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from made_stores import add_run, made_store

from jupyter_track.store.upkeep import page_copy


def statement(*texts: str) -> Callable[[Path], None]:
    """What runs statements in the store."""

    def run(store: Path) -> None:
        with closing(sqlite3.connect(store, isolation_level=None)) as connection:
            for text in texts:
                connection.execute(text).fetchall()

    return run


WRITES: dict[str, Callable[[Path], None]] = {
    "nobody writes": lambda store: None,
    "pages change": statement("UPDATE store SET rev = rev + 1"),
    "it grows": statement("CREATE TABLE more AS SELECT randomblob(300000)"),
    "it shrinks": statement("DROP TABLE filling", "PRAGMA incremental_vacuum"),
}


@pytest.mark.parametrize("moment", [0, 1, 7])
@pytest.mark.parametrize("writes", WRITES)
def test_the_copy_is_the_file_as_it_is_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: str, moment: int
) -> None:
    """Whatever is written while it is made, byte for byte; a damaged page too."""
    store = made_store(tmp_path)
    add_run(store, metrics={"loss": [float(step) for step in range(5_000)]})
    statement("CREATE TABLE broken AS SELECT zeroblob(40000)")(store)
    end = store.stat().st_size
    statement("CREATE TABLE filling AS SELECT randomblob(400000)")(store)
    with open(store, "r+b") as file:
        file.seek(end - 4096)
        file.write(b"\xff" * 4096)
    parts: list[int] = []

    def other_writes() -> None:
        parts.append(len(parts))
        if parts[-1] == moment:
            WRITES[writes](store)

    monkeypatch.setattr(page_copy, "breathe", other_writes)
    monkeypatch.setattr(page_copy, "_CHUNK", 50_000)
    monkeypatch.setattr(page_copy, "_LOOK", 4096 * 3)
    copy = tmp_path / "copy.db"
    copy.write_bytes(b"earlier")
    page_copy.copy_pages(store, copy)
    assert copy.read_bytes() == store.read_bytes()
    assert b"\xff" * 4096 in copy.read_bytes()
    assert len(parts) > 8
