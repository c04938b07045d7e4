"""The colours of the runs of one panel."""

from __future__ import annotations

from jupyter_track.views.colors import DASHES, MUTED_RUN, Paint, paints
from jupyter_track.views.tokens import RUN_COLORS, mark


def test_a_runs_colour_is_that_of_its_number() -> None:
    """Eight neighbours have the eight colours, each its own."""
    found = paints({str(number): number for number in range(16, 24)})
    assert found == {str(16 + place): Paint(color) for place, color in enumerate(RUN_COLORS)}


def test_of_two_runs_with_one_colour_the_later_takes_the_next_free_one() -> None:
    """What is free is looked for from the run's own colour on, over those that are taken."""
    found = paints({"a": 1, "b": 2, "c": 9})
    assert [paint.color for paint in found.values()] == [RUN_COLORS[1], RUN_COLORS[2], RUN_COLORS[3]]


def test_past_eight_runs_the_colours_come_again_with_dashes() -> None:
    """Three times eight runs are told apart; more are grey and pale."""
    found = list(paints({str(number): number for number in range(26)}).values())
    assert [paint.dash for paint in found[:24]] == [dash for dash in DASHES for _ in range(8)]
    assert len({(paint.color, paint.dash) for paint in found[:24]}) == 24
    assert found[24:] == [Paint(mark("muted"), (), MUTED_RUN)] * 2


def test_runs_that_were_not_chosen_are_muted() -> None:
    """Colour is for the runs that were chosen; a run without a number yet has none either."""
    grey = Paint(mark("muted"), (), MUTED_RUN)
    assert paints({"a": 1, "b": 1, "c": 3}, {"b"}) == {"a": grey, "b": Paint(RUN_COLORS[1]), "c": grey}
    assert paints({"a": None}) == {"a": grey}
