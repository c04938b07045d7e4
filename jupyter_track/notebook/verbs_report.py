"""The verb of ``%track`` that writes a report."""

from __future__ import annotations

import re
import shlex
from typing import Any

from ..errors import InvalidValue
from ..views.format import one_line
from . import showing
from .desk import Desk

OPTIONS = (
    "--to",
    "--title",
    "--text",
    "--sections",
    "--kind",
    "--metric",
    "--template",
    "-e",
    "--paths",
    "--overwrite",
)
_FLAGS = ("--paths", "--overwrite")
_VALUE = re.compile(r"(?:^|(?<=\s))(-e|--[a-z]+)(?:[ \t]*=[ \t]*|[ \t]+|$)(\"[^\"]*\"|'[^']*'|[^\s]*)")
_FLAG = re.compile(r"(?:^|(?<=\s))(--paths|--overwrite)(?=\s|$)")


def report(desk: Desk, rest: str) -> None:
    """Write a report of the runs that a filter finds, or that are named."""
    from ..reports.meant import in_experiments, of_words
    from .reporting import make

    reader = desk.reader()
    words, options = _read(rest)
    experiment = options.pop("e", None)
    to, overwrite = options.pop("to", "report.html"), options.pop("overwrite", False)
    meant = in_experiments(reader, [] if experiment is None else [experiment], of_words(words) if words else None)
    made = make(reader.store, meant, private=not options.pop("paths", False), **options)
    saved = made.save(to, overwrite=overwrite)
    showing.show(desk.shell, saved._repr_html_(), str(saved))


def _read(rest: str) -> tuple[list[str], dict[str, Any]]:
    """Take the options out of a line; what is left is a filter as it stands, or names of runs.

    Raises
    ------
    InvalidValue
        For an option that there is not, or one without its value.
    """
    options: dict[str, Any] = {}

    def flag(found: re.Match[str]) -> str:
        options[found[1].lstrip("-")] = True
        return ""

    def value(found: re.Match[str]) -> str:
        name, given = found[1], found[2]
        if name not in OPTIONS:
            raise InvalidValue(f"%track report: there is no option {one_line(name)!r}; there is {', '.join(OPTIONS)}.")
        if not given or given in OPTIONS:
            raise InvalidValue(f"%track report: {name} takes a value.")
        options[name.lstrip("-")] = given.strip("\"'") if given[0] in "\"'" else given
        return ""

    left = _VALUE.sub(value, _FLAG.sub(flag, rest)).strip()
    return _words(left), options


def _words(left: str) -> list[str]:
    """The words of a line: a filter is one of them as it stands, and keeps its quotes."""
    from ..errors import FilterError
    from ..store import run_rows

    try:
        run_rows.search(None, left, (), 1, None, 0)
        return [left] if left else []
    except FilterError:
        pass  # names of runs, then
    try:
        return shlex.split(left)
    except ValueError as error:
        raise InvalidValue(f"%track report: the line cannot be read ({error}).") from None
