"""The columns of the live table: which there are, which are shown, how their values are told, and which is the best.

They are those of the static table. They are worked out from columns of values and not run by run, since a table of
10,000 runs by 30 has 300,000 of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Literal

from ..records import RESULT_STATES, Param
from ..records import Goal as Direction
from ..store.table_rows import Last, TableRow
from .columns import MAX_PARAM_COLUMNS, OTHER_METRICS, UNSETTLED, comparable
from .format import PARAM_LIMIT, Precision, middle_cut, one_line, precision_of
from .goals import NO_GOAL, SYSTEM, Goal, aimed_in, first_logged, goal_of

Message = dict[str, Any]
Kind = Literal["metric", "param", "tag", "attribute"]
NUMBERS = ("int", "float")
_METRIC_RANKS = {"named": 0, "logged": 1, "result": 2, "auto": 3, SYSTEM: 8}
_PARAM_RANKS = {"explicit": 0, "assign": 0, "config": 1, "inherited": 2, "estimator": 3}
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

    def message(self, place: int | None) -> Message:
        """Return the column as the front end gets it; `place` is that of its values in the rows, where they have any.

        The front end writes the numbers of a metric itself, with these decimals, and marks the best one.
        """
        return {
            "id": self.id,
            "key": self.key,
            "title": middle_cut(one_line(self.key), PARAM_LIMIT),
            "kind": self.kind,
            "place": place,
            "right": self.right,
            "goal": self.goal.arrow,
            "main": self.main,
            "shown": self.shown,
            "equal": self.equal,
            "decimals": self.precision.decimals,
            "mantissa": self.precision.mantissa,
            "best": self.best,
        }


def live_columns(rows: Sequence[TableRow], goals: Mapping[str, Direction]) -> tuple[LiveColumn, ...]:
    """Return the columns of a table: metrics, the main one first, params, tags, experiment and notebook.

    Shown are the main metric, further metrics and params that differ, as in the static table.
    """
    return (*_metric_columns(rows, goals), *_param_columns(rows), *_other_columns(rows))


def _metric_columns(rows: Sequence[TableRow], goals: Mapping[str, Direction]) -> list[LiveColumn]:
    found: dict[str, list[Last]] = {}
    broken: dict[str, list[float]] = {}  # values of runs that broke off, which are no results
    for row in rows:
        for key, last in row.metrics.items():
            if key in found:
                found[key].append(last)
            else:
                found[key] = [last]
        if row.metrics and row.state not in RESULT_STATES:
            for key, last in row.metrics.items():
                broken.setdefault(key, []).append(last[1])
    ranks = {
        key: 0 if key in goals else min(_METRIC_RANKS.get(source, 1) for source in {last[3] for last in lasts})
        for key, lasts in found.items()
    }
    settled = [row.metrics for row in rows if row.metrics and row.state not in UNSETTLED]
    made = []
    first = first_logged(
        [key for key in found if ranks[key] == 0], ((row.number, row.metrics) for row in rows), aimed_in([goals])
    )
    ordered = sorted(found, key=lambda key: (ranks[key], first.get(key, (0, 0)), -len(found[key])))
    for index, key in enumerate(ordered):
        goal = goal_of(key, goals)
        values = [last[1] for last in found[key]]
        finite = values if all(map(math.isfinite, values)) else [value for value in values if math.isfinite(value)]
        low, high = min(finite, default=0.0), max(finite, default=0.0)
        differs = low != high or (bool(finite) and len(finite) < len(values)) or _some_lack(settled, key)
        best = None if goal.direction is None or low == high else _best(finite, broken.get(key, ()), goal.direction)
        precision = precision_of(finite, goal.direction)
        made.append(LiveColumn(key, "metric", True, goal, index == 0, False, not differs, precision, best))
    own = [column for column in made if ranks[column.key] < _METRIC_RANKS[SYSTEM]]  # and not the machine's
    chosen = _chosen(rows, [column.key for column in own if column.main or not column.equal or len(rows) == 1])
    return [replace(column, shown=column.key in chosen) for column in made]


def _best(finite: Sequence[float], broken: Sequence[float], direction: Direction) -> float | None:
    """The best of the values that are results; None where they are all the same."""
    if broken:
        left = Counter(finite)
        left.subtract(value for value in broken if math.isfinite(value))
        finite = [value for value, count in left.items() if count > 0]
    best = (min if direction == "min" else max)(finite, default=None)
    return None if broken and all(value == best for value in finite) else best


def _some_lack(having: Iterable[Collection[str]], key: str) -> bool:
    return any(key not in keys for keys in having)


def _chosen(rows: Sequence[TableRow], keys: Sequence[str]) -> set[str]:
    """The metrics that get a column: the main one, one for each experiment that would show none, then as they come."""
    chosen = set(keys[:1])
    own: dict[int, set[str]] = {}
    for row in rows:
        own.setdefault(row.experiment_id, set()).update(row.metrics)
    for every in own.values():
        if len(chosen) <= OTHER_METRICS and every.isdisjoint(chosen):
            chosen.update([key for key in keys if key in every][:1])
    rest = [key for key in keys if key not in chosen]
    return chosen.union(rest[: 1 + OTHER_METRICS - len(chosen)])


def _param_columns(rows: Sequence[TableRow]) -> list[LiveColumn]:
    texts: dict[str, set[str]] = {}
    words: set[str] = set()  # params that are not numbers everywhere
    ranks: dict[str, int] = {}
    for param in _different(chain.from_iterable(row.params.values() for row in rows)):
        key = param.key
        texts.setdefault(key, set()).add(param.text)
        ranks[key] = min(ranks.get(key, 9), _PARAM_RANKS.get(param.source, 4))
        if param.type not in NUMBERS:
            words.add(key)
    settled = [row.params for row in comparable(rows)]
    columns, room = [], MAX_PARAM_COLUMNS
    for key in sorted(texts, key=lambda key: ranks[key]):
        differs = len(texts[key]) > 1 or _some_lack(settled, key)
        shown = room > 0 and (differs or len(rows) == 1)
        room -= shown
        columns.append(LiveColumn(key, "param", key not in words, shown=shown, equal=not differs))
    return columns


def _different(params: Iterable[Param]) -> Iterable[Param]:
    """The different params in their order; equal ones share one identity."""
    every = list(params)
    return dict(zip(map(id, every), every, strict=True)).values()


def _other_columns(rows: Sequence[TableRow]) -> list[LiveColumn]:
    tags = dict.fromkeys(key for row in rows for key in row.tags)
    columns = [LiveColumn(key, "tag") for key in tags]
    for key in ("experiment", "notebook"):
        equal = len({getattr(row, key) for row in rows}) < 2
        columns.append(LiveColumn(key, "attribute", equal=equal))
    return columns
