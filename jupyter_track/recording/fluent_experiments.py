"""The module-level functions on experiments: which is current, finding, making, tagging and deleting them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidValue, NotFound
from ..records import Experiment, ViewType
from ..store import experiment_edits
from ..store.place import store_exists
from . import experiments
from .entries import now_ms
from .session import session
from .tracker import Tracker


def set_experiment(experiment_name: str | None = None, experiment_id: str | int | None = None) -> Experiment:
    """Make an experiment current; a new name makes it.

    Runs that are started from now on belong to it.

    Parameters
    ----------
    experiment_name : str, optional
    experiment_id : str or int, optional
        In the place of the name.

    Returns
    -------
    Experiment

    Raises
    ------
    InvalidValue
        Where both or neither is given, or the experiment is deleted.
    NotFound
        Where there is no experiment with the id.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.set_experiment("digits").name  # doctest: +SKIP
    'digits'
    """
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidValue("Give either the name or the id of the experiment.")
    tracker = session.tracker()
    if experiment_id is not None:
        experiment = get_experiment(experiment_id)
        if experiment.lifecycle_stage != "active":
            raise InvalidValue(f"The experiment {experiment.name!r} is deleted; restore_experiment() brings it back.")
        session.use_experiment(experiment.name)
        return experiment
    name = experiment_edits.check_experiment_name(experiment_name)
    identifier = tracker.experiment_id(name)
    session.use_experiment(name)
    found = _stored_experiment(tracker, identifier)
    now = now_ms()
    return found or Experiment(identifier, name, creation_time=now, last_update_time=now)


def _stored_experiment(tracker: Tracker, identifier: str) -> Experiment | None:
    if not store_exists(tracker.store):
        return None
    try:
        return tracker.reader.experiment(identifier)
    except NotFound:  # it is made with the next batch
        return None


def create_experiment(name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None) -> str:
    """Make an experiment and return its id.

    Parameters
    ----------
    name : str
    artifact_location : str, optional
        Accepted for mlflow's sake: content always lies beside the store.
    tags : dict, optional

    Returns
    -------
    str

    Raises
    ------
    AlreadyExists
        Where the name is taken.

    Examples
    --------
    >>> import jupyter_track as track
    >>> identifier = track.create_experiment("digits", tags={"team": "red"})  # doctest: +SKIP
    """
    return experiments.create(session.tracker(), name, tags)


def get_experiment(experiment_id: str | int) -> Experiment:
    """Return an experiment, also a deleted one.

    Parameters
    ----------
    experiment_id : str or int

    Raises
    ------
    NotFound
        Where there is none with the id.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.get_experiment(0).name
    'Default'
    """
    return experiments.by_id(session.tracker(), experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """Return the experiment of a name, None where there is none.

    Parameters
    ----------
    name : str

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.get_experiment_by_name("Default").experiment_id
    '0'
    """
    return experiments.by_name(session.tracker(), name)


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Experiment]:
    """Return experiments, the newest first.

    Parameters
    ----------
    view_type : int, default ViewType.ACTIVE_ONLY
        Or ``DELETED_ONLY``, ``ALL``.
    max_results : int, optional
    filter_string : str, optional
        Over name, experiment_id, creation_time, last_update_time and ``tags.*``.
    order_by : list of str, optional
        Such as ``["name ASC"]``.

    Returns
    -------
    list of Experiment

    Raises
    ------
    FilterError
        Where filter or order cannot be read.

    Examples
    --------
    >>> import jupyter_track as track
    >>> [experiment.name for experiment in track.search_experiments(filter_string="name LIKE 'digits%'")]
    []
    """
    return experiments.search(session.tracker(), view_type, filter_string, order_by, max_results)


def delete_experiment(experiment_id: str | int) -> None:
    """Put an experiment and its runs into the bin.

    Runs that are still running go on: what they log lies in the bin with them. One warning says so.

    Parameters
    ----------
    experiment_id : str or int

    Raises
    ------
    NotFound
        Where there is none with the id.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.delete_experiment(track.get_experiment_by_name("digits").experiment_id)  # doctest: +SKIP
    """
    experiments.delete(session.tracker(), experiment_id)


def restore_experiment(experiment_id: str | int) -> None:
    """Take an experiment out of the bin, with the runs that went with it.

    Parameters
    ----------
    experiment_id : str or int

    Raises
    ------
    NotFound
        Where there is none with the id.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.restore_experiment(track.get_experiment_by_name("digits").experiment_id)  # doctest: +SKIP
    """
    experiments.restore(session.tracker(), experiment_id)


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the current experiment.

    Parameters
    ----------
    key : str
    value : object
        Kept as text.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.set_experiment_tag("team", "red")  # doctest: +SKIP
    """
    set_experiment_tags({key: value})


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Set tags of the current experiment.

    Parameters
    ----------
    tags : dict
        Values are kept as text.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.set_experiment_tags({"team": "red", "data": "digits"})  # doctest: +SKIP
    """
    checked = experiments.checked_tags(tags)
    tracker = session.tracker()
    experiment_edits.set_experiment_tags(tracker.store, tracker.experiment_id(session.experiment), checked)


def delete_experiment_tag(key: str) -> None:
    """Remove a tag of the current experiment.

    Parameters
    ----------
    key : str

    Raises
    ------
    NotFound
        Where it has no such tag.

    Examples
    --------
    >>> import jupyter_track as track
    >>> track.delete_experiment_tag("team")  # doctest: +SKIP
    """
    tracker = session.tracker()
    experiment_edits.delete_experiment_tag(tracker.store, tracker.experiment_id(session.experiment), key)
