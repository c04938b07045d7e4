"""Figures and charts for the tests of what becomes bytes, and what lies in the bytes."""

from __future__ import annotations

import io
from typing import Any

import altair
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from jupyter_track.recording.content import (
    Blob,
)


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
