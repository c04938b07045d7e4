"""Showing a panel under the cell that runs now: live where somebody looks, else as what stays."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..panels.display import OWN, Display
from ..recording import active
from ..store import pending
from .frontend import shows_live

if TYPE_CHECKING:
    from ..panels.standing import StandingPanel

FLUSH_WAIT = 1.0  # seconds


def show_panel(panel: StandingPanel) -> None:
    """Show a panel under this cell, once; in a script its text.

    A second time in one cell, it is the value of the line that has shown it.
    """
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        print(panel.forms()[1])  # noqa: T201 - what is asked for, where there is no notebook
        return
    if panel.shown_in == shell.execution_count:
        return
    panel.shown_in = shell.execution_count
    pending.flush(panel.store, FLUSH_WAIT)
    if is_live(shell):
        panel.stand(Display(shell.display_pub))
    else:
        html, text = panel.forms()
        shell.display_pub.publish({"text/html": html, "text/plain": text}, metadata=OWN)


def is_live(shell: Any) -> bool:
    """Whether somebody looks at the cell that runs now."""
    cell = active.current_cell()
    return shows_live(shell, None if cell is None else cell.cell_id)
