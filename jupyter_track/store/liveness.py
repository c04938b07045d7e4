"""Is the process of a run still alive? Told without a daemon and, on the same host, without a clock.

A run stores the host, the boot, the pid and the process's start. On the same host a missing process, another boot or
another start means that it is dead. A run of another host is told by its heartbeat, a counter: where it has not moved
for 60 s of the observer's own time its state is ``unknown``, and it is never called failed.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import gate

HEARTBEAT_SECONDS = 20.0
STALE_SECONDS = 60.0

_STATES = {
    "RUNNING": "running",
    "SCHEDULED": "scheduled",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "stopped",
}


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """What tells one process from all others, before and after a reboot."""

    host_id: str
    boot_id: str
    pid: int
    start: str


@lru_cache(maxsize=1)
def this_process() -> ProcessIdentity:
    """Return the identity of this process (made again in a forked child)."""
    pid = os.getpid()
    return ProcessIdentity(_host_id(), _boot_id(), pid, process_start(pid) or "")


gate.reset_in_child(this_process.cache_clear)


@lru_cache(maxsize=1)
def _host_id() -> str:
    """The machine, and on Linux the pid namespace: two containers of one machine do not see each other's processes."""
    for place in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        text = _read(place)
        if text:
            break
    else:
        text = f"{platform.node()}-{uuid.getnode():x}"
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{text.strip()} {platform.node()} {namespace}").hex


@lru_cache(maxsize=1)
def _boot_id() -> str:
    text = _read("/proc/sys/kernel/random/boot_id")
    if text:
        return text.strip()
    try:
        import psutil
    except ImportError:
        return ""
    return str(round(psutil.boot_time() / 60))  # the minute: the time of boot is recomputed when the clock is set


def process_start(pid: int) -> str | None:
    """Return a mark of the start of process `pid`: clock ticks since boot on Linux, else psutil's time of creation.

    Returns
    -------
    str or None
        None where there is no such process; an empty string where this system cannot tell its start.
    """
    if sys.platform.startswith("linux"):
        stat = _read(f"/proc/{pid}/stat")
        # The command's name may hold spaces and brackets: fields are counted after the last bracket (proc(5)).
        if not stat:
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    try:
        import psutil
    except ImportError:
        return "" if _exists(pid) else None
    try:
        return str(round(psutil.Process(pid).create_time()))
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return ""


def _exists(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # without psutil a run is not called dead: a false death is worse than a late one
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


_heartbeats: dict[str, tuple[int, float]] = {}


def state_of(
    status: str,
    run_id: str,
    host_id: str | None,
    boot_id: str | None,
    pid: int | None,
    start: str | None,
    heartbeat: int,
) -> str:
    """Return the state of a run that a person should read.

    Parameters
    ----------
    status : str
        The stored status.
    run_id, host_id, boot_id, pid, start, heartbeat
        As stored with the run.

    Returns
    -------
    str
        ``running scheduled finished failed stopped lost unknown``.
    """
    if status != "RUNNING" or pid is None:
        return _STATES.get(status, "unknown")
    here = this_process()
    if host_id == here.host_id:
        if boot_id and here.boot_id and boot_id != here.boot_id:
            return "lost"
        now = process_start(pid)
        if now is None or (start and now and now != start):
            return "lost"
        return "running"
    seen = _heartbeats.get(run_id)
    if seen is None or seen[0] != heartbeat:
        _heartbeats[run_id] = (heartbeat, time.monotonic())
        return "running"
    return "unknown" if time.monotonic() - seen[1] > STALE_SECONDS else "running"
