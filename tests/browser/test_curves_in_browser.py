"""Curves in JupyterLab: live beside a cell that runs, zoomed to every point, light and dark, with no and eight runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jupyter_track

from .harness import Page, Server, browsing, chromium, serving, write_notebook

if chromium() is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed (Debian: apt-get install chromium)", allow_module_level=True)

pytestmark = pytest.mark.browser

BUILT = Path(jupyter_track.__file__).parent / "labextension"
MAKE = """
%load_ext jupyter_track
import math, time, jupyter_track as track
for number in range({runs}):
    with track.start_run(run_name=f"run-{{number}}"):
        for step in range({points}):
            value = 50.0 if step == 3777 else math.exp(-step / 800) + number / 10
            track.log_metric("loss", math.nan if step == 5 else value, step=step)
            track.log_metric("acc", 1 - math.exp(-step / 800) / 2 - number / 100, step=step)
track.flush()
"""
LIVE = """%%track live
for step in range(900):
    track.log_metric("loss", 1 + step / 100, step=step)
    time.sleep(0.02)
"""
HELD = """() => {
    const panel = document.querySelector(".jt-curves");
    const names = [...panel.querySelectorAll(".jt-run .jt-cut")].map(node => node.textContent);
    const titles = [...panel.querySelectorAll(".jt-chartname")].map(node => node.textContent);
    return { names, titles, odd: panel.querySelector(".jt-odd")?.textContent ?? "" };
}"""
INK = """canvas => {
    const { width, height } = canvas;
    const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const found = {};
    for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] > 200) {
            const key = [data[at], data[at + 1], data[at + 2]].join();
            found[key] = (found[key] ?? 0) + 1;
        }
    }
    return found;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests of the module, with the lab extension as it was built."""
    place = tmp_path_factory.mktemp("curves")
    (place / "work").mkdir()
    shutil.copytree(BUILT, place / "home" / "data" / "labextensions" / "jupyter-track")
    with serving(place / "work", place / "home") as server:
        yield server


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that, in the end, has asked no other machine and thrown nothing."""
    with browsing(width=1400) as page:
        yield page
        assert page.foreign == []
        assert page.errors == []


def opened(page: Page, server: Server, name: str, *cells: str) -> None:
    """Open a notebook of these cells, in a folder and with a store of its own."""
    server.put_aside()  # what a first try left
    write_notebook(server.root / name / f"{name}.ipynb", cells)
    page.open(server, f"{name}/{name}.ipynb")


def charts(page: Page, count: int) -> None:
    """Wait until so many charts are drawn."""
    page.page.wait_for_function(
        "count => document.querySelectorAll('.jt-curves .jt-chart canvas').length === count", arg=count, timeout=30_000
    )


def plot(page: Page) -> Any:
    """The place of the first chart."""
    node = page.page.locator(".jt-plot").first
    node.scroll_into_view_if_needed()
    box = node.bounding_box()
    assert box is not None
    return box


def listed(page: Page) -> str:
    """What the list beside the rule says."""
    node = page.page.locator(".jt-values")
    node.wait_for(timeout=10_000)
    return " ".join(node.inner_text().split())


def colour(text: str) -> str:
    """``#rrggbb`` as a canvas has it."""
    return ",".join(str(int(text[at : at + 2], 16)) for at in (1, 3, 5))


def test_eight_runs_are_zoomed_to_every_point(page: Page, server: Server) -> None:
    """Each in its colour; a spike among 5,000 points is seen, and a stretch of them has each point; reset; reload."""
    opened(page, server, "eight", MAKE.format(runs=8, points=5_000), "panel = %track curves loss acc", "panel.selected")
    page.run(0)
    page.run(1)
    charts(page, 2)
    assert page.page.evaluate(HELD) == {
        "names": [f"run-{number}" for number in range(8)],
        "titles": ["loss ↓?", "acc ↑?"],
        "odd": "× 8 NaN",
    }
    page.page.wait_for_function(
        f"colours => colours.every(one => ({INK})(document.querySelectorAll('.jt-chart canvas')[1])[one])",
        arg=[colour("#c53b06"), colour("#1d95fb"), colour("#4d61e4")],
        timeout=30_000,
    )
    box = plot(page)
    mouse = page.page.mouse
    # The spike at step 3777 spans the whole height of a chart whose other values lie below 2.
    page.page.wait_for_function(
        """() => {
            const canvas = document.querySelector('.jt-chart canvas');
            const data = canvas.getContext('2d').getImageData(0, 30, canvas.width, 1).data;
            return data.some((value, at) => at % 4 === 3 && value > 100);
        }""",
        timeout=30_000,
    )
    left = box["x"] + 40
    width = box["width"] - 50
    mouse.move(left + width * 0.50, box["y"] + 90)
    assert "run-0 #1" in listed(page)
    for _ in range(2):  # each time a tenth of what is seen
        mouse.move(left + width * 0.45, box["y"] + 90)
        mouse.down()
        mouse.move(left + width * 0.50, box["y"] + 95, steps=3)
        mouse.move(left + width * 0.55, box["y"] + 95, steps=3)
        mouse.up()
        page.page.get_by_role("button", name="Show all").wait_for()
    page.page.wait_for_function(
        """() => {
            const plot = document.querySelector('.jt-plot');
            plot.focus();
            const steps = new Set();
            for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight']) {
                plot.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
                steps.add(Number(document.querySelector('.jt-values .jt-muted').textContent.replace(/\\D/g, '')));
            }
            const found = [...steps];
            return found.length === 4 && found.every((step, at) => at === 0 || step === found[at - 1] + 1);
        }""",
        timeout=30_000,
        polling=300,
    )
    mouse.dblclick(left + width / 2, box["y"] + 60)
    page.page.get_by_role("button", name="Show all").wait_for(state="hidden")
    page.page.locator(".jt-run").nth(2).click()
    assert "run-2" in page.run(2).inner_text()
    page.save()
    page.page.reload()
    charts(page, 2)
    assert page.page.evaluate(HELD)["names"][7] == "run-7"


def test_a_curve_grows_while_its_cell_runs(page: Page, server: Server) -> None:
    """The panel above the cell shows its run; another axis and a late second panel follow too."""
    opened(page, server, "live", MAKE.format(runs=1, points=20), "panel = %track curves loss", LIVE)
    page.run(0)
    page.run(1)
    charts(page, 1)
    page.page.evaluate(
        """() => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = 2;
            notebook.deselectAll();
            void jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    page.page.locator(".jt-run", has_text="live").wait_for(state="attached", timeout=30_000)
    last = """() => {
        const plot = document.querySelector('.jt-plot');
        plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
        plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'End', bubbles: true }));
        return Number((document.querySelector('.jt-values .jt-muted')?.textContent ?? '').replace(/\\D/g, ''));
    }"""
    page.page.wait_for_function(f"({last})() > 100", timeout=30_000, polling=300)
    then = page.page.evaluate(f"Math.max(({last})(), ({last})())")
    page.page.wait_for_function(f"then => ({last})() > then + 50", arg=then, timeout=30_000, polling=300)
    page.page.get_by_label("x axis").select_option("elapsed")
    page.page.locator(".jt-xname", has_text="seconds since the start").wait_for(timeout=30_000)
    page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")


def test_themes_and_an_empty_panel(page: Page, server: Server) -> None:
    """An empty panel says what it waits for, and fills itself; the chart takes the other theme's colours at once.

    Nine lines are more than Vega draws: they are painted below it.
    """
    opened(
        page,
        server,
        "empty",
        "%load_ext jupyter_track",
        "panel = %track curves",
        MAKE.format(runs=1, points=4),
        MAKE.format(runs=9, points=4) + "track.curves('loss', runs=range(1, 10))",
    )
    page.run(0)
    page.run(1)
    page.page.locator(".jt-noruns", has_text="No run has logged a metric yet").wait_for(timeout=30_000)
    page.run(2)
    charts(page, 2)
    for theme, name in (("light", "JupyterLab Light"), ("dark", "JupyterLab Dark")):
        page.page.evaluate("name => jupyterapp.commands.execute('apputils:change-theme', { theme: name })", name)
        page.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=str(theme == "light").lower(), timeout=30_000
        )
        brighter = "value > 110" if theme == "dark" else "value < 130"
        page.page.wait_for_function(
            f"""() => {{
                const found = ({INK})(document.querySelectorAll('.jt-chart canvas')[1]);
                const grey = Object.keys(found).map(key => key.split(',').map(Number))
                    .filter(([red, green, blue]) => Math.max(red, green, blue) - Math.min(red, green, blue) < 12);
                return grey.length > 0 && grey.every(([value]) => {brighter});
            }}""",
            timeout=30_000,
        )
    page.page.evaluate(
        "() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark High Contrast' })"
    )
    page.page.wait_for_function("() => document.body.dataset.jpThemeName.includes('Contrast')", timeout=30_000)
    page.page.wait_for_function(  # the charts are as wide as their place, though the host had no style for a moment
        """() => [...document.querySelectorAll('.jt-plot')].every(
            plot => plot.querySelector('.jt-chart canvas').clientWidth > plot.clientWidth - 40
        )""",
        timeout=30_000,
    )
    page.run(3)
    page.cell(3).locator(".jt-painted canvas").wait_for(state="attached", timeout=30_000)
    page.page.wait_for_function(
        """() => {
            const canvas = [...document.querySelectorAll('.jt-painted canvas')].at(-1);
            const { width, height } = canvas;
            const data = width ? canvas.getContext('2d').getImageData(0, 0, width, height).data : [];
            return data.some((value, at) => at % 4 === 3 && value > 100);
        }""",
        timeout=30_000,
    )


def test_the_static_form_stays_without_the_extension(tmp_path: Path) -> None:
    """Where our lab extension is not there, and after the kernel has gone, picture and numbers are on the page."""
    work = tmp_path / "work"
    work.mkdir()
    write_notebook(work / "still.ipynb", [MAKE.format(runs=2, points=30), "panel = %track curves loss"])
    with serving(work, tmp_path / "home", extension=False) as server, browsing() as page:
        page.open(server, "still.ipynb")
        page.run(0)
        cell = page.run(1)
        picture = cell.locator("img[alt='loss of 2 runs over step']")
        picture.wait_for(timeout=30_000)
        assert picture.evaluate("image => image.naturalWidth") == 400
        assert "run-1 #2" in " ".join(cell.inner_text().split())
        page.save()
        server.end_kernels()
        page.open(server, "still.ipynb", kernel=False)
        page.cell(1).locator("img[alt='loss of 2 runs over step']").wait_for(timeout=30_000)
        assert page.foreign == []
