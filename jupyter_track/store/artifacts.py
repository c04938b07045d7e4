"""The names of artifacts: a path's one spelling, its MIME type, and the files of a folder that is logged."""

from __future__ import annotations

import mimetypes
import os
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ..errors import InvalidValue, MissingFile
from .caller import warn_caller
from .place import files_folder

MAX_PATH = 500  # characters


def artifact_path(path: str) -> str:
    """Return an artifact's path in its one spelling: relative, forward slashes, no empty or ``.`` parts.

    Raises
    ------
    InvalidValue
        For a path that is empty, absolute or longer than 500 characters, that has a part ``..``, a drive, a backslash
        or a control character, also where these are hidden by percent signs or compatibility characters.

    Examples
    --------
    >>> artifact_path("./plots//loss.png")
    'plots/loss.png'
    """
    if not isinstance(path, str):
        raise InvalidValue(f"An artifact's path must be a string, not {type(path).__name__} ({path!r}).")
    if len(path) > MAX_PATH:
        raise InvalidValue(f"The artifact path {path[:40]!r}… has {len(path)} characters; {MAX_PATH} is the most.")
    spelling = path
    while True:  # every unquoting makes it shorter, so this ends
        for form in (spelling, unicodedata.normalize("NFKC", spelling)):
            if fault := _path_fault(form):
                raise InvalidValue(
                    f"The artifact path {path!r} {fault}; give a relative path such as 'plots/loss.png'."
                )
        unquoted = unquote(spelling)
        if unquoted == spelling:
            break
        spelling = unquoted
    clean = "/".join(part for part in path.split("/") if part not in ("", "."))
    if not clean:
        raise InvalidValue(f"The artifact path {path!r} names no file; give one such as 'plots/loss.png'.")
    return clean


def _path_fault(path: str) -> str | None:
    """What is wrong with a path, or None."""
    if path.startswith("/"):
        return "is absolute"
    if "\\" in path:
        return "holds a backslash"
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in path):
        return "holds a control character"
    for part in path.split("/"):
        if part != "." and part and not part.strip(". "):  # '..', and what Windows takes for it: '.. ', '...'
            return f"has the part {part!r}"
        if part[1:2] == ":":  # Windows takes any character for a drive's letter
            return "names a drive"
    return None


def guess_mime(name: str, default: str = "application/octet-stream") -> str:
    """Return the MIME type that a file's name says, the same on every machine.

    Examples
    --------
    >>> guess_mime("plots/loss.png"), guess_mime("model")
    ('image/png', 'application/octet-stream')
    """
    kind, encoding = _types.guess_type(name.replace(":", "_"))  # a colon would make it an address
    if encoding is not None:
        return {"gzip": "application/gzip", "bzip2": "application/x-bzip2"}.get(encoding, default)
    return kind or default


# Without the files of the system, whose lists differ; and with what Python 3.11 does not know yet.
_types = mimetypes.MimeTypes()
for _ending, _kind in {
    ".ipynb": "application/x-ipynb+json",
    ".jsonl": "application/jsonl",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".toml": "application/toml",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}.items():
    _types.add_type(_kind, _ending)


def walk(
    local_dir: Path, report: Callable[[str], None] | None = None, store: Path | None = None
) -> Iterator[tuple[Path, str]]:
    """Yield the files of a folder with their relative paths, folder by folder in the order of their names.

    Links to files and folders inside are followed (a link inside a linked folder to a further folder is not, so that
    loops end). Left out and reported: links that lead out of the folder or nowhere, folders that cannot be read,
    pipes, sockets and devices, names that no artifact can have, and the files of the store itself.

    Parameters
    ----------
    local_dir : Path
    report : callable, optional
        Called with a sentence for everything that is left out; a warning by default.
    store : Path, optional
        The store that the files are logged to; it is left out, with its journal and its folder of files.

    Raises
    ------
    MissingFile
        Where there is no such folder.
    InvalidValue
        Where it is not a folder.

    Yields
    ------
    (Path, str)
        Where the file is, links resolved, and its path in the folder as `artifact_path` spells it.
    """
    if not local_dir.exists():
        raise MissingFile(f"There is no folder {local_dir}.")
    if not local_dir.is_dir():
        raise InvalidValue(f"{local_dir} is not a folder; log a single file with log_artifact.")
    own: tuple[Path, ...] = ()
    if store is not None:
        place = store.resolve()
        own = (place, place.with_name(place.name + "-journal"), files_folder(place))
    root = local_dir.resolve()
    return _Walk(root, own, report or warn_caller).files(root, "", False)


@dataclass(frozen=True)
class _Walk:
    root: Path
    own: tuple[Path, ...]
    report: Callable[[str], None]

    def files(self, folder: Path, prefix: str, through_link: bool) -> Iterator[tuple[Path, str]]:
        """Yield the files of one folder and of those below it."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.report(f"{folder} was left out: it cannot be read ({error.strerror}).")
            return
        for entry in entries:
            relative = prefix + entry.name
            fault = self._fault(entry, relative, through_link)
            if fault is not None:
                self.report(f"{entry.path} was left out: {fault}")
            elif entry.is_dir():
                yield from self.files(Path(entry.path).resolve(), f"{relative}/", through_link or entry.is_symlink())
            else:
                yield Path(entry.path).resolve(), relative

    def _fault(self, entry: os.DirEntry[str], relative: str, through_link: bool) -> str | None:
        """Why an entry is left out, or None."""
        place = Path(entry.path)
        fault = self._link_fault(place, through_link) if entry.is_symlink() else None
        if fault is not None:
            return fault
        if place.resolve() in self.own:
            return "it belongs to the store."
        if not (entry.is_dir() or entry.is_file()):
            return "it is no file."
        try:
            artifact_path(relative)
        except InvalidValue as error:
            return str(error)
        return None

    def _link_fault(self, link: Path, through_link: bool) -> str | None:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
            return "it is a link that leads nowhere."
        if not target.is_relative_to(self.root):
            return "it is a link that leads out of the folder."
        if target.is_dir() and (through_link or link.parent.is_relative_to(target)):
            return "it is a link to a folder that holds it, or one inside a linked folder."
        return None
