"""The text of a report: Markdown with values from the store, charts and tables placed by name.

Jinja2 goes over the text first, in a sandbox; each value becomes a mark of two characters that no text has, and is put
in where Markdown has been read. So a value is never Markdown and never markup, whatever it holds.
"""

from __future__ import annotations

import base64
import difflib
import mimetypes
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..errors import InvalidValue, TrackError
from ..views.comparison_markdown import begun, escaped
from ..views.media import SHOWN
from .document import Block, Prose, Section

OPEN, CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
_STRAY = re.compile(f"[{OPEN}{CLOSE}]")
LARGEST_PICTURE = 1_000_000
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


@dataclass
class Placed:
    """Blocks that a text places, by a call such as ``{{ curves("loss") }}``."""

    name: str
    blocks: list[Block]


@dataclass
class Text:
    """The narrative as sections, and the names of what it places itself."""

    title: str = ""
    sections: list[Section] = field(default_factory=list)
    placed: set[str] = field(default_factory=set)


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
    clean : callable
        Takes out of a value what is private.
    folder : Path, optional
        Where pictures that it names lie.
    """

    def __init__(
        self,
        name: str,
        values: Mapping[str, Any],
        places: Places,
        clean: Callable[[str], str],
        folder: Path | None = None,
    ) -> None:
        self._name, self._clean, self._folder = name, clean, folder
        self._marks: list[str | Placed] = []
        self._placed: set[str] = set()
        self._known = {**values, **{place: self._placing(place, make) for place, make in places.items()}}

    def sections(self, text: str) -> Text:
        """Return the text as sections: one for each of its highest headings.

        Raises
        ------
        InvalidValue
            With the file and the line, for what cannot be read, is not there or is ambiguous.
        """
        markdown = self._filled(_STRAY.sub("", text))
        parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        tokens = parser.parse(markdown)
        lines = markdown.split("\n")
        for token in tokens:
            self._check(token)
        title = ""
        firsts = [token.tag for token in tokens if token.tag == "h1"]
        if firsts == _ONCE and tokens[0].tag == "h1":
            title = self._texts("".join(child.content for child in tokens[1].children or ()), 1)
            tokens = tokens[3:]
        found = self._cut(parser, _levelled(tokens), lines)
        found.title = title
        return found

    # ---- values

    def _placing(self, name: str, make: Callable[..., list[Block]]) -> Callable[..., Placed]:
        def place(*args: Any, **options: Any) -> Placed:
            self._placed.add(name)
            return Placed(name, make(*args, **options))

        return place

    def _mark(self, value: Any) -> str:
        """Keep a value and return the mark that stands for it."""
        if isinstance(value, Missing):
            str(value)  # raises
        kept: str | Placed = value if isinstance(value, Placed) else _STRAY.sub("", self._clean(str(value)))
        self._marks.append(kept)
        return f"{OPEN}{len(self._marks) - 1}{CLOSE}"

    def _filled(self, text: str) -> str:
        loader = FunctionLoader(lambda name: (text, self._name, lambda: True) if name == "text" else None)
        environment = ImmutableSandboxedEnvironment(
            loader=loader, undefined=Missing, finalize=self._mark, keep_trailing_newline=True
        )
        environment.globals.clear()
        environment.globals.update(range=range)
        try:
            return environment.get_template("text").render(self._known)
        except TemplateSyntaxError as error:
            raise self._wrong(error.lineno, error.message or "cannot be read") from None
        except UndefinedError as error:
            raise self._wrong(line_of(error, self._name), self._undefined(error)) from None
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
            raise self._wrong(line_of(error, self._name), str(error)) from None

    def _undefined(self, error: UndefinedError) -> str:
        told = error.message or "a value is not there"
        found = re.fullmatch(r"'([^']+)' is undefined", told)
        if found is None:
            return told
        name = found[1]
        near = difflib.get_close_matches(name, self._known, n=1)
        if near:
            return f"there is no {name!r}; did you mean {near[0]!r}?"
        if name == "best":
            return "there is no best run: of several runs, one must have a metric of which the goal is known."
        return f"there is no {name!r}; there is {', '.join(sorted(self._known))}."

    def _wrong(self, line: int | None, message: str) -> InvalidValue:
        where = f"{self._name}, line {line}" if line else self._name
        return InvalidValue(f"{where}: {message}")

    # ---- Markdown

    def _check(self, token: Token) -> None:
        """Refuse what a report cannot hold: addresses that are values, pictures that would be fetched."""
        line = token.map[0] + 1 if token.map else None
        for child in token.children or ():
            for name in ("href", "src"):
                address = str(child.attrs.get(name, ""))
                if "%EE%80%80" in address:
                    raise self._wrong(line, "a value cannot be the address of a link; write the address itself.")
            if child.type == "image":
                child.attrs["src"] = self._embedded(str(child.attrs.get("src", "")), line)
            elif child.type == "link_open":
                child.attrs["rel"] = "noopener noreferrer"

    def _embedded(self, address: str, line: int | None) -> str:
        """Return a picture beside the text as an address that holds it."""
        if address.startswith("data:image/"):
            return address
        mime = mimetypes.guess_type(address)[0]
        if re.match(r"[\w+.-]+:|//", address) or self._folder is None:
            raise self._wrong(line, f"a report fetches nothing, so the picture {address!r:.80} cannot stand in it.")
        path = (self._folder / address).resolve()
        if mime not in SHOWN or not path.is_file():
            raise self._wrong(line, f"there is no picture {address!r:.80} beside the text.")
        if path.stat().st_size > LARGEST_PICTURE:
            raise self._wrong(line, f"the picture {address!r:.80} is larger than {LARGEST_PICTURE // 1_000_000} MB.")
        return f"data:{mime};base64,{base64.b64encode(path.read_bytes()).decode()}"

    def _cut(self, parser: MarkdownIt, tokens: list[Token], lines: list[str]) -> Text:
        found = Text(placed=self._placed)
        heading, names = "", set[str]()
        blocks: list[Block] = []
        part: list[Token] = []

        def end_part() -> None:
            if part:
                source = "\n".join(lines[_first(part) : _last(part)])
                html = parser.renderer.render(part, parser.options, {})
                blocks.append(Prose(self._texts(source, put=lambda value: begun(escaped(value))), html))
                part.clear()

        def end_section() -> None:
            end_part()
            if heading or blocks:
                found.sections.append(Section(_slug(heading, names), heading, tuple(blocks)))
                blocks.clear()

        place = 0
        while place < len(tokens):
            token = tokens[place]
            placed = self._placed_in(tokens, place)
            if token.type == "heading_open" and token.tag == "h2":
                end_section()
                heading = self._texts("".join(child.content for child in tokens[place + 1].children or ()))
                place += 3
            elif placed is not None:
                end_part()
                blocks.extend(placed.blocks)
                place += 3
            else:
                self._put_in(token)
                part.append(token)
                place += 1
        end_section()
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
                one.content = self._texts(one.content, line)
            for child in one.children or ():  # the alternative text of a picture
                child.content = self._texts(child.content, line)
            one.info = self._texts(one.info, line)

    def _texts(self, text: str, line: int | None = None, put: Callable[[str], str] = str) -> str:
        """Put the values into a text; `put` makes of each what it is there."""

        def value(found: re.Match[str]) -> str:
            kept = self._marks[int(found[1])]
            if isinstance(kept, Placed):
                raise self._wrong(line, f"{{{{ {kept.name}(…) }}}} stands in a text; give it a paragraph of its own.")
            return put(kept)

        return _MARK.sub(value, text)


def _first(tokens: list[Token]) -> int:
    return min((token.map[0] for token in tokens if token.map), default=0)


def _last(tokens: list[Token]) -> int:
    return max((token.map[1] for token in tokens if token.map), default=0)


def _levelled(tokens: list[Token]) -> list[Token]:
    """Give headings the levels that a section has: the highest is the second, and none is left out on the way down."""
    opened = [token for token in tokens if token.type == "heading_open"]
    if not opened:
        return tokens
    shift = 2 - min(int(token.tag[1]) for token in opened)
    before = 1
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            level = min(int(token.tag[1]) + shift, before + 1, 6)
            before = level
            token.tag = tokens[place + 2].tag = f"h{level}"
    return tokens


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
