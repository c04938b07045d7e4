"""The live comparison in a kernel: what a page is told, what clicks do, and that it follows a run that goes on."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_session import MIME, Page, live_page

MADE = """
import altair as alt, numpy as np, plotly.graph_objects as go
def make(C, shift):
    with track.start_run(run_name=f"svc {C}") as run:
        track.log_param("C", C); track.log_param("kernel", "rbf")
        for step in range(5):
            track.log(accuracy=C * step / 10, step=step)
            track.log_image(np.full((4, 4), (step * 20 + shift) % 255, "uint8"), key="sample", step=step)
        track.log_table("answers", {"question": ["a", "b", "c"], "answer": ["a red car", f"the {shift} th", "yes"],
                                    "truth": ["x", "y", "z"]}, key="question")
        track.log_artifact("page.html", "figures")
        bars = alt.Chart(alt.Data(values=[{"a": C, "b": shift}])).mark_bar().encode(x="a:Q", y="b:Q")
        track.log_figure(bars, "bars.json")
        plot = {"data": [{"type": "bar", "y": [C, shift]}], "layout": {"title": {"text": "<b>By fold</b>"}}}
        track.log_figure(go.Figure(plot), "plot.json")
        track.log_figure(bars, "bars/page.html", save_kwargs={"inline": False})
        track.log_text("secret", "notes.txt")
    return run
one, other = make(0.5, 0), make(1, 9)
track.define_metric("accuracy", goal="max")
track.flush()
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page over a store with two runs that have curves, images and a table."""
    folder = tmp_path_factory.mktemp("comparison")
    (folder / "page.html").write_text("<script>alert(1)</script>")
    with live_page(folder) as made:
        made.run(MADE, "made")
        yield made


def shown(page: Page, code: str = "panel = %track compare 1 2") -> str:
    """Show a comparison, and a page that looks at it; return the comm."""
    page.over(page.send(code, "compare"))
    return page.connected(page.panel)


def state(page: Page, comm: str) -> dict[str, Any]:
    """What the page knows: the messages of the comparison, the later over the earlier."""
    found: dict[str, Any] = {}
    for message in page.told(comm):
        if message["type"] == "comparison":
            found |= message
    return found


def titles(page: Page, comm: str) -> list[str]:
    """The columns."""
    return [run["name"] for run in state(page, comm)["runs"]]


def of_curves(page: Page, comm: str, kind: str) -> list[dict[str, Any]]:
    """What the curves within the comparison were told."""
    inner = [one["message"] for one in page.told(comm) if one["type"] == "part"]
    return [one for one in inner if one["type"] == kind]


def test_the_page_is_told_all_of_it(page: Page) -> None:
    """What differs, the curves, the pictures' places, the tables: texts as the static form has them."""
    comm = shown(page)
    told = state(page, comm)
    assert titles(page, comm) == ["svc 0.5", "svc 1"]
    lines = {line["label"]: [value["t"] for value in line["values"]] for line in told["lines"]}
    assert (lines["C"], lines["accuracy"]) == (["0.5", "1"], ["0.2000", "0.4000"])
    change = next(line for line in told["lines"] if line["label"] == "accuracy")["values"][1]["c"]
    assert change == {"text": "+0.2000", "arrow": "▲", "better": True}
    assert [(slot["name"], slot["steps"]) for slot in told["media"]] == [
        ("bars", []),
        ("bars/page", []),
        ("plot", []),
        ("sample", [0, 1, 2, 3, 4]),
    ]
    assert [(table["name"], table["key"], table["equal"]) for table in told["tables"]] == [
        ("answers.json", "question", False)
    ]
    assert told["curves"] == [{"key": "accuracy", "goal": "↑"}]
    page.say(comm, type="part", part="curves", message={"type": "ready"})
    page.until(lambda: of_curves(page, comm, "curves-points"), "the curves")
    (view,) = of_curves(page, comm, "curves-view")
    assert [(run["number"], run["color"], run["baseline"]) for run in view["runs"]] == [
        ("#1", told["runs"][0]["color"], True),
        ("#2", told["runs"][1]["color"], False),
    ]
    (points,) = of_curves(page, comm, "curves-points")
    assert [(part["chart"], part["x"], part["y"][-1]) for part in points["parts"]] == [
        ("accuracy", [0, 1, 2, 3, 4], 0.2),
        ("accuracy", [0, 1, 2, 3, 4], 0.4),
    ]


def test_the_bundle_is_the_static_form(page: Page) -> None:
    """It stays in the notebook: table, curves, pictures and joined rows; HTML that was logged is not in it."""
    cell = page.send("panel = %track compare 1 2", "compare")
    page.over(cell)
    (bundle,) = [data for data in page.outputs(cell) if MIME in data]
    html = bundle["text/html"]
    assert (bundle[MIME]["kind"], bundle[MIME]["final"]) == ("comparison", False)
    assert all(words in html for words in ("svc 0.5", "answers.json by question", "1 of 3 rows changed"))
    assert html.count("data:image/png;base64,") == 2
    assert html.count("data:image/svg+xml,") == 1
    assert "alert(1)" not in html
    assert html.count("Plotly chart of 1 trace (bar)") == 2
    assert "accuracy ↑" in bundle["text/plain"]


def test_only_pictures_of_compared_runs_are_sent(page: Page) -> None:
    """As an address with its content; no file, no HTML, and nothing of another run."""
    comm = shown(page)
    first, second = (run["id"] for run in state(page, comm)["runs"])
    answer = page.ask(comm, "picture", run=first, path="images/sample/00000003.png")
    assert answer["uri"].startswith("data:image/png;base64,")
    assert base64.b64decode(answer["uri"].partition(",")[2]).startswith(b"\x89PNG")
    refused = [
        page.ask(comm, "picture", run=second, path="figures/page.html"),
        page.ask(comm, "picture", run=second, path="notes.txt"),
        page.ask(comm, "picture", run=second, path="../track.db"),
        page.ask(comm, "picture", run="f" * 32, path="images/sample/00000003.png"),
        page.ask(comm, "picture", run=first),
    ]
    assert [one["ok"] for one in refused] == [False] * 5
    assert all("uri" not in one for one in refused)
    assert refused[3]["message"] == "That run is not compared here."


def test_a_chart_is_drawn_and_a_page_is_framed(page: Page) -> None:
    """Vega's charts come as SVG, Plotly's in words; a figure's page comes under a policy that loads nothing."""
    comm = shown(page)
    first = state(page, comm)["runs"][0]["id"]
    chart = page.ask(comm, "picture", run=first, path="bars.json")["uri"]
    assert chart.startswith("data:image/svg+xml;base64,")
    assert base64.b64decode(chart.partition(",")[2]).startswith(b"<svg")
    card = page.ask(comm, "picture", run=first, path="plot.json")["card"]
    assert (card["title"], card["told"].partition(" ·")[0]) == ("By fold", "Plotly chart of 1 trace (bar)")
    answer = page.ask(comm, "picture", run=first, path="bars/page.html")
    assert answer["page"].startswith('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'')
    assert "uri" not in answer


def rows(page: Page, comm: str, **more: Any) -> dict[str, Any]:
    """Ask for a page of joined rows."""
    before = len(page.told(comm))
    assert page.ask(comm, "rows", table="answers.json", **more)["ok"] is True
    found: dict[str, Any] = page.until(
        lambda: next((one for one in page.told(comm)[before:] if one["type"] == "comparison-rows"), None), "the rows"
    )
    return found


def test_tables_are_joined_on_request(page: Page) -> None:
    """Changed rows first, the words that differ; equal ones where they are asked for."""
    comm = shown(page)
    told = rows(page, comm, start=0, count=50, equal=False)
    assert (told["told"], told["total"], told["equal"]) == ("1 of 3 rows changed", 1, 2)
    assert (told["shared"], told["differing"], told["columns"]) == (["truth"], ["answer"], [0, 1])
    assert told["rows"] == [
        {
            "key": "b",
            "status": "changed",
            "shared": ["y"],
            "cells": [[[["the 0 th", False]], [["the ", False], ["9", True], [" th", False]]]],
        }
    ]
    whole = rows(page, comm, start=1, count=1, equal=True)
    assert [(row["key"], row["cells"][0][1]) for row in whole["rows"]] == [("a", True)]
    assert page.ask(comm, "rows", table="nothing")["ok"] is False
    assert page.ask(comm, "rows", table="answers.json", start=-1)["ok"] is False


def test_what_a_person_does(page: Page) -> None:
    """Another run first, one away, the equal lines, Markdown, a run in full."""
    page.run("third = make(2, 5); track.flush()", "third")
    comm = shown(page, "panel = %track compare 1 2 3")
    first, second, third = (run["id"] for run in state(page, comm)["runs"])
    assert page.ask(comm, "first", run=third)["ok"] is True
    page.until(lambda: titles(page, comm) == ["svc 2", "svc 0.5", "svc 1"], "the other order")
    assert page.ask(comm, "remove", run=second)["ok"] is True
    page.until(lambda: titles(page, comm) == ["svc 2", "svc 0.5"], "one less")
    assert page.ask(comm, "remove", run=first)["message"] == "A comparison needs two of them."
    equal = page.ask(comm, "equal")["lines"]
    assert ["kernel", "rbf", "rbf"] in [[line["label"], *(value["t"] for value in line["values"])] for line in equal]
    markdown = page.ask(comm, "markdown")["text"]
    assert "| params C | 2 | 0.5 |" in markdown
    assert page.ask(comm, "open", run=first)["details"]["name"] == "svc 0.5"
    assert page.ask(comm, "explode")["ok"] is False
    asked = page.run("print(panel.to_markdown() == panel.comparison.to_markdown(), len(panel.runs), panel)", "look")
    assert asked.text.strip().startswith("True 2 <ComparisonPanel of 2 runs of ")


def test_it_follows_a_run_that_goes_on(page: Page) -> None:
    """Metrics and curves come as they are logged; only what changed is sent."""
    page.run("live = track.start_run(run_name='live'); track.log_param('C', 3); track.flush()", "begin")
    comm = shown(page, "panel = %track compare 1 last")
    assert state(page, comm)["runs"][1]["live"] is True
    page.run("for step in range(6): track.log(accuracy=step / 7, step=step)", "log")

    def value() -> str:
        lines = {line["label"]: line["values"][1]["t"] for line in state(page, comm)["lines"]}
        return lines.get("accuracy", "")

    page.until(lambda: value() == "0.7143", "the value")
    page.say(comm, type="part", part="curves", message={"type": "ready"})
    page.until(lambda: of_curves(page, comm, "curves-points"), "the curve")
    page.run("for step in range(6, 9): track.log(accuracy=step / 7, step=step)", "log")
    page.until(
        lambda: any(
            [(part["from"], part["x"]) for part in one["parts"]] == [(6, [6, 7, 8])]
            for one in of_curves(page, comm, "curves-points")
        ),
        "only what is new of the curve",
    )
    patches = [one for one in page.told(comm) if one["type"] == "comparison"][1:]
    assert all("media" not in one and "tables" not in one for one in patches)
    page.run("track.end_run()", "end")
    page.until(lambda: state(page, comm)["runs"][1]["live"] is False, "the end")


def test_a_comparison_shows_itself_live(page: Page) -> None:
    """As the value of a cell, and groups of runs too: mean ± sd and the interval, with its method."""
    page.run(
        "def trial(C, seed):\n"
        "    with track.start_run(run_name='trial'):\n"
        "        track.log_params({'C': C, 'seed': seed}); track.log(accuracy=0.8 + C / 50 + seed / 1000)\n"
        "for C in (1, 2):\n    for seed in range(3): trial(C, seed)\n"
        "track.flush()",
        "trials",
    )
    page.over(page.send("track.compare(track.runs(\"name = 'trial'\"))", "groups"))
    bundles = [message["content"]["data"] for message in page.messages if message["msg_type"] == "execute_result"]
    comm = page.connected(bundles[-1][MIME]["panel"])
    told = state(page, comm)
    assert told["grouped"] is True
    assert [(run["name"], run["repeats"]) for run in told["runs"]] == [("C 2", 3), ("C 1", 3)]
    line = next(line for line in told["lines"] if line["group"] == "metrics")
    assert [value["t"] for value in line["values"]] == ["0.8410 ± 0.0010 (n=3)", "0.8210 ± 0.0010 (n=3)"]
    assert (line["values"][1]["i"], told["method"]) == ("95 % −0.0223 to −0.0177", "Welch's t, 95 %")
    assert told["curves"] == []
    assert page.ask(comm, "first", run=told["runs"][1]["id"])["ok"] is True
    page.until(lambda: titles(page, comm) == ["C 1", "C 2"], "the other order")


def test_numbers_are_those_of_the_store(page: Page, tmp_path: Path) -> None:
    """What the panel's frame says of a metric is what `search_runs` says, to the digit."""
    page.over(page.send("panel = %track compare 1 2", "compare"))
    asked = page.run(
        "found = track.search_runs(search_all_experiments=True).set_index('run_id')['metrics.accuracy']\n"
        "print(panel.df.loc[('metrics', 'accuracy')].tolist() == [found[one.run_id], found[other.run_id]])",
        "look",
    )
    assert asked.text.strip() == "True"
