"""What becomes of a batch that the store does not take: a side file that is read back, one that is put by, or memory.

All of it is said once per kind of fault, and nothing of it reaches the user's code.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from ..errors import StoreError
from . import problems, spill
from .apply import UnknownRuns
from .batch import Batch


class RunsAreBack(Exception):
    """Runs that were gone are in the store again: another git branch was checked out, or a backup put back."""

    def __init__(self, runs: set[str]) -> None:
        self.runs = runs
        super().__init__(f"{len(runs)} runs are in the store again")


class Aside:
    """What one writer could not write to its store.

    Attributes
    ----------
    spilled : bool
        Whether something lies in a side file and is still to be read back.
    hopeless : bool
        Whether neither the store nor a side file could be written.
    gone : set of str
        Runs that were logged to and are not in the store any more.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self.spilled = False
        self.hopeless = False
        self.gone: set[str] = set()
        self._put = False  # a part of what was logged is kept in a file that waits for its run, or for a person

    def all_stored(self) -> bool:
        """Return whether all that was written since the last call is in the store."""
        put, self._put = self._put, False
        return not (self.spilled or self.hopeless or put)

    def look_for_returned(self, batch: Batch) -> None:
        """Look whether a batch that could be written belongs to runs that were gone.

        Raises
        ------
        RunsAreBack
            The caller takes the batch back: what was put by for those runs comes before it.
        """
        if self.gone and (back := self.gone & batch.run_ids(ends=True)):
            raise RunsAreBack(back)

    def without(self, batch: Batch, error: UnknownRuns) -> None:
        """Take what belongs to unknown runs out of a batch and put it by."""
        self.gone |= error.runs
        self.put_away(batch.split(error.runs, uuid.uuid4().hex), error)

    def spill(self, batch: Batch, error: StoreError) -> bool:
        """Write a batch to a side file; return False where even that fails, and it has to stay in memory."""
        try:
            path = spill.save(self.store, batch)
        except StoreError as nowhere:
            self.hopeless = True
            problems.report("store", f"{error} {nowhere} It is kept in memory, and tried again.")
            return False
        self.spilled, self.hopeless = True, False
        problems.report(
            "store", f"{error} What is logged goes to {path.parent} and is read back once the store can be written."
        )
        return True

    def put_away(self, batch: Batch, error: Exception) -> None:
        """Keep a batch that the store does not take, where it does not stand in the way of later ones."""
        self._put = True
        try:
            path = spill.save(self.store, batch)
        except StoreError as nowhere:
            problems.report("failed", f"A part of what was logged could not be written: {error!r} ({nowhere})")
        else:
            if isinstance(error, UnknownRuns):
                spill.put_by(path, error.runs)
            else:
                spill.put_away(path, error)
