"""The section in which runs stand side by side: what differs, curves, figures, joined tables, code."""

from __future__ import annotations

from dataclasses import replace

from ..errors import TrackError
from ..views.comparison_parts import Parts, Still, joined_of, overlays, parts_of
from ..views.format import one_line
from ..views.joined import Joined
from ..views.media import Slot
from ..views.words import counted
from .document import Block, Compared, Diff, Figure, Figures, Sentence
from .files import ALL_FIGURES, figure_of
from .material import Material

MOST_SLOTS = 12  # places of figures that are shown
MOST_TABLE = 2_000_000  # bytes of a table that is joined


def comparison(material: Material) -> list[Block]:
    """Return the comparison of the runs that are compared; nothing where there is one run only."""
    found = material.comparison
    if found is None:
        return []
    parts = parts_of(material.reader, found)
    still = Still(curves=tuple(overlays(material.reader, found, parts.curves)), tables=_tables(material, parts))
    blocks: list[Block] = [*_why(material), Compared(found, still, "comparison")]
    if left := material.not_compared:
        more = counted(left, "more group" if material.asked.columns else "more run")
        blocks.append(Sentence(f"{more} {'is' if left == 1 else 'are'} not shown."))
    blocks += figures(material, parts)
    blocks += [Diff(diff) for diff in found.diffs]
    return blocks


def _why(material: Material) -> list[Block]:
    """Why it is these runs, where nobody named them."""
    if material.asked.columns or material.asked.compare is not None or material.kind == "comparison":
        return []
    (first, why), *others = [(one_line(material.label(run)), why) for run, why in material.chosen]
    listed = [f"{label} ({reason})" for label, reason in others]
    who = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    return [Sentence(f"{who} {'is' if len(listed) == 1 else 'are'} measured against {first} ({why}).")]


def _tables(material: Material, parts: Parts) -> tuple[tuple[str, Joined, tuple[int, ...]], ...]:
    found: list[tuple[str, Joined, tuple[int, ...]]] = []
    for slot in parts.tables:
        if slot.equal or sum(one.size for one in slot.tables if one is not None) > MOST_TABLE:
            continue
        try:
            found.append((slot.name, *joined_of(material.reader, slot)))
        except TrackError:  # gone or damaged: 'doctor' tells, and the other tables stand
            continue
    return tuple(found)


def figures(material: Material, parts: Parts) -> list[Block]:
    """Return the figures that differ, each place with the figure of every run at the same size."""
    slots = [slot for slot in parts.slots if not slot.equal]
    equal = len(parts.slots) - len(slots)
    blocks: list[Block] = []
    room = ALL_FIGURES
    for slot in slots[:MOST_SLOTS]:
        shown = tuple(_shown(material, slot, place, room) for place in range(len(material.compared)))
        room -= sum(len(figure.data or b"") for figure in shown)
        step = f", step {slot.steps[-1]:,}" if slot.steps else ""
        blocks.append(Figures(f"{slot.title or slot.name}{step}", shown))
    if len(slots) > MOST_SLOTS:
        blocks.append(Sentence(f"{len(slots) - MOST_SLOTS:,} more figures differ and are not shown.", token="muted"))
    if equal:
        verb = "figure is equal" if equal == 1 else "figures are equal"
        blocks.append(Sentence(f"{equal:,} {verb} in all of them.", token="muted"))
    return blocks


def _shown(material: Material, slot: Slot, place: int, room: int) -> Figure:
    """The figure of one run at a place: of images with steps the last."""
    run = material.compared[place]
    own = slot.pictures[place]
    group = material.comparison.runs[place] if material.asked.columns and material.comparison is not None else None
    label = material.label(run) if group is None or len(group.members) < 2 else group.name
    step = slot.steps[-1] if slot.steps else None
    if not own:
        return Figure(label, f"{label} has no such figure", "", None, note="none")
    last = step if step in own else max(own, key=lambda one: -1 if one is None else one)
    picture = own[last]
    owner = material.reader.run(picture.run_id) if picture.run_id else run
    artifact = next(one for one in material.artifacts(owner) if one.path == picture.path)
    title = f"{label} · figure of {picture.whose}" if picture.whose else label
    title = f"{title} · step {last:,}" if last is not None and last != step else title
    return replace(figure_of(material, owner, artifact, room), title=title)
