"""Tab on a line of ours: options, verbs, runs, experiments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

from ..errors import TrackError
from ..records import ViewType
from ..store import curve_feed, filter_hints, references
from ..store.database import reading
from ..views.curves import AXES
from ..views.format import one_line
from .desk import Desk
from .options import OPTION_NAMES
from .transformer import HEAD
from .verbs import VERBS

TAB_WAIT = 0.5  # seconds that Tab waits for what was logged last
MOST = 200  # words that are offered
_FIELD = re.compile(r"(metrics?|params?|tags?)\.", re.IGNORECASE)  # where a filter names a key
_PLAIN = re.compile(r"[\w./:-]+")  # a key that a filter takes without back-ticks
_TABLES: dict[str, Literal["metrics", "params", "tags"]] = {
    word: table for table in ("metrics", "params", "tags") for word in (table, table.removesuffix("s"))
}


def completions(desk: Desk, line: str) -> Iterator[tuple[str, str]]:
    """Give the words that complete a line of ours, each with the part of the line that it replaces.

    Examples
    --------
    >>> list(completions(Desk(None, None), "%%track --exp"))
    [('--experiment', '--exp')]
    """
    if not line.startswith(("%track ", "%%track ")):
        return
    begun = line.rpartition(" ")[2]
    for word in _words(desk, line, begun):
        written = _written(word, begun[:1])
        if written is not None and written.lower().startswith(begun.lower()):
            yield written, begun


def _written(word: str, sign: str) -> str | None:
    """How a word stands on the line: a name with blanks in quotes; None where quotes do not make it one word."""
    quote = sign if sign in ("'", '"') else "'"
    if not any(character.isspace() for character in word):
        return word if sign != quote else f"{quote}{word}{quote}"
    return None if quote in word or "\\" in word else f"{quote}{word}{quote}"


def _words(desk: Desk, line: str, begun: str) -> list[str]:
    """What may stand at the end of a line that begins with ``%track`` or ``%%track``."""
    before = line[: len(line) - len(begun)].split()[1:]
    if before[-1:] in (["-e"], ["--experiment"]):
        return _experiments(desk)
    if HEAD.match(line) is not None:
        return list(OPTION_NAMES)
    if not before:
        return list(VERBS)
    verb = VERBS.get(before[0])
    if verb is None:
        return []
    if before[-1:] == ["-x"]:
        return [*AXES, *_metrics(desk)]
    if before[-1:] in (["-m"], ["--metric"]):
        return _metrics(desk)
    if before[-1:] == ["--group"]:
        return ["seed", *_keys(desk, "params")]
    if "FILTER" in verb.usage and (field := _FIELD.match(begun)) is not None:
        table = _TABLES[field[1].lower()]
        return [f"{field[0]}{key}" for key in _keys(desk, table) if _PLAIN.fullmatch(key)]
    if begun.startswith("-"):
        return list(verb.options)
    found: list[str] = []
    if "params" in verb.takes:
        found += _keys(desk, "params")
    if "metrics" in verb.takes:
        found += _metrics(desk)
    if "runs" in verb.takes:
        found += _references(desk, begun)
    if "deleted" in verb.takes:
        found += _deleted(desk)
    if "experiments" in verb.takes and len(before) > 1:
        found += _experiments(desk)
    return found


def _references(desk: Desk, begun: str) -> list[str]:
    try:
        reader = desk.found(TAB_WAIT)
        if reader is None:
            return []
        with reading(reader.store) as connection:
            words = [word for word, _ in references.candidates(connection, begun.lstrip("'\""), MOST)]
    except TrackError:  # the command itself says what is wrong with the store
        return []
    return [word for word in words if word == one_line(word)]


def _metrics(desk: Desk) -> list[str]:
    try:
        reader = desk.found(TAB_WAIT)
        keys = curve_feed.metric_keys(reader.store, most=MOST) if reader is not None else []
    except TrackError:  # as above
        return []
    return [key for key in keys if key == one_line(key)]


def _keys(desk: Desk, table: Literal["metrics", "params", "tags"]) -> list[str]:
    try:
        reader = desk.found(TAB_WAIT)
        keys = filter_hints.known_keys(reader.store, table)[:MOST] if reader is not None else []
    except TrackError:  # as above
        return []
    return [key for key in keys if key == one_line(key)]


def _deleted(desk: Desk) -> list[str]:
    try:
        reader = desk.found(TAB_WAIT)
        runs = reader.runs(view_type=ViewType.DELETED_ONLY, limit=MOST) if reader is not None else []
    except TrackError:  # as above
        return []
    names = dict.fromkeys(run.name for run in runs if run.name == one_line(run.name))
    return [*(f"#{run.number}" for run in runs), *names]


def _experiments(desk: Desk) -> list[str]:
    try:
        reader = desk.found(TAB_WAIT)
        found = reader.experiments(limit=MOST) if reader is not None else []
    except TrackError:  # as above
        return []
    return [one.name for one in found if one.name == one_line(one.name)]


def set_up_completion(shell: Any, desk: Desk) -> Any:
    """Make Tab complete our lines; returns what `remove_completion` takes."""
    try:
        from IPython.core.completer import SimpleCompletion, context_matcher
    except ImportError:  # IPython before 8.6
        matcher = _older_matcher(shell.Completer, desk)
        shell.Completer.magic_arg_matchers.append(matcher)
        return matcher

    @context_matcher()  # type: ignore[untyped-decorator,unused-ignore]
    def track_line(context: Any) -> dict[str, Any]:
        line = context.full_text.split("\n")[context.cursor_line][: context.cursor_position]
        found = [SimpleCompletion(text=word, type="param") for word, _ in completions(desk, line)]
        begun = line.rpartition(" ")[2]
        return {"completions": found, "suppress": bool(found), "matched_fragment": begun}

    shell.Completer.custom_matchers.append(track_line)
    return track_line


def remove_completion(shell: Any, matcher: Any) -> None:
    """Take the completion away."""
    for matchers in (shell.Completer.custom_matchers, getattr(shell.Completer, "magic_arg_matchers", [])):
        if matcher in matchers:
            matchers.remove(matcher)


def _older_matcher(completer: Any, desk: Desk) -> Callable[[str], list[str]]:
    """Return what completes arguments of magics in IPython before 8.6: what it gives stands alone, without Jedi's."""

    def track_line(line: str) -> list[str]:
        line = completer.text_until_cursor
        # IPython replaces its own token, which begins after a "#" and the like.
        token = completer.splitter.split_line(line)
        return [word[len(begun) - len(token) :] for word, begun in completions(desk, line)]

    return track_line
