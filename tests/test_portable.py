"""Runs as one zip: made, looked at, merged; killed half-way, large."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cli_session import ROOT, cli, names_in
from made_stores import START, add_run, add_runs, made_store, write
from shell_session import notebook
from whole_stores import contents_of, full_store, large_of, meaning_of, unzipped, with_file

import jupyter_track as track
from jupyter_track.errors import AlreadyExists, InvalidValue
from jupyter_track.store import edits, files
from jupyter_track.store.batch import Batch
from jupyter_track.store.place import files_folder
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep.merge import merge
from jupyter_track.store.upkeep.portable import pack


def test_what_is_unzipped_is_the_store(store: Path, tmp_path: Path) -> None:
    """Every table is the same, row by row, and every large file; models, datasets, code and the bin are among them."""
    full_store(store)
    done = pack(store, tmp_path / "out" / "paper.zip", deleted=True)
    found = unzipped(done.target, tmp_path / "theirs")
    assert contents_of(found) == contents_of(store)
    assert large_of(found) == large_of(store)
    assert (done.runs, done.files, done.missing) == (5, len(large_of(store)), ())
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["paper.zip"]
    names = zipfile.ZipFile(done.target).namelist()
    content = [f"paper/track.db-files/content/{name[:2]}/{name}" for name in sorted(large_of(store))]
    assert names == ["paper/README.txt", "paper/track.db", *content]


def test_what_is_merged_is_the_store(store: Path, tmp_path: Path) -> None:
    """A zip that is merged into an empty store gives the same runs; a second time changes nothing."""
    full_store(store)
    pack(store, tmp_path / "paper.zip", deleted=True)
    target = tmp_path / "mine" / "track.db"
    target.parent.mkdir()
    merged = merge(target, [tmp_path / "paper.zip"], tags={"from": "{name}"})
    assert (merged.added, merged.conflicts, merged.sources[0].missing) == (5, (), [])
    assert merged.sources[0].store == tmp_path / "paper.zip"
    expected, found = meaning_of(store), meaning_of(target)
    assert {run.own_tags["from"] for run in Reader(target).runs()} == {"paper"}
    for table in expected.keys() - {"experiments", "tags"}:  # Default was made with each store
        assert found[table] == expected[table], table
    assert large_of(target) == large_of(store)
    again = merge(target, [tmp_path / "paper.zip"])
    assert (again.added, again.updated, again.unchanged) == (0, 0, 5)


def test_the_same_runs_give_the_same_bytes(store: Path, tmp_path: Path) -> None:
    """Whenever and wherever the zip is made."""
    full_store(store)
    one, two = (pack(store, tmp_path / folder / "paper.zip").target.read_bytes() for folder in ("a", "b"))
    assert one == two


def test_children_and_models_come_with_a_run(store: Path, tmp_path: Path) -> None:
    """Of the runs that are named all that belongs to them is taken, of others nothing; a deleted child stays."""
    ids = full_store(store)
    pinned, first = ids[3], ids[0]
    grandchild, gone = add_runs(store, {"name": "below", "parent_uuid": ids[1]}, {"name": "no", "parent_uuid": ids[1]})
    edits.delete_runs(store, [gone])
    pack(store, tmp_path / "first.zip", runs=[first])
    pack(store, tmp_path / "pinned.zip", runs=[pinned])
    one, other = (unzipped(tmp_path / f"{name}.zip", tmp_path / "out") for name in ("first", "pinned"))
    assert {run.run_id for run in Reader(one).runs()} == {first, ids[1], grandchild}
    assert [run.run_id for run in Reader(other).runs()] == [pinned]
    mine, theirs = contents_of(other), contents_of(store)
    (version,) = mine["model_versions"]
    assert version in theirs["model_versions"]  # the one that came from the run, and not that from a folder
    assert pinned in version
    kept = ("registered_models", "registered_model_tags", "model_aliases")
    assert {table: mine[table] for table in kept} == {table: theirs[table] for table in kept}
    assert contents_of(one)["registered_models"] == []
    assert large_of(other) == {}


def test_damaged_content_is_left_out_and_named(store: Path, tmp_path: Path) -> None:
    """A zip never holds bytes that are not what they are said to be."""
    run_id = add_run(made_store(store.parent))
    sha256 = with_file(store, run_id, "weights.bin", os.urandom(300_000))
    place = files.content_path(store, sha256)
    place.write_bytes(b"x" + place.read_bytes()[1:])
    done = pack(store, tmp_path / "a.zip")
    assert (done.missing, done.files) == ((sha256,), 0)
    assert zipfile.ZipFile(done.target).namelist() == ["a/README.txt", "a/track.db"]


def test_nothing_is_overwritten_unasked(store: Path, tmp_path: Path) -> None:
    """A file that is there stays; the store's own folder is no place for it."""
    add_run(made_store(store.parent))
    (tmp_path / "a.zip").write_text("mine")
    with pytest.raises(AlreadyExists):
        pack(store, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_text() == "mine"
    pack(store, tmp_path / "a.zip", overwrite=True)
    assert zipfile.is_zipfile(tmp_path / "a.zip")
    with pytest.raises(InvalidValue, match="own folder"):
        pack(store, files_folder(store) / "a.zip")


def test_progress_counts_bytes(store: Path, tmp_path: Path) -> None:
    """It never goes back, and ends at the whole."""
    run_id = add_run(made_store(store.parent), metrics={"loss": [0.5] * 30_000})
    with_file(store, run_id, "weights.bin", os.urandom(5_000_000))
    told: list[tuple[int, int]] = []
    pack(store, tmp_path / "a.zip", progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] >= 5_000_000
    assert len(told) > 5


_KILLED = """
import sys
from pathlib import Path
from jupyter_track.store.upkeep.portable import pack
def progress(done, total):
    if done > total // 2:
        print("half", flush=True)
        sys.stdin.read()
pack(Path(sys.argv[1]), Path(sys.argv[2]), progress=progress)
"""


def test_a_process_that_is_killed_leaves_no_half_file(store: Path, tmp_path: Path) -> None:
    """Nothing stands under the zip's name, and the next attempt works."""
    run_id = add_run(made_store(store.parent))
    with_file(store, run_id, "weights.bin", os.urandom(4_000_000))
    target = tmp_path / "out" / "a.zip"
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(store), str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not target.exists()
    assert pack(store, target).runs == 1


_LARGE = """
import resource, sys
from pathlib import Path
from jupyter_track.store.upkeep.merge import merge
from jupyter_track.store.upkeep.portable import pack
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pack(Path(sys.argv[1]), Path(sys.argv[2]))
merge(Path(sys.argv[3]), [Path(sys.argv[2])])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_large_file_needs_little_memory(store: Path, tmp_path: Path) -> None:
    """300 MB go into a zip and out of it into a store in less than 60 MB of memory."""
    run_id = add_run(made_store(store.parent))
    place = tmp_path / "weights.bin"
    with place.open("wb") as file:
        for _ in range(300):
            file.write(os.urandom(1_000_000))
    content = files.keep(store, place)
    place.unlink()
    batch = Batch("b" * 32, 1)
    row = {"path": "weights.bin", "sha256": content.sha256, "size": content.size, "mime": "application/octet-stream"}
    batch.add_artifact(run_id, {**row, "kind": "file", "created": START, "content": (content.size, None)})
    write(store, batch)
    target = tmp_path / "mine" / "track.db"
    target.parent.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _LARGE, str(store), str(tmp_path / "a.zip"), str(target)],
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=True,
    )
    kilobytes = int(done.stdout) if sys.platform != "darwin" else int(done.stdout) // 1024
    assert kilobytes < 60_000, f"{kilobytes} kB"
    assert files.content_path(target, content.sha256).stat().st_size == 300_000_000


# ---- zips of others


def test_the_command_looks_into_a_zip_and_changes_nothing(store: Path, tmp_path: Path) -> None:
    """`runs`, `show`, `compare`, `models` and `export` read it; what would change it says what to do instead."""
    full_store(store)
    place = tmp_path / "paper.zip"
    done = cli(store, "export", str(place), "first", "pinned", "--json")
    assert json.loads(done.stdout)["runs"] == 3, done.output
    before = place.read_bytes()
    assert names_in(cli(place, "runs", "--json")) == ["pinned", "child", "first"]
    assert json.loads(cli(place, "runs", "--json").stdout)["store"] == str(place)
    assert "a note" not in cli(place, "show", "first").stdout
    assert "big.bin" in cli(place, "show", "first").stdout
    assert cli(place, "compare", "first", "pinned").exit_code == 0
    assert "forest" in cli(place, "models").stdout
    assert cli(place, "export", str(tmp_path / "again.zip")).exit_code == 0
    assert (tmp_path / "again.zip").stat().st_size > 10_000
    for words in (["rename", "first", "x"], ["tag", "first", "a=b"], ["delete", "first", "-y"], ["gc", "-y"]):
        refused = cli(place, *words)
        assert refused.exit_code == 1
        assert "looked at and not changed: unzip it" in refused.output.replace("\n", " ")
    assert place.read_bytes() == before
    assert not files_folder(place).exists()


def test_what_is_called_a_zip_and_is_none_is_said(tmp_path: Path) -> None:
    """A text so named is not to be merged, which was asked for; a zip that is missing is made by export, not a run."""
    store, fake, gone = made_store(tmp_path), tmp_path / "fake.zip", tmp_path / "gone.zip"
    fake.write_text("only words, and more than the hundred bytes that SQLite wants " * 4)
    for refused in (cli(store, "merge", str(fake)), cli(fake, "rename", "1", "x")):
        assert refused.exit_code == 1
        assert refused.stderr == (
            f"Error: {fake} is neither a zip nor a store, whatever its name; it was left as it is.\n"
        )
    assert cli(gone, "runs").stderr == (
        f"Error: There is no file {gone}. 'jupyter track export gone.zip' writes the runs of a store into one.\n"
    )


def test_the_command_merges_a_zip(store: Path, tmp_path: Path) -> None:
    """`jupyter track merge theirs.zip`."""
    full_store(store)
    assert cli(store, "export", str(tmp_path / "theirs.zip")).exit_code == 0
    target = tmp_path / "mine" / "track.db"
    target.parent.mkdir()
    assert "4 runs added" in cli(target, "merge", str(tmp_path / "theirs.zip")).stdout
    assert len(Reader(target).runs()) == 4
    refused = cli(store, "export", str(tmp_path / "x.zip"), "first", "--filter", "metrics.acc > 0")
    assert (refused.exit_code, (tmp_path / "x.zip").exists()) == (2, False)


def test_runs_export_themselves(store: Path, tmp_path: Path) -> None:
    """`Runs.export` writes what the name says, and `track.merge` takes it in elsewhere."""
    for number in range(3):
        with track.start_run(run_name=f"run {number}"):
            track.log(loss=0.5 * number)
    found = track.runs("metrics.loss > 0.2")
    assert found.export("some.zip") == Path("some.zip")
    assert found.export(tmp_path / "tables").is_dir()
    with pytest.raises(InvalidValue, match=r"\.docx"):
        found.export("runs.docx")
    with pytest.raises(InvalidValue, match="no runs to export"):
        track.runs("metrics.loss > 100").export("none.zip")
    track.set_tracking_uri(tmp_path / "other" / "track.db")
    merged = track.merge(tmp_path / "some.zip")
    assert (merged.added, [run.name for run in track.runs()]) == (2, ["run 2", "run 1"])


def test_the_magic_exports_and_merges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`%track export` and `%track merge` say what they did in a line."""
    with notebook(tmp_path, monkeypatch) as nb:

        def say(line: str) -> str:
            nb.run(f"%track {line}")
            return "\n".join(nb.cards) or nb.printed.strip()

        nb.run("%%track one -q\nC = 1")
        nb.run("%%track two -q\nC = 2")
        assert say("export last.zip last").startswith("1 run written to last.zip, ")
        assert "is there already" in say("export last.zip")
        assert say("export last.zip --overwrite").startswith("2 runs written to last.zip, ")
        assert "name a file" in say("export --overwrite")
        nb.run("%track store other/track.db")
        assert say("merge last.zip") == "2 runs added, 0 updated, 0 unchanged."
        assert "There is no store at" in say("merge nowhere.zip")
        assert [run.name for run in nb.runs] == ["one", "two"]
