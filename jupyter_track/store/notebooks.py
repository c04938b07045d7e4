"""A notebook that was renamed, recognised by the ids of its cells.

The ids stay when the file gets another name, and go along when it is copied. So the runs of a cell that lie under
another path are this notebook's own only where nothing lies at that path any more.
"""

from __future__ import annotations

from pathlib import Path

from .database import reading
from .relatives import notebook_exists

# VS Code counts cells: the first of any notebook is the same, and says nothing.
_COUNTED = ("sZmlsZQ", "vscode-notebook-cell")


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
