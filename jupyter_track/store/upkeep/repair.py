"""Doctor: what is wrong with a store, and putting right what can be.

Looking changes nothing. Repairing first keeps the original where pages are damaged; apart from that it runs beside
kernels that write. Each step is a transaction of its own that can be repeated, so a kill at any moment loses nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import CorruptStore, StoreError, StoreUnavailable
from ...records import RunStatus
from .. import pending, readback, spill
from ..damaged import past_losses
from ..database import BUSY_SECONDS, StoreFiles
from ..edits import EDIT_WAIT
from ..liveness import HEARTBEAT_SECONDS
from ..schema import DEFAULT_EXPERIMENT_ID
from ..sqlite_errors import explain
from . import checks, content
from .checks import Finding
from .curve_checks import rebuild, wrong_curves
from .leftovers import remove_curves
from .pages import Source
from .salvage import salvage
from .turns import WRITE_WAIT, Progress, claimed, no_progress, page_of
from .values_check import mend_values

__all__ = ["Finding", "Report", "examine", "repair"]


@dataclass(frozen=True)
class Report:
    """What was found, and what was done about it.

    Attributes
    ----------
    findings : tuple of Finding
        Empty where all is well; what was wrong before the repair.
    did : tuple of str
        Sentences; empty where nothing was done.
    kept : Path or None
        The damaged original, where a new store took its place.
    lost : tuple of str
        What could not be saved of a damaged file, in sentences.
    earlier : tuple of str
        What earlier repairs could not save: the lines of ``track.db-files/losses.txt``.
    """

    findings: tuple[Finding, ...]
    did: tuple[str, ...] = ()
    kept: Path | None = None
    lost: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


def examine(store: Path, *, progress: Progress | None = None) -> Report:
    """Look for all that can be wrong with a store; nothing is changed.

    Parameters
    ----------
    store : Path
    progress : callable, optional
        Called with the number of points looked at, and of all.

    Raises
    ------
    StoreUnavailable
        Where there is no store, or it stays locked.
    NotAStore
        Where the file is no store.
    NewerStore
        Where a later version wrote it.
    """
    pending.flush(store, EDIT_WAIT)
    return Report(tuple(_findings(store, progress or no_progress)), earlier=tuple(past_losses(store)))


def _findings(store: Path, progress: Progress) -> Iterator[Finding]:
    yield from checks.of_files(store)
    damaged = checks.damage(store)
    if damaged is not None:  # what else would be found is not to be trusted
        yield damaged
        return
    try:
        yield from checks.of_rows(store)
        yield from checks.of_curves(store, progress)
        yield from checks.of_content(store)
    except CorruptStore as error:  # whole pages, and yet tables that are missing or others than ours
        yield Finding("damaged", str(error))


def repair(store: Path, *, mark_lost: bool = False, progress: Progress | None = None) -> Report:
    """Put right what can be, and say what was done.

    - Damaged pages: every row that can be read goes to a new store, which takes the place of the old one; that is kept
      beside it as ``track.db.damaged-<date>``. What is lost is counted, and noted in ``track.db-files/losses.txt``.
    - What waits in side files is written; curves are made to agree with their points; what names a run that is not
      there goes, and so does content that no run names.

    Parameters
    ----------
    store : Path
    mark_lost : bool, default False
        Let runs whose process is gone end as KILLED, at their last point or sign of life.
    progress : callable, optional
        Called with the number of points looked at, and of all.

    Returns
    -------
    Report

    Raises
    ------
    StoreUnavailable, StoreBusy, NotAStore, NewerStore
        As `examine`; where the store cannot be written.
    CorruptStore
        Where nothing of a damaged store can be read; it is left as it is.
    """
    pending.flush(store, EDIT_WAIT)
    progress = progress or no_progress
    findings = tuple(_findings(store, progress))
    kinds = {finding.kind for finding in findings}
    did: list[str] = []
    lost: list[str] = []
    kept: Path | None = None
    earlier = tuple(past_losses(store))
    try:
        with claimed(store) as files:  # which makes .gitignore where it is missing
            did += ["Made the .gitignore."] if "gitignore" in kinds else []
            did += ["Took back the half-done changes of a killed process."] if "journal" in kinds else []
            if "damaged" in kinds:
                saved = salvage(files)
                kept = saved.kept
                did += saved.said
                lost += saved.lost
            files.ensure(timeout=WRITE_WAIT)
            did += _repair_rows(files, mark_lost)
            did += _repair_rest(files, progress)
    except StoreError:
        raise
    except sqlite3.Error as error:
        raise explain(error, store) from error
    except OSError as error:
        raise StoreUnavailable(
            f"{store.parent} cannot be written ({error.strerror}); make room, and repair again."
        ) from error
    if not spill.waiting(store, spill.ORPHAN):  # what was put by was written just now
        findings = tuple(finding for finding in findings if finding.kind != "orphan")
    return Report(findings, tuple(did), kept, tuple(lost), earlier)


def _side_files(store: Path) -> int:
    return len(spill.waiting(store)) + len(spill.waiting(store, spill.ORPHAN))


def _repair_rows(files: StoreFiles, mark_lost: bool) -> Iterator[str]:
    waiting = _side_files(files.store)
    if waiting:
        readback.read_back(files, timeout=WRITE_WAIT, busy=BUSY_SECONDS)
        waiting -= _side_files(files.store)
    if waiting > 0:
        yield f"Wrote what waited in {waiting:,} side file{'' if waiting == 1 else 's'}."
    points = remove_curves(files)
    if points:
        yield f"Removed {points:,} points that belonged to no run."
    with page_of(files) as connection:
        odd = mend_values(connection)
        loose = {source: _count(connection, source) for source, _ in checks.LOOSE.values()}
        homeless = _count(connection, checks.HOMELESS)
        if any(loose.values()) or homeless:
            connection.execute("UPDATE store SET rev = rev + 1")
        for source in loose:
            connection.execute(f"DELETE FROM {source}")
        table, _, condition = checks.HOMELESS.partition(" ")
        connection.execute(
            f"UPDATE {table} SET experiment_id = ?, rev = (SELECT rev FROM store) {condition}", (DEFAULT_EXPERIMENT_ID,)
        )
    if odd:
        yield f"Kept {odd:,} value{'' if odd == 1 else 's'} that could not be read as text."
    if any(loose.values()):
        yield f"Removed {sum(loose.values()):,} rows whose run or experiment is not there."
    if homeless:
        yield f"Moved {homeless:,} run{'' if homeless == 1 else 's'} without an experiment to Default."
    marked = _mark_lost(files) if mark_lost else 0
    if marked:
        yield f"Marked {marked:,} run{'' if marked == 1 else 's'} whose process is gone as KILLED."


def _count(connection: sqlite3.Connection, source: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0])


def _mark_lost(files: StoreFiles) -> int:
    """End the runs whose process is gone at their last point or sign of life; return how many."""
    with page_of(files) as connection:
        lost = checks.lost_rows(connection)
        for number, _ in lost:
            connection.execute(
                "UPDATE runs SET status = :status, end_time = :end,"
                " duration = coalesce(duration, (:end - start_time) / 1000.0), rev = (SELECT rev + 1 FROM store)"
                " WHERE id = :number",
                {"status": RunStatus.KILLED, "end": _last_sign(connection, number), "number": number},
            )
        if lost:
            connection.execute("UPDATE store SET rev = rev + 1")
    return len(lost)


def _last_sign(connection: sqlite3.Connection, number: int) -> int:
    """When a run was last heard of: its last point, or its last heartbeat; in milliseconds."""
    start, heartbeat = connection.execute("SELECT start_time, heartbeat FROM runs WHERE id = ?", (number,)).fetchone()
    last = connection.execute("SELECT max(last_time) FROM metrics WHERE run_id = ?", (number,)).fetchone()[0]
    return max(int(start + heartbeat * HEARTBEAT_SECONDS * 1000), last or 0)


def _repair_rest(files: StoreFiles, progress: Progress) -> Iterator[str]:
    curves = rebuild(files, wrong_curves(Source(files.store, files.store), progress))
    if curves:
        yield f"Made {curves:,} curve{'' if curves == 1 else 's'} agree with the points."
    content.take_back(files.store)
    rows = content.remove_rows(files)
    removed = content.remove_files(files.store)
    if rows or removed.files:
        yield f"Removed {rows + removed.files:,} contents that no run names."
