"""The whole board beside a busy cell that logs ten runs: table, curves, comparison of four of them, importance.

All of it is open in a view, and follows. Measured are the share of the thread that refreshes all panels, the time until
a point is at the view, and what the loop costs against the same loop with nothing open; then a comparison alone.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

from .live import _SETUP
from .measure import REPOSITORY, Row, folder, in_time

STEPS = 700
_RUNS = """
client = track.MlflowClient()
import random
for number in range(40):
    with track.start_run(run_name=f"old-{number}") as run:
        track.log_params({"lr": random.random(), "depth": number % 5, "width": number % 3})
        track.log_metric("loss", random.random(), step=0)
experiment = track.create_experiment("ten")
runs = [client.create_run(experiment, run_name=f"r{number}") for number in range(10)]
for number, run in enumerate(runs):
    client.log_param(run.info.run_id, "lr", number / 10)
    client.log_metric(run.info.run_id, "loss", 0.0, step=0)
track.flush()
print([run.info.run_id for run in runs])
"""
_LOOP = """%%track live -q
times, spent, began = [], ticker.spent, time.perf_counter()
for step in range({steps}):
    work(count * 10)
    times.append(time.time())
    for run in runs:
        client.log_metric(run.info.run_id, "loss", float(step), step={offset} + step)
took = time.perf_counter() - began
spent = ticker.spent - spent
"""


def board(_: int) -> list[Row]:
    """The board as a whole, live; then the comparison's own work."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from live_session import live_page

    with folder() as place, live_page(place) as page:
        page.run(_SETUP + "gate.set()\n", "setup")
        ids = json.loads(page.run(_RUNS, "runs").text.strip().splitlines()[-1].replace("'", '"'))
        off, _waits, _size = _loop(page, 0)
        _open(page, ids[:4])
        on, waits, size = _loop(page, STEPS)
        spent, took = on["spent"], on["took"]
        rows = [
            Row("the thread's share, the whole board live", f"{spent / took:.2%}", "2 %", spent / took / 0.02, 1),
            in_time("a point of ten curves on the board (median)", statistics.median(waits), 0.5),
            Row("a loop that logs ten runs, with the board", f"{took:.2f} s, {size / took / 1e3:.0f} kB/s",
                f"{off['took']:.2f} s", took / off["took"], 1.05),
        ]  # fmt: skip
        alone = page.run(_ALONE, "alone")
        assert alone.reply["status"] == "ok", alone.reply
        told = json.loads(page.run("print(json.dumps([opens, forms]))", "told").text)
    return [
        *rows,
        in_time("a comparison of 8 runs opens", told[0], 0.1),
        in_time("its static form", told[1], 0.02),
    ]


_ALONE = """
from jupyter_track.panels.comparison import ComparisonPanel
from jupyter_track.panels.panel import Link
store = board.store
def opens_once():
    panel = ComparisonPanel(store, [(run.info.run_id,) for run in runs[:8]])
    link = Link(lambda message: json.dumps(message))
    panel.attach(link)
    began = time.perf_counter()
    panel.received(link, {"type": "ready"})
    took = time.perf_counter() - began
    panel.detach(link)
    return took
def forms_once():
    panel = ComparisonPanel(store, [(run.info.run_id,) for run in runs[:8]])
    began = time.perf_counter()
    panel.forms()
    return time.perf_counter() - began
opens, forms = min(opens_once() for _ in range(5)), min(forms_once() for _ in range(5))
"""


def _open(page: Any, selected: list[str]) -> None:
    """Open the board with all of its parts, the importance among them, and four runs selected."""
    page.over(page.send("board = %track board\nNone", "board"))
    comm = page.open(page.panel)
    page.say(comm, type="ready")
    page.until(lambda: any(one["type"] == "board" for one in page.told(comm)), "the board")
    page.say(comm, type="action", to=0, name="select", runs=selected)
    page.until(lambda: "comparison" in [one for one in page.told(comm) if one["type"] == "board"][-1]["parts"], "it")
    for part in ("table", "curves", "comparison", "many"):
        page.say(comm, type="part", part=part, message={"type": "ready"})
    page.say(comm, type="part", part="curves", message={"type": "ready"})
    tab = {"type": "action", "to": 0, "name": "many", "tab": "importance", "metric": "loss"}
    page.say(comm, type="part", part="many", message=tab)
    page.until(
        lambda: {"table", "curves", "comparison", "many"} <= {one.get("part") for one in page.told(comm)}, "its parts"
    )
    page.take(3.0)


def _loop(page: Any, offset: int) -> tuple[dict[str, float], list[float], int]:
    """Run the loop once: what it took, how long points were under way, and how much was sent."""
    cell, seen, size, count = page.send(_LOOP.format(steps=STEPS, offset=offset), "log"), [], 0, len(page.messages)
    while not any(
        one["msg_type"] == "status" and one["content"]["execution_state"] == "idle" for one in page.of(cell)[-3:]
    ):
        page.take(0.005)
        now = time.time()
        for message in page.messages[count:]:
            if message["msg_type"] == "comm_msg":
                data = message["content"]["data"]
                size += len(json.dumps(data))
                inner = data.get("message", data)
                if inner.get("type") == "curves-points":
                    seen += [(now, max(part["x"]) - offset) for part in inner["parts"] if part["x"]]
        count = len(page.messages)
    took, spent, times = json.loads(page.run("print(json.dumps([took, spent, times]))", "told").text)
    seen = [(when, step) for when, step in seen if step >= 0]
    steps = range(20, int(seen[-1][1]), 7) if seen else ()
    waits = [next(when for when, last in seen if last >= step) - times[step] for step in steps]
    return {"took": took, "spent": spent}, waits, size
