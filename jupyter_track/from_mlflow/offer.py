"""Whether mlflow has recorded at a place, found with a look: to say how its runs can be brought."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from .folder import META

_MOST_FOLDERS = 200  # that are looked into


def left_at(place: Path) -> Path | None:
    """Return the folder or database of mlflow's at a place or directly in it, None where there is none."""
    try:
        if place.is_dir():
            if any((one / META).is_file() for one in islice(place.iterdir(), _MOST_FOLDERS)):
                return place
            return next((one for one in map(left_at, (place / "mlflow.db", place / "mlruns")) if one is not None), None)
        return place if place.is_file() and _is_database(place) else None
    except OSError:
        return None


def _is_database(place: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(place))}?mode=ro", uri=True, timeout=1.0)) as connection:
            rows = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                " AND name IN ('alembic_version', 'runs', 'metrics')"
            ).fetchone()
    except sqlite3.Error:
        return False
    return bool(rows[0] == 3)
