"""The module-level functions that mlflow's users know, under mlflow's names.

`log_metric` is the hot path: for a float with an integer step it looks up the queue of the curve and appends. All
else (another type, a new key, a run that has just started or ended, too much waiting) takes the slow path.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import time_ns as _time_ns
from typing import IO, TYPE_CHECKING, Any, Literal, overload

from ..errors import InvalidValue, NotFound, RunStateError
from ..records import Experiment, Goal, Run, Runs, RunStatus, ViewType
from ..store import edits, gate, pending
from ..store.place import store_exists
from ..store.problems import report
from ..values import check_key, check_step, metric_value
from . import active, artifacts, context, ending, experiments, short
from .names import random_name
from .run import ActiveRun
from .session import session
from .tracker import Kind, Tracker, check_name, check_note, now_ms

if TYPE_CHECKING:
    from pandas import DataFrame

_put = active.put
_opening = threading.Lock()


# ---- runs


def start_run(
    run_id: str | None = None,
    experiment_id: str | int | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Start a run, or go on with one, and make it the active run of this thread.

    Parameters
    ----------
    run_id : str, optional
        A run to resume; its status goes back to RUNNING.
    experiment_id : str, optional
        The experiment of a new run; by default the one of `set_experiment`, else Default (in a notebook with the
        extension loaded, the experiment that is named after the notebook).
    run_name : str, optional
        A random name such as ``brave-otter-417`` where none is given.
    nested : bool, default False
        Open a child of the active run; with no run active it is an ordinary run. Inside a cell with ``%%track`` a
        run is a child of the cell's run without it.
    parent_run_id : str, optional
        The parent, where it is not the active run.
    tags : dict, optional
    description : str, optional
        The run's note.
    log_system_metrics : bool, optional
        Accepted for mlflow's sake; system metrics are not recorded yet, and True says so.

    Returns
    -------
    ActiveRun
        A context manager that ends the run.

    Raises
    ------
    RunStateError
        Where this thread has a run open already and `nested` is not set. Running a cell again ends the run that it
        had left open, so that is no error.
    NotFound
        Where `run_id`, `parent_run_id` or `experiment_id` does not exist.

    Examples
    --------
    >>> import jupyter_track as track
    >>> with track.start_run(run_name="baseline"):  # doctest: +SKIP
    ...     track.log_metric("accuracy", 0.9, step=1)
    """
    tracker = session.tracker()
    cell = active.current_cell()
    if log_system_metrics:
        report("system-metrics", "System metrics are not recorded yet; log_system_metrics=True has no effect.")
    _end_runs_of_earlier_execution(cell)
    parent = _parent(nested, parent_run_id, tracker)
    if run_id is not None:
        return _resumed(tracker, run_id, experiment_id, run_name, tags, description)
    experiment = _experiment_beside(parent) if experiment_id is None else get_experiment(experiment_id).name
    return open_run(
        kind="user", name=run_name, experiment=experiment, parent_run_id=parent, tags=tags, note=description
    )


def open_run(
    *,
    kind: Kind,
    name: str | None = None,
    experiment: str | None = None,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    note: str | None = None,
    git: bool = True,
) -> ActiveRun:
    """Open a new run of a kind and make it active; the notebook's way in, without the checks of `start_run`."""
    if name:
        check_name(name)
    source_name, source_type = session.source()
    named = {"mlflow.source.name": source_name} if source_name else {}
    given = {**named, "mlflow.source.type": source_type, **(tags or {})}
    tracker = session.tracker()
    memory = tracker.start(
        name=name or random_name(),
        experiment=experiment or session.experiment,
        kind=kind,
        parent_run_id=parent_run_id,
        tags=given,
        note=note,
        notebook=session.relative_notebook(),
        cell=active.current_cell(),
    )
    memory.surrounding = session.experiment
    return _opened(ActiveRun(tracker, memory), git)


def _experiment_beside(parent: str | None) -> str:
    """The experiment of a new run: the one of the cell that it is a child of, unless the cell has set another."""
    for run in active.open_runs():
        memory = run._memory
        if run.run_id == parent and memory.kind == "cell" and memory.surrounding == session.experiment:
            return memory.experiment
    return session.experiment


def _resumed(
    tracker: Tracker,
    run_id: str,
    experiment_id: str | int | None,
    name: str | None,
    tags: Mapping[str, Any] | None,
    note: str | None,
) -> ActiveRun:
    """Go on with a run; a name, tags and a description that are given change those that it has."""
    tracker.check_tags(tags or {})
    check_note(note)
    if name:
        check_name(name)
    expected = None if experiment_id is None else str(experiment_id)
    memory = tracker.resume(run_id, cell=active.current_cell(), experiment_id=expected)
    if name:
        tracker.rename(run_id, name)
    if tags:
        tracker.tags(run_id, tags)
    if note is not None:
        tracker.note(run_id, note)
    return _opened(ActiveRun(tracker, memory))


def _opened(run: ActiveRun, git: bool = True) -> ActiveRun:
    ending.install()
    active.push(run, shared=run._memory.kind == "auto")
    if run._memory.handles > 1:  # it is open in another thread, where its cell is looked at already
        return run
    if git:
        context.describe(run._tracker, run.run_id, session.folder())
    for observer in active.observers:
        observer.run_started(run)
    return run


def _end_runs_of_earlier_execution(cell: active.Cell | None) -> None:
    """A cell that is run again ends the runs that its earlier execution left open."""
    for run in list(active.own_stack()):
        opened = run._memory.cell
        if cell is None or opened is None or opened.key != cell.key or opened.execution == cell.execution:
            continue
        run._tracker.context_tags(run.run_id, {"jupyter_track.ended_by": "re-run"})
        run.end(RunStatus.KILLED)


def _parent(nested: bool, parent_run_id: str | None, tracker: Tracker) -> str | None:
    """The parent of a run that is being started, or the error of a nesting mistake."""
    stack = active.own_stack()
    if parent_run_id is not None and (nested or not stack or stack[-1]._memory.kind == "cell"):
        tracker.require(parent_run_id)
        return parent_run_id
    if nested:
        run = active.current()
        return None if run is None else run.run_id
    if stack and stack[-1]._memory.kind != "cell":
        run = stack[-1]
        raise RunStateError(
            f"The run {run.name!r} ({run.run_id[:8]}) is open. To end it first, call end_run(); to open a run inside "
            "it, pass nested=True; to end runs on their own, write 'with start_run():'."
        )
    visible = active.current()
    return visible.run_id if visible is not None and visible._memory.kind == "cell" else None


def end_run(status: str = "FINISHED") -> None:
    """End the active run of this thread; does nothing where none is active.

    The run of a ``%%track`` cell ends with its cell and not here.
    """
    stack = active.own_stack()
    if stack and stack[-1]._memory.kind != "cell":
        stack[-1].end(status)


def active_run() -> ActiveRun | None:
    """Return the run that log calls of this thread go to, None where there is none."""
    return active.current()


def last_active_run() -> Run | None:
    """Return the active run, or the run that ended last in this process, as stored."""
    run = active.current()
    run_id = run.run_id if run is not None else active.last_ended()
    return None if run_id is None else get_run(run_id)


def get_run(run_id: str) -> Run:
    """Return a run as it stands in the store.

    Raises
    ------
    NotFound
        Where there is no such run.
    """
    return session.tracker().read(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """Return the parent of a run, None where it has none."""
    parent = get_run(run_id).parent_run_id
    return None if parent is None else get_run(parent)


def delete_run(run_id: str) -> None:
    """Put a run into the bin; deleting twice is fine."""
    tracker = session.tracker()
    edits.delete_run(tracker.store, run_id)
    tracker.forget_run(run_id)


def restore_run(run_id: str) -> None:
    """Take a run out of the bin."""
    tracker = session.tracker()
    edits.restore_run(tracker.store, run_id)
    tracker.forget_run(run_id)


def active_or_new() -> ActiveRun:
    """Return the active run; where there is none one is opened, which ends with its cell."""
    run = active.current()
    if run is not None:
        return run
    with _opening:  # worker threads that log at once share one run
        return active.current() or open_run(kind="auto")


def _target(run_id: str | None) -> tuple[Tracker, str]:
    """The tracker and run that a log call goes to."""
    if run_id is not None:
        tracker = session.tracker()
        tracker.require(run_id)
        return tracker, run_id
    run = active_or_new()
    return run._tracker, run.run_id


# ---- logging


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log one param and return its value.

    The value keeps its type. A changed value is accepted: the latest counts, the earlier ones are kept as history.

    Raises
    ------
    InvalidValue
        For a key that cannot be one.
    """
    tracker, target = _target(None)
    tracker.params(target, {key: value})
    if synchronous:
        flush()
    return value


def log_params(params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | None = None) -> None:
    """Log params; one bad key or value means that none is written."""
    tracker, target = _target(run_id)
    tracker.params(target, params)
    if synchronous:
        flush()


def log_metric(
    key: str,
    value: Any,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> None:
    """Log one point of a metric.

    Parameters
    ----------
    key : str
    value : number
        Also numeric strings, bools, and arrays and tensors of one element. NaN and infinities are kept.
    step : int, default 0
        Any order, and repeated steps, are kept as they come.
    synchronous : bool, optional
        True waits until the point is on disk.
    timestamp : int, optional
        Milliseconds since the epoch; now by default.
    run_id : str, optional
        A run other than the active one.
    model_id, dataset
        mlflow's; not recorded yet, and an error where they are given.

    Raises
    ------
    InvalidValue
        For None, text that is no number, and arrays of several elements.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_metric("loss", 0.25, step=1)  # doctest: +SKIP
    """
    if (
        type(value) is float
        and type(step) is int
        and -1_000_000_000 < step < 1_000_000_000  # within 2**30 this is one machine instruction
        and timestamp is None
        and run_id is None
        and synchronous is None
        and model_id is None
        and dataset is None
    ):
        try:
            _put[key]((step, _time_ns(), value))
            return
        except (KeyError, TypeError):
            pass  # the key is new to the run, or is no key
    if model_id is not None or dataset is not None:
        raise InvalidValue("model_id and dataset are not recorded yet; leave them out.")
    _log_metric(key, value, step, timestamp, run_id)
    if synchronous:
        flush()


def _log_metric(key: str, value: Any, step: Any, timestamp: int | None, run_id: str | None) -> None:
    """The slow path of `log_metric`, which also prepares the fast one."""
    if run_id is not None:
        tracker, target = _target(run_id)
        tracker.metrics(target, {key: value}, step, timestamp)
        return
    check_key(key, "metric")
    number, at = metric_value(key, value), check_step(step)
    generation = active.generation()
    run = active_or_new()
    tracker = run._tracker
    tracker.metrics(run.run_id, {key: number}, at, timestamp)
    writer = tracker.writer
    if run.is_open and not writer.congested and not ending.exiting():
        writer.on_congestion = active.drop_fast
        active.remember(key, writer.curve(run.run_id, key).points.append, generation)


def log_metrics(
    metrics: Mapping[str, Any],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> None:
    """Log one point of several metrics; one bad value means that none is written."""
    if model_id is not None or dataset is not None:
        raise InvalidValue("model_id and dataset are not recorded yet; leave them out.")
    tracker, target = _target(run_id)
    tracker.metrics(target, metrics, step, timestamp)
    if synchronous:
        flush()


def log(values: Mapping[str, Any] | None = None, /, step: int | None = None, **named: Any) -> None:
    """Log by kind: numbers are metrics, figures figures, frames tables, strings text, images images.

    Parameters
    ----------
    values : dict, optional
        Names and values; nested dicts join their names with ``/``.
    step : int, optional
        Without it each call is the next step of the run, from 0.
    **named
        More names and values.

    Raises
    ------
    InvalidValue
        For an array of several elements (the message names the remedies) and for values of no known kind; then
        nothing of the call is written.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log(loss=0.25)  # doctest: +SKIP
    >>> track.log({"train/loss": 0.25, "valid": {"loss": 0.3}}, step=3)  # doctest: +SKIP
    """
    tracker, target = _target(None)
    short.log(tracker, target, values, step, named)


def define_metric(name: str, goal: Goal) -> None:
    """State the goal of a metric, kept for the experiment of the active run (else the current experiment).

    Parameters
    ----------
    name : str
    goal : {"min", "max"}
        Whether lower or higher is better.
    """
    run = active.current()
    session.tracker().goal(session.experiment if run is None else run._memory.experiment, name, goal)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> None:
    """Set a tag of the active run."""
    set_tags({key: value}, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> None:
    """Set tags of the active run."""
    tracker, target = _target(None)
    tracker.tags(target, tags)
    if synchronous:
        flush()


def delete_tag(key: str) -> None:
    """Remove a tag of the active run.

    Raises
    ------
    NotFound
        Where the run has no such tag.
    """
    tracker, target = _target(None)
    tracker.delete_tag(target, key)


def set_note(text: str | None) -> None:
    """Set the note of the active run (mlflow's description); None removes it."""
    tracker, target = _target(None)
    tracker.note(target, text)


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Log a file (or all files of a folder) as it is now.

    Raises
    ------
    MissingFile
        Where there is no such file (also a FileNotFoundError).
    """
    artifacts.log_artifact(*_target(run_id), local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Log all files of a folder; links that lead out of it are left out and reported."""
    artifacts.log_artifacts(*_target(run_id), local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Log text as a file."""
    artifacts.log_text(*_target(run_id), text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Log a dict or list as JSON, or as YAML where the file is called so."""
    artifacts.log_dict(*_target(run_id), dictionary, artifact_file)


def log_stream(stream: IO[bytes] | IO[str], artifact_file: str, run_id: str | None = None) -> None:
    """Log what a stream gives as a file."""
    artifacts.log_stream(*_target(run_id), stream, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
    """Log a figure of matplotlib, Altair or plotly; the file's ending decides on the format."""
    artifacts.log_figure(*_target(None), figure, artifact_file, save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Log an image: under a file name, or under a key with steps."""
    artifacts.log_image(*_target(None), image, artifact_file, key, step, timestamp)
    if synchronous:
        flush()


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Log a DataFrame or a dict of columns as .json or .parquet; the same file again appends."""
    artifacts.log_table(*_target(run_id), data, artifact_file)


def load_table(
    artifact_file: str, run_ids: Sequence[str] | None = None, extra_columns: Sequence[str] | None = None
) -> DataFrame:
    """Return the tables that runs logged under a name, one below the other.

    Parameters
    ----------
    artifact_file : str
    run_ids : list of str, optional
        By default all runs of the current experiment that have the file.
    extra_columns : list of str, optional
        Columns of the run to add, called as in `search_runs`: any field of ``run.info`` (``run_id``), and
        ``params.*``, ``metrics.*`` and ``tags.*``.

    Raises
    ------
    NotFound
        Where no run has the file.
    """
    tracker = session.tracker()
    current = experiments.by_name(tracker, session.experiment)
    return artifacts.load_table(
        tracker, artifact_file, run_ids, extra_columns, None if current is None else current.experiment_id
    )


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Return the address of an artifact of the active run, ``runs:/<run id>/<path>``; it moves with the store."""
    _, target = _target(None)
    return f"runs:/{target}/{artifact_path or ''}"


def flush(timeout: float | None = None) -> bool:
    """Wait until all that was logged is on disk; return whether it is.

    Parameters
    ----------
    timeout : float, optional
        Seconds; None waits as long as it takes.
    """
    return pending.flush(session.tracker().store, timeout)


# ---- experiments


def set_experiment(experiment_name: str | None = None, experiment_id: str | int | None = None) -> Experiment:
    """Make an experiment current; a new name makes it.

    Raises
    ------
    InvalidValue
        Where both or neither is given, or the experiment is deleted.
    NotFound
        Where there is no experiment with the id.
    """
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidValue("Give either the name or the id of the experiment.")
    tracker = session.tracker()
    if experiment_id is not None:
        experiment = get_experiment(experiment_id)
        if experiment.lifecycle_stage != "active":
            raise InvalidValue(f"The experiment {experiment.name!r} is deleted; restore_experiment() brings it back.")
        session.use_experiment(experiment.name)
        return experiment
    name = edits.check_experiment_name(experiment_name)
    identifier = tracker.experiment_id(name)
    session.use_experiment(name)
    found = _stored_experiment(tracker, identifier)
    now = now_ms()
    return found or Experiment(identifier, name, creation_time=now, last_update_time=now)


def _stored_experiment(tracker: Tracker, identifier: str) -> Experiment | None:
    if not store_exists(tracker.store):
        return None
    try:
        return tracker.reader.experiment(identifier)
    except NotFound:  # it is made with the next batch
        return None


def create_experiment(name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None) -> str:
    """Make an experiment and return its id.

    `artifact_location` is accepted for mlflow's sake: content always lies beside the store.

    Raises
    ------
    AlreadyExists
        Where the name is taken.
    """
    return experiments.create(session.tracker(), name, tags)


def get_experiment(experiment_id: str | int) -> Experiment:
    """Return an experiment, also a deleted one.

    Raises
    ------
    NotFound
        Where there is none with the id.
    """
    return experiments.by_id(session.tracker(), experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """Return the experiment of a name, None where there is none."""
    return experiments.by_name(session.tracker(), name)


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Experiment]:
    """Return experiments, the newest first."""
    return experiments.search(session.tracker(), view_type, filter_string, order_by, max_results)


def delete_experiment(experiment_id: str | int) -> None:
    """Put an experiment and its runs into the bin."""
    experiments.delete(session.tracker(), experiment_id)


def restore_experiment(experiment_id: str | int) -> None:
    """Take an experiment out of the bin, with the runs that went with it."""
    experiments.restore(session.tracker(), experiment_id)


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the current experiment."""
    set_experiment_tags({key: value})


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Set tags of the current experiment."""
    checked = experiments.checked_tags(tags)
    tracker = session.tracker()
    edits.set_experiment_tags(tracker.store, tracker.experiment_id(session.experiment), checked)


def delete_experiment_tag(key: str) -> None:
    """Remove a tag of the current experiment."""
    tracker = session.tracker()
    edits.delete_experiment_tag(tracker.store, tracker.experiment_id(session.experiment), key)


# ---- search


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
        return Runs(tracker.reader.runs(**arguments))
    return tracker.reader.frame(**arguments)


def _nothing_found(
    tracker: Tracker, filter_string: str, order_by: Sequence[str] | None, output_format: str
) -> DataFrame | Runs:
    """What a search gives where there is no store yet; a filter that cannot be read is an error all the same."""
    from ..store import filters, frames

    filters.parse_filter(filter_string)
    filters.parse_order_by(order_by)
    return Runs() if output_format == "list" else frames.frame(tracker.store, ())


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
        found = {name: get_experiment_by_name(name) for name in names}
        if missing := [name for name, experiment in found.items() if experiment is None]:
            warnings.warn(f"There is no experiment {', '.join(map(repr, missing))}.", stacklevel=3)
        return [experiment.experiment_id for experiment in found.values() if experiment is not None]
    if experiment_ids is not None and identified:
        ids = [experiment_ids] if isinstance(experiment_ids, (str, int)) else list(experiment_ids)
        return [str(identifier) for identifier in ids]
    if search_all:
        return None
    current = experiments.by_name(tracker, session.experiment)
    return [] if current is None else [current.experiment_id]


# ---- the store


def set_tracking_uri(uri: str | os.PathLike[str]) -> None:
    """Record into another store: a file, a folder, or ``sqlite:///…``; mlflow's ``file:./mlruns`` works too."""
    session.use_store(uri)


def get_tracking_uri() -> str:
    """Return the path of the store."""
    return str(session.tracker().store)


def store_path() -> Path:
    """Return the path of the store."""
    return session.tracker().store


def _start_clean() -> None:
    global _opening
    _opening = threading.Lock()


gate.reset_in_child(_start_clean)
