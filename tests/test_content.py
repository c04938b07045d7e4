"""What a user hands over is known by its looks, and texts and streams become bytes as they are."""

from __future__ import annotations

import datetime
import decimal
import fractions
import io
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from made_contents import chart, data, plot
from PIL import Image

from jupyter_track.errors import InvalidValue
from jupyter_track.recording.content import (
    Blob,
    describe,
    stream_blob,
    table_blob,
    text_blob,
)
from jupyter_track.store.files import keep

ROOT = Path(__file__).parent.parent


class TestDescribe:
    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            (1, "metric"),
            (True, "metric"),
            (float("nan"), "metric"),
            (np.float32(0.5), "metric"),
            (np.bool_(True), "metric"),
            (np.array(3), "metric"),
            (np.array([[3.0]]), "metric"),
            (decimal.Decimal("0.1"), "metric"),
            (fractions.Fraction(1, 3), "metric"),
            ("text", "text"),
            (np.str_("text"), "text"),
            ({"a": 1}, "dict"),
            (types.MappingProxyType({"a": 1}), "dict"),
            (pd.DataFrame({"a": [1]}), "table"),
            (pd.Series([1]), "table"),
            (plot(), "figure"),
            (chart(), "figure"),
            (chart() | chart(), "figure"),
            (go.Figure(), "figure"),
            (Image.new("L", (1, 1)), "image"),
            (np.zeros(3), "array"),
            (np.zeros((0, 3)), "array"),
            ([1, 2.5, np.float64(3)], "array"),
            ((1, 2), "array"),
            ([], "other"),
            ([1, "a"], "other"),
            ([[1, 2], [3, 4]], "other"),
            (None, "other"),
            (1j, "other"),
            (np.complex128(1j), "other"),
            (np.datetime64("2020-01-01"), "other"),
            (np.array("text"), "other"),
            (b"bytes", "other"),
            (Path("x"), "other"),
            (datetime.timedelta(1), "other"),
            (pd.NaT, "other"),
            (plot().axes[0], "other"),
            (object(), "other"),
            (int, "other"),
            (go.Figure, "other"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_kinds(self, value: object, kind: str) -> None:
        """Each value has the kind that track.log needs."""
        assert describe(value) == kind

    def test_tensors_by_what_they_offer(self) -> None:
        """A tensor (shape, dtype, item) of one element is a metric, a longer one an array; no library is needed."""

        class Tensor:
            dtype = "torch.float32"

            def __init__(self, *shape: int) -> None:
                self.shape = shape

            def item(self) -> float:
                return 0.5

        assert [describe(Tensor()), describe(Tensor(1, 1)), describe(Tensor(2))] == ["metric", "metric", "array"]

    def test_polars_by_its_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A DataFrame and a Series of polars are tables, by way of to_dict, which needs no pyarrow."""

        class DataFrame:
            def to_dict(self, *, as_series: bool) -> dict[str, list[int | None]]:
                assert not as_series
                return {"a": [1, None], "b": [2, 3]}

        class Series:
            def to_frame(self) -> DataFrame:
                return DataFrame()

        polars = types.ModuleType("polars")
        polars.__dict__.update(DataFrame=DataFrame, Series=Series)
        monkeypatch.setitem(sys.modules, "polars", polars)
        for value in (DataFrame(), Series()):
            assert describe(value) == "table"
            assert data(table_blob(value)) == b'{"columns":["a","b"],"data":[[1,2],[null,3]]}'

    def test_nothing_is_imported(self) -> None:
        """Describing plain values, and logging text and dicts, loads none of the heavy libraries."""
        script = (
            "import sys\nfrom jupyter_track.recording.content import describe, dict_blob, text_blob\n"
            "assert [describe(v) for v in (1, 'a', {}, [1], None, object())] == "
            "['metric', 'text', 'dict', 'array', 'other', 'other']\n"
            "dict_blob({'a': [1, None]}); text_blob('x')\n"
            "heavy = {'numpy', 'pandas', 'matplotlib', 'altair', 'plotly', 'PIL', 'yaml', 'IPython'}\n"
            "print(sorted(heavy & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


class TestTextAndStreams:
    @pytest.mark.parametrize(
        ("name", "mime", "suffix"),
        [
            (None, "text/plain", ".txt"),
            ("a", "text/plain", ".txt"),
            ("a.md", "text/markdown", ".md"),
            ("x/a.html", "text/html", ".html"),
            ("a.log", "text/plain", ".log"),
            ("a.unknown", "text/plain", ".unknown"),
        ],
    )
    def test_text(self, name: str | None, mime: str, suffix: str) -> None:
        """UTF-8, line ends as they are, the MIME type by the name."""
        assert text_blob("ä\r\n", name) == Blob("ä\r\n".encode(), mime, "text", suffix)

    def test_text_that_utf8_cannot_hold(self) -> None:
        """A lone surrogate, as in a file name that could not be decoded, does not stop the log."""
        assert data(text_blob("a\udc80")) == b"a\\udc80"

    def test_text_of_another_type(self) -> None:
        """What is no string is named with its class."""
        with pytest.raises(InvalidValue, match="takes a string, not dict"):
            text_blob({})  # type: ignore[arg-type]

    def test_stream(self, tmp_path: Path) -> None:
        """A stream is handed on unread, and kept in pieces."""
        blob = stream_blob(io.BytesIO(b"abc"), "a.csv")
        assert (blob.mime, blob.kind, blob.suffix) == ("text/csv", "file", ".csv")
        assert keep(tmp_path / "track.db", blob.data).data == b"abc"
        with pytest.raises(InvalidValue, match=r"takes an object with read\(\).*not bytes"):
            stream_blob(b"abc")  # type: ignore[arg-type]
