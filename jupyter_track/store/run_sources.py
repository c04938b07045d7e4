"""The code of runs: its text, and a hash by which equal code is told without reading it.

A run's code is that of the cells it came from, in order, without their ``%%track`` lines: another name or note on that
line is no other code, and its params are compared as params. Text of a content hash never changes, so what was once
found out about it is kept.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import CorruptStore, NotFound
from . import files
from .database import reading
from .run_rows import HOLD_SECONDS, is_text

_MOST_IDS = 500  # in one statement
_MOST_KNOWN = 50_000
_HEAD = re.compile(r"\s*%%track(?![\w?])")
_known: dict[str, str] = {}  # the hash of a cell as typed to the hash of its code

Part = Callable[[sqlite3.Connection, str, Sequence[str]], None]


def code_of(typed: str) -> str:
    r"""Return a cell's code without its ``%%track`` line and without white space at its end.

    Examples
    --------
    >>> code_of("%%track baseline\nC = 1\n")
    'C = 1'
    >>> code_of("%%time\n%%track\nC = 1")
    '%%time\nC = 1'
    """
    lines = typed.splitlines()
    for index, line in enumerate(lines):
        if _HEAD.match(line):
            del lines[index]
            break
        if line.strip() and not line.startswith("%%"):
            break
    return "\n".join(lines).strip("\n").rstrip()


def hash_of(codes: Sequence[str]) -> str:
    """Return the hash of a run's code, which is in so many cells."""
    hashes = [hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest() for code in codes]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def hashes(store: Path, run_ids: Sequence[str]) -> dict[str, str]:
    """Return a hash of the code of each run that has code, by run id."""
    cells = _cells(store, run_ids)
    _learn(store, {sha256 for several in cells.values() for sha256 in several})
    found = {}
    for run_id, several in cells.items():
        codes = [_known.get(sha256, sha256) for sha256 in several]
        found[run_id] = codes[0] if len(codes) == 1 else hashlib.sha256("".join(codes).encode()).hexdigest()
    return found


def texts(store: Path, run_ids: Sequence[str]) -> dict[str, str]:
    """Return the code of each run that has code and whose content is there, by run id."""
    return {run_id: "\n\n".join(cells) for run_id, cells in cell_texts(store, run_ids).items()}


def cell_texts(store: Path, run_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return what `texts` does cell by cell, in the order in which they ran."""
    cells = _cells(store, run_ids)
    typed = _contents(store, {sha256 for several in cells.values() for sha256 in several})
    return {
        run_id: [code_of(typed[sha256]) for sha256 in several]
        for run_id, several in cells.items()
        if all(sha256 in typed for sha256 in several)
    }


def _learn(store: Path, wanted: set[str]) -> None:
    """Find out the hash of the code of cells; one whose content is gone stands for itself."""
    if len(_known) + len(wanted.difference(_known)) > _MOST_KNOWN:
        _known.clear()  # also those that are wanted, which are then found out anew
    for sha256, typed in _contents(store, wanted.difference(_known)).items():
        _known[sha256] = hash_of([code_of(typed)])


def _cells(store: Path, run_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the hashes of the cells that each run came from, in the order in which they ran; no cell twice."""
    found: dict[str, dict[str, None]] = {}

    def read(connection: sqlite3.Connection, marks: str, part: Sequence[str]) -> None:
        rows = connection.execute(
            "SELECT runs.uuid, source_sha256 FROM runs CROSS JOIN executions ON run_id = runs.id"
            f" WHERE runs.uuid IN ({marks}) ORDER BY run_id, executions.start_time, session, position",
            part,
        )
        for run_id, sha256 in rows:
            found.setdefault(run_id, {})[sha256] = None

    in_id_parts(store, run_ids, read)
    return {run_id: list(cells) for run_id, cells in found.items()}


def _contents(store: Path, wanted: Iterable[str]) -> dict[str, str]:
    """Return texts by their hash; what is gone or damaged is left out."""
    rows: dict[str, bytes | None] = {}

    def read(connection: sqlite3.Connection, marks: str, part: Sequence[str]) -> None:
        rows.update(connection.execute(f"SELECT sha256, data FROM contents WHERE sha256 IN ({marks})", part))

    in_id_parts(store, sorted(wanted), read)
    return _decoded(store, rows)


def _decoded(store: Path, rows: Mapping[str, bytes | None]) -> dict[str, str]:
    found = {}
    for sha256, data in rows.items():
        try:
            found[sha256] = files.read(store, sha256, data).decode("utf-8", "replace")
        except (NotFound, CorruptStore):  # `doctor` tells; a table of runs is shown all the same
            continue
    return found


def in_id_parts(store: Path, ids: Sequence[str], read: Part) -> None:
    """Call `read` for parts of many ids with a connection, the part's ``?, ?, …`` and the part itself.

    Writers are let in between: the mutex is held for about 20 ms at a time.
    """
    wanted = [one for one in dict.fromkeys(ids) if one.isascii() or is_text(one)]
    at = 0
    while at < len(wanted):
        with reading(store) as connection:
            began = time.monotonic()
            while at < len(wanted) and time.monotonic() - began < HOLD_SECONDS:
                part = wanted[at : at + _MOST_IDS]
                at += len(part)
                read(connection, ", ".join("?" * len(part)), part)
