"""What all tests share: a fresh store, and a process that has forgotten the test before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_track.recording import active
from jupyter_track.recording.session import session
from jupyter_track.store import problems, writer


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
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store that does not exist yet, in the test's own folder, which is also the working directory."""
    for name in ("JUPYTER_TRACK_STORE", "JUPYTER_TRACK_NOTEBOOK", "JPY_SESSION_NAME", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    _forget()
    place = tmp_path / "track.db"
    session.use_store(place)
    yield place
    _forget()
