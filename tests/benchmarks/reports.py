"""Reports: how long one takes, how large its file is, and how soon a browser has one of thousands of runs open."""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .measure import REPOSITORY, Row, best, cpu, folder, in_time, wall

RUNS, CURVES, POINTS, FIGURES = 20, 5, 10_000, 10
FIGURE = 30_000  # bytes, as a chart of matplotlib has


def reports(times: int) -> list[Row]:
    """A report of 20 runs by 5 curves of 10,000 points and 10 figures; and those of thousands, in Chromium too."""
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


MANY = {1_000: (3.0, 2.0), 3_000: (5.0, 3.0), 10_000: (15.0, 4.0)}
"""Runs of 20 params: seconds of CPU in which the report is made, and in which a browser has its table."""
BYTES_A_RUN = 1_500


def _many(times: int) -> list[Row]:
    """What reports of thousands of runs cost, how large they are, and how soon they show their live tables."""
    from browser.harness import browsing, chromium

    with folder() as place:
        pages, rows = {}, []
        for count in MANY:
            pages[count], made = _sweep(place / str(count), count, min(times, 2))
            rows += made
        if chromium() is None:
            print("reports: Chromium is not installed", file=sys.stderr)
            return rows
        with browsing() as page:
            for count, path in pages.items():
                seconds = best(lambda path=path: _opened(page.page, path.as_uri()), max(2, times // 2))
                what = f"a report of {count:,} runs, until its table lives in a browser"
                rows.append(in_time(what, seconds, MANY[count][1]))
    return rows


def _opened(page: Any, address: str) -> float:
    page.goto("about:blank")
    begin = time.perf_counter()
    page.goto(address)
    page.locator("[data-panel=table] .jt-row").nth(5).wait_for()
    return time.perf_counter() - begin


def _sweep(place: Path, count: int, times: int) -> tuple[Path, list[Row]]:
    """Make a report of a sweep of 20 params, and tell what it costs."""
    from made_reports import made_report
    from made_stores import START, add_runs, made_store

    chance = random.Random(2)
    draws: list[Callable[[], object]] = [
        lambda: 10 ** chance.uniform(-4, -1),
        lambda: chance.randint(1, 9),
        lambda: chance.choice(["adam", "sgd", "lion"]),
        lambda: chance.random() < 0.5,
    ]
    place.mkdir()
    store = made_store(place)
    runs = [
        {
            "name": f"trial {at}",
            "start_time": START + at,
            "params": {f"p{key}": draws[key % 4]() for key in range(20)},
            "metrics": {"accuracy": [chance.random() for _ in range(10)], "loss": chance.random()},
        }
        for at in range(count)
    ]
    add_runs(store, *runs)
    seconds = best(lambda: cpu(lambda: made_report(store)), times)
    saved = made_report(store).save(place / "report.html")
    assert saved.path is not None
    most = 1_500_000 + BYTES_A_RUN * count  # scripts, the table that needs none, and the runs
    size = Row("its size", f"{saved.size / 1e6:.2f} MB", f"{most / 1e6:.1f} MB", saved.size / most, 1)
    return saved.path, [in_time(f"a report of {count:,} runs by 20 params (CPU)", seconds, MANY[count][0]), size]
