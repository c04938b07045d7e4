"""A SQLite whose statements fail when they are told to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

Fails = Callable[[str, int], str | None]  # statement and its number, to "before", "after" or None


def inject(patch: pytest.MonkeyPatch, fails: Fails, code: int = sqlite3.SQLITE_IOERR) -> list[str]:
    """Make statements of every connection fail from now on; return the list of what will be executed.

    `fails` says for each statement, as it comes, whether an error is raised before it is executed or after it.
    """
    executed: list[str] = []
    connect = sqlite3.connect

    class Faulty(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            executed.append(sql)
            when = fails(sql, len(executed))
            if when == "before":
                raise fault(code)
            cursor = super().execute(sql, parameters)
            if when == "after":
                cursor.close()  # as SQLite ends a statement that fails; open, it would lock the file with the traceback
                raise fault(code)
            return cursor

    patch.setattr(sqlite3, "connect", partial(connect, factory=Faulty))
    return executed


def fault(code: int) -> sqlite3.OperationalError:
    """An error as SQLite gives it."""
    error = sqlite3.OperationalError("injected fault")
    error.sqlite_errorcode = code
    return error
