"""What is left of a finished notebook elsewhere: nbconvert's HTML, no styles, no lab extension, few bytes."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from jupyter_track.store import edits
from jupyter_track.store.reader import Reader

from .harness import Page, Server, until, words, write_notebook

pytestmark = pytest.mark.browser

CELLS = (
    "%load_ext jupyter_track\nimport time, jupyter_track as track",
    "%%track three --max accuracy --min loss\nC = 0.5\nfor step in track.progress(range(300), unit='step'):\n"
    "    track.log(loss=1 / (1 + step), accuracy=1 - 1 / (2 + step), lr=0.1 * 0.99**step)\n    time.sleep(0.01)",
    "%track",
    "%%track endless\nfor step in range(100_000):\n    track.log(seen=float(step))\n    time.sleep(0.02)",
)
CURVES, TABLE, ENDLESS = 1, 2, 3
MOST = 60_000  # bytes of a notebook with a finished card of three curves
# What nbconvert's own template would load from a network.
OFFLINE = dict.fromkeys(("require_js_url", "mathjax_url", "jquery_url", "mermaid_js_url", "jquery_ui_url"), "")


def test_a_finished_card_in_few_bytes_and_in_nbconverts_html(lab: Server, page: Page) -> None:
    """Saved by JupyterLab, exported and opened as a file; without any style the same words are in the same order."""
    path = write_notebook(lab.root / "forms" / "forms.ipynb", CELLS[:2])
    page.open(lab, "forms/forms.ipynb")
    page.run(0)
    page.run(CURVES)
    assert words(page.html(CURVES)).startswith("✓ three #1 finished")
    page.save()
    assert path.stat().st_size <= MOST

    exporter = HTMLExporter(**OFFLINE)
    exported = path.with_suffix(".html")
    exported.write_text(exporter.from_notebook_node(nbformat.read(path, as_version=4))[0])
    page.page.goto(exported.as_uri())
    card = page.page.locator(".jp-RenderedHTMLCommon", has_text="three")
    shown = words(card)
    assert "loss" in shown
    assert "accuracy 0.9967" in shown
    pictures = card.locator("img")
    drawn = "found => found.map(each => each.complete && each.naturalWidth > 0 && each.alt > '')"
    assert pictures.evaluate_all(drawn) == [True] * 3
    page.page.evaluate(
        """() => {
            document.querySelectorAll("style, link").forEach(each => each.remove());
            document.querySelectorAll("[style]").forEach(each => each.removeAttribute("style"));
        }"""
    )
    assert words(card).replace(" ", "") == shown.replace(" ", "")


def test_without_the_lab_extension_the_card_is_live_html(bare: Server, page: Page) -> None:
    """Points come while the cell is busy, no box says that something is missing, and a stop from elsewhere works."""
    write_notebook(bare.root / "bare" / "bare.ipynb", CELLS)
    page.open(bare, "bare/bare.ipynb")
    page.run(0)
    page.start(ENDLESS)
    value = page.cell(ENDLESS).locator(".jp-RenderedHTMLCommon [title$='.0']").first
    value.wait_for(timeout=60_000)
    seen = float(value.get_attribute("title"))
    until(lambda: shown_value(value) > seen + 20, "a later point")
    assert page.is_busy(ENDLESS)
    (run,) = Reader(bare.root / "bare" / "track.db").runs()
    edits.request_stop(bare.root / "bare" / "track.db", [run.run_id])
    page.over(ENDLESS)
    assert words(page.cell(ENDLESS).locator(".jp-RenderedHTMLCommon").last).startswith("■ endless #1 stopped")
    page.run(TABLE)
    assert "endless" in words(page.cell(TABLE).locator("table"))
    texts = [words(output) for output in page.page.locator(".jp-OutputArea-output:visible").all()]
    assert [text for text in texts if "vnd.jupyter-track" in text or "Model not found" in text] == []


def shown_value(value: Any) -> float:
    """The full value of a metric, as its title says it; the card may just be drawn anew."""
    return float(value.get_attribute("title") or "nan")
