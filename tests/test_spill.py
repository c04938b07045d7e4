"""Side files: what the store could not take is kept exactly, found again, and read back once."""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_stores import START, add_run, made_points, made_store, param_row

from jupyter_track.errors import StoreUnavailable
from jupyter_track.store import problems, spill
from jupyter_track.store.batch import Batch
from jupyter_track.store.curves import Points
from jupyter_track.store.database import StoreFiles
from jupyter_track.store.place import files_folder
from jupyter_track.store.problems import TrackWarning
from jupyter_track.store.readback import read_back
from jupyter_track.store.reader import Reader

TEXT = st.text(max_size=20)


def started(writer: str, number: int, run_id: str, **columns: Any) -> Batch:
    """A batch that starts a run."""
    batch = Batch(writer, number)
    row = {"experiment": "Default", "name": run_id, "status": "RUNNING", "start_time": START, "user_id": ""}
    batch.add_start(run_id, {**row, **columns})
    return batch


def logged(writer: str, number: int, run_id: str, *values: float, first: int = 0) -> Batch:
    """A batch with points of one curve."""
    batch = Batch(writer, number)
    batch.points.append(made_points(run_id, "loss", values, first))
    return batch


def back(store: Path) -> dict[str, int]:
    """Read the side files of a store back."""
    files = StoreFiles(store)
    files.ensure()
    try:
        return read_back(files, timeout=5, busy=1)
    finally:
        files.close()


def values(store: Path) -> dict[str, list[float]]:
    """The points of every run's curve, in their order."""
    reader = Reader(store)
    return {run.run_id: [point.value for point in reader.history(run.run_id, "loss")] for run in reader.runs()}


@given(
    texts=st.dictionaries(TEXT, TEXT, max_size=3),
    numbers=st.lists(st.floats(allow_nan=False), min_size=1, max_size=5),
    data=st.binary(max_size=50),
)
def test_a_batch_comes_back_as_it_was(texts: dict[str, str], numbers: list[float], data: bytes) -> None:
    """Every kind of change, any text, bytes and infinities survive JSON."""
    batch = started("w", 3, "a", note="n")
    for name, text in texts.items():
        batch.add_experiment(name, {"id": 2**53 - 1, "created": START})
        batch.add_update("b", {"name": text, "note": None})
        batch.add_params("a", [param_row("p", text), param_row("p", name + "x")])
        batch.add_tags("a", {name: text, text: None})
        batch.add_goal(name, ("loss", "min"))
    batch.add_content("00", (len(data), data))
    batch.add_content("01", (7, None))
    batch.add_artifact("a", {"path": "x", "sha256": "00"})
    batch.add_execution("a", {"session": "s", "position": 1})
    batch.add_absorb("a", "b")
    batch.points.append(
        Points("a", "k", "logged", tuple(range(len(numbers))), tuple(range(len(numbers))), tuple(numbers))
    )
    text = json.dumps(batch.to_plain(), ensure_ascii=False)
    assert Batch.from_plain(json.loads(text)) == batch


def test_nan_survives(store: Path) -> None:
    """NaN is no JSON, and is kept nevertheless."""
    made_store(store.parent)
    spill.save(store, started("w", 1, "a"))
    spill.save(store, logged("w", 2, "a", math.nan, math.inf, -math.inf))
    back(store)
    (found,) = values(store).values()
    assert [str(value) for value in found] == ["nan", "inf", "-inf"]


class TestWhere:
    """The folders that are tried, one after the other."""

    def test_beside_the_store(self, store: Path) -> None:
        """The first choice lies beside the store; the file is the user's alone to list."""
        path = spill.save(store, started("w", 1, "a"))
        assert path == files_folder(store) / "spill" / "w-0000000001.batch.json"
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert spill.waiting(store) == [path]

    def test_elsewhere(self, store: Path) -> None:
        """Where that cannot be written it is the user's own folder, then the temporary one; all are found again."""
        beside, user, temporary = spill.folders(store)
        files_folder(store).write_text("a file where the folder should be")
        first = spill.save(store, started("w", 1, "a"))
        assert first.parent == user
        assert str(user).startswith(os.environ["XDG_STATE_HOME"])
        user.parent.rename(user.parent.with_name("away"))
        user.parent.write_text("not a folder")
        second = spill.save(store, started("w", 2, "b"))
        assert second.parent == temporary
        assert str(temporary).startswith(os.environ["TMPDIR"])
        user.parent.unlink()
        user.parent.with_name("away").rename(user.parent)
        assert spill.waiting(store) == [first, second]
        assert not beside.exists()

    def test_nowhere(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where no folder can be written the error names every one of them, and nothing half-written stays."""

        def refuse(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(StoreUnavailable) as caught:
            spill.save(store, started("w", 1, "a"))
        assert all(f"{folder}: No space left" in str(caught.value) for folder in spill.folders(store))
        assert [path for folder in spill.folders(store) for path in folder.iterdir()] == []

    def test_the_folder_of_somebody_else(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The temporary folder is everybody's: what another user put there is neither used nor read."""
        folder = spill.folders(store)[2]
        folder.mkdir(parents=True)
        (folder / "x-0000000001.batch.json").write_text("{}")
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        assert spill.waiting(store) == []
        with pytest.raises(StoreUnavailable, match="belongs to another user"):
            spill.save(store, started("w", 1, "a"))

    def test_a_link_is_not_followed(self, store: Path, tmp_path: Path) -> None:
        """A symbolic link in place of a folder is passed over."""
        target = tmp_path / "target"
        target.mkdir()
        beside = spill.folders(store)[0]
        beside.parent.mkdir()
        beside.symlink_to(target)
        assert spill.save(store, started("w", 1, "a")).parent == spill.folders(store)[1]
        assert list(target.iterdir()) == []

    def test_another_store_has_others(self, store: Path) -> None:
        """Side files are found by the store that they belong to."""
        spill.save(store, started("w", 1, "a"))
        assert spill.waiting(store.with_name("other.db")) == []


class TestReadingBack:
    """Side files into the store."""

    @pytest.fixture
    def made(self, store: Path) -> Path:
        """A store that has been made."""
        return made_store(store.parent)

    def test_in_order_and_once(self, made: Path) -> None:
        """The batches of one writer are applied in their order, and the files are gone then."""
        order = [logged("w", number, "a", float(number), first=number) for number in range(2, 12)]
        for batch in [*reversed(order), started("w", 1, "a")]:
            spill.save(made, batch)
        assert back(made) == {"a": 1}
        assert values(made) == {"a": [float(number) for number in range(2, 12)]}
        assert spill.waiting(made) == []
        assert back(made) == {}

    def test_what_was_committed_before_adds_nothing(self, made: Path) -> None:
        """A batch that is in the store already is passed over and its file removed."""
        for batch in (started("w", 1, "a"), logged("w", 2, "a", 1.0)):
            spill.save(made, batch)
        back(made)
        for batch in (started("w", 1, "a"), logged("w", 2, "a", 1.0), logged("w", 3, "a", 2.0)):
            spill.save(made, batch)
        assert back(made) == {"a": 1}
        assert values(made) == {"a": [1.0, 2.0]}

    def test_two_at_once(self, made: Path) -> None:
        """Two that read the same files back at once apply each of them once."""
        spill.save(made, started("w", 1, "a"))
        for number in range(2, 22):
            spill.save(made, logged("w", number, "a", float(number)))
        threads = [threading.Thread(target=back, args=(made,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert values(made) == {"a": [float(number) for number in range(2, 22)]}

    def test_one_writer_needs_the_run_of_another(self, made: Path) -> None:
        """A worker's points for its parent's run wait for the parent's file, whatever the names sort like."""
        spill.save(made, logged("a-worker", 1, "run", 1.0))
        spill.save(made, logged("a-worker", 2, "run", 2.0))
        spill.save(made, started("z-parent", 1, "run"))
        back(made)
        assert values(made) == {"run": [1.0, 2.0]}
        assert problems.current() == []

    def test_a_run_that_is_gone(self, made: Path) -> None:
        """What belongs to a run that is nowhere is put by and said; all the rest is written."""
        batch = logged("w", 2, "gone", 1.0)
        batch.points.append(made_points("a", "loss", [3.0]))
        spill.save(made, started("w", 1, "a"))
        spill.save(made, batch)
        spill.save(made, logged("w", 3, "a", 4.0))
        with pytest.warns(TrackWarning, match="it is not in this store"):
            back(made)
        assert values(made) == {"a": [3.0, 4.0]}
        (kept,) = spill.waiting(made, spill.ORPHAN)
        assert [one["values"] for one in json.loads(kept.read_text())["points"]] == [[1.0]]
        assert spill.waiting(made) == []

    def test_a_run_that_comes_back(self, made: Path, recwarn: pytest.WarningsRecorder) -> None:
        """What was put by for a run that the store of this git branch lacks goes in, in its order, once that has it."""
        end = Batch("w", 4)
        end.add_update("run", {"status": "FINISHED"})
        spill.save(made, started("w", 1, "run"))
        back(made)
        with_it = made.read_bytes()
        made.unlink()  # another branch is checked out
        for batch in (logged("w", 2, "run", 1.0), logged("w", 3, "run", 2.0), end):
            spill.save(made, batch)
        back(made)
        assert (values(made), len(spill.waiting(made, spill.ORPHAN))) == ({}, 3)
        told = len(recwarn)
        back(made)
        assert (told, len(recwarn)) == (1, 1)  # once
        made.write_bytes(with_it)
        back(made)
        assert values(made) == {"run": [1.0, 2.0]}
        assert Reader(made).run("run").status == "FINISHED"
        assert spill.waiting(made, spill.ORPHAN) == []

    def test_a_file_of_a_run_that_comes_back(self, made: Path) -> None:
        """A file that was put by is whole, also where the store has thrown its content away meanwhile."""
        sha256 = hashlib.sha256(b"ab").hexdigest()
        batch = Batch("w", 2)
        row = {"path": "a.txt", "sha256": sha256, "size": 2, "mime": "text/plain", "kind": "file", "created": START}
        batch.add_artifact("run", {**row, "content": (2, b"ab")})
        spill.save(made, batch)
        with pytest.warns(TrackWarning, match="it is not in this store"):
            back(made)
        with StoreFiles(made).writing() as connection:
            connection.execute("DELETE FROM contents")
        spill.save(made, started("v", 1, "run"))
        back(made)
        (file,) = Reader(made).artifacts("run")
        assert Reader(made).content(file.sha256) == b"ab"

    def test_one_of_two_runs_comes_back(self, made: Path) -> None:
        """Of what was put by for two runs, the part of the one that is there again is written."""
        both = logged("w", 1, "one", 1.0)
        both.points.append(made_points("two", "loss", [2.0]))
        spill.save(made, both)
        with pytest.warns(TrackWarning, match="they are not in this store"):
            back(made)
        spill.save(made, started("v", 1, "one"))
        back(made)
        assert values(made) == {"one": [1.0]}
        spill.save(made, started("u", 1, "two"))
        back(made)
        assert values(made) == {"one": [1.0], "two": [2.0]}
        assert spill.waiting(made, spill.ORPHAN) == []

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"writer": "w"}', "\x00"])
    def test_a_damaged_file(self, made: Path, text: str) -> None:
        """A file that cannot be understood is kept under another name and said; the others are read back."""
        good = spill.save(made, started("w", 2, "a"))
        good.with_name("w-0000000001.batch.json").write_text(text)
        with pytest.warns(TrackWarning, match="could not be written"):
            back(made)
        assert list(values(made)) == ["a"]
        (kept,) = self.failed(made)
        assert kept.read_text() == text

    @pytest.mark.parametrize("fault", [{"user_id": None}, {"name": ["a", "list"]}, {"start_time": 2**70}])
    def test_a_batch_that_no_store_takes(self, made: Path, fault: dict[str, Any]) -> None:
        """A batch that SQLite refuses does not stand in the way of those after it."""
        spill.save(made, started("v", 1, "bad", **fault))
        spill.save(made, started("w", 1, "a"))
        with pytest.warns(TrackWarning, match="could not be written"):
            back(made)
        assert list(values(made)) == ["a"]
        assert len(self.failed(made)) == 1

    def test_a_file_that_cannot_be_removed(self, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a medium that became read-only the file stays, which is said, and it adds nothing the next time."""
        path = spill.save(made, started("w", 1, "a"))

        def refuse(*_: object, **__: object) -> None:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(Path, "unlink", refuse)
        with pytest.warns(TrackWarning, match="cannot be removed: Read-only"):
            back(made)
        back(made)
        assert path.exists()
        assert list(values(made)) == ["a"]

    def test_a_renamed_experiment(self, made: Path) -> None:
        """A run of an experiment that was renamed meanwhile is kept: its experiment is made anew."""
        spill.save(made, started("w", 1, "a", experiment="of old"))
        back(made)
        (run,) = Reader(made).runs()
        assert run.experiment_name == "of old"

    @staticmethod
    def failed(store: Path) -> list[Path]:
        """The files that were put away."""
        return list(spill.folders(store)[0].glob("*.failed.json"))


@pytest.fixture(autouse=True)
def _state(store: Path) -> None:
    """Every test has its own places for side files."""


def test_a_user_without_a_name(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container whose user has no name, the number does."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4242")

    monkeypatch.setattr(spill.getpass, "getuser", nameless)
    assert spill.folders(store)[2].parent.name == f"jupyter-track-{os.getuid()}"


def test_the_order_of_a_clock_set_back(store: Path) -> None:
    """Points are read in the order in which they were logged, whatever the clock said."""
    made_store(store.parent)
    run = add_run(store)
    early = Points(run, "loss", "logged", (0, 1), (START, START + 1), (1.0, 2.0))
    late = Points(run, "loss", "logged", (2, 3), (START - 3_600_000, START - 3_599_999), (3.0, 4.0))
    for number, points in enumerate((early, late), 1):
        batch = Batch("w", number)
        batch.points.append(points)
        spill.save(store, batch)
    back(store)
    assert values(store) == {run: [1.0, 2.0, 3.0, 4.0]}
