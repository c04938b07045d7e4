"""`track.progress`: a loop that counts, and that ends early where its run was asked to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_stopping import asked_here

import jupyter_track as track
from jupyter_track.recording.loops import Loop
from jupyter_track.recording.run import ActiveRun
from jupyter_track.recording.session import session


def open_loops(run: ActiveRun) -> list[tuple[int, int | None, str]]:
    """How far the open loops of a run are."""
    return [(loop.done, loop.total, loop.unit) for loop in run._memory.loops]


def ended(run: ActiveRun) -> tuple[str, str | None]:
    """How a run ended, and its tag."""
    found = track.get_run(run.run_id)
    return found.info.status, found.own_tags.get("stopped_early")


def test_it_gives_what_the_iterable_gives() -> None:
    """Without a run it is the iterable itself, as often as one likes."""
    loop = track.progress([3, 1, 2])
    assert ([*loop], [*loop], len(loop), loop.total) == ([3, 1, 2], [3, 1, 2], 3, 3)
    assert [*track.progress(iter("ab"), unit="letter")] == ["a", "b"]


def test_what_has_no_length_has_no_total() -> None:
    """Nothing is guessed, and a length that raises is none."""

    class Loader:
        def __iter__(self) -> Iterator[int]:
            return iter((1, 2))

        def __len__(self) -> int:
            raise TypeError("an iterable data set has no length")

    for iterable in (Loader(), iter((1, 2))):
        loop = track.progress(iterable)
        assert (loop.total, bool(loop), [*loop]) == (None, True, [1, 2])
        with pytest.raises(TypeError, match="total="):
            len(loop)


@pytest.mark.parametrize("total", [-1, 2.0, True, "3"])
def test_a_total_is_a_count(total: object) -> None:
    """Anything else is refused at the call."""
    with pytest.raises(track.TrackError, match="count of items"):
        track.progress([], total=total)  # type: ignore[arg-type]


def test_it_counts_what_was_gone_through(store: Path) -> None:
    """An item counts once its turn is over; nested loops stand beside each other; what is left early is gone."""
    seen = []
    with track.start_run() as run:
        for _ in track.progress(range(2), unit="epoch"):
            for batch in track.progress(iter("abc"), unit="batch"):
                seen.append(open_loops(run))
                if batch == "b":
                    break
        assert open_loops(run) == []
    assert seen == [
        [(0, 2, "epoch"), (0, None, "batch")],
        [(0, 2, "epoch"), (1, None, "batch")],
        [(1, 2, "epoch"), (0, None, "batch")],
        [(1, 2, "epoch"), (1, None, "batch")],
    ]
    assert ended(run) == ("FINISHED", None)


def test_an_error_inside_leaves_no_loop(store: Path) -> None:
    """The loop is over with the exception."""
    with pytest.raises(ZeroDivisionError), track.start_run() as run:  # noqa: PT012
        for _ in track.progress(range(3)):
            1 / 0  # noqa: B018
    assert (open_loops(run), ended(run)) == ([], ("FAILED", None))


def test_a_stop_ends_the_loop_as_if_the_data_had_run_out(store: Path) -> None:
    """The item that is under way may log; what stands below the loop runs, and loops there run whole."""
    tested = []
    with track.start_run() as run:
        for step in track.progress(range(100), unit="epoch"):
            if step == 3:
                asked_here(run)
            track.log_metric("loss", 1.0, step)
        tested = [*track.progress(range(5))]
        track.log(accuracy=0.9)
        assert run.should_stop is True
    found = track.get_run(run.run_id)
    assert tested == [0, 1, 2, 3, 4]
    assert (found.metrics["loss"].last_step, found.metrics["accuracy"].last) == (3, 0.9)
    assert ended(run) == ("FINISHED", "epoch 4 of 100")


def test_a_stop_ends_the_loops_around_too(store: Path) -> None:
    """The outermost loop says how far it came; the same loops may run again below."""

    def train(epochs: int) -> Iterator[tuple[int, int]]:
        for epoch in track.progress(range(epochs)):
            for batch in track.progress(range(10)):
                yield epoch, batch

    with track.start_run() as run:
        for at in train(5):
            if at == (2, 4):
                asked_here(run)
        assert at == (2, 4)
    assert ended(run) == ("FINISHED", "3 of 5")


def test_a_loop_that_an_unwrapped_one_begins_again_is_stopped(store: Path) -> None:
    """The inner loop ends, which did not help: RunStopped leaves the outer one."""
    rounds = []
    with pytest.raises(track.RunStopped, match="asked to stop"), track.start_run() as run:  # noqa: PT012
        for epoch in range(1_000):
            for batch in track.progress(range(10)):
                rounds.append((epoch, batch))
                if (epoch, batch) == (1, 2):
                    asked_here(run)
            track.log(loss=1.0)
    assert (rounds[-1], len(rounds), ended(run)) == ((1, 2), 13, ("KILLED", "3 of 10"))


def test_a_second_stop_raises(store: Path) -> None:
    """Whoever asks again while the evaluation runs means it."""
    with pytest.raises(track.RunStopped), track.start_run() as run:  # noqa: PT012
        for step in track.progress(range(9)):
            if step == 1:
                asked_here(run)
        first = run._memory.stopped
        session.tracker().writer.stops.ask(run.run_id, first + 1)
        track.log(accuracy=0.9)
    assert ended(run) == ("KILLED", "2 of 9")


def test_a_stop_of_the_parent_ends_the_loop_over_its_children(store: Path) -> None:
    """Folds: the child that runs is finished, the parent's loop ends."""
    with track.start_run() as parent:
        for fold in track.progress(range(10), unit="fold"):
            with track.start_run(nested=True) as child:
                if fold == 2:
                    asked_here(parent)
                track.log(score=0.5)
    assert (ended(parent), ended(child), fold) == (("FINISHED", "fold 3 of 10"), ("FINISHED", None), 2)


def test_a_stop_of_a_child_leaves_the_parents_loop_alone(store: Path) -> None:
    """Only the run that was asked is left."""
    done = []
    with track.start_run() as parent:
        for fold in track.progress(range(3)):
            try:
                with track.start_run(nested=True) as child:
                    if fold == 0:
                        asked_here(child)
                    track.log(score=0.5)
                done.append(fold)
            except track.RunStopped:
                pass
    assert (done, ended(parent)) == ([1, 2], ("FINISHED", None))


def test_threads_have_loops_of_their_own(store: Path) -> None:
    """Each counts for itself, on the run of the cell."""
    barrier, seen = threading.Barrier(3), []

    def work(run: ActiveRun) -> None:
        for item in track.progress(range(4)):
            if item == 2:
                barrier.wait()
                barrier.wait()

    with track.start_run() as run:
        threads = [threading.Thread(target=work, args=(run,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        barrier.wait()
        seen = [(loop.done, loop.thread != threading.get_ident()) for loop in run._memory.loops]
        barrier.wait()
        for thread in threads:
            thread.join()
        assert open_loops(run) == []
    assert seen == [(2, True), (2, True)]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda place: Loop(20, "", "epoch", place, 0, 0.0, done=12), "epoch 12 of 20"),
        (lambda place: Loop(None, "", "", place, 0, 0.0, done=3), "3"),
    ],
)
def test_how_far_a_loop_came(make: Callable[[object], Loop], told: str) -> None:
    """In words, for the tag."""
    assert make((test_how_far_a_loop_came.__code__, 1)).told() == told
