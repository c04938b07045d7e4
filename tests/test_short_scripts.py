"""Scripts that end at once, as processes of their own: what is found out about their runs, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_track.records import Run
from jupyter_track.store.reader import Reader

SCRIPT = """
import jupyter_track as track
track.start_run(run_name="short")
track.log_param("lr", 0.1)
for step in range(3):
    track.log_metric("loss", 1.0 / (step + 1), step=step)
"""
END = "track.end_run()\n"
COMMIT = "mlflow.source.git.commit"
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.org")

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit that holds a short script, `script.py`, and one that leaves its run open."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "script.py").write_text(SCRIPT + END)
    (folder / "left_open.py").write_text(SCRIPT)
    for command in (("init", "-q"), ("add", "."), (*IDENTITY, "commit", "-qm", "a")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def start(folder: Path, script: str = "script.py", path: Path | None = None) -> subprocess.Popen[str]:
    """Start a script; `path` is a folder of programs that come before all others."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_TRACK")}
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    environment["XDG_STATE_HOME"] = str(folder.parent / "state")
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    return subprocess.Popen(
        [sys.executable, script], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a script and return its exit status and what it printed."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def runs(folder: Path) -> list[Run]:
    """The runs of the store in a folder."""
    return list(Reader(folder / "track.db").runs())


def left_behind(folder: Path) -> list[str]:
    """The side files of the store in a folder."""
    return [path.name for path in (folder / "track.db-files").rglob("*.json")]


def a_git(folder: Path, *, first: str) -> Path:
    """Make a folder with a git that does `first` before it does what git does."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/sh\n{first}\nexec "{shutil.which("git")}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


def head(folder: Path) -> str:
    """The commit that a folder stands at."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, text=True, stdout=subprocess.PIPE
    ).stdout.strip()


@pytest.mark.parametrize("script", ["script.py", "left_open.py"])
def test_every_run_has_its_commit(repository: Path, script: str) -> None:
    """Scripts that end before git has answered tag their runs all the same, several at a time, and leave no file."""
    count = 0
    for _ in range(4):
        for process in [start(repository, script) for _ in range(3)]:
            assert ended(process) == (0, "", "")
            count += 1
    found = runs(repository)
    assert [(run.status, run.own_tags.get(COMMIT)) for run in found] == [("FINISHED", head(repository))] * count
    assert left_behind(repository) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_slow_git(repository: Path) -> None:
    """A git that takes 0.2 s for each of its answers is waited for."""
    slow = a_git(repository.parent / "bin", first="sleep 0.2")
    assert ended(start(repository, path=slow)) == (0, "", "")
    (run,) = runs(repository)
    assert (run.status, run.own_tags.get(COMMIT)) == ("FINISHED", head(repository))
    assert left_behind(repository) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
@pytest.mark.parametrize("script", ["script.py", "left_open.py"])
def test_a_stuck_git(repository: Path, script: str) -> None:
    """A git that does not answer does not hold up the end, and is ended; the run has all that was logged."""
    stuck = a_git(repository.parent / "bin", first=f"echo $$ > {repository.parent}/pid; exec sleep 600")
    assert ended(start(repository, script, path=stuck)) == (0, "", "")
    (run,) = runs(repository)
    assert (run.status, COMMIT in run.own_tags, run.metrics["loss"].count) == ("FINISHED", False, 3)
    assert left_behind(repository) == []
    pid = int((repository.parent / "pid").read_text())
    for _ in range(100):  # its new parent has yet to take note of its end
        if not Path(f"/proc/{pid}").exists():
            break
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
