"""Runs that the user opens with `start_run`: the source, output and figures of their cells.

No param and no metric is taken of its own accord. A run that stays open over several cells gets what all of them
show. Inside a ``%%track`` cell what is shown belongs to the cell's run, and its children get the source.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..recording import active
from ..recording.active import Cell
from ..recording.run import ActiveRun
from ..records import Execution
from ..settings import JupyterTrack
from .capture import CellCapture
from .guard import guarded
from .keep import keep_captured


@dataclass
class _Watched:
    run: ActiveRun
    cells: list[Cell]
    capturing: bool
    ended: bool = False
    metrics: frozenset[str] = frozenset()


class RunCapture:
    """Listens to runs that begin and end, and keeps what their cells show."""

    def __init__(self, capture: CellCapture, settings: JupyterTrack) -> None:
        self._capture = capture
        self._settings = settings
        self._watched: dict[str, _Watched] = {}

    def run_started(self, run: ActiveRun) -> None:
        """A run was opened: begin to look, where a cell is running."""
        with guarded("figures and output"):
            self._look_at(run)

    def _look_at(self, run: ActiveRun) -> None:
        cell = active.current_cell()
        if cell is None or run._memory.kind == "cell":
            return
        settings = self._settings
        inside = any(other._memory.kind == "cell" and other._memory.cell == cell for other in active.open_runs())
        capturing = not inside and (settings.figures or settings.output) and run.run_id not in self._watched
        self._watched[run.run_id] = _Watched(run, [cell], capturing)
        if capturing:
            self._capture.begin(run.run_id, settings.figures, settings.output)

    def run_ending(self, run: ActiveRun) -> None:
        """A run is about to end: keep what was shown."""
        watched = self._watched.get(run.run_id)
        if watched is None or watched.ended:
            return
        watched.ended = True
        with guarded("metrics"):
            watched.metrics = frozenset(run._tracker.writer.summaries(run.run_id))
        with guarded("figures and output"):
            if watched.capturing:
                keep_captured(run, self._capture.end(run.run_id))

    def run_ended(self, run: ActiveRun) -> None:
        """A run has ended; what was shown is kept before."""

    def cell_begins(self, cell: Cell) -> None:
        """A further cell of runs that are open in its thread."""
        for run in active.own_stack():
            watched = self._watched.get(run.run_id)
            if watched is not None and not watched.ended:
                watched.cells.append(cell)
                if watched.capturing:
                    self._capture.follow(run.run_id)

    def cell_ends(self, cell: Cell, execution: Execution) -> None:
        """Record the execution for the runs that it belongs to."""
        for run_id, watched in list(self._watched.items()):
            if cell in watched.cells and self._settings.source and watched.run._tracker.exists(run_id):
                watched.run._tracker.execution(run_id, execution)
            if watched.ended:
                del self._watched[run_id]

    def children_of(self, cell: Cell) -> list[ActiveRun]:
        """Return the runs that were opened in a cell by the user's calls, ended or not."""
        return [watched.run for watched in self._watched.values() if watched.cells[0] == cell]

    def logged_by(self, run: ActiveRun) -> frozenset[str]:
        """Return the metrics of a run that was opened in a cell; the writer soon forgets those of one that ended."""
        watched = self._watched.get(run.run_id)
        known = frozenset() if watched is None else watched.metrics
        return known | frozenset(run._tracker.writer.summaries(run.run_id))
