"""What a person chose in a live view: kept with the store, for each notebook by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InvalidValue
from .database import reading
from .edits import editing
from .place import store_exists

LIMIT = 100_000  # characters


def read_choices(store: Path, notebook: str, panel: str) -> dict[str, Any]:
    """Return what was chosen in a panel of a notebook, empty where nothing was."""
    if not store_exists(store):
        return {}
    with reading(store) as connection:
        row = connection.execute(
            "SELECT value FROM choices WHERE notebook = ? AND panel = ?", (notebook, panel)
        ).fetchone()
    try:
        found = {} if row is None else json.loads(row[0])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def keep_choices(store: Path, notebook: str, panel: str, chosen: Mapping[str, Any]) -> None:
    """Keep what was chosen; nothing is made where there is no store yet.

    Raises
    ------
    InvalidValue
        For choices that are no JSON, or of more than 100,000 characters.
    """
    try:
        text = json.dumps(chosen, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"These choices cannot be kept: {error}.") from None
    if len(text) > LIMIT:
        raise InvalidValue(f"Choices take at most {LIMIT:,} characters; these have {len(text):,}.")
    if not store_exists(store):
        return
    with editing(store) as (connection, _):
        connection.execute(
            "INSERT INTO choices (notebook, panel, value) VALUES (?, ?, ?)"
            " ON CONFLICT (notebook, panel) DO UPDATE SET value = excluded.value",
            (notebook, panel, text),
        )
