"""Values that cannot be what a writer wrote: bytes that changed on the disk without breaking a page."""

from __future__ import annotations

import json
import sqlite3

from ...records import RunStatus
from ...values import load_param

_STATUSES = ", ".join(f"'{status}'" for status in RunStatus.ALL)
ODD_STATUS = f"status NOT IN ({_STATUSES})"
ODD_STAGE = "lifecycle_stage NOT IN ('active', 'deleted')"


def odd_values(connection: sqlite3.Connection) -> int:
    """Return how many params, statuses and stages cannot be read."""
    runs = connection.execute(f"SELECT count(*) FROM runs WHERE {ODD_STATUS} OR {ODD_STAGE}").fetchone()[0]
    return int(runs) + len(_odd_params(connection, "params")) + len(_odd_params(connection, "param_history"))


def mend_values(connection: sqlite3.Connection) -> int:
    """Keep what cannot be read as text, inside of a transaction; return how many values that were."""
    count = odd_values(connection)
    if count == 0:
        return 0
    for table in ("params", "param_history"):
        for run, key, value, text in _odd_params(connection, table):
            shown = str(text) if isinstance(text, str) else str(value)
            connection.execute(
                f"UPDATE {table} SET value = ?, type = 'other', text = ? WHERE run_id = ? AND key = ? AND value IS ?",
                (json.dumps(shown), shown, run, key, value),
            )
    connection.execute(f"UPDATE runs SET status = ? WHERE {ODD_STATUS}", (RunStatus.KILLED,))
    connection.execute(f"UPDATE runs SET lifecycle_stage = 'active' WHERE {ODD_STAGE}")
    connection.execute("UPDATE store SET rev = rev + 1")
    return count


def _odd_params(connection: sqlite3.Connection, table: str) -> list[tuple[int, str, object, object]]:
    found = []
    for run, key, value, kind, text in connection.execute(f"SELECT run_id, key, value, type, text FROM {table}"):
        try:
            load_param(value, kind)
        except (TypeError, ValueError, RecursionError):
            found.append((run, key, value, text))
    return found
