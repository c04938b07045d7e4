"""Clicks on the live card while its cell runs: the comm, both stages of stopping, notes, and what a page gets."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from live_session import MIME, Page, live_page

BUSY = """%%track busy
for step in range(600):
    track.log(loss=1 / (1 + step), step=step)
    time.sleep(0.05)
print("not stopped")
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One kernel for all of them."""
    with live_page(tmp_path_factory.mktemp("clicks")) as made:
        if not supports_subshells(made):
            pytest.skip("this ipykernel has no subshells")
        yield made


def supports_subshells(page: Page) -> bool:
    """Whether the kernel answers beside a busy cell."""
    page.client.kernel_info()
    reply = page.client.get_shell_msg(timeout=30)
    return "kernel subshells" in reply["content"].get("supported_features", [])


def begun(page: Page, code: str) -> tuple[str, str]:
    """Begin a cell, wait for its live card, and connect; return the cell's message and the comm."""
    cell = page.send(code)
    page.until(lambda: page.bundles(cell), "the live card")
    return cell, page.connected(page.panel)


def test_an_unknown_panel_is_gone(page: Page) -> None:
    """A page that was saved with another kernel keeps its HTML."""
    comm = page.open("0" * 32)
    page.until(lambda: page.told(comm))
    assert page.told(comm) == [{"type": "gone"}]


def test_stop_while_the_cell_is_busy(page: Page) -> None:
    """The click is answered at once; the next log call raises; one line, and the reply is an error."""
    cell, comm = begun(page, BUSY)
    first = page.told(comm)[0]
    assert (first["type"], first["card"]["state"]["word"], first["card"]["stop"]) == ("card", "running", "stop")
    answer = page.ask(comm, "stop")
    assert answer["ok"] is True, answer
    shown = page.over(cell)
    assert (shown.status, "not stopped" in shown.text) == ("error", False)
    assert shown.traceback == "RunStopped: The run 'busy' was asked to stop."
    (standing,) = [bundle for bundle in page.outputs(cell) if MIME in bundle]
    assert standing[MIME]["final"] is True
    assert standing["text/plain"].startswith("■ busy #")
    assert page.ask(comm, "stop") == {
        "type": "reply",
        "to": page.told(comm)[-1]["to"],
        "ok": False,
        "message": "The run has ended; there is nothing to stop.",
    }


def test_stop_ends_a_wrapped_loop(page: Page) -> None:
    """What stands below the loop runs; the run is finished and tagged."""
    cell, comm = begun(
        page,
        "%%track wrapped\nfor step in track.progress(range(500), unit='epoch'):\n    track.log(loss=1.0, step=step)\n"
        "    time.sleep(0.05)\ntrack.log(accuracy=0.9)\nprint('evaluated', step)",
    )
    page.ask(comm, "stop")
    shown = page.over(cell)
    assert (shown.status, "evaluated" in shown.text) == ("ok", True)
    (run,) = [run for run in page.notebook.stored if run.name == "wrapped"]
    step = int(shown.text.split()[-1])
    assert (run.status, run.own_tags["stopped_early"], step < 499) == ("FINISHED", f"epoch {step + 1} of 500", True)


def test_interrupt_is_offered_where_a_stop_has_no_effect(page: Page) -> None:
    """A fit that never logs: asked, offered after three seconds, interrupted as the kernel's interrupt does it."""
    cell, comm = begun(page, "%%track fit\ntime.sleep(120)")
    asked = time.monotonic()
    page.ask(comm, "stop")
    states = lambda: [one["card"]["stop"] for one in page.told(comm) if one["type"] == "card"]  # noqa: E731
    page.until(lambda: states()[-1] == "stopping")
    page.until(lambda: states()[-1] == "interrupt")
    assert time.monotonic() - asked > 2.5
    assert page.ask(comm, "interrupt")["ok"] is True
    shown = page.over(cell)
    assert (shown.status, shown.reply["ename"]) == ("error", "KeyboardInterrupt")
    fits = lambda: [run.status for run in page.notebook.stored if run.name == "fit"]  # noqa: E731
    page.until(lambda: fits() == ["KILLED"], "the end of the run in the store")


def test_the_html_rests_while_a_view_is_there(page: Page) -> None:
    """After the first `ready` only the comm is spoken to; when it closes, the HTML goes on; the static form stays."""
    cell, comm = begun(page, BUSY.replace("busy", "resting"))
    page.take(1.0)
    before = len(page.bundles(cell))
    told, began = len(page.told(comm)), time.monotonic()
    page.until(lambda: len(page.told(comm)) >= told + 4, "the view's updates")
    assert len(page.told(comm)) - told <= 1 + 4 * (time.monotonic() - began)  # at most four a second
    assert len(page.bundles(cell)) == before
    revisions = [one["rev"] for one in page.told(comm)]
    assert revisions == sorted(set(revisions))
    page.close(comm)
    page.until(lambda: len(page.bundles(cell)) > before + 1, "the HTML")
    silent = len(page.told(comm))
    again, second = page.connected(page.panel), page.connected(page.panel)
    newest = [page.told(one)[0]["card"]["metrics"][0]["key"] for one in (again, second)]
    assert (newest, len(page.told(comm))) == (["loss", "loss"], silent)
    page.ask(second, "stop")
    page.over(cell)
    reloaded = page.connected(page.panel)
    assert page.told(reloaded)[0]["card"]["state"]["word"] == "stopped"


def test_notes_and_names_are_written_while_it_runs(page: Page) -> None:
    """They are in the store, and on the card; what is no text is refused in words."""
    cell, comm = begun(page, BUSY.replace("busy", "noted"))
    assert page.ask(comm, "note", text="looks <b>good</b>")["ok"] is True
    assert page.ask(comm, "rename", text="renamed")["ok"] is True
    page.until(lambda: page.told(comm)[-1].get("card", {}).get("name") == "renamed")
    assert page.told(comm)[-1]["card"]["note"] == "looks <b>good</b>"
    refused = [page.ask(comm, "rename", text=" "), page.ask(comm, "rename", text=3), page.ask(comm, "explode")]
    assert [one["ok"] for one in refused] == [False, False, False]
    assert "not blank" in refused[0]["message"]
    page.ask(comm, "stop")
    page.over(cell)
    (run,) = [run for run in page.notebook.stored if run.name == "renamed"]
    assert (run.note, run.status) == ("looks <b>good</b>", "KILLED")


def test_a_click_leaves_a_half_drawn_figure_alone(page: Page) -> None:
    """No ``post_execute``: matplotlib's flush would show the figure before the cell has drawn it."""
    gate = page.gate()
    cell, comm = begun(
        page,
        "%%track drawn\nimport matplotlib\n%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n"
        f"track.log(started=1.0)\n{gate.wait}\nplt.title('whole')",
    )
    page.until(lambda: "started" in str(page.told(comm)))
    for _ in range(3):
        assert page.ask(comm, "note", text="x")["ok"] is True
    pictures = [m for m in page.of(cell) if m["msg_type"] == "display_data" and "image/png" in m["content"]["data"]]
    assert pictures == []
    gate.open()
    page.over(cell)
    shown = [m for m in page.messages if m["msg_type"] == "display_data" and "image/png" in m["content"]["data"]]
    assert [m["parent_header"]["msg_id"] for m in shown] == [cell]


def test_what_is_no_message_is_left_alone(page: Page) -> None:
    """A page of another version may say anything."""
    cell, comm = begun(page, BUSY.replace("busy", "odd"))
    page.say(comm, type="unheard of")
    page._beside("comm_msg", {"comm_id": comm, "data": "text"})
    page.say(comm, type="action", to=None, name=None)
    page.until(lambda: any(one["type"] == "reply" for one in page.told(comm)))
    page.ask(comm, "stop")
    assert page.over(cell).status == "error"
