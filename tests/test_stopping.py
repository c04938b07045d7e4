"""Stopping a run through the store: `should_stop`, the log call that raises, and how the run ends."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kernel_session import ROOT, KernelNotebook, environment, kernel_notebook
from shell_session import Notebook, notebook

import jupyter_track as track
from jupyter_track.recording import active
from jupyter_track.recording.run import ActiveRun
from jupyter_track.recording.session import session
from jupyter_track.store import edits, stops
from jupyter_track.store.place import store_exists
from jupyter_track.store.reader import Reader

ASK = """
import sys
from pathlib import Path
from jupyter_track.store import edits
edits.request_stop(Path(sys.argv[1]), sys.argv[2:])
"""


def ask(store: Path, *run_ids: str) -> None:
    """Ask runs to stop, from another process."""
    subprocess.run([sys.executable, "-c", ASK, str(store), *run_ids], cwd=ROOT, check=True)


def wait_for(condition: object, what: str = "the request") -> None:
    """Wait until a callable gives true."""
    deadline = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.01)


def asked_here(run: ActiveRun) -> None:
    """Ask a run to stop, and wait until it is known."""
    track.flush()
    edits.request_stop(session.tracker().store, [run.run_id])
    wait_for(lambda: run.should_stop)


# ---- what a log call does


def test_a_loop_that_logs_ends_with_the_next_call(store: Path) -> None:
    """Asked by another process, the fast path gives way; the run is KILLED and keeps what was logged."""
    with pytest.raises(track.RunStopped, match=r"^The run 'sgd' was asked to stop\.$") as stopped:  # noqa: PT012, SIM117
        with track.start_run(run_name="sgd") as run:
            track.log_metric("loss", 1.0, 0)
            track.flush()
            threading.Thread(target=ask, args=(store, run.run_id)).start()
            for step in range(1, 100_000):
                track.log_metric("loss", 1 / step, step)
                time.sleep(0.001)
    assert stopped.value.run_id == run.run_id
    found = track.get_run(run.run_id)
    assert (found.info.status, found.metrics["loss"].count) == ("KILLED", found.metrics["loss"].last_step + 1)
    assert found.metrics["loss"].count < 90_000


def test_a_loop_that_does_not_log_sees_it(store: Path) -> None:
    """The writer looks at the store by itself: `should_stop` becomes true, and nothing is raised until a log call."""
    with track.start_run() as run:
        track.log_param("C", 1)
        track.flush()
        assert run.should_stop is False
        ask(store, run.run_id)
        wait_for(lambda: run.should_stop)
        with pytest.raises(track.RunStopped):
            run.log_params({"D": 2})
    assert track.get_run(run.run_id).params.keys() == {"C"}


def test_it_is_no_exception(store: Path) -> None:
    """``except Exception`` in a loop does not swallow it, and it is not among our errors."""
    assert (issubclass(track.RunStopped, KeyboardInterrupt), issubclass(track.RunStopped, Exception)) == (True, False)
    assert not issubclass(track.RunStopped, track.TrackError)


def test_a_request_raises_once(store: Path) -> None:
    """Whoever catches it logs on, such as the last evaluation; a second request raises again."""
    with track.start_run() as run:
        asked_here(run)
        with pytest.raises(track.RunStopped):
            track.log(loss=1.0)
        track.log(accuracy=0.9)
        assert run.should_stop is True
        edits.request_stop(store, [run.run_id])
        wait_for(lambda: session.tracker().writer.stops.asked(run.run_id) != run._memory.stopped)
        with pytest.raises(track.RunStopped):
            track.log_metric("loss", 1.0)
    found = track.get_run(run.run_id)
    assert (found.info.status, set(found.metrics)) == ("FINISHED", {"accuracy"})


@pytest.mark.parametrize(
    "call",
    [
        lambda run: track.log_metric("a", 1.0, 3),
        lambda run: track.log_metric("a", 1),
        lambda run: track.log_metrics({"a": 1}),
        lambda run: track.log(a=1),
        lambda run: track.log_param("a", 1),
        lambda run: track.set_tag("a", 1),
        lambda run: track.log_text("a", "a.txt"),
        lambda run: run.log(a=1),
        lambda run: run.log_metric("a", 1),
        lambda run: run.set_tags({"a": 1}),
        lambda run: run.log_dict({}, "a.json"),
    ],
)
def test_every_log_call_raises_and_writes_nothing(store: Path, call: object) -> None:
    """Functions and methods alike; the first call after the request leaves no trace."""
    with track.start_run() as run:
        asked_here(run)
        with pytest.raises(track.RunStopped):
            call(run)  # type: ignore[operator]
    found = track.get_run(run.run_id)
    own_tags = {key for key in found.own_tags if not key.startswith("mlflow.")}
    assert (found.metrics, found.params, own_tags, Reader(store).artifacts(run.run_id)) == ({}, {}, set(), [])


def test_a_parents_stop_reaches_its_children(store: Path) -> None:
    """The child that is being logged to raises; another run does not."""
    with track.start_run(run_name="search") as search, track.start_run(nested=True) as child:
        asked_here(search)
        assert child.should_stop is True
        with pytest.raises(track.RunStopped, match=child.name):
            track.log(loss=1)
    with track.start_run() as other:
        track.log(loss=1)
        assert other.should_stop is False


def test_a_borrowing_thread_goes_on(store: Path) -> None:
    """A worker that logs to the cell's run would only end itself: the thread that runs the cell raises."""
    with track.start_run() as run:
        track.log_metric("a", 0.0, 0)
        asked_here(run)
        logged = threading.Thread(target=lambda: [track.log_metric("a", 1.0, step) for step in range(3)])
        logged.start()
        logged.join()
        with pytest.raises(track.RunStopped):
            track.log_metric("a", 2.0, 9)
    assert track.get_run(run.run_id).metrics["a"].count == 4


def test_a_resumed_run_starts_anew(store: Path) -> None:
    """Going on with a run that was stopped clears the request, in memory and in the store."""
    with track.start_run() as run:
        asked_here(run)
    with track.start_run(run_id=run.run_id) as again:
        assert again.should_stop is False
        track.log_metric("a", 1.0)
        track.flush()
        session.tracker().writer.stops._looked = 0.0
        session.tracker().writer.stops.look((run.run_id,))
        assert again.should_stop is False
        track.log_metric("a", 1.0)
    assert track.get_run(run.run_id).stop_requested is False


def test_the_request_that_comes_with_a_resumption_is_the_earlier_one(store: Path) -> None:
    """Resuming submits before it listens: no moment in which the earlier request could be taken for a new one."""
    with track.start_run() as run:
        asked_here(run)
    tracker, heard = session.tracker(), []
    tracker.writer.stops.on_request = lambda: heard.append(1)
    for _ in range(20):
        with track.start_run(run_id=run.run_id):
            track.log_metric("a", 1.0)
    track.flush()
    assert (heard, tracker.writer.stops.asked(run.run_id)) == ([], None)


def test_alone_nothing_is_asked_for(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that nobody interferes with reads no request beyond its first batch."""
    reads: list[int] = []
    read = stops.StopRequests.read
    monkeypatch.setattr(stops, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(stops.StopRequests, "read", lambda *args: reads.append(1) or read(*args))
    with track.start_run():
        for step in range(10):
            track.log_metric("a", 1.0, step)
            track.flush()
    assert sum(reads) <= 1


def test_a_store_that_is_gone_is_no_request(store: Path) -> None:
    """Looking at a store that cannot be read changes nothing and raises nothing."""
    requests = stops.StopRequests(store)
    requests.look(("0" * 32,))
    store.write_bytes(b"no database" * 100)
    requests._looked = 0.0
    requests.look(("0" * 32,))
    assert not requests


@pytest.mark.parametrize("call", [track.log, track.log_metrics])
def test_a_loop_of_calls_with_several_numbers_ends_too(store: Path, call: Callable[..., None]) -> None:
    """The calls that only append give way to the request as those of one number do."""
    with track.start_run() as run:
        for step in range(3):
            call({"a": 1.0, "b": 2.0}, step=step)
        assert list(active.put) == ["a", "b"]
        asked_here(run)
        with pytest.raises(track.RunStopped):
            call({"a": 1.0, "b": 2.0}, step=3)
    found = track.get_run(run.run_id)
    assert [found.metrics[key].count for key in ("a", "b")] == [3, 3]


def test_the_fast_path_comes_back(store: Path) -> None:
    """The run after a stopped one appends again without looking anything up."""
    with track.start_run() as run:
        asked_here(run)
    with track.start_run():
        track.log_metric("a", 1.0, 0)
        assert list(active.put) == ["a"]


# ---- in a notebook


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded."""
    with notebook(tmp_path, monkeypatch) as made:
        yield made


STOPPED_LOOP = """
import time, jupyter_track as track
from jupyter_track.store import edits
from jupyter_track.recording.session import session
track.log(loss=1.0)
track.flush()
edits.request_stop(session.tracker().store, [track.current.run_id])
while True:
    try:
        track.log(loss=0.5)
        time.sleep(0.01)
    except Exception:
        pass
"""


def test_a_tracked_cell(nb: Notebook) -> None:
    """The cell fails with one line, its run is KILLED without an error of its own, and the card says stopped."""
    result = nb.run(f"%%track slow\n{STOPPED_LOOP}")
    assert isinstance(result.error_in_exec, track.RunStopped)
    assert nb.printed.splitlines()[0] == "RunStopped: The run 'slow' was asked to stop."
    assert (nb.only.status, nb.only.error, nb.open) == ("KILLED", None, [])
    assert nb.cards[0].startswith("■ slow")


def test_a_run_that_was_left_open_ends(nb: Notebook) -> None:
    """A bare `start_run` ends with the cell that RunStopped has left."""
    nb.run(f"import jupyter_track as track\ntrack.start_run(run_name='bare')\n{STOPPED_LOOP}")
    assert (nb.only.name, nb.only.status, nb.open) == ("bare", "KILLED", [])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelNotebook]:
    """A notebook with a kernel."""
    with kernel_notebook(tmp_path_factory.mktemp("stopping")) as made:
        made.run("%load_ext jupyter_track")
        yield made


def test_in_a_kernel_from_outside(kernel: KernelNotebook) -> None:
    """A busy cell is stopped by another process: one line, a reply that is an error, and the next cell works."""
    code = (
        "%%track slow\nimport time, jupyter_track as track\nwhile True:\n    track.log(loss=1.0)\n    time.sleep(0.01)"
    )
    message = kernel.send(code)
    store = kernel.folder / "track.db"
    wait_for(lambda: store_exists(store) and kernel.stored, "the run")
    ask(store, kernel.stored[-1].run_id)
    shown = kernel.receive(message)
    assert (shown.status, shown.reply["ename"]) == ("error", "RunStopped")
    assert shown.traceback == "RunStopped: The run 'slow' was asked to stop."
    assert kernel.run("6 * 7").result == "42"
    assert [(run.name, run.status) for run in kernel.runs] == [("slow", "KILLED")]


def test_a_script(tmp_path: Path) -> None:
    """A script that is stopped ends as by an interrupt, its run KILLED."""
    program = tmp_path / "train.py"
    program.write_text(f"import jupyter_track as track\ntrack.start_run(run_name='script')\n{STOPPED_LOOP}")
    ended = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, env=environment(tmp_path, notebook=False), capture_output=True
    )
    assert b"RunStopped: The run 'script' was asked to stop." in ended.stderr
    assert ended.returncode != 0
    with sqlite3.connect(tmp_path / "track.db") as connection:
        assert connection.execute("SELECT name, status FROM runs").fetchall() == [("script", "KILLED")]
