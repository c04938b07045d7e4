"""Runs as one zip: made, looked at, merged; killed half-way, hostile, large."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_session import ROOT, cli, names_in
from made_stores import START, add_run, add_runs, made_store, write
from shell_session import notebook
from whole_stores import contents_of, full_store, meaning_of, unzipped, with_file

import jupyter_track as track
from jupyter_track.errors import AlreadyExists, CorruptStore, InvalidValue, NotAStore, StoreUnavailable, TrackError
from jupyter_track.store import edits, files
from jupyter_track.store.batch import Batch
from jupyter_track.store.place import files_folder
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import packed
from jupyter_track.store.upkeep.merge import merge
from jupyter_track.store.upkeep.packed import PackedSource, opened_packed
from jupyter_track.store.upkeep.portable import pack


def large_of(store: Path) -> dict[str, bytes]:
    """The large content beside a store."""
    return {path.name: path.read_bytes() for path in (files_folder(store) / "content").glob("??/*")}


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


def made_zip(place: Path, *entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip by hand."""
    with zipfile.ZipFile(place, "w", method) as zipped:
        for name, data in entries:
            zipped.writestr(name, data)
    return place


@pytest.fixture
def database(store: Path) -> bytes:
    """The bytes of a store with one run that names a large file."""
    run_id = add_run(made_store(store.parent), name="theirs")
    with_file(store, run_id, "weights.bin", os.urandom(200_000))
    return store.read_bytes()


LEADING_OUT = (
    "../out.txt",
    "/tmp/jupyter-track-out.txt",
    "..\\out.txt",
    "C:\\out.txt",
    "track.db-files/content/../../../out.txt",
    "track.db-files/content/ab/../../../../out.txt",
    "track.db-files/../../out.txt",
    "track.db-files/content/aa/" + "../" * 8 + "a" * 64,
)


def test_no_name_in_a_zip_leads_anywhere(database: bytes, tmp_path: Path) -> None:
    """Entries that would be written outside, and links, are not written at all; the runs are read all the same."""
    before = sorted(tmp_path.rglob("*"))
    link = zipfile.ZipInfo("track.db-files/content/bb/" + "b" * 64)
    link.external_attr = 0o120777 << 16
    place = made_zip(tmp_path / "evil.zip", ("track.db", database), *((name, b"evil") for name in LEADING_OUT))
    with zipfile.ZipFile(place, "a") as zipped:
        zipped.writestr(link, "/etc/passwd")
    with opened_packed(place, contents=True) as source:
        folder = source.place.parent
        assert [run.name for run in Reader(source.place).runs()] == ["theirs"]
        inside = [path.name for path in folder.rglob("*") if path.is_file()]
        assert [name for name in inside if "track.db" not in name and name not in ("lock", ".gitignore")] == []
        assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert not folder.exists()
    assert sorted(tmp_path.rglob("*")) == sorted([*before, place])


def test_a_zip_that_would_swell_is_not_unpacked(
    database: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one that says so, nor one whose file is larger than it says."""
    monkeypatch.setattr(packed, "SMALL", 1_000_000)
    content = f"track.db-files/content/aa/{'a' * 64}"
    bomb = made_zip(tmp_path / "bomb.zip", ("track.db", database), (content, bytes(30_000_000)))
    with pytest.raises(InvalidValue, match="unpack to 30,"), opened_packed(bomb, contents=True):
        pass
    with pytest.raises(InvalidValue, match="unpack to 30,"):
        merge(tmp_path / "mine.db", [bomb])
    assert not (tmp_path / "mine.db").exists()
    data = bomb.read_bytes()
    size = (30_000_000).to_bytes(4, "little")
    lying = tmp_path / "lying.zip"
    lying.write_bytes(data.replace(size, (100_000).to_bytes(4, "little")))
    with opened_packed(lying, contents=True) as source:
        weights = sum(path.stat().st_size for path in source.place.parent.rglob("*") if path.is_file())
    assert weights < 2_000_000
    monkeypatch.setattr(packed, "MOST_ENTRIES", 100)
    many = made_zip(tmp_path / "many.zip", ("track.db", database), *((f"x/{n}", b"") for n in range(200)))
    with pytest.raises(InvalidValue, match="201 entries"), opened_packed(many):
        pass


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda place, data: place.write_bytes(b"PK\x03\x04 and no more"), NotAStore, "no zip"),
        (lambda place, data: made_zip(place, ("notes.txt", b"hello")), NotAStore, "no track.db"),
        (lambda place, data: made_zip(place, ("a/track.db", data), ("b/track.db", data)), NotAStore, "several"),
        (lambda place, data: made_zip(place, ("track.db", data), method=zipfile.ZIP_LZMA), NotAStore, "unzip it"),
        (lambda place, data: made_zip(place, ("track.db", b"SQLite? no" * 999)), NotAStore, "not a SQLite"),
    ],
)
def test_what_is_no_store_is_said(
    make: Callable[[Path, bytes], object], error: type[TrackError], said: str, database: bytes, tmp_path: Path
) -> None:
    """Each in a sentence; nothing is made of it."""
    place = tmp_path / "theirs.zip"
    make(place, database)
    with pytest.raises(error, match=said), opened_packed(place):
        pass
    with pytest.raises(error, match=said):
        merge(tmp_path / "mine.db", [place])
    assert not (tmp_path / "mine.db").exists()


def damaged(data: bytes, name: str) -> bytes:
    """A zip with a flipped bit within an entry; not one that a repeat of the same bytes hides."""
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        entry, content = zipped.getinfo(name), zipped.read(name)
    for at in range(entry.header_offset + 200, entry.header_offset + entry.compress_size):
        made = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            with zipfile.ZipFile(io.BytesIO(made)) as zipped:
                assert zipped.read(name) == content
        except (zipfile.BadZipFile, zlib.error):
            return made
    raise AssertionError("no flipped bit changes the content")


def test_damaged_bytes_are_found(store: Path, database: bytes, tmp_path: Path) -> None:
    """A flipped byte of the database is an error; of a large file, that file is missing and the rest is there."""
    place = pack(store, tmp_path / "a.zip").target
    (name,) = large_of(store)
    data = place.read_bytes()
    for entry, found in (("a/track.db", None), (f"a/track.db-files/content/{name[:2]}/{name}", [name])):
        place.write_bytes(damaged(data, entry))
        target = tmp_path / f"mine-{found is None}.db"
        if found is None:
            with pytest.raises(CorruptStore, match="damaged"):
                merge(target, [place])
        else:
            assert merge(target, [place]).sources[0].missing == found
            assert [run.name for run in Reader(target).runs()] == ["theirs"]


def test_whatever_byte_is_flipped_the_error_is_ours(store: Path, tmp_path: Path) -> None:
    """Each byte of all headers, and some of the data: the runs are there, or a sentence says what is wrong."""
    with_file(store, add_run(made_store(store.parent), name="theirs"), "weights.bin", os.urandom(140_000))
    place = pack(store, tmp_path / "a.zip").target
    data = place.read_bytes()
    with zipfile.ZipFile(place) as zipped:
        begins = [(entry.header_offset, 40 + len(entry.filename)) for entry in zipped.infolist()]
        headers = {at for begin, length in begins for at in range(begin, begin + length)}
        headers |= set(range(zipped.start_dir, len(data)))
    chance = random.Random(7)
    flips = [(at, chance.choice((0xFF, 1 << chance.randrange(8)))) for at in sorted(headers)]
    flips += [(chance.randrange(len(data)), 1 << chance.randrange(8)) for _ in range(30)]
    said: list[TrackError] = []
    for at, mask in flips:
        place.write_bytes(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :])
        try:
            with opened_packed(place, contents=at % 3 == 0) as source:
                found = source.numbers()
        except TrackError as error:
            said.append(error)
        else:
            assert list(found) == [1], (at, mask)
    assert {type(error) for error in said} == {CorruptStore, NotAStore, InvalidValue}
    assert [error for error in said if str(place) not in str(error)] == []


def test_a_version_that_no_zip_has_is_said(database: bytes, tmp_path: Path) -> None:
    """What zipfile does not know how to read is damaged, or no zip; what is locked is said too."""
    place = made_zip(tmp_path / "theirs.zip", ("track.db", database))
    data = place.read_bytes()
    central = data.rindex(b"PK\x01\x02")
    place.write_bytes(data[: central + 6] + b"\xff" + data[central + 7 :])
    with pytest.raises(NotAStore, match=r"theirs\.zip is damaged, or no zip that can be read"), opened_packed(place):
        pass
    with pytest.raises(NotAStore, match="is damaged, or no zip"):
        merge(tmp_path / "mine.db", [place])
    shown = cli(place, "runs")
    assert (shown.exit_code, "is damaged, or no zip" in shown.output.replace("\n", " ")) == (1, True)
    place.write_bytes(data[: central + 8] + b"\x01" + data[central + 9 :])
    with pytest.raises(NotAStore, match="locked"), opened_packed(place):
        pass
    assert not (tmp_path / "mine.db").exists()


def test_the_room_on_the_disk_is_checked_first(
    store: Path, database: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is needed and what is free are said, and nothing is unpacked; large content counts where it is unpacked."""
    place = pack(store, tmp_path / "a.zip").target
    unpacked: list[Path] = []
    free = len(database) + 100_000
    real = PackedSource.unpack_database

    def unpack_database(source: PackedSource) -> None:
        unpacked.append(source.place)
        real(source)

    monkeypatch.setattr(PackedSource, "unpack_database", unpack_database)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    with zipfile.ZipFile(place) as zipped:
        whole = sum(entry.file_size for entry in zipped.infolist() if "track.db" in entry.filename)
    said = rf"a\.zip needs {whole:,} bytes, .* has {free:,} free; .* TMPDIR"
    with pytest.raises(StoreUnavailable, match=said), opened_packed(place, contents=True):
        pass
    assert unpacked == []
    with opened_packed(place) as source:
        assert list(source.numbers()) == [1]
    assert len(unpacked) == 1
    free = 100
    with pytest.raises(StoreUnavailable, match="has 100 free"):
        merge(tmp_path / "mine.db", [place])
    assert (len(unpacked), (tmp_path / "mine.db").exists()) == (1, False)


def test_a_zip_that_a_person_made_of_the_folder_is_read(store: Path, database: bytes, tmp_path: Path) -> None:
    """A store and its folder, zipped by any program, at whatever depth."""
    shutil.make_archive(str(tmp_path / "hand"), "zip", store.parent, base_dir=".")
    target = tmp_path / "mine" / "track.db"
    target.parent.mkdir()
    merged = merge(target, [tmp_path / "hand.zip"])
    assert (merged.added, merged.sources[0].missing) == (1, [])
    assert large_of(target) == large_of(store)


# ---- by command, magic and API


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
