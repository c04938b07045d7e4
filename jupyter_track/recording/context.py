"""What surrounds a run and takes time to find out: git's commit and diff, Python and its packages, the machine.

Asking git costs about 30 ms, so the user's thread does not wait for it; runs that start within a few seconds share
one answer. Packages are told as they are imported at the start, and once more at the end where more were imported. A
script may end before the answer is there: its end waits for it (`finish`).

A run keeps what surrounded it first. What surrounds a process that goes on with it is told beside that, with the
process's mark behind the kind (``git@5f0c…``), and sets no tags.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..context.place import user_name
from ..store import files, gate, inputs
from ..store.problems import report
from ..values import clean_text
from .tracker import Tracker

FRESH_SECONDS = 5.0
COMMIT_TAG = "mlflow.source.git.commit"
_SOURCE_TAG = "mlflow.source.type"  # every run has it that began where code ran; one that a client made has not
_MOST_MARKS = 10_000

enabled = True  # whether git is asked
environment_enabled = True


@dataclass(frozen=True)
class Answer:
    """What was found out: tags of a run, and documents by their kind."""

    tags: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, files.Content] = field(default_factory=dict)


@dataclass(frozen=True)
class _Job:
    tracker: Tracker
    run_id: str
    folder: Path | None  # where git is asked; None asks it nothing
    environment: bool
    goes_on: tuple[str, str] | None = None  # the source, by name and type, that goes on with a run of another process
    ran: bool = False  # whether code ran in that run before


_jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
_worker: threading.Thread | None = None
_answers: dict[Path, tuple[float, Answer]] = {}
_environment: tuple[int, Answer] | None = None  # as of so many modules
_given: dict[str, int] = {}  # of how many modules an open run has been told
_marks: dict[str, str] = {}  # what stands behind the kinds of what is told here of a run: nothing for the first
_mark = ""  # that of this process, made when it is needed
_starting = threading.Lock()
_handing = threading.Lock()  # held while an answer is handed over
_finished = False  # the process ends: what is found out from now on would be written by nobody


def describe(
    tracker: Tracker, run_id: str, folder: Path, *, git: bool = True, goes_on: tuple[str, str] | None = None
) -> None:
    """Record what surrounds a run, soon and in the background.

    Parameters
    ----------
    tracker : Tracker
    run_id : str
    folder : Path
        Which repository is asked: the one that holds it.
    git : bool, default True
        Whether it is asked.
    goes_on : tuple of str, optional
        The name and type of the source, where it goes on with a run instead of beginning one.
    """
    if _finished:
        return
    ask = enabled and git
    if goes_on is not None:
        if run_id not in _marks:
            if ask or environment_enabled:
                memory = tracker.memory(run_id)
                ran = memory is None or _SOURCE_TAG in memory.tags
                _put(_Job(tracker, run_id, folder if ask else None, environment_enabled, goes_on, ran))
            return
        ask = False  # it was told here before
    else:
        _set_mark(run_id, "")
    if ask and (known := _fresh(folder)) is not None:
        _hand_over(tracker, run_id, known)
        ask = False
    tell = environment_enabled
    if tell and (told := _told()) is not None:
        _hand_over(tracker, run_id, told)
        _given[run_id] = len(sys.modules)
        tell = False
    if ask or tell:
        _put(_Job(tracker, run_id, folder if ask else None, tell))


def ended(tracker: Tracker, run_id: str) -> None:
    """Tell the packages of a run once more where its code has imported others since it began."""
    given = _given.pop(run_id, None)
    if given is None or given == len(sys.modules) or not environment_enabled or _finished:
        return
    if (told := _told()) is not None:
        _hand_over(tracker, run_id, told)
    else:
        _put(_Job(tracker, run_id, None, True))


def _put(job: _Job) -> None:
    global _worker
    _jobs.put(job)
    try:
        with _starting:  # a worker that leaves has said so by now, or sees the job
            if _worker is None or not _worker.is_alive():
                _worker = threading.Thread(target=_work, name="jupyter-track-context", daemon=True)
                _worker.start()
    except RuntimeError:  # the interpreter is going down and starts no threads any more
        _worker = None
        _work()


def _fresh(folder: Path) -> Answer | None:
    known = _answers.get(folder)
    return known[1] if known is not None and time.monotonic() - known[0] < FRESH_SECONDS else None


def _told() -> Answer | None:
    """The environment as it was told last, None where modules were imported since."""
    known = _environment
    return known[1] if known is not None and known[0] == len(sys.modules) else None


def _hand_over(tracker: Tracker, run_id: str, answer: Answer) -> None:
    mark = _marks.get(run_id, "")
    if answer.tags and not mark:
        tracker.context_tags(run_id, answer.tags)
    for kind, content in answer.documents.items():
        tracker.surroundings(run_id, kind + mark, content)


def _set_mark(run_id: str, mark: str) -> None:
    if len(_marks) >= _MOST_MARKS:
        _marks.pop(next(iter(_marks)), None)
    _marks[run_id] = mark


def _mark_of(job: _Job) -> str:
    """Nothing where nobody has told what surrounds the run, as a client that made it has not; else this process's."""
    global _mark
    _mark = _mark or inputs.BEHIND + uuid.uuid4().hex[:12]
    return _mark if job.ran or inputs.is_described(job.tracker.store, job.run_id) else ""


def _source(job: _Job, source: tuple[str, str]) -> Answer:
    told = {"source": clean_text(source[0]), "type": source[1], "user": clean_text(user_name())}
    return Answer(documents={"process": _document(job.tracker.store, told)})


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
    with gate.inside():  # a child that is forked within an import finds its lock held for good
        from ..context import environment, git, git_code, hardware  # noqa: F401 - for what is done below
    while (job := _next()) is not None:
        try:
            _do(job)
        except Exception as error:  # noqa: BLE001 - describing a run must not break anything
            report("context", f"What surrounds a run could not be recorded: {error!r}")


def _do(job: _Job) -> None:
    answers = []
    if job.goes_on is not None and job.run_id not in _marks:
        _set_mark(job.run_id, _mark_of(job))
        if _marks[job.run_id]:
            answers.append(_source(job, job.goes_on))
    if job.folder is not None:
        answers.append(_fresh(job.folder) or _ask_git(job.folder, job.tracker.store))
    if job.environment:
        _given[job.run_id] = len(sys.modules)
        answers.append(_told() or _tell_environment(job.tracker.store))
    with _handing:
        if not _finished:
            for answer in answers:
                _hand_over(job.tracker, job.run_id, answer)


def _next() -> _Job | None:
    """The next job; None where there is none, and the thread leaves."""
    global _worker
    with _starting:
        try:
            return _jobs.get_nowait()
        except queue.Empty:
            if _worker is threading.current_thread():
                _worker = None
            return None


def _tell_environment(store: Path) -> Answer:
    global _environment
    from ..context.environment import environment
    from ..context.hardware import hardware

    count = len(sys.modules)
    found = {"environment": environment(), "hardware": hardware()}
    answer = Answer(documents={kind: _document(store, told) for kind, told in found.items()})
    _environment = (count, answer)
    return answer


def _document(store: Path, told: Mapping[str, object]) -> files.Content:
    return files.keep(store, json.dumps(told, ensure_ascii=False, sort_keys=True).encode("utf-8", "backslashreplace"))


def _ask_git(folder: Path, store: Path) -> Answer:
    answer = _git_answer(folder, store)
    _answers[folder] = (time.monotonic(), answer)
    return answer


def _git_answer(folder: Path, store: Path) -> Answer:
    from ..context.git import git_state  # loads subprocess, here and not on the user's thread
    from ..context.git_code import uncommitted_code

    state = git_state(folder, store=store)
    if state is None:
        return Answer()
    tags: dict[str, str] = {}
    if state.commit:
        tags[COMMIT_TAG] = state.commit
        tags["jupyter_track.git.dirty"] = "true" if state.dirty else "false"
        if state.branch:
            tags["jupyter_track.git.branch"] = state.branch
    code = uncommitted_code(state, store=store)
    told = {
        "commit": state.commit,
        "branch": state.branch,
        "dirty": state.dirty,
        "remote": state.remote,
        "untracked": code.untracked,
        "more_untracked": code.more_untracked,
        "diff_cut": code.cut,
    }
    documents = {"git": _document(store, told)}
    if code.diff:
        documents["diff"] = files.keep(store, code.diff.encode("utf-8", "backslashreplace"))
    return Answer(tags, documents)


def _start_clean() -> None:
    global _jobs, _worker, _starting, _handing, _finished, _environment, _mark
    _jobs, _worker, _starting, _handing = queue.SimpleQueue(), None, threading.Lock(), threading.Lock()
    _finished, _environment, _mark = False, None, ""
    _given.clear()
    _marks.clear()


gate.reset_in_child(_start_clean)
