"""Runs that differ only in the seed, put together."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_stores import add_run, made_store, with_code

from jupyter_track.notebook.tables import panel_forms
from jupyter_track.panels.table import RunTablePanel
from jupyter_track.store import table_rows
from jupyter_track.store.choices import keep_choices
from jupyter_track.store.edits import set_baseline
from jupyter_track.store.reader import Reader
from jupyter_track.views.format import middle_cut
from jupyter_track.views.group_names import group_names
from jupyter_track.views.groups import (
    SeedGroup,
    has_seeds,
    is_seed,
    seed_groups,
    seedless,
    seedless_sources,
)
from jupyter_track.views.runs import RunTable
from jupyter_track.views.table import table_of


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return made_store(tmp_path)


@pytest.mark.parametrize(
    "key",
    ["seed", "SEED", "np_seed", "random_state", "model__random_state", "model.random_seed", "randomSeed", "rng"],
)
def test_a_seed_is_told_by_its_name(key: str) -> None:
    """As libraries and people write it."""
    assert is_seed(key)


@pytest.mark.parametrize("key", ["lr", "n_seeds", "num_seeds", "seedling", "state", "random", "range", "", "."])
def test_other_params_are_no_seeds(key: str) -> None:
    """How many seeds there are is a choice, not a seed."""
    assert not is_seed(key)


def test_the_number_of_a_seed_is_no_code() -> None:
    """Assigned, given to a call, or a name of the cell; other numbers stay."""
    assert seedless("seed = 3\nfit(C=1, random_state=42)") == "seed = …\nfit(C=1, random_state=…)"
    assert seedless("torch.manual_seed(7); np.random.seed(1_000)") == "torch.manual_seed(…); np.random.seed(…)"
    assert seedless("if seed == 3: C = 1") == "if seed == 3: C = 1"


def test_runs_that_differ_only_in_the_seed_are_one_group(store: Path) -> None:
    """One other param, or other code, makes another group; the seed that is written in the cell does not."""
    same = [
        with_code(store, {"params": {"lr": 0.1, "seed": seed}}, code=f"seed = {seed}\nlr = 0.1".encode())[0]
        for seed in (1, 2, 3)
    ]
    lower = with_code(store, {"params": {"lr": 0.01, "seed": 1}}, code=b"seed = 1\nlr = 0.01")
    edited = with_code(store, {"params": {"lr": 0.1, "seed": 1}}, code=b"seed = 1\nlr = 0.1\nmore()")
    reader = Reader(store)
    runs = reader.runs()
    sources = seedless_sources(reader, [run.run_id for run in runs])
    assert seed_groups(runs, sources) == (
        SeedGroup("lr 0.1 · 2", tuple(edited)),
        SeedGroup("lr 0.01", tuple(lower)),
        SeedGroup("lr 0.1", tuple(reversed(same))),
    )
    assert len({sources[run_id] for run_id in same}) == 1


def test_the_rows_of_a_table_make_the_same_groups_as_runs(store: Path) -> None:
    """Both forms of a record are read alike, and failed attempts keep to their group."""
    for number in range(12):
        status = "FAILED" if number == 5 else "FINISHED"
        add_run(store, params={"model": "svm" if number % 2 else "mlp", "random_state": number}, status=status)
    reader = Reader(store)
    rows = table_rows.RowReader(store).read(table_rows.active_numbers(store))
    groups = seed_groups(rows, {})
    assert groups == seed_groups(reader.runs(), {})
    assert [(group.label, len(group.run_ids)) for group in groups] == [("model svm", 6), ("model mlp", 6)]


def test_a_child_and_another_experiment_are_no_repeats(store: Path) -> None:
    """They were run for something else."""
    parent = add_run(store, params={"seed": 1})
    add_run(store, params={"seed": 2}, parent_uuid=parent)
    add_run(store, params={"seed": 3}, experiment="other")
    labels = [group.label for group in seed_groups(Reader(store).runs(), {})]
    assert labels == ["run-0 · 3", "run-0 · 2", "run-0"]


def test_runs_without_a_seed_are_in_no_group_of_seeds(store: Path) -> None:
    """What two of them differ in is not known; neither is one of them a seed of those that have one."""
    add_run(store, params={"a": 1}, metrics={"loss": 0.5})
    add_run(store, params={"a": 1}, metrics={"loss": 0.9})
    for seed in (1, 2):
        add_run(store, params={"a": 1, "seed": seed}, metrics={"loss": 0.7})
    assert [len(group.run_ids) for group in seed_groups(Reader(store).runs(), {})] == [2, 1, 1]


def named(store: Path, *settings: dict[str, object], name: str = "run") -> list[str]:
    """The names of groups of two seeds each, the oldest first; the still forms and the live one have the same."""
    for params in settings:
        for seed in (1, 2):
            add_run(store, name=name, params={**params, "seed": seed})
    runs = Reader(store).runs()
    found = seed_groups(runs, {})
    by_id = {run.run_id: run for run in runs}
    groups = [[by_id[one] for one in group.run_ids] for group in found]
    assert group_names(groups, is_seed, alone=True) == [group.label for group in found]
    return [group.label for group in reversed(found)]


def test_the_name_of_a_group_has_what_it_differs_in(store: Path) -> None:
    """However many params there are, and however long their names and values."""
    forest = [{"C": c, "max_iter": 100, "solver": "lbfgs"} for c in (1, 10)]
    hinge = [{"loss": "hinge", "alpha": 0.1, "eta": "fixed", "lr": lr} for lr in (0.1, 0.5)]
    assert named(store, *forest, *hinge) == [
        "C 1 · max_iter 100 · solver lbfgs",
        "C 10 · max_iter 100 · solver lbfgs",
        "loss hinge · alpha 0.1 · eta fixed · lr 0.1",
        "loss hinge · alpha 0.1 · eta fixed · lr 0.5",
    ]


def test_long_values_that_look_alike_are_named_whole(store: Path) -> None:
    """What is taken out of their middle is what tells them apart; a short form that is its own stays short."""
    paths = [f"data/folder/of/{name}/measurements.csv" for name in ("ada", "bob")]
    assert named(store, *({"path": path} for path in (*paths, "x" * 40))) == [
        *(f"path {path}" for path in paths),
        f"path {middle_cut('x' * 40, 16)}",
    ]


def test_a_group_is_called_as_its_runs_are(store: Path) -> None:
    """Where no other run has the name; a parent without params too, for which there is nothing else to say."""
    add_run(store, name="sweep", params={"seed": 0})
    assert named(store, {"lr": 0.1}, name="low") == ["sweep", "low"]


def test_seeds_that_are_all_equal_tell_nothing_apart(store: Path) -> None:
    """Then there is nothing to group by."""
    add_run(store, params={"lr": 1, "seed": 3})
    add_run(store, params={"lr": 2, "seed": 3})
    assert not has_seeds(Reader(store).runs())
    add_run(store, params={"lr": 2, "seed": 4})
    assert has_seeds(Reader(store).runs())


def seeded(store: Path) -> None:
    """Two settings with three and two seeds, of which one failed, and a run that is alone."""
    for penalty, values in ((0.1, (0.91, 0.93, 0.95)), (1, (0.81, 0.83))):
        for seed, value in enumerate(values):
            add_run(store, name="svc", params={"C": penalty, "seed": seed}, metrics={"accuracy": value})
    add_run(store, name="svc", params={"C": 1, "seed": 2}, status="FAILED")
    add_run(store, name="mlp", params={"C": 5, "seed": 0}, metrics={"accuracy": 0.9})


def grouped(store: Path) -> RunTable:
    """The table with seeds in one row."""
    reader = Reader(store)
    return table_of(reader, reader.runs(), 0, seeds=True, curved=9)


def test_a_table_has_a_row_for_each_group_of_seeds(store: Path) -> None:
    """Mean ± sd (n) of those that logged the metric, the best by its mean; one that is alone has its own row."""
    seeded(store)
    table = grouped(store)
    assert [(column.key, column.kind) for column in table.columns] == [("accuracy", "metric"), ("C", "param")]
    assert [
        (row.number, row.name, row.marks, row.state.word, [cell.text for cell in row.cells]) for row in table.rows
    ] == [
        ("7", "mlp", (), "finished", ["0.9000", "5"]),
        ("", "C 1", ("×3",), "", ["0.820 ± 0.014 (n=2)", "1"]),
        ("", "C 0.1", ("×3",), "finished", ["0.93 ± 0.02 (n=3)", "0.1"]),
    ]
    assert [row.cells[0].best for row in table.rows] == [False, False, True]
    assert [row.full_name for row in table.rows[1:]] == ["C 1: #5, #4, #6", "C 0.1: #3, #2, #1"]
    assert [len(row.run_ids) for row in table.rows] == [1, 3, 3]
    assert table.more == 0


def test_what_stands_on_top_is_in_no_group(store: Path) -> None:
    """The baseline keeps its row, and the groups show their change against it."""
    seeded(store)
    reader = Reader(store)
    set_baseline(store, reader.resolve("#1"))
    table = grouped(store)
    assert [(row.number, row.name, row.marks) for row in table.rows] == [
        ("1", "svc", ("baseline",)),
        ("7", "mlp", ()),
        ("", "C 1", ("×3",)),
        ("", "C 0.1", ("×2",)),
    ]
    assert table.versus == "vs #1"
    assert [change.text for row in table.rows if (change := row.cells[0].change)] == ["−0.0100", "−0.0900", "+0.0300"]


def test_without_seeds_nothing_is_grouped(store: Path) -> None:
    """The choice is kept for later runs; until then the table is as it is."""
    for penalty in (1, 2):
        add_run(store, params={"C": penalty})
    assert [row.marks for row in grouped(store).rows] == [(), ()]


def test_the_saved_table_is_grouped_as_the_live_one_was(store: Path) -> None:
    """What was chosen in the notebook's table holds for its static forms, HTML and text."""
    seeded(store)
    plain = panel_forms(RunTablePanel(store, notebook="a.ipynb"))
    keep_choices(store, "a.ipynb", "table", {"group": "but-seed"})
    forms = panel_forms(RunTablePanel(store, notebook="a.ipynb"))
    assert [["0.93 ± 0.02 (n=3)" in form for form in both] for both in (plain, forms)] == [[False] * 2, [True] * 2]
    assert ["0.9500" in form for form in forms] == [False, False]
