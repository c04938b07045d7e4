"""Lines of a picture that go beyond it: cut at its head and foot, where a mark says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ROW = 14.0  # pixels above a picture for the words that say who goes beyond it
FURTHEST = 1e7  # pixels; a place further out is on the same line

Place = tuple[float, float | None]
"""A point in pixels; None is a gap."""


def cut_at(places: Sequence[Place], head: float, foot: float) -> tuple[list[Place], dict[float, float]]:
    """Return what of a curve lies between the head and the foot, and at which x it first goes beyond each of them."""
    kept: list[Place] = []
    edges: dict[float, float] = {}
    before: tuple[float, float] | None = None
    for x, value in places:
        y = None if value is None else max(min(value, FURTHEST), -FURTHEST)
        if y is None:
            kept.append((x, None))
            before = None
            continue
        begin, level = before or (x, y)
        upper, lower = min(level, y), max(level, y)
        crossed = [edge for edge in (head, foot) if upper < edge == head <= lower or upper <= foot == edge < lower]
        for edge in sorted(crossed, key=lambda edge: abs(edge - level)):
            at = round(begin + (x - begin) * (edge - level) / (y - level), 1)
            kept.append((at, edge))
            edges.setdefault(edge, at)
        if head <= y <= foot:
            kept.append((x, y))
        else:
            kept.append((x, None))
            edges.setdefault(head if y < head else foot, x)
        before = x, y
    return kept, edges


def edge_marks(edges: Mapping[float, float], head: float, color: str) -> list[str]:
    """A triangle that points out of the picture where a curve goes beyond it."""
    marks = [(x, edge, -6 if edge == head else 6) for edge, x in edges.items()]
    return [f"<path d='M{x - 4:g},{edge - out:g}h8l-4,{out}z' fill='{color}'/>" for x, edge, out in marks]
