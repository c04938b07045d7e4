"""The tree that a search filter is parsed to, and what can be searched: the vocabulary of `filters`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["metric", "param", "tag", "attribute"]
Value = str | int | float


@dataclass(frozen=True, slots=True)
class Field:
    """What a clause looks at. `part` is ``min`` or ``max`` where the extreme of a metric is asked for."""

    kind: Kind
    key: str
    part: str = ""
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field against one value; `operator` is one of ``= != < <= > >= LIKE ILIKE``."""

    field: Field
    operator: str
    value: Value
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """A field against a list of values."""

    field: Field
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """A field against a range, both ends included."""

    field: Field
    low: int | float
    high: int | float
    negated: bool = False


@dataclass(frozen=True, slots=True)
class NullTest:
    """Whether a field is missing (`negated`: there)."""

    field: Field
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a filter."""

    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of some filters."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of some filters."""

    nodes: tuple[Node, ...]


Clause = Comparison | Membership | Between | NullTest
Node = Clause | Not | And | Or


@dataclass(frozen=True, slots=True)
class Ordering:
    """One entry of ``order_by``."""

    field: Field
    descending: bool = False


@dataclass(frozen=True)
class Grammar:
    """What can be searched: the kinds of fields, and the attributes with whether they are numbers."""

    noun: str
    kinds: tuple[Kind, ...]
    attributes: Mapping[str, bool]
    aliases: Mapping[str, str]


RUNS = Grammar(
    "run",
    ("metric", "param", "tag", "attribute"),
    {
        "run_id": False,
        "run_name": False,
        "status": False,
        "artifact_uri": False,
        "user_id": False,
        "start_time": True,
        "end_time": True,
        "duration": True,
    },
    {"created": "start_time", "Created": "start_time", "run name": "run_name", "Run name": "run_name"}
    | {"Run Name": "run_name"},
)
EXPERIMENTS = Grammar(
    "experiment",
    ("tag", "attribute"),
    {"name": False, "experiment_id": False, "creation_time": True, "last_update_time": True},
    {},
)
