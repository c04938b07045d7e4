"""What of the author's machine and of secrets is in a report: nothing, unless it is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from made_reports import made_report, report_store
from made_stores import START, add_runs, made_store, write
from test_redaction import PLANTED

import jupyter_track as track
from jupyter_track.reports.privacy import Privacy
from jupyter_track.store import files
from jupyter_track.store.batch import Batch

SECRETS = (
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdefghijkl",
    "https://ada:hunter2@example.org/x.git",
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("open('/home/ada/data/train.csv')", "open('~/data/train.csv')"),
        ("/Users/ada/work and /home/ada", "~/work and ~"),
        (r"C:\Users\Ada\work\x.csv", r"~\work\x.csv"),
        (r"open('c:\\Users\\Ada\\x.csv')", r"open('~\\x.csv')"),
        ("/root/lab/x", "~/lab/x"),
        ("../../home/ada/x.ipynb", "~/x.ipynb"),
        ("import_from('../data/x.csv')", "import_from('../data/x.csv')"),
        ("see http://example.org/home/page and a/home run", "see http://example.org/home/page and a/home run"),
        ("lr = a / b / c  # 3/4", "lr = a / b / c  # 3/4"),
        ("/data/x.csv", "/data/x.csv"),
        ("-I/home/ada/inc", "-I~/inc"),
        ("cc('-L/home/ada/lib', \"-I/root/x\")", "cc('-L~/lib', \"-I~/x\")"),
        ("flags=-I/home/ada/i a-b/home/ada", "flags=-I~/i a-b/home/ada"),
    ],
)
def test_folders_of_people_have_no_name(text: str, clean: str) -> None:
    """On Linux, macOS and Windows, as text and as a literal; what only looks like one stays."""
    assert Privacy(None).text(text) == clean
    assert Privacy(None, private=False).text(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("vscode-notebook-cell:/c%3A/Users/ada/nb.ipynb#W0", "vscode-notebook-cell:~/nb.ipynb#W0"),
        ("file:///c%3A/Users/ada/x", "file://~/x"),
        (r"c%3A%5CUsers%5Cada%5Cx", r"~%5Cx"),
        ("p=%5Chome%5Cada", "p=~"),
        ("vscode-remote://ssh-remote+h/home/ada/x", "vscode-remote://ssh-remote+h/~/x"),
        ("vscode-remote://wsl%2Bu/mnt/c/Users/ada/x", "vscode-remote://wsl%2Bu/~/x"),
        ("git+ssh://h/home/ada/x.git", "git+ssh://h/~/x.git"),
        ("ssh://ada@h/home/ada/x.git", "ssh://<redacted>@h/~/x.git"),
        (r"C:\users\ada\x and d:/USERS/ada", r"~\x and ~"),
        (r"\\server\users\ada\x", r"~\x"),
        ("//wsl$/Ubuntu/home/ada/x", "~/x"),
        ("/nfs/home/ada/x /mnt/disk/home/ada", "~/x ~"),
        ("/Workspace/Users/ada@x.com/nb", "~/nb"),
        ("https://host/home/page https://h/Users/list", "https://host/home/page https://h/Users/list"),
        ("https://h/c%3A/y", "https://h/c%3A/y"),
    ],
)
def test_names_of_people_are_found_however_a_path_is_written(text: str, clean: str) -> None:
    """As editors, servers and addresses write it; also as a place, and a second time; addresses of the web stay."""
    privacy = Privacy(None)
    assert (privacy.text(text), privacy.place(text), privacy.text(clean)) == (clean, clean, clean)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/mnt/corpus/v2/train.csv", "…/train.csv"),
        ('File "/opt/env/lib/python3.11/site-packages/numpy/core.py", line 3', 'File "…/numpy/core.py", line 3'),
        ('File "/usr/lib/python3.11/json/decoder.py", line 3', 'File "…/python3.11/json/decoder.py", line 3'),
        ('File "/srv/jobs/17/train.py", line 3', 'File "…/train.py", line 3'),
        (r"D:\corpus\v2\train.csv", "…/train.csv"),
        ("https://example.org/a/b.csv", "https://example.org/a/b.csv"),
        ("data/train.csv", "data/train.csv"),
        ("../../work/ada/x.ipynb", "…/x.ipynb"),
        ("s3://bucket/data/train.csv", "s3://bucket/data/train.csv"),
    ],
)
def test_of_a_place_only_the_last_part_is_told(text: str, clean: str) -> None:
    """Where data came from, and where a traceback went; addresses and relative paths stay."""
    assert Privacy(None).place(text) == clean


def test_paths_in_the_folder_of_the_store_are_told_from_there(tmp_path: Path) -> None:
    """They mean something to who has the folder."""
    privacy = Privacy(tmp_path / "track.db")
    assert privacy.text(f"open('{tmp_path}/data/x.csv')") == "open('data/x.csv')"
    assert privacy.text(f"{tmp_path}-other/x") == f"{tmp_path}-other/x"


def test_where_a_report_is_made_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory does not count; the folder of a notebook that recorded into the store does, anywhere."""
    work, elsewhere = tmp_path / "work", tmp_path / "elsewhere"
    work.mkdir()
    elsewhere.mkdir()
    (tmp_path / "shared").mkdir()
    store = made_store(tmp_path / "shared")
    note = f"Read {work}/x.csv and {elsewhere}/y.csv"
    add_runs(store, {"name": "one", "notebook": "../work/a.ipynb", "note": note, "metrics": {"loss": 1.0}})
    made = []
    for folder in (tmp_path, work, elsewhere):
        monkeypatch.chdir(folder)
        made.append(made_report(store).html)
    assert made[0] == made[1] == made[2]
    assert f"Read x.csv and {elsewhere}/y.csv" in made[0]


def test_no_path_of_a_person_is_in_a_report(tmp_path: Path) -> None:
    """In no field: neither on the page nor in what the panels hold; with `private=False` it is there."""
    kept = ("digits", "accuracy", "loss")
    store = report_store(tmp_path, lambda text: text if text in kept else f"{text} /home/ada/work/{text}")
    for runs in (None, "#2", ["#1", "#2"]):
        html = made_report(store, runs).html
        found = [one for one in ("/home/ada", "/mnt/corpus", str(tmp_path), '"ada"', ">ada<") if one in html]
        assert found == []
        assert "~/work/" in html
    assert "/home/ada/work" in made_report(store, private=False).html


def test_no_secret_is_in_a_report(store: Path) -> None:
    """It is taken out before anything is stored; what is told beside it stays."""
    with track.start_run(run_name=f"first {SECRETS[0]}", description=f"key {SECRETS[1]}") as run:
        track.log_params({"api_key": SECRETS[2], "remote": SECRETS[3], "lr": 0.1})
        track.set_tags({"password": "hunter2", "team": SECRETS[0]})
        track.log_text(f"token = '{SECRETS[1]}'", "notes.txt")
        track.log_metrics({"loss": 1.0})
        assert run is not None
        track.log_params({f"p{at}": text for at, (text, _) in enumerate(PLANTED)})
        track.set_tags({f"t{at}": text for at, (text, _) in enumerate(PLANTED)})
    track.flush()
    html = made_report(store).html + made_report(store, "#1", private=False).html
    secrets = [secret for _, secret in PLANTED if len(secret) > 8]  # a shorter one may be a word of the scripts
    assert len(secrets) > 10
    assert [one for one in (*SECRETS, "hunter2", *secrets) if one in html] == []
    assert "&lt;redacted&gt;" in html


def test_a_traceback_tells_no_place(tmp_path: Path) -> None:
    """Its file names are cut to their last part."""
    store = made_store(tmp_path)
    lines = 'Traceback:\n  File "/srv/ada/train.py", line 3\n  File "/opt/x/site-packages/torch/nn.py", line 4\n'
    add_runs(
        store,
        {
            "name": "one",
            "status": "FAILED",
            "error_name": "ValueError",
            "error_message": "no /srv/ada/x.csv",
            "error_lines": lines,
        },
    )
    html = made_report(store, "one").html
    assert "/srv/ada" not in html
    assert "…/train.py" in html
    assert "…/torch/nn.py" in html
    assert "no …/x.csv" in html


def test_what_a_text_names_is_cleaned_too(tmp_path: Path) -> None:
    """The words of the author stay as they are."""
    store = made_store(tmp_path)
    add_runs(store, {"name": "one", "params": {"path": "/home/ada/x.csv"}, "metrics": {"loss": 1.0}})
    html = made_report(store, "one", text="{{ run.params.path }} is in /home/ada.", sections=["text"]).html
    assert "<p>~/x.csv is in /home/ada.</p>" in html


def test_a_git_remote_and_a_data_source_have_no_user(tmp_path: Path) -> None:
    """What another tool stored is looked through once more."""
    store = made_store(tmp_path)
    (run_id,) = add_runs(store, {"name": "one", "metrics": {"loss": 1.0}})
    batch = Batch("0" * 32, 1)
    kept = files.keep(store, json.dumps({"remote": "https://ada:hunter2@example.org/x.git"}).encode())
    row: dict[str, Any] = {"kind": "git", "sha256": kept.sha256, "created": START, "content": (kept.size, kept.data)}
    batch.add_context(run_id, row)
    batch.add_tags(run_id, {"mlflow.source.git.commit": "0" * 40})
    write(store, batch)
    html = made_report(store, "one", sections=["git"]).html
    assert "example.org/x.git" in html
    assert "hunter2" not in html
