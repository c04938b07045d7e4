"""System metrics: which runs get them, under which names, how often, and how they are shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from made_records import made_metric, made_run
from shell_session import notebook

import jupyter_track as track
from jupyter_track.errors import InvalidValue
from jupyter_track.recording import system
from jupyter_track.store.problems import TrackWarning
from jupyter_track.views.card import run_card
from jupyter_track.views.columns import columns_of
from jupyter_track.views.comparison import compare
from jupyter_track.views.details import run_details

pytest.importorskip("psutil")

# As mlflow 3.17 names them.
NAMES = {
    "system/cpu_utilization_percentage",
    "system/system_memory_usage_megabytes",
    "system/system_memory_usage_percentage",
    "system/disk_usage_percentage",
    "system/disk_usage_megabytes",
    "system/disk_available_megabytes",
    "system/network_receive_megabytes",
    "system/network_transmit_megabytes",
}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Samples that come often, and settings as in a new process."""
    monkeypatch.setattr(system, "settings", system.Settings(interval=0.02))
    monkeypatch.setattr(system, "MOST_OF_A_CORE", 1.0)
    monkeypatch.delenv(system.ENABLE_VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    yield
    for run_id in list(system._watched):
        system.end(run_id)


def wait_for(fits: Callable[[], bool]) -> None:
    """Wait until something is so, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not fits():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def points(run_id: str, key: str = "system/cpu_utilization_percentage") -> list[int]:
    """The steps of a curve."""
    return [point.step for point in track.TrackClient().get_metric_history(run_id, key)]


def test_a_run_that_asks_has_them_under_mlflow_s_names(store: Path) -> None:
    """Curves from step 0 on, marked as the machine's; they are no metrics of the user's own."""
    with track.start_run(log_system_metrics=True) as run:
        wait_for(lambda: len(points(run.run_id)) > 2)
        assert run._memory.own == 0
    found = track.get_run(run.run_id)
    assert set(found.metrics) >= NAMES - {"system/network_receive_megabytes", "system/network_transmit_megabytes"}
    assert set(found.metrics) <= NAMES
    assert {metric.source for metric in found.metrics.values()} == {"system"}
    assert points(run.run_id)[:3] == [0, 1, 2]
    assert 0 <= found.data.metrics["system/cpu_utilization_percentage"] <= 100
    assert found.data.metrics["system/system_memory_usage_megabytes"] > 10


def test_a_run_that_ended_gets_no_more(store: Path) -> None:
    """The thread leaves with the last run, and comes again with the next."""
    with track.start_run(log_system_metrics=True) as run:
        wait_for(lambda: len(points(run.run_id)) > 0)
    wait_for(lambda: system._thread is None)
    count = len(points(run.run_id))
    with track.start_run(log_system_metrics=True) as other:
        wait_for(lambda: len(points(other.run_id)) > 1)
    assert len(points(run.run_id)) == count


def test_which_runs_get_them(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's own word counts before what was set for all, and that before the environment's."""
    assert [system.wanted(asked) for asked in (None, True, False)] == [False, True, False]
    monkeypatch.setenv(system.ENABLE_VARIABLE, "true")
    assert system.wanted(None)
    track.disable_system_metrics_logging()
    assert not system.wanted(None)
    track.enable_system_metrics_logging()
    assert [system.wanted(asked) for asked in (None, False)] == [True, False]
    with track.start_run() as run:
        wait_for(lambda: len(points(run.run_id)) > 0)


def test_samples_are_averaged_and_the_machine_is_named(store: Path) -> None:
    """A point for every so many samples, the mean of them; of what only grows the last."""
    track.set_system_metrics_node_id("node-1")
    track.set_system_metrics_samples_before_logging(3)
    watched = system._Watched(track.TrackClient()._tracker, "system/node-1/", 3)
    run = track.start_run(log_system_metrics=True)
    system.end(run.run_id)
    for value in (1.0, 2.0, 4.5, 9.0):
        watched.take(run.run_id, {"cpu": value}, {"sent": value})
    track.end_run()
    assert track.get_run(run.run_id).data.metrics == {"system/node-1/cpu": 2.5, "system/node-1/sent": 4.5}


def test_a_resumed_run_goes_on_counting(store: Path) -> None:
    """No step comes twice."""
    with track.start_run(log_system_metrics=True) as run:
        wait_for(lambda: len(points(run.run_id)) > 1)
    with track.start_run(run_id=run.run_id, log_system_metrics=True):
        before = len(points(run.run_id))
        wait_for(lambda: len(points(run.run_id)) > before)
    steps = points(run.run_id)
    assert steps == sorted(set(steps))


@pytest.mark.parametrize(
    ("call", "value"),
    [
        (track.set_system_metrics_sampling_interval, 0),
        (track.set_system_metrics_sampling_interval, "5"),
        (track.set_system_metrics_sampling_interval, float("nan")),
        (track.set_system_metrics_samples_before_logging, 0),
        (track.set_system_metrics_samples_before_logging, 1.5),
        (track.set_system_metrics_node_id, "a?b"),
    ],
)
def test_bad_settings(call: Callable[[Any], None], value: Any) -> None:
    """A mistake raises at the call."""
    with pytest.raises(InvalidValue):
        call(value)


def test_settings_go_back_to_their_defaults() -> None:
    """None restores them, as in mlflow."""
    track.set_system_metrics_sampling_interval(2)
    assert system.settings.interval == 2.0
    track.set_system_metrics_sampling_interval(None)
    track.set_system_metrics_samples_before_logging(None)
    track.set_system_metrics_node_id(None)
    assert system.settings == system.Settings()


def test_without_psutil_it_says_how_to_get_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the run goes on."""
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.warns(TrackWarning, match=r"pip install 'jupyter-track\[psutil\]'"):
        track.start_run(log_system_metrics=True)
    track.log_metric("x", 1.0)
    track.end_run()


def test_a_costly_sample_stretches_the_interval(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample that takes 20 ms of the processor comes at most every 4 s, whatever was asked for."""
    waits: list[float] = []

    def work(self: Any) -> tuple[dict[str, float], dict[str, float]]:
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        return {"cpu": 1.0}, {}

    class Waiting:
        def wait(self, seconds: float) -> None:
            waits.append(seconds)
            if len(waits) > 2:
                system._watched.clear()

        def clear(self) -> None: ...

        def set(self) -> None: ...

    monkeypatch.setattr(system, "MOST_OF_A_CORE", 0.005)
    monkeypatch.setattr(system._Sampler, "sample", work)
    monkeypatch.setattr(system, "_woken", Waiting())
    with track.start_run(log_system_metrics=True):
        wait_for(lambda: system._thread is None)
    assert min(waits[1:]) >= 4.0


def test_a_part_that_cannot_be_read_is_left_out(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others go on; it is said once."""

    def hidden(self: Any) -> dict[str, float]:
        raise PermissionError("no")

    monkeypatch.setattr(system._Sampler, "_disk", hidden)
    sampler = system._Sampler()
    with pytest.warns(TrackWarning, match="A part of the system metrics cannot be read here"):
        first, _ = sampler.sample()
    second, _ = sampler.sample()
    assert "disk_usage_percentage" not in first
    assert first.keys() == second.keys() != set()


def fake_nvml() -> ModuleType:
    """A driver with two GPUs, of which the second does not tell its power."""
    module = ModuleType("pynvml")

    class NVMLError(Exception):
        pass

    def power(handle: int) -> int:
        if handle:
            raise NVMLError
        return 350_000

    answers = {
        "NVMLError": NVMLError,
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda at: at,
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(used=36e9, total=144e9),
        "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=97),
        "nvmlDeviceGetPowerUsage": power,
        "nvmlDeviceGetEnforcedPowerLimit": lambda handle: 700_000,
    }
    vars(module).update(answers)
    return module


def test_graphics_processors(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory, use and power of each, under mlflow's names; what one does not tell is left out."""
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml())
    found, _ = system._Sampler().sample()
    assert {key: value for key, value in found.items() if key.startswith("gpu_")} == {
        "gpu_0_memory_usage_percentage": 25.0,
        "gpu_0_memory_usage_megabytes": 36_000.0,
        "gpu_0_utilization_percentage": 97.0,
        "gpu_0_power_usage_watts": 350.0,
        "gpu_0_power_usage_percentage": 50.0,
        "gpu_1_memory_usage_percentage": 25.0,
        "gpu_1_memory_usage_megabytes": 36_000.0,
        "gpu_1_utilization_percentage": 97.0,
    }


def broken(module: ModuleType, name: str) -> None:
    """Let a function of the driver fail for the first GPU, as it does for one that has fallen off the bus."""
    works = getattr(module, name)

    def fails(handle: int) -> Any:
        if handle == 0:
            raise module.NVMLError("GPU is lost")
        return works(handle)

    setattr(module, name, fails)


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["nvmlDeviceGetHandleByIndex"], set()),
        (["nvmlDeviceGetMemoryInfo", "nvmlDeviceGetUtilizationRates", "nvmlDeviceGetPowerUsage"], set()),
        (["nvmlDeviceGetUtilizationRates"], {"memory_usage_percentage", "memory_usage_megabytes",
                                             "power_usage_watts", "power_usage_percentage"}),
        (["nvmlDeviceGetEnforcedPowerLimit"], {"memory_usage_percentage", "memory_usage_megabytes",
                                               "utilization_percentage", "power_usage_watts"}),
    ],
    ids=["lost before", "lost later", "parted (MIG)", "no limit of power"],
)  # fmt: skip
def test_a_graphics_processor_that_does_not_answer(
    store: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], left: set[str]
) -> None:
    """It leaves out what it does not tell; the other keeps its number and goes on."""
    module = fake_nvml()
    for name in names:
        broken(module, name)
    monkeypatch.setitem(sys.modules, "pynvml", module)
    found, _ = system._Sampler().sample()
    assert {key.removeprefix("gpu_0_") for key in found if key.startswith("gpu_0_")} == left
    assert found["gpu_1_utilization_percentage"] == 97.0


@pytest.mark.parametrize("fault", ["no driver", "another module of this name", "a limit of 0"])
def test_without_a_driver_the_rest_is_recorded(store: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Neither a driver that is not loaded nor a stranger that is called pynvml ends the system metrics."""
    module = fake_nvml()
    if fault == "no driver":
        monkeypatch.setattr(module, "nvmlInit", lambda: module.nvmlDeviceGetPowerUsage(1))
    elif fault == "a limit of 0":
        monkeypatch.setattr(module, "nvmlDeviceGetEnforcedPowerLimit", lambda handle: 0)
        monkeypatch.setattr(module, "nvmlDeviceGetMemoryInfo", lambda handle: SimpleNamespace(used=0, total=0))
    else:
        module = ModuleType("pynvml")
    monkeypatch.setitem(sys.modules, "pynvml", module)
    found, _ = system._Sampler().sample()
    assert "cpu_utilization_percentage" in found
    assert ("gpu_0_power_usage_watts" in found) == (fault == "a limit of 0")
    assert "gpu_0_power_usage_percentage" not in found


def test_they_are_no_results(store: Path) -> None:
    """No card line, no column, no line of a comparison; the card counts them, the record has them all."""
    runs = [
        made_run(
            number,
            "a",
            metrics=[
                made_metric("system/cpu_utilization_percentage", [1.0, 50.0 + number], source="system"),
                made_metric("acc", [0.5, 0.5 + number / 10]),
            ],
        )
        for number in (1, 2)
    ]
    card = run_card(runs[0])
    assert ([line.key for line in card.metrics], card.more, card.extras) == (["acc"], 0, ("system metrics 1",))
    assert [column.key for column in columns_of(runs, None).metrics] == ["acc"]
    assert [line.label for line in compare(runs).lines if line.group == "metrics"] == ["acc"]
    (grid,) = [grid for grid in run_details(runs[0]).grids if grid.header[0] == "metric"]
    assert [(row[0].split()[0], row[-1]) for row in grid.rows] == [
        ("acc", "logged"),
        ("system/cpu_utilization_percentage", "of the machine"),
    ]


def test_in_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``%%track --system`` for one run, ``%config JupyterTrack.system_metrics`` for all."""
    with notebook(tmp_path, monkeypatch) as nb:
        for cell in ("%%track --system\n", "%config JupyterTrack.system_metrics = True\n", "%%track\n"):
            body = "import time\nfor _ in range(600):\n    time.sleep(0.05)\n    if {done}: break"
            done = "any(k.startswith('system/') for k in track.current.read().metrics)"
            nb.run(
                f"import jupyter_track as track\n{cell}"
                if cell.startswith("%config")
                else cell + body.format(done=done)
            )
        found = [{metric.source for metric in run.metrics.values()} for run in nb.runs]
        nb.run("%config JupyterTrack.system_metrics = False")
    assert found == [{"system"}, {"system"}]
