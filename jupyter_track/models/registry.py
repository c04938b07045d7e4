"""Registering models: giving the files of a logged model, or of a folder, the next version of a name."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..context.entered import check_tags, safe_text
from ..context.place import user_name
from ..errors import InvalidValue
from ..recording.pages import Page
from ..recording.session import session
from ..recording.tracker import Tracker
from ..records import ModelVersion, RegisteredModel
from ..store import files, registry, registry_edits
from ..store.files import Content
from ..store.place import store_exists
from ..store.registry import ModelFile
from ..store.registry_edits import Registration
from ..values import clean_text
from .finding import Found, find
from .folder import MLMODEL, check_files

__all__ = ["register_model", "search_model_versions", "search_registered_models"]


def register_model(
    model_uri: str | os.PathLike[str],
    name: str,
    await_registration_for: int | None = None,
    *,
    tags: Mapping[str, Any] | None = None,
    env_pack: Any = None,
) -> ModelVersion:
    """Register a model as the next version of a name; the name is made where it is new.

    Parameters
    ----------
    model_uri : str or path
        ``runs:/<run>/<name>``, another version, or a folder.
    name : str
        Without ``/`` and ``:``.
    await_registration_for, env_pack
        Accepted for mlflow's sake: the version is ready at once.
    tags : dict, optional
        Of the version.

    Returns
    -------
    ModelVersion

    Raises
    ------
    NotFound
        Where there is no such model.

    Examples
    --------
    >>> import jupyter_track as track
    >>> version = track.register_model(f"runs:/{run_id}/model", "digits")  # doctest: +SKIP
    >>> track.sklearn.load_model(version.model_uri)  # doctest: +SKIP
    """
    return register(session.tracker(), model_uri, name, tags=tags)


def register_logged(tracker: Tracker, run_id: str, logged_name: str, name: str) -> ModelVersion:
    """Register a model that a run has just logged."""
    return register(tracker, f"runs:/{run_id}/{logged_name}", name)


def register(
    tracker: Tracker,
    model_uri: str | os.PathLike[str],
    name: str,
    *,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    run_id: str | None = None,
    make: bool = True,
    model_id: str | None = None,
) -> ModelVersion:
    """Register a model in a tracker's store; see `register_model`."""
    registry.check_name(name)
    checked = check_tags(tags or {})
    found = find(model_uri, tracker)
    if model_id is not None and model_id != found.model.model_uuid:
        raise InvalidValue(f"{model_uri} is the model {found.model.model_uuid}, not {str(model_id)[:60]!r}.")
    model_files, contents = _files_of(tracker, found)
    registration = Registration(
        source=_source(found), run_id=_run_of(tracker, found, run_id), title=safe_text(found.model.title),
        files=model_files, contents=contents,
    )  # fmt: skip
    version = registry_edits.create_version(
        tracker.store,
        name,
        registration,
        user_id=clean_text(user_name()),
        tags=checked,
        description=None if description is None else safe_text(description),
        make=make,
    )
    return registry.version(tracker.store, name, version)


def _source(found: Found) -> str:
    return found.uri if found.folder is None else found.folder.resolve().name


def _run_of(tracker: Tracker, found: Found, run_id: str | None) -> str | None:
    """The run of a version: the one that was named, else the model's own, where this store has it."""
    if run_id is not None or found.model.run_id is None:
        return run_id
    known = store_exists(tracker.store) and tracker.reader.runs_of([found.model.run_id])
    return found.model.run_id if known else None


def _files_of(tracker: Tracker, found: Found) -> tuple[Sequence[ModelFile], Sequence[Content]]:
    """The files of a version; those of a plain folder are brought into the store first."""
    if found.folder is None:
        return found.files, ()
    check_files(found.folder, found.model)
    paths = sorted(path for path in found.folder.rglob("*") if path.is_file())
    if not any(path.name == MLMODEL for path in paths):
        raise InvalidValue(f"{found.folder} is no model: it has no file {MLMODEL}.")
    contents = [(path, files.keep(tracker.store, Path(path))) for path in paths]
    kept = [ModelFile(path.relative_to(found.folder).as_posix(), one.sha256, one.size) for path, one in contents]
    return kept, [one for _, one in contents]


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> Page[RegisteredModel]:
    """Return registered models by name, with their newest versions.

    Parameters
    ----------
    max_results : int, optional
    filter_string : str, optional
        Over name, creation_timestamp, last_updated_timestamp and ``tags.*``.
    order_by : list of str, optional
        Such as ``["last_updated_timestamp DESC"]``.

    Raises
    ------
    FilterError
        Where filter or order cannot be read.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.search_registered_models(filter_string="name LIKE 'digits%'")
    []
    """
    return Page(registry.models(session.tracker().store, filter_string, order_by, max_results))


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> Page[ModelVersion]:
    """Return versions of registered models, by name and the newest first.

    Parameters
    ----------
    max_results : int, optional
    filter_string : str, optional
        Over name, version_number, run_id, source_path, creation_timestamp, last_updated_timestamp and
        ``tags.*``.
    order_by : list of str, optional
        Such as ``["last_updated_timestamp DESC"]``.

    Raises
    ------
    FilterError
        Where filter or order cannot be read.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.search_model_versions(filter_string="name = 'digits' AND tags.stage = 'ready'")
    []
    """
    return Page(registry.versions(session.tracker().store, filter_string, order_by, max_results))
