"""A panel's life in JupyterLab and in Notebook 7: reloads, `clear_output`, a second view, restarts, no kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_track.store.reader import Reader

from .harness import Page, Server, until, words, write_notebook

pytestmark = pytest.mark.browser

LOAD, LOOP, TABLE, CLEARS = range(4)
CELLS = (
    "%load_ext jupyter_track\nimport time, jupyter_track as track\nfrom IPython.display import clear_output\n"
    "with track.start_run(run_name='earlier'): track.log(seen=1.0)",
    "%%track steps\nfor step in track.progress(range(100_000)):\n    track.log(seen=float(step))\n    time.sleep(0.01)",
    "panel = %track",
    "%%track clears\nfor step in track.progress(range(100_000)):\n    track.log(seen=float(step))\n"
    "    clear_output(wait=True)\n    print('step', step)\n    time.sleep(0.5)",
)
FAULTS = ("Model not found", "Error displaying widget", "Loading widget", "Javascript Error", "application/vnd")


def opened(page: Page, server: Server, name: str) -> str:
    """Open a fresh notebook in a folder of its own, with the extension loaded; return its path."""
    folder = server.root / name
    write_notebook(folder / "life.ipynb", CELLS)
    path = f"{folder.name}/life.ipynb"
    page.open(server, path)
    page.run(LOAD)
    return path


def begin(page: Page, index: int) -> None:
    """Start a cell and wait for a point on its card."""
    page.start(index)
    page.panel(index).locator(".jt-value").wait_for(timeout=60_000)


def goes_on(page: Page, index: int) -> None:
    """The card below a cell shows a later point than now."""
    value = page.panel(index).locator(".jt-value")
    value.wait_for(timeout=60_000)
    seen = float(value.get_attribute("title"))
    until(lambda: float(value.get_attribute("title")) > seen, "a later point")


def no_fault(page: Page, *indices: int) -> None:
    """Nothing of ours is blank, and no box says that something could not be shown."""
    for index in indices:
        outputs = page.cell(index).locator(".jp-OutputArea-output:visible")
        texts = [words(output) for output in outputs.all()]
        assert texts
        assert all(texts), texts
        assert [fault for fault in FAULTS for text in texts if fault in text] == []


def stop(page: Page, index: int) -> None:
    """Stop the run of a cell by its card, and wait for the cell's end."""
    page.panel(index).get_by_role("button", name="Stop").click()
    until(lambda: words(page.cell(index)).count("finished"), "the end of the run")


def test_a_reload_during_and_after_the_run(either: Server, page: Page) -> None:
    """The view finds its run again, and Stop still works; after the end it is the finished card, reloaded too."""
    path = opened(page, either, "reload")
    page.run(TABLE)
    begin(page, LOOP)
    page.save()
    page.open(either, path, idle=False)
    goes_on(page, LOOP)
    page.panel(TABLE).locator(".jt-row", has_text="steps").wait_for()
    stop(page, LOOP)
    no_fault(page, LOOP, TABLE)
    page.save()
    page.open(either, path)
    until(lambda: "✓steps#2" in words(page.cell(LOOP)).replace(" ", ""), "the finished card")
    page.panel(TABLE).locator(".jt-row", has_text="steps").wait_for()
    no_fault(page, LOOP, TABLE)


def test_clear_output_in_the_loop_does_not_lose_the_card(either: Server, page: Page) -> None:
    """It erases the card with what was printed; the card comes again, and stands at the end."""
    path = opened(page, either, "clear")
    page.start(CLEARS)
    note = page.panel(CLEARS).get_by_role("button", name="Add note")
    note.click(timeout=60_000)
    field = page.panel(CLEARS).get_by_role("textbox", name="Note")
    field.fill("written over several erasures")
    step = lambda: int(words(page.cell(CLEARS).locator("pre").first).split()[1])  # noqa: E731
    before = step()
    until(lambda: step() > before + 3, "several erasures")
    until(lambda: field.is_visible() and field.evaluate("field => field === document.activeElement"), "the field")
    page.page.keyboard.press("Enter")
    stop(page, CLEARS)
    page.over(CLEARS)
    assert words(page.html(CLEARS)).startswith("✓ clears #2 finished")
    newest = Reader((either.root / path).with_name("track.db")).runs()[0]
    assert (newest.name, newest.note) == ("clears", "written over several erasures")
    assert page.html(CLEARS).count() == 1
    no_fault(page, CLEARS)


def test_a_second_view_of_the_same_output(lab: Server, page: Page) -> None:
    """Both are live; a click in the second reaches the run, and both end as the finished card."""
    opened(page, lab, "second")
    begin(page, LOOP)
    page.command("notebook:create-output-view")
    second = page.page.locator(".jp-LinkedOutputView .jt-panel:visible")
    second.get_by_role("button", name="Stop").click()
    page.page.locator(".jp-LinkedOutputView", has_text="finished").wait_for()
    page.page.locator(".jp-Notebook .jt-output", has_text="finished").wait_for()


def test_a_restart_during_the_run_and_a_notebook_without_a_kernel(either: Server, page: Page) -> None:
    """The card freezes with what it has seen; opened again untrusted and without a kernel, the HTML stands."""
    path = opened(page, either, "restart")
    page.run(TABLE)
    begin(page, LOOP)
    page.save()
    page.restart()
    page.panel(LOOP).locator("text=The kernel stopped; last seen").wait_for()
    assert page.panel(LOOP).get_by_role("button", name="Stop").count() == 0
    table = page.panel(TABLE)
    table.locator("text=The kernel stopped; last seen").wait_for()
    table.locator("[data-column='attributes.start_time']").click()
    no_fault(page, LOOP, TABLE)

    page.page.goto("about:blank")
    either.end_kernels()
    file = either.root / path
    file.write_text(without_kernel(file))
    page.open(either, path, kernel=False)
    page.html(LOOP).wait_for()
    assert words(page.html(LOOP)).startswith("● steps")
    assert "seen" in words(page.html(LOOP))
    assert page.html(TABLE).locator("table").count() == 1
    assert page.page.locator(".jt-panel:visible").count() == 0
    no_fault(page, LOOP, TABLE)


def test_a_restart_while_the_panels_of_a_page_connect(either: Server, page: Page) -> None:
    """A notebook is opened, restarted at once and run again: what its panels ask for is answered."""
    path = opened(page, either, "open-restart")
    for _ in range(3):
        page.run(TABLE)
    page.save()
    page.open(either, path)
    page.restart()
    page.run(LOAD)
    page.run(TABLE)
    table = page.panel(TABLE)
    table.locator(".jt-row").first.dblclick()
    table.locator(".jt-details").wait_for()


def without_kernel(file: Path) -> str:
    """The text of a notebook whose kernel is not there; what is changed is no longer trusted."""
    return file.read_text().replace('"name": "python3"', '"name": "gone"')


def test_the_card_of_a_deleted_run_brings_it_back(either: Server, page: Page) -> None:
    """It says so in its place; Restore makes it what it was."""
    folder = either.root / "deleted"
    write_notebook(folder / "life.ipynb", [CELLS[LOAD], "%%track gone\nx = 1", "%track delete gone"])
    page.open(either, f"{folder.name}/life.ipynb")
    page.run(LOAD)
    page.run(1)
    before = words(page.html(1))
    page.run(2)
    panel = page.panel(1)
    panel.get_by_role("button", name="Restore").wait_for(timeout=60_000)
    assert "Deleted · Restore" in words(panel)
    panel.get_by_role("button", name="Restore").click()
    until(lambda: page.html(1).count() == 1 and words(page.html(1)) == before, "the card as it was")
    assert [run.name for run in Reader(folder / "track.db").runs()] == ["gone", "earlier"]
