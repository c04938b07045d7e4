"""Where the files of mlflow's runs lie: mlflow wrote absolute addresses, and a folder may have been moved since.

Files are taken from the folder of the store alone, and from folders that a person names: an address in somebody else's
store must not bring a file of this machine into it.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit


class Remote(Exception):
    """The address is not on this machine."""


def files_folder(address: str, roots: tuple[Path, ...]) -> Path | None:
    """Return the folder of an address, None where it is in none of the folders in which files may lie.

    Parameters
    ----------
    address : str
        A path, ``file:…`` or ``mlflow-artifacts:/…``.
    roots : tuple of Path
        Where files may lie. The folder that was moved is found by the end of its address.

    Raises
    ------
    Remote
        For ``s3://…`` and the like.
    """
    path = _path_of(address)
    if path is None:
        raise Remote(urlsplit(address).scheme)
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        return None
    real_roots = [root.resolve() for root in roots]
    for candidate in (Path(path), *(root.joinpath(*parts[at:]) for root in roots for at in range(len(parts)))):
        try:
            if candidate.is_symlink() or not candidate.is_dir():
                continue
            real = candidate.resolve()
        except (OSError, ValueError, RuntimeError):
            continue
        if any(real.is_relative_to(root) and real != root for root in real_roots):
            return real
    return None


def _path_of(address: str) -> str | None:
    scheme, colon, rest = address.partition(":")
    if not colon or len(scheme) < 2 or "/" in scheme or "\\" in scheme:  # C:\ is a drive
        return address
    if scheme in ("file", "mlflow-artifacts"):
        return unquote(urlsplit(address).path if rest.startswith("//") else rest)
    return None
