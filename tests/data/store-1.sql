-- A store of schema 1, as jupyter-track 0.1.0 made it. Never changed: later versions have to read it.
PRAGMA application_id = 1247040075;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'jupyter_track','m001_initial','2025-11-03 14:26:40+00:00');
CREATE TABLE artifacts (
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
    ) WITHOUT ROWID;
CREATE TABLE contents (
        sha256 TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        data BLOB
    ) WITHOUT ROWID;
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
    );
INSERT INTO "experiments" VALUES(0,'Default','active',1762180000000,1762180000000,0);
INSERT INTO "experiments" VALUES(1546,'other','active',1762180000000,1762180000000,1);
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
INSERT INTO "metric_buckets" VALUES(1,64,0,0,63,1762180000000,1762180063000,1.0,0.015625,0.015625,1.0,0);
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
INSERT INTO "metric_points" VALUES(1,3,3,1762180003000,0.25);
INSERT INTO "metric_points" VALUES(1,4,4,1762180004000,0.2);
INSERT INTO "metric_points" VALUES(1,5,5,1762180005000,1.66666666666666657414e-01);
INSERT INTO "metric_points" VALUES(1,6,6,1762180006000,1.42857142857142849212e-01);
INSERT INTO "metric_points" VALUES(1,7,7,1762180007000,0.125);
INSERT INTO "metric_points" VALUES(1,8,8,1762180008000,1.11111111111111104943e-01);
INSERT INTO "metric_points" VALUES(1,9,9,1762180009000,0.1);
INSERT INTO "metric_points" VALUES(1,10,10,1762180010000,9.09090909090909116141e-02);
INSERT INTO "metric_points" VALUES(1,11,11,1762180011000,8.33333333333333287074e-02);
INSERT INTO "metric_points" VALUES(1,12,12,1762180012000,7.6923076923076927347e-02);
INSERT INTO "metric_points" VALUES(1,13,13,1762180013000,7.14285714285714246063e-02);
INSERT INTO "metric_points" VALUES(1,14,14,1762180014000,6.66666666666666657414e-02);
INSERT INTO "metric_points" VALUES(1,15,15,1762180015000,0.0625);
INSERT INTO "metric_points" VALUES(1,16,16,1762180016000,5.8823529411764705066e-02);
INSERT INTO "metric_points" VALUES(1,17,17,1762180017000,5.55555555555555524716e-02);
INSERT INTO "metric_points" VALUES(1,18,18,1762180018000,5.26315789473684181309e-02);
INSERT INTO "metric_points" VALUES(1,19,19,1762180019000,0.05);
INSERT INTO "metric_points" VALUES(1,20,20,1762180020000,4.76190476190476164042e-02);
INSERT INTO "metric_points" VALUES(1,21,21,1762180021000,4.5454545454545455807e-02);
INSERT INTO "metric_points" VALUES(1,22,22,1762180022000,4.34782608695652161845e-02);
INSERT INTO "metric_points" VALUES(1,23,23,1762180023000,4.16666666666666643537e-02);
INSERT INTO "metric_points" VALUES(1,24,24,1762180024000,0.04);
INSERT INTO "metric_points" VALUES(1,25,25,1762180025000,3.84615384615384636735e-02);
INSERT INTO "metric_points" VALUES(1,26,26,1762180026000,3.7037037037037034981e-02);
INSERT INTO "metric_points" VALUES(1,27,27,1762180027000,3.57142857142857123031e-02);
INSERT INTO "metric_points" VALUES(1,28,28,1762180028000,3.44827586206896546938e-02);
INSERT INTO "metric_points" VALUES(1,29,29,1762180029000,3.33333333333333328707e-02);
INSERT INTO "metric_points" VALUES(1,30,30,1762180030000,3.22580645161290313627e-02);
INSERT INTO "metric_points" VALUES(1,31,31,1762180031000,0.03125);
INSERT INTO "metric_points" VALUES(1,32,32,1762180032000,3.03030303030303038713e-02);
INSERT INTO "metric_points" VALUES(1,33,33,1762180033000,2.9411764705882352533e-02);
INSERT INTO "metric_points" VALUES(1,34,34,1762180034000,2.85714285714285705364e-02);
INSERT INTO "metric_points" VALUES(1,35,35,1762180035000,2.77777777777777762358e-02);
INSERT INTO "metric_points" VALUES(1,36,36,1762180036000,2.70270270270270285273e-02);
INSERT INTO "metric_points" VALUES(1,37,37,1762180037000,2.63157894736842090654e-02);
INSERT INTO "metric_points" VALUES(1,38,38,1762180038000,2.5641025641025640136e-02);
INSERT INTO "metric_points" VALUES(1,39,39,1762180039000,0.025);
INSERT INTO "metric_points" VALUES(1,40,40,1762180040000,2.43902439024390252364e-02);
INSERT INTO "metric_points" VALUES(1,41,41,1762180041000,2.38095238095238082021e-02);
INSERT INTO "metric_points" VALUES(1,42,42,1762180042000,2.32558139534883717702e-02);
INSERT INTO "metric_points" VALUES(1,43,43,1762180043000,2.27272727272727279035e-02);
INSERT INTO "metric_points" VALUES(1,44,44,1762180044000,2.22222222222222230703e-02);
INSERT INTO "metric_points" VALUES(1,45,45,1762180045000,2.17391304347826080922e-02);
INSERT INTO "metric_points" VALUES(1,46,46,1762180046000,2.12765957446808505471e-02);
INSERT INTO "metric_points" VALUES(1,47,47,1762180047000,2.08333333333333321768e-02);
INSERT INTO "metric_points" VALUES(1,48,48,1762180048000,2.04081632653061208204e-02);
INSERT INTO "metric_points" VALUES(1,49,49,1762180049000,0.02);
INSERT INTO "metric_points" VALUES(1,50,50,1762180050000,0.0196078431372549);
INSERT INTO "metric_points" VALUES(1,51,51,1762180051000,1.92307692307692318367e-02);
INSERT INTO "metric_points" VALUES(1,52,52,1762180052000,1.88679245283018860723e-02);
INSERT INTO "metric_points" VALUES(1,53,53,1762180053000,1.85185185185185174905e-02);
INSERT INTO "metric_points" VALUES(1,54,54,1762180054000,1.8181818181818180935e-02);
INSERT INTO "metric_points" VALUES(1,55,55,1762180055000,1.78571428571428561515e-02);
INSERT INTO "metric_points" VALUES(1,56,56,1762180056000,1.75438596491228060436e-02);
INSERT INTO "metric_points" VALUES(1,57,57,1762180057000,1.72413793103448273469e-02);
INSERT INTO "metric_points" VALUES(1,58,58,1762180058000,1.69491525423728812971e-02);
INSERT INTO "metric_points" VALUES(1,59,59,1762180059000,1.66666666666666664353e-02);
INSERT INTO "metric_points" VALUES(1,60,60,1762180060000,1.63934426229508205252e-02);
INSERT INTO "metric_points" VALUES(1,61,61,1762180061000,1.61290322580645156813e-02);
INSERT INTO "metric_points" VALUES(1,62,62,1762180062000,1.58730158730158721347e-02);
INSERT INTO "metric_points" VALUES(1,63,63,1762180063000,0.015625);
INSERT INTO "metric_points" VALUES(1,64,64,1762180064000,1.53846153846153854694e-02);
INSERT INTO "metric_points" VALUES(1,65,65,1762180065000,1.51515151515151519356e-02);
INSERT INTO "metric_points" VALUES(1,66,66,1762180066000,1.49253731343283579241e-02);
INSERT INTO "metric_points" VALUES(1,67,67,1762180067000,1.47058823529411762665e-02);
INSERT INTO "metric_points" VALUES(1,68,68,1762180068000,1.4492753623188405973e-02);
INSERT INTO "metric_points" VALUES(1,69,69,1762180069000,1.42857142857142852682e-02);
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
INSERT INTO "metrics" VALUES(1,1,'loss','logged',70,69,1762180069000,1.42857142857142852682e-02,1.42857142857142852682e-02,69,1.0,0,1);
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
    );
INSERT INTO "runs" VALUES(1,'00000000000000000000000000000001',0,'first','FINISHED','active',1762180000000,NULL,NULL,NULL,NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,1);
INSERT INTO "runs" VALUES(2,'00000000000000000000000000000002',1546,'second','FAILED','active',1762180000001,NULL,NULL,'00000000000000000000000000000001',NULL,'',NULL,NULL,NULL,'ValueError','no','ValueError: no',NULL,NULL,NULL,NULL,0,NULL,1);
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',2);
COMMIT;
