"""What tables and charts of many runs read of each run, and what a panel reads again."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_stores import START, add_run, add_runs, made_store, write
from made_sweep import add_sweep

from jupyter_track.panels.many import Asked, ManyPanel
from jupyter_track.records import Param
from jupyter_track.store import edits, table_rows
from jupyter_track.store.batch import Batch
from jupyter_track.store.table_rows import TableRow


def test_a_row_has_what_the_store_has_of_its_run(tmp_path: Path) -> None:
    """Each in its place, mlflow's own tags left out; runs that are not there are left out."""
    store = made_store(tmp_path)
    parent = add_run(store, name="search", experiment="tuning")
    failed = add_run(
        store,
        name="wide",
        experiment="tuning",
        status="FAILED",
        end_time=START + 1500,
        duration=1.5,
        parent_uuid=parent,
        note="too wide",
        user_id="ada",
        notebook="train.ipynb",
        cell_id="c1",
        execution_count=7,
        error_name="ValueError",
        error_message="no convergence",
        error_lines="line 3",
        params={"width": 512, "act": "relu"},
        metrics={"loss": [0.5, 0.25]},
        tags={"keep": "yes", "mlflow.source.name": "train.ipynb"},
    )
    edits.set_baseline(store, parent)
    edits.pin_runs(store, [failed])
    row, first = table_rows.RowReader(store).read([2, 99, 1])
    assert row == TableRow(
        number=2,
        run_id=failed,
        experiment_id=row.experiment_id,
        experiment="tuning",
        name="wide",
        state="failed",
        stage="active",
        start_time=START,
        duration=1.5,
        parent=parent,
        note="too wide",
        notebook="train.ipynb",
        error="ValueError: no convergence",
        pinned=True,
        baseline=False,
        params={"width": Param("width", "512", "512", "int"), "act": Param("act", "relu", "relu", "str")},
        metrics={"loss": (2, 0.25, 1, "logged")},
        tags={"keep": "yes"},
    )
    assert (first.number, first.state, first.pinned, first.baseline, first.error) == (1, "finished", False, True, "")


@pytest.mark.parametrize("asked", [Asked(), Asked("scatter", x="lr"), Asked(names=("dropout", "batch"))])
def test_a_panel_that_reads_again_shows_what_a_new_one_does(tmp_path: Path, asked: Asked) -> None:
    """After runs were added, changed and deleted, and the goal of its metric was declared."""
    store = made_store(tmp_path)
    ids = add_sweep(store, 12)
    panel = ManyPanel(store, asked)
    before = panel.forms()
    add_runs(store, {"params": {"lr": 0.5, "width": 3}, "metrics": {"accuracy": 0.1, "loss": 0.9}})
    edits.delete_run(store, ids[3])
    edits.update_run(store, ids[5], name="renamed")
    batch = Batch("e" * 32, 1)
    batch.add_goal("Default", ("accuracy", "min"))
    write(store, batch)
    fresh = ManyPanel(store, asked)
    shown, new = (one.scatter() if asked.tab == "scatter" else one.parallel() for one in (panel, fresh))
    assert shown == new
    assert (shown.axes[-1].goal.direction, len(shown.runs)) == ("min", 12)
    assert panel.forms() == fresh.forms() != before
