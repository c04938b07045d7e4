"""Reading against raw SQL: 100,000 points to a DataFrame, a chart, a table of 10,000 runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas

import jupyter_track as track
from jupyter_track.recording import context
from jupyter_track.store.reader import Reader

from .measure import Row, folder, interleaved, wall

RUNS = 10_000
POINTS = 100_000


def _fill(place: Path) -> tuple[Path, str]:
    """Make a store with 10,000 runs of 6 params and 3 metrics, and one run with a long curve."""
    store = place / "track.db"
    track.set_tracking_uri(store)
    context.enabled = False
    for number in range(RUNS):
        with track.start_run(run_name=f"run-{number % 50}"):
            track.log_params({f"p{i}": number * 0.5 + i for i in range(6)})
            track.log_metrics({f"m{i}": number * 0.25 + i for i in range(3)})
    context.enabled = True
    with track.start_run() as run:
        for i in range(POINTS):
            track.log_metric("loss", i * 0.5, step=i)
    track.flush()
    return store, run.run_id


def _raw_table(store: Path) -> None:
    """What anybody would write: three queries and two pivots in pandas."""
    connection = sqlite3.connect(store)
    runs = pandas.read_sql("SELECT id, uuid, experiment_id, name, status, start_time, end_time FROM runs", connection)
    for table, column in (("params", "text"), ("metrics", "last_value")):
        rows = pandas.read_sql(f"SELECT run_id, key, {column} AS value FROM {table}", connection)
        runs = runs.merge(rows.pivot(index="run_id", columns="key", values="value"), left_on="id", right_index=True)
    connection.close()


def _raw_points(store: Path) -> None:
    connection = sqlite3.connect(store)
    pandas.read_sql(
        "SELECT step, time, value FROM metric_points JOIN metrics ON metrics.id = metric_id"
        " WHERE key = 'loss' ORDER BY seq",
        connection,
    )
    connection.close()


def reading(times: int) -> list[Row]:
    """Tables and curves against raw SQL on the same file."""
    with folder() as place:
        store, run_id = _fill(place)
        reader = Reader(store)

        def our_points() -> None:
            found = reader.points(run_id, "loss")
            pandas.DataFrame({"step": found.steps, "time": found.times, "value": found.values})

        least = interleaved(
            {
                "raw table": lambda: wall(lambda: _raw_table(store)),
                "table": lambda: wall(reader.frame),
                "raw points": lambda: wall(lambda: _raw_points(store)),
                "points": lambda: wall(our_points),
                "chart": lambda: wall(lambda: reader.curve(run_id, "loss", 1_000)),
            },
            times,
        )
    milliseconds = {name: seconds * 1e3 for name, seconds in least.items()}
    return [
        Row(
            "table of 10,000 runs",
            f"{milliseconds['table']:.0f} ms",
            f"raw SQL and pandas {milliseconds['raw table']:.0f} ms",
            least["table"] / least["raw table"],
            1,
        ),
        Row(
            "100,000 points to a DataFrame",
            f"{milliseconds['points']:.0f} ms",
            f"raw {milliseconds['raw points']:.0f} ms",
            least["points"] / least["raw points"],
            1,
        ),
        Row(
            "a chart of 1,000 points from 100,000", f"{milliseconds['chart']:.1f} ms", "5 ms", least["chart"] / 0.005, 1
        ),
    ]
