"""`jupyter-track search | compare | show | status`: on a terminal, in a pipe, as JSON."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_session import (
    CLEAN,
    cli,
    fixed_time,
    names_in,
    parsed,
    record,
    seen,
    sql,
    terminal,
    three_runs,
)
from made_records import NOW
from made_stores import add_runs, made_store
from rich.cells import cell_len

import jupyter_track as track
from jupyter_track import __version__
from jupyter_track.recording.session import session
from jupyter_track.store import schema, spill
from jupyter_track.store.batch import Batch


@pytest.fixture(autouse=True)
def _fixed_time() -> Iterator[None]:
    """Ages are told from a fixed moment, in UTC."""
    with fixed_time():
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs."""
    return record(tmp_path, three_runs)


# ---- search


def test_a_key_that_no_run_has_is_told(store: Path) -> None:
    """With the nearest one, or those that there are; keys that some run has are not, nor are fields of a run's own."""
    result = cli(
        store, "runs", "--filter", "metrics.acuracy > 1 OR params.zoo = 1 OR (tags.team = 'x' AND tags.t = '')"
    )
    assert result.stdout.splitlines()[1:] == [
        "No run has the metric 'acuracy'; did you mean 'accuracy'?",
        "No run has the param 'zoo'; there is C, kernel.",
        "No run has the tag 't'; there is team.",
    ]
    result = cli(store, "runs", "--filter", "metrics.accuracy.max > 5 AND duration > 1e9 AND 'word'")
    assert result.stdout == "No run matches metrics.accuracy.max > 5 AND duration > 1e9 AND 'word'\n"


def test_an_order_by_a_metric_says_how_it_is_written(store: Path) -> None:
    """And not that it is a text to look for."""
    said = cli(store, "runs", "--order-by", "accuracy").stderr
    assert "did you mean metrics.accuracy or params.accuracy?" in said


def test_an_order_by_a_metric_that_no_run_has_is_told(store: Path) -> None:
    """On stderr: the table is the usual one."""
    result = cli(store, "runs", "--order-by", "metrics.acuracy DESC")
    assert (result.stdout, result.stderr) == (
        cli(store, "runs").stdout, "--order-by: no run has the metric 'acuracy'; did you mean 'accuracy'?\n"
    )  # fmt: skip
    assert cli(store, "runs", "--order-by", "metrics.accuracy DESC").stderr == ""


def test_an_unknown_experiment_names_those_that_there_are(tmp_path: Path) -> None:
    """The newest eight, and how many more."""
    names = [f"group {letter}" for letter in "abcdefghij"]
    add_runs(made_store(tmp_path), *({"experiment": name} for name in names))
    said = cli(tmp_path, "runs", "-e", "zzz").stderr
    assert said.startswith("Error: There is no experiment 'zzz'; there is ")
    assert said.count("group ") + said.count("Default") == 8
    assert said.endswith(" and 3 more.\n")


def test_search_finds_words_in_names_notes_tags_and_code(store: Path) -> None:
    """All words, in any case, anywhere; with a filter both count."""
    assert names_in(cli(store, "search", "TRY", "--json")) == ["baseline"]  # its note
    assert names_in(cli(store, "search", "red", "base", "--json")) == ["baseline"]  # a tag and its name
    assert names_in(cli(store, "search", "o", "--json", "--filter", "params.C >= 1")) == ["broken", "fold"]
    assert names_in(cli(store, "search", "first try", "--json")) == ["baseline"]
    assert cli(store, "search", "it's", "50%").stdout == "No run matches it's 50%\n"


def test_a_filter_is_given_as_in_the_notebook(store: Path) -> None:
    """As words of the line, quoted or not; twice is too much."""
    ways = [("--filter", "params.C > 0.5"), ("params.C > 0.5",), ("params.C", ">", "0.5")]
    assert [sorted(names_in(cli(store, "runs", *way, "--json"))) for way in ways] == [["broken", "fold"]] * 3
    result = cli(store, "runs", "pinned", "--filter", "pinned")
    assert (result.exit_code, "Give the filter once" in result.stderr) == (2, True)


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
    """Nothing to compare with is not found, a run that is named twice wrong usage; an unknown one is not found."""
    result = cli(store, "compare", "1")
    assert (result.exit_code, "There is nothing to compare #1 baseline with" in result.stderr) == (3, True)
    result = cli(store, "compare", "1", "baseline")
    assert result.exit_code == 2
    assert "All of these are one run (#1 baseline); a comparison needs two or more." in result.stderr
    assert cli(store, "compare", "1", "nope").exit_code == 3


def test_a_run_alone_is_compared_with_the_baseline(store: Path) -> None:
    """By default the last one that did not fail, and it is said which that is."""
    assert cli(store, "baseline", "1").exit_code == 0
    whole = parsed(cli(store, "compare", "baseline", "2", "--json"))
    assert [run["number"] for run in whole["runs"]] == ["#1", "#2"]
    assert parsed(cli(store, "compare", "--json")) == whole
    assert [run["number"] for run in parsed(cli(store, "compare", "3", "--json"))["runs"]] == ["#1", "#3"]
    said = "#2, the last run that finished (#3 failed), against #1, the baseline"
    assert said in " ".join(cli(store, "compare").stdout.split())
    assert said in " ".join(seen(terminal(store, 100, "compare")).split())


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
        "children    1 · best accuracy 0.5000 #2\n"
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
        "from jupyter_track.recording import context\n"
        "context.settle(60)\n"  # what surrounds the run is found out in the background
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
    rest = {key: shown.pop(key) for key in ("artifacts", "executions", "output", "problems", "surroundings")}
    assert rest["surroundings"]["environment"]["packages"]["ipython"]
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
    assert names_in(cli(store, "runs", "--json")) == ["broken", "fold", "baseline"]
