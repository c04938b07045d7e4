"""The virtual environment of this repository: made once, installed into again only when pyproject.toml changes.

Standard library only, so that it runs on a fresh machine with Python 3.11 or later.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAST = (3, 11)
STAMP = "jupyter-track.json"


def prepare(venv: Path, extras: set[str]) -> Path:
    """Make the environment, install the package editable with `extras`, and return the environment's Python.

    Parameters
    ----------
    venv : Path
        The folder of the environment; used as it is where it exists.
    extras : set of str
        Extras of pyproject.toml, such as ``{"test"}``.

    Raises
    ------
    SystemExit
        Where this Python is too old or the environment cannot be made; the message says what to do.
    """
    if sys.version_info < LEAST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise SystemExit(f"Python {LEAST[0]}.{LEAST[1]} or later is needed, and this is {found} ({sys.executable}).")
    python = venv_program(venv, "python")
    if not python.exists():
        print(f"Making {shown(venv)}", flush=True)
        _call([sys.executable, "-m", "venv", str(venv)], "On Debian and Ubuntu, venv is the package python3-venv.")
    installed = _installed(venv)
    if extras <= installed:
        return python
    wanted = ",".join(sorted(extras | installed))
    print(f"Installing jupyter-track[{wanted}] into {shown(venv)} (once; this takes a minute)", flush=True)
    _call(
        [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", f"{ROOT}[{wanted}]"],
        "What was there before is unchanged.",
    )
    (venv / STAMP).write_text(json.dumps({"project": _project_hash(), "extras": sorted(extras | installed)}))
    return python


def venv_program(venv: Path, name: str) -> Path:
    """Return the path of a program of the environment, on this system."""
    return venv / "Scripts" / f"{name}.exe" if os.name == "nt" else venv / "bin" / name


def shown(path: Path) -> str:
    """Return a path as a person would type it: relative to the working directory where it lies below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _installed(venv: Path) -> set[str]:
    """Return the extras that an earlier call installed for the present pyproject.toml."""
    try:
        stamp = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):  # never installed, or cut short
        return set()
    return set(stamp["extras"]) if stamp["project"] == _project_hash() else set()


def _project_hash() -> str:
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _call(command: list[str], hint: str) -> None:
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status != 0:
        raise SystemExit(f"This failed with exit status {status}: {' '.join(command)}\n{hint}")
