"""Any Python, NumPy, pandas or torch scalar to an exact stored value.

No scientific library is imported: their scalars are recognised by what they offer (``item()``, ``size``,
``tolist()``), so the module costs nothing at import and works with any array library.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .errors import InvalidValue

What = Literal["metric", "param", "tag", "key"]  # what a key names; key: any of them

MAX_KEY = 250
MAX_ELEMENTS = 1_000  # of an array that a param keeps whole; a larger one is kept as its text
_KEY = re.compile(rf"[\w\-. :/]{{1,{MAX_KEY}}}\Z")
_NAMES = {"metric": "loss", "param": "lr", "tag": "stage", "key": "loss"}  # what a message offers
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1
MAX_TIME = 253_402_300_799_999  # the last millisecond of the year 9999


def check_key(key: object, what: What = "key") -> str:
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
    named = "what is logged" if what == "key" else f"a {what}"
    if not isinstance(key, str):
        raise InvalidValue(
            f"The name of {named} must be text, not {type(key).__name__} ({_short(key)}): give the name first, such as "
            f"{_NAMES[what]!r}, then the value."
        )
    if _KEY.match(key):
        return str(key)
    if not key:
        raise InvalidValue(f"The name of {named} must not be empty: give one such as {_NAMES[what]!r}.")
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
        number: Any = float(step) if isinstance(step, str) else step
        whole = int(number)
        exact = bool(whole == number)  # int() would cut 1.5 in silence
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidValue(f"A step must be a whole number, not {step!r}.") from error
    if not exact:
        raise InvalidValue(f"A step must be a whole number, not {step!r}.")
    if not _MIN_INT <= whole <= _MAX_INT:
        raise InvalidValue(f"The step {step!r} does not fit 64 bits.")
    return whole


def check_time(value: object, what: str = "timestamp") -> int:
    """Return a time in milliseconds since the epoch as an integer.

    Raises
    ------
    InvalidValue
        Where it is no number, before 1970 or after the year 9999.

    Examples
    --------
    >>> check_time(1762180000000)
    1762180000000
    """
    try:
        number = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        number = -1
    if isinstance(value, str) or not 0 <= number <= MAX_TIME:
        raise InvalidValue(f"The {what} {_short(value)} is no time in milliseconds since 1970, such as 1762180000000.")
    return int(number)


def clean_text(text: str) -> str:
    r"""Return a text that UTF-8 can hold: half characters (lone surrogates) are written as ``\udc80``.

    They come from file names and output in another encoding, and SQLite takes none of them.

    Examples
    --------
    >>> clean_text("caf\udce9")
    'caf\\udce9'
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


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
        inner = item()
        if type(inner) is not type(value):  # numpy.longdouble gives itself
            return metric_value(key, inner)
    try:
        return float(value)  # type: ignore[arg-type]  # Decimal, Fraction, anything with __float__
    except (TypeError, ValueError):
        raise InvalidValue(
            f"The metric {key!r} is a {type(value).__name__}, which is not a number ({_short(value)})."
        ) from None


def metric_values(metrics: object) -> list[tuple[str, float]]:
    """Return the keys and numbers of one point of several metrics.

    Raises
    ------
    InvalidValue
        For what is no dict, and for the first key or value that cannot be one.

    Examples
    --------
    >>> metric_values({"loss": 1, "accuracy": "0.5"})
    [('loss', 1.0), ('accuracy', 0.5)]
    """
    if not isinstance(metrics, Mapping):
        raise InvalidValue(f"Metrics are a dict of names and numbers, not {type(metrics).__name__} ({metrics!r}).")
    return [(check_key(key, "metric"), metric_value(key, value)) for key, value in metrics.items()]


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


def param_value(value: object, redact: Callable[[Any], Any] | None = None) -> StoredParam:
    """Return how a param's value is stored: exactly where JSON can hold it, else as text.

    Parameters
    ----------
    value : object
    redact : callable, optional
        Takes the plain value (or its text) and returns it without secrets, the same object where there are none.

    Raises
    ------
    InvalidValue
        Where the value can neither be held nor shown as text.

    Examples
    --------
    >>> param_value(0.1)
    StoredParam(value='0.1', type='float', number=0.1, text='0.1')
    """
    try:
        text = str(value)
        plain = _held(value)
    except Exception as error:  # an object of the user's, whose own __str__ can do anything
        raise InvalidValue(f"A {type(value).__name__} cannot be logged: showing it as text gives {error!r}.") from error
    kind = _kind(plain)
    if kind == "other":
        plain = text
    safe = plain if redact is None else redact(plain)
    if safe is not plain:
        kind, text = (kind if kind == "other" else _kind(safe)), str(safe)
    number = float(safe) if kind in ("int", "float", "bool") and _fits_float(safe) else None
    try:
        encoded = json.dumps(safe, ensure_ascii=False)
        encoded.encode()
    except UnicodeEncodeError:  # a lone surrogate: UTF-8 cannot hold it, JSON's escape can
        encoded = json.dumps(safe)
    return StoredParam(encoded, kind, number, clean_text(text))


def _held(value: object) -> Any:
    """The plain form of a value; an object of no known kind where JSON cannot hold it."""
    try:
        return plain_value(value)
    except RecursionError:  # a list that contains itself
        return NotImplemented


def _fits_float(number: float) -> bool:
    return not math.isnan(number) if isinstance(number, float) else abs(number) < 1e308


def load_param(value: str, kind: str) -> Any:
    """Return the Python value that `param_value` stored (its inverse)."""
    # A table of 10,000 runs reads 100,000 params: the common kinds are spelled as Python spells them.
    if kind == "int":
        return int(value)
    if kind == "str" and "\\" not in value:
        return value[1:-1]
    return json.loads(value)


def plain_value(value: object) -> Any:
    """Return `value` with NumPy, pandas and torch scalars and arrays turned into plain Python, recursively.

    What JSON cannot hold comes back as it is; inside a list or dict it becomes its text.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, str):  # subclasses: numpy.str_, an enum of strings
        return str.__str__(value)
    if isinstance(value, dict):
        return {str(key): _nested(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_nested(item) for item in value]
    if isinstance(value, (int, float)):  # subclasses: IntEnum, numpy.float64
        return float(value) if isinstance(value, float) else int(value)
    size, shape = _size(value), getattr(value, "shape", None)
    name = "item" if size == 1 and not shape else "tolist"
    method = getattr(value, name, None)
    if callable(method) and shape is not None and (size or 0) <= MAX_ELEMENTS:
        inner = method()
        if type(inner) is not type(value):  # numpy.longdouble gives itself
            return plain_value(inner)
    return value


def _nested(value: object) -> Any:
    """The plain form of what is inside a list or dict."""
    plain = plain_value(value)
    return str(plain) if _kind(plain) == "other" else plain


_KINDS = {bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict"}


def _kind(plain: object) -> str:
    return "none" if plain is None else _KINDS.get(type(plain), "other")
