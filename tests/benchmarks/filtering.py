"""Filters over 100,000 runs: every typical one within 0.2 s, from the text to the numbers of the runs found."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from pathlib import Path

from jupyter_track.records import ViewType
from jupyter_track.store import run_rows
from jupyter_track.store.schema import create

from .measure import Row, folder, in_time, interleaved, wall

RUNS = 100_000
SOURCES = 2_000  # cells, each run 50 times
EXPERIMENTS = 20
NOTEBOOKS = 40
BAR = 0.2
WORDS = "optimizer dropout schedule weights baseline features pipeline residual momentum encoder".split()
STARTED = 1_700_000_000_000
FILTERS = (
    "metrics.loss < 0.5",
    "metrics.loss.min < 0.01",
    "params.lr >= 1e-3",
    "params.p0 > 10 AND params.p1 < 90 AND metrics.loss < 0.5",
    "params.model = 'svm'",
    "params.model LIKE 's%'",
    "tags.keep = 'yes'",
    "tags.mlflow.source.name LIKE '%7.ipynb'",
    "metrics.loss IS NULL",
    "NOT (metrics.loss < 0.5 OR params.lr > 1)",
    "status = 'FAILED'",
    "duration > 30",
    "start_time > ago(2d)",
    "start_time > '2023-11-15'",
    "experiment = 'experiment-7'",
    "notebook LIKE '%notebook-7%'",
    "code LIKE '%dropout%'",
    "name = 'run-77'",
    "note ILIKE '%seed 77%'",
    "pinned = true",
    "number BETWEEN 100 AND 200",
    "'dropout'",
    "'momentum encoder'",
    "'nothing-has-this'",
    "'dropout' AND metrics.loss < 0.5 AND start_time > ago(2d)",
)


def _source(number: int) -> str:
    word = WORDS[number % len(WORDS)]
    lines = [f"layer_{line} = build(width={number + line}, {word}_rate=0.{line}, seed={number})" for line in range(24)]
    return "\n".join(lines)


def fill(store: Path, runs: int = RUNS) -> None:
    """Make a store of runs with 6 params, 3 metrics, 5 tags and their source each, in bulk."""
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    create(connection, "benchmark")
    now = int(time.time() * 1000)
    connection.executemany(
        "INSERT INTO experiments (id, name, created, updated, rev) VALUES (?, ?, 1, 1, 1)",
        [(number, f"experiment-{number}") for number in range(1, EXPERIMENTS)],
    )
    sources = [_source(number).encode() for number in range(SOURCES)]
    hashes = [hashlib.sha256(source).hexdigest() for source in sources]
    connection.executemany(
        "INSERT INTO contents VALUES (?, ?, ?)",
        [(name, len(source), source) for name, source in zip(hashes, sources, strict=True)],
    )
    connection.executemany(
        "INSERT INTO runs (id, uuid, experiment_id, name, status, start_time, end_time, duration, note, user_id,"
        " notebook, cell_id, pinned, rev) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'ada', ?, ?, ?, 1)",
        (_run(number, now) for number in range(1, runs + 1)),
    )
    connection.executemany(
        "INSERT INTO params (run_id, key, value, type, number, text, position) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row for number in range(1, runs + 1) for row in _params(number)),
    )
    connection.executemany(
        "INSERT INTO metrics (run_id, key, count, last_step, last_time, last_value, min_value, min_step, max_value,"
        " max_step, rev) VALUES (?, ?, 9, 9, 1, ?, ?, 1, ?, 2, 1)",
        (row for number in range(1, runs + 1) for row in _metrics(number)),
    )
    connection.executemany(
        "INSERT INTO tags VALUES (?, ?, ?)", (row for number in range(1, runs + 1) for row in _tags(number))
    )
    connection.executemany(
        "INSERT INTO executions VALUES (?, 'session', ?, ?, ?, 1, 1, 0.5, 'FINISHED')",
        ((number, number, hashes[number % SOURCES], f"cell-{number % SOURCES}") for number in range(1, runs + 1)),
    )
    connection.execute("COMMIT")
    connection.close()


def _run(number: int, now: int) -> tuple[object, ...]:
    uuid = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    start = now - (RUNS - number) * 60_000
    status = "FAILED" if number % 10 == 0 else "FINISHED"
    note = f"tried with seed {number % 1000}" if number % 5 == 0 else None
    notebook = f"notebooks/notebook-{number % NOTEBOOKS}.ipynb"
    cell = f"cell-{number % SOURCES}"
    pinned = now if number % 1000 == 0 else None
    taken = (start, start + 40_000, number % 400 / 10)
    return (number, uuid, number % EXPERIMENTS, f"run-{number % 500}", status, *taken, note, notebook, cell, pinned)


def _params(number: int) -> list[tuple[object, ...]]:
    lr = 10.0 ** -(number % 5)
    rows: list[tuple[object, ...]] = [(number, "lr", repr(lr), "float", lr, str(lr), 0)]
    model = ("svm", "forest", "net")[number % 3]
    rows.append((number, "model", f'"{model}"', "str", None, model, 1))
    for index in range(4):
        value = number * (index + 3) % 101
        rows.append((number, f"p{index}", str(value), "int", value, str(value), index + 2))
    return rows


def _metrics(number: int) -> list[tuple[object, ...]]:
    value = number * 7919 % 10_007 / 10_007
    keys = ("accuracy", "val_loss") if number % 50 == 0 else ("accuracy", "loss", "val_loss")
    return [(number, key, value, value / 2, value * 2) for key in keys]


def _tags(number: int) -> list[tuple[object, ...]]:
    rows = [
        (number, "mlflow.source.name", f"notebooks/notebook-{number % NOTEBOOKS}.ipynb"),
        (number, "mlflow.source.type", "NOTEBOOK"),
        (number, "mlflow.source.git.commit", hashlib.sha1(str(number % 300).encode()).hexdigest()),
        (number, "team", ("red", "green", "blue")[number % 3]),
    ]
    return [*rows, (number, "keep", "yes")] if number % 100 == 0 else rows


def find(store: Path, text: str) -> list[int]:
    """Return the numbers of the runs that a filter finds, as every list of runs begins."""
    return run_rows.find(store, run_rows.search(None, text, None, ViewType.ACTIVE_ONLY, None, 0))


def filtering(times: int) -> list[Row]:
    """Every typical filter over 100,000 runs, in seconds."""
    with folder() as place:
        store = place / "track.db"
        fill(store)
        measures = {text: (lambda text=text: wall(lambda: find(store, text))) for text in FILTERS}
        least = interleaved(measures, times)
    return [in_time(f"100,000 runs: `{text}`", seconds, BAR) for text, seconds in least.items()]
