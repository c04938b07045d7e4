"""Numbers, params, changes, times and sizes as text."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import made_param

from jupyter_track.records import Param
from jupyter_track.views.format import (
    Change,
    Precision,
    age,
    change,
    clock,
    column_text,
    duration,
    iso,
    middle_cut,
    number,
    one_line,
    param_text,
    plain_text,
    precision_of,
    size,
    spread,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.96412, "0.9641"),
        (0.113, "0.1130"),
        (12.3456, "12.35"),
        (123456.7, "123457"),
        (20.0, "20"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.001, "0.001000"),
        (0.000124, "1.24e-4"),
        (1_240_000.0, "1.24e6"),
        (-12.3456, "−12.35"),
        (-1.5e-7, "−1.50e-7"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_a_number_has_four_significant_digits_and_nan_and_infinity_are_words(value: float, text: str) -> None:
    """Below 1e-3 and from 1e6 on it is written with an exponent; the minus sign is a real one."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("values", "direction", "expected"),
    [
        ([0.9641, 0.9521], "max", Precision(4)),
        ([0.96411, 0.96409, 0.5], "max", Precision(5)),
        ([0.5, 0.96411, 0.96409], "min", Precision(4)),
        ([0.123456789, 0.123456788], "min", Precision(6)),
        ([2.3, 0.0123], "min", Precision(5)),
        ([2.3, 0.0123], None, Precision(3)),
        ([1.0, 20.0], "max", Precision(0)),
        ([1.2341e-5, 1.2342e-5], "min", Precision(3, mantissa=4)),
        ([math.nan, math.inf], "max", Precision(0)),
        ([], None, Precision(0)),
        ([0.0, 0.25], "min", Precision(4)),
    ],
)
def test_a_column_has_as_many_decimals_as_its_two_best_values_need(
    values: list[float], direction: str | None, expected: Precision
) -> None:
    """Four significant digits of the best, more until the two best differ, and never more than six."""
    assert precision_of(values, direction) == expected  # type: ignore[arg-type]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=8), st.sampled_from(["min", "max", None]))
def test_any_column_can_be_written(values: list[float], direction: str | None) -> None:
    """Every value of any column has a text without white space, and the decimals stay within 0 to 6."""
    precision = precision_of(values, direction)  # type: ignore[arg-type]
    assert 0 <= precision.decimals <= 6
    assert 2 <= precision.mantissa <= 6
    for value in values:
        assert number(value, precision).split() == [number(value, precision)]


@pytest.mark.parametrize(
    ("value", "reference", "direction", "expected"),
    [
        (0.9641, 0.9521, "max", Change("+0.0120", "better")),
        (0.113, 0.125, "min", Change("−0.0120", "better")),
        (0.125, 0.113, "min", Change("+0.0120", "worse")),
        (0.9521, 0.9641, "max", Change("−0.0120", "worse")),
        (0.5, 0.25, None, Change("+0.2500", None)),
        (0.5, 0.5, "max", Change("same", "same")),
        (0.9641, 0.9641001, "max", Change("−1e-7", "worse")),
        (1e-5, 3e-5, "min", Change("−2.00e-5", "better")),
        (math.nan, 0.5, "max", None),
        (math.inf, math.inf, "max", None),
    ],
)
def test_a_change_has_a_sign_the_decimals_of_the_value_and_a_verdict_by_the_goal(
    value: float, reference: float, direction: str | None, expected: Change | None
) -> None:
    """A difference never reads as zero, and one that is no number is none."""
    assert change(value, reference, direction) == expected  # type: ignore[arg-type]


def test_the_arrow_of_a_change_says_better_or_worse() -> None:
    """The sign says which way the number went, so the arrow is free to say what that means."""
    arrows = [
        Change("−1", "better").arrow,
        Change("+1", "worse").arrow,
        Change("same", "same").arrow,
        Change("+1").arrow,
    ]
    assert arrows == ["▲", "▼", "", ""]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.958, 0.966, 0.962, 0.957, 0.967], "0.962 ± 0.005 (n=5)"),
        ([0.95, 0.962, 0.974], "0.962 ± 0.012 (n=3)"),
        ([10.0, 30.0], "20 ± 14 (n=2)"),
        ([0.5, 0.5], "0.5000 ± 0 (n=2)"),
        ([0.5], "0.5000"),
        ([0.5, math.nan], "0.5000 (n=1, 1 not finite)"),
        ([0.1, 0.2, math.nan], "0.15 ± 0.07 (n=2, 1 not finite)"),
        ([math.nan], "NaN (n=1, 1 not finite)"),
        ([0.0, 0.0135764], "0.007 ± 0.010 (n=2)"),
        ([0.9641, 0.9632, 0.9637], "0.9637 ± 0.0005 (n=3)"),
        ([0.5, 0.5 + 1e-9], "0.5000 ± 7.07e-10 (n=2)"),
    ],
)
def test_a_spread_has_one_digit_or_two_where_it_starts_with_one(values: list[float], text: str) -> None:
    """The mean has the same decimals, and values that are not finite are left out and said."""
    assert spread(values) == text


def test_a_param_reads_as_it_was_written() -> None:
    """A float keeps its literal, a string has no quotes, and line ends do not break the line."""
    params = [
        made_param("lr", 0.001, written="1e-3"),
        made_param("kernel", "rbf", written="'rbf'"),
        made_param("seed", 3),
        made_param("empty", "", written="''"),
        made_param("prompt", "two\n  lines\x1b[31m"),
        made_param("path", "a" * 30 + "b" * 30),
    ]
    texts = [param_text(param) for param in params]
    assert texts == ["1e-3", "rbf", "3", "''", "two lines", "a" * 16 + "…" + "b" * 15]
    assert param_text(params[-1], None) == "a" * 30 + "b" * 30


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0001, "1 ms"),
        (0.84, "840 ms"),
        (0.9996, "1.0 s"),
        (3.2, "3.2 s"),
        (59.96, "1 m 00 s"),
        (252, "4 m 12 s"),
        (3599.6, "1 h 00 m"),
        (7500, "2 h 05 m"),
        (100 * 3600, "4 d 04 h"),
        (-1, "0 ms"),
        (math.nan, "unknown"),
    ],
)
def test_a_duration_has_the_two_units_that_matter(seconds: float, text: str) -> None:
    """Rounding carries over: 59.96 s is a minute."""
    assert duration(seconds) == text


def test_a_clock_counts_up() -> None:
    """Minutes and seconds, with hours only where there are some."""
    assert [clock(42), clock(3723), clock(-5)] == ["0:42", "1:02:03", "0:00"]


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=30), "now"),
        (timedelta(seconds=-30), "now"),
        (timedelta(minutes=4), "4 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=22), "yesterday 16:20"),
        (timedelta(days=2), "1 Nov"),
        (timedelta(days=400), "29 Sep 2024"),
        (timedelta(days=-2), "5 Nov"),
    ],
)
def test_an_age_is_short_and_names_the_day(ago: timedelta, text: str) -> None:
    """Within the day it counts, then it names yesterday, then the date, and the year where it is another."""
    now = datetime(2025, 11, 3, 14, 20, tzinfo=UTC)
    then = now - ago
    assert age(int(then.timestamp() * 1000), int(now.timestamp() * 1000), UTC) == text


def test_a_moment_is_told_in_the_readers_zone() -> None:
    """ISO 8601 with the offset; the day of an age is the reader's day too."""
    east = timezone(timedelta(hours=9))
    now = int(datetime(2025, 11, 3, 1, 0, tzinfo=east).timestamp() * 1000)
    assert iso(now, east) == "2025-11-03 01:00+09:00"
    assert age(now - 2 * 3_600_000, now, east) == "yesterday 23:00"


def test_a_moment_that_no_calendar_has_is_unknown() -> None:
    """A store may hold any 64-bit integer as a time."""
    assert [iso(2**63 - 1), iso(-(2**63)), age(2**62, 0)] == ["unknown", "unknown", "unknown"]


def test_sizes_step_by_a_thousand() -> None:
    """One decimal from the first unit on."""
    sizes = [size(0), size(999), size(12_345), size(999_960), size(4_100_000), size(3 * 10**15)]
    assert sizes == ["0 B", "999 B", "12.3 kB", "1.0 MB", "4.1 MB", "3000.0 TB"]


@given(st.text(max_size=80), st.integers(1, 40))
def test_a_cut_keeps_both_ends_and_never_grows(text: str, limit: int) -> None:
    """What is longer than the limit has exactly the limit, and starts and ends as the text does."""
    cut = middle_cut(text, limit)
    assert len(cut) == min(len(text), limit)
    if len(text) > limit:
        head, tail = cut.split("…")[0], cut.rsplit("…", 1)[1]
        assert text.startswith(head)
        assert text.endswith(tail)


@given(st.text(max_size=60))
def test_one_line_is_one_line(text: str) -> None:
    """No line end, no control character and no mark of direction is left, and doing it twice changes nothing."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not any(char < " " or "\x7f" <= char <= "\x9f" or char in "\u202e\u2066\u200f" for char in line)
    assert one_line(line) == line


def test_plain_text_keeps_lines_and_drops_terminal_colours() -> None:
    """A traceback stays readable, and a name cannot turn the direction of its line."""
    assert plain_text("\x1b[0;31mValueError\x1b[0m:\n\tx\x00 \u202eevil") == "ValueError:\n\tx evil"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2e-05", "2e-05"),
        ("3.0000000000000004e-05", "3e-05"),
        ("-1.2345678901234e-07", "-1.235e-07"),
        ("0.00012345678901", "0.0001235"),
        ("0.0013894954943731374", "0.001389"),
        ("0.5000000000000001", "0.5000"),
        ("1234567.890123", "1.23e6"),
        ("1e-3", "1e-3"),
    ],
)
def test_small_numbers_of_a_column_are_written_alike(text: str, shown: str) -> None:
    """A long one as Python writes the short ones beside it; what a person wrote stays."""
    assert column_text(Param("lr", float(text), text, "float")) == shown


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("str", "", "''"),
        ("str", " ", "''"),
        ("str", "a  b\n", "a b"),
        ("str", "\x1b[31mred", "red"),
        ("str", "é\u202e", "é"),
        ("float", "1e-3", "1e-3"),
        ("none", "", ""),
        ("str", "x" * 33, "x" * 16 + "…" + "x" * 15),
    ],
)
def test_a_param_is_one_plain_line(kind: str, text: str, shown: str) -> None:
    """What a line has nothing to do with is left out, an empty text is seen, a long one is cut."""
    assert param_text(Param("p", text, text, kind)) == shown
