"""Where a store lies: what a person writes, and what is found from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_track.errors import InvalidValue
from jupyter_track.store.place import files_folder, find_store, parse_store, store_exists


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("track.db", "/data/track.db"),
        ("runs/other.sqlite", "/data/runs/other.sqlite"),
        ("runs", "/data/runs/track.db"),
        ("/elsewhere/a.db", "/elsewhere/a.db"),
        ("../a.db", "/a.db"),
        ("sqlite:///mlflow.db", "/data/mlflow.db"),
        ("sqlite:////abs/mlflow.db", "/abs/mlflow.db"),
        ("file:./mlruns", "/data/track.db"),
        ("file:///abs/with%20space/mlruns", "/abs/with space/track.db"),
        ("file:///abs/a.db", "/abs/a.db"),
        ("mlruns", "/data/track.db"),
        ("file:", "/data/track.db"),
    ],
)
def test_what_a_person_writes(written: str, meant: str) -> None:
    """Files, folders, and both kinds of address are understood, relative to the base."""
    assert parse_store(written, Path("/data")) == Path(meant)


def test_a_path_object_and_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Path is taken as it is, and ``~`` is the user's home."""
    monkeypatch.setenv("HOME", "/home/ada")
    assert parse_store(Path("x.db"), Path("/data")) == Path("/data/x.db")
    assert parse_store("~/x.db", Path("/data")) == Path("/home/ada/x.db")


def test_a_folder_with_a_suffix_is_a_folder(tmp_path: Path) -> None:
    """What exists as a folder is one, whatever its name looks like."""
    (tmp_path / "runs.v2").mkdir()
    assert parse_store("runs.v2", tmp_path) == tmp_path / "runs.v2" / "track.db"


@pytest.mark.parametrize("address", ["http://localhost:5000", "postgresql://u:p@h/db", "databricks://x"])
def test_other_addresses_are_refused(address: str) -> None:
    """A server's address is an error that says what to write instead."""
    with pytest.raises(InvalidValue, match=r"file or folder on this machine, not a \w+ address"):
        parse_store(address, Path("/data"))


class TestFinding:
    """The store that work in a folder goes to."""

    def test_the_folder_itself(self, tmp_path: Path) -> None:
        """Without any store above, the folder gets one; nothing is made."""
        assert find_store(tmp_path, {}) == tmp_path / "track.db"
        assert list(tmp_path.iterdir()) == []

    def test_a_parent_up_to_the_git_root(self, tmp_path: Path) -> None:
        """A store in a parent is used, the nearest first, as far as the git root."""
        below = tmp_path / "a" / "b"
        below.mkdir(parents=True)
        (tmp_path / ".git").mkdir()
        (tmp_path / "track.db").touch()
        assert find_store(below, {}) == tmp_path / "track.db"
        (tmp_path / "a" / "track.db").touch()
        assert find_store(below, {}) == tmp_path / "a" / "track.db"

    def test_not_above_the_git_root(self, tmp_path: Path) -> None:
        """A store outside of the repository is another project's."""
        inner = tmp_path / "repository"
        (inner / ".git").mkdir(parents=True)
        (tmp_path / "track.db").touch()
        assert find_store(inner, {}) == inner / "track.db"

    def test_not_in_a_parent_without_git(self, tmp_path: Path) -> None:
        """Where no git root is above, only the folder itself is looked at."""
        below = tmp_path / "a"
        below.mkdir()
        (tmp_path / "track.db").touch()
        assert find_store(below, {}) == below / "track.db"

    def test_the_environment_wins(self, tmp_path: Path) -> None:
        """``JUPYTER_TRACK_STORE`` is used before anything that lies about."""
        (tmp_path / "track.db").touch()
        assert find_store(tmp_path, {"JUPYTER_TRACK_STORE": "x/y.db"}) == tmp_path / "x" / "y.db"


def test_beside_the_store(tmp_path: Path) -> None:
    """The folder of files lies beside the store; an empty file is not a store yet."""
    store = tmp_path / "track.db"
    assert files_folder(store) == tmp_path / "track.db-files"
    assert not store_exists(store)
    store.touch()
    assert not store_exists(store)
    store.write_bytes(b"x")
    assert store_exists(store)
    assert not store_exists(store / "below-a-file")
