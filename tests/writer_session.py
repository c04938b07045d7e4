"""What the tests of the writer share: a run's row, its points, waiting, and a store that is held."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_track.store.database import StoreFiles
from jupyter_track.store.lock import ProcessLock
from jupyter_track.store.reader import Reader


def values(store: Path, run_id: str, key: str = "loss") -> list[float]:
    """The points of a curve, in their order."""
    return [point.value for point in Reader(store).history(run_id, key)]


def run_row() -> dict[str, Any]:
    """A run's row, as it is submitted."""
    return {"experiment": "Default", "name": "r", "status": "RUNNING", "start_time": 1, "user_id": ""}


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.002)


class Blocked:
    """Holds the store's mutex, as another process does, while the block runs."""

    def __init__(self, store: Path) -> None:
        self.files = StoreFiles(store)

    def __enter__(self) -> Blocked:
        self.held = ProcessLock(self.files.lock() and self.files.folder / "lock")
        self.context = self.held.held()
        self.context.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.context.__exit__(None, None, None)
        self.held.close()
        self.files.close()
