"""Finding a model by its address, and bringing its files to a folder, checked, before anything of it is loaded."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ..errors import DamagedModel, InvalidValue, NotFound
from ..recording.session import session
from ..recording.tracker import Tracker
from ..records import Artifact
from ..store import files, pending, registry
from ..store.artifacts import artifact_path as checked_path
from ..store.database import reading
from ..store.place import store_exists
from ..store.registry import ModelFile
from .environment import CONDA, PYTHON_ENV
from .examples import FILE as EXAMPLE
from .folder import CODE, MLMODEL, PYFUNC, Model, Place, check_files

_STAGES = ("production", "staging", "archived", "none")  # mlflow's, of before there were aliases
_FORMS = (
    "runs:/<run>/<name>, models:/<name>/<version>, models:/<name>@<alias>, or the path of a folder that save_model"
    " wrote"
)

_KNOWN = ("mlflow.sklearn", "mlflow.pytorch")  # what loads a model whole, and does not come back to its files
_UNREAD = (CONDA, PYTHON_ENV, EXAMPLE)  # what loading a model does not look at


@dataclass(frozen=True)
class Found:
    """A model that was found: what it says, and its files; `folder` where it is a plain folder."""

    uri: str
    model: Model
    files: tuple[ModelFile, ...] = ()
    folder: Path | None = None
    version: int | None = None


def find(uri: str | os.PathLike[str], tracker: Tracker | None = None) -> Found:
    """Return the model at an address; nothing of it but ``MLmodel`` is read.

    Parameters
    ----------
    uri : str or path
    tracker : Tracker, optional
        Of another store than the current one.

    Raises
    ------
    NotFound
        Where there is no such run, model, version or folder.
    InvalidValue
        For an unknown alias, and an address of another kind.
    DamagedModel
        Where its files are not those that were logged.
    """
    tracker = tracker or session.tracker()
    text = _by_id(uri, tracker)
    with _looking(tracker):
        return _found(text, tracker)


def _by_id(uri: str | os.PathLike[str], tracker: Tracker) -> str:
    """Return an address with the id of its run, found before the store is opened: finding may wait for the writer."""
    text = os.fspath(uri)
    if not isinstance(text, str) or not text:
        raise InvalidValue(f"The address of a model is one of {_FORMS}; not {uri!r}.")
    if not text.startswith("runs:"):
        return text
    reference, _, name = text.removeprefix("runs:").strip("/").partition("/")
    if not reference or not name:
        raise InvalidValue(f"The address of a run's model is runs:/<run>/<name>, not {text!r}.")
    name = checked_path(name.strip("/"))
    run_id = tracker.meant(reference)
    tracker.find(run_id)
    return f"runs:/{run_id}/{name}"  # by the id, since what else names it may mean another later


@contextmanager
def _looking(tracker: Tracker) -> Iterator[None]:
    """Open the store once for several looks; what waits is written before, since the writer waits for us then."""
    pending.flush(tracker.store)
    with reading(tracker.store) if store_exists(tracker.store) else nullcontext():
        yield


def _found(text: str, tracker: Tracker) -> Found:
    if text.startswith("runs:"):
        run_id, _, name = text.removeprefix("runs:/").partition("/")
        return Found(text, *of_run(tracker, run_id, name))
    if text.startswith("models:"):
        return _registered(text, tracker)
    if "://" in text and not text.startswith("file:"):
        raise InvalidValue(f"{text!r} is no address of a model; there is {_FORMS}.")
    folder = _path(text)
    if not folder.exists():
        raise NotFound(f"There is no folder {folder} with a model; other addresses are {_FORMS}.")
    return Found(text, Model.load(folder), folder=folder if folder.is_dir() else folder.parent)


def _path(text: str) -> Path:
    if text.startswith("file:"):
        from urllib.request import url2pathname

        text = url2pathname(text.removeprefix("file:").removeprefix("//"))
    return Path(text).expanduser()


def of_run(tracker: Tracker, run_id: str, name: str) -> tuple[Model, tuple[ModelFile, ...]]:
    """Return a model that a run logged, and its files.

    Raises
    ------
    NotFound
        Where the run has no model of this name; the message says which it has.
    DamagedModel
        Where another file was logged over one of the model's.
    """
    artifacts = tracker.reader.artifacts(run_id)
    inside = {one.path.removeprefix(f"{name}/"): one for one in artifacts if one.path.startswith(f"{name}/")}
    if MLMODEL not in inside:
        known = [one.path.removesuffix(f"/{MLMODEL}") for one in artifacts if one.path.endswith(f"/{MLMODEL}")]
        there = f"its models are {', '.join(known[:5])}" if known else "it has no model"
        raise NotFound(f"The run {run_id[:8]} has no model {name!r}; {there}.")
    model = Model.parse(tracker.reader.content(inside[MLMODEL].sha256))
    return model, tuple(_files(inside, model, name))


def _files(inside: dict[str, Artifact], model: Model, name: str) -> Iterator[ModelFile]:
    """The files that belong to a model: those that it says, or all of its folder where another program wrote it."""
    head = inside[MLMODEL]
    yield ModelFile(MLMODEL, head.sha256, head.size)
    if not model.files:
        yield from (ModelFile(path, one.sha256, one.size) for path, one in inside.items() if path != MLMODEL)
    for path, (size, sha256) in model.files.items():
        one = inside.get(path)
        if one is None or one.sha256 != sha256:
            what = "was never logged" if one is None else "is not the one that was logged with it (its sha256 differs)"
            raise DamagedModel(f"The file {path} of the model {name!r} {what}; log the model again.")
        yield ModelFile(path, sha256, size)


def _registered(uri: str, tracker: Tracker) -> Found:
    rest = uri.removeprefix("models:").strip("/")
    name, at, alias = rest.partition("@")
    if not at:
        name, slash, number = rest.partition("/")
        if not slash:
            raise InvalidValue(
                f"{uri!r} names no version; there is models:/<name>/<version> and models:/<name>@<alias>."
            )
    if at:
        version = registry.version_by_alias(tracker.store, name, alias)
    elif number.lower() == "latest":
        newest = registry.model(tracker.store, name).latest_versions
        if not newest:
            raise NotFound(f"The registered model {name!r} has no version.")
        version = newest[0]
    elif number.lower() in _STAGES:
        at_alias = f"models:/{name}@{number.lower()}"
        raise InvalidValue(
            f"{uri!r} names a stage, and there are no stages here: use an alias, {at_alias}, which "
            f"client.set_registered_model_alias({name!r}, {number.lower()!r}, version) sets."
        )
    else:
        version = registry.version(tracker.store, name, number)
    kept = tuple(registry.files_of(tracker.store, version.name, version.version))
    head = [one for one in kept if one.path == MLMODEL]
    if not head:
        raise DamagedModel(f"Version {version.version} of {version.name!r} has no {MLMODEL}.")
    return Found(uri, Model.parse(tracker.reader.content(head[0].sha256)), kept, version=version.version)


@contextmanager
def opened(
    uri: str | os.PathLike[str],
    tracker: Tracker | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    keep: bool = False,
) -> Iterator[tuple[Place, Found]]:
    """Give the files of a model, which have the hashes that they should have, with its own code on the path.

    Small files come to a temporary folder. Large ones are read where the store keeps them, after a look at their hash:
    they are not copied.

    Parameters
    ----------
    uri : str or path
    tracker : Tracker, optional
    dst_path : path, optional
        A folder that the files are to be copied to, and left in.
    keep : bool, default False
        Leave a temporary folder until the process ends, for models that read their files later.

    Raises
    ------
    NotFound, InvalidValue, DamagedModel
        As `find`.
    CorruptStore
        Where the bytes of a file do not have its sha256; nothing is loaded.
    """
    tracker = tracker or session.tracker()
    text = _by_id(uri, tracker)
    with _looking(tracker):
        found = _found(text, tracker)
        wanted = [one for one in found.files if keep or one.path not in _UNREAD]
        data = _data_of(tracker, wanted)
    keep = keep and found.model.flavors.get(PYFUNC, {}).get("loader_module") not in _KNOWN
    temporary: Path | None = None
    kept: dict[str, Path] = {}
    if found.folder is not None and dst_path is None:
        folder = found.folder
        check_files(folder, found.model)
    elif dst_path is not None:
        folder = Path(dst_path)
        copy_files(found, folder, tracker)
    else:
        temporary = folder = Path(tempfile.mkdtemp(prefix="jupyter-track-model-"))
        try:
            kept = _brought(tracker, wanted, data, folder, whole=keep)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    code = folder / CODE
    if code.is_dir() and str(code) not in sys.path:
        sys.path.insert(0, str(code))  # it stays there, since the model may import of it later
    try:
        yield Place(folder, kept), found
    finally:
        if temporary is not None and (keep or code.is_dir()):
            atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        elif temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _brought(
    tracker: Tracker, wanted: Sequence[ModelFile], data: Sequence[bytes | None], folder: Path, whole: bool
) -> dict[str, Path]:
    """Write small files, checked, into a new folder of our own; return where the large ones lie, checked as well."""
    kept: dict[str, Path] = {}
    for one, inline in zip(wanted, data, strict=True):
        target = folder / checked_path(one.path)
        if inline is None and not whole and not one.path.startswith(f"{CODE}/"):
            kept[one.path] = files.checked(tracker.store, one.sha256)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if inline is None:
            files.copy_to(tracker.store, one.sha256, None, target)
        else:
            target.write_bytes(files.read(tracker.store, one.sha256, inline))
    return kept


def copy_files(found: Found, folder: Path, tracker: Tracker) -> None:
    """Copy the files of a model to a folder; each is checked on the way."""
    folder.mkdir(parents=True, exist_ok=True)
    if found.folder is not None:
        check_files(found.folder, found.model)
        shutil.copytree(found.folder, folder, dirs_exist_ok=True)
        return
    for one, data in zip(found.files, _data_of(tracker, found.files), strict=True):
        files.copy_to(tracker.store, one.sha256, data, folder / checked_path(one.path))


def _data_of(tracker: Tracker, wanted: Sequence[ModelFile]) -> list[bytes | None]:
    """The bytes of files that lie in the database, read at once; None for those that lie beside it."""
    if not wanted:
        return []
    marks = ", ".join("?" * len(wanted))
    with reading(tracker.store) as connection:
        rows = connection.execute(
            f"SELECT sha256, data FROM contents WHERE sha256 IN ({marks})", [one.sha256 for one in wanted]
        )
        known = dict(rows.fetchall())
    if gone := [one.path for one in wanted if one.sha256 not in known]:
        raise NotFound(f"The content of the model's file {gone[0]} is not in {tracker.store}.")
    return [known[one.sha256] for one in wanted]


def models_of(tracker: Tracker, run_id: str) -> list[Artifact]:
    """Return the ``MLmodel`` artifacts of a run, by path; nothing is read."""
    pending.flush(tracker.store)
    if not store_exists(tracker.store):
        return []
    return [one for one in tracker.reader.artifacts(run_id) if one.path.endswith(f"/{MLMODEL}")]
