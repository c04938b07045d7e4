"""What the writer writes at once: changes by run, in the state that they have at the end of the batch.

The tracker submits small changes (`Change`); `Batch.add` folds them, so that a run which starts and ends between two
flushes is one row written once. A batch is plain data: it can be written to a side file and read back.
"""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from typing import Any

from .curves import Points

Row = dict[str, Any]

# (kind, run id or experiment name, payload); the kinds are the methods of Batch that begin with "add_".
Change = tuple[str, str, Any]


@dataclass(slots=True)
class Batch:
    """Changes of one flush.

    Attributes
    ----------
    writer, number : str, int
        Which process wrote it, and its place in that process's order: a repeated batch adds nothing.
    experiments : dict
        Name to ``{"id", "created"}``; where the store knows the name already, its id counts.
    starts : dict
        Run id to the full row of a new run; ``experiment`` is a name.
    updates : dict
        Run id to columns of a run that exists.
    params : dict
        (run id, key) to the row; `earlier` holds the rows that were replaced inside the batch.
    tags : dict
        (run id, key) to the value, None to delete.
    contents : dict
        sha256 to (size, data or None).
    artifacts : dict
        (run id, path) to the row.
    executions : list of (run id, row)
    datasets : dict
        (run id, name, digest, context) to the row.
    contexts : dict
        (run id, kind) to the row: what surrounded the run.
    goals : dict
        (experiment name, key) to ``min`` or ``max``.
    targets : dict
        (experiment name, key) to the value that the metric is to reach.
    absorbed : dict
        Run id of a cell to the id of its only child, which takes its place.
    points : list of Points
    """

    writer: str
    number: int
    experiments: dict[str, Row] = field(default_factory=dict)
    starts: dict[str, Row] = field(default_factory=dict)
    updates: dict[str, Row] = field(default_factory=dict)
    params: dict[tuple[str, str], Row] = field(default_factory=dict)
    earlier: list[tuple[str, str, Row]] = field(default_factory=list)
    tags: dict[tuple[str, str], str | None] = field(default_factory=dict)
    contents: dict[str, tuple[int, bytes | None]] = field(default_factory=dict)
    artifacts: dict[tuple[str, str], Row] = field(default_factory=dict)
    executions: list[tuple[str, Row]] = field(default_factory=list)
    datasets: dict[tuple[str, str, str, str], Row] = field(default_factory=dict)
    contexts: dict[tuple[str, str], Row] = field(default_factory=dict)
    goals: dict[tuple[str, str], str] = field(default_factory=dict)
    targets: dict[tuple[str, str], float] = field(default_factory=dict)
    absorbed: dict[str, str] = field(default_factory=dict)
    points: list[Points] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(
            self.starts
            or self.updates
            or self.points
            or self.params
            or self.tags
            or self.artifacts
            or self.contents
            or self.executions
            or self.datasets
            or self.contexts
            or self.experiments
            or self.goals
            or self.targets
            or self.absorbed
        )

    def add(self, change: Change) -> None:
        """Fold one change in."""
        kind, name, payload = change
        getattr(self, f"add_{kind}")(name, payload)

    def add_experiment(self, name: str, row: Row) -> None:
        """An experiment that may be new."""
        self.experiments.setdefault(name, row)

    def add_start(self, run_id: str, row: Row) -> None:
        """A new run."""
        self.starts[run_id] = row

    def add_update(self, run_id: str, row: Row) -> None:
        """Columns of a run that change."""
        target = self.starts.get(run_id)
        if target is None:
            target = self.updates.setdefault(run_id, {})
        target.update(row)

    def add_heartbeat(self, run_id: str, beat: int) -> None:
        """A sign of life of a run; a run that starts in this batch needs none."""
        if run_id not in self.starts:
            self.updates.setdefault(run_id, {})["heartbeat"] = beat

    def add_params(self, run_id: str, rows: list[Row]) -> None:
        """Params; a later value of a key replaces the earlier one, which goes to the history."""
        for row in rows:
            place = (run_id, row["key"])
            known = self.params.get(place)
            if known is not None and known["value"] != row["value"]:
                self.earlier.append((run_id, row["key"], known))
            self.params[place] = row if known is None else {**row, "position": known["position"]}

    def add_tags(self, run_id: str, tags: dict[str, str | None]) -> None:
        """Tags; None deletes."""
        for key, value in tags.items():
            self.tags[run_id, key] = value

    def add_content(self, sha256: str, content: tuple[int, bytes | None]) -> None:
        """Content, by its hash."""
        self.contents[sha256] = content

    def add_artifact(self, run_id: str, row: Row) -> None:
        """An artifact of a run; the same path again replaces it. Its content comes with it, as ``content``.

        In one change, or a batch could end between the two and gc take the content that nothing refers to yet.
        """
        self._add_content_of(row, "sha256")
        self.artifacts[run_id, row["path"]] = row

    def add_execution(self, run_id: str, row: Row) -> None:
        """An execution that a run came from; its source comes with it, as ``content``."""
        self._add_content_of(row, "source_sha256")
        self.executions.append((run_id, row))

    def add_dataset(self, run_id: str, row: Row) -> None:
        """A dataset that a run read; its description comes with it, as ``content``."""
        self._add_content_of(row, "sha256")
        self.datasets[run_id, row["name"], row["digest"], row["context"]] = row

    def add_context(self, run_id: str, row: Row) -> None:
        """What surrounded a run; its description comes with it, as ``content``."""
        self._add_content_of(row, "sha256")
        self.contexts[run_id, row["kind"]] = row

    def _add_content_of(self, row: Row, name: str) -> None:
        content = row.pop("content", None)
        if content is not None:
            self.add_content(row[name], content)

    def add_goal(self, experiment: str, goal: tuple[str, str]) -> None:
        """The goal of a metric in an experiment."""
        key, direction = goal
        self.goals[experiment, key] = direction

    def add_target(self, experiment: str, target: tuple[str, float]) -> None:
        """What a metric of an experiment is to reach."""
        key, value = target
        self.targets[experiment, key] = value

    def add_absorb(self, run_id: str, child_id: str) -> None:
        """The run of a cell gives its place to its only child."""
        self.absorbed[run_id] = child_id

    def run_ids(self, ends: bool = False) -> set[str]:
        """Return the runs that the batch writes to, but does not start; with `ends` also those that it only ends."""
        places = (*self.params, *self.tags, *self.artifacts, *self.executions, *self.contexts)
        named = {place[0] for place in places} | {place[0] for place in self.datasets}
        named |= {points.run_id for points in self.points}
        if ends:
            named |= {run_id for run_id, row in self.updates.items() if "status" in row}
        return (named | self.absorbed.keys() | set(self.absorbed.values())) - self.starts.keys()

    def split(self, runs: set[str], writer: str) -> Batch:
        """Take what belongs to `runs` out of this batch, and return it as a batch of the name `writer`."""
        out = Batch(writer, 1)
        for name in ("params", "tags", "artifacts", "datasets", "contexts"):
            mine, theirs = getattr(self, name), getattr(out, name)
            for place in [place for place in mine if place[0] in runs]:
                theirs[place] = mine.pop(place)
        for run_id in runs & self.updates.keys():
            out.updates[run_id] = self.updates.pop(run_id)
        for name in ("earlier", "executions"):
            rows = getattr(self, name)
            setattr(out, name, [row for row in rows if row[0] in runs])
            setattr(self, name, [row for row in rows if row[0] not in runs])
        out.points = [points for points in self.points if points.run_id in runs]
        self.points = [points for points in self.points if points.run_id not in runs]
        rows = (*out.artifacts.values(), *out.datasets.values(), *out.contexts.values())
        named = [row["sha256"] for row in rows]
        named += [row["source_sha256"] for _, row in out.executions]
        out.contents = {sha256: self.contents[sha256] for sha256 in named if sha256 in self.contents}
        for run_id in [run for run, child in self.absorbed.items() if run in runs or child in runs]:
            out.absorbed[run_id] = self.absorbed.pop(run_id)
        return out

    def to_plain(self) -> dict[str, Any]:
        """Return the batch as JSON types; NaN and infinities stay, as Python's json writes them."""
        return {
            "writer": self.writer,
            "number": self.number,
            "experiments": self.experiments,
            "starts": self.starts,
            "updates": self.updates,
            "params": [[*place, row] for place, row in self.params.items()],
            "earlier": self.earlier,
            "tags": [[*place, value] for place, value in self.tags.items()],
            "contents": {
                sha256: [size, None if data is None else base64.b64encode(data).decode()]
                for sha256, (size, data) in self.contents.items()
            },
            "artifacts": [[*place, row] for place, row in self.artifacts.items()],
            "executions": self.executions,
            "datasets": [[place[0], row] for place, row in self.datasets.items()],
            "contexts": [[run_id, row] for (run_id, _), row in self.contexts.items()],
            "goals": [[*place, goal] for place, goal in self.goals.items()],
            "targets": [[*place, value] for place, value in self.targets.items()],
            "absorbed": self.absorbed,
            "points": [asdict(points) for points in self.points],
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Batch:
        """Return the batch that `to_plain` gave."""
        return cls(
            writer=plain["writer"],
            number=plain["number"],
            experiments=plain["experiments"],
            starts=plain["starts"],
            updates=plain["updates"],
            params={(run, key): row for run, key, row in plain["params"]},
            earlier=[(run, key, row) for run, key, row in plain["earlier"]],
            tags={(run, key): value for run, key, value in plain["tags"]},
            contents={
                sha256: (size, None if data is None else base64.b64decode(data))
                for sha256, (size, data) in plain["contents"].items()
            },
            artifacts={(run, path): row for run, path, row in plain["artifacts"]},
            executions=[(run, row) for run, row in plain["executions"]],
            # A side file that an earlier version left has none of datasets, contexts and targets.
            datasets={(run, row["name"], row["digest"], row["context"]): row for run, row in plain.get("datasets", ())},
            contexts={(run, row["kind"]): row for run, row in plain.get("contexts", ())},
            goals={(experiment, key): goal for experiment, key, goal in plain["goals"]},
            targets={(experiment, key): value for experiment, key, value in plain.get("targets", ())},
            absorbed=plain["absorbed"],
            points=[
                Points(
                    one["run_id"],
                    one["key"],
                    one["source"],
                    tuple(one["steps"]),
                    tuple(one["times"]),
                    tuple(one["values"]),
                )
                for one in plain["points"]
            ],
        )
