"""The module-level functions that log, under the names that mlflow's users know; `opening` has those that open runs.

`log_metric` is the hot path: for a float with an integer step it looks up the queue of the curve and appends, and so do
`log_metrics` and `log` where all of their values are such. All else (another type, a new key, a run that has just
started or ended, too much waiting) takes the slow path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import time_ns as _time_ns
from typing import TYPE_CHECKING, Any

from ..records import Goal
from ..store import pending
from ..values import check_key, check_step, check_time, metric_value, metric_values
from . import active, ending, short, stopping
from .opening import active_or_new, log_target
from .session import session

if TYPE_CHECKING:
    from .run import ActiveRun

_put = active.put


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log one param and return its value.

    The value keeps its type. A changed value is accepted: the latest counts, the earlier ones are kept as history.

    Parameters
    ----------
    key : str
    value : object
        A number, text, bool, None, or lists and dicts of them; all else as text.
    synchronous : bool, optional
        True waits until it is on disk.

    Returns
    -------
    object
        `value` as it was given.

    Raises
    ------
    InvalidValue
        For a key that cannot be one.

    Examples
    --------
    >>> import jupyter_track as track
    >>> C = track.log_param("C", 0.1)  # doctest: +SKIP
    """
    tracker, target = log_target(None)
    tracker.params(target, {key: value})
    if synchronous:
        flush()
    return value


def log_params(params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | int | None = None) -> None:
    """Log params; one bad key or value means that none is written.

    Parameters
    ----------
    params : dict
    synchronous : bool, optional
        True waits until it is on disk.
    run_id : str or int, optional
        A run other than the active one, as people name it.

    Raises
    ------
    InvalidValue
        For a key that cannot be one.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_params({"solver": "lbfgs", "layers": [64, 32]})  # doctest: +SKIP
    """
    tracker, target = log_target(run_id)
    tracker.params(target, params)
    if synchronous:
        flush()


def log_metric(
    key: str,
    value: Any,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | int | None = None,
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
    run_id : str or int, optional
        A run other than the active one, as people name it: an id, ``12``, ``#12``, a name, ``last``, ``best``. All but
        an id is looked up at each call, so a loop is faster with ``get_run("best").run_id``.
    model_id : str, optional
        The model that was measured (``log_model(…).model_id``): ``run.inputs.measured`` tells the metrics of each.
    dataset : Dataset, optional
        Recorded as an input of the run, as `log_input` does; not of the single point.

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
        and step < 1_000_000_000  # within 2**30 one machine instruction; a chain of both costs more
        and step > -1_000_000_000
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
    if dataset is not None or model_id is not None:
        _log_about({key: value}, step, run_id, timestamp, dataset, model_id)
    else:
        _log_metric(key, value, step, timestamp, run_id)
    if synchronous:
        flush()


def _log_metric(key: str, value: Any, step: Any, timestamp: int | None, run_id: str | int | None) -> None:
    """The slow path of `log_metric`, which also prepares the fast one."""
    if run_id is not None:
        tracker, target = log_target(run_id)
        tracker.metrics(target, {key: value}, step, timestamp)
        return
    check_key(key, "metric")
    number, at = metric_value(key, value), check_step(step)
    if timestamp is not None:
        check_time(timestamp)
    generation = active.generation()
    run = active_or_new()
    stopping.check(run)
    run._tracker.metrics(run.run_id, {key: number}, at, timestamp)
    _prepare(run, (key,), generation)


def _check_first(metrics: Mapping[str, Any], step: Any, timestamp: int | None) -> None:
    """Look at values before a run is opened for them, so that bad ones leave no empty run."""
    if active.current() is None:
        metric_values(metrics)
        check_step(step)
        if timestamp is not None:
            check_time(timestamp)


def _prepare(run: ActiveRun, keys: Iterable[str], generation: int) -> None:
    """Let the next calls for some metrics of a run be appends."""
    writer, new = run._tracker.writer, [key for key in keys if key not in _put]
    if not new or not active.one_run_for_all():
        return
    if run.is_open and not writer.congested and not ending.exiting() and stopping.asked(run) is None:
        writer.backlog.on_congestion = writer.stops.on_request = active.drop_fast
        for key in new:
            active.remember(key, writer.curve(run.run_id, key).points.append, generation)


def _appended(metrics: Mapping[str, Any], step: Any) -> bool:
    """Append a point to each of several curves, as `log_metric` does to one; False where that is not the way of all."""
    if type(step) is not int or not -1_000_000_000 < step < 1_000_000_000 or type(metrics) is not dict:
        return False
    generation = active.generation()
    try:
        ways = [(_put[key], value) for key, value in metrics.items() if type(value) is float]
    except (KeyError, TypeError):
        return False
    if not ways or len(ways) < len(metrics) or generation != active.generation():  # all of them go to one run
        return False
    now = _time_ns()
    for append, value in ways:
        append((step, now, value))
    return True


def log_metrics(
    metrics: Mapping[str, Any],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | int | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> None:
    """Log one point of several metrics; one bad value means that none is written.

    Parameters
    ----------
    metrics : dict of str to number
    step, synchronous, run_id, timestamp, model_id, dataset
        As in `log_metric`.

    Raises
    ------
    InvalidValue
        For None, text that is no number, and arrays of several elements.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_metrics({"loss": 0.25, "accuracy": 0.9}, step=1)  # doctest: +SKIP
    """
    if run_id is not None or timestamp is not None or dataset is not None or model_id is not None:
        _log_about(metrics, step, run_id, timestamp, dataset, model_id)
    elif not _appended(metrics, step):
        _check_first(metrics, step, None)
        generation = active.generation()
        run = active_or_new()
        stopping.check(run)
        run._tracker.metrics(run.run_id, metrics, step)
        _prepare(run, metrics, generation)
    if synchronous:
        flush()


def _log_about(
    metrics: Mapping[str, Any],
    step: int | None,
    run_id: str | int | None,
    timestamp: int | None,
    dataset: Any,
    model_id: str | None,
) -> None:
    """Log points that were measured on a dataset, which the run then has as an input, or of a model."""
    if run_id is None:
        _check_first(metrics, step, timestamp)
    tracker, target = log_target(run_id)
    if dataset is None and model_id is None:
        tracker.metrics(target, metrics, step, timestamp)
        return
    from . import datasets

    datasets.log_about(tracker, target, metrics, step, timestamp, dataset, model_id)


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
    given = {**values, **named} if type(values) is dict else named
    if (values is None or type(values) is dict) and _appended(given, step):
        return
    looked = short.look(values, step, named)  # before a run is opened: a bad value leaves no empty one
    generation = active.generation()
    run = active_or_new()
    stopping.check(run)
    short.keep(run._tracker, run.run_id, looked)
    if step is not None:  # else the step is that of the call, which is counted
        _prepare(run, [key for key, value in given.items() if type(value) is float and type(key) is str], generation)


def define_metric(name: str, goal: Goal, target: float | None = None) -> None:
    """State the goal of a metric, kept for the experiment of the active run (else the current experiment).

    Parameters
    ----------
    name : str
    goal : {"min", "max"}
        Whether lower or higher is better.
    target : float, optional
        The value that it is to reach: a line in its curves. It is the experiment's tag ``track.target.<name>``; None
        leaves what there is.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.define_metric("accuracy", "max", target=0.97)  # doctest: +SKIP
    """
    run = active.current()
    session.tracker().goal(session.experiment if run is None else run._memory.experiment, name, goal, target)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> None:
    """Set a tag of the active run.

    Parameters
    ----------
    key : str
    value : object
        Kept as text.
    synchronous : bool, optional
        True waits until it is on disk.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.set_tag("stage", "draft")  # doctest: +SKIP
    """
    set_tags({key: value}, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> None:
    """Set tags of the active run.

    Parameters
    ----------
    tags : dict
        Values are kept as text.
    synchronous : bool, optional
        True waits until it is on disk.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.set_tags({"stage": "draft", "team": "red"})  # doctest: +SKIP
    """
    tracker, target = log_target(None)
    tracker.tags(target, tags)
    if synchronous:
        flush()


def delete_tag(key: str) -> None:
    """Remove a tag of the active run.

    Parameters
    ----------
    key : str

    Raises
    ------
    NotFound
        Where the run has no such tag.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.delete_tag("stage")  # doctest: +SKIP
    """
    tracker, target = log_target(None)
    tracker.delete_tag(target, key)


def set_note(text: str | None) -> None:
    """Set the note of the active run (mlflow's description); None removes it.

    Parameters
    ----------
    text : str or None

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.set_note("what I wanted to know")  # doctest: +SKIP
    """
    tracker, target = log_target(None)
    tracker.note(target, text)


def log_input(
    dataset: Any = None, context: str | None = None, tags: Mapping[str, Any] | None = None, model: Any = None
) -> None:
    """Log a dataset that the run reads.

    Parameters
    ----------
    dataset : Dataset
        From `jupyter_track.data`: ``from_pandas(df, source="train.csv")``.
    context : str, optional
        What it is for, such as ``training``.
    tags : dict, optional
        Tags of the dataset in this run.
    model : ModelInfo, LoggedModelInput or str, optional
        A model that the run reads, or its id.

    Raises
    ------
    InvalidValue
        For what is no dataset or model; the message says how to make one.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_input(track.data.from_pandas(df, source="train.csv"), context="training")  # doctest: +SKIP
    """
    from . import datasets

    if model is not None:
        datasets.used_model(model)  # raises before anything is recorded
    if dataset is not None:
        datasets.log_input(*log_target(None), dataset, context, tags)
    if model is not None:
        datasets.log_model_input(*log_target(None), model)


def log_inputs(
    datasets: Sequence[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, Any] | None] | None = None,
    models: Sequence[Any] | None = None,
) -> None:
    """Log several datasets at once: lists of equal length. See `log_input`.

    Parameters
    ----------
    datasets : list of Dataset, optional
    contexts : list of str, optional
        What each is for.
    tags_list : list of dict, optional
        Tags of each in this run.
    models : list of ModelInfo, LoggedModelInput or str, optional
        Models that the run reads.

    Raises
    ------
    InvalidValue
        For lists of unequal length, and for what is no dataset or model.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_inputs([train, test], ["training", "testing"])  # doctest: +SKIP
    """
    from . import datasets as recorded

    read = [model for model in models or () if model is not None]
    for model in read:
        recorded.used_model(model)
    some = list(datasets or ())
    nothing: list[Any] = [None] * len(some)
    recorded.log_inputs(*log_target(None), some, list(contexts or nothing), list(tags_list or nothing))
    for model in read:
        recorded.log_model_input(*log_target(None), model)


def flush(timeout: float | None = None) -> bool:
    """Wait until all that was logged is on disk; return whether it is.

    Parameters
    ----------
    timeout : float, optional
        Seconds; None waits as long as it takes.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.flush()
    True
    """
    return pending.flush(session.tracker().store, timeout)
