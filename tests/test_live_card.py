"""The live card in a real kernel: what the page gets while a cell runs, and what stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from live_session import MIME, Page, live_page

LOOP = """%%track sgd
for step in track.progress(range({steps}), unit="epoch"):
    track.log(loss=1 / (1 + step), step=step)
    time.sleep({pause})
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One kernel for all of them."""
    with live_page(tmp_path_factory.mktemp("live")) as made:
        yield made


def texts(page: Page, cell: str) -> list[str]:
    """What the card of a cell said in words, in order."""
    return [bundle["text/plain"] for _, bundle in page.bundles(cell)]


def newest(page: Page, cell: str) -> str:
    """What it says now; nothing where there is none yet."""
    return "".join(texts(page, cell)[-1:])


def final(bundle: dict[str, Any]) -> bool | None:
    """Whether a bundle is the static form of a panel; None where it belongs to no panel."""
    own = bundle.get(MIME)
    return own["final"] if isinstance(own, dict) else None


def test_a_short_cell_has_its_static_card_only(page: Page) -> None:
    """Nothing is shown in the first second, and nothing is updated."""
    cell = page.send("%%track quick\ntrack.log(accuracy=0.5)")
    page.over(cell)
    ((kind, bundle),) = page.bundles(cell)
    assert (kind, final(bundle), set(bundle)) == ("display_data", True, {"text/plain", "text/html", MIME})


def test_the_card_of_a_deleted_run_says_so_and_offers_the_way_back(page: Page) -> None:
    """In its place, with a view while the kernel is there; restored, by whatever way, it is what it was."""
    cell = page.send("%%track gone\ntrack.log(accuracy=0.5)")
    page.over(cell)
    before = page.outputs(cell)
    page.run("%track delete gone", "delete")
    page.until(lambda: final(page.outputs(cell)[0]) is False, "the card of the deleted run")
    (standing,) = page.outputs(cell)
    number = standing["text/plain"].partition("#")[2].split()[0]
    assert standing["text/plain"].splitlines()[-1] == f"  deleted; %track restore {number} brings it back"
    assert f"deleted; %track restore {number} brings it back" in standing["text/html"]
    comm = page.open(standing[MIME]["panel"])
    page.say(comm, type="ready")
    page.until(lambda: page.told(comm), "the card")
    assert [one["card"]["deleted"] for one in page.told(comm) if one["type"] == "card"] == [True]
    page.say(comm, type="action", to=1, name="restore", runs=[])
    page.until(lambda: page.outputs(cell) == before, "the card as it was")
    page.run("%track delete gone", "delete")
    page.until(lambda: final(page.outputs(cell)[0]) is False, "the card of the deleted run")
    page.run("%track undo", "undo")
    page.until(lambda: page.outputs(cell) == before, "the card as it was")


def test_a_long_cell_is_seen_while_it_runs(page: Page) -> None:
    """One display, updated at most twice a second; in the end it is the static card, with the same numbers."""
    begun, gate = time.monotonic(), page.gate()
    cell = page.send(
        "%%track sgd\nfor step in track.progress(range(4_000), unit='epoch'):\n"
        "    track.log(loss=1 / (1 + step), step=step)\n    time.sleep(0.07)\n"
        f"    if not ({gate.shut}):\n        break\ntrack.log(loss=0.125)"
    )
    words = ("running", "sgd", "loss", "<img", "<progress", "left", "epoch")
    page.until(
        lambda: any(all(word in bundle["text/html"] for word in words) for _, bundle in page.bundles(cell)),
        "the whole live card",
    )
    page.until(lambda: len(page.bundles(cell)) > 2, "updates")
    gate.open()
    page.over(cell)
    seconds = time.monotonic() - begun
    kinds = [kind for kind, _ in page.bundles(cell)]
    assert kinds[0] == "display_data"
    assert set(kinds[1:]) == {"update_display_data"}
    assert len(kinds) <= 2 + 2 * (seconds - 1)  # one each half second after the first second, and the static one
    assert [final(bundle) for _, bundle in page.bundles(cell)] == [False] * (len(kinds) - 1) + [True]
    (standing,) = page.outputs(cell)
    assert standing["text/plain"].startswith("✓ sgd #")
    assert "0.125" in standing["text/plain"]
    assert "<progress" not in standing["text/html"]


def test_what_was_erased_is_shown_again(page: Page) -> None:
    """``clear_output`` in the user's loop takes the card away: it comes again while live, and stands at the end."""
    code = """%%track erased
from IPython.display import clear_output
for step in range(5):
    clear_output(wait=step % 2 == 1)
    display(f"step {step}")
    track.log(loss=1.0, step=step)
    time.sleep(0.8)
clear_output()
"""
    cell = page.send(code)
    page.over(cell)
    kinds = [kind for kind, _ in page.bundles(cell)]
    assert kinds.count("display_data") >= 3
    (standing,) = page.outputs(cell)
    assert (final(standing), standing["text/plain"].startswith("✓ erased #")) == (True, True)


def test_the_card_of_a_cell_is_that_of_its_only_child(page: Page) -> None:
    """A run that is opened inside is what the card shows, also while the cell goes on after it."""
    inside, after = page.gate(), page.gate()
    cell = page.send(
        f"%%track\nwith track.start_run(run_name='inner'):\n    track.log(loss=1.0)\n    {inside.wait}\n{after.wait}"
    )
    page.until(lambda: "inner" in newest(page, cell) and "loss" in newest(page, cell), "the inner run's card")
    before = len(page.bundles(cell))
    inside.open()
    page.until(lambda: len(page.bundles(cell)) > before + 1, "updates after the inner run's end")
    after.open()
    page.over(cell)
    assert [("inner" in text, "loss" in text) for text in texts(page, cell)[before:]] == [(True, True)] * (
        len(page.bundles(cell)) - before
    )
    assert all(("running" in bundle["text/plain"]) is not final(bundle) for _, bundle in page.bundles(cell))


def test_a_cell_without_a_card_has_none_while_it_runs(page: Page) -> None:
    """-q, and the setting, hold for the live card too; 'line' leaves the curves out."""
    cell = page.send("%%track -q\ntime.sleep(1.7)")
    page.over(cell)
    assert page.bundles(cell) == []
    page.run("%config JupyterTrack.card = 'off'", "settings")
    cell = page.send("%%track\ntime.sleep(1.7)")
    page.over(cell)
    assert page.bundles(cell) == []
    page.run("%config JupyterTrack.card = 'line'", "settings")
    cell = page.send(LOOP.format(steps=20, pause=0.1))
    page.over(cell)
    assert [("<img" in bundle["text/html"]) for _, bundle in page.bundles(cell)] == [False] * len(page.bundles(cell))
    page.run("%config JupyterTrack.card = 'auto'", "settings")


def test_an_error_ends_the_live_card_too(page: Page) -> None:
    """The display becomes the card of a failed run, and the error is the user's own."""
    cell = page.send("%%track broken\ntrack.log(loss=1.0)\ntime.sleep(1.6)\n1 / 0")
    shown = page.over(cell)
    (standing,) = page.outputs(cell)
    assert (shown.status, final(standing)) == ("error", True)
    assert standing["text/plain"].startswith("✗ broken #")
    assert "ZeroDivisionError: division by zero" in standing["text/plain"]


def test_tqdm_is_read(page: Page) -> None:
    """A bar of tqdm's gives the progress; it is neither imported nor changed for that."""
    assert page.run("import sys; print('tqdm' in sys.modules)", "look").text.strip() == "False"
    gate = page.gate()
    cell = page.send(
        "%%track\nfrom tqdm import tqdm\nfor epoch in tqdm(range(3), desc='epochs'):\n"
        "    for batch in tqdm(range(10 if epoch != 1 else 4_000), leave=False):\n        time.sleep(0.08)\n"
        f"        if not ({gate.shut}):\n            break"
    )
    page.until(lambda: any("epochs 1 / 3 · ~" in text for text in texts(page, cell)), "the progress")
    gate.open()
    page.over(cell)


def test_a_run_opened_by_hand_is_shown_on_request(page: Page) -> None:
    """`track.live` shows it at once, over cells, until it ends; the display is under the cell that asked."""
    cell = page.send("run = track.start_run(run_name='by hand')\ntrack.live()\ntrack.log(loss=0.5)", "hand")
    page.over(cell)
    page.until(lambda: "loss" in str(page.bundles(cell)), "the live card")
    page.run("run.log(loss=0.25)", "hand-2")
    page.until(lambda: "0.2500" in page.outputs(cell)[-1]["text/plain"], "what another cell logged")
    page.run("track.end_run()", "hand-3")
    standing = page.outputs(cell)
    assert [final(bundle) for bundle in standing] == [True]
    assert standing[0]["text/plain"].startswith("✓ by hand #")


def test_a_run_that_has_ended_shows_its_static_card(page: Page) -> None:
    """However it is named; a deleted one says the way back."""
    page.run("with track.start_run(run_name='stored') as stored:\n    track.log(loss=0.5)", "stored")

    def card(named: str) -> list[str]:
        cell = page.send(f"track.live({named})", "static")
        page.over(cell)
        return texts(page, cell)

    number = page.run("print(stored.number)", "number").text.strip()
    for named in ("stored", "'stored'", "track.get_run('stored')", number, "'last'"):
        (shown,) = card(named)
        assert shown.startswith(f"✓ stored #{number} ")
        assert "deleted" not in shown
    page.run("track.delete_run('stored')", "delete-stored")
    (shown,) = card("stored")
    assert shown.splitlines()[-1] == f"  deleted; %track restore {number} brings it back"


def test_a_name_of_an_open_run_shows_its_live_card(page: Page) -> None:
    """As the run itself does."""
    page.run("run = track.start_run(run_name='named')", "named")
    cell = page.send("track.live('named')", "named-2")
    page.over(cell)
    page.until(lambda: any(final(bundle) is False for _, bundle in page.bundles(cell)), "the live card")
    page.run("track.log(loss=0.25); track.end_run()", "named-3")
    (standing,) = page.outputs(cell)
    assert (final(standing), standing["text/plain"].startswith("✓ named #")) == (True, True)


def test_live_wants_a_run(page: Page) -> None:
    """What cannot be shown is said."""
    assert "No run is active" in page.run("track.live()", "wrong").traceback
    assert "not float" in page.run("track.live(0.5)", "wrong").traceback
    assert "'nobody'" in page.run("track.live('nobody')", "wrong").traceback


def test_a_fault_of_the_card_does_not_reach_the_cell(page: Page) -> None:
    """The refresh fails: the cell runs to its end, the fault is reported, and the static card stands."""
    page.run(
        "from jupyter_track.notebook import livecard\nkept = livecard.live_card\n"
        "def broken(*a, **k): raise OSError('injected')\nlivecard.live_card = broken",
        "break",
    )
    cell = page.send("%%track safe\ntime.sleep(1.5)\nprint('done')")
    shown = page.over(cell)
    ((kind, bundle),) = page.bundles(cell)
    assert (shown.status, kind, final(bundle)) == ("ok", "display_data", True)
    assert "done" in shown.text
    page.run("livecard.live_card = kept", "mend")


def test_nobody_looks_without_a_cell_id(page: Page) -> None:
    """nbconvert and papermill name no cell: the static card only."""
    cell = page.notebook.send("%%track\ntime.sleep(1.7)", None)
    page.over(cell)
    ((kind, bundle),) = page.bundles(cell)
    assert (kind, final(bundle)) == ("display_data", None)
