"""What all tests share: a fresh store, and a process that has forgotten the test before."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_track.recording import active
from jupyter_track.recording.session import session
from jupyter_track.store import problems, writer

_KERNELS = {"kernel_notebook", "live_page"}  # whoever imports one of them starts a kernel


def _starts_kernels(item: pytest.Item) -> bool:
    module = item.getparent(pytest.Module)
    return module is not None and bool(_KERNELS & vars(module.obj).keys())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long suites out, unless tests are chosen by marker (``-m slow``); give other processes a second try.

    What a browser or a kernel shows on a busy machine comes late at times: a test that fails twice has found something.
    In CI each test has a second try, which the summary tells: one race among thousands of tests shall not refuse all.
    """
    for item in items:
        if item.get_closest_marker("flaky"):
            continue  # has tries of its own
        if os.environ.get("CI") or item.get_closest_marker("browser") or _starts_kernels(item):
            item.add_marker(pytest.mark.flaky(reruns=1))
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("slow")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Make anew what a module shares before a second try, which else would look at the same again."""
    if isinstance(item, pytest.Function) and getattr(item, "execution_count", 1) > 1:
        for shared in [one for every in item._fixtureinfo.name2fixturedefs.values() for one in every]:
            if shared.scope == "module":
                shared.finish(item._request)


def _forget() -> None:
    """Forget runs, writers, the store and the faults, as in a new process."""
    for run in reversed(active.open_runs()):
        run.end()
    writer.close_all(10.0)
    active._reset()
    active._last_ended.clear()
    session.reset()
    problems.forget_all()


@pytest.fixture
def store(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store that does not exist yet, in the test's own folder, which is also the working directory."""
    for name in ("JUPYTER_TRACK_STORE", "JUPYTER_TRACK_NOTEBOOK", "JPY_SESSION_NAME", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_STATE_HOME", "TMPDIR"):  # where side files go that cannot lie beside the store
        monkeypatch.setenv(variable, str(tmp_path_factory.mktemp("elsewhere")))
    monkeypatch.setattr(tempfile, "tempdir", None)
    _forget()
    place = tmp_path / "track.db"
    session.use_store(place)
    yield place
    _forget()
