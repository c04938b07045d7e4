"""The search grammar: mlflow's, with OR, NOT, parentheses, IN, BETWEEN, ages and full text; text to a small tree.

A filter is tokenised (`filter_tokens`), parsed here by recursive descent, and turned into SQL with bound values
(`filter_sql`). Nothing is ever evaluated::

    filter     := conjunction ( OR conjunction )*
    conjunction:= negation ( AND negation )*
    negation   := NOT* ( "(" filter ")" | clause )
    clause     := field ( sign value | [NOT] LIKE 'text' | [NOT] ILIKE 'text' | [NOT] IN ( value, … )
                        | [NOT] BETWEEN number AND number | IS [NOT] NULL )
                | 'words' | pinned
    field      := metrics.KEY | params.KEY | tags.KEY | datasets.( name | digest | context ) | [attributes.]NAME
    value      := 'text' | number | true | false | moment
    moment     := ago( number unit ) | '2026-11-01' | '2026-11-01 14:30' | '2026-11-01T14:30:00Z'
    unit       := s | m | h | d | w

What a clause means:

- Where the run has no such metric, param or tag, every clause but ``IS NULL`` is false, ``!=`` and ``NOT IN`` too, as
  in mlflow. ``NOT`` in front of a clause is its exact opposite, and so is true for such a run.
- ``metrics.loss`` is the last value. ``metrics.loss.min`` and ``.max`` are the extremes of the curve, unless the run
  has a metric that is itself called ``loss.min``; ``metrics.`loss.min` `` is only that metric.
- A metric that is NaN is unequal to every number and neither below nor above it; ``= NaN`` finds it, ``IS NULL``
  does not. ``inf`` and ``-inf`` are numbers.
- ``params.lr > 0.01`` compares numbers; a param that is no number is unequal to all of them. ``params.lr = '0.01'``
  compares what mlflow shows, as text. ``true`` and ``false`` are 1 and 0, as in Python.
- LIKE tells upper and lower case apart, ILIKE does not; ``%`` is any text, ``_`` one character.
- Times are compared with milliseconds since 1970, ``ago(2d)`` (seconds, minutes, hours, days of 24 hours, weeks;
  fractions are fine) and dates. A date without a zone is one of this machine's zone. A date without a time is its
  first moment; with ``=`` and ``!=`` it is the whole day. ``duration`` is in seconds.
- A quoted text alone is looked for in a run's name, its note, its tags and its code: each word of it has to be in one
  of them, whatever the case. Tags that begin with ``mlflow.`` are not looked at.
- ``code`` is each of the cells that the run came from: ``LIKE`` asks for one that fits, ``NOT LIKE`` that none does.
  A cell of more than 128 KiB is not looked at.
- ``datasets.name`` is each of the datasets that the run read: ``=`` asks for one that fits, ``!=`` and ``NOT`` that the
  run has some and none fits. Nothing is ordered by datasets.
- ``status`` is one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED, in capitals or not; another value is an error. A
  run that is shown as lost is RUNNING in the store.
"""

from __future__ import annotations

import difflib
import math
import time
from collections.abc import Mapping, Sequence

from . import filter_values
from .filter_tokens import Cursor, Token, fault, shown
from .filter_tree import (
    EXPERIMENTS,
    RUNS,
    And,
    Between,
    Clause,
    Comparison,
    Field,
    Grammar,
    Kind,
    Membership,
    Node,
    Not,
    NullTest,
    Or,
    Ordering,
    Value,
    Words,
)

MAX_DEPTH = 30  # nested parentheses; SQLite's own parser has a stack of 100 entries
MAX_CLAUSES = 500  # SQLite takes expressions of depth 1,000
MAX_VALUES = 10_000  # values of all IN lists together
MAX_TEXT = 1_000  # characters of a pattern, or of words to look for
MAX_ORDERINGS = 16  # each is a join, and SQLite takes 64

_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("metric", "metrics"), "metric"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "param"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), "attribute"),
    **dict.fromkeys(("dataset", "datasets"), "dataset"),
}
_SIGNS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_DURATION = Field("attribute", "duration", numeric=True)
_EQUALITY = ("=", "!=")
_KEYWORDS = ("AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "ILIKE", "IS", "NULL")


def parse_filter(text: str | None, grammar: Grammar = RUNS, now_ms: int | None = None) -> Node | None:
    """Return the tree of a filter.

    Parameters
    ----------
    text : str or None
        The filter; None and blank text are no filter.
    grammar : Grammar, default RUNS
        What is searched.
    now_ms : int, optional
        From when ages count, in milliseconds since 1970; from now by default.

    Returns
    -------
    node or None
        None where there is no filter.

    Raises
    ------
    FilterError
        With the position of what cannot be read and, where there is one, the nearest word.

    Examples
    --------
    >>> parse_filter("metrics.loss < 0.5")
    Comparison(field=Field(kind='metric', key='loss', part='', numeric=True), operator='<', value=0.5, negated=False)
    """
    if text is None:
        return None
    return _Parser(text, grammar, now_ms).filter()


def parse_experiment_filter(text: str | None) -> Node | None:
    """Return the tree of a filter over experiments: name, experiment_id, creation_time, last_update_time, tags.

    Raises
    ------
    FilterError
        As `parse_filter`.
    """
    return parse_filter(text, EXPERIMENTS)


def parse_order_by(entries: Sequence[str] | str | None, grammar: Grammar = RUNS) -> tuple[Ordering, ...]:
    """Return the orderings of entries such as ``"metrics.loss DESC"`` (ascending where nothing is said).

    Raises
    ------
    FilterError
        As `parse_filter`, and for more than `MAX_ORDERINGS` entries.
    """
    if entries is None:
        return ()
    some = [entries] if isinstance(entries, str) else list(entries)
    if len(some) > MAX_ORDERINGS:
        raise fault(f"There are {len(some)} orderings; {MAX_ORDERINGS} are the most", "", 0)
    return tuple(_Parser(entry, grammar).ordering() for entry in some)


class _Parser(Cursor):
    """Recursive descent over the tokens of one filter."""

    def __init__(self, text: str, grammar: Grammar, now_ms: int | None = None) -> None:
        super().__init__(text)
        self.grammar = grammar
        self.now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        self.orders = False  # whether an ordering is read, in which a word alone is no text to look for
        self.depth = self.clauses = self.values = 0

    # ---- grammar

    def filter(self) -> Node | None:
        if self.token.kind == "end":
            return None
        node = self.disjunction()
        token = self.token
        if token.kind != "end":
            near = _nearest(token.text.upper(), ("AND", "OR")) if token.kind == "word" else ""
            raise self.fault(f"Expected AND, OR or the end, not {shown(token)}{near}")
        return node

    def disjunction(self) -> Node:
        nodes = [self.conjunction()]
        while self.take_word("OR"):
            nodes.append(self.conjunction())
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def conjunction(self) -> Node:
        nodes = [self.negation()]
        while self.take_word("AND"):
            nodes.append(self.negation())
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def negation(self) -> Node:
        negated = False
        while self.take_word("NOT"):
            negated = not negated
        if self.take_sign("("):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self.fault(f"Parentheses are nested more than {MAX_DEPTH} deep", self.tokens[self.at - 1])
            node = self.disjunction()
            self.expect_sign(")", "to close the parenthesis")
            self.depth -= 1
        else:
            node = self.clause()
        return Not(node) if negated else node

    def count(self, more: int) -> None:
        self.clauses += more
        if self.clauses > MAX_CLAUSES:
            raise self.fault(f"There are more than {MAX_CLAUSES} clauses; one IN (…) takes {MAX_VALUES:,} values")

    def words(self) -> Words | None:
        """Read a quoted text that stands alone, if there is one."""
        token = self.token
        if not self.grammar.text or token.kind != "quoted" or token.quote == "`":
            return None
        self.at += 1
        if not self.at_end():
            self.at -= 1
            return None
        words = tuple(dict.fromkeys(token.text.split()))
        if not words:
            raise self.fault("Expected words to look for, and there are none in the quotes", token)
        if len(token.text) > MAX_TEXT:
            raise self.fault(f"The text has {len(token.text):,} characters; {MAX_TEXT:,} are the most", token)
        self.count(len(words))
        return Words(words)

    def clause(self) -> Clause | Words:
        words = self.words()
        if words is not None:
            return words
        self.count(1)
        start = self.token
        field = self.field()
        if field.kind == "attribute" and field.key in self.grammar.flags and self.at_end():
            return Comparison(field, "=", 1)
        if self.take_word("IS"):
            negated = self.take_word("NOT")
            if not self.take_word("NULL"):
                raise self.fault(f"Expected NULL or NOT NULL after IS, not {shown(self.token)}")
            return NullTest(field, negated)
        negated = self.take_word("NOT")
        if self.take_word("IN"):
            return Membership(field, self.list_of(field), negated)
        if self.take_word("BETWEEN"):
            return self.between(field, negated, start)
        for operator in ("LIKE", "ILIKE"):
            if self.take_word(operator):
                return Comparison(field, operator, self.pattern(field, operator), negated)
        if negated:
            raise self.fault(f"Expected IN, BETWEEN, LIKE or ILIKE after NOT, not {shown(self.token)}")
        return self.comparison(field)

    def comparison(self, field: Field) -> Comparison | Between:
        sign = self.token
        if sign.kind != "sign" or sign.text not in _SIGNS:
            near = _nearest(sign.text.upper(), _KEYWORDS) if sign.kind == "word" else ""
            raise self.fault(
                f"Expected a comparison (= != < <= > >= LIKE ILIKE IN BETWEEN IS) after {_name(field)}, "
                f"not {shown(sign)}{near}"
            )
        self.at += 1
        operator = _SIGNS[sign.text]
        token = self.token
        if token.kind == "sign" and token.position == sign.end and token.text in _SIGNS:
            both = sign.text + token.text
            meant = filter_values.MISTYPED_SIGNS.get(both)
            raise self.fault(f"{both!r} is no comparison{f'; write {meant}' if meant else ''}", sign)
        value = self.value(field)
        if operator in _EQUALITY and self.is_time(field) and (day := filter_values.day_of(token)) is not None:
            return Between(field, *day, negated=operator == "!=")
        if operator not in _EQUALITY:
            if isinstance(value, str):
                hint = f"; write {value} without quotes to compare numbers" if filter_values.is_number(value) else ""
                raise self.fault(f"'{operator}' compares numbers, and {shown(token)} is text{hint}", sign)
            if math.isnan(value):
                raise self.fault("NaN is neither below nor above anything; use = NaN or != NaN", sign)
        return Comparison(field, operator, value)

    def between(self, field: Field, negated: bool, start: Token) -> Between:
        first = self.token
        low = self.value(field)
        if not self.take_word("AND"):
            raise self.fault(f"Expected AND between the two ends of BETWEEN, not {shown(self.token)}")
        high = self.value(field)
        if isinstance(low, str) or isinstance(high, str):
            raise self.fault(f"BETWEEN compares numbers, and {_name(field)} is compared with text here", first)
        if math.isnan(low) or math.isnan(high):
            raise self.fault("NaN cannot be an end of BETWEEN", start)
        return Between(field, low, high, negated)

    def list_of(self, field: Field) -> tuple[Value, ...]:
        self.expect_sign("(", "after IN")
        values = [self.listed(field)]
        while self.take_sign(","):
            values.append(self.listed(field))
            if self.values + len(values) > MAX_VALUES:
                raise self.fault(f"There are more than {MAX_VALUES:,} values in IN lists")
        self.values += len(values)
        self.expect_sign(")", "or ',' in the list of IN")
        return tuple(values)

    def listed(self, field: Field) -> Value:
        token = self.token
        if self.is_time(field) and filter_values.day_of(token) is not None:
            raise self.fault(f"A day is no value of IN; write {_name(field)} = '{token.text}' OR …", token)
        return self.value(field)

    def pattern(self, field: Field, operator: str) -> str:
        token = self.token
        if field.numeric:
            raise self.fault(f"{operator} compares text, and {_name(field)} is a number", token)
        if token.kind != "quoted" or token.quote == "`":
            raise self.fault(f"Expected a quoted text after {operator}, not {shown(token)}")
        if len(token.text) > MAX_TEXT:
            raise self.fault(f"The pattern has {len(token.text):,} characters; {MAX_TEXT:,} are the most")
        self.at += 1
        choices = self.choices(field)
        if not choices:
            return token.text
        if not any(filter_values.fits(one, token.text.upper()) for one in choices):
            raise self.fault(filter_values.no_choice(token.text, field.key, choices), token)
        return token.text.upper()

    def is_time(self, field: Field) -> bool:
        return field.kind == "attribute" and field.key in self.grammar.times

    def choices(self, field: Field) -> tuple[str, ...]:
        return self.grammar.choices.get(field.key, ()) if field.kind == "attribute" else ()

    def value(self, field: Field) -> Value:
        """Read a value that fits the field."""
        token = self.token
        if self.is_time(field) and (moment := self.moment(field)) is not None:
            return moment
        number = filter_values.number_of(token)
        quoted = token.kind == "quoted" and token.quote != "`"
        if number is None and not quoted:
            text = "a number or a quoted text" if field.kind == "param" else "a quoted text"
            raise self.fault(
                f"Expected {'a number' if field.numeric else text} for {_name(field)}, "
                f"not {shown(token)}{_quoting(token, field)}"
            )
        if self.is_time(field) and (date := filter_values.bare_date(self.text, token.position)):
            raise self.fault(f"A date stands in quotes: {_name(field)} {self.tokens[self.at - 1].text} '{date}'", token)
        self.at += 1
        if quoted:
            if field.numeric:
                what = "true or false" if field.key in self.grammar.flags and field.kind == "attribute" else "a number"
                raise self.fault(f"{_name(field)} is {what}: write the value without quotes", token)
            return self.chosen(field, token)
        if not field.numeric and field.kind != "param":
            raise self.fault(f"{_name(field)} is text: write '{token.text}' in quotes", token)
        assert number is not None
        if field.kind == "attribute" and math.isnan(number):
            raise self.fault(f"{_name(field)} is never NaN; use IS NULL for what is missing", token)
        return number

    def chosen(self, field: Field, token: Token) -> str:
        choices = self.choices(field)
        if choices and token.text.upper() not in choices:
            raise self.fault(filter_values.no_choice(token.text, field.key, choices), token)
        return token.text.upper() if choices else token.text

    def moment(self, field: Field) -> int | None:
        """Read an age or a date, if there is one."""
        token = self.token
        if token.kind == "word" and token.text.lower() == "ago":
            self.at += 1
            self.expect_sign("(", "after ago, such as ago(2d)")
            return self.age()
        if token.kind != "quoted" or token.quote == "`":
            return None
        moment = filter_values.moment_of(token)
        if moment is None:
            raise self.fault(
                f"{_name(field)} is a time: write a date such as '2026-11-01' or '2026-11-01 14:30', an age such as "
                "ago(2d), or milliseconds without quotes",
                token,
            )
        self.at += 1
        return moment

    def age(self) -> int:
        first = self.token
        text = ""
        while self.token.kind in ("number", "word") and len(text) < MAX_TEXT:
            text += self.token.text
            self.at += 1
        milliseconds = filter_values.age_of(text)
        if milliseconds is None:
            raise self.fault(f"Expected an age such as 30s, 5m, 1.5h, 2d or 3w{filter_values.unit_hint(text)}", first)
        self.expect_sign(")", "behind the age")
        return max(self.now_ms - milliseconds, -(2**62))

    def ordering(self) -> Ordering:
        if self.token.kind == "end":
            raise self.fault("An ordering must name a field, such as 'metrics.loss DESC'")
        self.orders = True
        first = self.token
        field = self.field()
        if field.kind == "dataset" or (field.kind == "attribute" and field.key in self.grammar.unordered):
            raise self.fault(f"Nothing can be ordered by {_name(field)}", first)
        descending = self.take_word("DESC")
        if not descending:
            self.take_word("ASC")
        if self.token.kind != "end":
            near = _nearest(self.token.text.upper(), ("ASC", "DESC"))
            raise self.fault(f"Expected ASC, DESC or the end, not {shown(self.token)}{near}")
        return Ordering(field, descending)

    # ---- fields

    def field(self) -> Field:
        """Read a field: words and quoted pieces without a space between them."""
        first = self.token
        if first.kind == "quoted" and first.quote == "'" and self.grammar.text:
            raise self.fault(
                f"Expected AND, OR or the end behind a text to look for, not {shown(self.tokens[self.at + 1])}; the "
                "name of a field stands without these quotes",
                first,
            )
        if first.kind not in ("word", "quoted") or first.quote == "'":
            raise self.fault(
                f"Expected a field such as metrics.loss, params.lr, tags.note or status, not {shown(first)}"
            )
        pieces = [first]
        self.at += 1
        while self.token.position == pieces[-1].end and self.token.kind in ("word", "quoted", "number"):
            pieces.append(self.token)
            self.at += 1
        if first.kind == "word" and len(pieces) == 1 and first.text.upper() in _KEYWORDS:
            raise self.fault(f"Expected a field such as metrics.loss before {first.text.upper()}", first)
        head, dot, rest = first.text.partition(".") if first.kind == "word" else (first.text, "", "")
        if first.kind == "quoted" and len(pieces) > 1 and pieces[1].text.startswith("."):  # `params`.`odd key`
            dot, rest = ".", pieces[1].text[1:]
            del pieces[1]
        if not dot:
            if len(pieces) > 1:
                raise self.fault(f"Expected a dot after {shown(first)}", pieces[1])
            return self.attribute(first.text, first)
        kind = _KINDS.get(head.lower())
        if kind is None or kind not in self.grammar.kinds:
            raise self.unknown_kind(head, first)
        key = rest + "".join(piece.text for piece in pieces[1:])
        if not key or (key.endswith(".") and not pieces[-1].quote):
            raise self.fault(f"Expected a key after '{head}.'", first)
        if kind == "attribute":
            return self.attribute(key, first)
        if kind == "metric":
            return self.metric(key, pieces[-1])
        if kind == "dataset" and key not in self.grammar.datasets:
            known = self.grammar.datasets
            raise self.fault(
                f"A dataset has no field {key!r}{_nearest(key, known)} (there are {', '.join(known)})", first
            )
        return Field(kind, key)

    @staticmethod
    def metric(key: str, last: Token) -> Field:
        base, _, part = key.rpartition(".")
        if not last.quote and base and part in ("min", "max"):
            return Field("metric", base, part, numeric=True)
        return Field("metric", key, numeric=True)

    def attribute(self, name: str, token: Token) -> Field:
        grammar = self.grammar
        name = grammar.aliases.get(name, name)
        if name in grammar.attributes:
            return Field("attribute", name, numeric=grammar.attributes[name])
        known = (*grammar.attributes, *grammar.aliases)
        near = _nearest(name, known)
        if not near and "metric" in grammar.kinds:
            text = grammar.text and not self.orders
            alone = text and self.at_end()
            among = text and self.token.kind == "word" and self.token.text.upper() not in _KEYWORDS
            near = f"; did you mean metrics.{name} or params.{name}?"
            near = "; to look for words, such as a name, write them in quotes" if among else near
            near = f"; to look for the word write '{name}' in quotes" if alone else near
        raise self.fault(
            f"A {grammar.noun} has no attribute {name!r}{near} (there are {', '.join(grammar.attributes)})", token
        )

    def unknown_kind(self, head: str, token: Token) -> Exception:
        words = [f"{kind}s" for kind in self.grammar.kinds]
        return self.fault(f"{head!r} is not one of {', '.join(words)}{_nearest(head.lower(), words)}", token)


def _quoting(token: Token, field: Field) -> str:
    if field == _DURATION and (milliseconds := filter_values.age_of(token.text)) is not None:
        return f"; it is in seconds: write {milliseconds / 1000:g}"
    if token.kind == "word" and not field.numeric:
        return f"; write '{token.text}' in quotes"
    if token.quote == "`":
        return "; back-ticks are for keys"
    return ""


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word[:100], known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _name(field: Field) -> str:
    key = f"{field.key}.{field.part}" if field.part else field.key
    return key if field.kind == "attribute" else f"{field.kind}s.{key}"
