"""Secrets are taken out before anything is written: of params and tags, of source, output, diffs and tracebacks.

Two things give a secret away. Its *name*: ``password = "…"``, ``"api_key": "…"``, ``os.environ["TOKEN"] = "…"``,
``export TOKEN=…``, ``?token=…``, ``Authorization: …``. And its *shape*: the key formats of known providers, private
key blocks, and the user part of a URL. What is taken out is replaced by `REDACTED`, so that the text says that
something was there; quotes stay, so that code stays code.

The text is searched for fixed fragments first, and expressions are tried only where one was found. Every expression
is bounded or cannot backtrack: 64 kB of ordinary text takes a few milliseconds, hostile text not much more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from .secret_names import is_secret_name, may_be_number

__all__ = ["REDACTED", "is_secret_name", "redact_text", "redact_value"]

REDACTED: Final = "<redacted>"


def redact_value(key: str, value: Any) -> Any:
    """Return `value` without secrets.

    Parameters
    ----------
    key : str
        The name under which the value is stored.
    value : object
        Text, bytes, a list, tuple or dict is looked into; anything else comes back as it is.

    Returns
    -------
    object
        `REDACTED` for text under a secret's name, and for a number under a password's or PIN's; else the value with
        what has the shape of a secret replaced. The same object where nothing was found.

    Examples
    --------
    >>> redact_value("api_key", "abc"), redact_value("max_tokens", 512)
    ('<redacted>', 512)
    >>> redact_value("db", "postgresql://me:hunter2@host/data")
    'postgresql://<redacted>@host/data'
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return REDACTED if may_be_number(key) else value
    if isinstance(value, str):
        if not value or not is_secret_name(key):
            found = redact_text(value)
            return value if found == value else found
        return REDACTED
    if isinstance(value, bytes):
        text = value.decode("latin-1")
        return REDACTED if value and (is_secret_name(key) or redact_text(text) != text) else value
    if isinstance(value, dict):
        pairs = {name: redact_value(f"{key}.{name}", item) for name, item in value.items()}
        return value if all(pairs[name] is value[name] for name in value) else pairs
    if isinstance(value, (list, tuple)):
        parts = [redact_value(key, item) for item in value]
        if all(part is item for part, item in zip(parts, value, strict=True)):
            return value
        return parts if isinstance(value, list) else tuple(parts)
    return value


def redact_text(text: str) -> str:
    """Return a text without secrets: source, output, a diff or a traceback, with terminal colours or without.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same text with each secret replaced by `REDACTED`. Redacting twice changes nothing.

    Notes
    -----
    A name is followed by ``=`` or ``:`` (or is the first argument of a setter such as ``putenv``) and a quoted text.
    Without quotes a value counts only where it is no code: after ``export`` and the like, in a URL's query, after
    ``--password``, in a header or a line of YAML.

    Examples
    --------
    >>> redact_text('login(user="me", token="abc123")')
    'login(user="me", token="<redacted>")'
    >>> redact_text("tokens = tokenizer(text, max_length=512)")
    'tokens = tokenizer(text, max_length=512)'
    """
    text = _redact_shapes(text)
    if "PRIVATE KEY" in text:
        text = _CUT_PEM.sub(f"{REDACTED}\\g<end>", text)
    return _redact_named(text)


# --- shapes -----------------------------------------------------------------------------------------------------
# Each expression starts with its fragment, which the regex engine then finds at the speed of a plain search; what
# must not stand before it is a look-behind that contains the fragment again. Runs of one class are taken possessively.


def _key(fragment: str, rest: str) -> str:
    return rf"{fragment}(?<![A-Za-z0-9]{fragment}){rest}"


_BASE64: Final = r"[A-Za-z0-9+/=]{16,}"
_PEM: Final = (
    r"-----BEGIN (?P<kind>(?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?)-----(?!<redacted>)"
    r"(?:(?:[^-]|-(?!----))*+-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    rf"|(?:(?:\\[nr]|[\s\"'+]|(?:Proc-Type|DEK-Info):[^\n\\]{{0,100}})*+{_BASE64})*)"
)
# What is left of a key whose beginning was cut off.
_CUT_PEM: Final = re.compile(
    rf"(?:^[ \t]*{_BASE64}[ \t]*\r?\n){{1,400}}+[ \t]*"
    r"(?P<end>-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----)",
    re.M,
)
_URL_USER: Final = r"://(?!git@|<redacted>@)[^\s/?#\"'<>`\\@]{1,300}+(?:@[^\s/?#\"'<>`\\@]{1,300}+){0,5}@(?=[\w\[.])"
_WEB_HOOK: Final = r"(hooks\.slack\.com/(?:services|workflows|triggers)/|/api/webhooks/)[\w/-]{8,}"
_BEARER: Final = r"(earer\s{1,3})(?=[A-Za-z._~+/=-]{0,200}\d)[A-Za-z0-9._~+/=-]{8,}"

_SHAPES: Final[tuple[tuple[str, str, str], ...]] = (
    ("PRIVATE KEY", _PEM, f"-----BEGIN \\g<kind>-----{REDACTED}"),
    ("://", _URL_USER, f"://{REDACTED}@"),
    ("hooks.slack.com/", _WEB_HOOK, f"\\1{REDACTED}"),
    ("/api/webhooks/", _WEB_HOOK, f"\\1{REDACTED}"),
    ("earer", _BEARER, f"\\1{REDACTED}"),
    # OpenAI's and Anthropic's; a digit is asked for, since scikit-learn's CSS classes start with sk- too
    ("sk-", _key("sk-", r"(?:[a-z0-9]{2,12}-){0,3}(?=[A-Za-z_]{0,200}\d)[A-Za-z0-9_]{12,}[A-Za-z0-9_-]*"), REDACTED),
    *(
        (fragment, _key(fragment, rest), REDACTED)
        for fragment, rest in (
            ("ghp_", r"[A-Za-z0-9]{16,}"),
            ("gho_", r"[A-Za-z0-9]{16,}"),
            ("ghu_", r"[A-Za-z0-9]{16,}"),
            ("ghs_", r"[A-Za-z0-9]{16,}"),
            ("ghr_", r"[A-Za-z0-9]{16,}"),
            ("github_pat_", r"[A-Za-z0-9_]{16,}"),
            ("glpat-", r"[A-Za-z0-9_-]{12,}"),
            ("hf_", r"(?=[A-Za-z]{0,60}[A-Z0-9])[A-Za-z0-9]{16,}"),
            ("xox", r"[abeoprs]-[A-Za-z0-9-]{8,}"),
            ("xapp-", r"[A-Za-z0-9-]{10,}"),
            ("AKIA", r"[A-Z0-9]{12,}"),
            ("ASIA", r"[A-Z0-9]{12,}"),
            ("AIza", r"[A-Za-z0-9_-]{20,}"),
            ("ya29\\.", r"[A-Za-z0-9_-]{20,}"),
            ("eyJ", r"(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{6,}+\.[A-Za-z0-9_-]{6,}+(?:\.[A-Za-z0-9_-]*+)?"),
            ("sk_live_", r"[A-Za-z0-9]{8,}"),
            ("sk_test_", r"[A-Za-z0-9]{8,}"),
            ("rk_live_", r"[A-Za-z0-9]{8,}"),
            ("npm_", r"[A-Za-z0-9]{30,}"),
            ("pypi-", r"[A-Za-z0-9_-]{40,}"),
            ("dop_v1_", r"[a-f0-9]{32,}"),
            ("dapi", r"[a-f0-9]{32}"),
            ("gsk_", r"[A-Za-z0-9]{24,}"),
            ("xai-", r"[A-Za-z0-9]{24,}"),
            ("r8_", r"[A-Za-z0-9]{24,}"),
            ("SG\\.", r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
            ("AGE-SECRET-KEY-", r"[A-Z0-9]{20,}"),
        )
    ),
)
_FRAGMENTS: Final = tuple((fragment.replace("\\", ""), pattern, new) for fragment, pattern, new in _SHAPES)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)  # on first need: compiling all of them takes longer than importing this module


def _redact_shapes(text: str) -> str:
    for fragment, pattern, new in _FRAGMENTS:
        if fragment in text:
            text = _compiled(pattern).sub(new, text)
    return text


# --- names ------------------------------------------------------------------------------------------------------

_MAX_NAME: Final = 64
_STEMS = re.compile("pass|pwd|pw|secret|token|key|cred|auth|dsn|conn|cookie|pin|pat|bearer|jwt")
_COLOUR: Final = r"(?:\x1b\[[\d;]{0,20}m)"  # a traceback's code is coloured token by token
_SPACE: Final = rf"(?:\s|{_COLOUR}){{0,40}}+"
_QUOTE_AHEAD: Final = rf"(?=[\w(\[]{{0,20}}{_COLOUR}*+\\*[\"'])"
_ANNOTATION: Final = rf":[ ]?[A-Za-z][\w.\[\], |]{{0,60}}?(?={_SPACE}=(?!=){_SPACE}{_QUOTE_AHEAD})"
_ASSIGNED = re.compile(
    rf"[\w-]{{0,64}}(?P<quote>{_COLOUR}*+\\*[\"'])?{_SPACE}\]?{_SPACE}(?:{_ANNOTATION})?{_SPACE}"
    rf"(?P<sign>:=|[=!]=|=>|[=:,])(?P<space>{_SPACE})"
)
_FLAG = re.compile(r"[\w-]{0,64}(?P<sign>[ =])(?P<space>)(?=[^\s-])")
_OPEN = re.compile(
    rf"(?P<open>[(\[]?){_SPACE}(?:(?:SecretStr|SecretBytes|Secret|str|bytes|quote|quote_plus|b64encode)\({_SPACE})?"
)
_TEXT = re.compile(
    rf"(?:(?<!\w)[rbfuRBFU]{{1,2}})?{_COLOUR}*+"
    r"(?:(?P<long>\\*(?:\"{3}|'{3}))(?P<body3>(?:(?!(?P=long))(?:\\.|[^\\]))*+)(?P<end3>(?P=long)|\Z)"
    r"|(?P<short>\\*[\"'])(?P<body1>(?:(?!(?P=short))(?:\\[\s\S]|[^\\\n]))*+)(?P<end1>(?P=short)|(?=\n)|\Z))",
    re.DOTALL,
)
_JOINED = re.compile(r"[ \t]{0,40}+(?:\+[ \t]{0,40}+)?(?=[rbfuRBFU]{0,2}[\"'])")
_LISTED = re.compile(rf"{_SPACE}[+,]?{_SPACE}(?=[rbfuRBFU]{{0,2}}[\"'])")
_UNPACKED = re.compile(
    r"(?:[\w.]{1,64}[ \t]{0,9},[ \t]{0,9}){0,8}[\w.]{1,64}[ \t]{0,9}=(?!=)[ \t]{0,9}"
)  # user, password = "…", "…"
_UNPACKED_BEFORE = re.compile(r"(?:^|\n)[ \t]{0,40}(?:[\w.]{1,64}[ \t]{0,9},[ \t]{0,9}){1,8}\Z")
_SETTER = re.compile(
    r"(?:setdefault|putenv|setenv|getenv|get|pop|set|set_key|add_header|set_option|setItem)\(\s{0,9}\Z"
)
_SHELL = re.compile(
    r"(?:(?:^|[\s\"'!%;&|])(?:export|setenv|set_env|set|env|declare|-e|--env|--build-arg)[\s\"',]{1,9})\Z"
)
_LINE_START = re.compile(r"(?:^|\n|\\n)[ \t>#+-]*(?:-H\s*|curl[^\n]{0,200})?[\"']?\Z|-H\s?[\"']\Z")
_TYPES = re.compile(
    r"(?:str|int|bytes|float|bool|None|Any|object|type|dict|list|set|tuple|string|callable|optional|array|array_like"
    r"|sequence|iterable|[A-Z][a-z]\w*|[\w.]+\[.*|[\w.]+\|.*|\w+\(.*)[,:)]*\Z"
)
_BARE = re.compile(r"[^\s\"'`;&|<>()\[\]{},\\]+")
_QUERY = re.compile(r"[^\s\"'`&#<>\\]+")
_REST_OF_LINE = re.compile(r"[^\n\"'\\\x1b]+")
_AFTER_QUOTE: Final = frozenset(["", *"),]}.;:+% \t\n"])
_TEMPLATE = re.compile(r"%[sdrf(]|[{$<]")
_NUMBER = re.compile(r"\d[\d_]*(?![\w.])")
_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


def _redact_named(text: str) -> str:
    """Replace what stands beside a secret's name."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters change their length: positions must not
        lower = "".join(char.lower() if char.isascii() else char for char in text)
    parts: list[str] = []
    done = 0
    for hit in _STEMS.finditer(lower):
        if hit.start() < done:
            continue
        for start, end in _spans_at(text, hit.start(), hit.end()):
            if start >= done:
                # A number gets quotes, so that PIN = 1234 stays Python.
                new = f'"{REDACTED}"' if _NUMBER.fullmatch(text, start, end) and text[start - 1] in " =:" else REDACTED
                parts += (text[done:start], new)
                done = end
    if not parts:
        return text
    return "".join([*parts, text[done:]])


def _spans_at(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return what to replace for the name whose fragment stands at `start` to `end`."""
    assigned = _ASSIGNED.match(text, end)
    if assigned is None and "--" not in text[max(0, start - _MAX_NAME) : start]:
        return []
    name_start = start
    while name_start > max(0, start - _MAX_NAME) and (text[name_start - 1].isalnum() or text[name_start - 1] in "_-"):
        name_start -= 1
    if text.startswith("--", name_start) and (assigned is None or assigned["sign"] not in ("=", ":")):
        assigned = _FLAG.match(text, end)
    if assigned is None:
        return []
    stop = end
    while stop < assigned.end() and (text[stop].isalnum() or text[stop] in "_-"):
        stop += 1
    name = text[name_start:stop]
    if not is_secret_name(name):
        return []
    at = assigned.end()
    unpacked = _UNPACKED.match(text, at) if assigned["sign"] == "," and assigned["quote"] is None else None
    if unpacked is not None:
        at = unpacked.end()
    elif assigned["sign"] == "," and not _SETTER.search(text, max(0, name_start - 40), _unquoted(text, name_start)):
        return []
    opened = _OPEN.match(text, at)
    at = opened.end() if opened is not None else at
    found = _TEXT.match(text, at)
    if found is not None:
        if assigned["sign"] in ("==", "!=") and name.lower() in ("token", "auth", "cookie"):
            return []  # if token == "the": the words of a text are tokens too
        if assigned["quote"] is None and _is_no_value(text, name_start, assigned, found):
            return []
        listed = bool(opened is not None and opened["open"]) or unpacked is not None
        return _quoted(
            text, found, listed or _UNPACKED_BEFORE.search(text, max(0, name_start - 240), name_start) is not None
        )
    return _unquoted_value(text, name, name_start, assigned)


def _is_no_value(text: str, name_start: int, assigned: re.Match[str], found: re.Match[str]) -> bool:
    """Whether the quote behind a name opens no value of it.

    It closes the text in which the name stands (``getpass("Password: ")``), or opens a docstring on the next line
    (``class Token:``).
    """
    if assigned["sign"] == ":" and "\n" in assigned["space"]:
        return True
    mark = found["short"]
    if mark is None or len(mark) > 1:
        return False
    line = text[max(text.rfind("\n", 0, name_start) + 1, name_start - 400) : name_start]
    inside = (line.count(mark) - line.count("\\" + mark)) % 2 == 1
    return inside and text[found.end("short") : found.end("short") + 1] in _AFTER_QUOTE


def _unquoted(text: str, position: int) -> int:
    """Return `position` moved before the quote that opens there."""
    return position - 1 if position and text[position - 1] in "\"'" else position


def _quoted(text: str, found: re.Match[str], listed: bool) -> list[tuple[int, int]]:
    """Return the insides of a quoted text, and of those that are joined to it or listed with it."""
    spans = []
    following: re.Match[str] | None = found
    while following is not None:
        group = "body3" if following["long"] is not None else "body1"
        if following[group] and following[group] != REDACTED:
            spans.append(following.span(group))
        more = (_LISTED if listed else _JOINED).match(text, following.end())
        following = _TEXT.match(text, more.end()) if more is not None else None
    return spans


def _unquoted_value(text: str, name: str, name_start: int, assigned: re.Match[str]) -> list[tuple[int, int]]:
    """Return the value behind a name that has no quotes, where it is data and not code."""
    at, sign, spaced = assigned.end(), assigned["sign"], bool(assigned["space"])
    before = text[max(0, name_start - 240) : name_start]
    rule: Callable[[str], bool] | None = None
    pattern = _BARE
    if may_be_number(name) and sign in ("=", ":") and _NUMBER.match(text, at):
        pattern, rule = _NUMBER, _always
    elif before.endswith(("?", "&")) and sign == "=":
        pattern, rule = _QUERY, _always
    elif text.startswith("--", name_start) or (_SHELL.search(before) and sign == "=" and not spaced):
        rule = _always
    elif sign == "=" and not spaced and name.isupper():
        rule = _is_data
    elif sign == ":" and _LINE_START.search(before) and "\n" not in assigned["space"]:
        if name.lower() in _HEADERS:
            pattern, rule = _REST_OF_LINE, _always
        else:
            rule = _is_random if name.lower() in ("token", "auth", "cookie") else _is_plain
    if rule is None:
        return []
    value = pattern.match(text, at)
    if (
        value is None
        or _TEMPLATE.match(value[0])
        or not rule(value[0] + text[value.end() : value.end() + 1])
        or value[0] == REDACTED
    ):
        return []
    if rule is _is_plain and text[value.end() : value.end() + 1] not in ("", "\n", "\r", '"', "'", "\x1b"):
        return []  # a sentence
    return [value.span()]


def _always(value: str) -> bool:
    return True


def _is_data(value: str) -> bool:
    """Whether what follows ``NAME=`` is a shell's value rather than Python: no call, item, attribute or constant."""
    name = value.rstrip()
    return (
        not value.endswith(("(", "[", ",", ")", "{")) and not name.isupper() and name not in ("None", "True", "False")
    )


def _is_plain(value: str) -> bool:
    return _TYPES.match(value.strip()) is None


def _is_random(value: str) -> bool:
    return len(value) >= 16 and any(char.isdigit() for char in value)
