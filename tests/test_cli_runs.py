"""`jupyter-track runs`: the table on a terminal and in a pipe, and as JSON."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_session import (
    ANSI,
    CONTROL,
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
from hypothesis import given, settings
from hypothesis import strategies as st
from made_records import NOW, made_metric, made_param, made_run
from made_stores import add_runs, made_store
from rich.cells import cell_len
from rich.console import Console

import jupyter_track as track
from jupyter_track.cli.runs import runs_parts
from jupyter_track.records import Run
from jupyter_track.store import edits
from jupyter_track.views.runs import run_table


@pytest.fixture(autouse=True)
def _fixed_time() -> Iterator[None]:
    """Ages are told from a fixed moment, in UTC."""
    with fixed_time():
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs."""
    return record(tmp_path, three_runs)


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


def test_runs_are_searched_ordered_and_limited(store: Path) -> None:
    """--experiment, --filter and --order-by are those of search_runs; --all ignores the limit."""
    assert names_in(cli(store, "runs", "--json")) == ["broken", "fold", "baseline"]
    assert names_in(cli(store, "runs", "--json", "-e", "digits", "--filter", "metrics.accuracy < 0.8")) == ["fold"]
    assert names_in(cli(store, "runs", "--json", "--order-by", "params.C DESC", "--order-by", "start_time")) == [
        "broken",
        "fold",
        "baseline",
    ]
    assert names_in(cli(store, "runs", "--json", "--order-by", "metrics.accuracy DESC", "-n", "1")) == ["baseline"]
    assert names_in(cli(store, "runs", "--json", "-n", "1", "--all")) == ["broken", "fold", "baseline"]


def test_runs_beyond_the_limit_are_counted(store: Path) -> None:
    """The line below the table says how many there are and how to see them; JSON has the total."""
    assert cli(store, "runs", "-n", "1").stdout.splitlines()[-1] == "2 more · --all shows them"
    plain = parsed(cli(store, "runs", "--json", "-n", "1"))
    assert (plain["store"], plain["total"], len(plain["runs"])) == (str(store), 3, 1)


def test_deleted_runs_are_listed_on_demand(store: Path) -> None:
    """They are not among the others."""
    sql(store, "UPDATE runs SET lifecycle_stage = 'deleted' WHERE id = 3")
    assert names_in(cli(store, "runs", "--json")) == ["fold", "baseline"]
    assert names_in(cli(store, "runs", "--json", "--deleted")) == ["broken"]


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
        "datasets": [],
        "models_read": [],
        "models_measured": {},
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
    table, *foot = runs_parts(run_table(runs, NOW), width)
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
    assert names_in(cli(store, "runs", "--json"))[0] == "x" * 500


def test_a_terminal_folds_attempts_and_measures_against_the_baseline(tmp_path: Path) -> None:
    """The baseline and pinned runs stand on top; --unfold, and a pipe, have a row for each run."""
    store = made_store(tmp_path)
    good = [{"name": f"good {n}", "duration": 9.0, "metrics": {"accuracy": 0.9 + n / 100}} for n in range(3)]
    ids = add_runs(store, *good, *({"name": "typo", "status": "FAILED", "duration": 0.3} for _ in range(5)))
    edits.set_baseline(store, ids[1])
    edits.pin_runs(store, ids[:1])
    rows = [" ".join(line.split()) for line in seen(terminal(store, 100, "runs")).splitlines()]
    assert rows[0] == "# name accuracy ↑? vs #2 duration age"
    assert rows[1].startswith("✓ finished 2 good 1 baseline 0.9100 9.0 s")
    assert rows[2].startswith("✓ finished 1 good 0 pinned 0.9000 −0.0100 ▼ 9.0 s")
    assert rows[3].startswith("✗ failed ▸ 5 failed attempts ")
    assert rows[4].startswith("✓ finished 3 good 2 ▲ 0.9200 +0.0100 ▲ 9.0 s")
    assert seen(terminal(store, 100, "runs", "--unfold")).count("typo") == 5
    assert cli(store, "runs").stdout.count("typo") == 5


def test_the_best_is_the_best_of_all_that_was_asked_for(tmp_path: Path) -> None:
    """Not of the rows that there is room for: where it is in none of them, the line below says which run it is."""
    store = made_store(tmp_path)
    scores: list[dict[str, object]] = [{"name": "first", "metrics": {"accuracy": 0.9}}]
    scores += [{"name": "broken", "status": "FAILED", "metrics": {"accuracy": 0.99}}]
    scores += [{"name": f"run {number}", "metrics": {"accuracy": number / 10}} for number in range(1, 5)]
    add_runs(store, *scores)
    shown = {
        "two": cli(tmp_path, "runs", "-n", "2").stdout,
        "filtered": cli(tmp_path, "runs", "-n", "2", "metrics.accuracy < 0.5").stdout,
        "all": cli(tmp_path, "runs", "--all").stdout,
    }
    marked = {name: ("▲" in text, "best accuracy 0.9000 #1" in text) for name, text in shown.items()}
    assert marked == {"two": (False, True), "filtered": (True, False), "all": (True, False)}
