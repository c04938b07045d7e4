"""Where a store lies: finding it from a folder, and the folder of files beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import InvalidValue

STORE_NAME = "track.db"
STORE_VARIABLE = "JUPYTER_TRACK_STORE"


def files_folder(store: Path) -> Path:
    """Return the folder beside the store that holds content, lock and spill (``track.db-files``)."""
    return store.with_name(store.name + "-files")


def store_exists(store: Path) -> bool:
    """Whether there is something to read; an empty file is a store that is about to be made."""
    try:
        return store.stat().st_size > 0
    except OSError:
        return False


def parse_store(place: str | os.PathLike[str], base: Path) -> Path:
    """Return the store's absolute path for what a person wrote.

    Parameters
    ----------
    place : str or path
        A file, a folder (``track.db`` in it is meant), or one of these as ``file:`` or ``sqlite:///`` address;
        mlflow's ``file:./mlruns`` means the store in the folder that holds ``mlruns``.
    base : Path
        What a relative path is relative to.

    Raises
    ------
    InvalidValue
        For an address of another kind, such as ``http://…``.

    Examples
    --------
    >>> parse_store("runs/track.db", Path("/data"))
    PosixPath('/data/runs/track.db')
    """
    text = os.fspath(place)
    if text.startswith("sqlite:///"):
        text = text.removeprefix("sqlite:///")
    elif text.startswith("file:"):
        from urllib.request import url2pathname  # takes a while to load, and few write addresses

        text = url2pathname(text.removeprefix("file:").removeprefix("//")) or "."
    elif "://" in text:
        kind = text.split("://", 1)[0]
        raise InvalidValue(
            f"A store is a file or folder on this machine, not a {kind} address ({text}). "
            "Give a path such as 'track.db' or 'results/track.db'."
        )
    path = Path(os.path.abspath(base / Path(text).expanduser()))
    if path.name == "mlruns":
        path = path.parent
    if path.is_dir() or not path.suffix:
        return path / STORE_NAME
    return path


def find_store(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the store that work in `folder` goes to; nothing is made.

    In this order: ``JUPYTER_TRACK_STORE``; a ``track.db`` in the folder or a parent, up to the git root; else
    ``track.db`` in the folder itself, which the first run will make.
    """
    named = environ.get(STORE_VARIABLE)
    folder = Path(os.path.abspath(folder))
    if named:
        return parse_store(named, folder)
    for place in _up_to_git_root(folder):
        if (place / STORE_NAME).is_file():
            return place / STORE_NAME
    return folder / STORE_NAME


def _up_to_git_root(folder: Path) -> list[Path]:
    """The folder and its parents up to the git root; the folder alone where there is no git root above."""
    chain = [folder, *folder.parents]
    for index, place in enumerate(chain):
        if (place / ".git").exists():
            return chain[: index + 1]
    return chain[:1]
