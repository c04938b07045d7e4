"""Zips that are opened and merged: hostile, damaged, made by hand, too large for the disk."""

from __future__ import annotations

import io
import os
import random
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_session import cli
from made_stores import add_run, made_store
from whole_stores import large_of, with_file

from jupyter_track.errors import CorruptStore, InvalidValue, NotAStore, StoreUnavailable, TrackError
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep import packed
from jupyter_track.store.upkeep.merge import merge
from jupyter_track.store.upkeep.packed import PackedSource, opened_packed
from jupyter_track.store.upkeep.portable import pack


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
