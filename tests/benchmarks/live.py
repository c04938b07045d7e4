"""Live panels beside a loop of 1 ms NumPy steps that logs each step: slowdown, the thread's share, latency, bytes.

The card as HTML, the card in a view, and the card with a table of runs, both in views.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import statistics
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from jupyter_track.store.schema import create

from .measure import REPOSITORY, Row, folder, in_time

STEPS = 4_000
_SETUP = """
import json, os, time
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
import numpy as np
import jupyter_track as track
from jupyter_track.panels.ticker import ticker
a, out = np.random.rand(64, 64), np.empty((64, 64))
def work(count):
    for _ in range(count):
        np.dot(a, a, out=out)
def took(count):
    began = time.thread_time()
    work(count)
    return time.thread_time() - began
took(1_000)
count = max(1, round(0.001 / (min(took(200) for _ in range(20)) / 200)))
"""
_LOOP = """%%track busy {flags}
times, spent, began = [], ticker.spent, time.perf_counter()
for number in range({steps}):
    work(count)
    track.log_metric("loss", float(number), step=number)
    times.append(time.time())
took = time.perf_counter() - began
spent = ticker.spent - spent
"""
_VALUE = re.compile(r'title="(\d+\.0)"')


def _loop(page: Any, mode: str) -> dict[str, Any]:
    """Run the loop once; return its seconds, the thread's, and what a front end got, with the time of its coming."""
    table = None
    if mode == "all":
        page.over(page.send("%track", "table"))
        table = page.connected(page.panel)
        page.messages.clear()
    cell = page.send(_LOOP.format(flags="-q" if mode == "off" else "", steps=STEPS))
    comm, seen, count = None, [], 0
    while not any(
        one["msg_type"] == "status" and one["content"]["execution_state"] == "idle" for one in page.of(cell)[-3:]
    ):
        page.take(0.005)
        now = time.time()
        seen += [(now, message) for message in page.messages[count:]]
        count = len(page.messages)
        if mode in ("view", "all") and comm is None and page.bundles(cell):
            comm = page.open(page.panel)
            page.say(comm, type="ready")
    told = page.run("print(json.dumps([took, spent, times]))", "told").text
    took, spent, times = json.loads(told)
    shown = []
    size = 0
    for when, message in seen:
        data = message["content"].get("data")
        if message["msg_type"] == "comm_msg":
            size += len(json.dumps(data))
        if message["msg_type"] == "comm_msg" and data.get("type") == "card":
            values = [one["full"] for one in data["card"]["metrics"]]
            shown += [(when, int(float(value))) for value in values if float(value) < STEPS]
        elif "display_data" in message["msg_type"] and mode == "html":
            size += len(json.dumps(data))
            shown += [(when, int(float(value))) for value in _VALUE.findall(data["text/html"])]
    if table is not None:
        page.close(table)
    return {"took": took, "spent": spent, "times": times, "shown": shown, "bytes": size}


def _latency(found: dict[str, Any]) -> float:
    """The median time from the log call of a point to the first message that has it or a later one."""
    times, shown = found["times"], found["shown"]
    first = shown[0][1]
    waits = []
    for number in range(first, shown[-1][1], 7):
        when = next(when for when, value in shown if value >= number)
        waits.append(when - times[number])
    return statistics.median(waits)


def card(times: int) -> list[Row]:
    """The live card as HTML, and with a view of the lab extension."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from live_session import live_page

    found: dict[str, list[dict[str, Any]]] = {"off": [], "html": [], "view": [], "all": []}
    with folder() as place, live_page(place) as page:
        page.run(_SETUP, "setup")
        for _ in range(max(2, times // 2)):
            for mode, runs in found.items():
                runs.append(_loop(page, mode))
                page.messages.clear()
    least = {mode: min(runs, key=lambda one: one["took"]) for mode, runs in found.items()}
    rows = []
    for mode, words in (("html", "HTML"), ("view", "a view"), ("all", "a view, and a table")):
        one, floor = least[mode], least["off"]
        share = max(run["spent"] / run["took"] for run in found[mode])
        told = f"{one['took']:.2f} s, {one['bytes'] / one['took'] / 1e3:.0f} kB/s"
        rows += [
            Row(
                f"a loop that logs, with the card as {words}",
                told,
                f"{floor['took']:.2f} s",
                one["took"] / floor["took"],
                1.02,
            ),
            Row(f"the thread's share, {words}", f"{share:.2%}", "2 %", share / 0.02, 1),
            in_time(f"a point on the screen (median), {words}", statistics.median(map(_latency, found[mode])), 0.5),
        ]
    return rows  # fmt: skip


# ---- the store of the live table


def fill(store: Path, runs: int = 10_000, keys: int = 15) -> None:
    """Make a store of `runs` runs with `keys` params and as many metrics each."""
    rng, now = random.Random(1), int(time.time() * 1000)
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("BEGIN")
    create(connection, "benchmark")
    for number in range(1, runs + 1):
        start = now - (runs - number) * 60_000
        connection.execute(
            "INSERT INTO runs (uuid, experiment_id, name, status, start_time, end_time, duration, rev)"
            " VALUES (?, 0, ?, 'FINISHED', ?, ?, 5.0, 1)",
            (uuid.UUID(int=rng.getrandbits(128)).hex, f"run-{number}", start, start + 5_000),
        )
        values = [round(rng.random(), 3) for _ in range(keys)]
        connection.executemany(
            "INSERT INTO params VALUES (?, ?, ?, 'float', ?, ?, NULL, 'explicit', ?)",
            [(number, f"p{i}", str(value), value, str(value), i) for i, value in enumerate(values)],
        )
        results = [rng.random() for _ in range(keys)]
        connection.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, 'logged', 1, 0, 1, ?, ?, 0, ?, 0, 1)",
            [((number - 1) * keys + i, number, f"m{i}", one, one, one) for i, one in enumerate(results, 1)],
        )
    connection.execute("COMMIT")
    connection.close()
