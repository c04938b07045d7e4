"""The bin: deleting runs, bringing them back, and what lies in it until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..views.words import counted
from . import common
from .common import (
    complete_deleted,
    complete_runs,
    json_option,
    needless_yes_option,
    print_json,
    reader_of,
    runs_meant,
    say,
    store_of,
    store_option,
)
from .edit import answer, answer_some

if TYPE_CHECKING:
    from ..records import Run
    from ..store.reader import Reader

BIN_DAYS = 30  # how long 'gc' leaves deleted runs alone, where nothing else is said
_DAY_MS = 86_400_000


@click.command(
    epilog="""\b
Examples:
  jupyter track delete 12 13
  jupyter track delete sweep --children
  jupyter track undo                        bring back what was deleted last
"""
)
@click.argument("runs", metavar="RUN…", nargs=-1, required=True, shell_complete=complete_runs)
@click.option("--children", is_flag=True, help="Delete the runs below them too, at any depth.")
@needless_yes_option
@json_option
@store_option
@click.pass_context
def delete(ctx: click.Context, runs: Sequence[str], children: bool, as_json: bool, store: str | None) -> None:
    """Put runs into the bin.

    Nothing is lost by it: 'undo' and 'restore' bring them back, until 'gc' frees the disk of what has been in the bin
    for 30 days. A run that is still running goes on: what it logs lies in the bin with it.
    """
    from ..store import bin as bins
    from ..store import edits

    reader = reader_of(store_of(ctx, store))
    found = runs_meant(reader, runs)
    below = reader.runs_of(bins.below(reader.store, [run.run_id for run in found]))
    gone = [*found, *below] if children else found
    edits.delete_runs(reader.store, [run.run_id for run in gone])
    answer(reader, gone, "deleted", as_json=as_json)
    if not as_json:
        left = [] if children else below
        stays = f"{counted(len(left), 'child run')} stay{'s' if len(left) == 1 else ''}"
        more = f"{stays}; --children deletes {'it' if len(left) == 1 else 'them'} too. " if left else ""
        going = bins.still_running(reader.store, [run.run_id for run in gone])
        say(f"{more}'jupyter track undo' brings back what was deleted last.", *([going] if going else []))


@click.command(
    epilog="""\b
Examples:
  jupyter track bin                         what is in it
  jupyter track restore 12 13
  jupyter track restore baseline            the newest deleted run of this name
"""
)
@click.argument("runs", metavar="RUN…", nargs=-1, required=True, shell_complete=complete_deleted)
@json_option
@store_option
@click.pass_context
def restore(ctx: click.Context, runs: Sequence[str], as_json: bool, store: str | None) -> None:
    """Take runs out of the bin.

    Of several runs of a name the newest deleted one is meant, and of a range (3..7) those that are deleted.
    """
    from ..store import edits

    reader = reader_of(store_of(ctx, store))
    found = reader.runs_meant(runs, deleted=True)
    binned, others = ([run for run in found if (run.lifecycle_stage == "deleted") is there] for there in (True, False))
    edits.restore_runs(reader.store, [run.run_id for run in binned])
    answer_some(reader, binned, "restored", others, "not in the bin", as_json=as_json)


@click.command(
    epilog="""\b
Examples:
  jupyter track undo
"""
)
@json_option
@store_option
@click.pass_context
def undo(ctx: click.Context, as_json: bool, store: str | None) -> None:
    """Bring back what was deleted last.

    Runs that were deleted together come back together, also by 'clean'; again brings back what was deleted before
    that. The exit code is 3 where the bin is empty.
    """
    from ..store import edits

    reader = reader_of(store_of(ctx, store))
    found = reader.runs_of(edits.undo_delete(reader.store))
    answer(reader, found, "restored", as_json=as_json)


@click.command(
    "bin",
    epilog="""\b
Examples:
  jupyter track bin
  jupyter track restore 12
  jupyter track gc                          free the disk of what is old enough
""",
)
@json_option
@store_option
@click.pass_context
def show_bin(ctx: click.Context, as_json: bool, store: str | None) -> None:
    """Show what is in the bin and when it may go.

    Nothing goes by itself: from that day on 'jupyter track gc' frees the disk of it.
    """
    from ..records import ViewType
    from ..store.bin import deleted_times

    reader = reader_of(store_of(ctx, store))
    times = deleted_times(reader.store)
    found = reader.runs(view_type=ViewType.DELETED_ONLY)
    found.sort(key=lambda run: -times.get(run.run_id, 0))
    if as_json:
        _print_bin(reader, found, times)
        return
    from ..views.details import Grid
    from ..views.format import age, duration, iso, middle_cut, one_line
    from .screen import Screen, grid_table, line

    if not found:
        Screen().show(line("The bin is empty."))
        return
    now = common.now_ms()
    rows = []
    for run in found:
        when = times.get(run.run_id)
        gone = "" if when is None else age(when, now)
        goes = "" if when is None else iso(when + BIN_DAYS * _DAY_MS)[:10]
        took = "" if run.duration is None else duration(run.duration)
        name, experiment = middle_cut(one_line(run.name), 40), middle_cut(one_line(run.experiment_name), 40)
        rows.append((str(run.number), name, experiment, run.state, took, gone, goes))
    header = ("#", "name", "experiment", "was", "duration", "deleted", "gc takes it from")
    grid = Grid(header, tuple(rows), (True, False, False, False, True, True, False))
    Screen().show(grid_table(grid), line(f"{counted(len(found), 'run')} · 'jupyter track restore RUN' brings one back"))


def _print_bin(reader: Reader, runs: Sequence[Run], times: dict[str, int]) -> None:
    from .plain import moment, run_plain

    plain = []
    for run in runs:
        when = times.get(run.run_id)
        goes = None if when is None else when + BIN_DAYS * _DAY_MS
        plain.append({**run_plain(run), **moment("deleted_time", when), **moment("goes_time", goes)})
    print_json({"store": str(reader.store), "runs": plain})
