"""The commands: their options, their help, and what becomes of an error."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from .._version import __version__
from ..errors import FilterError, NotFound, TrackError
from ..store.place import find_store, parse_store

if TYPE_CHECKING:
    from ..store.reader import Reader

RUNS_SHOWN = 50
ERROR, NOTHING_FOUND = 1, 3
_COMPLETED = 200  # newest runs whose names are offered

_EPILOG = """\b
Examples:
  jupyter track runs                     the newest runs of the store here
  jupyter track show last                the newest run in full
  jupyter track --store results status   another store

\b
Exit codes:
  0  all is well
  1  the store or an option's value cannot be used; one paragraph on stderr says why
  2  wrong usage: no such command or option
  3  nothing found: no such run or experiment, or no store

\b
Environment:
  JUPYTER_TRACK_STORE  the store, where --store is not given
  NO_COLOR             no colour, where it is set
"""


class Failure(click.ClickException):
    """What could not be done: one paragraph on stderr."""

    exit_code = ERROR


class NothingFound(Failure):
    """There is no such run or experiment, or no store."""

    exit_code = NOTHING_FOUND


class Commands(click.Group):
    """A group whose commands end with our exit codes where an error of ours is raised."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click ends these itself
        except TrackError as error:
            raise (NothingFound if isinstance(error, NotFound) else Failure)(_message(error)) from error
        except OSError as error:
            raise Failure(_message(error)) from error
        except _sqlite_error() as error:
            raise Failure(f"The store cannot be read: {_message(error)}.") from error


def _message(error: Exception) -> str:
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


# ---- what the commands share

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _store_option(command: _Command) -> _Command:
    return click.option(
        "--store",
        metavar="PATH",
        help="The store: a file, or a folder with a track.db. By default JUPYTER_TRACK_STORE, else the track.db of "
        "this folder or of a parent folder, up to the git root.",
    )(command)


def _json_option(command: _Command) -> _Command:
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print JSON: exact values under keys that stay, times in milliseconds and in ISO 8601 (UTC), NaN and "
        'infinities as "NaN", "Infinity" and "-Infinity".',
    )(command)


def _store(ctx: click.Context, given: str | None) -> Path:
    """The store that is meant: named behind the command, before it, or found from this folder."""
    outer = ctx.parent.params.get("store") if ctx.parent is not None else None
    place = outer if given is None else given
    return find_store(Path.cwd()) if place is None else parse_store(place, Path.cwd())


def _reader(store: Path) -> Reader:
    from ..store.reader import Reader
    from ..views.format import one_line

    if not store.is_file():
        raise NothingFound(
            f"There is no store at {one_line(str(store))}. The first run makes one (put %%track above a cell and run "
            "it); name another with --store."
        )
    return Reader(store)


def now_ms() -> int:
    """Return the time from which ages are told, in milliseconds since 1970."""
    return int(time.time() * 1000)


def _complete(choices: Callable[[Reader], list[CompletionItem]]) -> Callable[..., list[CompletionItem]]:
    """Make a completion from what a store holds; where it cannot be read there is nothing to offer."""

    def complete(ctx: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        try:
            found = choices(_reader(_store(ctx, ctx.params.get("store"))))
        except (TrackError, OSError, click.ClickException):  # a message would land in the line being typed
            return []
        return [item for item in found if item.value.startswith(begun)]

    return complete


def _run_choices(reader: Reader) -> list[CompletionItem]:
    from ..views.format import one_line

    items = [CompletionItem("last", help="the newest run")]
    names: set[str] = set()
    for run in reader.runs(limit=_COMPLETED):
        items.append(CompletionItem(str(run.number), help=one_line(run.name)))
        if run.name not in names and run.name == one_line(run.name):
            items.append(CompletionItem(run.name, help=f"#{run.number}"))
        names.add(run.name)
    return items


def _experiment_choices(reader: Reader) -> list[CompletionItem]:
    from ..views.format import one_line

    return [CompletionItem(one.name) for one in reader.experiments() if one.name == one_line(one.name)]


# ---- the commands


@click.group(cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jupyter-track")
@_store_option
def cli(store: str | None) -> None:
    """Look at the runs that jupyter-track recorded.

    Nothing is changed, and looking makes no file. On a terminal the columns follow its width; in a pipe all of
    them are there, as plain text. Scripts read --json.
    """


@cli.command(
    epilog="""\b
Examples:
  jupyter track runs -e digits -n 10
  jupyter track runs --filter "metrics.loss < 0.5 AND params.model = 'svm'"
  jupyter track runs --order-by "metrics.accuracy DESC"
  jupyter track runs --all --json | jq '.runs[].metrics.accuracy.last'
"""
)
@click.option(
    "-e",
    "--experiment",
    "experiments",
    metavar="NAME",
    multiple=True,
    shell_complete=_complete(_experiment_choices),
    help="Only the runs of this experiment; may be given several times.",
)
@click.option(
    "--filter",
    "filter_text",
    metavar="TEXT",
    default="",
    help="Only the runs that this finds: metrics.KEY, params.KEY, tags.KEY and the run's own fields (status, run_name, "
    "start_time …) with = != < > LIKE IN BETWEEN AND OR NOT, as in search_runs.",
)
@click.option(
    "--order-by",
    metavar="KEY",
    multiple=True,
    help="Such as 'metrics.loss' or 'start_time DESC'; may be given several times. The newest come first by default. "
    "A child stands below its parent.",
)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=1),
    metavar="COUNT",
    default=RUNS_SHOWN,
    show_default=True,
    help="The most runs.",
)
@click.option("--all", "every", is_flag=True, help="All runs, whatever the limit.")
@click.option("--deleted", is_flag=True, help="The deleted runs instead of the active ones.")
@_json_option
@_store_option
@click.pass_context
def runs(
    ctx: click.Context,
    experiments: Sequence[str],
    filter_text: str,
    order_by: Sequence[str],
    limit: int,
    every: bool,
    deleted: bool,
    as_json: bool,
    store: str | None,
) -> None:
    """List the runs of the store, the newest first.

    A row says the run's status, number, name, its main metric (with the goal: ↑ higher is better, ↓ lower, ? where
    that is guessed from the name; ▲ marks the best value), other metrics and the params that differ, its duration and
    age. Where the terminal is too narrow for all, the line below says what is missing.
    """
    from ..records import ViewType
    from ..store import run_rows

    place = _store(ctx, store)
    reader = _reader(place)
    ids = [_experiment_id(reader, name) for name in experiments] or None
    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    numbers = run_rows.find(place, run_rows.search(ids, filter_text, order_by, view, None, 0))
    found = run_rows.load(place, numbers if every else numbers[:limit])
    if as_json:
        from .output import write
        from .plain import json_text, run_plain

        plain = {"store": str(place), "total": len(numbers), "runs": [run_plain(run) for run in found]}
        write(json_text(plain) + "\n")
        return
    from .runs import runs_parts
    from .screen import Screen, line

    screen = Screen()
    if found:
        screen.show(*runs_parts(found, len(numbers), now_ms(), screen.width))
    else:
        screen.show(line(_no_runs(experiments, filter_text, deleted)))


def _experiment_id(reader: Reader, name: str) -> str:
    experiment = reader.experiment_by_name(name)
    if experiment is not None:
        return experiment.experiment_id
    names = [one.name for one in reader.experiments()]
    near = difflib.get_close_matches(name, names, n=3) or names[:3]
    raise NotFound(f"There is no experiment {name!r} in this store; there is {', '.join(near)}.")


def _no_runs(experiments: Sequence[str], filter_text: str, deleted: bool) -> str:
    from ..views.runs import EMPTY

    kind = "deleted run" if deleted else "run"
    where = f" in {', '.join(experiments)}" if experiments else ""
    if filter_text.strip():
        return f"No {kind}{where} matches {filter_text.strip()}"
    return f"No {kind}s{where}." if deleted or experiments else EMPTY


@cli.command(
    epilog="""\b
Examples:
  jupyter track show last
  jupyter track show 12
  jupyter track show baseline --json | jq .params
"""
)
@click.argument("run", metavar="RUN", shell_complete=_complete(_run_choices))
@_json_option
@_store_option
@click.pass_context
def show(ctx: click.Context, run: str, as_json: bool, store: str | None) -> None:
    """Show one run in full.

    RUN is a number (12, or '#12' in quotes), a name (the newest so called), six or more digits of an id, last, or
    last~1 for the one before. Shown are its facts, why it failed, metrics, params and where each came from, tags,
    files, the source of its cells and the beginning of what they printed.
    """
    from .whole import read_whole, whole_plain

    whole = read_whole(_reader(_store(ctx, store)), run)
    if as_json:
        from .output import write
        from .plain import json_text

        write(json_text(whole_plain(whole)) + "\n")
        return
    from .screen import Screen
    from .show import whole_parts

    screen = Screen()
    screen.show(*whole_parts(whole, coloured=screen.is_coloured))


@cli.command(
    epilog="""\b
Examples:
  jupyter track status
  jupyter track status --store results/track.db
  jupyter track status --json | jq .lost
"""
)
@_json_option
@_store_option
@click.pass_context
def status(ctx: click.Context, as_json: bool, store: str | None) -> None:
    """Say which store is used, what it holds and what is wrong.

    Named are runs that are still running, runs that are lost (their kernel died), and batches that could not be
    written and wait to be read back. The exit code is 3 where there is no store yet and 1 where it cannot be read.
    """
    from .status import read_status, status_items, status_plain, status_problems

    found = read_status(_store(ctx, store))
    if as_json:
        from .output import write
        from .plain import json_text

        write(json_text(status_plain(found)) + "\n")
    else:
        from ..views.details import status_details
        from .screen import Screen, details_parts

        Screen().show(*details_parts(status_details(status_items(found, now_ms()), status_problems(found))))
    if not found.exists:
        ctx.exit(NOTHING_FOUND)
    if found.error is not None:
        ctx.exit(ERROR)
