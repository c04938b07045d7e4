"""The environment files beside a model: ``conda.yaml``, ``python_env.yaml`` and ``requirements.txt``, as mlflow's."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from ..errors import InvalidValue, MissingFile
from . import requirements

CONDA, PYTHON_ENV, REQUIREMENTS = "conda.yaml", "python_env.yaml", "requirements.txt"
ENV = {"conda": CONDA, "virtualenv": PYTHON_ENV}


def load_yaml(text: str) -> Any:
    """Read YAML, safely.

    Raises
    ------
    InvalidValue
        Where it is none.
    """
    import yaml  # type: ignore[import-untyped,unused-ignore]

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise InvalidValue(f"This is no YAML ({' '.join(str(error).split())[:200]}).") from error


def dump_yaml(value: Any) -> str:
    """Write YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, default_flow_style=False, allow_unicode=True, sort_keys=True)
    return text


def write_environment(
    folder: Path,
    found: Sequence[str],
    conda_env: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    pip_requirements: Any = None,
    extra_pip_requirements: Any = None,
) -> list[str]:
    """Write the three files into a model's folder and return the requirements.

    Parameters
    ----------
    folder : Path
    found : sequence of str
        What the model was found to need; counts where the user gave nothing.
    conda_env : path or dict, optional
        A conda environment, or the path of its file; taken as it is.
    pip_requirements, extra_pip_requirements : list of str or path, optional
        In the place of what was found, or in addition.

    Raises
    ------
    InvalidValue
        Where both a conda environment and requirements are given, or it is none.
    MissingFile
        Where there is no such file.
    """
    if conda_env is not None:
        if pip_requirements is not None or extra_pip_requirements is not None:
            raise InvalidValue("Give either conda_env or pip_requirements (and extra_pip_requirements), not both.")
        conda = _given_conda(conda_env)
        wanted = _pip_part(conda)
    else:
        wanted = list(found) if pip_requirements is None else requirements.given(pip_requirements)
        if extra_pip_requirements is not None:
            wanted = requirements.together(wanted, requirements.given(extra_pip_requirements))
        conda = {
            "name": "mlflow-env",
            "channels": ["conda-forge"],
            "dependencies": [f"python={platform.python_version()}", _pip(), {"pip": wanted}],
        }
    python_env = {
        "python": platform.python_version(),
        "build_dependencies": [_version("pip"), *(v for v in (_version("setuptools"), _version("wheel")) if v)],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }
    (folder / CONDA).write_text(dump_yaml(conda), encoding="utf-8")
    (folder / PYTHON_ENV).write_text(dump_yaml(python_env), encoding="utf-8")
    (folder / REQUIREMENTS).write_text("".join(f"{one}\n" for one in wanted), encoding="utf-8")
    return wanted


def _pip() -> str:
    version = _version("pip").partition("==")[2]
    return f"pip<={version}" if version else "pip"


def _version(package: str) -> str:
    try:
        return f"{package}=={metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return package if package == "pip" else ""


def _given_conda(conda_env: str | os.PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(conda_env, Mapping):
        return dict(conda_env)
    path = Path(conda_env)
    if not path.is_file():
        raise MissingFile(f"There is no file {os.fspath(conda_env)!r} with a conda environment (in {Path.cwd()}).")
    try:
        loaded = load_yaml(path.read_text(encoding="utf-8"))
    except InvalidValue as error:
        raise InvalidValue(f"{os.fspath(conda_env)} is no conda environment: {error}") from error
    if not isinstance(loaded, dict):
        raise InvalidValue(f"{os.fspath(conda_env)} is no conda environment: it has no 'dependencies'.")
    return loaded


def _pip_part(conda: Mapping[str, Any]) -> list[str]:
    """The requirements for pip in a conda environment."""
    found: list[str] = []
    for one in conda.get("dependencies") or ():
        if isinstance(one, Mapping):
            found += [str(requirement) for requirement in one.get("pip") or ()]
    return found
