"""A filter's tree as SQL: conditions on the tables ``runs`` or ``experiments``, values bound and never in the text.

Every condition is true or false, never NULL, so that NOT is its exact opposite. NOT is carried down to the clauses and
the deepest part of a conjunction comes first: SQLite's parser has a stack of 100 entries, and a parenthesis that opens
an expression takes only one of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..records import MODEL_SOURCE
from .filter_tree import (
    And,
    Between,
    Clause,
    Comparison,
    Field,
    Membership,
    Node,
    Not,
    NullTest,
    Or,
    Ordering,
    Value,
    Words,
)

ARTIFACT_URI = "'runs:/' || runs.uuid"


@dataclass(frozen=True)
class Lookup:
    """A field of other rows that belong to the row: one of them has to fit.

    `start` and `end` go around the test of such a row, whose text is `text`; `there` says whether there is one.
    """

    start: str
    text: str
    end: str
    there: str


@dataclass(frozen=True)
class Table:
    """Where the fields of a searched thing lie in the store."""

    name: str
    attributes: Mapping[str, str]
    tags: str
    owner: str
    special_tags: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)


# Each source is looked at once, however many runs have it; a source in a file is not looked at.
_RAN = (
    "runs.id IN (SELECT run_id FROM executions WHERE source_sha256 IN (SELECT sha256 FROM contents"
    " WHERE sha256 IN (SELECT DISTINCT source_sha256 FROM executions) AND data IS NOT NULL AND "
)
_CODE = "CAST(data AS TEXT)"
_READ = f"EXISTS (SELECT 1 FROM datasets WHERE run_id = runs.id AND source_type <> '{MODEL_SOURCE}'"
_OWN_TAG = "(SELECT value FROM tags WHERE run_id = runs.id AND key = '{}')"

# The tags that records.Run.data makes of columns; where the column is empty, one set by hand counts.
RUNS = Table(
    "runs",
    {
        "run_id": "runs.uuid",
        "run_name": "runs.name",
        "status": "runs.status",
        "artifact_uri": f"({ARTIFACT_URI})",
        "user_id": "runs.user_id",
        "start_time": "runs.start_time",
        "end_time": "runs.end_time",
        "duration": "runs.duration",
        "number": "runs.id",
        "notebook": "runs.notebook",
        "note": "runs.note",
        "pinned": "(runs.pinned IS NOT NULL)",
        "experiment": "(SELECT name FROM experiments WHERE experiments.id = runs.experiment_id)",
    },
    "tags",
    "run_id",
    {
        "mlflow.runName": "runs.name",
        "mlflow.user": f"coalesce({_OWN_TAG.format('mlflow.user')}, nullif(runs.user_id, ''))",
        "mlflow.note.content": f"coalesce(runs.note, {_OWN_TAG.format('mlflow.note.content')})",
        "mlflow.parentRunId": f"coalesce(runs.parent_uuid, {_OWN_TAG.format('mlflow.parentRunId')})",
    },
    {
        "experiment": Lookup("runs.experiment_id IN (SELECT id FROM experiments WHERE ", "name", ")", "1"),
        **{f"datasets.{key}": Lookup(f"{_READ} AND ", key, ")", f"{_READ})") for key in ("name", "digest", "context")},
        "code": Lookup(_RAN, _CODE, "))", "EXISTS (SELECT 1 FROM executions WHERE run_id = runs.id)"),
    },
)
EXPERIMENTS = Table(
    "experiments",
    {
        "name": "experiments.name",
        "experiment_id": "CAST(experiments.id AS TEXT)",
        "creation_time": "experiments.created",
        "last_update_time": "experiments.updated",
    },
    "experiment_tags",
    "experiment_id",
)
MODELS = Table(
    "registered_models",
    {
        "name": "registered_models.name",
        "creation_timestamp": "registered_models.created",
        "last_updated_timestamp": "registered_models.updated",
    },
    "registered_model_tags",
    "model_id",
)
VERSIONS = Table(
    "model_versions",
    {
        "name": "(SELECT name FROM registered_models WHERE registered_models.id = model_versions.model_id)",
        "run_id": "model_versions.run_uuid",
        "source_path": "model_versions.source",
        "version_number": "model_versions.version",
        "creation_timestamp": "model_versions.created",
        "last_updated_timestamp": "model_versions.updated",
    },
    "model_version_tags",
    "version_id",
)


@dataclass(frozen=True)
class Sql:
    """A piece of SQL and the values for its question marks."""

    text: str
    values: tuple[Value, ...] = ()

    def __add__(self, other: Sql) -> Sql:
        return Sql(self.text + other.text, self.values + other.values)


def condition(node: Node | None, table: Table = RUNS) -> Sql:
    """Return the condition that a filter puts on the rows of a table; ``1`` where there is no filter.

    Examples
    --------
    >>> from .filters import parse_filter
    >>> condition(parse_filter("status = 'FINISHED'"))
    Sql(text='(runs.status IS NOT NULL AND (runs.status = ?))', values=('FINISHED',))
    """
    return Sql("1") if node is None else _Compiler(table).node(node, False)[1]


def ordering(orderings: Sequence[Ordering], table: Table = RUNS) -> tuple[Sql, str]:
    """Return the joins that an order needs and the terms of its ORDER BY.

    Rows without the value come last both ways, NaN before them; params are ordered as numbers, then as text.
    """
    joins, terms = Sql(""), []
    for index, entry in enumerate(orderings):
        way = " DESC" if entry.descending else ""
        more, columns = _order_columns(entry.field, f"o{index}", table)
        joins += more
        *tests, value = columns
        if entry.field.kind == "param":  # (missing, no number, number, text)
            missing, no_number, number = tests
            terms += [missing, no_number, number + way, value + way]
        else:
            terms += [*tests, value + way]
    return joins, ", ".join(terms)


def _order_columns(field_: Field, alias: str, table: Table) -> tuple[Sql, list[str]]:
    expression = _expression(field_, table)
    if expression:
        return Sql(""), [f"{expression} IS NULL", expression]
    if field_.kind == "tag":
        return _join(table.tags, alias, table, field_.key), [f"{alias}.value IS NULL", f"{alias}.value"]
    if field_.kind == "param":
        columns = [f"{alias}.text IS NULL", f"{alias}.number IS NULL", f"{alias}.number", f"{alias}.text"]
        return _join("params", alias, table, field_.key), columns
    if not field_.part:
        columns = [f"{alias}.id IS NULL", f"{alias}.last_value IS NULL", f"{alias}.last_value"]
        return _join("metrics", alias, table, field_.key), columns
    other = f"{alias}b"
    joins = _join("metrics", alias, table, f"{field_.key}.{field_.part}") + _join("metrics", other, table, field_.key)
    value = f"CASE WHEN {alias}.id IS NOT NULL THEN {alias}.last_value ELSE {other}.{field_.part}_value END"
    return joins, [f"coalesce({alias}.id, {other}.id) IS NULL", f"{value} IS NULL", value]


def _join(name: str, alias: str, table: Table, key: str) -> Sql:
    return Sql(f" LEFT JOIN {name} AS {alias} ON {alias}.{table.owner} = {table.name}.id AND {alias}.key = ?", (key,))


def _expression(field_: Field, table: Table) -> str | None:
    """The SQL of a field that is a column of the row itself, None for those in another table."""
    if field_.kind == "attribute":
        return table.attributes[field_.key]
    return table.special_tags.get(field_.key) if field_.kind == "tag" else None


class _Compiler:
    def __init__(self, table: Table) -> None:
        self.table = table

    def node(self, node: Node, negated: bool) -> tuple[int, Sql]:
        """Return the depth of a node's SQL and the SQL itself."""
        while isinstance(node, Not):
            node, negated = node.node, not negated
        if not isinstance(node, And | Or):
            sql = self.clause(node)
            return 0, Sql("NOT ") + sql if negated else sql
        parts = sorted((self.node(part, negated) for part in node.nodes), key=lambda part: -part[0])
        word = " AND " if isinstance(node, And) != negated else " OR "
        values = tuple(value for _, part in parts for value in part.values)
        return parts[0][0] + 1, Sql("(" + word.join(part.text for _, part in parts) + ")", values)

    def clause(self, clause: Clause | Words) -> Sql:
        """Return a condition in parentheses, or of one word and parentheses, that is true or false."""
        if isinstance(clause, Words):
            words = sorted(clause.words, key=len, reverse=True)  # the longest leaves the fewest runs to the others
            parts = [_everywhere(word, first=index == 0) for index, word in enumerate(words)]
            texts = " AND ".join(part.text for part in parts)
            return Sql(f"({texts})", tuple(value for part in parts for value in part.values))
        field_ = clause.field
        if isinstance(clause, NullTest):
            there = self.there(field_)
            return there if clause.negated else Sql("(NOT ") + there + Sql(")")
        if field_.kind == "metric":
            return self.metric(field_, clause)
        lookup = self.lookup(field_)
        if lookup is not None:
            return _looked_up(lookup, clause)
        expression = _expression(field_, self.table)
        if expression:
            test = _negated(_test(clause, expression, expression), clause)
            return Sql(f"({expression} IS NOT NULL AND ") + test + Sql(")")
        if field_.kind == "tag":
            test = _negated(_test(clause, "value", "value"), clause)
            return self.exists(self.table.tags, field_.key, test)
        return self.exists("params", field_.key, _negated(_test(clause, "number", "text", _PARAM_NAN), clause))

    def exists(self, name: str, key: str, test: Sql | None = None) -> Sql:
        more = Sql("") if test is None else Sql(" AND ") + test
        start = f"EXISTS (SELECT 1 FROM {name} WHERE {self.table.owner} = {self.table.name}.id AND key = ?"
        return Sql(start, (key,)) + more + Sql(")")

    def lookup(self, field_: Field) -> Lookup | None:
        if field_.kind == "dataset":
            return self.table.lookups[f"datasets.{field_.key}"]
        return self.table.lookups.get(field_.key) if field_.kind == "attribute" else None

    def there(self, field_: Field) -> Sql:
        lookup = self.lookup(field_)
        if lookup is not None:
            return Sql(f"({lookup.there})")
        expression = _expression(field_, self.table)
        if expression:
            return Sql(f"({expression} IS NOT NULL)")
        name = {"metric": "metrics", "param": "params", "tag": self.table.tags}[field_.kind]
        if not field_.part:
            return self.exists(name, field_.key)
        keys = (field_.key, f"{field_.key}.{field_.part}")
        return Sql(f"EXISTS (SELECT 1 FROM metrics WHERE run_id = {self.table.name}.id AND key IN (?, ?))", keys)

    def metric(self, field_: Field, clause: Clause) -> Sql:
        def found(key: str, column: str) -> Sql:
            test = _negated(_test(clause, column, column, f"{column} IS NULL"), clause)
            return self.exists("metrics", key, test)

        if not field_.part:
            return found(field_.key, "last_value")
        whole = f"{field_.key}.{field_.part}"
        return (
            Sql("(CASE WHEN ")
            + self.exists("metrics", whole)
            + Sql(" THEN ")
            + found(whole, "last_value")
            + Sql(" ELSE ")
            + found(field_.key, f"{field_.part}_value")
            + Sql(" END)")
        )


_PARAM_NAN = "(type = 'float' AND text = 'nan')"


def _looked_up(lookup: Lookup, clause: Clause) -> Sql:
    """Return that one of the rows fits; where the clause says NOT or ``!=``, that there are some and none fits."""
    unequal = isinstance(clause, Comparison) and clause.operator == "!="
    if isinstance(clause, Comparison) and unequal:
        clause = replace(clause, operator="=")
    test = Sql(f"({lookup.start}") + _test(clause, "NULL", lookup.text) + Sql(f"{lookup.end})")
    negated = unequal or (not isinstance(clause, NullTest) and clause.negated)
    return Sql(f"({lookup.there} AND NOT ") + test + Sql(")") if negated else test


def _everywhere(word: str, first: bool) -> Sql:
    """Return that a word is in a run's name, note, tags or code, whatever the case.

    For the first word all tags are read once, for the others those of the runs that are left.
    """
    fits, pattern = _contains(word)
    tagged = f"NOT (key >= 'mlflow.' AND key < 'mlflow/') AND (key {fits} OR value {fits})"
    own_tags = (
        f"runs.id IN (SELECT run_id FROM tags WHERE {tagged})"
        if first
        else f"EXISTS (SELECT 1 FROM tags WHERE run_id = runs.id AND {tagged})"
    )
    # Tags come last: looking for a run among those of a piece of code costs less than reading the tags of a run.
    text = f"(runs.name {fits} OR coalesce(runs.note, '') {fits} OR {_RAN}{_CODE} {fits})) OR {own_tags})"
    return Sql(text, (pattern,) * 5)


def _negated(test: Sql, clause: Clause) -> Sql:
    return Sql("NOT ") + test if clause.negated and not isinstance(clause, NullTest) else test


def _test(clause: Clause, number: str, text: str, nan: str = "0") -> Sql:
    """Return the test of a row that is there, in parentheses and never NULL.

    Parameters
    ----------
    clause : clause
    number, text : str
        The columns to compare with numbers and with text; `number` may be NULL.
    nan : str
        The SQL that tells a NaN.
    """
    if isinstance(clause, Between):
        return Sql(f"({number} IS NOT NULL AND {number} BETWEEN ? AND ?)", (clause.low, clause.high))
    if isinstance(clause, Membership):
        return _membership(clause.values, number, text, nan)
    if isinstance(clause, NullTest):
        raise AssertionError("NullTest has no test of a row that is there")
    value, operator = clause.value, clause.operator
    if isinstance(value, str):
        if operator == "LIKE":
            return Sql(f"({text} GLOB ?)", (_glob(value),))
        if operator == "ILIKE":
            fits, pattern = _caseless(value)
            return Sql(f"({text} {fits})", (pattern,))
        return Sql(f"({text} {operator} ?)", (value,))
    if math.isnan(value):
        return Sql(nan if operator == "=" else f"(NOT {nan})")
    if operator in ("=", "!="):
        return Sql(f"({number} {'IS' if operator == '=' else 'IS NOT'} ?)", (value,))
    return Sql(f"({number} IS NOT NULL AND {number} {operator} ?)", (value,))


def _membership(values: Sequence[Value], number: str, text: str, nan: str) -> Sql:
    texts = tuple(value for value in values if isinstance(value, str))
    numbers = tuple(value for value in values if not isinstance(value, str) and not math.isnan(value))
    parts: list[Sql] = []
    if texts:
        parts.append(Sql(f"{text} IN ({_marks(texts)})", texts))
    if numbers:
        parts.append(Sql(f"({number} IS NOT NULL AND {number} IN ({_marks(numbers)}))", numbers))
    if len(texts) + len(numbers) < len(values):
        parts.append(Sql(nan))
    joined = " OR ".join(part.text for part in parts)
    return Sql(f"({joined})", tuple(value for part in parts for value in part.values))


def _marks(values: Sequence[Value]) -> str:
    return ", ".join("?" * len(values))


def _glob(pattern: str, fold: bool = False) -> str:
    """Return a LIKE pattern as one for GLOB, which tells upper and lower case apart unless it is given both."""
    wild = {"%": "*", "_": "?"}
    return "".join(wild.get(char) or _literal(char, fold) for char in pattern)


def _literal(char: str, fold: bool) -> str:
    lower, upper = char.lower(), char.upper()
    if fold and lower != upper and len(lower) == len(upper) == 1:
        return f"[{lower}{upper}]"
    return f"[{char}]" if char in "*?[" else char


def _caseless(pattern: str) -> tuple[str, str]:
    """Return the operator and the pattern for ILIKE; SQLite's LIKE knows the two cases of ASCII letters alone."""
    return ("LIKE ?", pattern) if pattern.isascii() else ("GLOB ?", _glob(pattern, fold=True))


def _contains(word: str) -> tuple[str, str]:
    """Return the operator and the pattern that find a word in a text, whatever the case."""
    if word.isascii():
        escaped = "".join(f"\\{char}" if char in "\\%_" else char for char in word)
        return "LIKE ? ESCAPE '\\'", f"%{escaped}%"
    return "GLOB ?", f"*{''.join(_literal(char, fold=True) for char in word)}*"
