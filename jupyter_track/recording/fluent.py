"""The module-level functions that mlflow's users know, under mlflow's names.

`log_metric` is the hot path: for a float with an integer step it looks up the queue of the curve and appends. All
else (another type, a new key, a run that has just started or ended, too much waiting) takes the slow path.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from time import time_ns as _time_ns
from typing import IO, TYPE_CHECKING, Any

from ..errors import InvalidValue, RunStateError
from ..records import Goal, Run, RunStatus
from ..store import gate, pending
from ..store.problems import report
from ..values import check_key, check_step, metric_value
from . import active, artifacts, context, ending, experiments, short, stopping, unasked
from .entries import Kind
from .names import random_name
from .run import ActiveRun
from .session import session
from .stored import get_experiment, get_run
from .tracker import Tracker, check_name, check_note

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
    start_time: int | None = None,
    shared: bool = False,
) -> ActiveRun:
    """Open a new run of a kind and make it active; the notebook's way in, without the checks of `start_run`.

    `start_time` is in milliseconds since the epoch, now by default. A `shared` run is that of the thread that runs the
    cell, whichever thread opens it.
    """
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
        start_time=start_time,
    )
    memory.surrounding = session.experiment
    return _opened(ActiveRun(tracker, memory), git, shared or kind == "auto")


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


def _opened(run: ActiveRun, git: bool = True, shared: bool = False) -> ActiveRun:
    ending.install()
    active.push(run, shared=shared)
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


def active_or_new() -> ActiveRun:
    """Return the active run; where there is none one is opened, which ends with its cell (a worker says so)."""
    run = active.current()
    if run is not None:
        return run
    with _opening:  # worker threads that log at once share one run
        run = active.current()
        if run is not None:
            return run
        for opener in active.openers:
            opened = opener()
            if opened is not None:
                return opened
        run = open_run(kind="auto")
    unasked.announce(run)
    return run


def _target(run_id: str | None) -> tuple[Tracker, str]:
    """The tracker and run that a log call goes to."""
    if run_id is not None:
        tracker = session.tracker()
        tracker.require(run_id)
        return tracker, run_id
    run = active_or_new()
    stopping.check(run)
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
    stopping.check(run)
    tracker = run._tracker
    tracker.metrics(run.run_id, {key: number}, at, timestamp)
    writer = tracker.writer
    if run.is_open and not writer.congested and not ending.exiting() and stopping.asked(run) is None:
        writer.on_congestion = writer.stops.on_request = active.drop_fast
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
    """Return the address of an artifact of the active run, ``runs:/<run id>/<path>``; it moves with the store.

    Without a path it is the address of all of them, ``runs:/<run id>``: no slash at its end, as with mlflow.
    """
    _, target = _target(None)
    base = f"runs:/{target}"
    return base if artifact_path is None else f"{base}/{artifact_path.lstrip('/')}"


def flush(timeout: float | None = None) -> bool:
    """Wait until all that was logged is on disk; return whether it is.

    Parameters
    ----------
    timeout : float, optional
        Seconds; None waits as long as it takes.
    """
    return pending.flush(session.tracker().store, timeout)


def _start_clean() -> None:
    global _opening
    _opening = threading.Lock()


gate.reset_in_child(_start_clean)
