"""The state of a store: what it holds, what waits to be read back into it, which runs are open, which versions."""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._version import __version__
from ..errors import StoreError, TrackError
from ..records import Run
from ..store import schema, spill
from ..store.damaged import past_losses
from ..store.reader import Reader
from ..store.store_info import StoreInfo
from ..views.format import age, iso, one_line, size
from .plain import moment

_SHOWN = 5  # open runs, and side files, that are named


@dataclass(frozen=True)
class StoreStatus:
    """What is known of a store.

    Attributes
    ----------
    store : Path
    exists : bool
        Whether the file is there.
    info : StoreInfo or None
        None where there is no store or it cannot be read; `error` then says why.
    open_runs : tuple of Run
        The active runs that have not ended: running, lost, or of an unknown host.
    waiting : tuple of Path
        Side files with batches that could not be written; the next process that writes reads them back.
    error : TrackError or None
    """

    store: Path
    exists: bool
    info: StoreInfo | None = None
    open_runs: tuple[Run, ...] = ()
    waiting: tuple[Path, ...] = ()
    error: TrackError | None = None


def read_status(store: Path) -> StoreStatus:
    """Return the status of a store; what is wrong with it is part of the answer."""
    waiting = tuple(spill.waiting(store))
    if not store.is_file():
        return StoreStatus(store, False, waiting=waiting)
    reader = Reader(store)
    try:
        info = reader.info()
        open_runs = tuple(reader.runs(filter_string="attributes.status = 'RUNNING'"))
    except StoreError as error:
        return StoreStatus(store, True, waiting=waiting, error=error)
    return StoreStatus(store, True, info, open_runs, waiting)


def versions() -> dict[str, str]:
    """Return the versions that matter to a store."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"jupyter-track": __version__, "python": python, "sqlite": sqlite3.sqlite_version}


def status_plain(status: StoreStatus) -> dict[str, Any]:
    """Return the status as plain data."""
    info, error = status.info, status.error
    by_state = {
        state: [_run_plain(run) for run in status.open_runs if run.state == state]
        for state in ("running", "lost", "unknown")
    }
    return {
        "store": str(status.store),
        "exists": status.exists,
        "error": None if error is None else {"error_code": error.error_code, "message": str(error)},
        "id": info and info.id,
        "rev": info and info.rev,
        "schema_version": info and info.version,
        "known_schema_version": schema.VERSION,
        **moment("created", info.created if info else None),
        "created_by": info and info.created_by,
        "runs": info and info.runs,
        "experiments": info and info.experiments,
        "points": info and info.points,
        "size": info and info.size,
        **by_state,
        "waiting": [str(path) for path in status.waiting],
        "versions": versions(),
    }


def _run_plain(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "number": run.number,
        "name": run.name,
        "experiment_name": run.experiment_name,
        **moment("start_time", run.start_time),
    }


def status_items(status: StoreStatus, now_ms: int) -> list[tuple[str, str]]:
    """Return the facts as (name, text), in the order in which they are shown."""
    items = [("store", str(status.store))]
    info = status.info
    if not status.exists:
        items.append(("content", "nothing yet; the first run makes the file"))
    if info is not None:
        items.append(("runs", f"{info.runs:,}"))
        items.append(("experiments", f"{info.experiments:,}"))
        items.append(("points", f"{info.points:,}"))
        items.append(("size", size(info.size)))
        items.append(("schema", str(info.version)))
        items.append(("created", f"{iso(info.created)} by {info.created_by}"))
        for state, label in (("running", "running"), ("lost", "lost"), ("unknown", "unknown host")):
            runs = [run for run in status.open_runs if run.state == state]
            if runs or state == "running":
                items.append((label, _named(runs, now_ms)))
    items.append(("versions", " · ".join(f"{name} {version}" for name, version in versions().items())))
    return items


def _named(runs: list[Run], now_ms: int) -> str:
    if not runs:
        return "none"
    named = [f"#{run.number} {one_line(run.name)} ({age(run.start_time, now_ms)})" for run in runs[:_SHOWN]]
    return ", ".join([*named, f"+{len(runs) - _SHOWN} more"] if len(runs) > _SHOWN else named)


def status_problems(status: StoreStatus) -> list[str]:
    """Return what is wrong, one sentence each."""
    problems = [] if status.error is None else [str(status.error)]
    if status.info is not None and status.info.version > schema.VERSION:
        problems.append(
            f"This store was written by a newer version (schema {status.info.version}, this one knows "
            f"{schema.VERSION}); it is shown, not changed."
        )
    problems += [f"An earlier repair lost rows: {one_line(line)}" for line in past_losses(status.store)]
    if status.waiting:
        count = len(status.waiting)
        problems.append(
            f"{count} batch{'' if count == 1 else 'es'} could not be written and wait{'s' if count == 1 else ''} in "
            f"{', '.join(sorted({str(path.parent) for path in status.waiting}))}; the next run in this store reads "
            f"{'it' if count == 1 else 'them'} back."
        )
    return problems
