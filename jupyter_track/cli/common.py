"""What the commands share: options, the store that is meant, runs by reference, completion, errors as exit codes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ..errors import FilterError, NotFound, TrackError
from ..store.place import find_store, parse_store

if TYPE_CHECKING:
    from ..records import Run
    from ..store.reader import Reader

ERROR, NOTHING_FOUND = 1, 3
COMPLETED = 200  # the most words that are offered

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Failure(click.ClickException):
    """What could not be done: one paragraph on stderr."""

    exit_code = ERROR


class NothingFound(Failure):
    """There is no such run or experiment, or no store."""

    exit_code = NOTHING_FOUND


class Commands(click.Group):
    """The group of all commands: our errors become exit codes, and the help lists the commands by what they are for.

    Attributes
    ----------
    sections : dict of str to tuple of str
        A heading and its commands; ``git ignore`` is the command ``ignore`` of the group ``git``.
    """

    sections: dict[str, tuple[str, ...]]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click ends these itself
        except TrackError as error:
            raise (NothingFound if isinstance(error, NotFound) else Failure)(error_text(error)) from error
        except OSError as error:
            raise Failure(error_text(error)) from error
        except _sqlite_error() as error:
            raise Failure(f"The store cannot be read: {error_text(error)}.") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for names in self.sections.values() for name in names)
        for heading, names in self.sections.items():
            limit = formatter.width - 6 - width
            with formatter.section(heading):
                formatter.write_dl(
                    [(name.ljust(width), self._named(ctx, name).get_short_help_str(limit)) for name in names]
                )

    def _named(self, ctx: click.Context, name: str) -> click.Command:
        found: click.Command = self
        for word in name.split():
            inner = found.get_command(ctx, word) if isinstance(found, click.Group) else None
            if inner is None:
                raise KeyError(name)
            found = inner
        return found


def error_text(error: Exception) -> str:
    """Return what an error says without control characters: it may name what is in a store."""
    from ..views.format import one_line, plain_text

    if isinstance(error, OSError) and error.strerror:
        return one_line(f"{error.filename or 'A file'}: {error.strerror}.")
    # A filter's error points at the place, on lines of its own.
    return plain_text(str(error)) if isinstance(error, FilterError) else one_line(str(error))


def _sqlite_error() -> type[Exception]:
    """What SQLite raises for a store of ours whose tables are gone; looked up only where there is an error."""
    import sqlite3

    return sqlite3.Error


# ---- options


def store_option(command: _Command) -> _Command:
    """Add ``--store``."""
    return click.option(
        "--store",
        metavar="PATH",
        shell_complete=_complete_files,
        help="The store: a file, or a folder with a track.db. By default JUPYTER_TRACK_STORE, else the track.db of "
        "this folder or of a parent folder, up to the git root.",
    )(command)


def json_option(command: _Command) -> _Command:
    """Add ``--json``, as `as_json`."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print JSON: exact values under keys that stay, times in milliseconds and in ISO 8601 (UTC), NaN and "
        'infinities as "NaN", "Infinity" and "-Infinity".',
    )(command)


def yes_option(command: _Command) -> _Command:
    """Add ``--yes``."""
    return click.option("-y", "--yes", is_flag=True, help="Do it without asking.")(command)


def needless_yes_option(command: _Command) -> _Command:
    """Add a ``--yes`` that changes nothing, to a command of the kind that often asks: a script may give it to all."""
    return click.option("-y", "--yes", is_flag=True, expose_value=False, help="Changes nothing: nothing is asked.")(
        command
    )


def filter_option(command: _Command) -> _Command:
    """Add ``--filter``, as `filter_text`."""
    return click.option(
        "--filter",
        "filter_text",
        metavar="TEXT",
        default="",
        help="Only the runs that this finds: metrics.KEY, params.KEY, tags.KEY and the run's own fields (status, "
        "run_name, start_time …) with = != < > LIKE IN BETWEEN AND OR NOT, as in search_runs.",
    )(command)


def experiments_option(command: _Command) -> _Command:
    """Add ``-e``, as `experiments`."""
    return click.option(
        "-e",
        "--experiment",
        "experiments",
        metavar="NAME",
        multiple=True,
        shell_complete=complete_experiments,
        help="Only the runs of this experiment; may be given several times.",
    )(command)


def days_given(_: click.Context, __: click.Parameter, given: str | None) -> float | None:
    """Return an age such as ``30d`` or ``2w`` in days; the callback of ``--older-than``.

    Raises
    ------
    click.BadParameter
    """
    if given is None:
        return None
    days = {"m": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0}
    number, unit = (given[:-1], given[-1]) if given[-1:] in days else (given, "d")
    try:
        found = float(number) * days[unit]
    except ValueError:
        found = -1.0
    if not 0 <= found < 1e6:
        raise click.BadParameter(f"{given!r} is no age; write 30d, 12h, 45m or 4w (a number alone is days).")
    return found


# ---- the store and its runs


def store_of(ctx: click.Context, given: str | None) -> Path:
    """Return the store that is meant: named behind the command, before it, or found from this folder."""
    place = ctx.find_root().params.get("store") if given is None else given
    return find_store(Path.cwd()) if place is None else parse_store(place, Path.cwd())


def looked_at(ctx: click.Context, given: str | None, *, contents: bool = False) -> Path:
    """As `store_of`, for commands that only look: of a zip the store in it, unpacked until the command ends.

    Parameters
    ----------
    ctx : click.Context
    given : str or None
        The command's ``--store``.
    contents : bool, default False
        Whether the command reads files of runs.
    """
    store = store_of(ctx, given)
    if store.suffix != ".zip" or not store.is_file():
        return store
    from ..store.upkeep.packed import opened_packed

    return ctx.with_resource(opened_packed(store, contents=contents)).place


def reader_of(store: Path) -> Reader:
    """Return a reader of a store that exists.

    Raises
    ------
    NothingFound
    """
    if not store.is_file():
        from ..views.format import one_line

        if store.suffix == ".zip":
            raise NothingFound(
                f"There is no file {one_line(str(store))}. 'jupyter track export {one_line(store.name)}' writes "
                "the runs of a store into one."
            )
        raise NothingFound(
            f"There is no store at {one_line(str(store))}. The first run makes one (put %%track above a cell and run "
            "it); name another with --store."
        )
    from ..store.reader import Reader

    return Reader(store)


def runs_meant(reader: Reader, references: Iterable[str]) -> list[Run]:
    """Return the runs that are meant, each once, ranges too; where one is not found, none is returned.

    Raises
    ------
    NotFound
    """
    return reader.runs_meant(references)


def run_meant(reader: Reader, reference: str) -> Run:
    """Return the one run that is meant.

    Raises
    ------
    NotFound
    InvalidValue
        Where it is a range of runs.
    """
    return reader.run(reader.resolve(reference))


def now_ms() -> int:
    """Return the time from which ages are told, in milliseconds since 1970."""
    return int(time.time() * 1000)


# ---- answers and questions


def print_json(value: object) -> None:
    """Write plain data to the standard output as strict JSON."""
    from .output import write
    from .plain import json_text

    write(json_text(value) + "\n")


def say(*lines: str) -> None:
    """Write lines to the standard output, free of control characters."""
    from .screen import Screen, line

    Screen().show(*(line(text) for text in lines))


def ask(question: str, *, yes: bool) -> bool:
    """Return whether to go on: `yes`, or what a person answers; without a terminal there is nobody to ask.

    Raises
    ------
    Failure
        Where the input is no terminal.
    """
    if yes:
        return True
    if not _asks():
        raise Failure("There is no terminal to ask on; nothing was done. Give --yes to do it.")
    return click.confirm(question, default=False, err=True)


def _asks() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty()


# ---- completion

_Choices = Callable[[Path, str], list[CompletionItem]]
_Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completing(choices: _Choices) -> _Complete:
    """Make a completion from what a store holds; where it cannot be read there is nothing to offer."""

    def complete(ctx: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        import sqlite3

        from ..views.format import one_line

        try:
            found = choices(store_of(ctx, ctx.params.get("store")), begun)
        except (TrackError, OSError, click.ClickException, sqlite3.Error):  # it would land in the line being typed
            return []
        return [item for item in found if item.value and item.value == one_line(item.value)][:COMPLETED]

    return complete


def _complete_files(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    return [CompletionItem(begun, type="file")]


def run_choices(store: Path, begun: str) -> list[CompletionItem]:
    """Return the words by which active runs are named; no reader is loaded for it, as somebody waits at the Tab key."""
    from ..store import references
    from ..store.database import reading
    from ..views.format import one_line

    with reading(store) as connection:
        found = references.candidates(connection, begun, COMPLETED)
    return [CompletionItem(word, help=one_line(about)) for word, about in found]


def deleted_choices(store: Path, begun: str) -> list[CompletionItem]:
    """Return the words by which deleted runs are named."""
    from ..records import ViewType
    from ..views.format import one_line

    runs = reader_of(store).runs(view_type=ViewType.DELETED_ONLY, limit=COMPLETED)
    words = [(str(run.number), one_line(run.name)) for run in runs] + [(run.name, f"#{run.number}") for run in runs]
    return [CompletionItem(word, help=about) for word, about in dict(words).items() if word.startswith(begun)]


def experiment_choices(store: Path, begun: str) -> list[CompletionItem]:
    """Return the names of experiments."""
    names = [one.name for one in reader_of(store).experiments()]
    return [CompletionItem(name) for name in names if name.startswith(begun)]


complete_runs = completing(run_choices)
complete_deleted = completing(deleted_choices)
complete_experiments = completing(experiment_choices)
complete_both = completing(lambda store, begun: experiment_choices(store, begun) + run_choices(store, begun))
