"""What the user hands over, to bytes: figures, images, tables, dicts, texts and streams.

The formats are mlflow's, so that what was logged here is read there. No library is imported for the asking: an object
of a library that is not loaded cannot have been handed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from ..errors import InvalidValue
from ..store.files import Readable, guess_mime
from .blob import Blob, class_name, suffix_of
from .figures import figure_blob, is_figure
from .images import image_blob, is_image
from .plain import plain
from .tables import append_table, check_join_key, is_table, load_table, table_blob

__all__ = [
    "Blob",
    "Kind",
    "append_table",
    "check_join_key",
    "describe",
    "dict_blob",
    "figure_blob",
    "image_blob",
    "load_table",
    "stream_blob",
    "table_blob",
    "text_blob",
]

Kind = Literal["metric", "figure", "table", "text", "image", "dict", "array", "other"]


def describe(value: object) -> Kind:
    """Tell what a value is to be logged as.

    ``metric`` is a number, a bool, or an array or tensor of one element; ``array`` an array or tensor of several, or a
    list or tuple of numbers; ``table`` a pandas or polars DataFrame or Series; ``figure`` a figure of matplotlib,
    Altair or Plotly; ``image`` a Pillow image; ``dict`` any mapping. Everything else is ``other``.

    Examples
    --------
    >>> describe(0.5), describe("note"), describe([1, 2, 3]), describe(None)
    ('metric', 'text', 'array', 'other')
    """
    if isinstance(value, (int, float)):
        return "metric"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "dict"
    for kind, belongs in _KINDS:
        if belongs(value):
            return kind
    if isinstance(value, (list, tuple)):
        return "array" if value and all(_is_number(item) for item in value) else "other"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _describe_array(value)
    return "metric" if _is_number(value) else "other"


_KINDS: tuple[tuple[Kind, Any], ...] = (("table", is_table), ("figure", is_figure), ("image", is_image))


def _describe_array(value: Any) -> Kind:
    if any(length != 1 for length in value.shape):
        return "array"
    item = getattr(value, "item", None)
    return "metric" if callable(item) and isinstance(item(), (int, float)) else "other"  # not text, dates, complex


def _is_number(value: object) -> bool:
    """Whether it is a real number: also Decimal, Fraction and the scalars of array libraries."""
    if isinstance(value, (int, float)):
        return True
    if isinstance(value, (str, bytes, complex)) or getattr(value, "shape", None):
        return False
    return hasattr(type(value), "__float__") and hasattr(type(value), "__add__")


def text_blob(text: str, artifact_file: str | None = None) -> Blob:
    r"""Return a text in UTF-8; its MIME type follows the name's ending, else ``text/plain``.

    Half characters (lone surrogates), which UTF-8 cannot hold, are written as ``\udc80``.

    Raises
    ------
    InvalidValue
        Where it is not a string.
    """
    if not isinstance(text, str):
        raise InvalidValue(f"log_text takes a string, not {class_name(text)}; log str(value), or use log_dict.")
    mime = guess_mime(artifact_file or "", default="text/plain")
    return Blob(text.encode("utf-8", "backslashreplace"), mime, "text", suffix_of(artifact_file, ".txt"))


def stream_blob(stream: Readable, artifact_file: str | None = None) -> Blob:
    """Return a binary stream as it is; it is read when it is kept, piece by piece.

    Raises
    ------
    InvalidValue
        Where it has no ``read``. Text instead of bytes is found when it is kept.
    """
    if not callable(getattr(stream, "read", None)):
        raise InvalidValue(f"log_stream takes an object with read(), such as open(…, 'rb'), not {class_name(stream)}.")
    return Blob(stream, guess_mime(artifact_file or ""), "file", suffix_of(artifact_file, ".bin"))


def dict_blob(dictionary: Any, artifact_file: str | None = None) -> Blob:
    """Return a dict, or anything else that JSON can hold, as YAML for ``.yaml`` and ``.yml`` and as JSON otherwise.

    Numbers and arrays of NumPy, pandas and torch become plain numbers and lists; what JSON does not know becomes its
    ``str``. NaN and the infinities are written as Python's `json` writes and reads them.

    Raises
    ------
    InvalidValue
        Where a dict contains itself, has a key that is no string, number, bool or None, or YAML is asked for and
        PyYAML is not installed.
    """
    suffix = suffix_of(artifact_file, ".json")
    value = plain(dictionary)
    if suffix in (".yaml", ".yml"):
        return Blob(_yaml(value), "application/yaml", "dict", suffix)
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return Blob(text.encode("utf-8", "backslashreplace"), "application/json", "dict", suffix)


def _yaml(value: Any) -> bytes:
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise InvalidValue(
            "YAML needs PyYAML, which is not installed: 'pip install pyyaml', or log to a name that ends in .json."
        ) from None
    text: str = yaml.safe_dump(value, indent=2, default_flow_style=False, allow_unicode=True)
    if any(char in text for char in "\x85\u2028\u2029\ufeff"):  # taken for line ends when read: escape all
        text = yaml.safe_dump(value, indent=2, default_flow_style=False)
    return text.encode("utf-8")
