"""Colours and status glyphs: one source for the static forms, the panels' style sheet and the reports.

A static form does not know the ground that it lies on. No colour reaches 4.5:1 on white and on #111 at once: the two
are 18.88:1 apart, so the best that one colour can have on both is the root of that, 4.35:1. Static text therefore
has no colour of its own. It inherits the host's; muted text is the host's at `MUTED_OPACITY`. Colour is for marks
only (glyphs, arrows, lines of a sparkline), where 3:1 is asked, and each mark stands beside its word or its sign.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Token:
    """One colour: the host's variables to try first, then ours for light and dark grounds.

    Attributes
    ----------
    host : tuple of str
        CSS variables of the host, in order.
    light, dark : str
        Our colour as ``#rrggbb``; as text at least 4.5:1 on its ground.
    mark : str or None
        The mid-tone for marks of a static form, close to 4.35:1 on white and on #111; None where no mark uses it.
    """

    host: tuple[str, ...]
    light: str
    dark: str
    mark: str | None = None


TOKENS: dict[str, Token] = {
    "text": Token(("--jp-ui-font-color1", "--vscode-foreground"), "#1f2328", "#e6e8eb"),
    "muted": Token(("--jp-ui-font-color2", "--vscode-descriptionForeground"), "#59636e", "#9aa4af", "#707a85"),
    "ground": Token(("--jp-layout-color1", "--vscode-editor-background"), "#ffffff", "#111111"),
    "raised": Token(("--jp-layout-color2", "--vscode-list-hoverBackground"), "#f6f8fa", "#1f1f1f"),
    "hairline": Token(("--jp-border-color2", "--vscode-widget-border"), "#d8dee4", "#33383e"),
    "running": Token((), "#0b5fc4", "#5aa9ff", "#2779d9"),
    "better": Token((), "#0b6e4f", "#4cc38a", "#208962"),
    "worse": Token((), "#b3400b", "#ff9457", "#c85720"),
    "failed": Token((), "#c4232b", "#ff6b6b", "#db4044"),
    "warning": Token((), "#8a5a00", "#e3b341", "#a07010"),
}

MUTED_OPACITY = 0.7
"""Muted text of a static form: the host's own text colour at this opacity."""

HAIRLINE = "rgba(128,128,128,0.35)"
"""The one line of a static form, between rows; it is seen on any ground."""

INSERTED: dict[str, tuple[str, str]] = {
    "+": ("rgba(56,139,253,0.15)", "rgba(56,139,253,0.4)"),
    "-": ("rgba(219,109,40,0.15)", "rgba(219,109,40,0.4)"),
}
"""Grounds of a diff's inserted and deleted lines, and of the words that changed in them; seen on any ground."""

RUN_COLORS = ("#1d95fb", "#c53b06", "#9947a9", "#63a17b", "#e2791d", "#357a59", "#4d61e4", "#8d84b5")
"""Run colours, in order: 3:1 or more on light and dark grounds, for marks and never for text."""


@dataclass(frozen=True)
class State:
    """How the state of a run is said: a glyph, words, and the token of the glyph's colour."""

    glyph: str
    word: str
    token: str


STATES: dict[str, State] = {
    "running": State("●", "running", "running"),
    "scheduled": State("○", "scheduled", "muted"),
    "finished": State("✓", "finished", "better"),
    "failed": State("✗", "failed", "failed"),
    "stopped": State("■", "stopped", "muted"),
    "lost": State("◌", "lost (kernel died)", "warning"),
    "unknown": State("?", "unknown host", "warning"),
}


def state_of(name: str) -> State:
    """Return how a state is said; a state that a newer version wrote is shown as it is, with ``?``."""
    return STATES.get(name) or State("?", name, "warning")


def mark(token: str) -> str:
    """Return the colour of a static form's mark.

    Examples
    --------
    >>> mark("failed")
    '#db4044'
    """
    return TOKENS[token].mark or TOKENS["muted"].mark or ""


def run_color(number: int | None) -> str:
    """Return the colour of a run by its number in the store; grey until it has one.

    Examples
    --------
    >>> run_color(9)
    '#c53b06'
    """
    return mark("muted") if number is None else RUN_COLORS[number % len(RUN_COLORS)]
