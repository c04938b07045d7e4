"""Many runs and the board in JupyterLab: brushes, one selection and hover for all parts, and the way back to code."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from made_stores import made_store
from made_sweep import add_sweep

import jupyter_track
from jupyter_track.store.reader import Reader

from .harness import DARK, Page, Server, browsing, chromium, serving, write_notebook

if chromium() is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed (Debian: apt-get install chromium)", allow_module_level=True)

pytestmark = pytest.mark.browser

BUILT = Path(jupyter_track.__file__).parent / "labextension"
HEAD = "%load_ext jupyter_track\nimport jupyter_track as track"
SOON = 30_000  # milliseconds


@dataclass
class Lab:
    """A server, and a folder for each notebook with a store of its own."""

    server: Server
    root: Path

    def notebook(self, name: str, runs: int, *cells: str) -> str:
        """Write a notebook beside a store of a sweep; return its path below the root."""
        folder = self.root / name
        folder.mkdir()
        store = made_store(folder)
        if runs:
            add_sweep(store, runs)
        write_notebook(folder / "runs.ipynb", [HEAD, *cells])
        return f"{name}/runs.ipynb"

    def reader(self, name: str) -> Reader:
        """The store of a notebook."""
        return Reader(self.root / name / "track.db")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One server for all tests, with the lab extension of this tree, in a dark theme."""
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work")
    shutil.copytree(BUILT, home / "data" / "labextensions" / "jupyter-track")
    with serving(root, home, settings=DARK) as server:
        yield Lab(server, root)


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    """A page that, in the end, has asked no other machine and thrown nothing; its kernels and files go with it."""
    with browsing(1200, 1000) as page:
        yield page
        assert page.foreign == []
        assert page.errors == []
    lab.server.put_aside()


def opened(page: Page, lab: Lab, notebook: str, part: str) -> Any:
    """Open a notebook, run its first two cells, and wait for a part of the panel below the second."""
    page.open(lab.server, notebook)
    page.page.evaluate("() => jupyterapp.shell.collapseLeft()")
    page.run(0)
    cell = page.run(1)
    cell.locator(part).first.wait_for(timeout=SOON)
    return cell


def drag(page: Page, locator: Any, start: float, end: float) -> None:
    """Drag along an upright axis, by shares of its height from the top."""
    box = locator.bounding_box()
    x = box["x"] + box["width"] / 2
    page.page.mouse.move(x, box["y"] + box["height"] * start)
    page.page.mouse.down()
    page.page.mouse.move(x, box["y"] + box["height"] * end, steps=4)
    page.page.mouse.up()


def test_brushes_on_several_axes_select_runs(page: Page, lab: Lab) -> None:
    """With the mouse and the keyboard; what lies within all of them is `panel.selected`; Escape clears."""
    name = lab.notebook("brush", 40, "panel = %track parallel", "print(sorted(run.number for run in panel.selected))")
    cell = opened(page, lab, name, ".jt-axis")
    drag(page, cell.locator(".jt-axis").first, 0.25, 0.75)
    cell.locator(".jt-many-note", has_text="selected").wait_for(timeout=SOON)
    second = cell.locator(".jt-axis").nth(1)
    second.focus()
    page.page.keyboard.press("ArrowUp")
    assert second.get_attribute("aria-valuetext") == "svm"
    words = cell.locator(".jt-axis").first.get_attribute("aria-valuetext") or ""
    low, high = map(float, words.split(" to "))
    runs = lab.reader("brush").runs()
    expected = sorted(
        run.number or 0
        for run in runs
        if low <= float(run.params["lr"].text) <= high and run.params["model"].text == "svm"
    )
    assert 0 < len(expected) < 40
    cell.locator(".jt-many-note", has_text=f"{len(expected)} selected").wait_for(timeout=SOON)
    page.page.wait_for_timeout(300)  # the kernel is told a tenth of a second after the last change
    assert str(expected) in page.run(2).locator(".jp-OutputArea-output").inner_text()
    second.focus()
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("Escape")
    cell.locator(".jt-many-note", has_text="stronger: the best tenth").wait_for(timeout=SOON)


def test_the_charts_change_in_place(page: Page, lab: Lab) -> None:
    """Scatter with a drag over its points, then what mattered, without the kernel's cell running again."""
    cell = opened(page, lab, lab.notebook("tabs", 40, "panel = %track parallel"), ".jt-axis")
    cell.get_by_role("button", name="Scatter").click()
    cell.locator(".jt-axis-along").wait_for(timeout=SOON)
    box = cell.locator(".jt-many-stage").bounding_box()
    page.page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 40)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.7, steps=4)
    page.page.mouse.up()
    cell.locator(".jt-many-note", has_text="selected").wait_for(timeout=SOON)
    cell.get_by_role("button", name="What mattered").click()
    cell.locator(".jt-bars tbody tr").first.wait_for(timeout=SOON)
    names = cell.locator(".jt-bars tbody th").all_inner_texts()
    assert names[:2] == ["lr", "model"]
    assert sorted(names) == ["batch", "dropout", "lr", "model"]


@pytest.mark.parametrize(
    ("runs", "said"), [(0, "No runs here yet."), (1, "1 run"), (8, "8 runs"), (1_000, "1,000 runs")]
)
def test_no_run_one_few_and_a_thousand(page: Page, lab: Lab, runs: int, said: str) -> None:
    """Each has something to say; a thousand lines are on the page with their axes."""
    name = lab.notebook(f"count-{runs}", runs, "panel = %track parallel")
    cell = opened(page, lab, name, ".jt-many canvas.jt-overlay" if runs else ".jt-many")
    cell.locator(".jt-many", has_text=said).wait_for(timeout=SOON)
    assert cell.locator(".jt-axis").count() == (0 if runs == 0 else 1 if runs == 1 else 5)


def test_the_board_has_one_selection_and_one_hover(page: Page, lab: Lab) -> None:
    """Marks in the table draw the curves, compare the runs and are selected in Python; a hover lifts in all parts."""
    name = lab.notebook("board", 12, "board = %track board", "print(sorted(run.number for run in board.selected))")
    cell = opened(page, lab, name, ".jt-board .jt-row[aria-level]")
    assert cell.locator(".jt-board-comparison").inner_text().endswith("Select runs to compare them.")
    rows = cell.locator(".jt-board-table .jt-row[aria-level]")
    rows.nth(0).locator("input").click()
    rows.nth(2).locator("input").click()
    cell.locator(".jt-board-comparison .jt-lines").first.wait_for(timeout=SOON)
    assert "#12" in cell.locator(".jt-board-comparison thead").inner_text()
    cell.locator(".jt-board-curves", has_text="try-9").wait_for(timeout=SOON)
    assert "[10, 12]" in page.run(2).locator(".jp-OutputArea-output").inner_text()
    cell.locator(".jt-board-curves .jt-plot").first.hover()
    cell.locator(".jt-row.jt-lifted", has_text=re.compile("try-(9|11)")).wait_for(timeout=SOON)  # whichever is nearer
    cell.get_by_role("button", name="Many runs").click()
    cell.locator(".jt-board-many canvas.jt-overlay").wait_for(timeout=SOON)
    rows.nth(2).hover()
    cell.locator(".jt-board-many .jt-many-told", has_text="try-9 #10").wait_for(timeout=SOON)
    cell.locator(".jt-board-many").get_by_role("button", name="Clear").click()
    cell.locator(".jt-board-comparison", has_text="Select runs to compare them.").wait_for(timeout=SOON)
    assert cell.locator(".jt-board-table [aria-selected=true]").count() == 0


def test_a_hover_lifts_at_once(page: Page, lab: Lab) -> None:
    """From a row to the charts within the event itself, and so within any frame: the kernel has no part in it."""
    cell = opened(page, lab, lab.notebook("hover", 12, "board = %track board"), ".jt-board .jt-row[aria-level]")
    cell.locator(".jt-board-curves .jt-run", has_text="try-8").wait_for(timeout=SOON)
    near = page.page.evaluate(
        """() => {
            const row = document.querySelectorAll('.jt-board-table .jt-row[aria-level]')[3];
            row.querySelector('.jt-cell').dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
            return [row.classList.contains('jt-lifted'), document.querySelector('.jt-curves .jt-near').textContent];
        }"""
    )
    assert near == [True, "try-8#9"]


def test_the_board_continues_in_code(page: Page, lab: Lab) -> None:
    """The query of what is selected stands in a new cell below, not yet run; run, it gives the same runs."""
    name = lab.notebook("code", 12, "board = %track board", "last = 1")
    cell = opened(page, lab, name, ".jt-board .jt-row[aria-level]")
    rows = cell.locator(".jt-board-table .jt-row[aria-level]")
    rows.nth(1).locator("input").click()
    rows.nth(4).locator("input").click()
    cell.get_by_role("button", name="Continue in code").click()
    page.page.wait_for_function("() => jupyterapp.shell.currentWidget.content.widgets.length === 4", timeout=SOON)
    sources = page.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())"
    )
    assert sources[1:] == ["board = %track board", 'runs = track.runs("number IN (8, 11)")', "last = 1"]
    page.run(2)


def test_the_board_stays_readable_without_a_kernel(page: Page, lab: Lab) -> None:
    """Saved and opened again without one, its parts stand as tables and pictures."""
    name = lab.notebook("still", 12, "board = %track board", "last = 1")
    cell = opened(page, lab, name, ".jt-board .jt-row[aria-level]")
    rows = cell.locator(".jt-board-table .jt-row[aria-level]")
    rows.nth(0).locator("input").click()
    rows.nth(1).locator("input").click()
    cell.locator(".jt-board-comparison .jt-lines").first.wait_for(timeout=SOON)
    page.save()
    lab.server.end_kernels()
    page.page.goto("about:blank")
    page.open(lab.server, name, kernel=False)
    cell = page.cell(1)
    cell.locator("table").first.wait_for(timeout=SOON)
    assert cell.locator(".jt-board").count() == 0
    assert "try-11" in cell.inner_text()


@pytest.mark.parametrize("line", ["%track", "%track board"])
def test_a_report_is_written_from_the_panel_and_opened(page: Page, lab: Lab, line: str) -> None:
    """Asked for a name, it lies beside the notebook; the link opens it, and what is selected is in it."""
    kind = "board" if "board" in line else "table"
    name = lab.notebook(f"report-{kind}", 12, f"panel = {line}", "last = 1")
    cell = opened(page, lab, name, f".jt-{kind} .jt-row[aria-level]")
    rows = cell.locator(".jt-row[aria-level]")
    rows.nth(1).locator("input").click()
    rows.nth(4).locator("input").click()
    assert cell.get_by_role("button", name="Report…").locator("visible=true").count() == 1
    cell.get_by_role("button", name="Report…").locator("visible=true").click()
    field = cell.locator(".jt-report-line input:visible")
    field.fill("two.html")
    field.press("Enter")
    link = cell.locator(".jt-report-line a")
    link.wait_for(timeout=SOON)
    assert (lab.root / f"report-{kind}" / "two.html").stat().st_size > 100_000
    with page.page.context.expect_page(timeout=SOON) as opening:
        link.click()
    report = opening.value
    report.wait_for_load_state("load")
    heading = report.locator("h1").inner_text(timeout=SOON)
    report.close()
    assert sorted(heading.split(" and ")) == ["try-10 #11", "try-7 #8"]
