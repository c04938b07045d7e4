"""The shared vocabulary: what a run, a param, a metric, an artifact and an execution are.

All are frozen dataclasses without behaviour beyond mlflow's own shapes (``run.info``, ``run.data``). Times are
integer milliseconds since the epoch, as in mlflow; durations are seconds from the monotonic clock.

How a record is shown in a notebook is decided in `jupyter_track.views`: it registers itself with `html_form` and
`text_form`, so that this module needs nothing above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from pathlib import Path
from typing import Any, ClassVar, Literal

from .errors import InvalidValue
from .inputs import CONTEXT_TAG as CONTEXT_TAG
from .inputs import MEASURED as MEASURED
from .inputs import MODEL_SOURCE as MODEL_SOURCE
from .inputs import Dataset as Dataset
from .inputs import DatasetInput as DatasetInput
from .inputs import InputTag as InputTag
from .inputs import LoggedModelInput as LoggedModelInput
from .inputs import RunInputs as RunInputs
from .inputs import RunOutputs as RunOutputs
from .labels import is_deleted as is_deleted
from .labels import run_label as run_label
from .labels import run_line

Goal = Literal["min", "max"]
STOPPED_EARLY = "stopped_early"  # the tag of a run whose loop ended early; it tells how far the loop came


class ViewType:
    """Which lifecycle stages a search looks at (mlflow's numbers)."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3


class RunStatus:
    """The five statuses of a run."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"
    ALL = (RUNNING, SCHEDULED, FINISHED, FAILED, KILLED)
    ENDED = (FINISHED, FAILED, KILLED)

    @staticmethod
    def to_string(status: str) -> str:
        """Return a status as text, which it is here already."""
        return _a_status(status)

    @staticmethod
    def from_string(status_str: str) -> str:
        """Return the status of a text, which is the text."""
        return _a_status(status_str)

    @staticmethod
    def is_terminated(status: str) -> bool:
        """Whether a status is one of a run that has ended."""
        return _a_status(status) in RunStatus.ENDED

    @staticmethod
    def all_status() -> list[str]:
        """Return all of them."""
        return list(RunStatus.ALL)


def _a_status(status: str) -> str:
    if status not in RunStatus.ALL:
        raise InvalidValue(f"{status!r} is no status of a run; there are {', '.join(RunStatus.ALL)}.")
    return status


# The states of runs whose values may be the best. What a run had when it failed, was stopped or was lost is where it
# broke off, and no result.
RESULT_STATES = ("finished", "running", "scheduled", "unknown")


@singledispatch
def html_form(record: object) -> str | None:
    """Return the HTML of a record, or None where no view is registered for its class."""
    return None


@singledispatch
def text_form(record: object) -> str | None:
    """Return the plain text of a record, or None where no view is registered for its class."""
    return None


@singledispatch
def model_of(record: object, name: str | None) -> Any:
    """Return a loaded model of a run; `jupyter_track.recording.forms` registers how."""
    raise TypeError(f"{type(record).__name__} has no models")


class Shown:
    """A record that shows itself through the registered view."""

    def _repr_html_(self) -> str | None:
        return html_form(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else text_form(self) or repr(self))


@dataclass(frozen=True)
class Param:
    """One parameter of a run, with its exact value and where it came from.

    Attributes
    ----------
    key : str
    value : object
        The value decoded from JSON: bool, int, float, str, None, list or dict.
    text : str
        What mlflow would show: ``str(value)``.
    type : str
        ``bool int float str none list dict other``.
    source : str
        ``explicit assign inherited estimator config``.
    written : str or None
        The literal as written in the cell, where that differs from `text` (``1e-3``).
    """

    key: str
    value: Any
    text: str = ""
    type: str = "str"
    source: str = "explicit"
    written: str | None = None

    def __post_init__(self) -> None:
        if not self.text:  # mlflow's users make one of key and value
            object.__setattr__(self, "text", str(self.value))


@dataclass(frozen=True)
class Metric:
    """One point of a curve (mlflow's entity). `timestamp` is in milliseconds; `value` may be nan or inf."""

    key: str
    value: float
    timestamp: int
    step: int


@dataclass(frozen=True)
class MetricSummary:
    """One curve of a run in a line: what a table needs without reading a point.

    `min` and `max` are None where every value was NaN. `source` is ``logged`` (by the user's call), ``named`` (on
    the magic's line), ``result`` (the cell's last expression) or ``auto`` (a top-level float).
    """

    key: str
    count: int
    last: float
    last_step: int
    last_time: int
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None
    source: str = "logged"


@dataclass(frozen=True)
class RunTag:
    """A tag of a run or an experiment."""

    key: str
    value: str


@dataclass(frozen=True)
class FileInfo:
    """One entry of `list_artifacts` (mlflow's entity); `file_size` is in bytes, None for a folder."""

    path: str
    is_dir: bool
    file_size: int | None


@dataclass(frozen=True)
class Artifact:
    """One logged file: its path in the run, its content's sha256, its size in bytes and what it is.

    `kind` is ``file text dict table image figure state output source``; ``state`` is an earlier state of a figure.
    `join_key` is the column by which the rows of a table are known, None where none was named.
    """

    path: str
    sha256: str
    size: int
    mime: str
    kind: str = "file"
    title: str | None = None
    line: int | None = None
    created: int = 0
    join_key: str | None = None


@dataclass(frozen=True)
class Execution:
    """One execution of a cell, tracked or not.

    `position` counts the executions of a session from 1; `source` is the cell as typed. `start_time` is in
    milliseconds, `duration` in seconds, `status` one of ``FINISHED FAILED KILLED RUNNING``.
    """

    session: str
    position: int
    source: str
    cell_id: str | None
    execution_count: int | None
    start_time: int
    duration: float | None = None
    status: str = "RUNNING"


@dataclass(frozen=True)
class RunError:
    """Why a run failed: the class, the message and the traceback's last lines."""

    name: str
    message: str
    lines: str = ""


@dataclass(frozen=True)
class Experiment(Shown):
    """A named group of runs. `experiment_id` is a string of digits; ``"0"`` is Default."""

    experiment_id: str
    name: str
    artifact_location: str = ""
    lifecycle_stage: str = "active"
    tags: Mapping[str, str] = field(default_factory=dict)
    creation_time: int | None = None
    last_update_time: int | None = None
    goals: Mapping[str, Goal] = field(default_factory=dict)
    baseline_run_id: str | None = None


@dataclass(frozen=True)
class RunInfo:
    """What mlflow's ``run.info`` holds."""

    run_id: str
    run_name: str
    experiment_id: str
    status: str
    start_time: int
    end_time: int | None
    artifact_uri: str
    lifecycle_stage: str
    user_id: str

    @property
    def run_uuid(self) -> str:
        """The run's id under its old name."""
        return self.run_id

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Give names and values, for ``dict(run.info)``."""
        return iter(sorted(vars(self).items()))


@dataclass(frozen=True)
class RunData:
    """What mlflow's ``run.data`` holds: params as strings, the latest value of each metric, all tags."""

    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]

    def to_dictionary(self) -> dict[str, dict[str, Any]]:
        """Return all of it as dicts."""
        return {"metrics": dict(self.metrics), "params": dict(self.params), "tags": dict(self.tags)}


@dataclass(frozen=True)
class Run(Shown):
    """A run as it stands in the store at the moment of reading.

    Attributes
    ----------
    number : int or None
        The small integer of this store (``#12``); None until the run has been written.
    state : str
        What a person should read: ``running finished failed stopped lost unknown scheduled``. ``lost`` is a run
        whose process is gone, ``unknown`` one of another host whose heartbeat stands still.
    params : mapping of str to Param
        In the order of logging.
    metrics : mapping of str to MetricSummary
        In the order of logging.
    own_tags : mapping of str to str
        Tags as set; ``run.data.tags`` adds mlflow's own (name, note, parent).
    goals : mapping of str to {"min", "max"}
        The goals that were declared in the run's experiment.
    notebook : str or None
        Path relative to the store's folder, with forward slashes.
    duration : float or None
        Seconds; None while it runs.
    pinned : bool
        Whether it is kept on top, and kept by tidying.
    stop_requested : bool
        Whether somebody asked it to stop.
    baseline_run_id : str or None
        The run that those of its experiment are measured against.
    store : Path or None
        The store that it was read from.
    """

    number: int | None
    run_id: str
    name: str
    experiment_id: str
    experiment_name: str
    status: str
    state: str
    start_time: int
    end_time: int | None = None
    duration: float | None = None
    lifecycle_stage: str = "active"
    user_id: str = ""
    parent_run_id: str | None = None
    note: str | None = None
    notebook: str | None = None
    cell_id: str | None = None
    execution_count: int | None = None
    error: RunError | None = None
    artifact_uri: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    metrics: Mapping[str, MetricSummary] = field(default_factory=dict)
    own_tags: Mapping[str, str] = field(default_factory=dict)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    inputs: RunInputs = field(default_factory=RunInputs)
    outputs: RunOutputs = field(default_factory=RunOutputs)
    pinned: bool = False
    stop_requested: bool = False
    baseline_run_id: str | None = None
    store: Path | None = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        number = "" if self.number is None else f" #{self.number}"
        return f"<Run{number} {self.name!r} {self.run_id[:8]} {self.status} in {self.experiment_name!r}>"

    def __str__(self) -> str:
        """Return the run in a line: ``#12 baseline · finished · accuracy 0.9641``."""
        own = {metric.key: metric.last for metric in self.metrics.values() if metric.source != "system"}
        return run_line(self.label, self.state, own)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))  # IPython takes a class's own __repr__ before a _repr_pretty_ that it inherits

    def load_model(self, name: str | None = None) -> Any:
        """Load a model that the run logged: the only one, or the one of a name.

        Raises
        ------
        NotFound
            Where the run has none.
        InvalidValue
            Where it has several, and none is named.

        Examples
        --------
        >>> import jupyter_track as track
        >>> track.runs().best("accuracy").load_model()  # doctest: +SKIP
        """
        return model_of(self, name)

    @property
    def label(self) -> str:
        """The run as people name it in a sentence: ``#12 baseline``."""
        return run_label(self.number, self.name)

    @property
    def info(self) -> RunInfo:
        """The run in the shape of mlflow's ``run.info``."""
        return RunInfo(
            run_id=self.run_id,
            run_name=self.name,
            experiment_id=self.experiment_id,
            status=self.status,
            start_time=self.start_time,
            end_time=self.end_time,
            artifact_uri=self.artifact_uri,
            lifecycle_stage=self.lifecycle_stage,
            user_id=self.user_id,
        )

    def to_dictionary(self) -> dict[str, Any]:
        """Return info, data, inputs and outputs as dicts, in mlflow's shape."""
        return {
            "info": dict(self.info),
            "data": self.data.to_dictionary(),
            "inputs": self.inputs.to_dictionary(),
            "outputs": {"model_outputs": list(self.outputs.model_outputs)},
        }

    @property
    def data(self) -> RunData:
        """The run in the shape of mlflow's ``run.data``."""
        tags = dict(self.own_tags)
        tags["mlflow.runName"] = self.name
        if self.user_id:
            tags.setdefault("mlflow.user", self.user_id)
        if self.note is not None:
            tags["mlflow.note.content"] = self.note
        if self.parent_run_id is not None:
            tags["mlflow.parentRunId"] = self.parent_run_id
        return RunData(
            params={key: param.text for key, param in self.params.items()},
            metrics={key: metric.last for key, metric in self.metrics.items()},
            tags=tags,
        )


@dataclass(frozen=True)
class ModelVersion(Shown):
    """A version of a registered model (mlflow's entity).

    Attributes
    ----------
    name : str
        Of the registered model.
    version : int
        1, 2, 3, …
    source : str
        Where it was registered from: ``runs:/<run id>/<name>``, or the name of a folder.
    run_id : str or None
        The run that logged it.
    title : str
        What it is: flavor, class and format.
    user_id : str
    creation_timestamp, last_updated_timestamp : int
        Milliseconds since 1970.
    description : str or None
    tags : mapping of str to str
    aliases : list of str
        The names that this version has now.
    """

    name: str
    version: int
    source: str
    run_id: str | None
    title: str = ""
    user_id: str = ""
    creation_timestamp: int = 0
    last_updated_timestamp: int = 0
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)

    status: ClassVar[str] = "READY"
    status_message: ClassVar[str | None] = None
    current_stage: ClassVar[str] = "None"  # mlflow gave stages up for aliases

    @property
    def model_uri(self) -> str:
        """The address that loads it: ``models:/<name>/<version>``."""
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True)
class RegisteredModel(Shown):
    """A name in the registry with its newest version (mlflow's entity).

    `latest_versions` holds the newest version, or nothing; `aliases` says which version has an alias.
    """

    name: str
    creation_timestamp: int = 0
    last_updated_timestamp: int = 0
    description: str | None = None
    latest_versions: list[ModelVersion] = field(default_factory=list)
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
