"""Secrets in text that is no Python: what is printed, error messages, notes, names, the line of ``%%track``.

There ``password=hunter2`` is a secret without quotes. In code it is a keyword argument, which `redact_text` leaves as
it is, or the recorded source would not run any more.
"""

from __future__ import annotations

import re

from .redaction import REDACTED, redact_text
from .secret_names import is_secret_name, may_be_number

# The fragment that every secret name has is asked for, so that "Error: token=…" is not taken for one pair.
_PAIR = re.compile(
    r"(?<![\w.])([\w.\-]{0,40}(?:pass|pwd|pin|secret|token|key|cred|auth|dsn|cookie|connection)[\w.\-]{0,40})"
    r"(=|[ \t]?:[ \t]{1,2})([^\s,;&'\"()\[\]{}<>]{4,300})",
    re.IGNORECASE,
)
_CALL = re.compile(r"(\(\s*(['\"])([\w.\-]{2,60})\2\s*,\s*)(['\"])((?:(?!\4)[^\n\\]){1,500})\4")
_WORDS = frozenset({"None", "null", "True", "False", "true", "false"})
_CLOSING = re.compile(r"`[`.:!?*_~|]*\Z")  # the end of a span of code, and of a sentence
_NUMBER = re.compile(r"[-+]?[\d.]+(?:e[-+]?\d+)?\Z")


def redact_prose(text: str) -> str:
    """Return a text without secrets, also where they stand without quotes behind a name.

    Examples
    --------
    >>> redact_prose("login failed: password=hunter2, max_tokens=5000")
    'login failed: password=<redacted>, max_tokens=5000'
    """
    return _PAIR.sub(_masked, redact_text(text))


def redact_source(text: str) -> str:
    r"""Return a cell's source without secrets; code stays code that runs.

    Also masked are a quoted value behind a quoted name (``log_param("api_key", "…")``) and what follows a name on the
    lines of cell magics.

    Examples
    --------
    >>> redact_source('%%track -p password=hunter2\nlogin(token=token)')
    '%%track -p password=<redacted>\nlogin(token=token)'
    """
    lines = redact_text(text).split("\n")
    lines = [_PAIR.sub(_masked, line) if line.startswith("%%") else line for line in lines]
    return _CALL.sub(_masked_call, "\n".join(lines))


def _masked(pair: re.Match[str]) -> str:
    name, sign, value = pair.groups()
    closing = _CLOSING.search(value)
    value, after = (value[: closing.start()], closing[0]) if closing else (value, "")
    opening = "`" * (len(value) - len(value := value.lstrip("`")))
    if not value:
        return pair.group()
    if not is_secret_name(name) or value in _WORDS or (_NUMBER.match(value) and not may_be_number(name)):
        return pair.group()
    return f"{name}{sign}{opening}{REDACTED}{after}"


def _masked_call(call: re.Match[str]) -> str:
    start, _, name, quote, _ = call.groups()
    return f"{start}{quote}{REDACTED}{quote}" if is_secret_name(name) else call.group()
