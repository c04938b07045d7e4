"""The verbs of ``%track`` that change something: what is said of runs, the bin, tidying, ``stop``, ``on``, ``off``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..context.entered import check_note, check_tags, safe_text
from ..errors import InvalidValue, NotFound
from ..recording.entries import NAME_TAG, NOTE_TAG, PARENT_TAG, now_ms
from ..recording.session import session
from ..records import Run
from ..store import edits, experiment_edits, references
from ..store.bin import below, still_running
from ..views.format import one_line, size
from ..views.html import status_html
from ..views.text import status_text
from ..views.words import counted, named
from . import showing
from .desk import Desk, refuse_options, split, take_flag, take_value
from .watched import Watching

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)")
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "": 86_400_000, "w": 604_800_000}
_BIN_DAYS = 30
_OWN_VERBS = {NAME_TAG: "rename", NOTE_TAG: "note"}


def _ids(runs: Sequence[Run]) -> list[str]:
    return [run.run_id for run in runs]


def _done(desk: Desk, runs: Sequence[Run], what: str) -> None:
    desk.tracker.follow_edits()
    desk.say(f"{named(runs)}: {what}")


def _some(runs: Sequence[Run], what: str) -> list[str]:
    """A sentence on some of the runs that were named, none where there are none."""
    return [f"{named(runs)}: {what}"] if runs else []


# ---- what is said of runs


def rename(desk: Desk, rest: str) -> None:
    """Give a run another name."""
    word, name = split(rest, "rename RUN NAME", 2, 2)
    run = desk.run(word)
    name = safe_text(references.check_new_name(name))
    edits.update_run(desk.tracker.store, run.run_id, name=name)
    _done(desk, [run], f"renamed to {one_line(name)}")


def tag(desk: Desk, rest: str) -> None:
    """Set tags of runs. A word with ``=`` is a tag, unless it comes first: a run may be called ``C=0.1``."""
    words = split(rest, "tag RUN… KEY=VALUE…", 2)
    start = len(words)
    while start > 1 and "=" in words[start - 1]:
        start -= 1
    if start == len(words):
        raise InvalidValue("%track tag RUN… KEY=VALUE…: there is no KEY=VALUE.")
    tags = dict(word.split("=", 1) for word in words[start:])
    for key in tags.keys() & _OWN_VERBS.keys():
        raise InvalidValue(f"The tag {key!r} is what %track {_OWN_VERBS[key]} sets.")
    if PARENT_TAG in tags:
        raise InvalidValue(f"The tag {PARENT_TAG!r} is the run's parent, and stays.")
    runs = desk.runs(words[:start])
    edits.set_tags(desk.tracker.store, _ids(runs), check_tags(tags))
    _done(desk, runs, f"tagged {one_line(' '.join(words[start:]))}")


def untag(desk: Desk, rest: str) -> None:
    """Remove a tag from those of the runs that have it."""
    *words, key = split(rest, "untag RUN… KEY", 2)
    runs = desk.runs(words)
    having = [run for run in runs if key in run.own_tags]
    if not having:
        there = sorted(
            {one for run in runs for one in run.own_tags if not one.startswith(("mlflow.", "jupyter_track."))}
        )
        known = f"there is {', '.join(map(one_line, there[:10]))}" if there else "there is no tag at all"
        raise NotFound(f"{named(runs)}: there is no tag {key!r}; {known}.")
    edits.delete_tags(desk.tracker.store, _ids(having), key)
    _done(desk, having, f"tag {one_line(key)} removed")


def note(desk: Desk, rest: str) -> None:
    """Set the note of a run, show it, or remove it with ``--clear``."""
    found = re.match(r"(\"[^\"]*\"|'[^']*'|\S+)\s*(.*)", rest.strip(), re.DOTALL)
    if found is None:
        raise InvalidValue("%track note RUN [TEXT]: name a run.")
    run = desk.run(found[1].strip("\"'"))
    text = found[2].strip()
    if len(text) > 1 and text[0] in "\"'" and text.endswith(text[0]):
        text = text[1:-1]
    if not text:
        desk.say(run.note or f"{named([run])} has no note.")
        return
    edits.set_note(desk.tracker.store, [run.run_id], None if text == "--clear" else check_note(text))
    _done(desk, [run], "note removed" if text == "--clear" else "note set")


def pin(desk: Desk, rest: str) -> None:
    """Keep runs on top of the table, and from tidying."""
    runs = desk.runs(split(rest, "pin RUN…", 1))
    changed = [run for run in runs if not run.pinned]
    edits.pin_runs(desk.tracker.store, _ids(changed))
    desk.tracker.follow_edits()
    desk.say("\n".join(_some(changed, "pinned") + _some([run for run in runs if run.pinned], "already pinned")))


def unpin(desk: Desk, rest: str) -> None:
    """Take the pins off runs."""
    runs = desk.runs(split(rest, "unpin RUN…", 1))
    changed = [run for run in runs if run.pinned]
    edits.pin_runs(desk.tracker.store, _ids(changed), pinned=False)
    desk.tracker.follow_edits()
    others = [run for run in runs if not run.pinned]
    desk.say("\n".join(_some(changed, "no longer pinned") + _some(others, "had no pin")))


def move(desk: Desk, rest: str) -> None:
    """Move runs and their children to another experiment."""
    *words, experiment = split(rest, "move RUN… EXPERIMENT", 2)
    runs = desk.runs(words)
    edits.move_runs(desk.tracker.store, _ids(runs), experiment)
    _done(desk, runs, f"moved to {one_line(experiment)}")


def baseline(desk: Desk, rest: str) -> None:
    """Set the run that others are measured against, say which it is, or take it away with ``--clear``."""
    words = split(rest, "baseline [RUN | --clear [EXPERIMENT]]", 0, 2)
    if take_flag(words, "--clear"):
        _clear_baseline(desk, words[0] if words else None)
        return
    refuse_options(words, "baseline")
    if words:
        run = desk.run(split(rest, "baseline RUN", 1, 1)[0])
        edits.set_baseline(desk.tracker.store, run.run_id)
        _done(desk, [run], f"the baseline of {one_line(run.experiment_name)}")
        return
    found = _baselines(desk)
    lines = []
    for name, run in found.items():
        gone = "" if run.lifecycle_stage == "active" else " (in the bin: it counts once it is restored)"
        lines.append(f"{one_line(name)}: {named([run])}{gone}")
    desk.say("\n".join(lines) or "No experiment has a baseline; %track baseline RUN sets it.")


def _baselines(desk: Desk) -> dict[str, Run]:
    reader = desk.reader()
    ids = {one.name: one.baseline_run_id for one in reader.experiments() if one.baseline_run_id is not None}
    known = {run.run_id: run for run in reader.runs_of(list(ids.values()))}  # not one that was deleted for good
    return {name: known[run_id] for name, run_id in ids.items() if run_id in known}


def _clear_baseline(desk: Desk, name: str | None) -> None:
    having = _baselines(desk)
    if name is None:
        name = session.experiment if session.experiment in having or len(having) != 1 else next(iter(having))
    if name not in having:
        raise NotFound(f"The experiment {name!r} has no baseline.")
    experiment_edits.clear_baseline(desk.tracker.store, desk.reader().experiment_named(name).experiment_id)
    desk.say(f"{one_line(name)} has no baseline any more.")


# ---- the bin


def delete(desk: Desk, rest: str) -> None:
    """Put runs into the bin."""
    runs = desk.runs(split(rest, "delete RUN…", 1))
    edits.delete_runs(desk.tracker.store, _ids(runs))
    stay = len(below(desk.tracker.store, _ids(runs)))
    left = f" {counted(stay, 'child run')} stay{'s' if stay == 1 else ''}." if stay else ""
    going = still_running(desk.tracker.store, _ids(runs))
    back = f"%track undo brings {'it' if len(runs) == 1 else 'them'} back."
    desk.say(f"{named(runs)}: deleted.{left} {back}" + (f"\n{going}" if going else ""))


def restore(desk: Desk, rest: str) -> None:
    """Take runs out of the bin; of two runs of a name the deleted one is meant."""
    runs = desk.reader().runs_meant(split(rest, "restore RUN…", 1), deleted=True)
    binned = [run for run in runs if run.lifecycle_stage == "deleted"]
    edits.restore_runs(desk.tracker.store, _ids(binned))
    others = [run for run in runs if run not in binned]
    desk.say("\n".join(_some(binned, "restored") + _some(others, "not in the bin")))


def undo(desk: Desk, rest: str) -> None:
    """Bring back what was deleted last."""
    split(rest, "undo", most=0)
    runs = desk.reader().runs_of(edits.undo_delete(desk.tracker.store))
    desk.say(f"{named(runs)}: restored")


def _forget(desk: Desk, runs: Sequence[Run]) -> None:
    for run in runs:
        desk.tracker.forget_run(run.run_id)


# ---- tidying


def clean(desk: Desk, rest: str) -> None:
    """List what could go, by reason, repeats only with ``--repeats``; with ``--apply`` it goes into the bin."""
    usage = "clean [--older-than 30d] [--repeats] [--apply]"
    words = split(rest, usage)
    apply = take_flag(words, "--apply")
    repeats = take_flag(words, "--repeats")
    older = take_value(words, "--older-than")
    refuse_options(words, "clean")
    split(" ".join(words), usage, most=0)
    age = None if older is None else _age(older)
    store = desk.reader().store
    from ..store.upkeep import clean as cleaning

    reasons = cleaning.candidates(store, older_than_ms=age, repeats=repeats, now_ms=now_ms())
    if not reasons:
        desk.say("There is nothing to tidy.")
        return
    if apply:
        gone = desk.reader().runs_of(cleaning.apply(store, reasons))
        _forget(desk, gone)
        desk.say(f"{counted(len(gone), 'run')} deleted. %track undo brings them back, %track gc frees the disk later.")
        return
    ids = {run_id for reason in reasons for run_id in reason.run_ids}
    reader = desk.reader()
    items = []
    for reason in reasons:
        runs = reader.runs_of(reason.run_ids)
        items.append((one_line(reason.title), f"{counted(len(runs), 'run')}, {size(reason.bytes)}: {named(runs)}"))
    again = " ".join(["%track clean", *(["--repeats"] if repeats else []), *(["--older-than", older] if older else [])])
    items.append(("in all", f"{counted(len(ids), 'run')}; nothing was touched: {again} --apply deletes them"))
    if any(reason.name == "repeats" for reason in reasons):
        items.append(("repeats", cleaning.REPEATS_COST))
    showing.show(desk.shell, status_html(items, []), status_text(items, []))


def _age(text: str) -> int:
    """An age such as ``30d`` in milliseconds; a number alone is days."""
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise InvalidValue(f"{text!r} is no age; write 30d, 12h, 45m or 4w (a number alone is days).")
    return round(float(found[1]) * _UNITS[found[2]])


def gc(desk: Desk, rest: str) -> None:
    """Free the disk of what has been in the bin for 30 days, or for an age that is given."""
    words = split(rest, "gc [--older-than 30d]")
    older = take_value(words, "--older-than")
    refuse_options(words, "gc")
    split(" ".join(words), "gc [--older-than 30d]", most=0)
    days = _BIN_DAYS if older is None else _age(older) / _UNITS["d"]
    store = desk.reader().store
    from ..store.upkeep import gc as collecting

    freed = collecting.collect(store, older_than_days=days)
    if not (freed.runs or freed.files or freed.bytes_freed > 0):  # room within the file is no disk yet
        since = f"{_BIN_DAYS} days" if older is None else older
        desk.say(f"There is nothing to free; what was deleted stays in the bin for {since}.")
        return
    gone = f"{counted(freed.runs, 'run')} and {counted(freed.files, 'file')} are gone"
    desk.say(f"{gone}, {size(max(0, freed.bytes_freed))} freed.")


# ---- runs to come, and runs that go on


def stop(desk: Desk, rest: str) -> None:
    """Ask runs to stop, in whichever process they run."""
    runs = desk.runs(split(rest, "stop RUN…", 1))
    going = [run for run in runs if run.state in ("running", "unknown", "scheduled")]
    for run in runs:
        if run.state == "lost":
            raise InvalidValue(f"{named([run])} is lost: its process is gone, and there is nothing to stop.")
        if run not in going:
            raise InvalidValue(f"{named([run])} has ended ({run.state}); there is nothing to stop.")
    edits.request_stop(desk.tracker.store, _ids(going))
    desk.say(f"{named(going)}: asked to stop")


def on(desk: Desk, rest: str) -> None:
    """Make a run of each following cell that logs or gives a metric."""
    words = split(rest, "on [-e EXPERIMENT]")
    experiment = take_value(words, "-e", "--experiment")
    refuse_options(words, "on")
    split(" ".join(words), "on [-e EXPERIMENT]", most=0)
    if experiment is not None:
        experiment_edits.check_experiment_name(experiment)
    desk.hooks.watching = Watching(experiment)
    where = one_line(experiment or session.experiment)
    desk.say(f"From the next cell on, a cell that logs or gives a metric is a run of {where}. %track off ends that.")


def off(desk: Desk, rest: str) -> None:
    """Leave cells alone that have no ``%%track``."""
    split(rest, "off", most=0)
    was = desk.hooks.watching is not None
    desk.hooks.watching = None
    desk.say("Only cells with %%track are runs now." if was else "It was off: only cells with %%track are runs.")
