"""The state of a real repository: commit, branch, remote, and dirty meaning code."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_track.context.git import GitState, git_state, strip_user


def git(folder: Path, *arguments: str) -> str:
    """Run git as a person would, with an identity and no settings of this machine."""
    settings = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def notebook(*sources: str, runs: int = 0, **more: Any) -> str:
    """A notebook in nbformat 4; `runs` gives its cells counts and outputs."""
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"time": runs} if runs else {},
            "execution_count": runs or None,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": [str(runs)]}] if runs else [],
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {"runs": runs}, "nbformat": 4, "nbformat_minor": 5, **more})


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit: code, a notebook and a store that somebody committed."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "train.py").write_text("lr = 0.1\n")
    (root / "work").mkdir()
    (root / "work" / "study ä.ipynb").write_text(notebook("x = 1\ny = 2", "x + y"))
    (root / "track.db").write_bytes(b"store")
    (root / "track.db-files").mkdir()
    (root / "track.db-files" / "lock").write_bytes(b"")
    git(root, "add", "-A", "-f")
    git(root, "commit", "-qm", "first")
    return root


class TestState:
    def test_clean_from_a_folder_below(self, repository: Path) -> None:
        """Commit, branch and root, asked from a subfolder."""
        commit = git(repository, "rev-parse", "HEAD")
        assert git_state(repository / "work") == GitState(commit, "main", False, repository.resolve(), None)

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        """A fresh repository has a branch and no commit; a staged file makes it dirty, an untracked one does not."""
        git(tmp_path, "init", "-q", "-b", "trunk")
        (tmp_path / "a.py").write_text("1")
        assert git_state(tmp_path) == GitState(None, "trunk", False, tmp_path.resolve(), None)
        git(tmp_path, "add", "a.py")
        assert git_state(tmp_path) == GitState(None, "trunk", True, tmp_path.resolve(), None)

    def test_detached(self, repository: Path) -> None:
        """A commit that is checked out by its hash has no branch."""
        commit = git(repository, "rev-parse", "HEAD")
        git(repository, "checkout", "-q", "--detach")
        assert git_state(repository) == GitState(commit, None, False, repository.resolve(), None)

    def test_worktree_and_odd_names(self, repository: Path) -> None:
        """A linked worktree in a folder with spaces and umlauts has its own root and branch."""
        place = repository.parent / "zweiter Bäum"
        git(repository, "worktree", "add", "-q", "-b", "feature/ä", str(place))
        state = git_state(place)
        assert state == GitState(git(repository, "rev-parse", "HEAD"), "feature/ä", False, place.resolve(), None)

    def test_remote_of_origin_without_secrets(self, repository: Path) -> None:
        """The address of origin counts, also where it is not the first, and its token is not in the state."""
        git(repository, "remote", "add", "backup", "https://example.org/backup.git")
        assert git_state(repository).remote == "https://example.org/backup.git"  # type: ignore[union-attr]
        git(repository, "remote", "add", "origin", "https://ann:t0ken@example.org/team/code.git?private_token=t0ken")
        state = git_state(repository)
        assert state is not None
        assert state.remote == "https://example.org/team/code.git"
        assert "t0ken" not in repr(state)


class TestDirty:
    def dirty(self, folder: Path, **options: Any) -> bool:
        """The verdict, which must exist."""
        state = git_state(folder, **options)
        assert state is not None
        return state.dirty

    def test_code_that_changed(self, repository: Path) -> None:
        """A tracked file that is edited, staged or deleted makes it dirty; the same bytes again make it clean."""
        script = repository / "train.py"
        script.write_text("lr = 0.2\n")
        assert self.dirty(repository)
        git(repository, "add", "train.py")
        assert self.dirty(repository)
        script.unlink()
        assert self.dirty(repository)
        git(repository, "reset", "-q", "--hard")
        script.write_text("lr = 0.1\n")
        assert not self.dirty(repository)

    @pytest.mark.parametrize("staged", [False, True])
    def test_a_notebook_that_was_only_run(self, repository: Path, staged: bool) -> None:
        """Outputs, counts, metadata and the form of the JSON never count, though git calls the file modified."""
        path = repository / "work" / "study ä.ipynb"
        run = json.loads(notebook("x = 1\ny = 2", "x + y", runs=7, extra={"kernelspec": "other"}))
        for cell in run["cells"]:
            cell["source"] = "".join(cell["source"])
        path.write_text(json.dumps(run, indent=3))
        if staged:
            git(repository, "add", "-A")
        assert git(repository, "status", "--porcelain") != ""
        assert not self.dirty(repository)

    @pytest.mark.parametrize(
        "now",
        [
            notebook("x = 1\ny = 3", "x + y", runs=1),
            notebook("x = 1\ny = 2", runs=1),
            notebook("x + y", "x = 1\ny = 2"),
            notebook("x = 1\ny = 2", "x + y").replace('"code"', '"markdown"', 1),
            "<<<<<<< HEAD",
            "[]",
            "",
        ],
        ids=["edited", "cell removed", "order", "kind", "conflict", "no notebook", "empty"],
    )
    def test_a_notebook_that_was_changed(self, repository: Path, now: str) -> None:
        """Another source, order or kind of cell is dirty, and so is a file that is no notebook any more."""
        (repository / "work" / "study ä.ipynb").write_text(now)
        assert self.dirty(repository)

    def test_several_notebooks(self, repository: Path) -> None:
        """Of three that were run, one was edited too: dirty; put back: clean."""
        for name in "abc":
            (repository / f"{name}.ipynb").write_text(notebook(f"name = {name!r}"))
        git(repository, "add", "-A")
        git(repository, "commit", "-qm", "more")
        for name in "abc":
            (repository / f"{name}.ipynb").write_text(notebook(f"name = {name!r}", runs=3))
        assert not self.dirty(repository)
        (repository / "b.ipynb").write_text(notebook("name = 'B'", runs=3))
        assert self.dirty(repository)

    def test_notebook_of_nbformat_3(self, repository: Path) -> None:
        """The old format, with worksheets and inputs, is compared in the same way."""

        def old(source: str, prompt: int) -> str:
            cell = {"cell_type": "code", "input": [source], "prompt_number": prompt, "outputs": []}
            return json.dumps({"worksheets": [{"cells": [cell]}], "nbformat": 3})

        path = repository / "old.ipynb"
        path.write_text(old("1 + 1", 1))
        git(repository, "add", "-A")
        git(repository, "commit", "-qm", "old")
        path.write_text(old("1 + 1", 9))
        assert not self.dirty(repository)
        path.write_text(old("1 + 2", 9))
        assert self.dirty(repository)

    def test_a_notebook_with_another_mode_or_name(self, repository: Path) -> None:
        """A changed mode alone is not code; a staged rename is a change."""
        path = repository / "work" / "study ä.ipynb"
        path.chmod(0o755)
        assert not self.dirty(repository)
        git(repository, "mv", "work/study ä.ipynb", "work/new.ipynb")
        assert self.dirty(repository)

    def test_a_notebook_that_became_a_link(self, repository: Path) -> None:
        """A link in place of a notebook is a change, whatever it leads to."""
        path = repository / "work" / "study ä.ipynb"
        path.rename(repository.parent / "elsewhere.ipynb")
        path.symlink_to(repository.parent / "elsewhere.ipynb")
        assert self.dirty(repository)

    def test_our_own_files_never_count(self, repository: Path) -> None:
        """A committed store that changed, its journal and its folder leave the code clean."""
        (repository / "track.db").write_bytes(b"changed")
        (repository / "track.db-files" / "lock").write_bytes(b"changed")
        assert not self.dirty(repository)

    def test_a_store_of_another_name(self, repository: Path) -> None:
        """A store that is named results.db does not count when it is said which it is."""
        (repository / "results.db-files").mkdir()
        for name in ("results.db", "results.db-files/lock", "other.db"):
            (repository / name).write_bytes(b"1")
        git(repository, "add", "-A", "-f")
        git(repository, "commit", "-qm", "stores")
        for name in ("results.db", "results.db-files/lock"):
            (repository / name).write_bytes(b"22")
        assert self.dirty(repository)
        assert not self.dirty(repository, store=repository / "results.db")
        (repository / "other.db").write_bytes(b"22")
        assert self.dirty(repository, store=repository / "results.db")

    def test_a_merge_in_conflict(self, repository: Path) -> None:
        """Unmerged files are dirty."""
        git(repository, "checkout", "-qb", "side")
        (repository / "train.py").write_text("lr = 0.3\n")
        git(repository, "commit", "-qam", "side")
        git(repository, "checkout", "-q", "main")
        (repository / "train.py").write_text("lr = 0.4\n")
        git(repository, "commit", "-qam", "main")
        with pytest.raises(subprocess.CalledProcessError):
            git(repository, "merge", "side")
        assert self.dirty(repository)


class TestNoAnswer:
    def test_no_repository(self, tmp_path: Path) -> None:
        """A folder outside any repository, and one that does not exist, give None."""
        assert git_state(tmp_path) is None
        assert git_state(tmp_path / "absent") is None

    def test_no_git_program(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without git on the PATH there is no answer, and no error."""
        monkeypatch.setenv("PATH", str(repository / "nothing"))
        assert git_state(repository) is None

    def test_bare_repository(self, tmp_path: Path) -> None:
        """A bare repository has no working tree and so no state."""
        git(tmp_path, "init", "-q", "--bare")
        assert git_state(tmp_path) is None

    def test_a_git_that_hangs(self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """After the timeout there is no answer, and neither git nor a child that holds its pipe is left."""
        program = tmp_path / "bin" / "git"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > '{tmp_path}/child'\necho $$ > '{tmp_path}/self'\nwait\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        before = time.monotonic()
        assert git_state(repository, timeout=0.5) is None
        assert time.monotonic() - before < 30
        for name in ("child", "self"):
            status = Path(f"/proc/{(tmp_path / name).read_text().strip()}/stat")
            for _ in range(100):  # the grandchild is reaped by init a moment later
                if not status.exists() or status.read_text().split(") ")[1][0] == "Z":
                    break
                time.sleep(0.02)
            else:
                pytest.fail(f"{name} still runs")

    def test_variables_of_a_git_hook_do_not_lead_astray(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """GIT_DIR and its like, set when a hook of git's runs Jupyter, do not name another repository."""
        git(tmp_path, "init", "-q", "-b", "other", "elsewhere")
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere" / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere" / ".git" / "index"))
        state = git_state(repository)
        assert state is not None
        assert (state.root, state.branch, state.dirty) == (repository.resolve(), "main", False)

    def test_a_hostile_repository_runs_nothing_and_nothing_is_written(self, repository: Path) -> None:
        """Its fsmonitor, hooks, pager, textconv and external diff are not run; no file of .git changes."""
        canary = repository.parent / "canary"
        program = repository.parent / "program"
        program.write_text(f"#!/bin/sh\necho $0 >> '{canary}'\n")
        program.chmod(0o755)
        for hook in ("post-index-change", "pre-auto-gc", "reference-transaction"):
            (repository / ".git" / "hooks").mkdir(exist_ok=True)
            (repository / ".git" / "hooks" / hook).write_bytes(program.read_bytes())
            (repository / ".git" / "hooks" / hook).chmod(0o755)
        (repository / ".gitattributes").write_text("*.ipynb diff=nb\n")
        config = {
            "core.fsmonitor": program,
            "core.pager": program,
            "diff.nb.textconv": program,
            "diff.external": program,
        }
        for name, value in config.items():
            git(repository, "-c", "core.fsmonitor=false", "config", name, str(value))
        (repository / "work" / "study ä.ipynb").write_text(notebook("x = 1\ny = 2", "x + y", runs=2))
        before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
        state = git_state(repository)
        assert state is not None
        assert (state.dirty, canary.exists()) == (False, False)
        assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://github.com/team/code.git", "https://github.com/team/code.git"),
        ("https://s3cret@github.com/team/code.git", "https://github.com/team/code.git"),
        ("https://ann:s3cret@github.com:8443/team/code.git", "https://github.com:8443/team/code.git"),
        ("https://ann:s3@cret@github.com/team/code", "https://github.com/team/code"),
        ("https://ann:s3/cret@github.com/team/code", "https://github.com/team/code"),
        ("https://ann:s3@c/ret@github.com/team/code", "https://github.com/team/code"),
        ("https://ann:s3#cr?et@github.com/team/code", "https://github.com/team/code"),
        ("https://github.com/@team/code", "https://github.com/@team/code"),
        ("https://github.com/team/code?token=s3cret#s3cret", "https://github.com/team/code"),
        ("ssh://git@github.com:22/team/code", "ssh://github.com:22/team/code"),
        ("git@github.com:team/code.git", "github.com:team/code.git"),
        ("codecommit::eu-west-1://s3cret@code", "codecommit::eu-west-1://code"),
        ("/srv/git/code.git", "/srv/git/code.git"),
        ("../code@2", "../code@2"),
        ("C:\\git\\code", "C:\\git\\code"),
        ("file:///srv/git/code", "file:///srv/git/code"),
    ],
)
def test_user_and_password_are_stripped(address: str, clean: str) -> None:
    """What identifies the repository stays; user, password, query and fragment go."""
    assert strip_user(address) == clean
    assert "s3" not in clean
