"""Coming from mlflow: a folder and a database that mlflow itself made, brought run by run and point by point.

``tests/data/mlflow`` holds both, and what mlflow's own client reads from them (`scripts/mlflow_fixtures.py`). Their
addresses are those of another machine, as in every store that was moved.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cli_session import cli, parsed
from mlflow_stores import KINDS, expected, unpacked

import jupyter_track as track
from jupyter_track.errors import InvalidValue, StoreUnavailable
from jupyter_track.from_mlflow.bring import bring
from jupyter_track.from_mlflow.places import Remote, files_folder
from jupyter_track.from_mlflow.source import _typed
from jupyter_track.from_mlflow.yaml_files import Unreadable, read_yaml
from jupyter_track.records import Run, ViewType
from jupyter_track.store import problems
from jupyter_track.store.files import content_path
from jupyter_track.store.place import files_folder as folder_of
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader

OURS = {"mlflow.runName", "mlflow.note.content", "mlflow.parentRunId", "mlflow.user"}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of store, one after the other."""
    name: str = request.param
    return name


@pytest.fixture
def theirs(kind: str, tmp_path: Path) -> Path:
    """A store of mlflow's."""
    return unpacked(kind, tmp_path / "theirs")


def as_found(reader: Reader, run: Run) -> dict[str, Any]:
    """A run in the shape of the fixture."""
    return {
        "name": run.name,
        "experiment": run.experiment_name,
        "status": run.status,
        "stage": run.lifecycle_stage,
        "start": run.start_time,
        "end": run.end_time,
        "params": dict(run.data.params),
        "tags": dict(run.data.tags),
        "metrics": {
            key: [[point.step, point.timestamp, repr(point.value)] for point in reader.history(run.run_id, key)]
            for key in run.metrics
        },
        "artifacts": {one.path: one.size for one in reader.artifacts(run.run_id)},
        "datasets": [
            {
                "name": used.dataset.name,
                "digest": used.dataset.digest,
                "source_type": used.dataset.source_type,
                "source": used.dataset.source,
                "schema": used.dataset.schema,
                "profile": used.dataset.profile,
                "tags": {tag.key: tag.value for tag in used.tags},
            }
            for used in run.inputs.dataset_inputs
        ],
    }


def wanted(run: dict[str, Any]) -> dict[str, Any]:
    """What we make of a run that mlflow's client reads: infinities are infinite, and no secret is kept."""
    run = json.loads(json.dumps(run))
    largest = {"1.7976931348623157e+308": "inf", "-1.7976931348623157e+308": "-inf"}
    for points in run["metrics"].values():
        for point in points:
            point[2] = largest.get(point[2], point[2])
        points.sort(key=lambda point: point[1])
    return run


def test_every_run_is_brought_point_by_point(store: Path, kind: str, theirs: Path) -> None:
    """Runs, nested and deleted ones, params, tags, whole histories, files and datasets are what mlflow reads."""
    done = bring(store, theirs)
    reader = Reader(store)
    found = {run.run_id: as_found(reader, run) for run in reader.runs(view_type=ViewType.ALL)}
    told = expected(kind)
    assert found.keys() == told["runs"].keys()
    for run_id, run in told["runs"].items():
        ours, ideal = found[run_id], wanted(run)
        models = {path: size for path, size in ours["artifacts"].items() if path.startswith("model/")}
        ours["artifacts"] = {path: size for path, size in ours["artifacts"].items() if path not in models}
        ideal["artifacts"] = {path: size for path, size in ideal["artifacts"].items() if not path.startswith("model/")}
        if run["stage"] == "deleted":
            ours["artifacts"] = {}
        if run["name"] == "second":
            assert {"model/MLmodel", "model/model.skops"} <= models.keys()
        for points in ours["metrics"].values():
            points.sort(key=lambda point: point[1])
        for datasets in (ours["datasets"], ideal["datasets"]):  # a folder has no order
            datasets.sort(key=lambda dataset: dataset["name"])
        assert {key: value for key, value in ours.items() if key != "params"} == {
            key: value for key, value in ideal.items() if key != "params"
        }
        assert ours["params"].keys() == ideal["params"].keys()
        for key, text in ideal["params"].items():
            assert ours["params"][key] == text or key == "password"
            assert "hunter22" not in ours["params"][key]
    experiments = {
        one.name: {"stage": one.lifecycle_stage, "id": one.experiment_id, "tags": dict(one.tags)}
        for one in reader.experiments(ViewType.ALL)
    }
    assert experiments == told["experiments"]
    assert (done.added, done.updated, done.unchanged) == (len(told["runs"]), 0, 0)
    assert done.points == sum(len(points) for run in told["runs"].values() for points in run["metrics"].values())


def test_doing_it_again_changes_nothing(store: Path, theirs: Path) -> None:
    """What was brought is unchanged, and what a person did since then stays."""
    count = bring(store, theirs).added
    run = next(run for run in Reader(store).runs() if run.name == "parent")
    track.TrackClient().set_tag(run.run_id, "team", "mine")
    track.TrackClient().update_run(run.run_id, name="renamed")
    track.flush()
    before = Reader(store).info().rev
    done = bring(store, theirs)
    assert (done.added, done.updated, done.unchanged) == (0, 0, count)
    assert Reader(store).info().rev == before
    again = Reader(store).run(run.run_id)
    assert (again.name, again.own_tags["team"]) == ("renamed", "mine")


def test_what_mlflow_has_more_is_brought_later(store: Path, tmp_path: Path) -> None:
    """Runs that went on: more points, a status, a tag; no point twice."""
    theirs = unpacked("database", tmp_path / "theirs")
    bring(store, theirs)
    with closing(sqlite3.connect(theirs)) as connection, connection:
        (running,) = connection.execute("SELECT run_uuid FROM runs WHERE name = 'running'").fetchone()
        (parent,) = connection.execute("SELECT run_uuid FROM runs WHERE name = 'parent'").fetchone()
        connection.execute("UPDATE runs SET status = 'FINISHED', end_time = 1796041500000 WHERE name = 'running'")
        connection.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('train/loss', ?, ?, ?, ?, 0)",
            [(0.001, 1_796_041_500_000 + step, parent, 300 + step) for step in range(3)],
        )
        connection.execute("INSERT INTO tags VALUES ('late', 'yes', ?)", (running,))
    done = bring(store, theirs)
    reader = Reader(store)
    assert done.updated == 2
    assert (reader.run(running).status, reader.run(running).own_tags["late"]) == ("FINISHED", "yes")
    assert [point.step for point in reader.history(parent, "train/loss")] == list(range(303))


def test_files_are_those_that_were_logged(store: Path, theirs: Path) -> None:
    """Small ones and one of 200 kB, which lies beside the store; hashes are checked on the way out."""
    bring(store, theirs)
    run = next(run for run in Reader(store).runs() if run.name == "parent")
    assert track.artifacts.load_text(f"runs:/{run.run_id}/notes/a.txt") == "hello"
    assert track.load_table("table.json", run_ids=[run.run_id]).to_dict("list") == {"x": [1, 2], "y": ["a", "b"]}
    big = next(one for one in Reader(store).artifacts(run.run_id) if one.path == "deep/er/big.bin")
    assert content_path(store, big.sha256).read_bytes() == bytes(200_000)


def test_numbers_compare_as_numbers(store: Path, theirs: Path) -> None:
    """mlflow stores text; what prints as a number is one here, and shows as it did."""
    bring(store, theirs)
    (run,) = track.runs("params.lr < 0.01 AND params.depth >= 5")
    assert {key: param.value for key, param in run.params.items()} == {
        "lr": 0.001,
        "depth": 5,
        "name": "rbf",
        "bool": True,
        "text": "1e-3",
        "nothing": None,
    }
    assert [_typed(text) for text in ("1.0", "1.", "007", "1_000", "nan", "1e400", " 1")][:4] == [
        1.0,
        "1.",
        "007",
        "1_000",
    ]


def test_what_is_not_brought_is_said(store: Path, theirs: Path) -> None:
    """Prompts are counted."""
    assert bring(store, theirs).said == ("Not brought: 1 × prompt.",)


# ---- places


def test_a_folder_that_holds_one_is_enough(store: Path, tmp_path: Path) -> None:
    """``mlflow.db`` or ``mlruns`` is found in it."""
    unpacked("database", tmp_path / "a")
    assert bring(store, tmp_path / "a").place == tmp_path / "a" / "mlflow.db"
    (tmp_path / "b").mkdir()
    with pytest.raises(InvalidValue, match=r"there is nothing of mlflow's: no experiment, no mlruns, no mlflow\.db"):
        bring(store, tmp_path / "b")
    with pytest.raises(InvalidValue, match="name mlflow's folder mlruns, or its database"):
        bring(store, tmp_path / "c")


def test_files_elsewhere_are_taken_where_a_person_says_so(store: Path, tmp_path: Path) -> None:
    """An absolute address that leads out of the store's folder brings nothing of this machine by itself."""
    theirs = unpacked("database", tmp_path / "theirs")
    shutil.move(tmp_path / "theirs" / "mlruns", tmp_path / "files")
    with closing(sqlite3.connect(theirs)) as connection, connection:
        for table, column in (
            ("runs", "artifact_uri"),
            ("logged_models", "artifact_location"),
            ("model_versions", "storage_location"),
        ):
            connection.execute(
                f"UPDATE {table} SET {column} = replace({column}, '/home/ann/project/mlruns', ?)",
                (str(tmp_path / "files"),),
            )
    done = bring(store, theirs)
    assert done.artifacts == 0
    assert f"with --artifacts {tmp_path / 'files'}" in done.said[0]
    assert [one.title for one in track.TrackClient().search_model_versions()] == ["model", "model"]
    done = bring(store, theirs, artifacts=[tmp_path / "files"])
    assert done.artifacts > 5
    assert done.updated == 2
    assert track.models.get_model_info("models:/classifier/1").flavors.keys() == {"python_function", "sklearn"}


@pytest.mark.parametrize(
    "address",
    [
        "/etc",
        "file:///etc",
        "../secret",
        "/store/../secret",
        "file:///store/%2e%2e/secret",
        "store/link",
        "/",
        "",
        "mlflow-artifacts:/../secret",
        "a\0b",
    ],
)
def test_an_address_leads_nowhere_else(tmp_path: Path, address: str) -> None:
    """Neither by a path, nor by dots, nor by a link."""
    root = tmp_path / "store"
    root.mkdir()
    (tmp_path / "secret").mkdir()
    (root / "link").symlink_to(tmp_path / "secret")
    assert files_folder(address.replace("/store", str(root)), (root,)) is None


def test_an_address_of_another_kind(tmp_path: Path) -> None:
    """What lies behind a network is not fetched; a moved folder is found by the end of its address."""
    with pytest.raises(Remote, match="s3"):
        files_folder("s3://bucket/1/artifacts", (tmp_path,))
    (tmp_path / "1" / "x" / "artifacts").mkdir(parents=True)
    for address in ("/gone/mlruns/1/x/artifacts", "file:///C:/gone/1/x/artifacts", "mlflow-artifacts:/1/x/artifacts"):
        assert files_folder(address, (tmp_path,)) == (tmp_path / "1" / "x" / "artifacts").resolve()


def test_links_and_odd_files_of_a_run_are_left_out(store: Path, tmp_path: Path) -> None:
    """A link in the files, in the params or in place of a run brings nothing of what it leads to."""
    theirs = unpacked("folder", tmp_path / "theirs")
    (tmp_path / "secret.txt").write_text("hunter22")
    parent = next(path.parent for path in theirs.glob("*/*/params/lr")).parent
    (parent / "artifacts" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (parent / "params" / "link").symlink_to(tmp_path / "secret.txt")
    (parent.parent / ("f" * 32)).symlink_to(parent)
    (parent / "metrics" / "bad").write_text("no point\n1 2\n\n1 0.5 3 data 123\n-5 1 1\n")
    (parent / "tags" / "large").write_text("x" * 500_000)
    (parent.parent / ("e" * 32)).mkdir()
    (parent.parent / ("e" * 32) / "meta.yaml").write_text("a: &a [x]\nb: [*a, *a]\n")
    done = bring(store, theirs)
    run = Reader(store).run(parent.name)
    assert "link.txt" not in {one.path for one in Reader(store).artifacts(run.run_id)}
    assert "link" not in run.params
    assert [(point.step, point.value) for point in Reader(store).history(run.run_id, "bad")] == [(0, 2.0), (3, 0.5)]
    assert len(run.own_tags["large"]) == 100_000
    assert "link.txt was left out: it is a link that leads out of the folder." in done.said[0]
    assert "2 × line of a metric that is no point" in done.said[-1]
    assert "1 × unreadable meta.yaml of a run" in done.said[-1]
    assert b"hunter22" not in store.read_bytes()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [x]\nb: *a\n", "aliases"),
        ("- 1\n", "no mapping"),
        ("a: !!python/object/apply:os.system ['true']\n", "no YAML"),
        ("a: [" * 5_000, "no YAML"),
        ("a: " + "x" * 4_000_001, "too large"),
    ],
)
def test_a_hostile_yaml_is_no_mapping(tmp_path: Path, text: str, said: str) -> None:
    """Nothing is run, nothing grows without end."""
    (tmp_path / "meta.yaml").write_text(text)
    with pytest.raises(Unreadable, match=said):
        read_yaml(tmp_path / "meta.yaml")


def test_without_pyyaml_it_says_how_to_get_it(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder needs it, a database does not."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(InvalidValue, match="'pip install pyyaml'"):
        bring(store, unpacked("folder", tmp_path / "a"))
    assert bring(store, unpacked("database", tmp_path / "b")).added > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE metrics SET value = 'x', step = 'y' WHERE key = 'acc'",
        "UPDATE metrics SET timestamp = -5",
        "UPDATE runs SET start_time = 'soon', status = 'ODD', name = NULL, end_time = 1e300",
        "UPDATE params SET key = '../../etc', value = NULL",
        "UPDATE tags SET key = char(7), value = x'00ff'",
        "UPDATE datasets SET dataset_schema = '{', dataset_source = '[', name = ''",
        "DROP TABLE inputs",
        "ALTER TABLE runs DROP COLUMN deleted_time",
        "UPDATE experiments SET name = NULL, creation_time = NULL",
    ],
)
def test_a_database_with_odd_values_is_read_as_far_as_it_goes(store: Path, tmp_path: Path, statement: str) -> None:
    """Nothing of it stops the rest."""
    theirs = unpacked("database", tmp_path / "theirs")
    with closing(sqlite3.connect(theirs)) as connection, connection:
        for table in ("metrics", "runs", "params", "tags", "datasets", "inputs", "experiments"):  # without constraints
            connection.execute(f"CREATE TABLE plain AS SELECT * FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE plain RENAME TO {table}")
        connection.execute(statement)
    done = bring(store, theirs)
    assert done.added == len(expected("database")["runs"])
    assert bring(store, theirs).added == 0


def test_a_view_in_place_of_a_table_is_not_read(store: Path, tmp_path: Path) -> None:
    """What a hostile file computes is never asked for."""
    place = tmp_path / "evil.db"
    with closing(sqlite3.connect(place)) as connection, connection:
        for table in ("experiments", "metrics", "params", "tags"):
            connection.execute(f"CREATE TABLE {table} (x)")
        connection.execute(
            "CREATE VIEW runs AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
        )
    with pytest.raises(InvalidValue, match="is no database of mlflow's"):
        bring(store, place)
    place.write_bytes(b"SQLite format 3\0" + bytes(5_000))
    with pytest.raises((InvalidValue, StoreUnavailable)):
        bring(store, place)
    place.write_text("text")
    with pytest.raises(InvalidValue, match="is no SQLite file"):
        bring(store, place)
    assert not store.exists() or Reader(store).runs() == []


# ---- ways in


def test_a_store_where_mlflow_was_offers_to_bring_its_runs(store: Path, tmp_path: Path) -> None:
    """``set_tracking_uri`` of an mlruns or mlflow.db of any name says it once, until the store has their runs."""
    folder = unpacked("folder", tmp_path / "a").rename(tmp_path / "a" / "ours")
    database = unpacked("database", tmp_path / "b").rename(tmp_path / "b" / "ours.db")
    for uri, place in ((f"file:{folder}", folder), (f"sqlite:///{database}", database)):
        with pytest.warns(TrackWarning, match=rf"{place} holds runs .*: track\.import_mlflow\('{place}'\)"):
            track.set_tracking_uri(uri)
        track.import_mlflow(place)
        problems.forget_all()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            track.set_tracking_uri(tmp_path / "elsewhere")
            track.set_tracking_uri(uri)


def test_from_a_notebook(store: Path, theirs: Path) -> None:
    """``track.import_mlflow`` brings into the current store, and what it returns says what came."""
    done = track.import_mlflow(theirs)
    assert len(track.search_runs(experiment_names=["digits"], output_format="list")) == done.added - 2
    assert str(done).splitlines()[1] == "Not brought: 1 × prompt."
    with pytest.raises(InvalidValue):
        track.import_mlflow(theirs.parent / "nowhere")


def test_from_the_terminal(store: Path, kind: str, theirs: Path) -> None:
    """``jupyter track import``, in words and as JSON; the exit code tells a mistake."""
    count = len(expected(kind)["runs"])
    answer = cli(store, "import", str(theirs))
    assert answer.exit_code == 0
    assert f"{store}: {count} runs added, 0 updated, 0 unchanged" in answer.output.replace("\n", " ")
    plain = parsed(cli(store, "import", str(theirs), "--json"))
    assert [plain[name] for name in ("added", "updated", "unchanged")] == [0, 0, count]
    assert cli(store, "import", str(theirs.parent / "nowhere")).exit_code == 1


def test_many_points_come_in_pages(store: Path, tmp_path: Path) -> None:
    """A curve of more than a page, and its continuation."""
    theirs = unpacked("folder", tmp_path / "theirs")
    curve = next(theirs.glob("*/*/metrics/train")) / "loss"
    lines = [f"{1_796_041_500_000 + at} {math.sin(at)!r} {at}\n" for at in range(45_000)]
    curve.write_text("".join(lines[:41_000]))
    bring(store, theirs)
    curve.write_text("".join(lines))
    assert bring(store, theirs).updated == 1
    run_id = curve.parent.parent.parent.name
    assert [point.value for point in Reader(store).history(run_id, "train/loss")] == [
        math.sin(at) for at in range(45_000)
    ]
    assert not list((folder_of(store) / "content").glob(".part-*"))


# ---- anew, where mlflow is


@pytest.fixture(scope="module")
def made_anew(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Let the mlflow that is installed make a store."""
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    script = Path(__file__).parent.parent / "scripts" / "mlflow_fixtures.py"
    assert importlib.util.find_spec("sklearn") is not None

    def make(kind: str) -> Path:
        folder = tmp_path_factory.mktemp(kind)
        environment = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true"}
        subprocess.run([sys.executable, str(script), "--record", kind], cwd=folder, env=environment, check=True)
        return folder

    return make


@pytest.mark.slow
@pytest.mark.parametrize("kind_made", KINDS)
def test_what_the_installed_mlflow_makes(store: Path, made_anew: Callable[[str], Path], kind_made: str) -> None:
    """The same as with the stores that are kept, for the version that is there."""
    folder = made_anew(kind_made)
    told = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    done = bring(store, folder / {"folder": "mlruns", "database": "mlflow.db"}[kind_made])
    reader = Reader(store)
    for run_id, run in told["runs"].items():
        history = {key: len(points) for key, points in run["metrics"].items()}
        assert {key: metric.count for key, metric in reader.run(run_id).metrics.items()} == history
    assert done.added == len(told["runs"])
