"""`jupyter-track`: the help, what goes wrong, and the command as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from cli_session import (
    ANSI,
    CLEAN,
    CONTROL,
    HOSTILE,
    cli,
    fixed_time,
    parsed,
    process,
    record,
    sql,
    terminal,
    three_runs,
)
from click.shell_completion import BashComplete
from rich.cells import cell_len

import jupyter_track as track
from jupyter_track import __version__
from jupyter_track.cli import commands
from jupyter_track.store import schema


@pytest.fixture(autouse=True)
def _fixed_time() -> Iterator[None]:
    """Ages are told from a fixed moment, in UTC."""
    with fixed_time():
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs."""
    return record(tmp_path, three_runs)


# ---- what goes wrong


def test_no_store_is_code_3_and_looking_makes_no_file(tmp_path: Path) -> None:
    """The message says where it looked and what to do; status answers and has the code too."""
    for arguments in (("runs",), ("show", "last"), ("runs", "--json")):
        result = cli(tmp_path, *arguments)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr == (
            f"Error: There is no store at {tmp_path / 'track.db'}. The first run makes one (put %%track above a cell "
            "and run it); name another with --store.\n"
        )
    result = cli(tmp_path, "status")
    assert (result.exit_code, result.stderr) == (3, "")
    assert result.stdout.splitlines()[1] == "content   nothing yet; the first run makes the file"
    plain = parsed(cli(tmp_path, "status", "--json"))
    assert (plain["exists"], plain["runs"], plain["error"]) == (False, None, None)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_run_or_experiment_is_code_3(store: Path) -> None:
    """The message names what is near."""
    result = cli(store, "show", "baselin")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "Error: There is no run 'baselin'; near it are #1 baseline.\n"
    result = cli(store, "runs", "-e", "digit")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "Error: There is no experiment 'digit'; did you mean 'digits'?\n"


def test_a_bad_filter_is_code_1_and_points_at_the_place(store: Path) -> None:
    """The pointer stands below the character."""
    result = cli(store, "runs", "--filter", "metrics.x <")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: Expected a number for metrics.x, not the end (at position 11)\n  metrics.x <\n             ^\n"
    )


def test_a_store_elsewhere_is_code_1() -> None:
    """Another kind of address is refused."""
    result = cli(None, "runs", "--store", "http://example.org/x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: A store is a file or folder on this machine, not a http address")


@pytest.mark.parametrize("command", ["runs", "show", "status"])
@pytest.mark.parametrize("content", ["not a database", "tables gone", "other"])
def test_a_file_that_is_no_store_is_code_1(tmp_path: Path, command: str, content: str) -> None:
    """One paragraph and no traceback; the file stays as it is."""
    path = tmp_path / "track.db"
    if content == "not a database":
        path.write_bytes(b"hello" * 1000)
    else:
        sql(
            path,
            "CREATE TABLE t (x)",
            *(
                ["PRAGMA application_id = 0x4A54524B", f"PRAGMA user_version = {schema.VERSION}"]
                if content == "tables gone"
                else []
            ),
        )
    before = path.read_bytes()
    result = cli(path, command, *(["last"] if command == "show" else []))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    told = result.stderr.removeprefix("Error: ") or result.stdout
    assert str(path) in told or "no such table" in told
    assert path.read_bytes() == before


def test_wrong_usage_is_code_2(store: Path) -> None:
    """click's own."""
    assert cli(store, "nope").exit_code == 2
    assert cli(store, "runs", "-n", "0").exit_code == 2
    assert cli(store, "show").exit_code == 2


def test_hostile_text_never_reaches_the_terminal(tmp_path: Path) -> None:
    """Names, keys, values, notes, tags, errors, paths: no control character, no markup, in any command or error."""

    def runs() -> None:
        track.set_experiment(HOSTILE.replace("\r\n", ""))
        with (
            suppress(ValueError),
            track.start_run(run_name=HOSTILE, tags={"t": HOSTILE}, description=HOSTILE),
        ):
            track.log_param("p", HOSTILE)
            track.log_text(HOSTILE, "notes.txt")
            track.log(loss=1.0)
            raise ValueError(HOSTILE)

    store = record(tmp_path, runs)
    sql(
        store,
        "UPDATE artifacts SET kind = 'output'",
        "UPDATE runs SET status = 'RUNNING', pid = 0",
        f"UPDATE metrics SET key = '{HOSTILE}'",
        f"UPDATE store SET created_by = '{HOSTILE}'",
        f"INSERT INTO executions VALUES (1, '', 1, (SELECT sha256 FROM contents LIMIT 1), '{HOSTILE}', 1, 0, 1, 'x')",
    )
    commands_given = (
        *(["runs"], ["show", "last"], ["status"], ["show", "nope"], ["runs", "-e", "nope"], ["search", "evil"]),
        *(["watch", "--once"], ["tag", "last", "a=b"], ["untag", "last", "none"], ["note", "last"]),
        *(["baseline", "last"], ["baseline"], ["clean"], ["pin", "last"], ["doctor"]),
    )
    for arguments in commands_given:
        for result in (cli(store, *arguments), terminal(store, 100, *arguments)):
            shown = ANSI.sub("", result.stdout) + result.stderr
            assert not CONTROL.search(shown), arguments
            assert "evil" in shown or arguments[0] in ("clean", "doctor")
        parsed(cli(store, *arguments, "--json")) if result.exit_code == 0 else None
    assert parsed(cli(store, "show", "last", "--json"))["name"] == HOSTILE
    assert "[bold]x[/bold]" in cli(store, "runs").stdout


# ---- help and completion


def shown_commands(group: click.Group = commands.cli, before: str = "") -> dict[str, click.Command]:
    """The commands that a person sees, by name."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= shown_commands(command, f"{before}{name} ")
        elif not command.hidden:
            found[before + name] = command
    return found


@pytest.mark.parametrize("name", sorted(shown_commands()))
def test_every_command_has_help_with_examples_and_json(name: str) -> None:
    """Each option says what it does; the examples call the command; its first sentence fits the list of commands."""
    result = cli(None, *name.split(), "--help")
    assert result.exit_code == 0
    assert re.search(
        rf"^    .*jupyter[ -]track (--store \S+ )?{name}\b", result.stdout.split("Examples:")[1], re.MULTILINE
    )
    command = shown_commands()[name]
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert all(option.help for option in options)
    assert name == "completion" or {"--json", "--store"} <= {word for option in options for word in option.opts}
    assert not command.get_short_help_str(66).endswith("...")


def test_the_help_lists_every_command_once_by_what_it_is_for() -> None:
    """What git runs is not among them."""
    sections = commands.cli.sections
    assert list(sections) == ["Look", "Edit", "Tidy", "Move", "Git", "Shell"]
    assert sorted(name for names in sections.values() for name in names) == sorted(shown_commands())
    text = cli(None, "--help").stdout
    assert all(f"\n{heading}:\n" in text for heading in sections)
    assert "git-merge" not in text


def test_the_help_documents_the_exit_codes() -> None:
    """A script's author finds them without the source."""
    text = cli(None, "--help").stdout
    assert re.findall(r"^    (\d)  ", text.split("Exit codes:")[1], re.MULTILINE) == ["0", "1", "2", "3"]


def test_help_loads_neither_rich_nor_sqlite() -> None:
    """It answers at once; a table loads rich, and nothing loads pandas."""
    code = (
        "import sys\nfrom jupyter_track.cli import main\ntry:\n    main()\nexcept SystemExit:\n"
        "    print(sorted({'pandas', 'rich', 'sqlite3', 'IPython', 'sqlite_utils', 'numpy'} & set(sys.modules)))"
    )

    def loaded(*arguments: str) -> str:
        root = str(Path(track.__file__).parent.parent)
        answer = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=os.environ | {"PYTHONPATH": root, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return answer.stdout.splitlines()[-1]

    assert loaded("--help") == "[]"
    assert loaded("runs", "--help") == "[]"
    assert loaded("status", "--store", "nowhere.db", "--json") == "['sqlite3']"
    assert loaded("status", "--store", "nowhere.db") == "['rich', 'sqlite3']"


def test_completion_offers_runs_and_experiments(store: Path, tmp_path: Path) -> None:
    """By number and name, what cannot be typed on one line left out; without a store there is nothing to offer."""

    def offered(arguments: list[str], begun: str = "") -> list[str]:
        completion = BashComplete(commands.cli, {}, "jupyter-track", "_JUPYTER_TRACK_COMPLETE")
        return [item.value for item in completion.get_completions(arguments, begun)]

    sql(store, "UPDATE runs SET name = 'two' || char(10) || 'lines' WHERE id = 3")
    assert offered(["show", "--store", str(store)]) == ["last", "last~1", "best", "best:", "fold", "baseline"]
    assert offered(["show", "--store", str(store)], "best:") == ["best:accuracy", "best:loss"]
    assert offered(["show", "--store", str(store)], "#") == ["#3", "#2", "#1"]
    assert offered(["--store", str(store), "show"], "ba") == ["baseline"]
    assert offered(["--store", str(store), "runs", "-e"], "d") == ["digits"]
    assert offered(["--store", str(tmp_path / "none"), "show"]) == []


def test_completion_works_as_the_shell_asks(store: Path) -> None:
    """The shell passes its line in the environment and reads the answer from stdout."""
    line = "jupyter track show ba"
    answer = process(_JUPYTER_TRACK_COMPLETE="bash_complete", JUPYTER_TRACK_STORE=str(store), JUPYTER_TRACK_LINE=line)
    assert (answer.stdout, answer.stderr) == ("plain\tbaseline\n", "")


# ---- a process of its own


def test_the_module_runs_as_a_process_and_finds_the_store_here(store: Path) -> None:
    """python -m jupyter_track is jupyter-track; the store is the one of the folder."""
    assert process("--version").stdout == f"jupyter-track, version {__version__}\n"
    answer = process("runs", cwd=store.parent)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert [line[:20] for line in answer.stdout.splitlines()[1:4]] == [
        "✗ failed    3  broke",
        "✓ finished  1  basel",
        "✓ finished  2  └ fol",
    ]
    assert process("show", "nope", cwd=store.parent).returncode == 3


def test_an_output_without_unicode_gets_question_marks(store: Path) -> None:
    """Nothing fails for want of a glyph."""
    answer = process("runs", cwd=store.parent, PYTHONIOENCODING="ascii")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines()[2].startswith("? finished  1  baseline    ? 0.9200")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell with pipes and /dev/full")
@pytest.mark.parametrize("arguments", ["runs", "runs --json", "show 1", "status", "runs --help"])
def test_a_closed_pipe_ends_quietly(store: Path, arguments: str) -> None:
    """`| true` has read nothing; no word is said of it."""
    command = f"{sys.executable} -m jupyter_track {arguments} | true"
    root = str(Path(track.__file__).parent.parent)
    answer = subprocess.run(
        command, shell=True, cwd=store.parent, env=os.environ | {"PYTHONPATH": root}, capture_output=True, check=False
    )
    assert (answer.stdout, answer.stderr) == (b"", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_cannot_be_written_is_code_1(store: Path) -> None:
    """A full disk is said, and not passed over."""
    root = str(Path(track.__file__).parent.parent)
    with open("/dev/full", "w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "jupyter_track", "runs"],
            cwd=store.parent,
            env=os.environ | {"PYTHONPATH": root},
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert answer.stderr == "Error: The output cannot be written: No space left on device.\n"
    assert answer.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_real_terminal_gives_its_width_and_colour(store: Path) -> None:
    """A pseudo-terminal of 60 columns: fewer columns, coloured glyphs."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in CLEAN}
    child = subprocess.Popen(
        [sys.executable, "-m", "jupyter_track", "runs"],
        env=environ | {"PYTHONPATH": str(Path(track.__file__).parent.parent), "TERM": "xterm-256color"},
        cwd=store.parent,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    text = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # Linux says EIO when the last writer is gone
            break
        if not part:
            break
        text += part
    os.close(leader)
    assert child.wait() == 0
    lines = text.decode().splitlines()
    assert re.search(r"\x1b\[38;5;\d+m✗", lines[1])
    assert all(cell_len(ANSI.sub("", line)) <= 60 for line in lines)
    assert "no room for" in lines[-1]
