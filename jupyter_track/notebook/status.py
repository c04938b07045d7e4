"""What ``%track status`` says: the store, versions, what is captured, what is wrong."""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING

from .._version import __version__
from ..errors import StoreError
from ..recording import active
from ..recording.session import session
from ..store import pending, problems
from ..store.damaged import past_losses
from ..store.place import store_exists
from ..store.writer import writer_for
from ..views.format import one_line, size

if TYPE_CHECKING:
    from .hooks import CellHooks

STATUS_WAIT = 2.0
STATUS_RUNS = 100


def status_items(hooks: CellHooks) -> list[tuple[str, str]]:
    """Return the facts as (name, text), in the order in which they are shown."""
    tracker = session.tracker()
    items = [("store", str(tracker.store)), *_store_facts()]
    items.append(("notebook", str(session.notebook) if session.notebook else "not known (no front end says it)"))
    items.append(("experiment", session.experiment))
    run = active.current()
    items.append(("active run", "none" if run is None else run.name))
    items.append(("untracked cells", _untracked(hooks)))
    settings = hooks.settings
    on = [kind for kind in ("figures", "output", "source", "git") if getattr(settings, kind)]
    if settings.auto_params:
        on.insert(0, "params")
    if settings.auto_metrics != "off":
        on.insert(0, f"metrics ({settings.auto_metrics})")
    items.append(("captured", ", ".join(on) or "nothing but what is logged"))
    items.append(("executions seen", str(len(hooks.history.executions))))
    items.append(("versions", _versions()))
    return items


def _untracked(hooks: CellHooks) -> str:
    if hooks.watching is None:
        return "no runs (%track on makes runs of those that log)"
    experiment = hooks.watching.experiment or session.experiment
    return f"a run of {experiment} where they log or give a metric (%track off)"


def _store_facts() -> list[tuple[str, str]]:
    tracker = session.tracker()
    if not store_exists(tracker.store):
        return [("content", "nothing yet; the first run makes the file")]
    pending.flush(tracker.store, STATUS_WAIT)
    try:
        info = tracker.reader.info()
    except StoreError as error:
        return [("content", f"cannot be read: {error}")]
    counts = [_count(info.runs, "run"), _count(info.experiments, "experiment"), _count(info.points, "point")]
    return [
        ("content", ", ".join((*counts, size(info.size)))),
        ("schema", str(info.version)),
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _versions() -> str:
    found = [f"jupyter-track {__version__}", f"Python {sys.version.split()[0]}", f"SQLite {sqlite3.sqlite_version}"]
    for name in ("IPython", "ipykernel", "ipywidgets"):
        module = sys.modules.get(name)
        if module is not None:
            found.append(f"{name} {getattr(module, '__version__', '?')}")
    return " · ".join(found)


def status_problems() -> list[str]:
    """Return what is wrong, one sentence each."""
    found = [
        problem.message if problem.count == 1 else f"{problem.message} ({problem.count} times)"
        for problem in problems.current()
    ]
    if writer_for(session.tracker().store).spilled:
        found.append("What was logged last lies in a side file; it is read back once the store can be written.")
    found += [f"An earlier repair lost rows: {one_line(line)}" for line in past_losses(session.tracker().store)]
    return [*found, *_lost_runs()]


def _lost_runs() -> list[str]:
    """Runs whose process is gone without having ended them."""
    tracker = session.tracker()
    if not store_exists(tracker.store):
        return []
    try:
        running = tracker.reader.runs(filter_string="status = 'RUNNING'", limit=STATUS_RUNS)
    except StoreError:  # said above, with the content
        return []
    return [
        f"#{run.number} {run.name} is lost: its process ended without it." for run in running if run.state == "lost"
    ]
