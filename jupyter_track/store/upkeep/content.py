"""Content that nothing names: rows of the store, and files beside it.

A writer puts a file into its place before the row that names it, and makes a file that it finds there young. So only a
file that is older than a day and that no row and no side file names is taken; and it is taken aside first, looked at
once more, and brought back where a writer has made it young just then. What a killed gc had taken aside is brought
back, or removed, by the next one.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..belonging import NAMING, unnamed
from ..database import StoreFiles, reading
from ..files import content_path, unfinished
from ..place import files_folder
from ..spill import FAILED, ORPHAN, SUFFIX, folders
from .pages import PAGE_BYTES
from .turns import page_of

__all__ = ["Removed", "half_written", "orphans", "remove_files", "remove_rows", "take_back", "unnamed_rows"]

YOUNG = 86_400.0  # seconds
_ASIDE = ".gone-"
_HASH = re.compile(r"[0-9a-f]{64}")
_UNNAMED = f"FROM contents WHERE {unnamed()}"


@dataclass
class Removed:
    """How many files were removed, and how many bytes they had."""

    files: int = 0
    bytes: int = 0


def unnamed_rows(store: Path) -> list[tuple[str, int]]:
    """Return sha256 and size of the contents that no run names."""
    with reading(store) as connection:
        return connection.execute(f"SELECT sha256, CASE WHEN data IS NULL THEN 0 ELSE size END {_UNNAMED}").fetchall()


def remove_rows(files: StoreFiles) -> int:
    """Remove the contents that no run names, some 4 MB at a time; return how many they were."""
    removed = 0
    for part in _parts(unnamed_rows(files.store)):
        marks = ",".join("?" * len(part))
        with page_of(files) as connection:  # a run may name one again by now
            connection.execute("UPDATE store SET rev = rev + 1")
            removed += connection.execute(
                f"DELETE FROM contents WHERE sha256 IN ({marks}) AND {unnamed(f'({marks})')}",
                part * (1 + len(NAMING)),
            ).rowcount
    return removed


def _parts(rows: list[tuple[str, int]]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for sha256, bytes_inside in rows:
        part.append(sha256)
        size += bytes_inside
        if size > PAGE_BYTES or len(part) >= 200:
            yield part
            part, size = [], 0
    if part:
        yield part


def orphans(store: Path, going: Collection[str] = ()) -> list[Path]:
    """Return the files of content that no row and no side file names and that are older than a day.

    Parameters
    ----------
    store : Path
    going : collection of str, optional
        Hashes whose rows count as gone.
    """
    old = [
        path
        for path in (files_folder(store) / "content").glob("[0-9a-f][0-9a-f]/*")
        if _HASH.fullmatch(path.name) and not _is_link(path) and not _is_young(path)
    ]
    named = _named_by_rows(store, {path.name for path in old}) - set(going) if old else set()
    named |= _named_by_side_files(store) if old else set()
    return sorted(path for path in old if path.name not in named)


def _is_link(path: Path) -> bool:
    return path.is_symlink() or path.parent.is_symlink()


def _named_by_rows(store: Path, hashes: Collection[str]) -> set[str]:
    with reading(store) as connection:
        return {row[0] for row in connection.execute("SELECT sha256 FROM contents") if row[0] in hashes}


def _named_by_side_files(store: Path) -> set[str]:
    """Whatever looks like a hash in what could not be written to the store yet."""
    found: set[str] = set()
    for folder in folders(store):
        for ending in (SUFFIX, ORPHAN, FAILED):
            for path in folder.glob(f"*{ending}"):
                with suppress(FileNotFoundError):  # read back just now
                    found |= set(_HASH.findall(path.read_text("utf-8", "replace")))
    return found


def half_written(store: Path) -> list[Path]:
    """Return what killed processes left half written more than a day ago."""
    partial = [*unfinished(store), *(files_folder(store) / "spill").glob("*.partial")]
    return [path for path in partial if not _is_young(path)]


def remove_files(store: Path) -> Removed:
    """Remove files that nothing names, and what killed processes left half written more than a day ago."""
    removed = Removed()
    for path in orphans(store):
        _remove(store, path, removed)
    for path in half_written(store):
        with suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            removed.files += 1
            removed.bytes += size
    return removed


def _remove(store: Path, path: Path, removed: Removed) -> None:
    aside = files_folder(store) / "content" / f"{_ASIDE}{path.name}"
    with suppress(FileNotFoundError):
        os.replace(path, aside)
        if _is_young(aside):  # a writer found it in its place, and its row is on the way
            os.replace(aside, path)
            return
        size = aside.stat().st_size
        aside.unlink()
        removed.files += 1
        removed.bytes += size


def take_back(store: Path) -> None:
    """Bring back what a killed gc had taken aside, where a row names it or its place may be needed; else remove it."""
    aside = sorted((files_folder(store) / "content").glob(f"{_ASIDE}*"))
    named = _named_by_rows(store, {path.name.removeprefix(_ASIDE) for path in aside}) if aside else set()
    for path in aside:
        sha256 = path.name.removeprefix(_ASIDE)
        with suppress(FileNotFoundError):
            if sha256 in named or _is_young(path):
                os.replace(path, content_path(store, sha256))
            else:
                path.unlink()


def _is_young(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < YOUNG
    except FileNotFoundError:
        return True
