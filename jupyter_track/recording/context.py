"""What surrounds a run and takes time to find out: git's commit. Found on a thread of its own.

Asking git costs about 30 ms, so the user's thread does not wait for it; runs that start within a few seconds share
one answer. A script may end before the answer is there: its end waits for it (`finish`).
"""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path

from ..store import gate
from ..store.problems import report
from .tracker import Tracker

FRESH_SECONDS = 5.0
COMMIT_TAG = "mlflow.source.git.commit"

enabled = True
_jobs: queue.SimpleQueue[tuple[Tracker, str, Path]] = queue.SimpleQueue()
_worker: threading.Thread | None = None
_answers: dict[Path, tuple[float, dict[str, str]]] = {}
_starting = threading.Lock()
_handing = threading.Lock()  # held while an answer is handed over
_finished = False  # the process ends: what is found out from now on would be written by nobody


def describe(tracker: Tracker, run_id: str, folder: Path) -> None:
    """Tag a run with the commit and branch of the repository that holds `folder`, soon and in the background."""
    global _worker
    if not enabled or _finished:
        return
    known = _answers.get(folder)
    if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
        if known[1]:
            tracker.context_tags(run_id, known[1])
        return
    _jobs.put((tracker, run_id, folder))
    with _starting:  # a worker that leaves has said so by now, or sees the job
        if _worker is None or not _worker.is_alive():
            _worker = threading.Thread(target=_work, name="jupyter-track-context", daemon=True)
            _worker.start()


def waiting() -> bool:
    """Whether something is being found out."""
    worker = _worker
    return worker is not None and worker.is_alive() and worker is not threading.current_thread()


def settle(timeout: float) -> None:
    """Wait until what is being found out has been handed over."""
    worker = _worker
    if worker is not None and worker is not threading.current_thread():
        worker.join(timeout)


def finish(timeout: float) -> None:
    """Wait at the end of the process until what is being found out has been handed over.

    Parameters
    ----------
    timeout : float
        Seconds; what takes longer is dropped, as it would come when the writer has closed.
    """
    global _finished
    deadline = time.monotonic() + timeout
    settle(timeout)
    handing = _handing.acquire(timeout=max(0.05, deadline - time.monotonic()))
    _finished = True
    if handing:
        _handing.release()
    if waiting():
        from ..context.git import end_all

        end_all()


def _work() -> None:
    while (job := _next()) is not None:
        tracker, run_id, folder = job
        try:
            tags = _tags(folder, tracker.store)
            with _handing:
                if tags and not _finished:
                    tracker.context_tags(run_id, tags)
        except Exception as error:  # noqa: BLE001 - describing a run must not break anything
            report("git", f"The git commit could not be recorded: {error!r}")


def _next() -> tuple[Tracker, str, Path] | None:
    """The next job; None where there is none, and the thread leaves."""
    global _worker
    with _starting:
        try:
            return _jobs.get_nowait()
        except queue.Empty:
            if _worker is threading.current_thread():
                _worker = None
            return None


def _tags(folder: Path, store: Path) -> dict[str, str]:
    known = _answers.get(folder)
    if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
        return known[1]
    from ..context.git import git_state  # loads subprocess, here and not on the user's thread

    state = git_state(folder, store=store)
    tags: dict[str, str] = {}
    if state is not None and state.commit:
        tags[COMMIT_TAG] = state.commit
        tags["jupyter_track.git.dirty"] = "true" if state.dirty else "false"
        if state.branch:
            tags["jupyter_track.git.branch"] = state.branch
    _answers[folder] = (time.monotonic(), tags)
    return tags


def _start_clean() -> None:
    global _jobs, _worker, _starting, _handing, _finished
    _jobs, _worker, _starting, _handing = queue.SimpleQueue(), None, threading.Lock(), threading.Lock()
    _finished = False


gate.reset_in_child(_start_clean)
