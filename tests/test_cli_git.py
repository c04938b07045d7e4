"""`jupyter-track git ignore | git commit`, the merge driver and the textconv, in real repositories."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from cli_session import CLEAN, ROOT, cli, parsed, process, sql
from made_stores import START, add_run, made_store

from jupyter_track.cli import repository
from jupyter_track.store import edits, files
from jupyter_track.store.reader import Reader

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

LINES = ["track.db", "track.db-journal", "track.db-files/"]
ATTRIBUTES = [
    repository.COMMIT_MARK,
    repository.CLONE_NOTE,
    "track.db -text merge=jupyter-track diff=jupyter-track",
    "**/track.db-files/content/** binary",
]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """git knows no settings of this machine, and finds the package; the shell does not find jupyter-track."""
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "PYTHONPATH": ROOT,
    }.items():
        monkeypatch.setenv(name, value)
    for name in CLEAN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a commit."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "README").write_text("hello\n")
    git(folder, "add", "README")
    git(folder, "commit", "-q", "-m", "Begin")
    return folder


def git(folder: Path, *arguments: str, code: int = 0) -> str:
    """What git prints; it has to end with `code`."""
    ended = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout


def said(store: Path, *arguments: str, code: int = 0) -> str:
    """What the command says."""
    result = cli(store, "git", *arguments)
    assert result.exit_code == code, result.output
    return result.stdout + result.stderr


def names(store: Path) -> list[str]:
    """The names of the runs of a store."""
    return sorted(run.name for run in Reader(store).runs())


# ---- ignore


def test_ignore_and_undo(place: Path) -> None:
    """The lines go below those that are there, and out again; git then does, or does not, see the store."""
    (place / ".gitignore").write_bytes(b"*.pyc\r\n!keep.pyc")
    store = made_store(place)
    out = said(store, "ignore")
    assert out == (
        f"Added track.db, track.db-journal, track.db-files/ to {place / '.gitignore'} "
        "(commit it, and it holds for everyone).\n"
    )
    lines = [repository.IGNORE_MARK, *LINES]
    assert (place / ".gitignore").read_bytes() == "\r\n".join(["*.pyc", "!keep.pyc", *lines, ""]).encode()
    assert git(place, "status", "--short") == "?? .gitignore\n"
    assert (
        said(store, "ignore")
        == "The store is ignored already (.gitignore:4: track.db; .gitignore:6: track.db-files/).\n"
    )
    assert said(store, "ignore", "--undo") == f"Took the lines out of {place / '.gitignore'}.\n"
    assert (place / ".gitignore").read_bytes() == b"*.pyc\r\n!keep.pyc\r\n"
    assert "?? track.db\n" in git(place, "status", "--short")
    assert "no lines" in said(store, "ignore", "--undo", code=3)


def test_ignore_in_this_clone_only(place: Path) -> None:
    """Nothing shows that could be committed; a .gitignore of which nothing is left goes."""
    store = made_store(place)
    assert ".git/info/exclude (only this clone has it)" in said(store, "ignore", "--private")
    assert git(place, "status", "--short") == ""
    assert "took" in said(store, "ignore", "--undo").lower()
    said(store, "ignore")
    said(store, "ignore", "--undo")
    assert not (place / ".gitignore").exists()


def test_ignore_before_there_is_a_store_in_a_folder_below(place: Path) -> None:
    """Stores of all folders are meant, also one with a name of its own; nothing else is made."""
    (place / "deep").mkdir()
    said(place / "deep" / "my [best] runs.db", "ignore")
    assert sorted(path.name for path in place.rglob("*") if ".git/" not in path.as_posix()) == [
        ".git",
        ".gitignore",
        "README",
        "deep",
    ]
    for name in ("deep/track.db", "track.db", "deep/my [best] runs.db", "deep/my [best] runs.db-files/lock"):
        git(place, "check-ignore", "-q", "--no-index", name)
    git(place, "check-ignore", "-q", "--no-index", "deep/my b runs.db", code=1)


def test_a_store_that_is_committed_is_said_and_left(place: Path) -> None:
    """With the command that untracks it, which works."""
    store = made_store(place)
    git(place, "add", "track.db")
    git(place, "commit", "-q", "-m", "Runs")
    out = said(store, "ignore")
    assert "track.db is committed already" in out
    command = re.search(r"(git rm .*), then commit", out)
    assert command
    assert git(place, "ls-files", "track.db") == "track.db\n"
    subprocess.run(command[1], shell=True, cwd=place, check=True, capture_output=True)
    assert git(place, "ls-files", "track.db") == ""
    assert store.is_file()
    assert parsed(cli(store, "git", "ignore", "--json"))["tracked"] == []


def test_a_rule_of_somebody_else_is_named(place: Path) -> None:
    """What we did not write we do not take out."""
    store = made_store(place)
    said(store, "ignore")
    with (place / ".gitignore").open("a") as file:
        file.write("*.db\n")
    assert said(store, "ignore", "--undo").splitlines()[1] == "Another rule still ignores the store: .gitignore:1: *.db"
    assert "A rule still keeps the store out of git, and has to go first: .gitignore:1: *.db" in said(store, "commit")


def test_a_linked_gitignore_is_not_followed(place: Path, tmp_path: Path) -> None:
    """git does not read it either."""
    (tmp_path / "elsewhere").write_text("")
    (place / ".gitignore").symlink_to(tmp_path / "elsewhere")
    assert "is a link" in said(made_store(place), "ignore", code=1)
    assert (tmp_path / "elsewhere").read_text() == ""


def test_without_a_repository_it_is_code_3(tmp_path: Path) -> None:
    """With git's own reason."""
    for verb in ("ignore", "commit"):
        assert "is in no git repository" in said(made_store(tmp_path), verb, code=3)


def test_without_git_it_is_code_1(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence."""
    monkeypatch.setenv("PATH", "")
    assert said(place / "track.db", "ignore", code=1) == "Error: There is no git program on the PATH; install git.\n"


# ---- commit


def test_commit_sets_the_repository_up_and_undo_takes_it_down(place: Path) -> None:
    """Attributes, settings, and the folder's .gitignore; twice is as good as once."""
    store = made_store(place)
    config = git(place, "config", "--local", "--list")
    said(store, "ignore")
    for _ in range(2):
        said(store, "commit")
        assert (place / ".gitattributes").read_text().splitlines() == ATTRIBUTES
    assert not (place / ".gitignore").exists()
    assert git(place, "config", "merge.jupyter-track.driver").endswith("; run git-merge %O %A %B %P\n")
    assert "is set up to commit" in said(store, "ignore", code=1)
    said(store, "commit", "--undo")
    assert git(place, "config", "--local", "--list") == config
    assert git(place, "status", "--short") == "?? track.db\n"
    assert "not set up" in said(store, "commit", "--undo", code=3)


def on_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the shell find a jupyter-track that is this script."""
    (folder / "jupyter-track").write_text(script)
    (folder / "jupyter-track").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_git_runs_the_command_that_the_shell_finds(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that was installed after the repository was set up."""
    store = committed(place)
    add_run(store, name="second")
    on_path(tmp_path, '#!/bin/sh\necho "called with $1 for $(cksum < "$2")"\n', monkeypatch)
    assert re.search(r"^\+called with git-textconv for \d+ \d+$", git(place, "diff"), re.MULTILINE)


def test_git_runs_the_python_that_is_noted_where_the_command_is_broken(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the environment is gone that the script on the PATH belongs to."""
    store = committed(place)
    add_run(store, name="second")
    on_path(tmp_path, "#!/nowhere/python\n", monkeypatch)
    assert re.search(r"^\+run second\b", git(place, "diff"), re.MULTILINE)


@pytest.fixture
def _gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python that is noted is one that is not there; its path has a per cent sign, a quote and a space."""
    monkeypatch.setattr("sys.executable", "/nowhere/100%O it's/python")


@pytest.mark.usefixtures("_gone")
def test_a_diff_goes_on_where_nothing_can_be_run(place: Path) -> None:
    """It says that the store changed and what would show it; other files are shown."""
    store = committed(place)
    add_run(store, name="second")
    (place / "README").write_text("hello again\n")
    ended = subprocess.run(["git", "diff"], cwd=place, capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == 0
    assert "+hello again\n" in ended.stdout
    assert re.search(r"^\+\(no text: jupyter-track cannot be run here\) \d+ \d+$", ended.stdout, re.MULTILINE)
    assert "Install jupyter-track, run 'jupyter track git commit' in this repository.\n" in ended.stderr


@pytest.mark.usefixtures("_gone")
def test_a_merge_is_a_conflict_with_a_remedy_where_nothing_can_be_run(place: Path) -> None:
    """No run is lost: the merge does not end, and says how it can be had."""
    store = committed(place)
    git(place, "switch", "-q", "-c", "theirs")
    add_run(store, name="their run")
    git(place, "commit", "-q", "-a", "-m", "Theirs")
    git(place, "switch", "-q", "main")
    add_run(store, name="our run")
    git(place, "commit", "-q", "-a", "-m", "Ours")
    ended = subprocess.run(["git", "merge", "theirs"], cwd=place, capture_output=True, encoding="utf-8", check=False)
    assert (ended.returncode, git(place, "status", "--short")) == (1, "UU track.db\n")
    assert "then 'git merge --abort' and merge again.\n" in ended.stdout + ended.stderr
    git(place, "merge", "--abort")
    assert names(store) == ["first", "our run"]


def committed(place: Path) -> Path:
    """A store with the run `first`, committed as the command says."""
    store = made_store(place)
    add_run(store, name="first", params={"C": 0.1}, metrics={"accuracy": [0.5, 0.75]})
    said(store, "commit")
    git(place, "add", ".gitattributes", "track.db", "track.db-files")
    git(place, "commit", "-q", "-m", "Runs")
    return store


def test_the_runs_of_two_branches_merge(place: Path) -> None:
    """The union of both; what a person changed on one side is changed; nothing is left behind."""
    store = committed(place)
    first = Reader(store).runs()[0].run_id
    git(place, "switch", "-q", "-c", "theirs")
    add_run(store, name="their run", metrics={"loss": [3.0, 2.0, 1.0]})
    edits.update_run(store, first, name="renamed there")
    git(place, "commit", "-q", "-a", "-m", "Theirs")
    git(place, "switch", "-q", "main")
    assert names(store) == ["first"]
    add_run(store, name="our run")
    git(place, "commit", "-q", "-a", "-m", "Ours")
    out = git(place, "merge", "--no-edit", "theirs")
    assert "jupyter-track: track.db: 1 run added, 1 updated\n" in out
    assert names(store) == ["our run", "renamed there", "their run"]
    assert git(place, "status", "--short") == ""
    theirs = next(run for run in Reader(store).runs() if run.name == "their run")
    assert [point.value for point in Reader(store).history(theirs.run_id, "loss")] == [3.0, 2.0, 1.0]
    assert not list(place.glob(".part-*")) + list(place.glob(".merge_file*"))


def test_two_stores_that_were_made_apart_merge(place: Path) -> None:
    """Both branches made a track.db: there is no common version of it."""
    said(place / "track.db", "commit")
    git(place, "add", ".gitattributes")
    git(place, "commit", "-q", "-m", "Set up")
    for branch in ("one", "two"):
        git(place, "switch", "-q", "-c", branch, "main")
        store = made_store(place)
        add_run(store, name=branch)
        git(place, "add", "track.db")
        git(place, "commit", "-q", "-m", branch)
    git(place, "merge", "--no-edit", "one")
    assert names(place / "track.db") == ["one", "two"]


def test_a_version_that_is_no_store_is_a_conflict_and_ours_stays(place: Path) -> None:
    """git says so, and the person decides."""
    store = committed(place)
    git(place, "switch", "-q", "-c", "broken")
    store.write_bytes(b"no database\0" * 500)
    git(place, "commit", "-q", "-a", "-m", "Broken")
    git(place, "switch", "-q", "main")
    add_run(store, name="our run")
    git(place, "commit", "-q", "-a", "-m", "Ours")
    out = git(place, "merge", "--no-edit", "broken", code=1)
    assert "CONFLICT" in out
    assert names(store) == ["first", "our run"]
    assert git(place, "status", "--short") == "UU track.db\n"


def test_large_content_comes_along(place: Path, tmp_path: Path) -> None:
    """A clone has it; text in it is not converted, even where git is told to convert all text."""
    store = committed(place)
    text = b"a line\n" * 50_000
    kept = files.keep(store, text)
    assert kept.data is None
    sql(
        store,
        f"INSERT INTO contents VALUES ('{kept.sha256}', {kept.size}, NULL)",
        f"INSERT INTO artifacts (run_id, path, sha256, size, mime, kind, created) VALUES (1, 'a.txt', '{kept.sha256}',"
        f" {kept.size}, 'text/plain', 'text', 0)",
    )
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "Content")
    tracked = git(place, "ls-files", "track.db-files").splitlines()
    assert tracked == ["track.db-files/.gitignore", f"track.db-files/content/{kept.sha256[:2]}/{kept.sha256}"]
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(place), "clone")
    assert Reader(tmp_path / "clone" / "track.db").content(kept.sha256) == text


def test_content_can_stay_out(place: Path) -> None:
    """Then nothing of the folder is committed, and the command says what that means."""
    store = made_store(place)
    files.keep(store, b"x" * 200_000)
    out = said(store, "commit", "--no-content")
    assert "Large content (1 file, 200.0 kB, so far) stays out of git: clones have the runs without these files." in out
    git(place, "add", "-A")
    assert git(place, "ls-files", "track.db-files") == ""


# ---- diff


def test_git_diff_shows_runs(place: Path) -> None:
    """A new run is a block of lines, an edit is one line; the heading says which run it is of."""
    store = committed(place)
    first = Reader(store).runs()[0].run_id
    second = {"name": "second", "uuid": "ab" * 16, "start_time": START + 1000}
    add_run(store, **second, params={"C": 1e-3}, tags={"team": "red"}, metrics={"accuracy": 0.9})
    edits.set_note(store, [first], "two\nlines")
    lines = [line for line in git(place, "diff").splitlines() if line[0] in "+-@"][2:]
    assert lines[0].startswith("@@ ")
    assert lines[0].endswith(f" run first {first}")
    assert [line for line in lines[1:] if line[0] == "-"] == []
    assert [line for line in lines[1:] if line[0] == "+"] == [
        "+    note two",
        "+    note lines",
        f"+run second {'ab' * 16}",
        "+    experiment Default",
        "+    status FINISHED",
        "+    started 2025-11-03T14:26:41.000Z",
        "+    param C = 0.001",
        "+    metric accuracy = 0.9",
        "+    tag team = red",
        "+",
    ]


def test_what_no_person_changed_is_no_diff(place: Path) -> None:
    """A store whose revision moved, and one that was merged into another, are the same text."""
    store = committed(place)
    before = process("git-textconv", "track.db", cwd=place).stdout
    assert "run first " in before
    edits.pin_runs(store, [Reader(store).runs()[0].run_id])
    edits.pin_runs(store, [Reader(store).runs()[0].run_id], pinned=False)
    assert git(place, "status", "--short") == " M track.db\n"
    assert [line for line in git(place, "diff").splitlines() if line.startswith(("@@", "+ ", "- "))] == []
    assert process("git-textconv", "track.db", cwd=place).stdout == before
    other = made_store(place / "..")
    add_run(other, name="x")
    assert cli(other, "merge", str(store)).exit_code == 0
    merged = process("git-textconv", str(other)).stdout
    assert before.partition("run first")[2] in merged


def test_a_file_that_is_no_store_has_a_line_for_text(tmp_path: Path) -> None:
    """So a diff of the repository goes on; an empty file has no text."""
    (tmp_path / "odd.db").write_bytes(b"hello" * 1000)
    answer = process("git-textconv", str(tmp_path / "odd.db"))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert re.fullmatch(r"\(no text: .*odd\.db is not a SQLite file.*\)\n", answer.stdout)
    (tmp_path / "empty.db").touch()
    assert process("git-textconv", str(tmp_path / "empty.db")).stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.db", "odd.db"]


def test_a_store_of_odd_rows_has_a_line_for_text(tmp_path: Path) -> None:
    """One file that is not as we make it does not end the diff of all the others."""
    store = made_store(tmp_path)
    add_run(store)
    add_run(store)
    sql(store, "UPDATE runs SET start_time = 'yesterday' WHERE id = 1")
    answer = process("git-textconv", str(store))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert re.fullmatch(r"\(no text: [^\n]+\)\n", answer.stdout)


def test_the_text_of_an_old_store_is_read_from_a_copy(tmp_path: Path) -> None:
    """Looking at a diff does not bring a file up to date."""
    store = tmp_path / "old.db"
    connection = sqlite3.connect(store)
    connection.executescript((Path(__file__).parent / "data" / "store-1.sql").read_text())
    connection.close()
    before = store.read_bytes()
    answer = process("git-textconv", str(store))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert re.search("^run ", answer.stdout, re.MULTILINE)
    assert store.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["old.db"]
