"""The commands that tidy a store: clean, gc, doctor. What they would do is said first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..views.words import counted, named
from . import common
from .bin import BIN_DAYS
from .common import (
    ERROR,
    ask,
    days_given,
    json_option,
    needless_yes_option,
    print_json,
    reader_of,
    say,
    store_of,
    store_option,
    yes_option,
)

if TYPE_CHECKING:
    from ..store.reader import Reader
    from ..store.upkeep.checks import Finding
    from ..store.upkeep.clean import Reason
    from ..store.upkeep.gc import Collected
    from ..store.upkeep.repair import Report

_DAY_MS = 86_400_000


@click.command(
    epilog="""\b
Examples:
  jupyter track clean                              what could go, and why; nothing is touched
  jupyter track clean --older-than 90d
  jupyter track clean --reason failed-empty --apply
  jupyter track clean --repeats                    not listed unless asked for
  jupyter track clean --apply --yes --json         in a script
"""
)
@click.option("--apply", is_flag=True, help="Put them into the bin, after a question.")
@click.option(
    "--older-than",
    metavar="AGE",
    callback=days_given,
    help="List what began longer ago than this too, such as 90d or 12w.",
)
@click.option(
    "--reason",
    "chosen",
    metavar="REASON",
    multiple=True,
    type=click.Choice(["failed-empty", "short", "repeats", "old"]),
    help="Only what is listed for this reason: failed-empty, short, repeats or old; may be given several times. Repeats"
    " are listed only where they are named here.",
)
@click.option("--repeats", is_flag=True, help="List repeats beside what is listed without it.")
@yes_option
@json_option
@store_option
@click.pass_context
def clean(
    ctx: click.Context,
    apply: bool,
    older_than: float | None,
    chosen: Sequence[str],
    repeats: bool,
    yes: bool,
    as_json: bool,
    store: str | None,
) -> None:
    """List runs that may not be worth keeping.

    By reason, with counts and bytes: failed with nothing logged, too short, old (where --older-than is given), repeats
    of the same code and params (with --repeats; they are what 'within noise' is told from). Never listed is
    what is pinned, noted, tagged by a person, best of its experiment, a baseline, running, or above a run that stays.
    Nothing is touched without --apply, and what goes waits in the bin.
    """
    from ..store.upkeep import clean as cleaning

    reader = reader_of(store_of(ctx, store))
    now = common.now_ms()
    chosen = [*chosen, "repeats"] if chosen and repeats else chosen
    repeats = repeats or "repeats" in chosen
    older = None if older_than is None else round(older_than * _DAY_MS)
    found = [
        reason
        for reason in cleaning.candidates(reader.store, older_than_ms=older, repeats=repeats, now_ms=now)
        if reason.run_ids and (not chosen or reason.name in chosen)
    ]
    if not as_json:
        _show_reasons(reader, found, apply)
    count = len({run_id for reason in found for run_id in reason.run_ids})
    gone: list[str] = []
    if apply and found:
        if not ask(f"Put {counted(count, 'run')} into the bin?", yes=yes):
            say("Nothing was done.")
            return
        gone = list(cleaning.apply(reader.store, found))
        if not as_json:
            say(f"{counted(len(gone), 'run')} put into the bin. 'jupyter track undo' brings them back.")
    if as_json:
        reasons = [_reason_plain(reason) for reason in found]
        print_json({"store": str(reader.store), "runs": count, "reasons": reasons, "deleted": gone})


def _reason_plain(reason: Reason) -> dict[str, Any]:
    return {"name": reason.name, "title": reason.title, "run_ids": list(reason.run_ids), "bytes": reason.bytes}


def _show_reasons(reader: Reader, reasons: Sequence[Reason], apply: bool) -> None:
    from ..store.upkeep.clean import REPEATS_COST
    from ..views.details import Grid
    from ..views.format import size
    from .screen import Screen, grid_table, line

    if not reasons:
        Screen().show(line("There is nothing to clean."))
        return
    rows = []
    for reason in reasons:
        shown = named([reader.run(run_id) for run_id in reason.run_ids[:3]])
        more = len(reason.run_ids) - 3
        examples = f"{shown}, +{more:,} more" if more > 0 else shown
        rows.append((reason.name, reason.title, f"{len(reason.run_ids):,}", size(reason.bytes), examples))
    grid = Grid(("reason", "", "runs", "size", ""), tuple(rows), (False, False, True, True, False), wrap=4)
    hints = [REPEATS_COST] if any(reason.name == "repeats" for reason in reasons) else []
    hints += [] if apply else ["Nothing was touched; --apply puts them into the bin, --reason REASON some of them."]
    Screen().show(grid_table(grid), *map(line, hints))


@click.command(
    epilog="""\b
Examples:
  jupyter track gc --dry-run
  jupyter track gc                       asks
  jupyter track gc --older-than 7d --yes
"""
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option(
    "--older-than",
    metavar="AGE",
    default=f"{BIN_DAYS}d",
    show_default=True,
    callback=days_given,
    help="How long a run must have been in the bin: 30d, 12h, 4w; 0d takes all that is there.",
)
@yes_option
@json_option
@store_option
@click.pass_context
def gc(ctx: click.Context, dry_run: bool, older_than: float, yes: bool, as_json: bool, store: str | None) -> None:
    """Free the disk of what has been in the bin for long.

    These runs are then gone for good. Content that no run names any more, and what crashes left behind, goes too.
    """
    from ..store.upkeep.gc import collect, preview
    from .progress import bar

    reader = reader_of(store_of(ctx, store))
    planned = preview(reader.store, older_than_days=older_than)
    nothing = not (planned.runs or planned.files or planned.contents or planned.bytes_freed)
    if not dry_run and planned.runs:
        question = f"Delete {counted(planned.runs, 'run')} for good, and free about {_size(planned)}?"
        if not ask(question, yes=yes):
            say("Nothing was done.")
            return
    done = planned
    if not dry_run:
        with bar("deleting", "runs", quiet=as_json) as progress:
            done = collect(reader.store, older_than_days=older_than, progress=progress)
    if as_json:
        print_json({"store": str(reader.store), "dry_run": dry_run, **vars(done)})
    elif dry_run:
        said = f"Would go: {_gone(done)}; about {_size(done)} would be freed{_inside(done, 'about ')}."
        say("There is nothing to free." if nothing else said)
    else:
        said = f"Gone: {_gone(done)}; {_size(done)} freed{_inside(done)}."
        say("There was nothing to free." if nothing else said)


def _size(collected: Collected) -> str:
    from ..views.format import size

    return size(collected.bytes_freed)


def _inside(collected: Collected, about: str = "") -> str:
    """Say what is free within the store's file, and not worth making it smaller."""
    from ..views.format import size

    inside = collected.free_inside
    return f", {about}{size(inside)} inside the store's file will be reused" if inside else ""


def _gone(collected: Collected) -> str:
    parts = [counted(collected.runs, "run"), counted(collected.points, "point"), counted(collected.files, "file")]
    return ", ".join(parts)


@click.command(
    epilog="""\b
Examples:
  jupyter track doctor                   what is wrong; changes nothing
  jupyter track doctor --repair
  jupyter track doctor --mark-lost       also end runs whose kernel died
"""
)
@click.option("--repair", is_flag=True, help="Repair what is wrong; of a damaged file the original is kept.")
@click.option("--mark-lost", is_flag=True, help="Repair, and let runs whose process is gone end as stopped.")
@needless_yes_option
@json_option
@store_option
@click.pass_context
def doctor(ctx: click.Context, repair: bool, mark_lost: bool, as_json: bool, store: str | None) -> None:
    """Check a store, and repair it.

    Looked for are damage of the file, runs whose process is gone, curves whose summaries do not agree with their
    points, batches that wait to be read back, and content that is missing, damaged or named by no run. Of damaged
    pages all rows that can be read are saved; what is lost is counted, and said by later checks and 'status' too. The
    exit code is 1 where something is wrong and was not repaired, or was lost.
    """
    from ..store.upkeep import repair as repairing
    from .progress import bar

    reader = reader_of(store_of(ctx, store))
    with bar("checking", "points", quiet=as_json) as progress:
        if repair or mark_lost:
            report = repairing.repair(reader.store, mark_lost=mark_lost, progress=progress)
        else:
            report = repairing.examine(reader.store, progress=progress)
    repaired = repair or mark_lost
    wrong = [one for one in report.findings if one.wrong]
    left = [one for one in wrong if not (repaired and (one.repairable or (one.kind == "lost" and mark_lost)))]
    if as_json:
        kept = None if report.kept is None else str(report.kept)
        findings = [vars(finding) for finding in report.findings]
        said = {"did": list(report.did), "lost": list(report.lost), "lost_earlier": list(report.earlier)}
        print_json({"store": str(reader.store), "findings": findings, **said, "kept": kept})
    else:
        well = "The store is sound." if report.earlier else "All is well."
        lines = _doctor_lines(report, left, repaired)
        known = [f"· {one}" for one in report.findings if not one.wrong]
        say(*(lines if lines or wrong else [well]), *known, *_earlier_lines(reader, report))
    if left or report.lost:
        ctx.exit(ERROR)


def _doctor_lines(report: Report, left: Sequence[Finding], repaired: bool) -> list[str]:
    lines = [f"✗ {finding}" for finding in report.findings if finding.wrong]
    lines += [f"✓ {one}" for one in report.did]
    lines += [f"✗ {one}" for one in report.lost]
    if report.kept is not None:
        lines.append(f"The damaged file is kept as {report.kept}.")
    if not repaired and any(finding.repairable for finding in left):
        lines.append("'jupyter track doctor --repair' repairs what can be.")
    if any(finding.kind == "lost" for finding in left):
        lines.append("'jupyter track doctor --mark-lost' lets lost runs end as stopped.")
    return lines


def _earlier_lines(reader: Reader, report: Report) -> list[str]:
    """What earlier repairs lost: the store is sound, and yet not all is there."""
    from ..store.damaged import LOSSES
    from ..store.place import files_folder
    from ..views.format import one_line

    if not report.earlier:
        return []
    note = files_folder(reader.store).name + "/" + LOSSES
    lines = [f"! An earlier repair lost rows: {one_line(line)}" for line in report.earlier]
    return [*lines, f"Remove {note} to hear no more of it."]
