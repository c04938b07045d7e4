"""CSV that a spreadsheet does not take for a program, with exact numbers.

A cell that begins with ``=``, ``+``, ``-`` or ``@`` is a formula to a spreadsheet. A text that begins so (or with a
tab, a line end, or the mark itself) gets ``'`` in front, which `plain_text` takes off again; numbers stay as they are.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

# The wide forms of the signs count as formulas too, in spreadsheets set to Chinese or Japanese.
_MARKED = tuple("=+-@\t\r\n'＝＋－＠")


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> neutral("=1+1"), neutral("plain"), neutral("'quoted'")
    ("'=1+1", 'plain', "''quoted'")
    """
    return f"'{text}" if text.startswith(_MARKED) else text


def plain_text(cell: str) -> str:
    """Return the text that `neutral` was given.

    Examples
    --------
    >>> plain_text("'=1+1"), plain_text("plain")
    ('=1+1', 'plain')
    """
    return cell[1:] if cell.startswith("'") else cell


def iso_time(milliseconds: int) -> str:
    """Return a time as ISO 8601 in UTC.

    Examples
    --------
    >>> iso_time(1762180000123)
    '2025-11-03T14:26:40.123Z'
    """
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_iso_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=1024)
def _iso_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _any(value: Any) -> Any:
    """A param's value: text that is no formula, ``true`` or ``false``, a number as it is."""
    if isinstance(value, str):
        return neutral(value)
    return ("true" if value else "false") if isinstance(value, bool) else value


def _text(value: str | None) -> str | None:
    return None if value is None else neutral(value)


def _time(value: int | None) -> str | None:
    return None if value is None else iso_time(value)


_FORMS: dict[str, Callable[[Any], Any]] = {"text": _text, "any": _any, "time": _time}


class CsvSink:
    """A CSV file (RFC 4180, UTF-8) that rows are written to.

    The csv module writes None as nothing, and a float by its repr, which is exact.
    """

    def __init__(self, path: Path, columns: Sequence[tuple[str, str]]) -> None:
        self._file = open(path, "w", encoding="utf-8", newline="")  # noqa: SIM115 (closed by close)
        self._writer = csv.writer(self._file)
        self._forms = [(at, _FORMS[kind]) for at, (_, kind) in enumerate(columns) if kind in _FORMS]
        self._writer.writerow([neutral(name) for name, _ in columns])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        if not rows:
            return
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for at, form in self._forms:
            columns[at] = [form(value) for value in columns[at]]
        self._writer.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
