"""The search grammar in a report's table finds what the store finds: the browser's tests read the same cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from filter_cases import NOW, found, made_filter_store

from jupyter_track.errors import FilterError
from jupyter_track.panels.followed import FollowedRuns
from jupyter_track.store.database import reading
from jupyter_track.store.filter_hints import unknown_keys
from jupyter_track.store.filters import parse_filter
from jupyter_track.views.tokens import RUN_COLORS, STATES

CASES = Path(__file__).parent.parent / "labextension" / "tests" / "filters.json"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that differ in everything."""
    return made_filter_store(tmp_path_factory.mktemp("filters"))


def table_of(store: Path) -> dict[str, Any]:
    """What a report's table is sent; in the place of ids the names of the runs."""
    runs = FollowedRuns(store)
    runs.load()
    rows = runs.row_messages(list(runs.rows.values()), runs.maker(NOW))
    for row in rows:
        row["id"] = row["name"]
        row.pop("live", None)
    columns = runs.column_messages()
    message = {"type": "table", "rev": 1, "columns": columns, "rows": rows, "total": len(rows), "more": False}
    states = {name: vars(state).copy() for name, state in STATES.items()}
    more = {"states": states, "colors": list(RUN_COLORS), "empty": "", "choices": {}}
    plain: dict[str, Any] = json.loads(json.dumps({**message, **more}))
    return plain


def test_the_browser_is_tested_with_the_table_that_is_sent(store: Path) -> None:
    """Written with ``json.dumps(table_of(store), ensure_ascii=False)`` where the form of tables changes."""
    assert json.loads(CASES.read_text("utf-8"))["table"] == table_of(store)


def test_the_browser_is_tested_with_what_the_store_finds(store: Path) -> None:
    """And with what it says of filters that cannot be read, and of keys that no run has."""
    cases = json.loads(CASES.read_text("utf-8"))
    with reading(store) as connection:
        told = {text: sorted(found(connection, text)) for text in cases["found"]}
    assert told == cases["found"]
    for text, message in cases["errors"].items():
        with pytest.raises(FilterError) as raised:
            parse_filter(text, now_ms=NOW)
        assert str(raised.value) == message
    assert {text: unknown_keys(store, text) for text in cases["hints"]} == cases["hints"]
