"""`jupyter-track clean | gc | export | merge | doctor`."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import chdir, closing
from pathlib import Path

import pytest
from cli_session import cli, fixed_time, parsed, record, sql, three_runs
from click.testing import CliRunner
from made_stores import START, add_run, add_runs, made_points, made_store, with_code

from jupyter_track.cli import commands
from jupyter_track.store import edits, files, spill
from jupyter_track.store.batch import Batch
from jupyter_track.store.liveness import this_process
from jupyter_track.store.reader import Reader

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def _fixed_time() -> Iterator[None]:
    """Ages are told from a fixed moment, in UTC."""
    with fixed_time():
        yield


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of three runs."""
    return record(tmp_path, three_runs)


def names(store: Path) -> list[str]:
    """The names of the active runs."""
    return sorted(run.name for run in Reader(store).runs())


# ---- clean


@pytest.fixture
def untidy(tmp_path: Path) -> Path:
    """A store of a good run, two that failed at once and one that failed and has a note."""
    store = made_store(tmp_path)
    failed = {"status": "FAILED", "duration": 1.0, "end_time": START + 1000, "error_name": "ValueError"}
    add_runs(
        store,
        {"name": "good", "duration": 60.0, "metrics": {"accuracy": [0.1, 0.9]}},
        {"name": "typo", **failed},
        {"name": "typo again", **failed},
        {"name": "a lesson", "note": "keep", **failed},
    )
    return store


def test_clean_lists_by_reason_and_touches_nothing(untidy: Path) -> None:
    """Counts, bytes and which runs; never one that a person noted."""
    before = untidy.read_bytes()
    result = cli(untidy, "clean")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[1].split()[0] == "failed-empty"
    assert "#2 typo" in lines[1]
    assert "#3 typo again" in lines[1]
    assert "lesson" not in result.stdout
    assert lines[-1] == "Nothing was touched; --apply puts them into the bin, --reason REASON some of them."
    assert untidy.read_bytes() == before
    plain = parsed(cli(untidy, "clean", "--json"))
    assert (plain["runs"], plain["deleted"]) == (2, [])
    assert [(reason["name"], len(reason["run_ids"])) for reason in plain["reasons"]] == [("failed-empty", 2)]


def test_clean_asks_and_not_in_a_pipe(untidy: Path) -> None:
    """Without a terminal nothing is done until --yes is given; undo brings back what went."""
    result = cli(untidy, "clean", "--apply")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no terminal to ask on; nothing was done. Give --yes to do it.\n"
    assert len(names(untidy)) == 4
    result = cli(untidy, "clean", "--apply", "--yes")
    assert result.stdout.splitlines()[-1] == "2 runs put into the bin. 'jupyter track undo' brings them back."
    assert names(untidy) == ["a lesson", "good"]
    assert cli(untidy, "undo").exit_code == 0
    assert len(names(untidy)) == 4
    deleted = parsed(cli(untidy, "clean", "--apply", "--yes", "--json"))["deleted"]
    assert len(deleted) == 2


@pytest.mark.parametrize(("typed", "left"), [("y\n", 2), ("n\n", 4), ("\n", 4)])
def test_clean_does_what_a_person_answers(untidy: Path, typed: str, left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No is what Enter means."""
    monkeypatch.setattr("jupyter_track.cli.common._asks", lambda: True)
    given = ["--store", str(untidy), "clean", "--apply"]
    result = CliRunner().invoke(commands.cli, given, input=typed)
    assert result.exit_code == 0
    assert "Put 2 runs into the bin? [y/N]:" in result.stderr
    assert len(names(untidy)) == left


def test_clean_lists_repeats_where_it_is_asked_to(untidy: Path) -> None:
    """Not by default, whatever else is listed; where they are, it says what would be lost with them."""
    first, _ = with_code(untidy, *({"name": name, "duration": 9.0, "metrics": {"x": 1.0}} for name in ("one", "two")))
    assert [reason["name"] for reason in parsed(cli(untidy, "clean", "--json"))["reasons"]] == ["failed-empty"]
    listed = parsed(cli(untidy, "clean", "--reason", "repeats", "--json"))["reasons"]
    assert [(reason["name"], reason["run_ids"]) for reason in listed] == [("repeats", [first])]
    listed = parsed(cli(untidy, "clean", "--repeats", "--json"))["reasons"]
    assert [reason["name"] for reason in listed] == ["failed-empty", "repeats"]
    shown = " ".join(cli(untidy, "clean", "--reason", "repeats").stdout.split())
    assert "Repeats are what mean ± sd and 'within noise' are told from: without them" in shown


def test_clean_takes_a_reason_and_an_age(untidy: Path) -> None:
    """Of other reasons nothing is listed; what is old only where an age is given."""
    assert cli(untidy, "clean", "--reason", "repeats").stdout == "There is nothing to clean.\n"
    assert cli(untidy, "clean", "--reason", "nope").exit_code == 2
    assert "'soon' is no age" in cli(untidy, "clean", "--older-than", "soon").stderr
    add_run(untidy, name="ancient", start_time=START - 400 * DAY_MS, duration=60.0)
    listed = parsed(cli(untidy, "clean", "--older-than", "52w", "--reason", "old", "--json"))["reasons"]
    ancient = Reader(untidy).run(Reader(untidy).resolve("ancient"))
    assert [(reason["name"], reason["run_ids"]) for reason in listed] == [("old", [ancient.run_id])]


# ---- gc


@pytest.fixture
def full_bin(tmp_path: Path) -> Path:
    """A store whose one deleted run had a file of 200 kB; it has been in the bin for 40 days."""
    store = made_store(tmp_path)
    run_id = add_run(store, name="gone", metrics={"loss": [3.0, 2.0, 1.0]})
    add_run(store, name="kept")
    kept = files.keep(store, b"x" * 200_000)
    sql(
        store,
        f"INSERT INTO contents VALUES ('{kept.sha256}', {kept.size}, NULL)",
        f"INSERT INTO artifacts (run_id, path, sha256, size, mime, kind, created) VALUES (1, 'x', '{kept.sha256}',"
        f" {kept.size}, 'text/plain', 'text', 0)",
    )
    os.utime(files.content_path(store, kept.sha256), (0, 0))  # a young file may be one whose row is about to come
    edits.delete_runs(store, [run_id])
    sql(store, f"UPDATE runs SET deleted_time = deleted_time - {40 * DAY_MS} WHERE id = 1")
    return store


def test_gc_says_what_would_go_and_frees_the_disk(full_bin: Path) -> None:
    """A dry run changes nothing; then the run and its file are gone."""
    before = full_bin.read_bytes()
    would = "Would go: 1 run, 3 points, 1 file; about 200.0 kB would be freed, about 81 B inside the store's file will"
    assert cli(full_bin, "gc", "--dry-run").stdout.startswith(would)
    assert full_bin.read_bytes() == before
    assert cli(full_bin, "gc").exit_code == 1  # nobody to ask
    assert full_bin.read_bytes() == before
    said = cli(full_bin, "gc", "--yes").stdout
    assert said.startswith("Gone: 1 run, 3 points, 1 file; 200.0 kB freed")
    assert cli(full_bin, "bin").stdout == "The bin is empty.\n"
    assert list((full_bin.parent / "track.db-files" / "content").glob("*/*")) == []
    assert names(full_bin) == ["kept"]


def test_gc_leaves_what_is_younger(full_bin: Path) -> None:
    """--older-than says how long the bin keeps."""
    plain = parsed(cli(full_bin, "gc", "--older-than", "50d", "--dry-run", "--json"))
    assert (plain["runs"], plain["dry_run"]) == (0, True)
    cli(full_bin, "gc", "--older-than", "50d", "--yes")
    assert len(parsed(cli(full_bin, "bin", "--json"))["runs"]) == 1
    assert parsed(cli(full_bin, "gc", "--older-than", "4w", "--yes", "--json"))["runs"] == 1


# ---- export


def test_export_writes_a_file_a_table(store: Path, tmp_path: Path) -> None:
    """CSV by default, into a folder; the numbers are exact."""
    folder = tmp_path / "tables"
    result = cli(store, "export", str(folder))
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == [
        "metrics.csv",
        "models.csv",
        "params.csv",
        "points.csv",
        "runs.csv",
        "tags.csv",
    ]
    assert result.stdout.splitlines()[-1] == "3 runs written"
    rows = list(csv.DictReader((folder / "points.csv").open(newline="", encoding="utf-8")))
    assert [float(row["value"]) for row in rows if row["key"] == "accuracy" and row["run"] == "1"] == [0.9, 0.91, 0.92]
    assert "is there already; name another place, or give --overwrite" in (cli(store, "export", str(folder)).stderr)
    assert cli(store, "export", str(folder), "--overwrite").exit_code == 0


def test_export_takes_the_form_from_the_name(store: Path, tmp_path: Path) -> None:
    """One file of one table, JSON of everything, a store; by filter and experiment."""
    target = tmp_path / "runs.csv"
    assert parsed(cli(store, "export", str(target), "--filter", "params.C >= 1", "--json"))["runs"] == 2
    assert [row["name"] for row in csv.DictReader(target.open(newline="", encoding="utf-8"))] == ["fold", "broken"]
    assert cli(store, "export", str(tmp_path / "all.json")).exit_code == 0
    assert len(json.loads((tmp_path / "all.json").read_text())["runs"]) == 3
    copy = tmp_path / "copy" / "some.db"
    plain = parsed(cli(store, "export", str(copy), "-e", "digits", "--filter", "status = 'FAILED'", "--json"))
    assert (plain["format"], plain["runs"], plain["missing"]) == ("store", 1, [])
    assert names(copy) == ["broken"]
    assert cli(store, "export", str(tmp_path / "folder"), "-f", "store").exit_code == 0
    assert names(tmp_path / "folder" / "track.db") == names(store)
    assert cli(store, "export", str(tmp_path / "RUNS.JSON")).exit_code == 0
    assert (tmp_path / "RUNS.JSON").is_file()
    (tmp_path / "run.v2").mkdir()
    assert cli(store, "export", str(tmp_path / "run.v2"), "--table", "runs").exit_code == 0
    assert (tmp_path / "run.v2" / "runs.csv").is_file()


def test_export_takes_a_filter_as_report_does(store: Path, tmp_path: Path) -> None:
    """In every form, with an experiment and the bin too; a mistake in it is shown, and names are names."""
    with_all = parsed(cli(store, "export", str(tmp_path / "some.csv"), "params.C >= 1", "--json"))
    assert with_all["runs"] == 2
    for form in ("db", "zip", "json"):
        target = tmp_path / f"some.{form}"
        told = parsed(cli(store, "export", str(target), "status = 'FAILED'", "-e", "digits", "--json"))
        assert told["runs"] == 1
    assert names(tmp_path / "some.db") == ["broken"]
    cli(store, "delete", "broken", "-y")
    deleted = cli(store, "export", str(tmp_path / "bin.csv"), "params.C >= 1", "--deleted", "--json")
    assert parsed(deleted)["runs"] == 2
    assert parsed(cli(store, "export", str(tmp_path / "one.csv"), "fold", "--json"))["runs"] == 1
    for words, said in {
        ("params.C >> 1",): "params.C >> 1",
        ("nobody",): "There is no run 'nobody'",
        ("params.C > 1", "--filter", "params.C > 2"): "Name the runs, or say which by -e and a filter, not both.",
        ("fold", "-e", "digits"): "Name the runs, or say which by -e and a filter, not both.",
    }.items():
        refused = cli(store, "export", str(tmp_path / "none.csv"), *words)
        assert refused.exit_code != 0
        assert said in " ".join(refused.stderr.split())
    assert not (tmp_path / "none.csv").exists()


def test_a_wrong_export_is_said(store: Path, tmp_path: Path) -> None:
    """A table of JSON, an unknown experiment, the store itself, an ending that is none, the standard output."""
    for target, said in (
        ("runs.xlsx", "Files that end in '.xlsx' are not written; name one that ends in .csv"),
        ("-", "export writes files, and '-' is none"),
    ):
        with chdir(tmp_path):
            result = cli(store, "export", target)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())
        assert not (tmp_path / target).exists()
    assert cli(store, "export", str(tmp_path / "x.json"), "--table", "runs").exit_code == 2
    assert cli(store, "export", str(tmp_path / "x.csv"), "-e", "nope").exit_code == 3
    result = cli(store, "export", str(store), "--overwrite")
    assert result.exit_code == 1
    assert len(names(store)) == 3
    assert not (tmp_path / "x.csv").exists()


# ---- merge


def test_merge_brings_the_runs_of_many_stores(tmp_path: Path) -> None:
    """With a tag by folder; again it changes nothing."""
    for student in ("ada", "bob"):
        (tmp_path / student).mkdir()
        add_run(made_store(tmp_path / student), name=f"{student}'s run", metrics={"loss": [2.0, math.inf]})
    target = tmp_path / "all.db"
    given = ("merge", str(tmp_path / "ada"), str(tmp_path / "bob" / "track.db"), "--tag", "student={folder}")
    result = cli(target, *given)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == f"{target}: 2 runs added, 0 updated"
    assert {run.name: run.own_tags["student"] for run in Reader(target).runs()} == {
        "ada's run": "ada",
        "bob's run": "bob",
    }
    plain = parsed(cli(target, *given, "--json"))
    assert (plain["added"], plain["updated"], plain["unchanged"]) == (0, 0, 2)
    assert [source["unchanged"] for source in plain["sources"]] == [1, 1]


def test_a_wrong_merge_changes_nothing(store: Path, tmp_path: Path) -> None:
    """A store that is not there, the store itself, a tag that is none, one with an unknown word in it."""
    before = store.read_bytes()
    result = cli(store, "merge", str(tmp_path / "none.db"))
    assert result.exit_code == 3
    assert result.stderr == f"Error: There is no store at {tmp_path / 'none.db'}; nothing was merged.\n"
    assert cli(store, "merge", str(store)).exit_code == 1
    assert cli(store, "merge", str(store), "--tag", "student").exit_code == 2
    result = cli(store, "merge", str(store), "--tag", "student={nope}")
    assert result.exit_code == 2
    assert "--tag knows no {nope}; {folder} and {name} are filled in." in result.stderr
    assert store.read_bytes() == before


def test_a_folder_of_folders_with_stores_is_told(tmp_path: Path) -> None:
    """It holds no store itself, and the pattern that means them all is named."""
    for name in ("ada", "bob"):
        (tmp_path / "students" / name).mkdir(parents=True)
        made_store(tmp_path / "students" / name)
    with chdir(tmp_path):
        result = cli(tmp_path / "all.db", "merge", "students/")
    assert result.exit_code == 3
    assert result.stderr == (
        f"Error: There is no store at {tmp_path / 'students' / 'track.db'}; nothing was merged. The folders in "
        "students/ hold 2 stores: merge students/*/\n"
    )


def test_conflicts_are_told(tmp_path: Path) -> None:
    """A param that both have differently stays as it is here."""
    (tmp_path / "other").mkdir()
    here, there = made_store(tmp_path), made_store(tmp_path / "other")
    for place, value in ((here, 1), (there, 2)):
        add_run(place, name="same", uuid="ab" * 16, params={"C": value})
    lines = cli(here, "merge", str(there)).stdout.splitlines()
    assert lines[-1] == "#1 same: the param C differs, and stays as it is here"
    assert parsed(cli(here, "merge", str(there), "--json"))["sources"][0]["conflicts"] == [
        {"run_id": "ab" * 16, "what": "param", "key": "C"}
    ]


# ---- doctor


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A store of a run with a curve, in which nothing is wrong."""
    store = made_store(tmp_path)
    add_run(store, name="baseline", metrics={"accuracy": [0.9, 0.91, 0.92]})
    return store


def test_doctor_finds_nothing_wrong_with_a_good_store(sound: Path) -> None:
    """And changes nothing."""
    store = sound
    before = store.read_bytes()
    assert (cli(store, "doctor").exit_code, cli(store, "doctor").stdout) == (0, "All is well.\n")
    assert parsed(cli(store, "doctor", "--json")) == {
        "store": str(store),
        "findings": [],
        "did": [],
        "lost": [],
        "lost_earlier": [],
        "kept": None,
    }
    assert store.read_bytes() == before


def test_doctor_does_not_nag_of_what_waits_for_another_branch(sound: Path) -> None:
    """All is well, and it is said what is kept; the exit code is 0."""
    kept = spill.save(sound, Batch("w", 1, points=[made_points("ab" * 16, "loss", [1.0])]))
    kept.rename(kept.with_name("w" + spill.ORPHAN))
    for arguments in (["doctor"], ["doctor", "--repair"]):
        result = cli(sound, *arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        first, second = result.stdout.splitlines()
        assert first == "All is well."
        assert second.startswith(
            "· Kept for runs that are not in this store, but in that of another git branch or in a"
        )
    (finding,) = parsed(cli(sound, "doctor", "--json"))["findings"]
    assert (finding["kind"], finding["wrong"], finding["count"]) == ("orphan", False, 1)


def test_doctor_says_what_is_wrong_and_repairs_it(sound: Path) -> None:
    """A summary that does not agree with its points is counted anew."""
    store = sound
    sql(store, "UPDATE metrics SET last_value = 17 WHERE key = 'accuracy' AND run_id = 1")
    result = cli(store, "doctor")
    assert result.exit_code == 1
    assert result.stdout.startswith("✗ ")
    assert result.stdout.endswith("'jupyter track doctor --repair' repairs what can be.\n")
    assert [finding["kind"] for finding in parsed(cli(store, "doctor", "--json"))["findings"]] == ["curve"]
    result = cli(store, "doctor", "--repair")
    assert (result.exit_code, "✓ " in result.stdout) == (0, True)
    assert Reader(store).runs(filter_string="run_name = 'baseline'")[0].metrics["accuracy"].last == 0.92
    assert cli(store, "doctor").stdout == "All is well.\n"


def test_lost_runs_end_where_a_person_says_so(store: Path) -> None:
    """A repair alone leaves them."""
    here = this_process()
    sql(
        store,
        f"UPDATE runs SET status = 'RUNNING', pid = 2147483646, host_id = '{here.host_id}', boot_id = '{here.boot_id}'"
        " WHERE id = 3",
    )
    assert cli(store, "doctor", "--repair").exit_code == 1
    assert "'jupyter track doctor --mark-lost' lets lost runs end as stopped." in cli(store, "doctor").stdout
    assert cli(store, "doctor", "--mark-lost").exit_code == 0
    assert Reader(store).runs(filter_string="run_name = 'broken'")[0].state == "stopped"


def test_a_damaged_store_is_repaired_and_kept(tmp_path: Path) -> None:
    """What can be read is there; the original lies beside it."""
    store = made_store(tmp_path)
    add_runs(store, *({"name": f"run {number}", "metrics": {"loss": [1.0] * 500}} for number in range(20)))
    whole = bytearray(store.read_bytes())
    middle = len(whole) // 2 // 4096 * 4096
    whole[middle : middle + 4096] = b"\xff" * 4096
    store.write_bytes(whole)
    assert cli(store, "doctor").exit_code == 1
    plain = parsed(cli(store, "doctor", "--repair", "--json"))
    assert "damaged" in [finding["kind"] for finding in plain["findings"]]
    assert Path(plain["kept"]).read_bytes() == bytes(whole)
    assert len(names(store)) > 10


def test_what_a_repair_lost_is_said_then_and_later(tmp_path: Path) -> None:
    """The numbers, a cross and exit code 1 at once; later a sound store that says what it has lost, until told."""
    store = made_store(tmp_path)
    add_runs(store, *({"name": f"run {number}", "metrics": {"loss": [1.5] * 500}} for number in range(20)))
    with closing(sqlite3.connect(store)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'metric_points'").fetchone()[0]
    with open(store, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    result = cli(store, "doctor", "--repair")
    (crossed,) = (line for line in result.stdout.splitlines() if line.startswith("✗ Lost"))
    assert re.fullmatch(r"✗ Lost \d+ of 10,000 points of curves\.", crossed)
    assert (result.exit_code, "The damaged file is kept as" in result.stdout) == (1, True)
    later = cli(store, "doctor")
    assert later.exit_code == 0
    assert later.stdout.startswith("The store is sound.\n! An earlier repair lost rows: 20")
    assert crossed.removeprefix("✗ ") in later.stdout
    assert crossed.removeprefix("✗ ") in cli(store, "status").stdout
    assert parsed(cli(store, "doctor", "--json"))["lost_earlier"][0].endswith(
        f"The damaged file was kept as {next(tmp_path.glob('track.db.damaged-*')).name}."
    )
    (tmp_path / "track.db-files" / "losses.txt").unlink()
    assert cli(store, "doctor").stdout == "All is well.\n"
    assert "An earlier" not in cli(store, "status").stdout


def test_a_store_whose_first_page_is_gone(tmp_path: Path) -> None:
    """It is said to be damaged, with the remedy; the repair has all rows back. A file of other bytes is no store."""
    store = made_store(tmp_path)
    add_runs(store, *({"name": f"run {number}", "metrics": {"loss": [1.5] * 50}} for number in range(3)))
    with open(store, "r+b") as file:
        file.write(bytes(4096))
    refused = cli(store, "runs")
    assert refused.exit_code == 1
    assert "'jupyter track doctor --repair'" in refused.stderr
    repaired = cli(store, "doctor", "--repair")
    assert (repaired.exit_code, "Lost" in repaired.stdout) == (0, False)
    assert names(store) == ["run 0", "run 1", "run 2"]
    store.write_bytes(b"CREATE TABLE runs (" + bytes(9_000))
    assert "is not a SQLite file" in cli(store, "doctor", "--repair").stderr


def test_no_store_is_code_3(tmp_path: Path) -> None:
    """For all of them."""
    for arguments in (("clean",), ("gc", "--yes"), ("export", "x"), ("doctor",), ("bin",)):
        assert cli(tmp_path / "none", *arguments).exit_code == 3
