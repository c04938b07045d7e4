"""The live table in a real kernel: what a view gets, what follows the store, and what a person does in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_session import MIME, Page, live_page
from made_stores import add_runs, made_store, with_code
from test_live_clicks import supports_subshells

from jupyter_track.notebook.tables import panel_forms
from jupyter_track.panels.table import RunTablePanel
from jupyter_track.store.choices import read_choices
from jupyter_track.store.edits import delete_runs

RUNS = """
track.define_metric("accuracy", "max")
for number, lr in enumerate((0.1, 0.01, 0.001), 1):
    with track.start_run(run_name=f"run-{number}"):
        track.log_params({"lr": lr, "seed": 1})
        track.log(accuracy=number / 4)
        track.set_tag("team", "vision")
"""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A kernel whose store has three runs."""
    with live_page(tmp_path) as made:
        if not supports_subshells(made):
            pytest.skip("this ipykernel has no subshells")
        made.run(RUNS, "runs")
        yield made


def shown(page: Page, code: str = "panel = %track") -> str:
    """Show the table and connect a view."""
    page.over(page.send(code, "table"))
    return page.connected(page.panel)


def tables(page: Page, comm: str) -> list[dict[str, Any]]:
    """The whole tables that a view was sent."""
    return [one for one in page.told(comm) if one["type"] == "table"]


def columns(page: Page, comm: str) -> dict[str, dict[str, Any]]:
    """The columns as a view has them now, by id."""
    (*_, last) = [one["columns"] for one in page.told(comm) if "columns" in one]
    return {one["id"]: one for one in last}


def patched(page: Page, comm: str) -> dict[str, dict[str, Any]]:
    """The rows as a view has them now, by name."""
    rows: dict[str, dict[str, Any]] = {}
    for one in page.told(comm):
        if one["type"] == "table":
            rows = {}
        if one["type"] in ("table", "rows", "patch"):
            rows.update({row["id"]: row for row in one["rows"]})
            for run_id in one.get("removed", ()):
                rows.pop(run_id, None)
    return {row["name"]: row for row in rows.values()}


def cell(page: Page, comm: str, name: str, column: str) -> Any:
    """One value as a view has it."""
    return patched(page, comm)[name]["cells"][columns(page, comm)[column]["place"]]


def test_a_view_gets_the_runs(page: Page) -> None:
    """Columns and rows are those of the static table; what differs is shown, the best is marked."""
    comm = shown(page)
    ((kind, bundle),) = [one for one in page.bundles() if MIME in one[1]]
    assert (kind, bundle[MIME]["kind"], bundle[MIME]["final"]) == ("display_data", "table", False)
    assert all(name in bundle["text/html"] for name in ("run-1", "run-2", "run-3", "0.001"))
    (table,) = tables(page, comm)
    shown_columns = columns(page, comm)
    assert list(shown_columns) == [
        "metrics.accuracy",
        "params.lr",
        "params.seed",
        "tags.team",
        "attributes.experiment",
        "attributes.notebook",
    ]
    assert [(one, each["shown"], each["equal"], each["place"]) for one, each in list(shown_columns.items())[:4]] == [
        ("metrics.accuracy", True, False, 0),
        ("params.lr", True, False, 1),
        ("params.seed", False, True, 2),
        ("tags.team", False, False, None),
    ]
    accuracy = shown_columns["metrics.accuracy"]
    assert [accuracy[one] for one in ("main", "goal", "decimals", "best")] == [True, "↑", 4, 0.75]
    assert [row["name"] for row in table["rows"]] == ["run-3", "run-2", "run-1"]
    assert (table["total"], table["more"]) == (3, False)
    row = table["rows"][0]
    assert row.pop("seconds") > 0
    assert row.pop("started") > 1_700_000_000_000
    assert len(row.pop("id")) == 32
    assert row == {
        "number": 3,
        "state": "finished",
        "name": "run-3",
        "experiment": "demo",
        "notebook": "demo.ipynb",
        "cells": [0.75, "0.001", "1"],
        "tags": {"team": "vision"},
    }
    assert table["states"]["finished"] == {"glyph": "✓", "word": "finished", "token": "better"}


def test_what_changes_is_sent_and_nothing_else(page: Page) -> None:
    """A run that begins, logs and ends; the run that was the best before; two views get the same."""
    first = shown(page)
    second = page.connected(page.panel)
    told = len(page.told(first))
    page.take(1.0)
    assert len(page.told(first)) == told
    page.run("run = track.start_run(run_name='new')\ntrack.log_param('lr', 0.5)\ntrack.log(accuracy=0.8)", "new")
    for comm in (first, second):
        page.until(lambda comm=comm: "new" in patched(page, comm) and cell(page, comm, "new", "metrics.accuracy"))
        assert cell(page, comm, "new", "metrics.accuracy") == 0.8
        page.until(lambda comm=comm: columns(page, comm)["metrics.accuracy"]["best"] == 0.8, "the best")
        assert patched(page, comm)["new"]["live"] is True
        assert "run-3" not in {row["name"] for one in page.told(comm)[told:] for row in one["rows"]}
    before = len(page.told(first))
    page.run("track.end_run()", "new")
    page.until(lambda: "live" not in patched(page, first)["new"], "the end")
    sent = page.told(first)[before:]
    assert [(one["type"], [row["name"] for row in one["rows"]]) for one in sent] == [("patch", ["new"])]
    page.run("with track.start_run(run_name='other'):\n    track.log(loss=0.5)", "new")
    page.until(lambda: "metrics.loss" in columns(page, first) and "other" in patched(page, first), "a new column")
    assert cell(page, first, "other", "metrics.loss") == 0.5
    assert (len(tables(page, first)), columns(page, first)["metrics.loss"]["place"]) == (1, 3)


def test_a_person_edits_runs(page: Page) -> None:
    """Each action is in the store and comes back as a patch; what cannot be done is said."""
    comm = shown(page)
    ids = {name: row["id"] for name, row in patched(page, comm).items()}
    one, two = [ids["run-1"]], [ids["run-2"]]
    asked = [
        page.ask(comm, "pin", runs=one),
        page.ask(comm, "tag", runs=[*one, *two], key="keep", value="yes"),
        page.ask(comm, "note", run=one[0], text="<i>first</i>"),
        page.ask(comm, "baseline", run=two[0]),
        page.ask(comm, "rename", run=one[0], text="start"),
        page.ask(comm, "untag", runs=two, key="keep"),
        page.ask(comm, "move", runs=two, experiment="other"),
        page.ask(comm, "move", runs=two, experiment="demo"),
    ]
    assert [answer["ok"] for answer in asked] == [True] * 8, asked
    page.until(lambda: "start" in patched(page, comm) and "baseline" in patched(page, comm)["run-2"])
    page.until(lambda: patched(page, comm)["run-2"]["tags"] == {"team": "vision"}, "the tag's end")
    row = patched(page, comm)["start"]
    assert (row["pinned"], row["note"], row["tags"]) == (True, "<i>first</i>", {"team": "vision", "keep": "yes"})
    assert len(tables(page, comm)) == 1, "an experiment's baseline changes two rows, not the table"
    assert page.ask(comm, "unbaseline", run=two[0])["ok"] is True
    page.until(lambda: "baseline" not in patched(page, comm)["run-2"], "the end of the baseline")
    assert page.ask(comm, "delete", runs=one)["ok"] is True
    page.until(lambda: "deleted" in patched(page, comm)["start"], "the deletion")
    assert page.ask(comm, "undo")["runs"] == one
    page.until(lambda: "deleted" not in patched(page, comm)["start"], "the restoration")
    refused = [
        page.ask(comm, "rename", run=one[0], text=""),
        page.ask(comm, "stop", runs=one),
        page.ask(comm, "pin", runs="all"),
        page.ask(comm, "explode", runs=one),
    ]
    assert [answer["ok"] for answer in refused] == [False] * 4
    assert "has ended" in refused[1]["message"]


def test_filter_choices_and_selection(page: Page) -> None:
    """The grammar is answered while the cell is busy; choices are kept; Python sees what is shown and marked."""
    comm = shown(page)
    gate = page.gate()
    busy = page.send(gate.wait, "busy")
    found = page.ask(comm, "filter", text="params.lr < 0.05")["found"]
    wrong = page.ask(comm, "filter", text="params.lr <")
    none = page.ask(comm, "filter", text="params.lrr < 0.05")
    details = page.ask(comm, "open", run=found[0])["details"]
    assert busy not in page.replies
    gate.open()
    page.over(busy)
    names = {row["id"]: name for name, row in patched(page, comm).items()}
    assert [names[run_id] for run_id in found] == ["run-3", "run-2"]
    assert (wrong["ok"], "position" in wrong["message"]) == (False, True)
    assert (none["found"], none["hints"]) == ([], ["No run has the param 'lrr'; did you mean 'lr'?"])
    assert (details["name"], details["state"]["word"]) == ("run-3", "finished")
    page.say(comm, type="action", to=0, name="select", runs=[found[1]])
    chosen = {
        "sort": [{"column": "metrics.accuracy", "descending": False}],
        "columns": ["params.lr"],
        "widths": {},
        "filter": "params.lr < 0.05",
        "group": "",
    }
    assert page.ask(comm, "choices", choices=chosen)["ok"] is True
    asked = page.run(
        "print([run.name for run in panel.selected], [run.name for run in panel.runs], len(panel.df))", "look"
    )
    assert asked.text.strip() == "['run-2'] ['run-2', 'run-3'] 2"
    assert read_choices(page.notebook.folder / "track.db", "demo.ipynb", "table") == chosen
    again = shown(page, "%track")
    assert tables(page, again)[0]["choices"] == chosen


def test_long_params_are_cut_in_their_middle_and_names_are_whole(page: Page) -> None:
    """What was cut is sent in full beside it, for the title and for copying."""
    page.run(
        f"with track.start_run(run_name='{'n' * 60}'):\n"
        "    track.log_params({'lr': 0.0013894954943731374, 'model': 'a-very-long-name-of-a-model-of-mine'})",
        "long",
    )
    comm = shown(page)
    model = "a-very-long-name-of-a-model-of-mine"
    assert [cell(page, comm, "n" * 60, f"params.{key}") for key in ("lr", "model")] == [
        {"t": "0.001389", "f": "0.0013894954943731374", "v": 0.0013894954943731374},
        {"t": "a-very-long-name…a-model-of-mine", "f": model, "v": model},
    ]


def test_the_html_is_kept_fresh_behind_a_view(page: Page) -> None:
    """It is what is saved with the notebook; seldom, and only where the store has changed."""
    page.run("import jupyter_track.panels.table as t\nt.HTML_KEPT = 1.0", "soon")
    cell = page.send("%track", "table")
    page.over(cell)
    page.connected(page.panel)
    page.take(2.5)
    assert len(page.bundles()) == 1
    page.run("with track.start_run(run_name='later'):\n    pass", "later")
    page.until(lambda: "later" in page.outputs(cell)[0]["text/html"], "the HTML")


def test_curves_are_drawn_on_request(page: Page) -> None:
    """Of the main metric, of runs that have more than a point."""
    page.run(
        "with track.start_run(run_name='curve'):\n"
        "    for step in range(5):\n        track.log(accuracy=step / 9, step=step)",
        "curve",
    )
    comm = shown(page)
    ids = {name: row["id"] for name, row in patched(page, comm).items()}
    page.say(comm, type="action", to=0, name="curves", runs=[ids["curve"], ids["run-1"]])
    page.until(lambda: [one for one in page.told(comm) if one["type"] == "curves"], "the curves")
    (curves,) = [one["curves"] for one in page.told(comm) if one["type"] == "curves"]
    assert curves[ids["run-1"]] is None
    assert curves[ids["curve"]]["uri"].startswith("data:image/svg+xml,")
    assert curves[ids["curve"]]["alt"].startswith("accuracy: 0.0000 to 0.4444, 5 points")


def test_curves_of_a_column_share_a_scale_where_that_was_chosen(page: Page) -> None:
    """The page is told which scale it is; the static form, made of what was chosen, has the same one."""
    page.run(
        "for name, top in (('half', 0.5), ('whole', 1.0)):\n"
        "    with track.start_run(run_name=name):\n        track.log_param('top', top)\n"
        "        for step in range(2):\n            track.log(accuracy=step * top, step=step)",
        "curves",
    )
    comm = shown(page)
    ids = {name: row["id"] for name, row in patched(page, comm).items()}
    page.say(comm, type="action", to=0, name="choices", choices={"shared": True})
    page.say(comm, type="action", to=0, name="curves", runs=[ids["half"], ids["whole"]], shared=True)
    page.until(lambda: [one for one in page.told(comm) if one["type"] == "curves"], "the curves")
    (told,) = [one for one in page.told(comm) if one["type"] == "curves"]
    assert told["scale"] == "0.0 1.0 False"
    drawn = [told["curves"][ids[name]]["uri"] for name in ("half", "whole")]
    assert drawn[0] != drawn[1]
    html = page.run("print(panel.forms()[0])", "forms").text
    assert [uri.replace("'", "&#39;") in html for uri in drawn] == [True, True]


def test_failed_attempts_and_repeats_fold(page: Page) -> None:
    """Behind the newest of them; the others are sent too, and folded by the view."""
    for _ in range(3):
        page.run("%%track attempt\n1 / 0", "attempt")
    for _ in range(2):
        page.run("%%track same\nC = 0.5\ntrack.log(accuracy=C)", "same")
    comm = shown(page)
    rows = [row for one in tables(page, comm) for row in one["rows"]]
    found = [(row["fold"]["kind"], row["fold"]["count"], row["number"], row["name"]) for row in rows if "fold" in row]
    assert found == [("repeat", 2, 8, "same"), ("failed", 3, 6, "attempt")]
    assert [row["number"] for row in rows if row["id"] in rows[2]["fold"]["ids"]] == [6, 5, 4]
    page.run("%%track same\nC = 0.5\ntrack.log(accuracy=C)", "same")
    page.until(
        lambda: any(
            row.get("fold", {}).get("count") == 3 and row["number"] == 9
            for one in page.told(comm)
            for row in one.get("rows", ())
        ),
        "the third repeat",
    )


def test_a_search_shows_itself_live(page: Page) -> None:
    """`track.runs` as the value of a cell is a table of those runs; it follows them and no others."""
    page.over(page.send("track.runs('params.lr > 0.05')", "search"))
    bundles = [message["content"]["data"] for message in page.messages if message["msg_type"] == "execute_result"]
    comm = page.connected(bundles[-1][MIME]["panel"])
    assert "run-1" in bundles[-1]["text/html"]
    assert list(patched(page, comm)) == ["run-1"]
    page.run("with track.start_run(run_name='apart'):\n    track.log_param('lr', 0.9)", "apart")
    page.run("track.runs('params.lr > 0.05')[-1:].pin()", "pin")
    page.until(lambda: "pinned" in patched(page, comm)["run-1"], "the pin")
    assert list(patched(page, comm)) == ["run-1"]


def test_the_saved_form_of_a_search_has_its_runs_only(tmp_path: Path) -> None:
    """Also where newer runs have come, and without those that were deleted since."""
    store = made_store(tmp_path)
    old, gone, _ = add_runs(store, *({"name": name, "params": {"C": 1}} for name in ("old", "gone", "new")))
    panel = RunTablePanel(store, run_ids=[gone, old])
    delete_runs(store, [gone])
    html, text = panel_forms(panel)
    assert [name in text for name in ("old", "gone", "new")] == [True, False, False]
    assert [name in html for name in ("old", "gone", "new")] == [True, False, False]


def test_the_still_table_marks_the_best_of_all_runs(tmp_path: Path) -> None:
    """As the live one does, though it has the newest 50 only; of a search the best of what that found."""
    store = made_store(tmp_path)
    ids = add_runs(
        store, *({"name": f"run {number}", "metrics": {"accuracy": 0.9 - number / 1000}} for number in range(60))
    )
    marked = [
        ("▲" in text, "best accuracy 0.9000 #1" in text, "best accuracy 0.8990 #2" in text)
        for _, text in (
            panel_forms(RunTablePanel(store)),
            panel_forms(RunTablePanel(store, run_ids=ids[:0:-1])),
            panel_forms(RunTablePanel(store, run_ids=ids[:20])),
        )
    ]
    assert marked == [(False, True, False), (False, False, True), (True, False, False)]


def test_repeats_count_with_their_mean_beside_runs_that_have_no_room(tmp_path: Path) -> None:
    """The single best of them is no better run elsewhere: it is in their row, which has the mark."""
    store = made_store(tmp_path)
    add_runs(store, *({"name": f"run {number}", "metrics": {"accuracy": 0.5}} for number in range(60)))
    with_code(store, *({"name": "best", "metrics": {"accuracy": value}} for value in (0.97, 0.96, 0.95)))
    _, text = panel_forms(RunTablePanel(store))
    marked = [line for line in text.splitlines() if "▲" in line]
    assert [("best" in line, "0.9600" in line or "0.960" in line) for line in marked] == [(True, True)]
    assert "best accuracy" not in text


def test_the_html_follows_while_no_view_is_there(page: Page) -> None:
    """The base path: the newest table is updated in its place."""
    shown_by = page.send("%track", "table")
    page.over(shown_by)
    page.run("with track.start_run(run_name='later'):\n    pass", "later")
    page.until(lambda: "later" in page.outputs(shown_by)[0]["text/html"], "the update")
    assert len(page.outputs(shown_by)) == 1


def test_the_panel_is_the_value_of_the_line(page: Page) -> None:
    """Shown once by the line that makes it, and again where it is asked for."""
    cell = page.send("panel = %track\npanel", "table")
    page.over(cell)
    assert len(page.outputs(cell)) == 1
    again = page.send("panel", "again")
    page.over(again)
    assert len(page.outputs(again)) == 1
    assert page.panel == page.outputs(cell)[0][MIME]["panel"]


def test_an_empty_store_is_said(tmp_path: Path) -> None:
    """No store is made by looking."""
    with live_page(tmp_path) as page:
        comm = shown(page)
        (table,) = tables(page, comm)
        assert (table["rows"], table["total"], table["empty"]) == (
            [],
            0,
            "No runs here yet. Put %%track above a cell and run it.",
        )
        assert not (tmp_path / "track.db").exists()
        page.run("with track.start_run(run_name='first'):\n    pass", "first")
        page.until(lambda: "first" in patched(page, comm), "the first run")


def test_runs_that_differ_only_in_the_seed_are_named_alike(page: Page) -> None:
    """The table offers to group by that: the label comes from the kernel, which knows the code; also of a new run."""
    comm = shown(page)
    assert "alike" not in patched(page, comm)["run-1"]
    page.run(
        "for seed in (2, 3):\n"
        "    with track.start_run(run_name=f'seed-{seed}'):\n"
        "        track.log_params({'lr': 0.1, 'seed': seed})\n"
        "        track.log(accuracy=seed / 4)",
        "runs",
    )
    page.until(lambda: "seed-3" in patched(page, comm) and "alike" in patched(page, comm)["run-1"], "the labels")
    labels = {name: row["alike"] for name, row in patched(page, comm).items()}
    assert labels["seed-2"] == labels["seed-3"]
    assert labels["run-1"].startswith("lr 0.1")
    assert labels["run-2"] == "lr 0.01"
