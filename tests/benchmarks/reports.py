"""Reports: how long one takes, how large its file is, and how soon a browser has one of 1,000 runs open."""

from __future__ import annotations

import math
import random
import sys
import time
from pathlib import Path

from .measure import REPOSITORY, Row, best, folder, in_time, wall

RUNS, CURVES, POINTS, FIGURES = 20, 5, 10_000, 10
FIGURE = 30_000  # bytes, as a chart of matplotlib has


def reports(times: int) -> list[Row]:
    """A report of 20 runs by 5 curves of 10,000 points and 10 figures; and one of 1,000 runs in Chromium."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from made_reports import made_report
    from made_stores import made_store

    with folder() as place:
        store = made_store(place)
        _curves(store)
        html = made_report(store).html  # imports, too
        seconds = best(lambda: wall(lambda: made_report(store)), min(times, 3))
        size = len(html.encode())
        charts = (REPOSITORY / "jupyter_track" / "panels" / "static" / "report-charts.js").stat().st_size
    return [
        in_time(f"a report of {RUNS} runs by {CURVES} curves of {POINTS:,} points, {FIGURES} figures", seconds, 3.0),
        Row("its size", f"{size / 1e6:.2f} MB", "3 MB", size / 3e6, 1),
        Row("the charts' script in it", f"{charts / 1e6:.2f} MB", "1 MB", charts / 1e6, 1),
        *_many(times),
    ]


def _curves(store: Path) -> None:
    """Fill a store with runs of long curves; five of them have two figures each."""
    from made_reports import PNG
    from made_stores import START, add_runs, write

    from jupyter_track.store import edits, files
    from jupyter_track.store.batch import Batch

    chance = random.Random(1)
    ids = []
    for at in range(RUNS):
        curves = {
            f"metric {key}": [math.exp(-step / 3000) + chance.gauss(0, 0.02) for step in range(POINTS)]
            for key in range(CURVES - 1)
        }
        curves["accuracy"] = [1 - value / 2 for value in curves["metric 0"]]
        params = {"lr": 10 ** chance.uniform(-4, -1), "depth": chance.randint(1, 9)}
        ids += add_runs(store, {"name": f"run {at}", "params": params, "metrics": curves})
    batch = Batch("f" * 32, 1)
    chosen = ids[: FIGURES // 2]
    for at, run_id in enumerate(chosen):
        for name in ("walk", "other"):
            kept = files.keep(store, PNG + chance.randbytes(FIGURE) + bytes([at]))
            row = {"path": f"figures/{name}.png", "sha256": kept.sha256, "size": kept.size, "mime": "image/png"}
            batch.add_artifact(run_id, {**row, "kind": "figure", "created": START, "content": (kept.size, kept.data)})
    write(store, batch)
    edits.pin_runs(store, chosen)


def _many(times: int) -> list[Row]:
    """How soon the report of 1,000 runs shows its live table."""
    from browser.harness import browsing, chromium
    from made_reports import made_report
    from made_stores import START, add_runs, made_store

    if chromium() is None:
        print("reports: Chromium is not installed", file=sys.stderr)
        return []
    chance = random.Random(2)
    with folder() as place:
        store = made_store(place)
        runs = [
            {
                "name": f"trial {at}",
                "start_time": START + at,
                "params": {
                    "lr": 10 ** chance.uniform(-4, -1),
                    "depth": chance.randint(1, 9),
                    "width": chance.choice([32, 64]),
                },
                "metrics": {"accuracy": [chance.random() for _ in range(10)], "loss": chance.random()},
            }
            for at in range(1_000)
        ]
        add_runs(store, *runs)
        saved = made_report(store).save(place / "report.html")
        assert saved.path is not None
        address = saved.path.as_uri()
        with browsing() as page:

            def open_it() -> float:
                page.page.goto("about:blank")
                begin = time.perf_counter()
                page.page.goto(address)
                page.page.locator("[data-panel=table] .jt-row").nth(5).wait_for()
                return time.perf_counter() - begin

            seconds = best(open_it, max(2, times // 2))
    return [in_time("a report of 1,000 runs, until its table lives in a browser", seconds, 2.0)]
