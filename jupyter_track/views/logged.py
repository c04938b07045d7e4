"""The models of a run among its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..records import Artifact
from .format import middle_cut, one_line

MLMODEL = "MLmodel"
_SHOWN = 2  # models of a run that its card names


@dataclass(frozen=True)
class LoggedModel:
    """A model among the files of a run: its name, what it is, and how many files of how many bytes it has."""

    name: str
    title: str
    files: int
    size: int

    @property
    def format(self) -> str:
        """How it is kept: ``skops``, ``safetensors``, ``cloudpickle``; empty where nobody says."""
        return self.title.partition(" · ")[2].partition(" (")[0]


def models_in(artifacts: Iterable[Artifact]) -> tuple[tuple[LoggedModel, ...], tuple[Artifact, ...]]:
    """Return the models among files, by name, and the files that belong to none."""
    every = list(artifacts)
    heads = {one.path.removesuffix(f"/{MLMODEL}"): one for one in every if one.path.endswith(f"/{MLMODEL}")}
    inside: dict[str, list[Artifact]] = {name: [] for name in sorted(heads)}
    others: list[Artifact] = []
    for one in every:
        home = next((name for name in inside if one.path.startswith(f"{name}/")), None)
        (others if home is None else inside[home]).append(one)
    found = [
        LoggedModel(name, heads[name].title or "model", len(files), sum(one.size for one in files))
        for name, files in inside.items()
    ]
    return tuple(found), tuple(others)


def model_words(artifacts: Iterable[Artifact]) -> tuple[str, ...]:
    """Return what a card says of a run's models: ``model forest (skops)``; of more than two their number."""
    found, _ = models_in(artifacts)
    if len(found) > _SHOWN:
        return (f"models {len(found)}",)
    return tuple(
        f"model {middle_cut(one_line(one.name), 24)}{f' ({one_line(one.format)})' if one.format else ''}"
        for one in found
    )
