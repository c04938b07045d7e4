"""The process mutex: a whole-file lock on ``track.db-files/lock``.

`flock` belongs to the open file description, so a cell that opens, zips or hashes the lock file does not drop it, as it
would with `lockf`. The file is never deleted. Windows has the same semantics in ``LockFileEx``.

Waiting is a poll and not a blocking call: the holder of the fork gate must never sleep in the kernel with it, a wait
can end in time at interpreter exit, and the writer can look after its backlog meanwhile.
"""

from __future__ import annotations

import errno
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import gate

_open_descriptors: dict[int, tuple[int, int]] = {}  # with device and inode: a number closed by others is given again


def _close_inherited() -> None:
    """In a forked child: give up the descriptors, or the child would keep the parent's locks."""
    for descriptor in list(_open_descriptors):
        _close(descriptor)


def _close(descriptor: int) -> None:
    """Close a descriptor, unless the program has closed it (as daemons close all they have) or uses it for another."""
    opened = _open_descriptors.pop(descriptor, None)
    try:
        if opened is not None and _place(descriptor) == opened:
            os.close(descriptor)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise


def _place(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


gate.reset_in_child(_close_inherited)


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    class _Overlapped(ctypes.Structure):
        _fields_ = [
            ("Internal", ctypes.c_void_p),
            ("InternalHigh", ctypes.c_void_p),
            ("Offset", wintypes.DWORD),
            ("OffsetHigh", wintypes.DWORD),
            ("hEvent", wintypes.HANDLE),
        ]

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _FAR = 0x7FFFFFFF  # a byte that the file does not have: a cell that reads the file is not locked out
    _EXCLUSIVE, _AT_ONCE, _LOCK_VIOLATION, _PENDING = 2, 1, 33, 997

    def _try_lock(descriptor: int, shared: bool) -> bool:
        flags = _AT_ONCE | (0 if shared else _EXCLUSIVE)
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(descriptor))
        if _kernel32.LockFileEx(handle, flags, 0, 1, 0, ctypes.byref(_Overlapped(Offset=_FAR))):
            return True
        code = ctypes.get_last_error()
        if code in (_LOCK_VIOLATION, _PENDING):
            return False
        raise ctypes.WinError(code)

    def _unlock(descriptor: int) -> None:
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(descriptor))
        _kernel32.UnlockFileEx(handle, 0, 1, 0, ctypes.byref(_Overlapped(Offset=_FAR)))

else:
    import fcntl

    def _try_lock(descriptor: int, shared: bool) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class ProcessLock:
    """A lock between processes (and between descriptors of one process) on a file that is opened once.

    Parameters
    ----------
    path : Path
        The lock file; its folder must exist.
    create : bool, default True
        Make the file where it is missing. A reader does not.

    Raises
    ------
    OSError
        Where the file cannot be opened.
    """

    def __init__(self, path: Path, create: bool = True) -> None:
        flags = os.O_RDWR | os.O_CREAT if create else os.O_RDONLY
        self.descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o666)
        _open_descriptors[self.descriptor] = _place(self.descriptor)

    @contextmanager
    def held(
        self, *, shared: bool = False, timeout: float | None = None, waiting: Callable[[], None] | None = None
    ) -> Iterator[bool]:
        """Hold the lock inside the fork gate.

        Parameters
        ----------
        shared : bool, default False
            Shared with other readers, or alone.
        timeout : float, optional
            Seconds to wait; None waits for ever.
        waiting : callable, optional
            Called between two tries.

        Yields
        ------
        bool
            False where the time ran out: the lock is not held, and the fork gate is not either.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        pause = 0.0005
        while True:
            with gate.inside():
                if _try_lock(self.descriptor, shared):
                    try:
                        yield True
                    finally:
                        _unlock(self.descriptor)
                    return
            if deadline is not None and time.monotonic() >= deadline:
                yield False
                return
            if waiting is not None:
                waiting()
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 1.5, 0.005)

    @contextmanager
    def claimed(self, timeout: float) -> Iterator[bool]:
        """Hold the lock outside of the fork gate, for work of minutes: a forked child gives its descriptors up anyway.

        Parameters
        ----------
        timeout : float
            Seconds to wait.

        Yields
        ------
        bool
            False where the time ran out: the lock is not held.
        """
        deadline = time.monotonic() + timeout
        while not (held := _try_lock(self.descriptor, False)) and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield held
        finally:
            if held:
                _unlock(self.descriptor)

    @property
    def deleted(self) -> bool:
        """Whether the file has been deleted meanwhile: who opens it anew locks another one."""
        return os.fstat(self.descriptor).st_nlink == 0

    def close(self) -> None:
        """Close the descriptor; the lock goes with it. Closing twice is fine."""
        _close(self.descriptor)
