"""Disks that are full or cannot be written: the program goes on, nothing is silent, and it comes back."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faulty import inject
from processes import environment, torn, values

import jupyter_track as track
from jupyter_track.recording.session import session
from jupyter_track.store import problems, spill, writer
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader

FULL = 13  # SQLITE_FULL
READONLY = 8  # SQLITE_READONLY


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[bool]:
    """Mount something on `folder`; False where this user or this system cannot."""
    folder.mkdir(exist_ok=True)
    command = ["mount", *options, str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    monkeypatch.setattr(writer, "RETRY_PAUSES", (0.01,) * 5)


def until_flushed() -> None:
    """Flush until all is in the store."""
    for _ in range(200):
        if track.flush():
            return
    raise AssertionError("it never got into the store")


class TestFull:
    """No space left on the device."""

    def test_a_disk_of_one_mebibyte(self, store: Path, tmp_path: Path) -> None:
        """The disk fills up while a run logs: calls go on, one warning, the rest goes elsewhere and comes back."""
        disk = tmp_path / "disk"
        with mounted(disk, "-t", "tmpfs", "-o", "size=1m", "none") as real:
            filler = disk / "filler"
            place = session.use_store(disk / "track.db")
            with track.start_run() as run:
                track.log_metric("loss", 0.0, step=0)
                assert track.flush()
                with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as said:
                    warnings.simplefilter("always")
                    if real:
                        self.fill(filler)
                    else:  # where nothing can be mounted SQLite says what it would say
                        inject(patch, lambda sql, at: "before" if sql == "COMMIT" else None, FULL)
                    for step in range(1, 3001):
                        track.log_metric("loss", float(step), step=step)
                        if step % 1000 == 0:
                            assert not track.flush()
                    assert len([one for one in said if issubclass(one.category, TrackWarning)]) == 1
                    assert values(place, run_id=run.run_id) == [0.0], "earlier rows are intact and can be read"
                    assert len(spill.waiting(place)) >= 1
                filler.unlink(missing_ok=True)
                until_flushed()
            track.flush()
            assert values(place, run_id=run.run_id) == [float(step) for step in range(3001)]
            assert torn(place) == []
            assert problems.current() == []
            assert spill.waiting(place) == []
            writer.close_all(5)
            session.reset()

    @staticmethod
    def fill(filler: Path) -> None:
        """Write until the disk is full."""
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                return

    def test_a_quota(self, tmp_path: Path) -> None:
        """A limit on the size of files, as a quota is: what does not fit comes back when the limit is lifted."""
        script = (
            "import resource, signal, warnings\n"
            "import jupyter_track as track\n"
            "from jupyter_track.store import spill\n"
            "from jupyter_track.store.place import find_store\n"
            "from pathlib import Path\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "warnings.simplefilter('ignore')\n"
            "run = track.start_run()\n"
            "track.log_metric('loss', 0.0, step=0)\n"
            "assert track.flush()\n"
            "size = Path('track.db').stat().st_size\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))\n"
            "for step in range(1, 20001):\n"
            "    track.log_metric('loss', float(step), step=step)\n"
            "print(track.flush(), len(spill.waiting(Path('track.db').resolve())) > 0 or track.flush())\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
            "print(any(track.flush() for _ in range(100)))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[0] == "False"
        assert done.stdout.split()[-1] == "True"
        assert values(tmp_path / "track.db") == [float(step) for step in range(20_001)]
        assert torn(tmp_path / "track.db") == []


class TestReadOnly:
    """Folders that cannot be written."""

    def test_a_store_on_a_read_only_mount(self, store: Path, tmp_path: Path) -> None:
        """A store that cannot be written is read; what is logged to it lies elsewhere until it can be written again."""
        with track.start_run(run_name="before"):
            track.log_metric("loss", 1.0, step=0)
        track.flush()
        writer.close_all(5)
        session.reset()
        view = tmp_path.with_name(tmp_path.name + "-view")
        with mounted(view, "--bind", "-o", "ro", str(tmp_path)) as real, pytest.MonkeyPatch.context() as patch:
            place = view / "track.db" if real else store
            if not real:
                inject(patch, lambda sql, at: "before" if sql.startswith("BEGIN") else None, READONLY)
                beside = spill.folders(store)[0]
                beside.parent.joinpath("spill").write_text("no folder")
            session.use_store(place)
            assert [run.name for run in Reader(place).runs()] == ["before"]
            run = track.start_run(run_name="on a read-only disk")
            track.log_metric("loss", 2.0, step=0)
            with pytest.warns(TrackWarning, match="read back once the store can be written"):
                stored = track.flush()
            assert not stored
            run.end()
            assert not track.flush()
            assert all(path.parent != spill.folders(place)[0] for path in spill.waiting(place))
            assert [found.name for found in Reader(place).runs()] == ["before"]
            if real:
                subprocess.run(["mount", "-o", "remount,bind,rw", str(view)], check=True)
            else:
                patch.undo()
            until_flushed()
            assert values(place, run_id=run.run_id) == [2.0]
            assert spill.waiting(place) == []
            writer.close_all(5)
            session.reset()

    def test_a_folder_without_a_store(self, store: Path, tmp_path: Path) -> None:
        """Where not even the store can be made, the program goes on and a later process writes what it logged."""
        folder = tmp_path / "locked"
        folder.mkdir()
        script = (
            "import warnings, jupyter_track as track\n"
            "warnings.simplefilter('ignore')\n"
            "with track.start_run(run_name='early'):\n"
            "    track.log_metric('loss', 1.0, step=0)\n"
            "    print(track.flush())\n"
        )
        with mounted(folder, "--bind", "-o", "ro", str(folder)) as real:
            if real:
                mounted_rest = self.program(script, folder, tmp_path)
            else:
                mounted_rest = self.program("import os\n" + REFUSE + script, folder, tmp_path)
        assert mounted_rest == "False\n"
        assert list(folder.iterdir()) == []
        later = "import jupyter_track as track\nwith track.start_run(run_name='late'): pass\nprint(track.flush())"
        assert self.program(later, folder, tmp_path) == "True\n"
        assert {run.name for run in Reader(folder / "track.db").runs()} == {"early", "late"}

    @staticmethod
    def program(script: str, folder: Path, home: Path) -> str:
        """Run a program in `folder` whose side files go below `home`."""
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=folder, env=environment(home), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


REFUSE = """
real = os.mkdir
def mkdir(path, *rest, **more):
    if "locked" in str(path):
        raise OSError(30, "Read-only file system", str(path))
    return real(path, *rest, **more)
os.mkdir = mkdir
"""
