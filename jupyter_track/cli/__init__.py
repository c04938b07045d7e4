"""``jupyter track``: the store of runs, found, compared and tidied from the terminal.

The executable is called ``jupyter-track``, which makes it a subcommand of ``jupyter``.

::

    commands    the command itself, and the list of all commands by what they are for
    common      options, the store that is meant, completion, what an error becomes
    look        runs, search, show, compare, watch, status           edit     names, tags, notes, pins, stop
    bin         delete, restore, undo, bin                           tidy     clean, gc, doctor
    carry       export, merge                                        git      the store in a git repository
    completion  the shells                                           models   the registry of models
    whole       one run with its files and cells                     show     the same on a terminal
    status      the store, versions, what waits                      runs     the table of runs
    plain       records as strict JSON                               screen   terminal or pipe, the safe way to it
    output      the standard output                                  live     a table that is drawn again and again
    repository  what git is told of a store                          textconv a store as text, for git diff

click is imported when the command runs and rich when something is shown, so that ``--help`` and completion answer at
once. pandas is never imported.
"""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run the command with the arguments of this process and exit: what ``jupyter-track`` calls."""
    from .commands import cli

    cli.main(prog_name="jupyter-track")
    raise AssertionError("unreachable: click exits in standalone mode")
