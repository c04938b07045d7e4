"""`jupyter-track watch`: what is drawn, when, and how it ends; on a real terminal too."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli_session import ANSI, CLEAN, ROOT, cli, fixed_time, parsed, record, sql, three_runs
from made_records import NOW
from made_stores import START, add_run, made_store, with_code
from rich.console import Console, Group

from jupyter_track.cli.live import Watched
from jupyter_track.store import edits
from jupyter_track.store.liveness import this_process

BEGIN, END = "\x1b[?1049h", "\x1b[?1049l"  # the terminal's other screen, and back


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs that have ended."""
    return record(tmp_path, three_runs)


def going(store: Path, number: int, pid: int | None = None) -> None:
    """Let a run be one that a process of this machine is running; by default this process."""
    here = this_process()
    sql(
        store,
        "UPDATE runs SET status = 'RUNNING', end_time = NULL, duration = NULL,"
        f" pid = {here.pid if pid is None else pid}, host_id = '{here.host_id}', boot_id = '{here.boot_id}',"
        f" process_start = {repr(here.start) if pid is None else 'NULL'} WHERE id = {number}",
        "UPDATE store SET rev = rev + 1",
    )


# ---- once


def test_once_prints_running_runs_first(store: Path) -> None:
    """With how long they have been going, and a line that counts."""
    going(store, 2)
    going(store, 1)
    with fixed_time():
        result = cli(store, "watch", "--once")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == f"{store}  2 running · 3 runs"
    assert [" ".join(line.split()[:3]) for line in lines[2:5]] == ["● running 1", "● running 2", "✗ failed 3"]
    assert " 1:00 " in lines[2]


def test_it_tells_the_change_that_the_table_tells(tmp_path: Path) -> None:
    """Since the run before of the same cell and with the code; not since whatever run was the last."""
    store = made_store(tmp_path)
    with_code(store, {"cell_id": "c1", "params": {"C": 1}}, code=b"fit()")
    with_code(store, {"cell_id": "c2", "params": {"C": 2}, "start_time": START + 10}, code=b"other()")
    with_code(store, {"cell_id": "c1", "params": {"C": 1}, "start_time": START + 20}, code=b"fit(1)\nshow()")
    told = [cli(store, *verb).stdout for verb in (["runs"], ["watch", "--once"])]
    assert [text.count("2 lines of code") for text in told] == [1, 1]


def test_a_running_child_takes_its_parent_along(store: Path) -> None:
    """It stands below it, and both before what has ended."""
    going(store, 2)
    lines = cli(store, "watch", "--once").stdout.splitlines()
    assert [" ".join(line.split()[:3]) for line in lines[2:5]] == ["✓ finished 1", "● running 2", "✗ failed 3"]


def test_once_takes_experiment_filter_and_json(store: Path) -> None:
    """The same words as in `runs`; JSON has the runs as there."""
    going(store, 2)
    assert "No run matches yet." in cli(store, "watch", "--once", "--filter", "params.C > 50").stdout
    plain = parsed(cli(store, "watch", "--json", "--filter", "metrics.accuracy > 0"))
    assert (plain["total"], plain["running"], [run["number"] for run in plain["runs"]]) == (2, 1, [1, 2])
    assert cli(store, "watch", "--once", "-e", "nope").exit_code == 3
    assert cli(store, "watch", "--once", "--filter", "params.C >").exit_code == 1


def test_a_pipe_is_told_of_once(store: Path, tmp_path: Path) -> None:
    """A live table makes no sense there; without a store there is nothing to print."""
    result = cli(store, "watch")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "The output is no terminal; --once prints the table once." in result.stderr
    assert cli(tmp_path / "none", "watch", "--once").exit_code == 3


# ---- reading


def test_the_store_is_read_only_where_its_revision_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while nothing is written, not where the file was touched; at once where a run came."""
    store = made_store(tmp_path)
    add_run(store, name="first")
    watched = Watched(store, (), "", 10)
    reads = []
    read = watched.read
    monkeypatch.setattr(watched, "read", lambda: (reads.append(1), read())[1])
    assert [watched.look() for _ in range(3)] == [True, False, False]
    os.utime(store)
    assert not watched.look()
    add_run(store, name="second")
    assert watched.look()
    assert [run.name for run in watched.runs] == ["second", "first"]
    assert len(reads) == 2


def test_a_process_that_dies_is_seen_though_nothing_is_written(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running runs are asked for every few seconds."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    going(store, 3, child.pid)
    watched = Watched(store, (), "", 10)
    watched.look()
    assert (watched.running, watched.runs[0].state) == (1, "running")
    child.communicate()
    assert not watched.look()
    monkeypatch.setattr("jupyter_track.cli.live._ALIVE_SECONDS", 0.0)
    assert watched.look()
    assert (watched.running, watched.runs[0].state) == (0, "lost")


def test_the_best_of_all_runs_is_told(tmp_path: Path) -> None:
    """Of more than are shown: the run that has it is named below."""
    store = made_store(tmp_path)
    for name, accuracy in (("best", 0.9), ("second", 0.5), ("third", 0.7)):
        add_run(store, name=name, metrics={"accuracy": accuracy})
    told = {}
    for limit in (2, 3):
        watched = Watched(store, (), "", limit)
        assert watched.look()
        console = Console(width=100, record=True, file=io.StringIO())
        console.print(Group(*watched.parts(NOW, 100)))
        text = console.export_text()
        told[limit] = ("▲" in text, "best accuracy 0.9000 #1" in text)
    assert told == {2: (False, True), 3: (True, False)}


def test_what_was_seen_stays_where_the_store_cannot_be_read(store: Path) -> None:
    """The reason stands above it, and goes when it can be read again."""
    watched = Watched(store, (), "", 10)
    watched.look()
    whole = store.read_bytes()
    store.write_bytes(b"no store" * 1000)
    assert watched.look()
    assert "is not a SQLite file" in watched.fault
    assert len(watched.runs) == 3
    store.write_bytes(whole)
    edits.set_tags(store, [watched.runs[0].run_id], {"a": "b"})
    assert watched.look()
    assert watched.fault == ""


# ---- on a terminal


class Terminal:
    """A process on a pseudo-terminal; `text` is what it has written so far."""

    def __init__(self, leader: int, child: subprocess.Popen[bytes]) -> None:
        self.child = child
        self._leader, self._seen = leader, b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._leader, 65536)
            except OSError:  # Linux says EIO when the last writer is gone
                return
            if not part:
                return
            self._seen += part

    @property
    def text(self) -> str:
        return self._seen.decode("utf-8", "replace")

    def type(self, keys: str) -> None:
        os.write(self._leader, keys.encode())

    def ended(self) -> int:
        code = self.child.wait(30)
        self._reader.join(5)
        return code

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what must come; nothing is measured."""
        stop = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < stop, self.text
            time.sleep(0.05)


@contextmanager
def watching(folder: Path, *arguments: str, size: tuple[int, int] = (12, 80)) -> Iterator[Terminal]:
    """`jupyter-track watch` on a terminal of some lines and columns."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in CLEAN}
    child = subprocess.Popen(
        [sys.executable, "-m", "jupyter_track", "watch", "-i", "0.5", *arguments],
        env=environ | {"PYTHONPATH": ROOT, "TERM": "xterm-256color"},
        cwd=folder,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C reaches it
    )
    modes = termios.tcgetattr(follower)
    terminal = Terminal(leader, child)
    try:
        yield terminal
        assert termios.tcgetattr(follower) == modes  # a person's keys are shown again
    finally:
        child.kill()
        child.wait()
        os.close(follower)
        os.close(leader)


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


@pytest.mark.parametrize("end", ["q", "\x03", "SIGTERM"])
def test_it_draws_on_a_screen_of_its_own_and_ends(store: Path, end: str) -> None:
    """By a key, Ctrl-C or a signal; the last picture then stands below what was typed, and the exit code is 0."""
    with watching(store.parent) as terminal:
        terminal.until(lambda: "q ends" in terminal.text)
        if end == "SIGTERM":
            terminal.child.send_signal(signal.SIGTERM)
        else:
            terminal.type(end)
        assert terminal.ended() == 0
        before, screen = terminal.text.split(BEGIN)
        live, after = screen.split(END)
        assert before == ""
        assert "\x1b[?25h" in live[live.index("q ends") :] or "\x1b[?25h" in after  # the cursor is back
        lines = ANSI.sub("", after).split("\r\n")
        assert "0 running · 3 runs" in lines[0]
        assert "broken" in lines[2]
        assert "q ends" not in after


def test_a_picture_is_drawn_only_where_it_changed(store: Path) -> None:
    """An edit of another process shows; meanwhile nothing is sent, and no line is erased."""
    with watching(store.parent) as terminal:
        terminal.until(lambda: "q ends" in terminal.text)
        pictures = terminal.text.count("q ends")
        time.sleep(2)
        assert terminal.text.count("q ends") == pictures
        edits.update_run(store, f"{3:032x}", name="renamed meanwhile")
        terminal.until(lambda: "renamed meanwhile" in terminal.text)
        assert not set("KJ") & {code[-1] for code in terminal.text.split("\x1b[")[1:] if code and code[0] in "KJ012"}
        terminal.type("q")
        assert terminal.ended() == 0


def test_it_waits_for_the_first_run_and_fits_the_terminal(tmp_path: Path) -> None:
    """Begun before there is a store; of more runs than lines the newest are there, and no picture scrolls."""
    with watching(tmp_path, size=(10, 60)) as terminal:
        terminal.until(lambda: "No runs here yet" in terminal.text)
        assert list(tmp_path.iterdir()) == []
        store = made_store(tmp_path)
        for number in range(30):
            add_run(store, name=f"run {number}", start_time=NOW + number)
        terminal.until(lambda: "run 29" in terminal.text)
        terminal.type("q")
        assert terminal.ended() == 0
        last = terminal.text.split(END)[0].removesuffix("\x1b[?25h").split("\x1b[H")[-1]
        lines = ANSI.sub("", last).split("\r\n")
        assert len(lines) <= 10
        assert all(len(line) <= 60 for line in lines)
