"""A report as Markdown on the disk: the file, and beside it a folder with its pictures."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from ..errors import AlreadyExists, StoreUnavailable
from .document import Document
from .markdown import MARK, markdown_of

ENDINGS = (".md", ".markdown")


def is_markdown(path: Path) -> bool:
    """Whether a report of this name is written as Markdown."""
    return path.suffix.lower() in ENDINGS


def folder_of(path: Path) -> Path:
    """Return the folder of the pictures: ``report_files`` beside ``report.md``."""
    return path.with_name(f"{path.stem}_files")


def save_markdown(document: Document, path: Path, *, overwrite: bool = False) -> None:
    """Write a document as Markdown; its pictures are replaced as a whole.

    Both are written beside their places first, and stand there when all of it is there.

    Raises
    ------
    AlreadyExists
        Where the file or the folder is there and is no report's, unless `overwrite` is said.
    StoreUnavailable
        Where they cannot be written.
    """
    folder = folder_of(path)
    if not overwrite and not _is_ours(path):
        taken = path if path.exists() else folder if folder.exists() else None
        if taken is not None:
            raise AlreadyExists(
                f"{taken} is there and is no report's; name another file, or give --overwrite (overwrite=True)."
            )
    made = markdown_of(document, folder.name)
    part = path.with_name(f".part-{os.getpid()}-{uuid.uuid4().hex}")
    new, old = part.with_name(part.name + "-new"), part.with_name(part.name + "-old")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot(path, error) from error
    try:
        part.write_bytes(made.text.encode())
        if made.files:
            new.mkdir()
            for name, data in made.files.items():
                (new / name).write_bytes(data)
        if folder.exists():
            os.replace(folder, old)
        if made.files:
            os.replace(new, folder)
        os.replace(part, path)
    except OSError as error:
        raise _cannot(path, error) from error
    finally:
        part.unlink(missing_ok=True)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _cannot(path: Path, error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"{path} cannot be written ({error.strerror}); name another place.")


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MARK)) == MARK.encode()
    except OSError:
        return False
