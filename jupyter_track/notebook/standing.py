"""Showing a panel under the cell that runs now: live where somebody looks, else as what stays."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from ..panels.display import OWN, Display
from ..recording import active
from ..store import pending
from .frontend import shows_live

if TYPE_CHECKING:
    from ..panels.standing import StandingPanel

FLUSH_WAIT = 1.0  # seconds


class LiveForms:
    """How values of one type show themselves in a shell: as a panel where it is live; subclasses say which.

    Parameters
    ----------
    shell : InteractiveShell
    """

    shown: ClassVar[type]

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def install(self) -> None:
        """Show them live, in a kernel."""
        if hasattr(self._shell.display_pub, "parent_header"):
            self._shell.display_formatter.mimebundle_formatter.for_type(self.shown, self._bundle_of)

    def uninstall(self) -> None:
        """Show them as they show themselves."""
        self._shell.display_formatter.mimebundle_formatter.type_printers.pop(self.shown, None)

    def _bundle_of(self, value: Any, /, *_: object, **__: object) -> Any:
        """Return data and metadata of the display; None leaves it to the value."""
        raise NotImplementedError


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
