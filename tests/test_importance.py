"""Which params mattered: what is found in runs that were made by a known rule, and when no answer is given."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from made_stores import add_run, add_runs, made_store
from made_sweep import add_sweep

from jupyter_track.errors import InvalidValue, TrackError
from jupyter_track.store import table_rows
from jupyter_track.store.table_rows import TableRow
from jupyter_track.views import importance
from jupyter_track.views.importance import Bar, importance_of


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return made_store(tmp_path)


def rows_of(store: Path) -> list[TableRow]:
    """The active runs, the newest first."""
    return table_rows.RowReader(store).read(table_rows.active_numbers(store))


def test_the_params_that_made_the_metric_come_first(store: Path) -> None:
    """A numeric one and one of names; those that did nothing are within noise."""
    add_sweep(store, 80)
    found = importance_of(rows_of(store), {})
    assert [bar.key for bar in found.bars[:2]] == ["lr", "model"]
    assert {bar.key for bar in found.bars[2:]} == {"batch", "dropout"}
    assert [bar.noise for bar in found.bars] == [False, False, True, True]
    assert found.explained > 0.5
    assert (found.metric, found.runs, found.goal.direction) == ("accuracy", 80, "max")
    assert found.head == f"what mattered for accuracy · 80 runs · R² {found.explained:.2f}"
    assert found.method.startswith("permutation importance of a random forest (scikit-learn ")
    assert found.notes == (
        "more can be lost than there is: with that param shuffled the forest does worse than a mere mean",
        "seeds left out: seed",
        "1 param equal in all runs",
    )
    frame = found.df
    assert list(frame.columns) == ["param", "importance", "sd", "within_noise"]
    assert list(frame["importance"]) == [bar.mean for bar in found.bars]


def test_the_same_runs_give_the_same_answer_in_any_order(store: Path) -> None:
    """Nothing is left to chance."""
    add_sweep(store, 30)
    rows = rows_of(store)
    assert importance_of(rows, {}) == importance_of(rows[::-1], {})


def test_of_many_runs_a_sample_is_learned_from_and_said(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in any order; a run that is added changes one of it at most; few runs are all learned from."""
    add_sweep(store, 80)
    rows = rows_of(store)
    whole = importance_of(rows, {})
    monkeypatch.setattr(importance, "MOST_RUNS", 60)
    found = importance_of(rows, {})
    assert found == importance_of(rows[::-1], {})
    assert (found.runs, [bar.key for bar in found.bars[:2]]) == (60, ["lr", "model"])
    assert found.method == f"{whole.method}; of a sample of 60 of the 80 runs, the same each time"
    assert found.notes == whole.notes
    before, after = ({row.run_id for row in importance._sample(some)} for some in (rows[1:], rows))
    assert (len(before), len(after), len(after - before) <= 1) == (60, 60, True)


def test_what_is_predicted_at_once_changes_nothing(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of many params are predicted in parts, within a bound of memory."""
    add_sweep(store, 30)
    found = importance_of(rows_of(store), {})
    monkeypatch.setattr(importance, "AT_ONCE", 1)
    assert importance_of(rows_of(store), {}) == found


def test_what_a_run_lacks_is_a_value_of_its_own(store: Path) -> None:
    """A param that only some runs have can be what mattered."""
    source = random.Random(1)
    add_runs(
        store,
        *(
            {
                "params": {"x": source.random(), **({"aug": "flip"} if at % 2 else {})},
                "metrics": {"f1": at % 2 + source.random()},
            }
            for at, x in enumerate(source.random() for _ in range(40))
        ),
    )
    assert importance_of(rows_of(store), {}).bars[0].key == "aug"


def test_params_that_move_together_are_named(store: Path) -> None:
    """By their ranks, or where each is a name of the other."""
    source = random.Random(2)
    runs = []
    for _ in range(40):
        lr, model = source.random(), source.choice(["a", "b", "c"])
        params = {"lr": lr, "decay": lr**3, "model": model, "folder": f"out-{model}"}
        runs.append({"params": params, "metrics": {"f1": lr}})
    add_runs(store, *runs)
    together = [note for note in importance_of(rows_of(store), {}).notes if "together" in note]
    assert together == [
        "lr and decay move together: they share their importance",
        "model and folder move together: they share their importance",
    ]


def test_failed_and_odd_runs_are_left_out_and_counted(store: Path) -> None:
    """What a run had when it broke off is no result."""
    add_sweep(store, 12)
    add_sweep(store, 2, status="FAILED")
    add_run(store, params={"lr": 1}, metrics={"accuracy": math.nan})
    add_run(store, params={"lr": 1})
    found = importance_of(rows_of(store), {})
    assert found.runs == 12
    assert found.notes[-5:-2] == (
        "2 runs that did not finish left out",
        "1 run with NaN or ∞ left out",
        "1 run without accuracy left out",
    )


def test_a_metric_that_no_param_explains_says_so(store: Path) -> None:
    """The order of its bars means little, and few runs are said to be few."""
    source = random.Random(3)
    add_runs(
        store,
        *(
            {"params": {f"p{n}": source.random() for n in range(4)}, "metrics": {"f1": source.random()}}
            for _ in range(15)
        ),
    )
    found = importance_of(rows_of(store), {})
    assert found.notes[:2] == (
        "the params explain next to nothing of it here: the order of the bars means little",
        "few runs for 4 params: more of them may change the order",
    )


def test_a_bar_beside_params_that_explain_little_is_not_denied(store: Path) -> None:
    """Where R² is near 0 but a bar is more than noise, it is not said that the params explain nothing."""
    source = random.Random(1)
    runs = [{"params": {"lr": n / 40}, "metrics": {"f1": n / 40}} for n in range(1, 13)]
    others = [{"params": {"lr": 0.1, "p0": source.random()}, "metrics": {"f1": source.random()}} for _ in range(16)]
    add_runs(store, *runs, *others)
    found = importance_of(rows_of(store), {})
    assert found.explained < 0.1
    assert [bar.key for bar in found.bars if not bar.noise] == ["p0"]
    assert found.notes[0] == (
        "all params together hardly predict a run held out, and without p0 still less: that may be chance, or "
        "runs of another kind hide what matters; a filter to those of one kind tells more"
    )


def test_one_diverged_run_is_not_all_that_counts(store: Path) -> None:
    """The metric's ranks are learned, so a loss of 1e30 counts as the worst and no more."""
    add_sweep(store, 60)
    add_run(store, params={"lr": 0.1, "model": "svm", "batch": 16, "dropout": 0.3}, metrics={"loss": 1e30})
    found = importance_of(rows_of(store), {}, "loss")
    assert (found.bars[0].key, found.runs) == ("lr", 61)


def test_too_few_runs_are_refused(store: Path) -> None:
    """With how many there are, and how many it takes."""
    add_sweep(store, 9)
    add_run(store)
    with pytest.raises(InvalidValue) as refused:
        importance_of(rows_of(store), {}, "accuracy")
    assert str(refused.value) == (
        "Which params mattered for 'accuracy' takes at least 10 finished runs with a value; of these 10 runs are 9."
    )


def test_where_nothing_varies_nothing_mattered(store: Path) -> None:
    """Neither a param, nor the metric."""
    add_runs(store, *({"params": {"lr": 1, "seed": at}, "metrics": {"f1": at}} for at in range(12)))
    with pytest.raises(InvalidValue, match=r"^No param differs among these 12 runs, so none of them mattered\.$"):
        importance_of(rows_of(store), {})
    add_runs(store, *({"params": {"lr": at}, "metrics": {"f2": 0.5}} for at in range(12)))
    with pytest.raises(InvalidValue, match=r"^'f2' has the same value in all of these 12 runs: nothing mattered\.$"):
        importance_of(rows_of(store), {}, "f2")


def test_without_scikit_learn_it_says_what_to_install(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An optional thing is named with its extra."""
    add_sweep(store, 10)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrackError, match=r"pip install 'jupyter-track\[sklearn\]'$"):
        importance_of(rows_of(store), {})


def test_a_bar_is_told_with_its_deviation() -> None:
    """With a real minus sign, and none before a zero."""
    assert Bar("lr", "lr", 0.617, 0.041, False).text == "0.62 ± 0.04"
    assert Bar("lr", "lr", -0.126, 0.2, True).text == "−0.13 ± 0.20"
    assert Bar("lr", "lr", -0.001, 0.002, True).text == "0.00 ± 0.00"
