"""The short form, ``track.log(loss=…)``: what a value is decides where it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidValue
from ..store.artifacts import artifact_path
from ..values import check_key, check_step, metric_value
from .artifacts import keep_blob
from .blob import Blob, class_name
from .tracker import Tracker

FOLDERS = {"figure": "figures", "table": "tables", "text": "texts", "image": "images"}


@dataclass(frozen=True)
class Looked:
    """The values of a call by kind, all of them checked."""

    metrics: Mapping[str, float]
    blobs: Sequence[tuple[str, Blob]]
    step: int | None


def look(values: Mapping[str, Any] | None, step: int | None, named: Mapping[str, Any]) -> Looked:
    """Tell values by kind; nothing is written, and no run is needed.

    Files are named after the key in a folder of their kind (``figures/roc.png``); where a step is given, it is part of
    the name.

    Raises
    ------
    InvalidValue
        For an array of several elements, a value of no known kind, or no value at all.
    """
    from . import content  # loaded by the first call: most processes log numbers by name only

    if values is not None and not isinstance(values, Mapping):
        raise InvalidValue(
            f"log takes names with values, as log(loss=0.1) or log({{'loss': 0.1}}), not {class_name(values)}."
        )
    flat = dict(_flat({**(values or {}), **named}))
    if not flat:
        raise InvalidValue("There is nothing to log: give names with values, such as log(loss=0.1).")
    at = None if step is None else check_step(step)
    metrics: dict[str, float] = {}
    blobs: list[tuple[str, Blob]] = []
    for key, value in flat.items():
        check_key(key)
        kind = content.describe(value)
        if kind == "metric":
            metrics[key] = metric_value(key, value)
        else:
            blobs.append(_file(key, value, kind, at))
    return Looked(metrics, blobs, at)


def keep(tracker: Tracker, run_id: str, looked: Looked) -> None:
    """Log what was looked at: numbers become metrics of the step."""
    if looked.metrics:
        at = _count(tracker, run_id) if looked.step is None else looked.step
        tracker.metrics(run_id, looked.metrics, at)
    for path, blob in looked.blobs:
        keep_blob(tracker, run_id, blob, path)


def _count(tracker: Tracker, run_id: str) -> int:
    """The number of this call among the run's calls without a step."""
    memory = tracker.memory(run_id)
    if memory is None:
        return 0
    memory.calls += 1
    return memory.calls - 1


def _flat(values: Mapping[Any, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found += _flat(value, f"{name}/")
        else:
            found.append((name, value))
    return found


def _file(key: str, value: Any, kind: str, step: int | None) -> tuple[str, Blob]:
    """The path and the content of a value that is no number."""
    from . import content

    if kind == "figure":
        blob = content.figure_blob(value, None)
    elif kind == "table":
        blob = content.table_blob(value)
    elif kind == "text":
        blob = content.text_blob(value)
    elif kind == "image":
        blob = content.image_blob(value)
    elif kind == "array":
        shape = tuple(getattr(value, "shape", ())) or (len(value),)
        raise InvalidValue(
            f"{key!r} is an array of several elements (shape {shape}). Log one number of it, such as its mean(); one "
            "metric per element; an image with log_image; or the whole of it with log_table or log_dict."
        )
    else:
        raise InvalidValue(
            f"{key!r} is a {class_name(value)}, which log cannot place; it takes numbers, figures, images, tables, "
            "text and dicts of these. log_param records any value as text, log_artifact a file."
        )
    name = key if step is None else f"{key}-{step:08d}"
    return artifact_path(f"{FOLDERS[kind]}/{name}{blob.suffix}"), blob
