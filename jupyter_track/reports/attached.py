"""What a text shows and links from the disk: pictures and small files go along with the report.

Each is read where it lies, and its address in the Markdown is where its copy goes. A text may be somebody else's, and a
report is sent to others. So only what lies in the folder of the text is taken, or in one that the person names; a
symbolic link counts as what it leads to, and what is hidden stays where it is, as stores of runs do. A picture is what
its content is, and no page is taken that would run or fetch something where it is opened; what else a file does there
is for those who open it.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token

from ..errors import InvalidValue
from ..store.place import files_folder, store_exists
from .bare import bare
from .document import Attached
from .screening import ENDINGS, PAGE, SVG, lively, type_of

LARGEST = 1_000_000  # bytes of one
ALL_TOGETHER = 12_000_000
_FETCHED = re.compile(r"[\w+.-]+:|//")
_TITLE = re.compile(r"([\\\"'()<>&`|])")
_PAGES = (".html", ".htm", ".xhtml", ".xht", ".shtml", ".mhtml", ".mht", ".xml", ".xsl", ".svgz")
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,10})")
# A database of SQLite, what is about to be written into one, and what was in it before.
_DATABASES = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
_SPAN = "span"
_TYPE = "application/octet-stream"  # of what a browser saves and does not open


def noting_spans(parser: MarkdownIt) -> MarkdownIt:
    """Let a parser note where in the text of its paragraph each picture is written, and each link's address."""

    def noted_image(state: StateInline, silent: bool) -> bool:
        start = state.pos
        found = image(state, silent)
        if found and not silent:
            state.tokens[-1].meta[_SPAN] = start, state.pos
        return found

    def noted_link(state: StateInline, silent: bool) -> bool:
        start, place = state.pos, len(state.tokens)
        found = link(state, silent)
        if found and not silent:
            opened = next(one for one in state.tokens[place:] if one.type == "link_open")
            end, state.pos = state.pos, start
            opened.meta[_SPAN] = state.md.helpers.parseLinkLabel(state, start, True), end
            state.pos = end
        return found

    parser.inline.ruler.at("image", noted_image)
    parser.inline.ruler.at("link", noted_link)
    return parser


class Attachments:
    """Reads what a text shows and links, and puts into its lines the places of the copies.

    Parameters
    ----------
    folder : Path or None
        Where the text lies, from which addresses go on; None for a text of no file.
    within : Path or None
        The folder out of which nothing is taken; None for `folder`.
    lines : list of str
        The text.
    place : callable
        Makes of a number the mark of a place.
    """

    def __init__(self, folder: Path | None, within: Path | None, lines: list[str], place: Callable[[int], str]) -> None:
        self.found: dict[str, Attached] = {}
        self._folder, self._within, self._place = folder, within or folder, place
        self._lines: list[str | None] = [*lines]
        self._seen: dict[int, int] = {}  # of a line what was looked through: cells share one
        self._marks: dict[tuple[Path, bool], str] = {}
        self._room = ALL_TOGETHER
        self._changes: list[tuple[tuple[int, int], tuple[int, int], str]] = []

    def take(self, token: Token) -> None:
        """Read the pictures and files of a paragraph; each holds itself from here on.

        Raises
        ------
        InvalidValue
            For one that is not there, is too large, lies elsewhere, or is not what it should be.
        """
        spot = self._spots(token)
        for child in token.children or ():
            if child.type == "image":
                mark = self._taken(str(child.attrs.get("src", "")), picture=True)
            elif child.type == "link_open" and child.info != "auto":
                mark = self._taken(str(child.attrs.get("href", "")), picture=False)
            else:
                continue
            if mark is None:
                continue
            self._hold(child, self.found[mark])
            if spot is not None:
                start, end = child.meta[_SPAN]
                title = _TITLE.sub(r"\\\1", str(child.attrs.get("title", "")).replace("\n", " "))
                text = f"]({mark}{f' {chr(34)}{title}{chr(34)}' if title else ''})"
                shown = f"![{child.content}{text}".replace("\n", " ") if child.type == "image" else text
                self._changes.append((spot(start), spot(end), shown))

    def lines(self) -> list[str | None]:
        """Return the text with the places of the copies; a line that went into the one before it is None."""
        for (row, column), (last, end), text in sorted(self._changes, reverse=True):
            before, after = self._lines[row] or "", self._lines[last] or ""
            self._lines[row] = before[:column] + text + after[end:]
            self._lines[row + 1 : last + 1] = [None] * (last - row)
        self._changes.clear()
        return self._lines

    def _taken(self, address: str, *, picture: bool) -> str | None:
        """Read what an address names, once, and return its mark; None for what stays where it is."""
        told = unquote(address)
        if picture:
            if address.startswith("data:image/"):
                return None
            if _FETCHED.match(address):
                raise InvalidValue(f"a report fetches nothing, so the picture {told!r:.80} cannot stand in it.")
            if self._folder is None:
                raise InvalidValue(
                    f"there is no place where the picture {told!r:.80} lies: give the text as a file, or name the "
                    "folder: folder=…, --folder."
                )
        elif self._folder is None or not address or address.startswith("#") or _FETCHED.match(address):
            return None
        path = self._path(address, told, "picture" if picture else "file")
        both = (path, picture or (path, True) in self._marks)  # what is shown as well needs no second copy
        mark = self._marks.setdefault(both, self._place(len(self._marks)))
        if mark not in self.found:
            self.found[mark] = found = _read_picture(path, told) if picture else _read_file(path, told)
            self._room -= len(found.data)
            if self._room < 0:
                raise InvalidValue(f"the text brings more than {ALL_TOGETHER // 1_000_000} MB of pictures and files.")
        return mark

    def _path(self, address: str, told: str, what: str) -> Path:
        """Where the file of an address lies, followed to its end."""
        assert self._folder is not None
        assert self._within is not None
        # Markdown writes an address with % signs; the name of a file may have some too, and a link a place in a file.
        names = (told, address, *((told.partition("#")[0], address.partition("#")[0]) if "#" in told else ()))
        if any(
            PureWindowsPath(name).anchor for name in names
        ):  # not even looked at: it may be a share that asks who one is
            raise InvalidValue(
                f"the {what} {told!r:.80} is told from the root of a disk; tell it from the text's folder."
            )
        path = next(filter(None, (_followed(self._folder / name) for name in names if name)), None)
        if path is None:
            hint = "" if what == "picture" else "; a link to what lies elsewhere begins with https://"
            raise InvalidValue(f"there is no {what} {told!r:.80} beside the text{hint}.")
        within = self._within.resolve()
        if not path.is_relative_to(within):
            raise InvalidValue(
                f"the {what} {told!r:.80} lies outside of {within.name or within}; copy it there, or name the folder "
                "that has all of it: folder=…, --folder."
            )
        if any(part.startswith(".") for part in path.relative_to(within).parts):
            raise InvalidValue(f"the {what} {told!r:.80} is hidden, and stays where it is.")
        if not path.is_file():
            raise InvalidValue(f"{told!r:.80} is a folder; a report takes files along.")
        if any(_is_of_store(one) for one in path.parents):
            raise InvalidValue(f"the {what} {told!r:.80} is of a store of runs, and stays where it is.")
        return path

    @staticmethod
    def _hold(token: Token, one: Attached) -> None:
        """Let the token of a picture or a link hold its content: a link saves it under its name."""
        held = f"data:{one.mime if token.type == 'image' else _TYPE};base64,{base64.b64encode(one.data).decode()}"
        if token.type == "image":
            token.attrs["src"] = held
        else:
            token.attrs |= {"href": held, "download": f"{one.name}{f'.{one.ending}' if one.ending else ''}"}

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


def _followed(path: Path) -> Path | None:
    """A path without symbolic links and dots; None where nothing that can be read as a whole lies there."""
    try:
        found = path.resolve()
        return found if found.is_file() or found.is_dir() else None
    except (OSError, ValueError, RuntimeError):  # no name of a file, or links that lead in a circle
        return None


def _is_of_store(folder: Path) -> bool:
    """Whether a folder holds the files of a store beside it."""
    ending = files_folder(Path("a")).name[1:]
    return folder.name.endswith(ending) and store_exists(folder.with_name(folder.name.removesuffix(ending)))


def _read(path: Path, told: str, what: str) -> bytes:
    try:
        # Between the look at it and this, it may have become a link to something else.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise InvalidValue(f"the {what} {told!r:.80} cannot be read ({error.strerror}).") from None
    if len(data) > LARGEST:
        raise InvalidValue(f"the {what} {told!r:.80} is larger than {LARGEST // 1_000_000} MB.")
    return data


def _read_picture(path: Path, told: str) -> Attached:
    data = _read(path, told, "picture")
    mime = type_of(data)
    if mime not in ENDINGS:
        raise InvalidValue(f"{told!r:.80} is no picture by its content; there is {', '.join(ENDINGS.values())}.")
    if mime == SVG and (why := lively(data)):
        raise InvalidValue(f"the picture {told!r:.80} has {why}, and a report holds no picture that runs or fetches.")
    return Attached(path.stem, ENDINGS[mime], mime, bare(data))


def _read_file(path: Path, told: str) -> Attached:
    data = _read(path, told, "file")
    if data.startswith(_DATABASES):
        raise InvalidValue(
            f"the file {told!r:.80} is a database, as stores of runs are; link what is meant of it, such as a CSV."
        )
    mime = type_of(data)
    why = lively(data) if mime == SVG else ""
    if why or mime == PAGE or path.suffix.lower() in _PAGES:
        raise InvalidValue(
            f"the file {told!r:.80} has {why or 'a page'}, which may run something where it is opened; a report "
            "carries no such file."
        )
    ending = _ENDING.fullmatch(path.suffix)
    return Attached(path.stem, ending[1] if ending else "", "", data)
