"""From a log call to the screen: JupyterLab in a real Chromium, a loop that logs, and what its card shows when.

`live` measures the same as the kernel sends it. Left out where Chromium is missing.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

from .measure import REPOSITORY, Row, folder, in_time

_CELLS = (
    "%load_ext jupyter_track\nimport json, time, jupyter_track as track",
    "%%track latency\nstamps = []\nfor _ in range(1000):\n    stamps.append(time.time())\n"
    "    track.log(stamp=stamps[-1])\n    time.sleep(0.01)",
    "print(json.dumps(stamps))",
)
_WATCH = """() => {
    window.shown = [];
    new MutationObserver(() => requestAnimationFrame(() => {
        const value = document.querySelector(".jt-panel .jt-value");
        if (value) { window.shown.push([Date.now() / 1000, Number(value.title)]); }
    })).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def screen(times: int) -> list[Row]:
    """The time from the log call of a point to the first frame that shows it or a later one."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from browser.harness import browsing, chromium, serving, write_notebook

    if chromium() is None:
        print("screen: Chromium is not installed", file=sys.stderr)
        return []
    with folder() as place:
        write_notebook(place / "work" / "card.ipynb", _CELLS)
        with serving(place / "work", place / "home") as server, browsing() as page:
            page.open(server, "card.ipynb")
            page.run(0)
            waits = [wait for _ in range(max(1, times // 3)) for wait in _waits(page)]
    return [
        in_time("a point on the screen of a browser (median)", statistics.median(waits), 0.5),
        in_time("a point on the screen of a browser (95 %)", statistics.quantiles(waits, n=20)[-1], 1.0),
    ]


def _waits(page: Any) -> list[float]:
    """Run the loop once."""
    page.page.evaluate(_WATCH)
    page.run(1)
    shown = page.page.evaluate("window.shown")
    stamps = json.loads(page.run(2).locator(".jp-OutputArea-output").last.inner_text())
    return [
        next(when for when, value in shown if value >= stamp) - stamp
        for stamp in stamps
        if shown[0][1] <= stamp <= shown[-1][1]
    ]
