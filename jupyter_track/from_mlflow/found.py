"""What mlflow recorded, as plain data: the same from a folder and from a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..records import DatasetInput

FoundPoint = tuple[int, int, float]  # step, time in milliseconds, value


@dataclass(frozen=True)
class FoundExperiment:
    """An experiment of mlflow's; times in milliseconds."""

    identifier: str
    name: str
    lifecycle_stage: str
    created: int
    updated: int
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundModel:
    """A model that a run logged: its name, its id, and the address of its files."""

    name: str
    identifier: str
    address: str


@dataclass(frozen=True)
class FoundRun:
    """A run of mlflow's, without its points: `curves` has how many each metric has."""

    run_id: str
    name: str
    experiment_id: str
    status: str
    lifecycle_stage: str
    start_time: int
    end_time: int | None
    deleted_time: int | None
    user_id: str
    address: str
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    curves: Mapping[str, int] = field(default_factory=dict)
    datasets: Sequence[DatasetInput] = ()
    models: Sequence[FoundModel] = ()


@dataclass(frozen=True)
class FoundVersion:
    """A version of a registered model.

    Attributes
    ----------
    version : int
    created, updated : int
        In milliseconds.
    source : str
        As mlflow names it: ``models:/m-…``, or an address.
    model_id : str
        Of the logged model that it is; empty where it is none.
    address : str
        Where its files lie.
    run_id, user_id, description, stage : str
        Empty where there is none.
    tags : mapping
    """

    version: int
    created: int
    updated: int
    source: str
    model_id: str
    address: str
    run_id: str
    user_id: str
    description: str
    stage: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundRegistered:
    """A registered model with its versions; times in milliseconds."""

    name: str
    created: int
    updated: int
    description: str
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions: Sequence[FoundVersion] = ()


class Found(Protocol):
    """A place where mlflow recorded.

    Attributes
    ----------
    place : Path
        The folder or the database.
    roots : tuple of Path
        The folders in which files of runs may lie.
    odd : Counter
        What could not be read, or is of a kind that is not brought, by what it is called.
    """

    place: Path
    roots: tuple[Path, ...]
    odd: Counter[str]

    def experiments(self) -> list[FoundExperiment]:
        """Return all experiments."""

    def run_ids(self) -> list[str]:
        """Return the ids of all runs in the order of their starts."""

    def runs(self, run_ids: Sequence[str]) -> list[FoundRun]:
        """Return runs in the order of their ids."""

    def registered(self) -> list[FoundRegistered]:
        """Return the registered models; prompts, which mlflow keeps among them, are counted in `odd`."""

    def points(self, run_id: str, key: str, start: int, limit: int) -> Iterator[FoundPoint]:
        """Yield at most `limit` points of a curve, from number `start` on, in the order of logging."""

    def close(self) -> None:
        """Close what is open."""


def whole(value: object, default: int | None = None) -> int | None:
    """Return a whole number that mlflow wrote, as a number or as text; the default where it is none that fits."""
    try:
        number = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return default
    return number if -(2**62) < number < 2**62 else default


def moment(value: object, default: int) -> int:
    """Return a time in milliseconds; the default where there is none that fits."""
    number = whole(value)
    return number if number is not None and 0 <= number < 2**48 else default
