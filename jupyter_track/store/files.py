"""Content by its sha256: keeping it, reading it, copying it out.

Content of up to `INLINE_LIMIT` bytes lies in the database; larger content is a file
``track.db-files/content/<first two>/<sha256>``. A file comes there whole or not at all: it is written under a temporary
name in ``content/``, synced, and renamed. The same content twice costs once, and a hash is checked on the way out.

Nothing is loaded whole that is not small. A user's file is copied at the call, since it may be gone or changed a moment
later.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import CorruptStore, InvalidValue, MissingFile, NotFound, StoreError, StoreUnavailable
from .artifacts import artifact_path, guess_mime, walk
from .caller import warn_caller
from .place import files_folder

__all__ = [
    "INLINE_LIMIT",
    "Content",
    "Readable",
    "artifact_path",
    "bring",
    "carry",
    "checked",
    "content_path",
    "copy_to",
    "fault",
    "guess_mime",
    "keep",
    "opened",
    "read",
    "unfinished",
    "walk",
]

INLINE_LIMIT = 128 * 1024  # bytes
UNFINISHED = ".part-"  # how the name of a copy that is being written begins
_CHUNK = 1024 * 1024
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # opening a named pipe must not wait for its other end
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class Readable(Protocol):
    """A binary stream: what `io.BytesIO`, an open file or a response of the network offers."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and no bytes at the end."""


@dataclass(frozen=True)
class Content:
    """Kept content: its sha256, its size in bytes, and its bytes where it is small enough for the database.

    `data` is None where the content lies in a file (`content_path`).
    """

    sha256: str
    size: int
    data: bytes | None


class _Changed(Exception):
    """The source was changed while it was being copied."""


def content_path(store: Path, sha256: str) -> Path:
    """Return where large content lies, whether it is there or not.

    Raises
    ------
    InvalidValue
        Where `sha256` is not 64 hexadecimal digits in lower case; so no hash can lead out of the folder.
    """
    if not _SHA256.match(sha256):
        raise InvalidValue(f"{sha256!r} is not a sha256 (64 hexadecimal digits in lower case).")
    return _content_folder(store) / sha256[:2] / sha256


def _content_folder(store: Path) -> Path:
    return files_folder(store) / "content"


def keep(store: Path, source: bytes | Path | Readable) -> Content:
    """Keep content: small content is returned with its bytes, large content is on disk when this returns.

    Parameters
    ----------
    store : Path
        The store's database file; it need not exist yet.
    source : bytes, Path or binary stream
        A file is copied as it is now. One that is changed meanwhile is copied once more; where it does not hold still,
        the second copy counts and a warning says so. Of a file that grows, what was there at the start is kept.

    Raises
    ------
    MissingFile
        Where there is no such file.
    InvalidValue
        Where it is a folder, a pipe or a device, or cannot be read.
    StoreUnavailable
        Where the store's folder cannot be written, or its disk is full.
    """
    if isinstance(source, bytes):
        return _keep_bytes(store, source)
    if not isinstance(source, Path):
        return _keep_stream(store, source, None)
    try:
        return _keep_file(store, source, last=False)
    except _Changed:
        return _keep_file(store, source, last=True)


def _keep_bytes(store: Path, data: bytes) -> Content:
    sha256 = hashlib.sha256(data).hexdigest()
    if len(data) <= INLINE_LIMIT:
        return Content(sha256, len(data), data)
    with _writing_to(store):
        target = content_path(store, sha256)
        if not (_is_intact(target, sha256, len(data)) and _made_young(target)):
            with _unfinished(store) as (temporary, file):
                file.write(data)
                _finish(file, temporary, target)
    return Content(sha256, len(data), None)


def _made_young(path: Path) -> bool:
    """Keep gc from taking a file before its row is written; False where gc has taken it just now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def carry(store: Path, sha256: str, size: int, target: Path) -> Content:
    """Bring large content from one store to another, without loading it in memory.

    Parameters
    ----------
    store : Path
        The store that has it.
    sha256 : str
    size : int
        In bytes.
    target : Path
        The store that it is brought to. A file of this size that is there already is taken for it.

    Raises
    ------
    NotFound, CorruptStore
        Where the store's file is gone or damaged.
    StoreUnavailable
        Where it cannot be read, or the target's folder cannot be written.
    """
    return bring(store, lambda: opened(store, sha256), sha256, size, target)


def bring(
    store: Path, open_source: Callable[[], AbstractContextManager[Readable]], sha256: str, size: int, target: Path
) -> Content:
    """As `carry`, from whatever `open_source` opens; `store` is what an error names."""
    place = content_path(target, sha256)
    if not place.is_symlink() and place.is_file() and place.stat().st_size == size and _made_young(place):
        return Content(sha256, size, None)
    with open_source() as file:
        content = _keep_stream(target, file, None)
    if content.sha256 != sha256:
        raise _mismatch(store, sha256)
    return content


def _keep_file(store: Path, source: Path, last: bool) -> Content:
    descriptor, before = _open_regular(source)
    with os.fdopen(descriptor, "rb") as file:
        # What the system makes up while it is read (/proc) says 0 bytes: take what there is, within reason.
        content = _keep_stream(store, file, before.st_size or INLINE_LIMIT, str(source))
        after = os.fstat(file.fileno())
    shrank = before.st_size > 0 and content.size != before.st_size
    if shrank or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        if not last:
            raise _Changed
        warn_caller(
            f"{source} was changed while it was being logged; what was read ({content.size:,} bytes) is kept. "
            "Log it again when nothing writes to it."
        )
    return content


def _open_regular(source: Path) -> tuple[int, os.stat_result]:
    try:
        descriptor = os.open(source, _READ_FLAGS | _NO_WAIT)
    except FileNotFoundError:
        raise MissingFile(f"There is no file {source}.") from None
    except OSError as error:
        if source.is_dir():  # Windows refuses to open one
            raise InvalidValue(f"{source} is a folder; log it with log_artifacts.") from error
        raise InvalidValue(f"{source} cannot be read ({error.strerror}).") from error
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return descriptor, status
    os.close(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise InvalidValue(f"{source} is a folder; log it with log_artifacts.")
    raise InvalidValue(f"{source} is a pipe, socket or device; only files can be logged.")


def _keep_stream(store: Path, stream: Readable, limit: int | None, name: str = "The stream") -> Content:
    """Keep what the stream gives, at most `limit` bytes; no more than a chunk beyond `INLINE_LIMIT` is in memory."""
    chunks = _chunks(stream, limit, name)
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) > INLINE_LIMIT:
            break
    else:
        return _keep_bytes(store, bytes(head))
    with _writing_to(store), _unfinished(store) as (temporary, file):
        digest = hashlib.sha256(head)
        file.write(head)
        size = len(head)
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
            size += len(chunk)
        sha256 = digest.hexdigest()
        # Also where it is there already: that heals a damaged copy, and keeps a sound one young for gc.
        _finish(file, temporary, content_path(store, sha256))
    return Content(sha256, size, None)


def _chunks(stream: Readable, limit: int | None, name: str) -> Iterator[bytes]:
    left = limit
    while left is None or left > 0:
        try:
            chunk = stream.read(_CHUNK if left is None else min(_CHUNK, left))
        except StoreError:  # the stream is of a store, and has said it
            raise
        except OSError as error:
            raise InvalidValue(f"{name} cannot be read ({error.strerror or error}).") from error
        if not chunk:
            return
        if not isinstance(chunk, (bytes, bytearray, memoryview)):
            raise InvalidValue(f"{name} gives {type(chunk).__name__}, not bytes; open it in binary mode ('rb').")
        if left is not None:
            left -= len(chunk)
        yield chunk


@contextmanager
def _writing_to(store: Path) -> Iterator[None]:
    """Say a fault of the store's folder in the store's terms; the reader's own faults pass through as they are."""
    try:
        yield
    except StoreError:  # an OSError
        raise
    except OSError as error:
        folder = files_folder(store)
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", -1)):
            raise StoreUnavailable(
                f"The disk or quota of {folder} is full; free some room, or name another place with "
                "'%track store PATH' or JUPYTER_TRACK_STORE."
            ) from error
        raise StoreUnavailable(
            f"The folder {folder} cannot be written ({error.strerror}); change its permissions, or name another place "
            "with '%track store PATH' or JUPYTER_TRACK_STORE."
        ) from error


@contextmanager
def _unfinished(store: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Give a new temporary file in ``content/``; it is gone afterwards, unless it was renamed or the process killed."""
    folder = _content_folder(store)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{UNFINISHED}{os.getpid()}-{uuid.uuid4().hex}"
    with _new_file(temporary) as file:
        yield temporary, file


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that must not exist; it is closed and removed at the end, unless it was renamed meanwhile."""
    try:
        with path.open("xb") as file:
            yield file
    finally:
        path.unlink(missing_ok=True)


def _finish(file: BinaryIO, temporary: Path, target: Path) -> None:
    """Bring a written file to disk under its name, in the order that leaves no half file after a power cut."""
    file.flush()
    os.fsync(file.fileno())
    file.close()  # Windows does not rename an open file
    new_folder = not target.parent.is_dir()
    target.parent.mkdir(exist_ok=True)
    if target.parent.is_symlink():
        raise OSError(errno.ELOOP, "a link stands where a folder belongs", str(target.parent))
    os.replace(temporary, target)
    _sync_folder(target.parent)
    if new_folder:
        _sync_folder(target.parent.parent)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # folders cannot be opened there; NTFS journals the rename
    descriptor = os.open(folder, _READ_FLAGS)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):  # some network file systems know no such sync
            raise
    finally:
        os.close(descriptor)


def _is_intact(path: Path, sha256: str, size: int) -> bool:
    if path.parent.is_symlink():
        return False
    try:
        with _opened(path) as file:
            return os.fstat(file.fileno()).st_size == size and _digest(file) == sha256
    except OSError:  # missing, or not readable: it is written anew
        return False


def fault(store: Path, sha256: str, size: int, data: bytes | None) -> str | None:
    """Return what is wrong with content, ``missing`` or ``damaged``; None where it is as it was kept.

    Parameters
    ----------
    store : Path
    sha256 : str
    size : int
        In bytes.
    data : bytes or None
        What the database holds; None where the content lies in a file.
    """
    if data is not None:
        return None if hashlib.sha256(data).hexdigest() == sha256 else "damaged"
    if not _SHA256.match(sha256):
        return "damaged"
    path = content_path(store, sha256)
    if not path.exists():
        return "missing"
    return None if _is_intact(path, sha256, size) else "damaged"


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _opened(path: Path) -> BufferedReader:
    return os.fdopen(os.open(path, _READ_FLAGS | _NO_FOLLOW | _NO_WAIT), "rb")


@contextmanager
def opened(store: Path, sha256: str) -> Iterator[BufferedReader]:
    """Give large content as a stream.

    Raises
    ------
    NotFound
        Where the file is gone.
    CorruptStore
        Where a link stands in its place.
    StoreUnavailable
        Where it cannot be read.
    """
    path = content_path(store, sha256)
    if path.parent.is_symlink():
        raise CorruptStore(f"{path.parent} is a link; the store's content must lie in its own folder.")
    try:
        file = _opened(path)
    except FileNotFoundError:
        raise NotFound(
            f"The content {sha256[:12]}… is not in {files_folder(store)}; copy that folder together with {store.name}."
        ) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise CorruptStore(f"{path} is a link; the store's content must lie in its own folder.") from error
        raise StoreUnavailable(f"{path} cannot be read ({error.strerror}); change its permissions.") from error
    with file:
        yield file


def _mismatch(store: Path, sha256: str) -> CorruptStore:
    return CorruptStore(f"The content {sha256[:12]}… of {store} is damaged: its bytes do not have this sha256.")


def read(store: Path, sha256: str, data: bytes | None) -> bytes:
    """Return content in memory.

    Parameters
    ----------
    store : Path
    sha256 : str
    data : bytes or None
        What the database holds; None where the content lies in a file.

    Raises
    ------
    CorruptStore
        Where the bytes do not have this hash.
    NotFound
        Where the file is gone.
    InvalidValue
        Where `sha256` is no hash.
    """
    if data is None:
        with opened(store, sha256) as file:
            data = file.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _mismatch(store, sha256)
    return data


def checked(store: Path, sha256: str) -> Path:
    """Return where large content lies, after all of it was held against its hash.

    Raises
    ------
    CorruptStore, NotFound, InvalidValue
        As `read`.
    """
    with opened(store, sha256) as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise _mismatch(store, sha256)
    return content_path(store, sha256)


def copy_to(store: Path, sha256: str, data: bytes | None, target: Path) -> None:
    """Write content to the file `target`, without loading it in memory.

    The target's folder is made where it is missing. The target appears, or is replaced, only when all is written and
    its hash is right; a link at its place is replaced and not followed.

    Raises
    ------
    CorruptStore, NotFound, InvalidValue
        As `read`.
    OSError
        Where the target cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f"{UNFINISHED}{os.getpid()}-{uuid.uuid4().hex}"
    with _new_file(temporary) as out:
        digest = hashlib.sha256()
        for chunk in [data] if data is not None else _stored_chunks(store, sha256):
            digest.update(chunk)
            out.write(chunk)
        if digest.hexdigest() != sha256:
            raise _mismatch(store, sha256)
        out.close()
        os.replace(temporary, target)


def _stored_chunks(store: Path, sha256: str) -> Iterator[bytes]:
    with opened(store, sha256) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def unfinished(store: Path) -> list[Path]:
    """Return the copies that were being written, in the order of their names; those of a killed process stay for gc."""
    return sorted(_content_folder(store).glob(f"{UNFINISHED}*"))
