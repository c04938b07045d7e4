"""The verbs of ``%track``: which there are, what their line takes, and how one that is mistyped is answered."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import InvalidValue, TrackError
from ..reports.line import HELP
from ..reports.line import WORDS as REPORT_OPTIONS
from ..views.format import one_line
from . import verbs_carry as carry
from . import verbs_charts as charts
from . import verbs_edit as edit
from . import verbs_look as look
from . import verbs_report
from .desk import Desk

_FIELD = re.compile(r"(?:metrics?|params?|tags?)\.")  # how most filters begin
_RUN = re.compile(r"best(:\S+)?|last(~\d+)?")  # which name a run, whatever the store holds
_RECORD = "To record a cell, write %%track (two per cent signs) above it."


@dataclass(frozen=True)
class Verb:
    """A verb.

    Attributes
    ----------
    usage : str
        What its line takes.
    help : str
        What it does, in a few words.
    run : callable
        Takes the desk and what follows the verb; a panel that it returns is the value of the line.
    takes : str
        What Tab completes behind it: ``runs``, ``metrics runs``, ``params metrics``, ``runs experiments`` or nothing.
    """

    usage: str
    help: str
    run: Callable[[Desk, str], object]
    takes: str = ""
    options: tuple[str, ...] = ()


VERBS: dict[str, Verb] = {
    "runs": Verb("[-e EXPERIMENT] [FILTER]", "the runs that a filter finds", look.runs, options=("-e",)),
    "search": Verb("WORDS", "the runs with these words in name, note, tags or code", look.search),
    "show": Verb("RUN", "one run in full", look.show, "runs"),
    "curves": Verb(
        "[METRIC…] [RUN… | -e EXPERIMENT] [-x AXIS] [--smooth 0.6] [--group PARAM]",
        "metrics as live charts; AXIS: step, time, elapsed or a metric",
        look.curves,
        "metrics runs",
        ("-e", "-x", "--smooth", "--group"),
    ),
    "compare": Verb(
        "[RUN… | -e EXPERIMENT]",
        "what differs; alone: the last run against the baseline",
        look.compare,
        "runs",
        ("-e",),
    ),
    "board": Verb(
        "[-e EXPERIMENT] [FILTER]",
        "table, curves, comparison and charts of many runs in one",
        charts.board,
        options=("-e",),
    ),
    "parallel": Verb(
        "[-m METRIC] [-e EXPERIMENT] [FILTER]",
        "many runs at once: params against a metric, in parallel coordinates",
        charts.parallel,
        options=("-e", "-m"),
    ),
    "scatter": Verb(
        "X Y [-e EXPERIMENT] [FILTER]",
        "a param or a metric against a metric",
        charts.scatter,
        "params metrics",
        ("-e",),
    ),
    "importance": Verb(
        "METRIC [-e EXPERIMENT] [FILTER]",
        "which params mattered for a metric",
        charts.importance,
        "metrics",
        ("-e",),
    ),
    "report": Verb(
        "[--to FILE] [--title TITLE] [--text FILE] [-e EXPERIMENT] [FILTER | RUN…]",
        "one HTML file that stands for itself; alone: of all runs",
        verbs_report.report,
        "runs",
        REPORT_OPTIONS,
    ),
    "models": Verb("[NAME]", "the registered models, or the versions of one", look.models),
    "rename": Verb("RUN NAME", "give a run another name", edit.rename, "runs"),
    "tag": Verb("RUN… KEY=VALUE…", "set tags", edit.tag, "runs"),
    "untag": Verb("RUN… KEY", "remove a tag", edit.untag, "runs"),
    "note": Verb("RUN [TEXT | --clear]", "set, show or remove a note", edit.note, "runs", ("--clear",)),
    "pin": Verb("RUN…", "keep runs on top, and from tidying", edit.pin, "runs"),
    "unpin": Verb("RUN…", "take the pins off", edit.unpin, "runs"),
    "baseline": Verb(
        "[RUN | --clear]", "the run that others are measured against", edit.baseline, "runs", ("--clear",)
    ),
    "move": Verb("RUN… EXPERIMENT", "move runs to another experiment", edit.move, "runs experiments"),
    "delete": Verb("RUN…", "put runs into the bin", edit.delete, "runs"),
    "restore": Verb("RUN…", "take runs out of the bin", edit.restore, "deleted"),
    "undo": Verb("", "bring back what was deleted last", edit.undo),
    "bin": Verb("", "the deleted runs", look.show_bin),
    "clean": Verb(
        "[--older-than 30d] [--repeats] [--apply]",
        "list what could go, by reason; --apply deletes it",
        edit.clean,
        options=("--apply", "--older-than", "--repeats"),
    ),
    "gc": Verb(
        "[--older-than 30d]",
        "free the disk of what has been in the bin for so long",
        edit.gc,
        options=("--older-than",),
    ),
    "export": Verb(
        "FILE [RUN…] [--overwrite]",
        "runs as one file: .zip to send, .db, .json, .csv, .parquet",
        carry.export,
        "runs",
        ("--overwrite",),
    ),
    "merge": Verb("STORE…", "bring the runs of other stores: files, folders, zips", carry.merge),
    "stop": Verb("RUN…", "ask runs to stop", edit.stop, "runs"),
    "on": Verb("[-e EXPERIMENT]", "make runs of cells that log or give a metric", edit.on, options=("-e",)),
    "off": Verb("", "no longer", edit.off),
    "status": Verb("", "the store, versions, what is captured, what is wrong", look.status),
    "store": Verb("[PATH]", "the store, or record into another one from now on", look.store),
}


def run_line(desk: Desk, line: str) -> object:
    """Do what a line of ``%track`` says; the line alone gives its table, and ``compare`` its comparison.

    Raises
    ------
    TrackError
        One clear line for whatever is wrong.
    """
    word, _, rest = line.strip().partition(" ")
    if not word:
        return look.table(desk)
    if word in (*HELP, "help"):
        desk.say(textwrap.dedent(help_lines()))
        return None
    verb = VERBS.get(word)
    if verb is None:
        raise InvalidValue(_unknown(desk, line.strip(), word))
    if rest.strip() in HELP and word != "report":  # which tells each of its options
        desk.say(f"%track {word} {verb.usage}".rstrip() + f": {verb.help}")
        return None
    return verb.run(desk, rest.strip())


def _unknown(desk: Desk, line: str, word: str) -> str:
    near = difflib.get_close_matches(word, VERBS, n=3, cutoff=0.5)
    if _FIELD.match(line):
        meant = f"to filter, write %track runs {one_line(line)}"
    elif _RUN.fullmatch(line) or _is_run(desk, line):
        meant = f"to see that run, write %track show {one_line(line)}"
    else:
        meant = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(VERBS)}."
    return f"%track {word}: {meant}{'' if meant[-1] in '?.' else '.'} {_RECORD}"


def _is_run(desk: Desk, line: str) -> bool:
    try:
        reader = desk.found()
        return reader is not None and bool(reader.resolve(line.strip("\"'")))
    except TrackError:  # no run, or no store that can be read: the verbs are named
        return False


def help_lines() -> str:
    """Return the verbs with what they take and do, a line each."""
    heads = {name: f"{name} {verb.usage}".rstrip() for name, verb in VERBS.items()}
    width = max(map(len, heads.values())) + 2
    return "\n".join(f"    %track {heads[name]:{width}}{verb.help}" for name, verb in VERBS.items())
