"""Which notebook or script is running, and in which folder its work lies."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NOTEBOOK_VARIABLE = "JUPYTER_TRACK_NOTEBOOK"


def notebook_path(environ: Mapping[str, str] = os.environ, namespace: Mapping[str, Any] | None = None) -> Path | None:
    """Return the path of the notebook that this kernel runs, None where nobody says.

    In this order: ``JUPYTER_TRACK_NOTEBOOK``; ``JPY_SESSION_NAME``, which JupyterLab and Notebook 7 set (it is absent
    under nbconvert and papermill); VS Code's ``__vsc_ipynb_file__`` in the user's namespace.
    """
    for text in (
        environ.get(NOTEBOOK_VARIABLE),
        environ.get("JPY_SESSION_NAME"),
        (namespace or {}).get("__vsc_ipynb_file__"),
    ):
        if isinstance(text, str) and text.endswith(".ipynb"):
            return Path(os.path.abspath(text))
    return None


def script_path() -> Path | None:
    """Return the script that this interpreter was started with, None in a kernel or at the prompt."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    if (
        not path
        or "ipykernel" in str(path)
        or (getattr(main, "__spec__", None) is not None and path == sys.argv[0] == "")
    ):
        return None
    return Path(os.path.abspath(path))


def user_name() -> str:
    """Return the login name, or an empty string where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user id without a name, as in many containers
        return ""


def relative_to_store(path: Path, store: Path) -> str:
    """Return `path` relative to the store's folder with forward slashes: a moved folder stays right.

    Examples
    --------
    >>> relative_to_store(Path("/data/a/train.ipynb"), Path("/data/track.db"))
    'a/train.ipynb'
    """
    try:
        return Path(os.path.relpath(path, store.parent)).as_posix()
    except ValueError:  # another drive on Windows
        return path.name
