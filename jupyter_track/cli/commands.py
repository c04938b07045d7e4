"""``jupyter track``: the command with all its commands, each in the module of its family."""

from __future__ import annotations

import click

from .._version import __version__
from . import bin, carry, completion, edit, git, incoming, look, report, tidy
from .common import Commands, store_option
from .models import models

_EPILOG = """\b
Examples:
  jupyter track runs                     the newest runs of the store here
  jupyter track show last                the newest run in full
  jupyter track compare baseline last    what differs, and which is better
  jupyter track --store results status   another store
  jupyter track COMMAND --help           all of a command, with examples

\b
A run is named by its number (12, or '#12' in quotes), its name (the newest so
called), six or more digits of its id, last, last~1, best or best:val_loss.

\b
Exit codes:
  0  all is well
  1  it could not be done; one paragraph on stderr says why and what helps
  2  wrong usage: no such command or option
  3  nothing found: no such run or experiment, or no store

\b
Environment:
  JUPYTER_TRACK_STORE  the store, where --store is not given
  NO_COLOR             no colour, where it is set
"""


@click.group(cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jupyter-track")
@store_option
def cli(store: str | None) -> None:
    """Find, compare and tidy the runs that jupyter-track recorded.

    On a terminal the columns follow its width; in a pipe all of them are there, as plain text. Scripts read --json.
    """


cli.sections = {
    "Look": ("runs", "search", "show", "compare", "watch", "models", "status"),
    "Edit": ("rename", "tag", "untag", "note", "pin", "unpin", "baseline", "move", "stop"),
    "Tidy": ("delete", "restore", "undo", "bin", "clean", "gc", "doctor"),
    "Move": ("report", "export", "merge", "import"),
    "Git": ("git ignore", "git commit"),
    "Shell": ("completion",),
}

for _command in (
    *(look.runs, look.search, look.show, look.compare, look.watch, models, look.status),
    *(edit.rename, edit.tag, edit.untag, edit.note, edit.pin, edit.unpin, edit.baseline, edit.move, edit.stop),
    *(bin.delete, bin.restore, bin.undo, bin.show_bin),
    *(tidy.clean, tidy.gc, tidy.doctor),
    *(report.report, carry.export, carry.merge, incoming.import_),
    *(git.git, git.git_merge, git.git_textconv),
    completion.completion,
):
    cli.add_command(_command)
completion.register()
