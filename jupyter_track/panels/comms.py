"""The comm by which the lab extension's front end speaks with panels, also while a cell runs.

JupyterLab sends what belongs to a comm to a subshell of the kernel, a thread beside the one that runs cells. Two
private ways of ipykernel stand against that, so each comm gets two guards, which do nothing where there is no such way:

- ipykernel 7.4 answers where the comm published last, which is the busy main shell: the front end's choice counts.
- A comm's message fires IPython's ``pre_execute`` and ``post_execute``; the latter flushes matplotlib, and with it a
  figure that the running cell has drawn by half.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .panel import Link, find

TARGET = "jupyter_track"


def listen(shell: Any) -> None:
    """Answer front ends that look for panels of this kernel; does nothing outside a kernel."""
    manager = _manager(shell)
    if manager is not None:
        manager.register_target(TARGET, _opened)


def leave(shell: Any) -> None:
    """Answer no more."""
    manager = _manager(shell)
    if manager is not None and TARGET in manager.targets:
        manager.unregister_target(TARGET, _opened)


def _manager(shell: Any) -> Any:
    return getattr(getattr(shell, "kernel", None), "comm_manager", None)


def _opened(comm: Any, message: Mapping[str, Any]) -> None:
    """A front end has opened a comm, naming a panel."""
    _guard(comm)
    data = message["content"].get("data")
    panel = find(data.get("panel")) if isinstance(data, Mapping) else None
    if panel is None:
        comm.send({"type": "gone"})
        return
    link = Link(comm.send)
    comm.on_msg(lambda received: panel.received(link, received["content"].get("data")))
    comm.on_close(lambda _: panel.detach(link))
    panel.attach(link)


def _guard(comm: Any) -> None:
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
    if hasattr(comm, "_msg_callback"):
        comm.handle_msg = lambda message: comm._msg_callback and comm._msg_callback(message)
