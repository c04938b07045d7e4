"""Kernel and lab extension together, in JupyterLab: a cell that runs, its card, a click on Stop, the table."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_track
from jupyter_track.store.reader import Reader

from .harness import Page, browsing, chromium, serving, write_notebook

if chromium() is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed (Debian: apt-get install chromium)", allow_module_level=True)

pytestmark = pytest.mark.browser

BUILT = Path(jupyter_track.__file__).parent / "labextension"
CELLS = (
    "%load_ext jupyter_track\nimport time, jupyter_track as track",
    "%%track first --min loss\nfor epoch in track.progress(range(600), unit='epoch'):\n"
    "    time.sleep(0.1)\n    track.log(loss=1 / (epoch + 1))\nafter = 1",
    "panel = %track",
    "len(panel.df), after",
)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that, in the end, has asked no other machine and thrown nothing."""
    with browsing() as page:
        yield page
        assert page.foreign == []
        assert page.errors == []


def test_a_live_card_stops_its_loop_and_the_table_is_live(page: Page, tmp_path: Path) -> None:
    """The view takes over while the cell is busy; Stop ends the loop, and what stands below it still runs."""
    work = tmp_path / "work"
    work.mkdir()
    write_notebook(work / "live.ipynb", CELLS)
    shutil.copytree(BUILT, tmp_path / "home" / "data" / "labextensions" / "jupyter-track")
    with serving(work, tmp_path / "home") as server:
        page.open(server, "live.ipynb")
        page.run(0)
        page.page.evaluate(
            """() => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = 1;
                notebook.deselectAll();
                void jupyterapp.commands.execute("notebook:run-cell");
            }"""
        )
        stop = page.cell(1).locator(".jt-panel button", has_text="Stop")
        stop.wait_for(timeout=30_000)
        stop.click()
        page.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.content.widgets[1].model.executionState === 'idle'", timeout=30_000
        )
        page.cell(1).locator(".jp-RenderedHTMLCommon", has_text="finished").last.wait_for(timeout=30_000)
        page.run(2)
        page.cell(2).locator(".jt-panel", has_text="first").wait_for(timeout=30_000)
        result = " ".join(page.run(3).locator(".jp-OutputArea-output").last.inner_text().split())
    (run,) = Reader(work / "track.db").runs()
    assert (run.name, run.status, result) == ("first", "FINISHED", "(1, 1)")
    assert run.own_tags["stopped_early"].endswith(" of 600 epoch")
