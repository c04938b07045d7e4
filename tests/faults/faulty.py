"""A SQLite whose statements fail when they are told to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

Fails = Callable[[str, int], str | None]  # statement and its number, to "before", "after" or None


def inject(patch: pytest.MonkeyPatch, fails: Fails, code: int = sqlite3.SQLITE_IOERR) -> list[str]:
    """Make statements of every connection fail from now on; return the list of what will be executed.

    `fails` says for each statement, as it comes, whether an error is raised before it is executed or after it.
    """
    executed: list[str] = []
    connect = sqlite3.connect

    def connecting(*args: Any, factory: type[sqlite3.Connection] = sqlite3.Connection, **options: Any) -> Any:
        class Faulty(factory):  # type: ignore[valid-type,misc]
            def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
                executed.append(sql)
                when = fails(sql, len(executed))
                if when == "before":
                    raise fault(code)
                cursor: sqlite3.Cursor = super().execute(sql, parameters)
                if when == "after":
                    raise fault(code)
                return cursor

        return connect(*args, factory=Faulty, **options)

    patch.setattr(sqlite3, "connect", connecting)
    return executed


def fault(code: int) -> sqlite3.OperationalError:
    """An error as SQLite gives it."""
    error = sqlite3.OperationalError("injected fault")
    error.sqlite_errorcode = code
    return error
