"""A store in a line: what the status shows of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoreInfo:
    """A store in a line.

    `rev` counts batches and edits, `version` is the schema's, `created` in milliseconds, `runs` and `experiments` are
    the active ones, `points` the metric points of all runs, `size` the bytes of the file (without ``track.db-files``).
    """

    id: str
    rev: int
    version: int
    created: int
    created_by: str
    runs: int
    experiments: int
    points: int
    size: int
