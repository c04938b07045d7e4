"""Registered models of mlflow's, brought; and importing again, which reads what is new alone."""

from __future__ import annotations

import os
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from mlflow_stores import KINDS, expected, unpacked

import jupyter_track as track
from jupyter_track.from_mlflow import source
from jupyter_track.from_mlflow.bring import bring
from jupyter_track.from_mlflow.seen import Seen
from jupyter_track.store.place import files_folder as folder_of
from jupyter_track.store.reader import Reader


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of store, one after the other."""
    name: str = request.param
    return name


@pytest.fixture
def theirs(kind: str, tmp_path: Path) -> Path:
    """A store of mlflow's."""
    return unpacked(kind, tmp_path / "theirs")


# ---- registered models


def test_registered_models_are_brought(store: Path, kind: str, theirs: Path) -> None:
    """Versions with their runs, files and words, aliases, tags and descriptions are what mlflow reads; no secret is."""
    done = bring(store, theirs)
    client = track.TrackClient()
    found = {
        model.name: {
            "description": model.description,
            "created": model.creation_timestamp,
            "tags": model.tags,
            "aliases": model.aliases,
            "versions": [
                {
                    "version": one.version,
                    "created": one.creation_timestamp,
                    "description": one.description,
                    "run": one.run_id,
                    "source": one.source,
                    "tags": one.tags,
                }
                for one in client.search_model_versions(f"name = '{model.name}'")
            ],
        }
        for model in client.search_registered_models()
    }
    ideal = expected(kind)["models"]
    (second,) = [run.run_id for run in Reader(store).runs() if run.name == "second"]
    for version in ideal["classifier"]["versions"]:
        version["source"] = f"runs:/{second}/model"
    ideal["classifier"]["tags"]["password"] = found["classifier"]["tags"]["password"]
    assert found == ideal
    assert "hunter22" not in found["classifier"]["tags"]["password"]
    assert done.versions == 2
    assert [one.title for one in client.search_model_versions("name = 'classifier'")] == ["sklearn model"] * 2


def test_registered_models_are_loaded_by_alias(store: Path, theirs: Path) -> None:
    """mlflow's own files, checked by their hashes, by alias, number and run."""
    pytest.importorskip("sklearn")
    bring(store, theirs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of another scikit-learn
        for address in ("models:/classifier@champion", "models:/classifier/2"):
            assert list(track.sklearn.load_model(address).predict([[0], [1]])) == [0, 1]
        (run,) = track.runs("name = 'second'")
        assert list(run.load_model().predict([[0], [1]])) == [0, 1]


def test_what_was_done_with_models_here_stays(store: Path, theirs: Path) -> None:
    """A model that was renamed and an alias that was moved are not made again by the next import."""
    bring(store, theirs)
    client = track.TrackClient()
    client.rename_registered_model("classifier", "ours")
    client.set_registered_model_alias("ours", "champion", 2)
    before = Reader(store).info().rev
    assert str(bring(store, theirs)).splitlines()[1:] == ["Not brought: 1 × prompt."]
    assert [one.name for one in client.search_registered_models()] == ["empty", "ours"]
    assert client.get_registered_model("ours").aliases == {"challenger": 2, "champion": 2}
    assert Reader(store).info().rev == before


def test_a_version_that_was_deleted_in_mlflow_is_none(store: Path, tmp_path: Path) -> None:
    """mlflow keeps its row; its number is not given again here."""
    theirs = unpacked("database", tmp_path / "theirs")
    with closing(sqlite3.connect(theirs)) as connection, connection:
        connection.execute("UPDATE model_versions SET current_stage = 'Deleted_Internal' WHERE version = 2")
        connection.execute("UPDATE model_versions SET current_stage = 'Production' WHERE version = 1")
        connection.execute("UPDATE registered_models SET name = 'old/name' WHERE name = 'empty'")
    done = bring(store, theirs)
    client = track.TrackClient()
    (version,) = client.search_model_versions("name = 'classifier'")
    assert (version.version, version.tags) == (1, {"stage": "Production"})
    assert "cannot hold '/' or ':' ('old/name')" in done.said[0]
    run = Reader(store).run(version.run_id)
    assert client.create_model_version("classifier", f"runs:/{run.run_id}/model").version == 3


# ---- again


def test_files_are_hashed_once(store: Path, theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next import reads files that are new or changed, and no other; one whose times were set back is changed."""
    monkeypatch.setattr("jupyter_track.from_mlflow.seen._YOUNG", 0)
    read: list[str] = []
    hashed = source._hashed
    monkeypatch.setattr(source, "_hashed", lambda path: (read.append(path.name), hashed(path))[1])
    count = bring(store, theirs).artifacts
    assert len(read) == count
    (note,) = theirs.parent.glob("mlruns/*/*/artifacts/notes/a.txt")
    status = note.stat()
    note.write_text("jello")
    os.utime(note, ns=(status.st_atime_ns, status.st_mtime_ns))
    (note.parent / "b.txt").write_text("more")
    read.clear()
    assert bring(store, theirs).artifacts == count + 1
    assert read == ["a.txt", "b.txt"]
    read.clear()
    (folder_of(store) / "imported.db").write_bytes(b"x" * 5_000)
    bring(store, theirs)
    assert len(read) == count + 1


def test_a_file_that_has_just_changed_is_not_taken_as_known(store: Path, theirs: Path) -> None:
    """Its times may not tell the next change from this one."""
    bring(store, theirs)
    (note,) = theirs.parent.glob("mlruns/*/*/artifacts/notes/a.txt")
    seen = Seen(store)
    assert seen.recall(note, note.stat()) is None
    seen.close()
