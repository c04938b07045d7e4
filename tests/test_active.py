"""Which run is active: threads, nesting, cells that are run again, and the short way of repeated log calls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import jupyter_track as track
from jupyter_track.errors import RunStateError
from jupyter_track.recording import active
from jupyter_track.recording.active import Cell


def in_thread(work: Callable[[], None]) -> None:
    """Do something in a thread of its own, and raise here what it raises."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result(timeout=30)


def values(run: track.ActiveRun, key: str = "x") -> list[float]:
    """Return the values of a curve as stored."""
    return [point.value for point in track.TrackClient().get_metric_history(run.run_id, key)]


def test_current_is_the_active_run(store: Path) -> None:
    """`track.current` is looked up at each use."""
    assert track.current is None
    with track.start_run() as run:
        assert track.current is run
        assert track.active_run() is run
    assert track.current is None


def test_worker_threads_log_to_the_run_of_their_parent(store: Path) -> None:
    """mlflow's active run is the thread's own: there, each worker would open a run."""
    with track.start_run() as run, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda value: track.log_metric("x", float(value), step=value), range(400)))
    assert (sorted(values(run)), len(track.search_runs())) == ([float(value) for value in range(400)], 1)


def test_a_thread_that_was_there_before_the_run_logs_to_it_too(store: Path) -> None:
    """The run is looked up at the call, not inherited at the thread's start."""
    go, gone = threading.Event(), threading.Event()

    def work() -> None:
        go.wait(30)
        track.log_metric("x", 1.0)
        gone.set()

    thread = threading.Thread(target=work)
    thread.start()
    with track.start_run() as run:
        go.set()
        assert gone.wait(30)
    thread.join()
    assert values(run) == [1.0]


def test_a_thread_can_have_a_run_of_its_own(store: Path) -> None:
    """It is no child, and neither thread's log calls go to the other's run."""
    runs: list[track.ActiveRun] = []

    def work() -> None:
        with track.start_run(run_name="worker") as run:
            runs.append(run)
            for step in range(3):
                track.log_metric("x", 2.0, step=step)
        track.log_metric("x", 1.0, step=9)

    with track.start_run(run_name="main") as main:
        track.log_metric("x", 1.0, step=0)
        in_thread(work)
        track.log_metric("x", 1.0, step=1)
    assert (values(main), values(runs[0])) == ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0])
    assert track.get_run(runs[0].run_id).parent_run_id is None


def test_a_nested_run_of_a_worker_is_a_child_of_the_visible_run(store: Path) -> None:
    """The Optuna pattern with n_jobs: one child per trial, each in its thread, in parallel."""
    barrier = threading.Barrier(3, timeout=30)

    def trial(number: int) -> str:
        with track.start_run(nested=True, run_name=f"trial {number}") as run:
            barrier.wait()
            for step in range(50):
                track.log_metric("x", float(number), step=step)
        return run.run_id

    with track.start_run() as study, ThreadPoolExecutor(3) as pool:
        trials = list(pool.map(trial, range(3)))
    stored = [track.get_run(run_id) for run_id in trials]
    assert [(run.parent_run_id, run.status) for run in stored] == [(study.run_id, "FINISHED")] * 3
    client = track.TrackClient()
    for number, run_id in enumerate(trials):
        assert [point.value for point in client.get_metric_history(run_id, "x")] == [float(number)] * 50


def test_two_threads_can_each_have_a_run_at_the_same_time(store: Path) -> None:
    """No run is open in the main thread."""
    barrier = threading.Barrier(2, timeout=30)

    def work(number: int) -> track.ActiveRun:
        with track.start_run() as run:
            barrier.wait()
            for step in range(100):
                track.log_metric("x", float(number), step=step)
            barrier.wait()
        return run

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(work, range(2)))
    assert [values(run) for run in runs] == [[0.0] * 100, [1.0] * 100]


def test_a_run_that_a_thread_left_open_is_not_that_of_a_later_thread(store: Path) -> None:
    """The system gives the ident of a thread that has ended to the next one."""
    left: list[track.ActiveRun] = []
    idents: list[int] = []

    def leave() -> None:
        idents.append(threading.get_ident())
        left.append(track.start_run(run_name="left"))

    def later() -> None:
        idents.append(threading.get_ident())
        assert track.active_run() is None
        with track.start_run(run_name="later"):
            track.log_metric("x", 1.0)

    for work in (leave, later):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert (values(left[0]), left[0].is_open, active.open_runs()) == ([], True, left)
    assert sorted(run.name for run in track.search_runs(output_format="list")) == ["later", "left"]


def test_ending_a_parent_leaves_the_child_of_a_thread_that_still_works(store: Path) -> None:
    """Its later points must go to it, and its end is its own."""
    started, ended = threading.Event(), threading.Event()
    children: list[track.ActiveRun] = []

    def work() -> None:
        with track.start_run(nested=True) as child:
            children.append(child)
            track.log_metric("x", 1.0)
            started.set()
            assert ended.wait(30)
            track.log_metric("x", 2.0)

    thread = threading.Thread(target=work)
    with track.start_run() as parent:
        thread.start()
        assert started.wait(30)
    status = track.get_run(children[0].run_id).status
    ended.set()
    thread.join()
    after = track.get_run(children[0].run_id)
    assert (status, after.status, after.parent_run_id, values(children[0])) == (
        "RUNNING",
        "FINISHED",
        parent.run_id,
        [1.0, 2.0],
    )
    assert len(track.search_runs()) == 2


def test_a_worker_may_resume_the_run_that_its_parent_has_open(store: Path) -> None:
    """mlflow's pattern for threads; the run goes on, and its end is the parent's."""

    def work() -> None:
        with track.start_run(run_id=run.run_id):
            track.log_metric("x", 1.0)

    with pytest.raises(ValueError, match="late"), track.start_run() as run:  # noqa: PT012
        in_thread(work)
        between = track.get_run(run.run_id).status
        track.log_metric("x", 2.0)
        track.log_param("p", 1)
        shown = list(run._memory.params)
        raise ValueError("late")
    after = track.get_run(run.run_id)
    assert (between, after.status, after.error and after.error.message) == ("RUNNING", "FAILED", "late")
    assert (values(run), shown, track.active_run()) == ([1.0, 2.0], ["p"], None)


def test_end_run_in_a_worker_does_not_end_the_parent_s_run(store: Path) -> None:
    """It ends runs of its own thread."""
    with track.start_run() as run:
        in_thread(track.end_run)
        assert (track.active_run(), run.info.status) == (run, "RUNNING")


def test_the_short_way_follows_starts_and_ends_in_other_threads(store: Path) -> None:
    """A worker that has logged a key goes on logging it while the main thread's run changes."""
    turns = [threading.Event() for _ in range(4)]
    done = [threading.Event() for _ in range(4)]

    def work() -> None:
        for turn, ready in zip(turns, done, strict=True):
            assert turn.wait(30)
            for step in range(3):
                track.log_metric("x", float(step), step=step)
            ready.set()

    def let(number: int) -> None:
        turns[number].set()
        assert done[number].wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    with track.start_run() as first:
        let(0)
        with track.start_run(nested=True) as child:
            let(1)
        let(2)
    with track.start_run() as second:
        let(3)
    thread.join()
    assert [values(run) for run in (first, child, second)] == [[0.0, 1.0, 2.0] * 2, [0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]


def test_no_point_is_lost_or_misplaced_while_runs_change_beside_the_log_calls(store: Path) -> None:
    """Workers log all the time; every point is in exactly one of the runs that were open."""
    stop = threading.Event()
    counts = [0, 0]

    def work(number: int) -> None:
        while not stop.is_set():
            track.log_metric(f"w{number}", float(counts[number]), step=counts[number])
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    with track.start_run() as outer:
        for thread in threads:
            thread.start()
        children = []
        for _ in range(20):
            with track.start_run(nested=True) as child:
                children.append(child)
        stop.set()
        for thread in threads:
            thread.join()
    for number in range(2):
        found = sorted(value for run in (outer, *children) for value in values(run, f"w{number}"))
        assert found == [float(index) for index in range(counts[number])]


def test_running_a_cell_again_ends_the_run_that_it_left_open(store: Path) -> None:
    """It is KILLED with the reason; mlflow fails the second time."""

    def run_cell(execution: int, key: str = "cell-1") -> track.ActiveRun:
        cell = Cell(key, execution)
        active.enter_cell(cell)
        try:
            run = track.start_run()
            track.log_metric("x", float(execution), step=0)
            return run
        finally:
            active.leave_cell(cell)

    first = run_cell(1)
    second = run_cell(2)
    assert (track.get_run(first.run_id).status, track.get_run(second.run_id).status) == ("KILLED", "RUNNING")
    assert track.get_run(first.run_id).own_tags["jupyter_track.ended_by"] == "re-run"
    assert (values(first), values(second), track.active_run()) == ([1.0], [2.0], second)
    with pytest.raises(RunStateError):
        run_cell(3, "cell-2")
    assert track.active_run() is second


def test_running_a_cell_again_ends_the_nested_runs_too(store: Path) -> None:
    """All that the earlier execution had opened."""
    runs = []
    for execution in (1, 2):
        cell = Cell("cell-1", execution)
        active.enter_cell(cell)
        runs += [track.start_run(), track.start_run(nested=True)]
        active.leave_cell(cell)
    assert [track.get_run(run.run_id).status for run in runs] == ["KILLED", "KILLED", "RUNNING", "RUNNING"]


def test_the_same_execution_may_not_start_two_runs(store: Path) -> None:
    """That is a nesting mistake, and no re-run."""
    cell = Cell("cell-1", 1)
    active.enter_cell(cell)
    run = track.start_run()
    with pytest.raises(RunStateError):
        track.start_run()
    active.leave_cell(cell)
    assert track.active_run() is run


def test_the_run_of_the_thread_that_runs_the_cell_is_visible_elsewhere(store: Path) -> None:
    """A subshell's cell: workers of it log to its run and not to the main thread's."""
    found: list[track.ActiveRun | None] = []

    def subshell() -> None:
        cell = Cell("sub", 1)
        active.enter_cell(cell)
        try:
            with track.start_run(run_name="sub"):
                in_thread(lambda: found.append(track.active_run()))
        finally:
            active.leave_cell(cell)

    with track.start_run(run_name="main") as main:
        in_thread(subshell)
        in_thread(lambda: found.append(track.active_run()))
    assert found[0] is not None
    assert (found[0].name, found[1]) == ("sub", main)


def test_an_await_keeps_the_active_run(store: Path) -> None:
    """A ContextVar that is set in one `await` cell would be gone in the next."""

    async def opening() -> track.ActiveRun:
        await asyncio.sleep(0)
        return track.start_run()

    async def logging() -> None:
        await asyncio.sleep(0)
        track.log_metric("x", 1.0)

    run = asyncio.run(opening())
    asyncio.run(logging())
    track.end_run()
    assert (values(run), track.get_run(run.run_id).status) == ([1.0], "FINISHED")


def test_a_cancelled_task_kills_its_run(store: Path) -> None:
    """As an interrupt does."""
    runs: list[track.ActiveRun] = []

    async def work() -> None:
        with track.start_run() as run:
            runs.append(run)
            await asyncio.sleep(30)

    async def main() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert track.get_run(runs[0].run_id).status == "KILLED"


def test_observers_hear_of_runs_once(store: Path) -> None:
    """The notebook half captures a run's cell from its start to its end; a worker's resumption is neither."""
    heard: list[tuple[str, str]] = []

    class Listening:
        def run_started(self, run: track.ActiveRun) -> None:
            heard.append(("started", run.name))

        def run_ending(self, run: track.ActiveRun) -> None:
            heard.append(("ending", run.name))

        def run_ended(self, run: track.ActiveRun) -> None:
            heard.append(("ended", run.name))

    def work() -> None:
        with track.start_run(run_id=outer.run_id):
            pass

    active.observers.append(Listening())
    with track.start_run(run_name="outer") as outer:
        in_thread(work)
        with track.start_run(run_name="inner", nested=True):
            pass
    assert heard == [
        ("started", "outer"),
        ("started", "inner"),
        ("ending", "inner"),
        ("ended", "inner"),
        ("ending", "outer"),
        ("ended", "outer"),
    ]


def test_the_short_way_is_not_kept_where_the_run_changed_during_the_look_up(store: Path) -> None:
    """Another thread may start or end a run between the look-up of the run and of its queue."""
    points: list[tuple[int, int, float]] = []
    with track.start_run():
        since = active.generation()
        with track.start_run(nested=True):
            active.remember("x", points.append, since)
        active.remember("x", points.append, since)
        kept_late = dict(active.put)
        active.remember("x", points.append, active.generation())
        kept_now = dict(active.put)
    assert (kept_late, list(kept_now), dict(active.put)) == ({}, ["x"], {})
