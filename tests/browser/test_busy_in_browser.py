"""While a cell runs, with each ipykernel that answers then: points, notes, edits in the table, and both stops."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import pytest
from other_kernels import lay_ipykernel

from jupyter_track.records import Run
from jupyter_track.store.reader import Reader

from .harness import PACKAGE, Page, Server, add_kernel, until, words, write_notebook

pytestmark = pytest.mark.browser

KERNELS = ("7.2", "7.3", "7.4")
LOAD, TABLE, LOOP, FIT, WRAPPED, BELOW = range(6)
CELLS = (
    "%load_ext jupyter_track\nimport time, jupyter_track as track, matplotlib.pyplot as plt\n%matplotlib inline\n"
    "for name in ('first', 'second'):\n    with track.start_run(run_name=name): track.log_param('name', name)",
    "panel = %track",
    "%%track busy\nplt.plot([1, 3, 2])\nfor step in range(100_000):\n    track.log(seen=float(step))\n"
    "    time.sleep(0.01)",
    "%%track fit\ntime.sleep(600)",
    "%%track wrapped\nfor step in track.progress(range(100_000), unit='step'):\n    track.log(loss=1.0)\n"
    "    time.sleep(0.01)\nafter = 'evaluated'",
    "after",
)


@pytest.fixture(scope="module")
def kernels(lab_server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A kernel of each ipykernel; those that are not installed are laid beside, not into, the environment."""
    for wanted in KERNELS:
        paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        if not version("ipykernel").startswith(f"{wanted}."):
            paths.insert(0, str(lay_ipykernel(tmp_path_factory.mktemp(wanted), wanted)))
        add_kernel(lab_server.home, wanted, {"PYTHONPATH": os.pathsep.join(paths)})


@pytest.mark.flaky(reruns=2)  # ipykernel below 7.4 may overhear a request before our extension is there to mend it
@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("kernel", KERNELS)
def test_clicks_are_answered_while_a_cell_is_busy(kernel: str, lab: Server, page: Page) -> None:
    """Points come, a note and the table's edits are kept, a half-drawn figure is left alone, and both stops work."""
    store = lab.root / kernel / "track.db"
    write_notebook(lab.root / kernel / "busy.ipynb", CELLS, kernel)
    page.open(lab, f"{kernel}/busy.ipynb")
    page.run(LOAD)
    page.run(TABLE)
    page.panel(TABLE).locator(".jt-row", has_text="first").wait_for()
    page.start(LOOP)
    card = page.panel(LOOP)
    value = card.locator(".jt-value")
    value.wait_for()
    seen = float(value.get_attribute("title"))
    until(lambda: float(value.get_attribute("title")) > seen + 20, "a later point")

    card.get_by_role("button", name="Add note").click()
    card.get_by_role("textbox", name="Note").fill("while it ran")
    page.page.keyboard.press("Enter")
    until(lambda: named(store, "busy").note == "while it ran", "the note")
    edit_the_table(page, store)
    assert page.is_busy(LOOP)
    assert page.cell(LOOP).locator("img[src^='data:image/png']").count() == 0

    card.get_by_role("button", name="Stop").click()
    page.over(LOOP)
    assert words(page.html(LOOP)).startswith("■ busy #3 stopped")
    assert "RunStopped: The run 'busy' was asked to stop." in words(page.cell(LOOP))
    assert page.cell(LOOP).locator("img[src^='data:image/png']").count() == 1
    interrupt_what_never_logs(page, store)


def edit_the_table(page: Page, store: Path) -> None:
    """Rename by key, pin by button; the table shows both, and the store has them."""
    table = page.panel(TABLE)
    table.locator(".jt-row", has_text="first").click()
    page.page.keyboard.press("F2")
    table.get_by_role("textbox", name="Name").fill("renamed")
    page.page.keyboard.press("Enter")
    until(lambda: {"renamed", "second"} <= {run.name for run in runs(store)}, "the name")
    table.locator(".jt-row", has_text="second").click()
    table.get_by_role("button", name="Pin", exact=True).click()
    until(lambda: named(store, "second").pinned, "the pin")
    table.locator(".jt-row", has_text="second").locator("[aria-label=pinned]").wait_for()


def interrupt_what_never_logs(page: Page, store: Path) -> None:
    """The gentle stop has no effect; after three seconds the button offers the kernel's interrupt."""
    page.start(FIT)
    stop = page.panel(FIT).locator(".jt-stop")
    stop.click()
    assert stop.inner_text() == "Stopping…"
    until(lambda: stop.inner_text() == "Interrupt", "the offer to interrupt")
    stop.click()
    page.over(FIT)
    assert "KeyboardInterrupt" in words(page.cell(FIT))
    assert words(page.html(FIT)).startswith("■ fit #4 stopped")
    until(lambda: named(store, "fit").status == "KILLED", "the end of the run in the store")


def test_a_stopped_run_keeps_run_all_from_going_on(lab: Server, page: Page) -> None:
    """RunStopped is an error to the notebook; a loop with `track.progress` ends early, and what is below runs."""
    write_notebook(lab.root / "all" / "all.ipynb", [CELLS[LOAD], CELLS[LOOP], CELLS[BELOW]])
    page.open(lab, "all/all.ipynb")
    page.command("notebook:run-all-cells")
    page.panel(1).get_by_role("button", name="Stop").click()
    page.over(1)
    page.page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.content.widgets[2].model.executionState === 'idle'"
    )
    assert page.cell(2).locator(".jp-OutputArea-output").count() == 0
    write_notebook(lab.root / "on" / "on.ipynb", [CELLS[LOAD], CELLS[WRAPPED], CELLS[BELOW]])
    page.open(lab, "on/on.ipynb")
    page.command("notebook:run-all-cells")
    page.panel(1).get_by_role("button", name="Stop").click()
    page.over(2)
    assert "'evaluated'" in words(page.cell(2))
    assert words(page.html(1)).startswith("✓ wrapped #3 finished")
    assert named(lab.root / "on" / "track.db", "wrapped").own_tags["stopped_early"].endswith(" of 100000")


def runs(store: Path) -> list[Run]:
    """The runs as they lie in the store."""
    return Reader(store).runs()


def named(store: Path, name: str) -> Run:
    """The run of a name."""
    return next(run for run in runs(store) if run.name == name)
