"""What mlflow left where a store is to be: its folder ``mlruns`` or its database, looked at and not changed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from .place import store_exists
from .run_rows import run_numbers

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_SQLITE = b"SQLite format 3\0"
_META = "meta.yaml"
_MOST_FOLDERS = 200  # that are looked into
_LOOKED_AT = 20  # runs by which it is told whether they have been brought already


def is_database(path: Path) -> bool:
    """Whether a file is mlflow's database."""
    try:
        with path.open("rb") as file:
            if file.read(len(_SQLITE)) != _SQLITE:
                return False
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    except (OSError, sqlite3.Error):
        return False
    return {"alembic_version", "runs", "experiments", "latest_metrics"} <= {name for (name,) in rows}


def left_at(store: Path, named: Path | None = None) -> Path | None:
    """Return what mlflow left at a store that has not all runs of it, None where there is nothing.

    Parameters
    ----------
    store : Path
        Its folder is looked at, and ``mlruns`` and ``mlflow.db`` in it.
    named : Path, optional
        A database that may be called otherwise.
    """
    folder = store.parent
    for place in (*([] if named is None else [named]), folder / "mlruns", folder / "mlflow.db", folder):
        found = list(islice(_in_folder(place) if place.is_dir() else _in_database(place), _LOOKED_AT))
        if found and not _all_there(store, found):
            return place
    return None


def _in_folder(folder: Path) -> Iterator[str]:
    try:
        for experiment in islice(folder.iterdir(), _MOST_FOLDERS):
            if (experiment / _META).is_file():
                yield from (run.name for run in experiment.iterdir() if _is_run(run))
    except OSError:  # a folder that cannot be read holds nothing for us
        return


def _is_run(folder: Path) -> bool:
    return bool(_RUN_ID.fullmatch(folder.name)) and (folder / _META).is_file()


def _in_database(path: Path) -> Iterator[str]:
    if not is_database(path):
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for (run_id,) in connection.execute("SELECT run_uuid FROM runs LIMIT ?", (_LOOKED_AT,)).fetchall():
                yield run_id
    except sqlite3.Error:  # it is being written, or damaged: importing says so
        return


def _all_there(store: Path, run_ids: list[str]) -> bool:
    from .database import reading

    if not store_exists(store):
        return False
    with reading(store) as connection:
        return len(run_numbers(connection, run_ids)) == len(run_ids)
