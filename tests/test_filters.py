"""The search grammar: what each clause finds, in which order, and that nothing else can happen."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filter_cases import found, made_filter_store
from made_stores import START

from jupyter_track.errors import FilterError
from jupyter_track.store import filter_sql
from jupyter_track.store.filter_tokens import MAX_LENGTH
from jupyter_track.store.filter_tree import EXPERIMENTS, Between, Comparison, Field, Or
from jupyter_track.store.filters import (
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_VALUES,
    parse_experiment_filter,
    parse_filter,
    parse_order_by,
)
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
        # what a run is and where it came from
        ("number = 2", "Mixed"),
        ("number BETWEEN 2 AND 3", "Mixed odd"),
        ("attributes.number IN (1, 9)", "plain"),
        ("name = 'odd'", "odd"),
        ("attributes.name LIKE '%d'", "Mixed odd"),
        ("experiment = 'Nets'", "Mixed"),
        ("experiment_name != 'Nets'", "plain odd bare"),
        ("experiment NOT LIKE 'D%'", "Mixed"),
        ("experiment IN ('Nets', 'none')", "Mixed"),
        ("experiment IS NULL", ""),
        ("notebook LIKE '%.ipynb'", "plain Mixed"),
        ("notebook ILIKE 'übung%'", "Mixed"),
        ("notebook IS NULL", "odd bare"),
        ("note = 'a note'", "Mixed"),
        ("note IS NOT NULL", "Mixed"),
        ("pinned", "odd"),
        ("NOT pinned AND status = 'FAILED'", "Mixed"),
        ("pinned = true", "odd"),
        ("(pinned or pinned = false)", "plain Mixed odd bare"),
        ("code LIKE '%dropout%'", "plain"),
        ("code ILIKE '%äpfel%'", "Mixed"),
        ("code LIKE '%äpfel%'", ""),
        ("code NOT LIKE '%SVC%'", "plain odd"),
        ("NOT code LIKE '%SVC%'", "plain odd bare"),
        ("code = 'model = SVC()'", "Mixed"),
        ("code != 'model = SVC()'", "plain odd"),
        ("code IN ('x', 'model = SVC()')", "Mixed"),
        ("code IS NULL", "bare"),
        ("code IS NOT NULL AND status = 'RUNNING'", "odd"),
        # times: ages from ten seconds after START, dates with a zone
        ("start_time > ago(10s)", "Mixed odd bare"),
        ("start_time >= ago(10 s)", "plain Mixed odd bare"),
        ("start_time < ago(9.9985s)", "plain Mixed"),
        ("start_time < ago(0.1m)", "plain Mixed odd bare"),
        ("end_time >= ago( 5s )", "plain Mixed"),
        ("created > ago(2W)", "plain Mixed odd bare"),
        ("start_time < AGO(1000000000000w)", ""),
        ("start_time > ago(0s)", ""),
        ("end_time > '2025-11-03T14:26:40Z'", "plain Mixed"),
        ("end_time > '2025-11-03 15:27 +01:00'", "Mixed"),
        ("start_time = '2025-11-03T14:26:40.002Z'", "odd"),
        ("start_time != '2025-11-03 14:26:40.002z'", "plain Mixed bare"),
        ("start_time BETWEEN '2025-11-03T14:26:40.001Z' AND ago(9.998s)", "Mixed odd"),
        ("start_time IN ('2025-11-03T14:26:40Z', ago(9.999s))", "plain Mixed"),
        # status in any case
        ("status = 'failed'", "Mixed"),
        ("status IN ('Failed', 'running')", "Mixed odd"),
        ("status LIKE 'fin%'", "plain bare"),
        ("status NOT ILIKE '%ED'", "odd"),
        # words anywhere: name, note, tags, code
        ("'dropout'", "plain"),
        ("'DROPOUT fit'", "plain"),
        ("'fit'", "plain odd"),
        ("'note'", "Mixed"),
        ("'NOTE svc'", "Mixed"),
        ("'note' AND 'svc'", "Mixed"),
        ("'mixed'", "Mixed"),
        ("'äpfel'", "Mixed"),
        ("'GRÖßE'", "odd"),
        ("'größe_1'", "odd"),
        ("'r_d'", ""),
        ("'100%'", "Mixed"),
        ("'a*b'", "Mixed"),
        ("'team red'", "plain Mixed"),
        ("'x*[y]?'", "Mixed"),
        ("'hand'", ""),  # of mlflow's own tags
        ('"Red"', "plain Mixed"),
        ("NOT 'fit'", "Mixed bare"),
        ("('svc' OR 'dropout') AND NOT 'mixed'", "plain"),
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


def test_nesting_is_bounded_and_the_deepest_runs(connection: sqlite3.Connection) -> None:
    """Nesting up to the bound is answered by SQLite whatever it nests; beyond it is a FilterError, at any depth."""
    for clause in ("metrics.loss.min = 7", "code NOT LIKE '%x%'", "'mixed note'", "experiment != 'x'"):
        for joint in (" AND NOT (", " OR ("):
            deep = clause + f"{joint}{clause}" * MAX_DEPTH + ")" * MAX_DEPTH
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
    assert found(connection, " AND ".join(["code LIKE '%SVC%'"] * MAX_CLAUSES)) == {"Mixed"}
    many = " AND ".join([f"'{' '.join(f'word{number}' for number in range(100))}'"] * 5)
    assert found(connection, many) == set()
    with pytest.raises(FilterError, match="clauses"):
        parse_filter(f"{many} AND 'one'")
    with pytest.raises(FilterError, match="clauses"):
        parse_filter(" AND ".join([clause] * (MAX_CLAUSES + 1)))
    assert found(connection, f"params.n IN ({', '.join(map(str, range(MAX_VALUES)))})") == {"plain", "Mixed"}
    with pytest.raises(FilterError, match="values"):
        parse_filter(f"params.n IN ({', '.join(map(str, range(MAX_VALUES + 1)))})")
    with pytest.raises(FilterError, match="characters") as raised:
        parse_filter("status = '" + "x" * MAX_LENGTH + "'")
    assert len(str(raised.value)) < 300
    with pytest.raises(FilterError, match="1,000"):
        parse_filter(f"user_id LIKE '{'%a' * 501}'")
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
        ("number", "plain Mixed odd bare"),
        (["experiment DESC", "number"], "Mixed plain odd bare"),
        (["notebook"], "plain Mixed bare odd"),
        (["pinned DESC", "name"], "odd Mixed bare plain"),
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


# ---- experiments


def test_experiments_have_their_own_fields() -> None:
    """Name, ids, times and tags can be searched; what only runs have cannot."""
    assert parse_experiment_filter("name LIKE 'a%'") == Comparison(Field("attribute", "name"), "LIKE", "a%")
    assert parse_order_by(["last_update_time DESC"], EXPERIMENTS)[0].descending
    for text in ("metrics.loss < 1", "status = 'x'", "datasets.name = 'x'", "'words'", "code LIKE 'x'", "pinned"):
        with pytest.raises(FilterError):
            parse_experiment_filter(text)
    with pytest.raises(FilterError, match="did you mean 'tags'"):
        parse_experiment_filter("tgs.a = 'b'")


# ---- times


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in Newfoundland, where the clock goes 3:30 behind UTC in winter."""
    monkeypatch.setenv("TZ", "America/St_Johns")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be changed here")
@pytest.mark.usefixtures("elsewhere")
def test_a_date_without_a_zone_is_of_this_machine() -> None:
    """A date is its first moment there, and with = and != the whole day, also one of 25 hours."""

    def utc(*parts: int) -> int:
        return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]

    field = Field("attribute", "start_time", numeric=True)
    first = utc(2025, 11, 3, 3, 30)
    assert parse_filter("start_time > '2025-11-03'") == Comparison(field, ">", first)
    assert parse_filter("start_time <= '2025-11-03 10:00'") == Comparison(field, "<=", utc(2025, 11, 3, 13, 30))
    assert parse_filter("start_time = '2025-11-03'") == Between(field, first, first + 86_400_000 - 1)
    assert parse_filter("start_time != '2025-11-02'") == Between(
        field, utc(2025, 11, 2, 2, 30), first - 1, negated=True
    )
    assert parse_filter("start_time > '2025-11-03T10:00Z'") == Comparison(field, ">", utc(2025, 11, 3, 10))


def test_ages_count_from_now() -> None:
    """Without another moment the clock of this machine counts."""
    node = parse_filter("start_time > ago(1h)")
    assert isinstance(node, Comparison)
    assert isinstance(node.value, int)
    assert 0 <= time.time() * 1000 - 3_600_000 - node.value < 60_000
    assert parse_experiment_filter("creation_time > ago(1d)") is not None
