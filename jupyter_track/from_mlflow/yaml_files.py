"""mlflow's ``meta.yaml``: plain values, read by PyYAML's safe loader, without aliases and with a limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import InvalidValue

LARGEST = 4_000_000  # bytes; the schema and the profile of a dataset can be long


class Unreadable(Exception):
    """A file that is no YAML of plain values."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that a file holds.

    Raises
    ------
    Unreadable
        Where the file is missing, a link, too large, or no mapping of plain values.
    InvalidValue
        Where PyYAML is not installed.
    """
    yaml = _yaml()
    if path.is_symlink():
        raise Unreadable("it is a link")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    if len(data) > LARGEST:
        raise Unreadable("it is too large")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(data, Loader=yaml.SafeLoader)):
            raise Unreadable("it has aliases, which can stand for endlessly much")
        value = yaml.load(data, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable("it is no YAML") from error
    if not isinstance(value, dict):
        raise Unreadable("it is no mapping")
    return {str(key): one for key, one in value.items()}


def _yaml() -> Any:
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise InvalidValue(
            "Reading a folder of mlflow's needs PyYAML: 'pip install pyyaml'. (An mlflow.db needs nothing.)"
        ) from None
    return yaml
