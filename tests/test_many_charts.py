"""Charts of many runs by their spec, and as static forms: what they say with every style taken away."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from made_stores import add_run, add_runs, made_store
from made_sweep import add_sweep

from jupyter_track.charts.importance import importance_chart
from jupyter_track.charts.parallel import MISSING, axis_rows, line_rows, parallel_chart, tick_rows
from jupyter_track.charts.scatter import scatter_chart
from jupyter_track.charts.specs import made
from jupyter_track.store import table_rows
from jupyter_track.store.table_rows import TableRow
from jupyter_track.views import many_forms as forms
from jupyter_track.views.goals import goal_of
from jupyter_track.views.importance import Bar, Importance
from jupyter_track.views.many_svg import bar_svg, parallel_svg, scatter_svg
from jupyter_track.views.parallel import parallel_of
from jupyter_track.views.scatter import scatter_of


@pytest.fixture
def rows(tmp_path: Path) -> list[TableRow]:
    """Three runs with a param each of numbers and of names; one lacks a param."""
    store = made_store(tmp_path)
    add_runs(
        store,
        {"name": "a", "params": {"lr": 0.1, "model": "svm"}, "metrics": {"loss": 0.5}},
        {"name": "b", "params": {"lr": 0.2, "model": "mlp"}, "metrics": {"loss": 0.25}},
        {"name": "c<", "params": {"lr": 0.3}, "metrics": {"loss": 1.0}},
    )
    return table_rows.RowReader(store).read([3, 2, 1])


IMPORTANCE = Importance(
    "loss",
    goal_of("loss", {}),
    (Bar("lr", "lr", 0.5, 0.1, False), Bar("model", "model", -0.25, 0.5, True)),
    0.8,
    30,
    "permutation importance",
    ("1 param equal in all runs",),
)


def encodings(spec: Any) -> list[tuple[Any, dict[str, Any]]]:
    """The mark of each layer of a spec, and the field that each channel shows."""
    return [
        (
            layer["mark"]["type"],
            {name: channel.get("field") for name, channel in layer["encoding"].items() if isinstance(channel, dict)},
        )
        for layer in spec["layer"]
    ]


def test_the_live_parallel_coordinates_draw_lines_then_axes_with_their_names() -> None:
    """Five data sets by name, and marks in their order."""
    spec = made("parallel")
    assert encodings(spec) == [
        ("rule", {"opacity": "tone", "x": "at", "x2": "to", "y": "share", "y2": "end"}),
        ("rule", {"x": "at", "y": None, "y2": None}),
        ("text", {"text": "text", "x": "at", "y": "share"}),  # the ground behind the texts of the ticks
        ("text", {"text": "text", "x": "at", "y": "share"}),
        ("text", {"text": "title", "x": "at", "y": None}),
        ("text", {"text": "missing", "x": "at", "y": None}),
        ("text", {"text": "text", "x": "at", "y": "share"}),
        ("text", {"text": "text", "x": "at", "y": "share"}),
    ]
    names = ["lines", "axes", "ticks", "ends", "axes", "axes", "ticks", "ends"]
    assert [layer["data"]["name"] for layer in spec["layer"]] == names


def test_the_live_scatter_plot_draws_points_over_its_grid() -> None:
    """Shares on both axes, so that one spec does for numbers, powers and names."""
    spec = made("scatter")
    assert [(mark, fields.get("x"), fields.get("y")) for mark, fields in encodings(spec)][-1] == ("circle", "x", "y")
    assert [layer["data"]["name"] for layer in spec["layer"]] == [
        "yticks", "yticks", "xticks", "titles", "titles", "points"
    ]  # fmt: skip


def test_parallel_coordinates_to_take_away_hold_their_data(rows: list[TableRow]) -> None:
    """A row for each run and axis; what a run lacks lies below the foot; a loss is turned over."""
    parallel = parallel_of(rows, {})
    found = {(row["name"], row["axis"]): (row["share"], row["text"]) for row in line_rows(parallel)}
    assert found == {
        ("a #1", "lr"): (0.0, "0.1"), ("a #1", "model"): (1.0, "svm"), ("a #1", "loss"): (0.666667, "0.5000"),
        ("b #2", "lr"): (0.5, "0.2"), ("b #2", "model"): (0.0, "mlp"), ("b #2", "loss"): (1.0, "0.2500"),
        ("c< #3", "lr"): (1.0, "0.3"), ("c< #3", "model"): (MISSING, "none"), ("c< #3", "loss"): (0.0, "1.0000"),
    }  # fmt: skip
    assert axis_rows(parallel) == [
        {"at": 0, "title": "lr", "missing": ""},
        {"at": 1, "title": "model", "missing": "none"},
        {"at": 2, "title": "loss ↓?", "missing": ""},
    ]
    assert [row["text"] for row in tick_rows(parallel)] == [
        "0.1",
        "0.2",
        "0.3",
        "mlp",
        "svm",
        "0.2500",
        "0.5000",
        "1.0000",
    ]
    spec = parallel_chart(parallel).to_dict()
    assert [mark for mark, _ in encodings(spec)] == ["line", "rule", *["text"] * 6]
    assert spec["config"]["background"] == "transparent"


def test_selected_runs_have_their_colours_in_a_chart_to_take_away(rows: list[TableRow]) -> None:
    """The others are grey and faint."""
    parallel = parallel_of(rows, {})
    chosen = parallel.runs[1]
    spec = parallel_chart(parallel, [chosen.run_id]).to_dict()
    color = spec["layer"][0]["encoding"]["color"]
    assert (color["condition"]["scale"], color["value"]) == (
        {"domain": [chosen.run_id], "range": ["#9947a9"]}, "#707a85"
    )  # fmt: skip
    assert {row["tone"] for row in line_rows(parallel, [chosen.run_id]) if row["run"] != chosen.run_id} == {0.3}


def test_a_scatter_plot_to_take_away_holds_the_values_themselves(rows: list[TableRow]) -> None:
    """Of numbers on a quantitative axis, of names on one with their order."""
    numbers = scatter_chart(scatter_of(rows, {}, "lr")).to_dict()
    (data,) = numbers["datasets"].values()
    assert [(row["name"], row["x"], row["y"]) for row in data] == [
        ("c< #3", 0.3, 1.0), ("b #2", 0.2, 0.25), ("a #1", 0.1, 0.5)
    ]  # fmt: skip
    assert (numbers["encoding"]["x"]["type"], numbers["encoding"]["x"]["title"]) == ("quantitative", "lr")
    names = scatter_chart(scatter_of(rows, {}, "model")).to_dict()["encoding"]["x"]
    assert (names["type"], names["scale"]["domain"]) == ("nominal", ["mlp", "svm"])


def test_the_bars_to_take_away_have_their_deviation() -> None:
    """In the order of importance; what is within noise is fainter."""
    spec = importance_chart(IMPORTANCE).to_dict()
    (data,) = spec["datasets"].values()
    assert [(row["param"], row["importance"], row["low"], row["high"], row["tone"]) for row in data] == [
        ("lr", 0.5, 0.4, 0.6, 1.0),
        ("model", -0.25, -0.75, 0.25, 0.4),
    ]
    assert [mark for mark, _ in encodings(spec)] == ["bar", "rule"]
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["lr", "model"]


def picture(uri: str) -> ElementTree.Element:
    """The elements of a picture; a name that were markup would not be read."""
    head, _, body = uri.partition(",")
    assert head == "data:image/svg+xml"
    return ElementTree.fromstring(unquote(body))


def test_pictures_are_whole_svg_and_say_themselves_in_words(rows: list[TableRow]) -> None:
    """A line a run, an axis each, hostile names as text."""
    svg = "{http://www.w3.org/2000/svg}"
    lines = parallel_svg(parallel_of(rows, {}))
    root = picture(lines.uri)
    assert len(root.findall(f"{svg}g/{svg}path")) == 3
    assert len(root.findall(f"{svg}path")) == 3
    assert lines.alt == "3 runs in parallel coordinates: lr 0.1 to 0.3; model mlp, svm; loss 0.25 to 1"
    points = scatter_svg(scatter_of(rows, {}, "lr"))
    assert len(picture(points.uri).findall(f"{svg}g/{svg}circle")) == 3
    assert points.alt == "3 runs: loss 0.25 to 1 against lr 0.1 to 0.3"
    assert bar_svg(IMPORTANCE.bars[0], 0.6).alt == "lr: 0.50 ± 0.10"


def test_a_picture_of_very_many_runs_stays_small(tmp_path: Path) -> None:
    """At most 150 lines, the best ones and every so many of the others; all that are selected have their colour."""
    store = made_store(tmp_path)
    ids = add_sweep(store, 400)
    parallel = parallel_of(table_rows.RowReader(store).read(table_rows.active_numbers(store)), {})
    selected = parallel.runs[7].run_id
    found = parallel_svg(parallel, [selected])
    paths = picture(found.uri).findall(".//{http://www.w3.org/2000/svg}g/{http://www.w3.org/2000/svg}path")
    assert 100 < len(paths) <= 151
    assert [path.get("stroke") for path in paths if path.get("stroke")] == [parallel.runs[7].color]
    assert len(forms.parallel_html(parallel, ids[:3])) < 40_000


PAPER = re.compile(r"<style scoped>@media print\{[^<]*\}</style>")


def plain(html: str) -> str:
    """The words of a form, without its elements and without its rules for paper."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", PAPER.sub("", html))).strip()


def test_the_static_form_reads_right_without_its_picture(rows: list[TableRow]) -> None:
    """The best runs with their values, in the words of the text."""
    parallel = parallel_of(rows, {})
    assert plain(forms.parallel_html(parallel)) == (
        "# name lr model loss ↓? ✓ 2 b 0.2 mlp 0.2500 ✓ 1 a 0.1 svm 0.5000 ✓ 3 c&lt; 0.3 1.0000 3 runs"
    )
    assert forms.parallel_text(parallel) == (
        "   #  name   lr  model  loss ↓?\n"
        "✓  2  b     0.2  mlp     0.2500\n"
        "✓  1  a     0.1  svm     0.5000\n"
        "✓  3  c<    0.3          1.0000\n"
        "3 runs"
    )
    selected = forms.scatter_text(scatter_of(rows, {}, "lr"), [rows[0].run_id])
    assert selected == (
        "   #  name   lr  loss ↓?\n✓  3  c<    0.3   1.0000\n3 runs · 1 selected · rank correlation 0.50"
    )


def test_importance_reads_as_bars_of_text() -> None:
    """With the deviation, the method and the limits."""
    assert forms.importance_text(IMPORTANCE) == (
        "what mattered for loss · 30 runs · R² 0.80\n"
        "lr     ████████████████████   0.50 ± 0.10\n"
        "model                        −0.25 ± 0.50  within noise\n"
        "permutation importance\n"
        "1 param equal in all runs"
    )
    assert plain(forms.importance_html(IMPORTANCE)) == (
        "what mattered for loss · 30 runs · R² 0.80 param R² lost ± sd lr 0.50 ± 0.10 model −0.25 ± 0.50 within noise "
        "permutation importance 1 param equal in all runs"
    )


def test_forms_keep_to_what_hosts_let_through(rows: list[TableRow]) -> None:
    """No style sheet but that for paper, no inline SVG, no variable, no id; only pictures that carry their own data."""
    every = [
        forms.parallel_html(parallel_of(rows, {})),
        forms.scatter_html(scatter_of(rows, {}, "lr")),
        forms.importance_html(IMPORTANCE),
        forms.sentence_html("No run matches <b>."),
    ]
    for html in map(partial(PAPER.sub, ""), every):
        tags = set(re.findall(r"<(\w+)", html))
        assert tags <= {"div", "span", "table", "thead", "tr", "th", "td", "img"}
        assert set(re.findall(r' (\w+)="', html)) <= {
            "class",
            "style",
            "title",
            "scope",
            "src",
            "alt",
            "width",
            "height",
        }
        assert "var(" not in html
        assert all(source.startswith("data:image/svg+xml,") for source in re.findall(r'src="([^"]*)"', html))
    assert every[-1].endswith(">No run matches &lt;b&gt;.</div>")


def test_a_name_of_a_param_is_text_everywhere(tmp_path: Path) -> None:
    """Also in pictures, where it would else end an element."""
    store = made_store(tmp_path)
    for value in (1, 2):
        add_run(store, params={"</text><script>": value}, metrics={"loss": value})
    parallel = parallel_of(table_rows.RowReader(store).read([1, 2]), {})
    texts = [node.text for node in picture(parallel_svg(parallel).uri).iter() if node.text]
    assert texts == ["1", "2", "</text><script>", "1", "2", "loss ↓?"]
    assert "<script" not in forms.parallel_html(parallel)


def test_the_texts_of_an_axis_have_room_and_no_line_through_them(tmp_path: Path) -> None:
    """Four digits beside the last axis, all within the picture; lines are left out where a text stands."""
    store = made_store(tmp_path)
    for at, loss in enumerate((0.2168081234, 1.808477123, 0.55)):
        add_run(store, params={"penalty": f"l{at}"}, metrics={"loss": loss})
    parallel = parallel_of(table_rows.RowReader(store).read([1, 2, 3]), {})
    assert [text for _, text in parallel.metric.ticks] == ["0.2168", "0.5500", "1.808"]
    svg = "{http://www.w3.org/2000/svg}"
    root = picture(parallel_svg(parallel).uri)
    width = float(root.get("width", "0"))
    ends = [float(node.get("x", "0")) + 6.5 * len(node.text or "") for node in root.iter(f"{svg}text")
            if node.get("text-anchor") == "start"]  # fmt: skip
    assert len(ends) == 3
    assert max(ends) < width
    mask = root.find(f"{svg}mask")
    assert mask is not None
    lines = next(node for node in root.findall(f"{svg}g") if node.get("stroke"))
    assert lines.get("mask") == f"url(#{mask.get('id')})"
    assert len(mask.findall(f"{svg}g/{svg}rect")) == 6
