"""Which params mattered, as a chart to take away: bars with their deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..views.importance import Importance
from ..views.tokens import mark
from .theme import config

if TYPE_CHECKING:
    import altair as alt

ROW = 24  # pixels of a bar
NOISE = 0.4  # the opacity of one that is within noise


def importance_chart(importance: Importance) -> alt.LayerChart:
    """Return the importance of params as a chart with its data."""
    import altair as alt
    import pandas as pd

    rows = [
        {
            "param": bar.title,
            "importance": bar.mean,
            "low": bar.mean - bar.deviation,
            "high": bar.mean + bar.deviation,
            "tone": NOISE if bar.noise else 1.0,
            "text": bar.text + (" within noise" if bar.noise else ""),
        }
        for bar in importance.bars
    ]
    names = [bar.title for bar in importance.bars]
    y = alt.Y("param:N", sort=names, title=None)
    base = alt.Chart(pd.DataFrame(rows))
    title = f"R² lost for {importance.metric} when a param is shuffled"
    x = alt.X("importance:Q", title=title)
    bars = base.mark_bar(height=8, color=mark("muted")).encode(
        x=x, y=y, opacity=alt.Opacity("tone:Q", scale=None, legend=None), tooltip=["param:N", "text:N"]
    )
    spread = base.mark_rule(color=mark("running")).encode(x=alt.X("low:Q", title=title), x2="high:Q", y=y)
    made: Any = alt.layer(bars, spread)
    chart: alt.LayerChart = made.properties(width=360, height=ROW * max(len(rows), 1)).configure(**config())
    return chart
