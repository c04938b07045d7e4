"""What is wrong with a text of a report, in the words of the text instead of those of Jinja2 and Python."""

from __future__ import annotations

import re

_OPENED = {"print": ("{{", "}}"), "statement": ("{%", "%}")}
_UNCLOSED = re.compile(r"unexpected end of template, expected 'end of (print|statement)\b")
_MORE = re.compile(r"expected token 'end of (print|statement)\b[^']*', got '(.*)'\.?$", re.DOTALL)
_CALL = re.compile(r"(\w+)\(\) takes (?:from \d+ to )?(\d+) positional arguments? but (\d+) (?:was|were) given")
_TIGHT = re.compile(r"\$[^$]*\{\{\s*\w+\s*\}\}")


def of_syntax(message: str) -> str:
    """Return what cannot be read.

    Examples
    --------
    >>> of_syntax("unexpected end of template, expected 'end of print statement'.")
    "'{{' is not closed: '}}' is missing."
    >>> of_syntax("expected token 'end of print statement', got 'runs'")
    "'runs' is not expected there, between '{{' and '}}'."
    """
    if found := _UNCLOSED.search(message):
        begin, end = _OPENED[found[1]]
        return f"{begin!r} is not closed: {end!r} is missing."
    if found := _MORE.search(message):
        begin, end = _OPENED[found[1]]
        return f"{found[2]!r:.60} is not expected there, between {begin!r} and {end!r}."
    return message


def of_call(message: str) -> str:
    """Return how something was called that takes less.

    Examples
    --------
    >>> of_call("comparison() takes 0 positional arguments but 2 were given")
    'comparison() takes no value without a name (as caption=…), but has 2.'
    """
    found = _CALL.search(message)
    if found is None:
        return message
    name, most, given = found.groups()
    count = "no value" if most == "0" else f"at most {most} value{'' if most == '1' else 's'}"
    return f"{name}() takes {count} without a name (as caption=…), but has {given}."


def of_braces(line: str) -> str:
    """Return what to write where two braces of a formula are taken for a value; nothing where there are none.

    Examples
    --------
    >>> of_braces(r"$x^{{a}}$")
    ' Braces of a formula stand apart: { {a} }.'
    """
    return " Braces of a formula stand apart: { {a} }." if _TIGHT.search(line) else ""
