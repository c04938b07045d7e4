"""Showing a panel of charts under the cell that runs now: live where somebody looks, else as what stays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Protocol

from ..panels.display import OWN, Display
from ..recording import active
from ..store import pending
from .frontend import shows_live

FLUSH_WAIT = 1.0  # seconds


class Standing(Protocol):
    """A panel that can be shown: `forms` are its HTML and text, `stand` shows them in a place and keeps it."""

    store: Path
    shown_in: object

    def forms(self) -> tuple[str, str]:
        """Return what is shown as HTML and as text."""

    def stand(self, display: Display) -> None:
        """Show the panel in a place."""


def show_panel(panel: Standing) -> None:
    """Show a panel under this cell, once; in a script nothing is shown.

    A second time in one cell, it is the value of the line that has shown it.
    """
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None or panel.shown_in == shell.execution_count:
        return
    panel.shown_in = shell.execution_count
    pending.flush(panel.store, FLUSH_WAIT)
    cell = active.current_cell()
    if shows_live(shell, None if cell is None else cell.cell_id):
        panel.stand(Display(shell.display_pub))
    else:
        html, text = panel.forms()
        shell.display_pub.publish({"text/html": html, "text/plain": text}, metadata=OWN)
