"""The bin: since when deleted runs have been in it, and what stays above it when runs go there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from .database import reading


def deleted_times(store: Path) -> dict[str, int]:
    """Return, by the id of each run in the bin, when it was put there, in milliseconds since the epoch."""
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT uuid, deleted_time FROM runs WHERE lifecycle_stage = 'deleted' AND deleted_time IS NOT NULL"
        )
        return dict(rows.fetchall())


def below(store: Path, run_ids: Sequence[str]) -> list[str]:
    """Return the ids of the active runs below runs, at any depth, without these themselves, the oldest first."""
    with reading(store) as connection:
        rows = connection.execute(
            "WITH RECURSIVE line (uuid) AS (SELECT value FROM json_each(?) UNION"
            " SELECT runs.uuid FROM runs JOIN line ON parent_uuid = line.uuid WHERE lifecycle_stage = 'active')"
            " SELECT runs.uuid FROM line JOIN runs ON runs.uuid = line.uuid ORDER BY runs.id",
            (json.dumps(list(run_ids)),),
        ).fetchall()
    own = set(run_ids)
    return [uuid for (uuid,) in rows if uuid not in own]
