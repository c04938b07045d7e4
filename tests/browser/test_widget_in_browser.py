"""Front ends without our lab extension: the widget's module takes the HTML's place, or the HTML goes on by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_track.store.reader import Reader

from .harness import Page, browsing, chromium, serving, write_notebook

if chromium() is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed (Debian: apt-get install chromium)", allow_module_level=True)

pytestmark = pytest.mark.browser
pytest.importorskip("anywidget")

CELLS = (
    "%load_ext jupyter_track\nimport time, jupyter_track as track",
    "%track",
    "%%track first --min loss\nfor epoch in track.progress(range(3_000), unit='epoch'):\n"
    "    time.sleep(0.1)\n    track.log(loss=1 / (epoch + 1))",
    "%%track second\nfor epoch in range(80):\n    time.sleep(0.1)\n    track.log(loss=1 / (epoch + 1))",
)
HEAD, TABLE, LONG, SHORT = range(4)
WAIT = 60_000  # milliseconds


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that, in the end, has asked no other machine and thrown nothing."""
    with browsing() as page:
        yield page
        assert page.foreign == []
        assert page.errors == []


def start(page: Page, index: int) -> None:
    """Start a cell without waiting for its end."""
    page.page.evaluate(
        """index => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = index;
            notebook.deselectAll();
            void jupyterapp.commands.execute("notebook:run-cell");
        }""",
        index,
    )


def end(page: Page, index: int) -> None:
    """Wait for the end of a cell."""
    page.page.wait_for_function(
        "index => jupyterapp.shell.currentWidget.content.widgets[index].model.executionState === 'idle'",
        arg=index,
        timeout=WAIT,
    )


def test_the_module_takes_over_is_clicked_and_leaves_nothing_behind(page: Page, tmp_path: Path) -> None:
    """With anywidget's extension and without ours: live, also while the cell runs; what is saved is HTML only."""
    write_notebook(tmp_path / "work.ipynb", CELLS)
    with serving(tmp_path, tmp_path / "home", extension=False) as server:
        page.open(server, "work.ipynb")
        page.run(HEAD)
        page.run(TABLE)
        page.cell(TABLE).locator(".jt-panel", has_text="No runs here yet").wait_for(timeout=WAIT)
        start(page, LONG)
        stop = page.cell(LONG).locator(".jt-panel button", has_text="Stop")
        stop.wait_for(timeout=WAIT)
        assert page.cell(LONG).locator("[class^=jt-place-]").is_hidden()
        page.cell(TABLE).locator(".jt-panel .jt-row", has_text="first").wait_for(timeout=WAIT)
        stop.click()
        end(page, LONG)
        page.cell(LONG).locator(".jp-RenderedHTMLCommon", has_text="finished").last.wait_for(timeout=WAIT)
        page.cell(LONG).locator(".jt-panel").wait_for(state="detached", timeout=WAIT)
        assert page.cell(LONG).locator(".jp-OutputArea-output:visible").count() == 1
        page.save()
        text = (tmp_path / "work.ipynb").read_text()
        page.page.reload()
        page.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=WAIT)
        page.cell(TABLE).locator(".jt-panel .jt-row", has_text="first").wait_for(timeout=WAIT)
        page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        page.cell(TABLE).locator("text=The kernel stopped; last seen").wait_for(timeout=WAIT)
        assert page.cell(TABLE).locator(".jt-panel .jt-row", has_text="first").is_visible()
    (run,) = Reader(tmp_path / "track.db").runs()
    assert (run.status, "stopped_early" in run.own_tags) == ("FINISHED", True)
    saved = [key for cell in json.loads(text)["cells"] for output in cell["outputs"] for key in output.get("data", ())]
    assert set(saved) == {"text/html", "text/plain", "application/vnd.jupyter-track+json"}
    assert "widget" not in text
    assert len(text) < 60_000


def test_without_anywidget_the_html_is_live_and_no_error_is_shown(page: Page, tmp_path: Path) -> None:
    """A server in another environment: the card is refreshed as HTML, and becomes the static one in its place."""
    write_notebook(tmp_path / "work.ipynb", CELLS)
    with serving(tmp_path, tmp_path / "home", extension=False, disabled=["anywidget"]) as server:
        page.open(server, "work.ipynb")
        page.run(HEAD)
        page.run(TABLE)
        start(page, SHORT)
        card = page.cell(SHORT).locator(".jp-RenderedHTMLCommon")
        card.filter(has_text="running").wait_for(timeout=WAIT)
        first = card.inner_text()
        page.page.wait_for_function("([node, text]) => node.innerText !== text", arg=[card.element_handle(), first])
        end(page, SHORT)
        card.filter(has_text="finished").wait_for(timeout=WAIT)
        page.cell(TABLE).locator(".jp-RenderedHTMLCommon", has_text="second").wait_for(timeout=WAIT)
        assert page.page.locator(".jt-panel, .jp-mod-error, .jupyter-widgets").count() == 0
        assert "rror" not in " ".join(page.page.locator(".jp-OutputArea").all_inner_texts())
