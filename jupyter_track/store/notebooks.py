"""A notebook that was renamed, recognised by the ids of its cells.

The ids stay when the file gets another name, and go along when it is copied. So the runs of a cell that lie under
another path are this notebook's own only where nothing lies at that path any more.

An experiment that is called like the notebook's earlier name, and holds its runs alone, follows the new name where that
is free. Otherwise new runs go to the experiment of the new name: to stay in the old one, each kernel to come would have
to be told of it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path, PurePosixPath

from .database import reading
from .edits import editing, now_ms
from .place import store_exists
from .relatives import notebook_exists
from .schema import DEFAULT_EXPERIMENT_ID

# VS Code counts cells: the first of any notebook is the same, and says nothing.
_COUNTED = ("sZmlsZQ", "vscode-notebook-cell")


def folders_of_work(store: Path) -> list[str]:
    """Return the folders of the notebooks that recorded into a store, as its own folder is written and as it is."""
    if not store_exists(store):
        return []
    with reading(store) as connection:
        told = connection.execute("SELECT DISTINCT notebook FROM runs WHERE notebook IS NOT NULL").fetchall()
    bases = dict.fromkeys((store.parent, store.parent.resolve()))
    return sorted({os.path.normpath(os.path.dirname(base / path)) for (path,) in told for base in bases})


def renamed_from(store: Path, notebook: str, cell_id: str | None) -> str | None:
    """Return the earlier path of a notebook that was renamed, None where it was not.

    Parameters
    ----------
    store : Path
    notebook : str
        The notebook's path now, relative to the store's folder.
    cell_id : str or None
        The id of one of its cells.

    Returns
    -------
    str or None
        None where runs are known under the present path already, no run is of this cell, or the file at the earlier
        path is still there: then this notebook is a copy.
    """
    if cell_id is None or any(mark in cell_id for mark in _COUNTED):
        return None
    with reading(store) as connection:
        paths = [
            path
            for (path,) in connection.execute(
                "SELECT notebook FROM runs WHERE cell_id = ? AND notebook IS NOT NULL GROUP BY notebook"
                " ORDER BY max(id) DESC",
                (cell_id,),
            )
        ]
        if not paths or notebook in paths:
            return None
        if connection.execute("SELECT 1 FROM runs WHERE notebook = ? LIMIT 1", (notebook,)).fetchone():
            return None
    return next((path for path in paths if not notebook_exists(store.parent, path)), None)


def move_notebook(store: Path, earlier: str, notebook: str, *, experiment: bool = True) -> tuple[int, str | None]:
    """Give the runs of a notebook that was renamed, and what was chosen for it, its new path.

    Parameters
    ----------
    store : Path
    earlier, notebook : str
        The paths, relative to the store's folder.
    experiment : bool, default True
        Whether the experiment of the earlier name follows, where it can.

    Returns
    -------
    tuple of int and (str or None)
        How many runs there are, and what the experiment that followed was called.
    """
    old, new = PurePosixPath(earlier).stem, PurePosixPath(notebook).stem
    with editing(store) as (connection, rev):
        count = connection.execute(
            "UPDATE runs SET notebook = ?, rev = ? WHERE notebook = ?", (notebook, rev, earlier)
        ).rowcount
        connection.execute("UPDATE OR IGNORE choices SET notebook = ? WHERE notebook = ?", (notebook, earlier))
        followed = experiment and old != new and _rename(connection, old, new, notebook, rev)
    return count, old if followed else None


def _rename(connection: sqlite3.Connection, old: str, new: str, notebook: str, rev: int) -> bool:
    """Give an experiment that holds the runs of one notebook alone a new name, where that is free."""
    return bool(
        connection.execute(
            "UPDATE experiments SET name = ?1, updated = ?2, rev = ?3 WHERE name = ?4 AND id <> ?5"
            " AND lifecycle_stage = 'active' AND NOT EXISTS (SELECT 1 FROM experiments WHERE name = ?1)"
            " AND EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id)"
            " AND NOT EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id AND notebook IS NOT ?6)",
            (new, now_ms(), rev, old, DEFAULT_EXPERIMENT_ID, notebook),
        ).rowcount
    )
