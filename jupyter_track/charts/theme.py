"""How charts look that are taken away: the live ones' config, in colours that are read on any ground."""

from __future__ import annotations

from typing import Any

from ..views.tokens import MUTED_OPACITY, mark

HEIGHT = 200
WIDTH = 400


def config() -> dict[str, Any]:
    """Return the config of a chart that stands alone; ``labextension/src/charts/theme.ts`` has the live one."""
    muted = mark("muted")
    return {
        "background": "transparent",
        "font": "system-ui, sans-serif",
        "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": HEIGHT},
        "axis": {
            "domain": False,
            "ticks": False,
            "labelColor": muted,
            "labelFontSize": 11,
            "titleColor": muted,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "gridColor": muted,
            "gridOpacity": 0.2,
            "labelPadding": 6,
            "tickCount": 5,
        },
        "axisX": {"grid": False},
        "line": {"strokeWidth": 1.5, "strokeJoin": "round"},
        "text": {"color": muted, "fontSize": 11},
        "rule": {"color": muted, "opacity": MUTED_OPACITY},
        "legend": {"labelColor": muted, "titleColor": muted, "titleFontWeight": "normal"},
        "title": {"color": muted, "fontSize": 12, "fontWeight": "normal", "anchor": "start"},
        "style": {
            "jt-warning": {"color": mark("warning")},
            "jt-text": {"color": muted},
            "jt-muted": {"color": muted},
            "jt-ground": {"opacity": 0},  # the ground is not known
        },
    }
