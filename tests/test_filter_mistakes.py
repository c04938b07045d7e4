"""What is no filter or no ordering is a FilterError, which says where and what to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from filter_cases import made_filter_store

from jupyter_track.errors import FilterError
from jupyter_track.store.filter_tree import Field, Ordering
from jupyter_track.store.filters import (
    MAX_ORDERINGS,
    parse_filter,
    parse_order_by,
)
from jupyter_track.store.reader import Reader


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of four runs that differ in everything."""
    return made_filter_store(tmp_path_factory.mktemp("filters"))


@pytest.mark.parametrize(
    ("text", "position", "part"),
    [
        ("metrcs.loss < 1", 0, "did you mean 'metrics'?"),
        ("statu = 'x'", 0, "did you mean 'status'?"),
        ("user_id = 'x' AND run_nam = 'y'", 18, "did you mean 'run_name'?"),
        ("lr > 1", 0, "did you mean metrics.lr or params.lr?"),
        ("mlp lr=0.5", 0, "no attribute 'mlp'; to look for words, such as a name, write them in quotes (there"),
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
        ("duration > '5'", 11, "without quotes"),
        ("metrics.loss => 1", 13, "'=>' is no comparison; write >="),
        ("metrics.loss >> 1", 13, "'>>' is no comparison; write >"),
        ("metrics.loss =< 1", 13, "write <="),
        ("metrics.loss <= < 1", 16, "Expected a number"),
        ("start_time > 2026-11-01", 13, "A date stands in quotes: start_time > '2026-11-01'"),
        ("start_time BETWEEN 2026-11-01 AND ago(1d)", 19, "start_time BETWEEN '2026-11-01'"),
        ("duration > 1m", 11, "it is in seconds: write 60"),
        ("duration < 1.5s", 11, "it is in seconds: write 1.5"),
        ("start_time > 'yesterday'", 13, "start_time is a time: write a date such as '2026-11-01'"),
        ("start_time > '2026-02-30'", 13, "is a time"),
        ("start_time > '2026-11'", 13, "is a time"),
        ("start_time > '9999-12-31T23:59-23:00'", 13, "is a time"),
        ("start_time > '1762180000000'", 13, "or milliseconds without quotes"),
        ("start_time > ago", 16, "Expected '(' after ago, such as ago(2d)"),
        ("start_time > ago(2)", 17, "the unit is one of s, m, h, d, w"),
        ("start_time > ago(2mo)", 17, "a month is 30d"),
        ("start_time > ago(2 days)", 17, "write d for days"),
        ("start_time > ago()", 17, "Expected an age such as 30s"),
        ("start_time > ago('2d')", 17, "Expected an age"),
        ("start_time > ago(2d", 19, "Expected ')' behind the age, not the end"),
        ("duration > ago(2d)", 11, "Expected a number for duration, not 'ago'"),
        ("params.alpha > x", 15, "Expected a number or a quoted text for params.alpha, not 'x'; write 'x' in quotes"),
        ("tags.a = x", 9, "Expected a quoted text for tags.a, not 'x'"),
        ("end_time IN ('2026-11-01')", 13, "A day is no value of IN; write end_time = '2026-11-01' OR"),
        (
            "status = 'lost'",
            9,
            "RUNNING, SCHEDULED, FINISHED, FAILED, KILLED (a run that is shown as lost is RUNNING",
        ),
        ("status IN ('FAILED', 'stopped')", 21, "did you mean 'KILLED'?"),
        ("status NOT LIKE 'lost%'", 16, "No run has the status 'lost%'"),
        ("status LIKE '%%%%%_%%%%%_%_%_%_%_%_%_%_%_%_%_%x'", 12, "No run has the status"),
        ("state = 'failed'", 0, "did you mean 'status'?"),
        ("number = '#3'", 9, "number is a number"),
        ("pinned = 'yes'", 9, "pinned is true or false"),
        ("''", 0, "none in the quotes"),
        ("status = 'FAILED' AND ' '", 22, "none in the quotes"),
        ("'a' 'b'", 0, "Expected AND, OR or the end behind a text to look for, not 'b'"),
        ("'" + "x" * 1001 + "'", 0, "1,000 are the most"),
        ("dropout", 0, "to look for the word write 'dropout' in quotes"),
        ("lr AND 'x'", 0, "write 'lr' in quotes"),
        ("start_time = nan", 13, "never NaN"),
        ("datasets.nme = 'mnist'", 0, "did you mean 'name'?"),
        ("datasets.name = 5", 16, "datasets.name is text: write '5' in quotes"),
        ("metrics. = 1", 0, "Expected a key"),
        ("metrics.loss. = 1", 0, "Expected a key"),
        ("`a``b`c = 1", 6, "Expected a dot"),
        ("'status' = 'x'", 0, "the name of a field stands without these quotes"),
        ("AND status = 'x'", 0, "before AND"),
        ("user_id = 'x' AND", 17, "Expected a field"),
        ("status NOT 'x'", 11, "after NOT"),
        ("status IS 'x'", 10, "NULL or NOT NULL"),
        ("status IN 'x'", 10, "Expected '('"),
        ("user_id IN ('x'", 15, "Expected ')'"),
        ("status IN ()", 11, "Expected a quoted text"),
        ("(user_id = 'x'", 14, "close the parenthesis"),
        ("user_id = 'x')", 13, "Expected AND, OR or the end"),
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


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ("", "must name a field"),
        ("metrics.loss DSC", "did you mean 'DESC'?"),
        ("metrics.loss DESC, status", "Expected ASC, DESC or the end"),
        ("lss", "no attribute 'lss'"),
        ("metrics.loss < 1", "Expected ASC, DESC or the end"),
        ("datasets.name", "Nothing can be ordered by datasets.name"),
        ("code DESC", "Nothing can be ordered by code"),
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
