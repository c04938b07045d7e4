-- A store of schema 4, as jupyter-track 0.1.0 made it. Never changed: later versions have to read it.
PRAGMA application_id = 1247040075;
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'jupyter_track','m001_initial','2025-11-03 14:26:40+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'jupyter_track','m002_tidying','2025-11-03 14:26:40+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'jupyter_track','m003_choices','2025-11-03 14:26:40+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'jupyter_track','m004_join_keys','2025-11-03 14:26:40+00:00');
CREATE TABLE artifacts (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL REFERENCES contents (sha256),
        size INTEGER NOT NULL,
        mime TEXT NOT NULL,
        kind TEXT NOT NULL,
        title TEXT,
        line INTEGER,
        created INTEGER NOT NULL, join_key TEXT,
        PRIMARY KEY (run_id, path)
    ) WITHOUT ROWID;
INSERT INTO "artifacts" VALUES(1,'answers.json','7797d9fcb99edcb49139c291d1696073484bdd48f97ff790adcf5dd9a23d89fa',59,'application/json','table',NULL,NULL,1762180000000,'question');
CREATE TABLE choices (
        notebook TEXT NOT NULL,
        panel TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (notebook, panel)
    ) WITHOUT ROWID;
INSERT INTO "choices" VALUES('a.ipynb','table','{"sort": "loss"}');
CREATE TABLE contents (
        sha256 TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        data BLOB
    ) WITHOUT ROWID;
INSERT INTO "contents" VALUES('7797d9fcb99edcb49139c291d1696073484bdd48f97ff790adcf5dd9a23d89fa',59,X'7B22636F6C756D6E73223A205B227175657374696F6E222C2022616E73776572225D2C202264617461223A205B5B2231202B2031222C20325D5D7D');
CREATE TABLE executions (
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
    ) WITHOUT ROWID;
CREATE TABLE experiment_tags (
        experiment_id INTEGER NOT NULL REFERENCES experiments (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (experiment_id, key)
    ) WITHOUT ROWID;
CREATE TABLE experiments (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        lifecycle_stage TEXT NOT NULL DEFAULT 'active',
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        rev INTEGER NOT NULL
    , baseline_uuid TEXT);
INSERT INTO "experiments" VALUES(0,'Default','active',1762180000000,1762180000000,0,'00000000000000000000000000000001');
INSERT INTO "experiments" VALUES(1546,'other','active',1762180000000,1762180000000,1,NULL);
CREATE TABLE metric_buckets (
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
    ) WITHOUT ROWID;
CREATE TABLE metric_goals (
        experiment_id INTEGER NOT NULL REFERENCES experiments (id),
        key TEXT NOT NULL,
        goal TEXT NOT NULL CHECK (goal IN ('min', 'max')),
        PRIMARY KEY (experiment_id, key)
    ) WITHOUT ROWID;
CREATE TABLE metric_points (
        metric_id INTEGER NOT NULL REFERENCES metrics (id),
        seq INTEGER NOT NULL,
        step INTEGER NOT NULL,
        time INTEGER NOT NULL,
        value REAL,
        PRIMARY KEY (metric_id, seq)
    ) WITHOUT ROWID;
INSERT INTO "metric_points" VALUES(1,0,0,1762180000000,1.0);
INSERT INTO "metric_points" VALUES(1,1,1,1762180001000,0.5);
INSERT INTO "metric_points" VALUES(1,2,2,1762180002000,3.33333333333333314829e-01);
INSERT INTO "metric_points" VALUES(2,0,0,1762180000000,NULL);
INSERT INTO "metric_points" VALUES(2,1,1,1762180001000,9e999);
INSERT INTO "metric_points" VALUES(2,2,2,1762180002000,-9e999);
INSERT INTO "metric_points" VALUES(2,3,3,1762180003000,0.1);
CREATE TABLE metrics (
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
    );
INSERT INTO "metrics" VALUES(1,1,'loss','logged',3,2,1762180002000,3.33333333333333314829e-01,3.33333333333333314829e-01,2,1.0,0,1);
INSERT INTO "metrics" VALUES(2,1,'odd','logged',4,3,1762180003000,0.1,-9e999,2,9e999,1,1);
CREATE TABLE param_history (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        key TEXT NOT NULL,
        changed INTEGER NOT NULL,
        value TEXT NOT NULL,
        type TEXT NOT NULL,
        text TEXT NOT NULL,
        source TEXT NOT NULL
    );
CREATE TABLE params (
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
    ) WITHOUT ROWID;
INSERT INTO "params" VALUES(1,'depth','3','int',3.0,'3',NULL,'explicit',1);
INSERT INTO "params" VALUES(1,'lr','0.1','float',0.1,'0.1',NULL,'explicit',0);
INSERT INTO "params" VALUES(1,'name','"ü"','str',NULL,'ü',NULL,'explicit',2);
CREATE TABLE runs (
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
    , pinned INTEGER, edited INTEGER NOT NULL DEFAULT 0, stop_requested INTEGER);
INSERT INTO "runs" VALUES(1,'00000000000000000000000000000001',0,'first','FINISHED','active',1762180000000,NULL,NULL,NULL,NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,1,1762180000000,0,NULL);
INSERT INTO "runs" VALUES(2,'00000000000000000000000000000002',1546,'second','FAILED','active',1762180000001,NULL,NULL,'00000000000000000000000000000001',NULL,'',NULL,NULL,NULL,'ValueError','no','ValueError: no',NULL,NULL,NULL,NULL,0,NULL,1,NULL,0,NULL);
CREATE TABLE store (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        rev INTEGER NOT NULL,
        created INTEGER NOT NULL,
        created_by TEXT NOT NULL
    );
INSERT INTO "store" VALUES(1,'00000000000000000000000000000007',1,1762180000000,'jupyter-track 0.1.0');
CREATE TABLE tags (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (run_id, key)
    ) WITHOUT ROWID;
INSERT INTO "tags" VALUES(1,'team','a');
CREATE TABLE writers (
        id TEXT PRIMARY KEY,
        batch INTEGER NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "writers" VALUES('00000000000000000000000000000009',1);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX runs_by_experiment ON runs (experiment_id, lifecycle_stage, start_time);
CREATE INDEX runs_by_parent ON runs (parent_uuid) WHERE parent_uuid IS NOT NULL;
CREATE INDEX runs_by_rev ON runs (rev);
CREATE INDEX param_history_by_run ON param_history (run_id, key);
CREATE INDEX metrics_by_rev ON metrics (rev);
CREATE VIEW run_list AS
        SELECT runs.id, runs.name, experiments.name AS experiment, runs.status,
               datetime(runs.start_time / 1000, 'unixepoch') AS started_utc, runs.duration, runs.note,
               runs.notebook, runs.uuid
        FROM runs JOIN experiments ON experiments.id = runs.experiment_id
        WHERE runs.lifecycle_stage = 'active';
CREATE VIEW run_params AS
        SELECT runs.id AS run, runs.name, params.key, params.text AS value, params.type, params.source
        FROM params JOIN runs ON runs.id = params.run_id;
CREATE VIEW run_metrics AS
        SELECT runs.id AS run, runs.name, metrics.key, metrics.last_value AS last, metrics.last_step,
               metrics.min_value AS min, metrics.max_value AS max, metrics.count AS points, metrics.source
        FROM metrics JOIN runs ON runs.id = metrics.run_id;
CREATE VIEW curve_points AS
        SELECT runs.id AS run, metrics.key, metric_points.seq, metric_points.step,
               metric_points.time, metric_points.value
        FROM metric_points JOIN metrics ON metrics.id = metric_points.metric_id
        JOIN runs ON runs.id = metrics.run_id;
CREATE INDEX runs_by_cell ON runs (cell_id, id) WHERE cell_id IS NOT NULL;
CREATE INDEX runs_by_name ON runs (name, id);
CREATE INDEX executions_by_source ON executions (source_sha256);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',2);
COMMIT;
