"""Where a store lies: the type of its file system, and what is said of one that other machines share."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest

import jupyter_track as track
from jupyter_track.store import filesystem, problems
from jupyter_track.store.filesystem import LOCAL, remote_kind
from jupyter_track.store.reader import Reader

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mountinfo is Linux's")

REMOTE = (
    "nfs nfs4 cifs smb3 smbfs 9p afs ceph glusterfs fuse.glusterfs fuse.sshfs fuse.gcsfuse fuse.s3fs fuse.rclone lustre"
    " gpfs beegfs virtiofs vboxsf fuse.drivefs"
).split()


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table of mounts, in place of the machine's."""
    table = tmp_path / "mountinfo"
    monkeypatch.setattr(filesystem, "MOUNTS", table)
    return table


def line(point: Path | str, kind: str) -> str:
    """A line of mountinfo as proc(5) describes it, with two optional fields."""
    escaped = str(point).replace("\\", "\\134").replace(" ", "\\040")
    return f"36 35 98:0 /root {escaped} rw,noatime master:1 propagate_from:2 - {kind} /dev/x rw,errors=continue\n"


@pytest.mark.parametrize("kind", REMOTE)
def test_a_shared_file_system(mounts: Path, tmp_path: Path, kind: str) -> None:
    """Twenty types that other machines or layers share are told by their names; unknown ones count with them."""
    mounts.write_text(line("/", "ext4") + line(tmp_path, kind))
    assert remote_kind(tmp_path / "track.db") == kind


@pytest.mark.parametrize("kind", sorted(LOCAL))
def test_a_local_file_system(mounts: Path, tmp_path: Path, kind: str) -> None:
    """Local types are told as such."""
    mounts.write_text(line("/", "nfs4") + line(tmp_path, kind))
    assert remote_kind(tmp_path / "track.db") is None


def test_the_longest_mount_point_counts(mounts: Path, tmp_path: Path) -> None:
    """Neither the order of the lines nor a longer name that is no parent decides; a later mount hides an earlier."""
    inner = tmp_path / "my data"
    inner.mkdir()
    mounts.write_text(line(inner, "nfs4") + line("/", "ext4") + line(f"{inner}2", "xfs"))
    assert remote_kind(inner / "sub" / "track.db") == "nfs4"
    assert remote_kind(tmp_path / "track.db") is None
    mounts.write_text(mounts.read_text() + line(inner, "tmpfs"))
    assert remote_kind(inner / "track.db") is None


def test_a_link_is_followed(mounts: Path, tmp_path: Path) -> None:
    """A folder that is a link into a share lies on the share."""
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "link").symlink_to(share)
    mounts.write_text(line("/", "ext4") + line(share, "cifs"))
    assert remote_kind(tmp_path / "link" / "track.db") == "cifs"


@pytest.mark.parametrize("text", ["", "nonsense\n", "36 35 98:0 / - \n"])
def test_nothing_is_known(mounts: Path, tmp_path: Path, text: str) -> None:
    """Without a table, or with one that cannot be read, nothing is said."""
    assert remote_kind(tmp_path / "track.db") is None
    mounts.write_text(text)
    assert remote_kind(tmp_path / "track.db") is None


def test_this_machine(tmp_path: Path) -> None:
    """The machine's own table is read without an error."""
    assert remote_kind(tmp_path / "track.db") in (None, *REMOTE, "fuse", "fuse.grpcfuse", "fakeowner")


def test_one_warning_that_says_why(mounts: Path, store: Path) -> None:
    """The first write to a share warns once, says why and what to do, and the run is recorded."""
    mounts.write_text(line("/", "nfs4"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            with track.start_run():
                track.log_metric("loss", 1.0)
            track.flush()
    said = [str(one.message) for one in caught if one.category is problems.TrackWarning]
    assert said == [
        f"{store} lies on a shared file system (nfs4), where locks between machines are only as good as its server: "
        "let one machine at a time record into it, or keep it on a local disk (JUPYTER_TRACK_STORE) and merge."
    ]
    assert [run.metrics["loss"].last for run in Reader(store).runs()] == [1.0, 1.0]
