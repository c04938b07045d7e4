"""The bin: since when deleted runs have been in it."""

from __future__ import annotations

from pathlib import Path

from .database import reading


def deleted_times(store: Path) -> dict[str, int]:
    """Return, by the id of each run in the bin, when it was put there, in milliseconds since the epoch."""
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT uuid, deleted_time FROM runs WHERE lifecycle_stage = 'deleted' AND deleted_time IS NOT NULL"
        )
        return dict(rows.fetchall())
