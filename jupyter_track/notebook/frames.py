"""Which cell IPython is running, what it is showing and where in the cell: found by looking outwards from a frame."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

# Names under which ipykernel and IPython compile a cell; ipykernel_launcher.py must not match.
_CELL_FILE = re.compile(r"<ipython-input-|[/\\]ipykernel_\d+[/\\]")
_SHELL = "IPython.core.interactiveshell"
_TIMED_FILES = ("<timed exec>", "<timed eval>")
# The functions of IPython that are showing an object, by module and name, and the variable that holds it.
_SHOWING = {
    ("IPython.core.display_functions", "display"): "obj",
    ("IPython.core.display", "display"): "obj",
    ("IPython.core.displayhook", "__call__"): "result",
}


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def shown_object(frame: FrameType | None) -> object:
    """Return the object that IPython is showing, looking outwards from a frame; None where that is not known."""
    for outer in _outwards(frame):
        name = _SHOWING.get((outer.f_globals.get("__name__", ""), outer.f_code.co_name))
        if name is not None:
            return outer.f_locals.get(name)
        if _CELL_FILE.search(outer.f_code.co_filename):
            return None
    return None


def source_line(frame: FrameType | None, cell_name: str | None = None) -> int | None:
    """Return the line of the running cell from which a frame was reached; None where no cell is running.

    Where a function of the same cell shows the figure, its line; where one of an earlier cell or a module does, the
    line of the call. Under `%%time`, the line in the whole cell.

    Parameters
    ----------
    frame : frame or None
    cell_name : str, optional
        The file name under which the cell is compiled. Where None, the outermost cell is the running one.
    """
    lines: dict[str, int] = {}
    timed = 0
    cell = cell_name
    for outer in _outwards(frame):
        name = outer.f_code.co_filename
        if name == cell_name or (cell_name is None and _CELL_FILE.search(name)):
            cell = name
            lines.setdefault(name, outer.f_lineno)
        elif name in _TIMED_FILES:
            timed = timed or outer.f_lineno
    line = lines.get(cell) if cell is not None else None
    return None if line is None else line + timed


def running_result() -> tuple[Any, bool]:
    """Return the `ExecutionResult` that the running cell will give, None where no cell is running.

    Where this thread runs none, it may be a worker of the one that the main thread runs.

    Returns
    -------
    (ExecutionResult or None, bool)
        The result, whose ``info`` is what IPython's ``pre_run_cell`` had, and whether this thread runs the cell.
    """
    own = _result_outwards(sys._getframe(1))
    if own is not None:
        return own, True
    main = sys._current_frames().get(threading.main_thread().ident or 0)
    return _result_outwards(main), False


def _result_outwards(frame: FrameType | None) -> Any:
    found = None
    for outer in _outwards(frame):
        if outer.f_code.co_name == "run_cell_async" and outer.f_globals.get("__name__") == _SHELL:
            found = outer.f_locals.get("result", found)  # the outermost: a cell can run another one
    return found
