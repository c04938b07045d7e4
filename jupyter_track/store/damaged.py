"""Damage of a store: telling a file of ours whose first page is gone, and the note of what a repair could not save."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from .place import files_folder

LOSSES = "losses.txt"  # in the folder beside the store
# Of the store's own list of tables, which lies on other pages than the first. No other program has tables of this name.
_MARKS = (b"CREATE TABLE metric_points (", b"CREATE TABLE metric_buckets (", b"CREATE TABLE param_history (")


def holds_our_tables(store: Path) -> bool:
    """Whether a file that cannot be opened as a store holds the text of a store's tables.

    Its first page says what kind of file it is; where that is damaged, the rest may still be whole.
    """
    try:
        with open(store, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return any(data.find(mark) >= 0 for mark in _MARKS)
    except (OSError, ValueError):  # gone or unreadable; empty
        return False


def note_losses(store: Path, lost: Sequence[str], kept: Path) -> None:
    """Note what a repair could not save, so that it stays known; nothing where `lost` is empty.

    Raises
    ------
    OSError
        Where the folder beside the store cannot be written.
    """
    if not lost:
        return
    when = datetime.now(UTC).isoformat(" ", "seconds")
    path = files_folder(store) / LOSSES
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{when}: {' '.join(lost)} The damaged file was kept as {kept.name}.\n")
        file.flush()
        os.fsync(file.fileno())


def past_losses(store: Path) -> list[str]:
    """Return what earlier repairs could not save, one line each; a person removes the note when it is settled."""
    path = files_folder(store) / LOSSES
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:  # no note
        return []
    return [line for line in lines if line.strip()]
