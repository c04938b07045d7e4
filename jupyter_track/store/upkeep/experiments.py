"""What becomes of an experiment of one name that two stores have.

Tags and goals are united; where both have a key, the copy that was changed last counts, as for baseline and bin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..experiment_edits import new_experiment_id
from .pages import ExperimentRows, Row


def experiment_statements(
    mine: ExperimentRows | None, theirs: ExperimentRows, ids: set[int]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what unites an experiment; nothing where the target has all of it. Its id is kept where that is free."""
    if mine is None:
        number = theirs.row["id"] if theirs.row["id"] not in ids else new_experiment_id()
        ids.add(number)
        mine = ExperimentRows({**theirs.row, "id": number}, {}, {})
        yield (
            "INSERT INTO experiments (id, name, lifecycle_stage, created, updated, rev, baseline_uuid)"
            " VALUES (:id, :name, :lifecycle_stage, :created, :updated, :rev, :baseline_uuid)",
            mine.row,
        )
    number = mine.row["id"]
    columns = _columns(mine, theirs)
    if columns:
        sets = ", ".join(f"{name} = :{name}" for name in columns)
        yield f"UPDATE experiments SET {sets}, rev = :rev WHERE id = :id", {**columns, "id": number}
    later = theirs.row["updated"] > mine.row["updated"]
    for table, own, new in (
        ("experiment_tags", mine.tags, theirs.tags),
        ("metric_goals", mine.goals, theirs.goals),
    ):
        for key, value in new.items():
            if key not in own or (later and own[key] != value):
                yield (
                    f"INSERT OR REPLACE INTO {table} VALUES (:id, :key, :value)",
                    {"id": number, "key": key, "value": value},
                )


def _columns(mine: ExperimentRows, theirs: ExperimentRows) -> Row:
    """What the target's experiment takes over: stage and baseline of the later copy, a baseline where it has none."""
    later = theirs.row["updated"] > mine.row["updated"]
    found = {}
    if later and mine.row["lifecycle_stage"] != theirs.row["lifecycle_stage"]:
        found["lifecycle_stage"] = theirs.row["lifecycle_stage"]
    baseline = theirs.row["baseline_uuid"]
    if baseline is not None and baseline != mine.row["baseline_uuid"] and (later or mine.row["baseline_uuid"] is None):
        found["baseline_uuid"] = baseline
    if later:
        found["updated"] = theirs.row["updated"]
    if theirs.row["created"] < mine.row["created"]:
        found["created"] = theirs.row["created"]
    return found
