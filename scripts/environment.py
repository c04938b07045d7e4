"""The virtual environment of this repository: made once, renewed when pyproject.toml or the front end changes.

An editable install copies what the TypeScript is built to, so a change of it needs one as well.

Standard library only, so that it runs on a fresh machine with Python 3.11 or later.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAST = (3, 11)
STAMP = "jupyter-track.json"
LEAST_NODE = 20
# What the front end is built from, below labextension.
FRONT_END = ("src", "style", "scripts/widgets.mjs", "package.json", "tsconfig.json", "yarn.lock", "install.json")
BUILT = ("jupyter_track/labextension/package.json", "jupyter_track/panels/static/panel.js")


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
        Where this Python is too old, Node is missing or too old, or the environment cannot be made; the message
        says what to do.
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
    _check_node()
    wanted = ",".join(sorted(extras | installed))
    print(f"Installing jupyter-track[{wanted}] into {shown(venv)} (once; this takes a minute)", flush=True)
    _call(
        [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", f"{ROOT}[{wanted}]"],
        "What was there before is unchanged.",
    )
    (venv / STAMP).write_text(json.dumps({"project": project_hash(), "extras": sorted(extras | installed)}))
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
    """Return the extras that an earlier call installed for the present pyproject.toml and front end."""
    if not all((ROOT / name).exists() for name in BUILT):
        return set()
    try:
        stamp = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):  # never installed, or cut short
        return set()
    return set(stamp["extras"]) if stamp["project"] == project_hash() else set()


def project_hash(root: Path = ROOT) -> str:
    """Return the hash of all that an installation depends on: pyproject.toml and the sources of the front end."""
    digest = hashlib.sha256((root / "pyproject.toml").read_bytes())
    for name in FRONT_END:
        place = root / "labextension" / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                digest.update(f"\0{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _check_node() -> None:
    """End with what to install where Node, which builds the lab extension, is missing or too old."""
    program = shutil.which("node") or shutil.which("nodejs")
    remedy = (
        "It builds the lab extension. On Debian and Ubuntu it is the package nodejs, in conda nodejs, "
        "else see https://nodejs.org."
    )
    if program is None:
        raise SystemExit(f"Node.js {LEAST_NODE} or later is needed, and there is none on the PATH. {remedy}")
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = answer.removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < LEAST_NODE:
        raise SystemExit(f"Node.js {LEAST_NODE} or later is needed, and this is {answer} ({program}). {remedy}")


def _call(command: list[str], hint: str) -> None:
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status != 0:
        raise SystemExit(f"This failed with exit status {status}: {' '.join(command)}\n{hint}")
