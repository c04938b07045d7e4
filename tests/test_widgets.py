"""Widgets for front ends without our lab extension: when one is offered, what it carries, and what it answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_session import MIME, Page, live_page

pytest.importorskip("anywidget")

SOON = "import jupyter_track.panels.widget as w\nw.PATIENCE = 0.2"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A kernel that offers widgets soon."""
    with live_page(tmp_path) as made:
        made.run(SOON, "soon")
        yield made


def offered(page: Page) -> list[dict[str, Any]]:
    """The widgets that the kernel has offered: what their comms were opened with."""
    opened = [one["content"] for one in page.messages if one["msg_type"] == "comm_open"]
    return [one for one in opened if one["data"].get("state", {}).get("_model_name") == "AnyModel"]


def say(page: Page, comm_id: str, **content: Any) -> None:
    """Send a widget's message, as its model does."""
    page._beside("comm_msg", {"comm_id": comm_id, "data": {"method": "custom", "content": content}})


def told(page: Page, comm_id: str) -> list[dict[str, Any]]:
    """What a widget was told, in order."""
    return [one["content"] for one in page.told(comm_id) if one.get("method") == "custom"]


def test_a_widget_is_offered_where_no_extension_answers(page: Page) -> None:
    """Its state is the loader and no view; it gets module, table and answers, the last while a cell runs."""
    page.subshell = None
    page.over(page.send("%track", "table"))
    (made,) = page.until(lambda: offered(page), "the offer")
    state, comm = made["data"]["state"], made["comm_id"]
    assert ("_view_name" in state, len(state["_esm"]) < 1_000) == (False, True)
    say(page, comm, type="module")
    module = page.until(lambda: told(page, comm), "the module")[0]
    (bundle,) = [data for _, data in page.bundles()]
    assert (module["type"], module["panel"]) == ("module", bundle[MIME]["panel"])
    assert f'class="jt-place-{module["panel"]}"' in bundle["text/html"]
    assert ("start" in module["text"], ".jt-panel" in module["css"]) == (True, True)
    say(page, comm, type="loaded")
    say(page, comm, type="ready")
    page.until(lambda: [one for one in told(page, comm) if one["type"] == "table"], "the table")
    page.open("none")  # makes a subshell
    gate = page.gate()
    busy = page.send(gate.wait, "busy")
    say(page, comm, type="action", to=7, name="filter", text="params.lr > 1")
    answers = page.until(lambda: [one for one in told(page, comm) if one["type"] == "reply"], "the answer")
    assert (answers[0]["to"], answers[0]["ok"], busy in page.replies) == (7, True, False)
    gate.open()
    page.over(busy)
    assert [key for _, data in page.bundles() for key in data if "widget" in key] == []


def test_a_view_that_leaves_gives_the_place_back_to_the_html(page: Page) -> None:
    """And one that comes again is live again, with what happened meanwhile."""
    shown = page.send("%track", "table")
    page.over(shown)
    (made,) = page.until(lambda: offered(page), "the offer")
    comm = made["comm_id"]
    say(page, comm, type="ready")
    page.until(lambda: told(page, comm), "the table")
    say(page, comm, type="left")
    page.run("with track.start_run(run_name='later'):\n    pass", "later")
    page.until(lambda: "later" in page.outputs(shown)[0]["text/html"], "the HTML")
    say(page, comm, type="ready")
    page.until(lambda: [one for one in told(page, comm) if one["type"] == "table"][1:], "the table")
    assert [row["name"] for row in told(page, comm)[-1]["rows"]] == ["later"]


def test_none_is_made_where_our_extension_has_answered(page: Page) -> None:
    """Not for the panel that it shows, nor for those that come later."""
    page.run("w.PATIENCE = 600", "late")
    page.over(page.send("%track", "table"))
    page.connected(page.panel)
    page.run(f"from jupyter_track.panels.panel import find\nw.offers.make(find({page.panel!r}))", "due")
    page.run("w.PATIENCE = 0", "at once")
    page.over(page.send("%track", "again"))
    page.take(1.0)
    assert offered(page) == []


def test_a_card_that_has_ended_takes_its_widget_along(page: Page) -> None:
    """The comm is closed once the last form is on the page."""
    gate = page.gate()
    cell = page.send(f"%%track one\n{gate.wait}", "one")
    (made,) = page.until(lambda: offered(page), "the offer")
    gate.open()
    page.over(cell)
    closed = lambda: [one for one in page.messages if one["msg_type"] == "comm_close"]  # noqa: E731
    page.until(lambda: made["comm_id"] in [one["content"]["comm_id"] for one in closed()], "the close")
    assert "jt-place-" not in page.outputs(cell)[0]["text/html"]


def test_offers_that_nobody_takes_end(page: Page) -> None:
    """Where the front end has no widgets, the kernel does not go on making them; without anywidget nothing is said."""
    for number in range(3):
        page.over(page.send("%track", uuid.uuid4().hex))
        page.until(lambda number=number: len(offered(page)) > number, "an offer")
    page.over(page.send("%track", "fourth"))
    page.take(1.0)
    assert len(offered(page)) == 3
    page.run("import sys\nsys.modules['anywidget'] = None\nw.widget_class.cache_clear()\nw.offers.unanswered = 0", "no")
    page.over(page.send("%track", "last"))
    told = page.run("while not w.offers.unanswered: time.sleep(0.1)\nprint(w.offers.unanswered)", "wait").text
    assert (told.strip(), len(offered(page))) == ("3", 3)
