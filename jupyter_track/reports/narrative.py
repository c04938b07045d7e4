"""The text of a report: Markdown with values from the store, charts and tables placed by name.

Jinja2 goes over the text first, in a sandbox; each value becomes a mark of two characters that no text has, and is put
in where Markdown has been read. So a value is never Markdown and never markup, whatever it holds.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..errors import InvalidValue, TrackError
from ..views.comparison_markdown import begun, escaped
from . import mistakes
from .attached import Attachments, noting_spans
from .document import Block, Caption, Prose, Section
from .formulas import in_formula
from .prose import FORMULAS, caption_html, levelled, text_parser
from .sandbox import MOST_MADE, Sandbox, too_much

OPEN, CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
_STRAY = re.compile(f"[{OPEN}{CLOSE}]")
_QUOTES = re.compile(r"([\"'()])")
_ONCE = ["h1", "h1"]  # its opening and its end: one first heading is the title of the whole
_SLUG = re.compile(r"[^\w]+")


class Missing(StrictUndefined):
    """What a text names and there is not: what has been looked in says what there is."""

    @property
    def _undefined_message(self) -> str:
        hint: Callable[[str], str] | None = getattr(self._undefined_obj, "_missing", None)
        if hint is not None and isinstance(self._undefined_name, str):
            return hint(self._undefined_name)
        return super()._undefined_message


_KINDS = {"curves": "Figure", "parallel": "Figure", "figures": "Figure", "code": "Listing"}  # others are tables


@dataclass
class Placed:
    """Blocks that a text places, by a call such as ``{{ curves("loss") }}``."""

    name: str
    blocks: list[Block]


class Reference:
    """What a text refers to by its label, also before it is placed: ``Figure 1``."""

    def __init__(self, label: object, known: Mapping[str, str]) -> None:
        self._label, self._known = str(label), known

    def __str__(self) -> str:
        found = self._known.get(self._label)
        if found is None:
            there = f"; there is {', '.join(self._known)}" if self._known else ""
            raise InvalidValue(f"nothing has the label {self._label!r:.60}{there}: label=… beside caption=… gives it.")
        return found


@dataclass
class Text:
    """The narrative as sections, and the names of what it places itself; `whole` are those that it places in full."""

    title: str = ""
    sections: list[Section] = field(default_factory=list)
    placed: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)


Places = Mapping[str, Callable[..., list[Block]]]


class Narrative:
    """Makes sections of a text.

    Parameters
    ----------
    name : str
        Where the text is from, for messages.
    values : mapping
        What it may name.
    places : mapping of str to callable
        What it may place: each returns blocks.
    folder : Path, optional
        Where the text lies, and the pictures and files that it names.
    within : Path, optional
        The folder out of which none of these is taken; by default `folder`.
    """

    def __init__(
        self,
        name: str,
        values: Mapping[str, Any],
        places: Places,
        folder: Path | None = None,
        within: Path | None = None,
    ) -> None:
        self._name, self._folder, self._within = name, folder, within
        self._marks: list[str | Placed | Reference] = []
        self._labels: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._placed: set[str] = set()
        self._whole: set[str] = set()
        self._titled: set[int] = set()  # values that stand in titles
        self._room = MOST_MADE
        self._known = {**values, **{place: self._placing(place, make) for place, make in places.items()}}
        self._known["ref"] = lambda label: Reference(label, self._labels)

    def sections(self, text: str) -> Text:
        """Return the text as sections: one for each of its highest headings.

        Raises
        ------
        InvalidValue
            With the file and the line, for what cannot be read, is not there or is ambiguous.
        """
        try:
            return self._sections(self._filled(_STRAY.sub("", text)))
        except (RecursionError, SyntaxError, MemoryError):  # Jinja2 makes Python of an expression
            raise self._wrong(None, "it is nested too deep.") from None

    def _sections(self, markdown: str) -> Text:
        parser = noting_spans(text_parser())
        tokens = parser.parse(markdown)
        attached = Attachments(
            self._folder, self._within, markdown.split("\n"), lambda number: f"{OPEN}attached {number}{CLOSE}"
        )
        for token in tokens:
            self._check(token, attached)
        parts = _Parts(parser, attached, self._source)
        title = ""
        firsts = [token.tag for token in tokens if token.tag == "h1"]
        if firsts == _ONCE and tokens[0].tag == "h1":
            title = self._texts("".join(child.content for child in tokens[1].children or ()), 1)
            parts.skip(tokens[0])
            tokens = tokens[3:]
        found = self._cut(parts, levelled(tokens, 2))
        found.title = title
        return found

    # ---- values

    def _placing(self, name: str, make: Callable[..., list[Block]]) -> Callable[..., Placed]:
        def place(*args: Any, caption: object = None, label: object = None, **options: Any) -> Placed:
            blocks = make(*args, **options)
            self._placed.add(name)
            if not args and not options:
                self._whole.add(name)
            if label is not None and caption is None:
                raise InvalidValue(f"{name}() has a label and no caption, by which it would be numbered.")
            told = [] if caption is None else [self._caption(name, str(caption), label)]
            return Placed(name, [*blocks, *told])

        return place

    def _caption(self, name: str, text: str, label: object) -> Caption:
        """A caption with its number; each kind is counted by itself, in the order of the text."""
        kind = _KINDS.get(name, "Table")
        self._counts[kind] = self._counts.get(kind, 0) + 1
        numbered = f"{kind} {self._counts[kind]}"
        if label is not None:
            if str(label) in self._labels:
                raise InvalidValue(f"two have the label {str(label)!r:.60}: {self._labels[str(label)]} is one.")
            self._labels[str(label)] = numbered
        line = " ".join(_STRAY.sub("", text).split())
        return Caption(numbered, line, caption_html(line))

    def _mark(self, value: Any) -> str:
        """Keep a value and return the mark that stands for it."""
        if isinstance(value, Missing):
            str(value)  # raises
        whole = isinstance(value, Placed | Reference)
        kept: str | Placed | Reference = value if whole else _STRAY.sub("", str(value))
        self._marks.append(kept)
        self._room -= len(kept) if isinstance(kept, str) else 0
        if self._room < 0:
            too_much()
        return f"{OPEN}{len(self._marks) - 1}{CLOSE}"

    def _filled(self, text: str) -> str:
        loader = FunctionLoader(lambda name: (text, self._name, lambda: True) if name == "text" else None)
        environment = Sandbox(loader, Missing, self._mark)
        try:
            made = []
            for part in environment.get_template("text").generate(self._known):
                made.append(part)
                self._room -= len(part)
                if self._room < 0:
                    too_much()
            return "".join(made)
        except TemplateSyntaxError as error:
            raise self._wrong(error.lineno, mistakes.of_syntax(error.message or "cannot be read")) from None
        except UndefinedError as error:
            line = line_of(error, self._name)
            braces = mistakes.of_braces(text.split("\n")[line - 1]) if line else ""
            raise self._wrong(line, f"{self._undefined(error)}{braces}") from None
        except SecurityError as error:
            raise self._wrong(line_of(error, self._name), f"not allowed in a text: {error}") from None
        except (
            TrackError,
            TemplateError,
            TypeError,
            ValueError,
            ArithmeticError,
            LookupError,
            AttributeError,
        ) as error:
            raise self._wrong(line_of(error, self._name), mistakes.of_call(str(error))) from None

    def _undefined(self, error: UndefinedError) -> str:
        told = error.message or "a value is not there"
        found = re.fullmatch(r"'([^']+)' is undefined", told)
        if found is None:
            return told
        name = found[1]
        if name == "best" and "run" in self._known:
            return "there is no 'best' in a report of one run: write 'run'."
        if name == "run":
            return "there is no 'run' in a report of several; write 'best', runs['#12'] or runs[0]."
        if name == "best":
            return "there is no best run: of several runs, one must have a metric of which the goal is known."
        near = difflib.get_close_matches(name, self._known, n=1)
        if near:
            return f"there is no {name!r}; did you mean {near[0]!r}?"
        return f"there is no {name!r}; there is {', '.join(sorted(self._known))}."

    def _wrong(self, line: int | None, message: str) -> InvalidValue:
        where = f"{self._name}, line {line}" if line else self._name
        return InvalidValue(f"{where}: {message}")

    # ---- Markdown

    def _check(self, token: Token, attached: Attachments) -> None:
        """Take what the text shows and links; refuse addresses that are values, and what a report cannot hold."""
        line = token.map[0] + 1 if token.map else None
        for child in token.children or ():
            for name in ("href", "src"):
                address = str(child.attrs.get(name, ""))
                if "%EE%80%80" in address:
                    raise self._wrong(line, "a value cannot be the address of a link; write the address itself.")
            self._titled |= {int(found[1]) for found in _MARK.finditer(str(child.attrs.get("title", "")))}
            if child.type == "link_open":
                child.attrs["rel"] = "noopener noreferrer"
        try:
            attached.take(token)
        except InvalidValue as error:
            raise self._wrong(line, str(error)) from None

    def _cut(self, parts: _Parts, tokens: list[Token]) -> Text:
        found = Text(placed=self._placed, whole=self._whole)
        heading, names = "", set[str]()
        blocks: list[Block] = []

        def end_section() -> None:
            if heading or blocks:
                found.sections.append(Section(_slug(heading, names), heading, tuple(blocks)))
                blocks.clear()

        place = 0
        while place < len(tokens):
            token = tokens[place]
            placed = self._placed_in(tokens, place)
            if token.type == "heading_open" and token.tag == "h2" and token.level == 0:
                blocks.extend(parts.end(token))
                end_section()
                heading = self._texts("".join(child.content for child in tokens[place + 1].children or ()))
                place += 3
            elif placed is not None:
                blocks.extend(parts.end(token))
                blocks.extend(placed.blocks)
                place += 3
            else:
                self._put_in(token)
                parts.add(token)
                place += 1
        blocks.extend(parts.end(None))
        end_section()
        _add_definitions(found.sections, parts.rest())
        return found

    def _placed_in(self, tokens: list[Token], place: int) -> Placed | None:
        """What a paragraph places, where it does nothing else."""
        if tokens[place].type != "paragraph_open" or tokens[place].level > 0:
            return None
        found = _MARK.fullmatch(tokens[place + 1].content.strip())
        kept = self._marks[int(found[1])] if found else None
        return kept if isinstance(kept, Placed) else None

    def _put_in(self, token: Token) -> None:
        """Put the values into the texts of a token."""
        line = token.map[0] + 1 if token.map else None
        for one in (token, *(token.children or ())):
            if one.content:
                one.content = self._texts(one.content, line, in_formula if one.type in FORMULAS else str)
            for child in one.children or () if one.type == "image" else ():  # its alternative text
                child.content = self._texts(child.content, line)
            one.info = self._texts(one.info, line)
            if "title" in one.attrs:
                one.attrs["title"] = self._texts(str(one.attrs["title"]), line)

    def _texts(self, text: str, line: int | None = None, told: Callable[[str], str] = str) -> str:
        """Put the values into a text, each as it is told there."""
        return _MARK.sub(lambda found: told(self._value(int(found[1]), line)), text)

    def _source(self, text: str) -> str:
        """Put the values into Markdown, as what is no Markdown."""

        def value(found: re.Match[str]) -> str:
            told = begun(escaped(self._value(int(found[1]), None)))
            return _QUOTES.sub(r"\\\1", told) if int(found[1]) in self._titled else told

        return _MARK.sub(value, text)

    def _value(self, mark: int, line: int | None) -> str:
        kept = self._marks[mark]
        if isinstance(kept, Reference):
            try:
                return str(kept)
            except InvalidValue as error:
                raise self._wrong(line, str(error)) from None
        if isinstance(kept, Placed):
            raise self._wrong(line, f"{{{{ {kept.name}(…) }}}} stands in a text; give it a paragraph of its own.")
        return kept


class _Parts:
    """Makes blocks of what stands between the headings and what is placed.

    The Markdown of a part goes from the end of what was before it to where the next begins: what links refer to
    (``[q]: https://…``) stands there too, and is no token.
    """

    def __init__(self, parser: MarkdownIt, attached: Attachments, source: Callable[[str], str]) -> None:
        self._parser, self._attached, self._source = parser, attached, source
        self._lines = attached.lines()
        self._start = 0
        self._before: list[str] = []
        self._tokens: list[Token] = []

    def add(self, token: Token) -> None:
        """Take a token into the part."""
        self._tokens.append(token)

    def skip(self, token: Token) -> None:
        """Leave a token out that is set otherwise."""
        self._start = token.map[1] if token.map else self._start

    def end(self, token: Token | None) -> list[Block]:
        """Return the part up to a token that is none of its; of one that only defines what follows needs, nothing."""
        end = token.map[0] if token is not None and token.map else len(self._lines)
        own = "\n".join(line for line in self._lines[self._start : end] if line is not None).strip("\n")
        self._start = token.map[1] if token is not None and token.map else end
        if own.strip():
            self._before.append(own)
        if not self._tokens:
            return []
        source = self._source("\n\n".join(self._before))
        html = self._parser.renderer.render(self._tokens, self._parser.options, {})
        attached = {mark: one for mark, one in self._attached.found.items() if mark in source}
        self._before, self._tokens = [], []
        return [Prose(source, html, attached)]

    def rest(self) -> str:
        """Return the Markdown of which no block was made."""
        return self._source("\n\n".join(self._before))


def _add_definitions(sections: list[Section], rest: str) -> None:
    """Put what links refer to below the last part, where no part follows it."""
    for place in reversed(range(len(sections)) if rest else ()):
        blocks = list(sections[place].blocks)
        for at in reversed(range(len(blocks))):
            block = blocks[at]
            if isinstance(block, Prose):
                blocks[at] = replace(block, markdown=f"{block.markdown}\n\n{rest}")
                sections[place] = replace(sections[place], blocks=tuple(blocks))
                return


def _slug(heading: str, names: set[str]) -> str:
    base = f"text-{_SLUG.sub('-', heading.lower()).strip('-')}" if heading else "text"
    name, count = base, 1
    while name in names:
        count += 1
        name = f"{base}-{count}"
    names.add(name)
    return name


def line_of(error: BaseException, name: str) -> int | None:
    """The line of the text at which an error came up."""
    found = None
    for frame, line in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == name:
            found = line
    return found
