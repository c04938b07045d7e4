"""How people name a run: its number, its name, some digits of its id, or ``last``."""

from __future__ import annotations

import difflib
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from ..errors import InvalidValue, NotFound
from .run_rows import is_text

_SHOWN = 5  # candidates that an error names
_NAMES = 2_000  # newest names that are looked through for the nearest
_LAST = re.compile(r"last(?:~(\d{1,9}))?\Z", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-fA-F]{6,32}\Z")


def resolve(connection: sqlite3.Connection, reference: str | int) -> str:
    """Return the id of the run that is meant.

    In this order: ``#12``, ``last`` and ``last~1`` (the one before), a whole id, a number of up to five digits, an
    exact name (the newest so called, active runs before deleted ones), a longer number, and six or more first digits
    of an id.

    Raises
    ------
    NotFound
        Where nothing fits; the message names the nearest names. Where several ids begin so, it lists them.
    InvalidValue
        Where it is neither text nor a whole number.
    """
    if isinstance(reference, bool) or not isinstance(reference, (str, int)):
        raise InvalidValue(f"A run is named by its number, name or id, not by {type(reference).__name__}.")
    text = str(reference).strip()
    if not text or not is_text(text):
        raise NotFound(f"{reference!r} names no run; give a number such as #12, a name, or 'last'.")
    if isinstance(reference, int) or text.startswith("#"):
        found = _by_number(connection, text.removeprefix("#").strip())
        return found or _fail(connection, f"There is no run {text if text.startswith('#') else '#' + text}")
    last = _LAST.match(text)
    if last:
        return _last(connection, text, int(last[1] or 0))
    found = _by_id(connection, text)
    if not found and len(text) < 6:
        found = _by_number(connection, text)
    found = found or _by_name(connection, text) or _by_number(connection, text) or _by_prefix(connection, text)
    return found or _fail(connection, f"There is no run {text!r}", text)


def _one(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> str | None:
    row = connection.execute(sql, values).fetchone()
    return None if row is None else str(row[0])


def _by_number(connection: sqlite3.Connection, digits: str) -> str | None:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        return None
    return _one(connection, "SELECT uuid FROM runs WHERE id = ?", (int(digits),))


def _by_id(connection: sqlite3.Connection, text: str) -> str | None:
    return _one(connection, "SELECT uuid FROM runs WHERE uuid IN (?, ?)", (text, text.lower()))


def _by_name(connection: sqlite3.Connection, name: str) -> str | None:
    sql = "SELECT uuid FROM runs WHERE name = ? ORDER BY lifecycle_stage != 'active', id DESC LIMIT 1"
    return _one(connection, sql, (name,))


def _by_prefix(connection: sqlite3.Connection, digits: str) -> str | None:
    if not _HEX.match(digits):
        return None
    start = digits.lower()
    rows = connection.execute(
        "SELECT uuid, id, name FROM runs WHERE uuid >= ? AND uuid < ? ORDER BY id DESC LIMIT ?",
        (start, start + "g", _SHOWN + 1),
    ).fetchall()
    if len(rows) > 1:
        listed = ", ".join(f"{uuid[: len(start) + 4]} (#{number} {name})" for uuid, number, name in rows[:_SHOWN])
        more = ", …" if len(rows) > _SHOWN else ""
        raise NotFound(f"{digits!r} is the beginning of several run ids: {listed}{more}; give more digits.")
    return rows[0][0] if rows else None


def _last(connection: sqlite3.Connection, text: str, back: int) -> str:
    sql = "SELECT uuid FROM runs WHERE lifecycle_stage = 'active' ORDER BY id DESC LIMIT 1 OFFSET ?"
    found = _one(connection, sql, (back,))
    if found:
        return found
    count = connection.execute("SELECT count(*) FROM runs WHERE lifecycle_stage = 'active'").fetchone()[0]
    raise NotFound(f"There is no run {text!r}: the store holds {count} run{'' if count == 1 else 's'}.")


def _fail(connection: sqlite3.Connection, message: str, text: str = "") -> str:
    rows = connection.execute(
        "SELECT id, name FROM runs WHERE lifecycle_stage = 'active' ORDER BY id DESC LIMIT ?", (_NAMES,)
    ).fetchall()
    if not rows:
        raise NotFound(f"{message}: the store holds no runs.")
    newest: dict[str, int] = {}
    for number, name in rows:
        newest.setdefault(name, number)
    near = difflib.get_close_matches(text[:100], newest, n=_SHOWN) if text else []
    if near:
        raise NotFound(f"{message}; near it are {', '.join(f'#{newest[name]} {name}' for name in near)}.")
    raise NotFound(f"{message}; the newest is #{rows[0][0]} {rows[0][1]}.")
