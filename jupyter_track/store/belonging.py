"""Which tables hold what belongs to a run, and which of them name content: what tidying, copying and checking go by."""

from __future__ import annotations

# Apart from the curves, whose points are in pages of their own. Each has the column run_id.
BELONGING = ("params", "param_history", "tags", "artifacts", "executions", "datasets", "contexts")

# The table and its column that holds a sha256. The files of registered models belong to no run.
NAMING = {
    "artifacts": "sha256",
    "executions": "source_sha256",
    "datasets": "sha256",
    "contexts": "sha256",
    "model_version_files": "sha256",
}

NAMED = " UNION ".join(f"SELECT {column} FROM {table}" for table, column in NAMING.items())
NAMED_BY_RUN = " UNION ".join(f"SELECT run_id, {NAMING[table]} FROM {table}" for table in BELONGING if table in NAMING)


def unnamed(among: str = "") -> str:
    """Return the SQL condition that nothing names a row of ``contents``.

    Parameters
    ----------
    among : str, default ""
        A list such as ``(?, ?)`` of the hashes that are asked about, once for each table.
    """
    return " AND ".join(
        f"sha256 NOT IN (SELECT {column} FROM {table}{f' WHERE {column} IN {among}' if among else ''})"
        for table, column in NAMING.items()
    )
