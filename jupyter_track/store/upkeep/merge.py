"""The union of stores: every run once, by its id, with all that belongs to it.

It runs beside kernels that write to any of the stores. Small runs are copied several at a time, each whole in one
transaction. A run with many points is brought in pages: its curves belong to no run until all of it is there, and
the last transaction gives them to it. So a merge that is killed leaves whole runs or none, and another one takes the
rest. A merge that is repeated changes nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import uuid
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from ...errors import InvalidValue, StoreBusy, StoreError, StoreUnavailable
from ...values import check_key
from .. import readback, spill
from ..apply import Application, Knowledge, UnknownRuns
from ..batch import Batch
from ..curves import Points
from ..database import BUSY_SECONDS, StoreFiles, reading
from ..filter_sql import Sql
from ..insertion import insert_rows
from ..place import store_exists
from ..sqlite_errors import explain
from .experiments import experiment_statements
from .leftovers import remove_curves
from .models import hashes, unite
from .packed import is_packed, opened_packed
from .pages import (
    PAGE_POINTS,
    Curve,
    RunRows,
    Source,
    Wanted,
    in_pages,
    opened,
    read_experiments,
    read_runs,
)
from .run_statements import OWN_COLUMNS, finish, take_over
from .turns import WRITE_WAIT, Progress, check_readable, no_progress, page_of, turn
from .united import Changes, Conflict, changes_of

__all__ = ["Conflict", "Merged", "MergedSource", "Union", "merge", "merge_files"]

_NOT_STARTED = {*OWN_COLUMNS, "uuid"}


@dataclass
class MergedSource:
    """What came of one source.

    Attributes
    ----------
    store : Path
    added, updated, unchanged : int
        Runs that the target did not have; that took something over; that were there already as they are.
    conflicts : list of Conflict
        What the target kept although the source has it otherwise.
    missing : list of str
        sha256 of content that the source names and does not have, or has damaged.
    renumbered : list of str
        Versions of models that got another number, since the target has one of theirs: ``models:/<name>/<number>``.
    """

    store: Path
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    renumbered: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Merged:
    """What came of a merge, source by source and in all."""

    target: Path
    sources: tuple[MergedSource, ...]

    @property
    def added(self) -> int:
        """Runs that the target did not have."""
        return sum(one.added for one in self.sources)

    @property
    def updated(self) -> int:
        """Runs that took something over."""
        return sum(one.updated for one in self.sources)

    @property
    def unchanged(self) -> int:
        """Runs that were there already."""
        return sum(one.unchanged for one in self.sources)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """What the target kept although a source has it otherwise."""
        return tuple(conflict for one in self.sources for conflict in one.conflicts)

    def __str__(self) -> str:
        """Return it in a line, and below what is not as in the sources."""
        first = f"{_counted(self.added, 'run')} added, {self.updated:,} updated, {self.unchanged:,} unchanged"
        lines = [f"{self.target}: {first}"]
        if count := len(self.conflicts):
            lines.append(f"{_counted(count, 'value')} kept as here, where a source differs: .conflicts has them.")
        if renumbered := [name for one in self.sources for name in one.renumbered]:
            lines.append(f"Versions of models whose number was taken here: now {', '.join(renumbered)}.")
        if count := sum(len(one.missing) for one in self.sources):
            lines.append(f"{_counted(count, 'file')} missing here, unreadable in the stores that name them.")
        return "\n".join(lines)

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def merge(
    target: Path, sources: Sequence[Path], *, tags: Mapping[str, str] = {}, progress: Progress | None = None
) -> Merged:
    """Bring the runs of other stores into one; `united` has the rules for runs that both have.

    Parameters
    ----------
    target : Path
        The store that gets the runs; it is made where there is none.
    sources : sequence of Path
        Stores, or zips of stores (`portable.pack`). They stay as they are; one of an earlier schema is brought to this
        one where its folder can be written.
    tags : mapping, optional
        Tags for the runs of each source, such as ``{"student": "{folder}"}``: ``{folder}`` is the name of the source's
        folder, ``{name}`` that of its file without the ending. A run that the target had keeps its own.
    progress : callable, optional
        Called with the number of runs looked at, and of all.

    Returns
    -------
    Merged

    Raises
    ------
    InvalidValue
        For no sources, the target as a source, or a tag that cannot be one.
    StoreUnavailable, NotAStore, CorruptStore, NewerStore
        Where a store is missing, foreign, damaged or newer; that is looked at before anything is written.
    StoreBusy
        Where a store stays locked, or was tidied meanwhile. What was merged until then stays; merge again.

    Examples
    --------
    >>> merge(Path("all.db"), [Path("a/track.db"), Path("b/track.db")], tags={"student": "{folder}"})  # doctest: +SKIP
    """
    if not sources:
        raise InvalidValue("There is nothing to merge: name at least one store.")
    for key in tags:
        check_key(key, "tag")
    for source in sources:
        if store_exists(target) and store_exists(source) and source.samefile(target):
            raise InvalidValue(f"{source} is the store that is merged into; name other stores.")
        if not is_packed(source):
            check_readable(source)
    done = []
    try:
        with ExitStack() as stack:
            packed = {one: stack.enter_context(opened_packed(one)) for one in sources if is_packed(one)}
            files_of_target = stack.enter_context(turn(target))
            remove_curves(files_of_target)
            total = sum(_count(packed[source].place if source in packed else source) for source in sources)
            before = 0
            for source in sources:
                named = {key: _filled(value, source) for key, value in tags.items()}
                with nullcontext(packed[source]) if source in packed else opened(source) as opened_source:
                    union = Union(files_of_target, opened_source, named)
                    for looked_at in union.run():
                        (progress or no_progress)(before + looked_at, max(total, before + looked_at))
                    before += looked_at
                done.append(union.done)
            if spill.waiting(target, spill.ORPHAN):  # what was logged to runs that came with the union
                readback.read_back(files_of_target, timeout=WRITE_WAIT, busy=BUSY_SECONDS)
    except sqlite3.Error as error:
        raise explain(error, target) from error
    return Merged(target, tuple(done))


def _count(source: Path) -> int:
    with reading(source) as connection:
        return int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])


def _filled(template: str, source: Path) -> str:
    place = source.absolute()
    return template.replace("{folder}", place.parent.name).replace("{name}", place.stem)


def merge_files(ours: Path, base: Path, theirs: Path) -> Merged:
    """Merge two versions of a store's file for git: `ours` becomes the union, and is left as it is where that fails.

    Git's files lie in no folder of content: what is large is not touched, and is looked for beside the store itself.

    Parameters
    ----------
    ours, base, theirs : Path
        In the order of git's ``%A %O %B``. A union needs no common ancestor, so `base` is not read.

    Raises
    ------
    StoreError
        Where one of the versions is foreign, damaged or newer.
    """
    with tempfile.TemporaryDirectory(prefix="jupyter-track-") as name:
        folders = [Path(name) / "ours", Path(name) / "theirs"]
        for folder, version in zip(folders, (ours, theirs), strict=True):
            folder.mkdir()
            shutil.copyfile(version, folder / "track.db")
        merged = merge(folders[0] / "track.db", [folders[1] / "track.db"])
        for one in merged.sources:
            one.missing.clear()
        temporary = ours.with_name(f".part-{uuid.uuid4().hex}")
        try:
            shutil.copyfile(folders[0] / "track.db", temporary)
            temporary.replace(ours)
        finally:
            temporary.unlink(missing_ok=True)
    return Merged(ours, merged.sources)


class Union:
    """Brings one source into the target."""

    def __init__(self, files_of_target: StoreFiles, source: Source, tags: dict[str, str]) -> None:
        self.files = files_of_target
        self.store = files_of_target.store
        self.target = Source(self.store, self.store)
        self.source = source
        self.tags = tags
        self.done = MergedSource(source.store)
        self.writer = uuid.uuid4().hex
        self.points = 0  # of all runs that were looked at

    def run(self) -> Iterator[int]:
        """Bring all runs, and yield now and then how many were looked at."""
        self.experiments()
        numbers = self.source.numbers()
        known = {run_id: number for number, run_id in self.target.numbers().items()}
        at = 0
        for page in in_pages(list(numbers)):
            runs = self.source.runs(page)
            self.points += sum(run.points for run in runs)
            self.contents(set().union(*(run.hashes() for run in runs)))
            self.add([run for run in runs if run.run_id not in known])
            self.unite({known[run.run_id]: run for run in runs if run.run_id in known})
            at += len(page)
            yield at
        self.models()
        yield at

    # ---- experiments, models and content

    def experiments(self) -> None:
        """Unite the experiments by name, in one transaction."""
        theirs = self.source.experiments()
        with page_of(self.files) as connection:
            mine = read_experiments(connection)
            ids = {one.row["id"] for one in mine.values()}
            rev: int | None = None
            for name, new in theirs.items():
                statements = list(experiment_statements(mine.get(name), new, ids))
                if statements and rev is None:
                    rev = connection.execute("UPDATE store SET rev = rev + 1 RETURNING rev").fetchone()[0]
                for sql, values in statements:
                    connection.execute(sql, {**values, "rev": rev})

    def models(self) -> None:
        """Unite the registries, after the runs that versions come from; their content comes first."""
        theirs = self.source.models()
        if theirs:
            self.contents(hashes(theirs))
            with page_of(self.files) as connection:
                self.done.renumbered += unite(connection, theirs)

    def contents(self, hashes: Collection[str]) -> None:
        """Bring the content that is named, before the rows that name it: no row is ever without its content."""
        named = sorted(hashes)
        with reading(self.store) as connection:
            marks = [named[at : at + 500] for at in range(0, len(named), 500)]
            known = {
                row[0]
                for part in marks
                for row in connection.execute(
                    f"SELECT sha256 FROM contents WHERE sha256 IN ({','.join('?' * len(part))})", part
                )
            }
        wanted = [sha256 for sha256 in named if sha256 not in known]
        found: set[str] = set()
        for page in self.source.contents(wanted):
            for sha256, size, data in page:
                if data is None:
                    self._file(sha256, size)
            flat = [value for row in page for value in row]
            with page_of(self.files) as connection:
                insert_rows(connection, "INSERT OR IGNORE INTO contents", 3, flat)
            found.update(sha256 for sha256, _, _ in page)
        self.done.missing += sorted(set(wanted) - found)

    def _file(self, sha256: str, size: int) -> None:
        try:
            self.source.carry(sha256, size, self.store)
        except StoreUnavailable:
            raise
        except (LookupError, StoreError):  # it stays named, and can be brought later
            self.done.missing.append(sha256)

    # ---- runs that the target does not have

    def add(self, runs: Sequence[RunRows]) -> None:
        """Add runs, each whole in one transaction; small ones several at a time."""
        group: list[RunRows] = []
        points = 0
        for run in runs:
            if run.points > PAGE_POINTS:
                self._add_large(run)
                continue
            if points + run.points > PAGE_POINTS:
                self._add_small(group)
                group, points = [], 0
            group.append(run)
            points += run.points
        if group:
            self._add_small(group)
        self.done.added += len(runs)

    def _add_small(self, runs: Sequence[RunRows]) -> None:
        batch = self._batch_of(runs)
        wanted = [Wanted(run.run_id, curve) for run in runs for curve in run.curves.values()]
        batch.points = [points for page in self.source.points(wanted) for points in page]
        with page_of(self.files) as connection:
            self._write(connection, batch)
            finish(connection, runs)

    def _add_large(self, run: RunRows) -> None:
        """Bring the points to curves of no run, then the run, and give it the curves."""
        stage: int | None = None
        for page in self.source.points([Wanted(run.run_id, curve) for curve in run.curves.values()]):
            with page_of(self.files) as connection:
                if stage is None:
                    lowest = connection.execute("SELECT min(run_id) FROM metrics").fetchone()[0]
                    stage = min(0, lowest or 0) - 1
                batch = Batch(self.writer, 1, points=page)
                self._write(connection, batch, {run.run_id: stage})
        with page_of(self.files) as connection:
            application = self._write(connection, self._batch_of([run]))
            connection.execute(
                "UPDATE metrics SET run_id = ?, rev = ? WHERE run_id = ?",
                (application.numbers[run.run_id], application.rev, stage),
            )
            finish(connection, [run])

    def _batch_of(self, runs: Sequence[RunRows]) -> Batch:
        """The runs without their points."""
        batch = Batch(self.writer, 1)
        for run in runs:
            run_id = run.run_id
            started = {name: value for name, value in run.run.items() if name not in _NOT_STARTED}
            batch.starts[run_id] = {**started, "experiment": run.experiment}
            batch.params.update({(run_id, key): row for key, row in run.params.items()})
            batch.tags.update({(run_id, key): value for key, value in {**run.tags, **self.tags}.items()})
            batch.artifacts.update({(run_id, path): row for path, row in run.artifacts.items()})
            batch.executions += [(run_id, row) for row in run.executions.values()]
            batch.datasets.update({(run_id, *place): row for place, row in run.datasets.items()})
            batch.contexts.update({(run_id, kind): row for kind, row in run.contexts.items()})
        return batch

    def _write(
        self, connection: sqlite3.Connection, batch: Batch, numbers: Mapping[str, int] | None = None
    ) -> Application:
        """Write a batch by the writer's own statements, inside the transaction."""
        application = Application(batch, Knowledge())
        application.numbers.update(numbers or {})
        try:
            application.write(connection)
        except (sqlite3.IntegrityError, UnknownRuns) as error:
            raise StoreBusy(f"{self.store} was changed while it was being merged into ({error}); try again.") from error
        connection.execute("DELETE FROM writers WHERE id = ?", (self.writer,))
        return application

    # ---- runs that both have

    def unite(self, runs: Mapping[int, RunRows]) -> None:
        """Let runs of the target take over what the source's copies have more or later."""
        if runs:
            updated = self._unite_curves(runs) | self._unite_rows(runs)
            self.done.updated += len(updated)
            self.done.unchanged += len(runs) - len(updated)

    def _unite_rows(self, runs: Mapping[int, RunRows]) -> set[str]:
        """All but the curves, in one transaction, in which the target's copies are read."""
        changed: set[str] = set()
        with page_of(self.files) as connection:
            numbers = tuple(runs)
            among = Sql(f"IN ({','.join('?' * len(numbers))})", numbers)
            batch = Batch(self.writer, 1)
            several: list[tuple[RunRows, Changes]] = []
            for mine in read_runs(connection, among):
                changes = changes_of(mine, runs[mine.number], self.tags)
                self.done.conflicts += changes.conflicts
                if changes:
                    several.append((mine, changes))
                    changed.add(mine.run_id)
                    batch.params.update({(mine.run_id, row["key"]): row for row in changes.params})
                    batch.tags.update({(mine.run_id, key): value for key, value in changes.tags.items()})
                    batch.artifacts.update({(mine.run_id, row["path"]): row for row in changes.artifacts})
                    batch.executions += [(mine.run_id, row) for row in changes.executions]
                    for row in changes.datasets:
                        batch.datasets[mine.run_id, row["name"], row["digest"], row["context"]] = row
                    batch.contexts.update({(mine.run_id, row["kind"]): row for row in changes.contexts})
            if several:
                rev = self._write(connection, batch).rev
                for mine, changes in several:
                    take_over(connection, mine.number, changes, rev)
        return changed

    def _unite_curves(self, runs: Mapping[int, RunRows]) -> set[str]:
        """Append what the source's curves have more; report those of which neither is the beginning of the other."""
        changed: set[str] = set()
        mine = {run.number: run for run in self.target.runs(list(runs))}
        parted = self._parted([(run, runs[number]) for number, run in mine.items()])
        self.done.conflicts += [Conflict(run_id, "metric", key) for run_id, key in parted]
        for number, run in mine.items():
            for key, curve in runs[number].curves.items():
                known = run.curves.get(key)
                start = 0 if known is None else known.count
                if (
                    (run.run_id, key) not in parted
                    and start < curve.count
                    and self._append(number, run.run_id, curve, start)
                ):
                    changed.add(run.run_id)
        return changed

    def _parted(self, runs: Sequence[tuple[RunRows, RunRows]]) -> dict[tuple[str, str], None]:
        """Return the curves that both have and of which neither is the beginning of the other, point for point."""
        pairs = [
            (mine.run_id, mine.curves[key], curve)
            for mine, theirs in runs
            for key, curve in theirs.curves.items()
            if key in mine.curves
        ]
        mine = self.target.points([_begin(run_id, own, other) for run_id, own, other in pairs])
        theirs = self.source.points([_begin(run_id, other, own) for run_id, own, other in pairs])
        parted: dict[tuple[str, str], None] = {}
        nothing: list[Points] = []
        for one, other in zip_longest(mine, theirs, fillvalue=nothing):  # equal counts, so both come in the same pages
            here, there = ({(some.run_id, some.key): some for some in page} for page in (one, other))
            for place in {**here, **there}:
                if place not in here or place not in there or not _same(here[place], there[place]):
                    parted[place] = None
        return parted

    def _append(self, number: int, run_id: str, curve: Curve, start: int) -> bool:
        """Append points a page at a time: a curve that is cut there is still the beginning of the whole."""
        count = start
        for page in self.source.points([Wanted(run_id, curve, start)]):
            with page_of(self.files) as connection:
                row = connection.execute(
                    "SELECT count FROM metrics WHERE run_id = ? AND key = ?", (number, curve.key)
                ).fetchone()
                if (row[0] if row else 0) != count:  # a kernel has gone on with the run meanwhile
                    self.done.conflicts.append(Conflict(run_id, "metric", curve.key))
                    break
                self._write(connection, Batch(self.writer, 1, points=page), {run_id: number})
            count += sum(len(points.steps) for points in page)
        return count > start


def _begin(run_id: str, curve: Curve, other: Curve) -> Wanted:
    """The beginning of a curve, as long as both are."""
    return Wanted(run_id, replace(curve, count=min(curve.count, other.count)))


def _same(one: Points, other: Points) -> bool:
    """Whether the points are the same, bit for bit: NaN is the same as NaN."""
    return (one.steps, one.times) == (other.steps, other.times) and (
        array("d", one.values).tobytes() == array("d", other.values).tobytes()
    )
