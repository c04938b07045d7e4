"""Warnings that point at the user's line; a fixed ``stacklevel`` cannot, as the way from there to here differs."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

_PACKAGE = __name__.partition(".")[0]
# What calls us where the user does not: a thread of ours, a hook of the shell. No line of theirs explains anything.
_MACHINERY = frozenset({"IPython", "asyncio", "concurrent", "ipykernel", "threading"})
_THROUGH = frozenset({_PACKAGE, "contextlib"})  # contextlib stands between two of our frames


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and name the first line outside this package from which the call was reached.

    Where no user's call led here (a thread or a hook of ours), the line that calls this function is named.

    Parameters
    ----------
    message : str
    category : type of Warning, default UserWarning
    """
    frame = _blamed()
    warnings.warn_explicit(
        message,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=_module(frame),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


def _blamed() -> FrameType:
    own = sys._getframe(2)
    frame: FrameType | None = own
    while frame is not None and _top(frame) in _THROUGH:
        frame = frame.f_back
    return own if frame is None or _top(frame) in _MACHINERY else frame


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "<unknown>"))


def _top(frame: FrameType) -> str:
    return _module(frame).partition(".")[0]
