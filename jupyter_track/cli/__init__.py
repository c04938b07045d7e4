"""``jupyter track``: the store of runs, looked at from the terminal.

The executable is called ``jupyter-track``, which makes it a subcommand of ``jupyter``. The commands only look: they
make no file and change nothing.

::

    commands   the options, their help, what an error becomes
    whole      one run with its files and cells                      show     the same on a terminal
    status     the store, versions, what waits                       runs     the table of runs
    plain      records as strict JSON                                screen   terminal or pipe, and the safe way to it
    output     the standard output

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
