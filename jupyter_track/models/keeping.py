"""Saving a model into a folder, and logging the folder to a run: what all flavors share."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..context.entered import safe_text
from ..errors import AlreadyExists, InvalidValue, MissingFile, TrackError
from ..recording import context
from ..recording.entries import RunMemory
from ..recording.opening import log_target
from ..recording.tracker import Tracker
from ..store.artifacts import artifact_path as checked_path
from ..store.artifacts import guess_mime
from ..store.problems import report
from ..values import check_key
from . import environment, examples, requirements
from .folder import CODE, MLMODEL, Form, Model, hashed
from .info import ModelInfo, info_of
from .registry import register_logged
from .signature import ModelSignature, infer_signature

DEFAULT_NAME = "model"
EXTRA = "extra_files"


@dataclass(frozen=True)
class Saved:
    """What a flavor has put into a folder.

    Attributes
    ----------
    form : Form
    flavors : mapping
        For ``MLmodel``.
    modules : set of str
        What the model is made of.
    always : tuple of str
        Packages that it needs in any case.
    predict : callable or None
        For the output of the signature.
    """

    form: Form
    flavors: Mapping[str, Mapping[str, Any]]
    modules: set[str]
    always: tuple[str, ...] = ()
    predict: Callable[[Any], Any] | None = None


Saver = Callable[[Path], Saved]


@dataclass(frozen=True)
class Options:
    """What `log_model` and `save_model` of every flavor take."""

    conda_env: Any = None
    code_paths: Sequence[str] | None = None
    signature: ModelSignature | bool | None = None
    input_example: Any = None
    pip_requirements: Any = None
    extra_pip_requirements: Any = None
    metadata: Mapping[str, Any] | None = None
    params: Mapping[str, Any] | None = None
    tags: Mapping[str, Any] | None = None
    extra_files: Sequence[str] | None = None


def write(folder: Path, saver: Saver, options: Options, **about: Any) -> Model:
    """Put a model into an empty folder and return what its ``MLmodel`` says.

    Parameters
    ----------
    folder : Path
    saver : callable
        Writes the model's own files.
    options : Options
    **about
        Further fields of `Model`.
    """
    if options.metadata is not None and not isinstance(options.metadata, Mapping):
        raise InvalidValue(f"The metadata of a model is a dict, not {type(options.metadata).__name__}.")
    if options.signature not in (None, False, True) and not isinstance(options.signature, ModelSignature):
        raise InvalidValue(
            f"A signature comes from infer_signature(input, output), not {type(options.signature).__name__}."
        )
    example = None if options.input_example is None else examples.write_example(folder, options.input_example)
    _copy(folder / CODE, options.code_paths, "code")
    _copy(folder / EXTRA, options.extra_files, "extra files")
    saved = saver(folder)
    found: list[str] = []
    if options.conda_env is None and options.pip_requirements is None:
        found = requirements.pinned(saved.modules, saved.always)
    environment.write_environment(
        folder, found, options.conda_env, options.pip_requirements, options.extra_pip_requirements
    )
    more = {"params": options.params, "tags": options.tags}
    metadata = {**(options.metadata or {}), **{key: dict(value) for key, value in more.items() if value}}
    model = Model(
        flavors=saved.flavors,
        signature=_signature(options, saved),
        metadata=metadata or None,
        saved_input_example_info=example,
        form=saved.form,
        files=hashed(folder),
        **about,
    )
    model.save(folder)
    return model


def _copy(target: Path, paths: Sequence[str] | None, what: str) -> None:
    """Copy files and folders of the user's into a folder of the model."""
    for one in paths or ():
        source = Path(one)
        place = target / source.resolve().name
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__", ".git", "*.pyc"))
        elif source.is_file():
            target.mkdir(exist_ok=True)
            shutil.copyfile(source, place)
        else:
            raise MissingFile(f"There is no file or folder {one!r} with {what} (looked in {Path.cwd()}).")


def _signature(options: Options, saved: Saved) -> ModelSignature | None:
    """The signature that was given, else the one of the input example and of what the model makes of it."""
    if isinstance(options.signature, ModelSignature):
        return options.signature
    if options.signature is False or options.input_example is None:
        return None
    output = None
    if saved.predict is not None:
        try:
            output = _rows(options.input_example, saved.predict(options.input_example))
        except Exception as error:  # noqa: BLE001 - the model is the user's; it is logged all the same
            report("model-example", f"The model does not take its input example ({type(error).__name__}: {error}).")
    try:
        return infer_signature(options.input_example, output)
    except TrackError as error:
        report("model-signature", f"No signature was made of the input example: {error}")
        return None


def _rows(example: Any, output: Any) -> Any:
    """Where the input has columns, an array of one dimension is a value a row, as in mlflow."""
    if hasattr(example, "columns") and getattr(output, "ndim", 0) == 1 and hasattr(output, "dtype"):
        import pandas

        return pandas.Series(output)
    return output


def save(path: str | Path, saver: Saver, options: Options) -> None:
    """Save a model as a folder, which must not be there or be empty; it appears when it is whole.

    Raises
    ------
    AlreadyExists
        Where something is there.
    """
    target = Path(path)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AlreadyExists(f"{target} is there already; name another folder for the model.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as temporary:
        folder = Path(temporary) / "model"
        folder.mkdir()
        write(folder, saver, options, origin={"python": platform.python_version()})
        if target.exists():
            target.rmdir()
        folder.rename(target)


def name_of(name: str | None, artifact_path: str | None) -> str:
    """Return the name of a model: mlflow 3 calls it `name`, earlier ones `artifact_path`.

    Raises
    ------
    InvalidValue
        Where they differ.
    """
    if name is not None and artifact_path is not None and name != artifact_path:
        raise InvalidValue(f"Give either name ({name!r}) or artifact_path ({artifact_path!r}).")
    chosen = name if name is not None else artifact_path
    return checked_path(DEFAULT_NAME if chosen is None else chosen)


def log(
    saver: Saver,
    name: str,
    options: Options,
    registered_model_name: str | None = None,
    run_id: str | int | None = None,
) -> ModelInfo:
    """Log a model to a run, the active one by default, and register it where a name is given.

    The model's folder lies among the run's artifacts; ``MLmodel`` comes last, so that a model that was cut off is none.
    """
    for key in (*(options.params or {}), *(options.tags or {})):
        check_key(key, "param")
    tracker, target = log_target(run_id)
    with tempfile.TemporaryDirectory(prefix="jupyter-track-") as temporary:
        folder = Path(temporary)
        origin = _origin(tracker, tracker.memory(target))
        model = write(folder, saver, options, run_id=target, artifact_path=name, origin=origin)
        keep_folder(tracker, target, folder, model, name)
    uri = f"runs:/{target}/{name}"
    version = None
    if registered_model_name is not None:
        version = register_logged(tracker, target, name, registered_model_name).version
    return info_of(model, uri, version)


def keep_folder(tracker: Tracker, run_id: str, folder: Path, model: Model, name: str) -> None:
    """Record a model's folder as artifacts of a run."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        relative = path.relative_to(folder).as_posix()
        if relative != MLMODEL:
            tracker.artifact(run_id, f"{name}/{relative}", path, mime=guess_mime(relative))
    tracker.artifact(
        run_id, f"{name}/{MLMODEL}", folder / MLMODEL, mime="application/yaml", kind="model", title=model.title
    )


def _origin(tracker: Tracker, memory: RunMemory | None) -> dict[str, str]:
    """Where a model comes from, beside its run: commit, notebook, Python."""
    context.settle(1.0)  # git's answer, which takes some 30 ms
    found = {"python": platform.python_version()}
    if memory is None:
        return found
    known = {
        "run_name": memory.name,
        "notebook": memory.notebook,
        "git_commit": memory.tags.get(context.COMMIT_TAG),
        "git_dirty": memory.tags.get("jupyter_track.git.dirty"),
    }
    return found | {key: safe_text(value) for key, value in known.items() if value}
