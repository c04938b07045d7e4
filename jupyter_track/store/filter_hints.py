"""What a filter that found nothing may have meant: its keys that no run has, with the nearest that some have."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from .database import reading
from .filter_tree import And, Field, Node, Not, Or, Words
from .filters import parse_filter, parse_order_by

_TABLES = {"metric": "metrics", "param": "params", "tag": "tags"}
_NAMED = 5  # keys that a hint names
_SHOWN = 60  # characters of a key


def unknown_keys(store: Path, filter_string: str) -> list[str]:
    """Return a sentence for each metric, param or tag of a filter that no active run has.

    Parameters
    ----------
    store : Path
    filter_string : str
        A filter that can be read.

    Returns
    -------
    list of str
        Such as ``"No run has the metric 'acuracy'; did you mean 'accuracy'?"``; empty where every key is known. They
        may hold control characters that a key of the store has.

    Raises
    ------
    FilterError
        As `filters.parse_filter`.
    """
    return _unknown(store, _fields(parse_filter(filter_string)))


def unknown_orders(store: Path, order_by: Sequence[str] | str | None) -> list[str]:
    """Return a sentence for each metric, param or tag of an order that no active run has, as `unknown_keys`."""
    return _unknown(store, (one.field for one in parse_order_by(order_by)))


def _unknown(store: Path, named: Iterable[Field]) -> list[str]:
    fields = dict.fromkeys(one for one in named if one.kind in _TABLES)
    if not fields:
        return []
    with reading(store) as connection:  # a key that is known is found at once, also among many runs
        missing = [field for field in fields if not _is_there(connection, field)]
        known = {kind: _keys(connection, _TABLES[kind]) for kind in {field.kind for field in missing}}
    return [
        f"No run has the {field.kind} {field.key[:_SHOWN]!r}{_nearest(field, known[field.kind])}" for field in missing
    ]


def _is_there(connection: sqlite3.Connection, field: Field) -> bool:
    sql = (
        f"SELECT 1 FROM {_TABLES[field.kind]} JOIN runs ON runs.id = run_id"
        " WHERE key IN (?, ?) AND lifecycle_stage = 'active' LIMIT 1"
    )
    return connection.execute(sql, (field.key, f"{field.key}.{field.part}")).fetchone() is not None


def known_keys(store: Path, table: Literal["metrics", "params", "tags"]) -> list[str]:
    """Return the metrics, params or tags that active runs have, by name."""
    with reading(store) as connection:
        return _keys(connection, table)


def _keys(connection: sqlite3.Connection, table: str) -> list[str]:
    rows = connection.execute(
        f"SELECT DISTINCT key FROM {table} JOIN runs ON runs.id = run_id WHERE lifecycle_stage = 'active' ORDER BY key"
    )
    return [key for (key,) in rows]


def _fields(node: Node | None) -> Iterator[Field]:
    if isinstance(node, (And, Or)):
        for one in node.nodes:
            yield from _fields(one)
    elif isinstance(node, Not):
        yield from _fields(node.node)
    elif node is not None and not isinstance(node, Words):
        yield node.field


def _nearest(field: Field, known: list[str]) -> str:
    near = difflib.get_close_matches(field.key[:100], known, n=1)
    if near:
        return f"; did you mean {near[0][:_SHOWN]!r}?"
    own = [key for key in known if not key.startswith(("mlflow.", "jupyter_track."))]
    more = ", …" if len(own) > _NAMED else ""
    return f"; there is {', '.join(key[:_SHOWN] for key in own[:_NAMED])}{more}." if own else "."
