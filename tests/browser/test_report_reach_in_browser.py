"""Reports by keyboard alone, in the colours of the system, for eyes without green, and page by page on paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from made_reports import made_report, report_store

from .harness import Page, until
from .test_report_in_browser import opened

pytestmark = pytest.mark.browser
TEXT = """\
See [the paper](https://example.org/paper), $x^2$ and `code`.[^1]

[^1]: A note.
"""
FOCUS = """() => {
    const node = document.activeElement;
    const ring = getComputedStyle(node);
    const own = ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 2;
    const inside = node.querySelector('.jt-focus');
    const section = node.closest('main > section');
    const label = node.closest('label')?.innerText;
    return {
        place: section?.id ?? '',
        name: node.getAttribute('aria-label') || node.innerText.split('\\n')[0] || label || '',
        seen: own || inside !== null,
        end: node === document.body
    };
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report of twelve runs that have everything, with a text."""
    folder = tmp_path_factory.mktemp("reach")
    saved = made_report(report_store(folder, count=12), text=TEXT).save(folder / "report.html")
    assert saved.path is not None
    return saved.path.as_uri()


@pytest.fixture
def shown(page: Page, address: str) -> Iterator[Any]:
    """The report, with its panels alive."""
    yield opened(page, address)
    page.page.emulate_media(color_scheme="light", media="screen", forced_colors="none")


def test_all_is_reached_by_the_tab_key(shown: Any) -> None:
    """In the order in which it is read; what has the focus is seen; a table that fits is no stop; there is an end."""
    stops: list[dict[str, Any]] = []
    while len(stops) < 200:
        shown.keyboard.press("Tab")
        stop = shown.evaluate(FOCUS)
        if stop["end"]:
            break
        stops.append(stop)
    assert len(stops) < 200
    names = [stop["name"] for stop in stops]
    assert names[:4] == ["Skip to the report", "Show on a dark ground", "Summary", "Runs"]
    assert [stop["name"] for stop in stops if not (stop["seen"] and stop["name"])] == []
    order = dict.fromkeys(stop["place"] for stop in stops)
    sections = shown.evaluate("[...document.querySelectorAll('main > section')].map(one => one.id)")
    reached = [place for place in order if place in sections]
    assert reached == [one for one in sections if one in reached]
    assert {"text", "table", "curves", "comparison", "parallel"} <= set(reached)
    assert "What differed" not in names  # it fits
    for name in ("Runs", "x axis", "Smoothing", "Copy accuracy"):
        assert name in names


def test_the_skip_link_leads_past_the_contents(shown: Any) -> None:
    """The next stop is in the report itself."""
    shown.keyboard.press("Tab")
    assert shown.locator(".jtr-skip").bounding_box()["x"] >= 0
    shown.keyboard.press("Enter")
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.closest('main') !== null")


def test_the_table_is_sorted_by_keyboard(shown: Any) -> None:
    """From the grid up into its head, along it, and Enter."""
    grid = shown.locator("[data-panel=table] [role=treegrid]")
    header = grid.get_by_role("columnheader", name="lr").first
    grid.focus()
    for _ in range(3):
        shown.keyboard.press("ArrowUp")
    until(lambda: grid.locator("[role=columnheader].jt-focus").count() == 1, "the head")
    for _ in range(20):
        if "jt-focus" in (header.get_attribute("class") or ""):
            break
        shown.keyboard.press("ArrowRight")
    shown.keyboard.press("Enter")
    until(lambda: header.get_attribute("aria-sort") in ("ascending", "descending"), "the order by lr")


def test_the_colours_of_the_system_leave_nothing_unsaid(shown: Any) -> None:
    """Changed words of a diff are underlined, and the ground of a figure stays white."""
    shown.emulate_media(forced_colors="active")
    changed = "getComputedStyle(document.querySelector('.jtr-diff b')).textDecorationLine"
    assert shown.evaluate(changed) == "underline"
    ground = "getComputedStyle(document.querySelector('.jtr-picture img')).backgroundColor"
    assert shown.evaluate(ground) == "rgb(255, 255, 255)"
    assert shown.locator("h1").is_visible()


def test_paper_says_where_links_lead_and_keeps_charts_whole(shown: Any) -> None:
    """The address stands behind a link of the text; a chart and its title are on one page, its numbers may go on."""
    shown.emulate_media(media="print")
    after = "getComputedStyle(document.querySelector('.jtr-prose a[href^=http]'), '::after').content"
    assert shown.evaluate(after) == '" (" attr(href) ")"' or "example.org/paper" in shown.evaluate(after)
    styles = shown.evaluate(
        """() => ['.jtr-svg', '.jtr-chart', '.jtr-runs tr', '.jtr-prose math'].map(
            one => getComputedStyle(document.querySelector(one)).breakInside)"""
    )
    assert styles == ["avoid", "auto", "avoid", "avoid"]
    assert shown.evaluate("getComputedStyle(document.querySelector('.jtr-chart > figcaption')).breakAfter") == "avoid"
    # Nothing is wider than the sheet: A4 without its margins, at 96 dots an inch.
    shown.set_viewport_size({"width": 672, "height": 900})
    assert shown.evaluate("document.documentElement.scrollWidth") <= 672
    shown.set_viewport_size({"width": 1280, "height": 900})
