"""Values: keys, steps, times, metric values and params, from plain Python, NumPy, pandas and Decimal."""

from __future__ import annotations

import argparse
import enum
import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_track.errors import InvalidValue
from jupyter_track.values import (
    MAX_TIME,
    StoredParam,
    check_key,
    check_step,
    check_time,
    clean_text,
    load_param,
    metric_value,
    param_value,
    plain_value,
)


class Size(enum.IntEnum):
    SMALL = 2


class Kind(str, enum.Enum):  # noqa: UP042 - the kind whose text is not its value
    SVM = "svm"


class Text(str):
    """A string of a class of its own."""


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("key", ["a", "train/loss", "a.b-c_d e:f", "größe", "x" * 250, "0"])
def test_keys_of_letters_digits_and_the_six_signs_are_accepted(key: str) -> None:
    """A key comes back as it is."""
    assert check_key(key) == key


def test_a_key_of_a_subclass_of_str_becomes_a_plain_string() -> None:
    """`numpy.str_` and the like are keys; what is kept is a `str`."""
    assert type(check_key(Text("loss"))) is str


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "The name of a metric must not be empty: give one such as 'loss'."),
        (5, "The name of a metric must be text, not int (5): give the name first, such as 'loss', then the value."),
        (
            None,
            "The name of a metric must be text, not NoneType (None): "
            "give the name first, such as 'loss', then the value.",
        ),
        (
            list(range(100)),
            "The name of a metric must be text, not list ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
            "13, 14, 15, 16, …): give the name first, such as 'loss', then the value.",
        ),
        (
            "a@b",
            "The metric 'a@b' holds '@'; allowed are letters, digits, '_', '-', '.', ' ', ':' and '/'.",
        ),
        (
            "loss\n",
            "The metric 'loss\\n' holds '\\n'; allowed are letters, digits, '_', '-', '.', ' ', ':' and '/'.",
        ),
        (
            "\udc80",
            "The metric '\\udc80' holds '\\udc80'; allowed are letters, digits, '_', '-', '.', ' ', ':' and '/'.",
        ),
        ("x" * 251, f"The metric {'x' * 40!r}… has 251 characters; 250 is the most."),
    ],
)
def test_a_bad_key_is_refused_by_name(key: Any, message: str) -> None:
    """The message says which key, and what about it."""
    with pytest.raises(InvalidValue) as caught:
        check_key(key, "metric")
    assert str(caught.value) == message


def test_an_error_names_what_the_key_should_have_named() -> None:
    """A param, a tag and a value of `log` each get an example that fits."""
    messages = []
    for what in ("param", "tag", "key"):
        with pytest.raises(InvalidValue) as caught:
            check_key(0.5, what)
        messages.append(str(caught.value))
    assert messages == [
        f"The name of {what} must be text, not float (0.5): give the name first, such as {name!r}, then the value."
        for what, name in (("a param", "lr"), ("a tag", "stage"), ("what is logged", "loss"))
    ]


@pytest.mark.parametrize(
    ("step", "whole"),
    [
        (None, 0),
        (0, 0),
        (-3, -3),
        (True, 1),
        (3.0, 3),
        ("12", 12),
        (np.int64(7), 7),
        (np.float32(2.0), 2),
        (Decimal(4), 4),
        (Fraction(6, 2), 3),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
    ],
)
def test_steps_are_whole_numbers_of_64_bits(step: Any, whole: int) -> None:
    """Whatever is a whole number becomes an `int`; no step is step 0."""
    assert (check_step(step), type(check_step(step))) == (whole, int)


@pytest.mark.parametrize(
    "step",
    [1.5, "x", "1.5", np.float32(1.5), Decimal("1.5"), Fraction(1, 2), math.nan, math.inf, [1], object(), 1j],
)
def test_a_step_that_is_no_whole_number_is_refused(step: Any) -> None:
    """A fraction is never cut off, whatever its type."""
    with pytest.raises(InvalidValue) as caught:
        check_step(step)
    assert str(caught.value) == f"A step must be a whole number, not {step!r}."


@pytest.mark.parametrize("step", [2**63, -(2**63) - 1])
def test_a_step_beyond_64_bits_is_refused(step: int) -> None:
    """SQLite's integers have 64 bits."""
    with pytest.raises(InvalidValue) as caught:
        check_step(step)
    assert str(caught.value) == f"The step {step} does not fit 64 bits."


def test_times_are_milliseconds_from_1970_to_9999() -> None:
    """Whole and fractional milliseconds are taken, up to the last one of the year 9999."""
    assert [check_time(value) for value in (0, 1.7e12, np.int64(5), MAX_TIME)] == [0, 1_700_000_000_000, 5, MAX_TIME]


@pytest.mark.parametrize("value", ["x", "5", None, -1, math.nan, math.inf, 10**30, MAX_TIME + 1, [1]])
def test_what_is_no_time_is_refused(value: Any) -> None:
    """A time that the store could not hold is an error at the call and not later in the background."""
    with pytest.raises(InvalidValue) as caught:
        check_time(value, "end_time")
    assert str(caught.value) == (
        f"The end_time {value!r} is no time in milliseconds since 1970, such as 1762180000000."
    )


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        (True, 1.0),
        (0.25, 0.25),
        ("0.25", 0.25),
        (" 5 ", 5.0),
        (np.float64(0.5), 0.5),
        (np.float32(0.1), 0.10000000149011612),
        (np.bool_(True), 1.0),
        (np.longdouble(0.5), 0.5),
        (np.array(2.0), 2.0),
        (np.array([2.0]), 2.0),
        (np.array([[2]]), 2.0),
        (pd.Series([0.5]), 0.5),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 4), 0.25),
        (math.inf, math.inf),
        (-math.inf, -math.inf),
        ("inf", math.inf),
    ],
)
def test_metric_values_are_numbers_of_any_kind(value: Any, number: float) -> None:
    """Numbers, numeric text, bools, and what holds exactly one number become a `float`."""
    assert (metric_value("loss", value), type(metric_value("loss", value))) == (number, float)


@pytest.mark.parametrize("value", [math.nan, "nan", np.float32("nan"), np.array([np.nan]), Decimal("nan")])
def test_nan_is_a_metric_value(value: Any) -> None:
    """NaN stays NaN."""
    assert math.isnan(metric_value("loss", value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "The metric 'loss' is None; log a number, or leave it out."),
        ("abc", "The metric 'loss' is the text 'abc', which is not a number."),
        (1j, "The metric 'loss' is a complex, which is not a number (1j)."),
        (pd.NaT, "The metric 'loss' is a NaTType, which is not a number (NaT)."),
        ([0.5], "The metric 'loss' is a list, which is not a number ([0.5])."),
        (
            np.array([1, 2]),
            "The metric 'loss' has 2 elements (shape (2,)); log a single number such as its mean(), one metric per "
            "element, or the whole with log_table or log_dict.",
        ),
        (
            np.zeros((0,)),
            "The metric 'loss' has 0 elements (shape (0,)); log a single number such as its mean(), one metric per "
            "element, or the whole with log_table or log_dict.",
        ),
        (10**400, f"The metric 'loss' is too large for a float ({repr(10**400)[:59]}…)."),
    ],
)
def test_what_is_no_single_number_is_refused(value: Any, message: str) -> None:
    """The message names the metric, what was given, and where there is one the remedy."""
    with pytest.raises(InvalidValue) as caught:
        metric_value("loss", value)
    assert str(caught.value) == message


@given(st.floats())
def test_a_float_is_kept_to_the_last_bit(value: float) -> None:
    """What comes in goes out, signed zero and NaN too."""
    kept = metric_value("loss", value)
    assert (kept.hex() == value.hex()) or (math.isnan(kept) and math.isnan(value))


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (1, StoredParam("1", "int", 1.0, "1")),
        (True, StoredParam("true", "bool", 1.0, "True")),
        (None, StoredParam("null", "none", None, "None")),
        (1e-3, StoredParam("0.001", "float", 0.001, "0.001")),
        (math.nan, StoredParam("NaN", "float", None, "nan")),
        (math.inf, StoredParam("Infinity", "float", math.inf, "inf")),
        ("svm", StoredParam('"svm"', "str", None, "svm")),
        ("", StoredParam('""', "str", None, "")),
        (Text("svm"), StoredParam('"svm"', "str", None, "svm")),
        (np.str_("svm"), StoredParam('"svm"', "str", None, "svm")),
        (Kind.SVM, StoredParam('"svm"', "str", None, "Kind.SVM")),
        (Size.SMALL, StoredParam("2", "int", 2.0, "2")),
        (np.float32(0.1), StoredParam("0.10000000149011612", "float", 0.10000000149011612, "0.1")),
        (np.array(5), StoredParam("5", "int", 5.0, "5")),
        ((64, 32), StoredParam("[64, 32]", "list", None, "(64, 32)")),
        (np.array([1, 2]), StoredParam("[1, 2]", "list", None, "[1 2]")),
        ({"a": (1, 2)}, StoredParam('{"a": [1, 2]}', "dict", None, "{'a': (1, 2)}")),
        ({1: 2}, StoredParam('{"1": 2}', "dict", None, "{1: 2}")),
        ({1, 2}, StoredParam('"{1, 2}"', "other", None, "{1, 2}")),
        (argparse.Namespace(lr=1), StoredParam('"Namespace(lr=1)"', "other", None, "Namespace(lr=1)")),
        ([argparse.Namespace(lr=1)], StoredParam('["Namespace(lr=1)"]', "list", None, "[Namespace(lr=1)]")),
        (10**30, StoredParam(str(10**30), "int", 1e30, str(10**30))),
        (10**400, StoredParam(str(10**400), "int", None, str(10**400))),
    ],
)
def test_a_param_keeps_value_and_type_and_shows_what_mlflow_shows(value: Any, stored: StoredParam) -> None:
    """JSON holds the value, `number` what can be compared, `text` is always ``str(value)``."""
    assert param_value(value) == stored


def test_an_array_of_many_elements_is_kept_as_its_text() -> None:
    """Up to 1,000 elements are kept exactly; of more only what NumPy shows."""
    small, large = param_value(np.arange(1000)), param_value(np.arange(1001))
    assert (small.type, json.loads(small.value)) == ("list", list(range(1000)))
    assert (large.type, large.text) == ("other", "[   0    1    2 ...  998  999 1000]")


def test_a_list_that_contains_itself_is_kept_as_its_text() -> None:
    """Python can show it, JSON cannot hold it."""
    loop: list[Any] = [1]
    loop.append(loop)
    assert param_value(loop) == StoredParam('"[1, [...]]"', "other", None, "[1, [...]]")


def test_a_lone_surrogate_is_kept_exactly_and_shown_escaped() -> None:
    """UTF-8 cannot hold it: it must reach SQLite as an escape only, or the whole batch would be lost."""
    stored = param_value("a\udc80")
    assert stored == StoredParam('"a\\udc80"', "str", None, "a\\udc80")
    assert load_param(stored.value, stored.type) == "a\udc80"


@pytest.mark.parametrize("value", [Broken(), 10**5000], ids=["broken", "long"])
def test_a_value_without_text_is_refused_at_the_call(value: Any) -> None:
    """An object whose own __str__ fails, and a number of more digits than Python writes."""
    with pytest.raises(InvalidValue, match=r"^A (Broken|int) cannot be logged: showing it as text gives "):
        param_value(value)


def test_redaction_is_asked_for_the_plain_value_and_for_the_text_of_objects() -> None:
    """What it changes counts in value, type and text; what it leaves alone stays as it was."""

    def hide(value: Any) -> Any:
        return "<redacted>" if "hunter2" in str(value) else value

    assert [param_value(value, hide) for value in ("hunter2", argparse.Namespace(p="hunter2"), 5, (1, 2))] == [
        StoredParam('"<redacted>"', "str", None, "<redacted>"),
        StoredParam('"<redacted>"', "other", None, "<redacted>"),
        StoredParam("5", "int", 5.0, "5"),
        StoredParam("[1, 2]", "list", None, "(1, 2)"),
    ]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON_VALUES)
def test_what_json_can_hold_comes_back_equal_and_of_the_same_type(value: Any) -> None:
    """`load_param` is the inverse of `param_value`."""
    stored = param_value(value)
    loaded = load_param(stored.value, stored.type)
    assert (loaded, type(loaded), stored.value.encode().decode()) == (value, type(value), stored.value)


@given(st.text(alphabet=st.characters(), max_size=20))
def test_a_clean_text_can_be_stored_and_ordinary_text_is_untouched(text: str) -> None:
    """Only half characters are changed."""
    assert clean_text(text).encode().decode() == clean_text(text)
    assert clean_text(text) == text or any("\ud800" <= char <= "\udfff" for char in text)


def test_plain_values_are_python_all_the_way_down() -> None:
    """Scalars and arrays inside containers become numbers and lists, what is unknown its text."""
    value = {"a": np.float64(0.5), "b": [np.int64(1), (np.bool_(True),)], "c": np.array([[1, 2]]), 4: Decimal("1.5")}
    plain = plain_value(value)
    assert plain == {"a": 0.5, "b": [1, [True]], "c": [[1, 2]], "4": "1.5"}
    assert [type(plain["a"]), type(plain["b"][0]), type(plain["b"][1][0])] == [float, int, bool]
