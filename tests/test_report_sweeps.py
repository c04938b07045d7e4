"""Reports of sweeps: the charts of many runs, and what the page is sent for them."""

from __future__ import annotations

from pathlib import Path

from made_reports import made_report
from made_stores import made_store
from made_sweep import add_sweep


def test_a_sweep_has_each_chart_of_many_runs(tmp_path: Path) -> None:
    """Parallel coordinates, a scatter plot against each axis and what mattered, all of the same runs."""
    store = made_store(tmp_path)
    add_sweep(store, 20)
    report = made_report(store)
    assert [name for name in ("parallel", "importance") if f'<section id="{name}"' in report.html] == [
        "parallel",
        "importance",
    ]
    messages = report.document.panels["parallel"]
    axes = ["params.lr", "params.model", "params.batch", "params.dropout"]
    assert [message["named"] for message in messages] == [
        "parallel",
        "scatter",
        *(f"scatter:{axis}" for axis in axes[1:]),
        "importance",
    ]
    assert [axis["id"] for axis in messages[0]["shown"]["axes"]] == [*axes, "metrics.accuracy"]
    assert len(messages[0]["shown"]["runs"]) == 20
    assert {row["title"] for row in messages[-1]["shown"]["bars"]} == {axis.partition(".")[2] for axis in axes}
