"""A model as a folder: ``MLmodel`` says what is in it, in mlflow's form; beside it lie the model's own files.

``MLmodel`` also carries size and sha256 of each file, so that a folder that was copied about is checked before
anything of it is loaded. Reading ``MLmodel`` runs nothing.
"""

from __future__ import annotations

import hashlib
import platform
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import DamagedModel, InvalidValue, NotFound
from ..store.artifacts import artifact_path
from .environment import ENV, REQUIREMENTS, dump_yaml, load_yaml
from .signature import ModelSignature

MLMODEL = "MLmodel"
CODE = "code"
PYFUNC = "python_function"
OURS = "jupyter_track"  # the section of MLmodel that mlflow does not know


@dataclass(frozen=True)
class Form:
    """What a model was saved as.

    Attributes
    ----------
    flavor : str
        ``sklearn``, ``pytorch`` or ``python_function``.
    format : str
        ``skops``, ``safetensors``, ``cloudpickle``, ….
    model_class : str
        The class of what was saved.
    why : str
        Why it is not the safe format; empty where it is.
    """

    flavor: str
    format: str
    model_class: str
    why: str = ""

    @property
    def title(self) -> str:
        """All of it in a line.

        Examples
        --------
        >>> Form("sklearn", "cloudpickle", "Pipeline", "it uses clean, a function of the notebook").title
        'sklearn Pipeline · cloudpickle (it uses clean, a function of the notebook)'
        """
        flavor = "pyfunc" if self.flavor == PYFUNC else self.flavor
        return f"{flavor} {self.model_class} · {self.format}{f' ({self.why})' if self.why else ''}"


@dataclass(frozen=True)
class Model:
    """What ``MLmodel`` says.

    Attributes
    ----------
    flavors : mapping of str to mapping
        How each way of loading it finds its files.
    signature : ModelSignature or None
    metadata : mapping or None
        The user's own.
    run_id : str or None
    artifact_path : str
    model_uuid : str
    utc_time_created : str
    saved_input_example_info : mapping or None
    form : Form or None
        None where another program wrote the folder.
    files : mapping of str to (int, str)
        Size and sha256 by path; empty where another program wrote the folder.
    origin : mapping of str to str
        Where it came from: ``git_commit``, ``git_dirty``, ``notebook``, ``run_name``, ``python``.
    """

    flavors: Mapping[str, Mapping[str, Any]]
    signature: ModelSignature | None = None
    metadata: Mapping[str, Any] | None = None
    run_id: str | None = None
    artifact_path: str = ""
    model_uuid: str = field(default_factory=lambda: uuid.uuid4().hex)
    utc_time_created: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"))
    saved_input_example_info: Mapping[str, Any] | None = None
    form: Form | None = None
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)

    @property
    def python_version(self) -> str:
        """The Python that it was saved with; empty where that is not known."""
        return str(self.flavors.get(PYFUNC, {}).get("python_version") or self.origin.get("python") or "")

    @property
    def title(self) -> str:
        """What it is, in a line; of a folder of another program its flavors."""
        if self.form is not None:
            return self.form.title
        own = [name for name in self.flavors if name != PYFUNC]
        return f"{', '.join(own) or 'pyfunc'} model"

    def flavor(self, name: str, library: str) -> Mapping[str, Any]:
        """Return how a flavor finds its files; `library` is what the message calls it.

        Raises
        ------
        InvalidValue
            Where the model was not saved with it; the message says with which it was.
        """
        own = self.flavors.get(name)
        if own is None:
            there = ", ".join(self.flavors)
            raise InvalidValue(f"This is no model of {library}; it can be loaded as {there} (pyfunc loads every one).")
        return own

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in the file."""
        ours: dict[str, Any] = {
            "files": {path: {"size": size, "sha256": sha} for path, (size, sha) in self.files.items()}
        }
        if self.form is not None:
            ours |= {"format": self.form.format, "model_class": self.form.model_class, "flavor": self.form.flavor}
            ours |= {"why": self.form.why} if self.form.why else {}
        ours |= {"origin": dict(self.origin)} if self.origin else {}
        entries: dict[str, Any] = {
            "artifact_path": self.artifact_path,
            "flavors": {name: dict(one) for name, one in self.flavors.items()},
            "model_uuid": self.model_uuid,
            "utc_time_created": self.utc_time_created,
            OURS: ours,
        }
        if self.run_id is not None:
            entries["run_id"] = self.run_id
        if self.signature is not None:
            entries["signature"] = self.signature.to_dict()
        if self.metadata is not None:
            entries["metadata"] = dict(self.metadata)
        if self.saved_input_example_info is not None:
            entries["saved_input_example_info"] = dict(self.saved_input_example_info)
        return entries

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Model:
        """Read what `to_dict` or mlflow wrote.

        Raises
        ------
        DamagedModel
            Where it is none.
        """
        try:
            ours = entries.get(OURS) or {}
            form = None
            if "format" in ours:
                form = Form(
                    str(ours["flavor"]), str(ours["format"]), str(ours["model_class"]), str(ours.get("why", ""))
                )
            signature = entries.get("signature")
            return cls(
                flavors={str(name): dict(one or {}) for name, one in entries["flavors"].items()},
                signature=None if signature is None else ModelSignature.from_dict(signature),
                metadata=entries.get("metadata"),
                run_id=entries.get("run_id"),
                artifact_path=str(entries.get("artifact_path") or ""),
                model_uuid=str(entries.get("model_uuid") or ""),
                utc_time_created=str(entries.get("utc_time_created") or ""),
                saved_input_example_info=entries.get("saved_input_example_info"),
                form=form,
                files={
                    artifact_path(path): (int(one["size"]), str(one["sha256"]))
                    for path, one in (ours.get("files") or {}).items()
                },
                origin={str(key): str(value) for key, value in (ours.get("origin") or {}).items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedModel(f"{MLMODEL} of the model cannot be read ({error!r}).") from error

    @classmethod
    def load(cls, folder: str | Path) -> Model:
        """Read the ``MLmodel`` of a folder.

        Raises
        ------
        NotFound
            Where there is none: it is no model.
        DamagedModel
            Where it cannot be read.
        """
        place = Path(folder)
        file = place / MLMODEL if place.is_dir() else place
        if not file.is_file():
            raise NotFound(f"{place} is no model: it has no file {MLMODEL}.")
        try:
            return cls.parse(file.read_bytes())
        except DamagedModel as error:
            raise DamagedModel(f"{file}: {error}") from error

    @classmethod
    def parse(cls, data: bytes) -> Model:
        """Read the bytes of ``MLmodel``.

        Raises
        ------
        DamagedModel
            Where they are none.
        """
        try:
            entries = load_yaml(data.decode("utf-8"))
        except (InvalidValue, UnicodeDecodeError) as error:
            raise DamagedModel(f"{MLMODEL} of the model cannot be read ({error}).") from error
        if not isinstance(entries, dict):
            raise DamagedModel(f"{MLMODEL} of the model is empty or cut off.")
        return cls.from_dict(entries)

    def save(self, folder: Path) -> None:
        """Write ``MLmodel``."""
        (folder / MLMODEL).write_text(dump_yaml(self.to_dict()), encoding="utf-8")


def hashed(folder: Path) -> dict[str, tuple[int, str]]:
    """Return size and sha256 of the files of a folder but ``MLmodel``, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_file() and relative != MLMODEL:
            found[relative] = path.stat().st_size, _sha256(path)
    return found


def check_files(folder: Path, model: Model) -> None:
    """Hold the files of a folder against what ``MLmodel`` says of them.

    Raises
    ------
    DamagedModel
        Where one is missing, cut off or changed.
    """
    for path, (size, sha256) in model.files.items():
        file = folder / path
        if not file.is_file():
            raise DamagedModel(f"The model in {folder} lacks its file {path}; copy the whole folder.")
        has = file.stat().st_size
        if has < size:
            raise DamagedModel(f"{file} is cut off: it has {has:,} of {size:,} bytes. Copy it again.")
        if has != size or _sha256(file) != sha256:
            raise DamagedModel(
                f"{file} is not the file that was saved (its sha256 differs); nothing of it was loaded. Save the model"
                " again, or copy it again."
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inside(folder: Path, path: Any) -> Path:
    """Return where a file lies that ``MLmodel`` names: within the model's folder, and nowhere else.

    Raises
    ------
    DamagedModel
        For a path that leads out of it.
    """
    try:
        place = folder / artifact_path(str(path))
    except InvalidValue as error:
        raise DamagedModel(f"{MLMODEL} names a file that is not the model's: {error} Nothing was loaded.") from error
    if not place.resolve().is_relative_to(folder.resolve()):
        raise DamagedModel(f"{path} of the model is a link that leads out of its folder; nothing was loaded.")
    return place


@dataclass(frozen=True)
class Place:
    """Where the files of a model lie, which have been checked.

    Attributes
    ----------
    folder : Path
    kept : mapping of str to Path
        Large files that are read where the store keeps them, by their paths in the model; they are not in `folder`.
    """

    folder: Path
    kept: Mapping[str, Path] = field(default_factory=dict)

    def file(self, path: Any) -> Path:
        """Return where a file lies that ``MLmodel`` names.

        Raises
        ------
        DamagedModel
            For a path that leads out of the model's folder.
        """
        return self.kept.get(str(path)) or inside(self.folder, path)


def pyfunc_entry(loader: str, **more: Any) -> dict[str, Any]:
    """Return the section of ``MLmodel`` by which a model is loaded as a function."""
    entry = {"loader_module": loader, "python_version": platform.python_version(), "env": dict(ENV)}
    return {**entry, **more}


def required(folder: Path) -> list[str]:
    """Return the lines of a model's ``requirements.txt``; none where it has none."""
    file = folder / REQUIREMENTS
    if not file.is_file():
        return []
    return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
