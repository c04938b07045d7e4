"""Inline styles of the static forms: literal values, as a sanitiser keeps them.

JupyterLab sets its own CSS on tables (right-aligned, striped, without borders), so a cell says its own alignment,
wrapping and padding, and a row its own ground.
"""

from __future__ import annotations

from functools import lru_cache

from .markup import Markup, escape
from .tokens import HAIRLINE, MUTED_OPACITY

BODY = "font-size:13px;line-height:20px;font-variant-numeric:tabular-nums;text-align:left;margin:0"
TABLE = "border-collapse:collapse;border:none;table-layout:auto;width:auto;margin:0;font-size:13px"
PLAIN_ROW = "background:transparent;border:none"
RULED_ROW = f"background:transparent;border:none;border-bottom:1px solid {HAIRLINE}"
TOP_ROW = f"background:transparent;border:none;border-bottom:2px solid {HAIRLINE}"  # below the baseline and pinned runs
LINE = "white-space:nowrap;overflow:hidden;text-overflow:ellipsis"
# break-word is what a sanitiser knows, anywhere is what also lets a column become narrow.
BREAK = ";overflow-wrap:break-word;overflow-wrap:anywhere"
NO_BREAK = "\u00a0"
GAP = "padding-left:12px"
# Ten rows of 28 px under a header of 32, and a part of the next one, so that it is seen that the table goes on.
SCROLL = "overflow:auto;max-width:100%;max-height:332px;margin:0"
SUMMARY = f"opacity:{MUTED_OPACITY};cursor:pointer"
WIDE = "overflow:auto;max-width:100%;margin:0"


@lru_cache(maxsize=64)
def cell_style(right: bool, *, height: int = 28, wrap: bool = False, more: str = "") -> Markup:
    """Return the style of a table's cell; each part undoes one of JupyterLab's rules for tables."""
    align = "right" if right else "left"
    wrapping = "normal" if wrap else "nowrap"
    style = f"text-align:{align};padding:0 12px 0 0;height:{height}px;white-space:{wrapping};border:none"
    return escape(f"{style};{more}" if more else style)
