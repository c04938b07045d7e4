"""``%track`` and the help of ``%%track``: a thin layer over plain functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class

from ..errors import TrackError
from ..recording.session import session
from ..store import pending
from ..store.place import store_exists
from ..store.reader import Reader
from ..views.html import status_html
from ..views.text import status_text
from . import showing
from .hooks import CellHooks
from .options import OPTION_NAMES, SUBCOMMANDS, make_parser
from .status import status_items, status_problems
from .transformer import HEAD

TABLE_RUNS = 50
TAB_WAIT = 0.5  # seconds that Tab waits for what was logged last

_HELP = f"""Record a cell as a run, or look at the runs of this store.

As the first line of a cell::

    %%track [NAME] [-e EXPERIMENT] [-p KEY=VALUE] [-t KEY=VALUE] [-m NAME[:max|:min]]
            [--max NAME] [--min NAME] [-n NOTE] [-q] [--no-params] [--no-metrics]
            [--no-figures] [--no-output] [--no-source] [--no-git]

The cell runs as it would without the line. Recorded are its params (literals that it assigns, config objects, what of
an estimator differs from its defaults), its metrics (what it logs; else the variables named with -m, --max and --min,
the last expression and top-level floats), the figures that it shows, its output, its source, and why it failed.

On a line of its own::

    %track                 the runs of this store
    %track show RUN        one run: #12, a name, six or more digits of its id, last, last~1
    %track status          the store, versions, what is captured, what is wrong
    %track store [PATH]    the store, or record into another one from now on

{make_parser().format_help()}"""


@magics_class
class TrackMagics(Magics):  # type: ignore[misc,unused-ignore]
    """The magics of one shell."""

    def __init__(self, shell: Any, hooks: CellHooks) -> None:
        super().__init__(shell)
        self._hooks = hooks

    @line_cell_magic
    def track(self, line: str, cell: str | None = None) -> None:
        """Record a cell, or look at runs; the help is set below."""
        if cell is not None:
            raise UsageError("%%track has to be the first line of a cell that is run as a whole.")
        command, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        try:
            if not command:
                self._table()
            elif command == "show":
                self._show(rest)
            elif command == "status":
                self._status()
            elif command == "store":
                self._store(rest)
            else:
                raise UsageError(
                    f"%track {command}: there is {', '.join(SUBCOMMANDS)}. To record a cell, write %%track (two per "
                    "cent signs) above it."
                )
        except TrackError as error:
            raise UsageError(str(error)) from None

    def _table(self) -> None:
        reader = _reader()
        runs = reader.runs(limit=TABLE_RUNS) if reader is not None else []
        total = reader.info().runs if reader is not None and len(runs) == TABLE_RUNS else len(runs)
        showing.show_table(self.shell, session.tracker(), runs, total)

    def _show(self, reference: str) -> None:
        if not reference:
            raise UsageError("%track show RUN: name a run: #12, its name, six or more digits of its id, or last.")
        reader = _reader()
        if reader is None:
            raise UsageError(f"%track show: there is no store at {session.tracker().store} yet.")
        showing.show_run(self.shell, session.tracker(), reader.run(reader.resolve(reference)))

    def _status(self) -> None:
        items, problems = status_items(self._hooks), status_problems()
        showing.show(self.shell, status_html(items, problems), status_text(items, problems))

    def _store(self, place: str) -> None:
        if place:
            session.use_checked_store(place.strip("'\""))
        showing.show_text(self.shell, str(session.tracker().store))


TrackMagics.track.__doc__ = _HELP


def _reader(timeout: float | None = None) -> Reader | None:
    """The reader of the current store with what was logged here written; None where there is no store yet."""
    tracker = session.tracker()
    pending.flush(tracker.store, timeout)
    return tracker.reader if store_exists(tracker.store) else None


# ---- completion


def _words(line: str) -> list[str]:
    """What may stand at the end of a line that begins with ``%track`` or ``%%track``."""
    head = HEAD.match(line)
    if head is not None:
        return list(OPTION_NAMES)
    command, space, _ = line.removeprefix("%track").strip().partition(" ")
    if command == "show" and (space or line.endswith(" ")):
        return _references()
    return list(SUBCOMMANDS)


def _references() -> list[str]:
    try:
        reader = _reader(TAB_WAIT)
        runs = reader.runs(limit=TABLE_RUNS) if reader is not None else []
    except TrackError:  # the command itself says what is wrong with the store
        return []
    if not runs:
        return []
    return [
        "last",
        *(f"#{run.number}" for run in runs),
        *dict.fromkeys(run.name for run in runs if " " not in run.name),
    ]


def completions(line: str) -> Iterator[tuple[str, str]]:
    """Give the words that complete a line of ours, each with the part of the line that it replaces.

    Examples
    --------
    >>> list(completions("%%track --exp"))
    [('--experiment', '--exp')]
    """
    if not line.startswith(("%track ", "%%track ")):
        return
    begun = line.rpartition(" ")[2]
    for word in _words(line):
        if word.startswith(begun) and (begun or not word.startswith("-") or line.endswith(" ")):
            yield word, begun


def set_up_completion(shell: Any) -> Any:
    """Make Tab complete our lines; returns what `remove_completion` takes."""
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:  # IPython before 8.6
        matcher = _older_matcher(shell.Completer)
        shell.Completer.magic_arg_matchers.append(matcher)
        return matcher

    @context_matcher()  # type: ignore[untyped-decorator,unused-ignore]
    def track_line(context: Any) -> dict[str, Any]:
        line = context.full_text.split("\n")[context.cursor_line][: context.cursor_position]
        found = [SimpleCompletion(text=word, type="param") for word, _ in completions(line)]
        begun = line.rpartition(" ")[2]
        return {"completions": found, "suppress": bool(found), "matched_fragment": begun}

    shell.Completer.custom_matchers.append(track_line)
    return track_line


def remove_completion(shell: Any, matcher: Any) -> None:
    """Take the completion away."""
    for matchers in (shell.Completer.custom_matchers, getattr(shell.Completer, "magic_arg_matchers", [])):
        if matcher in matchers:
            matchers.remove(matcher)


def _older_matcher(completer: Any) -> Callable[[str], list[str]]:
    """Return what completes arguments of magics in IPython before 8.6: what it gives stands alone, without Jedi's."""

    def track_line(line: str) -> list[str]:
        line = completer.text_until_cursor
        # IPython replaces its own token, which begins after a "#" and the like.
        token = completer.splitter.split_line(line)
        return [word[len(begun) - len(token) :] for word, begun in completions(line)]

    return track_line
