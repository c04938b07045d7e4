"""``%track on``: a cell becomes a run where it logs, or where the rules find a metric; any other leaves no trace.

What a run needs from the beginning of its cell is held ready while the cell runs: the time, the names of the user's
namespace, and a capture of what is shown. The run itself is opened late, by the first log call (`WatchedCell.open`)
or after the cell, by its metric (`WatchedCell.end`). A run that the cell opens with `start_run` stays the user's own;
its params, and a metric where it logs none, are added when the cell has ended.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import TrackError
from ..recording import active, opening
from ..recording.active import Cell
from ..recording.run import ActiveRun
from ..records import Execution, RunStatus
from . import showing
from .autometrics import auto_metrics
from .ending import Snapshot
from .guard import guarded
from .options import Options
from .tracked import TrackedCell, recognised, runnable
from .transformer import Head, plain_head

if TYPE_CHECKING:
    from .hooks import CellHooks


_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Watching:
    """What ``%track on`` said: the experiment of the runs to come, None where it named none."""

    experiment: str | None = None


@dataclass
class WatchedCell:
    """One execution of a cell that may become a run.

    Attributes
    ----------
    before : Snapshot
        The user's namespace when the cell began.
    began : float
        When that was, by the monotonic clock.
    busy : bool
        Whether a run was open when the cell began: then what it logs belongs to that one.
    """

    hooks: CellHooks
    info: Any
    cell: Cell
    execution: Execution
    head: Head
    options: Options
    before: Snapshot
    began: float
    busy: bool
    capturing: bool = False

    @classmethod
    def begin(
        cls, hooks: CellHooks, info: Any, cell: Cell, execution: Execution, watching: Watching
    ) -> WatchedCell | None:
        """Hold ready what a run of this cell would need; None for a cell that is no Python."""
        head = plain_head(info.raw_cell, hooks.shell)
        if head is None:
            return None
        options = Options(experiment=watching.experiment)
        busy = active.current() is not None
        watched = cls(hooks, info, cell, execution, head, options, hooks.identities(), time.monotonic(), busy)
        with guarded("figures and output"):
            figures, output = hooks.wants(options, "figures"), hooks.wants(options, "output")
            if (figures or output) and not busy:
                hooks.capture.begin(watched._key, figures, output, line_offset=head.line_offset, settle=False)
                watched.capturing = True
        return watched

    @property
    def _key(self) -> str:
        return f"watched cell {self.execution.position}"

    def open(self) -> TrackedCell:
        """Open the run of the cell: from now on it is one with ``%%track``.

        Raises
        ------
        TrackError
            Where the store cannot be written.
        """
        hooks, options = self.hooks, self.options
        renamed = recognised(hooks, self.cell, options.experiment is not None)
        run = opening.open_run(
            kind="cell",
            experiment=options.experiment,
            git=hooks.wants(options, "git"),
            start_time=self.execution.start_time,
            shared=True,
        )
        run._memory.started = self.began
        tracked = self._tracked(run)
        tracked.notes += renamed
        tracked.capturing, self.capturing = self.capturing, False
        with guarded("source"):
            if hooks.wants(options, "source"):
                run._tracker.execution(run.run_id, self.execution)
        return tracked

    def _tracked(self, run: ActiveRun) -> TrackedCell:
        source = runnable(self.hooks.shell, self.info, self.head) or ""
        return TrackedCell(
            self.hooks, run, self.cell, self.options, source, self.before, late=True, capture_key=self._key
        )

    def end(self, result: Any, status: str, error: BaseException | None) -> TrackedCell | None:
        """Return the run of a cell that ended without a log call, opened now; None where it becomes no run."""
        children = self.hooks.runs.children_of(self.cell)
        if children:
            self._complete(result, children, error)
            return None
        if self.busy or status != RunStatus.FINISHED or active.current() is not None:
            return None
        if not self._has_metric(getattr(result, "result", None)):
            return None
        try:
            return self.open()
        except TrackError as fault:  # the store cannot be written: say so once a cell
            showing.show_text(self.hooks.shell, f"This cell is not tracked: {fault}")
            return None

    def _complete(self, result: Any, children: list[ActiveRun], error: BaseException | None) -> None:
        """Add to the one run that the cell opened by itself; of several none is the cell's."""
        ids = {run.run_id for run in children}
        top = [run for run in children if run._memory.parent_run_id not in ids]
        if len(top) == 1 and not top[0].is_open:
            self._tracked(top[0]).complete(result, self.execution, children, error)

    def _has_metric(self, value: object) -> bool:
        mode, names = self.hooks.settings.auto_metrics, self.hooks.shell.user_ns
        if mode == "off" or not may_have_metric(self.info.raw_cell, names, self.before, value):
            return False
        source = runnable(self.hooks.shell, self.info, self.head)
        return source is not None and bool(
            auto_metrics(source, names, self.before, value, mode=mode, computed=True).metrics
        )

    def let_go(self) -> None:
        """Stop capturing; what was seen is forgotten."""
        if self.capturing:
            self.capturing = False
            self.hooks.capture.drop(self._key)


def may_have_metric(source: str, names: Mapping[str, object], before: Mapping[str, int], value: object) -> bool:
    """Whether a look at a cell's code could find a metric in it: reading the code costs more than most cells do.

    Only what calls something can have one: as a last expression that is a number or a dict, as a float under a name
    that the code binds, or as the score of a search that it fits. What is doubtful is looked at.

    Examples
    --------
    >>> may_have_metric("df.head()", {"df": object()}, {}, object())
    False
    """
    if "(" not in source:
        return False
    if type(value) in (int, dict) or _is_scalar(value) or "fit" in source:
        return True
    return any(
        name in names and _is_scalar(names[name]) and _may_bind(name, source, names, before)
        for name in set(_WORD.findall(source))
    )


def _may_bind(name: str, source: str, names: Mapping[str, object], before: Mapping[str, int]) -> bool:
    """Whether a cell may have bound a name: it holds another object now, or the code looks like it."""
    return before.get(name) != id(names[name]) or f"{name} =" in source or f"{name}=" in source


def _is_scalar(value: object) -> bool:
    """Whether a value is a float, or an array or tensor without dimensions."""
    kind = type(value)
    if issubclass(kind, float):
        return True
    try:
        return hasattr(kind, "item") and getattr(value, "shape", None) == ()
    except Exception:  # noqa: BLE001 - an object of the user's that raises when looked at is no number
        return False
