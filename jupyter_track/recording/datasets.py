"""Datasets that a run reads: from what `jupyter_track.data` makes, or mlflow's own, to the store's records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..context.datasets import Dataset
from ..context.entered import check_tags
from ..context.sources import source_of
from ..errors import InvalidValue
from ..records import CONTEXT_TAG, MEASURED, MODEL_SOURCE, DatasetInput, InputTag
from ..records import Dataset as DatasetRecord
from ..values import clean_text
from .tracker import Tracker

_LONGEST_ID = 250


def log_input(
    tracker: Tracker, run_id: str, dataset: object, context: str | None = None, tags: Mapping[str, Any] | None = None
) -> None:
    """Record one dataset of a run."""
    tracker.dataset(run_id, used_dataset(tracker, dataset, context, tags))


def log_inputs(
    tracker: Tracker,
    run_id: str,
    datasets: Sequence[object],
    contexts: Sequence[str | None],
    tags: Sequence[Mapping[str, Any] | None],
) -> None:
    """Record several datasets of a run; one that cannot be one means that none is recorded."""
    if not len(datasets) == len(contexts) == len(tags):
        raise InvalidValue(
            f"The lists differ in length: {len(datasets)} datasets, {len(contexts)} contexts, {len(tags)} tags."
        )
    several = zip(datasets, contexts, tags, strict=True)
    for used in [used_dataset(tracker, *one) for one in several if one[0] is not None]:
        tracker.dataset(run_id, used)


def used_dataset(
    tracker: Tracker, dataset: object, context: str | None = None, tags: Mapping[str, Any] | None = None
) -> DatasetInput:
    """Return the record of a dataset as a run uses it.

    Raises
    ------
    InvalidValue
        For what is no dataset, context or tag.
    """
    if context is not None and not isinstance(context, str):
        raise InvalidValue(f"The context of a dataset is a text such as 'training', not {context!r}."[:200])
    given = check_tags({**({CONTEXT_TAG: context} if context else {}), **(tags or {})})
    return DatasetInput(_record(tracker, dataset), tuple(InputTag(key, value) for key, value in given.items()))


def log_model_input(tracker: Tracker, run_id: str, model: object) -> None:
    """Record a model that a run read."""
    tracker.dataset(run_id, used_model(model))


def log_about(
    tracker: Tracker,
    run_id: str,
    metrics: Mapping[str, Any],
    step: int | None = None,
    timestamp: int | None = None,
    dataset: object = None,
    model_id: object = None,
) -> None:
    """Log points that were measured on a dataset, which the run then has as an input, or of a model, which it tells."""
    used = [] if dataset is None else [used_dataset(tracker, dataset)]
    if model_id is not None:
        used += [used_model(model_id, f"{MEASURED}{key}") for key in metrics]
    tracker.metrics(run_id, metrics, step, timestamp)
    for one in used:
        tracker.dataset(run_id, one)


def used_model(model: object, context: str = "") -> DatasetInput:
    """Return the record of a model as a run uses it; whether there is such a model is not looked at, as in mlflow.

    Raises
    ------
    InvalidValue
        For what names no model.
    """
    model_id = getattr(model, "model_id", model)
    if not isinstance(model_id, str) or not model_id.strip() or len(model_id) > _LONGEST_ID:
        raise InvalidValue(
            f"A model is named by its id, which log_model(…).model_id is; {str(model_id)[:60]!r} is none."
        )
    model_id = clean_text(model_id)
    told = DatasetRecord(name=model_id, digest=model_id, source_type=MODEL_SOURCE, source="")
    return DatasetInput(told, (InputTag(CONTEXT_TAG, context),) if context else ())


def _record(tracker: Tracker, dataset: object) -> DatasetRecord:
    if isinstance(dataset, DatasetRecord):
        return dataset
    if isinstance(dataset, Dataset):
        return DatasetRecord(
            name=dataset.name,
            digest=dataset.digest,
            source_type=dataset.source.kind,
            source=dataset.source.stored(tracker.store),
            schema=json.dumps(dataset.schema, ensure_ascii=False),
            profile=json.dumps(dataset.profile, ensure_ascii=False),
        )
    if callable(getattr(dataset, "to_dict", None)) and hasattr(dataset, "_get_dataset_type"):  # mlflow's own
        return _of_mlflow(tracker, dataset)
    library = type(dataset).__module__.partition(".")[0]
    maker = {"pandas": "from_pandas(df)", "polars": "from_polars(df)"}.get(library, "from_numpy(array)")
    raise InvalidValue(
        f"log_input takes a dataset, not {type(dataset).__name__}: log_input(jupyter_track.data.{maker})."
    )


def _of_mlflow(tracker: Tracker, dataset: Any) -> DatasetRecord:
    told = dataset.to_dict()
    source = source_of(dataset.source, {})
    return DatasetRecord(
        name=str(told["name"]),
        digest=str(told["digest"]),
        source_type=source.kind,
        source=source.stored(tracker.store),
        schema=told.get("schema"),
        profile=told.get("profile"),
    )
