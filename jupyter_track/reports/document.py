"""A report as plain data: sections, and in each blocks that a page or another form sets in its own way.

Texts are as the views give them, who read a store in which nothing is private (`reading`): a form sets them as they
are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..views.compared import CodeDiff, Comparison
from ..views.comparison_parts import Still
from ..views.curve_choice import Chart, Choice
from ..views.curves import Series
from ..views.details import Grid
from ..views.importance import Importance
from ..views.many_svg import Picture as Drawing
from ..views.runs import RunTable
from ..views.tokens import State
from .asked import Kind

MARK = '<meta name="generator" content="jupyter-track '  # by which a report is told from other pages
MARKED_WITHIN = 4_000  # bytes from its beginning


@dataclass(frozen=True)
class Block:
    """A part of a section. `kind` names the template's macro that sets it."""

    kind: ClassVar[str] = ""


@dataclass(frozen=True)
class Sentence(Block):
    """A sentence: `mark` is a glyph before it, in the colour of `token`."""

    kind: ClassVar[str] = "sentence"
    text: str
    mark: str = ""
    token: str = ""


@dataclass(frozen=True)
class Fact:
    """A key figure: what it is, its value, and what is to be said of it."""

    label: str
    value: str
    note: str = ""
    better: str = ""  # "better" or "worse" where the note is a change
    full: str = ""


@dataclass(frozen=True)
class Facts(Block):
    """Key figures beside one another."""

    kind: ClassVar[str] = "facts"
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Rows(Block):
    """A small table with a caption."""

    kind: ClassVar[str] = "rows"
    grid: Grid
    title: str = ""
    titled: bool = False  # whether the caption is shown, not only read out
    dense: bool = False  # whether pairs of a name and a value stand beside one another


@dataclass(frozen=True)
class Table(Block):
    """The table of runs: `started` is the day on which each row's run began, `caption` tells its order."""

    kind: ClassVar[str] = "table"
    table: RunTable
    started: tuple[str, ...]
    panel: str = ""
    caption: str = "The runs"


@dataclass(frozen=True)
class CurveChart:
    """One chart: its points, the picture of them as SVG, what it shows in words, and the numbers beside it."""

    chart: Chart
    series: tuple[Series, ...]
    svg: str
    alt: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Curves(Block):
    """Curves of metrics."""

    kind: ClassVar[str] = "curves"
    choice: Choice
    charts: tuple[CurveChart, ...]
    head: tuple[str, ...]
    notes: tuple[str, ...] = ()
    panel: str = ""


@dataclass(frozen=True)
class Compared(Block):
    """Runs side by side: what differs, curves, figures and joined tables."""

    kind: ClassVar[str] = "compared"
    comparison: Comparison
    still: Still
    panel: str = ""


@dataclass(frozen=True)
class Drawn(Block):
    """A chart of many runs as a picture."""

    kind: ClassVar[str] = "drawn"
    drawing: Drawing
    svg: str
    notes: tuple[str, ...] = ()
    panel: str = ""


@dataclass(frozen=True)
class Bars(Block):
    """Which params mattered."""

    kind: ClassVar[str] = "bars"
    importance: Importance
    largest: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Code(Block):
    """Code of a run; `cut` lines are left out at its end."""

    kind: ClassVar[str] = "code"
    title: str
    text: str
    cut: int = 0
    open: bool = True


@dataclass(frozen=True)
class Diff(Block):
    """Code of a run against that of another."""

    kind: ClassVar[str] = "diff"
    diff: CodeDiff


@dataclass(frozen=True)
class Figure:
    """A figure: its content, or why it is not shown.

    Attributes
    ----------
    title, alt : str
    mime : str
    data : bytes or None
        None where it is not shown.
    sha256 : str
    size : int
    note : str
        Why it is not shown, or what of it is not.
    """

    title: str
    alt: str
    mime: str
    data: bytes | None
    sha256: str = ""
    size: int = 0
    note: str = ""


@dataclass(frozen=True)
class Figures(Block):
    """Figures of one run, or of one place in several runs."""

    kind: ClassVar[str] = "figures"
    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Noted:
    """A run's note: Markdown, the same as HTML, and how many characters are left out at its end."""

    title: str
    state: State | None
    text: str
    html: str = ""
    cut: int = 0


@dataclass(frozen=True)
class Notes(Block):
    """What was noted on runs."""

    kind: ClassVar[str] = "notes"
    notes: tuple[Noted, ...]


@dataclass(frozen=True)
class Attached:
    """A picture or a file of a text: its name without the ending, and its type where it is a picture."""

    name: str
    ending: str
    mime: str
    data: bytes


@dataclass(frozen=True)
class Prose(Block):
    """A part of the narrative: Markdown, and the same as HTML, which holds its pictures and files.

    In the Markdown a mark stands where the address of each of them goes: the keys of `attached`.
    """

    kind: ClassVar[str] = "prose"
    markdown: str
    html: str
    attached: Mapping[str, Attached] = field(default_factory=dict)


@dataclass(frozen=True)
class Caption(Block):
    """What the block before it is, for who refers to it: ``Figure 1`` and a sentence, in Markdown and as HTML."""

    kind: ClassVar[str] = "caption"
    label: str
    text: str
    html: str


@dataclass(frozen=True)
class Section:
    """A part of a report under a heading."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A report.

    Attributes
    ----------
    title : str
    lead : str
        What it is of, in a line: ``20 runs of digits, 11 to 12 Mar 2026``.
    kind : {"run", "comparison", "experiment"}
    built : int
        The moment that it says it was made at, in milliseconds since the epoch.
    sections : tuple of Section
    marks : tuple of str
        What a reader must know of it: runs that still went on, content that is missing.
    panels : mapping of str to message list
        What each live panel is sent, by the name that blocks refer to.
    answers : mapping of str to object
        What panels ask for: runs in full, whole lines.
    author : str
        Empty for nobody.
    lang : str
        The language of the title and the text; empty for English.
    """

    title: str
    lead: str
    kind: Kind
    built: int
    sections: tuple[Section, ...]
    marks: tuple[str, ...] = ()
    panels: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    author: str = ""
    lang: str = ""
