"""How card and table look in each theme of JupyterLab: colours from the tokens, contrast, focus rings, no motion."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_track.views.tokens import TOKENS

from .colours import rgb, weakest_contrast
from .harness import Page, Server, write_notebook
from .panel_kernel import kernel_cell, made_card, made_table

pytestmark = pytest.mark.browser

THEMES = {"JupyterLab Light": "light", "JupyterLab Dark": "dark", "JupyterLab Dark High Contrast": "dark"}
WORSE = {"text": "−0.0120", "arrow": "▼", "better": False, "versus": "#9"}
METRICS = made_card()["card"]["metrics"]
CARDS = {
    "running": made_card(metrics=[METRICS[0], {**METRICS[0], "key": "f1", "change": WORSE}]),
    "failed": made_card(
        state={"glyph": "✗", "word": "failed", "token": "failed"},
        error="ValueError: no",
        metrics=[],
        stop="",
        elapsed=None,
    ),
    "lost": made_card(
        state={"glyph": "◌", "word": "lost (kernel died)", "token": "warning"},
        metrics=[{**METRICS[0], "value": "NaN"}],
        stop="",
        elapsed=None,
    ),
}
PANELS = {**{name: [card] for name, card in CARDS.items()}, "table": [made_table(30)]}
RUNNING, TABLE = 1, 4


@pytest.fixture
def shown(lab: Server, page: Page) -> Page:
    """A notebook with three cards and a table."""
    shows = [f"show({name!r}, {'card' if name in CARDS else 'table'!r});" for name in PANELS]
    write_notebook(lab.root / "looks" / "looks.ipynb", [kernel_cell(PANELS), *shows])
    page.open(lab, "looks/looks.ipynb")
    for index in range(len(PANELS) + 1):
        page.run(index)
    page.panel(TABLE).locator(".jt-row").first.wait_for()
    return page


def style(locator: Any, name: str) -> str:
    """A computed property of an element."""
    return str(locator.first.evaluate("(node, name) => getComputedStyle(node).getPropertyValue(name)", name))


def hosts(page: Page, variable: str) -> str:
    """A variable of the theme, as the browser computes a colour."""
    return str(
        page.page.evaluate(
            """name => {
                const probe = document.body.appendChild(document.createElement("i"));
                probe.style.color = `var(${name})`;
                const color = getComputedStyle(probe).color;
                probe.remove();
                return color;
            }""",
            variable,
        )
    )


def change_theme(page: Page, theme: str) -> None:
    """Change the theme of the application."""
    page.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)


def test_colours_follow_each_theme(shown: Page) -> None:
    """Text and muted are the host's, the rest our tokens for its ground; all that is written is 4.5:1 or more."""
    for theme, ground in THEMES.items():
        change_theme(shown, theme)
        card, table = shown.panel(RUNNING), shown.panel(TABLE)
        assert style(card, "color") == hosts(shown, "--jp-ui-font-color1"), theme
        assert style(card.locator(".jt-muted"), "color") == hosts(shown, "--jp-ui-font-color2"), theme
        for token in ("better", "worse", "running"):
            assert style(card.locator(f".jt-{token}"), "color") == rgb(getattr(TOKENS[token], ground)), (theme, token)
        table.locator(".jt-row").nth(2).hover()
        panels = {f"cell {index}": weakest_contrast(shown.panel(index)) for index in range(RUNNING, TABLE + 1)}
        assert {where: found for where, found in panels.items() if found[0] < 4.5} == {}, theme


def test_the_keyboard_reaches_the_card(shown: Page) -> None:
    """Stop and the note take the focus in turn, with a ring of 2 px; Enter opens the field, Esc leaves it."""
    card = shown.panel(RUNNING)
    card.get_by_role("button", name="Stop").focus()
    keyboard = shown.page.keyboard
    keyboard.press("Tab")
    note = card.get_by_role("button", name="Add note")
    assert note.evaluate("node => node === document.activeElement")
    assert (style(note, "outline-style"), style(note, "outline-width")) == ("solid", "2px")
    keyboard.press("Enter")
    field = card.get_by_role("textbox", name="Note")
    assert field.evaluate("node => node === document.activeElement")
    keyboard.press("Escape")
    assert note.evaluate("node => node === document.activeElement")


FOCUS = """() => {
    const node = document.activeElement;
    const ring = node.querySelector(":scope .jt-focus") ?? node;
    const { outlineStyle, outlineWidth } = getComputedStyle(ring);
    const name = node.getAttribute("aria-label") ?? node.textContent;
    return [node.closest(".jt-panel") !== null, name, `${outlineStyle} ${outlineWidth}`];
}"""


def test_tab_goes_from_a_cell_into_card_and_table_and_out_again(shown: Page) -> None:
    """As a person goes: Tab from the active cell; each stop has a ring; backwards the way leads to the cell again."""
    shown.page.evaluate(
        """index => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = index;
            notebook.mode = "command";
            notebook.activate();
        }""",
        RUNNING,
    )
    keyboard = shown.page.keyboard

    def walk(key: str, most: int) -> list[tuple[bool, str, str]]:
        """Press a key until panels were entered and left."""
        stops: list[tuple[bool, str, str]] = []
        while len(stops) < most and not (stops and stops[-1][0] is False and any(inside for inside, *_ in stops)):
            keyboard.press(key)
            stops.append(tuple(shown.page.evaluate(FOCUS)))
        return stops

    forth = [(name, ring) for inside, name, ring in walk("Tab", 40) if inside]
    names = [name for name, _ in forth]
    assert names == [
        "Stop",
        "Add note",
        *["Add note"] * 2,
        "Search runs by words, or filter",
        "Group by",
        "Columns",
        "Runs",
    ]
    assert {ring for _, ring in forth} == {"solid 2px"}
    back = [name for inside, name, _ in walk("Shift+Tab", 40) if inside]
    assert back == ["Runs", "Columns", "Group by", "Search runs by words, or filter"]
    keyboard.press("Shift+Tab")
    assert shown.page.evaluate("document.activeElement.closest('.jp-Notebook') !== null")


def test_nothing_moves_where_less_motion_is_asked_for(shown: Page) -> None:
    """With `prefers-reduced-motion` no element of ours has a transition or an animation."""
    shown.page.emulate_media(reduced_motion="reduce")
    moving = shown.page.evaluate(
        """() => [...document.querySelectorAll(".jt-panel, .jt-panel *")].filter(node => {
            const style = getComputedStyle(node);
            return style.animationName !== "none" || style.transitionDuration.split(", ").some(each => each !== "0s");
        }).map(node => node.className)"""
    )
    shown.page.emulate_media(reduced_motion="no-preference")
    assert moving == []


def test_forced_colours_keep_what_is_said(shown: Page) -> None:
    """In a high-contrast mode of the system glyphs, words and the bar's length are still there."""
    shown.page.emulate_media(forced_colors="active")
    card = shown.panel(RUNNING)
    assert [word in card.inner_text() for word in ("●", "running", "accuracy", "▼")] == [True] * 4
    done, bar = (style(card.locator(name), "background-color") for name in (".jt-bar-done", ".jt-bar"))
    grid = shown.panel(TABLE).locator(".jt-grid")
    grid.focus()
    ring = grid.evaluate("node => getComputedStyle(node.querySelector('.jt-row.jt-focus'), '::after').outlineStyle")
    lines = {style(shown.panel(index).get_by_role("button", name=name), "text-decoration-line")
             for index, name in ((RUNNING, "Add note"), (TABLE, "Columns"))}  # fmt: skip
    shown.page.emulate_media(forced_colors="none")
    assert (done != bar, ring, lines) == (True, "solid", {"underline"})


BOXES = """async node => {
    for (const _ of [1, 2]) { await new Promise(requestAnimationFrame); }
    return [".jt-middle", ".jt-metrics", ".jt-progress"].map(name => {
        const { left, right, top, bottom } = node.querySelector(name).getBoundingClientRect();
        return { left, right, top, bottom };
    });
}"""


def test_nothing_lies_over_anything_at_any_width(shown: Page) -> None:
    """The metrics of a card and how far it is, from a narrow page to a wide one; nothing is wider than its place."""
    card = shown.panel(RUNNING)
    size = shown.page.viewport_size or {"width": 1000, "height": 900}
    for width in (480, 600, 760, 880, 1000, 1400):
        shown.page.set_viewport_size({"width": width, "height": size["height"]})
        shown.page.wait_for_function("width => window.innerWidth === width", arg=width)
        place, metrics, progress = card.evaluate(BOXES)
        assert progress["left"] >= metrics["right"] or progress["bottom"] <= metrics["top"], width
        assert progress["right"] <= place["right"] + 1, width
    shown.page.set_viewport_size(size)
