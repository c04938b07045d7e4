"""Progress bars of tqdm, read from its own registry: nothing of tqdm's is changed, and it is not loaded for this."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

from ..views.format import one_line


@dataclass(frozen=True)
class Bar:
    """How far a bar is; `total` is None where tqdm was told none."""

    done: int
    total: int | None
    label: str
    began: float


def open_bars(since: float) -> list[Bar]:
    """Return the bars that were begun since a moment and are not closed, the outermost first.

    Parameters
    ----------
    since : float
        In seconds since the epoch.
    """
    bar_class = getattr(sys.modules.get("tqdm.std"), "tqdm", None)
    instances = getattr(bar_class, "_instances", None)
    if not instances:
        return []
    try:
        bars = list(instances)
    except RuntimeError:  # a bar was begun just now
        return []
    found = [_bar(bar) for bar in bars if _began(bar) >= since and not getattr(bar, "disable", False)]
    return sorted((bar for bar in found if bar is not None), key=lambda bar: bar.began)


def _began(bar: Any) -> float:
    began = getattr(bar, "start_t", None)
    return float(began) if isinstance(began, int | float) else -math.inf


def _bar(bar: Any) -> Bar | None:
    done, total = getattr(bar, "n", None), getattr(bar, "total", None)
    if not isinstance(done, int | float) or not math.isfinite(done):
        return None
    whole = isinstance(total, int | float) and math.isfinite(total) and total > 0
    description, unit = str(getattr(bar, "desc", "") or ""), str(getattr(bar, "unit", "") or "")
    label = one_line(description).rstrip(": ") or (unit if unit != "it" else "")
    return Bar(int(done), int(total) if whole else None, label, _began(bar))  # type: ignore[arg-type]
