"""How people name a run: its number, its name, some digits of its id, ``last``, ``best`` or ``baseline``.

Also what a new name must not look like, and the words that complete a reference.
"""

from __future__ import annotations

import difflib
import operator
import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex

from ..errors import InvalidValue, NotFound
from .best import best_run, metrics_with_goals
from .run_rows import is_text

# What stands behind %track and jupyter-track; baseline is not among them, as a run is naturally called so.
RESERVED = frozenset(
    "bin board clean compare completion curves delete doctor edit experiments export gc git help importance list merge"
    " models move note notebook off on open parallel pin purge rename repair report restore rm run runs scatter search"
    " server show status stop store tag tags ui undo unpin untag version watch".split()
)
_SHOWN = 5  # candidates that an error names
_NAMES = 2_000  # newest names that are looked through for the nearest
_LAST = re.compile(r"last(?:~(\d{1,9}))?\Z", re.IGNORECASE)
_BASELINE = re.compile(r"baseline\Z", re.IGNORECASE)
_RANGE = re.compile(r"#?(\d{1,9})\.\.#?(\d{1,9})")
_BEST = re.compile(r"best(?::(.*))?\Z", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"#.*|\d+|[0-9a-fA-F]{32}", re.DOTALL)
_HEX = re.compile(r"[0-9a-fA-F]{6,32}\Z")


def resolve(
    connection: sqlite3.Connection, reference: str | int, experiment: int | None = None, *, deleted: bool = False
) -> str:
    """Return the id of the run that is meant.

    In this order: ``#12``, ``last`` and ``last~1`` (the one before), ``best`` and ``best:val_loss`` (by the last value
    of the main metric, or of the one named), ``baseline`` (of the newest run's experiment, where it has one), a whole
    id, a number of up to five digits, an exact name (the newest so called, active runs before deleted ones), a longer
    number, and six or more first digits of an id. Where the newest run's experiment has no baseline, ``baseline`` is
    the run so called, and where there is none either, that of the only experiment that has one.

    Parameters
    ----------
    connection : sqlite3.Connection
    reference : str or int
    experiment : int, optional
        Where the best and the baseline are looked for; by default in the experiment of the newest run.
    deleted : bool, default False
        Whether a deleted run is meant: of a name then the newest deleted run before any active one.

    Raises
    ------
    NotFound
        Where nothing fits; the message names the nearest names. Where several ids begin so, it lists them. Where
        there is no best run or baseline, it says what is missing.
    InvalidValue
        Where it is neither text nor a whole number, or is a range (``#3..#7``).
    """
    reference = _text_or_number(reference)
    text = str(reference).strip()
    if not text or not is_text(text):
        raise NotFound(f"{reference!r} names no run; give a number such as #12, a name, 'last' or 'best'.")
    if _RANGE.fullmatch(text):
        raise InvalidValue(f"{text} is a range of runs, and one run is meant here.")
    if isinstance(reference, int) or text.startswith("#"):
        found = _by_number(connection, text.removeprefix("#").strip())
        return found or _fail(connection, f"There is no run {text if text.startswith('#') else '#' + text}")
    last = _LAST.match(text)
    if last:
        return _last(connection, text, int(last[1] or 0))
    best = _BEST.match(text)
    if best:
        return best_run(connection, None if best[1] is None else best[1].strip(), experiment)
    if deleted and not _is_taken(text) and (binned := _one(connection, _DELETED_NAME, (text,))):
        return binned
    if _BASELINE.match(text):
        return _baseline(connection, text, experiment)
    found = _by_id(connection, text)
    if not found and len(text) < 6:
        found = _by_number(connection, text)
    found = found or _by_name(connection, text) or _by_number(connection, text) or _by_prefix(connection, text)
    return found or _fail(connection, f"There is no run {text!r}{_short_id(text)}", text, deleted)


def _text_or_number(reference: object) -> str | int:
    """What may name a run; a number may be NumPy's, as one that comes out of a frame is."""
    if isinstance(reference, str):
        return reference
    if isinstance(reference, SupportsIndex) and not isinstance(reference, bool):
        return operator.index(reference)
    raise InvalidValue(f"A run is named by its number, name or id, not by {type(reference).__name__}.")


def resolve_all(connection: sqlite3.Connection, references: Iterable[str | int], *, deleted: bool = False) -> list[str]:
    """Return the ids of the runs that are meant, each once: references as in `resolve`, and ranges of numbers.

    Parameters
    ----------
    connection : sqlite3.Connection
    references : iterable of (str or int)
        A range is written ``3..7`` or ``#3..#7``; both ends belong to it.
    deleted : bool, default False
        Whether deleted runs are meant: of a range these instead of the active ones, and of a name the newest deleted
        run before any active one.

    Raises
    ------
    NotFound, InvalidValue
        As `resolve`, and where no run lies in a range; then nothing is returned.
    """
    ids: dict[str, None] = {}
    for reference in references:
        text = str(reference).strip()
        span = _RANGE.fullmatch(text)
        if span:
            ids.update(dict.fromkeys(_between(connection, int(span[1]), int(span[2]), deleted)))
        else:
            ids[resolve(connection, reference, deleted=deleted)] = None
    return list(ids)


_DELETED_NAME = "SELECT uuid FROM runs WHERE name = ? AND lifecycle_stage = 'deleted' ORDER BY id DESC LIMIT 1"


def _between(connection: sqlite3.Connection, first: int, last: int, deleted: bool) -> list[str]:
    stage = "deleted" if deleted else "active"
    rows = connection.execute(
        "SELECT uuid FROM runs WHERE id BETWEEN ? AND ? AND lifecycle_stage = ? ORDER BY id", (first, last, stage)
    ).fetchall()
    if not rows:
        turned = f"; {last}..{first} would count upwards" if last < first else ""
        raise NotFound(f"There is no {'deleted ' if deleted else ''}run from #{first} to #{last}{turned}.")
    return [uuid for (uuid,) in rows]


def check_new_name(name: str) -> str:
    """Return `name` if a person may give it to a run on a command line.

    Raises
    ------
    InvalidValue
        For a blank name, a subcommand (``%track show`` would be read as one), and what names another run: ``#3``,
        ``12``, ``3..7``, ``last``, ``last~2``, ``best``, ``best:loss``, 32 hexadecimal digits. ``baseline`` is a
        name: a run is naturally called so before there is a baseline.

    Examples
    --------
    >>> check_new_name("baseline")
    'baseline'
    """
    text = name.strip()
    if not text:
        raise InvalidValue("The name of a run must not be blank.")
    if text in RESERVED:
        raise InvalidValue(f"A run cannot be called {text!r}, which is a subcommand; {text + '-1'!r} would do.")
    if _LAST.match(text) or _BEST.match(text) or _NUMBER.fullmatch(text) or _RANGE.fullmatch(text):
        raise InvalidValue(f"A run cannot be called {text!r}, which names another run; {_harmless(text)!r} would do.")
    return name


def _harmless(text: str) -> str:
    return "run-" + re.sub(r"\W+", "-", text).strip("-").lower() if re.search(r"\w", text) else "run-1"


def candidates(connection: sqlite3.Connection, begun: str, limit: int = 20) -> list[tuple[str, str]]:
    """Return the references that begin with what was typed, each with a few words about it.

    ``last``, ``best`` and, where there is one, ``baseline``, numbers where ``#`` or a digit was typed, names of
    active runs (the newest first, whatever the case) and, from six digits on, ids; behind ``best:`` the metrics
    whose goal is known. Names and descriptions are text of the store: whoever shows them takes control characters
    away.

    Parameters
    ----------
    connection : sqlite3.Connection
    begun : str
        What was typed so far, perhaps nothing.
    limit : int, default 20

    Returns
    -------
    list of (str, str)
        The word and its description, such as ``("last", "#12 brave-otter-417, finished")``.
    """
    if not is_text(begun) or limit < 1:
        return []
    if begun.startswith("#"):
        return _numbers(connection, "#", begun[1:], limit)
    lower = begun.lower()
    if lower.startswith("best:"):
        return _best_words(connection, lower)[:limit]
    newest = connection.execute(_NEWEST, (1,)).fetchall()
    found = [(word, said) for word, said in _words(connection, newest) if word.startswith(lower)]
    found += _numbers(connection, "", begun, limit) if begun else []
    for number, name, status in connection.execute(_NEWEST, (_NAMES,)):
        if name.lower().startswith(lower) and not _is_taken(name):
            found.append((name, f"#{number}, {status.lower()}"))
    if _HEX.match(begun):
        found += [(uuid, f"#{number} {name}") for uuid, number, name in _ids(connection, lower, limit)]
    return list({word: (word, said) for word, said in reversed(found)}.values())[::-1][:limit]


_NEWEST = "SELECT id, name, status FROM runs WHERE lifecycle_stage = 'active' ORDER BY id DESC LIMIT ?"


def _is_taken(name: str) -> bool:
    """Whether a name, which the API let through, means something else as a reference."""
    if not name or name != name.strip() or name.startswith("#") or re.fullmatch(r"\d{1,5}", name):
        return True
    return bool(_LAST.match(name) or _BEST.match(name) or _RANGE.fullmatch(name))


def _words(connection: sqlite3.Connection, newest: Sequence[tuple[int, str, str]]) -> list[tuple[str, str]]:
    if not newest:
        return []
    number, name, status = newest[0]
    where = _newest_experiment(connection)
    baselines = [row[1:] for row in _baselines(connection) if row[0] == where]
    return [
        ("last", f"#{number} {name}, {status.lower()}"),
        ("last~1", "the run before the last"),
        ("best", "by the main metric"),
        ("best:", "by a metric"),
        *(("baseline", f"#{number} {name}, of {experiment}") for _, number, name, experiment in baselines),
    ]


def _numbers(connection: sqlite3.Connection, sign: str, digits: str, limit: int) -> list[tuple[str, str]]:
    if digits and not (digits.isascii() and digits.isdigit()):
        return []
    rows = connection.execute(
        "SELECT id, name, status FROM runs WHERE lifecycle_stage = 'active' AND CAST(id AS TEXT) LIKE ?"
        " ORDER BY id DESC LIMIT ?",
        (f"{digits}%", limit),
    )
    return [(f"{sign}{number}", f"{name}, {status.lower()}") for number, name, status in rows]


def _best_words(connection: sqlite3.Connection, begun: str) -> list[tuple[str, str]]:
    row = connection.execute(
        "SELECT experiment_id FROM runs WHERE lifecycle_stage = 'active' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    known = {} if row is None else metrics_with_goals(connection, row[0])
    found = [(f"best:{key}", {"min": "lowest", "max": "highest"}[goal]) for key, goal in known.items() if goal]
    return [(word, said) for word, said in found if word.lower().startswith(begun)]


def _ids(connection: sqlite3.Connection, start: str, limit: int) -> list[tuple[str, int, str]]:
    return connection.execute(
        "SELECT uuid, id, name FROM runs WHERE uuid >= ? AND uuid < ? ORDER BY id DESC LIMIT ?",
        (start, start + "g", limit),
    ).fetchall()


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


def count_named(connection: sqlite3.Connection, name: str) -> int:
    """Return how many active runs have a name."""
    sql = "SELECT count(*) FROM runs WHERE name = ? AND lifecycle_stage = 'active'"
    return int(connection.execute(sql, (name,)).fetchone()[0])


def _by_prefix(connection: sqlite3.Connection, digits: str) -> str | None:
    if not _HEX.match(digits):
        return None
    start = digits.lower()
    rows = _ids(connection, start, _SHOWN + 1)
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


def _newest_experiment(connection: sqlite3.Connection) -> int | None:
    row = connection.execute(
        "SELECT experiment_id FROM runs WHERE lifecycle_stage = 'active' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else int(row[0])


def _baselines(connection: sqlite3.Connection) -> list[tuple[int, str, int, str, str]]:
    """Return each experiment with a baseline that is active: its number, the run's id, number and name, its name."""
    return connection.execute(
        "SELECT experiments.id, runs.uuid, runs.id, runs.name, experiments.name FROM experiments"
        " JOIN runs ON runs.uuid = baseline_uuid WHERE runs.lifecycle_stage = 'active'"
        " AND experiments.lifecycle_stage = 'active' ORDER BY experiments.id"
    ).fetchall()


def _baseline(connection: sqlite3.Connection, text: str, experiment: int | None) -> str:
    where = _newest_experiment(connection) if experiment is None else experiment
    known = _baselines(connection)
    own = [run_id for one, run_id, *_ in known if one == where]
    found = own[0] if own else _by_name(connection, text)
    if found or len(known) == 1:
        return found or known[0][1]
    listed = ", ".join(f"#{number} {name} (of {of})" for _, _, number, name, of in known[:_SHOWN])
    if listed:
        raise NotFound(f"The newest run's experiment has no baseline, and several others have: {listed}; name the run.")
    said = f"There is no run {text!r}, and no experiment has a baseline"
    return _fail(connection, f"{said} ('jupyter track baseline RUN' sets it)", text)


def _short_id(text: str) -> str:
    """A hint for what may be the beginning of an id, and is too short for one."""
    return " (of an id, give six digits or more)" if re.fullmatch(r"(?=.*\d)[0-9a-fA-F]{3,5}", text) else ""


def _fail(connection: sqlite3.Connection, message: str, text: str = "", deleted: bool = False) -> str:
    rows = connection.execute(
        "SELECT id, name, lifecycle_stage FROM runs WHERE lifecycle_stage IN ('active', ?)"
        " ORDER BY lifecycle_stage = 'active', id DESC LIMIT ?",
        ("deleted" if deleted else "active", _NAMES),
    ).fetchall()
    if not rows:
        raise NotFound(f"{message}: the store holds no runs.")
    newest: dict[str, int] = {}
    for number, name, _ in rows:
        newest.setdefault(name, number)
    near = difflib.get_close_matches(text[:100], newest, n=_SHOWN) if text else []
    if near:
        raise NotFound(f"{message}; near it are {', '.join(f'#{newest[name]} {name}' for name in near)}.")
    where = " in the bin" if rows[0][2] == "deleted" else ""
    raise NotFound(f"{message}; the newest{where} is #{rows[0][0]} {rows[0][1]}.")
