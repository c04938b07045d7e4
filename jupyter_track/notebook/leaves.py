"""From any value of the namespace to the params that it stands for: flat keys, plain values, within limits.

A param is a scalar, or a short list of scalars. Dicts and config objects (`argparse.Namespace`, dataclasses,
`SimpleNamespace`, pydantic models) are flattened with dots. What is larger is data, and gives nothing.
"""

from __future__ import annotations

import dataclasses
import enum
import os
import re
import sys
import types
from typing import Any, Final

from ..context.redaction import REDACTED, redact_value
from ..errors import InvalidValue
from ..records import Param
from ..values import check_key, param_value, plain_value

MAX_LEAVES = 16  # of a list
MAX_KEYS = 20  # of a dict, at each depth
MAX_DEPTH = 4  # of nested dicts
MAX_TEXT = 256  # characters
_MAX_PARAMS = 400  # of one name

NOTHING: Final = object()

_STYLING = re.compile(
    r"(fig|figure|plot|plt)_?(size|kw|kws|kwargs|style|width|height)?"
    r"|ax|axes|(\w+_)?(colou?rs?|cmap|palette|markers?|linestyles?|linewidths?|xticks|yticks)|colou?r_?\w*"
    r"|[xyz]_?(label|lim|title)|(sup|plot_|fig_)?title|labels?|legend(_\w+)?|lw|ls|ms|marker_?size|cm|dpi"
    r"|font(_?\w+)?|(edge|face)colou?rs?|hatch",
    re.IGNORECASE,
)


def is_styling(name: str) -> bool:
    """Whether a name sounds like the looks of a plot, which no run is compared by.

    Examples
    --------
    >>> is_styling("figsize"), is_styling("max_depth")
    (True, False)
    """
    return _STYLING.fullmatch(name) is not None


def fields_of(value: object) -> dict[str, Any] | None:
    """Return the fields of a dict or of a config object, None for anything else."""
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items() if type(key) in (str, int)}
    if not is_config(value):
        return None
    if dataclasses.is_dataclass(value):
        names = [entry.name for entry in dataclasses.fields(value)]
    else:
        names = list(vars(value))
    return {name: getattr(value, name, NOTHING) for name in names if not name.startswith("_")}


def is_config(value: object) -> bool:
    """Whether `value` is an argparse.Namespace, a dataclass instance, a SimpleNamespace or a pydantic model.

    No library is imported: argparse is looked at only where it is loaded, pydantic's models are known by what
    their class offers.
    """
    kind = type(value)
    if isinstance(value, (type, types.ModuleType)):
        return False
    if isinstance(value, types.SimpleNamespace) or dataclasses.is_dataclass(value):
        return True
    argparse = sys.modules.get("argparse")
    if argparse is not None and isinstance(value, argparse.Namespace):
        return True
    new = isinstance(getattr(kind, "model_fields", None), dict) and hasattr(kind, "model_validate")
    return new or (isinstance(getattr(kind, "__fields__", None), dict) and hasattr(kind, "parse_obj"))


def flatten(key: str, value: object, depth: int = 0) -> list[tuple[str, Any]]:
    """Return the params that `value` stands for under `key`, empty where it is too large or no param at all.

    Examples
    --------
    >>> flatten("net", {"layers": [64, 32], "drop": {"rate": 0.1}, "weights": list(range(100))})
    [('net.layers', [64, 32]), ('net.drop.rate', 0.1)]
    """
    fields = fields_of(value)
    if fields is None:
        leaf = as_leaf(value)
        return [] if leaf is NOTHING else [(key, leaf)]
    if depth >= MAX_DEPTH or len(fields) > MAX_KEYS:
        return []
    found: list[tuple[str, Any]] = []
    for name, item in fields.items():
        if not is_styling(name):
            found += flatten(f"{key}.{name}", item, depth + 1)
    return found if len(found) <= _MAX_PARAMS else []


def as_leaf(value: object) -> Any:
    """Return `value` as a scalar or a short list of scalars of plain Python, else `NOTHING`."""
    if value is None or isinstance(value, (bool, complex)):
        return value
    if isinstance(value, enum.Enum):
        inner = as_leaf(value.value)
        return value.name if inner is NOTHING else inner
    if isinstance(value, str):
        return str(value) if len(value) <= MAX_TEXT else NOTHING
    if isinstance(value, (int, float)):
        return plain_value(value)
    if isinstance(value, os.PathLike):
        return as_leaf(os.fspath(value))
    if hasattr(type(value), "get_secret_value"):  # pydantic's SecretStr
        return REDACTED
    if isinstance(value, (list, tuple)):
        return _as_list(value)
    if hasattr(type(value), "dtype") and hasattr(value, "shape") and getattr(value, "size", None) is not None:
        return _from_array(value)
    return NOTHING


def _as_list(value: list[Any] | tuple[Any, ...]) -> Any:
    if not value or len(value) > MAX_LEAVES:
        return NOTHING
    parts = [as_leaf(part) for part in value]
    if any(part is NOTHING for part in parts) or _count(parts) > MAX_LEAVES:
        return NOTHING
    return parts


def _from_array(value: object) -> Any:
    size = getattr(value, "size", None)
    if type(size) is not int or not 1 <= size <= MAX_LEAVES:
        return NOTHING
    plain = plain_value(value)
    return as_leaf(plain) if isinstance(plain, (bool, int, float, str, list)) else NOTHING


def _count(parts: list[Any]) -> int:
    return sum(_count(part) if isinstance(part, list) else 1 for part in parts)


def make_param(key: str, value: object, source: str, written: str | None = None) -> Param | None:
    """Return a leaf as a record, redacted; None where its key cannot name a param."""
    try:
        check_key(key, "param")
    except InvalidValue:
        return None  # a dict's key such as "a@b": it has no name in the store
    safe = redact_value(key, value)
    stored = param_value(safe)
    return Param(key, plain_value(safe), stored.text, stored.type, source, written if safe is value else None)


def same(left: object, right: object) -> bool:
    """Whether two leaves are equal and of one type; NaN equals NaN."""
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    try:
        return bool(left == right) or (left != left and right != right)  # the test for NaN
    except Exception:  # noqa: BLE001  # a user's own __eq__ may raise: then they are not known to be equal
        return False
