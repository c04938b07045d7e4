"""The live comparisons of one shell: what ``%track compare`` shows, and how a `Comparison` shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..panels.display import OWN, Display
from ..recording import active
from ..records import html_form
from ..views import html as _forms  # noqa: F401 - importing registers the forms
from ..views.compared import Comparison
from .frontend import shows_live

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

        panel = ComparisonPanel.of(comparison, shown=self._show)
        self._show(panel, comparison)
        return panel

    def _show(self, panel: ComparisonPanel, comparison: Comparison | None = None) -> None:
        """Show a panel; a second time in one cell it is the value of the line that has shown it."""
        execution = self._shell.execution_count
        if panel.shown_in == execution:
            return
        panel.shown_in = execution
        html, text = panel_forms(panel if comparison is None else comparison)
        if self._is_live():
            panel.stand(Display(self._shell.display_pub), html, text, lambda: panel_forms(panel))
        else:
            self._shell.display_pub.publish({"text/html": html, "text/plain": text}, metadata=OWN)

    def _is_live(self) -> bool:
        cell = active.current_cell()
        return shows_live(self._shell, None if cell is None else cell.cell_id)

    def _bundle_of(self, comparison: Comparison, *_: object, **__: object) -> Any:
        if comparison.store is None or not self._is_live():
            return None
        from ..panels.comparison import ComparisonPanel

        panel = ComparisonPanel.of(comparison, shown=self._show)
        return panel.bundle(*panel_forms(comparison)), OWN


def panel_forms(shown: ComparisonPanel | Comparison) -> tuple[str, str]:
    """Return the static forms of a comparison, as HTML and text."""
    comparison = shown if isinstance(shown, Comparison) else shown.comparison
    return html_form(comparison) or "", str(comparison)
