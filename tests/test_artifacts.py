"""Files of runs: logging by kind, listing, downloading, loading, tables that grow."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import jupyter_track as track
from jupyter_track.errors import InvalidValue, MissingFile, NotFound
from jupyter_track.records import FileInfo
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.reader import Reader

mpl.use("agg")


def everything(run_id: str, path: str | None = None) -> list[tuple[str, bool, int | None]]:
    """Return all files and folders of a run, each folder before what it holds."""
    found = []
    for entry in track.TrackClient().list_artifacts(run_id, path):
        found.append((entry.path, entry.is_dir, entry.file_size))
        if entry.is_dir:
            found += everything(run_id, entry.path)
    return found


def test_a_file_is_logged_as_it_is_now(store: Path, tmp_path: Path) -> None:
    """Under its own name, at the top or in a folder; a later change of the file changes nothing."""
    (tmp_path / "model.bin").write_bytes(b"one")
    with track.start_run() as run:
        track.log_artifact("model.bin")
        track.log_artifact(tmp_path / "model.bin", "models/first")
        (tmp_path / "model.bin").write_bytes(b"three")
        track.log_artifact("model.bin", "models/")
    assert everything(run.run_id) == [
        ("model.bin", False, 3),
        ("models", True, None),
        ("models/first", True, None),
        ("models/first/model.bin", False, 3),
        ("models/model.bin", False, 5),
    ]
    copy = track.artifacts.download_artifacts(f"runs:/{run.run_id}/model.bin")
    assert Path(copy).read_bytes() == b"one"


def test_a_missing_file_is_a_file_not_found_error(store: Path, tmp_path: Path) -> None:
    """The message says where was looked; the same for a folder."""
    with track.start_run() as run:
        with pytest.raises(FileNotFoundError) as caught:
            track.log_artifact("model.pkl")
        with pytest.raises(FileNotFoundError):
            track.log_artifacts("models")
    assert str(caught.value) == f"There is no file 'model.pkl' to log (looked in {tmp_path})."
    assert isinstance(caught.value, MissingFile)
    assert everything(run.run_id) == []


def test_a_folder_is_logged_with_all_its_files(store: Path, tmp_path: Path) -> None:
    """`log_artifacts` logs what is inside, `log_artifact` the folder itself, as in mlflow."""
    (tmp_path / "data/sub").mkdir(parents=True)
    (tmp_path / "data/a.txt").write_text("a")
    (tmp_path / "data/sub/b.txt").write_text("bb")
    with track.start_run() as run:
        track.log_artifact("data")
        track.log_artifact("data", "under")
        track.log_artifacts("data", "inside")
    assert [path for path, is_dir, _ in everything(run.run_id) if not is_dir] == [
        "data/a.txt",
        "data/sub/b.txt",
        "inside/a.txt",
        "inside/sub/b.txt",
        "under/data/a.txt",
        "under/data/sub/b.txt",
    ]


@pytest.mark.parametrize("name", [".", "../data"])
def test_a_folder_goes_by_its_own_name_however_it_is_written(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """``.`` is the folder that one stands in."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_text("a")
    monkeypatch.chdir(tmp_path / "data")
    with track.start_run() as run:
        track.log_artifact(name)
    assert everything(run.run_id) == [("data", True, None), ("data/a.txt", False, 1)]


def test_links_that_lead_out_are_left_out_and_said(store: Path, tmp_path: Path) -> None:
    """A folder that is logged takes no file from elsewhere with it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "data/link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "data/a.txt").write_text("a")
    with track.start_run() as run, pytest.warns(TrackWarning, match="link that leads out of the folder"):
        track.log_artifacts("data")
    assert everything(run.run_id) == [("a.txt", False, 1)]


@pytest.mark.parametrize("path", ["../a.txt", "/a.txt", "", "a/../b.txt", "C:/a.txt", "%2e%2e/a.txt", "a\\b.txt"])
def test_a_path_that_leads_out_of_the_run_is_refused(store: Path, path: str) -> None:
    """By every function that takes one."""
    with track.start_run() as run:
        for call in (track.log_text, track.log_dict):
            with pytest.raises(InvalidValue):
                call("text", path)
        with pytest.raises(InvalidValue):
            track.TrackClient().list_artifacts(run.run_id, path or "..")
    assert everything(run.run_id) == []


def test_text_dicts_and_streams_come_back(store: Path) -> None:
    """JSON and YAML by the file's ending; streams of bytes."""
    with track.start_run() as run:
        track.log_text("größe\n", "notes/a.txt")
        track.log_dict({"b": [1, 2.5, None], "a": "x"}, "config.json")
        track.log_dict({"b": [1, 2.5, None], "a": "x"}, "config.yaml")
        track.log_stream(io.BytesIO(b"\x00\x01"), "raw.bin")
    base = f"runs:/{run.run_id}/"
    assert track.artifacts.load_text(base + "notes/a.txt") == "größe\n"
    for name in ("config.json", "config.yaml"):
        assert track.artifacts.load_dict(base + name) == {"b": [1, 2.5, None], "a": "x"}
    assert Path(track.artifacts.download_artifacts(base + "raw.bin")).read_bytes() == b"\x00\x01"


def test_addresses_may_be_joined_by_hand(store: Path) -> None:
    """With the slash that mlflow's address of a run does not end in."""
    with track.start_run() as run:
        track.log_text("hello", "notes/a.txt")
        addresses = [f"{run.info.artifact_uri}/notes/a.txt", track.get_artifact_uri() + "/notes/a.txt"]
    assert [track.artifacts.load_text(address) for address in addresses] == ["hello", "hello"]
    folder = track.artifacts.list_artifacts(f"{run.info.artifact_uri}/notes/")
    assert folder == [FileInfo("notes/a.txt", False, 5)]


def test_what_is_no_json_is_said(store: Path) -> None:
    """`load_dict` of a text."""
    with track.start_run() as run:
        track.log_text("no: json", "a.txt")
    with pytest.raises(InvalidValue, match=r"a\.txt is no JSON"):
        track.artifacts.load_dict(f"runs:/{run.run_id}/a.txt")


def test_the_same_path_again_replaces(store: Path) -> None:
    """The latest content counts."""
    with track.start_run() as run:
        track.log_text("one", "a.txt")
        track.log_text("three", "a.txt")
    assert everything(run.run_id) == [("a.txt", False, 5)]
    assert track.artifacts.load_text(f"runs:/{run.run_id}/a.txt") == "three"


def test_figures_are_kept_in_the_format_of_the_ending(store: Path) -> None:
    """Options of savefig are passed on; the figure stays open."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([1, 2])
    with track.start_run() as run:
        track.log_figure(figure, "plots/a.png", save_kwargs={"dpi": 50})
        track.log_figure(figure, "plots/a.svg")
    plt.close(figure)
    image = track.artifacts.load_image(f"runs:/{run.run_id}/plots/a.png")
    svg = track.artifacts.load_text(f"runs:/{run.run_id}/plots/a.svg")
    assert (image.size, image.format, "<svg" in svg) == ((100, 50), "PNG", True)


def test_images_are_kept_by_name_or_by_key_and_step(store: Path) -> None:
    """NumPy and Pillow; the pixels come back."""
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    with track.start_run() as run:
        track.log_image(pixels, "a.png")
        track.log_image(Image.fromarray(pixels), key="sample", step=3)
        track.log_image(pixels, key="sample")
    assert [path for path, is_dir, _ in everything(run.run_id) if not is_dir] == [
        "a.png",
        "images/sample/00000000.png",
        "images/sample/00000003.png",
    ]
    for name in ("a.png", "images/sample/00000003.png"):
        assert np.array_equal(np.asarray(track.artifacts.load_image(f"runs:/{run.run_id}/{name}")), pixels)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"artifact_file": "a.png", "key": "k"},
        {"artifact_file": "a.png", "step": 1},
        {"artifact_file": "a.png", "timestamp": 1},
        {"key": "a@b"},
        {"key": "k", "step": 0.5},
    ],
    ids=str,
)
def test_an_image_has_either_a_name_or_a_key(store: Path, arguments: dict[str, Any]) -> None:
    """Step and time go with the key."""
    with track.start_run() as run, pytest.raises(InvalidValue):
        track.log_image(np.zeros((2, 2), dtype=np.uint8), **arguments)
    assert everything(run.run_id) == []


def test_listing_goes_folder_by_folder(store: Path) -> None:
    """mlflow's entries; a file's own path and an unknown folder have none."""
    with track.start_run() as run:
        track.log_text("a", "top.txt")
        track.log_text("bb", "a/one.txt")
        track.log_text("ccc", "a/b/two.txt")
        track.log_text("x", "ab/three.txt")
    client = track.TrackClient()
    listed = {path: client.list_artifacts(run.run_id, path) for path in (None, "a", "a/b/", "a/one.txt", "zzz")}
    assert listed == {
        None: [FileInfo("a", True, None), FileInfo("ab", True, None), FileInfo("top.txt", False, 1)],
        "a": [FileInfo("a/b", True, None), FileInfo("a/one.txt", False, 2)],
        "a/b/": [FileInfo("a/b/two.txt", False, 3)],
        "a/one.txt": [],
        "zzz": [],
    }
    assert track.artifacts.list_artifacts(f"runs:/{run.run_id}/a") == listed["a"]
    assert track.artifacts.list_artifacts(run_id=run.run_id) == run.list_artifacts() == listed[None]


def test_files_folders_and_whole_runs_are_downloaded(store: Path, tmp_path: Path) -> None:
    """To a folder of one's own or a new one; what comes back is the path of the copy."""
    with track.start_run() as run:
        track.log_text("a", "top.txt")
        track.log_text("bb", "a/b/two.txt")
    target = tmp_path / "out"
    artifacts = track.artifacts
    file = artifacts.download_artifacts(run_id=run.run_id, artifact_path="a/b/two.txt", dst_path=target)
    folder = artifacts.download_artifacts(f"runs:/{run.run_id}/a", dst_path=str(target))
    whole = track.TrackClient().download_artifacts(run.run_id, "", tmp_path / "whole")
    assert (file, folder, whole) == (str(target / "a/b/two.txt"), str(target / "a"), str(tmp_path / "whole"))
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.txt")) == [
        "out/a/b/two.txt",
        "whole/a/b/two.txt",
        "whole/top.txt",
    ]
    assert Path(artifacts.download_artifacts(f"runs:/{run.run_id}/top.txt")).read_text() == "a"


def test_what_the_run_does_not_have_cannot_be_downloaded(store: Path) -> None:
    """The message names what there is."""
    with track.start_run() as run:
        track.log_text("a", "a.txt")
    for call in (
        lambda: track.artifacts.download_artifacts(f"runs:/{run.run_id}/b.txt"),
        lambda: track.artifacts.load_text(f"runs:/{run.run_id}/b.txt"),
    ):
        with pytest.raises(NotFound) as caught:
            call()
        assert str(caught.value) == f"The run #1 {run.name} has no artifact 'b.txt'; it has a.txt."


@pytest.mark.parametrize("uri", ["a.txt", "s3://bucket/a", "runs:/", "models:/a/1"])
def test_an_address_is_that_of_a_run(store: Path, uri: str) -> None:
    """Others are not understood, and said so."""
    with pytest.raises(InvalidValue) as caught:
        track.artifacts.load_text(uri)
    assert str(caught.value) == f"An artifact's address begins with 'runs:/<run id>/', not {uri!r}."


def test_address_or_run_but_not_both(store: Path) -> None:
    """mlflow's rule for download and list."""
    for call in (track.artifacts.download_artifacts, track.artifacts.list_artifacts):
        for arguments in ({}, {"artifact_uri": "runs:/a/b", "run_id": "a"}):
            with pytest.raises(InvalidValue) as caught:
                call(**arguments)
            assert str(caught.value) == "Give either artifact_uri, or run_id with artifact_path."


def test_artifacts_of_an_unknown_run_do_not_exist(store: Path) -> None:
    """With and without a store."""
    for _ in range(2):
        for call in (
            lambda: track.TrackClient().list_artifacts("0" * 32),
            lambda: track.artifacts.load_text(f"runs:/{'0' * 32}/a.txt"),
        ):
            with pytest.raises(NotFound):
                call()
        if not store.exists():
            track.create_experiment("some")


@pytest.mark.parametrize("name", ["eval.json", "results/eval.parquet"])
def test_logging_a_table_again_appends(store: Path, name: str) -> None:
    """Dicts of columns and DataFrames; columns go by name."""
    with track.start_run() as run:
        track.log_table({"a": [1, 2], "b": ["x", "y"]}, name)
        track.log_table(pd.DataFrame({"b": ["z"], "a": [3]}), name)
    found = track.load_table(name, run_ids=[run.run_id])
    assert found.to_dict("list") == {"a": [1, 2, 3], "b": ["x", "y", "z"]}


def test_a_table_has_a_key(store: Path) -> None:
    """The name comes first or last, without an ending it is JSON, and the key stays with a later call that has none."""
    with track.start_run() as run:
        track.log_table("answers", {"question": ["a"], "answer": [1]}, key="question")
        track.log_table({"question": ["b"], "answer": [2]}, "answers.json")
        run.log_table({"q": [1]}, "other", key="q")
        with pytest.raises(InvalidValue, match="no column 'nothing' to be its key; it has 'q'"):
            run.log_table({"q": [1]}, "third", key="nothing")
    track.flush()
    found = [(one.path, one.kind, one.join_key) for one in Reader(store).artifacts(run.run_id)]
    assert found == [("answers.json", "table", "question"), ("other.json", "table", "q")]
    loaded = track.load_table("answers", [run.run_id]).to_dict("list")
    assert loaded == {"question": ["a", "b"], "answer": [1, 2]}


def test_a_table_that_was_logged_in_another_process_is_appended_to(store: Path) -> None:
    """A resumed run: the table is in the store only."""
    with track.start_run() as run:
        track.log_table({"a": [1]}, "t.json")
    with track.start_run(run_id=run.run_id):
        track.log_table({"a": [2]}, "t.json")
    assert track.load_table("t.json", [run.run_id]).to_dict("list") == {"a": [1, 2]}


def test_the_json_of_a_table_is_pandas_split_form(store: Path) -> None:
    """As mlflow's, so that its tools read it."""
    with track.start_run() as run:
        track.log_table({"a": [1], "b": ["x"]}, "t.json")
    content = track.artifacts.load_text(f"runs:/{run.run_id}/t.json")
    assert json.loads(content) == {"columns": ["a", "b"], "data": [[1, "x"]]}


def test_tables_of_all_runs_are_loaded_with_columns_of_the_run(store: Path) -> None:
    """Called as in search_runs: info, params, metrics and tags; the newest run first; other experiments left out."""
    runs = []
    for name, lr in (("a", 0.1), ("b", 0.2)):
        with track.start_run(run_name=name) as run:
            track.log_param("lr", lr)
            track.log_metric("loss", lr * 2)
            track.log_table({"x": [lr]}, "t.json")
            runs.append(run)
    with track.start_run():
        pass
    track.set_experiment("other")
    with track.start_run():
        track.log_table({"x": [9]}, "t.json")
    track.set_experiment("Default")
    columns = ["run_id", "status", "params.lr", "metrics.loss", "tags.mlflow.runName", "params.none"]
    found = track.load_table("t.json", extra_columns=columns)
    assert found.to_dict("list") == {
        "x": [0.2, 0.1],
        "run_id": [runs[1].run_id, runs[0].run_id],
        "status": ["FINISHED", "FINISHED"],
        "params.lr": ["0.2", "0.1"],
        "metrics.loss": [0.4, 0.2],
        "tags.mlflow.runName": ["b", "a"],
        "params.none": [None, None],
    }
    times = track.load_table("t.json", extra_columns=["start_time"])["start_time"]
    assert str(times.dt.tz) == "UTC"


def test_a_column_that_no_run_has_is_refused(store: Path) -> None:
    """And one that the table has already."""
    with track.start_run():
        track.log_table({"x": [1], "status": ["s"]}, "t.json")
    with pytest.raises(InvalidValue, match="'zz' is no column of a run"):
        track.load_table("t.json", extra_columns=["zz"])
    with pytest.raises(InvalidValue, match="The table has a column 'status' of its own"):
        track.load_table("t.json", extra_columns=["status"])


def test_a_table_that_no_run_has_does_not_exist(store: Path) -> None:
    """With and without a store, which loading does not make."""
    for _ in range(2):
        with pytest.raises(NotFound) as caught:
            track.load_table("t.json")
        assert str(caught.value) == "No run has a table 't.json'."
        if not store.exists():
            with track.start_run():
                pass
            track.flush()


@pytest.mark.parametrize("data", [{"a": [1]}, 5, {"a": [1, 2], "b": [1]}], ids=str)
def test_a_table_has_a_known_ending_and_columns_of_one_length(store: Path, data: Any) -> None:
    """Nothing is written."""
    with track.start_run() as run, pytest.raises(InvalidValue):
        track.log_table(data, "t.csv" if data == {"a": [1]} else "t.json")
    assert everything(run.run_id) == []


def test_artifacts_can_go_to_another_run(store: Path, tmp_path: Path) -> None:
    """By its id; the active run gets none."""
    (tmp_path / "a.txt").write_text("a")
    with track.start_run() as first:
        pass
    with track.start_run() as second:
        track.log_artifact("a.txt", run_id=first.run_id)
        track.log_text("b", "b.txt", run_id=first.run_id)
        track.log_dict({}, "c.json", run_id=first.run_id)
        track.log_table({"a": [1]}, "d.json", run_id=first.run_id)
    assert ([path for path, *_ in everything(first.run_id)], everything(second.run_id)) == (
        ["a.txt", "b.txt", "c.json", "d.json"],
        [],
    )


def test_addresses_are_relative_to_the_store(store: Path) -> None:
    """mlflow's are absolute, so that a moved folder breaks them."""
    with track.start_run() as run:
        base = f"runs:/{run.run_id}"
        assert (run.info.artifact_uri, run.read().info.artifact_uri) == (base, base)
    (found,) = track.search_runs(filter_string=f"artifact_uri = '{base}'", output_format="list")
    assert found.info.run_id == run.run_id
