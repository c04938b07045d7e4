"""Reports of sweeps: what is read once for all of their parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report
from made_stores import made_store
from made_sweep import add_sweep

from jupyter_track.reports import material
from jupyter_track.views import axes, importance, parallel, scatter


def test_what_is_known_of_the_runs_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the summary, parallel coordinates, each scatter plot and what mattered; the lines are drawn once too."""
    store = made_store(tmp_path)
    add_sweep(store, 20)
    counts = {"known": 0, "parallel": 0}

    def known_of(*given: Any) -> axes.Known:
        counts["known"] += 1
        return axes.known_of(*given)

    def parallel_of(*given: Any, **named: Any) -> parallel.Parallel:
        counts["parallel"] += 1
        return parallel.parallel_of(*given, **named)

    for module in (material, parallel, scatter, importance):
        monkeypatch.setattr(module, "known_of", known_of)
    monkeypatch.setattr(material, "parallel_of", parallel_of)
    report = made_report(store)
    assert [name for name in ("parallel", "importance") if f'<section id="{name}"' in report.html] == [
        "parallel",
        "importance",
    ]
    assert counts == {"known": 1, "parallel": 1}
