"""The table of runs: what a row says, and which value is the best.

Columns are chosen from the rows that are shown, so the cost follows what is looked at; "best" means best of all runs
that were asked for, and where no row holds it the line below the table says which run does. A row of repeats shows
their mean and spread, and counts with its mean.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..records import Run, Shown
from .arrange import Unit, arranged, children_of
from .changes import difference
from .columns import Column, columns_of
from .format import age, clock, duration, iso, middle_cut, number, one_line
from .goals import main_first
from .measured import Measured, is_best, measured_of
from .run_cells import Cell, metric_cell, param_cell
from .seed_rows import group_words, state_among, telling
from .sparkline import Point, Scale, shared_scale, sparkline
from .tokens import State, run_color, state_of
from .words import counted

if TYPE_CHECKING:
    from ..store.best import Best

EMPTY = "No runs here yet. Put %%track above a cell and run it."
NO_MATCH = "No run matches what was asked for; without a filter all runs are shown."
NAME_LIMIT = 40
MAX_ROWS = 50
FEW_ROWS = 12  # a table of more is counted, and scrolls inside
ALL_RUNS = "track.runs()"  # what gives those that a table leaves out
ALL_HERE = ".df has all"  # of runs that no search found as they are
MAX_ERRORS = 3  # kinds of errors that a row of failed attempts names


@dataclass(frozen=True)
class Row:
    """One run, one with its repeats, or failed attempts.

    Attributes
    ----------
    run_id, number : str
        Of the run that the row is named after, the newest; `number` is empty for failed attempts.
    depth : int
        1 for a child that stands below its parent.
    changed : tuple of str
        What changed since the run before it; leaves out what has a column.
    marks : tuple of str
        What stands behind the name: ``×3``, ``deleted``, ``baseline``, ``pinned``.
    top : bool
        Whether it stands on top of the others: the baseline and pinned runs.
    run_ids : tuple of str
        The runs that the row stands for.
    """

    run_id: str
    number: str
    state: State
    name: str
    full_name: str
    depth: int
    changed: tuple[str, ...]
    cells: tuple[Cell, ...]
    duration: str
    age: str
    started: str
    marks: tuple[str, ...] = ()
    top: bool = False
    experiment: str = ""
    run_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunTable(Shown):
    """What the table says.

    Attributes
    ----------
    columns : tuple of Column
        The main metric, other metrics, params that differ.
    rows : tuple of Row
    more : int
        Runs that are not shown.
    equal : int
        Metrics and params that are equal or empty and have no column.
    differing : int
        Metrics and params that differ and found no room.
    best_elsewhere : str
        ``best accuracy 0.9641 #12`` where no row holds the main metric's best value; else empty.
    as_of : str
        When the ages were told, in ISO 8601: a static table grows old.
    versus : str
        ``vs #9`` where a row shows the change against a baseline, ``vs baseline`` where against several; else empty.
    mixed : bool
        Whether the rows are of several experiments, which then have a column.
    deleted : int
        How many of the runs are in the bin; each says so behind its name.
    empty : str
        What is said where there is no row.
    every : str
        The code that gives all runs, of which the table has a part.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    more: int = 0
    equal: int = 0
    differing: int = 0
    best_elsewhere: str = ""
    as_of: str = ""
    versus: str = ""
    mixed: bool = False
    deleted: int = 0
    empty: str = EMPTY
    every: str = ALL_RUNS


@dataclass(frozen=True)
class TableBeside:
    """What is known besides the runs of a table; `table_of` reads it.

    Attributes
    ----------
    sources : mapping of str to str
        A hash of each run's code, by run id.
    codes : mapping of str to str
        The code of runs, by run id, where that of a run and the one before it differs.
    with_files : collection of str
        The failed runs that hold a file of their own.
    previous : mapping of str to Run, or None
        The run before each run of the same cell; None goes by the experiment, the parent and the time.
    baselines : mapping of str to Run
        By experiment id, the run that the others are measured against.
    beyond : mapping of str to Best
        By metric, the best of the runs that were asked for besides those of the table.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    with_files: Collection[str] = frozenset()
    previous: Mapping[str, Run] | None = None
    baselines: Mapping[str, Run] = field(default_factory=dict)
    beyond: Mapping[str, Best] = field(default_factory=dict)


NOTHING_BESIDE = TableBeside()


def run_table(
    runs: Sequence[Run],
    now_ms: int,
    *,
    beside: TableBeside = NOTHING_BESIDE,
    units: Sequence[Unit] | None = None,
    curves: Mapping[str, Sequence[Point]] = MappingProxyType({}),
    main: str | None = None,
    shared: bool = False,
    limit: int = MAX_ROWS,
    total: int | None = None,
    zone: tzinfo | None = None,
    fold: bool = True,
) -> RunTable:
    """Decide what the table of `runs` says.

    Parameters
    ----------
    runs : sequence of Run
        In the order in which they are shown; a child moves below its parent, the baseline and pinned ones to the top.
    now_ms : int
        The moment from which ages are told, in milliseconds since the epoch.
    beside : TableBeside, optional
        What tells repeats, what changed and the change against the baseline.
    units : sequence of Unit or None, default None
        The rows, where they were arranged before.
    curves : mapping of str to sequence of (step, value)
        By run id, the main metric's points for its sparkline.
    main : str or None, default None
        The main metric; None takes a declared or named one, else the one that most runs logged.
    shared : bool, default False
        Whether the sparklines have one scale.
    limit : int, default 50
        The most rows.
    total : int or None, default None
        How many runs there are, where `runs` is only a part of them.
    zone : tzinfo or None, default None
        The reader's time zone; None is the machine's.
    fold : bool, default True
        Whether failed attempts and repeats share a row.

    Returns
    -------
    RunTable
    """
    if units is None:
        units = arranged(runs, sources=beside.sources, with_files=beside.with_files, fold=fold)
    shown = units[:limit]
    columns = columns_of(telling(shown), main)
    best = {key: one.value for key, one in beside.beyond.items()}
    metrics = [measured_of(column, units, shown, best.get(column.key)) for column in columns.metrics]
    every = _Every(runs, beside, metrics, columns.params, units)
    scale = _scale_of(runs, metrics[0].column.key) if shared and curves and metrics else None
    rows = [_row(unit, every, curves, scale, now_ms, zone) for unit in shown]
    told = sum(len(row.run_ids) for row in rows)
    return RunTable(
        columns=(*columns.metrics, *columns.params),
        rows=tuple(rows),
        more=max(total or 0, len(runs)) - told,
        equal=columns.equal,
        differing=columns.differing,
        best_elsewhere=_best_elsewhere(shown, units[limit:], metrics, beside.beyond),
        as_of=iso(now_ms, zone),
        versus=_versus(rows, {unit.run.experiment_id for unit in shown}, every.baselines),
        mixed=len({unit.run.experiment_id for unit in shown}) > 1,
        deleted=sum(run.lifecycle_stage == "deleted" for run in runs),
    )


def change_words(cell: Cell) -> str:
    """Return ``+0.0120 ▲``, ``+0.0010 within noise``, ``same``, or nothing where there is no baseline.

    How many repeats tell the noise stands behind the names: ``×3``.
    """
    if cell.change is None:
        return ""
    told = "within noise" if cell.noise else cell.change.arrow
    return " ".join(part for part in (cell.change.text, told) if part)


def changed_columns(table: RunTable) -> tuple[bool, ...]:
    """Return for each column whether a row of it shows a change."""
    return tuple(any(row.cells[index].change is not None for row in table.rows) for index in range(len(table.columns)))


def table_foot(table: RunTable) -> list[str]:
    """Return what the line below a table says."""
    parts = [f"{len(table.rows):,} {'runs' if _plain(table) else 'rows'}"] if len(table.rows) > FEW_ROWS else []
    parts += [f"{table.more:,} more", table.every] if table.more else []
    them = "it" if table.deleted == 1 else "them"
    parts += [f"{counted(table.deleted, 'run')} in the bin: .restore() takes {them} out"] if table.deleted else []
    parts += [table.best_elsewhere] if table.best_elsewhere else []
    if table.differing:
        parts.append(f"{table.differing} more column{' differs' if table.differing == 1 else 's differ'}")
    if table.equal:
        parts.append(f"{table.equal} column{' is' if table.equal == 1 else 's are'} equal or empty")
    return [*parts, f"as of {table.as_of}"]


def _plain(table: RunTable) -> bool:
    return all(len(row.run_ids) == 1 for row in table.rows)


def _versus(rows: Sequence[Row], experiments: Collection[str], baselines: Mapping[str, Unit]) -> str:
    if not any(cell.change for row in rows for cell in row.cells):
        return ""
    used = [unit.run for experiment, unit in baselines.items() if experiment in experiments]
    return f"vs #{used[0].number}" if len(used) == 1 and used[0].number is not None else "vs baseline"


# ---- metrics


def _best_elsewhere(
    shown: Sequence[Unit], hidden: Sequence[Unit], metrics: Sequence[Measured], beyond: Mapping[str, Best]
) -> str:
    """Return where the best value of the main metric is, where it is in no row that is shown."""
    if not metrics or metrics[0].best is None:
        return ""
    main = metrics[0]
    winner: Run | Best | None = next((unit.run for unit in hidden if is_best(unit, main)), None)
    if winner is None and not any(is_best(unit, main) for unit in shown):
        winner = beyond.get(main.column.key)
    if winner is None:
        return ""
    name = f"#{winner.number}" if winner.number is not None else middle_cut(one_line(winner.name), 24)
    told = f"best {main.column.title} {number(main.best or 0.0, main.precision)} {name}"
    return f"{told}, still running" if winner.state == "running" else told


# ---- rows


class _Every:
    """What a row is told from besides its own runs."""

    def __init__(
        self,
        runs: Sequence[Run],
        beside: TableBeside,
        metrics: Sequence[Measured],
        params: Sequence[Column],
        units: Sequence[Unit],
    ) -> None:
        self.beside = beside
        self.metrics = metrics
        self.params = params
        self.children = children_of(runs)
        self.previous = predecessors(runs) if beside.previous is None else beside.previous
        self.hidden = [column.key for column in params]
        groups = {unit.run.run_id: unit for unit in units}
        own = {run.experiment_id: run for run in runs if run.baseline_run_id == run.run_id}
        self.baselines = {
            experiment: groups.get(run.run_id, Unit((run,))) for experiment, run in {**beside.baselines, **own}.items()
        }

    def changed(self, unit: Unit) -> tuple[str, ...]:
        """What changed since the run before; of repeats since the run before the first of them."""
        if unit.kind in ("failed", "seeds"):
            return _errors(unit.runs) if unit.kind == "failed" else ()
        run = unit.runs[-1]
        before = self.previous.get(run.run_id)
        told: tuple[str, ...] = ()
        if before is not None:
            told = difference(run, before, *self._codes(run, before)).short(hidden=self.hidden)
        return (*self._unseen(unit.run), *told)

    def _codes(self, run: Run, before: Run) -> tuple[str | None, str | None]:
        """The code of both; where it is equal it need not have been read."""
        one, other = (self.beside.sources.get(each.run_id) for each in (run, before))
        if one is not None and one == other:
            return "", ""
        return self.beside.codes.get(run.run_id), self.beside.codes.get(before.run_id)

    def _unseen(self, run: Run) -> tuple[str, ...]:
        """The first metric of a run none of whose metrics has a column."""
        if not run.metrics or any(measured.column.key in run.metrics for measured in self.metrics):
            return ()
        metric = main_first(run.metrics.values(), run.goals)[0]
        return (f"{one_line(metric.key)} {number(metric.last)}",)


def predecessors(runs: Sequence[Run]) -> dict[str, Run]:
    """Return for each run the one before it in time, among those of the same experiment and parent."""
    before: dict[str, Run] = {}
    last: dict[tuple[str, str | None], Run] = {}
    for run in sorted(runs, key=lambda run: (run.start_time, run.number or 0)):
        group = (run.experiment_id, run.parent_run_id)
        if group in last:
            before[run.run_id] = last[group]
        last[group] = run
    return before


def _errors(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return what the attempts failed with: ``ValueError ×9``, the most frequent first."""
    counts: dict[str, int] = {}
    for run in runs:
        if run.error is not None:
            counts[run.error.name] = counts.get(run.error.name, 0) + 1
    ordered = sorted(counts, key=lambda name: -counts[name])
    told = [f"{one_line(name)} ×{counts[name]}" if counts[name] > 1 else one_line(name) for name in ordered]
    return (*told[:MAX_ERRORS], f"+{len(told) - MAX_ERRORS}") if len(told) > MAX_ERRORS else tuple(told)


def _row(
    unit: Unit,
    every: _Every,
    curves: Mapping[str, Sequence[Point]],
    scale: Scale | None,
    now_ms: int,
    zone: tzinfo | None,
) -> Row:
    run = unit.run
    failed, seeds = unit.kind == "failed", unit.kind == "seeds"
    name = f"▸ {len(unit.runs):,} failed attempts" if failed else unit.label if seeds else one_line(run.name)
    return Row(
        run_id=run.run_id,
        number="" if run.number is None or failed or seeds else str(run.number),
        state=state_among(unit) if seeds else state_of(run.state),
        name=middle_cut(name, NAME_LIMIT) or run.run_id[:8],
        full_name=group_words(unit) if seeds else name,
        depth=unit.depth,
        changed=every.changed(unit),
        cells=_cells(unit, every, curves, scale),
        duration="" if failed or seeds else _took(run, now_ms),
        age=age(run.start_time, now_ms, zone),
        started=iso(run.start_time, zone),
        marks=_marks(unit),
        top=unit.top,
        experiment=one_line(run.experiment_name),
        run_ids=tuple(one.run_id for one in unit.runs),
    )


def _took(run: Run, now_ms: int) -> str:
    if run.duration is not None:
        return duration(run.duration)
    return clock((now_ms - run.start_time) / 1000) if run.state == "running" else ""


def _marks(unit: Unit) -> tuple[str, ...]:
    marks = [f"×{len(unit.runs)}"] if unit.kind in ("repeats", "seeds") else []
    if unit.kind == "seeds":
        return tuple(marks)
    marks += ["deleted"] if unit.run.lifecycle_stage == "deleted" else []
    marks += ["baseline"] if unit.run.baseline_run_id == unit.run.run_id else []
    return (*marks, "pinned") if unit.run.pinned else tuple(marks)


def _scale_of(runs: Sequence[Run], key: str) -> Scale | None:
    """Return the scale that the curves of a metric share: of those that the rows show, and of the others."""
    having = [run.metrics[key] for run in runs if key in run.metrics and run.metrics[key].count > 1]
    return shared_scale((metric.min, metric.max) for metric in having)


def _cells(unit: Unit, every: _Every, curves: Mapping[str, Sequence[Point]], scale: Scale | None) -> tuple[Cell, ...]:
    if unit.kind == "failed":
        return (Cell(""),) * (len(every.metrics) + len(every.params))
    run = unit.run
    children, baseline = every.children.get(run.run_id, ()), every.baselines.get(run.experiment_id)
    cells = [metric_cell(unit, measured, children, baseline) for measured in every.metrics]
    if cells and run.run_id in curves and unit.kind != "seeds":
        column = every.metrics[0].column
        color, goal = run_color(run.number), column.goal.direction
        base = run.baseline_run_id == run.run_id
        spark = sparkline(column.key, curves[run.run_id], color=color, direction=goal, scale=scale, baseline=base)
        cells[0] = replace(cells[0], spark=spark)
    return (*cells, *(param_cell(unit, column) for column in every.params))
