"""Params: types that are kept, changes that are accepted, batches that are written whole or not at all."""

from __future__ import annotations

import argparse
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jupyter_track as track
from jupyter_track.errors import InvalidValue
from jupyter_track.recording.session import session


def stored(run: track.ActiveRun) -> dict[str, tuple[Any, str, str]]:
    """Return value, type and text of a run's params as they stand in the store."""
    return {key: (one.value, one.type, one.text) for key, one in track.get_run(run.run_id).params.items()}


def test_params_keep_their_type_and_are_shown_as_text(store: Path) -> None:
    """`run.data.params` is mlflow's str to str; `run.params` has the values themselves, in the order of logging."""
    values = {"lr": 0.1, "depth": 3, "model": "svm", "shuffle": True, "seed": None, "layers": (64, 32), "o": {"a": 1}}
    with track.start_run() as run:
        track.log_params(values)
    assert list(stored(run).items()) == [
        ("lr", (0.1, "float", "0.1")),
        ("depth", (3, "int", "3")),
        ("model", ("svm", "str", "svm")),
        ("shuffle", (True, "bool", "True")),
        ("seed", (None, "none", "None")),
        ("layers", ([64, 32], "list", "(64, 32)")),
        ("o", ({"a": 1}, "dict", "{'a': 1}")),
    ]
    assert track.get_run(run.run_id).data.params == {key: str(value) for key, value in values.items()}


def test_log_param_returns_its_value(store: Path) -> None:
    """The very object, as in mlflow."""
    value = [1, 2]
    with track.start_run():
        assert track.log_param("layers", value) is value


def test_numpy_values_become_python_s(store: Path) -> None:
    """The value is exact, the text is what NumPy shows."""
    with track.start_run() as run:
        track.log_params({"a": np.float32(0.1), "b": np.int64(3), "c": np.array([1, 2]), "d": np.str_("x")})
    assert stored(run) == {
        "a": (0.10000000149011612, "float", "0.1"),
        "b": (3, "int", "3"),
        "c": ([1, 2], "list", "[1 2]"),
        "d": ("x", "str", "x"),
    }


def test_a_changed_param_is_accepted_and_its_history_kept(store: Path) -> None:
    """mlflow refuses; here the latest counts, and all values are there, also those that were changed at once."""
    with track.start_run() as run:
        track.log_param("lr", 0.1)
        track.log_param("lr", "0.1")
        track.flush()
        track.log_param("lr", 0.01)
        track.log_param("lr", 0.01)
    track.flush()
    history = session.tracker().reader.param_history(run.run_id, "lr")
    assert [(one.value, one.type) for one in history] == [(0.1, "float"), ("0.1", "str"), (0.01, "float")]
    assert track.get_run(run.run_id).data.params == {"lr": "0.01"}


def test_numbers_are_compared_as_numbers(store: Path) -> None:
    """mlflow compares params as text, where '9' is more than '10'; the quoted forms still work."""
    for depth in (9, 10, 11):
        with track.start_run(run_name=f"d{depth}"):
            track.log_param("depth", depth)

    def names(filter_string: str) -> list[str]:
        return [run.name for run in track.search_runs(filter_string=filter_string, output_format="list")]

    assert names("params.depth > 9") == ["d11", "d10"]
    assert names("params.depth = '9'") == ["d9"]
    assert names("params.depth LIKE '1%'") == ["d11", "d10"]


@pytest.mark.parametrize(
    "params",
    [{"a": 1, "b@": 2}, {"a": 1, "": 2}, {"a": 1, 5: 2}, {"a": 1, "b": 10**5000}, [("a", 1)]],
    ids=["odd key", "empty key", "number as key", "no text", "no dict"],
)
def test_one_bad_key_or_value_writes_nothing(store: Path, params: Any) -> None:
    """Neither to the store nor to what the card shows."""
    with track.start_run() as run:
        with pytest.raises(InvalidValue):
            track.log_params(params)
        assert run._memory.params == {}
    assert stored(run) == {}


def test_params_of_another_run_go_by_its_id(store: Path) -> None:
    """And the active run gets none."""
    with track.start_run() as first:
        pass
    with track.start_run() as second:
        track.log_params({"a": 1}, run_id=first.run_id)
    assert (stored(first), stored(second)) == ({"a": (1, "int", "1")}, {})


def test_no_params_are_fine(store: Path) -> None:
    """An empty dict logs nothing."""
    with track.start_run() as run:
        track.log_params({})
    assert stored(run) == {}


def test_synchronous_waits_for_the_disk(store: Path) -> None:
    """Another connection sees the param at once."""
    with track.start_run():
        track.log_param("a", 1, synchronous=True)
        track.log_params({"b": 2}, synchronous=True)
        connection = sqlite3.connect(store)
        rows = connection.execute("SELECT key, text FROM params ORDER BY key").fetchall()
        connection.close()
    assert rows == [("a", "1"), ("b", "2")]


def test_a_half_character_costs_neither_the_param_nor_the_run(store: Path) -> None:
    """SQLite takes no lone surrogate: the value is kept as an escape and comes back exactly."""
    with track.start_run() as run:
        track.log_params({"name": "caf\udce9", "names": ["\udce9"], "after": 1})
    assert stored(run) == {
        "name": ("caf\udce9", "str", "caf\\udce9"),
        "names": (["\udce9"], "list", "['\\udce9']"),
        "after": (1, "int", "1"),
    }


def test_secrets_in_params_do_not_reach_the_store(store: Path) -> None:
    """By name, by shape, inside containers and inside objects that are kept as their text."""
    secret = "sk-proj-1234567890abcdefghij"
    with track.start_run() as run:
        track.log_params(
            {
                "api_key": "hunter2hunter2",
                "endpoint": f"https://me:{secret}@host/x",
                "config": {"db": {"password": "hunter2hunter2"}, "lr": 0.1},
                "arguments": argparse.Namespace(token="hunter2hunter2", lr=0.1),
                "nested": [argparse.Namespace(password="hunter2hunter2")],
                "max_tokens": 512,
            }
        )
    assert track.get_run(run.run_id).data.params == {
        "api_key": "<redacted>",
        "endpoint": "https://<redacted>@host/x",
        "config": "{'db': {'password': '<redacted>'}, 'lr': 0.1}",
        "arguments": "Namespace(token='<redacted>', lr=0.1)",
        "nested": "[\"Namespace(password='<redacted>')\"]",
        "max_tokens": "512",
    }
    assert secret.encode() not in store.read_bytes()
    assert b"hunter2" not in store.read_bytes()


def test_a_literal_that_holds_a_secret_is_not_kept_as_written(store: Path) -> None:
    """The magic hands over the literal of the cell: it goes where the value was redacted, and stays elsewhere."""
    with track.start_run() as run:
        values = {"db": "postgresql://me:hunter2@host/x", "lr": 0.001}
        written = {"db": "'postgresql://me:hunter2@host/x'", "lr": "1e-3"}
        session.tracker().params(run.run_id, values, "assign", written)
    assert {key: one.written for key, one in track.get_run(run.run_id).params.items()} == {"db": None, "lr": "1e-3"}
    assert b"hunter2" not in store.read_bytes()
