"""How far a folder is that is being logged: on the card under the cell; as a bar in a terminal where it takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import active
from .entries import RunMemory
from .loops import Loop

LONG = 1.0  # seconds after which a terminal shows a bar
_FEW = 3  # files that need no counting

File = tuple[Path, str]


def counted(memory: RunMemory | None, files: Sequence[File]) -> Iterator[File]:
    """Yield the files, and tell how many were gone through.

    Parameters
    ----------
    memory : RunMemory or None
        Of the run, where it is open in this process: its card tells it.
    files : sequence of (path, relative path)
    """
    if len(files) <= _FEW:
        yield from files
        return
    place = (sys._getframe().f_code, 0)
    loop = Loop(len(files), "logging files", "files", place, active.thread_number(), time.monotonic())
    if memory is not None:
        memory.loops.append(loop)
    try:
        with _terminal(len(files)) as show:
            for file in files:
                yield file
                loop.done += 1
                show(loop.done)
    finally:
        if memory is not None and loop in memory.loops:
            memory.loops.remove(loop)


@contextmanager
def _terminal(total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many are done; the bar comes after a second, and goes with the last one."""
    if "ipykernel" in sys.modules or not getattr(sys.stderr, "isatty", bool)():
        yield lambda done: None
        return
    began = time.monotonic()
    bars: list[Any] = []

    def show(done: int) -> None:
        if not bars and time.monotonic() - began > LONG:
            from rich.console import Console
            from rich.progress import Progress

            bars.append(Progress(console=Console(stderr=True), transient=True))
            bars[0].add_task("logging files", total=total)
            bars[0].start()
        if bars:
            bars[0].update(bars[0].task_ids[0], completed=done)

    try:
        yield show
    finally:
        for bar in bars:
            bar.stop()
