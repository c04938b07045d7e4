"""The commands that change what a person said of runs: names, tags, notes, pins, baselines, places; and stop.

Each changes all of its runs in one transaction, or none.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..errors import InvalidValue
from ..views.words import named
from .common import (
    ERROR,
    complete_both,
    complete_experiments,
    complete_runs,
    json_option,
    print_json,
    reader_of,
    run_meant,
    runs_meant,
    say,
    store_of,
    store_option,
)

if TYPE_CHECKING:
    from ..records import Run
    from ..store.reader import Reader

_MACHINES = ("mlflow.", "jupyter_track.")  # how the keys of tags begin that no person set
_OWN_PLACES = {"mlflow.runName": "rename", "mlflow.note.content": "note"}


def answer(reader: Reader, changed: Sequence[Run], what: str, *, as_json: bool) -> None:
    """Say what was done to runs: `what` behind their names, or their records as they are now as JSON."""
    if as_json:
        from .plain import run_plain

        runs = [run_plain(run) for run in reader.runs_of([run.run_id for run in changed])]
        print_json({"store": str(reader.store), "did": what, "runs": runs})
    else:
        say(f"{named(changed)}: {what}")


def answer_some(
    reader: Reader, changed: Sequence[Run], what: str, others: Sequence[Run], why: str, *, as_json: bool
) -> None:
    """Say what was done to some of the runs that were named, and why nothing was to the others."""
    if changed or as_json:
        answer(reader, changed, what, as_json=as_json)
    if others and not as_json:
        say(f"{named(others)}: {why}")


_run_argument = click.argument("run", metavar="RUN", shell_complete=complete_runs)
_runs_argument = click.argument("runs", metavar="RUN…", nargs=-1, required=True, shell_complete=complete_runs)


@click.command(
    epilog="""\b
Examples:
  jupyter track rename last cosine-schedule
  jupyter track rename 12 'dropout 0.2'
"""
)
@_run_argument
@click.argument("name", metavar="NAME")
@json_option
@store_option
@click.pass_context
def rename(ctx: click.Context, run: str, name: str, as_json: bool, store: str | None) -> None:
    """Give a run another name.

    Names need not be unique; the newest run of a name is meant by it. A name that says something else, such as 12,
    last or a subcommand, is refused.
    """
    from ..context.entered import safe_text
    from ..store import edits, references
    from ..views.format import one_line

    reader = reader_of(store_of(ctx, store))
    found = [run_meant(reader, run)]
    new = safe_text(references.check_new_name(name))
    edits.update_run(reader.store, found[0].run_id, name=new)
    answer(reader, found, f"renamed to {one_line(new)}", as_json=as_json)


@click.command(
    epilog="""\b
Examples:
  jupyter track tag last keep=yes
  jupyter track tag 12 13 14 team=red stage='final try'
  jupyter track runs --filter "tags.keep = 'yes'"
"""
)
@click.argument("words", metavar="RUN… KEY=VALUE…", nargs=-1, required=True, shell_complete=complete_runs)
@json_option
@store_option
@click.pass_context
def tag(ctx: click.Context, words: Sequence[str], as_json: bool, store: str | None) -> None:
    """Set tags of runs.

    First the runs, then one or more KEY=VALUE. The first word is a run even where it holds an equals sign.
    """
    from ..context.entered import check_tags
    from ..store import edits
    from ..views.format import one_line

    references, pairs = _split_pairs(words)
    reader = reader_of(store_of(ctx, store))
    found = runs_meant(reader, references)
    tags = check_tags(pairs)
    edits.set_tags(reader.store, [run.run_id for run in found], tags)
    said = ", ".join(f"{key} = {one_line(value)}" for key, value in tags.items())
    answer(reader, found, f"tagged {said}", as_json=as_json)


def _split_pairs(words: Sequence[str]) -> tuple[Sequence[str], dict[str, str]]:
    at = next((index for index, word in enumerate(words) if index and "=" in word), len(words))
    references, pairs = words[:at], words[at:]
    if not pairs:
        raise click.UsageError("No KEY=VALUE is given; name the runs first, then what they get, such as keep=yes.")
    odd = next((word for word in pairs if "=" not in word), None)
    if odd is not None:
        raise click.UsageError(f"{odd!r} is no KEY=VALUE; name the runs before the tags.")
    tags = dict(word.split("=", 1) for word in pairs)
    for key in _OWN_PLACES.keys() & tags.keys():
        raise InvalidValue(f"The tag {key!r} has a command of its own: jupyter track {_OWN_PLACES[key]} RUN …")
    return references, tags


@click.command(
    epilog="""\b
Examples:
  jupyter track untag last keep
  jupyter track untag 12 13 14 stage
"""
)
@_runs_argument
@click.argument("key", metavar="KEY")
@json_option
@store_option
@click.pass_context
def untag(ctx: click.Context, runs: Sequence[str], key: str, as_json: bool, store: str | None) -> None:
    """Remove a tag of runs.

    Runs that do not have it stay as they are; where none of them has it, the exit code is 3.
    """
    from ..errors import NotFound
    from ..store import edits

    reader = reader_of(store_of(ctx, store))
    found = runs_meant(reader, runs)
    having = [run for run in found if key in run.own_tags]
    if not having:
        keys = sorted({one for run in found for one in run.own_tags if not one.startswith(_MACHINES)})
        there = f"there is {', '.join(keys[:10])}" if keys else "there is no tag at all"
        raise NotFound(f"{named(found)}: there is no tag {key!r}; {there}.")
    edits.delete_tags(reader.store, [run.run_id for run in having], key)
    answer(reader, having, f"tag {key} removed", as_json=as_json)


@click.command(
    epilog="""\b
Examples:
  jupyter track note last 'overfits after epoch 12'
  jupyter track note 12                     what its note says
  jupyter track note 12 --clear
  git log -1 --format=%B | jupyter track note last -
"""
)
@_run_argument
@click.argument("text", metavar="[TEXT…]", nargs=-1)
@click.option("--clear", is_flag=True, help="Remove the note.")
@json_option
@store_option
@click.pass_context
def note(ctx: click.Context, run: str, text: Sequence[str], clear: bool, as_json: bool, store: str | None) -> None:
    """Set, show or remove the note of a run.

    TEXT replaces the note that is there; - reads it from the standard input. Without TEXT the note is shown.
    """
    from ..context.entered import safe_text
    from ..store import edits

    if clear and text:
        raise click.UsageError("TEXT and --clear are given; one of them is meant.")
    reader = reader_of(store_of(ctx, store))
    found = [run_meant(reader, run)]
    if not text and not clear:
        _show_note(reader, found[0], as_json)
        return
    words = sys.stdin.read().strip() if text == ("-",) else " ".join(text)
    if not clear and not words.strip():
        raise InvalidValue("The note is blank; --clear removes a note.")
    edits.set_note(reader.store, [found[0].run_id], None if clear else safe_text(words))
    answer(reader, found, "note removed" if clear else "note set", as_json=as_json)


def _show_note(reader: Reader, run: Run, as_json: bool) -> None:
    if as_json:
        answer(reader, [run], "shown", as_json=True)
        return
    from .screen import Screen, block, line

    Screen().show(block(run.note) if run.note else line(f"{named([run])} has no note."))


@click.command(
    epilog="""\b
Examples:
  jupyter track pin best
  jupyter track pin 12 13
"""
)
@_runs_argument
@json_option
@store_option
@click.pass_context
def pin(ctx: click.Context, runs: Sequence[str], as_json: bool, store: str | None) -> None:
    """Keep runs on top of the table, and keep them from 'clean'."""
    _pin(ctx, runs, True, as_json, store)


@click.command(
    epilog="""\b
Examples:
  jupyter track unpin 12
"""
)
@_runs_argument
@json_option
@store_option
@click.pass_context
def unpin(ctx: click.Context, runs: Sequence[str], as_json: bool, store: str | None) -> None:
    """Take the pins off runs."""
    _pin(ctx, runs, False, as_json, store)


def _pin(ctx: click.Context, references: Sequence[str], pinned: bool, as_json: bool, store: str | None) -> None:
    from ..store import edits

    reader = reader_of(store_of(ctx, store))
    found = runs_meant(reader, references)
    changed, same = ([run for run in found if (run.pinned == pinned) is there] for there in (False, True))
    edits.pin_runs(reader.store, [run.run_id for run in changed], pinned)
    what, why = ("pinned", "already pinned") if pinned else ("no longer pinned", "had no pin")
    answer_some(reader, changed, what, same, why, as_json=as_json)


@click.command(
    epilog="""\b
Examples:
  jupyter track move 12 13 digits
  jupyter track move last 'second try'
"""
)
@click.argument("runs", metavar="RUN…", nargs=-1, required=True, shell_complete=complete_both)
@click.argument("experiment", metavar="EXPERIMENT", shell_complete=complete_experiments)
@json_option
@store_option
@click.pass_context
def move(ctx: click.Context, runs: Sequence[str], experiment: str, as_json: bool, store: str | None) -> None:
    """Move runs to another experiment, their children with them.

    The experiment is made where there is none of the name.
    """
    from ..store import edits
    from ..views.format import one_line

    reader = reader_of(store_of(ctx, store))
    found = runs_meant(reader, runs)
    edits.move_runs(reader.store, [run.run_id for run in found], experiment)
    answer(reader, found, f"moved to {one_line(experiment)}", as_json=as_json)


@click.command(
    epilog="""\b
Examples:
  jupyter track baseline 9                  measure the others against #9
  jupyter track baseline                    which run it is, by experiment
  jupyter track baseline --clear digits
"""
)
@click.argument("run", metavar="[RUN]", required=False, shell_complete=complete_runs)
@click.option(
    "--clear",
    metavar="[EXPERIMENT]",
    is_flag=False,
    flag_value="",
    shell_complete=complete_experiments,
    help="Let the experiment have no baseline; where only one has a baseline, its name is not needed.",
)
@json_option
@store_option
@click.pass_context
def baseline(ctx: click.Context, run: str | None, clear: str | None, as_json: bool, store: str | None) -> None:
    """Set or show the run that others are measured against.

    Each experiment has one, or none.
    """
    from ..store import edits, experiment_edits

    if run is not None and clear is not None:
        raise click.UsageError("RUN and --clear are given; one of them is meant.")
    reader = reader_of(store_of(ctx, store))
    if run is not None:
        found = [run_meant(reader, run)]
        edits.set_baseline(reader.store, found[0].run_id)
        answer(reader, found, f"baseline of {found[0].experiment_name}", as_json=as_json)
        return
    if clear is not None:
        name = clear or _only_with_baseline(reader)
        experiment_edits.clear_baseline(reader.store, reader.experiment_named(name).experiment_id)
    _show_baselines(reader, as_json)


def _only_with_baseline(reader: Reader) -> str:
    """Return the name of the only experiment that has a baseline."""
    from ..errors import NotFound
    from ..views.format import one_line

    names = [one.name for one in reader.experiments() if one.baseline_run_id is not None]
    if not names:
        raise NotFound("No experiment has a baseline.")
    if len(names) > 1:
        raise click.UsageError(f"{', '.join(map(one_line, names))} have a baseline; name the one: --clear EXPERIMENT.")
    return names[0]


def _show_baselines(reader: Reader, as_json: bool) -> None:
    from ..errors import NotFound
    from .plain import run_plain

    found: list[tuple[str, Run]] = []
    for experiment in reader.experiments():
        if experiment.baseline_run_id is not None:
            try:
                found.append((experiment.name, reader.run(experiment.baseline_run_id)))
            except NotFound:  # its run was deleted for good
                continue
    if as_json:
        baselines = [{"experiment_name": name, "run": run_plain(run)} for name, run in found]
        print_json({"store": str(reader.store), "baselines": baselines})
        return
    lines = []
    for name, run in found:
        gone = "" if run.lifecycle_stage == "active" else " (deleted)"
        lines.append(f"{name}: {named([run])}{gone}")
    say(*(lines or ["No experiment has a baseline. jupyter track baseline RUN sets it."]))


@click.command(
    epilog="""\b
Examples:
  jupyter track stop last
  jupyter track stop 12 13
"""
)
@_runs_argument
@json_option
@store_option
@click.pass_context
def stop(ctx: click.Context, runs: Sequence[str], as_json: bool, store: str | None) -> None:
    """Ask runs to stop.

    The process that runs them sees it within seconds, where it logs, and ends the run as stopped. Runs that have
    ended, or whose process is gone, cannot be stopped: they are named on stderr, and the exit code is 1.
    """
    from ..store import edits

    reader = reader_of(store_of(ctx, store))
    found = runs_meant(reader, runs)
    going = [run for run in found if run.state in ("running", "unknown", "scheduled")]
    if going:
        edits.request_stop(reader.store, [run.run_id for run in going])
    if going or as_json:
        answer(reader, going, "asked to stop", as_json=as_json)
    for run in found:
        if run not in going:
            click.echo(_why_not(run), err=True)
    if len(going) < len(found):
        ctx.exit(ERROR)


def _why_not(run: Run) -> str:
    if run.state == "lost":
        return (
            f"Error: {named([run])} is lost: its process is gone, and there is nothing to stop. "
            "'jupyter track doctor --mark-lost' ends it as stopped."
        )
    return f"Error: {named([run])} has ended ({run.state}); there is nothing to stop."
