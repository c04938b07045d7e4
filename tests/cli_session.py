"""The terminal's command in tests: stores of real runs, and the command run in a pipe, on a terminal, as a process."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner, Result
from made_records import NOW

import jupyter_track as track
from jupyter_track.cli import commands, common
from jupyter_track.recording import context
from jupyter_track.recording.session import session
from jupyter_track.store import writer

HOSTILE = "evil\x1b[31m \x1b]0;title\x07[bold]x[/bold]\r\n\x9b2J\u202eabc"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ANSI = re.compile(r"\x1b\[[0-9;]*m")
COLOURS = ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "TERM")
CLEAN: dict[str, str | None] = dict.fromkeys((*COLOURS, "JUPYTER_TRACK_STORE"))


ROOT = str(Path(track.__file__).parent.parent)


@contextmanager
def fixed_time() -> Iterator[None]:
    """Tell ages from a fixed moment, in UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(common, "now_ms", lambda: NOW)
        patch.setenv("TZ", "UTC")
        _take_zone()
        yield
    _take_zone()


def _take_zone() -> None:
    """Let the process notice its zone, where it can be changed."""
    if hasattr(time, "tzset"):
        time.tzset()


def record(folder: Path, runs: Callable[[], None]) -> Path:
    """Return a store in `folder` with what `runs` records; run n began n minutes ago and took n times 100 ms."""
    folder.mkdir(exist_ok=True)
    store = session.use_store(folder)
    context.environment_enabled = False  # what surrounds a run differs from machine to machine
    try:
        with chdir(folder):  # in no repository: what git says of one would come later
            runs()
        track.flush()
    finally:
        context.environment_enabled = True
        writer.close_all(10.0)  # or it would miss the runs whose ids change below
        session.reset()
    sql(
        store,
        "UPDATE runs SET parent_uuid ="
        " (SELECT printf('%032x', one.id) FROM runs AS one WHERE one.uuid = runs.parent_uuid)",
        f"UPDATE runs SET start_time = {NOW} - id * 60000, end_time = {NOW} - id * 60000 + 5, duration = id * 0.1,"
        " user_id = 'ada', uuid = printf('%032x', id)",
        f"UPDATE metrics SET last_time = {NOW}",
        f"UPDATE store SET created = {NOW}, id = '{'5' * 32}', created_by = 'jupyter-track 0.1.0'",
        f"UPDATE artifacts SET created = {NOW}",
    )
    return store


def sql(store: Path, *statements: str) -> None:
    """Run statements on a store."""
    connection = sqlite3.connect(store)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def three_runs() -> None:
    """Two experiments; a parent with a child, a failure, a param that differs and one that does not."""
    track.set_experiment("digits")
    track.define_metric("accuracy", goal="max")
    with track.start_run(run_name="baseline", tags={"team": "red"}, description="first try"):
        track.log_params({"C": 0.1, "kernel": "rbf"})
        for step in range(3):
            track.log_metric("accuracy", 0.9 + step / 100, step=step)
        track.log_text("hello", "notes.txt")
        with track.start_run(run_name="fold", nested=True):
            track.log_metric("accuracy", 0.5)
            track.log(loss=1.5, best=1, worst=2)
            track.log_params({"C": 1, "kernel": "rbf"})
    with suppress(ValueError), track.start_run(run_name="broken"):
        track.log_params({"C": 10, "kernel": "rbf"})
        track.log(loss=float("nan"), best=float("inf"), worst=float("-inf"))
        raise ValueError("no such thing")


def cli(store: Path | None, *arguments: str, **env: str) -> Result:
    """Run the command in a pipe."""
    given = [*arguments] if store is None else ["--store", str(store), *arguments]
    return CliRunner().invoke(commands.cli, given, env=CLEAN | env, prog_name="jupyter-track")


def terminal(store: Path, width: int, *arguments: str, **env: str) -> Result:
    """Run the command on a terminal of some width."""
    return cli(store, *arguments, FORCE_COLOR="1", TERM="xterm-256color", COLUMNS=str(width), **env)


def seen(result: Result) -> str:
    """What a person reads on a terminal: no colours, no spaces at the end of a line."""
    return "\n".join(line.rstrip() for line in ANSI.sub("", result.stdout).splitlines())


def parsed(result: Result) -> Any:
    """The output as strict JSON."""

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is not JSON")

    assert result.stdout.isascii()
    return json.loads(result.stdout, parse_constant=refuse)


def names_in(result: Result) -> list[str]:
    """The names of the runs that a command gave as JSON."""
    assert result.exit_code == 0, result.output
    return [run["name"] for run in parsed(result)["runs"]]


def process(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m jupyter_track`` as a process of its own."""
    environ = {name: value for name, value in os.environ.items() if name not in CLEAN}
    root = str(Path(track.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, "-m", "jupyter_track", *arguments],
        env=environ | {"PYTHONPATH": root, "PYTHONIOENCODING": "utf-8", **env},
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        check=False,
    )
