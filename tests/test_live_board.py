"""The board in a real kernel: its parts speak through it, and what is selected in one is selected in all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_session import MIME, Page, live_page
from made_stores import made_store
from made_sweep import add_sweep
from test_live_clicks import supports_subshells
from test_live_many import printed

import jupyter_track as track
from jupyter_track.store import edits
from jupyter_track.store.reader import Reader
from jupyter_track.views.board import query_code


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A kernel whose store has a sweep of 12 runs."""
    folder = tmp_path_factory.mktemp("board")
    add_sweep(made_store(folder), 12)
    with live_page(folder) as made:
        if not supports_subshells(made):
            pytest.skip("this ipykernel has no subshells")
        made.folder = folder  # type: ignore[attr-defined]
        yield made


def shown(page: Page, code: str = "board = track.board()\nboard") -> str:
    """Show a board and connect a view."""
    page.over(page.send(code, "board"))
    return page.connected(page.panel)


def boards(page: Page, comm: str) -> list[dict[str, Any]]:
    """What a view was told of the board itself."""
    return [one for one in page.told(comm) if one["type"] == "board"]


def parts(page: Page, comm: str, part: str, kind: str) -> list[dict[str, Any]]:
    """The messages of a kind that a part of a view was sent."""
    told = [one["message"] for one in page.told(comm) if one["type"] == "part" and one["part"] == part]
    return [one for one in told if one["type"] == kind]


def tell(page: Page, comm: str, part: str, **message: Any) -> None:
    """Say something to a part, as its view does."""
    page.say(comm, type="part", part=part, message=message)


def ids_of(page: Page, *numbers: int) -> list[str]:
    """The runs of some numbers."""
    folder: Path = page.folder  # type: ignore[attr-defined]
    return [run.run_id for run in Reader(folder / "track.db").runs() if run.number in numbers]


def test_each_part_answers_through_the_board(page: Page) -> None:
    """Marked with its name; the comparison waits for a selection."""
    comm = shown(page)
    (board,) = boards(page, comm)
    assert (board["parts"], board["selected"], board["compared"]) == (
        ["table", "curves", "many"], [], "Select runs to compare them."
    )  # fmt: skip
    for part, kind in (("table", "table"), ("curves", "curves-view"), ("many", "many")):
        tell(page, comm, part, type="ready")
        page.until(lambda part=part, kind=kind: parts(page, comm, part, kind), part)
    assert len(parts(page, comm, "table", "table")[0]["rows"]) == 12
    bundle = page.form(page.panel)
    assert (bundle[MIME]["kind"], "try-11" in bundle["text/html"]) == ("board", True)


def test_a_selection_is_compared_drawn_and_had_in_python(page: Page) -> None:
    """In one set of colours; it is taken away as a whole."""
    comm = shown(page)
    tell(page, comm, "curves", type="ready")
    page.until(lambda: parts(page, comm, "curves", "curves-view"))
    chosen = ids_of(page, 3, 11)  # whose colours would be the same
    page.say(comm, type="action", to=0, name="select", runs=chosen)
    page.until(lambda: boards(page, comm)[-1]["parts"] == ["table", "curves", "comparison", "many"], "the comparison")
    paints = {run_id: paint["color"] for run_id, paint in boards(page, comm)[-1]["paints"]}
    assert len(set(paints.values())) == len(paints) == 2
    tell(page, comm, "comparison", type="ready")
    page.until(lambda: parts(page, comm, "comparison", "comparison"), "the lines")
    compared = parts(page, comm, "comparison", "comparison")[0]["runs"]
    assert {run["id"]: run["color"] for run in compared} == paints
    assert [run["baseline"] for run in compared] == [False, False]  # the first looks as in the curves
    page.until(lambda: len(parts(page, comm, "curves", "curves-view")[-1]["runs"]) == 2, "the curves")
    assert {run["id"]: run["color"] for run in parts(page, comm, "curves", "curves-view")[-1]["runs"]} == paints
    done = page.run("print(sorted(run.number for run in board.selected), board.code)", "look")
    assert printed(done) == '[3, 11] runs = track.runs("number IN (3, 11)")'
    assert page.ask(comm, "continue")["text"] == 'runs = track.runs("number IN (3, 11)")'
    page.say(comm, type="action", to=0, name="select", runs=[])
    page.until(lambda: boards(page, comm)[-1]["parts"] == ["table", "curves", "many"], "no comparison")


def test_one_run_is_compared_with_the_baseline(page: Page) -> None:
    """And the baseline itself with the run before it."""
    comm = shown(page)
    one, baseline = ids_of(page, 7)[0], ids_of(page, 2)[0]
    folder: Path = page.folder  # type: ignore[attr-defined]
    edits.set_baseline(folder / "track.db", baseline)
    page.say(comm, type="action", to=0, name="select", runs=[one])
    page.until(lambda: "comparison" in boards(page, comm)[-1]["parts"], "the comparison")
    tell(page, comm, "comparison", type="ready")
    page.until(lambda: parts(page, comm, "comparison", "comparison"), "the lines")
    assert [run["id"] for run in parts(page, comm, "comparison", "comparison")[0]["runs"]] == [baseline, one]
    page.say(comm, type="action", to=0, name="select", runs=[baseline])
    told = [ids_of(page, 1)[0], baseline]
    page.until(
        lambda: [run["id"] for run in parts(page, comm, "comparison", "comparison")[-1].get("runs", ())] == told,
        "the baseline against the run before it",
    )


def test_what_a_part_selects_by_itself_goes_nowhere(page: Page) -> None:
    """The board is told what is selected, once, and no part keeps a selection of its own."""
    comm = shown(page)
    tell(page, comm, "table", type="action", to=0, name="select", runs=ids_of(page, 5))
    tell(page, comm, "table", type="action", to=7, name="filter", text="params.model = 'svm'")
    page.until(lambda: parts(page, comm, "table", "reply"), "the answer")
    assert printed(page.run("print(len(board.selected))", "look")) == "0"


def test_a_board_of_some_runs_keeps_to_them(page: Page) -> None:
    """In every part."""
    comm = shown(page, "board = track.board(\"params.model = 'svm'\")\nboard")
    tell(page, comm, "table", type="ready")
    tell(page, comm, "many", type="ready")
    page.until(lambda: parts(page, comm, "many", "many"), "the charts")
    svm = printed(page.run("print(len(track.runs(\"params.model = 'svm'\")))", "count"))
    assert len(parts(page, comm, "table", "table")[0]["rows"]) == int(svm)
    assert len(parts(page, comm, "many", "many")[0]["shown"]["runs"]) == int(svm)


def test_a_board_that_finds_nothing_says_so(page: Page) -> None:
    """Not that there are no runs: some are there, and none is meant."""
    comm = shown(page, "nothing = track.board('params.C > 500')\nnothing")
    for part in ("table", "curves", "many"):
        tell(page, comm, part, type="ready")
    page.until(lambda: parts(page, comm, "many", "many"), "the charts")
    said = "No run matches what was asked for; without a filter all runs are shown."
    assert parts(page, comm, "table", "table")[0]["empty"] == said
    assert parts(page, comm, "curves", "curves-view")[0]["empty"] == said
    assert parts(page, comm, "many", "many")[0]["problem"] == said


def test_the_magic_shows_the_board(page: Page) -> None:
    """With the table, curves and all as text too; a filter that cannot be read is one line."""
    done = page.over(page.send("%track board", "magic"))
    (bundle,) = [data for _, data in page.bundles(done.messages[0]["parent_header"]["msg_id"])]
    assert "try-11" in bundle["text/plain"]
    assert "<script" not in bundle["text/html"]


@pytest.mark.parametrize(
    ("numbers", "text", "code"),
    [
        ([12], "", 'runs = track.runs("number = 12")'),
        ([12, 3], "ignored", 'runs = track.runs("number IN (3, 12)")'),
        ([], "params.lr > 0.1 ", 'runs = track.runs("params.lr > 0.1")'),
        ([], "two words", "runs = track.runs(\"'two words'\")"),
        ([], 'note = "say"', "runs = track.runs('note = \"say\"')"),
        ([], "", "runs = track.runs()"),
    ],
)
def test_the_code_is_a_query_that_can_be_read(numbers: list[int], text: str, code: str) -> None:
    """Of what is selected, else of the filter; words become a filter for words."""
    assert query_code(numbers, text) == code


def test_the_code_of_a_board_of_some_runs_gives_these(store: Path) -> None:
    """The filter that was asked for, with what stands in the table's search; else the runs by their numbers."""
    for number in (1, 2, 3):
        with track.start_run():
            track.log_param("C", number)
    track.flush()
    board = track.board("params.C > 1")
    codes = [board.code, track.board(track.runs("params.C < 3")).code, track.board().code]
    board.table.act("choices", {"choices": {"filter": "params.C < 3"}})
    codes += [board.code, repr([run.number for run in board.runs])]
    assert codes == [
        'runs = track.runs("params.C > 1")',
        'runs = track.runs("number IN (1, 2)")',
        "runs = track.runs()",
        'runs = track.runs("(params.C > 1) AND (params.C < 3)")',
        "[2]",
    ]
    assert [run.number for run in track.runs("(params.C > 1) AND (params.C < 3)")] == [2]


def test_the_code_of_a_board_without_runs_gives_none(store: Path) -> None:
    """Of no runs at all, and of runs among which a filter of the table finds none; others may match it."""
    for number in (1, 2, 3):
        with track.start_run():
            track.log_param("C", number)
    track.flush()
    board = track.board(track.runs("params.C < 3"))
    board.table.act("choices", {"choices": {"filter": "params.C > 2"}})
    codes = [board.code, track.board(track.runs("params.C > 5")).code]
    assert (codes, list(track.runs(limit=0))) == (["runs = track.runs(limit=0)"] * 2, [])


def test_a_board_without_a_run_says_that_none_matches(store: Path) -> None:
    """In its static form too, where there are runs."""
    with track.start_run():
        track.log_param("C", 1)
    track.flush()
    html, text = track.board("params.C > 5").forms()
    assert [("No runs here yet" in form, "No run matches" in form) for form in (html, text)] == [(False, True)] * 2


def test_a_report_of_what_is_selected_lies_beside_the_notebook(page: Page) -> None:
    """Of the selected runs a comparison, without a selection all; a name that leads out is refused in words."""
    comm = shown(page, "board = track.board()\nboard")
    folder: Path = page.folder  # type: ignore[attr-defined]
    two = page.ask(comm, "report", runs=ids_of(page, 3, 11), file="two.html")
    assert (two["ok"], two["text"]) == (True, "two.html")
    assert two["said"].endswith(("kB", "MB"))
    page_of_two = (folder / "two.html").read_text("utf-8")
    assert "<title>try-10 #11 and try-2 #3</title>" in page_of_two or "try-2 #3 and try-10 #11" in page_of_two
    every = page.ask(comm, "report", runs=[], file="sub/all.md")
    assert (every["ok"], every["text"]) == (True, "sub/all.md")
    assert "12 runs of Default" in (folder / "sub" / "all.md").read_text("utf-8")
    for name, said in (("../x.html", "beside the notebook"), ("x.pdf", "x.html or x.md"), (" ", "Name a file")):
        refused = page.ask(comm, "report", runs=[], file=name)
        assert not refused["ok"]
        assert said in refused["message"]
    (folder / "mine.html").write_text("mine")
    assert "is no report" in page.ask(comm, "report", runs=[], file="mine.html")["message"]
    assert (folder / "mine.html").read_text() == "mine"
