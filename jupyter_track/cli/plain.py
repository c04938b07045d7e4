"""Records as plain data for ``--json``: strict JSON with keys that stay.

NaN and the infinities are the strings ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, since JSON has no such numbers.
A time is there twice: ``start_time`` in milliseconds since 1970, ``start_time_iso`` in ISO 8601 (UTC). The text is
ASCII, so no name that a store holds can reach the terminal as a control character.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..records import Artifact, DatasetInput, Execution, MetricSummary, Param, Run

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def json_text(value: object) -> str:
    """Return plain data as JSON text.

    Examples
    --------
    >>> print(json_text({"loss": float("nan"), "best": float("-inf")}))
    {
      "loss": "NaN",
      "best": "-Infinity"
    }
    """
    return json.dumps(strict(value), indent=2, allow_nan=False)


def strict(value: Any) -> Any:
    """Return `value` with every number that JSON lacks as a string, at any depth."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): strict(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(one) for one in value]
    return value


def moment(name: str, milliseconds: int | None) -> dict[str, Any]:
    """Return a time under `name` in milliseconds and under ``<name>_iso`` in ISO 8601, None where there is none.

    Examples
    --------
    >>> moment("start_time", 1_762_180_000_123)
    {'start_time': 1762180000123, 'start_time_iso': '2025-11-03T14:26:40.123Z'}
    """
    return {name: milliseconds, f"{name}_iso": None if milliseconds is None else _iso(milliseconds)}


def _iso(milliseconds: int) -> str | None:
    try:
        text = (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")
    except OverflowError:  # a store may hold any integer
        return None
    return text.replace("+00:00", "Z")


def run_plain(run: Run) -> dict[str, Any]:
    """Return a run as plain data."""
    error = run.error
    return {
        "run_id": run.run_id,
        "number": run.number,
        "name": run.name,
        "experiment_id": run.experiment_id,
        "experiment_name": run.experiment_name,
        "status": run.status,
        "state": run.state,
        "lifecycle_stage": run.lifecycle_stage,
        **moment("start_time", run.start_time),
        **moment("end_time", run.end_time),
        "duration": run.duration,
        "parent_run_id": run.parent_run_id,
        "user_id": run.user_id,
        "note": run.note,
        "notebook": run.notebook,
        "cell_id": run.cell_id,
        "execution_count": run.execution_count,
        "error": None if error is None else {"name": error.name, "message": error.message, "lines": error.lines},
        "artifact_uri": run.artifact_uri,
        "params": {key: _param(param) for key, param in run.params.items()},
        "metrics": {key: _metric(metric) for key, metric in run.metrics.items()},
        "goals": dict(run.goals),
        "tags": dict(run.own_tags),
        "datasets": [_dataset(used) for used in run.inputs.dataset_inputs],
        "models_read": [model.model_id for model in run.inputs.model_inputs],
        "models_measured": {model_id: list(keys) for model_id, keys in run.inputs.measured.items()},
    }


def _param(param: Param) -> dict[str, Any]:
    return {
        "value": param.value,
        "text": param.text,
        "type": param.type,
        "source": param.source,
        "written": param.written,
    }


def _dataset(used: DatasetInput) -> dict[str, Any]:
    dataset = used.dataset
    return {
        "name": dataset.name,
        "context": used.context,
        "digest": dataset.digest,
        "source_type": dataset.source_type,
        "source": _parsed(dataset.source),
        "schema": _parsed(dataset.schema),
        "profile": _parsed(dataset.profile),
        "tags": {tag.key: tag.value for tag in used.tags},
    }


def _parsed(text: str | None) -> Any:
    """What JSON says; text that is none as it is."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _metric(metric: MetricSummary) -> dict[str, Any]:
    return {
        "count": metric.count,
        "last": metric.last,
        "last_step": metric.last_step,
        **moment("last_time", metric.last_time),
        "min": metric.min,
        "min_step": metric.min_step,
        "max": metric.max,
        "max_step": metric.max_step,
        "source": metric.source,
    }


def artifact_plain(artifact: Artifact) -> dict[str, Any]:
    """Return an artifact as plain data."""
    return {
        "path": artifact.path,
        "kind": artifact.kind,
        "mime": artifact.mime,
        "size": artifact.size,
        "sha256": artifact.sha256,
        "title": artifact.title,
        "line": artifact.line,
        **moment("created", artifact.created),
    }


def execution_plain(execution: Execution) -> dict[str, Any]:
    """Return an execution of a cell as plain data."""
    return {
        "session": execution.session,
        "position": execution.position,
        "cell_id": execution.cell_id,
        "execution_count": execution.execution_count,
        **moment("start_time", execution.start_time),
        "duration": execution.duration,
        "status": execution.status,
        "source": execution.source,
    }
