"""HTML elements that escape what they hold.

A child that is not `Markup` is text and is escaped, and so is every attribute's value; there is no other way to put
text from outside into a static form.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from functools import lru_cache

from .format import Change
from .goals import Goal
from .tokens import MUTED_OPACITY, mark

_VOID = frozenset({"img", "br"})


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


_MUTED = Markup(f"opacity:{MUTED_OPACITY}")


def escape(text: str) -> Markup:
    """Return `text` as HTML; what is `Markup` already stays as it is."""
    return text if type(text) is Markup else Markup(html.escape(text, quote=True))


def element(tag: str, *children: str, style: str = "", title: str = "", **attributes: str | int) -> Markup:
    """Return one HTML element.

    Parameters
    ----------
    tag : str
        The element's name, written in this package and never taken from outside.
    *children : str
        Text (escaped) or `Markup`.
    style : str, default ""
        Inline style with literal values only.
    title : str, default ""
        What a pointer is told; left out where empty.
    **attributes : str or int
        Further attributes.

    Examples
    --------
    >>> element("b", "<script>", title='"')
    '<b title="&quot;">&lt;script&gt;</b>'
    """
    written = "".join([f' {name}="{escape(str(value))}"' for name, value in attributes.items()])
    if title:
        written += f' title="{escape(title)}"'
    if style:
        written += f' style="{escape(style)}"'
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{''.join(map(escape, children))}</{tag}>")


def join(parts: Iterable[str], separator: str = " ") -> Markup:
    """Return the parts that are not empty, escaped and joined; a space keeps them apart where styles are dropped."""
    return Markup(escape(separator).join([escape(part) for part in parts if part]))


def muted(*children: str, title: str = "") -> Markup:
    """Return a muted span: the host's own text colour, fainter. It must not stand inside another muted one."""
    return element("span", *children, style=_MUTED, title=title) if any(children) else Markup("")


@lru_cache(maxsize=64)
def glyph(character: str, token: str, title: str = "") -> Markup:
    """Return a coloured mark: one glyph that stands beside its word, sign or number."""
    return element("span", character, style=Markup(f"color:{mark(token)}"), title=title)


def arrow(change: Change, goal: Goal) -> Markup:
    """Return the arrow of a change, ``?`` behind it where the goal was guessed; nothing where no goal is known."""
    if not change.arrow:
        return Markup("")
    title = f"{change.verdict}: {goal.words}"
    doubt = muted(goal.doubt, title=goal.words) if goal.guessed else ""
    return join([glyph(change.arrow, change.verdict or "muted", title), doubt], separator="")
