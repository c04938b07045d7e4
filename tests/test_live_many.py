"""The panel of many runs in a real kernel: what a view gets, what a person selects, and what follows the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kernel_session import Shown
from live_session import MIME, Page, live_page
from made_stores import add_run, made_store
from made_sweep import add_sweep
from test_live_clicks import supports_subshells

from jupyter_track.store.reader import Reader

STORE = "track.db"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A kernel whose store has a sweep of 20 runs."""
    folder = tmp_path_factory.mktemp("many")
    add_sweep(made_store(folder), 20)
    with live_page(folder) as made:
        if not supports_subshells(made):
            pytest.skip("this ipykernel has no subshells")
        made.folder = folder  # type: ignore[attr-defined]
        yield made


def store_of(page: Page) -> Path:
    """The store of the page's kernel."""
    folder: Path = page.folder  # type: ignore[attr-defined]
    return folder / STORE


def shown(page: Page, code: str) -> str:
    """Show a panel, which is called `panel`, and connect a view."""
    page.over(page.send(f"panel = {code}\npanel" if code[0] != "%" else code, "many"))
    return page.connected(page.panel)


def states(page: Page, comm: str) -> list[dict[str, Any]]:
    """The whole states that a view was sent."""
    return [one for one in page.told(comm) if one["type"] == "many"]


def printed(done: Shown) -> str:
    """What a cell printed."""
    return "".join(one["content"]["text"] for one in done.messages if one["msg_type"] == "stream").strip()


def test_a_view_gets_axes_and_runs_with_the_numbers_of_search_runs(page: Page) -> None:
    """The newest run first; what is displayed besides is the static form."""
    comm = shown(page, "%track parallel")
    (state,) = states(page, comm)
    chart = state["shown"]
    assert (state["tab"], chart["kind"], chart["metric"], state["problem"]) == (
        "parallel", "parallel", "metrics.accuracy", ""
    )  # fmt: skip
    assert [axis["id"] for axis in chart["axes"]] == [
        "params.lr", "params.model", "params.batch", "params.dropout", "metrics.accuracy"
    ]  # fmt: skip
    frame = Reader(store_of(page)).frame()
    assert [run["id"] for run in chart["runs"]] == list(frame["run_id"])
    assert chart["axes"][0]["texts"] == list(frame["params.lr"])
    assert chart["spec"]["layer"][0]["data"]["name"] == "lines"
    bundle = page.form(page.panel)
    assert bundle[MIME]["kind"] == "many"
    assert bundle["text/html"].startswith("<div")
    assert bundle["text/plain"].endswith("20 runs · stronger: the best tenth")


def test_what_is_brushed_is_selected_in_python(page: Page) -> None:
    """As Runs that can be edited, as a chart and in the static form."""
    comm = shown(page, "track.parallel('lr', metric='loss')")
    runs = states(page, comm)[0]["shown"]["runs"]
    assert [axis["id"] for axis in states(page, comm)[0]["shown"]["axes"]] == ["params.lr", "metrics.loss"]
    page.ask(comm, "select", runs=[runs[2]["id"], runs[0]["id"]])
    done = page.run("print(type(panel.selected).__name__, sorted(run.number for run in panel.selected))", "look")
    assert printed(done) == "Runs [18, 20]"
    panel = page.panel
    page.until(lambda: "2 selected" in page.form(panel)["text/plain"], "the static form")


def test_the_frame_of_a_panel_has_the_numbers_of_search_runs(page: Page) -> None:
    """To the digit, with the columns of `search_runs`; the metric last."""
    done = page.run(
        "panel = track.parallel('lr', 'model')\n"
        "all_runs = track.search_runs(search_all_experiments=True)\n"
        "print(list(panel.df.columns), (panel.df['metrics.accuracy'] == all_runs['metrics.accuracy']).all(),"
        " (panel.df['params.lr'] == all_runs['params.lr'].astype(float)).all())",
        "frame",
    )
    assert done.status == "ok", done.traceback
    assert printed(done) == ("['run_id', 'number', 'name', 'params.lr', 'params.model', 'metrics.accuracy'] True True")


def test_a_view_asks_for_other_charts_and_axes(page: Page) -> None:
    """The state that follows has them; what is no name is refused, and what no run has is said."""
    comm = shown(page, "track.parallel()")
    page.ask(comm, "many", tab="scatter", x="params.dropout", metric="metrics.loss")
    scatter = states(page, comm)[-1]["shown"]
    assert (scatter["kind"], [axis["id"] for axis in scatter["axes"]]) == (
        "scatter", ["params.dropout", "metrics.loss"]
    )  # fmt: skip
    page.ask(comm, "many", tab="importance", metric="metrics.accuracy")
    bars = states(page, comm)[-1]["shown"]
    assert (bars["kind"], [bar["title"] for bar in bars["bars"]][:1]) == ("importance", ["lr"])
    refused = page.ask(comm, "many", tab="other")
    assert (refused["ok"], refused["message"]) == (False, "There is no such chart.")
    page.ask(comm, "many", tab="parallel", metric="gone")
    last = states(page, comm)[-1]
    assert (last["problem"][:48], "shown" in last) == ("None of these runs has a metric or a param 'gone", False)
    assert last["metric"] == "gone"


def test_the_metric_is_told_where_nothing_can_be_shown(page: Page) -> None:
    """The one that is meant, so that the choice is not empty; what is shown tells its own."""
    comm = shown(page, "track.importance('loss', runs='params.model = \"svm\"')")
    last = states(page, comm)[-1]
    assert (last["metric"], "shown" in last, last["problem"] != "") == ("metrics.loss", False, True)
    page.ask(comm, "many", tab="parallel")
    last = states(page, comm)[-1]
    assert ("metric" in last, last["shown"]["metric"]) == (False, "metrics.loss")


def test_a_new_run_appears_in_a_view(page: Page) -> None:
    """Without anybody asking; a panel of chosen runs keeps to those."""
    comm = shown(page, "track.parallel()")
    chosen = shown(page, "track.parallel(runs=track.runs('params.model = \"svm\"'))")
    filtered = shown(page, "%track parallel -m loss params.model = 'svm'")
    before = len(states(page, chosen)[0]["shown"]["runs"])
    number = len(states(page, comm)[0]["shown"]["runs"])
    add_run(store_of(page), params={"lr": 0.5, "model": "svm"}, metrics={"accuracy": 0.1, "loss": 0.9})
    page.until(lambda: len(states(page, comm)[-1]["shown"]["runs"]) == number + 1, "the run")
    page.until(lambda: len(states(page, filtered)[-1]["shown"]["runs"]) == before + 1, "the run in the filtered one")
    assert {len(one["shown"]["runs"]) for one in states(page, chosen)} == {before}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%track scatter lr accuracy", "rank correlation"),
        ("%track scatter dropout loss params.model = 'svm'", "loss ↓?"),
        ("%track importance accuracy", "what mattered for accuracy · "),
        ("track.scatter('lr')", "accuracy ↑?"),
        ("track.importance('accuracy', runs='params.model = \"svm\"')", "at least 10 finished runs"),
        ("%track parallel -m loss -e Default", "loss ↓?"),
    ],
)
def test_the_magic_and_the_functions_show_the_same(page: Page, code: str, said: str) -> None:
    """As text too, for a host without HTML."""
    done = page.over(page.send(code, "magic"))
    (bundle,) = [data for _, data in page.bundles(done.messages[0]["parent_header"]["msg_id"])]
    assert said in bundle["text/plain"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("scatter lr", "UsageError: %track scatter X Y: there is too little on the line; %track? says more."),
        ("parallel params.lr >", "position"),
        ("parallel -e nowhere", "nowhere"),
    ],
)
def test_a_line_that_cannot_be_read_is_one_clear_line(page: Page, line: str, error: str) -> None:
    """And shows nothing."""
    done = page.over(page.send(f"%track {line}", "wrong"))
    texts = [str(one["content"]) for one in done.messages if one["msg_type"] in ("stream", "error")]
    assert any(error in text for text in texts), texts
