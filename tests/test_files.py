"""The content store: kept once, whole or not at all, and checked on the way out."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from jupyter_track.errors import CorruptStore, InvalidValue, MissingFile, NotFound, StoreUnavailable
from jupyter_track.store import files
from jupyter_track.store.files import (
    INLINE_LIMIT,
    Content,
    content_path,
    copy_to,
    keep,
)

ROOT = Path(__file__).parent.parent
LARGE = os.urandom(INLINE_LIMIT + 1)


def sha(data: bytes) -> str:
    """The hash that the store should give."""
    return hashlib.sha256(data).hexdigest()


def tree(folder: Path) -> set[str]:
    """The files below a folder, by relative path."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a store would be; nothing is there yet."""
    return tmp_path / "track.db"


class TestKeep:
    @pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT])
    @pytest.mark.parametrize("kind", ["bytes", "file", "stream"])
    def test_small_content_stays_in_memory(self, store: Path, kind: str, size: int) -> None:
        """Up to 128 KiB are handed back for the database; no folder is made."""
        data = os.urandom(size)
        source = store.with_name("source.bin")
        source.write_bytes(data)
        given_as = {"bytes": data, "file": source, "stream": io.BytesIO(data)}[kind]
        assert keep(store, given_as) == Content(sha(data), size, data)
        assert tree(store.parent) == {"source.bin"}

    @pytest.mark.parametrize("kind", ["bytes", "file", "stream"])
    def test_large_content_is_a_file(self, store: Path, kind: str) -> None:
        """One byte more goes to content/<first two>/<sha256>, and nothing else is left there."""
        source = store.with_name("source.bin")
        source.write_bytes(LARGE)
        given_as = {"bytes": LARGE, "file": source, "stream": io.BytesIO(LARGE)}[kind]
        assert keep(store, given_as) == Content(sha(LARGE), len(LARGE), None)
        digest = sha(LARGE)
        assert tree(store.parent) == {"source.bin", f"track.db-files/content/{digest[:2]}/{digest}"}
        assert files.read(store, digest, None) == LARGE

    def test_same_content_twice_costs_once(self, store: Path, tmp_path: Path) -> None:
        """Bytes, a file and a copy under another name are one file of the store."""
        for name in ("a.bin", "b.bin"):
            (tmp_path / name).write_bytes(LARGE)
            keep(store, tmp_path / name)
        keep(store, LARGE)
        assert len(tree(tmp_path / "track.db-files")) == 1

    @pytest.mark.parametrize("kind", ["bytes", "file"])
    def test_keeping_again_heals_and_rejuvenates(self, store: Path, tmp_path: Path, kind: str) -> None:
        """Content that is kept again is young for gc, and a damaged file is replaced by the sound bytes."""
        source = tmp_path / "source.bin"
        source.write_bytes(LARGE)
        place = content_path(store, keep(store, LARGE).sha256)
        for damage in (LARGE, b"\0" * len(LARGE), b"short"):
            place.write_bytes(damage)
            os.utime(place, (1, 1))
            keep(store, LARGE if kind == "bytes" else source)
            assert place.read_bytes() == LARGE
            assert place.stat().st_mtime > 1

    def test_large_file_is_never_in_memory(self, store: Path, tmp_path: Path) -> None:
        """A file of 64 MiB is kept and copied out with a few MiB of memory."""
        source = tmp_path / "model.bin"
        with source.open("wb") as file:
            for _ in range(64):
                file.write(os.urandom(1024 * 1024))
        tracemalloc.start()
        content = keep(store, source)
        copy_to(store, content.sha256, None, tmp_path / "copy.bin")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * 1024 * 1024
        assert (content.size, sha((tmp_path / "copy.bin").read_bytes())) == (64 * 1024 * 1024, content.sha256)

    def test_a_link_is_kept_by_its_content(self, store: Path, tmp_path: Path) -> None:
        """A link that the user names is followed: the bytes are kept, not the link."""
        (tmp_path / "real.bin").write_bytes(LARGE)
        (tmp_path / "link.bin").symlink_to("real.bin")
        content = keep(store, tmp_path / "link.bin")
        assert not content_path(store, content.sha256).is_symlink()
        assert files.read(store, content.sha256, None) == LARGE

    def test_what_is_not_a_file_is_refused(self, store: Path, tmp_path: Path) -> None:
        """A missing file, a folder, a pipe and a device each say what they are; no pipe is waited for."""
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(MissingFile, match=r"no file .*absent"):
            keep(store, tmp_path / "absent")
        with pytest.raises(InvalidValue, match="is a folder; log it with log_artifacts"):
            keep(store, tmp_path)
        with pytest.raises(InvalidValue, match="pipe, socket or device"):
            keep(store, tmp_path / "pipe")
        with pytest.raises(InvalidValue, match="pipe, socket or device"):
            keep(store, Path("/dev/zero"))
        with pytest.raises(FileNotFoundError):
            keep(store, tmp_path / "absent")

    def test_text_stream_is_refused(self, store: Path) -> None:
        """A stream that gives text says that it must be binary, and leaves nothing behind."""
        with pytest.raises(InvalidValue, match="gives str, not bytes"):
            keep(store, io.StringIO("text"))  # type: ignore[arg-type]
        assert tree(store.parent) == set()


class TestChangingSource:
    def change_during_read(self, monkeypatch: pytest.MonkeyPatch, changes: list[object]) -> None:
        """Run the next of `changes` each time the source has been read for the first time after opening."""
        chunks = files._chunks

        def shifting(*args: object) -> object:
            generator = chunks(*args)  # type: ignore[arg-type]
            yield next(generator)
            if changes:
                changes.pop(0)()  # type: ignore[operator]
            yield from generator

        monkeypatch.setattr(files, "_chunks", shifting)

    def test_a_file_that_changed_once_is_read_again(
        self, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
    ) -> None:
        """Rewritten while it was read: what is kept is the new file, whole, without a warning."""
        source = tmp_path / "model.bin"
        source.write_bytes(b"a" * 3_000_000)
        self.change_during_read(monkeypatch, [lambda: source.write_bytes(b"b" * 2_000_000)])
        assert keep(store, source) == Content(sha(b"b" * 2_000_000), 2_000_000, None)
        assert list(recwarn) == []

    def test_a_file_that_keeps_changing_is_kept_as_read_and_said(
        self, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It shrinks at each reading: the warning names it, and the hash is that of the bytes that were kept."""
        source = tmp_path / "log.bin"
        source.write_bytes(b"a" * 4_000_000)
        shrink = [lambda: os.truncate(source, 3_000_000), lambda: os.truncate(source, 2_000_000)]
        self.change_during_read(monkeypatch, list(shrink))
        with pytest.warns(UserWarning, match=r"log\.bin was changed while it was being logged; .*2,000,000 bytes"):
            content = keep(store, source)
        assert files.read(store, content.sha256, None) == b"a" * content.size

    def test_a_growing_file_is_cut_where_it_began(
        self, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A log that grows for ever is kept up to its size at the start of the reading."""
        source = tmp_path / "log.txt"
        source.write_bytes(b"a" * 1000)

        def grow() -> None:
            with source.open("ab") as file:
                file.write(b"b" * 1000)

        self.change_during_read(monkeypatch, [grow, grow])
        with pytest.warns(UserWarning, match="was changed"):
            assert keep(store, source).data == b"a" * 1000 + b"b" * 1000

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
    def test_a_file_that_says_no_size(self, store: Path) -> None:
        """What the system makes up while it is read (/proc/version, 0 bytes by stat) is kept."""
        assert keep(store, Path("/proc/version")).data == Path("/proc/version").read_bytes()


class TestFaults:
    def test_kill_leaves_only_recognisable_files(self, store: Path) -> None:
        """SIGKILL in the middle of keeping: no file under a hash, and the rest is listed as unfinished."""
        script = (
            "import sys, time, pathlib\nfrom jupyter_track.store.files import keep\n"
            "class Slow:\n"
            "    def read(self, size):\n"
            "        print('reading', flush=True); time.sleep(0.05); return b'x' * 1_000_000\n"
            "keep(pathlib.Path(sys.argv[1]), Slow())\n"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(store)], stdout=subprocess.PIPE, cwd=ROOT, env=dict(os.environ)
        )
        assert child.stdout is not None
        for _ in range(4):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        left = files.unfinished(store)
        assert [path.name.startswith(files.UNFINISHED) for path in left] == [True]
        assert tree(store.parent) == {path.relative_to(store.parent).as_posix() for path in left}

    def test_interrupt_leaves_nothing(self, store: Path) -> None:
        """A KeyboardInterrupt in the middle removes the unfinished copy and passes on."""

        class Interrupted:
            chunks = iter([b"x" * 1_000_000, b"x" * 1_000_000])

            def read(self, size: int, /) -> bytes:
                for chunk in self.chunks:
                    return chunk
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            keep(store, Interrupted())
        assert tree(store.parent) == set()

    def test_folder_that_cannot_be_written(self, store: Path) -> None:
        """A file where the folder should be (as root, permissions stop nobody): the folder and the remedy are named."""
        store.with_name("track.db-files").write_text("in the way")
        with pytest.raises(
            StoreUnavailable, match=r"The folder .*track\.db-files cannot be written .*%track store PATH"
        ):
            keep(store, LARGE)
        assert keep(store, b"small").data == b"small"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_read_only_folder(self, store: Path) -> None:
        """A folder without permission to write says so."""
        store.parent.chmod(0o500)
        try:
            with pytest.raises(StoreUnavailable, match="Permission denied"):
                keep(store, LARGE)
        finally:
            store.parent.chmod(0o700)

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
    def test_fault_of_the_disk(self, store: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        """A full disk, quota, read-only mount or fault at the sync: StoreUnavailable, and nothing is left."""

        def fail(descriptor: int) -> None:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "fsync", fail)
        full = code in (errno.ENOSPC, errno.EDQUOT)
        with pytest.raises(StoreUnavailable, match="is full" if full else "cannot be written"):
            keep(store, LARGE)
        assert tree(store.parent) == set()

    def test_fault_of_the_source_is_not_the_stores(self, store: Path) -> None:
        """A stream that fails is said to be unreadable; the store is not blamed."""

        class Failing:
            chunks = iter([LARGE])

            def read(self, size: int, /) -> bytes:
                for chunk in self.chunks:
                    return chunk
                raise OSError(errno.EIO, "Input/output error")

        with pytest.raises(InvalidValue, match="The stream cannot be read"):
            keep(store, Failing())
        assert tree(store.parent) == set()

    def test_a_link_among_the_content_is_not_followed(self, store: Path, tmp_path: Path) -> None:
        """A store that was sent with links for content neither reads nor writes through them."""
        digest = sha(LARGE)
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / digest).write_bytes(LARGE)
        folder = content_path(store, digest).parent
        folder.mkdir(parents=True)
        (folder / digest).symlink_to(outside / digest)
        with pytest.raises(CorruptStore, match="is a link"):
            files.read(store, digest, None)
        keep(store, LARGE)
        assert not (folder / digest).is_symlink()
        (folder / digest).unlink()
        folder.rmdir()
        folder.symlink_to(outside, target_is_directory=True)
        with pytest.raises(CorruptStore, match="is a link"):
            files.read(store, digest, None)
        (outside / digest).write_bytes(b"mine")
        with pytest.raises(StoreUnavailable, match="a link stands where"):
            keep(store, LARGE)
        assert (outside / digest).read_bytes() == b"mine"


class TestReading:
    def test_damage_is_found(self, store: Path, tmp_path: Path) -> None:
        """One flipped bit in a file, or in the database's bytes, is CorruptStore; a copy out leaves no target."""
        content = keep(store, LARGE)
        place = content_path(store, content.sha256)
        place.write_bytes(bytes([LARGE[0] ^ 1]) + LARGE[1:])
        target = tmp_path / "out.bin"
        with pytest.raises(CorruptStore, match="is damaged"):
            files.read(store, content.sha256, None)
        with pytest.raises(CorruptStore, match="is damaged"):
            copy_to(store, content.sha256, None, target)
        with pytest.raises(CorruptStore, match="is damaged"):
            files.read(store, sha(b"small"), b"smalL")
        assert not target.exists()

    def test_content_that_is_gone(self, store: Path) -> None:
        """A missing file is NotFound and names the folder to bring along."""
        with pytest.raises(NotFound, match=r"track\.db-files; copy that folder together with track\.db"):
            files.read(store, sha(b"x"), None)
        assert tree(store.parent) == set()

    @pytest.mark.parametrize(
        "digest", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" * 64, "..%2f" * 13]
    )
    def test_only_a_hash_is_a_place(self, store: Path, digest: str) -> None:
        """What is no sha256 never becomes a path."""
        with pytest.raises(InvalidValue, match="is not a sha256"):
            content_path(store, digest)

    def test_copy_replaces_the_target_at_once(self, store: Path, tmp_path: Path) -> None:
        """The target is replaced whole, its folder is made, and a link in its place is not written through."""
        other = tmp_path / "other.txt"
        other.write_text("untouched")
        target = tmp_path / "new" / "out.txt"
        copy_to(store, sha(b"one"), b"one", target)
        target.unlink()
        target.symlink_to(other)
        content = keep(store, LARGE)
        copy_to(store, content.sha256, None, target)
        assert (target.read_bytes(), other.read_text(), target.is_symlink()) == (LARGE, "untouched", False)
        assert tree(tmp_path / "new") == {"out.txt"}
