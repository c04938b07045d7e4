"""The live table of runs: its rows as the front end gets them, what folds, and the order that a person chose.

A table may have 10,000 runs by 30 columns, so a row is short: what is usual is left out, a metric is its raw value, and
the front end writes numbers, changes and times by the rules of `views.format` (labextension/src/format.ts; one file of
cases is read by the tests of both).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..records import Param
from ..store.table_rows import Last, TableRow
from .arrange import is_attempt
from .changes import OWN_SOURCES, SHORT_CHANGES, ParamChange
from .format import column_text, one_line
from .live_columns import NUMBERS, Kind, Message
from .tokens import STATES, state_of

Cell = None | str | float | list[Any] | Message


class RowMaker:
    """Makes the rows of one table.

    Parameters
    ----------
    places : mapping of (kind, key) to int
        Where the values of each metric and param stand in a row: from 0 on, in order.
    now_ms : int
        The moment up to which the time of a run that goes on is told.
    hidden : collection of str
        Params that have a column: what changed in them is seen there.
    """

    def __init__(self, places: Mapping[tuple[Kind, str], int], now_ms: int, hidden: Collection[str] = ()) -> None:
        self._places = [(kind == "metric", key) for kind, key in places]
        self._now = now_ms
        self._hidden = frozenset(hidden)
        self._params: dict[int, Cell] = {}  # by the identity of a param, which equal ones share
        self._kept: list[Param] = []

    def row(self, row: TableRow, earlier: TableRow | None) -> Message:
        """Return one run as the front end gets it; `earlier` is the run before it, with which it is compared."""
        seconds = row.duration
        if seconds is None and row.live:
            seconds = max(0.0, (self._now - row.start_time) / 1000)
        made: Message = {
            "id": row.run_id,
            "number": row.number,
            "state": row.state if row.state in STATES else vars(state_of(row.state)).copy(),
            "name": one_line(row.name) or row.run_id[:8],  # whole: it is edited in its place, and the page cuts it
            "started": row.start_time,
            "seconds": seconds,
            "experiment": one_line(row.experiment),
            "cells": self._cells(row),
        }
        if earlier is not None and (changed := changed_params(row, earlier, self._hidden)):
            made["changed"] = changed
        for name, told in (
            ("notebook", one_line(row.notebook)),
            ("parent", row.parent),
            ("note", row.note),
            ("pinned", row.pinned),
            ("baseline", row.baseline),
            ("live", row.live),
            ("deleted", row.stage == "deleted"),
        ):
            if told:
                made[name] = told
        if row.tags:
            made["tags"] = {key: one_line(value) for key, value in row.tags.items()}
        return made

    def _cells(self, row: TableRow) -> list[Cell]:
        metrics, params, known = row.metrics, row.params, self._params
        cells: list[Cell] = []
        for is_metric, key in self._places:
            if is_metric:
                last = metrics.get(key)
                cells.append(None if last is None else _metric_cell(last))
            else:
                param = params.get(key)
                if param is None:
                    cells.append(None)
                elif (cell := known.get(id(param))) is not None:
                    cells.append(cell)
                else:
                    cells.append(self._param_cell(param))
        return cells

    def _param_cell(self, param: Param) -> Cell:
        self._kept.append(param)  # so that its identity stays its own
        cell = self._params[id(param)] = param_cell(param)
        return cell


def _metric_cell(last: Last) -> Cell:
    """Its value, and its step where there is more than one point; what JSON cannot say is a word."""
    count, value, step, _ = last
    told: float | str = value if math.isfinite(value) else "NaN" if value != value else "inf" if value > 0 else "-inf"
    return told if count <= 1 else [told, step]


def param_cell(param: Param) -> Cell:
    """Return a param as the front end gets it: a text where that is all, and sorts as it reads."""
    text, full = column_text(param), one_line(param.text)
    is_number = param.type in NUMBERS
    value = _number(param.text) if is_number else None
    muted = param.source not in OWN_SOURCES
    if text == full and not muted and (value is not None or not is_number):
        return text if is_number or _number(text) is None else {"t": text, "v": text}
    cell: Message = {"t": text}
    if full != text:
        cell["f"] = full
    cell["v"] = value if is_number else full
    if muted:
        cell["m"] = True
    return cell


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def changed_params(row: TableRow, earlier: TableRow, hidden: Collection[str] = ()) -> list[str]:
    """Return what `Difference.short` says of the params of two runs, without making all of its records."""
    before, after = earlier.params, row.params
    if before == after:
        return []
    may_lack, may_come = row.state == "failed", earlier.state == "failed"  # a failed run may not have come so far
    own: list[str] = []
    rest: list[str] = []
    for key, new in after.items():
        old = before.get(key)
        if old is new or key in hidden or (may_come if old is None else old.text == new.text):
            continue
        if new.source in OWN_SOURCES or (old is not None and old.source in OWN_SOURCES):
            own.append(key)
        elif old is not None:
            rest.append(key)
    if not (may_lack or before.keys() <= after.keys()):
        gone = before.keys() - after.keys() - set(hidden)
        own += [key for key in before if key in gone and before[key].source in OWN_SOURCES]
    found = [*own, *rest]
    shown = [ParamChange(key, before.get(key), after.get(key)).text for key in found[:SHORT_CHANGES]]
    return [*shown, f"+{len(found) - SHORT_CHANGES}"] if len(found) > SHORT_CHANGES else shown


def predecessors(rows: Iterable[TableRow]) -> dict[int, int]:
    """Return for each run, by number, the one before it, among those of the same experiment and parent."""
    before: dict[int, int] = {}
    last: dict[tuple[int, str | None], int] = {}
    for row in sorted(rows, key=lambda row: row.number):
        group = row.experiment_id, row.parent
        if group in last:
            before[row.number] = last[group]
        last[group] = row.number
    return before


@dataclass(frozen=True)
class Fold:
    """What stands behind one row: failed attempts, or repeats of the same code, params and data; the newest first."""

    kind: Literal["failed", "repeat"]
    ids: tuple[str, ...]

    def message(self) -> Message:
        """Return the fold as the front end gets it."""
        return {"kind": self.kind, "count": len(self.ids), "ids": list(self.ids)}


def folds(rows: Sequence[TableRow], sources: Mapping[str, str], with_files: Collection[str] = ()) -> dict[str, Fold]:
    """Return what folds, by the newest run of each.

    Parameters
    ----------
    rows : sequence of TableRow
        The newest first.
    sources : mapping of str to str
        By run, a hash of its code, as `Reader.sources` gives it; a run without one repeats none.
    with_files : collection of str
        The runs that hold a file of their own; such a failed attempt has a row of its own.
    """
    repeats: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        code = sources.get(row.run_id)
        if code is not None and row.state == "finished" and not (row.pinned or row.baseline):
            params = frozenset((key, param.text) for key, param in row.params.items())
            repeats.setdefault((row.experiment_id, row.parent, code, params, row.data), []).append(row.run_id)
    found = {ids[0]: Fold("repeat", tuple(ids)) for ids in repeats.values() if len(ids) > 1}
    found.update((head, Fold("failed", tuple(ids))) for head, ids in _failed_attempts(rows, with_files).items())
    return found


def _failed_attempts(rows: Sequence[TableRow], with_files: Collection[str]) -> dict[str, list[str]]:
    """The failed attempts of each experiment and parent, by the newest of them: as `arranged` folds them."""
    parents = {row.parent for row in rows}
    found: dict[tuple[int, str | None], list[str]] = {}
    for row in rows:
        if is_attempt(row) and not row.baseline and row.run_id not in with_files and row.run_id not in parents:
            found.setdefault((row.experiment_id, row.parent), []).append(row.run_id)
    return {ids[0]: ids for ids in found.values() if len(ids) > 1}


def sorted_rows(rows: Iterable[TableRow], order: object) -> list[TableRow]:
    """Return runs as the person has sorted them in the table; runs without a value come last.

    Parameters
    ----------
    rows : iterable of TableRow
        The newest first.
    order : list of {"column": str, "descending": bool}
        As the front end keeps it; what cannot be read does not count.
    """
    found = list(rows)
    keys = order if isinstance(order, list) else []
    for key in reversed(keys):
        if isinstance(key, dict) and isinstance(key.get("column"), str):
            kind, _, name = key["column"].partition(".")
            valued = [(_sort_value(row, kind, name), row) for row in found]
            having = [(value, row) for value, row in valued if value is not None]
            having.sort(key=lambda pair: pair[0], reverse=bool(key.get("descending")))
            found = [*(row for _, row in having), *(row for value, row in valued if value is None)]
    return found


def _sort_value(row: TableRow, kind: str, name: str) -> tuple[int, float, str] | None:
    """What a run is sorted by in a column: numbers before words."""
    value: object = None
    if kind == "metrics" and name in row.metrics:
        value = row.metrics[name][1]
    elif kind == "params" and (param := row.params.get(name)) is not None:
        number_of = _number(param.text) if param.type in NUMBERS else None
        value = param.text if number_of is None else number_of
    elif kind == "tags":
        value = row.tags.get(name)
    elif kind == "attributes":
        value = getattr(row, {"status": "state"}.get(name, name), None)
    if isinstance(value, int | float):
        return (0, float(value), "") if value == value else None
    return (1, 0.0, str(value).casefold()) if value else None
