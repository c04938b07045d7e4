"""The writer: one daemon thread per process and store, which alone changes runs and curves.

Log calls append and return. The thread sleeps until there is something, wakes at most every 100 ms, and writes what
has gathered in one transaction: open, BEGIN IMMEDIATE, a few statements, COMMIT, close, under the process mutex. It
rests so that its own CPU stays under a tenth of the time. A batch that cannot be written is kept and tried again,
then spilled to a side file; a fault is reported once and never reaches the user's code.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from ..errors import StoreBusy, StoreError, StoreUnavailable
from ..records import MetricSummary
from . import gate, pending, problems, spill
from .apply import Application, Knowledge, UnknownRuns, is_store_fault
from .aside import Aside, RunsAreBack
from .asking import Asking
from .backlog import Backlog
from .batch import Batch, Change
from .bell import Bell
from .curves import Curve
from .database import StoreFiles
from .filesystem import patience_at
from .liveness import HEARTBEAT_SECONDS
from .queues import Queues
from .readback import read_back
from .sqlite_errors import explain
from .stops import LOOK_SECONDS, StopRequests
from .trace import Shape

INTERVAL = 0.1  # seconds between two flushes at least
CPU_SHARE = 0.1  # the writer's part of the time
LONGEST_REST = 2.0
BATCH_POINTS = 20_000  # points of one transaction; while more wait there is no rest
LOCK_WAIT = 5.0
BUSY_WAIT = 1.0
RETRY_PAUSES = (0.05, 0.2, 1.0, 2.0, 5.0)
PATIENCE = 3  # failed tries before a batch is spilled
RUN_PATIENCE = 5  # tries until a run must be there: the process that forked this one may not have written it yet


class Writer:
    """Writes what a process logs to one store.

    Parameters
    ----------
    store : Path
        The absolute path of the store; it is made at the first write.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self.files = StoreFiles(store)
        self.backlog = Backlog(store, self.waiting_points)
        self.stops = StopRequests(store)
        self._id = uuid.uuid4().hex
        self._number = 0
        self._knowledge = Knowledge()
        self._changes: deque[Change] = deque()
        self._queues = Queues()
        self._open_runs: dict[str, int] = {}
        self._watched: tuple[str, ...] = ()  # the runs that were open when the batch was taken
        self._numbers: dict[str, int] = {}
        self._wake = Bell()
        self._asking = Asking()
        self._aside = Aside(store)
        self._kept: tuple[Batch, int] | None = None
        self._failures = 0
        self._ready = False
        self._patience: int | None = None  # how much longer to wait; None until the file system was looked at
        self._longest_wait = math.inf  # seconds for the mutex; less at the end of the process
        self._heart = time.monotonic()
        self._stopping = False
        # Held by the thread as long as it lives: whatever an interrupt leaves behind, there is one thread at most.
        # Thread.is_alive() takes a thread that lives for dead where an interrupt comes inside of it.
        self._alone = threading.Lock()
        self._threadless = False
        self._starting = threading.Lock()
        pending.register(store, self.flush)

    # ---- what log calls use

    def submit(self, kind: str, name: str, payload: Any) -> None:
        """Hand over a change; see `Batch` for the kinds. Does not wait."""
        self._changes.append((kind, name, payload))
        self._wake.ring()
        self._start_thread()
        self.logged()

    def logged(self) -> None:
        """Say that something was handed over: while the interpreter goes down it is written at once."""
        if exit_deadline is not None:
            self.flush(max(0.0, exit_deadline - time.monotonic()))

    def open_run(self, run_id: str) -> None:
        """Give signs of life of a run until it ends, and hear of requests to stop it.

        Called after the run's start or resumption was submitted: an earlier request, which that clears, is not heard.
        """
        self.stops.forget(run_id)
        self._open_runs[run_id] = 0

    def close_run(self, run_id: str) -> None:
        """Give no more signs of life of a run."""
        self._open_runs.pop(run_id, None)

    def curve(self, run_id: str, key: str, source: str = "logged") -> Curve:
        """Return the queue of a curve; whoever appends to it must not keep it after the run has ended."""
        curve = self._queues.curve(run_id, key, source)
        if run_id not in self._open_runs:
            self._queues.end(run_id)
        self._start_thread()
        self._wake.ring()
        return curve

    def end_run(self, run_id: str, row: dict[str, Any]) -> None:
        """Hand over the end of a run; its queues are looked after for a while yet."""
        self.close_run(run_id)
        self.submit("update", run_id, row)
        self._queues.end(run_id)

    def waiting_points(self) -> int:
        """Return how many points are in the queues."""
        return self._queues.waiting()

    @property
    def congested(self) -> bool:
        """Whether so much waits that log calls have to wait too."""
        return self.backlog.congested

    def wait_for_room(self) -> bool:
        """Wait while the backlog is too large; return False where there is no hope, so that the point is lost."""
        return self.backlog.wait_for_room(self._wake.ring, lambda: self._aside.hopeless, lambda: self._stopping)

    def number(self, run_id: str, timeout: float = 0.0) -> int | None:
        """Return a run's small number once it is written, waiting for it at most `timeout` seconds."""
        if run_id in self._numbers or not timeout or self._threadless:
            return self._numbers.get(run_id)
        self._start_thread()
        self._wait(timeout, lambda: run_id in self._numbers)
        return self._numbers.get(run_id)

    def summaries(self, run_id: str) -> dict[str, MetricSummary]:
        """Return the curves that this process has logged to a run, on disk or not, in the order of logging."""
        return self._queues.summaries(run_id)

    def shapes(self, run_id: str) -> dict[str, list[Shape]]:
        """Return what the curves of a run of this process look like: some hundred points of each, from memory."""
        return self._queues.shapes(run_id)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was logged before this call is in the store.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits as long as it takes.

        Returns
        -------
        bool
            False where the time ran out, or where a part of it lies in a side file and not in the store.
        """
        if not (self._alone.locked() or self._changes or self.waiting_points()):
            return self._aside.all_stored()
        self._start_thread()
        if self._threadless:
            while self._step():
                pass
            return self._aside.all_stored()
        return self._wait(timeout) and self._aside.all_stored()

    def _wait(self, timeout: float | None, done: Callable[[], bool] | None = None) -> bool:
        """Wake the thread and wait until it has done what was handed over before, or until `done`."""
        return self._asking.wait(timeout, wake=self._wake.ring, hopeless=self._without_thread, done=done)

    def _without_thread(self) -> bool:
        """Whether nobody writes, and no thread can be started that would."""
        if not self._alone.locked():
            self._start_thread()
        return self._threadless or (self._stopping and not self._alone.locked())

    def close(self, timeout: float | None = None) -> bool:
        """Flush, stop the thread and give up the lock file; what cannot be written in time goes to side files."""
        deadline = None if timeout is None else time.monotonic() + timeout
        done = self.flush(timeout)
        self._stopping = True
        self._wake.ring()
        pending.forget(self.store)
        ended = self._alone.acquire(timeout=0.5 if deadline is None else max(0.05, deadline - time.monotonic()))
        if ended and done:  # what other threads logged meanwhile: the store can be written, and nobody else does
            if deadline is not None:
                self._longest_wait = max(0.0, deadline - time.monotonic())
            self._step()
        self._set_rest_aside()
        if ended:
            self._alone.release()
            self.files.close()
        return done

    def _set_rest_aside(self) -> None:
        """Keep what the store did not take in side files; what the thread still writes is told by its number."""
        while True:
            batch = self._take()[0] if self._kept is None else self._kept[0]
            if batch is None:
                return
            try:
                spill.save(self.store, batch)
            except StoreError as error:
                count = self.waiting_points() + sum(len(points.steps) for points in batch.points)
                problems.report("lost", f"What was logged last is lost, {count:,} metric points among it. {error}")
                return
            self._kept, self._aside.spilled = None, True

    @property
    def spilled(self) -> bool:
        """Whether something of this process lies in a side file and not in the store."""
        return self._aside.spilled

    # ---- the thread

    def _start_thread(self) -> None:
        if self._alone.locked():
            return
        with self._starting:
            if not (self._alone.locked() or self._stopping or self._threadless):
                try:
                    threading.Thread(target=self._run, name="jupyter-track-writer", daemon=True).start()
                except RuntimeError:  # the interpreter is going down and starts no threads any more
                    self._threadless = True

    def _run(self) -> None:
        if not self._alone.acquire(blocking=False):
            return  # two were started
        try:
            while not self._stopping:
                self._wake.wait(self._idle_time())
                self._write_what_waits()
        finally:
            self._alone.release()

    def _write_what_waits(self) -> None:
        began, cpu = time.monotonic(), time.thread_time()
        try:
            while not self._stopping and self._step():
                pass
            self._look_for_stops()
        except Exception as error:  # noqa: BLE001 - not even a fault in looking after faults ends the thread
            problems.report("writer", f"Writing {self.store} failed and is tried again: {error!r}")
            time.sleep(RETRY_PAUSES[1])
        spent = time.thread_time() - cpu
        self._rest(began + max(INTERVAL, min(spent / CPU_SHARE, LONGEST_REST)))

    def _idle_time(self) -> float:
        """How long to sleep where nobody wakes: queues are filled without a sign while a run is open."""
        if self._kept is not None:
            return RETRY_PAUSES[min(self._failures, len(RETRY_PAUSES)) - 1]
        if self._changes or self._asking.waited_for or self._queues.waiting():
            return 0.0
        if self._aside.spilled:
            return RETRY_PAUSES[-1]
        if self._queues:
            return INTERVAL
        return LOOK_SECONDS if self._open_runs else HEARTBEAT_SECONDS

    def _look_for_stops(self) -> None:
        """Look whether another process has asked a run to stop, where nothing was written for a while."""
        runs = tuple(self._open_runs)
        if runs and self._ready and not (self._changes or self._kept or self._aside.spilled):
            self.stops.look(runs)

    def _rest(self, until: float) -> None:
        """Rest, unless somebody waits or too much has gathered."""
        while not self._stopping and (left := until - time.monotonic()) > 0:
            if self._asking.waited_for or self.waiting_points() > BATCH_POINTS:
                return
            self._wake.wait(min(left, INTERVAL))

    def _step(self) -> bool:
        """Write one batch; return whether to go on at once."""
        try:
            batch, asked, more = self._take()
            if batch is None and not (self._aside.spilled or (not self._ready and spill.waiting(self.store))):
                self._asking.finish(asked)
                return False
            self._write(batch)
        except Exception as error:  # noqa: BLE001 - the one boundary: nothing of ours may end the thread
            return self._failed(error)
        self._succeeded(asked, more)
        return more

    def _take(self) -> tuple[Batch | None, int, bool]:
        """Take what waits, at most `BATCH_POINTS` points; a batch that failed comes first and unchanged."""
        if self._kept is not None:
            return (*self._kept, True)
        asked = self._asking.asked
        self._watched = tuple(self._open_runs)
        self._beat()
        # Points before changes: a curve's run has been submitted before its first point, so that run is either in
        # the store or among the changes taken after this.
        with self._queues.lock:
            self._number += 1  # whatever comes of the batch: no two have the same number
            batch = Batch(self._id, self._number)
            self._kept = (batch, asked)  # before anything is taken: what a fault of ours interrupts is not lost
            batch.points += self._queues.take(BATCH_POINTS)
            for _ in range(len(self._changes)):
                self._fold(batch, self._changes.popleft())
            for run_id in self._queues.retire(self._open_runs):
                self._numbers.pop(run_id, None)
                self._knowledge.forget_run(run_id)
            if not batch:
                self._kept = None
        self.backlog.watch()
        if not batch:
            return None, asked, False
        taken = sum(len(points.steps) for points in batch.points)
        return batch, asked, taken >= BATCH_POINTS  # then some that were logged before `asked` may be left

    def _fold(self, batch: Batch, change: Change) -> None:
        """Fold a change in; a mistake of ours in one of them takes none of the others along."""
        try:
            batch.add(change)
        except Exception as error:  # noqa: BLE001 - said, and the rest goes on
            problems.report("failed", f"A change that was logged could not be understood: {change!r:.200} ({error!r})")

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._heart >= HEARTBEAT_SECONDS and not self._stopping:
            self._heart = now
            for run_id in list(self._open_runs):
                self._open_runs[run_id] += 1
                self._changes.append(("heartbeat", run_id, self._open_runs[run_id]))

    def _write(self, batch: Batch | None) -> None:
        """Write a batch, after what earlier lay in side files; None writes only those."""
        patience = self._look_at_place()
        if not self._ready or self._aside.spilled:
            self.files.ensure(timeout=LOCK_WAIT * patience)
            self._read_back()
            self._ready, self._aside.spilled = True, False
        if batch is None:
            return
        application = Application(batch, self._knowledge)
        again = self._failures > 0  # it may have been committed although SQLite said that it was not
        try:
            with self.files.writing(
                timeout=min(LOCK_WAIT * patience, self._longest_wait),
                waiting=self.backlog.watch,
                busy=BUSY_WAIT * patience,
            ) as connection:
                fresh = application.write(connection, again=again)
                self._aside.look_for_returned(batch)
                if not application.alone and self._watched:
                    self.stops.read(connection, self._watched)
        except Exception as error:  # noqa: BLE001 - raised again
            self._knowledge.forget_all()  # whether it was committed is not known: look at the disk next time
            self._raise_explained(error)
        if fresh:
            application.committed()
        numbers = application.numbers
        self._numbers.update({run: numbers[run] for run in batch.starts if run in numbers})
        self._asking.tell()

    def _look_at_place(self) -> int:
        """Return how many times longer than usual to wait for the file."""
        if self._patience is None:
            self._patience = patience_at(self.store)
        return self._patience

    def _read_back(self) -> None:
        """Write the side files of this store, whoever left them."""
        self._knowledge.forget_all()
        try:
            self._numbers.update(read_back(self.files, timeout=LOCK_WAIT, busy=BUSY_WAIT))
        except Exception as error:  # noqa: BLE001 - a side file that is at fault must not hold up what is logged now
            if isinstance(error, StoreError) or is_store_fault(error):
                self._raise_explained(error)
            problems.report("spill", f"Side files of {self.store} could not be read back: {error!r}")

    def _raise_explained(self, error: Exception) -> NoReturn:
        """Raise what a fault of the store means, and any other fault as it is."""
        if isinstance(error, StoreError) or not is_store_fault(error):
            raise error
        if isinstance(error, sqlite3.Error):
            raise explain(error, self.store) from error
        raise StoreUnavailable(f"{self.store} cannot be written ({error}).") from error

    def _succeeded(self, asked: int, more: bool) -> None:
        self._kept = None
        self._failures = 0
        self._aside.hopeless = False
        for kind in ("store", "lost"):
            problems.solved(kind)
        if not more:
            self._asking.finish(asked)

    def _failed(self, error: Exception) -> bool:
        """Keep the batch for another try, or put it aside; return whether to go on at once."""
        self._failures += 1
        self._ready = False
        if isinstance(error, RunsAreBack):
            self._aside.gone -= error.runs
            return True
        if self._kept is None:
            problems.report("store", f"{error} What lies in side files is read back later.")
            self._asking.finish(self._asking.asked)
            return False
        batch, asked = self._kept
        if isinstance(error, UnknownRuns) and (self._failures > RUN_PATIENCE or error.runs <= self._aside.gone):
            self._aside.without(batch, error)
            return True
        lasting = self._aside.spilled or (isinstance(error, StoreError) and not isinstance(error, StoreBusy))
        if isinstance(error, UnknownRuns) or (self._failures < PATIENCE and not lasting):
            waited_for = self._asking.waited_for
            if waited_for and not self._stopping:
                time.sleep(RETRY_PAUSES[min(self._failures, len(RETRY_PAUSES)) - 1])
            return waited_for
        if isinstance(error, StoreError):
            if self._aside.spill(batch, error):
                self._kept = None
            else:
                asked = self._asking.asked  # nobody is helped by waiting: also those who asked after it was taken
                self.backlog.watch()
        else:
            self._kept = None
            self._failures = 0
            self._aside.put_away(batch, error)
        self._asking.finish(asked)
        return False


exit_deadline: float | None = None  # when the interpreter goes down: until when what is logged may be waited for
_writers: dict[Path, Writer] = {}
_when_made: list[Callable[[], None]] = []
_making = threading.Lock()


def writer_for(store: Path) -> Writer:
    """Return this process's writer of a store, made at the first call."""
    writer = _writers.get(store)
    if writer is None:
        with _making:
            writer = _writers.get(store)
            if writer is None:
                writer = _writers[store] = Writer(store)
        for call in _when_made:
            call()
    return writer


def when_made(call: Callable[[], None]) -> None:
    """Call `call` whenever a writer is made: whoever writes has to see to the end of the process."""
    _when_made.append(call)


def writers() -> list[Writer]:
    """Return the writers of this process."""
    return list(_writers.values())


def begin_exit(seconds: float) -> None:
    """Write what is logged from now on at once, `seconds` long altogether: the interpreter is going down."""
    global exit_deadline
    exit_deadline = time.monotonic() + seconds


def close_all(timeout: float) -> bool:
    """Write what waits and stop every writer, in `timeout` seconds altogether; return whether all was written."""
    deadline = time.monotonic() + timeout
    done = [writer.close(max(0.0, deadline - time.monotonic())) for writer in writers()]
    _writers.clear()
    return all(done)


def _start_clean() -> None:
    """In a forked child: what waits belongs to the parent, whose thread does not exist here."""
    global _making, exit_deadline
    _making = threading.Lock()
    exit_deadline = None
    for store in _writers:
        pending.forget(store)
    _writers.clear()


gate.reset_in_child(_start_clean)
