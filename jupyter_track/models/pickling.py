"""cloudpickle, where a safe format cannot be used: writing, with what it will need; reading in the user's own call."""

from __future__ import annotations

import pickle
import platform
from pathlib import Path
from typing import Any

from ..errors import DamagedModel, InvalidValue, MissingPackage
from ..store.problems import report
from .folder import Model, Place, required
from .requirements import Modules, name_of, need, package_of, quoted


def write(thing: Any, file: Path, *, plain: bool = False) -> Modules:
    """Write an object with cloudpickle, and return the modules that it is made of.

    Functions and classes of the notebook are written with their code; with `plain` pickle is used, and they are not.

    Raises
    ------
    InvalidValue
        Where it cannot be pickled.
    """
    modules = Modules()
    base: Any = pickle.Pickler
    if not plain:
        base = need("cloudpickle", "A model that uses functions or classes of the notebook", "cloudpickle").Pickler

    class Seeing(base):  # type: ignore[misc]
        """Takes note of what goes by."""

        def reducer_override(self, thing: Any) -> Any:
            modules.see(thing)
            return NotImplemented if plain else super().reducer_override(thing)

    try:
        with file.open("wb") as out:
            Seeing(out, protocol=pickle.DEFAULT_PROTOCOL).dump(thing)
    except Exception as error:
        raise InvalidValue(
            f"{type(thing).__name__} cannot be saved: {type(error).__name__}: {error}. It holds something that no file"
            " can hold, such as an open file, a lock or a generator; take that out before it is logged."
        ) from error
    return modules


def read(place: Place, path: str, model: Model, loads: Any = None) -> Any:
    """Unpickle a model's file: only in the user's own call, and after its sha256 was looked at.

    Parameters
    ----------
    place : Place
    path : str
        Of the file, within the model.
    model : Model
        To tell what differs here.
    loads : callable, optional
        What reads the file, `pickle.load` by default.

    Raises
    ------
    MissingPackage
        Where a module that it needs is not there.
    DamagedModel
        Where it cannot be read.
    """
    file = place.file(path)
    try:
        if loads is not None:
            return loads(file)
        with file.open("rb") as stream:
            return pickle.load(stream)
    except ImportError as error:
        raise missing(error, place.folder, model) from error
    except Exception as error:
        here, there = _minor(platform.python_version()), _minor(model.python_version)
        doubt = f" It was saved with Python {there}, and this is Python {here}." if there and here != there else ""
        raise DamagedModel(
            f"{path.rpartition('/')[2]} of the model cannot be loaded ({type(error).__name__}: {error}).{doubt}"
            f"{_versions(place.folder)}"
        ) from error


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _versions(folder: Path) -> str:
    from importlib import metadata

    differ = []
    for line in required(_model_folder(folder)):
        package, pinned, version = line.partition("==")
        try:
            here = metadata.version(package).partition("+")[0] if pinned else version
        except metadata.PackageNotFoundError:
            here = "missing"
        if pinned and here != version:
            differ.append(f"{line} (here {here})")
    return f" It was saved with {', '.join(differ[:5])}." if differ else ""


def _model_folder(folder: Path) -> Path:
    return next((place for place in (folder, folder.parent) if (place / "MLmodel").exists()), folder)


def missing(error: ImportError, folder: Path, model: Model) -> MissingPackage:
    """Say which package a model lacks here, and the command that brings it."""
    module = error.name or str(error)
    package = package_of(module)
    pins = {name_of(line): line for line in required(_model_folder(folder))}
    wanted = pins.get(name_of(package))
    top = module.partition(".")[0]
    if wanted is None and package == top and top not in pins:
        known = f" pip install {quoted(package)}, if it is a package;"
        return MissingPackage(
            f"The model needs the module {module!r}, which is not there:{known} where it is a file of your own, put it"
            " beside the notebook, or log the model with code_paths=['…'].",
            name=error.name,
        )
    return MissingPackage(
        f"The model needs {package}, which is not installed here: pip install {quoted(wanted or package)}",
        name=error.name,
    )


def say_python(model: Model) -> None:
    """Warn where a pickle comes from another Python: code of functions does not move between them."""
    there = model.python_version
    if there and _minor(there) != _minor(platform.python_version()):
        report(
            "model-python",
            f"The model was saved with Python {there}; functions in it may not work in {platform.python_version()}.",
        )
