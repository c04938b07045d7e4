"""One execution of a ``%%track`` cell: its run from the line above it to the card below it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import TrackError
from ..recording import active, fluent
from ..recording.active import Cell
from ..recording.run import ActiveRun, describe_error, status_of
from ..records import Execution, Run, RunError, RunStatus
from ..store.problems import report
from . import showing
from .autometrics import Mode, auto_metrics
from .capture import Captured
from .cellcode import parse_cell
from .ending import Snapshot, failed_line
from .estimators import fitted_name
from .keep import keep_captured
from .options import Options, parse
from .params import automatic_params
from .transformer import body_of, line_offset

if TYPE_CHECKING:
    from .hooks import CellHooks

NUMBER_WAIT = 0.25  # seconds the card waits for the run's number, which the store gives


@dataclass
class TrackedCell:
    """The run of a tracked cell while the cell runs.

    Attributes
    ----------
    before : Snapshot
        The user's namespace when the cell began: what the cell bound is told from it.
    source : str
        The cell as Python, after IPython's transformers, with the line numbers that tracebacks have.
    """

    hooks: CellHooks
    run: ActiveRun
    cell: Cell
    options: Options
    source: str
    before: Snapshot
    notes: list[str] = field(default_factory=list)

    @classmethod
    def open(
        cls, hooks: CellHooks, info: Any, cell: Cell, execution: Execution, options: Options, line: str
    ) -> TrackedCell | None:
        """Open the run of a cell; None where the cell is not Python that can run, or nothing can be recorded."""
        shell = hooks.shell
        source = getattr(info, "transformed_cell", None) or shell.transform_cell(info.raw_cell)
        if parse_cell(source) is None or not (body_of(info.raw_cell) or "").strip():
            return None
        options = _expanded(shell, options, line)
        hooks.end_earlier(cell)
        outer = active.current()
        notes = []
        if outer is not None:
            notes.append(f"child of {outer.name}, which is open")
        try:
            run = fluent.open_run(
                kind="cell",
                name=options.name,
                experiment=options.experiment,
                parent_run_id=None if outer is None else outer.run_id,
                tags=options.tags,
                note=options.note,
            )
        except TrackError as error:  # the store cannot be written: say so once a cell, and run the cell
            showing.show_text(shell, f"This cell is not tracked: {error}")
            return None
        tracked = cls(hooks, run, cell, options, source, hooks.identities(), notes)
        for key, goal in options.goals.items():
            run._tracker.goal(run._memory.experiment, key, goal)
        if options.params:
            run.log_params(options.params)
        hooks.capture.begin(
            run.run_id,
            hooks.wants(options, "figures"),
            hooks.wants(options, "output"),
            line_offset=line_offset(info.raw_cell),
        )
        return tracked

    def close(self, result: Any, execution: Execution, error: BaseException | None) -> None:
        """Record what the cell did, end the run and show the card."""
        hooks, run, options = self.hooks, self.run, self.options
        captured = hooks.capture.end(run.run_id)
        children = hooks.runs.children_of(self.cell)
        target = self._target(children)
        stopped = failed_line(error, self.source, hooks.shell.user_ns)
        value = getattr(result, "result", None)
        if hooks.wants(options, "params"):
            self._keep_params(target, value, stopped)
        self._keep_metrics(target, children, value, stopped)
        self._name(target, value, stopped)
        keep_captured(run._tracker, target.run_id, captured)
        if hooks.wants(options, "source"):
            run._tracker.execution(target.run_id, execution)
        status = status_of(error)
        failure = describe_error(error) if error is not None and status == RunStatus.FAILED else None
        self._end(target, status, failure)
        self._show(target, captured)

    def settle(self) -> None:
        """End the run if a fault of ours left it open."""
        if self.run.is_open:
            self.run.end(RunStatus.FAILED, RunError("Unrecorded", "jupyter-track could not record the cell's end."))

    # ---- one step each

    def _target(self, children: list[ActiveRun]) -> ActiveRun:
        """The run that the cell's own goes to: its only child, where the cell's run has nothing of its own."""
        own = self.run._memory
        if len(children) != 1 or own.own or self.options.params or self.options.note or self.options.tags:
            return self.run
        child = children[0]
        if child._memory.parent_run_id != self.run.run_id:
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
        logged = {run.run_id: tracker.writer.summaries(run.run_id) for run in (self.run, *children)}
        mode: Mode = self.hooks.settings.auto_metrics if self.hooks.wants(options, "metrics") else "off"
        own = {key for summaries in logged.values() for key in summaries}
        found = auto_metrics(
            self.source,
            self.hooks.shell.user_ns,
            self.before,
            value,
            mode="off" if own else mode,
            named=[name for name in options.metrics if name not in own],
            failed_line=stopped,
        )
        self.notes += found.warnings
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

    def _end(self, target: ActiveRun, status: str, failure: RunError | None) -> None:
        if target is self.run:
            target.end(status, failure)
            return
        self.run.dissolve(target)
        target.end(status, failure)

    def _show(self, target: ActiveRun, captured: Captured) -> None:
        settings = self.hooks.settings
        if self.options.quiet or settings.card == "off":
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
            figures=len(captured.figures),
            output=bool(captured.output_text),
            notes=self.notes,
            store_line=self.hooks.store_line(),
            one_line=settings.card == "line",
        )

    def _record(self, target: ActiveRun) -> Run:
        """The run for the card: from memory, so that a slow disk does not hold the cell up."""
        tracker = target._tracker
        if target is not self.run:
            return target.read()
        return tracker.snapshot(target._memory, NUMBER_WAIT)


def _expanded(shell: Any, options: Options, line: str) -> Options:
    """Put the values of ``{variables}`` into the line, as IPython does for every magic."""
    if "{" not in line and "$" not in line:
        return options
    return parse(shell.var_expand(line))
