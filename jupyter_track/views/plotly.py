"""A chart that was kept as Plotly's JSON, in words: there is no plotly.js here that could draw it."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass

from .format import middle_cut, one_line, size
from .words import counted

PLOTLY = "application/vnd.plotly.v1+json"
LARGEST_READ = 4_000_000  # bytes of which the traces are counted
PICTURE_HINT = "a picture of it is shown where it is logged as .png or .svg too"

_TAG = re.compile(r"<[^<>]{0,200}>")
_TITLE, _KIND, _KINDS = 80, 24, 4


@dataclass(frozen=True)
class ChartCard:
    """What stands in the place of a chart: its title, empty where it has none, and what it is."""

    title: str
    told: str

    @property
    def text(self) -> str:
        """Title and words in one line."""
        return f"{self.title}: {self.told}" if self.title else self.told


def chart_card(data: bytes | None, nbytes: int) -> ChartCard:
    r"""Return the words for a chart.

    Parameters
    ----------
    data : bytes or None
        Its JSON; None where it is too large to be read for this.
    nbytes : int
        Its size.

    Examples
    --------
    >>> chart_card(b'{"data": [{"type": "bar"}, {}], "layout": {"title": {"text": "Loss<br>by fold"}}}', 87)
    ChartCard(title='Loss by fold', told='Plotly chart of 2 traces (bar, scatter) · 87 B')
    """
    try:
        spec = json.loads(data) if data is not None else None
    except (ValueError, RecursionError):
        spec = None
    traces = spec.get("data") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(traces, list):
        return ChartCard("", f"Plotly chart · {size(nbytes)}")
    kinds = Counter(_kind(trace) for trace in traces)
    told = f"Plotly chart of {counted(len(traces), 'trace')}"
    if kinds:
        named = [kind if count == 1 else f"{count} {kind}" for kind, count in kinds.most_common(_KINDS)]
        more = [f"+{len(kinds) - _KINDS} more kinds"] if len(kinds) > _KINDS else []
        told += f" ({', '.join([*named, *more])})"
    return ChartCard(_title(spec.get("layout")), f"{told} · {size(nbytes)}")


def _kind(trace: object) -> str:
    kind = trace.get("type", "scatter") if isinstance(trace, dict) else "unknown"  # Plotly's own default
    return middle_cut(one_line(kind), _KIND) if isinstance(kind, str) and kind else "unknown"


def _title(layout: object) -> str:
    title = layout.get("title") if isinstance(layout, dict) else None
    text = title.get("text") if isinstance(title, dict) else title
    return middle_cut(" ".join(_TAG.sub(" ", one_line(text)).split()), _TITLE) if isinstance(text, str) else ""
