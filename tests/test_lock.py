"""The process mutex: alone or shared, with a limit of time, and not dropped by those who open its file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_track.store.lock import ProcessLock

# Coverage's tracer takes a lock of its own in traced fork handlers, and a child that inherits it waits for ever.
pytestmark = pytest.mark.no_cover

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A lock file."""
    place = tmp_path / "lock"
    ProcessLock(place).close()
    return place


def free(path: Path, *, shared: bool = False) -> bool:
    """Whether another process can have the lock now."""
    script = (
        "import sys; from pathlib import Path; from jupyter_track.store.lock import ProcessLock\n"
        "with ProcessLock(Path(sys.argv[1])).held(shared=sys.argv[2] == 'True', timeout=0) as held: print(held)"
    )
    command = [sys.executable, "-c", script, str(path), str(shared)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout == "True\n"


def test_alone_and_shared(path: Path) -> None:
    """Who has it alone shuts out all others; readers share it and shut out writers."""
    lock, other = ProcessLock(path), ProcessLock(path)
    with lock.held() as held:
        assert held
        with other.held(timeout=0) as second, other.held(shared=True, timeout=0) as third:
            assert (second, third) == (False, False)
        assert (free(path), free(path, shared=True)) == (False, False)
    with lock.held(shared=True), other.held(shared=True, timeout=0) as second:
        assert second
        assert (free(path), free(path, shared=True)) == (False, True)
    assert free(path)
    lock.close()
    other.close()


def test_opening_the_file_drops_nothing(path: Path) -> None:
    """A cell that reads the lock file, as zipping or hashing the folder does, leaves the lock where it is."""
    lock = ProcessLock(path)
    with lock.held():
        for _ in range(3):
            path.read_bytes()
        assert not free(path)
    lock.close()


def test_closing_gives_it_up_once(path: Path, tmp_path: Path) -> None:
    """Closing twice is fine, and does not close somebody else's descriptor of the same number."""
    lock = ProcessLock(path)
    lock.close()
    other = os.open(tmp_path, os.O_RDONLY)
    assert other == lock.descriptor
    lock.close()
    os.fstat(other)
    os.close(other)


def test_a_number_that_is_given_again_is_not_closed(path: Path, tmp_path: Path) -> None:
    """Where the program closes our descriptor and gets its number for another file, that stays open."""
    lock = ProcessLock(path)
    os.close(lock.descriptor)
    other = os.open(tmp_path, os.O_RDONLY)
    assert other == lock.descriptor
    lock.close()
    os.fstat(other)
    os.close(other)


def test_an_exception_gives_it_up(path: Path) -> None:
    """The lock is free after an error in its block."""
    lock = ProcessLock(path)
    with pytest.raises(RuntimeError), lock.held():
        raise RuntimeError
    assert free(path)
    lock.close()


def test_waiting_is_told_and_ends(path: Path) -> None:
    """While somebody else has it, `waiting` is called, and the wait ends when it is given up."""
    lock, other = ProcessLock(path), ProcessLock(path)
    waited = threading.Event()
    result: list[bool] = []

    def wait() -> None:
        with other.held(timeout=10, waiting=waited.set) as held:
            result.append(held)

    thread = threading.Thread(target=wait)
    with lock.held():
        thread.start()
        assert waited.wait(10)
        assert result == []
    thread.join()
    assert result == [True]
    lock.close()
    other.close()


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    """With create=False a missing file is an error and stays missing."""
    with pytest.raises(FileNotFoundError):
        ProcessLock(tmp_path / "lock", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_child_gives_up_what_it_inherited(path: Path) -> None:
    """A forked child does not keep its parent's lock; also where the program had closed the descriptor before."""
    lock, closed = ProcessLock(path), ProcessLock(path)
    os.close(closed.descriptor)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(writing)
            os.read(reading, 1)  # lives until the parent has looked
        finally:
            os._exit(0)
    with lock.held(timeout=0) as held:
        assert held
    lock.close()
    assert free(path)
    os.close(writing)
    assert os.waitpid(pid, 0) == (pid, 0)
    os.close(reading)
    closed.close()


def test_a_deleted_file_is_noticed(path: Path) -> None:
    """Who deletes the folder beside the store parts the lock from those who open it anew."""
    lock = ProcessLock(path)
    assert not lock.deleted
    path.unlink()
    assert lock.deleted
    lock.close()
