"""What stands below the lines of a comparison: curves, figures and images, and tables joined by their key.

It is read from the store by the runs of a comparison. Of a group one run stands for all: for figures
the newest that has one, else its first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import TrackError
from ..records import Artifact, Run
from ..store.database import reading
from ..store.reader import Reader
from .colors import BASELINE_DASH, Paint, paints
from .compared import Compared, Comparison
from .curves import Series
from .goals import Goal, goal_of, rank
from .group_end import group_end, shared_band
from .joined import Joined, Table, cell_text, join
from .media import Member, Picture, Slot, slots_of_groups
from .overlay import Curve, Overlay, overlay
from .plotly import LARGEST_READ, PLOTLY
from .tokens import mark

BASELINE = Paint(mark("muted"), BASELINE_DASH)
MOST_CURVES, FEW = 4, 4
STATIC_POINTS = 150  # of a curve in the static form; half of it where many curves lie over one another
STATIC_PICTURES, STATIC_PICTURE, STATIC_PICTURE_BYTES = 6, 300_000, 1_500_000
STATIC_TABLE = 2_000_000  # bytes of a table that the static form joins


@dataclass(frozen=True)
class CurveKey:
    """A metric of which runs have curves, and which way is better."""

    key: str
    goal: Goal


@dataclass(frozen=True)
class TableSlot:
    """Tables of one name: the column that joins them, and each run's, None where it has none."""

    name: str
    key: str
    tables: tuple[Artifact | None, ...]

    @property
    def hashes(self) -> tuple[str, ...]:
        """The content of all of them, by which a change is told."""
        return tuple("" if one is None else one.sha256 for one in self.tables)

    @property
    def equal(self) -> bool:
        """Whether all runs have the same table."""
        return len(set(self.hashes)) == 1


@dataclass(frozen=True)
class Parts:
    """What there is besides the lines.

    Attributes
    ----------
    curves : tuple of CurveKey
        The metrics that are drawn: the main ones first, and of others those that differ most.
    slots : tuple of Slot
        Figures and images.
    tables : tuple of TableSlot
    """

    curves: tuple[CurveKey, ...] = ()
    slots: tuple[Slot, ...] = ()
    tables: tuple[TableSlot, ...] = ()


def parts_of(reader: Reader, comparison: Comparison) -> Parts:
    """Return what stands below the lines of a comparison."""
    ids = [run.run_id for run in comparison.runs]
    with reading(reader.store):  # opened once, not for each run
        artifacts = {
            run_id: reader.artifacts(run_id) for run in comparison.runs for run_id in run.members or (run.run_id,)
        }
        runs = reader.runs_of(ids)
        numbers = {run.run_id: run.number or 0 for run in reader.runs_of(list(artifacts))}
    groups = []
    for run in comparison.runs:
        newest = sorted(run.members or (run.run_id,), key=lambda run_id: -numbers.get(run_id, 0))
        members: list[Member] = [(run_id, f"#{numbers.get(run_id, 0)}", artifacts[run_id]) for run_id in newest]
        groups.append(members)
    tables = table_slots([artifacts[run_id] for run_id in ids])
    return Parts(curve_keys(runs), slots_of_groups(groups), tables)


def run_paints(comparison: Comparison) -> dict[str, Paint]:
    """Return how each column is drawn: runs whose colours collide are told apart."""
    numbers = {run.run_id: int(run.number[1:]) if run.number[1:].isdigit() else at
               for at, run in enumerate(comparison.runs)}  # fmt: skip
    return paints(numbers)


def curve_keys(runs: Sequence[Run]) -> tuple[CurveKey, ...]:
    """Return the metrics whose curves are worth a look, at most four."""
    goals = {key: goal for run in reversed(runs) for key, goal in run.goals.items()}
    found: dict[str, tuple[int, float]] = {}
    for run in runs:
        for key, metric in run.metrics.items():
            if metric.count > 2:  # two points are no curve
                lasts = [other.metrics[key].last for other in runs if key in other.metrics]
                found[key] = (rank(metric, run.goals), -_apart(lasts))
    ordered = sorted(found, key=lambda key: found[key])
    return tuple(CurveKey(key, goal_of(key, goals)) for key in ordered[:MOST_CURVES])


def _apart(values: Sequence[float]) -> float:
    """How far values are apart, in their own size; no number counts as nothing."""
    low, high = min(values), max(values)
    size = max(abs(low), abs(high))
    share = (high / size - low / size) if size else 0.0
    return share if share == share else 0.0


def table_slots(artifacts: Sequence[Sequence[Artifact]]) -> tuple[TableSlot, ...]:
    """Return the tables with a key that two runs or more have; those that differ first."""
    found: dict[tuple[str, str], list[Artifact | None]] = {}
    for place, own in enumerate(artifacts):
        for artifact in own:
            if artifact.kind == "table" and artifact.join_key is not None:
                slot = found.setdefault((artifact.path, artifact.join_key), [None] * len(artifacts))
                slot[place] = artifact
    slots = [TableSlot(path, key, tuple(tables)) for (path, key), tables in found.items()]
    several = [slot for slot in slots if sum(one is not None for one in slot.tables) > 1]
    return tuple(sorted(several, key=lambda slot: (slot.equal, slot.name)))


def joined_of(reader: Reader, slot: TableSlot) -> tuple[Joined, tuple[int, ...]]:
    """Read the tables of a slot and join them; also return which columns of the comparison have one.

    Raises
    ------
    TrackError
        Where one of them cannot be read.
    """
    tables, places = [], []
    for place, artifact in enumerate(slot.tables):
        if artifact is not None:
            columns, rows = reader.table(artifact)
            tables.append(Table(tuple(cell_text(name) for name in columns), rows))
            places.append(place)
    return join(tables, slot.key), tuple(places)


Point = tuple[int, float]


@dataclass(frozen=True)
class ColumnCurve:
    """The curve of one column: a run's points, or the mean of a group at each step."""

    points: tuple[Point, ...]
    note: str = ""
    """Where the mean ends before the last of its runs does."""


def column_curve(reader: Reader, run: Compared, key: str, limit: int) -> ColumnCurve:
    """Return the curve of a column; of a group the mean, as far as its runs go together."""
    if len(run.members) < 2:
        return ColumnCurve(tuple((point.step, point.value) for point in reader.curve(run.run_id, key, limit)))
    series = []
    for member in run.members:
        own = reader.curve(member, key, limit)
        series.append(Series(member, key, tuple(point.step for point in own), tuple(point.value for point in own)))
    points, end = shared_band(series), group_end(series)
    return ColumnCurve(
        tuple((int(point.x), point.mean) for point in points), "" if end is None else end.words(run.title)
    )


def overlays(reader: Reader, comparison: Comparison, keys: Sequence[CurveKey]) -> list[Overlay]:
    """Return the pictures of curves for the static form."""
    drawn = run_paints(comparison)
    found = []
    most, limit = MOST_CURVES, STATIC_POINTS
    if len(comparison.runs) > FEW:  # the static form is made at once, in the user's cell
        most, limit = most // 2, limit // 2
    for one in keys[:most]:
        with reading(reader.store):  # opened once for the curves of a metric; writers wait no longer than that
            read = [column_curve(reader, run, one.key, limit) for run in comparison.runs]
        looks = [BASELINE if run.baseline else drawn[run.run_id] for run in comparison.runs]
        curves = [
            Curve(run.title, own.points, paint.color, paint.dash)
            for run, own, paint in zip(comparison.runs, read, looks, strict=True)
        ]
        picture = overlay(one.key, curves, one.goal, tuple(own.note for own in read if own.note))
        found += [picture] if picture is not None else []
    return found


@dataclass(frozen=True)
class Still:
    """What the static form shows below the lines: all of it read.

    Attributes
    ----------
    curves : tuple of Overlay
    pictures : tuple of (title, tuple of (mime, bytes) or None a column)
    tables : tuple of (name, joined, columns that have one)
    left : int
        Figures and images that differ and are not shown.
    """

    curves: tuple[Overlay, ...] = ()
    pictures: tuple[tuple[str, tuple[tuple[str, bytes] | None, ...]], ...] = ()
    tables: tuple[tuple[str, Joined, tuple[int, ...]], ...] = ()
    left: int = 0


def still_of(reader: Reader, comparison: Comparison) -> Still:
    """Read what the static form shows; what is large or cannot be read is left out and counted."""
    parts = parts_of(reader, comparison)
    pictures, left = _pictures(reader, parts.slots)
    tables = []
    for slot in parts.tables:
        if slot.equal or sum(one.size for one in slot.tables if one is not None) > STATIC_TABLE:
            continue
        try:
            tables.append((slot.name, *joined_of(reader, slot)))
        except TrackError:  # said where the table is asked for
            continue
    return Still(tuple(overlays(reader, comparison, parts.curves)), tuple(pictures), tuple(tables), left)


def _pictures(
    reader: Reader, slots: Sequence[Slot]
) -> tuple[list[tuple[str, tuple[tuple[str, bytes] | None, ...]]], int]:
    found: list[tuple[str, tuple[tuple[str, bytes] | None, ...]]] = []
    room, left = STATIC_PICTURE_BYTES, 0
    for slot in slots:
        if slot.equal or slot.runs < 2:
            continue
        step = slot.steps[-1] if slot.steps else None  # of images with steps the last
        shown = [own.get(step) for own in slot.pictures]
        size = sum(one.size for one in shown if one is not None and one.shown)
        fits = all(one is None or _fits(one) for one in shown)
        if not fits or size > room or len(found) == STATIC_PICTURES:
            left += 1
            continue
        room -= size
        try:
            contents = tuple(None if one is None else (one.mime, reader.content(one.sha256)) for one in shown)
        except TrackError:  # gone or damaged: `doctor` tells
            left += 1
            continue
        label = slot.title or slot.name
        whose = [one.whose for one in shown if one is not None and one.whose]
        label += f" · of {', '.join(whose)}" if whose else ""
        found.append((label if step is None else f"{label} · step {step}", contents))
    return found, left


def _fits(picture: Picture) -> bool:
    """Whether it is small enough; of a chart of Plotly only words are shown."""
    return picture.size <= (STATIC_PICTURE if picture.shown else LARGEST_READ if picture.mime == PLOTLY else -1)
