"""The bin: putting runs into it, since when they have been there, and what is said of those that are still running.

A run that is deleted while it runs goes on, in whichever process: what it logs lies in the bin with it, and comes back
with it. gc leaves it until it has ended.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..records import run_label
from . import edits
from .caller import warn_caller
from .database import reading
from .liveness import state_of

_NAMED = 3  # runs that a sentence names


def delete_and_warn(store: Path, run_ids: Sequence[str]) -> None:
    """Put runs into the bin, with a warning at the caller's line where some of them are still running."""
    edits.delete_runs(store, run_ids)
    warn_of_running(store, run_ids)


def warn_of_running(store: Path, run_ids: Sequence[str]) -> None:
    """Warn at the caller's line of those deleted runs that are still running."""
    if run_ids and (said := still_running(store, run_ids)):
        warn_caller(said)


def still_running(store: Path, run_ids: Sequence[str]) -> str:
    """Return a sentence on what becomes of those deleted runs that are still running; nothing where none is."""
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT id, name, status, uuid, host_id, boot_id, pid, process_start, heartbeat FROM runs"
            " WHERE uuid IN (SELECT value FROM json_each(?)) AND status = 'RUNNING' ORDER BY id",
            (json.dumps(list(run_ids)),),
        ).fetchall()
    runs = [(number, name) for number, name, *rest in rows if state_of(*rest) == "running"]
    if not runs:
        return ""
    names = ", ".join(run_label(*run) for run in runs[:_NAMED])
    more = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    several = len(runs) > 1
    going, it = ("are still running and go on", "them") if several else ("is still running and goes on", "it")
    they = "they log" if several else "it logs"
    one = "" if several else f" {runs[0][0]}"
    ways = f"'%track stop{one}' or 'jupyter track stop{one}' ends {it}."
    return f"{names}{more} {going}: what {they} from now on lies in the bin with {it}. {ways}"


def deleted_times(store: Path) -> dict[str, int]:
    """Return, by the id of each run in the bin, when it was put there, in milliseconds since the epoch."""
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT uuid, deleted_time FROM runs WHERE lifecycle_stage = 'deleted' AND deleted_time IS NOT NULL"
        )
        return dict(rows.fetchall())


def deleted_among(store: Path, run_ids: Sequence[str]) -> set[str]:
    """Return which of these runs are in the bin."""
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT uuid FROM runs WHERE uuid IN (SELECT value FROM json_each(?)) AND lifecycle_stage = 'deleted'",
            (json.dumps(list(run_ids)),),
        )
        return {uuid for (uuid,) in rows}


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
