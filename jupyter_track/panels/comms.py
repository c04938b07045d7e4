"""The comm by which the lab extension's front end speaks with panels, also while a cell runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .guards import guard, keep_hearing
from .panel import Link, find, watch
from .widget import offers

TARGET = "jupyter_track"


def listen(shell: Any) -> None:
    """Answer front ends that look for panels of this kernel; does nothing outside a kernel."""
    manager = _manager(shell)
    if manager is not None:
        keep_hearing(shell.kernel)
        manager.register_target(TARGET, _opened)
        watch(offers)


def leave(shell: Any) -> None:
    """Answer no more."""
    manager = _manager(shell)
    if manager is not None and TARGET in manager.targets:
        manager.unregister_target(TARGET, _opened)
        watch(None)


def _manager(shell: Any) -> Any:
    return getattr(getattr(shell, "kernel", None), "comm_manager", None)


def _opened(comm: Any, message: Mapping[str, Any]) -> None:
    """A front end has opened a comm, naming a panel."""
    guard(comm)
    offers.own = True
    data = message["content"].get("data")
    panel = find(data.get("panel")) if isinstance(data, Mapping) else None
    if panel is None:
        comm.send({"type": "gone"})
        return
    offers.withdraw(panel)
    link = Link(comm.send)
    comm.on_msg(lambda received: panel.received(link, received["content"].get("data")))
    comm.on_close(lambda _: panel.detach(link))
    panel.attach(link)
