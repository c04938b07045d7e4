"""Tables become JSON that pandas and mlflow read, exactly, and grow by further rows."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_contents import data
from PIL import Image

from jupyter_track.errors import CorruptStore, InvalidValue
from jupyter_track.recording.content import (
    append_table,
    load_table,
    table_blob,
)

MIXED = pd.DataFrame(
    {
        "text": ["001", None, "ä\u2028</script>"],
        "float": [0.1 + 0.2, 1e-300, float("nan")],
        "int": [2**53 + 1, -1, 0],
        "bool": [True, False, True],
        "nested": [[1.5, float("nan")], {"a": np.int64(1)}, None],
        "when": pd.to_datetime(["2020-01-01", None, "2020-01-02T03:04:05.123456"], format="ISO8601"),
    }
)


class TestTables:
    def test_json_is_exact(self) -> None:
        """Pandas' split orientation without the index; every digit is kept, missing values are null."""
        blob = table_blob(MIXED.set_index("int", drop=False), "t.json")
        assert (blob.mime, blob.kind, blob.suffix) == ("application/json", "table", ".json")
        assert json.loads(data(blob)) == {
            "columns": ["text", "float", "int", "bool", "nested", "when"],
            "data": [
                ["001", 0.30000000000000004, 9007199254740993, True, [1.5, None], "2020-01-01T00:00:00"],
                [None, 1e-300, -1, False, {"a": 1}, None],
                ["ä\u2028</script>", None, 0, True, None, "2020-01-02T03:04:05.123456"],
            ],
        }

    def test_pandas_reads_it_as_its_own(self) -> None:
        """What pandas' read_json makes of our table is what it makes of the one that mlflow would store."""
        frame = pd.DataFrame(
            {"inputs": ["a", "b"], "score": [0.25, None], "date": pd.to_datetime(["2020-01-01", "2021-01-01"])}
        )
        theirs = frame.to_json(orient="split", index=False, date_format="iso")
        ours = data(table_blob(frame)).decode()
        expected = pd.read_json(io.StringIO(theirs), orient="split")
        pd.testing.assert_frame_equal(pd.read_json(io.StringIO(ours), orient="split"), expected)
        pd.testing.assert_frame_equal(load_table(theirs.encode(), ".json"), expected)

    @pytest.mark.parametrize(
        ("given_as", "split"),
        [
            ({"a": [1, 2], "b": ["x", "y"]}, {"columns": ["a", "b"], "data": [[1, "x"], [2, "y"]]}),
            ({"a": 1, "b": "x"}, {"columns": ["a", "b"], "data": [[1, "x"]]}),
            ({"a": np.array([1.5]), "b": 2}, {"columns": ["a", "b"], "data": [[1.5, 2]]}),
            ({}, {"columns": [], "data": []}),
            (pd.DataFrame({"a": []}), {"columns": ["a"], "data": []}),
            (pd.Series([1, 2], name="s"), {"columns": ["s"], "data": [[1], [2]]}),
            (pd.DataFrame([[1, 2]]), {"columns": [0, 1], "data": [[1, 2]]}),
            (pd.DataFrame([[1, 2]], columns=["a", "a"]), {"columns": ["a", "a"], "data": [[1, 2]]}),
            (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), {"columns": ["a"], "data": [[1], [None]]}),
            (pd.DataFrame({"a": pd.Categorical(["x", None])}), {"columns": ["a"], "data": [["x"], [None]]}),
        ],
        ids=[
            "columns",
            "one row",
            "broadcast",
            "empty",
            "no rows",
            "series",
            "numbered",
            "twice",
            "Int64",
            "categories",
        ],
    )
    def test_forms_of_data(self, given_as: Any, split: dict[str, Any]) -> None:
        """DataFrames, series and dicts of columns or of one row."""
        assert json.loads(data(table_blob(given_as))) == split

    def test_the_users_table_is_not_changed(self) -> None:
        """Logging leaves the DataFrame as it was."""
        before = MIXED.copy(deep=True)
        table_blob(MIXED)
        append_table(data(table_blob(MIXED)), MIXED)
        pd.testing.assert_frame_equal(MIXED, before)

    def test_round_trip(self) -> None:
        """Texts stay texts and floats floats; a date comes back as one where the name says so."""
        frame = pd.DataFrame(
            {
                "code": ["001", "002"],
                "zero": [0.0, 1.0],
                "created_at": pd.to_datetime(["2020-01-01", "2020-01-02T03:04:05.000001"], format="ISO8601"),
                "date": ["soon", "2020-01-01"],
                "modified": [1, 2],
            }
        )
        loaded = load_table(data(table_blob(frame)), ".json")
        pd.testing.assert_frame_equal(loaded, frame, check_dtype=False)
        kinds = [loaded[name].dtype.kind for name in ("zero", "created_at", "modified")]
        assert (kinds, loaded["code"].tolist()) == (["f", "M", "i"], ["001", "002"])

    def test_columns_of_several_levels(self) -> None:
        """Labels of several levels come back."""
        frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
        pd.testing.assert_frame_equal(load_table(data(table_blob(frame)), ".json"), frame)

    def test_infinity_is_said(self) -> None:
        """JSON cannot hold infinity: it becomes null, with a warning that names the columns; Parquet keeps it."""
        frame = pd.DataFrame({"a": [1.0, float("inf")], "b": [-float("inf"), 2.0], "c": [1.0, 2.0]})
        with pytest.warns(UserWarning, match=r"infinite values of a, b are kept as null.*\.parquet"):
            blob = table_blob(frame)
        assert json.loads(data(blob))["data"] == [[1.0, None, 1.0], [None, 2.0, 2.0]]
        pd.testing.assert_frame_equal(load_table(data(table_blob(frame, "t.parquet")), ".parquet"), frame)

    def test_append_matches_columns_by_name(self) -> None:
        """Rows are added below; a column that one of them lacks is missing there; nothing earlier is rewritten."""
        first = data(table_blob({"a": ["001", "002"], "b": [0.1, 1e-300]}))
        same = append_table(first, {"a": ["003"], "b": [0.3]}, "t.json")
        assert json.loads(data(same)) == {"columns": ["a", "b"], "data": [["001", 0.1], ["002", 1e-300], ["003", 0.3]]}
        other = append_table(first, {"c": [True], "a": ["9"]}, "t.json")
        assert json.loads(data(other)) == {
            "columns": ["a", "b", "c"],
            "data": [["001", 0.1, None], ["002", 1e-300, None], ["9", None, True]],
        }

    @given(
        st.lists(st.dictionaries(st.sampled_from("abc"), st.integers() | st.text() | st.none(), min_size=1), max_size=4)
    )
    @settings(max_examples=60, deadline=None)
    def test_appending_row_by_row_is_the_whole(self, rows: list[dict[str, Any]]) -> None:
        """A table that grew by single rows holds each row's values under their names."""
        content = data(table_blob({}))
        for row in rows:
            content = data(append_table(content, {key: [value] for key, value in row.items()}))
        split = json.loads(content)
        assert [
            {k: v for k, v in zip(split["columns"], row, strict=True) if v is not None} for row in split["data"]
        ] == [{key: value for key, value in row.items() if value is not None} for row in rows]

    def test_append_to_parquet(self) -> None:
        """Parquet grows too, and keeps its types."""
        frame = pd.DataFrame({"a": [1, 2], "when": pd.to_datetime(["2020-01-01", "2020-01-02"])})
        grown = append_table(data(table_blob(frame, "t.parquet")), frame, "t.parquet")
        assert (grown.mime, grown.suffix) == ("application/vnd.apache.parquet", ".parquet")
        expected = pd.concat([frame, frame], ignore_index=True)
        pd.testing.assert_frame_equal(load_table(data(grown), ".parquet"), expected)

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: table_blob(3), "takes a DataFrame or a dict of columns, not int"),
            (lambda: table_blob([1, 2]), "not list"),
            (lambda: table_blob({"a": [1], "b": [1, 2]}), "All arrays must be of the same length"),
            (lambda: table_blob({}, "t.csv"), r"must end in \.json or \.parquet, not 't\.csv'"),
            (lambda: table_blob({}, "t"), "must end in"),
            (lambda: table_blob({"a": [Image.new("L", (1, 1))]}), "column 'a' holds images; log them with log_image"),
            (lambda: table_blob({"a": [object()]}, "t.parquet"), "cannot be written as Parquet"),
            (
                lambda: append_table(data(table_blob(pd.DataFrame([[1, 2]], columns=["a", "a"]))), {"a": [1]}),
                "same name",
            ),
        ],
    )
    def test_mistakes(self, call: Any, message: str) -> None:
        """Each mistake is InvalidValue and says what is wrong."""
        with pytest.raises(InvalidValue, match=message):
            call()

    @pytest.mark.parametrize(
        "content", [b"", b"[]", b"{}", b'{"columns":["a"],"data":[[1,2]]}', b"\xff", b'{"columns":1,"data":[]}']
    )
    @pytest.mark.parametrize("suffix", [".json", ".parquet"])
    def test_content_that_is_no_table(self, content: bytes, suffix: str) -> None:
        """Damaged bytes are CorruptStore, for loading and for appending."""
        with pytest.raises(CorruptStore, match="is no table in"):
            load_table(content, suffix)
        with pytest.raises(CorruptStore, match="is no table in"):
            append_table(content, {"a": [1]}, f"t{suffix}")
