"""Figures and images of several runs, in slots."""

from __future__ import annotations

from jupyter_track.records import Artifact
from jupyter_track.views.media import slots_of, slots_of_groups


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
    """HTML and the JSON of a chart are named; a live view frames the page, and gets a chart of Vega drawn."""
    mimes = ("text/html", "image/png", "application/vnd.vegalite.v5+json", "application/vnd.plotly.v1+json")
    found = slots_of([[artifact("figures/1.x", "a", mime=mime)] for mime in mimes])
    assert [own[None].shown for own in found[0].pictures] == [False, True, False, False]
    assert [own[None].shown_live for own in found[0].pictures] == [True, True, True, False]


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
