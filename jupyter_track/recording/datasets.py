"""Datasets that a run reads: from what `jupyter_track.data` makes, or mlflow's own, to the store's records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..context.datasets import Dataset
from ..context.entered import check_tags
from ..context.sources import source_of
from ..errors import InvalidValue
from ..records import CONTEXT_TAG, DatasetInput, InputTag
from ..records import Dataset as DatasetRecord
from .tracker import Tracker


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
