"""What of the author's machine is taken out of a report: the home folder, the store's folder, names of people in paths.

Secrets were taken out before anything was stored; what a store got from elsewhere is looked through once more.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from ..context.prose import redact_prose
from ..context.redaction import REDACTED, redact_text
from ..store.notebooks import folders_of_work
from ..views.format import plain_text

_PART = r"[^/\\\s\"'<>:|?*,;()]"  # of what a part of a path consists
_SEP = r"(?:\\{1,2}|/)"  # a literal of Windows has two
# Where a path may begin: within no word or path, but behind an option, a line end of a literal and the kind of a key.
_BEHIND = r"(?<=[\s\"'`,=(\[]-[A-Za-z])|(?<=\A-[A-Za-z])|(?<=\\[nrt])|(?<=params\.)|(?<=metrics\.)|(?<=tags\.)"
_LEFT = rf"(?:(?<![\w/.~…-])|{_BEHIND}|(?<=file://))"
_RIGHT = r"(?![\w~@+%=-])(?!\.[\w.])"  # where a part of a path ends
# A name may have spaces. What follows one is of the name where a path goes on behind it, and no sentence.
_LINK = "and|as|at|for|from|in|into|is|not|of|on|or|then|to|was|with"
_WORD = rf" (?!(?:{_LINK})\b)[^\W\d_]{_PART}*"
_MORE = rf"(?:{_WORD}){{1,3}}(?=[/\\])"
_NAME = rf"(?:{_PART}|\\[ _*`#&~\[\]{{}}])+"  # with what a shell or Markdown escapes
# A folder of a person: on Linux, macOS, Windows, Windows as its Linux sees it, and Linux as its Windows does; on disks
# and servers whose folders have other folders above.
_ABOVE = (
    r"(?:/mnt|/cygdrive)?/[A-Za-z](?=/Users/)|/(?:var|usr|export|private|nfs|net|gpfs|lustre|mnt/[\w.-]{1,100})(?=/home/)"
    r"|/(?:Volumes/[^/\s]{1,100}|Workspace)(?=/Users/)"
)
_SHARE = rf"\\{{2,4}}(?:[\w.$-]{{1,100}}{_SEP}){{1,2}}(?i:home|Users){_SEP}{_PART}+"
_SLASHED = rf"//(?:[\w.$-]{{1,100}}/){{1,2}}(?:home|Users)/{_PART}+"
_SIGN = r"(?:\\{1,2}|/|%5[Cc]|%2[Ff])"  # between the parts of a path that may stand in an address
_ON_DRIVE = rf"[A-Za-z](?::|%3[Aa]){_SIGN}(?i:Users){_SIGN}(?:(?!%5[Cc]|%2[Ff]){_PART})+"
_PERSON = (
    rf"(?:(?:(?<![\w.-])(?<!:/)|{_BEHIND})(?:{_ABOVE})?/(?:home|Users)/{_NAME}"
    rf"|(?<!\w)/?{_ON_DRIVE}|(?<![\w\\]){_SHARE}|(?<![\w:/.]){_SLASHED})"
)
# The same in an address, and in JSON as some write it.
_ENCODED = re.compile(r"(%2F|%5C|\\/)(?:home|Users)\1(?:(?!%2F|%5C|\\/)[^\s\"'<>,;&?#])+", re.IGNORECASE)
# An address whose path is one of a machine, and not one of the web.
_MACHINE = re.compile(
    r"\b((?:vscode-[a-z-]{1,40}|(?:git\+)?ssh|sftp|ftp|file)://[^/\s\"']{1,200})"
    rf"(?:/mnt/[A-Za-z])?/(?:home|Users)/{_PART}+"
)
_HOMES = re.compile(rf"{_PERSON}(?:{_MORE})?|{_LEFT}/root{_RIGHT}")
_WHOLE = re.compile(rf"(?:\A|(?<=[\"'`])){_PERSON}{_WORD}(?=[\"'`]|\Z)")
# The same, told from another folder: a notebook that lies elsewhere than the store.
_UP = re.compile(rf"(?<![\w/\\.-])(?:\.\.[/\\])+(?:home|Users|root)(?:[/\\]{_PART}+(?:{_MORE})?)?")
_OUTSIDE = re.compile(r"(?<![\w/\\.-])(?:\.\.[/\\])+(?:[^/\\\s\"'<>:,;()|]+[/\\])*([^/\\\s\"'<>:,;()|]+)")
# An absolute path of two parts or more, not within an address, a word or a relative path.
_PATH = re.compile(r"(?<![\w/:.~<…-])/(?:[^/\s\"'<>:,;()|]+/)+([^/\s\"'<>:,;()|]*)")
_DRIVE = re.compile(r"(?<![\w/])[A-Za-z]:(?:\\{1,2}|/)(?:[^\\/\s\"'<>:,;()|]+(?:\\{1,2}|/))+([^\\/\s\"'<>:,;()|]*)")
# Of a path into a library: each run of characters is looked at once, and the mark is looked for before its beginning.
_RUN = re.compile(r"[^\s\"'<>,;()|]+")
_BEGIN = re.compile(r"(?:[A-Za-z]:)?[/\\]")
_PACKAGES = re.compile(r"(?:site|dist)-packages(?=[/\\])")
_LIBRARY = re.compile(r"[/\\](?=python3\.\d+[/\\])")
_LONG = 4_000  # characters of a text that is not kept in memory


class Privacy:
    """Takes out of texts what tells of the author's machine.

    Parameters
    ----------
    store : Path or None
        Paths inside its folder, and those of the notebooks that recorded into it, are told from there.
    private : bool, default True
        Whether anything is taken out; secrets always are.

    Examples
    --------
    >>> Privacy(None).text("open('/home/ada/data/train.csv')")
    "open('~/data/train.csv')"
    >>> Privacy(None).place("/mnt/data/train.csv")
    '…/train.csv'
    """

    def __init__(self, store: Path | None, private: bool = True) -> None:
        self.private = private
        # Not the working directory: the same store gives the same report wherever it is made.
        folders = set() if store is None else {str(store.parent), str(store.parent.resolve()), *folders_of_work(store)}
        # A root, or the home folder itself, is no folder of the work.
        own = [one for one in folders if one.count(os.sep) > 1 and one != str(Path.home())]
        own.sort(key=lambda one: (-len(one), one))
        self._folders = re.compile(f"{_LEFT}(?:{'|'.join(map(_folder, own))})") if own else None
        home = str(Path.home())
        within = re.escape(home) + _RIGHT if home.count(os.sep) > 1 else r"(?!)"
        self._home = re.compile(rf"{_LEFT}{within}(?!{_MORE})")
        # Of a longer path, such as that of a copy, or of an address, only the person's name is taken out.
        self._copied, self._above = re.compile(within), f"{os.path.dirname(home)}{os.sep}…"
        # It is so long that without its first sign it is no other folder either: in the name of a file that was kept.
        bare = re.escape(home[1:]) + _RIGHT if home.count(os.sep) > 1 else r"(?!)"
        self._bare = re.compile(rf"(?<![\w/\\.~…-]){bare}")
        self._texts = lru_cache(maxsize=4096)(self._text)
        self._told = lru_cache(maxsize=4096)(self._prose)

    def text(self, text: str) -> str:
        """Return a text, such as code, a param or a name, in which the author's own folders have no name."""
        return self._texts(text) if len(text) < _LONG else self._text(text)

    def prose(self, text: str) -> str:
        """Return a text of a person or of a program, where a secret may stand without quotes behind its name."""
        return self._told(text) if len(text) < _LONG else self._prose(text)

    def place(self, text: str) -> str:
        """Return a text that names places (a traceback, where data came from): of an absolute path the last part."""
        found = self.prose(text)
        if not self.private:
            return found
        if "-packages" in found or "python3." in found:
            found = _RUN.sub(_of_library, found)
        found = _OUTSIDE.sub(r"…/\1", found)
        return _DRIVE.sub(r"…/\1", _PATH.sub(r"…/\1", found))

    def page(self, text: str) -> str:
        """Return the source of a page or a picture: what is put in is markup too, and marks of direction stay."""
        return self._foldered(redact_text(text).replace(REDACTED, escape(REDACTED)))

    def plain(self, value: Any, clean: Callable[[str], str] | None = None) -> Any:
        """Return plain data with every text in it cleaned; addresses that hold a picture stay."""
        clean = clean or self.text
        if isinstance(value, str):
            return value if value.startswith("data:image/") else clean(value)
        if isinstance(value, dict):
            return {clean(key): self.plain(item, clean) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(item, clean) for item in value]
        return value

    def _text(self, text: str) -> str:
        return self._foldered(redact_text(plain_text(text)))

    def _prose(self, text: str) -> str:
        return self._foldered(redact_prose(plain_text(text)))

    def _foldered(self, found: str) -> str:
        if not self.private or not ("/" in found or "\\" in found or "%2" in found or "%5" in found):
            return found
        if self._folders is not None:
            found = self._folders.sub(_told_from_there, found)
        if "://" in found:
            found = _MACHINE.sub(r"\1/~", found)
        found = _HOMES.sub("~", _WHOLE.sub("~", self._home.sub("~", found)))
        found = _ENCODED.sub("~", self._bare.sub("~", found))
        return self._copied.sub(lambda _: self._above, _UP.sub("~", found))


def _folder(folder: str) -> str:
    """An expression for a folder, with what leads on from it."""
    sep = r"[/\\]" if "\\" in folder else "/"
    return rf"{re.escape(folder)}(?:{sep}+|{_RIGHT})"


def _told_from_there(found: re.Match[str]) -> str:
    """What stands for a folder of the work: nothing before a path that goes on, else a point."""
    text, end = found.string, found.end()
    leads = found[0].endswith(("/", "\\"))
    if leads and re.match(_PART, text[end : end + 1]):
        return "./" if text.endswith("file://", 0, found.start()) else ""
    return "./" if leads or text.startswith(".", end) else "."


def _of_library(found: re.Match[str]) -> str:
    """A path without the folders in which its library is installed."""
    text = found[0]
    for mark, least, instead in ((_PACKAGES, 0, "…"), (_LIBRARY, 1, "…/")):
        begin = _BEGIN.search(text)
        last = deque(mark.finditer(text, begin.end() - 1 + least), maxlen=1) if begin is not None else None
        if begin is not None and last:
            text = f"{text[: begin.start()]}{instead}{text[last[0].end() :]}"
    return text
