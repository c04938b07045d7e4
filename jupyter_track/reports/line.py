"""The options of a report on a line: one list, of which the command line and ``%track report`` are made.

A line of ``%track`` holds a filter with quotes of its own, and what is quoted is text: ``params.note = 'see --title'``
has no option. So a line is cut into words with respect to quotes, and an option is a word that begins outside of them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from textwrap import wrap
from typing import Any

from ..errors import InvalidValue
from ..views.format import one_line
from .asked import SECTIONS


@dataclass(frozen=True)
class Option:
    """An option.

    Attributes
    ----------
    name : str
        What `asked_of` or the command calls it.
    words : tuple of str
        As it is written: ``-o``, ``--to``.
    help : str
    metavar : str
        What stands for its value in a usage; empty for the command line's own word.
    several : bool
        Whether it may be given several times.
    flag : bool
        Whether it has no value.
    """

    name: str
    words: tuple[str, ...]
    help: str
    metavar: str = ""
    several: bool = False
    flag: bool = False


OPTIONS = (
    Option("to", ("-o", "--to"), "The file to write."),
    Option("title", ("--title",), "By default the name of the experiment, or of the run."),
    Option("author", ("--author",), "Who stands below the title; by default nobody."),
    Option(
        "text",
        ("--text",),
        "Markdown with values ({{ best.metrics.accuracy }}) and charts by name ({{ curves('loss') }}).",
        "FILE",
    ),
    Option("lang", ("--lang",), "The language of the text, as de or pt-BR, for who reads it aloud.", "CODE"),
    Option(
        "folder",
        ("--folder",),
        "What the text shows and links may lie anywhere in it; by default in the text's own folder.",
        "FOLDER",
    ),
    Option(
        "sections",
        ("--section",),
        "Only this part; may be given several times, or as a list with commas, in the order that is wanted: "
        f"{' '.join(SECTIONS)}.",
        "NAME",
        several=True,
    ),
    Option(
        "kind",
        ("--kind",),
        "By default of a run where there is one, a comparison of two to eight that are named, else an experiment.",
    ),
    Option("metric", ("--metric",), "By which the runs are ranked; by default the main one.", "KEY"),
    Option(
        "compare",
        ("--compare",),
        "Stands beside the others; may be given several times, the first is what they are measured against. By "
        "default the baseline, the best and the pinned ones.",
        "RUN",
        several=True,
    ),
    Option("template", ("--template",), "A Jinja2 template that begins with {% extends 'report.html' %}.", "FILE"),
    Option(
        "built",
        ("--built",),
        "The moment that it says it was made at; by default SOURCE_DATE_EPOCH, or now.",
        "MOMENT",
    ),
    Option("paths", ("--paths",), "Keep paths of this machine, and who ran it.", flag=True),
    Option("overwrite", ("--overwrite",), "Replace a file that is no report; a report always is.", flag=True),
    Option(
        "experiments",
        ("-e", "--experiment"),
        "Only the runs of this experiment; may be given several times.",
        "NAME",
        several=True,
    ),
)
WORDS = tuple(word for option in OPTIONS for word in option.words)

HELP = ("-h", "--help")

# A word, with the parts of it that are quoted; a quote that is not closed holds all that follows it.
_WORD = re.compile(r"""(?:'[^']*(?:'|$)|"[^"]*(?:"|$)|`[^`]*(?:`|$)|[^\s'"`])+""", re.DOTALL)
_OPTION = re.compile(r"(-[a-z]|--[a-z][a-z-]*)(?:=(.*))?", re.DOTALL)
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def read(line: str) -> tuple[str, dict[str, Any]]:
    """Return what is left of a line without its options, as it stands, and the options by name.

    Raises
    ------
    InvalidValue
        For an option that there is not, one without its value, or a flag with one.

    Examples
    --------
    >>> read("params.note = 'see --title of it' --title 'Two words' --paths")
    ("params.note = 'see --title of it'", {'title': 'Two words', 'paths': True})
    >>> read("best --help")
    ('', {'help': True})
    """
    options: dict[str, Any] = {}
    left, end = "", 0
    words = _WORD.finditer(line)
    for word in words:
        found = _OPTION.fullmatch(word[0])
        if found is None:
            continue
        if found[1] in HELP:
            return "", {"help": True}
        option = _named(found[1])
        left += line[end : word.start()]
        end = word.end()
        if option.flag:
            if found[2] is not None:
                raise InvalidValue(f"%track report: {found[1]} takes no value.")
            options[option.name] = True
            continue
        given = found[2]
        if given is None:
            given, end = _next(words, end)
        if given is None or given in WORDS:
            raise InvalidValue(f"%track report: {found[1]} takes a value.")
        value = _unquoted(found[1], given)
        options[option.name] = [*options.get(option.name, ()), value] if option.several else value
    return (left + line[end:]).strip(), options


def quotes_hint(line: str) -> str:
    """Return a hint where a value may have been meant to go on: a word without quotes that another one follows.

    Examples
    --------
    >>> quotes_hint("best --title A sentence")
    "A value of several words needs quotes: --title 'A sentence'."
    >>> quotes_hint("best --title Sentence --paths")
    ''
    """
    words = [word[0] for word in _WORD.finditer(line)]
    valued = {word for option in OPTIONS for word in option.words if not option.flag}
    for place, word in enumerate(words):
        found = _OPTION.fullmatch(word)
        if found is None or found[1] not in valued:
            continue
        value, rest = (
            (found[2], words[place + 1 :]) if found[2] else ("".join(words[place + 1 : place + 2]), words[place + 2 :])
        )
        more = list(takewhile(lambda one: _OPTION.fullmatch(one) is None, rest))
        if more and value and value != "=" and not set("'\"") & set(value + more[0]):
            return f"A value of several words needs quotes: {found[1]} '{' '.join([value, *more])}'."
    return ""


def help_text() -> str:
    """Return what ``%track report`` takes, an option a paragraph."""
    heads = [f"  {', '.join(one.words)}{'' if one.flag else f' {one.metavar or one.name.upper()}'}" for one in OPTIONS]
    told = []
    for head, one in zip(heads, OPTIONS, strict=True):
        told += [head, *wrap(one.help, 100, initial_indent=" " * 6, subsequent_indent=" " * 6)]
    return "\n".join(["%track report [FILTER | RUN…] [options]", "", *told])


def moment_meant(given: str) -> datetime | float:
    """Return a moment that is written as seconds since 1970, or in ISO 8601.

    Raises
    ------
    InvalidValue
        For what is none.
    """
    for read_as in (float, datetime.fromisoformat):
        try:
            return read_as(given)
        except ValueError:
            continue
    raise InvalidValue(f"{given!r:.40} is no moment; write 2026-03-12T16:20+00:00, or seconds since 1970.")


def _named(word: str) -> Option:
    option = next((one for one in OPTIONS if word in one.words), None)
    if option is not None:
        return option
    near = difflib.get_close_matches(word, WORDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(WORDS)}."
    raise InvalidValue(f"%track report: there is no option {one_line(word)!r:.60}; {hint}")


def _next(words: Iterator[re.Match[str]], end: int) -> tuple[str | None, int]:
    """The value behind an option, also behind an ``=`` that stands alone, and where it ends."""
    word = next(words, None)
    if word is not None and word[0] == "=":
        word = next(words, None)
    return (None, end) if word is None else (word[0], word.end())


def _unquoted(name: str, given: str) -> str:
    left = _QUOTED.sub("", given)
    if "'" in left or '"' in left:
        raise InvalidValue(f"%track report: a quote in the value of {name} is not closed.")
    return _QUOTED.sub(lambda found: found[1] if found[1] is not None else found[2], given)
