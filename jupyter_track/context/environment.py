"""What Python runs, on what system, and which packages the process has imported, with their versions.

Only what was imported is told: those are the packages that the result can depend on. Their names are found without
reading more of the environment than has to be (`importlib.metadata.packages_distributions` reads every file list of it,
0.4 s): most modules are called as their package, and for the others the lists of packages that are left are looked at
until the module is found, once in a process.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FOLDER = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist-info|egg-info)\Z")
# Looked up first, as most processes that have any odd name have one of these, and no list need be read for it.
_ODD_NAMES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "mpl_toolkits": "matplotlib",
    "pkg_resources": "setuptools",
    "pylab": "matplotlib",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
_LONGEST_LIST = 8_000_000  # bytes of a RECORD


@dataclass
class _Installed:
    """The packages of the folders in ``sys.path``."""

    versions: dict[str, tuple[str, str, Path]] = field(default_factory=dict)  # by normalised name
    left: list[str] = field(default_factory=list)  # whose list of files was not looked at yet
    tops: dict[str, str] = field(default_factory=dict)  # modules of those that were, to the normalised name
    folders: tuple[str, ...] = ()


_installed = _Installed()
_names: dict[str, str | None] = {}  # of a module, the normalised name of its package; None where it has none
_lock = threading.Lock()


def environment() -> dict[str, Any]:
    """Return what surrounds this process as plain data: Python, platform, and the packages that it imported."""
    return {
        "python": {"version": platform.python_version(), "implementation": sys.implementation.name},
        "platform": _platform(),
        "packages": packages(),
    }


def _platform() -> dict[str, str]:
    if hasattr(os, "uname"):  # platform.uname() may start a process to ask for the processor
        told = os.uname()
        return {"system": told.sysname, "release": told.release, "machine": told.machine}
    return {"system": platform.system(), "release": platform.release(), "machine": platform.machine()}


def packages() -> dict[str, str]:
    """Return the packages that the process has imported, by name, with their versions.

    Examples
    --------
    >>> "click" in packages() or "click" not in sys.modules
    True
    """
    with _lock:
        _look_again()
        found: dict[str, str] = {}
        for module in _top_levels():
            if module not in _names:
                _names[module] = _package_of(module)
            known = _installed.versions.get(_names[module] or "")
            if known is not None:
                found[known[0]] = known[1]
    return dict(sorted(found.items(), key=lambda one: one[0].lower()))


def _top_levels() -> Iterator[str]:
    """The modules that are no part of Python, and neither private nor within others."""
    standard = sys.stdlib_module_names
    for name in tuple(sys.modules):
        if "." not in name and name not in standard and not name.startswith("_"):
            yield name


def _look_again() -> None:
    """List what is installed; once more where a folder was added to ``sys.path``."""
    folders = tuple(dict.fromkeys(path for path in sys.path if path))
    if folders == _installed.folders:
        return
    _installed.folders = folders
    _names.clear()
    _installed.versions.clear()
    _installed.tops.clear()
    for folder in folders:
        try:
            entries = sorted(entry.name for entry in os.scandir(folder))
        except OSError:
            continue
        for name in entries:
            match = _FOLDER.match(name)
            if match is not None:
                known = match["name"].replace("_", "-") if name.endswith(".dist-info") else match["name"]
                place = Path(folder) / name
                _installed.versions.setdefault(normalised(match["name"]), (known, match["version"], place))
    _installed.left = list(_installed.versions)


def normalised(name: str) -> str:
    """Return a package's name in the spelling by which names are compared.

    Examples
    --------
    >>> normalised("Scikit_Learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def package_name(module: str) -> str:
    """Return the normalised name of the package that mostly brings a module, here or elsewhere.

    Examples
    --------
    >>> package_name("sklearn"), package_name("typing_extensions")
    ('scikit-learn', 'typing-extensions')
    """
    return _ODD_NAMES.get(module, normalised(module))


def _package_of(module: str) -> str | None:
    for name in (normalised(module), _ODD_NAMES.get(module, "")):
        if name in _installed.versions:
            return name
    if not _is_installed(module):
        return None
    while module not in _installed.tops and _installed.left:
        package = _installed.left.pop()
        for top in _tops_of(_installed.versions[package][2]):
            _installed.tops.setdefault(top, package)
    return _installed.tops.get(module)


def _is_installed(module: str) -> bool:
    """Whether a module's file lies in a folder of ``sys.path`` that holds packages; those of the user's own do not."""
    path = getattr(sys.modules.get(module), "__file__", None)
    return isinstance(path, str) and any(part in ("site-packages", "dist-packages") for part in Path(path).parts)


def _tops_of(place: Path) -> set[str]:
    """The modules that a package brings, by the list of its files."""
    try:
        told = (place / "top_level.txt").read_text(encoding="utf-8", errors="replace").split()
        if told:
            return set(told)
    except OSError:
        pass
    try:
        with (place / "RECORD").open(encoding="utf-8", errors="replace") as file:
            text = file.read(_LONGEST_LIST)
    except OSError:
        return set()
    firsts = {line.partition(",")[0].partition("/")[0] for line in text.splitlines()}
    return {re.split(r"\.", first, maxsplit=1)[0] for first in firsts if not first.endswith(("-info", ".."))}
