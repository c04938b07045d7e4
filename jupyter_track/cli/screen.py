"""Where the output goes: a terminal of some width, or a pipe or file that gets all of it as plain text.

Text from a store comes from outside. It reaches rich only as `Text`, never as markup, and only after control
characters and marks of direction have been taken out: a run's name cannot colour, move or clear the terminal.
"""

from __future__ import annotations

import io
from typing import Any, cast

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..views.details import Details, Grid
from ..views.format import one_line, plain_text
from ..views.tokens import State, mark
from .output import write

GAP = 2  # columns between two columns of a table
MUTED = "dim"
_WHOLE = 100_000  # columns of a pipe: nothing is wrapped or cut there


class Screen:
    """The standard output of this process.

    Attributes
    ----------
    width : int or None
        Columns of the terminal; None where the output goes to a pipe or file, and nothing is cut to fit.

    Notes
    -----
    rich decides what is a terminal and which colours it has, so ``NO_COLOR``, ``FORCE_COLOR``, ``TERM`` and ``COLUMNS``
    do what they do elsewhere.
    """

    def __init__(self) -> None:
        told = Console(force_jupyter=False)
        self.width = told.width if told.is_terminal else None
        # Everything is rendered before the first character is written, so that `write` alone meets a closed pipe.
        self._text = io.StringIO()
        self._console = Console(
            file=self._text,
            force_terminal=told.is_terminal,
            force_jupyter=False,
            width=_WHOLE if self.width is None else self.width,
            color_system=cast(Any, told.color_system),
            no_color=told.no_color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
        )

    @property
    def is_coloured(self) -> bool:
        """Whether colour is shown at all."""
        return self._console.color_system is not None and not self._console.no_color

    def show(self, *parts: RenderableType) -> None:
        """Write the parts below each other; once a command."""
        self._console.print(Group(*parts))
        text = self._text.getvalue()
        if self.width is None:
            text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
        write(text, color=self.width is not None)


def line(text: str, style: str = "") -> Text:
    """Return text from outside on one line."""
    return Text(one_line(text), style=style)


def block(text: str, style: str = "") -> Text:
    """Return text from outside with its line ends."""
    return Text(plain_text(text.replace("\r\n", "\n")).strip("\n").expandtabs(), style=style)


def state_text(state: State, word: str | None = None) -> Text:
    """Return a state as its glyph in its colour and a word, by default the whole."""
    shown = state.word if word is None else word
    return Text.assemble((state.glyph, token_style(state.token)), *([" ", one_line(shown)] if shown else []))


def token_style(token: str) -> str:
    """Return the style of a token: the mid-tone that is read on light and on dark grounds."""
    return MUTED if token == "muted" else mark(token)


def details_parts(details: Details) -> list[RenderableType]:
    """Return a record in full: heading, what is wrong, facts, tables, traceback; the order of `views.text`."""
    parts: list[RenderableType] = []
    if details.name:
        head = Text.assemble((details.name, "bold"), *([" ", details.number] if details.number else []))
        parts.append(head if details.state is None else Text("  ").join([head, state_text(details.state)]))
    parts += [Text.assemble(("✗", token_style("failed")), " ", one_line(problem)) for problem in details.problems]
    if details.facts:
        facts = Table.grid(padding=(0, GAP, 0, 0))
        facts.add_column(no_wrap=True)
        facts.add_column(overflow="fold")
        for label, text in details.facts:
            facts.add_row(line(label, MUTED), line(text))
        parts.append(facts)
    for grid in details.grids:
        parts += [Text(""), grid_table(grid)]
    if details.block:
        parts += [Text(""), block(details.block)]
    return parts


def grid_table(grid: Grid) -> Table:
    """Return a small table; its keys and its longest texts are folded where they must be, its numbers never."""
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style=MUTED)
    for index, (title, right) in enumerate(zip(grid.header, grid.right, strict=True)):
        folds = not right and index in (0, grid.wrap)
        table.add_column(line(title), justify="right" if right else "left", no_wrap=not folds, overflow="fold")
    for row in grid.rows:
        table.add_row(*(line(text) for text in row))
    return table
