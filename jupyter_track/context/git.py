"""Which commit a notebook's folder stands at, and whether its code differs from it.

Asks the git program, which answers in a few milliseconds; every binding costs more at its first call. Nothing is
written or locked in the repository, and no helper that its configuration names for watching files or paging is run.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..store.place import STORE_NAME, files_folder

# A hook of git's runs us with these set; the notebook's own folder must count instead.
_REDIRECTIONS = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)
_SETTINGS = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}")
_running: set[subprocess.Popen[bytes]] = set()
_NO_OBJECT = re.compile(r"0+\Z")


@dataclass(frozen=True)
class GitState:
    """A repository as it stands.

    Attributes
    ----------
    commit : str or None
        The commit's full hash; None before the first commit.
    branch : str or None
        None where no branch is checked out.
    dirty : bool
        Whether tracked code differs from the commit. Notebooks are compared by the sources of their cells, so that
        running one changes nothing; our own files do not count, untracked files neither.
    root : Path
        The working tree's top folder.
    remote : str or None
        The address of ``origin``, else of the first remote, without user, password and query.
    """

    commit: str | None
    branch: str | None
    dirty: bool
    root: Path
    remote: str | None = None


@dataclass(frozen=True)
class _Change:
    """A tracked file that differs: its path from the root, and its object in the commit where it is only modified."""

    path: str
    old: str | None


class _NoAnswer(Exception):
    """Git is missing, refuses, or takes too long."""


def git_state(folder: Path, timeout: float = 2.0, store: Path | None = None) -> GitState | None:
    """Return the state of the repository that `folder` lies in.

    Parameters
    ----------
    folder : Path
    timeout : float, default 2.0
        Seconds for all calls of git together.
    store : Path, optional
        A store under a name of its own, whose files do not count either (``track.db`` never does).

    Returns
    -------
    GitState or None
        None where there is no repository, no git program, git refuses it (another owner), or the time ran out.
    """
    git = _Git(folder, time.monotonic() + timeout)
    try:
        root = Path(os.fsdecode(git.ask("rev-parse", "--show-toplevel").rstrip(b"\n")))
        status = git.ask(
            "status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=untracked", "-z"
        )
        header, changes = _parse_status(status)
        dirty = _is_dirty(git, root, [change for change in changes if not _is_ours(root, change.path, store)])
        remote = _remote(git)
    except _NoAnswer:
        return None
    commit, branch = header.get("branch.oid"), header.get("branch.head")
    return GitState(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        dirty=dirty,
        root=root,
        remote=remote,
    )


@dataclass(frozen=True)
class _Git:
    folder: Path
    deadline: float

    def ask(self, *arguments: str, text: bytes = b"", codes: tuple[int, ...] = (0,)) -> bytes:
        """Return what git prints; `text` is its input, `codes` the exit codes that are an answer."""
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        try:
            process = subprocess.Popen(
                ["git", "--no-pager", *settings, "-C", str(self.folder), *arguments],
                stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,  # so that what git started ends with it, and Ctrl-C is not passed to it
            )
        except OSError as error:
            raise _NoAnswer from error
        _running.add(process)
        try:
            out, _ = process.communicate(text or None, timeout=max(0.0, self.deadline - time.monotonic()))
        except BaseException as error:  # an interrupt too: no process is left behind
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise _NoAnswer from error
            raise
        finally:
            _running.discard(process)
        if process.returncode not in codes:
            raise _NoAnswer
        return out


def end_all() -> None:
    """End every git that has not answered: the process ends, and leaves none behind."""
    for process in tuple(_running):
        _kill(process)


def _environment() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in _REDIRECTIONS}
    return environment | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill git and its children; a child that lived on would keep the pipe open."""
    if sys.platform == "win32":
        process.kill()
    else:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # it has just ended (macOS says EPERM then)
            process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


def _parse_status(status: bytes) -> tuple[dict[str, str], list[_Change]]:
    """Read the NUL-separated form of ``git status --porcelain=v2 --branch``."""
    header: dict[str, str] = {}
    changes: list[_Change] = []
    records = iter(os.fsdecode(status).split("\0"))
    for record in records:
        kind = record[:1]
        if kind == "#":
            name, _, value = record[2:].partition(" ")
            header[name] = value
        elif kind == "1":  # XY sub mH mI mW hH hI path
            states, _, _, _, kind_now, old, _, path = record[2:].split(" ", 7)
            plain = "D" not in states and "T" not in states and kind_now.startswith("100")
            changes.append(_Change(path, old if plain and not _NO_OBJECT.match(old) else None))
        elif kind == "2":  # renamed: … score path, and the earlier path in a record of its own
            changes.append(_Change(record.split(" ", 9)[9], None))
            next(records)
        elif kind == "u":  # in conflict
            changes.append(_Change(record.split(" ", 10)[10], None))
    return header, changes


def _is_ours(root: Path, path: str, store: Path | None) -> bool:
    if any(part.startswith(STORE_NAME) for part in path.split("/")):
        return True
    if store is None:
        return False
    place = root / path
    own = Path(os.path.realpath(store))  # as git gives the root
    return files_folder(own) in place.parents or (place.parent == own.parent and place.name.startswith(own.name))


def _is_dirty(git: _Git, root: Path, changes: list[_Change]) -> bool:
    notebooks = [change for change in changes if change.old is not None and change.path.endswith(".ipynb")]
    if len(notebooks) < len(changes):
        return True
    if not notebooks:
        return False
    wanted = "".join(f"{change.old}\n" for change in notebooks).encode()
    objects = _parse_objects(git.ask("cat-file", "--batch", text=wanted))  # not `show`: it runs textconv programs
    for change, old in zip(notebooks, objects, strict=True):
        committed = _cell_sources(old)
        if committed is None or committed != _cell_sources(_read(root / change.path)):
            return True
    return False


def _parse_objects(batch: bytes) -> Iterator[bytes | None]:
    """Read the output of ``git cat-file --batch``; None for an object that is missing (a partial clone)."""
    start = 0
    while start < len(batch):
        end = batch.index(b"\n", start)
        fields = batch[start:end].split(b" ")
        start = end + 1
        if fields[-1] == b"missing":
            yield None
            continue
        size = int(fields[2])
        yield batch[start : start + size]
        start += size + 1


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:  # gone meanwhile: it differs
        return None


def _cell_sources(notebook: bytes | None) -> list[tuple[str, str]] | None:
    """The kind and source of every cell; None where it is no notebook that can be read."""
    try:
        content: Any = json.loads(notebook or b"")
        sheets = content.get("worksheets") or [content]  # nbformat 3 has worksheets, and calls the source input
        return [
            (cell["cell_type"], _joined(cell["source"] if "source" in cell else cell["input"]))
            for sheet in sheets
            for cell in sheet["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _remote(git: _Git) -> str | None:
    lines = os.fsdecode(git.ask("config", "--get-regexp", r"^remote\..*\.url$", codes=(0, 1))).splitlines()
    addresses = {name: address for name, _, address in (line.partition(" ") for line in reversed(lines))}
    if not addresses:
        return None
    first = lines[0].partition(" ")[0]
    return strip_user(addresses.get("remote.origin.url", addresses[first]))


def strip_user(address: str) -> str:
    """Return a remote's address without user, password, query and fragment, where tokens are kept.

    Examples
    --------
    >>> strip_user("https://ann:s3cret@example.org/team/code.git")
    'https://example.org/team/code.git'
    >>> strip_user("git@example.org:team/code.git")
    'example.org:team/code.git'
    """
    scheme, mark, rest = address.partition("://")
    if not mark:
        host, colon, path = address.partition(":")
        is_scp = colon and "/" not in host and "\\" not in host and len(host) > 1  # no folder, and not C:\code
        return f"{host.rpartition('@')[2]}:{path}" if is_scp else address
    host, slash, path = rest.partition("/")
    port = host.rpartition("@")[2].partition(":")[2]
    if "@" in path and ("@" in host or (port and not port.isdigit())):  # a password with a slash in it
        rest = path.rpartition("@")[2]
    else:
        rest = host.rpartition("@")[2] + slash + path
    return f"{scheme}{mark}{re.split('[?#]', rest, maxsplit=1)[0]}"
