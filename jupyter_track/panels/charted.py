"""Panels that are charts: what a person takes away of them as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


class Charted:
    """A panel with a chart; subclasses say which."""

    @property
    def chart(self) -> Any:
        """What is shown as an Altair chart with its data."""
        raise NotImplementedError

    def save(self, target: str | os.PathLike[str], *, scale: float = 2.0) -> Path:
        """Write the chart into a file and return its path; a file that is there is replaced.

        Parameters
        ----------
        target : path
            It ends in ``.png``, ``.svg``, ``.pdf`` or ``.json``, which is the Vega-Lite spec with its data.
        scale : float, default 2.0
            Pixels of a PNG per CSS pixel.

        Raises
        ------
        InvalidValue
            For another ending, or where there is nothing to draw.
        MissingPackage
            For a picture, where vl-convert is not installed.

        Examples
        --------
        >>> import jupyter_track as track
        >>> track.curves("loss", runs=["best", "baseline"]).save("loss.svg")  # doctest: +SKIP
        PosixPath('loss.svg')
        """
        from ..charts.saving import save

        return save(lambda: self.chart, Path(target).expanduser(), scale=scale)
