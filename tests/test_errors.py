"""The tree of errors: codes, bases, and the picture in the docstring."""

from __future__ import annotations

import inspect
import re

import pytest

import jupyter_track as track
from jupyter_track import errors
from jupyter_track.exceptions import MlflowException

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.TrackError)]


def test_every_error_is_drawn_in_the_tree_with_its_code_and_second_base() -> None:
    """The docstring's tree is the truth: class, code, and the built-in class that it also is."""
    drawn = {
        name: (also or None, code)
        for name, also, code in re.findall(
            r"[├└]── (\w+) +(?:\(also (\w+)\) +)?([A-Z_]+)$", errors.__doc__ or "", re.MULTILINE
        )
    }
    actual = {}
    for one in CLASSES:
        other = [base.__name__ for base in one.__bases__ if not issubclass(base, errors.TrackError)]
        actual[one.__name__] = (other[0] if other else None, one.error_code)
    assert actual.pop("TrackError") == ("Exception", "INTERNAL_ERROR")
    assert drawn == actual


def test_the_tree_shows_who_is_below_whom() -> None:
    """An entry's indentation names its parent."""
    parents = ["TrackError"]
    found = {}
    for line in (errors.__doc__ or "").splitlines():
        entry = re.match(r"    ([ │]*)[├└]── (\w+)", line)
        if entry:
            depth = len(entry[1]) // 4 + 1
            found[entry[2]] = parents[depth - 1]
            parents[depth:] = [entry[2]]
    assert found == {
        one.__name__: next(base.__name__ for base in one.__bases__ if issubclass(base, errors.TrackError))
        for one in CLASSES
        if one is not errors.TrackError
    }


def test_mlflow_s_exception_is_the_root() -> None:
    """`except MlflowException` catches everything of ours."""
    assert MlflowException is track.TrackError is errors.TrackError


def test_a_filter_error_points_at_the_place() -> None:
    """Message, position and a caret under the character."""
    error = errors.FilterError("What is this?", "metrics.a ? 1", 10)
    assert (str(error), error.text, error.position, error.error_code) == (
        "What is this? (at position 10)\n  metrics.a ? 1\n            ^",
        "metrics.a ? 1",
        10,
        "INVALID_PARAMETER_VALUE",
    )


def test_a_filter_error_without_a_text_has_no_caret() -> None:
    """Only the message and the position are said."""
    assert str(errors.FilterError("Nothing there.")) == "Nothing there. (at position 0)"


@pytest.mark.parametrize("one", CLASSES)
def test_every_error_has_a_docstring_and_takes_a_message(one: type[errors.TrackError]) -> None:
    """The message is what `str` gives."""
    assert one.__doc__
    assert str(one("A sentence.")).startswith("A sentence.")
