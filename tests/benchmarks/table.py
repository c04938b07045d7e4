"""The live table of 10,000 runs by 30 columns: from the cell in JupyterLab to the rows on the page, in Chromium.

Also what a person does there: scrolling, sorting, searching by words, and a filter that the kernel answers. And what
the kernel alone takes to make it, in its thread's own time.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jupyter_track
from jupyter_track.panels.panel import Link
from jupyter_track.panels.table import RunTablePanel

from .live import fill
from .measure import REPOSITORY, Row, folder, in_time

BUILT = Path(jupyter_track.__file__).parent / "labextension"
FRAME = 1 / 30  # seconds: a scroll is smooth where the page follows it 30 times a second
_SHOW = """async index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    const began = performance.now();
    void jupyterapp.commands.execute("notebook:run-cell");
    const until = async found => {
        while (!found()) {
            await new Promise(requestAnimationFrame);
            if (performance.now() - began > 120000) { throw new Error("the rows did not come"); }
        }
        return (performance.now() - began) / 1000;
    };
    const page = notebook.widgets[index].node;
    const grid = () => page.querySelector(".jt-panel .jt-grid");
    const first = await until(() => Number(grid()?.getAttribute("aria-rowcount") ?? 0) > 200
        && page.querySelectorAll(".jt-panel .jt-row").length > 5);
    const all = await until(() => grid().getAttribute("aria-rowcount") === "10001");
    return [first, all];
}"""
# Each act is measured until the page has been painted twice after it.
_ACT = """async ([index, what]) => {
    const page = jupyterapp.shell.currentWidget.content.widgets[index].node;
    const grid = page.querySelector(".jt-panel .jt-grid");
    const frame = () => new Promise(requestAnimationFrame);
    const field = page.querySelector(".jt-search");
    const write = text => { field.value = text; field.dispatchEvent(new Event("input")); };
    const count = () => Number(grid.getAttribute("aria-rowcount"));
    if (what === "scroll") {
        const times = [];
        for (let at = 0; at < 60; at++) {
            const began = performance.now();
            grid.scrollTop = at * 4000;
            await frame(); await frame();
            times.push((performance.now() - began) / 2000);
        }
        grid.scrollTop = 0;
        return times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)];
    }
    const began = performance.now();
    if (what === "sort") {
        const header = page.querySelector('.jt-header [data-column="metrics.m2"]');
        const event = type => new PointerEvent(type, { bubbles: true, button: 0, pointerId: 1 });
        header.dispatchEvent(event("pointerdown"));
        window.dispatchEvent(event("pointerup"));
    } else if (what === "words") {
        write("run-77");
    } else {
        write("metrics.m1 < 0.1 and params.p1 > 0.5");
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
        while (count() > 5000 && performance.now() - began < 60000) { await frame(); }
    }
    await frame(); await frame();
    const took = (performance.now() - began) / 1000;
    if (what !== "sort" && (count() < 5 || count() > 5000)) { throw new Error(`${what}: ${count()} rows`); }
    write("");
    await frame(); await frame();
    return took;
}"""


def kernel(times: int) -> list[Row]:
    """The thread's own time for the first 200 rows and for all, as JSON ready to be sent."""
    with folder() as place:
        store = place / "track.db"
        fill(store)
        first, whole, size = [], [], 0
        for _ in range(max(2, times // 2)):
            arrived: list[float] = []
            size = 0

            def send(message: dict[str, Any], arrived: list[float] = arrived) -> None:
                nonlocal size
                size += len(json.dumps(message))
                arrived.append(time.thread_time())

            panel = RunTablePanel(store)
            began = time.thread_time()
            panel.greet(Link(send))
            first.append(arrived[0] - began)
            whole.append(arrived[-1] - began)
            panel.refresh()
    return [
        in_time("table of 10,000 runs by 30, kernel: the first 200 rows", min(first), 1.0),
        in_time(f"table of 10,000 runs by 30, kernel: all rows ({size / 1e6:.1f} MB)", min(whole), 3.0),
    ]


def page(times: int) -> list[Row]:
    """From the cell to the page in JupyterLab, and what a person does there."""
    sys.path.insert(0, str(REPOSITORY))
    from tests.browser.harness import browsing, chromium, serving, write_notebook

    if chromium() is None:
        print("Chromium is not installed: the table is not measured in a browser", file=sys.stderr)
        return []
    rounds = max(2, times // 2)
    with tempfile.TemporaryDirectory() as home, folder() as work, browsing() as browser:
        fill(work / "track.db")
        write_notebook(work / "table.ipynb", ["%load_ext jupyter_track", *["%track"] * rounds])
        shutil.copytree(BUILT, Path(home) / "data" / "labextensions" / "jupyter-track")
        with serving(work, Path(home)) as server:
            browser.open(server, "table.ipynb")
            browser.run(0)
            seen = [browser.page.evaluate(_SHOW, index + 1) for index in range(rounds)]
            browser.page.wait_for_timeout(2_000)
            acts = ("scroll", "sort", "words", "filter")
            took = {what: statistics.median(browser.page.evaluate(_ACT, [1, what]) for _ in range(3)) for what in acts}
    return [
        in_time("table of 10,000 runs by 30, page: the first 200 rows", min(first for first, _ in seen), 1.0),
        in_time("table of 10,000 runs by 30, page: all rows", min(whole for _, whole in seen), 3.0),
        in_time("… a frame while it is scrolled (95 %)", took["scroll"], FRAME),
        in_time("… sort by a click", took["sort"], 0.3),
        in_time("… search as you type", took["words"], 0.3),
        in_time("… filter by the kernel", took["filter"], 0.3),
    ]


def table(times: int) -> list[Row]:
    """Both."""
    return [*kernel(times), *page(times)]
