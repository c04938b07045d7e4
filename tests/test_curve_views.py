"""Curves as plain data: axes, joins, smoothing, groups, the frame, the chart to take away, the static forms."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from made_stores import START, add_runs, made_store
from test_static_forms import ATTRIBUTES, PROPERTIES, TAGS, payloads, read

from jupyter_track.charts.curves import chart
from jupyter_track.errors import InvalidValue, NotFound
from jupyter_track.store import edits
from jupyter_track.store.curve_rows import CurvePoint
from jupyter_track.store.experiment_edits import set_experiment_tags
from jupyter_track.store.reader import Reader
from jupyter_track.views import curve_choice
from jupyter_track.views.beyond import far_off
from jupyter_track.views.curve_choice import Asked, Choice
from jupyter_track.views.curves import BandPoint, Series, Stairs, band, frame, series_of, smoothed
from jupyter_track.views.curves_html import curves_html, curves_text
from jupyter_track.views.group_end import GroupEnd, group_end, shared_band
from jupyter_track.views.tokens import mark

NAN, INF = math.nan, math.inf
FIXTURE = Path(__file__).parent.parent / "labextension" / "tests" / "curves.json"
LOSS = [1.0, 0.5, NAN, 0.25]
BASE = [2.0, 1.5, 1.0, INF]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three runs: two with lr 0.1, of which the second is the baseline; the third stops early."""
    made = made_store(tmp_path)
    ids = add_runs(
        made,
        {"name": "first", "params": {"lr": 0.1}, "metrics": {"loss": LOSS, "acc": [0.5, 0.75, 0.5, 1.0]}},
        {
            "name": "base",
            "params": {"lr": 0.1},
            "metrics": {"loss": [2.0, 1.5, 1.0, INF], "epoch": [0.0, 0.0, 1.0, 1.0]},
        },
        {"name": "short", "params": {"lr": 0.5}, "metrics": {"loss": [3.0, 2.0]}},
    )
    edits.set_baseline(made, ids[1])
    return made


def drawn(store: Path, choice: Choice, x: str = "step") -> list[Series]:
    """The points of all curves."""
    runs = {run.number: run for run in choice.runs}
    over = {curve.number: curve for curve in choice.curves if curve.key == x}
    return [
        series_of(store, curve, runs[curve.number], 1000, x=x, over=over.get(curve.number)) for curve in choice.drawn(x)
    ]


def lines(series: list[Series]) -> dict[str, list[tuple[float, str]]]:
    """Points by run, NaN as text, since it equals nothing."""
    return {one.run_id: list(zip(one.xs, map(str, one.ys), strict=True)) for one in series}


# ---- what is shown


def test_by_default_the_main_metrics_of_the_newest_runs_are_shown(store: Path) -> None:
    """Runs in the order of their numbers, each with its colour; the baseline is known; what may be chosen is told."""
    choice = curve_choice.choose(store, Asked())
    assert [(run.name, run.number, run.baseline) for run in choice.runs] == [
        ("first", 1, False),
        ("base", 2, True),
        ("short", 3, False),
    ]
    assert sorted(one.title for one in choice.charts) == ["acc ↑?", "epoch", "loss ↓?"]
    assert sorted(choice.metrics) == ["acc", "epoch", "loss"]
    assert choice.groupings == ("lr",)


def test_of_many_runs_the_kept_ones_and_the_newest_are_shown(store: Path) -> None:
    """As many as there are colours; how many there are is said."""
    add_runs(store, *({"name": f"r{number}", "metrics": {"loss": [1.0, 2.0]}} for number in range(20)))
    choice = curve_choice.choose(store, Asked(("loss",)))
    assert [run.number for run in choice.runs] == [2, *range(17, 24)]
    assert choice.notes == ("8 of 23 runs: the baseline, the pinned and the newest",)


def test_of_more_runs_than_can_be_told_apart_eight_are_in_colour(store: Path) -> None:
    """The baseline and the newest; the others are grey and pale."""
    ids = add_runs(store, *({"name": f"r{number}", "metrics": {"loss": [1.0, 2.0]}} for number in range(30)))
    choice = curve_choice.choose(store, Asked(("loss",), (choice_base(store), *ids)))
    coloured = [run.number for run in choice.runs if run.paint.opacity == 1.0]
    assert coloured == [2, *range(27, 34)]
    assert {run.paint.color for run in choice.runs if run.paint.opacity < 1.0} == {mark("muted")}


def choice_base(store: Path) -> str:
    """The id of the baseline."""
    return next(run.run_id for run in curve_choice.choose(store, Asked()).runs if run.baseline)


def test_an_empty_store_says_what_will_appear(tmp_path: Path) -> None:
    """One sentence, with or without a file; no file is made."""
    nothing = curve_choice.choose(tmp_path / "track.db", Asked(("loss",)))
    assert nothing.empty == "No run has logged loss yet. It appears here when one does."
    assert curves_html(nothing, [], "step").count("<") == 2
    assert curves_text(nothing, [], "step") == nothing.empty
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(("los",)), "No run has the metric 'los'; did you mean 'loss'?"),
        (Asked(x="epochs"), "No run has the metric 'epochs'; did you mean 'epoch'?"),
        (Asked(smoothing=1.0), "smoothing is a number from 0 (none) to 0.999, not 1.0."),
        (Asked(run_ids=("a",) * 201), "Curves show at most 200 runs, not 201: take the best of them."),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_remedy(store: Path, asked: Asked, words: str) -> None:
    """Before anything is shown."""
    with pytest.raises((NotFound, InvalidValue)) as error:
        curve_choice.check(store, asked)
    assert str(error.value) == words


# ---- axes


def test_the_axes(store: Path) -> None:
    """The same points over steps, moments and seconds since the run's start; what is odd stands at its place."""
    choice = curve_choice.choose(store, Asked(("loss",)))
    first, base, short = (run.run_id for run in choice.runs)
    values = {first: ["1.0", "0.5", "nan", "0.25"], base: ["2.0", "1.5", "1.0", "nan"], short: ["3.0", "2.0"]}
    for x, place in (
        ("step", lambda step, start: step),
        ("time", lambda step, start: START + 1000 * step),
        ("elapsed", lambda step, start: (START + 1000 * step - start) / 1000),
    ):
        expected = {
            run.run_id: [(place(step, run.start), value) for step, value in enumerate(values[run.run_id])]
            for run in choice.runs
        }
        assert lines(drawn(store, choice, x)) == expected
    assert [one.odd for one in drawn(store, choice)] == [((2, 1, "NaN"),), ((3, 1, "∞"),), ()]


def test_over_a_metric(store: Path) -> None:
    """It is joined by step; a run that has no such metric has no line, and the metric no chart over itself."""
    choice = curve_choice.choose(store, Asked(x="epoch"))
    found = drawn(store, choice, "epoch")
    first, base, short = (run.run_id for run in choice.runs)
    assert {one.key for one in found} == {"loss", "acc"}
    assert lines([one for one in found if one.key == "loss"]) == {
        first: [],
        base: [(0.0, "2.0"), (0.0, "1.5"), (1.0, "1.0"), (1.0, "nan")],
        short: [],
    }


def test_a_metric_by_step_has_its_last_value_before() -> None:
    """Of several at one step the last that was logged; nothing before the first, and NaN is no value."""
    stairs = Stairs([CurvePoint(5, 0, 1.0), CurvePoint(0, 0, 0.0), CurvePoint(5, 0, 2.0), CurvePoint(7, 0, NAN)])
    assert [stairs(step) for step in (-1, 0, 4, 5, 8)] == [None, 0.0, 0.0, 2.0, 2.0]


# ---- groups


def add_seeds(store: Path, rates: int, seeds: int) -> None:
    """Runs of some rates, each with some seeds."""
    add_runs(
        store,
        *(
            {"name": f"lr{rate}", "params": {"lr": rate, "seed": seed}, "metrics": {"loss": [1.0 + seed, 0.5, 0.1]}}
            for rate in range(rates)
            for seed in range(seeds)
        ),
    )


def test_a_group_has_all_of_its_runs_in_one_colour(tmp_path: Path) -> None:
    """Three rates with three seeds are three lines of three runs, not eight of the nine runs."""
    store = made_store(tmp_path)
    add_seeds(store, 3, 3)
    choice = curve_choice.choose(store, Asked(("loss",), group="lr"))
    assert [run.group for run in choice.runs] == ["0"] * 3 + ["1"] * 3 + ["2"] * 3
    assert choice.notes == ()
    colours = [tuple(run.paint.color for run in choice.runs[at : at + 3]) for at in (0, 3, 6)]
    assert all(len(set(group)) == 1 for group in colours)
    assert len(set(colours)) == 3


def test_the_newest_eight_groups_are_drawn_whole(tmp_path: Path) -> None:
    """The limit counts groups; runs that a person names are all drawn."""
    store = made_store(tmp_path)
    add_seeds(store, 10, 3)
    choice = curve_choice.choose(store, Asked(("loss",), group="lr"))
    assert [run.number for run in choice.runs] == list(range(7, 31))
    assert choice.notes == ("8 of 10 groups: the baseline's, the pinned and the newest",)
    named = tuple(run.run_id for run in Reader(store).runs())
    assert len({run.group for run in curve_choice.choose(store, Asked(("loss",), named, group="lr")).runs}) == 10


def test_the_group_seed_is_of_runs_that_differ_only_in_the_seed(tmp_path: Path) -> None:
    """By whatever name a seed has; ``params.seed`` is the param itself."""
    store = made_store(tmp_path)
    add_seeds(store, 2, 3)
    choice = curve_choice.choose(store, Asked(("loss",), group="seed"))
    assert [run.group for run in choice.runs] == ["lr0"] * 3 + ["lr1"] * 3
    assert choice.groupings == ("seed", "lr")
    by_param = curve_choice.choose(store, Asked(("loss",), group="params.seed"))
    assert [run.group for run in by_param.runs] == ["0", "1", "2"] * 2


def test_the_static_form_of_groups_has_a_line_for_each(tmp_path: Path) -> None:
    """Mean and spread of the last values, and the best of the mean."""
    store = made_store(tmp_path)
    add_seeds(store, 2, 3)
    choice = curve_choice.choose(store, Asked(("loss",), group="seed"))
    assert curves_text(choice, drawn(store, choice), "step") == (
        "loss ↓? over step\n"
        "  lr0  0.1000 ± 0 (n=3)  best 0.1000 at 2  9 points\n"
        "  lr1  0.1000 ± 0 (n=3)  best 0.1000 at 2  9 points"
    )
    html = curves_html(choice, drawn(store, choice), "step")
    assert html.count("(n=3)") == 2
    assert 'alt="loss of 2 groups over step"' in html


def test_long_values_with_equal_ends_are_groups_of_their_own(tmp_path: Path) -> None:
    """A group is known by the whole value, of which a table shows the ends."""
    store = made_store(tmp_path)
    files = [f"/data/{'a' * 40}{letter}{'a' * 40}/train.csv" for letter in "xyyx"]
    run = {"metrics": {"loss": [1.0, 0.5]}}
    add_runs(store, *({**run, "name": str(number), "params": {"file": file}} for number, file in enumerate(files)))
    choice = curve_choice.choose(store, Asked(("loss",), group="file"))
    assert sorted(run.group for run in choice.runs) == sorted(files)
    shown = f"/data/{'a' * 24}…{'a' * 19}/train.csv"
    text = curves_text(choice, drawn(store, choice), "step").splitlines()
    assert [line.split("  ")[1] for line in text[1:]] == [shown, shown]


def test_a_single_value_is_one_point(tmp_path: Path) -> None:
    """In words too."""
    store = made_store(tmp_path)
    add_runs(store, {"name": "only", "metrics": {"accuracy": 0.5}})
    choice = curve_choice.choose(store, Asked(("accuracy",)))
    assert curves_text(choice, drawn(store, choice), "step").splitlines()[1].endswith("  1 point")


# ---- smoothing: the fixture that the browser's tests read too


def test_smoothing_and_groups_are_what_the_browser_makes() -> None:
    """The cases of the fixture, to the last digits but for the order of sums."""
    cases = json.loads(FIXTURE.read_text(encoding="utf-8"))
    for case in cases["smoothed"]:
        values = [NAN if value is None else value for value in case["values"]]
        found = [None if math.isnan(value) else value for value in smoothed(values, case["weight"])]
        assert found == pytest.approx(case["found"])
    for case in cases["band"]:
        series = [
            Series("run", "loss", tuple(line["x"]), tuple(NAN if y is None else y for y in line["y"]))
            for line in case["lines"]
        ]
        assert [vars(point) for point in band(series)] == [pytest.approx(point) for point in case["found"]]


def test_which_curves_go_far_beyond_the_others_is_what_the_browser_finds() -> None:
    """The cases of the fixture."""
    for case in json.loads(FIXTURE.read_text(encoding="utf-8"))["beyond"]:
        curves = [[NAN if value is None else value for value in one] for one in case["curves"]]
        assert (case["curves"], far_off(curves)) == (case["curves"], case["found"])


def test_smoothing_begins_at_the_first_value_and_leaves_a_constant_alone() -> None:
    """The bias correction: without it the beginning would be drawn towards zero."""
    assert smoothed([5.0, 5.0, NAN, 5.0], 0.9)[:2] == pytest.approx([5.0, 5.0])
    assert math.isnan(smoothed([5.0, NAN], 0.9)[1])
    assert smoothed([1.0, 2.0], 0.0) == [1.0, 2.0]


def test_a_band_is_mean_and_sample_sd_with_n() -> None:
    """Against NumPy; where one run has ended, the others go on, and n says how many."""
    one, other = Series("a", "loss", (0, 1, 2), (1.0, 2.0, 4.0)), Series("b", "loss", (0, 2), (3.0, 6.0))
    third = Series("c", "loss", (0,), (8.0,))
    assert band([one, other, third]) == [
        BandPoint(0, 4.0, float(np.std([1, 3, 8], ddof=1)), 3),
        BandPoint(1, 3.25, float(np.std([2, 4.5], ddof=1)), 2),
        BandPoint(2, 5.0, float(np.std([4, 6], ddof=1)), 2),
    ]


def test_a_mean_ends_where_too_few_of_its_runs_go_on() -> None:
    """Fewer than half of them, or one of several: the mean would jump to those few. The browser does the same."""
    for case in json.loads(FIXTURE.read_text(encoding="utf-8"))["ends"]:
        lengths, axis, found = case["lengths"], case["axis"], case["found"]
        series = [Series(str(at), "loss", tuple(range(n)), (1.0 + at,) * n) for at, n in enumerate(lengths)]
        end = group_end(series, axis)
        assert end == (None if found is None else GroupEnd(*found)), case
        assert (end.words("l2", axis) if end else "") == case["words"]
        last = max(lengths) - 1 if found is None else found[0]
        assert [point.x for point in shared_band(series, axis)] == list(range(last + 1))


def test_every_form_of_groups_ends_its_mean_and_says_so(tmp_path: Path) -> None:
    """The best mark is within; text, HTML and the Altair chart say which runs go on."""
    store = made_store(tmp_path)
    long = {"params": {"lr": 1}, "metrics": {"loss": [0.3, 0.2, 0.1, 0.01, 0.001]}}
    short = {"params": {"lr": 1}, "metrics": {"loss": [0.5, 0.4, 0.3]}}
    add_runs(store, long, short, short, {"params": {"lr": 2}, "metrics": {"loss": [1.0, 0.5]}})
    choice = curve_choice.choose(store, Asked(("loss",), group="lr"))
    series = drawn(store, choice)
    note = "1: 1 of 3 runs goes on to step 4, not shown"
    text = curves_text(choice, series, "step")
    assert [line.strip() for line in text.splitlines()][-2:] == [
        "2  0.5000  best 0.5000 at 1  2 points",
        note,
    ]
    assert "at 2  ▲" in text
    assert str(curves_html(choice, series, "step")).count(note) == 1
    made = chart(choice, series, x="step").to_dict()
    assert made["vconcat"][0]["title"]["subtitle"] == [note]
    rows = next(rows for rows in made["datasets"].values() if "low" in rows[0])
    assert max(row["x"] for row in rows) == 2


# ---- the frame and the chart


def test_the_frame_has_every_digit(store: Path) -> None:
    """The last values are those of `search_runs`, the points those of the history."""
    choice = curve_choice.choose(store, Asked(("loss",), group="lr"))
    found = frame(store, choice.runs, choice.drawn("step"), smoothing=0.5)
    columns = ["metric", "run_id", "number", "run", "group", "step", "time", "value", "smoothed"]
    assert found.columns.tolist() == columns
    assert found["group"].tolist() == ["0.1"] * 8 + ["0.5"] * 2
    reader = Reader(store)
    table = reader.frame().set_index("run_id")["metrics.loss"]
    for run in choice.runs:
        part = found[found["run_id"] == run.run_id]
        history = reader.history(run.run_id, "loss")
        assert part["step"].tolist() == [point.step for point in history]
        np.testing.assert_array_equal(part["value"], [point.value for point in history])
        np.testing.assert_array_equal(part["value"].iloc[-1], table[run.run_id])
        np.testing.assert_allclose(part["smoothed"], smoothed(part["value"], 0.5))
    assert found["time"].iloc[0].isoformat() == "2025-11-03T14:26:40+00:00"


def test_the_frame_has_the_axis(store: Path) -> None:
    """Seconds since the start, or the metric at each step."""
    choice = curve_choice.choose(store, Asked(("loss",)))
    (base,) = (curve for curve in choice.drawn("step") if curve.number == 2)
    epochs = [curve for curve in choice.curves if curve.key == "epoch"]
    assert frame(store, choice.runs, [base], x="elapsed")["elapsed"].tolist() == [-0.001, 0.999, 1.999, 2.999]
    assert frame(store, choice.runs, [base, *epochs], x="epoch")["epoch"].tolist() == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("options", [{}, {"smoothing": 0.5}, {"group": "lr"}, {"x": "time"}])
def test_the_chart_stands_alone(store: Path, options: dict[str, object]) -> None:
    """An Altair chart with its data in it, which vl-convert draws without a network; colours are the panel's."""
    import vl_convert

    asked = Asked(("loss",), **options)  # type: ignore[arg-type]
    choice = curve_choice.choose(store, asked)
    spec = chart(choice, drawn(store, choice, asked.x), x=asked.x, smoothing=asked.smoothing).to_dict()
    layer = spec["vconcat"][0]["layer"][-1]
    scale = layer["encoding"]["color"]["scale"]
    names = {"group": ["0.1", "0.5"]}.get("group" if asked.group else "", ["first #1", "base #2", "short #3"])
    first = {run.group: run.paint.color for run in reversed(choice.runs)}
    assert scale["domain"] == names
    colors = [mark("muted") if run.baseline else run.paint.color for run in choice.runs]
    assert scale["range"] == (list(first.values())[::-1] if asked.group else colors)
    assert "url" not in json.dumps(spec["datasets"])
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    assert all(color in svg for color in scale["range"])


# ---- static forms


def test_the_static_form_reads_right_without_its_pictures(store: Path) -> None:
    """A picture for each metric, with its numbers beside it; values that are not finite are counted."""
    choice = curve_choice.choose(store, Asked(("loss",)))
    html, text = (form(choice, drawn(store, choice), "step") for form in (curves_html, curves_text))
    assert text == (
        "loss ↓? over step\n"
        "  first #1  0.2500  best 0.2500 at 3  ▲  4 points  1 NaN\n"
        "  base #2   ∞  best 1.0000 at 2  4 points  1 ∞\n"
        "  short #3  2.0000  best 2.0000 at 1  2 points"
    )
    assert html.count("<img ") == 1
    assert 'alt="loss of 3 runs over step"' in html
    for piece in ("first", "#1", "0.2500", "1 NaN", "1 ∞", "baseline"):
        assert piece in html
    svg = unquote(html.split('src="data:image/svg+xml,')[1].split('"')[0])
    assert svg.count("<circle") == 2  # two points are dots, not a line
    assert "stroke-dasharray='5 3'" in svg
    assert svg.count("l6,6m0,-6l-6,6") == 2


def test_names_are_text_and_only_what_a_sanitiser_keeps_is_used(tmp_path: Path) -> None:
    """A hundred payloads as run and metric: the elements, their attributes and those of the pictures stay the same."""
    forms = []
    for number, word in enumerate(["plain", *payloads()]):
        place = tmp_path / str(number)
        place.mkdir()
        made = made_store(place)
        add_runs(made, {"name": word[:60], "params": {"lr": word}, "metrics": {word.replace("\x00", ""): LOSS}})
        choice = curve_choice.choose(made, Asked(group="lr" if number % 2 else ""))
        html = curves_html(choice, drawn(made, choice), "step")
        nodes = read(html)
        assert {node.tag for node in nodes} <= TAGS
        assert {name for node in nodes for name in node.attributes} <= ATTRIBUTES
        assert {name for node in nodes for name in node.style} <= PROPERTIES
        assert "var(" not in html
        svg = unquote(html.split('src="data:image/svg+xml,')[1].split('"')[0])
        forms.append((tuple(node.tag for node in nodes), svg.count("<")))
    assert len(forms) == 101
    assert (len(set(forms[::2])), len(set(forms[1::2]))) == (1, 1)  # of runs, and of groups


def test_the_target_is_a_line_named_at_its_end(store: Path) -> None:
    """In the choice, the picture, the words and the chart to take away; the scale reaches it."""
    experiment = Reader(store).run(Reader(store).resolve(1)).experiment_id
    set_experiment_tags(store, experiment, {"track.target.loss": "-3.5", "track.target.acc": "soon"})
    choice = curve_choice.choose(store, Asked(("loss", "acc")))
    assert [(one.target, one.target_words) for one in choice.charts] == [(-3.5, "goal −3.5"), (None, "")]
    series = drawn(store, choice)
    html = curves_html(choice, series, "step")
    assert html.count("goal −3.5") == 1
    svg = [unquote(address) for address in re.findall(r'src="([^"]+)"', html)]
    assert [">goal −3.5</text>" in one for one in svg] == [True, False]
    assert curves_text(choice, series, "step").splitlines()[0] == "loss ↓? over step, goal −3.5"
    spec = chart(choice, series, x="step").to_dict()
    marks = [[layer["mark"]["type"] for layer in one["layer"]] for one in spec["vconcat"]]
    assert [found.count("rule") for found in marks] == [1, 0]


def test_no_curve_goes_through_the_name_of_the_target(tmp_path: Path) -> None:
    """It stands at that end of its line, and above or below it, where the curves are not."""
    places = []
    for at, curve in enumerate(([0.1 + step / 40 for step in range(31)], [0.9 - step / 40 for step in range(31)])):
        (tmp_path / str(at)).mkdir()
        made = made_store(tmp_path / str(at))
        (run_id,) = add_runs(made, {"metrics": {"accuracy": curve}})
        set_experiment_tags(made, Reader(made).run(run_id).experiment_id, {"track.target.accuracy": "0.8"})
        choice = curve_choice.choose(made, Asked())
        svg = unquote(curves_html(choice, drawn(made, choice), "step"))
        places.append(re.findall(r"text-anchor='(\w+)' fill='[^']*'>goal 0.8<", svg))
    assert places == [["start"], ["end"]]


def test_the_picture_spans_three_decades_by_powers(tmp_path: Path) -> None:
    """Where all is positive over three decades, the scale is by powers of ten; huge spans break nothing."""
    made = made_store(tmp_path)
    add_runs(made, {"metrics": {"loss": [1e4, 10.0, 1.0], "wide": [-1e308, 1e308, 0.0], "flat": [2.0, 2.0, 2.0]}})
    choice = curve_choice.choose(made, Asked())
    html = unquote(curves_html(choice, drawn(made, choice), "step"))
    assert html.count("<img ") == 3
    assert ">10000<" in html
    assert "nan" not in html.lower()
    assert "inf" not in html.lower()


def test_a_run_that_goes_far_beyond_the_others_leaves_the_picture(tmp_path: Path) -> None:
    """The scale is that of the others; where it leaves is marked, and how far it goes is said."""
    made = made_store(tmp_path)
    calm = [{"name": f"calm-{at}", "metrics": {"loss": [1.0, 0.5, 0.2 + at / 10]}} for at in range(2)]
    wild = {"name": "wild", "metrics": {"loss": [1.0, 0.8, 1e30, -1.7e308, 0.5]}}
    add_runs(made, *calm, wild)
    choice = curve_choice.choose(made, Asked())
    html = unquote(curves_html(choice, drawn(made, choice), "step"))
    assert re.findall(r"text-anchor='end' fill='[^']*'>([^<]*)<", html)[:2] == ["0.5", "1"]
    color = re.search(r"color:(#\w+)[^>]*>—</span>\s*wild", html)
    assert color is not None
    assert html.count(f"z' fill='{color[1]}'/>") == 2  # above and below
    assert "1 run goes beyond, to −1.70e308</text>" in html
    assert not re.search(r"e[+]?\d\d|inf|nan", re.sub(r"[−\w.]*e308|1.00e30", "", html.lower()))


def test_a_chart_to_take_away_leaves_out_what_goes_far_beyond(tmp_path: Path) -> None:
    """Its scale is that of the others, its lines end at the edge, and a line below the title says so."""
    made = made_store(tmp_path)
    rows = ([1.0, 0.5, 0.25], [1.0, 0.5, 0.75], [1.0, 50.0, 1e30])
    add_runs(made, *({"metrics": {"loss": values}} for values in rows))
    choice = curve_choice.choose(made, Asked(("loss",)))
    (found,) = chart(choice, drawn(made, choice), x="step").to_dict()["vconcat"]
    (line,) = found["layer"]
    assert (line["encoding"]["y"]["scale"], line["mark"]["clip"]) == ({"domain": [0.2125, 1.0375], "zero": False}, True)
    assert found["title"]["subtitle"] == ["1 run goes beyond, to 1.00e30"]


def test_the_range_of_a_chart_to_take_away_has_all_that_is_drawn_of_the_others(tmp_path: Path) -> None:
    """What is not smoothed, and the bands of groups, are not cut at its edge."""
    made = made_store(tmp_path)
    rows = ([1.0, 3.0, 1.0], [3.0, 1.0, 3.0], [1.0, 500.0, 1e30])
    add_runs(made, *({"params": {"wild": at == 2}, "metrics": {"loss": one}} for at, one in enumerate(rows)))
    domains = []
    for group, smoothing in (("", 0.9), ("wild", 0.0)):
        choice = curve_choice.choose(made, Asked(("loss",), group=group))
        (found,) = chart(choice, drawn(made, choice), x="step", smoothing=smoothing).to_dict()["vconcat"]
        domains.append([layer["encoding"]["y"]["scale"]["domain"] for layer in found["layer"]])
    raw, band = [0.9, 3.1], pytest.approx([2 - 1.1 * 2**0.5, 2 + 1.1 * 2**0.5])
    assert domains == [[pytest.approx(raw)] * 2, [band] * 2]
