"""What a run read, in words: the size of its data, where they came from, and which column has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..records import DatasetInput, Run
from .format import MINUS, middle_cut, one_line

NAME_LIMIT = 24
SOURCE_LIMIT = 60
MOST_COLUMNS = 3  # that are named
_DIGEST = 8


@dataclass(frozen=True)
class DataChange:
    """How a dataset differs from the one in its place: the columns that are changed, new or gone, and the rows."""

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    rows: tuple[int, int] | None = None
    moved: bool = False  # the same columns in another order

    @property
    def text(self) -> str:
        """``age, city changed``, ``+income``, ``100 → 120 rows``; ``other values`` where no column is known."""
        parts = [f"{self.rows[0]:,} → {self.rows[1]:,} rows"] if self.rows else []
        if self.changed and not (self.rows and len(self.changed) > MOST_COLUMNS):
            parts.append(f"{_listed(self.changed)} changed")
        parts += [f"+{_listed(self.added)}"] if self.added else []
        parts += [f"{MINUS}{_listed(self.removed)}"] if self.removed else []
        parts += ["columns in another order"] if self.moved else []
        return ", ".join(parts) or "other values"


def _listed(names: Sequence[str]) -> str:
    told = ", ".join(middle_cut(one_line(name), NAME_LIMIT) for name in names[:MOST_COLUMNS])
    return told + (f" and {len(names) - MOST_COLUMNS:,} more" if len(names) > MOST_COLUMNS else "")


def identity(run: Run) -> frozenset[tuple[str, str]]:
    """Return what is equal of runs that read the same data: digests, and what they were for; names are labels."""
    return frozenset((used.dataset.digest, used.context) for used in run.inputs.dataset_inputs)


def size_words(used: DatasetInput) -> str:
    """Return ``1,000 × 5``, rows and columns; the shape of an array; nothing where neither is known."""
    profile = profile_of(used)
    shape = profile.get("features_shape")
    if isinstance(shape, list) and all(type(length) is int for length in shape):
        return " × ".join(f"{length:,}" for length in shape)
    rows, columns = profile.get("num_rows"), len(_columns(used)) + _count(profile.get("more_columns"))
    if type(rows) is not int:
        return ""
    return f"{rows:,} × {columns:,}" if columns else f"{rows:,} rows"


def _count(value: object) -> int:
    return value if type(value) is int else 0


def source_words(used: DatasetInput) -> str:
    """Return where the data came from: a path, an address, a function, or ``code``."""
    where = _object(used.dataset.source)
    for key in ("uri", "url", "path", "function", "table_name", "delta_table_name"):
        if isinstance(where.get(key), str):
            return middle_cut(one_line(where[key]), SOURCE_LIMIT)
    return one_line(used.dataset.source_type)


def label(used: DatasetInput) -> str:
    """Return ``iris (training)``."""
    name = middle_cut(one_line(used.dataset.name), NAME_LIMIT)
    return f"{name} ({one_line(used.context)})" if used.context else name


def rows_of(run: Run) -> tuple[tuple[str, ...], ...]:
    """Return a row for each dataset of a run: name, context, size, source, digest."""
    return tuple(
        (
            one_line(used.dataset.name),
            one_line(used.context),
            size_words(used),
            source_words(used),
            one_line(used.dataset.digest[:_DIGEST]),
        )
        for used in run.inputs.dataset_inputs
    ) + model_rows(run)


def model_rows(run: Run) -> tuple[tuple[str, ...], ...]:
    """Return a row for each model that a run read or measured, in the columns of `rows_of`."""
    read = ((model.model_id, "read") for model in run.inputs.model_inputs)
    measured = ((model_id, f"measured: {', '.join(keys)}") for model_id, keys in run.inputs.measured.items())
    return tuple(
        (f"model {one_line(model_id[:_DIGEST])}", one_line(what), "", "", one_line(model_id[:_DIGEST]))
        for model_id, what in (*read, *measured)
    )


def card_words(run: Run) -> tuple[str, ...]:
    """Return ``data iris 150 × 5``, or how many there are where they are more; nothing where there is none."""
    several = run.inputs.dataset_inputs
    if len(several) > 1:
        return (f"data {len(several)}",)
    return tuple(f"data {one_line(used.dataset.name)} {size_words(used)}".rstrip() for used in several)


def changes(run: Run, other: Run) -> tuple[str, ...]:
    """Return how the data of `run` differ from those of `other`, the earlier run, a phrase for each dataset.

    What a failed run lacks is no change: it may not have come so far.
    """
    mine, before = _by_place(run), _by_place(other)
    found = []
    for place, used in mine.items():
        if place not in before:
            found += [f"+data {label(used)}"] if other.state != "failed" else []
        elif (change := change_of(before[place], used)) is not None:
            found.append(f"data {label(used)}: {change.text}")
    if run.state != "failed":
        found += [f"{MINUS}data {label(used)}" for place, used in before.items() if place not in mine]
    return tuple(found)


def change_of(before: DatasetInput, after: DatasetInput) -> DataChange | None:
    """Return how two datasets differ, None where they have the same digest."""
    if before.dataset.digest == after.dataset.digest:
        return None
    old, new = _columns(before), _columns(after)
    count, now = _number(profile_of(before)), _number(profile_of(after))
    both = [name for name in new if name in old]
    return DataChange(
        changed=tuple(name for name in both if new[name] != old[name]),
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        rows=(count, now) if count is not None and now is not None and count != now else None,
        moved=bool(new) and new == old and list(new) != list(old),
    )


DataLine = tuple[str, list[str], list[str], list[bool]]  # label; what each has, in short and in full; as the first?
Versions = Sequence[DatasetInput | None]  # what the runs of a column have in one place


def compared(groups: Sequence[Sequence[Run]]) -> tuple[list[DataLine], list[DataLine]]:
    """Return the lines of a comparison on the data: of datasets that differ, and of those that are equal in all runs.

    Of those that differ, the first column has its size and digest, and the others how they differ from it. A column is
    a run, or several: where these did not all read the same, how many versions there are is told.
    """
    by_group = [[_by_place(run) for run in runs] for runs in groups]
    places = dict.fromkeys(place for runs in by_group for several in runs for place in several)
    lines: list[DataLine] = []
    equal: list[DataLine] = []
    for place in places:
        columns = [[own.get(place) for own in runs] for runs in by_group]
        digests = [frozenset(None if used is None else used.dataset.digest for used in several) for several in columns]
        same = [found == digests[0] for found in digests]
        texts = [_versions(columns[0]), *(_against(columns[0], several) for several in columns[1:])]
        fulls = [_in_full(several) for several in columns]
        named = next(label(used) for several in columns for used in several if used is not None)
        (equal if all(same) else lines).append((named, texts, fulls, same))
    return lines, equal


def _one(several: Versions) -> DatasetInput | None:
    """The dataset that all runs of a column have read; nothing where there is none, or not one."""
    first = several[0]
    if first is None or any(used is None or used.dataset.digest != first.dataset.digest for used in several):
        return None
    return first


def _versions(several: Versions) -> str:
    one = _one(several)
    if one is not None:
        return _words(one)
    having = [used for used in several if used is not None]
    count = len({used.dataset.digest for used in having})
    parts = [_words(having[0]) if count == 1 else f"{count} versions"] if having else []
    return " ".join([*parts, f"in {len(having)} of {len(several)}"] if 0 < len(having) < len(several) else parts)


def _against(first: Versions, several: Versions) -> str:
    """How the data of a column differ from those of the first; what it has where there is no telling."""
    before, after = _one(first), _one(several)
    change = None if before is None or after is None else change_of(before, after)
    return _versions(several) if change is None else change.text


def _in_full(several: Versions) -> str:
    found = dict.fromkeys(f"{_words(used)} from {source_words(used)}" for used in several if used is not None)
    return "; ".join(list(found)[:MOST_COLUMNS]) + (
        f"; +{len(found) - MOST_COLUMNS}" if len(found) > MOST_COLUMNS else ""
    )


def _number(profile: Mapping[str, Any]) -> int | None:
    rows = profile.get("num_rows")
    return rows if type(rows) is int else None


def _words(used: DatasetInput) -> str:
    return " · ".join(filter(None, (size_words(used), one_line(used.dataset.digest[:_DIGEST]))))


def _by_place(run: Run) -> dict[tuple[str, str], DatasetInput]:
    """The datasets of a run by name and context."""
    return {(used.dataset.name, used.context): used for used in run.inputs.dataset_inputs}


def profile_of(used: DatasetInput) -> Mapping[str, Any]:
    """Return the profile of a dataset; empty where it has none that can be read."""
    return _object(used.dataset.profile)


@lru_cache(maxsize=256)
def _object(text: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _columns(used: DatasetInput) -> dict[str, str]:
    """The digests of the columns by name; of imported data whose columns have none, their types."""
    columns = profile_of(used).get("columns")
    if isinstance(columns, list):
        return {str(one["name"]): str(one.get("digest")) for one in columns if isinstance(one, dict) and "name" in one}
    specs = _object(used.dataset.schema).get("mlflow_colspec")
    if isinstance(specs, list):
        return {str(one["name"]): str(one.get("type")) for one in specs if isinstance(one, dict) and "name" in one}
    return {}
