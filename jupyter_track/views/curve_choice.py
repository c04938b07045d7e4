"""Which runs and which metrics a panel of curves shows, and what it says of them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidValue, NotFound
from ..records import Run
from ..store import curve_feed, table_rows
from ..store.curve_feed import StoredCurve
from ..store.place import store_exists
from ..store.reader import Reader
from .curves import AXES, MOST_RUNS, CurveRun, check_smoothing, curve_runs, goal_among, groupings, groups_of
from .format import one_line
from .goals import Goal, aimed_in, first_logged, rank
from .runs import NO_MATCH
from .words import counted

DEFAULT_RUNS = 8  # where none is named: as many as there are colours; of groups, so many groups
DEFAULT_CHARTS = 6
MOST_CHARTS = 40


@dataclass(frozen=True)
class Asked:
    """What a person asked for.

    Attributes
    ----------
    metrics : tuple of str
        Empty for the main ones.
    run_ids : tuple of str or None
        None for the baseline, the pinned and the newest runs that have them.
    x : str
        ``step``, ``time``, ``elapsed`` or a metric.
    smoothing : float
    group : str
        A param, a tag, ``experiment``, ``name``, ``seed`` for runs that differ only in the seed, or ``compared`` for
        `columns`; empty for none.
    columns : tuple of (str, tuple of str)
        Groups that were made elsewhere: the name and the run ids of each.
    """

    metrics: tuple[str, ...] = ()
    run_ids: tuple[str, ...] | None = None
    x: str = "step"
    smoothing: float = 0.0
    group: str = ""
    columns: tuple[tuple[str, tuple[str, ...]], ...] = ()


COMPARED = "compared"  # the groups of `Asked.columns`


@dataclass(frozen=True)
class Chart:
    """One chart: its metric, which way is better, and the value that is to be reached."""

    key: str
    goal: Goal
    target: float | None = None

    @property
    def title(self) -> str:
        """The metric with its arrow."""
        return f"{one_line(self.key)} {self.goal.arrow}".rstrip()

    @property
    def target_words(self) -> str:
        """What the line of the target says at its end; empty where there is none."""
        return "" if self.target is None else f"goal {'−' if self.target < 0 else ''}{abs(self.target):g}"


@dataclass(frozen=True)
class Choice:
    """What is shown.

    Attributes
    ----------
    runs : tuple of CurveRun
    charts : tuple of Chart
    curves : tuple of StoredCurve
        Of these runs, all metrics: one of them may be the x axis.
    metrics : tuple of str
        What may be the x axis.
    groupings : tuple of str
        What the runs may be grouped by.
    notes : tuple of str
        What is left out.
    empty : str
        Said where there is nothing to draw.
    records : tuple of Run
    """

    runs: tuple[CurveRun, ...] = ()
    charts: tuple[Chart, ...] = ()
    curves: tuple[StoredCurve, ...] = ()
    metrics: tuple[str, ...] = ()
    groupings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    empty: str = ""
    records: tuple[Run, ...] = ()

    def drawn(self, x: str) -> list[StoredCurve]:
        """The curves that have a chart; not the x axis over itself."""
        keys = {chart.key for chart in self.charts}
        return [curve for curve in self.curves if curve.key in keys and not (curve.key == x and x not in AXES)]


def check(store: Path, asked: Asked) -> None:
    """Refuse what cannot be shown, before anything is.

    Raises
    ------
    InvalidValue
        For smoothing out of range, or too many runs or metrics.
    NotFound
        For a metric that no run has, where runs have others.
    """
    check_smoothing(asked.smoothing)
    if asked.run_ids is not None and len(asked.run_ids) > MOST_RUNS:
        raise InvalidValue(f"Curves show at most {MOST_RUNS} runs, not {len(asked.run_ids):,}: take the best of them.")
    if len(asked.metrics) > MOST_CHARTS:
        raise InvalidValue(f"Curves show at most {MOST_CHARTS} metrics at once, not {len(asked.metrics)}.")
    known = curve_feed.metric_keys(store) if store_exists(store) else []
    if not known:
        return
    for key in (*asked.metrics, *(() if asked.x in AXES else (asked.x,))):
        if key not in known:
            near = difflib.get_close_matches(key[:100], known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known[:8])}."
            raise NotFound(f"No run has the metric {one_line(key)!r}; {hint}")


def choose(store: Path, asked: Asked, reader: Reader | None = None) -> Choice:
    """Return what is shown of a store now; who reads it otherwise than as it is hands in a reader of it."""
    reader = reader or Reader(store)
    nothing = Choice(empty=_empty(asked))
    if not store_exists(store):
        return nothing
    notes: list[str] = []
    records = _records(reader, asked, notes)
    if not records:
        return nothing
    possible = [*groupings(records), *([COMPARED] if asked.columns else [])]
    groups = None
    if asked.group:
        groups = _groups(reader, records, asked)
        records = _of_kept_groups(records, groups, asked, notes)
    charts = _charts(reader, records, asked, notes)
    if not charts:
        return nothing
    curves = reader.stored_curves([run.number for run in records if run.number is not None])
    return Choice(
        runs=tuple(curve_runs(records, groups)),
        charts=tuple(charts),
        curves=tuple(curves),
        metrics=tuple(dict.fromkeys(curve.key for curve in curves)),
        groupings=tuple(possible),
        notes=tuple(notes),
        records=tuple(records),
    )


def _empty(asked: Asked) -> str:
    """The sentence where there is nothing to draw."""
    if asked.run_ids is not None and not asked.run_ids:
        return NO_MATCH
    what = ", ".join(map(one_line, asked.metrics)) or "a metric"
    if asked.run_ids is None:
        return f"No run has logged {what} yet. It appears here when one does."
    return f"None of these runs has logged {what}. It appears here when one does."


def _records(reader: Reader, asked: Asked, notes: list[str]) -> list[Run]:
    """The runs that were named, else the baseline, the pinned and the newest; a note says what was left out."""
    if asked.run_ids is not None:
        return [run for run in reader.runs_of(asked.run_ids) if run.lifecycle_stage == "active"]
    numbers, total = curve_feed.runs_with(reader.store, asked.metrics, MOST_RUNS if asked.group else DEFAULT_RUNS)
    records = reader.runs_of(table_rows.ids_of(reader.store, sorted(numbers)))
    if total > len(records):
        notes.append(f"{len(records)} of {counted(total, 'run')}: the baseline, the pinned and the newest")
    return records


def _of_kept_groups(records: list[Run], groups: Mapping[str, str], asked: Asked, notes: list[str]) -> list[Run]:
    """The runs of the groups that are drawn: all where runs were named; a note says what was left out."""
    kept = set(groups.values()) if asked.run_ids is not None else _newest_groups(records, groups)
    total = len(set(groups.values()))
    if len(kept) == total:
        return records
    notes.append(f"{len(kept)} of {counted(total, 'group')}: the baseline's, the pinned and the newest")
    return [run for run in records if groups[run.run_id] in kept]


def _charts(reader: Reader, records: Sequence[Run], asked: Asked, notes: list[str]) -> list[Chart]:
    """A chart for each metric that was named, else for the main ones; a note says what was left out."""
    aims = _targets(reader, records)
    charts = [
        Chart(key, goal_among(records, key), aims.get(key))
        for key in asked.metrics or main_metrics(records)
        if any(key in run.metrics for run in records)
    ]
    if asked.metrics or len(charts) <= DEFAULT_CHARTS:
        return charts
    notes.append(f"+{len(charts) - DEFAULT_CHARTS} more metrics")
    return charts[:DEFAULT_CHARTS]


def _groups(reader: Reader, records: Sequence[Run], asked: Asked) -> dict[str, str]:
    """The name of each run's group, by its id."""
    if asked.group == COMPARED and asked.columns:
        names = {run_id: name for name, ids in asked.columns for run_id in ids}
        return {run.run_id: names.get(run.run_id, "none") for run in records}
    return groups_of(reader, records, asked.group)


def _targets(reader: Reader, records: Sequence[Run]) -> dict[str, float]:
    """The targets of the runs' metrics; where experiments disagree that of the newest run."""
    known = reader.targets()
    found: dict[str, float] = {}
    for run in sorted(records, key=lambda run: run.number or 0):
        aims = known.get(run.experiment_name, {})
        found.update({key: aims[key] for key in run.metrics if key in aims})
    return found


def _newest_groups(records: Sequence[Run], groups: Mapping[str, str]) -> set[str]:
    """The groups to draw where nobody has named runs: those of the baseline and the pinned ones, then the newest."""
    kept = [run for run in records if run.pinned or run.baseline_run_id == run.run_id]
    newest = sorted(records, key=lambda run: -(run.number or 0))
    return set(list(dict.fromkeys(groups[run.run_id] for run in [*kept, *newest]))[:DEFAULT_RUNS])


def main_metrics(records: Sequence[Run]) -> list[str]:
    """Return the metrics of runs, main ones first; those with a curve before single values."""
    best: dict[str, tuple[int, bool]] = {}
    for run in records:
        for key, metric in run.metrics.items():
            place = (rank(metric, run.goals), metric.count < 2)
            best[key] = min(best.get(key, place), place)
    curved = [key for key, (_, single) in best.items() if not single] or list(best)
    first = first_logged(
        [key for key in curved if best[key][0] == 0],
        ((run.number or 0, run.metrics) for run in records),
        aimed_in(run.goals for run in records),
    )
    return sorted(curved, key=lambda key: (best[key], first.get(key, (0, 0))))


def revision(store: Path) -> int:
    """Return the store's revision; -1 where there is none yet."""
    return table_rows.revision(store) if store_exists(store) else -1
