"""What a git repository is told of a store: lines in its files, and settings of the clone.

What is written to a file stands below a line that names us, so that it can be taken out again; all other lines, and
the file's line ends, stay as they are.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import NotFound, TrackError
from ..store.place import STORE_NAME, files_folder

IGNORE_MARK = "# jupyter-track: the store of runs; 'jupyter track git ignore --undo' takes this out"
COMMIT_MARK = "# jupyter-track: stores are merged and shown by it; 'jupyter track git commit --undo' takes this out"
CLONE_NOTE = "# Each clone needs jupyter-track, and 'jupyter track git commit' once: git does not copy these settings."
CONTENT_MARK = "# jupyter-track: large content is committed with the store"
DRIVER = "jupyter-track"
_CONTENT_IGNORE = "*\n!.gitignore\n!content/\n!content/**\ncontent/.part-*\n"
# A hook of git's runs us with these set; the store's own folder counts.
_REDIRECTIONS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE")


@dataclass(frozen=True)
class Repository:
    """The repository that a store lies in; `root` is its working tree's top folder."""

    root: Path
    store: Path

    def ask(self, *arguments: str, codes: Sequence[int] = (0,)) -> str:
        """Return what git prints.

        Raises
        ------
        TrackError
            Where git ends with another code; the message is git's.
        """
        ended = _git(self.root, arguments)
        if ended.returncode not in codes:
            raise TrackError(f"git {arguments[0]} failed: {' '.join(ended.stderr.split()) or ended.returncode}")
        return ended.stdout

    # ---- what git says

    @property
    def places(self) -> tuple[Path, Path]:
        """The store, and a file of its large content, which need not exist."""
        return self.store, files_folder(self.store) / "content" / "00" / "0"

    @property
    def names(self) -> list[str]:
        """The names of store files: the usual one, and that of this store."""
        return list(dict.fromkeys([STORE_NAME, self.store.name]))

    def tracked(self) -> list[str]:
        """Return the stores, and files beside them, that are committed or staged, as paths from the root."""
        patterns = [f":(glob)**/{_glob(name)}{rest}" for name in self.names for rest in ("", "-files/**")]
        return [path for path in self.ask("ls-files", "-z", "--", *patterns).split("\0") if path]

    def ignored_by(self, path: Path) -> str | None:
        """Return the rule that ignores a path, as ``.gitignore:3: *.db``; None where it is not ignored."""
        given = path.relative_to(self.root).as_posix()
        said = self.ask("check-ignore", "-v", "--no-index", "--", given, codes=(0, 1)).partition("\t")[0]
        source, _, rest = said.partition(":")
        number, _, pattern = rest.partition(":")
        return f"{source}:{number}: {pattern}" if said and not pattern.startswith("!") else None

    def git_path(self, name: str) -> Path:
        """Return where a file of the git folder lies, such as ``info/exclude``."""
        return self.root / self.ask("rev-parse", "--git-path", name).rstrip("\n")

    # ---- ignoring

    def ignore_lines(self) -> list[str]:
        """Return the lines that ignore stores."""
        return [_glob(name) + rest for name in self.names for rest in ("", "-journal", "-files/")]

    def ignore_files(self) -> list[Path]:
        """Return the files that may hold these lines: the shared one and the private one."""
        return [self.root / ".gitignore", self.git_path("info/exclude")]

    def stop_ignoring(self) -> list[Path]:
        """Take our lines out of both files; return the files that had them."""
        return [path for path in self.ignore_files() if remove_block(path, IGNORE_MARK, self.ignore_lines())]

    # ---- committing

    def attribute_lines(self) -> list[str]:
        """Return the lines of ``.gitattributes``: how stores are merged and shown; content is never converted."""
        lines = [CLONE_NOTE]
        for name in self.names:
            lines.append(f"{_attribute(_glob(name))} -text merge={DRIVER} diff={DRIVER}")
            lines.append(f"{_attribute('**/' + _glob(name) + '-files/content/**')} binary")
        return lines

    def settings(self) -> dict[str, str]:
        """Return the settings of this clone."""
        return {
            f"merge.{DRIVER}.name": "union of the runs of two stores",
            f"merge.{DRIVER}.driver": _driver(),
            f"diff.{DRIVER}.textconv": _textconv(),
            f"diff.{DRIVER}.xfuncname": "^((run|experiment) .*)$",
        }

    def is_set_up(self) -> bool:
        """Whether ``.gitattributes`` names our driver."""
        path = self.root / ".gitattributes"
        return path.is_file() and COMMIT_MARK.encode() in path.read_bytes()

    def set_up(self, *, content: bool) -> None:
        """Write the attributes, the settings of this clone, and whether large content is committed."""
        add_block(self.root / ".gitattributes", COMMIT_MARK, self.attribute_lines())
        for name, value in self.settings().items():
            self.ask("config", "--local", name, value)
        folder = files_folder(self.store)
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / ".gitignore", f"{CONTENT_MARK}\n{_CONTENT_IGNORE}" if content else "*\n")

    def take_down(self) -> bool:
        """Undo `set_up`; return whether there was something to undo."""
        found = remove_block(self.root / ".gitattributes", COMMIT_MARK, self.attribute_lines())
        for kind in ("merge", "diff"):
            section = f"{kind}.{DRIVER}"
            if self.ask("config", "--local", "--get-regexp", rf"^{kind}\.{DRIVER}\.", codes=(0, 1)):
                self.ask("config", "--local", "--remove-section", section)
                found = True
        ignore = files_folder(self.store) / ".gitignore"
        if ignore.is_file() and CONTENT_MARK in ignore.read_text("utf-8", "replace"):
            _replace(ignore, "*\n")
            found = True
        return found


def find_repository(store: Path) -> Repository:
    """Return the repository that a store lies in, or would lie in.

    Raises
    ------
    NotFound
        Where its folder is in no repository.
    TrackError
        Where there is no git program.
    """
    folder = next(place for place in store.parents if place.is_dir())
    ended = _git(folder, ("rev-parse", "--show-toplevel"))
    if ended.returncode or not ended.stdout.strip():
        why = " ".join(ended.stderr.split())
        raise NotFound(f"{folder} is in no git repository that can be used ({why}); 'git init' makes one.")
    root = Path(ended.stdout.rstrip("\n"))
    # git names the folder without links, and the store has to be named in the same way.
    return Repository(root, folder.resolve() / store.relative_to(folder))


def _git(folder: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in _REDIRECTIONS}
    try:
        return subprocess.run(
            ["git", "--no-pager", "-C", str(folder), *arguments],
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except FileNotFoundError as error:
        raise TrackError("There is no git program on the PATH; install git.") from error


_REMEDY = "Install jupyter-track, run 'jupyter track git commit' in this repository"
_UNREAD = f"jupyter-track: it cannot be run, so this store is not shown as text. {_REMEDY}."
_UNMERGED = (
    f"jupyter-track: it cannot be run, so the runs were not merged, and the file has our side only. {_REMEDY}, then "
    "'git merge --abort' and merge again."
)


def _driver() -> str:
    """The merge driver. Where the command cannot be run it fails, by which git calls the file a conflict."""
    # git replaces %O, %A and the like, so a per cent sign of the path is doubled.
    function = _function(f"echo {shlex.quote(_UNMERGED)} >&2; return 1").replace("%", "%%")
    return f"{function} run git-merge %O %A %B %P"


def _textconv() -> str:
    """The textconv. Where the command cannot be run it still ends well: else the diff of all other files would end."""
    line = "echo '(no text: jupyter-track cannot be run here)' $(cksum < \"$2\")"  # which differs where the stores do
    return f"{_function(f'echo {shlex.quote(_UNREAD)} >&2; {line}')} run git-textconv"


def _function(otherwise: str) -> str:
    """A function of the shell that runs us, else does `otherwise`.

    By name, which stays where an environment goes; else by this Python, as an editor's git may not find the name. 126
    and 127 are what a shell ends with that cannot run a program, such as one whose Python is gone.
    """
    python = shlex.quote(Path(sys.executable).as_posix())
    return (
        "run() { "
        'if command -v jupyter-track >/dev/null 2>&1; then jupyter-track "$@"; code=$?; '
        'if [ "$code" -ne 126 ] && [ "$code" -ne 127 ]; then return "$code"; fi; fi; '
        f"if {python} -c 'import jupyter_track' >/dev/null 2>&1; "
        f'then {python} -m jupyter_track "$@"; return "$?"; fi; {otherwise}; }};'
    )


def _glob(name: str) -> str:
    """A file's name as a pattern that matches it and nothing else."""
    return "".join(f"\\{char}" if char in "\\*?[]" else char for char in name)


def _attribute(pattern: str) -> str:
    """A pattern of ``.gitattributes``: in quotes where a space would end it."""
    if not any(char.isspace() or char == '"' for char in pattern):
        return pattern
    return '"' + pattern.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---- lines in files


def add_block(path: Path, mark: str, lines: Sequence[str]) -> bool:
    """Put lines at the end of a file, below `mark`; return whether the file was changed.

    Lines below the mark from an earlier call are replaced.

    Raises
    ------
    TrackError
        Where the path is a link: git does not follow it.
    """
    if path.is_symlink():
        raise TrackError(f"{path} is a link, which git does not follow here; write these lines yourself: {lines}")
    before = path.read_bytes() if path.is_file() else b""
    kept = _without_block(before, mark, lines)
    end = b"\r\n" if b"\r\n" in kept else b"\n"
    gap = b"" if not kept or kept.endswith(b"\n") else end
    block = end.join(text.encode() for text in [mark, *lines]) + end
    after = kept + gap + block
    if after == before:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(after)
    return True


def remove_block(path: Path, mark: str, lines: Sequence[str]) -> bool:
    """Take `mark`, and those of `lines` that follow it, out of a file; return whether it was there.

    A file of which nothing is left is removed.
    """
    if path.is_symlink() or not path.is_file():
        return False
    before = path.read_bytes()
    kept = _without_block(before, mark, lines)
    if kept == before:
        return False
    if kept:
        path.write_bytes(kept)
    else:
        path.unlink()
    return True


def _without_block(text: bytes, mark: str, lines: Sequence[str]) -> bytes:
    ours, kept, inside = {line.encode() for line in lines}, [], False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip(b"\r\n")
        inside = bare == mark.encode() or (inside and bare in ours)
        if not inside:
            kept.append(line)
    return b"".join(kept)


def _replace(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
