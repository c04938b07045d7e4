"""mlflow's folder ``mlruns``: a folder for each experiment and run, a file for each param, tag and metric."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import InvalidValue
from ..records import CONTEXT_TAG, Dataset, DatasetInput, InputTag, RunStatus
from .found import (
    FoundExperiment,
    FoundModel,
    FoundPoint,
    FoundRegistered,
    FoundRun,
    FoundVersion,
    moment,
    whole,
)
from .registry import PROMPT
from .yaml_files import Unreadable, read_yaml

META = "meta.yaml"
TRASH = ".trash"
_MOST_TEXT = 400_000  # bytes of a param or a tag
_STATUSES = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
_VERSION_TEXTS = ("source", "storage_location", "run_id", "user_id", "description", "current_stage")
_DEEPEST = 32  # folders below one another in the name of a metric


class Folder:
    """An ``mlruns``; see `found.Found`.

    Raises
    ------
    InvalidValue
        Where the folder holds no experiment of mlflow's, or PyYAML is not installed.
    """

    def __init__(self, place: Path, roots: tuple[Path, ...]) -> None:
        self.place, self.roots = place, roots
        self.odd: Counter[str] = Counter()
        self._experiments: dict[str, FoundExperiment] = {}
        self._runs: dict[str, tuple[Path, dict[str, Any]]] = {}
        self._models: dict[str, list[FoundModel]] = {}
        self._at: tuple[str, str, int, Iterator[FoundPoint]] | None = None  # where the last curve was left
        for folder in (*_folders(place), *_folders(place / TRASH)):
            if (folder / META).is_file():
                self._read_experiment(folder)
        if not self._experiments:
            raise InvalidValue(f"{place} is no folder of mlflow's: there is no experiment with a {META} in it.")

    def close(self) -> None:
        """Forget the file that was read last."""
        self._at = None

    def _read_experiment(self, folder: Path) -> None:
        meta = self._meta(folder / META, "experiment")
        if meta is None or "experiment_id" not in meta:
            return
        identifier = str(meta["experiment_id"])
        created = moment(meta.get("creation_time"), 0)
        self._experiments[identifier] = FoundExperiment(
            identifier=identifier,
            name=str(meta.get("name") or f"experiment {identifier}"),
            lifecycle_stage="deleted" if meta.get("lifecycle_stage") == "deleted" else "active",
            created=created,
            updated=moment(meta.get("last_update_time"), created),
            tags=dict(self._texts(folder / "tags")),
        )
        for place in (*_folders(folder), *_folders(folder / TRASH)):
            if place.name in ("models", "datasets", "tags", "traces", TRASH) or not (place / META).is_file():
                continue
            found = self._meta(place / META, "run")
            run_id = found and str(found.get("run_id") or found.get("run_uuid") or "")
            if found is not None and run_id:
                self._runs[run_id] = (place, {**found, "experiment_id": identifier})
        for place in _folders(folder / "models"):
            self._read_model(place)
        self.odd["trace"] += sum(1 for _ in _folders(folder / "traces"))

    def _read_model(self, folder: Path) -> None:
        meta = self._meta(folder / META, "model") if (folder / META).is_file() else None
        if meta is not None and meta.get("lifecycle_stage") != "deleted" and meta.get("source_run_id"):
            identifier = str(meta.get("model_id") or folder.name)
            address = str(meta.get("artifact_location") or "")
            model = FoundModel(str(meta.get("name") or identifier), identifier, address)
            self._models.setdefault(str(meta["source_run_id"]), []).append(model)

    def _meta(self, path: Path, what: str) -> dict[str, Any] | None:
        try:
            return read_yaml(path)
        except Unreadable:
            self.odd[f"unreadable {META} of a {what}"] += 1
            return None

    def experiments(self) -> list[FoundExperiment]:
        """Return all experiments."""
        return list(self._experiments.values())

    def run_ids(self) -> list[str]:
        """Return the ids of all runs in the order of their starts."""
        return sorted(self._runs, key=lambda run_id: (moment(self._runs[run_id][1].get("start_time"), 0), run_id))

    def runs(self, run_ids: Sequence[str]) -> list[FoundRun]:
        """Return runs in the order of their ids."""
        return [self._run(run_id) for run_id in run_ids if run_id in self._runs]

    def _run(self, run_id: str) -> FoundRun:
        folder, meta = self._runs[run_id]
        tags = dict(self._texts(folder / "tags"))
        start = moment(meta.get("start_time"), 0)
        status = str(meta.get("status"))
        return FoundRun(
            run_id=run_id,
            name=str(meta.get("run_name") or tags.get("mlflow.runName") or run_id[:8]),
            experiment_id=str(meta["experiment_id"]),
            status=_STATUSES.get(status, status if status in RunStatus.ALL else RunStatus.FINISHED),
            lifecycle_stage="deleted" if meta.get("lifecycle_stage") == "deleted" else "active",
            start_time=start,
            end_time=None if meta.get("end_time") is None else moment(meta["end_time"], start),
            deleted_time=whole(meta.get("deleted_time")),
            user_id=str(meta.get("user_id") or ""),
            address=str(meta.get("artifact_uri") or ""),
            params=dict(self._texts(folder / "params")),
            tags=tags,
            curves=self._curves(folder),
            datasets=self._datasets(folder),
            models=self._models.get(run_id, ()),
        )

    def _texts(self, folder: Path) -> Iterator[tuple[str, str]]:
        for path, key in _files(folder):
            try:
                with path.open("rb") as file:
                    data = file.read(_MOST_TEXT + 1)
            except OSError:
                self.odd["unreadable file"] += 1
                continue
            yield key, data[:_MOST_TEXT].decode("utf-8", "replace")

    def _curves(self, folder: Path) -> dict[str, int]:
        found = {}
        for path, key in _files(folder / "metrics"):
            count = sum(1 for _ in self._read_points(path, counting=True))
            if count:
                found[key] = count
        return found

    def _read_points(self, path: Path, counting: bool = False) -> Iterator[FoundPoint]:
        try:
            with path.open("r", encoding="utf-8", errors="replace") as file:
                for line in file:
                    point = _point(line)
                    if point is not None:
                        yield point
                    elif counting and line.strip():
                        self.odd["line of a metric that is no point"] += 1
        except OSError:
            self.odd["unreadable file"] += 1

    def points(self, run_id: str, key: str, start: int, limit: int) -> Iterator[FoundPoint]:
        """Yield points of a curve in the order of logging; the next ones go on where the last were left."""
        last = self._at
        if last is not None and last[:3] == (run_id, key, start):
            points = last[3]
        else:
            path = self._runs[run_id][0].joinpath("metrics", *key.split("/"))
            points = islice(self._read_points(path), start, None)
        yield from islice(points, limit)
        self._at = (run_id, key, start + limit, points)

    def registered(self) -> list[FoundRegistered]:
        """Return the registered models."""
        found = []
        for folder in _folders(self.place / "models"):
            meta = self._meta(folder / META, "registered model") if (folder / META).is_file() else None
            if meta is None:
                continue
            tags = dict(self._texts(folder / "tags"))
            if PROMPT in tags:
                self.odd["prompt"] += 1
                continue
            aliases = {alias: whole(text.strip(), 0) or 0 for alias, text in self._texts(folder / "aliases")}
            created = moment(meta.get("creation_timestamp"), 0)
            found.append(
                FoundRegistered(
                    name=str(meta.get("name") or folder.name),
                    created=created,
                    updated=moment(meta.get("last_updated_timestamp"), created),
                    description=str(meta.get("description") or ""),
                    tags=tags,
                    aliases=aliases,
                    versions=self._versions(folder),
                )
            )
        return found

    def _versions(self, folder: Path) -> list[FoundVersion]:
        found = []
        for place in _folders(folder):
            number = whole(place.name.removeprefix("version-"), 0) if place.name.startswith("version-") else None
            meta = self._meta(place / META, "version of a model") if number and (place / META).is_file() else None
            if not number or meta is None:
                continue
            texts = {name: str(meta.get(name) or "") for name in _VERSION_TEXTS}
            created = moment(meta.get("creation_timestamp"), 0)
            source = texts["source"]
            found.append(
                FoundVersion(
                    version=number,
                    created=created,
                    updated=moment(meta.get("last_updated_timestamp"), created),
                    source=source,
                    model_id=source.removeprefix("models:/") if source.startswith("models:/m-") else "",
                    address=texts["storage_location"] or source,
                    run_id=texts["run_id"],
                    user_id=texts["user_id"],
                    description=texts["description"],
                    stage=texts["current_stage"],
                    tags=dict(self._texts(place / "tags")),
                )
            )
        return sorted(found, key=lambda one: one.version)

    def _datasets(self, folder: Path) -> list[DatasetInput]:
        found = []
        for place in _folders(folder / "inputs"):
            meta = self._meta(place / META, "dataset")
            if meta is None or meta.get("source_type") != "DATASET":
                continue
            identifier = str(meta.get("source_id"))
            known = folder.parent / "datasets" / identifier / META
            if folder.parent.name == TRASH:
                known = folder.parent.parent / "datasets" / identifier / META
            if "/" in identifier or "\\" in identifier or identifier.startswith(".") or not known.is_file():
                self.odd["dataset that is missing"] += 1
                continue
            told = self._meta(known, "dataset")
            if told is None:
                continue
            dataset = Dataset(
                *(str(told.get(name) or "") for name in ("name", "digest", "source_type", "source")),
                *(None if told.get(name) is None else str(told[name]) for name in ("schema", "profile")),
            )
            tags = meta.get("tags") if isinstance(meta.get("tags"), dict) else {}
            given = [InputTag(str(name), str(value)) for name, value in (tags or {}).items()]
            found.append(DatasetInput(dataset, tuple(sorted(given, key=lambda tag: tag.key != CONTEXT_TAG))))
        return found


def _point(line: str) -> FoundPoint | None:
    """Read ``<time> <value> <step>``, which may be followed by a dataset's name and digest; the oldest had no step."""
    parts = line.split()
    try:
        time, value = int(parts[0]), float(parts[1])
        step = int(parts[2]) if len(parts) > 2 else 0
    except (ValueError, IndexError):
        return None
    if not (0 <= time < 2**48 and -(2**62) < step < 2**62):
        return None
    return step, time, value


def _folders(folder: Path) -> list[Path]:
    """The folders directly below one, links left out, in the order of their names."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files below a folder with their names relative to it, links left out."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        relative = Path(place).relative_to(folder)
        if len(relative.parts) > _DEEPEST:
            folders.clear()
        for name in sorted(names):
            path = Path(place) / name
            if not path.is_symlink() and path.is_file():
                yield path, (relative / name).as_posix()
