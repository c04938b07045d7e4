"""What is recorded, by run id: the one way from a user's value to the writer.

A value is checked, redacted and turned into stored form here, on the user's thread, so that a mistake raises at the
call. What was logged is also remembered for the runs that are open in this process: the card under a cell reads from
memory and does not wait for the disk.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from ..context import redaction
from ..context.place import user_name
from ..errors import InvalidValue, NotFound, RunStateError
from ..records import Artifact, Execution, Goal, Param, Run, RunError, RunStatus
from ..store import database, edits, files, pending, schema
from ..store.artifacts import artifact_path
from ..store.curves import Point
from ..store.liveness import this_process
from ..store.place import store_exists
from ..store.writer import Writer, writer_for
from ..values import (
    MAX_TIME,
    StoredParam,
    check_key,
    check_step,
    check_time,
    clean_text,
    load_param,
    metric_value,
    param_value,
)
from .active import Cell, drop_fast

if TYPE_CHECKING:
    from ..store.reader import Reader

Kind = Literal["user", "cell", "auto"]

NAME_TAG = "mlflow.runName"
NOTE_TAG = "mlflow.note.content"
PARENT_TAG = "mlflow.parentRunId"
_ROUTES = {NAME_TAG: "name", NOTE_TAG: "note", PARENT_TAG: "parent_uuid"}  # tags that are columns of the run
MAX_STEP = 2**63
MANY_RUNS = 10_000
MAX_TAG_VALUE = 100_000  # characters: a tag is a label; long text belongs into log_text


@dataclass
class RunMemory:
    """What this process knows of a run that is open in it, or was.

    `kind` is ``user`` (opened by `start_run`), ``cell`` (by ``%%track``) or ``auto`` (by a log call). `own` counts
    what the user's calls logged, automatic capture left out; `fresh` says that the run began in this process;
    `calls` counts the calls of the short form without a step; `handles` counts the `ActiveRun`s that have not been
    left: a worker thread may resume the run that its parent has open.
    """

    run_id: str
    name: str
    experiment: str
    experiment_id: str
    start_time: int
    started: float
    kind: Kind
    cell: Cell | None = None
    parent_run_id: str | None = None
    notebook: str | None = None
    user_id: str = ""
    note: str | None = None
    status: str = RunStatus.RUNNING
    end_time: int | None = None
    duration: float | None = None
    error: RunError | None = None
    params: dict[str, Param] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    own: int = 0
    fresh: bool = True
    surrounding: str = ""  # the experiment that was current when the run was opened
    calls: int = 0
    handles: int = 1


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Tracker:
    """Records into one store.

    Parameters
    ----------
    store : Path
        Absolute path of the store, which the first run makes.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self._experiments: dict[str, str] = {}
        self._goals: dict[str, dict[str, Goal]] = {}
        self._memories: dict[str, RunMemory] = {}
        self._known: set[str] = set()
        self._absorbed: set[str] = set()
        self._checked = False

    @cached_property
    def reader(self) -> Reader:
        """The store's reader; what only logs does not load it."""
        from ..store.reader import Reader

        return Reader(self.store)

    @property
    def writer(self) -> Writer:
        """The store's writer in this process (another one in a forked child)."""
        return writer_for(self.store)

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
                raise database.newer(self.store, version)
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
        edits.check_experiment_name(name)
        self.check_store()
        found = edits.find_experiment(self.store, name)
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
            number = edits.new_experiment_id()
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

    def goal(self, experiment: str, key: str, goal: Goal) -> None:
        """Declare the goal of a metric in an experiment."""
        check_key(key, "metric")
        if goal not in ("min", "max"):
            raise InvalidValue(f"The goal of {key!r} is {goal!r}; it can be 'min' or 'max'.")
        self.experiment_id(experiment)
        self._goals.setdefault(experiment, {})[key] = goal
        self.writer.submit("goal", experiment, (key, goal))

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
            name=_safe(name),
            experiment=experiment,
            experiment_id=self.experiment_id(experiment),
            start_time=now_ms() if start_time is None else check_time(start_time, "start_time"),
            started=time.monotonic(),
            kind=kind,
            cell=cell,
            parent_run_id=parent_run_id,
            notebook=None if notebook is None else clean_text(notebook),
            user_id=clean_text(user_name()),
            note=None if note is None else _safe(note),
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
        writer.open_run(memory.run_id)
        writer.submit("start", memory.run_id, row)
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
        RunStateError
            Where it is deleted.
        InvalidValue
            Where it is in another experiment than `experiment_id`.
        """
        run = self.read(run_id)
        if run.lifecycle_stage != "active":
            raise RunStateError(f"The run {run_id!r} is deleted; restore_run({run_id!r}) brings it back.")
        if experiment_id is not None and experiment_id != run.experiment_id:
            raise InvalidValue(f"The run {run_id!r} is in the experiment {run.experiment_id}, not {experiment_id}.")
        if known := self._memories.get(run_id):
            known.handles += 1
            return known
        memory = RunMemory(
            run_id=run.run_id,
            name=run.name,
            experiment=run.experiment_name,
            experiment_id=run.experiment_id,
            start_time=run.start_time,
            started=time.monotonic() - (run.duration or 0.0),
            kind=kind,
            cell=cell,
            parent_run_id=run.parent_run_id,
            notebook=run.notebook,
            user_id=run.user_id,
            note=run.note,
            params=dict(run.params),
            tags=dict(run.own_tags),
            fresh=False,
            calls=1 + max((metric.last_step for metric in run.metrics.values()), default=-1),
        )
        process = this_process()
        self._remember(memory)
        self.writer.open_run(run_id)
        row = {
            "status": RunStatus.RUNNING,
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
        return memory

    def _remember(self, memory: RunMemory) -> None:
        self._memories[memory.run_id] = memory
        self._known.add(memory.run_id)

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

    def recall(self, memory: RunMemory) -> None:
        """Remember a run that has ended while more of it is recorded; `let_go` forgets it again."""
        self._memories.setdefault(memory.run_id, memory)

    def let_go(self, memory: RunMemory) -> None:
        """Forget a run that has ended."""
        if memory.status != RunStatus.RUNNING:
            self._memories.pop(memory.run_id, None)

    def memory(self, run_id: str) -> RunMemory | None:
        """Return what is known of a run that is open in this process."""
        return self._memories.get(run_id)

    def require(self, run_id: str) -> None:
        """Make sure that a run exists and is not deleted; waits for the store at the first use of an unknown id.

        Raises
        ------
        NotFound
            Where there is no such run.
        RunStateError
            Where the run is deleted.
        """
        if run_id in self._known:
            return
        if self.read(run_id).lifecycle_stage != "active":
            raise RunStateError(f"The run {run_id!r} is deleted; restore_run({run_id!r}) brings it back.")
        self._known.add(run_id)
        if len(self._known) > MANY_RUNS:  # those that are used again are looked up again
            self._known = set(self._memories)

    def exists(self, run_id: str) -> bool:
        """Whether a run of this process is still there: the run of a cell can have given way to its child."""
        return run_id not in self._absorbed

    def find(self, run_id: str) -> None:
        """Make sure that a run exists, deleted or not: what may be read.

        Raises
        ------
        NotFound
            Where there is no such run.
        """
        if run_id not in self._known:
            self.read(run_id)

    def read(self, run_id: str) -> Run:
        """Return a run as stored, after what this process logged is written.

        Raises
        ------
        NotFound
            Where there is no such run.
        """
        if not isinstance(run_id, str) or not run_id:
            raise InvalidValue(f"A run id is a string of 32 hexadecimal digits, not {run_id!r}.")
        pending.flush(self.store)
        if not store_exists(self.store):
            raise NotFound(f"There is no run {run_id!r}: there is no store at {self.store} yet.")
        return self.reader.run(run_id)

    def forget_run(self, run_id: str) -> None:
        """Look a run up anew at its next use: it was deleted or restored."""
        self._known.discard(run_id)
        drop_fast()

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        name = _safe(check_name(name))
        self.require(run_id)
        if memory := self._memories.get(run_id):
            memory.name = name
        self.writer.submit("update", run_id, {"name": name})

    def note(self, run_id: str, note: str | None) -> None:
        """Set a run's note; None removes it."""
        check_note(note)
        self.require(run_id)
        note = None if note is None else _safe(note)
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
        self._known.discard(run_id)
        self._absorbed.add(run_id)
        self.writer.close_run(run_id)
        self.writer.submit("absorb", run_id, child_id)

    # ---- params, metrics, tags

    def check_params(self, params: Mapping[str, Any]) -> dict[str, StoredParam]:
        """Return params as they are stored: keys checked, values without secrets.

        Raises
        ------
        InvalidValue
            For a bad key, or a value that cannot be shown as text.
        """
        if not isinstance(params, Mapping):
            raise InvalidValue(f"Params are a dict of names and values, not {type(params).__name__} ({params!r}).")
        for key in params:
            check_key(key, "param")
        return {key: param_value(value, partial(redaction.redact_value, key)) for key, value in params.items()}

    def params(
        self,
        run_id: str,
        params: Mapping[str, Any],
        source: str = "explicit",
        written: Mapping[str, str | None] | None = None,
    ) -> None:
        """Record params; one bad key or value means that none is written."""
        checked = self.check_params(params)
        self.require(run_id)
        memory = self._memories.get(run_id)
        position = time.time_ns() // 1000
        rows = []
        records = {}
        for index, (key, stored) in enumerate(checked.items()):
            as_written = (written or {}).get(key)
            if as_written is not None and redaction.redact_value(key, as_written) != as_written:
                as_written = None
            rows.append(
                {
                    "key": key,
                    "value": stored.value,
                    "type": stored.type,
                    "number": stored.number,
                    "text": stored.text,
                    "written": as_written,
                    "source": source,
                    "position": position + index,
                }
            )
            exact = load_param(stored.value, stored.type)
            records[key] = Param(key, exact, stored.text, stored.type, source, as_written)
        if memory is not None:
            memory.params.update(records)
            memory.own += len(rows) if source == "explicit" else 0
        if rows:
            self.writer.submit("params", run_id, rows)

    def metrics(
        self,
        run_id: str,
        metrics: Mapping[str, Any],
        step: Any = None,
        timestamp: int | None = None,
        source: str = "logged",
    ) -> None:
        """Record one point of each metric; one bad key or value means that none is written.

        `timestamp` is in milliseconds since the epoch, now by default.
        """
        if not isinstance(metrics, Mapping):
            raise InvalidValue(f"Metrics are a dict of names and numbers, not {type(metrics).__name__} ({metrics!r}).")
        checked = [(check_key(key, "metric"), metric_value(key, value)) for key, value in metrics.items()]
        at = check_step(step)
        when = time.time_ns() if timestamp is None else check_time(timestamp) * 1_000_000
        self.require(run_id)
        writer = self.writer
        if writer.congested and not writer.wait_for_room():
            return
        for key, value in checked:
            writer.curve(run_id, key, source).points.append((at, when, value))
        writer.logged()
        memory = self._memories.get(run_id)
        if memory is not None and source == "logged":
            memory.own += len(checked)

    def points(self, run_id: str, points: Sequence[tuple[str, Any, int | None, Any]]) -> None:
        """Record many points, as (key, value, time in milliseconds, step); one bad point means that none is written."""
        now = time.time_ns()
        queues: dict[str, list[Point]] = {}
        for key, value, timestamp, step in points:
            queue = queues.get(key)
            if queue is None:
                queue = queues[check_key(key, "metric")] = []
            queue.append(
                (
                    step if type(step) is int and -MAX_STEP <= step < MAX_STEP else check_step(step),
                    now if timestamp is None else _time(timestamp) * 1_000_000,
                    value if type(value) is float else metric_value(key, value),
                )
            )
        self.require(run_id)
        writer = self.writer
        if writer.congested and not writer.wait_for_room():
            return
        for key, queue in queues.items():
            writer.curve(run_id, key).points.extend(queue)
        writer.logged()
        if memory := self._memories.get(run_id):
            memory.own += len(points)

    def tags(self, run_id: str, tags: Mapping[str, Any]) -> None:
        """Set tags; mlflow's tags for name, note and parent change those."""
        checked = self.check_tags(tags)
        self.require(run_id)
        memory = self._memories.get(run_id)
        update: dict[str, str] = {}
        for tag, column in _ROUTES.items():
            if tag in checked:
                update[column] = checked.pop(tag)
        if memory is not None:
            memory.name = update.get("name", memory.name)
            memory.note = update.get("note", memory.note)
            memory.parent_run_id = update.get("parent_uuid", memory.parent_run_id)
            memory.tags.update(checked)
            memory.own += len(checked) + len(update)
        if update:
            self.writer.submit("update", run_id, update)
        if checked:
            self.writer.submit("tags", run_id, checked)

    def context_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags that describe the surroundings, from any thread; they are not the user's own."""
        if not self.exists(run_id):
            return  # they were found too late: the run has given way to its child, which has its own
        if memory := self._memories.get(run_id):
            memory.tags.update(tags)
        self.writer.submit("tags", run_id, dict(tags))

    def check_tags(self, tags: Mapping[str, Any]) -> dict[str, str]:
        """Return tags as they are stored: keys checked, values as text without secrets.

        Raises
        ------
        InvalidValue
            For a bad key, or a value of more than 100,000 characters.
        """
        if not isinstance(tags, Mapping):
            raise InvalidValue(f"Tags are a dict of names and texts, not {type(tags).__name__} ({tags!r}).")
        checked = {}
        for key, value in tags.items():
            check_key(key, "tag")
            text = str(value)
            if len(text) > MAX_TAG_VALUE:
                raise InvalidValue(
                    f"The tag {key!r} has {len(text):,} characters; {MAX_TAG_VALUE:,} is the most. Use log_text."
                )
            checked[key] = clean_text(str(redaction.redact_value(key, text)))
        return checked

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag; waits for the store.

        Raises
        ------
        NotFound
            Where the run has no such tag.
        """
        self.require(run_id)
        memory = self._memories.get(run_id)
        if key in _ROUTES:
            if self.read(run_id).data.tags.get(key) is None or key == NAME_TAG:
                raise NotFound(f"The run {run_id!r} has no tag {key!r} that can be removed.")
            self.writer.submit("update", run_id, {_ROUTES[key]: None})
            if memory is not None:
                memory.note = None if key == NOTE_TAG else memory.note
                memory.parent_run_id = None if key == PARENT_TAG else memory.parent_run_id
            return
        edits.delete_tag(self.store, run_id, key)
        if memory is not None:
            memory.tags.pop(key, None)

    # ---- content

    def artifact(
        self,
        run_id: str,
        path: str,
        source: bytes | Path | IO[bytes],
        *,
        mime: str,
        kind: str = "file",
        title: str | None = None,
        line: int | None = None,
        automatic: bool = False,
    ) -> Artifact:
        """Record content under a path of the run; the same path again replaces it.

        Raises
        ------
        InvalidValue
            For a path that leads out of the run.
        StoreUnavailable
            Where the content is large and the store's folder cannot be written.
        """
        path = artifact_path(path)
        self.require(run_id)
        content = files.keep(self.store, source)
        record = Artifact(path, content.sha256, content.size, mime, kind, title, line, now_ms())
        row = {
            "path": path,
            "sha256": content.sha256,
            "size": content.size,
            "mime": mime,
            "kind": kind,
            "title": None if title is None else _safe(title),
            "line": line,
            "created": record.created,
        }
        self.writer.submit("content", content.sha256, (content.size, content.data))
        self.writer.submit("artifact", run_id, row)
        if memory := self._memories.get(run_id):
            memory.artifacts[path] = record
            memory.own += not automatic
        return record

    def execution(self, run_id: str, execution: Execution) -> None:
        """Record the execution of a cell that a run came from."""
        source = _safe(execution.source).encode()
        content = files.keep(self.store, source)
        self.writer.submit("content", content.sha256, (content.size, content.data))
        self.writer.submit(
            "execution",
            run_id,
            {
                "session": execution.session,
                "position": execution.position,
                "source_sha256": content.sha256,
                "cell_id": execution.cell_id,
                "execution_count": execution.execution_count,
                "start_time": execution.start_time,
                "duration": execution.duration,
                "status": execution.status,
            },
        )

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
            artifact_uri=f"runs:/{memory.run_id}/",
            params=dict(memory.params),
            metrics=self.writer.summaries(memory.run_id),
            own_tags=dict(memory.tags),
            goals=self.goals(memory.experiment),
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


def _time(timestamp: Any) -> int:
    return timestamp if type(timestamp) is int and 0 <= timestamp <= MAX_TIME else check_time(timestamp)


def _safe(text: str) -> str:
    """A text without secrets that the store can hold."""
    return clean_text(redaction.redact_text(text))


def _routed(
    tags: dict[str, str], name: str, note: str | None, parent: str | None
) -> tuple[str, str | None, str | None]:
    """Take mlflow's tags for name, note and parent out of `tags`; they have places of their own."""
    name = tags.pop(NAME_TAG, name)
    return name, tags.pop(NOTE_TAG, note), tags.pop(PARENT_TAG, parent)
