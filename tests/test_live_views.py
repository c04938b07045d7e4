"""What a live card says, how long a loop still takes, and the thread that refreshes: without a kernel."""

from __future__ import annotations

import sys
import threading
import time
import types
from typing import Any

import pytest
from kernel_session import until
from made_records import NOW, made_metric, made_param, made_run

from jupyter_track.notebook.bars import open_bars
from jupyter_track.panels.estimate import TimeLeft
from jupyter_track.panels.panel import KEPT, Link, Panel, find
from jupyter_track.panels.ticker import SHARE, Ticker
from jupyter_track.store import problems
from jupyter_track.views.live import LiveCard, Progress, card_message, left_text, live_card, live_html, live_text


def live(**more: Any) -> LiveCard:
    """The live card of a run that has been going for 42 seconds."""
    run = made_run(
        12,
        "baseline",
        [made_metric("loss", [0.5, 0.25, 0.125])],
        [made_param("lr", 0.1)],
        state="running",
        duration=None,
        start_time=NOW - 42_000,
        note="look",
    )
    return live_card(run, now_ms=NOW, curves={"loss": [(0, 0.5), (1, 0.25), (2, 0.125)]}, **more)


# ---- what is said


def test_the_card_of_a_run_that_goes_on() -> None:
    """The words of the static card, the time so far, and how far its loop is."""
    card = live(progress=Progress(12, 20, "epoch", 64.0), stop="stop")
    assert live_text(card).splitlines()[0] == "● baseline #12  running 0:42"
    assert live_text(card).splitlines()[-1] == "  epoch 12 / 20 · ~1 min left"
    html = live_html(card)
    assert '<progress value="12" max="20" style=' in html
    assert all(word in html for word in ("epoch 12 / 20", "~1 min left", "0.1250", "<img"))


@pytest.mark.parametrize(
    ("stop", "words"),
    [("stop", False), ("stopping", "asked to stop"), ("interrupt", "interrupt the kernel to end it now")],
)
def test_html_has_no_button_and_says_what_was_asked(stop: Any, words: Any) -> None:
    """In words, where there is something to say."""
    told = live_html(live(stop=stop)), live_text(live(stop=stop))
    assert [words in one if words else "asked" not in one for one in told] == [True, True]


def test_what_the_front_end_gets() -> None:
    """All of the card, texts as they are shown."""
    message = card_message(live(progress=Progress(12, None, "", None), stop="stopping"))
    spark = message["metrics"][0].pop("spark")
    assert (spark["width"], spark["height"], spark["log"], spark["uri"][:18]) == (120, 28, False, "data:image/svg+xml")
    assert message == {
        "state": {"glyph": "●", "word": "running", "token": "running"},
        "name": "baseline",
        "number": "#12",
        "color": message["color"],
        "changed": [],
        "time": "0:42",
        "started": NOW - 42_000,
        "elapsed": 42.0,
        "metrics": [
            {
                "key": "loss",
                "goal": "↓?",
                "value": "0.1250",
                "full": "0.125",
                "change": None,
                "best": "",
                "is_best": True,
                "muted": False,
            }
        ],
        "more": 0,
        "error": "",
        "params": [{"key": "lr", "text": "0.1", "full": "0.1", "source": "assigned in the cell"}],
        "more_params": [],
        "extras": ["note"],
        "notes": [],
        "short": False,
        "progress": {"done": 12, "total": None, "unit": "", "text": "12", "left": ""},
        "stop": "stopping",
        "note": "look",
        "deleted": False,
        "id": f"{12:032x}",
    }


def test_a_run_that_has_ended_has_no_button() -> None:
    """Nor progress, nor a clock that goes on."""
    card = live_card(made_run(3), now_ms=NOW, progress=Progress(1, 2), stop="stop")
    message = card_message(card)
    assert [message[part] for part in ("elapsed", "started", "progress", "stop")] == [None, None, None, ""]


def test_scripts_are_text() -> None:
    """A loop's label reaches the page escaped."""
    html = live_html(live(progress=Progress(1, 2, "<script>x</script>")))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "~1 s left"), (9.2, "~10 s left"), (31, "~30 s left"), (58, "~1 min left"), (7_500, "~2 h 05 m left")],
)
def test_an_estimate_has_few_digits(seconds: float, text: str) -> None:
    """It is an estimate."""
    assert left_text(seconds) == text


# ---- how long a loop still takes


def test_the_time_left_of_an_even_loop() -> None:
    """Known from the second look on, and counted down between two steps."""
    left = TimeLeft()
    assert [left.at(now, done / 100) for now, done in ((0.0, 0), (2.0, 1), (3.0, 1))] == [
        None,
        pytest.approx(198.0),
        pytest.approx(197.0),
    ]


def test_a_loop_that_becomes_slower_is_noticed() -> None:
    """The fast beginning does not count for ever; another loop begins anew."""
    left = TimeLeft()
    for now in range(100):
        left.at(float(now), now / 200)
    seconds = [left.at(100.0 + 10 * step, 0.5 + step / 200) for step in range(1, 12)]
    assert seconds[-1] == pytest.approx(890, rel=0.15)  # 89 steps of 10 s
    assert left.at(300.0, 0.0) is None


# ---- tqdm


def test_bars_are_read_from_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open ones of this cell, the outermost first; whatever stands in them."""
    tqdm = pytest.importorskip("tqdm")
    import io

    since = time.time()
    with tqdm.tqdm(total=10, desc="epochs", file=io.StringIO()) as outer:
        outer.update(3)
        time.sleep(0.01)
        with tqdm.tqdm(file=io.StringIO(), unit="batch"), tqdm.tqdm(total=5, disable=True):
            found = [(bar.done, bar.total, bar.label) for bar in open_bars(since)]
        outer.total, outer.desc = float("inf"), None
        odd = [(bar.done, bar.total, bar.label) for bar in open_bars(since)]
        later = open_bars(time.time() + 1)
    assert (found, odd, later, open_bars(since)) == ([(3, 10, "epochs"), (0, None, "batch")], [(3, None, "")], [], [])
    monkeypatch.setitem(sys.modules, "tqdm.std", types.ModuleType("tqdm.std"))
    assert open_bars(since) == []


# ---- the thread


class Item:
    """Something that is refreshed: counts, and costs some time of the thread's own."""

    def __init__(self, cost: float = 0.0, again: float | None = 0.0) -> None:
        self.count = 0
        self.cost = cost
        self.again = again

    def refresh(self) -> float | None:
        self.count += 1
        until = time.thread_time() + self.cost
        while time.thread_time() < until:
            pass
        return self.again


def test_all_panels_together_keep_to_their_share() -> None:
    """Two that would like to be refreshed all the time rest fifty times as long as they took."""
    ticker, items = Ticker(), [Item(0.002), Item(0.004)]
    began = time.monotonic()
    for item in items:
        ticker.watch(item)
    until(lambda: all(item.count > 2 for item in items))
    for item in items:
        ticker.forget(item)
    assert 0 < ticker.spent < SHARE * (time.monotonic() - began) + 0.01


def test_one_that_takes_long_delays_no_other() -> None:
    """It rests for what it took, and the others go on meanwhile; where a person waits for it, it rests less."""
    ticker, dear, light = Ticker(), Item(0.3, again=0.01), Item(again=0.01)
    ticker.watch(dear)
    ticker.watch(light)
    until(lambda: dear.count == 1 and light.count > 5)
    assert dear.count == 1
    ticker.hurry(dear)
    until(lambda: dear.count == 2)
    for item in (dear, light):
        ticker.forget(item)


def test_one_that_fails_is_left_and_the_others_go_on() -> None:
    """It is reported once."""
    problems.forget_all()
    ticker, good = Ticker(), Item(again=0.01)

    class Broken:
        def refresh(self) -> float | None:
            raise OSError("injected")

    ticker.watch(Broken())
    ticker.watch(good)
    until(lambda: good.count > 3)
    ticker.forget(good)
    assert [problem.kind for problem in problems.current()] == ["panel"]
    problems.forget_all()


def test_what_was_forgotten_is_refreshed_no_more() -> None:
    """And an item that wants nothing more is not asked again."""
    ticker, once, many = Ticker(), Item(again=None), Item(again=0.01)
    ticker.watch(once)
    ticker.watch(many, after=0.05)
    ticker.hurry(many)
    until(lambda: many.count > 1)
    ticker.forget(many)
    later = Item(again=0.01)
    ticker.watch(later)
    until(lambda: later.count > 0)  # one refresh of the other may have been under way
    count = many.count
    until(lambda: later.count > 3)
    ticker.forget(later)
    assert (once.count, many.count) == (1, count)
    assert [thread.name for thread in threading.enumerate()].count("jupyter-track-panels") >= 1


# ---- panels


class Plain(Panel):
    """A panel that can do one thing."""

    kind = "card"

    def greet(self, link: Link) -> None:
        link.ready = True
        link.send({"type": "card"})

    def act(self, name: str, message: Any) -> Any:
        if name == "fail":
            raise OSError("injected")
        return {"done": name}


def test_a_view_that_fails_is_left() -> None:
    """The page has gone: nothing is raised, and the view is none any more."""
    panel, sent = Plain(), []
    good, bad = Link(sent.append), Link(lambda message: 1 / 0)
    for link in (good, bad):
        panel.attach(link)
        panel.received(link, {"type": "ready"})
    assert (panel.links, sent) == ([good], [{"type": "card"}])
    panel.detach(good)
    assert panel.links == []
    problems.forget_all()


def test_actions_are_answered() -> None:
    """With what was done, with what went wrong, and not at all where nobody asked for an answer."""
    panel, sent = Plain(), []
    link = Link(sent.append)
    for message in (
        {"type": "action", "to": 1, "name": "work"},
        {"type": "action", "to": 0, "name": "work"},
        {"type": "action", "to": 2, "name": "fail"},
        {"type": "other"},
        "text",
    ):
        panel.received(link, message)
    assert sent[0] == {"type": "reply", "to": 1, "ok": True, "message": "", "done": "work"}
    assert [(one["to"], one["ok"]) for one in sent] == [(1, True), (2, False)]
    assert "injected" in sent[1]["message"]
    problems.forget_all()


def test_old_panels_are_forgotten() -> None:
    """A kernel that runs for weeks does not keep every card."""
    first = Plain()
    assert find(first.id) is first
    for _ in range(KEPT):
        Plain()
    assert (find(first.id), find(None), find("x")) == (None, None, None)
