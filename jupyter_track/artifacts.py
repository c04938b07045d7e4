"""mlflow's ``mlflow.artifacts``: reading what runs have logged."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InvalidValue
from .recording import artifacts as _artifacts
from .recording.session import session as _session
from .records import FileInfo

if TYPE_CHECKING:
    from .recording.tracker import Tracker

__all__ = ["download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"]


def _place(tracker: Tracker, uri: str | None, run_id: str | int | None, path: str | None) -> tuple[str, str]:
    """The id of the run and the path that the caller means: either an address, or a run with a path."""
    if uri is not None and run_id is None:
        reference, path = _artifacts.parse_uri(uri)
        return tracker.meant(reference), path
    if uri is not None or run_id is None:
        raise InvalidValue("Give either artifact_uri, or run_id with artifact_path.")
    return tracker.meant(run_id), path or ""


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | int | None = None,
    artifact_path: str | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
) -> str:
    """Copy a file, or a folder with its files, out of the store.

    Parameters
    ----------
    artifact_uri : str, optional
        ``runs:/<run>/<path>``: the run by its id, or as people name it (``runs:/best/model.json``).
    run_id, artifact_path : str, optional
        Instead of the address; the run also as ``12``, ``"#12"``, a name, ``last`` or ``best``.
    dst_path : path, optional
        The folder to copy to; a new temporary one by default.
    tracking_uri : str, optional
        Another store.

    Returns
    -------
    str
        Where the copy lies.

    Raises
    ------
    NotFound
        Where the run has nothing of that name.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.artifacts.download_artifacts("runs:/best/figures", dst_path="paper")  # doctest: +SKIP
    """
    tracker = _tracker(tracking_uri)
    run, path = _place(tracker, artifact_uri, run_id, artifact_path)
    return str(_artifacts.download(tracker, run, path, None if dst_path is None else Path(dst_path)))


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | int | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """Return what lies in a folder of a run: the outermost one by default.

    Parameters
    ----------
    artifact_uri : str, optional
        ``runs:/<run>/<path>``; the run by its id, or as people name it.
    run_id, artifact_path : str, optional
        Instead of the address.
    tracking_uri : str, optional
        Another store.

    Returns
    -------
    list of FileInfo
        Folders and files by name. The path of a file gives nothing, as in mlflow.

    Raises
    ------
    NotFound
        Where there is no such run.

    Examples
    --------
    >>> import jupyter_track as track
    >>> [file.path for file in track.artifacts.list_artifacts("runs:/best")]  # doctest: +SKIP
    """
    tracker = _tracker(tracking_uri)
    run, path = _place(tracker, artifact_uri, run_id, artifact_path)
    return _artifacts.list_artifacts(tracker, run, path or None)


def load_text(artifact_uri: str) -> str:
    """Return a logged text.

    Parameters
    ----------
    artifact_uri : str
        ``runs:/<run>/<path>``; the run by its id, or as people name it.

    Raises
    ------
    NotFound
        Where the run has nothing of that name.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.artifacts.load_text("runs:/best/notes/first.txt")  # doctest: +SKIP
    """
    return _content(artifact_uri).decode("utf-8")


def load_dict(artifact_uri: str) -> Any:
    """Return a logged dict or list, from JSON or YAML.

    Parameters
    ----------
    artifact_uri : str
        ``runs:/<run>/<path>``; the run by its id, or as people name it.

    Raises
    ------
    NotFound
        Where the run has nothing of that name.
    InvalidValue
        Where the file is neither.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.artifacts.load_dict("runs:/best/config.json")["classes"]  # doctest: +SKIP
    10
    """
    data = _content(artifact_uri)
    if artifact_uri.endswith((".yaml", ".yml")):
        try:
            import yaml  # type: ignore[import-untyped,unused-ignore]
        except ImportError:
            raise InvalidValue("Reading YAML needs PyYAML: 'pip install pyyaml'.") from None
        return yaml.safe_load(data)
    try:
        return json.loads(data)
    except ValueError as error:
        raise InvalidValue(f"{artifact_uri} is no JSON ({error}).") from error


def load_image(artifact_uri: str) -> Any:
    """Return a logged image as a Pillow image.

    Parameters
    ----------
    artifact_uri : str
        ``runs:/<run>/<path>``; the run by its id, or as people name it.

    Raises
    ------
    NotFound
        Where the run has nothing of that name.
    InvalidValue
        Where Pillow is not installed.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.artifacts.load_image("runs:/best/digit.png").size  # doctest: +SKIP
    """
    try:
        from PIL import Image
    except ImportError:
        raise InvalidValue("Reading an image needs Pillow: 'pip install pillow'.") from None
    with tempfile.TemporaryDirectory() as folder:
        tracker = _session.tracker()
        image = Image.open(_artifacts.download(tracker, *_place(tracker, artifact_uri, None, None), Path(folder)))
        image.load()
        return image


def _tracker(tracking_uri: str | None) -> Tracker:
    from .recording.client import TrackClient

    return TrackClient(tracking_uri)._tracker


def _content(artifact_uri: str) -> bytes:
    tracker = _session.tracker()
    run, path = _place(tracker, artifact_uri, None, None)
    with tempfile.TemporaryDirectory() as folder:
        return _artifacts.download(tracker, run, path, Path(folder)).read_bytes()
