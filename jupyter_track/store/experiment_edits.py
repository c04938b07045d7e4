"""Small edits of experiments: one transaction each under the mutex, as `jupyter_track.store.edits` has for runs."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from ..errors import AlreadyExists, InvalidValue, NotFound
from ..records import Goal
from .database import reading
from .edits import editing, now_ms
from .place import store_exists
from .run_rows import is_text
from .schema import DEFAULT_EXPERIMENT_ID


def find_experiment(store: Path, name: str) -> tuple[int, str, dict[str, Goal]] | None:
    """Return id, lifecycle stage and metric goals of an experiment, None where there is none of the name."""
    if not store_exists(store) or not is_text(name):
        return None
    with reading(store) as connection:
        row = connection.execute("SELECT id, lifecycle_stage FROM experiments WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        goals = connection.execute("SELECT key, goal FROM metric_goals WHERE experiment_id = ?", row[:1])
        return row[0], row[1], dict(goals.fetchall())


def new_experiment_id() -> int:
    """Return a random id of 53 bits: made without asking the store, and exact in JSON and JavaScript."""
    return random.SystemRandom().randrange(1, 2**53)


def create_experiment(store: Path, name: str, tags: Mapping[str, str] | None = None) -> str:
    """Make an experiment and return its id.

    Raises
    ------
    AlreadyExists
        Where the name is taken, also by a deleted experiment.
    """
    check_experiment_name(name)
    with editing(store) as (connection, rev):
        row = connection.execute("SELECT lifecycle_stage FROM experiments WHERE name = ?", (name,)).fetchone()
        if row is not None:
            more = "; restore it, or take another name" if row[0] == "deleted" else ""
            raise AlreadyExists(f"There is {_article(row[0])} experiment {name!r} already{more}.")
        identifier, now = new_experiment_id(), now_ms()
        connection.execute(
            "INSERT INTO experiments (id, name, created, updated, rev) VALUES (?, ?, ?, ?, ?)",
            (identifier, name, now, now, rev),
        )
        for key, value in (tags or {}).items():
            connection.execute("INSERT INTO experiment_tags VALUES (?, ?, ?)", (identifier, key, str(value)))
    return str(identifier)


def find_or_make(connection: sqlite3.Connection, name: str, rev: int) -> int:
    """Return the id of the active experiment of a name, inside a transaction; it is made where there is none.

    Raises
    ------
    InvalidValue
        Where the name cannot name an experiment, or belongs to a deleted one.
    """
    check_experiment_name(name)
    row = connection.execute("SELECT id, lifecycle_stage FROM experiments WHERE name = ?", (name,)).fetchone()
    if row is None:
        identifier, now = new_experiment_id(), now_ms()
        connection.execute(
            "INSERT INTO experiments (id, name, created, updated, rev) VALUES (?, ?, ?, ?, ?)",
            (identifier, name, now, now, rev),
        )
        return identifier
    if row[1] == "deleted":
        raise InvalidValue(f"The experiment {name!r} is deleted: restore it, or take another name.")
    return int(row[0])


def _article(stage: str) -> str:
    return "an active" if stage == "active" else f"a {stage}"


def check_experiment_name(name: object) -> str:
    """Return `name` if it can name an experiment: text that is not blank, 500 characters at most."""
    if not isinstance(name, str) or not name.strip() or not is_text(name):
        raise InvalidValue(f"The name of an experiment must be text that is not blank, not {name!r}.")
    if len(name) > 500:
        raise InvalidValue(f"The name of an experiment has {len(name)} characters; 500 is the most.")
    return name


def _experiment_number(connection: sqlite3.Connection, experiment_id: str, stage: str | None = None) -> int:
    row = None
    if str(experiment_id).isdecimal() and len(str(experiment_id)) <= 18:  # more digits are no id, nor SQLite's
        row = connection.execute(
            "SELECT id, lifecycle_stage FROM experiments WHERE id = ?", (int(experiment_id),)
        ).fetchone()
    if row is None:
        raise NotFound(f"There is no experiment with the id {experiment_id!r} in this store.")
    if stage is not None and row[1] != stage:
        raise InvalidValue(f"The experiment {experiment_id!r} is {row[1]}; it has to be {stage} for this.")
    number: int = row[0]
    return number


def rename_experiment(store: Path, experiment_id: str, name: str) -> None:
    """Give an experiment another name.

    Raises
    ------
    AlreadyExists
        Where the name is taken.
    """
    check_experiment_name(name)
    with editing(store) as (connection, rev):
        number = _experiment_number(connection, experiment_id, "active")
        taken = connection.execute("SELECT 1 FROM experiments WHERE name = ? AND id <> ?", (name, number)).fetchone()
        if taken:
            raise AlreadyExists(f"There is an experiment {name!r} already.")
        connection.execute(
            "UPDATE experiments SET name = ?, updated = ?, rev = ? WHERE id = ?", (name, now_ms(), rev, number)
        )


def delete_experiment(store: Path, experiment_id: str) -> None:
    """Put an experiment and its runs into the bin; deleting twice is fine.

    Raises
    ------
    InvalidValue
        For Default, which stays.
    """
    with editing(store) as (connection, rev):
        number = _experiment_number(connection, experiment_id)
        if number == DEFAULT_EXPERIMENT_ID:
            raise InvalidValue("The experiment Default cannot be deleted; delete its runs instead.")
        stage = connection.execute("SELECT lifecycle_stage FROM experiments WHERE id = ?", (number,)).fetchone()[0]
        if stage == "deleted":  # another time of deletion would part it from its runs
            return
        now = now_ms()
        connection.execute(
            "UPDATE experiments SET lifecycle_stage = 'deleted', updated = ?, rev = ? WHERE id = ?", (now, rev, number)
        )
        # The same time for all marks the runs that come back with the experiment.
        connection.execute(
            "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ?, rev = ?, edited = max(edited + 1, ?)"
            " WHERE experiment_id = ? AND lifecycle_stage = 'active'",
            (now, rev, now, number),
        )


def restore_experiment(store: Path, experiment_id: str) -> None:
    """Take an experiment out of the bin, with the runs that went with it."""
    with editing(store) as (connection, rev):
        number = _experiment_number(connection, experiment_id)
        stage, when = connection.execute(
            "SELECT lifecycle_stage, updated FROM experiments WHERE id = ?", (number,)
        ).fetchone()
        if stage == "active":
            return
        connection.execute(
            "UPDATE experiments SET lifecycle_stage = 'active', updated = ?, rev = ? WHERE id = ?",
            (now_ms(), rev, number),
        )
        connection.execute(
            "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL, rev = ?, edited = max(edited + 1, ?)"
            " WHERE experiment_id = ? AND deleted_time = ?",
            (rev, now_ms(), number, when),
        )


def set_experiment_tags(store: Path, experiment_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of an experiment; keys have been checked."""
    with editing(store) as (connection, rev):
        number = _experiment_number(connection, experiment_id, "active")
        for key, value in tags.items():
            connection.execute(
                "INSERT INTO experiment_tags VALUES (?, ?, ?)"
                " ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value",
                (number, key, str(value)),
            )
        connection.execute("UPDATE experiments SET updated = ?, rev = ? WHERE id = ?", (now_ms(), rev, number))


def delete_experiment_tag(store: Path, experiment_id: str, key: str) -> None:
    """Remove a tag of an experiment.

    Raises
    ------
    NotFound
        Where it has no such tag.
    InvalidValue
        Where the experiment is deleted.
    """
    with editing(store) as (connection, rev):
        number = _experiment_number(connection, experiment_id, "active")
        gone = connection.execute(
            "DELETE FROM experiment_tags WHERE experiment_id = ? AND key = ?", (number, key)
        ).rowcount
        if not gone:
            raise NotFound(f"The experiment {experiment_id!r} has no tag {key!r}.")
        connection.execute("UPDATE experiments SET updated = ?, rev = ? WHERE id = ?", (now_ms(), rev, number))


def clear_baseline(store: Path, experiment_id: str) -> None:
    """Let an experiment have no baseline; does nothing where it has none.

    Raises
    ------
    NotFound
        Where there is no such experiment.
    InvalidValue
        Where it is deleted: the time of its deletion, by which its runs come back with it, stays.
    """
    with editing(store) as (connection, rev):
        number = _experiment_number(connection, experiment_id, "active")
        connection.execute(
            "UPDATE experiments SET baseline_uuid = NULL, updated = ?, rev = ? WHERE id = ?", (now_ms(), rev, number)
        )
