"""mlflow on the same runs, where it is importable: a search over 10,000 runs, and a history of 100,000 points.

The runs are written into an ``mlflow.db`` that mlflow has made, and brought from there: so both read the same.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sqlite3
from pathlib import Path
from typing import Any

import jupyter_track as track
from jupyter_track.from_mlflow.bring import bring

from .measure import Row, folder, interleaved, wall

RUNS = 10_000
POINTS = 100_000
START = 1_796_000_000_000


def _fill(place: Path, mlflow: Any) -> str:
    """Make 10,000 runs of 6 params and 3 metrics, and one with a long curve; return the id of that."""
    mlflow.set_tracking_uri(f"sqlite:///{place / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    run_id: str = client.create_run("0", run_name="long").info.run_id
    ids = [f"{number:032x}" for number in range(1, RUNS + 1)]
    with contextlib.closing(sqlite3.connect(place / "mlflow.db")) as connection, connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
        like = dict(zip(names, connection.execute("SELECT * FROM runs").fetchone(), strict=True))
        for number, one in enumerate(ids):
            row = {**like, "run_uuid": one, "name": f"run-{number}", "start_time": START + number, "status": "FINISHED"}
            connection.execute(f"INSERT INTO runs VALUES ({','.join('?' * len(names))})", [row[name] for name in names])
        connection.executemany(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
            [(f"p{i}", str(number * 0.5 + i), one) for number, one in enumerate(ids) for i in range(6)],
        )
        points = [(f"m{i}", number * 0.25 + i, START, one, 0) for number, one in enumerate(ids) for i in range(3)]
        points += [("loss", step * 0.5, START + step, run_id, step) for step in range(POINTS)]
        for table in ("metrics", "latest_metrics"):
            some = points if table == "metrics" else [*points[: 3 * RUNS], points[-1]]
            connection.executemany(
                f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)", some
            )
    return run_id


def against_mlflow(times: int) -> list[Row]:
    """Both on the same runs; nothing where mlflow is not installed."""
    if importlib.util.find_spec("mlflow") is None:
        return []
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow

    with folder() as place:
        run_id = _fill(place, mlflow)
        track.set_tracking_uri(place / "track.db")
        brought = wall(lambda: bring(place / "track.db", place / "mlflow.db"))
        ours, theirs = track.TrackClient(), mlflow.MlflowClient()
        assert track.search_runs(experiment_ids=["0"]).shape[0] == RUNS + 1
        assert len(ours.get_metric_history(run_id, "loss")) == POINTS
        least = interleaved(
            {
                "their search": lambda: wall(lambda: mlflow.search_runs(experiment_ids=["0"])),
                "search": lambda: wall(lambda: track.search_runs(experiment_ids=["0"])),
                "their history": lambda: wall(lambda: theirs.get_metric_history(run_id, "loss")),
                "history": lambda: wall(lambda: ours.get_metric_history(run_id, "loss")),
            },
            min(times, 3),
        )
    told = {name: f"{seconds * 1e3:,.0f} ms" for name, seconds in least.items()}
    return [
        Row(
            "search_runs over 10,000 runs, against mlflow",
            told["search"],
            told["their search"],
            least["search"] / least["their search"],
            0.1,
        ),
        Row(
            "get_metric_history of 100,000 points, against mlflow",
            told["history"],
            told["their history"],
            least["history"] / least["their history"],
            0.2,
        ),
        Row("importing 10,001 runs with 130,000 points", f"{brought:.1f} s", "30 s", brought / 30, 1),
    ]
