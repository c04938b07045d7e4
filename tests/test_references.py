"""How people name a run: by number, name, digits of its id, or ``last``."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_stores import add_runs, made_store

from jupyter_track.errors import InvalidValue, NotFound
from jupyter_track.store.database import StoreFiles
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
