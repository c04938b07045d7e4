"""Stores with something in every table, and what a store holds, to be compared."""

from __future__ import annotations

import math
import os
import random
import shutil
import uuid
from pathlib import Path
from typing import Any

from made_stores import START, add_runs, made_points, made_store, param_row, write

from jupyter_track.store import edits, experiment_edits, files, inputs, registry_edits
from jupyter_track.store.batch import Batch
from jupyter_track.store.belonging import BELONGING
from jupyter_track.store.database import reading
from jupyter_track.store.place import files_folder
from jupyter_track.store.registry import ModelFile
from jupyter_track.store.registry_edits import Registration

TABLES = (
    "store writers experiments experiment_tags metric_goals runs params param_history tags metrics metric_points"
    " metric_buckets contents artifacts executions registered_models registered_model_tags model_versions"
    " model_version_tags model_version_files model_aliases datasets contexts"
).split()


def larger_store(folder: Path) -> Path:
    """Make a store whose tables have many pages, most with a root above others."""
    store = made_store(folder)
    add_runs(
        store,
        *(
            {
                "name": f"run-{number}",
                "note": "n" * 300,
                "params": {"lr": 0.1 * number, "n": number},
                "tags": {"t": "x" * 200},
                "metrics": {"loss": [float(step + number) for step in range(300)], "acc": 0.5},
            }
            for number in range(60)
        ),
    )
    return store


def full_store(store: Path, seed: int = 0) -> list[str]:
    """Make a store with five runs that have everything that a run can have; the last one is in the bin."""
    if not store.exists():
        made_store(store.parent)
    chance = random.Random(seed)
    ids = [uuid.UUID(int=chance.getrandbits(128), version=4).hex for _ in range(5)]
    curve = [chance.random() for _ in range(3_000)]
    add_runs(
        store,
        {
            "uuid": ids[0],
            "name": "first",
            "note": "why",
            "experiment": "digits",
            "params": {"lr": 0.1, "n": 2**70, "nan": math.nan, "text": "=1", "list": [1, math.inf]},
            "tags": {"stage": "draft"},
            "metrics": {"loss": curve, "odd": [math.nan, math.inf, -math.inf, -0.0]},
        },
        {"uuid": ids[1], "name": "child", "parent_uuid": ids[0], "experiment": "digits", "metrics": {"loss": 0.5}},
        {"uuid": ids[2], "name": "failed", "status": "FAILED", "error_name": "ValueError", "error_message": "no"},
        {"uuid": ids[3], "name": "pinned", "metrics": {"acc": [0.5] * 64}},
        {"uuid": ids[4], "name": "gone", "metrics": {"acc": [0.25] * 10}},
    )
    batch = Batch(f"full-{seed}", 1)
    batch.add_params(ids[0], [param_row("lr", 0.2)])
    batch.points = [made_points(ids[0], "loss", curve[:100], first=3_000)]
    batch.add_goal("digits", ("loss", "min"))
    for path, data in (("note.txt", b"a note"), ("big.bin", bytes(200_000) + bytes([seed]))):
        content = files.keep(store, data)
        row = {"path": path, "sha256": content.sha256, "size": content.size, "mime": "text/plain", "kind": "file"}
        batch.add_artifact(ids[0], {**row, "created": START, "content": (content.size, content.data)})
    _add_surroundings(store, batch, ids[0])
    write(store, batch)
    found = experiment_edits.find_experiment(store, "digits")
    assert found is not None
    experiment_edits.set_experiment_tags(store, str(found[0]), {"owner": "me"})
    edits.set_baseline(store, ids[0])
    register_some(store, ids[3], seed)
    edits.pin_runs(store, [ids[3]])
    edits.delete_runs(store, [ids[4]])
    return ids


def _add_surroundings(store: Path, batch: Batch, run_id: str) -> None:
    """The cell that a run came from, its data and its environment."""
    source = files.keep(store, b"lr = 0.1\n")
    batch.add_execution(
        run_id,
        {
            "session": "s",
            "position": 1,
            "source_sha256": source.sha256,
            "cell_id": "c",
            "execution_count": 3,
            "start_time": START,
            "duration": 1.5,
            "status": "FINISHED",
            "content": (source.size, source.data),
        },
    )
    described = files.keep(store, inputs.document("{}", '{"num_rows": 3}'))
    dataset = {"name": "digits", "digest": "d" * 32, "context": "training", "source_type": "local"}
    dataset |= {"source": '{"uri": "digits.csv"}', "tags": '{"split": "a"}', "position": 1}
    content = (described.size, described.data)
    batch.add_dataset(run_id, {**dataset, "sha256": described.sha256, "content": content})
    python = files.keep(store, b'{"python": {"version": "3.11.7"}}')
    context = {"kind": "environment", "sha256": python.sha256, "created": START}
    batch.add_context(run_id, {**context, "content": (python.size, python.data)})


def register_some(store: Path, run_id: str, seed: int = 0) -> None:
    """Register a model of a run, and one that came from a folder; with tags, a description and an alias."""
    head, large = files.keep(store, b"flavors: {}\n"), files.keep(store, bytes(15_000) + bytes([seed, 1]))
    some = [ModelFile("MLmodel", head.sha256, head.size), ModelFile("model.bin", large.sha256, large.size)]
    of_run = Registration(f"runs:/{run_id}/model", run_id, "sklearn Ridge · skops", some, (head, large))
    of_folder = Registration("folder", None, "pyfunc f · cloudpickle", some[:1], (head,))
    for registration in (of_run, of_folder):
        registry_edits.create_version(
            store, "forest", registration, user_id="me", tags={"checked": "yes"}, description="as it was", make=True
        )
    registry_edits.set_model_tags(store, "forest", {"team": "a"})
    registry_edits.set_alias(store, "forest", "champion", 1)


def contents_of(store: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with reading(store) as connection:
        return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in TABLES}


def meaning_of(store: Path) -> dict[str, Any]:
    """All that a store holds, by names and ids instead of numbers, without revisions."""
    with reading(store) as connection:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            return sorted(connection.execute(sql).fetchall(), key=repr)

        def columns(table: str, *without: str) -> str:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            return ", ".join(f"{table}.{name}" for name in names if name not in without)

        found: dict[str, Any] = {
            "experiments": rows(f"SELECT {columns('experiments', 'id', 'rev')} FROM experiments"),
            "contents": rows("SELECT * FROM contents"),
            "runs": rows(
                f"SELECT experiments.name, {columns('runs', 'id', 'experiment_id', 'rev')}"
                " FROM runs JOIN experiments ON experiments.id = experiment_id"
            ),
        }
        for table in ("experiment_tags", "metric_goals"):
            found[table] = rows(
                f"SELECT experiments.name, {columns(table, 'experiment_id')}"
                f" FROM {table} JOIN experiments ON experiments.id = experiment_id"
            )
        for table in (*BELONGING, "metrics"):
            found[table] = rows(
                f"SELECT runs.uuid, {columns(table, 'id', 'run_id', 'rev')}"
                f" FROM {table} JOIN runs ON runs.id = {table}.run_id"
            )
        for table in ("metric_points", "metric_buckets"):
            found[table] = rows(
                f"SELECT runs.uuid, metrics.key, {columns(table, 'metric_id')} FROM {table}"
                " JOIN metrics ON metrics.id = metric_id JOIN runs ON runs.id = metrics.run_id"
            )
        return found


def unzipped(place: Path, folder: Path) -> Path:
    """The store that a person has who unzips a file in a folder."""
    shutil.unpack_archive(place, folder)
    return folder / place.stem / "track.db"


def with_file(store: Path, run_id: str, path: str, data: bytes) -> str:
    """Log a file to a run, and return its sha256."""
    content = files.keep(store, data)
    batch = Batch(os.urandom(16).hex(), 1)
    row = {"path": path, "sha256": content.sha256, "size": content.size, "mime": "application/octet-stream"}
    batch.add_artifact(run_id, {**row, "kind": "file", "created": START, "content": (content.size, content.data)})
    write(store, batch)
    return content.sha256


def large_of(store: Path) -> dict[str, bytes]:
    """The large content beside a store."""
    return {path.name: path.read_bytes() for path in (files_folder(store) / "content").glob("??/*")}
