"""The verb of ``%track`` that writes a report."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from ..errors import InvalidValue, NotFound
from . import showing
from .desk import Desk

if TYPE_CHECKING:
    from ..store.reader import Reader

_QUOTED = re.compile(r"(?:'[^']+'|\"[^\"\\]+\")(?:\s+(?:'[^']+'|\"[^\"\\]+\"))*")


def report(desk: Desk, rest: str) -> None:
    """Write a report of the runs that a filter finds, or that are named."""
    from ..reports.line import help_text, moment_meant, quotes_hint, read
    from ..reports.meant import in_experiments, of_words
    from .reporting import make

    left, options = read(rest)
    if "help" in options:
        showing.show_text(desk.shell, help_text())
        return
    reader = desk.reader()
    words = _words(reader, left)
    experiments, to = options.pop("experiments", []), options.pop("to", "report.html")
    overwrite, private = options.pop("overwrite", False), not options.pop("paths", False)
    if "sections" in options:
        options["sections"] = ",".join(options["sections"])
    if "built" in options:
        options["built"] = moment_meant(options["built"])
    try:
        meant = in_experiments(reader, experiments, of_words(words) if words else None)
        made = make(reader.store, meant, private=private, **options)
    except NotFound as error:
        if not (hint := quotes_hint(rest)):
            raise
        raise NotFound(f"{error} {hint}") from None
    saved = made.save(to, overwrite=overwrite)
    showing.show(desk.shell, saved._repr_html_(), str(saved))


def _words(reader: Reader, left: str) -> list[str]:
    """The words of a line: a filter is one of them as it stands, and keeps its quotes.

    Quoted texts alone are a filter too, which looks for them; where all of them name runs, these are meant.
    """
    from ..errors import FilterError
    from ..store import run_rows

    if _QUOTED.fullmatch(left):
        words = shlex.split(left)
        try:
            reader.runs_meant(words)
        except (NotFound, InvalidValue):
            pass  # a text that is looked for
        else:
            return words
    try:
        run_rows.search(None, left, (), 1, None, 0)
        return [left] if left else []
    except FilterError:
        pass  # names of runs, then
    try:
        return shlex.split(left)
    except ValueError as error:
        raise InvalidValue(f"%track report: the line cannot be read ({error}).") from None
