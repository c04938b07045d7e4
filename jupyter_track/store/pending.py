"""The lowest floor of the store: lets a query flush the writer of its own process first.

Readers must not import the writer; the writer registers its flush here, under the store's path.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Flush = Callable[[float | None], bool]
_flushes: dict[Path, Flush] = {}


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
