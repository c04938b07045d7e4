"""Runs that differ in everything, and what a filter finds among them: shared by the tests of the search grammar."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from pathlib import Path
from typing import Any

from made_stores import START, add_runs, made_store

from jupyter_track.store import filter_sql
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.filters import parse_filter

NAN, INF = math.nan, math.inf
NOW = START + 10_000  # when ages are told

RUNS: dict[str, dict[str, Any]] = {
    "plain": {
        "params": {"lr": 0.1, "model": "svm", "n": 3, "flag": True},
        "metrics": {"loss": [3.0, 0.25, 0.5], "acc": 0.9},
        "tags": {"team": "red", "mlflow.parentRunId": "by hand"},
        "user_id": "ada",
        "notebook": "a/plain.ipynb",
        "end_time": START + 5_000,
        "duration": 5.0,
    },
    "Mixed": {
        "params": {"lr": "0.1", "model": "SVM rbf", "n": 10, "odd key": "it's"},
        "metrics": {"loss": [1.0, 2.0], "loss.min": 7.0},
        "tags": {"team": "Red", "x*[y]?": "a*b"},
        "status": "FAILED",
        "experiment": "Nets",
        "notebook": "Übung.ipynb",
        "note": "a note",
        "end_time": START + 60_000,
        "duration": 60.0,
    },
    "odd": {
        "params": {"lr": NAN, "model": None, "n": INF},
        "metrics": {"loss": [0.5, NAN], "acc": INF, "odd key": -INF, "all nan": [NAN, NAN]},
        "tags": {"team": "größe", "mlflow.user": "by hand"},
        "user_id": "eve",
        "parent_uuid": "0" * 32,
        "status": "RUNNING",
    },
    "bare": {},
}

# The cells that the runs came from.
CODE = {
    "plain": ["dropout = 0.5\nfit(dropout)"],
    "Mixed": ["model = SVC()", "print('ÄPFEL 100%')"],
    "odd": ["# größe_1\nfit()"],
}


def made_filter_store(folder: Path) -> Path:
    """Return a store of the runs, with the code of their cells."""
    store = made_store(folder)
    add_runs(store, *({"name": name, **run} for name, run in RUNS.items()))
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.execute("UPDATE runs SET pinned = 1 WHERE name = 'odd'")
        for name, sources in CODE.items():
            for position, source in enumerate(sources):
                data = source.encode()
                sha256 = hashlib.sha256(data).hexdigest()
                connection.execute("INSERT OR IGNORE INTO contents VALUES (?, ?, ?)", (sha256, len(data), data))
                connection.execute(
                    "INSERT INTO executions SELECT id, 's', ?, ?, NULL, 1, 1, 0.5, 'FINISHED' FROM runs WHERE name = ?",
                    (position, sha256, name),
                )
    files.close()
    return store


def found(connection: sqlite3.Connection, text: str) -> set[str]:
    """Return the names of the runs that a filter finds."""
    sql = filter_sql.condition(parse_filter(text, now_ms=NOW))
    return {row[0] for row in connection.execute(f"SELECT name FROM runs WHERE {sql.text}", sql.values)}
