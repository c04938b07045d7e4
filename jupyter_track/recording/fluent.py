"""The module-level functions that log, under the names that mlflow's users know; `opening` has those that open runs.

`log_metric` is the hot path: for a float with an integer step it looks up the queue of the curve and appends, and so do
`log_metrics` and `log` where all of their values are such. All else (another type, a new key, a run that has just
started or ended, too much waiting) takes the slow path.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from time import time_ns as _time_ns
from typing import IO, TYPE_CHECKING, Any

from ..records import Goal
from ..store import pending
from ..values import check_key, check_step, metric_value
from . import active, artifacts, ending, experiments, short, stopping
from .opening import active_or_new, log_target
from .session import session

if TYPE_CHECKING:
    from pandas import DataFrame

    from .run import ActiveRun

_put = active.put


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log one param and return its value.

    The value keeps its type. A changed value is accepted: the latest counts, the earlier ones are kept as history.

    Raises
    ------
    InvalidValue
        For a key that cannot be one.
    """
    tracker, target = log_target(None)
    tracker.params(target, {key: value})
    if synchronous:
        flush()
    return value


def log_params(params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | int | None = None) -> None:
    """Log params; one bad key or value means that none is written."""
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
    generation = active.generation()
    run = active_or_new()
    stopping.check(run)
    run._tracker.metrics(run.run_id, {key: number}, at, timestamp)
    _prepare(run, (key,), generation)


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
    """Log one point of several metrics; one bad value means that none is written."""
    if run_id is not None or timestamp is not None or dataset is not None or model_id is not None:
        _log_about(metrics, step, run_id, timestamp, dataset, model_id)
    elif not _appended(metrics, step):
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
    generation = active.generation()
    run = active_or_new()
    stopping.check(run)
    short.log(run._tracker, run.run_id, values, step, named)
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
    """
    run = active.current()
    session.tracker().goal(session.experiment if run is None else run._memory.experiment, name, goal, target)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> None:
    """Set a tag of the active run."""
    set_tags({key: value}, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> None:
    """Set tags of the active run."""
    tracker, target = log_target(None)
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
    tracker, target = log_target(None)
    tracker.delete_tag(target, key)


def set_note(text: str | None) -> None:
    """Set the note of the active run (mlflow's description); None removes it."""
    tracker, target = log_target(None)
    tracker.note(target, text)


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | int | None = None
) -> None:
    """Log a file (or all files of a folder) as it is now.

    Raises
    ------
    MissingFile
        Where there is no such file (also a FileNotFoundError).
    """
    artifacts.log_artifact(*log_target(run_id), local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | int | None = None
) -> None:
    """Log all files of a folder; links that lead out of it are left out and reported."""
    artifacts.log_artifacts(*log_target(run_id), local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | int | None = None) -> None:
    """Log text as a file."""
    artifacts.log_text(*log_target(run_id), text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | int | None = None) -> None:
    """Log a dict or list as JSON, or as YAML where the file is called so."""
    artifacts.log_dict(*log_target(run_id), dictionary, artifact_file)


def log_stream(stream: IO[bytes] | IO[str], artifact_file: str, run_id: str | int | None = None) -> None:
    """Log what a stream gives as a file."""
    artifacts.log_stream(*log_target(run_id), stream, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
    """Log a figure of matplotlib, Altair or plotly; the file's ending decides on the format."""
    artifacts.log_figure(*log_target(None), figure, artifact_file, save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Log an image: under a file name, or under a key with steps."""
    artifacts.log_image(*log_target(None), image, artifact_file, key, step, timestamp)
    if synchronous:
        flush()


def log_table(data: Any, artifact_file: Any, run_id: str | int | None = None, *, key: str | None = None) -> None:
    """Log a DataFrame or a dict of columns as .json or .parquet; the same file again appends.

    Parameters
    ----------
    data : DataFrame, Series or dict
    artifact_file : str
        A name without an ending means ``.json``. It may stand before the data.
    run_id : str or int, optional
    key : str, optional
        The column by which a row is known. A comparison joins the tables of several runs by it.

    Raises
    ------
    InvalidValue
        For another ending, what is no table, or a `key` that is no column.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_table("answers", frame, key="question")  # doctest: +SKIP
    """
    artifacts.log_table(*log_target(run_id), data, artifact_file, key)


def load_table(
    artifact_file: str, run_ids: Sequence[str | int] | None = None, extra_columns: Sequence[str] | None = None
) -> DataFrame:
    """Return the tables that runs logged under a name, one below the other.

    Parameters
    ----------
    artifact_file : str
    run_ids : list of str or int, optional
        The runs as people name them (an id, ``#12``, a name, ``best``); by default all runs of the current experiment
        that have the file.
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
    """Log several datasets at once: lists of equal length. See `log_input`."""
    from . import datasets as recorded

    read = [model for model in models or () if model is not None]
    for model in read:
        recorded.used_model(model)
    some = list(datasets or ())
    nothing: list[Any] = [None] * len(some)
    recorded.log_inputs(*log_target(None), some, list(contexts or nothing), list(tags_list or nothing))
    for model in read:
        recorded.log_model_input(*log_target(None), model)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Return the path of a file or folder of the active run, which a person or another program can open.

    Files lie in the store under their hashes; what the run has logged so far is put under its own name beside the store
    (``track.db-files/open``). The path is an address for `artifacts.load_text` and the like too, also after the folder
    was moved. Without `artifact_path` it is the folder of all of them.

    Raises
    ------
    InvalidValue
        For a path that leads out of the run.
    """
    from ..store import openable

    tracker, target = log_target(None)
    pending.flush(tracker.store)
    return str(openable.put(tracker.reader, target, artifact_path or ""))


def flush(timeout: float | None = None) -> bool:
    """Wait until all that was logged is on disk; return whether it is.

    Parameters
    ----------
    timeout : float, optional
        Seconds; None waits as long as it takes.
    """
    return pending.flush(session.tracker().store, timeout)
