"""Requests to stop a run, as they come through the store: from another process, or from a front end of this one.

A batch that meets the trace of another writer reads them in its own transaction. Where nothing is logged for a while
the writer looks at the file every `LOOK_SECONDS`, and opens it only where it has changed.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import StoreError
from .database import reading

LOOK_SECONDS = 2.0
_IDS = 500  # ids of one IN (...)


class StopRequests:
    """Which runs of this process were asked to stop.

    Attributes
    ----------
    on_request : callable
        Called, in the writer's thread, when a request has been seen.
    """

    def __init__(self, store: Path) -> None:
        self.on_request: Callable[[], None] = _nothing
        self._store = store
        self._asked: dict[str, int] = {}  # run id to the time of the request, in milliseconds
        self._looked = 0.0
        self._seen: tuple[int, int] | None = None  # the file when it was looked at: its time of change, and its size

    def asked(self, run_id: str) -> int | None:
        """Return when a run was last asked to stop, in milliseconds since the epoch; None where it was not."""
        return self._asked.get(run_id)

    @property
    def requests(self) -> Mapping[str, int]:
        """The requests by run id, always in the same mapping: a loop looks whether it is empty."""
        return self._asked

    def __bool__(self) -> bool:
        return bool(self._asked)

    def ask(self, run_id: str, when: int) -> None:
        """Ask a run of this process to stop, at once; the caller also writes the request, with the same time."""
        if self._asked.get(run_id) != when:
            self._asked[run_id] = when
            self.on_request()

    def forget(self, run_id: str) -> None:
        """Forget the request of a run that is resumed."""
        self._asked.pop(run_id, None)

    def read(self, connection: sqlite3.Connection, runs: Sequence[str]) -> None:
        """Read what the store says of these runs."""
        self._looked = time.monotonic()
        found: dict[str, int] = {}
        for at in range(0, len(runs), _IDS):
            some = runs[at : at + _IDS]
            marks = ",".join("?" * len(some))
            found.update(
                connection.execute(
                    f"SELECT uuid, stop_requested FROM runs WHERE uuid IN ({marks}) AND stop_requested IS NOT NULL",
                    some,
                )
            )
        if any(self._asked.get(run_id) != when for run_id, when in found.items()):
            self._asked.update(found)
            self.on_request()

    def look(self, runs: Sequence[str]) -> None:
        """Look at the store, unless that was done within `LOOK_SECONDS` or the file is as it was then."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            state = os.stat(self._store)
            seen = (state.st_mtime_ns, state.st_size)
            if seen == self._seen:
                return
            with reading(self._store) as connection:
                self.read(connection, runs)
            self._seen = seen
        except (OSError, StoreError):  # the next batch says what is wrong with the store
            return


def _nothing() -> None:
    """Do nothing: nobody wants to hear of requests."""
