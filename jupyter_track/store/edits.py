"""Small edits of runs: one transaction each under the mutex.

Both halves use them: the tracker, the panels, the terminal. Each one moves the store's revision and the revision of
what it changes, and says what does not exist instead of doing nothing. What a person changes carries the time of the
edit, by which a merge tells the later of two copies of a run.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import InvalidValue, NotFound
from ..records import RunStatus, is_deleted, run_label
from . import pending
from .database import StoreFiles
from .place import store_exists
from .run_rows import is_text
from .sqlite_errors import explain, nothing_yet

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


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@contextmanager
def _editing_runs(
    store: Path, run_ids: Sequence[str], stage: str | None = "active"
) -> Iterator[tuple[sqlite3.Connection, int, list[int]]]:
    """As `editing`, with the store's numbers of the runs, which get the revision and the time of the edit."""
    if isinstance(run_ids, str):
        raise TypeError("run_ids is a list of ids, not one id")
    if not store_exists(store):
        pending.flush(store, EDIT_WAIT)
    if not store_exists(store):
        raise nothing_yet(store)
    with editing(store) as (connection, rev):
        numbers = [_run_number(connection, run_id, stage) for run_id in run_ids]
        yield connection, rev, numbers
        now = now_ms()
        connection.executemany(
            "UPDATE runs SET rev = ?, edited = max(edited + 1, ?) WHERE id = ?", [(rev, now, one) for one in numbers]
        )


def _run_number(connection: sqlite3.Connection, run_id: str, stage: str | None = "active") -> int:
    row = None
    if is_text(run_id):
        row = connection.execute("SELECT id, lifecycle_stage, name FROM runs WHERE uuid = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id!r} in this store.")
    if stage is not None and row[1] != stage:
        raise InvalidValue(is_deleted(row[0], row[2]))
    number: int = row[0]
    return number


def _label(connection: sqlite3.Connection, number: int) -> str:
    """How people name a run in a sentence."""
    return run_label(*connection.execute("SELECT id, name FROM runs WHERE id = ?", (number,)).fetchone())


def check_run_name(name: object) -> str:
    """Return `name` if it can name a run: text that is not blank and that no reference to another run looks like.

    Raises
    ------
    InvalidValue
        For other values, and for names such as ``#3``, ``12`` and ``last``, by which people name runs.
    """
    if not isinstance(name, str) or not name.strip() or not is_text(name):
        raise InvalidValue(f"The name of a run must be text that is not blank, not {name!r}.")
    return name


def update_run(store: Path, run_id: str, *, name: str | None = None, status: str | None = None) -> None:
    """Rename a run or set its status.

    Raises
    ------
    NotFound
        Where there is no such run.
    InvalidValue
        For a name that names no run or an unknown status, or where the run is deleted.
    """
    if status is not None and status not in RunStatus.ALL:
        raise InvalidValue(f"{status!r} is no status of a run; there are {', '.join(RunStatus.ALL)}.")
    if name is not None:
        check_run_name(name)
    with _editing_runs(store, [run_id]) as (connection, rev, (number,)):
        connection.execute("UPDATE runs SET name = coalesce(?, name) WHERE id = ?", (name, number))
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
    end = now_ms() if end_time is None else end_time
    connection.execute(
        "UPDATE runs SET status = ?, end_time = ?, duration = coalesce(duration, max(0, ? - start_time) / 1000.0),"
        " rev = ? WHERE id = ?",
        (status, end, end, rev, number),
    )


def set_note(store: Path, run_ids: Sequence[str], note: str | None) -> None:
    """Set the note of runs; None removes it."""
    with _editing_runs(store, run_ids) as (connection, _, numbers):
        connection.executemany("UPDATE runs SET note = ? WHERE id = ?", [(note, number) for number in numbers])


def set_tags(store: Path, run_ids: Sequence[str], tags: Mapping[str, str]) -> None:
    """Set tags of runs; keys and values have been checked."""
    with _editing_runs(store, run_ids) as (connection, _, numbers):
        connection.executemany(
            "INSERT INTO tags VALUES (?, ?, ?) ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value",
            [(number, key, value) for number in numbers for key, value in tags.items()],
        )


def delete_tag(store: Path, run_id: str, key: str) -> None:
    """Remove a tag of a run; see `delete_tags`."""
    delete_tags(store, [run_id], key)


def delete_tags(store: Path, run_ids: Sequence[str], key: str) -> None:
    """Remove a tag of runs.

    Raises
    ------
    NotFound
        Where one of them has no such tag.
    """
    with _editing_runs(store, run_ids) as (connection, _, numbers):
        for number in numbers:
            gone = connection.execute("DELETE FROM tags WHERE run_id = ? AND key = ?", (number, key)).rowcount
            if not gone:
                raise NotFound(f"The run {_label(connection, number)} has no tag {key!r}.")


def pin_runs(store: Path, run_ids: Sequence[str], pinned: bool = True) -> None:
    """Pin runs: they stand on top of a table and are kept by tidying; or unpin them."""
    with _editing_runs(store, run_ids) as (connection, _, numbers):
        when = now_ms() if pinned else None
        connection.executemany("UPDATE runs SET pinned = ? WHERE id = ?", [(when, number) for number in numbers])


def move_runs(store: Path, run_ids: Sequence[str], experiment: str) -> None:
    """Move runs, and their children with them, to another experiment, which is made where there is none of the name.

    Raises
    ------
    InvalidValue
        Where the name cannot name an experiment, or belongs to a deleted one.
    """
    from .experiment_edits import find_or_make

    with _editing_runs(store, run_ids) as (connection, rev, numbers):
        target = find_or_make(connection, experiment, rev)
        for number in numbers:
            connection.execute(
                "WITH RECURSIVE moved (id, uuid) AS (SELECT id, uuid FROM runs WHERE id = ?"
                " UNION SELECT runs.id, runs.uuid FROM runs JOIN moved ON runs.parent_uuid = moved.uuid)"
                " UPDATE runs SET experiment_id = ?, rev = ?, edited = max(edited + 1, ?)"
                " WHERE id IN (SELECT id FROM moved)",
                (number, target, rev, now_ms()),
            )


def set_baseline(store: Path, run_id: str) -> None:
    """Make a run the one that others of its experiment are measured against."""
    with _editing_runs(store, [run_id]) as (connection, rev, (number,)):
        connection.execute(
            "UPDATE experiments SET baseline_uuid = ?, updated = ?, rev = ?"
            " WHERE id = (SELECT experiment_id FROM runs WHERE id = ?)",
            (run_id, now_ms(), rev, number),
        )


def request_stop(store: Path, run_ids: Sequence[str], when: int | None = None) -> None:
    """Ask runs to stop: the process that runs them sees it with its next flush.

    Parameters
    ----------
    store : Path
    run_ids : sequence of str
    when : int, optional
        The time of the request in milliseconds, where the process has heard of it by another way too; now by default.

    Raises
    ------
    InvalidValue
        Where a run has ended already. One that is deleted while it runs goes on, and can be stopped.
    """
    asked = now_ms() if when is None else when
    with _editing_runs(store, run_ids, stage=None) as (connection, _, numbers):
        for number in numbers:
            status = connection.execute("SELECT status FROM runs WHERE id = ?", (number,)).fetchone()[0]
            if status in RunStatus.ENDED:
                label = _label(connection, number)
                raise InvalidValue(f"The run {label} has ended ({status}); there is nothing to stop.")
            connection.execute("UPDATE runs SET stop_requested = ? WHERE id = ?", (asked, number))


def delete_run(store: Path, run_id: str) -> None:
    """Put a run into the bin; deleting twice is fine."""
    delete_runs(store, [run_id])


def delete_runs(store: Path, run_ids: Sequence[str]) -> None:
    """Put runs into the bin, all with one time, by which `undo_delete` finds what went together."""
    with _editing_runs(store, run_ids, stage=None) as (connection, rev, numbers):
        put_in_bin(connection, numbers, rev)
    pending.moved(store, run_ids)


def put_in_bin(connection: sqlite3.Connection, numbers: Sequence[int], rev: int) -> None:
    """Put runs into the bin, by their numbers in the store, inside of a transaction."""
    newest = connection.execute("SELECT coalesce(max(deleted_time), 0) FROM runs").fetchone()[0]
    now = now_ms()
    connection.executemany(
        "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = coalesce(deleted_time, ?), rev = ?,"
        " edited = max(edited + 1, ?) WHERE id = ?",
        [(max(now, newest + 1), rev, now, number) for number in numbers],
    )


def restore_run(store: Path, run_id: str) -> None:
    """Take a run out of the bin; restoring an active run is fine."""
    restore_runs(store, [run_id])


def restore_runs(store: Path, run_ids: Sequence[str]) -> None:
    """Take runs out of the bin; restoring an active run is fine.

    Raises
    ------
    InvalidValue
        Where a run's experiment is deleted: it is restored first.
    """
    with _editing_runs(store, run_ids, stage=None) as (connection, _, numbers):
        for number in numbers:
            row = connection.execute(
                "SELECT experiments.id, experiments.name FROM runs JOIN experiments ON experiments.id = experiment_id"
                " WHERE runs.id = ? AND experiments.lifecycle_stage = 'deleted'",
                (number,),
            ).fetchone()
            if row is not None:
                raise InvalidValue(
                    f"The run {_label(connection, number)} is of the deleted experiment {row[1]!r}; "
                    f"restore_experiment({row[0]}) brings that back first."
                )
        connection.executemany(
            "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE id = ?",
            [(number,) for number in numbers],
        )
    pending.moved(store, run_ids)


def undo_delete(store: Path) -> list[str]:
    """Take out of the bin what was deleted last, and return the ids of the runs.

    Raises
    ------
    NotFound
        Where the bin is empty.
    """
    with editing(store) as (connection, rev):
        rows = connection.execute(
            "SELECT uuid, runs.id FROM runs JOIN experiments ON experiments.id = experiment_id"
            " WHERE runs.lifecycle_stage = 'deleted' AND experiments.lifecycle_stage = 'active' AND deleted_time ="
            " (SELECT max(deleted_time) FROM runs JOIN experiments ON experiments.id = experiment_id"
            " WHERE experiments.lifecycle_stage = 'active')"
        ).fetchall()
        if not rows:
            raise NotFound("There is no deleted run to bring back.")
        connection.executemany(
            "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL, rev = ?,"
            " edited = max(edited + 1, ?) WHERE id = ?",
            [(rev, now_ms(), number) for _, number in rows],
        )
    found = [run_id for run_id, _ in rows]
    pending.moved(store, found)
    return found
