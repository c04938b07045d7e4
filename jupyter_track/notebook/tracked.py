"""One execution of a ``%%track`` cell: its run from the line above it to the card below it."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import StoreError, TrackError
from ..recording import active, opening
from ..recording.active import Cell
from ..recording.run import ActiveRun, describe_error
from ..records import Execution, Run, RunError, RunStatus
from ..store.problems import report
from ..views.logged import model_words
from . import showing
from .autometrics import Mode, auto_metrics
from .capture import Captured
from .cellcode import parse_cell
from .ending import Snapshot, failed_line
from .estimators import fitted_name
from .guard import guarded
from .keep import keep_captured
from .livecard import RunSource
from .options import Options
from .params import automatic_params
from .transformer import Head, check_line, expanded

if TYPE_CHECKING:
    from ..panels.card import CardPanel
    from .hooks import CellHooks


@dataclass
class TrackedCell:
    """The run of a tracked cell while the cell runs.

    Attributes
    ----------
    before : Snapshot
        The user's namespace when the cell began: what the cell bound is told from it.
    source : str
        The cell as Python, after IPython's transformers, with the line numbers that tracebacks have.
    late : bool
        Whether the run was opened while or after the cell ran: a cell that ``%track on`` looks at.
    capture_key : str
        The capture of what the cell shows, where that is not the run's id.
    """

    hooks: CellHooks
    run: ActiveRun
    cell: Cell
    options: Options
    source: str
    before: Snapshot
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    capturing: bool = False
    live: CardPanel | None = None
    late: bool = False
    capture_key: str = ""

    @classmethod
    def open(cls, hooks: CellHooks, info: Any, cell: Cell, execution: Execution, head: Head) -> TrackedCell | None:
        """Open the run of a cell; None where the cell is not Python that can run, or nothing can be recorded."""
        shell = hooks.shell
        source = runnable(shell, info, head)
        if source is None:
            return None
        try:
            options = expanded(head, shell)
            hooks.end_earlier(cell)
            renamed = recognised(hooks, cell, options.experiment is not None)
            outer = active.current()
            if outer is not None and outer._memory.kind == "cell":
                outer = None  # a cell that runs beside this one, in a subshell
            run = opening.open_run(
                kind="cell",
                name=options.name,
                experiment=options.experiment,
                parent_run_id=None if outer is None else outer.run_id,
                tags=options.tags,
                note=options.note,
                git=hooks.wants(options, "git"),
                system=options.system or None,
            )
        except TrackError as error:  # the store cannot be written: say so once a cell, and run the cell
            showing.show_text(shell, f"This cell is not tracked: {error}")
            return None
        tracked = cls(hooks, run, cell, options, source, hooks.identities())
        if outer is not None:
            tracked.notes.append(f"child of {outer.name}, which is open")
        tracked.notes += renamed
        tracked._begin(head, execution)
        return tracked

    def _begin(self, head: Head, execution: Execution) -> None:
        hooks, run, options = self.hooks, self.run, self.options
        with guarded("goals"):
            for key, goal in options.goals.items():
                run._tracker.goal(run._memory.experiment, key, goal, options.targets.get(key))
        with guarded("params"):
            if options.params:
                run.log_params(options.params)
        with guarded("figures and output"):
            figures, output = hooks.wants(options, "figures"), hooks.wants(options, "output")
            hooks.capture.begin(run.run_id, figures, output, line_offset=head.line_offset)
            self.capturing = True
        with guarded("card"):
            if not (options.quiet or hooks.settings.card == "off"):
                self.live = hooks.cards.begin(self._source(), self.cell.cell_id)
        with guarded("source"):  # at once, so that it is there when the kernel is killed; the end replaces it
            if hooks.wants(options, "source"):
                run._tracker.execution(run.run_id, execution)

    def _source(self) -> RunSource:
        hooks, cell = self.hooks, self.cell
        return RunSource(
            self.run,
            previous=hooks.last_of(cell),
            notes=self.notes,
            one_line=hooks.settings.card == "line",
            children=lambda: hooks.runs.children_of(cell),
        )

    def close(self, result: Any, execution: Execution, status: str, error: BaseException | None) -> None:
        """Record what the cell did, end the run and show the card; a step that fails does not stop the others."""
        hooks, options, target = self.hooks, self.options, self.run
        captured, children, stopped = Captured(), [], None
        value = getattr(result, "result", None)
        with guarded("figures and output"):
            if self.capturing:
                self.capturing = False
                captured = hooks.capture.end(self.capture_key or self.run.run_id)
        with guarded("child runs"):
            children = hooks.runs.children_of(self.cell)
            target = self._target(children, status)
        with guarded("error"):
            stopped = failed_line(error, self.source, hooks.shell.user_ns)
        target._tracker.recall(target._memory)
        with guarded("params"):
            if hooks.wants(options, "params"):
                self._keep_params(target, value, stopped)
        with guarded("metrics"):
            self._keep_metrics(target, children, value, stopped)
        with guarded("name"):
            self._name(target, value, stopped)
        with guarded("figures and output"):
            keep_captured(target, captured)
        with guarded("source"):
            if hooks.wants(options, "source"):
                target._tracker.execution(target.run_id, execution)
        with guarded("end"):
            self._end(target, status, error)
        with guarded("card"):
            self._show(target, captured, execution)
        target._tracker.let_go(target._memory)

    def complete(
        self, result: Any, execution: Execution, children: list[ActiveRun], error: BaseException | None
    ) -> None:
        """Add the params, and a metric where none was logged, to a run that the cell itself has opened and ended."""
        target, stopped = self.run, None
        value = getattr(result, "result", None)
        with guarded("error"):
            stopped = failed_line(error, self.source, self.hooks.shell.user_ns)
        target._tracker.recall(target._memory)
        with guarded("params"):
            if self.hooks.wants(self.options, "params"):
                self._keep_params(target, value, stopped)
        with guarded("metrics"):
            self._keep_metrics(target, children, value, stopped)
        with guarded("card"):
            self._show(target, Captured(), execution)
        target._tracker.let_go(target._memory)

    def let_go(self) -> None:
        """Stop capturing, where an interrupt came before that, and refreshing the card."""
        if self.capturing:
            self.capturing = False
            self.hooks.capture.end(self.capture_key or self.run.run_id)
        if self.live is not None:
            self.hooks.cards.end(self.live)

    # ---- one step each

    def _target(self, children: list[ActiveRun], status: str) -> ActiveRun:
        """The run that the cell's own goes to: its only child, where the cell's run has nothing of its own."""
        own, options = self.run._memory, self.options
        if len(children) != 1 or own.own or options.params or options.note or options.tags:
            return self.run
        child = children[0]
        memory = child._memory
        if memory.parent_run_id != self.run.run_id:
            return self.run
        if not child.is_open and memory.status != status:
            return self.run  # the cell failed after its child had ended well, or caught what its child failed with
        if options.experiment is not None and memory.experiment != own.experiment:
            return self.run
        return child

    def _keep_params(self, target: ActiveRun, value: object, stopped: int | None) -> None:
        found = automatic_params(
            self.source,
            self.hooks.shell.user_ns,
            self.before,
            result=value,
            failed_line=stopped,
            parameter_sources=self.hooks.history.parameter_cells(),
        )
        for problem in found.problems:
            report("params", problem)
        known = self._known_params(target)
        by_source: dict[str, dict[str, Any]] = {}
        written: dict[str, str | None] = {}
        for param in found.params:
            if param.key not in known:  # what was logged by hand wins
                by_source.setdefault(param.source, {})[param.key] = param.value
                written[param.key] = param.written
        for source, params in by_source.items():
            self.run._tracker.params(target.run_id, params, source, written)

    def _known_params(self, target: ActiveRun) -> set[str]:
        return set(self.run._memory.params) | set(target._memory.params)

    def _keep_metrics(self, target: ActiveRun, children: list[ActiveRun], value: object, stopped: int | None) -> None:
        options, tracker = self.options, self.run._tracker
        mode: Mode = self.hooks.settings.auto_metrics if self.hooks.wants(options, "metrics") else "off"
        own = {key for run in (self.run, *children) for key in self.hooks.runs.logged_by(run)}
        found = auto_metrics(
            self.source,
            self.hooks.shell.user_ns,
            self.before,
            value,
            mode="off" if own else mode,
            named=[name for name in options.metrics if name not in own],
            failed_line=stopped,
            computed=self.late,
            logged=sorted(own),
        )
        self.notes += found.warnings
        self.warnings += found.warnings
        for key, number, source in found.metrics:
            tracker.metrics(target.run_id, {key: number}, source=source)

    def _name(self, target: ActiveRun, value: object, stopped: int | None) -> None:
        """Name the run: as the line says, else after the model that was fitted."""
        options = self.options
        if target is not self.run:
            if options.name is not None:
                self.run._tracker.rename(target.run_id, options.name)
            return
        if options.name is not None or not self.hooks.settings.auto_name:
            return
        name = fitted_name(self.source, self.hooks.shell.user_ns, self.before, result=value, failed_line=stopped)
        if name is not None:
            self.run._tracker.rename(target.run_id, name)

    def _end(self, target: ActiveRun, status: str, error: BaseException | None) -> None:
        failure = None
        with guarded("error"):
            failure = failure_of(status, error)
        if target is not self.run:
            self.run.dissolve(target)
        target.end(status, failure)

    def _show(self, target: ActiveRun, captured: Captured, execution: Execution | None = None) -> None:
        settings = self.hooks.settings
        if self.options.quiet or settings.card == "off":
            for note in self.warnings:
                report("named-metrics", note)
            return
        if captured.figures_over:
            self.notes.append(
                f"{len(captured.figures) + captured.figures_over} figures shown, {len(captured.figures)} kept"
            )
        if captured.output_cut:
            self.notes.append(f"{captured.output_cut:,} bytes of output cut from the middle")
        run = self._record(target)
        showing.show_card(
            self.hooks.shell,
            run,
            tracker=target._tracker,
            previous=self.hooks.previous_of(self.cell, run),
            typed=None if execution is None else execution.source,
            figures=len(captured.figures),
            output=bool(captured.output_text),
            models=model_words(target._memory.artifacts.values()),
            notes=self.notes,
            store_line=self.hooks.store_line(),
            one_line=self.late or settings.card == "line",
            panel=self.live,
        )

    def _record(self, target: ActiveRun) -> Run:
        """The run for the card: from memory, so that a slow disk does not hold the cell up."""
        return target._tracker.snapshot(target._memory, showing.NUMBER_WAIT)


def failure_of(status: str, error: BaseException | None) -> RunError | None:
    """Return the record of the error that a cell failed with; None for a cell that was stopped."""
    return describe_error(error) if error is not None and status == RunStatus.FAILED else None


def recognised(hooks: CellHooks, cell: Cell, named: bool) -> list[str]:
    """Return the note of a notebook that was renamed; a fault here keeps no run from being opened.

    `named` says that the run's experiment was named by the person.
    """
    with guarded("renamed notebook"), contextlib.suppress(StoreError):  # which opening the run says
        found = hooks.recognise(cell, named)
        return [] if found is None else [found]
    return []


def runnable(shell: Any, info: Any, head: Head) -> str | None:
    """Return a cell as Python; None where IPython does not run it: its line is wrong, or it is empty or no Python."""
    if not head.body.strip():
        return None
    try:
        check_line(head.line)
        source: str = getattr(info, "transformed_cell", None) or shell.transform_cell(info.raw_cell)
        if parse_cell(source) is None:  # also where it is too long for `parse_cell`
            ast.parse(shell.transform_cell(head.body))
    except Exception:  # noqa: BLE001 - IPython has met the same error, or another transformer's, and shows it
        return None
    return source
