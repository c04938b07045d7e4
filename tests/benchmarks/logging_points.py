"""A log call against a bare append, points per second until on disk against raw sqlite3, bytes a point."""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from pathlib import Path
from time import perf_counter, time_ns

import jupyter_track as track
from jupyter_track.records import Metric
from jupyter_track.store.schema import INITIAL

from .measure import Row, folder, interleaved, wall

CALLS = 50_000
POINTS = 400_000


def log_call(times: int) -> Row:
    """`log_metric(key, float, step=i)` against `deque.append` in the same loop, the empty loop taken off."""
    log_metric = track.log_metric
    queue: deque[tuple[str, int, float]] = deque()

    def empty() -> float:
        begin = perf_counter()
        for _ in range(CALLS):
            pass
        return perf_counter() - begin

    def append() -> float:
        queue.clear()
        add = queue.append
        begin = perf_counter()
        for i in range(CALLS):
            add(("loss", i, 0.5))
        return perf_counter() - begin

    def log() -> float:
        track.flush()
        begin = perf_counter()
        for i in range(CALLS):
            log_metric("loss", 0.5, step=i)
        return perf_counter() - begin

    with folder() as place:
        track.set_tracking_uri(place / "track.db")
        with track.start_run():
            least = interleaved({"empty": empty, "append": append, "log": log}, times)
        track.flush()
    floor = (least["append"] - least["empty"]) / CALLS
    ours = (least["log"] - least["empty"]) / CALLS
    return Row("log_metric call", f"{ours * 1e6:.3f} µs", f"append {floor * 1e6:.3f} µs", ours / floor, 4)


def _raw(place: Path) -> float:
    """Points per second of executemany in transactions of 20,000 into the same table."""
    path = place / f"raw-{time_ns()}.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(next(statement for statement in INITIAL if "TABLE metric_points" in statement))
    begin = perf_counter()
    for start in range(0, POINTS, 20_000):
        now = time_ns() // 1_000_000
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO metric_points VALUES (1, ?, ?, ?, ?)",
            ((i, i, now, float(i % 997)) for i in range(start, start + 20_000)),
        )
        connection.execute("COMMIT")
    seconds = perf_counter() - begin
    connection.close()
    return seconds


def _single(place: Path) -> float:
    track.set_tracking_uri(place / f"single-{time_ns()}.db")

    def work() -> None:
        with track.start_run():
            for i in range(POINTS):
                track.log_metric("loss", float(i % 997), step=i)
        track.flush()

    return wall(work)


def _batches(place: Path) -> float:
    """The batches are made before the clock starts: a caller has them."""
    track.set_tracking_uri(place / f"batches-{time_ns()}.db")
    client = track.TrackClient()
    now = time_ns() // 1_000_000
    points = [Metric("loss", float(i % 997), now, i) for i in range(POINTS)]
    batches = [points[start : start + 1_000] for start in range(0, POINTS, 1_000)]
    with track.start_run() as run:

        def work() -> None:
            for batch in batches:
                client.log_batch(run.run_id, batch)
            track.flush()

        return wall(work)


def points_on_disk(times: int) -> list[Row]:
    """Points per second until they are on disk, by single calls and by batches of 1,000."""
    with folder() as place:
        measures = {"raw": lambda: _raw(place), "single": lambda: _single(place), "batch": lambda: _batches(place)}
        least = interleaved(measures, times)
    rates = {name: POINTS / seconds for name, seconds in least.items()}
    floor = f"raw {rates['raw'] / 1e6:.2f} M/s"
    return [
        Row(
            "points on disk, single calls",
            f"{rates['single'] / 1e6:.2f} M/s",
            floor,
            rates["single"] / rates["raw"],
            0.5,
            True,
        ),
        Row(
            "points on disk, log_batch of 1,000",
            f"{rates['batch'] / 1e6:.2f} M/s",
            floor,
            rates["batch"] / rates["raw"],
            0.7,
            True,
        ),
    ]


def bytes_a_point() -> Row:
    """Bytes of a point with its buckets and its row of metrics, against the same points alone in the same table."""
    count = 300_000
    with folder() as place:
        track.set_tracking_uri(place / "track.db")
        with track.start_run():
            track.flush()
            empty = os.path.getsize(place / "track.db")
            for i in range(count):
                track.log_metric("loss", float(i % 997), step=i)
        track.flush()
        ours = (os.path.getsize(place / "track.db") - empty) / count
        raw = sqlite3.connect(place / "raw.db", isolation_level=None)
        raw.execute(next(statement for statement in INITIAL if "TABLE metric_points" in statement))
        now = time_ns() // 1_000_000
        raw.execute("BEGIN")
        raw.executemany(
            "INSERT INTO metric_points VALUES (1, ?, ?, ?, ?)", ((i, i, now, float(i % 997)) for i in range(count))
        )
        raw.execute("COMMIT")
        raw.close()
        floor = os.path.getsize(place / "raw.db") / count
    return Row("bytes a point", f"{ours:.1f}", f"raw {floor:.1f}", ours / floor, 1.1)
