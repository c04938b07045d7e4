"""The files and the code of all runs at once, without their content: what a list of a whole store names."""

from __future__ import annotations

from pathlib import Path

from ..records import Artifact
from .database import reading


def artifacts_of_runs(store: Path) -> dict[str, list[Artifact]]:
    """Return the artifacts of every run that has any, by path; deleted runs are among them."""
    found: dict[str, list[Artifact]] = {}
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT uuid, path, sha256, size, mime, kind, title, line, created"
            " FROM artifacts JOIN runs ON runs.id = artifacts.run_id ORDER BY artifacts.run_id, path"
        )
        for run_id, *row in rows:
            found.setdefault(run_id, []).append(Artifact(*row))
    return found


def sources_of_runs(store: Path) -> dict[str, list[str]]:
    """Return the sha256 of the cells that each run came from, in their order."""
    found: dict[str, list[str]] = {}
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT uuid, source_sha256 FROM executions JOIN runs ON runs.id = executions.run_id"
            " ORDER BY executions.run_id, executions.start_time, session, position"
        )
        for run_id, sha256 in rows:
            found.setdefault(run_id, []).append(sha256)
    return found
