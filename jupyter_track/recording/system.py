"""System metrics of runs: processor, memory, disk, network and GPUs, under mlflow's names.

One thread for the process takes a sample for all runs that asked for it. The first comes after a second, so that short
runs have a point too; then the interval counts. What a sample costs is measured, and where it is more than half a
percent of a core the interval is stretched. A run that ends is not waited for.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidValue
from ..store import gate
from ..store.problems import report
from ..values import check_key
from .tracker import Tracker

PREFIX = "system/"
SOURCE = "system"  # of these metrics, by which views tell them
FIRST = 1.0  # seconds until the first sample
MOST_OF_A_CORE = 0.005
ENABLE_VARIABLE = "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"
_MEGA = 1e6

Reading = Callable[[], Mapping[str, float]]


@dataclass
class Settings:
    """What holds for all runs that begin; None is what the environment says."""

    enabled: bool | None = None
    interval: float = 10.0
    samples: int = 1
    node: str | None = None


settings = Settings()


@dataclass
class _Watched:
    tracker: Tracker
    prefix: str
    samples: int
    step: int = 0
    sums: dict[str, list[float]] = field(default_factory=dict)

    def take(self, run_id: str, sample: Mapping[str, float], spread: Mapping[str, float]) -> None:
        """Take a sample; after so many their means are logged, and of what only grows the last."""
        for key, value in sample.items():
            self.sums.setdefault(key, []).append(value)
        if max(map(len, self.sums.values()), default=0) < self.samples:
            return
        means = {self.prefix + key: round(sum(values) / len(values), 1) for key, values in self.sums.items()}
        last = {self.prefix + key: value for key, value in spread.items()}
        self.sums.clear()
        self.tracker.metrics(run_id, {**means, **last}, self.step, source=SOURCE)
        self.step += 1


_watched: dict[str, _Watched] = {}
_lock = threading.Lock()
_woken = threading.Event()
_thread: threading.Thread | None = None
spent = 0.0  # seconds of processor time that sampling took, in all


def enable_system_metrics_logging() -> None:
    """Record system metrics of all runs that begin from now on; ``start_run(log_system_metrics=False)`` does not."""
    settings.enabled = True


def disable_system_metrics_logging() -> None:
    """Record system metrics only of runs that ask for it: ``start_run(log_system_metrics=True)``."""
    settings.enabled = False


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Take a sample every so many seconds; 10 by default, which None restores.

    Raises
    ------
    InvalidValue
        For what is no number of seconds above zero.
    """
    if interval is None:
        settings.interval = 10.0
        return
    if isinstance(interval, bool) or not isinstance(interval, (int, float)) or not 0 < interval < 1e9:
        raise InvalidValue(f"The interval is a number of seconds above 0, not {interval!r}.")
    settings.interval = float(interval)


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """Log the mean of so many samples as one point; 1 by default, which None restores.

    Raises
    ------
    InvalidValue
        For what is no whole number from 1 on.
    """
    if samples is None:
        settings.samples = 1
        return
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise InvalidValue(f"The number of samples is a whole number from 1 on, not {samples!r}.")
    settings.samples = samples


def set_system_metrics_node_id(node_id: str | int | None) -> None:
    """Name the machine in the metrics, ``system/<node>/cpu_utilization_percentage``; None names none.

    Raises
    ------
    InvalidValue
        Where it cannot be part of a metric's name.
    """
    settings.node = None if node_id is None else check_key(str(node_id), "metric")


def wanted(asked: bool | None) -> bool:
    """Whether a run that begins gets system metrics: as its call says, else as was set for all."""
    if asked is not None:
        return bool(asked)
    if settings.enabled is not None:
        return settings.enabled
    return os.environ.get(ENABLE_VARIABLE, "").strip().lower() in ("true", "1")


def begin(tracker: Tracker, run_id: str, *, resumed: bool = False) -> None:
    """Record system metrics of a run from now on; without psutil, say what is missing.

    The steps of a run that is resumed go on where they ended.
    """
    global _thread
    try:
        import psutil  # noqa: F401
    except ImportError:
        report(
            "system-metrics",
            "System metrics need psutil, which is not installed: pip install 'jupyter-track[psutil]'.",
        )
        return
    node = f"{settings.node}/" if settings.node else ""
    step = _next_step(tracker, run_id) if resumed else 0
    with _lock:
        _watched[run_id] = _Watched(tracker, PREFIX + node, settings.samples, step)
        if _thread is None or not _thread.is_alive():
            _woken.clear()
            _thread = threading.Thread(target=_sample_all, name="jupyter-track-system", daemon=True)
            _thread.start()


def _next_step(tracker: Tracker, run_id: str) -> int:
    known = tracker.read(run_id).metrics.values()
    return max((metric.last_step for metric in known if metric.source == SOURCE), default=-1) + 1


def end(run_id: str) -> None:
    """Record no more of a run; does nothing where it was not asked for."""
    with _lock:
        if _watched.pop(run_id, None) is not None and not _watched:
            _woken.set()


def _sample_all() -> None:
    """Take samples until no run wants any more; whatever goes wrong is said once and ends it."""
    global spent, _thread
    pause = min(FIRST, settings.interval)
    try:
        began = time.thread_time()
        sampler = _Sampler()
        while True:
            took = time.thread_time() - began
            spent += took
            _woken.wait(max(pause, took / MOST_OF_A_CORE))
            began = time.thread_time()
            with _lock:
                if not _watched:
                    _thread = None
                    return
                _woken.clear()
                runs = dict(_watched)
            means, last = sampler.sample()
            for run_id, one in runs.items():
                if one.tracker.exists(run_id):
                    one.take(run_id, means, last)
            pause = settings.interval
    except Exception as error:  # noqa: BLE001 - measuring the machine must not break anything
        report("system-metrics", f"System metrics are not recorded any more: {error!r}")
        with _lock:
            _watched.clear()
            _thread = None


class _Sampler:
    """Reads the system's counters; what a machine lacks is left out."""

    def __init__(self) -> None:
        import psutil

        self.psutil = psutil
        psutil.cpu_percent()  # since when the first reading counts
        self.start = self._network()
        self.readings: list[Reading] = [self._processor, self._disk]
        gpus = _Gpus.found()
        if gpus is not None:
            self.readings.append(gpus.read)

    def sample(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return what is averaged over samples, and what has only grown since the start."""
        means: dict[str, float] = {}
        for reading in list(self.readings):
            try:
                means.update(reading())
            except (OSError, AttributeError, RuntimeError, ArithmeticError) as error:  # a container may hide a counter
                self.readings.remove(reading)
                report("system-metrics-part", f"A part of the system metrics cannot be read here: {error!r}")
        now = self._network()
        names = ("network_receive_megabytes", "network_transmit_megabytes")
        if now is None or self.start is None:
            return means, {}
        return means, {name: b - a for name, a, b in zip(names, self.start, now, strict=True)}

    def _processor(self) -> Mapping[str, float]:
        memory = self.psutil.virtual_memory()
        return {
            "cpu_utilization_percentage": self.psutil.cpu_percent(),
            "system_memory_usage_megabytes": memory.used / _MEGA,
            "system_memory_usage_percentage": memory.used / memory.total * 100,
        }

    def _disk(self) -> Mapping[str, float]:
        disk = self.psutil.disk_usage(os.sep)
        return {
            "disk_usage_percentage": disk.percent,
            "disk_usage_megabytes": disk.used / _MEGA,
            "disk_available_megabytes": disk.free / _MEGA,
        }

    def _network(self) -> tuple[float, float] | None:
        try:
            told = self.psutil.net_io_counters()
        except (OSError, RuntimeError):
            return None
        return None if told is None else (told.bytes_recv / _MEGA, told.bytes_sent / _MEGA)


class _Gpus:
    """NVIDIA's graphics processors, through nvidia-ml-py where it is installed.

    One that is lost, or parted (MIG) so that it does not tell its use, leaves that out; the others go on.
    """

    def __init__(self, pynvml: Any) -> None:
        self.pynvml = pynvml
        self.handles: dict[int, Any] = {}
        for at in range(pynvml.nvmlDeviceGetCount()):
            with suppress(pynvml.NVMLError):  # lost, or not this user's
                self.handles[at] = pynvml.nvmlDeviceGetHandleByIndex(at)

    @classmethod
    def found(cls) -> _Gpus | None:
        """Return them, None where there are none, or the library or driver is not there."""
        try:
            import pynvml  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError:
            return None
        try:
            pynvml.nvmlInit()
            found = cls(pynvml)
        except Exception:  # noqa: BLE001 - its errors are classes of its own; other modules bear its name too
            return None
        return found if found.handles else None

    def read(self) -> Mapping[str, float]:
        """Return memory, use and power of each; what one does not tell is left out."""
        found: dict[str, float] = {}
        for at, handle in self.handles.items():
            for part in (self._memory, self._use, self._power):
                with suppress(self.pynvml.NVMLError, ZeroDivisionError):
                    found.update({f"gpu_{at}_{name}": value for name, value in part(handle).items()})
        return found

    def _memory(self, handle: Any) -> Mapping[str, float]:
        told = self.pynvml.nvmlDeviceGetMemoryInfo(handle)
        return {
            "memory_usage_percentage": round(told.used / told.total * 100, 1),
            "memory_usage_megabytes": told.used / _MEGA,
        }

    def _use(self, handle: Any) -> Mapping[str, float]:
        return {"utilization_percentage": float(self.pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)}

    def _power(self, handle: Any) -> Mapping[str, float]:
        found = {"power_usage_watts": self.pynvml.nvmlDeviceGetPowerUsage(handle) / 1000}  # both tell milliwatts
        with suppress(self.pynvml.NVMLError, ZeroDivisionError):  # many notebooks' GPUs have no limit
            most = self.pynvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000
            found["power_usage_percentage"] = found["power_usage_watts"] / most * 100
        return found


def _start_clean() -> None:
    """In a forked child: its parent's runs are not its own, and threads are not inherited."""
    global _lock, _woken, _thread
    _lock, _woken, _thread = threading.Lock(), threading.Event(), None
    _watched.clear()


gate.reset_in_child(_start_clean)
