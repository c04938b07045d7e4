"""The statements of a merge that the writer has none for."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..insertion import insert_rows
from .pages import RunRows
from .united import Changes

# Columns of a run that a new one has at their default, and so are no part of a batch.
OWN_COLUMNS = ("lifecycle_stage", "deleted_time", "heartbeat", "pinned", "edited", "stop_requested")


def finish(connection: sqlite3.Connection, runs: Sequence[RunRows]) -> None:
    """Give new runs what the writer's statements leave at its default."""
    sets = ", ".join(f"{name} = ?" for name in OWN_COLUMNS)
    for run in runs:
        connection.execute(
            f"UPDATE runs SET {sets} WHERE uuid = ?", [*(run.run[name] for name in OWN_COLUMNS), run.run_id]
        )
    _add_history(connection, [(run.run_id, row) for run in runs for row in run.history])


def _add_history(connection: sqlite3.Connection, rows: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
    for run_id, row in rows:
        connection.execute(
            "INSERT INTO param_history SELECT id, ?, ?, ?, ?, ?, ? FROM runs WHERE uuid = ?", (*row, run_id)
        )


def take_over(connection: sqlite3.Connection, number: int, changes: Changes, rev: int) -> None:
    """Change the target's copy of a run, apart from what the batch does."""
    columns = dict(changes.columns)
    if changes.experiment is not None:
        row = connection.execute("SELECT id FROM experiments WHERE name = ?", (changes.experiment,)).fetchone()
        columns["experiment_id"] = row[0]
    sets = "".join(f"{name} = ?, " for name in columns)
    connection.execute(f"UPDATE runs SET {sets}rev = ? WHERE id = ?", [*columns.values(), rev, number])
    flat = [value for row in changes.history for value in (number, *row)]
    insert_rows(connection, "INSERT INTO param_history", 7, flat)
