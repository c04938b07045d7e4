"""A run from start to end against raw sqlite3, the import, a fresh process, a table of runs, a tracked cell."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import time
import uuid
from pathlib import Path

import jupyter_track as track
from jupyter_track.recording import context
from jupyter_track.store.schema import create

from .measure import Row, cpu, folder, in_time, interleaved, process, wall

RUNS = 300


def _raw_runs(place: Path) -> None:
    """The same rows into the same tables, with a connection and a transaction a run."""
    path = place / f"raw-{uuid.uuid4().hex}.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN")
    create(connection, "benchmark")
    connection.execute("COMMIT")
    connection.close()
    for number in range(1, RUNS + 1):
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO runs (uuid, experiment_id, name, status, start_time, end_time, rev)"
            " VALUES (?, 0, 'run', 'FINISHED', 1, 2, 1)",
            (uuid.uuid4().hex,),
        )
        connection.executemany(
            "INSERT INTO params VALUES (?, ?, ?, 'float', ?, ?, NULL, 'explicit', ?)",
            [(number, f"p{i}", "0.5", 0.5, "0.5", i) for i in range(10)],
        )
        first = (number - 1) * 5
        connection.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, 'logged', 1, 0, 1, 0.5, 0.5, 0, 0.5, 0, 1)",
            [(first + i, number, f"m{i}") for i in range(1, 6)],
        )
        connection.executemany(
            "INSERT INTO metric_points VALUES (?, 0, 0, 1, 0.5)", [(first + i,) for i in range(1, 6)]
        )
        connection.execute("COMMIT")
        connection.close()


def _our_runs(place: Path) -> None:
    track.set_tracking_uri(place / f"ours-{uuid.uuid4().hex}.db")
    params = {f"p{i}": 0.5 for i in range(10)}
    metrics = {f"m{i}": 0.5 for i in range(5)}
    for _ in range(RUNS):
        with track.start_run(run_name="run"):
            track.log_params(params)
            track.log_metrics(metrics)
    track.flush()


def run_from_start_to_end(times: int) -> Row:
    """CPU of a run with 10 params and 5 metrics, in all threads."""
    context.enabled = False  # git runs in a process of its own and is measured nowhere here
    with folder() as place:
        least = interleaved(
            {"raw": lambda: cpu(lambda: _raw_runs(place)), "ours": lambda: cpu(lambda: _our_runs(place))}, times
        )
    context.enabled = True
    ours, raw = least["ours"] / RUNS, least["raw"] / RUNS
    return Row(
        "a run: start, 10 params, 5 metrics, end (CPU)",
        f"{ours * 1e3:.2f} ms",
        f"raw {raw * 1e3:.2f} ms",
        ours / raw,
        2,
    )


def start_on_the_users_thread(times: int) -> Row:
    """Wall time that starting and ending a run takes from the user's thread, context capture on; bar 5 ms."""
    with folder() as place:
        track.set_tracking_uri(place / "track.db")

        def once() -> None:
            with track.start_run():
                pass

        once()
        track.flush()
        ours = sorted(wall(once) for _ in range(times * 20))[times * 10]
        track.flush()
    return in_time("start and end of a run, user's thread", ours, 0.005)


FRESH = """
import jupyter_track as track
with track.start_run():
    track.log_metric("loss", 0.5, step=0)
"""


def startup(times: int) -> list[Row]:
    """CPU of the import and of a fresh process that logs one run, over a bare interpreter."""
    with folder() as place:
        bare = process("pass", place, times=times)
        light = process("import jupyter_track", place, times=times)
        process(FRESH, place, times=1)
        fresh = process(FRESH, place, times=times)
    return [
        Row("import, over bare Python (CPU)", f"{(light - bare) * 1e3:.0f} ms", "150 ms", (light - bare) / 0.15, 1),
        Row(
            "fresh process with one run, over bare (CPU)",
            f"{(fresh - bare) * 1e3:.0f} ms",
            "250 ms",
            (fresh - bare) / 0.25,
            1,
        ),
    ]


def tracked_cell(times: int) -> list[Row]:
    """What an untracked cell costs more (bar 1 ms) and a tracked `1` (bar 20 ms), 95th percentile, wall time."""
    from IPython.core.interactiveshell import InteractiveShell

    def percentile(shell: InteractiveShell, cell: str) -> float:
        found = []
        for _ in range(times * 10):
            with contextlib.redirect_stdout(io.StringIO()):
                found.append(wall(lambda: shell.run_cell(cell, store_history=True)))
            time.sleep(0.02)
        return sorted(found)[int(len(found) * 0.95) - 1]

    with folder() as place, contextlib.chdir(place):
        track.set_tracking_uri(place / "track.db")
        shell = InteractiveShell()
        bare = percentile(shell, "x = 1")
        shell.run_line_magic("load_ext", "jupyter_track")
        untracked = percentile(shell, "x = 1")
        tracked = percentile(shell, "%%track\n1")
        shell.run_line_magic("unload_ext", "jupyter_track")
        track.flush()
    return [
        Row(
            "an untracked cell, more than bare (p95)",
            f"{(untracked - bare) * 1e3:.2f} ms",
            "1 ms",
            (untracked - bare) / 0.001,
            1,
        ),
        Row("%%track over 1 (p95)", f"{tracked * 1e3:.1f} ms", "20 ms", tracked / 0.02, 1),
    ]
