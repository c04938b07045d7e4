"""What each table, view and column of a store holds, in a sentence: the words for the README's reference.

`scripts/reference.py` puts them beside the real schema and fails for a table or column that has no words here.
"""

from __future__ import annotations

REV = "The store's `rev` when the row last changed."
RUN = "`runs.id`."

TABLES = {
    "_sqlite_migrations": (
        "sqlite-utils' own list of the migrations that made the schema.",
        {"id": "Counts up.", "migration_set": "`jupyter_track`.", "name": "The migration.", "applied_at": "When, UTC."},
    ),
    "store": (
        "One row: the store itself.",
        {
            "one": "Always 1.",
            "id": "The store's own id, 32 hex digits.",
            "rev": "Number of batches and edits so far; rows carry the one that changed them.",
            "created": "When it was made, ms.",
            "created_by": "The version that made it.",
        },
    ),
    "writers": (
        "The last batch of each writing process, so that a repeated batch adds nothing.",
        {"id": "Id of the process's writer.", "batch": "Number of its last batch."},
    ),
    "experiments": (
        "Experiments; 0 is Default.",
        {
            "id": "A random integer, which other stores do not have.",
            "name": "Unique.",
            "lifecycle_stage": "`active` or `deleted`.",
            "created": "ms.",
            "updated": "ms.",
            "baseline_uuid": "The run that the others are measured against; NULL where none was set.",
            "rev": REV,
        },
    ),
    "experiment_tags": (
        "Tags of experiments.",
        {"experiment_id": "`experiments.id`.", "key": "The tag's name.", "value": "Text."},
    ),
    "metric_goals": (
        "Goals that were declared; a guessed goal is not stored.",
        {"experiment_id": "`experiments.id`.", "key": "The metric's name.", "goal": "`min` or `max`."},
    ),
    "runs": (
        "One row a run.",
        {
            "id": "The number of the run in this store: `#12`.",
            "uuid": "The run's id everywhere else, 32 hex digits.",
            "experiment_id": "`experiments.id`.",
            "name": "As given, after the fitted model, or random.",
            "status": "`RUNNING`, `SCHEDULED`, `FINISHED`, `FAILED` or `KILLED`.",
            "lifecycle_stage": "`active` or `deleted`.",
            "start_time": "ms.",
            "end_time": "ms; NULL while it runs.",
            "duration": "Seconds, from a clock that is never set back.",
            "parent_uuid": "`runs.uuid` of the parent.",
            "note": "Free text.",
            "user_id": "Login name.",
            "notebook": "Path of the notebook, relative to the store's folder.",
            "cell_id": "Id of the notebook's cell.",
            "execution_count": "The number in `In [12]`.",
            "error_name": "Class of the exception that ended it.",
            "error_message": "Its message.",
            "error_lines": "The last lines of the traceback.",
            "host_id": "The machine: with the next three it tells whether the run's process still lives.",
            "boot_id": "The machine's boot.",
            "pid": "The process.",
            "process_start": "When the process began, in the system's own unit.",
            "heartbeat": "Counts up while the run is open.",
            "deleted_time": "ms.",
            "pinned": "ms when it was pinned; NULL where it is not.",
            "edited": "ms of the last edit by a person; 0 where there was none.",
            "stop_requested": "ms when somebody asked it to stop.",
            "rev": REV,
        },
    ),
    "params": (
        "One row a param, with its latest value.",
        {
            "run_id": RUN,
            "key": "The param's name.",
            "value": "The exact value as JSON.",
            "type": "`bool`, `int`, `float`, `str`, `none`, `list`, `dict` or `other`.",
            "number": "The value where it can be compared as a number.",
            "text": "The value as text, as mlflow shows it.",
            "written": "As written in the cell, where that differs: `1e-3`.",
            "source": "`explicit`, `assign`, `inherited`, `estimator` or `config`.",
            "position": "Order of logging.",
        },
    ),
    "param_history": (
        "Earlier values of params that were changed.",
        {
            "run_id": RUN,
            "key": "The param's name.",
            "changed": "When it was replaced, ms.",
            "value": "As in params.",
            "type": "As in params.",
            "text": "As in params.",
            "source": "As in params.",
        },
    ),
    "tags": ("Tags of runs.", {"run_id": RUN, "key": "The tag's name.", "value": "Text."}),
    "metrics": (
        "One row a curve, so that a table of runs never reads a point.",
        {
            "id": "The curve.",
            "run_id": RUN,
            "key": "The metric's name.",
            "source": "`logged`, `named` on the line, `result` of the cell, or `auto`.",
            "count": "Number of points.",
            "last_step": "Step of the last point.",
            "last_time": "Its time, ms.",
            "last_value": "Its value; NULL is NaN.",
            "min_value": "The lowest value; NULL where all are NaN.",
            "min_step": "Its step.",
            "max_value": "The highest value; NULL where all are NaN.",
            "max_step": "Its step.",
            "rev": REV,
        },
    ),
    "metric_points": (
        "Every point that was logged.",
        {
            "metric_id": "`metrics.id`.",
            "seq": "Order of logging.",
            "step": "As logged; any order, repeats too.",
            "time": "ms.",
            "value": "NULL is NaN; infinities are themselves.",
        },
    ),
    "metric_buckets": (
        "Summaries of 64, 1,024, 16,384 … points, from which long curves are drawn.",
        {
            "metric_id": "`metrics.id`.",
            "level": "Points in one bucket.",
            "bucket": "Counts from 0.",
            "min_step": "Lowest step in it.",
            "max_step": "Highest step in it.",
            "min_time": "ms.",
            "max_time": "ms.",
            "first": "First value; NULL is NaN.",
            "last": "Last value; NULL is NaN.",
            "min": "Lowest value.",
            "max": "Highest value.",
            "nans": "How many are NaN.",
        },
    ),
    "contents": (
        "What files hold, once each, by hash.",
        {
            "sha256": "Hash of the content.",
            "size": "Bytes.",
            "data": "Up to 128 KiB; NULL where it lies in `track.db-files/content/`.",
        },
    ),
    "artifacts": (
        "The files of runs: figures, tables, text, output, what was logged as a file.",
        {
            "run_id": RUN,
            "path": "Path within the run, with forward slashes.",
            "sha256": "`contents.sha256`.",
            "size": "Bytes.",
            "mime": "The content's type.",
            "kind": "`file`, `text`, `dict`, `table`, `image`, `figure`, `state` (of a figure), `output` or `source`.",
            "title": "The figure's title.",
            "line": "Line of the cell that showed it.",
            "created": "ms.",
            "join_key": "The column by which the rows of a table are known (`log_table(…, key=)`).",
        },
    ),
    "executions": (
        "The cells that runs came from, as they were run.",
        {
            "run_id": RUN,
            "session": "Id of the kernel session.",
            "position": "Counts the executions of the session.",
            "source_sha256": "`contents.sha256` of the cell's source.",
            "cell_id": "Id of the notebook's cell.",
            "execution_count": "The number in `In [12]`.",
            "start_time": "ms.",
            "duration": "Seconds.",
            "status": "As in runs.",
        },
    ),
    "choices": (
        "What a person chose in the live table of a notebook.",
        {
            "notebook": "Path relative to the store's folder.",
            "panel": "`table`.",
            "value": "Sorting, columns, widths, filter and groups, as JSON.",
        },
    ),
    "datasets": (
        "What runs read.",
        {
            "run_id": RUN,
            "name": "As given; `dataset` where none was.",
            "digest": "Equal values have an equal one.",
            "context": "What it was for, such as `training`; may be empty.",
            "source_type": "`local`, `http`, `s3`, `code`, …",
            "source": "JSON: a path relative to the store's folder, an address without credentials, or the code.",
            "sha256": "`contents.sha256` of JSON with `schema` and `profile`: columns, their digests, extremes.",
            "tags": "JSON.",
            "position": "µs since 1970; the order of logging.",
        },
    ),
    "contexts": (
        "What surrounded runs.",
        {
            "run_id": RUN,
            "kind": "`environment`, `hardware`, `git` (JSON) or `diff` (text).",
            "sha256": "`contents.sha256`.",
            "created": "ms.",
        },
    ),
}

VIEWS = {
    "run_list": (
        "Active runs with the name of their experiment.",
        {
            "id": "`runs.id`.",
            "name": "Of the run.",
            "experiment": "Its experiment's name.",
            "status": "As in runs.",
            "started_utc": "Date and time.",
            "duration": "Seconds.",
            "note": "Free text.",
            "notebook": "Relative path.",
            "uuid": "`runs.uuid`.",
        },
    ),
    "run_params": (
        "Params with the name of their run.",
        {
            "run": "`runs.id`.",
            "name": "Of the run.",
            "key": "The param's name.",
            "value": "As text.",
            "type": "As in params.",
            "source": "As in params.",
        },
    ),
    "run_metrics": (
        "Metrics with the name of their run.",
        {
            "run": "`runs.id`.",
            "name": "Of the run.",
            "key": "The metric's name.",
            "last": "Last value.",
            "last_step": "Its step.",
            "min": "Lowest value.",
            "max": "Highest value.",
            "points": "How many.",
            "source": "As in metrics.",
        },
    ),
    "run_datasets": (
        "Datasets with the name of their run.",
        {
            "run": "`runs.id`.",
            "name": "Of the run.",
            "dataset": "The dataset's name.",
            "context": "What it was for.",
            "digest": "Of its values.",
            "source_type": "As in datasets.",
            "source": "As in datasets.",
        },
    ),
    "curve_points": (
        "Points with the number of their run.",
        {
            "run": "`runs.id`.",
            "key": "The metric's name.",
            "seq": "Order of logging.",
            "step": "As logged.",
            "time": "ms.",
            "value": "NULL is NaN.",
        },
    ),
}
