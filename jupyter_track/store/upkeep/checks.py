"""What can be wrong with a store, found without changing it."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ...errors import CorruptStore, StoreBusy
from .. import files, schema, spill
from ..belonging import BELONGING, NAMED
from ..database import READ_WAIT, check_ours, reading, reading_as_it_is
from ..liveness import state_of
from ..lock import ProcessLock
from ..place import files_folder, store_exists
from ..sqlite_errors import nothing_yet
from . import content
from .curve_checks import wrong_curves
from .leftovers import ORPHANS
from .page_copy import copy_pages
from .pages import Source, in_pages
from .turns import Progress, check_readable
from .values_check import odd_values

_QUICK_CHECK = "PRAGMA quick_check(10)"
_SHOWN = 3  # examples that a message names

# Rows that name what is not there, with what they are called.
LOOSE: dict[str, tuple[str, str]] = {
    **{
        table: (f"{table} WHERE run_id NOT IN (SELECT id FROM runs)", f"rows of {table} without their run")
        for table in BELONGING
    },
    "experiment_tags": (
        "experiment_tags WHERE experiment_id NOT IN (SELECT id FROM experiments)",
        "tags without their experiment",
    ),
    "metric_goals": (
        "metric_goals WHERE experiment_id NOT IN (SELECT id FROM experiments)",
        "goals without their experiment",
    ),
    **{
        table: (f"{table} WHERE {column} NOT IN (SELECT id FROM {owner})", f"rows of {table} without their model")
        for table, column, owner in (
            ("registered_model_tags", "model_id", "registered_models"),
            ("model_aliases", "model_id", "registered_models"),
            ("model_versions", "model_id", "registered_models"),
            ("model_version_tags", "version_id", "model_versions"),
            ("model_version_files", "version_id", "model_versions"),
        )
    },
}
HOMELESS = "runs WHERE experiment_id NOT IN (SELECT id FROM experiments)"
UNKEPT = f"({NAMED}) WHERE sha256 NOT IN (SELECT sha256 FROM contents)"


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Attributes
    ----------
    kind : str
        ``damaged journal gitignore spill orphan failed lost leftover value loose experiment curve content unnamed``.
    message : str
        One or two sentences.
    count : int
        How many there are.
    repairable : bool
        Whether `repair.repair` does something about it.
    items : tuple
        What it is about: ids of runs, hashes of content, files.
    wrong : bool
        Whether something is wrong; else it is only good to know, and the store is well.
    """

    kind: str
    message: str
    count: int = 1
    repairable: bool = True
    items: tuple[str, ...] = ()
    wrong: bool = True

    def __str__(self) -> str:
        return self.message


def of_files(store: Path) -> Iterator[Finding]:
    """Look at what lies beside the store; before the store is opened, which takes back what a journal holds."""
    if not store_exists(store):
        raise nothing_yet(store)
    if _journal_waits(store):
        yield Finding(
            "journal",
            f"A process was killed while it wrote; {store.name}-journal takes its half-done changes back.",
        )
    folder = files_folder(store)
    if folder.is_dir() and not (folder / ".gitignore").exists():
        yield Finding("gitignore", f"{folder.name} has no .gitignore, so git may take its content for sources.")
    waiting = spill.waiting(store)
    if waiting:
        yield Finding(
            "spill",
            f"Not written to the store yet, and kept in side files: {_counted(len(waiting), 'batch', 'batches')}.",
            len(waiting),
            items=tuple(map(str, waiting)),
        )
    orphans = spill.waiting(store, spill.ORPHAN)
    if orphans:
        yield Finding(
            "orphan",
            f"Kept for runs that are not in this store, but in that of another git branch or in a backup: "
            f"{_counted(len(orphans), 'batch', 'batches')} in {orphans[0].parent}. They are written once the runs are "
            "back. If those were deleted for good, remove the files.",
            len(orphans),
            repairable=False,
            items=tuple(map(str, orphans)),
            wrong=False,
        )
    failed = spill.waiting(store, spill.FAILED)
    if failed:
        yield Finding(
            "failed",
            f"Refused by the store, and kept: {_some([str(path) for path in failed])}.",
            len(failed),
            repairable=False,
            items=tuple(map(str, failed)),
        )


def _journal_waits(store: Path) -> bool:
    """Whether there is a journal while nobody writes."""
    journal = store.with_name(store.name + "-journal")
    if not journal.exists():
        return False
    try:
        lock = ProcessLock(files_folder(store) / "lock", create=False)
    except OSError:  # nobody has written here
        return journal.exists()
    try:
        with lock.held(shared=True, timeout=READ_WAIT) as held:
            if not held:
                raise StoreBusy(f"{store} is being written by another process for longer than {READ_WAIT:g} s.")
            return journal.exists()
    finally:
        lock.close()


def damage(store: Path) -> Finding | None:
    """Look whether SQLite can read every page.

    It looks at a copy, which is made so that no writer waits long; at the store itself where there is no room for one.

    Raises
    ------
    StoreUnavailable, NotAStore, NewerStore
        Where the store cannot be examined at all.
    """
    try:
        _check_before_migration(store)
        check_readable(store)
        with tempfile.TemporaryDirectory(prefix="jupyter-track-") as folder:
            roomy = shutil.disk_usage(folder).free > 2 * store.stat().st_size
            said = _checked_copy(store, Path(folder) / "copy.db") if roomy else _checked(store)
        said = _other_tables(store) or said
    except CorruptStore as error:
        said = [str(error).partition("; it was left")[0]]
    if said == ["ok"]:
        return None
    return Finding("damaged", f"Pages of {store} are damaged ({_some(said)}).", len(said), items=tuple(said))


def _check_before_migration(store: Path) -> None:
    """Look at the pages of a store of an earlier schema before anything is written into it.

    Raises
    ------
    CorruptStore
    """
    with reading_as_it_is(store) as connection:
        if check_ours(connection, store) >= schema.VERSION:
            return
        said = [row[0] for row in connection.execute(_QUICK_CHECK)]
    if said != ["ok"]:
        raise CorruptStore(_some(said))


def _other_tables(store: Path) -> list[str]:
    """Say which tables are not as they are made: their text lies on a page too."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh, reading(store) as connection:
        schema.create(fresh, "")
        tables = [row[0] for row in fresh.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            f"{table} is not as it is made" for table in tables if not _names(fresh, table) <= _names(connection, table)
        ]


def _names(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _checked(store: Path) -> list[str]:
    with reading(store) as connection:
        return [row[0] for row in connection.execute(_QUICK_CHECK)]


def _checked_copy(store: Path, place: Path) -> list[str]:
    copy_pages(store, place)
    with closing(sqlite3.connect(place, isolation_level=None)) as copy:
        try:
            return [row[0] for row in copy.execute(_QUICK_CHECK)]
        except sqlite3.DatabaseError as error:
            return [str(error)]


def of_rows(store: Path) -> Iterator[Finding]:
    """Look for runs whose process is gone, and rows that cannot be read or name what is not there.

    Raises
    ------
    CorruptStore
        Where text of a row is none.
    """
    source = Source(store, store)
    source.experiments()
    for page in in_pages(list(source.numbers())):
        source.runs(page)  # text that is none is found by reading it: CorruptStore
    lost = lost_runs(store)
    if lost:
        yield Finding(
            "lost",
            f"The process is gone of {_counted(len(lost), 'run')} that never ended: "
            f"{_some([f'#{number}' for number, _ in lost])}.",
            len(lost),
            repairable=False,
            items=tuple(run_id for _, run_id in lost),
        )
    with reading(store) as connection:
        leftover = connection.execute(f"SELECT count(*) {ORPHANS}").fetchone()[0]
    if leftover:
        yield Finding(
            "leftover", f"A merge or gc was killed and left {_counted(leftover, 'curve')} without a run.", leftover
        )
    with reading(store) as connection:
        odd = odd_values(connection)
    if odd:
        yield Finding(
            "value",
            f"Not to be read, since bytes have changed: {_counted(odd, 'param or status', 'params or statuses')}.",
            odd,
        )
    for rows, words in LOOSE.values():
        count = _count(store, rows)
        if count:
            yield Finding("loose", f"There are {count:,} {words}.", count)
    homeless = _count(store, HOMELESS)
    if homeless:
        yield Finding("experiment", f"The experiment of {_counted(homeless, 'run')} is missing.", homeless)


def lost_runs(store: Path) -> list[tuple[int, str]]:
    """Return number and id of the active runs whose process is gone."""
    with reading(store) as connection:
        return lost_rows(connection)


def lost_rows(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """As `lost_runs`, inside of a transaction."""
    rows = connection.execute(
        "SELECT id, status, uuid, host_id, boot_id, pid, process_start, heartbeat FROM runs"
        " WHERE status = 'RUNNING' AND lifecycle_stage = 'active' ORDER BY id"
    ).fetchall()
    return [(number, process[1]) for number, *process in rows if state_of(*process) == "lost"]


def _count(store: Path, source: str) -> int:
    with reading(store) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0])


def of_curves(store: Path, progress: Progress) -> Iterator[Finding]:
    """Look whether the summaries and buckets of all curves are those of their points."""
    wrong = wrong_curves(Source(store, store), progress)
    if wrong:
        examples = _some([f"{one.key} ({one.what})" for one in wrong])
        yield Finding(
            "curve",
            f"Summary or buckets are not those of the points in {_counted(len(wrong), 'curve')}: {examples}.",
            len(wrong),
        )


def of_content(store: Path) -> Iterator[Finding]:
    """Look whether all content is there with its hash; each file is read once."""
    hashes = [sha256 for (sha256,) in _rows(store, "SELECT sha256 FROM contents ORDER BY sha256")]
    wrong: dict[str, list[str]] = {"missing": [], "damaged": []}
    for page in Source(store, store).contents(hashes):
        for sha256, size, data in page:
            fault = files.fault(store, sha256, size, data)
            if fault is not None:
                wrong[fault].append(sha256)
    wrong["missing"] += [sha256 for (sha256,) in _rows(store, f"SELECT sha256 FROM {UNKEPT}")]
    for fault, several in wrong.items():
        if several:
            users = _users(store, several)
            yield Finding(
                "content",
                f"{_counted(len(several), f'{fault} content')}{f', named by {_some(users)}' if users else ''}; copy"
                f" {files_folder(store).name} together with the store, or log it again.",
                len(several),
                repairable=False,
                items=tuple(several),
            )
    unnamed, orphans = content.unnamed_rows(store), content.orphans(store)
    count = len(unnamed) + len(orphans)
    if count:
        yield Finding("unnamed", f"No run names {_counted(count, 'content')} any more.", count)


def _rows(store: Path, sql: str) -> list[tuple[str, ...]]:
    with reading(store) as connection:
        return connection.execute(sql).fetchall()


def _users(store: Path, hashes: Sequence[str]) -> list[str]:
    """Name runs and paths that content belongs to."""
    some = list(hashes[:500])
    marks = ",".join("?" * len(some))
    with reading(store) as connection:
        rows = connection.execute(
            f"SELECT DISTINCT run_id, path FROM artifacts WHERE sha256 IN ({marks})"
            f" UNION SELECT run_id, 'its source' FROM executions WHERE source_sha256 IN ({marks})"
            f" UNION SELECT run_id, 'the dataset ' || name FROM datasets WHERE sha256 IN ({marks})"
            f" UNION SELECT run_id, 'its ' || kind FROM contexts WHERE sha256 IN ({marks}) ORDER BY 1, 2",
            some * 4,
        ).fetchall()
        models = connection.execute(
            "SELECT DISTINCT name, version FROM model_version_files"
            " JOIN model_versions ON model_versions.id = version_id"
            " JOIN registered_models ON registered_models.id = model_id"
            f" WHERE sha256 IN ({marks}) ORDER BY name, version",
            some,
        ).fetchall()
    return [*(f"#{number} ({path})" for number, path in rows), *(f"models:/{name}/{one}" for name, one in models)]


def _counted(count: int, noun: str, several: str = "") -> str:
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")
