"""Completion of the terminal's command, as bash, zsh and fish ask for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_session import CLEAN, ROOT, cli, process, record, sql, three_runs
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from jupyter_track.cli import commands
from jupyter_track.cli.completion import words_of

VERBS = sorted(commands.cli.commands.keys() - {"git-merge", "git-textconv"})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs; one has a name that a shell has to quote."""
    store = record(tmp_path, three_runs)
    sql(store, "UPDATE runs SET name = 'drop out (0.2)' WHERE id = 3")
    return store


def answered(line: str, shell: str = "bash", store: Path | None = None, **env: str) -> list[str]:
    """The words that are offered behind a line."""
    given = {"_JUPYTER_TRACK_COMPLETE": f"{shell}_complete", "JUPYTER_TRACK_LINE": line, **env}
    if store is not None:
        given["JUPYTER_TRACK_STORE"] = str(store)
    result = CliRunner().invoke(commands.cli, [], prog_name="jupyter-track", env=dict.fromkeys(CLEAN) | given)
    assert result.exit_code == 0, result.output
    return [line for line in result.stdout.splitlines() if line]


# ---- words


@pytest.mark.parametrize(
    ("line", "words", "begun"),
    [
        ("jupyter-track ", [], ""),
        ("jupyter-track ru", [], "ru"),
        ("jupyter track ru", [], "ru"),
        ("/usr/bin/jupyter track show  'drop o", ["show"], "drop o"),
        ('jupyter-track tag "a b" x\\ y ', ["tag", "a b", "x y"], ""),
        ("jupyter-track show #1", ["show"], "#1"),
        ("jupyter-track show best:lo", ["show"], "best:lo"),
        ("", [], ""),
    ],
)
def test_a_line_is_told_apart_as_the_shell_would(line: str, words: list[str], begun: str) -> None:
    """Quotes, open ones too; nothing is a comment."""
    assert words_of(line) == (words, begun)


@given(st.text(max_size=40))
def test_no_line_fails(line: str) -> None:
    """Whatever was typed."""
    words, begun = words_of(line)
    assert all(isinstance(word, str) for word in [*words, begun])


def test_verbs_and_options_are_offered() -> None:
    """Hidden commands are not, those of a group are."""
    assert answered("jupyter track ") == [f"plain\t{verb}" for verb in VERBS]
    assert answered("jupyter track git ") == ["plain\tcommit", "plain\tignore"]
    assert answered("jupyter-track watch --o") == ["plain\t--once"]
    assert answered("jupyter-track export x --table p") == ["plain\tparams", "plain\tpoints"]
    assert answered("jupyter-track --store x") == ["file\tx"]


def test_runs_and_experiments_are_offered_quoted(store: Path) -> None:
    """bash gets what it has to put into the line; behind a colon it replaces only the rest."""
    assert answered("jupyter track show d", store=store) == ["plain\tdrop\\ out\\ \\(0.2\\)"]
    assert answered("jupyter track show 'd", store=store) == ["plain\tdrop out (0.2)"]
    assert answered("jupyter track show best:", store=store) == ["plain\taccuracy", "plain\tloss"]
    assert answered("jupyter track show best:", store=store, JUPYTER_TRACK_BREAKS=" ") == [
        "plain\tbest:accuracy",
        "plain\tbest:loss",
    ]
    assert answered("jupyter track runs -e d", store=store) == ["plain\tdigits"]
    assert answered("jupyter track move 1 d", store=store) == ["plain\tdigits", "plain\tdrop\\ out\\ \\(0.2\\)"]
    assert answered("jupyter track show ba", "zsh", store) == ["plain\tbaseline\t#1, finished"]
    assert answered("jupyter track show ba", "fish", store) == ["plain\tbaseline\t#1, finished"]


def test_deleted_runs_are_offered_to_restore_alone(store: Path) -> None:
    """By number and name."""
    cli(store, "delete", "1")
    assert answered("jupyter track restore ", store=store) == ["plain\t1", "plain\tbaseline"]
    assert answered("jupyter track show ba", store=store) == []


def test_a_store_that_cannot_be_read_offers_nothing(tmp_path: Path) -> None:
    """A message would land in the line that is being typed."""
    (tmp_path / "track.db").write_bytes(b"hello" * 1000)
    for place in (tmp_path, tmp_path / "none"):
        assert answered("jupyter track show ", store=place) == []


def test_completion_loads_little() -> None:
    """Neither rich nor pandas nor IPython: an answer comes while one types."""
    code = (
        "import sys\nfrom jupyter_track.cli import main\ntry:\n    main()\nexcept SystemExit:\n"
        "    print(sorted({'pandas', 'rich', 'IPython', 'sqlite_utils', 'numpy', 'altair'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {"PYTHONPATH": ROOT, "_JUPYTER_TRACK_COMPLETE": "zsh_complete", "JUPYTER_TRACK_LINE": "jupyter track show "},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert answer.stdout.splitlines()[-1] == "[]"


# ---- in the shells


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which jupyter-track is a command."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "jupyter-track"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m jupyter_track "$@"\n')
    script.chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if name not in CLEAN}
    return environ | {"PATH": f"{folder}{os.pathsep}{environ['PATH']}", "TERM": "dumb"}


def needs(shell: str) -> pytest.MarkDecorator:
    """Skip where a shell is missing."""
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"needs {shell}")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_says_how_to_install_it_and_the_shell_reads_it(
    shell: str, program: dict[str, str], tmp_path: Path
) -> None:
    """Its first lines are comments; the shell finds no fault with the rest."""
    script = cli(None, "completion", shell).stdout
    assert script.startswith("# To install, ")
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} to read it")
    path = tmp_path / "script"
    path.write_text(script)
    checked = subprocess.run([shell, "-n", str(path)], capture_output=True, encoding="utf-8", check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@needs("bash")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("jupyter-track show ba", ["baseline"]),
        ("jupyter track show ba", ["baseline"]),
        ("jupyter track show d", ["drop\\ out\\ \\(0.2\\)"]),
        ("jupyter track show best:a", ["accuracy"]),
        ("jupyter track watch --on", ["--once"]),
        ("jupyter-track show nothing-like-it", [""]),
        ("jupyter tra", ["track"]),
    ],
)
def test_bash_completes(line: str, offered: list[str], store: Path, program: dict[str, str]) -> None:
    """As readline calls the function: with the line, the point and its own words."""
    script = f"""
        eval "$(jupyter-track completion bash)"
        COMP_LINE={line!r} COMP_POINT={len(line)}
        read -ra COMP_WORDS <<< "$COMP_LINE"
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        name=$(complete -p "${{COMP_WORDS[0]}}" | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
        compopt() {{ :; }}
        "$name"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    answer = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=program | {"JUPYTER_TRACK_STORE": str(store)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert answer.stderr == ""
    assert set(offered) <= set(answer.stdout.splitlines())
    assert "tra" in line or answer.stdout.splitlines() == offered


@needs("fish")
@pytest.mark.parametrize("command", ["jupyter-track", "jupyter track"])
def test_fish_completes(command: str, store: Path, program: dict[str, str]) -> None:
    """With descriptions."""
    script = f"jupyter-track completion fish | source; complete -C '{command} show ba'"
    answer = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env=program | {"JUPYTER_TRACK_STORE": str(store)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (answer.stdout, answer.stderr) == ("baseline\t#1, finished\n", "")


@needs("zsh")
@pytest.mark.parametrize("command", ["jupyter-track", "jupyter track"])
def test_zsh_completes(command: str, store: Path, program: dict[str, str], tmp_path: Path) -> None:
    """A Tab in a real shell puts the rest of the word into the line, quoted where it must be."""
    import pty

    leader, follower = pty.openpty()
    child = subprocess.Popen(
        ["zsh", "-f", "-i"],
        env=program | {"JUPYTER_TRACK_STORE": str(store), "TERM": "vt100"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        cwd=tmp_path,
    )
    os.close(follower)
    lines = [
        "autoload -Uz compinit; compinit -D -u",
        'eval "$(jupyter-track completion zsh)"',
        'jupyter() { jupyter-track "${@:2}" }',
        "print REA''DY",
    ]
    seen = b""
    try:
        os.write(leader, ("\n".join(lines) + "\n").encode())
        while b"READY" not in seen:
            seen += os.read(leader, 4096)
        os.write(leader, f"{command} show d\t\n".encode())
        while b"experiment" not in seen and b"Error:" not in seen:
            seen += os.read(leader, 4096)
    finally:
        child.kill()
        child.wait()
        os.close(leader)
    assert b"drop\\ out\\ \\(0.2\\)" in seen  # in the line that was typed
    assert b"drop out (0.2)" in seen  # the run that is shown


def test_an_answer_is_that_of_a_process(store: Path) -> None:
    """No traceback and no message, whatever the environment says."""
    answer = process(_JUPYTER_TRACK_COMPLETE="bash_complete", JUPYTER_TRACK_LINE="jupyter-track show 'unend")
    assert (answer.returncode, answer.stdout.strip(), answer.stderr) == (0, "", "")
