"""A document as Markdown with pictures beside it, as GitHub and others show it: no HTML, no scripts.

Each kind of block is set by a function of its name. All text is escaped, but that of the narrative, which is Markdown
itself; a picture is a file, named by its place and what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from .._version import __version__
from ..views.comparison_markdown import begun, comparison_markdown, escaped
from ..views.diffs import DiffLine
from ..views.format import plain_text, size
from ..views.joined import Joined
from ..views.runs import change_words, changed_columns, table_foot
from ..views.tokens import State, mark
from .document import (
    Bars,
    Caption,
    Code,
    Compared,
    CurveChart,
    Curves,
    Diff,
    Document,
    Drawn,
    Facts,
    Figure,
    Figures,
    Notes,
    Prose,
    Rows,
    Sentence,
    Table,
)
from .drawings import Key, svg_of, with_keys
from .keys import comparison_key, table_key
from .material import moment
from .prose import note_markdown
from .screening import ENDINGS

MARK = "<!-- jupyter-track "
MOST_KEYS = 16  # lines that are named below a picture
BASELINE_DASH = (5, 3)
MOST_JOINED = 50  # rows of joined tables
_IS_DIFF = re.compile(r"(?:diff --git|---) \S")
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass
class Markdown:
    """A report as Markdown.

    Attributes
    ----------
    text : str
    files : dict of str to bytes
        The pictures by their names in the folder.
    """

    text: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


def markdown_of(document: Document, folder: str) -> Markdown:
    """Return a document as Markdown.

    Parameters
    ----------
    document : Document
    folder : str
        The folder of the pictures, beside the file: what links begin with.
    """
    return _Writer(document, folder).made()


class _Writer:
    def __init__(self, document: Document, folder: str) -> None:
        self.document = document
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.placed: dict[str, str] = {}  # addresses of the pictures and files of the text

    def made(self) -> Markdown:
        document = self.document
        parts = [f"{MARK}{__version__} -->", f"# {self.text(document.title)}", self.text(document.author)]
        parts += [self.text(document.lead)]
        parts += [f"> **Note:** {self.text(one)}" for one in document.marks]
        for section in document.sections:
            parts += [f"## {self.text(section.title)}"] if section.title else []
            for block in section.blocks:
                parts += _SETTERS[block.kind](self, block)
        parts += ["---", f"Made with jupyter-track {__version__} on {moment(document.built)}."]
        return Markdown("\n\n".join(part for part in parts if part) + "\n", self.files)

    # ---- pieces

    def text(self, text: str) -> str:
        """Text on one line, as it is."""
        return begun(escaped(text))

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool] = ()) -> str:
        """A table; its cells are Markdown already."""
        rule = ["--:" if at < len(right) and right[at] else "---" for at in range(len(head))]
        lines = [[one or " " for one in head], rule, *([one or " " for one in row] for row in rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def picture(self, data: bytes, ending: str, name: str, alt: str) -> str:
        """A picture as a file of its own."""
        return f"![{self.text(alt)}]({self.address(data, ending, name)})"

    def address(self, data: bytes, ending: str, name: str) -> str:
        """Where a picture, or a file of the text, lies as a file of its own."""
        slug = _SLUG.sub("-", name.lower()).strip("-")[:40]
        place = f"{len(self.files) + 1:02d}{f'-{slug}' if slug else ''}{f'.{ending}' if ending else ''}"
        self.files[place] = data
        return quote(f"{self.folder}/{place}")

    def drawing(self, svg: str, name: str, alt: str) -> str:
        """A picture of ours, whose grey is read on any ground."""
        return self.picture(svg.replace("currentColor", mark("muted")).encode(), "svg", name, alt)

    def fence(self, text: str, language: str) -> str:
        """Code as it is."""
        shown = plain_text(text).rstrip("\n")
        longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}{language}\n{shown}\n{fence}"

    def state(self, state: State) -> str:
        return state.glyph if state.word == "finished" else f"{state.glyph} {state.word}"

    # ---- blocks

    def sentence(self, block: Sentence) -> list[str]:
        return [" ".join(part for part in (block.mark, self.text(block.text)) if part)]

    def facts(self, block: Facts) -> list[str]:
        lines = [
            f"- {self.text(fact.label)}: **{self.text(fact.value)}**{f' ({self.text(fact.note)})' if fact.note else ''}"
            for fact in block.facts
        ]
        return ["\n".join(lines)]

    def rows(self, block: Rows) -> list[str]:
        grid = block.grid
        if not grid.rows:
            return []
        head = [self.text(text) for text in grid.header or ("",) * len(grid.rows[0])]
        titled = [f"### {self.text(block.title)}"] if block.title and (block.titled or block.dense) else []
        return [*titled, self.table(head, [[self.text(text) for text in row] for row in grid.rows], grid.right)]

    def runs(self, block: Table) -> list[str]:
        runs = block.table
        changes = changed_columns(runs)
        changed = any(row.changed for row in runs.rows)
        head = [
            "status",
            r"\#",
            "name",
            *(["experiment"] if runs.mixed else []),
            *(["why it failed"] if changed else []),
        ]
        right = [False, True, False, *([False] if runs.mixed else []), *([False] if changed else [])]
        for column, differs in zip(runs.columns, changes, strict=True):
            head += [
                f"{self.text(column.title)} {column.goal.arrow}".rstrip(),
                *([self.text(runs.versus)] if differs else []),
            ]
            right += [column.right, *([False] if differs else [])]
        rows = []
        for row, started in zip(runs.rows, block.started, strict=True):
            own = [self.state(row.state), self.text(row.number), self._name(row)]
            own += [self.text(row.experiment)] if runs.mixed else []
            own += [self.text(", ".join(row.changed))] if changed else []
            for cell, differs in zip(row.cells, changes, strict=True):
                text = self.text(cell.text)
                own += [f"▲ **{text}**" if cell.best else text, *([self.text(change_words(cell))] if differs else [])]
            rows.append([*own, self.text(row.duration), self.text(started)])
        foot = table_foot(runs)
        table = self.table([*head, "duration", "started"], rows, [*right, True, False])
        return [table, self.text(" · ".join(foot)) if foot else "", self.text(table_key(runs))]

    def _name(self, row: Any) -> str:
        name = " ".join(self.text(one) for one in (row.name, *row.marks) if one)
        return f"└ {name}" if row.depth else name

    def curves(self, block: Curves) -> list[str]:
        found = []
        for chart in block.charts:
            odd = any(row[5] for row in chart.rows if len(row) > 5)
            count = 6 if odd else 5
            head = [self.text(text) for text in block.head[:count]]
            rows = [[self._best(text) for text in row[:count]] for row in chart.rows]
            found += [
                f"**{self.text(chart.chart.title)}**",
                self.drawing(with_keys(chart.svg, self._keys(block, chart)), chart.chart.key, chart.alt),
                self.table(head, rows, (False, *(True for _ in head[1:]))),
            ]
        return [*found, self.text(" · ".join(block.notes)) if block.notes else ""]

    def _keys(self, block: Curves, chart: CurveChart) -> list[Key]:
        runs = {run.run_id: run for run in block.choice.runs}
        found = []
        for run in [runs[one.run_id] for one in chart.series][:MOST_KEYS]:
            look = ("currentColor", BASELINE_DASH) if run.baseline else (run.paint.color, run.paint.dash)
            found.append(Key(f"{run.name} #{run.number}", *look))
        return found

    def _best(self, text: str) -> str:
        return f"▲ **{self.text(text[1:].strip())}**" if text.startswith("▲") else self.text(text)

    def compared(self, block: Compared) -> list[str]:
        found = [comparison_markdown(replace(block.comparison, diffs=())).rstrip("\n")]
        found.append(self.text(comparison_key(block.comparison)))
        for one in block.still.curves:
            found += [f"**{self.text(one.key)}**", self.drawing(svg_of(one.uri), one.key, one.alt)]
        for name, joined, places in block.still.tables:
            found += self._joined(block, name, joined, places)
        return found

    def _joined(self, block: Compared, name: str, joined: Joined, places: Sequence[int]) -> list[str]:
        runs = [block.comparison.runs[place].title for place in places]
        head = [joined.key, *joined.shared, *(f"{column}, {run}" for column in joined.differing for run in runs)]
        rows = []
        for row in joined.page(0, MOST_JOINED):
            cells = [cell for column in row.cells for cell in column]
            texts = ["none" if cell is None else "same" if cell.same else cell.text[:300] for cell in cells]
            rows.append([self.text(text) for text in (row.key[:120], *(one[:120] for one in row.shared), *texts)])
        left = len(joined.keys()) - len(rows)
        return [
            f"**{self.text(name)}** by {self.text(joined.key)} · {self.text(joined.told)}",
            self.table([self.text(text) for text in head], rows),
            f"{left:,} more rows differ." if left > 0 else "",
        ]

    def drawn(self, block: Drawn) -> list[str]:
        return [self.drawing(block.svg, "parallel", block.drawing.alt), self.text(" · ".join(block.notes))]

    def bars(self, block: Bars) -> list[str]:
        rows = [
            [self.text(bar.title), self.text(bar.text), "within noise" if bar.noise else ""]
            for bar in block.importance.bars
        ]
        table = self.table(["param", "R² lost ± sd", ""], rows, (False, True, False))
        return [self.text(block.importance.head), table, *(self.text(note) for note in block.notes)]

    def code(self, block: Code) -> list[str]:
        return [
            f"**{self.text(block.title)}**",
            self.fence(block.text, "diff" if _IS_DIFF.match(block.text) else "python"),
            f"… {block.cut:,} more lines" if block.cut else "",
        ]

    def diff(self, block: Diff) -> list[str]:
        lines = "\n".join(_diff_line(line) for line in block.diff.lines)
        more = f"… {block.diff.cut:,} more lines" if block.diff.cut else ""
        return [f"**{self.text(block.diff.title)}**", self.fence(lines, "diff"), more]

    def figures(self, block: Figures) -> list[str]:
        titled = [f"**{self.text(block.title)}**"] if block.title else []
        return [*titled, *(self._figure(figure) for figure in block.figures)]

    def _figure(self, figure: Figure) -> str:
        title = self.text(figure.title)
        ending = ENDINGS.get(figure.mime)
        if figure.data is None:
            return f"{title}: {self.text(figure.note)}"
        if ending is None:  # a page, most often
            return f"{title}: {size(figure.size)}, of the type {self.text(figure.mime)}, which the HTML report shows"
        return f"{self.picture(figure.data, ending, figure.title, figure.alt)}\n{title}"

    def notes(self, block: Notes) -> list[str]:
        found = []
        for note in block.notes:
            state = f"{self.state(note.state)} " if note.state else ""
            own = note_markdown(note.text)
            if own is None:
                own = "\n\n".join(self.text(line) for line in note.text.splitlines() if line.strip())
            lines = [*own.split("\n"), *(["", f"… {note.cut:,} more characters"] if note.cut else [])]
            quoted = "\n".join(f"> {line}" if line.strip() else ">" for line in lines)
            found.append(f"{state}**{self.text(note.title)}**\n\n{quoted}")
        return found

    def caption(self, block: Caption) -> list[str]:
        return [f"*{self.text(block.label)}:* {note_markdown(block.text) or self.text(block.text)}"]

    def prose(self, block: Prose) -> list[str]:
        text = block.markdown.strip("\n")
        for place, one in block.attached.items():
            if place not in self.placed:
                self.placed[place] = self.address(one.data, one.ending, one.name)
            text = text.replace(place, self.placed[place])
        return [text]


def _diff_line(line: DiffLine) -> str:
    return f"@@ {line.text} @@" if line.sign == "@" else f"{line.sign}{line.text}"


_SETTERS: dict[str, Callable[[_Writer, Any], list[str]]] = {
    one.kind: setter
    for one, setter in (
        (Sentence, _Writer.sentence),
        (Facts, _Writer.facts),
        (Rows, _Writer.rows),
        (Table, _Writer.runs),
        (Curves, _Writer.curves),
        (Compared, _Writer.compared),
        (Drawn, _Writer.drawn),
        (Bars, _Writer.bars),
        (Code, _Writer.code),
        (Diff, _Writer.diff),
        (Figures, _Writer.figures),
        (Notes, _Writer.notes),
        (Prose, _Writer.prose),
        (Caption, _Writer.caption),
    )
}
