"""A clean copy of a store, made while kernels write to it.

`VACUUM INTO` on the store itself would keep every writer waiting for as long as it takes (1 s for 130 MB). So runs are
read in pages, each as it stands at one moment, into a file of our own, and that one is vacuumed into the copy: compact,
without what is left between the rows of the store, and complete or not there at all.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._version import __version__
from ...errors import AlreadyExists, InvalidValue, NotFound, StoreError, StoreUnavailable
from .. import files, pending, schema
from ..belonging import BELONGING, NAMED
from ..curves import CurveState, Plan
from ..database import reading
from ..edits import EDIT_WAIT
from ..filter_sql import Sql
from ..insertion import insert_curve, insert_rows
from ..run_rows import in_parts
from ..sqlite_errors import explain
from .models import MODEL_TABLES, NOT_OF_RUNS, UNOWNED
from .pages import CURVE_COLUMNS, Curve, Source, Wanted, in_pages, opened
from .tables import check_parquet, tables
from .turns import Progress, no_progress

__all__ = ["Exported", "check_parquet", "copy_store", "tables"]

_TABLES = (*BELONGING, "metrics")  # that have a run_id
_PART = ".part-"

# What a copy of chosen runs has not. Default is in every store, by its id: there as it was made, if no run is in it.
_OF_OTHERS = (
    "DELETE FROM experiments WHERE id NOT IN (SELECT experiment_id FROM runs)",
    *(
        f"DELETE FROM {table} WHERE experiment_id NOT IN (SELECT id FROM experiments)"
        for table in ("experiment_tags", "metric_goals")
    ),
    "INSERT OR IGNORE INTO experiments (id, name, created, updated, rev)"
    f" SELECT {schema.DEFAULT_EXPERIMENT_ID}, '{schema.DEFAULT_EXPERIMENT}', created, created, 0 FROM store",
)

Take = Callable[[str, int], object]  # takes the sha256 and the size of large content


@dataclass(frozen=True)
class Exported:
    """What a copy holds.

    Attributes
    ----------
    target : Path
    runs, points, files : int
        `files` are the large contents beside the copy.
    missing : tuple of str
        sha256 of content that the store names and does not have, or has damaged.
    """

    target: Path
    runs: int
    points: int
    files: int
    missing: tuple[str, ...]


def copy_store(
    store: Path,
    target: Path,
    *,
    runs: Sequence[str] | None = None,
    deleted: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Make a clean copy of a store: the file, and its large content in the folder beside it.

    Runs keep their numbers and ids. The copy appears when all of it is there. Content comes first, so a process that is
    killed leaves no copy, or a whole one.

    Parameters
    ----------
    store, target : Path
        The folder of `target` is made where it is missing.
    runs : sequence of str, optional
        Ids of the runs to copy; all by default. With them come their experiments and the versions of models that came
        from them, and nothing of others.
    deleted : bool, default False
        Copy the runs in the bin too. Those named in `runs` are copied anyway.
    overwrite : bool, default False
        Replace a file that is there.
    progress : callable, optional
        Called with the number of points copied, and of all points.

    Returns
    -------
    Exported

    Raises
    ------
    AlreadyExists
        Where `target` is there.
    InvalidValue
        Where it is the store itself.
    NotFound
        Where there is no run of an id.
    StoreUnavailable, NotAStore, CorruptStore, NewerStore
        Where the store cannot be read, or the target cannot be written.

    Examples
    --------
    >>> copy_store(Path("track.db"), Path("backup/track.db"))  # doctest: +SKIP
    Exported(target=PosixPath('backup/track.db'), runs=12, points=5400, files=3, missing=())
    """
    pending.flush(store, EDIT_WAIT)
    with opened(store) as source:
        check_target(store, target, overwrite)
        numbers = chosen(source, runs, deleted)

        def take(sha256: str, size: int) -> None:
            files.carry(store, sha256, size, target)

        with beside(target) as temporary:
            whole, copy = copy_rows(source, numbers, temporary, take, progress or no_progress, part=runs is not None)
            os.replace(whole, target)
        return Exported(target, len(copy.numbers), copy.done, copy.files, tuple(copy.missing))


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Give a temporary name beside a target, whose folder is made; files whose names begin so are gone afterwards.

    Raises
    ------
    StoreUnavailable
        Where the target cannot be written.
    """
    temporary = target.with_name(f"{_PART}{os.getpid()}-{uuid.uuid4().hex}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
    except sqlite3.Error as error:
        raise explain(error, target) from error
    except StoreError:
        raise
    except OSError as error:
        said = error.strerror or error
        raise StoreUnavailable(f"{target} cannot be written ({said}); name another place.") from error
    finally:
        for left in target.parent.glob(f"{temporary.name}*"):
            left.unlink(missing_ok=True)


def check_target(store: Path, target: Path, overwrite: bool) -> None:
    """Refuse to write an export over the store, or over a file that is there.

    Raises
    ------
    InvalidValue, AlreadyExists
    """
    if target.exists() and target.samefile(store):
        raise InvalidValue(f"{target} is the store itself; name another file for the copy.")
    if target.is_dir():
        raise InvalidValue(f"{target} is a folder; name a file in it, such as {target / store.name}.")
    if target.exists() and not overwrite:
        raise AlreadyExists(f"{target} is there already; name another file, or give --overwrite (overwrite=True).")


def chosen(source: Source, runs: Sequence[str] | None, deleted: bool) -> list[int]:
    """Return the numbers of the runs to copy."""
    known = {run_id: number for number, run_id in source.numbers().items()}
    if runs is not None:
        unknown = next((run_id for run_id in runs if run_id not in known), None)
        if unknown is not None:
            raise NotFound(f"There is no run {unknown!r} in {source.store}.")
        return sorted({known[run_id] for run_id in runs})
    if deleted:
        return sorted(known.values())
    with reading(source.place) as connection:
        return [
            row[0] for row in connection.execute("SELECT id FROM runs WHERE lifecycle_stage = 'active' ORDER BY id")
        ]


def copy_rows(
    source: Source, numbers: list[int], temporary: Path, take: Take, progress: Progress, *, part: bool
) -> tuple[Path, Copy]:
    """Copy runs into a new database beside `temporary`, and return its path.

    Parameters
    ----------
    source : Source
    numbers : list of int
        Of the runs.
    temporary : Path
        The beginning of the names of the files that are made.
    take : callable
        Takes the sha256 and the size of each large content; raises NotFound or CorruptStore where that is gone or
        damaged.
    progress : callable
    part : bool
        The runs were chosen: what belongs to none of them stays out. Else experiments without a run and models that
        came from a folder are copied too.
    """
    whole = temporary.with_name(temporary.name + "-whole")
    with closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
        for setting in ("auto_vacuum = INCREMENTAL", "journal_mode = OFF", "synchronous = OFF"):
            connection.execute(f"PRAGMA {setting}")
        copy = Copy(source, connection, take, progress, part)
        copy.begin(numbers)
        for page in in_pages(numbers):
            copy.runs(page)
        copy.experiments()
        copy.models()
        copy.contents()
        copy.numbers = [row[0] for row in connection.execute("SELECT id FROM runs ORDER BY id")]
        connection.execute("VACUUM INTO ?", (str(whole),))
    with open(whole, "rb+") as file:
        os.fsync(file.fileno())
    return whole, copy


def write_plan(connection: sqlite3.Connection, plan: Plan) -> None:
    """Insert the points and the buckets of a plan."""
    insert_rows(connection, "INSERT INTO metric_points", 5, plan.points)
    for metric_id, first, curve in plan.long:
        insert_curve(connection, metric_id, first, curve)
    insert_rows(connection, "INSERT INTO metric_buckets", 12, plan.buckets)


class Copy:
    """A store that is being filled; nobody else looks at it."""

    def __init__(
        self, source: Source, connection: sqlite3.Connection, take: Take, progress: Progress, part: bool
    ) -> None:
        self.part = part
        self.source = source
        self.connection = connection
        self.take = take
        self.progress = progress
        self.done = self.total = self.files = 0
        self.numbers: list[int] = []  # of the runs that it has
        self.missing: list[str] = []

    def begin(self, numbers: list[int]) -> None:
        """Make the tables, and take over what tells this store from others."""
        connection = self.connection
        connection.execute("BEGIN")
        schema.create(connection, f"jupyter-track {__version__}")
        with reading(self.source.place) as source:
            row = source.execute("SELECT id, rev, created, created_by FROM store").fetchone()
            writers = source.execute("SELECT id, batch FROM writers").fetchall()
            migrated = source.execute("SELECT applied_at, migration_set, name FROM _sqlite_migrations").fetchall()
            newest = source.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'").fetchone()
            self.total = source.execute("SELECT coalesce(sum(count), 0) FROM metrics").fetchone()[0]
        connection.execute("UPDATE store SET id = ?, rev = ?, created = ?, created_by = ?", row)
        # As in the source, so that the same runs give the same bytes.
        statement = "UPDATE _sqlite_migrations SET applied_at = ? WHERE migration_set = ? AND name = ?"
        connection.executemany(statement, migrated)
        connection.executemany("INSERT INTO writers VALUES (?, ?)", writers)
        if newest is not None:  # a run that is made in the copy gets a number that nobody had
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('runs', ?)", newest)
        connection.execute("DELETE FROM experiments")
        connection.execute("COMMIT")

    def runs(self, numbers: Sequence[int]) -> None:
        """Copy some runs with all that belongs to them, apart from content."""
        rows: dict[str, list[Any]] = {"runs": [], **{table: [] for table in _TABLES}}
        curves: list[Wanted] = []

        def read(connection: sqlite3.Connection, among: Sql) -> None:
            for table, found in rows.items():
                column = "id" if table == "runs" else "run_id"
                found += connection.execute(f"SELECT * FROM {table} WHERE {column} {among.text}", among.values)
            some = connection.execute(f"SELECT {CURVE_COLUMNS} FROM metrics WHERE run_id {among.text}", among.values)
            curves.extend(Wanted(str(row[0]), Curve(*row)) for row in some)

        in_parts(self.source.place, numbers, read)
        self.connection.execute("BEGIN")
        for table, found in rows.items():
            if found:
                flat = [value for row in found for value in row]
                insert_rows(self.connection, f"INSERT INTO {table}", len(found[0]), flat)
        self._points(curves)
        self.connection.execute("COMMIT")

    def _points(self, curves: Sequence[Wanted]) -> None:
        """Copy the points of curves, and make their buckets anew."""
        states: dict[tuple[str, str], CurveState] = {}
        for page in self.source.points(curves):
            plan = Plan()
            for points in page:
                place = points.run_id, points.key
                if place not in states:
                    states[place] = CurveState(int(points.run_id))
                plan.add(points, states[place])
                states[place] = plan.states[-1][1]
                self.done += len(points.steps)
            write_plan(self.connection, plan)
            self.progress(self.done, max(self.total, self.done))

    def experiments(self) -> None:
        """Copy the experiments: last, so that every run's is among them, also one that was made meanwhile."""
        connection = self.connection
        connection.execute("BEGIN")
        with reading(self.source.place) as source:
            for table in ("experiments", "experiment_tags", "metric_goals"):
                rows = source.execute(f"SELECT * FROM {table}").fetchall()
                flat = [value for row in rows for value in row]
                insert_rows(connection, f"INSERT INTO {table}", len(rows[0]) if rows else 1, flat)
        if self.part:
            for statement in _OF_OTHERS:
                connection.execute(statement)
        connection.execute(
            "UPDATE experiments SET baseline_uuid = NULL WHERE baseline_uuid NOT IN (SELECT uuid FROM runs)"
        )
        connection.execute("COMMIT")

    def models(self) -> None:
        """Copy the registry: of versions those whose run was copied, and of all runs those that came from a folder."""
        connection = self.connection
        connection.execute("BEGIN")
        with reading(self.source.place) as source:
            for table in MODEL_TABLES:
                rows = source.execute(f"SELECT * FROM {table}").fetchall()
                flat = [value for row in rows for value in row]
                insert_rows(connection, f"INSERT INTO {table}", len(rows[0]) if rows else 1, flat)
        connection.execute(
            "DELETE FROM model_versions WHERE run_uuid IS NOT NULL AND run_uuid NOT IN (SELECT uuid FROM runs)"
        )
        if self.part:
            for statement in NOT_OF_RUNS:
                connection.execute(statement)
        for statement in UNOWNED:
            connection.execute(statement)
        connection.execute("COMMIT")

    def contents(self) -> None:
        """Copy the content that the runs name; what is large goes to the folder beside the copy."""
        connection = self.connection
        hashes = [row[0] for row in connection.execute(NAMED)]
        found: set[str] = set()
        for page in self.source.contents(hashes):
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO contents VALUES (?, ?, ?)", page)
            connection.execute("COMMIT")
            found.update(sha256 for sha256, _, _ in page)
            for sha256, size, data in page:
                if data is None:
                    self._file(sha256, size)
        self.missing += sorted(set(hashes) - found)

    def _file(self, sha256: str, size: int) -> None:
        try:
            self.take(sha256, size)
        except StoreUnavailable:
            raise
        except (NotFound, StoreError):
            self.missing.append(sha256)
        else:
            self.files += 1
