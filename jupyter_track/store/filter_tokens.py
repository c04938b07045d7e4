"""Words, quoted text, numbers and signs of a search filter, each with its position.

A key may be written bare (``metrics.train/loss``: letters, digits and ``_ . / : -``) or, in whole or in part, in
back-ticks or double quotes (``params."learning rate"``). Inside quotes the quote itself is written twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import FilterError

MAX_LENGTH = 200_000  # characters of a filter: room for an IN of some thousand run ids
_SHOWN = 200  # characters of a filter that an error shows

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w./:])|[+-](?ai:inf|infinity|nan)(?!\w))
  | (?P<word>[\w.][\w./:-]*)
  | (?P<quoted>'(?:[^']|'')*+'|"(?:[^"]|"")*+"|`(?:[^`]|``)*+`)
  | (?P<sign><>|<=|>=|!=|==|=|<|>|\(|\)|,)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter.

    `kind` is ``word number quoted sign end``; `text` is without quotes, `quote` the quote that was around it, and
    `end` the index after its last character.
    """

    kind: str
    text: str
    position: int
    end: int
    quote: str = ""


def tokens_of(text: object) -> list[Token]:
    """Return the tokens of a filter; the last is of the kind ``end``.

    Raises
    ------
    FilterError
        For what is no text, is too long, cannot be stored (NUL, lone surrogates), or has an unknown character or an
        open quote.
    """
    if not isinstance(text, str):
        raise FilterError(f"A filter or ordering must be text, not {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        raise fault(f"The filter has {len(text):,} characters; {MAX_LENGTH:,} are the most", text, MAX_LENGTH)
    if "\0" in text:
        raise fault("The filter holds a NUL character", text, text.index("\0"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise fault("The filter holds half a character (a lone surrogate)", text, error.start) from error
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unknown(text, position)
        kind, piece = match.lastgroup or "", match.group()
        if kind == "quoted":
            quote = piece[0]
            plain = piece[1:-1].replace(quote * 2, quote)
            found.append(Token(kind, plain, position, match.end(), quote))
        elif kind != "space":
            found.append(Token(kind, piece, position, match.end()))
        position = match.end()
    found.append(Token("end", "", len(text), len(text)))
    return found


def _unknown(text: str, position: int) -> FilterError:
    char = text[position]
    if char in "'\"`":
        return fault(f"The quote {char} is not closed", text, position)
    hints = {"&": "; write AND", "|": "; write OR", "!": "; write != or NOT", "~": "; write LIKE", "[": "; write ( )"}
    return fault(f"The character {char!r} means nothing here{hints.get(char, '')}", text, position)


def fault(message: str, text: str, position: int) -> FilterError:
    """Return the error for a place in a filter; of a long filter only the surroundings are shown."""
    if len(text) <= _SHOWN and text.isprintable():
        return FilterError(message, text, position)
    near = text[max(0, position - 30) : position + 30]
    error = FilterError(f"{message}, near {near!r}", "", position)
    error.text = text
    return error


class Cursor:
    """A place in the tokens of a filter, which a parser moves on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.at]

    def fault(self, message: str, token: Token | None = None) -> FilterError:
        """Return the error for a token, by default the one that comes next."""
        return fault(message, self.text, (token or self.token).position)

    def take_word(self, word: str) -> bool:
        """Step over a keyword, if it comes next."""
        token = self.token
        if token.kind == "word" and token.text.upper() == word:
            self.at += 1
            return True
        return False

    def take_sign(self, sign: str) -> bool:
        """Step over a sign, if it comes next."""
        if self.token.kind == "sign" and self.token.text == sign:
            self.at += 1
            return True
        return False

    def at_end(self) -> bool:
        """Whether the clause ends here: at the end, a closing parenthesis, AND or OR."""
        token = self.token
        if token.kind == "word":
            return token.text.upper() in ("AND", "OR")
        return token.kind == "end" or (token.kind == "sign" and token.text == ")")

    def expect_sign(self, sign: str, where: str) -> None:
        """Step over a sign; a FilterError where another token comes next."""
        if not self.take_sign(sign):
            raise self.fault(f"Expected '{sign}' {where}, not {shown(self.token)}")


def shown(token: Token) -> str:
    """Return a token as an error shows it."""
    if token.kind == "end":
        return "the end"
    text = token.text if len(token.text) <= 40 else token.text[:39] + "…"
    quote = token.quote or "'"
    return f"{quote}{text}{quote}"
