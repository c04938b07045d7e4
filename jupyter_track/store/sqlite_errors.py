"""What is said of a store that cannot be used: errors of SQLite in words, and which of ours they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..errors import CorruptStore, NewerStore, NotAStore, StoreBusy, StoreError, StoreUnavailable
from . import schema
from .damaged import holds_our_tables


def explain(error: sqlite3.Error, store: Path) -> StoreError:
    """Return the error of ours that says what an error of SQLite means for the store."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        if holds_our_tables(store):
            return first_page_damaged(store)
        if store.suffix == ".zip":
            from .upkeep.packed import is_packed  # imports what imports this module

            if not is_packed(store):
                return NotAStore(f"{store} is neither a zip nor a store, whatever its name; it was left as it is.")
            return NotAStore(
                f"{store} is a zip, which is looked at and not changed: unzip it and name its folder, or bring its "
                f"runs into your store with 'jupyter track merge {store.name}'."
            )
        return NotAStore(f"{store} is not a SQLite file (or its first page is damaged); it was left as it is.")
    if code == sqlite3.SQLITE_CORRUPT or str(error).startswith("Could not decode to UTF-8"):
        return CorruptStore(
            f"{store} is damaged ({error}); it was left as it is. 'jupyter track doctor --repair' saves what can be"
            " read."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(f"{store} is locked by another program ({error}).")
    if code == sqlite3.SQLITE_FULL:
        return StoreUnavailable(f"The disk that holds {store} is full.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreUnavailable(f"{store} cannot be written or opened ({error}); look at the folder's permissions.")
    return StoreError(f"{store}: {error}")


def first_page_damaged(store: Path) -> CorruptStore:
    """Return the error for a store that SQLite takes for no database, or for that of another program."""
    return CorruptStore(
        f"The first page of {store} is damaged; it was left as it is. 'jupyter track doctor --repair' saves what can be"
        " read into a new store."
    )


def newer(store: Path, version: int) -> NewerStore:
    """Return the error for a store of a later schema."""
    return NewerStore(
        f"{store} was written by a newer jupyter-track (schema {version}, this one knows {schema.VERSION}): "
        "it can be read, not changed. Update with 'pip install -U jupyter-track'."
    )


def nothing_yet(store: Path) -> StoreUnavailable:
    """Return the error for a store that has not been made."""
    return StoreUnavailable(f"There is no store at {store} yet; the first run makes it.")
