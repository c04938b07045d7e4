"""Whether a store lies on a local file system, where locks and fsync mean what they say.

On Linux the kernel's own table is read: the longest mount point above the folder says the type. On Windows the kind of
the drive is asked for. Elsewhere nothing is known, and nothing is said.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from . import problems

SHARED_PATIENCE = 6  # times as long as on a local file system
MOUNTS = Path("/proc/self/mountinfo")

# File systems of one machine; every other type counts as shared, unknown ones too.
LOCAL = frozenset(
    (
        "apfs bcachefs btrfs devtmpfs ecryptfs erofs exfat ext2 ext3 ext4 f2fs fuseblk hfsplus iso9660 jfs msdos"
        " nilfs2 ntfs ntfs3 overlay ramfs reiserfs rootfs squashfs tmpfs ubifs udf ufs vfat xfs zfs"
    ).split()
)
_ESCAPE = re.compile(r"\\([0-7]{3})")
_DRIVE_REMOTE = 4


def patience_at(store: Path) -> int:
    """Return how many times longer than usual to wait for a store, and warn once where machines share its folder."""
    kind = remote_kind(store)
    if kind is None:
        return 1
    problems.report(
        "shared",
        f"{store} lies on a shared file system ({kind}), where locks between machines are only as good as its server: "
        "let one machine at a time record into it, or keep it on a local disk (JUPYTER_TRACK_STORE) and merge.",
    )
    return SHARED_PATIENCE


def remote_kind(store: Path) -> str | None:
    """Return the type of the file system that holds a store where it is not a local one, else None.

    Parameters
    ----------
    store : Path
        The store; neither it nor its folder needs to be there yet.

    Returns
    -------
    str or None
        Such as ``nfs4``; None for a local file system, and where nothing can be known.

    Notes
    -----
    The fields of a line of mountinfo are those of proc(5): the fifth is the mount point, with white space as octal
    escapes, and the type stands behind the field ``-``.
    """
    folder = Path(os.path.realpath(store.parent))
    if sys.platform == "win32":
        return _remote_drive(folder)
    try:
        lines = MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # no such table on this system
        return None
    best: tuple[int, str] | None = None
    for line in lines:
        fields, separator, rest = line.partition(" - ")
        parts = fields.split(" ")
        if not separator or len(parts) < 5:
            continue
        point = Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), parts[4]))
        # A later mount on the same point hides the earlier one.
        if folder.is_relative_to(point) and (best is None or len(point.parts) >= best[0]):
            best = (len(point.parts), rest.split(" ")[0])
    return None if best is None or best[1] in LOCAL else best[1]


def _remote_drive(folder: Path) -> str | None:
    if sys.platform != "win32":
        return None
    import ctypes

    kind = ctypes.windll.kernel32.GetDriveTypeW(f"{folder.drive}\\")
    return "network drive" if kind == _DRIVE_REMOTE or folder.drive.startswith("\\\\") else None
