"""The live comparisons of one shell: what ``%track compare`` shows, and how a `Comparison` shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..panels.display import OWN
from ..views.compared import Comparison
from .standing import LiveForms, is_live, show_panel

if TYPE_CHECKING:
    from ..panels.comparison import ComparisonPanel


class LiveComparisons(LiveForms):
    """Makes and shows comparisons."""

    shown = Comparison

    def show(self, comparison: Comparison) -> ComparisonPanel:
        """Show a comparison under this cell, and return its panel."""
        from ..panels.comparison import ComparisonPanel

        panel = ComparisonPanel.of(comparison, shown=show_panel)
        show_panel(panel)
        return panel

    def _bundle_of(self, comparison: Any, /, *_: object, **__: object) -> Any:
        if comparison.store is None or not is_live(self._shell):
            return None
        from ..panels.comparison import ComparisonPanel

        panel = ComparisonPanel.of(comparison, shown=show_panel)
        return panel.bundle(*panel.forms()), OWN
