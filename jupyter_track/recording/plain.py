"""Any nest of values to what JSON and safe YAML can hold, exactly where they can."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping, Set
from typing import Any

from ..errors import InvalidValue


def plain(value: Any) -> Any:
    """Return `value` made of dicts, lists, strings, numbers, bools and None only.

    Scalars and arrays of NumPy, pandas and torch become numbers and lists of any length, dates their ISO form, enum
    members their value, sets sorted lists where their items can be sorted, and what is unknown its ``str``. NaN and
    the infinities stay floats.

    Raises
    ------
    InvalidValue
        Where the value contains itself, or a dict has a key that is no string, number, bool or None.

    Examples
    --------
    >>> plain({"shape": (2, 3), "seen": {2, 1}})
    {'shape': [2, 3], 'seen': [1, 2]}
    """
    return _plain(value, ())


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, enum.Enum):
        return _plain(value.value, above)
    for kind in (str, int, float):  # subclasses, such as numpy.float64
        if isinstance(value, kind):
            return kind(value)
    if id(value) in above:
        raise InvalidValue(f"A {type(value).__name__} contains itself; it cannot be written as JSON or YAML.")
    inside = (*above, id(value))
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, inside) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, inside) for item in value]
    if isinstance(value, Set):
        items = [_plain(item, inside) for item in value]
        try:
            return sorted(items)
        except TypeError:
            return items
    if isinstance(value, (datetime.date, datetime.time)):  # pandas' Timestamp is one; NaT says 'NaT'
        return value.isoformat() if value == value else None
    return _from_library(value, inside)


def _from_library(value: Any, inside: tuple[int, ...]) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if type(value).__name__ == "NAType":  # pandas.NA
        return None
    tolist = getattr(value, "tolist", None)  # arrays and scalars of NumPy, torch, pandas' Series
    if callable(tolist) and hasattr(value, "dtype"):
        is_time = type(value).__module__ == "numpy" and value.dtype.kind in "mM"
        listed = value.astype(str).tolist() if is_time else tolist()  # its list holds integers of nanoseconds
        if type(listed) is not type(value):
            return _plain(listed, inside)
    return str(value)


def _key(key: Any) -> Any:
    if key is None or type(key) in (bool, int, float, str):
        return key
    plain_key = _plain(key, ())
    if plain_key is None or isinstance(plain_key, (dict, list)):
        raise InvalidValue(
            f"The key {key!r} is a {type(key).__name__}; keys in JSON and YAML are strings, numbers, bools or None."
        )
    return plain_key
