"""Runs that differ only in the seed, put together."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_stores import add_run, made_store, with_code

from jupyter_track.store import table_rows
from jupyter_track.store.reader import Reader
from jupyter_track.views.groups import (
    SeedGroup,
    has_seeds,
    is_seed,
    seed_groups,
    seedless,
    seedless_sources,
)


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
    assert labels == ["same params · 3", "same params · 2", "same params"]


def test_seeds_that_are_all_equal_tell_nothing_apart(store: Path) -> None:
    """Then there is nothing to group by."""
    add_run(store, params={"lr": 1, "seed": 3})
    add_run(store, params={"lr": 2, "seed": 3})
    assert not has_seeds(Reader(store).runs())
    add_run(store, params={"lr": 2, "seed": 4})
    assert has_seeds(Reader(store).runs())
