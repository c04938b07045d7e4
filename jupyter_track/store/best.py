"""The best run of an experiment: which metric tells it, and which run holds its best value.

Only runs that finished or are still going can be the best; see `records.RESULT_STATES`.
"""

from __future__ import annotations

import difflib
import json
import math
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import NotFound
from ..records import RESULT_STATES, Goal
from .database import reading
from .filter_sql import Sql
from .goal_words import guess_goal
from .liveness import state_of
from .run_rows import is_text
from .targets import aims_of

_NAMED = 8  # metrics that an error names
_BROKEN_OFF = 3  # runs that an error names
_OF_EXPERIMENT = (
    "FROM runs JOIN metrics ON metrics.run_id = runs.id"
    " WHERE runs.experiment_id = ? AND runs.lifecycle_stage = 'active'"
)


def best_run(connection: sqlite3.Connection, metric: str | None = None, experiment: int | None = None) -> str:
    """Return the id of the active run whose last value of a metric is the best; of equal ones the newest.

    Runs that failed, were stopped or were lost do not count.

    Parameters
    ----------
    connection : sqlite3.Connection
    metric : str, optional
        By default the main one: that with a declared goal, else the one whose name tells a goal; of several the one
        that most runs have.
    experiment : int, optional
        By default the experiment of the newest run; where none of its runs has `metric`, the only one whose runs have.

    Raises
    ------
    NotFound
        Where there is no such run: no runs, no such metric, no goal, or no finite value, or only runs that broke off
        have one. The message says which.
    """
    given = experiment
    if experiment is None:
        row = connection.execute(
            "SELECT experiment_id FROM runs WHERE lifecycle_stage = 'active' ORDER BY id DESC LIMIT 1"
        ).fetchone()
        if row is None:
            raise NotFound("There is no best run: the store holds no runs.")
        experiment = int(row[0])
    where = _experiment_name(connection, experiment)
    known = metrics_with_goals(connection, experiment)
    if metric is not None and metric not in known:
        others = _experiments_with(connection, metric)
        if given is None and len(others) == 1:
            return best_run(connection, metric, others[0][0])
        if others:
            names = ", ".join(repr(name) for _, name in others[:_NAMED]) + (", …" if len(others) > _NAMED else "")
            raise NotFound(f"No run of {where} has the metric {metric!r}, but runs of {names} have; name the run.")
    key = _main(known, where) if metric is None else _asked(metric, known, where)
    order = "ASC" if known[key] == "min" else "DESC"
    rows = connection.execute(
        "SELECT runs.id, status, uuid, host_id, boot_id, pid, process_start, heartbeat"
        f" {_OF_EXPERIMENT} AND metrics.key = ? AND last_value > ? AND last_value < ?"
        f" ORDER BY last_value {order}, runs.id DESC",
        (experiment, key, -math.inf, math.inf),
    )
    broken: list[str] = []
    for number, *process in rows:
        state = state_of(*process)
        if state in RESULT_STATES:
            return str(process[1])
        if len(broken) <= _BROKEN_OFF:
            broken.append(f"#{number} ({state})")
    raise NotFound(f"There is no best run: no run of {where} {_without(key, broken)}.")


@dataclass(frozen=True)
class Best:
    """The best last value of a metric, and the run that has it."""

    value: float
    number: int
    name: str
    state: str


def best_among(
    store: Path, goals: Mapping[str, Goal], numbers: Collection[int] | None = None, without: Collection[int] = ()
) -> dict[str, Best]:
    """Return the best of each metric that has a goal, of runs that finished or are going on; of equal ones the newest.

    Parameters
    ----------
    store : Path
    goals : mapping of str to {"min", "max"}
        By metric.
    numbers : collection of int, optional
        Of which runs; by default of all active ones.
    without : collection of int
        The numbers of runs that are left out.
    """
    where = Sql("lifecycle_stage = 'active'")
    if numbers is not None:
        where = Sql("runs.id IN (SELECT value FROM json_each(?))", (json.dumps(list(map(int, numbers))),))
    left = json.dumps(list(map(int, without)))
    found: dict[str, Best] = {}
    with reading(store) as connection:
        for key, goal in goals.items():
            rows = connection.execute(
                "SELECT last_value, name, runs.id, status, uuid, host_id, boot_id, pid, process_start, heartbeat"
                " FROM metrics JOIN runs ON runs.id = metrics.run_id WHERE metrics.key = ? AND last_value > ?"
                f" AND last_value < ? AND status NOT IN ('FAILED', 'KILLED') AND {where.text}"
                " AND runs.id NOT IN (SELECT value FROM json_each(?))"
                f" ORDER BY last_value {'ASC' if goal == 'min' else 'DESC'}, runs.id DESC",
                (key, -math.inf, math.inf, *where.values, left),
            )
            for value, name, number, *process in rows:
                if (state := state_of(*process)) in RESULT_STATES:
                    found[key] = Best(value, number, name, state)
                    break
    return found


def _without(key: str, broken: Sequence[str]) -> str:
    """Return what no run has: the metric, or more than its value up to where the runs broke off."""
    if not broken:
        return f"has a finite {key!r}"
    more = ", …" if len(broken) > _BROKEN_OFF else ""
    return f"that finished or is running has a finite {key!r}, only {', '.join(broken[:_BROKEN_OFF])}{more}"


def metrics_with_goals(connection: sqlite3.Connection, experiment: int) -> dict[str, Goal | None]:
    """Return the metrics of an experiment's active runs with their goals, declared or guessed.

    The main one comes first: of those with a declared goal one that has a value to reach, then in the order in which
    they were first logged, which does not change while runs are added; then those with a guessed one and those without,
    by how many runs have them.
    """
    declared: dict[str, Goal] = dict(
        connection.execute("SELECT key, goal FROM metric_goals WHERE experiment_id = ?", (experiment,))
    )
    aimed = aims_of(connection).get(experiment, {})
    rows = connection.execute(
        f"SELECT metrics.key, min(metrics.id) AS first {_OF_EXPERIMENT}"
        " GROUP BY metrics.key ORDER BY count(*) DESC, first",
        (experiment,),
    ).fetchall()
    goals = {key: declared.get(key) or guess_goal(key) for key, _ in rows}
    first = {key: (key not in aimed, place) if key in declared else (True, 0) for key, place in rows}
    return {
        key: goals[key] for key in sorted(goals, key=lambda key: (key not in declared, goals[key] is None, first[key]))
    }


def _experiments_with(connection: sqlite3.Connection, metric: str) -> list[tuple[int, str]]:
    """Return number and name of the active experiments of which an active run has a metric."""
    if not is_text(metric):
        return []
    return connection.execute(
        "SELECT DISTINCT experiments.id, experiments.name FROM metrics JOIN runs ON runs.id = metrics.run_id"
        " JOIN experiments ON experiments.id = experiment_id WHERE metrics.key = ?"
        " AND runs.lifecycle_stage = 'active' AND experiments.lifecycle_stage = 'active' ORDER BY experiments.id",
        (metric,),
    ).fetchall()


def _experiment_name(connection: sqlite3.Connection, experiment: int) -> str:
    row = connection.execute("SELECT name FROM experiments WHERE id = ?", (experiment,)).fetchone()
    if row is None:
        raise NotFound(f"There is no experiment {experiment} in this store.")
    return f"the experiment {row[0]!r}"


def _main(known: dict[str, Goal | None], where: str) -> str:
    if not known:
        raise NotFound(f"There is no best run: no run of {where} has a metric.")
    key, goal = next(iter(known.items()))
    if goal is None:
        raise NotFound(
            f"There is no best run: of no metric of {where} ({_listed(known)}) is it known whether lower or higher is "
            f"better; track.define_metric({key!r}, goal='max') says so."
        )
    return key


def _asked(metric: str, known: dict[str, Goal | None], where: str) -> str:
    if metric not in known:
        near = difflib.get_close_matches(metric[:100], known, n=1) if is_text(metric) else []
        hint = f"; did you mean {near[0]!r}?" if near else f"; there is {_listed(known)}." if known else "."
        raise NotFound(f"No run of {where} has the metric {metric!r}{hint}")
    if known[metric] is None:
        raise NotFound(
            f"Whether a lower or a higher {metric!r} is better is not known; track.define_metric({metric!r}, "
            "goal='max') says so (or 'min')."
        )
    return metric


def _listed(known: dict[str, Goal | None]) -> str:
    return ", ".join(list(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
