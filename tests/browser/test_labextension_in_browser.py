"""The lab extension in JupyterLab and Notebook 7, with a kernel's half that answers from made messages."""

from __future__ import annotations

from typing import Any

import pytest

from .harness import Page, Server, write_notebook
from .panel_kernel import kernel_cell, made_card, made_table

pytestmark = pytest.mark.browser

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


def still(page: Page, index: int) -> Any:
    """The HTML of the bundle below a cell, where it is seen."""
    return page.cell(index).locator(".jt-output .still:visible")


def open_panels(page: Page, server: Server, *cells: int) -> None:
    """Open the notebook and run the kernel's half and these cells."""
    write_notebook(server.root / "made" / "panels.ipynb", CELLS)
    page.open(server, "made/panels.ipynb")
    for index in (KERNEL, *cells):
        page.run(index)


def test_a_panel_is_live_where_the_kernel_knows_it_and_html_where_not(either: Server, page: Page) -> None:
    """The view takes the place of the HTML; an unknown panel and a final one keep theirs."""
    open_panels(page, either, CARD, TABLE, UNKNOWN, FINAL)
    page.panel(CARD).locator(".jt-stop").wait_for()
    assert still(page, CARD).count() == 0
    assert "accuracy" in page.panel(CARD).inner_text()
    page.panel(TABLE).locator(".jt-row").first.wait_for()
    assert page.panel(TABLE).locator(".jt-grid").get_attribute("aria-rowcount") == "201"
    for index, words in ((UNKNOWN, "the HTML of unknown"), (FINAL, "the HTML of card")):
        assert still(page, index).inner_text() == words
        assert page.panel(index).count() == 0


def test_keys_in_the_table_are_not_commands_of_the_notebook(lab: Server, page: Page) -> None:
    """In command mode "a" adds a cell and "d d" deletes one; in the table they do neither."""
    open_panels(page, lab, TABLE)
    table = page.panel(TABLE)
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


def test_interrupt_reaches_a_kernel_that_is_busy(lab: Server, page: Page) -> None:
    """The second stage of Stop is the host's own interrupt and needs no answer of the kernel."""
    open_panels(page, lab, CARD)
    stop = page.panel(CARD).locator(".jt-stop")
    page.start(BUSY)
    page.page.wait_for_function("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'")
    stop.click()
    assert stop.inner_text() == "Stopping…"
    page.page.wait_for_function("button => button.textContent === 'Interrupt'", arg=stop.element_handle())
    stop.click()
    page.cell(BUSY).locator("text=KeyboardInterrupt").first.wait_for(timeout=20_000)


def test_a_reload_connects_again_and_a_restart_freezes_what_was_seen(lab: Server, page: Page) -> None:
    """After a reload the view is back by itself; after a restart it stays, and says that the kernel stopped."""
    open_panels(page, lab, CARD, TABLE)
    page.panel(CARD).locator(".jt-stop").wait_for()
    page.save()
    page.open(lab, "made/panels.ipynb")
    page.panel(CARD).locator(".jt-stop").wait_for()
    page.panel(TABLE).locator(".jt-row").first.wait_for()
    page.restart()
    page.panel(CARD).locator("text=The kernel stopped; last seen").wait_for()
    assert "baseline" in page.panel(CARD).inner_text()
    assert page.panel(CARD).locator(".jt-stop").is_hidden()
    page.panel(TABLE).locator('[data-column="metrics.accuracy"]').click()
    assert "run-200" in page.panel(TABLE).locator(".jt-row").first.inner_text()


def test_without_a_kernel_the_html_stands(lab: Server, page: Page) -> None:
    """A notebook that is opened again without a kernel shows what was saved, without an error."""
    open_panels(page, lab, CARD, TABLE)
    page.panel(CARD).locator(".jt-stop").wait_for()
    page.save()
    lab.end_kernels()
    path = lab.root / "made" / "panels.ipynb"
    path.write_text(path.read_text().replace('"name": "python3"', '"name": "gone"'))
    page.open(lab, "made/panels.ipynb", kernel=False)
    still(page, CARD).wait_for()
    assert still(page, CARD).inner_text() == "the HTML of card"
    assert page.panel(CARD).count() == 0
