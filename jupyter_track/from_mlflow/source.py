"""mlflow's runs as the rows of a store: what `store.upkeep.merge` unites with a store, as it does two stores."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..context import redaction
from ..context.entered import safe_text
from ..context.sources import without_credentials
from ..errors import InvalidValue, MissingFile
from ..records import CONTEXT_TAG, DatasetInput, RunStatus
from ..store import files, inputs
from ..store.artifacts import artifact_path, guess_mime, walk
from ..store.registry import ModelFile
from ..store.upkeep.models import ModelRows
from ..store.upkeep.pages import PAGE_BYTES, Curve, ExperimentRows, Rows, RunRows, Source, Wanted
from ..values import check_key, clean_text, param_value
from .found import Found, FoundRun, FoundVersion
from .places import Remote, files_folder
from .registry import MLMODEL, model_rows, title_of
from .seen import Seen

_COLUMNS = {"mlflow.runName", "mlflow.note.content", "mlflow.parentRunId", "mlflow.user"}  # tags that are columns here
_MOST_TAG = 100_000
_CHUNK = 1024 * 1024


@dataclass
class Told:
    """What is to be said of an import: files of how many runs are missing or elsewhere, keys that cannot be ones."""

    artifacts: int = 0
    versions: int = 0
    elsewhere: dict[str, int] = field(default_factory=dict)
    remote: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    bad_keys: int = 0


class MlflowSource(Source):
    """What mlflow recorded, read as a store is.

    Parameters
    ----------
    found : Found
    target : Path
        The store that it is brought to: large files are put beside it when they are first seen.
    seen : Seen
        What earlier imports have hashed.
    """

    def __init__(self, found: Found, target: Path, seen: Seen) -> None:
        super().__init__(found.place, found.place)
        self.found = found
        self.target = target
        self.seen = seen
        self.told = Told()
        self._experiments = {one.identifier: one for one in found.experiments()}
        self._ids = found.run_ids()
        self._by_id = dict.fromkeys(self._ids)
        self._contents: dict[str, tuple[int, bytes | Path | None]] = {}  # a document, a small file, or one beside
        self._logged: dict[str, str] = {}  # mlflow's id of a model to its address here
        self._titles: dict[str, str] = {}  # what an MLmodel says, by its sha256

    def numbers(self) -> dict[int, str]:
        """Return the runs in the order of their starts."""
        return dict(enumerate(self._ids, start=1))

    def experiments(self) -> dict[str, ExperimentRows]:
        """Return all experiments by name."""
        rows: dict[str, ExperimentRows] = {}
        for one in self._experiments.values():
            number = int(one.identifier) if one.identifier.isdecimal() and len(one.identifier) <= 18 else -1
            name = safe_text(one.name)
            row = {
                "id": number if number >= 0 else _number_of(name),
                "name": name,
                "lifecycle_stage": one.lifecycle_stage,
                "created": one.created,
                "updated": one.updated,
                "baseline_uuid": None,
            }
            tags = {key: safe_text(value) for key, value in one.tags.items() if _is_key(key)}
            rows[name] = ExperimentRows(row, tags, {})
        return rows

    def runs(self, numbers: Sequence[int]) -> list[RunRows]:
        """Return runs; their files are hashed, and large ones put beside the target."""
        by_id = {self._ids[number - 1]: number for number in numbers}
        self._contents.clear()  # of the page before: all that was wanted of it has been taken
        return [self._rows_of(run, by_id[run.run_id]) for run in self.found.runs(list(by_id))]

    def _rows_of(self, run: FoundRun, number: int) -> RunRows:
        experiment = self._experiments.get(run.experiment_id)
        rows = RunRows(number, _columns(run), "Default" if experiment is None else safe_text(experiment.name))
        for at, (key, value) in enumerate(run.params.items()):
            if self._is_key(key):
                rows.params[key] = _param(key, value, run.start_time * 1000 + at)
        rows.tags.update(self._tags({key: value for key, value in run.tags.items() if key not in _COLUMNS}))
        for at, (key, count) in enumerate(run.curves.items()):
            if self._is_key(key):
                origin = "system" if key.startswith("system/") else "logged"
                rows.curves[key] = Curve(at, key, origin, count, 0, 0, None, None, None, None, None)
        for at, used in enumerate(run.datasets):
            self._dataset(rows, used, run.start_time * 1000 + at)
        self._files(rows, run.address, "", run.end_time or run.start_time)
        taken: set[str] = set()
        for model in run.models:
            name = model.name if model.name not in taken else f"{model.name}-{model.identifier[-6:]}"
            taken.add(name)
            self._logged[model.identifier] = f"runs:/{run.run_id}/{clean_text(name)}"
            self._files(rows, model.address, f"{name}/", run.end_time or run.start_time)
        return rows

    def _is_key(self, key: str) -> bool:
        known = _is_key(key)
        self.told.bad_keys += not known
        return known

    def _dataset(self, rows: RunRows, used: DatasetInput, position: int) -> None:
        dataset = used.dataset
        document = inputs.document(dataset.schema, dataset.profile)
        sha256 = hashlib.sha256(document).hexdigest()
        self._keep(sha256, len(document), document)
        tags = {tag.key: tag.value for tag in used.tags if tag.key != CONTEXT_TAG}
        name, digest, context = (clean_text(text) for text in (dataset.name, dataset.digest, used.context))
        rows.datasets[name, digest, context] = {
            "name": name,
            "digest": digest,
            "context": context,
            "source_type": clean_text(dataset.source_type),
            "source": _source(dataset.source),
            "sha256": sha256,
            "tags": json.dumps({key: _safe_value(key, value) for key, value in tags.items()}),
            "position": position,
        }

    # ---- files

    def _files(self, rows: RunRows, address: str, prefix: str, created: int) -> None:
        """Take the files of a run, or of a model of its."""
        for path, name, content in self._kept(address, prefix):
            if name in rows.artifacts:
                continue
            self.told.artifacts += 1
            is_model = name.rpartition("/")[2] == MLMODEL
            rows.artifacts[name] = {
                "path": name,
                "sha256": content.sha256,
                "size": content.size,
                "mime": "application/yaml" if is_model else guess_mime(name),
                "kind": "model" if is_model else "file",
                "title": self._title(path, content.sha256) if is_model else None,
                "line": None,
                "created": created,
                "join_key": None,
            }

    def _kept(self, address: str, prefix: str) -> Iterator[tuple[Path, str, files.Content]]:
        """The files of an address with their names here; what is not there is told."""
        folder = self._folder(address)
        if folder is None:
            return
        for path, relative in walk(folder, self.told.left_out.append):
            try:
                yield path, artifact_path(prefix + relative), self._content(path)
            except (InvalidValue, MissingFile) as error:
                self.told.left_out.append(str(error))

    def _folder(self, address: str) -> Path | None:
        if not address:
            return None
        try:
            folder = files_folder(address, self.found.roots)
        except Remote as error:
            self.told.remote[str(error)] = self.told.remote.get(str(error), 0) + 1
            return None
        if folder is None and _is_there(address):  # a run without files has no folder
            base = str(Path(address.removeprefix("file://")).parent.parent)
            self.told.elsewhere[base] = self.told.elsewhere.get(base, 0) + 1
        return folder

    def _content(self, path: Path) -> files.Content:
        """Hash a file that was not seen before; a large one is put beside the target, where it is not there yet."""
        try:
            status = path.stat()
        except OSError as error:
            raise MissingFile(f"{path} cannot be read ({error.strerror}).") from error
        sha256, size = self.seen.recall(path, status) or self._read(path, status)
        if size > files.INLINE_LIMIT:
            if not _lies_beside(self.target, sha256, size):
                content = files.keep(self.target, path)
                if content.sha256 != sha256:
                    self.seen.forget(path)
                sha256, size = content.sha256, content.size
            self._keep(sha256, size, None)
        else:
            self._keep(sha256, size, path)
        return files.Content(sha256, size, None)

    def _read(self, path: Path, status: os.stat_result) -> tuple[str, int]:
        sha256, size = _hashed(path)
        self.seen.remember(path, status, sha256, size)
        return sha256, size

    def _title(self, path: Path, sha256: str) -> str:
        if sha256 not in self._titles:
            with path.open("rb") as file:
                self._titles[sha256] = title_of(file.read(_CHUNK))
        return self._titles[sha256]

    def _keep(self, sha256: str, size: int, what: bytes | Path | None) -> None:
        self._contents[sha256] = (size, what)

    def contents(self, hashes: Sequence[str]) -> Iterator[list[tuple[str, int, bytes | None]]]:
        """Yield the contents of the runs that were read last, in pages of some 4 MB."""
        part: list[tuple[str, int, bytes | None]] = []
        room = PAGE_BYTES
        for sha256 in hashes:
            size, what = self._contents.get(sha256, (0, b""))
            data = what.read_bytes() if isinstance(what, Path) else what
            if data is not None and hashlib.sha256(data).hexdigest() != sha256:
                if isinstance(what, Path):
                    self.seen.forget(what)
                continue  # the file was changed meanwhile; the next import takes it as it is then
            part.append((sha256, size, data))
            room -= len(data or b"") + 100
            if room < 0:
                yield part
                part, room = [], PAGE_BYTES
        if part:
            yield part

    def models(self) -> dict[str, ModelRows]:
        """Return the registry, after all runs; the content of its versions is ready then."""
        self._contents.clear()
        rows = model_rows(
            self.found.registered(), self._by_id, self._logged, self._tags, self._version_files, self._titles,
            self.told.left_out.append,
        )  # fmt: skip
        self.told.versions = sum(len(model.versions) for model in rows.values())
        return rows

    def _tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        return {key: _safe_value(key, value)[:_MOST_TAG] for key, value in tags.items() if self._is_key(key)}

    def _version_files(self, version: FoundVersion) -> list[ModelFile]:
        kept = []
        for path, name, content in self._kept(version.address, ""):
            kept.append(ModelFile(name, content.sha256, content.size))
            if name == MLMODEL:
                self._title(path, content.sha256)
        return kept

    def carry(self, sha256: str, size: int, target: Path) -> None:
        """Do nothing: large content was put beside the target when its run was read."""

    # ---- points

    @contextmanager
    def reading_points(self) -> Iterator[Callable[[Wanted, int], Rows]]:
        """Give a function that returns the points of a curve."""
        yield lambda one, limit: list(self.found.points(one.run_id, one.curve.key, one.start, limit))


def _columns(run: FoundRun) -> dict[str, Any]:
    """The run's row in ``runs``."""
    ended = run.status in RunStatus.ENDED
    end = run.end_time if run.end_time is not None else (run.start_time if ended else None)
    deleted = run.lifecycle_stage == "deleted"
    note = run.tags.get("mlflow.note.content")
    nothing = dict.fromkeys(
        "notebook cell_id execution_count error_name error_message error_lines host_id boot_id pid process_start"
        " pinned stop_requested".split()
    )
    return {
        **nothing,
        "uuid": clean_text(run.run_id),
        "name": safe_text(run.tags.get("mlflow.runName") or run.name),
        "status": run.status,
        "lifecycle_stage": run.lifecycle_stage,
        "start_time": run.start_time,
        "end_time": end,
        "duration": None if end is None else max(0, end - run.start_time) / 1000,
        "parent_uuid": run.tags.get("mlflow.parentRunId"),
        "note": None if note is None else safe_text(note),
        "user_id": clean_text(run.tags.get("mlflow.user") or (run.user_id if run.user_id != "unknown" else "")),
        "heartbeat": 0,
        "deleted_time": (run.deleted_time or end or run.start_time) if deleted else None,
        "edited": 0,
    }


def _param(key: str, text: str, position: int) -> dict[str, Any]:
    """A param's row: with its type, where the text tells it for certain, so that numbers compare as numbers."""
    stored = param_value(_typed(text), lambda value: redaction.redact_value(key, value))
    return {
        "key": key,
        "value": stored.value,
        "type": stored.type,
        "number": stored.number,
        "text": stored.text,
        "written": None,
        "source": "explicit",
        "position": position,
    }


def _typed(text: str) -> Any:
    """The value that prints as this text, so that nothing of the text is lost; the text itself where there is none.

    Examples
    --------
    >>> [_typed(text) for text in ("0.1", "1e-3", "5", "True", "None", "x")]
    [0.1, '1e-3', 5, True, None, 'x']
    """
    known = {"True": True, "False": False, "None": None}
    if text in known:
        return known[text]
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if str(value) == text:
            return value
    return clean_text(text)


def _safe_value(key: str, value: str) -> str:
    return clean_text(str(redaction.redact_value(key, redaction.redact_text(value))))


def _source(stored: str) -> str:
    """A dataset's source without credentials."""
    try:
        where = json.loads(stored)
    except ValueError:
        return clean_text(redaction.redact_text(stored))
    if isinstance(where, dict):
        where = {
            key: without_credentials(value) if isinstance(value, str) and "://" in value else value
            for key, value in where.items()
        }
    return clean_text(json.dumps(where, ensure_ascii=False))


def _is_key(key: str) -> bool:
    try:
        check_key(key)
    except InvalidValue:
        return False
    return True


def _number_of(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:13], 16)


def _hashed(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise MissingFile(f"{path} cannot be read ({error.strerror}).") from error
    return digest.hexdigest(), size


def _lies_beside(store: Path, sha256: str, size: int) -> bool:
    place = files.content_path(store, sha256)
    return not place.is_symlink() and place.is_file() and place.stat().st_size == size


def _is_there(address: str) -> bool:
    try:
        return Path(address.removeprefix("file://")).is_dir()
    except (OSError, ValueError):
        return False
