"""The pictures of a text: each is read where it lies, and its address in the Markdown is where its copy goes."""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, image
from markdown_it.token import Token

from ..errors import InvalidValue
from ..views.media import SHOWN
from .document import Picture

LARGEST_PICTURE = 1_000_000
_FETCHED = re.compile(r"[\w+.-]+:|//")
_TITLE = re.compile(r"([\\\"'()<>&`|])")
_SPAN = "span"


def noting_spans(parser: MarkdownIt) -> MarkdownIt:
    """Let a parser note where in the text of its paragraph each picture is written."""

    def noted(state: StateInline, silent: bool) -> bool:
        start = state.pos
        found = image(state, silent)
        if found and not silent:
            state.tokens[-1].meta[_SPAN] = start, state.pos
        return found

    parser.inline.ruler.at("image", noted)
    return parser


def _read(path: Path) -> Picture:
    try:
        return Picture(path.stem, mimetypes.guess_type(path.name)[0] or "", path.read_bytes())
    except OSError as error:
        raise InvalidValue(f"the picture {path.name!r:.80} cannot be read ({error.strerror}).") from None


class Pictures:
    """Reads the pictures of a text, and puts into its lines the places of their copies.

    Parameters
    ----------
    folder : Path or None
        Where they lie.
    lines : list of str
        The text.
    place : callable
        Makes of a number the mark of a place.
    """

    def __init__(self, folder: Path | None, lines: list[str], place: Callable[[int], str]) -> None:
        self.found: dict[str, Picture] = {}
        self._folder, self._place = folder, place
        self._lines: list[str | None] = [*lines]
        self._seen: dict[int, int] = {}  # of a line what was looked through: cells share one
        self._marks: dict[Path, str] = {}
        self._changes: list[tuple[tuple[int, int], tuple[int, int], str]] = []

    def take(self, token: Token) -> None:
        """Read the pictures of a paragraph; each holds itself from here on.

        Raises
        ------
        InvalidValue
            For one that is not there, is too large or would be fetched.
        """
        spot = self._spots(token)
        for child in token.children or ():
            if child.type != "image":
                continue
            path = self._path(str(child.attrs.get("src", "")))
            if path is None:
                continue
            mark = self._marks.setdefault(path, self._place(len(self._marks)))
            if mark not in self.found:
                self.found[mark] = _read(path)
            picture = self.found[mark]
            child.attrs["src"] = f"data:{picture.mime};base64,{base64.b64encode(picture.data).decode()}"
            if spot is not None:
                start, end = child.meta[_SPAN]
                title = _TITLE.sub(r"\\\1", str(child.attrs.get("title", "")).replace("\n", " "))
                text = f"![{child.content}]({mark}{f' {chr(34)}{title}{chr(34)}' if title else ''})"
                self._changes.append((spot(start), spot(end), text.replace("\n", " ")))

    def lines(self) -> list[str | None]:
        """Return the text with its pictures' places; a line that went into the one before it is None."""
        for (row, column), (last, end), text in sorted(self._changes, reverse=True):
            before, after = self._lines[row] or "", self._lines[last] or ""
            self._lines[row] = before[:column] + text + after[end:]
            self._lines[row + 1 : last + 1] = [None] * (last - row)
        self._changes.clear()
        return self._lines

    def _path(self, address: str) -> Path | None:
        """Where a picture lies; None for one that its address holds."""
        if address.startswith("data:image/"):
            return None
        told = unquote(address)
        if _FETCHED.match(address):
            raise InvalidValue(f"a report fetches nothing, so the picture {told!r:.80} cannot stand in it.")
        if self._folder is None:
            raise InvalidValue(f"there is no place where the picture {told!r:.80} lies: give the text as a file.")
        # Markdown writes an address with % signs; the name of a file may have some too.
        path = next(filter(None, map(self._file, (told, address))), None)
        if path is None:
            raise InvalidValue(f"there is no picture {told!r:.80} beside the text.")
        if path.stat().st_size > LARGEST_PICTURE:
            raise InvalidValue(f"the picture {told!r:.80} is larger than {LARGEST_PICTURE // 1_000_000} MB.")
        return path

    def _file(self, name: str) -> Path | None:
        if self._folder is None or mimetypes.guess_type(name)[0] not in SHOWN:
            return None
        try:
            path = (self._folder / name).resolve()
            return path if path.is_file() else None
        except (OSError, ValueError):  # no name of a file
            return None

    def _spots(self, token: Token) -> Callable[[int], tuple[int, int]] | None:
        """What tells the line and the column of a place in a paragraph; None where it is not found again."""
        if not token.map or not token.content:
            return None
        starts: list[tuple[int, int, int]] = []
        place = 0
        for row, piece in enumerate(token.content.split("\n"), token.map[0]):
            line = self._lines[row] if row < len(self._lines) else None
            column = -1 if line is None else line.find(piece, self._seen.get(row, 0))
            if column < 0:
                return None
            self._seen[row] = column + len(piece)
            starts.append((place, row, column))
            place += len(piece) + 1

        def spot(at: int) -> tuple[int, int]:
            start, row, column = max(one for one in starts if one[0] <= at)
            return row, column + at - start

        return spot
