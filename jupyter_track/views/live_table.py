"""The live table of runs: its columns and rows as the front end gets them, texts as they are shown.

Numbers, changes and names are those of the static table to the digit. Raw values travel beside them for sorting.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from ..records import Goal as Direction
from ..records import Param
from ..store.table_rows import Last, TableRow
from .changes import OWN_SOURCES, SHORT_CHANGES, ParamChange
from .columns import MAX_PARAM_COLUMNS, OTHER_METRICS
from .format import (
    PARAM_LIMIT,
    Precision,
    age,
    change,
    clock,
    duration,
    iso,
    middle_cut,
    number,
    one_line,
    param_text,
    precision_of,
)
from .goals import NO_GOAL, SYSTEM, Goal, goal_of
from .live import change_message
from .runs import NAME_LIMIT
from .tokens import run_color, state_of

Message = dict[str, Any]
Kind = Literal["metric", "param", "tag", "attribute"]
_METRIC_RANKS = {"named": 0, "logged": 1, "result": 2, "auto": 3, SYSTEM: 8}
_PARAM_RANKS = {"explicit": 0, "assign": 0, "config": 1, "inherited": 2, "estimator": 3}
_NUMBERS = ("int", "float")
_PREFIX = {"metric": "metrics.", "param": "params.", "tag": "tags.", "attribute": "attributes."}


@dataclass(frozen=True)
class LiveColumn:
    """One column: what it is of, and how its values are told."""

    key: str
    kind: Kind
    right: bool = False
    goal: Goal = NO_GOAL
    main: bool = False
    shown: bool = False
    equal: bool = False
    precision: Precision = field(default=Precision(0))
    best: float | None = None

    @property
    def id(self) -> str:
        """``metrics.loss``, as filters name it."""
        return _PREFIX[self.kind] + self.key

    @property
    def layout(self) -> tuple[Any, ...]:
        """All that every cell of the column depends on: not which value is the best."""
        return self.id, self.goal, self.main, self.shown, self.equal, self.right, self.precision

    def message(self) -> Message:
        """Return the column as the front end gets it."""
        return {
            "id": self.id,
            "key": self.key,
            "title": middle_cut(one_line(self.key), PARAM_LIMIT),
            "kind": self.kind,
            "right": self.right,
            "goal": self.goal.arrow,
            "main": self.main,
            "shown": self.shown,
            "equal": self.equal,
            "width": None,
        }


def live_columns(rows: Sequence[TableRow], goals: Mapping[str, Direction]) -> tuple[LiveColumn, ...]:
    """Return the columns of a table: metrics, the main one first, params, tags, experiment and notebook.

    Shown are the main metric, further metrics and params that differ, as in the static table.
    """
    return (*_metric_columns(rows, goals), *_param_columns(rows), *_other_columns(rows))


def _metric_columns(rows: Sequence[TableRow], goals: Mapping[str, Direction]) -> list[LiveColumn]:
    values: dict[str, list[float]] = {}
    ranks: dict[str, int] = {}
    for row in rows:
        for key, (_, last, _, source) in row.metrics.items():
            values.setdefault(key, []).append(last)
            ranks[key] = min(ranks.get(key, 9), 0 if key in goals else _METRIC_RANKS.get(source, 1))
    ordered = sorted(values, key=lambda key: (ranks[key], -len(values[key])))
    columns, room = [], OTHER_METRICS + 1
    for index, key in enumerate(ordered):
        goal = goal_of(key, goals)
        finite = [value for value in values[key] if math.isfinite(value)]
        low, high = min(finite, default=0.0), max(finite, default=0.0)
        differs = low != high or (bool(finite) and len(finite) < len(values[key]))
        shown = room > 0 and (index == 0 or differs or len(rows) == 1) and ranks[key] < _METRIC_RANKS[SYSTEM]
        room -= shown
        best = None if goal.direction is None or low == high else low if goal.direction == "min" else high
        precision = precision_of(finite, goal.direction)
        columns.append(LiveColumn(key, "metric", True, goal, index == 0, shown, not differs, precision, best))
    return columns


def _param_columns(rows: Sequence[TableRow]) -> list[LiveColumn]:
    texts: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    words: set[str] = set()  # params that are not numbers everywhere
    ranks: dict[str, int] = {}
    for row in rows:
        for key, param in row.params.items():
            texts.setdefault(key, set()).add(param.text)
            counts[key] += 1
            ranks[key] = min(ranks.get(key, 9), _PARAM_RANKS.get(param.source, 4))
            if param.type not in _NUMBERS:
                words.add(key)
    whole = sum(row.state != "failed" for row in rows)  # a failed run may not have come so far
    columns, room = [], MAX_PARAM_COLUMNS
    for key in sorted(texts, key=lambda key: ranks[key]):
        differs = len(texts[key]) > 1 or counts[key] < whole
        shown = room > 0 and (differs or len(rows) == 1)
        room -= shown
        columns.append(LiveColumn(key, "param", key not in words, shown=shown, equal=not differs))
    return columns


def _other_columns(rows: Sequence[TableRow]) -> list[LiveColumn]:
    tags = dict.fromkeys(key for row in rows for key in row.tags)
    columns = [LiveColumn(key, "tag") for key in tags]
    for key in ("experiment", "notebook"):
        equal = len({getattr(row, key) for row in rows}) < 2
        columns.append(LiveColumn(key, "attribute", equal=equal))
    return columns


class RowMaker:
    """Makes the rows of one table.

    Parameters
    ----------
    columns : sequence of LiveColumn
    now_ms : int
        The moment from which ages are told.
    baselines : mapping of int to TableRow, optional
        By experiment, the run that the others' metrics are measured against.
    """

    def __init__(
        self, columns: Sequence[LiveColumn], now_ms: int, baselines: Mapping[int, TableRow] = MappingProxyType({})
    ) -> None:
        self._baselines = baselines
        self._plan = [(column.kind, column.key, column) for column in columns]
        self._now = now_ms
        self._hidden = {column.key for column in columns if column.kind == "param" and column.shown}
        self._params: dict[int, Message] = {}  # by the identity of a param, which equal ones share
        self._kept: list[Param] = []

    def row(self, row: TableRow, earlier: TableRow | None) -> Message:
        """Return one run as the front end gets it; `earlier` is the run before it, with which it is compared."""
        name, state = one_line(row.name), state_of(row.state)
        changed = [] if earlier is None else changed_params(row, earlier, self._hidden)
        seconds = row.duration
        if seconds is None and row.live:
            seconds = max(0.0, (self._now - row.start_time) / 1000)
        took = "" if seconds is None else clock(seconds) if row.live else duration(seconds)
        return {
            "id": row.run_id,
            "number": row.number,
            "state": {"glyph": state.glyph, "word": state.word, "token": state.token},
            "name": middle_cut(name, NAME_LIMIT) or row.run_id[:8],
            "color": run_color(row.number),
            "changed": changed,
            "parent": row.parent,
            "pinned": row.pinned,
            "baseline": row.baseline,
            "live": row.live,
            "deleted": row.stage == "deleted",
            "experiment": one_line(row.experiment),
            "notebook": one_line(row.notebook),
            "note": row.note,
            "tags": row.tags,
            "cells": self._cells(row),
            "duration": [took, seconds],
            "age": [age(row.start_time, self._now), row.start_time, iso(row.start_time)],
        }

    def _cells(self, row: TableRow) -> list[Message | str | None]:
        metrics, params, tags = row.metrics, row.params, row.tags
        baseline = self._baselines.get(row.experiment_id)
        if baseline is row:
            baseline = None
        cells: list[Message | str | None] = []
        for kind, key, column in self._plan:
            if kind == "metric":
                last = metrics.get(key)
                cell = None if last is None else _metric_cell(last, column)
                if cell is not None and baseline is not None and key in baseline.metrics:
                    _compare(cell, metrics[key][1], baseline, column)
                cells.append(cell)
            elif kind == "param":
                param = params.get(key)
                cells.append(None if param is None else self._params.get(id(param)) or self._param_cell(param))
            else:
                text = tags.get(key) if kind == "tag" else getattr(row, key)
                cells.append(None if text is None else _text_cell(text))
        return cells

    def _param_cell(self, param: Param) -> Message:
        self._kept.append(param)  # so that its identity stays its own
        cell: Message = {"t": param_text(param)}
        self._params[id(param)] = cell
        full = one_line(param.text)
        if full != cell["t"]:
            cell["f"] = full
        if param.type in _NUMBERS:
            cell["v"] = _number(param.text)
        if param.source not in OWN_SOURCES:
            cell["m"] = True
        return cell


def _compare(cell: Message, value: float, baseline: TableRow, column: LiveColumn) -> None:
    """Put the change against the baseline beside a value."""
    found = change(value, baseline.metrics[column.key][1], column.goal.direction, column.precision)
    if found is not None:
        cell["c"] = change_message(found, f"#{baseline.number}")


def _metric_cell(last: Last, column: LiveColumn) -> Message:
    count, value, step, _ = last
    finite = math.isfinite(value)
    cell: Message = {"t": number(value, column.precision), "v": value if finite else None}
    if not finite and not math.isnan(value):
        cell["v"] = math.copysign(1.7976931348623157e308, value)  # JSON has no infinity; it sorts at the end
    if count > 1:
        cell["f"] = f"{value!r} at step {step}"
    if column.best is not None and value == column.best:
        cell["b"] = True
    return cell


@lru_cache(maxsize=1_000)
def _text_cell(text: str) -> Message | str | None:
    line = one_line(text)
    cut = middle_cut(line, PARAM_LIMIT)
    return (cut or None) if cut == line else {"t": cut, "f": line}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def changed_params(row: TableRow, earlier: TableRow, hidden: Collection[str] = ()) -> list[str]:
    """Return what `Difference.short` says of the params of two runs, without making all of its records."""
    before, after = earlier.params, row.params
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
    if not may_lack:
        gone = before.keys() - after.keys() - set(hidden)
        own += [key for key in before if key in gone and before[key].source in OWN_SOURCES] if gone else []
    found = [*own, *rest]
    shown = [ParamChange(key, before.get(key), after.get(key)).text for key in found[:SHORT_CHANGES]]
    return [*shown, f"+{len(found) - SHORT_CHANGES}"] if len(found) > SHORT_CHANGES else shown


def predecessors(rows: Iterable[TableRow]) -> dict[str, TableRow]:
    """Return for each run the one before it, among those of the same experiment and parent."""
    before: dict[str, TableRow] = {}
    last: dict[tuple[int, str | None], TableRow] = {}
    for row in sorted(rows, key=lambda row: row.number):
        group = row.experiment_id, row.parent
        if group in last:
            before[row.run_id] = last[group]
        last[group] = row
    return before


@dataclass(frozen=True)
class Fold:
    """What stands behind one row: failed attempts, or repeats of the same code, params and data; the newest first."""

    kind: Literal["failed", "repeat"]
    ids: tuple[str, ...]

    def message(self) -> Message:
        """Return the fold as the front end gets it."""
        return {"kind": self.kind, "count": len(self.ids), "ids": list(self.ids)}


def folds(rows: Sequence[TableRow], sources: Mapping[str, str]) -> dict[str, Fold]:
    """Return what folds, by the newest run of each.

    Parameters
    ----------
    rows : sequence of TableRow
        The newest first.
    sources : mapping of str to str
        By run, a hash of its code, as `Reader.sources` gives it; a run without one repeats none.
    """
    repeats: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        code = sources.get(row.run_id)
        if code is not None and row.state == "finished" and not (row.pinned or row.baseline):
            params = frozenset((key, param.text) for key, param in row.params.items())
            repeats.setdefault((row.experiment_id, row.parent, code, params, row.data), []).append(row.run_id)
    found = {ids[0]: Fold("repeat", tuple(ids)) for ids in repeats.values() if len(ids) > 1}
    found.update((head, Fold("failed", tuple(ids))) for head, ids in _failed_attempts(rows).items())
    return found


def _failed_attempts(rows: Sequence[TableRow]) -> dict[str, list[str]]:
    """The runs that failed one after the other without a point, by the newest of them."""
    found: dict[str, list[str]] = {}
    head: dict[tuple[int, str | None], str] = {}
    for row in rows:
        group = row.experiment_id, row.parent
        if row.state != "failed" or row.metrics or row.pinned or row.baseline:
            head.pop(group, None)
        elif group in head:
            found[head[group]].append(row.run_id)
        else:
            head[group] = row.run_id
            found[row.run_id] = [row.run_id]
    return {first: ids for first, ids in found.items() if len(ids) > 1}


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
        number_of = _number(param.text) if param.type in _NUMBERS else None
        value = param.text if number_of is None else number_of
    elif kind == "tags":
        value = row.tags.get(name)
    elif kind == "attributes":
        value = getattr(row, {"status": "state"}.get(name, name), None)
    if isinstance(value, int | float):
        return (0, float(value), "") if value == value else None
    return (1, 0.0, str(value).casefold()) if value else None


def foot(columns: Sequence[LiveColumn]) -> list[str]:
    """Return what stands below the table."""
    equal = sum(column.equal for column in columns if column.kind in ("metric", "param"))
    return [f"{equal} column{' is' if equal == 1 else 's are'} equal or empty"] if equal else []
