"""What runs read and made, as records: datasets, and models by their ids. `records` has them too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Dataset:
    """What a run read (mlflow's entity).

    Attributes
    ----------
    name, digest : str
        Equal data have an equal digest, whatever they are called.
    source_type : str
        ``local http s3 code …``: where it came from.
    source : str
        JSON: a path relative to the store, an address without credentials, or the code.
    schema, profile : str or None
        JSON: the types of the columns in mlflow's form; the number of rows, and of each column its digest, nulls,
        extremes, mean and commonest values.
    """

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


@dataclass(frozen=True)
class InputTag:
    """A tag of a dataset of a run; ``mlflow.data.context`` says what it was for."""

    key: str
    value: str


CONTEXT_TAG = "mlflow.data.context"


@dataclass(frozen=True)
class DatasetInput:
    """A dataset as one run used it."""

    dataset: Dataset
    tags: tuple[InputTag, ...] = ()

    @property
    def context(self) -> str:
        """What it was for, such as ``training``; empty where that was not said."""
        return next((tag.value for tag in self.tags if tag.key == CONTEXT_TAG), "")


MODEL_SOURCE = "logged_model"  # the kind of an input that is a model; its digest is the model's id
MEASURED = "metric "  # how the context of a model begins that a metric of the run was logged about


@dataclass(frozen=True)
class LoggedModelInput:
    """A model that a run read."""

    model_id: str


@dataclass(frozen=True)
class RunInputs:
    """Datasets and models that a run read.

    Attributes
    ----------
    dataset_inputs : tuple of DatasetInput
    model_inputs : tuple of LoggedModelInput
    measured : mapping of str to tuple of str
        Models by their id, with the metrics of the run that were logged about them (``log_metric(…, model_id=…)``).
    """

    dataset_inputs: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[LoggedModelInput, ...] = ()
    measured: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_dictionary(self) -> dict[str, Any]:
        """Return datasets and models as dicts, in mlflow's shape."""
        return {
            "model_inputs": [{"model_id": one.model_id} for one in self.model_inputs],
            "dataset_inputs": [
                {"dataset": dict(vars(one.dataset)), "tags": {tag.key: tag.value for tag in one.tags}}
                for one in self.dataset_inputs
            ],
        }

    @classmethod
    def of(cls, several: Iterable[DatasetInput]) -> RunInputs:
        """Sort what is stored of a run's inputs, where models stand among the datasets."""
        datasets: list[DatasetInput] = []
        models: list[LoggedModelInput] = []
        measured: dict[str, tuple[str, ...]] = {}
        for used in several:
            if used.dataset.source_type != MODEL_SOURCE:
                datasets.append(used)
            elif used.context.startswith(MEASURED):
                key = used.context.removeprefix(MEASURED)
                measured[used.dataset.digest] = (*measured.get(used.dataset.digest, ()), key)
            else:
                models.append(LoggedModelInput(used.dataset.digest))
        return cls(tuple(datasets), tuple(models), measured)


@dataclass(frozen=True)
class RunOutputs:
    """Models that a run made."""

    model_outputs: tuple[Any, ...] = ()
