"""What is known of a cell's names once it has ended: which bindings were reached, and what a dotted name stands for."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass

from .cellcode import Binding, parse_cell


class Snapshot(dict[str, int]):
    """The identity of every value of a namespace at one moment, by name.

    Python reuses the address of what is gone, and a float's at once: ``acc = f()`` run twice may end with the identity
    that `acc` had before. Numbers are therefore kept alive here; larger things are not, since they may be large.
    """

    def __init__(self, user_ns: Mapping[str, object]) -> None:
        super().__init__({name: id(value) for name, value in user_ns.items()})
        self._numbers = [value for value in user_ns.values() if issubclass(type(value), (float, int))]


@dataclass(frozen=True)
class After:
    """What is known once a cell has ended.

    Parameters
    ----------
    user_ns : mapping of str to object
        The namespace as the cell left it.
    before : mapping of str to int
        ``id()`` of every value of the namespace before the cell ran: a `Snapshot`.
    failed_line : int, optional
        The line at which the cell stopped (see `failed_line`); None where it ran to its end.
    """

    user_ns: Mapping[str, object]
    before: Mapping[str, int]
    failed_line: int | None = None

    def rebound(self, name: str) -> bool:
        """Whether `name` now holds another object than before the cell."""
        return name in self.user_ns and self.before.get(name) != id(self.user_ns[name])

    def reached(self, binding: Binding) -> bool:
        """Whether the cell came as far as the line of a binding."""
        return self.failed_line is None or binding.line <= self.failed_line

    def happened(self, binding: Binding) -> bool:
        """Whether a binding was reached, as far as that can be told.

        The line decides first, since identity cannot: ``C = 1`` run twice binds the same cached object. On the
        failing line itself, and in branches and loops, a changed identity does.
        """
        if binding.name not in self.user_ns:
            return False
        if not self.reached(binding):
            return False
        if binding.place == "straight" and (self.failed_line is None or binding.end_line < self.failed_line):
            return True
        return self.rebound(binding.name)


def failed_line(error: BaseException | None, source: str, user_ns: Mapping[str, object]) -> int | None:
    """Return the line of the cell at which `error` stopped it.

    Parameters
    ----------
    error : BaseException or None
        What `ExecutionResult.error_in_exec` or `error_before_exec` holds.
    source : str
        The cell's transformed source.
    user_ns : mapping
        The shell's namespace, by which the cell's own frame is recognised.

    Returns
    -------
    int or None
        None without an error, 1 where no line of the cell was reached (a syntax error).
    """
    if error is None:
        return None
    cell = parse_cell(source)
    lines = []
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is user_ns and frame.f_locals is user_ns:  # module level: a function has its own locals
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    # A magic's body has a frame of its own below the cell's, which %%time cuts off where it keeps the error.
    wanted = 1 if cell is not None and cell.wrapped and _timed_body(error.__traceback__) is None else 0
    if len(lines) > wanted:
        return lines[wanted]
    return 1


def kept_by_time(cell: str, earlier: types.TracebackType | None) -> BaseException | None:
    """Return the error that ended a ``%%time`` cell which ended well for IPython; None where there is none.

    IPython before 9.4 shows the error below ``%%time`` and goes on as if there had been none.

    Parameters
    ----------
    cell : str
        The cell as the user wrote it.
    earlier : traceback or None
        ``sys.last_traceback`` when the cell began: IPython leaves there what it has shown last.
    """
    trace = getattr(sys, "last_traceback", None)
    if trace is earlier:
        return None
    body = _timed_body(trace)
    # What fails in a line with %time does not end the cell, and what a cell beside it shows is not this one's.
    if body is None or body.strip() not in cell:
        return None
    error: BaseException | None = sys.last_value
    return error


def _timed_body(trace: types.TracebackType | None) -> str | None:
    """Return the cell below ``%%time`` in which the error of a traceback was raised; None elsewhere."""
    if trace is None:
        return None
    frame = trace.tb_frame
    if (frame.f_globals.get("__name__"), frame.f_code.co_name) != ("IPython.core.magics.execution", "time"):
        return None
    body: str | None = frame.f_locals.get("cell")
    return body


def resolve(parts: list[str], user_ns: Mapping[str, object]) -> object:
    """Return what a dotted name stands for, looking into modules and classes only; None where it is unknown.

    Examples
    --------
    >>> import math
    >>> resolve(["math", "pi"], {"math": math})
    3.141592653589793
    """
    if not parts:
        return None
    found = user_ns.get(parts[0])
    for part in parts[1:]:
        if not issubclass(type(found), (types.ModuleType, type)):  # isinstance would ask the object itself
            return None
        found = vars(found).get(part)
    return found
