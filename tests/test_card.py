"""What the card under a tracked cell says, as data and as text."""

import math
from dataclasses import replace

from made_records import NOW, made_metric, made_param, made_run

from jupyter_track.records import Run, RunError
from jupyter_track.store.relatives import Children
from jupyter_track.views.beside import Beside
from jupyter_track.views.card import Card, MetricLine, ParamItem, error_line, run_card
from jupyter_track.views.changes import difference
from jupyter_track.views.details import run_details
from jupyter_track.views.format import Change
from jupyter_track.views.goals import Goal
from jupyter_track.views.html import card_html
from jupyter_track.views.text import card_text
from jupyter_track.views.tokens import RUN_COLORS, STATES

ACCURACY = [0.5, 0.93, 0.9641]


def long_run(**fields: object) -> Run:
    """Return a run of four minutes with curves and params of several sources."""
    return made_run(
        12,
        metrics=[
            made_metric("loss", [0.9, 0.1127, 0.113]),
            made_metric("accuracy", ACCURACY),
            made_metric("probe", [1.0], "auto"),
        ],
        params=[
            made_param("C", 1),
            made_param("lr", 0.001, written="1e-3"),
            made_param("seed", 3, "inherited"),
            made_param("data", "iris", "inherited"),
            made_param("kernel", "rbf", "estimator"),
        ],
        goals={"accuracy": "max"},
        duration=252.0,
        **fields,
    )


def test_a_short_run_is_one_line() -> None:
    """The common case: what ran, its result, the change, the time; here with a declared goal."""
    earlier = made_run(9, metrics=[made_metric("accuracy", [0.9521])])
    run = made_run(12, metrics=[made_metric("accuracy", [0.9641])], goals={"accuracy": "max"})
    card = run_card(run, beside=Beside(previous=earlier))
    assert card == Card(
        state=STATES["finished"],
        name="baseline",
        number="#12",
        color=RUN_COLORS[4],
        time="300 ms",
        metrics=(
            MetricLine("accuracy", "0.9641", "0.9641", Goal("max"), change=Change("+0.0120", "better"), versus="#9"),
        ),
        short=True,
    )
    assert card_text(card) == "✓ baseline #12  accuracy 0.9641 (+0.0120 ▲ vs #9)  300 ms"


def test_a_loop_that_was_stopped_early_is_told() -> None:
    """First among what else there is, in the card of one line too; not while the run goes on."""
    tagged = {"own_tags": {"stopped_early": "epoch 12 of 20"}}
    short = run_card(made_run(3, metrics=[made_metric("accuracy", [0.5])], **tagged), output=True)
    long = run_card(long_run(**tagged), figures=1)
    going = run_card(replace(long_run(**tagged), state="running", duration=None))
    assert [card.extras[:1] for card in (short, long, going)] == [("stopped early at epoch 12 of 20",)] * 2 + [()]
    assert card_text(short) == "✓ baseline #3  accuracy 0.5000  stopped early at epoch 12 of 20 · output  300 ms"
    assert "stopped early at epoch 12 of 20" in card_html(long)


def test_a_guessed_goal_is_shown_as_a_guess() -> None:
    """A question mark behind the arrow, readable without a pointer; no arrow where there is not even a guess."""
    earlier = made_run(9, metrics=[made_metric("accuracy", [0.9641]), made_metric("x", [1.5])])
    run = made_run(12, metrics=[made_metric("accuracy", [0.9521]), made_metric("x", [2.5])])
    assert card_text(run_card(run, beside=Beside(previous=earlier))) == (
        "✓ baseline #12  accuracy 0.9521 (−0.0120 ▼? vs #9)  +1 more  300 ms"
    )
    only_x = made_run(12, metrics=[made_metric("x", [2.5])])
    assert (
        card_text(run_card(only_x, beside=Beside(previous=earlier))) == "✓ baseline #12  x 2.500 (+1.000 vs #9)  300 ms"
    )


def test_a_long_run_shows_curves_params_and_what_was_kept() -> None:
    """The declared metric first, the captured one last; the best point where the last is not it; sources counted."""
    earlier = made_run(11, metrics=[made_metric("loss", [0.2])], params=[made_param("C", 0.1), made_param("lr", 0.001)])
    card = run_card(
        long_run(note="a note"),
        beside=Beside(previous=earlier),
        curves={"accuracy": list(enumerate(ACCURACY))},
        figures=2,
        output=True,
        notes=["51 figures shown, 50 kept"],
        store_line="track.db",
    )
    lines = [
        (line.key, line.value, line.is_best, line.best, line.muted, line.spark is not None) for line in card.metrics
    ]
    assert lines == [
        ("accuracy", "0.9641", True, "", False, True),
        ("loss", "0.1130", False, "best 0.1127 at 1", False, False),
        ("probe", "1", False, "", True, False),
    ]
    assert card.params == (
        ParamItem("C", "1", "1", "assigned in the cell"),
        ParamItem("lr", "1e-3", "0.001", "assigned in the cell"),
    )
    assert card_text(card) == (
        "✓ baseline #12  C 0.1 → 1  finished 4 m 12 s\n"
        "  accuracy  0.9641                     ▲ best\n"
        "  loss      0.1130  −0.0870 ▲? vs #11  best 0.1127 at 1\n"
        "  probe          1\n"
        "  C 1 · lr 1e-3 · +2 inherited · +1 estimator    figures 2 · output · note\n"
        "  51 figures shown, 50 kept\n"
        "  store track.db"
    )


def test_a_failed_run_shows_the_error_in_place_of_its_metrics() -> None:
    """The last line of the traceback; that metrics were kept is still said."""
    error = RunError("ValueError", "Input X contains NaN.\nRemove it.", "Traceback …")
    run = made_run(3, "svm", [made_metric("loss", [1.0, 0.5])], [made_param("C", -1)], state="failed", error=error)
    assert card_text(run_card(run, figures=1)) == (
        "✗ svm #3  failed 300 ms\n  ValueError: Input X contains NaN.\n  C -1    metrics 1 · figures 1"
    )


def test_an_error_without_a_message_is_its_name_and_a_long_one_loses_its_middle() -> None:
    """At most 160 characters."""
    assert error_line(RunError("KeyboardInterrupt", "")) == "KeyboardInterrupt"
    assert error_line(RunError("E", "\n \nfirst\nsecond")) == "E: first"
    assert len(error_line(RunError("E", "x" * 5000))) == 160


def test_a_run_of_each_state_says_it_in_words() -> None:
    """A glyph alone is only ever the check mark of a finished short run."""
    heads = [
        card_text(run_card(made_run(1, state=state, duration=duration), now_ms=NOW))
        for state, duration in [
            ("running", None), ("scheduled", None), ("finished", 5.0), ("finished", 0.5), ("failed", 0.5),
            ("stopped", 0.5), ("lost", None), ("unknown", None), ("paused", None),
        ]
    ]  # fmt: skip
    assert heads == [
        "● baseline #1  running 1:00",
        "○ baseline #1  scheduled",
        "✓ baseline #1  finished 5.0 s",
        "✓ baseline #1  500 ms",
        "✗ baseline #1  failed  500 ms",
        "■ baseline #1  stopped  500 ms",
        "◌ baseline #1  lost (kernel died)",
        "? baseline #1  unknown host",
        "? baseline #1  paused",
    ]


def test_a_run_that_was_not_written_yet_has_no_number() -> None:
    """Nothing stands where the number would."""
    assert (
        card_text(run_card(made_run(None, metrics=[made_metric("loss", [0.3])]))) == "✓ baseline  loss 0.3000  300 ms"
    )


def test_one_line_has_as_many_metrics_as_it_has_room_for() -> None:
    """The first is always there, the rest is counted, and a long name gives way."""
    metrics = [made_metric(f"metric_{index}", [0.5]) for index in range(6)]
    short = card_text(run_card(made_run(1, metrics=metrics)))
    assert short == "✓ baseline #1  metric_0 0.5000  metric_1 0.5000  +4 more  300 ms"
    long_name = card_text(run_card(made_run(1, "a" * 40 + "b" * 40, metrics[:1])))
    assert long_name == f"✓ {'a' * 16}…{'b' * 15} #1  metric_0 0.5000  300 ms"


def test_one_line_without_metrics_shows_params() -> None:
    """A cell that only prepares data still says what it was run with."""
    run = made_run(
        4, "prepare", params=[made_param("rows", 150), made_param("size", 0.2), made_param("s", 1, "config")]
    )
    assert card_text(run_card(run)) == "✓ prepare #4  rows 150 · size 0.2  300 ms"


def test_at_most_four_metrics_and_six_params_are_shown() -> None:
    """The others are counted."""
    metrics = [made_metric(f"m{index}", [0.5, 0.6]) for index in range(10)]
    params = [made_param(f"p{index}", index) for index in range(9)]
    card = run_card(made_run(1, metrics=metrics, params=params))
    assert ([line.key for line in card.metrics], card.more) == (["m0", "m1", "m2", "m3"], 6)
    assert ([item.key for item in card.params], card.more_params) == ([f"p{index}" for index in range(6)], ("+3 more",))


def test_values_that_are_no_numbers_are_said_and_not_compared() -> None:
    """NaN and infinity are words; a curve of NaN has no best point."""
    earlier = made_run(1, metrics=[made_metric("loss", [0.5]), made_metric("accuracy", [0.5])])
    run = made_run(2, metrics=[made_metric("loss", [math.nan]), made_metric("accuracy", [math.inf])])
    assert card_text(run_card(run, beside=Beside(previous=earlier))) == "✓ baseline #2  loss NaN  accuracy ∞  300 ms"
    curve = run_card(made_run(2, metrics=[made_metric("loss", [math.nan, math.nan])])).metrics[0]
    assert (curve.value, curve.best, curve.is_best) == ("NaN", "", False)


def test_a_curve_without_a_goal_tells_its_range_and_a_constant_that_it_is_one() -> None:
    """Where the picture is dropped, the numbers are still there."""
    run = made_run(1, metrics=[made_metric("x", [0.25, 0.5]), made_metric("loss", [0.5, 0.5])])
    assert [line.best for line in run_card(run).metrics] == ["0.2500 to 0.5000", "constant"]


def accurate(number: int, accuracy: float, width: float = 1) -> Run:
    """Return a short run with an accuracy and a param."""
    return made_run(number, "svm", [made_metric("accuracy", [accuracy])], [made_param("C", width)])


def test_what_changed_is_the_second_name() -> None:
    """In the line where there is room, else on a line of its own."""
    earlier = accurate(9, 0.9521, 0.1)
    run = accurate(12, 0.9641)
    assert card_text(run_card(run, beside=Beside(previous=earlier))) == (
        "✓ svm #12  C 0.1 → 1  accuracy 0.9641 (+0.0120 ▲? vs #9)  300 ms"
    )
    changed = difference(run, earlier, "a\nb\nc", "x\ny\nz")
    card = run_card(run, beside=Beside(previous=earlier, changed=changed))
    assert (card.changed, card.below) == (("C 0.1 → 1", "3 lines of code"), True)
    assert card_text(card) == ("✓ svm #12  accuracy 0.9641 (+0.0120 ▲? vs #9)  300 ms\n  C 0.1 → 1, 3 lines of code")


def test_metrics_are_measured_against_the_baseline_where_one_is_set() -> None:
    """What changed is still said against the previous run; the baseline itself is measured against nothing."""
    previous, baseline, run = accurate(11, 0.9), accurate(9, 0.9521), accurate(12, 0.9641, 2)
    beside = Beside(previous=previous, baseline=baseline)
    assert card_text(run_card(run, beside=beside)) == (
        "✓ svm #12  accuracy 0.9641 (+0.0120 ▲? vs #9 baseline)  300 ms\n  C 1 → 2"
    )
    assert card_text(run_card(baseline, beside=beside)) == "✓ svm #9  accuracy 0.9521  300 ms"


def test_a_repeat_says_so_with_the_spread() -> None:
    """Against the run that it repeats there is no change to tell, only noise; against the baseline there is."""
    runs = [accurate(number, value) for number, value in ((12, 0.963), (11, 0.962), (10, 0.961))]
    beside = Beside(previous=runs[1], repeats=runs)
    assert card_text(run_card(runs[0], beside=beside)) == (
        "✓ svm #12  accuracy 0.9630  300 ms\n  repeat of #10 (×3), 0.9620 ± 0.0010 (n=3)"
    )
    baseline = Beside(previous=runs[1], repeats=runs, baseline=accurate(9, 0.9))
    assert card_text(run_card(runs[0], beside=baseline)) == (
        "✓ svm #12  accuracy 0.9630 (+0.0630 ▲? vs #9 baseline)  300 ms\n  repeat of #10 (×3), 0.9620 ± 0.0010 (n=3)"
    )
    long = run_card(replace(runs[0], duration=5.0), beside=baseline)
    assert card_text(long) == (
        "✓ svm #12  repeat of #10 (×3)  finished 5.0 s\n"
        "  accuracy  0.9630  +0.0630 ▲? vs #9 baseline  0.9620 ± 0.0010 (n=3)\n"
        "  C 1"
    )


def test_the_first_line_of_a_long_card_has_room_for_the_status() -> None:
    """What changed goes below where it is long, and then a long name loses its middle."""
    earlier = made_run(9, params=[made_param("model", "resnet-18-imagenet")])
    run = made_run(12, "a" * 60, params=[made_param("model", "resnet-50-imagenet")], duration=5.0)
    card = run_card(run, beside=Beside(previous=earlier))
    assert (card.below, len(card.name)) == (True, 38)
    assert card_text(card).splitlines()[:2] == [
        f"✓ {'a' * 19}…{'a' * 18} #12  finished 5.0 s",
        "  model resnet-1…magenet → resnet-5…magenet",
    ]


def test_a_worse_run_is_not_marked_best() -> None:
    """Where its last point is its best one, that is told by value and step: ▲ beside ▼ would contradict it."""
    run = made_run(12, metrics=[made_metric("loss", [0.9, 0.7, 0.5727])], duration=60.0)
    better, worse = (made_run(18, metrics=[made_metric("loss", [last])]) for last in (0.9, 0.2734))
    rows = [
        card_text(run_card(run, beside=Beside(previous=previous))).splitlines()[1] for previous in (worse, better, None)
    ]
    assert rows == [
        "  loss  0.5727  +0.2993 ▼? vs #18  best 0.5727 at 2",
        "  loss  0.5727  −0.3273 ▲? vs #18  ▲? best",
        "  loss  0.5727  ▲? best",
    ]


def test_a_change_within_the_noise_is_not_called_better() -> None:
    """The spread of the run that it is measured against tells; a change beyond it keeps its arrow."""
    others = [accurate(number, value, 2) for number, value in ((11, 0.961), (10, 0.962), (9, 0.963))]
    beside = Beside(previous=others[0], reference_repeats=others)
    assert "accuracy 0.9630 (+0.0020 vs #11, within noise (n=3))" in card_text(
        run_card(accurate(12, 0.963), beside=beside)
    )
    assert "accuracy 0.9900 (+0.0290 ▲? vs #11)" in card_text(run_card(accurate(12, 0.99), beside=beside))


def test_a_parent_says_how_many_children_it_has_and_their_best() -> None:
    """Before what else was kept; where no metric has a goal only the number."""
    parent = made_run(8, "sweep", duration=5.0)
    beside = Beside(children=Children(5, "accuracy", 0.96, 14))
    assert card_text(run_card(parent, beside=beside, figures=1)) == (
        "✓ sweep #8  finished 5.0 s\n  children 5 · best accuracy 0.9600 #14 · figures 1"
    )
    assert run_card(parent, beside=Beside(children=Children(1200))).extras == ("children 1,200",)
    assert run_card(parent, beside=Beside(children=Children(0))).extras == ()


def test_a_run_in_full_says_what_changed_and_what_it_repeats() -> None:
    """All that changed, and since which run."""
    runs = [accurate(number, 0.9) for number in (12, 11)]
    earlier = accurate(10, 0.9, 0.1)
    beside = Beside(
        previous=earlier,
        changed=difference(runs[0], earlier, "a", "b"),
        repeats=runs,
        children=Children(2, "accuracy", 0.96, 14),
    )
    facts = dict(run_details(replace(runs[0], pinned=True, baseline_run_id=runs[0].run_id), beside=beside).facts)
    assert {key: facts[key] for key in ("changed", "repeats", "baseline", "children", "pinned")} == {
        "changed": "C 0.1 → 1, 1 line of code (since #10)",
        "repeats": "#11 (×2)",
        "baseline": "of its experiment",
        "children": "2 · best accuracy 0.9600 #14",
        "pinned": "yes",
    }
    assert {"changed", "repeats", "baseline", "children", "pinned"}.isdisjoint(dict(run_details(runs[0]).facts))
