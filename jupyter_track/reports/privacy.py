"""What of the author's machine is taken out of a report: the home folder, the store's folder, names of people in paths.

Secrets were taken out before anything was stored; what a store got from elsewhere is looked through once more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..context.prose import redact_prose
from ..context.redaction import redact_text

# A folder of a person: on Linux, macOS, Windows (with the doubled backslashes of a literal too).
_HOMES = re.compile(
    r"(?:(?<![\w.-])/home/|(?<![\w.-])/Users/|(?<![\w/])[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/))[^/\\\s\"'<>:|?*,;()]+|(?<![\w/.])/root(?=/|\b)"
)
# The same, told from another folder: a notebook that lies elsewhere than the store.
_UP = re.compile(r"(?<![\w/.-])(?:\.\.[/\\])+(?:home|Users|root)(?:[/\\][^/\\\s\"'<>:|?*,;()]+)?")
_OUTSIDE = re.compile(r"(?<![\w/.-])(?:\.\.[/\\])+(?:[^/\\\s\"'<>:,;()|]+[/\\])*([^/\\\s\"'<>:,;()|]+)")
# An absolute path of two parts or more, not within an address, a word or a relative path.
_PATH = re.compile(r"(?<![\w/:.~<…-])/(?:[^/\s\"'<>:,;()|]+/)+([^/\s\"'<>:,;()|]*)")
_DRIVE = re.compile(r"(?<![\w/])[A-Za-z]:(?:\\{1,2}|/)(?:[^\\/\s\"'<>:,;()|]+(?:\\{1,2}|/))+([^\\/\s\"'<>:,;()|]*)")
_PACKAGES = re.compile(r"(?:[A-Za-z]:)?[/\\][^\s\"'<>,;()|]*?(?:site|dist)-packages(?=[/\\])")
_FEW = 20  # items of a list that may be looked through one by one
_LIBRARY = re.compile(r"(?:[A-Za-z]:)?[/\\][^\s\"'<>,;()|]*?[/\\](?=python3\.\d+[/\\])")


class Privacy:
    """Takes out of texts what tells of the author's machine.

    Parameters
    ----------
    store : Path or None
        Paths inside its folder are told from there.
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
        folders = {str(Path.cwd()), *(() if store is None else (str(store.parent), str(store.parent.resolve())))}
        # A root, or the home folder itself, is no folder of the work.
        own = [one for one in folders if one.count(os.sep) > 1 and one != str(Path.home())]
        own.sort(key=lambda one: (-len(one), one))
        self._folders = re.compile("|".join(rf"{re.escape(one)}(?:[/\\]|\b(?![\w-]))" for one in own)) if own else None
        home = str(Path.home())
        self._home = home if home.count(os.sep) > 1 else ""
        self._kept: Callable[[str], str] = lru_cache(maxsize=4096)(self._cleaned)

    def text(self, text: str) -> str:
        """Return a text in which the author's own folders have no name."""
        return self._kept(text)

    def _cleaned(self, text: str) -> str:
        found = redact_text(text)
        if not self.private or ("/" not in found and "\\" not in found):
            return found
        if self._folders is not None:
            found = self._folders.sub("", found)
        if self._home:
            found = found.replace(self._home, "~")
        return _UP.sub("~", _HOMES.sub("~", found))

    def place(self, text: str) -> str:
        """Return a text that names places (a traceback, where data came from): of an absolute path the last part."""
        found = redact_prose(self.text(text))
        if not self.private:
            return found
        found = _OUTSIDE.sub(r"…/\1", _LIBRARY.sub("…/", _PACKAGES.sub("…", found)))
        return _DRIVE.sub(r"…/\1", _PATH.sub(r"…/\1", found))

    def plain(self, value: Any) -> Any:
        """Return plain data with every text in it cleaned; addresses that hold a picture stay."""
        if isinstance(value, str):
            return value if value.startswith("data:image/") else self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            if len(value) > _FEW and type(value[0]) is type(value[-1]) is float:  # points: nothing to clean, and many
                return value
            return [self.plain(item) for item in value]
        return value
