"""The boundary: whatever of ours fails, the user's cell is as it would be, one warning is given, no run stays open."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shell_session import Notebook, files_of, notebook

from jupyter_track.store.problems import TrackWarning


@pytest.fixture
def nb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook with the extension loaded."""
    with notebook(tmp_path, monkeypatch) as made:
        yield made


def broken(*args: Any, **kwargs: Any) -> Any:
    """Stands in for what fails."""
    raise RuntimeError("injected")


# ---- every execution is kept


def test_every_execution_is_kept_in_memory(nb: Notebook) -> None:
    """Source, order, cell, count, duration and status of all, tracked or not; the store gets none of these."""
    began = time.time() * 1000
    nb.run("x = 1", cell_id="a")
    nb.run("1/0", cell_id="b")
    nb.run("raise KeyboardInterrupt", cell_id="c")
    nb.run("x = = 1", cell_id="d")
    nb.run("x = 1", cell_id="a")
    nb.run("   \n")
    found = nb.hooks.history.executions
    assert [(one.position, one.source, one.cell_id, one.execution_count, one.status) for one in found] == [
        (1, "x = 1", "a", 1, "FINISHED"),
        (2, "1/0", "b", 2, "FAILED"),
        (3, "raise KeyboardInterrupt", "c", 3, "KILLED"),
        (4, "x = = 1", "d", 4, "FAILED"),
        (5, "x = 1", "a", 5, "FINISHED"),
    ]
    assert len({one.session for one in found}) == 1
    assert all(0 <= one.duration < 30 and began - 1 <= one.start_time <= time.time() * 1000 + 1 for one in found)
    assert files_of(nb.folder) == set()


def test_the_store_gets_the_executions_of_tracked_cells(nb: Notebook) -> None:
    """With the position among all executions."""
    nb.run("x = 1")
    nb.run("%%track base\ny = 2", cell_id="a")
    nb.run("z = 3")
    (execution,) = nb.reader.executions(nb.only.run_id)
    assert execution == nb.hooks.history.executions[1]
    assert (execution.position, execution.cell_id, execution.status) == (2, "a", "FINISHED")
    assert (nb.only.cell_id, nb.only.execution_count, nb.rows("executions")) == ("a", 2, 1)


# ---- faults

TRACKED = "jupyter_track.notebook.tracked"
HOOKS = "jupyter_track.notebook.hooks"
PLACES = [
    f"{HOOKS}.History.begin",
    f"{HOOKS}.History.end",
    f"{HOOKS}.head_of",
    f"{HOOKS}.status_of",
    f"{HOOKS}.Snapshot",
    f"{HOOKS}.TrackedCell.open",
    f"{HOOKS}.active.enter_cell",
    f"{HOOKS}.active.leave_cell",
    f"{HOOKS}.CellHooks.end_earlier",
    f"{HOOKS}.CellHooks.wants",
    f"{HOOKS}.CellHooks.store_line",
    f"{HOOKS}.CellHooks.previous_of",
    f"{TRACKED}.active.current",
    f"{TRACKED}.expanded",
    f"{TRACKED}.parse_cell",
    f"{TRACKED}.failed_line",
    f"{TRACKED}.automatic_params",
    f"{TRACKED}.auto_metrics",
    f"{TRACKED}.fitted_name",
    f"{TRACKED}.keep_captured",
    f"{TRACKED}.describe_error",
    f"{TRACKED}.showing.show_card",
    f"{TRACKED}.showing.run_card",
    f"{TRACKED}.showing.card_html",
    f"{TRACKED}.opening.open_run",
    f"{TRACKED}.TrackedCell._target",
    "jupyter_track.notebook.usercell.RunCapture.cell_begins",
    "jupyter_track.notebook.usercell.RunCapture.cell_ends",
    "jupyter_track.notebook.usercell.RunCapture.children_of",
    "jupyter_track.notebook.usercell.RunCapture._look_at",
    "jupyter_track.notebook.usercell.keep_captured",
    "jupyter_track.notebook.capture.CellCapture.begin",
    "jupyter_track.notebook.capture.CellCapture.end",
    "jupyter_track.notebook.capture.CellCapture.follow",
    "jupyter_track.recording.context.describe",
    "jupyter_track.recording.ending.install",
    "jupyter_track.recording.tracker.Tracker.start",
    "jupyter_track.recording.tracker.Tracker.end",
    "jupyter_track.recording.tracker.Tracker.goal",
    "jupyter_track.recording.tracker.Tracker.params",
    "jupyter_track.recording.tracker.Tracker.metrics",
    "jupyter_track.recording.tracker.Tracker.rename",
    "jupyter_track.recording.tracker.Tracker.artifact",
    "jupyter_track.recording.tracker.Tracker.execution",
    "jupyter_track.recording.tracker.Tracker.snapshot",
    "jupyter_track.recording.tracker.Tracker.absorb",
    "jupyter_track.recording.entries.redaction.redact_text",
    "jupyter_track.store.writer.Writer.summaries",
    "jupyter_track.store.writer.Writer.number",
    "jupyter_track.store.writer.Writer.submit",
    "jupyter_track.store.files.keep",
    "jupyter_track.recording.session.Session.tracker",
    "jupyter_track.recording.session.Session.source",
]
HEAD = "%%track -p C=1 --max acc -t a=b\n"
BODIES = {
    "value": "acc = float('0.5')\nprint('printed')\nacc",
    "error": "print('printed')\nraise ValueError('mine')",
}


def outcome(nb: Notebook, cell: str) -> tuple[Any, ...]:
    """What the user has of a cell: the result, the error, and what was shown without our card."""
    result = nb.run(cell)
    shown = nb.printed
    for card in nb.cards:
        shown = shown.replace(f"{card}\n", "")
    places = ("Cell In[", "<ipython-input-", "Out[")
    # A traceback may show the first line of the cell, of which a tracked cell's is empty.
    lines = [line for line in shown.splitlines() if line.strip() != "1" and not any(place in line for place in places)]
    return result.result, repr(result.error_in_exec), result.error_before_exec, lines


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.filterwarnings("ignore::jupyter_track.store.problems.TrackWarning")
def test_a_fault_leaves_the_cell_alone(nb: Notebook, monkeypatch: pytest.MonkeyPatch, place: str, body: str) -> None:
    """Result, output and error are those of the cell without the line; no run is open; the next cell is tracked."""
    plain = outcome(nb, f"\n\n#\n{BODIES[body]}".lstrip("\n").replace("#\n", "C = 1\n", 1))
    with monkeypatch.context() as patch:
        patch.setattr(place, broken)
        found = outcome(nb, HEAD + BODIES[body])
        left_open = [run.name for run in nb.open]
    assert found[:3] == plain[:3]
    assert [line for line in found[3] if "C = 1" not in line] == [line for line in plain[3] if "C = 1" not in line]
    assert left_open == []
    after = nb.run("%%track after\n6 * 7")
    assert (after.result, nb.open) == (42, [])
    assert "after" in [run.name for run in nb.runs]


CHILD = "import jupyter_track as track\nwith track.start_run(run_name='child'):\n    track.log_metric('loss', 1.0)\n7"


@pytest.mark.parametrize(
    "place",
    [
        "jupyter_track.notebook.capture.CellCapture.begin",
        "jupyter_track.notebook.capture.CellCapture.end",
        "jupyter_track.notebook.usercell.RunCapture._look_at",
        "jupyter_track.notebook.usercell.keep_captured",
        "jupyter_track.recording.tracker.Tracker.absorb",
        "jupyter_track.recording.tracker.Tracker.artifact",
        "jupyter_track.store.writer.Writer.summaries",
    ],
)
@pytest.mark.parametrize("head", ["", "%%track\n"])
@pytest.mark.filterwarnings("ignore::jupyter_track.store.problems.TrackWarning")
def test_a_fault_of_capturing_leaves_start_run_alone(
    nb: Notebook, monkeypatch: pytest.MonkeyPatch, place: str, head: str
) -> None:
    """What fails while the cell of a user's run is looked at does not reach ``start_run`` or ``with``."""
    with monkeypatch.context() as patch:
        patch.setattr(place, broken)
        assert nb.run(f"{head}{CHILD} # print").result == 7
        assert nb.open == []
    assert ("child", "FINISHED") in [(run.name, run.status) for run in nb.runs]


def test_a_fault_is_warned_of_once(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """One warning per kind of fault, however often it comes; ``%track status`` says it."""
    monkeypatch.setattr(f"{TRACKED}.auto_metrics", broken)
    cell = "%%track\nacc = float('0.5')\nacc"
    with pytest.warns(TrackWarning, match="could not record this cell's metrics: RuntimeError") as caught:
        _ = [nb.run(cell) for _ in range(3)]
    assert len([warning for warning in caught if issubclass(warning.category, TrackWarning)]) == 1
    nb.run("%track status")
    assert "could not record this cell's metrics" in nb.bundles[0][0]["text/plain"]
    assert [(run.status, nb.metrics(run)) for run in nb.runs] == [("FINISHED", {})] * 3


@pytest.mark.filterwarnings("ignore::jupyter_track.store.problems.TrackWarning")
def test_one_step_that_fails_costs_only_what_it_records(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other steps go on, and the run has the cell's own status."""
    monkeypatch.setattr(f"{TRACKED}.automatic_params", broken)
    nb.run("%%track base\nC = 0.1\nprint('printed')\nfloat('0.5')")
    run = nb.only
    assert (run.status, nb.params(run), nb.metrics(run), nb.text(run)) == ("FINISHED", {}, {"result": 0.5}, "printed\n")
    assert (len(nb.sources(run)), len(nb.cards)) == (1, 1)


def test_warnings_that_are_errors_break_nothing(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """``warnings.simplefilter('error')`` in the notebook: the fault is kept for ``%track status``, no cell harmed."""
    monkeypatch.setattr(f"{TRACKED}.auto_metrics", broken)
    nb.run("import warnings\nwarnings.simplefilter('error')")
    assert nb.run("%%track\n6 * 7").result == 42
    assert "Traceback" not in nb.printed
    assert len(nb.problems) == 1


# ---- a store that cannot be used


def put_not_a_store(store: Path) -> None:
    """Put a file of another kind there."""
    store.write_bytes(b"this is not a database, and it is long enough to be read as one" * 20)


def put_other_database(store: Path) -> None:
    """Put a database of another program there."""
    with sqlite3.connect(store) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()


def put_newer(store: Path) -> None:
    """Put a store of a later version there."""
    from jupyter_track.store.database import StoreFiles

    files = StoreFiles(store)
    files.ensure()
    files.close()
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()


@pytest.mark.parametrize(
    ("put", "says"),
    [(put_not_a_store, "not a"), (put_other_database, "did not make"), (put_newer, "newer")],
)
def test_a_store_that_cannot_be_used(nb: Notebook, put: Callable[[Path], None], says: str) -> None:
    """The cell runs, one line says that it is not tracked and why, and the file stays as it is."""
    put(nb.folder / "track.db")
    content = (nb.folder / "track.db").read_bytes()
    for _ in range(2):
        result = nb.run("%%track base\nprint('printed')\n6 * 7")
        assert (result.result, nb.printed.count("printed"), nb.open) == (42, 1, [])
        (line,) = nb.cards
        assert line.startswith("This cell is not tracked: ")
        assert says in line
        assert line.count("\n") == 0
    assert (nb.folder / "track.db").read_bytes() == content


def test_a_user_call_in_such_a_cell_is_the_users_error(nb: Notebook) -> None:
    """``start_run`` raises what is wrong with the store, at the call."""
    put_not_a_store(nb.folder / "track.db")
    result = nb.run("%%track\nimport jupyter_track as track\ntrack.log_metric('loss', 1.0)")
    assert type(result.error_in_exec).__name__ == "NotAStore"
    assert nb.open == []


def test_a_cell_without_a_result(nb: Notebook) -> None:
    """Where the kernel has no result for a cell (an ``await`` cell that was torn down), its run is KILLED."""
    nb.names["hooks"] = nb.hooks
    nb.run("%%track base\nget_ipython().events.unregister('post_run_cell', hooks.after_cell)")
    assert [run.name for run in nb.open] == ["base"]
    nb.shell.events.register("post_run_cell", nb.hooks.after_cell)
    nb.hooks.after_cell(None)
    assert (nb.open, nb.only.status, nb.problems) == ([], "KILLED", [])
    assert nb.run("6 * 7").result == 42


# ---- what it costs


def test_an_untracked_cell_costs_little(nb: Notebook) -> None:
    """Both hooks over a cell of 200 lines do nothing that grows with the namespace: they look at no value of it."""
    nb.run("for i in range(5000): globals()[f'name{i}'] = [i]")

    class Watched(dict[str, Any]):
        reads = 0

        def items(self) -> Any:
            Watched.reads += 1
            return super().items()

    nb.shell.user_ns = Watched(nb.shell.user_ns)
    nb.run("\n".join(f"x{i} = {i}" for i in range(200)))
    assert Watched.reads == 0


def test_hooks_hold_nothing_of_a_cell_that_ended(nb: Notebook) -> None:
    """Values of the cell, its result and its error are not kept alive by us."""
    import gc
    import weakref

    nb.run("class Big: pass\nbig = Big()")
    held = weakref.ref(nb.names["big"])
    nb.run("%%track\nother = big\nmodel = [big]\nNone;")
    nb.run("del big, other, model")
    gc.collect()
    assert held() is None
    assert nb.hooks._running == {}
    assert nb.hooks.runs._watched == {}
