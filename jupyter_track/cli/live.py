"""A table of runs that follows the store: what is going on comes first, and only what changed is drawn.

Made for a terminal far away: the file is read again only where its revision moved, and nothing is sent where the
picture is the same. A line is written over and never erased first, so nothing flickers.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from ..errors import TrackError
from ..records import Run, ViewType
from ..store import run_rows
from ..store.database import reading
from ..views.arrange import Unit, arranged
from ..views.format import middle_cut, one_line
from ..views.runs import EMPTY, NOTHING_BESIDE, RunTable, run_table
from ..views.table import beside_of_rows, best_beyond
from ..views.words import counted
from .common import error_text, now_ms
from .runs import runs_parts
from .screen import MUTED

FASTEST = 0.5  # seconds between two pictures
_ALIVE_SECONDS = 5.0  # how often it is asked whether the processes of running runs still live
_ENDING = ("q", "Q", "\x03", "\x04")
_RUNNING = "attributes.status = 'RUNNING'"


class Watched:
    """The runs of a store as they are shown: running ones first, then the newest.

    Parameters
    ----------
    store : Path
        It need not exist yet.
    experiments : sequence of str
        Names; none means all.
    filter_text : str
    limit : int
        The most runs.

    Attributes
    ----------
    runs : list of Run
    running, total : int
        How many runs are running, and how many there are.
    fault : str
        Why the store could not be read the last time; empty where it could.
    """

    def __init__(self, store: Path, experiments: Sequence[str], filter_text: str, limit: int) -> None:
        self.store = store
        self.limit = limit
        self.runs: list[Run] = []
        self.running = self.total = 0
        self.fault = ""
        self._experiments, self._filter = experiments, filter_text
        self._units: list[Unit] = []
        self._beside = NOTHING_BESIDE
        self._file: tuple[int, int] | None = None
        self._rev: int | None = None
        self._read_at = 0.0

    def look(self) -> bool:
        """Read the store again where it has changed; return whether it was read.

        Where it cannot be read, what was seen stays, and `fault` says why.
        """
        alive = self.running and time.monotonic() - self._read_at >= _ALIVE_SECONDS
        try:
            if not self.store.is_file() or not (alive or self._moved()):
                return False
            self.read()
            self.fault = ""
        except (TrackError, OSError) as error:
            self.fault = error_text(error)
        return True

    def _moved(self) -> bool:
        status = self.store.stat()
        file = (status.st_mtime_ns, status.st_size)
        if file == self._file:
            return False
        with reading(self.store) as connection:
            rev = int(connection.execute("SELECT rev FROM store").fetchone()[0])
        moved = rev != self._rev
        self._file, self._rev = file, rev
        return moved

    def read(self) -> None:
        """Read the runs.

        Raises
        ------
        NotFound
            For an experiment that is not there.
        FilterError
        StoreError
        """
        from ..store.reader import Reader

        self._read_at = time.monotonic()
        reader = Reader(self.store)
        ids = [reader.experiment_named(name).experiment_id for name in self._experiments] or None
        view = ViewType.ACTIVE_ONLY
        numbers = run_rows.find(self.store, run_rows.search(ids, self._filter, (), view, None, 0))
        both = f"({self._filter}) AND {_RUNNING}" if self._filter.strip() else _RUNNING
        open_numbers = run_rows.find(self.store, run_rows.search(ids, both, (), view, None, 0))
        first = open_numbers[: self.limit]
        rest = [number for number in numbers[: self.limit] if number not in set(first)]
        found = run_rows.load(self.store, [*first, *rest][: self.limit])
        going = _going(found)
        self._units = [
            unit
            for part in (True, False)
            for unit in arranged(
                [run for run in found if (run.run_id in going) == part], sources={}, with_files=(), fold=False
            )
        ]
        self._beside = beside_of_rows(reader, found, self._units)
        self.runs, self.total = [unit.run for unit in self._units], len(numbers)
        if self.total > len(self.runs):
            beyond = best_beyond(self.store, self._table(0), found, numbers)
            self._beside = replace(self._beside, beyond=beyond)
        self.running = sum(run.state == "running" for run in found)

    def parts(self, now: int, width: int | None) -> list[RenderableType]:
        """Return the picture of a moment, for a terminal of `width` columns or a pipe (None)."""
        place = one_line(str(self.store))
        place = place if width is None else middle_cut(place, max(width - 40, 20))
        said = f"{place}  {self.running} running · {counted(self.total, 'run')}"
        parts: list[RenderableType] = [Text(said, style=MUTED)]
        if self.fault:
            parts.append(Text(self.fault))
        if not self.runs:
            filtered = self._filter.strip() or self._experiments
            return [*parts, Text("No run matches yet." if filtered else EMPTY)]
        return [*parts, *runs_parts(self._table(now), width)]

    def _table(self, now: int) -> RunTable:
        return run_table(self.runs, now, beside=self._beside, units=self._units, limit=len(self.runs))


def _going(runs: Sequence[Run]) -> set[str]:
    """Return the ids of runs that are running, of those above them, and of all that is below these."""
    parents = {run.run_id: run.parent_run_id for run in runs}

    def top(run_id: str) -> str:
        seen = {run_id}
        while (above := parents.get(run_id)) in parents and above is not None and above not in seen:
            seen.add(above)
            run_id = above
        return run_id

    tops = {top(run.run_id) for run in runs if run.state == "running"}
    return {run.run_id for run in runs if top(run.run_id) in tops}


class _Cropped:
    """The first lines of a picture, as many as the terminal has; a line that is cut off would make it scroll."""

    def __init__(self, parts: Sequence[RenderableType]) -> None:
        self._parts = parts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(Group(*self._parts), options.update(height=None), pad=False)
        foot = console.render_lines(Text("q ends", style=MUTED), options.update(height=None), pad=False)
        for line in [*lines[: max(console.height - 2, 1)], *foot]:
            yield from line
            yield Segment.line()


def follow(watched: Watched, interval: float) -> None:
    """Draw the runs until a person types q or Ctrl-C; the last picture then stays on the screen.

    Parameters
    ----------
    watched : Watched
    interval : float
        Seconds between two looks; at least `FASTEST`.
    """
    with suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    console = Console(force_jupyter=False, highlight=False, markup=False, emoji=False)
    wait = max(interval, FASTEST)
    live = Live(console=console, screen=True, auto_refresh=False, transient=True)
    with suppress(KeyboardInterrupt), _ending_by_signal(), _keys() as key, live:
        before: Any = None
        typed = ""
        while typed not in _ENDING:
            watched.limit = max(console.height, 10)
            watched.look()
            parts = watched.parts(now_ms(), console.width)
            lines = console.render_lines(Group(*parts), pad=False)
            picture = ([[segment[:2] for segment in line] for line in lines], console.size)
            if picture != before:
                live.update(_Cropped(parts), refresh=True)
                before = picture
            typed = key(wait)
    console.print(*watched.parts(now_ms(), console.width), sep="\n")


@contextmanager
def _ending_by_signal() -> Iterator[None]:
    """Let SIGTERM end the watching as Ctrl-C does, so that the terminal is left as it was."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """Give a function that waits for a key for some seconds and returns it, or nothing.

    Where the input is no terminal it only waits.
    """
    if not sys.stdin.isatty():
        yield _sleep
    elif sys.platform == "win32":
        yield _windows_key
    else:
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor)
            yield _posix_key
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _sleep(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _posix_key(seconds: float) -> str:
    import os
    import select

    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    if not ready:
        return ""
    typed = os.read(sys.stdin.fileno(), 64)
    # Nothing to read means that the terminal has gone.
    return "q" if not typed or b"q" in typed.lower() else typed[:1].decode("latin-1")


def _windows_key(seconds: float) -> str:
    import msvcrt

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if msvcrt.kbhit():  # type: ignore[attr-defined]
            return str(msvcrt.getwch())  # type: ignore[attr-defined]
        time.sleep(0.05)
    return ""
