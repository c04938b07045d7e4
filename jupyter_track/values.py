"""Any Python, NumPy, pandas or torch scalar to an exact stored value.

No scientific library is imported: their scalars are recognised by what they offer (``item()``, ``size``,
``tolist()``), so the module costs nothing at import and works with any array library.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from .errors import InvalidValue

MAX_KEY = 250
_KEY = re.compile(rf"[\w\-. :/]{{1,{MAX_KEY}}}\Z")
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1


def check_key(key: object, what: str = "key") -> str:
    """Return `key` if it can name a param, metric or tag.

    Keys are 1 to 250 characters of letters, digits, ``_ - . space : /`` (mlflow's rule).

    Raises
    ------
    InvalidValue
        For anything else; the message names the first character that is not allowed.

    Examples
    --------
    >>> check_key("train/loss")
    'train/loss'
    """
    if type(key) is str and _KEY.match(key):
        return key
    if not isinstance(key, str):
        raise InvalidValue(f"A {what} must be a string, not {type(key).__name__} ({key!r}).")
    if _KEY.match(key):
        return str(key)
    if not key:
        raise InvalidValue(f"A {what} must not be empty.")
    if len(key) > MAX_KEY:
        raise InvalidValue(f"The {what} {key[:40]!r}… has {len(key)} characters; {MAX_KEY} is the most.")
    odd = next(char for char in key if not re.match(r"[\w\-. :/]", char))
    raise InvalidValue(
        f"The {what} {key!r} holds {odd!r}; allowed are letters, digits, '_', '-', '.', ' ', ':' and '/'."
    )


def check_step(step: object) -> int:
    """Return `step` as an integer of 64 bits; None is 0.

    Raises
    ------
    InvalidValue
        Where it is not a whole number, or out of range.

    Examples
    --------
    >>> check_step(3.0)
    3
    """
    if step is None:
        return 0
    try:
        number = float(step) if isinstance(step, (str, float)) else None  # int() would cut 1.5 in silence
        whole = int(step) if number is None else int(number)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidValue(f"A step must be a whole number, not {step!r}.") from error
    if number is not None and number != whole:
        raise InvalidValue(f"A step must be a whole number, not {step!r}.")
    if not _MIN_INT <= whole <= _MAX_INT:
        raise InvalidValue(f"The step {step!r} does not fit 64 bits.")
    return whole


def metric_value(key: str, value: object) -> float:
    """Return `value` as the float that is stored for the metric `key`.

    Accepted are numbers, numeric strings, bools, and 0-d or 1-element arrays and tensors. NaN and both
    infinities are kept as they are.

    Raises
    ------
    InvalidValue
        For None, text that is no number, complex numbers and arrays of several elements.

    Examples
    --------
    >>> metric_value("loss", "0.25")
    0.25
    """
    if isinstance(value, (int, float)):  # bool and numpy.float64 too
        return _as_float(key, value)
    if value is None:
        raise InvalidValue(f"The metric {key!r} is None; log a number, or leave it out.")
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise InvalidValue(f"The metric {key!r} is the text {value!r}, which is not a number.") from None
    size = _size(value)
    if size is not None and size != 1:
        raise InvalidValue(
            f"The metric {key!r} has {size} elements (shape {tuple(getattr(value, 'shape', (size,)))}); "
            "log a single number such as its mean(), one metric per element, or the whole with log_table or log_dict."
        )
    item = getattr(value, "item", None)
    if callable(item):
        return metric_value(key, item())
    try:
        return float(value)  # type: ignore[arg-type]  # Decimal, Fraction, anything with __float__
    except (TypeError, ValueError):
        raise InvalidValue(
            f"The metric {key!r} is a {type(value).__name__}, which is not a number ({_short(value)})."
        ) from None


def _as_float(key: str, value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InvalidValue(f"The metric {key!r} is too large for a float ({_short(value)}).") from None


def _size(value: object) -> int | None:
    """Number of elements of an array-like, None where it is not one."""
    size = getattr(value, "size", None)
    if callable(size) and hasattr(value, "numel"):  # a torch tensor: size() is its shape
        return int(value.numel())
    if isinstance(size, int) and hasattr(value, "shape"):
        return size
    if isinstance(value, (list, tuple, set, dict)):
        return len(value)
    return None


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class StoredParam:
    """A param's value in the four columns of the store: JSON, its type, its number (or None), mlflow's text."""

    value: str
    type: str
    number: float | None
    text: str


def param_value(value: object) -> StoredParam:
    """Return how a param's value is stored: exactly where JSON can hold it, else as text.

    Examples
    --------
    >>> param_value(0.1)
    StoredParam(value='0.1', type='float', number=0.1, text='0.1')
    """
    plain = plain_value(value)
    kind = _kind(plain)
    if kind == "other":
        text = str(value)
        return StoredParam(json.dumps(text), "other", None, text)
    text = str(value) if kind == "other" or isinstance(value, str) else str(plain)
    number: float | None = None
    if kind in ("int", "float", "bool"):
        number = float(plain) if abs(plain) < 1e308 or isinstance(plain, float) else None
        if number is not None and math.isnan(number):
            number = None
    encoded = json.dumps(plain, ensure_ascii=False, default=str)
    return StoredParam(encoded, kind, number, text)


def load_param(value: str, kind: str) -> Any:
    """Return the Python value that `param_value` stored (its inverse)."""
    # A table of 10,000 runs reads 100,000 params: the common kinds are spelled as Python spells them.
    if kind == "int":
        return int(value)
    if kind == "str" and "\\" not in value:
        return value[1:-1]
    return json.loads(value)


def plain_value(value: object) -> Any:
    """Return `value` with NumPy, pandas and torch scalars and arrays turned into plain Python, recursively."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if type(value) in (int, float):
        return value
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(item) for item in value]
    for name in ("item", "tolist"):
        if _size(value) == 1 and name == "item" and not getattr(value, "shape", ()):
            return plain_value(value.item())  # type: ignore[attr-defined]
        method = getattr(value, name, None)
        if name == "tolist" and callable(method) and (_size(value) or 0) <= 1000 and hasattr(value, "shape"):
            return plain_value(method())
    if isinstance(value, (int, float)):  # subclasses: IntEnum, numpy.float64
        return float(value) if isinstance(value, float) else int(value)
    return value


def _kind(plain: object) -> str:
    if plain is None:
        return "none"
    return {bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict"}.get(type(plain), "other")
