"""A progress bar on the standard error, where that is a terminal; a pipe and ``--json`` get none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]  # what is done, of how much


@contextmanager
def bar(label: str, unit: str, *, quiet: bool = False) -> Iterator[Progress]:
    """Give a function that is called with what is done and the total; the bar goes when the block ends.

    Parameters
    ----------
    label : str
        What is being done, such as ``merging``.
    unit : str
        What is counted, such as ``runs``.
    quiet : bool, default False
        Show nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} of {task.total:,.0f}"))
    console = Console(stderr=True, force_jupyter=False)
    with Progress(*columns, TextColumn(unit), TimeRemainingColumn(), console=console, transient=True) as shown:
        task = shown.add_task(label, total=1)
        yield lambda done, total: shown.update(task, completed=done, total=max(total, 1))
