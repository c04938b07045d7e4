"""The comparison in JupyterLab: what is seen first, pictures, code, joined tables, copying, themes, hostile texts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jupyter_track

from .harness import Page, browsing, chromium, serving, write_notebook

if chromium() is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed (Debian: apt-get install chromium)", allow_module_level=True)

pytestmark = pytest.mark.browser

BUILT = Path(jupyter_track.__file__).parent / "labextension"
PAYLOAD = "<img src=x onerror=window.ran=1><script>window.ran=1</script>"
MAKE = """%load_ext jupyter_track
import numpy as np, jupyter_track as track
track.define_metric("accuracy", goal="max")
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='60' onload='window.ran=1'>" \\
      "<script>window.ran=1</script><image href='https://example.org/x.png'/>" \\
      "<rect width='90' height='60' fill='{}'/></svg>"
def make(name, C, shift, more=""):
    with track.start_run(run_name=name) as run:
        track.log_params({"C": C, "kernel": "rbf", "text": more or "plain"})
        for step in range(30):
            track.log(accuracy=1 - np.exp(-C * (step + 1) / 10) / 2, step=step)
        for step in (0, 10, 20):
            track.log_image(np.full((8, 8), (step * 9 + shift * 60) % 255, "uint8"), key="sample", step=step)
        with open("plot.svg", "w") as file: file.write(SVG.format("#" + str(shift % 10) * 3))
        answers = [f"{more}a red car {i}" if (i + shift) % 3 else f"a blue car {i}" for i in range(180)]
        track.log_table("answers", {"question": [f"q{i}" for i in range(180)], "answer": answers}, key="question")
        track.log_artifact("plot.svg")
        if more: run.set_tag("team", more); track.set_note(more)
"""
ONE = (
    "%%track one --max accuracy\nC = 0.1\nwidth = 3\n"
    + "\n".join(f"layer_{n} = {n}" for n in range(12))
    + "\naccuracy = 0.9"
)
TWO = ONE.replace("track one", "track two").replace("C = 0.1", "C = 1").replace("layer_5 = 5", "layer_5 = 'five'")
CELLS = (
    MAKE,
    "for n in range(1, 9): make(f'run {n}', n / 2, n)",
    "pair = %track compare 1 2",
    "eight = %track compare #1..#8",
    ONE,
    TWO.replace("accuracy = 0.9", "accuracy = 0.95"),
    "coded = %track compare one two",
    f"make({PAYLOAD!r}, 0.5, 3, {PAYLOAD!r}); make({PAYLOAD + 'x'!r}, 0.6, 4, {PAYLOAD + 'x'!r})\n"
    "hostile = %track compare last~1 last",
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The notebook in JupyterLab, with the runs made."""
    folder = tmp_path_factory.mktemp("compare")
    work = folder / "work"
    work.mkdir()
    write_notebook(work / "compare.ipynb", CELLS)
    shutil.copytree(BUILT, folder / "home" / "data" / "labextensions" / "jupyter-track")
    with serving(work, folder / "home") as server, browsing(width=1500, height=1000) as page:
        page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.open(server, "compare.ipynb")
        for index in (0, 1, 4, 5):
            page.run(index)
        yield page


@pytest.fixture
def page(notebook: Page) -> Iterator[Page]:
    """The page as a test finds it; in the end nothing was fetched from another machine, and nothing was thrown."""
    notebook.page.set_viewport_size({"width": 1500, "height": 1000})
    yield notebook
    foreign, errors = notebook.foreign[:], notebook.errors[:]
    notebook.foreign.clear()
    notebook.errors.clear()
    assert (foreign, errors) == ([], [])


def comparison(page: Page, index: int) -> Any:
    """The live comparison under a cell, which is run anew: no test meets what another, or its first try, left."""
    page.run(index)
    found = page.cell(index).locator(".jt-comparison")
    found.wait_for(timeout=30_000)
    found.scroll_into_view_if_needed()
    return found


def drawn(locator: Any) -> None:
    """Wait until a picture has been loaded."""
    locator.wait_for(timeout=20_000)
    locator.evaluate("image => image.decode()")


def test_what_changed_comes_first(page: Page) -> None:
    """Params before metrics, curves below them, then pictures, tables, and what surrounds a run last."""
    found = comparison(page, 2)
    labels = found.locator(".jt-lines").first.locator(".jt-label").all_inner_texts()
    assert labels == ["C", "accuracy ↑"]
    assert "+0.0867 ▲" in found.locator(".jt-lines").first.inner_text()
    sections = found.evaluate(
        "node => [...node.children].filter(each => each.offsetHeight > 0).map(each => each.className)"
    )
    assert sections[:3] == ["jt-lines-place", "jt-overlaid", "jt-media"]
    chart = found.locator(".jt-overlaid .jt-plot")
    chart.wait_for(timeout=30_000)
    found.locator(".jt-overlaid .jt-chart canvas").wait_for(timeout=30_000)
    chart.hover()
    page.page.wait_for_function(
        """node => /^step \\d+.*run 2 #2.*0\\.\\d+.*run 1 #1.*0\\.\\d+$/s.test(node.innerText)""",
        arg=found.locator(".jt-overlaid .jt-values").element_handle(),
    )
    chart.press("+")
    found.locator(".jt-overlaid").get_by_role("button", name="Show all").wait_for()


def test_pictures_have_a_slider_and_blink(page: Page) -> None:
    """Steps go through all runs at once; a key shows the runs at one and the same place."""
    slot = comparison(page, 2).locator(".jt-slot[aria-label=sample]")
    slot.scroll_into_view_if_needed()
    drawn(slot.locator("img").nth(1))
    assert [image.get_attribute("alt") for image in slot.locator("img").all()] == [
        "sample of #1 run 1, step 20",
        "sample of #2 run 2, step 20",
    ]
    slot.locator(".jt-slider").fill("0")
    slot.locator("img[alt='sample of #1 run 1, step 0']").wait_for()
    assert slot.locator(".jt-told-step").inner_text() == "step 0"
    boxes = [slot.locator(".jt-picture").nth(place).bounding_box() for place in range(2)]
    assert boxes[0]["x"] < boxes[1]["x"]
    assert (boxes[0]["width"], boxes[0]["height"], boxes[0]["y"]) == tuple(
        boxes[1][k] for k in ("width", "height", "y")
    )
    slot.focus()
    page.page.keyboard.press("b")
    seen = []
    for _ in range(2):
        boxes = [slot.locator(".jt-picture").nth(place).bounding_box() for place in range(2)]
        assert boxes[0] == boxes[1]
        seen.append([cell.is_visible() for cell in slot.locator(".jt-picture").all()])
        page.page.keyboard.press("b")
    assert seen == [[True, False], [False, True]]
    page.page.keyboard.press("ArrowRight")
    assert slot.locator(".jt-told-step").inner_text() == "step 10"
    page.page.keyboard.press("Escape")
    assert [cell.is_visible() for cell in slot.locator(".jt-picture").all()] == [True, True]


def test_code_is_side_by_side_where_there_is_room(page: Page) -> None:
    """From 900 pixels on, else unified; changed words are stronger, and the signs stand in the gutter."""
    found = comparison(page, 6)
    table = found.locator(".jt-diff")
    assert table.evaluate("node => node.classList.contains('jt-sides')")
    assert table.locator(".jt-deleted").all_inner_texts() == ["0.1", "5", "0.9"]
    assert table.locator(".jt-inserted").all_inner_texts() == ["1", "'five'", "0.95"]
    page.page.set_viewport_size({"width": 900, "height": 1000})
    page.page.wait_for_function("node => !node.querySelector('.jt-sides')", arg=found.element_handle())
    signs = [text for text in table.locator(".jt-gutter").all_inner_texts() if text.strip()]
    assert signs == ["−", "+"] * 3
    page.page.set_viewport_size({"width": 1500, "height": 1000})
    page.page.wait_for_function("node => node.querySelector('.jt-sides')", arg=found.element_handle())


def test_tables_are_joined_in_pages(page: Page) -> None:
    """Changed rows first, with the words that differ; the equal ones on request."""
    table = comparison(page, 2).locator(".jt-joined")
    table.locator("tbody tr").first.wait_for(timeout=20_000)
    assert "120 of 180 rows changed" in table.inner_text()
    assert table.locator("tbody tr").count() == 50
    assert "1 to 50 of 120" in table.inner_text()
    assert table.locator("tbody tr").first.locator(".jt-inserted").all_inner_texts() == ["blue"]
    table.get_by_text("Next").click()
    page.page.wait_for_function("node => node.textContent.includes('51 to 100 of 120')", arg=table.element_handle())
    table.get_by_text("show").click()
    page.page.wait_for_function("node => node.textContent.includes('1 to 50 of 180')", arg=table.element_handle())


def test_a_comparison_of_eight(page: Page) -> None:
    """All colours, no text beyond its column; another run is put first, and one is taken away."""
    found = comparison(page, 3)
    heads = found.locator(".jt-lines").first.locator("thead .jt-name")
    assert heads.all_inner_texts() == [f"run {n}" for n in range(1, 9)]
    found.get_by_label("Measure the others against #3 run 3").click()
    page.page.wait_for_function(
        "node => node.querySelector('thead .jt-name').textContent === 'run 3'", arg=found.element_handle()
    )
    found.get_by_label("Remove #8 run 8").click()
    page.page.wait_for_function(
        "node => node.querySelectorAll('.jt-lines thead th').length === 7", arg=found.element_handle()
    )
    colours = found.locator(".jt-lines thead .jt-swatch").evaluate_all(
        "all => all.map(each => each.style.borderTopColor)"
    )
    assert len(set(colours)) == 7
    found.get_by_label("Open #1 run 1").click()
    found.locator(".jt-details").wait_for()
    page.page.keyboard.press("Escape")
    assert found.locator(".jt-details").count() == 0


def test_equal_lines_and_the_copy(page: Page) -> None:
    """What is equal is counted and can be looked at; Markdown goes to the clipboard."""
    found = comparison(page, 2)
    foot = found.locator(".jt-comparison-foot")
    assert "3 equal" in foot.inner_text()
    foot.get_by_text("show").click()
    found.locator(".jt-same .jt-label").first.wait_for()
    assert found.locator(".jt-same .jt-label").all_inner_texts() == ["", "kernel", "text"]
    foot.get_by_text("Copy as Markdown").click()
    foot.get_by_text("Copied").wait_for()
    assert "| params C | 0.5 | 1.0 |" in page.page.evaluate("() => navigator.clipboard.readText()")


def test_a_dark_theme(page: Page) -> None:
    """The grounds of a diff follow it, and the text stays readable on them."""
    found = comparison(page, 6)
    ground = "node => getComputedStyle(node.querySelector('.jt-plus')).backgroundColor"
    light = found.evaluate(ground)
    change = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
    page.page.evaluate(change, "JupyterLab Dark")
    page.page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    try:
        assert (light, found.evaluate(ground)) == ("rgb(221, 244, 255)", "rgba(56, 139, 253, 0.15)")
    finally:
        page.page.evaluate(change, "JupyterLab Light")
        page.page.wait_for_function("() => document.body.dataset.jpThemeLight === 'true'")


def test_hostile_texts_are_shown_and_nothing_is_fetched(page: Page) -> None:
    """Names, params, tags, notes, cells of tables: text. No request leaves this machine, and the page threw nothing."""
    found = comparison(page, 7)
    found.locator(".jt-joined tbody tr").first.wait_for(timeout=20_000)
    assert "<img src=x" in found.locator(".jt-lines").first.inner_text()
    assert found.evaluate("node => [...node.querySelectorAll('script, iframe, img[src=x]')].length") == 0
    assert page.page.evaluate("() => window.ran") is None
