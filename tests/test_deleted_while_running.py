"""A run that is deleted while it runs goes on, in whichever process, and what it logs comes back with it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_session import cli
from made_stores import add_runs

import jupyter_track as track
from jupyter_track.panels.actions import edit_runs
from jupyter_track.store.liveness import this_process
from jupyter_track.store.upkeep import gc

SAID = (
    "#1 long is still running and goes on: what it logs from now on lies in the bin with it. '%track stop 1' or "
    "'jupyter track stop 1' ends it."
)
LOGS = """
import sys, jupyter_track as track
with track.start_run(run_name="long"):
    track.log_metric("loss", 1.0, step=0)
    track.flush()
    print("ready", flush=True)
    sys.stdin.readline()
    track.log_metric("loss", 0.5, step=1)
    track.log_param("late", 1)
"""


def delete_by_table(run: track.ActiveRun) -> None:
    """The answer of the live table says it; here it becomes a warning, as of the other ways."""
    answer = edit_runs(track.current._tracker.store, "delete", {"runs": [run.run_id]})  # type: ignore[union-attr]
    assert answer is not None
    warnings.warn(answer["said"], UserWarning, stacklevel=1)


WAYS: dict[str, Callable[[track.ActiveRun], object]] = {
    "api": lambda run: track.delete_run(run.run_id),
    "client": lambda run: track.TrackClient().delete_run("long"),
    "runs": lambda run: track.runs("name = 'long'").delete(),
    "table": delete_by_table,
}


@pytest.mark.parametrize("way", WAYS)
def test_it_goes_on_in_this_process(store: Path, way: str) -> None:
    """One warning says so; a loop that logs is not broken, and all of it is there after restoring."""
    with track.start_run(run_name="long") as run:
        track.log_metric("loss", 1.0, step=0)
        track.log_metric("loss", 0.9, step=1)
        with pytest.warns(UserWarning, match="goes on") as caught:
            WAYS[way](run)
        assert [str(one.message) for one in caught] == [SAID]
        track.log_metric("loss", 0.8, step=2)
        track.log_metrics({"loss": 0.7}, step=3)
        track.log_param("late", 1)
        track.set_tag("late", "yes")
        track.log_text("hello", "late.txt")
        track.log(accuracy=0.5)
    assert [found.name for found in track.runs()] == []
    track.restore_run("long")
    found = track.get_run("long")
    assert (found.status, found.data.params, found.own_tags["late"]) == ("FINISHED", {"late": "1"}, "yes")
    assert [point.value for point in track.TrackClient().get_metric_history("long", "loss")] == [1.0, 0.9, 0.8, 0.7]
    assert track.artifacts.load_text("runs:/long/late.txt") == "hello"


def test_it_takes_nothing_once_it_has_ended(store: Path) -> None:
    """As any deleted run."""
    with track.start_run(run_name="long") as run, pytest.warns(UserWarning, match="goes on"):
        track.delete_run(run.run_id)
    with pytest.raises(track.TrackError, match="#1 long is deleted"):
        run.log_metric("loss", 1.0)


def test_an_experiment_says_so_too(store: Path) -> None:
    """Its runs go into the bin with it."""
    track.set_experiment("e")
    with track.start_run(run_name="long"):
        with pytest.warns(UserWarning, match="goes on") as caught:
            track.delete_experiment(track.get_experiment_by_name("e").experiment_id)  # type: ignore[union-attr]
        track.log(late=1)
    assert [str(one.message) for one in caught] == [SAID]
    track.restore_experiment(track.get_experiment_by_name("e").experiment_id)  # type: ignore[union-attr]
    assert track.get_run("long").data.metrics == {"late": 1.0}


def test_what_has_ended_is_deleted_in_silence(store: Path) -> None:
    """So is a run whose process is gone, and one that was deleted before it ended."""
    with track.start_run(run_name="short"):
        pass
    track.flush()
    here = this_process().host_id
    add_runs(store, {"name": "lost", "status": "RUNNING", "host_id": here, "pid": 2**22 + 1, "process_start": "1"})
    assert track.get_run("lost").state == "lost"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        track.runs().delete()
    assert track.runs() == []


def test_it_goes_on_in_another_process(store: Path) -> None:
    """The terminal says so; gc leaves the run until it has ended, and what it logged late is restored with it."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOGS], cwd=store.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        said = cli(store, "delete", "long").stdout
        assert said.splitlines() == [
            "#1 long: deleted",
            "'jupyter track undo' brings back what was deleted last.",
            SAID,
        ]
        assert gc.collect(store, older_than_days=0).runs == 0
        process.communicate("go on\n", timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    track.restore_run("long")
    found = track.get_run("long")
    assert (found.status, found.data.params, found.data.metrics) == ("FINISHED", {"late": "1"}, {"loss": 0.5})


def test_it_can_be_stopped(store: Path) -> None:
    """In the bin too, as the warning says."""
    with pytest.raises(track.RunStopped), track.start_run(run_name="long") as run:  # noqa: PT012
        with pytest.warns(UserWarning, match="goes on"):
            track.delete_run(run.run_id)
        track.TrackClient().request_stop("long")
        track.flush()
        while True:
            track.log(loss=1)
    track.restore_run("long")
    assert track.get_run("long").status == "KILLED"
