"""Live panels beside a loop of 1 ms NumPy steps that logs each step: slowdown, the thread's share, latency, bytes.

The card as HTML, the card in a view, and the card with a table of runs, both in views.

The slowdown is told within one loop: blocks of it in which the panels are refreshed stand beside blocks in which they
are held, in the order on, off, off, on. So what else the machine does, and how warm it is, meets both alike. Of the
pairs, the quarter that took longest in all is left out: something else ran there.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_track.store.schema import create

from .measure import REPOSITORY, Row, folder, in_time

STEPS = 1_000  # of a block: about a second, in which a panel is refreshed four times
LEAST_PAIRS = 8
_SETUP = """
import json, os, threading, time
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
import numpy as np
import jupyter_track as track
from jupyter_track.panels import panel as panels
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

gate, refresh_one = threading.Event(), ticker._refresh_one
def gated(due):
    gate.wait()
    refresh_one(due)
ticker._refresh_one = gated

def block(steps, on):
    (gate.set if on else gate.clear)()
    spent, began = ticker.spent, time.perf_counter()
    for _ in range(steps):
        number = len(times)
        work(count)
        track.log_metric("loss", float(number), step=number)
        times.append(time.time())
    return time.perf_counter() - began, ticker.spent - spent

def seen(kinds):
    open_ = {each.kind for each in list(panels._panels.values()) if each.links}
    return open_ >= set(kinds)
"""
_LOOP = """%%track busy
times, until = [], time.monotonic() + 60
while time.monotonic() < until and (len(times) < 2 * {steps} or not seen({kinds})):
    block(100, True)
assert seen({kinds}), "no view was opened"
blocks = []
for pair in range({pairs}):
    order = (True, False) if pair % 2 == 0 else (False, True)
    took = {{on: block({steps}, on)[0] for on in order}}
    blocks.append([took[True], took[False]])
began = len(times)
tail = block(3 * {steps}, True)
"""
_VALUE = re.compile(r'title="(\d+\.0)"')
MODES: dict[str, tuple[str, tuple[str, ...]]] = {
    "html": ("HTML", ()),
    "view": ("a view", ("card",)),
    "all": ("a view, and a table", ("card", "table")),
}


@dataclass(frozen=True)
class Found:
    """What one loop told.

    Attributes
    ----------
    blocks : list of (float, float)
        Seconds of a block with the panels, and of one without.
    share : float
        The refreshing thread's own time, as a share.
    waits : list of float
        Seconds from the log call of a point to the first message that has it or a later one.
    rate : float
        Bytes a second.
    """

    blocks: list[tuple[float, float]]
    share: float
    waits: list[float]
    rate: float

    def slowdown(self) -> tuple[float, float, float, float]:
        """Return seconds with and without panels, their ratio, and its standard error."""
        calm = sorted(self.blocks, key=sum)[: max(3, len(self.blocks) * 3 // 4)]
        ratios = [on / off for on, off in calm]
        on, off = (sum(side) for side in zip(*calm, strict=True))
        return on, off, on / off, statistics.stdev(ratios) / len(ratios) ** 0.5


def _loop(page: Any, mode: str, pairs: int) -> Found:
    """Run the loop once, with what looks at it."""
    kinds = MODES[mode][1]
    table = None
    if "table" in kinds:
        page.over(page.send("%track", "table"))
        table = page.connected(page.panel)
    page.messages.clear()
    cell = page.send(_LOOP.format(steps=STEPS, kinds=list(kinds), pairs=pairs))
    arrived: list[tuple[float, dict[str, Any]]] = []
    comm, over = None, False
    while not over:
        page.take(0.01)
        now = time.time()
        new = page.messages[len(arrived) :]
        arrived += [(now, message) for message in new]
        if "card" in kinds and comm is None and page.bundles(cell):
            comm = page.open(page.panel)
            page.say(comm, type="ready")
        over = any(_is_idle(message, cell) for message in new)
    told = page.run("print(json.dumps([blocks, tail, began, times]))", "told").text
    if table is not None:
        page.close(table)
    page.messages.clear()
    blocks, (took, spent), began, times = json.loads(told)
    shown, size = _shown(arrived, times[began], times[-1], mode)
    return Found([(on, off) for on, off in blocks], spent / took, _waits(shown, times, began), size / took)


def _is_idle(message: dict[str, Any], cell: str) -> bool:
    return (
        message["msg_type"] == "status"
        and message["content"]["execution_state"] == "idle"
        and message["parent_header"].get("msg_id") == cell
    )


def _shown(
    arrived: list[tuple[float, dict[str, Any]]], since: float, until: float, mode: str
) -> tuple[list[tuple[float, int]], int]:
    """Return which points a front end was told when, and how many bytes that took, between two times."""
    shown, size = [], 0
    for when, message in arrived:
        if not since <= when <= until:
            continue
        data = message["content"].get("data")
        values: list[str] = []
        if message["msg_type"] == "comm_msg":
            size += len(json.dumps(data))
            values = [one["full"] for one in data["card"]["metrics"]] if data.get("type") == "card" else []
        elif "display_data" in message["msg_type"] and mode == "html":
            size += len(json.dumps(data))
            values = _VALUE.findall(data["text/html"])
        shown += [(when, int(float(value))) for value in values]
    return shown, size


def _waits(shown: list[tuple[float, int]], times: list[float], began: int) -> list[float]:
    first, last = max(shown[0][1], began), shown[-1][1]
    return [next(when for when, value in shown if value >= number) - times[number] for number in range(first, last, 7)]


def card(times: int) -> list[Row]:
    """The live card as HTML and in a view of the lab extension, and with a table."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from live_session import live_page

    pairs, rows = max(LEAST_PAIRS, times), []
    with folder() as place, live_page(place) as page:
        page.run(_SETUP, "setup")
        found = {mode: _loop(page, mode, pairs) for mode in MODES}
    for mode, (words, _) in MODES.items():
        one = found[mode]
        on, off, ratio, error = one.slowdown()
        told = f"{on:.2f} s, {one.rate / 1e3:.0f} kB/s"
        rows += [
            Row(f"a loop that logs, with the card as {words} (± {error:.3f})", told, f"{off:.2f} s", ratio, 1.02),
            Row(f"the thread's share, {words}", f"{one.share:.2%}", "2 %", one.share / 0.02, 1),
            in_time(f"a point on the screen (median), {words}", statistics.median(one.waits), 0.5),
        ]
    return rows


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
