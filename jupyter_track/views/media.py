"""Figures and images of several runs, in slots: what stands at the same place in each, with its steps."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..records import Artifact
from .format import one_line
from .players import PAGE
from .plotly import PLOTLY

SHOWN = ("image/png", "image/jpeg", "image/svg+xml", "image/gif", "image/webp")
"""Types that are shown as an ``<img>``, in which nothing runs."""
VEGA = re.compile(r"application/vnd\.(vegalite|vega)\.v(\d+)(?:\.json|\+json)")
"""Charts that are kept as their spec: kind and version. A live view gets them as SVG, pages in a frame, in which
nothing runs either, and charts of Plotly in words. What else there is, is named."""

_KINDS = ("figure", "image")
_SPEC = re.compile(r"\.(?:plotly|vl|vg)$")  # before .json: figure 1 may be a chart in one run, a picture in another
_STEPPED = re.compile(r"images/(?P<key>.+)/(?P<step>-?\d+)\.\w+")


@dataclass(frozen=True)
class Picture:
    """One picture of a run: its path, its content's hash, type and size in bytes."""

    path: str
    sha256: str
    mime: str
    size: int
    run_id: str = ""
    """Of a group: the run that it is of, which stands for the group; empty for a column of one run."""
    whose: str = ""
    """That run as people call it: ``#12``."""

    @property
    def shown(self) -> bool:
        """Whether it can be shown as an image."""
        return self.mime in SHOWN

    @property
    def shown_live(self) -> bool:
        """Whether a live view shows it: as an image, as a page in a frame, or what it is as a chart of Plotly."""
        return self.rank > 0

    @property
    def rank(self) -> int:
        """How well it is shown, the more the better; without its scripts the page of a chart is empty."""
        if self.shown:
            return 4
        if VEGA.fullmatch(self.mime) is not None:
            return 3
        return {PLOTLY: 2, PAGE: 1}.get(self.mime, 0)


@dataclass(frozen=True)
class Slot:
    """What several runs have at one place.

    Attributes
    ----------
    name : str
        ``figures/1``, or the key of images that were logged with steps.
    kind : str
        ``figure``, ``image``, or ``file`` where it was logged as one.
    title : str
        The figure's own title; empty where it has none, or the runs' differ.
    pictures : tuple of dict
        For each run its pictures by step; without steps the only step is None. Empty where a run has none.
    """

    name: str
    kind: str
    title: str
    pictures: tuple[dict[int | None, Picture], ...] = field(hash=False)

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The steps that any of the runs has, in order; nothing where images have none."""
        return tuple(sorted({step for own in self.pictures for step in own if step is not None}))

    @cached_property
    def equal(self) -> bool:
        """Whether all runs have the same pictures."""
        first = {step: picture.sha256 for step, picture in self.pictures[0].items()}
        return all({step: one.sha256 for step, one in own.items()} == first for own in self.pictures[1:])

    @property
    def runs(self) -> int:
        """How many of the runs have it."""
        return sum(bool(own) for own in self.pictures)


def slots_of(artifacts: Sequence[Sequence[Artifact]]) -> tuple[Slot, ...]:
    """Return the slots of several runs: first what most of them have and what differs.

    Parameters
    ----------
    artifacts : sequence of sequence of Artifact
        Those of each run, as `Reader.artifacts` gives them; of files those that are pictures count.

    Examples
    --------
    >>> one = [Artifact("images/digit/00000003.png", "a" * 64, 90, "image/png", "image")]
    >>> [(slot.name, slot.steps) for slot in slots_of([one, one])]
    [('digit', (3,))]
    """
    found: dict[tuple[str, str], list[dict[int | None, Picture]]] = {}
    titles: dict[tuple[str, str], set[str]] = {}
    for place, own in enumerate(artifacts):
        for artifact in own:
            if artifact.kind not in _KINDS and not (artifact.kind == "file" and artifact.mime in SHOWN):
                continue
            kind, name, step = _place(artifact)
            slot = found.setdefault((kind, name), [{} for _ in artifacts])
            picture = Picture(artifact.path, artifact.sha256, artifact.mime, artifact.size)
            known = slot[place].get(step)
            if known is None or picture.rank >= known.rank:  # logged as JSON and as PNG: the picture
                slot[place][step] = picture
            titles.setdefault((kind, name), set()).add(one_line(artifact.title or ""))
    slots = []
    for (kind, name), pictures in found.items():
        own_titles = titles[kind, name]
        title = next(iter(own_titles)) if len(own_titles) == 1 else ""
        slots.append(Slot(name, kind, title, tuple(pictures)))
    return tuple(sorted(slots, key=lambda slot: (slot.equal, -slot.runs, slot.kind, slot.name)))


def _place(artifact: Artifact) -> tuple[str, str, int | None]:
    """Kind, name and step; the ending does not count, since one run may log PNG and another SVG."""
    stepped = _STEPPED.fullmatch(artifact.path) if artifact.kind == "image" else None
    if stepped is not None:
        return artifact.kind, stepped["key"], int(stepped["step"])
    return artifact.kind, _SPEC.sub("", posixpath.splitext(artifact.path)[0]), None


Member = tuple[str, str, Sequence[Artifact]]  # a run's id, how people call it, and what it logged


def slots_of_groups(groups: Sequence[Sequence[Member]]) -> tuple[Slot, ...]:
    """Return the slots of groups of runs: at each place the newest run of a group that has something there.

    Parameters
    ----------
    groups : sequence of sequence of (str, str, sequence of Artifact)
        The runs of each group with their artifacts, the newest first. A group of one is that run.
    """
    taken: list[list[Artifact]] = []
    owners: list[dict[str, tuple[str, str]]] = []
    for members in groups:
        places: dict[tuple[str, str], str] = {}
        taken.append([])
        owners.append({})
        for run_id, whose, artifacts in members:
            for artifact in artifacts:
                if places.setdefault(_place(artifact)[:2], run_id) == run_id:
                    taken[-1].append(artifact)
                    owners[-1][artifact.path] = (run_id, whose) if len(members) > 1 else ("", "")
    return tuple(
        replace(
            slot,
            pictures=tuple(
                {step: _owned(picture, own) for step, picture in pictures.items()}
                for pictures, own in zip(slot.pictures, owners, strict=True)
            ),
        )
        for slot in slots_of(taken)
    )


def _owned(picture: Picture, owners: Mapping[str, tuple[str, str]]) -> Picture:
    run_id, whose = owners[picture.path]
    return replace(picture, run_id=run_id, whose=whose)
