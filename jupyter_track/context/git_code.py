"""The code that a commit does not have: the diff of what is tracked, and hashes of what is not.

A notebook is told by the sources of its cells, as running one changes the file and not its code. Secrets are masked; a
long diff is cut, and says so.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from .git import GitState, _cell_sources, _Change, _Git, _is_ours, _NoAnswer, _parse_status, _read
from .prose import redact_source

MOST_DIFF = 80_000  # bytes: a diff is to lie in the store itself, and not in a file beside it
MOST_UNTRACKED = 200  # files
_LARGEST = 1_000_000  # bytes of an untracked file that is hashed
_CODE = frozenset(
    ".bash .c .cc .cfg .cpp .cu .cuh .h .hpp .ini .ipynb .jl .js .m .pyi .py .pyx .r .rmd .rs .sh .sql .stan .toml .ts"
    " .yaml .yml .zsh".split()
)
_NAMES = frozenset(("dockerfile", "makefile", "requirements.txt", "snakefile"))


@dataclass(frozen=True)
class UncommittedCode:
    """What a commit does not have.

    Attributes
    ----------
    diff : str
        Of tracked files, masked and at most `MOST_DIFF` bytes long.
    cut : int
        Bytes of it that were left out.
    untracked : dict of str to str
        Paths from the top folder to the first 16 digits of the sha256 of their code.
    more_untracked : int
        Files of code that found no place in `untracked`.
    """

    diff: str = ""
    cut: int = 0
    untracked: dict[str, str] = field(default_factory=dict)
    more_untracked: int = 0


def uncommitted_code(state: GitState, timeout: float = 2.0, store: Path | None = None) -> UncommittedCode:
    """Return what the commit of a repository does not have; nothing where git does not answer in time.

    Parameters
    ----------
    state : GitState
    timeout : float, default 2.0
        Seconds for all calls of git together.
    store : Path, optional
        Whose files do not count.
    """
    git = _Git(state.root, time.monotonic() + timeout)
    try:
        diff = _diff(git, state, store) if state.commit is not None and state.dirty else ""
        untracked, more = _untracked(git, state.root, store)
    except _NoAnswer:
        return UncommittedCode()
    masked = redact_source(diff).encode("utf-8", "backslashreplace")
    kept = masked if len(masked) <= MOST_DIFF else masked[: masked.rfind(b"\n", 0, MOST_DIFF) + 1]
    return UncommittedCode(kept.decode(), len(masked) - len(kept), untracked, more)


def _diff(git: _Git, state: GitState, store: Path | None) -> str:
    status = git.ask(
        "status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=untracked", "-z"
    )
    changes = [change for change in _parse_status(status)[1] if not _is_ours(state.root, change.path, store)]
    plain = [change.path for change in changes if not _is_notebook(change)]
    parts = []
    if plain:
        options = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=untracked", "--src-prefix=a/")
        text = git.ask("diff", "HEAD", *options, "--dst-prefix=b/", "--", *(f":(top,literal){path}" for path in plain))
        parts.append(text[: 4 * MOST_DIFF].decode("utf-8", "replace"))
    parts += [_notebook_diff(git, state.root, change) for change in changes if _is_notebook(change)]
    return "".join(parts)


def _is_notebook(change: _Change) -> bool:
    return change.old is not None and change.path.endswith(".ipynb")


def _notebook_diff(git: _Git, root: Path, change: _Change) -> str:
    old = _cell_sources(git.ask("cat-file", "blob", str(change.old)))
    new = _cell_sources(_read(root / change.path))
    if old is None or new is None or old == new:
        return ""
    before, after = ([f"{line}\n" for line in _as_lines(cells)] for cells in (old, new))
    return "".join(difflib.unified_diff(before, after, f"a/{change.path}", f"b/{change.path}"))


def _as_lines(cells: list[tuple[str, str]]) -> list[str]:
    """The cells of a notebook one below the other, as Jupytext's percent format tells them apart."""
    lines = []
    for kind, source in cells:
        lines.append("# %%" if kind == "code" else f"# %% [{kind}]")
        lines += source.splitlines()
    return lines


def _untracked(git: _Git, root: Path, store: Path | None) -> tuple[dict[str, str], int]:
    listed = os.fsdecode(git.ask("ls-files", "--others", "--exclude-standard", "--full-name", "-z")).split("\0")
    paths = [path for path in listed if path and _is_code(path) and not _is_ours(root, path, store)]
    found = {}
    for path in paths[:MOST_UNTRACKED]:
        digest = _code_hash(root / path)
        if digest is not None:
            found[path] = digest
    return found, max(0, len(paths) - MOST_UNTRACKED)


def _is_code(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name in _NAMES or os.path.splitext(name)[1] in _CODE


def _code_hash(path: Path) -> str | None:
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    if path.suffix == ".ipynb" and (cells := _cell_sources(data)) is not None:
        data = "\n".join(_as_lines(cells)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:16]
