"""Reading what a table of runs needs besides the runs: only what the rows that are shown ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType

from ..errors import TrackError
from ..records import Run
from ..store import relatives
from ..store.best import Best, best_among
from ..store.reader import Reader
from .arrange import Unit, arranged, is_attempt
from .best_first import best_first
from .format import one_line
from .found import Runs
from .goals import Goal
from .groups import alike, has_seeds, seedless_sources
from .runs import ALL_HERE, MAX_ROWS, RunTable, TableBeside, run_table
from .seed_rows import by_seed
from .sparkline import Point


def table_of(
    reader: Reader,
    runs: Sequence[Run],
    now_ms: int,
    *,
    limit: int = MAX_ROWS,
    total: int | None = None,
    zone: tzinfo | None = None,
    fold: bool = True,
    curved: int = 0,
    points: int = 60,
    shared: bool = False,
    main: str | None = None,
    seeds: bool = False,
    ranked: Goal | None = None,
    among: Collection[int] | None = None,
) -> RunTable:
    """Read what the table of `runs` says besides them, and return it.

    For all runs, which of them have equal code (where repeats fold), in one query; for the rows that are shown, the run
    before each of the same cell and the code where it differs; the baselines. Points are read only for `curved` rows.

    Parameters
    ----------
    reader : Reader
    runs : sequence of Run
        In the order in which they are shown.
    now_ms : int
        The moment from which ages are told, in milliseconds since the epoch.
    limit : int, default 50
        The most rows.
    total : int or None, default None
        How many runs there are, where `runs` is only a part of them.
    zone : tzinfo or None, default None
        The reader's time zone; None is the machine's.
    fold : bool, default True
        Whether failed attempts and repeats share a row.
    curved : int, default 0
        How many rows at most get a curve of the main metric.
    points : int, default 60
        The most points of such a curve.
    shared : bool, default False
        Whether these curves have one scale, so that rows can be compared; else each has its own.
    main : str or None, default None
        The main metric; None takes a declared or named one, else the one that most runs logged.
    seeds : bool, default False
        Whether runs that differ only in the seed share a row.
    ranked : Goal or None, default None
        The goal of `main`, where the rows are to stand in its order, the best first; else they stand as `runs` do.
    among : collection of int or None, default None
        The numbers of all runs, of which the best are marked, where `runs` is only a part of them; None is all active.

    Raises
    ------
    StoreUnavailable, NotAStore, CorruptStore
        As `Reader` does.
    """
    if not runs:
        return run_table(runs, now_ms, total=total, zone=zone)
    attempts = [run.run_id for run in runs if is_attempt(run)] if fold else []
    with_files = relatives.with_files(reader.store, attempts)
    sources = reader.sources([run.run_id for run in runs if run.status == "FINISHED"]) if fold else {}
    units = arranged(runs, sources=sources, with_files=with_files, fold=fold)
    if seeds and has_seeds(runs):
        units = by_seed(units, alike(runs, seedless_sources(reader, [run.run_id for run in runs])))
    if ranked is not None and main is not None:
        units = best_first(units, main, ranked)
    beside = beside_of_rows(reader, runs, units[:limit], sources)
    table = run_table(runs, now_ms, beside=beside, units=units, main=main, limit=limit, total=total, zone=zone)
    main = table.columns[0].key if curved and table.columns else ""
    curves = _curves(reader, units[:limit], main, curved, points)
    if (total or 0) > len(runs):
        beside = replace(beside, beyond=best_beyond(reader.store, table, runs, among))
    if not curves and not beside.beyond:
        return table
    return run_table(
        runs,
        now_ms,
        beside=beside,
        units=units,
        curves=curves,
        main=main,
        shared=shared,
        limit=limit,
        total=total,
        zone=zone,
    )


def best_beyond(store: Path, table: RunTable, runs: Sequence[Run], among: Collection[int] | None) -> dict[str, Best]:
    """Return the best of each metric that a table of `runs` shows, of the others it is a part of; None is all active.

    Those that it has count there: repeats with their mean, not each by itself.
    """
    goals = {one.key: one.goal.direction for one in table.columns if one.goal.direction is not None}
    return best_among(store, goals, among, [run.number for run in runs if run.number is not None])


def beside_of_rows(
    reader: Reader, runs: Sequence[Run], shown: Sequence[Unit], sources: Mapping[str, str] = MappingProxyType({})
) -> TableBeside:
    """Read what the rows `shown` of a table of `runs` say besides them; `sources` are the hashes that are known.

    Raises
    ------
    StoreUnavailable, NotAStore, CorruptStore
        As `Reader` does.
    """
    told = [unit.runs[-1] for unit in shown if unit.kind not in ("failed", "seeds")]
    previous = reader.previous_of(told, runs)
    ids = {run.run_id for run in (*told, *previous.values())}
    sources = {**sources, **reader.sources([run_id for run_id in ids if run_id not in sources])}
    pairs = [(run.run_id, previous[run.run_id].run_id) for run in told if run.run_id in previous]
    differing = {one for pair in pairs if sources.get(pair[0]) != sources.get(pair[1]) for one in pair}
    present = {run.run_id for run in runs}
    wanted = {run.baseline_run_id for run in runs if run.baseline_run_id is not None}
    baselines = reader.runs_of(sorted(wanted - present))
    return TableBeside(
        sources=sources,
        codes=reader.source_texts(sorted(differing)),
        previous=previous,
        baselines={run.experiment_id: run for run in baselines if run.lifecycle_stage == "active"},
    )


def _curves(reader: Reader, shown: Sequence[Unit], main: str, curved: int, points: int) -> dict[str, list[Point]]:
    """Return the main metric's points of the first rows that have more than one."""
    having = [
        unit.run
        for unit in shown
        if unit.kind != "seeds" and main in unit.run.metrics and unit.run.metrics[main].count > 1
    ]
    return {
        run.run_id: [(point.step, point.value) for point in reader.curve(run.run_id, main, points)]
        for run in having[:curved]
    }


def shown_table(runs: Sequence[Run], now_ms: int, *, total: int | None = None) -> RunTable:
    """Return the table of what a search found; where the store cannot be read, what the records alone tell."""
    if not runs and isinstance(runs, Runs) and runs.empty:
        return RunTable((), (), empty=runs.empty)
    store = runs.store if isinstance(runs, Runs) else None
    if not isinstance(runs, Runs) or store is None:
        return run_table(runs, now_ms, total=total)
    try:
        table = table_of(Reader(store), runs, now_ms, total=total)
    except TrackError:  # it is gone, or locked: the runs that were found are still shown
        table = run_table(runs, now_ms, total=total)
    return replace(table, every=every_of(runs))


def every_of(runs: Runs) -> str:
    """Return what gives all runs where a table has a part of them: the search that found them, where there is one."""
    return one_line(runs.every) or ALL_HERE
