"""The quickstart as a person sees it: in JupyterLab, light and dark, in Notebook 7, and without a kernel.

Pictures are left in the test's folder, to be looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import jupyter_track

from .harness import DARK, App, Page, Server, browsing, chromium, serving, write_notebook

if chromium() is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed (Debian: apt-get install chromium)", allow_module_level=True)

pytestmark = pytest.mark.browser

QUICKSTART = Path(jupyter_track.__file__).parent.parent / "notebooks" / "quickstart.ipynb"
SHORT = ("load-code", "data-code", "baseline-code", "loop-code", "table-code")
BASELINE, LOOP, TABLE = 2, 3, 4
# The static form has one set of colours for both grounds. No colour reaches more than 4.34 on white and on #111 at once
# (the root of their own contrast, 18.9), so that is the bar for marks; text inherits the host's colour.
MARKS = 4.3
GROUND = {"light": (255, 255, 255), "dark": (17, 17, 17)}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """The short quickstart: two tracked cells and the table."""
    sources = {cell["id"]: cell["source"] for cell in nbformat.read(QUICKSTART, as_version=4)["cells"]}
    (tmp_path / "work").mkdir()
    return write_notebook(tmp_path / "work" / "quickstart.ipynb", [sources[name] for name in SHORT])


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that, in the end, has asked no other machine and thrown nothing."""
    with browsing() as page:
        yield page
        assert page.foreign == []
        assert page.errors == []


def run_all(page: Page, server: Server) -> None:
    """Open the notebook and run its cells."""
    page.open(server, "quickstart.ipynb")
    for index in range(len(SHORT)):
        page.run(index)


def card(page: Page, index: int) -> Any:
    """What we show under a cell: the last of its outputs in HTML."""
    return page.cell(index).locator(".jp-RenderedHTMLCommon").last


def words(locator: Any) -> str:
    """The text that a person reads, on one line."""
    return " ".join(locator.inner_text().split())


def luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance of an sRGB colour (WCAG 2)."""
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: tuple[float, float, float], ground: tuple[float, float, float]) -> float:
    """Contrast of two colours (WCAG 2)."""
    lighter, darker = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def weakest_contrast(locator: Any, ground: tuple[float, float, float]) -> float:
    """The lowest contrast of any text in an element, as the browser draws it."""
    colours = locator.evaluate(
        """root => [root, ...root.querySelectorAll("*")]
            .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
            .map(e => getComputedStyle(e).color.match(/[\\d.]+/g).map(Number))"""
    )
    opaque = [
        tuple(value * alpha + below * (1 - alpha) for value, below in zip(parts[:3], ground, strict=True))
        for parts in colours
        for alpha in [parts[3] if len(parts) > 3 else 1.0]
    ]
    return min(contrast((red, green, blue), ground) for red, green, blue in opaque)


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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cards_and_table_stand_under_their_cells_in_both_themes(
    theme: str, notebook: Path, page: Page, tmp_path: Path
) -> None:
    """Running the notebook in JupyterLab shows what was recorded, legible on either ground."""
    settings = DARK if theme == "dark" else None
    with serving(notebook.parent, tmp_path / "home", "lab", settings, extension=False) as server:
        run_all(page, server)
        check_shown(page)
        for index in (BASELINE, LOOP, TABLE):
            page.shot(tmp_path / f"{theme}-{SHORT[index]}.png", page.cell(index))
            assert weakest_contrast(card(page, index), GROUND[theme]) >= MARKS
    assert (notebook.parent / "track.db").is_file()


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_cards_stay_after_reload_without_a_kernel(app: App, notebook: Path, page: Page, tmp_path: Path) -> None:
    """Saved, its kernel gone and opened anew, the notebook shows the same cards and table; in Notebook 7 too."""
    with serving(notebook.parent, tmp_path / "home", app, extension=False) as server:
        run_all(page, server)
        check_shown(page)
        before = [words(card(page, index)) for index in (BASELINE, LOOP, TABLE)]
        page.save()
        page.page.goto("about:blank")
        server.end_kernels()
        page.open(server, "quickstart.ipynb", kernel=False)
        check_shown(page)
        assert [words(card(page, index)) for index in (BASELINE, LOOP, TABLE)] == before
        page.shot(tmp_path / f"{app}-reloaded.png")


def test_a_failing_cell_shows_its_own_traceback_and_a_failed_card(page: Page, tmp_path: Path) -> None:
    """The error is the cell's own, at its own line; the card says failed, and the next cell runs."""
    (tmp_path / "work").mkdir()
    cells = ["%load_ext jupyter_track", "%%track broken\nC = 1\nC / 0", "%%track\nscore = 0.5\nscore"]
    write_notebook(tmp_path / "work" / "quickstart.ipynb", cells)
    with serving(tmp_path / "work", tmp_path / "home", extension=False) as server:
        page.open(server, "quickstart.ipynb")
        for index in range(len(cells)):
            page.run(index)
        error = words(page.cell(1).locator("[data-mime-type='application/vnd.jupyter.stderr']").first)
        assert "ZeroDivisionError" in error
        assert "----> 3 C / 0" in error
        assert re.match(r"✗ broken (#1 )?failed ", words(card(page, 1)))
        assert "ZeroDivisionError: division by zero" in words(card(page, 1))
        assert words(card(page, 2)).startswith("✓ ")
        page.shot(tmp_path / "failed.png")


def test_markup_in_names_and_params_is_text(page: Page, tmp_path: Path) -> None:
    """A name, a param, a note and a metric that are markup are shown as they are; no script of theirs runs."""
    payload = "<img src=x onerror='window.harmed = true'><b>bold</b>"
    (tmp_path / "work").mkdir()
    cells = [
        "%load_ext jupyter_track\nimport jupyter_track as track",
        f"with track.start_run(run_name={payload!r}, description={payload!r}) as run:\n"
        f"    track.log_params({{'text': {payload!r}}})\n    track.log(loss=1.0)",
        "%track",
        "%track show last",
    ]
    write_notebook(tmp_path / "work" / "quickstart.ipynb", cells)
    with serving(tmp_path / "work", tmp_path / "home", extension=False) as server:
        page.open(server, "quickstart.ipynb")
        for index in range(len(cells)):
            page.run(index)
        for index in (2, 3):
            assert "onerror" in words(card(page, index))
            assert page.cell(index).locator(".jp-RenderedHTMLCommon :is(img[src=x], b:text-is('bold'))").count() == 0
        assert page.page.evaluate("window.harmed") is None
