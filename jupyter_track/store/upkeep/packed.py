"""A zip with a store, read: merged, or looked at as it is.

The zip may be anybody's. Of its names only two forms count, ``<folder>/track.db`` and the content beside it, named by
its hash, and no name of a zip ever becomes a path: files go where we say. What it says of its sizes is checked before
anything is unpacked, against the zip's own size and the room on the disk, and no more is read than it said. Whatever is
wrong with it is one of our errors: zipfile raises many kinds for what it does not expect.
"""

from __future__ import annotations

import errno
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ...errors import CorruptStore, InvalidValue, NotAStore, NotFound, StoreError, StoreUnavailable
from .. import files
from ..files import Content
from ..place import STORE_NAME
from .pages import Source, opened

MOST_ENTRIES = 1_000_000
SMALL = 1 << 30  # bytes that are unpacked whatever the zip's size
LARGEST_RATIO = 100  # of what is unpacked to the zip, beyond that
_CHUNK = 1024 * 1024
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # of a zip, and of an empty one
_DATABASE = re.compile(rf"(?:[^/\\]+/)*{re.escape(STORE_NAME)}\Z")
_CONTENT = re.compile(r"content/(?P<two>[0-9a-f]{2})/(?P<sha256>[0-9a-f]{64})\Z")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises for bytes that it does not expect; NotImplementedError, and encrypted, are RuntimeErrors.
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)


def is_packed(place: Path) -> bool:
    """Whether a file is a zip, by how it begins; a store begins otherwise."""
    try:
        with place.open("rb") as file:
            return file.read(4) in _MAGIC
    except OSError:
        return False


class PackedSource(Source):
    """A store in a zip: its database is unpacked, its large content is read from the zip when it is asked for."""

    def __init__(self, zipped: zipfile.ZipFile, place: Path, store: Path) -> None:
        super().__init__(store, place)
        self._zip = zipped
        self._database, self._contents = _entries(zipped, store)

    def unpack_database(self) -> None:
        """Write the database to its place."""
        with self.place.open("xb") as file, self._read(self._database) as entry:
            while chunk := entry.read(_CHUNK):
                file.write(chunk)

    def check_room(self, *, contents: bool) -> None:
        """Check that the disk has room for what is unpacked beside `place`.

        Raises
        ------
        StoreUnavailable
        """
        entries = [self._database, *(self._contents.values() if contents else ())]
        needed, folder = sum(entry.file_size for entry in entries), self.place.parent
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise StoreUnavailable(
                f"Unpacking {self.store} needs {needed:,} bytes, and the disk of {folder.parent} has {free:,} free; "
                "free some room, or name a folder on another disk in TMPDIR."
            )

    def unpack_contents(self) -> None:
        """Write all large content beside the database; what is damaged stays missing."""
        for sha256, entry in self._contents.items():
            try:
                self.carry(sha256, entry.file_size, self.place)
            except CorruptStore:
                continue

    def carry(self, sha256: str, size: int, target: Path) -> None:
        """Bring large content to another store; see `Source.carry`."""
        self._kept(sha256, size, target)

    def _kept(self, sha256: str, size: int, target: Path) -> Content:
        entry = self._contents.get(sha256)
        if entry is None:
            raise NotFound(f"The content {sha256[:12]}… is not in {self.store}.")
        if entry.file_size != size:
            raise CorruptStore(f"The content {sha256[:12]}… in {self.store} has not the size that its store names.")
        return files.bring(self.store, lambda: self._read(entry), sha256, size, target)

    @contextmanager
    def _read(self, entry: zipfile.ZipInfo) -> Iterator[_Entry]:
        """Open an entry; zipfile gives no more bytes than the entry names, and checks them by their sum."""
        with _damage_said(self.store):
            file = self._zip.open(entry)
        with file:
            yield _Entry(file, self.store)


class _Entry:
    """An open entry of a zip. What is raised while its bytes are written elsewhere is not taken for damage."""

    def __init__(self, file: IO[bytes], store: Path) -> None:
        self._file = file
        self._store = store

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and no bytes at the end."""
        with _damage_said(self._store):
            return self._file.read(size)


@contextmanager
def _damage_said(store: Path) -> Iterator[None]:
    """Say what zipfile raises in our terms."""
    try:
        yield
    except _DAMAGE as error:
        raise CorruptStore(f"{store} is damaged ({_said(error)}); ask for the file once more.") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # a place before the begin of the file
            raise CorruptStore(f"{store} is damaged ({_said(error)}); ask for the file once more.") from error
        raise StoreUnavailable(f"{store} cannot be read ({_said(error)}).") from error


def _said(error: BaseException | None) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _entries(zipped: zipfile.ZipFile, store: Path) -> tuple[zipfile.ZipInfo, dict[str, zipfile.ZipInfo]]:
    """Return the entry of the database, and those of content by their hash; others are left alone."""
    found = zipped.infolist()
    if len(found) > MOST_ENTRIES:
        raise InvalidValue(f"{store} has {len(found):,} entries, more than a store's zip is expected to have.")
    databases = [entry for entry in found if _DATABASE.match(entry.filename)]
    if len(databases) != 1:
        many = ", ".join(ascii(entry.filename)[1:-1][:80] for entry in databases[:4])
        said = f"holds several stores ({many}); unzip it and name one" if many else f"holds no {STORE_NAME}"
        raise NotAStore(f"{store} is a zip that {said}.")
    folder = f"{databases[0].filename}-files/"
    contents: dict[str, zipfile.ZipInfo] = {}
    for entry in found:
        name = _CONTENT.match(entry.filename.removeprefix(folder)) if entry.filename.startswith(folder) else None
        if name is not None and name["sha256"].startswith(name["two"]):
            contents.setdefault(name["sha256"], entry)
    _check([databases[0], *contents.values()], store)
    return databases[0], contents


def _check(entries: list[zipfile.ZipInfo], store: Path) -> None:
    """Refuse what we cannot read, and what would unpack to far more than it looks."""
    for entry in entries:
        if entry.compress_type not in _METHODS or entry.flag_bits & 0x1:
            raise NotAStore(f"{store} is compressed or locked in a way that is not read here; unzip it.")
    total = sum(entry.file_size for entry in entries)
    if total > max(SMALL, LARGEST_RATIO * store.stat().st_size):
        raise InvalidValue(
            f"{store} has {store.stat().st_size:,} bytes and would unpack to {total:,}: that is no common store. "
            "Where you know who made it, unzip it and name the track.db."
        )


@contextmanager
def opened_packed(place: Path, *, contents: bool = False) -> Iterator[PackedSource]:
    """Give the store in a zip to read from; `place` of the source is its database, in a temporary folder.

    Parameters
    ----------
    place : Path
        The zip.
    contents : bool, default False
        Unpack the large content beside the database too, for who looks at it there.

    Raises
    ------
    NotAStore
        Where it is no zip with a store.
    InvalidValue
        Where it would unpack to far more than it looks.
    CorruptStore, NewerStore
        Where it is damaged, or a later version wrote it.
    StoreUnavailable
        Where it cannot be opened, or there is no room to unpack it.
    """
    try:
        with _damage_said(place):
            zipped = zipfile.ZipFile(place)
    except CorruptStore as error:
        raise NotAStore(
            f"{place} is damaged, or no zip that can be read ({_said(error.__cause__)})."
        ) from error.__cause__
    with zipped, tempfile.TemporaryDirectory(prefix="jupyter-track-") as folder:
        source = PackedSource(zipped, Path(folder) / STORE_NAME, place)
        try:
            source.check_room(contents=contents)
            source.unpack_database()
            if contents:
                source.unpack_contents()
        except StoreError:
            raise
        except OSError as error:
            raise StoreUnavailable(f"{place} cannot be unpacked to {folder} ({error.strerror}).") from error
        with opened(source.place) as unpacked:
            source.place = unpacked.place
            yield source
