"""Which runs could go, and why; nothing goes without being asked for.

Never a candidate: what is pinned, has a note or a tag of a person's, is the best of its experiment by a metric whose
goal is declared or guessed, is a baseline, has a model that is registered, may still be running, or has a run below it
that stays.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InvalidValue
from ...records import RunStatus
from .. import pending, run_sources
from ..database import reading
from ..edits import EDIT_WAIT, editing, put_in_bin
from ..edits import now_ms as clock
from ..goal_words import guess_goal
from ..liveness import state_of
from .turns import breathe
from .weight import Weight

REASONS = ("failed-empty", "short", "repeats", "old")
REPEATS_COST = "Repeats are what mean ± sd and 'within noise' are told from: without them a difference may look real."
DAY_MS = 86_400_000
_OF_A_PERSON = "key NOT GLOB 'mlflow.*' AND key NOT GLOB 'jupyter_track.*'"  # tags that nobody else sets
_PART = 1_000  # runs that are read at a time
_LITTLE = "('output', 'source')"  # kinds of artifacts that every cell leaves


@dataclass(frozen=True)
class Options:
    """What counts as short and as old; times in milliseconds, `short` in seconds."""

    short: float
    older_than_ms: int | None
    repeats: bool
    now_ms: int


@dataclass(frozen=True)
class Reason:
    """Why some runs could go.

    Attributes
    ----------
    name : str
        ``failed-empty short repeats old``.
    title : str
        The same in words.
    run_ids : tuple of str
        The oldest first. A run is listed under the first reason that it has.
    bytes : int
        Of the content that these runs alone name, and of their points.
    options : Options
        By which `apply` looks again.
    """

    name: str
    title: str
    run_ids: tuple[str, ...]
    bytes: int
    options: Options


def candidates(
    store: Path,
    *,
    short: float = 5.0,
    older_than_ms: int | None = None,
    repeats: bool = False,
    now_ms: int | None = None,
) -> tuple[Reason, ...]:
    """Return the runs that could go, by reason; nothing is changed.

    - ``failed-empty``: failed, stopped or lost, and logged no metric, no dataset and no artifact but output
      and source.
    - ``short``: ended within `short` seconds, and failed or logged none of these; params alone are no result.
    - ``repeats``: finished, with a newer finished run of the same code, params, experiment and parent; only where
      they are asked for, since repeats are what the noise of a metric is known from.
    - ``old``: started longer ago than `older_than_ms`.

    Parameters
    ----------
    store : Path
    short : float, default 5
        Seconds.
    older_than_ms : int, optional
        An age in milliseconds; no run is old by default.
    repeats : bool, default False
        Look for repeats.
    now_ms : int, optional
        Milliseconds since 1970; the clock's by default.

    Returns
    -------
    tuple of Reason
        Those that have runs, in the order above.

    Raises
    ------
    InvalidValue
        For negative numbers.
    StoreUnavailable, NotAStore, CorruptStore
        Where the store cannot be read.
    """
    if not short >= 0 or (older_than_ms is not None and not older_than_ms >= 0):
        raise InvalidValue(f"Seconds and ages must be 0 or more, not {short!r} and {older_than_ms!r}.")
    options = Options(short, older_than_ms, repeats, clock() if now_ms is None else now_ms)
    pending.flush(store, EDIT_WAIT)
    judged = _Judge(store, options, _codes(store) if repeats else {})
    found = judged.found()
    weight = None
    if any(found.values()):
        with reading(store) as connection:
            weight = Weight(connection)
    return tuple(
        Reason(name, _title(name, options), tuple(judged.ids[one] for one in numbers), weight.bytes(numbers), options)
        for name, numbers in found.items()
        if numbers and weight is not None
    )


def apply(store: Path, reasons: Sequence[Reason]) -> list[str]:
    """Put the runs of some reasons into the bin, all in one transaction, and return their ids.

    All is looked at once more, in short reads, so that no writer waits long. A run that anybody changes meanwhile stays
    (it was pinned, noted, tagged, logged to, resumed), and so does one that has a child which stays.
    ``edits.undo_delete`` brings them back.

    Raises
    ------
    StoreBusy
        Where the store stays locked.
    StoreUnavailable, NotAStore, CorruptStore, NewerStore
        Where it cannot be written.
    """
    wanted = {run_id for reason in reasons for run_id in reason.run_ids}
    if not wanted:
        return []
    pending.flush(store, EDIT_WAIT)
    with reading(store) as connection:
        (before,) = connection.execute("SELECT rev FROM store").fetchone()
    codes = _codes(store) if any(reason.options.repeats for reason in reasons) else {}
    chosen: dict[int, str] = {}
    for options in dict.fromkeys(reason.options for reason in reasons):
        judge = _Judge(store, options, codes)
        again = {number for numbers in judge.found().values() for number in numbers}
        chosen |= {number: judge.ids[number] for number in again if judge.ids[number] in wanted}
    with editing(store) as (connection, rev):
        left = set(chosen) if rev == before + 1 else set(chosen) - _changed(connection, before)
        going = sorted(judge.without_kept_children(left))
        put_in_bin(connection, going, rev)
    return [chosen[number] for number in going]


def _changed(connection: sqlite3.Connection, rev: int) -> set[int]:
    """The runs that were changed, logged to, or got a child after a revision of the store."""
    rows = connection.execute(
        "SELECT id FROM runs WHERE rev > ?1 UNION SELECT run_id FROM metrics WHERE rev > ?1"
        " UNION SELECT runs.id FROM runs JOIN runs AS child ON child.parent_uuid = runs.uuid WHERE child.rev > ?1",
        (rev,),
    )
    return {number for (number,) in rows}


def _title(name: str, options: Options) -> str:
    return {
        "failed-empty": "failed or stopped, and gave no result",
        "short": f"ended within {options.short:g} s, and failed or gave no result",
        "repeats": "repeated by a newer run with the same code and params",
        "old": f"older than {_age_words(options.older_than_ms or 0)}",
    }[name]


def _age_words(age_ms: int) -> str:
    """Return an age in the largest unit of which it has one or more: ``90 days``, ``1 hour``, ``1.5 s``.

    Examples
    --------
    >>> _age_words(90 * DAY_MS), _age_words(3_600_000), _age_words(1_500), _age_words(0)
    ('90 days', '1 hour', '1.5 s', '0 s')
    """
    for name, unit in (("day", DAY_MS), ("hour", 3_600_000), ("minute", 60_000)):
        if age_ms >= unit:
            count = f"{age_ms / unit:,.3f}".rstrip("0").rstrip(".")
            return f"{count} {name}{'' if count == '1' else 's'}"
    return f"{age_ms / 1000:g} s"


def _codes(store: Path) -> dict[str, str]:
    """The hash of the code of each finished run."""
    with reading(store) as connection:
        ids = connection.execute(
            "SELECT uuid FROM runs WHERE lifecycle_stage = 'active' AND status = ?", (RunStatus.FINISHED,)
        ).fetchall()
    return run_sources.hashes(store, [row[0] for row in ids])


@dataclass(frozen=True, slots=True)
class _Run:
    number: int
    status: str
    start: int
    duration: float | None
    parent: str | None
    experiment: int
    lost: bool
    empty: bool

    @property
    def failed(self) -> bool:
        return self.lost or self.status in (RunStatus.FAILED, RunStatus.KILLED)


class _Judge:
    """Looks at all active runs of a store, in many short reads: in one, writers waited 0.15 s for 10,000 runs."""

    def __init__(self, store: Path, options: Options, codes: Mapping[str, str]) -> None:
        self.store = store
        self.options = options
        self.codes = codes
        self.ids: dict[int, str] = {}
        self.parents: dict[int, str] = {}
        self.open: list[_Run] = []
        self._read()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read a few rows; then whoever waits to write gets a turn."""
        with reading(self.store) as connection:
            rows = connection.execute(sql, values).fetchall()
        breathe()
        return rows

    def _by_run(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Read what belongs to active runs, a part of them at a time; `sql` ends in ``runs.id BETWEEN ? AND ?``."""
        ((last,),) = self._rows("SELECT coalesce(max(id), 0) FROM runs")
        for start in range(0, last + 1, _PART):
            yield from self._rows(sql, (start, start + _PART - 1))

    def _read(self) -> None:
        """Read the runs, and keep those that nothing protects."""
        safe = self._protected()
        rows = self._by_run(
            "SELECT id, start_time, duration, parent_uuid, experiment_id, EXISTS (SELECT 1 FROM metrics WHERE run_id ="
            f" runs.id) OR EXISTS (SELECT 1 FROM artifacts WHERE run_id = runs.id AND kind NOT IN {_LITTLE})"
            " OR EXISTS (SELECT 1 FROM datasets WHERE run_id = runs.id),"
            " status, uuid, host_id, boot_id, pid, process_start, heartbeat FROM runs"
            " WHERE lifecycle_stage = 'active' AND runs.id BETWEEN ? AND ? ORDER BY id"
        )
        for number, start, duration, parent, experiment, filled, *process in rows:
            status, run_id = process[:2]
            self.ids[number] = run_id
            if parent is not None:
                self.parents[number] = parent
            lost = state_of(*process) == "lost"
            if number not in safe and (lost or status in RunStatus.ENDED):
                run = _Run(number, status, start, duration, parent, experiment, lost, not filled)
                self.open.append(run)

    def _protected(self) -> set[int]:
        rows = self._rows(
            "SELECT id FROM runs WHERE pinned IS NOT NULL OR trim(note) <> ''"
            f" UNION SELECT run_id FROM tags WHERE {_OF_A_PERSON}"
            " UNION SELECT runs.id FROM runs JOIN experiments ON baseline_uuid = runs.uuid"
            " UNION SELECT runs.id FROM runs JOIN model_versions ON run_uuid = runs.uuid"
        )
        return {number for (number,) in rows} | self._best()

    def _best(self) -> set[int]:
        """The best run of each experiment by each metric that has a goal, by its last value and by its curve's best.

        Both the best of all and the best of those that did not break off, which is what ``best`` names.
        """
        declared: dict[tuple[int, str], str] = {
            (experiment, key): goal
            for experiment, key, goal in self._rows("SELECT experiment_id, key, goal FROM metric_goals")
        }
        guessed: dict[str, str | None] = {}
        best: dict[tuple[int, str, int, bool], tuple[float, int]] = {}
        rows = self._by_run(
            "SELECT runs.id, experiment_id, key, last_value, min_value, max_value, status FROM runs"
            " JOIN metrics ON runs.id = run_id WHERE lifecycle_stage = 'active' AND runs.id BETWEEN ? AND ?"
        )
        for number, experiment, key, last, low, high, status in rows:
            if key not in guessed:
                guessed[key] = guess_goal(key)
            goal = declared.get((experiment, key)) or guessed[key]
            if goal is None:
                continue
            for at, value in enumerate((last, low if goal == "min" else high)):
                if value is not None and math.isfinite(value):
                    mark = (value if goal == "max" else -value, number)  # of equal ones the newest
                    for result in {False, status not in (RunStatus.FAILED, RunStatus.KILLED)}:
                        place = experiment, key, at, result
                        best[place] = max(best.get(place, mark), mark)
        return {number for _, number in best.values()}

    def found(self) -> dict[str, list[int]]:
        """Return the numbers of the candidates by reason."""
        options = self.options
        by_reason: dict[str, list[int]] = {name: [] for name in REASONS}
        repeated = self._repeated() if options.repeats else set()
        for run in self.open:
            short = run.duration is not None and run.duration < options.short
            if run.failed and run.empty:
                by_reason["failed-empty"].append(run.number)
            elif short and (run.failed or run.empty):
                by_reason["short"].append(run.number)
            elif run.number in repeated:
                by_reason["repeats"].append(run.number)
            elif options.older_than_ms is not None and run.start < options.now_ms - options.older_than_ms:
                by_reason["old"].append(run.number)
        left = self.without_kept_children({number for numbers in by_reason.values() for number in numbers})
        return {name: [number for number in numbers if number in left] for name, numbers in by_reason.items()}

    def _repeated(self) -> set[int]:
        """Finished runs of which there is a newer one with the same code, params, experiment and parent."""
        details = self._by_run(
            "SELECT id, uuid, experiment_id, parent_uuid FROM runs"
            f" WHERE lifecycle_stage = 'active' AND status = '{RunStatus.FINISHED}'"
            " AND runs.id BETWEEN ? AND ? ORDER BY id"
        )
        alike: dict[tuple[Any, ...], list[int]] = {}
        for number, run_id, experiment, parent in details:
            code = self.codes.get(run_id)
            if code is not None:
                alike.setdefault((experiment, parent, code), []).append(number)
        several = [numbers for numbers in alike.values() if len(numbers) > 1]
        params = self._params([number for numbers in several for number in numbers])
        repeated: set[int] = set()
        for numbers in several:
            newest: dict[tuple[Any, ...], int] = {}
            for number in numbers:
                own = tuple(params.get(number, ()))
                if own in newest:
                    repeated.add(newest[own])
                newest[own] = number
        return repeated

    def _params(self, numbers: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
        """The params of runs, by the run's number."""
        found: dict[int, list[tuple[str, str]]] = {}
        for start in range(0, len(numbers), _PART):
            rows = self._rows(
                "SELECT run_id, key, value FROM params WHERE run_id IN (SELECT value FROM json_each(?))"
                " ORDER BY run_id, key",
                (json.dumps(numbers[start : start + _PART]),),
            )
            for number, key, value in rows:
                found.setdefault(number, []).append((key, value))
        return found

    def without_kept_children(self, numbers: Collection[int]) -> set[int]:
        """Return those of the runs that have no active run below them that is not among them."""
        going = set(numbers)
        by_id = {run_id: number for number, run_id in self.ids.items()}
        while True:
            kept = {
                by_id[parent] for number, parent in self.parents.items() if number not in going and parent in by_id
            } & going
            if not kept:
                return going
            going -= kept
