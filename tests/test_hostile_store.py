"""A store that somebody else made, or that is no longer the file that it was."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import jupyter_track as track
from jupyter_track.errors import InvalidValue
from jupyter_track.store import spill
from jupyter_track.store.writer import writer_for

REPOSITORY = Path(__file__).parents[1]

OTHER = """
import sys
import jupyter_track as track
track.set_tracking_uri(sys.argv[1])
with track.start_run(run_name="other"):
    track.log_metric("loss", 100.0, step=0)
"""


def log_elsewhere(store: Path) -> None:
    """Log one run with one point of `loss` from another process."""
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    subprocess.run([sys.executable, "-c", OTHER, str(store)], env=environ, check=True, timeout=60)


def curves(store: Path) -> dict[str, list[float]]:
    """The points of every run by its name."""
    with sqlite3.connect(store) as connection:
        rows = connection.execute(
            "SELECT runs.name, metric_points.value FROM metric_points JOIN metrics ON metrics.id = metric_id"
            " JOIN runs ON runs.id = metrics.run_id ORDER BY runs.id, metric_points.seq"
        ).fetchall()
    connection.close()
    found: dict[str, list[float]] = {}
    for name, value in rows:
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("path", ["../../escaped.txt", "/escaped.txt", "a/../../escaped.txt", "C:\\escaped.txt"])
def test_a_path_in_the_store_leads_nowhere_else(store: Path, tmp_path: Path, path: str) -> None:
    """The path of an artifact is checked again on the way out: a store that was sent cannot write over files."""
    with track.start_run() as run:
        track.log_text("text", "a.txt")
    track.flush()
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE artifacts SET path = ?", (path,))
    connection.close()
    out = tmp_path / "deep" / "out"
    with pytest.raises(InvalidValue):
        track.artifacts.download_artifacts(run_id=run.run_id, artifact_path="", dst_path=out)
    assert list(tmp_path.rglob("escaped.txt")) == []


def test_a_store_that_is_restored_from_a_backup_gets_its_own_points(store: Path, tmp_path: Path) -> None:
    """What a process knows of the file's numbers is not trusted after another file has taken its place."""
    with track.start_run(run_name="old"):
        track.log_metric("loss", 9.0, step=0)
    track.flush()
    backup = tmp_path / "backup.db"
    shutil.copy2(store, backup)
    with track.start_run(run_name="mine") as run:
        track.log_metric("loss", 1.0, step=0)
        track.flush()
        shutil.copy2(backup, store)
        log_elsewhere(store)
        with pytest.warns(track.TrackWarning):
            track.log_metric("loss", 2.0, step=1)
            assert not track.flush()
    assert run.run_id
    assert curves(store) == {"old": [9.0], "other": [100.0]}


def test_a_store_that_is_deleted_gives_no_run_the_points_of_another(store: Path) -> None:
    """Points of a run whose store was removed do not end in a run of the new one."""
    with track.start_run(run_name="mine"):
        track.log_metric("loss", 1.0, step=0)
        track.flush()
        store.unlink()
        log_elsewhere(store)
        with pytest.warns(track.TrackWarning):
            track.log_metric("loss", 2.0, step=1)
            assert not track.flush()
    assert curves(store) == {"other": [100.0]}


@pytest.mark.parametrize("content", ["[" * 100_000, "{}", "null", '{"writer": 1}', "\x00"])
def test_a_damaged_side_file_stands_in_nobodys_way(store: Path, content: str) -> None:
    """A side file that cannot be read is put away and said; what is logged now is written."""
    folder = spill.folders(store)[0]
    folder.mkdir(parents=True)
    damaged = folder / f"{'a' * 32}-0000000001{spill.SUFFIX}"
    damaged.write_text(content)
    with pytest.warns(track.TrackWarning), track.start_run(run_name="mine"):
        track.log_metric("loss", 1.0, step=0)
        track.flush()
    assert track.flush()
    assert not damaged.exists()
    assert curves(store) == {"mine": [1.0]}


def test_a_user_without_a_home(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home, as in many containers, records as anybody."""
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", classmethod(lambda cls: (_ for _ in ()).throw(RuntimeError("no home"))))
    with track.start_run(run_name="mine"):
        track.log_metric("loss", 1.0, step=0)
    assert track.flush()
    assert curves(store) == {"mine": [1.0]}


def test_points_after_an_end_by_id_are_kept(store: Path) -> None:
    """A run that was ended by its id is not the active run any more; what is logged next opens a run of its own."""
    with track.start_run(run_name="mine") as run:
        track.log_metric("loss", 1.0, step=0)
        track.TrackClient().set_terminated(run.run_id)
        assert track.active_run() is None
        track.log_metric("loss", 2.0, step=1)
        late = track.active_run()
        assert late is not None
        track.end_run()
    track.flush()
    assert curves(store) == {"mine": [1.0], late.name: [2.0]}


def test_side_files_are_plain_json(store: Path) -> None:
    """A side file is JSON that names its store, so that a person can see what it is."""
    mine = writer_for(store)
    mine.submit("start", "ab" * 16, {"experiment": "Default", "name": "x", "status": "RUNNING", "start_time": 1})
    batch = mine._take()[0]
    assert batch is not None
    plain = json.loads(spill.save(store, batch).read_text())
    assert (plain["store"], plain["starts"]) == (
        str(store),
        {"ab" * 16: {"experiment": "Default", "name": "x", "status": "RUNNING", "start_time": 1}},
    )
