"""What the process runs on: processor, memory, graphics processors; the system is asked, no process is started."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

_NVIDIA = Path("/proc/driver/nvidia/gpus")


def hardware() -> dict[str, Any]:
    """Return processor, cores that the process may use, bytes of memory, and graphics processors, as plain data."""
    found: dict[str, Any] = {"cpu": _cpu(), "cores": _cores()}
    memory = _memory()
    if memory:
        found["memory"] = memory
    gpus = _gpus()
    if gpus:
        found["gpus"] = gpus
    return found


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() in ("model name", "Model", "cpu model"):
                    return " ".join(value.split())
    except OSError:
        pass
    return os.environ.get("PROCESSOR_IDENTIFIER", "") or (os.uname().machine if hasattr(os, "uname") else "")


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))  # fewer than the machine has, in many containers
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def _memory() -> int | None:
    """Bytes of the machine, or of the container where that allows less."""
    limits = []
    try:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        pass
    for place in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(place).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return min(limits) if limits else None


def _gpus() -> list[dict[str, Any]]:
    pynvml = sys.modules.get("pynvml")  # loading it costs time, and where it is not loaded the names are enough
    if pynvml is not None:
        try:
            return _asked(pynvml)
        except Exception:  # noqa: BLE001 - its errors are classes of its own, of which there are many
            return []
    found = []
    for place in sorted(_NVIDIA.glob("*/information")):
        try:
            lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        pairs = dict(line.split(":", 1) for line in lines if ":" in line)
        found.append({"name": pairs.get("Model", "NVIDIA").strip()})
    return found


def _asked(pynvml: Any) -> list[dict[str, Any]]:
    pynvml.nvmlInit()
    found: list[dict[str, Any]] = []
    try:
        for at in range(pynvml.nvmlDeviceGetCount()):
            with suppress(pynvml.NVMLError):  # one that is lost
                one = pynvml.nvmlDeviceGetHandleByIndex(at)
                found.append({"name": _text(pynvml.nvmlDeviceGetName(one))})
                found[-1]["memory"] = int(pynvml.nvmlDeviceGetMemoryInfo(one).total)
        return found
    finally:
        pynvml.nvmlShutdown()


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
