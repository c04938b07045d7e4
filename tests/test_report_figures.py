"""Figures in reports: what is too large, missing or kept as a spec is scaled, drawn, or said in its place."""

from __future__ import annotations

import hashlib
import io
import random
from pathlib import Path
from typing import Any

import pytest
from made_reports import PNG, keep_charts, made_report, numbered
from made_stores import START, add_runs, made_store, write
from PIL import Image

from jupyter_track.charts.drawn import BROKE_OFF, Drawing
from jupyter_track.reports.document import Figures
from jupyter_track.reports.make import Report
from jupyter_track.reports.rasters import scaled
from jupyter_track.store import files
from jupyter_track.store.batch import Batch
from jupyter_track.views.format import size


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine have more time for a chart than people would wait."""
    monkeypatch.setattr(Drawing.__init__, "__defaults__", (600.0, 200.0))


def figures_of(report: Report) -> Any:
    """The figures of a report that has no other section."""
    (section,) = report.document.sections
    return next(one for one in section.blocks if isinstance(one, Figures)).figures


def test_what_cannot_be_shown_is_said_in_its_place(tmp_path: Path) -> None:
    """A figure that is missing from the store, one that is too large, and a chart of Plotly."""
    store = made_store(tmp_path)
    (run_id,) = add_runs(store, {"name": "one", "metrics": {"loss": [3.0, 2.0, 1.0]}})
    batch = Batch("0" * 32, 1)
    figures = {
        "gone.png": PNG + bytes(200_000),
        "large.png": PNG[:20] + bytes(1_100_000),  # no picture
        "plot.json": b'{"data": [{"type": "bar"}], "layout": {"title": "Loss"}}',
    }
    for name, data in figures.items():
        kept = files.keep(store, data)
        mime = "image/png" if name.endswith("png") else "application/vnd.plotly.v1+json"
        row = {"path": f"figures/{name}", "sha256": kept.sha256, "size": kept.size, "mime": mime, "kind": "figure"}
        batch.add_artifact(run_id, {**row, "created": START, "content": (kept.size, kept.data)})
    write(store, batch)
    gone = hashlib.sha256(figures["gone.png"]).hexdigest()
    for path in store.with_name("track.db-files").rglob(f"*{gone[2:]}*"):
        path.unlink()
    report = made_report(store, "one", sections=["figures"])
    assert {one.title: one.note for one in figures_of(report)} == {
        "figures/gone.png": "missing from the store; 'jupyter track doctor' says more",
        "figures/large.png": "1.1 MB, more than a report holds; the store it was made from keeps it",
        "figures/plot.json": "Loss: Plotly chart of 1 trace (bar) · 56 B; "
        "a picture of it is shown where it is logged as .png or .svg too",
    }


def test_a_large_figure_is_scaled_down(tmp_path: Path) -> None:
    """To what a page shows, in its own format, and it is said; more pixels than a page should unpack are not."""
    random.seed(1)
    pictures = {}
    for mime, kind in (("image/png", "PNG"), ("image/jpeg", "JPEG")):
        made = io.BytesIO()
        Image.frombytes("RGB", (2400, 1200), random.randbytes(2400 * 1200 * 3)).save(made, format=kind, quality=95)
        pictures[mime] = made.getvalue()
    made = io.BytesIO()
    Image.new("1", (16_000, 16_000)).save(made, format="PNG")
    pictures["image/webp"] = made.getvalue() + bytes(1_000_000)  # a bomb, and of another kind than it says
    store = made_store(tmp_path)
    (run_id,) = add_runs(store, {"name": "one", "metrics": {"loss": 1.0}})
    batch = Batch("0" * 32, 1)
    for mime, data in pictures.items():
        kept = files.keep(store, data)
        row = {"path": f"figures/{mime[6:]}", "sha256": kept.sha256, "size": kept.size, "mime": mime, "kind": "figure"}
        batch.add_artifact(run_id, {**row, "created": START, "content": (kept.size, kept.data)})
    write(store, batch)
    shown = {one.mime: one for one in figures_of(made_report(store, "one", sections=["figures"]))}
    for mime in ("image/png", "image/jpeg"):
        assert shown[mime].note == f"scaled down from 2,400 × 1,200 pixels, {size(len(pictures[mime]))}"
        data = shown[mime].data or b""
        assert 100_000 < len(data) <= 1_000_000
        with Image.open(io.BytesIO(data)) as opened:
            assert (Image.MIME[opened.format or ""], opened.width, opened.height) in [
                (mime, side, side // 2) for side in (1600, 1100, 760, 520)
            ]
    assert (shown["image/webp"].data, shown["image/webp"].note.partition(", ")[2]) == (
        None,
        "more than a report holds; the store it was made from keeps it",
    )


def test_a_picture_that_is_scaled_looks_as_before() -> None:
    """A photograph is turned as its camera said, and colours of a palette are blended."""
    turned = Image.new("RGB", (3000, 1500), "white")
    turned.paste("black", (0, 0, 1500, 1500))  # left, which is up where it is turned to the right
    exif = turned.getexif()
    exif[0x0112] = 6
    made = io.BytesIO()
    turned.save(made, "JPEG", exif=exif)
    found = scaled(made.getvalue(), "image/jpeg", 1_000_000)
    assert found is not None
    with Image.open(io.BytesIO(found.data)) as opened:
        assert (opened.size, opened.getexif().get(0x0112)) == ((800, 1600), None)
        assert [opened.convert("L").getpixel((400, y)) for y in (100, 1500)] == [0, 255]
    stripes = Image.new("1", (3000, 3000))
    stripes.paste(1, (0, 0, 3000, 1500))
    made = io.BytesIO()
    stripes.convert("P").save(made, "PNG")
    found = scaled(made.getvalue(), "image/png", 1_000_000)
    assert found is not None
    with Image.open(io.BytesIO(found.data)) as opened:
        assert (opened.mode, opened.size, opened.getpixel((800, 100))) == ("RGBA", (1600, 1600), (255, 255, 255, 255))


SPEC = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"x": 1, "y": 2, "href": "http://example.org"}, {"x": 2, "y": 3, "href": ""}]},
    "mark": "line",
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}


@pytest.mark.parametrize(
    ("spec", "note"),
    [
        (SPEC, ""),
        (
            {**SPEC, "data": {"url": "http://example.org/x.csv"}},
            "a chart whose data lie at an address; nothing is fetched for it",
        ),
        (
            {**SPEC, "mark": {"type": "image", "url": "file:///etc/passwd"}},
            "a chart whose data lie at an address; nothing is fetched for it",
        ),
        ([], "a chart whose spec cannot be read"),
    ],
)
def test_a_chart_that_is_kept_as_its_spec_is_drawn(tmp_path: Path, spec: object, note: str) -> None:
    """From its own data; nothing is fetched for it."""
    store = made_store(tmp_path)
    (run_id,) = add_runs(store, {"name": "one", "metrics": {"loss": [3.0, 2.0, 1.0]}})
    keep_charts(store, run_id, spec)
    (figure,) = figures_of(made_report(store, "one", sections=["figures"]))
    assert figure.note == note
    assert [figure.mime, (figure.data or b"").startswith(b"<svg")] == (
        ["image/svg+xml", True] if not note else ["application/vnd.vegalite.v5+json", False]
    )


def test_a_chart_that_takes_all_memory_costs_its_own_picture_only(tmp_path: Path) -> None:
    """It is said in the place of the picture, and the next chart is drawn: the process that makes the report stands."""
    store = made_store(tmp_path)
    (run_id,) = add_runs(store, {"name": "one", "metrics": {"loss": [3.0, 2.0, 1.0]}})
    keep_charts(store, run_id, {"data": {"sequence": {"start": 0, "stop": 6e7}}, "mark": "point"}, SPEC)
    report = made_report(store, "one", sections=["figures"])
    broken, whole = figures_of(report)
    assert (broken.note, broken.data, whole.note, (whole.data or b"")[:4]) == (BROKE_OFF, None, "", b"<svg")
    assert broken.note in report.html


def test_an_image_of_another_step_than_the_title_says_so(tmp_path: Path) -> None:
    """A comparison shows the last image of each run, also where another run went on to a later step."""
    store = made_store(tmp_path)
    batch = Batch("0" * 32, 1)
    for at, run_id in enumerate(add_runs(store, *({"name": f"r{at}", "metrics": {"loss": 1.0}} for at in range(2)))):
        for step in (0, 5 + 5 * at):
            kept = files.keep(store, numbered(step))
            row = {"path": f"images/sample/{step:08d}.png", "sha256": kept.sha256, "size": kept.size}
            row |= {"mime": "image/png", "kind": "image", "created": START, "content": (kept.size, kept.data)}
            batch.add_artifact(run_id, row)
    write(store, batch)
    report = made_report(store, ["#1", "#2"], sections=["comparison"])
    (block,) = [one for one in report.document.sections[0].blocks if isinstance(one, Figures)]
    assert (block.title, [one.title for one in block.figures]) == ("sample, step 10", ["r0 #1 · step 5", "r1 #2"])
