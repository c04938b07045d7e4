"""Figures and images of several runs, in slots."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest

from jupyter_track.records import Artifact
from jupyter_track.views.media import slots_of, slots_of_groups
from jupyter_track.views.plotly import PLOTLY, ChartCard, chart_card


def artifact(path: str, sha: str, kind: str = "figure", mime: str = "image/png", title: str | None = None) -> Artifact:
    """A picture."""
    return Artifact(path, sha * 64, 100, mime, kind, title)


def test_what_stands_at_the_same_place_is_one_slot() -> None:
    """The ending does not count; what differs and what most runs have comes first."""
    one = [
        artifact("figures/1.png", "a", title="confusion"),
        artifact("figures/2.png", "b"),
        artifact("only.png", "c", "image"),
        artifact("table.json", "d", "table", "application/json"),
    ]
    other = [artifact("figures/1.svg", "e", mime="image/svg+xml", title="confusion"), artifact("figures/2.png", "b")]
    found = slots_of([one, other])
    assert [(slot.name, slot.title, slot.runs, slot.equal, slot.steps) for slot in found] == [
        ("figures/1", "confusion", 2, False, ()),
        ("only", "", 1, False, ()),
        ("figures/2", "", 2, True, ()),
    ]
    assert [own[None].path for own in found[0].pictures] == ["figures/1.png", "figures/1.svg"]


def test_images_with_steps_are_one_slot() -> None:
    """Under their key, with all steps that any of the runs has."""
    one = [artifact(f"images/sample/{step:08d}.png", str(step), "image") for step in (0, 5, 10)]
    other = [artifact(f"images/sample/{step:08d}.png", str(step), "image") for step in (0, 10, 15)]
    (slot,) = slots_of([one, other])
    assert (slot.name, slot.kind, slot.steps, slot.equal) == ("sample", "image", (0, 5, 10, 15), False)
    assert [sorted(own) for own in slot.pictures if None not in own] == [[0, 5, 10], [0, 10, 15]]


def test_only_pictures_are_shown() -> None:
    """A live view frames a page, gets a chart of Vega drawn and one of Plotly told; what else there is, is named."""
    mimes = ("text/html", "image/png", "application/vnd.vegalite.v5+json", PLOTLY, "application/pdf")
    found = slots_of([[artifact("figures/1.x", "a", mime=mime)] for mime in mimes])
    assert [own[None].shown for own in found[0].pictures] == [False, True, False, False, False]
    assert [own[None].shown_live for own in found[0].pictures] == [True, True, True, True, False]


def test_a_chart_that_was_logged_as_a_picture_too_is_the_picture() -> None:
    """Whichever came first; the page of a chart is empty without its scripts, so its words are before it."""
    png = artifact("loss.png", "b")
    chart = artifact("loss.plotly.json", "a", mime=PLOTLY)
    page = artifact("loss.html", "c", mime="text/html")
    for own, path in (([chart, png], "loss.png"), ([png, chart], "loss.png"), ([chart, page], "loss.plotly.json")):
        (slot,) = slots_of([own, [png]])
        assert (slot.name, slot.pictures[0][None].path) == ("loss", path)


def test_a_chart_of_plotly_in_words() -> None:
    """Its title without marks, its traces by kind with the most frequent first, and its size."""
    figure = go.Figure([go.Scatter(y=[1]), go.Bar(y=[2]), go.Scatter(y=[3])], {"title": {"text": "H<sub>2</sub>O"}})
    card = chart_card(figure.to_json().encode(), 12_345)
    assert card == ChartCard("H 2 O", "Plotly chart of 3 traces (2 scatter, bar) · 12.3 kB")
    assert card.text == "H 2 O: Plotly chart of 3 traces (2 scatter, bar) · 12.3 kB"
    assert chart_card(None, 9_000_000) == ChartCard("", "Plotly chart · 9.0 MB")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ([], "Plotly chart · 2 B"),
        ({"data": 3}, "Plotly chart · 2 B"),
        ({"data": []}, "Plotly chart of 0 traces · 2 B"),
        ({"data": [3, {"type": ["x"]}], "layout": {"title": 3}}, "Plotly chart of 2 traces (2 unknown) · 2 B"),
        (
            {"data": [{"type": kind} for kind in "abcdef"], "layout": []},
            "Plotly chart of 6 traces (a, b, c, d, +2 more kinds) · 2 B",
        ),
    ],
)
def test_a_chart_of_plotly_that_is_none(spec: object, told: str) -> None:
    """What cannot be read is not told, whatever the JSON holds."""
    assert chart_card(json.dumps(spec).encode(), 2) == ChartCard("", told)
    assert chart_card(b"[" * 100_000, 2) == ChartCard("", "Plotly chart · 2 B")


def test_of_a_group_the_newest_run_that_has_a_figure_stands_for_all() -> None:
    """Also where the first has none, place by place; whose it is, is known. A single run is itself."""
    first = artifact("figures/1.png", "a", title="confusion")
    second = artifact("figures/1.png", "b", title="confusion")
    roc = artifact("figures/2.png", "c")
    groups = [
        [("r3", "#3", []), ("r2", "#2", [second]), ("r1", "#1", [first, roc])],
        [("r4", "#4", [first])],
    ]
    found = slots_of_groups(groups)
    told = {
        slot.name: [[(one.sha256[0], one.run_id, one.whose) for one in own.values()] for own in slot.pictures]
        for slot in found
    }
    assert told == {
        "figures/1": [[("b", "r2", "#2")], [("a", "", "")]],
        "figures/2": [[("c", "r1", "#1")], []],
    }
