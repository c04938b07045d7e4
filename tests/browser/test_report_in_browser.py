"""Reports in a real browser, from disk with the network off: what they do, on paper, without scripts, attacked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report, report_store

from .harness import Page, until, words
from .report_checks import opened
from .test_table_in_browser import PAYLOADS

pytestmark = pytest.mark.browser
# What the policy forbids is told to the page; Vega asks once whether it may make functions, and then does without.
NOTED = """addEventListener('securitypolicyviolation', ({ blockedURI, violatedDirective }) => {
    if (blockedURI !== 'eval') { (window.violations ??= []).push(`${violatedDirective} ${blockedURI}`); }
})"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of reports of the three kinds, and of one with a text."""
    folder = tmp_path_factory.mktemp("reports")
    store = report_store(folder, count=12)
    kinds: dict[str, tuple[Any, dict[str, Any]]] = {
        "experiment": (None, {}),
        "run": ("#2", {}),
        "comparison": (["#1", "#2", "#3"], {}),
        "text": (
            None,
            {"text": "# Paper\n\n{{ best }}\n\n{{ curves('loss') }}\n\n{{ table() }}", "sections": ["text"]},
        ),
    }
    found = {}
    for kind, (runs, options) in kinds.items():
        saved = made_report(store, runs, **options).save(folder / f"{kind}.html")
        assert saved.path is not None
        found[kind] = saved.path.as_uri()
    return found


@pytest.fixture(scope="module")
def offline(browser: Page) -> Iterator[Page]:
    """A page whose network is off, and that notes what the policy of a report forbade."""
    browser.page.context.add_init_script(NOTED)
    browser.page.context.set_offline(True)
    yield browser
    browser.page.context.set_offline(False)


PAGE_RULES = """[...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
    .filter(rule => rule instanceof CSSPageRule).map(rule => rule.cssText).join()"""
TITLES = """[...document.querySelectorAll('.jtr-chart > figcaption')].map(one => getComputedStyle(one).breakInside)"""
WHOLE = """[...document.querySelectorAll('.jtr-charts > .jtr-chart')]
    .map(one => [one.querySelectorAll('tbody > tr').length, getComputedStyle(one).breakInside === 'avoid'])"""


def unharmed(page: Page) -> None:
    """Nothing ran that is not ours, and the policy had nothing to forbid."""
    assert page.page.evaluate("[window.ran, window.harmed, window.violations]") == [None, None, None]


def rows_of(table: Any) -> list[str]:
    """The texts of the rows on the page, from the top down."""
    rows: list[str] = table.evaluate(
        """table => [...table.querySelectorAll('.jt-row')]
            .sort((one, other) => one.getBoundingClientRect().y - other.getBoundingClientRect().y)
            .map(row => row.innerText.replaceAll(/\\s+/g, ' '))"""
    )
    return rows


@pytest.mark.parametrize("kind", ["experiment", "run", "comparison", "text"])
def test_a_report_opens_from_disk_and_loads_nothing(
    offline: Page, page: Page, reports: dict[str, str], kind: str
) -> None:
    """Every panel lives, in both themes; a request or an error would fail the test."""
    for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(17, 17, 17)")):
        shown = opened(page, reports[kind], scheme=scheme)
        assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == ground
        assert shown.locator("[role=alert]:not(:empty)").count() == 0
        unharmed(page)


def test_the_table_sorts_searches_and_shows_other_columns(offline: Page, page: Page, reports: dict[str, str]) -> None:
    """As the panel does; a run opens in full; what would change something is not offered."""
    shown = opened(page, reports["experiment"])
    table = shown.locator("[data-panel=table]")
    assert ["run 0" in rows_of(table)[0], "run 1 " in rows_of(table)[1]] == [True, True]  # the pinned one is on top
    table.get_by_role("columnheader", name=re.compile("^lr")).click()
    until(lambda: "run 11" in rows_of(table)[1], "the least lr")
    table.get_by_label("Search runs by words").fill("diverged")  # the note of one
    until(lambda: table.locator(".jt-row").count() == 1)
    table.get_by_label("Search runs by words").fill("metrics.loss < 1")
    until(lambda: table.locator(".jt-row").count() > 1, "more than the one")
    count = table.locator(".jt-row").count()
    table.get_by_label("Search runs by words").fill("params.lr > 0.04 AND params.optimizer = 'sgd'")
    until(lambda: table.locator(".jt-row").count() == 1, "the second run")
    table.get_by_label("Search runs by words").fill("params.lr > 'x'")
    until(lambda: "compares numbers" in words(table) and "all runs are shown" in words(table))
    assert table.locator(".jt-row").count() == count
    table.get_by_label("Search runs by words").fill("")
    table.get_by_role("button", name="Columns").click()
    assert table.locator(".jt-columns input").count() > 3
    table.locator(".jt-row").first.click()
    actions = table.locator(".jt-actions")
    assert [words(one) for one in actions.get_by_role("button").all()] == ["✕", "Open"]
    actions.get_by_role("button", name="Open").click()
    table.locator(".jt-details").wait_for()
    assert "lr" in words(table.locator(".jt-details"))
    unharmed(page)


def test_the_curves_show_values_smooth_and_zoom(offline: Page, page: Page, reports: dict[str, str]) -> None:
    """A rule goes through all charts; a stretch is dragged out, and all is shown again."""
    shown = opened(page, reports["experiment"])
    curves = shown.locator("[data-panel=curves]")
    curves.scroll_into_view_if_needed()
    plot = curves.locator(".jt-plot canvas").first
    box = plot.bounding_box()
    assert box is not None
    shown.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    until(lambda: "run 0" in words(curves.locator(".jt-values")), "the values at the rule")
    curves.get_by_label("Smoothing").fill("0.6")
    until(lambda: "0.6" in words(curves.locator(".jt-weight")))
    curves.get_by_label("log y").check()
    shown.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    shown.mouse.down()
    shown.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=5)
    shown.mouse.up()
    every = curves.get_by_role("button", name="Show all")
    every.wait_for()
    every.click()
    every.wait_for(state="hidden")
    assert curves.get_by_label("Group by").count() == 0 or not curves.get_by_label("Group by").is_visible()
    unharmed(page)


def test_the_comparison_and_the_charts_of_many_answer(offline: Page, page: Page, reports: dict[str, str]) -> None:
    """Lines that are equal, a run in full, other charts and axes: all from the file."""
    shown = opened(page, reports["experiment"])
    compared = shown.locator("[data-panel=comparison]")
    compared.get_by_role("button", name="show", exact=True).click()
    until(lambda: "same" in words(compared.locator(".jt-same")))
    assert compared.get_by_role("button", name="Put first").count() == 0
    many = shown.locator("[data-panel=parallel]")
    many.get_by_role("button", name="Scatter").click()
    until(lambda: many.get_by_label("Against").is_visible())
    many.get_by_label("Against").select_option("params.optimizer")
    many.get_by_role("button", name="What mattered").click()
    until(lambda: "R²" in words(many))
    many.get_by_role("button", name="Parallel").click()
    many.get_by_role("button", name="Axes").click()
    many.locator(".jt-many-chooser input").first.uncheck()
    until(lambda: "lr" not in (many.locator("[role=img]").first.get_attribute("aria-label") or ""))
    unharmed(page)


def test_the_theme_is_chosen_and_paper_is_always_light(offline: Page, page: Page, reports: dict[str, str]) -> None:
    """On paper the still forms stand in the place of the panels, no control is left, and nothing is folded."""
    shown = opened(page, reports["experiment"])
    shown.get_by_role("button", name="Show on a dark ground").click()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert shown.evaluate(ground) == "rgb(17, 17, 17)"
    shown.emulate_media(media="print")
    shown.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert shown.evaluate(ground) == "rgb(255, 255, 255)"
    assert shown.locator(".jtr-live:visible, .jtr-theme:visible, .jt-toolbar:visible").count() == 0
    assert shown.locator(".jtr-runs").is_visible()
    assert shown.evaluate("getComputedStyle(document.querySelector('.jtr-runs thead')).display") == "table-header-group"
    assert set(shown.evaluate(TITLES)) == {"avoid"}
    assert {avoided == (rows <= 8) for rows, avoided in shown.evaluate(WHOLE)} == {True}  # a chart of few runs is whole
    assert shown.locator("main details:not([open]):not(.jtr-live details)").count() == 0
    assert shown.locator("#git pre").first.is_visible()  # uncommitted code, which is folded on the screen
    shown.evaluate("dispatchEvent(new Event('afterprint'))")
    assert shown.locator("#git details[open]").count() == 0
    assert shown.evaluate(ground) == "rgb(17, 17, 17)"
    assert "counter(page)" in shown.evaluate(PAGE_RULES)  # as the browser has read them: what it lacks it drops
    paper = shown.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 12


def test_a_report_is_read_without_scripts(offline: Page, page: Page, reports: dict[str, str]) -> None:
    """Tables, pictures with what they show in words, code: all of it is there."""
    context = page.page.context.browser.new_context(java_script_enabled=False, offline=True)
    try:
        for kind, section in (("experiment", "#table"), ("comparison", "#comparison"), ("run", "#code")):
            bare = context.new_page()
            bare.goto(reports[kind])
            assert bare.locator(section).is_visible()
            assert bare.locator(".jtr-live:visible").count() == 0
            assert bare.locator(".jtr-still").first.is_visible()
            if kind == "experiment":  # on paper nothing is folded, without a script either
                bare.emulate_media(media="print")
                assert bare.locator("#git pre").first.is_visible()
                bare.emulate_media(media="screen")
                assert not bare.locator("#git pre").first.is_visible()
            chart = bare.locator(".jtr-charts [role=img]").first
            assert chart.bounding_box()["height"] > 100
            assert chart.get_attribute("aria-label").startswith("accuracy")
            bare.close()
    finally:
        context.close()


def test_no_payload_runs_in_a_report(offline: Page, page: Page, tmp_path: Path) -> None:
    """A hundred of them, five in each file, by turns in every text that a store holds, in the title and a figure."""
    for at in range(0, len(PAYLOADS), 5):
        group = PAYLOADS[at : at + 5]
        turn = [0]
        folder = tmp_path / str(at)
        folder.mkdir()

        def named(text: str, group: Any = group, turn: list[int] = turn) -> str:
            turn[0] += 1
            return group[turn[0] % len(group)] + text if text not in KEPT else KEPT[text](group)

        store = report_store(folder, named, count=4)
        saved = made_report(store, title="".join(group), text="Best: {{ best }}").save(folder / "report.html")
        assert saved.path is not None
        shown = opened(page, saved.path.as_uri())
        assert group[0] in shown.locator("h1").inner_text()
        shown.locator("[data-panel=table] .jt-row").first.dblclick()
        shown.locator("[data-panel=table] .jt-details").wait_for()
        assert shown.evaluate(ACTING) == 0
        unharmed(page)


ACTING = """[...document.querySelectorAll('*')]
    .filter(node => node.getAttributeNames().some(name => name.startsWith('on'))).length"""
KEPT = {name: (lambda group, name=name: group[0] + name) for name in ("digits", "accuracy", "loss", "lr", "optimizer")}
"""What is one and the same in all runs: its payload is the first of a file."""


def test_a_file_that_a_text_links_is_saved_and_not_opened(offline: Page, page: Page, tmp_path: Path) -> None:
    """The page holds it: with the network off, and under the name that it had."""
    store = report_store(tmp_path, count=1)
    (tmp_path / "results.csv").write_bytes(b"a,b\n1,2\n")
    options = {"text": "The numbers are in [results.csv](results.csv).", "sections": ["text"], "folder": tmp_path}
    saved = made_report(store, **options).save(tmp_path / "report.html")
    assert saved.path is not None
    shown = opened(page, saved.path.as_uri())
    with shown.expect_download() as found:
        shown.get_by_role("link", name="results.csv").click()
    assert found.value.suggested_filename == "results.csv"
    assert Path(found.value.path()).read_bytes() == b"a,b\n1,2\n"
    assert shown.url == saved.path.as_uri()
    unharmed(page)
