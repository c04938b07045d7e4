"""Figures of matplotlib, Altair and Plotly to bytes, each through its library's own way to save."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidValue
from ..store.files import guess_mime
from .blob import Blob, class_name, is_instance, suffix_of

_ALTAIR_TEXT = (".json", ".html", ".svg")
_ALTAIR_BINARY = (".png", ".pdf")
_PLOTLY_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".svg", ".pdf")


def is_matplotlib(value: object) -> bool:
    """Tell whether it is a figure of matplotlib (a SubFigure is not: it cannot be saved alone)."""
    return is_instance(value, "matplotlib.figure", "Figure")


def is_altair(value: object) -> bool:
    """Tell whether it is a chart of Altair: single, layered, concatenated or repeated."""
    return is_instance(value, "altair", "TopLevelMixin")


def is_plotly(value: object) -> bool:
    """Tell whether it is a figure of Plotly, its FigureWidget too."""
    return is_instance(value, "plotly.basedatatypes", "BaseFigure")


def is_figure(value: object) -> bool:
    """Tell whether `figure_blob` takes it."""
    return is_matplotlib(value) or is_altair(value) or is_plotly(value)


def figure_blob(figure: Any, artifact_file: str | None = None, save_kwargs: Mapping[str, Any] | None = None) -> Blob:
    """Return a figure in the format that the name's ending asks for.

    Parameters
    ----------
    figure : matplotlib Figure, Altair chart or Plotly figure
    artifact_file : str, optional
        Without an ending matplotlib gives PNG, Altair and Plotly their JSON.
    save_kwargs : mapping, optional
        Passed on to the library: to ``savefig`` of matplotlib, ``save`` of Altair, ``write_html``, ``to_json`` or
        ``to_image`` of Plotly. HTML holds its JavaScript, so that it opens without a network; for a small file that
        fetches it, give ``inline=False`` (Altair) or ``include_plotlyjs="cdn"`` (Plotly).

    Raises
    ------
    InvalidValue
        For another object, a format that the library cannot write, or where a helper it needs is not installed.
    """
    options = dict(save_kwargs or {})
    if is_matplotlib(figure):
        return _matplotlib(figure, suffix_of(artifact_file, ".png"), options)
    if is_altair(figure):
        return _altair(figure, suffix_of(artifact_file, ".json"), options)
    if is_plotly(figure):
        return _plotly(figure, suffix_of(artifact_file, ".json"), options)
    remedy = ""
    if is_matplotlib(getattr(figure, "figure", None)):  # Axes, artists, seaborn's grids
        remedy = " It belongs to a matplotlib figure: log its .figure."
    raise InvalidValue(
        f"log_figure takes a matplotlib Figure, an Altair chart or a Plotly figure, not {class_name(figure)}.{remedy}"
    )


def _matplotlib(figure: Any, suffix: str, options: dict[str, Any]) -> Blob:
    form = options.setdefault("format", suffix[1:])
    known = figure.canvas.get_supported_filetypes()
    if form.lower() not in known:
        raise InvalidValue(f"matplotlib cannot write {form!r}; it writes {', '.join(sorted(known))}.")
    out = io.BytesIO()
    figure.savefig(out, **options)
    return Blob(out.getvalue(), guess_mime(f"x.{form}"), "figure", f".{form}", _matplotlib_title(figure))


def _matplotlib_title(figure: Any) -> str | None:
    """The figure's own title, or that of its only axes."""
    title = figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""  # matplotlib 3.8
    if not title and len(figure.axes) == 1:
        title = figure.axes[0].get_title()
    return str(title) if title else None


def _altair(chart: Any, suffix: str, options: dict[str, Any]) -> Blob:
    if suffix not in _ALTAIR_TEXT + _ALTAIR_BINARY:
        raise InvalidValue(_unknown_format("An Altair chart", suffix, _ALTAIR_TEXT + _ALTAIR_BINARY))
    if suffix == ".html":
        options.setdefault("inline", importlib.util.find_spec("vl_convert") is not None)
    elif suffix != ".json" and importlib.util.find_spec("vl_convert") is None:
        raise InvalidValue(
            f"Altair needs vl-convert for {suffix}: 'pip install vl-convert-python', or log to .json or .html."
        )
    out: Any = io.BytesIO() if suffix in _ALTAIR_BINARY else io.StringIO()
    chart.save(out, format=suffix[1:], **options)
    data = out.getvalue()
    mime = guess_mime(f"x{suffix}")
    if suffix == ".json":
        mime = _vega_mime(json.loads(data).get("$schema", ""))
    return Blob(data if isinstance(data, bytes) else data.encode(), mime, "figure", suffix, _altair_title(chart))


def _vega_mime(schema: str) -> str:
    """Jupyter's MIME type for a spec, from the address of its schema (``…/vega-lite/v6.1.0.json``)."""
    kind, _, version = schema.removesuffix(".json").rpartition("/v")
    major = version.split(".")[0]
    if not major.isdigit():
        return "application/json"
    return f"application/vnd.{'vegalite' if kind.endswith('vega-lite') else 'vega'}.v{major}+json"


def _altair_title(chart: Any) -> str | None:
    title = getattr(chart, "title", None)
    text = title if isinstance(title, str) else getattr(title, "text", None)
    return text if isinstance(text, str) and text else None


def _plotly(figure: Any, suffix: str, options: dict[str, Any]) -> Blob:
    title = getattr(figure.layout.title, "text", None)
    if suffix == ".json":
        data = figure.to_json(**options).encode()
        return Blob(data, "application/vnd.plotly.v1+json", "figure", suffix, title)
    if suffix in (".html", ".htm"):
        options["auto_open"] = False  # a browser window is no artifact
        out = io.StringIO()
        figure.write_html(out, **options)
        return Blob(out.getvalue().encode(), "text/html", "figure", suffix, title)
    if suffix not in _PLOTLY_IMAGES:
        raise InvalidValue(_unknown_format("A Plotly figure", suffix, (".html", ".json", *_PLOTLY_IMAGES)))
    options.setdefault("format", suffix[1:])
    try:
        data = figure.to_image(**options)
    except (ImportError, ValueError, RuntimeError) as error:  # no kaleido, an old one, or no browser for it
        raise InvalidValue(
            f"Plotly could not write {suffix} ({str(error).strip().splitlines()[0]}). It needs kaleido and a Chrome: "
            "'pip install kaleido', then 'plotly_get_chrome'; or log to a name in .html or .json."
        ) from error
    return Blob(data, guess_mime(f"x{suffix}"), "figure", suffix, title)


def _unknown_format(what: str, suffix: str, known: tuple[str, ...]) -> str:
    return f"{what} cannot be written as {suffix!r}; the name may end in {', '.join(known)}."
