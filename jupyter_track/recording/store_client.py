"""What every client stands on: the store that it speaks of."""

from __future__ import annotations

import os
from typing import Any

from ..missing import hint_of
from .session import session
from .tracker import Tracker


class StoreClient:
    """A client of the current store, or of one that is named.

    Parameters
    ----------
    tracking_uri : str, optional
        A store; the current one by default.
    registry_uri : str, optional
        Accepted for mlflow's sake: models are registered in the same store.
    """

    def __init__(self, tracking_uri: str | os.PathLike[str] | None = None, registry_uri: str | None = None) -> None:
        self._own = None if tracking_uri is None else Tracker(session.parse(tracking_uri))

    def __getattr__(self, name: str) -> Any:
        hint = hint_of(f"TrackClient.{name}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{f': {hint}.' if hint else ''}")

    @property
    def _tracker(self) -> Tracker:
        if self._own is None or self._own.store == session.tracker().store:
            return session.tracker()
        return self._own

    @property
    def tracking_uri(self) -> str:
        """The path of the store."""
        return str(self._tracker.store)

    def _target(self, reference: str | int, *, deleted: bool = False) -> tuple[Tracker, str]:
        """The tracker, and the id of the run that is meant."""
        tracker = self._tracker
        return tracker, tracker.meant(reference, deleted=deleted)
