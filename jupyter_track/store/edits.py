"""Small edits of what is stored: one transaction each under the mutex.

Both halves use them: the tracker, the panels, the terminal. Each one moves the store's revision and the revision of
what it changes, and says what does not exist instead of doing nothing.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import AlreadyExists, InvalidValue, NotFound
from ..records import Goal, RunStatus
from . import pending
from .database import StoreFiles, explain, reading
from .place import store_exists
from .schema import DEFAULT_EXPERIMENT_ID

EDIT_WAIT = 10.0


@contextmanager
def editing(store: Path) -> Iterator[tuple[sqlite3.Connection, int]]:
    """Give a connection in a transaction and the new revision, after what this process logged is written."""
    pending.flush(store, EDIT_WAIT)
    files = StoreFiles(store)
    try:
        files.ensure(timeout=EDIT_WAIT)
        with files.writing(timeout=EDIT_WAIT) as connection:
            rev = connection.execute("UPDATE store SET rev = rev + 1 RETURNING rev").fetchone()[0]
            yield connection, rev
    except sqlite3.Error as error:
        raise explain(error, store) from error
    finally:
        files.close()


def _now() -> int:
    return time.time_ns() // 1_000_000


def _run_number(connection: sqlite3.Connection, run_id: str, stage: str | None = "active") -> int:
    row = connection.execute("SELECT id, lifecycle_stage FROM runs WHERE uuid = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id!r} in this store.")
    if stage is not None and row[1] != stage:
        raise InvalidValue(f"The run {run_id!r} is {row[1]}; it has to be {stage} for this.")
    number: int = row[0]
    return number


def update_run(store: Path, run_id: str, *, name: str | None = None, status: str | None = None) -> None:
    """Rename a run or set its status.

    Raises
    ------
    NotFound
        Where there is no such run.
    InvalidValue
        For an empty name or an unknown status, or where the run is deleted.
    """
    if status is not None and status not in RunStatus.ALL:
        raise InvalidValue(f"{status!r} is no status of a run; there are {', '.join(RunStatus.ALL)}.")
    if name is not None and not name.strip():
        raise InvalidValue("The name of a run must not be empty.")
    with editing(store) as (connection, rev):
        number = _run_number(connection, run_id)
        connection.execute("UPDATE runs SET name = coalesce(?, name), rev = ? WHERE id = ?", (name, rev, number))
        if status is not None:
            _set_status(connection, number, status, rev, None)


def set_terminated(store: Path, run_id: str, status: str = RunStatus.FINISHED, end_time: int | None = None) -> None:
    """End a run from outside of its process.

    Parameters
    ----------
    store : Path
    run_id : str
    status : str, default "FINISHED"
    end_time : int, optional
        Milliseconds since the epoch; now by default.
    """
    if status not in RunStatus.ALL:
        raise InvalidValue(f"{status!r} is no status of a run; there are {', '.join(RunStatus.ALL)}.")
    with editing(store) as (connection, rev):
        _set_status(connection, _run_number(connection, run_id), status, rev, end_time)


def _set_status(connection: sqlite3.Connection, number: int, status: str, rev: int, end_time: int | None) -> None:
    if status not in RunStatus.ENDED:
        connection.execute("UPDATE runs SET status = ?, rev = ? WHERE id = ?", (status, rev, number))
        return
    end = _now() if end_time is None else end_time
    connection.execute(
        "UPDATE runs SET status = ?, end_time = ?, duration = coalesce(duration, max(0, ? - start_time) / 1000.0),"
        " rev = ? WHERE id = ?",
        (status, end, end, rev, number),
    )


def set_note(store: Path, run_id: str, note: str | None) -> None:
    """Set a run's note; None removes it."""
    with editing(store) as (connection, rev):
        number = _run_number(connection, run_id)
        connection.execute("UPDATE runs SET note = ?, rev = ? WHERE id = ?", (note, rev, number))


def set_tags(store: Path, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run; keys and values have been checked."""
    with editing(store) as (connection, rev):
        number = _run_number(connection, run_id)
        for key, value in tags.items():
            connection.execute(
                "INSERT INTO tags VALUES (?, ?, ?) ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value",
                (number, key, value),
            )
        connection.execute("UPDATE runs SET rev = ? WHERE id = ?", (rev, number))


def delete_tag(store: Path, run_id: str, key: str) -> None:
    """Remove a tag.

    Raises
    ------
    NotFound
        Where the run has no such tag.
    """
    with editing(store) as (connection, rev):
        number = _run_number(connection, run_id)
        gone = connection.execute("DELETE FROM tags WHERE run_id = ? AND key = ?", (number, key)).rowcount
        if not gone:
            raise NotFound(f"The run {run_id!r} has no tag {key!r}.")
        connection.execute("UPDATE runs SET rev = ? WHERE id = ?", (rev, number))


def delete_run(store: Path, run_id: str) -> None:
    """Put a run into the bin; deleting twice is fine."""
    with editing(store) as (connection, rev):
        number = _run_number(connection, run_id, stage=None)
        connection.execute(
            "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = coalesce(deleted_time, ?), rev = ?"
            " WHERE id = ?",
            (_now(), rev, number),
        )


def restore_run(store: Path, run_id: str) -> None:
    """Take a run out of the bin; restoring an active run is fine."""
    with editing(store) as (connection, rev):
        number = _run_number(connection, run_id, stage=None)
        connection.execute(
            "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL, rev = ? WHERE id = ?", (rev, number)
        )


def find_experiment(store: Path, name: str) -> tuple[int, str, dict[str, Goal]] | None:
    """Return id, lifecycle stage and metric goals of an experiment, None where there is none of the name."""
    if not store_exists(store):
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
        identifier, now = new_experiment_id(), _now()
        connection.execute(
            "INSERT INTO experiments VALUES (?, ?, 'active', ?, ?, ?)", (identifier, name, now, now, rev)
        )
        for key, value in (tags or {}).items():
            connection.execute("INSERT INTO experiment_tags VALUES (?, ?, ?)", (identifier, key, str(value)))
    return str(identifier)


def _article(stage: str) -> str:
    return "an active" if stage == "active" else f"a {stage}"


def check_experiment_name(name: object) -> str:
    """Return `name` if it can name an experiment: text that is not blank, 500 characters at most."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(f"The name of an experiment must be text that is not blank, not {name!r}.")
    if len(name) > 500:
        raise InvalidValue(f"The name of an experiment has {len(name)} characters; 500 is the most.")
    return name


def _experiment_number(connection: sqlite3.Connection, experiment_id: str, stage: str | None = None) -> int:
    row = None
    if str(experiment_id).isdecimal():
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
            "UPDATE experiments SET name = ?, updated = ?, rev = ? WHERE id = ?", (name, _now(), rev, number)
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
        now = _now()
        connection.execute(
            "UPDATE experiments SET lifecycle_stage = 'deleted', updated = ?, rev = ? WHERE id = ?", (now, rev, number)
        )
        # The same time for all marks the runs that come back with the experiment.
        connection.execute(
            "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ?, rev = ?"
            " WHERE experiment_id = ? AND lifecycle_stage = 'active'",
            (now, rev, number),
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
            (_now(), rev, number),
        )
        connection.execute(
            "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL, rev = ?"
            " WHERE experiment_id = ? AND deleted_time = ?",
            (rev, number, when),
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
        connection.execute("UPDATE experiments SET updated = ?, rev = ? WHERE id = ?", (_now(), rev, number))


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
        connection.execute("UPDATE experiments SET updated = ?, rev = ? WHERE id = ?", (_now(), rev, number))
