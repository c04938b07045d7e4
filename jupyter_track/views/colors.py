"""Which colour and which dashes each run of a panel is drawn with.

A run's colour comes from its number in the store. Within a panel, where that is taken by a run before it, it is the
next free one; when all are taken, they are taken again with dashes. Runs beyond that are muted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .tokens import RUN_COLORS, mark

DASHES: tuple[tuple[int, ...], ...] = ((), (6, 3), (2, 3))
BASELINE_DASH = (5, 3)
"""The baseline's line: dashed, in the colour of text; in pictures, whose ground is not known, in its mid-tone."""
MUTED_RUN = 0.35
"""The opacity of a run that was not chosen, where others were."""


@dataclass(frozen=True)
class Paint:
    """How a run is drawn.

    Attributes
    ----------
    color : str
        As ``#rrggbb``.
    dash : tuple of int
        Lengths of line and gap; none is a whole line.
    opacity : float
    """

    color: str
    dash: tuple[int, ...] = ()
    opacity: float = 1.0


def paints(numbers: Mapping[str, int | None], chosen: Collection[str] | None = None) -> dict[str, Paint]:
    """Return how the runs of one panel are drawn.

    Parameters
    ----------
    numbers : mapping of str to int or None
        The runs' numbers in the store by id, in the panel's order; None for one that has no number yet.
    chosen : collection of str, optional
        The runs that are drawn in colour; by default all, as far as colours and dashes reach. The others are grey and
        pale.

    Examples
    --------
    >>> paints({"a": 9, "b": 1})
    {'a': Paint(color='#c53b06', dash=(), opacity=1.0), 'b': Paint(color='#9947a9', dash=(), opacity=1.0)}
    """
    taken: set[tuple[int, int]] = set()
    found: dict[str, Paint] = {}
    for run_id, number in numbers.items():
        place = None
        if number is not None and (chosen is None or run_id in chosen):
            place = _free(number, taken)
        if place is None:
            found[run_id] = Paint(mark("muted"), (), MUTED_RUN)
        else:
            taken.add(place)
            found[run_id] = Paint(RUN_COLORS[place[1]], DASHES[place[0]])
    return found


def _free(number: int, taken: set[tuple[int, int]]) -> tuple[int, int] | None:
    """The dash and the colour that a run takes: its own colour, or the next one, before the next dash."""
    size = len(RUN_COLORS)
    places = ((dash, (number + shift) % size) for dash in range(len(DASHES)) for shift in range(size))
    return next((place for place in places if place not in taken), None)
