"""Runs beside a run: the one before it of the same cell, those that are alike, its children. No point is read.

A copy of a notebook has the same cell ids as the notebook. So runs of another notebook are of the same cell only where
that notebook's file is gone: it was renamed.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..records import MODEL_SOURCE, Goal, Run, RunStatus
from . import run_rows, run_sources
from .database import reading
from .goal_words import guess_goal

LIMIT = 50  # runs of a cell that are looked at for equal ones, on each side of a run
MOST = 1_000  # the same where a person waits for it
_PRESENT = "lifecycle_stage = 'active' AND status = 'FINISHED'"
_OF_CELL = (
    f"FROM runs WHERE cell_id = ? AND id < ? AND {_PRESENT} AND parent_uuid IS ?"
    " AND (notebook IS ? OR notebook_is_gone(notebook)) ORDER BY id DESC LIMIT ?"
)
_OF_PARENT = (
    f"FROM runs WHERE parent_uuid = ? AND id < ? AND {_PRESENT} AND cell_id IS NULL AND experiment_id = ?"
    " ORDER BY id DESC LIMIT ?"
)
# By time, since that is what the index of an experiment's runs is ordered by.
_OF_EXPERIMENT = (
    "FROM runs INDEXED BY runs_by_experiment WHERE experiment_id = ? AND lifecycle_stage = 'active' AND start_time <= ?"
    " AND id < ? AND status = 'FINISHED' AND parent_uuid IS NULL AND cell_id IS NULL"
    " ORDER BY start_time DESC, id DESC LIMIT ?"
)
_LATER = {
    earlier: earlier.replace("id < ?", "id > ?").replace("start_time <= ?", "start_time >= ?").replace(" DESC", "")
    for earlier in (_OF_CELL, _OF_PARENT, _OF_EXPERIMENT)
}
_CHILDREN = "WHERE parent_uuid = ? AND lifecycle_stage = 'active'"
_CHILD_METRICS = f"FROM runs JOIN metrics ON metrics.run_id = runs.id {_CHILDREN}"
# Of children that may be the best: what one had when it failed or was stopped is no result.
_CHILD_RESULTS = f"{_CHILD_METRICS} AND status NOT IN ('FAILED', 'KILLED')"
_NEWEST = 2**62  # where a run has no number yet, all are before it


@dataclass(frozen=True)
class Children:
    """A run's children in a line: how many, and which of them holds the best value of which metric.

    `number` and `run_id` are of the best one; `key` is empty where no metric has a goal.
    """

    count: int
    key: str = ""
    value: float = math.nan
    number: int | None = None
    run_id: str = ""


class Earlier(NamedTuple):
    """A run before another, or after it: its number in the store, its id, and the number of its experiment."""

    number: int
    run_id: str
    experiment: int


def previous(store: Path, runs: Sequence[Run], known: Sequence[Run] = ()) -> dict[str, Run]:
    """Return the previous run of each run that has one, by the run's id; see `Reader.previous`.

    Those among `runs` and `known` are not read again.
    """
    numbers: dict[str, int] = {}
    at = 0
    while at < len(runs):
        with reading(store) as connection:
            _know_notebooks(connection, store)
            began = time.monotonic()
            while at < len(runs) and time.monotonic() - began < run_rows.HOLD_SECONDS:
                found = _before(connection, runs[at], 1)
                if found:
                    numbers[runs[at].run_id] = found[0].number
                at += 1
    loaded = {run.number: run for run in (*known, *runs)}
    missing = sorted(set(numbers.values()).difference(number for number in loaded if number is not None))
    loaded.update({run.number: run for run in run_rows.load(store, missing)})
    return {run_id: loaded[number] for run_id, number in numbers.items() if number in loaded}


def alike(store: Path, run: Run, code: str | None = None, limit: int = LIMIT, until: int | None = None) -> list[Run]:
    """Return the finished runs with the code, params and data of `run`, the newest first; itself among them.

    Whichever of them is asked for, it is the same runs: they are looked for among the nearest `limit` before it and
    as many after it of the same cell (`Reader.previous` says what that is).

    Parameters
    ----------
    store : Path
    run : Run
    code : str, optional
        The hash of the run's code, where the store does not have it yet.
    limit : int, default 50
    until : int, optional
        Only runs before this number count.

    Returns
    -------
    list of Run
        Empty where the run's code is not known, or it did not finish.
    """
    if run.status != RunStatus.FINISHED:
        return []
    with reading(store):
        found = before(store, run, limit)
        found += [one for one in _after(store, run, limit) if until is None or one.number < until]
        codes = run_sources.hashes(store, [run.run_id, *(one.run_id for one in found)])
        if code is not None:
            codes[run.run_id] = code
        if run.run_id not in codes:
            return []
        same = [run, *run_rows.load(store, equal(store, run, found, codes))]
        return sorted(same, key=_number, reverse=True)


def before(store: Path, run: Run, limit: int = LIMIT) -> list[Earlier]:
    """Return the finished runs before `run` of the same cell, the newest first; `Reader.previous` says what that is."""
    with reading(store) as connection:
        _know_notebooks(connection, store)
        return _before(connection, run, limit)


def _after(store: Path, run: Run, limit: int) -> list[Earlier]:
    """Return the finished runs after `run` of the same cell, the oldest first; none where it has no number yet."""
    if run.number is None:
        return []
    with reading(store) as connection:
        _know_notebooks(connection, store)
        return _before(connection, run, limit, later=True)


def equal(store: Path, run: Run, found: Sequence[Earlier], codes: Mapping[str, str]) -> list[int]:
    """Return the numbers of those of the runs `found` beside `run` that have its experiment, code, params and data.

    `codes` has the hashes of their code and of the run's own, by run id; without its own there is no equal one.
    """
    own = codes.get(run.run_id)
    numbers = [
        one.number
        for one in found
        if own is not None and codes.get(one.run_id) == own and str(one.experiment) == run.experiment_id
    ]
    if not numbers:
        return []
    params: dict[int, dict[str, str]] = {number: {} for number in numbers}
    with reading(store) as connection:
        marks = ", ".join("?" * len(numbers))
        rows = connection.execute(f"SELECT run_id, key, text FROM params WHERE run_id IN ({marks})", numbers)
        for number, key, text in rows:
            params[number][key] = text
        read: dict[int, set[tuple[str, str]]] = {number: set() for number in numbers}
        rows = connection.execute(
            f"SELECT run_id, digest, context FROM datasets WHERE run_id IN ({marks}) AND source_type <> ?",
            (*numbers, MODEL_SOURCE),
        )
        for number, digest, context in rows:
            read[number].add((digest, context))
    wanted = {key: param.text for key, param in run.params.items()}
    data = {(used.dataset.digest, used.context) for used in run.inputs.dataset_inputs}
    return [number for number in numbers if params[number] == wanted and read[number] == data]


def baseline_number(store: Path, run: Run) -> int | None:
    """Return the number of the run that those of a run's experiment are measured against; it may be the run itself."""
    with reading(store) as connection:
        row = connection.execute(
            "SELECT runs.id FROM experiments JOIN runs ON runs.uuid = baseline_uuid"
            " WHERE experiments.id = ? AND runs.lifecycle_stage = 'active'",
            (int(run.experiment_id or -1),),
        ).fetchone()
    return None if row is None else int(row[0])


def with_files(store: Path, run_ids: Sequence[str]) -> set[str]:
    """Return those of the runs that hold a file besides the output and the source of their cell."""
    found: set[str] = set()

    def read(connection: sqlite3.Connection, marks: str, part: Sequence[str]) -> None:
        rows = connection.execute(
            f"SELECT uuid FROM runs WHERE uuid IN ({marks}) AND EXISTS (SELECT 1 FROM artifacts"
            " WHERE run_id = runs.id AND kind NOT IN ('output', 'source'))",
            part,
        )
        found.update(run_id for (run_id,) in rows)

    run_sources.in_id_parts(store, run_ids, read)
    return found


def children(store: Path, run_id: str, goals: Mapping[str, Goal]) -> Children:
    """Return how many active children a run has, and the best of them.

    Parameters
    ----------
    store : Path
    run_id : str
    goals : mapping of str to {"min", "max"}
        The declared goals; others are guessed from the names.
    """
    with reading(store) as connection:
        count = connection.execute(f"SELECT count(*) FROM runs {_CHILDREN}", (run_id,)).fetchone()[0]
        if not count:
            return Children(0)
        keys = connection.execute(
            f"SELECT metrics.key {_CHILD_METRICS} GROUP BY metrics.key ORDER BY count(*) DESC, min(metrics.id)",
            (run_id,),
        ).fetchall()
        known = {key: goal for (key,) in keys if (goal := goals.get(key) or guess_goal(key)) is not None}
        aimed = getattr(goals, "aimed", ())
        for key in sorted(known, key=lambda key: (key not in goals, key not in aimed)):
            order = "ASC" if known[key] == "min" else "DESC"
            row = connection.execute(
                f"SELECT last_value, runs.id, runs.uuid {_CHILD_RESULTS} AND metrics.key = ? AND last_value > ?"
                f" AND last_value < ? ORDER BY last_value {order}, runs.id DESC LIMIT 1",
                (run_id, key, -math.inf, math.inf),
            ).fetchone()
            if row is not None:
                return Children(count, key, *row)
        return Children(count)


def descendants(store: Path, run_id: str) -> list[int]:
    """Return the numbers of the active runs below a run, its children and theirs, the oldest first."""
    with reading(store) as connection:
        rows = connection.execute(
            "WITH RECURSIVE line (id, uuid) AS ("
            f" SELECT id, uuid FROM runs {_CHILDREN}"
            " UNION SELECT runs.id, runs.uuid FROM runs JOIN line ON parent_uuid = line.uuid"
            " WHERE lifecycle_stage = 'active')"
            " SELECT id FROM line WHERE uuid <> ? ORDER BY id",
            (run_id, run_id),
        )
        return [number for (number,) in rows]


def _number(run: Run) -> int:
    return _NEWEST if run.number is None else run.number


def _before(connection: sqlite3.Connection, run: Run, limit: int, later: bool = False) -> list[Earlier]:
    """Return the finished runs before or after a run, of the same cell and parent, the nearest first."""
    until = _number(run)
    values: tuple[str | int | None, ...]
    if run.cell_id is not None:
        which, values = _OF_CELL, (run.cell_id, until, run.parent_run_id, run.notebook, limit)
    elif run.parent_run_id is not None:
        which, values = _OF_PARENT, (run.parent_run_id, until, int(run.experiment_id), limit)
    else:
        which, values = _OF_EXPERIMENT, (int(run.experiment_id), run.start_time, until, limit)
    which = _LATER[which] if later else which
    return [Earlier(*row) for row in connection.execute(f"SELECT id, uuid, experiment_id {which}", values)]


def _know_notebooks(connection: sqlite3.Connection, store: Path) -> None:
    """Let SQL ask whether a notebook is gone from where it lay, beside the store; asked once for each."""
    gone: dict[str | None, bool] = {None: False}

    def is_gone(notebook: str | None) -> bool:
        if notebook not in gone:
            gone[notebook] = not notebook_exists(store.parent, notebook)
        return gone[notebook]

    connection.create_function("notebook_is_gone", 1, is_gone)


def notebook_exists(folder: Path, notebook: str | None) -> bool:
    """Whether a notebook lies where its runs say, beside the store; where that cannot be told, it does."""
    try:
        return (folder / str(notebook)).exists()
    except (OSError, ValueError):  # a path that this system cannot have, or a folder that may not be looked into
        return True
