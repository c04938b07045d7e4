"""Freeing the disk: runs that have been in the bin for long, content that nothing names, pages that hold nothing.

A run's rows go first, in one transaction with some others; its curves, which then belong to no run, follow in pages of
20,000 points; content goes last, when no row names it. So a kill at any moment leaves no run without what belongs to
it, and no row without its content, and the next gc takes what was left.

The file gets smaller by ``PRAGMA incremental_vacuum``, some hundred pages at a time. A `VACUUM` would keep every writer
waiting (measured: 1.3 s for 90 MB); only a store of an earlier version, which cannot give back pages by itself, needs
one: once, and only where it is small or no run is running.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InvalidValue, StoreBusy
from .. import openable, readback
from ..belonging import BELONGING
from ..database import BUSY_SECONDS, StoreFiles, connect, reading
from ..edits import now_ms
from ..liveness import HEARTBEAT_SECONDS, state_of, this_process
from ..schema import DEFAULT_EXPERIMENT_ID
from ..sqlite_errors import explain
from . import content
from .leftovers import remove_curves
from .pages import in_pages
from .turns import WRITE_WAIT, Progress, breathe, no_progress, page_of, turn
from .weight import Weight

DAY_MS = 86_400_000
WORTH_BYTES = 1_000_000  # free pages below this stay in the file, and below a tenth of it
WORTH_PART = 0.1
_STEP_PAGES = 1_000  # given back at a time: 4 MB
_SMALL = 32_000_000  # bytes that a VACUUM rewrites in half a second


@dataclass(frozen=True)
class Collected:
    """What gc has freed, or would free.

    Attributes
    ----------
    runs, files : int
        Runs deleted for good; files removed.
    bytes_freed : int
        By which the store and its folder got smaller; before a gc, about so many.
    points, contents : int
        Points of curves, and contents of the store, that went.
    free_inside : int
        Bytes that are free within the file, and stay there for what comes next; before a gc, about so many.
    """

    runs: int
    files: int
    bytes_freed: int
    points: int = 0
    contents: int = 0
    free_inside: int = 0


def preview(store: Path, *, older_than_days: float = 30, now: int | None = None) -> Collected:
    """Return what `collect` would free; nothing is changed. The parameters are those of `collect`."""
    before = _before(older_than_days, now)
    with reading(store) as connection:
        numbers = _expired(connection, before)
        weight = Weight(connection)
        inside, beside = weight.going(numbers)
        inside += _free_bytes(connection)
        worth = _worth_giving_back(connection, inside)
    files = content.orphans(store, beside) + content.half_written(store)
    freed = sum(map(_bytes_of, files)) + (inside if worth else 0)
    rows = len(content.unnamed_rows(store))
    return Collected(len(numbers), len(files), freed, weight.points(numbers), rows, 0 if worth else inside)


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another process removed it just now
        return 0


def collect(
    store: Path,
    *,
    older_than_days: float = 30,
    dry_run: bool = False,
    progress: Progress | None = None,
    now: int | None = None,
) -> Collected:
    """Delete for good what has been in the bin for long, and give the disk back.

    A run stays while it is running, while it has a model that is registered, and while a run below it stays.

    Parameters
    ----------
    store : Path
    older_than_days : float, default 30
        How long a run must have been in the bin; 0 takes all that are there.
    dry_run : bool, default False
        Change nothing, and say what would be freed.
    progress : callable, optional
        Called with the number of runs deleted, and of all that are to be.
    now : int, optional
        The time in milliseconds since 1970; the clock's by default.

    Raises
    ------
    InvalidValue
        For a negative number of days.
    StoreBusy
        Where the store stays locked. What was freed until then is freed.
    StoreUnavailable, NotAStore, CorruptStore, NewerStore
        Where there is no store, or it cannot be written.
    """
    if dry_run:
        return preview(store, older_than_days=older_than_days, now=now)
    before = _before(older_than_days, now)
    with reading(store):  # a store that is not there is not made
        size = store.stat().st_size
    try:
        with turn(store) as files:
            readback.read_back(files, timeout=WRITE_WAIT, busy=BUSY_SECONDS)
            content.take_back(store)
            runs = _delete_runs(files, before, progress or no_progress)
            points = remove_curves(files)
            _delete_experiments(files, before)
            contents = content.remove_rows(files)
            removed = content.remove_files(store)
            with reading(store) as connection:
                openable.remove_gone(store, {row[0] for row in connection.execute("SELECT uuid FROM runs")})
            free = give_back(files)
    except sqlite3.Error as error:
        raise explain(error, store) from error
    freed = max(0, size - store.stat().st_size) + removed.bytes
    return Collected(runs, removed.files, freed, points, contents, free)


def _before(days: float, now: int | None) -> int:
    if not days >= 0:
        raise InvalidValue(f"The number of days in the bin must be 0 or more, not {days!r}.")
    return (now_ms() if now is None else now) - round(min(days, 1e6) * DAY_MS)


def _expired(connection: sqlite3.Connection, before: int) -> list[int]:
    """Return the numbers of the runs that may go: long in the bin, not running or registered, none below them stays."""
    gone: dict[str, int] = {}
    for number, start, *rest in connection.execute(
        "SELECT id, start_time, status, uuid, host_id, boot_id, pid, process_start, heartbeat FROM runs"
        " WHERE lifecycle_stage = 'deleted' AND deleted_time <= ?",
        (before,),
    ):
        if not _may_live(start, rest, min(before, now_ms() - DAY_MS)):
            gone[rest[1]] = number
    for (run_id,) in connection.execute("SELECT run_uuid FROM model_versions WHERE run_uuid IS NOT NULL"):
        gone.pop(run_id, None)
    below = connection.execute("SELECT parent_uuid, uuid FROM runs WHERE parent_uuid IS NOT NULL").fetchall()
    while kept := {parent for parent, child in below if parent in gone and child not in gone}:
        for parent in kept:
            del gone[parent]
    return sorted(gone.values())


def _may_live(start: int, process: Sequence[Any], since: int) -> bool:
    """Whether a run's process may still log; one of another host had to give a sign of life since some time."""
    if state_of(*process) not in ("running", "unknown"):
        return False
    host, heartbeat = process[2], process[-1]
    return bool(host == this_process().host_id or start + heartbeat * HEARTBEAT_SECONDS * 1000 > since)


def _delete_runs(files: StoreFiles, before: int, progress: Progress) -> int:
    with reading(files.store) as connection:
        numbers = _expired(connection, before)
    done = 0
    for page in in_pages(numbers):
        with page_of(files) as connection:
            # Somebody may have brought one back, or put a run below it, since we looked.
            expired = set(_expired(connection, before))
            done += _delete_page(connection, [number for number in page if number in expired])
        progress(done, len(numbers))
    return done


def _delete_page(connection: sqlite3.Connection, numbers: Sequence[int]) -> int:
    if not numbers:
        return 0
    marks = ",".join("?" * len(numbers))
    connection.execute("UPDATE store SET rev = rev + 1")
    connection.execute(
        "UPDATE experiments SET baseline_uuid = NULL, rev = (SELECT rev FROM store)"
        f" WHERE baseline_uuid IN (SELECT uuid FROM runs WHERE id IN ({marks}))",
        tuple(numbers),
    )
    for table in BELONGING:
        connection.execute(f"DELETE FROM {table} WHERE run_id IN ({marks})", tuple(numbers))
    return connection.execute(f"DELETE FROM runs WHERE id IN ({marks})", tuple(numbers)).rowcount


def _delete_experiments(files: StoreFiles, before: int) -> None:
    """Delete experiments that have been in the bin for long and that no run is left of."""
    with page_of(files) as connection:
        rows = connection.execute(
            "SELECT id FROM experiments WHERE lifecycle_stage = 'deleted' AND updated <= ? AND id <> ?"
            " AND NOT EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id)",
            (before, DEFAULT_EXPERIMENT_ID),
        ).fetchall()
        if rows:
            connection.execute("UPDATE store SET rev = rev + 1")
        for table, column in (
            ("experiment_tags", "experiment_id"),
            ("metric_goals", "experiment_id"),
            ("experiments", "id"),
        ):
            connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", rows)


# ---- the file


def give_back(files: StoreFiles) -> int:
    """Make the file smaller where that is worth it; return the bytes that stay free within it."""
    with reading(files.store) as connection:
        free = _free_bytes(connection)
        worth = _worth_giving_back(connection, free)
        by_steps = _by_steps(connection)
    if not worth:
        return free
    if not by_steps:
        return _script(files, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
    while True:
        left = _script(files, f"PRAGMA incremental_vacuum({_STEP_PAGES})")
        if left == 0 or left >= free:  # a kernel takes the pages as fast as they are given back
            return left
        free = left


def _worth_giving_back(connection: sqlite3.Connection, free: int) -> bool:
    """Whether the file is to get smaller where so many bytes of it are free."""
    size = connection.execute("PRAGMA page_count").fetchone()[0] * _page_size(connection)
    if free < WORTH_BYTES or free < WORTH_PART * size:
        return False
    return _by_steps(connection) or size - free < _SMALL or not _anything_runs(connection)


def _by_steps(connection: sqlite3.Connection) -> bool:
    """Whether the file can give back some pages at a time; one of an earlier version cannot."""
    return bool(connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 2)


def _script(files: StoreFiles, statements: str) -> int:
    """Run statements that are transactions by themselves; return the bytes that are free afterwards."""
    with files.lock().held(timeout=WRITE_WAIT) as held:
        if not held:
            raise StoreBusy(f"{files.store} is being used by another process for longer than {WRITE_WAIT:g} s.")
        with closing(connect(files.store, read_only=False)) as connection:
            connection.executescript(statements)
            free = _free_bytes(connection)
    breathe()
    return free


def _free_bytes(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0]) * _page_size(connection)


def _page_size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA page_size").fetchone()[0])


def _anything_runs(connection: sqlite3.Connection) -> bool:
    rows = connection.execute(
        "SELECT status, uuid, host_id, boot_id, pid, process_start, heartbeat FROM runs WHERE status = 'RUNNING'"
    ).fetchall()
    return any(state_of(*row) in ("running", "unknown") for row in rows)
