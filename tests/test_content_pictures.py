"""Figures and images become pictures, specs and pages, with Pillow, vl-convert and kaleido and without them."""

from __future__ import annotations

import io
import json
import sys
import types
from typing import Any

import altair
import matplotlib
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from made_contents import chart, data, opened, plot
from PIL import Image

from jupyter_track.errors import InvalidValue
from jupyter_track.recording import images
from jupyter_track.recording.content import (
    Blob,
    figure_blob,
    image_blob,
)

matplotlib.use("agg")


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
