"""`jupyter-track rename | tag | untag | note | pin | unpin | baseline | move | stop`, and the bin."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_session import CLEAN, ROOT, cli, fixed_time, parsed, process, record, sql, three_runs
from click.testing import CliRunner
from made_records import NOW

from jupyter_track.cli import commands
from jupyter_track.records import Run
from jupyter_track.store import edits
from jupyter_track.store.reader import Reader


@pytest.fixture(autouse=True)
def _fixed_time() -> Iterator[None]:
    """Ages are told from a fixed moment, in UTC."""
    with fixed_time():
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs: baseline with the child fold, and broken."""
    return record(tmp_path, three_runs)


def run_of(store: Path, reference: str) -> Run:
    """A run as it stands in the store."""
    reader = Reader(store)
    return reader.run(reader.resolve(reference))


def did(store: Path, *arguments: str) -> str:
    """What a command says that did its work."""
    result = cli(store, *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def refused(store: Path, code: int, *arguments: str) -> str:
    """What a command says that did not do it."""
    result = cli(store, *arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    return result.stderr


# ---- names, tags, notes


def test_a_range_of_runs(store: Path) -> None:
    """Is taken wherever several runs are; where one is meant, nothing is changed."""
    assert did(store, "tag", "#1..#2", "3", "keep=yes") == "#1 baseline, #2 fold, #3 broken: tagged keep = yes\n"
    before = store.read_bytes()
    for words in (("rename", "1..2", "x"), ("note", "1..2", "x"), ("baseline", "1..2"), ("show", "1..2")):
        assert refused(store, 1, *words) == "Error: 1..2 is a range of runs, and one run is meant here.\n"
    assert refused(store, 3, "pin", "1", "7..9") == "Error: There is no run from #7 to #9.\n"
    assert store.read_bytes() == before


def test_rename(store: Path) -> None:
    """The run is found by its new name; a number, a subcommand or a blank is no name."""
    assert did(store, "rename", "baseline", "first try") == "#1 baseline: renamed to first try\n"
    assert run_of(store, "first try").number == 1
    assert refused(store, 1, "rename", "1", "12") == (
        "Error: A run cannot be called '12', which names another run; 'run-12' would do.\n"
    )
    assert "which is a subcommand" in refused(store, 1, "rename", "1", "show")
    assert "must not be blank" in refused(store, 1, "rename", "1", " ")
    assert run_of(store, "1").name == "first try"


def test_secrets_are_masked_in_names_notes_and_tags(store: Path) -> None:
    """As they are where the API or a magic sets them."""
    did(store, "rename", "1", "try password=hunter2hunter2")
    did(store, "note", "1", "token=abcdefgh12345678")
    did(store, "tag", "1", "api_key=abcdefgh12345678")
    run = run_of(store, "1")
    assert (run.name, run.note) == ("try password=<redacted>", "token=<redacted>")
    assert run.own_tags["api_key"] == "<redacted>"


def test_tag_and_untag(store: Path) -> None:
    """Several runs and several tags at once; a value may hold an equals sign and spaces."""
    assert did(store, "tag", "1", "fold", "keep=yes", "why=a = b") == (
        "#1 baseline, #2 fold: tagged keep = yes, why = a = b\n"
    )
    for number in ("1", "2"):
        assert run_of(store, number).own_tags.items() >= {"keep": "yes", "why": "a = b"}.items()
    assert "keep" not in run_of(store, "3").own_tags
    assert did(store, "untag", "1", "3", "keep") == "#1 baseline: tag keep removed\n"
    assert "keep" not in run_of(store, "1").own_tags
    assert refused(store, 3, "untag", "1", "keep") == (
        "Error: #1 baseline: there is no tag 'keep'; there is team, why.\n"
    )


def test_a_run_whose_name_holds_an_equals_sign_can_be_tagged(store: Path) -> None:
    """The first word is a run."""
    sql(store, "UPDATE runs SET name = 'lr=0.1' WHERE id = 3")
    assert did(store, "tag", "lr=0.1", "keep=yes") == "#3 lr=0.1: tagged keep = yes\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("1",), 2, "No KEY=VALUE is given"),
        (("1", "keep=yes", "2"), 2, "'2' is no KEY=VALUE; name the runs before the tags."),
        (("1", "a*b=yes"), 1, "The tag 'a*b' holds '*'"),
        (("1", "mlflow.note.content=x"), 1, "has a command of its own: jupyter track note"),
        (("1", "nope", "keep=yes"), 3, "There is no run 'nope'"),
    ],
)
def test_a_wrong_tag_changes_nothing(store: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """What is wrong is said, and no run is tagged, those before the wrong one neither."""
    before = run_of(store, "1").own_tags
    assert said in refused(store, code, "tag", *words)
    assert run_of(store, "1").own_tags == before


def test_note(store: Path) -> None:
    """Set by words, by the standard input, shown, removed."""
    assert did(store, "note", "1") == "first try\n"
    assert did(store, "note", "1", "overfits", "late") == "#1 baseline: note set\n"
    assert run_of(store, "1").note == "overfits late"
    given = ["--store", str(store), "note", "1", "-"]
    assert CliRunner().invoke(commands.cli, given, input="two\nlines\n", env=CLEAN).exit_code == 0
    assert did(store, "note", "1") == "two\nlines\n"
    assert did(store, "note", "1", "--clear") == "#1 baseline: note removed\n"
    assert run_of(store, "1").note is None
    assert did(store, "note", "1") == "#1 baseline has no note.\n"
    assert "one of them is meant" in refused(store, 2, "note", "1", "x", "--clear")
    assert "blank" in refused(store, 1, "note", "1", " ")


def test_a_changed_run_as_json(store: Path) -> None:
    """The record as it is afterwards, the same keys as in `show`."""
    plain = parsed(cli(store, "tag", "1", "keep=yes", "--json"))
    assert (plain["store"], plain["did"]) == (str(store), "tagged keep = yes")
    (run,) = plain["runs"]
    assert (run["number"], run["tags"]["keep"]) == (1, "yes")
    shown = parsed(cli(store, "show", "1", "--json"))
    assert run == {key: shown[key] for key in run}


# ---- pins, baselines, places


def test_pin_and_unpin(store: Path) -> None:
    """Both take several runs."""
    assert did(store, "pin", "1", "#2") == "#1 baseline, #2 fold: pinned\n"
    assert [run_of(store, number).pinned for number in "123"] == [True, True, False]
    assert did(store, "pin", "1", "3") == "#3 broken: pinned\n#1 baseline: already pinned\n"
    assert did(store, "unpin", "1") == "#1 baseline: no longer pinned\n"
    assert did(store, "unpin", "1", "3") == "#3 broken: no longer pinned\n#1 baseline: had no pin\n"
    assert [run_of(store, number).pinned for number in "123"] == [False, True, False]


def test_baseline(store: Path) -> None:
    """Set, shown by experiment, removed."""
    assert did(store, "baseline") == "No experiment has a baseline. jupyter track baseline RUN sets it.\n"
    assert did(store, "baseline", "1") == "#1 baseline: baseline of digits\n"
    assert did(store, "baseline") == "digits: #1 baseline\n"
    assert parsed(cli(store, "baseline", "--json"))["baselines"][0]["run"]["number"] == 1
    cli(store, "delete", "1")
    assert did(store, "baseline") == "digits: #1 baseline (deleted)\n"
    assert did(store, "baseline", "--clear", "digits").startswith("No experiment has a baseline.")
    assert refused(store, 3, "baseline", "--clear", "digit") == (
        "Error: There is no experiment 'digit'; did you mean 'digits'?\n"
    )
    assert refused(store, 2, "baseline", "2", "--clear", "digits")


def test_the_only_baseline_is_cleared_without_a_name(store: Path) -> None:
    """Of several the experiment has to be named; of none there is nothing to clear."""
    assert refused(store, 3, "baseline", "--clear") == "Error: No experiment has a baseline.\n"
    did(store, "baseline", "1")
    assert did(store, "baseline", "--clear").startswith("No experiment has a baseline.")
    did(store, "move", "3", "other")
    did(store, "baseline", "1")
    did(store, "baseline", "3")
    assert "have a baseline; name the one: --clear EXPERIMENT." in refused(store, 2, "baseline", "--clear")
    assert did(store, "baseline", "--clear", "other") == "digits: #1 baseline\n"


def test_move(store: Path) -> None:
    """To an experiment that is made; children go along."""
    assert did(store, "move", "1", "3", "second round") == "#1 baseline, #3 broken: moved to second round\n"
    assert {run_of(store, number).experiment_name for number in "123"} == {"second round"}
    assert refused(store, 1, "move", "1", " ")


# ---- stop


def test_stop_reaches_a_running_process(tmp_path: Path) -> None:
    """The loop of another process sees the request at its next log call, and the run ends as stopped."""
    code = (
        "import time, jupyter_track as track\n"
        "track.start_run(run_name='loop')\n"
        "for step in range(600):\n"
        "    track.log(loss=1 / (step + 1))\n"
        "    track.flush()\n"
        "    time.sleep(0.1)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": ROOT, "PATH": ""})
    store = tmp_path / "track.db"
    try:
        until = time.monotonic() + 60
        while cli(store, "show", "loop").exit_code and time.monotonic() < until:
            time.sleep(0.1)
        assert did(store, "stop", "loop") == "#1 loop: asked to stop\n"
        assert child.wait(60) != 0
    finally:
        child.kill()
    assert run_of(store, "loop").state == "stopped"


def test_stop_says_why_a_run_cannot_be_stopped(store: Path) -> None:
    """One has ended, of one the process is gone; the others are asked all the same, and the exit code is 1."""
    sql(
        store,
        "UPDATE runs SET status = 'RUNNING', end_time = NULL, duration = NULL WHERE id IN (2, 3)",
        "UPDATE runs SET pid = 2147483646 WHERE id = 3",
    )
    result = cli(store, "stop", "1", "2", "3")
    assert (result.exit_code, result.stdout) == (1, "#2 fold: asked to stop\n")
    assert result.stderr == (
        "Error: #1 baseline has ended (finished); there is nothing to stop.\n"
        "Error: #3 broken is lost: its process is gone, and there is nothing to stop. "
        "'jupyter track doctor --mark-lost' ends it as stopped.\n"
    )
    assert [run_of(store, number).stop_requested for number in "123"] == [False, True, False]


# ---- the bin


def test_delete_restore_and_undo(store: Path) -> None:
    """Deleted runs come back by name or number, or all that went last at once."""
    said = did(store, "delete", "baseline")
    assert said == (
        "#1 baseline: deleted\n"
        "1 child run stays; --children deletes it too. 'jupyter track undo' brings back what was deleted last.\n"
    )
    assert did(store, "restore", "baseline") == "#1 baseline: restored\n"
    assert did(store, "delete", "--yes", "--children", "baseline").splitlines()[0] == "#1 baseline, #2 fold: deleted"
    did(store, "delete", "3")
    assert did(store, "undo") == "#3 broken: restored\n"
    assert sorted(did(store, "undo").removesuffix(": restored\n").split(", ")) == ["#1 baseline", "#2 fold"]
    assert refused(store, 3, "undo") == "Error: There is no deleted run to bring back.\n"


def test_restore_means_the_deleted_one_of_two_runs_of_a_name(store: Path) -> None:
    """The active one needs no restoring."""
    sql(store, "UPDATE runs SET name = 'same'")
    did(store, "delete", "2")
    assert did(store, "restore", "same") == "#2 same: restored\n"
    assert did(store, "restore", "same") == "#3 same: not in the bin\n"


def test_what_was_not_deleted_is_not_restored(store: Path) -> None:
    """It is said of each; a range means those of it that are deleted."""
    did(store, "delete", "2..3")
    assert did(store, "restore", "1", "3") == "#3 broken: restored\n#1 baseline: not in the bin\n"
    assert did(store, "restore", "1..3") == "#2 fold: restored\n"
    assert did(store, "restore", "1") == "#1 baseline: not in the bin\n"
    assert parsed(cli(store, "restore", "1", "--json"))["runs"] == []


def test_the_bin_says_what_goes_when(store: Path) -> None:
    """The last deleted first; 30 days later gc may take it."""
    assert did(store, "bin") == "The bin is empty.\n"
    edits.delete_runs(store, [run_of(store, "3").run_id])
    edits.delete_runs(store, [run_of(store, "1").run_id])
    sql(store, f"UPDATE runs SET deleted_time = {NOW} - 3600000 - (3 - id) WHERE id IN (1, 3)")
    assert did(store, "bin") == (
        "#  name      experiment  was       duration  deleted  gc takes it from\n"
        "3  broken    digits      failed      300 ms      1 h  2025-12-03\n"
        "1  baseline  digits      finished    100 ms      1 h  2025-12-03\n"
        "2 runs · 'jupyter track restore RUN' brings one back\n"
    )
    run = parsed(cli(store, "bin", "--json"))["runs"][0]
    assert (run["number"], run["deleted_time"], run["goes_time_iso"]) == (
        3,
        NOW - 3_600_000,
        "2025-12-03T13:26:40.000Z",
    )


# ---- all of them


@pytest.mark.parametrize(
    "arguments",
    [
        ("rename", "nope", "x"),
        ("tag", "nope", "a=b"),
        ("untag", "nope", "a"),
        ("note", "nope", "x"),
        ("pin", "1", "nope"),
        ("unpin", "nope"),
        ("baseline", "nope"),
        ("move", "1", "nope", "elsewhere"),
        ("stop", "nope"),
        ("delete", "1", "nope"),
        ("restore", "nope"),
    ],
)
def test_an_unknown_run_is_code_3_and_nothing_is_changed(store: Path, arguments: tuple[str, ...]) -> None:
    """Of several runs none is changed where one is not found."""
    before = store.read_bytes()
    assert refused(store, 3, *arguments) == "Error: There is no run 'nope'; the newest is #3 broken.\n"
    assert store.read_bytes() == before


def test_editing_makes_no_store(tmp_path: Path) -> None:
    """Where there is none it is said."""
    assert "There is no store at" in refused(tmp_path, 3, "pin", "1")
    assert "There is no store at" in refused(tmp_path, 3, "undo")
    assert list(tmp_path.iterdir()) == []


def test_an_edit_as_a_process_of_its_own(store: Path) -> None:
    """It finds the store of its folder, and the best run."""
    answer = process("tag", "best:accuracy", "keep=yes", cwd=store.parent)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "#1 baseline: tagged keep = yes\n", "")
    assert run_of(store, "1").own_tags["keep"] == "yes"
