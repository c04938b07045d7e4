"""The lab extension in JupyterLab and Notebook 7, with a kernel's half that answers from made messages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jupyter_track

from .harness import DARK, App, Page, Server, browsing, chromium, serving, write_notebook
from .panel_kernel import kernel_cell, made_card, made_table

if chromium() is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed (Debian: apt-get install chromium)", allow_module_level=True)

pytestmark = pytest.mark.browser

BUILT = Path(jupyter_track.__file__).parent / "labextension"
PANELS = {"card": [made_card()], "table": [made_table(200)]}
KERNEL, CARD, TABLE, UNKNOWN, FINAL, BUSY, SENT = range(7)
CELLS = (
    kernel_cell(PANELS),
    'handle = show("card", "card")',
    'show("table", "table");',
    'show("unknown", "card");',
    'show("card", "card", final=True);',
    "import time\nfor _ in range(200): time.sleep(0.1)",
    "[each.get('name', each['type']) for each in sent]",
)


def served(tmp_path: Path, app: App = "lab", settings: dict[str, Any] | None = None) -> Any:
    """Serve a folder with the notebook, and with the lab extension that was built in this tree."""
    (tmp_path / "work").mkdir()
    write_notebook(tmp_path / "work" / "panels.ipynb", CELLS)
    shutil.copytree(BUILT, tmp_path / "home" / "data" / "labextensions" / "jupyter-track")
    return serving(tmp_path / "work", tmp_path / "home", app, settings)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that, in the end, has asked no other machine and thrown nothing."""
    with browsing() as page:
        yield page
        assert page.foreign == []
        assert page.errors == []


def live(page: Page, index: int) -> Any:
    """The live view below a cell."""
    return page.cell(index).locator(".jt-output .jt-panel:visible")


def still(page: Page, index: int) -> Any:
    """The HTML of the bundle below a cell, where it is seen."""
    return page.cell(index).locator(".jt-output .still:visible")


def start(page: Page, index: int) -> None:
    """Start a cell without waiting for its end."""
    page.page.evaluate(
        """index => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = index;
            void jupyterapp.commands.execute("notebook:run-cell");
        }""",
        index,
    )


def open_panels(page: Page, server: Server, *cells: int) -> None:
    """Open the notebook and run the kernel's half and these cells."""
    page.open(server, "panels.ipynb")
    for index in (KERNEL, *cells):
        page.run(index)


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_panel_is_live_where_the_kernel_knows_it_and_html_where_not(tmp_path: Path, page: Page, app: App) -> None:
    """The view takes the place of the HTML; an unknown panel and a final one keep theirs."""
    with served(tmp_path, app) as server:
        open_panels(page, server, CARD, TABLE, UNKNOWN, FINAL)
        live(page, CARD).locator(".jt-stop").wait_for()
        assert still(page, CARD).count() == 0
        assert "accuracy" in live(page, CARD).inner_text()
        live(page, TABLE).locator(".jt-row").first.wait_for()
        assert live(page, TABLE).locator(".jt-grid").get_attribute("aria-rowcount") == "201"
        for index, words in ((UNKNOWN, "the HTML of unknown"), (FINAL, "the HTML of card")):
            assert still(page, index).inner_text() == words
            assert live(page, index).count() == 0


def test_keys_in_the_table_are_not_commands_of_the_notebook(tmp_path: Path, page: Page) -> None:
    """In command mode "a" adds a cell and "d d" deletes one; in the table they do neither."""
    with served(tmp_path) as server:
        open_panels(page, server, TABLE)
        table = live(page, TABLE)
        table.locator(".jt-row").nth(3).click()
        cells = page.page.locator(".jp-Notebook .jp-Cell").count()
        for key in ("a", "b", "d", "d", "x", "ArrowDown", "Space"):
            page.page.keyboard.press(key)
        assert page.page.locator(".jp-Notebook .jp-Cell").count() == cells
        assert table.locator("[aria-selected=true]").get_attribute("data-key") == f"{5:032x}"
        assert page.page.evaluate("() => jupyterapp.shell.currentWidget.content.activeCellIndex") == TABLE
        page.page.keyboard.press("/")
        page.page.keyboard.type("run-17")
        assert table.locator(".jt-row").count() == 11  # 17, and 170 to 179


def test_interrupt_reaches_a_kernel_that_is_busy(tmp_path: Path, page: Page) -> None:
    """The second stage of Stop is the host's own interrupt and needs no answer of the kernel."""
    with served(tmp_path) as server:
        open_panels(page, server, CARD)
        stop = live(page, CARD).locator(".jt-stop")
        start(page, BUSY)
        page.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
        )
        stop.click()
        assert stop.inner_text() == "Stopping…"
        page.page.wait_for_function("button => button.textContent === 'Interrupt'", arg=stop.element_handle())
        stop.click()
        page.cell(BUSY).locator("text=KeyboardInterrupt").first.wait_for(timeout=20_000)


def test_a_reload_connects_again_and_a_restart_freezes_what_was_seen(tmp_path: Path, page: Page) -> None:
    """After a reload the view is back by itself; after a restart it stays, and says that the kernel stopped."""
    with served(tmp_path) as server:
        open_panels(page, server, CARD, TABLE)
        live(page, CARD).locator(".jt-stop").wait_for()
        page.save()
        page.open(server, "panels.ipynb")
        live(page, CARD).locator(".jt-stop").wait_for()
        live(page, TABLE).locator(".jt-row").first.wait_for()
        page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        live(page, CARD).locator("text=The kernel stopped; last seen").wait_for()
        assert "baseline" in live(page, CARD).inner_text()
        assert live(page, CARD).locator(".jt-stop").is_hidden()
        live(page, TABLE).locator('[data-column="metrics.accuracy"]').click()
        assert "run-200" in live(page, TABLE).locator(".jt-row").first.inner_text()


def test_without_a_kernel_the_html_stands(tmp_path: Path, page: Page) -> None:
    """A notebook that is opened again without a kernel shows what was saved, without an error."""
    with served(tmp_path) as server:
        open_panels(page, server, CARD, TABLE)
        live(page, CARD).locator(".jt-stop").wait_for()
        page.save()
        server.end_kernels()
        path = server.root / "panels.ipynb"
        path.write_text(path.read_text().replace('"name": "python3"', '"name": "gone"'))
        page.open(server, "panels.ipynb", kernel=False)
        still(page, CARD).wait_for()
        assert still(page, CARD).inner_text() == "the HTML of card"
        assert live(page, CARD).count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_panels_take_the_colours_of_the_theme(tmp_path: Path, page: Page, theme: str) -> None:
    """Text, ground and better follow JupyterLab's theme, not the system's."""
    with served(tmp_path, settings=DARK if theme == "dark" else None) as server:
        open_panels(page, server, CARD, TABLE)
        live(page, TABLE).locator(".jt-row").first.wait_for()
        live(page, CARD).locator(".jt-stop").wait_for()
        better = live(page, CARD).locator(".jt-better").first.evaluate("node => getComputedStyle(node).color")
        assert better == ("rgb(76, 195, 138)" if theme == "dark" else "rgb(11, 110, 79)")
        page.shot(tmp_path / f"{theme}.png")
