"""``%track`` and the help of ``%%track``: a thin layer over `verbs`."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class

from ..errors import TrackError
from ..views.format import plain_text
from .desk import Desk
from .options import make_parser
from .verbs import help_lines, run_line

_HELP = f"""Record a cell as a run, or look at the runs of this store and tidy them.

As the first line of a cell::

    %%track [NAME] [-e EXPERIMENT] [-p KEY=VALUE] [-t KEY=VALUE] [-m NAME[:max|:min]]
            [--max NAME[=TARGET]] [--min NAME[=TARGET]] [-n NOTE] [-q] [--no-params] [--no-metrics]
            [--no-figures] [--no-output] [--no-source] [--no-git] [--system]

The cell runs as it would without the line. Recorded are its params (literals that it assigns, config objects, what of
an estimator differs from its defaults), its metrics (what it logs; else the variables named with -m, --max and --min,
the last expression and top-level floats), the figures that it shows, its output, its source, and why it failed.

On a line of its own, %track alone shows the newest runs, and::

{help_lines()}

A RUN is #12 or 12, a name (the newest so called), six or more digits of an id, last, last~1, best, best:METRIC. Where
several may be named, #3..#7 is a range.

{make_parser().format_help()}"""


@magics_class
class TrackMagics(Magics):  # type: ignore[misc,unused-ignore]
    """The magics of one shell."""

    def __init__(self, shell: Any, desk: Desk) -> None:
        super().__init__(shell)
        self._desk = desk

    @line_cell_magic
    def track(self, line: str, cell: str | None = None) -> object:
        """Record a cell, or look at runs; the help is set below."""
        if cell is not None:
            raise UsageError("%%track has to be the first line of a cell that is run as a whole.")
        try:
            return run_line(self._desk, line)
        except TrackError as error:
            raise UsageError(plain_text(str(error))) from None  # it may name what is in a store


TrackMagics.track.__doc__ = _HELP
