"""What a person gives for a report, as `Asked`: files are read, runs looked up, moments told in milliseconds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import InvalidValue, MissingFile, NotFound
from ..store.reader import Reader
from ..views.compared import Comparison
from ..views.group_comparison import groups_in
from .among import is_word
from .asked import MOST_COMPARED, Asked
from .meant import ids_meant, namesakes

MOST_TEXT = 1_000_000
_ENDINGS = (".md", ".markdown", ".txt")
_LIKE_A_FILE = re.compile(r"[^\s{}]+\.[A-Za-z]\w{0,9}")  # one word with an ending is no narrative


def asked_of(
    reader: Reader,
    runs: Any,
    *,
    title: str = "",
    author: str = "",
    lang: str = "",
    text: str | os.PathLike[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    sections: Sequence[str] | None = None,
    kind: str | None = None,
    metric: str | None = None,
    compare: Any = None,
    template: str | os.PathLike[str] | None = None,
    built: datetime | int | float | None = None,
    private: bool = True,
) -> tuple[list[str], Asked]:
    """Return the ids of the runs, and what is asked for.

    Raises
    ------
    TrackError
        For what there is not, in words for the person.
    """
    run_ids, named = ids_meant(reader, runs)
    if kind is None and named and 2 <= len(run_ids) <= MOST_COMPARED:
        kind = "comparison"
    if isinstance(sections, str):
        sections = [word for word in sections.replace(",", " ").split() if word]
    words, name, text_folder = text_of(text)
    columns = _columns(reader, runs, run_ids if kind == "comparison" and compare is None else ())
    kind = kind or ("comparison" if columns else None)
    asked = Asked(
        kind=kind,  # type: ignore[arg-type]  # checked with the rest
        title=title,
        author=author,
        lang=lang,
        sections=None if sections is None else tuple(sections),
        text=words,
        text_name=name,
        text_folder=text_folder,
        folder=None if folder is None else Path(folder).expanduser(),
        metric=metric,
        compare=None if compare is None else _compared(reader, compare),
        columns=columns,
        template=None if template is None else Path(template).expanduser(),
        built=moment_of(built),
        private=private,
        told=namesakes(reader, runs, run_ids) if named else (),
    )
    return run_ids, asked


def _columns(reader: Reader, meant: Any, run_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The groups that are compared: those of a comparison, else those that runs fall into, as in `compare`."""
    if isinstance(meant, Comparison):
        if not any(run.members for run in meant.runs):
            return ()
        return tuple(run.members or (run.run_id,) for run in meant.runs)
    found = groups_in(reader, reader.runs_of(list(run_ids))) if run_ids else []
    return tuple(map(tuple, found))


def _compared(reader: Reader, meant: Any) -> tuple[str, ...]:
    """The runs that are compared, as `Asked.compare` has them; names may be a list with commas."""
    several = [meant] if isinstance(meant, (str, int)) or not isinstance(meant, Iterable) else list(meant)
    found: list[str] = []
    for one in several:
        try:
            found += _ids_or_word(reader, one)
        except NotFound:
            if not isinstance(one, str) or "," not in one:  # a comma may belong to a name
                raise
            for word in one.split(","):
                found += _ids_or_word(reader, word.strip()) if word.strip() else []
    return tuple(found)


def _ids_or_word(reader: Reader, meant: Any) -> list[str]:
    """The ids of runs; `best`, `last` and `baseline` as they are: they are looked for among the runs of the report."""
    if isinstance(meant, str) and is_word(meant) and "," not in meant:
        return [meant.strip()]
    return ids_meant(reader, [meant])[0]


def text_of(given: str | os.PathLike[str] | None) -> tuple[str, str, Path | None]:
    """Return a text, where it is from and its folder: a path, or one line that ends like a file's name, is read.

    Raises
    ------
    MissingFile
        Where there is no such file.
    InvalidValue
        Where it is no text, or too long.
    """
    if given is None:
        return "", "the text", None
    if isinstance(given, str) and not ("\n" not in given and given.strip().endswith(_ENDINGS)):
        if _LIKE_A_FILE.fullmatch(given.strip()):
            raise InvalidValue(f"{given.strip()!r} looks like a file's name; a text's ends in {', '.join(_ENDINGS)}.")
        return given, "the text", None
    path = Path(os.fspath(given).strip())
    try:
        path = path.expanduser()
        if path.stat().st_size > MOST_TEXT:
            raise InvalidValue(f"{path} has more than {MOST_TEXT // 1_000_000} MB; a report's text is shorter.")
        return path.read_text(encoding="utf-8-sig"), str(path), path.parent
    except FileNotFoundError:
        raise MissingFile(f"There is no text {str(path)!r}.") from None
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{path} is no text in UTF-8: {error.reason} at byte {error.start}.") from None
    except InvalidValue:
        raise
    except (OSError, ValueError, RuntimeError) as error:  # a folder, a name that is too long, has a NUL, or no home
        why = getattr(error, "strerror", None) or error
        raise InvalidValue(f"The text {str(path)!r:.80} cannot be read ({why}).") from None


def moment_of(given: datetime | int | float | None) -> int | None:
    """Return a moment in milliseconds since the epoch.

    Raises
    ------
    InvalidValue
        For what is no moment.
    """
    if given is None:
        return None
    try:
        seconds = given.timestamp() if isinstance(given, datetime) else float(given)
        datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise InvalidValue(f"built is a datetime or seconds since 1970, not {given!r:.60}.") from None
    return int(seconds) * 1000
