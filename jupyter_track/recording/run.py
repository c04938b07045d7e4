"""A run that is open: what `start_run` gives."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping
from os import PathLike
from types import TracebackType
from typing import IO, Any

from ..context.prose import redact_prose
from ..errors import InvalidValue
from ..records import (
    FileInfo,
    Param,
    Run,
    RunData,
    RunError,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
    Shown,
    html_form,
    text_form,
)
from . import active, artifacts, context, forms, short, stopping, system  # noqa: F401 - forms registers how runs show themselves
from .entries import RunMemory
from .tracker import Tracker

ERROR_CHARACTERS = 16_384  # of a message or a traceback
ERROR_LINES = 20  # last lines of a traceback that are kept


def status_of(error: BaseException | None) -> str:
    """Return how a run ends that an exception leaves: interrupts and cancelled tasks are KILLED."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return RunStatus.FINISHED
    asyncio = sys.modules.get("asyncio")  # nobody was cancelled where it is not loaded
    interrupts = (KeyboardInterrupt, GeneratorExit, *((asyncio.CancelledError,) if asyncio else ()))
    if isinstance(error, interrupts):
        return RunStatus.KILLED
    return RunStatus.FAILED


def describe_error(error: BaseException) -> RunError:
    """Return the record of an exception: class, message, and the last lines of its traceback, without secrets."""
    trace = error.__traceback__
    while trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("IPython."):
        trace = trace.tb_next  # the shell's own frames lie above every cell and say nothing
    try:
        message = str(error)
    except Exception as broken:  # noqa: BLE001 - an exception of the user's whose own __str__ fails
        message = f"(its message cannot be shown: {type(broken).__name__})"
    lines = _bounded("".join(traceback.format_exception(type(error), error, trace)).rstrip()).splitlines()
    return RunError(type(error).__name__, _bounded(message), "\n".join(lines[-ERROR_LINES:]))


def _bounded(text: str) -> str:
    """A text without secrets, its middle left out where it is long.

    What surrounds the parts that are kept is looked at too, so that a key across the cut is recognised.
    """
    half, margin = ERROR_CHARACTERS // 2, 16_384
    if len(text) <= ERROR_CHARACTERS:
        return redact_prose(text)
    head, tail = redact_prose(text[: half + margin])[:half], redact_prose(text[-half - margin :])[-half:]
    return f"{head}\n… {len(text) - 2 * half:,} characters left out …\n{tail}"


class ActiveRun(Shown):
    """A run that is open, or was opened here; it always shows the current state.

    It is a context manager: leaving it ends the run, as FAILED after an exception and as KILLED after an interrupt.

    Examples
    --------
    >>> import jupyter_track as track
    >>> with track.start_run(run_name="baseline") as run:  # doctest: +SKIP
    ...     run.log(loss=0.25)
    """

    def __init__(self, tracker: Tracker, memory: RunMemory) -> None:
        self._tracker = tracker
        self._memory = memory
        self._left = False
        self._process = os.getpid()

    @property
    def run_id(self) -> str:
        """The run's id: 32 hexadecimal digits."""
        return self._memory.run_id

    @property
    def name(self) -> str:
        """The run's name."""
        return self._memory.name

    @property
    def number(self) -> int | None:
        """The run's small number in its store, ``#12``; waits until the run has been written."""
        return self._tracker.writer.number(self.run_id, timeout=10.0)

    @property
    def is_open(self) -> bool:
        """Whether the run has not ended, neither here nor by its id."""
        return not self._left and self._memory.status == RunStatus.RUNNING

    @property
    def should_stop(self) -> bool:
        """Whether somebody asked this run, or one that it is a child of, to stop; the next log call raises RunStopped.

        A loop that looks here can end in its own way. It is known a tenth of a second after the request where the run
        logs, else after two seconds.

        Examples
        --------
        >>> for epoch in range(100):  # doctest: +SKIP
        ...     if track.current.should_stop:
        ...         break
        """
        return stopping.asked(self) is not None

    @property
    def info(self) -> RunInfo:
        """mlflow's ``run.info``, as of now."""
        memory = self._memory
        return RunInfo(
            run_id=memory.run_id,
            run_name=memory.name,
            experiment_id=memory.experiment_id,
            status=memory.status,
            start_time=memory.start_time,
            end_time=memory.end_time,
            artifact_uri=f"runs:/{memory.run_id}",
            lifecycle_stage="active",
            user_id=memory.user_id,
        )

    @property
    def data(self) -> RunData:
        """mlflow's ``run.data``, as of now; waits until what was logged is in the store."""
        return self.read().data

    def to_dictionary(self) -> dict[str, Any]:
        """Return info, data, inputs and outputs as dicts, in mlflow's shape."""
        return self.read().to_dictionary()

    @property
    def inputs(self) -> RunInputs:
        """mlflow's ``run.inputs``."""
        return self.read().inputs

    @property
    def outputs(self) -> RunOutputs:
        """mlflow's ``run.outputs``."""
        return self.read().outputs

    @property
    def params(self) -> Mapping[str, Param]:
        """The params with their exact values and sources."""
        return self.read().params

    @property
    def note(self) -> str | None:
        """The run's note (mlflow's description); can be set."""
        return self._memory.note

    @note.setter
    def note(self, text: str | None) -> None:
        self._tracker.note(self.run_id, text)
        self._memory.note = text

    def read(self) -> Run:
        """Return the run as it stands in the store, after all that was logged is written."""
        return self._tracker.read(self.run_id)

    def _log_to(self) -> Tracker:
        """The tracker for a log call of the user's, which raises RunStopped where the run was asked to stop."""
        stopping.check(self)
        return self._tracker

    def _target(self) -> tuple[Tracker, str]:
        return self._log_to(), self.run_id

    def log(self, values: Mapping[str, Any] | None = None, /, step: int | None = None, **named: Any) -> None:
        """Log by kind; see `jupyter_track.log`."""
        short.keep(*self._target(), short.look(values, step, named))

    def log_param(self, key: str, value: Any) -> Any:
        """Log one param and return its value."""
        self._log_to().params(self.run_id, {key: value})
        return value

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params; one bad key means that none is written."""
        self._log_to().params(self.run_id, params)

    def log_metric(self, key: str, value: Any, step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of a metric; `step` is 0 by default, `timestamp` (milliseconds) now."""
        self._log_to().metrics(self.run_id, {key: value}, step, timestamp)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of several metrics; one bad value means that none is written."""
        self._log_to().metrics(self.run_id, metrics, step, timestamp)

    def set_tag(self, key: str, value: Any) -> None:
        """Set a tag."""
        self._log_to().tags(self.run_id, {key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags."""
        self._log_to().tags(self.run_id, tags)

    def log_artifact(self, local_path: str | PathLike[str], artifact_path: str | None = None) -> None:
        """Log a file, or all files of a folder."""
        artifacts.log_artifact(*self._target(), local_path, artifact_path)

    def log_text(self, text: str, artifact_file: str) -> None:
        """Log text as a file."""
        artifacts.log_text(*self._target(), text, artifact_file)

    def log_dict(self, dictionary: Any, artifact_file: str) -> None:
        """Log a dict or list as JSON or YAML."""
        artifacts.log_dict(*self._target(), dictionary, artifact_file)

    def log_figure(self, figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
        """Log a figure of matplotlib, Altair or plotly."""
        artifacts.log_figure(*self._target(), figure, artifact_file, save_kwargs)

    def log_image(
        self, image: Any, artifact_file: str | None = None, *, key: str | None = None, step: int | None = None
    ) -> None:
        """Log an image: a PIL image or an array."""
        artifacts.log_image(*self._target(), image, artifact_file, key, step, None)

    def log_table(self, data: Any, artifact_file: Any, *, key: str | None = None) -> None:
        """Log a DataFrame or a dict of columns; the same file again appends. `key` names the column of a row's key."""
        artifacts.log_table(*self._target(), data, artifact_file, key)

    def log_stream(self, stream: IO[bytes] | IO[str], artifact_file: str) -> None:
        """Log what a stream gives as a file."""
        artifacts.log_stream(*self._target(), stream, artifact_file)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """Return the files and folders that were logged, in the folder `path`."""
        return artifacts.list_artifacts(self._tracker, self.run_id, path)

    def load_model(self, name: str | None = None) -> Any:
        """Load a model that the run logged: the only one, or the one of a name; see `jupyter_track.Run.load_model`."""
        from ..models.looking import load_of_run

        return load_of_run(self._tracker, self.run_id, name)

    def end(self, status: str = RunStatus.FINISHED, error: RunError | None = None) -> None:
        """End the run, and the runs that were opened inside it in its thread and are open; once is enough.

        Raises
        ------
        InvalidValue
            For a status that is no end: FINISHED, FAILED and KILLED are.
        """
        if status not in RunStatus.ENDED:
            raise InvalidValue(f"A run ends as {', '.join(RunStatus.ENDED)}, not as {status!r}.")
        # Ended before, perhaps by its id; or a forked child leaves the block of its parent, which goes on.
        if not self.is_open or self._process != os.getpid():
            active.remove(self)
            return
        self._left = True
        for run in active.inside(self):
            run.end(status)
        if self._memory.handles > 1:  # another thread has the same run open
            self._memory.handles -= 1
            active.remove(self)
            return
        for observer in active.observers:
            observer.run_ending(self)
        if self._tracker.memory(self.run_id) is not None:  # an observer may have ended it
            self._tracker.end(self.run_id, status, error)
        self._memory.status = status if self._memory.status == RunStatus.RUNNING else self._memory.status
        context.ended(self._tracker, self.run_id)
        system.end(self.run_id)
        active.remove(self)
        for observer in active.observers:
            observer.run_ended(self)

    def dissolve(self, child: ActiveRun) -> None:
        """Let the only child of this cell's run take its place: the two become one."""
        for observer in active.observers:
            observer.run_ending(self)
        system.end(self.run_id)
        self._tracker.absorb(self.run_id, child.run_id)
        self._memory.status = RunStatus.FINISHED
        child._memory.parent_run_id = self._memory.parent_run_id
        active.remove(self)

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run = self
        if not self.is_open:  # ended inside the block; a run that was resumed there ends with it, as in mlflow
            resumed = [other for other in active.own_stack() if other.run_id == self.run_id and other.is_open]
            run = resumed[-1] if resumed else self
        status = status_of(error)
        run.end(status, describe_error(error) if error is not None and status == RunStatus.FAILED else None)

    def __repr__(self) -> str:
        memory = self._memory
        return f"<ActiveRun {memory.name!r} {memory.run_id[:8]} {memory.status} in {memory.experiment!r}>"


@html_form.register
def _(run: ActiveRun) -> str | None:
    return html_form(run.read())


@text_form.register
def _(run: ActiveRun) -> str | None:
    return text_form(run.read())
