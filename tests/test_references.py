"""How people name a run: by number, name, digits of its id, ``last`` or ``best``; and what a name must not be."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from made_stores import add_runs, made_store

from jupyter_track.errors import InvalidValue, NotFound
from jupyter_track.store import edits, references
from jupyter_track.store.database import StoreFiles, reading
from jupyter_track.store.liveness import this_process
from jupyter_track.store.reader import Reader

IDS = [
    "abcdef00000000000000000000000001",
    "abcdef00000000000000000000000002",
    "12345678000000000000000000000003",
    "deadbeef000000000000000000000004",
    "0fedcba9000000000000000000000005",
    "98765432000000000000000000000006",
]
NAMES = ["quiet-otter-1", "twice", "twice", "12345678", "3", "gone"]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A store of six runs, the newest of them deleted."""
    store = made_store(tmp_path)
    add_runs(store, *({"uuid": run_id, "name": name} for run_id, name in zip(IDS, NAMES, strict=True)))
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE name = 'gone'")
    files.close()
    return Reader(store)


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("#1", 1),
        ("1", 1),
        (1, 1),
        (" #2 ", 2),
        ("3", 3),  # the number, though a run is called so
        ("quiet-otter-1", 1),
        ("twice", 3),  # the newest so called
        ("gone", 6),  # a deleted run still has its name
        ("#6", 6),
        ("last", 5),  # of the active runs
        ("LAST~0", 5),
        ("last~1", 4),
        ("last~4", 1),
        (IDS[0], 1),
        (IDS[3].upper(), 4),
        ("deadbe", 4),
        ("DEADBEEF0", 4),
        ("0fedcb", 5),
        ("12345678", 4),  # an exact name wins over the beginning of an id
        ("123456780", 3),
    ],
)
def test_a_reference_means_one_run(reader: Reader, reference: str | int, number: int) -> None:
    """Each way to name a run leads to its id."""
    assert reader.resolve(reference) == IDS[number - 1]


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("abcdef", ["several run ids", "abcdef0000 (#2 twice)", "(#1 quiet-otter-1)", "give more digits"]),
        ("quiet-oter-1", ["no run 'quiet-oter-1'", "near it are #1 quiet-otter-1"]),
        ("twise", ["near it are #3 twice"]),
        ("a1f0", ["no run 'a1f0' (of an id, give six digits or more)"]),
        ("#77", ["no run #77", "the newest is #5 3"]),
        (77, ["no run #77"]),
        (-1, ["no run #-1"]),
        ("#99999999999999999999999", ["no run #99999999999999999999999"]),
        ("last~5", ["no run 'last~5'", "holds 5 runs"]),
        ("abcde", ["no run 'abcde'"]),  # five digits are too few
        ("", ["names no run"]),
        ("\ud800", ["names no run"]),
        ("#", ["no run #"]),
        ("f" * 40, ["no run 'ffff"]),
    ],
)
def test_a_reference_that_means_none_says_what_is_near(reader: Reader, reference: str | int, parts: list[str]) -> None:
    """The error lists the candidates or the nearest names."""
    with pytest.raises(NotFound) as raised:
        reader.resolve(reference)
    for part in parts:
        assert part in str(raised.value)


def meant(store: Path, *words: str | int, deleted: bool = False) -> list[int | None]:
    """Return the numbers of the runs that are meant."""
    return [run.number for run in Reader(store).runs_meant(words, deleted=deleted)]


def test_a_range_means_the_active_runs_in_it(reader: Reader) -> None:
    """Written with or without signs; each run once; deleted ones are not meant, unless these are asked for."""
    assert meant(reader.store, "2..4") == meant(reader.store, " #2..#4 ") == meant(reader.store, "#2..4") == [2, 3, 4]
    assert meant(reader.store, "#4", "3..9", 1) == [4, 3, 5, 1]
    assert meant(reader.store, "1..6", deleted=True) == [6]


@pytest.mark.parametrize(
    ("word", "deleted", "said"),
    [
        ("7..9", False, "There is no run from #7 to #9."),
        ("4..2", False, "There is no run from #4 to #2; 2..4 would count upwards."),
        ("1..5", True, "There is no deleted run from #1 to #5."),
    ],
)
def test_a_range_of_no_run_is_said(reader: Reader, word: str, deleted: bool, said: str) -> None:
    """Also where others were found: none is returned then."""
    with pytest.raises(NotFound) as raised:
        meant(reader.store, "#1", word, deleted=deleted)
    assert str(raised.value) == said


def test_a_range_is_refused_where_one_run_is_meant(reader: Reader) -> None:
    """Even where it holds a single run."""
    with pytest.raises(InvalidValue, match=r"#2\.\.#2 is a range of runs, and one run is meant here\."):
        reader.resolve("#2..#2")


def test_a_name_means_the_deleted_run_where_deleted_ones_are_meant(reader: Reader) -> None:
    """The newest deleted run of the name comes before the active ones; other words mean what they always do."""
    files = StoreFiles(reader.store)
    with files.writing() as connection:
        connection.execute("UPDATE runs SET name = 'twice' WHERE name = 'gone'")
    files.close()
    assert meant(reader.store, "twice", deleted=True) == [6]
    assert meant(reader.store, "twice") == [3]
    assert meant(reader.store, "quiet-otter-1", deleted=True) == [1]


# ---- the baseline


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """Four runs: two in Default, of which one is called baseline, and one each in the experiments nets and trees."""
    store = made_store(tmp_path)
    names = [("start", "Default"), ("baseline", "Default"), ("net", "nets"), ("tree", "trees")]
    add_runs(store, *({"name": name, "experiment": experiment, "uuid": f"{name:0>32}"} for name, experiment in names))
    return store


def set_baseline(store: Path, number: int) -> None:
    """Make a run the baseline of its experiment."""
    reader = Reader(store)
    edits.set_baseline(store, reader.resolve(number))


def test_baseline_means_the_baseline_of_the_experiment(measured: Path) -> None:
    """Of that of the newest run, or of the one given, before a run of this name; in any case of letters."""
    set_baseline(measured, 4)
    set_baseline(measured, 1)
    assert named(measured, "baseline") == named(measured, "Baseline") == "tree"
    assert named(measured, "baseline", 0) == "start"


def test_baseline_means_the_run_so_called_where_the_experiment_has_none(measured: Path) -> None:
    """Whatever other experiments have."""
    assert named(measured, "baseline") == "baseline"
    set_baseline(measured, 3)
    assert named(measured, "baseline") == "baseline"


def test_baseline_means_the_only_one_of_the_store_last(measured: Path) -> None:
    """Where the newest run's experiment has none and no run is called so; of several none is taken."""
    edits.update_run(measured, Reader(measured).resolve(2), name="other")
    with pytest.raises(
        NotFound, match=r"no run 'baseline', and no experiment has a baseline \('jupyter track baseline"
    ):
        named(measured, "baseline")
    set_baseline(measured, 3)
    assert named(measured, "baseline") == "net"
    set_baseline(measured, 1)
    with pytest.raises(NotFound) as raised:
        named(measured, "baseline")
    assert str(raised.value) == (
        "The newest run's experiment has no baseline, and several others have: #1 start (of Default), #3 net (of nets);"
        " name the run."
    )


def test_a_deleted_baseline_is_none(measured: Path) -> None:
    """As where runs are measured."""
    set_baseline(measured, 3)
    edits.delete_run(measured, Reader(measured).resolve(3))
    assert named(measured, "baseline") == "baseline"


def test_the_baseline_is_completed_where_the_experiment_has_one(measured: Path) -> None:
    """Once, though a run is called so too."""
    assert words(measured, "base") == [("baseline", "#2, finished")]
    set_baseline(measured, 4)
    assert words(measured, "base") == [("baseline", "#4 tree, of trees")]


# ---- what is none


def test_what_cannot_be_a_reference_is_refused(reader: Reader) -> None:
    """Neither text nor a whole number is a mistake in the call."""
    for wrong in (1.5, None, True, ["#1"]):
        with pytest.raises(InvalidValue):
            reader.resolve(wrong)  # type: ignore[arg-type]


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    """Without runs there is nothing near."""
    reader = Reader(made_store(tmp_path))
    for reference in ("last", "#1", "name"):
        with pytest.raises(NotFound, match=r"holds (0|no) runs"):
            reader.resolve(reference)


# ---- the best


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """Six runs in two experiments; the newest is of "nets"."""
    store = made_store(tmp_path)
    runs: list[dict[str, Any]] = [
        {"name": "a", "metrics": {"loss": 0.5, "accuracy": 0.9, "width": 3}},
        {"name": "b", "metrics": {"loss": [0.05, 0.2], "width": 4}},
        {"name": "c", "metrics": {"loss": 0.2, "width": 5}},
        {"name": "gone", "metrics": {"loss": 0.1}},
        {"name": "odd", "experiment": "nets", "metrics": {"val_loss": -math.inf}},
        {"name": "net", "experiment": "nets", "metrics": {"val_loss": 3.0, "broken": math.nan}},
    ]
    add_runs(store, *runs)
    files = StoreFiles(store)
    with files.writing() as connection:
        connection.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE name = 'gone'")
    files.close()
    return store


def named(store: Path, reference: str, experiment: int | None = None) -> str:
    """Return the name of the run that is meant."""
    reader = Reader(store)
    return reader.run(reader.resolve(reference, experiment)).name


@pytest.mark.parametrize(
    ("reference", "experiment", "name"),
    [
        ("best", 0, "c"),  # the loss, which most runs have; of equal last values the newest
        ("Best", 0, "c"),
        ("best:loss", 0, "c"),
        ("best: accuracy ", 0, "a"),
        ("best", None, "net"),  # the experiment of the newest run; infinity is no best
        ("best:val_loss", None, "net"),
        ("best:accuracy", None, "a"),  # which no run of nets has, and only those of Default have
    ],
)
def test_the_best_run(scored: Path, reference: str, experiment: int | None, name: str) -> None:
    """By the last value of the main metric, or of the one named, in the experiment asked for."""
    assert named(scored, reference, experiment) == name


def test_a_metric_of_several_other_experiments_is_no_best(scored: Path) -> None:
    """They are named."""
    add_runs(scored, {"experiment": "trees", "metrics": {"loss": 1.0}}, {"experiment": "last", "metrics": {"depth": 1}})
    with pytest.raises(NotFound) as raised:
        Reader(scored).resolve("best:loss")
    assert str(raised.value) == (
        "No run of the experiment 'last' has the metric 'loss', but runs of 'Default', 'trees' have; name the run."
    )


def test_a_declared_goal_makes_the_main_metric(scored: Path) -> None:
    """A declared goal comes before guesses; of several the one that was logged first, however many runs have others."""
    files = StoreFiles(scored)
    with files.writing() as connection:
        connection.execute("INSERT INTO metric_goals VALUES (0, 'accuracy', 'min')")
        connection.execute("INSERT INTO metric_goals VALUES (0, 'width', 'max')")
    files.close()
    assert named(scored, "best", 0) == "a"
    assert named(scored, "best:width", 0) == "c"
    assert named(scored, "best:loss", 0) == "c"
    assert named(scored, "best:accuracy", 0) == "a"


def test_a_run_that_broke_off_is_not_the_best(tmp_path: Path) -> None:
    """Failed, stopped and lost runs are passed over; where there are only such, it names them."""
    store = made_store(tmp_path)
    here = this_process()
    lost = {"host_id": here.host_id, "boot_id": here.boot_id, "pid": 2**22 + 1, "process_start": "1"}
    alive = {**lost, "pid": here.pid, "process_start": here.start}
    add_runs(
        store,
        {"name": "failed", "status": "FAILED", "metrics": {"loss": 0.1}},
        {"name": "stopped", "status": "KILLED", "metrics": {"loss": 0.2}},
        {"name": "lost", "status": "RUNNING", "metrics": {"loss": 0.3}, **lost},
    )
    with pytest.raises(NotFound) as raised:
        Reader(store).resolve("best:loss")
    assert str(raised.value) == (
        "There is no best run: no run of the experiment 'Default' that finished or is running has a finite 'loss', "
        "only #1 (failed), #2 (stopped), #3 (lost)."
    )
    add_runs(store, {"name": "done", "metrics": {"loss": 0.5}})
    assert named(store, "best:loss") == named(store, "best") == "done"
    add_runs(store, {"name": "going", "status": "RUNNING", "metrics": {"loss": 0.4}, **alive})
    assert named(store, "best") == "going"


@pytest.mark.parametrize(
    ("reference", "experiment", "said"),
    [
        ("best:width", 0, ["lower or a higher 'width'", "track.define_metric('width', goal='max')"]),
        ("best:val_loss", 0, ["has the metric 'val_loss', but runs of 'nets' have; name the run."]),
        ("best:los", 0, ["No run of the experiment 'Default' has the metric 'los'", "did you mean 'loss'?"]),
        ("best:zzz", 0, ["there is loss, accuracy, width."]),
        ("best:", 0, ["has the metric ''"]),
        ("best", 77, ["There is no experiment 77"]),
        ("best:broken", None, ["define_metric('broken'"]),
    ],
)
def test_no_best_run_says_what_is_missing(
    scored: Path, reference: str, experiment: int | None, said: list[str]
) -> None:
    """The metric, its goal, its values, or the experiment."""
    with pytest.raises(NotFound) as raised:
        Reader(scored).resolve(reference, experiment)
    assert [part for part in said if part not in str(raised.value)] == []


def test_a_store_without_metrics_has_no_best(tmp_path: Path) -> None:
    """No runs, no metrics, no known goal, no finite value: each says so."""
    store = made_store(tmp_path)
    for run, said in (
        (None, "holds no runs"),
        ({}, "has a metric"),
        ({"metrics": {"width": 3}}, r"of no metric .*\(width\).*track.define_metric\('width', goal='max'\)"),
        ({"metrics": {"loss": math.nan}, "experiment": "other"}, "has a finite 'loss'"),
    ):
        if run is not None:
            add_runs(store, run)
        with pytest.raises(NotFound, match=said):
            Reader(store).resolve("best")


# ---- words


def words(store: Path, begun: str, limit: int = 20) -> list[tuple[str, str]]:
    """Return what completes a reference."""
    with reading(store) as connection:
        return references.candidates(connection, begun, limit)


def test_a_reference_is_completed(reader: Reader) -> None:
    """Words, numbers, the newest names, ids from six digits on; deleted runs and names that mean another are not."""
    store = reader.store
    assert words(store, "") == [
        ("last", "#5 3, finished"),
        ("last~1", "the run before the last"),
        ("best", "by the main metric"),
        ("best:", "by a metric"),
        ("12345678", "#4, finished"),
        ("twice", "#3, finished"),
        ("quiet-otter-1", "#1, finished"),
    ]
    assert words(store, "#") == [
        ("#5", "3, finished"),
        ("#4", "12345678, finished"),
        ("#3", "twice, finished"),
        ("#2", "twice, finished"),
        ("#1", "quiet-otter-1, finished"),
    ]
    assert words(store, "#", 1) == [("#5", "3, finished")]
    assert words(store, "1") == [("1", "quiet-otter-1, finished"), ("12345678", "#4, finished")]
    assert words(store, "TW") == [("twice", "#3, finished")]
    assert words(store, "deadbe") == [(IDS[3], "#4 12345678")]
    assert words(store, "#x") == words(store, "\ud800") == words(store, "zzz") == words(store, "", 0) == []


def test_best_is_completed_by_metrics_with_a_goal(scored: Path) -> None:
    """Those of the newest run's experiment, with the direction."""
    assert words(scored, "best:") == [("best:val_loss", "lowest")]
    assert words(scored, "BEST:V") == [("best:val_loss", "lowest")]


def test_an_empty_store_completes_nothing(tmp_path: Path) -> None:
    """Nothing to name."""
    store = made_store(tmp_path)
    assert words(store, "") == words(store, "best:") == []


# ---- new names


@pytest.mark.parametrize("name", ["baseline", "rf", "12 trees", "lasting", "best of all", "deadbeef", "größe", "v1"])
def test_a_new_name(name: str) -> None:
    """What names no other run is a name."""
    assert references.check_new_name(name) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "must not be blank"),
        (" \n", "must not be blank"),
        ("show", "a subcommand; 'show-1' would do"),
        (" clean ", "a subcommand"),
        ("#3", "names another run; 'run-3' would do"),
        ("#", "'run-1' would do"),
        ("12", "'run-12' would do"),
        ("last", "names another run"),
        ("Last~2", "'run-last-2' would do"),
        ("best", "names another run"),
        ("best:val_loss", "'run-best-val_loss' would do"),
        ("AB" * 16, "names another run"),
        ("3..7", "'run-3-7' would do"),
        ("#3..#7", "names another run"),
    ],
)
def test_a_name_that_means_something_else_is_refused(name: str, said: str) -> None:
    """Subcommands and references, with a name that would do."""
    with pytest.raises(InvalidValue, match=said):
        references.check_new_name(name)


def test_what_is_not_in_the_bin_names_what_is(reader: Reader) -> None:
    """A deleted run that is misspelt is told among deleted ones first."""
    for reference, message in (
        ("gonee", "There is no run 'gonee'; near it are #6 gone."),
        ("nothing", "There is no run 'nothing'; the newest in the bin is #6 gone."),
    ):
        with pytest.raises(NotFound) as caught:
            reader.resolve(reference, deleted=True)
        assert str(caught.value) == message
