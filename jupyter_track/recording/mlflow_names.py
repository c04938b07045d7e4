"""Functions that mlflow's users call and that need little here: waiting for what is written, and `autolog`."""

from __future__ import annotations

from typing import Any

from ..store import pending
from ..store.problems import report
from .session import session


def autolog(*arguments: Any, **options: Any) -> None:
    """Say what to do instead, and go on: frameworks are not patched here, so that a cell does what it says.

    ``%%track`` above a cell that fits takes the params of estimators, the score and the figures; ``%track on`` makes
    runs of the cells that log or give a metric.
    """
    report(
        "autolog",
        "autolog() does nothing here: no framework is patched. Put %%track above the cell that trains (it takes the "
        "estimator's params, the score and the figures), or '%track on' once; with start_run, log what should be kept.",
    )


def is_tracking_uri_set() -> bool:
    """Whether a store is in use already, by `set_tracking_uri` or by the first run."""
    return session.is_chosen()


def flush_async_logging() -> None:
    """Wait until all that was logged is on disk; the same as `flush`."""
    pending.flush(session.tracker().store)


def flush_artifact_async_logging() -> None:
    """Wait until all files that were logged are on disk; the same as `flush`."""
    pending.flush(session.tracker().store)
