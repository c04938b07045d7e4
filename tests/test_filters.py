"""The search grammar: what each clause finds, what each mistake says, and that nothing else can happen."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_stores import START, add_runs, made_store

from jupyter_track.errors import FilterError
from jupyter_track.records import Run
from jupyter_track.store import filter_sql
from jupyter_track.store.filter_tokens import MAX_LENGTH
from jupyter_track.store.filter_tree import EXPERIMENTS, Comparison, Field, Or, Ordering
from jupyter_track.store.filters import (
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_ORDERINGS,
    MAX_VALUES,
    parse_experiment_filter,
    parse_filter,
    parse_order_by,
)
from jupyter_track.store.reader import Reader

NAN, INF = math.nan, math.inf

RUNS: dict[str, dict[str, Any]] = {
    "plain": {
        "params": {"lr": 0.1, "model": "svm", "n": 3, "flag": True},
        "metrics": {"loss": [3.0, 0.25, 0.5], "acc": 0.9},
        "tags": {"team": "red", "mlflow.parentRunId": "by hand"},
        "user_id": "ada",
        "end_time": START + 5_000,
        "duration": 5.0,
    },
    "Mixed": {
        "params": {"lr": "0.1", "model": "SVM rbf", "n": 10, "odd key": "it's"},
        "metrics": {"loss": [1.0, 2.0], "loss.min": 7.0},
        "tags": {"team": "Red", "x*[y]?": "a*b"},
        "status": "FAILED",
        "note": "a note",
        "end_time": START + 60_000,
        "duration": 60.0,
    },
    "odd": {
        "params": {"lr": NAN, "model": None, "n": INF},
        "metrics": {"loss": [0.5, NAN], "acc": INF, "odd key": -INF, "all nan": [NAN, NAN]},
        "tags": {"team": "größe", "mlflow.user": "by hand"},
        "user_id": "eve",
        "parent_uuid": "0" * 32,
        "status": "RUNNING",
    },
    "bare": {},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of four runs that differ in everything."""
    path = made_store(tmp_path_factory.mktemp("filters"))
    add_runs(path, *({"name": name, **run} for name, run in RUNS.items()))
    return path


@pytest.fixture(scope="module")
def connection(store: Path) -> Any:
    """One connection for the many searches of the property tests."""
    connection = sqlite3.connect(store)
    yield connection
    connection.close()


def found(connection: sqlite3.Connection, text: str) -> set[str]:
    """Return the names of the runs that a filter finds."""
    sql = filter_sql.condition(parse_filter(text))
    return {row[0] for row in connection.execute(f"SELECT name FROM runs WHERE {sql.text}", sql.values)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "plain Mixed odd bare"),
        ("  \n ", "plain Mixed odd bare"),
        # metrics: the last value
        ("metrics.loss = 0.5", "plain"),
        ("metric.loss==.5", "plain"),
        ("metrics.loss > 1e0", "Mixed"),
        ("metrics.loss<=2.", "plain Mixed"),
        ("metrics.loss != 0.5", "Mixed odd"),
        ("metrics.loss <> 0.5", "Mixed odd"),
        ("metrics.acc > 100", "odd"),
        ("metrics.acc = inf", "odd"),
        ("metrics.acc = +Infinity", "odd"),
        ("metrics.`odd key` = -inf", "odd"),
        ('metrics."odd key" < 0', "odd"),
        ("metrics.loss = NaN", "odd"),
        ("metrics.loss != nan", "plain Mixed"),
        ("metrics.loss IN (0.5, NaN)", "plain odd"),
        ("metrics.loss NOT IN (0.5, 1)", "Mixed odd"),
        ("metrics.loss BETWEEN 0.5 AND 2", "plain Mixed"),
        ("metrics.loss NOT BETWEEN 0 AND 1", "Mixed odd"),
        ("metrics.loss IS NULL", "bare"),
        ("metrics.acc is not null", "plain odd"),
        # the extremes of a curve, and metrics that are themselves called so
        ("metrics.loss.min = 0.25", "plain"),
        ("metrics.loss.min = 0.5", "odd"),
        ("metrics.loss.min = 7", "Mixed"),
        ("metrics.loss.max = 3", "plain"),
        ("metrics.`loss`.max = 2", "Mixed"),
        ("metrics.`loss.min` = 7", "Mixed"),
        ("metrics.`loss.min` IS NULL", "plain odd bare"),
        ("metrics.loss.min IS NULL", "bare"),
        ("metrics.`all nan`.min = NaN", "odd"),
        ("metrics.`all nan`.max != 1", "odd"),
        # params: numbers as numbers, quoted values as text
        ("params.lr > 0.01", "plain"),
        ("params.lr = 0.1", "plain"),
        ("params.lr = '0.1'", "plain Mixed"),
        ('parameters.lr = "0.1"', "plain Mixed"),
        ("params.lr != 0.1", "Mixed odd"),
        ("params.lr = nan", "odd"),
        ("params.lr != NaN", "plain Mixed"),
        ("param.n < 10", "plain"),
        ("params.n >= 10", "Mixed odd"),
        ("params.n = inf", "odd"),
        ("params.n BETWEEN 3 and 10", "plain Mixed"),
        ("params.n IN ('3', 10)", "plain Mixed"),
        ("params.flag = true", "plain"),
        ("params.flag = 'True'", "plain"),
        ("params.model LIKE 's%'", "plain"),
        ("params.model ILIKE 'svm%'", "plain Mixed"),
        ("params.model NOT LIKE 's%'", "Mixed odd"),
        ("params.model LIKE 'S_M ___'", "Mixed"),
        ("params.model = 'None'", "odd"),
        ("params.model IS NULL", "bare"),
        ("params.`odd key` = 'it''s'", "Mixed"),
        ("`params`.`odd key` IS NOT NULL", "Mixed"),
        # tags, mlflow's own among them
        ("tags.team = 'red'", "plain"),
        ("tag.team != 'red'", "Mixed odd"),
        ("tags.team ILIKE 'RED'", "plain Mixed"),
        ("tags.team LIKE 'gr__e'", "odd"),
        ("tags.team IN ('red', 'Red')", "plain Mixed"),
        ("tags.`x*[y]?` LIKE '%*%'", "Mixed"),
        ("tags.`x*[y]?` LIKE '*%'", ""),
        ("tags.mlflow.runName = 'odd'", "odd"),
        ("tags.`mlflow.runName` LIKE '%d'", "Mixed odd"),
        ("tags.mlflow.user = 'ada'", "plain"),
        ("tags.mlflow.user = 'by hand'", "odd"),
        ("tags.mlflow.user IS NULL", "Mixed bare"),
        ("tags.mlflow.parentRunId = '" + "0" * 32 + "'", "odd"),
        ("tags.mlflow.parentRunId = 'by hand'", "plain"),
        ("tags.mlflow.note.content LIKE '%note'", "Mixed"),
        # attributes
        ("status = 'FINISHED'", "plain bare"),
        ("attributes.status != 'FINISHED'", "Mixed odd"),
        ("attr.status IN ('FAILED', 'RUNNING')", "Mixed odd"),
        ("run.run_name LIKE 'o%'", "odd"),
        ("attributes.`run name` = 'plain'", "plain"),
        ('"Run Name" = "plain"', "plain"),
        ("user_id = 'eve'", "odd"),
        (f"start_time > {START + 1}", "odd bare"),
        (f"attributes.Created <= {START}", "plain"),
        (f"created = {START}", "plain"),
        ("end_time IS NULL", "odd bare"),
        (f"end_time != {START + 5_000}", "Mixed"),
        ("attributes.duration >= 60", "Mixed"),
        ("duration between 1 and 10.5", "plain"),
        ("artifact_uri LIKE 'runs:/%'", "plain Mixed odd bare"),
        ("run_id = 'none'", ""),
        # together
        ("metrics.loss < 1 AND params.model = 'svm'", "plain"),
        ("status='FAILED' or status='RUNNING' and metrics.acc=inf", "Mixed odd"),
        ("(status='FAILED' or status='RUNNING') and metrics.acc=inf", "odd"),
        ("NOT metrics.acc > 0", "Mixed bare"),
        ("NOT NOT metrics.acc > 0", "plain odd"),
        ("not (metrics.acc > 0 or status = 'FAILED')", "bare"),
        ("not (metrics.acc > 0 and status = 'FINISHED')", "Mixed odd bare"),
        ("(((metrics.acc=0.9)))", "plain"),
    ],
)
def test_what_a_filter_finds(connection: sqlite3.Connection, text: str, names: str) -> None:
    """Each form of a clause finds exactly the runs that the grammar says."""
    assert found(connection, text) == set(names.split())


def test_run_ids_in_a_list(store: Path) -> None:
    """mlflow's IN and NOT IN over run ids."""
    reader = Reader(store)
    ids = {run.name: run.run_id for run in reader.runs()}
    listed = f"('{ids['odd']}', '{ids['bare']}')"
    assert [run.name for run in reader.runs(filter_string=f"attributes.run_id IN {listed}")] == ["bare", "odd"]
    assert [run.name for run in reader.runs(filter_string=f"run_id NOT IN {listed}")] == ["Mixed", "plain"]
    assert [run.name for run in reader.runs(filter_string=f"run_id = '{ids['odd']}'")] == ["odd"]


@pytest.mark.parametrize(
    ("text", "position", "part"),
    [
        ("metrcs.loss < 1", 0, "did you mean 'metrics'?"),
        ("statu = 'x'", 0, "did you mean 'status'?"),
        ("status = 'x' AND run_nam = 'y'", 17, "did you mean 'run_name'?"),
        ("lr > 1", 0, "did you mean metrics.lr or params.lr?"),
        ("metrics.a = 1 adn metrics.b = 2", 14, "did you mean 'AND'?"),
        ("metrics.a betwen 1 and 2", 10, "did you mean 'BETWEEN'?"),
        ("metrics.loss <", 14, "a number for metrics.loss, not the end"),
        ("metrics.loss < '1'", 15, "without quotes"),
        ("metrics.loss LIKE '1'", 18, "is a number"),
        ("metrics.loss > nan", 13, "= NaN or != NaN"),
        ("metrics.loss BETWEEN nan AND 1", 0, "NaN cannot be an end"),
        ("metrics.loss.min > 'a'", 19, "metrics.loss.min is a number"),
        ("params.lr < '0.1'", 10, "write 0.1 without quotes to compare numbers"),
        ("params.lr BETWEEN 'a' AND 'b'", 18, "compares numbers"),
        ("params.model = svm", 15, "write 'svm' in quotes"),
        ("params.model = `svm`", 15, "back-ticks are for keys"),
        ("tags.version = 3", 15, "write '3' in quotes"),
        ("tags.version >= '3'", 13, "compares numbers"),
        ("start_time > '2024-01-01'", 13, "without quotes"),
        ("start_time = nan", 13, "never NaN"),
        ("datasets.name = 'mnist'", 0, "not recorded yet"),
        ("metrics. = 1", 0, "Expected a key"),
        ("metrics.loss. = 1", 0, "Expected a key"),
        ("`a``b`c = 1", 6, "Expected a dot"),
        ("'status' = 'x'", 0, "Expected a field"),
        ("AND status = 'x'", 0, "before AND"),
        ("status = 'x' AND", 16, "Expected a field"),
        ("status NOT 'x'", 11, "after NOT"),
        ("status IS 'x'", 10, "NULL or NOT NULL"),
        ("status IN 'x'", 10, "Expected '('"),
        ("status IN ('x'", 14, "Expected ')'"),
        ("status IN ()", 11, "Expected a quoted text"),
        ("(status = 'x'", 13, "close the parenthesis"),
        ("status = 'x')", 12, "Expected AND, OR or the end"),
        ("()", 1, "Expected a field"),
        ("status = 'x", 9, "is not closed"),
        ("status = 'a''b", 9, "is not closed"),
        ("a & b", 2, "write AND"),
        ("metrics.a = 1; DROP TABLE runs", 13, "means nothing"),
        ("status = 'a\0'", 11, "NUL"),
        ("status = '\ud800'", 10, "surrogate"),
    ],
)
def test_a_mistake_says_where_and_what_instead(text: str, position: int, part: str) -> None:
    """An unreadable filter is a FilterError with the position and a remedy."""
    with pytest.raises(FilterError) as raised:
        parse_filter(text)
    assert raised.value.position == position
    assert raised.value.text == text
    assert part in str(raised.value)


def test_what_is_no_text_is_a_filter_error() -> None:
    """A list or a number as filter or ordering is refused like any other mistake."""
    for wrong in (3, ["metrics.a = 1"], b"metrics.a = 1"):
        with pytest.raises(FilterError, match="must be text"):
            parse_filter(wrong)  # type: ignore[arg-type]
    with pytest.raises(FilterError, match="must be text, not int"):
        parse_order_by([3])  # type: ignore[list-item]
    assert parse_filter(None) is None


def test_nesting_is_bounded_and_the_deepest_runs(connection: sqlite3.Connection) -> None:
    """Nesting up to the bound is answered by SQLite whatever it nests; beyond it is a FilterError, at any depth."""
    for joint in (" AND NOT (", " OR ("):
        deep = "metrics.loss.min = 7" + f"{joint}metrics.loss.min = 7" * MAX_DEPTH + ")" * MAX_DEPTH
        assert found(connection, deep) <= {"Mixed", "plain", "odd", "bare"}
    assert found(connection, "(" * MAX_DEPTH + "metrics.acc = 0.9" + ")" * MAX_DEPTH) == {"plain"}
    for depth in (MAX_DEPTH + 1, 5_000, 100_000):
        with pytest.raises(FilterError, match="nested more than"):
            parse_filter("(" * depth + "metrics.acc = 0.9" + ")" * depth if depth < 99_999 else "(" * depth)
    assert found(connection, "NOT " * 40_000 + "metrics.acc = 0.9") == {"plain"}


def test_long_filters_are_answered_or_refused(connection: sqlite3.Connection) -> None:
    """As many clauses and values as are allowed run in SQLite; more are a FilterError."""
    clause = "metrics.loss.min != -1"
    assert found(connection, " AND ".join([clause] * MAX_CLAUSES)) == {"plain", "Mixed", "odd"}
    assert found(connection, " OR ".join([f"NOT {clause}"] * MAX_CLAUSES)) == {"bare"}
    with pytest.raises(FilterError, match="clauses"):
        parse_filter(" AND ".join([clause] * (MAX_CLAUSES + 1)))
    assert found(connection, f"params.n IN ({', '.join(map(str, range(MAX_VALUES)))})") == {"plain", "Mixed"}
    with pytest.raises(FilterError, match="values"):
        parse_filter(f"params.n IN ({', '.join(map(str, range(MAX_VALUES + 1)))})")
    with pytest.raises(FilterError, match="characters") as raised:
        parse_filter("status = '" + "x" * MAX_LENGTH + "'")
    assert len(str(raised.value)) < 300
    with pytest.raises(FilterError, match="1,000"):
        parse_filter(f"status LIKE '{'%a' * 501}'")
    assert found(connection, f"metrics.loss < {'9' * 5_000} AND metrics.loss > -1e999") == {"plain", "Mixed"}


def test_the_tree_and_the_sql_hold_no_value_in_the_text() -> None:
    """Keys and values are bound, whatever they say."""
    key, value = "x' OR 1=1 --", "'; DROP TABLE runs; --"
    node = parse_filter(f'params.`{key}` = "{value}" OR metrics.`a``b` < 1')
    assert node == Or(
        (
            Comparison(Field("param", key), "=", value),
            Comparison(Field("metric", "a`b", numeric=True), "<", 1),
        )
    )
    sql = filter_sql.condition(node)
    assert sql.values == (key, value, "a`b", 1)
    assert "DROP" not in sql.text
    assert "1=1" not in sql.text


# ---- ordering


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        (["metrics.loss ASC"], "plain Mixed odd bare"),
        (["metrics.loss DESC"], "Mixed plain odd bare"),
        (["metrics.acc"], "plain odd bare Mixed"),
        (["metric.`acc` desc"], "odd plain bare Mixed"),
        (["metrics.loss.min"], "plain odd Mixed bare"),
        (["metrics.`loss.min` DESC"], "Mixed bare odd plain"),
        (["params.n"], "plain Mixed odd bare"),
        (["params.n DESC"], "odd Mixed plain bare"),
        (["params.model"], "odd Mixed plain bare"),
        (["params.`odd key` ASC"], "Mixed bare odd plain"),
        (["tags.team"], "Mixed odd plain bare"),
        (["tags.mlflow.user"], "plain odd bare Mixed"),
        (["status", "run_name DESC"], "Mixed plain bare odd"),
        (["attributes.start_time"], "plain Mixed odd bare"),
        (["end_time DESC"], "Mixed plain bare odd"),
        (["`Run Name`"], "Mixed bare odd plain"),
        ("duration", "plain Mixed bare odd"),
        ([], "bare odd Mixed plain"),
        (None, "bare odd Mixed plain"),
    ],
)
def test_order(store: Path, entries: list[str] | str | None, names: str) -> None:
    """Rows without the value come last both ways, NaN before them; equal rows with the newest first."""
    expected = names.split()
    if entries == ["tags.team"]:  # "Red" < "größe" < "red" by code point
        expected = ["Mixed", "odd", "plain", "bare"]
    assert [run.name for run in Reader(store).runs(order_by=entries)] == expected


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ("", "must name a field"),
        ("metrics.loss DSC", "did you mean 'DESC'?"),
        ("metrics.loss DESC, status", "Expected ASC, DESC or the end"),
        ("lss", "no attribute 'lss'"),
        ("metrics.loss < 1", "Expected ASC, DESC or the end"),
        ("datasets.name", "not recorded yet"),
    ],
)
def test_a_bad_order_is_a_filter_error(entry: str, part: str) -> None:
    """A key or direction that cannot be read is refused."""
    with pytest.raises(FilterError, match=re.escape(part)):
        parse_order_by([entry])


def test_the_number_of_orderings_is_bounded(store: Path) -> None:
    """As many orderings as are allowed run in SQLite; more are a FilterError."""
    most = ["metrics.loss.min DESC"] * MAX_ORDERINGS
    assert [run.name for run in Reader(store).runs(order_by=most)] == ["Mixed", "odd", "plain", "bare"]
    with pytest.raises(FilterError, match="orderings"):
        parse_order_by([*most, "status"])
    assert parse_order_by(["params.lr DESC"]) == (Ordering(Field("param", "lr"), descending=True),)


# ---- experiments


def test_experiments_have_their_own_fields() -> None:
    """Name, ids, times and tags can be searched; what only runs have cannot."""
    assert parse_experiment_filter("name LIKE 'a%'") == Comparison(Field("attribute", "name"), "LIKE", "a%")
    assert parse_order_by(["last_update_time DESC"], EXPERIMENTS)[0].descending
    for text in ("metrics.loss < 1", "status = 'x'", "datasets.name = 'x'"):
        with pytest.raises(FilterError):
            parse_experiment_filter(text)
    with pytest.raises(FilterError, match="did you mean 'tags'"):
        parse_experiment_filter("tgs.a = 'b'")


# ---- any filter against plain Python


Predicate = Callable[[Run], bool]


@dataclass(frozen=True)
class Case:
    """A filter's text and what it means."""

    text: str
    finds: Predicate


NUMBERS = [-INF, -1, 0, 0.1, 0.25, 0.5, 1, 2, 3, 7.0, 10, 5.0, 60, INF, START, START + 5_000]
TEXTS = ["", "red", "Red", "svm", "SVM rbf", "0.1", "it's", "a*b", "größe", "FINISHED", "FAILED", "odd", "ada", "None"]
PATTERNS = [*TEXTS, "%", "_%", "r%", "%D%", "s_m%", "%*%", "gr__e", "%[%", "?", "FIN%"]
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def like(value: str, pattern: str, flags: int = 0) -> bool:
    """LIKE, by a regular expression; ASCII letters alone have two cases."""
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
    "status": lambda run: run.status,
    "attributes.run_name": lambda run: run.name,
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
    pattern, flags = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from([0, re.IGNORECASE | re.ASCII]))
    ascii_flags = flags & re.IGNORECASE
    operator = "iLIKE" if flags else "LIKE"
    return Case(
        f"{field} {word}{operator} {quoted(pattern)}",
        lambda run: get(run) is not None and like(get(run) or "", pattern, ascii_flags) != no,
    )


def joined(parts: list[Case], word: str) -> Case:
    """Several filters under one AND or OR."""
    combine = all if word == "AND" else any
    text = f" {word} ".join(f"({part.text})" for part in parts)
    return Case(text, lambda run: combine(part.finds(run) for part in parts))


cases = st.recursive(
    numeric_cases() | text_cases(),
    lambda inner: (
        st.builds(joined, st.lists(inner, min_size=1, max_size=4), st.sampled_from(["AND", "OR"]))
        | inner.map(lambda case: Case(f"NOT ({case.text})", lambda run: not case.finds(run)))
    ),
    max_leaves=8,
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
