"""Any filter against an independent reading of the grammar in plain Python, and any text at all."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from filter_cases import CODE, INF, NAN, NOW, found, made_filter_store
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_stores import START

from jupyter_track.errors import FilterError
from jupyter_track.records import Run
from jupyter_track.store import filter_sql
from jupyter_track.store.filters import parse_order_by
from jupyter_track.store.reader import Reader


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of four runs that differ in everything."""
    return made_filter_store(tmp_path_factory.mktemp("filters"))


@pytest.fixture(scope="module")
def connection(store: Path) -> Any:
    """One connection for many searches."""
    connection = sqlite3.connect(store)
    yield connection
    connection.close()


# ---- any filter against plain Python


Predicate = Callable[[Run], bool]


@dataclass(frozen=True)
class Case:
    """A filter's text and what it means."""

    text: str
    finds: Predicate


NUMBERS = [-INF, -1, 0, 0.1, 0.25, 0.5, 1, 2, 3, 7.0, 10, 5.0, 60, INF, START, START + 5_000]
TEXTS = ["", "red", "Red", "svm", "SVM rbf", "0.1", "it's", "a*b", "größe", "FINISHED", "FAILED", "odd", "ada", "None"]
TEXTS += ["Nets", "Übung.ipynb", "a note", "GRÖßE", "model = SVC()"]
PATTERNS = [
    *TEXTS,
    "%",
    "_%",
    "r%",
    "%D%",
    "s_m%",
    "%*%",
    "gr__e",
    "%[%",
    "?",
    "FIN%",
    "n%",
    "%übung%",
    "%ÄPFEL%",
    "%svc()",
]
STATUSES = ["RUNNING", "scheduled", "Finished", "FAILED", "killed"]
STATUS_PATTERNS = ["fin%", "%ED", "%", "FAILED", "%n%", "_unning"]
WORDS = ["dropout", "FIT", "note", "a", "Red", "team", "äpfel", "größe", "größe_1", "100%", "%", "_", "*", "x*[y]?"]
WORDS += ["svc", "SVM", "by", "hand", "mixed", "odd", "model", "\\", "nothing"]
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def like(value: str, pattern: str, flags: int = 0) -> bool:
    """LIKE and ILIKE, by a regular expression."""
    parts = {"%": ".*", "_": "."}
    regex = "".join(parts.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(regex, value, re.DOTALL | flags) is not None


def quoted(text: str) -> str:
    """A text as a value in a filter."""
    return "'" + text.replace("'", "''") + "'"


def metric_number(key: str) -> Callable[[Run], float | None]:
    """What ``metrics.KEY`` is: the last value, or an extreme where it ends so and no metric is called so."""

    def number(run: Run) -> float | None:
        if key in run.metrics:
            return run.metrics[key].last
        base, _, part = key.rpartition(".")
        if part in ("min", "max") and base in run.metrics:
            extreme = getattr(run.metrics[base], part)
            return NAN if extreme is None else extreme
        return None

    return number


def param_number(key: str) -> Callable[[Run], Any]:
    """What ``params.KEY`` is to a comparison of numbers."""

    def number(run: Run) -> Any:
        if key not in run.params:
            return None
        value = run.params[key].value
        return value if isinstance(value, (int, float)) else "no number"

    return number


NUMERIC: dict[str, Callable[[Run], Any]] = {
    **{f"metrics.{key}": metric_number(key) for key in ("loss", "acc", "loss.min", "loss.max", "none")},
    "metrics.`all nan`.min": metric_number("all nan.min"),
    **{f"params.{key}": param_number(key) for key in ("lr", "model", "n", "flag", "none")},
    "start_time": lambda run: run.start_time,
    "attributes.end_time": lambda run: run.end_time,
    "duration": lambda run: run.duration,
    "number": lambda run: run.number,
    "pinned": lambda run: run.pinned,
}
TEXTUAL: dict[str, Callable[[Run], str | None]] = {
    **{
        f"params.{key}": (lambda run, key=key: run.data.params.get(key)) for key in ("lr", "model", "n", "flag", "none")
    },
    "params.`odd key`": lambda run: run.data.params.get("odd key"),
    **{
        f"tags.{key}": (lambda run, key=key: run.data.tags.get(key))
        for key in ("team", "none", "mlflow.runName", "mlflow.user", "mlflow.note.content", "mlflow.parentRunId")
    },
    "attributes.run_name": lambda run: run.name,
    "name": lambda run: run.name,
    "experiment": lambda run: run.experiment_name,
    "attributes.notebook": lambda run: run.notebook,
    "note": lambda run: run.note,
    "user_id": lambda run: run.user_id,
}


def compares(value: Any, sign: str, number: float) -> bool:
    """A number against a number; text is unequal to all of them."""
    return sign == "!=" if isinstance(value, str) else SIGNS[sign](value, number)


@st.composite
def numeric_cases(draw: st.DrawFn) -> Case:
    """Clauses that compare numbers."""
    field = draw(st.sampled_from(sorted(NUMERIC)))
    get = NUMERIC[field]
    kind = draw(st.sampled_from(["sign", "in", "between", "null"]))
    no = draw(st.booleans())
    if kind == "null":
        return Case(f"{field} IS {'NOT ' if no else ''}NULL", lambda run: (get(run) is None) != no)
    if kind == "sign":
        sign, number = draw(st.sampled_from(sorted(SIGNS))), draw(st.sampled_from(NUMBERS))
        return Case(f"{field} {sign} {number}", lambda run: get(run) is not None and compares(get(run), sign, number))
    word = "NOT " if no else ""
    if kind == "between":
        low, high = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(NUMBERS))
        return Case(
            f"{field} {word}BETWEEN {low} and {high}",
            lambda run: (
                get(run) is not None and (compares(get(run), ">=", low) and compares(get(run), "<=", high)) != no
            ),
        )
    several = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=4))
    return Case(
        f"{field} {word}in ({','.join(map(str, several))})",
        lambda run: get(run) is not None and any(compares(get(run), "=", one) for one in several) != no,
    )


@st.composite
def text_cases(draw: st.DrawFn) -> Case:
    """Clauses that compare text."""
    field = draw(st.sampled_from(sorted(TEXTUAL)))
    get = TEXTUAL[field]
    no = draw(st.booleans())
    word = "NOT " if no else ""
    kind = draw(st.sampled_from(["=", "like", "in", "null"]))
    if kind == "null":
        return Case(f"{field} is {word}null", lambda run: (get(run) is None) != no)
    if kind == "=":
        text = draw(st.sampled_from(TEXTS))
        sign = "!=" if no else "="
        return Case(f"{field}{sign}{quoted(text)}", lambda run: get(run) is not None and (get(run) == text) != no)
    if kind == "in":
        several = draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4))
        listed = ", ".join(map(quoted, several))
        return Case(f"{field} {word}IN ({listed})", lambda run: get(run) is not None and (get(run) in several) != no)
    pattern, flags = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from([0, re.IGNORECASE]))
    operator = "iLIKE" if flags else "LIKE"
    return Case(
        f"{field} {word}{operator} {quoted(pattern)}",
        lambda run: get(run) is not None and like(get(run) or "", pattern, flags) != no,
    )


@st.composite
def status_cases(draw: st.DrawFn) -> Case:
    """Clauses over the status, in any case."""
    no = draw(st.booleans())
    several = draw(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3))
    one, pattern = several[0], draw(st.sampled_from(STATUS_PATTERNS))
    word = "NOT " if no else ""
    return draw(
        st.sampled_from(
            [
                Case(f"status {'!=' if no else '='} '{one}'", lambda run: (run.status == one.upper()) != no),
                Case(
                    f"status {word}IN ({', '.join(map(quoted, several))})",
                    lambda run: (run.status in [text.upper() for text in several]) != no,
                ),
                Case(f"status {word}LIKE '{pattern}'", lambda run: like(run.status, pattern, re.IGNORECASE) != no),
            ]
        )
    )


@st.composite
def code_cases(draw: st.DrawFn) -> Case:
    """Clauses over the cells of a run: one of them fits; with NOT there are some and none fits."""
    no, word = draw(st.sampled_from([(False, ""), (True, "NOT ")]))
    kind = draw(st.sampled_from(["=", "LIKE", "ILIKE", "IN", "null"]))
    if kind == "null":
        return Case(f"code IS {word}NULL", lambda run: (run.name in CODE) == no)
    if kind in ("LIKE", "ILIKE"):
        pattern, flags = draw(st.sampled_from(PATTERNS)), 0 if kind == "LIKE" else re.IGNORECASE
        text = f"code {word}{kind} {quoted(pattern)}"
        return Case(
            text, lambda run: run.name in CODE and any(like(one, pattern, flags) for one in CODE[run.name]) != no
        )
    value = draw(st.sampled_from(TEXTS))
    text = f"code {word}IN ({quoted(value)})" if kind == "IN" else f"code {'!=' if no else '='} {quoted(value)}"
    return Case(text, lambda run: run.name in CODE and (value in CODE[run.name]) != no)


@st.composite
def time_cases(draw: st.DrawFn) -> Case:
    """Clauses that compare times with ages and dates."""
    field, sign = draw(st.sampled_from(["start_time", "end_time"])), draw(st.sampled_from(sorted(SIGNS)))
    moment = START + draw(st.sampled_from([0, 1, 2, 3, 5_000, 60_000, 7 * 86_400_000]))
    kind = draw(st.sampled_from(["ago", "zone", "local", "day"]))
    if kind == "ago":
        text = f"ago({abs(NOW - moment) / 1000}s)"
        moment = NOW - abs(NOW - moment)
    elif kind == "zone":
        zone = timezone(timedelta(hours=draw(st.integers(-12, 14)), minutes=30))
        text = quoted(datetime.fromtimestamp(moment / 1000, zone).isoformat(timespec="milliseconds"))
    elif kind == "local":
        text = quoted(datetime.fromtimestamp(moment / 1000).isoformat(" ", timespec="milliseconds"))
    else:
        day = datetime.fromtimestamp(moment / 1000).replace(hour=0, minute=0, second=0, microsecond=0)
        text, moment = quoted(day.date().isoformat()), int(day.timestamp() * 1000)
        last = int((day + timedelta(days=1)).timestamp() * 1000) - 1
        if sign in ("=", "!="):
            return Case(
                f"{field} {sign} {text}",
                lambda run: (
                    getattr(run, field) is not None and (moment <= getattr(run, field) <= last) == (sign == "=")
                ),
            )
    return Case(
        f"{field} {sign} {text}",
        lambda run: getattr(run, field) is not None and SIGNS[sign](getattr(run, field), moment),
    )


@st.composite
def word_cases(draw: st.DrawFn) -> Case:
    """Quoted text alone: every word is somewhere."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))

    def finds(run: Run) -> bool:
        own = {key: value for key, value in run.own_tags.items() if not key.startswith("mlflow.")}
        texts = [run.name, run.note or "", *own, *own.values(), *CODE.get(run.name, ())]
        return all(any(word.lower() in text.lower() for text in texts) for word in words)

    return Case(quoted("  ".join(words)), finds)


def joined(parts: list[Case], word: str) -> Case:
    """Several filters under one AND or OR."""
    combine = all if word == "AND" else any
    text = f" {word} ".join(f"({part.text})" for part in parts)
    return Case(text, lambda run: combine(part.finds(run) for part in parts))


cases = st.recursive(
    numeric_cases() | text_cases() | status_cases() | code_cases() | time_cases() | word_cases(),
    lambda inner: (
        st.builds(joined, st.lists(inner, min_size=1, max_size=4), st.sampled_from(["AND", "OR"]))
        | inner.map(lambda case: Case(f"NOT ({case.text})", lambda run: not case.finds(run)))
    ),
    max_leaves=8,
)


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases)
def test_any_filter_finds_what_plain_python_finds(
    connection: sqlite3.Connection, all_runs: list[Run], case: Case
) -> None:
    """SQL and an independent reading of the grammar in Python agree on every run, and NOT is the exact opposite."""
    expected = {run.name for run in all_runs if case.finds(run)}
    assert found(connection, case.text) == expected
    assert found(connection, f"NOT ({case.text})") == {run.name for run in all_runs} - expected


@pytest.fixture(scope="module")
def all_runs(store: Path) -> list[Run]:
    """The records of all runs."""
    return Reader(store).runs()


def ordered(connection: sqlite3.Connection, text: str) -> None:
    """Order the runs by one entry."""
    joins, terms = filter_sql.ordering(parse_order_by([text]))
    connection.execute(f"SELECT runs.id FROM runs{joins.text} ORDER BY {terms}", joins.values).fetchall()


def refused(
    ask: Callable[[sqlite3.Connection, str], Any], connection: sqlite3.Connection, text: str
) -> FilterError | None:
    """Return the FilterError that a question ends with, None where it is answered."""
    try:
        ask(connection, text)
    except FilterError as error:
        return error
    return None


PIECES = [
    *"()'\"`.,=<>!&;\\%_ \n\0-+",
    *("metrics.", "params.lr", "tags.", "status", "attributes.", "datasets.name", " AND ", " OR ", "NOT ", " IN ("),
    *(
        "code",
        "start_time",
        "ago(",
        "2d",
        "1.5w",
        "'2026-11-01'",
        "'2026-02-30'",
        "pinned",
        "experiment",
        "'lost'",
        "//*",
    ),
    *(" BETWEEN ", " LIKE ", " IS ", "NULL", "'x'", "1e5", "nan", "-inf", "0.5", "ü", "\ud800", "\U0001f600", "1_0"),
]


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("metrics.a = ²")
@example("metrics.a = ٣")
@example("metrics.a = 1e99999")
@example("metrics.x IN (1,,2)")
def test_any_text_gives_an_answer_or_a_filter_error(connection: sqlite3.Connection, text: str) -> None:
    """Whatever is typed, the answer is runs or a FilterError whose position lies in the text; the same for an order."""
    for ask in (found, ordered):
        error = refused(ask, connection, text)
        assert error is None or (error.text == text and 0 <= error.position <= len(text))


# ---- many mutated filters, and what reaches SQLite


VALID = [
    "metrics.loss < 0.5 AND params.model = 'svm'",
    "NOT (metrics.loss.min BETWEEN 0.1 AND 1e3 OR tags.team ILIKE 'r%')",
    "start_time > ago(2d) AND end_time <= '2026-11-01 14:30'",
    "status IN ('FINISHED', 'failed') AND duration >= 60",
    "'dropout rate' AND NOT pinned OR experiment != 'Nets'",
    "code NOT LIKE '%dropout%' AND note IS NOT NULL",
    "attributes.run_name = 'a''b' OR params.`odd key` IS NULL",
    "(((number = 3))) AND notebook LIKE '%.ipynb' AND metrics.acc != NaN",
]
ATTACKS = [
    "'; DROP TABLE runs; --",
    "' OR 1=1 --",
    "\0",
    "/**/",
    "; DELETE FROM runs",
    "load_extension('x')",
    "?1",
    ":a",
]
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
FUNCTIONS = {"like", "glob", "coalesce", "nullif"}


def mutated(chance: random.Random) -> str:
    """A valid filter with some pieces taken out, put in, swapped or doubled."""
    text = chance.choice(VALID)
    for _ in range(chance.randint(1, 4)):
        begin = chance.randint(0, len(text))
        end = min(len(text), begin + chance.randint(0, 8))
        other = chance.choice(VALID)
        at = chance.randint(0, len(other))
        own = ["", text[begin:end] * 2, text[begin:end][::-1], other[at : at + 20]]
        joint = f" {chance.choice(['AND', 'OR'])} "
        piece = chance.choice(
            [*own, chance.choice(PIECES), chance.choice(ATTACKS), chr(chance.randint(0, 0x2FF)), joint]
        )
        text = text[:begin] + piece + text[end:]
    return text


def asked_of_sqlite(store: Path, count: int, seed: int) -> tuple[int, set[str]]:
    """Ask mutated filters and orders; return how many were answered, and the first words of what reached SQLite."""
    statements: list[str] = []

    def watch(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        known = action in ALLOWED and (action != sqlite3.SQLITE_FUNCTION or second in FUNCTIONS)
        return sqlite3.SQLITE_OK if known else sqlite3.SQLITE_DENY

    connection = sqlite3.connect(store)
    connection.set_trace_callback(statements.append)
    connection.set_authorizer(watch)
    chance = random.Random(seed)
    answered = 0
    for _ in range(count):
        text = mutated(chance)
        for ask in (found, ordered):
            error = refused(ask, connection, text)
            assert error is None or (error.text == text and 0 <= error.position <= len(text)), text
            answered += error is None
    connection.close()
    return answered, {statement.split()[0] for statement in statements}


def test_3000_mutated_filters(store: Path) -> None:
    """Each gives runs or a FilterError; SQLite is asked to read, and nothing else."""
    answered, begun = asked_of_sqlite(store, 3_000, 1)
    assert begun == {"SELECT"}
    assert 100 < answered < 3_000


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_100000_mutated_filters(store: Path) -> None:
    """The bar: 100,000 of them."""
    answered, begun = asked_of_sqlite(store, 100_000, 2)
    print(f"{answered} answered")
    assert begun == {"SELECT"}


def test_the_watch_would_see_anything_else(store: Path) -> None:
    """A statement that writes, and an unknown function, do not pass."""
    connection = sqlite3.connect(store)
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY)
    for statement in ("DELETE FROM runs", "PRAGMA user_version", "ATTACH ':memory:' AS other"):
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(statement)
    connection.close()
