"""Curves: a chart of ten million points, a zoom into it, and a live tick beside Altair's JupyterChart in one run.

JupyterChart needs anywidget (``pip install anywidget``); without it its row is left out.
"""

from __future__ import annotations

import json
import math
import random
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupyter_track as track
from jupyter_track.panels.curves import CurvesPanel
from jupyter_track.panels.panel import Link
from jupyter_track.store.curve_frames import points_frame
from jupyter_track.store.curve_window import stretch
from jupyter_track.store.schema import BUCKET_SIZES, create
from jupyter_track.views.curve_choice import Asked

from .measure import Row, best, folder, in_time, wall

MILLIONS = 10
RUNS, POINTS, TICKS = 10, 1_000, 40


def fill(store: Path, points: int) -> None:
    """Make a store with one run of one curve: a noisy descent with one spike."""
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    create(connection, "benchmark")
    connection.execute(
        "INSERT INTO runs (uuid, experiment_id, name, status, start_time, end_time, duration, rev)"
        " VALUES ('a', 0, 'long', 'FINISHED', 0, 1, 1.0, 1)"
    )
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1) INSERT INTO metric_points"
        " SELECT 1, i, i, i, CASE i WHEN 7654321 THEN 99.0 ELSE 1.0 / (1 + i) + (random() & 1023) / 1024.0 END FROM n",
        (points,),
    )
    for size in BUCKET_SIZES:
        connection.execute(
            "INSERT INTO metric_buckets SELECT 1, ?1, seq / ?1, min(step), max(step), min(time), max(time),"
            " min(value), max(value), min(value), max(value), 0 FROM metric_points WHERE seq < ?2 / ?1 * ?1"
            " GROUP BY seq / ?1",
            (size, points),
        )
    connection.execute(
        "INSERT INTO metrics (id, run_id, key, count, last_step, last_time, last_value, min_value, min_step, max_value,"
        " max_step, rev) SELECT 1, 1, 'loss', ?1, ?1 - 1, ?1 - 1, 0.5, min(value), 0, max(value), 7654321, 1"
        " FROM metric_points",
        (points,),
    )
    connection.execute("UPDATE store SET rev = 1")
    connection.execute("COMMIT")
    connection.close()


def curves(times: int) -> list[Row]:
    """Long curves, then live ticks."""
    rows = []
    with folder() as place:
        store = place / "track.db"
        fill(store, MILLIONS * 1_000_000)
        for name, seconds, act in (
            (f"a chart of 1,000 points from {MILLIONS} M", 0.010, lambda: stretch(store, 1, 1_000)),
            (f"a curve of {MILLIONS} M points opens", 0.3, lambda: _open(store)),
            ("a zoom into it, to every point", 0.1, lambda: stretch(store, 1, 1_000, low=5e6, high=5e6 + 800)),
        ):
            rows.append(in_time(name, best(lambda act=act: wall(act), times), seconds))  # type: ignore[misc]
        assert max(point.value for point in stretch(store, 1, 1_000).points) == 99.0
    with folder() as place:
        rows += _frames(place, times)
    with folder() as place:
        rows += _ticks(place / "track.db")
    return rows


def _open(store: Path) -> None:
    sent: list[str] = []
    panel, link = CurvesPanel(store, Asked(("loss",))), Link(lambda message: sent.append(json.dumps(message)))
    panel.attach(link)
    panel.received(link, {"type": "ready"})
    assert len(sent) == 2
    panel.detach(link)


def _frames(place: Path, times: int) -> list[Row]:
    import pandas

    store = place / "track.db"
    fill(store, 100_000)

    def raw() -> None:
        connection = sqlite3.connect(store)
        pandas.read_sql(
            "SELECT step, time, value FROM metric_points JOIN metrics ON metrics.id = metric_id"
            " WHERE key = 'loss' ORDER BY seq",
            connection,
        )
        connection.close()

    floor, ours = (best(lambda act=act: wall(act), times) for act in (raw, lambda: points_frame(store, 1)))  # type: ignore[misc]
    chart = best(lambda: wall(lambda: stretch(store, 1, 1_000)), times)
    return [
        Row(
            "100,000 points to a frame of curves",
            f"{ours * 1e3:.0f} ms",
            f"raw {floor * 1e3:.0f} ms",
            ours / floor,
            1,
        ),
        in_time("a chart of 1,000 points from 100 k", chart, 0.005),
    ]


def _ticks(store: Path) -> list[Row]:
    """Ten runs that each log 25 points a tick, in our panel and in JupyterChart."""
    track.set_tracking_uri(store)
    rng = random.Random(0)
    runs = [track.start_run(run_name=f"r{number}", nested=number > 0) for number in range(RUNS)]
    client = track.MlflowClient()
    for run in runs:
        client.log_metric(run.info.run_id, "loss", 1.0, step=0)
    track.flush()
    sizes: list[int] = []
    ids = [run.info.run_id for run in runs]
    panel = CurvesPanel(store, Asked(("loss",), tuple(ids)))
    link = Link(lambda message: sizes.append(len(json.dumps(message))))
    panel.attach(link)
    panel.received(link, {"type": "ready"})
    sizes.clear()
    held: list[tuple[str, int, float]] = []
    peer = _jupyter_chart()
    ours, theirs = [], []
    for tick in range(TICKS):
        for run_id in ids:
            for step in range(tick * 25, tick * 25 + 25):
                value = math.exp(-step / 200) + rng.random() / 20
                client.log_metric(run_id, "loss", value, step=step)
                held.append((run_id, step, value))
        track.flush()
        began = time.thread_time()
        panel.refresh()
        ours.append(time.thread_time() - began)
        if peer is not None:
            began = time.thread_time()
            peer(held)
            theirs.append(time.thread_time() - began)
    for run in reversed(runs):
        run.end()
    tick = statistics.median(ours)
    told = f"{tick * 1e3:.1f} ms, {sum(sizes) / 1e6:.2f} MB in all"
    if not theirs:
        return [in_time("a live tick of 10 curves (JupyterChart is not installed)", tick, 0.052)]
    floor = statistics.median(theirs)
    return [Row("a live tick of 10 curves", told, f"JupyterChart {floor * 1e3:.0f} ms", tick / floor, 0.2)]


def _jupyter_chart() -> Callable[[list[tuple[str, int, float]]], None] | None:
    """What a tick costs there: a new chart with all rows, as it cannot append; None where it is not installed."""
    try:
        import anywidget  # noqa: F401
    except ImportError:
        return None
    import altair
    import pandas

    altair.data_transformers.disable_max_rows()

    def chart(rows: list[tuple[str, int, float]]) -> Any:
        frame = pandas.DataFrame(rows, columns=["run", "step", "loss"])
        return altair.Chart(frame).mark_line().encode(x="step:Q", y="loss:Q", color="run:N")

    widget = altair.JupyterChart(chart([("r0", 0, 1.0)]))

    def tick(rows: list[tuple[str, int, float]]) -> None:
        widget.chart = chart(rows)
        json.dumps(widget.spec)  # as it goes over the wire

    return tick


# ---- live in a kernel

_LOG = """%%track live -q
times, spent, began = [], ticker.spent, time.perf_counter()
for step in range(600):
    work(count * 10)
    times.append(time.time())
    for run in runs:
        client.log_metric(run.info.run_id, "loss", float(step), step=step)
took = time.perf_counter() - began
spent = ticker.spent - spent
"""
_TEN = """client = track.MlflowClient()
experiment = track.create_experiment("ten")
runs = [client.create_run(experiment, run_name=f"r{number}") for number in range(10)]
for run in runs:
    client.log_metric(run.info.run_id, "loss", 0.0, step=0)
track.flush()
panel = track.curves("loss")
panel
"""


def live(_: int) -> list[Row]:
    """Ten runs that are logged by a busy cell, in a panel with a view: latency, the ticker's share, bytes."""
    import sys

    from .live import _SETUP
    from .measure import REPOSITORY

    sys.path.insert(0, str(REPOSITORY / "tests"))
    from live_session import live_page

    with folder() as place, live_page(place) as page:
        page.run(_SETUP, "setup")
        shown = page.send(_TEN, "panel")
        page.over(shown)
        comm = page.open(page.panel)
        page.say(comm, type="ready")
        page.take(1.0)
        cell, seen, size, count = page.send(_LOG, "log"), [], 0, len(page.messages)
        while not any(
            one["msg_type"] == "status" and one["content"]["execution_state"] == "idle" for one in page.of(cell)[-3:]
        ):
            page.take(0.005)
            now = time.time()
            for message in page.messages[count:]:
                data = message["content"].get("data", {})
                if message["msg_type"] == "comm_msg" and data.get("type") == "curves-points":
                    size += len(json.dumps(data))
                    seen += [(now, max(part["x"])) for part in data["parts"] if part["x"]]
            count = len(page.messages)
        took, spent, times = json.loads(page.run("print(json.dumps([took, spent, times]))", "told").text)
    steps = range(20, int(seen[-1][1]), 7)
    waits = [next(when for when, last in seen if last >= step) - times[step] for step in steps]
    return [
        in_time("a point of ten curves at the view (median)", statistics.median(waits), 0.5),
        Row("the thread's share, ten live curves", f"{spent / took:.2%}", "2 %", spent / took / 0.02, 1),
        Row("bytes a point", f"{size / (10 * 600):.0f}", "60", size / (10 * 600) / 60, 1),
    ]
