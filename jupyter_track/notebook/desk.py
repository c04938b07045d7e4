"""What the verbs of ``%track`` share: the store that is looked at, the runs that are meant, and how they answer."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, NotFound
from ..recording.session import session
from ..recording.tracker import Tracker
from ..records import Run
from ..store import pending
from ..store.place import store_exists
from ..store.reader import Reader
from . import showing

if TYPE_CHECKING:
    from .hooks import CellHooks


@dataclass
class Desk:
    """Where a verb works: one shell, and the store that is current."""

    shell: Any
    hooks: CellHooks

    @property
    def tracker(self) -> Tracker:
        """The tracker of the current store."""
        return session.tracker()

    def found(self, timeout: float | None = None) -> Reader | None:
        """Return the store's reader, with what was logged here written; None where there is no store yet."""
        tracker = self.tracker
        pending.flush(tracker.store, timeout)
        return tracker.reader if store_exists(tracker.store) else None

    def reader(self) -> Reader:
        """Return the store's reader.

        Raises
        ------
        NotFound
            Where there is no store yet.
        """
        reader = self.found()
        if reader is None:
            raise NotFound(f"No runs here yet. Put %%track above a cell and run it: that makes {self.tracker.store}.")
        return reader

    def runs(self, words: Sequence[str]) -> list[Run]:
        """Return the runs that are meant, each once: references as in `store.references`, and ranges (``#3..#7``).

        Raises
        ------
        NotFound
            Where one of them means no run; then none is returned.
        """
        return self.reader().runs_meant(words)

    def run(self, word: str) -> Run:
        """Return the one run that is meant.

        Raises
        ------
        NotFound
        InvalidValue
            Where it is a range of runs.
        """
        reader = self.reader()
        return reader.run(reader.resolve(word))

    def say(self, text: str) -> None:
        """Show a sentence, or a few of them."""
        showing.show_text(self.shell, text)


# ---- the words of a line


def split(rest: str, usage: str, least: int = 0, most: int | None = None) -> list[str]:
    """Return the words of a line; quotes keep several together.

    Raises
    ------
    InvalidValue
        Where they cannot be read, or there are fewer than `least` or more than `most`.
    """
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise InvalidValue(f"%track {usage}: the line cannot be read ({error}).") from None
    if least <= len(words) and (most is None or len(words) <= most):
        return words
    if most is not None and len(words) > most:
        over = " ".join(words[most:])
        hint = " Names of several words are put in quotes." if most else ""
        raise InvalidValue(f"%track {usage}: there is too much on the line ({over!r}).{hint}")
    raise InvalidValue(f"%track {usage}: there is too little on the line; %track? says more.")


def take_flag(words: list[str], name: str) -> bool:
    """Take a flag such as ``--apply`` out of the words; return whether it was there."""
    if name not in words:
        return False
    words.remove(name)
    return True


def take_value(words: list[str], *names: str) -> str | None:
    """Take an option with its value out of the words, written ``-e NAME`` or ``--experiment=NAME``.

    Raises
    ------
    InvalidValue
        Where the value is missing.
    """
    for index, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name not in names or (sign and not name.startswith("--")):
            continue
        if not sign and index + 1 == len(words):
            raise InvalidValue(f"%track: {name} takes a value.")
        taken = value if sign else words[index + 1]
        del words[index : index + (1 if sign else 2)]
        return taken
    return None


def refuse_options(words: Sequence[str], usage: str) -> None:
    """Refuse what looks like an option and is none.

    Raises
    ------
    InvalidValue
    """
    for word in words:
        if word.startswith("-") and len(word) > 1:
            raise InvalidValue(f"%track {usage}: there is no option {word!r}.")
