"""What the user hands over becomes bytes in mlflow's formats: figures, images, tables, dicts, texts and streams."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import io
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import altair
import matplotlib
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from matplotlib.figure import Figure
from PIL import Image

from jupyter_track.errors import CorruptStore, InvalidValue
from jupyter_track.recording import images
from jupyter_track.recording.content import (
    Blob,
    append_table,
    describe,
    dict_blob,
    figure_blob,
    image_blob,
    load_table,
    stream_blob,
    table_blob,
    text_blob,
)
from jupyter_track.store.files import keep

matplotlib.use("agg")
ROOT = Path(__file__).parent.parent


def plot(title: str = "") -> Figure:
    """A figure with one line, made without pyplot's registry."""
    figure = Figure(figsize=(2, 1))
    axes = figure.add_subplot()
    axes.plot([1, 2], [3, 4])
    axes.set_title(title)
    return figure


def chart(**options: Any) -> altair.Chart:
    """A small Altair chart."""
    return altair.Chart(pd.DataFrame({"x": [1], "y": [2]}), **options).mark_point().encode(x="x:Q", y="y:Q")


def opened(blob: Blob) -> Image.Image:
    """The picture in a blob."""
    assert isinstance(blob.data, bytes)
    return Image.open(io.BytesIO(blob.data))


def data(blob: Blob) -> bytes:
    """The bytes of a blob, which must be in memory."""
    assert isinstance(blob.data, bytes)
    return blob.data


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


class TestFigures:
    @pytest.mark.parametrize(
        ("name", "start", "mime", "suffix"),
        [
            (None, b"\x89PNG", "image/png", ".png"),
            ("plots/a", b"\x89PNG", "image/png", ".png"),
            ("a.PNG", b"\x89PNG", "image/png", ".png"),
            ("a.jpg", b"\xff\xd8", "image/jpeg", ".jpg"),
            ("a.svg", b"<?xml", "image/svg+xml", ".svg"),
            ("a.pdf", b"%PDF", "application/pdf", ".pdf"),
        ],
    )
    def test_matplotlib_by_suffix(self, name: str | None, start: bytes, mime: str, suffix: str) -> None:
        """The ending decides the format; without one it is PNG; the title is that of the only axes."""
        blob = figure_blob(plot("Loss"), name)
        assert data(blob)[: len(start)] == start
        assert (blob.mime, blob.kind, blob.suffix, blob.title) == (mime, "figure", suffix, "Loss")

    def test_matplotlib_options_and_title(self) -> None:
        """save_kwargs reach savefig, also its format; a suptitle comes before the axes' title."""
        figure = plot("axes")
        figure.suptitle("whole")
        blob = figure_blob(figure, "a.png", {"dpi": 50, "transparent": True})
        assert (opened(blob).size, opened(blob).mode, blob.title) == ((100, 50), "RGBA", "whole")
        assert data(figure_blob(figure, "a.png", {"format": "svg"}))[:5] == b"<?xml"

    def test_matplotlib_same_figure_same_bytes(self) -> None:
        """The same figure as PNG twice has one hash, so that it costs once; the figure is not changed."""
        figure = plot()
        dpi = figure.dpi
        assert figure_blob(figure) == figure_blob(figure)
        assert figure.dpi == dpi

    def test_matplotlib_unknown_format(self) -> None:
        """An ending that matplotlib does not know names those that it does."""
        with pytest.raises(InvalidValue, match=r"cannot write 'xlsx'; it writes .*pdf.*png.*svg"):
            figure_blob(plot(), "a.xlsx")

    def test_altair_is_a_spec(self) -> None:
        """Without an ending an Altair chart is its Vega-Lite JSON under Jupyter's MIME type."""
        blob = figure_blob(chart(title="Loss"))
        spec = json.loads(data(blob))
        assert (spec["mark"]["type"], spec["title"]) == ("point", "Loss")
        assert (blob.mime, blob.suffix, blob.title) == ("application/vnd.vegalite.v6+json", ".json", "Loss")

    def test_altair_with_many_rows(self) -> None:
        """More rows than Altair shows by default are kept whole, and its limit stands as before."""
        big = altair.Chart(pd.DataFrame({"x": range(6000)})).mark_point().encode(x="x:Q")
        (rows,) = json.loads(data(figure_blob(big)))["datasets"].values()
        assert len(rows) == 6000
        with pytest.raises(altair.MaxRowsError):
            big.to_dict()

    def test_altair_html_without_a_network(self) -> None:
        """HTML holds its JavaScript: it names no address to fetch from; inline=False gives the small form."""
        blob = figure_blob(chart(), "a.html")
        assert b"<script src=" not in data(blob)
        assert b"cdn.jsdelivr.net" not in data(blob)[:2000]
        assert (len(data(blob)) > 300_000, blob.mime) == (True, "text/html")
        assert b"cdn.jsdelivr.net" in data(figure_blob(chart(), "a.html", {"inline": False}))

    @pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<svg"), ("a.pdf", b"%PDF")])
    def test_altair_pictures(self, name: str, start: bytes) -> None:
        """Pictures are made by vl-convert."""
        assert data(figure_blob(chart(), name))[: len(start)] == start

    def test_altair_without_vl_convert(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without vl-convert a picture names the remedy, and HTML takes the form that fetches its scripts."""
        monkeypatch.setitem(sys.modules, "vl_convert", None)
        with pytest.raises(InvalidValue, match=r"needs vl-convert for \.png: 'pip install vl-convert-python'"):
            figure_blob(chart(), "a.png")
        assert b"cdn.jsdelivr.net" in data(figure_blob(chart(), "a.html"))
        with pytest.raises(InvalidValue, match=r"An Altair chart cannot be written as '\.xlsx'"):
            figure_blob(chart(), "a.xlsx")

    def test_plotly(self) -> None:
        """JSON by default, HTML with its JavaScript, both with the title; options reach write_html."""
        figure = go.Figure(go.Scatter(x=[1], y=[2]), layout={"title": "Loss"})
        blob = figure_blob(figure)
        assert json.loads(data(blob))["data"][0]["type"] == "scatter"
        assert (blob.mime, blob.suffix, blob.title) == ("application/vnd.plotly.v1+json", ".json", "Loss")
        html = figure_blob(figure, "a.html")
        assert (html.mime, len(data(html)) > 1_000_000) == ("text/html", True)
        small = data(figure_blob(figure, "a.html", {"include_plotlyjs": "cdn", "auto_open": True}))
        assert len(small) < 100_000
        with pytest.raises(InvalidValue, match=r"A Plotly figure cannot be written as '\.xlsx'; .*\.html, \.json"):
            figure_blob(figure, "a.xlsx")

    def test_plotly_picture_without_kaleido(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever keeps Plotly from making a picture, the message names kaleido and the way around."""

        def to_image(self: go.Figure, **options: Any) -> bytes:
            raise ValueError("Image export requires the kaleido package\nmore")

        monkeypatch.setattr(go.Figure, "to_image", to_image)
        with pytest.raises(
            InvalidValue, match=r"could not write \.png \(Image export .*package\).*pip install kaleido"
        ):
            figure_blob(go.Figure(), "a.png")
        monkeypatch.setattr(go.Figure, "to_image", lambda self, **options: repr(options).encode())
        assert figure_blob(go.Figure(), "a.webp", {"scale": 2}) == Blob(
            b"{'scale': 2, 'format': 'webp'}", "image/webp", "figure", ".webp"
        )

    def test_another_object(self) -> None:
        """What is no figure is named with its class; axes say where their figure is."""
        with pytest.raises(InvalidValue, match="a matplotlib Figure, an Altair chart or a Plotly figure, not int"):
            figure_blob(3)
        with pytest.raises(InvalidValue, match=r"not matplotlib\.axes\..*log its \.figure"):
            figure_blob(plot().axes[0])


class Tensor:
    """Like torch's: only detach().cpu() gives the array."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array, self.shape, self.dtype, self.ready = array, array.shape, array.dtype, 0

    def detach(self) -> Tensor:
        """Leave the graph."""
        self.ready += 1
        return self

    def cpu(self) -> Tensor:
        """Come to this side."""
        self.ready += 1
        return self

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        assert self.ready == 2
        return self.array


class TestImages:
    @pytest.mark.parametrize(
        ("array", "mode", "pixels"),
        [
            (np.array([[True, False]]), "L", [[255, 0]]),
            (np.array([[0, 255]], dtype="int64"), "L", [[0, 255]]),
            (np.array([[0.0, 0.5, 1.0]]), "L", [[0, 127, 255]]),
            (np.array([[0.0, 0.5, 1.0]], dtype="float16"), "L", [[0, 127, 255]]),
            (np.array([[[7], [8]]], dtype="uint8"), "L", [[7, 8]]),
            (np.array([[[1, 2, 3]]], dtype="uint8"), "RGB", [[[1, 2, 3]]]),
            (np.array([[[1, 2, 3, 4]]], dtype="uint8"), "RGBA", [[[1, 2, 3, 4]]]),
            (np.zeros((3, 5, 7), dtype="uint8"), "RGB", np.zeros((5, 7, 3)).tolist()),
            (np.arange(3, dtype="uint8").reshape(3, 1, 1), "L", [[0], [1], [2]]),
        ],
        ids=["bool", "int", "float", "half", "one channel", "RGB", "RGBA", "channels first", "ambiguous"],
    )
    @pytest.mark.parametrize("pillow", [True, False])
    def test_arrays(
        self, array: np.ndarray[Any, Any], mode: str, pixels: Any, pillow: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each accepted shape and type gives these pixels as PNG, with Pillow and without it."""
        if not pillow:
            monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: None)
        blob = image_blob(array)
        picture = opened(blob)
        assert (picture.mode, np.asarray(picture).tolist()) == (mode, pixels)
        assert (blob.mime, blob.kind, blob.suffix) == ("image/png", "image", ".png")

    @given(numpy_st.arrays("uint8", st.sampled_from([(1, 1), (3, 5), (4, 2, 3), (2, 7, 4), (1, 300, 3)])))
    @settings(max_examples=50, deadline=None)
    def test_own_png_is_what_pillow_reads(self, pixels: np.ndarray[Any, Any]) -> None:
        """The encoder for machines without Pillow loses no pixel; Pillow checks every checksum."""
        picture = Image.open(io.BytesIO(images.png(pixels)))
        picture.verify()
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(images.png(pixels)))), pixels)

    def test_same_pixels_as_mlflow(self) -> None:
        """Floats in range, and floats that are scaled, have the pixels that mlflow 3.17 gives."""
        ramp = np.linspace(0, 1, 256).reshape(16, 16)
        assert np.asarray(opened(image_blob(ramp))).tolist() == (ramp * 255).astype("uint8").tolist()
        with pytest.warns(UserWarning, match="floats go from -2 to 6; they are scaled"):
            blob = image_blob(np.array([[-2.0, 0.0, 2.0, 6.0]]))
        assert np.asarray(opened(blob)).tolist() == [[0, 63, 127, 255]]

    def test_pixels_that_are_no_number(self) -> None:
        """NaN and infinity are black and said; they do not move the others; one value out of range is black."""
        with pytest.warns(UserWarning, match="2 pixels are NaN or infinite"):
            blob = image_blob(np.array([[np.nan, np.inf, 0.5, 1.0]]))
        assert np.asarray(opened(blob)).tolist() == [[0, 0, 127, 255]]
        with pytest.warns(UserWarning, match="1 pixels are NaN"):
            blob = image_blob(np.array([[np.nan]]))
        assert np.asarray(opened(blob)).tolist() == [[0]]
        with pytest.warns(UserWarning, match="scaled"):
            blob = image_blob(np.array([[5.0, 5.0]]))
        assert np.asarray(opened(blob)).tolist() == [[0, 0]]

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (np.array([[256]]), "integers go from 256 to 256; they must lie in 0 to 255"),
            (np.array([[-1]]), "integers go from -1"),
            (np.zeros(3), r"the shape \(3,\)"),
            (np.zeros((2, 2, 2)), r"the shape \(2, 2, 2\)"),
            (np.zeros((1, 3, 8, 8)), r"the shape \(1, 3, 8, 8\)"),
            (np.zeros((0, 4)), "has no pixel"),
            (np.array([["a"]]), "must be bools, integers or floats"),
            (np.array([[1j]]), "must be bools, integers or floats"),
            ([[1, 2]], "takes a Pillow image or an array, not list"),
            ("photo.png", "takes a Pillow image or an array, not str"),
        ],
        ids=str,
    )
    def test_what_is_no_image(self, value: Any, message: str) -> None:
        """Each mistake says what is wrong with the value."""
        with pytest.raises(InvalidValue, match=message):
            image_blob(value)

    def test_pillow_images_by_suffix(self) -> None:
        """A Pillow image, or an object with to_pil, in the format of the ending; impossible ones name a remedy."""
        picture = Image.new("RGB", (3, 2), (255, 0, 0))
        assert (opened(image_blob(picture)).format, opened(image_blob(picture, "a.jpg")).format) == ("PNG", "JPEG")
        blob = image_blob(types.SimpleNamespace(to_pil=lambda: picture), "a/b.webp")
        assert (opened(blob).format, blob.mime, blob.suffix) == ("WEBP", "image/webp", ".webp")
        with pytest.raises(InvalidValue, match=r"Pillow cannot write '\.xlsx'"):
            image_blob(picture, "a.xlsx")
        with pytest.raises(InvalidValue, match=r"as '\.jpg' .*RGBA.*convert\('RGB'\)"):
            image_blob(picture.convert("RGBA"), "a.jpg")

    def test_tensor(self) -> None:
        """A tensor with channels first that must be detached and moved gives height x width x 3."""
        blob = image_blob(Tensor(np.ones((3, 4, 5), dtype="float32")))
        assert np.asarray(opened(blob)).tolist() == np.full((4, 5, 3), 255).tolist()

    def test_other_formats_need_pillow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without Pillow an array as JPEG names the remedy."""
        monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: None)
        with pytest.raises(InvalidValue, match=r"as '\.jpg' needs Pillow: 'pip install pillow'"):
            image_blob(np.zeros((2, 2)), "a.jpg")


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
