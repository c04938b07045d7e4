"""Stores with flipped bytes: an error of ours or data, never a crash, and the file is left as it is."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_stores import add_runs, made_store

from jupyter_track.errors import TrackError
from jupyter_track.store import edits, problems
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.reader import Reader
from jupyter_track.store.writer import Writer


def whole_store(folder: Path) -> bytes:
    """The bytes of a store with something in every table that a reader looks at."""
    store = made_store(folder)
    add_runs(
        store,
        *(
            {"params": {"lr": 0.1, "n": number}, "tags": {"t": "x" * 50}, "metrics": {"loss": [1.0] * 200, "acc": 0.5}}
            for number in range(20)
        ),
    )
    return store.read_bytes()


def look(store: Path) -> None:
    """Read all that there is, each through its own call; errors of ours are answers too."""
    reader = Reader(store)
    calls: list[Callable[[], Any]] = [reader.info, reader.runs, reader.experiments, lambda: reader.resolve("last")]
    found: list[Any] = []
    for call in calls:
        try:
            found.append(call())
        except TrackError:
            continue
    runs = next(
        (answer for answer in found if isinstance(answer, list) and answer and hasattr(answer[0], "run_id")), []
    )
    for run in runs[:5]:
        for detail in (reader.run, lambda run_id: reader.history(run_id, "loss"), reader.artifacts, reader.executions):
            try:
                detail(run.run_id)
            except TrackError:
                continue


def damage(content: bytes, chance: random.Random) -> bytes:
    """Flip some bytes, sometimes many at one place, sometimes cut the end off."""
    data = bytearray(content)
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(data[: chance.randrange(1, len(data))])
    if kind == 1:
        at = chance.randrange(len(data))
        size = chance.choice((16, 512, 4096))
        data[at : at + size] = chance.randbytes(len(data[at : at + size]))
    first = 100 if chance.random() < 0.5 else len(data)  # the header, or anywhere
    for _ in range(chance.choice((1, 5, 50))):
        data[chance.randrange(first)] = chance.randrange(256)
    return bytes(data)


def damaged_stores(folder: Path, count: int, seed: int) -> None:
    """Look at damaged stores, and write to them."""
    chance = random.Random(seed)
    (folder / "whole").mkdir()
    content = whole_store(folder / "whole")
    for number in range(count):
        place = folder / str(number)
        place.mkdir()
        store = place / "track.db"
        bad = damage(content, chance)
        store.write_bytes(bad)
        look(store)
        assert store.read_bytes() == bad, "a reader changed a damaged file"
        files = StoreFiles(store)
        try:
            files.ensure()
        except TrackError:
            assert store.read_bytes() == bad, "a refused file was changed"
        finally:
            files.close()


def test_flipped_bytes(tmp_path: Path) -> None:
    """40 damaged files: 0 crashes, 0 foreign errors, files unchanged."""
    damaged_stores(tmp_path, 40, 1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_200_files(tmp_path: Path) -> None:
    """The bar: 200 files with flipped bytes, 0 crashes."""
    damaged_stores(tmp_path, 200, 2)


def test_writing_to_a_damaged_store(store: Path, tmp_path: Path) -> None:
    """Where pages are damaged what is logged lies in a side file or in the store; the writer says what is wrong."""
    content = whole_store(tmp_path)
    half = len(content) // 2
    store.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096) if half else content)
    mine = Writer(store)
    row = {"experiment": "Default", "name": "r", "status": "RUNNING", "start_time": 1, "user_id": ""}
    mine.submit("start", "ab" * 16, row)
    with pytest.warns(problems.TrackWarning, match="damaged|malformed|not a SQLite"):
        assert not mine.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine.close(2)


def test_an_edit_of_a_damaged_store(tmp_path: Path) -> None:
    """An edit says that the store is damaged and changes nothing."""
    content = whole_store(tmp_path)
    store = tmp_path / "track.db"
    bad = content[:8192] + b"\xff" * (len(content) - 8192)
    store.write_bytes(bad)
    with pytest.raises(TrackError, match=r"'jupyter track doctor --repair' saves what can be read\."):
        edits.set_note(store, ["0" * 32], "x")
    assert store.read_bytes() == bad
