"""What a person gives a run: names, notes and tags, checked and without secrets, as the store keeps them.

All ways lead through here: the API, the magics and the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidValue
from ..values import check_key, clean_text
from .prose import redact_prose
from .redaction import redact_value

MAX_TAG_VALUE = 100_000  # characters: a tag is a label; long text belongs into log_text


def safe_text(text: str) -> str:
    """Return a text, such as a name, without secrets and as the store can hold it.

    Examples
    --------
    >>> safe_text("first try, password=hunter2")
    'first try, password=<redacted>'
    """
    return clean_text(redact_prose(text))


def check_note(note: object) -> str | None:
    """Return a note as it is stored: text, or None for no note.

    Raises
    ------
    InvalidValue
        For what is no text.
    """
    if note is None:
        return None
    if not isinstance(note, str):
        raise InvalidValue(f"A note is text, not {type(note).__name__} ({note!r}).")
    return safe_text(note)


def check_tags(tags: Mapping[str, Any]) -> dict[str, str]:
    """Return tags as they are stored: keys checked, values as text without secrets.

    Raises
    ------
    InvalidValue
        For a bad key, or a value of more than 100,000 characters.

    Examples
    --------
    >>> check_tags({"keep": True, "api_key": "0f1e2d3c4b5a69788796"})
    {'keep': 'True', 'api_key': '<redacted>'}
    """
    if not isinstance(tags, Mapping):
        raise InvalidValue(f"Tags are a dict of names and texts, not {type(tags).__name__} ({tags!r}).")
    checked = {}
    for key, value in tags.items():
        check_key(key, "tag")
        text = str(value)
        if len(text) > MAX_TAG_VALUE:
            raise InvalidValue(
                f"The tag {key!r} has {len(text):,} characters; {MAX_TAG_VALUE:,} is the most. Use log_text."
            )
        checked[key] = safe_text(str(redact_value(key, text)))
    return checked
