"""Where the expressions of a text run: what they name is read only, and what they make stays small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from jinja2 import BaseLoader, Undefined
from jinja2.runtime import Context
from jinja2.sandbox import MAX_RANGE, ImmutableSandboxedEnvironment, safe_range

from ..errors import InvalidValue

MOST_MADE = 5_000_000  # characters that a text may become
MOST_BITS = 10_000  # of a power


def bounded_range(*args: int) -> range:
    """Return a range that a loop may go over.

    Raises
    ------
    InvalidValue
        For one that is too long.
    """
    try:
        return safe_range(*args)
    except OverflowError:
        raise InvalidValue(f"a range has at most {MAX_RANGE:,} numbers in a text.") from None


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 as a text has it; products and powers that would fill the memory are refused."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, loader: BaseLoader, undefined: type[Undefined], finalize: Callable[[Any], Any]) -> None:
        super().__init__(loader=loader, undefined=undefined, finalize=finalize, keep_trailing_newline=True)
        self.globals.clear()
        self.globals["range"] = bounded_range

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute a product or a power of what is small enough."""
        if operator == "*":
            for some, times in ((left, right), (right, left)):
                if isinstance(some, str | list | tuple) and isinstance(times, int) and len(some) * times > MOST_MADE:
                    too_much()
        elif isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > MOST_BITS:
            raise InvalidValue("a power is too large for a text.")
        return super().call_binop(context, operator, left, right)


def too_much() -> NoReturn:
    """Refuse what a text becomes.

    Raises
    ------
    InvalidValue
        Always.
    """
    raise InvalidValue(f"the text becomes longer than {MOST_MADE:,} characters.")
