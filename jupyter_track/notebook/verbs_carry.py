"""The verbs of ``%track`` that carry runs out of the store, and into it."""

from __future__ import annotations

from pathlib import Path

from ..errors import InvalidValue
from ..recording.session import session
from ..recording.stored import merge as merge_stores
from ..views.format import size
from ..views.words import counted
from .desk import Desk, refuse_options, split, take_flag


def export(desk: Desk, rest: str) -> None:
    """Write runs into a file in the form that its name says, by default all."""
    words = split(rest, "export FILE [RUN…] [--overwrite]", 1)
    overwrite = take_flag(words, "--overwrite")
    refuse_options(words, "export")
    if not words:
        raise InvalidValue("%track export FILE: name a file, such as runs.zip.")
    target, *references = words
    from ..store.upkeep.endings import export as write

    reader = desk.reader()
    runs = desk.runs(references) if references else reader.runs()
    place = session.folder() / Path(target).expanduser()
    written = write(reader.store, place, [run.run_id for run in runs], overwrite=overwrite)
    weight = f", {size(written.stat().st_size)}" if written.is_file() else ""
    desk.say(f"{counted(len(runs), 'run')} written to {target}{weight}.")


def merge(desk: Desk, rest: str) -> None:
    """Bring the runs of other stores into this one."""
    words = split(rest, "merge STORE…", 1)
    refuse_options(words, "merge")
    done = merge_stores(*words)
    lines = [f"{counted(done.added, 'run')} added, {done.updated:,} updated, {done.unchanged:,} unchanged."]
    if done.conflicts:
        lines.append(f"{counted(len(done.conflicts), 'value')} differ and stay as they are here.")
    missing = sum(len(one.missing) for one in done.sources)
    if missing:
        lines.append(f"{counted(missing, 'file')} could not be read there, and are missing here.")
    desk.say(" ".join(lines))
