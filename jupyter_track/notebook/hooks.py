"""What happens before and after each cell.

Every step is guarded by itself: a fault of ours is reported once per kind, the other steps go on, and the user's
cell stays untouched. A nested `run_cell` (``store_history=False``) opens nothing and is not recorded.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from ..context.place import relative_to_store
from ..errors import RunStopped
from ..panels import comms
from ..recording import active
from ..recording.active import Cell
from ..recording.run import ActiveRun, status_of
from ..recording.session import session
from ..records import Execution, Run, RunError, RunStatus
from ..settings import JupyterTrack
from ..store.notebooks import move_notebook, renamed_from
from ..store.place import store_exists
from ..store.problems import report
from ..views.format import one_line
from .capture import CellCapture
from .comparisons import LiveComparisons
from .ending import Snapshot, kept_by_time
from .frames import running_result
from .guard import guarded
from .history import History
from .livecard import LiveCards
from .options import Options
from .tables import LiveTables
from .tracked import TrackedCell, failure_of
from .transformer import head_of
from .usercell import RunCapture
from .watched import WatchedCell, Watching

MANY_CELLS = 500  # whose last run is remembered


@dataclass
class Running:
    """A cell between its two hooks; `shown` is the last traceback that IPython showed before it."""

    execution: Execution
    cell: Cell
    tracked: TrackedCell | None = None
    shown: TracebackType | None = field(default_factory=lambda: getattr(sys, "last_traceback", None))
    watched: WatchedCell | None = None


class CellHooks:
    """Looks at every cell of a shell, from `install` to `uninstall`.

    Parameters
    ----------
    shell : InteractiveShell
    settings : JupyterTrack
    """

    def __init__(self, shell: Any, settings: JupyterTrack) -> None:
        from IPython import version_info

        self.shell = shell
        self._ahead = 1 if version_info[:2] >= (9, 8) else 0  # how far the shell's counter is ahead as a cell begins
        self.settings = settings
        self.history = History(getattr(shell.history_manager, "input_hist_raw", ()))
        self.capture = CellCapture(shell, _report_capture)
        self.runs = RunCapture(self.capture, settings)
        self.cards = LiveCards(shell)
        self.tables = LiveTables(shell)
        self.comparisons = LiveComparisons(shell)
        self.capture.on_clear = self.cards.cleared
        self.watching: Watching | None = None  # since ``%track on``, until ``%track off``
        self._running: dict[int, tuple[Any, Running]] = {}
        self._last: dict[str, Run] = {}
        self._said_store = False
        self._recognised: set[tuple[Path, Path]] = set()  # stores with the notebook that was looked up in them

    def install(self) -> None:
        """Begin to look at cells."""
        self.shell.events.register("pre_run_cell", self.before_cell)
        self.shell.events.register("post_run_cell", self.after_cell)
        self.capture.install()
        for observer in (self.runs, self.cards):
            if observer not in active.observers:
                active.observers.append(observer)
        if self.open_watched not in active.openers:
            active.openers.append(self.open_watched)
        comms.listen(self.shell)
        self.tables.install()
        self.comparisons.install()
        with guarded("execution"):
            self._join()

    def _join(self) -> None:
        """Note the cell in which we begin to look: `before_cell` was not there, and its runs need their source too."""
        result, own = running_result()
        info = getattr(result, "info", None)
        if info is None or info.silent or not info.store_history:
            return
        execution, cell = self.history.join(info.raw_cell, getattr(info, "cell_id", None), result.execution_count)
        if not own:
            cell = replace(cell, thread=active.MAIN)
        self._running[id(info)] = (info, Running(execution, cell))
        active.enter_cell(cell)

    def uninstall(self) -> None:
        """Stop looking at cells; the run of a cell that is running ends here, as what it does is no longer seen."""
        for _, running in list(self._running.values()):
            self._settle(running, RunStatus.FINISHED, None)
        self._running.clear()
        for name, hook in (("pre_run_cell", self.before_cell), ("post_run_cell", self.after_cell)):
            if hook in self.shell.events.callbacks[name]:
                self.shell.events.unregister(name, hook)
        for observer in (self.runs, self.cards):
            if observer in active.observers:
                active.observers.remove(observer)
        if self.open_watched in active.openers:
            active.openers.remove(self.open_watched)
        self.capture.uninstall()
        self.cards.end_all()
        comms.leave(self.shell)
        self.tables.uninstall()
        self.comparisons.uninstall()

    def before_cell(self, info: Any) -> None:
        """IPython's ``pre_run_cell``: note the execution, and open the run of a tracked cell."""
        running = None
        with guarded("execution"):
            running = self._begin(info)
        if running is None:
            return
        with guarded("open runs"):
            self.runs.cell_begins(running.cell)
        with guarded("run"):
            head = head_of(info.raw_cell, self.shell)
            if head is not None:
                running.tracked = TrackedCell.open(self, info, running.cell, running.execution, head)
            elif self.watching is not None:
                running.watched = WatchedCell.begin(self, info, running.cell, running.execution, self.watching)

    def open_watched(self) -> ActiveRun | None:
        """Open the run of the cell that logs, where ``%track on`` looks at it; None where it does not."""
        cell = active.current_cell()
        for _, running in list(self._running.values()):
            if running.cell == cell and running.watched is not None and running.tracked is None:
                running.tracked = running.watched.open()
                return running.tracked.run
        return None

    def _begin(self, info: Any) -> Running | None:
        if not getattr(info, "store_history", True) or not (info.raw_cell or "").strip():
            return None
        count = self.shell.execution_count - self._ahead
        execution, cell = self.history.begin(info.raw_cell, getattr(info, "cell_id", None), count)
        running = Running(execution, cell)
        self._running[id(info)] = (info, running)
        active.enter_cell(cell)
        return running

    def after_cell(self, result: Any) -> None:
        """IPython's ``post_run_cell``: record what the cell did, end its run, show its card."""
        running = None
        with guarded("execution"):
            running = self._ended(result)
        if running is None:
            return
        error = None
        if result is not None:  # asked for None, since an exception of the user's may not know whether it is true
            error = result.error_in_exec if result.error_before_exec is None else result.error_before_exec
        status = RunStatus.KILLED if result is None else RunStatus.FINISHED
        try:
            with guarded("status"):
                if result is not None and error is None:
                    error = kept_by_time(running.execution.source, running.shown)
                status = status_of(error) if result is not None else status
            with guarded("execution"):
                running.execution = self.history.end(running.execution.position, status)
            if running.watched is not None and running.tracked is None:
                with guarded("run"):
                    running.tracked = running.watched.end(result, status, error)
            if running.tracked is not None:
                running.tracked.close(result, running.execution, status, error)
            with guarded("source"):
                self.runs.cell_ends(running.cell, running.execution)
        finally:
            self._settle(running, status, error)

    def _ended(self, result: Any) -> Running | None:
        """The cell that a result belongs to; a kernel gives none where an ``await`` cell was torn down."""
        if result is not None:
            return self._running.pop(id(getattr(result, "info", None)), (None, None))[1]
        thread = active.thread_number()
        for key, (_, running) in reversed(self._running.items()):
            if running.cell.thread == thread:
                del self._running[key]
                return running
        return None

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

    def last_of(self, cell: Cell) -> Run | None:
        """Return the run of the cell's previous execution in this session."""
        return self._last.get(cell.key)

    def previous_of(self, cell: Cell, run: Run) -> Run | None:
        """Return the run of the cell's previous execution in this session, and remember this one."""
        previous = self.last_of(cell)
        if run.status == RunStatus.FINISHED:
            self._last.pop(cell.key, None)
            self._last[cell.key] = run
            if len(self._last) > MANY_CELLS:
                del self._last[next(iter(self._last))]
        return previous

    def recognise(self, cell: Cell, named: bool) -> str | None:
        """Give a notebook that was renamed the runs that it had under its earlier name, and say so.

        Its experiment follows the name too, unless the person has `named` one. Looked up once for each notebook and
        store, before its first run.
        """
        tracker, notebook = session.tracker(), session.notebook
        store = tracker.store
        if notebook is None or (store, notebook) in self._recognised or not store_exists(store):
            return None
        self._recognised.add((store, notebook))
        now = relative_to_store(notebook, store)
        earlier = renamed_from(store, now, cell.cell_id)
        if earlier is None:
            return None
        follows = not named and session.experiment == notebook.stem
        count, old = move_notebook(store, earlier, now, experiment=follows)
        said = f"renamed: {count:,} run{'' if count == 1 else 's'} of {one_line(earlier)} are this notebook's"
        if old is None:
            return said
        tracker.rename_experiment(old, notebook.stem)
        return f"{said}, and its experiment {one_line(old)} is {one_line(notebook.stem)} now"

    def store_line(self) -> str | None:
        """Say which store is used, under the first card only."""
        if self._said_store:
            return None
        self._said_store = True
        return relative_to_store(session.tracker().store, session.folder() / "x")

    def _settle(self, running: Running, status: str, error: BaseException | None) -> None:
        """End the runs that end with their cell: those that a log call opened, and what a fault of ours left open.

        Also the run that `RunStopped` has left, whoever opened it.
        """
        for part in (running.tracked, running.watched):
            with guarded("figures and output"):
                if part is not None:
                    part.let_go()
        stopped = error.run_id if isinstance(error, RunStopped) else None
        for run in active.open_runs():
            with_cell = run._memory.kind != "user" and run._memory.cell == running.cell
            if with_cell or run.run_id == stopped:
                failure = None
                with guarded("error"):
                    failure = failure_of(status, error)
                with guarded("end"):
                    end_for_sure(run, status, failure)
        with guarded("execution"):
            active.leave_cell(running.cell)


def end_for_sure(run: ActiveRun, status: str, failure: RunError | None) -> None:
    """End a run; where that cannot be recorded it is at least not the active run of the next cell."""
    try:
        run.end(status, failure)
    finally:
        if run.is_open:
            active.remove(run)


def _report_capture(kind: str, error: BaseException) -> None:
    report(f"capture-{kind}", f"A part of what the cell showed was not recorded ({kind}): {error!r}")
