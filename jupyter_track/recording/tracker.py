"""Experiments, and runs from their start to their end; what is logged to them is in `entries`."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..context.entered import safe_text
from ..context.place import user_name
from ..errors import DeletedRun, InvalidValue
from ..records import Goal, Run, RunError, RunInputs, RunStatus, is_deleted
from ..store import database, experiment_edits, schema, sqlite_errors
from ..store.liveness import this_process
from ..store.place import store_exists
from ..values import (
    check_key,
    check_time,
    clean_text,
    metric_value,
)
from .active import Cell, drop_fast
from .entries import NAME_TAG, NOTE_TAG, PARENT_TAG, Entries, Kind, RunMemory, now_ms


class Tracker(Entries):
    """Records into one store: experiments, and runs from their start to their end.

    Parameters
    ----------
    store : Path
        Absolute path of the store, which the first run makes.
    """

    def __init__(self, store: Path) -> None:
        super().__init__(store)
        self._experiments: dict[str, str] = {}
        self._goals: dict[str, dict[str, Goal]] = {}
        self._checked = False

    # ---- experiments

    def check_store(self) -> None:
        """Refuse a store that cannot be written because of what it is.

        Raises
        ------
        NewerStore, NotAStore, CorruptStore
        """
        if self._checked:
            return
        if store_exists(self.store):
            with database.reading(self.store) as connection:
                version = database.check_ours(connection, self.store)
            if version > schema.VERSION:
                raise sqlite_errors.newer(self.store, version)
        self._checked = True

    def experiment_id(self, name: str) -> str:
        """Return the id of an experiment; a new one is made with the next batch.

        Raises
        ------
        InvalidValue
            Where the name is empty, or the experiment is deleted.
        """
        known = self._experiments.get(name)
        if known is not None:
            return known
        experiment_edits.check_experiment_name(name)
        self.check_store()
        found = experiment_edits.find_experiment(self.store, name)
        if found is not None:
            number, stage, goals = found
            identifier = str(number)
            if stage != "active":
                raise InvalidValue(
                    f"The experiment {name!r} is deleted; restore it with restore_experiment({identifier!r}), or take "
                    "another name."
                )
            self._goals[name] = {**goals, **self._goals.get(name, {})}
        elif name == schema.DEFAULT_EXPERIMENT:
            identifier = str(schema.DEFAULT_EXPERIMENT_ID)
        else:
            number = experiment_edits.new_experiment_id()
            identifier = str(number)
            self.writer.submit("experiment", name, {"id": number, "created": now_ms()})
        self._experiments[name] = identifier
        return identifier

    def forget_experiments(self) -> None:
        """Look names and runs up anew: an experiment was renamed, deleted or restored, perhaps with its runs."""
        self._experiments.clear()
        self._known.clear()
        drop_fast()

    def rename_experiment(self, earlier: str, name: str) -> None:
        """Follow an experiment that has got another name."""
        self.forget_experiments()
        if earlier in self._goals:
            self._goals[name] = self._goals.pop(earlier)
        for memory in self._memories.values():
            if memory.experiment == earlier:
                memory.experiment = name

    def follow_edits(self) -> None:
        """Look up what the open runs are called, noted, tagged, and where they are: somebody has edited runs."""
        for memory in list(self._memories.values()):
            run = self.read(memory.run_id)
            memory.name, memory.note, memory.tags = run.name, run.note, dict(run.own_tags)
            memory.experiment, memory.experiment_id = run.experiment_name, run.experiment_id

    def goal(self, experiment: str, key: str, goal: Goal, target: float | None = None) -> None:
        """Declare the goal of a metric in an experiment, and the value that it is to reach."""
        check_key(key, "metric")
        if goal not in ("min", "max"):
            raise InvalidValue(f"The goal of {key!r} is {goal!r}; it can be 'min' or 'max'.")
        if target is not None:
            target = metric_value(key, target)
            if not math.isfinite(target):
                raise InvalidValue(f"The target of {key!r} is a finite number, not {target!r}.")
        self.experiment_id(experiment)
        self._goals.setdefault(experiment, {})[key] = goal
        self.writer.submit("goal", experiment, (key, goal))
        if target is not None:
            self.writer.submit("target", experiment, (key, target))

    def goals(self, experiment: str) -> dict[str, Goal]:
        """Return the goals of an experiment's metrics: as on disk at its first use, and as declared since."""
        return dict(self._goals.get(experiment, {}))

    # ---- runs

    def start(
        self,
        *,
        name: str,
        experiment: str,
        kind: Kind = "user",
        parent_run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        note: str | None = None,
        notebook: str | None = None,
        cell: Cell | None = None,
        start_time: int | None = None,
    ) -> RunMemory:
        """Start a run; does not wait for the disk."""
        checked = self.check_tags(tags or {})
        if check_note(note) is not None and NOTE_TAG in checked:
            raise InvalidValue(f"The description is given twice: also as the tag {NOTE_TAG!r}.")
        name, note, parent_run_id = _routed(checked, name, note, parent_run_id)
        memory = RunMemory(
            run_id=uuid.uuid4().hex,
            name=safe_text(name),
            experiment=experiment,
            experiment_id=self.experiment_id(experiment),
            start_time=now_ms() if start_time is None else check_time(start_time, "start_time"),
            started=time.monotonic(),
            kind=kind,
            cell=cell,
            parent_run_id=parent_run_id,
            notebook=None if notebook is None else clean_text(notebook),
            user_id=clean_text(user_name()),
            note=None if note is None else safe_text(note),
            tags=checked,
        )
        process = this_process()
        row = {
            "experiment": experiment,
            "name": memory.name,
            "status": RunStatus.RUNNING,
            "start_time": memory.start_time,
            "parent_uuid": memory.parent_run_id,
            "note": memory.note,
            "user_id": memory.user_id,
            "notebook": memory.notebook,
            "cell_id": cell.cell_id if cell else None,
            "execution_count": cell.execution_count if cell else None,
            "host_id": process.host_id,
            "boot_id": process.boot_id,
            "pid": process.pid,
            "process_start": process.start,
        }
        self._remember(memory)
        writer = self.writer
        writer.submit("start", memory.run_id, row)
        writer.open_run(memory.run_id)
        if checked:
            writer.submit("tags", memory.run_id, dict(checked))
        return memory

    def resume(
        self, run_id: str, kind: Kind = "user", cell: Cell | None = None, experiment_id: str | None = None
    ) -> RunMemory:
        """Go on with a run, in this process; one that is open here gets one more handle.

        Raises
        ------
        NotFound
            Where there is no such run.
        DeletedRun
            Where it is deleted.
        InvalidValue
            Where it is in another experiment than `experiment_id`.
        """
        run = self.read(run_id)
        if run.lifecycle_stage != "active":
            raise DeletedRun(is_deleted(run.number, run.name))
        if experiment_id is not None and experiment_id != run.experiment_id:
            raise InvalidValue(f"The run {run.label} is in the experiment {run.experiment_id}, not {experiment_id}.")
        if known := self._memories.get(run_id):
            known.handles += 1
            return known
        memory = RunMemory(
            run_id=run.run_id,
            name=run.name,
            experiment=run.experiment_name,
            experiment_id=run.experiment_id,
            start_time=run.start_time,
            started=time.monotonic() - _seconds_so_far(run),
            kind=kind,
            cell=cell,
            parent_run_id=run.parent_run_id,
            notebook=run.notebook,
            user_id=run.user_id,
            note=run.note,
            params=dict(run.params),
            datasets={
                (used.dataset.name, used.dataset.digest, used.context): used for used in run.inputs.dataset_inputs
            },
            tags=dict(run.own_tags),
            fresh=False,
            calls=1 + max((metric.last_step for metric in run.metrics.values()), default=-1),
        )
        process = this_process()
        self._remember(memory)
        row = {
            "status": RunStatus.RUNNING,
            "stop_requested": None,
            "end_time": None,
            "duration": None,
            "error_name": None,
            "error_message": None,
            "error_lines": None,
            "host_id": process.host_id,
            "boot_id": process.boot_id,
            "pid": process.pid,
            "process_start": process.start,
        }
        self.writer.submit("update", run_id, row)
        self.writer.open_run(run_id)
        return memory

    def _remember(self, memory: RunMemory) -> None:
        self._memories[memory.run_id] = memory
        self._know(memory.run_id)

    def end(
        self,
        run_id: str,
        status: str = RunStatus.FINISHED,
        error: RunError | None = None,
        end_time: int | None = None,
    ) -> None:
        """End a run of this process; does not wait for the disk.

        `end_time`, in milliseconds since the epoch, is now by default.
        """
        when = None if end_time is None else check_time(end_time, "end_time")
        memory = self._memories.pop(run_id)
        memory.status = status
        elapsed = time.monotonic() - memory.started if when is None else (when - memory.start_time) / 1000
        memory.duration = max(0.0, elapsed)
        memory.end_time = now_ms() if when is None else when
        if error is not None:
            memory.error = RunError(clean_text(error.name), clean_text(error.message), clean_text(error.lines))
        row: dict[str, Any] = {
            "status": status,
            "end_time": memory.end_time,
            "duration": memory.duration,
            "error_name": memory.error.name if memory.error else None,
            "error_message": memory.error.message if memory.error else None,
            "error_lines": memory.error.lines if memory.error else None,
        }
        self.writer.end_run(run_id, row)

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        name = safe_text(check_name(name))
        self.require(run_id)
        if memory := self._memories.get(run_id):
            memory.name = name
        self.writer.submit("update", run_id, {"name": name})

    def note(self, run_id: str, note: str | None) -> None:
        """Set a run's note; None removes it."""
        check_note(note)
        self.require(run_id)
        note = None if note is None else safe_text(note)
        if memory := self._memories.get(run_id):
            memory.note = note
            memory.own += 1
        self.writer.submit("update", run_id, {"note": note})

    def absorb(self, run_id: str, child_id: str) -> None:
        """Let the only child of a cell's run take its place."""
        child = self._memories.get(child_id)
        parent = self._memories.pop(run_id, None)
        if child is not None and parent is not None:
            child.parent_run_id = parent.parent_run_id
            child.datasets = {**parent.datasets, **child.datasets}
        self._known.discard(run_id)
        self._absorbed.add(run_id)
        self.writer.close_run(run_id)
        self.writer.submit("absorb", run_id, child_id)

    def snapshot(self, memory: RunMemory, timeout: float = 0.0) -> Run:
        """Return a run of this process from memory, as it will stand in the store.

        Parameters
        ----------
        memory : RunMemory
        timeout : float, default 0.0
            Seconds to wait for the run's number, which the store gives.
        """
        number = self.writer.number(memory.run_id, timeout)
        states = {"RUNNING": "running", "FINISHED": "finished", "FAILED": "failed", "KILLED": "stopped"}
        return Run(
            number=number,
            run_id=memory.run_id,
            name=memory.name,
            experiment_id=memory.experiment_id,
            experiment_name=memory.experiment,
            status=memory.status,
            state=states[memory.status],
            start_time=memory.start_time,
            end_time=memory.end_time,
            duration=memory.duration,
            user_id=memory.user_id,
            parent_run_id=memory.parent_run_id,
            note=memory.note,
            notebook=memory.notebook,
            cell_id=memory.cell.cell_id if memory.cell else None,
            execution_count=memory.cell.execution_count if memory.cell else None,
            error=memory.error,
            artifact_uri=f"runs:/{memory.run_id}",
            params=dict(memory.params),
            metrics=self.writer.summaries(memory.run_id),
            own_tags=dict(memory.tags),
            goals=self.goals(memory.experiment),
            inputs=RunInputs.of(memory.datasets.values()),
        )


def check_name(name: object) -> str:
    """Return `name` if it can be that of a run: text that is not blank.

    Raises
    ------
    InvalidValue
    """
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(f"The name of a run must be text that is not blank, not {name!r}.")
    return name


def check_note(note: object) -> str | None:
    """Return `note` if it can be that of a run: text, or None for no note.

    Raises
    ------
    InvalidValue
    """
    if note is not None and not isinstance(note, str):
        raise InvalidValue(f"A note is text, not {type(note).__name__} ({note!r}).")
    return note


def _routed(
    tags: dict[str, str], name: str, note: str | None, parent: str | None
) -> tuple[str, str | None, str | None]:
    """Take mlflow's tags for name, note and parent out of `tags`; they have places of their own."""
    name = tags.pop(NAME_TAG, name)
    return name, tags.pop(NOTE_TAG, note), tags.pop(PARENT_TAG, parent)


def _seconds_so_far(run: Run) -> float:
    """How long a run that is resumed took until now: as recorded, or until its last sign where it never ended."""
    if run.duration is not None:
        return run.duration
    last = max((metric.last_time for metric in run.metrics.values()), default=run.start_time)
    return max(0.0, (last - run.start_time) / 1000)
