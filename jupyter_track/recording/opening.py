"""Opening runs and ending them, and the run that a log call goes to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from ..errors import RunStateError
from ..records import Run, RunStatus
from ..store import gate
from . import active, context, ending, stopping, unasked
from . import system as system_metrics
from .entries import Kind
from .fluent_experiments import get_experiment
from .names import random_name
from .run import ActiveRun
from .session import session
from .stored import get_run
from .tracker import Tracker, check_name, check_note

_opening = threading.Lock()


def start_run(
    run_id: str | int | None = None,
    experiment_id: str | int | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | int | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Start a run, or go on with one, and make it the active run of this thread.

    Parameters
    ----------
    run_id : str or int, optional
        A run to resume, by its id, number (``12``, ``#12``), name, ``last`` or ``best``; its status goes back to
        RUNNING. It keeps its source, git, packages and machine; those of what goes on with it are told beside them.
    experiment_id : str, optional
        The experiment of a new run; by default the one of `set_experiment`, else Default (in a notebook with the
        extension loaded, the experiment that is named after the notebook).
    run_name : str, optional
        A random name such as ``brave-otter-417`` where none is given.
    nested : bool, default False
        Open a child of the active run; with no run active it is an ordinary run. Inside a cell with ``%%track`` a
        run is a child of the cell's run without it.
    parent_run_id : str or int, optional
        The parent, named as `run_id`, where it is not the active run.
    tags : dict, optional
    description : str, optional
        The run's note.
    log_system_metrics : bool, optional
        Record processor, memory, disk, network and GPUs while it runs; by default as
        `enable_system_metrics_logging` says.

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
    _end_runs_of_earlier_execution(cell)
    parent = _parent(nested, None if parent_run_id is None else tracker.meant(parent_run_id), tracker)
    if run_id is not None:
        meant = tracker.meant(run_id)
        return _resumed(tracker, meant, experiment_id, run_name, tags, description, log_system_metrics)
    experiment = _experiment_beside(parent) if experiment_id is None else get_experiment(experiment_id).name
    return open_run(
        kind="user",
        name=run_name,
        experiment=experiment,
        parent_run_id=parent,
        tags=tags,
        note=description,
        system=log_system_metrics,
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
    system: bool | None = None,
) -> ActiveRun:
    """Open a new run of a kind and make it active; the notebook's way in, without the checks of `start_run`.

    `start_time` is in milliseconds since the epoch, now by default. A `shared` run is that of the thread that runs the
    cell, whichever thread opens it. `system` says whether it gets system metrics, None as for all.
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
    return _opened(ActiveRun(tracker, memory), git, shared or kind == "auto", system)


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
    system: bool | None,
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
    return _opened(ActiveRun(tracker, memory), system=system)


def _opened(run: ActiveRun, git: bool = True, shared: bool = False, system: bool | None = None) -> ActiveRun:
    ending.install()
    active.push(run, shared=shared)
    if run._memory.handles > 1:  # it is open in another thread, where its cell is looked at already
        return run
    goes_on = None if run._memory.fresh else session.source()
    context.describe(run._tracker, run.run_id, session.folder(), git=git, goes_on=goes_on)
    if system_metrics.wanted(system):
        system_metrics.begin(run._tracker, run.run_id, resumed=not run._memory.fresh)
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

    Parameters
    ----------
    status : str, default "FINISHED"
        Or ``FAILED``, ``KILLED``.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.end_run()
    """
    stack = active.own_stack()
    if stack and stack[-1]._memory.kind != "cell":
        stack[-1].end(status)


def active_run() -> ActiveRun | None:
    """Return the run that log calls of this thread go to, None where there is none."""
    return active.current()


def last_active_run() -> Run | None:
    """Return the active run, or the run that ended last in this process, as stored.

    Returns
    -------
    Run or None

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.last_active_run().info.run_id  # doctest: +SKIP
    """
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


def log_target(reference: str | int | None) -> tuple[Tracker, str]:
    """The tracker and run that a log call goes to."""
    if reference is not None:
        tracker = session.tracker()
        run_id = tracker.meant(reference)
        tracker.require(run_id)
        return tracker, run_id
    run = active_or_new()
    stopping.check(run)
    return run._tracker, run.run_id


def _start_clean() -> None:
    global _opening
    _opening = threading.Lock()


gate.reset_in_child(_start_clean)
