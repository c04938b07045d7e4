"""What a picture is, told by its content, and whether an SVG does more than show something.

A name and a type are what somebody has written; a browser goes by the content. And an SVG is a document: opened by
itself, as the pictures beside a Markdown report are, it may run scripts and fetch what it names. So one is read here as
a browser would, and only what draws is let through.
"""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat

SVG = "image/svg+xml"
PAGE = "text/html"
ENDINGS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", SVG: "svg"}
"""The types of pictures that are shown, with the endings of their files."""

_BEGINNINGS: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
)
_HEAD = 16_000  # bytes in which a document says what it is
_BEFORE = re.compile(
    rb"(?:\s+|\xef\xbb\xbf|<!--.*?-->|<\?.*?\?>|<!DOCTYPE(?!\s+html\b)[^>\[]*(?:\[.*?\])?\s*>)+", re.S | re.I
)
_FIRST = re.compile(rb"<(?:[\w.-]+:)?([!\w]+)")
_ENCODINGS: Final = ("utf-8", "utf-16", "us-ascii", "iso-8859-1")  # that all who read it take for the same

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_HTML: Final = ("http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML")  # run inside of an SVG, too
_FILTERS: Final = (
    "Blend ColorMatrix ComponentTransfer Composite ConvolveMatrix DiffuseLighting DisplacementMap DistantLight "
    "DropShadow Flood FuncA FuncB FuncG FuncR GaussianBlur Merge MergeNode Morphology Offset PointLight "
    "SpecularLighting SpotLight Tile Turbulence"
)
_DRAWS: Final = frozenset(
    "a circle clipPath defs desc ellipse filter font font-face font-face-name g glyph image line linearGradient marker "
    "mask metadata missing-glyph path pattern polygon polyline radialGradient rect stop style svg switch symbol text "
    "textPath title tspan use".split()
).union(f"fe{name}" for name in _FILTERS.split())
_ADDRESSES: Final = frozenset({"href", "src"})
_HELD = re.compile(r"\s*data:image/(?:png|jpeg|gif|webp)[;,]", re.IGNORECASE)
# In CSS: what is named by url() has to be in the picture, and what can name something otherwise is not let through. A
# backslash or a comment could hide either.
_NAMED = re.compile(r"url\(\s*[\"']?\s*(?!#|data:(?:image/(?:png|jpeg|gif|webp)|font/|application/(?:x-)?font-))", re.I)
_OTHERWISE = re.compile(r"\\|/\*|@import|image-set|image\(|src\(|cross-fade|element\(|expression\(|script:", re.I)
_WORDS = re.compile(r"(?:aria-|data-).*|id|class|title|label|d|points")  # attributes that are no CSS
_DEEPEST = 200  # elements inside of one another
_MOST_DRAWN = 100_000  # pieces, when all that is used is put where it is used
_TOO_MUCH: Final = "more pieces than a browser should draw"


def type_of(data: bytes) -> str:
    """Return the type of some content: that of a picture or of a page, or nothing for what is neither.

    Examples
    --------
    >>> type_of(b"GIF89a..."), type_of(b"<!doctype html><p>"), type_of(b"a,b")
    ('image/gif', 'text/html', '')
    """
    found = next((mime for beginning, mime in _BEGINNINGS if beginning.match(data)), "")
    if found:
        return found
    head = data[:_HEAD].replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")  # UTF-16
    before = _BEFORE.match(head)
    first = _FIRST.match(head, before.end() if before else 0)
    return "" if first is None else SVG if first[1].lower() == b"svg" else PAGE


def lively(svg: bytes) -> str:
    """Return what an SVG does besides showing something, or why it cannot be read; nothing for one that only shows.

    Examples
    --------
    >>> lively(b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/></svg>")
    ''
    >>> lively(b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>")
    'a script'
    """
    return _Screen().found_in(svg)


class _Found(Exception):
    """Ends the reading: the first thing that is not let through is told."""


class _Screen:
    """Reads an SVG once, element by element."""

    def __init__(self) -> None:
        self._style = 0
        self._css: list[str] = []
        self._inside: list[str] = [""]  # the ids of the elements around, the nearest last
        self._uses: dict[str, list[str]] = {}  # what is used inside of each id
        self._pieces: dict[str, int] = {}  # how many elements each id has inside

    def found_in(self, svg: bytes) -> str:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler, parser.XmlDeclHandler = self._doctype, self._declaration
        try:
            parser.Parse(svg, True)
            self._check_css("".join(self._css))
            if self._drawn("", {}) > _MOST_DRAWN:
                return _TOO_MUCH
        except _Found as found:
            return str(found)
        except RecursionError:
            return _TOO_MUCH
        except (expat.ExpatError, ValueError, LookupError):
            return "something that is no XML"
        return ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if len(self._inside) == 1 and (space, local) != (_NAMESPACE, "svg"):
            raise _Found("another document than an SVG")
        if len(self._inside) > _DEEPEST:
            raise _Found(_TOO_MUCH)
        if space in _HTML or (space == _NAMESPACE and local not in _DRAWS):
            raise _Found("a script" if local == "script" else f"<{local:.30}>")
        self._style += local == "style"
        own = attributes.get("id") or self._inside[-1]
        self._inside.append(own)
        around = dict.fromkeys(self._inside)
        for one in around:
            self._pieces[one] = self._pieces.get(one, 0) + 1
        for key, value in attributes.items():
            self._attribute(local, key.rpartition(" ")[2], value)
        used = next((value for key, value in attributes.items() if key.rpartition(" ")[2] == "href"), "")
        if local == "use":
            for one in around:
                self._uses.setdefault(one, []).append(used.strip().removeprefix("#"))

    def _attribute(self, element: str, name: str, value: str) -> None:
        lower = name.lower()
        if lower.startswith("on"):
            raise _Found(f"a script (in {name:.30})")
        if lower == "base":
            raise _Found("an address that it begins at")
        if lower in _ADDRESSES:
            address = value.strip()
            if address and not address.startswith("#") and not (element == "image" and _HELD.match(value)):
                raise _Found(f"an address ({address:.60})")
        elif "(" in value and not _WORDS.fullmatch(lower):
            self._check_css(value)

    def _check_css(self, css: str) -> None:
        if _NAMED.search(css):
            raise _Found("an address (in url())")
        if "(" in css or "@" in css or "\\" in css:
            found = _OTHERWISE.search(css)
            if found:
                raise _Found(f"a style that may name one ({found[0]})")

    def _end(self, name: str) -> None:
        self._style -= name.rpartition(" ")[2] == "style"
        self._inside.pop()

    def _text(self, text: str) -> None:
        if self._style:
            self._css.append(text)

    def _instruction(self, target: str, data: str) -> None:
        raise _Found(f"an instruction ({target:.30})")

    def _doctype(self, name: str, system: str | None, public: str | None, own: int) -> None:
        if own:
            raise _Found("entities of its own")

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise _Found(f"an encoding that not all read alike ({encoding:.30})")

    def _drawn(self, own: str, known: dict[str, int]) -> int:
        """How many elements are drawn where an id is used; what uses itself is not drawn, and ends here."""
        if own not in known:
            known[own] = 0
            used = self._uses.get(own, ())
            drawn = self._pieces.get(own, 0) + sum(self._drawn(one, known) for one in used)
            known[own] = min(drawn, _MOST_DRAWN + 1)
        return known[own]
