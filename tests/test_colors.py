"""The colours of the runs of one panel."""

from __future__ import annotations

from itertools import combinations

import pytest

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


# How a colour (linear RGB) is seen without the middle or the long cones: Machado, Oliveira and Fernandes (2009).
EYES = {
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
}
APART = 20.0  # CIE76: far more than what is just told apart (2.3)


def seen(color: str, eyes: str) -> tuple[float, float, float]:
    """Return a colour as L*, a*, b*, as such eyes see it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    r, g, b = (min(1.0, max(0.0, sum(a * x for a, x in zip(row, linear, strict=True)))) for row in EYES[eyes])
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    x, y, z = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("eyes", EYES)
def test_the_first_four_runs_stay_apart_for_eyes_that_see_fewer_colours(eyes: str) -> None:
    """Each pair of their colours; more runs are told apart by names and dashes too."""
    found = [seen(color, eyes) for color in RUN_COLORS[:4]]
    near = min(sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5 for pair in combinations(found, 2))
    assert near > APART
