"""What a model needs: the packages of the classes that it is made of, pinned, and what their modules import.

Nothing is loaded to find this out: the modules are those that the model's own objects were made by, in this process.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import InvalidValue, MissingFile, MissingPackage

_OURS = "jupyter_track"
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
# Packages whose modules are named otherwise, for a name that is not installed here and so cannot be looked up.
_KNOWN = {
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "yaml": "pyyaml",
    "skimage": "scikit-image",
}


def need(module: str, why: str, install: str) -> Any:
    """Import a module that an optional feature needs.

    Parameters
    ----------
    module : str
    why : str
        What needs it, as the beginning of a sentence: ``A model in the skops format``.
    install : str
        What to hand to pip.

    Raises
    ------
    MissingPackage
        Where it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if error.name is not None and error.name.partition(".")[0] != module.partition(".")[0]:
            raise  # it is installed, and something that it needs is broken
        raise MissingPackage(f"{why} needs {module.partition('.')[0]}: pip install {quoted(install)}") from error


def quoted(requirement: str) -> str:
    """Return a requirement as a shell takes it.

    Examples
    --------
    >>> quoted("torch"), quoted("skops==0.16.0")
    ('torch', "'skops==0.16.0'")
    """
    return requirement if re.fullmatch(r"[A-Za-z0-9._-]+", requirement) else f"'{requirement}'"


def package_of(module: str) -> str:
    """Return the name under which pip knows a module: from what is installed, else from a short list, else the same."""
    top = module.partition(".")[0]
    return _installed(top) or _KNOWN.get(top, top)


def _installed(top: str) -> str | None:
    """The package that brings a module, else None: most are called like it, and need no look at all files."""
    with suppress(metadata.PackageNotFoundError, ValueError):
        name = metadata.distribution(_KNOWN.get(top, top)).metadata["Name"]
        if name:
            return str(name)
    return next(iter(_distributions().get(top, ())), None)


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, list[str]]:
    """Which packages bring which modules; takes 0.4 s, once."""
    return metadata.packages_distributions()


def pinned(modules: Iterable[str], always: Sequence[str] = ()) -> list[str]:
    """Return the packages of modules, and of what these import, with their versions, sorted by name.

    Parameters
    ----------
    modules : iterable of str
        Names of modules that the model's classes and functions are of.
    always : sequence of str
        Packages that are needed in any case, such as the one of the format.
    """
    tops = {name.partition(".")[0] for name in modules}
    for name in set(modules):
        tops |= _imported_by(sys.modules.get(name))
    packages: dict[str, str] = {}
    for top in tops - {_OURS} - set(sys.stdlib_module_names):
        if (package := _installed(top)) is not None:
            packages[package.lower()] = package
    for package in always:
        packages.setdefault(package.lower(), package)
    return [pin for name in sorted(packages) if (pin := _pin(packages[name]))]


def _imported_by(module: ModuleType | None) -> set[str]:
    """The outermost names of what a module has in its namespace from elsewhere."""
    found = set()
    for value in list(vars(module).values()) if module is not None else ():
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(name, str):
            found.add(name.partition(".")[0])
    return found


def _pin(package: str) -> str:
    """A package with its version, without the label of a local build (``2.13.0+cpu``), which no index has."""
    try:
        return f"{package}=={metadata.version(package).partition('+')[0]}"
    except metadata.PackageNotFoundError:
        return ""


def given(requirements: str | Path | Sequence[str]) -> list[str]:
    """Return requirements that a person gave: a list, or the path of a ``requirements.txt``.

    Raises
    ------
    MissingFile
        Where there is no such file.
    InvalidValue
        Where it is neither.
    """
    if isinstance(requirements, (str, Path)):
        path = Path(requirements)
        if not path.is_file():
            raise MissingFile(f"There is no file of requirements {str(requirements)!r}; give a list such as ['numpy'].")
        lines = path.read_text(encoding="utf-8").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not all(isinstance(one, str) for one in requirements):
        raise InvalidValue(f"Requirements are a list of texts such as 'numpy==2.4.6', not {requirements!r}.")
    return list(requirements)


def together(requirements: Sequence[str], extra: Sequence[str]) -> list[str]:
    """Return requirements with extra ones, which replace those of the same package."""
    named = {name_of(one): one for one in requirements}
    for one in extra:
        named.pop(name_of(one), None)
    return [*named.values(), *extra]


def name_of(requirement: str) -> str:
    """Return the package that a requirement names, as pip compares names; the whole where it names none.

    Examples
    --------
    >>> name_of("Scikit_Learn >= 1.3"), name_of("-r more.txt")
    ('scikit-learn', '-r more.txt')
    """
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else requirement


class Modules:
    """Gathers the modules of what a model is made of."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.notebook: list[str] = []  # functions and classes of the notebook, in the order in which they were met

    def see(self, thing: object) -> None:
        """Take note of an object, or of a class, function or module."""
        if isinstance(thing, ModuleType):
            self.names.add(thing.__name__)
            return
        named = thing if isinstance(thing, type) or hasattr(thing, "__qualname__") else type(thing)
        module = getattr(named, "__module__", None)
        if module == "__main__":
            name = str(getattr(named, "__qualname__", "")).rpartition(".")[2]
            name = "a lambda" if name == "<lambda>" else name
            if name and name not in self.notebook:
                self.notebook.append(name)
        elif isinstance(module, str) and module != "builtins":
            self.names.add(module)
