"""Files of a run under their own names, for a person or another program to open: what `get_artifact_uri` gives.

Content lies under its hash, small content within the store. Where a real path is asked for, the files of the run are
put into ``track.db-files/open/<run id>``: small ones as copies, large ones as links, which cost no room and are
read-only, as they are the content itself. Such a path is also an address for all that takes one, and stays one where
the folder was moved; gc removes the folders of runs that are gone.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

from ..records import Artifact
from . import files
from .artifacts import artifact_path
from .place import files_folder
from .reader import Reader

FOLDER = "open"
_ADDRESS = re.compile(rf"-files[\\/]{FOLDER}[\\/](?P<run>[0-9a-f]{{32}})(?:[\\/](?P<path>.*))?\Z", re.DOTALL)


def folder_of(store: Path, run_id: str) -> Path:
    """Return where the files of a run are put."""
    return files_folder(store) / FOLDER / run_id


def parsed(address: str) -> tuple[str, str] | None:
    """Return run id and path of an address that `put` gave, None for another one.

    Examples
    --------
    >>> parsed("/home/ann/track.db-files/open/0123456789abcdef0123456789abcdef/a/b.txt")
    ('0123456789abcdef0123456789abcdef', 'a/b.txt')
    >>> parsed("runs:/0123456789abcdef0123456789abcdef/a/b.txt")
    """
    found = _ADDRESS.search(address)
    return None if found is None else (found["run"], (found["path"] or "").replace("\\", "/").strip("/"))


def put(reader: Reader, run_id: str, path: str) -> Path:
    """Put files of a run under their names, and return where the one that is asked for lies.

    Parameters
    ----------
    reader : Reader
    run_id : str
    path : str
        A file or a folder of the run, or one that is yet to be logged; empty for all.

    Raises
    ------
    InvalidValue
        For a path that leads out of the run.
    CorruptStore, NotFound
        Where content is damaged or gone.
    """
    base = folder_of(reader.store, run_id)
    name = artifact_path(path.strip("/")) if path.strip("/") else ""
    for artifact in reader.artifacts(run_id, name or None):
        place = base / artifact_path(artifact.path)  # checked again: the store may be somebody else's
        _put(reader, artifact, place)
    base.mkdir(parents=True, exist_ok=True)
    return base / name if name else base


def _put(reader: Reader, artifact: Artifact, place: Path) -> None:
    content = files.content_path(reader.store, artifact.sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    if content.is_file() and not content.is_symlink():
        try:
            if place.exists() and place.samefile(content):
                return
            place.unlink(missing_ok=True)
            os.link(content, place)
            place.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
            return
        except OSError:  # a file system without links, or another's file
            pass
    reader.copy_content(artifact.sha256, place)


def remove_gone(store: Path, run_ids: set[str]) -> None:
    """Remove the folders of runs that are not among those of the store."""
    for folder in (files_folder(store) / FOLDER).glob("*"):
        if folder.name not in run_ids and folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
