"""What every kind of content becomes before it is kept."""

from __future__ import annotations

import posixpath
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..store.files import Readable


@dataclass(frozen=True)
class Blob:
    """Content that is ready to be kept.

    Attributes
    ----------
    data : bytes, Path or binary stream
        What `jupyter_track.store.files.keep` takes.
    mime : str
        Its MIME type.
    kind : str
        ``file text dict table image figure``, as `jupyter_track.records.Artifact.kind`.
    suffix : str
        The ending, with its dot, that a file of this content should have where the user named none.
    title : str or None
        A figure's own title.
    """

    data: bytes | Path | Readable
    mime: str
    kind: str
    suffix: str = ""
    title: str | None = None


def suffix_of(artifact_file: str | None, default: str = "") -> str:
    """Return the ending of a name in lower case, with its dot; `default` where there is none.

    Examples
    --------
    >>> suffix_of("plots/Loss.PNG"), suffix_of("plots/loss", ".png")
    ('.png', '.png')
    """
    return posixpath.splitext(artifact_file or "")[1].lower() or default


def is_instance(value: object, module: str, name: str) -> bool:
    """Tell whether `value` is an instance of ``module.name``, without importing the module.

    An object of a library that was never imported cannot exist, so a module that is not loaded means no.
    """
    kind: Any = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def class_name(value: object) -> str:
    """Return the name under which a person knows the class of `value`.

    Examples
    --------
    >>> class_name(3), class_name(Path())
    ('int', 'pathlib.PosixPath')
    """
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
