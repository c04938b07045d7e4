"""The runs of a live table as the kernel last read them, and what of them has changed in the store since."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..store import relatives, table_rows
from ..store.place import store_exists
from ..store.reader import Reader
from ..store.table_rows import TableRow
from ..views.arrange import is_attempt
from ..views.groups import alike, has_seeds, seedless_sources
from ..views.live_columns import Kind, LiveColumn, live_columns
from ..views.live_table import Fold, RowMaker, changed_params, folds, predecessors
from .panel import Message
from .standing import State, file_state

LIVENESS = 5.0  # seconds between two looks whether runs of other kernels still live
FEW, COLUMNS_REST = 2_000, 30.0  # of more runs, the columns are chosen anew only so often (seconds)


@dataclass(frozen=True)
class Update:
    """What looks different now: rows, runs that are gone, and whether the columns do."""

    rows: list[TableRow]
    removed: list[str]
    columns: bool


class FollowedRuns:
    """The runs of one table, the newest first, with the columns and folds that follow from them.

    Parameters
    ----------
    store : Path
    run_ids : sequence of str, optional
        The runs that it has; by default all that are not deleted, also those to come.
    reader : Reader, optional
        Reads them, where they are not to be read as they are.
    """

    def __init__(self, store: Path, run_ids: Sequence[str] | None = None, reader: Reader | None = None) -> None:
        self.store = store
        self._whole = reader or Reader(store)
        self.rows: dict[int, TableRow] = {}
        self.columns: tuple[LiveColumn, ...] = ()
        self.total = 0
        self.whole = False  # whether all of them are read
        self._run_ids = None if run_ids is None else tuple(run_ids)
        self._reader = self._whole.row_reader()
        self._places: dict[tuple[Kind, str], int] = {}  # of a row's values; what is new comes behind the others
        self._folds: dict[str, Fold] = {}
        self._before: dict[int, int] = {}
        self._sources: dict[str, str] = {}  # by run, a hash of its code; kept, since code does not change
        self._seedless: dict[str, str] = {}  # the same, in which the numbers of seeds do not count
        self._alike: dict[str, str] = {}  # by run, what it is called with those that differ from it only in the seed
        self._rev = -1
        self._seen: State | None = None  # the file when it was looked at
        self._alive = self._arranged = 0.0

    # ---- reading

    def look_again(self) -> None:
        """Look into the file with the next `update`, whether it seems to have been written or not."""
        self._seen = None

    def load(self, limit: int | None = None) -> None:
        """Read the runs anew: all of them, or the first of them."""
        if not store_exists(self.store):
            self.rows, self.columns, self.whole, self.total = {}, (), True, 0
            return
        rev = table_rows.revision(self.store)
        numbers = self._numbers()
        self.total = len(numbers)
        if limit is None and (gone := self.rows.keys() - set(numbers)):
            # What was deleted while somebody looks stays, so that it can be taken back in its place.
            numbers = sorted({*numbers, *gone}, reverse=True)
        part = numbers if limit is None else numbers[:limit]
        self.rows = {row.number: row for row in self._reader.read(part)}
        self._rev, self.whole = rev, len(part) == len(numbers)
        self._arrange()

    def take(self, rows: Sequence[TableRow]) -> None:
        """Take runs that were read before, the newest first, in the place of `load`."""
        self.rows = {row.number: row for row in rows}
        self.total, self.whole = len(rows), True
        self._arrange()

    def active(self) -> list[TableRow]:
        """Return the runs that are not deleted."""
        return [row for row in self.rows.values() if row.stage == "active"]

    def forget(self) -> None:
        """Keep no rows while nobody looks: they grow old, and there may be many."""
        self.rows, self.columns, self.whole = {}, (), False
        self._folds, self._before, self._places, self._alike = {}, {}, {}, {}
        self._reader = self._whole.row_reader()

    def _numbers(self) -> list[int]:
        if self._run_ids is None:
            return table_rows.active_numbers(self.store)
        return table_rows.numbers_of(self.store, self._run_ids)

    def _arrange(self) -> None:
        rows = self.active()
        self.columns = live_columns(rows, self._whole.goals())
        for column in self.columns:
            if column.kind in ("metric", "param"):
                self._places.setdefault((column.kind, column.key), len(self._places))
        attempts = [row.run_id for row in rows if is_attempt(row)]
        with_files = relatives.with_files(self.store, attempts) if attempts else ()
        self._folds = folds(rows, self._hashes(rows), with_files)
        self._alike = self._alike_of(rows)
        self._before = predecessors(self.rows.values())
        self._arranged = time.monotonic()

    def _hashes(self, rows: Sequence[TableRow]) -> Mapping[str, str]:
        """The hashes of the runs' code, by which repeats are known; of a very long table none."""
        if len(rows) > FEW:
            return {}
        asked = [row.run_id for row in rows if row.state == "finished" and row.run_id not in self._sources]
        if asked:
            self._sources.update(self._whole.sources(asked))
        return self._sources

    def _alike_of(self, rows: Sequence[TableRow]) -> dict[str, str]:
        """What runs are called with those that differ from them only in the seed; of a very long table nothing."""
        if len(rows) > FEW or not has_seeds(rows):
            return {}
        if asked := [row.run_id for row in rows if row.run_id not in self._seedless]:
            self._seedless |= {**dict.fromkeys(asked, ""), **seedless_sources(self._whole, asked)}
        return alike(rows, self._seedless)

    # ---- what changed

    def update(self) -> Update | None:
        """Read what has changed in the store; None where nothing looks different."""
        numbers = self._to_read()
        if numbers is not None:
            return self._take(numbers) if numbers else None
        before, hidden, columns = self.rows, self._hidden, self.columns
        folded, named = self._folds, self._alike
        self.load()
        removed = [row.run_id for number, row in before.items() if number not in self.rows]
        changed = {number: row for number, row in self.rows.items() if row != before.get(number)}
        return self._differing(changed, before, removed, hidden, columns, folded, named)

    def _to_read(self) -> Sequence[int] | None:
        """The numbers of the runs that may have changed; None for all."""
        seen, now = file_state(self.store), time.monotonic()
        if seen is None:
            return None if self.rows else ()
        numbers: set[int] = set()
        if now - self._alive >= LIVENESS:
            self._alive = now
            numbers.update(number for number, row in self.rows.items() if row.live)
        if seen != self._seen:
            changes = table_rows.changes_since(self.store, self._rev)
            if changes.all or changes.rev < self._rev:
                self._seen = seen
                return None
            self._rev, self._seen = changes.rev, seen
            numbers.update(changes.numbers)
            if self._run_ids is not None:
                numbers &= set(self._numbers())
        return sorted(numbers, reverse=True)

    def _take(self, numbers: Sequence[int]) -> Update | None:
        before, hidden, columns, folded = self.rows, self._hidden, self.columns, self._folds
        named = self._alike
        found = {row.number: row for row in self._reader.read(numbers)}
        gone = [number for number in numbers if number in before and number not in found]
        fresh = {n: row for n, row in found.items() if n not in before and row.stage == "active"}
        changed = {n: row for n, row in found.items() if n in before and row != before[n]}
        if not (gone or fresh or changed):
            return None
        self.rows = {**dict(sorted(fresh.items(), reverse=True)), **before, **changed}
        for number in gone:
            del self.rows[number]
        if fresh and min(fresh) < max(before, default=0):
            self.rows = dict(sorted(self.rows.items(), reverse=True))
        affected = {**fresh, **changed}
        old = time.monotonic() - self._arranged > COLUMNS_REST
        if len(self.rows) <= FEW or old or self._has_new_column(affected.values()):
            self._arrange()
        elif fresh or gone:
            self._before = predecessors(self.rows.values())
        removed = [before[number].run_id for number in gone]
        return self._differing(affected, before, removed, hidden, columns, folded, named)

    def _has_new_column(self, rows: Iterable[TableRow]) -> bool:
        known = {(column.kind, column.key) for column in self.columns}
        return any(
            (kind, key) not in known
            for row in rows
            for kind, keys in (("metric", row.metrics), ("param", row.params), ("tag", row.tags))
            for key in keys
        )

    def _differing(
        self,
        changed: dict[int, TableRow],
        before: Mapping[int, TableRow],
        removed: list[str],
        hidden: frozenset[str],
        columns: tuple[LiveColumn, ...],
        folded: Mapping[str, Fold],
        named: Mapping[str, str],
    ) -> Update | None:
        """What looks different: what changed, and what does so because others have changed."""
        heads = {head for head in {**folded, **self._folds} if folded.get(head) != self._folds.get(head)}
        heads |= {run_id for run_id in {**named, **self._alike} if named.get(run_id) != self._alike.get(run_id)}
        others = {n for n, row in changed.items() if n not in before or row.params != before[n].params}
        rows = [
            row
            for number, row in self.rows.items()
            if number in changed
            or row.run_id in heads
            or self._before.get(number) in others
            or (hidden != self._hidden and self._reads_else(row, hidden))
        ]
        if not (rows or removed or columns != self.columns):
            return None
        return Update(rows, removed, columns != self.columns)

    def _reads_else(self, row: TableRow, hidden: frozenset[str]) -> bool:
        """Whether what changed in a run is told otherwise, since other params have a column now."""
        earlier = self._earlier(row)
        told = [] if earlier is None else [changed_params(row, earlier, each) for each in (hidden, self._hidden)]
        return bool(told) and told[0] != told[1]

    def _earlier(self, row: TableRow) -> TableRow | None:
        """The run before a run, with which it is compared."""
        return self.rows.get(self._before.get(row.number, -1))

    @property
    def _hidden(self) -> frozenset[str]:
        return frozenset(column.key for column in self.columns if column.kind == "param" and column.shown)

    # ---- as the front end gets it

    def column_messages(self) -> list[Message]:
        """Return the columns as they are sent."""
        return [column.message(self._places.get((column.kind, column.key))) for column in self.columns]

    def row_messages(self, rows: Sequence[TableRow], maker: RowMaker, *, changes: bool = True) -> list[Message]:
        """Return rows as they are sent; without `changes` it is not told how a run differs from the one before it."""
        made = []
        for row in rows:
            message = maker.row(row, self._earlier(row) if changes else None)
            if (fold := self._folds.get(row.run_id)) is not None:
                message["fold"] = fold.message()
            if (label := self._alike.get(row.run_id)) is not None:
                message["alike"] = label
            made.append(message)
        return made

    def maker(self, now_ms: int | None = None) -> RowMaker:
        """Return what makes rows: one for all parts of a table, since equal values are made once.

        The time of a run that goes on is told up to `now_ms`, by default now.
        """
        return RowMaker(self._places, time.time_ns() // 1_000_000 if now_ms is None else now_ms, self._hidden)
