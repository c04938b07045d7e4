"""The values that metrics are to reach: tags of their experiment, ``track.target.`` and the metric's name.

A tag, since it is what belongs to an experiment and travels with it already: through export, merge, import and mlflow's
own words for tags.
"""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

from ..records import Goal
from .database import reading

PREFIX = "track.target."


class Goals(dict[str, Goal]):
    """The goals that were declared for metrics; `aimed` are those of them that have a value to reach.

    One of these is the main metric before any other.
    """

    aimed: frozenset[str] = frozenset()


def targets(store: Path) -> dict[str, dict[str, float]]:
    """Return the targets of metrics, by the name of the experiment; what is no finite number is none."""
    with reading(store) as connection:
        names = dict(connection.execute("SELECT id, name FROM experiments").fetchall())
        return {names[number]: aims for number, aims in aims_of(connection).items() if number in names}


def aims_of(connection: sqlite3.Connection) -> dict[int, dict[str, float]]:
    """Return the targets of metrics, by the number of the experiment."""
    rows = connection.execute(
        "SELECT experiment_id, key, value FROM experiment_tags WHERE key >= ? AND key < ?",
        (PREFIX, PREFIX[:-1] + chr(ord(PREFIX[-1]) + 1)),
    )
    found: dict[int, dict[str, float]] = {}
    for experiment, key, text in rows:
        if (value := _number(text)) is not None:
            found.setdefault(experiment, {})[key[len(PREFIX) :]] = value
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
