"""The commands that look: runs, search, show, compare, watch, status. They change nothing and make no file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import common
from .common import (
    ERROR,
    NOTHING_FOUND,
    complete_runs,
    experiments_option,
    filter_option,
    json_option,
    looked_at,
    print_json,
    reader_of,
    runs_meant,
    store_of,
    store_option,
)

if TYPE_CHECKING:
    from ..store.reader import Reader

RUNS_SHOWN = 50


@dataclass(frozen=True)
class _Wanted:
    """What a table of runs is asked for."""

    experiments: Sequence[str] = ()
    filter_text: str = ""
    words: Sequence[str] = ()
    order_by: Sequence[str] = ()
    limit: int | None = RUNS_SHOWN
    deleted: bool = False
    unfolded: bool = False

    @property
    def none_found(self) -> str:
        """The sentence where no run is found."""
        from ..views.runs import EMPTY

        kind = "deleted run" if self.deleted else "run"
        where = f" in {', '.join(self.experiments)}" if self.experiments else ""
        asked = [" ".join(self.words), self.filter_text.strip()]
        if any(asked):
            return f"No {kind}{where} matches {' and '.join(filter(None, asked))}"
        return f"No {kind}s{where}." if self.deleted or self.experiments else EMPTY

    def numbers(self, reader: Reader) -> list[int]:
        """Return the store's numbers of all runs that are meant, whatever the limit."""
        from ..records import ViewType
        from ..store import run_rows

        ids = [reader.experiment_named(name).experiment_id for name in self.experiments] or None
        view = ViewType.DELETED_ONLY if self.deleted else ViewType.ACTIVE_ONLY
        wanted = run_rows.search(ids, self.filter_text, self.order_by, view, None, 0)
        if self.words:  # checked alone first, so that an error's position is the one in the person's text
            text = run_rows.words_filter(self.words)
            text = f"({text}) AND ({self.filter_text})" if self.filter_text.strip() else text
            wanted = run_rows.search(ids, text, self.order_by, view, None, 0)
        return run_rows.find(reader.store, wanted)


def _list(place: Path, wanted: _Wanted, as_json: bool, *, named: Path) -> None:
    """Write the runs that are meant; `named` is the store as the person named it."""
    from ..store import run_rows

    reader = reader_of(place)
    numbers = wanted.numbers(reader)
    found = run_rows.load(place, numbers[: wanted.limit])
    if as_json:
        from .plain import run_plain

        print_json({"store": str(named), "total": len(numbers), "runs": [run_plain(run) for run in found]})
        return
    from ..views.table import table_of
    from .runs import runs_parts
    from .screen import Screen, line

    screen = Screen()
    if not found:
        from ..store.filter_hints import unknown_keys

        hints = unknown_keys(place, wanted.filter_text) if not wanted.deleted else []
        screen.show(*map(line, [wanted.none_found, *hints]))
        return
    # What reads a pipe wants a run on every line.
    fold = screen.width is not None and not wanted.unfolded
    total = len(numbers)
    table = table_of(reader, found, common.now_ms(), limit=len(found), total=total, fold=fold, among=numbers)
    screen.show(*runs_parts(table, screen.width))
    if wanted.order_by and not wanted.deleted:
        from ..store.filter_hints import unknown_orders
        from ..views.format import one_line

        for hint in unknown_orders(place, wanted.order_by):
            click.echo(f"--order-by: {hint[0].lower()}{one_line(hint[1:])}", err=True)


_order_option = click.option(
    "--order-by",
    metavar="KEY",
    multiple=True,
    help="Such as 'metrics.loss' or 'start_time DESC'; may be given several times. The newest come first by default. "
    "A child stands below its parent.",
)
_limit_option = click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=1),
    metavar="COUNT",
    default=RUNS_SHOWN,
    show_default=True,
    help="The most runs.",
)
_all_option = click.option("--all", "every", is_flag=True, help="All runs, whatever the limit.")
_unfold_option = click.option(
    "--unfold", is_flag=True, help="A row for each run: failed attempts and repeats do not share one. As in a pipe."
)
_deleted_option = click.option("--deleted", is_flag=True, help="The deleted runs instead of the active ones.")


def _table_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what 'runs' and 'search' share, in the order of their help."""
    narrowing = (experiments_option, filter_option, _order_option, _limit_option, _all_option, _deleted_option)
    for option in reversed((*narrowing, _unfold_option, json_option, store_option)):
        command = option(command)
    return command


@click.command(
    epilog="""\b
Examples:
  jupyter track runs -e digits -n 10
  jupyter track runs "metrics.loss < 0.5 AND params.model = 'svm'"
  jupyter track runs --order-by "metrics.accuracy DESC"
  jupyter track runs --all --json | jq '.runs[].metrics.accuracy.last'
"""
)
@click.argument("words", metavar="[FILTER]", nargs=-1)
@_table_options
@click.pass_context
def runs(
    ctx: click.Context,
    words: Sequence[str],
    experiments: Sequence[str],
    filter_text: str,
    order_by: Sequence[str],
    limit: int,
    every: bool,
    deleted: bool,
    unfold: bool,
    as_json: bool,
    store: str | None,
) -> None:
    """List the runs of the store, the newest first.

    A row says the run's status, number, name, its main metric (with the goal: ↑ higher is better, ↓ lower, ? where
    that is guessed from the name; ▲ marks the best value), the change against the baseline, other metrics and the
    params that differ, its duration and age. Runs that failed at once and logged nothing share a row, and so do repeats
    (×3). Where the terminal is too narrow for all, the line below says what is missing. FILTER is the same as --filter;
    to find words, there is 'search'.
    """
    if words and filter_text:
        raise click.UsageError("Give the filter once: as FILTER or with --filter.")
    filter_text = filter_text or " ".join(words)
    wanted = _Wanted(experiments, filter_text, (), order_by, None if every else limit, deleted, unfold)
    _list(looked_at(ctx, store), wanted, as_json, named=store_of(ctx, store))


@click.command(
    epilog="""\b
Examples:
  jupyter track search dropout
  jupyter track search cosine warmup --filter "metrics.loss < 0.5"
  jupyter track search 'def augment' -e digits --json
"""
)
@click.argument("words", metavar="WORDS…", nargs=-1, required=True)
@_table_options
@click.pass_context
def search(
    ctx: click.Context,
    words: Sequence[str],
    experiments: Sequence[str],
    filter_text: str,
    order_by: Sequence[str],
    limit: int,
    every: bool,
    deleted: bool,
    unfold: bool,
    as_json: bool,
    store: str | None,
) -> None:
    """Find runs by words in their name, note, tags or code.

    Every word has to be there, in any of these places and in any case. A word with spaces, in quotes, is looked for
    as it is. The table is that of 'jupyter track runs'.
    """
    wanted = _Wanted(experiments, filter_text, words, order_by, None if every else limit, deleted, unfold)
    _list(looked_at(ctx, store), wanted, as_json, named=store_of(ctx, store))


@click.command(
    epilog="""\b
Examples:
  jupyter track show last
  jupyter track show 12
  jupyter track show best:accuracy
  jupyter track show baseline --json | jq .params
"""
)
@click.argument("run", metavar="RUN", shell_complete=complete_runs)
@json_option
@store_option
@click.pass_context
def show(ctx: click.Context, run: str, as_json: bool, store: str | None) -> None:
    """Show one run in full.

    RUN is a number (12, or '#12' in quotes), a name (the newest so called), six or more digits of an id, last,
    last~1 for the one before, best, best:val_loss, or baseline. Shown are its facts, why it failed, metrics, params
    and where each came from, tags, files, the source of its cells and the beginning of what they printed.
    """
    from .whole import read_whole, whole_plain

    whole = read_whole(reader_of(looked_at(ctx, store, contents=True)), run)
    if as_json:
        print_json(whole_plain(whole))
        return
    from .screen import Screen
    from .show import whole_parts

    screen = Screen()
    screen.show(*whole_parts(whole, coloured=screen.is_coloured))


@click.command(
    epilog="""\b
Examples:
  jupyter track compare                  the last run with the baseline
  jupyter track compare baseline last
  jupyter track compare 9 12 13
  jupyter track compare last~1 last --json | jq '.differs[] | select(.group == "params")'
"""
)
@click.argument("runs", metavar="[RUN…]", nargs=-1, shell_complete=complete_runs)
@json_option
@store_option
@click.pass_context
def compare(ctx: click.Context, runs: Sequence[str], as_json: bool, store: str | None) -> None:
    """Show what differs between runs, and which is better.

    One run alone, by default the last that finished or has metrics, is compared with the baseline of its experiment,
    else with the run before it of the same cell. Of several, the first is what the others are measured against. Shown
    are the params, metrics, tags and versions that differ, and the code as a diff; what is equal is counted. A change
    that is no more than that between repeats of a run is called within noise. Eight runs are shown at most.
    """
    from ..views.group_comparison import comparison_among
    from ..views.words import named

    reader = reader_of(looked_at(ctx, store, contents=True))
    found = runs_meant(reader, runs) if runs else []
    if len(found) == 1 and len(runs) > 1:
        raise click.UsageError(f"All of these are one run ({named(found)}); a comparison needs two or more.")
    comparison = comparison_among(reader, [run.run_id for run in found] if runs else None, groups=False)
    if as_json:
        from .compare import comparison_plain

        print_json({"store": str(store_of(ctx, store)), **comparison_plain(comparison)})
        return
    from .screen import Screen, block

    screen = Screen()
    if screen.width is None:
        screen.show(block(str(comparison)))
    else:
        from .compare import comparison_parts

        screen.show(*comparison_parts(comparison, screen.width))


@click.command(
    epilog="""\b
Examples:
  jupyter track watch
  jupyter track watch -e digits --filter "params.model = 'svm'"
  ssh lab -t jupyter track --store work watch
  jupyter track watch --once | head
"""
)
@experiments_option
@filter_option
@click.option(
    "-i",
    "--interval",
    type=click.FloatRange(min=0.5),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look.",
)
@click.option("--once", is_flag=True, help="Print the table once, as in a pipe.")
@json_option
@store_option
@click.pass_context
def watch(
    ctx: click.Context,
    experiments: Sequence[str],
    filter_text: str,
    interval: float,
    once: bool,
    as_json: bool,
    store: str | None,
) -> None:
    """Follow the runs on a terminal, running ones first; q ends.

    Shown are the latest metrics and how long each run has been going. The store is read again only where something
    was written to it. --json prints one moment, as --once does.
    """
    import sys

    from .live import Watched, follow

    place = store_of(ctx, store)
    live = not (once or as_json)
    if live and not sys.stdout.isatty():
        raise click.UsageError("The output is no terminal; --once prints the table once.")
    watched = Watched(place, experiments, filter_text, RUNS_SHOWN)
    if not live or place.is_file():
        reader_of(place)
        watched.read()  # a wrong filter or name is said at once
    if live:
        follow(watched, interval)
    elif as_json:
        from .plain import run_plain

        counts = {"total": watched.total, "running": watched.running}
        print_json({"store": str(place), **counts, "runs": [run_plain(run) for run in watched.runs]})
    else:
        from .screen import Screen

        screen = Screen()
        screen.show(*watched.parts(common.now_ms(), screen.width))


@click.command(
    epilog="""\b
Examples:
  jupyter track status
  jupyter track status --store results/track.db
  jupyter track status --json | jq .lost
"""
)
@json_option
@store_option
@click.pass_context
def status(ctx: click.Context, as_json: bool, store: str | None) -> None:
    """Say which store is used, what it holds and what is wrong.

    Named are runs that are still running, runs that are lost (their kernel died), and batches that could not be
    written and wait to be read back. The exit code is 3 where there is no store yet and 1 where it cannot be read.
    """
    from .status import read_status, status_items, status_plain, status_problems

    found = read_status(store_of(ctx, store))
    if as_json:
        print_json(status_plain(found))
    else:
        from ..views.details import status_details
        from .screen import Screen, details_parts

        details = status_details(status_items(found, common.now_ms()), status_problems(found))
        Screen().show(*details_parts(details))
    if not found.exists:
        ctx.exit(NOTHING_FOUND)
    if found.error is not None:
        ctx.exit(ERROR)
