"""The line of ``%%track``: its options, read without side effects."""

from __future__ import annotations

import argparse
import ast
import difflib
import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NoReturn

from ..errors import InvalidValue
from ..records import Goal
from ..store.references import RESERVED, check_new_name
from ..values import check_key


@dataclass(frozen=True)
class Options:
    """What the line of ``%%track`` says; None and empty where it says nothing."""

    name: str | None = None
    experiment: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    goals: dict[str, Goal] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)
    note: str | None = None
    quiet: bool = False
    system: bool = False
    without: frozenset[str] = frozenset()


KINDS = {
    "params": "automatic params",
    "metrics": "automatic metrics (those named with -m, --max and --min are taken all the same)",
    "figures": "the figures shown",
    "output": "what is printed",
    "source": "the cell's source",
    "git": "the git commit",
}


# An option that takes text, and its value where it is not quoted.
_UNQUOTED = r"(?<!\S)(?P<given>(?P<option>-[nept]|--(?:note|experiment|param|tag))[ \t=]*(?P<value>[^\s\"'\\]+))"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ").split() if message.startswith("unrec") else []
        raise InvalidValue(f"%%track: {message}{_meant(unknown)} '%%track?' shows the options.")


def _meant(unknown: list[str]) -> str:
    """How the sentence on words that are no options ends: what may have been meant."""
    if not unknown:
        return "."
    options = [word for word in unknown if word.startswith("-")]
    if not options:
        return "; text of several words is put in quotes."
    near = difflib.get_close_matches(options[0].partition("=")[0][:30], OPTION_NAMES, n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else "."


@lru_cache(maxsize=1)
def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the line, made once: making it costs more than a short cell."""
    parser = _Parser(prog="%%track", add_help=False, allow_abbrev=False, exit_on_error=True)
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of the run; by default the fitted model's class")
    parser.add_argument("-e", "--experiment", metavar="NAME", help="experiment; by default the notebook's name")
    parser.add_argument("-p", "--param", action="append", default=[], metavar="KEY=VALUE", help="a param")
    parser.add_argument("-t", "--tag", action="append", default=[], metavar="KEY=VALUE", help="a tag")
    parser.add_argument(
        "-m", "--metric", action="append", default=[], metavar="NAME[:max|:min]", help="a variable that is a metric"
    )
    target = "NAME[=TARGET]"
    parser.add_argument(
        "--max",
        action="append",
        default=[],
        metavar=target,
        help="a metric where more is better, and what it is to reach",
    )
    parser.add_argument("--min", action="append", default=[], metavar=target, help="a metric where less is better")
    parser.add_argument("-n", "--note", metavar="TEXT", help="a note")
    parser.add_argument("-q", "--quiet", action="store_true", help="no card under the cell")
    parser.add_argument("--system", action="store_true", help="system metrics: processor, memory, disk, network, GPUs")
    for kind, text in KINDS.items():
        parser.add_argument(f"--no-{kind}", action="store_true", help=f"do not record {text}")
    return parser


OPTION_NAMES = tuple(
    sorted(option for action in make_parser()._actions for option in action.option_strings if option.startswith("--"))
)


@lru_cache(maxsize=64)
def parse(line: str) -> Options:
    """Return the options of a line.

    Raises
    ------
    InvalidValue
        For anything that cannot be read, with one clear line.

    Examples
    --------
    >>> parse('baseline --max accuracy -p C=0.1').goals
    {'accuracy': 'max'}
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InvalidValue(f"%%track: the line cannot be read ({error}): {line.strip()}") from None
    given = make_parser().parse_args(words)
    if given.name is not None:
        _refuse_unquoted(line, given.name)
        try:
            check_new_name(given.name)
        except InvalidValue as error:
            text = str(error)
            hint = f" '%track {given.name}' has one per cent sign." if given.name in RESERVED else ""
            raise InvalidValue(f"%%track: {text[0].lower()}{text[1:]}{hint}") from None
    if given.experiment is not None and not given.experiment.strip():
        raise InvalidValue("%%track: the name of an experiment must not be blank.")
    metrics, goals, targets = _metrics(given)
    return Options(
        name=given.name,
        experiment=given.experiment,
        params={key: _literal(value) for key, value in (_pair(text, "-p") for text in given.param)},
        tags=dict(_pair(text, "-t") for text in given.tag),
        metrics=metrics,
        goals=goals,
        targets=targets,
        note=given.note,
        quiet=given.quiet,
        system=given.system,
        without=frozenset(kind for kind in KINDS if getattr(given, f"no_{kind}")),
    )


def _refuse_unquoted(line: str, name: str) -> None:
    """``-n two words`` would call the run ``words``: what stands behind a text without quotes is no name."""
    found = re.search(rf"{_UNQUOTED}[ \t]+{re.escape(name)}(?!\S)", line)
    if found is None:
        return
    option, value = found["option"], found["value"].partition("=")[2]
    if option in ("-p", "--param") and not isinstance(_literal(value), str):
        return  # a number and the like is whole without quotes
    raise InvalidValue(
        f"%%track: {name!r} stands behind {found['given']!r}. A value of several words has to be quoted "
        f'({option} "two words"), and the name of the run comes before the options.'
    )


def _pair(text: str, option: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign:
        raise InvalidValue(f"%%track: {option} takes KEY=VALUE, not {text!r}.")
    return check_key(key.strip()), value


def _literal(text: str) -> Any:
    """The value of ``-p``: a Python literal where it is one, else the text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _metrics(given: argparse.Namespace) -> tuple[tuple[str, ...], dict[str, Goal], dict[str, float]]:
    targets: dict[str, float] = {}
    stated: list[tuple[str, Goal | None]] = []
    for text in given.metric:
        name, sign, goal = text.partition(":")
        if sign and goal not in ("max", "min"):
            raise InvalidValue(f"%%track: -m takes NAME, NAME:max or NAME:min, not {text!r}.")
        stated.append((name, None if not sign else "max" if goal == "max" else "min"))
    stated += [(_with_target(text, targets), "max") for text in given.max]
    stated += [(_with_target(text, targets), "min") for text in given.min]
    goals: dict[str, Goal] = {}
    for name, direction in stated:
        if not name.isidentifier():
            raise InvalidValue(f"%%track: {name!r} is not the name of a variable{_logged(name, direction, targets)}.")
        if direction is not None and goals.setdefault(name, direction) != direction:
            raise InvalidValue(f"%%track: the goal of {name!r} cannot be both max and min.")
    return tuple(dict.fromkeys(name for name, _ in stated)), goals, targets


def _logged(name: str, direction: Goal | None, targets: Mapping[str, float]) -> str:
    """What is written instead for a metric that has no variable of its name; nothing where it is no name of one."""
    try:
        check_key(name, "metric")
    except InvalidValue:
        return ""
    if direction is None:
        return f"; track.log_metric({name!r}, …) logs a metric of that name"
    target = f", target={targets[name]!r}" if name in targets else ""
    return f"; track.define_metric({name!r}, {direction!r}{target}) states the goal of a metric that is logged"


def _with_target(text: str, targets: dict[str, float]) -> str:
    """Return the name of ``NAME=TARGET``, and keep its target."""
    name, sign, value = text.partition("=")
    if sign:
        try:
            targets[name] = float(value)
        except ValueError:
            raise InvalidValue(f"%%track: the target of {name!r} is a number, not {value!r}.") from None
        if not math.isfinite(targets[name]):
            raise InvalidValue(f"%%track: the target of {name!r} is a finite number, not {value!r}.")
    return name
