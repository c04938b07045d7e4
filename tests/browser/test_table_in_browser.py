"""The table of a real store in JupyterLab: ten thousand runs, hostile texts, and everything by keyboard."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from benchmarks.live import fill
from made_stores import add_runs, made_store

from .harness import Page, Server, until, words, write_notebook

pytestmark = pytest.mark.browser

CELLS = ("%load_ext jupyter_track\nimport jupyter_track as track", "panel = %track")
PIECES = ("<script>window.harmed = 1</script>", "<img src=x onerror='window.harmed = 1'>",
          "<svg/onload=window.harmed=1>",
          "<iframe srcdoc='<script>parent.harmed = 1</script>'></iframe>", "<a href='javascript:window.harmed=1'>x</a>",
          "<style>.jt-row { display: none }</style>", "<math><mtext><script>window.harmed = 1</script>",
          "<body onload=window.harmed=1>", "<details open ontoggle=window.harmed=1>",
          "<form action=x><button autofocus onfocus=window.harmed=1>y")  # fmt: skip
LEADS = ("", '">', "'>", "</td></tr></table>", "-->", "]]>", "</title></textarea>", "javascript:", "&lt;", '" title="')
PAYLOADS = tuple(lead + piece for lead in LEADS for piece in PIECES)


ROWS_AT = """async (grid, top) => {
    grid.scrollTop = top;
    for (const _ of [1, 2]) { await new Promise(requestAnimationFrame); }
    return [...grid.querySelectorAll(".jt-row")].map(node => node.dataset.key);
}"""


def opened(page: Page, server: Server, name: str) -> Any:
    """Open a notebook beside the store in a folder, show the table, and return it."""
    write_notebook(server.root / name / "table.ipynb", CELLS)
    page.open(server, f"{name}/table.ipynb")
    page.run(0)
    page.run(1)
    table = page.panel(1)
    table.locator(".jt-row").first.wait_for(timeout=60_000)
    return table


def query(store: Path, sql: str) -> list[Any]:
    """The first column of a query."""
    with sqlite3.connect(store) as connection:
        return [row[0] for row in connection.execute(sql)]


def first_row(table: Any) -> str:
    """The text of the uppermost row."""
    rows = table.locator(".jt-row")
    return words(rows.nth(min(range(rows.count()), key=lambda at: rows.nth(at).bounding_box()["y"])))


def test_ten_thousand_runs(lab: Server, page: Page) -> None:
    """Only what is seen is in the page; the last row, a sorted column, words and a filter are there."""
    folder = lab.root / "many"
    folder.mkdir()
    fill(folder / "track.db")
    table = opened(page, lab, "many")
    grid = table.locator(".jt-grid")
    until(lambda: grid.get_attribute("aria-rowcount") == "10001", "the last rows")
    assert table.locator(".jt-row").count() < 60
    grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    table.locator(".jt-row").get_by_text("run-1", exact=True).wait_for()
    grid.evaluate("grid => { grid.scrollTop = 0; }")

    header = table.locator("[data-column^='metrics.m']").first
    key = (header.get_attribute("data-column") or "").removeprefix("metrics.")
    header.click()
    order = "DESC" if header.get_attribute("aria-sort") == "descending" else "ASC"
    found = f"SELECT r.name FROM runs r JOIN metrics m ON m.run_id = r.id WHERE m.key = '{key}'"
    (best,) = query(folder / "track.db", f"{found} ORDER BY m.last_value {order} LIMIT 1")
    until(lambda: f" {best} " in first_row(table), "the sorted column")

    search = table.get_by_role("textbox")
    search.fill("run-77")
    table.locator(".jt-table-foot", has_text=re.compile(r"^111 of 10,000 runs")).wait_for()
    (count,) = query(folder / "track.db", "SELECT count(*) FROM params WHERE key = 'p0' AND number > 0.9")
    search.fill("params.p0 > 0.9")
    table.locator(".jt-table-foot", has_text=re.compile(f"^{count:,} of 10,000 runs")).wait_for()


def test_no_payload_in_any_field_runs(lab: Server, page: Page) -> None:
    """A hundred payloads as name, note, error, experiment, and as key and value of params, tags and metrics."""
    (lab.root / "hostile").mkdir()
    store = made_store(lab.root / "hostile")
    made = [
        {"name": each, "note": each, "experiment": each, "params": {each: each}, "tags": {each: each},
         "metrics": {each: [0.5, 1.0]}, "status": "FAILED", "error_name": each, "error_message": each,
         "error_lines": each}
        for each in PAYLOADS
    ]  # fmt: skip
    add_runs(store, *made)
    table = opened(page, lab, "hostile")
    for column in ("experiment", ""):
        table.get_by_role("combobox", name="Group by").select_option(f"attributes.{column}" if column else "")
    table.get_by_role("button", name="Columns").click()
    for _ in range(8):
        table.locator(".jt-columns input:not(:checked)").first.click()
    grid = table.locator(".jt-grid")
    seen: set[str] = set()
    for top in range(0, 2_900, 260):
        seen.update(grid.evaluate(ROWS_AT, top))
    assert len(seen) == len(PAYLOADS)
    grid.evaluate("grid => { grid.scrollTop = 0; }")
    for at in range(3):
        table.locator(".jt-row").nth(at).dblclick()
        table.locator(".jt-details pre, .jt-details table").first.wait_for()
    unharmed(page, table)


def test_no_payload_runs_in_a_live_card(lab: Server, page: Page) -> None:
    """The name, the note, params and the error of a run that goes on, and of its static form."""
    cell = (
        f"import json, time\npayloads = json.loads({json.dumps(PAYLOADS)!r})\n"
        "with track.start_run(run_name=''.join(payloads[:10]), description=payloads[11]) as run:\n"
        "    track.live(run)\n    track.log_params({f'p{at}': each for at, each in enumerate(payloads)})\n"
        "    for step in track.progress(range(100_000), unit=payloads[12]):\n"
        "        track.log(loss=1.0)\n        time.sleep(0.02)\n    raise ValueError(payloads[13])"
    )
    write_notebook(lab.root / "hostile-card" / "card.ipynb", [CELLS[0], cell])
    page.open(lab, "hostile-card/card.ipynb")
    page.run(0)
    page.start(1)
    card = page.panel(1)
    card.get_by_role("button", name="Stop").wait_for(timeout=60_000)
    assert PAYLOADS[11] in card.inner_text()
    unharmed(page, card)
    card.get_by_role("button", name="Stop").click()
    page.over(1)
    still = page.html(1)
    until(lambda: PAYLOADS[13] in still.last.inner_text(), "the error")
    unharmed(page, still.last)


def unharmed(page: Page, view: Any) -> None:
    """Nothing ran, and no element is there that a payload asks for."""
    assert page.page.evaluate("window.harmed") is None
    assert (
        view.locator("script, iframe, svg, style, math, form, details, a[href^='javascript'], img[src='x']").count()
        == 0
    )


def test_the_keyboard_reaches_everything(lab: Server, page: Page) -> None:
    """Tab goes through search, groups, columns, report, rows and actions; keys mark, open, delete and undo."""
    (lab.root / "keys").mkdir()
    store = made_store(lab.root / "keys")
    add_runs(
        store, *({"name": f"run-{at}", "params": {"C": at}, "metrics": {"accuracy": [at / 10]}} for at in range(1, 7))
    )
    table = opened(page, lab, "keys")
    keyboard = page.page.keyboard
    table.get_by_role("textbox").focus()
    reached = [focused(page)]
    for _ in range(4):
        keyboard.press("Tab")
        reached.append(focused(page))
    assert reached == ["Search runs by words, or filter", "Group by", "Columns", "Report…", "Runs"]
    keyboard.press("ArrowDown")
    assert current(table) == "run-5"
    keyboard.press("Space")
    keyboard.press("Shift+ArrowDown")
    assert table.locator("[aria-selected=true]").count() == 2
    keyboard.press("Tab")
    actions = [focused(page)]
    while actions[-1] != "Delete":
        keyboard.press("Tab")
        actions.append(focused(page))
    assert actions == ["Clear the selection", "Tag", "Pin", "Move", "Delete"]
    table.locator(".jt-grid").focus()
    keyboard.press("Escape")
    keyboard.press("Home")
    keyboard.press("ArrowDown")
    keyboard.press("Delete")
    table.locator(".jt-row", has_text="Deleted").wait_for()
    until(lambda: query(store, "SELECT count(*) FROM runs WHERE deleted_time IS NOT NULL") == [1], "the deletion")
    keyboard.press("Control+z")
    until(lambda: query(store, "SELECT count(*) FROM runs WHERE deleted_time IS NOT NULL") == [0], "the undo")
    keyboard.press("Control+Home")
    keyboard.press("Enter")
    table.locator(".jt-details").wait_for()


def focused(page: Page) -> str:
    """What an assistive technology calls the element that has the focus; it has a ring of 2 px, or its row has."""
    name, ring = page.page.evaluate(
        """() => {
            const node = document.activeElement;
            const rung = node.querySelector(":scope .jt-focus") ?? node;
            const style = getComputedStyle(rung);
            return [node.getAttribute("aria-label") ?? node.textContent, style.outlineStyle + " " + style.outlineWidth];
        }"""
    )
    assert ring == "solid 2px" or name == "Runs", (name, ring)
    return str(name)


def current(table: Any) -> str:
    """The name in the row that the keyboard is on."""
    return str(table.locator("[data-current] .jt-name").inner_text())
