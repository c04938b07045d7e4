"""The lowest floor of the store: what readers and edits say to the recording half of their own process.

A query flushes the writer first, and who edits says which runs went into the bin or came out of it. Readers must not
import the writer, nor edits the tracker: both register here, under the store's path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from weakref import WeakMethod

Flush = Callable[[float | None], bool]
_flushes: dict[Path, Flush] = {}
_watchers: dict[Path, list[WeakMethod[Callable[[str], None]]]] = {}


def register(store: Path, flush: Flush) -> None:
    """Make `flush` what `flush(store)` calls."""
    _flushes[store] = flush


def forget(store: Path) -> None:
    """Remove the store's flush, if there is one."""
    _flushes.pop(store, None)


def flush(store: Path, timeout: float | None = None) -> bool:
    """Wait until all that this process logged to `store` is on disk.

    Parameters
    ----------
    store : Path
    timeout : float, optional
        Seconds to wait; None waits as long as the writer needs.

    Returns
    -------
    bool
        True when everything is on disk, also where this process has written nothing.
    """
    own = _flushes.get(store)
    return True if own is None else own(timeout)


def watch(store: Path, method: Callable[[str], None]) -> None:
    """Call a method with the id of each run that this process deletes or restores, as long as its object lives."""
    living = [known for known in _watchers.get(store, ()) if known() is not None]
    _watchers[store] = [*living, WeakMethod(method)]


def moved(store: Path, run_ids: Iterable[str]) -> None:
    """Say that runs were put into the bin or taken out of it."""
    methods = [method for known in _watchers.get(store, ()) if (method := known()) is not None]
    for run_id in run_ids:
        for method in methods:
            method(run_id)
