"""The table of runs as a DataFrame, filled column by column from SQL rows without making a record of each run.

A row that SQLite hands to Python costs more than a look-up inside SQLite. So the keys that most runs of the first part
have are read by joins, one row a run, in the parts that follow; all other keys come as rows of (key, run, value).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .filter_sql import Sql
from .run_rows import ARTIFACT_URI, in_parts

if TYPE_CHECKING:
    from pandas import DataFrame

_OWN = ("id", "uuid", "experiment_id", "status", "start_time", "end_time", "name", "user_id", "note", "parent_uuid")
_SOURCES = {"metrics": "last_value", "params": "text", "tags": "value"}  # the column that is shown of each table
_MOST_JOINS = 20  # of one table; SQLite takes 64 in all
_DENSE = 0.5  # part of the runs that must have a key


class _Columns:
    """Columns of equal length, in the order of the runs' numbers; a cell that nothing fills is None."""

    def __init__(self) -> None:
        self.own: dict[str, list[Any]] = {name: [] for name in _OWN}
        self.groups: dict[str, dict[str, list[Any]]] = {table: {} for table in _SOURCES}
        self.joined: dict[str, list[str]] | None = None  # the keys that are read by joins, once they are known

    def read(self, connection: sqlite3.Connection, among: Sql) -> None:
        """Read a part of the runs, whose numbers are above all that was read before."""
        before = len(self.own["id"])
        joined = self.joined or {table: [] for table in _SOURCES}
        wide = self.read_wide(connection, among, joined)
        numbers = self.own["id"][before:]
        if not numbers:
            return
        place = {number: before + index for index, number in enumerate(numbers)}
        for table, keys in joined.items():
            self.read_table(connection, among, table, {key: wide[table, key] for key in keys}, place)
        if self.joined is None:
            self.joined = {table: self.dense(table, before) for table in _SOURCES}

    def read_wide(
        self, connection: sqlite3.Connection, among: Sql, joined: dict[str, list[str]]
    ) -> dict[tuple[str, str], Sequence[Any]]:
        """Read the runs' own columns and the joined ones."""
        keys = [(table, key) for table, some in joined.items() for key in some]
        selected = [f"runs.{name}" for name in _OWN] + [
            f"j{at}.{_SOURCES[table]}" for at, (table, _) in enumerate(keys)
        ]
        joins = [
            f" LEFT JOIN {table} j{at} ON j{at}.run_id = runs.id AND j{at}.key = ?"
            for at, (table, _) in enumerate(keys)
        ]
        rows = connection.execute(
            f"SELECT {', '.join(selected)} FROM runs{''.join(joins)} WHERE runs.id {among.text} ORDER BY runs.id",
            (*(key for _, key in keys), *among.values),
        ).fetchall()
        columns = list(zip(*rows, strict=True)) or [()] * len(selected)
        for name, column in zip(_OWN, columns, strict=False):
            self.own[name].extend(column)
        return dict(zip(keys, columns[len(_OWN) :], strict=True))

    def read_table(
        self,
        connection: sqlite3.Connection,
        among: Sql,
        table: str,
        wide: dict[str, Sequence[Any]],
        place: dict[int, int],
    ) -> None:
        """Add the joined columns of a table, and read the rows of its other keys, if it has any."""
        group = self.groups[table]
        size = len(self.own["id"])
        for key, column in group.items():
            column.extend(wide[key] if key in wide else [None] * len(place))
        known = sum(len(column) - column.count(None) for column in wide.values())
        where = f"FROM {table} WHERE run_id {among.text}"
        if wide and known == connection.execute(f"SELECT count(*) {where}", among.values).fetchone()[0]:
            return
        rows = connection.execute(
            f"SELECT key, run_id, {_SOURCES[table]} {where} AND key NOT IN ({', '.join('?' * len(wide))})",
            (*among.values, *wide),
        ).fetchall()
        for key in {row[0] for row in rows} - group.keys():
            group[key] = [None] * size
        for key, number, value in rows:
            group[key][place[number]] = value

    def dense(self, table: str, before: int) -> list[str]:
        """Return the keys that most of the runs have that were read since `before`."""
        enough = (len(self.own["id"]) - before) * _DENSE
        counts = {key: len(column) - before - column[before:].count(None) for key, column in self.groups[table].items()}
        most = sorted((key for key in counts if counts[key] >= enough), key=lambda key: -counts[key])
        return most[:_MOST_JOINS]

    def add_own_tags(self) -> None:
        """Add the tags that mlflow has and the store keeps as columns, by the rule of `records.Run.data`."""
        tags, own = self.groups["tags"], self.own
        nothing = [None] * len(own["id"])
        users = [user or None for user in own["user_id"]]
        first_of = (
            ("mlflow.runName", own["name"], nothing),
            ("mlflow.user", tags.get("mlflow.user", nothing), users),
            ("mlflow.note.content", own["note"], tags.get("mlflow.note.content", nothing)),
            ("mlflow.parentRunId", own["parent_uuid"], tags.get("mlflow.parentRunId", nothing)),
        )
        for key, first, second in first_of:
            column = [other if one is None else one for one, other in zip(first, second, strict=True)]
            if column.count(None) < len(column):
                tags[key] = column


def frame(store: Path, numbers: Sequence[int]) -> DataFrame:
    """Return the runs of some numbers, in their order, with mlflow's columns.

    Parameters
    ----------
    store : Path
    numbers : sequence of int
        The store's numbers of the runs; none gives a frame of shape (0, 6). Runs that were deleted for good meanwhile
        are left out.

    Returns
    -------
    pandas.DataFrame
        run_id, experiment_id, status, artifact_uri (strings), start_time, end_time (times in UTC), then ``metrics.*``
        (float64), ``params.*`` and ``tags.*`` (strings, missing where a run has none), in pandas' own types, each group
        in the order of the alphabet.
    """
    columns = _Columns()
    if numbers:
        in_parts(store, numbers, columns.read)
        columns.add_own_tags()
    return _built(columns, numbers)


def _built(columns: _Columns, numbers: Sequence[int]) -> DataFrame:
    import numpy as np
    import pandas as pd

    place = {number: index for index, number in enumerate(columns.own["id"])}
    order = np.array([place[number] for number in numbers if number in place], dtype=np.intp)

    # As pandas makes them of plain values, which is what mlflow shows: another kind of text and time since pandas 3.
    text = pd.Series(["a"]).dtype
    unit = pd.to_datetime([0], unit="ms").unit

    def texts(values: list[Any]) -> Any:
        made = np.empty(len(values), dtype=object)
        made[:] = values
        return pd.Series(made[order], dtype=text, copy=False)

    def times(values: list[int | None]) -> Any:
        made = np.array(values, dtype="datetime64[ms]")[order].astype(f"datetime64[{unit}]")
        return pd.Series(made, copy=False).dt.tz_localize("UTC")

    def floats(values: list[float | None]) -> Any:
        return pd.Series(np.array(values, dtype=np.float64)[order], copy=False)

    own = columns.own
    experiments = {one: str(one) for one in set(own["experiment_id"])}
    data = {
        "run_id": texts(own["uuid"]),
        "experiment_id": texts([experiments[one] for one in own["experiment_id"]]),
        "status": texts(own["status"]),
        "artifact_uri": texts([ARTIFACT_URI % one for one in own["uuid"]]),
        "start_time": times(own["start_time"]),
        "end_time": times(own["end_time"]),
    }
    made_by: dict[str, Callable[[list[Any]], Any]] = {"metrics": floats, "params": texts, "tags": texts}
    for table, make in made_by.items():
        for key, values in sorted(columns.groups[table].items()):
            data[f"{table}.{key}"] = make(values)
    return pd.DataFrame(data, copy=False)
