"""What is on the screen in JupyterLab and when: a logged point, the rows of a big table, what sorts and filters them.

`live` measures the same as the kernel sends it; here a real Chromium draws it. Left out where Chromium is missing.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

from .live import fill
from .measure import REPOSITORY, Row, folder, in_time

_CARD = (
    "%load_ext jupyter_track\nimport time, jupyter_track as track",
    "%%track latency\nstamps = []\nfor _ in range(1000):\n    stamps.append(time.time())\n"
    "    track.log(stamp=stamps[-1])\n    time.sleep(0.01)",
    "import json; print(json.dumps(stamps))",
)
_TABLE = ("%load_ext jupyter_track", "%track")
_WATCH = """() => {
    window.shown = [];
    new MutationObserver(() => requestAnimationFrame(() => {
        const value = document.querySelector(".jt-panel .jt-value");
        if (value) { window.shown.push([Date.now() / 1000, Number(value.title)]); }
    })).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
_LOAD = """async index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    const began = performance.now();
    void jupyterapp.commands.execute("notebook:run-cell");
    const rows = () => Number(document.querySelector(".jt-grid")?.getAttribute("aria-rowcount") ?? 0);
    const until = async least => {
        while (rows() < least) { await new Promise(requestAnimationFrame); }
        return (performance.now() - began) / 1000;
    };
    return [await until(201), await until(10001)];
}"""
_ACT = """async ([act, text]) => {
    const foot = document.querySelector(".jt-table-foot");
    const first = () => document.querySelector(".jt-row")?.dataset.key + foot.textContent;
    const before = first();
    const began = performance.now();
    if (act === "sort") {
        const header = document.querySelector("[data-column^='metrics.']");
        const at = header.getBoundingClientRect();
        const where = { bubbles: true, button: 0, pointerId: 1, clientX: at.x + 20, clientY: at.y + 9 };
        header.dispatchEvent(new PointerEvent("pointerdown", where));
        window.dispatchEvent(new PointerEvent("pointerup", where));
    } else {
        const field = document.querySelector(".jt-search");
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    while (first() === before) { await new Promise(requestAnimationFrame); }
    return (performance.now() - began) / 1000;
}"""
_SCROLL = """async () => {
    const grid = document.querySelector(".jt-grid");
    const gaps = [];
    let last = performance.now();
    for (let step = 0; step < 120; step++) {
        grid.scrollTop = step * 2000;
        await new Promise(requestAnimationFrame);
        gaps.push((performance.now() - last) / 1000);
        last = performance.now();
    }
    return gaps.sort((one, other) => one - other)[Math.floor(gaps.length * 0.95)];
}"""


def screen(times: int) -> list[Row]:
    """Latency from log to screen; the table of 10,000 runs by 30 columns."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from browser.harness import browsing, chromium, serving, write_notebook

    if chromium() is None:
        print("screen: Chromium is not installed", file=sys.stderr)
        return []
    with folder() as place:
        write_notebook(place / "work" / "card.ipynb", _CARD)
        write_notebook(place / "work" / "table" / "table.ipynb", _TABLE)
        fill(place / "work" / "table" / "track.db")
        with serving(place / "work", place / "home") as server, browsing() as page:
            page.open(server, "card.ipynb")
            rows = [_latency(page)]
            page.page.goto("about:blank")
            server.end_kernels()
            rows += _table(page, server, max(2, times // 3))
    return rows


def _latency(page: Any) -> Row:
    """The median time from the log call of a point to the first frame that shows it or a later one."""
    page.run(0)
    page.page.evaluate(_WATCH)
    page.run(1)
    shown = page.page.evaluate("window.shown")
    stamps = json.loads(page.run(2).locator(".jp-OutputArea-output").last.inner_text())
    waits = [
        next(when for when, value in shown if value >= stamp) - stamp
        for stamp in stamps
        if shown[0][1] <= stamp <= shown[-1][1]
    ]
    return in_time("a point on the screen of a browser (median)", statistics.median(waits), 0.5)


def _table(page: Any, server: Any, times: int) -> list[Row]:
    found: dict[str, list[float]] = {name: [] for name in ("first", "all", "sort", "words", "filter", "frame")}
    for _ in range(times):
        page.open(server, "table/table.ipynb")
        page.run(0)
        first, whole = page.page.evaluate(_LOAD, 1)
        page.page.wait_for_timeout(2_000)  # what is prepared for searching is not what is measured
        found["first"].append(first)
        found["all"].append(whole)
        found["frame"].append(page.page.evaluate(_SCROLL))
        for name, text in (("sort", ""), ("words", "run-77"), ("filter", "params.p0 > 0.9")):
            found[name].append(page.page.evaluate(_ACT, [name, text]))
        server.end_kernels()
    least = {name: min(seconds) for name, seconds in found.items()}
    return [
        in_time("table of 10,000 by 30 in a browser: the first 200 rows", least["first"], 1.0),
        in_time("table of 10,000 by 30 in a browser: all rows", least["all"], 3.0),
        in_time("sort 10,000 rows", least["sort"], 0.3),
        in_time("search 10,000 rows by words, as typed", least["words"], 0.3),
        in_time("filter 10,000 rows by the kernel, as typed", least["filter"], 0.3),
        in_time("a frame while scrolling through them (95 %)", least["frame"], 0.05),
    ]
