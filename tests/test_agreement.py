"""What live panels and still forms tell of one store is the same: which runs fold, and which may be the best."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from made_stores import START, add_runs, made_store, with_code, write
from test_curves_panel import View

from jupyter_track.panels.curves import CurvesPanel
from jupyter_track.panels.followed import FollowedRuns
from jupyter_track.store import edits
from jupyter_track.store.batch import Batch
from jupyter_track.store.reader import Reader
from jupyter_track.views import curve_choice
from jupyter_track.views.curve_choice import Asked
from jupyter_track.views.curves_html import curves_text
from jupyter_track.views.table import table_of

FAILED = {"status": "FAILED", "duration": 0.2}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return made_store(tmp_path)


def folded_live(store: Path) -> set[tuple[str, ...]]:
    """The names of the runs that share a row of the live table, the newest first."""
    runs = FollowedRuns(store)
    runs.load()
    names = {row.run_id: row.name for row in runs.rows.values()}
    rows = runs.row_messages(list(runs.rows.values()), runs.maker())
    return {tuple(names[run_id] for run_id in row["fold"]["ids"]) for row in rows if "fold" in row}


def folded_still(store: Path) -> set[tuple[str, ...]]:
    """The same of the static table."""
    runs = Reader(store).runs()
    names = {run.run_id: run.name for run in runs}
    rows = table_of(Reader(store), runs, START).rows
    return {tuple(names[run_id] for run_id in row.run_ids) for row in rows if len(row.run_ids) > 1}


def test_failed_attempts_fold_by_one_rule(store: Path) -> None:
    """Within 5 s, without a metric, a note, a file or children; with others between them; one row for each parent."""
    _, above, *_, noted, drawn, pinned, base = add_runs(
        store,
        {"name": "attempt-1", **FAILED},
        {"name": "parent", **FAILED},
        {"name": "good", "metrics": {"loss": 0.5}},
        {"name": "attempt-2", **FAILED},
        {"name": "long", "status": "FAILED", "duration": 5.1},
        {"name": "told", "metrics": {"loss": 0.7}, **FAILED},
        {"name": "elsewhere", "experiment": "other", **FAILED},
        {"name": "attempt-3", **FAILED},
        {"name": "noted", **FAILED},
        {"name": "drawn", **FAILED},
        {"name": "pinned", **FAILED},
        {"name": "base", **FAILED},
    )
    add_runs(store, *({"name": f"below-{at}", "parent_uuid": above, **FAILED} for at in range(2)))
    edits.set_note(store, [noted], "why")
    edits.pin_runs(store, [pinned])
    edits.set_baseline(store, base)
    figure = Batch(uuid.uuid4().hex, 1)
    row = {"path": "f", "sha256": "a" * 64, "content": (1, b"x"), "size": 1, "mime": "m", "kind": "figure"}
    figure.add_artifact(drawn, {**row, "created": START})
    write(store, figure)
    expected = {("attempt-3", "attempt-2", "attempt-1"), ("below-1", "below-0")}
    assert (folded_live(store), folded_still(store)) == (expected, expected)


def test_repeats_fold_alike(store: Path) -> None:
    """Finished runs of the same code, params and data."""
    with_code(store, *({"name": f"same-{at}", "params": {"C": 1}, "metrics": {"loss": 0.5}} for at in range(3)))
    with_code(store, {"name": "other", "params": {"C": 2}}, {"name": "off", "params": {"C": 1}, "status": "KILLED"})
    expected = {("same-2", "same-1", "same-0")}
    assert (folded_live(store), folded_still(store)) == (expected, expected)


def results(store: Path, asked: Asked) -> dict[str, bool]:
    """Which runs a view of live curves may mark as the best."""
    (view,) = View(CurvesPanel(store, asked)).of("curves-view")
    return {run["name"]: run["result"] for run in view["runs"]}


def marked(store: Path, asked: Asked) -> list[str]:
    """The lines of the still curves that have the best mark."""
    panel = CurvesPanel(store, asked)
    lines = curves_text(curve_choice.choose(store, asked), panel.series(), "step").splitlines()
    return [line.split("  ")[1] for line in lines if "▲" in line]


def test_a_run_that_broke_off_is_the_best_of_no_curves(store: Path) -> None:
    """Neither live nor still, whatever it reached; of groups neither one in which all have broken off."""
    add_runs(
        store,
        {"name": "kept", "params": {"C": 1}, "metrics": {"loss": [3.0, 2.0, 4.0]}},
        {"name": "failed", "params": {"C": 1}, "metrics": {"loss": [3.0, 1.0, 4.0]}, "status": "FAILED"},
        {"name": "stopped", "params": {"C": 2}, "metrics": {"loss": [3.0, 0.0, 4.0]}, "status": "KILLED"},
    )
    asked = Asked(("loss",))
    assert results(store, asked) == {"kept": True, "failed": False, "stopped": False}
    assert marked(store, asked) == ["kept #1"]
    assert marked(store, Asked(("loss",), group="C")) == ["1"]
