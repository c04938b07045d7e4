"""The live comparisons of one shell: what ``%track compare`` shows, and how a `Comparison` shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..panels.display import OWN
from ..views.compared import Comparison
from .standing import is_live, show_panel

if TYPE_CHECKING:
    from ..panels.comparison import ComparisonPanel


class LiveComparisons:
    """Makes and shows comparisons.

    Parameters
    ----------
    shell : InteractiveShell
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def install(self) -> None:
        """Show a `Comparison` as a live one, in a kernel."""
        if hasattr(self._shell.display_pub, "parent_header"):
            self._shell.display_formatter.mimebundle_formatter.for_type(Comparison, self._bundle_of)

    def uninstall(self) -> None:
        """Show it as it shows itself."""
        self._shell.display_formatter.mimebundle_formatter.type_printers.pop(Comparison, None)

    def show(self, comparison: Comparison) -> ComparisonPanel:
        """Show a comparison under this cell, and return its panel."""
        from ..panels.comparison import ComparisonPanel

        panel = ComparisonPanel.of(comparison, shown=show_panel)
        show_panel(panel)
        return panel

    def _bundle_of(self, comparison: Comparison, *_: object, **__: object) -> Any:
        if comparison.store is None or not is_live(self._shell):
            return None
        from ..panels.comparison import ComparisonPanel

        panel = ComparisonPanel.of(comparison, shown=show_panel)
        return panel.bundle(*panel.forms()), OWN
