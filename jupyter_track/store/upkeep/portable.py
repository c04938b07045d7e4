"""Runs as one file: a zip with a store of its own, which a person can unzip, open or merge.

::

    paper/README.txt                          how to open it
    paper/track.db                            as `export.copy_store` makes it
    paper/track.db-files/content/ab/ab12…     large content

All of it lies in a folder of the zip's name, so that unzipping it lays nothing over a store that is there. Large
content goes from the store into the zip a piece at a time. The same runs give the same bytes: entries have no time of
their own, and stand in the order of their names.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from ...errors import CorruptStore, InvalidValue, NotFound
from .. import bin as bins
from .. import files, pending
from ..database import reading
from ..edits import EDIT_WAIT
from ..place import STORE_NAME, files_folder
from .export import Exported, beside, check_target, chosen, copy_rows
from .pages import Source, opened
from .turns import Progress, no_progress
from .weight import POINT_BYTES

_CHUNK = 1024 * 1024
_SAMPLE = 256 * 1024  # bytes of a file by which it is told whether compressing pays
_PAYS = 0.9
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say
_README = """\
Runs of jupyter-track: a SQLite store, and its large files beside it.

Unzip this file, and look at the runs in the terminal or in a notebook:

    pip install jupyter-track
    jupyter track --store {top} runs
    %track store {top}

Without unzipping:

    jupyter track --store {name} runs
    jupyter track merge {name}        brings the runs into your own store

track.db is an ordinary SQLite file, which sqlite3, sqlite-utils or Datasette open as well.
"""


def pack(
    store: Path,
    target: Path,
    *,
    runs: list[str] | None = None,
    deleted: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write runs into a zip: their params, points, code and files, their children, and the models that came from them.

    The zip appears when all of it is there; a process that is killed leaves none.

    Parameters
    ----------
    store, target : Path
        The folder of `target` is made where it is missing.
    runs : list of str, optional
        Ids of the runs; their children come with them, and their experiments, and nothing of other runs. All by
        default, and then also experiments without a run, and models that came from a folder.
    deleted : bool, default False
        Take the runs in the bin too. Those named in `runs` are taken anyway.
    overwrite : bool, default False
        Replace a file that is there.
    progress : callable, optional
        Called with the bytes that are done, and with what is known of all.

    Returns
    -------
    Exported

    Raises
    ------
    AlreadyExists, InvalidValue, NotFound, StoreUnavailable, NotAStore, CorruptStore, NewerStore
        As `export.copy_store`.

    Examples
    --------
    >>> pack(Path("track.db"), Path("paper.zip"))  # doctest: +SKIP
    Exported(target=PosixPath('paper.zip'), runs=12, points=5400, files=3, missing=())
    """
    pending.flush(store, EDIT_WAIT)
    with opened(store) as source:
        check_target(store, target, overwrite)
        if files_folder(store) in target.absolute().parents:
            raise InvalidValue(f"{target} lies in the store's own folder; name another place.")
        numbers = chosen(source, runs, deleted)
        if runs is not None:
            numbers = chosen(source, [*runs, *bins.below(source.place, runs)], deleted)
        shown = _Bytes(source, progress or no_progress)
        return _pack(source, numbers, target, shown, part=runs is not None)


def _pack(source: Source, numbers: list[int], target: Path, shown: _Bytes, *, part: bool) -> Exported:
    """Make the database beside the target, then the zip from it and the store's content, and put that in its place."""
    large: list[tuple[str, int]] = []

    def take(sha256: str, size: int) -> None:
        check_content(source.store, sha256, size)
        large.append((sha256, size))

    with beside(target) as temporary:
        whole, copy = copy_rows(source, numbers, temporary, take, shown.points, part=part)
        shown.sizes = sum(size for _, size in large)
        zipped = temporary.with_name(temporary.name + "-zip")
        with open(zipped, "xb") as file:
            _write(file, source, target, whole, sorted(large), shown)
            file.flush()
            os.fsync(file.fileno())
        os.replace(zipped, target)
    return Exported(target, len(copy.numbers), copy.done, copy.files, tuple(copy.missing))


def check_content(store: Path, sha256: str, size: int) -> None:
    """Check large content before it goes where it could not be taken out again.

    Raises
    ------
    NotFound, CorruptStore
        Where it is gone or damaged.
    """
    wrong = files.fault(store, sha256, size, None)
    if wrong is not None:
        error = NotFound if wrong == "missing" else CorruptStore
        raise error(f"The content {sha256[:12]}… of {store} is {wrong}.")


class _Bytes:
    """Progress over points and files in one measure."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self.progress = progress
        self.done = self.of_points = 0
        with reading(source.place) as connection:  # what is known before the runs are read: all that there is
            self.sizes: int = connection.execute(
                "SELECT coalesce(sum(size), 0) FROM contents WHERE data IS NULL"
            ).fetchone()[0]

    def points(self, done: int, total: int) -> None:
        """So many points are copied."""
        self.done, self.of_points = done * POINT_BYTES, total * POINT_BYTES
        self.progress(self.done, self.of_points + self.sizes)

    def more(self, count: int) -> None:
        """So many bytes of a file are written."""
        self.done += count
        self.progress(self.done, max(self.done, self.of_points + self.sizes))


def _write(
    file: BinaryIO, source: Source, target: Path, whole: Path, large: list[tuple[str, int]], shown: _Bytes
) -> None:
    top = target.stem or "runs"
    with zipfile.ZipFile(file, "w", allowZip64=True) as zipped:
        text = _README.format(top=top, name=target.name).encode()
        zipped.writestr(_entry(f"{top}/README.txt", len(text), True), text)
        with (
            open(whole, "rb") as database,
            zipped.open(_entry(f"{top}/{STORE_NAME}", whole.stat().st_size, True), "w") as entry,
        ):
            while chunk := database.read(_CHUNK):
                entry.write(chunk)
        folder = f"{top}/{files_folder(Path(STORE_NAME)).name}/content"
        for sha256, size in large:
            _add(zipped, source, f"{folder}/{sha256[:2]}/{sha256}", sha256, size, shown)


def _entry(name: str, size: int, compressed: bool) -> zipfile.ZipInfo:
    """An entry without a time and an owner."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3  # Unix, on whatever system it is made
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    entry.file_size = size  # by which zipfile knows whether it needs the form for large files
    return entry


def _add(zipped: zipfile.ZipFile, source: Source, name: str, sha256: str, size: int, shown: _Bytes) -> None:
    """Add large content, a piece at a time."""
    digest = hashlib.sha256()
    with files.opened(source.store, sha256) as file:
        head = file.read(_SAMPLE)
        pays = len(zlib.compress(head, 1)) < _PAYS * len(head)  # weights and pictures do not shrink
        with closing(zipped.open(_entry(name, size, pays), "w")) as entry:
            chunk = head
            while chunk:
                digest.update(chunk)
                entry.write(chunk)
                shown.more(len(chunk))
                chunk = file.read(_CHUNK)
    if digest.hexdigest() != sha256:
        raise CorruptStore(f"The content {sha256[:12]}… of {source.store} was changed while it was being packed.")
