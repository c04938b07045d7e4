"""Charts as files: PNG, SVG, PDF and the spec, of every panel that is a chart."""

from __future__ import annotations

import importlib.util
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from made_stores import add_runs, made_store
from made_sweep import add_sweep
from PIL import Image

import jupyter_track as track
from jupyter_track.errors import InvalidValue, MissingPackage, NotFound, StoreUnavailable
from jupyter_track.panels.comparison import ComparisonPanel
from jupyter_track.views.compared import Comparison

HOSTILE = "</text><script>alert(1)</script>]]>&amp; \u202eabc"

Make = Callable[[], Any]


def comparison() -> ComparisonPanel:
    """The comparison of the two newest runs."""
    return ComparisonPanel.of(track.compare("last~1", "last"))


CHARTS: dict[str, Make] = {
    "curves": lambda: track.curves("loss", smoothing=0.5),
    "parallel": track.parallel,
    "scatter": lambda: track.scatter("lr", "accuracy"),
    "importance": lambda: track.importance("accuracy"),
    "comparison": comparison,
    "a comparison in a script": lambda: track.compare("last~1", "last"),
}


@pytest.fixture
def filled(store: Path) -> Path:
    """A store of a sweep, and of two runs with curves and odd names."""
    made_store(store.parent)
    add_sweep(store, 20)
    curve = [1 / (step + 1) for step in range(200)]
    params = {"lr": 0.1, HOSTILE: 1}
    add_runs(store, *({"name": f"{HOSTILE} {n}", "params": params, "metrics": {"loss": curve}} for n in range(2)))
    return store


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_written_in_each_form(filled: Path, tmp_path: Path, name: str) -> None:
    """A PNG that has something on it, an SVG and a PDF, and a spec that Altair reads; each time the same bytes."""
    import altair as alt

    panel = CHARTS[name]()
    places = [panel.save(tmp_path / "out" / f"{name}.{form}") for form in ("png", "svg", "pdf", "json")]
    png, svg, pdf, spec = (place.read_bytes() for place in places)
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    assert image.width > 500
    assert len(image.getchannel("A").getcolors()) > 10  # transparent ground, and lines with smooth edges
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [one for one in root.iter() if one.tag.endswith("script") or "onload" in one.attrib]
    assert b"http" not in svg.replace(b"http://www.w3.org/", b"")
    assert pdf.startswith(b"%PDF")
    chart = alt.Chart.from_json(spec.decode())
    assert chart.to_dict()["datasets"]
    assert panel.save(tmp_path / f"again.{name}.svg").read_bytes() == svg
    assert CHARTS[name]().save(str(tmp_path / "again.json")).read_bytes() == spec
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(place.name for place in places)


def test_a_comparison_draws_what_its_panel_draws(filled: Path, tmp_path: Path) -> None:
    """The same file, in a script too; without curves it is said what there is, and nothing is written."""
    found = track.compare("last~1", "last")
    assert isinstance(found, Comparison)
    assert found.chart.to_dict() == comparison().chart.to_dict()
    assert found.save(tmp_path / "a.svg").read_bytes() == comparison().save(tmp_path / "b.svg").read_bytes()
    add_runs(filled, {"params": {"a": 1}}, {"params": {"a": 2}})
    with pytest.raises(NotFound, match="no curves to draw"):
        track.compare("last~1", "last").save(tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_the_spec_has_the_data(filled: Path, tmp_path: Path) -> None:
    """What is drawn can be drawn elsewhere: the points are in the file, to the last digit."""
    spec = json.loads(track.curves("loss", runs=["last"]).save(tmp_path / "loss.json").read_text("utf-8"))
    (rows,) = spec["datasets"].values()
    assert [(row["x"], row["y"]) for row in rows] == [(step, 1 / (step + 1)) for step in range(200)]


def test_as_many_rows_as_are_drawn_are_written(store: Path, tmp_path: Path) -> None:
    """Altair's limit of 5,000 rows is no limit of ours."""
    made_store(store.parent)
    add_runs(store, *({"metrics": {"loss": [math.sin(n + at / 100) for at in range(1_000)]}} for n in range(8)))
    spec = json.loads(track.curves("loss").save(tmp_path / "loss.json").read_text("utf-8"))
    assert sum(map(len, spec["datasets"].values())) == 8_000
    assert track.curves("loss").save(tmp_path / "loss.svg").stat().st_size > 50_000


def test_what_cannot_be_written_is_said(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endings, scales, places, charts with nothing in them; an earlier file stays."""
    panel = track.curves("loss")
    with pytest.raises(InvalidValue, match=r"\.png, \.svg, \.pdf or \.json.*report"):
        panel.save(tmp_path / "x.html")
    with pytest.raises(InvalidValue, match="scale"):
        panel.save(tmp_path / "x.png", scale=100)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        panel.save(tmp_path / "file" / "x.json")
    (tmp_path / "x.json").write_text("earlier")
    few = track.importance("accuracy", runs="params.seed < 3")
    with pytest.raises(InvalidValue):
        few.save(tmp_path / "x.json")
    assert (tmp_path / "x.json").read_text() == "earlier"
    track.set_tracking_uri(tmp_path / "other" / "track.db")
    with track.start_run():
        track.log_param("a", 1)
    with pytest.raises(NotFound, match="no curves"):
        track.curves().save(tmp_path / "x.json")
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "vl_convert" else found(name))
    with pytest.raises(MissingPackage, match="pip install vl-convert-python"):
        panel.save(tmp_path / "x.png")
    assert panel.save(tmp_path / "y.json").exists()
