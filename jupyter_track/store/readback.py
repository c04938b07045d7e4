"""Reading side files back into the store.

The batches of one writer are read back in their order. Between writers there is none that can be told, and one may
need another's run: what writes to runs that are not there yet waits for the others. Where nobody brings them it is put
by, and tried again at the next reading: the store may be that of another git branch. What can never be written is put
where it is not tried again. Both are said.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

from . import spill
from .apply import Application, Knowledge, UnknownRuns, is_store_fault
from .batch import Batch
from .database import StoreFiles

Write = Callable[[Batch], None]


def read_back(files: StoreFiles, *, timeout: float, busy: float) -> dict[str, int]:
    """Write the side files of a store, whoever left them, and remove them.

    Returns
    -------
    dict
        Id to small number of the runs that began in them.

    Raises
    ------
    StoreBusy
        Where the mutex could not be had within `timeout` seconds.
    sqlite3.Error
        As SQLite gives it; what has been read back until then stays.
    """
    numbers: dict[str, int] = {}

    def write(batch: Batch) -> None:
        application = Application(batch, Knowledge(), ends=True)
        with files.writing(timeout=timeout, busy=busy) as connection:
            application.write(connection, again=True)
        numbers.update({run: number for run, number in application.numbers.items() if run in batch.starts})

    waiting = spill.waiting(files.store)
    while waiting:
        left = _written_as_they_stand(waiting, write)
        if len(left) == len(waiting):  # nobody else brings the runs that the first one needs
            _write_rest(files.store, left.pop(0), write)
        waiting = left
    for path in sorted(spill.waiting(files.store, spill.ORPHAN), key=_age):  # the parts of one run in their order
        _write_orphan(files.store, path, write)
    return numbers


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # another process has read it back just now
        return 0


def _write_orphan(store: Path, path: Path, write: Write) -> None:
    """Write what was put by, where its runs have come back; else it stays, without another word."""
    batch = _loaded(path)
    if batch is None:
        return
    try:
        _written(path, batch, write)
    except UnknownRuns as error:
        if error.runs != batch.run_ids(ends=True):  # a part of them has come back
            _write_rest(store, path, write)


def _written_as_they_stand(waiting: list[Path], write: Write) -> list[Path]:
    """Write what can be written; return what needs runs that are not there, and what the same writers did next."""
    left: list[Path] = []
    stopped: set[str] = set()
    for path in waiting:
        batch = _loaded(path)
        if batch is None:
            continue
        if batch.writer in stopped:
            left.append(path)
            continue
        try:
            _written(path, batch, write)
        except UnknownRuns:
            stopped.add(batch.writer)
            left.append(path)
    return left


def _written(path: Path, batch: Batch, write: Write) -> None:
    """Write one batch and remove its file; where the fault is the batch's own, the file is put away."""
    try:
        write(batch)
    except UnknownRuns:
        raise
    except Exception as error:
        if is_store_fault(error):
            raise
        spill.put_away(path, error)
    else:
        spill.remove(path)


def _write_rest(store: Path, path: Path, write: Write) -> None:
    """Write a batch without what belongs to runs that are not there; that part is put by."""
    batch = _loaded(path)
    if batch is None:
        return
    try:
        _written(path, batch, write)
    except UnknownRuns as error:
        spill.put_by(spill.save(store, batch.split(error.runs, uuid.uuid4().hex)), error.runs)
        _written(path, batch, write)


def _loaded(path: Path) -> Batch | None:
    """Return a side file's batch; None where another process has read it back meanwhile, or it is damaged."""
    try:
        return Batch.from_plain(json.loads(path.read_text(encoding="utf-8", errors="surrogatepass")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        spill.put_away(path, error)
        return None
