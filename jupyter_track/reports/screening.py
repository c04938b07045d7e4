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
_HREFS: Final = frozenset({"href", "http://www.w3.org/1999/xlink href"})
_SPACE: Final = " \t\r\n"
_INSIDE = re.compile(r"#[^\s%#]*")  # what names a piece of the picture, and what all who read it take for the same
_HELD = re.compile(r"\s*data:image/(?:png|jpeg|gif|webp)[;,]", re.IGNORECASE)
# In CSS: what is named by url() has to be in the picture, and what can name something otherwise is not let through. A
# backslash or a comment could hide either.
_NAMED = re.compile(
    r"url\((?!\s*(?:[\"']\s*)?(?:#|data:(?:image/(?:png|jpeg|gif|webp)|font/|application/(?:x-)?font-)))", re.I
)
_OTHERWISE = re.compile(
    r"\\|/\*|@import|image-set|image\(|src\(|cross-fade|element\(|expression\(|script:"
    r"|(?:mask|clip-path|filter|all)[\w-]{0,20}\s*:\s*inherit|(?<![\w-])d\s*:\s*inherit",
    re.I,
)
# What is named by url() is drawn where it is named: once, or by each piece that is painted with it, or at each point.
_USE_BEGINS = re.compile(r"url\(\s*(?:[\"']\s*)?#", re.I)
_USE = re.compile(r"url\(\s*([\"']?)#([^\s%\"'()]+)\1\s*\)", re.I)
_PATTERN: Final = "pattern"
_MARKER: Final = "marker"  # is drawn at each point of each outline in the piece that names it
_OUTLINES: Final = frozenset({"d", "points"})
_LINE: Final = "0 0 1 1"  # the points of any line
_STRETCH = re.compile(r"([MLHVCSQTAZ]?)([^MLHVCSQTAZ]*)", re.I)
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+")
_OF_POINT: Final = {"M": 2, "L": 2, "T": 2, "C": 6, "S": 4, "Q": 4, "A": 5}  # numbers, at least; flags may have no gap
_SELECTS = re.compile(r"[\w\s.#>+~-]+")
_ABOUT = re.compile(r"[A-Za-z]*([.#][\w-]+)(?:[.#][\w-]+)*")
_WORDS = re.compile(r"(?:aria-|data-).*|id|class|title|label|d|points")  # attributes that are no CSS
_DEEPEST = 200  # elements inside of one another
_MOST_DRAWN = 100_000  # pieces, when all that is used is put where it is used
_OPEN: Final = -2  # of what is being counted
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


class _Node:
    """A piece of a picture that has an id, a class or names others, with the pieces in it that have none of these."""

    __slots__ = ("drawn", "inside", "kind", "outlines", "pieces", "points", "uses")

    def __init__(self, kind: str) -> None:
        self.kind, self.pieces, self.drawn, self.points = kind, 0, -1, 0
        self.inside: list[_Node] = []
        self.outlines: list[str] = []
        self.uses: list[str] = []  # ids that it names (#a), and what it is itself to a rule of a style sheet (.a, =a)


class _Screen:
    """Reads an SVG once, element by element."""

    def __init__(self) -> None:
        self._style = 0
        self._css: list[str] = []
        self._root = _Node("")
        self._around: list[_Node] = []  # of each element around its node, the nearest last
        self._named: dict[str, list[_Node]] = {}
        self._styled: dict[str, list[str]] = {}  # which ids the rules of style sheets name for a class or an id
        self._variables: set[str] = set()
        self._marked = False

    def found_in(self, svg: bytes) -> str:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler, parser.XmlDeclHandler = self._doctype, self._declaration
        try:
            parser.Parse(svg, True)
            self._check_css("".join(self._css))
            self._read_rules("".join(self._css))
            self._styled = {key: [one for one in ids if one[1:] in self._named] for key, ids in self._styled.items()}
            self._drawn(self._root)
        except _Found as found:
            return str(found)
        except RecursionError:
            return _TOO_MUCH
        except (expat.ExpatError, ValueError, LookupError):
            return "something that is no XML"
        return ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self._around and (space, local) != (_NAMESPACE, "svg"):
            raise _Found("another document than an SVG")
        if len(self._around) >= _DEEPEST:
            raise _Found(_TOO_MUCH)
        if space in _HTML or (space == _NAMESPACE and local not in _DRAWS):
            raise _Found("a script" if local == "script" else f"<{local:.30}>")
        self._style += local == "style"
        self._marked |= local == _MARKER
        uses = [f".{one}" for one in attributes.get("class", "").split()]
        for key, value in attributes.items():
            self._attribute(local, key.rpartition(" ")[2], value)
            uses += self._uses_in(local, key, value)
        hrefs = [key for key in attributes if key.rpartition(" ")[2].lower() == "href"]
        if len(hrefs) > 1 or not _HREFS.issuperset(hrefs):
            raise _Found("an address that not all read alike")
        node, own = self._around[-1] if self._around else self._root, attributes.get("id")
        if own or uses:
            around, node = node, _Node(local)
            around.inside.append(node)
            node.uses += [*uses, f"={own}"] if own else uses
            if own:
                self._named.setdefault(own, []).append(node)
        node.pieces += 1
        for key, value in attributes.items():
            if key in _OUTLINES or (key == "style" and "path(" in value.lower()):
                node.outlines.append(value)
        node.outlines += [_LINE] if local == "line" else []
        self._around.append(node)

    def _uses_in(self, element: str, key: str, value: str) -> list[str]:
        """What an attribute names for it to be drawn there."""
        if key in _HREFS and element not in ("a", "image"):
            return [value.strip(_SPACE)]
        return _used(value) if "(" in value and not _WORDS.fullmatch(key.lower()) else []

    def _attribute(self, element: str, name: str, value: str) -> None:
        lower = name.lower()
        if lower.startswith("on"):
            raise _Found(f"a script (in {name:.30})")
        if lower == "base":
            raise _Found("an address that it begins at")
        if lower in _ADDRESSES:
            address = value.strip()
            held = element == "image" and _HELD.match(value)
            if address and not held and not _INSIDE.fullmatch(value.strip(_SPACE)):
                raise _Found(f"an address ({address:.60})")
        elif ("(" in value or "inherit" in value.lower()) and not _WORDS.fullmatch(lower):
            self._check_css(f"{lower}:{value}")

    def _check_css(self, css: str) -> None:
        if _NAMED.search(css):
            raise _Found("an address (in url())")
        lower = css.lower()
        if "(" in css or "@" in css or "\\" in css or "inherit" in lower:
            found = _OTHERWISE.search(css)
            if found:
                raise _Found(f"a style that may name one ({found[0]})")
        # A variable may hand on what is named to pieces that do not name it.
        self._variables.update(
            ["its"] if "--" in css and ("url(" in lower or "path(" in lower) else [],
            ["used"] if "var(" in lower else [],
        )
        if len(self._variables) > 1:
            raise _Found("a style that may name one (var)")

    def _read_rules(self, css: str) -> None:
        """Note for which pieces a style sheet names others; what cannot be told is not let through."""
        if self._marked and "path(" in css.lower():
            raise _Found("outlines in a style sheet, and markers")
        css = re.sub(r"\"([^\"'{}]*)\"|'([^\"'{}]*)'", r"\1\2", css)
        told = 0
        for rule in css.split("}"):
            head, brace, declared = rule.rpartition("{")
            used = _used(declared) if brace else []
            if not used:
                continue
            told += len(used)
            for selector in head.rpartition("{")[2].split(","):
                about = _ABOUT.fullmatch(re.split(r"[\s>+~]+", selector.strip())[-1])
                if about is None or not _SELECTS.fullmatch(selector):
                    raise _Found("a style that names pieces for others that cannot be told")
                self._styled.setdefault(about[1].replace("#", "="), []).extend(used)
        if (told and ('"' in css or "'" in css)) or told != len(_USE_BEGINS.findall(css)):
            raise _Found("a style that names pieces for others that cannot be told")

    def _end(self, name: str) -> None:
        self._style -= name.rpartition(" ")[2] == "style"
        self._around.pop()

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

    def _drawn(self, node: _Node) -> int:
        """How many elements are drawn where a piece is used."""
        if node.drawn == _OPEN:
            raise _Found("a piece that is drawn inside of itself")
        if node.drawn < 0:
            node.drawn = _OPEN
            drawn, patterns, markers = node.pieces, 1, 0
            node.points = sum(map(_points, node.outlines)) if self._marked else 0
            for one in node.inside:
                drawn += self._drawn(one)
                node.points += one.points
            for name in node.uses:
                for told in (name,) if name.startswith("#") else self._styled.get(name, ()):
                    for used in self._named.get(told[1:], ()):
                        own = self._drawn(used)
                        if used.kind == _PATTERN:
                            patterns += own
                        elif used.kind == _MARKER:
                            markers += own
                        else:
                            drawn += own
                            node.points += used.points
                        self._limit(drawn, patterns, node.points * markers)
            node.drawn = self._limit(drawn, patterns, node.points * markers)
        return node.drawn

    @staticmethod
    def _limit(drawn: int, patterns: int, at_points: int) -> int:
        # All pieces are in the root, so what is too much for one is too much for the picture.
        total = drawn * patterns + at_points
        if total > _MOST_DRAWN:
            raise _Found(_TOO_MUCH)
        return total


def _points(outline: str) -> int:
    """How many points an outline has, at most."""
    found = 0
    for letter, numbers in _STRETCH.findall(outline):
        of_point = _OF_POINT.get(letter.upper(), 1 if letter else 2)
        found += -(-len(_NUMBER.findall(numbers)) // of_point) or letter in ("Z", "z")
    return found


def _used(css: str) -> list[str]:
    """What is named by url() in CSS."""
    found = [f"#{match[2]}" for match in _USE.finditer(css)]
    if len(found) != len(_USE_BEGINS.findall(css)):
        raise _Found("an address that not all read alike")
    return found
