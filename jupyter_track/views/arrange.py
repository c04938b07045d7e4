"""Which rows a table of runs has, and in which order.

The baseline and pinned runs stand on top; a child stands below its parent; failed attempts and repeats fold into one
row. All is decided from the records and from two things about them that are read in bulk.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..records import Run
from .repeats import repeat_groups

if TYPE_CHECKING:
    from ..store.table_rows import TableRow

MAX_DEPTH = 3
SHORT_ATTEMPT = 5.0  # seconds within which a run that failed and logged nothing is only an attempt

Kind = Literal["run", "repeats", "failed", "seeds"]


@dataclass(frozen=True)
class Unit:
    """What one row stands for, the newest first: a run, one with its repeats, failed attempts, or seeds of one setting.

    `depth` is 1 for a child that stands below its parent; `top` is for the baseline and pinned runs; `label` is what a
    group of seeds is called.
    """

    runs: tuple[Run, ...]
    kind: Kind = "run"
    depth: int = 0
    top: bool = False
    label: str = ""

    @property
    def run(self) -> Run:
        """The run that the row is named after."""
        return self.runs[0]


def is_attempt(run: Run | TableRow) -> bool:
    """Whether a run failed within 5 s and logged no metric; whether it holds a file is not known from the record."""
    short = run.duration is not None and run.duration <= SHORT_ATTEMPT
    return run.state == "failed" and short and not (run.metrics or run.note or run.pinned)


def arranged(
    runs: Sequence[Run],
    *,
    sources: Mapping[str, str],
    with_files: Collection[str],
    fold: bool = True,
) -> list[Unit]:
    """Return the rows of a table.

    Parameters
    ----------
    runs : sequence of Run
        In the order in which they are shown.
    sources : mapping of str to str
        A hash of each run's code, by run id: what tells repeats.
    with_files : collection of str
        The runs that hold a file of their own; such a failed attempt has a row of its own.
    fold : bool, default True
        Whether failed attempts and repeats share a row.
    """
    children = children_of(runs)
    top = [run for run in runs if run.baseline_run_id == run.run_id]
    top += [run for run in runs if run.pinned and run.baseline_run_id != run.run_id]
    on_top = {run.run_id for run in top}
    ordered = _under_parents([*top, *(run for run in runs if run.run_id not in on_top)], children, on_top)
    if not fold:
        return [Unit((run,), "run", depth, run.run_id in on_top) for run, depth in ordered]
    folded = _folded([run for run, _ in ordered], on_top, children, sources, with_files)
    units = []
    for run, depth in ordered:
        unit = folded.get(run.run_id, Unit((run,)))
        if unit is not None:
            units.append(Unit(unit.runs, unit.kind, depth, run.run_id in on_top))
    return units


def _folded(
    runs: Sequence[Run],
    on_top: Collection[str],
    children: Mapping[str, Sequence[Run]],
    sources: Mapping[str, str],
    with_files: Collection[str],
) -> dict[str, Unit | None]:
    """Return the rows of several runs by the run that they stand at, and None for the others of them."""
    found: dict[str, Unit | None] = {}
    attempts: dict[tuple[str, str | None], list[Run]] = {}
    for run in runs:
        if is_attempt(run) and run.run_id not in on_top and run.run_id not in with_files and run.run_id not in children:
            attempts.setdefault((run.experiment_id, run.parent_run_id), []).append(run)
    for several in attempts.values():
        if len(several) > 1:
            found.update({run.run_id: None for run in several})
            found[several[0].run_id] = Unit(tuple(several), "failed")
    for group in repeat_groups([run for run in runs if run.run_id not in children], sources):
        heads = [run for run in group.runs if run.run_id in on_top] or [group.runs[0]]
        found.update({run.run_id: None for run in group.runs})
        for head in heads:
            rest = (run for run in group.runs if run is not head)
            found[head.run_id] = Unit((head, *rest), "repeats")
    return found


def children_of(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the children among the runs, by their parent's id."""
    children: dict[str, list[Run]] = {}
    for run in runs:
        if run.parent_run_id is not None:
            children.setdefault(run.parent_run_id, []).append(run)
    return children


def _under_parents(
    runs: Sequence[Run], children: Mapping[str, Sequence[Run]], on_top: Collection[str]
) -> list[tuple[Run, int]]:
    """Return the runs with their depth, each child after its parent.

    One that is on top, or whose parent is not there, has none above it.
    """
    present = {run.run_id for run in runs}
    if not present.intersection(children):
        return [(run, 0) for run in runs]
    ordered: list[tuple[Run, int]] = []
    placed: set[str] = set()
    roots = [run for run in runs if run.run_id in on_top or run.parent_run_id not in present]
    for root in (*roots, *runs):  # the second pass picks up runs that are each other's parents
        stack = [(root, 0)]
        while stack:
            run, depth = stack.pop()
            if run.run_id in placed:
                continue
            placed.add(run.run_id)
            ordered.append((run, depth))
            below = [child for child in children.get(run.run_id, ()) if child.run_id not in on_top]
            stack += [(child, min(depth + 1, MAX_DEPTH)) for child in reversed(below)]
    return ordered
