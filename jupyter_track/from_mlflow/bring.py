"""Bringing what mlflow recorded into a store: every run once, by its id, as often as it is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidValue
from ..store.sqlite_errors import explain
from ..store.upkeep.leftovers import remove_curves
from ..store.upkeep.merge import Union
from ..store.upkeep.turns import Progress, no_progress, turn
from .database import Database
from .folder import META, Folder
from .found import Found
from .seen import Seen
from .source import MlflowSource, Told

_HEADER = b"SQLite format 3\0"
_NAMED = 3  # things that a sentence names


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes
    ----------
    place : Path
        What was read.
    added, updated, unchanged : int
        Runs that the store did not have; that took something over; that were there already as they are.
    points, artifacts, versions : int
        Of all that was read; `versions` are those of registered models.
    said : tuple of str
        What was not brought and why, a sentence each.
    """

    place: Path
    added: int
    updated: int
    unchanged: int
    points: int
    artifacts: int
    versions: int = 0
    said: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in a line, and what was not brought below."""
        counted = f"{self.added:,} runs added, {self.updated:,} updated, {self.unchanged:,} unchanged"
        of_models = f", {self.versions:,} versions of models" if self.versions else ""
        first = f"{self.place}: {counted} ({self.points:,} points, {self.artifacts:,} files{of_models})"
        return "\n".join((first, *self.said))

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]


def bring(store: Path, place: Path, *, artifacts: Sequence[Path] = (), progress: Progress | None = None) -> Imported:
    """Bring the runs and the registered models of an ``mlruns`` or an ``mlflow.db`` into a store.

    Runs keep their ids, parents, params (numbers become numbers), whole metric histories, tags, files, models (as files
    of their runs) and datasets; registered models their versions, aliases, descriptions and tags. What a run of the
    store has that mlflow's has not stays. Secret-looking values are redacted, as in all that is recorded.

    Parameters
    ----------
    store : Path
        It is made where there is none.
    place : Path
        The folder, the database, or a folder that holds one of them.
    artifacts : sequence of Path, optional
        Folders outside of it in which files of runs may lie as well.
    progress : callable, optional
        Called with the number of runs looked at, and of all.

    Raises
    ------
    InvalidValue
        Where there is nothing of mlflow's, it is damaged, or PyYAML is missing for a folder.
    StoreBusy, StoreUnavailable
        Where the store stays locked, or cannot be written. What was brought until then stays; import again.
    """
    found = _opened(place, tuple(artifacts))
    shown = progress or no_progress
    try:
        with turn(store) as files_of_target, closing(Seen(store)) as seen:
            source = MlflowSource(found, store, seen)
            total = len(source.numbers())
            remove_curves(files_of_target)
            union = Union(files_of_target, source, {})
            for looked_at in union.run():
                shown(looked_at, max(total, looked_at))
        points = union.points
    except sqlite3.Error as error:
        raise explain(error, store) from error
    finally:
        found.close()
    done = union.done
    told = source.told
    said = _said(told, found, len(done.conflicts), len(done.missing))
    if done.renumbered:
        said += (f"Versions whose number was taken here: {', '.join(done.renumbered[:_NAMED])}.",)
    return Imported(found.place, done.added, done.updated, done.unchanged, points, told.artifacts, told.versions, said)


def _opened(place: Path, artifacts: tuple[Path, ...]) -> Found:
    """Open what lies at a place; the files of a database may lie in its folder."""
    if place.is_dir():
        if any((one / META).is_file() for one in place.iterdir() if one.is_dir()):
            return Folder(place, (place, *artifacts))
        for name in ("mlflow.db", "mlruns"):
            if (place / name).exists():
                return _opened(place / name, artifacts)
        raise InvalidValue(f"In {place} there is nothing of mlflow's: no experiment, no mlruns, no mlflow.db.")
    if not place.is_file():
        raise InvalidValue(f"There is no {place}; name mlflow's folder mlruns, or its database mlflow.db.")
    with place.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise InvalidValue(f"{place} is no SQLite file; name mlflow's folder mlruns, or its database mlflow.db.")
    return Database(place, (place.parent, *artifacts))


def _said(told: Told, found: Found, conflicts: int, missing: int) -> tuple[str, ...]:
    """What was not brought, in sentences."""
    said = [
        f"The files of {count:,} runs and models lie in {folder}, outside of what was named; with "
        f"--artifacts {folder} (artifacts=[…]) they come too."
        for folder, count in told.elsewhere.items()
    ]
    said += [
        f"The files of {count:,} runs and models lie behind {scheme}:// and were not fetched."
        for scheme, count in told.remote.items()
    ]
    if told.left_out:
        more = f" … and {len(told.left_out) - _NAMED:,} more." if len(told.left_out) > _NAMED else ""
        said.append(" ".join(told.left_out[:_NAMED]) + more)
    if told.bad_keys:
        said.append(f"{told.bad_keys:,} params, tags and metrics have names that cannot be ones here.")
    if conflicts:
        said.append(f"{conflicts:,} params and metrics differ from those of the store, which stay.")
    if missing:
        said.append(f"{missing:,} files were changed while they were read; import again.")
    odd = [f"{count:,} × {what}" for what, count in found.odd.items() if count]
    if odd:
        said.append(f"Not brought: {', '.join(odd)}.")
    return tuple(said)
