"""Nested values become plain JSON and YAML, exactly."""

from __future__ import annotations

import datetime
import enum
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from made_contents import data

from jupyter_track.errors import InvalidValue
from jupyter_track.recording.content import (
    dict_blob,
)


class Colour(enum.Enum):
    RED = "red"


NEST = {
    "lr": np.float32(0.5),
    "steps": np.int64(3),
    "layers": (1, 2),
    "weights": np.arange(3),
    "day": datetime.date(2020, 1, 2),
    "at": np.datetime64("2020-01-01", "ns"),
    "stamp": pd.Timestamp("2020-01-01"),
    "nothing": [None, pd.NA, pd.NaT],
    "colour": Colour.RED,
    "seen": {3, 1},
    "raw": b"abc",
    "path": Path("a/b"),
    "flag": np.bool_(True),
    1: {"deep": [{"x": 1.5}]},
}
PLAIN = {
    "lr": 0.5,
    "steps": 3,
    "layers": [1, 2],
    "weights": [0, 1, 2],
    "day": "2020-01-02",
    "at": "2020-01-01T00:00:00.000000000",
    "stamp": "2020-01-01T00:00:00",
    "nothing": [None, None, None],
    "colour": "red",
    "seen": [1, 3],
    "raw": "abc",
    "path": str(Path("a/b")),
    "flag": True,
    1: {"deep": [{"x": 1.5}]},
}


class TestDicts:
    @pytest.mark.parametrize("name", [None, "a.json", "a", "a.txt"])
    def test_json(self, name: str | None) -> None:
        """Any ending but YAML's is pretty JSON of plain values."""
        blob = dict_blob(NEST, name)
        assert json.loads(data(blob)) == {str(key): value for key, value in PLAIN.items()}
        assert (blob.mime, blob.kind, b'\n  "lr": 0.5,\n' in data(blob)) == ("application/json", "dict", True)

    @pytest.mark.parametrize("name", ["a.yaml", "b/a.yml"])
    def test_yaml(self, name: str) -> None:
        """YAML is made so that the safe loader reads it: no Python objects in it."""
        blob = dict_blob(NEST, name)
        assert (yaml.safe_load(data(blob)), blob.mime) == ({**PLAIN, "day": "2020-01-02"}, "application/yaml")

    @pytest.mark.parametrize("text", ["\x85", "a\u2028b", "\ufeff", "ä\n", " x ", "yes", "1e3", "\x00", "2020-01-01"])
    def test_yaml_texts_that_look_like_something_else(self, text: str) -> None:
        """Odd line ends, and texts that YAML could take for a bool, number or date, are read back as these texts."""
        assert yaml.safe_load(data(dict_blob({text: [text]}, "a.yaml"))) == {text: [text]}

    def test_yaml_without_pyyaml(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without PyYAML the remedy is named."""
        monkeypatch.setitem(sys.modules, "yaml", None)
        with pytest.raises(InvalidValue, match=r"'pip install pyyaml', or log to a name that ends in \.json"):
            dict_blob({}, "a.yaml")

    def test_numbers_and_texts_are_exact(self) -> None:
        """NaN, infinities, large integers, umlauts and lone surrogates are read back as they were."""
        value = {"n": float("nan"), "i": float("-inf"), "big": 2**70, "ä": "\U0001f600", "half": "\udc80"}
        blob = dict_blob(value)
        assert repr(json.loads(data(blob))) == repr(value)
        assert "ä".encode() in data(blob)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=8,
        )
    )
    @settings(max_examples=100, deadline=None)
    def test_what_is_plain_stays(self, value: Any) -> None:
        """Any JSON value is read back equal, from JSON and from YAML."""
        assert json.loads(data(dict_blob({"v": value}))) == {"v": value}
        assert yaml.safe_load(data(dict_blob({"v": value}, "a.yaml"))) == {"v": value}

    def test_mistakes(self) -> None:
        """A dict that contains itself, and keys that JSON cannot have, are named."""
        loop: dict[str, Any] = {"a": []}
        loop["a"].append(loop)
        with pytest.raises(InvalidValue, match="A dict contains itself"):
            dict_blob(loop)
        with pytest.raises(InvalidValue, match=r"The key \(1, 2\) is a tuple"):
            dict_blob({(1, 2): 3})
        shared = [1]
        assert json.loads(data(dict_blob({"a": shared, "b": shared}))) == {"a": [1], "b": [1]}
