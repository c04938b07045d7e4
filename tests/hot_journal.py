"""A store as a killed writer leaves it: pages changed, and the journal that takes them back."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


def leave_hot_journal(store: Path, target: Path, *, statement: str) -> None:
    """Copy `store` to `target` as it lies on disk in the middle of a transaction that runs `statement`."""
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")  # pages go to the file before the commit
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(statement)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(store, target)
        shutil.copy2(f"{store}-journal", f"{target}-journal")
        connection.execute("ROLLBACK")
