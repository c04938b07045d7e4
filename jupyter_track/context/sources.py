"""Where data came from: a file, an address without credentials, a table, or the code that made it."""

from __future__ import annotations

import inspect
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ..errors import InvalidValue, MissingFile
from .git import strip_user
from .place import relative_to_store
from .redaction import redact_text, redact_value

_SIGNED = frozenset(
    {"sig", "signature", "x-amz-signature", "x-amz-credential", "x-goog-signature", "x-goog-credential"}
)
_MASK = "***"


@dataclass(frozen=True)
class DatasetSource:
    """Where a dataset came from (mlflow's ``DatasetSource``).

    Attributes
    ----------
    kind : str
        ``local``, ``code``, or the scheme of an address: ``http s3 gs …``.
    where : dict
        ``uri`` of a file or another address, ``url`` of a page, ``function`` and ``tags`` of code.
    """

    kind: str
    where: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return what it is as a dict."""
        return dict(self.where)

    def to_json(self) -> str:
        """Return what it is as JSON."""
        return json.dumps(self.where)

    def stored(self, store: Path) -> str:
        """Return what it is as JSON, with a path relative to the store's folder: a moved folder stays right."""
        where = dict(self.where)
        if self.kind == "local" and os.path.isabs(where["uri"]):
            where["uri"] = relative_to_store(Path(where["uri"]), store)
        return json.dumps(where, ensure_ascii=False)

    def load(self, dst_path: str | os.PathLike[str] | None = None) -> str:
        """Return the path of the file; what lies behind http is loaded to a folder.

        Raises
        ------
        MissingFile
            Where the file is gone.
        InvalidValue
            Where the source is no file.
        """
        if self.kind == "local":
            path = Path(str(self.where["uri"]))
            if not path.exists():
                raise MissingFile(f"The file {path} of the dataset is not there any more.")
            return str(path)
        if self.kind == "http":
            from urllib.request import urlretrieve

            address = str(self.where["url"])
            if urlsplit(address).scheme not in ("http", "https"):
                raise InvalidValue(f"{address!r} is no address of a page.")
            folder = Path(dst_path or tempfile.mkdtemp(prefix="jupyter-track-"))
            target = folder / (Path(unquote(urlsplit(address).path)).name or "data")
            urlretrieve(address, target)
            return str(target)
        raise InvalidValue(f"A source of the kind {self.kind!r} cannot be loaded here: {redact_text(self.to_json())}")


def source_of(source: object, code_tags: Mapping[str, str]) -> DatasetSource:
    """Return the source that a person means.

    Parameters
    ----------
    source : str, path, callable, DatasetSource or None
        A file, an address, the function that makes the data; None is the code that runs.
    code_tags : mapping of str to str
        What says which code runs.

    Raises
    ------
    InvalidValue
        For anything else.
    """
    if source is None:
        return DatasetSource("code", {"tags": dict(code_tags)})
    if isinstance(source, DatasetSource):
        return source
    if isinstance(source, (str, os.PathLike)):
        return _of_address(os.fspath(source))
    if callable(source):
        return DatasetSource("code", {"function": _function(source), "tags": dict(code_tags)})
    kind, told = getattr(source, "_get_source_type", None), getattr(source, "to_dict", None)
    if callable(kind) and callable(told):  # mlflow's own
        return DatasetSource(str(kind()), dict(told()))
    raise InvalidValue(
        f"The source of a dataset is a path, an address or a function, not {type(source).__name__} ({source!r})."[:300]
    )


def _of_address(address: str | bytes) -> DatasetSource:
    text = os.fsdecode(address)
    scheme, mark, rest = text.partition("://")
    if not mark or len(scheme) < 2:
        return DatasetSource("local", {"uri": os.path.abspath(os.path.expanduser(text))})
    if scheme == "file":
        return DatasetSource("local", {"uri": os.path.abspath(unquote(rest))})
    if scheme in ("http", "https"):
        return DatasetSource("http", {"url": without_credentials(text)})
    return DatasetSource(scheme, {"uri": without_credentials(text)})


def without_credentials(address: str) -> str:
    """Return an address without user and password, and with its secret parameters masked.

    Examples
    --------
    >>> without_credentials("https://ann:pw@example.org/a.csv?id=3&token=abc123")
    'https://example.org/a.csv?id=3&token=***'
    """
    base, mark, query = address.partition("?")
    query = query.partition("#")[0]
    plain = strip_user(base)
    if not mark:
        return redact_text(plain)
    pairs = parse_qsl(query, keep_blank_values=True)
    masked = [
        (key, _MASK if key.lower() in _SIGNED or redact_value(key, value) != value else value) for key, value in pairs
    ]
    told = "&".join(f"{quote(key)}={quote(value, safe='*/:,')}" for key, value in masked)
    return f"{redact_text(plain)}?{told}"


def _function(function: Callable[..., Any]) -> str:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    module = getattr(function, "__module__", None) or getattr(inspect.getmodule(function), "__name__", "")
    return f"{module}.{name}" if module else str(name)


def stored_source(kind: str, stored: str, store: Path | None = None) -> DatasetSource:
    """Return the source that a run's dataset names; a path is made absolute, from the store's folder.

    Raises
    ------
    InvalidValue
        Where it cannot be read.
    """
    try:
        where = json.loads(stored)
        if not isinstance(where, dict):
            raise TypeError
    except (ValueError, TypeError):
        raise InvalidValue(f"The source of the dataset cannot be read: {stored[:100]!r}.") from None
    uri = where.get("uri")
    if kind == "local" and isinstance(uri, str) and store is not None and not os.path.isabs(uri):
        where["uri"] = os.path.abspath(store.parent / uri)
    return DatasetSource(kind, where)
