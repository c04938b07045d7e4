"""One record in full: a run, an experiment, the status of the tracker; facts first, then plain tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from ..errors import TrackError
from ..records import Artifact, Experiment, MetricSummary, Run, Shown
from ..store.reader import Reader
from . import datasets
from .beside import ALONE, Beside
from .card import children_words, run_words, source_words
from .format import NAME_LIMIT, duration, iso, middle_cut, number, one_line, param_text, plain_text, precision_of, size
from .goals import Goal, goal_of, main_first
from .logged import models_in
from .surroundings import NOTHING, Surroundings
from .surroundings import facts as surrounding_facts
from .tokens import State, state_of

VALUE_LIMIT = 200
ALL_CHANGES = 12
MAX_FILES = 50
_METRIC_SOURCES = {
    "logged": "logged",
    "named": "named on the line",
    "result": "last expression",
    "auto": "captured",
    "system": "of the machine",
}


@dataclass(frozen=True)
class Grid:
    """A small table: its header (may be empty), rows of text, which columns hold numbers, and which one may wrap."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]
    wrap: int = 1


@dataclass(frozen=True)
class Details(Shown):
    """What a record says in full.

    Attributes
    ----------
    name, number : str
        The heading; both may be empty.
    state : State or None
        Of a run.
    facts : tuple of (str, str)
        A label and what it is.
    problems : tuple of str
        What is wrong, a line each.
    grids : tuple of Grid
    block : str
        Text of several lines, such as a traceback.
    """

    name: str = ""
    number: str = ""
    state: State | None = None
    facts: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    block: str = ""


def run_details(
    run: Run,
    *,
    figures: int = 0,
    artifacts: Sequence[Artifact] = (),
    beside: Beside = ALONE,
    surroundings: Surroundings = NOTHING,
    cells: Sequence[str] = (),
    zone: tzinfo | None = None,
) -> Details:
    """Return all that the record of a run says.

    Parameters
    ----------
    run : Run
    figures : int, default 0
        How many figures were kept.
    artifacts : sequence of Artifact
        The files to list.
    beside : Beside, optional
        What changed since the run before it of the same cell, the runs that it repeats, its children.
    surroundings : mapping, optional
        What surrounded it, as `Reader.surroundings` gives it.
    cells : sequence of str, optional
        Its code; the packages that it imports are named first.
    zone : tzinfo or None, default None
        The reader's time zone; None is the machine's.
    """
    facts = [("experiment", run.experiment_name), ("started", iso(run.start_time, zone))]
    if run.duration is not None:
        facts.append(("duration", duration(run.duration)))
    facts += [*_relations(run, beside), ("pinned", "yes" if run.pinned else "")]
    facts += [("note", run.note or ""), ("notebook", run.notebook or ""), ("user", run.user_id)]
    facts += [("parent", _parent(run, beside)), ("figures", str(figures) if figures else ""), ("id", run.run_id)]
    facts.append(("lifecycle", "" if run.lifecycle_stage == "active" else run.lifecycle_stage))
    facts += surrounding_facts(surroundings, zone, cells)
    problem = f"{run.error.name}: {run.error.message}" if run.error else ""
    grids = [_metrics(run), _params(run), _datasets(run), _pairs(("tag", "value"), run.own_tags), _artifacts(artifacts)]
    return Details(
        name=middle_cut(one_line(run.name), NAME_LIMIT),
        number="" if run.number is None else f"#{run.number}",
        state=state_of(run.state),
        facts=_clean(facts),
        problems=(_value(problem),) if problem else (),
        grids=tuple(grid for grid in grids if grid.rows),
        block=plain_text(run.error.lines).strip("\n") if run.error else "",
    )


def _parent(run: Run, beside: Beside) -> str:
    return run.parent_run_id or "" if beside.parent is None else beside.parent.label


def files_of(run: Run) -> Sequence[Artifact]:
    """Return the files of a run from the store that it was read from; none where that cannot be read now."""
    if run.store is None:
        return ()
    try:
        return Reader(run.store).artifacts(run.run_id)
    except TrackError:  # showing a record fails for no store that has gone or is locked meanwhile
        return ()


def _relations(run: Run, beside: Beside) -> list[tuple[str, str]]:
    """Return what is to be said of a run and others: what changed, repeats, the baseline, children."""
    facts = []
    if beside.previous is not None and beside.changed is not None and not beside.changed.equal:
        told = ", ".join(beside.changed.short(ALL_CHANGES))
        facts.append(("changed", f"{told} (since {run_words(beside.previous)})" if told else ""))
    if len(beside.repeats) > 1:
        facts.append(("repeats", f"{run_words(beside.repeats[-1])} ({beside.count})"))
    baseline = "of its experiment" if run.baseline_run_id == run.run_id else ""
    return [*facts, ("baseline", baseline), ("children", " · ".join(children_words(beside.children))[9:])]


def experiment_details(experiment: Experiment, *, zone: tzinfo | None = None) -> Details:
    """Return all that the record of an experiment says."""
    facts = [("id", experiment.experiment_id)]
    if experiment.lifecycle_stage != "active":
        facts.append(("lifecycle", experiment.lifecycle_stage))
    if experiment.creation_time is not None:
        facts.append(("created", iso(experiment.creation_time, zone)))
    if experiment.last_update_time is not None:
        facts.append(("updated", iso(experiment.last_update_time, zone)))
    facts.append(("artifacts", experiment.artifact_location))
    goals = {key: Goal(direction).words for key, direction in experiment.goals.items()}
    grids = [_pairs(("metric", "goal"), goals), _pairs(("tag", "value"), experiment.tags)]
    return Details(
        name=middle_cut(one_line(experiment.name), NAME_LIMIT),
        facts=_clean(facts),
        grids=tuple(grid for grid in grids if grid.rows),
    )


def status_details(items: Sequence[tuple[str, str]], problems: Sequence[str]) -> Details:
    """Return what ``%track status`` says: facts, and what is wrong."""
    return Details(facts=_clean(items), problems=tuple(one_line(problem) for problem in problems))


def _value(text: str) -> str:
    return middle_cut(one_line(text), VALUE_LIMIT)


def _clean(facts: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((one_line(label), _value(text)) for label, text in facts if text)


def _pairs(header: tuple[str, str], pairs: Mapping[str, str]) -> Grid:
    rows = tuple((one_line(key), _value(value)) for key, value in pairs.items())
    return Grid(header, rows, (False, False))


def _datasets(run: Run) -> Grid:
    return Grid(
        ("data", "for", "size", "source", "digest"), datasets.rows_of(run), (False, False, True, False, False), 3
    )


def _params(run: Run) -> Grid:
    rows = tuple(
        (one_line(param.key), param_text(param, VALUE_LIMIT), param.type, source_words(param.source))
        for param in run.params.values()
    )
    return Grid(("param", "value", "type", "source"), rows, (False, False, False, False))


def _metrics(run: Run) -> Grid:
    rows = tuple(_metric_row(metric, goal_of(metric.key, run.goals)) for metric in main_first_of(run))
    header = ("metric", "last", "at step", "min", "max", "points", "source")
    return Grid(header, rows, (False, True, True, True, True, True, False))


def _artifacts(artifacts: Sequence[Artifact]) -> Grid:
    models, others = models_in(artifacts)
    rows = [(f"{one_line(one.name)}/", one_line(one.title), size(one.size)) for one in models]
    rows += [
        (one_line(artifact.path), one_line(artifact.title or artifact.kind), size(artifact.size))
        for artifact in others
        if artifact.kind != "state"
    ]
    if len(rows) > MAX_FILES:
        rows[MAX_FILES:] = [(f"+{len(rows) - MAX_FILES:,} more", "", "")]
    return Grid(("artifact", "what", "size"), tuple(rows), (False, False, True))


def main_first_of(run: Run) -> list[MetricSummary]:
    """Return a run's metrics in the order in which they are shown."""
    return main_first(run.metrics.values(), run.goals)


def _metric_row(metric: MetricSummary, goal: Goal) -> tuple[str, ...]:
    extremes = [value for value in (metric.min, metric.max) if value is not None]
    precision = precision_of([metric.last, *extremes], goal.direction)
    name = f"{one_line(metric.key)} {goal.arrow}".rstrip()
    curved = metric.count > 1
    return (
        name,
        number(metric.last, precision),
        str(metric.last_step) if curved else "",
        number(metric.min, precision) if curved and metric.min is not None else "",
        number(metric.max, precision) if curved and metric.max is not None else "",
        str(metric.count),
        _METRIC_SOURCES.get(metric.source, one_line(metric.source)),
    )
