"""Batches that could not be written to the store, kept in side files and read back when it can be.

A spill file is one batch as JSON. It lies beside the store where that folder can be written, else in the user's own
folder, else in the temporary folder. Files of one writer are read back in order and removed once they are in the
store; since a batch carries its writer and number, one that is read back twice adds nothing. What belongs to runs
that are not in the store (another git branch has another one) is put by under an ending of its own, and tried again.

All of it happens inside the fork gate. `tempfile` has a lock: a child waited for it for ever where its parent had
forked while the writer's thread asked for the temporary folder (1 of 7 pools of workers that opened runs hung).
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

from ..errors import StoreUnavailable
from . import gate, problems
from .batch import Batch
from .place import files_folder

SUFFIX = ".batch.json"
FAILED = ".failed.json"
ORPHAN = ".orphan.json"


def folders(store: Path) -> list[Path]:
    """Return where the batches of a store may lie, in the order of preference."""
    name = hashlib.sha256(os.fsencode(store)).hexdigest()[:16]
    user = _user_folder()
    return [files_folder(store) / "spill", *([user / name] if user else []), _temporary_folder() / name]


def _user_folder() -> Path | None:
    """The user's folder for such things; None for a user without a home, as in many containers."""
    try:
        return _state_folder() / "jupyter-track" / "spill"
    except RuntimeError:
        return None


def _state_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


def _temporary_folder() -> Path:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"jupyter-track-{user}"


def _is_own(folder: Path) -> bool:
    """Whether only this user can have put files there: the temporary folder is everybody's."""
    if not hasattr(os, "getuid"):
        return True
    status = folder.lstat()
    return status.st_uid == os.getuid() and not folder.is_symlink()


@gate.inside()
def save(store: Path, batch: Batch) -> Path:
    """Write a batch to a side file and return its path.

    Raises
    ------
    StoreUnavailable
        Where none of the folders can be written.
    """
    text = json.dumps({"store": os.fspath(store), **batch.to_plain()}, ensure_ascii=False)
    failures: list[str] = []
    for folder in folders(store):
        target = folder / f"{batch.writer}-{batch.number:010d}{SUFFIX}"
        partial = target.with_suffix(".partial")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _is_own(folder):
                raise PermissionError(f"{folder} belongs to another user")
            with open(partial, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, target)
        except OSError as error:
            failures.append(f"{folder}: {error.strerror or error}")
            try:
                partial.unlink(missing_ok=True)
            except OSError as left:
                failures.append(f"{partial}: {left.strerror or left}")
            continue
        return target
    raise StoreUnavailable("No place for what was logged: " + "; ".join(failures))


@gate.inside()
def waiting(store: Path, ending: str = SUFFIX) -> list[Path]:
    """Return the side files of a store, those of one writer in order.

    Parameters
    ----------
    store : Path
    ending : str, default ``".batch.json"``
        ``ORPHAN`` for those that are put by until their runs are in the store, ``FAILED`` for those that never go in.
    """
    found: list[Path] = []
    for folder in folders(store):
        if folder.is_dir() and _is_own(folder):
            found += sorted(folder.glob(f"*{ending}"))
    return sorted(found, key=lambda path: path.name)


@gate.inside()
def remove(path: Path) -> None:
    """Remove a side file that is in the store; one that cannot be removed adds nothing when it is read back again."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        problems.report("spill", f"{path} was read back and cannot be removed: {error.strerror or error}.")


@gate.inside()
def put_away(path: Path, error: Exception) -> None:
    """Rename a side file that the store does not take, so that it is kept and not tried again."""
    kept = _renamed(path, FAILED)
    problems.report("failed", f"A part of what was logged could not be written, it lies in {kept}: {error!r}")


@gate.inside()
def put_by(path: Path, runs: Collection[str]) -> None:
    """Rename a side file that belongs to runs which are not in the store: it goes in once they are."""
    kept = _renamed(path, ORPHAN)
    named = ", ".join(sorted(run[:8] for run in runs)[:3])
    which, is_not = ("run", "it is not") if len(runs) == 1 else ("runs", "they are not")
    problems.report(
        "orphan",
        f"What was logged to {len(runs)} {which} ({named}) is kept in {kept}: {is_not} in this store. If this is the "
        "store of another git branch, or a backup, it is written once the other one is back; if the runs were deleted "
        "for good, remove the file.",
    )


def _renamed(path: Path, ending: str) -> Path:
    """Give a side file another ending and return its path; where that cannot be, it stays as it is, which is said."""
    kept = path.with_name(path.name.removesuffix(SUFFIX) + ending)
    try:
        os.replace(path, kept)
    except OSError as stuck:
        problems.report("spill", f"{path} cannot be renamed: {stuck.strerror or stuck}.")
        return path
    return kept
