"""What becomes of a run that two stores have, and of an experiment of one name: the rules, without a store.

- Name, note, pin, experiment, bin and the like come from the copy that was edited last; of two that were edited at the
  same time, from the target's.
- Tags are united. Where both have a key, the copy that was edited last counts.
- The status comes from the copy that has ended; where both have, from the one that was edited last.
- Params are united. Where they differ, the copy counts whose history holds the other's value; else the target keeps its
  own, and that is a conflict.
- An artifact of the same path comes from the copy that made it last. Executions are united; one that has ended counts
  before one that has not.
- Datasets are united; what surrounded a run comes from the copy that found it out last.
- Curves are in `merge`: the longer one counts where the other is its beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...records import RunStatus
from .pages import Row, RunRows

_EDITED = ("name", "note", "lifecycle_stage", "deleted_time", "pinned", "parent_uuid", "notebook", "edited")
_ENDED = ("status", "end_time", "duration", "error_name", "error_message", "error_lines")


@dataclass(frozen=True)
class Conflict:
    """What two copies of a run hold differently and no rule decides; the target's is kept.

    `what` is ``param`` or ``metric``, `key` its name.
    """

    run_id: str
    what: str
    key: str


@dataclass
class Changes:
    """What the target's copy of a run takes over."""

    columns: Row = field(default_factory=dict)
    experiment: str | None = None
    params: list[Row] = field(default_factory=list)
    history: list[tuple[Any, ...]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    artifacts: list[Row] = field(default_factory=list)
    executions: list[Row] = field(default_factory=list)
    datasets: list[Row] = field(default_factory=list)
    contexts: list[Row] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(
            self.columns
            or self.experiment
            or self.params
            or self.history
            or self.tags
            or self.artifacts
            or self.executions
            or self.datasets
            or self.contexts
        )


def changes_of(mine: RunRows, theirs: RunRows, tags: dict[str, str]) -> Changes:
    """Return what the target's copy takes over from the source's.

    Parameters
    ----------
    mine, theirs : RunRows
        The target's copy and the source's.
    tags : dict
        Tags that every run of the source gets where it has none of the key.
    """
    found = Changes()
    later = theirs.run["edited"] > mine.run["edited"]
    if later:
        _take(found, mine, theirs, _EDITED)
        if theirs.experiment != mine.experiment:
            found.experiment = theirs.experiment
    ended = [copy.run["status"] in RunStatus.ENDED for copy in (mine, theirs)]
    if ended == [False, True] or (all(ended) and later):
        _take(found, mine, theirs, _ENDED)
    if theirs.run["heartbeat"] > mine.run["heartbeat"]:
        found.columns["heartbeat"] = theirs.run["heartbeat"]
    found.tags = {key: value for key, value in theirs.tags.items() if later and mine.tags.get(key) != value}
    found.tags |= {key: value for key, value in {**tags, **theirs.tags}.items() if key not in mine.tags}
    _unite_params(found, mine, theirs)
    for path, row in theirs.artifacts.items():
        own = mine.artifacts.get(path)
        if own is None or (row["created"] > own["created"] and row != own):
            found.artifacts.append(row)
    for place, row in theirs.executions.items():
        own = mine.executions.get(place)
        if own is None or (own["status"] == RunStatus.RUNNING != row["status"]):
            found.executions.append(row)
    found.datasets = [row for place, row in theirs.datasets.items() if place not in mine.datasets]
    for kind, row in theirs.contexts.items():
        own = mine.contexts.get(kind)
        if own is None or (row["created"] > own["created"] and row["sha256"] != own["sha256"]):
            found.contexts.append(row)
    return found


def _take(found: Changes, mine: RunRows, theirs: RunRows, names: tuple[str, ...]) -> None:
    found.columns |= {name: theirs.run[name] for name in names if mine.run[name] != theirs.run[name]}


def _unite_params(found: Changes, mine: RunRows, theirs: RunRows) -> None:
    known = set(mine.history)
    for key, row in theirs.params.items():
        own = mine.params.get(key)
        if own is None or own["value"] == row["value"]:
            found.params += [row] if own is None else []
        elif _was(theirs, own):
            found.params.append(row)
            known.add(_past(own))  # the writer's own statement puts it into the history
        elif not _was(mine, row):
            found.conflicts.append(Conflict(mine.run_id, "param", key))
    current = {_past(row) for row in mine.params.values()}
    found.history = [row for row in theirs.history if row not in known and row not in current]


def _was(run: RunRows, param: Row) -> bool:
    """Whether a run's param had this value once."""
    return any(key == param["key"] and value == param["value"] for key, _, value, *_ in run.history)


def _past(param: Row) -> tuple[Any, ...]:
    """A param as it stands in the history once it is replaced."""
    values = (param["value"], param["type"], param["text"], param["source"])
    return param["key"], param["position"] // 1000, *values
