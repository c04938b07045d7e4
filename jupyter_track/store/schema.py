"""The store's tables, and the migrations that make them.

`VERSION` is the file's ``user_version``; it moves in the same transaction as the migration that needs it, so that two
kernels which open an old store at once do the work once. sqlite-utils is imported only where a store is behind.

The metric tables are written by hand and not changed with sqlite-utils' ``transform()``, which drops WITHOUT ROWID
in silence.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

APPLICATION_ID = 0x4A54524B  # "JTRK"
VERSION = 6
DEFAULT_EXPERIMENT_ID = 0
DEFAULT_EXPERIMENT = "Default"

# Levels of metric_buckets: how many points one bucket holds. Each level is built from 16 buckets of the one below.
BUCKET_SIZES = (64, 1_024, 16_384, 262_144, 4_194_304)

INITIAL = (
    # One row: the store's own id, and the number of batches and edits so far.
    """CREATE TABLE store (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        rev INTEGER NOT NULL,
        created INTEGER NOT NULL,
        created_by TEXT NOT NULL
    )""",
    # The last batch of each writing process: a batch that is repeated, or read back from a spill, adds nothing.
    """CREATE TABLE writers (
        id TEXT PRIMARY KEY,
        batch INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE experiments (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        lifecycle_stage TEXT NOT NULL DEFAULT 'active',
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        rev INTEGER NOT NULL
    )""",
    """CREATE TABLE experiment_tags (
        experiment_id INTEGER NOT NULL REFERENCES experiments (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (experiment_id, key)
    ) WITHOUT ROWID""",
    # Goals that were declared; an undeclared goal is guessed from the name when it is shown, and not stored.
    """CREATE TABLE metric_goals (
        experiment_id INTEGER NOT NULL REFERENCES experiments (id),
        key TEXT NOT NULL,
        goal TEXT NOT NULL CHECK (goal IN ('min', 'max')),
        PRIMARY KEY (experiment_id, key)
    ) WITHOUT ROWID""",
    # Times in milliseconds since 1970 (UTC), durations in seconds of the monotonic clock.
    # host_id, boot_id, pid and process_start tell whether the run's process still lives; heartbeat counts up.
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uuid TEXT NOT NULL UNIQUE,
        experiment_id INTEGER NOT NULL REFERENCES experiments (id),
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        lifecycle_stage TEXT NOT NULL DEFAULT 'active',
        start_time INTEGER NOT NULL,
        end_time INTEGER,
        duration REAL,
        parent_uuid TEXT,
        note TEXT,
        user_id TEXT NOT NULL DEFAULT '',
        notebook TEXT,
        cell_id TEXT,
        execution_count INTEGER,
        error_name TEXT,
        error_message TEXT,
        error_lines TEXT,
        host_id TEXT,
        boot_id TEXT,
        pid INTEGER,
        process_start TEXT,
        heartbeat INTEGER NOT NULL DEFAULT 0,
        deleted_time INTEGER,
        rev INTEGER NOT NULL
    )""",
    "CREATE INDEX runs_by_experiment ON runs (experiment_id, lifecycle_stage, start_time)",
    "CREATE INDEX runs_by_parent ON runs (parent_uuid) WHERE parent_uuid IS NOT NULL",
    "CREATE INDEX runs_by_rev ON runs (rev)",
    # value is JSON and exact; text is str(value), as mlflow shows it; number is there where it can be compared.
    """CREATE TABLE params (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        type TEXT NOT NULL,
        number REAL,
        text TEXT NOT NULL,
        written TEXT,
        source TEXT NOT NULL DEFAULT 'explicit',
        position INTEGER NOT NULL,
        PRIMARY KEY (run_id, key)
    ) WITHOUT ROWID""",
    # The earlier values of params that were changed.
    """CREATE TABLE param_history (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        key TEXT NOT NULL,
        changed INTEGER NOT NULL,
        value TEXT NOT NULL,
        type TEXT NOT NULL,
        text TEXT NOT NULL,
        source TEXT NOT NULL
    )""",
    "CREATE INDEX param_history_by_run ON param_history (run_id, key)",
    """CREATE TABLE tags (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run_id, key)
    ) WITHOUT ROWID""",
    # One row a curve, so that a table of runs never reads a point. A NULL value is NaN.
    """CREATE TABLE metrics (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        key TEXT NOT NULL,
        source TEXT NOT NULL DEFAULT 'logged',
        count INTEGER NOT NULL,
        last_step INTEGER,
        last_time INTEGER,
        last_value REAL,
        min_value REAL,
        min_step INTEGER,
        max_value REAL,
        max_step INTEGER,
        rev INTEGER NOT NULL,
        UNIQUE (run_id, key)
    )""",
    "CREATE INDEX metrics_by_rev ON metrics (rev)",
    """CREATE TABLE metric_points (
        metric_id INTEGER NOT NULL REFERENCES metrics (id),
        seq INTEGER NOT NULL,
        step INTEGER NOT NULL,
        time INTEGER NOT NULL,
        value REAL,
        PRIMARY KEY (metric_id, seq)
    ) WITHOUT ROWID""",
    # Whole buckets; level is the number of points in one (64, 1,024, 16,384, …), bucket counts from 0 within it.
    # A chart reads the level that gives it at most 4,000 rows, and the points after the last whole bucket.
    """CREATE TABLE metric_buckets (
        metric_id INTEGER NOT NULL REFERENCES metrics (id),
        level INTEGER NOT NULL,
        bucket INTEGER NOT NULL,
        min_step INTEGER NOT NULL,
        max_step INTEGER NOT NULL,
        min_time INTEGER NOT NULL,
        max_time INTEGER NOT NULL,
        first REAL,
        last REAL,
        min REAL,
        max REAL,
        nans INTEGER NOT NULL,
        PRIMARY KEY (metric_id, level, bucket)
    ) WITHOUT ROWID""",
    # Content by its sha256: in data where it is small, else the file track.db-files/content/<first two>/<sha256>.
    """CREATE TABLE contents (
        sha256 TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        data BLOB
    ) WITHOUT ROWID""",
    """CREATE TABLE artifacts (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL REFERENCES contents (sha256),
        size INTEGER NOT NULL,
        mime TEXT NOT NULL,
        kind TEXT NOT NULL,
        title TEXT,
        line INTEGER,
        created INTEGER NOT NULL,
        PRIMARY KEY (run_id, path)
    ) WITHOUT ROWID""",
    # The executions of cells that runs came from. position counts the executions of one kernel session.
    """CREATE TABLE executions (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        session TEXT NOT NULL,
        position INTEGER NOT NULL,
        source_sha256 TEXT NOT NULL REFERENCES contents (sha256),
        cell_id TEXT,
        execution_count INTEGER,
        start_time INTEGER NOT NULL,
        duration REAL,
        status TEXT NOT NULL,
        PRIMARY KEY (run_id, session, position)
    ) WITHOUT ROWID""",
    # For people who open the file with Datasette or sqlite3: the joins they would want.
    """CREATE VIEW run_list AS
        SELECT runs.id, runs.name, experiments.name AS experiment, runs.status,
               datetime(runs.start_time / 1000, 'unixepoch') AS started_utc, runs.duration, runs.note,
               runs.notebook, runs.uuid
        FROM runs JOIN experiments ON experiments.id = runs.experiment_id
        WHERE runs.lifecycle_stage = 'active'""",
    """CREATE VIEW run_params AS
        SELECT runs.id AS run, runs.name, params.key, params.text AS value, params.type, params.source
        FROM params JOIN runs ON runs.id = params.run_id""",
    """CREATE VIEW run_metrics AS
        SELECT runs.id AS run, runs.name, metrics.key, metrics.last_value AS last, metrics.last_step,
               metrics.min_value AS min, metrics.max_value AS max, metrics.count AS points, metrics.source
        FROM metrics JOIN runs ON runs.id = metrics.run_id""",
    """CREATE VIEW curve_points AS
        SELECT runs.id AS run, metrics.key, metric_points.seq, metric_points.step,
               metric_points.time, metric_points.value
        FROM metric_points JOIN metrics ON metrics.id = metric_points.metric_id
        JOIN runs ON runs.id = metrics.run_id""",
)

# Schema 2: tidying, the baseline, stopping from elsewhere. Times in milliseconds; edited is the last edit by a person,
# by which a merge tells the later of two copies of a run.
SECOND = (
    "ALTER TABLE runs ADD COLUMN pinned INTEGER",
    "ALTER TABLE runs ADD COLUMN edited INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN stop_requested INTEGER",
    "ALTER TABLE experiments ADD COLUMN baseline_uuid TEXT",
    "CREATE INDEX runs_by_cell ON runs (cell_id, id) WHERE cell_id IS NOT NULL",
    "CREATE INDEX runs_by_name ON runs (name, id)",
    # Which sources there are and which runs have them: what looks through code looks at each source once.
    "CREATE INDEX executions_by_source ON executions (source_sha256)",
)

# Schema 3: what a person chose in a live view of a notebook (sorting, columns, filter), as JSON.
THIRD = (
    """CREATE TABLE choices (
        notebook TEXT NOT NULL,
        panel TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (notebook, panel)
    ) WITHOUT ROWID""",
)

# Schema 4: the column by which the rows of a logged table are known, so that tables of several runs can be joined.
FOURTH = ("ALTER TABLE artifacts ADD COLUMN join_key TEXT",)

# Schema 5: the registry of models. A version keeps the files that were registered, whatever becomes of its run; a
# number that was given is not given again (newest). uuid tells a version from those of other stores.
FIFTH = (
    """CREATE TABLE registered_models (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        description TEXT,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        newest INTEGER NOT NULL,
        rev INTEGER NOT NULL
    )""",
    """CREATE TABLE registered_model_tags (
        model_id INTEGER NOT NULL REFERENCES registered_models (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (model_id, key)
    ) WITHOUT ROWID""",
    """CREATE TABLE model_versions (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL UNIQUE,
        model_id INTEGER NOT NULL REFERENCES registered_models (id),
        version INTEGER NOT NULL,
        run_uuid TEXT,
        source TEXT NOT NULL,
        title TEXT NOT NULL,
        description TEXT,
        user_id TEXT NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        rev INTEGER NOT NULL,
        UNIQUE (model_id, version)
    )""",
    "CREATE INDEX model_versions_by_run ON model_versions (run_uuid) WHERE run_uuid IS NOT NULL",
    """CREATE TABLE model_version_tags (
        version_id INTEGER NOT NULL REFERENCES model_versions (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (version_id, key)
    ) WITHOUT ROWID""",
    """CREATE TABLE model_version_files (
        version_id INTEGER NOT NULL REFERENCES model_versions (id),
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL REFERENCES contents (sha256),
        size INTEGER NOT NULL,
        PRIMARY KEY (version_id, path)
    ) WITHOUT ROWID""",
    """CREATE TABLE model_aliases (
        model_id INTEGER NOT NULL REFERENCES registered_models (id),
        alias TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (model_id, alias)
    ) WITHOUT ROWID""",
    """CREATE VIEW model_list AS
        SELECT registered_models.name, model_versions.version, model_versions.title, runs.id AS run,
               model_versions.source, datetime(model_versions.created / 1000, 'unixepoch') AS registered_utc,
               model_versions.description
        FROM model_versions JOIN registered_models ON registered_models.id = model_versions.model_id
        LEFT JOIN runs ON runs.uuid = model_versions.run_uuid""",
)

# Schema 6: what runs read, and what surrounded them.
SIXTH = (
    # sha256 is of a JSON document with the schema, the digest of each column and a small profile; tags are JSON.
    """CREATE TABLE datasets (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        name TEXT NOT NULL,
        digest TEXT NOT NULL,
        context TEXT NOT NULL,
        source_type TEXT NOT NULL,
        source TEXT NOT NULL,
        sha256 TEXT NOT NULL REFERENCES contents (sha256),
        tags TEXT NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (run_id, name, digest, context)
    ) WITHOUT ROWID""",
    "CREATE INDEX datasets_by_name ON datasets (name)",
    # kind is environment, hardware, git (JSON documents) or diff (text). created is in milliseconds.
    """CREATE TABLE contexts (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        kind TEXT NOT NULL,
        sha256 TEXT NOT NULL REFERENCES contents (sha256),
        created INTEGER NOT NULL,
        PRIMARY KEY (run_id, kind)
    ) WITHOUT ROWID""",
    """CREATE VIEW run_datasets AS
        SELECT runs.id AS run, runs.name, datasets.name AS dataset, datasets.context, datasets.digest,
               datasets.source_type, datasets.source
        FROM datasets JOIN runs ON runs.id = datasets.run_id""",
)

MIGRATION_SET = "jupyter_track"
_MIGRATIONS_TABLE = (
    """CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
)""",
    'CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"\n'
    '    ON "_sqlite_migrations" ("migration_set", "name")',
)


def create(connection: sqlite3.Connection, created_by: str) -> None:
    """Make a new store of `VERSION`, inside the transaction that the caller has begun.

    The same as `migrate` on an empty file, without sqlite-utils: importing that takes 0.3 s, and is not possible any
    more where a short script makes its store while the interpreter is going down.
    """
    for statement in _MIGRATIONS_TABLE:
        connection.execute(statement)
    for name, migrate in _migrations(created_by).items():
        migrate(connection)
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)",
            (MIGRATION_SET, name, str(datetime.now(UTC))),
        )
    _mark(connection)


def migrate(connection: sqlite3.Connection, created_by: str) -> None:
    """Bring a store to `VERSION`, inside the transaction that the caller has begun.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode (``isolation_level=None``), with a transaction open; the caller commits or rolls back.
    created_by : str
        Who makes the store, such as ``jupyter-track 0.1.0``.
    """
    from sqlite_utils import Database, Migrations

    migrations = Migrations(MIGRATION_SET)
    for name, migrate in _migrations(created_by).items():
        migrations(name=name)(lambda _, migrate=migrate: migrate(connection))
    migrations.apply(Database(connection))
    _mark(connection)


def _migrations(created_by: str) -> dict[str, Callable[[sqlite3.Connection], None]]:
    return {
        "m001_initial": lambda connection: _initial(connection, created_by),
        "m002_tidying": lambda connection: _run(connection, SECOND),
        "m003_choices": lambda connection: _run(connection, THIRD),
        "m004_join_keys": lambda connection: _run(connection, FOURTH),
        "m005_models": lambda connection: _run(connection, FIFTH),
        "m006_inputs": lambda connection: _run(connection, SIXTH),
    }


def _run(connection: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement)


def _initial(connection: sqlite3.Connection, created_by: str) -> None:
    _run(connection, INITIAL)
    now = int(time.time() * 1000)
    connection.execute("INSERT INTO store VALUES (1, ?, 0, ?, ?)", (uuid.uuid4().hex, now, created_by))
    connection.execute(
        "INSERT INTO experiments VALUES (?, ?, 'active', ?, ?, 0)",
        (DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT, now, now),
    )


def _mark(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
