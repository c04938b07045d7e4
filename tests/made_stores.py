"""Stores for the tests of the readers: real files, filled through the writer's own statements."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_track.store import files
from jupyter_track.store.apply import Application, Knowledge
from jupyter_track.store.batch import Batch
from jupyter_track.store.curves import Points
from jupyter_track.store.database import StoreFiles
from jupyter_track.values import param_value

START = 1_762_180_000_000  # 2025-11-03 14:26:40 UTC


def made_store(folder: Path) -> Path:
    """Return a new, empty store in a folder."""
    store = folder / "track.db"
    files = StoreFiles(store)
    files.ensure()
    files.close()
    return store


def write(store: Path, batch: Batch) -> None:
    """Write a batch in one transaction."""
    files = StoreFiles(store)
    with files.writing() as connection:
        Application(batch, Knowledge()).write(connection)
    files.close()


def add_runs(store: Path, *runs: Mapping[str, Any]) -> list[str]:
    """Add runs in one batch and return their ids.

    Each is a mapping of columns of the table ``runs``, and `params`, `tags`, `experiment` (a name), and `metrics`: key
    to a value or to several, at steps 0, 1, 2, …, a second apart.
    """
    batch = Batch(uuid.uuid4().hex, 1)
    ids = []
    for index, run in enumerate(runs):
        row = {"status": "FINISHED", "start_time": START + index, "user_id": "", "name": f"run-{index}", **run}
        params, tags, metrics = (row.pop(name, {}) for name in ("params", "tags", "metrics"))
        run_id = row.pop("uuid", None) or uuid.uuid4().hex
        row["experiment"] = row.get("experiment", "Default")
        if row["experiment"] != "Default":
            batch.add_experiment(row["experiment"], {"id": 1000 + sum(map(ord, row["experiment"])), "created": START})
        batch.add_start(run_id, row)
        batch.add_params(run_id, [param_row(key, value, at) for at, (key, value) in enumerate(params.items())])
        batch.add_tags(run_id, dict(tags))
        batch.points += [made_points(run_id, key, values) for key, values in metrics.items()]
        ids.append(run_id)
    write(store, batch)
    return ids


def add_run(store: Path, **run: Any) -> str:
    """Add one run and return its id."""
    return add_runs(store, run)[0]


def with_code(store: Path, *runs: dict[str, Any], code: bytes = b"C = 1") -> list[str]:
    """Add runs that come from a cell of some code, and return their ids."""
    ids = add_runs(store, *runs)
    kept = files.keep(store, code)
    batch = Batch(uuid.uuid4().hex, 1)
    for position, run_id in enumerate(ids):
        row = {"session": "s", "position": position, "source_sha256": kept.sha256, "start_time": START}
        batch.add_execution(run_id, {**row, "status": "FINISHED", "content": (kept.size, kept.data)})
    write(store, batch)
    return ids


def param_row(key: str, value: object, position: int = 0) -> dict[str, Any]:
    """Return a param as the writer takes it."""
    stored = param_value(value)
    return {
        "key": key,
        "value": stored.value,
        "type": stored.type,
        "number": stored.number,
        "text": stored.text,
        "written": None,
        "source": "explicit",
        "position": position,
    }


def made_points(run_id: str, key: str, values: float | Sequence[float], first: int = 0) -> Points:
    """Return points at steps `first`, `first` + 1, …, a second apart."""
    several = tuple(values) if isinstance(values, Sequence) else (values,)
    steps = tuple(range(first, first + len(several)))
    return Points(run_id, key, "logged", steps, tuple(START + 1000 * step for step in steps), several)
