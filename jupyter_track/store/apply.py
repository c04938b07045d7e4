"""One batch into the store, inside one transaction, in as few statements as there can be.

Beside a busy Python loop every SQLite call waits 5 to 10 ms for the GIL, so 100 rows by ``executemany`` take 240 ms
and by one multi-row statement 11 ms. What can be prepared is prepared before the mutex is taken (`prepare`).
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterable
from typing import Any

from .batch import Batch, Row
from .belonging import BELONGING
from .curves import CurveState, Plan
from .insertion import insert_curve, insert_rows
from .open_curves import stored_curve
from .targets import PREFIX as TARGET_PREFIX


class UnknownRuns(Exception):
    """Runs that the batch writes to are not in the store: they were deleted for good meanwhile."""

    def __init__(self, runs: set[str]) -> None:
        self.runs = runs
        super().__init__(f"{len(runs)} runs are not in the store any more: {', '.join(sorted(runs))[:100]}")


_BATCH_FAULTS = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError)


def is_store_fault(error: Exception) -> bool:
    """Whether the store or its disk is at fault, and not a batch that would be refused anywhere."""
    return isinstance(error, (sqlite3.Error, OSError)) and not isinstance(error, _BATCH_FAULTS)


CurveKey = tuple[str, str]  # run id, metric key
_IDS = 500  # ids of one IN (...)

RUN_COLUMNS = (
    "uuid",
    "experiment_id",
    "name",
    "status",
    "start_time",
    "end_time",
    "duration",
    "parent_uuid",
    "note",
    "user_id",
    "notebook",
    "cell_id",
    "execution_count",
    "error_name",
    "error_message",
    "error_lines",
    "host_id",
    "boot_id",
    "pid",
    "process_start",
    "rev",
)
UPDATE_COLUMNS = frozenset(RUN_COLUMNS[2:-1]) | {"heartbeat", "lifecycle_stage", "deleted_time", "stop_requested"}
PARAM_COLUMNS = ("value", "type", "number", "text", "written", "source", "position")
ARTIFACT_COLUMNS = ("path", "sha256", "size", "mime", "kind", "title", "line", "created", "join_key")
EXECUTION_COLUMNS = (
    "session",
    "position",
    "source_sha256",
    "cell_id",
    "execution_count",
    "start_time",
    "duration",
    "status",
)

DATASET_COLUMNS = ("name", "digest", "context", "source_type", "source", "sha256", "tags", "position")
CONTEXT_COLUMNS = ("kind", "sha256", "created")


class Knowledge:
    """What the writer knows of the store, valid as long as nobody else has written to it."""

    def __init__(self) -> None:
        self.store_id: str | None = None
        self.rev: int | None = None
        self.run_numbers: dict[str, int] = {}
        self.curves: dict[CurveKey, CurveState] = {}
        self._keys: dict[str, set[str]] = {}

    def learn_curve(self, run_id: str, key: str, state: CurveState) -> None:
        """Take over how a curve stands on disk."""
        self.curves[run_id, key] = state
        self._keys.setdefault(run_id, set()).add(key)

    def forget_all(self) -> None:
        """Know nothing: somebody else has written, or the file is another one."""
        self.rev = None
        self.run_numbers.clear()
        self.curves.clear()
        self._keys.clear()

    def forget_run(self, run_id: str) -> None:
        """Drop what is known of a run that has ended."""
        self.run_numbers.pop(run_id, None)
        for key in self._keys.pop(run_id, ()):
            self.curves.pop((run_id, key), None)


class Application:
    """Writes one batch; what it learns becomes knowledge only once the transaction is committed.

    With `ends` also the end of a run that is not there is something that cannot be written (`UnknownRuns`).
    """

    def __init__(self, batch: Batch, knowledge: Knowledge, ends: bool = False) -> None:
        self.batch = batch
        self.ends = ends
        self.knowledge = knowledge
        self.numbers: dict[str, int] = {}
        self.rev = 0
        self.store_id = ""
        self.alone = False  # whether nobody else has written since the writer's last batch; known once it is written
        self.plan = self._prepare()

    def _prepare(self) -> Plan | None:
        """Plan the points while no lock is held; None where a curve is not known yet."""
        curves = self.knowledge.curves
        plan = Plan()
        for points in self.batch.points:
            state = curves.get((points.run_id, points.key))
            if state is None:
                return None
            plan.add(points, state)
        return plan

    def write(self, connection: sqlite3.Connection, *, again: bool = False) -> bool:
        """Write the batch inside the caller's transaction.

        Parameters
        ----------
        connection : sqlite3.Connection
            With a transaction open.
        again : bool
            Whether the batch may have been written before: then that is looked up first.

        Returns
        -------
        bool
            False where the batch was written before, and nothing was done.
        """
        batch = self.batch
        if again and self._written_before(connection):
            self._look_up(connection, batch.starts)
            return False
        self.rev, self.store_id = connection.execute("UPDATE store SET rev = rev + 1 RETURNING rev, id").fetchone()
        connection.execute(
            "INSERT INTO writers VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET batch = excluded.batch",
            (batch.writer, batch.number),
        )
        known = self.knowledge
        alone = known.rev is not None and self.rev == known.rev + 1 and self.store_id == known.store_id
        self.alone = alone
        if not alone:  # another process, or another file: a backup that was restored numbers its runs anew
            known.forget_all()
        if batch.experiments or batch.starts:
            self._experiments(connection)
            self._starts(connection)
        self._find_runs(connection)
        self._updates(connection)
        self._params(connection)
        self._tags(connection)
        self._files(connection)
        self._inputs(connection)
        self._goals(connection)
        self._targets(connection)
        if batch.points:
            self._points(connection, alone)
        for run_id, child_id in batch.absorbed.items():
            self._absorb(connection, run_id, child_id)
        return True

    def committed(self) -> None:
        """Take over what was learned: the transaction is on disk."""
        self.knowledge.rev, self.knowledge.store_id = self.rev, self.store_id
        self.knowledge.run_numbers.update(self.numbers)
        for run_id, child_id in self.batch.absorbed.items():  # what is yet to come for the run goes to the child
            self.knowledge.run_numbers[run_id] = self._number(child_id)
        for points, state in self.plan.states if self.plan else ():
            self.knowledge.learn_curve(points.run_id, points.key, state)

    def _written_before(self, connection: sqlite3.Connection) -> bool:
        row = connection.execute("SELECT batch FROM writers WHERE id = ?", (self.batch.writer,)).fetchone()
        return row is not None and row[0] >= self.batch.number

    def _experiments(self, connection: sqlite3.Connection) -> None:
        new = [
            value
            for name, row in self.batch.experiments.items()
            for value in (row["id"], name, row["created"], row["created"], self.rev)
        ]
        insert_rows(
            connection,
            "INSERT INTO experiments (id, name, created, updated, rev)",
            5,
            new,
            " ON CONFLICT DO NOTHING",
        )

    def _experiment_ids(self, connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
        """Find experiments by name; one that was renamed meanwhile, in another process, is made anew."""
        wanted = list(dict.fromkeys(names))
        marks = ",".join("?" * len(wanted))
        found = dict(connection.execute(f"SELECT name, id FROM experiments WHERE name IN ({marks})", wanted))
        for name in wanted:
            if name not in found:
                found[name], now = secrets.randbits(53), int(time.time() * 1000)
                connection.execute(
                    "INSERT INTO experiments (id, name, created, updated, rev) VALUES (?, ?, ?, ?, ?)",
                    (found[name], name, now, now, self.rev),
                )
        return found

    def _starts(self, connection: sqlite3.Connection) -> None:
        starts = self.batch.starts
        if not starts:
            return
        experiments = self._experiment_ids(connection, (row["experiment"] for row in starts.values()))
        flat: list[Any] = []
        for run_id, row in starts.items():
            get = row.get
            flat += (run_id, experiments[row["experiment"]])
            flat += [get(column) for column in RUN_COLUMNS[2:-1]]
            flat.append(self.rev)
        insert_rows(connection, f"INSERT INTO runs ({','.join(RUN_COLUMNS)})", len(RUN_COLUMNS), flat)
        self._look_up(connection, starts)

    def _look_up(self, connection: sqlite3.Connection, run_ids: Iterable[str]) -> None:
        """Find the small numbers of runs."""
        unknown = [run for run in dict.fromkeys(run_ids) if self._known(run) is None]
        for at in range(0, len(unknown), _IDS):
            some = unknown[at : at + _IDS]
            marks = ",".join("?" * len(some))
            self.numbers.update(connection.execute(f"SELECT uuid, id FROM runs WHERE uuid IN ({marks})", some))

    def _find_runs(self, connection: sqlite3.Connection) -> None:
        wanted = self.batch.run_ids(self.ends)
        self._look_up(connection, wanted)
        unknown = {run for run in wanted if self._known(run) is None}
        if unknown:
            raise UnknownRuns(unknown)

    def _known(self, run_id: str) -> int | None:
        number = self.numbers.get(run_id)
        return self.knowledge.run_numbers.get(run_id) if number is None else number

    def _number(self, run_id: str) -> int:
        number = self._known(run_id)
        if number is None:
            raise UnknownRuns({run_id})
        return number

    def _updates(self, connection: sqlite3.Connection) -> None:
        for run_id, row in self.batch.updates.items():
            names = [name for name in row if name in UPDATE_COLUMNS]
            sets = ", ".join(f"{name} = ?" for name in names)
            connection.execute(
                f"UPDATE runs SET {sets}, rev = ? WHERE uuid = ?", [*(row[name] for name in names), self.rev, run_id]
            )

    def _touched(self, connection: sqlite3.Connection, run_ids: Iterable[str]) -> None:
        """Move the revision of runs that were there before."""
        old = [self._number(run) for run in dict.fromkeys(run_ids) if run not in self.batch.starts]
        if old:
            marks = ",".join("?" * len(old))
            connection.execute(f"UPDATE runs SET rev = ? WHERE id IN ({marks})", [self.rev, *old])

    def _params(self, connection: sqlite3.Connection) -> None:
        batch = self.batch
        if not batch.params:
            return
        self._touched(connection, (run for run, _ in batch.params))
        replaced = [(self._number(run), key, row) for run, key, row in batch.earlier]
        replaced = [*self._replaced(connection), *replaced]
        history = [
            value
            for number, key, row in replaced
            for value in (number, key, batch_time(row), row["value"], row["type"], row["text"], row["source"])
        ]
        insert_rows(connection, "INSERT INTO param_history", 7, history)
        flat = [
            value
            for (run, key), row in batch.params.items()
            for value in (self._number(run), key, *(row[name] for name in PARAM_COLUMNS))
        ]
        changed = ", ".join(f"{name} = excluded.{name}" for name in PARAM_COLUMNS[:-1])
        insert_rows(
            connection,
            f"INSERT INTO params (run_id, key, {', '.join(PARAM_COLUMNS)})",
            2 + len(PARAM_COLUMNS),
            flat,
            f" ON CONFLICT (run_id, key) DO UPDATE SET {changed}",
        )

    def _replaced(self, connection: sqlite3.Connection) -> list[tuple[int, str, Row]]:
        """Params on disk that this batch gives another value."""
        batch = self.batch
        old = {self._number(run): run for run, _ in batch.params if run not in batch.starts}
        if not old:
            return []
        marks = ",".join("?" * len(old))
        rows = connection.execute(
            f"SELECT run_id, key, value, type, text, source, position FROM params WHERE run_id IN ({marks})", list(old)
        )
        found = []
        for number, key, value, kind, text, source, position in rows:
            new = batch.params.get((old[number], key))
            if new is not None and new["value"] != value:
                stored = {"value": value, "type": kind, "text": text, "source": source, "position": position}
                found.append((number, key, stored))
        return found

    def _tags(self, connection: sqlite3.Connection) -> None:
        tags = self.batch.tags
        if not tags:
            return
        self._touched(connection, (run for run, _ in tags))
        for run, key in [place for place, value in tags.items() if value is None]:
            connection.execute("DELETE FROM tags WHERE run_id = ? AND key = ?", (self._number(run), key))
        flat = [
            item for (run, key), value in tags.items() if value is not None for item in (self._number(run), key, value)
        ]
        insert_rows(
            connection,
            "INSERT INTO tags",
            3,
            flat,
            " ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value",
        )

    def _files(self, connection: sqlite3.Connection) -> None:
        batch = self.batch
        for sha256, (size, data) in batch.contents.items():
            connection.execute("INSERT INTO contents VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (sha256, size, data))
        self._touched(connection, [run for run, _ in batch.artifacts] + [run for run, _ in batch.executions])
        flat = [
            value
            for (run, _), row in batch.artifacts.items()
            for value in (self._number(run), *(row.get(name) for name in ARTIFACT_COLUMNS))
        ]
        changed = ", ".join(f"{name} = excluded.{name}" for name in ARTIFACT_COLUMNS[1:])
        insert_rows(
            connection,
            f"INSERT INTO artifacts (run_id, {', '.join(ARTIFACT_COLUMNS)})",
            1 + len(ARTIFACT_COLUMNS),
            flat,
            f" ON CONFLICT (run_id, path) DO UPDATE SET {changed}",
        )
        flat = [
            value
            for run, row in batch.executions
            for value in (self._number(run), *(row.get(name) for name in EXECUTION_COLUMNS))
        ]
        insert_rows(
            connection,
            f"INSERT OR REPLACE INTO executions (run_id, {', '.join(EXECUTION_COLUMNS)})",
            1 + len(EXECUTION_COLUMNS),
            flat,
        )

    def _inputs(self, connection: sqlite3.Connection) -> None:
        """Write what runs read, and what surrounded them."""
        batch = self.batch
        for table, rows, columns in (
            ("datasets", batch.datasets, DATASET_COLUMNS),
            ("contexts", batch.contexts, CONTEXT_COLUMNS),
        ):
            if not rows:
                continue
            self._touched(connection, (place[0] for place in rows))
            flat = [
                value
                for (run, *_), row in rows.items()
                for value in (self._number(run), *(row[name] for name in columns))
            ]
            head = f"INSERT OR REPLACE INTO {table} (run_id, {', '.join(columns)})"
            insert_rows(connection, head, 1 + len(columns), flat)

    def _goals(self, connection: sqlite3.Connection) -> None:
        goals = self.batch.goals
        if not goals:
            return
        experiments = self._experiment_ids(connection, (name for name, _ in goals))
        flat = [value for (name, key), goal in goals.items() for value in (experiments[name], key, goal)]
        insert_rows(
            connection,
            "INSERT INTO metric_goals",
            3,
            flat,
            " ON CONFLICT (experiment_id, key) DO UPDATE SET goal = excluded.goal",
        )

    def _targets(self, connection: sqlite3.Connection) -> None:
        targets = self.batch.targets
        if not targets:
            return
        experiments = self._experiment_ids(connection, (name for name, _ in targets))
        flat = [
            value
            for (name, key), target in targets.items()
            for value in (experiments[name], TARGET_PREFIX + key, repr(target))
        ]
        insert_rows(
            connection,
            "INSERT INTO experiment_tags",
            3,
            flat,
            " ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value",
        )
        for number in {experiments[name] for name, _ in targets}:
            connection.execute("UPDATE experiments SET rev = ? WHERE id = ?", (self.rev, number))

    def _points(self, connection: sqlite3.Connection, alone: bool) -> None:
        plan = self.plan
        if plan is None or not alone:
            plan = self.plan = self._planned_anew(connection, alone)
        insert_rows(connection, "INSERT INTO metric_points", 5, plan.points)
        for metric_id, first, curve in plan.long:
            insert_curve(connection, metric_id, first, curve)
        flat: list[Any] = []
        for points, state in plan.states:
            flat += (state.metric_id, self._number(points.run_id), points.key, points.source, state.count)
            flat += (state.last_step, state.last_time, state.last_value)
            flat += (state.min, state.min_step, state.max, state.max_step, self.rev)
        insert_rows(
            connection,
            "INSERT INTO metrics",
            13,
            flat,
            " ON CONFLICT (id) DO UPDATE SET count = excluded.count, last_step = excluded.last_step,"
            " last_time = excluded.last_time, last_value = excluded.last_value, min_value = excluded.min_value,"
            " min_step = excluded.min_step, max_value = excluded.max_value, max_step = excluded.max_step,"
            " rev = excluded.rev",
        )
        insert_rows(connection, "INSERT INTO metric_buckets", 12, plan.buckets)

    def _planned_anew(self, connection: sqlite3.Connection, alone: bool) -> Plan:
        """Plan with curves as they stand on disk: some are new here, or another process has written meanwhile."""
        batch = self.batch
        next_id: int | None = None
        plan = Plan()
        for points in batch.points:
            place = (points.run_id, points.key)
            state = self.knowledge.curves.get(place) if alone else None
            if state is None and points.run_id not in batch.starts:
                state = stored_curve(connection, self._number(points.run_id), points.key)
            if state is None or state.metric_id is None:
                if next_id is None:
                    next_id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM metrics").fetchone()[0]
                state = CurveState(next_id)
                next_id += 1
            plan.add(points, state)
        return plan

    def _absorb(self, connection: sqlite3.Connection, run_id: str, child_id: str) -> None:
        """Give what the run of a cell recorded to its only child, and remove the run."""
        number, child = self._number(run_id), self._number(child_id)
        for table in (*BELONGING, "metrics"):
            connection.execute(f"UPDATE OR IGNORE {table} SET run_id = ? WHERE run_id = ?", (child, number))
        for table in BELONGING:  # curves of the machine that the child has too belong to no run, and gc takes them
            connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (number,))
        connection.execute(
            "UPDATE runs SET parent_uuid = (SELECT parent_uuid FROM runs WHERE id = ?), rev = ? WHERE id = ?",
            (number, self.rev, child),
        )
        connection.execute("DELETE FROM runs WHERE id = ?", (number,))


def batch_time(row: Row) -> int:
    """Return when a param was logged, in milliseconds: its position is the time in microseconds."""
    return int(row["position"]) // 1000
