"""The tree that a search filter is parsed to, and what can be searched: the vocabulary of `filters`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..records import RunStatus

Kind = Literal["metric", "param", "tag", "attribute", "dataset"]
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
class Words:
    """Words that all have to be in a run's name, note, tags or code, whatever the case."""

    words: tuple[str, ...]


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
Node = Clause | Words | Not | And | Or


@dataclass(frozen=True, slots=True)
class Ordering:
    """One entry of ``order_by``."""

    field: Field
    descending: bool = False


@dataclass(frozen=True)
class Grammar:
    """What can be searched.

    Attributes
    ----------
    noun : str
    kinds : tuple of Kind
        What stands before the dot of a field.
    attributes : mapping of str to bool
        The fields without a dot, and whether they are numbers.
    aliases : mapping of str to str
        Other names of attributes.
    times : frozenset of str
        Attributes that are times: a date or an age may stand for the number.
    flags : frozenset of str
        Attributes that are true or false, and may stand alone.
    choices : mapping of str to tuple of str
        The values that an attribute has, in capitals.
    unordered : frozenset of str
        Attributes by which nothing can be ordered.
    datasets : tuple of str
        What can be asked of datasets.
    text : bool
        Whether a quoted text may stand alone, and is looked for everywhere.
    """

    noun: str
    kinds: tuple[Kind, ...]
    attributes: Mapping[str, bool]
    aliases: Mapping[str, str]
    times: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unordered: frozenset[str] = frozenset()
    datasets: tuple[str, ...] = ()
    text: bool = False


RUNS = Grammar(
    "run",
    ("metric", "param", "tag", "attribute", "dataset"),
    {
        "run_id": False,
        "run_name": False,
        "status": False,
        "artifact_uri": False,
        "user_id": False,
        "start_time": True,
        "end_time": True,
        "duration": True,
        "number": True,
        "experiment": False,
        "notebook": False,
        "note": False,
        "code": False,
        "pinned": True,
    },
    {
        "name": "run_name",
        "created": "start_time",
        "Created": "start_time",
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
        "experiment_name": "experiment",
    },
    times=frozenset({"start_time", "end_time"}),
    flags=frozenset({"pinned"}),
    choices={"status": RunStatus.ALL},
    unordered=frozenset({"code"}),
    datasets=("name", "digest", "context"),
    text=True,
)
EXPERIMENTS = Grammar(
    "experiment",
    ("tag", "attribute"),
    {"name": False, "experiment_id": False, "creation_time": True, "last_update_time": True},
    {},
    times=frozenset({"creation_time", "last_update_time"}),
)
MODELS = Grammar(
    "registered model",
    ("tag", "attribute"),
    {"name": False, "creation_timestamp": True, "last_updated_timestamp": True},
    {"timestamp": "last_updated_timestamp"},
    times=frozenset({"creation_timestamp", "last_updated_timestamp"}),
)
VERSIONS = Grammar(
    "model version",
    ("tag", "attribute"),
    {
        "name": False,
        "run_id": False,
        "source_path": False,
        "version_number": True,
        "creation_timestamp": True,
        "last_updated_timestamp": True,
    },
    {"version": "version_number", "source": "source_path"},
    times=frozenset({"creation_timestamp", "last_updated_timestamp"}),
)
