"""The verbs of ``%track`` that show charts of many runs, and all of it in one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import InvalidValue
from . import many
from .desk import Desk
from .standing import show_panel

if TYPE_CHECKING:
    from ..panels.board import BoardPanel
    from ..panels.many import ManyPanel

_WORD = r"(?:\"[^\"]*\"|'[^']*'|\S+)"
_NAME = re.compile(rf"\s*(?!-)({_WORD})\s*")
_OPTION = re.compile(rf"\s*(-e|--experiment|-m|--metric)(?:[ \t]+|=)({_WORD})\s*")


def board(desk: Desk, rest: str) -> BoardPanel:
    """Show the table, the curves, the comparison and the charts of many runs in one."""
    from .board import panel_of

    options, filter_string = _options(rest)
    if "m" in options:
        raise InvalidValue("%track board takes no metric: all of them are on it. -e EXPERIMENT and a filter it takes.")
    experiment = options.get("e")
    found = None if experiment is None else desk.reader().experiment_named(experiment).experiment_id
    panel = panel_of(filter_string or None, found)
    show_panel(panel)
    return panel


def parallel(desk: Desk, rest: str) -> ManyPanel:
    """Show runs in parallel coordinates."""
    options, filter_string = _options(rest)
    return _show(desk, filter_string, options.get("e"), tab="parallel", metric=options.get("m"))


def scatter(desk: Desk, rest: str) -> ManyPanel:
    """Show a param or a metric against a metric."""
    names, rest = _names(rest, 2, "scatter X Y")
    options, filter_string = _options(rest)
    x, y = names or (None, None)
    return _show(desk, filter_string, options.get("e"), tab="scatter", x=x, metric=options.get("m") or y)


def importance(desk: Desk, rest: str) -> ManyPanel:
    """Show which params mattered for a metric."""
    names, rest = _names(rest, 1, "importance METRIC")
    options, filter_string = _options(rest)
    metric = options.get("m") or (names[0] if names else None)
    return _show(desk, filter_string, options.get("e"), tab="importance", metric=metric)


def _show(desk: Desk, filter_string: str, experiment: str | None, **asked: str | None) -> ManyPanel:
    found = None if experiment is None else desk.reader().experiment_named(experiment).experiment_id
    panel = many.panel_of(filter_string, found, **asked)
    show_panel(panel)
    return panel


def _names(rest: str, count: int, usage: str) -> tuple[list[str], str]:
    """Take the names at the start of a line; none where the line begins with an option or is empty."""
    names: list[str] = []
    while len(names) < count and (found := _NAME.match(rest)):
        names.append(found[1].strip("\"'"))
        rest = rest[found.end() :]
    if names and len(names) < count:
        raise InvalidValue(f"%track {usage}: there is too little on the line; %track? says more.")
    return names, rest


def _options(rest: str) -> tuple[dict[str, str], str]:
    options: dict[str, str] = {}
    while found := _OPTION.match(rest):
        options[found[1].lstrip("-")[0]] = found[2].strip("\"'")
        rest = rest[found.end() :]
    return options, rest
