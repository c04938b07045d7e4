"""The run of a cell as its live card sees it: from memory, in a thread of ours, while the user's code goes on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, TrackError
from ..panels.card import FIRST, CardPanel
from ..panels.display import Display
from ..panels.ended import EndedCards
from ..panels.estimate import TimeLeft
from ..recording import active, stopping
from ..recording.entries import now_ms
from ..recording.run import ActiveRun
from ..records import Run, RunStatus
from ..store import edits
from ..views.beside import Beside, beside_of
from ..views.live import LiveCard, Progress, Stop, live_card, way_back
from ..views.logged import model_words
from .bars import open_bars
from .frontend import interrupt_kernel, shows_live
from .guard import guarded
from .showing import NUMBER_WAIT, show_card

if TYPE_CHECKING:
    from ..recording.loops import Loop
    from ..recording.tracker import Tracker

PATIENCE_MS = 3_000  # milliseconds that a request to stop may go without effect before the interrupt is offered


class RunSource:
    """What the card of a run says while it goes on; a `panels.card.CardSource`.

    Parameters
    ----------
    run : ActiveRun
    previous : Run or None
        The run that the card compares with.
    notes : list of str
        What the card should say besides; read anew each time.
    one_line : bool
    children : callable, optional
        Gives the runs that were opened inside: where a cell's run has nothing of its own, the card is its only child's.
    """

    def __init__(
        self,
        run: ActiveRun,
        *,
        previous: Run | None = None,
        notes: list[str] | None = None,
        one_line: bool = False,
        children: Callable[[], list[ActiveRun]] = list,
    ) -> None:
        self.run_id = run.run_id
        self.store: Path = run._tracker.store
        self._run = run
        self._previous = previous
        self._notes = [] if notes is None else notes
        self._one_line = one_line
        self._children = children
        self._others: Beside | None = None
        self._left = TimeLeft()
        self._began = time.time()

    def live(self) -> LiveCard:
        """Return what the card says now."""
        target = self._target()
        tracker, memory = target._tracker, target._memory
        run = tracker.snapshot(memory)
        if target is not self._run and not target.is_open:  # the child has ended, and its cell goes on
            run = replace(run, status=RunStatus.RUNNING, state="running", duration=None, end_time=None, error=None)
        return live_card(
            run,
            now_ms=now_ms(),
            beside=self._beside(tracker, run),
            curves=tracker.writer.shapes(memory.run_id),
            progress=self._progress(target),
            stop=self._stop(),
            notes=self._notes,
            one_line=self._one_line,
        )

    def stop(self) -> None:
        """Ask the run to stop: at once here, and in the store for whoever looks there."""
        run, when = self._run, now_ms()
        run._tracker.writer.stops.ask(run.run_id, when)
        with contextlib.suppress(TrackError):  # the run may have ended of it by now, or not be written yet
            edits.request_stop(run._tracker.store, [run.run_id], when)

    def interrupt(self) -> None:
        """Interrupt the cell."""
        if not interrupt_kernel():
            raise InvalidValue("No cell is running; there is nothing to interrupt.")

    def note(self, text: str | None) -> None:
        """Set the note of the run."""
        target = self._target()
        target._tracker.note(target.run_id, text)

    def rename(self, text: str) -> None:
        """Give the run another name."""
        target = self._target()
        target._tracker.rename(target.run_id, text)

    def restore(self, run_id: str) -> None:
        """Take a run out of the bin."""
        tracker = self._run._tracker
        edits.restore_runs(tracker.store, [run_id])
        tracker.follow_edits()

    # ---- parts

    def _target(self) -> ActiveRun:
        """The run that the card is of."""
        own = self._run._memory
        if own.own or self._run._tracker.writer.summaries(own.run_id):
            return self._run
        inside = [child for child in self._children() if child._memory.parent_run_id == own.run_id]
        return inside[0] if len(inside) == 1 else self._run

    def _beside(self, tracker: Tracker, run: Run) -> Beside:
        """The runs to compare with: looked up once, in the thread that refreshes; params may still come."""
        if self._others is None:
            try:
                found = beside_of(tracker.reader, run, previous=self._previous)
                self._others = replace(found, changed=None)
            except TrackError:  # what is wrong with the store is said where something is written to it
                self._others = Beside(previous=self._previous)
        return self._others

    def _stop(self) -> Stop:
        run = self._run
        when = stopping.asked(run)
        if when is None or when <= max(run._memory.stopped, self._target()._memory.stopped):
            return "stop"
        return "stopping" if now_ms() - when < PATIENCE_MS else "interrupt"

    def _progress(self, target: ActiveRun) -> Progress | None:
        loops: list[Any] = [*self._run._memory.loops, *(target._memory.loops if target is not self._run else ())]
        if loops:
            outer: Loop = loops[0]
            done, total, label = outer.done, outer.total, outer.unit or outer.description
        elif bars := open_bars(self._began):
            loops = list(bars)
            done, total, label = bars[0].done, bars[0].total, bars[0].label
        else:
            return None
        return Progress(done, total, label, self._left.at(time.monotonic(), _share(loops)) if total else None)


def _share(loops: list[Any]) -> float:
    """How much of nested loops is done, 0 to 1: the step of an outer loop that is under way counts in part."""
    share, weight = 0.0, 1.0
    for loop in loops:
        if not loop.total:
            break
        share += weight * min(loop.done / loop.total, 1.0)
        weight /= loop.total
    return min(share, 1.0)


class LiveCards:
    """The cards that are live under the cells of one shell.

    Parameters
    ----------
    shell : InteractiveShell
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._open: dict[CardPanel, str | None] = {}  # and the message of the cell that each stands under
        self._ended = EndedCards()
        self._watched: dict[str, CardPanel | None] = {}  # by `track.live`: run id to card, None where nobody looks

    def begin(self, source: RunSource, cell_id: str | None, after: float = FIRST) -> CardPanel | None:
        """Show a card in `after` seconds under the cell that is running; None where nobody looks.

        The card lives until `CardPanel.finish` or `abandon` is called and `end` is told.
        """
        if not shows_live(self._shell, cell_id):
            return None
        publisher = self._shell.display_pub
        panel = CardPanel(source, Display(publisher))
        self._open[panel] = publisher.parent_header.get("msg_id")
        panel.begin(after)
        return panel

    def end(self, panel: CardPanel) -> None:
        """Refresh a card no more."""
        self._open.pop(panel, None)
        panel.abandon()
        if panel.finished:
            self._ended.add(panel, panel.store)

    def cleared(self, message_id: str | None) -> None:
        """``clear_output`` was called in the cell of a message."""
        for panel, message in list(self._open.items()):
            if message == message_id:
                panel.erased()

    def end_all(self) -> None:
        """Refresh no card any more."""
        for panel in list(self._open):
            self.end(panel)
        self._ended.clear()
        self._watched.clear()

    # ---- runs that are watched by hand

    def watch(self, run: ActiveRun) -> None:
        """Show the card of an open run here, from now on; at its end only, where nobody looks."""
        cell = active.current_cell()
        for panel in list(self._open):
            if panel.run_id == run.run_id and run.run_id not in self._watched:
                panel.changed()  # the card of a tracked cell, which would come in a moment
                return
        if (earlier := self._watched.pop(run.run_id, None)) is not None:
            self.end(earlier)
        self._watched[run.run_id] = self.begin(RunSource(run), None if cell is None else cell.cell_id, after=0.0)

    def show_stored(self, tracker: Tracker, run: Run) -> None:
        """Show the static card of a run as it stands in the store."""
        files = tracker.reader.artifacts(run.run_id)
        deleted = run.lifecycle_stage == "deleted"
        show_card(
            self._shell,
            run,
            tracker=tracker,
            figures=sum(one.kind == "figure" for one in files),
            output=any(one.kind == "output" for one in files),
            models=model_words(files),
            notes=[way_back(run.number or run.run_id[:8])] if deleted else [],
        )

    def run_started(self, run: ActiveRun) -> None:
        """A run was opened; it is watched once that is asked for."""

    def run_ending(self, run: ActiveRun) -> None:
        """A run is about to end; its card waits for what it ends as."""

    def run_ended(self, run: ActiveRun) -> None:
        """A run has ended: its card, where it is watched, becomes the static one."""
        if run.run_id not in self._watched:
            return
        panel = self._watched.pop(run.run_id)
        with guarded("card"):
            tracker = run._tracker
            models = model_words(run._memory.artifacts.values())
            show_card(
                self._shell, tracker.snapshot(run._memory, NUMBER_WAIT), tracker=tracker, models=models, panel=panel
            )
        if panel is not None:
            self.end(panel)
