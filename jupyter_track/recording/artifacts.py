"""Files of a run: logging them by kind, listing, loading tables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any

from ..errors import InvalidValue, MissingFile, NotFound
from ..records import Artifact, FileInfo, Run, RunInfo
from ..store import openable, pending
from ..store.artifacts import artifact_path as checked_path
from ..store.artifacts import guess_mime, walk
from ..store.place import store_exists
from ..store.problems import report
from ..values import check_key, check_step
from . import folder_progress
from .blob import Blob, suffix_of
from .tracker import Tracker

if TYPE_CHECKING:
    from pandas import DataFrame


def _content() -> ModuleType:
    """The formats, loaded by the first file that is logged: most processes log none."""
    from . import content

    return content


def keep_blob(tracker: Tracker, run_id: str, blob: Blob, path: str, join_key: str | None = None) -> Artifact:
    """Record prepared content under a path of the run."""
    source: Any = blob.data
    return tracker.artifact(run_id, path, source, mime=blob.mime, kind=blob.kind, title=blob.title, join_key=join_key)


def log_artifact(
    tracker: Tracker, run_id: str, local_path: str | os.PathLike[str], artifact_path: str | None = None
) -> None:
    """Log a file under its name in the folder `artifact_path`, or a folder with all its files.

    Raises
    ------
    MissingFile
        Where there is no such file.
    """
    path = Path(local_path)
    if path.is_dir():
        name = path.resolve().name
        log_artifacts(tracker, run_id, path, f"{artifact_path}/{name}" if artifact_path else name)
        return
    if not path.exists():
        raise MissingFile(f"There is no file {os.fspath(local_path)!r} to log (looked in {Path.cwd()}).")
    name = path.name if artifact_path is None else f"{artifact_path}/{path.name}"
    tracker.artifact(run_id, name, path, mime=guess_mime(path.name))


def log_artifacts(
    tracker: Tracker, run_id: str, local_dir: str | os.PathLike[str], artifact_path: str | None = None
) -> None:
    """Log all files of a folder, under the folder `artifact_path`."""

    def left_out(sentence: str) -> None:
        report("left-out", sentence)

    found = list(walk(Path(local_dir), left_out, tracker.store))
    for path, relative in folder_progress.counted(tracker.memory(run_id), found):
        name = relative if not artifact_path else f"{artifact_path}/{relative}"
        tracker.artifact(run_id, name, path, mime=guess_mime(relative))


def log_text(tracker: Tracker, run_id: str, text: str, artifact_file: str) -> None:
    """Log text as a file."""
    keep_blob(tracker, run_id, _content().text_blob(text, artifact_file), artifact_file)


def log_dict(tracker: Tracker, run_id: str, dictionary: Any, artifact_file: str) -> None:
    """Log a dict as JSON or YAML."""
    keep_blob(tracker, run_id, _content().dict_blob(dictionary, artifact_file), artifact_file)


def log_stream(tracker: Tracker, run_id: str, stream: IO[bytes] | IO[str], artifact_file: str) -> None:
    """Log what a stream gives."""
    source: Any = stream
    keep_blob(tracker, run_id, _content().stream_blob(source, artifact_file), artifact_file)


def log_figure(
    tracker: Tracker, run_id: str, figure: Any, artifact_file: str, save_kwargs: Mapping[str, Any] | None = None
) -> None:
    """Log a figure in the format of the file's ending."""
    kwargs = dict(save_kwargs) if save_kwargs else None
    keep_blob(tracker, run_id, _content().figure_blob(figure, artifact_file, kwargs), artifact_file)


def log_image(
    tracker: Tracker,
    run_id: str,
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
) -> None:
    """Log an image under a file name, or under a key with a step (``images/<key>/<step>.png``).

    Raises
    ------
    InvalidValue
        Where both a file name and a key is given, or neither.
    """
    if (artifact_file is None) == (key is None):
        raise InvalidValue("Give either the artifact_file or the key of the image.")
    if artifact_file is not None:
        if step is not None or timestamp is not None:
            raise InvalidValue("step and timestamp go with key=…, not with artifact_file.")
        keep_blob(tracker, run_id, _content().image_blob(image, artifact_file), artifact_file)
        return
    folder = checked_path(f"images/{check_key(key)}")
    blob = _content().image_blob(image)
    keep_blob(tracker, run_id, blob, f"{folder}/{check_step(step):08d}{blob.suffix}")


def log_table(tracker: Tracker, run_id: str, data: Any, artifact_file: Any, key: str | None = None) -> None:
    """Log a table; where the run has one of this name, the rows are appended.

    A name without an ending means ``.json``. The name may come first: ``log_table("answers", frame)``. The key stays
    where a later call names none.
    """
    if isinstance(data, str) and not isinstance(artifact_file, str):
        data, artifact_file = artifact_file, data
    path = _table_path(artifact_file)
    tracker.require(run_id)
    if key is not None:
        _content().check_join_key(data, key)
    earlier = _stored(tracker, run_id, path)
    if earlier is None:
        blob = _content().table_blob(data, path)
    else:
        blob = _content().append_table(tracker.reader.content(earlier.sha256), data, path)
        key = earlier.join_key if key is None else key
    keep_blob(tracker, run_id, blob, path, key)


def _table_path(artifact_file: str) -> str:
    path = checked_path(artifact_file)
    return path if suffix_of(path) else f"{path}.json"


def _stored(tracker: Tracker, run_id: str, path: str) -> Artifact | None:
    """The artifact of a path, after what this process logged is written; None where there is none."""
    memory = tracker.memory(run_id)
    if memory is not None and memory.fresh and path not in memory.artifacts:
        return None
    pending.flush(tracker.store)
    found = [artifact for artifact in tracker.reader.artifacts(run_id) if artifact.path == path]
    return found[0] if found else None


def list_artifacts(tracker: Tracker, run_id: str, path: str | None = None) -> list[FileInfo]:
    """Return what lies directly in a folder of the run: folders and files by name.

    The outermost folder where `path` is None. The path of a file gives nothing, as in mlflow.
    """
    tracker.find(run_id)
    pending.flush(tracker.store)
    prefix = f"{checked_path(path)}/" if path else ""
    found: dict[str, FileInfo] = {}
    for artifact in tracker.reader.artifacts(run_id):
        if not artifact.path.startswith(prefix):
            continue
        name, slash, _ = artifact.path[len(prefix) :].partition("/")
        full = prefix + name
        found[full] = FileInfo(full, True, None) if slash else FileInfo(full, False, artifact.size)
    return [found[name] for name in sorted(found)]


def load_table(
    tracker: Tracker,
    artifact_file: str,
    run_ids: Sequence[str | int] | None,
    extra_columns: Sequence[str] | None,
    experiment_id: str | None,
) -> DataFrame:
    """Return the tables of several runs, one below the other; see `jupyter_track.load_table`."""
    import pandas

    path = _table_path(artifact_file)
    pending.flush(tracker.store)
    if not run_ids:
        nowhere = experiment_id is None or not store_exists(tracker.store)
        runs = [] if nowhere else tracker.reader.runs([str(experiment_id)])
    else:
        several = [run_ids] if isinstance(run_ids, (str, int)) else run_ids
        runs = [tracker.read(tracker.meant(one)) for one in several]
    suffix = "." + path.rpartition(".")[2]
    frames: list[DataFrame] = []
    for run in runs:
        artifact = _stored(tracker, run.run_id, path)
        if artifact is None:
            continue
        frame: DataFrame = _content().load_table(tracker.reader.content(artifact.sha256), suffix)
        for column in extra_columns or ():
            if column in frame:
                raise InvalidValue(f"The table has a column {column!r} of its own.")
            frame[column] = _of_run(run, column)
        frames.append(frame)
    if not frames:
        raise NotFound(f"No run has a table {artifact_file!r}.")
    return pandas.concat(frames, ignore_index=True)


def _of_run(run: Run, column: str) -> Any:
    """What `search_runs` has in a column of a run; None where the run lacks it."""
    kind, _, key = column.partition(".")
    if key and kind in ("params", "metrics", "tags"):
        return getattr(run.data, kind).get(key)
    if column not in RunInfo.__dataclass_fields__:
        raise InvalidValue(
            f"{column!r} is no column of a run; there is run_id, run_name, status, params.…, metrics.… and tags.…."
        )
    value = getattr(run.info, column)
    if column not in ("start_time", "end_time"):
        return value
    import pandas

    return pandas.to_datetime(value, unit="ms", utc=True)


def download(tracker: Tracker, run_id: str, path: str, target: Path | None = None) -> Path:
    """Copy a file, or a folder with its files, out of the store and return where it lies.

    Parameters
    ----------
    tracker : Tracker
    run_id : str
    path : str
        A file or folder of the run; an empty string is the whole run.
    target : Path, optional
        A folder; a new temporary one by default.

    Raises
    ------
    NotFound
        Where the run has nothing of that name.
    CorruptStore
        Where the content is damaged.
    """
    import tempfile

    tracker.find(run_id)
    pending.flush(tracker.store)
    name = checked_path(path) if path.strip("/") else ""
    artifacts = [
        artifact
        for artifact in tracker.reader.artifacts(run_id)
        if not name or artifact.path == name or artifact.path.startswith(f"{name}/")
    ]
    if not artifacts:
        known = ", ".join(artifact.path for artifact in tracker.reader.artifacts(run_id)[:5]) or "nothing"
        raise NotFound(f"The run {tracker.read(run_id).label} has no artifact {path!r}; it has {known}.")
    folder = Path(tempfile.mkdtemp(prefix="jupyter-track-")) if target is None else Path(target)
    for artifact in artifacts:
        place = folder / checked_path(artifact.path)  # checked again: the store may be somebody else's
        place.parent.mkdir(parents=True, exist_ok=True)
        tracker.reader.copy_content(artifact.sha256, place)
    return folder / name if name else folder


def parse_uri(uri: str) -> tuple[str, str]:
    """Return run and path of an address such as ``runs:/<run id>/<path>``; the run as it is written there.

    What `get_artifact_uri` gives is an address too.

    Raises
    ------
    InvalidValue
        For an address of another kind.
    """
    opened = openable.parsed(uri)
    if opened is not None:
        return opened
    if uri.startswith("runs:/"):
        run_id, _, path = uri.removeprefix("runs:/").lstrip("/").partition("/")
        if run_id:
            return run_id, path.strip("/")  # two addresses joined by hand have a slash too many
    raise InvalidValue(f"An artifact's address begins with 'runs:/<run id>/', not {uri!r}.")
