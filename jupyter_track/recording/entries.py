"""What is logged to runs that exist, by run id: the one way from a user's value to the writer.

A value is checked, redacted and turned into stored form here, on the user's thread, so that a mistake raises at the
call. What was logged is also remembered for the runs that are open in this process: the card under a cell reads from
memory and does not wait for the disk.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from ..context import entered, redaction
from ..context.prose import redact_source
from ..errors import DeletedRun, InvalidValue, NotFound
from ..records import CONTEXT_TAG, Artifact, DatasetInput, Execution, Param, Run, RunError, RunStatus, is_deleted
from ..store import edits, files, inputs, pending
from ..store.artifacts import artifact_path
from ..store.curves import Point
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
    metric_values,
    param_value,
)
from .active import Cell, drop_fast
from .loops import Loop, Place

if TYPE_CHECKING:
    from ..store.reader import Reader

Kind = Literal["user", "cell", "auto"]

NAME_TAG = "mlflow.runName"
NOTE_TAG = "mlflow.note.content"
PARENT_TAG = "mlflow.parentRunId"
_ROUTES = {NAME_TAG: "name", NOTE_TAG: "note", PARENT_TAG: "parent_uuid"}  # tags that are columns of the run
MANY_RUNS = 10_000
MAX_STEP = 2**63
_WHOLE_ID = re.compile("[0-9a-f]{32}")


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
    datasets: dict[tuple[str, str, str], DatasetInput] = field(default_factory=dict)
    own: int = 0
    fresh: bool = True
    surrounding: str = ""  # the experiment that was current when the run was opened
    calls: int = 0
    handles: int = 1
    stopped: int = (
        0  # the request to stop that was obeyed: by RunStopped, or by ending a loop; its time in milliseconds
    )
    loops: list[Loop] = field(default_factory=list)  # those of `progress` that are under way
    ended_loop: Place | None = None  # the outermost one that a request to stop has ended


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Entries:
    """Runs of one store, and their params, metrics, tags and files.

    Parameters
    ----------
    store : Path
        Absolute path of the store.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self._memories: dict[str, RunMemory] = {}
        self._known: set[str] = set()
        self._absorbed: set[str] = set()
        pending.watch(store, self.forget_run)

    @cached_property
    def reader(self) -> Reader:
        """The store's reader; what only logs does not load it."""
        from ..store.reader import Reader

        return Reader(self.store)

    @property
    def writer(self) -> Writer:
        """The store's writer in this process (another one in a forked child)."""
        return writer_for(self.store)

    def memory(self, run_id: str) -> RunMemory | None:
        """Return what is known of a run that is open in this process."""
        return self._memories.get(run_id)

    def recall(self, memory: RunMemory) -> None:
        """Remember a run that has ended while more of it is recorded; `let_go` forgets it again."""
        self._memories.setdefault(memory.run_id, memory)

    def let_go(self, memory: RunMemory) -> None:
        """Forget a run that has ended."""
        if memory.status != RunStatus.RUNNING:
            self._memories.pop(memory.run_id, None)

    def meant(self, reference: str | int, *, deleted: bool = False) -> str:
        """Return the id of the run that a person means: the one joint of all calls that take a run.

        A whole id is returned as it is, without a look at the store; whether there is such a run is for who uses it.
        Anything else (``#12``, ``12``, a name, some digits, ``last``, ``best``, ``best:loss``) is looked up, after
        what this process logged is written.

        Parameters
        ----------
        reference : str or int
        deleted : bool, default False
            Whether a deleted run is meant: of a name then the newest deleted run before any active one.

        Raises
        ------
        NotFound
            Where nothing fits, with the nearest names, or several runs do, with the candidates.
        InvalidValue
            For what can name no run.
        """
        if isinstance(reference, str) and (reference in self._known or _WHOLE_ID.fullmatch(reference)):
            return reference
        if reference is None or reference == "":
            raise InvalidValue(f"A run is named by its number, name or id, not by {reference!r}.")
        pending.flush(self.store)
        if not store_exists(self.store):
            raise NotFound(f"There is no run {reference!r}: there is no store at {self.store} yet.")
        return self.reader.resolve(reference, deleted=deleted)

    def require(self, run_id: str) -> None:
        """Make sure that a run exists and is not deleted; waits for the store at the first use of an unknown id.

        A run that is open in this process goes on where it was deleted meanwhile: what it logs lies in the bin with
        it, and comes back with it. A training that runs for hours must not fail because somebody tidied a table.

        Raises
        ------
        NotFound
            Where there is no such run.
        DeletedRun
            Where the run is deleted.
        """
        if run_id in self._known or run_id in self._memories:
            return
        run = self.read(run_id)
        if run.lifecycle_stage != "active":
            raise DeletedRun(is_deleted(run.number, run.name))
        self._know(run_id)

    def _know(self, run_id: str) -> None:
        """Remember that a run is there; of many runs those that are used again are looked up again."""
        if len(self._known) > MANY_RUNS:
            self._known = set(self._memories)
        self._known.add(run_id)

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
        pending.flush(self.store)
        if not store_exists(self.store):
            raise NotFound(f"There is no run {run_id!r}: there is no store at {self.store} yet.")
        return self.reader.run(run_id)

    def forget_run(self, run_id: str) -> None:
        """Look a run up anew at its next use: it was deleted or restored."""
        self._known.discard(run_id)
        drop_fast()

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
        checked = metric_values(metrics)
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
        return entered.check_tags(tags)

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
                raise NotFound(f"The run {self.read(run_id).label} has no tag {key!r} that can be removed.")
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
        join_key: str | None = None,
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
        record = Artifact(path, content.sha256, content.size, mime, kind, title, line, now_ms(), join_key)
        row = {
            "path": path,
            "sha256": content.sha256,
            "size": content.size,
            "mime": mime,
            "kind": kind,
            "title": None if title is None else entered.safe_text(title),
            "line": line,
            "created": record.created,
            "join_key": join_key,
            "content": (content.size, content.data),
        }
        self.writer.submit("artifact", run_id, row)
        if memory := self._memories.get(run_id):
            memory.artifacts[path] = record
            memory.own += not automatic
        return record

    def dataset(self, run_id: str, used: DatasetInput) -> None:
        """Record a dataset that a run read; the same one for the same purpose again changes its tags."""
        self.require(run_id)
        described = used.dataset
        content = files.keep(self.store, inputs.document(described.schema, described.profile))
        tags = {tag.key: tag.value for tag in used.tags if tag.key != CONTEXT_TAG}
        row = {
            "name": described.name,
            "digest": described.digest,
            "context": used.context,
            "source_type": described.source_type,
            "source": described.source,
            "sha256": content.sha256,
            "tags": json.dumps(tags, ensure_ascii=False),
            "position": time.time_ns() // 1000,
            "content": (content.size, content.data),
        }
        self.writer.submit("dataset", run_id, row)
        if memory := self._memories.get(run_id):
            memory.datasets[described.name, described.digest, used.context] = used
            memory.own += 1

    def surroundings(self, run_id: str, kind: str, content: files.Content) -> None:
        """Record a document on what surrounds a run, from any thread; it is not the user's own."""
        if not self.exists(run_id):
            return
        row = {"kind": kind, "sha256": content.sha256, "created": now_ms(), "content": (content.size, content.data)}
        self.writer.submit("context", run_id, row)

    def execution(self, run_id: str, execution: Execution) -> None:
        """Record the execution of a cell that a run came from."""
        source = clean_text(redact_source(execution.source)).encode()
        content = files.keep(self.store, source)
        self.writer.submit(
            "execution",
            run_id,
            {
                "content": (content.size, content.data),
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


def _time(timestamp: Any) -> int:
    return timestamp if type(timestamp) is int and 0 <= timestamp <= MAX_TIME else check_time(timestamp)
