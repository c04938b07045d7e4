"""The boundary between our faults and the user's cell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..store.problems import report


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Keep a fault of ours away from the user's cell: it is reported, once per `what`, and goes no further."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the boundary that keeps the user's cell unharmed
        report(f"hook-{what}", f"jupyter-track could not record this cell's {what}: {error!r}")
