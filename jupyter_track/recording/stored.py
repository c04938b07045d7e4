"""Module-level functions on what is stored: runs, searching, and which store it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from ..errors import InvalidValue, NotFound
from ..records import Run, ViewType
from ..store import edits, filter_hints, pending
from ..store.bin import delete_and_warn
from ..store.caller import warn_caller
from ..store.place import parse_store, store_exists
from ..views.board import runs_code
from ..views.format import one_line
from ..views.found import Runs
from . import experiments as stored_experiments
from .session import session
from .tracker import Tracker

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..from_mlflow.bring import Imported
    from ..store.upkeep.merge import Merged

NONE_WANTED = "No run was asked for: the limit is 0."


# ---- runs


def get_run(run_id: str | int) -> Run:
    """Return a run as it stands in the store.

    Parameters
    ----------
    run_id : str or int
        An id, or what people call the run, here and wherever a function takes a run: ``12`` or ``"#12"``, a name (the
        newest so called), six or more digits of the id, ``last``, ``last~1``, ``best``, ``best:val_loss``.

    Raises
    ------
    NotFound
        Where there is no such run (with the nearest names), or several are meant (with the candidates).

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.get_run("best:accuracy").params["C"].value  # doctest: +SKIP
    10.0
    """
    tracker = session.tracker()
    return tracker.read(tracker.meant(run_id))


def get_parent_run(run_id: str | int) -> Run | None:
    """Return the parent of a run, None where it has none.

    Parameters
    ----------
    run_id : str or int
        The run as people name it.

    Returns
    -------
    Run or None

    Raises
    ------
    NotFound
        Where there is no such run.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.get_parent_run("last").name  # doctest: +SKIP
    """
    parent = get_run(run_id).parent_run_id
    return None if parent is None else get_run(parent)


def delete_run(run_id: str | int) -> None:
    """Put a run into the bin; deleting twice is fine.

    A run that is still running goes on: what it logs lies in the bin with it. One warning says so.

    Parameters
    ----------
    run_id : str or int
        The run as people name it.

    Raises
    ------
    NotFound
        Where there is no such run.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.delete_run("last")  # doctest: +SKIP
    """
    tracker = session.tracker()
    delete_and_warn(tracker.store, [tracker.meant(run_id)])


def restore_run(run_id: str | int) -> None:
    """Take a run out of the bin, with all that it has logged since; of a name the newest deleted run is meant.

    Parameters
    ----------
    run_id : str or int
        The run as people name it.

    Raises
    ------
    NotFound
        Where there is no such run in the bin.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.restore_run(12)  # doctest: +SKIP
    """
    tracker = session.tracker()
    edits.restore_run(tracker.store, tracker.meant(run_id, deleted=True))


# ---- search


def runs(
    filter_string: str = "",
    *,
    experiments: str | Sequence[str] | None = None,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    deleted: bool = False,
) -> Runs:
    """Return the runs that match a filter, in all experiments of the store; they show themselves as a table.

    Parameters
    ----------
    filter_string : str, default ""
        Such as ``"params.lr >= 1e-3 AND tags.keep = 'yes'"``, ``"'dropout' AND metrics.loss < 0.5"`` or
        ``"start_time > ago(2d)"``; see README, Search.
    experiments : str or list of str, optional
        Names of the experiments to look in; all by default.
    order_by : str or list of str, optional
        Such as ``"metrics.loss DESC"``; the newest first by default.
    limit : int, optional
        The most runs.
    deleted : bool, default False
        Look in the bin instead.

    Returns
    -------
    Runs
        A list with ``.df``, ``.best("accuracy")``, ``.compare()``, ``.tag(…)``, ``.note(…)``, ``.pin()``,
        ``.move(…)``, ``.delete()`` and ``.restore()``.

    Raises
    ------
    FilterError
        Where filter or order cannot be read; it names the position.
    NotFound
        Where there is no experiment of a name.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.runs("metrics.accuracy > 0.9", order_by="metrics.accuracy DESC", limit=3)
    []
    """
    tracker = session.tracker()
    pending.flush(tracker.store)
    entries = [order_by] if isinstance(order_by, str) else list(order_by or ())
    names = [experiments] if isinstance(experiments, str) else experiments
    ids = None if names is None else [stored_experiments.named(tracker, name).experiment_id for name in names]
    if not store_exists(tracker.store):
        _check_search(filter_string, entries)
        return Runs(store=tracker.store)
    stage = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    found = tracker.reader.runs(ids, filter_string, entries, stage, limit)
    for hint in filter_hints.unknown_orders(tracker.store, entries) if not deleted else ():
        warn_caller(f"order_by: {hint[0].lower()}{one_line(hint[1:])}")
    empty = ""
    if not found:
        empty = NONE_WANTED if limit == 0 else none_found(tracker, filter_string, names, deleted=deleted)
    every = runs_code(filter_string, experiments, order_by, limit, deleted=deleted)
    return Runs(found, store=tracker.store, empty=empty, every=every)


def none_found(
    tracker: Tracker, filter_string: str, experiments: Sequence[str] | None = None, *, deleted: bool = False
) -> str:
    """Return what is shown for a search that found none; empty where all runs were asked for.

    Where deleted runs were asked for too, it is not said which key no active run has.
    """
    where = "" if experiments is None else f" of {', '.join(map(one_line, experiments)) or 'no experiment'}"
    if filter_string.strip():
        hints = [] if deleted else map(one_line, filter_hints.unknown_keys(tracker.store, filter_string))
        return "\n".join([f"No run{where} matches {one_line(filter_string.strip())}.", *hints])
    if deleted:
        return f"No run{where} is in the bin." if where else "The bin is empty."
    return f"There is no run{where}." if where else ""


@overload
def search_runs(
    experiment_ids: Sequence[str | int] | str | int | None = ...,
    filter_string: str = ...,
    run_view_type: int = ...,
    max_results: int = ...,
    order_by: Sequence[str] | None = ...,
    output_format: Literal["pandas"] = ...,
    search_all_experiments: bool = ...,
    experiment_names: Sequence[str] | None = ...,
) -> DataFrame: ...


@overload
def search_runs(
    experiment_ids: Sequence[str | int] | str | int | None = ...,
    filter_string: str = ...,
    run_view_type: int = ...,
    max_results: int = ...,
    order_by: Sequence[str] | None = ...,
    *,
    output_format: Literal["list"],
    search_all_experiments: bool = ...,
    experiment_names: Sequence[str] | None = ...,
) -> Runs: ...


def search_runs(
    experiment_ids: Sequence[str | int] | str | int | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: Literal["pandas", "list"] = "pandas",
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> DataFrame | Runs:
    """Return the runs that match a filter.

    Parameters
    ----------
    experiment_ids, experiment_names : list of str, optional
        Where to search; the current experiment where neither is given.
    filter_string : str
        Such as ``"metrics.accuracy > 0.9 and params.model = 'svm'"``; see README, Search.
    run_view_type : int
        ``ViewType.ACTIVE_ONLY``, ``DELETED_ONLY`` or ``ALL``.
    max_results : int, default 100,000
    order_by : list of str, optional
        Such as ``["metrics.loss DESC"]``; the newest first by default.
    output_format : {"pandas", "list"}
    search_all_experiments : bool, default False

    Returns
    -------
    pandas.DataFrame or Runs
        As ``"list"`` a list of `Run` that shows itself as a table. As a frame mlflow's columns: run_id,
        experiment_id, status, artifact_uri, start_time, end_time (UTC), then ``metrics.*``
        (float64), ``params.*`` and ``tags.*`` (strings).

    Raises
    ------
    FilterError
        Where filter or order cannot be read; it names the position.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.search_runs(filter_string="metrics.loss < 0.5", output_format="list")
    []
    """
    if output_format not in ("pandas", "list"):
        raise InvalidValue(f"output_format is 'pandas' or 'list', not {output_format!r}.")
    tracker = session.tracker()
    pending.flush(tracker.store)
    ids = _searched(tracker, experiment_ids, experiment_names, search_all_experiments)
    arguments: dict[str, Any] = {
        "experiment_ids": ids,
        "filter_string": filter_string or "",
        "order_by": [order_by] if isinstance(order_by, str) else order_by or (),
        "view_type": run_view_type,
        "limit": max_results,
    }
    if not store_exists(tracker.store):
        return _nothing_found(tracker, filter_string, order_by, output_format)
    if output_format == "list":
        found = tracker.reader.runs(**arguments)
        deleted = run_view_type != ViewType.ACTIVE_ONLY
        empty = none_found(tracker, filter_string, deleted=deleted) if filter_string and not found else ""
        return Runs(found, store=tracker.store, empty=empty)
    return tracker.reader.frame(**arguments)


def _nothing_found(
    tracker: Tracker, filter_string: str, order_by: Sequence[str] | None, output_format: str
) -> DataFrame | Runs:
    """What a search gives where there is no store yet; a filter that cannot be read is an error all the same."""
    from ..store import frames

    _check_search(filter_string, order_by)
    return Runs(store=tracker.store) if output_format == "list" else frames.frame(tracker.store, ())


def _check_search(filter_string: str | None, order_by: Sequence[str] | None) -> None:
    from ..store import filters

    filters.parse_filter(filter_string)
    filters.parse_order_by(order_by)


def _searched(
    tracker: Tracker,
    experiment_ids: Sequence[str | int] | str | int | None,
    experiment_names: Sequence[str] | None,
    search_all: bool,
) -> list[str] | None:
    """The ids of the experiments to search, None for all."""
    named = experiment_names is not None and len(experiment_names) > 0
    identified = isinstance(experiment_ids, int) or (experiment_ids is not None and len(experiment_ids) > 0)
    if identified and named:
        raise InvalidValue("Give either experiment_ids or experiment_names.")
    if experiment_names is not None and named:
        names = [experiment_names] if isinstance(experiment_names, str) else list(experiment_names)
        found = {name: stored_experiments.by_name(tracker, name) for name in names}
        if missing := [name for name, experiment in found.items() if experiment is None]:
            warn_caller(f"There is no experiment {', '.join(map(repr, missing))}.")
        return [experiment.experiment_id for experiment in found.values() if experiment is not None]
    if experiment_ids is not None and identified:
        ids = [experiment_ids] if isinstance(experiment_ids, (str, int)) else list(experiment_ids)
        return [str(identifier) for identifier in ids]
    if search_all:
        return None
    current = stored_experiments.by_name(tracker, session.experiment)
    return [] if current is None else [current.experiment_id]


# ---- the store


def import_mlflow(
    path: str | os.PathLike[str], *, artifacts: Sequence[str | os.PathLike[str]] = (), progress: Any = None
) -> Imported:
    """Bring the runs of an ``mlruns`` or an ``mlflow.db`` into the store; mlflow need not be installed.

    Runs keep their ids, parents, params, whole metric histories, tags, files, models (as files of their runs) and
    datasets. Doing it again brings only what is new.

    Parameters
    ----------
    path : path
        mlflow's folder, its database, or a folder that holds one of them.
    artifacts : list of paths, optional
        Folders outside of it in which files of runs may lie as well.
    progress : callable, optional
        Called with the number of runs looked at, and of all.

    Returns
    -------
    Imported
        How many runs were added, updated and unchanged, and what was not brought.

    Raises
    ------
    InvalidValue
        Where there is nothing of mlflow's, or it is damaged.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.import_mlflow("mlruns")  # doctest: +SKIP
    """
    from ..from_mlflow.bring import bring

    tracker = session.tracker()
    place = session.folder() / Path(path).expanduser()
    others = [session.folder() / Path(one).expanduser() for one in artifacts]
    done = bring(tracker.store, place, artifacts=others, progress=progress)
    tracker.forget_experiments()
    return done


def merge(*stores: str | os.PathLike[str], progress: Any = None) -> Merged:
    """Bring the runs of other stores into the store: files, folders with a ``track.db``, or zips that `export` made.

    A run that both have is one run; of what a person changed the later counts. Doing it again brings only what is new.

    Parameters
    ----------
    *stores : path
    progress : callable, optional
        Called with the number of runs looked at, and of all.

    Returns
    -------
    Merged
        How many runs were added, updated and unchanged, and what differed.

    Raises
    ------
    NotFound
        Where there is no such file.
    NotAStore, CorruptStore, NewerStore, InvalidValue
        Where it is no store that can be read; then nothing is merged.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.merge("theirs.zip")  # doctest: +SKIP
    """
    from ..store.upkeep.merge import merge as unite

    tracker = session.tracker()
    places = [parse_store(Path(one).expanduser(), session.folder()) for one in stores]
    missing = [str(place) for place in places if not place.is_file()]
    if missing:
        raise NotFound(f"There is no store at {', '.join(missing)}; nothing was merged.")
    done = unite(tracker.store, places, progress=progress)
    tracker.forget_experiments()
    return done


def set_tracking_uri(uri: str | os.PathLike[str]) -> None:
    """Record into another store: a file, a folder, or ``sqlite:///…``; mlflow's ``file:./mlruns`` works too.

    Where mlflow's own runs lie there, how to bring them is said. The address of a server is not blocked for: runs go to
    the local store, which is named once.

    Parameters
    ----------
    uri : path or str

    Raises
    ------
    RunStateError
        Where a run is open: its later points would go to another store than its first.
    NotAStore, CorruptStore
        Where the file is something else, or damaged.
    InvalidValue
        For an address of another kind.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.set_tracking_uri("results/track.db")  # doctest: +SKIP
    """
    session.use_checked_store(uri)


def get_tracking_uri() -> str:
    """Return the path of the store."""
    return str(session.tracker().store)
