"""Numbers, params, changes, durations, ages and sizes as text.

All functions are pure: a time is handed in, and so is the time zone where it matters. Text that comes from outside
is put on one line and freed of control characters here, before any form of it is built.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from ..records import Goal as Direction
from ..records import Param
from . import samples

MINUS = "\u2212"
SMALL, LARGE = 1e-3, 1e6
SIGNIFICANT = 4
MAX_DECIMALS = 6
NAME_LIMIT = 60
PARAM_LIMIT = 32
NUMBER_LIMIT = 12  # characters of a number in a column of params
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# Control characters, halves of surrogate pairs, and marks that turn the direction of the text around them: with
# those a name could make the line beside it read otherwise.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Precision:
    """How the numbers of one column are written.

    Attributes
    ----------
    decimals : int
        Digits after the point, 0 to 6.
    mantissa : int
        Digits after the point of a number that is written as ``1.24e-4``.
    """

    decimals: int
    mantissa: int = 2


@dataclass(frozen=True)
class Change:
    """A difference as text, and what it means: ``better``, ``worse``, ``same``, or None where no goal is known."""

    text: str
    verdict: Literal["better", "worse", "same"] | None = None

    @property
    def arrow(self) -> str:
        """``▲`` for better, ``▼`` for worse, else nothing. The sign already says which way the number went."""
        return {"better": "▲", "worse": "▼"}.get(self.verdict or "", "")


def plain_text(text: str) -> str:
    """Return `text` without terminal colours, control characters and marks of direction; line ends stay."""
    return text if text.isascii() and text.isprintable() else _CONTROL.sub("", _ANSI.sub("", text))


def one_line(text: str) -> str:
    """Return `text` on one line, with runs of white space as one space, and without control characters."""
    return " ".join(plain_text(text).split())


def middle_cut(text: str, limit: int) -> str:
    """Return `text` with its middle replaced by ``…`` where it has more than `limit` characters.

    The end is kept as well as the start, since names often differ at the end.

    Examples
    --------
    >>> middle_cut("resnet50-imagenet-seed-7", 13)
    'resnet…seed-7'
    """
    if len(text) <= limit:
        return text
    kept = max(limit - 1, 0)
    tail = kept // 2
    return text[: kept - tail] + "…" + (text[-tail:] if tail else "")


def word_cut(text: str, limit: int) -> str:
    """Return a name cut in its middle between words, or within one where no words fit.

    Examples
    --------
    >>> word_cut("penalty l2, learning rate 0.1", 22)
    'penalty l2, … rate 0.1'
    >>> word_cut("resnet50-imagenet-seed-7", 13)
    'resnet…seed-7'
    """
    words = text.split(" ")
    if len(text) <= limit or len(words) < 3:
        return middle_cut(text, limit)
    head, tail = [words[0]], [words[-1]]
    rest = words[1:-1]
    while rest:
        more = (head + rest[:1], tail) if len(head) <= len(tail) else (head, rest[-1:] + tail)
        if len(" ".join([*more[0], "…", *more[1]])) > limit:
            break
        rest = rest[1:] if more[0] is not head else rest[:-1]
        head, tail = more
    found = " ".join([*head, "…", *tail])
    return found if len(found) <= limit else middle_cut(text, limit)


def _is_plain(value: float) -> bool:
    return value == 0 or SMALL <= abs(value) < LARGE


def precision_of(values: Iterable[float], direction: Direction | None = None) -> Precision:
    """Return the precision of a column: four significant digits of its best value, and more if the two best need it.

    Parameters
    ----------
    values : iterable of float
        The column; NaN and infinities do not count.
    direction : {"min", "max"} or None, default None
        Which way is better. Without it the largest magnitude leads.

    Examples
    --------
    >>> precision_of([0.9641, 0.9521], "max")
    Precision(decimals=4, mantissa=2)
    >>> precision_of([0.96411, 0.96409], "max").decimals
    5
    """
    finite = [float(value) for value in values if math.isfinite(value)]
    if not finite or all(value.is_integer() and _is_plain(value) for value in finite):
        return Precision(0)
    if direction is None:
        lead, two = max(finite, key=abs), []
    else:
        two = _two_best(finite, direction)
        lead = next((value for value in two if value), 0.0)
    decimals, mantissa = 0, 2
    if _is_plain(lead):
        decimals = min(max(SIGNIFICANT - 1 - math.floor(math.log10(abs(lead))), 0), MAX_DECIMALS)
    else:  # 1.24e-4 leads; ordinary numbers beside it keep their own four digits
        others = [abs(value) for value in finite if value and _is_plain(value)]
        decimals = min(max(SIGNIFICANT - 1 - math.floor(math.log10(max(others, default=1.0))), 0), MAX_DECIMALS)
    if len(two) > 1:
        while decimals < MAX_DECIMALS and _same(two, decimals, mantissa) and _is_plain(two[0]):
            decimals += 1
        while mantissa < MAX_DECIMALS and _same(two, decimals, mantissa) and not _is_plain(two[0]):
            mantissa += 1
    return Precision(decimals, mantissa)


def _two_best(values: Sequence[float], direction: Direction) -> list[float]:
    """The best value and the next one that differs, where there is one; sorting 10,000 values would cost more."""
    choose = max if direction == "max" else min
    best = choose(values)
    others = [value for value in values if value != best]
    return [best, choose(others)] if others else [best]


def _same(pair: Sequence[float], decimals: int, mantissa: int) -> bool:
    precision = Precision(decimals, mantissa)
    return number(pair[0], precision) == number(pair[1], precision)


def number(value: float, precision: Precision | None = None) -> str:
    """Return a metric's value as text.

    Four significant digits, or the decimals of its column; ``1.24e-4`` below 1e-3 and from 1e6 on. A negative number
    has a real minus sign.

    Examples
    --------
    >>> number(0.96412), number(0.000124), number(-12.3456)
    ('0.9641', '1.24e-4', '−12.35')
    >>> number(float("nan")), number(float("-inf"))
    ('NaN', '−∞')
    """
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if precision is None:
        return _fixed(value, _decimals(value)) if _is_plain(value) else _scientific(value, Precision(0).mantissa)
    return _fixed(value, precision.decimals) if _is_plain(value) else _scientific(value, precision.mantissa)


def _decimals(value: float) -> int:
    """The digits after the point of a number that stands alone: the same as `precision_of` says, for thousands."""
    if value.is_integer():
        return 0
    return min(max(SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0), MAX_DECIMALS)


def _fixed(value: float, decimals: int) -> str:
    text = f"{abs(value):.{decimals}f}"
    return text if value >= 0 or not text.strip("0.") else MINUS + text


def _scientific(value: float, mantissa: int) -> str:
    digits, exponent = f"{abs(value):.{mantissa}e}".split("e")
    return f"{MINUS if value < 0 else ''}{digits}e{int(exponent)}"


def change(
    value: float, reference: float, direction: Direction | None = None, precision: Precision | None = None
) -> Change | None:
    """Return how `value` differs from `reference`, or None where that is no number.

    The decimals are those of the value, and more only where the change would else read as zero.

    Examples
    --------
    >>> change(0.9641, 0.9521, "max")
    Change(text='+0.0120', verdict='better')
    >>> change(0.113, 0.125, "min").text
    '−0.0120'
    """
    difference = float(value) - float(reference)
    if not math.isfinite(difference):
        return None
    if difference == 0:
        return Change("same", "same")
    precision = precision or precision_of([value, reference], direction)
    verdict: Literal["better", "worse"] | None = None
    if direction is not None:
        verdict = "better" if (difference > 0) == (direction == "max") else "worse"
    return Change(("+" if difference > 0 else MINUS) + _magnitude(abs(difference), value, precision), verdict)


def _magnitude(difference: float, value: float, precision: Precision) -> str:
    if not _is_plain(value) or difference >= LARGE:
        return number(difference)
    for decimals in range(precision.decimals, MAX_DECIMALS + 1):
        text = _fixed(difference, decimals)
        if text.strip("0."):
            return text
    return _scientific(difference, 0)


def spread(values: Iterable[float]) -> str:
    """Return mean and sample standard deviation as ``0.962 ± 0.004 (n=5)``; NaN and infinities are left out and said.

    The deviation has one digit, or two where the first is 1; the mean has the same decimals.

    Examples
    --------
    >>> spread([0.958, 0.966, 0.962])
    '0.962 ± 0.004 (n=3)'
    """
    every = [float(value) for value in values]
    finite = [value for value in every if math.isfinite(value)]
    left = f", {len(every) - len(finite)} not finite" if len(finite) < len(every) else ""
    if len(finite) < 2:
        return number(finite[0]) if finite and not left else f"{number(finite[0]) if finite else 'NaN'} (n=1{left})"
    mean, deviation = samples.mean(finite), samples.deviation(finite)
    count = f"(n={len(finite)}{left})"
    if deviation == 0 or not _is_plain(mean) or not 10**-MAX_DECIMALS <= deviation < LARGE:
        return f"{number(mean)} ± {number(deviation)} {count}"
    exponent = math.floor(math.log10(deviation))
    first = int(f"{deviation:.0e}"[0])
    if round(deviation / 10**exponent) == 10:  # 0.0096 reads as 0.01: its first digit is 1 and one place further up
        exponent += 1
    decimals = min(max(-exponent + (1 if first == 1 else 0), 0), MAX_DECIMALS)
    return f"{_fixed(mean, decimals)} ± {_fixed(deviation, decimals)} {count}"


def param_text(param: Param, limit: int | None = PARAM_LIMIT) -> str:
    """Return a param as it was written: ``1e-3`` stays ``1e-3``, a string has no quotes, a long one loses its middle.

    Parameters
    ----------
    param : Param
    limit : int or None, default 32
        The most characters; None keeps all.
    """
    text = param.text if param.type == "str" or param.written is None else param.written
    if " " in text or not (text and text.isascii() and text.isprintable()):  # a number has nothing to be taken out
        text = one_line(text) or ("''" if param.type == "str" else "")
    return text if limit is None or len(text) <= limit else middle_cut(text, limit)


def short_number(value: float) -> str:
    """Return a number that a param is, with 4 significant digits: a small one as Python writes those that are short.

    Examples
    --------
    >>> short_number(3.0000000000000004e-05), short_number(0.00012345678), short_number(0.5000000000000001)
    ('3e-05', '0.0001235', '0.5000')
    """
    return repr(float(f"{value:.{SIGNIFICANT}g}")) if 0 < abs(value) < SMALL else number(value)


def column_text(param: Param) -> str:
    """Return a param as a column of a table shows it: a long decimal fraction with 4 significant digits.

    What else is long is cut in the middle.

    Examples
    --------
    >>> column_text(Param("lr", 0.0013894954943731374, "0.0013894954943731374", "float"))
    '0.001389'
    """
    if (
        param.type == "float"
        and len(param_text(param, None)) > NUMBER_LIMIT
        and math.isfinite(value := float(param.text))
    ):
        return short_number(value)
    return param_text(param, NUMBER_LIMIT if param.type in ("int", "float") else PARAM_LIMIT)


def duration(seconds: float) -> str:
    """Return a duration: ``840 ms``, ``3.2 s``, ``4 m 12 s``, ``2 h 05 m``, ``3 d 04 h``.

    Examples
    --------
    >>> duration(0.84), duration(252), duration(7500)
    ('840 ms', '4 m 12 s', '2 h 05 m')
    """
    if not math.isfinite(seconds):
        return "unknown"
    seconds = max(seconds, 0.0)
    if seconds < 0.9995:
        return f"{max(round(seconds * 1000), 1 if seconds else 0)} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02} m"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24:02} h"


def clock(seconds: float) -> str:
    """Return the time that a run has been going, as ``0:42`` or ``1:02:03``."""
    whole = int(max(seconds, 0)) if math.isfinite(seconds) else 0
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _moment(milliseconds: int, zone: tzinfo | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, zone).astimezone(zone)
    except (OverflowError, OSError, ValueError):  # a store may hold any integer
        return None


def age(then: int, now: int, zone: tzinfo | None = None) -> str:
    """Return how long ago: ``now``, ``4 min``, ``3 h``, ``yesterday 16:20``, ``12 Mar``, ``12 Mar 2024``.

    Parameters
    ----------
    then, now : int
        Milliseconds since the epoch.
    zone : tzinfo or None, default None
        The zone of the reader; None is the machine's.
    """
    moment, today = _moment(then, zone), _moment(now, zone)
    if moment is None or today is None:
        return "unknown"
    seconds = (now - then) / 1000
    if -60 < seconds < 60:
        return "now"
    if 0 <= seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds >= 0 and moment.date() == today.date():
        return f"{int(seconds // 3600)} h"
    if moment.date() == today.date() - timedelta(days=1):
        return f"yesterday {moment:%H:%M}"
    day = f"{moment.day} {_MONTHS[moment.month - 1]}"
    return day if moment.year == today.year else f"{day} {moment.year}"


def iso(milliseconds: int, zone: tzinfo | None = None) -> str:
    """Return a moment in ISO 8601 with its offset, to the minute; ``unknown`` where there is no such moment."""
    moment = _moment(milliseconds, zone)
    return "unknown" if moment is None else moment.isoformat(sep=" ", timespec="minutes")


def size(count: int) -> str:
    """Return a number of bytes: ``840 B``, ``12.3 kB``, ``4.1 MB`` (steps of 1,000).

    Examples
    --------
    >>> size(840), size(12_345), size(4_100_000)
    ('840 B', '12.3 kB', '4.1 MB')
    """
    if count < 1000:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            return f"{amount:.1f} {unit}"
    raise AssertionError("unreachable: the last unit takes all")
