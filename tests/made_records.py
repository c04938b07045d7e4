"""Records for the tests of the views: a run, a metric of given values, a param, in one call each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jupyter_track.records import MetricSummary, Param, Run

NOW = 1_762_180_000_000  # 2025-11-03 14:26:40 UTC


def made_metric(key: str, values: Sequence[float], source: str = "logged") -> MetricSummary:
    """Return the summary of a curve of `values`, at steps 0, 1, 2, …"""
    finite = [(value, step) for step, value in enumerate(values) if not math.isnan(value)]
    low, low_step = min(finite, key=lambda pair: pair[0], default=(None, None))
    high, high_step = max(finite, key=lambda pair: pair[0], default=(None, None))
    return MetricSummary(
        key, len(values), values[-1], len(values) - 1, NOW, low, low_step, high, high_step, source=source
    )


def made_param(key: str, value: Any, source: str = "assign", written: str | None = None) -> Param:
    """Return a param of `value`."""
    return Param(key, value, str(value), type(value).__name__, source, written)


def made_run(
    number: int | None,
    name: str = "baseline",
    metrics: Sequence[MetricSummary] = (),
    params: Sequence[Param] = (),
    **fields: Any,
) -> Run:
    """Return a run that finished within 0.3 s, `number` minutes ago."""
    given: dict[str, Any] = {
        "state": "finished",
        "duration": 0.3,
        "start_time": NOW - (number or 0) * 60_000,
        "experiment_id": "0",
        "experiment_name": "Default",
        **fields,
    }
    return Run(
        number=number,
        run_id=f"{number or 0:032x}",
        name=name,
        status={"running": "RUNNING", "failed": "FAILED"}.get(given["state"], "FINISHED"),
        metrics={metric.key: metric for metric in metrics},
        params={param.key: param for param in params},
        **given,
    )
