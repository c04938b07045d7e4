"""The best run of an experiment: which metric tells it, and which run holds its best value."""

from __future__ import annotations

import difflib
import math
import sqlite3

from ..errors import NotFound
from ..records import Goal
from .goal_words import guess_goal
from .run_rows import is_text

_NAMED = 8  # metrics that an error names
_OF_EXPERIMENT = (
    "FROM runs JOIN metrics ON metrics.run_id = runs.id"
    " WHERE runs.experiment_id = ? AND runs.lifecycle_stage = 'active'"
)


def best_run(connection: sqlite3.Connection, metric: str | None = None, experiment: int | None = None) -> str:
    """Return the id of the active run whose last value of a metric is the best; of equal ones the newest.

    Parameters
    ----------
    connection : sqlite3.Connection
    metric : str, optional
        By default the main one: that with a declared goal, else the one whose name tells a goal; of several the one
        that most runs have.
    experiment : int, optional
        By default the experiment of the newest run.

    Raises
    ------
    NotFound
        Where there is no such run: no runs, no such metric, no goal, or no finite value. The message says which.
    """
    if experiment is None:
        row = connection.execute(
            "SELECT experiment_id FROM runs WHERE lifecycle_stage = 'active' ORDER BY id DESC LIMIT 1"
        ).fetchone()
        if row is None:
            raise NotFound("There is no best run: the store holds no runs.")
        experiment = int(row[0])
    where = _experiment_name(connection, experiment)
    known = metrics_with_goals(connection, experiment)
    key = _main(known, where) if metric is None else _asked(metric, known, where)
    order = "ASC" if known[key] == "min" else "DESC"
    found = connection.execute(
        f"SELECT runs.uuid {_OF_EXPERIMENT} AND metrics.key = ? AND last_value > ? AND last_value < ?"
        f" ORDER BY last_value {order}, runs.id DESC LIMIT 1",
        (experiment, key, -math.inf, math.inf),
    ).fetchone()
    if found is None:
        raise NotFound(f"There is no best run: no run of {where} has a finite {key!r}.")
    return str(found[0])


def metrics_with_goals(connection: sqlite3.Connection, experiment: int) -> dict[str, Goal | None]:
    """Return the metrics of an experiment's active runs with their goals, declared or guessed.

    The main one comes first: those with a declared goal, those with a guessed one, those without; among them by how
    many runs have it.
    """
    declared: dict[str, Goal] = dict(
        connection.execute("SELECT key, goal FROM metric_goals WHERE experiment_id = ?", (experiment,))
    )
    rows = connection.execute(
        f"SELECT metrics.key {_OF_EXPERIMENT} GROUP BY metrics.key ORDER BY count(*) DESC, min(metrics.id)",
        (experiment,),
    ).fetchall()
    goals = {key: declared.get(key) or guess_goal(key) for (key,) in rows}
    return {key: goals[key] for key in sorted(goals, key=lambda key: (key not in declared, goals[key] is None))}


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
