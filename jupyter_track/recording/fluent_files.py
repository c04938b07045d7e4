"""The module-level functions that log and read the files of runs, under the names that mlflow's users know."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from ..store import pending
from . import artifacts, experiments
from .fluent import flush
from .opening import log_target
from .session import session

if TYPE_CHECKING:
    from pandas import DataFrame


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | int | None = None
) -> None:
    """Log a file (or all files of a folder) as it is now.

    Parameters
    ----------
    local_path : path
    artifact_path : str, optional
        The folder of the run that it goes to; the outermost by default.
    run_id : str or int, optional
        A run other than the active one, as people name it.

    Raises
    ------
    MissingFile
        Where there is no such file (also a FileNotFoundError).

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_artifact("settings.toml", "config")  # as config/settings.toml  # doctest: +SKIP
    """
    artifacts.log_artifact(*log_target(run_id), local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | int | None = None
) -> None:
    """Log all files of a folder; links that lead out of it are left out and reported.

    Parameters
    ----------
    local_dir : path
    artifact_path : str, optional
        The folder of the run that they go to; the outermost by default.
    run_id : str or int, optional
        A run other than the active one, as people name it.

    Raises
    ------
    MissingFile
        Where there is no such folder (also a FileNotFoundError).

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_artifacts("checkpoints")  # doctest: +SKIP
    """
    artifacts.log_artifacts(*log_target(run_id), local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | int | None = None) -> None:
    """Log text as a file.

    Parameters
    ----------
    text : str
    artifact_file : str
        Its path in the run: ``notes/first.txt``.
    run_id : str or int, optional
        A run other than the active one, as people name it.

    Raises
    ------
    InvalidValue
        For a path that leads out of the run, and what is no text.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_text("what I saw", "notes/first.txt")  # doctest: +SKIP
    """
    artifacts.log_text(*log_target(run_id), text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | int | None = None) -> None:
    """Log a dict or list as JSON, or as YAML where the file is called so.

    Parameters
    ----------
    dictionary : dict or list
        What NumPy, pandas and the like hold in it becomes plain values.
    artifact_file : str
        Its path in the run; ``.yaml`` and ``.yml`` give YAML, all else JSON.
    run_id : str or int, optional
        A run other than the active one, as people name it.

    Raises
    ------
    InvalidValue
        For a path that leads out of the run, and what cannot be written so.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_dict({"classes": 10}, "config.json")  # doctest: +SKIP
    """
    artifacts.log_dict(*log_target(run_id), dictionary, artifact_file)


def log_stream(stream: IO[bytes] | IO[str], artifact_file: str, run_id: str | int | None = None) -> None:
    """Log what a stream gives as a file.

    Parameters
    ----------
    stream : binary or text file
        Read from where it stands to its end.
    artifact_file : str
        Its path in the run: ``notes/first.txt``.
    run_id : str or int, optional
        A run other than the active one, as people name it.

    Raises
    ------
    InvalidValue
        For a path that leads out of the run.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_stream(io.BytesIO(data), "answer.bin")  # doctest: +SKIP
    """
    artifacts.log_stream(*log_target(run_id), stream, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
    """Log a figure of matplotlib, Altair or plotly; the file's ending decides on the format.

    Parameters
    ----------
    figure : matplotlib Figure, altair.Chart or plotly Figure
    artifact_file : str
        Its path in the run: ``loss.png``; ``.json`` and ``.html`` where the library has them.
    save_kwargs : dict, optional
        For the library's own function that writes the file, such as ``{"dpi": 200}``.

    Raises
    ------
    InvalidValue
        For an ending that the library cannot write, and for what is no figure.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_figure(figure, "figures/scatter.png")  # doctest: +SKIP
    """
    artifacts.log_figure(*log_target(None), figure, artifact_file, save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Log an image: under a file name, or under a key with steps.

    Parameters
    ----------
    image : array, PIL.Image, or tensor
        Values from 0 to 1 or from 0 to 255; a shape of (height, width) or with 1, 3 or 4 channels.
    artifact_file : str, optional
        Its path in the run: ``digit.png``.
    key : str, optional
        In the place of `artifact_file`: the image's name, under which it has steps. A comparison has a slider for them.
    step : int, default 0
        Of the key.
    timestamp : int, optional
        Accepted for mlflow's sake.
    synchronous : bool, default False
        Wait until it is on disk.

    Raises
    ------
    InvalidValue
        Where both `artifact_file` and `key` are given, or neither; for what is no image.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.log_image(pixels, key="sample", step=epoch)  # doctest: +SKIP
    """
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

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.load_table("answers.json", extra_columns=["run_id"])  # doctest: +SKIP
    """
    tracker = session.tracker()
    current = experiments.by_name(tracker, session.experiment)
    return artifacts.load_table(
        tracker, artifact_file, run_ids, extra_columns, None if current is None else current.experiment_id
    )


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Return the path of a file or folder of the active run, which a person or another program can open.

    Files lie in the store under their hashes; what the run has logged so far is put under its own name beside the store
    (``track.db-files/open``). The path is an address for `artifacts.load_text` and the like too, also after the folder
    was moved.

    Parameters
    ----------
    artifact_path : str, optional
        A file or folder of the run; the folder of all of them by default.

    Raises
    ------
    InvalidValue
        For a path that leads out of the run.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.get_artifact_uri("notes/first.txt")  # doctest: +SKIP
    """
    from ..store import openable

    tracker, target = log_target(None)
    pending.flush(tracker.store)
    return str(openable.put(tracker.reader, target, artifact_path or ""))
