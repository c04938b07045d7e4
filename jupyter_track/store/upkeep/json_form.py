"""A store as one JSON file: everything but the bytes of files, exact, written as it is read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ..curves import Points
from ..database import reading
from .models import ModelRows, plain_models
from .pages import ExperimentRows, RunRows, Source

FORMAT = 1


def plain(value: Any) -> Any:
    """Return a value that JSON can hold: NaN and infinities as strings, also inside of lists and dicts.

    Examples
    --------
    >>> plain([1.5, float("nan"), {"a": float("-inf")}])
    [1.5, 'NaN', {'a': '-Infinity'}]
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def _dumped(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


class JsonFile:
    """The file from its begin to its end: ``store``, ``runs`` with their points, ``experiments``, ``models``."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115 (closed by __exit__)
        self._between = "\n"

    def __enter__(self) -> JsonFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def begin(self, source: Source) -> None:
        """Write what tells this store from others."""
        with reading(source.place) as connection:
            identity = connection.execute("SELECT id, rev, created, created_by FROM store").fetchone()
        store = dict(zip(("id", "rev", "created", "created_by"), identity, strict=True))
        self._file.write(f'{{"format": "jupyter-track", "version": {FORMAT},\n"store": {_dumped(store)},\n"runs": [')

    def run(self, run: RunRows, pages: Iterable[list[Points]]) -> None:
        """Write a run with all that belongs to it; each point is ``[step, time, value]``."""
        metrics = {
            key: {
                "source": curve.source,
                "count": curve.count,
                "last": {"step": curve.last_step, "time": curve.last_time, "value": _number(curve.last_value)},
                "min": {"step": curve.min_step, "value": curve.min_value},
                "max": {"step": curve.max_step, "value": curve.max_value},
            }
            for key, curve in run.curves.items()
        }
        whole = {
            "number": run.number,
            "experiment": run.experiment,
            **run.run,
            "params": {key: _param(row) for key, row in run.params.items()},
            "param_history": [_history(row) for row in run.history],
            "tags": run.tags,
            "artifacts": list(run.artifacts.values()),
            "executions": list(run.executions.values()),
            "datasets": [{**row, "tags": json.loads(row["tags"])} for row in run.datasets.values()],
            "contexts": list(run.contexts.values()),
            "metrics": metrics,
        }
        self._file.write(f'{self._between}{_dumped(whole)[:-1]}, "points": {{')
        self._between = ",\n"
        self._points(pages)
        self._file.write("}}")

    def _points(self, pages: Iterable[list[Points]]) -> None:
        known: str | None = None
        for page in pages:
            for points in page:
                rows = zip(points.steps, points.times, map(plain, points.values), strict=True)
                text = json.dumps(list(rows), allow_nan=False)[1:-1]
                if points.key == known:
                    self._file.write(f", {text}")
                    continue
                self._file.write(f"{'' if known is None else '], '}{_dumped(points.key)}: [{text}")
                known = points.key
        if known is not None:
            self._file.write("]")

    def end(self, experiments: Mapping[str, ExperimentRows], models: dict[str, ModelRows]) -> None:
        """Write experiments and registry: last, so that every run's is among them."""
        several = [{**one.row, "tags": one.tags, "goals": one.goals} for one in experiments.values()]
        registry = f',\n"models": {_dumped(plain_models(models))}' if models else ""
        self._file.write(f'\n],\n"experiments": {_dumped(several)}{registry}\n}}\n')


def _number(stored: float | None) -> float:
    return math.nan if stored is None else stored


def _param(row: Mapping[str, Any]) -> dict[str, Any]:
    value = json.loads(row["value"])
    found = {"value": value, **{name: row[name] for name in ("type", "text", "written", "source", "position")}}
    if plain(value) != value and row["type"] in ("list", "dict"):  # which of the strings are numbers?
        found["stored"] = row["value"]
    return found


def _history(row: tuple[Any, ...]) -> dict[str, Any]:
    key, changed, value, kind, text, source = row
    return {"key": key, "changed": changed, "value": json.loads(value), "type": kind, "text": text, "source": source}
