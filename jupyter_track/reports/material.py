"""The runs of a report, read once: ranked, with the best one, the main metric and which of them are compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property

from ..charts.drawn import Drawing
from ..errors import InvalidValue, NotFound
from ..records import RESULT_STATES, Artifact, MetricSummary, Run
from ..records import Goal as Direction
from ..store import relatives, table_rows
from ..store.reader import Reader
from ..store.table_rows import TableRow
from ..views.arrange import Unit
from ..views.axes import Known, known_of
from ..views.best_first import best_first, ranked, sharing
from ..views.compared import Comparison
from ..views.comparison import comparison_of
from ..views.curves import goal_among
from ..views.found import Runs
from ..views.goals import NO_GOAL, SYSTEM, Goal, rank
from ..views.group_comparison import group_comparison_of
from ..views.group_names import group_names
from ..views.groups import has_seeds, is_seed, seed_groups, seedless_sources
from ..views.parallel import Parallel, parallel_of
from .among import baseline_of, is_word, run_among
from .asked import MOST_COMPARED, Asked, Kind
from .privacy import Privacy
from .reading import CleanReader

MOST_RUNS = 10_000
BESIDE = 4  # runs that are compared where nobody named some


@dataclass(frozen=True)
class RunGroup:
    """Runs that differ only in the seed, or a group of a comparison, and what they are called."""

    name: str
    runs: tuple[Run, ...]


@dataclass
class Material:
    """What a report is made of.

    Attributes
    ----------
    reader : CleanReader
        Gives no text that is private: what is made of this material needs not think of it.
    asked : Asked
    kind : {"run", "comparison", "experiment"}
    runs : tuple of Run
        From the best to the worst by the metric; those without a value of it last, the newest first. Of a comparison
        in the order in which they were named.
    metric : str
        By which they are ranked; empty where they have none.
    goal : Goal
        Which way is better for it.
    best : Run or None
    now : int
        The moment that the report says it was made at, in milliseconds since the epoch.
    drawing : Drawing
        Draws the charts that the runs kept as their specs; who makes the report closes it.
    going : callable
        Called now and then within a part that takes long.
    """

    reader: CleanReader
    asked: Asked
    kind: Kind
    runs: tuple[Run, ...]
    metric: str
    goal: Goal
    best: Run | None
    now: int
    drawing: Drawing = field(default_factory=Drawing)
    going: Callable[[], object] = lambda: None
    _artifacts: dict[str, list[Artifact]] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The ids of the runs, ranked."""
        return [run.run_id for run in self.runs]

    @property
    def many(self) -> Material:
        """What tables and charts of many runs are of: the runs, or those below the one of the report."""
        return self.below or self

    @property
    def named(self) -> Sequence[Run]:
        """The runs that a text may name: also those below the one of the report."""
        return self.runs if self.below is None else (*self.runs, *self.below.runs)

    @property
    def main(self) -> Run | None:
        """The run that the report is of, or the best one."""
        return self.runs[0] if self.kind == "run" else self.best

    @cached_property
    def baseline(self) -> Run | None:
        """The baseline that is among the runs; of several that of the best run's experiment."""
        return baseline_of(self.runs, self.best)

    def run_meant(self, word: str) -> Run:
        """Return the run that `best`, `last` or `baseline` means in all of the report.

        Raises
        ------
        NotFound, InvalidValue
            Where there is none.
        """
        return run_among(self.reader, self.many.ranked, word, self.many.best)

    @cached_property
    def ranked(self) -> list[Run]:
        """The runs from the best to the worst, also those of a comparison."""
        return ranked(self.runs, self.metric, self.goal) if self.kind == "comparison" else list(self.runs)

    @cached_property
    def sharing(self) -> list[Run]:
        """The runs with the best value, the best one first: of several with the same none is better."""
        return sharing(self.runs, self.best, self.metric)

    @cached_property
    def groups(self) -> list[RunGroup]:
        """The groups of a comparison, else two or more runs each that differ only in the seed; the best first.

        They are called as their runs are, else by the params in which they differ from other groups.
        """
        by_id = {run.run_id: run for run in self.runs}
        ids: Sequence[Sequence[str]] = self.asked.columns
        if not ids and has_seeds(self.runs):
            found = seed_groups(self.runs, seedless_sources(self.reader, self.ids))
            ids = [group.run_ids for group in found if len(group.run_ids) > 1]
        several = [
            sorted((by_id[one] for one in group), key=lambda run: run.state not in RESULT_STATES) for group in ids
        ]
        names = group_names(several, is_seed, alone=True)
        groups = [RunGroup(name, tuple(group)) for name, group in zip(names, several, strict=True)]
        units = [Unit(group.runs, "seeds", label=group.name) for group in groups]
        return [RunGroup(unit.label, unit.runs) for unit in best_first(units, self.metric, self.goal)]

    @cached_property
    def best_finished(self) -> Run | None:
        """Where the best run still goes on, the best of those that have finished; else None."""
        if self.best is None or self.best.state != "running":
            return None
        done = [run for run in self.ranked if run.state == "finished" and self.metric in run.metrics]
        return next((run for run in done if math.isfinite(run.metrics[self.metric].last)), None)

    @cached_property
    def below(self) -> Material | None:
        """The runs below the one of the report, as those of an experiment; None where it has no children."""
        store = self.reader.store
        numbers = relatives.descendants(store, self.runs[0].run_id)[:MOST_RUNS] if self.kind == "run" else []
        found = Runs(self.reader.runs_of(table_rows.ids_of(store, numbers)), store=store)
        if not found:
            return None
        named = self.reader.metric_meant(self.asked.metric)
        metric, goal = main_metric(self.reader, found, named if any(named in run.metrics for run in found) else None)
        runs, best = tuple(ranked(found, metric, goal)), _best(found, metric, False)
        asked = replace(self.asked, compare=None)
        own = self.now, self.drawing, self.going
        return Material(self.reader, asked, "experiment", runs, metric, goal, best, *own)

    @cached_property
    def best_below(self) -> list[tuple[Run, str, list[Run]]]:
        """Of a comparison the runs without a value, each with a metric and the best below it that are not compared.

        The metric is that of the report where runs below have it, else their own.
        """
        found = []
        inside = set(self.ids)
        without = [run for run in self.runs if self.metric not in run.metrics] if self.kind == "comparison" else []
        for run in without[:MOST_COMPARED]:
            numbers = relatives.descendants(self.reader.store, run.run_id)[:MOST_RUNS]
            read = self.reader.runs_of(table_rows.ids_of(self.reader.store, numbers))
            below = Runs(one for one in read if one.run_id not in inside)
            known = any(self.metric in one.metrics for one in below)
            metric = self.metric if known else main_metric(self.reader, below, None)[0]
            try:
                found.append((run, metric, sharing(below, below.best(metric), metric)))
            except (NotFound, InvalidValue):  # none has a result, or no goal is known
                continue
        return found

    @cached_property
    def goals(self) -> dict[str, Direction]:
        """The goals that were declared in the store."""
        return self.reader.goals()

    @cached_property
    def rows(self) -> list[TableRow]:
        """The runs as charts of many read them, the newest first."""
        numbers = table_rows.numbers_of(self.reader.store, self.ids)
        return self.reader.row_reader().read(numbers)

    @cached_property
    def results(self) -> list[TableRow]:
        """Those of `rows` that finished or are running: what a run that broke off tried is no result.

        All of them where that leaves no two, and of a comparison, which shows all of them side by side.
        """
        found = [row for row in self.rows if row.state in RESULT_STATES]
        return self.rows if len(found) < 2 or self.kind == "comparison" else found

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """The params in which `results` differ; those that more of them have first."""
        known = self.known if len(self.results) == len(self.rows) else known_of(self.results, self.goals)
        counts = {key: sum(key in row.params for row in self.results) for key in known.params_that_differ}
        return tuple(sorted(counts, key=lambda key: -counts[key]))

    @cached_property
    def known(self) -> Known:
        """The params and metrics of the runs, and which of them differ."""
        return known_of(self.rows, self.goals)

    @cached_property
    def parallel(self) -> Parallel:
        """The runs in parallel coordinates.

        Raises
        ------
        TrackError
            Where there is nothing to draw.
        """
        return parallel_of(self.rows, self.goals, None, self.metric, known=self.known)

    @cached_property
    def compared(self) -> list[Run]:
        """The runs that are compared, the first is what the others are measured against; none where there is one."""
        if self.asked.columns:  # of a group its first run stands for all
            return self.reader.runs_of([column[0] for column in self.asked.columns[:MOST_COMPARED]])
        wanted = self._wanted
        if wanted:
            return self._most_telling(wanted)
        several = [run for run, _ in self.chosen]
        return several if len(several) > 1 else []

    @cached_property
    def chosen(self) -> list[tuple[Run, str]]:
        """The runs that are compared where nobody named some, each with why; the first is the reference."""
        standing = [(run, self._standing(run)) for run in self.runs[:2]]
        baseline = [(self.baseline, "the baseline")] if self.baseline else []
        pinned = [(run, "pinned") for run in self.runs if run.pinned]
        best = [(self.best, self._standing(self.best))] if self.best else []
        first = baseline or (standing[1:] if best else [])
        found: dict[str, tuple[Run, str]] = {}
        for run, why in [*first, *best, *pinned, *standing]:
            found.setdefault(run.run_id, (run, why))
        return list(found.values())[:BESIDE]

    def _standing(self, run: Run) -> str:
        """Which of the first two runs one is, in words."""
        if self.best is None:
            return "the newest" if run.run_id == self.runs[0].run_id else "the one before it"
        if run.run_id in {one.run_id for one in self.sharing}:
            which = "the best" if len(self.sharing) == 1 else "one of the best"
            return f"{which} so far" if run.state == "running" else which
        last = run.metrics[self.metric].last if self.metric in run.metrics else math.nan
        return "the second best" if math.isfinite(last) and run.state in RESULT_STATES else "without a result"

    @cached_property
    def _wanted(self) -> list[Run]:
        """The runs of which a comparison was asked for; none where it is left to the report."""
        if self.asked.compare is not None:
            return self.reader.runs_of(list(dict.fromkeys(self.asked.compare)))
        return list(self.runs) if self.kind == "comparison" else []

    def _most_telling(self, runs: Sequence[Run]) -> list[Run]:
        """As many runs as stand side by side, in their order: the first, the best and the baseline are among them."""
        ids = [one.run_id for one in (runs[0], self.best, self.baseline, *runs) if one is not None]
        inside = {run.run_id for run in runs}
        kept = set([one for one in dict.fromkeys(ids) if one in inside][:MOST_COMPARED])
        return [run for run in runs if run.run_id in kept]

    @property
    def not_compared(self) -> int:
        """How many runs, or groups of them, a comparison was asked for and does not show."""
        return max(len(self.asked.columns or self._wanted) - MOST_COMPARED, 0)

    @cached_property
    def comparison(self) -> Comparison | None:
        """What differs between the runs, or the groups of them, that are compared; None where there are not two."""
        columns = self.asked.columns
        if columns:
            return group_comparison_of(self.reader, columns)
        ids = [run.run_id for run in self.compared]
        return comparison_of(self.reader, ids) if len(ids) > 1 else None

    def artifacts(self, run: Run) -> list[Artifact]:
        """Return the files of a run."""
        if run.run_id not in self._artifacts:
            self._artifacts[run.run_id] = self.reader.artifacts(run.run_id)
        return self._artifacts[run.run_id]

    def label(self, run: Run) -> str:
        """Return a run as people name it: ``wide #12``."""
        return f"{run.name} #{run.number}"


def material_of(reader: Reader, run_ids: Sequence[str], asked: Asked, kind: Kind, now: int) -> Material:
    """Read the runs of a report and rank them.

    Raises
    ------
    NotFound
        Where there is no run, or none has the metric that was named.
    InvalidValue
        For more runs than a file should hold, a report of one run on several, or a metric of which no goal is known.
    """
    if len(run_ids) > MOST_RUNS:
        raise InvalidValue(f"A report is of at most {MOST_RUNS:,} runs, not {len(run_ids):,}: filter them.")
    reader = CleanReader(reader.store, Privacy(reader.store, asked.private))
    runs = Runs(reader.runs_of(list(run_ids)), store=reader.store)
    if not runs:
        raise NotFound("There is no run to report on.")
    if kind == "run" and len(runs) > 1:
        raise InvalidValue(f"A report of the kind 'run' is of one run, not {len(runs):,}; name it: '#12', 'best'.")
    if kind == "comparison" and len(runs) < 2:
        raise InvalidValue("A comparison needs two runs or more.")
    named = reader.metric_meant(asked.metric)
    metric, goal = main_metric(reader, runs, named)
    best = _best(runs, metric, named is not None and kind != "run")
    ordered = runs if kind == "comparison" else ranked(runs, metric, goal)
    material = Material(reader, asked, kind, tuple(ordered), metric, goal, best, now)
    if asked.compare is not None:
        ids = tuple(material.run_meant(one).run_id if is_word(one) else one for one in asked.compare)
        material.asked = replace(asked, compare=ids)
    return material


def main_metric(reader: CleanReader, runs: Runs, named: str | None) -> tuple[str, Goal]:
    """Return the metric by which runs are ranked, and its goal.

    Where none is named it is that of the experiment, whichever of its runs are looked at: one with a value to reach,
    then one with a declared goal, in the order of `best`; else the first with a goal.

    Raises
    ------
    NotFound
        Where a metric is named that no run has.
    """
    if named is not None:
        if not any(named in run.metrics for run in runs):
            runs.best(named)  # says what there is
        return named, goal_among(runs, named)
    found: dict[str, list[MetricSummary]] = {}
    for run in runs:
        for key, metric in run.metrics.items():
            if metric.source != SYSTEM:
                found.setdefault(key, []).append(metric)
    if not found:
        return "", NO_GOAL
    goals = {key: goal_among(runs, key) for key in found}
    declared = {key: goal for run in runs for key, goal in run.goals.items()}
    order = _declared_order(reader, runs)

    def place(key: str) -> tuple[bool, int, int, int]:
        first = order.get(key, len(order))
        return goals[key].direction is None, min(rank(one, declared) for one in found[key]), first, -len(found[key])

    key = min(found, key=place)
    return key, goals[key]


def best_among(reader: CleanReader, runs: Sequence[Run]) -> Run | None:
    """Return the best of some runs, as that of a report of them; None where there is none."""
    found = Runs(runs)
    return _best(found, main_metric(reader, found, None)[0], False)


def _declared_order(reader: CleanReader, runs: Runs) -> dict[str, int]:
    """The places of the metrics with a declared goal, as all runs of their experiments tell them."""
    experiments = sorted({int(run.experiment_id) for run in runs if run.goals})
    order: dict[str, int] = {}
    for experiment in experiments:
        for place, key in enumerate(reader.metrics_with_goals(experiment)):
            order[key] = min(order.get(key, place), place)
    return order


def _best(runs: Runs, metric: str, wanted: bool) -> Run | None:
    """The best run; where the metric was named by a person, why there is none is an error."""
    if not metric or len(runs) < 2:
        return None
    try:
        return runs.best(metric)
    except (NotFound, InvalidValue):
        if wanted:
            raise
        return None


def day(milliseconds: int) -> str:
    """Return a day, ``2026-03-12``, in UTC; ``unknown`` for what is no moment."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):  # a store may hold any integer
        return "unknown"


def moment(milliseconds: int) -> str:
    """Return a moment, ``2026-03-12 16:20 UTC``."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, OSError, ValueError):
        return "unknown"
