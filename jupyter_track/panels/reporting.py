"""The report that a person asks for in a panel: written beside the notebook, with a name that stays in its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InvalidValue, NotFound
from ..store import pending
from ..store.place import store_exists
from ..store.reader import Reader
from ..views.format import size
from ..views.found import Runs
from .actions import ids_of

ENDINGS = (".html", ".htm", ".md")
_FLUSH_WAIT = 2.0  # seconds


def write_report(
    store: Path, folder: Path, message: Mapping[str, Any], shown: Callable[[], Sequence[str]]
) -> dict[str, Any]:
    """Write a report of runs, and return its name and its size in words.

    Parameters
    ----------
    store : Path
    folder : Path
        The notebook's.
    message : mapping
        ``file``, and ``runs``, which are the selected ones; without any the report is of all that the panel shows.
    shown : callable
        Gives these.

    Raises
    ------
    InvalidValue
        For a name that leads out of the folder, or is no report's.
    TrackError
        Where it cannot be made or written, in words for the person.
    """
    from ..reports.make import make_report
    from ..reports.options import asked_of

    place = _place(folder, message.get("file"))
    ids = ids_of(message)
    pending.flush(store, _FLUSH_WAIT)
    if not store_exists(store):
        raise NotFound("There are no runs yet.")
    reader = Reader(store)
    meant: Any = ids or Runs(reader.runs_of(list(shown())), store=store)
    saved = make_report(reader, *asked_of(reader, meant)).save(place)
    return {"text": place.relative_to(folder).as_posix(), "said": size(saved.size)}


def _place(folder: Path, name: object) -> Path:
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise InvalidValue("Name a file, such as report.html.")
    place = folder / name.strip()
    if place.suffix.lower() not in ENDINGS:
        raise InvalidValue(f"A report is a page or Markdown: {place.stem}.html or {place.stem}.md.")
    if not place.resolve().is_relative_to(folder.resolve()):
        raise InvalidValue("From here a report is written beside the notebook; track.report(to=…) writes elsewhere.")
    return place
