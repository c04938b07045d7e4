"""What happens before and after each cell.

Both hooks are guarded: a fault of ours is reported once per kind and the user's cell goes on untouched. A nested
`run_cell` (``store_history=False``) opens nothing and is not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..context.place import relative_to_store
from ..recording import active
from ..recording.active import Cell
from ..recording.run import describe_error, status_of
from ..recording.session import session
from ..records import Execution, Run, RunStatus
from ..settings import JupyterTrack
from ..store.problems import report
from .capture import CellCapture
from .ending import Snapshot
from .history import History
from .options import Options
from .tracked import TrackedCell
from .transformer import options_of
from .usercell import RunCapture


@dataclass
class Running:
    """A cell between its two hooks."""

    execution: Execution
    cell: Cell
    tracked: TrackedCell | None = None


@contextmanager
def guarded(kind: str) -> Iterator[None]:
    """Keep a fault of ours away from the user's cell."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the boundary that keeps the user's cell unharmed
        report(f"hook-{kind}", f"jupyter-track could not record this cell ({kind}): {error!r}")


class CellHooks:
    """Looks at every cell of a shell, from `install` to `uninstall`.

    Parameters
    ----------
    shell : InteractiveShell
    settings : JupyterTrack
    """

    def __init__(self, shell: Any, settings: JupyterTrack) -> None:
        self.shell = shell
        self.settings = settings
        self.history = History()
        self.capture = CellCapture(shell, _report_capture)
        self.runs = RunCapture(self.capture, settings)
        self._running: dict[int, tuple[Any, Running]] = {}
        self._last: dict[str, Run] = {}
        self._said_store = False

    def install(self) -> None:
        """Begin to look at cells."""
        self.shell.events.register("pre_run_cell", self.before_cell)
        self.shell.events.register("post_run_cell", self.after_cell)
        self.capture.install()
        if self.runs not in active.observers:
            active.observers.append(self.runs)

    def uninstall(self) -> None:
        """Stop looking at cells."""
        for name, hook in (("pre_run_cell", self.before_cell), ("post_run_cell", self.after_cell)):
            with guarded("unload"):
                self.shell.events.unregister(name, hook)
        if self.runs in active.observers:
            active.observers.remove(self.runs)
        self.capture.uninstall()

    def before_cell(self, info: Any) -> None:
        """IPython's ``pre_run_cell``: note the execution, and open the run of a tracked cell."""
        with guarded("before the cell"):
            if not getattr(info, "store_history", True) or not (info.raw_cell or "").strip():
                return
            # The shell's counter is one ahead here; what the cell is called is known after it (`after_cell`).
            count = self.shell.execution_count - 1
            execution, cell = self.history.begin(info.raw_cell, getattr(info, "cell_id", None), count)
            running = Running(execution, cell)
            self._running[id(info)] = (info, running)
            active.enter_cell(cell)
            self.runs.cell_begins(cell)
            found = options_of(info.raw_cell)
            if found is not None:
                running.tracked = TrackedCell.open(self, info, cell, execution, *found)

    def after_cell(self, result: Any) -> None:
        """IPython's ``post_run_cell``: record what the cell did, end its run, show its card."""
        info = getattr(result, "info", None)
        _, running = self._running.pop(id(info), (None, None))
        if running is None:
            return
        error = result.error_before_exec or result.error_in_exec
        status = status_of(error)
        try:
            with guarded("history"):
                running.execution = self.history.end(running.execution.position, status)
            if running.tracked is not None:
                with guarded("end of the run"):
                    running.tracked.close(result, running.execution, error)
            with guarded("runs of the cell"):
                self.runs.cell_ends(running.cell, running.execution)
                self._end_automatic_runs(running.cell, status, error)
        finally:
            active.leave_cell(running.cell)
            self._settle(running)

    # ---- what a tracked cell asks for

    def wants(self, options: Options, kind: str) -> bool:
        """Whether a kind of automatic capture is on for a cell."""
        if kind in options.without:
            return False
        return bool(getattr(self.settings, {"params": "auto_params", "metrics": "auto_metrics"}.get(kind, kind)))

    def identities(self) -> Snapshot:
        """Return what the user's namespace holds now: what the cell binds is told from it."""
        return Snapshot(self.shell.user_ns)

    def end_earlier(self, cell: Cell) -> None:
        """End the run that an earlier execution of a cell left open."""
        for run in reversed(active.open_runs()):
            opened = run._memory.cell
            if opened is not None and opened.key == cell.key and opened.execution != cell.execution:
                run._tracker.context_tags(run.run_id, {"jupyter_track.ended_by": "re-run"})
                run.end(RunStatus.KILLED)

    def previous_of(self, cell: Cell, run: Run) -> Run | None:
        """Return the run of the cell's previous execution in this session, and remember this one."""
        previous = self._last.get(cell.key)
        if run.status == RunStatus.FINISHED:
            self._last[cell.key] = run
        return previous

    def store_line(self) -> str | None:
        """Say which store is used, under the first card only."""
        if self._said_store:
            return None
        self._said_store = True
        return relative_to_store(session.tracker().store, session.folder() / "x")

    def _end_automatic_runs(self, cell: Cell, status: str, error: BaseException | None) -> None:
        """A run that a log call opened by itself ends with its cell."""
        for run in [run for run in active.open_runs() if run._memory.kind == "auto" and run._memory.cell == cell]:
            run.end(status, describe_error(error) if error is not None and status == RunStatus.FAILED else None)

    def _settle(self, running: Running) -> None:
        """Leave no run of a tracked cell open, whatever went wrong."""
        with guarded("end of the run"):
            if running.tracked is not None:
                running.tracked.settle()


def _report_capture(kind: str, error: BaseException) -> None:
    report(f"capture-{kind}", f"A part of what the cell showed was not recorded ({kind}): {error!r}")
