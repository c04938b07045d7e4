"""Experiments by id and by name, for the module-level functions and for the client.

Looking makes no file: where there is no store yet there is the experiment Default, as there will be in the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..context.redaction import redact_value
from ..errors import NotFound
from ..records import Experiment, ViewType
from ..store import bin, experiment_edits, pending, schema
from ..store.place import store_exists
from ..values import check_key, clean_text
from .session import session
from .tracker import Tracker

_DEFAULT = Experiment(str(schema.DEFAULT_EXPERIMENT_ID), schema.DEFAULT_EXPERIMENT)


def by_id(tracker: Tracker, experiment_id: str | int) -> Experiment:
    """Return an experiment, also a deleted one.

    Raises
    ------
    NotFound
        Where there is none with the id.
    """
    pending.flush(tracker.store)
    if store_exists(tracker.store):
        return tracker.reader.experiment(experiment_id)
    if str(experiment_id) == _DEFAULT.experiment_id:
        return _DEFAULT
    raise NotFound(f"There is no experiment {experiment_id!r}: there is no store at {tracker.store} yet.")


def by_name(tracker: Tracker, name: str) -> Experiment | None:
    """Return the experiment of a name, None where there is none."""
    pending.flush(tracker.store)
    if store_exists(tracker.store):
        return tracker.reader.experiment_by_name(name)
    return _DEFAULT if name == _DEFAULT.name else None


def named(tracker: Tracker, name: str) -> Experiment:
    """Return the experiment of a name.

    Raises
    ------
    NotFound
        Where there is none; the message says which name is near.
    """
    found = by_name(tracker, name)
    if found is not None:
        return found
    if store_exists(tracker.store):
        return tracker.reader.experiment_named(name)  # which says what there is
    raise NotFound(f"There is no experiment {name!r}: there is no store at {tracker.store} yet.")


def search(
    tracker: Tracker, view_type: int, filter_string: str | None, order_by: Sequence[str] | None, limit: int | None
) -> list[Experiment]:
    """Return experiments, the newest first."""
    pending.flush(tracker.store)
    if store_exists(tracker.store):
        return tracker.reader.experiments(view_type, filter_string or "", order_by or (), limit)
    return [] if filter_string or view_type == ViewType.DELETED_ONLY or limit == 0 else [_DEFAULT]


def checked_tags(tags: Mapping[str, Any] | None) -> dict[str, str]:
    """Return tags of an experiment as they are stored: keys checked, no secrets."""
    return {
        check_key(key, "tag"): clean_text(str(redact_value(key, str(value)))) for key, value in (tags or {}).items()
    }


def create(tracker: Tracker, name: str, tags: Mapping[str, Any] | None) -> str:
    """Make an experiment and return its id.

    Raises
    ------
    AlreadyExists
        Where the name is taken.
    """
    return experiment_edits.create_experiment(tracker.store, name, checked_tags(tags))


def rename(tracker: Tracker, experiment_id: str | int, name: str) -> None:
    """Give an experiment another name; where it is the current one it stays so."""
    earlier = by_id(tracker, experiment_id).name
    experiment_edits.rename_experiment(tracker.store, str(experiment_id), name)
    tracker.rename_experiment(earlier, name)
    if session.tracker().store == tracker.store and session.experiment == earlier:
        session.use_experiment(name)


def delete(tracker: Tracker, experiment_id: str | int) -> None:
    """Put an experiment and its runs into the bin; those that are still running go on, which is said."""
    going = [] if not store_exists(tracker.store) else tracker.reader.runs(str(experiment_id), "status = 'RUNNING'")
    experiment_edits.delete_experiment(tracker.store, str(experiment_id))
    tracker.forget_experiments()
    bin.warn_of_running(tracker.store, [run.run_id for run in going])


def restore(tracker: Tracker, experiment_id: str | int) -> None:
    """Take an experiment out of the bin, with the runs that went with it."""
    experiment_edits.restore_experiment(tracker.store, str(experiment_id))
    tracker.forget_experiments()
