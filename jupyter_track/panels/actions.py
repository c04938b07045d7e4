"""What a person does with runs in a live view, done in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..context.entered import safe_text
from ..errors import InvalidValue
from ..store import edits, experiment_edits, references
from ..store.bin import still_running
from ..store.reader import Reader
from ..views.found import Runs

MOST_RUNS = 100_000  # of one message


def ids_of(message: Mapping[str, Any]) -> list[str]:
    """Return the runs that a message names.

    Raises
    ------
    InvalidValue
        Where it names none in the form that is agreed.
    """
    runs = message.get("runs", [message.get("run")])
    if not isinstance(runs, Sequence) or isinstance(runs, str) or len(runs) > MOST_RUNS:
        raise InvalidValue("Runs are a list of ids.")
    if not all(isinstance(run_id, str) for run_id in runs):
        raise InvalidValue("Which run is meant is not said.")
    return list(runs)


def edit_runs(store: Path, name: str, message: Mapping[str, Any]) -> dict[str, Any] | None:
    """Edit runs as a view asks for.

    Parameters
    ----------
    store : Path
    name : str
        ``stop note rename tag untag pin unpin baseline unbaseline move delete restore undo``.
    message : mapping
        What belongs to it: ``runs`` or ``run``, ``text``, ``key``, ``value``, ``experiment``.

    Returns
    -------
    dict or None
        What belongs into the answer.

    Raises
    ------
    TrackError
        What cannot be done, in words for the person.
    """
    if name == "undo":
        return {"runs": edits.undo_delete(store)}
    ids = ids_of(message)
    if name == "stop":
        edits.request_stop(store, ids)
    elif name == "baseline":
        edits.set_baseline(store, _only(ids))
    elif name == "unbaseline":
        experiment_edits.clear_baseline(store, Reader(store).run(_only(ids)).experiment_id)
    elif name == "rename":
        edits.update_run(store, _only(ids), name=safe_text(references.check_new_name(_text(message, "text"))))
    elif name == "restore":  # without reading what may be thousands of runs
        edits.restore_runs(store, ids)
    elif name == "delete":
        edits.delete_runs(store, ids)
        return {"said": still_running(store, ids)}
    else:
        _edit(Runs(Reader(store).runs_of(ids), store=store), name, message)
    return None


def _only(ids: Sequence[str]) -> str:
    if len(ids) != 1:
        raise InvalidValue("One run is meant.")
    return ids[0]


def _edit(runs: Runs, name: str, message: Mapping[str, Any]) -> None:
    if name == "note":
        runs.note(_text(message, "text") or None)
    elif name == "tag":
        runs.tag({_text(message, "key"): _text(message, "value")})
    elif name == "untag":
        runs.untag(_text(message, "key"))
    elif name == "pin":
        runs.pin()
    elif name == "unpin":
        runs.unpin()
    elif name == "move":
        runs.move(_text(message, "experiment"))
    else:
        raise InvalidValue(f"A table does not know how to {name!r:.40}.")


def _text(message: Mapping[str, Any], name: str) -> str:
    text = message.get(name)
    if not isinstance(text, str):
        raise InvalidValue(f"The {name} is text.")
    return text
