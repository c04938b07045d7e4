"""What the values of a filter mean: numbers, ages, dates, and the few words that a status can be."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from .filter_tokens import Token

_WORDS = {"true": 1, "false": 0, "nan": math.nan, "inf": math.inf, "infinity": math.inf}
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}  # in milliseconds
_AGE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhdw])", re.IGNORECASE | re.ASCII)
_MOST = 10.0**15  # of a unit: beyond it every age lies before everything
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?: ?(?:Z|[+-]\d\d(?::?\d\d)?))?)?",
    re.ASCII | re.IGNORECASE,
)
MISTYPED_SIGNS = {"=>": ">=", "=<": "<=", ">>": ">", "<<": "<", "===": "="}
_BARE_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:T[\d:.]+Z?)?(?![\w-])", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MEANT = {"STOPPED": "KILLED", "INTERRUPTED": "KILLED", "ERROR": "FAILED", "DONE": "FINISHED", "COMPLETED": "FINISHED"}


def number_of(token: Token) -> int | float | None:
    """Return the number that a token is, None where it is none."""
    text = token.text.lower()
    if token.kind == "word":
        return _WORDS.get(text)
    if token.kind != "number":
        return None
    if text.lstrip("+-").isdigit() and len(text) <= 19:
        whole = int(text)
        if -(2**63) <= whole < 2**63:
            return whole
    return float(text)


def is_number(text: str) -> bool:
    """Whether a text is a number in quotes."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def age_of(text: str) -> int | None:
    """Return the milliseconds of an age, None where it is none.

    Examples
    --------
    >>> age_of("2d"), age_of("1.5h"), age_of("2 months")
    (172800000, 5400000, None)
    """
    match = _AGE.fullmatch(text)
    if match is None:
        return None
    return round(min(float(match[1]), _MOST) * _UNITS[match[2].lower()])


def unit_hint(text: str) -> str:
    """Return what to write instead of an age that cannot be read."""
    unit = text.lstrip("0123456789.").lower()
    if unit.startswith(("mo", "y")):
        return "; a month is 30d, a year 365d"
    if unit[:1] in _UNITS:
        return f"; write {unit[0]} for {unit}"
    return "" if unit else "; the unit is one of s, m, h, d, w"


def moment_of(token: Token) -> int | None:
    """Return the milliseconds since 1970 of a date that a quoted token is, None where it is none.

    A date without a time is its first moment, one without a zone is of this machine's zone.
    """
    text = token.text.strip()
    if token.kind != "quoted" or not _MOMENT.fullmatch(text):
        return None
    try:
        return _milliseconds(datetime.fromisoformat(re.sub(r" (?=[Z+-])", "", text.upper())))
    except (ValueError, OverflowError, OSError):  # 30 February, or further away than the clock can tell
        return None


def bare_date(text: str, position: int) -> str:
    """Return the date that stands at a position of a filter without quotes, nothing where there is none."""
    found = _BARE_DATE.match(text, position)
    return found.group() if found else ""


def day_of(token: Token) -> tuple[int, int] | None:
    """Return the first and the last millisecond of the day that a quoted token is, None where it is none."""
    text = token.text.strip()
    if token.kind != "quoted" or not _DAY.fullmatch(text):
        return None
    try:
        day = datetime.fromisoformat(text)
        return _milliseconds(day), _milliseconds(day + timedelta(days=1)) - 1
    except (ValueError, OverflowError, OSError):
        return None


def _milliseconds(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


def fits(word: str, pattern: str) -> bool:
    """Whether a word fits a pattern of LIKE."""
    if len(pattern.replace("%", "")) > len(word):  # so that the regular expression stays small
        return False
    pattern = re.sub("%+", "%", pattern)
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), word, re.DOTALL) is not None


def no_choice(text: str, name: str, choices: Sequence[str]) -> str:
    """Return what is wrong with a value that an attribute never has, and what to write instead."""
    meant = _MEANT.get(text.strip().upper())
    hint = f"; did you mean {meant!r}?" if meant else ""
    return (
        f"No run has the {name} {text[:40]!r}: it is one of {', '.join(choices)}{hint} (a run that is shown as lost is "
        "RUNNING in the store)"
    )
