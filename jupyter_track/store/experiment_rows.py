"""Experiments as they are read: what a filter finds, and records of rows."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from ..errors import NotFound
from ..records import Experiment
from . import filter_sql, run_rows
from .database import reading
from .filter_sql import Sql
from .filter_tree import EXPERIMENTS
from .filters import parse_experiment_filter, parse_order_by

_NAMED = 8  # experiments that an error names
_COLUMNS = (
    "experiments.id, experiments.name, experiments.lifecycle_stage, experiments.created, experiments.updated,"
    " experiments.baseline_uuid"
)


def found_by(view_type: int, filter_string: str | None, order_by: Sequence[str] | str | None, limit: int | None) -> Sql:
    """Return what follows the table's name in a query for the experiments that a filter finds.

    Raises
    ------
    FilterError
        Where filter or order cannot be read.
    """
    joins, terms = filter_sql.ordering(parse_order_by(order_by, EXPERIMENTS), filter_sql.EXPERIMENTS)
    where = Sql(" WHERE ") + run_rows.stage_condition(view_type, "experiments") + Sql(" AND ")
    condition = filter_sql.condition(parse_experiment_filter(filter_string), filter_sql.EXPERIMENTS)
    order = Sql(f" ORDER BY {terms + ', ' if terms else ''}experiments.created DESC, experiments.id")
    return joins + where + condition + order + run_rows.bounds(limit)


def load(store: Path, rest: Sql) -> list[Experiment]:
    """Return the experiments of a query, with their goals and tags; `rest` follows the table's name."""
    with reading(store) as connection:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM experiments{rest.text}", rest.values).fetchall()
        goals = run_rows.goals_of(connection)
        tags: dict[int, dict[str, str]] = {}
        for number, key, value in connection.execute("SELECT experiment_id, key, value FROM experiment_tags"):
            tags.setdefault(number, {})[key] = value
    return [
        Experiment(
            experiment_id=str(number),
            name=name,
            lifecycle_stage=stage,
            tags=tags.get(number, {}),
            creation_time=created,
            last_update_time=updated,
            goals=goals.get(number, {}),
            baseline_run_id=baseline,
        )
        for number, name, stage, created, updated, baseline in rows
    ]


def none_named(name: str, known: Sequence[str]) -> NotFound:
    """Return the error for a name that no experiment has; it says which name is near."""
    near = difflib.get_close_matches(str(name)[:100], known, n=1)
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known[:_NAMED])}{more}."
    return NotFound(f"There is no experiment {name!r}; {hint}")
