"""A report as Markdown on the disk: the file, and beside it a folder with its pictures.

Others use folders of that name too, and people put files into them. So the folder lists what a report wrote there, and
nothing else is ever removed.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import AlreadyExists, StoreUnavailable
from ..store.appearing import appearing
from .document import Document
from .markdown import MARK, markdown_of

ENDINGS = (".md", ".markdown")
LISTED = ".jupyter-track.json"  # in the folder: which of its files are the report's
_LARGEST_LIST = 10_000_000  # bytes


def is_markdown(path: Path) -> bool:
    """Whether a report of this name is written as Markdown."""
    return path.suffix.lower() in ENDINGS


def folder_of(path: Path) -> Path:
    """Return the folder of the pictures: ``report_files`` beside ``report.md``."""
    return path.with_name(f"{path.stem}_files")


def save_markdown(document: Document, path: Path, *, overwrite: bool = False) -> None:
    """Write a document as Markdown; of its folder only what an earlier report wrote there is replaced.

    Both are written beside their places first, and stand there when all of it is there; else all is as it was.

    Raises
    ------
    AlreadyExists
        Where the file, the folder or a file in it is there and is no report's, unless `overwrite` is said.
    StoreUnavailable
        Where they cannot be written.
    """
    folder = folder_of(path)
    if not overwrite and os.path.lexists(path) and not _is_ours(path):
        raise _taken(path)
    made = markdown_of(document, folder.name)
    with _pictures(path, folder, made.files, overwrite), appearing(path) as part:
        part.write_bytes(made.text.encode())


@contextmanager
def _pictures(path: Path, folder: Path, files: Mapping[str, bytes], overwrite: bool) -> Iterator[None]:
    """Put the pictures into their folder; where the block does not end well, those that were there are put back."""
    listed = _listed(folder)
    if not overwrite:
        _check(folder, files, listed)
    aside = path.with_name(f".part-{os.getpid()}-{uuid.uuid4().hex}")
    new, old = aside.with_name(f"{aside.name}-new"), aside.with_name(f"{aside.name}-old")
    wanted = {**files, LISTED: _list_of(path, files)} if files else {}
    moved: list[tuple[Path, Path]] = []

    def move(start: Path, end: Path) -> None:
        os.replace(start, end)
        moved.append((start, end))

    made = False
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if wanted:
                new.mkdir()
                for name, data in wanted.items():
                    (new / name).write_bytes(data)
                made = not folder.exists()
                folder.mkdir(exist_ok=True)
            known = [*listed, LISTED] if listed is not None else []
            replaced = [name for name in dict.fromkeys([*known, *wanted]) if _is_file(folder / name)]
            if replaced:
                old.mkdir()
            for name in replaced:
                move(folder / name, old / name)
            for name in wanted:
                move(new / name, folder / name)
        except OSError as error:
            raise StoreUnavailable(
                f"{folder} cannot be written ({error.strerror or error}); name another place."
            ) from error
        yield
    except BaseException:
        _put_back(moved, old)
        if made and folder.is_dir():
            folder.rmdir()
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    if listed is not None and not wanted and not any(folder.iterdir()):
        folder.rmdir()


def _put_back(moved: list[tuple[Path, Path]], old: Path) -> None:
    try:
        for start, end in reversed(moved):
            os.replace(end, start)
    except OSError as error:
        raise StoreUnavailable(
            f"The pictures of the report are in {old}: they cannot be put back ({error})."
        ) from error
    shutil.rmtree(old, ignore_errors=True)  # empty


def _check(folder: Path, files: Mapping[str, bytes], listed: list[str] | None) -> None:
    """Refuse a folder of somebody else, and to replace in our own what is not ours."""
    if not files or not os.path.lexists(folder):
        return
    if listed is None:
        raise _taken(folder)
    for name in files:
        if name not in listed and os.path.lexists(folder / name):
            raise _taken(folder / name)


def _taken(path: Path) -> AlreadyExists:
    return AlreadyExists(
        f"{path} is there and is no report's; name another file, or give --overwrite (overwrite=True)."
    )


def _list_of(path: Path, files: Mapping[str, bytes]) -> bytes:
    told = {"report": path.name, "files": sorted(files)}
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _listed(folder: Path) -> list[str] | None:
    """The files that a report wrote into a folder; None where none did."""
    try:
        with (folder / LISTED).open("rb") as file:
            told = json.loads(file.read(_LARGEST_LIST))
        names = [name for name in told["files"] if isinstance(name, str)]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    # A list may come from anywhere: it names files of this folder, and nothing beyond.
    return [name for name in names if name and name not in (".", "..") and not set(name) & set("/\\\0")]


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MARK)) == MARK.encode()
    except OSError:
        return False
