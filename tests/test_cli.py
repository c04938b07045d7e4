"""`jupyter-track runs | search | compare | show | status`: on a terminal, in a pipe, as JSON; and the exit codes."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
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
    fix_time,
    parsed,
    process,
    record,
    seen,
    sql,
    terminal,
    three_runs,
)
from click.shell_completion import BashComplete
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from made_records import NOW, made_metric, made_param, made_run
from made_stores import add_runs, made_store
from rich.cells import cell_len
from rich.console import Console

import jupyter_track as track
from jupyter_track import __version__
from jupyter_track.cli import commands
from jupyter_track.cli.runs import runs_parts
from jupyter_track.recording.session import session
from jupyter_track.records import Run
from jupyter_track.store import schema, spill
from jupyter_track.store.batch import Batch


@pytest.fixture(autouse=True)
def _fixed_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ages are told from a fixed moment, in UTC."""
    fix_time(monkeypatch)
    yield
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs."""
    return record(tmp_path, three_runs)


# ---- runs


def test_a_pipe_gets_every_column_and_whole_ids_as_plain_text(store: Path) -> None:
    """No colour, no cut and no space at the end of a line; a child stands below its parent, the best has a mark."""
    result = cli(store, "runs")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "            #  name      accuracy ↑  loss ↓?  best  worst    C  duration    age  id\n"
        "✗ failed    3  broken                    NaN     ∞     −∞   10    300 ms  3 min  "
        "00000000000000000000000000000003\n"
        "✓ finished  1  baseline    ▲ 0.9200                        0.1    100 ms  1 min  "
        "00000000000000000000000000000001\n"
        "✓ finished  2  └ fold        0.5000    1.500     1      2    1    200 ms  2 min  "
        "00000000000000000000000000000002\n"
        "1 column is equal or empty\n"
    )


def test_a_narrow_terminal_loses_the_least_important_columns(store: Path) -> None:
    """The rows keep to their line, and the line below says what there was no room for."""
    assert seen(terminal(store, 80, "runs")) == (
        "            #  name      accuracy ↑  loss ↓?  best  worst    C  duration    age\n"
        "✗ failed    3  broken                    NaN     ∞     −∞   10    300 ms  3 min\n"
        "✓ finished  1  baseline    ▲ 0.9200                        0.1    100 ms  1 min\n"
        "✓ finished  2  └ fold        0.5000    1.500     1      2    1    200 ms  2 min\n"
        "1 column is equal or empty"
    )
    assert seen(terminal(store, 60, "runs")) == (
        "            #  name      accuracy ↑  loss ↓?    C    age\n"
        "✗ failed    3  broken                    NaN   10  3 min\n"
        "✓ finished  1  baseline    ▲ 0.9200           0.1  1 min\n"
        "✓ finished  2  └ fold        0.5000    1.500    1  2 min\n"
        "1 column is equal or empty\n"
        "no room for best, worst, duration"
    )


def test_a_very_narrow_terminal_keeps_number_name_and_main_metric(store: Path) -> None:
    """The state is said by its glyph alone."""
    assert seen(terminal(store, 30, "runs")).splitlines()[:4] == [
        "   #  name      accuracy ↑",
        "✗  3  broken",
        "✓  1  baseline    ▲ 0.9200",
        "✓  2  └ fold        0.5000",
    ]


def test_colour_follows_the_terminal_and_no_color(store: Path) -> None:
    """NO_COLOR leaves bold and dim, which are no colours; a dumb terminal gets neither."""
    assert re.search(r"\x1b\[38;5;\d+m✗", terminal(store, 80, "runs").stdout)
    codes = set(ANSI.findall(terminal(store, 80, "runs", NO_COLOR="1").stdout))
    assert codes == {"\x1b[0m", "\x1b[1m", "\x1b[2m"}
    assert "\x1b" not in cli(store, "runs", FORCE_COLOR="1", TERM="dumb").stdout


def test_several_experiments_have_a_column(tmp_path: Path) -> None:
    """Where all are of one experiment its name is not repeated."""

    def runs() -> None:
        for name in ("digits", "faces"):
            track.set_experiment(name)
            track.start_run(run_name=f"{name} run").__exit__(None, None, None)

    store = record(tmp_path, runs)
    assert cli(store, "runs").stdout == (
        "            #  name        experiment  duration    age  id\n"
        "✓ finished  2  faces run   faces         200 ms  2 min  00000000000000000000000000000002\n"
        "✓ finished  1  digits run  digits        100 ms  1 min  00000000000000000000000000000001\n"
    )
    assert "experiment" not in cli(store, "runs", "-e", "faces").stdout


def names(result: Result) -> list[str]:
    """The names of the runs that a search gave."""
    assert result.exit_code == 0, result.output
    return [run["name"] for run in parsed(result)["runs"]]


def test_runs_are_searched_ordered_and_limited(store: Path) -> None:
    """--experiment, --filter and --order-by are those of search_runs; --all ignores the limit."""
    assert names(cli(store, "runs", "--json")) == ["broken", "fold", "baseline"]
    assert names(cli(store, "runs", "--json", "-e", "digits", "--filter", "metrics.accuracy < 0.8")) == ["fold"]
    assert names(cli(store, "runs", "--json", "--order-by", "params.C DESC", "--order-by", "start_time")) == [
        "broken",
        "fold",
        "baseline",
    ]
    assert names(cli(store, "runs", "--json", "--order-by", "metrics.accuracy DESC", "-n", "1")) == ["baseline"]
    assert names(cli(store, "runs", "--json", "-n", "1", "--all")) == ["broken", "fold", "baseline"]


def test_runs_beyond_the_limit_are_counted(store: Path) -> None:
    """The line below the table says how many there are and how to see them; JSON has the total."""
    assert cli(store, "runs", "-n", "1").stdout.splitlines()[-1] == "2 more · --all shows them"
    plain = parsed(cli(store, "runs", "--json", "-n", "1"))
    assert (plain["store"], plain["total"], len(plain["runs"])) == (str(store), 3, 1)


def test_deleted_runs_are_listed_on_demand(store: Path) -> None:
    """They are not among the others."""
    sql(store, "UPDATE runs SET lifecycle_stage = 'deleted' WHERE id = 3")
    assert names(cli(store, "runs", "--json")) == ["fold", "baseline"]
    assert names(cli(store, "runs", "--json", "--deleted")) == ["broken"]


def test_no_run_is_a_sentence_and_no_error(store: Path, tmp_path: Path) -> None:
    """The empty table says why it is empty."""
    empty = record(tmp_path / "empty", lambda: track.set_experiment("later"))
    assert cli(empty, "runs").stdout == "No runs here yet. Put %%track above a cell and run it.\n"
    assert cli(empty, "runs", "-e", "later").stdout == "No runs in later.\n"
    assert cli(empty, "runs", "--deleted").stdout == "No deleted runs.\n"
    result = cli(store, "runs", "--filter", "params.C > 50")
    assert (result.exit_code, result.stdout) == (0, "No run matches params.C > 50\n")
    assert parsed(cli(empty, "runs", "--json")) == {"store": str(empty), "total": 0, "runs": []}


def test_json_is_exact_and_strict(store: Path) -> None:
    """Every key of a run; numbers that JSON lacks are words, times stand in two forms."""
    broken, _, baseline = parsed(cli(store, "runs", "--json"))["runs"]
    assert {key: metric["last"] for key, metric in broken["metrics"].items()} == {
        "loss": "NaN",
        "best": "Infinity",
        "worst": "-Infinity",
    }
    assert broken["metrics"]["loss"]["min"] is None
    experiment_id = baseline.pop("experiment_id")
    assert experiment_id.isdigit()
    assert baseline == {
        "run_id": "00000000000000000000000000000001",
        "number": 1,
        "name": "baseline",
        "experiment_name": "digits",
        "status": "FINISHED",
        "state": "finished",
        "lifecycle_stage": "active",
        "start_time": NOW - 60_000,
        "start_time_iso": "2025-11-03T14:25:40.000Z",
        "end_time": NOW - 59_995,
        "end_time_iso": "2025-11-03T14:25:40.005Z",
        "duration": 0.1,
        "parent_run_id": None,
        "user_id": "ada",
        "note": "first try",
        "notebook": None,
        "cell_id": None,
        "execution_count": None,
        "error": None,
        "artifact_uri": "runs:/00000000000000000000000000000001",
        "params": {
            "C": {"value": 0.1, "text": "0.1", "type": "float", "source": "explicit", "written": None},
            "kernel": {"value": "rbf", "text": "rbf", "type": "str", "source": "explicit", "written": None},
        },
        "metrics": {
            "accuracy": {
                "count": 3,
                "last": 0.92,
                "last_step": 2,
                "last_time": NOW,
                "last_time_iso": "2025-11-03T14:26:40.000Z",
                "min": 0.9,
                "min_step": 0,
                "max": 0.92,
                "max_step": 2,
                "source": "logged",
            }
        },
        "goals": {"accuracy": "max"},
        "tags": baseline["tags"],
    }
    assert baseline["tags"]["team"] == "red"
    assert broken["error"]["name"] == "ValueError"


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=60, deadline=None)
@given(name=anything, text=anything, key=anything, width=st.integers(34, 160), number=st.integers(1, 10**6))
def test_rows_never_wrap_and_never_carry_control_characters(
    name: str, text: str, key: str, width: int, number: int
) -> None:
    """Whatever names, keys and params say, a run is one line of at most the terminal's width."""
    runs: list[Run] = [
        made_run(number, name, [made_metric(key, [0.5, 0.25])], [made_param("p", text), made_param(key, 1)]),
        made_run(number + 1, "other", [made_metric("m", [1e-9])], [made_param("p", 2)], state="lost"),
    ]
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, color_system=None)
    table, *foot = runs_parts(runs, 2, NOW, width)
    console.print(table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3
    assert all(cell_len(line) <= width and not CONTROL.search(line) for line in lines)
    assert re.match(rf"✓( finished)? +{number}( |$)", lines[1])
    assert all(not CONTROL.search(str(line)) for line in foot)


def test_a_very_long_name_does_not_pad_a_pipe(store: Path) -> None:
    """It loses its middle; the id says which run it is, and JSON has all of it."""
    sql(store, f"UPDATE runs SET name = '{'x' * 500}' WHERE id = 3")
    lines = cli(store, "runs").stdout.splitlines()
    assert max(map(len, lines)) < 220
    assert f"{'x' * 40}…{'x' * 39}" in lines[1]
    assert names(cli(store, "runs", "--json"))[0] == "x" * 500


# ---- search


def test_search_finds_words_in_names_notes_tags_and_code(store: Path) -> None:
    """All words, in any case, anywhere; with a filter both count."""
    assert names(cli(store, "search", "TRY", "--json")) == ["baseline"]  # its note
    assert names(cli(store, "search", "red", "base", "--json")) == ["baseline"]  # a tag and its name
    assert names(cli(store, "search", "o", "--json", "--filter", "params.C >= 1")) == ["broken", "fold"]
    assert names(cli(store, "search", "first try", "--json")) == ["baseline"]
    assert cli(store, "search", "it's", "50%").stdout == "No run matches it's 50%\n"


def test_a_wrong_filter_of_a_search_points_into_what_was_typed(store: Path) -> None:
    """The words are not part of the text that is shown."""
    assert cli(store, "search", "try", "--filter", "metrics.x <").stderr.splitlines()[1:] == [
        "  metrics.x <",
        "             ^",
    ]


# ---- compare


def test_compare_says_what_differs(store: Path) -> None:
    """Params, metrics with the change, tags; what is equal is counted."""
    result = cli(store, "compare", "1", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["#1", "baseline", "#2", "fold"]
    assert ["params", "C", "0.1", "1"] in lines
    assert ["metrics", "accuracy", "↑", "0.9200", "0.5000", "−0.4200", "▼"] in lines
    assert "equal: 1 param" in result.stdout


def test_compare_on_terminals_of_any_width(store: Path) -> None:
    """Side by side where there is room, else one below the other; no line is wider than the terminal."""
    wide = seen(terminal(store, 100, "compare", "1", "2", "3"))
    narrow = seen(terminal(store, 40, "compare", "1", "2", "3"))
    assert wide.splitlines()[0].split() == ["#1", "baseline", "#2", "fold", "#3", "broken", "✗", "failed"]
    assert narrow.splitlines()[:3] == ["#1 baseline", "#2 fold", "#3 broken ✗ failed"]
    assert "params C\n  #1 0.1\n  #2 1\n  #3 10\n" in narrow
    for text, width in ((wide, 100), (narrow, 40)):
        assert all(cell_len(line) <= width for line in text.splitlines())


def test_compare_as_json(store: Path) -> None:
    """The runs, what differs by group, and what is equal."""
    plain = parsed(cli(store, "compare", "baseline", "2", "--json"))
    assert [run["number"] for run in plain["runs"]] == ["#1", "#2"]
    (accuracy,) = [line for line in plain["differs"] if line["label"] == "accuracy"]
    assert (accuracy["group"], accuracy["goal"]) == ("metrics", "max")
    assert [value["verdict"] for value in accuracy["values"]] == [None, "worse"]
    assert plain["equal"]["params"] == 1


def test_compare_shows_code_as_a_diff(tmp_path: Path) -> None:
    """With signs; coloured on a terminal."""
    store = made_store(tmp_path)
    add_runs(store, {"name": "one"}, {"name": "two"})
    for number, code in enumerate(("a = 1\nb = 2\n", "a = 1\nb = 3\n"), 1):
        sha256 = hashlib.sha256(code.encode()).hexdigest()
        sql(
            store,
            f"INSERT INTO contents VALUES ('{sha256}', {len(code)}, CAST('{code}' AS BLOB))",
            f"INSERT INTO executions VALUES ({number}, 's', {number}, '{sha256}', 'c', 1, 0, 1, 'FINISHED')",
        )
    text = cli(store, "compare", "one", "two").stdout
    assert "code of #2 against #1: 1 line added, 1 removed" in text
    assert "\n− b = 2\n+ b = 3\n" in text
    coloured = terminal(store, 80, "compare", "one", "two").stdout
    assert re.search(r"\x1b\[[0-9;]*m\+ ", coloured)
    assert "\n− b = 2\n+ b = 3" in seen(terminal(store, 80, "compare", "one", "two"))
    assert parsed(cli(store, "compare", "one", "two", "--json"))["code"][0]["diff"][-2:] == ["-b = 2", "+b = 3"]


def test_one_run_is_no_comparison(store: Path) -> None:
    """Wrong usage, also where a run is named twice; an unknown one is not found."""
    assert "needs two runs" in cli(store, "compare", "1").stderr
    assert cli(store, "compare", "1", "baseline").exit_code == 2
    assert cli(store, "compare", "1", "nope").exit_code == 3


# ---- show


def test_show_says_all_of_a_run(store: Path) -> None:
    """Facts, metrics with their extremes, params with where they came from, tags, files."""
    sql(store, "DELETE FROM tags WHERE key != 'team'")
    result = cli(store, "show", "baseline")
    assert result.stdout == (
        "baseline #1  ✓ finished\n"
        "experiment  digits\n"
        "started     2025-11-03 14:25+00:00\n"
        "duration    100 ms\n"
        "note        first try\n"
        "user        ada\n"
        "id          00000000000000000000000000000001\n"
        "\n"
        "metric        last  at step     min     max  points  source\n"
        "accuracy ↑  0.9200        2  0.9000  0.9200       3  logged\n"
        "\n"
        "param   value  type   source\n"
        "C       0.1    float  logged\n"
        "kernel  rbf    str    logged\n"
        "\n"
        "tag   value\n"
        "team  red\n"
        "\n"
        "artifact   kind  size\n"
        "notes.txt  text   5 B\n"
    )


def test_show_says_why_a_run_failed(store: Path) -> None:
    """The error stands below the name, the traceback's last lines at the end of the record."""
    lines = cli(store, "show", "3").stdout.splitlines()
    assert lines[:2] == ["broken #3  ✗ failed", "✗ ValueError: no such thing"]
    assert "ValueError: no such thing" in lines
    assert "Traceback (most recent call last):" in lines


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that a real shell recorded into: a tracked cell with output, and a run whose process was killed."""
    folder = tmp_path_factory.mktemp("cells")
    script = (
        "import os\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('%load_ext jupyter_track', store_history=True)\n"
        "cell = '%%track looped --max score\\n# a comment\\nsteps = 30\\nfor i in range(steps):\\n    print(i)\\n'\n"
        "shell.run_cell(cell + 'score = 0.5\\n', store_history=True)\n"
        "import jupyter_track as track\n"
        "track.start_run(run_name='killed')\n"
        "track.log(loss=1.0)\n"
        "track.flush()\n"
        "os._exit(1)\n"
    )
    environ = {name: value for name, value in os.environ.items() if name not in CLEAN}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=environ | {"PYTHONPATH": str(Path(track.__file__).parent.parent)},
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "✓ looped #1  score 0.5000" in ended.stdout, ended.stderr
    return folder / "track.db"


def test_show_ends_with_the_cell_and_the_beginning_of_its_output(cells: Path) -> None:
    """The source is whole, the output's first twenty lines and a count of the others."""
    text = cli(cells, "show", "looped").stdout
    source, output = text.split("\noutput\n")
    assert re.search(r"\ncell \[2\] · [\d.]+ m?s\n", source)
    assert source.endswith(
        "%%track looped --max score\n# a comment\nsteps = 30\nfor i in range(steps):\n    print(i)\nscore = 0.5\n"
    )
    assert output == "".join(f"{number}\n" for number in range(20)) + "… 10 more lines; --json has all\n"


def test_the_source_is_coloured_on_a_terminal_that_has_colour(cells: Path) -> None:
    """A comment is dim there; NO_COLOR shows it as it is."""
    assert "\x1b[2m# a comment\x1b[0m" in terminal(cells, 80, "show", "looped").stdout
    assert "\n# a comment\n" in terminal(cells, 80, "show", "looped", NO_COLOR="1").stdout


def test_show_as_json_has_files_cells_and_output(cells: Path) -> None:
    """The output is whole; what `runs --json` says of the run is the same."""
    shown = parsed(cli(cells, "show", "looped", "--json"))
    listed = [run for run in parsed(cli(cells, "runs", "--json"))["runs"] if run["name"] == "looped"]
    rest = {key: shown.pop(key) for key in ("artifacts", "executions", "output", "problems")}
    assert [shown] == listed
    assert rest["problems"] == []
    assert rest["output"] == "".join(f"{number}\n" for number in range(30))
    assert [(one["path"], one["kind"], one["size"]) for one in rest["artifacts"]] == [
        ("output.txt", "output", len(rest["output"]))
    ]
    (execution,) = rest["executions"]
    assert execution["source"].startswith("%%track looped")
    assert (execution["execution_count"], execution["status"]) == (2, "FINISHED")


def test_show_goes_on_where_a_file_is_gone(tmp_path: Path) -> None:
    """A large file that somebody removed is said; the rest of the run is shown."""

    def runs() -> None:
        with track.start_run(run_name="large"):
            track.log_text("line\n" * 100_000, "long.txt")

    store = record(tmp_path, runs)
    sql(
        store,
        "UPDATE artifacts SET kind = 'output'",
        "INSERT INTO executions SELECT 1, '', 1, sha256, NULL, 1, 0, 1, 'FINISHED' FROM contents",
    )
    shutil.rmtree(tmp_path / "track.db-files" / "content")
    result = cli(store, "show", "last")
    assert result.exit_code == 0
    assert "✗ The output cannot be read: " in result.stdout
    assert "✗ The source cannot be read: " in result.stdout
    assert result.stdout.splitlines()[0] == "large #1  ✓ finished"
    assert len(parsed(cli(store, "show", "last", "--json"))["problems"]) == 2


def test_many_files_and_earlier_states_are_counted(tmp_path: Path) -> None:
    """A figure's earlier states are words in its line; from fifty files on the others are a number."""

    def runs() -> None:
        with track.start_run(run_name="files"):
            for number in range(60):
                track.log_text("x", f"a/{number:02}.txt")
            for path in ("A.png", "A.states/1.png", "A.states/2.png"):
                track.log_text("x", path)

    store = record(tmp_path, runs)
    sql(
        store,
        "UPDATE artifacts SET kind = 'figure', title = 'Loss', line = 4 WHERE path = 'A.png'",
        "UPDATE artifacts SET kind = 'state' WHERE path LIKE 'A.states/%'",
    )
    lines = cli(store, "show", "files").stdout.splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith("artifact"))
    assert lines[begin + 1].split(maxsplit=4) == ["A.png", "figure", "1", "B", "Loss · line 4 · 2 earlier states"]
    assert lines[-1] == "+11 more"
    assert len(lines) - begin == 52


# ---- status


def test_status_says_what_the_store_holds(store: Path) -> None:
    """The facts in their order."""
    versions = f"python {'.'.join(map(str, sys.version_info[:3]))} · sqlite {sqlite3.sqlite_version}"
    size = f"{store.stat().st_size / 1000:.1f} kB"
    result = cli(store, "status")
    assert (result.exit_code, result.stdout) == (
        0,
        f"store        {store}\n"
        "runs         3\n"
        "experiments  2\n"
        "points       10\n"
        f"size         {size}\n"
        f"schema       {schema.VERSION}\n"
        "created      2025-11-03 14:26+00:00 by jupyter-track 0.1.0\n"
        "running      none\n"
        f"versions     jupyter-track {__version__} · {versions}\n",
    )


def test_status_as_json_has_all_keys(store: Path) -> None:
    """The same keys stand there whatever is found."""
    assert parsed(cli(store, "status", "--json")) == {
        "store": str(store),
        "exists": True,
        "error": None,
        "id": "5" * 32,
        "rev": parsed(cli(store, "status", "--json"))["rev"],
        "schema_version": schema.VERSION,
        "known_schema_version": schema.VERSION,
        "created": NOW,
        "created_iso": "2025-11-03T14:26:40.000Z",
        "created_by": "jupyter-track 0.1.0",
        "runs": 3,
        "experiments": 2,
        "points": 10,
        "size": store.stat().st_size,
        "running": [],
        "lost": [],
        "unknown": [],
        "waiting": [],
        "versions": {
            "jupyter-track": __version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "sqlite": sqlite3.sqlite_version,
        },
    }


def test_status_names_runs_that_are_lost_and_running(cells: Path, tmp_path: Path) -> None:
    """A run whose process is gone is lost, one of this process is running."""
    assert re.search(r"\nrunning  +none\nlost  +#2 killed \(", cli(cells, "status").stdout)
    assert [run["name"] for run in parsed(cli(cells, "status", "--json"))["lost"]] == ["killed"]
    store = session.use_store(tmp_path)
    run = track.start_run(run_name="going")
    try:
        track.flush()
        assert "#1 going (" in cli(store, "status").stdout
        assert [one["number"] for one in parsed(cli(store, "status", "--json"))["running"]] == [1]
    finally:
        run.__exit__(None, None, None)
        track.flush()
        session.reset()


def test_status_counts_what_waits_in_side_files(store: Path) -> None:
    """A spill is a problem, and not an error: nothing is lost."""
    path = spill.save(store, Batch(uuid.uuid4().hex, 1))
    result = cli(store, "status")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == (
        f"✗ 1 batch could not be written and waits in {path.parent}; the next run in this store reads it back."
    )
    assert parsed(cli(store, "status", "--json"))["waiting"] == [str(path)]


def test_status_says_that_a_store_is_newer(store: Path) -> None:
    """It is read all the same."""
    sql(store, "PRAGMA user_version = 9")
    result = cli(store, "status")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == (
        "✗ This store was written by a newer version (schema 9, this one knows "
        f"{schema.VERSION}); it is shown, not changed."
    )
    assert names(cli(store, "runs", "--json")) == ["broken", "fold", "baseline"]


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
    assert result.stderr == "Error: There is no experiment 'digit' in this store; there is digits.\n"


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
