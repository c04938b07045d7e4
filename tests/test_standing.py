"""Panels as they stand under a cell: what follows the store, what a click costs, and what is kept unseen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from made_stores import add_run, made_store
from made_sweep import add_sweep

from jupyter_track.errors import InvalidValue
from jupyter_track.panels import panel as panels
from jupyter_track.panels.actions import edit_runs
from jupyter_track.panels.board import BoardPanel
from jupyter_track.panels.curves import CurvesPanel
from jupyter_track.panels.display import Display
from jupyter_track.panels.joining import MOST_WAITING, Joiner
from jupyter_track.panels.many import ManyPanel
from jupyter_track.panels.panel import KEPT, Link, Panel, watch
from jupyter_track.panels.standing import StandingPanel
from jupyter_track.panels.table import RunTablePanel
from jupyter_track.panels.ticker import ticker
from jupyter_track.store import problems
from jupyter_track.store.reader import Reader
from jupyter_track.views.comparison_parts import TableSlot
from jupyter_track.views.curve_choice import Asked


class Page:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def publish(self, data: dict[str, Any], **_: Any) -> None:
        self.texts.append(data["text/plain"])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a sweep of three runs."""
    store = made_store(tmp_path)
    add_sweep(store, 3)
    return store


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refresh by hand: the thread that refreshes panels is told of none."""
    monkeypatch.setattr(ticker, "watch", lambda *_: None)
    monkeypatch.setattr(ticker, "hurry", lambda *_: None)
    yield
    problems.forget_all()


def forms(panel: RunTablePanel) -> tuple[str, str]:
    """The static form of a table: how many runs there are."""
    text = f"{len(Reader(panel.store).runs())} runs"
    return text, text


@pytest.mark.parametrize(
    "make",
    [
        lambda store: RunTablePanel(store, forms=forms),
        lambda store: CurvesPanel(store, Asked()),
    ],
)
def test_the_newest_panel_of_a_kind_follows_the_store(store: Path, make: Callable[[Path], StandingPanel]) -> None:
    """As HTML, while no view is there and only where the store was written; an older one is left as it is."""
    older, newer = make(store), make(store)
    pages = Page(), Page()
    for panel, page in zip((older, newer), pages, strict=True):
        panel.stand(Display(page))
    assert [panel.refresh() for panel in (older, newer)] == [None, 1.0]
    assert [len(page.texts) for page in pages] == [1, 1]
    add_run(store, metrics={"accuracy": 0.5})
    assert [panel.refresh() for panel in (older, newer)] == [None, 1.0]
    assert [len(page.texts) for page in pages] == [1, 2]


def test_a_click_on_the_board_does_not_make_its_static_form(store: Path) -> None:
    """That is done by the thread that refreshes, once, however many clicks there were."""
    board, page = BoardPanel(store, table_forms=forms), Page()
    board.stand(Display(page))
    ids = [run.run_id for run in Reader(store).runs()]
    link = Link(lambda message: None)
    board.attach(link)
    for chosen in (ids[:2], ids[1:]):
        board.received(link, {"type": "action", "to": 0, "name": "select", "runs": chosen})
    assert len(page.texts) == 1
    assert board.refresh() is None
    assert board.refresh() is None
    assert len(page.texts) == 2
    assert {run.run_id for run in board.selected} == set(ids[1:])


def test_charts_of_many_runs_keep_none_while_nobody_looks(store: Path) -> None:
    """And read them again where they are asked for."""
    panel = ManyPanel(store)
    first = panel.df
    assert len(panel._read.rows) == 3
    assert panel.refresh() is None
    assert panel._read.rows == []
    assert panel.df.equals(first)
    assert panel.forms()[1].endswith("\n3 runs")


def test_few_joins_wait_at_a_time(store: Path) -> None:
    """However often a view asks: a thread each."""
    joiner, told, slot = Joiner(store), [], TableSlot("answers", "question", (None, None))
    with joiner._alone:
        for _ in range(MOST_WAITING):
            joiner.ask(slot, {}, told.append)
        with pytest.raises(InvalidValue, match="ask again"):
            joiner.ask(slot, {}, told.append)
    deadline = time.monotonic() + 60
    while joiner._waiting:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [one["table"] for one in told] == ["answers"] * MOST_WAITING
    assert "jupyter-track-join" not in [thread.name for thread in threading.enumerate() if not thread.daemon]


class Plain(Panel):
    """A panel whose state cannot be read."""

    kind = "card"

    def greet(self, link: Link) -> None:
        raise OSError("injected")


def test_a_view_that_cannot_be_made_raises_nothing() -> None:
    """Its page keeps the static form; the fault is told in %track status."""
    panel, link = Plain(), Link(lambda message: None)
    panel.attach(link)
    panel.received(link, {"type": "ready"})
    assert panel.links == []
    assert [problem.kind for problem in problems.current()] == ["view"]


def test_what_was_offered_for_a_panel_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a panel is not found any more and nobody looks at it; one that is looked at stays live."""

    class Watcher:
        def __init__(self) -> None:
            self.ended: list[Panel] = []

        def panel_shown(self, panel: Panel) -> None:
            raise AssertionError

        def panel_ended(self, panel: Panel) -> None:
            self.ended.append(panel)

    monkeypatch.setattr(panels, "_panels", panels.OrderedDict())
    watcher = Watcher()
    watch(watcher)
    try:
        left, looked = Plain(), Plain()
        link = Link(lambda message: None)
        looked.attach(link)
        link.ready = True
        for _ in range(KEPT):
            Plain()
        assert watcher.ended == [left]
    finally:
        watch(None)


@pytest.mark.parametrize("name", ["baseline", "unbaseline", "rename"])
@pytest.mark.parametrize("runs", [[], ["a", "b"]])
def test_what_is_done_with_one_run_names_one(store: Path, name: str, runs: list[str]) -> None:
    """Else it is refused in words, and nothing is changed."""
    with pytest.raises(InvalidValue, match="One run is meant"):
        edit_runs(store, name, {"runs": runs, "text": "x"})
