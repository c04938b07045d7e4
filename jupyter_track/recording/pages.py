"""Pages of what is listed: a list with the token of the next page, as mlflow's client returns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ..errors import InvalidValue

Item = TypeVar("Item")


class Page(list[Item]):
    """A list with the `token` of the next page, None on the last."""

    def __init__(self, items: Sequence[Item] = (), token: str | None = None) -> None:
        super().__init__(items)
        self.token = token

    def to_list(self) -> list[Item]:
        """Return the items as a plain list."""
        return list(self)


def offset_of(token: str | None) -> int:
    """Return where the page of a token begins.

    Raises
    ------
    InvalidValue
        Where it is none.
    """
    if not token:
        return 0
    if not str(token).isdecimal():
        raise InvalidValue(f"{token!r} is no token of a page; take it from the .token of the page before.")
    return int(token)


def page_of(items: Sequence[Item], size: int, offset: int) -> tuple[Sequence[Item], str | None]:
    """Return the items of a page, of one more than it has, and the token of the next one."""
    return items[:size], str(offset + size) if len(items) > size else None
