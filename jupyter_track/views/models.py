"""The registry as it is shown: registered models, and the versions of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from ..records import ModelVersion, RegisteredModel
from .details import Details, Grid
from .format import NAME_LIMIT, age, iso, middle_cut, one_line

if TYPE_CHECKING:
    from ..store.reader import Reader

_TITLE = 80
_ALIASES = 4


def registry_details(models: Sequence[RegisteredModel], now_ms: int) -> Details:
    """Return the registered models, a line each."""
    rows = []
    for model in models:
        newest = model.latest_versions[0] if model.latest_versions else None
        rows.append(
            (
                middle_cut(one_line(model.name), NAME_LIMIT),
                "" if newest is None else str(newest.version),
                "" if newest is None else middle_cut(one_line(newest.title), _TITLE),
                _aliases(model),
                age(model.last_updated_timestamp, now_ms),
                middle_cut(one_line(model.description or ""), _TITLE),
            )
        )
    header = ("model", "newest", "what it is", "aliases", "changed", "description")
    return Details(grids=(_narrowed(Grid(header, tuple(rows), (False, True, False, False, True, False), wrap=2)),))


def _aliases(model: RegisteredModel) -> str:
    named = [f"{one_line(alias)} → {number}" for alias, number in sorted(model.aliases.items())]
    return ", ".join(named[:_ALIASES]) + (f", +{len(named) - _ALIASES}" if len(named) > _ALIASES else "")


def model_details(
    model: RegisteredModel,
    versions: Sequence[ModelVersion],
    runs: Mapping[str, str] | None,
    now_ms: int,
    zone: tzinfo | None = None,
) -> Details:
    """Return a registered model with its versions.

    Parameters
    ----------
    model : RegisteredModel
    versions : sequence of ModelVersion
        The newest first.
    runs : mapping or None
        What runs are called (``#12``), by id; a run that is gone is missing. None shows the beginnings of the ids.
    now_ms : int
    zone : tzinfo or None
        The reader's time zone; None is the machine's.
    """
    rows = [
        (
            str(one.version),
            middle_cut(one_line(one.title), _TITLE),
            ", ".join(map(one_line, one.aliases[:_ALIASES])),
            _run_words(one, runs),
            age(one.creation_timestamp, now_ms),
            middle_cut(one_line(one.description or ""), _TITLE),
        )
        for one in versions
    ]
    header = ("version", "what it is", "aliases", "run", "age", "description")
    facts = [("description", model.description or ""), ("created", iso(model.creation_timestamp, zone))]
    facts += [(f"tag {one_line(key)}", one_line(value)) for key, value in model.tags.items()]
    return Details(
        name=middle_cut(one_line(model.name), NAME_LIMIT),
        facts=tuple((label, one_line(text)) for label, text in facts if text),
        grids=(_narrowed(Grid(header, tuple(rows), (True, False, False, True, True, False))),) if rows else (),
    )


def _run_words(version: ModelVersion, runs: Mapping[str, str] | None) -> str:
    if version.run_id is None:
        return ""
    return version.run_id[:8] if runs is None else runs.get(version.run_id, "gone")


def _narrowed(grid: Grid) -> Grid:
    """Return a table without the columns in which nothing stands."""
    kept = [index for index in range(len(grid.header)) if index == 0 or any(row[index] for row in grid.rows)]
    return Grid(
        tuple(grid.header[index] for index in kept),
        tuple(tuple(row[index] for index in kept) for row in grid.rows),
        tuple(grid.right[index] for index in kept),
        wrap=kept.index(grid.wrap) if grid.wrap in kept else 0,
    )


def run_numbers(reader: Reader, versions: Sequence[ModelVersion]) -> dict[str, str]:
    """Return what the runs of versions are called, by id."""
    wanted = list(dict.fromkeys(one.run_id for one in versions if one.run_id is not None))
    return {run.run_id: f"#{run.number}" for run in reader.runs_of(wanted)}


def version_details(version: ModelVersion, run: str = "", zone: tzinfo | None = None) -> Details:
    """Return one version; `run` is what its run is called, its id where that is not known."""
    facts = [
        ("what it is", version.title),
        ("aliases", ", ".join(version.aliases)),
        ("run", run or version.run_id or ""),
        ("source", version.source),
        ("registered", iso(version.creation_timestamp, zone)),
        ("by", version.user_id),
        ("description", version.description or ""),
        ("load it with", version.model_uri),
    ]
    facts += [(f"tag {key}", value) for key, value in version.tags.items()]
    return Details(
        name=f"{middle_cut(one_line(version.name), NAME_LIMIT)} {version.version}",
        facts=tuple((one_line(label), one_line(text)) for label, text in facts if text),
    )
