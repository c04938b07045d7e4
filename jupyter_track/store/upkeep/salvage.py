"""What can be read of a damaged store, copied into a new one.

SQLite finds a row by its key through pages that may be whole while others are not. So each table is read by ranges of
its key; a range that fails is halved until what cannot be read is single keys, and within one key it is read from both
ends. Rows that no whole page leads to any more are then read from their own pages (`salvage_pages`). Nothing is written
to the damaged file; it is kept under another name. What is lost is counted, and stays noted beside the store.
"""

from __future__ import annotations

import mmap
import os
import sqlite3
import time
import uuid
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..._version import __version__
from ...errors import CorruptStore, StoreBusy
from ...records import RunStatus
from .. import files as content_files
from .. import schema
from ..belonging import BELONGING, NAMING
from ..damaged import note_losses
from ..database import StoreFiles, connect
from .curve_checks import rebuild_curve
from .kept import keep_damaged
from .models import MODEL_TABLES, recover
from .salvage_pages import Pages
from .salvage_tables import FoundTables, Loss, shapes_of
from .turns import WRITE_WAIT

_FAULTS = 4_000  # reads that may fail in one table; then its rest counts as lost
_MOST_INT = 2**62
Row = tuple[Any, ...]
_HEX = "0123456789abcdef"
_KINDS: dict[str, tuple[type, ...]] = {"INTEGER": (int,), "REAL": (float, int), "TEXT": (str,), "BLOB": (bytes,)}

# What indexes know of a row whose own page cannot be read: the number, and the columns of the index.
_INDEXES = (
    ("sqlite_autoindex_runs_1", "uuid"),
    ("runs_by_name", "name"),
    ("runs_by_experiment", "experiment_id, lifecycle_stage, start_time"),
)

# Table, and the number that its rows are found by.
_INTEGER_KEYS = {
    "experiments": "id",
    "experiment_tags": "experiment_id",
    "metric_goals": "experiment_id",
    "runs": "id",
    "params": "run_id",
    "param_history": "rowid",
    "tags": "run_id",
    "metrics": "id",
    "metric_points": "metric_id",
    "artifacts": "run_id",
    "executions": "run_id",
    "registered_models": "id",
    "registered_model_tags": "model_id",
    "model_versions": "id",
    "model_version_tags": "version_id",
    "model_version_files": "version_id",
    "model_aliases": "model_id",
    "datasets": "run_id",
    "contexts": "run_id",
}
_SIZED = ("artifacts", "model_version_files")  # that say how large the content is which they name
_SINCE = {**dict.fromkeys(MODEL_TABLES, 5), "datasets": 6, "contexts": 6}  # the schema that brought a table


@dataclass
class Saved:
    """What was saved and what was lost, in sentences, and where the damaged file is."""

    kept: Path
    said: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def salvage(files: StoreFiles) -> Saved:
    """Put a new store with all that can be read in the place of a damaged one; writers wait until it is there.

    Raises
    ------
    CorruptStore
        Where no table can be read; the file is left as it is.
    StoreBusy
        Where the mutex could not be had.
    """
    store = files.store
    temporary = store.with_name(f".part-{uuid.uuid4().hex}")
    with files.lock().held(timeout=WRITE_WAIT) as held:
        if not held:
            raise StoreBusy(f"{store} is being used by another process for longer than {WRITE_WAIT:g} s.")
        try:
            with closing(_damaged(store)) as old, closing(sqlite3.connect(temporary, isolation_level=None)) as new:
                salvaged = _Salvage(old, new, store)
                salvaged.run()
            saved = Saved(keep_damaged(store), salvaged.said, salvaged.lost)
            note_losses(store, saved.lost, saved.kept)
            os.replace(temporary, store)
        finally:
            for ending in ("", "-journal"):
                temporary.with_name(temporary.name + ending).unlink(missing_ok=True)
    saved.said.insert(0, f"Kept the damaged file as {saved.kept.name}.")
    return saved


def _damaged(store: Path) -> sqlite3.Connection:
    """Open the damaged file; a journal is rolled back first, as at every opening."""
    connection = connect(store, read_only=False)
    connection.execute("PRAGMA writable_schema = 1")  # tables whose entries are whole are found beside damaged ones
    connection.execute("PRAGMA query_only = 1")
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection


def _at_least(low: int, high: int, last: Row | bool, place: int) -> int:
    """Where a range goes on after the last row that could be read of it; a damaged number counts for nothing."""
    value = last[place] if isinstance(last, tuple) else None
    return value if isinstance(value, int) and low < value <= high else low


def _of(count: int, total: int) -> str:
    return f"{count:,} of {total:,}"


def _halves(low: int, high: int) -> list[tuple[int, int]]:
    middle = (low + high) // 2
    return [(low, middle), (middle + 1, high)]


class _Salvage:
    """Copies what can be read from the old store to the new one."""

    def __init__(self, old: sqlite3.Connection, new: sqlite3.Connection, store: Path) -> None:
        self.old = old
        self.new = new
        self.store = store
        self.copied: dict[str, int] = {}
        self.said: list[str] = []
        self.lost: list[str] = []
        self.faults: dict[str, int] = {}  # reads that failed, by table
        self.dropped: dict[str, int] = {}  # rows that cannot be whole
        self.losses: dict[str, Loss] = {}
        self.identity: Row | None = None
        self.columns: dict[str, dict[str, str]] = {}
        self.kinds: dict[str, dict[str, tuple[type, ...]]] = {}
        self.counted: set[str] = set()  # tables of which the lost rows have been counted

    def run(self) -> None:
        """Copy all tables, and make whole what belongs together."""
        new = self.new
        new.execute("PRAGMA auto_vacuum = INCREMENTAL")
        new.execute("BEGIN")
        schema.create(new, f"jupyter-track {__version__}")
        new.execute("DELETE FROM experiments")
        for table, key in _INTEGER_KEYS.items():
            if self._version() < _SINCE.get(table, 1):
                self.copied[table] = 0  # there were none yet
                continue
            self._table(table, self._by_number(table, key))
        self._table("contents", self._by_text("contents", "sha256"))
        self._table("writers", self._by_text("writers", "id"))
        self._pages()
        if not any(self.copied.values()):
            raise CorruptStore(
                f"Nothing of {self.store} can be read; it was left as it is. Restore a copy of the file."
            )
        self._identity()
        self._indexed_curves()
        self._runs()
        self._models()
        self._curves()
        self._contents()
        self._say_lost()
        new.execute("COMMIT")
        rows = ", ".join(
            f"{count:,} of {table}" for table, count in self.copied.items() if count and table != "writers"
        )
        self.said.insert(0, f"Copied to a new store: {rows}.")

    def _table(self, table: str, rows: Iterator[Row]) -> None:
        """Insert the rows of a table that SQLite finds."""
        columns = self._columns(table)
        self.copied[table] = 0
        try:
            self.old.execute(f"SELECT {', '.join(columns.values())} FROM {table} LIMIT 0")
        except sqlite3.DatabaseError:
            self.faults[table] = 1
            return
        for row in rows:
            self._insert(table, list(columns), row)

    def _insert(self, table: str, names: list[str], row: Row) -> int:
        """Insert a row, and return 1; one that was read before is left out, one that cannot be whole too."""
        kinds = self._kinds(table)
        whole = all(
            value is None or isinstance(value, kinds.get(name, (int,))) for name, value in zip(names, row, strict=True)
        )
        if whole:
            with suppress(sqlite3.IntegrityError):
                added = self.new.execute(
                    f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({','.join('?' * len(row))})", row
                ).rowcount
                self.copied[table] += added
                return added
        self.dropped[table] = self.dropped.get(table, 0) + 1
        return 0

    def _kinds(self, table: str) -> dict[str, tuple[type, ...]]:
        """The types that the columns of a table take."""
        if table not in self.kinds:
            self.kinds[table] = {row[1]: _KINDS[row[2]] for row in self.new.execute(f"PRAGMA table_info({table})")}
        return self.kinds[table]

    def _pages(self) -> None:
        """Insert the rows that only their own pages lead to, where SQLite did not find all of a table."""
        wanted = {table for table in self.copied if self.faults.get(table)} | ({"store"} - self._identity_read())
        if not wanted or self.store.stat().st_size < mmap.PAGESIZE:
            return
        found: dict[str, int] = {}
        with open(self.store, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            tables = FoundTables(Pages(data), shapes_of(self.new), wanted)
            for table, row in tables.rows():
                if table == "store":
                    self.identity = row
                else:
                    added = self._insert(table, list(self._columns(table))[: len(row)], row)
                    found[table] = found.get(table, 0) + added
            self.losses = {table: tables.loss(table) for table in sorted(wanted - {"store"})}
        self.said += [
            f"Read {count:,} rows of {table} from pages that nothing led to any more."
            for table, count in found.items()
            if count
        ]
        self.lost += [
            f"Left out {count:,} rows that may be of {names}: it cannot be told."
            for names, count in tables.left_out.items()
        ]

    def _say_lost(self) -> None:
        """Say of each table what is lost, as exactly as that is known."""
        for table, count in self.dropped.items():
            self.lost.append(f"Left out {_of(count, self.copied[table] + count)} rows of {table} that are damaged.")
        unknown = [table for table, loss in self.losses.items() if not loss.of_pages and table not in self.counted]
        if unknown:
            self.lost.append(
                f"It is not known whether rows of {', '.join(unknown)} are lost: their pages are not known."
            )
        for table, loss in self.losses.items():
            if table in self.counted:  # said already, by the number of rows
                continue
            saved = self.copied[table]
            if loss.pages:
                self.lost.append(
                    f"Lost the rows on {_of(loss.pages, loss.of_pages)} pages of {table}"
                    f"{f' and {loss.rows:,} more' if loss.rows else ''}; {saved:,} rows were saved."
                )
            elif loss.rows:
                self.lost.append(f"Lost {_of(loss.rows, saved + loss.rows)} rows of {table}.")

    # ---- reading

    def _columns(self, table: str) -> dict[str, str]:
        """The table's columns with what the old store calls them: by their place, as a name may be damaged too."""
        if table not in self.columns:
            names = [row[1] for row in self.new.execute(f"PRAGMA table_info({table})")]
            old: list[str] = []
            with suppress(sqlite3.DatabaseError):
                old = [row[1] for row in self.old.execute(f"PRAGMA table_info({table})")]
            quoted = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in old or names]
            rowid = {"rowid": "rowid"} if table == "param_history" else {}  # it has no key of its own
            self.columns[table] = {**rowid, **dict(zip(names, quoted, strict=False))}
        return self.columns[table]

    def _read(self, table: str, condition: str, values: tuple[Any, ...] = ()) -> Generator[Row, None, Row | bool]:
        """Yield the rows of a condition; return True where they were all, else the last one, or False for none."""
        last: Row | bool = False
        try:
            for row in self.old.execute(
                f"SELECT {', '.join(self._columns(table).values())} FROM {table} {condition}", values
            ):
                yield row
                last = row
        except (sqlite3.DatabaseError, OverflowError):
            self.faults[table] = self.faults.get(table, 0) + 1
            return last
        return True

    def _by_number(self, table: str, key: str) -> Iterator[Row]:
        """Yield the rows of a table by ranges of a number, the widest ones first."""
        single: list[int] = []
        ranges = deque([(-_MOST_INT, _MOST_INT)])
        columns = self._columns(table)
        if key not in columns:  # the store's list of tables is damaged, which has been said
            return
        place, key = list(columns).index(key), columns[key]
        while ranges and self.faults.get(table, 0) < _FAULTS:
            low, high = ranges.popleft()
            last = yield from self._read(table, f"WHERE {key} BETWEEN ? AND ? ORDER BY {key}", (low, high))
            if last is True:
                continue
            if low == high:
                single.append(low)
            else:  # what came before the last row need not be read again
                ranges += _halves(_at_least(low, high, last, place), high)
        if table == "metric_points":
            yield from self._points(single)
        elif key not in (columns.get("id"), "rowid"):
            for value in single:  # many rows: those before the damaged page, and those behind it
                for order in (f"{key}, 2", f"{key} DESC, 2 DESC"):
                    yield from self._read(table, f"WHERE {key} = ? ORDER BY {order}", (value,))

    def _points(self, curves: list[int]) -> Iterator[Row]:
        """Yield the points of curves of which a page cannot be read, by ranges of their seq."""
        table = "metric_points"
        counts = dict(self.new.execute("SELECT id, count FROM metrics"))
        metric_id, seq, *_ = self._columns(table).values()
        ranges = deque((curve, 0, counts.get(curve, 2**40)) for curve in curves)
        while ranges and self.faults.get(table, 0) < 2 * _FAULTS:
            curve, low, high = ranges.popleft()
            last = yield from self._read(
                table, f"WHERE {metric_id} = ? AND {seq} BETWEEN ? AND ? ORDER BY {seq}", (curve, low, high)
            )
            if last is not True and low < high:
                ranges += [(curve, *half) for half in _halves(_at_least(low, high, last, 1), high)]

    def _by_text(self, table: str, key: str) -> Iterator[Row]:
        """Yield the rows of a table whose key is hexadecimal digits, by their beginnings."""
        key = self._columns(table).get(key, key)
        beginnings = deque([""])
        while beginnings and self.faults.get(table, 0) < _FAULTS:
            begin = beginnings.popleft()
            last = yield from self._read(table, f"WHERE {key} >= ? AND {key} < ?", (begin, begin + "g"))
            if last is not True and len(begin) < 64:
                beginnings += [begin + digit for digit in _HEX]

    # ---- making whole

    def _identity_read(self) -> set[str]:
        """Read the store's id and revision; return the table's name where SQLite finds them."""
        with suppress(sqlite3.DatabaseError):
            self.identity = self.old.execute("SELECT one, id, rev, created, created_by FROM store").fetchone()
        return {"store"} if self.identity else set()

    def _identity(self) -> None:
        """Keep the store's id, and a revision that no kernel knows, so that each looks anew."""
        known = self.new.execute(
            "SELECT max((SELECT coalesce(max(rev), 0) FROM runs), (SELECT coalesce(max(rev), 0) FROM metrics))"
        ).fetchone()[0]
        kinds = (int, str, int, int, str)
        row = self.identity
        if row and all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
            self.new.execute("UPDATE store SET id = ?, created = ?, created_by = ?", (row[1], *row[3:]))
            known = max(known, row[2])
        else:
            self.lost.append("Lost the store's id; it has a new one.")
        self.new.execute("UPDATE store SET rev = ?", (min(known, _MOST_INT) + 1_000,))

    def _runs(self) -> None:
        """Give rows whose run cannot be read a run, and runs whose experiment cannot be read Default."""
        new = self.new
        now = int(time.time() * 1000)
        new.execute(
            "INSERT OR IGNORE INTO experiments (id, name, created, updated, rev) VALUES (?, ?, ?, ?, 0)",
            (schema.DEFAULT_EXPERIMENT_ID, schema.DEFAULT_EXPERIMENT, now, now),
        )
        tables = (*BELONGING, "metrics")
        union = " UNION ".join(f"SELECT run_id FROM {table} WHERE run_id > 0" for table in tables)
        there = {row[0] for row in new.execute("SELECT id FROM runs")}
        indexed = self._indexed_runs()
        missing = ({row[0] for row in new.execute(union)} | indexed.keys()) - there
        for number in sorted(missing):
            known = indexed.get(number, {})
            last = new.execute("SELECT max(last_time) FROM metrics WHERE run_id = ?", (number,)).fetchone()[0]
            row = {
                "id": number,
                "uuid": uuid.uuid4().hex,
                "experiment_id": schema.DEFAULT_EXPERIMENT_ID,
                "name": f"recovered-{number}",
                "status": RunStatus.KILLED,
                "start_time": last or now,
                "end_time": last or now,
                "note": "Its row was damaged; what belonged to it was saved.",
                "rev": 0,
                **known,
            }
            new.execute(
                f"INSERT OR IGNORE INTO runs ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", (*row.values(),)
            )
        if missing:
            self.counted.add("runs")
            self.lost.append(
                f"Lost {_of(len(missing), len(there | missing))} rows of runs; they were made anew from what"
                " indexes and other tables say."
            )
        moved = new.execute(
            "UPDATE runs SET experiment_id = ? WHERE experiment_id NOT IN (SELECT id FROM experiments)",
            (schema.DEFAULT_EXPERIMENT_ID,),
        ).rowcount
        if moved:
            self.lost.append(f"Lost the experiment of {moved:,} runs, which were moved to Default.")

    def _models(self) -> None:
        """Give versions whose model cannot be read a model."""
        count = recover(self.new)
        if count:
            self.counted.add("registered_models")
            self.lost.append(f"Lost the names of {count:,} registered models; they were made anew.")

    def _version(self) -> int:
        """The schema of the damaged store; this one's where it cannot be read."""
        with suppress(sqlite3.DatabaseError):
            return int(self.old.execute("PRAGMA user_version").fetchone()[0])
        return schema.VERSION

    def _indexed_runs(self) -> dict[int, dict[str, Any]]:
        """What the indexes know of runs, by number."""
        found: dict[int, dict[str, Any]] = {}
        for index, columns in _INDEXES:
            names = columns.split(", ")
            with suppress(sqlite3.DatabaseError, OverflowError):
                for number, *values in self.old.execute(f"SELECT id, {columns} FROM runs INDEXED BY {index}"):
                    if all(isinstance(value, (str, int)) for value in values):
                        found.setdefault(number, {}).update(zip(names, values, strict=True))
        return {number: known for number, known in found.items() if "uuid" in known}

    def _indexed_curves(self) -> None:
        """Give curves whose row is lost a new one, by the index of their names; points that are left get a run."""
        new = self.new
        made = 0
        with suppress(sqlite3.DatabaseError, OverflowError):
            rows = self.old.execute("SELECT id, run_id, key FROM metrics INDEXED BY sqlite_autoindex_metrics_1")
            for metric_id, run, key in rows:
                if isinstance(run, int) and isinstance(key, str):
                    made += new.execute(
                        "INSERT OR IGNORE INTO metrics (id, run_id, key, count, rev) VALUES (?, ?, ?, 0, 0)",
                        (metric_id, run, key),
                    ).rowcount
        if made:
            self.counted.add("metrics")
            self.lost.append(
                f"Lost {_of(made, made + self.copied['metrics'])} rows of metrics; those that have points were"
                " made anew from these and the index of their names."
            )
        nameless = "SELECT DISTINCT metric_id FROM metric_points WHERE metric_id NOT IN (SELECT id FROM metrics)"
        numbers = [row[0] for row in new.execute(nameless)]
        if not numbers:
            return
        run = 1 + new.execute("SELECT coalesce(max(run_id), 0) FROM metrics").fetchone()[0]
        run = max(run, 1 + new.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()[0])
        new.executemany(
            "INSERT INTO metrics (id, run_id, key, count, rev) VALUES (?, ?, ?, 0, 0)",
            [(number, run, f"curve-{number}") for number in numbers],
        )
        self.lost.append(f"Lost the names of {len(numbers):,} curves; they were given to run #{run}.")

    def _curves(self) -> None:
        """Number points anew where some are lost, and make summaries and buckets from what is there."""
        new = self.new
        rev = new.execute("SELECT rev FROM store").fetchone()[0]
        stored = dict(new.execute("SELECT id, count FROM metrics"))
        for metric_id in stored:
            rebuild_curve(new, metric_id, rev)
        there = dict(new.execute("SELECT id, count FROM metrics"))
        lost = sum(max(0, count - there.get(metric_id, 0)) for metric_id, count in stored.items())
        if lost:
            self.counted.add("metric_points")
            self.lost.append(f"Lost {_of(lost, lost + sum(there.values()))} points of curves.")
        elif not (loss := self.losses.get("metrics")) or not (loss.rows or loss.pages or not loss.of_pages):
            self.counted.add("metric_points")  # each curve has as many as it should have

    def _contents(self) -> None:
        """Keep the row of content whose bytes are damaged, without the bytes, so that what names it says so."""
        new = self.new
        wrong = [
            sha256
            for sha256, size, data in new.execute("SELECT sha256, size, data FROM contents WHERE data IS NOT NULL")
            if content_files.fault(self.store, sha256, size, data)
        ]
        new.executemany("UPDATE contents SET data = NULL WHERE sha256 = ?", [(sha256,) for sha256 in wrong])
        named = " UNION ALL ".join(
            f"SELECT {column} AS sha256, {'size' if table in _SIZED else '0'} AS size FROM {table}"
            for table, column in NAMING.items()
        )
        gone = new.execute(
            f"INSERT OR IGNORE INTO contents SELECT sha256, max(size), NULL FROM ({named})"
            " WHERE sha256 NOT IN (SELECT sha256 FROM contents) GROUP BY sha256"
        ).rowcount
        if wrong or gone:
            total = new.execute("SELECT count(*) FROM contents").fetchone()[0]
            self.lost.append(f"Lost the bytes of {_of(len(wrong) + gone, total)} contents.")
