"""The quickstart as a person sees it without our lab extension: light and dark, in Notebook 7, without a kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest

from .colours import weakest_contrast
from .harness import PACKAGE, Page, Server, serving, words, write_notebook

pytestmark = pytest.mark.browser

QUICKSTART = PACKAGE.parent / "notebooks" / "quickstart.ipynb"
SHORT = ("load-code", "data-code", "baseline-code", "loop-code", "table-code")
BASELINE, LOOP, TABLE = 2, 3, 4
# The static form has one set of colours for both grounds. No colour reaches more than 4.34 on white and on #111 at once
# (the root of their own contrast, 18.9), so that is the bar for marks; text inherits the host's colour.
MARKS = 4.3
THEMES = ("JupyterLab Dark", "JupyterLab Light")


@pytest.fixture(scope="module")
def notebook_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Notebook 7 without our lab extension."""
    root = tmp_path_factory.mktemp("bare-notebook")
    (root / "work").mkdir()
    with serving(root / "work", root / "home", "notebook", extension=False) as server:
        yield server


@pytest.fixture(scope="module")
def lab_server(bare_server: Server) -> Server:
    """JupyterLab without our lab extension."""
    return bare_server


def run_all(page: Page, server: Server) -> None:
    """Open the short quickstart, two tracked cells and the table, and run its cells."""
    sources = {cell["id"]: cell["source"] for cell in nbformat.read(QUICKSTART, as_version=4)["cells"]}
    write_notebook(server.root / "quick" / "quickstart.ipynb", [sources[name] for name in SHORT])
    page.open(server, "quick/quickstart.ipynb")
    for index in range(len(SHORT)):
        page.run(index)


def card(page: Page, index: int) -> Any:
    """What we show under a cell: the last of its outputs in HTML."""
    return page.cell(index).locator(".jp-RenderedHTMLCommon").last


def check_shown(page: Page) -> None:
    """The cards and the table say what was recorded."""
    # The number comes from the store; the card does not wait for a slow one.
    assert re.match(r"✓ baseline (#1 )?accuracy 0\.9500 figures 1 · note ", words(card(page, BASELINE)))
    curves = card(page, LOOP)
    assert re.match(r"✓ sgd (#2 )?finished ", words(curves))
    assert "loss 0.1866" in words(curves)
    assert "accuracy 0.9648 best 0.9667 at 10" in words(curves)
    images = curves.locator("img")
    assert images.count() == 2
    assert images.evaluate_all("found => found.every(e => e.complete && e.naturalWidth > 0 && e.alt)")
    table = card(page, TABLE).locator("table").first
    rows = [words(row) for row in table.locator("tr").all()]
    assert [row.split()[:3] for row in rows[1:]] == [["✓", "2", "sgd"], ["✓", "1", "baseline"]], rows
    assert "accuracy ↑" in rows[0]


def test_cards_and_table_stay_in_both_themes_and_after_reload_without_a_kernel(either: Server, page: Page) -> None:
    """What was recorded is under its cell, legible on either ground; opened anew without a kernel it is the same."""
    run_all(page, either)
    check_shown(page)
    if either.app == "lab":
        for theme in THEMES:
            page.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
            page.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
            for index in (BASELINE, LOOP, TABLE):
                assert weakest_contrast(card(page, index))[0] >= MARKS, theme
    before = [words(card(page, index)) for index in (BASELINE, LOOP, TABLE)]
    page.save()
    page.page.goto("about:blank")
    either.end_kernels()
    page.open(either, "quick/quickstart.ipynb", kernel=False)
    check_shown(page)
    assert [words(card(page, index)) for index in (BASELINE, LOOP, TABLE)] == before
    assert (either.root / "quick" / "track.db").is_file()


def test_a_failing_cell_shows_its_own_traceback_and_a_failed_card(bare: Server, page: Page) -> None:
    """The error is the cell's own, at its own line; the card says failed, and the next cell runs."""
    cells = ["%load_ext jupyter_track", "%%track broken\nC = 1\nC / 0", "%%track\nscore = 0.5\nscore"]
    write_notebook(bare.root / "failing" / "quickstart.ipynb", cells)
    page.open(bare, "failing/quickstart.ipynb")
    for index in range(len(cells)):
        page.run(index)
    error = words(page.cell(1).locator("[data-mime-type='application/vnd.jupyter.stderr']").first)
    assert "ZeroDivisionError" in error
    assert "----> 3 C / 0" in error
    assert re.match(r"✗ broken (#1 )?failed ", words(card(page, 1)))
    assert "ZeroDivisionError: division by zero" in words(card(page, 1))
    assert words(card(page, 2)).startswith("✓ ")


def test_markup_in_names_and_params_is_text(bare: Server, page: Page) -> None:
    """A name, a param, a note and a metric that are markup are shown as they are; no script of theirs runs."""
    payload = "<img src=x onerror='window.harmed = true'><b>bold</b>"
    cells = [
        "%load_ext jupyter_track\nimport jupyter_track as track",
        f"with track.start_run(run_name={payload!r}, description={payload!r}) as run:\n"
        f"    track.log_params({{'text': {payload!r}}})\n    track.log(loss=1.0)",
        "%track",
        "%track show last",
    ]
    write_notebook(bare.root / "markup" / "quickstart.ipynb", cells)
    page.open(bare, "markup/quickstart.ipynb")
    for index in range(len(cells)):
        page.run(index)
    for index in (2, 3):
        assert "onerror" in words(card(page, index))
        assert page.cell(index).locator(".jp-RenderedHTMLCommon :is(img[src=x], b:text-is('bold'))").count() == 0
    assert page.page.evaluate("window.harmed") is None
